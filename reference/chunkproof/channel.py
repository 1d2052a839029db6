"""What only grows: the text of one channel, and lists; snapshots in constant time.

Fragments are kept in a list; every 1,024 of them are joined into one part. The list of
parts only grows and the list of fragments is replaced, never cleared, so a snapshot is
two references and two lengths and stays valid while the channel grows.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple, Protocol

_FOLD_AT: Final = 1024
_REPLACEMENT: Final = "\ufffd"


class TextView(NamedTuple):
    """A snapshot of a channel. `str()` joins it: linear in its length, on demand."""

    parts: list[str]
    part_count: int
    fragments: list[str]
    fragment_count: int

    def __str__(self) -> str:
        if self.fragment_count == len(self.fragments) and not self.part_count:
            return "".join(self.fragments)
        return "".join(
            (*self.parts[: self.part_count], *self.fragments[: self.fragment_count]),
        )

    def __bool__(self) -> bool:
        return bool(self.part_count or self.fragment_count)


class ListView(NamedTuple):
    """A snapshot of a list that only grows."""

    items: list[Any]
    length: int

    def to_list(self) -> list[Any]:
        return self.items[: self.length]


EMPTY_TEXT: Final = TextView([], 0, [], 0)
EMPTY_LIST: Final = ListView([], 0)


class Repairs(Protocol):
    """Who takes down what had to be repaired."""

    def repair(self, name: str, /) -> None: ...


class Channel:
    """The text of one channel so far, and half of a surrogate pair that waits for the other."""

    __slots__ = ("_fragments", "_parts", "half")

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._fragments: list[str] = []
        self.half = ""
        """A high surrogate at the end of the last fragment, or ""."""

    def append(self, text: str) -> None:
        """Keep a non-empty, encodable fragment."""
        fragments = self._fragments
        fragments.append(text)
        if len(fragments) >= _FOLD_AT:
            self._parts.append("".join(fragments))
            self._fragments = []

    def mend(self, fragment: str, repairs: Repairs) -> str:
        """Return a fragment made encodable; a half at its end is held back (rule TXT-3)."""
        if not self.half and is_encodable(fragment):
            return fragment
        joined = join_surrogates(self.half, fragment)
        self.half = joined.half
        if joined.was_split:
            repairs.repair("surrogate-split")
        if joined.was_lone:
            repairs.repair("surrogate-lone")
        return joined.text

    def release(self, repairs: Repairs) -> str:
        """Return U+FFFD for a half that still waits, else "" (rule TXT-4)."""
        if not self.half:
            return ""
        repairs.repair("surrogate-lone")
        self.half = ""
        return _REPLACEMENT

    def view(self) -> TextView:
        return TextView(self._parts, len(self._parts), self._fragments, len(self._fragments))

    def __bool__(self) -> bool:
        return bool(self._parts or self._fragments)


class Joined(NamedTuple):
    """A fragment made encodable: what may be emitted, what waits, what was mended."""

    text: str
    half: str
    was_split: bool
    """Two halves met across a border (rule TXT-3)."""
    was_lone: bool
    """A half stayed alone and became U+FFFD (rule TXT-4)."""


def join_surrogates(half: str, fragment: str) -> Joined:
    """Return `half + fragment` with pairs joined and lone halves replaced.

    half: "" or one high surrogate. fragment: not empty. A high surrogate at the very end
    waits in `Joined.half`.
    """
    was_split = bool(half) and "\udc00" <= fragment[0] <= "\udfff"
    text = half + fragment
    waiting = ""
    if "\ud800" <= text[-1] <= "\udbff":
        text, waiting = text[:-1], text[-1]
    # UTF-16 joins neighbouring halves; `replace` then turns each lone one into U+FFFD.
    mended = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    was_lone = mended.count(_REPLACEMENT) > text.count(_REPLACEMENT)
    return Joined(mended, waiting, was_split, was_lone)


def is_encodable(text: str) -> bool:
    """Return whether the text holds no surrogate half."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
