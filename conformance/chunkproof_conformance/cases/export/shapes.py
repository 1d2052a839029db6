"""What the exported JSON files hold, typed; their JSON Schemas are made of these."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from chunkproof_conformance.cases.key import (  # noqa: TC001 - msgspec reads them
    ByteOffset,
    Profile,
    Provenance,
    Slug,
    Strength,
    TransportEnd,
)
from chunkproof_conformance.judge.expectation import (  # noqa: TC001 - msgspec reads them
    ExpectedEntry,
    ExpectedFinal,
    ExpectedFrame,
)
from chunkproof_conformance.judge.observation import (  # noqa: TC001 - msgspec reads them
    Level,
    Member,
    Observation,
)
from chunkproof_conformance.struct_schema import schema_of

DRAFT = "https://json-schema.org/draft/2020-12/schema"
Sha256 = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}$")]


class _Shape(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Nothing unknown: a misspelt member would be a promise that nobody keeps."""


class ExportedCase(_Shape, frozen=True):
    """`case.json`: everything about one stream but its bytes and its answer."""

    id: Slug
    """Also its folder below `cases/`; never given to another stream."""
    title: str
    profiles: list[Profile]
    """What a parser must claim for this case to count for it."""
    strength: Strength
    scored: bool
    """In the newest requirement set: a case of strength `must` is then required."""
    rules: list[str]
    """Ids of `rules.json` that the case rests on."""
    rows: list[str]
    """Ids of `rows.json`: the wire hazards that the bytes show."""
    provenance: Provenance
    redactions: list[str]
    """What was taken out or replaced, one sentence each."""
    request: Any
    """The body of the request, as JSON value."""
    request_needs: list[str]
    """Members of it that a client must be able to send; who cannot is not asked."""
    status: Annotated[int, msgspec.Meta(ge=100, le=599)]
    headers: dict[str, list[str]]
    """Of the response, names in lower case. Bodies are stored decoded, so none says how they
    were coded."""
    size: ByteOffset
    """Of `stream.sse`, in bytes."""
    sha256: Sha256
    """Of `stream.sse`."""
    pieces: list[tuple[ByteOffset, float]]
    """One entry per network read: offset of its first byte, ms since the request was sent."""
    end: TransportEnd
    """What the transport did after the last byte: `eof`; the connection was reset (`reset`), or
    closed before the length it promised (`short-length`): both are an error to the reader; the
    recorder left (`client-closed`): to be read as an end."""


class ExportedFile(_Shape, frozen=True):
    """One file of the export."""

    size: ByteOffset
    """In bytes."""
    sha256: Sha256


class Manifest(_Shape, frozen=True):
    """`manifest.json`: what is in the folder. It is written last, and does not list itself."""

    chunkproof: str
    """The version that wrote it."""
    requirements: str
    """The newest requirement set, by which `scored` is said."""
    cases: list[Slug]
    files: dict[str, ExportedFile]
    """By path, with `/`."""


class RuleSays(_Shape, frozen=True):
    """One rule of the specification, in `rules.json`."""

    says: str
    contested: bool
    """Good parsers differ on purpose: a case that rests on it fails nobody."""


class RowSays(_Shape, frozen=True):
    """One hazard of the wire, in `rows.json`."""

    says: str
    level: Literal["MUST", "SHOULD", "MAY"]


class VectorExpectation(_Shape, frozen=True, omit_defaults=True):
    """The part of an expected file that a vector needs."""

    final: ExpectedFinal | UnsetType = UNSET
    sequence: dict[str, list[ExpectedEntry]] | UnsetType = UNSET
    exact: list[dict[str, Any]] | UnsetType = UNSET
    framing: list[ExpectedFrame] | UnsetType = UNSET
    """The frames of the body, up to the first whose payload is `[DONE]`."""
    due: list[ByteOffset] | UnsetType = UNSET
    """For the level timely, per event of `exact`: the offset at which its frame is whole."""
    messages: dict[str, list[dict[str, Any]]] | UnsetType = UNSET
    """Per option value the messages of an agent interface, pieces joined."""


class Vector(_Shape, frozen=True):
    """One line of the comparison: this expectation, this answer, this verdict."""

    id: Slug
    says: str
    """The rule it shows, in a sentence."""
    level: Level
    expected: VectorExpectation
    observed: Observation
    verdict: Literal["pass", "fail", "choice", "n/a", "error"]
    """`n/a`: the answer cannot show this level. `error`: the answer contradicts itself."""
    at: list[str] = []
    """JSON Pointers of every place that differs, in no order that counts."""
    not_represented: list[Member] = []
    """What the library declared it has no place for."""
    contested: bool = False
    """The case's strength is `choice`: shown, never failed."""
    edges: list[ByteOffset] = []
    """For the level timely: where each piece ended, in bytes."""
    option: str = ""
    """For the level messages: which of the expected sequences."""


def _titled(title: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"$schema": DRAFT, "title": title, **schema}


def schemas() -> dict[str, dict[str, Any]]:
    """The JSON Schemas (2020-12) of these files, by name."""
    return {
        "case": _titled("One case of the exported corpus", schema_of(ExportedCase)),
        "manifest": _titled("What is in the exported folder", schema_of(Manifest)),
        "vector": _titled("One comparison vector", schema_of(Vector)),
        "rule": _titled("One rule, by its id in rules.json", schema_of(RuleSays)),
        "row": _titled("One hazard of the wire, by its id in rows.json", schema_of(RowSays)),
    }
