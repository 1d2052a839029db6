"""llama.cpp's server: choices first, the opening of a call carries arguments, timings."""

from __future__ import annotations

from typing import Final

from chunkproof_conformance.synth.dialect import ENTRY, Dialect
from chunkproof_conformance.synth.template import On, Or, S

LLAMACPP: Final = Dialect(
    name="llamacpp",
    fidelity="captured",
    sources=("6 chunk shapes of 2 recorded streams in public repositories",),
    chunk={
        "choices": S.CHOICES,
        "created": S.CREATED,
        "id": S.ID,
        "model": S.MODEL,
        "system_fingerprint": "b6000-00000000",
        "object": "chat.completion.chunk",
        "usage": S.USAGE,
        "timings": On({"usage": {"prompt_ms": 21.5, "predicted_ms": 84.25}}),
    },
    choice={"finish_reason": Or(S.FINISH), "index": S.CHOICE, "delta": S.DELTA},
    opening={
        name: {"role": S.ROLE, "content": None}
        for name in ("text", "reasoning", "call", "calls", "end")
    },
    delta={
        "reasoning": {"reasoning_content": S.TEXT},
        "text": {"content": S.TEXT},
        "call": {"tool_calls": S.CALLS},
        "arguments": {"tool_calls": S.CALLS},
        "finish": {},
    },
    entry=ENTRY,
    first_fragment=True,
    usage_object={
        "completion_tokens": S.COMPLETION,
        "prompt_tokens": S.PROMPT,
        "total_tokens": S.TOTAL,
    },
    identity={
        "id": "chatcmpl-00000000000000000000000000000001",
        "created": 1790000000,
        "model": "gpt-oss-20b",
    },
)

DIALECTS: Final = (LLAMACPP,)
