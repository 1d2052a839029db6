"""What we ask llama-cpp-python's server, and what we know of each answer.

A call is only streamed as one where `tool_choice` names it: the model then writes the arguments,
held to the tool's schema, and the server puts id, type, name and the legacy `function_call`
around every piece of them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from chunkproof_conformance.record import drafts
from chunkproof_conformance.record.drafts import choice, truth
from chunkproof_conformance.record.puppet import SCRIPTS
from chunkproof_conformance.record.recipe import Scenario
from chunkproof_conformance.record.tools import PING, TIME, WEATHER, offered

if TYPE_CHECKING:
    from collections.abc import Sequence

CALL_ID: Final = re.compile(r"call__0_\w+_cmpl-[0-9a-f-]{36}")
MIRROR: Final = (r"choices/\d+/delta/function_call/.*", "the mirror of tool_calls (TOOL-11)")
_FORCED: Final = ("TOOL-3", "TOOL-6", "TOOL-7", "TOOL-8", "TOOL-11", "FIN-1", "END-2")


def forced(tool: dict[str, Any]) -> dict[str, Any]:
    """Request members that offer one tool and name it."""
    choice = {"type": "function", "function": {"name": tool["function"]["name"]}}
    return {**offered(tool), "tool_choice": choice}


def call(name: str, arguments: str) -> dict[str, Any]:
    """The truth of an answer that is one call."""
    said = choice(drafts.call(name, arguments, CALL_ID), finish="tool_calls")
    return truth("complete", "END-2", said, aside=MIRROR)


def _call(
    id_: str,
    title: str,
    script: str,
    says: dict[str, Any],
    request: dict[str, Any],
    *,
    rules: Sequence[str] = _FORCED,
) -> Scenario:
    """A call that is forced: truth and mirror in every delta."""
    return Scenario(
        id_,
        title,
        script,
        rules,
        ("tools", "lenient"),
        request=request,
        truth=says,
    )


SCENARIOS: Final = (
    _call(
        "tools/llama-cpp-python-forced-unicode",
        "A forced call whose arguments are cut inside an emoji; mirrored, all of it in every delta",
        "daysjson",
        call("get_weather", SCRIPTS["daysjson"]),
        forced(WEATHER),
    ),
    _call(
        "tools/llama-cpp-python-forced-no-arguments",
        "A forced call without arguments: the empty object, and an empty piece after it",
        "emptyjson",
        call("ping", "{}"),
        forced(PING),
    ),
    _call(
        "legacy/llama-cpp-python-functions",
        "Asked with functions and function_call, it answers with tool_calls beside function_call",
        "tzjson",
        call("get_time", SCRIPTS["tzjson"]),
        {"functions": [TIME["function"]], "function_call": {"name": "get_time"}},
    ),
    _call(
        "finish/llama-cpp-python-length-inside-call",
        "The limit of tokens ends a call, and the finish reason is tool_calls all the same",
        "daysjson",
        call("get_weather", '{"city": "Züric'),
        {**forced(WEATHER), "max_tokens": 5},
        rules=(*_FORCED, "TOOL-12"),
    ),
    Scenario(
        "finish/llama-cpp-python-stop-sequence",
        "Text ended by a stop sequence that began inside a token; none of it is sent",
        "count",
        ("TXT-1", "FIN-1", "END-2"),
        ("core",),
        "must",
        {"stop": [" five"]},
    ),
    Scenario(
        "text/llama-cpp-python-structured-output",
        "Text that is JSON of a given schema",
        "cityjson",
        ("TXT-1", "FIN-1", "END-2"),
        ("core",),
        "must",
        {"response_format": {"type": "json_object", "schema": {
            "type": "object",
            "properties": {"city": {"type": "string"}, "population": {"type": "integer"}},
            "required": ["city", "population"],
        }}},
    ),
    Scenario(
        "end/llama-cpp-python-client-closed",
        "The client closes in the middle of the answer",
        "long",
        ("TXT-1", "END-5", "END-9"),
        ("core",),
        "must",
        leave_after=9,
        twin=False,
    ),
)  # fmt: skip
