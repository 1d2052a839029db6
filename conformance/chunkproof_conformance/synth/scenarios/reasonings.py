"""Reasoning: its fields, details, lists, tags, and its place among text and calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chunkproof_conformance.synth.dialects.catalogue import DIALECTS
from chunkproof_conformance.synth.message import (
    Aside,
    Call,
    Choice,
    Message,
    Reasoning,
    Segment,
    Text,
    Usage,
)
from chunkproof_conformance.synth.plan import cut, plan
from chunkproof_conformance.synth.scenario import Scenario, scenario

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from chunkproof_conformance.cases.key import Strength

_COUNTS: Final = Usage(15, 30, 45)
_SIGNATURE: Final = Aside(
    {
        "content": "",
        "role": "assistant",
        "reasoning_details": [
            {"type": "reasoning.text", "signature": "c2lnbmF0dXJl", "format": "unknown", "index": 0}
        ],
    }
)


def _said(*segments: Segment, usage: Usage | None = None, finish: str = "stop") -> Message:
    return Message((Choice(segments, finish),), usage)


def _case(
    name: str,
    title: str,
    dialect: str,
    message: Message,
    *,
    profiles: str,
    strength: Strength,
    rules: str,
    rows: str,
    given: Mapping[tuple[int, int], Sequence[str]] | None = None,
) -> Scenario:
    return scenario(
        f"reasoning/{name}",
        title,
        DIALECTS[dialect],
        message,
        profiles=profiles,
        strength=strength,
        rules=f"{rules} FIN-1 END-2",
        rows=rows,
        steps=plan(message, lambda text: cut(text, 9), given),
    )


_TAGS: Final = ["<thi", "nk>It is a g", "reeting.</th", "ink>", "Hello!"]

SCENARIOS: Final = (
    _case(
        "deepseek-reasoning-content",
        "`reasoning_content` beside a content of null, then text",
        "deepseek-reasoner",
        _said(Reasoning("A greeting needs an answer."), Text("Hello there!"), usage=_COUNTS),
        profiles="core reasoning",
        strength="must",
        rules="RSN-1 TXT-1 USE-1",
        rows="reasoning-content reasoning-null-or-empty content-null usage-in-finish-chunk",
    ),
    _case(
        "vllm-reasoning",
        "`reasoning`, as newer servers call it, then a call",
        "vllm-calls",
        _said(
            Reasoning("The clock knows."),
            Call("chatcmpl-tool-3", "now", "{}"),
            usage=_COUNTS,
            finish="tool_calls",
        ),
        profiles="core reasoning tools",
        strength="must",
        rules="RSN-1 TOOL-1 TOOL-8 USE-1",
        rows="reasoning-field usage-final-empty-choices",
    ),
    _case(
        "stepfun-mirrored",
        "One thought in two members of a delta counts once",
        "generic-mirrored-reasoning",
        _said(Reasoning("Thought once, sent twice."), Text("Once.")),
        profiles="reasoning lenient",
        strength="should",
        rules="RSN-1 RSN-2 TXT-1",
        rows="reasoning-mirrored",
    ),
    _case(
        "openrouter-details-signature",
        "Details beside the text of the reasoning, and a signature in a chunk of its own",
        "openrouter",
        _said(Reasoning("Let me sign this thought."), _SIGNATURE, Text("Signed."), usage=_COUNTS),
        profiles="reasoning lenient",
        strength="should",
        rules="RSN-1 RSN-3 TXT-1 USE-1",
        rows="reasoning-details reasoning-field role-every-chunk comment-keepalive",
    ),
    _case(
        "mistral-content-list",
        "Content as a list of thinking parts, then as strings",
        "mistral-thinking-no-padding",
        _said(Reasoning("First I think in a list."), Text("Then I speak."), usage=_COUNTS),
        profiles="reasoning lenient",
        strength="must",
        rules="TXT-2 RSN-1 TXT-1 USE-1",
        rows="content-array content-empty-string usage-in-finish-chunk",
    ),
    _case(
        "minimax-think-tags-split",
        "Think tags in the text, cut inside a tag: text as it stands",
        "minimax",
        _said(Text("".join(_TAGS))),
        profiles="lenient",
        strength="should",
        rules="RSN-4 TXT-1 ENV-2",
        rows="think-tags-inline role-empty-string",
        given={(0, 0): _TAGS},
    ),
    _case(
        "generic-interleaved-with-tools",
        "Reasoning, text and calls by turns: every stretch in its place",
        "generic",
        _said(
            Reasoning("Which city?"),
            Text("Two cities."),
            Call("call_n4", "get_weather", '{"city": "Oslo"}'),
            Reasoning("And the other."),
            Call("call_o5", "get_weather", '{"city": "Rome"}'),
            Text("Wait for both."),
            finish="tool_calls",
        ),
        profiles="core reasoning tools parallel-tools",
        strength="should",
        rules="RSN-1 TXT-1 TOOL-1 TOOL-3 TOOL-8 TOOL-9",
        rows="reasoning-interleaved text-after-tools reasoning-content",
    ),
)
