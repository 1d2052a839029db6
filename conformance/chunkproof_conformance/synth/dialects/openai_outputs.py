"""api.openai.com where the answer is more than text: audio, citations, custom tools."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from chunkproof_conformance.synth.dialect import CHOICE
from chunkproof_conformance.synth.dialects.openai import CHOICES, OPENAI, PADDING, PRINT, TIER
from chunkproof_conformance.synth.dialects.openai_2024 import OF_2024
from chunkproof_conformance.synth.template import S

_CHOICE: Final = {name: part for name, part in CHOICE.items() if name != "logprobs"}
_CUSTOM: Final[dict[str, Any]] = {"name": S.NAME, "input": S.ARGUMENTS}

AUDIO: Final = replace(
    OF_2024,
    name="openai-audio",
    fidelity="documented",
    sources=(
        "API reference, chat completion chunk: partial audio, ended by an update with the expiry",
        "streams quoted in issue reports: the role alone first, the id again before the data",
    ),
    choice=_CHOICE,
    opening={"aside": {"role": S.ROLE, "refusal": None}, "text": OPENAI.opening["text"]},
    delta={"text": {"content": S.TEXT}, "finish": {}},
    identity={**OPENAI.identity, "model": "gpt-4o-audio-preview-2024-12-17"},
)

SEARCH: Final = replace(
    AUDIO,
    name="openai-search",
    sources=(
        "API reference, annotations of a message: url_citation with its four members",
        "a chunk quoted in an issue report: the last delta holds all annotations and nothing else",
    ),
    opening={"text": OPENAI.opening["text"]},
    identity={**OPENAI.identity, "model": "gpt-4o-search-preview-2025-03-11"},
)

CUSTOM: Final = replace(
    OPENAI,
    name="openai-custom-tools",
    fidelity="reported",
    sources=(
        "API reference, custom tools: a call has a name and an input of any text",
        "issue reports on OpenAI's specification and client: type custom and custom in a delta",
    ),
    opening={kind: {"role": S.ROLE, "content": None} for kind in ("call", "calls")},
    entry={
        "custom call": {"index": S.CALL, "id": S.CALL_ID, "type": "custom", "custom": _CUSTOM},
        "custom input": {"index": S.CALL, "custom": {"input": S.ARGUMENTS}},
    },
    cannot=frozenset({"text", "refusal", "calls", "error"}),
    identity={**OPENAI.identity, "model": "gpt-5-mini-2025-08-07"},
)

_CLEAN: Final[dict[str, Any]] = {
    "type": "moderation_results",
    "model": "omni-moderation-latest",
    "results": [
        {
            "type": "moderation_result",
            "model": "omni-moderation-latest",
            "flagged": False,
            "categories": {"violence": False},
            "category_applied_input_types": {"violence": ["text"]},
            "category_scores": {"violence": 0.0001},
        }
    ],
}

MODERATED: Final = replace(
    OPENAI,
    name="openai-moderation",
    fidelity="documented",
    sources=(
        "API reference, chat completion chunk: moderation of input and output, when asked for",
        "a recorded stream in a public repository, outside the collection: after usage",
    ),
    epilogue=(
        {
            **TIER,
            **PRINT,
            **CHOICES,
            "usage": None,
            "moderation": {"input": _CLEAN, "output": _CLEAN},
            **PADDING,
        },
    ),
)

DIALECTS: Final = (AUDIO, SEARCH, CUSTOM, MODERATED)
