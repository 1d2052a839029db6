"""What we ask vLLM, and what we know of each answer.

Most streams are plain, so a transcript reads them. Where vLLM's two tool parsers, the one for
streams and the one for whole texts, read the same words in two ways, the twin differs: that is
noted in the cassette, and the case binds nobody beyond what the stream itself says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from chunkproof_conformance.record.recipe import Scenario
from chunkproof_conformance.record.tools import PING, TIME, WEATHER, offered

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chunkproof_conformance.cases.key import Profile, Strength

_TEXT: Final = ("TXT-1", "FIN-1", "END-2")
_CALL: Final = ("TOOL-1", "TOOL-3", "TOOL-8", "FIN-1", "END-2")
_TOOLS: Final = ("core", "tools")


def _text(
    id_: str,
    title: str,
    script: str,
    request: dict[str, Any] | None = None,
    *more: str,
    strength: Strength = "must",
) -> Scenario:
    """An answer of text alone. more: rules beside those of every text."""
    return Scenario(id_, title, script, (*_TEXT, *more), ("core",), strength, request or {})


def _call(
    variant: str,
    title: str,
    script: str,
    *tools: dict[str, Any],
    rules: Sequence[str] = _CALL,
    profiles: Sequence[Profile] = _TOOLS,
    strength: Strength = "must",
    **members: Any,
) -> Scenario:
    """An answer with calls. members: of the request, beside the tools."""
    request = {**offered(*tools), **members}
    return Scenario(variant, title, script, rules, profiles, strength, request)


SCENARIOS: Final = (
    _text("text/vllm-unicode", "Text beyond the BMP, each character whole", "unicode"),
    _text(
        "usage/vllm-own-chunk",
        "The finish reason beside the last text, usage in a chunk of its own without choices",
        "long",
        {"max_tokens": 12, "stream_options": {"include_usage": True}},
        "USE-1",
    ),
    _text(
        "finish/vllm-stop-sequence",
        "Text ended by a stop sequence that began inside a token; stop_reason names it",
        "count",
        {"stop": [" five"]},
    ),
    _text(
        "text/vllm-structured-output",
        "Text that is JSON of a given schema",
        "cityjson",
        {"response_format": {"type": "json_schema", "json_schema": {
            "name": "city",
            "strict": True,
            "schema": {
                "type": "object",
                "properties": {"city": {"type": "string"}, "population": {"type": "integer"}},
                "required": ["city", "population"],
                "additionalProperties": False,
            },
        }}},
        strength="should",  # no rare mistake of a parser changes it
    ),
    _call(
        "tools/vllm-auto-unicode",
        "One call: its name first, without arguments; then these, an emoji among them",
        "tool",
        WEATHER,
    ),
    _call(
        "tools/vllm-auto-text-first",
        "Text with the line end before the call, then the call",
        "texttool",
        WEATHER,
        rules=("TXT-1", *_CALL),
    ),
    _call(
        "tools/vllm-auto-two-calls",
        "Two calls one after the other, each in fragments; the line end between them is no text",
        "two",
        WEATHER,
        TIME,
        rules=(*_CALL, "TOOL-9"),
        profiles=(*_TOOLS, "parallel-tools"),
    ),
    _call(
        "tools/vllm-auto-no-arguments",
        "A call whose arguments are an empty object",
        "noargs",
        PING,
    ),
    _call(
        "tools/vllm-auto-text-after",
        "Text, a call; the text that the model wrote after the call is lost",
        "tooltext",
        TIME,
        rules=("TXT-1", *_CALL),
    ),
    _call(
        "tools/vllm-string-arguments",
        "Arguments that are a JSON string of JSON, as the model wrote them",
        "stringarguments",
        TIME,
        profiles=("tools", "lenient"),
        strength="should",
    ),
    _call(
        "tools/vllm-call-without-arguments",
        "A call that the model wrote without arguments: a name, and nothing after it",
        "noarguments",
        PING,
        rules=("TXT-1", "TOOL-1", "TOOL-12", "FIN-1", "END-2"),
        strength="should",
    ),
    _call(
        "tools/vllm-half-call",
        "A call that is no JSON: half of its arguments, and the finish reason tool_calls",
        "badjson",
        WEATHER,
        rules=("TXT-1", *_CALL, "TOOL-12"),
        strength="should",
    ),
    _call(
        "finish/vllm-length-before-call",
        "The limit of tokens before the arguments of a call: an empty object stands in for them",
        "texttool",
        WEATHER,
        rules=("TXT-1", *_CALL, "TOOL-12"),
        strength="should",
        max_tokens=16,
    ),
    _call(
        "finish/vllm-length-inside-call",
        "The limit of tokens inside a call: the finish reason beside the last half argument",
        "texttool",
        WEATHER,
        rules=("TXT-1", *_CALL, "TOOL-12"),
        strength="should",
        max_tokens=24,
    ),
    _call(
        "finish/vllm-named-stop",
        "A call that tool_choice names ends with the finish reason stop",
        "tool",
        WEATHER,
        tool_choice={"type": "function", "function": {"name": "get_weather"}},
    ),
    Scenario(
        "end/vllm-client-closed",
        "The client closes in the middle of the answer",
        "long",
        ("TXT-1", "END-5", "END-9"),
        ("core",),
        "must",
        leave_after=9,
        twin=False,
    ),
)  # fmt: skip
REASONING: Final = (
    _call(
        "reasoning/vllm-then-call",
        "Reasoning with its line ends, a text of line ends alone, then a call",
        "thinktool",
        WEATHER,
        rules=("RSN-1", "TXT-1", *_CALL),
        profiles=("core", "reasoning", "tools"),
        strength="should",
    ),
    _call(
        "reasoning/vllm-length",
        "Reasoning cut by the limit of tokens: no text, no call",
        "thinktool",
        WEATHER,
        rules=("RSN-1", "FIN-1", "END-2"),
        profiles=("core", "reasoning"),
        strength="should",
        max_tokens=6,
    ),
)
"""Their script has a checkpoint of its own, so that each marker is one token, as vLLM wants it."""
