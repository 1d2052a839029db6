"""The main job: the chosen implementations over the chosen cases."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, field, replace
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final, Protocol

from chunkproof_conformance.cases.index import cards, case_ids, ids_in, load_in
from chunkproof_conformance.connect.connections import START_TIMEOUT, connect
from chunkproof_conformance.connect.in_process import AdapterError, AdapterTimeoutError
from chunkproof_conformance.judge.observation import Implementation
from chunkproof_conformance.judge.verdicts import Kind, Verdict
from chunkproof_conformance.printable import printable
from chunkproof_conformance.run.claims import introduced
from chunkproof_conformance.run.expectations import expectation_of, load_expectation
from chunkproof_conformance.run.known_failures import in_their_light, unmatched
from chunkproof_conformance.run.parallel import run_side_by_side
from chunkproof_conformance.run.plan import DEFAULT_CUTTINGS
from chunkproof_conformance.run.report import ImplementationRun, Report, conforms, facts_of
from chunkproof_conformance.run.requirements import scored_ids
from chunkproof_conformance.run.runner import (
    NO_PLAN,
    Row,
    RunOptions,
    run_implementation,
    stop_quietly,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping, Sequence
    from pathlib import Path

    from chunkproof_conformance.cases.cassette import Case
    from chunkproof_conformance.connect.connections import Connection
    from chunkproof_conformance.judge.expectation import Expectation
    from chunkproof_conformance.run.known_failures import Entry
    from chunkproof_conformance.run.plan import Selection
    from chunkproof_conformance.run.report import CaseFacts

DEFAULT_SPECS: Final = ("impl:reference", "impl:openai-chunks", "impl:openai-stream")


@dataclass(frozen=True)
class Job:
    """What to run. timeout: seconds per run of one stream; start_timeout: to say who it is."""

    specs: tuple[str, ...] = DEFAULT_SPECS
    options: RunOptions = field(default_factory=RunOptions)
    timeout: float = 10.0
    start_timeout: float = START_TIMEOUT
    corpus: str = ""
    """The folder the cases are of, where it is not ours: their oracles are asked now."""
    validate: Callable[[str, Any], None] | None = None
    """Holds every message to and from a program against its schema."""
    jobs: int = 1
    """Runs at the same time; with more than one every adapter is in a process of its own."""
    known: Mapping[str, Sequence[Entry]] = field(default_factory=dict)
    """Per spec, its list of known failures."""
    flaky: tuple[str, ...] = ()
    """Globs over CASE:LEVEL; neutral, whatever happens."""
    is_whole: bool = False
    """Nothing was left out, so that an entry of a list that speaks of no run is stale."""
    requirements: str = ""
    """The set by which cases are scored; "" scores all."""
    fail_fast: bool = False
    again: tuple[str, ...] = ()
    """Words of a command line on which the verdicts depend, for the line that repeats them."""
    date: str = ""
    """The day, YYYY-MM-DD, as the report is to say it."""


class Watcher(Protocol):
    """Is told what is judged, as it is judged; and knows what was before."""

    def begins(self, spec: str, implementation: Implementation) -> None:
        """An implementation has said who it is."""

    def judged(self, spec: str, rows: Sequence[Row]) -> None:
        """All rows of one case."""

    def ended(self, run: ImplementationRun) -> None:
        """An implementation has been judged, as far as it went."""

    def earlier(self, spec: str) -> Mapping[str, Sequence[Row]]:
        """The rows of an earlier, killed run, per case: these are not run again."""
        ...


class Unwatched:
    """A watcher that does nothing."""

    def begins(self, spec: str, implementation: Implementation) -> None:
        pass

    def judged(self, spec: str, rows: Sequence[Row]) -> None:
        pass

    def ended(self, run: ImplementationRun) -> None:
        pass

    def earlier(self, spec: str) -> Mapping[str, Sequence[Row]]:
        _ = spec
        return {}


def chosen_cases(selection: Selection, folder: Path | None = None) -> list[Case]:
    """The cases that are in, by id: of our corpus, or of a folder of cassettes.

    Raises: CassetteError.
    """
    ids = selection.ids(case_ids() if folder is None else ids_in(folder))
    if folder is None and (selection.profiles or selection.strengths):
        chosen = {card.id for card in cards() if selection.has(card.profiles, card.strength)}
        ids = [case_id for case_id in ids if case_id in chosen]
    read = (load_in(folder, case_id) for case_id in ids)
    return [case for case in read if selection.has(case.key.profiles, case.key.strength)]


def refuse_unreachable(job: Job) -> None:
    """Look whether there can be a connection to each; nothing is started.

    Raises: ConnectionSpecError.
    """
    for spec in job.specs:
        connect(spec)


def facts_for(job: Job, cases: Sequence[Case]) -> tuple[CaseFacts, ...]:
    """The facts of the cases, each with whether it is scored. Raises: RequirementsError."""
    if job.corpus or not job.requirements:
        return tuple(facts_of(case) for case in cases)
    scored = scored_ids(job.requirements)
    return tuple(facts_of(case, scored=case.id in scored) for case in cases)


def run_job(job: Job, cases: Sequence[Case], watcher: Watcher | None = None) -> Report:
    """Run everything, one implementation after another.

    An interrupt ends the run, not the report: what was judged so far is in it.
    Raises: ConnectionSpecError, RequirementsError, before anything runs.
    """
    watcher = watcher or Unwatched()
    connections = [(spec, _connections(spec, job)) for spec in job.specs]
    facts = facts_for(job, cases)
    runs: list[ImplementationRun] = []
    finished = True
    for spec, connected in connections:
        one = _One(spec, connected, cases, job, watcher, facts)
        run, whole = one.run()
        watcher.ended(run)
        runs.append(run)
        finished = finished and whole
        if not whole or (job.fail_fast and not conforms(Report(facts, (run,)), run)):
            finished = whole and len(runs) == len(connections)
            break
    return Report(facts, tuple(runs), finished, job.date, job.requirements)


def _connections(spec: str, job: Job) -> list[Connection]:
    apart = job.jobs > 1
    return [
        connect(
            spec,
            timeout=job.timeout,
            start_timeout=job.start_timeout,
            validate=job.validate,
            apart=apart,
        )
        for _ in range(max(job.jobs, 1))
    ]


@dataclass
class _One:
    """The run of one implementation."""

    spec: str
    connections: list[Connection]
    cases: Sequence[Case]
    job: Job
    watcher: Watcher
    facts: tuple[CaseFacts, ...]

    def run(self) -> tuple[ImplementationRun, bool]:
        """What was judged, and whether the run went to the end; stops all connections."""
        try:
            return self._run()
        finally:  # also of an interrupt before the first case, or between two
            for connection in self.connections:
                stop_quietly(connection)

    def _run(self) -> tuple[ImplementationRun, bool]:
        began = perf_counter()
        first = self.connections[0]
        try:
            implementation = introduced(first)
            self.watcher.begins(self.spec, implementation)
        except (AdapterError, AdapterTimeoutError) as error:
            stop_quietly(first)
            return self._never_started(error, began), True
        except KeyboardInterrupt:
            unknown = Implementation(self.spec, "unknown")
            return self._as_run(unknown, (), 0.0), False
        rows, whole = self._rows(implementation)
        stale: tuple[str, ...] = ()
        if whole and self.job.is_whole:
            known = self.job.known.get(self.spec, ())
            stale = tuple(entry.pattern for entry in unmatched(rows, known))
        seconds = perf_counter() - began
        return (
            self._as_run(implementation, rows, seconds, stale, first.stderr),
            whole,
        )

    def _never_started(self, error: Exception, began: float) -> ImplementationRun:
        """Who it is stays unknown: every case gets the same verdict, and the run goes on."""
        profiles = {profile for case in self.cases for profile in case.key.profiles}
        implementation = Implementation(self.spec, "unknown", profiles=tuple(sorted(profiles)))
        self.watcher.begins(self.spec, implementation)
        why = f"the adapter does not start: {error}"
        verdict = Verdict(Kind.ERROR, printable(" ".join(why.split())))
        rows = [Row(self.spec, case.id, "final", verdict, NO_PLAN) for case in self.cases]
        for row in rows:
            self.watcher.judged(self.spec, [row])
        run = self._as_run(implementation, rows, perf_counter() - began)
        return replace(run, started=False)

    def _as_run(
        self,
        implementation: Implementation,
        rows: Sequence[Row],
        seconds: float,
        stale: tuple[str, ...] = (),
        stderr: str = "",
    ) -> ImplementationRun:
        again = self.job.again
        if self.job.jobs > 1 and self.spec.startswith("py:"):
            again = (*again, "--jobs", str(self.job.jobs))  # it had a process of its own
        return ImplementationRun(
            self.spec, implementation, tuple(rows), seconds, stale, stderr, again=again
        )

    def _rows(self, implementation: Implementation) -> tuple[list[Row], bool]:
        """The rows in the order of the cases, and whether all cases were judged."""
        earlier = self.watcher.earlier(self.spec)
        waiting = [case for case in self.cases if case.id not in earlier]
        rows = {case_id: list(judged) for case_id, judged in earlier.items()}
        whole = True
        try:
            with closing(self._judged(implementation, waiting)) as judged:
                for case, found in zip(waiting, judged, strict=False):
                    rows[case.id] = self._take(found)
                    if self.job.fail_fast and self._is_red(implementation, rows[case.id]):
                        whole = False
                        break
        except KeyboardInterrupt:
            whole = False
        return [row for case in self.cases for row in rows.get(case.id, ())], whole

    def _take(self, found: Sequence[Row]) -> list[Row]:
        rows = in_their_light(
            found,
            self.job.known.get(self.spec, ()),
            self.job.flaky,
            is_partial=self.job.options.cuttings != DEFAULT_CUTTINGS,
        )
        self.watcher.judged(self.spec, rows)
        return rows

    def _is_red(self, implementation: Implementation, rows: Sequence[Row]) -> bool:
        partial = self._as_run(implementation, rows, 0.0)
        return not conforms(Report(self.facts, (partial,)), partial)

    def _judged(
        self, implementation: Implementation, cases: Sequence[Case]
    ) -> Generator[list[Row]]:
        by_id = {case.id: case for case in cases}

        def outside(case_id: str) -> Expectation:
            return expectation_of(by_id[case_id])

        expectation = outside if self.job.corpus else load_expectation
        if len(self.connections) == 1:
            (connection,) = self.connections
            return run_implementation(
                connection, implementation, cases, expectation, self.job.options
            )
        return run_side_by_side(
            self.connections, implementation, cases, expectation, self.job.options
        )
