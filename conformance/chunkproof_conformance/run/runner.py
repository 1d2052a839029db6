"""Cases times implementations times levels: every run ends in a verdict, never the run itself."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from msgspec import UnsetType

from chunkproof_conformance.connect.adapter import SkippedRunError
from chunkproof_conformance.connect.in_process import AdapterError, AdapterTimeoutError
from chunkproof_conformance.connect.layers import entering
from chunkproof_conformance.judge.levels import BESIDE, LADDER, judge, levels_of
from chunkproof_conformance.judge.verdicts import Kind, Verdict, verdict_of, worst
from chunkproof_conformance.printable import printable
from chunkproof_conformance.run.bounds import with_bounds
from chunkproof_conformance.run.caret import bytes_around
from chunkproof_conformance.run.expectations import ExpectationError, NoExpectation
from chunkproof_conformance.run.plan import (
    DEFAULT_CUTTINGS,
    CutPlan,
    Cutting,
    cut_plans,
    sampled,
    shrunk_plan,
    stream_of,
)
from chunkproof_conformance.run.shrink import smallest_cuts

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

    from chunkproof_conformance.cases.cassette import Case
    from chunkproof_conformance.connect.connections import Connection
    from chunkproof_conformance.judge.expectation import Expectation
    from chunkproof_conformance.judge.observation import Implementation, Level, Observation


@dataclass(frozen=True)
class Row:
    """One verdict: an implementation, a case, a level.

    plan: the cutting that decided it. cutting_matters: in one piece the verdict is better; then
    the plan is the smallest one found.
    """

    implementation: str
    case: str
    level: Level
    verdict: Verdict
    plan: CutPlan
    cutting_matters: bool = False
    around: tuple[str, str] | None = None
    """Where cutting matters: the bytes around the first cut, and a caret under it."""


@dataclass(frozen=True)
class RunOptions:
    """How to run. An empty `levels` means all that there are."""

    levels: tuple[Level, ...] = ()
    cuttings: tuple[Cutting, ...] = DEFAULT_CUTTINGS


MAX_STEPS: Final = 4096
"""Pieces that are acknowledged one by one in one run; ways to cut into more are left out."""

NO_PLAN = CutPlan("not run", "", ())


def run_case(
    connection: Connection,
    implementation: Implementation,
    case: Case,
    expectation: Callable[[str], Expectation],
    options: RunOptions,
) -> list[Row]:
    """The verdicts of one implementation on one case, lowest level first."""

    def rows(verdict: Verdict, levels: Sequence[Level]) -> list[Row]:
        return [Row(implementation.name, case.id, level, verdict, NO_PLAN) for level in levels]

    try:
        expected = expectation(case.id)
    except NoExpectation as refusal:
        return rows(Verdict(Kind.SKIPPED, str(refusal)), LADDER[:1])
    except ExpectationError as error:
        return rows(Verdict(Kind.HARNESS_ERROR, str(error)), LADDER[:1])
    expected = with_bounds(expected, case.body)
    levels: list[Level] = [
        level
        for level in levels_of(expected)
        # Beside the ladder: shown only of who claims it, or where it is asked for.
        if level not in BESIDE or level in {*implementation.levels, *options.levels}
    ]
    if options.levels:
        levels = [level for level in levels if level in options.levels]
    unsendable = sorted(implementation.cannot_request.intersection(case.key.request_needs))
    if unsendable:
        reason = f"the library cannot send {', '.join(unsendable)}"
        return rows(Verdict(Kind.SKIPPED, reason), levels)
    able: list[Level] = [level for level in levels if level in implementation.levels]
    unable: list[Level] = [level for level in levels if level not in able]
    trial = _Trial(connection, implementation, case, expected)
    cuttings = options.cuttings
    if implementation.input in {"frames", "chunks"}:
        cuttings = ("whole",)  # the cuts are taken out by the layer below, which is ours
    plans = cut_plans(case, cuttings)
    if implementation.input == "http":
        plans = [sampled(plan) for plan in plans]
    decided = [trial.row(level, plans) for level in able]
    return decided + rows(Verdict(Kind.NOT_AVAILABLE), unable)


class _Trial:
    """The runs of one case; each way of cutting is run once, whatever the number of levels."""

    def __init__(
        self,
        connection: Connection,
        implementation: Implementation,
        case: Case,
        expected: Expectation,
    ) -> None:
        self._connection = connection
        self._implementation = implementation
        self._case = case
        self._expected = expected
        self._seen: dict[tuple[tuple[int, ...], bool, str], Observation | Verdict] = {}

    def row(self, level: Level, plans: Sequence[CutPlan]) -> Row:
        """The worst verdict of all plans, and the smallest cut that shows it."""
        if level == "timely":  # every piece is a message of its own
            plans = [plan for plan in plans if len(plan.cuts) < MAX_STEPS] or plans[:1]
        verdicts = [self._verdict(level, plan.cuts) for plan in plans]
        at = worst(verdicts)
        verdict, plan = verdicts[at], plans[at]
        matters = False
        if verdict.kind is Kind.FAIL and plan.cuts:
            matters = self._verdict(level, ()).kind is not Kind.FAIL
            if matters:
                cuts = smallest_cuts(
                    plan.cuts, lambda cuts: self._verdict(level, cuts).kind is Kind.FAIL
                )
                verdict, plan = self._verdict(level, cuts), shrunk_plan(plan, cuts)
        if verdict.kind in {Kind.ERROR, Kind.TIMEOUT} and len(plans) > 1:
            # It may take the runs before it, as a second answer to one of them does.
            plan = replace(plan, option="")
        around = bytes_around(self._case.body, plan.cuts[0]) if matters else None
        return Row(self._implementation.name, self._case.id, level, verdict, plan, matters, around)

    def _verdict(self, level: Level, cuts: tuple[int, ...]) -> Verdict:
        if level != "messages":
            return self._verdict_of(level, cuts)
        expected = self._expected.messages
        options = () if isinstance(expected, UnsetType) else expected
        verdicts = [self._verdict_of(level, cuts, option) for option in options]
        return verdicts[worst(verdicts)]

    def _verdict_of(self, level: Level, cuts: tuple[int, ...], option: str = "") -> Verdict:
        observed = self._observed(cuts, step=level == "timely", option=option)
        if isinstance(observed, Verdict):
            return observed
        edges = (*cuts, len(self._case.body))
        blind = self._implementation.not_represented
        try:
            judgement = judge(level, self._expected, observed, blind, edges, option=option)
        except ValueError as error:  # the report contradicts itself
            return Verdict(Kind.ERROR, str(error))
        except RecursionError:
            return Verdict(Kind.ERROR, TOO_DEEP)
        if judgement and any(_is_deep(one.got) for one in judgement.differences):
            return Verdict(Kind.ERROR, TOO_DEEP)
        if judgement is None and not _may_show_less(level, observed):
            what = {"framing": "frames", "messages": "messages"}.get(level, "events")
            return Verdict(Kind.ERROR, f"declares the level {level}, but reports no {what}")
        return verdict_of(judgement, contested=self._case.key.strength == "choice")

    def _observed(self, cuts: tuple[int, ...], *, step: bool, option: str) -> Observation | Verdict:
        """What one way of cutting shows; with step only where that says more."""
        step = step and self._implementation.step
        if (cuts, step, option) not in self._seen:
            self._seen[cuts, step, option] = self._observe(cuts, step=step, option=option)
        return self._seen[cuts, step, option]

    def _observe(self, cuts: tuple[int, ...], *, step: bool, option: str) -> Observation | Verdict:
        try:
            stream = replace(stream_of(self._case, cuts), step=step, options=options_of(option))
            return self._connection.run(entering(stream, self._implementation.input))
        except SkippedRunError as reason:
            return Verdict(Kind.SKIPPED, _said(reason))
        except AdapterTimeoutError as error:
            return Verdict(Kind.TIMEOUT, _said(error))
        except AdapterError as error:
            trace = printable(error.trace, keep="\n")[-MAX_TRACE:]
            return Verdict(Kind.ERROR, _said(error), trace=trace)


MAX_TRACE: Final = 2000
"""Characters of a traceback that are kept, the last ones."""


def _said(error: Exception) -> str:
    """What a stranger's program says, in one line that any file and any terminal can hold."""
    return printable(" ".join(str(error).split()))


MAX_DEPTH: Final = 300
"""Lists and objects in one another in what an adapter reports; an answer's own JSON is refused at
256, and every report is written by recursive writers."""

TOO_DEEP: Final = f"reports a value with more than {MAX_DEPTH} lists and objects in one another"


def _is_deep(value: Any) -> bool:
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [
            inner
            for outer in level
            if isinstance(outer, dict | list | tuple)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
        if not level:
            return False
    return True


def options_of(option: str) -> dict[str, bool]:
    """The options of a run from the key of an expected sequence: `name=true`, or nothing."""
    name, _, value = option.partition("=")
    return {name: value == "true"} if name else {}


def _may_show_less(level: Level, observed: Observation) -> bool:
    """Whether this run says itself that it shows less, or its connection cannot show more."""
    if level == "framing":
        return observed.frames is not None
    if level == "messages":
        return observed.messages is not None
    return observed.events is not None or "sequence" in observed.not_represented


def run_implementation(
    connection: Connection,
    implementation: Implementation,
    cases: Sequence[Case],
    expectation: Callable[[str], Expectation],
    options: RunOptions = RunOptions(),
) -> Generator[list[Row]]:
    """The rows of every case, in the order given; stops the connection at the end."""
    try:
        for case in cases:
            yield run_case(connection, implementation, case, expectation, options)
    finally:
        stop_quietly(connection)


def stop_quietly(connection: Connection) -> None:
    """An adapter that cannot stop has been judged all the same."""
    with suppress(AdapterError, AdapterTimeoutError):
        connection.stop()
