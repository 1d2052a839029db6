"""An upstream on loopback that plays a script, for recorders and for proxies.

    python -m chunkproof_conformance.record.servers.scripted.server [--port 9110]

It speaks the wires of OpenAI, Anthropic and Gemini, by the path that is asked. The model's name
chooses what goes wrong: README.md beside this file lists them. Standard library only.
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

from chunkproof_conformance.record.servers.scripted import wires
from chunkproof_conformance.record.servers.scripted.answers import (
    SERVER,
    Answer,
    answer,
    refused,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chunkproof_conformance.record.servers.scripted.wires import Wire

HOST: Final = "127.0.0.1"
PORT: Final = 9110
MODEL: Final = "script"
VERSION: Final = "1"
DONE: Final = b"data: [DONE]\n\n"
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
        """The three wires, by their paths."""
        body = self._body()
        asked = wires.asked(self.path)
        try:
            request: Any = json.loads(body)
        except ValueError:
            request = None
        if asked is None:
            self._reply(404, {"error": {"message": "No such path.", "type": "not_found"}})
        elif asked.wire is wires.OPENAI and (refusal := refused(request)) is not None:
            self._reply(400, refusal)
        elif not isinstance(request, dict):
            self._reply(400, asked.wire.error)
        else:
            if asked.model is not None:
                request |= {"model": asked.model, "stream": asked.streams}
            self._answer(asked.wire, request)

    def _body(self) -> bytes:
        """The request's body; proxies send it in HTTP chunks."""
        if "chunked" not in (self.headers["transfer-encoding"] or ""):
            return self.rfile.read(int(self.headers["content-length"] or 0))
        whole = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            whole += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return whole

    def _answer(self, wire: Wire, request: dict[str, Any]) -> None:
        model = str(request.get("model"))
        if model.endswith("-429"):
            self._reply(429, wire.too_many)
            return
        leak = self.headers["authorization"] if model.endswith("-leak") else None
        said = answer(wire.asked(request), leak.removeprefix("Bearer ") if leak else None)
        if request.get("stream"):
            self._stream(wire, request, said)
        elif said.error is not None:
            self._reply(500, {"error": said.error})
        elif model.endswith("-error"):
            self._reply(500, wire.error)
        else:
            self._reply(200, wire.twin(request, said))

    def _stream(self, wire: Wire, request: dict[str, Any], said: Answer) -> None:
        model = str(request.get("model"))
        self._begin(200, "text/event-stream; charset=utf-8", chunked=True)
        for number, frame in enumerate(wire.stream(request, said)):
            if number == wire.whole and model.endswith(("-cut", "-reset")):
                self._break(reset=model.endswith("-reset"))
                return
            if number == wire.whole and model.endswith("-error"):
                self._chunk(wire.error_frame)
                break
            if model.endswith("-nodone") and frame == DONE:
                break
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
        # What was sent must arrive first: a reset discards it, and some proxies drop what they
        # have read and not handed on when their upstream fails.
        time.sleep(0.1)
        if reset:
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
