"""The fast path: a frame that differs from the one before only inside a string or two.

A stream repeats its envelope. When a frame gave one plain event, its bytes around the
strings that vary are remembered; a later frame with the same bytes around must mean the
same, with other strings, so only those strings are read. Nothing else is ever concluded:
a frame that does not fit goes the whole way through `payload`, `chunk` and `choice`.

Why it is sound: the remembered bytes were read by the whole way, caused no repair and no
other event, and left nothing waiting: they hold no half of a surrogate pair; each string is
decoded by a strict JSON reader, so it can hold no quote, no control character and no such
half; and the holes are proved by filling them with probes and reading the frame again
(`_proves`).
"""

from __future__ import annotations

import json
import re
from enum import Enum
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import msgspec

from chunkproof.channel import is_encodable
from chunkproof.chunk import PADDING
from chunkproof.events import Extra, Reasoning, Text, ToolArguments

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from chunkproof.events import AnyEvent

_MAX_FRAME: Final = 4096
"""A longer frame is read the whole way: remembering it would cost more than it saves."""

_HOLE: Final = re.compile(
    rb'"(content|reasoning_content|reasoning|arguments|text|obfuscation|p)"\s*:\s*'
    rb'"((?:[^"\\]|\\.)+)"'
)
_PLAIN: Final = (Text, Reasoning, ToolArguments)
_read_string: Final = msgspec.json.Decoder(str).decode


class _Hole(Enum):
    TEXT = "text"
    PADDING = "padding"


class Skeleton:
    """The bytes around the holes of a frame, and what a frame like it means."""

    __slots__ = ("_end", "_first", "_head", "_middle", "_start", "_tail", "detail", "make")

    def __init__(self, data: bytes, holes: Sequence[re.Match[bytes]], event: AnyEvent) -> None:
        first, last = holes[0], holes[-1]
        self._head = data[: first.start(2)]
        self._middle = data[first.end(2) : last.start(2)] if len(holes) == 2 else b""
        self._tail = data[last.end(2) :]
        self._start = first.start(2) - 1  # with the quotes, as the string reader wants it
        self._end = last.end(2) + 1 - len(data)
        self._first = _Hole.PADDING if first[1].decode() in PADDING else _Hole.TEXT
        self.make: Callable[[str, int | None], AnyEvent] = _maker(event)
        """Text and offset to the event of a frame like this one."""
        self.detail: dict[str, Any] | None = None
        """The entry of reasoning_details beside it: both holes hold the text."""

    def read(self, data: bytes) -> str | None:
        """Return the text of a frame that fits, never empty; None if it does not fit."""
        if not (data.startswith(self._head) and data.endswith(self._tail)):
            return None
        raw: bytes | None = data[self._start : self._end]
        if self._middle:
            raw = self._maybe_text(data)
        try:
            return _read_string(raw) or None  # type: ignore[arg-type]  # None is refused
        except (msgspec.DecodeError, UnicodeDecodeError, TypeError):
            return None

    def _maybe_text(self, data: bytes) -> bytes | None:
        """Return the raw text, quotes and all, of a frame with two holes."""
        seam = data.find(self._middle, self._start)
        if seam < 0:
            return None
        first = data[self._start : seam + 1]
        second = data[seam + len(self._middle) - 1 : self._end]
        if self.detail is not None:
            return first if first == second else None
        if self._first is _Hole.PADDING:
            first, second = second, first
        return first if second[1:-1].isalnum() else None


def _maker(event: AnyEvent) -> Callable[[str, int | None], AnyEvent]:
    if isinstance(event, ToolArguments):
        return partial(ToolArguments, event.choice, event.call)
    if isinstance(event, (Text, Reasoning)):
        return partial(type(event), event.choice)
    raise TypeError(event)


def maybe_skeleton(data: bytes, events: Sequence[AnyEvent]) -> Skeleton | None:
    """Return what can be remembered of a frame that gave these events."""
    if not events or len(data) > _MAX_FRAME or type(events[0]) not in _PLAIN:
        return None
    event, detail = events[0], None
    if len(events) == 2 and isinstance(event, Reasoning) and isinstance(events[1], Extra):
        detail = _single_detail(events[1])
    if len(events) != 1 and detail is None:
        return None
    holes = list(_HOLE.finditer(data))
    texts = [hole for hole in holes if hole[1].decode() not in PADDING]
    if len(holes) > 2 or len(texts) != (1 if detail is None else 2):
        return None
    if not _proves(data, holes, event, detail):
        return None
    skeleton = Skeleton(data, holes, event)
    skeleton.detail = detail
    return skeleton


def _single_detail(extra: Extra) -> dict[str, Any] | None:
    is_details = extra.path.endswith("/delta/reasoning_details") and len(extra.value) == 1
    return extra.value[0] if is_details and isinstance(extra.value[0], dict) else None


def _proves(
    data: bytes, holes: list[re.Match[bytes]], event: AnyEvent, detail: dict[str, Any] | None
) -> bool:
    """Return whether filling the holes with probes changes just the members they should."""
    probed, position = b"", 0
    for number, hole in enumerate(holes):
        probed += data[position : hole.start(2)] + b"probe%d" % number
        position = hole.end(2)
    said = event.fragment if isinstance(event, ToolArguments) else getattr(event, "text", None)
    original = json.loads(data)
    changed = json.loads(probed + data[position:])
    for number, hole in enumerate(holes):
        name = hole[1].decode()
        owner = _owner(changed, name, event, is_detail=detail is not None and name == "text")
        if owner is None or owner.get(name) != f"probe{number}":
            return False
        owner[name] = text = json.loads(b'"%b"' % hole[2])
        if name not in PADDING and text != said:
            return False  # half of a surrogate pair was joined or is held back
    return bool(changed == original) and not _has_half(data, original)


def _has_half(data: bytes, value: Any) -> bool:
    """Return whether a half of a surrogate pair stands anywhere: it may wait in its channel."""
    return b"\\u" in data and not is_encodable(json.dumps(value, ensure_ascii=False))


def _owner(chunk: Any, name: str, event: AnyEvent, *, is_detail: bool) -> dict[str, Any] | None:
    """Return the object in which a hole of this name must stand, None if it is not there."""
    if name in PADDING and name in chunk:
        return _at(chunk)
    if name in PADDING:
        return _at(chunk, "choices", 0)
    if isinstance(event, Text) and name == "content":
        return _at(chunk, "choices", 0, "delta")
    if isinstance(event, ToolArguments) and name == "arguments":
        return _at(chunk, "choices", 0, "delta", "tool_calls", 0, "function")
    if isinstance(event, Reasoning) and is_detail:
        return _at(chunk, "choices", 0, "delta", "reasoning_details", 0)
    if isinstance(event, Reasoning) and name.startswith("reasoning"):
        return _at(chunk, "choices", 0, "delta")
    return None


def _at(value: Any, *path: str | int) -> dict[str, Any] | None:
    """Return the object at a path on which every list has one entry, else None."""
    for step in path:
        if isinstance(step, int) and isinstance(value, list) and len(value) == 1:
            (value,) = value
        elif isinstance(step, str) and isinstance(value, dict) and step in value:
            value = value[step]
        else:
            return None
    return value if isinstance(value, dict) else None
