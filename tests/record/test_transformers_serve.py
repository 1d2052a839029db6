"""The transformers serve recipe: its cassettes say what its scripts say, and how it ends."""

import os
import re
from pathlib import Path

import pytest

from chunkproof_conformance.cases.cassette import load_cassette
from chunkproof_conformance.cases.expected import read_expected
from chunkproof_conformance.cases.index import load_case
from chunkproof_conformance.oracles.transcript import read_transcript
from chunkproof_conformance.oracles.twin import differences, expect
from chunkproof_conformance.record.puppet import SCRIPTS
from chunkproof_conformance.record.recipe import DONE, Scenario
from chunkproof_conformance.record.servers.transformers_serve.recipe import main
from chunkproof_conformance.record.servers.transformers_serve.scenarios import SCENARIOS
from tests.record import recorded

PYTHON = "CHUNKPROOF_TRANSFORMERS_PYTHON"
"""Names an interpreter that has transformers[serving]: installing it takes gigabytes."""
EVERY = pytest.mark.parametrize("scenario", SCENARIOS, ids=[one.id for one in SCENARIOS])
BY_TWIN = [one for one in SCENARIOS if one.truth is None and one.leave_after is None]
BY_PERSON = [one for one in SCENARIOS if one.truth is not None]


@EVERY
def test_a_cassette_is_what_its_recipe_promises(scenario: Scenario) -> None:
    case = load_case(scenario.id)
    recorded.check_nothing_of_the_machine(case)
    recorded.check_same_request(case)
    recorded.check_scripted(case)
    assert case.key.provenance.server == "transformers serve"


@EVERY
def test_the_model_is_a_name_and_no_path(scenario: Scenario) -> None:
    """The server puts the folder of its checkpoint into every chunk."""
    assert set(re.findall(rb'"model":"([^"]*)"', load_case(scenario.id).body)) <= {b"puppet@main"}


@EVERY
def test_no_stream_ends_with_done(scenario: Scenario) -> None:
    assert b"[DONE]" not in load_case(scenario.id).body


@pytest.mark.parametrize("scenario", BY_TWIN, ids=[one.id for one in BY_TWIN])
def test_where_the_twin_speaks_the_stream_says_the_same(scenario: Scenario) -> None:
    """Read as if it ended with `[DONE]`, which is all that it lacks; the twin says no outcome."""
    case = load_case(scenario.id)
    assert case.twin is not None
    assert differences(expect(case.twin, case.body), read_transcript(case.body + DONE)) == []
    said = read_expected(scenario.id)
    assert said["oracle"] == "twin"
    assert "outcome" not in said["final"]


@pytest.mark.parametrize("scenario", BY_PERSON, ids=[one.id for one in BY_PERSON])
def test_where_a_person_speaks_nobody_is_bound_by_the_missing_done(scenario: Scenario) -> None:
    """A complete answer without `[DONE]` is contested; errors are what they are."""
    assert scenario.truth is not None
    complete = scenario.truth["outcome"] == "complete"
    assert ("END-3" in scenario.rules) == (scenario.strength == "choice") == complete


def test_a_text_is_the_script() -> None:
    for variant, script in (("plain", "hello"), ("unicode", "unicode")):
        assert recorded.text_of(load_case(f"text/transformers-serve-{variant}")) == SCRIPTS[script]


def test_an_error_breaks_its_own_frame() -> None:
    """One `data` line that is no JSON, and two lines that are no field of an event stream."""
    frame = load_case("errors/transformers-serve-breaks-the-stream").body.split(b"\n\n")[-2]
    first, *others = frame.split(b"\n")
    assert first.startswith(b'data: {"error": "')
    assert not first.endswith(b"}")
    assert [line.partition(b":")[0] for line in others] == [b"Content", b"Error"]


AGAIN = ("text/transformers-serve-unicode", "reasoning/transformers-serve-then-call")


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.skipif(PYTHON not in os.environ, reason=f"{PYTHON} names no installation")
def test_the_recipe_can_be_repeated(tmp_path: Path) -> None:
    """Ids and times apart, the same bytes."""
    assert main(["--out", str(tmp_path), "--python", os.environ[PYTHON], *AGAIN]) == 0
    for name in AGAIN:
        again = load_cassette(tmp_path / f"{name}.yaml", expected_id=name)
        assert comparable(again.body) == comparable(load_case(name).body)


def comparable(body: bytes) -> bytes:
    return re.sub(rb'("id":"[0-9a-f-]{36})|("created":\d+)', b"", body)
