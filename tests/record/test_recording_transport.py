"""The recording transports against a real loopback server that writes, cuts and resets exactly.

Each rule holds for httpx2 and httpx, sync and async: one table of clients, one of behaviours.
"""

import asyncio
import contextlib
import socket
import struct
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, field

import httpx
import httpx2
import pytest

from chunkproof_conformance.record.exchange import End, Exchange, Headers, Request, Response, Tape
from chunkproof_conformance.record.transport import (
    AsyncHttpxRecordingTransport,
    AsyncRecordingTransport,
    HttpxRecordingTransport,
    RecordingTransport,
)

STREAM_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nx-two: a\r\nx-two: b\r\n"
PIECES = [b"data: \xf0\x9f", b"\x8e\x89\n\n", b"data: [DONE]\n", b"\n"]


@dataclass
class Server:
    """Answers one connection: writes `head`, then each piece when the client has the one before.

    `ending`: "close" sends FIN, "reset" sends RST, "stay" keeps the connection open.
    """

    head: bytes = STREAM_HEAD + b"\r\n"
    pieces: Sequence[bytes] = ()
    ending: str = "close"
    request: bytes = b""
    turn: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    done: threading.Event = field(default_factory=threading.Event)

    def serve(self, listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection:
            # To the last byte: closing with unread data would send RST instead of FIN.
            while not self.request.endswith(b'{"a":1}'):
                received = connection.recv(65536)
                if not received:
                    return
                self.request += received
            connection.sendall(self.head)
            for piece in self.pieces:
                self.turn.acquire(timeout=10)
                with contextlib.suppress(OSError):
                    connection.sendall(piece)
            self.turn.acquire(timeout=10)
            if self.ending == "stay":
                self.done.wait(timeout=10)
            if self.ending == "reset":
                linger = struct.pack("ii", 1, 0)
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)


@contextlib.contextmanager
def running(server: Server) -> Iterator[str]:
    """The base URL of `server` on loopback, in a thread that is joined at the end."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=server.serve, args=(listener,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}/v1/chat/completions"
        finally:
            server.done.set()
            for _ in range(len(server.pieces) + 1):
                server.turn.release()
            thread.join(timeout=10)


@dataclass
class Seen:
    """What the caller saw: the reads, one by one, and the exception that ended them."""

    reads: list[bytes]
    error: str | None
    exchanges: list[Exchange]


# A client reads at most `limit` pieces, calls `after` before each read, and lets go.
# The last argument is its read timeout, seconds.
Client = Callable[[str, int | None, Callable[[], None], float], Seen]


def taken(reads: Iterator[bytes], limit: int | None, after: Callable[[], None]) -> Iterator[bytes]:
    count = 0
    while limit is None or count < limit:
        after()
        try:
            yield next(reads)
        except StopIteration:
            return
        count += 1


def sync_httpx2(url: str, limit: int | None, after: Callable[[], None], patience: float) -> Seen:
    transport, reads, error = RecordingTransport(httpx2.HTTPTransport()), list[bytes](), None
    with httpx2.Client(transport=transport, timeout=patience) as client:
        try:
            with client.stream("POST", url, json={"a": 1}) as response:
                reads.extend(taken(response.iter_raw(), limit, after))
        except httpx2.HTTPError as caught:
            error = type(caught).__name__
    return Seen(reads, error, transport.exchanges)


def sync_httpx(url: str, limit: int | None, after: Callable[[], None], patience: float) -> Seen:
    transport, reads, error = HttpxRecordingTransport(httpx.HTTPTransport()), list[bytes](), None
    with httpx.Client(transport=transport, timeout=patience) as client:
        try:
            with client.stream("POST", url, json={"a": 1}) as response:
                reads.extend(taken(response.iter_raw(), limit, after))
        except httpx.HTTPError as caught:
            error = type(caught).__name__
    return Seen(reads, error, transport.exchanges)


async def take_async(
    source: AsyncIterator[bytes], limit: int | None, after: Callable[[], None], reads: list[bytes]
) -> None:
    while limit is None or len(reads) < limit:
        after()
        try:
            reads.append(await anext(source))
        except StopAsyncIteration:
            return


def async_httpx2(url: str, limit: int | None, after: Callable[[], None], patience: float) -> Seen:
    async def run() -> Seen:
        transport, reads = AsyncRecordingTransport(httpx2.AsyncHTTPTransport()), list[bytes]()
        error = None
        async with httpx2.AsyncClient(transport=transport, timeout=patience) as client:
            try:
                async with client.stream("POST", url, json={"a": 1}) as response:
                    await take_async(response.aiter_raw(), limit, after, reads)
            except httpx2.HTTPError as caught:
                error = type(caught).__name__
        return Seen(reads, error, transport.exchanges)

    return asyncio.run(run())


def async_httpx(url: str, limit: int | None, after: Callable[[], None], patience: float) -> Seen:
    async def run() -> Seen:
        transport, reads = AsyncHttpxRecordingTransport(httpx.AsyncHTTPTransport()), list[bytes]()
        error = None
        async with httpx.AsyncClient(transport=transport, timeout=patience) as client:
            try:
                async with client.stream("POST", url, json={"a": 1}) as response:
                    await take_async(response.aiter_raw(), limit, after, reads)
            except httpx.HTTPError as caught:
                error = type(caught).__name__
        return Seen(reads, error, transport.exchanges)

    return asyncio.run(run())


@pytest.fixture(params=[sync_httpx2, sync_httpx, async_httpx2, async_httpx])
def client(request: pytest.FixtureRequest) -> Client:
    chosen: Client = request.param
    return chosen


def recorded(
    client: Client, server: Server, limit: int | None = None, patience: float = 10
) -> tuple[Seen, Exchange]:
    """What the client saw and the one exchange that was kept."""
    with running(server) as url:
        seen = client(url, limit, server.turn.release, patience)
    assert len(seen.exchanges) == 1
    return seen, seen.exchanges[0]


def chunked(piece: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(piece), piece)


def test_every_network_read_reaches_the_caller_at_once_and_is_kept(client: Client) -> None:
    """The server sends a piece only after the caller has the one before: nothing is buffered."""
    seen, exchange = recorded(client, Server(pieces=PIECES))
    assert seen.reads == PIECES
    assert exchange.body == b"".join(PIECES)
    assert [piece.offset for piece in exchange.pieces] == [0, 8, 12, 25]
    times = [piece.ms for piece in exchange.pieces]
    assert times == sorted(times)
    assert exchange.end is End.EOF


def test_request_and_response_are_kept_as_sent_and_received(client: Client) -> None:
    """Method, address, headers and body; repeated response headers stay two."""
    server = Server(pieces=PIECES)
    _, exchange = recorded(client, server)
    assert exchange.request.method == "POST"
    assert exchange.request.uri.endswith("/v1/chat/completions")
    assert exchange.request.body == b'{"a":1}'
    assert ("content-type", "application/json") in exchange.request.headers
    assert (exchange.response.status, exchange.response.reason) == (200, "OK")
    assert exchange.response.headers == (
        ("content-type", "text/event-stream"),
        ("x-two", "a"),
        ("x-two", "b"),
    )


def test_the_server_is_asked_for_identity_encoding(client: Client) -> None:
    """On the wire, and so in the recorded request."""
    server = Server(pieces=PIECES)
    _, exchange = recorded(client, server)
    asked = [
        line
        for line in server.request.lower().split(b"\r\n")
        if line.startswith(b"accept-encoding")
    ]
    assert asked == [b"accept-encoding: identity"]
    assert ("accept-encoding", "identity") in exchange.request.headers
    assert exchange.content_encoding == "identity"


def test_a_chunked_body_is_kept_without_its_chunk_lines(client: Client) -> None:
    """Exact after transfer-decoding; ends with the last chunk."""
    head = STREAM_HEAD + b"transfer-encoding: chunked\r\n\r\n"
    server = Server(head, [*map(chunked, PIECES), b"0\r\n\r\n"])
    seen, exchange = recorded(client, server)
    assert seen.reads == PIECES
    assert exchange.body == b"".join(PIECES)
    assert exchange.end is End.EOF


@pytest.mark.parametrize(
    ("framing", "pieces"),
    [
        (b"content-length: 1000\r\n\r\n", PIECES[:2]),
        (b"transfer-encoding: chunked\r\n\r\n", [chunked(p) for p in PIECES[:2]]),
        (b"transfer-encoding: chunked\r\n\r\n", [chunked(PIECES[0]), b"4\r\n" + PIECES[1]]),
    ],
    ids=["content-length", "no-last-chunk", "inside-a-chunk"],
)
def test_a_peer_that_closes_before_its_own_framing_said_is_short_length(
    client: Client, framing: bytes, pieces: list[bytes]
) -> None:
    """The caller gets the library's own error, the recording what came before it."""
    seen, exchange = recorded(client, Server(STREAM_HEAD + framing, pieces))
    assert seen.error == "RemoteProtocolError"
    assert exchange.body == b"".join(PIECES[:2])
    assert exchange.end is End.SHORT_LENGTH


def test_a_connection_reset_while_reading_is_kept_as_reset(client: Client) -> None:
    seen, exchange = recorded(client, Server(pieces=PIECES[:2], ending="reset"))
    assert seen.error == "ReadError"
    assert exchange.body == b"".join(PIECES[:2])
    assert exchange.end is End.RESET


def test_a_reader_that_stops_early_leaves_what_it_read_as_client_closed(client: Client) -> None:
    seen, exchange = recorded(client, Server(pieces=PIECES, ending="stay"), limit=2)
    assert seen.error is None
    assert exchange.body == b"".join(PIECES[:2])
    assert exchange.end is End.CLIENT_CLOSED


def test_a_reader_that_loses_patience_is_client_closed_too(client: Client) -> None:
    """A read timeout is the client's decision: the server had not ended anything."""
    seen, exchange = recorded(client, Server(pieces=PIECES[:1], ending="stay"), patience=1)
    assert seen.error == "ReadTimeout"
    assert exchange.body == PIECES[0]
    assert exchange.end is End.CLIENT_CLOSED


def test_an_empty_body_is_an_exchange_without_pieces(client: Client) -> None:
    """Status 200, headers, not a byte: some servers answer an overflow so."""
    seen, exchange = recorded(client, Server())
    assert (seen.reads, exchange.body, exchange.pieces) == ([], b"", ())
    assert exchange.end is End.EOF


def test_a_request_without_response_headers_is_not_kept(client: Client) -> None:
    server = Server(head=b"")
    server.turn.release()
    with running(server) as url:
        seen = client(url, None, server.turn.release, 10)
    assert seen.error == "RemoteProtocolError"
    assert seen.exchanges == []


def test_compressed_answers_show_their_encoding() -> None:
    """A server may ignore what it was asked; whoever writes the cassette must see it."""
    headers: Headers = (("content-encoding", "GZip"),)
    tape = Tape(Request("GET", "http://h/", (), b""), Response(200, "OK", headers), 0)
    tape.ended(End.EOF)
    exchange = tape.exchange()
    assert exchange is not None
    assert exchange.content_encoding == "gzip"


def test_times_are_milliseconds_after_the_request_was_sent() -> None:
    clock = iter([10.0015, 12.0]).__next__
    tape = Tape(Request("GET", "http://h/", (), b""), Response(200, "OK", ()), 10.0, clock)
    tape.read(b"ab")
    tape.read(b"")
    tape.read(b"c")
    assert tape.exchange() is None, "a running exchange is not handed out"
    tape.ended(End.EOF)
    tape.ended(End.CLIENT_CLOSED)
    exchange = tape.exchange()
    assert exchange is not None
    assert [(piece.offset, piece.ms) for piece in exchange.pieces] == [(0, 1.5), (2, 2000.0)]
    assert exchange.end is End.EOF, "the first end counts"
