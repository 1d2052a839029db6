"""A badge as the JSON that shields.io's endpoint reads: levels, never a percentage."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chunkproof_conformance.run.report import Standing, profile_lines, reservations, standing

if TYPE_CHECKING:
    from chunkproof_conformance.run.report import Report


def badge(report: Report) -> dict[str, Any]:
    """The badge of the first implementation: `core exact · tools sequence`.

    Green where it conforms without reservation; yellow with one, or where the run was cut short.
    Source: shields.io, "Endpoint Badge", schema version 1.
    """
    run = report.runs[0]
    levels = [
        f"{line.profile} {line.reached}"
        for line in profile_lines(report, run)
        if line.reached not in {"not claimed", "n/a"}
    ]
    found = standing(report, run)
    color = {Standing.CONFORMS: "brightgreen", Standing.FAILS: "red"}.get(found, "lightgrey")
    if found is Standing.CONFORMS and (reservations(report, run) or not report.finished):
        color = "yellow"
    return {
        "schemaVersion": 1,
        "label": f"chunkproof {report.requirements}".strip(),
        "message": " · ".join(levels) or str(found),
        "color": color,
    }
