"""Gemini's OpenAI endpoint: whole calls without an index, signatures, usage in every chunk."""

from __future__ import annotations

from typing import Any, Final

from chunkproof_conformance.synth.dialect import Dialect
from chunkproof_conformance.synth.template import S

_SIGNATURE: Final[dict[str, Any]] = {"google": {"thought_signature": "c2lnbmF0dXJl"}}

GEMINI: Final = Dialect(
    name="gemini",
    fidelity="reported",
    sources=(
        "issue reports on Gemini's OpenAI endpoint: no index, extra_content, usage counting up",
        "chunks quoted in public code: members in alphabetical order, role in every delta",
    ),
    chunk={
        "choices": S.CHOICES,
        "created": S.CREATED,
        "id": S.ID,
        "model": S.MODEL,
        "object": "chat.completion.chunk",
        "usage": S.USAGE,
    },
    choice={"delta": S.DELTA, "finish_reason": S.FINISH, "index": S.CHOICE},
    delta={
        "text": {"content": S.TEXT, "role": S.ROLE},
        "whole": {"role": S.ROLE, "tool_calls": S.CALLS},
        "finish": {"role": S.ROLE},
    },
    entry={
        "whole": {
            "extra_content": _SIGNATURE,
            "function": {"arguments": S.ARGUMENTS, "name": S.NAME},
            "id": S.CALL_ID,
            "type": "function",
        }
    },
    calls="together",
    finish_rides=frozenset({"whole", "text"}),
    usage=frozenset({"every"}),
    usage_object={
        "completion_tokens": S.COMPLETION,
        "prompt_tokens": S.PROMPT,
        "total_tokens": S.TOTAL,
    },
    identity={"id": "gemini-1", "created": 1790000000, "model": "gemini-3-pro-preview"},
)

DIALECTS: Final = (GEMINI,)
