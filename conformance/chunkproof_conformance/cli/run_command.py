"""`chunkproof run`: the main job.

The exit code is that of the implementations named with -i, or in [tool.chunkproof] of
pyproject.toml: 0 if each conforms, 1 if not. Where none is named three run, and the code is the
reference's alone: its failure is ours, those of the others are findings. 2: wrong usage, an error
of the harness, an interrupted run, or nothing was judged; of all cases, nothing that is required.
"""

from __future__ import annotations

import sys
from contextlib import ExitStack, contextmanager, redirect_stdout, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chunkproof_conformance.cli.extras import need
from chunkproof_conformance.cli.interrupts import terminated_is_interrupted
from chunkproof_conformance.cli.main import WRONG_USAGE, CommandError
from chunkproof_conformance.cli.outputs import Output, refuse_unwritable, write_outputs
from chunkproof_conformance.cli.run_options import run_parser

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from chunkproof_conformance.cases.cassette import Case
    from chunkproof_conformance.judge.observation import Implementation
    from chunkproof_conformance.reports.lines import Lines
    from chunkproof_conformance.run.job import Job, Watcher
    from chunkproof_conformance.run.known_failures import Entry
    from chunkproof_conformance.run.report import ImplementationRun, Report
    from chunkproof_conformance.run.runner import Row
    from chunkproof_conformance.run.settings import Settings


def arguments() -> ArgumentParser:
    """The options of the command."""
    return run_parser(__doc__)


def run(options: Namespace) -> int:
    """Judge, print, and say whether it conforms. Raises: CommandError."""
    need("run", "yaml", "rich")
    # Imported here: they need what was just looked for.
    from chunkproof_conformance.cases.cassette import CassetteError
    from chunkproof_conformance.connect.in_process import ConnectionSpecError
    from chunkproof_conformance.reports.lines import ReportError
    from chunkproof_conformance.run.job import chosen_cases, refuse_unreachable, run_job
    from chunkproof_conformance.run.plan import Selection, SelectionError
    from chunkproof_conformance.run.requirements import RequirementsError
    from chunkproof_conformance.run.settings import SettingsError

    if options.resume and not options.report:
        raise CommandError("--resume goes on with a report; name it with --report FILE")
    outputs = [*options.output, *([Output("json", None)] if options.json else [])]
    refuse_unwritable(outputs)
    try:
        settings = the_settings()
        selection = Selection(tuple(options.k), tuple(options.profile), tuple(options.strength))
        job = the_job(options, settings)
        refuse_unreachable(job)  # before the corpus is read, which takes seconds
        cases = chosen_cases(selection, options.corpus)
        if not cases:
            raise CommandError("no case fits -k, --profile and --strength; see `chunkproof list`")
        with ExitStack() as stack:
            stack.enter_context(terminated_is_interrupted())
            # Standard output is ours: what an adapter in this process prints goes to the other.
            stack.enter_context(redirect_stdout(sys.stderr))
            lines = _maybe_lines(options, job, cases)
            if lines:
                stack.enter_context(lines.file)
            bar = stack.enter_context(progress_bar(len(cases) * len(job.specs)))
            report = run_job(job, cases, _Both(bar, lines) if lines else bar)
            if lines:
                lines.finish(report)
    except (
        CassetteError,
        ConnectionSpecError,
        ReportError,
        RequirementsError,
        SelectionError,
        SettingsError,
    ) as error:
        raise CommandError(str(error)) from error
    files = {spec: path for spec in job.specs if (path := _list_path(options, settings, spec))}
    write_outputs(report, outputs, in_full=options.failures, files=files)
    return exit_code(report, named=_is_named(options, settings), is_whole=job.is_whole)


def the_settings() -> Settings:
    """[tool.chunkproof] of the folder where we are. Raises: SettingsError."""
    from chunkproof_conformance.run.settings import load_settings

    return load_settings(Path.cwd())


def the_job(options: Namespace, settings: Settings) -> Job:
    """What the command line says, and what it leaves to the settings. Raises: CommandError."""
    from chunkproof_conformance.connect.connections import START_TIMEOUT
    from chunkproof_conformance.run.job import DEFAULT_SPECS, Job
    from chunkproof_conformance.run.requirements import set_names
    from chunkproof_conformance.run.runner import RunOptions

    specs = tuple(options.implementation or settings.implementations) or DEFAULT_SPECS
    if any(spec in {"impl:openai-chunks", "impl:openai-stream"} for spec in specs):
        need("run", "openai", "httpx2")
    if any(spec.startswith("http:") for spec in specs):
        need("run", "h11")
    if "" not in sys.path:
        sys.path.insert(0, "")  # as `python -m` does: py:my_adapter:Factory lies in this folder
    narrowed = (options.k, options.profile, options.strength, options.level, options.corpus)
    return Job(
        specs,
        RunOptions(tuple(options.level), **_cuttings(options)),
        timeout=options.timeout or settings.timeout or 10.0,
        start_timeout=options.start_timeout or settings.start_timeout or START_TIMEOUT,
        corpus=str(options.corpus or ""),
        validate=maybe_validate(options),
        jobs=options.jobs or settings.jobs or 1,
        known=known_lists(options, settings, specs),
        flaky=(*settings.flaky, *options.flaky),
        is_whole=not any(narrowed),
        requirements=options.requirements or settings.requirements or set_names()[-1],
        fail_fast=options.fail_fast,
        again=tuple(_again(options)),
        date=datetime.now(UTC).date().isoformat(),
    )


def _again(options: Namespace) -> Iterator[str]:
    """What was said on the command line, and not in the settings, that a verdict depends on."""
    for name in ("corpus", "timeout", "start_timeout", "known_failures", "requirements"):
        value = getattr(options, name)
        if value is not None:
            text = f"{value:g}" if isinstance(value, float) else str(value)
            yield from (f"--{name.replace('_', '-')}", text)
    if options.validate:
        yield "--validate"


def known_lists(
    options: Namespace, settings: Settings, specs: Sequence[str]
) -> Mapping[str, Sequence[Entry]]:
    """The list of known failures of every implementation that has one.

    Raises: CommandError.
    """
    from chunkproof_conformance.run.known_failures import (
        KnownFailuresError,
        entries_of,
        parse_list,
    )

    if options.known_failures and len(specs) > 1:
        raise CommandError("--known-failures is the list of one implementation; name one with -i")
    lists = {}
    for spec in specs:
        path = _list_path(options, settings, spec)
        if path is None:
            continue
        try:
            lists[spec] = entries_of(parse_list(Path(path).read_text(encoding="utf-8")))
        except OSError as error:
            remedy = "; `chunkproof baseline --fix` writes one"
            remedy = remedy if isinstance(error, FileNotFoundError) else ""
            raise CommandError(f"{path} cannot be read: {error.strerror}{remedy}") from error
        except (UnicodeDecodeError, KnownFailuresError) as error:
            raise CommandError(f"{path} is no list of known failures: {error}") from error
    return lists


def _list_path(options: Namespace, settings: Settings, spec: str) -> str | None:
    if options.known_failures:
        return str(options.known_failures)
    return settings.list_of(spec) if settings.implementations else None


def _is_named(options: Namespace, settings: Settings) -> bool:
    return bool(options.implementation or settings.implementations)


def _cuttings(options: Namespace) -> dict[str, Any]:
    if options.cuts is not None:
        return {"cuttings": (options.cuts,)}
    return {"cuttings": (options.every,)} if options.every else {}


def maybe_validate(options: Namespace) -> Callable[[str, Any], None] | None:
    """The check of every message, where it is asked for. Raises: CommandError."""
    if not options.validate:
        return None
    need("run", "jsonschema")
    from chunkproof_conformance.connect.validation import validate

    return validate


def exit_code(report: Report, *, named: bool, is_whole: bool) -> int:
    """The exit code; named: the user chose the implementations. is_whole: but not the cases.

    Never green: a run that was interrupted, that judged nothing, or nothing that is required;
    the last not where the user chose cases or levels of which none is: that run was asked for.
    """
    from chunkproof_conformance.run.report import Standing, harness_errors, standing

    counted = [run for run in report.runs if named or run.spec == "impl:reference"]
    found = {standing(report, run) for run in counted}
    if harness_errors(report.runs) or not counted:
        return WRONG_USAGE
    if Standing.FAILS in found:
        return 1
    green = {Standing.CONFORMS} if is_whole else {Standing.CONFORMS, Standing.NOTHING_REQUIRED}
    return 0 if report.finished and found and found <= green else WRONG_USAGE


def _maybe_lines(options: Namespace, job: Job, cases: Sequence[Case]) -> Lines | None:
    """The JSONL report, begun or resumed. Raises: CommandError, ReportError."""
    if not options.report:
        return None
    from chunkproof_conformance.reports.lines import Lines, header, refuse_to_lose, resumed
    from chunkproof_conformance.run.job import facts_for
    from chunkproof_conformance.run.requirements import expected_hash

    hashes: dict[str, str] = {}
    for case in [] if job.corpus else cases:
        with suppress(FileNotFoundError):  # that is a verdict, harness-error
            hashes[case.id] = expected_hash(case.id)
    head = header(job, facts_for(job, cases), hashes)
    try:
        if options.resume and options.report.exists():
            return resumed(options.report, head)
        refuse_to_lose(options.report)
        lines = Lines(options.report.open("w", encoding="ascii"))
    except OSError as error:
        raise CommandError(f"{options.report} cannot be written: {error.strerror}") from error
    lines.write(head)
    return lines


class _Both:
    """Two watchers; the second one knows what was before."""

    def __init__(self, one: Watcher, other: Watcher) -> None:
        self._watchers = (one, other)

    def begins(self, spec: str, implementation: Implementation) -> None:
        for watcher in self._watchers:
            watcher.begins(spec, implementation)

    def judged(self, spec: str, rows: Sequence[Row]) -> None:
        for watcher in self._watchers:
            watcher.judged(spec, rows)

    def ended(self, run: ImplementationRun) -> None:
        for watcher in self._watchers:
            watcher.ended(run)

    def earlier(self, spec: str) -> Mapping[str, Sequence[Row]]:
        return self._watchers[1].earlier(spec)


@contextmanager
def progress_bar(total: int) -> Iterator[Watcher]:
    """A progress bar on stderr, where that is a terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    from chunkproof_conformance.run.job import Unwatched

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
        task = bar.add_task("", total=total, who="", case="")

        class Bar(Unwatched):
            def begins(self, spec: str, implementation: Implementation) -> None:  # noqa: ARG002 - the protocol
                bar.update(task, who=implementation.name)

            def judged(self, spec: str, rows: Sequence[Row]) -> None:  # noqa: ARG002 - the protocol
                case = rows[0].case if rows else ""
                bar.update(task, advance=1, case=case)

        yield Bar()
