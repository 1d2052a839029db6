"""The mutants: each is wrong, is noticed, and is gone when it is over."""

import re
from pathlib import Path
from typing import Final

import pytest

from chunkproof_conformance.cases.index import load_case
from chunkproof_conformance.laws.catalogue import LAWS
from chunkproof_conformance.laws.mutants.catalogue import MUTANTS
from chunkproof_conformance.laws.mutants.mutant import mutant, replaced
from chunkproof_conformance.laws.score import (
    Kill,
    MutantScore,
    Score,
    case_kill,
    judged_cases,
    law_kill,
    measure,
    score_of,
)
from chunkproof_conformance.laws.streams import STREAMS
from chunkproof_conformance.laws.subject import body_of, reference
from chunkproof_conformance.reports import mutation
from chunkproof_conformance.run.expectations import load_expectation

PAGE: Final = Path(__file__).parents[2] / "docs" / "mutants.md"
_ROW: Final = re.compile(r"(?m)^\| `([a-z0-9-]+)` \| .* \| ([0-9]+) \| (.*) \| (.*) \|$")


def rows() -> dict[str, tuple[list[str], list[str]]]:
    """Mutant -> the cases and the laws that the page names for it."""
    return {
        name: (re.findall("`([^`]+)`", cases), re.findall("`([^`]+)`", laws))
        for name, _, cases, laws in _ROW.findall(PAGE.read_text("utf-8"))
    }


def test_there_are_forty_mutants_and_more_each_with_its_source() -> None:
    """A mutant is a mistake that somebody made, or one that a rule warns of."""
    assert len(MUTANTS) >= 40
    assert all(one.what and one.seen and one.patches for one in MUTANTS.values())


def test_a_mutant_is_gone_when_it_is_over() -> None:
    """What a mutant replaced is put back, also after an exception."""
    body = body_of(STREAMS["text"])
    before = reference().read(STREAMS["text"], body)
    for one in MUTANTS.values():
        with one.applied():
            pass
        assert reference().read(STREAMS["text"], body) == before, one.name
    with pytest.raises(ZeroDivisionError), MUTANTS["text-trimmed"].applied():
        raise ZeroDivisionError
    assert reference().read(STREAMS["text"], body) == before


def test_a_mutant_that_changes_nothing_survives() -> None:
    """The score is honest: without a mistake nothing is noticed, fast paths on or off."""
    same = mutant("none", "nothing", "nowhere", ("stream:_nowhere", lambda original: original))
    with same.applied():
        assert [law.name for law in LAWS.values() if law_kill(reference(), law)] == []


def test_the_page_names_every_mutant() -> None:
    """A mutant without a row was never measured."""
    assert list(rows()) == list(MUTANTS)


def test_the_page_is_the_score_that_is_asked_for() -> None:
    """None survives, 35 and more are noticed by something else than a crash, no law is idle."""
    said = dict(re.findall(r"(?m)^- ([a-z -]+): (.+)$", PAGE.read_text("utf-8")))
    assert said["mutants noticed"] == f"{len(MUTANTS)} of {len(MUTANTS)}"
    assert said["survivors"] == said["laws that notice none"] == "none"
    assert int(said["noticed by more than a crash"]) >= 35


@pytest.mark.parametrize("name", MUTANTS)
def test_what_the_page_names_notices_the_mutant(name: str) -> None:
    """A case or a law that the page names does notice it; nobody needs to believe the page."""
    cases, laws = rows()[name]
    assert cases or laws, "a survivor"
    with MUTANTS[name].applied():
        if laws:
            assert law_kill(reference(), LAWS[laws[0]])
        else:
            case = load_case(cases[0])
            assert case_kill(reference(), case, load_expectation(case.id))


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_no_mutant_goes_unnoticed_and_every_law_notices_one() -> None:
    """The whole score: every mutant over every case and every law."""
    score = score_of([measure(one) for one in MUTANTS.values()], judged_cases())
    assert score.survivors == []
    assert score.idle_laws == []
    assert score.weak_cases == []
    assert len(score.mutants) - len(score.crash_only) >= 35
    written = PAGE.read_text("utf-8")
    if f"{len(score.cases)} cases, {len(score.laws)} laws." in written:
        assert mutation.page(score).strip() == written.strip()
    for one in score.mutants:
        # The page may be older than the newest cases; what it names must still be true.
        cases, laws = rows()[one.name]
        assert set(cases) <= {kill.by for kill in one.cases}, one.name
        assert set(laws) <= {kill.by for kill in one.laws}, one.name


def test_a_rare_mutant_is_one_that_fewer_than_a_quarter_of_the_cases_notice() -> None:
    """A must-case that notices no rare mutant says nothing that many others do not say."""
    common = MutantScore("common", (Kill("a/a"), Kill("a/b")), ())
    rare = MutantScore("rare", (Kill("a/a", crash=True),), ())
    score = Score((common, rare), ("a/a", "a/b", "a/c", "a/d", "a/e"), ("a/a", "a/b"), ("fold",))
    assert [one.name for one in score.rare] == ["rare"]
    assert score.weak_cases == ["a/b"]
    assert score.crash_only == ["rare"]
    assert score.idle_laws == ["fold"]
    assert score.survivors == []


def test_a_patch_names_what_is_there() -> None:
    """A target that the reference does not have would leave a mutant without its mistake."""
    lost = mutant("lost", "nothing", "nowhere", ("stream:no_such_thing", replaced(None)))
    with pytest.raises(KeyError), lost.applied():
        pass
