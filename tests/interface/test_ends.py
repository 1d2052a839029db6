"""How a step ends: quietly, with one stop reason and an exception, or cancelled."""

import asyncio
import gc
import pickle
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

import httpx2
import openai
import pytest

from chunkproof import UsageError
from chunkproof.interface import (
    IncompleteStream,
    LettaStopReason,
    MessageStream,
    OpenAIStreamingInterface,
    StreamFailed,
)
from chunkproof.interface.cancellation import HeldCancellation
from tests.interface.streams import (
    Stream,
    as_sdk,
    call,
    chunk,
    coalesced,
    finish,
    fragment,
    interface,
    opening,
    run,
    run_stream,
    text,
)

HALF = [opening(), fragment('{"thinking":"t","message":"Hel')]
SAID = [("reasoning", "t"), ("assistant", "Hel")]
HELD = [opening("calc"), fragment('{"thinking":"t"')]
"""A call whose name is not out yet."""


def test_a_complete_stream_says_nothing_about_it() -> None:
    """No stop reason: the agent adds its own. The interface says the rest."""
    seen = run(call(['{"message":"hi"}']), uam=True)
    assert seen.said == [("assistant", "hi")]
    made = seen.interface
    assert (made.outcome, made.finish_reason, made.repairs) == ("complete", "tool_calls", ())


def test_an_outcome_is_none_before_the_end() -> None:
    assert OpenAIStreamingInterface().outcome is None


def test_a_failed_stream() -> None:
    """Everything is flushed, one stop reason, then StreamFailed with the server's words."""
    error = {"error": {"message": "overloaded", "type": "server_error", "code": 529}}
    seen = run([*HELD, error])
    assert seen.said == [("reasoning", "t"), ("tool", "calc", "{", "call_A"), ("stop", "error")]
    failure = seen.exception
    assert isinstance(failure, StreamFailed)
    assert (str(failure), failure.type, failure.code) == ("overloaded", "server_error", 529)
    assert seen.interface.outcome == "failed"


def test_a_stream_that_finishes_with_an_error() -> None:
    seen = run([text("a"), finish("error")])
    assert seen.said == [("assistant", "a"), ("stop", "error")]
    assert isinstance(seen.exception, StreamFailed)


@pytest.mark.parametrize("failure", [RuntimeError("boom"), httpx2.ReadError("reset")])
def test_a_stream_that_raises(failure: Exception) -> None:
    """What it raised is raised, after everything that came and one stop reason."""
    stream = Stream(map(as_sdk, HALF), then=failure)
    seen = run_stream(stream, interface(use_assistant_message=True))
    assert seen.said == [*SAID, ("stop", "error")]
    assert seen.exception is failure
    assert (stream.closed, seen.interface.outcome) == (1, "failed")


def test_an_error_of_the_sdk_keeps_the_words_of_the_server() -> None:
    """The SDK raises for an error frame; its body is the server's error."""
    body = {"message": "no quota", "type": "insufficient_quota"}
    request = httpx2.Request("POST", "https://api.test/v1")
    failure = openai.APIError("no quota", request, body=body)
    seen = run_stream(Stream(map(as_sdk, [text("a")]), then=failure), interface())
    error = seen.interface.result().error
    assert seen.exception is failure
    assert error
    assert error[:2] == ("no quota", "insufficient_quota")


def test_a_stream_that_cannot_be_entered() -> None:
    failure = ConnectionError("refused")
    seen = run_stream(Stream([], on_enter=failure), interface())
    assert (seen.said, seen.exception) == ([("stop", "error")], failure)


@pytest.mark.parametrize(
    ("options", "failure"),
    [
        ({"messages": [{"role": "user", "content": [{"type": "text"}]}]}, ValueError),
        ({"tools": [{"function": {"name": "x"}}]}, KeyError),
    ],
)
def test_before_the_stream_is_entered(options: Any, failure: type[Exception]) -> None:
    """What cannot be counted raises as it is: no stop reason, the stream stays untouched."""
    stream = Stream(map(as_sdk, HALF))
    seen = run_stream(stream, interface(is_openai_proxy=True, **options))
    assert (seen.messages, type(seen.exception)) == ([], failure)
    assert (stream.read, stream.closed) == (0, 0)


def test_a_base_exception_passes() -> None:
    """Neither caught nor announced: the process is on its way out."""
    seen = run_stream(Stream(map(as_sdk, HALF), then=GeneratorExit("x")), interface())
    assert "stop" not in {one[0] for one in seen.said}
    assert isinstance(seen.exception, GeneratorExit)


@pytest.mark.parametrize(
    "chunks",
    [
        [],
        [chunk(choices=None)],
        [chunk({"role": "assistant", "content": ""})],
        [fragment(id="call_A")],
        HALF,
        [opening("calc"), fragment("{")],
    ],
)
def test_a_stream_cut_in_a_call_or_before_anything(chunks: list[Any]) -> None:
    """Half a call is no call, and nothing is no answer."""
    seen = run(chunks)
    assert seen.said[-1] == ("stop", "error")
    assert isinstance(seen.exception, IncompleteStream)
    assert seen.interface.outcome == "incomplete"


@pytest.mark.parametrize(
    "chunks",
    [
        [text("Hello")],
        [opening("ping")],
        [opening("calc"), fragment('{"x":1}')],
        [chunk({"reasoning_content": "hm"})],
    ],
)
def test_a_clean_end_without_a_finish_reason(chunks: list[Any]) -> None:
    """Over parsed chunks [DONE] is invisible, and some vendors send no reason: no error."""
    seen = run(chunks)
    assert seen.exception is None
    assert seen.interface.outcome == "incomplete"
    assert isinstance(run(chunks, on_incomplete="raise").exception, IncompleteStream)


@pytest.mark.parametrize("chunks", [[], HALF])
def test_an_incomplete_stream_may_be_reported_alone(chunks: list[Any]) -> None:
    seen = run(chunks, uam=True, on_incomplete="report")
    assert (seen.said, seen.exception) == (SAID if chunks else [], None)
    assert seen.interface.outcome == "incomplete"


def test_on_incomplete_is_checked() -> None:
    with pytest.raises(UsageError):
        interface(on_incomplete="ignore")


def test_an_interface_reads_one_stream() -> None:
    made = run(call(["{}"])).interface
    assert isinstance(run_stream(Stream([]), made).exception, UsageError)


@pytest.mark.parametrize("error", [StreamFailed("m", "t", 1), IncompleteStream("m")])
def test_errors_travel_between_processes(error: Exception) -> None:
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), vars(again)) == (str(error), vars(error))


# --- cancellation


def endless() -> Stream:
    """A call that begins and then never goes on."""

    class Waiting(Stream):
        async def __aiter__(self) -> AsyncIterator[Any]:
            for one in HALF:
                yield as_sdk(one)
            await asyncio.Event().wait()

    return Waiting([])


def cancelled(consumer: Any) -> tuple[Stream, list[str], asyncio.Task[None]]:
    """Cancel a consumer that waits for the third chunk; consumer: (messages, log) -> None."""
    log: list[str] = []
    stream = endless()

    async def main() -> asyncio.Task[None]:
        made = interface(use_assistant_message=True)
        task = asyncio.create_task(consumer(made.process(stream), log))
        for _ in range(10):
            await asyncio.sleep(0)
        task.cancel("client gone")
        await asyncio.wait([task])
        return task

    return stream, log, asyncio.run(main())


def short(message: Any) -> str:
    return "/".join(coalesced([message])[0][:2])


def test_a_cancelled_task() -> None:
    """The consumer hears it, may still await, and then it is cancelled."""

    async def consumer(messages: MessageStream, log: list[str]) -> None:
        async for message in messages:
            await asyncio.sleep(0)
            log.append(short(message))

    stream, log, task = cancelled(consumer)
    assert log == ["reasoning/t", "assistant/Hel", "stop/cancelled"]
    assert task.cancelled()
    assert stream.closed == 1


@pytest.mark.parametrize("awaits", [True, False])
def test_a_consumer_that_leaves_at_the_stop_reason_is_cancelled_too(awaits: bool) -> None:
    """0.10.0 lost the cancellation here: the task ran on and finished normally."""

    async def consumer(messages: MessageStream, log: list[str]) -> None:
        async for message in messages:
            if isinstance(message, LettaStopReason):
                break
        del messages
        log.append("left")
        if awaits:
            await asyncio.sleep(0)
            log.append("ran on")

    _, log, task = cancelled(consumer)
    assert log == ["left"]
    assert task.cancelled()


def test_a_consumer_that_closes_at_the_stop_reason_is_cancelled_there() -> None:
    async def consumer(messages: MessageStream, log: list[str]) -> None:
        async with aclosing(messages):
            async for message in messages:
                if isinstance(message, LettaStopReason):
                    break
        log.append("ran on")

    _, log, task = cancelled(consumer)
    assert log == []
    assert task.cancelled()


@pytest.mark.parametrize("leaves", [True, False])
def test_a_timeout_stays_a_timeout(leaves: bool) -> None:
    """asyncio.timeout counts cancellations: one request is one, also when it goes on twice."""

    async def main() -> str:
        try:
            async with asyncio.timeout(0.01):
                async for message in interface().process(endless()):
                    if leaves and isinstance(message, LettaStopReason):
                        break
                await asyncio.sleep(1)
        except TimeoutError:
            await asyncio.sleep(0)  # nothing is left over
            return "timeout"
        return "nothing"

    assert asyncio.run(main()) == "timeout"


def test_a_cancellation_that_the_stream_raises() -> None:
    """Not the task's own: one stop reason, then it is raised as it came."""
    failure = asyncio.CancelledError("client gone")
    seen = run_stream(
        Stream(map(as_sdk, HALF), then=failure), interface(use_assistant_message=True)
    )
    assert seen.said == [*SAID, ("stop", "cancelled")]
    assert seen.exception is failure
    assert seen.interface.outcome == "incomplete"


def test_a_cancellation_thrown_at_a_yield() -> None:
    """One stop reason, then the exception; the chunk at hand is not processed again."""

    async def main() -> tuple[list[str], int]:
        stream = Stream(map(as_sdk, call(['{"thinking":"t","message":"Hel', 'lo"}'])))
        messages = interface(use_assistant_message=True).process(stream)
        log = [short(await anext(messages)), short(await anext(messages))]
        log.append(short(await messages.athrow(asyncio.CancelledError("thrown"))))
        with pytest.raises(asyncio.CancelledError, match="thrown"):
            await anext(messages)
        with pytest.raises(StopAsyncIteration):
            await anext(messages)
        return log, stream.closed

    expected = ["reasoning/t", "assistant/Hel", "stop/cancelled"]
    assert asyncio.run(main()) == (expected, 1)


def test_a_cancellation_thrown_at_the_stop_reason() -> None:
    """There is one stop reason, never two."""

    async def main() -> None:
        stream = Stream(map(as_sdk, HALF), then=RuntimeError("boom"))
        messages = interface(use_assistant_message=True).process(stream)
        seen = [await anext(messages) for _ in range(3)]
        assert short(seen[-1]) == "stop/error"
        with pytest.raises(asyncio.CancelledError):
            await messages.athrow(asyncio.CancelledError())

    asyncio.run(main())


def test_an_error_thrown_at_a_yield() -> None:
    async def main() -> None:
        stream = Stream(map(as_sdk, HALF))
        messages = interface(use_assistant_message=True).process(stream)
        await anext(messages)
        assert short(await messages.athrow(ValueError("mine"))) == "stop/error"
        with pytest.raises(ValueError, match="mine"):
            await anext(messages)
        assert stream.closed == 1

    asyncio.run(main())


@pytest.mark.parametrize("how", ["aclose", "dropped", "never begun"])
def test_a_generator_closed_early(how: str) -> None:
    """The stream is closed, nothing more is said, and nobody is cancelled."""

    async def main() -> int:
        stream = Stream(map(as_sdk, HALF))
        messages = interface().process(stream)
        if how != "never begun":
            await anext(messages)
        if how == "aclose":
            await messages.aclose()
        del messages
        gc.collect()
        for _ in range(5):
            await asyncio.sleep(0)
        return stream.closed

    assert asyncio.run(main()) == (0 if how == "never begun" else 1)


def test_a_loop_that_closes_while_a_cancellation_is_handed_back() -> None:
    """Dropped in another thread: between a look and the call the loop may close."""
    held = HeldCancellation()
    loop = asyncio.new_event_loop()
    loop.set_exception_handler(lambda *_: None)  # of the task that waits for ever
    call = loop.call_soon_threadsafe

    async def wait() -> None:
        held.hold(asyncio.CancelledError())
        await asyncio.Event().wait()

    def close_and_call(*words: Any) -> asyncio.Handle:
        loop.close()
        return call(*words)

    task = loop.create_task(wait())
    loop.run_until_complete(asyncio.sleep(0))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loop, "call_soon_threadsafe", close_and_call)
        held.deliver()
    assert loop.is_closed()
    assert not task.done()


def test_a_stop_reason_left_after_the_loop_is_gone() -> None:
    """Dropped where no loop runs any more: nobody is left to cancel."""
    kept: list[MessageStream] = []

    async def main() -> None:
        stream = Stream(map(as_sdk, HALF), then=asyncio.CancelledError())
        kept.append(interface().process(stream))
        async for message in kept[0]:
            if isinstance(message, LettaStopReason):
                return

    asyncio.run(main())
    kept.clear()
    gc.collect()
