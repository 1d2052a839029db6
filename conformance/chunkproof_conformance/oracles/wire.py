"""Where each string and number of a body stands: byte ranges found by a scanner of its own.

The scanner reads `data:` lines (or, where there is none, the whole body) as JSON and gives
every scalar with its path. What is not JSON gives nothing: it carries no answer.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

_LINE: Final = re.compile(rb"^data: ?(.*?)\r?$", re.MULTILINE)
_TOKEN: Final = re.compile(
    rb'[ \t\r\n]*(?:(?P<string>"(?:[^"\\]|\\.)*")'
    rb'|(?P<scalar>[^\s"\[\]{},:]+)|(?P<mark>[\[\]{},:]))',
)

Path = tuple[str | int, ...]


class Scalar(NamedTuple):
    """One string (range without its quotes) or number. `frame` counts data lines from 0."""

    frame: int
    path: Path
    start: int
    end: int
    is_string: bool


def read_scalars(body: bytes) -> list[Scalar]:
    """Every non-empty string and every number of the body, in wire order."""
    spans = [match.span(1) for match in _LINE.finditer(body)] or [(0, len(body))]
    found = []
    for frame, (start, end) in enumerate(spans):
        try:
            json.loads(body[start:end])
        except ValueError:
            continue
        found += list(_scan(body, start, end, frame))
    return found


def _scan(body: bytes, start: int, end: int, frame: int) -> Iterator[Scalar]:
    """Walk text that is known to be JSON; the stack holds a member name or a position."""
    stack: list[str | int] = []
    containers: list[bytes] = []
    expects_key = False
    while match := _TOKEN.match(body, start, end):
        start = match.end()
        kind, text = match.lastgroup, match[match.lastgroup or 0]
        if kind == "mark":
            if text in {b"{", b"["}:
                containers.append(text)
                stack.append(0 if text == b"[" else "")
                expects_key = text == b"{"
            elif text in {b"}", b"]"}:
                containers.pop()
                stack.pop()
            elif text == b",":
                expects_key = containers[-1] == b"{"
                position = stack[-1]
                if isinstance(position, int):
                    stack[-1] = position + 1
        elif expects_key:
            stack[-1] = str(json.loads(text))
            expects_key = False
        elif kind == "string" and text != b'""':
            yield Scalar(frame, tuple(stack), match.start(kind) + 1, match.end(kind) - 1, True)
        elif kind == "scalar" and text[:1] in b"-0123456789":
            yield Scalar(frame, tuple(stack), match.start(kind), match.end(kind), False)


def unescape(body: bytes, ranges: list[tuple[int, int]]) -> str:
    """The JSON string fragments at the ranges, unescaped and joined.

    Halves of a surrogate pair that end up side by side are joined too.
    """
    joined = "".join(json.loads(b'"%b"' % body[start:end]) for start, end in ranges)
    return joined.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
