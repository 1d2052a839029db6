"""Where frames end and what they mean for the end of a stream: a slow reader of its own.

It shares no code with the parser, so that laws about frames have a second source. WHATWG HTML,
9.2.5 and 9.2.6.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from dataclasses import dataclass, replace
from typing import Any, Final

_LINE: Final = re.compile(rb"([^\r\n]*)(\r\n|\r|\n)")


@dataclass(frozen=True)
class Frame:
    """A block of lines. data: None where it has no data line and dispatches nothing.

    end: bytes of the body up to and with the first byte of the empty line that ends it: a CR
    ends a line whether or not its LF has come.
    """

    data: bytes | None
    event: str
    end: int


def read_frames(body: bytes) -> list[Frame]:
    """The frames that an empty line ended, in order."""
    frames: list[Frame] = []
    data: list[bytes] = []
    event = ""
    start = 3 if body.startswith(b"\xef\xbb\xbf") else 0
    for match in _LINE.finditer(body, start):
        name, _, value = match[1].partition(b":")
        value = value.removeprefix(b" ")
        if name == b"data":
            data.append(value)
        elif name == b"event":
            event = value.decode("utf-8", "replace")
        if not match[1]:
            frames.append(Frame(b"\n".join(data) if data else None, event, match.start(2) + 1))
            data, event = [], ""
    return frames


@dataclass(frozen=True)
class Terminal:
    """What frames say about the end. unsure: something was there that only a parser can tell."""

    done: bool = False
    finished: bool = False
    """Every choice that spoke has a finish reason."""
    error: bool = False
    unsure: bool = False

    @property
    def may_be_complete(self) -> bool:
        """Whether a parser may call a stream that ends here complete."""
        return self.done or self.finished or self.unsure


def terminals(body: bytes) -> list[tuple[int, Terminal]]:
    """What the frames say about the end, after each of them: (end of the frame, so far)."""
    opened: set[Any] = set()
    finished: set[Any] = set()
    error = unsure = False
    found: list[tuple[int, Terminal]] = [(0, Terminal())]
    for frame in read_frames(body):
        payload = (frame.data or b"").strip()
        if payload == b"[DONE]":
            done = Terminal(True, bool(opened) and opened == finished, error, unsure)
            return [*found, (frame.end, done)]
        error = error or frame.event == "error"
        try:
            value = json.loads(payload or b"null")
        except (ValueError, RecursionError):
            # No JSON: nothing, or several payloads in one, of which one may be the end.
            unsure = unsure or b"[DONE]" in payload or b"finish" in payload
            value, error = None, True
        error = error or (isinstance(value, dict) and bool(value.get("error")))
        for choice in _choices(value):
            index = choice.get("index") or 0
            opened.add(index)
            if choice.get("finish_reason") or "expires_at" in json.dumps(choice.get("delta")):
                finished.add(index)
        whole = bool(opened) and opened == finished
        found.append((frame.end, Terminal(False, whole, error, unsure)))
    return found


def terminal_at(known: list[tuple[int, Terminal]], body: bytes, cut: int) -> Terminal:
    """What a body cut off here says about its end. known: the `terminals` of the whole body."""
    number = bisect_right([end for end, _ in known], cut) - 1
    end, terminal = known[number]
    tail = body[end:cut]
    # A tail that is `[DONE]` without its empty line counts too (rule END-10).
    if tail.rstrip(b"\r\n") in {b"data: [DONE]", b"data:[DONE]"}:
        return replace(terminal, done=True)
    # Without any data line it may be a body of JSON, which ends where it ends.
    is_json = b"data" not in body[: min(cut, 64)] and body[:1] in {b"{", b"["}
    return replace(terminal, unsure=terminal.unsure or is_json)


def _choices(value: Any) -> list[dict[str, Any]]:
    found = value.get("choices") if isinstance(value, dict) else None
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []
