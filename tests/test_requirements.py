"""Requirement sets: what is scored is frozen by date; a changed expectation is a correction."""

from __future__ import annotations

import msgspec
import pytest

from chunkproof_conformance.cases.index import case_ids
from chunkproof_conformance.judge.observation import Implementation
from chunkproof_conformance.judge.profiles import Rank, is_required
from chunkproof_conformance.run.job import Job, chosen_cases, facts_for
from chunkproof_conformance.run.plan import Selection
from chunkproof_conformance.run.requirements import (
    LATEST,
    Correction,
    RequirementsError,
    RequirementSet,
    expected_hash,
    frozen,
    load_set,
    scored_ids,
    set_names,
)

REMEDY = "a set that is not released yet: python -m chunkproof_conformance.run.requirements SET"


@pytest.mark.parametrize("suite", set_names())
def test_a_frozen_expectation_changes_only_with_a_correction(suite: str) -> None:
    """Every scored case is there, and its expected file is the frozen or the corrected one."""
    the_set = load_set(suite)
    assert the_set.suite == suite
    assert bool(the_set.cases) is (the_set.frozen is not None)
    assert not the_set.changed(), REMEDY


def test_what_has_changed_since_it_was_frozen_is_found() -> None:
    """Another hash, a case that is gone; a correction with the hash of today mends it."""
    one, other, *_ = case_ids()
    cases = {one: expected_hash(one), other: "0" * 64, "text/gone": "0" * 64}
    assert RequirementSet("x", "2026-12-01", cases).changed() == [other, "text/gone"]
    mended = [Correction("2026-12-02", "w", {other: expected_hash(other)})]
    del cases["text/gone"]
    assert RequirementSet("x", "2026-12-01", cases, mended).changed() == []


def test_an_open_set_scores_every_case(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "chunkproof_conformance.run.requirements.load_set", lambda _: RequirementSet("x")
    )
    assert scored_ids("x") == frozenset(case_ids())


@pytest.mark.parametrize("suite", set_names())
def test_a_correction_flips_only_frozen_cases_and_says_why(suite: str) -> None:
    the_set = load_set(suite)
    for correction in the_set.corrections:
        assert correction.why
        assert correction.cases.keys() <= the_set.cases.keys()


def test_the_last_correction_counts() -> None:
    corrections = [Correction("2026-12-02", "w", {"a/b": hashed}) for hashed in ("2", "3")]
    the_set = RequirementSet("x", "2026-12-01", {"a/b": "1", "a/c": "1"}, corrections)
    assert [the_set.hash_of(name) for name in ("a/b", "a/c", "a/d")] == ["3", "1", None]


def test_freezing_takes_every_case_of_today() -> None:
    assert tuple(frozen("x", "2026-12-01", []).cases) == case_ids()


def test_a_later_case_is_run_and_not_required() -> None:
    who = Implementation("mine", "1", profiles=("core",))
    assert is_required(Rank("must", ("core",)), who)
    assert not is_required(Rank("must", ("core",), scored=False), who)


def test_cases_are_scored_by_the_set(monkeypatch: pytest.MonkeyPatch) -> None:
    cases = chosen_cases(Selection(("text/llama-cpp-python-*",)))
    one, *others = [case.id for case in cases]
    monkeypatch.setattr(
        "chunkproof_conformance.run.requirements.load_set",
        lambda _: RequirementSet("x", "2026-12-01", {one: ""}),
    )
    scored = {case.id for case in facts_for(Job(requirements="x"), cases) if case.rank.scored}
    assert scored == {one}
    assert others
    assert all(case.rank.scored for case in facts_for(Job(requirements=LATEST), cases))
    assert all(case.rank.scored for case in facts_for(Job(requirements="x", corpus="mine"), cases))


def test_a_set_that_is_not_there_is_refused() -> None:
    with pytest.raises(RequirementsError, match=r"2026\.12"):
        scored_ids("1999.01")
    assert scored_ids(LATEST) == frozenset(case_ids())
    assert scored_ids(None) == scored_ids(set_names()[-1])


def test_a_misspelt_member_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(b'{"suite": "x", "cases": {}, "correction": []}', type=RequirementSet)
