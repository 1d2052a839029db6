"""Drivers over real sockets: every client, sync and async, against a loopback server."""

import asyncio
import gc
import gzip
import zlib
from collections.abc import Awaitable, Iterator
from contextlib import ExitStack
from typing import Any, Final

import anyio
import httpx
import httpx2
import openai
import pytest
from openai.types.chat import ChatCompletionChunk

from chunkproof import ParseError, StreamParser, UsageError
from chunkproof.drivers import AsyncSource, Source, acollect, aevents, collect, events
from chunkproof.events import End, Text
from tests.driver_clients import HTTP, OPENAI, open_async_source, open_source, read
from tests.loopback import PATIENCE, Reply, serve
from tests.wire import DONE, stop, tc, text, tools

ANSWER: Final = [
    text("Grüße, "),
    text("Welt \U0001f30d"),
    tools(tc(0, "call_1", "get_weather", '{"city": "Zü')),
    tools(tc(0, arguments='rich"}')),
    stop("tool_calls"),
    DONE,
]
TEXT: Final = "Grüße, Welt \U0001f30d"
CALL: Final = {
    "id": "call_1",
    "type": "function",
    "name": "get_weather",
    "arguments": '{"city": "Zürich"}',
    "valid_json": True,
    "executable": True,
}

STALL: Final = 1.0
"""Seconds without a byte that a client takes for a stall; what is there comes at once."""

every_client = pytest.mark.parametrize("client", [*HTTP, *OPENAI])
every_http_client = pytest.mark.parametrize("client", HTTP)
both_ways = pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])


@pytest.fixture(autouse=True)
def no_leak_is_forgotten() -> Iterator[None]:
    """A socket or generator that nobody closed warns when it is collected: do it in its test."""
    yield
    gc.collect(1)


def only_choice(result: dict[str, Any]) -> dict[str, Any]:
    (choice,) = result["choices"]
    assert isinstance(choice, dict)
    return choice


def cut(body: bytes, size: int) -> list[bytes]:
    return [body[start : start + size] for start in range(0, len(body), size)]


@every_client
@both_ways
@pytest.mark.parametrize("size", [1, 7, 10_000], ids=["one byte", "seven bytes", "whole"])
def test_an_answer_arrives_in_any_pieces(client: str, is_async: bool, size: int) -> None:
    """Every client's stream gives the answer, however the server cuts it."""
    with serve(Reply(cut(b"".join(ANSWER), size))) as server:
        reading = read(client, server, is_async=is_async)
    choice = only_choice(reading.result)
    assert reading.result["outcome"] == "complete"
    assert (choice["text"], choice["tool_calls"]) == (TEXT, [CALL])
    assert choice["finish_reason"] == "tool_calls"
    assert reading.result["repairs"] == []
    assert reading.exception is None
    assert isinstance(reading.events[-1], End)


@every_client
@both_ways
def test_nobody_waits_for_the_connection_to_end_after_done(client: str, is_async: bool) -> None:
    """A server that keeps the connection open after `[DONE]` loses its client at once."""
    with serve(Reply(ANSWER, "hold")) as server:
        reading = read(client, server, is_async=is_async, sees_leaving=True)
    assert reading.result["outcome"] == "complete"
    assert reading.has_left


def test_a_client_that_stays_is_not_taken_for_one_that_has_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Else no test here could find a connection that a driver leaves open."""
    with serve(Reply([ANSWER[0]], "hold")) as server, ExitStack() as stack:
        with monkeypatch.context() as patch:
            patch.setattr("tests.loopback.PATIENCE", 0.2)
            stack.enter_context(open_source("httpx", server.url))
        assert not server.gone.wait(0.6)


@every_client
@both_ways
def test_breaking_off_leaves_the_connection_closed(client: str, is_async: bool) -> None:
    """K close-early: after `break` the connection is closed, what came stays, nothing raises."""
    with serve(Reply([ANSWER[0]], "hold")) as server:
        reading = read(client, server, is_async=is_async, take=2, sees_leaving=True)
    assert reading.has_left
    assert [type(event).__name__ for event in reading.events] == ["Start", "Text"]
    assert reading.result["outcome"] == "incomplete"
    assert only_choice(reading.result)["text"] == "Grüße, "
    assert reading.exception is None


@every_client
@both_ways
def test_breaking_off_after_the_finish_leaves_a_complete_answer(
    client: str, is_async: bool
) -> None:
    """The server said that it was done: an early end is judged as EOF at the last byte read."""
    with serve(Reply([text("Hi"), stop("stop")], "hold")) as server:
        reading = read(client, server, is_async=is_async, take=3, sees_leaving=True)
    assert reading.has_left
    assert reading.result["outcome"] == "complete"


@every_client
@both_ways
def test_an_exception_in_the_consumer_leaves_the_connection_closed(
    client: str, is_async: bool
) -> None:
    """The consumer's exception passes through; the connection does not outlive it."""

    def consume(source: Source) -> None:
        with events(source) as stream:
            for _ in stream:
                raise ZeroDivisionError

    async def aconsume(source: AsyncSource) -> None:
        async with aevents(source) as stream:
            async for _ in stream:
                raise ZeroDivisionError

    def sync() -> None:
        with open_source(client, server.url) as source:
            with pytest.raises(ZeroDivisionError):
                consume(source)
            assert server.gone.wait(PATIENCE)

    async def async_() -> None:
        async with open_async_source(client, server.url) as source:
            with pytest.raises(ZeroDivisionError):
                await aconsume(source)
            assert await asyncio.to_thread(server.gone.wait, PATIENCE)

    with serve(Reply([ANSWER[0]], "hold")) as server:
        asyncio.run(async_()) if is_async else sync()


@every_client
def test_a_stream_that_is_dropped_closes_its_connection(client: str) -> None:
    """Without `with`: when the last reference goes, so does the connection."""
    with serve(Reply([ANSWER[0]], "hold")) as server, open_source(client, server.url) as source:
        for _ in events(source):
            break
        assert server.gone.wait(PATIENCE)


@every_client
def test_an_async_stream_that_is_dropped_closes_its_connection(client: str) -> None:
    """Without `async with`, the event loop closes what was dropped."""

    async def drop() -> None:
        async with open_async_source(client, server.url) as source:
            async for _ in aevents(source):
                break
            assert await asyncio.to_thread(server.gone.wait, PATIENCE)

    with serve(Reply([ANSWER[0]], "hold")) as server:
        asyncio.run(drop())


@every_client
@both_ways
@pytest.mark.parametrize("chunked", [True, False], ids=["chunked", "length"])
@pytest.mark.parametrize("end", ["reset", "short"])
def test_a_broken_connection_fails_the_stream_and_loses_nothing(
    client: str, is_async: bool, end: Any, chunked: bool
) -> None:
    """A reset inside a chunk, a body shorter than announced: failed, with what came."""
    with serve(Reply(ANSWER[:3], end, chunked=chunked)) as server:
        reading = read(client, server, is_async=is_async)
    choice = only_choice(reading.result)
    assert reading.result["outcome"] == "failed"
    assert choice["text"] == TEXT
    assert choice["tool_calls"][0]["arguments"] == '{"city": "Zü'
    assert choice["tool_calls"][0]["executable"] is False
    assert reading.exception is not None
    assert reading.result["error"]["type"] == "transport"
    assert type(reading.exception).__name__ in reading.result["error"]["message"]


@every_client
@both_ways
@pytest.mark.parametrize("end", ["reset", "short"])
def test_a_connection_that_breaks_after_done_breaks_nothing(
    client: str, is_async: bool, end: Any
) -> None:
    """After `[DONE]` nothing is read, so nothing can fail."""
    with serve(Reply(ANSWER, end)) as server:
        reading = read(client, server, is_async=is_async)
    assert reading.result["outcome"] == "complete"
    assert reading.exception is None


@every_client
@both_ways
def test_the_clients_own_timeout_fails_a_stalled_stream(client: str, is_async: bool) -> None:
    """K stall-mid-stream: the client's read timeout is a transport error; what came stays."""
    with serve(Reply(ANSWER[:2], "hold")) as server:
        reading = read(client, server, is_async=is_async, read_timeout=STALL, sees_leaving=True)
    assert reading.has_left
    assert reading.result["outcome"] == "failed"
    assert "Timeout" in reading.result["error"]["message"]
    assert only_choice(reading.result)["text"] == TEXT


async def under_timeout(reading: Awaitable[object], has_text: Awaitable[object]) -> None:
    """The time is over as soon as the text is there: no clock has a say in it."""
    async with asyncio.timeout(None) as limit:
        over = asyncio.ensure_future(has_text)
        over.add_done_callback(lambda _: limit.reschedule(0))
        await reading


async def under_anyio(reading: Awaitable[object], has_text: Awaitable[object]) -> None:
    """The same for the other library."""
    with anyio.fail_after(PATIENCE) as fence:
        over = asyncio.ensure_future(has_text)
        over.add_done_callback(lambda _: setattr(fence, "deadline", 0))
        await reading


@every_client
@pytest.mark.parametrize("scope", ["task.cancel", "asyncio.timeout", "anyio.fail_after"])
def test_cancelling_a_stalled_reader_loses_nothing(client: str, scope: str) -> None:
    """K cancel-from-other-task, stall-mid-stream: cancelled, closed, and what came is there."""

    async def stalled() -> None:
        async with open_async_source(client, server.url) as source:
            stream = aevents(source)
            found = []
            has_text = asyncio.Event()

            async def consume() -> None:
                async for event in stream:
                    found.append(event)
                    if event == Text(0, "Welt \U0001f30d", event.offset):
                        has_text.set()

            if scope == "task.cancel":
                task = asyncio.create_task(consume())
                await asyncio.wait_for(has_text.wait(), PATIENCE)
                await asyncio.sleep(0.05)
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task
            else:
                under = under_timeout if scope == "asyncio.timeout" else under_anyio
                with pytest.raises(TimeoutError):
                    await under(consume(), has_text.wait())
            assert await asyncio.to_thread(server.gone.wait, PATIENCE)
            result = stream.result()
            assert result.outcome == "incomplete"
            assert result.choices[0].text == TEXT
            assert len(found) == 3
            assert [event async for event in stream] == []

    with serve(Reply(ANSWER[:2], "hold")) as server:
        asyncio.run(stalled())


@every_client
def test_the_parser_that_was_given_outlives_a_cancelled_acollect(client: str) -> None:
    """`acollect` returns nothing when it is cancelled; its parser still has what came."""

    async def has_text(parser: StreamParser) -> None:
        while TEXT not in [choice.text for choice in parser.result().choices]:  # noqa: ASYNC110 -- it tells nobody
            await asyncio.sleep(0.01)

    async def stalled() -> StreamParser:
        parser = StreamParser()
        async with open_async_source(client, server.url) as source:
            with pytest.raises(TimeoutError):
                await under_timeout(acollect(source, parser=parser), has_text(parser))
            assert await asyncio.to_thread(server.gone.wait, PATIENCE)
        return parser

    with serve(Reply(ANSWER[:2], "hold")) as server:
        result = asyncio.run(stalled()).result()
    assert result.outcome == "incomplete"
    assert result.choices[0].text == TEXT


@every_client
@both_ways
@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_the_content_coding_is_undone(client: str, is_async: bool, coding: str) -> None:
    """A compressed stream reads as any other."""
    pack = gzip.compress if coding == "gzip" else zlib.compress
    body = pack(b"".join(ANSWER))
    headers = {"content-type": "text/event-stream", "content-encoding": coding}
    with serve(Reply(cut(body, 11), headers=headers)) as server:
        reading = read(client, server, is_async=is_async)
    assert reading.result["outcome"] == "complete"
    assert only_choice(reading.result)["text"] == TEXT


@every_http_client
@both_ways
def test_a_broken_content_coding_fails_the_stream(client: str, is_async: bool) -> None:
    """What cannot be decompressed is a broken transport."""
    headers = {"content-type": "text/event-stream", "content-encoding": "gzip"}
    with serve(Reply([b"this is no gzip"], headers=headers)) as server:
        reading = read(client, server, is_async=is_async)
    assert reading.result["outcome"] == "failed"
    assert "DecodingError" in reading.result["error"]["message"]


STATUSES: Final[list[tuple[int, bytes, dict[str, Any]]]] = [
    (
        401,
        b'{"error": {"message": "No such key.", "type": "auth", "param": null, "code": "no_key"}}',
        {"message": "No such key.", "type": "auth", "code": "no_key"},
    ),
    (
        429,
        b'{"error": {"message": "Slow down.", "type": "requests", "code": null}}',
        {"message": "Slow down.", "type": "requests", "code": 429},
    ),
    (
        404,
        b'{"detail": "Not Found"}',
        {"message": "Not Found", "type": None, "code": 404},
    ),
    (
        400,
        b'[{"error": {"code": 400, "message": "Bad model.", "status": "INVALID_ARGUMENT"}}]',
        {"message": "Bad model.", "type": None, "code": 400},
    ),
    (
        404,
        b'{"error": "model not found"}',
        {"message": "model not found", "type": None, "code": 404},
    ),
    (502, b"", {"message": "HTTP 502 Bad Gateway", "type": None, "code": 502}),
    (
        503,
        b"<html>down</html>\n",
        {"message": "HTTP 503 Service Unavailable: <html>down</html>", "type": None, "code": 503},
    ),
    (
        500,
        text("Hi") + stop() + DONE,
        {"message": ..., "type": None, "code": 500},
    ),
    (302, b"", {"message": "HTTP 302 Found", "type": None, "code": 302}),
    (599, b"{}", {"message": "HTTP 599: {}", "type": None, "code": 599}),
]


@every_http_client
@both_ways
@pytest.mark.parametrize(
    ("status", "body", "error"), STATUSES, ids=[f"{row[0]} {row[1][:20]!r}" for row in STATUSES]
)
def test_an_http_error_fails_with_the_servers_words(
    client: str, is_async: bool, status: int, body: bytes, error: dict[str, Any]
) -> None:
    """A status that is no success is never read as a stream, whatever its body looks like."""
    reply = Reply(cut(body, 10), status=status, headers={"content-type": "application/json"})
    with serve(reply) as server:
        reading = read(client, server, is_async=is_async)
    assert reading.result["outcome"] == "failed"
    assert reading.result["choices"] == []
    found = reading.result["error"]
    assert {**found, "message": ...} == {**error, "message": ...}
    assert error["message"] in {..., found["message"]}
    assert [type(event).__name__ for event in reading.events] == ["Error", "End"]


@every_http_client
@both_ways
def test_an_http_error_whose_body_never_ends_is_still_an_error(client: str, is_async: bool) -> None:
    """The status came; a stalled body adds the client's timeout to it and takes nothing away."""
    reply = Reply([b'{"error": '], "hold", status=500)
    with serve(reply) as server:
        reading = read(client, server, is_async=is_async, read_timeout=STALL, sees_leaving=True)
    assert reading.has_left
    assert reading.result["outcome"] == "failed"
    assert reading.result["error"] == {
        "message": 'HTTP 500 Internal Server Error: {"error":',
        "type": None,
        "code": 500,
    }
    assert "Timeout" in type(reading.exception).__name__


@every_http_client
@both_ways
def test_a_huge_http_error_is_not_read_to_its_end(client: str, is_async: bool) -> None:
    """More than a megabyte of error body says nothing more."""
    reply = Reply([b"x" * 65_536] * 20, "hold", status=500)
    with serve(reply) as server:
        reading = read(client, server, is_async=is_async, sees_leaving=True)
    assert reading.has_left
    assert reading.result["outcome"] == "failed"
    assert reading.exception is None


@every_http_client
@both_ways
def test_a_body_that_is_no_stream_is_read_as_what_it_is(client: str, is_async: bool) -> None:
    """A server that ignores `stream` sends one JSON answer with status 200."""
    body = (
        b'{"id": "c1", "object": "chat.completion", "created": 1, "model": "m", "choices": '
        b'[{"index": 0, "message": {"role": "assistant", "content": "Hi"}, '
        b'"finish_reason": "stop"}]}'
    )
    with serve(Reply([body], headers={"content-type": "application/json"})) as server:
        reading = read(client, server, is_async=is_async)
    assert reading.result["outcome"] == "complete"
    assert only_choice(reading.result)["text"] == "Hi"
    assert [repair["name"] for repair in reading.result["repairs"]] == ["not-a-stream"]


@every_client
@both_ways
def test_strict_raises_and_closes(client: str, is_async: bool) -> None:
    """A strict parser's error passes through the driver; the connection does not outlive it."""
    wire = [text("Hi"), text("Ho", index=...)]

    def sync() -> None:
        with open_source(client, server.url) as source:
            with pytest.raises(ParseError, match="choice-index-missing"):
                collect(source, parser=StreamParser(strict=True))
            assert server.gone.wait(PATIENCE)

    async def async_() -> None:
        async with open_async_source(client, server.url) as source:
            with pytest.raises(ParseError, match="choice-index-missing"):
                await acollect(source, parser=StreamParser(strict=True))
            assert await asyncio.to_thread(server.gone.wait, PATIENCE)

    with serve(Reply(wire, "hold")) as server:
        asyncio.run(async_()) if is_async else sync()


@both_ways
@pytest.mark.parametrize("client", HTTP)
def test_a_response_that_was_read_already_is_the_callers_mistake(
    client: str, is_async: bool
) -> None:
    """A body flows once: UsageError, not an empty answer."""

    async def twice() -> None:
        async with open_async_source(client, server.url) as source:
            assert (await acollect(source)).outcome == "complete"
            with pytest.raises(UsageError, match="cannot be read"):
                await acollect(source)

    with serve(Reply(ANSWER)) as server:
        if is_async:
            asyncio.run(twice())
            return
        with open_source(client, server.url) as source:
            assert collect(source).outcome == "complete"
            with pytest.raises(UsageError, match="cannot be read"):
                collect(source)


@every_http_client
def test_a_body_in_memory_is_read_from_there(client: str) -> None:
    """`response.read()` came first: then the bytes are there and nothing flows."""
    with serve(Reply(ANSWER)) as server, open_source(client, server.url) as source:
        response: Any = source
        response.read()
        assert collect(response).outcome == "complete"


def test_the_response_of_the_other_kind_of_client_is_the_callers_mistake() -> None:
    """`events` cannot wait for an async response: UsageError says so, and nothing hangs."""

    async def mix() -> None:
        async with open_async_source("httpx2", server.url) as source:
            other: Any = source
            with pytest.raises(UsageError, match="cannot be read"):
                collect(other)
            await other.aclose()

    with serve(Reply(ANSWER)) as server:
        asyncio.run(mix())


def type_checkers_accept(
    one: httpx.Response,
    two: httpx2.Response,
    three: openai.Stream[ChatCompletionChunk],
    four: openai.AsyncStream[ChatCompletionChunk],
) -> tuple[list[Source], list[AsyncSource]]:
    """Never called: the clients' own types are sources to a type checker."""
    return [one, two, three, [b""]], [one, two, four]
