"""The openai driver: what the client let through enters at the chunk level.

Bytes go into the real client over an in-process transport; what is expected here follows
from what the client shows its user of them (openai 3.54), never more.
"""

import asyncio
import json
from typing import Any, Final

import httpx2
import openai
import pytest
from openai.types.chat import ChatCompletionChunk

from chunkproof import StreamParser
from chunkproof.drivers import acollect, collect, events
from tests.driver_clients import MESSAGES
from tests.wire import DONE, bare, chunk, chunk_object, data, payload, stop, tc, text, tools

END: Final = stop() + DONE
both_ways = pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])


def transport(body: bytes) -> httpx2.MockTransport:
    headers = {"content-type": "text/event-stream"}
    return httpx2.MockTransport(lambda _: httpx2.Response(200, headers=headers, content=body))


def client(body: bytes) -> openai.OpenAI:
    return openai.OpenAI(
        api_key="none",
        base_url="http://server.invalid",
        max_retries=0,
        http_client=httpx2.Client(transport=transport(body)),
    )


def sync_stream(api: openai.OpenAI) -> openai.Stream[ChatCompletionChunk]:
    return api.chat.completions.create(model="m", messages=MESSAGES, stream=True)


def through_client(body: bytes, *, is_async: bool = False) -> dict[str, Any]:
    """Return the result of a body as the client's user sees it."""

    async def read() -> dict[str, Any]:
        http_client = httpx2.AsyncClient(transport=transport(body))
        async with openai.AsyncOpenAI(
            api_key="none",
            base_url="http://server.invalid",
            max_retries=0,
            http_client=http_client,
        ) as api:
            stream = await api.chat.completions.create(model="m", messages=MESSAGES, stream=True)
            return (await acollect(stream)).to_dict()

    if is_async:
        return asyncio.run(read())
    with client(body) as api:
        return collect(sync_stream(api)).to_dict()


def names(result: dict[str, Any]) -> list[str]:
    return [repair["name"] for repair in result["repairs"]]


@both_ways
def test_members_arrive_as_they_were_sent(is_async: bool) -> None:
    """Unset members are left out, unknown ones and nulls are kept apart, at every depth."""
    result = through_client(
        chunk(
            {"role": "assistant", "content": None, "reasoning_content": "Hm.", "channel": "a"},
            None,
            choice={"native_finish_reason": None, "logprobs": {"content": [], "refusal": None}},
            service_tier="default",
            provider={"name": "p", "regions": ["eu", {"id": None}]},
        )
        + tools(tc(0, "call_1", "f", "{", type="function", extra_content={"google": {"s": "x"}}))
        + tools(tc(0, arguments="}"))
        + stop("tool_calls", usage={"prompt_tokens": 3, "completion_tokens": 2, "cost": 0.5})
        + DONE,
        is_async=is_async,
    )
    assert result["outcome"] == "complete"
    assert (result["id"], result["model"], result["created"]) == ("c1", "m", 1)
    (choice,) = result["choices"]
    assert (choice["text"], choice["reasoning"]) == (None, "Hm.")
    (call,) = choice["tool_calls"]
    assert (call["id"], call["name"], call["arguments"]) == ("call_1", "f", "{}")
    assert result["usage"] == {
        "prompt_tokens": 3,
        "completion_tokens": 2,
        "total_tokens": None,
        "raw": {"prompt_tokens": 3, "completion_tokens": 2, "cost": 0.5},
    }
    assert result["extra"] == {
        "/choices/0/delta/channel": "a",
        "/choices/0/delta/tool_calls/0/extra_content": {"google": {"s": "x"}},
        "/provider": {"name": "p", "regions": ["eu", {"id": None}]},
        "/service_tier": "default",
    }
    assert result["repairs"] == []


@both_ways
def test_done_cannot_be_seen(is_async: bool) -> None:
    """The client swallows `[DONE]`: with it or without, a finished stream is complete."""
    with_done = through_client(text("Hi") + stop() + DONE, is_async=is_async)
    without = through_client(text("Hi") + stop(), is_async=is_async)
    assert with_done == without
    assert (with_done["outcome"], with_done["repairs"]) == ("complete", [])


@both_ways
def test_without_a_finish_reason_the_stream_is_incomplete(is_async: bool) -> None:
    """Here `[DONE]` would have said that it was done, but the client does not show it."""
    result = through_client(text("Hi") + DONE, is_async=is_async)
    assert result["outcome"] == "incomplete"
    assert result["choices"][0]["text"] == "Hi"


ODD_PAYLOADS: Final[list[tuple[str, bytes, list[str], dict[str, Any]]]] = [
    ("null", data("null"), [], {}),
    ("an empty object", data("{}"), [], {}),
    ("a number", data("5"), ["payload-not-an-object"], {}),
    ("a list", data("[1]"), ["payload-not-an-object"], {}),
    ("an unknown object", data('{"type": "ping"}'), ["unknown-object"], {"/type": "ping"}),
    ("choices null", bare(choices=None), [], {}),
    ("choices of a wrong kind", bare(choices={"a": 1}), ["wrong-type"], {"/choices": {"a": 1}}),
    ("delta null", chunk(None), [], {}),
    ("no delta", chunk(), [], {}),
    ("an empty error", bare(choices=[], error={}), [], {}),
    ("a member named as a method", bare(choices=[], model_dump=7), [], {"/model_dump": 7}),
    (
        "content of a wrong kind",
        chunk({"content": 5}),
        ["wrong-type"],
        {"/choices/0/delta/content": 5},
    ),
    (
        "numbers that JSON lacks",
        data(payload(chunk_object({}, x=1)).replace('"x":1', '"x":[NaN,-Infinity]')),
        ["non-finite-number"],
        {"/x": [None, None]},
    ),
    ("half a pair", bare(choices=[], x="\ud83d"), ["surrogate-lone"], {"/x": "\ufffd"}),
]


@both_ways
@pytest.mark.parametrize(
    ("wire", "repairs", "extra"),
    [row[1:] for row in ODD_PAYLOADS],
    ids=[row[0] for row in ODD_PAYLOADS],
)
def test_odd_payloads_meet_the_payloads_table(
    is_async: bool, wire: bytes, repairs: list[str], extra: dict[str, Any]
) -> None:
    """What the client does not check and hands out as it is: the answer around it stays."""
    result = through_client(text("Hel") + wire + text("lo") + END, is_async=is_async)
    assert result["outcome"] == "complete"
    assert result["choices"][0]["text"] == "Hello"
    assert names(result) == repairs
    assert result["extra"] == extra


HANDED_OUT_ERRORS: Final[list[tuple[bytes, dict[str, Any]]]] = [
    (
        data('"overloaded"'),
        {"message": "overloaded", "type": None, "code": None},
    ),
    (
        data('[{"error": {"message": "quota", "code": 429}}]'),
        {"message": "quota", "type": None, "code": 429},
    ),
    (
        data('{"object": "error", "message": "dead", "code": 50001}'),
        {"message": "dead", "type": None, "code": 50001},
    ),
    (
        data('{"detail": "too long", "status": 400}'),
        {"message": "too long", "type": None, "code": 400},
    ),
    (stop("error"), {"message": ..., "type": None, "code": None}),
]


@both_ways
@pytest.mark.parametrize(("wire", "error"), HANDED_OUT_ERRORS)
def test_errors_that_the_client_takes_for_chunks_fail(
    is_async: bool, wire: bytes, error: dict[str, Any]
) -> None:
    """The client says nothing; its user sees the object, and so does the parser."""
    result = through_client(text("Hello") + wire + DONE, is_async=is_async)
    assert result["outcome"] == "failed"
    assert result["choices"][0]["text"] == "Hello"
    assert {**result["error"], "message": ...} == {**error, "message": ...}
    assert error["message"] in {..., result["error"]["message"]}


RAISED_ERRORS: Final[list[tuple[bytes, str, dict[str, Any]]]] = [
    (
        data('{"error": {"message": "boom", "type": "server_error", "code": "x"}}'),
        "APIError",
        {"message": "boom", "type": "server_error", "code": "x"},
    ),
    (
        data('{"error": "boom"}'),
        "APIError",
        {"message": "boom", "type": None, "code": None},
    ),
    (
        data('{"error": {"code": 500}, "choices": []}'),
        "APIError",
        {"message": ..., "type": None, "code": 500},
    ),
    (data("{half"), "JSONDecodeError", {"message": ..., "type": "transport", "code": None}),
    (
        b"event: ping\n\n",
        "JSONDecodeError",
        {"message": ..., "type": "transport", "code": None},
    ),
    (
        b"data: \xff\n\n",
        "UnicodeDecodeError",
        {"message": ..., "type": "transport", "code": None},
    ),
    (
        data("[" * 200_000),
        "RecursionError",
        {"message": ..., "type": "transport", "code": None},
    ),
    (
        data('{"_fields_set": 1}'),
        "TypeError",
        {"message": ..., "type": "transport", "code": None},
    ),
]


@both_ways
@pytest.mark.parametrize(
    ("wire", "exception", "error"), RAISED_ERRORS, ids=[str(row[0][:40]) for row in RAISED_ERRORS]
)
def test_what_the_client_raises_fails_the_stream(
    is_async: bool, wire: bytes, exception: str, error: dict[str, Any]
) -> None:
    """What came before stays. What came after it, the client does not show any more."""
    body = text("Hello") + wire + text(" lost") + END
    result = through_client(body, is_async=is_async)
    assert result["outcome"] == "failed"
    assert result["choices"][0]["text"] == "Hello"
    assert {**result["error"], "message": ...} == {**error, "message": ...}
    assert error["message"] in {..., result["error"]["message"]}
    if error["type"] == "transport":
        assert result["error"]["message"].startswith(f"{exception}: ")


def test_the_clients_exception_is_at_hand() -> None:
    """`exception` is the very object, with the request and the body it knows."""
    body = text("Hello") + data('{"error": {"message": "boom", "code": 3}}')
    with (
        client(body) as api,
        events(sync_stream(api)) as stream,
    ):
        list(stream)
    assert isinstance(stream.exception, openai.APIError)
    assert stream.exception.body == {"message": "boom", "code": 3}


def test_deep_nesting_fails_with_its_own_message() -> None:
    """The client reads what the parser's limit rules out: the frame fails, reading goes on."""
    deep = data('{"choices": [], "x": ' + "[" * 300 + "]" * 300 + "}")
    result = through_client(text("Hel") + deep + text("lo") + END)
    assert result["outcome"] == "failed"
    assert "nested deeper" in result["error"]["message"]
    assert result["choices"][0]["text"] == "Hello"


def test_a_chunk_that_cannot_be_written_fails_the_stream() -> None:
    """pydantic does not write a name with half a pair; the reason is in the result."""
    wire = text("Hello") + data('{"choices": [], "\\ud83d": 1}')
    result = through_client(wire + text(" lost") + END)
    assert result["outcome"] == "failed"
    assert "UnicodeEncodeError" in result["error"]["message"]
    assert result["choices"][0]["text"] == "Hello"


PLAIN: Final = (
    chunk({"role": "assistant", "content": ""}, None)
    + text("Grüße \U0001f30d", None)
    + chunk({"refusal": "no"}, None)
    + tools(tc(0, "call_1", "f", '{"a"', type="function"), finish=None)
    + tools(tc(1, "call_2", "g", "{}", type="function"), finish=None)
    + tools(tc(0, arguments=": 1}"), finish=None)
    + chunk({"content": "second"}, None, index=1)
    + stop("stop", index=1)
    + stop("tool_calls")
    + bare(choices=[], usage={"prompt_tokens": 5, "completion_tokens": 7, "total_tokens": 12})
    + DONE
)


def test_a_plain_stream_says_the_same_through_the_client_as_in_bytes() -> None:
    """Two roads, one answer: only offsets are missing on the one through the client."""
    direct = StreamParser()
    direct.feed(PLAIN)
    direct.close()
    assert through_client(PLAIN) == direct.result().to_dict()


@pytest.mark.parametrize("method", ["http_response", "itself"])
def test_the_clients_raw_response_is_a_response(method: str) -> None:
    """`with_streaming_response` leaves the parsing to us: bytes, so with everything to see."""
    with (
        client(PLAIN + text("unseen")) as api,
        api.chat.completions.with_streaming_response.create(
            model="m", messages=MESSAGES, stream=True
        ) as response,
    ):
        result = collect(response.http_response if method == "http_response" else response)
    assert result.outcome == "complete"
    assert result.choices[1].text == "second"


def test_json_of_a_chunk_is_what_was_sent() -> None:
    """The parser sees each member that came, and none that did not."""
    from chunkproof.drivers.intake import json_value

    sent = chunk_object({"content": "x", "new": {"a": [None]}}, ..., system_fingerprint=None)
    shown = json_value(ChatCompletionChunk.construct(**json.loads(json.dumps(sent))))
    assert shown == sent
