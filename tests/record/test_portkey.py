"""The Portkey recipe: installed anew, it records what the corpus holds, and leaves nothing behind.

It needs node, npm and, once per run, npm's registry; without them it is skipped, and fails where
nothing may be skipped.
"""

import contextlib
import json
import re
import shutil
import socket
import subprocess
from collections.abc import Iterable
from pathlib import Path

import pytest

from chunkproof_conformance.cases.cassette import load_cassette
from chunkproof_conformance.cases.index import load_case
from chunkproof_conformance.cli.main import main
from chunkproof_conformance.record.recipe import Scenario, Served, record_pairs
from chunkproof_conformance.record.server import listens
from chunkproof_conformance.record.servers.portkey import recipe
from chunkproof_conformance.record.servers.portkey.scenarios import NONSTRICT, SCENARIOS
from tests import tools

AGAIN = (
    "errors/portkey-anthropic-error-in-call",
    "finish/portkey-gemini-safety",
    "envelope/portkey-huggingface-id-changes",
    "tools/portkey-anthropic-text-first",
)
"""One of each wire, and the one whose ids are all new."""


def test_each_wire_has_its_address_and_its_headers() -> None:
    """Gemini's paths begin at the root of the host, the others' at /v1."""
    for scenario in SCENARIOS:
        served = recipe.served(scenario, "http://127.0.0.1:9110/v1", 8787, "1.15.2")
        host = served.headers["x-portkey-custom-host"]
        assert host.endswith("/v1") == (scenario.wire != "gemini")
        assert served.headers["x-portkey-provider"] in {
            "anthropic",
            "google",
            scenario.provider,
        }
        assert (NONSTRICT.items() <= served.headers.items()) == bool(scenario.headers)
        assert served.relays is not None


@pytest.mark.needs("node")
def test_the_preload_keeps_every_server_on_loopback() -> None:
    """However `listen` is called: the gateway knows no option for its address."""
    code = """
    const net = require('node:net'), seen = [];
    const start = [
      (s, done) => s.listen(0, done),
      (s, done) => s.listen(0, '0.0.0.0', done),
      (s, done) => s.listen(0, '::', 5, done),
      (s, done) => s.listen({ port: 0, host: '0.0.0.0' }, done),
      (s, done) => { s.listen({ port: 0 }); s.on('listening', done); },
    ];
    start.forEach((listen) => {
      const server = net.createServer();
      listen(server, () => {
        seen.push(server.address().address);
        server.close();
        if (seen.length === start.length) console.log(JSON.stringify(seen));
      });
    });
    """
    node = shutil.which("node") or "node"
    command = [node, "--require", str(recipe.PRELOAD), "--eval", code]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60)
    assert json.loads(done.stdout) == ["127.0.0.1"] * 5


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The gateway, installed anew."""
    try:
        return recipe.install(tmp_path_factory.mktemp("gateway"))
    except subprocess.CalledProcessError as error:
        if tools.skips_are_failures():
            pytest.fail(f"npm cannot install the gateway: {error}", pytrace=False)
        pytest.skip("npm cannot install the gateway")


def processes_naming(folder: Path) -> list[str]:
    """The command lines that name the folder."""
    listed = subprocess.run(
        ["ps", "-A", "-ww", "-o", "args"], check=True, capture_output=True, text=True
    )
    return [line for line in listed.stdout.splitlines() if str(folder) in line]


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.needs("node")
@pytest.mark.needs("npm")
@pytest.mark.needs("ps")
def test_the_recipe_records_validly_scores_and_leaves_no_process(
    gateway: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    ports: list[int] = []

    def watched(pairs: Iterable[tuple[Scenario, Served]], out: Path) -> dict[str, str]:
        asked = list(pairs)
        ports.extend({int(served.base_url.split(":")[2].split("/")[0]) for _, served in asked})
        assert processes_naming(gateway), "while it runs it is seen"
        assert listens(ports[0])
        with (
            pytest.raises(OSError, match=r".*"),
            contextlib.closing(socket.create_connection(("127.0.0.2", ports[0]), timeout=2)),
        ):
            pass  # it listens on one address of this machine, and on no other
        return record_pairs(asked, out)

    monkeypatch.setattr(recipe, "record_pairs", watched)
    assert recipe.main(["--out", str(tmp_path), "--gateway", str(gateway), *AGAIN]) == 0
    assert capsys.readouterr().out.count("\n") == len(AGAIN)
    assert processes_naming(gateway) == []
    assert not listens(ports[0])
    for case_id in AGAIN:
        case = load_cassette(tmp_path / f"{case_id}.yaml", expected_id=case_id)
        assert comparable(case.body) == comparable(load_case(case_id).body)
        assert case.key.rows == load_case(case_id).key.rows
    assert main(["validate", str(tmp_path)]) == 0
    assert main(["run", "--corpus", str(tmp_path), "-i", "impl:reference"]) == 0


def comparable(body: bytes) -> str:
    """The body without ids and times."""
    text = re.sub(r'"id":"(?:portkey-[0-9a-f-]+|[a-z]+-\d+)"', '"id":""', body.decode())
    return re.sub(r'"created":\d+', '"created":0', text)
