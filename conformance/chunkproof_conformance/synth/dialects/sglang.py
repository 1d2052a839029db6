"""SGLang, also behind Azure AI Foundry: every key in every delta, `matched_stop`, nulls."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from chunkproof_conformance.synth.dialect import Dialect
from chunkproof_conformance.synth.template import On, Or, S


def _delta(**said: Any) -> dict[str, Any]:
    """A delta with all its keys, null where nothing is said."""
    members: dict[str, Any] = {
        "role": None,
        "content": None,
        "reasoning_content": None,
        "tool_calls": None,
    }
    return members | said


_OPENING: Final = _delta(role=S.ROLE, content="")

SGLANG: Final = Dialect(
    name="sglang",
    fidelity="captured",
    sources=(
        "5 chunk shapes of a recorded stream in a public repository, from a host of Azure",
        "issue reports on SGLang: finish_reason as an empty string, the finish reason twice",
    ),
    chunk={
        "id": S.ID,
        "object": "chat.completion.chunk",
        "created": S.CREATED,
        "model": S.MODEL,
        "choices": S.CHOICES,
        "usage": On({"usage": S.USAGE}, None),
    },
    choice={
        "index": S.CHOICE,
        "delta": S.DELTA,
        "logprobs": None,
        "finish_reason": Or(S.FINISH),
        "matched_stop": On({"finish": 1}, None),
    },
    opening=dict.fromkeys(("text", "reasoning", "call", "calls", "end"), _OPENING),
    delta={
        "text": _delta(content=S.TEXT),
        "reasoning": _delta(reasoning_content=S.TEXT),
        "finish": _delta(),
    },
    usage_object={
        "prompt_tokens": S.PROMPT,
        "total_tokens": S.TOTAL,
        "completion_tokens": S.COMPLETION,
    },
    identity={
        "id": "00000000000000000000000000000009",
        "created": 1790000000,
        "model": "example/model",
    },
)

CALLS: Final = replace(
    SGLANG,
    name="sglang-calls",
    fidelity="reported",
    sources=("a recorded stream of a model of Azure AI Foundry, keys in alphabetical order",),
    delta={
        **SGLANG.delta,
        "call": _delta(tool_calls=S.CALLS),
        "arguments": _delta(tool_calls=S.CALLS),
    },
    entry={
        "call": {
            "id": S.CALL_ID,
            "index": S.CALL,
            "type": "function",
            "function": {"name": S.NAME, "arguments": S.ARGUMENTS},
        },
        "arguments": {
            "id": None,
            "index": S.CALL,
            "type": "function",
            "function": {"name": None, "arguments": S.ARGUMENTS},
        },
    },
)

EMPTY_FINISH: Final = replace(
    SGLANG,
    name="sglang-empty-finish",
    fidelity="reported",
    sources=("issue reports on SGLang: finish_reason is an empty string until the end",),
    choice={
        "index": S.CHOICE,
        "delta": S.DELTA,
        "logprobs": None,
        "finish_reason": Or(S.FINISH, ""),
        "matched_stop": On({"finish": 1}, None),
    },
)

DIALECTS: Final = (SGLANG, CALLS, EMPTY_FINISH)
