"""The LiteLLM proxy: echoes `stream_options`; its finish choice has another key order."""

from __future__ import annotations

from typing import Final

from chunkproof_conformance.synth.dialect import Dialect
from chunkproof_conformance.synth.template import On, S

LITELLM: Final = Dialect(
    name="litellm",
    fidelity="captured",
    sources=("5 chunk shapes of 2 recorded streams in public repositories",),
    chunk={
        "id": S.ID,
        "created": S.CREATED,
        "model": S.MODEL,
        "object": "chat.completion.chunk",
        "choices": S.CHOICES,
        "stream_options": {"include_usage": True},
        "usage": S.USAGE,
    },
    choice=On(
        {"finish": {"finish_reason": S.FINISH, "index": S.CHOICE, "delta": S.DELTA}},
        {"index": S.CHOICE, "delta": S.DELTA},
    ),
    delta={
        "text": {"content": S.TEXT, "role": S.ROLE_ONCE},
        "finish": {},
        "usage": {},
    },
    identity={
        "id": "chatcmpl-00000000-0000-4000-8000-000000000007",
        "created": 1790000000,
        "model": "gpt-3.5-turbo",
    },
)

DIALECTS: Final = (LITELLM,)
