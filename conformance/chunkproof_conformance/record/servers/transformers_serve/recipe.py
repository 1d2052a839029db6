"""Install transformers serve, make the scripted model, start it, record every scenario, stop it.

    python -m chunkproof_conformance.record.servers.transformers_serve.recipe --out FOLDER

README.md beside this file says the same as single commands.
"""

from __future__ import annotations

import subprocess
import tempfile
import venv
from pathlib import Path
from typing import TYPE_CHECKING, Final

from chunkproof_conformance.record import puppet
from chunkproof_conformance.record.recipe import Served, ended, parser, record_each, wanted
from chunkproof_conformance.record.server import HOST, free_port, running
from chunkproof_conformance.record.servers.transformers_serve.scenarios import SCENARIOS

if TYPE_CHECKING:
    from collections.abc import Iterable

REQUIREMENTS: Final = (("torch==2.13.0",), ("transformers[serving]==5.23.0", "numpy"))
"""In this order: torch alone first, so that a wheel for the CPU can be chosen."""
OFFLINE: Final = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"}
MODEL: Final = "puppet"
"""The folder of the checkpoint, named relative to the server's own: it stands in every chunk."""


def install(folder: Path) -> Path:
    """A new environment with the server in `folder`; returns its interpreter. Takes minutes."""
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    for names in REQUIREMENTS:
        subprocess.run([python, "-m", "pip", "install", "--quiet", *names], check=True)  # noqa: S603
    return python


def version(python: Path) -> str:
    """The version of transformers and that of torch under it."""
    code = "from importlib.metadata import version as v; print(v('transformers'), v('torch'))"
    done = subprocess.run([python, "-c", code], check=True, capture_output=True, text=True)  # noqa: S603
    server, tensors = done.stdout.split()
    return f"{server} (torch {tensors})"


def make_model(python: Path, folder: Path) -> None:
    """Write the checkpoint that says every script of the scenarios.

    Its tokenizer hides the selector: the server reads the decoded prompt together with the answer.
    """
    scripts = sorted({scenario.script for scenario in SCENARIOS})
    command = [str(python), puppet.__file__, str(folder / MODEL), *scripts, "--hide-selector"]
    subprocess.run(command, check=True)  # noqa: S603


def main(arguments: Iterable[str] | None = None) -> int:
    """0: all recorded; 1: some failed, the others are there."""
    options = parser("transformers serve").parse_args(
        None if arguments is None else list(arguments)
    )
    with tempfile.TemporaryDirectory(prefix="transformers-serve-") as work:
        folder = Path(work)
        python = (options.python or install(folder / "environment")).absolute()
        make_model(python, folder)
        port = free_port()
        command = [str(python.parent / "transformers"), "serve", MODEL]
        command += ["--host", HOST, "--port", str(port), "--device", "cpu"]
        served = Served(f"http://{HOST}:{port}/v1", MODEL, "transformers serve", version(python))
        with running(command, port=port, folder=folder, environment=OFFLINE, patience=300):
            failures = record_each(wanted(SCENARIOS, options), served, options.out)
    return ended(failures)


if __name__ == "__main__":
    raise SystemExit(main())
