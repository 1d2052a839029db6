"""Bytes to events and result, as a share of a floor and as a multiple of the official client."""

from collections.abc import Iterator
from functools import partial

from tests.benchmarks import bars, readers
from tests.benchmarks.bars import Measurement
from tests.benchmarks.bodies import SPEED_BODIES, Body
from tests.benchmarks.clock import best_of


def _check(body: Body, pieces: list[bytes]) -> None:
    """Raise where a reader does not find the whole answer: its speed would say nothing."""
    for reader in (readers.floor, readers.reference, readers.official):
        found = reader(pieces)
        if found != body.answer_length:
            raise RuntimeError(f"{reader.__name__} found {found} of {body.answer_length}")


def measure(frames: int, rounds: int) -> Iterator[Measurement]:
    """Yield two lines per body: share of the floor, and multiple of the official client."""
    for make in SPEED_BODIES:
        body = make(frames)
        pieces = body.pieces()
        _check(body, pieces)

        floor, reference, official = best_of(
            rounds,
            partial(readers.floor, pieces),
            partial(readers.reference, pieces),
            partial(readers.official, pieces),
        )
        frame_bytes = round(len(body.data) / body.frames)
        rate = body.frames / reference
        yield Measurement(
            "speed",
            f"{body.name}: share of the floor",
            floor / reference,
            "of the floor",
            bars.SHARE_OF_FLOOR.get(body.name),
            at_least=True,
            detail=f"{rate / 1e3:,.0f} k frames/s of {frame_bytes} bytes;"
            f" floor {body.frames / floor / 1e3:,.0f} k/s",
        )
        yield Measurement(
            "speed",
            f"{body.name}: beside openai",
            official / reference,
            "x openai",
            bars.TIMES_OPENAI if body.name in bars.SHARE_OF_FLOOR else None,
            at_least=True,
            detail=f"openai {body.frames / official / 1e3:,.1f} k frames/s",
        )
