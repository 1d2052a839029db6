"""OpenRouter in 2026: role in every delta, comments first, usage in the last chunk."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from chunkproof_conformance.synth.dialects.openrouter_2025 import CALL, DETAIL, OLD
from chunkproof_conformance.synth.template import On, Or, S

_HEAD: Final = {
    "id": S.ID,
    "object": "chat.completion.chunk",
    "created": S.CREATED,
    "model": S.MODEL,
    "provider": "Example",
}
_SILENT: Final = {"content": "", "role": S.ROLE}
_CALLS: Final = {"content": None, "role": S.ROLE, "tool_calls": S.CALLS}
_CHOICE: Final = {
    "index": S.CHOICE,
    "delta": S.DELTA,
    "finish_reason": Or(S.FINISH),
    "native_finish_reason": Or(S.FINISH),
}

OPENROUTER: Final = replace(
    OLD,
    name="openrouter",
    chunk={**_HEAD, "choices": S.CHOICES, "usage": S.USAGE},
    choice=_CHOICE,
    opening={},
    delta={
        "text": {"content": S.TEXT, "role": S.ROLE},
        "reasoning": {
            "content": "",
            "role": S.ROLE,
            "reasoning": S.TEXT,
            "reasoning_details": [DETAIL],
        },
        "call": _CALLS,
        "arguments": _CALLS,
        "finish": _SILENT,
    },
    entry={
        "call": CALL,
        "arguments": {"index": S.CALL, "function": {"arguments": S.ARGUMENTS}},
    },
    error={
        **_HEAD,
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
    OPENROUTER,
    name="openrouter-error",
    fidelity="documented",
    sources=(
        "OpenRouter, streaming: an error beside a choice with finish_reason error",
        "a recorded stream in a public repository, outside the collection",
    ),
    cannot=frozenset({"calls", "parallel"}),
)

TIER: Final = replace(
    OPENROUTER,
    name="openrouter-tier",
    chunk=On(
        {
            "finish": {**_HEAD, "service_tier": "default", "choices": S.CHOICES},
            "usage": {
                **_HEAD,
                "service_tier": "default",
                "choices": S.CHOICES,
                "usage": S.USAGE,
            },
        },
        {**_HEAD, "choices": S.CHOICES},
    ),
    delta={
        **OPENROUTER.delta,
        "finish": {**_SILENT, "reasoning": None},
        "usage": _SILENT,
    },
    finish_again=True,
)
"""The chunk of usage repeats the finish reason."""

NULL_TIER: Final = replace(
    TIER,
    name="openrouter-null-tier",
    chunk=On(
        {"usage": {**_HEAD, "service_tier": None, "choices": S.CHOICES, "usage": S.USAGE}},
        {**_HEAD, "choices": S.CHOICES},
    ),
)

PRINT: Final = replace(
    OPENROUTER,
    name="openrouter-fingerprint",
    chunk={
        **_HEAD,
        "system_fingerprint": "fp_0123456789",
        "choices": S.CHOICES,
        "usage": S.USAGE,
    },
    cannot=frozenset({"error", "reasoning"}),
)

DIALECTS: Final = (
    OPENROUTER,
    FAILING,
    TIER,
    NULL_TIER,
    PRINT,
)
