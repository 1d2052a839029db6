"""GPUStack over llama-box: never a role, never `[DONE]`, errors as an SSE field."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from chunkproof_conformance.synth.dialect import Dialect
from chunkproof_conformance.synth.template import Or, S

GPUSTACK: Final = Dialect(
    name="gpustack",
    fidelity="captured",
    sources=("2 chunk shapes of a recorded stream in a public repository",),
    chunk={
        "choices": S.CHOICES,
        "created": S.CREATED,
        "id": S.ID,
        "model": S.MODEL,
        "object": "chat.completion.chunk",
        "usage": Or(S.USAGE),
    },
    choice={"delta": S.DELTA, "finish_reason": Or(S.FINISH), "index": S.CHOICE},
    delta={"text": {"content": S.TEXT}, "finish": {"content": ""}},
    usage=frozenset({"finish"}),
    usage_object={
        "completion_tokens": S.COMPLETION,
        "prompt_tokens": S.PROMPT,
        "total_tokens": S.TOTAL,
    },
    done=False,
    identity={"id": "chatcmpl-gpustack1", "created": 1790000000, "model": "qwen3"},
)

CALLS: Final = replace(
    GPUSTACK,
    name="gpustack-calls",
    fidelity="reported",
    sources=(
        "recorded streams in public repositories, outside the collection: whole calls, no index",
    ),
    delta={**GPUSTACK.delta, "whole": {"tool_calls": S.CALLS}},
    entry={
        "whole": {
            "function": {"arguments": S.ARGUMENTS, "name": S.NAME},
            "id": S.CALL_ID,
            "type": "function",
        }
    },
    calls="together",
    finish_rides=frozenset({"whole"}),
)

REASONING: Final = replace(
    GPUSTACK,
    name="gpustack-reasoning",
    fidelity="reported",
    sources=("recorded streams in public repositories, outside the collection: the member's name",),
    delta={**GPUSTACK.delta, "reasoning": {"reasoning_content": S.TEXT}},
)

DIALECTS: Final = (GPUSTACK, CALLS, REASONING)
