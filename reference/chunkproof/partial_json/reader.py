"""The tokens of a JSON text as they become decidable, strings decoded piece by piece."""

import json
import re
from enum import StrEnum
from typing import Final, NamedTuple

from chunkproof.errors import UsageError
from chunkproof.partial_json.grammar import Grammar, JsonStatus, Lexeme, State

_PLAIN: Final = re.compile(r'[^"\\\x00-\x1f\ud800-\udfff]+')
_HALVES: Final = re.compile("[\ud800-\udbff][\udc00-\udfff]|[\ud800-\udfff]")
_REPLACEMENT: Final = "\ufffd"


class JsonKind(StrEnum):
    """What a `JsonEvent` reports."""

    OBJECT_START = "object_start"
    OBJECT_END = "object_end"
    ARRAY_START = "array_start"
    ARRAY_END = "array_end"
    KEY = "key"
    STRING_START = "string_start"
    STRING = "string"
    STRING_END = "string_end"
    NUMBER = "number"
    TRUE = "true"
    FALSE = "false"
    NULL = "null"


class JsonEvent(NamedTuple):
    """One token, or one piece of a string value."""

    kind: JsonKind
    start: int
    """Offset of its first code point. The pieces of a string lie side by side."""
    end: int
    """Offset after its last code point."""
    depth: int
    """How many containers are open around it; those of a container's two ends are equal."""
    at: str | int | None
    """The key or the index (from 0) of the value it belongs to, in its container; None on top.
    With `depth` this is the path: it replaces step `depth - 1` and drops all later steps."""
    text: str
    """KEY, STRING: decoded, never empty for STRING. NUMBER, TRUE, FALSE, NULL: as written. Else
    empty."""


class Closed(NamedTuple):
    """What the end of the text settled."""

    events: list[JsonEvent]
    """A number that only the end completes, a half that stayed alone."""
    status: JsonStatus
    position: int
    """Code points read; when invalid, the offset of the one that cannot stand there."""
    reason: str | None
    """Why it is invalid, as a sentence."""


class JsonReader(Grammar):
    """JSON text in, events out, as early as they can be known."""

    def __init__(self, *, max_depth: int | None = None, strict: bool = True) -> None:
        super().__init__(max_depth=max_depth, strict=strict)
        self._events: list[JsonEvent] = []
        self._steps: list[str | int] = []  # per open container the current key or index
        self._pieces: list[str] = []  # of the open key, decoded, or of the open number
        self._from = 0  # where the open key, number or undelivered string piece begins
        self._half = ""  # a first half whose second may still come
        self._half_width = 0  # code points it takes in the text: 1, or 6 when escaped
        self._closed = False

    @property
    def unfinished(self) -> str:
        """The beginning of an escape whose end has not come, as written; "" if there is none."""
        return self._escape

    def feed(self, text: str) -> list[JsonEvent]:
        """Return the events that `text` completed. After the text became invalid: none.

        Raises: UsageError after `close`.
        """
        if self._closed:
            raise UsageError("feed after close")
        if (
            self._state is State.IN_STRING
            and not self._escape
            and not self._half
            and _PLAIN.fullmatch(text)
        ):
            return self._plain(text)
        self._read(text)
        if self._half and self._state is State.INVALID:
            self._give_half()
        return self._taken()

    def skip_plain(self, text: str) -> bool:
        """Take a piece that is all inside of one string and needs no decoding; say if it is.

        The same as `feed`, without the event. False: nothing was taken. Not after `close`.
        """
        if (
            self._state is State.IN_STRING
            and not self._escape
            and not self._half
            and _PLAIN.fullmatch(text)
        ):
            self._base = self._from = self._base + len(text)
            return True
        return False

    @property
    def depth(self) -> int:
        """How many containers are open."""
        return len(self._steps)

    def close(self) -> Closed:
        """Say that no more text will come. May be called again; then it has no events."""
        self._closed = True
        self._end_number()
        if self._half and self._state is State.IN_STRING:
            self._give_half()
        return Closed(self._taken(), self.status, self.position, self.reason)

    def _plain(self, text: str) -> list[JsonEvent]:
        """The same as `_read`, for the commonest piece: the inside of a string, nothing special."""
        start, self._base = self._base, self._base + len(text)
        self._from = self._base
        steps = self._steps
        at = steps[-1] if steps else None
        return [JsonEvent(JsonKind.STRING, start, self._base, len(steps), at, text)]

    def _taken(self) -> list[JsonEvent]:
        events, self._events = self._events, []
        return events

    def _met(self, lexeme: Lexeme, start: int, end: int, raw: str) -> None:
        match lexeme:
            case Lexeme.BODY:
                self._body(raw, end)
            case Lexeme.QUOTE:
                self._quoted(start, end)
            case Lexeme.UNQUOTE:
                self._unquoted(start, end)
            case Lexeme.OPEN:
                is_array = raw == "["
                self._give(
                    JsonKind.ARRAY_START if is_array else JsonKind.OBJECT_START, start, end, ""
                )
                self._steps.append(0 if is_array else "")
            case Lexeme.CLOSE:
                self._steps.pop()
                self._give(
                    JsonKind.ARRAY_END if raw == "]" else JsonKind.OBJECT_END, start, end, ""
                )
            case Lexeme.COMMA:
                step = self._steps[-1]
                if isinstance(step, int):
                    self._steps[-1] = step + 1
            case Lexeme.DIGITS:
                if not self._pieces:
                    self._from = start
                self._pieces.append(raw)
            case Lexeme.NUMBER:
                self._give(JsonKind.NUMBER, self._from, end, "".join(self._pieces))
                self._pieces = []
            case Lexeme.WORD:
                self._give(JsonKind(raw), start, end, raw)

    def _give(self, kind: JsonKind, start: int, end: int, text: str) -> None:
        steps = self._steps
        at = steps[-1] if steps else None
        self._events.append(JsonEvent(kind, start, end, len(steps), at, text))

    def _quoted(self, start: int, end: int) -> None:
        if self._state is State.IN_KEY:
            self._from = start
        else:
            self._from = end
            self._give(JsonKind.STRING_START, start, end, "")

    def _unquoted(self, start: int, end: int) -> None:
        if self._state is State.IN_KEY:
            if self._half:
                self._pieces.append(_REPLACEMENT)
                self._half = ""
            key = self._steps[-1] = "".join(self._pieces)
            self._pieces = []
            self._give(JsonKind.KEY, self._from, end, key)
        else:
            if self._half:
                self._give_half()
            self._give(JsonKind.STRING_END, start, end, "")

    def _body(self, raw: str, end: int) -> None:
        # The grammar has checked `raw`; json decodes it at the speed of C.
        text: str = json.loads(f'"{raw}"', strict=self._strict) if "\\" in raw else raw
        if self._half or not text.isascii():
            text = self._joined(text, raw)
        if self._state is State.IN_KEY:
            self._pieces.append(text)
        elif text:
            end -= self._half_width if self._half else 0
            self._give(JsonKind.STRING, self._from, end, text)
            self._from = end

    def _joined(self, text: str, raw: str) -> str:
        """`text` after the half that was held back, without the half to hold back now."""
        text = self._half + text
        self._half = ""
        if "\ud800" <= text[-1] <= "\udbff":
            self._half, text = text[-1], text[:-1]
            self._half_width = 1 if raw[-1] == self._half else 6
        return _HALVES.sub(_whole, text)

    def _give_half(self) -> None:
        end = self._from + self._half_width
        self._half = ""
        self._give(JsonKind.STRING, self._from, end, _REPLACEMENT)
        self._from = end


def _whole(halves: re.Match[str]) -> str:
    """The character that two halves make; U+FFFD for one half alone."""
    pair = halves[0].encode("utf-16-le", "surrogatepass")
    return pair.decode("utf-16-le") if len(pair) == 4 else _REPLACEMENT
