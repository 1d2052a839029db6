"""The report for machines: one JSON object."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import msgspec

from chunkproof_conformance.judge.diff import ABSENT
from chunkproof_conformance.run.report import (
    Standing,
    finding_of,
    origin_counts,
    profile_lines,
    repeat_command,
    standing,
)

if TYPE_CHECKING:
    from chunkproof_conformance.judge.diff import Difference
    from chunkproof_conformance.judge.observation import Implementation
    from chunkproof_conformance.run.report import CaseFacts, ImplementationRun, Report
    from chunkproof_conformance.run.runner import Row


def report_object(report: Report) -> dict[str, Any]:
    """The report as JSON value; strings may hold lone surrogates, so write it as ASCII."""
    return {
        "chunkproof": version("chunkproof"),
        "date": report.date,
        "requirements": report.requirements,
        "finished": report.finished,
        "corpus": {
            "cases": len(report.cases),
            "by_origin": origin_counts(report.cases),
            "recorded_from_api_openai_com": sum(case.from_openai for case in report.cases),
        },
        "cases": {case.id: case_object(case) for case in report.cases},
        "implementations": [_implementation(report, run) for run in report.runs],
    }


def case_object(case: CaseFacts) -> dict[str, Any]:
    return {
        "title": case.title,
        "strength": case.rank.strength,
        "profiles": list(case.rank.profiles),
        "rules": list(case.rules),
        "origin": case.origin,
        "scored": case.rank.scored,
    }


def _implementation(report: Report, run: ImplementationRun) -> dict[str, Any]:
    return {
        **implementation_object(run.implementation),
        "connection": run.spec,
        **standing_object(report, run),
        "seconds": round(run.seconds, 3),
        "profiles_reached": {
            line.profile: {
                "level": line.reached,
                "required": line.required,
                "by_origin": {
                    origin: {str(kind): count for kind, count in tally.items()}
                    for origin, tally in line.counts.items()
                },
            }
            for line in profile_lines(report, run)
        },
        "known_failures_stale": list(run.stale),
        "stderr": run.stderr,
        "verdicts": [_row(report, run, row) for row in run.rows],
    }


def standing_object(report: Report, run: ImplementationRun) -> dict[str, Any]:
    """`conforms` is null where nothing was judged that decides it."""
    found = standing(report, run)
    decided = found in {Standing.CONFORMS, Standing.FAILS}
    return {"conforms": found is Standing.CONFORMS if decided else None, "standing": str(found)}


def implementation_object(implementation: Implementation) -> dict[str, Any]:
    """Who it is; sets have no order, reports do."""
    who: dict[str, Any] = msgspec.to_builtins(implementation)
    return {
        **who,
        "not_represented": sorted(who["not_represented"]),
        "cannot_request": sorted(who["cannot_request"]),
    }


def _row(report: Report, run: ImplementationRun, row: Row) -> dict[str, Any]:
    verdict = row.verdict
    members = {
        "detail": verdict.detail,
        "differences": [difference_object(difference) for difference in verdict.differences],
        "not_represented": list(verdict.not_represented),
        "finding": finding_of(report.case(row.case), row),
        "remarks": list(verdict.remarks),
        "trace": verdict.trace,
        "cut": row.plan.name if verdict.differences else "",
        "cutting_matters": row.cutting_matters,
        "around": list(row.around or ()),
        "repeat": repeat_command(run, row) if verdict.message else "",
    }
    return {
        "case": row.case,
        "level": row.level,
        "verdict": str(verdict.kind),
        **{name: value for name, value in members.items() if value},
    }


def difference_object(difference: Difference) -> dict[str, Any]:
    members: dict[str, Any] = {"path": difference.path}
    if difference.expected is not ABSENT:
        members["expected"] = difference.expected
    if difference.got is not ABSENT:
        members["got"] = difference.got
    if difference.why:
        members["why"] = difference.why
    return members
