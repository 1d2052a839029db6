"""The published shape of an observation, and what a report must not be."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import msgspec
import pytest

import chunkproof_conformance
from chunkproof import events as ev
from chunkproof_conformance.judge.observation import (
    Observation,
    ObservedCall,
    ObservedChoice,
    ObservedError,
    ObservedUsage,
    json_schema,
)

SCHEMA = Path(chunkproof_conformance.__path__[0]) / "schemas" / "observation.schema.json"

FULL = Observation(
    "failed",
    outcome_stated=True,
    choices=(
        ObservedChoice(0, "assistant", "a", "b", "c", (ObservedCall("i", "function", "n", "{}"),)),
    ),
    usage=ObservedUsage(1, 2, 3),
    error=ObservedError("broke", "ReadError"),
    events=(ev.Text(0, "a"), ev.End("failed")),
    after=(1, 2),
)


def test_the_published_schema_is_that_of_the_types() -> None:
    assert json.loads(SCHEMA.read_bytes()) == json_schema()


def test_an_observation_travels_as_json_and_obeys_the_schema() -> None:
    jsonschema.Draft202012Validator(json_schema()).validate(json.loads(msgspec.json.encode(FULL)))
    assert msgspec.json.decode(msgspec.json.encode(FULL), type=Observation) == FULL


@pytest.mark.parametrize(
    "report",
    [
        {},
        {"outcome": "done"},
        {"outcome": "complete", "choises": []},
        {"outcome": "complete", "choices": [{"index": 0, "text": 5}]},
        {"outcome": "complete", "choices": [{"index": 0, "content": "x"}]},
        {"outcome": "complete", "events": [{"event": "token", "text": "x"}]},
    ],
)
def test_a_misspelt_or_mistyped_report_is_refused(report: object) -> None:
    """An unknown member must not look like an empty one."""
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(report, Observation)
