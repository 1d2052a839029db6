"""The items of `pytest --chunkproof-impl`: one per case and level.

Required and red fails; red and not required is an expected failure with its reason, as is a known
failure; what was not judged is skipped; a contested case passes.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from chunkproof_conformance.cases.index import case_ids, load_case
from chunkproof_conformance.cli.parser import MAX_SECONDS
from chunkproof_conformance.connect.connections import START_TIMEOUT, connect
from chunkproof_conformance.connect.in_process import (
    AdapterError,
    AdapterTimeoutError,
    ConnectionSpecError,
)
from chunkproof_conformance.judge.diff import aligned
from chunkproof_conformance.judge.profiles import is_required
from chunkproof_conformance.judge.verdicts import RED, Kind
from chunkproof_conformance.run.claims import introduced
from chunkproof_conformance.run.expectations import ExpectationError, load_expectation
from chunkproof_conformance.run.job import Job, facts_for
from chunkproof_conformance.run.known_failures import (
    KnownFailuresError,
    entries_of,
    in_their_light,
    parse_list,
)
from chunkproof_conformance.run.report import ImplementationRun, repeat_command
from chunkproof_conformance.run.requirements import set_names
from chunkproof_conformance.run.runner import Row, RunOptions, run_case, stop_quietly

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from chunkproof_conformance.cases.cassette import Case
    from chunkproof_conformance.judge.observation import Level
    from chunkproof_conformance.run.known_failures import Entry

SKIPPED = frozenset({Kind.SKIPPED, Kind.NOT_AVAILABLE, Kind.FLAKY})


class VerdictError(AssertionError):
    """A red verdict, in words."""


class Judged(pytest.Collector):
    """One implementation: started when it is collected, stopped when the session ends."""

    def __init__(
        self,
        *,
        spec: str,
        known: Sequence[Entry],
        timeout: float,
        start_timeout: float,
        again: tuple[str, ...],
        **members: Any,
    ) -> None:
        super().__init__(**members)
        self.spec = spec
        self.again = again
        self._known = known
        self._connection = connect(spec, timeout=timeout, start_timeout=start_timeout)
        try:
            self.implementation = introduced(self._connection)
        except (AdapterError, AdapterTimeoutError):
            stop_quietly(self._connection)
            raise
        self._rows: dict[str, list[Row]] = {}

    def collect(self) -> list[VerdictItem]:
        """The items; no cassette is read for them, as `-k` will leave most of them out."""
        claimed: tuple[Level, ...] = self.implementation.levels
        return [
            self._item(case_id, level)
            for case_id in case_ids()
            for level in claimed
            if _has(case_id, level)
        ]

    def _item(self, case_id: str, level: Level) -> VerdictItem:
        name = f"{case_id}[{level}]"
        # The id is given whole: what pytest would make of the name is not what it reads back from
        # its cache, so that --lf would know none of them.
        nodeid = f"{self.nodeid}::{name}"
        return VerdictItem.from_parent(self, name=name, nodeid=nodeid, case=case_id, level=level)

    def row(self, case: Case, level: Level) -> Row:
        """The verdict; a case is run once, whatever the number of its levels."""
        if case.id not in self._rows:
            rows = run_case(
                self._connection, self.implementation, case, load_expectation, RunOptions()
            )
            self._rows[case.id] = in_their_light(rows, self._known)
        of_level = [row for row in self._rows[case.id] if row.level == level]
        # A case that cannot be used has one row, whatever its level.
        return of_level[0] if of_level else self._rows[case.id][0]

    def is_required(self, case: Case) -> bool:
        """Whether it is required of this implementation, by the newest set."""
        job = Job((self.spec,), requirements=set_names()[-1])
        (facts,) = facts_for(job, [case])
        return is_required(facts.rank, self.implementation)

    def stop(self) -> None:
        stop_quietly(self._connection)


def _has(case_id: str, level: Level) -> bool:
    if level == "framing":
        return False  # stands beside the ladder; `chunkproof run --level framing`
    try:
        expected = load_expectation(case_id)
    except ExpectationError:
        return level == "final"
    return bool(getattr(expected, "exact" if level == "timely" else level, None))


class VerdictItem(pytest.Item):
    """One case at one level."""

    def __init__(self, *, case: str, level: Level, **members: Any) -> None:
        super().__init__(**members)
        self._case = case
        self._level: Level = level

    def runtest(self) -> None:
        judged = self.parent
        assert isinstance(judged, Judged)  # noqa: S101 -- made by it
        case = load_case(self._case)
        row = judged.row(case, self._level)
        verdict = row.verdict
        if verdict.kind in SKIPPED:
            pytest.skip(verdict.message or str(verdict.kind))
        if verdict.kind is Kind.KNOWN_FAILURE:
            pytest.xfail(f"known failure: {verdict.message}")
        if verdict.kind not in RED:
            return
        is_ours = verdict.kind in {Kind.HARNESS_ERROR, Kind.STALE}
        if not is_ours and not judged.is_required(case):
            pytest.xfail(f"not required: {verdict.message}")
        raise VerdictError(_story(judged, row))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        if isinstance(excinfo.value, VerdictError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, None, str]:
        return self.path, None, self.name


def _story(judged: Judged, row: Row) -> str:
    verdict = row.verdict
    lines = [f"{row.case} at {row.level}: {verdict.kind}"]
    for difference in verdict.differences:
        expected, got = aligned(difference.expected, difference.got)
        lines += [difference.path, f"  expected  {expected}", f"  got       {got}"]
    if not verdict.differences:
        lines += [verdict.detail, *verdict.trace.splitlines()]
    if row.cutting_matters:
        lines += [f"only when {row.plan.name}; in one piece it passes", *(row.around or ())]
    run = ImplementationRun(judged.spec, judged.implementation, (), 0.0, again=judged.again)
    return "\n".join([*lines, f"$ {repeat_command(run, row)}"])


def collect(session: pytest.Session) -> list[pytest.Item]:
    """The items of every implementation that was named. Raises: pytest.UsageError."""
    config = session.config
    if "" not in sys.path:
        sys.path.insert(0, "")  # as `python -m` does: py:my_adapter:Factory lies in this folder
    items: list[pytest.Item] = []
    specs: list[str] = config.getoption("chunkproof_impl") or []
    known = _known(config)
    timeout = _seconds(config, "--chunkproof-timeout")
    start_timeout = _seconds(config, "--chunkproof-start-timeout")
    for spec in specs:
        try:
            judged = Judged.from_parent(
                session,
                name=f"chunkproof[{spec}]",
                nodeid=f"chunkproof[{spec}]",
                spec=spec,
                known=known,
                timeout=timeout,
                start_timeout=start_timeout,
                again=tuple(_again(config)),
            )
        except ConnectionSpecError as error:
            raise pytest.UsageError(f"chunkproof: {error}") from error
        except (AdapterError, AdapterTimeoutError) as error:
            raise pytest.UsageError(f"chunkproof: {spec} does not start: {error}") from error
        config.add_cleanup(judged.stop)
        if not judged.implementation.profiles:
            what = f"{spec} claims no profile, so that nothing is required of it"
            raise pytest.UsageError(f"chunkproof: {what}; every item would be green")
        report = config.hook.pytest_make_collect_report(collector=judged)
        config.hook.pytest_collectreport(report=report)  # so that they are counted
        items += report.result
    return items


def _known(config: pytest.Config) -> list[Entry]:
    """Raises: pytest.UsageError."""
    path = config.getoption("chunkproof_known_failures")
    try:
        return entries_of(parse_list(Path(path).read_text(encoding="utf-8"))) if path else []
    except OSError as error:
        raise pytest.UsageError(f"chunkproof: {path} cannot be read: {error.strerror}") from error
    except (KnownFailuresError, UnicodeDecodeError) as error:
        what = f"{path} is no list of known failures: {error}"
        raise pytest.UsageError(f"chunkproof: {what}") from error


def _seconds(config: pytest.Config, option: str) -> float:
    """Raises: pytest.UsageError."""
    seconds = float(config.getoption(option) or 0)
    if not 0 < seconds <= MAX_SECONDS:
        what = f"{seconds:g} is no time; write seconds, more than 0"
        raise pytest.UsageError(f"chunkproof: {option} {what}")
    return seconds


def _again(config: pytest.Config) -> Iterator[str]:
    """What `chunkproof run` is to be told too, so that it says the same."""
    if path := config.getoption("--chunkproof-known-failures"):
        yield from ("--known-failures", str(path))
    for name, usual in (("timeout", 10.0), ("start-timeout", START_TIMEOUT)):
        seconds = float(config.getoption(f"--chunkproof-{name}") or usual)
        if seconds != usual:
            yield from (f"--{name}", f"{seconds:g}")
