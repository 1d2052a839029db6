"""The table for people: what comes first, what is left out, and how narrow it may be."""

from __future__ import annotations

import re
from io import StringIO
from typing import Any, Final

import pytest
from rich.console import Console

from chunkproof_conformance.judge.diff import Difference
from chunkproof_conformance.judge.observation import Implementation
from chunkproof_conformance.judge.profiles import Rank
from chunkproof_conformance.judge.verdicts import Kind, Verdict
from chunkproof_conformance.reports.table import LISTED, report_table
from chunkproof_conformance.run.plan import explicit_plan
from chunkproof_conformance.run.report import ORIGINS, CaseFacts, ImplementationRun, Report
from chunkproof_conformance.run.runner import NO_PLAN, Row

PASS: Final = Verdict(Kind.PASS, "")


def wrong(path: str = "/choices/0/text", got: str = "b") -> Verdict:
    return Verdict(Kind.FAIL, "", (Difference(path, "a", got),))


def shown(
    *verdicts: Verdict,
    width: int = 100,
    strength: str = "must",
    runs: int = 1,
    cut: bool = False,
    rules: tuple[str, ...] = (),
) -> str:
    """The table of runs over one case per verdict; cut: each fails only when cut."""
    facts = tuple(
        CaseFacts(
            f"text/c{number}",
            "T",
            Rank(strength, ("core",)),
            rules,
            ORIGINS[number % len(ORIGINS)],
            from_openai=False,
        )
        for number in range(len(verdicts))
    )
    plan = explicit_plan((7,)) if cut else NO_PLAN
    rows = tuple(
        Row("mine", case.id, "final", one, plan, cut and one.kind is Kind.FAIL)
        for case, one in zip(facts, verdicts, strict=True)
    )
    who = Implementation("mine", "1", profiles=("core",))
    run = ImplementationRun("cmd:./mine", who, rows, 1.5)
    console = Console(file=StringIO(), width=width, highlight=False)
    with console.capture() as captured:
        console.print(report_table(Report(facts, (run,) * runs), in_full=1), crop=False)
    return captured.get()


def test_of_a_finding_with_many_cases_the_first_are_listed_and_the_others_counted() -> None:
    text = shown(*(wrong(got=f"b{number}") for number in range(9)))
    assert text.count("text/c") == 2 + LISTED - 1, "case and command in full, then the list"
    assert "and 6 more, 6 required" in text


def test_cases_that_all_say_the_same_are_listed_once() -> None:
    text = shown(*(wrong() for _ in range(9)))
    assert text.count("text/c0") == 3
    assert "text/c1" not in text
    assert "and 8 more, 8 required" in text


def test_a_few_cases_are_all_listed() -> None:
    text = shown(*(wrong(got=f"b{number}") for number in range(LISTED)))
    assert all(f"text/c{number}" in text for number in range(LISTED))
    assert "more" not in text


def test_the_finding_that_fails_most_required_cases_comes_first() -> None:
    one, many = wrong("/usage/prompt_tokens"), [wrong(got=f"b{number}") for number in range(3)]
    text = shown(one, *many)
    assert text.index("✗ differs from TXT-1") < text.index("✗ differs from USE-1")


def test_what_fails_only_when_cut_is_counted() -> None:
    assert "mine 1: 2 cases, 2 required, 2 only when cut\n" in shown(wrong(), wrong(), cut=True)
    assert "only when cut" not in shown(wrong(), wrong())


@pytest.mark.parametrize("runs", [1, 2])
def test_the_levels_stand_at_the_end_where_failures_pushed_them_off_the_screen(runs: int) -> None:
    """Of one implementation as its heading said them, of several side by side."""
    end = shown(wrong(), PASS, runs=runs).rpartition("✗ differs")[2]
    assert "core" in end
    assert "none" in end


def test_the_levels_of_one_that_passes_are_said_once() -> None:
    assert re.split(r"\n *\n", shown(PASS, PASS))[1].startswith("✓ pass")


def test_the_legend_explains_the_signs_that_occur_and_no_others() -> None:
    """A sign that nobody explained is worse than none: every kind of verdict has its words."""
    assert "✓ pass" in shown(PASS)
    assert "fail" not in shown(PASS)
    for kind in Kind:
        text = shown(Verdict(kind, "words"))
        legend = text.partition("1 cases: ")[0].splitlines()[-1]
        assert re.fullmatch(r"\S [a-z/].*", legend), kind


@pytest.mark.parametrize("width", [80, 100, 140])
def test_no_number_is_cut_off_on_a_narrow_screen(width: int) -> None:
    """Provenance is told apart where there is room; else all that is recorded is one column."""
    verdicts: list[Any] = [PASS, wrong(), Verdict(Kind.CHOICE, "x")] * 200
    text = shown(*verdicts, width=width)
    table = re.split(r"\n *\n", text)[0]
    assert "…" not in table
    assert ("recorded" in table) is (width < 100)
    assert all(len(line) <= width for line in table.splitlines())
