"""The adapter kit for Python: one class, three methods.

    class MyParser:
        def start(self) -> Implementation: ...
        def run(self, stream: Stream) -> Observation: ...
        def stop(self) -> None: ...

`run` is called with one stream after another, from one thread. It hands the pieces to the
library one by one and reports what the library's user sees, no more: an exception of the
library is caught and reported as `failed`; nothing is repaired, joined or told apart for it.
An exception that leaves `run` is the adapter's own fault and becomes the verdict `error`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chunkproof_conformance.judge.observation import Implementation, Observation

End: TypeAlias = Literal["eof", "reset", "short-length"]

ENDS: Final[Mapping[str, End]] = {
    "eof": "eof",
    "client-closed": "eof",  # judged as EOF at that byte
    "reset": "reset",
    "short-length": "short-length",
}
"""What the recorded transport did after the last byte -> what the replay does."""


@dataclass(frozen=True)
class Stream:
    """One stream to read. Neither the case's name nor any expectation is in it.

    pieces: the body as the network hands it over; may be empty, no piece is.
    end: eof; or the connection breaks (reset), or closes before the length it promised.
    request: members beside model and messages that the answer needs, such as n.
    """

    pieces: tuple[bytes, ...]
    end: End = "eof"
    status: int = 200
    headers: tuple[tuple[str, str], ...] = (("content-type", "text/event-stream"),)
    request: Mapping[str, Any] = field(default_factory=dict)


class Adapter(Protocol):
    """Speaks for one parser under test."""

    def start(self) -> Implementation:
        """Say who is speaking. Called once, before the first run."""
        ...

    def run(self, stream: Stream) -> Observation:
        """Read one stream and report what the library's user sees."""
        ...

    def stop(self) -> None:
        """Let go of everything. Called once, after the last run."""
        ...
