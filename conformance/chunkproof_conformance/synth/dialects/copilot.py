"""GitHub Copilot with Claude: text in one choice, calls in another, both of one answer."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from chunkproof_conformance.synth.dialects.generic import GENERIC
from chunkproof_conformance.synth.template import Or, S

COPILOT: Final = replace(
    GENERIC,
    name="copilot",
    fidelity="reported",
    sources=("issue reports on GitHub Copilot: text in choice 0, tool calls in choice 1",),
    chunk={
        "choices": S.CHOICES,
        "created": S.CREATED,
        "id": S.ID,
        "model": S.MODEL,
        "usage": S.USAGE,
    },
    choice={"index": S.CHOICE, "delta": S.DELTA, "finish_reason": Or(S.FINISH)},
    opening={},
    delta={
        "text": {"content": S.TEXT, "role": S.ROLE_ONCE},
        "call": {"content": None, "role": S.ROLE_ONCE, "tool_calls": S.CALLS},
        "arguments": {"content": None, "tool_calls": S.CALLS},
        "finish": {"content": None},
    },
    usage=frozenset({"finish"}),
    identity={"id": "msg_copilot_1", "created": 1790000000, "model": "claude-sonnet-4"},
)

DIALECTS: Final = (COPILOT,)
