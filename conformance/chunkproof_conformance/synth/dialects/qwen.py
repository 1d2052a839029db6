"""Alibaba's DashScope (Qwen): `choices` first, an empty id on later fragments."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from chunkproof_conformance.synth.dialect import Dialect
from chunkproof_conformance.synth.template import On, Or, S

_TAIL: Final[dict[str, Any]] = {"index": S.CHOICE, "logprobs": None}

QWEN: Final = Dialect(
    name="qwen",
    fidelity="captured",
    sources=(
        "10 chunk shapes of 2 recorded streams in a public repository",
        "Alibaba Model Studio, streaming: usage in a last chunk without choices",
    ),
    chunk={
        "choices": S.CHOICES,
        "object": "chat.completion.chunk",
        "usage": Or(S.USAGE),
        "created": S.CREATED,
        "system_fingerprint": None,
        "model": S.MODEL,
        "id": S.ID,
    },
    choice=On(
        {
            "open": {"delta": S.DELTA, **_TAIL, "finish_reason": None},
            "finish": {"finish_reason": Or(S.FINISH), "delta": S.DELTA, **_TAIL},
        },
        {"delta": S.DELTA, "finish_reason": Or(S.FINISH), **_TAIL},
    ),
    opening={"reasoning": {"content": None, "role": S.ROLE, "reasoning_content": ""}},
    delta={
        "text": {"content": S.TEXT, "reasoning_content": None},
        "reasoning": {"content": None, "reasoning_content": S.TEXT},
        "finish": {"content": "", "reasoning_content": None},
    },
    usage_object={
        "prompt_tokens": S.PROMPT,
        "completion_tokens": S.COMPLETION,
        "total_tokens": S.TOTAL,
    },
    identity={
        "id": "chatcmpl-00000000-0000-4000-8000-000000000008",
        "created": 1790000000,
        "model": "qwen3-max",
    },
)

CALLS: Final = replace(
    QWEN,
    name="qwen-calls",
    opening={},
    delta={
        "first call": {"content": None, "tool_calls": S.CALLS, "role": S.ROLE},
        "call": {"content": None, "tool_calls": S.CALLS},
        "arguments": {"content": None, "tool_calls": S.CALLS},
        "finish": {},
    },
    entry={
        "call": {
            "index": S.CALL,
            "id": S.CALL_ID,
            "type": "function",
            "function": {"name": S.NAME, "arguments": S.ARGUMENTS},
        },
        "arguments": {
            "index": S.CALL,
            "id": "",
            "type": "function",
            "function": {"arguments": S.ARGUMENTS},
        },
    },
)

DIALECTS: Final = (QWEN, CALLS)
