"""Every cut of a body, and what it changes.

In one piece, cut at every place, at every pair of places of a short body, byte by byte; of a
long body, the places where parsers go wrong. Two ways to go through the single cuts:

- `single_cuts` reads the body anew for every cut, over any connection;
- `stepwise_cuts` needs a parser that can be looked at. It reads windows of three frames, cut
  once in the middle one, beside an uncut parser, and compares the two at the window's end.
  Where everything they hold is equal, whatever follows is equal too, so the same two parsers
  go on to the next window: a pass over the body makes one cut in every third frame.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from itertools import combinations, pairwise
from json import JSONDecoder
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec

from chunkproof_conformance.laws.cutting import breaks, random_of
from chunkproof_conformance.laws.frames import read_frames
from chunkproof_conformance.laws.meaning import everything
from chunkproof_conformance.laws.subject import Subject, body_of
from chunkproof_conformance.synth.cuts import every

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

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


@dataclass(frozen=True)
class Findings:
    """What cutting changed. runs: cut runs made, by either way. cuts: those that differ."""

    runs: int
    cuts: tuple[tuple[int, ...], ...] = ()
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


def _brute(subject: Subject, stream: Stream, plans: Iterable[tuple[int, ...]]) -> Findings:
    whole = everything(subject.read(stream, body_of(stream)))
    runs, found, first = 0, [], ""
    for plan in plans:
        runs += 1
        what = breaks(subject, stream, whole, plan)
        if what is not None:
            found.append(plan)
            first = first or what
    return Findings(runs, tuple(found), first)


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
    suspects: set[int] = set()
    runs = 0
    for shift in range(3):
        suspects |= _uncut(subject.open, body, bounds[shift:])
        windows = [
            (bounds[at - 1], bounds[at], bounds[at + 1], bounds[at + 2])
            for at in range(1 + shift, len(bounds) - 2, 3)
        ]
        found, spent = _passes(subject.open, body, windows)
        suspects |= found
        runs += spent
    # The first and the last frame are in the middle of no window, and bounds are cuts too.
    edges = {*range(1, bounds[1] + 1), *range(bounds[-2], len(body)), *bounds}
    again = sorted(place for place in suspects | edges if 0 < place < len(body))
    brute = single_cuts(subject, stream, again)
    return Findings(runs + brute.runs, brute.cuts, brute.what)


def _bounds(body: bytes) -> list[int]:
    """Offsets between which windows are made: 0, the frame ends, the length."""
    ends = {frame.end for frame in read_frames(body)}
    return sorted({0, len(body), *ends})


def _uncut(make: Callable[[], Live], body: bytes, bounds: list[int]) -> set[int]:
    """Bounds at which pieces of three frames do not say what the whole body says."""
    whole, pieces = make(), make()
    try:
        expected = whole.feed(body)
        said = []
        edges = [0, *bounds[::3], len(body)]
        for start, end in pairwise(edges):
            said += pieces.feed(body[start:end]) if start < end else []
    except Exception:  # noqa: BLE001 -- whatever a parser under test raises
        return set(range(1, len(body)))
    return set() if said == expected else set(range(1, len(body)))


Window = tuple[int, int, int, int]
"""Start, start and end of the frame that is cut, end."""


class _Uncut(NamedTuple):
    """A parser that read a body up to a window's end, no frame cut, and what it said of it."""

    parser: Live
    said: list[AnyEvent]


def _passes(make: Callable[[], Live], body: bytes, windows: list[Window]) -> tuple[set[int], int]:
    """Places that may matter, and the cut runs made: pass number n cuts n bytes into a frame."""
    try:
        uncut = [_read_up_to(make, body, windows[: at + 1]) for at in range(len(windows))]
    except Exception:  # noqa: BLE001 -- whatever a parser under test raises
        return set(range(1, len(body))), 0
    suspects: set[int] = set()
    runs = 0
    for depth in range(1, max((end - start for _, start, end, _ in windows), default=0)):
        deep = [at for at, window in enumerate(windows) if window[1] + depth < window[2]]
        cut = make()
        cut.feed(body[: windows[0][0]])
        for at, window in enumerate(windows[: deep[-1] + 1]):
            place = window[1] + depth
            if place >= window[2]:
                _feed(cut, body[window[0] : window[3]])
                continue
            runs += 1
            if not _is_same(cut, uncut[at], body, (window[0], place, window[3])):
                suspects.add(place)
                cut = _read_up_to(make, body, windows[: at + 1]).parser
    return suspects, runs


def _read_up_to(make: Callable[[], Live], body: bytes, windows: list[Window]) -> _Uncut:
    """A new parser that read all these windows, each in one piece."""
    parser = make()
    parser.feed(body[: windows[0][0]])
    said: list[AnyEvent] = []
    for start, _, _, end in windows:
        said = _feed(parser, body[start:end])
    return _Uncut(parser, said)


def _feed(parser: Live, *pieces: bytes) -> list[AnyEvent]:
    """What it says of these pieces, and of an empty one.

    An empty piece adds nothing; it lets a parser drop what it held of the last one.
    """
    return [event for piece in (*pieces, b"") for event in parser.feed(piece)]


def _is_same(cut: Live, uncut: _Uncut, body: bytes, at: tuple[int, int, int]) -> bool:
    """Feed a window, cut inside; whether it says and leaves behind what the whole one did."""
    start, place, end = at
    try:
        said = _feed(cut, body[start:place], body[place:end])
    except Exception:  # noqa: BLE001 -- whatever a parser under test raises
        return False
    return said == uncut.said and same_state(cut, uncut.parser)


def same_state(one: Any, other: Any) -> bool:
    """Whether two parsers hold the same, all the way down.

    Values are compared by value, objects member by member, functions by what they are and
    what they are bound to. Places where state could hide from this (closures, files, threads)
    have none in a parser without input or output.
    """
    return _same(one, other, set())


_PLAIN: Final = (str, bytes, bytearray, int, float, bool, type(None), set, frozenset)
_STATELESS: Final = (type(vars(JSONDecoder())["scan_once"]),)
"""Made once of their options, which their owners hold too."""


def _same(one: Any, other: Any, seen: set[tuple[int, int]]) -> bool:
    if one is other:
        return True
    if type(one) is not type(other):
        return False
    if isinstance(one, _PLAIN):
        return bool(one == other)
    if (id(one), id(other)) in seen:
        return True
    seen.add((id(one), id(other)))
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(
            a is b or _same(a, b, seen) for a, b in zip(one, other, strict=True)
        )
    if isinstance(one, dict):
        return list(one) == list(other) and all(_same(one[name], other[name], seen) for name in one)
    if isinstance(one, partial):
        parts = ((one.func, one.args, one.keywords), (other.func, other.args, other.keywords))
        return _same(parts[0], parts[1], seen)
    if isinstance(one, MethodType):
        return bool(one.__func__ is other.__func__) and _same(one.__self__, other.__self__, seen)
    if isinstance(one, FunctionType | BuiltinFunctionType | type):
        return bool(one == other)
    if isinstance(one, _STATELESS):
        return True
    names = list(_members(one))
    if not names:  # of a kind that shows nothing: no more is known than what it says itself
        return bool(one == other)
    return all(_same(getattr(one, name, None), getattr(other, name, None), seen) for name in names)


def _members(value: Any) -> Iterator[str]:
    """The names of what an object holds."""
    if isinstance(value, msgspec.Struct):
        yield from value.__struct_fields__
        return
    yield from getattr(value, "__dict__", ())
    for kind in type(value).__mro__:
        slots = getattr(kind, "__slots__", ())
        yield from (slots,) if isinstance(slots, str) else slots
