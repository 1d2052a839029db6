"""Traits of the framing: line ends, fields, frames, and where reads and bodies end."""

from __future__ import annotations

import json
import re
from itertools import pairwise
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from chunkproof_conformance.cases.wire_view import WireView

_FIELDS: Final = frozenset({"data", "event", "id", "retry"})
_LINE_END: Final = re.compile(rb"\r\n|\r|\n")
_LONG_LINE: Final = 64 * 1024
"""Code points; the smallest buffer that readers were reported to have."""


def _names(frame: list[str]) -> list[str]:
    """The field names of a frame; a comment's is empty."""
    return [line.partition(":")[0] for line in frame]


def _some_frame(wire: WireView, test: Callable[[list[str]], bool]) -> bool:
    return any(test(_names(frame)) for frame in wire.frames)


def _comments_after_id(wire: WireView) -> bool:
    names = [set(_names(frame)) for frame in wire.frames]
    has_id = [number for number, fields in enumerate(names) if "id" in fields]
    return any(fields == {""} for fields in names[has_id[0] :]) if has_id else False


def _after_done(wire: WireView) -> list[str]:
    return wire.payloads[wire.payloads.index("[DONE]") + 1 :] if wire.is_done else []


def _comment_after_done(wire: WireView) -> bool:
    done = [number for number, frame in enumerate(wire.frames) if "[DONE]" in _data(frame)]
    return any(set(_names(frame)) == {""} for frame in wire.frames[done[0] + 1 :])


def _ends_with_open_frame(wire: WireView) -> bool:
    """Whole lines after the last empty one, a data line among them."""
    last_line_ended = wire.body.endswith((b"\n", b"\r"))
    return last_line_ended and wire.lines[-2:-1] != [""] and "data" in _names(wire.frames[-1])


def _data(frame: list[str]) -> list[str]:
    return [line[5:].strip() for line in frame if line.startswith("data:")]


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False


def _broken_payload(wire: WireView) -> bool:
    """A frame of one data line that begins as an object, is none, and is ended."""
    ended = wire.frames if wire.lines[-1:] == [""] else wire.frames[:-1]
    return any(
        len(data) == 1 and data[0].startswith("{") and not _is_object(data[0])
        for data in map(_data, ended)
    )


def _is_utf8(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


FRAMING_TRAITS: Final[Mapping[str, Callable[[WireView], bool]]] = {
    "read-splits-json": lambda wire: any(
        not piece.endswith((b"\n", b"\r")) for piece in wire.pieces[:-1]
    ),
    "read-splits-utf8": lambda wire: any(piece[0] & 0xC0 == 0x80 for piece in wire.pieces[1:]),
    "invalid-utf8": lambda wire: not _is_utf8(wire.body),
    "colon-in-payload": lambda wire: ": " in wire.text,
    "comment-rewrapped-as-data": lambda wire: any(p.startswith(":") for p in wire.payloads),
    "non-object-data": lambda wire: any(
        payload != "DONE" and bool(re.fullmatch(r"[A-Za-z0-9_.-]{1,32}", payload))
        for payload in wire.payloads
    ),
    "single-lf-between-events": lambda wire: any(
        len(data) > 1 and all(map(_is_object, data)) for data in map(_data, wire.frames)
    ),
    "invalid-json-chunk": _broken_payload,
    "field-no-colon": lambda wire: "data" in wire.lines,
    "id-nul-retry-nondigit": lambda wire: any(
        bool(re.match(r"id:.*\0|retry: ?(?!\d+$)", line)) for line in wire.lines
    ),
    "done-variants": lambda wire: bool({"DONE", "[done]"}.intersection(wire.payloads)),
    "crlf": lambda wire: b"\r\n" in wire.body,
    "crlf-split-between-reads": lambda wire: any(
        piece.endswith(b"\r") and after.startswith(b"\n") for piece, after in pairwise(wire.pieces)
    ),
    "cr-only": lambda wire: b"\r" in wire.body and b"\n" not in wire.body,
    "mixed-line-endings": lambda wire: len(set(_LINE_END.findall(wire.body))) > 1,
    "bom-at-start": lambda wire: wire.body.startswith(b"\xef\xbb\xbf"),
    "data-no-space": lambda wire: any(re.match(r"data:\{", line) for line in wire.lines),
    "strip-one-space-only": lambda wire: any(line.startswith("data:  ") for line in wire.lines),
    "comment-inside-event": lambda wire: _some_frame(wire, lambda names: {"", "data"} <= {*names}),
    "meta-only-event": lambda wire: _some_frame(
        wire, lambda names: bool(_FIELDS.intersection(names)) and "data" not in names
    ),
    "id-then-comment-blank": _comments_after_id,
    "empty-data-event": lambda wire: any(
        [line[5:].strip() for line in frame if line.startswith("data:")] == [""]
        for frame in wire.frames
    ),
    "multi-line-data": lambda wire: _some_frame(wire, lambda names: names.count("data") > 1),
    "unknown-field": lambda wire: (
        bool(wire.payloads) and _some_frame(wire, lambda names: bool({*names} - _FIELDS - {""}))
    ),
    "event-field": lambda wire: any(line.startswith("event:") for line in wire.lines),
    "eof-no-blank-line": _ends_with_open_frame,
    "eof-mid-line": lambda wire: (
        bool(wire.payloads) and not wire.body.endswith((b"\n", b"\r")) and wire.end == "eof"
    ),
    "u2028-u2029-in-json": lambda wire: any(char in wire.decoded for char in "\u2028\u2029"),
    "nel-vt-ff-fs-in-json": lambda wire: any(
        char in wire.decoded for char in "\x85\x0b\x0c\x1c\x1d\x1e"
    ),
    "long-line": lambda wire: any(len(line) >= _LONG_LINE for line in wire.lines),
    "done-no-space": lambda wire: "data:[DONE]" in wire.lines,
    "done-duplicate": lambda wire: wire.payloads.count("[DONE]") > 1,
    "data-after-done": lambda wire: any(payload != "[DONE]" for payload in _after_done(wire)),
    "done-inside-content": lambda wire: "[DONE]" in wire.text,
    "charset-missing-latin1": lambda wire: (
        not wire.body.isascii() and "charset" not in wire.content_type.lower()
    ),
    "glued-frames": lambda wire: any(
        bool(re.search(r".data: ?\{", payload)) and not _is_object(payload)
        for payload in wire.payloads
    ),
    "double-data-prefix": lambda wire: any(p.startswith("data:") for p in wire.payloads),
    "open-after-done": lambda wire: (
        wire.is_done and (wire.end not in {"eof", "client-closed"} or _comment_after_done(wire))
    ),
    "keepalive-not-progress": lambda wire: (
        not wire.payloads and any(line.startswith(":") for line in wire.lines)
    ),
    "close-early": lambda wire: wire.end == "client-closed",
    "error-event-field": lambda wire: any(
        re.fullmatch(r"event: ?error", line) for line in wire.lines
    ),
}
"""Row id -> does the wire show it?"""
