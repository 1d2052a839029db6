"""The mutation score: which cases and which laws tell a wrong parser from the right one."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from chunkproof_conformance.cases.index import iter_cases
from chunkproof_conformance.judge.levels import judge, levels_of
from chunkproof_conformance.laws.catalogue import LAWS
from chunkproof_conformance.laws.mutants.catalogue import MUTANTS
from chunkproof_conformance.laws.streams import STREAMS
from chunkproof_conformance.laws.subject import reference
from chunkproof_conformance.run.expectations import load_expectation
from chunkproof_conformance.run.plan import cut_plans, stream_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from chunkproof_conformance.cases.cassette import Case
    from chunkproof_conformance.judge.expectation import Expectation
    from chunkproof_conformance.laws.law import Law
    from chunkproof_conformance.laws.mutants.mutant import Mutant
    from chunkproof_conformance.laws.subject import Subject

MAX_BYTEWISE: Final = 2_000
"""Cases above this many bytes are not handed to mutants byte by byte."""
RARE: Final = 0.25
"""A mutant that fewer than this share of the cases kill is a rare one."""
_GROWTH_STREAM: Final = "text"


@dataclass(frozen=True)
class Kill:
    """A case or law that a mutant fails. crash: the mutant gave no answer."""

    by: str
    crash: bool = False


@dataclass(frozen=True)
class MutantScore:
    """What kills one mutant."""

    name: str
    cases: tuple[Kill, ...]
    laws: tuple[Kill, ...]

    @property
    def is_killed(self) -> bool:
        return bool(self.cases or self.laws)

    @property
    def by_crash_alone(self) -> bool:
        """Whether nothing but its crashing gives it away."""
        return self.is_killed and all(kill.crash for kill in (*self.cases, *self.laws))


@dataclass(frozen=True)
class Score:
    """All mutants against all cases and laws. must: the ids of the must-cases."""

    mutants: tuple[MutantScore, ...]
    cases: tuple[str, ...]
    must: tuple[str, ...]
    laws: tuple[str, ...]

    @property
    def survivors(self) -> list[str]:
        return [mutant.name for mutant in self.mutants if not mutant.is_killed]

    @property
    def crash_only(self) -> list[str]:
        return [mutant.name for mutant in self.mutants if mutant.by_crash_alone]

    @property
    def idle_laws(self) -> list[str]:
        """Laws that kill no mutant."""
        busy = {kill.by for mutant in self.mutants for kill in mutant.laws}
        return [law for law in self.laws if law not in busy]

    @property
    def rare(self) -> list[MutantScore]:
        """Mutants that fewer than a quarter of the cases kill."""
        return [m for m in self.mutants if len(m.cases) < RARE * len(self.cases)]

    @property
    def weak_cases(self) -> list[str]:
        """Must-cases that kill no rare mutant."""
        strong = {kill.by for mutant in self.rare for kill in mutant.cases}
        return [case for case in self.must if case not in strong]

    def kills_of_laws(self) -> Counter[str]:
        """How many mutants each law kills."""
        return Counter(kill.by for mutant in self.mutants for kill in mutant.laws)


def judged_cases() -> list[Case]:
    """The cases that can fail a parser: all but those of contested rules."""
    return [case for case in iter_cases() if case.key.strength != "choice"]


def score_of(scores: Iterable[MutantScore], cases: Sequence[Case]) -> Score:
    """The score of these mutants over these cases and all laws."""
    must = tuple(case.id for case in cases if case.key.strength == "must")
    return Score(tuple(scores), tuple(case.id for case in cases), must, tuple(LAWS))


@lru_cache(maxsize=1)
def _cases() -> tuple[tuple[Case, Expectation], ...]:
    return tuple((case, load_expectation(case.id)) for case in judged_cases())


def score_mutant(name: str) -> MutantScore:
    """One mutant over every case and every law; for a process of its own, by name."""
    return measure(MUTANTS[name])


def measure(mutant: Mutant) -> MutantScore:
    """One mutant over every case and every law."""
    pairs = _cases()
    with mutant.applied():
        subject = reference()
        cases = [kill for case, expected in pairs if (kill := case_kill(subject, case, expected))]
        laws = [kill for law in LAWS.values() if (kill := law_kill(subject, law))]
    return MutantScore(mutant.name, tuple(cases), tuple(laws))


def case_kill(subject: Subject, case: Case, expected: Expectation) -> Kill | None:
    """The kill of a case: any level, cut as recorded, not at all, or byte by byte."""
    for plan in cut_plans(case):
        if len(plan.cuts) + 1 == len(case.body) > MAX_BYTEWISE:
            continue
        try:
            seen = subject.run(stream_of(case, plan.cuts))
            judged = (judge(level, expected, seen, frozenset()) for level in levels_of(expected))
            if any(judgement.differences for judgement in judged if judgement is not None):
                return Kill(case.id)
        except Exception:  # noqa: BLE001 -- whatever a mutant raises
            return Kill(case.id, crash=True)
    return None


def law_kill(subject: Subject, law: Law) -> Kill | None:
    """The kill of a law over the streams that laws are measured on; a crash counts last."""
    crashed = False
    for name, stream in STREAMS.items():
        if law.name == "growth" and name != _GROWTH_STREAM:
            continue
        for violation in law(subject, stream):
            if not violation.crash:
                return Kill(law.name)
            crashed = True
    return Kill(law.name, crash=True) if crashed else None
