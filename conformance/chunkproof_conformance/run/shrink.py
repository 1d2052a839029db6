"""The smallest cut that still shows a failure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_TRIES: Final = 512
"""Runs spent on one failure."""


def smallest_cuts(
    cuts: tuple[int, ...], fails: Callable[[tuple[int, ...]], bool]
) -> tuple[int, ...]:
    """The fewest of these offsets that still fail: one if one does, else what halving leaves.

    cuts: known to fail. Deterministic; at most `MAX_TRIES` calls of `fails`, so the answer may
    be larger than the smallest one of a long body.
    """
    tries = MAX_TRIES
    size = len(cuts)
    # Halves first: they bring 10,000 cuts down to a handful in a few dozen runs.
    while size > 1 and tries > 0:
        size = (size + 1) // 2
        for start in range(0, len(cuts), size):
            kept = cuts[start : start + size]
            tries -= 1
            if len(kept) < len(cuts) and fails(kept):
                cuts, size = kept, len(kept)
                break
            if tries <= 0:
                break
    for cut in cuts:
        if len(cuts) == 1 or tries <= 0:
            break
        without = tuple(other for other in cuts if other != cut)
        tries -= 1
        if fails(without):
            cuts = without
    return cuts
