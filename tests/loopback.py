"""A loopback HTTP/1.1 server that writes what a script says: exact pieces, silence, a reset.

One connection per request. `gone` says that the client has closed its side: a driver that
leaks its connection is seen from here, whatever the client library tells about itself.
"""

import socket
import struct
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal

End = Literal["eof", "reset", "short", "hold"]
"""How it goes on after the last piece: a proper end, a TCP reset, an end of the connection
before the end of the body, or silence until the client leaves."""

PATIENCE = 10.0
"""Seconds after which a test that waits for the other side has failed."""


@dataclass
class Reply:
    """What the server sends: every piece is one write and one HTTP chunk."""

    pieces: Iterable[bytes]
    end: End = "eof"
    status: int = 200
    headers: dict[str, str] = field(
        default_factory=lambda: {"content-type": "text/event-stream; charset=utf-8"}
    )
    chunked: bool = True
    """Else with a content-length, which `short` makes too long."""


class Server:
    """Answers every request with one reply; `gone` is set when the client has left."""

    def __init__(self, reply: Reply) -> None:
        self.reply = reply
        self.gone = threading.Event()
        self.written = threading.Event()
        """All pieces were written."""
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}/v1"
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def close(self) -> None:
        # `close` does not wake a thread that is in `accept`; a last, empty connection does.
        socket.create_connection(self._listener.getsockname()).close()
        self._thread.join(PATIENCE)
        self._listener.close()
        assert not self._thread.is_alive()

    def _serve(self) -> None:
        while True:
            connection, _ = self._listener.accept()
            with connection:
                connection.settimeout(PATIENCE)
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                if not self._read_request(connection):
                    return
                try:
                    self._answer(connection)
                except TimeoutError:  # it reads no more, and has not left either
                    pass
                except OSError:  # the client left while we wrote
                    self.gone.set()

    def _read_request(self, connection: socket.socket) -> bool:
        received = b""
        while b"\r\n\r\n" not in received:
            piece = connection.recv(65536)
            if not piece:
                return False
            received += piece
        head, _, body = received.partition(b"\r\n\r\n")
        for line in head.split(b"\r\n"):
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                while len(body) < int(value):
                    body += connection.recv(65536)
        return True

    def _answer(self, connection: socket.socket) -> None:
        reply = self.reply
        pieces = [piece for piece in reply.pieces if piece]
        headers = dict(reply.headers)
        if reply.chunked:
            headers["transfer-encoding"] = "chunked"
        else:
            missing = 100 if reply.end in {"short", "reset"} else 0
            headers["content-length"] = str(sum(map(len, pieces)) + missing)
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        connection.sendall(f"HTTP/1.1 {reply.status} X\r\n{lines}\r\n".encode())
        for piece in pieces:
            connection.sendall(b"%x\r\n%b\r\n" % (len(piece), piece) if reply.chunked else piece)
        self.written.set()
        if reply.end == "reset":
            if reply.chunked:
                connection.sendall(b"40\r\ndata: {")  # 64 bytes announced, 7 sent
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return
        if reply.end == "hold":
            self._wait_until_left(connection)
            return
        if reply.end == "eof":
            if reply.chunked:
                connection.sendall(b"0\r\n\r\n")
            self._wait_until_left(connection)

    def _wait_until_left(self, connection: socket.socket) -> None:
        try:
            while connection.recv(65536):
                pass
        except ConnectionError:
            pass
        self.gone.set()


@contextmanager
def serve(reply: Reply) -> Iterator[Server]:
    """Run a server for one test; at the end its client must have left."""
    server = Server(reply)
    try:
        yield server
    finally:
        server.close()
