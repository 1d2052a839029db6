"""A server under recording: a child process on loopback, started in a neutral directory."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

HOST: Final = "127.0.0.1"


class ServerError(Exception):
    """A server that did not come up: its command and the end of its log."""

    def __init__(self, command: str, why: str) -> None:
        super().__init__(command, why)  # keeps the error picklable
        self.command = command
        self.why = why

    def __str__(self) -> str:
        return f"{self.command}: {self.why}"


def listens(port: int) -> bool:
    """Whether anybody accepts connections on this port of loopback."""
    with contextlib.suppress(OSError), socket.create_connection((HOST, port), timeout=1):
        return True
    return False


def free_port() -> int:
    """A port of loopback that nobody listens on now."""
    with socket.create_server((HOST, 0)) as listener:
        return int(listener.getsockname()[1])


@contextlib.contextmanager
def running(
    command: Sequence[str],
    *,
    port: int,
    folder: Path,
    environment: Mapping[str, str],
    patience: float = 120,
) -> Iterator[None]:
    """The server while the block runs; it is stopped at the end, also after an error.

    It leads a process group of its own, and the whole group is stopped: some servers start
    workers that outlive them and keep the port.

    folder: its working directory; `server.log` is written there. Servers put names and paths
        of their surroundings on the wire: choose one that may be published.
    environment: added to ours.
    patience: seconds until it must accept connections.
    Raises: ServerError.
    """
    name = " ".join(command[1:])
    if listens(port):
        # A leftover would answer in its place: recordings of the wrong program.
        raise ServerError(name, f"port {port} is taken")
    log = folder / "server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 - the recipe's own command
            command,
            cwd=folder,
            env={**os.environ, **environment},
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        limit = time.monotonic() + patience
        while True:
            # Looked for first: who leaves its work to a child may do so as soon as that listens.
            is_over = process.poll() is not None or time.monotonic() > limit
            if listens(port):
                break
            if is_over:
                raise ServerError(name, log.read_text(errors="replace")[-2000:])
            time.sleep(0.2)
        yield
    finally:
        _stop(process)


def _stop(leader: subprocess.Popen[bytes], patience: float = 20) -> None:
    """End the process group of this leader: asked first, killed after `patience` seconds."""
    limit = time.monotonic() + patience
    _signal(leader.pid, signal.SIGTERM)
    while time.monotonic() < limit:
        # The leader must be waited for, else its group never looks empty.
        if leader.poll() is not None and not _signal(leader.pid, 0):
            return
        time.sleep(0.05)
    _signal(leader.pid, signal.SIGKILL)
    leader.wait()


def _signal(group: int, number: int) -> bool:
    """Send it to the group; whether there is anybody in it."""
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        return False
    return True
