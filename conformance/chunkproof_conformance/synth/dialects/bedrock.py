"""Amazon Bedrock's OpenAI endpoint, and the gateways that stand before Bedrock."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from chunkproof_conformance.synth.dialect import Dialect
from chunkproof_conformance.synth.dialects.generic import GENERIC
from chunkproof_conformance.synth.template import Or, S

_FUNCTION: Final[dict[str, Any]] = {"name": S.NAME, "arguments": S.ARGUMENTS}

BEDROCK: Final = Dialect(
    name="bedrock",
    fidelity="captured",
    sources=("4 chunk shapes of 2 recorded streams in a public repository",),
    chunk={
        "choices": S.CHOICES,
        "created": S.CREATED,
        "id": S.ID,
        "model": S.MODEL,
        "object": "chat.completion.chunk",
        "service_tier": "default",
        "usage": S.USAGE,
    },
    choice={
        "delta": S.DELTA,
        "finish_reason": Or(S.FINISH),
        "index": S.CHOICE,
        "obfuscation": S.PADDING,
    },
    opening={name: {"content": "", "role": S.ROLE} for name in ("text", "end")},
    delta={"text": {"content": S.TEXT}, "finish": {}},
    usage_object={
        "completion_tokens": S.COMPLETION,
        "prompt_tokens": S.PROMPT,
        "total_tokens": S.TOTAL,
    },
    identity={
        "id": "chatcmpl-00000000-0000-4000-8000-000000000010",
        "created": 1790000000,
        "model": "openai.gpt-oss-20b-1:0",
    },
)

FROM_ONE: Final = replace(
    GENERIC,
    name="bedrock-index-from-1",
    fidelity="reported",
    sources=(
        "issue reports on Bedrock and Anthropic bridges: the text block takes index 0",
        "recorded streams of two gateways in public repositories whose first call has index 1",
    ),
    first_index=1,
)

NEGATIVE: Final = replace(
    GENERIC,
    name="bedrock-gateway-negative-index",
    fidelity="reported",
    sources=("issue reports on bedrock-access-gateway: index -1",),
    entry={
        "call": {"index": -1, "id": S.CALL_ID, "type": "function", "function": _FUNCTION},
        "arguments": {"index": -1, "function": {"arguments": S.ARGUMENTS}},
    },
)

DIALECTS: Final = (BEDROCK, FROM_ONE, NEGATIVE)
