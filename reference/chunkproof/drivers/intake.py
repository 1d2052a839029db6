"""How the items of a source enter the parser: pieces, a refused request, chunks. No I/O."""

from __future__ import annotations

import json
from contextlib import suppress
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from chunkproof.drivers.sources import (
    AsyncChunkStream,
    AsyncHttpResponse,
    ChunkStream,
    HttpResponse,
)
from chunkproof.ending import describe_error, maybe_error
from chunkproof.errors import ParseError, UsageError
from chunkproof.events import End
from chunkproof.payload import MalformedPayloadError, PayloadReader

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chunkproof.drivers.sources import AsyncSource, Source
    from chunkproof.events import AnyEvent
    from chunkproof.result import ErrorInfo
    from chunkproof.stream import StreamParser

_SLICE: Final = 64 * 1024
"""No more bytes are parsed at once, so that the events of a huge piece never pile up."""

MAX_ERROR_BODY: Final = 1024 * 1024
"""Bytes of an HTTP error's body that are read; more would say nothing more."""

_PHRASES: Final = {status.value: status.phrase for status in HTTPStatus}


def intake_of(source: Source | AsyncSource, parser: StreamParser) -> Intake:
    """Return how the items of this source enter the parser."""
    if isinstance(source, HttpResponse | AsyncHttpResponse):
        if HTTPStatus.OK <= source.status_code < HTTPStatus.MULTIPLE_CHOICES:
            return ResponseIntake(parser)
        return RefusalIntake(parser, source.status_code)
    if isinstance(source, ChunkStream | AsyncChunkStream):
        return ChunkIntake(parser)
    return PieceIntake(parser)


class Intake:
    """Takes the items of a source to the parser; the same for sync and async."""

    def __init__(self, parser: StreamParser) -> None:
        self.parser = parser
        self.exception: Exception | None = None
        """What the source raised."""
        self.is_done = False
        """Nothing more need be read."""
        self._is_over = False

    def take(self, item: object) -> Iterator[list[AnyEvent]]:
        """Yield the events of an item, list by list. Raises: UsageError, ParseError."""
        raise NotImplementedError

    def fail(self, error: Exception) -> None:
        """Note what the source raised. Raises: UsageError if it is the caller's mistake."""
        self.exception = error

    def end(self) -> list[AnyEvent]:
        """Close the parser and return the last events; a second call returns none."""
        if self._is_over:
            return []
        self._is_over = True
        return self._end()

    def stop(self) -> None:
        """Close the parser where nobody takes the last events."""
        with suppress(ParseError):  # strict; the result says it
            self.end()

    def _end(self) -> list[AnyEvent]:
        return self.parser.close(self.exception)


class PieceIntake(Intake):
    """Bytes, cut anywhere."""

    def take(self, item: object) -> Iterator[list[AnyEvent]]:
        if not isinstance(item, bytes | bytearray | memoryview):
            raise UsageError(f"a source yields pieces of bytes, not {type(item).__name__}")
        piece = bytes(item)
        for start in range(0, len(piece), _SLICE):
            found = self.parser.feed(piece[start : start + _SLICE])
            self.is_done = bool(found) and isinstance(found[-1], End)
            yield found
            if self.is_done:
                return


class ResponseIntake(PieceIntake):
    """The body of a response, its content-encoding undone by the client."""

    def fail(self, error: Exception) -> None:
        # In httpx a RuntimeError (StreamConsumed, sync against async) is the developer's.
        if isinstance(error, RuntimeError):
            raise UsageError(f"the response cannot be read: {error}") from error
        super().fail(error)


class RefusalIntake(ResponseIntake):
    """The body of a response whose status is no success: an error, never an event stream."""

    def __init__(self, parser: StreamParser, status: int) -> None:
        super().__init__(parser)
        self._status = status
        self._body = bytearray()

    def take(self, item: object) -> Iterator[list[AnyEvent]]:
        if isinstance(item, bytes):
            self._body += item
        self.is_done = len(self._body) > MAX_ERROR_BODY
        yield []

    def _end(self) -> list[AnyEvent]:
        error = error_of(self._status, bytes(self._body))
        # A refused request is to the parser what a payload under `event: error` is.
        found = self.parser.feed_frame(json.dumps(error._asdict()).encode(), "error")
        return found + self.parser.close()


class ChunkIntake(Intake):
    """Chunks that a client parsed. `[DONE]`, and what the client left out, cannot be seen."""

    def take(self, item: object) -> Iterator[list[AnyEvent]]:
        try:
            value = json_value(item)
        except Exception as error:  # noqa: BLE001 - as if the client had raised it
            self.fail(error)
            self.is_done = True
            return
        yield self.parser.feed_chunk(value)

    def _end(self) -> list[AnyEvent]:
        # `openai.APIError.body` is the error that the server sent inside the stream.
        body = getattr(self.exception, "body", None)
        if not body or not isinstance(body, dict | str):
            return super()._end()
        found = self.parser.feed_chunk({"error": body})
        return found + self.parser.close()


def error_of(status: int, body: bytes) -> ErrorInfo:
    """Return the server's error: its own words if it sent JSON, else the start of the body.

    status: of the response. The code is the server's own; where it sent none, the status.
    """
    text = body.decode("utf-8", "replace").strip()
    value: Any = None
    with suppress(MalformedPayloadError):
        value = PayloadReader().read_json(text)
    if isinstance(value, list) and value:
        value = value[0]
    if isinstance(value, dict) and value:
        found = maybe_error(value)
        error = found.error if found else describe_error(value, {})
    elif isinstance(value, str) and value:
        error = describe_error(value, {})
    else:
        name = f"HTTP {status} {_PHRASES.get(status, '')}".strip()
        error = describe_error(f"{name}: {text[:200]}" if text else name, {})
    return error._replace(code=status if error.code is None else error.code)


def json_value(item: object) -> object:
    """Return the JSON value a client read: of its models just the members that were sent.

    Null, strings, numbers and lists come as they are: the client does not check.
    """
    if isinstance(item, list):
        return [json_value(member) for member in item]
    dump = getattr(item, "model_dump", None)
    return item if dump is None else dump(by_alias=True, exclude_unset=True, warnings=False)
