"""The fast path over chunk objects says what the whole way says, whatever chunks come."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chunkproof import StreamParser, UsageError
from chunkproof.drivers.intake import json_value
from chunkproof.drivers.likeness import Likeness
from chunkproof.events import Text, ToolArguments
from tests.interface.streams import as_sdk, chunk, fragment, opening

TEXTS = st.sampled_from(["a", "b ", "é", '"', "\\", "}", "\ud83d", "\ude00", "", "{}", "x" * 9])


@st.composite
def chunk_values(draw: st.DrawFn) -> dict[str, Any]:
    """Chunks that nearly repeat: one kind of delta, odd members now and then."""
    piece = draw(TEXTS)
    delta: Any = draw(
        st.sampled_from(
            [
                {"content": piece},
                {"reasoning_content": piece},
                {"reasoning": piece},
                {"refusal": piece},
                {"role": "assistant", "content": piece},
                {"content": piece, "reasoning_content": "r"},
                {"tool_calls": [{"index": 0, "function": {"arguments": piece}}]},
                {"tool_calls": [{"index": 1, "function": {"arguments": piece}}]},
                {"tool_calls": [{"function": {"arguments": piece}}]},
                {"tool_calls": [{"index": 0, "function": {"arguments": piece}}] * 2},
                {"tool_calls": [{"index": 0, "id": "b", "function": {"arguments": piece}}]},
                {"tool_calls": [{"index": 0, "function": {"name": "f", "arguments": piece}}]},
                {"tool_calls": [{"index": 0, "id": "c", "function": {"name": "g"}}]},
                None,
            ]
        )
    )
    value = chunk(delta, finish=draw(st.sampled_from([None] * 9 + ["stop"])))
    if draw(st.integers(0, 3)) == 3:
        value |= draw(
            st.sampled_from(
                [
                    {"id": "other"},
                    {"obfuscation": piece},
                    {"p": piece},
                    {"usage": {"prompt_tokens": len(piece)}},
                    {"x": [piece]},
                    {"error": {"message": "m"}},
                    {"choices": []},
                    {"choices": [*value["choices"], *value["choices"]]},
                ]
            )
        )
    if draw(st.integers(0, 5)) == 5:
        del value[draw(st.sampled_from(["id", "model", "object", "created"]))]
    return value


def read(values: list[dict[str, Any]], *, fast: bool) -> tuple[list[Any], dict[str, Any], int]:
    parser, likeness = StreamParser(), Likeness()
    events: list[Any] = []
    liked = 0
    for value in values:
        one = as_sdk(value)
        event = likeness.take(one, parser) if fast else None
        if event is not None:
            liked += 1
            events.append(event)
            continue
        found = parser.feed_chunk(json_value(one))
        likeness.remember(one, found)
        events += found
    events += parser.close()
    return events, parser.result().to_dict(), liked


@given(st.lists(chunk_values(), max_size=12).map(lambda some: [one for one in some for _ in "12"]))
def test_the_fast_path_changes_nothing(values: list[dict[str, Any]]) -> None:
    """Same events, same result, for every sequence of chunks; each comes twice."""
    fast, slow = read(values, fast=True), read(values, fast=False)
    assert fast[:2] == slow[:2]


@pytest.mark.parametrize(
    "delta",
    [
        {"content": "a"},
        {"reasoning_content": "a"},
        {"reasoning": "a"},
        {"tool_calls": [{"index": 0, "function": {"arguments": "a"}}]},
    ],
)
@pytest.mark.parametrize("members", [{}, {"obfuscation": "x"}, {"p": "x"}, {"service_tier": "s"}])
def test_plain_chunks_take_it(delta: dict[str, Any], members: dict[str, Any]) -> None:
    """Else it would prove nothing: the first two of ten go the whole way, no more."""
    first = opening("f") if "tool_calls" in delta else chunk({"content": ""})
    plain = [
        chunk(json.loads(json.dumps(delta).replace('"a"', f'"{n}"')), **members) for n in range(10)
    ]
    assert read([first, plain[0], *plain[:9]], fast=True)[2] >= 8


@pytest.mark.parametrize(
    "delta",
    [
        {"content": "\ud83d", "reasoning_content": "r"},
        {"content": "t", "refusal": "\ud83d"},
        {"content": "t", "tool_calls": [{"index": 0, "function": {"arguments": "\ud83d"}}]},
    ],
)
def test_a_chunk_that_leaves_half_a_pair_waiting_goes_the_whole_way(delta: dict[str, Any]) -> None:
    """Its one event is not all that it did: the next half of that channel speaks of it."""
    values = [opening("f"), *[chunk(delta)] * 4]
    fast, slow = read(values, fast=True), read(values, fast=False)
    assert fast == (*slow[:2], 0)


def test_a_fragment_with_a_name_goes_the_whole_way() -> None:
    """What it means depends on the arguments so far (rule TOOL-4)."""
    assert read([fragment("1", id="a", name="f")] * 5, fast=True)[2] == 0


def test_a_closed_parser_takes_nothing() -> None:
    parser = StreamParser()
    parser.feed_chunk(chunk({"content": "a"}))
    parser.feed_like(Text(0, "a"), "b")
    parser.close()
    with pytest.raises(UsageError):
        parser.feed_like(Text(0, "a"), "c")


def test_a_parser_of_bytes_takes_no_chunks() -> None:
    parser = StreamParser()
    parser.feed(b"data: {}\n\n")
    with pytest.raises(UsageError):
        parser.feed_like(ToolArguments(0, 0, "a"), "b")
