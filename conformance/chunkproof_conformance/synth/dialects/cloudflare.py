"""Cloudflare Workers AI: never a role; the last chunk has another key order."""

from __future__ import annotations

from typing import Final

from chunkproof_conformance.synth.dialect import Dialect
from chunkproof_conformance.synth.template import On, S

_CHOICES: Final = {"choices": S.CHOICES, "usage": S.USAGE}

CLOUDFLARE: Final = Dialect(
    name="cloudflare",
    fidelity="captured",
    sources=("2 chunk shapes of 2 recorded streams in a public repository",),
    chunk=On(
        {
            "finish": {
                "id": S.ID,
                "object": "chat.completion.chunk",
                "created": S.CREATED,
                "model": S.MODEL,
                **_CHOICES,
            }
        },
        {
            "id": S.ID,
            "created": S.CREATED,
            "model": S.MODEL,
            "object": "chat.completion.chunk",
            **_CHOICES,
        },
    ),
    choice={"index": S.CHOICE, "delta": S.DELTA, "finish_reason": S.FINISH},
    delta={"text": {"content": S.TEXT}, "finish": {}},
    usage=frozenset({"finish"}),
    usage_object={
        "prompt_tokens": S.PROMPT,
        "completion_tokens": S.COMPLETION,
        "total_tokens": S.TOTAL,
    },
    identity={"id": "id-1790000000000", "created": 1790000000, "model": "example/model"},
)

DIALECTS: Final = (CLOUDFLARE,)
