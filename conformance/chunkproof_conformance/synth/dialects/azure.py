"""Azure OpenAI: keys in alphabetical order, filter results, a first chunk without a name."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from chunkproof_conformance.synth.dialect import ERROR, Dialect
from chunkproof_conformance.synth.template import On, Or, S

_SAFE: Final = {
    name: {"filtered": False, "severity": "safe"}
    for name in ("hate", "self_harm", "sexual", "violence")
}
_PROMPT_FILTER: Final = {
    "choices": [],
    "created": 0,
    "id": "",
    "model": "",
    "object": "",
    "prompt_filter_results": [{"prompt_index": 0, "content_filter_results": _SAFE}],
}
_IDENTITY: Final = {
    "id": "chatcmpl-AzA1b2C3d4",
    "created": 1790000000,
    "model": "gpt-4o-2024-11-20",
}


def _chunk(*, padding: bool, tier: bool, print_: str | None, usage: bool) -> dict[str, Any]:
    """A chunk with its members in alphabetical order; `latency_checkpoint` is new in 2026."""
    members: dict[str, Any] = {
        "choices": S.CHOICES,
        "created": S.CREATED,
        "id": S.ID,
        "latency_checkpoint": On({"usage": {"engine_tbt_ms": 9}}) if tier else None,
        "model": S.MODEL,
        "obfuscation": S.PADDING if padding else None,
        "object": "chat.completion.chunk",
        "service_tier": "default" if tier else None,
    }
    kept = {name: part for name, part in members.items() if part is not None}
    ends = {"usage": Or(S.USAGE)} if usage else {}
    return {**kept, "system_fingerprint": print_, **ends}


_CHOICE: Final = {
    "content_filter_results": On({"text": _SAFE}, {}),
    "delta": S.DELTA,
    "finish_reason": Or(S.FINISH),
    "index": S.CHOICE,
    "logprobs": Or(S.LOGPROBS),
}

AZURE: Final = Dialect(
    name="azure",
    fidelity="captured",
    sources=(
        "30 chunk shapes of 9 recorded streams in public repositories",
        "Azure OpenAI, content filtering: prompt_filter_results, content_filter_results",
    ),
    chunk=_chunk(padding=True, tier=False, print_="fp_0123456789", usage=True),
    choice=_CHOICE,
    opening={
        "text": {"content": "", "refusal": None, "role": S.ROLE},
        "end": {"content": "", "refusal": None, "role": S.ROLE},
    },
    delta={"text": {"content": S.TEXT}, "finish": {}},
    prologue=(_PROMPT_FILTER,),
    error=ERROR,
    cannot=frozenset({"error"}),
    identity=_IDENTITY,
)

ROUTER: Final = replace(
    AZURE,
    name="azure-model-router",
    chunk=_chunk(padding=True, tier=False, print_=None, usage=True),
)

OF_2026: Final = replace(
    AZURE,
    name="azure-2026",
    chunk=_chunk(padding=True, tier=True, print_=None, usage=True),
)

NO_FILTER: Final = replace(
    OF_2026,
    name="azure-2026-reasoning-model",
    choice={**_CHOICE, "content_filter_results": {}},
)

NO_USAGE: Final = replace(
    AZURE,
    name="azure-no-usage",
    chunk=_chunk(padding=True, tier=False, print_="fp_0123456789", usage=False),
    usage=frozenset(),
)

OF_2024: Final = replace(
    NO_USAGE,
    name="azure-2024",
    chunk=_chunk(padding=False, tier=False, print_=None, usage=False),
    opening={name: {"content": "", "role": S.ROLE} for name in ("text", "end")},
)

OF_2023: Final = replace(
    OF_2024,
    name="azure-2023",
    choice={name: part for name, part in _CHOICE.items() if name != "logprobs"},
    opening={name: {"role": S.ROLE} for name in ("text", "end")},
)

GROK: Final = replace(
    AZURE,
    name="azure-grok",
    chunk={
        **_chunk(padding=False, tier=False, print_="fp_0123456789", usage=False),
        "usage": S.USAGE,
    },
    choice={
        "content_filter_results": {},
        "delta": S.DELTA,
        "finish_reason": S.FINISH,
        "index": S.CHOICE,
    },
    opening={},
    delta={
        "reasoning": {"reasoning_content": S.TEXT, "role": S.ROLE_ONCE},
        "whole": {"tool_calls": S.CALLS},
        "finish": {},
    },
    entry={
        "whole": {
            "function": {"arguments": S.ARGUMENTS, "name": S.NAME},
            "id": S.CALL_ID,
            "index": S.CALL,
            "type": "function",
        }
    },
    calls="whole",
    identity={**_IDENTITY, "model": "grok-3-mini"},
)
"""A model of another maker behind the same address."""

DIALECTS: Final = (AZURE, ROUTER, OF_2026, NO_FILTER, NO_USAGE, OF_2024, OF_2023, GROK)
