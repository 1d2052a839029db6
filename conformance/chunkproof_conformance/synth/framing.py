"""Framing: frames to bytes, in every form the WHATWG event stream allows.

A frame is what a server means to send at once: payload, event type, id, retry, comments. How
its lines are spelt is the framing's: line ends, the space after the colon, a byte order mark.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

DONE: Final = "[DONE]"
BOM: Final = b"\xef\xbb\xbf"
_HALF: Final = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True)
class Frame:
    """One frame: lines between two empty lines.

    data: a JSON value (dict or list), the payload as text, or None where no data line is sent.
    """

    data: Any = None
    event: str | None = None
    id: str | None = None
    retry: str | None = None
    comments: tuple[str, ...] = ()
    """Comment lines without their colon, before the fields."""
    after: tuple[str, ...] = ()
    """Whole lines after the data, as they are."""


@dataclass(frozen=True)
class Framing:
    """How frames are spelt."""

    line_end: str = "\n"
    space: str = " "
    """What stands after the colon of a field."""
    bom: bool = False
    ascii: bool = False
    """JSON escapes everything beyond ASCII."""
    separators: tuple[str, str] = (",", ":")
    """Of JSON: between members, and after a member's name."""
    data_line: int | None = None
    """The longest data line in code points; longer payloads go on at the next JSON comma."""
    last_blank: bool = True
    """The last frame is ended by an empty line."""


def to_json(value: Any, framing: Framing) -> str:
    """The value as text; half a surrogate pair can only be said escaped."""
    text = json.dumps(value, ensure_ascii=framing.ascii, separators=framing.separators)
    return _HALF.sub(lambda half: f"\\u{ord(half[0]):04x}", text)


def payload_of(frame: Frame, framing: Framing) -> str | None:
    """The payload as text; None where the frame has no data line."""
    if frame.data is None or isinstance(frame.data, str):
        return frame.data
    return to_json(frame.data, framing)


def lines_of(frame: Frame, framing: Framing) -> list[str]:
    """The frame's lines, without the empty one that ends it."""
    lines = [f":{comment}" for comment in frame.comments]
    fields = (("id", frame.id), ("event", frame.event), ("retry", frame.retry))
    lines += [f"{name}:{framing.space}{value}" for name, value in fields if value is not None]
    payload = payload_of(frame, framing)
    if payload is not None:
        lines += [f"data:{framing.space}{line}" for line in data_lines(payload, framing.data_line)]
    return [*lines, *frame.after]


def data_lines(payload: str, longest: int | None = None) -> list[str]:
    """The payload on several lines, cut after commas outside JSON strings."""
    if longest is None or len(payload) <= longest:
        return [payload]
    lines, line, in_string, escaped = [], "", False, False
    for char in payload:
        line += char
        if escaped:
            escaped = False
        elif in_string and char == "\\":
            escaped = True
        elif char == '"':
            in_string = not in_string
        elif char == "," and not in_string and len(line) >= longest:
            lines.append(line)
            line = ""
    return [*lines, line] if line else lines


def pieces(frames: Iterable[Frame], framing: Framing = Framing()) -> list[bytes]:
    """One piece of bytes for each frame; joined they are the body. Framing is immutable."""
    framed = [
        "".join(line + framing.line_end for line in [*lines_of(frame, framing), ""]).encode()
        for frame in frames
    ]
    if framed and framing.bom:
        framed[0] = BOM + framed[0]
    if framed and not framing.last_blank:
        framed[-1] = framed[-1].removesuffix(framing.line_end.encode())
    return framed


def to_bytes(frames: Iterable[Frame], framing: Framing = Framing()) -> bytes:
    """The body of the stream."""
    return b"".join(pieces(frames, framing))
