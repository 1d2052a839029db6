"""Which rule a finding names."""

from __future__ import annotations

import pytest

from chunkproof.rules import RULES
from chunkproof_conformance.judge.attribution import finding, rule_of
from chunkproof_conformance.judge.diff import Difference


@pytest.mark.parametrize(
    ("path", "rules", "rule"),
    [
        ("/choices/0/role", ["TXT-1", "FIN-1"], "ENV-2"),
        ("/choices/0/text", ["SSE-2", "END-2"], "SSE-2"),
        ("/choices/0/text", ["END-2"], "TXT-1"),
        ("/choices/0/finish_reason", ["TXT-1", "END-5"], "END-5"),
        ("/choices/0/tool_calls/1", ["TXT-1", "TOOL-2"], "TOOL-2"),
        ("/choices/0/tool_calls/0/executable", ["TOOL-2"], "TOOL-12"),
        ("/usage/prompt_tokens", ["TXT-1"], "USE-1"),
        ("/0/1/arguments", ["TOOL-4"], "TOOL-4"),
        ("/choices/0/logprobs/content/3", ["TXT-1"], "ENV-9"),
        ("/choices/0/audio/transcript", ["TXT-1"], "ENV-10"),
        ("/choices/0/annotations/0", ["TXT-1"], "ENV-11"),
        ("/0/3", ["TXT-2"], "TXT-2"),
        ("/7", [], None),
        ("/choices/0/text", ["SSE-2", "END-2", "TXT-1"], "SSE-2"),
        ("/choices/0/text", ["ENV-2", "TXT-1", "RSN-1"], "TXT-1"),
        ("/choices/0/tool_calls/0/arguments", ["TOOL-1", "TOOL-2", "TOOL-8", "TOOL-9"], "TOOL-2"),
        ("/0/0/arguments", ["TOOL-1", "TOOL-3", "TOOL-8", "TXT-3"], "TXT-3"),
        ("/0/0/arguments", ["TXT-1"], "TOOL-3"),
        ("/choices/0/tool_calls/0/id", ["TOOL-3", "TOOL-7", "TOOL-6", "TOOL-8"], "TOOL-6"),
        ("/0/0/name", ["TOOL-1", "TOOL-6", "TOOL-7"], "TOOL-7"),
        ("/choices/0/tool_calls/0/id", ["TOOL-1", "TOOL-4"], "TOOL-4"),
        ("/choices/0/tool_calls/0/type", [], "TOOL-10"),
        ("/choices/0/tool_calls/0/id", ["TOOL-1", "TOOL-12"], "TOOL-1"),
        ("/choices/0/finish_reason", ["SSE-5", "FIN-1"], "FIN-1"),
        ("/choices/0/text", ["ENV-9", "TXT-1"], "TXT-1"),
        ("/choices/0/text", ["ENV-5", "TXT-1"], "ENV-5"),
        ("/usage/prompt_tokens", ["ENV-4", "USE-1"], "ENV-4"),
        ("/choices/0/finish_reason", ["FIN-1", "FIN-3", "END-2"], "FIN-3"),
    ],
)
def test_the_cases_own_rule_wins_where_it_speaks_of_the_member(
    path: str, rules: list[str], rule: str | None
) -> None:
    assert rule_of(Difference(path, "a", "b"), rules) == rule


def test_an_exception_on_a_good_stream_is_about_what_the_case_is_there_for() -> None:
    raised = Difference("/outcome", "complete", "failed")
    assert rule_of(raised, ["TXT-1", "FIN-1", "SSE-11"]) == "SSE-11"
    assert rule_of(raised, ["TXT-1", "FIN-1", "END-2"]) == "END-2"
    assert rule_of(raised, ["TXT-1", "FIN-1"]) == "TXT-1"


@pytest.mark.parametrize(
    ("rules", "rule"), [(["TXT-1", "END-2"], "SSE-4"), (["TOOL-2", "SSE-3", "SSE-8"], "SSE-3")]
)
def test_what_goes_wrong_only_when_cut_is_about_pieces(rules: list[str], rule: str) -> None:
    """The parser reads the answer well in one piece: no rule about the answer is to blame."""
    for difference in (
        Difference("/choices/0/text", "a", "b"),
        Difference("/outcome", "complete", "failed"),
    ):
        assert rule_of(difference, rules, only_when_cut=True) == rule
        assert finding(difference, rules, only_when_cut=True).startswith(f"differs from {rule} (")


def test_a_finding_names_the_rule_and_its_title() -> None:
    said = finding(Difference("/choices/0/role", "assistant", "aa"), [])
    assert said == f"differs from ENV-2 ({RULES['ENV-2'].title})"
