"""`<think>` tags at the head of a text, told apart from it at any cut: an option (rule RSN-4).

Only a tag that opens the text is one: later a model may well quote it. An orphan `</think>`
is text. What was not closed when the text ends stays reasoning.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Final

from chunkproof.chunk import Segment

if TYPE_CHECKING:
    from chunkproof.chunk import ChannelName

_OPEN: Final = "<think>"
_CLOSE: Final = "</think>"


class _State(Enum):
    HEAD = "head"
    INSIDE = "inside"
    AFTER = "after"


class ThinkSplitter:
    """The text of one choice in; text and reasoning out."""

    def __init__(self) -> None:
        self._state = _State.HEAD
        self._held = ""
        """What may be the beginning of a tag."""

    def feed(self, text: str) -> list[Segment]:
        """Return the segments that are decided now."""
        text = self._held + text
        self._held = ""
        if self._state is _State.HEAD:
            return self._head(text)
        if self._state is _State.INSIDE:
            return self._inside(text)
        return _segment("text", text)

    def flush(self) -> list[Segment]:
        """Return what was held: no tag came of it."""
        held, self._held = self._held, ""
        return _segment("reasoning" if self._state is _State.INSIDE else "text", held)

    def _head(self, text: str) -> list[Segment]:
        stripped = text.lstrip()
        if len(stripped) < len(_OPEN) and _OPEN.startswith(stripped):
            self._held = text
            return []
        if not stripped.startswith(_OPEN):
            self._state = _State.AFTER
            return _segment("text", text)
        self._state = _State.INSIDE
        space = text[: len(text) - len(stripped)]
        return _segment("text", space) + self._inside(stripped[len(_OPEN) :])

    def _inside(self, text: str) -> list[Segment]:
        thought, tag, rest = text.partition(_CLOSE)
        if tag:
            self._state = _State.AFTER
            return _segment("reasoning", thought) + _segment("text", rest)
        kept = _tail_of_tag(text)
        self._held = text[len(text) - kept :]
        return _segment("reasoning", text[: len(text) - kept])


def _tail_of_tag(text: str) -> int:
    """Return how many code points at the end of a text may begin the closing tag."""
    longest = min(len(text), len(_CLOSE) - 1)
    return next((n for n in range(longest, 0, -1) if _CLOSE.startswith(text[-n:])), 0)


def _segment(channel: ChannelName, text: str) -> list[Segment]:
    return [Segment(channel, text)] if text else []
