"""The bytes around a cut, with a caret under the place."""

from __future__ import annotations

from typing import Final

_AROUND: Final = 32
"""Bytes shown on both sides."""


def bytes_around(body: bytes, cut: int) -> tuple[str, str]:
    """Two lines: the bytes, every one that is not printable ASCII as an escape; and the caret.

    The caret stands under the first byte after the cut.
    """
    before = body[max(0, cut - _AROUND) : cut]
    after = body[cut : cut + _AROUND]
    left, right = _shown(before), _shown(after)
    return f"{left}{right}", " " * len(left) + "^"


def _shown(data: bytes) -> str:
    return repr(data)[2:-1].replace('\\"', '"').replace("\\'", "'")
