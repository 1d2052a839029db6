"""api.mistral.ai: usage unasked, padding `p`, whole calls with the finish, thinking in lists."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from chunkproof_conformance.synth.dialect import Dialect
from chunkproof_conformance.synth.template import ABSENT, On, Or, S

_HEAD: Final[dict[str, Any]] = {
    "id": S.ID,
    "object": "chat.completion.chunk",
    "created": S.CREATED,
    "model": S.MODEL,
    "choices": S.CHOICES,
    "usage": S.USAGE,
}
_PADDED: Final = {**_HEAD, "p": On({"open": ABSENT}, S.PADDING)}
_CHOICE: Final = {"index": S.CHOICE, "delta": S.DELTA, "finish_reason": Or(S.FINISH)}
_SILENT: Final = {"role": S.ROLE, "content": ""}
_THINKING: Final[dict[str, Any]] = {
    "type": "thinking",
    "thinking": [{"type": "text", "text": S.TEXT}],
}
_OPENING: Final[dict[str, Any]] = dict.fromkeys(
    ("text", "reasoning", "call", "calls", "end", "aside"), _SILENT
)

MISTRAL: Final = Dialect(
    name="mistral",
    fidelity="captured",
    sources=(
        "22 chunk shapes of 14 recorded streams in public repositories",
        "Mistral, reasoning: content as a list of thinking and text parts",
    ),
    chunk=_PADDED,
    choice=_CHOICE,
    opening=_OPENING,
    delta={"text": {"content": S.TEXT}, "finish": {"content": ""}},
    usage=frozenset({"finish"}),
    usage_object={
        "prompt_tokens": S.PROMPT,
        "total_tokens": S.TOTAL,
        "completion_tokens": S.COMPLETION,
    },
    identity={
        "id": "00000000000040008000000000000003",
        "created": 1790000000,
        "model": "mistral-small-latest",
    },
)

TEXT_WITH_FINISH: Final = replace(
    MISTRAL, name="mistral-text-with-finish", finish_rides=frozenset({"text"})
)

NO_PADDING: Final = replace(MISTRAL, name="mistral-no-padding", chunk=_HEAD)

NO_PADDING_TEXT_WITH_FINISH: Final = replace(
    NO_PADDING, name="mistral-no-padding-text-with-finish", finish_rides=frozenset({"text"})
)

LOGPROBS: Final = replace(
    NO_PADDING,
    name="mistral-logprobs-key",
    choice={**_CHOICE, "logprobs": None},
)

CALLS: Final = replace(
    NO_PADDING,
    name="mistral-calls",
    delta={**MISTRAL.delta, "whole": {"tool_calls": S.CALLS}},
    entry={
        "whole": {
            "id": S.CALL_ID,
            "function": {"name": S.NAME, "arguments": S.ARGUMENTS},
            "index": S.CALL,
        }
    },
    calls="together",
    finish_rides=frozenset({"whole"}),
)

CALLS_NO_INDEX: Final = replace(
    LOGPROBS,
    name="mistral-calls-no-index",
    delta={**MISTRAL.delta, "whole": {"content": None, "tool_calls": S.CALLS}},
    entry={
        "whole": {"id": S.CALL_ID, "function": {"name": S.NAME, "arguments": S.ARGUMENTS}},
    },
    calls="together",
    finish_rides=frozenset({"whole"}),
    cannot=frozenset({"parallel"}),
)

THINKING: Final = replace(
    MISTRAL,
    name="mistral-thinking",
    delta={**MISTRAL.delta, "reasoning": {"content": [_THINKING]}, "idle": {"content": ""}},
    idle_every=4,
    identity={**MISTRAL.identity, "model": "magistral-small-latest"},
)

THINKING_NO_PADDING: Final = replace(THINKING, name="mistral-thinking-no-padding", chunk=_HEAD)

PARTS: Final = replace(
    THINKING_NO_PADDING,
    name="mistral-parts",
    opening={},
    delta={
        "text": {"content": [{"type": "text", "text": S.TEXT}]},
        "reasoning": {"role": S.ROLE_ONCE, "content": [_THINKING]},
        "finish": {"content": ""},
    },
    idle_every=0,
)
"""Text as a part too."""

HYBRID: Final = replace(
    THINKING,
    name="mistral-hybrid",
    delta={**MISTRAL.delta, "reasoning": {"content": [{**_THINKING, "closed": True}]}},
    idle_every=0,
)

DIALECTS: Final = (
    MISTRAL,
    TEXT_WITH_FINISH,
    NO_PADDING,
    NO_PADDING_TEXT_WITH_FINISH,
    LOGPROBS,
    CALLS,
    CALLS_NO_INDEX,
    THINKING,
    THINKING_NO_PADDING,
    PARTS,
    HYBRID,
)
