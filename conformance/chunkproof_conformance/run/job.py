"""The main job: the chosen implementations over the chosen cases."""

from __future__ import annotations

from dataclasses import dataclass, field
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final

from chunkproof_conformance.cases.cassette import load_cassette
from chunkproof_conformance.cases.index import case_ids, load_case
from chunkproof_conformance.connect.connections import connect
from chunkproof_conformance.connect.in_process import AdapterError, AdapterTimeoutError
from chunkproof_conformance.judge.observation import Implementation
from chunkproof_conformance.judge.verdicts import Kind, Verdict
from chunkproof_conformance.run.expectations import expectation_of, load_expectation
from chunkproof_conformance.run.report import ImplementationRun, Report, conforms, facts_of
from chunkproof_conformance.run.runner import NO_PLAN, Row, RunOptions, run_implementation

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from chunkproof_conformance.cases.cassette import Case
    from chunkproof_conformance.connect.connections import Connection
    from chunkproof_conformance.run.plan import Selection

DEFAULT_SPECS: Final = ("impl:reference", "impl:openai-chunks", "impl:openai-stream")


@dataclass(frozen=True)
class Job:
    """What to run. timeout: seconds per run of one stream."""

    specs: tuple[str, ...] = DEFAULT_SPECS
    options: RunOptions = field(default_factory=RunOptions)
    timeout: float = 10.0
    outside: bool = False
    """The cases are not of our corpus: their oracles are asked now."""
    validate: Callable[[str, Any], None] | None = None
    """Holds every message to and from a program against its schema."""
    fail_fast: bool = False
    date: str = ""
    """The day, YYYY-MM-DD, as the report is to say it."""


def chosen_cases(selection: Selection, folder: Path | None = None) -> list[Case]:
    """The cases that are in, by id: of our corpus, or of a folder of cassettes.

    Raises: CassetteError.
    """
    if folder is None:
        read = (load_case(case_id) for case_id in case_ids() if selection.has_id(case_id))
    else:
        paths = {f"{path.parent.name}/{path.stem}": path for path in folder.glob("*/*.yaml")}
        read = (
            load_cassette(path, expected_id=case_id)
            for case_id, path in sorted(paths.items())
            if selection.has_id(case_id)
        )
    return [case for case in read if selection.has(case)]


def run_job(job: Job, cases: Sequence[Case], progress: Callable[[str, str], None]) -> Report:
    """Run everything, one implementation after another.

    An interrupt ends the run, not the report: what was judged so far is in it.
    Raises: ConnectionSpecError, before anything runs.
    """
    connections = [
        (spec, connect(spec, timeout=job.timeout, validate=job.validate)) for spec in job.specs
    ]
    facts = tuple(facts_of(case) for case in cases)
    runs: list[ImplementationRun] = []
    finished = True
    for spec, connection in connections:
        run, whole = _run_one(spec, connection, cases, job, progress)
        runs.append(run)
        finished = finished and whole
        if not whole or (job.fail_fast and not conforms(Report(facts, (run,)), run)):
            finished = whole and len(runs) == len(connections)
            break
    return Report(facts, tuple(runs), finished, job.date)


def _run_one(
    spec: str,
    connection: Connection,
    cases: Sequence[Case],
    job: Job,
    progress: Callable[[str, str], None],
) -> tuple[ImplementationRun, bool]:
    """The run of one implementation, and whether it went to the end."""
    began = perf_counter()
    rows: list[Row] = []
    whole = True
    try:
        implementation = connection.start()
    except (AdapterError, AdapterTimeoutError) as error:
        # Who it is stays unknown: every case gets the same verdict, and the run goes on.
        implementation = Implementation(spec, "unknown", profiles=_every_profile(cases))
        verdict = Verdict(Kind.ERROR, f"the adapter does not start: {error}")
        rows = [Row(spec, case.id, "final", verdict, NO_PLAN) for case in cases]
        return ImplementationRun(spec, implementation, tuple(rows), perf_counter() - began), True
    except KeyboardInterrupt:
        connection.stop()
        return ImplementationRun(spec, Implementation(spec, "unknown"), (), 0.0), False
    facts = tuple(facts_of(case) for case in cases)
    by_id = {case.id: case for case in cases}
    expectation = (lambda name: expectation_of(by_id[name])) if job.outside else load_expectation
    judged = run_implementation(connection, implementation, cases, expectation, job.options)
    try:
        progress(implementation.name, "")
        for case_rows in judged:
            rows += case_rows
            progress(implementation.name, case_rows[0].case if case_rows else "")
            partial = ImplementationRun(spec, implementation, tuple(case_rows), 0.0)
            if job.fail_fast and not conforms(Report(facts, (partial,)), partial):
                whole = False
                break
    except KeyboardInterrupt:
        whole = False
    finally:
        judged.close()
    seconds = perf_counter() - began
    return ImplementationRun(spec, implementation, tuple(rows), seconds), whole


def _every_profile(cases: Sequence[Case]) -> tuple[str, ...]:
    return tuple(sorted({profile for case in cases for profile in case.key.profiles}))
