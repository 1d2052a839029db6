"""Laws about pieces: how a body is cut changes neither what is said nor when."""

from __future__ import annotations

import zlib
from random import Random
from typing import TYPE_CHECKING, Final

from chunkproof import events as ev
from chunkproof_conformance.connect.in_process import NotRunError
from chunkproof_conformance.laws.frames import read_frames
from chunkproof_conformance.laws.law import Broken, Violation, law
from chunkproof_conformance.laws.meaning import as_it_is, difference, everything, look_at, place
from chunkproof_conformance.laws.subject import CrashError, Subject, body_of
from chunkproof_conformance.run.shrink import smallest_cuts
from chunkproof_conformance.synth.cuts import every

if TYPE_CHECKING:
    from collections.abc import Callable

    from chunkproof_conformance.connect.adapter import Stream

MAX_BYTEWISE: Final = 64 * 1024
SINGLE: Final = 24
"""Single cuts, and frame ends, that are tried on a stream; `exhaustive` tries them all."""
_END: Final = (ev.Repair, ev.Error, ev.End)


def random_of(body: bytes) -> Random:
    """A source of lots that is the same for the same bytes."""
    return Random(zlib.crc32(body))  # noqa: S311 -- lots, no secrets


def cut_plans(body: bytes) -> list[tuple[int, ...]]:
    """Ways to cut: byte by byte, at single places, in between; the same for the same bytes."""
    random = random_of(body)
    inside = range(1, len(body))
    plans = [every(len(body), 1)] if 1 < len(body) <= MAX_BYTEWISE else []
    plans += [(cut,) for cut in sorted(random.sample(inside, min(SINGLE, len(inside))))]
    for count in (2, 5, 20):
        if count <= len(inside):
            plans.append(tuple(sorted(random.sample(inside, count))))
    return plans


@law("cut-invariance")
def cut_invariance(subject: Subject, stream: Stream) -> Broken:
    """However the body is cut, all that is said is what the whole body says."""
    body = body_of(stream)
    breaks = breaking(subject, stream)
    found: dict[tuple[int, ...], Violation | None] = {}

    def fails(cuts: tuple[int, ...]) -> bool:
        try:
            found[cuts] = breaks(cuts)
        except NotRunError:
            return False  # it hung too often: what is known is the smallest there is
        return found[cuts] is not None

    for plan in cut_plans(body):
        found[plan] = breaks(plan)
        if found[plan] is not None and (smallest := found[smallest_cuts(plan, fails)]):
            yield smallest
            return


def breaking(subject: Subject, stream: Stream) -> Callable[[tuple[int, ...]], Violation | None]:
    """How a cutting of this stream changes what is said; None where it does not.

    Raises: CrashError for the uncut body.
    """
    body = body_of(stream)
    seen = subject.read(stream, body)
    look = look_at(body, seen) if subject.open is None else as_it_is
    whole = everything(look(seen))

    def breaks(cuts: tuple[int, ...]) -> Violation | None:
        try:
            what = difference(whole, everything(look(subject.read(stream, body, cuts))))
        except CrashError as error:
            what = f"no answer: {error}"
            return Violation("cut-invariance", what, body, cuts, error.kind, crash=True)
        return Violation("cut-invariance", what, body, cuts, place(what)) if what else None

    return breaks


@law("timeliness")
def timeliness(subject: Subject, stream: Stream) -> Broken:
    """What a stream that ends after a frame has said is out once that frame is in."""
    body = body_of(stream)
    ends = sorted({frame.end for frame in read_frames(body)} - {len(body)})
    if not ends:
        return
    whole = subject.read(stream, body, ends)
    if whole.events is None or whole.after is None:
        return
    said = list(zip(whole.events, whole.after, strict=True))
    for number in sorted(random_of(body).sample(range(len(ends)), min(SINGLE, len(ends)))):
        early = subject.read(stream, body[: ends[number]], ends[:number])
        for event, (same, after) in zip(early.events or (), said, strict=False):
            if event != same:
                break
            if after > number + 1 and not isinstance(event, _END):
                name = type(event).__name__
                what = f"{name} of frame {number + 1} came out with piece {after}"
                yield Violation("timeliness", what, body, tuple(ends), name)
                return
