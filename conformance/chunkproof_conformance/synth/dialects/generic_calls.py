"""Layouts of tool calls that reports name without a vendor, or with several."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from chunkproof_conformance.synth.dialects.generic import GENERIC
from chunkproof_conformance.synth.template import S

_FUNCTION: Final[dict[str, Any]] = {"name": S.NAME, "arguments": S.ARGUMENTS}
_MORE: Final[dict[str, Any]] = {"arguments": S.ARGUMENTS}
_OPENED: Final[dict[str, Any]] = {"type": "function", "function": _FUNCTION}

NULL_INDEX: Final = replace(
    GENERIC,
    name="generic-calls-null-index",
    fidelity="reported",
    sources=("issue reports: an index of null is as a missing one",),
    entry={
        "call": {"index": None, "id": S.CALL_ID, **_OPENED},
        "arguments": {"index": None, "function": _MORE},
    },
)

NO_ID: Final = replace(
    GENERIC,
    name="generic-calls-no-id",
    fidelity="reported",
    sources=("issue reports on local servers and empty-schema tools: no id at all",),
    entry={
        "call": {"index": S.CALL, **_OPENED},
        "arguments": {"index": S.CALL, "function": _MORE},
    },
)

LATE_ID: Final = replace(
    GENERIC,
    name="generic-calls-late-id",
    fidelity="reported",
    sources=("issue reports on two agent frameworks: the id after the name",),
    entry={
        "call": {"index": S.CALL, **_OPENED},
        "arguments": {"index": S.CALL, "id": S.CALL_ID, "function": _MORE},
    },
)

EMPTY_NAME: Final = replace(
    GENERIC,
    name="generic-calls-empty-name",
    fidelity="reported",
    sources=(
        "issue reports on DeepSeek, vLLM and Ollama: the name as an empty string",
        "a recorded stream of Kimi in a public repository: id repeated, name empty",
    ),
    entry={
        "call": {"index": S.CALL, "id": S.CALL_ID, **_OPENED},
        "arguments": {
            "index": S.CALL,
            "id": S.CALL_ID,
            "type": "function",
            "function": {"name": "", "arguments": S.ARGUMENTS},
        },
    },
)

ZERO_NO_ID: Final = replace(
    GENERIC,
    name="generic-calls-zero-no-id",
    fidelity="reported",
    sources=("issue reports on streams that LiteLLM stripped: index 0 and no id, whole calls",),
    delta={**GENERIC.delta, "whole": {"tool_calls": S.CALLS}},
    entry={"whole": {"index": 0, **_OPENED}},
    calls="whole",
)

APART: Final = replace(
    GENERIC,
    name="generic-calls-no-index-apart",
    fidelity="reported",
    sources=("issue reports on Gemini bridges: whole calls without index, each in its chunk",),
    delta={**GENERIC.delta, "whole": {"tool_calls": S.CALLS}},
    entry={"whole": {"id": S.CALL_ID, **_OPENED}},
    calls="whole",
)

DIALECTS: Final = (NULL_INDEX, NO_ID, LATE_ID, EMPTY_NAME, ZERO_NO_ID, APART)
