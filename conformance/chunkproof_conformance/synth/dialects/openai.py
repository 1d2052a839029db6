"""api.openai.com as it is today: service tier, padding, usage in every chunk."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from chunkproof_conformance.synth.dialect import CHOICE, ENTRY, ERROR, Dialect
from chunkproof_conformance.synth.template import On, Or, S

if TYPE_CHECKING:
    from collections.abc import Mapping

HEAD: Final[dict[str, Any]] = {
    "id": S.ID,
    "object": "chat.completion.chunk",
    "created": S.CREATED,
    "model": S.MODEL,
}
TIER: Final[dict[str, Any]] = {**HEAD, "service_tier": "default"}
CHOICES: Final = {"choices": S.CHOICES}
USAGE_OR_NULL: Final = {"usage": Or(S.USAGE)}
PADDING: Final = {"obfuscation": S.PADDING}
PRINT: Final = {"system_fingerprint": "fp_0123456789"}
NO_PRINT: Final = {"system_fingerprint": None}
_NO_LOGPROBS: Final = {name: part for name, part in CHOICE.items() if name != "logprobs"}
ALONE: Final = {"role": S.ROLE, "content": None}


def usage_first(head: Mapping[str, Any], tail: Mapping[str, Any] = MappingProxyType({})) -> On:
    """Chunks of parallel calls have usage before choices; the last two chunks do not."""
    late = {**head, **CHOICES, **USAGE_OR_NULL, **tail}
    return On({"finish": late, "usage": late}, {**head, **USAGE_OR_NULL, **CHOICES, **tail})


OPENAI: Final = Dialect(
    name="openai",
    fidelity="captured",
    sources=(
        "54 chunk shapes of 20 recorded streams of 2023 to 2026 in public repositories",
        "API reference, chat completion chunk: usage in a last chunk, padding, refusal, logprobs",
    ),
    chunk={**TIER, **PRINT, **CHOICES, **USAGE_OR_NULL, **PADDING},
    opening={
        "text": {"role": S.ROLE, "content": "", "refusal": None},
        "refusal": {"role": S.ROLE, "content": None, "refusal": ""},
        "end": {"role": S.ROLE, "content": "", "refusal": None},
    },
    delta={
        "text": {"content": S.TEXT},
        "refusal": {"refusal": S.TEXT},
        "call": {"tool_calls": S.CALLS},
        "arguments": {"tool_calls": S.CALLS},
        "finish": {},
    },
    entry=ENTRY,
    usage_object={
        "prompt_tokens": S.PROMPT,
        "completion_tokens": S.COMPLETION,
        "total_tokens": S.TOTAL,
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": 0,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    },
    error=ERROR,
    cannot=frozenset({"calls", "parallel", "error"}),
    identity={"id": "chatcmpl-C1aBcD2eFgH", "created": 1790000000, "model": "gpt-4o-2024-08-06"},
)
"""Text and refusals, with usage asked for."""

PARALLEL: Final = replace(
    OPENAI,
    name="openai-parallel-calls",
    chunk=usage_first({**TIER, **PRINT}, PADDING),
    opening={"calls": ALONE},
    cannot=frozenset({"text", "refusal", "error"}),
)

REASONING_MODEL: Final = replace(
    OPENAI,
    name="openai-reasoning-model",
    chunk={**TIER, **NO_PRINT, **CHOICES, **USAGE_OR_NULL, **PADDING},
    choice=_NO_LOGPROBS,
    delta={**OPENAI.delta, "first call": {**ALONE, "tool_calls": S.CALLS, "refusal": None}},
    cannot=frozenset({"parallel", "refusal", "error"}),
    identity={**OPENAI.identity, "model": "gpt-5-mini-2025-08-07"},
)

NO_USAGE: Final = replace(
    OPENAI,
    name="openai-no-usage",
    chunk={**TIER, **PRINT, **CHOICES, "usage": S.USAGE, **PADDING},
    cannot=frozenset({"parallel", "refusal", "error"}),
)
"""Without `include_usage`; one recording has the last chunk of usage all the same."""

NO_USAGE_NO_PRINT: Final = replace(
    REASONING_MODEL,
    name="openai-no-usage-no-fingerprint",
    chunk={**TIER, **NO_PRINT, **CHOICES, **PADDING},
    choice=CHOICE,
    opening={},
    usage=frozenset(),
    cannot=frozenset({"text", "parallel", "refusal", "error"}),
)

NO_PADDING: Final = replace(
    OPENAI,
    name="openai-no-padding",
    chunk={**TIER, **PRINT, **CHOICES, **USAGE_OR_NULL},
    cannot=frozenset({"calls", "parallel", "refusal", "error"}),
)

FAILING: Final = replace(
    NO_PADDING,
    name="openai-error",
    chunk={**TIER, **NO_PRINT, **CHOICES, **USAGE_OR_NULL},
    cannot=frozenset({"calls", "parallel", "refusal", "finish"}),
)
"""An error frame, then a chunk of usage, then `[DONE]`."""

DIALECTS: Final = (
    OPENAI,
    PARALLEL,
    REASONING_MODEL,
    NO_USAGE,
    NO_USAGE_NO_PRINT,
    NO_PADDING,
    FAILING,
)
