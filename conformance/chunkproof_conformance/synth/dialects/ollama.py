"""Ollama and Ollama cloud: short ids, whole calls, the answer and its end in one chunk."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from chunkproof_conformance.synth.dialect import Dialect
from chunkproof_conformance.synth.template import Or, S

OLLAMA: Final = Dialect(
    name="ollama",
    fidelity="captured",
    sources=("12 chunk shapes of 4 recorded streams in public repositories",),
    chunk={
        "id": S.ID,
        "object": "chat.completion.chunk",
        "created": S.CREATED,
        "model": S.MODEL,
        "system_fingerprint": "fp_ollama",
        "choices": S.CHOICES,
        "usage": S.USAGE,
    },
    choice={"index": S.CHOICE, "delta": S.DELTA, "finish_reason": Or(S.FINISH)},
    delta={
        "text": {"role": S.ROLE, "content": S.TEXT},
        "reasoning": {"role": S.ROLE, "content": "", "reasoning": S.TEXT},
        "finish": {"role": S.ROLE, "content": ""},
    },
    identity={"id": "chatcmpl-7", "created": 1790000000, "model": "qwen3"},
)

ONE_CHUNK: Final = replace(OLLAMA, name="ollama-text-with-finish", finish_rides=frozenset({"text"}))

CLOUD: Final = replace(
    OLLAMA,
    name="ollama-cloud",
    delta={
        "text": {"role": S.ROLE, "content": S.TEXT},
        "reasoning": {"role": S.ROLE_ONCE, "content": "", "reasoning": S.TEXT},
        "whole": {"role": S.ROLE_ONCE, "content": "", "tool_calls": S.CALLS},
        "finish": {},
    },
    entry={
        "whole": {
            "id": S.CALL_ID,
            "index": S.CALL,
            "type": "function",
            "function": {"name": S.NAME, "arguments": S.ARGUMENTS},
        }
    },
    calls="whole",
    identity={**OLLAMA.identity, "model": "gpt-oss:120b"},
)
"""Role once where it reasons; an empty last delta."""

COLLAPSED: Final = replace(
    CLOUD,
    name="ollama-index-zero",
    fidelity="reported",
    sources=("issue reports on Ollama before 0.9 and on LiteLLM: every call has index 0",),
    entry={
        "whole": {
            "id": S.CALL_ID,
            "index": 0,
            "type": "function",
            "function": {"name": S.NAME, "arguments": S.ARGUMENTS},
        }
    },
)

DIALECTS: Final = (OLLAMA, ONE_CHUNK, CLOUD, COLLAPSED)
