"""The scripted upstream obeys what it is asked, and its stream and twin say the same."""

import json
from typing import Any

import pytest

from chunkproof_conformance.oracles.frames import NotPlain
from chunkproof_conformance.oracles.transcript import read_transcript
from chunkproof_conformance.oracles.twin import differences, expect
from chunkproof_conformance.record.scenarios import BY_NAME, SCENARIOS, TIME, WEATHER, Scenario
from chunkproof_conformance.record.servers.scripted.answers import (
    answer,
    counting,
    refused,
    stream,
    twin,
)

PLAIN = [s for s in SCENARIOS if s.name not in {"error-before-stream", "error-in-stream"}]


def request(scenario: Scenario, **more: Any) -> dict[str, Any]:
    messages = [{"role": "user", "content": scenario.prompt}]
    common = {"model": "script", "messages": messages, "max_tokens": scenario.limit}
    return {**common, **scenario.request, **more}


def said(asked: dict[str, Any]) -> dict[str, Any]:
    final: dict[str, Any] = read_transcript(b"".join(stream(asked, answer(asked))))["final"]
    return final


@pytest.mark.parametrize("scenario", PLAIN, ids=lambda scenario: scenario.name)
def test_stream_and_twin_say_the_same(scenario: Scenario) -> None:
    """Told by two oracles, neither of which is the script."""
    asked = request(scenario)
    body = b"".join(stream(asked, answer(asked)))
    other = json.dumps(twin(asked, answer(asked))).encode()
    assert differences(expect(other, body), read_transcript(body)) == []


def test_every_tool_that_is_offered_is_called() -> None:
    (choice,) = said(request(BY_NAME["tool-auto"], tools=[WEATHER, TIME]))["choices"]
    assert [call["name"] for call in choice["tool_calls"]] == ["get_weather", "get_time"]
    assert choice["finish_reason"] == "tool_calls"


def test_a_call_that_the_request_names_finishes_with_stop() -> None:
    assert said(request(BY_NAME["tool-forced"]))["choices"][0]["finish_reason"] == "stop"


def test_the_limit_of_tokens_ends_text_and_calls() -> None:
    for name in ("length", "length-inside-call"):
        (choice,) = said(request(BY_NAME[name]))["choices"]
        assert choice["finish_reason"] == "length"
    assert said(request(BY_NAME["length"]))["choices"][0]["text"] == (
        "one two three four five six seven eight"
    )


def test_it_counts_to_one_hundred() -> None:
    words = counting().split(" ")
    assert words[:3] == ["one", "two", "three"]
    assert words[-3:] == ["ninety-nine", "one", "hundred"]
    assert len(words) == 101


@pytest.mark.parametrize(
    "asked", [None, [], {}, {"messages": "nope"}, {"messages": [], "temperature": "hot"}]
)
def test_what_is_no_request_is_refused(asked: Any) -> None:
    refusal = refused(asked)
    assert refusal is not None
    assert refusal["error"]["type"] == "invalid_request_error"


def test_a_broken_grammar_fails_after_the_first_frame() -> None:
    asked = request(BY_NAME["error-in-stream"])
    frames = list(stream(asked, answer(asked)))
    assert len(frames) == 2
    assert b'"error"' in frames[1]
    with pytest.raises(NotPlain):
        read_transcript(b"".join(frames))
