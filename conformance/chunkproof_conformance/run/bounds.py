"""What a body itself says: its frames, and when each event is due. No parser is asked.

The frames are those of a slow second reader; which frame an event came with says the transcript
oracle, so the level timely is judged where that oracle reads the stream.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from msgspec import UnsetType

from chunkproof_conformance.judge.expectation import ExpectedFrame
from chunkproof_conformance.laws.frames import read_frames
from chunkproof_conformance.oracles.frames import NotPlain
from chunkproof_conformance.oracles.transcript import payloads_of_events

if TYPE_CHECKING:
    from chunkproof_conformance.judge.expectation import Expectation

DONE = "[DONE]"


def with_bounds(expected: Expectation, body: bytes) -> Expectation:
    """The expectation with the frames of the body, and with what is due when, if that is known."""
    frames = [frame for frame in read_frames(body) if frame.data is not None]
    framing: list[ExpectedFrame] = []
    for frame in frames:
        data = (frame.data or b"").decode("utf-8", "replace")
        framing.append(ExpectedFrame(data, frame.event))
        if data == DONE:
            break
    expected = msgspec.structs.replace(expected, framing=tuple(framing))
    if isinstance(expected.exact, UnsetType):
        return expected
    try:
        numbers = payloads_of_events(body)
    except NotPlain:
        return expected
    if len(numbers) != len(expected.exact):
        return expected
    return msgspec.structs.replace(expected, due=tuple(frames[number].end for number in numbers))
