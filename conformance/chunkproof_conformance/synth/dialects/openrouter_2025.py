"""OpenRouter in 2025: usage beside a choice after the finish, members as the upstream has them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from chunkproof_conformance.synth.dialect import Dialect
from chunkproof_conformance.synth.template import On, Or, S

_OLD_HEAD: Final = {
    "id": S.ID,
    "provider": "Example",
    "model": S.MODEL,
    "object": "chat.completion.chunk",
    "created": S.CREATED,
    "choices": S.CHOICES,
}
DETAIL: Final = {"type": "reasoning.text", "text": S.TEXT, "format": "unknown", "index": 0}
_USAGE: Final = {
    "prompt_tokens": S.PROMPT,
    "completion_tokens": S.COMPLETION,
    "total_tokens": S.TOTAL,
    "cost": 0.00001,
    "is_byok": False,
    "prompt_tokens_details": {"cached_tokens": 0},
    "completion_tokens_details": {"reasoning_tokens": 0},
}
SILENT: Final = {"role": S.ROLE, "content": ""}
CALLS: Final = {"role": S.ROLE, "content": None, "tool_calls": S.CALLS}
CALL: Final = {
    "index": S.CALL,
    "id": S.CALL_ID,
    "type": "function",
    "function": {"name": S.NAME, "arguments": S.ARGUMENTS},
}


def with_print(print_: Any) -> On:
    """`system_fingerprint` follows the upstream, but for the last chunk."""
    return On(
        {"usage": {**_OLD_HEAD, "usage": S.USAGE}},
        {**_OLD_HEAD, "system_fingerprint": print_},
    )


OLD: Final = Dialect(
    name="openrouter-2025",
    fidelity="captured",
    sources=(
        "49 chunk shapes of 16 recorded streams in public repositories, both generations",
        "OpenRouter, streaming: comment lines, errors with finish_reason error",
    ),
    chunk={**_OLD_HEAD, "usage": S.USAGE},
    choice={
        "index": S.CHOICE,
        "delta": S.DELTA,
        "finish_reason": Or(S.FINISH),
        "native_finish_reason": Or(S.FINISH),
        "logprobs": Or(S.LOGPROBS),
    },
    opening={"text": SILENT, "end": SILENT, "call": SILENT, "calls": SILENT},
    delta={
        "text": {"role": S.ROLE, "content": S.TEXT},
        "call": CALLS,
        "arguments": CALLS,
        "finish": SILENT,
        "usage": SILENT,
    },
    entry={
        "call": {
            "id": S.CALL_ID,
            "index": S.CALL,
            "type": "function",
            "function": {"name": S.NAME, "arguments": S.ARGUMENTS},
        },
        "arguments": {
            "id": None,
            "index": S.CALL,
            "type": "function",
            "function": {"name": None, "arguments": S.ARGUMENTS},
        },
    },
    usage_object=_USAGE,
    keepalive=(" OPENROUTER PROCESSING", " OPENROUTER PROCESSING"),
    error={
        **_OLD_HEAD,
        "error": {"code": S.ERROR_CODE, "message": S.MESSAGE},
        "choices": [
            {
                "index": 0,
                "delta": {"role": "assistant", "content": ""},
                "finish_reason": "error",
                "native_finish_reason": "error",
                "logprobs": None,
            }
        ],
    },
    error_finishes=True,
    cannot=frozenset({"error"}),
    identity={"id": "gen-1790000000-AbCdEfGh", "created": 1790000000, "model": "example/model"},
)

OLD_PRINT: Final = replace(
    OLD,
    name="openrouter-2025-fingerprint",
    chunk=with_print("fp_0123456789"),
    entry={},
)

OLD_EMPTY_PRINT: Final = replace(
    OLD,
    name="openrouter-2025-empty-fingerprint",
    chunk=with_print(""),
    opening={},
    entry={
        "call": {
            "index": S.CALL,
            "id": S.CALL_ID,
            "type": "function",
            "function": {"name": S.NAME},
        },
        "arguments": {
            "index": S.CALL,
            "function": {"arguments": S.ARGUMENTS},
            "type": "function",
        },
    },
)
"""Upstreams that open a call without arguments."""

DIALECTS: Final = (
    OLD,
    OLD_PRINT,
    OLD_EMPTY_PRINT,
)
