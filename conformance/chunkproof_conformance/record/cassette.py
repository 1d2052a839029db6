"""From recorded exchanges to the exchanges and pieces of a cassette."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from chunkproof_conformance.cases import cassette
from chunkproof_conformance.cases.wire_view import WireView

if TYPE_CHECKING:
    from collections.abc import Iterable

    from chunkproof_conformance.record.exchange import Exchange, Headers

REQUEST_HEADERS: Final = frozenset({"accept", "accept-encoding", "content-type", "user-agent"})
"""What is kept of a request; keys, cookies and the client's platform headers are not."""

LOOPBACK: Final = "the server's host and port are `localhost`"
"""The redaction that `public_uri` makes."""


def public_uri(uri: str) -> str:
    """The address without the port of the day: all local recordings replay under one URL."""
    return re.sub(r"^http://127\.0\.0\.1:\d+/", "http://localhost/", uri)


def headers_of(headers: Headers, kept: Iterable[str] | None = None) -> dict[str, list[str]]:
    """Headers by name, in wire order; `kept` limits them to these names."""
    named: dict[str, list[str]] = {}
    for name, value in headers:
        if kept is None or name in kept:
            named.setdefault(name, []).append(value)
    return named


def to_cassette(exchange: Exchange) -> cassette.Exchange:
    """The exchange as a cassette keeps it."""
    return cassette.Exchange(
        method=exchange.request.method,
        uri=public_uri(exchange.request.uri),
        request_headers=headers_of(exchange.request.headers, REQUEST_HEADERS),
        request_body=exchange.request.body,
        status=exchange.response.status,
        reason=exchange.response.reason,
        response_headers=headers_of(exchange.response.headers),
        response_body=exchange.body,
    )


def pieces_of(exchange: Exchange) -> list[tuple[int, float]]:
    """The network reads as the cassette key lists them: offset in bytes, ms."""
    return [(piece.offset, piece.ms) for piece in exchange.pieces]


def wire_of(recorded: Exchange, written: cassette.Exchange) -> WireView:
    """The stream as it is written, for traits: pieces keep their places under redaction."""
    body = written.response_body
    edges = [*(piece.offset for piece in recorded.pieces), len(body)]
    pieces = tuple(body[start:end] for start, end in pairwise(edges))
    kind = ", ".join(written.response_headers.get("content-type", []))
    return WireView(body, pieces, written.status, recorded.end.value, kind)
