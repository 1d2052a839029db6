"""Drivers over iterables of bytes, sync and async: the contract of an event stream."""

import asyncio
import io
import sys
from collections.abc import AsyncIterator, Iterable, Iterator
from typing import Any, Final

import pytest

from chunkproof import ParseError, StreamParser, UsageError
from chunkproof.drivers import acollect, aevents, collect, events
from chunkproof.events import End
from tests.wire import DONE, chunk_object, stop, text

HELLO: Final = text("Hel") + text("lo")
ANSWER: Final = HELLO + stop() + DONE


class Pieces:
    """An iterator of bytes that knows whether it was closed; then perhaps an exception."""

    def __init__(self, *pieces: Any, error: BaseException | None = None) -> None:
        self._pieces = iter(pieces)
        self._error = error
        self.left = len(pieces)
        self.times_closed = 0
        self.error_in_close: Exception | None = None

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> Any:
        for piece in self._pieces:
            self.left -= 1
            return piece
        raise self._error or StopIteration

    def close(self) -> None:
        self.times_closed += 1
        if self.error_in_close:
            raise self.error_in_close


class AsyncPieces:
    """The same, to be awaited."""

    def __init__(self, pieces: Pieces) -> None:
        self._pieces = pieces

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> Any:
        await asyncio.sleep(0)
        try:
            return next(self._pieces)
        except StopIteration:
            raise StopAsyncIteration from None

    async def aclose(self) -> None:
        await asyncio.sleep(0)
        self._pieces.close()


both_ways = pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])


def gather(pieces: Pieces, *, is_async: bool, **options: Any) -> Any:
    if is_async:
        return asyncio.run(acollect(AsyncPieces(pieces), **options))
    return collect(pieces, **options)


@pytest.mark.parametrize(
    "source",
    [
        [ANSWER],
        (ANSWER[i : i + 1] for i in range(len(ANSWER))),
        io.BytesIO(ANSWER),
        [b"", bytearray(ANSWER[:9]), memoryview(ANSWER)[9:]],
    ],
    ids=["list", "generator", "file", "buffers"],
)
def test_any_iterable_of_bytes_is_a_source(source: Iterable[bytes]) -> None:
    """Lists, generators, open files; bytes, bytearray and memoryview."""
    result = collect(source)
    assert result.outcome == "complete"
    assert result.choices[0].text == "Hello"


@pytest.mark.parametrize("size", [1, 2, 3, 5, 8, 13, 1000])
@both_ways
def test_the_events_are_those_of_the_parser(size: int, is_async: bool) -> None:
    """A driver adds nothing and takes nothing away, however the bytes are cut."""
    parser = StreamParser()
    expected = parser.feed(ANSWER) + parser.close()
    cuts = [ANSWER[start : start + size] for start in range(0, len(ANSWER), size)]

    async def aread() -> list[Any]:
        return [event async for event in aevents(AsyncPieces(Pieces(*cuts)))]

    assert (asyncio.run(aread()) if is_async else list(events(cuts))) == expected


@both_ways
def test_nothing_is_read_after_done(is_async: bool) -> None:
    """`[DONE]` ends the reading: the source is not asked again, and it is closed."""
    pieces = Pieces(ANSWER, text("more"), error=ConnectionResetError())
    result = gather(pieces, is_async=is_async)
    assert result.outcome == "complete"
    assert result.choices[0].text == "Hello"
    assert (pieces.left, pieces.times_closed) == (1, 1)


@both_ways
@pytest.mark.parametrize("body", [ANSWER, HELLO], ids=["at [DONE]", "at EOF"])
def test_the_source_is_closed_when_the_end_is_handed_out(body: bytes, is_async: bool) -> None:
    """Who stops at the last event leaves nothing open."""
    pieces = Pieces(body)

    async def aread() -> None:
        stream = aevents(AsyncPieces(pieces))
        while not isinstance(await anext(stream), End):
            pass
        assert pieces.times_closed == 1

    def read() -> None:
        stream = events(pieces)
        while not isinstance(next(stream), End):
            pass
        assert pieces.times_closed == 1

    asyncio.run(aread()) if is_async else read()


def test_an_async_stream_of_chunks_needs_no_aclose() -> None:
    """Older openai clients name it `close` alone."""

    class Chunks:
        response = None
        times_closed = 0

        def __aiter__(self) -> AsyncIterator[object]:
            return self._chunks()

        async def _chunks(self) -> AsyncIterator[object]:
            yield chunk_object({"content": "Hello"}, "stop")

        async def close(self) -> None:
            self.times_closed += 1

    chunks = Chunks()
    assert asyncio.run(acollect(chunks)).outcome == "complete"
    assert chunks.times_closed == 1


@both_ways
def test_a_source_that_raises_has_failed(is_async: bool) -> None:
    """The exception is the reason in the result, not the caller's to catch."""
    pieces = Pieces(HELLO, error=ConnectionResetError(104, "reset by peer"))
    result = gather(pieces, is_async=is_async)
    assert result.outcome == "failed"
    assert result.choices[0].text == "Hello"
    assert result.error == ("ConnectionResetError: [Errno 104] reset by peer", "transport", None)
    assert pieces.times_closed == 1


@both_ways
def test_the_sources_exception_is_raised_to_who_asks(is_async: bool) -> None:
    """`reraise=True`: the very exception, after the last event, with the source closed."""
    error = ConnectionResetError()
    pieces = Pieces(HELLO, error=error)
    with pytest.raises(ConnectionResetError) as caught:
        gather(pieces, is_async=is_async, reraise=True)
    assert caught.value is error
    assert pieces.times_closed == 1


def test_all_events_come_before_the_exception_is_raised() -> None:
    """`reraise=True` takes no event away, and the result stays."""
    stream = events(Pieces(HELLO, error=ConnectionResetError()), reraise=True)
    kinds = [type(next(stream)).__name__ for _ in range(5)]
    assert kinds == ["Start", "Text", "Text", "Error", "End"]
    with pytest.raises(ConnectionResetError):
        next(stream)
    assert stream.result().outcome == "failed"
    assert isinstance(stream.exception, ConnectionResetError)
    assert list(stream) == []


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_what_is_no_exception_passes_through(error: type[BaseException]) -> None:
    """An interrupt is not the stream's; the source is closed, and what came stays."""
    pieces = Pieces(HELLO, error=error())
    stream = events(pieces)
    with pytest.raises(error):
        list(stream)
    assert pieces.times_closed == 1
    assert stream.result().outcome == "incomplete"
    assert stream.result().choices[0].text == "Hello"


def test_the_result_is_at_hand_while_events_come() -> None:
    """It holds all that was read, also by events that are not handed out yet."""
    stream = events([HELLO, stop() + DONE])
    next(stream)
    assert stream.result().choices[0].text == "Hello"
    assert stream.result().outcome == "incomplete"
    list(stream)
    assert stream.result().outcome == "complete"


@both_ways
def test_closing_ends_the_events_and_keeps_the_result(is_async: bool) -> None:
    """Closed is closed: no event more, no exception; twice is once."""
    pieces = Pieces(HELLO, stop())

    async def aclose() -> Any:
        stream = aevents(AsyncPieces(pieces))
        await anext(stream)
        await stream.aclose()
        await stream.aclose()
        assert [event async for event in stream] == []
        return stream.result()

    def close() -> Any:
        stream = events(pieces)
        next(stream)
        stream.close()
        stream.close()
        assert list(stream) == []
        return stream.result()

    result = asyncio.run(aclose()) if is_async else close()
    assert (pieces.left, pieces.times_closed) == (1, 1)
    assert result.choices[0].text == "Hello"
    assert result.outcome == "incomplete"
    assert result.error.type == "incomplete"


@both_ways
def test_a_stream_that_was_never_read_closes_its_source_too(is_async: bool) -> None:
    """`with events(...)` and nothing inside."""
    pieces = Pieces(HELLO)

    async def aclose() -> None:
        async with aevents(AsyncPieces(pieces)):
            pass

    if is_async:
        asyncio.run(aclose())
    else:
        with events(pieces):
            pass
    assert (pieces.left, pieces.times_closed) == (1, 1)


def test_dropping_a_stream_closes_its_source() -> None:
    """`for ... break` without `with`: the last reference closes."""
    pieces = Pieces(HELLO, stop())
    for _ in events(pieces):
        break
    assert pieces.times_closed == 1


@both_ways
def test_a_source_that_fails_to_close_takes_nothing_away(is_async: bool) -> None:
    """What was read was read; the exception is there for who wants it."""
    pieces = Pieces(ANSWER)
    pieces.error_in_close = OSError("already gone")
    assert gather(pieces, is_async=is_async).outcome == "complete"
    assert pieces.times_closed == 1


def test_the_exception_while_closing_is_kept() -> None:
    """`exception` says what went wrong after the last byte."""
    pieces = Pieces(ANSWER)
    pieces.error_in_close = OSError("already gone")
    with events(pieces) as stream:
        list(stream)
    assert stream.exception is pieces.error_in_close


@both_ways
@pytest.mark.parametrize("item", ["data: {}", 7, None, {"choices": []}])
def test_a_source_of_anything_else_is_the_callers_mistake(item: Any, is_async: bool) -> None:
    """Text, numbers or chunks in place of bytes: UsageError, and the source is closed."""
    pieces = Pieces(HELLO, item)
    with pytest.raises(UsageError, match=type(item).__name__):
        gather(pieces, is_async=is_async)
    assert pieces.times_closed == 1


@pytest.mark.parametrize("source", [None, 7, object()])
def test_what_cannot_be_iterated_is_no_source(source: Any) -> None:
    """UsageError at once, before anything is read."""
    with pytest.raises(UsageError, match="no source"):
        events(source)
    with pytest.raises(UsageError, match="no source"):
        aevents(source)


def test_a_sync_source_is_no_async_one() -> None:
    """`aevents` does not block its event loop with a sync source."""
    with pytest.raises(UsageError, match="no source of aevents"):
        aevents([ANSWER])  # type: ignore[arg-type]  # the mistake is the test
    with pytest.raises(UsageError, match="no source of events"):
        events(AsyncPieces(Pieces(ANSWER)))  # type: ignore[arg-type]  # the mistake is the test


@both_ways
def test_strict_passes_through(is_async: bool) -> None:
    """The parser's options are the parser's; ParseError reaches the caller."""
    pieces = Pieces(HELLO + text("!", index=...))
    parser = StreamParser(strict=True)
    with pytest.raises(ParseError, match="choice-index-missing"):
        gather(pieces, is_async=is_async, parser=parser)
    assert pieces.times_closed == 1
    assert parser.result().choices[0].text == "Hello"


def test_leaving_a_strict_stream_early_raises_nothing() -> None:
    """What the missing rest would have been is not held against the consumer."""
    with events([HELLO + stop(), DONE], parser=StreamParser(strict=True)) as stream:
        for event in stream:
            if not isinstance(event, End):
                break
    assert stream.result().choices[0].text == "Hello"


def test_a_huge_piece_is_read_in_slices() -> None:
    """The events of a piece of many megabytes never exist all at once."""
    body = text("x" * 100) * 2_000
    stream = events([body, stop() + DONE])
    next(stream)
    assert stream.result().choices[0].text_view
    so_far = len(str(stream.result().choices[0].text))
    assert 0 < so_far < 100_000
    list(stream)
    assert len(str(stream.result().choices[0].text)) == 200_000


def test_two_tasks_cannot_read_one_stream() -> None:
    """Reading twice at once, or closing under a reader, is the caller's mistake."""

    async def silent() -> AsyncIterator[bytes]:
        yield HELLO
        await asyncio.Event().wait()

    async def collide() -> None:
        stream = aevents(silent())
        task = asyncio.create_task(_drain(stream))
        await asyncio.sleep(0.01)
        with pytest.raises(UsageError, match="two tasks"):
            await anext(stream)
        with pytest.raises(UsageError, match="cancel that task"):
            await stream.aclose()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await stream.aclose()
        assert stream.result().choices[0].text == "Hello"

    asyncio.run(collide())


async def _drain(stream: Any) -> None:
    async for _ in stream:
        pass


def test_cancelling_while_the_source_closes_still_cancels() -> None:
    """Cancellation is never swallowed, not even on the last step."""

    class SlowToClose(AsyncPieces):
        async def aclose(self) -> None:
            await asyncio.Event().wait()

    async def cancel() -> None:
        parser = StreamParser()
        source = SlowToClose(Pieces(ANSWER))
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(acollect(source, parser=parser), 0.05)
        assert parser.result().outcome == "complete"

    asyncio.run(cancel())


def test_no_client_library_is_imported() -> None:
    """`chunkproof.drivers` knows clients by their members: msgspec alone is needed."""
    import subprocess

    code = (
        "import sys, chunkproof.drivers;"
        "found = {'httpx', 'httpx2', 'openai', 'anyio', 'asyncio'} & set(sys.modules);"
        "sys.exit(str(found) if found else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
