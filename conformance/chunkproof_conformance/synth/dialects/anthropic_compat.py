"""Anthropic's OpenAI endpoint and the bridges to Claude: no reasoning, calls of no arguments."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from chunkproof_conformance.synth.dialects.generic import GENERIC

ANTHROPIC_COMPAT: Final = replace(
    GENERIC,
    name="anthropic-compat",
    fidelity="documented",
    sources=(
        "Anthropic, OpenAI SDK compatibility: n must be 1, reasoning is not returned",
        "issue reports on bridges to Claude: the arguments of a call without any are empty",
    ),
    cannot=frozenset({"reasoning", "choices", "logprobs", "refusal", "legacy"}),
    identity={"id": "msg_01Example", "created": 1790000000, "model": "claude-sonnet-4-5"},
)

DIALECTS: Final = (ANTHROPIC_COMPAT,)
