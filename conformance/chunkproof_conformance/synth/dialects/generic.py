"""No vendor: the OpenAI reference and nothing beside it, and the smallest deviations from it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from chunkproof_conformance.synth.dialect import CHOICE, CHUNK, ENTRY, ERROR, Dialect
from chunkproof_conformance.synth.template import Or, S

_FUNCTION: Final[dict[str, Any]] = {"name": S.NAME, "arguments": S.ARGUMENTS}
_ENTRY: Final[dict[str, Any]] = {"type": "function", "function": _FUNCTION}

GENERIC: Final = Dialect(
    name="generic",
    fidelity="documented",
    sources=("API reference, chat completion chunk: every member it names, in its order",),
    chunk=CHUNK,
    choice=CHOICE,
    opening={
        name: {"role": S.ROLE, "content": ""}
        for name in ("text", "reasoning", "refusal", "call", "calls", "function", "aside", "end")
    },
    delta={
        "text": {"content": S.TEXT},
        "reasoning": {"reasoning_content": S.TEXT},
        "refusal": {"refusal": S.TEXT},
        "call": {"tool_calls": S.CALLS},
        "arguments": {"tool_calls": S.CALLS},
        "function": {"function_call": _FUNCTION},
        "function arguments": {"function_call": {"arguments": S.ARGUMENTS}},
        "finish": {},
    },
    entry=ENTRY,
    error=ERROR,
    identity={"id": "chatcmpl-1", "created": 1790000000, "model": "generic-model"},
)

WITH_FINISH: Final = replace(
    GENERIC,
    name="generic-payload-with-finish",
    finish_rides=frozenset({"text", "reasoning", "refusal", "call", "arguments"}),
)
"""The last delta carries the finish reason."""

ROLE_WITH_TEXT: Final = replace(
    GENERIC,
    name="generic-role-with-text",
    opening={},
    delta={**GENERIC.delta, "text": {"role": Or(S.ROLE_ONCE), "content": S.TEXT}},
)
"""The first chunk says the role and the first text."""

DETAILS: Final = replace(
    GENERIC,
    name="generic-object-reasoning",
    fidelity="reported",
    sources=("issue reports on bridges to Bedrock: reasoning as an object with a text",),
    delta={**GENERIC.delta, "reasoning": {"reasoning_content": {"text": S.TEXT}}},
)

MIRRORED: Final = replace(
    GENERIC,
    name="generic-mirrored-reasoning",
    fidelity="reported",
    sources=("issue reports on StepFun: the same thought in two members of a delta",),
    delta={
        **GENERIC.delta,
        "reasoning": {"reasoning_content": S.TEXT, "reasoning": S.TEXT},
    },
)

FRESH_IDS: Final = replace(
    GENERIC,
    name="generic-fresh-ids",
    fidelity="reported",
    sources=("issue reports on LM Studio, Poolside and LiteLLM with OCI: an id per fragment",),
    entry={
        "call": {"index": S.CALL, "id": S.CALL_ID, **_ENTRY},
        "arguments": {
            "index": S.CALL,
            "id": S.FRESH_ID,
            "type": "function",
            "function": {"arguments": S.ARGUMENTS},
        },
    },
)

LATE_NAME: Final = replace(
    GENERIC,
    name="generic-late-name",
    fidelity="reported",
    sources=("issue reports on OpenAI-compatible servers: name and type after arguments",),
    entry={
        "call": {"index": S.CALL, "id": S.CALL_ID, "function": {"arguments": S.ARGUMENTS}},
        "arguments": {"index": S.CALL, **_ENTRY},
    },
)
"""The name is in every fragment but the first."""

NULLS: Final = replace(
    GENERIC,
    name="generic-nulls",
    fidelity="reported",
    sources=("issue reports: null at every member that says nothing; derived for the others",),
    choice={**CHOICE, "delta": S.DELTA},
    opening={},
    delta={
        "text": {"role": Or(S.ROLE_ONCE), "content": S.TEXT, "tool_calls": None, "refusal": None},
        "call": {"role": Or(S.ROLE_ONCE), "content": None, "tool_calls": S.CALLS},
        "arguments": {"role": None, "content": None, "tool_calls": S.CALLS},
        "finish": {"role": None, "content": None, "tool_calls": None},
    },
    entry={
        "call": {"index": S.CALL, "id": S.CALL_ID, **_ENTRY},
        "arguments": {
            "index": S.CALL,
            "id": None,
            "type": None,
            "function": {"name": None, "arguments": S.ARGUMENTS},
        },
    },
)

DIALECTS: Final = (
    GENERIC,
    WITH_FINISH,
    ROLE_WITH_TEXT,
    DETAILS,
    MIRRORED,
    FRESH_IDS,
    LATE_NAME,
    NULLS,
)
