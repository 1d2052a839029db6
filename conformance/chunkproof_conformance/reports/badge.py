"""A badge as the JSON that shields.io's endpoint reads: levels, never a percentage."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chunkproof_conformance.run.report import conforms, profile_lines

if TYPE_CHECKING:
    from chunkproof_conformance.run.report import Report


def badge(report: Report) -> dict[str, Any]:
    """The badge of the first implementation: `core exact · tools sequence`.

    Source: shields.io, "Endpoint Badge", schema version 1.
    """
    run = report.runs[0]
    levels = [
        f"{line.profile} {line.reached}"
        for line in profile_lines(report, run)
        if line.reached not in {"not claimed", "n/a"}
    ]
    green = report.finished and bool(levels) and conforms(report, run)
    label = f"chunkproof {report.requirements}".strip()
    return {
        "schemaVersion": 1,
        "label": label,
        "message": " · ".join(levels) or "nothing judged",
        "color": "brightgreen" if green else "red" if levels else "lightgrey",
    }
