"""OpenRouter: role in every delta, comments, usage after the finish; two generations."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from chunkproof_conformance.synth.dialect import Dialect
from chunkproof_conformance.synth.template import On, Or, S

_OLD_HEAD: Final = {
    "id": S.ID,
    "provider": "Example",
    "model": S.MODEL,
    "object": "chat.completion.chunk",
    "created": S.CREATED,
    "choices": S.CHOICES,
}
_DETAIL: Final = {"type": "reasoning.text", "text": S.TEXT, "format": "unknown", "index": 0}
_USAGE: Final = {
    "prompt_tokens": S.PROMPT,
    "completion_tokens": S.COMPLETION,
    "total_tokens": S.TOTAL,
    "cost": 0.00001,
    "is_byok": False,
    "prompt_tokens_details": {"cached_tokens": 0},
    "completion_tokens_details": {"reasoning_tokens": 0},
}
_SILENT: Final = {"role": S.ROLE, "content": ""}
_OLD_CALLS: Final = {"role": S.ROLE, "content": None, "tool_calls": S.CALLS}
_CALL: Final = {
    "index": S.CALL,
    "id": S.CALL_ID,
    "type": "function",
    "function": {"name": S.NAME, "arguments": S.ARGUMENTS},
}


def _old(print_: Any) -> On:
    """`system_fingerprint` follows the upstream, but for the last chunk."""
    return On(
        {"usage": {**_OLD_HEAD, "usage": S.USAGE}},
        {**_OLD_HEAD, "system_fingerprint": print_},
    )


OLD: Final = Dialect(
    name="openrouter-2025",
    fidelity="captured",
    sources=(
        "49 chunk shapes of 16 recorded streams in public repositories, both generations",
        "OpenRouter, streaming: comment lines, errors with finish_reason error",
    ),
    chunk={**_OLD_HEAD, "usage": S.USAGE},
    choice={
        "index": S.CHOICE,
        "delta": S.DELTA,
        "finish_reason": Or(S.FINISH),
        "native_finish_reason": Or(S.FINISH),
        "logprobs": Or(S.LOGPROBS),
    },
    opening={"text": _SILENT, "end": _SILENT, "call": _SILENT, "calls": _SILENT},
    delta={
        "text": {"role": S.ROLE, "content": S.TEXT},
        "call": _OLD_CALLS,
        "arguments": _OLD_CALLS,
        "finish": _SILENT,
        "usage": _SILENT,
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
    usage_object=_USAGE,
    keepalive=(" OPENROUTER PROCESSING", " OPENROUTER PROCESSING"),
    error={
        **_OLD_HEAD,
        "error": {"code": S.ERROR_CODE, "message": S.MESSAGE},
        "choices": [
            {
                "index": 0,
                "delta": {"role": "assistant", "content": ""},
                "finish_reason": "error",
                "native_finish_reason": "error",
                "logprobs": None,
            }
        ],
    },
    error_finishes=True,
    cannot=frozenset({"error"}),
    identity={"id": "gen-1790000000-AbCdEfGh", "created": 1790000000, "model": "example/model"},
)

OLD_PRINT: Final = replace(
    OLD,
    name="openrouter-2025-fingerprint",
    chunk=_old("fp_0123456789"),
    entry={},
)

OLD_EMPTY_PRINT: Final = replace(
    OLD,
    name="openrouter-2025-empty-fingerprint",
    chunk=_old(""),
    opening={},
    entry={
        "call": {
            "index": S.CALL,
            "id": S.CALL_ID,
            "type": "function",
            "function": {"name": S.NAME},
        },
        "arguments": {
            "index": S.CALL,
            "function": {"arguments": S.ARGUMENTS},
            "type": "function",
        },
    },
)
"""Upstreams that open a call without arguments."""

OLD_REASONING: Final = replace(
    OLD,
    name="openrouter-2025-reasoning",
    opening={
        name: {**_SILENT, "reasoning": None, "reasoning_details": []} for name in ("reasoning",)
    },
    delta={
        "text": {"role": S.ROLE, "content": S.TEXT, "reasoning": None, "reasoning_details": []},
        "reasoning": {**_SILENT, "reasoning": S.TEXT, "reasoning_details": [_DETAIL]},
        "finish": {**_SILENT, "reasoning": None, "reasoning_details": []},
        "usage": _SILENT,
    },
    entry={},
)

OLD_WHOLE_CALLS: Final = replace(
    OLD,
    name="openrouter-2025-glm",
    chunk=_old(None),
    opening={},
    delta={
        "text": {"role": S.ROLE, "content": S.TEXT, "reasoning": None, "reasoning_details": []},
        "reasoning": {**_SILENT, "reasoning": S.TEXT, "reasoning_details": []},
        "whole": _OLD_CALLS,
        "finish": _SILENT,
        "usage": _SILENT,
    },
    entry={"whole": _CALL},
    calls="whole",
    finish_rides=frozenset({"whole"}),
    cannot=frozenset({"error", "parallel"}),
)
"""The whole call, with the finish reason in its chunk."""

OLD_GEMINI: Final = replace(
    OLD,
    name="openrouter-2025-gemini",
    opening={},
    delta={
        "text": {"role": S.ROLE, "content": S.TEXT},
        "whole": _OLD_CALLS,
        "finish": _SILENT,
        "usage": _SILENT,
    },
    entry={"whole": _CALL},
    calls="together",
    finish_rides=frozenset({"whole", "text"}),
)

_NEW_HEAD: Final = {
    "id": S.ID,
    "object": "chat.completion.chunk",
    "created": S.CREATED,
    "model": S.MODEL,
    "provider": "Example",
}
_NEW_SILENT: Final = {"content": "", "role": S.ROLE}
_NEW_CALLS: Final = {"content": None, "role": S.ROLE, "tool_calls": S.CALLS}
_CHOICE: Final = {
    "index": S.CHOICE,
    "delta": S.DELTA,
    "finish_reason": Or(S.FINISH),
    "native_finish_reason": Or(S.FINISH),
}

NEW: Final = replace(
    OLD,
    name="openrouter",
    chunk={**_NEW_HEAD, "choices": S.CHOICES, "usage": S.USAGE},
    choice=_CHOICE,
    opening={},
    delta={
        "text": {"content": S.TEXT, "role": S.ROLE},
        "reasoning": {
            "content": "",
            "role": S.ROLE,
            "reasoning": S.TEXT,
            "reasoning_details": [_DETAIL],
        },
        "call": _NEW_CALLS,
        "arguments": _NEW_CALLS,
        "finish": _NEW_SILENT,
    },
    entry={
        "call": _CALL,
        "arguments": {"index": S.CALL, "function": {"arguments": S.ARGUMENTS}},
    },
    error={
        **_NEW_HEAD,
        "error": {"code": S.ERROR_CODE, "message": S.MESSAGE},
        "choices": [
            {
                "index": 0,
                "delta": {"content": "", "role": "assistant"},
                "finish_reason": "error",
                "native_finish_reason": "error",
            }
        ],
    },
)

FAILING: Final = replace(
    NEW,
    name="openrouter-error",
    fidelity="documented",
    sources=(
        "OpenRouter, streaming: an error beside a choice with finish_reason error",
        "a recorded stream in a public repository, outside the collection",
    ),
    cannot=frozenset({"calls", "parallel"}),
)

NEW_TIER: Final = replace(
    NEW,
    name="openrouter-tier",
    chunk=On(
        {
            "finish": {**_NEW_HEAD, "service_tier": "default", "choices": S.CHOICES},
            "usage": {
                **_NEW_HEAD,
                "service_tier": "default",
                "choices": S.CHOICES,
                "usage": S.USAGE,
            },
        },
        {**_NEW_HEAD, "choices": S.CHOICES},
    ),
    delta={
        **NEW.delta,
        "finish": {**_NEW_SILENT, "reasoning": None},
        "usage": _NEW_SILENT,
    },
    finish_again=True,
)
"""The chunk of usage repeats the finish reason."""

NULL_TIER: Final = replace(
    NEW_TIER,
    name="openrouter-null-tier",
    chunk=On(
        {"usage": {**_NEW_HEAD, "service_tier": None, "choices": S.CHOICES, "usage": S.USAGE}},
        {**_NEW_HEAD, "choices": S.CHOICES},
    ),
)

NEW_PRINT: Final = replace(
    NEW,
    name="openrouter-fingerprint",
    chunk={
        **_NEW_HEAD,
        "system_fingerprint": "fp_0123456789",
        "choices": S.CHOICES,
        "usage": S.USAGE,
    },
    cannot=frozenset({"error", "reasoning"}),
)

DIALECTS: Final = (
    NEW,
    FAILING,
    NEW_TIER,
    NULL_TIER,
    NEW_PRINT,
    OLD,
    OLD_PRINT,
    OLD_EMPTY_PRINT,
    OLD_REASONING,
    OLD_WHOLE_CALLS,
    OLD_GEMINI,
)
