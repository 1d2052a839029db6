"""GPUStack over llama-box: never a role, never `[DONE]`, errors as an SSE field."""

from __future__ import annotations

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

DIALECTS: Final = (GPUSTACK,)
