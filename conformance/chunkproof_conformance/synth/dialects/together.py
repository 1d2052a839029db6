"""api.together.xyz: the legacy `text` beside `delta`, role and content in every delta."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from chunkproof_conformance.synth.dialect import Dialect
from chunkproof_conformance.synth.template import On, Or, S

_TEXT: Final = On({"text": S.TEXT}, "")


def _delta(*calls: str, text: Any = "", **tail: Any) -> dict[str, Any]:
    tools = {"tool_calls": S.CALLS} if calls else {}
    return {"token_id": None, "role": S.ROLE, "content": text, **tools, **tail}


TOGETHER: Final = Dialect(
    name="together",
    fidelity="captured",
    sources=("13 chunk shapes of 4 recorded streams in public repositories",),
    chunk={
        "id": S.ID,
        "object": "chat.completion.chunk",
        "created": S.CREATED,
        "choices": S.CHOICES,
        "model": S.MODEL,
        "usage": Or(S.USAGE),
    },
    choice={
        "index": S.CHOICE,
        "text": _TEXT,
        "logprobs": None,
        "finish_reason": Or(S.FINISH),
        "delta": S.DELTA,
    },
    opening={name: _delta(reasoning=None) for name in ("text", "call", "calls", "end")},
    delta={
        "text": _delta(text=S.TEXT, reasoning=None),
        "call": _delta("calls", reasoning=None),
        "arguments": _delta("calls", reasoning=None),
        "finish": _delta(reasoning=None),
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
    usage_object={
        "prompt_tokens": S.PROMPT,
        "completion_tokens": S.COMPLETION,
        "total_tokens": S.TOTAL,
        "cached_tokens": 0,
    },
    identity={"id": "oAbCdEf-1", "created": 1790000000, "model": "deepseek-ai/DeepSeek-V3.1"},
)

SEED: Final = replace(
    TOGETHER,
    name="together-seed",
    choice={
        "index": S.CHOICE,
        "text": _TEXT,
        "logprobs": None,
        "finish_reason": Or(S.FINISH),
        "seed": On({"finish": 1}, None),
        "delta": S.DELTA,
    },
    opening={},
    delta={
        "text": {"token_id": 1, "role": S.ROLE, "content": S.TEXT},
        "finish": {"token_id": 2, "role": S.ROLE, "content": ""},
    },
    entry={},
    usage=frozenset({"finish"}),
)

DIALECTS: Final = (TOGETHER, SEED)
