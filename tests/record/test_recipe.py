"""What recipes share: typed truths find their ids, twins are judged, one failure loses no other."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from chunkproof_conformance.cases.cassette import load_cassette
from chunkproof_conformance.cli.main import main
from chunkproof_conformance.oracles.truth import TruthError
from chunkproof_conformance.record.drafts import call, choice, text, truth
from chunkproof_conformance.record.recipe import (
    Scenario,
    Served,
    ended,
    parser,
    record_each,
    wanted,
    with_ids,
)
from tests.record.test_session import STREAM, TWIN, Answers, answering

ID = re.compile(r"call_\d")
PLAIN = Scenario("text/x-plain", "Text", "hello", ("TXT-1", "FIN-1", "END-2"))
UNENDED = STREAM.removesuffix(b"data: [DONE]\n\n")


def served(url: str) -> Served:
    return Served(url, "m", "a server", "1")


def body_of(*ids: str) -> bytes:
    """A stream that opens calls with these ids."""
    deltas = [{"tool_calls": [{"index": at, "id": name}]} for at, name in enumerate(ids)]
    chunks = [{"choices": [{"index": 0, "delta": delta}]} for delta in deltas]
    return b"".join(b"data: %b\n\n" % json.dumps(chunk).encode() for chunk in chunks)


def ids_of(draft: Mapping[str, Any]) -> list[str | None]:
    return [segment.get("id") for each in draft["choices"] for segment in each["segments"]]


def test_a_pattern_becomes_the_id_that_the_wire_says() -> None:
    """In the order in which they first stand there, however often they are repeated."""
    draft = truth("complete", "END-2", choice(call("a", "{}", ID), text("x"), call("b", "{}", ID)))
    found = with_ids(draft, body_of("call_1", "call_1", "call_2"))
    assert ids_of(found) == ["call_1", None, "call_2"]


def test_a_typed_id_stays_as_it_was_typed() -> None:
    draft = truth("complete", "END-2", choice(call("a", "{}", "mine")))
    assert ids_of(with_ids(draft, body_of("call_1"))) == ["mine"]


@pytest.mark.parametrize("ids", [(), ("other",)])
def test_an_id_of_another_shape_is_no_id_of_ours(ids: tuple[str, ...]) -> None:
    draft = truth("complete", "END-2", choice(call("a", "{}", ID)))
    with pytest.raises(TruthError, match="no id like"):
        with_ids(draft, body_of(*ids))


def recorded(answers: Answers, out: Path, scenario: Scenario = PLAIN) -> str | None:
    """Record it; the note of the cassette."""
    with answering(answers) as url:
        assert record_each([scenario], served(url), out) == {}
    case = load_cassette(out / f"{scenario.id}.yaml", expected_id=scenario.id)
    assert (case.twin is None) == bool(answers.twin and answers.twin[0] >= 400)
    return case.key.provenance.note


@pytest.mark.parametrize("body", [STREAM, UNENDED], ids=["plain", "without [DONE]"])
def test_a_twin_that_agrees_is_kept_without_a_word(body: bytes, tmp_path: Path) -> None:
    """Also where the stream is not plain: read as if it were, it must say what the twin says."""
    assert recorded(Answers(stream=(200, body)), tmp_path) is None


@pytest.mark.parametrize("body", [STREAM, UNENDED], ids=["plain", "without [DONE]"])
def test_a_twin_that_differs_is_kept_and_noted(body: bytes, tmp_path: Path) -> None:
    """It is a finding about the server."""
    twin = (200, TWIN.replace(b'"Hi"', b'"Ho"'))
    note = recorded(Answers(stream=(200, body), twin=twin), tmp_path)
    assert note == "twin differs: /choices/0/text: the twin says 'Ho', the stream 'Hi'"


def test_of_a_twin_that_was_refused_only_the_status_is_kept(tmp_path: Path) -> None:
    note = recorded(Answers(twin=(500, b"no")), tmp_path)
    assert note == "the twin got status 500"


def test_what_a_recipe_writes_is_valid(tmp_path: Path) -> None:
    recorded(Answers(), tmp_path)
    assert main(["validate", str(tmp_path)]) == 0


def test_one_scenario_that_fails_loses_no_other(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its reason is told at the end, and the exit status says it too."""
    wrong = Scenario(
        "text/x-wrong", "T", "hello", ("TXT-1",), truth=truth("failed", "END-1", choice(text("?")))
    )
    with answering(Answers()) as url:
        failures = record_each([wrong, PLAIN], served(url), tmp_path)
    assert [path.stem for path in tmp_path.glob("*/*.yaml")] == ["x-plain"]
    assert list(failures) == ["text/x-wrong"]
    capsys.readouterr()
    assert ended(failures) == 1
    assert "text/x-wrong: " in capsys.readouterr().err
    assert ended({}) == 0


def test_a_cassette_that_is_there_is_kept_unless_forced(tmp_path: Path) -> None:
    recorded(Answers(), tmp_path)
    words = ["--out", str(tmp_path)]
    assert wanted([PLAIN], parser("x").parse_args(words)) == []
    assert wanted([PLAIN], parser("x").parse_args([*words, "--force"])) == [PLAIN]
    assert wanted([PLAIN], parser("x").parse_args([*words, "--force", "text/y"])) == []
