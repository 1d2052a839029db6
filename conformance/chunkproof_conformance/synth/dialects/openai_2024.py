"""api.openai.com up to 2024: no service tier, no padding; before that no usage, and functions."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from chunkproof_conformance.synth.dialects.openai import (
    ALONE,
    CHOICES,
    HEAD,
    NO_PRINT,
    OPENAI,
    PARALLEL,
    PRINT,
    USAGE_OR_NULL,
    usage_first,
)
from chunkproof_conformance.synth.template import S

_FUNCTION: Final = {"name": S.NAME, "arguments": S.ARGUMENTS}

OF_2024: Final = replace(
    OPENAI,
    name="openai-2024",
    chunk={**HEAD, **PRINT, **CHOICES, **USAGE_OR_NULL},
    cannot=frozenset({"calls", "parallel", "refusal", "error"}),
)

OF_2024_PARALLEL: Final = replace(
    PARALLEL,
    name="openai-2024-parallel-calls",
    chunk=usage_first({**HEAD, **PRINT}),
)

LEGACY: Final = replace(
    OF_2024,
    name="openai-legacy",
    chunk={**HEAD, **PRINT, **CHOICES},
    opening={"text": OPENAI.opening["text"], "end": OPENAI.opening["text"]},
    delta={
        "text": {"content": S.TEXT},
        "function": {"role": S.ROLE_ONCE, "content": None, "function_call": _FUNCTION},
        "function arguments": {"function_call": {"arguments": S.ARGUMENTS}},
        "finish": {},
    },
    usage=frozenset(),
    cannot=frozenset({"error", "calls", "parallel"}),
    identity={**OPENAI.identity, "model": "gpt-3.5-turbo-0125"},
)

LEGACY_NO_PRINT: Final = replace(
    LEGACY,
    name="openai-legacy-no-fingerprint",
    chunk={**HEAD, **NO_PRINT, **CHOICES},
    delta={
        "text": {"content": S.TEXT},
        "first call": {**ALONE, "tool_calls": S.CALLS},
        "call": {"tool_calls": S.CALLS},
        "arguments": {"tool_calls": S.CALLS},
        "finish": {},
    },
    cannot=frozenset({"error", "parallel", "legacy"}),
)

LEGACY_USAGE: Final = replace(
    LEGACY,
    name="openai-legacy-usage",
    chunk={**HEAD, **NO_PRINT, **CHOICES, **USAGE_OR_NULL},
    opening={"text": {"role": S.ROLE, "content": ""}, "end": {"role": S.ROLE, "content": ""}},
    delta={"text": {"content": S.TEXT}, "finish": {}},
    usage=frozenset({"own"}),
    cannot=frozenset({"error", "calls", "parallel"}),
)

DIALECTS: Final = (
    OF_2024,
    OF_2024_PARALLEL,
    LEGACY,
    LEGACY_NO_PRINT,
    LEGACY_USAGE,
)
