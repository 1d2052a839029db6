"""Wire text for the specification tests: chunks, frames, and frames read back.

The builders only save typing; what they write is the wire, byte for byte. `read_frames` is
a second, slow reading of WHATWG HTML 9.2.5 and 9.2.6 that shares no code with the parser:
it says where frames end, so that offsets and frame numbers have a source of their own.
"""

import json
import re
from typing import Any, Final, NamedTuple

DONE: Final = b"data: [DONE]\n\n"

_LINE_END: Final = re.compile(rb"\r\n|\r|\n")


def payload(value: Any) -> str:
    """Return compact JSON; escaped only where the text cannot be written as UTF-8."""
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:
        return json.dumps(value, separators=(",", ":"))
    return text


def data(text: str | bytes, end: bytes = b"\n\n") -> bytes:
    """Return one frame of one data line."""
    raw = text if isinstance(text, bytes) else text.encode()
    return b"data: " + raw + end


def chunk_object(
    delta: Any = ...,
    finish: Any = ...,
    *,
    index: Any = 0,
    choice: dict[str, Any] | None = None,
    **top: Any,
) -> dict[str, Any]:
    """Return a chunk with one choice; `...` leaves a member out.

    choice: further members of the choice. top: further members of the chunk.
    """
    members: dict[str, Any] = {} if index is ... else {"index": index}
    if delta is not ...:
        members["delta"] = delta
    if finish is not ...:
        members["finish_reason"] = finish
    members.update(choice or {})
    return {"id": "c1", "created": 1, "model": "m", "choices": [members], **top}


def chunk(
    delta: Any = ...,
    finish: Any = ...,
    *,
    index: Any = 0,
    choice: dict[str, Any] | None = None,
    **top: Any,
) -> bytes:
    """Return the frame of `chunk_object`."""
    return data(payload(chunk_object(delta, finish, index=index, choice=choice, **top)))


def bare(**members: Any) -> bytes:
    """Return a chunk that has exactly these members beside the envelope."""
    return data(payload({"id": "c1", "created": 1, "model": "m", **members}))


def text(content: Any, finish: Any = ..., **more: Any) -> bytes:
    return chunk({"content": content}, finish, **more)


def stop(reason: Any = "stop", **more: Any) -> bytes:
    """Return a finish chunk: an empty delta and a reason."""
    return chunk({}, reason, **more)


def tc(
    index: Any = ...,
    id: Any = ...,  # noqa: A002 - the member's name on the wire
    name: Any = ...,
    arguments: Any = ...,
    **more: Any,
) -> dict[str, Any]:
    """Return one entry of `tool_calls`; `...` leaves a member out."""
    entry = {"index": index, "id": id}
    function = {
        key: value for key, value in (("name", name), ("arguments", arguments)) if value is not ...
    }
    if function:
        entry["function"] = function
    return {key: value for key, value in {**entry, **more}.items() if value is not ...}


def tools(*entries: Any, finish: Any = ..., **more: Any) -> bytes:
    return chunk({"tool_calls": list(entries)}, finish, **more)


class Frame(NamedTuple):
    """A dispatched frame: its payload, its type, and the offset after its empty line.

    The line end of an empty line counts up to its first byte: after CR of a CRLF.
    """

    data: bytes
    event: str
    end: int


def read_frames(body: bytes) -> list[Frame]:
    """Return the frames of a body, read as a whole, line by line."""
    body_start = 3 if body.startswith(b"\xef\xbb\xbf") else 0
    frames: list[Frame] = []
    lines: list[bytes] = []
    event = b""
    position = body_start
    for match in _LINE_END.finditer(body, body_start):
        line, position = body[position : match.start()], match.end()
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if not line:
            if lines:
                kind = event.decode(errors="replace") or "message"
                frames.append(Frame(b"\n".join(lines), kind, match.start() + 1))
            lines, event = [], b""
        elif name == b"data":
            lines.append(value)
        elif name == b"event":
            event = value
    return frames
