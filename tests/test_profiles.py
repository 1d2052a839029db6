"""What a profile promises of its streams: all but `lenient` hold what the OpenAI reference allows.

The reference is asked in the shape of the types that the official client is generated with; they
are stricter than the client, which takes whatever comes.
"""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from openai.types.chat import ChatCompletionChunk
from pydantic import BaseModel, ValidationError

from chunkproof_conformance.cases.cassette import Case
from chunkproof_conformance.cases.index import iter_cases
from chunkproof_conformance.synth.dialects.catalogue import DIALECTS
from tests.wire import read_frames

BESIDE_THE_TYPES = {
    # "API reference, annotations of a message": the types of a chunk do not have them yet.
    "/choices/delta/annotations",
}


def chunks(case: Case) -> Iterator[dict[str, Any]]:
    """Every chunk up to `[DONE]`; errors have no type of their own."""
    for frame in read_frames(case.body):
        text = frame.data.strip()
        if text == b"[DONE]":
            return
        chunk = json.loads(text)
        if isinstance(chunk, dict) and "error" not in chunk:
            yield chunk


def beside(model: object, at: str = "") -> Iterator[str]:
    """Paths of members that the types do not know, without positions in lists."""
    if isinstance(model, list):
        for item in model:
            yield from beside(item, at)
    elif isinstance(model, BaseModel):
        yield from (f"{at}/{name}" for name in model.model_extra or {})
        for name in type(model).model_fields:
            yield from beside(getattr(model, name), f"{at}/{name}")


def test_streams_of_all_profiles_but_lenient_are_of_the_official_types() -> None:
    """A deviation of a vendor, however small, is `lenient`: nobody claims it by claiming core."""
    wrong = set()
    for case in iter_cases():
        if "lenient" in case.key.profiles:
            continue
        for chunk in chunks(case):
            try:
                ChatCompletionChunk.model_validate(chunk)
            except ValidationError as error:
                wrong.add((case.id, str(error.errors()[0]["loc"]), error.errors()[0]["msg"]))
    assert wrong == set()


def test_dialects_of_the_vendor_himself_hold_nothing_that_his_types_do_not_know() -> None:
    """What is rendered as OpenAI's is spelt as OpenAI says, member by member."""
    rendered = [
        case
        for case in iter_cases()
        if (dialect := case.key.provenance.dialect)
        and dialect.startswith(("openai", "generic"))
        and DIALECTS[dialect].fidelity != "reported"
        and "lenient" not in case.key.profiles
        and "reasoning" not in case.key.profiles
        and case.key.strength != "info"
    ]
    assert len(rendered) > 100
    for case in rendered:
        if "reasoning_content" in case.body.decode(errors="replace"):
            continue  # the generic dialect says reasoning as most vendors do
        for chunk in chunks(case):
            found = set(beside(ChatCompletionChunk.model_validate(chunk)))
            assert found <= BESIDE_THE_TYPES, case.id


def test_the_types_notice_what_is_none_of_theirs() -> None:
    """Else the tests above could not fail."""
    with pytest.raises(ValidationError):
        ChatCompletionChunk.model_validate({"object": "chat.completion", "choices": []})
    chunk = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    choice = {"index": 0, "delta": {"content": "x", "thought": "y"}, "finish_reason": None}
    model = ChatCompletionChunk.model_validate({**chunk, "choices": [choice], "seed": 1})
    assert set(beside(model)) == {"/seed", "/choices/delta/thought"}
