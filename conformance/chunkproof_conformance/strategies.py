"""Hypothesis strategies for streams of chat completions, for anybody's own tests.

    @given(st.data())
    def test_cutting_does_not_matter(data):
        stream = data.draw(strategies.streams())
        assert my_parser(data.draw(strategies.pieces(stream.body))) == my_parser([stream.body])

Values are made forwards: a message first, then a dialect's chunks of it, then bytes, then
pieces. So the truth is known (`Streamed.truth`) and examples shrink to short, readable ones.
Needs `pip install 'chunkproof[fuzz]'`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from random import Random
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from hypothesis import reject
from hypothesis import strategies as st

from chunkproof_conformance.laws.ending import ERRORS
from chunkproof_conformance.synth import plan as plans
from chunkproof_conformance.synth.brief import Brief
from chunkproof_conformance.synth.cuts import pieces_at
from chunkproof_conformance.synth.dialect import CannotSay
from chunkproof_conformance.synth.dialects.catalogue import DIALECTS
from chunkproof_conformance.synth.framing import Framing, to_bytes, to_json
from chunkproof_conformance.synth.message import (
    Call,
    Choice,
    Failure,
    Message,
    Reasoning,
    Refusal,
    Text,
    Usage,
    truth,
)
from chunkproof_conformance.synth.render import chunks_of, render
from chunkproof_conformance.synth.rewrites.catalogue import REWRITES

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from chunkproof_conformance.synth.dialect import Dialect
    from chunkproof_conformance.synth.framing import Frame
    from chunkproof_conformance.synth.message import Segment
    from chunkproof_conformance.synth.plan import Plan
    from chunkproof_conformance.synth.rewrites.rewrite import Rewrite

FEATURES: Final = frozenset(
    {
        *("text", "reasoning", "refusal", "calls", "parallel", "legacy", "choices"),
        *("finish", "usage", "error", "done"),
    }
)
"""What `messages` can say; a dialect's `says` may hold more."""
SPOKEN: Final = frozenset({"text", "reasoning", "refusal", "calls", "legacy"})
"""Of these, what a choice says something with."""

NASTY: Final = (
    "[DONE]",
    "data: ",
    "\n\n",
    "\r",
    "\u2028",
    "\x85",
    "\x00",
    "\ufeff",
    "\U0001f600",
    "\ud83d",
    "\ude00",
    "e\u0301",
    '"',
    "\\",
    "\\u0041",
    "</think>",
    ": ",
    "{",
    " ",
)
"""What breaks parsers when a model says it."""


# --- pieces


def cuts(body: bytes, *, max_cuts: int = 8) -> st.SearchStrategy[tuple[int, ...]]:
    """Offsets to cut this body at: ascending, inside it. Shrinks to no cut, then to early ones.

    Raises: ValueError for a negative `max_cuts`.
    """
    if max_cuts < 0:
        raise ValueError(f"max_cuts is a number of cuts, 0 or more, not {max_cuts}")
    if len(body) < 2:
        return st.just(())
    places = st.integers(1, len(body) - 1)
    few = st.sets(places, max_size=min(max_cuts, len(body) - 1))
    return few.map(lambda found: tuple(sorted(found)))


def pieces(body: bytes, *, max_cuts: int = 8) -> st.SearchStrategy[tuple[bytes, ...]]:
    """The body as a network might hand it over; no piece is empty. Shrinks to one piece."""
    return cuts(body, max_cuts=max_cuts).map(lambda offsets: pieces_at(body, offsets))


# --- what a model says


def texts(*, min_size: int = 1, max_size: int = 12) -> st.SearchStrategy[str]:
    """What a model may say, with what breaks parsers in it. Shrinks to "0" or "".

    Sizes are in parts: letters, or one of `NASTY`. Halves of surrogate pairs are in it.
    Raises: ValueError for sizes that no text has.
    """
    if not 0 <= min_size <= max_size:
        raise ValueError(f"no text has from {min_size} to {max_size} parts")
    letter = st.characters(codec="utf-8")
    parts = st.lists(letter | st.sampled_from(NASTY), min_size=min_size, max_size=max_size)
    # A plain text is one choice: so it goes out of an example as a whole.
    plain = st.text(letter, min_size=min_size, max_size=max_size)
    nasty = parts.map("".join)
    return plain | nasty | nasty


def _encodable(text: str) -> str:
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


_SHORT: Final = texts(min_size=0, max_size=4).map(_encodable)


def json_values(*, max_leaves: int = 8) -> st.SearchStrategy[Any]:
    """Any JSON value whose strings can be written. Shrinks to null."""
    floats = st.floats(allow_nan=False, allow_infinity=False)
    leaves: st.SearchStrategy[Any] = st.none() | st.booleans() | st.integers() | floats | _SHORT
    return st.recursive(
        leaves,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_SHORT, inner, max_size=3),
        max_leaves=max_leaves,
    )


def tool_arguments(
    *,
    valid: bool | None = True,
    max_leaves: int = 8,
    depth: int = 60,
    length: int = 4_000,
    keys: Sequence[str] = (),
) -> st.SearchStrategy[str]:
    """Arguments of a call as raw text. Shrinks to `{}`, or to `{` or nothing, as `valid` lets it.

    valid: JSON; False: JSON that breaks off; None: either, or no arguments at all. Some are
    nested `depth` levels deep, some have a string of `length` code points. keys: names that
    members have more often than by chance.
    Raises: ValueError where the depth is over what parsers must read, or a size is negative.
    """
    if not 0 <= depth <= 200 or max_leaves < 0 or length < 0:
        raise ValueError("0 to 200 levels, and sizes of 0 or more")
    named = texts(max_size=3).map(_encodable)
    if keys:
        named = st.sampled_from(tuple(keys)) | named
    members = st.dictionaries(named, json_values(max_leaves=max_leaves), max_size=3)
    framing = st.sampled_from((Framing(), Framing(ascii=True), Framing(separators=(", ", ": "))))
    objects = st.builds(to_json, members, framing)
    deep = st.integers(0, depth).map(lambda n: '{"a":' * n + "{}" + "}" * n)
    long = st.integers(0, length).map(lambda n: '{"a":"' + "x" * n + '"}')
    whole = objects | deep | long
    broken = whole.flatmap(lambda text: st.integers(1, len(text) - 1).map(lambda at: text[:at]))
    if valid is None:
        return whole | st.just("") | broken
    return whole if valid else broken


# Made once: what a strategy is made of is worked out at its first draw, which takes longer
# than the draw.
_RARELY: Final = st.integers(0, 7).map(lambda lot: lot == 7)
"""True now and then; shrinks to False."""
_TEXTS: Final = texts()
_NAMES: Final = st.sampled_from(("f", "get_weather", "send-message", "x" * 64))
_ARGUMENTS: Final = tool_arguments()
_COUNTS: Final = st.none() | st.builds(Usage, *[st.integers(1, 10_000)] * 3)


class _Sources(NamedTuple):
    """What may be said, and what is drawn where it is."""

    said: frozenset[str]
    fails: bool
    speech: st.SearchStrategy[str]
    names: st.SearchStrategy[str]
    arguments: st.SearchStrategy[str]


@st.composite
def messages(
    draw: st.DrawFn,
    *,
    says: Collection[str] = FEATURES,
    max_segments: int = 4,
    max_choices: int = 2,
    speech: st.SearchStrategy[str] | None = None,
    names: st.SearchStrategy[str] | None = None,
    arguments: st.SearchStrategy[str] | None = None,
) -> Message:
    """What one stream says, from its first word to its end. Shrinks to one choice that says "0";
    where no text may be said, to one other thing.

    says: what may be in it, names of `FEATURES`; a dialect's `says` will do. speech:
    what is said, where not any of `texts()`. names, arguments: of its calls, where not those
    that any tool may have. Raises: ValueError where nothing can be said, or for sizes under 1.
    """
    said = frozenset(says)
    if not said & SPOKEN or max_choices < 1:
        raise ValueError(f"nothing can be said with {sorted(said)} in {max_choices} choices")
    if max_segments < 1:
        raise ValueError(f"max_segments is 1 or more, not {max_segments}")
    # All is drawn for every `says`, and dropped where it may not be said: then an example of
    # one dialect shrinks into one of another.
    number = draw(st.integers(1, max_choices))
    fails = draw(_RARELY) and {"error", "finish"} <= said
    counts = draw(_COUNTS)
    number = number if "choices" in said else 1
    sources = _Sources(
        said,
        fails,
        _TEXTS if speech is None else speech,
        _NAMES if names is None else names,
        _ARGUMENTS if arguments is None else arguments,
    )
    choices = [draw(_choices(index, max_segments, sources)) for index in range(number)]
    usage = counts if "usage" in said and not fails else None
    failure = Failure("overloaded", "server_error") if fails else None
    return Message(tuple(choices), usage, failure, "done" if "done" in said else "eof")


_SPEECH: Final[dict[str, type[Text | Reasoning | Refusal]]] = {
    "reasoning": Reasoning,
    "text": Text,
    "refusal": Refusal,
}
"""In the order in which a choice says them."""
_KINDS: Final = ("text", "calls", "reasoning", "refusal", "calls", "legacy")
"""What a part may be, the plainest first. Calls twice: most mistakes are made with them."""


@st.composite
def _parts(draw: st.DrawFn, sources: _Sources) -> tuple[str, str, str]:
    """One thing said: its kind, the name of a call, and the text or the arguments.

    The kind takes one choice whatever may be said, and content follows it: so a part can be
    taken out, and one dialect put in the place of another.
    """
    kind = draw(st.sampled_from(_KINDS))
    if kind not in sources.said:
        kind = next(name for name in _KINDS if name in sources.said)
    if kind in _SPEECH:
        return kind, "", draw(sources.speech)
    return kind, draw(sources.names), draw(sources.arguments)


@st.composite
def _choices(draw: st.DrawFn, index: int, max_segments: int, sources: _Sources) -> Choice:
    said = sources.said
    parts = draw(st.lists(_parts(sources), min_size=1, max_size=max_segments))
    first = {kind: text for kind, _, text in reversed(parts)}
    spoken: list[Segment] = [make(first[kind]) for kind, make in _SPEECH.items() if kind in first]
    most = 3 if "parallel" in said else 1
    called = [part for part in parts if part[0] == "calls"][:most]
    calls = [Call(f"call-{index}-{at}", *part[1:]) for at, part in enumerate(called)]
    if not calls:
        calls = [Call(None, *part[1:], legacy=True) for part in parts if part[0] == "legacy"][:1]
    number = draw(st.integers(0, 2))
    reason: str | None = ("stop", "length", "content_filter")[number]
    if calls:
        reason = (
            "function_call" if calls[0].legacy else ("tool_calls", "stop", "tool_calls")[number]
        )
    if sources.fails or "finish" not in said:
        reason = None
    return Choice((*spoken, *calls), reason, index)


# --- streams


@dataclass(frozen=True, repr=False)
class Streamed(Brief):
    """A stream whose truth is known."""

    body: bytes
    message: Message
    dialect: Dialect
    framing: Framing

    @property
    def truth(self) -> dict[str, Any]:
        """The levels final and sequence, as an expected file holds them."""
        return truth(self.message)

    def __repr__(self) -> str:
        return f"Streamed({self.dialect.name}, {self.framing}, {self.message},\n{self.body!r})"


def dialects(names: Sequence[str] | None = None) -> st.SearchStrategy[Dialect]:
    """One vendor's way: all that can say what `messages` draws, or these. Shrinks to the first,
    `generic` if it is there.

    Raises: ValueError for a name that no dialect has.
    """
    unknown = [name for name in names or () if name not in DIALECTS]
    if unknown or (names is not None and not names):
        raise ValueError(f"no dialect {', '.join(unknown) or 'at all'}; see DIALECTS")
    able = [name for name in DIALECTS if DIALECTS[name].says & SPOKEN]
    known = list(names) if names is not None else sorted(able, key=lambda n: n != "generic")
    return st.sampled_from([DIALECTS[name] for name in known])


def frames(dialect: Dialect, message: Message) -> st.SearchStrategy[list[Frame]]:
    """The frames of a message in a dialect, cut into deltas in any way. Shrinks to few deltas.

    Raises: CannotSay, where the dialect cannot say the message.
    """
    render(dialect, message)
    return _plans(message).map(lambda steps: render(dialect, message, steps))


def chunks(dialect: Dialect, message: Message) -> st.SearchStrategy[list[dict[str, Any]]]:
    """The chunks of a message in a dialect, as JSON values. Shrinks to few deltas.

    Raises: CannotSay, where the dialect cannot say the message.
    """
    return frames(dialect, message).map(chunks_of)


@st.composite
def _plans(draw: st.DrawFn, message: Message) -> Plan:
    """A way to say the message in fragments; choices may speak in turn."""
    given = {
        (number, position): draw(_fragments(segment.text))
        for number, choice in enumerate(message.choices)
        for position, segment in enumerate(choice.segments)
        if segment.text
    }
    steps = plans.plan(message, given=given)
    return plans.in_turn(steps) if len(message.choices) > 1 and draw(st.booleans()) else steps


def _fragments(text: str) -> st.SearchStrategy[list[str]]:
    places = st.sets(st.integers(1, max(1, len(text) - 1)), max_size=5)

    def cut(found: set[int]) -> list[str]:
        edges = [0, *sorted(place for place in found if place < len(text)), len(text)]
        return [text[start:end] for start, end in pairwise(edges)]

    return places.map(cut)


def framings(base: Framing = Framing()) -> st.SearchStrategy[Framing]:  # noqa: B008 -- immutable
    """Ways to spell frames that all mean the same. Shrinks to `base`."""

    def spelt(line_end: str, space: str, bom: bool, ascii_: bool, wide: bool) -> Framing:
        separators = (", ", ": ") if wide else base.separators
        return replace(
            base, line_end=line_end, space=space, bom=bom, ascii=ascii_, separators=separators
        )

    return st.builds(
        spelt,
        st.sampled_from((base.line_end, "\r\n", "\r")),
        st.sampled_from((base.space, "")),
        _RARELY,
        st.booleans(),
        st.booleans(),
    )


@st.composite
def streams(
    draw: st.DrawFn,
    *,
    dialects: Sequence[str] | None = None,
    framed: bool = True,
    messages: Callable[[frozenset[str]], st.SearchStrategy[Message]] | None = None,
) -> Streamed:
    """A whole stream with its truth. Shrinks to "0", said by the first dialect in its spelling.

    dialects: names; all there are where None, `generic` first. framed: spelt in any way WHATWG
    allows; else as the dialect spells it. messages: what is said, given what may be; else any.
    Raises: ValueError for a name that no dialect has.
    """
    dialect = draw(_dialects(dialects))
    says = sayable(dialect)
    message = draw(_messages(says=says) if messages is None else messages(says))
    framing = draw(framings(dialect.framing)) if framed else dialect.framing
    try:
        rendered = draw(frames(dialect, message))
    except CannotSay:
        # A dialect knows some beginnings alone (two calls, say); which, only rendering tells.
        reject()
    return Streamed(to_bytes(rendered, framing), message, dialect, framing)


def sayable(dialect: Dialect) -> frozenset[str]:
    """What is drawn for a dialect: an error is said in another chunk than a finish reason.

    For `says` of `messages`.
    """
    left_out = {"error"} if dialect.error_finishes else set()
    return (dialect.says & FEATURES) - left_out


_dialects: Final = dialects
_messages: Final = messages
"""`streams` has options of the same names."""


# --- what may and what must not be seen through


@dataclass(frozen=True, repr=False)
class Rewriting(Brief):
    """A rewrite with its lot drawn: bytes to bytes, the same every time."""

    rewrite: Rewrite
    seed: int

    def __call__(self, body: bytes) -> bytes | None:
        """The body rewritten; None where the rewrite has nothing to do on it."""
        return self.rewrite(body, Random(self.seed))  # noqa: S311 -- lots, no secrets

    def __repr__(self) -> str:
        return f"Rewriting({self.rewrite.name}, lot {self.seed})"


def rewrites(names: Sequence[str] | None = None) -> st.SearchStrategy[Rewriting]:
    """Changes a parser must see through, each with its invariant. Shrinks to the first.

    Raises: ValueError for a name that no rewrite has.
    """
    unknown = [name for name in names or () if name not in REWRITES]
    if unknown:
        raise ValueError(f"no rewrite {', '.join(unknown)}; see REWRITES")
    found = [REWRITES[name] for name in (names if names is not None else REWRITES)]
    return st.builds(Rewriting, st.sampled_from(found), st.integers(0, 2**16))


@dataclass(frozen=True)
class Fault:
    """Something that goes wrong with a body on its way."""

    kind: str
    at: float
    """Where, as a share of the body."""
    what: bytes = b""

    def __call__(self, body: bytes) -> bytes:
        """The body after it."""
        at = min(int(self.at * len(body)), max(0, len(body) - 1))
        frame = body.rfind(b"\n\n", 0, at + 1)
        match self.kind:
            case "cut off":
                return body[:at]
            case "byte lost":
                return body[:at] + body[at + 1 :]
            case "byte doubled":
                return body[: at + 1] + body[at:]
            case "byte changed":
                return body[:at] + self.what[:1] + body[at + 1 :]
            case "stretch repeated":
                return body[:at] + body[max(0, at - 40) :]
            case _:  # an error, between two frames
                start = frame + 2 if frame >= 0 else 0
                return body[:start] + self.what + body[start:]


FAULTS: Final = ("cut off", "byte lost", "byte doubled", "byte changed", "stretch repeated")


def faults(kinds: Sequence[str] = (*FAULTS, "error")) -> st.SearchStrategy[Fault]:
    """What goes wrong on the way: cuts, damaged bytes, an error said in between.

    Shrinks to a body cut off at its start. Raises: ValueError for a kind that there is not.
    """
    unknown = [kind for kind in kinds if kind not in {*FAULTS, "error"}]
    if unknown or not kinds:
        raise ValueError(f"no fault {', '.join(unknown) or 'at all'}; there are {FAULTS}, error")
    places = st.floats(0, 1)
    plain = [st.builds(Fault, st.just(kind), places, st.binary(min_size=1, max_size=1))
             for kind in kinds if kind != "error"]  # fmt: skip
    if "error" in kinds:
        errors = st.sampled_from(list(ERRORS.values()))
        plain.append(st.builds(Fault, st.just("error"), places, errors))
    return st.one_of(plain)


_TOKENS: Final = (
    *(b"data: ", b"data:", b"event: error\n", b"id: 1\n", b"retry: 1\n", b": x\n", b"\n", b"\n\n"),
    *(b"\r", b"\r\n", b"\xef\xbb\xbf", b"\xff", b"\xf0\x9f", b"\x00", b"[DONE]", b"{}", b"null"),
    *(b'{"choices":[{"index":0,"delta":{', b'"content":"', b'"tool_calls":[{"index":0,'),
    *(b'"function":{"arguments":"', b'"finish_reason":"stop"', b'"usage":{', b'"error":'),
    *(b'"\\ud83d"', b"}", b"]", b'"', b",", b"1e999", b"NaN", b"[" * 40, b"-1", b"}}]}\n\n"),
)


def garbage(*, max_size: int = 40) -> st.SearchStrategy[bytes]:
    """Bytes that look like a stream from afar, or not at all. Shrinks to the empty body.

    max_size: in tokens. Raises: ValueError where it is negative.
    """
    if max_size < 0:
        raise ValueError(f"max_size is 0 or more, not {max_size}")
    tokens = st.lists(st.sampled_from(_TOKENS), max_size=max_size).map(b"".join)
    return tokens | st.binary(max_size=max_size * 4)
