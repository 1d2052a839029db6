"""What can be read: sources by their members, and each opened, so that it can be closed."""

from __future__ import annotations

from collections.abc import AsyncIterable, Iterable
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from chunkproof.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Iterator


@runtime_checkable
class HttpResponse(Protocol):
    """A response whose body was not read yet: `httpx.Response`, `httpx2.Response`."""

    @property
    def status_code(self) -> int: ...
    def iter_bytes(self) -> Iterator[bytes]: ...
    def close(self) -> None: ...


@runtime_checkable
class AsyncHttpResponse(Protocol):
    """The response of an async client of httpx or httpx2."""

    @property
    def status_code(self) -> int: ...
    def aiter_bytes(self) -> AsyncIterator[bytes]: ...
    def aclose(self) -> Awaitable[None]: ...


@runtime_checkable
class ChunkStream(Protocol):
    """`openai.Stream[ChatCompletionChunk]`: its client parsed the chunks already."""

    @property
    def response(self) -> object: ...
    def __iter__(self) -> Iterator[object]: ...
    def close(self) -> None: ...


@runtime_checkable
class AsyncChunkStream(Protocol):
    """`openai.AsyncStream[ChatCompletionChunk]`."""

    @property
    def response(self) -> object: ...
    def __aiter__(self) -> AsyncIterator[object]: ...
    def close(self) -> Awaitable[None]: ...


Source = HttpResponse | ChunkStream | Iterable[bytes]
AsyncSource = AsyncHttpResponse | AsyncChunkStream | AsyncIterable[bytes]


class Items:
    """The pieces or chunks of a source, and how to close both, once.

    What was read is read: an exception while closing is kept in `exception`, not raised.
    Raises: UsageError if there is nothing to iterate.
    """

    def __init__(self, source: Source) -> None:
        if isinstance(source, HttpResponse):
            self.iterator: Iterator[object] = source.iter_bytes()
        elif isinstance(source, Iterable):
            self.iterator = iter(source)
        else:
            raise UsageError(f"{type(source).__name__} is no source of events()")
        self.exception: Exception | None = None
        self._closing = _once(source, self.iterator)

    def close(self) -> None:
        while self._closing:
            close = getattr(self._closing.pop(), "close", None)
            if close is None:
                continue
            try:
                close()
            except Exception as error:  # noqa: BLE001 - kept, see above
                self.exception = error


class AsyncItems:
    """`Items` of an async source."""

    def __init__(self, source: AsyncSource) -> None:
        if isinstance(source, AsyncHttpResponse):
            self.iterator: AsyncIterator[object] = source.aiter_bytes()
        elif isinstance(source, AsyncIterable):
            self.iterator = aiter(source)
        else:
            raise UsageError(f"{type(source).__name__} is no source of aevents()")
        self.exception: Exception | None = None
        self._closing = _once(source, self.iterator)

    async def close(self) -> None:
        while self._closing:
            closing = self._closing.pop()
            close = closing.close if isinstance(closing, AsyncChunkStream) else None
            close = close or getattr(closing, "aclose", None)
            if close is None:
                continue
            try:
                await close()
            except Exception as error:  # noqa: BLE001 - kept, see `Items`
                self.exception = error


def _once(source: object, iterator: object) -> list[object]:
    """Return what has to be closed, the last one first."""
    return [source] if iterator is source else [source, iterator]
