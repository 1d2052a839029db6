"""Cases times implementations times levels: every run ends in a verdict, never the run itself."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chunkproof_conformance.connect.adapter import SkippedRunError
from chunkproof_conformance.connect.in_process import AdapterError, AdapterTimeoutError
from chunkproof_conformance.connect.layers import entering
from chunkproof_conformance.judge.levels import LADDER, judge, levels_of
from chunkproof_conformance.judge.verdicts import Kind, Verdict, verdict_of, worst
from chunkproof_conformance.run.expectations import ExpectationError, NoExpectation
from chunkproof_conformance.run.plan import (
    DEFAULT_CUTTINGS,
    CutPlan,
    Cutting,
    cut_plans,
    explicit_plan,
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


@dataclass(frozen=True)
class RunOptions:
    """How to run. An empty `levels` means all that there are."""

    levels: tuple[Level, ...] = ()
    cuttings: tuple[Cutting, ...] = DEFAULT_CUTTINGS


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
    levels: list[Level] = list(levels_of(expected))
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
    decided = [trial.row(level, cut_plans(case, cuttings)) for level in able]
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
        self._observed: dict[tuple[int, ...], Observation | Verdict] = {}

    def row(self, level: Level, plans: Sequence[CutPlan]) -> Row:
        """The worst verdict of all plans, and the smallest cut that shows it."""
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
                verdict, plan = self._verdict(level, cuts), explicit_plan(cuts)
        return Row(self._implementation.name, self._case.id, level, verdict, plan, matters)

    def _verdict(self, level: Level, cuts: tuple[int, ...]) -> Verdict:
        if cuts not in self._observed:
            self._observed[cuts] = self._observe(cuts)
        observed = self._observed[cuts]
        if isinstance(observed, Verdict):
            return observed
        try:
            judgement = judge(level, self._expected, observed, self._implementation.not_represented)
        except ValueError as error:  # the report contradicts itself
            return Verdict(Kind.ERROR, str(error))
        if judgement is None and not _may_show_less(observed):
            return Verdict(Kind.ERROR, f"declares the level {level}, but reports no events")
        return verdict_of(judgement, contested=self._case.key.strength == "choice")

    def _observe(self, cuts: tuple[int, ...]) -> Observation | Verdict:
        try:
            stream = stream_of(self._case, cuts)
            return self._connection.run(entering(stream, self._implementation.input))
        except SkippedRunError as reason:
            return Verdict(Kind.SKIPPED, str(reason))
        except AdapterTimeoutError as error:
            return Verdict(Kind.TIMEOUT, str(error))
        except AdapterError as error:
            return Verdict(Kind.ERROR, str(error))


def _may_show_less(observed: Observation) -> bool:
    """Whether this run says itself that it shows no order of events."""
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
