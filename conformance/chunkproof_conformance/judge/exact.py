"""The level exact: the parser's own events, one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from chunkproof.events import Repair
from chunkproof_conformance.judge.comparison import Judgement, comparable
from chunkproof_conformance.judge.diff import ABSENT, Difference

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from chunkproof_conformance.judge.observation import Observation


def judge_exact(truth: Sequence[Mapping[str, Any]], observation: Observation) -> Judgement | None:
    """Event by event, repairs and offsets left out; only the first difference is reported.

    Of each event only the members that the truth gives are judged. None without events.
    """
    if observation.events is None:
        return None
    got = [
        msgspec.to_builtins(event) for event in observation.events if not isinstance(event, Repair)
    ]
    for number in range(max(len(truth), len(got))):
        if number >= len(got):
            return Judgement((Difference(f"/{number}", truth[number], ABSENT, "lost"),))
        if number >= len(truth):
            return Judgement((Difference(f"/{number}", ABSENT, _no_offset(got[number])),))
        wanted = truth[number]
        for member, value in wanted.items():
            seen = got[number].get(member, ABSENT)
            if comparable(seen) != comparable(value):
                return Judgement((Difference(f"/{number}/{member}", value, seen),))
    return Judgement(())


def _no_offset(event: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in event.items() if name != "offset"}
