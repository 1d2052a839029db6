"""An `-i` value to a connection."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Protocol

from chunkproof_conformance.connect.in_process import InProcess, load_factory
from chunkproof_conformance.connect.program import Program, program_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from chunkproof_conformance.connect.adapter import Stream
    from chunkproof_conformance.judge.observation import Implementation, Observation


class Connection(Protocol):
    """What the runner needs of a connection.

    All raise AdapterError and AdapterTimeoutError; `run` also SkippedRunError.
    """

    def start(self) -> Implementation: ...

    def run(self, stream: Stream) -> Observation: ...

    def stop(self) -> None: ...


def connect(
    spec: str,
    *,
    timeout: float = 10.0,
    validate: Callable[[str, Any], None] | None = None,
    apart: bool = False,
) -> Connection:
    """A connection to the implementation that spec names; nothing is started yet.

    spec: py:module:factory, impl:NAME, or cmd:PROGRAM ARGS. timeout: seconds per run.
    validate: of every message to and from a program. apart: an adapter written in Python gets a
    process of its own. Raises: ConnectionSpecError.
    """
    kind, _, rest = spec.partition(":")
    if kind == "cmd":
        return Program(program_of(rest), timeout=timeout, validate=validate)
    factory = load_factory(spec)
    if apart:
        kit = [sys.executable, "-m", "chunkproof_conformance.connect.kit", spec]
        return Program(kit, timeout=timeout, validate=validate)
    return InProcess(factory, timeout=timeout)
