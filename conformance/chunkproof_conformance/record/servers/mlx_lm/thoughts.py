"""What we ask mlx-lm of agents: calls whose arguments hold the model's thoughts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from chunkproof_conformance.record.servers.mlx_lm.scenarios import EVERY_STREAM, Scenario
from chunkproof_conformance.record.tools import offered

if TYPE_CHECKING:
    from chunkproof_conformance.cases.key import Profile


def _tool(name: str, *required: str, **properties: str) -> dict[str, Any]:
    """A tool by the JSON types of its parameters; it may be given thoughts too."""
    members = {"thinking": {"type": "string"}}
    members |= {member: {"type": kind} for member, kind in properties.items()}
    parameters = {"type": "object", "properties": members, "required": list(required)}
    return {"type": "function", "function": {"name": name, "parameters": parameters}}


SPEECH: Final = _tool("send_message", "message", message="string", request_heartbeat="boolean")
LOOK: Final = _tool("look_up", query="string", page="integer", filter="object")
PING: Final = _tool("ping")
_THOUGHTS: Final = "inner-thoughts-key"


def _scenario(
    variant: str,
    title: str,
    script: str,
    *rows: str,
    profiles: tuple[Profile, ...] = (),
    rules: tuple[str, ...] = (),
) -> Scenario:
    """rows, profiles, rules: beside those that all of them share."""
    return Scenario(
        f"inner-thoughts/mlx-lm-{variant}",
        title,
        script,
        (script,),
        ["core", "tools", *profiles, "inner-thoughts"],
        "should",
        ["TOOL-1", "TOOL-8", "FIN-1", "END-2", *rules],
        [*EVERY_STREAM, "tc-whole-in-one-chunk", *rows],
        request=offered(SPEECH, LOOK, PING),
    )


THOUGHTS: Final = (
    _scenario("first-speech", "Thoughts first, then the text", "sayfirst", _THOUGHTS),
    _scenario("last-speech", "Thoughts last, after the text", "saylast", _THOUGHTS),
    _scenario("absent-speech", "A text without thoughts", "saybare"),
    _scenario(
        "unicode",
        "Thoughts and text beyond ASCII",
        "sayunicode",
        _THOUGHTS,
        "escaped-vs-raw-unicode",
    ),
    _scenario(
        "escapes",
        "The model's escapes of its own, written anew by the server",
        "sayescapes",
        _THOUGHTS,
    ),
    _scenario(
        "heartbeat", "A text that ends with a space, a boolean after it", "sayheartbeat", _THOUGHTS
    ),
    _scenario("first-tool", "Thoughts first, then the arguments", "lookfirst", _THOUGHTS),
    _scenario("middle", "Thoughts between two members", "lookmiddle", _THOUGHTS),
    _scenario("last-tool", "Thoughts last, after the arguments", "looklast", _THOUGHTS),
    _scenario("absent-tool", "A tool without thoughts", "lookbare"),
    _scenario("nested-key", "The key inside another object is no thought", "looknested", _THOUGHTS),
    _scenario("alone", "A tool without arguments, given thoughts alone", "pingthink", _THOUGHTS),
    _scenario(
        "two-calls",
        "Two calls of one tool, each with its own thoughts",
        "looktwo",
        _THOUGHTS,
        "tc-parallel-sequential",
        profiles=("parallel-tools",),
        rules=("TOOL-9",),
    ),
    _scenario(
        "speech-and-tool",
        "Something said, then a tool called, a line end of text beside the first",
        "saylook",
        _THOUGHTS,
        "tc-parallel-sequential",
        "whitespace-only-delta",
        "content-and-tools-same-delta",
        profiles=("parallel-tools",),
        rules=("TOOL-9", "TXT-1"),
    ),
    _scenario("text-before", "Plain text before the call", "textlook", _THOUGHTS, rules=("TXT-1",)),
    _scenario(
        "native-reasoning",
        "Reasoning of the model's own before the call",
        "thinksay",
        _THOUGHTS,
        "reasoning-field",
        "whitespace-only-delta",
        profiles=("reasoning",),
        rules=("RSN-1", "TXT-1"),
    ),
)
"""Each script has a checkpoint of its own, so that the markers of its call are single tokens."""
