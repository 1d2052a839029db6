"""MiniMax: empty roles, the name in every fragment, arguments as an object, usage of zeros."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from chunkproof_conformance.synth.dialects.generic import GENERIC
from chunkproof_conformance.synth.template import S

_FUNCTION: Final[dict[str, Any]] = {"name": S.NAME, "arguments": S.ARGUMENTS}
_IDENTITY: Final = {"id": "0123456789abcdef", "created": 1790000000, "model": "MiniMax-M2"}

MINIMAX: Final = replace(
    GENERIC,
    name="minimax",
    fidelity="reported",
    sources=("issue reports on MiniMax: role as an empty string, the name in every fragment",),
    opening={},
    delta={
        "text": {"role": "", "content": S.TEXT},
        "reasoning": {"role": "", "reasoning_content": S.TEXT},
        "call": {"role": "", "tool_calls": S.CALLS},
        "arguments": {"role": "", "tool_calls": S.CALLS},
        "finish": {"role": ""},
    },
    entry={
        "call": {"index": S.CALL, "id": S.CALL_ID, "type": "function", "function": _FUNCTION},
        "arguments": {"index": S.CALL, "type": "function", "function": _FUNCTION},
    },
    identity=_IDENTITY,
)

OBJECT_ARGUMENTS: Final = replace(
    MINIMAX,
    name="minimax-object-arguments",
    sources=("issue reports on MiniMax, Venice and Ollama behind LiteLLM: arguments as an object",),
    delta={**MINIMAX.delta, "whole": {"role": "", "tool_calls": S.CALLS}},
    entry={
        "whole": {
            "index": S.CALL,
            "id": S.CALL_ID,
            "type": "function",
            "function": {"name": S.NAME, "arguments": S.ARGUMENTS_VALUE},
        }
    },
    calls="whole",
)

DIALECTS: Final = (MINIMAX, OBJECT_ARGUMENTS)
