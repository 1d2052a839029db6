"""Small changes to rendered frames say what they were told to say, and lose nothing."""

import json
from typing import Any

from chunkproof_conformance.cases.index import load_case
from chunkproof_conformance.synth import edits
from chunkproof_conformance.synth.framing import Frame
from tests.wire import read_frames

FRAME = Frame({"id": "x", "choices": [{"index": 0, "delta": {"role": "assistant", "content": ""}}]})


def chunks(case_id: str) -> list[dict[str, Any]]:
    """The chunks of a case in which every payload but `[DONE]` is an object."""
    return [
        json.loads(frame.data)
        for frame in read_frames(load_case(case_id).body)
        if frame.data != b"[DONE]"
    ]


def test_a_member_that_is_left_out_and_given_anew_is_there() -> None:
    """`drop` takes away what the frame had, never what is put in its place."""
    changed = edits.delta(FRAME, "role", "content", content=7)
    assert changed.data["choices"][0]["delta"] == {"content": 7}


def test_a_member_given_anew_after_it_was_left_out_stands_last() -> None:
    """So the order on the wire can be chosen."""
    changed = edits.delta(FRAME, "role", name="n", role="assistant")
    assert list(changed.data["choices"][0]["delta"]) == ["content", "name", "role"]


def test_a_member_of_another_value_stays_in_its_place() -> None:
    """A change of a value is no change of the order."""
    assert list(edits.chunk(FRAME, id="y").data) == ["id", "choices"]
    assert FRAME.data["id"] == "x"


def test_every_member_of_another_kind_is_on_the_wire() -> None:
    """Thirteen chunks of the case say something of a wrong kind: none of them is an empty delta."""
    deltas = [
        choice["delta"]
        for chunk in chunks("envelope/generic-members-of-other-kinds")
        if isinstance(chunk.get("choices"), list)
        for choice in chunk["choices"]
        if choice is not None and isinstance(choice["delta"], dict)
    ]
    assert {"content": 7} in deltas
    assert {"content": {"text": "no"}} in deltas
    assert {"role": ["assistant"]} in deltas
    assert deltas.count({}) == 1  # the one that finishes


def test_the_thought_that_counts_is_not_the_first_on_the_wire() -> None:
    """A parser that takes whichever member comes first must not pass by accident."""
    said = chunks("reasoning/proxy-two-thoughts")[1]["choices"][0]["delta"]
    assert list(said) == ["reasoning", "reasoning_content"]


def test_numbers_that_are_none_come_in_two_spellings() -> None:
    """The title says NaN and Infinity: both are on the wire."""
    body = load_case("payload/generic-not-a-number").body
    assert b'"logprob":NaN' in body
    assert b'"logprob":-Infinity' in body


def test_a_chunk_of_two_choices_holds_one_of_each() -> None:
    """Both choices in every chunk: never one of them twice."""
    for chunk in chunks("choices/generic-two-in-one-chunk"):
        assert [choice["index"] for choice in chunk["choices"]] == [0, 1]
