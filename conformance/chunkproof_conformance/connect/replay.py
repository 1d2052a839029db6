"""The replay server: recorded streams over real HTTP/1.1, written exactly, piece by piece.

h11 on asyncio, loopback unless told otherwise. Every piece is one write and one HTTP chunk; what
the client's socket then joins is the network's business. Which stream is served says a nonce in
the URL, so no request is ever matched:

    http://127.0.0.1:PORT/r/NONCE/v1    and behind it whatever path the client asks for
"""

from __future__ import annotations

import asyncio
import json
import secrets
import socket
import struct
import sys
import threading
import zlib
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

import h11

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from chunkproof_conformance.connect.adapter import Stream

ServedEnd: TypeAlias = Literal["eof", "reset", "short-length", "no-last-chunk"]
"""A clean end; a TCP reset; a connection closed before the promised length, or before the chunk
that ends a chunked body."""

MAX_REQUEST: Final = 64 * 1024 * 1024
"""Bytes of a request's body; larger ones are refused with 413."""

_MISSING: Final = 100
"""Bytes that a content-length promises too many."""


@dataclass(frozen=True)
class Served:
    """One response. delays: seconds to wait before each piece; empty for none.

    plain: the answer to a request that does not ask for a stream, where there is one: status,
    content type and body.
    """

    pieces: tuple[bytes, ...]
    end: ServedEnd = "eof"
    status: int = 200
    headers: tuple[tuple[str, str], ...] = (("content-type", "text/event-stream"),)
    delays: tuple[float, ...] = ()
    gzip: bool = False
    plain: tuple[int, str, bytes] | None = None


def served(stream: Stream) -> Served:
    """The response that a stream of a run is."""
    return Served(stream.pieces, stream.end, stream.status, stream.headers)


class ReplayServer:
    """Serves what it was given, by nonce. Runs in a thread of its own between start and stop."""

    def __init__(self, host: str = "127.0.0.1", port: int = 0) -> None:
        self._host = host
        self._port = port
        self._served: dict[str, Served] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=self._run, daemon=True, name="chunkproof-replay")
        self._listening = threading.Event()
        self._failure: Exception | None = None
        self._is_over = False
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """Listen. Raises: OSError, where host and port cannot be had."""
        self._thread.start()
        self._listening.wait()
        if self._failure is not None:
            raise self._failure

    def stop(self) -> None:
        """Close every connection and the thread; no client is waited for."""
        self._is_over = True
        if self._loop is not None and self._thread.is_alive():
            with suppress(RuntimeError):  # it could not listen, and has closed its loop by now
                self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()

    def add(self, response: Served, nonce: str | None = None) -> str:
        """Serve this from now on; returns its nonce."""
        nonce = nonce or secrets.token_urlsafe(12)
        self._served[nonce] = response
        return nonce

    def remove(self, nonce: str) -> None:
        """Serve it no longer."""
        self._served.pop(nonce, None)

    def base_url(self, nonce: str) -> str:
        """What a client is given as its base URL."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self._port}/r/{nonce}/v1"

    def _run(self) -> None:
        loop = self._loop = asyncio.new_event_loop()
        try:
            listening = asyncio.start_server(self._accept, self._host, self._port)
            server = loop.run_until_complete(listening)
        except Exception as error:  # noqa: BLE001 -- raised again by `start`, in its thread
            self._failure = error
            self._listening.set()
            loop.close()
            return
        self._port = server.sockets[0].getsockname()[1]
        self._listening.set()
        # A stop while it began to listen may have ended just that.
        if not self._is_over:
            loop.run_forever()
        server.close()
        loop.run_until_complete(self._hang_up())
        loop.close()

    async def _hang_up(self) -> None:
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0)  # lets closed transports go

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 -- asyncio calls us in one
        self._tasks.add(task)
        try:
            try:
                await _Connection(self._served, reader, writer).serve()
            except (OSError, h11.RemoteProtocolError):
                pass  # the client left, or spoke no HTTP
            finally:
                writer.close()
            with suppress(OSError):
                await writer.wait_closed()
        except asyncio.CancelledError:  # we are closing: a client that does not read gets no more
            writer.transport.abort()
            # Where it was waiting just for that, what it waits for is cancelled for good.
            with suppress(OSError, asyncio.CancelledError):
                await writer.wait_closed()
        finally:
            self._tasks.discard(task)


class _Connection:
    """One TCP connection: requests one after another, as long as both sides keep it."""

    def __init__(
        self,
        responses: dict[str, Served],
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        self._responses = responses
        self._reader = reader
        self._writer = writer
        self._http = h11.Connection(h11.SERVER)
        peer: socket.socket = writer.get_extra_info("socket")
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket = peer

    async def serve(self) -> None:
        while True:
            request = await self._event()
            if not isinstance(request, h11.Request):
                return None
            body = await self._body()
            if body is None:
                return await self._say(413, "application/json", b'{"error": "too large"}')
            if not await self._respond(request, body):
                return None
            if self._http.our_state is not h11.DONE or self._http.their_state is not h11.DONE:
                return None
            self._http.start_next_cycle()

    async def _event(self) -> Any:
        while True:
            event = self._http.next_event()
            if event is not h11.NEED_DATA:
                return event
            self._http.receive_data(await self._reader.read(65536))

    async def _body(self) -> bytes | None:
        """The request's body; None if it is too large."""
        parts: list[bytes] = []
        size = 0
        while isinstance(event := await self._event(), h11.Data):
            size += len(event.data)
            if size > MAX_REQUEST:
                return None
            parts.append(bytes(event.data))
        return b"".join(parts)

    async def _respond(self, request: h11.Request, body: bytes) -> bool:
        """Answer; whether the connection may go on."""
        nonce = _nonce(request.target)
        response = self._responses.get(nonce) if nonce else None
        if response is None:
            await self._say(404, "application/json", b'{"error": {"message": "no such stream"}}')
            return True
        if response.plain is not None and not _asks_for_stream(body):
            await self._say(*response.plain)
            return True
        return await self._stream(response)

    async def _say(self, status: int, content_type: str, body: bytes) -> None:
        headers = [("content-type", content_type), ("content-length", str(len(body)))]
        self._writer.write(
            self._send(h11.Response(status_code=status, headers=headers))
            + self._send(h11.Data(body))
            + self._send(h11.EndOfMessage())
        )
        await self._writer.drain()

    async def _stream(self, response: Served) -> bool:
        pieces = list(_gzipped(response.pieces) if response.gzip else response.pieces)
        headers = [(name, value) for name, value in response.headers if name not in _OURS]
        if response.gzip:
            headers.append(("content-encoding", "gzip"))
        if response.end == "short-length":
            headers.append(("content-length", str(sum(map(len, pieces)) + _MISSING)))
        else:
            headers.append(("transfer-encoding", "chunked"))
        head = h11.Response(status_code=response.status, headers=headers)
        self._writer.write(self._send(head))
        await self._writer.drain()
        for number, piece in enumerate(pieces):
            if number < len(response.delays) and response.delays[number] > 0:
                await asyncio.sleep(response.delays[number])
            self._writer.write(self._send(h11.Data(piece)))
            await self._writer.drain()
        return await self._end(response.end)

    async def _end(self, end: ServedEnd) -> bool:
        if end == "eof":
            self._writer.write(self._send(h11.EndOfMessage()))
            await self._writer.drain()
            return True
        if end == "reset":
            await self._until_written()
            # Closing with a linger time of zero sends RST (socket(7), SO_LINGER).
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self._writer.transport.abort()
        return False

    async def _until_written(self) -> None:
        """Until the client's kernel has it all, and the client had a moment to take it.

        A reset throws away what has not arrived, and on some systems what was not read yet.
        """
        self._writer.transport.set_write_buffer_limits(high=0)
        await self._writer.drain()
        is_closing, peer = self._writer.is_closing, self._socket
        while not is_closing() and _unacknowledged(peer):  # noqa: ASYNC110 -- nobody tells us
            await asyncio.sleep(0.005)
        await asyncio.sleep(0.02)

    def _send(self, event: h11.Event) -> bytes:
        return self._http.send(event) or b""


_OURS: Final = frozenset({"content-length", "transfer-encoding", "content-encoding", "connection"})
"""Headers that say how the body travels: ours travels our way."""


def _unacknowledged(peer: socket.socket) -> int:
    """Bytes sent that have not arrived (tcp(7), SIOCOUTQ); 0 where the system does not tell."""
    if sys.platform != "linux":
        return 0
    import fcntl  # noqa: PLC0415 -- only there
    import termios  # noqa: PLC0415

    count = fcntl.ioctl(peer.fileno(), termios.TIOCOUTQ, bytes(4))
    return int.from_bytes(count, sys.byteorder)


def _nonce(target: bytes) -> str | None:
    parts = target.decode("ascii", "replace").split("/")
    return parts[2] if len(parts) > 3 and parts[1] == "r" else None


def _asks_for_stream(body: bytes) -> bool:
    try:
        request = json.loads(body)
    except ValueError:
        return True
    return not isinstance(request, dict) or bool(request.get("stream"))


def _gzipped(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Every piece flushed, so that it can be read as soon as it is there."""
    gzip = zlib.compressobj(wbits=31)
    for piece in pieces:
        yield gzip.compress(piece) + gzip.flush(zlib.Z_SYNC_FLUSH)
    yield gzip.flush()
