"""The vLLM recipe: its cassettes say what its scripts say, and where its two parsers part."""

import json
import os
from pathlib import Path

import pytest

from chunkproof_conformance.cases.cassette import load_cassette
from chunkproof_conformance.cases.index import load_case
from chunkproof_conformance.record.puppet import SCRIPTS, vocabulary
from chunkproof_conformance.record.recipe import Scenario
from chunkproof_conformance.record.servers.vllm.recipe import STARTS, main
from chunkproof_conformance.record.servers.vllm.scenarios import REASONING, SCENARIOS
from tests.record import recorded

PYTHON = "CHUNKPROOF_VLLM_PYTHON"
"""Names an interpreter that has vLLM: installing it takes ten minutes and gigabytes."""
ALL = (*SCENARIOS, *REASONING)
EVERY = pytest.mark.parametrize("scenario", ALL, ids=[one.id for one in ALL])
TWO_PARSERS = {
    "finish/vllm-length-before-call",
    "finish/vllm-length-inside-call",
    "reasoning/vllm-then-call",
    "tools/vllm-call-without-arguments",
    "tools/vllm-half-call",
}
"""Where the parser of streams reads the model's words in another way than that of whole texts."""


@EVERY
def test_a_cassette_is_what_its_recipe_promises(scenario: Scenario) -> None:
    case = load_case(scenario.id)
    recorded.check_nothing_of_the_machine(case)
    recorded.check_same_request(case)
    recorded.check_scripted(case)
    assert case.key.provenance.server == "vllm"


@EVERY
def test_a_twin_that_differs_binds_nobody(scenario: Scenario) -> None:
    """And every one is known."""
    note = load_case(scenario.id).key.provenance.note or ""
    assert note.startswith("twin differs: ") == (scenario.id in TWO_PARSERS)
    assert scenario.id not in TWO_PARSERS or scenario.strength == "should"


@pytest.mark.parametrize("script", ["unicode", "cityjson"])
def test_a_text_is_the_script(script: str) -> None:
    (scenario,) = (one for one in SCENARIOS if one.script == script)
    assert recorded.text_of(load_case(scenario.id)) == SCRIPTS[script]


@pytest.mark.parametrize(
    ("variant", "calls"),
    [
        ("unicode", [("get_weather", '{"city": "Zürich 🎉", "days": 3}')]),
        ("text-first", [("get_weather", '{"city": "Oslo", "days": 1}')]),
        ("no-arguments", [("ping", "{}")]),
        (
            "two-calls",
            [("get_weather", '{"city": "Rome", "days": 2}'), ("get_time", '{"tz": "Asia/Tokyo"}')],
        ),
    ],
)
def test_calls_are_the_scripts_byte_for_byte(variant: str, calls: list[tuple[str, str]]) -> None:
    assert recorded.calls_of(load_case(f"tools/vllm-auto-{variant}")) == calls


def test_a_limit_before_the_arguments_invents_an_empty_object() -> None:
    """The model had not yet said what the arguments are; the stream says `{}`."""
    case = load_case("finish/vllm-length-before-call")
    ((name, arguments),) = recorded.calls_of(case)
    assert (name, json.loads(arguments)) == ("get_weather", {})
    assert case.twin is not None
    (choice,) = json.loads(case.twin)["choices"]
    assert "arguments" not in choice["message"]["content"]
    assert not choice["message"].get("tool_calls")


def test_where_a_parser_of_reasoning_runs_each_marker_is_one_token() -> None:
    """It looks for the tokens, not for the text."""
    (thinking,) = (start for start in STARTS if "--reasoning-parser" in start.options)
    scripts = sorted({scenario.script for scenario in thinking.scenarios})
    assert {"<think>", "</think>"} <= set(vocabulary(scripts).markers)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.skipif(PYTHON not in os.environ, reason=f"{PYTHON} names no installation")
def test_the_recipe_can_be_repeated(tmp_path: Path) -> None:
    """The same words; how many stand in one delta is the scheduler's affair."""
    name = "tools/vllm-auto-two-calls"
    assert main(["--out", str(tmp_path), "--python", os.environ[PYTHON], name]) == 0
    again = load_cassette(tmp_path / f"{name}.yaml", expected_id=name)
    assert recorded.calls_of(again) == recorded.calls_of(load_case(name))
