"""Any httpx2 client against a recorded stream, without a socket: the pieces, one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx2

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chunkproof_conformance.connect.adapter import End, Stream


class _Pieces(httpx2.SyncByteStream):
    """The body: every piece is one read; then the end as the transport would show it."""

    def __init__(self, pieces: tuple[bytes, ...], end: End) -> None:
        self._pieces = pieces
        self._end = end

    def __iter__(self) -> Iterator[bytes]:
        yield from self._pieces
        if self._end == "reset":
            raise httpx2.ReadError("[Errno 104] Connection reset by peer")
        if self._end == "short-length":
            raise httpx2.RemoteProtocolError(
                "peer closed connection without sending complete message body"
            )

    def close(self) -> None:
        pass


class PieceTransport(httpx2.BaseTransport):
    """Answers every request with the stream it was last loaded with."""

    def __init__(self) -> None:
        self._stream: Stream | None = None

    def load(self, stream: Stream) -> None:
        """Answer with this stream from now on."""
        self._stream = stream

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        if self._stream is None:
            raise httpx2.ConnectError("no stream was loaded", request=request)
        return httpx2.Response(
            self._stream.status,
            headers=list(self._stream.headers),
            stream=_Pieces(self._stream.pieces, self._stream.end),
            request=request,
        )
