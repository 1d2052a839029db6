"""vLLM, from its 2024 chunks to those of version 0.24."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from chunkproof_conformance.synth.dialect import CHOICE, ENTRY, Dialect
from chunkproof_conformance.synth.template import On, S

_HEAD: Final[dict[str, Any]] = {
    "id": S.ID,
    "object": "chat.completion.chunk",
    "created": S.CREATED,
    "model": S.MODEL,
    "choices": S.CHOICES,
}
_USAGE: Final = {
    "prompt_tokens": S.PROMPT,
    "total_tokens": S.TOTAL,
    "completion_tokens": S.COMPLETION,
}
_CHOICE: Final[dict[str, Any]] = {**CHOICE, "stop_reason": S.STOP}

VLLM: Final = Dialect(
    name="vllm",
    fidelity="captured",
    sources=(
        "7 chunk shapes of 3 recorded streams of two hosts in public repositories",
        "vLLM, OpenAI-compatible server: continuous usage statistics",
    ),
    chunk={
        **_HEAD,
        "usage": S.USAGE,
        "prompt_token_ids": On({"open": None}),
        "prompt_text": On({"open": None}),
        "system_fingerprint": On({"usage": "vllm-0.24.0-00000000"}),
    },
    choice=On({"open": CHOICE}, {**_CHOICE, "token_ids": None}),
    opening={name: {"role": S.ROLE, "content": ""} for name in ("text", "end")},
    delta={"text": {"content": S.TEXT}, "finish": {}},
    usage_object=_USAGE,
    identity={
        "id": "chatcmpl-00000000000000000000000000000006",
        "created": 1790000000,
        "model": "example/model",
    },
)

OF_2024: Final = replace(
    VLLM,
    name="vllm-2024",
    chunk=_HEAD,
    choice=_CHOICE,
    opening={name: {"role": S.ROLE} for name in ("text", "end")},
    usage=frozenset(),
    finish_rides=frozenset({"text"}),
    identity={**VLLM.identity, "id": "chat-00000000000000000000000000000006"},
)

CALLS: Final = replace(
    VLLM,
    name="vllm-calls",
    fidelity="reported",
    sources=(
        "issue reports on vLLM: calls in fragments",
        'vLLM, "Reasoning Outputs": the member reasoning',
    ),
    chunk={**_HEAD, "usage": S.USAGE},
    choice=_CHOICE,
    opening={name: {"role": S.ROLE, "content": ""} for name in ("text", "reasoning", "end")},
    delta={
        **VLLM.delta,
        "reasoning": {"reasoning": S.TEXT},
        "first call": {"role": S.ROLE, "tool_calls": S.CALLS},
        "call": {"tool_calls": S.CALLS},
        "arguments": {"tool_calls": S.CALLS},
    },
    entry=ENTRY,
    error={
        "error": {
            "message": S.MESSAGE,
            "type": S.ERROR_TYPE,
            "param": None,
            "code": S.ERROR_CODE,
        }
    },
)

CUMULATIVE: Final = replace(
    VLLM,
    name="vllm-cumulative-usage",
    fidelity="documented",
    sources=("vLLM, stream_options.continuous_usage_stats: usage in every chunk",),
    chunk={**_HEAD, "usage": S.USAGE},
    choice=_CHOICE,
    usage=frozenset({"every", "own"}),
)

DIALECTS: Final = (VLLM, OF_2024, CALLS, CUMULATIVE)
