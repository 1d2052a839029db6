"""The llama-server recipe: its cassettes say what its scripts say, and nothing of the machine."""

import json
import re
from collections.abc import Sequence

import pytest

from chunkproof_conformance.cases.index import load_case
from chunkproof_conformance.oracles.transcript import read_transcript
from chunkproof_conformance.oracles.twin import differences, expect
from chunkproof_conformance.record.puppet import SCRIPTS, vocabulary
from chunkproof_conformance.record.puppet_gguf import tensors, token_types
from chunkproof_conformance.record.servers.llama_server.scenarios import (
    SCENARIOS,
    Scenario,
    calls_of,
    tools_of,
)
from chunkproof_conformance.record.session import STREAM_ONLY

EVERY = pytest.mark.parametrize("scenario", SCENARIOS, ids=[one.variant for one in SCENARIOS])


def calls_said(case_id: str) -> list[tuple[str, str]]:
    """Name and raw arguments of each call of the stream, by the transcript oracle."""
    said = read_transcript(load_case(case_id).body)["final"]["choices"][0]["tool_calls"]
    return [(call["name"], call["arguments"]) for call in said]


@EVERY
def test_the_arguments_are_the_script_byte_for_byte(scenario: Scenario) -> None:
    """llama-server hands on what the model writes; a limit leaves the beginning of it."""
    said, written = calls_said(scenario.id), calls_of(scenario.script)
    assert said
    if "max_tokens" not in scenario.request:
        assert said == written
        return
    (name, arguments), (whole_name, whole) = said[0], written[0]
    assert name == whole_name
    assert whole.startswith(arguments)
    assert arguments != whole


@EVERY
def test_arguments_come_in_pieces(scenario: Scenario) -> None:
    """What no other recorded server of the profile does: the model's own fragments."""
    exact = read_transcript(load_case(scenario.id).body)["exact"]
    assert sum(event["event"] == "tool_arguments" for event in exact) >= 5


@EVERY
def test_stream_and_twin_say_the_same_to_the_same_request(scenario: Scenario) -> None:
    """Only the members of streaming are missing."""
    case = load_case(scenario.id)
    assert case.twin_exchange is not None
    left = {name: value for name, value in case.request.items() if name not in STREAM_ONLY}
    assert json.dumps(json.loads(case.twin_exchange.request_body)) == json.dumps(left)
    expected = expect(case.twin_exchange.response_body, case.body)
    assert differences(expected, read_transcript(case.body)) == []


@EVERY
def test_a_cassette_says_nothing_of_the_machine(scenario: Scenario) -> None:
    case = load_case(scenario.id)
    for exchange in filter(None, (case.stream, case.twin_exchange)):
        shown = exchange.response_body.decode() + repr(exchange.response_headers)
        assert not re.search(r"(?i)linux|darwin|glibc|x86|arm64|/(tmp|home|root)", shown)
        assert "authorization" not in exchange.request_headers


@EVERY
def test_the_tools_offered_allow_what_the_script_writes(scenario: Scenario) -> None:
    """The schema's members in the script's order, all required: the server forces nothing else."""
    for (name, arguments), tool in zip(
        calls_of(scenario.script), tools_of(scenario.script), strict=True
    ):
        parameters = tool["function"]["parameters"]
        assert tool["function"]["name"] == name
        assert list(parameters["properties"]) == parameters["required"]
        assert parameters["required"] == list(json.loads(arguments))


@pytest.mark.parametrize("scripts", [("sayfirst",), ("sayfirst", "saylook", "thinksay")])
def test_the_model_has_a_type_and_a_column_for_every_token(scripts: Sequence[str]) -> None:
    """A marker that is a token is shown in the answer; the selectors are not."""
    words = vocabulary(scripts)
    types, weights = token_types(words), tensors(words)
    assert len(types) == len(words.tokens)
    assert {types[words.id_of(marker)] for marker in words.markers} <= {4}
    assert types[: words.pieces] == [1] * words.pieces
    assert weights["output.weight"].shape == weights["token_embd.weight"].shape
    assert len(types) % 64 == 0


def test_every_script_of_the_recipe_is_an_agents() -> None:
    """Each calls a tool, and together they cover speech and tools."""
    names = {name for one in SCENARIOS for name, _ in calls_of(one.script)}
    assert names == {"send_message", "look_up", "ping"}
    assert {one.script for one in SCENARIOS} <= SCRIPTS.keys()
