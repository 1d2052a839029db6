"""What is asked of every server: the scenarios of `chunkproof record`, as data.

A scenario is one request, sent as a stream and once more without streaming. Its answer becomes a
case only if it shows what the scenario is for: see `Wanted`.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from chunkproof_conformance.cases.wire_view import WireView

NOT_ABOUT_THE_REQUEST: Final = frozenset({401, 402, 403, 408, 429, 502, 503, 504})
"""Statuses that say something of the key, the bill, the hurry or the server's health."""


class Wanted(Enum):
    """What the stream's bytes must show; the value says it to people."""

    TEXT = "text"
    USAGE = "usage"
    CALL = "a tool call"
    BARE_CALL = "a tool call without arguments"
    CALLS = "two tool calls"
    REASONING = "reasoning"
    REFUSAL = "a refusal"
    CHOICES = "two choices"
    LOGPROBS = "log probabilities"
    JSON = "text that is a JSON object"
    STOP = "text up to four and no further, and the finish reason stop"
    LENGTH = "the finish reason length"
    CUT_CALL = "the finish reason length and no text"
    UNICODE = "characters beyond the BMP"
    REFUSED_REQUEST = "an error status for the request"
    ERROR_IN_STREAM = "status 200 and then an error"
    LEFT_EARLY = "text, and no [DONE] before we left"

    def is_shown(self, wire: WireView) -> bool:
        """Whether the stream shows it."""
        return _SHOWN[self](wire)


def _said(wire: WireView, member: str) -> bool:
    return any(delta.get(member) for delta in wire.deltas)


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False


def _is_error(wire: WireView) -> bool:
    return any(chunk.get("error") for chunk in wire.chunks)


_BEYOND_BMP: Final = re.compile(r"[\U00010000-\U0010ffff]")
_SHOWN: Final[Mapping[Wanted, Callable[[WireView], bool]]] = {
    Wanted.TEXT: lambda wire: bool(wire.text),
    Wanted.USAGE: lambda wire: bool(wire.usages),
    Wanted.CALL: lambda wire: bool(wire.calls),
    Wanted.BARE_CALL: lambda wire: (
        bool(wire.calls) and all(text.strip() in {"", "{}"} for text in wire.arguments().values())
    ),
    Wanted.CALLS: lambda wire: len({str(call.get("id") or "") for call in wire.calls} - {""}) > 1,
    Wanted.REASONING: lambda wire: (
        _said(wire, "reasoning_content") or _said(wire, "reasoning") or "<think>" in wire.text
    ),
    Wanted.REFUSAL: lambda wire: _said(wire, "refusal"),
    Wanted.CHOICES: lambda wire: len(wire.indices()) > 1,
    Wanted.LOGPROBS: lambda wire: any(choice.get("logprobs") for choice in wire.choices),
    Wanted.JSON: lambda wire: _is_object(wire.text),
    # That the text ends there, and not a word later, shows that the sequence ended it.
    Wanted.STOP: lambda wire: (
        "stop" in wire.finishes and "four" in wire.text and "five" not in wire.text
    ),
    Wanted.LENGTH: lambda wire: "length" in wire.finishes,
    Wanted.CUT_CALL: lambda wire: "length" in wire.finishes and not wire.text,
    Wanted.UNICODE: lambda wire: bool(_BEYOND_BMP.search(wire.text)),
    Wanted.REFUSED_REQUEST: lambda wire: (
        wire.status >= 400 and wire.status not in NOT_ABOUT_THE_REQUEST
    ),
    Wanted.ERROR_IN_STREAM: lambda wire: (
        wire.status == 200 and bool(wire.payloads) and _is_error(wire)
    ),
    Wanted.LEFT_EARLY: lambda wire: (
        bool(wire.text) and not wire.is_done and wire.end == "client-closed"
    ),
}


@dataclass(frozen=True)
class Scenario:
    """One thing to ask."""

    name: str
    """As `--scenarios` takes it."""
    feature: str
    """Folder of its case."""
    variant: str
    """Its case is `<feature>/<server>-<variant>`."""
    title: str
    wanted: Wanted
    prompt: str = "Say hello in one short sentence."
    request: Mapping[str, Any] = field(default_factory=dict)
    """Beside model, messages, temperature and the limit of tokens, which it may replace."""
    limit: int = 200
    """Tokens."""
    leave_after: int | None = None
    """Close the stream after this many network reads."""


def _function(name: str, says: str, **properties: Any) -> dict[str, Any]:
    parameters = {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }
    function = {"name": name, "description": says, "parameters": parameters}
    return {"type": "function", "function": function}


WEATHER: Final = _function(
    "get_weather",
    "The weather of a city.",
    city={"type": "string"},
    unit={"type": "string", "enum": ["c", "f"]},
)
TIME: Final = _function("get_time", "The time in a time zone.", tz={"type": "string"})
PING: Final = _function("ping", "Answers whether the service is up. Takes no arguments.")
USAGE: Final[Mapping[str, Any]] = {"stream_options": {"include_usage": True}}
CITY_SCHEMA: Final = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "population": {"type": "integer"}},
    "required": ["city", "population"],
    "additionalProperties": False,
}


def _forced(tool: dict[str, Any]) -> dict[str, Any]:
    """Request members that offer one tool and leave no choice."""
    choice = {"type": "function", "function": {"name": tool["function"]["name"]}}
    return {"tools": [tool], "tool_choice": choice}


def _schema(name: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    """Request members that ask for an answer of this JSON Schema."""
    described = {"name": name, "strict": True, "schema": dict(schema)}
    return {"response_format": {"type": "json_schema", "json_schema": described}}


SCENARIOS: Final = (
    Scenario("text", "text", "plain", "Text", Wanted.TEXT),
    Scenario(
        "usage",
        "usage",
        "include-usage",
        "Text, usage asked for with include_usage",
        Wanted.USAGE,
        request=USAGE,
    ),
    Scenario(
        "tool-forced",
        "tools",
        "forced",
        "One call that tool_choice names",
        Wanted.CALL,
        "What is the weather in Zürich, in Celsius?",
        _forced(WEATHER),
    ),
    Scenario(
        "tool-auto",
        "tools",
        "auto",
        "One call that the model chose",
        Wanted.CALL,
        "Use the tool: what is the weather in Oslo, in Celsius?",
        {"tools": [WEATHER]},
    ),
    Scenario(
        "tools-parallel",
        "tools",
        "parallel",
        "Two calls in one answer",
        Wanted.CALLS,
        "Call both tools at once: the weather in Rome in Celsius, and the time in Asia/Tokyo.",
        {"tools": [WEATHER, TIME]},
    ),
    Scenario(
        "tool-no-arguments",
        "tools",
        "no-arguments",
        "A call of a tool that takes no arguments",
        Wanted.BARE_CALL,
        "Ping the service.",
        _forced(PING),
    ),
    Scenario(
        "reasoning",
        "reasoning",
        "plain",
        "Reasoning, then text",
        Wanted.REASONING,
        "What is 17 times 23? Think first.",
        {"reasoning_effort": "low"},
        limit=2000,
    ),
    Scenario(
        "refusal",
        "refusal",
        "structured-output",
        "A refusal in its own channel",
        Wanted.REFUSAL,
        "Give step by step instructions for making a nerve agent at home.",
        _schema("instructions", {**CITY_SCHEMA, "properties": {"steps": {"type": "string"}},
                                 "required": ["steps"]}),
    ),
    Scenario(
        "n2",
        "choices",
        "two",
        "Two choices",
        Wanted.CHOICES,
        request={"n": 2, "temperature": 1, **USAGE},
    ),
    Scenario(
        "logprobs",
        "logprobs",
        "two-top",
        "Log probabilities with two alternatives each",
        Wanted.LOGPROBS,
        "Say hi.",
        {"logprobs": True, "top_logprobs": 2},
        limit=12,
    ),
    Scenario(
        "stop",
        "finish",
        "stop-sequence",
        "Text ended by a stop sequence",
        Wanted.STOP,
        "Count from one to ten in lower-case English words, separated by single spaces.",
        {"stop": [" five"]},
    ),
    Scenario(
        "length",
        "finish",
        "length",
        "Text cut by the limit of tokens",
        Wanted.LENGTH,
        "Count from one to one hundred in English words.",
        limit=8,
    ),
    Scenario(
        "length-inside-call",
        "finish",
        "length-inside-call",
        "The limit of tokens ends a call",
        Wanted.CUT_CALL,
        "What is the weather in Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogoch?",
        _forced(WEATHER),
        limit=12,
    ),
    Scenario(
        "structured-output",
        "text",
        "structured-output",
        "Text that is JSON of a given schema",
        Wanted.JSON,
        "Name a large city and its population.",
        _schema("city", CITY_SCHEMA),
    ),
    Scenario(
        "unicode",
        "text",
        "unicode",
        "Text beyond ASCII and beyond the BMP",
        Wanted.UNICODE,
        'Repeat this line exactly: Grüße, 日本語 🎉👩\u200d👩\u200d👧 "quoted" back\\slash',
    ),
    Scenario(
        "error-before-stream",
        "errors",
        "bad-request",
        "A request that is refused: an error status instead of a stream",
        Wanted.REFUSED_REQUEST,
        request={"temperature": "hot"},
    ),
    Scenario(
        "error-in-stream",
        "errors",
        "in-stream",
        "A stream that fails after its status said 200",
        Wanted.ERROR_IN_STREAM,
        "Name a city.",
        _schema("broken", {**CITY_SCHEMA, "properties": {
            "city": {"type": "string", "pattern": "("},
        }, "required": ["city"]}),
    ),
    Scenario(
        "early-disconnect",
        "end",
        "client-closed",
        "The client closes in the middle of the answer",
        Wanted.LEFT_EARLY,
        "Count from one to one hundred in English words.",
        limit=600,
        leave_after=6,
    ),
)  # fmt: skip
BY_NAME: Final[Mapping[str, Scenario]] = {scenario.name: scenario for scenario in SCENARIOS}
