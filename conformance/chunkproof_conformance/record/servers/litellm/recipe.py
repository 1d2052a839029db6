"""Install the LiteLLM proxy, start it before its upstreams, record, stop them all.

    python -m chunkproof_conformance.record.servers.litellm.recipe --out FOLDER

README.md beside this file says the same as single commands.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
import venv
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from chunkproof_conformance.record.proxy import Proxied, chosen, is_relayed
from chunkproof_conformance.record.recipe import (
    Scenario,
    Served,
    ended,
    parser,
    record_each,
    record_pairs,
    wanted,
)
from chunkproof_conformance.record.server import HOST, free_port, running
from chunkproof_conformance.record.servers.litellm.over_servers import OVER_LLAMA, OVER_MLX
from chunkproof_conformance.record.servers.litellm.scenarios import SCENARIOS
from chunkproof_conformance.record.servers.litellm.upstreams import llama_server, mlx_lm
from chunkproof_conformance.record.servers.scripted.server import serving

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

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


@dataclass(frozen=True)
class Road:
    """A part of the models' names that leads to one upstream."""

    name: str
    """Requests ask for `name/model`."""
    vendor: str
    """LiteLLM's own name of the vendor that the upstream is taken for."""
    base: str
    """The address that LiteLLM puts the vendor's paths behind."""


def provider(scenario: Proxied) -> str:
    """LiteLLM's name of the vendor that the upstream is taken for."""
    return scenario.provider or scenario.wire


def roads_to_script(upstream: str) -> list[Road]:
    """The roads of every scenario. upstream: the script's base URL, which ends with /v1."""
    root = upstream.removesuffix("/v1")
    bases = {"openai": upstream, "anthropic": root, "gemini": f"{root}/v1beta"}
    wires = {provider(scenario): scenario.wire for scenario in SCENARIOS}
    return [Road(name, name, bases[wire]) for name, wire in sorted(wires.items())]


def config(roads: Iterable[Road]) -> dict[str, Any]:
    """The proxy's settings: no second try, nothing told to anybody."""
    models = [
        {
            "model_name": f"{road.name}/*",
            "litellm_params": {
                "model": f"{road.vendor}/*",
                "api_base": road.base,
                "api_key": KEY,
            },
        }
        for road in roads
    ]
    return {
        "model_list": models,
        "litellm_settings": {"telemetry": False, "num_retries": 0, "request_timeout": 60},
        "general_settings": {"master_key": KEY},
    }


@contextmanager
def proxy(python: Path, folder: Path, roads: Iterable[Road]) -> Iterator[Served]:
    """The proxy while the block runs: everything of it but the upstream."""
    port = free_port()
    # JSON is YAML.
    (folder / "config.yaml").write_text(json.dumps(config(roads), indent=1))
    command = [str(python.absolute().parent / "litellm"), "--config", "config.yaml"]
    command += ["--host", HOST, "--port", str(port)]
    with running(command, port=port, folder=folder, environment=ENVIRONMENT, patience=300):
        base_url = f"http://{HOST}:{port}/v1"
        yield Served(base_url, "", "litellm", version(python), api_key=KEY)


def over_script(scenario: Proxied, proxied: Served) -> Served:
    """Where a scenario of the script is asked."""
    return replace(
        proxied,
        model=f"{provider(scenario)}/{scenario.model}",
        setup="proxy-over-script",
        upstream=f"script ({scenario.wire})",
        weights=None,
        headers=scenario.headers,
        relays=is_relayed,
    )


def record_over_script(python: Path, out: Path, scenarios: Iterable[Proxied]) -> dict[str, str]:
    """Record to `out` with one start of the proxy; returns failures by id."""
    with (
        tempfile.TemporaryDirectory(prefix="litellm-") as neutral,
        serving() as upstream,
        proxy(python, Path(neutral), roads_to_script(upstream)) as proxied,
    ):
        return record_pairs(((s.case, over_script(s, proxied)) for s in scenarios), out)


def record_over_server(
    python: Path, out: Path, server: Served, scenarios: Iterable[Scenario]
) -> dict[str, str]:
    """The same over a real server that runs, which LiteLLM takes for OpenAI."""
    with (
        tempfile.TemporaryDirectory(prefix="litellm-") as neutral,
        proxy(python, Path(neutral), [Road("server", "openai", server.base_url)]) as proxied,
    ):
        asked = replace(
            proxied,
            model=f"server/{server.model}",
            setup="proxy-over-server",
            upstream=f"{server.server} {server.version}",
            weights=server.weights,
            cleaning=server.cleaning,
        )
        return record_each(scenarios, asked, out)


def main(arguments: Iterable[str] | None = None) -> int:
    """0: all recorded; 1: some failed, the others are there."""
    made = parser("the LiteLLM proxy")
    made.add_argument("--mlx", type=Path, help="interpreter that has mlx-lm: record over it too")
    made.add_argument("--llama-server", type=Path, help="a llama-server: record over it too")
    made.add_argument("--gguf", type=Path, help="interpreter with numpy and gguf, for its model")
    options = made.parse_args(None if arguments is None else list(arguments))
    if options.llama_server and not options.gguf:
        made.error("--llama-server needs --gguf, an interpreter with numpy and gguf")
    cases = wanted((scenario.case for scenario in SCENARIOS), options)
    failures: dict[str, str] = {}
    with tempfile.TemporaryDirectory(prefix="litellm-install-") as work:
        python = options.python or install(Path(work))
        if cases:
            failures |= record_over_script(python, options.out, chosen(SCENARIOS, cases))
        if options.mlx and (over := wanted(OVER_MLX, options)):
            with mlx_lm(options.mlx) as server:
                failures |= record_over_server(python, options.out, server, over)
        if options.llama_server and (over := wanted(OVER_LLAMA, options)):
            with llama_server(options.llama_server, options.gguf) as server:
                failures |= record_over_server(python, options.out, server, over)
    return ended(failures)


if __name__ == "__main__":
    raise SystemExit(main())
