"""api.openai.com, from the chunks of 2023 to those of 2026."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from chunkproof_conformance.synth.dialect import CHOICE, ENTRY, ERROR, Dialect
from chunkproof_conformance.synth.template import On, Or, S

if TYPE_CHECKING:
    from collections.abc import Mapping

_HEAD: Final[dict[str, Any]] = {
    "id": S.ID,
    "object": "chat.completion.chunk",
    "created": S.CREATED,
    "model": S.MODEL,
}
_TIER: Final[dict[str, Any]] = {**_HEAD, "service_tier": "default"}
_CHOICES: Final = {"choices": S.CHOICES}
_USAGE: Final = {"usage": Or(S.USAGE)}
_PADDING: Final = {"obfuscation": S.PADDING}
_PRINT: Final = {"system_fingerprint": "fp_0123456789"}
_NO_PRINT: Final = {"system_fingerprint": None}
_NO_LOGPROBS: Final = {name: part for name, part in CHOICE.items() if name != "logprobs"}
_FUNCTION: Final = {"name": S.NAME, "arguments": S.ARGUMENTS}
_ALONE: Final = {"role": S.ROLE, "content": None}


def _usage_first(head: Mapping[str, Any], tail: Mapping[str, Any] = MappingProxyType({})) -> On:
    """Chunks of parallel calls have usage before choices; the last two chunks do not."""
    late = {**head, **_CHOICES, **_USAGE, **tail}
    return On({"finish": late, "usage": late}, {**head, **_USAGE, **_CHOICES, **tail})


OPENAI: Final = Dialect(
    name="openai",
    fidelity="captured",
    sources=(
        "54 chunk shapes of 20 recorded streams of 2023 to 2026 in public repositories",
        "API reference, chat completion chunk: usage in a last chunk, padding, refusal, logprobs",
    ),
    chunk={**_TIER, **_PRINT, **_CHOICES, **_USAGE, **_PADDING},
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
    chunk=_usage_first({**_TIER, **_PRINT}, _PADDING),
    opening={"calls": _ALONE},
    cannot=frozenset({"text", "refusal", "error"}),
)

REASONING_MODEL: Final = replace(
    OPENAI,
    name="openai-reasoning-model",
    chunk={**_TIER, **_NO_PRINT, **_CHOICES, **_USAGE, **_PADDING},
    choice=_NO_LOGPROBS,
    delta={**OPENAI.delta, "first call": {**_ALONE, "tool_calls": S.CALLS, "refusal": None}},
    cannot=frozenset({"parallel", "refusal", "error"}),
    identity={**OPENAI.identity, "model": "gpt-5-mini-2025-08-07"},
)

NO_USAGE: Final = replace(
    OPENAI,
    name="openai-no-usage",
    chunk={**_TIER, **_PRINT, **_CHOICES, "usage": S.USAGE, **_PADDING},
    cannot=frozenset({"parallel", "refusal", "error"}),
)
"""Without `include_usage`; one recording has the last chunk of usage all the same."""

NO_USAGE_NO_PRINT: Final = replace(
    REASONING_MODEL,
    name="openai-no-usage-no-fingerprint",
    chunk={**_TIER, **_NO_PRINT, **_CHOICES, **_PADDING},
    choice=CHOICE,
    opening={},
    usage=frozenset(),
    cannot=frozenset({"text", "parallel", "refusal", "error"}),
)

NO_PADDING: Final = replace(
    OPENAI,
    name="openai-no-padding",
    chunk={**_TIER, **_PRINT, **_CHOICES, **_USAGE},
    cannot=frozenset({"calls", "parallel", "refusal", "error"}),
)

FAILING: Final = replace(
    NO_PADDING,
    name="openai-error",
    chunk={**_TIER, **_NO_PRINT, **_CHOICES, **_USAGE},
    cannot=frozenset({"calls", "parallel", "refusal", "finish"}),
)
"""An error frame, then a chunk of usage, then `[DONE]`."""

MODERATED: Final = replace(
    OPENAI,
    name="openai-moderation",
    fidelity="documented",
    sources=(
        "API reference: moderation results come in a chunk of their own when asked for",
        "a recorded stream in a public repository, outside the collection: after usage",
    ),
    epilogue=(
        {
            **_TIER,
            **_PRINT,
            **_CHOICES,
            "usage": None,
            "moderation": {"flagged": False, "categories": {"violence": False}},
            **_PADDING,
        },
    ),
)

OF_2024: Final = replace(
    OPENAI,
    name="openai-2024",
    chunk={**_HEAD, **_PRINT, **_CHOICES, **_USAGE},
    cannot=frozenset({"calls", "parallel", "refusal", "error"}),
)

OF_2024_PARALLEL: Final = replace(
    PARALLEL,
    name="openai-2024-parallel-calls",
    chunk=_usage_first({**_HEAD, **_PRINT}),
)

LEGACY: Final = replace(
    OF_2024,
    name="openai-legacy",
    chunk={**_HEAD, **_PRINT, **_CHOICES},
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
    chunk={**_HEAD, **_NO_PRINT, **_CHOICES},
    delta={
        "text": {"content": S.TEXT},
        "first call": {**_ALONE, "tool_calls": S.CALLS},
        "call": {"tool_calls": S.CALLS},
        "arguments": {"tool_calls": S.CALLS},
        "finish": {},
    },
    cannot=frozenset({"error", "parallel", "legacy"}),
)

LEGACY_USAGE: Final = replace(
    LEGACY,
    name="openai-legacy-usage",
    chunk={**_HEAD, **_NO_PRINT, **_CHOICES, **_USAGE},
    opening={"text": {"role": S.ROLE, "content": ""}, "end": {"role": S.ROLE, "content": ""}},
    delta={"text": {"content": S.TEXT}, "finish": {}},
    usage=frozenset({"own"}),
    cannot=frozenset({"error", "calls", "parallel"}),
)

DIALECTS: Final = (
    OPENAI,
    PARALLEL,
    REASONING_MODEL,
    NO_USAGE,
    NO_USAGE_NO_PRINT,
    NO_PADDING,
    FAILING,
    MODERATED,
    OF_2024,
    OF_2024_PARALLEL,
    LEGACY,
    LEGACY_NO_PRINT,
    LEGACY_USAGE,
)
