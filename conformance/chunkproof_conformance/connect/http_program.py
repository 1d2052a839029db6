"""`http:PROGRAM ARGS`: any real client, pointed at our replay server.

Control goes over the pipe as for `cmd:`, the stream over HTTP: `run` carries a base URL.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from chunkproof_conformance.connect.program import Program
from chunkproof_conformance.connect.replay import ReplayServer, served

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from chunkproof_conformance.connect.adapter import Stream
    from chunkproof_conformance.judge.observation import Implementation, Observation


class HttpProgram(Program):
    """A connection to a program that reads its streams from a server of ours."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        timeout: float = 10.0,
        start_timeout: float = 60.0,
        validate: Callable[[str, Any], None] | None = None,
    ) -> None:
        super().__init__(command, timeout=timeout, start_timeout=start_timeout, validate=validate)
        self._server: ReplayServer | None = None

    def start(self) -> Implementation:
        """Start the server and the program; whatever it says, it enters at HTTP."""
        if self._server is None:
            server = ReplayServer()
            server.start()
            self._server = server
        return msgspec.structs.replace(super().start(), input="http", step=False)

    def run(self, stream: Stream) -> Observation:
        """One run: the stream is served under a nonce of its own."""
        if self._server is None:
            self.start()
        server = self._server
        assert server is not None  # noqa: S101 -- `start` has made it
        nonce = server.add(served(stream))
        try:
            return self.run_at(stream, server.base_url(nonce))
        finally:
            server.remove(nonce)

    def stop(self) -> None:
        """Stop the program, then the server."""
        try:
            super().stop()
        finally:
            server, self._server = self._server, None
            if server is not None:
                server.stop()
