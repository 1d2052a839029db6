"""Install the MLflow gateway, start it before the scripted upstream, record, stop both.

    python -m chunkproof_conformance.record.servers.mlflow_gateway.recipe --out FOLDER

README.md beside this file says the same as single commands.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import venv
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from chunkproof_conformance.record.proxy import Proxied, chosen, is_relayed
from chunkproof_conformance.record.recipe import Served, ended, parser, record_pairs, wanted
from chunkproof_conformance.record.server import HOST, free_port, running
from chunkproof_conformance.record.servers.mlflow_gateway.scenarios import SCENARIOS
from chunkproof_conformance.record.servers.scripted.server import serving

if TYPE_CHECKING:
    from collections.abc import Iterable

REQUIREMENT: Final = "mlflow[gateway]==3.17.2"
ENVIRONMENT: Final = {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "1"}


def install(folder: Path) -> Path:
    """A new environment with the gateway in `folder`; returns its interpreter. Takes minutes."""
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", REQUIREMENT], check=True)  # noqa: S603
    return python


def version(python: Path) -> str:
    """The gateway's version."""
    code = "from importlib.metadata import version; print(version('mlflow'))"
    done = subprocess.run([python, "-c", code], check=True, capture_output=True, text=True)  # noqa: S603
    return done.stdout.strip()


def endpoint(scenario: Proxied) -> str:
    """The gateway's own name of the road to this upstream and model."""
    return f"{scenario.wire}-{scenario.model}"


def config(scenarios: Iterable[Proxied], upstream: str) -> dict[str, Any]:
    """The gateway's settings: an endpoint for each wire and model.

    upstream: the script's base URL, which ends with /v1.
    """
    roads = {endpoint(scenario): scenario for scenario in scenarios}
    return {
        "endpoints": [
            {
                "name": name,
                "endpoint_type": "llm/v1/chat",
                "model": {
                    "provider": scenario.wire,
                    "name": scenario.model,
                    "config": {
                        f"{scenario.wire}_api_key": "none",
                        f"{scenario.wire}_api_base": upstream,
                    },
                },
            }
            for name, scenario in sorted(roads.items())
        ]
    }


def served(scenario: Proxied, port: int, release: str) -> Served:
    """Where the scenario is asked."""
    return Served(
        base_url=f"http://{HOST}:{port}/v1",
        model=endpoint(scenario),
        server="mlflow-gateway",
        version=release,
        setup="proxy-over-script",
        upstream=f"script ({scenario.wire})",
        weights=None,
        headers=scenario.headers,
        relays=is_relayed,
    )


def record_all(python: Path, out: Path, scenarios: Iterable[Proxied]) -> dict[str, str]:
    """Record to `out` with one start of the gateway; returns failures by id."""
    asked, port, release = list(scenarios), free_port(), version(python)
    binaries = python.absolute().parent
    with tempfile.TemporaryDirectory(prefix="mlflow-") as neutral, serving() as upstream:
        folder = Path(neutral)
        # JSON is YAML.
        (folder / "config.yaml").write_text(json.dumps(config(asked, upstream), indent=1))
        command = [str(binaries / "mlflow"), "gateway", "start", "--config-path", "config.yaml"]
        command += ["--host", HOST, "--port", str(port), "--workers", "1"]
        # It starts gunicorn by its bare name.
        path = f"{binaries}{os.pathsep}{os.environ['PATH']}"
        environment = {**ENVIRONMENT, "PATH": path}
        with running(command, port=port, folder=folder, environment=environment, patience=300):
            return record_pairs(((s.case, served(s, port, release)) for s in asked), out)


def main(arguments: Iterable[str] | None = None) -> int:
    """0: all recorded; 1: some failed, the others are there."""
    options = parser("the MLflow gateway").parse_args(
        None if arguments is None else list(arguments)
    )
    cases = wanted((scenario.case for scenario in SCENARIOS), options)
    with tempfile.TemporaryDirectory(prefix="mlflow-install-") as work:
        python = options.python or install(Path(work))
        failures = record_all(python, options.out, chosen(SCENARIOS, cases))
    return ended(failures)


if __name__ == "__main__":
    raise SystemExit(main())
