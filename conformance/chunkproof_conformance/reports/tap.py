"""TAP 14: one line per case and level, under one subtest per implementation.

What fails and is known, or not required, is TODO: a harness counts any other failure against all.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from chunkproof_conformance.judge.verdicts import RED, Kind
from chunkproof_conformance.run.report import (
    NOT_REQUIRED,
    Standing,
    repeat_command,
    required_ids,
    standing,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from chunkproof_conformance.run.report import ImplementationRun, Report
    from chunkproof_conformance.run.runner import Row


def tap_lines(report: Report) -> Iterator[str]:
    """The document, line by line. A run that was cut short bails out."""
    yield "TAP version 14"
    yield f"1..{len(report.runs)}"
    for number, run in enumerate(report.runs, 1):
        name = _plain(f"{run.implementation.name} {run.implementation.version}")
        yield f"# Subtest: {name}"
        yield from (f"    {line}" for line in _subtest(report, run))
        found = standing(report, run)
        word = "not ok" if found is Standing.FAILS else "ok"
        decided = found in {Standing.CONFORMS, Standing.FAILS}
        yield f"{word} {number} - {name}" + ("" if decided else f" # SKIP {found}")
    if not report.finished:
        yield "Bail out! the run was cut short"


def _subtest(report: Report, run: ImplementationRun) -> Iterator[str]:
    required = required_ids(report, run)
    yield f"1..{len(run.rows)}"
    for number, row in enumerate(run.rows, 1):
        yield from _point(run, row, number, required)


def _point(
    run: ImplementationRun, row: Row, number: int, required: Collection[str]
) -> Iterator[str]:
    kind = row.verdict.kind
    word = "not ok" if kind in RED or kind is Kind.KNOWN_FAILURE else "ok"
    directive = ""
    if kind is Kind.KNOWN_FAILURE:
        directive = f" # TODO {_plain(row.verdict.message)}"
    elif kind in NOT_REQUIRED and row.case not in required:
        directive = f" # TODO not required: {_plain(row.verdict.message)}"
    elif kind in {Kind.SKIPPED, Kind.NOT_AVAILABLE, Kind.FLAKY}:
        directive = f" # SKIP {_plain(row.verdict.message or str(kind))}"
    yield f"{word} {number} - {row.case}:{row.level}{directive}"
    if kind in RED:
        yield "  ---"
        yield f"  verdict: {kind}"
        yield f"  message: {json.dumps(row.verdict.message)}"
        yield f"  repeat: {json.dumps(repeat_command(run, row))}"
        yield "  ..."


def _plain(text: str) -> str:
    """In one line; `#` and the backslash have a meaning in TAP."""
    text = " ".join(text.split()).encode("ascii", "backslashreplace").decode()
    return text.replace("\\", "\\\\").replace("#", "\\#")
