"""What the parser emits: a closed, tagged union of frozen, JSON-serialisable structs.

The tag stands in the member `event`. Every event ends with `offset`: the number of bytes
of the body after which it was decidable, or None where the input was not bytes.
`choice` is `choices[].index` (>= 0). `call` counts the tool calls of a choice by first
appearance, from 0. Text is never empty and always encodable: no lone surrogates.
"""

from typing import Any, Literal

import msgspec

Outcome = Literal["complete", "incomplete", "failed"]


class Event(msgspec.Struct, frozen=True, tag_field="event", gc=False):
    """Base of all events; never emitted itself."""


class Start(Event, frozen=True, tag="start"):
    """The first event of any choice, usage or extra follows; once per stream."""

    id: str | None
    model: str | None
    created: int | None
    """Unix time in seconds, as known at this point."""
    offset: int | None = None


class Text(Event, frozen=True, tag="text"):
    """Assistant text arrived."""

    choice: int
    text: str
    offset: int | None = None


class Reasoning(Event, frozen=True, tag="reasoning"):
    """Reasoning text arrived."""

    choice: int
    text: str
    offset: int | None = None


class Refusal(Event, frozen=True, tag="refusal"):
    """Refusal text arrived."""

    choice: int
    text: str
    offset: int | None = None


class ToolCall(Event, frozen=True, tag="tool_call"):
    """A call was first seen, or its id, name or type grew: the last one counts."""

    choice: int
    call: int
    index: int | None
    """The index on the wire; None where there was none (or for a legacy function_call)."""
    id: str | None
    name: str | None
    type: str
    """`function` or `custom`."""
    offset: int | None = None


class ToolArguments(Event, frozen=True, tag="tool_arguments"):
    """A fragment of a call's arguments arrived; for custom tools, of its input text."""

    choice: int
    call: int
    fragment: str
    offset: int | None = None


class Finish(Event, frozen=True, tag="finish"):
    """A choice got its finish reason, as sent; a second one only for content_filter."""

    choice: int
    reason: str
    offset: int | None = None


class Usage(Event, frozen=True, tag="usage"):
    """The usage that counts so far, when it changed; never a difference, never a sum."""

    prompt_tokens: int | None
    completion_tokens: int | None
    total_tokens: int | None
    raw: dict[str, Any]
    """The object as sent."""
    offset: int | None = None


class Logprobs(Event, frozen=True, tag="logprobs"):
    """Log probabilities arrived: entries to append, as sent."""

    choice: int
    content: list[Any]
    refusal: list[Any]
    offset: int | None = None


class Audio(Event, frozen=True, tag="audio"):
    """A piece of spoken answer arrived, as sent: id, data (base64), transcript, expires_at."""

    choice: int
    audio: dict[str, Any]
    offset: int | None = None


class Annotation(Event, frozen=True, tag="annotation"):
    """One annotation arrived (a citation, say), as sent."""

    choice: int
    annotation: Any
    offset: int | None = None


class Extra(Event, frozen=True, tag="extra"):
    """A member with no kind of its own arrived, new at its path or with another value.

    path: JSON Pointer (RFC 6901) into the chunk, with choice and call numbers in place of
    positions. For `delta/reasoning_details` and `delta/images` value is the list to append.
    """

    path: str
    value: Any
    offset: int | None = None


class Error(Event, frozen=True, tag="error"):
    """The stream said that it failed, or a frame could not be read."""

    message: str
    type: str | None
    code: str | int | None
    rule: str
    raw: str | None = None
    """The payload where it could not be read, at most 1,000 code points of it."""
    offset: int | None = None


class Repair(Event, frozen=True, tag="repair"):
    """The parser forgave something: a name of `repairs.REPAIRS` and its rule."""

    name: str
    rule: str
    offset: int | None = None


class End(Event, frozen=True, tag="end"):
    """The last event: how the stream ended."""

    outcome: Outcome
    offset: int | None = None


AnyEvent = (
    Start
    | Text
    | Reasoning
    | Refusal
    | ToolCall
    | ToolArguments
    | Finish
    | Usage
    | Logprobs
    | Audio
    | Annotation
    | Extra
    | Error
    | Repair
    | End
)
"""Decode with `msgspec.json.decode(data, type=list[AnyEvent])`."""
