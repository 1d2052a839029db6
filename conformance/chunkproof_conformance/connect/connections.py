"""An `-i` value to a connection."""

from __future__ import annotations

import sys
from pathlib import Path
from shutil import which
from typing import TYPE_CHECKING, Any, Final, Protocol

import chunkproof_conformance.implementations
from chunkproof_conformance.connect.in_process import (
    SHIPPED,
    ConnectionSpecError,
    InProcess,
    load_factory,
)
from chunkproof_conformance.connect.program import Program, program_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from chunkproof_conformance.connect.adapter import Stream
    from chunkproof_conformance.judge.observation import Implementation, Observation


SHIPPED_PROGRAMS: Final = {
    "openai-node-chunks": ("openai.mjs", "chunks"),
    "openai-node-stream": ("openai.mjs", "stream"),
    "ai-sdk-openai": ("ai_sdk.mjs", "openai"),
    "ai-sdk-compatible": ("ai_sdk.mjs", "compatible"),
}
"""`impl:NAME` -> a program of `implementations/node` and its argument. The packages they judge are
those of the folder where the harness runs, or of CHUNKPROOF_NODE_ROOT."""


START_TIMEOUT: Final = 60.0
"""Seconds in which an implementation says who it is, unless it is told otherwise."""


class Connection(Protocol):
    """What the runner needs of a connection.

    All raise AdapterError and AdapterTimeoutError; `run` also SkippedRunError.
    """

    def start(self) -> Implementation: ...

    def run(self, stream: Stream) -> Observation: ...

    def stop(self) -> None: ...

    def interrupt(self) -> None: ...

    @property
    def stderr(self) -> str: ...


def connect(
    spec: str,
    *,
    timeout: float = 10.0,
    start_timeout: float = START_TIMEOUT,
    validate: Callable[[str, Any], None] | None = None,
    apart: bool = False,
) -> Connection:
    """A connection to the implementation that spec names; nothing is started yet.

    spec: py:module:factory, impl:NAME, cmd:PROGRAM ARGS or http:PROGRAM ARGS. timeout: seconds
    per run. start_timeout: seconds to say who it is.
    validate: of every message to and from a program. apart: an adapter written in Python gets a
    process of its own. Raises: ConnectionSpecError.
    """

    def program(command: list[str]) -> Program:
        return Program(command, timeout=timeout, start_timeout=start_timeout, validate=validate)

    kind, _, rest = spec.partition(":")
    if kind == "impl" and rest not in {*SHIPPED, *SHIPPED_PROGRAMS}:
        known = ", ".join(f"impl:{name}" for name in (*SHIPPED, *SHIPPED_PROGRAMS))
        raise ConnectionSpecError(f"no implementation {spec!r}; there are {known}")
    if kind == "impl" and rest in SHIPPED_PROGRAMS:
        return program(_node_program(rest))
    if kind == "http":
        # Imported here: it needs h11, which only this and `serve` do.
        from chunkproof_conformance.connect.http_program import HttpProgram  # noqa: PLC0415

        return HttpProgram(
            program_of(rest), timeout=timeout, start_timeout=start_timeout, validate=validate
        )
    if kind == "cmd":
        return program(program_of(rest))
    factory = load_factory(spec)
    if apart:
        kit = [sys.executable, "-m", "chunkproof_conformance.connect.kit", spec]
        return program(kit)
    return InProcess(factory, timeout=timeout, start_timeout=start_timeout)


def _node_program(name: str) -> list[str]:
    if which("node") is None:
        raise ConnectionSpecError(f"impl:{name} needs node, which is not on the path")
    script, argument = SHIPPED_PROGRAMS[name]
    folder = Path(chunkproof_conformance.implementations.__path__[0])
    return ["node", str(folder / "node" / script), argument]
