"""Install the Portkey gateway, start it before the scripted upstream, record, stop both.

    python -m chunkproof_conformance.record.servers.portkey.recipe --out FOLDER

README.md beside this file says the same as single commands.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from chunkproof_conformance.record.proxy import Proxied, chosen, is_relayed
from chunkproof_conformance.record.recipe import Served, ended, parser, record_pairs, wanted
from chunkproof_conformance.record.server import HOST, free_port, running
from chunkproof_conformance.record.servers.portkey.scenarios import SCENARIOS
from chunkproof_conformance.record.servers.scripted.server import serving

if TYPE_CHECKING:
    from collections.abc import Iterable

PACKAGE: Final = "@portkey-ai/gateway"
MANIFEST: Final = {
    "private": True,
    "dependencies": {PACKAGE: "1.15.2"},
    # With the 1.19 that it takes by itself each stream is a 500: "TypeError: immutable".
    "overrides": {"@hono/node-server": "1.13.8"},
}
PROVIDERS: Final = {"openai": "openai", "anthropic": "anthropic", "gemini": "google"}
"""Portkey's names of the vendors whose wires they are."""
PRELOAD: Final = Path(__file__).with_name("bind_loopback.cjs")
MODULES: Final = "node_modules"


def install(folder: Path) -> Path:
    """The gateway's packages in `folder`, which is returned. Takes a quarter of a minute."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "package.json").write_text(json.dumps(MANIFEST))
    command = ["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund"]
    subprocess.run(command, check=True, cwd=folder, stdout=subprocess.DEVNULL)  # noqa: S603
    return folder


def version(folder: Path) -> str:
    """The gateway's version, of its own package."""
    package = json.loads((folder / MODULES / PACKAGE / "package.json").read_bytes())
    return str(package["version"])


def command(folder: Path, port: int) -> list[str]:
    """What starts the gateway, on loopback and without its web page."""
    node = shutil.which("node") or "node"
    start = folder / MODULES / PACKAGE / "build" / "start-server.js"
    return [node, "--require", str(PRELOAD), str(start), "--headless", f"--port={port}"]


def served(scenario: Proxied, upstream: str, port: int, release: str) -> Served:
    """Where the scenario is asked. upstream: the script's base URL, which ends with /v1."""
    host = upstream.removesuffix("/v1") if scenario.wire == "gemini" else upstream
    return Served(
        base_url=f"http://{HOST}:{port}/v1",
        model=scenario.model,
        server="portkey-gateway",
        version=release,
        setup="proxy-over-script",
        upstream=f"script ({scenario.wire})",
        weights=None,
        headers={
            "x-portkey-provider": scenario.provider or PROVIDERS[scenario.wire],
            "x-portkey-custom-host": host,
            **scenario.headers,
        },
        relays=is_relayed,
    )


def record_all(gateway: Path, out: Path, scenarios: Iterable[Proxied]) -> dict[str, str]:
    """Record to `out` with one start of the gateway; returns failures by id."""
    release, port = version(gateway), free_port()
    with tempfile.TemporaryDirectory(prefix="portkey-") as neutral, serving() as upstream:
        started = command(gateway.resolve(), port)
        with running(started, port=port, folder=Path(neutral), environment={}):
            return record_pairs(
                ((s.case, served(s, upstream, port, release)) for s in scenarios), out
            )


def main(arguments: Iterable[str] | None = None) -> int:
    """0: all recorded; 1: some failed, the others are there."""
    made = parser("the Portkey gateway")
    made.add_argument("--gateway", type=Path, help="folder that the gateway is installed in")
    options = made.parse_args(None if arguments is None else list(arguments))
    cases = wanted((scenario.case for scenario in SCENARIOS), options)
    with tempfile.TemporaryDirectory(prefix="portkey-install-") as work:
        gateway = options.gateway or install(Path(work))
        failures = record_all(gateway, options.out, chosen(SCENARIOS, cases))
    return ended(failures)


if __name__ == "__main__":
    raise SystemExit(main())
