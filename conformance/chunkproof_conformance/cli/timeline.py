"""A stream as people read it: pieces on the left, the events they brought below them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from chunkproof.events import AnyEvent
    from chunkproof.result import Result

MAX_SHOWN: Final = 60
"""Characters of one value; the rest is left out with its length."""

_HIDDEN: Final = frozenset({"event", "choice", "offset", "raw"})


def quoted(value: Any, limit: int = MAX_SHOWN) -> str:
    """A value in JSON's spelling, in one line, nothing in it that a terminal would act on."""
    text = json.dumps(value, ensure_ascii=False)
    text = "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in text
    )
    return text if len(text) <= limit else f"{text[:limit]}… ({len(text)} characters)"


def event_line(event: AnyEvent) -> str:
    """Offset, kind, choice and members of an event, in columns."""
    members = msgspec.to_builtins(event)
    offset = "" if members["offset"] is None else str(members["offset"])
    choice = f"[{members['choice']}]" if "choice" in members else ""
    shown = "  ".join(
        f"{name}={quoted(value)}"
        for name, value in members.items()
        if name not in _HIDDEN and value is not None
    )
    return f"{offset:>10}  {members['event']:<14} {choice:<4} {shown}".rstrip()


class Timeline:
    """Lines for piece after piece; pieces that bring nothing are told together."""

    def __init__(self) -> None:
        self._number = 0
        self._offset = 0
        self._silent_from: tuple[int, int] | None = None

    def piece(self, piece: bytes, events: Sequence[AnyEvent]) -> Iterator[str]:
        """The lines after this piece; none while pieces are silent."""
        start, self._offset = self._offset, self._offset + len(piece)
        self._number += 1
        if not events:
            if self._silent_from is None:
                self._silent_from = (self._number, start)
            return
        yield from self._silence(self._number - 1, start)
        yield f"piece {self._number}  bytes {start}-{self._offset}"
        yield from map(event_line, events)

    def end(self, events: Sequence[AnyEvent], result: Result) -> Iterator[str]:
        """The lines after the last piece: what the end brought, and the outcome."""
        yield from self._silence(self._number, self._offset)
        yield f"end  {self._number} pieces, {self._offset} bytes"
        yield from map(event_line, events)
        yield f"outcome {result.outcome}"
        if result.error is not None:
            yield f"  {quoted(result.error.message, 200)}"
        for repair in result.repairs:
            yield f"  repair {repair.name} ({repair.rule}) × {repair.count}"  # noqa: RUF001

    def _silence(self, last: int, offset: int) -> Iterator[str]:
        if self._silent_from is None:
            return
        first, start = self._silent_from
        self._silent_from = None
        which = f"piece {first}" if first == last else f"pieces {first}-{last}"
        yield f"{which}  bytes {start}-{offset}  (no event)"
