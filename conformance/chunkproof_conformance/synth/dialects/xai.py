"""api.x.ai: no finish_reason key until the end, empty deltas, whole calls, a moving `created`."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from chunkproof_conformance.synth.dialect import Dialect
from chunkproof_conformance.synth.template import S

XAI: Final = Dialect(
    name="xai",
    fidelity="captured",
    sources=("9 chunk shapes of 5 recorded streams in public repositories",),
    chunk={
        "id": S.ID,
        "object": "chat.completion.chunk",
        "created": S.CREATED,
        "model": S.MODEL,
        "choices": S.CHOICES,
        "usage": S.USAGE,
        "system_fingerprint": "fp_0123456789",
    },
    choice={"index": S.CHOICE, "delta": S.DELTA, "finish_reason": S.FINISH},
    opening={"end": {"role": S.ROLE}, "call": {"role": S.ROLE}, "calls": {"role": S.ROLE}},
    delta={
        "text": {"content": S.TEXT, "role": S.ROLE_ONCE},
        "reasoning": {"reasoning_content": S.TEXT, "role": S.ROLE_ONCE},
        "whole": {"tool_calls": S.CALLS},
        "finish": {},
    },
    entry={
        "whole": {
            "id": S.CALL_ID,
            "function": {"name": S.NAME, "arguments": S.ARGUMENTS},
            "index": S.CALL,
            "type": "function",
        }
    },
    calls="whole",
    created_every=4,
    usage_object={
        "prompt_tokens": S.PROMPT,
        "completion_tokens": S.COMPLETION,
        "total_tokens": S.TOTAL,
        "prompt_tokens_details": {
            "text_tokens": S.PROMPT,
            "audio_tokens": 0,
            "image_tokens": 0,
            "cached_tokens": 0,
        },
        "completion_tokens_details": {
            "reasoning_tokens": 0,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
        "num_sources_used": 0,
    },
    identity={
        "id": "00000000-0000-4000-8000-000000000001_us-east-1",
        "created": 1790000000,
        "model": "grok-4-fast-reasoning",
    },
)

ROLE_ALONE: Final = replace(
    XAI,
    name="xai-role-alone",
    opening={name: {"role": S.ROLE} for name in ("text", "reasoning", "call", "calls", "end")},
    delta={**XAI.delta, "idle": {}},
    idle_first=3,
)
"""While the model reasons out of sight: empty deltas after the role."""

DIALECTS: Final = (XAI, ROLE_ALONE)
