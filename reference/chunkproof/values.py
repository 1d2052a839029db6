"""JSON values: which are integers, which are equal, and how they are written so that all can read.

Python is not exact about either: to it `true` is 1, and a string may hold half a character.
"""

from __future__ import annotations

import json
from typing import Any, Final

MAX_DIGITS: Final = 4_300
"""Longer integers Python neither reads nor writes (rule PAY-12)."""


def read_integer(value: Any) -> int | None:
    """Return a JSON number as an integer (1.0 is 1), else None; true is no number."""
    if type(value) is int:
        return value
    if type(value) is float and value.is_integer():
        return int(value)
    return None


def maybe_digits(value: Any) -> int | None:
    """Return the integer that a digit string is, as some write an index (rule TOOL-1)."""
    is_digits = isinstance(value, str) and value.isascii() and value.isdigit()
    return int(value) if is_digits and len(value) <= MAX_DIGITS else None


def is_same(one: Any, other: Any) -> bool:
    """Return whether two JSON values are equal: true is not 1, but 1.0 is."""
    return bool(one == other) and _is_alike(one, other)


def _is_alike(one: Any, other: Any) -> bool:
    """Return whether values that Python calls equal are of one kind, all the way down."""
    if isinstance(one, dict):
        return all(_is_alike(member, other[name]) for name, member in one.items())
    if isinstance(one, list):
        return all(map(_is_alike, one, other))
    return isinstance(one, bool) == isinstance(other, bool)


def escape(token: str) -> str:
    """Return a member name as a token of a JSON Pointer (RFC 6901, section 3)."""
    return token.replace("~", "~0").replace("/", "~1")


def clean(value: Any) -> Any:
    """Return a JSON value with every surrogate half replaced by U+FFFD, in names too."""
    text = json.dumps(value, ensure_ascii=False)
    return json.loads(text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace"))
