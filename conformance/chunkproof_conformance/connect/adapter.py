"""The adapter kit for Python: one class, three methods.

    class MyParser:
        def start(self) -> Implementation: ...
        def run(self, stream: Stream) -> Observation: ...
        def stop(self) -> None: ...

`run` is called with one stream after another, from one thread. It hands the pieces to the
library one by one and reports what the library's user sees, no more: an exception of the
library is caught and reported as `failed`; nothing is repaired, joined or told apart for it.
An exception that leaves `run` is the adapter's own fault and becomes the verdict `error`, but for
`SkippedRunError`: this stream cannot be put to the library, and why.

A parser that can be handed one piece at a time may also have `open(stream) -> Reader`: then the
pieces of a run with steps are not known to it before they come, which the level timely needs
where the adapter is a program.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from chunkproof.events import AnyEvent
    from chunkproof_conformance.judge.observation import Implementation, Observation

End: TypeAlias = Literal["eof", "reset", "short-length"]
Entry: TypeAlias = Literal["bytes", "frames", "chunks", "http"]
"""Where a parser enters: the pieces, SSE frames, parsed chunks, or an HTTP response."""

ENDS: Final[Mapping[str, End]] = {
    "eof": "eof",
    "client-closed": "eof",  # judged as EOF at that byte
    "reset": "reset",
    "short-length": "short-length",
}
"""What the recorded transport did after the last byte -> what the replay does."""


class SkippedRunError(Exception):
    """The library cannot be made to read this stream: the reason, in one sentence."""


@dataclass(frozen=True)
class SseFrame:
    """One dispatched frame: its data lines joined with LF, and its type, "" for none."""

    data: str
    event: str = ""


@dataclass(frozen=True)
class Stream:
    """One stream to read. Neither the case's name nor any expectation is in it.

    pieces: the body as the network hands it over; may be empty, no piece is.
    end: eof; or the connection breaks (reset), or closes before the length it promised.
    request: members beside model and messages that the answer needs, such as n.
    options: of the level messages.
    frames, chunks: only where the implementation enters there.
    base_url: where a client finds the stream; pieces is empty then.
    step: each piece is to be acknowledged before the next comes, where that can be.
    """

    pieces: tuple[bytes, ...]
    end: End = "eof"
    status: int = 200
    headers: tuple[tuple[str, str], ...] = (("content-type", "text/event-stream"),)
    request: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    frames: tuple[SseFrame, ...] | None = None
    chunks: tuple[Any, ...] | None = None
    base_url: str | None = None
    step: bool = False


class Reader(Protocol):
    """One stream, piece by piece."""

    def feed(self, piece: bytes) -> Sequence[AnyEvent]:
        """Take one piece; returns the events that came out with it."""
        ...

    def close(self) -> Observation:
        """No more pieces: the transport ends. `events`: those that came out only now."""
        ...


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


class SteppingAdapter(Adapter, Protocol):
    """An adapter that takes a stream piece by piece; its implementation says `step`."""

    def open(self, stream: Stream) -> Reader:
        """Begin a stream whose pieces are not in it yet."""
        ...
