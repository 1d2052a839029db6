"""Install mlx-lm, make the scripted checkpoints, start it, record every scenario, stop it.

    python -m chunkproof_conformance.record.servers.mlx_lm.recipe --out FOLDER

README.md beside this file says the same as single commands.
"""

from __future__ import annotations

import argparse
import datetime as dt
import itertools
import subprocess
import sys
import tempfile
import venv
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec
import openai

from chunkproof_conformance.cases.cassette import CassetteError, write_cassette
from chunkproof_conformance.cases.key import CassetteKey, Provenance, Truth
from chunkproof_conformance.oracles.propose import propose
from chunkproof_conformance.oracles.truth import TruthError, check
from chunkproof_conformance.record import puppet
from chunkproof_conformance.record.agreement import agreement
from chunkproof_conformance.record.cassette import LOOPBACK, pieces_of, to_cassette
from chunkproof_conformance.record.server import HOST, running
from chunkproof_conformance.record.servers.mlx_lm.redact import PLATFORM_BLANKED, redacted
from chunkproof_conformance.record.servers.mlx_lm.scenarios import SCENARIOS, Scenario
from chunkproof_conformance.record.servers.mlx_lm.thoughts import THOUGHTS
from chunkproof_conformance.record.session import RecordError, Recording, record

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

EVERY: Final = (*SCENARIOS, *THOUGHTS)
REQUIREMENTS: Final = ("mlx[cpu]", "mlx-lm", "numpy", "tokenizers", "safetensors")
PORT: Final = 8080
"""mlx-lm's own default; it stands in the recorded addresses."""
OFFLINE: Final = {"HF_HUB_OFFLINE": "1"}
MODEL: Final = "default_model"
"""mlx-lm's name for the model it was started with; it takes any other for a repository."""


def install(folder: Path) -> Path:
    """A new environment with mlx-lm in `folder`; returns its interpreter. Takes half a minute."""
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", *REQUIREMENTS], check=True)  # noqa: S603
    return python


def version(python: Path) -> str:
    """mlx-lm's version and that of mlx under it."""
    code = "from importlib.metadata import version as v; print(v('mlx-lm'), v('mlx'))"
    done = subprocess.run([python, "-c", code], check=True, capture_output=True, text=True)  # noqa: S603
    server, arrays = done.stdout.split()
    return f"{server} (mlx {arrays})"


def checkpoint_name(scripts: Sequence[str]) -> str:
    """The directory of the checkpoint that says these scripts."""
    return "-".join(scripts)


def make_checkpoints(python: Path, folder: Path, scenarios: Iterable[Scenario]) -> None:
    """Write every checkpoint that the scenarios need to `folder`."""
    for scripts in sorted({scenario.checkpoint for scenario in scenarios}):
        make_checkpoint(python, folder, scripts)


def make_checkpoint(python: Path, folder: Path, scripts: Sequence[str]) -> None:
    """Write the checkpoint that says these scripts to its directory in `folder`."""
    out = folder / checkpoint_name(scripts)
    subprocess.run([python, puppet.__file__, out, *scripts], check=True)  # noqa: S603


def request_of(scenario: Scenario) -> dict[str, Any]:
    """The arguments of `chat.completions.create`, without `stream`."""
    messages = [{"role": "user", "content": f"play:{scenario.script} Go ahead."}]
    if scenario.system is not None:
        messages.insert(0, {"role": "system", "content": scenario.system})
    return {"model": MODEL, "messages": messages, "temperature": 0, **scenario.request}


def truth_of(scenario: Scenario, body: bytes) -> Truth | None:
    """The hand-written truth with its byte ranges. Raises: TruthError if the wire differs."""
    if scenario.truth is None:
        return None
    proposed = propose(dict(scenario.truth), body)
    check(proposed, body)
    return msgspec.convert(proposed, Truth)


def key_of(scenario: Scenario, recording: Recording, served: str, day: str) -> CassetteKey:
    """The cassette's key, its hash still to come."""
    return CassetteKey(
        id=scenario.id,
        title=scenario.title,
        profiles=scenario.profiles,
        strength=scenario.strength,
        rules=scenario.rules,
        rows=sorted(scenario.rows),
        provenance=Provenance(
            kind="recorded",
            setup="server",
            server="mlx-lm",
            version=served,
            weights="scripted",
            recorder=f"chunkproof record, openai {openai.__version__}",
            recorded_on=day,
            note=scenario.note,
        ),
        pieces=pieces_of(recording.stream),
        end=recording.stream.end.value,
        sha256="0" * 64,
        request_needs=sorted(set(scenario.request) - {"temperature"}),
        script={"says": puppet.SCRIPTS[scenario.script], "checkpoint": list(scenario.checkpoint)},
        truth=truth_of(scenario, recording.stream.body),
        redactions=[
            LOOPBACK,
            *([PLATFORM_BLANKED] if b"system_fingerprint" in recording.stream.body else []),
        ],
    )


def record_all(
    python: Path, checkpoints: Path, out: Path, scenarios: Iterable[Scenario]
) -> dict[str, str]:
    """Record to `out`, one server start per checkpoint and options; returns failures by id."""
    served, day = version(python), dt.datetime.now(dt.UTC).date().isoformat()
    failures: dict[str, str] = {}
    for group in grouped(scenarios):
        first = group[0]
        command = [str(python), "-m", "mlx_lm", "server"]
        command += ["--model", checkpoint_name(first.checkpoint)]
        command += ["--host", HOST, "--port", str(PORT), *first.server]
        with running(command, port=PORT, folder=checkpoints, environment=OFFLINE):
            for scenario in group:
                try:
                    print(f"{scenario.id}: {record_one(scenario, out, served, day)}")  # noqa: T201
                except (RecordError, CassetteError, TruthError) as error:
                    failures[scenario.id] = str(error)  # the others are still recorded
    return failures


def grouped(scenarios: Iterable[Scenario]) -> list[list[Scenario]]:
    """Scenarios that one server can answer, in a stable order."""

    def setting(scenario: Scenario) -> tuple[tuple[str, ...], tuple[str, ...]]:
        return scenario.checkpoint, scenario.server

    ordered = sorted(scenarios, key=setting)
    return [list(group) for _, group in itertools.groupby(ordered, setting)]


def record_one(scenario: Scenario, out: Path, served: str, day: str) -> str:
    """Record one scenario and write its cassette; returns what to tell the person.

    Raises: RecordError, TruthError, CassetteError.
    """
    recording = record(
        f"http://{HOST}:{PORT}/v1",
        request_of(scenario),
        twin=scenario.twin,
        leave_after=scenario.leave_after,
    )
    key = write(scenario, recording, out, served, day)
    stream, twin = recording.stream, "no twin"
    if recording.twin is not None:
        stated = msgspec.to_builtins(key.truth)
        twin = agreement(scenario.id, stream.body, recording.twin.body, stated)
    return f"{len(stream.body)} bytes in {len(stream.pieces)} reads, {stream.end.value}, {twin}"


def write(
    scenario: Scenario, recording: Recording, out: Path, served: str, day: str
) -> CassetteKey:
    """Write one cassette and return its key. Raises: TruthError, CassetteError."""
    key = key_of(scenario, recording, served, day)
    stream = redacted(to_cassette(recording.stream))
    twin = redacted(to_cassette(recording.twin)) if recording.twin else None
    write_cassette(out, key, stream, twin)
    return key


def main(arguments: Iterable[str] | None = None) -> int:
    """0: all recorded; 1: some failed, the others are there."""
    parser = argparse.ArgumentParser(description="Record mlx-lm with scripted checkpoints.")
    parser.add_argument("--out", type=Path, required=True, help="corpus folder to write to")
    parser.add_argument("--python", type=Path, help="interpreter of an environment with mlx-lm")
    parser.add_argument("--force", action="store_true", help="overwrite cassettes")
    parser.add_argument("ids", nargs="*", help="scenarios; all of them if none is named")
    options = parser.parse_args(None if arguments is None else list(arguments))
    wanted = [
        scenario
        for scenario in EVERY
        if (not options.ids or scenario.id in options.ids)
        and (options.force or not (options.out / f"{scenario.id}.yaml").exists())
    ]
    with tempfile.TemporaryDirectory(prefix="mlx-lm-") as work:
        python = options.python or install(Path(work) / "environment")
        make_checkpoints(python, Path(work), wanted)
        failures = record_all(python, Path(work), options.out, wanted)
    for name, why in failures.items():
        print(f"{name}: {why}", file=sys.stderr)  # noqa: T201
    return 1 if failures else 0


if __name__ == "__main__":
    raise SystemExit(main())
