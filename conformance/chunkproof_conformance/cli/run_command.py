"""`chunkproof run`: the main job.

The exit code is that of the implementations named with -i: 0 if each conforms, 1 if not. Without
-i three run, and the code is the reference's alone: its failure is ours, those of the others are
findings. 2: wrong usage, an error of the harness, an interrupted run, or nothing was judged.
"""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from chunkproof_conformance.cli.cuts import add_cut_options
from chunkproof_conformance.cli.extras import need
from chunkproof_conformance.cli.interrupts import terminated_is_interrupted
from chunkproof_conformance.cli.main import WRONG_USAGE, CommandError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from chunkproof_conformance.run.job import Job
    from chunkproof_conformance.run.report import Report

LEVELS = ("final", "sequence", "exact")
STRENGTHS = ("must", "should", "choice", "info")


def arguments() -> ArgumentParser:
    """The options of the command."""
    parser = ArgumentParser(
        prog="chunkproof run",
        description=__doc__,
        formatter_class=RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "-i",
        "--implementation",
        action="append",
        metavar="IMPL",
        help="py:module:factory, cmd:PROGRAM ARGS or impl:NAME; may be repeated "
        "(default: impl:reference, impl:openai-chunks, impl:openai-stream)",
    )
    parser.add_argument(
        "-k", action="append", default=[], metavar="PATTERN", help="part of a case id, or a glob"
    )
    parser.add_argument(
        "--corpus",
        type=Path,
        metavar="DIR",
        help="judge over these cassettes, as record writes them, instead of our corpus",
    )
    parser.add_argument("--profile", action="append", default=[], help="only cases of this profile")
    parser.add_argument("--strength", action="append", default=[], choices=STRENGTHS)
    parser.add_argument("--level", action="append", default=[], choices=LEVELS)
    add_cut_options(parser)
    parser.add_argument(
        "--timeout", type=float, default=10.0, metavar="S", help="seconds per stream (10)"
    )
    parser.add_argument(
        "--failures", type=int, default=3, metavar="N", help="failures shown in full (3)"
    )
    parser.add_argument("--fail-fast", action="store_true", help="stop at the first failure")
    parser.add_argument("--json", action="store_true", help="a JSON object on stdout")
    parser.add_argument(
        "--validate",
        action="store_true",
        help="hold every message to and from a program against its schema",
    )
    return parser


def run(options: Namespace) -> int:
    """Judge, print, and say whether it conforms. Raises: CommandError."""
    need("run", "yaml", "rich")
    specs = cast("list[str]", options.implementation or [])
    if not specs or any(spec.startswith("impl:openai") for spec in specs):
        need("run", "openai", "httpx2")
    if "" not in sys.path:
        sys.path.insert(0, "")  # as `python -m` does: py:my_adapter:Factory lies in this folder
    # Imported here: they need what was just looked for.
    from chunkproof_conformance.cases.cassette import CassetteError
    from chunkproof_conformance.connect.in_process import ConnectionSpecError
    from chunkproof_conformance.run.job import DEFAULT_SPECS, Job, chosen_cases, run_job
    from chunkproof_conformance.run.plan import Selection
    from chunkproof_conformance.run.runner import RunOptions

    selection = Selection(tuple(options.k), tuple(options.profile), tuple(options.strength))
    try:
        cases = chosen_cases(selection, options.corpus)
        if not cases:
            raise CommandError("no case fits -k, --profile and --strength; see `chunkproof list`")
        job = Job(
            tuple(specs) or DEFAULT_SPECS,
            RunOptions(tuple(options.level), **_cuttings(options)),
            timeout=options.timeout,
            outside=options.corpus is not None,
            validate=_maybe_validate(options),
            fail_fast=options.fail_fast,
            date=datetime.now(UTC).date().isoformat(),
        )
        with terminated_is_interrupted(), _progress(job, len(cases)) as progress:
            report = run_job(job, cases, progress)
    except (CassetteError, ConnectionSpecError) as error:
        raise CommandError(str(error)) from error
    _print(report, as_json=options.json, in_full=options.failures)
    return exit_code(report, named=bool(specs))


def _cuttings(options: Namespace) -> dict[str, Any]:
    if options.cuts is not None:
        return {"cuttings": (options.cuts,)}
    return {"cuttings": (options.every,)} if options.every else {}


def _maybe_validate(options: Namespace) -> Callable[[str, Any], None] | None:
    if not options.validate:
        return None
    need("run", "jsonschema")
    from chunkproof_conformance.connect.validation import validate

    return validate


def exit_code(report: Report, *, named: bool) -> int:
    """The exit code; named: the user chose the implementations.

    A run that was interrupted or judged nothing at all is never green.
    """
    from chunkproof_conformance.run.report import conforms, harness_errors, judged_nothing

    counted = [run for run in report.runs if named or run.spec == "impl:reference"]
    if harness_errors(report.runs) or not counted or any(map(judged_nothing, counted)):
        return WRONG_USAGE
    if not all(conforms(report, run) for run in counted):
        return 1
    return 0 if report.finished else WRONG_USAGE


def _print(report: Report, *, as_json: bool, in_full: int) -> None:
    if as_json:
        from chunkproof_conformance.reports.machine import report_object

        json.dump(report_object(report), sys.stdout, indent=1)
        print()
        return
    from rich.console import Console

    from chunkproof_conformance.reports.table import report_table

    Console(highlight=False).print(report_table(report, in_full=in_full), crop=False)


@contextmanager
def _progress(job: Job, cases: int) -> Iterator[Callable[[str, str], None]]:
    """A progress bar on stderr, where that is a terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (
        TextColumn("{task.fields[who]:<16}"),
        BarColumn(30),
        MofNCompleteColumn(),
        TextColumn("[dim]{task.fields[case]}"),
    )
    console = Console(stderr=True)
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as bar:
        task = bar.add_task("", total=cases * len(job.specs), who="", case="")

        def advance(who: str, case: str) -> None:
            bar.update(task, advance=1 if case else 0, who=who, case=case)

        yield advance
