"""What we ask mlx-lm, and what we know of each answer: the cases that the recipe records."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from chunkproof_conformance.record.puppet import SCRIPTS
from chunkproof_conformance.record.tools import PING, TIME, WEATHER, offered

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chunkproof_conformance.cases.key import Profile, Strength

EVERY_STREAM: Final = ("comment-keepalive", "role-every-chunk")
"""Hazards that mlx-lm puts into every stream: prompt progress as comments, the role again."""


@dataclass(frozen=True)
class Scenario:
    """One case to record."""

    id: str
    title: str
    script: str
    """Name in `puppet.SCRIPTS`."""
    checkpoint: tuple[str, ...]
    """The scripts of its checkpoint; a script of one marker each gets one of its own."""
    profiles: list[Profile]
    strength: Strength
    rules: list[str]
    rows: list[str]
    request: Mapping[str, Any] = field(default_factory=dict)
    """Beside model, messages and temperature."""
    system: str | None = None
    server: tuple[str, ...] = ()
    """Options of the server, beside model and address."""
    leave_after: int | None = None
    """Close the stream after this many network reads."""
    twin: bool = True
    """Record it; off where the stream is not the whole answer, or no answer."""
    truth: Mapping[str, Any] | None = None
    """Where the stream is not plain: what the wire says, as `oracles.propose` wants it."""
    note: str | None = None


PLAIN: Final = ("hello", "unicode", "long", "bar")
USAGE: Final[dict[str, Any]] = {"stream_options": {"include_usage": True}}
LONG_PROMPT: Final = (
    "You are a storyteller. Tell short stories about bytes, lines and frames. "
    "Never trim, never repeat, never invent an end. " * 3
).strip()


def said(text: str, **ending: str) -> dict[str, Any]:
    """The truth of an answer of plain text; incomplete if no finish reason is given."""
    segment = {"kind": "text", "text": text}
    choice = {"index": 0, "role": "assistant", **ending, "segments": [segment]}
    outcome, because = ("complete", "END-3") if ending else ("incomplete", "END-5")
    return {"outcome": outcome, "because": because, "choices": [choice]}


SCENARIOS: Final = (
    Scenario(
        "text/mlx-lm-plain",
        "Text, the role in every delta, the finish in a delta of its own",
        "hello",
        PLAIN,
        ["core"],
        "must",
        ["SSE-5", "TXT-1", "ENV-2", "FIN-1", "END-2"],
        [*EVERY_STREAM, "finish-standard", "done-normal", "usage-missing"],
    ),
    Scenario(
        "text/mlx-lm-unicode",
        "Text beyond the BMP, all of it as JSON escapes",
        "unicode",
        PLAIN,
        ["core"],
        "must",
        ["SSE-5", "TXT-1", "END-2"],
        [*EVERY_STREAM, "escaped-vs-raw-unicode"],
    ),
    Scenario(
        "text/mlx-lm-keepalives",
        "A dozen comments of prompt progress before the first frame",
        "long",
        PLAIN,
        ["lenient"],
        "should",
        ["SSE-5", "SSE-11", "PAY-5", "TXT-1", "USE-1", "END-2"],
        [*EVERY_STREAM, "object-other"],
        request=USAGE,
        system=LONG_PROMPT,
        server=("--prefill-step-size", "32"),
    ),
    Scenario(
        "usage/mlx-lm-include-usage",
        "Usage in a frame of its own that calls itself chat.completion, not a chunk",
        "hello",
        PLAIN,
        ["lenient"],
        "should",
        ["USE-1", "USE-3", "ENV-4", "END-2"],
        [*EVERY_STREAM, "usage-final-empty-choices", "choices-empty-usage", "usage-details"],
        request=USAGE,
    ),
    Scenario(
        "reasoning/mlx-lm-plain",
        "Reasoning in `reasoning`, then text",
        "think",
        ("think",),
        ["core", "reasoning"],
        "should",
        ["RSN-1", "TXT-1", "END-2"],
        [*EVERY_STREAM, "reasoning-field"],
    ),
    Scenario(
        "reasoning/mlx-lm-then-tool",
        "Reasoning, a text of line ends alone, then a call",
        "thinktool",
        ("thinktool",),
        ["core", "reasoning", "tools"],
        "should",
        ["RSN-1", "TXT-1", "TOOL-1", "END-2"],
        [*EVERY_STREAM, "reasoning-field", "whitespace-only-delta", "tc-whole-in-one-chunk"],
        request=offered(WEATHER),
    ),
    Scenario(
        "reasoning/mlx-lm-length",
        "Reasoning cut by max_tokens: no text at all, finish length",
        "think",
        ("think",),
        ["core", "reasoning"],
        "should",
        ["RSN-1", "FIN-1", "END-2"],
        [*EVERY_STREAM, "reasoning-field"],
        request={"max_tokens": 6},
    ),
    Scenario(
        "tools/mlx-lm-one-call",
        "One call whole in one delta, function before index and id, arguments escaped twice",
        "tool",
        ("tool",),
        ["core", "tools"],
        "must",
        ["TOOL-1", "TOOL-8", "FIN-1", "END-2"],
        [*EVERY_STREAM, "tc-whole-in-one-chunk", "escaped-vs-raw-unicode"],
        request=offered(WEATHER),
    ),
    Scenario(
        "tools/mlx-lm-text-then-call",
        "Text, then a call",
        "texttool",
        ("texttool",),
        ["core", "tools"],
        "must",
        ["TXT-1", "TOOL-1", "END-2"],
        [*EVERY_STREAM, "tc-whole-in-one-chunk"],
        request=offered(WEATHER),
    ),
    Scenario(
        "tools/mlx-lm-call-then-text",
        "Text, a call, and text after it",
        "tooltext",
        ("tooltext",),
        ["core", "tools"],
        "should",
        ["TXT-1", "TOOL-1", "END-2"],
        [*EVERY_STREAM, "tc-whole-in-one-chunk", "text-after-tools"],
        request=offered(TIME),
    ),
    Scenario(
        "tools/mlx-lm-no-arguments",
        "A call whose arguments are an empty object",
        "noargs",
        ("noargs",),
        ["core", "tools"],
        "must",
        ["TOOL-1", "TOOL-8", "END-2"],
        [*EVERY_STREAM, "tc-whole-in-one-chunk"],
        request=offered(PING),
    ),
    Scenario(
        "tools/mlx-lm-string-arguments",
        "Arguments that are a JSON string of JSON: the model wrote a string, the server a second",
        "stringarguments",
        ("stringarguments",),
        ["lenient"],
        "should",
        ["TOOL-8", "END-2"],
        [*EVERY_STREAM, "tc-whole-in-one-chunk", "tc-args-double-encoded"],
        request=offered(TIME),
    ),
    Scenario(
        "tools/mlx-lm-unparsable-call",
        "A call that the server could not parse is dropped: finish tool_calls without a call",
        "badjson",
        ("badjson",),
        ["lenient"],
        "should",
        ["FIN-1", "END-2", "END-9"],
        [*EVERY_STREAM],
        request=offered(WEATHER),
    ),
    Scenario(
        "tools/mlx-lm-two-calls",
        "Two calls, a line end of text beside the first",
        "two",
        ("two",),
        ["core", "tools", "parallel-tools"],
        "must",
        ["TOOL-1", "TOOL-9", "TXT-1", "END-2"],
        [
            *EVERY_STREAM,
            "tc-whole-in-one-chunk",
            "tc-parallel-sequential",
            "whitespace-only-delta",
            "content-and-tools-same-delta",
        ],
        request=offered(WEATHER, TIME),
    ),
    Scenario(
        "tools/mlx-lm-two-calls-adjacent",
        "Two calls in two neighbouring deltas, index 0 and 1",
        "twoclose",
        ("twoclose",),
        ["core", "tools", "parallel-tools"],
        "must",
        ["TOOL-1", "TOOL-9", "END-2"],
        [*EVERY_STREAM, "tc-whole-in-one-chunk", "tc-parallel-sequential"],
        request=offered(WEATHER, TIME),
    ),
    Scenario(
        "finish/mlx-lm-length",
        "Text cut by max_tokens, finish length",
        "hello",
        PLAIN,
        ["core"],
        "must",
        ["FIN-1", "END-2"],
        [*EVERY_STREAM, "finish-standard"],
        request={"max_tokens": 6},
    ),
    Scenario(
        "finish/mlx-lm-stop-sequence",
        "Text ended by a stop sequence that is one token; the sequence is not in the text",
        "bar",
        PLAIN,
        ["core"],
        "must",
        ["FIN-1", "END-2"],
        [*EVERY_STREAM, "finish-standard"],
        request={"stop": ["|"]},
    ),
    Scenario(
        "finish/mlx-lm-length-inside-call",
        "max_tokens cuts a call: the server sends nothing of it, finish length",
        "texttool",
        ("texttool",),
        ["core", "tools"],
        "must",
        ["FIN-1", "END-2", "END-9"],
        [*EVERY_STREAM, "finish-standard"],
        request={**offered(WEATHER), "max_tokens": 16},
    ),
    Scenario(
        "end/mlx-lm-cut",
        "The server fails inside the answer and closes: no finish, no [DONE], no error",
        "noarguments",
        ("noarguments",),
        ["core"],
        "must",
        ["END-5", "END-9"],
        [*EVERY_STREAM, "eof-no-done-no-finish"],
        request=offered(PING),
        truth=said("Pinging now.\n"),
        note="mlx-lm raises KeyError for a call without arguments and closes the connection; "
        "its HTTP/1.0 body has no length, so the cut is a clean end of file. "
        "The twin got no response at all.",
    ),
    Scenario(
        "end/mlx-lm-done-missing",
        "Finish, then the server closes without [DONE]",
        "hello",
        PLAIN,
        ["lenient"],
        "choice",
        ["END-3"],
        [*EVERY_STREAM, "done-missing-finish-present"],
        request={"stream_options": {"include_obfuscation": False}},
        truth=said(SCRIPTS["hello"], finish_reason="stop"),
        note="mlx-lm raises KeyError for stream_options without include_usage after the finish.",
    ),
    Scenario(
        "end/mlx-lm-client-closed",
        "The client closes in the middle of the answer",
        "long",
        PLAIN,
        ["core"],
        "must",
        ["END-5", "END-9"],
        [*EVERY_STREAM, "eof-no-done-no-finish"],
        leave_after=9,
        twin=False,
        truth=said("Once upon a time a pars"),
    ),
    Scenario(
        "errors/mlx-lm-bad-request",
        "Status 400, the error a bare string in a JSON body",
        "hello",
        PLAIN,
        ["lenient"],
        "should",
        ["PAY-15", "END-1", "ERR-1"],
        ["http-error-status", "json-body-not-sse", "error-string"],
        request={"temperature": -1},
        twin=False,
        truth={"outcome": "failed", "because": "END-1"},
    ),
)
