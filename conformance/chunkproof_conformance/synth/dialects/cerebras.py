"""api.cerebras.ai: `choices` after `id`, no finish_reason key until the end, no `[DONE]`."""

from __future__ import annotations

from typing import Final

from chunkproof_conformance.synth.dialect import Dialect
from chunkproof_conformance.synth.template import On, S

CEREBRAS: Final = Dialect(
    name="cerebras",
    fidelity="captured",
    sources=("6 chunk shapes of 2 recorded streams in public repositories",),
    chunk={
        "id": S.ID,
        "choices": S.CHOICES,
        "created": S.CREATED,
        "model": S.MODEL,
        "system_fingerprint": "fp_0123456789",
        "object": "chat.completion.chunk",
        "usage": S.USAGE,
        "time_info": On({"finish": {"queue_time": 0.001, "total_time": 0.01}}),
    },
    choice={"delta": S.DELTA, "finish_reason": S.FINISH, "index": S.CHOICE},
    opening={
        name: {"role": S.ROLE} for name in ("text", "reasoning", "call", "calls", "end", "aside")
    },
    delta={
        "text": {"content": S.TEXT},
        "reasoning": {"reasoning": S.TEXT},
        "whole": {"tool_calls": S.CALLS},
        "idle": {},
        "finish": {},
    },
    entry={
        "whole": {
            "function": {"name": S.NAME, "arguments": S.ARGUMENTS},
            "type": "function",
            "id": S.CALL_ID,
            "index": S.CALL,
        }
    },
    calls="together",
    idle_every=4,
    usage=frozenset({"finish"}),
    usage_object={
        "total_tokens": S.TOTAL,
        "completion_tokens": S.COMPLETION,
        "prompt_tokens": S.PROMPT,
        "prompt_tokens_details": {"cached_tokens": 0},
    },
    done=False,
    identity={
        "id": "chatcmpl-00000000-0000-4000-8000-000000000005",
        "created": 1790000000,
        "model": "qwen-3-coder-480b",
    },
)

DIALECTS: Final = (CEREBRAS,)
