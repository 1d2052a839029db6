"""What we ask llama-server of agents: calls whose arguments hold the model's thoughts.

llama-server holds a call to the tool's schema, members in the schema's order and none missing.
So the tools offered are read off the script: what the model was going to write is allowed.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from chunkproof_conformance.record.puppet import SCRIPTS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chunkproof_conformance.cases.key import Profile

_TYPES: Final = {str: "string", int: "integer", bool: "boolean", dict: "object"}


@dataclass(frozen=True)
class Scenario:
    """One case to record."""

    variant: str
    title: str
    script: str
    """Name in `puppet.SCRIPTS`."""
    rows: tuple[str, ...] = ()
    """Beside those of every call in fragments."""
    profiles: tuple[Profile, ...] = ()
    rules: tuple[str, ...] = ()
    request: Mapping[str, Any] = field(default_factory=dict)
    """Beside model, messages, temperature and tools."""

    @property
    def id(self) -> str:
        return f"inner-thoughts/llama-server-{self.variant}"


def calls_of(script: str) -> list[tuple[str, str]]:
    """Name and arguments, as raw JSON text, of each call that the model writes."""
    pattern = r'<tool_call>\n\{"name": "(\w+)", "arguments": (.*)\}\n</tool_call>'
    return re.findall(pattern, SCRIPTS[script])


def tools_of(script: str) -> list[dict[str, Any]]:
    """The tools that the script calls, each with just the members that it is given."""
    return [_tool(name, json.loads(arguments)) for name, arguments in calls_of(script)]


def _tool(name: str, arguments: Mapping[str, object]) -> dict[str, Any]:
    members = {member: {"type": _TYPES[type(value)]} for member, value in arguments.items()}
    parameters = {"type": "object", "properties": members, "required": list(members)}
    return {"type": "function", "function": {"name": name, "parameters": parameters}}


_THOUGHTS: Final = ("inner-thoughts-key",)

SCENARIOS: Final = (
    Scenario("first-speech", "Thoughts first, then the text", "sayfirst", _THOUGHTS),
    Scenario("last-speech", "Thoughts last, after the text", "saylast", _THOUGHTS),
    Scenario("absent-speech", "A text without thoughts", "saybare"),
    Scenario("unicode", "Thoughts and text beyond ASCII as they are", "sayunicode", _THOUGHTS),
    Scenario(
        "escapes", "Escapes in thoughts and text, cut where they fall", "sayescaped", _THOUGHTS
    ),
    Scenario(
        "heartbeat",
        "A text that ends with a space, a boolean after it",
        "sayheartbeat",
        _THOUGHTS,
    ),
    Scenario("first-tool", "Thoughts first, then the arguments", "lookfirst", _THOUGHTS),
    Scenario("middle", "Thoughts between two members", "lookmiddle", _THOUGHTS),
    Scenario("last-tool", "Thoughts last, after the arguments", "looklast", _THOUGHTS),
    Scenario("absent-tool", "A tool without thoughts", "lookbare"),
    Scenario("nested-key", "The key inside another object is no thought", "looknested", _THOUGHTS),
    Scenario("alone", "Thoughts and nothing else", "pingthink", _THOUGHTS),
    Scenario(
        "speech-and-tool",
        "Something said, then a tool called, each with its own thoughts",
        "saylook",
        (*_THOUGHTS, "tc-parallel-sequential"),
        ("parallel-tools",),
        ("TOOL-9",),
    ),
    Scenario("text-before", "Plain text before the call", "textlook", _THOUGHTS, rules=("TXT-1",)),
    Scenario(
        "native-reasoning",
        "Reasoning of the model's own before the call",
        "thinksay",
        _THOUGHTS,
        ("reasoning",),
        ("RSN-1",),
    ),
    Scenario(
        "length",
        "The token limit inside the text",
        "sayfirst",
        ("tc-args-truncated-length",),
        rules=("TOOL-12",),
        request={"max_tokens": 22},
    ),
)
