"""Calls whose arguments hold the model's thoughts: what an agent's clients are to see.

Must: an ordinary call of the OpenAI reference, as plain as an agent's tools make it. That a key
holds thoughts is no hazard of the wire: such a case claims the row of its fragments alone. The
messages of the agent layer are those that `docs/interface.md` promises.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chunkproof_conformance.synth.dialects.catalogue import DIALECTS
from chunkproof_conformance.synth.message import (
    Call,
    Choice,
    Failure,
    Message,
    Reasoning,
    Refusal,
    Text,
)
from chunkproof_conformance.synth.plan import cut, plan
from chunkproof_conformance.synth.scenario import Scenario, scenario

if TYPE_CHECKING:
    from typing import Any

    from chunkproof_conformance.cases.key import Strength
    from chunkproof_conformance.synth.message import Segment

_ID: Final = "call_t1"
_PLAIN: Final = "tc-fragmented"


def _speech(arguments: str) -> Call:
    return Call(_ID, "send_message", arguments)


def _tool(arguments: str) -> Call:
    return Call(_ID, "look_up", arguments)


def _plainly(name: str, title: str, *segments: Segment) -> Scenario:
    """One that every parser must read: see the module."""
    return _thoughts(name, title, *segments, rows=_PLAIN, strength="must")


def _thoughts(
    name: str,
    title: str,
    *segments: Segment,
    size: int = 5,
    finish: str | None = "tool_calls",
    dialect: str = "generic",
    rows: str = "inner-thoughts-key tc-fragmented",
    profiles: str = "core tools inner-thoughts",
    rules: str = "TOOL-1 TOOL-3 TOOL-8 FIN-1 END-2",
    strength: Strength = "should",
    **members: Any,
) -> Scenario:
    """One choice; size: code points of a fragment."""
    message = Message((Choice(segments, finish),), **members)
    return scenario(
        f"inner-thoughts/{dialect}-{name}",
        title,
        DIALECTS[dialect],
        message,
        profiles=profiles,
        strength=strength,
        rules=rules,
        rows=rows,
        steps=plan(message, lambda text: cut(text, size)),
    )


_GREETING: Final = '{"thinking":"I should greet.","message":"Hello there!"}'

SCENARIOS: Final = (
    _plainly("first-speech", "Thoughts first, then the text", _speech(_GREETING)),
    _plainly(
        "first-tool",
        "Thoughts first, then the arguments",
        _tool('{"thinking":"Look it up.","query":"weather","page":"2"}'),
    ),
    _plainly(
        "middle",
        "Thoughts between two members",
        _tool('{"query":"rain","thinking":"Only rain.","page":"3"}'),
    ),
    _plainly(
        "last-speech", "Thoughts last, after the text", _speech('{"message":"Hi","thinking":"ok"}')
    ),
    _plainly(
        "last-tool", "Thoughts last, after the arguments", _tool('{"a":"x","thinking":"why"}')
    ),
    _plainly("absent-speech", "A text without thoughts", _speech('{"message":"Just this."}')),
    _plainly("absent-tool", "A tool without thoughts", _tool('{"city":"Graz"}')),
    _thoughts("alone", "Thoughts and nothing else", _tool('{"thinking":"nothing to say"}')),
    _thoughts("empty-object", "A tool with an empty object", _tool("{}"), size=1, rows=_PLAIN),
    _thoughts("no-arguments", "A tool without arguments", _tool(""), rows="tc-args-empty-total"),
    _thoughts(
        "heartbeat",
        "A boolean after the text",
        _speech('{"thinking":"t","message":"Hello!","request_heartbeat":false}'),
    ),
    _thoughts(
        "number-first",
        "A number before the text",
        _speech('{"thinking":"t","n":1,"message":"after a number"}'),
    ),
    _thoughts(
        "exponent",
        "A number with an exponent after the text",
        _speech('{"thinking":"t","message":"big","n":1.5e+10,"k":"v"}'),
    ),
    _thoughts(
        "any-value",
        "Any JSON value, at any depth",
        _tool(
            '{"thinking":"t","n":-12.5,"b":true,"z":null,"arr":[1,"two",{"k":"v"}],'
            '"obj":{"x":{"y":[]}}}'
        ),
    ),
    _thoughts(
        "nested-key",
        "The key inside another object is no thought",
        _tool('{"thinking":"outer","obj":{"thinking":"inner"},"b":"y"}'),
    ),
    _plainly(
        "spaces",
        "A space after every colon and comma",
        _speech('{"thinking": "t one", "message": "hello you"}'),
    ),
    _thoughts(
        "lines",
        "Every member on its own line, the thoughts in the middle",
        _tool('{\n  "a": "x",\n  "thinking": "t",\n  "b": [\n    1\n  ]\n}\n'),
    ),
    _thoughts(
        "escapes",
        "Escapes in thoughts and text",
        _speech('{"thinking":"say \\"hi\\"\\n\\\\","message":"a\\tb\\nc \\/ d"}'),
        size=3,
    ),
    _thoughts(
        "surrogates",
        "Escaped surrogate pairs, cut in the middle",
        _speech('{"thinking":"\\u00fc \\ud83d\\ude00","message":"na\\u00efve \\ud83d\\ude80!"}'),
        size=4,
    ),
    _thoughts(
        "unicode",
        "Text beyond ASCII as it is",
        _speech('{"thinking":"überlegen","message":"Grüße, 日本語 🎉"}'),
        size=2,
    ),
    _thoughts(
        "ends-with-quote",
        "A text that ends with a quote",
        _speech('{"thinking":"t","message":"He said \\"hi\\""}'),
        size=1,
    ),
    _thoughts(
        "ends-with-brace",
        "A text that ends with a brace",
        _speech('{"thinking":"t","message":"f(){}"}'),
        size=1,
    ),
    _thoughts(
        "ends-with-space",
        "A text that ends with spaces",
        _speech('{"thinking":"t","message":"wait  "}'),
        size=1,
    ),
    _thoughts(
        "ends-with-backslash",
        "A text that ends with a backslash",
        _speech('{"thinking":"t","message":"C:\\\\","note":"x"}'),
        size=1,
    ),
    _thoughts("empty-text", "An empty text", _speech('{"thinking":"hm","message":""}')),
    _thoughts("text-number", "A text that is a number", _speech('{"thinking":"t","message":42}')),
    _thoughts("text-null", "A text that is null", _speech('{"thinking":"t","message":null}')),
    _thoughts(
        "text-list", "A text that is a list", _speech('{"message":["a","b"],"thinking":"listed"}')
    ),
    _thoughts("no-text", "The speech tool without a text", _speech('{"thinking":"t","other":"x"}')),
    _thoughts(
        "thoughts-null", "Thoughts that are null", _speech('{"thinking":null,"message":"hi"}')
    ),
    _thoughts(
        "thoughts-object",
        "Thoughts that are an object",
        _tool('{"thinking":{"why": ["so"]},"a":"b"}'),
    ),
    _thoughts("thoughts-empty", "Empty thoughts", _tool('{"thinking":"","a":"c"}')),
    _thoughts(
        "twice",
        "Thoughts twice, each where it stands",
        _tool('{"thinking":"a","x":"1","thinking":"b","y":"2"}'),
    ),
    _thoughts(
        "quoted-key",
        "Thoughts that quote keys",
        _speech('{"thinking":"set \\"thinking\\":\\"x\\", {\\"message\\":1}","message":"ok"}'),
    ),
    _thoughts(
        "other-key",
        "The key of an older version stays where it is",
        _tool('{"inner_thoughts":"old","message":"hi"}'),
    ),
    _thoughts(
        "text-before",
        "Plain text before the call",
        Text("Let me see."),
        _tool('{"thinking":"look","a":"1"}'),
    ),
    _thoughts(
        "two-calls",
        "Two calls, each with its own thoughts",
        Call("call_t1", "look_up", '{"thinking":"one","city":"Paris"}'),
        Call("call_t2", "look_up", '{"thinking":"two","city":"Rome"}'),
        rows="inner-thoughts-key tc-fragmented tc-parallel-sequential",
        profiles="core tools parallel-tools inner-thoughts",
    ),
    _thoughts(
        "speech-and-tool",
        "Something said, then a tool called",
        Call("call_t1", "send_message", '{"thinking":"say","message":"One moment."}'),
        Call("call_t2", "look_up", '{"thinking":"look","city":"Oslo"}'),
        rows="inner-thoughts-key tc-fragmented tc-parallel-sequential",
        profiles="core tools parallel-tools inner-thoughts",
    ),
    _thoughts(
        "whole-speech",
        "Thoughts and text in one delta",
        _speech('{"thinking":"all at once","message":"Here."}'),
        size=1000,
        rows="inner-thoughts-key",
    ),
    _thoughts(
        "whole-tool",
        "Thoughts and arguments in one delta",
        _tool('{"thinking":"all at once","a":[1,2]}'),
        size=1000,
        rows="inner-thoughts-key",
    ),
    _thoughts(
        "single-characters",
        "One character a delta",
        _speech('{"thinking":"slow","message":"ha ha ha"}'),
        size=1,
    ),
    _thoughts(
        "length",
        "The token limit inside the text",
        _speech('{"thinking":"long","message":"Once upon a'),
        finish="length",
        rows=_PLAIN,
    ),
    _thoughts(
        "refusal",
        "A refusal is said to the user",
        Refusal("I cannot help with that."),
        finish="stop",
        rows="refusal-delta",
        profiles="core refusal inner-thoughts",
        rules="TXT-1 FIN-1 END-2",
    ),
    _thoughts(
        "native-reasoning",
        "Reasoning of the model's own before the call",
        Reasoning("Let me think."),
        _tool('{"thinking":"and more","a":"z"}'),
        profiles="core tools reasoning inner-thoughts",
    ),
    _thoughts(
        "failed",
        "The server fails inside the text",
        _speech('{"thinking":"t","message":"Almo'),
        finish=None,
        failure=Failure("overloaded", "server_error", None),
        rows=_PLAIN,
        rules="TOOL-1 TOOL-3 TOOL-8 ERR-1 END-1",
        profiles="tools inner-thoughts lenient",
        end="eof",
    ),
)
