"""The fast path: a frame that differs from the one before only inside a string or two.

A stream repeats its envelope. When a frame gave one plain event, its bytes around the
strings that vary are remembered; a later frame with the same bytes around must mean the
same, with other strings, so only those strings are read. Nothing else is ever concluded:
a frame that does not fit goes the whole way through `payload`, `chunk` and `choice`.

Why it is sound: the remembered bytes were read by the whole way and caused no repair and
no other event; each string is decoded by a strict JSON reader, so it can hold no quote,
no control character and no half of a surrogate pair; and the holes are proved by filling
them with probes and reading the frame again (`_proves`).
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec

from chunkproof.chunk import PADDING
from chunkproof.events import Extra, Reasoning, Text, ToolArguments

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chunkproof.events import AnyEvent

_MAX_FRAME: Final = 4096
"""A longer frame is read the whole way: remembering it would cost more than it saves."""

_HOLE: Final = re.compile(
    rb'"(content|reasoning_content|reasoning|arguments|text|obfuscation|p)"\s*:\s*'
    rb'"((?:[^"\\]|\\.)+)"'
)
_read_string: Final = msgspec.json.Decoder(str).decode


class Skeleton(NamedTuple):
    """The bytes around the holes of a frame, and what a frame like it means."""

    head: bytes
    middle: bytes
    """Between the two holes; empty where there is one."""
    tail: bytes
    text_first: bool
    """The first hole holds the text; else the second does and the first is padding."""
    mirrored: bool
    """Both holes hold the text (reasoning and its reasoning_details)."""
    event: AnyEvent
    """The event the frame gave."""
    detail: dict[str, Any] | None
    """The entry of reasoning_details it gave as extra."""

    def read(self, data: bytes) -> str | None:
        """Return the text of a frame that fits, never empty; None if it does not fit."""
        head, middle, tail, text_first, mirrored, _, _ = self
        if not (data.startswith(head) and data.endswith(tail)):
            return None
        end = len(data) - len(tail)
        if middle:
            seam = data.find(middle, len(head), end)
            first, second = data[len(head) : seam], data[seam + len(middle) : end]
            if seam < 0 or (
                first != second if mirrored else not _is_padding(first, second, text_first)
            ):
                return None
            raw = first if text_first else second
        else:
            raw = data[len(head) : end]
        try:
            return _read_string(b'"%b"' % raw) or None
        except (msgspec.DecodeError, UnicodeDecodeError):
            return None


def _is_padding(first: bytes, second: bytes, text_first: bool) -> bool:
    return (second if text_first else first).isalnum()


def maybe_skeleton(data: bytes, events: Sequence[AnyEvent]) -> Skeleton | None:
    """Return what can be remembered of a frame that gave these events."""
    if not events or len(data) > _MAX_FRAME:
        return None
    event, detail = events[0], None
    if len(events) == 2 and isinstance(event, Reasoning) and isinstance(events[1], Extra):
        detail = _single_detail(events[1])
    if len(events) != 1 and detail is None:
        return None
    holes = list(_HOLE.finditer(data))
    padding = [hole[1].decode() in PADDING for hole in holes]
    mirrored = detail is not None
    if len(holes) > 2 or padding.count(False) != (2 if mirrored else 1):
        return None
    if not _proves(data, holes, event, detail):
        return None
    first, last = holes[0], holes[-1]
    return Skeleton(
        head=data[: first.start(2)],
        middle=data[first.end(2) : last.start(2)] if len(holes) == 2 else b"",
        tail=data[last.end(2) :],
        text_first=not padding[0],
        mirrored=mirrored,
        event=event,
        detail=detail,
    )


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
    return bool(changed == original)


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
        if isinstance(step, int):
            found = isinstance(value, list) and len(value) == 1
        else:
            found = isinstance(value, dict) and step in value
        if not found:
            return None
        value = value[step]
    return value if isinstance(value, dict) else None
