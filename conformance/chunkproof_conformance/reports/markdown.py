"""Markdown for CI summaries: the levels reached, and every red verdict with its command."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from chunkproof_conformance.judge.profiles import is_required
from chunkproof_conformance.judge.verdicts import RED, Kind
from chunkproof_conformance.run.report import (
    RECORDED,
    Standing,
    failures,
    finding_of,
    in_words,
    origin_counts,
    profile_lines,
    repeat_command,
    standing,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chunkproof_conformance.run.report import ImplementationRun, ProfileLine, Report

SHOWN: Final = 50
"""Red cases that are listed; a summary is cut off at 1 MiB."""


def markdown(report: Report) -> str:
    """The summary."""
    lines = ["## chunkproof", ""]
    for run in report.runs:
        lines += [*_implementation(report, run), ""]
    counts = origin_counts(report.cases)
    recorded = sum(counts[origin] for origin in RECORDED)
    lines.append(
        f"{len(report.cases)} cases: {recorded} recorded, {counts['synthesised']} synthesised, "
        f"{counts['derived']} derived, {counts['imported']} imported."
    )
    if report.requirements:
        lines.append(f"Scored by requirement set {report.requirements}.")
    if not report.finished:
        lines.append("**This run was cut short.**")
    return "\n".join(lines) + "\n"


def _implementation(report: Report, run: ImplementationRun) -> Iterator[str]:
    who = run.implementation
    yield f"### {_cell(who.name)} {_cell(who.version)}: {_standing(report, run)}"
    yield ""
    yield "| profile | level | required | recorded ✓/✗ | others ✓/✗ |"
    yield "|---|---|---:|---:|---:|"
    for line in profile_lines(report, run):
        recorded, others = _tally(line, recorded=True), _tally(line, recorded=False)
        yield f"| {line.profile} | {line.reached} | {line.required} | {recorded} | {others} |"
    for pattern in run.stale:
        yield f"\nStale entry of the list of known failures: {_code(pattern)}"
    red = failures(report, run)
    if not red:
        return
    yield ""
    yield "| case (bold: required) | level | finding | repeat |"
    yield "|---|---|---|---|"
    for case, row in red[:SHOWN]:
        message = row.verdict.message
        said = finding_of(case, row)
        name = f"**{case.id}**" if is_required(case.rank, who) else case.id
        what = _cell(f"{said}: {message}" if said else message)
        command = _code(repeat_command(run, row))
        yield f"| {name} | {row.level} | {what} | {command} |"
    if len(red) > SHOWN:
        yield f"\nand {len(red) - SHOWN} more"


def _standing(report: Report, run: ImplementationRun) -> str:
    sign = {Standing.CONFORMS: "✅ ", Standing.FAILS: "❌ "}.get(standing(report, run), "")
    return f"{sign}{in_words(report, run)}"


def _tally(line: ProfileLine, *, recorded: bool) -> str:
    passes = fails = 0
    for origin, counts in line.counts.items():
        if (origin in RECORDED) is recorded:
            passes += counts.get(Kind.PASS, 0) + counts.get("not represented", 0)
            fails += sum(count for kind, count in counts.items() if kind in RED)
    return f"{passes}/{fails}"


def _cell(text: str) -> str:
    """Text that breaks no table and is no markup."""
    text = " ".join(text.split())[:300]
    text = text.encode("utf-8", "backslashreplace").decode()
    for char in "|<>*_[]":
        text = text.replace(char, f"&#{ord(char)};")
    return text


def _code(text: str) -> str:
    """Text as a code span, to be copied as it is; a table still ends its cells at `|`.

    Source: GitHub Flavored Markdown, 6.3 "Code spans" and 4.10 "Tables".
    """
    text = " ".join(text.split()).encode("utf-8", "backslashreplace").decode()
    longest = max(map(len, re.findall("`+", text)), default=0)
    space = " " if longest else ""
    return f"{'`' * (longest + 1)}{space}{text}{space}{'`' * (longest + 1)}".replace("|", "\\|")
