"""The parser a law is about: anything that reads a stream and reports what it saw."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeAlias

from chunkproof import StreamParser
from chunkproof.interface import OpenAIStreamingInterface
from chunkproof_conformance.connect.adapter import SkippedRunError
from chunkproof_conformance.connect.in_process import AdapterError, AdapterTimeoutError, NotRunError
from chunkproof_conformance.implementations.reference.adapter import ReferenceAdapter
from chunkproof_conformance.synth.cuts import pieces_at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from chunkproof.events import AnyEvent
    from chunkproof_conformance.connect.adapter import Stream
    from chunkproof_conformance.judge.observation import Observation


class Live(Protocol):
    """A parser that can be looked at between two pieces."""

    def feed(self, data: bytes, /) -> list[AnyEvent]: ...
    def close(self, error: BaseException | str | None = None, /) -> list[AnyEvent]: ...
    def result(self) -> Any: ...


Agent: TypeAlias = "Callable[..., Any]"
"""Makes an agent interface of options, as the class `OpenAIStreamingInterface` does."""


_VARYING: Final = re.compile(r"0x[0-9a-f]+|[0-9]+|\"[^\"]*\"?")
"""What of a message changes from stream to stream: numbers, and what is quoted from it."""


class CrashError(Exception):
    """The subject gave no observation: its adapter broke, or did not answer in time.

    body, cuts: what it was handed.
    """

    def __init__(self, message: str, body: bytes, cuts: tuple[int, ...] = ()) -> None:
        super().__init__(message, body, cuts)
        self.message = message
        self.body = body
        self.cuts = cuts

    def __str__(self) -> str:
        return self.message

    @property
    def kind(self) -> str:
        """Its message without what changes from stream to stream: two of one kind are one bug."""
        return _VARYING.sub("", self.message)[:60]


@dataclass(frozen=True)
class Subject:
    """A parser under test.

    run: one stream -> what was seen; a connection's, or an adapter's own. open: a new parser
    to be fed by hand, where there is one: laws about what happens between two pieces need it.
    agent: makes an agent interface over it, where there is one.
    """

    run: Callable[[Stream], Observation]
    open: Callable[[], Live] | None = None
    agent: Agent | None = None

    def read(self, stream: Stream, body: bytes, cuts: Iterable[int] = ()) -> Observation:
        """What it makes of this body in place of the stream's, cut here.

        Raises: CrashError; SkippedRunError where the library cannot be given this stream,
        NotRunError where it hung so often that nothing is run any more.
        """
        at = tuple(cuts)
        try:
            return self.run(replace(stream, pieces=pieces_at(body, at)))
        except (SkippedRunError, NotRunError):
            raise
        except (AdapterError, AdapterTimeoutError) as error:
            raise CrashError(str(error), body, at) from error
        except Exception as error:  # an adapter that is run without a connection around it
            raise CrashError(f"{type(error).__name__}: {error}", body, at) from error


def reference() -> Subject:
    """The reference parser of this process, mutated or not."""
    return Subject(ReferenceAdapter().run, StreamParser, OpenAIStreamingInterface)


def body_of(stream: Stream) -> bytes:
    """The stream's bytes, however they are cut."""
    return b"".join(stream.pieces)
