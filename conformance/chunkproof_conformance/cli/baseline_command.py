"""`chunkproof baseline`: what an implementation's list of known failures should say.

Judges the whole corpus without the list, and prints the list that fits. With --fix it is written:
comments and reasons stay, a changed message is pinned anew, what passes goes, what newly fails
comes at the end. Exit code 0: the list is as it should be; 1: it is not (or was, before --fix);
2: wrong usage, or a run that was not whole.
"""

from __future__ import annotations

import sys
from argparse import Namespace, RawDescriptionHelpFormatter
from contextlib import redirect_stdout
from dataclasses import replace
from difflib import unified_diff
from pathlib import Path
from typing import TYPE_CHECKING

from chunkproof_conformance.cli.extras import need
from chunkproof_conformance.cli.interrupts import terminated_is_interrupted
from chunkproof_conformance.cli.main import CommandError
from chunkproof_conformance.cli.outputs import Output, refuse_unwritable
from chunkproof_conformance.cli.parser import Parser
from chunkproof_conformance.cli.run_command import progress_bar, the_job, the_settings
from chunkproof_conformance.cli.run_options import add_implementation_options

if TYPE_CHECKING:
    from chunkproof_conformance.run.job import Job
    from chunkproof_conformance.run.known_failures import Line
    from chunkproof_conformance.run.report import ImplementationRun

HEAD = (
    "# Known failures, judged by chunkproof: CASE:LEVEL | pinned message | reason | link.\n"
    "# `chunkproof baseline --fix` rewrites this list; comments, reasons and links stay.\n"
)


def arguments() -> Parser:
    """The options of the command."""
    parser = Parser(
        prog="chunkproof baseline",
        description=__doc__,
        formatter_class=RawDescriptionHelpFormatter,
    )
    add_implementation_options(parser, "the one in [tool.chunkproof]")
    parser.add_argument(
        "-k", action="append", default=[], metavar="PATTERN", help="look at these cases only"
    )
    parser.add_argument("--fix", action="store_true", help="write the list; not with -k")
    defaults = ("profile", "strength", "level", "flaky")
    parser.set_defaults(
        **{name: [] for name in defaults},
        corpus=None,
        cuts=None,
        every=None,
        requirements=None,
        fail_fast=False,
    )
    return parser


def run(options: Namespace) -> int:
    """Judge, and print or write the list. Raises: CommandError."""
    need("run", "yaml", "rich")
    from chunkproof_conformance.cases.cassette import CassetteError
    from chunkproof_conformance.connect.in_process import ConnectionSpecError
    from chunkproof_conformance.run.known_failures import mended, to_text
    from chunkproof_conformance.run.requirements import RequirementsError
    from chunkproof_conformance.run.settings import SettingsError

    if options.fix and options.k:
        raise CommandError("--fix needs the whole corpus: a part of it would lose the rest")
    try:
        path, job = _path_and_job(options)
        refuse_unwritable([Output("list", path)])
        before, lines = _before(path)
        judged = _judged(job, options)
    except (CassetteError, ConnectionSpecError, RequirementsError, SettingsError) as error:
        raise CommandError(str(error)) from error
    after = to_text(mended(lines, judged.rows))
    if options.k:
        sys.stdout.write(to_text(mended([], judged.rows)))
        return 0
    if after == before and path.exists():
        return 0
    if options.fix:
        path.write_text(after, encoding="utf-8")
        sys.stderr.write(f"{path} is written anew\n")
    else:
        if not path.exists():
            sys.stderr.write(f"{path} is not there; --fix writes it\n")
        old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
        sys.stdout.writelines(unified_diff(old, new, str(path), f"{path} as it should be"))
    return 1


def _before(path: Path) -> tuple[str, list[Line]]:
    """The list as it is, as text and as lines; a head where there is none. Raises: CommandError."""
    from chunkproof_conformance.run.known_failures import KnownFailuresError, parse_list

    try:
        text = path.read_text(encoding="utf-8") if path.exists() else HEAD
        return text, parse_list(text)
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror}") from error
    except (UnicodeDecodeError, KnownFailuresError) as error:
        raise CommandError(f"{path} is no list of known failures: {error}") from error


def _path_and_job(options: Namespace) -> tuple[Path, Job]:
    settings = the_settings()
    specs = options.implementation or settings.implementations
    if len(specs) != 1:
        raise CommandError("a list is of one implementation; name it with -i")
    path = options.known_failures or settings.list_of(specs[0])
    if path is None:
        raise CommandError("no list; name one with --known-failures FILE")
    options.known_failures = None  # it is judged without its list
    bare = type(settings)(timeout=settings.timeout, jobs=settings.jobs)
    options.implementation = list(specs)
    return Path(path), replace(the_job(options, bare), flaky=())


def _judged(job: Job, options: Namespace) -> ImplementationRun:
    """The whole run. Raises: CommandError, where it was not whole or something of ours broke."""
    from chunkproof_conformance.run.job import chosen_cases, run_job
    from chunkproof_conformance.run.plan import Selection
    from chunkproof_conformance.run.report import harness_errors

    cases = chosen_cases(Selection(tuple(options.k)))
    if not cases:
        raise CommandError("no case fits -k; see `chunkproof list`")
    with (
        terminated_is_interrupted(),
        redirect_stdout(sys.stderr),  # what an adapter in this process prints is no list
        progress_bar(len(cases)) as bar,
    ):
        report = run_job(job, cases, bar)
    if not report.finished or not report.runs:
        raise CommandError("the run was interrupted: no list is made of a part")
    if harness_errors(report.runs):
        raise CommandError("an error of the harness: no list is made of that")
    run = report.runs[0]
    if not run.started:
        raise CommandError(run.rows[0].verdict.message)
    return run
