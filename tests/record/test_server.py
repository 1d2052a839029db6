"""A server under recording is stopped with everything it started."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from chunkproof_conformance.record import server
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
print("listening", flush=True)
time.sleep(600)
"""
STARTS_ANOTHER = """
import subprocess, sys, time
worker = subprocess.Popen([sys.executable, "-c", sys.argv[1]], stdout=subprocess.PIPE)
worker.stdout.readline()
time.sleep({patience})
"""


@pytest.mark.parametrize("patience", [600, 0])
def test_workers_do_not_outlive_their_server(tmp_path: Path, patience: float) -> None:
    """Neither when the server is stopped, nor when it has left them behind by itself."""
    port = free_port()
    code = STARTS_ANOTHER.format(patience=patience)
    command = [sys.executable, "-c", code, LISTENS.format(port=port)]
    with running(command, port=port, folder=tmp_path, environment={}):
        assert listens(port)
    assert not listens(port)


def test_a_server_that_leaves_its_work_to_a_child_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where it does so just after we looked, and found nobody on the port yet."""
    leaders: list[subprocess.Popen[bytes]] = []
    popen = subprocess.Popen

    def noted(*words: object, **more: object) -> subprocess.Popen[bytes]:
        leaders.append(popen(*words, **more))  # type: ignore[call-overload]  # handed on
        return leaders[-1]

    def looked_too_early(port: int) -> bool:
        found = listens(port)
        if leaders and not found:
            os.waitid(os.P_PID, leaders[0].pid, os.WEXITED | os.WNOWAIT)
        return found

    monkeypatch.setattr(subprocess, "Popen", noted)
    monkeypatch.setattr(server, "listens", looked_too_early)
    port = free_port()
    command = [sys.executable, "-c", STARTS_ANOTHER.format(patience=0), LISTENS.format(port=port)]
    with running(command, port=port, folder=tmp_path, environment={}):
        assert listens(port)


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
