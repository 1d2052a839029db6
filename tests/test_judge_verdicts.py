"""Verdicts, known failures, profiles and differences."""

from __future__ import annotations

import pytest

from chunkproof_conformance.judge.comparison import Judgement
from chunkproof_conformance.judge.diff import ABSENT, Difference, aligned, shown
from chunkproof_conformance.judge.observation import Implementation, Level
from chunkproof_conformance.judge.profiles import Rank, is_required, reached
from chunkproof_conformance.judge.verdicts import (
    Kind,
    KnownFailure,
    Verdict,
    against_known,
    verdict_of,
    worst,
)

WRONG = Judgement((Difference("/choices/0/text", "Hello", "lo"),))
RIGHT = Judgement(())


def test_a_difference_is_a_failure_and_none_a_pass() -> None:
    assert verdict_of(WRONG, contested=False).kind is Kind.FAIL
    assert verdict_of(RIGHT, contested=False).kind is Kind.PASS
    assert verdict_of(None, contested=False).kind is Kind.NOT_AVAILABLE


def test_a_contested_case_shows_what_was_chosen_and_never_fails() -> None:
    assert verdict_of(RIGHT, contested=True) == Verdict(Kind.CHOICE, "as specified")
    verdict = verdict_of(WRONG, contested=True)
    assert verdict.kind is Kind.CHOICE
    assert '"lo"' in verdict.detail


def test_the_worst_of_several_ways_to_cut_counts() -> None:
    kinds = [Kind.PASS, Kind.FAIL, Kind.TIMEOUT, Kind.TIMEOUT]
    assert worst(Verdict(kind) for kind in kinds) == 2


FAILED = verdict_of(WRONG, contested=False)


@pytest.mark.parametrize(
    ("verdict", "known", "kind"),
    [
        (FAILED, None, Kind.FAIL),
        (FAILED, KnownFailure("/choices/0/text: expected"), Kind.KNOWN_FAILURE),
        (FAILED, KnownFailure("/outcome"), Kind.STALE),
        (Verdict(Kind.PASS), KnownFailure(), Kind.STALE),
        (Verdict(Kind.SKIPPED), KnownFailure(), Kind.STALE),
        (Verdict(Kind.TIMEOUT, "no answer"), KnownFailure("no answer"), Kind.KNOWN_FAILURE),
    ],
)
def test_a_known_failure_must_fail_as_pinned(
    verdict: Verdict, known: KnownFailure | None, kind: Kind
) -> None:
    assert against_known(verdict, known).kind is kind


@pytest.mark.parametrize("verdict", [FAILED, *map(Verdict, (Kind.PASS, Kind.TIMEOUT, Kind.ERROR))])
def test_a_flaky_case_is_neutral_whichever_way_it_goes(verdict: Verdict) -> None:
    assert against_known(verdict, None, flaky=True).kind is Kind.FLAKY


def test_what_is_listed_says_why_before_how_it_fails() -> None:
    """The reason of a known failure, and that a stale one fails otherwise than listed."""
    known = against_known(FAILED, KnownFailure("/choices", "one index"))
    assert (known.message, known.differences) == ("one index", FAILED.differences)
    stale = against_known(FAILED, KnownFailure("/outcome"))
    assert stale.message == f"fails otherwise than listed: {FAILED.message}"


LIBRARY = Implementation("lib", "1", profiles=("core", "tools"), cannot_request=frozenset({"n"}))


@pytest.mark.parametrize(
    ("rank", "required"),
    [
        (Rank("must", ("core",)), True),
        (Rank("must", ("core", "tools")), True),
        (Rank("should", ("core",)), False),
        (Rank("must", ("core", "reasoning")), False),
        (Rank("must", ("core",), ("n",)), False),
        (Rank("must", ("tools",), ("tools",)), True),
    ],
)
def test_required_is_must_and_claimed_and_sendable(rank: Rank, required: bool) -> None:
    assert is_required(rank, LIBRARY) is required


def test_the_level_reached_is_the_highest_with_all_below_it() -> None:
    good, bad = [Kind.PASS, Kind.CHOICE], [Kind.PASS, Kind.FAIL]
    claimed = ("core",)
    assert reached("core", claimed, {"final": good, "sequence": good}) == "sequence"
    assert reached("core", claimed, {"final": good, "sequence": bad, "exact": good}) == "final"
    assert reached("core", claimed, {"final": bad, "sequence": good}) == "none"
    assert reached("core", claimed, {"final": good, "sequence": [Kind.SKIPPED]}) == "final"


def test_nothing_to_judge_not_available_and_not_claimed_are_told_apart() -> None:
    assert reached("core", ("core",), {}) == "n/a"
    assert reached("core", ("core",), {"final": [Kind.NOT_AVAILABLE]}) == "n/a"
    shown_at_final: dict[Level, list[Kind]] = {
        "final": [Kind.PASS],
        "sequence": [Kind.NOT_AVAILABLE],
    }
    assert reached("core", ("core",), shown_at_final) == "final"
    assert reached("audio", ("core",), {"final": [Kind.PASS]}) == "not claimed"


def test_long_strings_are_shown_where_they_part() -> None:
    common = "x" * 300
    expected, got = aligned(common + "right", common + "wrong")
    assert expected.index("right") == got.index("wrong")
    assert len(expected) < 90


def test_what_a_terminal_would_swallow_is_shown() -> None:
    assert shown("a\nb\x1b") == r'"a\nb\u001b"'
    assert shown("half \ud83d") == r'"half \ud83d"'
    assert shown(ABSENT) == "(absent)"
    assert shown(None) == "null"
