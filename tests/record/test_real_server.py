"""The recorder against a real server: mlx-lm, with a checkpoint that plays our scripts."""

import os
from pathlib import Path

import pytest

from chunkproof_conformance.cases.cassette import load_cassette
from chunkproof_conformance.cases.expected import expected_by_oracle
from chunkproof_conformance.cli.main import main
from chunkproof_conformance.record import puppet
from chunkproof_conformance.record.server import HOST, running
from chunkproof_conformance.record.servers.mlx_lm.recipe import (
    MODEL,
    OFFLINE,
    install,
    make_checkpoints,
    version,
)
from chunkproof_conformance.record.servers.mlx_lm.scenarios import Scenario

PYTHON = "CHUNKPROOF_MLX_PYTHON"
"""Names an interpreter that has mlx-lm; without it one is installed, from a package index."""
PORT = 8093
SCRIPTS = ("hello", "unicode", "long", "think", "tool")
SAYS = {
    "text": "hello",
    "usage": "hello",
    "tool-auto": "tool",
    "reasoning": "think",
    "length": "long",
    "unicode": "unicode",
    "error-before-stream": "hello",
    "early-disconnect": "long",
}


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_what_a_real_server_sends_is_recorded_valid_and_judged(tmp_path: Path) -> None:
    """Eight scenarios; the machine's platform, which mlx-lm puts into every chunk, is gone."""
    named = os.environ.get(PYTHON)
    python = Path(named) if named else install(tmp_path / "environment")
    work, out = tmp_path / "work", tmp_path / "out"
    work.mkdir()
    scenario = Scenario("text/x", "x", "hello", SCRIPTS, ["core"], "must", [], [])
    make_checkpoints(python, work, [scenario])
    command = [str(python), "-m", "mlx_lm", "server", "--model", "-".join(SCRIPTS)]
    command += ["--host", HOST, "--port", str(PORT)]
    prompts = [w for n, s in SAYS.items() for w in ("--prompt", f"{n}=play:{s} Go ahead.")]
    with running(command, port=PORT, folder=work, environment=OFFLINE):
        who = ["--server", "mlx-lm", "--server-version", version(python), "--weights", "scripted"]
        where = ["--base-url", f"http://{HOST}:{PORT}/v1", "--model", MODEL, "--out", str(out)]
        assert main(["record", *where, *who, "--scenarios", ",".join(SAYS), *prompts]) == 0
    recorded = [load_cassette(path) for path in out.glob("*/*.yaml")]
    assert len(recorded) == len(SAYS)
    for case in recorded:
        origin = case.key.provenance
        assert (origin.kind, origin.setup, origin.server) == ("recorded", "server", "mlx-lm")
    plain = load_cassette(out / "text" / "mlx-lm-plain.yaml")
    said = f'"system_fingerprint": "{version(python).split()[0]}-'.encode()
    assert said in plain.body
    assert not any(word in plain.body for word in (b"Linux", b"Darwin", b"glibc", b"x86", b"arm64"))
    (choice,) = expected_by_oracle(plain)["final"]["choices"]
    assert choice["text"] == puppet.SCRIPTS["hello"]
    assert main(["validate", str(out)]) == 0
    assert main(["run", "--corpus", str(out), "-i", "impl:reference"]) == 0
