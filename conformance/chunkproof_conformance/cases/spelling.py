r"""Text together with the bytes that spell it, however it is escaped or cut into pieces.

A secret that a server escapes (`\u0073k-...`), or sends in two deltas, is found in the text that
a reader would put together, and taken out at the bytes that spelled it. Texts are read with
astral characters as two surrogate halves, since a pair may be cut between two deltas.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from chunkproof_conformance.oracles.wire import Scalar, read_scalars

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from chunkproof_conformance.oracles.wire import Path

Range = tuple[int, int]
"""Start and end (exclusive) in a body, bytes."""
Ranges = list[tuple[Range, ...]]
"""For each character of a text, the ranges that spell it."""

LONGEST_PIECE: Final = 16
"""Characters; a value as long as this that never changes is no piece of a text."""
MAX_LEVELS: Final = 3
"""Escapes inside escapes: an answer, arguments inside it, JSON text inside those."""
_ESCAPE: Final = re.compile(r'\\(?:u([0-9a-fA-F]{4})|(["\\/bfnrt]))')
_SIMPLE: Final = {
    '"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t",
}  # fmt: skip


@dataclass(frozen=True)
class Spelled:
    """A text, and for each of its characters the ranges that spell it.

    The ranges are worked out when they are asked for: most texts hold nothing to take out.
    """

    text: str
    locate: Callable[[], Ranges]

    @cached_property
    def at(self) -> Ranges:
        """For each character of the text, the ranges that spell it."""
        return self.locate()

    def ranges(self, start: int, end: int) -> set[Range]:
        """Every range that spells `text[start:end]`."""
        return {span for spans in self.at[start:end] for span in spans}

    @property
    def unescaped(self) -> Spelled:
        """The text with one level of JSON escapes resolved; the same where it has none."""
        return Spelled(_ESCAPE.sub(_meant, self.text), self._locate_unescaped)

    def _locate_unescaped(self) -> Ranges:
        at: list[tuple[Range, ...]] = []
        done = 0
        for escape in _ESCAPE.finditer(self.text):
            at += self.at[done : escape.start()]
            spans = self.at[escape.start() : escape.end()]
            at.append(tuple(span for each in spans for span in each))
            done = escape.end()
        return [*at, *self.at[done:]]

    @property
    def levels(self) -> Iterator[Spelled]:
        """The text, and what it says after resolving escapes once, twice, ..."""
        spelled = self
        for _ in range(MAX_LEVELS):
            yield spelled
            if "\\" not in spelled.text:
                return
            spelled = spelled.unescaped
        yield spelled


def _meant(escape: re.Match[str]) -> str:
    """The one character that an escape stands for; half a pair is one."""
    return chr(int(escape[1], 16)) if escape[1] else _SIMPLE[escape[2]]


def halves(text: str) -> str:
    """The text with every astral character as its two surrogate halves."""
    if text.isascii():
        return text
    units = text.encode("utf-16-be", "surrogatepass")
    return "".join(chr(int.from_bytes(units[at : at + 2])) for at in range(0, len(units), 2))


def spell(body: bytes, start: int, end: int) -> Spelled:
    """The bytes as UTF-8 text, nothing resolved; a byte that is no UTF-8 is one character."""
    chars = body[start:end].decode("utf-8", "surrogateescape")

    def locate() -> Ranges:
        at: list[tuple[Range, ...]] = []
        done = start
        for char in chars:
            is_stray = "\udc80" <= char <= "\udcff"
            stop = done + (1 if is_stray else len(char.encode("utf-8", "surrogatepass")))
            at += [((done, stop),)] * len(halves(char))
            done = stop
        return at

    return Spelled(halves(chars), locate)


def joined(parts: Iterable[Spelled]) -> Spelled:
    """One text after the other."""
    listed = list(parts)
    return Spelled(
        "".join(part.text for part in listed),
        lambda: [spans for part in listed for spans in part.at],
    )


def spelled_texts(body: bytes) -> Iterator[Spelled]:
    """Every text a reader could put together out of the body.

    The body itself; its JSON strings joined along a channel (by place, by the `index` members
    on the way, and regardless of positions inside a choice); and lists of byte values.
    """
    yield spell(body, 0, len(body))
    try:
        scalars = read_scalars(body)
    except (ValueError, RecursionError):
        return
    strings: dict[Scalar, Spelled] = {
        scalar: spell(body, scalar.start, scalar.end).unescaped
        for scalar in scalars
        if scalar.is_string
    }
    # Most channels are the same however they are told apart.
    for channel in {
        tuple(channel) for channels in _channels(body, [*strings]) for channel in channels.values()
    }:
        parts = [strings[scalar] for scalar in channel]
        yield from parts if _is_repeated(parts) else [joined(parts)]
    numbers: dict[Path, list[Scalar]] = {}
    for scalar in scalars:
        if not scalar.is_string and body[scalar.start : scalar.end].isdigit():
            numbers.setdefault(_anywhere(scalar.path), []).append(scalar)
    for listed in numbers.values():
        yield _spelled_by_numbers(body, listed)


def _is_repeated(parts: list[Spelled]) -> bool:
    """Whether one whole value is said again and again, as fingerprints and names of models are.

    Nobody sends a text in pieces that are all alike and this long. Put together, each would be
    read with what stands before and after it, and be blanked in another way than the first.
    """
    return len(parts[0].text) >= LONGEST_PIECE and len({part.text for part in parts}) == 1


def _channels(body: bytes, strings: list[Scalar]) -> Iterator[dict[Path, list[Scalar]]]:
    """The strings of each channel in wire order, in three ways to tell channels apart."""
    by_index: dict[Path, list[Scalar]] = {}
    by_place: dict[Path, list[Scalar]] = {}
    anywhere: dict[Path, list[Scalar]] = {}
    payloads = _payloads(body)
    for scalar in strings:
        indexed = _indexed(scalar.path, payloads.get(scalar.frame))
        by_place.setdefault(scalar.path, []).append(scalar)
        by_index.setdefault(indexed, []).append(scalar)
        # Texts of two choices are never one: only what lies inside a choice is left open.
        anywhere.setdefault((*indexed[:2], *_anywhere(scalar.path[2:])), []).append(scalar)
    yield by_place
    yield by_index
    yield anywhere


def _anywhere(path: Path) -> Path:
    """The path with every list position left open."""
    return tuple("*" if isinstance(step, int) else step for step in path)


def _payloads(body: bytes) -> dict[int, Any]:
    """The JSON value of each data line, numbered as `read_scalars` numbers them."""
    lines = re.findall(rb"^data: ?(.*?)\r?$", body, re.MULTILINE) or [body]
    found = {}
    for number, line in enumerate(lines):
        try:
            found[number] = json.loads(line)
        except (ValueError, RecursionError):
            continue
    return found


def _indexed(path: Path, value: Any) -> Path:
    """The path with the `index` member of list entries in place of their positions."""
    steps: list[str | int] = []
    for step in path:
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            return path
        index = value.get("index") if isinstance(value, dict) else None
        steps.append(f"#{index}" if isinstance(step, int) and index is not None else step)
    return tuple(steps)


def _spelled_by_numbers(body: bytes, numbers: list[Scalar]) -> Spelled:
    """Numbers below 256 as the characters they stand for, others as a character of no secret."""
    values = [int(body[scalar.start : scalar.end][:9]) for scalar in numbers]
    text = "".join(chr(value) if value < 256 else "\0" for value in values)
    return Spelled(text, lambda: [((scalar.start, scalar.end),) for scalar in numbers])
