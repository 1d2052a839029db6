"""The levels final, sequence and exact: an expectation against an observation.

Fair judging: a library fails only where it asserts something false. So

- an exception is no false assertion about an answer that is not complete; what was seen
  before it must be the beginning of the truth;
- an end without finish reason (incomplete) is none about a failed stream either;
- a half call may be left out of an answer that is not complete, but not shown as runnable;
- a null role or type says nothing; empty strings and null are the same;
- what an implementation declares it has no place for is neither right nor wrong.

A parser that states its outcome itself is taken at its word: then all of it must be equal.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import UNSET, UnsetType

from chunkproof_conformance.judge.comparison import Judgement, Terms
from chunkproof_conformance.judge.exact import judge_exact
from chunkproof_conformance.judge.final import judge_final
from chunkproof_conformance.judge.observation import CHANNELS
from chunkproof_conformance.judge.sequence import judge_sequence

if TYPE_CHECKING:
    from chunkproof_conformance.judge.expectation import Expectation
    from chunkproof_conformance.judge.observation import Level, Observation

LADDER: Final[tuple[Level, ...]] = ("final", "sequence", "exact")
"""Lowest first. `timely` will stand above."""


class ContradictionError(ValueError):
    """An observation says what its implementation declared it has no place for."""


def levels_of(expected: Expectation) -> tuple[Level, ...]:
    """The levels this expectation speaks about, lowest first."""
    return tuple(level for level in LADDER if getattr(expected, level) is not UNSET)


def judge(
    level: Level, expected: Expectation, observation: Observation, blind: frozenset[str]
) -> Judgement | None:
    """Judge one level; None where the observation cannot show it ("n/a").

    blind: the members the implementation has no place for.
    Raises: ValueError where the expectation lacks the level, or the observation contradicts
    itself.
    """
    truth = getattr(expected, level)
    if isinstance(truth, UnsetType):
        raise ValueError(f"{expected.case} expects nothing at the level {level}")  # noqa: TRY004
    terms = _terms(expected, observation, blind | observation.not_represented)
    _refuse_contradictions(observation, terms)
    if level == "exact":
        return judge_exact(truth, observation)
    if level == "sequence":
        return judge_sequence(truth, observation, terms)
    return judge_final(truth, observation, terms)


def _terms(expected: Expectation, observation: Observation, blind: frozenset[str]) -> Terms:
    if observation.outcome_stated:
        return Terms(blind)
    truth = UNSET if isinstance(expected.final, UnsetType) else expected.final.outcome
    return Terms(
        blind,
        partial=observation.outcome == "failed",
        unfinished=truth in {"incomplete", "failed"} and observation.outcome != "complete",
    )


def _refuse_contradictions(observation: Observation, terms: Terms) -> None:
    for choice in observation.choices or ():
        for member in ("role", *CHANNELS, "tool_calls", "finish_reason", "logprobs"):
            if member in terms.blind and getattr(choice, member):
                raise ContradictionError(f"reports {member}, which it declares not represented")
