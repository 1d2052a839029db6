"""Reading a source to events: the loop that feeds the parser, once sync and once async."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from chunkproof.drivers.intake import intake_of
from chunkproof.drivers.sources import AsyncItems, Items
from chunkproof.errors import UsageError
from chunkproof.stream import StreamParser

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator
    from types import TracebackType

    from chunkproof.drivers.intake import Intake
    from chunkproof.drivers.sources import AsyncSource, Source
    from chunkproof.events import AnyEvent
    from chunkproof.result import Result


def events(
    source: Source, *, parser: StreamParser | None = None, reraise: bool = False
) -> EventStream:
    """Return the events of a source, one by one, and its result at any time.

    parser: a fresh one with options of its own. reraise: raise the source's exception after
    the last event; otherwise it only makes the outcome `failed`.
    Raises: UsageError if this is no source; while reading also ParseError (strict).
    """
    return EventStream(source, parser or StreamParser(), reraise=reraise)


def collect(source: Source, *, parser: StreamParser | None = None, reraise: bool = False) -> Result:
    """Return what a whole source says; events are dropped as they come. Else as `events`."""
    with events(source, parser=parser, reraise=reraise) as stream:
        for _ in stream:
            pass
        return stream.result()


def aevents(
    source: AsyncSource, *, parser: StreamParser | None = None, reraise: bool = False
) -> AsyncEventStream:
    """Return the events of an async source. Else as `events`."""
    return AsyncEventStream(source, parser or StreamParser(), reraise=reraise)


async def acollect(
    source: AsyncSource, *, parser: StreamParser | None = None, reraise: bool = False
) -> Result:
    """Return what a whole async source says. Else as `collect`.

    After a timeout or a cancellation, the `parser` that was given holds what came.
    """
    async with aevents(source, parser=parser, reraise=reraise) as stream:
        async for _ in stream:
            pass
        return stream.result()


class EventStream:
    """The events of a source. Leaving the `with` block, or `close()`, closes the source."""

    def __init__(self, source: Source, parser: StreamParser, *, reraise: bool = False) -> None:
        self._items = Items(source)
        self._intake = intake_of(source, parser)
        self._events = _read(self._items, self._intake, reraise=reraise)

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> AnyEvent:
        return next(self._events)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop reading: the stream then counts as ended at the last byte that was read."""
        self._events.close()
        # A generator that never ran closes nothing itself.
        self._intake.stop()
        self._items.close()

    def result(self) -> Result:
        """Return a snapshot of all that was read, also by events not handed out yet."""
        return self._intake.parser.result()

    @property
    def exception(self) -> Exception | None:
        """What the source raised, if it raised: while it was read, else while it was closed."""
        return self._intake.exception or self._items.exception


class AsyncEventStream:
    """The events of an async source. Leaving the `async with` block closes the source."""

    def __init__(self, source: AsyncSource, parser: StreamParser, *, reraise: bool = False) -> None:
        self._items = AsyncItems(source)
        self._intake = intake_of(source, parser)
        self._events = _aread(self._items, self._intake, reraise=reraise)
        self._is_reading = False

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> AnyEvent:
        if self._is_reading:
            raise UsageError("two tasks read one stream")
        self._is_reading = True
        try:
            return await anext(self._events)
        finally:
            self._is_reading = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Stop reading, as `EventStream.close`.

        Raises: UsageError while another task reads; cancel that task instead.
        """
        if self._is_reading:
            raise UsageError("aclose() while another task reads; cancel that task instead")
        await self._events.aclose()
        self._intake.stop()
        await self._items.close()

    def result(self) -> Result:
        """Return a snapshot of all that was read, also by events not handed out yet."""
        return self._intake.parser.result()

    @property
    def exception(self) -> Exception | None:
        """What the source raised, if it raised: while it was read, else while it was closed."""
        return self._intake.exception or self._items.exception


def _read(items: Items, intake: Intake, *, reraise: bool) -> Generator[AnyEvent, None, None]:
    """Yield the events of a source; it is closed before its last events are handed out."""
    try:
        while not intake.is_done:
            try:
                item = next(items.iterator)
            except StopIteration:
                break
            except Exception as error:  # noqa: BLE001 - any exception of a source ends the stream
                intake.fail(error)
                break
            for found in intake.take(item):
                if intake.is_done:
                    items.close()
                yield from found
        items.close()
        yield from intake.end()
    finally:
        intake.stop()
        items.close()
    if reraise and intake.exception is not None:
        raise intake.exception


async def _aread(
    items: AsyncItems, intake: Intake, *, reraise: bool
) -> AsyncGenerator[AnyEvent, None]:
    """Yield the events of an async source: `_read` with `await`.

    Cancellation is no `Exception`: it passes through, and closes the source on its way.
    """
    try:
        while not intake.is_done:
            try:
                item = await anext(items.iterator)
            except StopAsyncIteration:
                break
            except Exception as error:  # noqa: BLE001 - any exception of a source ends the stream
                intake.fail(error)
                break
            for found in intake.take(item):
                if intake.is_done:
                    await items.close()
                for event in found:
                    yield event
        await items.close()
        for event in intake.end():
            yield event
    finally:
        intake.stop()
        await items.close()
    if reraise and intake.exception is not None:
        raise intake.exception
