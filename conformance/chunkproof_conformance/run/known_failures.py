"""Known failures: a list in the implementation's own repository of what fails, and how.

One entry per line, its parts set apart by ` | `:

    CASE:LEVEL | pinned message | reason | link

CASE:LEVEL may be a glob (`tools/*:exact`). A listed run is run all the same, must fail, and its
message must begin with the pinned one; else the entry is stale, and the run red. `#` begins a
comment line. `chunkproof baseline --fix` rewrites the list and keeps comments and reasons.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final

from chunkproof_conformance.judge.verdicts import (
    Kind,
    KnownFailure,
    against_known,
    one_line,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from chunkproof_conformance.run.runner import Row

MAX_MESSAGE: Final = 160
"""Characters of a message that `--fix` pins."""

_BAR: Final = " | "
_LISTED: Final = frozenset({Kind.FAIL, Kind.ERROR, Kind.TIMEOUT})
"""The verdicts that can be known."""


class KnownFailuresError(ValueError):
    """A list that cannot be read: which line, and what is wrong with it."""


@dataclass(frozen=True)
class Entry:
    """One line of a list. pattern: a glob over `CASE:LEVEL`."""

    pattern: str
    message: str = ""
    reason: str = ""
    link: str = ""

    def fits(self, row: Row) -> bool:
        """Whether it speaks of this row; one that was not judged at all it never does."""
        return row.verdict.kind is not Kind.NOT_AVAILABLE and fnmatchcase(name(row), self.pattern)

    def __str__(self) -> str:
        parts = [self.pattern, self.message, self.reason, self.link]
        while len(parts) > 1 and not parts[-1]:
            parts.pop()
        return _BAR.join(parts)


Line = Entry | str
"""An entry; or a comment or blank line, kept as it is."""


def name(row: Row) -> str:
    """What an entry names."""
    return f"{row.case}:{row.level}"


def parse_list(text: str) -> list[Line]:
    """The lines of a list. Raises: KnownFailuresError."""
    lines: list[Line] = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            lines.append(line)
            continue
        parts = [one_line(part) for part in line.split("|")]
        if ":" not in parts[0] or len(parts) > 4:
            raise KnownFailuresError(
                f"line {number} is no entry; write CASE:LEVEL | message | reason | link"
            )
        lines.append(Entry(*parts))
    return lines


def entries_of(lines: Iterable[Line]) -> list[Entry]:
    return [line for line in lines if isinstance(line, Entry)]


def to_text(lines: Iterable[Line]) -> str:
    """The list as a file's text."""
    return "".join(f"{line}\n" for line in lines)


def in_their_light(
    rows: Iterable[Row],
    known: Sequence[Entry],
    flaky: Sequence[str] = (),
    *,
    is_partial: bool = False,
) -> list[Row]:
    """The rows with known failures, stale entries and flaky runs as verdicts of their own.

    flaky: globs over `CASE:LEVEL`; what fits is neutral, whatever it does. is_partial: some ways
    to cut were left out, so that a pass says nothing about an entry.
    """
    judged = []
    for row in rows:
        entry = next((entry for entry in known if entry.fits(row)), None)
        if is_partial and row.verdict.kind is Kind.PASS:
            entry = None
        pinned = KnownFailure(entry.message, entry.reason) if entry else None
        is_flaky = any(fnmatchcase(name(row), pattern) for pattern in flaky)
        verdict = against_known(row.verdict, pinned, flaky=is_flaky)
        judged.append(row if verdict is row.verdict else replace(row, verdict=verdict))
    return judged


def unmatched(rows: Iterable[Row], known: Iterable[Entry]) -> list[Entry]:
    """The entries that speak of no row: after a whole run they are stale too."""
    rows = list(rows)
    return [entry for entry in known if not any(entry.fits(row) for row in rows)]


def mended(lines: Sequence[Line], rows: Sequence[Row]) -> list[Line]:
    """The list that fits these rows, judged without a list: a whole run's, or it would lose some.

    Entries that still hold stay, with their reasons; a changed message is pinned anew; what does
    not fail any more goes; what newly fails comes at the end.
    """
    failing = [row for row in rows if row.verdict.kind in _LISTED]
    kept: list[Line] = []
    covered: set[str] = set()
    for line in lines:
        if not isinstance(line, Entry):
            kept.append(line)
            continue
        fitting = [row for row in rows if line.fits(row) and name(row) not in covered]
        now = [row for row in fitting if row in failing]
        holds = [row for row in now if one_line(row.verdict.message).startswith(line.message)]
        if fitting and holds == fitting:
            kept.append(line)
        else:
            # A glob of which some no longer hold is written out, one entry for each that fails.
            kept += [replace(line, pattern=name(row), message=_pinned(row)) for row in now]
        covered |= {name(row) for row in fitting}
    new = [row for row in failing if name(row) not in covered]
    return [*kept, *(Entry(name(row), _pinned(row)) for row in new)]


_QUOTED: Final = re.compile(r"[:;,] (in the middle of a line|half a line|on stderr|b?['\"])")
"""Where the harness begins to quote what a program wrote: that holds numbers, times and ids."""


def _pinned(row: Row) -> str:
    """The beginning of the message that is the same in the next run.

    Without what sets the parts of a line apart, without what a program wrote where the harness
    quotes it, and without a time that was waited.
    """
    message = one_line(row.verdict.message)
    if row.verdict.kind is Kind.TIMEOUT:
        return "no answer"
    if message.startswith(("no answer to ", "wrote a line ", "flood: ")):
        message = _QUOTED.split(message)[0]
    return message.partition("|")[0][:MAX_MESSAGE].strip()
