"""Install the LiteLLM proxy, start it before the scripted upstream, record, stop both.

    python -m chunkproof_conformance.record.servers.litellm.recipe --out FOLDER

README.md beside this file says the same as single commands.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
import venv
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from chunkproof_conformance.record.proxy import Proxied, chosen, is_relayed
from chunkproof_conformance.record.recipe import Served, ended, parser, record_pairs, wanted
from chunkproof_conformance.record.server import HOST, free_port, running
from chunkproof_conformance.record.servers.litellm.scenarios import SCENARIOS
from chunkproof_conformance.record.servers.scripted.server import serving

if TYPE_CHECKING:
    from collections.abc import Iterable

REQUIREMENT: Final = "litellm[proxy]==1.106.2"
KEY: Final = "sk-local"
"""Without a key the proxy refuses to start; it guards nothing."""
ENVIRONMENT: Final = {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_TELEMETRY": "False"}
"""Else it fetches a list of prices when it starts."""


def install(folder: Path) -> Path:
    """A new environment with the proxy in `folder`; returns its interpreter. Takes minutes."""
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", REQUIREMENT], check=True)  # noqa: S603
    return python


def version(python: Path) -> str:
    """The proxy's version."""
    code = "from importlib.metadata import version; print(version('litellm'))"
    done = subprocess.run([python, "-c", code], check=True, capture_output=True, text=True)  # noqa: S603
    return done.stdout.strip()


def provider(scenario: Proxied) -> str:
    """LiteLLM's name of the vendor that the upstream is taken for."""
    return scenario.provider or scenario.wire


def config(scenarios: Iterable[Proxied], upstream: str) -> dict[str, Any]:
    """The proxy's settings. upstream: the script's base URL, which ends with /v1."""
    root = upstream.removesuffix("/v1")
    bases = {"openai": upstream, "anthropic": root, "gemini": f"{root}/v1beta"}
    wires = {provider(scenario): scenario.wire for scenario in scenarios}
    models = [
        {
            "model_name": f"{name}/*",
            "litellm_params": {"model": f"{name}/*", "api_base": bases[wire], "api_key": KEY},
        }
        for name, wire in sorted(wires.items())
    ]
    settings = {"telemetry": False, "num_retries": 0, "request_timeout": 60}
    general = {"master_key": KEY}
    return {
        "model_list": models,
        "litellm_settings": settings,
        "general_settings": general,
    }


def served(scenario: Proxied, port: int, release: str) -> Served:
    """Where the scenario is asked."""
    return Served(
        base_url=f"http://{HOST}:{port}/v1",
        model=f"{provider(scenario)}/{scenario.model}",
        server="litellm",
        version=release,
        setup="proxy-over-script",
        upstream=f"script ({scenario.wire})",
        weights=None,
        api_key=KEY,
        headers=scenario.headers,
        relays=is_relayed,
    )


def record_all(python: Path, out: Path, scenarios: Iterable[Proxied]) -> dict[str, str]:
    """Record to `out` with one start of the proxy; returns failures by id."""
    asked, port, release = list(scenarios), free_port(), version(python)
    with tempfile.TemporaryDirectory(prefix="litellm-") as neutral, serving() as upstream:
        folder = Path(neutral)
        # JSON is YAML.
        (folder / "config.yaml").write_text(json.dumps(config(asked, upstream), indent=1))
        command = [str(python.absolute().parent / "litellm"), "--config", "config.yaml"]
        command += ["--host", HOST, "--port", str(port)]
        with running(command, port=port, folder=folder, environment=ENVIRONMENT, patience=300):
            return record_pairs(((s.case, served(s, port, release)) for s in asked), out)


def main(arguments: Iterable[str] | None = None) -> int:
    """0: all recorded; 1: some failed, the others are there."""
    options = parser("the LiteLLM proxy").parse_args(None if arguments is None else list(arguments))
    cases = wanted((scenario.case for scenario in SCENARIOS), options)
    with tempfile.TemporaryDirectory(prefix="litellm-install-") as work:
        python = options.python or install(Path(work))
        failures = record_all(python, options.out, chosen(SCENARIOS, cases))
    return ended(failures)


if __name__ == "__main__":
    raise SystemExit(main())
