"""What a recorded stream's bytes show, as the claims of a cassette key.

Profiles, rules and strength follow from the bytes alone. A stream is taken for one that obeys
the OpenAI reference only if the transcript oracle reads it or its truth could be stated; it
decides about anybody (`must`) only if its twin, generated anew, says the same as well. All else
is `should`, for a person to look at.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from chunkproof.rules import RULES
from chunkproof_conformance.cases import traits
from chunkproof_conformance.oracles.frames import NotPlain
from chunkproof_conformance.oracles.transcript import read_transcript

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chunkproof_conformance.cases.key import Profile, Strength, Truth
    from chunkproof_conformance.cases.wire_view import WireView

REASONING: Final = ("reasoning_content", "reasoning")
NEEDS: Final = frozenset({
    "logprobs", "n", "parallel_tool_calls", "reasoning_effort", "response_format", "stop",
    "stream_options", "tool_choice", "tools", "top_logprobs",
})  # fmt: skip
"""Request members that not every client can send."""


@dataclass(frozen=True)
class Claims:
    """The members of a key that follow from the bytes."""

    profiles: list[Profile]
    strength: Strength
    rules: list[str]
    rows: list[str]


def is_plain(body: bytes) -> bool:
    """Whether the transcript oracle reads the stream."""
    try:
        read_transcript(body)
    except NotPlain:
        return False
    return True


def claims(wire: WireView, truth: Truth | None, *, twin_agrees: bool) -> Claims:
    """The claims for a stream; truth: as stated, where it is not read verbatim."""
    plain = truth is None and wire.end == "eof" and is_plain(wire.body)
    rules = [*_content_rules(wire), *_end_rules(truth, plain=plain)]
    contested = any(RULES[rule].contested for rule in rules)
    sure = (plain and twin_agrees) or (truth is not None and wire.status == 200)
    obeys = (plain or sure) and not contested
    strength: Strength = "choice" if contested else "must" if sure else "should"
    profiles: list[Profile] = _profiles(wire) if obeys else ["lenient"]
    return Claims(profiles, strength, list(dict.fromkeys(rules)), rows(wire))


def _said(wire: WireView, *members: str) -> bool:
    return any(delta.get(member) for delta in wire.deltas for member in members)


def _several_calls(wire: WireView) -> bool:
    per_choice: dict[object, set[object]] = {}
    for choice, call in wire.arguments():
        per_choice.setdefault(str(choice), set()).add(str(call))
    return any(len(calls) > 1 for calls in per_choice.values())


def _profiles(wire: WireView) -> list[Profile]:
    found: Mapping[Profile, bool] = {
        "core": True,
        "tools": bool(wire.calls),
        "parallel-tools": _several_calls(wire),
        "reasoning": _said(wire, *REASONING),
        "refusal": _said(wire, "refusal"),
        "choices": len(wire.indices()) > 1,
        "logprobs": any(choice.get("logprobs") for choice in wire.choices),
    }
    return [profile for profile, is_there in found.items() if is_there]


def _content_rules(wire: WireView) -> list[str]:
    found = {
        "SSE-5": any(line.startswith(":") for line in wire.lines),
        "TXT-1": _said(wire, "content"),
        "TXT-5": _said(wire, "refusal"),
        "RSN-1": _said(wire, *REASONING),
        "TOOL-1": bool(wire.calls),
        "TOOL-8": bool(wire.calls),
        "TOOL-9": _several_calls(wire),
        "ENV-9": any(choice.get("logprobs") for choice in wire.choices),
        "FIN-1": bool(wire.finishes),
        "USE-1": bool(wire.usages),
        "PAY-15": not wire.payloads and bool(wire.body),
        "ERR-1": any(chunk.get("error") for chunk in wire.chunks),
    }
    return [rule for rule, is_there in found.items() if is_there]


def _end_rules(truth: Truth | None, *, plain: bool) -> list[str]:
    if truth is None:
        # A stream that no oracle reads yet: that nothing is invented is all we can say.
        return ["END-2"] if plain else ["END-9"]
    unfinished = truth.outcome == "incomplete" or truth.because == "END-6"
    return [truth.because, *(["END-9"] if unfinished else [])]


def rows(wire: WireView) -> list[str]:
    """The catalogue's rows that the bytes show; a trait that stumbles over them shows none."""
    found = []
    for row, trait in traits.TRAITS.items():
        try:
            if trait(wire):
                found.append(row)
        except (TypeError, AttributeError, ValueError, KeyError, IndexError):
            continue
    return sorted(found)
