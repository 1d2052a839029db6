"""Choosing cases by what their cards say."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final, get_args

from chunkproof.rules import RULES
from chunkproof_conformance.cases.card import ORIGINS
from chunkproof_conformance.cases.key import Profile, Strength
from chunkproof_conformance.cases.rows import ROWS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from chunkproof_conformance.cases.card import Card

RECORDED: Final = "recorded"
PROVENANCES: Final = (RECORDED, *ORIGINS)
"""`recorded` is any of the three setups."""

NEAREST: Final = 5
_FEW: Final = 16
"""So many valid values are all named; of more, only the nearest."""
_GLOB: Final = frozenset("*?[")


class UnknownValueError(ValueError):
    """A value that no case can have: which, and the nearest that some can."""

    def __init__(self, what: str, value: str, known: Collection[str]) -> None:
        super().__init__(what, value, tuple(known))  # keeps the error picklable
        self.what = what
        self.value = value
        self.nearest = nearest(value, known)
        self.count = len(known)

    def __str__(self) -> str:
        near = ", ".join(self.nearest)
        if self.count <= _FEW:
            return f"no {self.what} {self.value!r}; there are {near}"
        return f"no {self.what} {self.value!r}; of {self.count}, the nearest are {near}"


def nearest(value: str, known: Collection[str]) -> tuple[str, ...]:
    """The known values most like this one, best first; of few, all in their order."""
    if len(known) <= _FEW:
        return tuple(known)
    folded = {name.casefold(): name for name in known}
    wanted = value.casefold()
    inside = [name for name in folded if wanted in name]
    alike = get_close_matches(wanted, folded, n=NEAREST, cutoff=0.0)
    return tuple(folded[name] for name in dict.fromkeys([*inside, *alike]))[:NEAREST]


@dataclass(frozen=True)
class Filter:
    """Which cases are in. Values of one member are alternatives; members narrow each other.

    patterns: parts of an id, or globs over the whole id. The other values are names, or globs
    over names. Empty members let everything in.
    """

    patterns: tuple[str, ...] = ()
    profiles: tuple[str, ...] = ()
    strengths: tuple[str, ...] = ()
    senders: tuple[str, ...] = ()
    """Dialects and servers."""
    provenances: tuple[str, ...] = ()
    rows: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()

    def has(self, card: Card) -> bool:
        """Whether the case is in."""
        origin = {card.origin, card.provenance.kind}
        return (
            self.has_id(card.id)
            and _fits(self.profiles, card.profiles)
            and _fits(self.strengths, [card.strength])
            and _fits(self.senders, [card.sender] if card.sender else [])
            and _fits(self.provenances, origin)
            and _fits(self.rows, card.rows)
            and _fits(self.rules, card.rules)
        )

    def has_id(self, case_id: str) -> bool:
        """Whether the patterns let this id in."""
        return not self.patterns or any(
            pattern in case_id or fnmatchcase(case_id, pattern) for pattern in self.patterns
        )

    def refuse_unknown(self, senders: Collection[str]) -> None:
        """Refuse values that no case can have. Raises: UnknownValueError.

        senders: the dialects and servers there are.
        """
        for what, values, known in (
            ("profile", self.profiles, get_args(Profile)),
            ("strength", self.strengths, get_args(Strength)),
            ("dialect or server", self.senders, senders),
            ("provenance", self.provenances, PROVENANCES),
            ("row", self.rows, ROWS),
            ("rule", self.rules, RULES),
        ):
            for value in values:
                if not _fits((value,), known):
                    raise UnknownValueError(what, value, known)


def _fits(wanted: Sequence[str], names: Iterable[str]) -> bool:
    return not wanted or any(
        fnmatchcase(name, value) if _GLOB & set(value) else name == value
        for name in names
        for value in wanted
    )


def senders_of(cards: Iterable[Card]) -> list[str]:
    """Every dialect and server among them, sorted."""
    return sorted({card.sender for card in cards if card.sender})


def summary(chosen: Sequence[Card], count: int) -> str:
    """How many of how many, split by where their bytes come from: one line."""
    parts = ", ".join(_counts(chosen))
    cases = "case" if count == 1 else "cases"
    return f"{len(chosen)} of {count} {cases}" + (f": {parts}" if parts else "")


def _counts(chosen: Iterable[Card]) -> Iterator[str]:
    origins = Counter(card.origin for card in chosen)
    setups = [f"{origins[name]} {name}" for name in ORIGINS[:3] if origins[name]]
    if setups:
        yield f"{sum(origins[name] for name in ORIGINS[:3])} recorded ({', '.join(setups)})"
    for name in ORIGINS[3:]:
        if origins[name]:
            yield f"{origins[name]} {name}"
