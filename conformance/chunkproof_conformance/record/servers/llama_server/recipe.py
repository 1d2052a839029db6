"""Build llama-server, make the scripted model, start it, record every scenario, stop it.

    python -m chunkproof_conformance.record.servers.llama_server.recipe --out FOLDER

README.md beside this file says the same as single commands.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import re
import subprocess
import sys
import tarfile
import tempfile
import venv
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import openai

from chunkproof_conformance.cases.cassette import CassetteError, write_cassette
from chunkproof_conformance.cases.key import CassetteKey, Provenance
from chunkproof_conformance.record import puppet
from chunkproof_conformance.record.agreement import agreement
from chunkproof_conformance.record.cassette import LOOPBACK, pieces_of, to_cassette
from chunkproof_conformance.record.server import HOST, running
from chunkproof_conformance.record.servers.llama_server.scenarios import (
    SCENARIOS,
    Scenario,
    tools_of,
)
from chunkproof_conformance.record.session import RecordError, Recording, record

if TYPE_CHECKING:
    from collections.abc import Iterable

SOURCE: Final = "llama-cpp-python==0.3.36"
"""A source distribution that holds llama.cpp with its server."""
MODEL_REQUIREMENTS: Final = ("numpy", "gguf")
"""What writing the model takes, where a server is built already."""
REQUIREMENTS: Final = ("cmake", "ninja", "scikit-build-core", *MODEL_REQUIREMENTS)
SWITCHES: Final = (
    "-DCMAKE_BUILD_TYPE=None",
    "-DCMAKE_CXX_FLAGS=-O0 -DNDEBUG",
    "-DCMAKE_C_FLAGS=-O1 -DNDEBUG",
    "-DGGML_NATIVE=OFF",
    "-DGGML_CCACHE=OFF",
    "-DLLAMA_OPENSSL=OFF",
    "-DLLAMA_USE_PREBUILT_UI=OFF",  # it would be fetched while building
    "-DLLAMA_BUILD_UI=OFF",
    "-DLLAMA_BUILD_TESTS=OFF",
    "-DLLAMA_BUILD_EXAMPLES=OFF",
    "-DLLAMA_BUILD_APP=OFF",
)
"""A build made quickly: the model is one table, its speed does not matter."""
PORT: Final = 8080
MODEL: Final = "puppet"
OPTIONS: Final = ("-c", "4096", "-t", "1", "--jinja", "--no-webui", "--offline")


def install(folder: Path, requirements: Iterable[str] = REQUIREMENTS) -> Path:
    """A new environment in `folder` with all that building takes; returns its interpreter."""
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", *requirements], check=True)  # noqa: S603
    return python


def build(python: Path, folder: Path) -> Path:
    """llama-server, built in `folder`: a quarter of an hour on one core."""
    fetch = [str(python), "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:"]
    subprocess.run([*fetch, "--no-build-isolation", SOURCE], check=True, cwd=folder)  # noqa: S603
    with tarfile.open(next(folder.glob("llama_cpp_python-*.tar.gz"))) as archive:
        archive.extractall(folder, filter="data")
    source = next(folder.glob("llama_cpp_python-*/vendor/llama.cpp"))
    environment = {**os.environ, "PATH": f"{python.parent}{os.pathsep}{os.environ['PATH']}"}
    commands: tuple[list[str], ...] = (
        ["cmake", "-S", str(source), "-B", "build", "-G", "Ninja", *SWITCHES],
        ["ninja", "-C", "build", "llama-server"],
    )
    for command in commands:
        subprocess.run(command, check=True, cwd=folder, env=environment)  # noqa: S603
    return folder / "build" / "bin" / "llama-server"


def libraries(server: Path) -> dict[str, str]:
    """The environment in which the server finds its libraries: they lie beside it.

    A build that was moved, or lies in a package, does not know where it is.
    """
    return {"LD_LIBRARY_PATH": str(server.resolve().parent)}


def version(server: Path) -> str:
    """llama.cpp's version and commit. Raises: ValueError if it tells neither."""
    environment = {**os.environ, **libraries(server)}
    done = subprocess.run(  # noqa: S603
        [server, "--version"], check=True, capture_output=True, text=True, env=environment
    )
    found = re.search(r"version: (\S+) \(.*commit (\w+)\)", done.stdout + done.stderr)
    if found is None:
        raise ValueError(f"no version in {(done.stdout + done.stderr)[:200]!r}")
    return f"{found[1]} (ggml-org/llama.cpp {found[2]})"


def make_model(python: Path, path: Path, scripts: Iterable[str]) -> None:
    """Write the model that says `scripts`, with the project's code on that interpreter's path."""
    project = Path(puppet.__file__).parents[2]
    module = "chunkproof_conformance.record.puppet_gguf"
    environment = {**os.environ, "PYTHONPATH": str(project)}
    subprocess.run(  # noqa: S603
        [python, "-m", module, path, *sorted({*scripts})], check=True, env=environment
    )


def request_of(scenario: Scenario) -> dict[str, Any]:
    """The arguments of `chat.completions.create`, without `stream`."""
    messages = [{"role": "user", "content": f"play:{scenario.script} Go ahead."}]
    tools = tools_of(scenario.script)
    common = {"model": MODEL, "messages": messages, "temperature": 0, "tools": tools}
    return {**common, **scenario.request}


def key_of(scenario: Scenario, recording: Recording, served: str, day: str) -> CassetteKey:
    """The cassette's key, its hash still to come."""
    return CassetteKey(
        id=scenario.id,
        title=scenario.title,
        profiles=["core", "tools", *scenario.profiles, "inner-thoughts"],
        strength="should",
        rules=["TOOL-1", "TOOL-3", "TOOL-8", "FIN-1", "END-2", *scenario.rules],
        rows=sorted(("tc-fragmented", *scenario.rows)),
        provenance=Provenance(
            kind="recorded",
            setup="server",
            server="llama-server",
            version=served,
            weights="scripted",
            recorder=f"chunkproof record, openai {openai.__version__}",
            recorded_on=day,
        ),
        pieces=pieces_of(recording.stream),
        end=recording.stream.end.value,
        sha256="0" * 64,
        request_needs=sorted(("tools", *scenario.request)),
        script={"says": puppet.SCRIPTS[scenario.script]},
        redactions=[LOOPBACK],
    )


def record_one(scenario: Scenario, out: Path, served: str, day: str) -> str:
    """Record one scenario and write its cassette; returns what to tell the person.

    Raises: RecordError, CassetteError.
    """
    recording = record(f"http://{HOST}:{PORT}/v1", request_of(scenario))
    stream, twin = recording.stream, recording.twin
    kept = to_cassette(twin) if twin else None
    write_cassette(out, key_of(scenario, recording, served, day), to_cassette(stream), kept)
    told = agreement(scenario.id, stream.body, twin.body, None) if twin else "no twin"
    return f"{len(stream.body)} bytes in {len(stream.pieces)} reads, {stream.end.value}, {told}"


def command_of(server: Path, port: int, slots: int = 1) -> list[str]:
    """What starts the server in the folder of its model.

    slots: answers at a time; it refuses a request for more choices than that.
    """
    command = [str(server.resolve()), "-m", "puppet.gguf", "-a", MODEL]
    return [*command, "--host", HOST, "--port", str(port), "-np", str(slots), *OPTIONS]


def record_all(server: Path, folder: Path, out: Path, wanted: Iterable[Scenario]) -> dict[str, str]:
    """Record to `out` with one start of the server; returns failures by id."""
    served, day = version(server), dt.datetime.now(dt.UTC).date().isoformat()
    failures: dict[str, str] = {}
    command = command_of(server, PORT)
    with running(command, port=PORT, folder=folder, environment=libraries(server)):
        for scenario in wanted:
            try:
                print(f"{scenario.id}: {record_one(scenario, out, served, day)}")  # noqa: T201
            except (RecordError, CassetteError) as error:
                failures[scenario.id] = str(error)  # the others are still recorded
    return failures


def main(arguments: Iterable[str] | None = None) -> int:
    """0: all recorded; 1: some failed, the others are there."""
    parser = argparse.ArgumentParser(description="Record llama-server with a scripted model.")
    parser.add_argument("--out", type=Path, required=True, help="corpus folder to write to")
    parser.add_argument("--python", type=Path, help="interpreter with numpy and gguf")
    parser.add_argument("--server", type=Path, help="a llama-server that is built")
    parser.add_argument("--force", action="store_true", help="overwrite cassettes")
    parser.add_argument("ids", nargs="*", help="scenarios; all of them if none is named")
    options = parser.parse_args(None if arguments is None else list(arguments))
    wanted = [
        scenario
        for scenario in SCENARIOS
        if (not options.ids or scenario.id in options.ids)
        and (options.force or not (options.out / f"{scenario.id}.yaml").exists())
    ]
    with tempfile.TemporaryDirectory(prefix="llama-server-") as work:
        folder = Path(work)
        python = options.python or install(folder / "environment")
        server = options.server or build(python, folder)
        make_model(python, folder / "puppet.gguf", (scenario.script for scenario in SCENARIOS))
        failures = record_all(server, folder, options.out, wanted)
    for name, why in failures.items():
        print(f"{name}: {why}", file=sys.stderr)  # noqa: T201
    return 1 if failures else 0


if __name__ == "__main__":
    raise SystemExit(main())
