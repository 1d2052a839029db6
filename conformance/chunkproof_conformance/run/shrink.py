"""The smallest cut that still shows a failure."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_TRIES: Final = 512
"""Runs spent on one failure."""


def smallest_cuts(
    cuts: tuple[int, ...], fails: Callable[[tuple[int, ...]], bool]
) -> tuple[int, ...]:
    """The fewest of these offsets that still fail; no single one of them can be left out.

    cuts: known to fail. Deterministic; at most `MAX_TRIES` calls of `fails`, after which the
    smallest set found so far is returned.
    Source: Zeller and Hildebrandt, "Simplifying and Isolating Failure-Inducing Input" (ddmin).
    """
    tries = MAX_TRIES
    parts = 2
    while len(cuts) > 1 and tries > 0:
        smaller, spent = _step(cuts, parts, fails, tries)
        tries -= spent
        if smaller is not None:
            # One part alone starts anew; after leaving one out, the same division goes on.
            is_one_part = len(smaller) <= -(-len(cuts) // parts)
            parts = 2 if is_one_part else max(parts - 1, 2)
            cuts = smaller
        elif parts >= len(cuts):
            break
        else:
            parts = min(parts * 2, len(cuts))
    return cuts


def _step(
    cuts: tuple[int, ...], parts: int, fails: Callable[[tuple[int, ...]], bool], tries: int
) -> tuple[tuple[int, ...] | None, int]:
    """One part, or all but one, that still fails; and how many runs it took."""
    edges = [len(cuts) * number // parts for number in range(parts + 1)]
    ranges = list(pairwise(edges))
    candidates = [cuts[start:end] for start, end in ranges]
    if parts > 2:
        candidates += [cuts[:start] + cuts[end:] for start, end in ranges]
    spent = 0
    for candidate in candidates[:tries]:
        spent += 1
        if fails(candidate):
            return candidate, spent
    return None, spent
