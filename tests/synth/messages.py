"""Abstract messages that together make a dialect show all that it can say."""

from collections.abc import Iterator
from typing import Final, Literal

from msgspec.structs import replace

from chunkproof_conformance.synth.dialect import CannotSay, Dialect
from chunkproof_conformance.synth.message import (
    Call,
    Choice,
    Failure,
    Message,
    Reasoning,
    Refusal,
    Segment,
    Text,
    Usage,
    features,
)
from chunkproof_conformance.synth.plan import Plan, cut, plan
from chunkproof_conformance.synth.render import render

TEXT: Final = Text("Hello, wörld. This is a short answer.")
THOUGHT: Final = Reasoning("The user says hello; I answer.")
CALL: Final = Call("call_1", "get_weather", '{"city": "Paris", "unit": "c"}')
OTHER: Final = Call("call_2", "get_time", '{"tz": "Europe/Paris"}')
NO_ARGUMENTS: Final = Call("call_3", "now")
LEGACY: Final = Call(None, "get_weather", '{"city": "Paris"}', legacy=True)
COUNTS: Final = Usage(11, 8, 19)

ANSWERS: Final[tuple[tuple[tuple[Segment, ...], str], ...]] = (
    ((TEXT,), "stop"),
    ((THOUGHT, TEXT), "stop"),
    ((Refusal("I cannot help with that."),), "stop"),
    ((CALL,), "tool_calls"),
    ((NO_ARGUMENTS,), "tool_calls"),
    ((TEXT, CALL), "tool_calls"),
    ((THOUGHT, CALL), "tool_calls"),
    ((CALL, OTHER), "tool_calls"),
    ((THOUGHT, CALL, OTHER), "tool_calls"),
    ((TEXT, CALL, OTHER), "tool_calls"),
    ((LEGACY,), "function_call"),
    ((), "length"),
)
"""Segments of one choice and the finish reason."""

CALL_WITHOUT_ID: Final = ((replace(CALL, id=None),), "tool_calls")
CUSTOM_CALL: Final = ((Call("call_4", "run_sql", "SELECT 1", custom=True),), "tool_calls")
VALUE_CALL: Final = ((replace(CALL, as_value=True),), "tool_calls")


SENDS_EMPTY_FRAGMENTS: Final = {"databricks", "openrouter", "openrouter-fingerprint"}
"""Dialects recorded with a later fragment of arguments that is empty."""


def probes(dialect: Dialect) -> Iterator[tuple[Message, Plan]]:
    """Every message that the dialect can say, with a plan of small fragments."""
    for message in sayable(dialect):
        given: dict[tuple[int, int], list[str]] = {}
        if dialect.name in SENDS_EMPTY_FRAGMENTS:
            segments = message.choices[0].segments
            given = {(0, at): ["", ""] for at, part in enumerate(segments) if part == NO_ARGUMENTS}
        yield message, plan(message, lambda text: cut(text, 5), given)


def sayable(dialect: Dialect) -> list[Message]:
    """Every probe that the dialect can say, in its own way of ending.

    A call without arguments is left out where arguments come whole: nobody recorded one.
    """
    finished = "finish" in dialect.says
    end: Literal["done", "eof"] = "done" if dialect.done else "eof"
    usage = COUNTS if dialect.usage else None
    messages = [
        Message((Choice(segments, finish if finished else None),), usage, end=end)
        for segments, finish in (*ANSWERS, VALUE_CALL, CUSTOM_CALL, CALL_WITHOUT_ID)
    ]
    half = Choice((Text("Hello"),), "error" if dialect.error_finishes else None)
    late = usage if dialect.usage - {"finish"} else None
    messages.append(Message((half,), late, Failure("overloaded", "server_error", 500), end=end))
    whole = dialect.calls != "fragments" or dialect.first_fragment
    return [
        message
        for message in messages
        if features(message) <= dialect.says
        and not (whole and NO_ARGUMENTS in message.choices[0].segments)
        and begins(dialect, message)
    ]


def begins(dialect: Dialect, message: Message) -> bool:
    """Whether the dialect knows how a message that begins like this one begins."""
    try:
        render(dialect, message)
    except CannotSay:
        return False
    return True
