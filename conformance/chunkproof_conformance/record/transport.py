"""Recording transports for httpx and httpx2, sync and async.

Each wraps a real transport, asks the server for `accept-encoding: identity`, and hands every
network read to the caller the moment it comes, while a `Tape` notes it. A stream that is cut,
reset or left by the client is kept like any other; a request that got no response headers is
not kept, its exception passes through.

"Network read" is what the HTTP client yields: a socket read, or less where one read held
several HTTP chunks. TCP segments cannot be seen from here.

    transport = RecordingTransport(httpx2.HTTPTransport())
    client = openai.OpenAI(http_client=httpx2.Client(transport=transport))
    ...
    transport.exchanges
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

import httpx
import httpx2

from chunkproof_conformance.record.exchange import End, Exchange, Request, Response, Tape

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

ENDS: Final[tuple[tuple[tuple[type[BaseException], ...], End], ...]] = (
    # A connection that was closed too early is a protocol error, one that broke a read error.
    ((httpx.RemoteProtocolError, httpx2.RemoteProtocolError), End.SHORT_LENGTH),
    ((httpx.ReadError, httpx2.ReadError), End.RESET),
)
"""What an exception while reading says; any other (timeout, cancelling) is the client's own."""


def end_of(error: BaseException) -> End:
    """How the transport ended if reading it raised `error`."""
    return next((end for types, end in ENDS if isinstance(error, types)), End.CLIENT_CLOSED)


AnyRequest = httpx.Request | httpx2.Request
AnyResponse = httpx.Response | httpx2.Response


def request_of(request: AnyRequest) -> Request:
    """The request as it was sent; its body must have been read."""
    headers = tuple((name.lower(), value) for name, value in request.headers.multi_items())
    return Request(request.method, str(request.url), headers, request.content)


def response_of(response: AnyResponse) -> Response:
    """Status and headers of the response."""
    headers = tuple((name.lower(), value) for name, value in response.headers.multi_items())
    return Response(response.status_code, response.reason_phrase, headers)


class _Reels:
    """The tapes of one transport."""

    def __init__(self) -> None:
        self._tapes: list[Tape] = []

    @property
    def exchanges(self) -> list[Exchange]:
        """The finished exchanges, in the order of their response headers."""
        return [done for tape in self._tapes if (done := tape.exchange()) is not None]

    def _tape(self, request: AnyRequest, response: AnyResponse, sent: float) -> Tape:
        tape = Tape(request_of(request), response_of(response), sent)
        self._tapes.append(tape)
        return tape


class _TapedStream(httpx.SyncByteStream, httpx2.SyncByteStream):
    """Passes a response's reads on as they come and notes them; serves both libraries."""

    def __init__(self, source: httpx.SyncByteStream | httpx2.SyncByteStream, tape: Tape) -> None:
        self._source = source
        self._tape = tape

    def __iter__(self) -> Iterator[bytes]:
        try:
            for piece in self._source:
                self._tape.read(piece)
                yield piece
        except BaseException as error:
            self._tape.ended(end_of(error))
            raise
        self._tape.ended(End.EOF)

    def close(self) -> None:
        self._tape.ended(End.CLIENT_CLOSED)
        self._source.close()


class _AsyncTapedStream(httpx.AsyncByteStream, httpx2.AsyncByteStream):
    """As `_TapedStream`, for asynchronous clients."""

    def __init__(self, source: httpx.AsyncByteStream | httpx2.AsyncByteStream, tape: Tape) -> None:
        self._source = source
        self._tape = tape

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for piece in self._source:
                self._tape.read(piece)
                yield piece
        except BaseException as error:
            self._tape.ended(end_of(error))
            raise
        self._tape.ended(End.EOF)

    async def aclose(self) -> None:
        self._tape.ended(End.CLIENT_CLOSED)
        await self._source.aclose()


def _ask_for_identity(request: AnyRequest) -> None:
    # A compressed body would have to be decoded before its pieces mean anything.
    request.headers["accept-encoding"] = "identity"


class RecordingTransport(_Reels, httpx2.BaseTransport):
    """Records what passes through an httpx2 transport."""

    def __init__(self, inner: httpx2.BaseTransport) -> None:
        super().__init__()
        self._inner = inner

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        _ask_for_identity(request)
        request.read()
        sent = time.perf_counter()
        response = self._inner.handle_request(request)
        if not isinstance(response.stream, httpx2.SyncByteStream):
            raise TypeError(response.stream)
        response.stream = _TapedStream(response.stream, self._tape(request, response, sent))
        return response

    def close(self) -> None:
        self._inner.close()


class AsyncRecordingTransport(_Reels, httpx2.AsyncBaseTransport):
    """Records what passes through an asynchronous httpx2 transport."""

    def __init__(self, inner: httpx2.AsyncBaseTransport) -> None:
        super().__init__()
        self._inner = inner

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        _ask_for_identity(request)
        await request.aread()
        sent = time.perf_counter()
        response = await self._inner.handle_async_request(request)
        if not isinstance(response.stream, httpx2.AsyncByteStream):
            raise TypeError(response.stream)
        response.stream = _AsyncTapedStream(response.stream, self._tape(request, response, sent))
        return response

    async def aclose(self) -> None:
        await self._inner.aclose()


class HttpxRecordingTransport(_Reels, httpx.BaseTransport):
    """Records what passes through an httpx transport."""

    def __init__(self, inner: httpx.BaseTransport) -> None:
        super().__init__()
        self._inner = inner

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        _ask_for_identity(request)
        request.read()
        sent = time.perf_counter()
        response = self._inner.handle_request(request)
        if not isinstance(response.stream, httpx.SyncByteStream):
            raise TypeError(response.stream)
        response.stream = _TapedStream(response.stream, self._tape(request, response, sent))
        return response

    def close(self) -> None:
        self._inner.close()


class AsyncHttpxRecordingTransport(_Reels, httpx.AsyncBaseTransport):
    """Records what passes through an asynchronous httpx transport."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        super().__init__()
        self._inner = inner

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        _ask_for_identity(request)
        await request.aread()
        sent = time.perf_counter()
        response = await self._inner.handle_async_request(request)
        if not isinstance(response.stream, httpx.AsyncByteStream):
            raise TypeError(response.stream)
        response.stream = _AsyncTapedStream(response.stream, self._tape(request, response, sent))
        return response

    async def aclose(self) -> None:
        await self._inner.aclose()
