"""Databricks model serving: usage in every chunk, `model` first, an empty no-argument call."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from chunkproof_conformance.synth.dialect import ENTRY, Dialect
from chunkproof_conformance.synth.template import Or, S

DATABRICKS: Final = Dialect(
    name="databricks",
    fidelity="captured",
    sources=("4 chunk shapes of 3 recorded streams in public repositories",),
    chunk={
        "model": S.MODEL,
        "choices": S.CHOICES,
        "usage": S.USAGE,
        "object": "chat.completion.chunk",
        "id": S.ID,
        "created": S.CREATED,
    },
    choice={"delta": S.DELTA, "index": S.CHOICE, "finish_reason": Or(S.FINISH)},
    delta={
        "text": {"role": S.ROLE, "content": S.TEXT},
        "call": {"role": S.ROLE, "content": None, "tool_calls": S.CALLS},
        "arguments": {"role": S.ROLE, "content": None, "tool_calls": S.CALLS},
        "finish": {"role": S.ROLE, "content": ""},
    },
    entry=ENTRY,
    usage=frozenset({"every"}),
    usage_grows=False,
    usage_object={
        "cache_read_input_tokens": 0,
        "completion_tokens": Or(S.COMPLETION),
        "prompt_tokens": S.PROMPT,
        "total_tokens": Or(S.TOTAL),
        "cache_creation_input_tokens": 0,
    },
    identity={
        "id": "msg_bdrk_0000000000000001",
        "created": 1790000000,
        "model": "example.claude-3-7-sonnet",
    },
)

REASONING_PARTS: Final = replace(
    DATABRICKS,
    name="databricks-reasoning-parts",
    fidelity="reported",
    sources=("a recorded stream of gpt-oss in a public repository: content as a list",),
    delta={
        **DATABRICKS.delta,
        "reasoning": {
            "role": S.ROLE,
            "content": [
                {"type": "reasoning", "summary": [{"type": "summary_text", "text": S.TEXT}]}
            ],
        },
    },
)

DIALECTS: Final = (DATABRICKS, REASONING_PARTS)
