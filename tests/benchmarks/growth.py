"""How time grows with size: whole pieces, byte by byte, and with a result after every piece."""

import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Final, NamedTuple

from chunkproof import StreamParser
from tests.benchmarks import bars
from tests.benchmarks.bars import Measurement
from tests.benchmarks.bodies import Growing, growing_arguments, growing_text
from tests.benchmarks.clock import Point, growth_exponent, seconds

_PATIENCE: Final = 0.4
"""Seconds for which a small size is measured again, for its best time."""


class Curve(NamedTuple):
    """One line of the plot."""

    name: str
    unit: str
    points: list[Point]

    @property
    def exponent(self) -> float:
        return growth_exponent(self.points)


def _drain(pieces: Iterator[bytes], *, snapshots: bool = False) -> None:
    parser = StreamParser()
    for piece in pieces:
        parser.feed(piece)
        if snapshots:
            parser.result()
    parser.close()
    parser.result().to_dict()


def _best(run: Callable[[], None]) -> float:
    until = time.process_time() + _PATIENCE
    best = seconds(run)
    while time.process_time() < until:
        best = min(best, seconds(run))
    return best


class _Way(NamedTuple):
    """A way of feeding."""

    name: str
    feed: Callable[[Growing, int], None]
    slow: bool = False
    """A hundred calls per frame: followed one size less far, unless in full."""


_WAYS: Final = (
    _Way("64 KiB pieces", lambda growing, frames: _drain(growing.piecewise(frames))),
    _Way("byte by byte", lambda growing, frames: _drain(growing.bytewise(frames)), slow=True),
    _Way(
        "result() after every frame",
        lambda growing, frames: _drain(growing.framewise(frames), snapshots=True),
    ),
)

_CHARACTERS: Final = 4
"""Code points per delta, in both growing streams."""


def curves(largest: int, note: Callable[[str], None], *, full: bool) -> Iterator[Curve]:
    """Yield a curve per stream and way; largest: text deltas, at least 10,000."""
    text, arguments = growing_text(), growing_arguments()
    for way in _WAYS:
        top = largest // 10 if way.slow and not full and largest > 10_000 else largest
        plans: Sequence[tuple[Growing, str, int, int]] = (
            (text, "deltas", 1_000, 1),
            (arguments, "characters", 10_000, _CHARACTERS),
        )
        for growing, unit, smallest, per_frame in plans:
            points = []
            size = smallest
            while size <= top * (smallest // 1_000):
                note(f"growth: {growing.name}, {way.name}, {size:,} {unit}")
                frames = size // per_frame
                points.append(Point(size, _best(partial(way.feed, growing, frames))))
                size *= 10
            yield Curve(f"{growing.name}, {way.name}", unit, points)


def measurement(curve: Curve) -> Measurement:
    """Return the line of the table that a curve makes."""
    first, last = curve.points[0], curve.points[-1]
    return Measurement(
        "growth",
        curve.name,
        curve.exponent,
        "exponent",
        bars.GROWTH,
        at_least=False,
        detail=f"{first.size:,} to {last.size:,} {curve.unit}:"
        f" {first.seconds * 1e3:,.1f} ms to {last.seconds * 1e3:,.0f} ms",
    )
