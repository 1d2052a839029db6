"""Where expected and got part: found, and shown under one another."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

from chunkproof_conformance.printable import printable

_BEFORE: Final = 24
_AFTER: Final = 44
"""Characters shown on both sides of the place where two strings part."""

_JOINER: Final = "\u200d"
"""Makes one emoji of several."""

ABSENT: Final = "(absent)"


@dataclass(frozen=True)
class Difference:
    """One place where what was reported is not what must be reported.

    path: JSON Pointer into the level. why: what the library asserts thereby, in a few words.
    """

    path: str
    expected: Any
    got: Any
    why: str = ""

    def __str__(self) -> str:
        expected, got = aligned(self.expected, self.got)
        why = f" ({self.why})" if self.why else ""
        return f"{self.path}: expected {expected}, got {got}{why}"


def aligned(expected: Any, got: Any) -> tuple[str, str]:
    """Both values as one short line each; long strings cut around where they part.

    The common beginning is shown alike in both, so that the lines align under one another.
    """
    if not (isinstance(expected, str) and isinstance(got, str)):
        return shown(expected), shown(got)
    start = max(0, _common(expected, got) - _BEFORE)
    return _window(expected, start), _window(got, start)


def _common(one: str, other: str) -> int:
    """How many characters both begin with."""
    if one.startswith(other) or other.startswith(one):
        return min(len(one), len(other))
    return next(
        at for at, (left, right) in enumerate(zip(one, other, strict=False)) if left != right
    )


def shown(value: Any) -> str:
    """A value in one line, lone surrogates and control characters escaped."""
    if value is ABSENT:
        return ABSENT
    if isinstance(value, str):
        return _window(value, 0)
    text = printable(json.dumps(value, ensure_ascii=False, default=str), keep=_JOINER)
    return text if len(text) <= _BEFORE + _AFTER else f"{text[: _BEFORE + _AFTER]}…"


def _window(text: str, start: int) -> str:
    end = start + _BEFORE + _AFTER
    # JSON's escapes: what a terminal would swallow is visible, emoji stay as they are.
    quoted = printable(json.dumps(text[start:end], ensure_ascii=False), keep=_JOINER)
    before = "…" if start else ""
    after = "…" if end < len(text) else ""
    return f"{before}{quoted}{after}"
