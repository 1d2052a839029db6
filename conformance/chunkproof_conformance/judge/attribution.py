"""Which rule a difference is about: the finding in one line."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from chunkproof.rules import RULES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chunkproof_conformance.judge.diff import Difference

_MEMBER: Final = re.compile(
    r"/(role|text|reasoning|refusal|finish_reason|logprobs|audio|annotations|usage|outcome"
    r"|executable|tool_calls)\b"
)
_CALL_MEMBER: Final = re.compile(
    r"^(?:/choices/\d+/tool_calls/\d+|/\d+/\d+)/(id|name|arguments|type)$"
)
_ENVELOPES: Final = ("ENV-3", "ENV-4", "ENV-5", "ENV-6")
"""Rules that say where choices and deltas are."""

_FAMILIES: Final[dict[str, tuple[str, tuple[str, ...]]]] = {
    "role": ("ENV-2", ("ENV-2",)),
    "text": ("TXT-1", ("TXT-", "SSE-", "PAY-", "FIN-6", *_ENVELOPES)),
    "reasoning": ("RSN-1", ("RSN-", "TXT-2", "SSE-", "PAY-")),
    "refusal": ("TXT-5", ("TXT-5", "TXT-3", "SSE-", "PAY-")),
    "finish_reason": ("FIN-1", ("FIN-", "END-", "SSE-", "PAY-", *_ENVELOPES)),
    "logprobs": ("ENV-9", ("ENV-9", "PAY-12")),
    "audio": ("ENV-10", ("ENV-10",)),
    "annotations": ("ENV-11", ("ENV-11",)),
    "usage": ("USE-1", ("USE-", "ENV-4")),
    "outcome": ("END-9", ("ERR-", "END-", "FIN-5", "PAY-", "SSE-")),
    "executable": ("TOOL-12", ("TOOL-12",)),
    "tool_calls": ("TOOL-3", ("TOOL-", "SSE-", "PAY-")),
    "id": ("TOOL-6", ("TOOL-6", "TOOL-", "SSE-", "PAY-")),
    "name": ("TOOL-7", ("TOOL-7", "TOOL-", "SSE-", "PAY-")),
    "type": ("TOOL-10", ("TOOL-10", "TOOL-", "SSE-", "PAY-")),
    "arguments": ("TOOL-3", ("TXT-3", "TOOL-", "SSE-", "PAY-")),
}
"""Member -> the rule that speaks of it, and the families among which a case's own rule wins."""

_ORDINARY: Final = frozenset(
    {"TXT-1", "FIN-1", "END-2", "RSN-1", "USE-1", "ENV-1", "ENV-2"}
    | {"TOOL-1", "TOOL-3", "TOOL-8", "TOOL-9"}
)
"""Rules that plain answers rest on: a case that has another one is there to show that."""

_BESIDE: Final = frozenset({"SSE-5", "SSE-11", "TOOL-12"})
"""Rules that change no member of an answer: who breaks them raises, or runs a call."""

_OF_PIECES: Final = ("SSE-1", "SSE-2", "SSE-3")
"""Rules that say what a character, a mark and a line end are that come in two pieces."""


def rule_of(
    difference: Difference, rules: Sequence[str], *, only_when_cut: bool = False
) -> str | None:
    """The rule this difference is about: one of the case that fits the member, else the member's.

    rules: the case's, in its order. One that not every answer rests on goes before the others:
    it is what the case is there to show. Where a good stream ends in an exception and there is
    none, it is the one about its end. None where nothing fits.
    only_when_cut: in one piece it passes; then the parser reads what is said well, and takes the
    end of a piece for the end of something (SSE-4), whatever member shows it.
    """
    if only_when_cut:
        return next((rule for rule in _OF_PIECES if rule in rules), "SSE-4")
    if difference.path == "/outcome" and difference.expected == "complete":
        ends = [rule for rule in rules if rule.startswith("END-")]
        return _first([rule for rule in rules if rule not in _ORDINARY], ends, rules)
    member = _member(difference.path)
    if member is None:
        return _first(rules)
    own, families = _FAMILIES[member]
    fitting = [rule for family in families for rule in rules if rule.startswith(family)]
    special = [rule for rule in fitting if rule not in _ORDINARY | _BESIDE]
    return _first(special, fitting, [own])


def _first(*lists: Sequence[str]) -> str | None:
    """The first rule of the first of these lists that has one."""
    return next((rule for rules in lists for rule in rules), None)


def _member(path: str) -> str | None:
    """The member of an answer that a difference at this JSON Pointer is about."""
    if call := _CALL_MEMBER.match(path):
        return call[1]
    found = _MEMBER.findall(path)
    return found[-1] if found else None


def finding(difference: Difference, rules: Sequence[str], *, only_when_cut: bool = False) -> str:
    """`differs from RULE (title)`."""
    rule = rule_of(difference, rules, only_when_cut=only_when_cut)
    return f"differs from {rule} ({RULES[rule].title})" if rule else "differs from the expectation"
