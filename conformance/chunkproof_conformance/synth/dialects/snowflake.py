"""Snowflake Cortex: an empty id, never a finish reason, reasoning in details alone."""

from __future__ import annotations

from typing import Any, Final

from chunkproof_conformance.synth.dialect import Dialect
from chunkproof_conformance.synth.template import S

_TAIL: Final[dict[str, Any]] = {"refusal": "", "role": S.ROLE, "tool_calls": None}

SNOWFLAKE: Final = Dialect(
    name="snowflake",
    fidelity="captured",
    sources=("4 chunk shapes of a recorded stream in a public repository",),
    chunk={
        "choices": S.CHOICES,
        "created": 0,
        "id": "",
        "model": S.MODEL,
        "object": "chat.completion.chunk",
        "service_tier": "",
        "system_fingerprint": "",
        "usage": S.USAGE,
    },
    choice={
        "delta": S.DELTA,
        "index": S.CHOICE,
        "logprobs": {"content": None, "refusal": None},
    },
    opening={name: {"content": "", **_TAIL} for name in ("text", "end")},
    delta={
        "text": {"content": S.TEXT, **_TAIL},
        "reasoning": {
            "content": "",
            "reasoning_details": [
                {
                    "format": "anthropic-claude-v1",
                    "id": "reasoning-text-1",
                    "index": 0,
                    "text": S.TEXT,
                    "type": "reasoning.text",
                }
            ],
            **_TAIL,
        },
    },
    usage_object={
        "completion_tokens": S.COMPLETION,
        "prompt_tokens": S.PROMPT,
        "total_tokens": S.TOTAL,
    },
    identity={"id": "", "created": 0, "model": "claude-sonnet-4-6"},
)

DIALECTS: Final = (SNOWFLAKE,)
