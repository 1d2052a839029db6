"""Install llama-cpp-python's server, make the scripted model, start it, record, stop it.

    python -m chunkproof_conformance.record.servers.llama_cpp_python.recipe --out FOLDER

README.md beside this file says the same as single commands.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
import venv
from pathlib import Path
from typing import TYPE_CHECKING, Final

from chunkproof_conformance.record import puppet
from chunkproof_conformance.record.recipe import Served, ended, parser, record_each, wanted
from chunkproof_conformance.record.server import HOST, free_port, running
from chunkproof_conformance.record.servers.llama_cpp_python.scenarios import SCENARIOS

if TYPE_CHECKING:
    from collections.abc import Iterable

REQUIREMENTS: Final = ("llama-cpp-python[server]==0.3.36", "numpy", "gguf")
"""The first is a source distribution: it builds llama.cpp, unless --library names one."""
MODEL: Final = "puppet"
OPTIONS: Final = ("--n_ctx", "2048", "--n_threads", "1", "--logits_all", "true")


def install(folder: Path, *, build: bool) -> Path:
    """A new environment with the server in `folder`; returns its interpreter.

    build: compile llama.cpp for it too, minutes of C++ on every core.
    """
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    environment = os.environ if build else {**os.environ, "CMAKE_ARGS": "-DLLAMA_BUILD=OFF"}
    subprocess.run(  # noqa: S603
        [python, "-m", "pip", "install", "--quiet", *REQUIREMENTS], check=True, env=environment
    )
    return python


def version(python: Path) -> str:
    """The version of llama-cpp-python, which names the llama.cpp it was made for."""
    code = "from importlib.metadata import version as v; print(v('llama-cpp-python'))"
    done = subprocess.run([python, "-c", code], check=True, capture_output=True, text=True)  # noqa: S603
    return done.stdout.strip()


def make_model(python: Path, path: Path) -> None:
    """Write the model that says every script, with the project's code on the path."""
    scripts = sorted({scenario.script for scenario in SCENARIOS})
    environment = {**os.environ, "PYTHONPATH": str(Path(puppet.__file__).parents[2])}
    module = "chunkproof_conformance.record.puppet_gguf"
    command = [str(python), "-m", module, str(path), *scripts]
    subprocess.run(command, check=True, env=environment)  # noqa: S603


def libraries(folder: Path | None) -> dict[str, str]:
    """The environment in which the server finds llama.cpp's libraries in `folder`."""
    if folder is None:
        return {}
    there = str(folder.absolute())
    # The first is the server's own; the second is for the libraries that its library needs.
    return {"LLAMA_CPP_LIB_PATH": there, "LD_LIBRARY_PATH": there}


def main(arguments: Iterable[str] | None = None) -> int:
    """0: all recorded; 1: some failed, the others are there."""
    made = parser("llama-cpp-python's server")
    made.add_argument("--library", type=Path, help="folder of a libllama that is built")
    options = made.parse_args(None if arguments is None else list(arguments))
    with tempfile.TemporaryDirectory(prefix="llama-cpp-python-") as work:
        folder = Path(work)
        python = options.python or install(folder / "environment", build=options.library is None)
        make_model(python, folder / f"{MODEL}.gguf")
        port = free_port()
        command = [str(python.absolute()), "-m", "llama_cpp.server"]
        command += ["--model", f"{MODEL}.gguf", "--model_alias", MODEL]
        command += ["--host", HOST, "--port", str(port), *OPTIONS]
        served = Served(f"http://{HOST}:{port}/v1", MODEL, "llama-cpp-python", version(python))
        with running(command, port=port, folder=folder, environment=libraries(options.library)):
            failures = record_each(wanted(SCENARIOS, options), served, options.out)
    return ended(failures)


if __name__ == "__main__":
    raise SystemExit(main())
