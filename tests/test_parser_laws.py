"""Laws of all bodies: cutting never matters, garbage is never more than an error."""

import json
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chunkproof import StreamParser, parse
from chunkproof.errors import ParseError
from tests.expectation import Case
from tests.specification import all_cases, as_json, drain
from tests.wire import DONE, stop, text

BODIES: Final = [case for case in all_cases() if len(case.wire) < 4_000]

TOKENS: Final = (
    *(b"data: ", b"data:", b"data", b"event: error\n", b"id: 1\n", b"retry: 1\n", b": x\n", b"\n"),
    *(b"\n\n", b"\r", b"\r\n", b"\xef\xbb\xbf", b"\xff", b"\xf0\x9f", b"\x00", b"[DONE]", b"{}"),
    *(b'{"choices":', b'[{"index":0,"delta":', b'{"content":', b'"\\ud83d"', b"}", b"]", b","),
    *(b'"tool_calls":[{"index":', b'"id":"a"', b'"function":{"name":"f","arguments":"{"}', b"-1"),
    *(
        b"null",
        b"true",
        b"1e999",
        b"NaN",
        b'""',
        b'"error":',
        b'"usage":{"total_tokens":',
        b"[" * 9,
    ),
    text("Hi"),
    stop(),
    DONE,
)


@st.composite
def cuts(draw: st.DrawFn, body: bytes) -> list[bytes]:
    """Return pieces of the body, empty ones too; shrinks to one piece."""
    at = sorted(draw(st.lists(st.integers(0, len(body)), max_size=12)))
    return [body[start:stop] for start, stop in zip([0, *at], [*at, len(body)], strict=True)]


def bodies_of_tokens() -> st.SearchStrategy[bytes]:
    """Return bodies that look like streams from afar; shrinks to the empty body."""
    return st.lists(st.sampled_from(TOKENS), max_size=60).map(b"".join)


def never_another_error(pieces: list[bytes], *, strict: bool) -> None:
    """Feed and close; whatever comes out is events, a plain JSON result, or `ParseError`."""
    parser = StreamParser(strict=strict, max_frame_bytes=5_000)
    try:
        drain(pieces, parser=parser)
    except ParseError as error:
        assert strict, "only strict reading raises"
        as_json(error.events)
    result = parser.result().to_dict()
    json.dumps(result, ensure_ascii=False, allow_nan=False).encode()


@given(st.data())
def test_cutting_does_not_change_the_events(data: st.DataObject) -> None:
    """However the body is cut, the events are those of the whole body."""
    case: Case = data.draw(st.sampled_from(BODIES))
    whole = drain([case.wire], case.close_error)
    assert drain(data.draw(cuts(case.wire)), case.close_error) == whole


@given(st.data())
def test_cutting_garbage_does_not_change_the_events(data: st.DataObject) -> None:
    """The law holds for bytes that no server would send."""
    body = data.draw(bodies_of_tokens())
    assert drain(data.draw(cuts(body))) == drain([body])


@given(st.binary(max_size=300) | bodies_of_tokens(), st.booleans())
def test_garbage_gives_events_or_a_parse_error(body: bytes, strict: bool) -> None:
    """No bytes raise anything but `ParseError`, and that only in strict reading."""
    never_another_error([body], strict=strict)


@given(st.data())
def test_one_wrong_byte_gives_events_or_a_parse_error(data: st.DataObject) -> None:
    """A good stream with one byte changed, lost or doubled is still read to its end."""
    body = bytearray(data.draw(st.sampled_from(BODIES)).wire or b"x")
    at = data.draw(st.integers(0, len(body) - 1))
    body[at : at + 1] = data.draw(st.binary(max_size=2))
    never_another_error([bytes(body)], strict=data.draw(st.booleans()))
    assert drain([bytes(body)]) == drain([bytes(body[:at]), bytes(body[at:])])


MEMBERS: Final = st.sampled_from(
    [
        *("choices", "delta", "index", "content", "tool_calls", "function", "name", "arguments"),
        *("id", "model", "created", "usage", "error", "message", "code", "finish_reason", "audio"),
        *("logprobs", "refusal", "reasoning", "reasoning_details", "annotations", "images", "x"),
        *("function_call", "type", "text", "thinking", "custom", "object", "expires_at", "x_groq"),
    ]
)

LETTERS: Final = st.lists(
    st.sampled_from(["a", "{", "}", '"', "\\", "\ud83d", "\ude00", "é", "1", "\n"]), max_size=5
).map("".join)

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | LETTERS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(MEMBERS, inner, max_size=4),
    max_leaves=12,
)


def chunks() -> st.SearchStrategy[object]:
    """Return chunks whose members have any kind; shrinks to an empty choice."""
    deltas = st.dictionaries(MEMBERS, JSON_VALUES, max_size=4)
    choices = st.fixed_dictionaries(
        {"delta": deltas},
        optional={"index": JSON_VALUES, "finish_reason": JSON_VALUES, "logprobs": JSON_VALUES},
    )
    return st.fixed_dictionaries(
        {"choices": st.lists(choices, max_size=2)},
        optional={"usage": JSON_VALUES, "id": JSON_VALUES, "error": JSON_VALUES, "x": JSON_VALUES},
    )


@given(st.lists(chunks(), max_size=4))
def test_members_of_any_kind_give_events(values: list[object]) -> None:
    """Whatever kind a member has, bytes and chunks of it are read alike."""
    body = b"".join(b"data: " + json.dumps(value).encode() + b"\n\n" for value in values)
    never_another_error([body], strict=False)
    whole = parse([body]).to_dict()
    assert parse(bytes([byte]) for byte in body).to_dict() == whole
    parser = StreamParser()
    for value in values:
        parser.feed_chunk(json.loads(json.dumps(value)))
    parser.close()
    entered = parser.result().to_dict()
    json.dumps(entered, ensure_ascii=False, allow_nan=False).encode()
    texts = [[choice["text"] for choice in one["choices"]] for one in (whole, entered)]
    assert texts[0] == texts[1]


@pytest.mark.slow
@settings(max_examples=5_000, deadline=None)
@given(st.data())
def test_garbage_at_length(data: st.DataObject) -> None:
    """The same laws, for many more bodies."""
    body = data.draw(st.binary(max_size=2_000) | bodies_of_tokens())
    never_another_error([body], strict=data.draw(st.booleans()))
    assert drain(data.draw(cuts(body))) == drain([body])


@pytest.mark.slow
@pytest.mark.parametrize("case", BODIES[::20], ids=lambda case: case.name)
def test_every_pair_of_cuts_of_a_short_body(case: Case) -> None:
    """Three pieces are no other than one: every pair of cuts in a stream's first 160 bytes."""
    body = case.wire[:160]
    whole = drain([body])
    for first in range(len(body)):
        for second in range(first, len(body)):
            assert drain([body[:first], body[first:second], body[second:]]) == whole
