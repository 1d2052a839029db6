"""The llama-cpp-python recipe: its cassettes say their scripts, and say all in every delta."""

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from chunkproof_conformance.cases.cassette import load_cassette
from chunkproof_conformance.cases.index import load_case
from chunkproof_conformance.record.puppet import SCRIPTS
from chunkproof_conformance.record.recipe import Scenario
from chunkproof_conformance.record.servers.llama_cpp_python.recipe import libraries, main
from chunkproof_conformance.record.servers.llama_cpp_python.scenarios import SCENARIOS
from tests.record import recorded

PYTHON = "CHUNKPROOF_LLAMA_CPP_PYTHON"
"""Names an interpreter that has llama-cpp-python[server], numpy and gguf."""
LIBRARY = "CHUNKPROOF_LLAMA_LIBRARY"
"""Names the folder of the libllama that it takes, where it has none of its own."""
EVERY = pytest.mark.parametrize("scenario", SCENARIOS, ids=[one.id for one in SCENARIOS])
FORCED = [one for one in SCENARIOS if one.truth is not None]


@EVERY
def test_a_cassette_is_what_its_recipe_promises(scenario: Scenario) -> None:
    case = load_case(scenario.id)
    recorded.check_nothing_of_the_machine(case)
    recorded.check_same_request(case)
    recorded.check_scripted(case)
    assert case.key.provenance.server == "llama-cpp-python"
    assert not (case.key.provenance.note or "").startswith("twin differs")


@pytest.mark.parametrize("scenario", FORCED, ids=[one.id for one in FORCED])
def test_a_forced_call_is_the_script_and_repeats_itself(scenario: Scenario) -> None:
    """Id, type and name in each delta of the call, and all of it once more as function_call."""
    case = load_case(scenario.id)
    deltas = [delta for delta in deltas_of(case.body) if delta["tool_calls"]]
    calls = [call for delta in deltas for call in delta["tool_calls"]]
    assert len(calls) >= 2
    assert len({(call["id"], call["type"], call["function"]["name"]) for call in calls}) == 1
    assert [delta["function_call"] for delta in deltas] == [call["function"] for call in calls]
    ((_, arguments),) = recorded.calls_of(case)
    whole = "max_tokens" not in scenario.request
    assert SCRIPTS[scenario.script].startswith(arguments)
    assert (arguments == SCRIPTS[scenario.script]) == whole


def test_a_limit_inside_a_call_is_not_told() -> None:
    """The finish reason says tool_calls over half an object."""
    case = load_case("finish/llama-cpp-python-length-inside-call")
    assert b'"finish_reason": "tool_calls"' in case.body
    ((_, arguments),) = recorded.calls_of(case)
    with pytest.raises(ValueError, match="Unterminated"):
        json.loads(arguments)


def test_a_library_is_found_with_the_libraries_it_needs(tmp_path: Path) -> None:
    assert libraries(None) == {}
    assert set(libraries(tmp_path).values()) == {str(tmp_path)}
    assert set(libraries(tmp_path)) == {"LLAMA_CPP_LIB_PATH", "LD_LIBRARY_PATH"}


AGAIN = ("tools/llama-cpp-python-forced-unicode", "finish/llama-cpp-python-stop-sequence")


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.skipif(PYTHON not in os.environ, reason=f"{PYTHON} names no installation")
def test_the_recipe_can_be_repeated(tmp_path: Path) -> None:
    """Ids and times apart, the same bytes."""
    library = ["--library", os.environ[LIBRARY]] if LIBRARY in os.environ else []
    words = ["--out", str(tmp_path), "--python", os.environ[PYTHON], *library]
    assert main([*words, *AGAIN]) == 0
    for name in AGAIN:
        again = load_cassette(tmp_path / f"{name}.yaml", expected_id=name)
        assert comparable(again.body) == comparable(load_case(name).body)


def deltas_of(body: bytes) -> list[dict[str, Any]]:
    lines = [line[6:] for line in body.splitlines() if line.startswith(b"data: {")]
    return [choice["delta"] for line in lines for choice in json.loads(line)["choices"]]


def comparable(body: bytes) -> bytes:
    return re.sub(rb'cmpl-[0-9a-f-]{36}|("created": \d+)', b"", body)
