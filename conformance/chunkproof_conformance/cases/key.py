"""The typed `chunkproof:` key of a cassette; `schemas/cassette.schema.json` is made of it.

vcrpy ignores the key when it replays, and drops it when it saves: a cassette only replays.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from chunkproof_conformance.struct_schema import schema_of
from chunkproof_conformance.synth.message import Message  # noqa: TC001 - msgspec reads it

Profile = Literal[
    "core",
    "tools",
    "parallel-tools",
    "reasoning",
    "refusal",
    "choices",
    "logprobs",
    "audio",
    "annotations",
    "legacy-functions",
    "inner-thoughts",
    "lenient",
]
Strength = Literal["must", "should", "choice", "info"]
TransportEnd = Literal["eof", "reset", "short-length", "client-closed"]
ProvenanceKind = Literal["recorded", "synthesised", "derived", "imported"]
Setup = Literal["server", "proxy-over-server", "proxy-over-script"]

Slug = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9-]+/[a-z0-9-]+$")]
ByteOffset = Annotated[int, msgspec.Meta(ge=0)]
ByteRange = tuple[ByteOffset, ByteOffset]
"""Start and end (exclusive) in the stream's body, in bytes."""


class _Member(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Members of the key: nothing unknown, nothing written that says nothing."""


class Provenance(_Member, frozen=True):
    """Where the bytes come from. `recorded`: the named server sent them to a recorder."""

    kind: ProvenanceKind
    setup: Setup | None = None
    """Which of the three recorded counts it belongs to; only with `recorded`."""
    server: str | None = None
    version: str | None = None
    upstream: str | None = None
    """Behind a proxy: the server and version, or `script (<wire>)` for a scripted upstream."""
    weights: Literal["scripted", "random", "trained"] | None = None
    recorder: str | None = None
    recorded_on: str | None = None
    """The day, as YYYY-MM-DD."""
    of: str | None = None
    """The case a derived one was made of."""
    transform: str | None = None
    """How a derived one was made."""
    dialect: str | None = None
    """Of a synthesised one: the name of the dialect that its message was rendered in."""
    fidelity: Literal["captured", "documented", "reported"] | None = None
    """How well the dialect is known: from recorded streams, documents, or issue reports."""
    sources: list[str] = []
    """Where the dialect's facts come from, one sentence each."""
    note: str | None = None


class Evidence(_Member, frozen=True):
    """A string or number read off the wire, and where it stands there.

    The JSON fragments at `at`, unescaped and joined, are the value. Empty where the wire
    does not say it and a rule does. `again`: the same value once more, said in vain.
    """

    value: str | int
    at: list[ByteRange] = []
    again: list[ByteRange] = []


class Segment(_Member, frozen=True):
    """One stretch of a choice, in the order of the level `sequence`."""

    kind: Literal["text", "reasoning", "refusal", "tool_call"]
    text: Evidence | None = None
    id: Evidence | None = None
    type: Literal["function", "custom"] | None = None
    name: Evidence | None = None
    arguments: Evidence | None = None


class TrueChoice(_Member, frozen=True):
    """What one choice says."""

    index: int
    role: Evidence
    finish_reason: Evidence | None = None
    segments: list[Segment] = []


class TrueUsage(_Member, frozen=True):
    """The counts that stand in the end; a count that was not sent is None."""

    prompt_tokens: Evidence | None = None
    completion_tokens: Evidence | None = None
    total_tokens: Evidence | None = None


class SetAside(_Member, frozen=True):
    """Bytes of a content member that no value rests on, and why."""

    at: list[ByteRange]
    why: str


class Truth(_Member, frozen=True):
    """The answer, read off the wire by a person: never by running a parser."""

    outcome: Literal["complete", "incomplete", "failed"]
    because: str
    """The rule id that decides the outcome."""
    choices: list[TrueChoice] = []
    usage: TrueUsage | None = None
    set_aside: list[SetAside] = []


class CassetteKey(_Member, frozen=True):
    """What we know of a cassette beside its bytes."""

    id: Slug
    """`<feature>/<dialect-or-server>-<variant>`, also its path; never reused."""
    title: str
    profiles: list[Profile]
    strength: Strength
    rules: list[str]
    """Ids of `chunkproof.rules.RULES` that the case rests on."""
    rows: list[str]
    """Ids of `rows.json`: the wire hazards that the bytes show."""
    provenance: Provenance
    pieces: list[tuple[ByteOffset, float]]
    """One entry per network read: offset of its first byte, ms since the request was sent."""
    end: TransportEnd
    """What the transport did after the last byte; client-closed is judged as EOF there."""
    sha256: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}$")]
    """Of the stream's body."""
    request_needs: list[str] = []
    """Request members that a client must be able to send: n, tools, ..."""
    truth: Truth | None = None
    message: Message | None = None
    """What a synthesised stream was made to say: its truth."""
    script: dict[str, Any] | None = None
    """What a real server was made to say."""
    redactions: list[str] = []
    """What was taken out or replaced, one sentence each."""


def json_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of the key."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "The `chunkproof` key of a cassette",
        **schema_of(CassetteKey),
    }
