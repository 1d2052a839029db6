"""api.deepseek.com: usage with the finish reason, content null while it reasons."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from chunkproof_conformance.synth.dialect import CHOICE, CHUNK, ENTRY, Dialect
from chunkproof_conformance.synth.template import Or, S

_HEAD: Final[dict[str, Any]] = {
    "id": S.ID,
    "object": "chat.completion.chunk",
    "created": S.CREATED,
    "model": S.MODEL,
    "system_fingerprint": "fp_0123456789_prod",
    "choices": S.CHOICES,
}
_SILENT: Final = {"role": S.ROLE, "content": ""}

DEEPSEEK: Final = Dialect(
    name="deepseek",
    fidelity="captured",
    sources=("20 chunk shapes of 10 recorded streams in public repositories",),
    chunk={**_HEAD, "usage": Or(S.USAGE)},
    choice=CHOICE,
    opening=dict.fromkeys(("text", "call", "calls", "end"), _SILENT),
    delta={
        "text": {"content": S.TEXT},
        "call": {"tool_calls": S.CALLS},
        "arguments": {"tool_calls": S.CALLS},
        "finish": {"content": ""},
    },
    entry=ENTRY,
    usage=frozenset({"finish"}),
    usage_object={
        "prompt_tokens": S.PROMPT,
        "completion_tokens": S.COMPLETION,
        "total_tokens": S.TOTAL,
        "prompt_tokens_details": {"cached_tokens": 0},
        "prompt_cache_hit_tokens": 0,
        "prompt_cache_miss_tokens": S.PROMPT,
    },
    identity={
        "id": "00000000-0000-4000-8000-000000000002",
        "created": 1790000000,
        "model": "deepseek-chat",
    },
)

NOT_ASKED: Final = replace(
    DEEPSEEK, name="deepseek-usage-not-asked", chunk={**_HEAD, "usage": S.USAGE}
)
"""Usage comes all the same."""

REASONER: Final = replace(
    DEEPSEEK,
    name="deepseek-reasoner",
    opening={"reasoning": {"role": S.ROLE, "content": None, "reasoning_content": ""}},
    delta={
        "text": {"content": S.TEXT, "reasoning_content": None},
        "reasoning": {"content": None, "reasoning_content": S.TEXT},
        "finish": {"content": "", "reasoning_content": None},
    },
    entry={},
    identity={**DEEPSEEK.identity, "model": "deepseek-reasoner"},
)

REASONER_NOT_ASKED: Final = replace(
    REASONER, name="deepseek-reasoner-usage-not-asked", chunk=NOT_ASKED.chunk
)

CUMULATIVE: Final = replace(
    DEEPSEEK,
    name="deepseek-cumulative-usage",
    chunk=CHUNK,
    delta={"text": {"content": S.TEXT}, "finish": {}},
    entry={},
    usage=frozenset({"every", "own"}),
    usage_object={
        "prompt_tokens": S.PROMPT,
        "total_tokens": S.TOTAL,
        "completion_tokens": S.COMPLETION,
    },
)
"""The model behind another server, with usage in every chunk."""

DIALECTS: Final = (DEEPSEEK, NOT_ASKED, REASONER, REASONER_NOT_ASKED, CUMULATIVE)
