"""A scenario: one case to be made of a message, a dialect and, for some, a fault or two."""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, Any, Final

from chunkproof_conformance.cases.cassette import Exchange
from chunkproof_conformance.cases.key import CassetteKey, Provenance
from chunkproof_conformance.synth import framing as framings
from chunkproof_conformance.synth.message import features
from chunkproof_conformance.synth.render import render

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from chunkproof_conformance.cases.key import Profile, Strength, TransportEnd
    from chunkproof_conformance.synth.dialect import Dialect
    from chunkproof_conformance.synth.framing import Frame, Framing
    from chunkproof_conformance.synth.message import Message
    from chunkproof_conformance.synth.plan import Plan

URI: Final = "http://localhost/v1/chat/completions"

NEEDS: Final[dict[str, tuple[str, Any]]] = {
    "usage": ("stream_options", {"include_usage": True}),
    "calls": ("tools", [{"type": "function", "function": {"name": "example"}}]),
    "value calls": ("tools", [{"type": "function", "function": {"name": "example"}}]),
    "custom calls": ("tools", [{"type": "custom", "custom": {"name": "example"}}]),
    "legacy": ("functions", [{"name": "example", "parameters": {"type": "object"}}]),
    "choices": ("n", 2),
    "logprobs": ("logprobs", True),
}
"""Feature of a message to the request member that brings it, and its value."""


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """One case. `pieces` joined are the body."""

    id: str
    title: str
    profiles: tuple[Profile, ...]
    strength: Strength
    rules: tuple[str, ...]
    rows: tuple[str, ...]
    dialect: Dialect
    message: Message
    pieces: tuple[bytes, ...]
    note: str | None = None
    """What was done to the bytes beside rendering."""
    content_type: str = "text/event-stream"
    asks: tuple[tuple[str, Any], ...] = ()
    """Request members, and their values, that no feature of the message implies."""
    transport: TransportEnd = "eof"
    """What the transport does after the last byte of a message that is not broken off."""

    @property
    def body(self) -> bytes:
        return b"".join(self.pieces)

    @property
    def needs(self) -> dict[str, Any]:
        """Request members that bring such a stream about."""
        said = features(self.message)
        if not self.dialect.usage - {"finish", "every"}:
            said -= {"usage"}
        return dict([NEEDS[feature] for feature in NEEDS if feature in said]) | dict(self.asks)

    def key(self) -> CassetteKey:
        """The cassette's key; its hash is set when it is written."""
        starts = [0, *accumulate(map(len, self.pieces))][: len(self.pieces)]
        return CassetteKey(
            id=self.id,
            title=self.title,
            profiles=list(self.profiles),
            strength=self.strength,
            rules=list(self.rules),
            rows=list(self.rows),
            provenance=Provenance(
                kind="synthesised",
                dialect=self.dialect.name,
                fidelity=self.dialect.fidelity,
                sources=list(self.dialect.sources),
                note=self.note,
            ),
            pieces=[(start, 0.0) for start in starts],
            end="reset" if self.message.end == "reset" else self.transport,
            sha256="0" * 64,
            request_needs=list(self.needs),
            message=self.message,
        )

    def exchange(self) -> Exchange:
        """The request and the response."""
        request = {
            "model": self.dialect.identity["model"],
            "messages": [{"role": "user", "content": "Say it."}],
            "stream": True,
            **self.needs,
        }
        return Exchange(
            method="POST",
            uri=URI,
            request_headers={"content-type": ["application/json"]},
            request_body=json.dumps(request, separators=(",", ":")).encode(),
            status=200,
            reason="OK",
            response_headers={"content-type": [self.content_type]},
            response_body=self.body,
        )


def scenario(
    id: str,  # noqa: A002 - the member's name
    title: str,
    dialect: Dialect,
    message: Message,
    *,
    profiles: str,
    strength: Strength,
    rules: str,
    rows: str,
    steps: Plan | None = None,
    frames: Sequence[Frame] | None = None,
    framing: Framing | None = None,
    pieces: Iterable[bytes] | None = None,
    note: str | None = None,
    content_type: str = "text/event-stream",
    asks: Mapping[str, Any] | None = None,
    transport: TransportEnd = "eof",
) -> Scenario:
    """A scenario of a rendered message; one piece for each frame unless pieces are given.

    profiles, rules, rows: names separated by spaces. frames, pieces: instead of what the dialect
    renders; then `note` says what was done to them.
    """
    if frames is None and pieces is None:
        frames = render(dialect, message, steps)
    if pieces is None:
        pieces = framings.pieces(frames or (), framing or dialect.framing)
    return Scenario(
        id=id,
        title=title,
        profiles=tuple(profiles.split()),  # type: ignore[arg-type]  # msgspec checks it on reading
        strength=strength,
        rules=tuple(rules.split()),
        rows=tuple(rows.split()),
        dialect=dialect,
        message=message,
        pieces=tuple(pieces),
        note=note,
        content_type=content_type,
        asks=tuple((asks or {}).items()),
        transport=transport,
    )
