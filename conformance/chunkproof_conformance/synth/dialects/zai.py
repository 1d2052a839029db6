"""api.z.ai: role everywhere, a finish reason on every call, then once more with usage."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from chunkproof_conformance.synth.dialect import Dialect
from chunkproof_conformance.synth.template import S

_TAIL: Final[dict[str, Any]] = {"model": S.MODEL, "choices": S.CHOICES, "usage": S.USAGE}

ZAI: Final = Dialect(
    name="zai",
    fidelity="captured",
    sources=("9 chunk shapes of 3 recorded streams in public repositories",),
    chunk={"id": S.ID, "created": S.CREATED, **_TAIL},
    choice={"index": S.CHOICE, "finish_reason": S.FINISH, "delta": S.DELTA},
    delta={
        "text": {"role": S.ROLE, "content": S.TEXT},
        "reasoning": {"role": S.ROLE, "reasoning_content": S.TEXT},
        "whole": {"tool_calls": S.CALLS},
        "finish": {"role": S.ROLE, "content": ""},
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
    finish_early=frozenset({"whole"}),
    usage=frozenset({"finish"}),
    usage_object={
        "prompt_tokens": S.PROMPT,
        "completion_tokens": S.COMPLETION,
        "total_tokens": S.TOTAL,
        "prompt_tokens_details": {"cached_tokens": 0},
    },
    identity={"id": "20260922000000000000000000000001", "created": 1790000000, "model": "glm-4.5"},
)

WITH_OBJECT: Final = replace(
    ZAI,
    name="zai-object",
    chunk={"id": S.ID, "created": S.CREATED, "object": "chat.completion.chunk", **_TAIL},
    opening={"end": {"role": S.ROLE, "content": ""}, "text": {"role": S.ROLE, "content": ""}},
    cannot=frozenset({"calls", "parallel"}),
)

DIALECTS: Final = (ZAI, WITH_OBJECT)
