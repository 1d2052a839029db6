"""The recorder against real servers, with models that play our scripts: mlx-lm, llama-server."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from chunkproof_conformance.cases.cassette import load_cassette
from chunkproof_conformance.cases.expected import expected_by_oracle
from chunkproof_conformance.cli.main import main
from chunkproof_conformance.record import puppet
from chunkproof_conformance.record.scenarios import SCENARIOS
from chunkproof_conformance.record.server import HOST, free_port, running
from chunkproof_conformance.record.servers.llama_server import recipe as llama_server
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
LLAMA_SERVER = "CHUNKPROOF_LLAMA_SERVER"
"""Names a llama-server that is built: building one takes a quarter of an hour."""
GGUF_PYTHON = "CHUNKPROOF_GGUF_PYTHON"
"""Names an interpreter that has numpy and gguf; without it both are installed."""
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


PLAYED = {
    "text": "hello",
    "usage": "hello",
    "tool-forced": "weather",
    "tool-auto": "weather",
    "tools-parallel": "weathertime",
    "tool-no-arguments": "noargs",
    "reasoning": "think",
    "refusal": "hello",
    "n2": "hello",
    "logprobs": "hello",
    "stop": "count",
    "length": "long",
    "length-inside-call": "weather",
    "structured-output": "cityjson",
    "unicode": "unicode",
    "error-before-stream": "hello",
    "error-in-stream": "hello",
    "early-disconnect": "long",
}
NOT_SHOWN = {"refusal", "error-in-stream"}
"""llama-server has no refusals, and checks a schema before it answers."""


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.skipif(LLAMA_SERVER not in os.environ, reason=f"{LLAMA_SERVER} names no built server")
def test_all_scenarios_of_llama_server_are_recorded_valid_and_judged(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One command; what it writes is accepted and judged without an edit."""
    assert PLAYED.keys() == {scenario.name for scenario in SCENARIOS}
    server, named = Path(os.environ[LLAMA_SERVER]), os.environ.get(GGUF_PYTHON)
    needed = llama_server.MODEL_REQUIREMENTS
    python = Path(named) if named else llama_server.install(tmp_path / "environment", needed)
    work, out = tmp_path / "work", tmp_path / "out"
    work.mkdir()
    llama_server.make_model(python, work / "puppet.gguf", PLAYED.values())
    port = free_port()
    words = ["--base-url", f"http://{HOST}:{port}/v1", "--scenarios", "all", "--out", str(out)]
    words += ["--server", "llama-server", "--server-version", llama_server.version(server)]
    words += [w for n, s in PLAYED.items() for w in ("--prompt", f"{n}=play:{s} Go ahead.")]
    with running(
        llama_server.command_of(server, port, slots=2),
        port=port,
        folder=work,
        environment=llama_server.libraries(server),
    ):
        assert main(["record", *words, "--weights", "scripted", "--json"]) == 0
    outcomes: list[dict[str, Any]] = json.loads(capsys.readouterr().out)
    states = {each["scenario"]: each["state"] for each in outcomes}
    assert {name for name, state in states.items() if state == "not shown"} == NOT_SHOWN
    assert set(states.values()) == {"recorded", "not shown"}
    assert main(["validate", str(out)]) == 0
    assert main(["run", "--corpus", str(out), "-i", "impl:reference"]) == 0
    forced = load_cassette(out / "tools" / "llama-server-forced.yaml")
    (call,) = expected_by_oracle(forced)["final"]["choices"][0]["tool_calls"]
    assert (call["name"], json.loads(call["arguments"])["city"]) == ("get_weather", "Zürich")
