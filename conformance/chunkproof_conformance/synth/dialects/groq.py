"""api.groq.com: usage inside `x_groq`, then again at the top; errors under `event: error`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from chunkproof_conformance.synth.dialect import Dialect
from chunkproof_conformance.synth.template import On, Or, S

_HEAD: Final[dict[str, Any]] = {
    "id": S.ID,
    "object": "chat.completion.chunk",
    "created": S.CREATED,
    "model": S.MODEL,
    "system_fingerprint": "fp_0123456789",
    "choices": S.CHOICES,
    "x_groq": On(
        {
            "open": {"id": "req_0123456789", "seed": 1},
            "finish": {"id": "req_0123456789", "usage": S.USAGE},
        }
    ),
}

GROQ: Final = Dialect(
    name="groq",
    fidelity="captured",
    sources=("10 chunk shapes of 6 recorded streams in public repositories",),
    chunk={**_HEAD, "usage": S.USAGE, "service_tier": On({"usage": "on_demand"})},
    opening={
        **{name: {"role": S.ROLE, "content": ""} for name in ("text", "reasoning", "end", "aside")},
        **{name: {"role": S.ROLE, "content": None} for name in ("call", "calls")},
    },
    delta={
        "text": {"content": S.TEXT},
        "reasoning": {"reasoning": S.TEXT},
        "whole": {"tool_calls": S.CALLS},
        "finish": {},
    },
    choice={
        "index": S.CHOICE,
        "delta": S.DELTA,
        "logprobs": Or(S.LOGPROBS),
        "finish_reason": Or(S.FINISH),
    },
    entry={
        "whole": {
            "id": S.CALL_ID,
            "type": "function",
            "function": {"name": S.NAME, "arguments": S.ARGUMENTS},
            "index": S.CALL,
        }
    },
    calls="whole",
    usage=frozenset({"finish", "own"}),
    usage_object={
        "queue_time": 0.01,
        "prompt_tokens": S.PROMPT,
        "prompt_time": 0.02,
        "completion_tokens": S.COMPLETION,
        "completion_time": 0.03,
        "total_tokens": S.TOTAL,
        "total_time": 0.05,
    },
    error={
        "error": {
            "message": S.MESSAGE,
            "type": S.ERROR_TYPE,
            "code": S.ERROR_CODE,
            "failed_generation": "{",
        }
    },
    error_event="error",
    identity={
        "id": "chatcmpl-00000000-0000-4000-8000-000000000001",
        "created": 1790000000,
        "model": "openai/gpt-oss-20b",
    },
)

CHANNEL: Final = replace(
    GROQ,
    name="groq-channel",
    delta={**GROQ.delta, "reasoning": {"reasoning": S.TEXT, "channel": "analysis"}},
)

USAGE_INSIDE: Final = replace(
    GROQ, name="groq-usage-inside", chunk=_HEAD, usage=frozenset({"finish"})
)
"""Without `include_usage`: usage in `x_groq` alone."""

DIALECTS: Final = (GROQ, CHANNEL, USAGE_INSIDE)
