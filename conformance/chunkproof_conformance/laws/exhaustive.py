"""Every cut of a body, and what it changes.

In one piece, cut at every place, at every pair of places of a short body, byte by byte; of a
long body, the places where parsers go wrong. Two ways to go through them:

- `single_cuts` and `pair_cuts` read the body anew for every cut, over any connection;
- `stepwise_cuts` and `stepwise_pairs` need a parser that can be looked at. It reads the body
  frame by frame, each frame cut, beside a parser that reads each whole, and the two are compared
  at the frame's end. Where everything they hold is equal, whatever follows is equal too: so one
  pass over the body cuts every frame, and two cuts in two frames are no other than either.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

from chunkproof_conformance.laws.cutting import breaking, random_of
from chunkproof_conformance.laws.frames import read_frames
from chunkproof_conformance.laws.state import same_state
from chunkproof_conformance.laws.subject import Subject, body_of
from chunkproof_conformance.synth.cuts import every, pieces_at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from chunkproof.events import AnyEvent
    from chunkproof_conformance.connect.adapter import Stream
    from chunkproof_conformance.laws.subject import Live

EVERY_CUT: Final = 16 * 1024
"""Bodies up to this many bytes are cut at every place."""
EVERY_PAIR: Final = 600
"""Bodies under this many bytes are cut at every pair of places."""
NEAR: Final = 64
"""Bytes around a boundary of each kind in which a long body is cut at every place."""
SEEDED: Final = 2_000
"""Further places of a long body, by lot."""
_CLASSES: Final = (
    rb"\\u[0-9a-fA-F]{2}",
    rb'\\["\\/bfnrt]',
    rb"[\xc2-\xf4][\x80-\xbf]",
    rb'"[a-z_]+"\s*:',
    rb"(?<=[:\s])-?[0-9]{2}",
    rb"\n\n|\r\n\r\n|\r\r",
    rb"data",
    rb"^:.",
)
"""Where one cut of each kind falls inside: an escape, a character, a key, a number, a blank line,
a field name, a comment."""


Plan: TypeAlias = tuple[int, ...]
"""Where a body is cut."""


@dataclass(frozen=True)
class Findings:
    """What cutting changed. runs: cut runs made, by either way. cuts: those that differ."""

    runs: int
    cuts: tuple[Plan, ...] = ()
    what: str = ""
    """How the first one differs."""


def places(body: bytes) -> list[int]:
    """Where a body is cut once: everywhere, or of a long one at the places named above."""
    if len(body) <= EVERY_CUT:
        return list(range(1, len(body)))
    found: set[int] = set()
    for end in _one_of_each_kind(body):
        found.update(range(end - NEAR, end + NEAR))
    for pattern in _CLASSES:
        match = re.search(pattern, body, re.MULTILINE)
        if match is not None:
            found.add(match.start() + 1)
    found.update(random_of(body).sample(range(1, len(body)), min(SEEDED, len(body) - 1)))
    return sorted(place for place in found if 0 < place < len(body))


def _one_of_each_kind(body: bytes) -> list[int]:
    """The first frame end after each kind of frame: by event type, and by the keys it holds."""
    kinds: dict[tuple[str, frozenset[bytes]], int] = {}
    for frame in read_frames(body):
        keys = frozenset(re.findall(rb'"([a-z_]+)"\s*:', frame.data or b""))
        kinds.setdefault((frame.event, keys), frame.end)
    return list(kinds.values())


def single_cuts(subject: Subject, stream: Stream, cuts: Iterable[int] | None = None) -> Findings:
    """Every single cut, the body read anew for each. Raises: CrashError for the uncut body."""
    body = body_of(stream)
    plans = ((cut,) for cut in (places(body) if cuts is None else cuts))
    return _brute(subject, stream, plans)


def bytewise(subject: Subject, stream: Stream) -> Findings:
    """Byte by byte, in pairs of bytes, and in threes. Raises: CrashError."""
    length = len(body_of(stream))
    return _brute(subject, stream, (every(length, step) for step in (1, 2, 3) if step < length))


def pair_cuts(subject: Subject, stream: Stream) -> Findings:
    """Every pair of places; a body of `EVERY_PAIR` bytes or more has none here."""
    length = len(body_of(stream))
    if length >= EVERY_PAIR:
        return Findings(0)
    return _brute(subject, stream, combinations(range(1, length), 2))


def _brute(subject: Subject, stream: Stream, plans: Iterable[Plan]) -> Findings:
    breaks = breaking(subject, stream)
    says_same = _looked_at(subject, stream)
    runs, found, first = 0, [], ""
    for plan in plans:
        runs += 1
        if says_same(plan):
            continue
        violation = breaks(plan)
        if violation is not None:
            found.append(plan)
            first = first or violation.what
    return Findings(runs, tuple(found), first)


def _looked_at(subject: Subject, stream: Stream) -> Callable[[Plan], bool]:
    """Whether a cutting gives the events and the result of the whole body.

    Only where the parser can be looked at, and as a quick way out: where they are not equal
    the observations tell.
    """
    make, body = subject.open, body_of(stream)
    if make is None or stream.end != "eof":
        return lambda _: False

    def read(plan: Plan) -> tuple[list[AnyEvent], Any] | None:
        parser = make()
        try:
            events = [event for piece in pieces_at(body, plan) for event in parser.feed(piece)]
            return events + parser.close(), parser.result()
        except Exception:  # noqa: BLE001 -- whatever a parser under test raises
            return None

    whole = read(())
    return lambda plan: whole is not None and read(plan) == whole


# --- stepwise


def stepwise_cuts(subject: Subject, stream: Stream) -> Findings:
    """Every single cut, as `single_cuts` would find it; see the head of this module.

    A place where the two parsers are not equal is cut again with the body read anew, so a
    find is always one of `single_cuts`. Falls back to it where the parser cannot be looked
    at, and for a long body, of which it makes chosen cuts alone.
    """
    body = body_of(stream)
    if subject.open is None or not 2 <= len(body) <= EVERY_CUT:
        return single_cuts(subject, stream)
    bounds = _bounds(body)
    suspects, runs = _passes(subject.open, body, bounds, 1)
    # The ends of frames are cuts too.
    brute = single_cuts(subject, stream, sorted({*(cut for (cut,) in suspects), *bounds[1:-1]}))
    return Findings(runs + brute.runs, brute.cuts, brute.what)


def stepwise_pairs(subject: Subject, stream: Stream) -> Findings:
    """Every pair of cuts, as `pair_cuts` would find it; see the head of this module.

    A pair is cut again with the body read anew where the two parsers are not equal after its
    frame, where either of the two cuts is such a place, and where one is the end of a frame.
    """
    body = body_of(stream)
    if subject.open is None or not 2 <= len(body) < EVERY_PAIR:
        return pair_cuts(subject, stream)
    bounds = _bounds(body)
    singles, _ = _passes(subject.open, body, bounds, 1)
    suspects, runs = _passes(subject.open, body, bounds, 2)
    alone = {*(cut for (cut,) in singles), *bounds[1:-1]}
    suspects.update(pair for pair in combinations(range(1, len(body)), 2) if alone & {*pair})
    brute = _brute(subject, stream, sorted(suspects))
    return Findings(runs + brute.runs, brute.cuts, brute.what)


def _bounds(body: bytes) -> list[int]:
    """Offsets between which windows are made: 0, the frame ends, the length."""
    ends = {frame.end for frame in read_frames(body)}
    return sorted({0, len(body), *ends})


def _is_one(make: Callable[[], Live], body: bytes, bounds: list[int]) -> bool:
    """Whether a parser says frame by frame what it says of the whole body."""
    whole, pieces = make(), make()
    expected = whole.feed(body)
    return expected == [
        event for start, end in pairwise(bounds) for event in pieces.feed(body[start:end])
    ]


Window = tuple[int, int]
"""Where a frame begins and ends."""


class _Uncut(NamedTuple):
    """A parser that read a body up to a window's end, frame by frame, and what it said of it."""

    parser: Live
    said: list[AnyEvent]


def _passes(
    make: Callable[[], Live], body: bytes, bounds: list[int], count: int
) -> tuple[set[Plan], int]:
    """Cuttings that may matter, and the runs made: each frame cut at so many places, every way.

    Pass number n cuts every frame in its n-th way.
    """
    windows = list(pairwise(bounds))
    try:
        if not _is_one(make, body, bounds):
            return set(combinations(range(1, len(body)), count)), 0
        uncut = [_read_up_to(make, body, windows[: at + 1]) for at in range(len(windows))]
    except Exception:  # noqa: BLE001 -- whatever a parser under test raises
        return set(combinations(range(1, len(body)), count)), 0
    suspects: set[Plan] = set()
    runs = 0
    ways = [combinations(range(start + 1, end), count) for start, end in windows]
    while any(plans := [next(way, ()) for way in ways]):
        last = max(at for at, plan in enumerate(plans) if plan)
        cut = make()
        for at, (start, end) in enumerate(windows[: last + 1]):
            if not plans[at]:
                _feed(cut, body[start:end])
                continue
            runs += 1
            edges = pairwise((start, *plans[at], end))
            if not _is_same(cut, uncut[at], *(body[left:right] for left, right in edges)):
                suspects.add(plans[at])
                cut = _read_up_to(make, body, windows[: at + 1]).parser
    return suspects, runs


def _read_up_to(make: Callable[[], Live], body: bytes, windows: list[Window]) -> _Uncut:
    """A new parser that read all these windows, each in one piece."""
    parser = make()
    said: list[AnyEvent] = []
    for start, end in windows:
        said = _feed(parser, body[start:end])
    return _Uncut(parser, said)


def _feed(parser: Live, *pieces: bytes) -> list[AnyEvent]:
    """What it says of these pieces, and of an empty one.

    An empty piece adds nothing; it lets a parser drop what it held of the last one.
    """
    return [event for piece in (*pieces, b"") for event in parser.feed(piece)]


def _is_same(cut: Live, uncut: _Uncut, *pieces: bytes) -> bool:
    """Feed a window, cut inside; whether it says and leaves behind what the whole one did."""
    try:
        said = _feed(cut, *pieces)
    except Exception:  # noqa: BLE001 -- whatever a parser under test raises
        return False
    return said == uncut.said and same_state(cut, uncut.parser)
