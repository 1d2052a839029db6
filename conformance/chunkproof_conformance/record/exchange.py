"""What one HTTP exchange was: request, response, every network read, and how it ended.

Knows no HTTP library: `transport` feeds a `Tape` and hands out `Exchange`s.
"""

from __future__ import annotations

import enum
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

Headers = tuple[tuple[str, str], ...]
"""Name and value in wire order; names in lower case, repeats kept."""


class End(enum.Enum):
    """How the transport ended, seen from the client."""

    EOF = "eof"
    """The body ended where its framing said, or the peer closed a body without framing."""
    RESET = "reset"
    """The connection failed while reading (a TCP reset)."""
    SHORT_LENGTH = "short-length"
    """The peer closed before its content-length or its last HTTP chunk."""
    CLIENT_CLOSED = "client-closed"
    """The client stopped reading: it closed, was cancelled or lost patience."""


@dataclass(frozen=True)
class Request:
    method: str
    uri: str
    headers: Headers
    body: bytes


@dataclass(frozen=True)
class Response:
    status: int
    reason: str
    headers: Headers


@dataclass(frozen=True)
class Piece:
    """One network read."""

    offset: int
    """Where it starts in the body, bytes; the first is 0."""
    ms: float
    """When it came, milliseconds after the request was sent."""


@dataclass(frozen=True)
class Exchange:
    """A finished exchange. `body` is as received: transfer-decoded, content-encoding untouched."""

    request: Request
    response: Response
    body: bytes
    pieces: tuple[Piece, ...]
    end: End

    @property
    def content_encoding(self) -> str:
        """The response's content-encoding, lower case; `identity` if it names none."""
        values = [v for name, v in self.response.headers if name == "content-encoding"]
        return ", ".join(values).lower() or "identity"


@dataclass
class Tape:
    """One exchange while it runs, made when the response headers are there."""

    request: Request
    response: Response
    sent: float
    """When the request was sent, by `clock`."""
    clock: Callable[[], float] = time.perf_counter
    """Seconds, monotonic."""
    _body: bytearray = field(default_factory=bytearray)
    _pieces: list[Piece] = field(default_factory=list)
    _end: End | None = None

    def read(self, piece: bytes) -> None:
        """Note one network read; an empty one is none."""
        if piece:
            ms = round((self.clock() - self.sent) * 1000, 1)
            self._pieces.append(Piece(len(self._body), ms))
            self._body += piece

    def ended(self, end: End) -> None:
        """Note how it ended. The first end counts: closing after EOF changes nothing."""
        self._end = self._end or end

    def exchange(self) -> Exchange | None:
        """What was recorded, or None while the response is still being read."""
        if self._end is None:
            return None
        body, pieces = bytes(self._body), tuple(self._pieces)
        return Exchange(self.request, self.response, body, pieces, self._end)
