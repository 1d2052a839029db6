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
_FAMILIES: Final[dict[str, tuple[str, tuple[str, ...]]]] = {
    "role": ("ENV-2", ("ENV-2",)),
    "text": ("TXT-1", ("TXT-", "SSE-", "PAY-", "FIN-6", "ENV-")),
    "reasoning": ("RSN-1", ("RSN-", "TXT-2", "SSE-", "PAY-")),
    "refusal": ("TXT-5", ("TXT-5", "SSE-", "PAY-")),
    "finish_reason": ("FIN-1", ("FIN-", "END-", "SSE-", "PAY-", "ENV-")),
    "logprobs": ("ENV-9", ("ENV-9", "PAY-12")),
    "audio": ("ENV-10", ("ENV-10",)),
    "annotations": ("ENV-11", ("ENV-11",)),
    "usage": ("USE-1", ("USE-", "ENV-4")),
    "outcome": ("END-9", ("ERR-", "END-", "FIN-5", "PAY-", "SSE-")),
    "executable": ("TOOL-12", ("TOOL-12",)),
    "tool_calls": ("TOOL-3", ("TOOL-", "SSE-", "PAY-")),
}
"""Member -> the rule that speaks of it, and the families among which a case's own rule wins."""

_ORDINARY: Final = frozenset({"TXT-1", "FIN-1", "END-2", "TOOL-1", "TOOL-3", "RSN-1", "USE-1"})
"""Rules that plain answers rest on."""

_CALL: Final = re.compile(r"^/\d+/\d+/(id|name|arguments|type)$")


def rule_of(difference: Difference, rules: Sequence[str]) -> str | None:
    """The rule this difference is about: the first fitting one of the case, else the member's.

    rules: the case's, in its order. Where a good stream ends in an exception, it is the first
    one that not every answer rests on: what the case is there to show; else the one about its
    end. None where nothing fits.
    """
    if difference.path == "/outcome" and difference.expected == "complete":
        special = [rule for rule in rules if rule not in _ORDINARY]
        ends = [rule for rule in rules if rule.startswith("END-")]
        return next(iter([*special, *ends, *rules]), None)
    found = _MEMBER.findall(difference.path)
    member = found[-1] if found else ("tool_calls" if _CALL.match(difference.path) else None)
    if member is None:
        return rules[0] if rules else None
    own, families = _FAMILIES[member]
    fitting = (rule for family in families for rule in rules if rule.startswith(family))
    return next(fitting, own)


def finding(difference: Difference, rules: Sequence[str]) -> str:
    """`differs from RULE (title)`."""
    rule = rule_of(difference, rules)
    return f"differs from {rule} ({RULES[rule].title})" if rule else "differs from the expectation"
