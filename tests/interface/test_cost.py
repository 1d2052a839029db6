"""What a step costs: memory beside its arguments, and properties that hold for any arguments."""

import asyncio
import json
import sys
import tracemalloc
from collections.abc import Callable, Iterator
from itertools import pairwise, repeat
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chunkproof_conformance.judge.messages import joined
from chunkproof_conformance.oracles.messages import expect_messages
from chunkproof_conformance.synth.message import Call, Choice, Message
from tests.interface.streams import Stream, as_sdk, call, finish, fragment, interface, opening, run
from tests.interface.test_expected_messages import observed

SIZE = 100_000
CONSTANT = 300_000
"""Bytes: the parser, the client's models and one event loop."""


def long(before: str, after: str) -> Callable[[], Iterator[Any]]:
    """The pieces of a call with one long member, four characters each."""

    def chunks() -> Iterator[Any]:
        yield from map(as_sdk, (opening(), fragment(before)))
        yield from repeat(as_sdk(fragment("abc ")), SIZE // 4)
        yield from map(as_sdk, (fragment(after), finish()))

    return chunks


@pytest.mark.slow
@pytest.mark.parametrize("uam", [False, True])
@pytest.mark.parametrize(
    ("chunks", "times"),
    [
        (long('{"thinking":"t","message":"', '"}'), 3),
        (long('{"thinking":"', '","message":"m"}'), 3),
        (long('{"note":"', '","message":"m"}'), 3),
        (long('{"message":["', '"]}'), 3),
    ],
    ids=["message", "thoughts", "before the message", "no text"],
)
def test_memory(chunks: Callable[[], Iterator[Any]], times: int, uam: bool) -> None:
    """At most so many times the arguments, messages dropped as they come."""
    made = interface(use_assistant_message=uam)

    async def consume() -> None:
        async for _ in made.process(Stream(chunks())):
            pass

    tracemalloc.start()
    try:
        asyncio.run(consume())
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    arguments = sys.getsizeof(made.get_tool_call_object().function.arguments)
    assert peak <= times * arguments + CONSTANT


TEXT = st.text(st.characters(codec="utf-8"), max_size=6)
VALUES = st.recursive(
    st.one_of(TEXT, TEXT, st.none(), st.booleans(), st.integers(-99, 99)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=2), st.dictionaries(TEXT | st.just("thinking"), inner, max_size=2)
    ),
    max_leaves=4,
)
KEYS = st.sampled_from(["thinking", "message", "a", "b", 'q"\\', "é"])
SEPARATORS = st.sampled_from([(",", ":"), (", ", ": "), (" ,\n ", " : ")])


@st.composite
def documents(draw: st.DrawFn) -> str:
    """Arguments as any server might spell them."""
    value = draw(st.dictionaries(KEYS, VALUES, max_size=4))
    return json.dumps(value, ensure_ascii=draw(st.booleans()), separators=draw(SEPARATORS))


def pieces_of(text: str, places: list[int]) -> list[str]:
    edges = [0, *sorted({place % (len(text) + 1) for place in places}), len(text)]
    return [text[start:end] for start, end in pairwise(edges) if start < end]


@given(
    documents(),
    st.lists(st.integers(0, 999), max_size=12),
    st.sampled_from(["send_message", "calc"]),
    st.booleans(),
)
def test_any_arguments_however_cut(arguments: str, places: list[int], name: str, uam: bool) -> None:
    """The messages are those that the oracle reads off the whole arguments."""
    seen = run(call(pieces_of(arguments, places), name), uam=uam)
    message = Message((Choice((Call("call_A", name, arguments),), "tool_calls"),))
    expected = expect_messages(message)[f"use_assistant_message={str(uam).lower()}"]
    assert seen.exception is None
    assert joined(list(observed(seen))) == expected


@given(st.text('{}[]",:\\ thinkgmesa1u\n', max_size=40), st.lists(st.integers(0, 40), max_size=5))
def test_broken_arguments_lose_nothing(arguments: str, places: list[int]) -> None:
    """Whatever the arguments are: no exception but IncompleteStream, the same for every cut."""
    whole = run(call([arguments] if arguments else [], "calc"))
    cut = run(call(pieces_of(arguments, places), "calc"))
    assert cut.said == whole.said
    assert cut.exception is None
    assert cut.interface.get_tool_call_object().function.arguments == arguments
