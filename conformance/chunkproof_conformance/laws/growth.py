"""The law of growth: a longer stream takes longer in proportion, and no more."""

from __future__ import annotations

from time import process_time
from typing import TYPE_CHECKING, Final

from chunkproof_conformance.laws.law import Broken, Violation, law
from chunkproof_conformance.laws.subject import Subject, body_of
from chunkproof_conformance.synth.blocks import choices_of, maybe_blocks

if TYPE_CHECKING:
    from chunkproof_conformance.connect.adapter import Stream

BYTES: Final = 40_000
"""Length of the shorter stream; the longer one has eight times as many."""
MAX_RATIO: Final = 20.0
"""Linear is 8, quadratic is 64."""
PIECE: Final = 1_400
"""Bytes of a piece: about one packet."""


@law("growth")
def growth(subject: Subject, stream: Stream) -> Broken:
    """A stream eight times as long takes no twenty times as long: nothing is read over again.

    The stream is made long by saying its longest delta many times, in pieces of a packet.
    CPU time, the best of three, so that a busy machine does not count.
    """
    blocks = maybe_blocks(body_of(stream))
    talking = [block for block in blocks or () if any(c["delta"] for c in choices_of(block.chunk))]
    if not blocks or not talking:
        return
    longest = max(talking, key=lambda block: len(block.raw))
    at = blocks.index(longest)
    before, after = blocks[:at], blocks[at + 1 :]
    times = []
    for length in (BYTES, 8 * BYTES):
        middle = longest.raw * max(1, length // len(longest.raw))
        body = b"".join(b.raw for b in before) + middle + b"".join(b.raw for b in after)
        times.append(min(_seconds(subject, stream, body) for _ in range(3)))
    ratio = times[1] / max(times[0], 1e-4)
    if ratio > MAX_RATIO:
        what = f"eight times as long took {ratio:.0f} times as long"
        yield Violation("growth", what, longest.raw, kind="growth")


def _seconds(subject: Subject, stream: Stream, body: bytes) -> float:
    began = process_time()
    subject.read(stream, body, range(PIECE, len(body), PIECE))
    return process_time() - began
