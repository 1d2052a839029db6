"""The comparison vectors are specification: written by hand, and our comparison is held to them.

Other languages check theirs with the same file, so it is tried here whether it would notice a
comparison that is wrong in one way.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import jsonschema
import msgspec
import pytest

import chunkproof_conformance.judge
from chunkproof_conformance.cases.export.shapes import Vector, schemas
from chunkproof_conformance.judge import comparison, final, fold, levels, sequence
from chunkproof_conformance.judge.diff import Difference
from chunkproof_conformance.judge.expectation import Expectation
from chunkproof_conformance.judge.levels import LEVELS, ContradictionError, judge
from chunkproof_conformance.judge.verdicts import verdict_of

FILE: Final = Path(chunkproof_conformance.judge.__path__[0]) / "vectors.json"
VECTORS: Final[list[dict[str, Any]]] = json.loads(FILE.read_bytes())


def said(vector: dict[str, Any]) -> tuple[str, list[str]]:
    """Verdict and places by our comparison."""
    case = {"case": "some/case", "oracle": "truth", **vector["expected"]}
    read = msgspec.convert(vector, Vector)
    try:
        judgement = judge(
            read.level,
            msgspec.convert(case, Expectation),
            read.observed,
            frozenset(read.not_represented),
            read.edges,
            option=read.option,
        )
    except ContradictionError:
        return "error", []
    places = [difference.path for difference in judgement.differences] if judgement else []
    return str(verdict_of(judgement, contested=read.contested).kind), sorted(places)


def wrongly_judged() -> list[str]:
    """The vectors that a comparison does not agree with."""
    return [
        vector["id"]
        for vector in VECTORS
        if said(vector) != (vector["verdict"], sorted(vector.get("at", [])))
    ]


@pytest.mark.parametrize("vector", VECTORS, ids=[vector["id"] for vector in VECTORS])
def test_our_comparison_says_what_the_vector_says(vector: dict[str, Any]) -> None:
    assert said(vector) == (vector["verdict"], sorted(vector.get("at", []))), vector["says"]


def test_every_vector_obeys_the_published_schema() -> None:
    validator = jsonschema.Draft202012Validator(schemas()["vector"])
    for vector in VECTORS:
        validator.validate(vector)


def test_ids_are_unique_and_say_what_they_show() -> None:
    """And no sentence stands twice: each vector is there for a reason of its own."""
    assert len({vector["id"] for vector in VECTORS}) == len(VECTORS)
    assert len({(vector["level"], vector["says"]) for vector in VECTORS}) == len(VECTORS)
    assert all(vector["says"].endswith(".") for vector in VECTORS)


def test_a_failing_vector_names_places_and_a_passing_one_none() -> None:
    for vector in VECTORS:
        named = bool(vector.get("at"))
        assert named == (vector["verdict"] == "fail") or vector["verdict"] == "choice", vector["id"]


def test_every_level_and_every_verdict_has_vectors() -> None:
    seen = {(vector["level"], vector["verdict"]) for vector in VECTORS}
    for level in LEVELS:
        assert {(level, "pass"), (level, "fail")} <= seen
        assert (level, "n/a") in seen or level == "final"  # every answer has an outcome
    for level in ("final", "framing"):
        assert (level, "choice") in seen
    for level in ("final", "messages"):
        assert (level, "error") in seen


# Would they notice? ---------------------------------------------------------------------------


def strictly(path: str, expected: Any, got: Any, terms: Any, member: str) -> Any:
    """Null and "" told apart."""
    if expected is not msgspec.UNSET and member not in terms.blind and expected != got:
        yield Difference(path, expected, got)


def terms_with(**members: Any) -> Callable[..., Any]:
    real = levels._terms

    def changed(*arguments: Any) -> Any:
        import dataclasses

        return dataclasses.replace(real(*arguments), **members)

    return changed


def nothing(*_: Any) -> Any:
    return iter(())


WRONG: Final[dict[str, tuple[Any, str, Any]]] = {
    "null and an empty string are two things": (final, "strings", strictly),
    "an exception excuses nothing": (levels, "_terms", terms_with(partial=False)),
    "everything is excused": (levels, "_terms", terms_with(partial=True)),
    "a half call must always be there": (levels, "_terms", terms_with(unfinished=False)),
    "a half call may always be left out": (levels, "_terms", terms_with(unfinished=True)),
    "a declaration counts for nothing": (levels, "_terms", terms_with(blind=frozenset())),
    "a contradiction is let pass": (levels, "_refuse_contradictions", nothing),
    "true is one": (comparison, "comparable", lambda value: value),
    "any outcome will do": (final, "_outcome", nothing),
    "any call may be run": (final, "may_execute", lambda *_: True),
    "a choice that never was says nothing": (final, "_says_something", lambda _: False),
    "an empty choice says something": (final, "_says_something", lambda _: True),
    "a lost choice is nothing": (final, "_expects_something", lambda _: False),
    "an empty choice must be there": (final, "_expects_something", lambda _: True),
    "counts are not looked at": (final, "_usage", nothing),
    "calls are not looked at": (final, "calls", nothing),
    "half a call is never half": (comparison, "is_valid_json", lambda _: True),
    "every call is half": (comparison, "is_valid_json", lambda _: False),
    "stretches around the unseen stay apart": (
        sequence,
        "_visible",
        lambda entries, blind: [entry for entry in entries if entry.kind not in blind],
    ),
    "neighbours are not merged": (
        fold._OpenChoice,
        "append",
        lambda self, kind, text: self.entries.append(fold._OpenStretch(kind, [text])),
    ),
    "the first finish counts": (fold, "_gather", None),
}


def first_finish(real: Callable[..., Any]) -> Callable[..., Any]:
    def gather(events: Any) -> Any:
        seen: set[int] = set()
        kept = []
        for event in events:
            if type(event).__name__ == "Finish":
                if event.choice in seen:
                    continue
                seen.add(event.choice)
            kept.append(event)
        return real(kept)

    return gather


@pytest.mark.parametrize("what", WRONG)
def test_a_comparison_that_is_wrong_in_one_way_is_noticed(
    what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    where, name, broken = WRONG[what]
    monkeypatch.setattr(where, name, broken or first_finish(getattr(where, name)))
    assert wrongly_judged()
