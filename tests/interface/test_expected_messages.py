"""The interface against the corpus: the messages of every case of the profile inner-thoughts.

The expected files were written by an oracle that reads whole arguments and shares no code
with the interface.
"""

import asyncio
import inspect
from collections.abc import Iterator
from typing import Any

import httpx2
import openai
import pytest

from chunkproof.interface import IncompleteStream, StreamFailed
from chunkproof_conformance.cases.expected import read_expected
from chunkproof_conformance.cases.index import case_ids, load_case
from chunkproof_conformance.judge.messages import judge_messages
from chunkproof_conformance.oracles import messages as oracle
from chunkproof_conformance.synth.message import Call, Choice, Message, Reasoning, Text
from tests.interface.streams import Run, interface, segments
from tests.interface.test_real_client import PieceTransport, read

CASES = [case_id for case_id in case_ids() if "messages" in read_expected(case_id)]


def observed(seen: Run) -> Iterator[dict[str, Any]]:
    """What a consumer saw, as entries; each with its segment."""
    numbers = iter(segments(seen.messages))
    for message in seen.messages:
        value = message.model_dump(mode="json")
        kind = value["message_type"]
        if kind == "stop_reason":
            yield {"kind": "stop_reason", "reason": value["stop_reason"]}
            continue
        segment = next(numbers)
        if kind == "reasoning_message":
            yield {"kind": "reasoning", "text": value["reasoning"], "segment": segment}
        elif kind == "assistant_message":
            yield {"kind": "assistant", "text": value["content"], "segment": segment}
        elif "name" in value["tool_call"]:
            call = value["tool_call"]
            yield {"kind": "tool_call", "id": call.get("tool_call_id"), "name": call["name"]}
        else:
            text = value["tool_call"]["arguments"]
            yield {"kind": "tool_arguments", "text": text, "segment": segment}


@pytest.mark.parametrize("uam", [False, True])
@pytest.mark.parametrize("case_id", CASES)
def test_the_messages_are_those_of_the_expected_file(case_id: str, uam: bool) -> None:
    """Through the official client, piece by piece, in both modes."""
    case = load_case(case_id)

    async def main() -> Run:
        async with httpx2.AsyncClient(transport=PieceTransport(case)) as http:
            return await read(case, made, http)

    made = interface(use_assistant_message=uam)
    seen = asyncio.run(main())
    expected = read_expected(case_id)["messages"][f"use_assistant_message={str(uam).lower()}"]
    judgement = judge_messages(expected, list(observed(seen)))
    assert not judgement.differences, [str(one) for one in judgement.differences]
    fails = expected[-1:] == [{"kind": "stop_reason", "reason": "error"}]
    assert (seen.exception is not None) == fails
    assert seen.exception is None or isinstance(
        seen.exception, (openai.APIError, StreamFailed, IncompleteStream)
    )


def test_there_are_enough_cases() -> None:
    """Made by us, and sent by real servers whose model gives its calls thoughts."""
    kinds = [load_case(case_id).key.provenance.kind for case_id in CASES]
    assert kinds.count("synthesised") >= 40
    assert kinds.count("recorded") >= 32


def test_every_case_of_the_profile_has_messages() -> None:
    """And no other: what is not about thoughts does not ask for an agent interface."""
    about = [name for name in case_ids() if "inner-thoughts" in load_case(name).key.profiles]
    assert about == CASES


def test_a_recorded_stream_is_read_as_its_levels_say() -> None:
    """Text, reasoning and calls of choice 0, in the order of the level sequence."""
    said = [
        {"kind": "text", "text": "a"},
        {"kind": "reasoning", "text": "b"},
        {"kind": "tool_call", "id": "i", "type": "function", "name": "f", "arguments": "{}"},
    ]
    choice = {"index": 0, "finish_reason": "tool_calls"}
    read = {"final": {"outcome": "complete", "choices": [choice]}, "sequence": {"0": said}}
    parts = (Text("a"), Reasoning("b"), Call("i", "f", "{}"))
    assert oracle.message_read(read) == Message((Choice(parts, "tool_calls"),))


@pytest.mark.parametrize(
    "read",
    [
        {"final": {"outcome": "complete", "choices": []}},
        {"final": {"outcome": "incomplete", "choices": []}, "sequence": {}},
    ],
)
def test_messages_are_never_guessed(read: dict[str, Any]) -> None:
    """A twin has no order of parts, and a cut stream half a call: the oracle refuses both."""
    with pytest.raises(ValueError, match="messages"):
        oracle.message_read(read)


def test_a_difference_is_found() -> None:
    """The judge sees what is other, lost, too much and in another order."""
    wanted = [{"kind": "reasoning", "text": "ab"}, {"kind": "assistant", "text": "c"}]
    split = [{"kind": "reasoning", "text": "a"}, {"kind": "reasoning", "text": "b"}, wanted[1]]
    assert not judge_messages(wanted, split).differences
    other = [wanted[0], {**wanted[1], "text": ""}]
    for wrong in (wanted[:1], [*wanted, wanted[0]], wanted[::-1], other):
        assert judge_messages(wanted, wrong).differences


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ('{"thinking": "t", "message": "m"}', ["r:t", "c", 'a:{"message": "m"}']),
        ('{"a":1, "thinking": "t"}', ["c", 'a:{"a":1', "r:t", "a:}"]),
        ('{ "thinking":"t" }', ["r:t", "c", "a:{  }"]),
        ("", ["c"]),
    ],
)
def test_the_oracle_by_hand(arguments: str, expected: list[str]) -> None:
    """Written down by hand, so that the oracle itself has one."""
    call = Message((Choice((Call("i", "f", arguments),), "tool_calls"),))
    short = {"reasoning": "r", "tool_arguments": "a"}
    said = oracle.expect_messages(call)["use_assistant_message=false"]
    assert [
        "c" if one["kind"] == "tool_call" else f"{short[one['kind']]}:{one['text']}" for one in said
    ] == expected


def test_the_oracle_shares_no_reader() -> None:
    """It knows `json` alone; the house test says that no oracle reaches the reference."""
    assert "chunkproof." not in inspect.getsource(oracle).replace("chunkproof_conformance.", "")
