"""`chunkproof_transport(case, cuts=...)`: a case for any httpx or httpx2 client, without a socket.

    client = openai.OpenAI(http_client=httpx2.Client(transport=chunkproof_transport("text/...")))

The same transport serves a sync and an async client. A request that does not ask for a stream is
answered with the case's twin, where it has one.
"""

from __future__ import annotations

import json
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from chunkproof_conformance.cases.index import load_case
from chunkproof_conformance.run.plan import stream_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Sequence
    from types import ModuleType

    from chunkproof_conformance.cases.cassette import Case, Exchange
    from chunkproof_conformance.connect.adapter import Stream


def chunkproof_transport(
    case: Case | str, cuts: Sequence[int] | None = None, *, library: ModuleType | None = None
) -> Any:
    """A transport of `library`: httpx or httpx2, by default httpx2 where it is installed.

    case: an id of the corpus, or a case. cuts: byte offsets where one piece ends and the next
    begins; None as it was recorded. Raises: CassetteError; ValueError for cuts outside the body.
    """
    if isinstance(case, str):
        case = load_case(case)
    stream = stream_of(case, case.cuts if cuts is None else tuple(cuts))
    return _transport_class(library or _installed())(stream, case.twin_exchange)


def stream_transport(stream: Stream, *, library: ModuleType | None = None) -> Any:
    """The same for the stream of a run: what an adapter gives to its client."""
    return _transport_class(library or _installed())(stream, None)


def _installed() -> ModuleType:
    name = next((name for name in ("httpx2", "httpx") if find_spec(name)), None)
    if name is None:
        raise ModuleNotFoundError("a transport needs httpx2 or httpx: install the one you use")
    return import_module(name)


@cache
def _transport_class(library: ModuleType) -> Any:
    """The transport's class, made of the library's own base classes: it checks for them."""
    http: Any = library

    class Pieces(http.SyncByteStream, http.AsyncByteStream):  # type: ignore[misc]  # of two libraries
        """The body: every piece is one read; then the end as the transport would show it."""

        def __init__(self, stream: Stream) -> None:
            self._stream = stream

        def __iter__(self) -> Iterator[bytes]:
            yield from self._stream.pieces
            self._end()

        async def __aiter__(self) -> AsyncIterator[bytes]:
            for piece in self._stream.pieces:
                yield piece
            self._end()

        def _end(self) -> None:
            if self._stream.end == "reset":
                raise http.ReadError("[Errno 104] Connection reset by peer")
            if self._stream.end == "short-length":
                raise http.RemoteProtocolError(
                    "peer closed connection without sending complete message body"
                )

        def close(self) -> None:
            pass

        async def aclose(self) -> None:
            pass

    class ReplayTransport(http.BaseTransport, http.AsyncBaseTransport):  # type: ignore[misc]
        """Answers every request with one stream, or with its twin where none is asked for."""

        def __init__(self, stream: Stream, twin: Exchange | None) -> None:
            self._stream = stream
            self._twin = twin

        def handle_request(self, request: Any) -> Any:
            return self._response(request, request.read())

        async def handle_async_request(self, request: Any) -> Any:
            return self._response(request, await request.aread())

        def _response(self, request: Any, body: bytes) -> Any:
            twin = self._twin
            if twin is not None and not _asks_for_stream(body):
                headers = [("content-type", "application/json")]
                return http.Response(
                    twin.status, headers=headers, content=twin.response_body, request=request
                )
            return http.Response(
                self._stream.status,
                headers=list(self._stream.headers),
                stream=Pieces(self._stream),
                request=request,
            )

    return ReplayTransport


def _asks_for_stream(body: bytes) -> bool:
    try:
        request = json.loads(body)
    except ValueError:
        return True
    return not isinstance(request, dict) or bool(request.get("stream"))
