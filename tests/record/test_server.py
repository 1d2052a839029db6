"""A server under recording is stopped with everything it started."""

import sys
from pathlib import Path

import pytest

from chunkproof_conformance.record.server import (
    HOST,
    ServerError,
    free_port,
    listens,
    running,
)

LISTENS = f"""
import socket, time
listener = socket.create_server(("{HOST}", {{port}}))
time.sleep(60)
"""
STARTS_ANOTHER = """
import subprocess, sys, time
subprocess.Popen([sys.executable, "-c", sys.argv[1]])
time.sleep({patience})
"""


@pytest.mark.parametrize("patience", [60, 1])
def test_workers_do_not_outlive_their_server(tmp_path: Path, patience: float) -> None:
    """Neither when the server is stopped, nor when it has left them behind by itself."""
    port = free_port()
    code = STARTS_ANOTHER.format(patience=patience)
    command = [sys.executable, "-c", code, LISTENS.format(port=port)]
    with running(command, port=port, folder=tmp_path, environment={}):
        assert listens(port)
    assert not listens(port)


def test_a_server_that_ends_at_once_is_an_error_with_its_log(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "raise SystemExit('no such model')"]
    with (
        pytest.raises(ServerError, match="no such model"),
        running(command, port=free_port(), folder=tmp_path, environment={}),
    ):
        pass


def test_a_leftover_on_the_port_is_not_taken_for_the_server(tmp_path: Path) -> None:
    port = free_port()
    command = [sys.executable, "-c", LISTENS.format(port=port)]
    with (
        running(command, port=port, folder=tmp_path, environment={}),
        pytest.raises(ServerError, match="is taken"),
        running(command, port=port, folder=tmp_path, environment={}),
    ):
        pass
