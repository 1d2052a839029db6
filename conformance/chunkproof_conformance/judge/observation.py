"""What an adapter reports after a run, as its user can see it.

Two different nothings: a member that is null was looked at and is empty; a member that the
library has no place for stands in `not_represented` of its implementation. Empty strings and
null mean the same here: no code point arrived.
"""

from typing import Any, Final, Literal, TypeAlias

import msgspec

from chunkproof.events import AnyEvent, Outcome
from chunkproof_conformance.struct_schema import schema_of

Level: TypeAlias = Literal["framing", "final", "sequence", "exact", "timely", "messages"]
Member: TypeAlias = Literal[
    "outcome",
    "role",
    "text",
    "reasoning",
    "refusal",
    "tool_calls",
    "tool_calls.id",
    "tool_calls.type",
    "finish_reason",
    "logprobs",
    "audio",
    "annotations",
    "usage",
    "usage.total_tokens",
]
"""What an implementation may have no place for."""

CHANNELS: Final = ("text", "reasoning", "refusal")


class _Reported(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Nothing unknown: a misspelt member must not look like an empty one."""


class ObservedCall(_Reported, frozen=True):
    """One tool call. `arguments` is the raw text, for custom tools the input."""

    id: str | None = None
    type: str | None = None
    name: str | None = None
    arguments: str | None = None
    executable: bool | None = None
    """True where the library says "run it", False where it says "do not"; None: it does not say."""


class ObservedLogprobs(_Reported, frozen=True):
    """Token entries as JSON objects, in order; an empty list and null are the same."""

    content: list[Any] | None = None
    refusal: list[Any] | None = None


class ObservedAudio(_Reported, frozen=True):
    """A spoken answer: the fragments of `data` (base64) and of `transcript`, joined."""

    id: str | None = None
    data: str | None = None
    transcript: str | None = None
    expires_at: int | None = None
    """Unix time in seconds."""


class ObservedChoice(_Reported, frozen=True):
    """One choice, everything the library says belongs to it joined."""

    index: int
    role: str | None = None
    text: str | None = None
    reasoning: str | None = None
    refusal: str | None = None
    tool_calls: tuple[ObservedCall, ...] = ()
    finish_reason: str | None = None
    logprobs: ObservedLogprobs | None = None
    audio: ObservedAudio | None = None
    annotations: tuple[Any, ...] = ()
    """As JSON values, in the order of their coming."""


class ObservedUsage(_Reported, frozen=True):
    """Token counts; None where the library shows none."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    total_tokens: int | None = None


class ObservedFrame(_Reported, frozen=True):
    """One frame that was dispatched: its data lines joined with LF."""

    data: str
    event: str | None = None
    """Its type, "" for none; None where the library does not show it."""


class ObservedError(_Reported, frozen=True):
    """What the user would see of an error: the exception's type and message, in one line."""

    message: str
    type: str | None = None


class Observation(_Reported, frozen=True):
    """What one run of one stream showed.

    outcome: exception -> failed; a finish reason in every choice, or a done signal -> complete;
    neither -> incomplete. A library that tells its outcome itself sets `outcome_stated`.
    choices: None where there are only events; they are then joined by choice and call number.
    events: in the order the user sees them, or None; repairs and offsets are not looked at.
    after: per event, how many pieces had been handed over; for the level timely.
    not_represented: what the library had no place for in this run only.
    """

    outcome: Outcome
    outcome_stated: bool = False
    choices: tuple[ObservedChoice, ...] | None = None
    usage: ObservedUsage | None = None
    error: ObservedError | None = None
    events: tuple[AnyEvent, ...] | None = None
    after: tuple[int, ...] | None = None
    not_represented: frozenset[Member | Literal["sequence"]] = frozenset()
    frames: tuple[ObservedFrame, ...] | None = None
    """For the level framing; null where the library shows no frames."""
    messages: tuple[dict[str, Any], ...] | None = None
    """For the level messages; null where the library hands on none."""


class Implementation(_Reported, frozen=True):
    """Who speaks: what an adapter says about its library before the first run."""

    name: str
    version: str
    language: str = "python"
    homepage: str | None = None
    levels: tuple[Level, ...] = ("final",)
    profiles: tuple[str, ...] = ()
    """The profiles it claims; the others are run and shown as "not claimed"."""
    not_represented: frozenset[Member] = frozenset()
    cannot_request: frozenset[str] = frozenset()
    """Request members it cannot send; cases that need one are skipped with that reason."""
    note: str | None = None
    """One sentence on how it is driven."""
    input: Literal["bytes", "frames", "chunks", "http"] = "bytes"
    """Where it enters; the layers below are run by the reference, and the report says so."""
    step: bool = False
    """Takes the pieces one at a time and acknowledges each."""


def json_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of an observation."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "What an adapter reports after a run",
        **schema_of(Observation),
    }
