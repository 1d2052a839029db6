"""The level framing: the frames' payloads, and their types where the library shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chunkproof_conformance.judge.comparison import Judgement
from chunkproof_conformance.judge.diff import ABSENT, Difference

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chunkproof_conformance.judge.expectation import ExpectedFrame
    from chunkproof_conformance.judge.observation import Observation

DONE = "[DONE]"


def judge_framing(truth: Sequence[ExpectedFrame], observation: Observation) -> Judgement | None:
    """Frame by frame, up to the end; only the first difference is reported.

    A library may keep the frame `[DONE]` to itself, and need not read on after it. An event type
    it does not show is not judged; "message" and none are the same (WHATWG HTML, 9.2.6). None
    where no frames are shown.
    """
    got = observation.frames
    if got is None:
        return None
    is_done = bool(truth) and truth[-1].data == DONE
    for number in range(max(len(truth), len(got))):
        path = f"/{number}"
        if number >= len(got):
            if is_done and number == len(truth) - 1:
                break
            return Judgement((Difference(path, truth[number].data, ABSENT, "lost"),))
        if number >= len(truth):
            if is_done:
                break
            return Judgement((Difference(path, ABSENT, got[number].data, "more than there is"),))
        wanted, seen = truth[number], got[number]
        if seen.data != wanted.data:
            return Judgement((Difference(f"{path}/data", wanted.data, seen.data),))
        if seen.event is not None and (seen.event or "message") != (wanted.event or "message"):
            return Judgement((Difference(f"{path}/event", wanted.event, seen.event),))
    return Judgement(())
