"""The JSONL report: a header, a line per verdict as it falls, a footer.

A report without its footer is of a run that was killed: it is invalid, and can be resumed. Lines
hold ASCII only, as values may hold lone surrogates.

    {"type": "header", "report": 1, "chunkproof": ..., "specs": [...], "cases": {...}, ...}
    {"type": "implementation", "connection": SPEC, "name": ..., "version": ..., ...}
    {"type": "verdict", "connection": SPEC, "case": ID, "level": ..., "verdict": ..., ...}
    {"type": "end", "connection": SPEC, "seconds": ...}
    {"type": "standing", "connection": SPEC, "conforms": ..., "standing": ..., "stale": [...], ...}
    {"type": "footer", "finished": true, "verdicts": N}
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import IO, TYPE_CHECKING, Any, Final

from chunkproof_conformance.judge.diff import ABSENT, Difference
from chunkproof_conformance.judge.verdicts import Kind, Verdict
from chunkproof_conformance.reports.machine import (
    case_object,
    difference_object,
    implementation_object,
    standing_object,
)
from chunkproof_conformance.run.plan import CutPlan
from chunkproof_conformance.run.runner import Row

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from chunkproof_conformance.judge.observation import Implementation
    from chunkproof_conformance.run.job import Job
    from chunkproof_conformance.run.report import CaseFacts, ImplementationRun, Report

FORMAT: Final = 1


class ReportError(ValueError):
    """A report that cannot be read or resumed: one sentence."""


def header(job: Job, facts: Sequence[CaseFacts], hashes: Mapping[str, str]) -> dict[str, Any]:
    """What the run is: equal headers mean that one may go on with the other."""
    return {
        "type": "header",
        "report": FORMAT,
        "chunkproof": version("chunkproof"),
        "requirements": job.requirements,
        "specs": list(job.specs),
        "levels": list(job.options.levels),
        "cuttings": [list(one) if isinstance(one, tuple) else one for one in job.options.cuttings],
        "known_failures": {spec: [str(one) for one in known] for spec, known in job.known.items()},
        "flaky": list(job.flaky),
        "cases": {
            case.id: {**case_object(case), "expected": hashes.get(case.id, "")} for case in facts
        },
        "date": job.date,
    }


@dataclass
class Lines:
    """A watcher that writes the report. earlier_rows: of the report that is resumed."""

    file: IO[str]
    earlier_rows: dict[str, dict[str, list[Row]]] = field(default_factory=dict)
    earlier_lines: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Per connection, who was judged then."""

    def write(self, line: dict[str, Any]) -> None:
        self.file.write(json.dumps(line) + "\n")
        self.file.flush()  # what was judged is there, whatever happens next

    def begins(self, spec: str, implementation: Implementation) -> None:
        """Raises: ReportError, where another implementation was judged before."""
        who = implementation_object(implementation)
        line = {"type": "implementation", "connection": spec, **who}
        before = self.earlier_lines.get(spec)
        if before is None:
            self.write(line)
        elif before != json.loads(json.dumps(line)):
            then, now = (f"{one['name']} {one['version']}" for one in (before, line))
            is_same = "which says something else of itself now" if then == now else f"now {now}"
            raise ReportError(f"the report cannot be resumed: it is of {then}, {is_same}")

    def judged(self, spec: str, rows: Sequence[Row]) -> None:
        lines = (json.dumps(_row_line(spec, row)) + "\n" for row in rows)
        self.file.write("".join(lines))
        self.file.flush()

    def ended(self, run: ImplementationRun) -> None:
        self.write({"type": "end", "connection": run.spec, "seconds": round(run.seconds, 3)})

    def earlier(self, spec: str) -> Mapping[str, Sequence[Row]]:
        return self.earlier_rows.get(spec, {})

    def finish(self, report: Report) -> None:
        """Write the footer."""
        for run in report.runs:
            self.write(
                {
                    "type": "standing",
                    "connection": run.spec,
                    **standing_object(report, run),
                    "stale": list(run.stale),
                    "stderr": run.stderr,
                }
            )
        verdicts = sum(len(run.rows) for run in report.runs)
        self.write({"type": "footer", "finished": report.finished, "verdicts": verdicts})


def _row_line(spec: str, row: Row) -> dict[str, Any]:
    verdict = row.verdict
    return {
        "type": "verdict",
        "connection": spec,
        "implementation": row.implementation,
        "case": row.case,
        "level": row.level,
        "verdict": str(verdict.kind),
        "detail": verdict.detail,
        "differences": [difference_object(one) for one in verdict.differences],
        "not_represented": list(verdict.not_represented),
        "remarks": list(verdict.remarks),
        "trace": verdict.trace,
        "plan": {"name": row.plan.name, "option": row.plan.option, "cuts": _cuts(row)},
        "cutting_matters": row.cutting_matters,
        "around": row.around,
    }


def _cuts(row: Row) -> list[int]:
    """The cuts where they are few; else the option that repeats them says it shorter."""
    return list(row.plan.cuts) if len(row.plan.cuts) <= 100 else []


def _row(line: dict[str, Any]) -> Row:
    plan = line["plan"]
    verdict = Verdict(
        Kind(line["verdict"]),
        line["detail"],
        tuple(
            Difference(
                one["path"], one.get("expected", ABSENT), one.get("got", ABSENT), one.get("why", "")
            )
            for one in line["differences"]
        ),
        tuple(line["not_represented"]),
        tuple(line["remarks"]),
        line["trace"],
    )
    return Row(
        line["implementation"],
        line["case"],
        line["level"],
        verdict,
        CutPlan(plan["name"], plan["option"], tuple(plan["cuts"])),
        line["cutting_matters"],
        tuple(line["around"]) if line["around"] else None,
    )


def read_lines(data: bytes) -> tuple[list[dict[str, Any]], int]:
    """The whole lines of a report, and how many bytes they take; a half one is left out.

    Raises: ReportError.
    """
    lines = []
    end = 0
    for number, line in enumerate(data.splitlines(keepends=True), 1):
        if not line.endswith(b"\n"):
            break
        try:
            value = json.loads(line)
        except (ValueError, RecursionError):
            raise ReportError(f"line {number} is no JSON: this is no report") from None
        if not isinstance(value, dict):
            raise ReportError(f"line {number} is no object: this is no report")
        lines.append(value)
        end += len(line)
    if not lines or lines[0].get("type") != "header":
        raise ReportError("it does not begin with a header: this is no report")
    return lines, end


def is_whole(lines: Sequence[dict[str, Any]]) -> bool:
    """Whether it has its footer: nobody killed the run that wrote it."""
    return lines[-1].get("type") == "footer"


def refuse_to_lose(path: Path) -> None:
    """Let only the report of a run that was not killed be written over, or an empty file.

    Raises: ReportError, where there is something else; OSError.
    """
    data = path.read_bytes() if path.is_file() else b""
    if not data:
        return
    other = "name another file, or remove this one"
    try:
        lines, _ = read_lines(data)
    except ReportError as error:
        what = f"{path} is there and would be lost: {error}; {other}"
        raise ReportError(what) from None
    if not is_whole(lines):
        what = f"{path} is of a run that was killed: go on with it (--resume); or {other}"
        raise ReportError(what)


def _rows_by_spec(lines: Sequence[dict[str, Any]]) -> dict[str, dict[str, list[Row]]]:
    rows: dict[str, dict[str, list[Row]]] = {}
    for line in lines:
        if line.get("type") == "verdict":
            of_spec = rows.setdefault(line["connection"], {})
            of_spec.setdefault(line["case"], []).append(_row(line))
    return rows


def resumed(path: Path, head: dict[str, Any]) -> Lines:
    """The report at path, resumed. Cases of which not all lines are there are run again.

    A run that was interrupted has written its footer, which says so; it is resumed as well.
    Raises: ReportError, where it is of another run, or the run came to its end; OSError.
    """
    data = path.read_bytes()
    try:
        lines, _ = read_lines(data)
    except ReportError as error:
        raise ReportError(f"{path.name} cannot be resumed: {error}") from None
    if is_whole(lines) and lines[-1].get("finished"):
        raise ReportError(f"{path.name} is whole already; there is nothing to resume")
    if {**lines[0], "date": ""} != {**json.loads(json.dumps(head)), "date": ""}:
        raise ReportError(f"{path.name} is of another run: other cases, versions or options")
    try:
        rows = _rows_by_spec(lines)
    except (KeyError, TypeError, ValueError) as error:
        what = f"a verdict in it is none ({type(error).__name__}: {error})"
        raise ReportError(f"{path.name} cannot be resumed: {what}") from None
    # The case that was being written may lack a line: it is judged again.
    if lines[-1].get("type") == "verdict":
        del rows[lines[-1]["connection"]][lines[-1]["case"]]
    who = {line["connection"]: line for line in lines if line.get("type") == "implementation"}
    kept = [lines[0], *who.values()]
    kept += [
        _row_line(spec, row) for spec, cases in rows.items() for of in cases.values() for row in of
    ]
    # Put in its place at once: a run that is killed now leaves what there was.
    new = path.with_name(f"{path.name}.new")
    new.write_text("".join(json.dumps(line) + "\n" for line in kept), encoding="ascii")
    new.replace(path)
    return Lines(path.open("a", encoding="ascii"), rows, who)
