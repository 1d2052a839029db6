"""The levels: an expectation against an observation.

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

from typing import TYPE_CHECKING, Any, Final

from msgspec import UNSET, UnsetType

from chunkproof_conformance.judge.comparison import Judgement, Terms
from chunkproof_conformance.judge.exact import judge_exact
from chunkproof_conformance.judge.final import judge_final
from chunkproof_conformance.judge.framing import judge_framing
from chunkproof_conformance.judge.messages import judge_messages
from chunkproof_conformance.judge.observation import CHANNELS
from chunkproof_conformance.judge.sequence import judge_sequence
from chunkproof_conformance.judge.timely import judge_timely

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chunkproof_conformance.judge.expectation import Expectation
    from chunkproof_conformance.judge.observation import Level, Observation

LADDER: Final[tuple[Level, ...]] = ("final", "sequence", "exact", "timely")
"""Lowest first."""

BESIDE: Final[tuple[Level, ...]] = ("framing", "messages")
"""They stand beside the ladder: each is reached, or not, by itself."""

LEVELS: Final[tuple[Level, ...]] = ("framing", *LADDER, "messages")

_EXTRAS: Final = ("logprobs", "audio", "annotations")
"""Members of a choice that are judged in profiles of their own."""

_TRUTH: Final = {"timely": "due"}
"""Where the truth of a level stands, if not under its own name."""


class ContradictionError(ValueError):
    """An observation says what its implementation declared it has no place for."""


def levels_of(expected: Expectation) -> tuple[Level, ...]:
    """The levels this expectation speaks about, lowest first."""
    return tuple(level for level in LEVELS if _truth(expected, level) is not UNSET)


def _truth(expected: Expectation, level: Level) -> Any:
    return getattr(expected, _TRUTH.get(level, level))


def judge(
    level: Level,
    expected: Expectation,
    observation: Observation,
    blind: frozenset[str],
    edges: Sequence[int] = (),
    *,
    option: str = "",
) -> Judgement | None:
    """Judge one level; None where the observation cannot show it ("n/a").

    blind: the members the implementation has no place for. edges: the byte offset where each
    piece ended, for the level timely. option: which of the sequences of the level messages.
    Raises: ValueError where the expectation lacks the level, or the observation contradicts
    itself.
    """
    truth = _truth(expected, level)
    if isinstance(truth, UnsetType):
        raise ValueError(f"{expected.case} expects nothing at the level {level}")  # noqa: TRY004
    terms = _terms(expected, observation, blind | observation.not_represented)
    _refuse_contradictions(observation, terms)
    if level == "framing":
        return judge_framing(truth, observation)
    if level == "messages":
        seen = observation.messages
        return None if seen is None else judge_messages(truth[option], seen)
    if level == "timely":
        return judge_timely(expected, observation, edges)
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
        for member in ("role", *CHANNELS, "tool_calls", "finish_reason", *_EXTRAS):
            if member in terms.blind and getattr(choice, member):
                raise ContradictionError(f"reports {member}, which it declares not represented")
