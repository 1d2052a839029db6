"""Cutting a body into pieces. Offsets are bytes, ascending, 0 < cut < length."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def pieces_at(body: bytes, cuts: Iterable[int]) -> tuple[bytes, ...]:
    """The body cut at these offsets; no piece is empty, an empty body has none.

    Raises: ValueError where an offset does not lie inside the body, or they do not ascend.
    """
    if not body:
        return ()
    edges = (0, *cuts, len(body))
    if any(start >= end for start, end in pairwise(edges)):
        raise ValueError(f"cuts must ascend and lie between 0 and {len(body)}")
    return tuple(body[start:end] for start, end in pairwise(edges))


def every(length: int, step: int) -> tuple[int, ...]:
    """Offsets after every `step` bytes of a body of this length."""
    return tuple(range(step, length, step))


def parse_cuts(text: str) -> tuple[int, ...]:
    """Offsets written as `3,17`. Raises: ValueError."""
    cuts = tuple(int(part) for part in text.split(",") if part.strip())
    if not cuts or cuts[0] <= 0 or any(a >= b for a, b in pairwise(cuts)):
        raise ValueError("cuts are ascending positive byte offsets, like 3,17")
    return cuts
