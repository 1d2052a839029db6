"""What we ask transformers serve, and what we know of each answer.

Its streams have no `[DONE]`, so no transcript reads them. Where the twin says the same it speaks
for the stream, and the outcome is left to the case of the missing `[DONE]` alone. Where the twin
says something else the truth is typed here; it rests on that contested end, so it binds nobody.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from chunkproof_conformance.record import drafts
from chunkproof_conformance.record.drafts import choice, reasoning, text, truth
from chunkproof_conformance.record.puppet import SCRIPTS
from chunkproof_conformance.record.recipe import Scenario
from chunkproof_conformance.record.tools import PING, TIME, WEATHER, offered

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chunkproof_conformance.cases.key import Profile

CALL_ID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}_tool_call_\d")


def answered(*segments: dict[str, Any], finish: str, tokens: tuple[int, int]) -> dict[str, Any]:
    """The truth of an answer that ended well but for its `[DONE]`."""
    return truth("complete", "END-3", choice(*segments, finish=finish), tokens=tokens)


def call(name: str, arguments: str) -> dict[str, Any]:
    return drafts.call(name, arguments, CALL_ID)


_TEXT: Final = ("TXT-1", "FIN-1", "USE-1", "END-9")
_CALL: Final = ("TOOL-1", "TOOL-8", "FIN-1", "USE-1", "END-9")
_CALLS: Final = ("TOOL-1", "TOOL-8", "TOOL-9", "FIN-1", "USE-1", "END-9")


def _parsed(
    variant: str, title: str, script: str, rules: Sequence[str], *tools: dict[str, Any]
) -> Scenario:
    """A call that the server reads out of the model's text."""
    several: tuple[Profile, ...] = ("parallel-tools",) if len(tools) > 1 else ()
    return Scenario(
        f"tools/transformers-serve-{variant}",
        title,
        script,
        rules,
        ("tools", *several, "lenient"),
        request=offered(*tools),
    )


SCENARIOS: Final = (
    Scenario(
        "text/transformers-serve-plain",
        "Text; usage beside the finish reason, unasked; no [DONE]",
        "hello",
        _TEXT,
    ),
    Scenario(
        "text/transformers-serve-unicode",
        "Text beyond the BMP as it is; half a character is held back until it is whole",
        "unicode",
        _TEXT,
    ),
    Scenario(
        "end/transformers-serve-done-missing",
        "Every stream ends without [DONE], however well it went",
        "bar",
        ("TXT-1", "FIN-1", "USE-1", "END-3"),
        strength="choice",
        truth=answered(text(SCRIPTS["bar"]), finish="stop", tokens=(38, 11)),
    ),
    Scenario(
        "end/transformers-serve-client-closed",
        "The client closes in the middle of the answer",
        "long",
        ("TXT-1", "END-5", "END-9"),
        leave_after=8,
        twin=False,
    ),
    _parsed(
        "one-call",
        "One call whole in one delta, arguments before the name and escaped anew",
        "tool",
        _CALL,
        WEATHER,
    ),
    _parsed(
        "text-then-call",
        "Text, then a call; the line end between them is no text",
        "texttool",
        ("TXT-1", *_CALL),
        WEATHER,
    ),
    _parsed(
        "two-calls", "Two calls in two deltas, ids with a number", "two", _CALLS, WEATHER, TIME
    ),
    _parsed("no-arguments", "A call whose arguments are an empty object", "noargs", _CALL, PING),
    _parsed(
        "string-arguments",
        "Arguments that the model wrote as a string are sent as the object it spells",
        "stringarguments",
        _CALL,
        TIME,
    ),
    Scenario(
        "tools/transformers-serve-call-then-text",
        "Text, a call and more text; the answer without streaming loses the first text",
        "tooltext",
        ("TXT-1", "TOOL-1", "TOOL-8", "FIN-1", "USE-1", "END-3"),
        ("tools", "lenient"),
        "choice",
        offered(TIME),
        truth=answered(
            text("First this."),
            call("get_time", '{"tz": "Europe/Paris"}'),
            text("\nAnd then some text after the call."),
            finish="tool_calls",
            tokens=(491, 33),
        ),
    ),
    Scenario(
        "reasoning/transformers-serve-plain",
        "Reasoning with the line ends around it, then text",
        "think",
        ("RSN-1", "TXT-1", "FIN-1", "USE-1", "END-3"),
        ("reasoning", "lenient"),
        "choice",
        truth=answered(
            reasoning("\nThe user greets me, so I greet back.\n"),
            text("\n\nGood day to you."),
            finish="stop",
            tokens=(40, 23),
        ),
    ),
    Scenario(
        "reasoning/transformers-serve-then-call",
        "Reasoning with the line ends around it, then a call",
        "thinktool",
        ("RSN-1", "TOOL-1", "TOOL-8", "FIN-1", "USE-1", "END-3"),
        ("reasoning", "tools", "lenient"),
        "choice",
        offered(WEATHER),
        truth=answered(
            reasoning("\nNeed the weather tool.\n"),
            call("get_weather", '{"city": "Lima"}'),
            finish="tool_calls",
            tokens=(540, 30),
        ),
    ),
    Scenario(
        "reasoning/transformers-serve-length",
        "Reasoning cut by max_tokens: no text at all, finish length",
        "think",
        ("RSN-1", "FIN-1", "USE-1", "END-3"),
        ("reasoning", "lenient"),
        "choice",
        {"max_tokens": 8},
        truth=answered(reasoning("\nThe user greets m"), finish="length", tokens=(40, 8)),
    ),
    Scenario(
        "finish/transformers-serve-length",
        "Text cut by max_tokens; the space at its end is text",
        "hello",
        ("TXT-1", "FIN-1", "USE-1", "END-3"),
        strength="choice",
        request={"max_tokens": 6},
        truth=answered(text("Hello there! This "), finish="length", tokens=(40, 6)),
    ),
    Scenario(
        "finish/transformers-serve-length-inside-call",
        "max_tokens cuts a call: nothing of it is sent, and the twin is an error",
        "texttool",
        ("TXT-1", "FIN-1", "USE-1", "END-3", "END-9"),
        ("tools", "lenient"),
        "choice",
        {**offered(WEATHER), "max_tokens": 16},
        truth=answered(text("Let me look that up."), finish="length", tokens=(539, 16)),
    ),
    Scenario(
        "finish/transformers-serve-stop-in-text",
        "A stop sequence ends the text but stays in it, with what its last token held beyond it",
        "count",
        _TEXT,
        request={"stop": [" five"]},
    ),
    Scenario(
        "errors/transformers-serve-breaks-the-stream",
        "An error whose text is not escaped: its line ends break the frame and its JSON",
        "badjson",
        ("TXT-1", "PAY-10", "SSE-10", "END-1"),
        request=offered(WEATHER),
        truth=truth("failed", "PAY-10", choice(text("One moment."))),
        note="the model wrote a call that is no JSON",
    ),
    Scenario(
        "errors/transformers-serve-error-string",
        "The name of a missing member is all that the error says",
        "noarguments",
        ("TXT-1", "ERR-1", "END-1"),
        request=offered(PING),
        truth=truth("failed", "ERR-1", choice(text("Pinging now."))),
        note="the model wrote a call without arguments",
    ),
    Scenario(
        "errors/transformers-serve-plain-text",
        "Status 500 and three words instead of JSON",
        "hello",
        ("PAY-15", "END-8"),
        strength="info",
        request={"messages": []},
        twin=False,
        truth=truth("incomplete", "PAY-15"),
    ),
    Scenario(
        "errors/transformers-serve-detail",
        "Status 422, an object with a detail and nothing else",
        "hello",
        ("PAY-15", "END-8"),
        strength="info",
        request={"extra_body": {"no_such_member": True}},
        twin=False,
        truth=truth("incomplete", "PAY-15"),
    ),
)
