"""How far an implementation gets in a profile: the highest level where all required pass."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from chunkproof_conformance.judge.levels import LADDER
from chunkproof_conformance.judge.verdicts import RED, Kind

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from chunkproof_conformance.judge.observation import Implementation, Level

Reached: TypeAlias = "Level | Literal['none', 'n/a', 'not claimed']"
"""`none`: not even final. `n/a`: nothing required was judged at any level."""


@dataclass(frozen=True)
class Rank:
    """What decides whether a case is required of an implementation."""

    strength: str
    profiles: tuple[str, ...]
    request_needs: tuple[str, ...] = ()
    scored: bool = True
    """In the requirement set; a later case is run and shown, but not required of anybody."""


def is_required(rank: Rank, implementation: Implementation) -> bool:
    """Scored, strength must, all its profiles claimed, a request the library can make."""
    return (
        rank.scored
        and rank.strength == "must"
        and set(rank.profiles) <= set(implementation.profiles)
        and not implementation.cannot_request.intersection(rank.request_needs)
    )


def reached(
    profile: str,
    claimed: Collection[str],
    required: Mapping[Level, Iterable[Kind]],
    ladder: Sequence[Level] = LADDER,
) -> Reached:
    """The highest level at which every required case of the profile passes.

    required: per judged level the verdicts of the required cases. A level counts only if
    all below it do. A skip is no pass; n/a is neither: a level of nothing else is not reached,
    and not missed.
    """
    if profile not in claimed:
        return "not claimed"
    best: Reached = "n/a"
    for level in ladder:
        kinds = [kind for kind in required.get(level, ()) if kind is not Kind.NOT_AVAILABLE]
        if not kinds:
            continue
        if any(kind in RED or kind in _NO_PASS for kind in kinds):
            return "none" if best == "n/a" else best
        best = level
    return best


_NO_PASS = frozenset({Kind.SKIPPED, Kind.KNOWN_FAILURE, Kind.FLAKY})
