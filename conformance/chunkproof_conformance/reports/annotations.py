"""GitHub's workflow commands: a line per red verdict, shown at the list of known failures.

Source: GitHub Docs, "Workflow commands for GitHub Actions", setting an error message.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chunkproof_conformance.judge.profiles import is_required
from chunkproof_conformance.run.report import Standing, failures, repeat_command, standing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from chunkproof_conformance.run.report import Report

MAX_ANNOTATIONS: Final = 10
"""GitHub shows ten errors and ten warnings per step, and drops the others."""


def workflow_commands(report: Report, files: Mapping[str, str]) -> Iterator[str]:
    """Errors for what is required, warnings for the rest; one error where nothing decided.

    files: per connection, a file of the repository that the lines point to: the list of known
    failures, or the adapter.
    """
    for run in report.runs:
        where = f"file={_property(files[run.spec])}," if run.spec in files else ""
        for pattern in run.stale[:MAX_ANNOTATIONS]:
            yield f"::error {where}title=chunkproof::{_data(f'stale known failure: {pattern}')}"
        found = standing(report, run)
        if found not in {Standing.CONFORMS, Standing.FAILS}:
            yield f"::error {where}title=chunkproof::{_data(f'{run.implementation.name}: {found}')}"
        left = {"error": MAX_ANNOTATIONS - len(run.stale), "warning": MAX_ANNOTATIONS}
        for case, row in failures(report, run):
            word = "error" if is_required(case.rank, run.implementation) else "warning"
            left[word] -= 1
            if left[word] >= 0:
                said = f"{row.verdict.kind}: {row.verdict.message}\n{repeat_command(run, row)}"
                title = _property(f"{run.implementation.name} {case.id} {row.level}")
                yield f"::{word} {where}title={title}::{_data(said)}"


def _data(text: str) -> str:
    text = text.encode("utf-8", "backslashreplace").decode()
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
