"""The level timely: exact, and each event out with the piece that makes its frame whole."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

from msgspec import UnsetType

from chunkproof.events import Repair
from chunkproof_conformance.judge.comparison import Judgement
from chunkproof_conformance.judge.diff import Difference
from chunkproof_conformance.judge.exact import judge_exact

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chunkproof_conformance.judge.expectation import Expectation
    from chunkproof_conformance.judge.observation import Observation


def judge_timely(
    expected: Expectation, observation: Observation, edges: Sequence[int]
) -> Judgement | None:
    """Whether every event is right and came in time; only the first difference is reported.

    edges: where each piece ended, in bytes. None where it is not known after which piece an event
    came: only in process, or where every piece was acknowledged before the next.
    Raises: ValueError, where it is said of more or fewer events than there are.
    """
    if observation.after is None or isinstance(expected.exact, UnsetType):
        return None
    events = len(observation.events or ())
    if len(observation.after) != events:
        what = f"reports {events} events, and after which piece {len(observation.after)} came"
        raise ValueError(what)
    judgement = judge_exact(expected.exact, observation)
    if judgement is None or judgement.differences or isinstance(expected.due, UnsetType):
        return judgement
    after = [
        number
        for event, number in zip(observation.events or (), observation.after, strict=True)
        if not isinstance(event, Repair)
    ]
    for number, (due, seen) in enumerate(zip(expected.due, after, strict=True)):
        piece = bisect_left(edges, due) + 1
        if seen > piece:
            late = "after the last piece" if seen > len(edges) else f"with piece {seen}"
            return Judgement((Difference(f"/{number}", f"with piece {piece}", late, "late"),))
    return Judgement(())
