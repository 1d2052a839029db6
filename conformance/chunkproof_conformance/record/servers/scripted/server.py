"""An OpenAI-style upstream on loopback that plays a script, for recorders and for proxies.

    python -m chunkproof_conformance.record.servers.scripted.server [--port 9110]

The model's name chooses what goes wrong: `script` nothing, `script-cut` closes the connection in
the middle, `script-reset` resets it, `script-leak` says the caller's key in everything it sends.
Standard library only.
"""

from __future__ import annotations

import argparse
import json
import socket
import struct
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Final

from chunkproof_conformance.record.servers.scripted.answers import (
    SERVER,
    answer,
    refused,
    stream,
    twin,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

HOST: Final = "127.0.0.1"
PORT: Final = 9110
MODEL: Final = "script"
VERSION: Final = "1"
FRAMES_BEFORE_A_CUT: Final = 4
REQUEST_ID: Final = "req_0123456789abcdefscript"
ORGANISATION: Final = "org-0123456789abcdefscript"
COOKIE: Final = "__cf_bm=0123456789abcdef; path=/; HttpOnly"


class Handler(BaseHTTPRequestHandler):
    """Answers by `answers`; knows HTTP and what may go wrong on it."""

    protocol_version = "HTTP/1.1"
    pause = 0.002
    """Seconds between two frames: each is a network read of its own."""

    def version_string(self) -> str:
        return f"{SERVER}/{VERSION}"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name
        """Say nothing."""

    def do_GET(self) -> None:
        """`/v1/models`."""
        self._reply(200, {"object": "list", "data": [{"id": MODEL, "object": "model"}]})

    def do_POST(self) -> None:
        """`/v1/chat/completions`."""
        try:
            request: Any = json.loads(self.rfile.read(int(self.headers["content-length"] or 0)))
        except ValueError:
            request = None
        if (refusal := refused(request)) is not None:
            self._reply(400, refusal)
            return
        model = str(request.get("model"))
        leak = self.headers["authorization"] if model.endswith("-leak") else None
        said = answer(request, leak.removeprefix("Bearer ") if leak else None)
        if not request.get("stream"):
            if said.error is None:
                self._reply(200, twin(request, said))
            else:
                self._reply(500, {"error": said.error})
            return
        self._begin(200, "text/event-stream; charset=utf-8", chunked=True)
        for number, frame in enumerate(stream(request, said)):
            if number == FRAMES_BEFORE_A_CUT and model.endswith(("-cut", "-reset")):
                self._break(reset=model.endswith("-reset"))
                return
            self._chunk(frame)
            time.sleep(self.pause)
        self._chunk(b"")

    def _begin(self, status: int, kind: str, *, chunked: bool) -> None:
        self.send_response(status)
        self.send_header("content-type", kind)
        # As real vendors send them: a recorder must drop all three.
        self.send_header("x-request-id", REQUEST_ID)
        self.send_header("openai-organization", ORGANISATION)
        self.send_header("set-cookie", COOKIE)
        if chunked:
            self.send_header("transfer-encoding", "chunked")
            self.end_headers()

    def _chunk(self, data: bytes) -> None:
        self.wfile.write(b"%x\r\n%b\r\n" % (len(data), data))
        self.wfile.flush()

    def _reply(self, status: int, value: Any) -> None:
        body = json.dumps(value).encode()
        self._begin(status, "application/json", chunked=False)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _break(self, *, reset: bool) -> None:
        """Close in the middle of a body; reset: with a TCP RST."""
        self.close_connection = True
        if reset:
            time.sleep(0.1)  # what was sent must arrive first: a reset discards it
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
        else:
            self.connection.shutdown(socket.SHUT_RDWR)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that left early is no news."""


@contextmanager
def serving(port: int = 0) -> Iterator[str]:
    """The base URL of a running scripted upstream; port 0 takes a free one."""
    server = _Server((HOST, port), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://{HOST}:{server.server_port}/v1"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=PORT)
    _Server((HOST, parser.parse_args().port), Handler).serve_forever()


if __name__ == "__main__":
    main()
