"""JSON texts, whole, damaged and in pieces, and what `chunkproof.partial_json` says of them."""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from hypothesis import strategies as st

from chunkproof.partial_json import (
    Closed,
    JsonEvent,
    JsonKind,
    JsonReader,
    JsonScanner,
)


def spellings(char: str) -> list[str]:
    """Every way RFC 8259 lets a string write `char`; raw first."""
    units = char.encode("utf-16-be", "surrogatepass").hex()
    escaped = "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))
    short = {'"': '\\"', "\\": "\\\\", "/": "\\/", "\n": "\\n", "\t": "\\t", "\b": "\\b"}.get(char)
    raw = not (char in '"\\' or char < " " or "\ud800" <= char <= "\udfff")
    upper = escaped.upper().replace("\\U", "\\u")
    return [char] * raw + ([short] if short else []) + [escaped, upper]


CHARACTERS = 'ab"\\/\n\t\b\x00\x7fé你😀\u2028\ufffd{}[],: '
HALVES = "\ud83d\ude00\udc00"


@st.composite
def strings(draw: st.DrawFn, *, halves: bool = False) -> str:
    """JSON strings, spelled in all ways; with `halves` also escaped halves of surrogate pairs."""
    chars = draw(st.text(CHARACTERS + (HALVES if halves else ""), max_size=5))
    return '"' + "".join(draw(st.sampled_from(spellings(char))) for char in chars) + '"'


SPACES = st.sampled_from(["", "", " ", "\n", "\t \r\n"])
SCALARS = st.sampled_from(
    ["null", "true", "false", "0", "-0", "7", "-12", "3.25", "1e5", "0.5E-2", "10e+1", "1234567890"]
)


@st.composite
def containers(draw: st.DrawFn, inner: st.SearchStrategy[str], *, halves: bool) -> str:
    items = draw(st.lists(inner, max_size=4))
    if draw(st.booleans()):
        keys = strings(halves=halves)
        items = [f"{draw(keys)}{draw(SPACES)}:{draw(SPACES)}{item}" for item in items]
        opening, closing = "{", "}"
    else:
        opening, closing = "[", "]"
    spaced = [f"{draw(SPACES)}{item}{draw(SPACES)}" for item in items]
    return opening + (",".join(spaced) or draw(SPACES)) + closing


def documents(*, halves: bool = False) -> st.SearchStrategy[str]:
    """JSON texts of every shape and spelling, duplicate keys included; shrinks to `""`."""
    values = st.recursive(
        strings(halves=halves) | SCALARS,
        lambda inner: containers(inner, halves=halves),
        max_leaves=6,
    )
    return st.builds("{}{}{}".format, SPACES, values, SPACES)


@st.composite
def damaged_documents(draw: st.DrawFn) -> str:
    """A JSON text with one place deleted, doubled or replaced; it may still be JSON."""
    text = draw(documents(halves=True))
    at = draw(st.integers(0, len(text)))
    length = draw(st.integers(0, 2))
    other = draw(st.text('{}[],:"\\u019-+.eEtrfn \n\x01x', max_size=2))
    return text[:at] + other + text[at + length :]


def ways(text: str) -> Iterator[list[str]]:
    """`text` whole, code point by code point, and cut at every place."""
    yield [text]
    yield list(text)
    for at in range(len(text) + 1):
        yield [text[:at], text[at:]]


def read(pieces: Iterable[str], **options: Any) -> tuple[list[JsonEvent], Closed]:
    """All events, neighbouring pieces of a string joined; and the end."""
    reader = JsonReader(**options)
    events = [event for piece in pieces for event in reader.feed(piece)]
    closed = reader.close()
    return joined_strings(events + closed.events), closed._replace(events=[])


def fed(pieces: Iterable[str]) -> list[JsonEvent]:
    """The events of a complete text as they come, strings in pieces."""
    reader = JsonReader()
    return [event for piece in pieces for event in reader.feed(piece)] + reader.close().events


def joined_strings(events: Iterable[JsonEvent]) -> list[JsonEvent]:
    joined: list[JsonEvent] = []
    for event in events:
        if joined and event.kind is joined[-1].kind is JsonKind.STRING:
            last = joined.pop()
            assert last.end == event.start, "pieces of a string lie side by side"
            joined.append(last._replace(end=event.end, text=last.text + event.text))
        else:
            joined.append(event)
    return joined


class Built:
    """The value that events describe so far: objects as ("object", pairs), by path alone."""

    def __init__(self, events: Iterable[JsonEvent]) -> None:
        self.top: list[Any] = []
        self.in_string = False
        self._open: list[Any] = [self.top]
        for event in events:
            self._add(event)

    def _add(self, event: JsonEvent) -> None:
        kind, depth = event.kind, event.depth
        if kind is JsonKind.STRING_START:
            self._put(event, "")
        elif kind is JsonKind.STRING:
            self._put(event, self._last(depth) + event.text, again=True)
        elif kind is JsonKind.OBJECT_START:
            self._put(event, ("object", []))
        elif kind is JsonKind.ARRAY_START:
            self._put(event, [])
        elif kind in (JsonKind.NUMBER, JsonKind.TRUE, JsonKind.FALSE, JsonKind.NULL):
            self._put(event, json.loads(event.text))
        if kind in (JsonKind.STRING_START, JsonKind.STRING_END):
            self.in_string = kind is JsonKind.STRING_START

    def _last(self, depth: int) -> Any:
        last = self._open[depth][-1]
        return last[1] if isinstance(last, tuple) and depth and len(last) == 2 else last

    def _put(self, event: JsonEvent, value: Any, *, again: bool = False) -> None:
        holder = self._open[event.depth]
        if again:
            holder.pop()
        if isinstance(event.at, int):
            assert event.at == len(holder)
        holder.append((event.at, value) if isinstance(event.at, str) else value)
        del self._open[event.depth + 1 :]
        inside = value[1] if isinstance(value, tuple) else value
        self._open.append(inside)


def as_pairs(text: str) -> Any:
    """`json.loads` with members in order and U+FFFD for each lone half of a surrogate pair."""
    return whole(json.loads(text, object_pairs_hook=lambda pairs: ("object", pairs)))


def whole(value: Any) -> Any:
    if isinstance(value, str):
        return re.sub("[\ud800-\udfff]", "\ufffd", value)
    if isinstance(value, (list, tuple)):
        return type(value)(whole(item) for item in value)
    return value


def as_dicts(value: Any) -> Any:
    if isinstance(value, tuple):
        return {key: as_dicts(item) for key, item in value[1]}
    return [as_dicts(item) for item in value] if isinstance(value, list) else value


def is_json(text: str) -> bool:
    """RFC 8259 by `json.loads`, without the constants that only Python accepts."""

    def refuse(constant: str) -> None:
        raise ValueError(constant)

    try:
        json.loads(text, parse_constant=refuse)
    except ValueError:
        return False
    return True


def maybe_error(text: str) -> json.JSONDecodeError | None:
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        return error
    return None


def scanned(text: str) -> JsonScanner:
    scanner = JsonScanner()
    scanner.feed(text)
    return scanner
