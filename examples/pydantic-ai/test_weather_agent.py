"""The agent's own tests, on streams that real servers sent. No network, no key, no model.

    pytest

Every test runs once per case that its mark names.
"""

from collections.abc import Callable
from typing import Any

import pytest
from httpx2 import AsyncClient
from pydantic_ai import DeferredToolRequests, ModelAPIError
from pydantic_ai.providers.openai import OpenAIProvider
from weather_agent import weather_agent

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def provider(transport: Any) -> OpenAIProvider:
    client = AsyncClient(transport=transport)
    return OpenAIProvider("http://replay.invalid/v1", "none", http_client=client)


async def streamed(from_: OpenAIProvider) -> str:
    """What somebody reads who watches the answer come."""
    async with weather_agent(from_).run_stream("Go on.") as result:
        return "".join([delta async for delta in result.stream_text(delta=True)])


@pytest.mark.chunkproof("text/*-plain", "text/*-unicode", "framing/*-cr*", strength="must")
async def test_text_arrives_whole_however_it_is_cut(
    chunkproof_case: Any, chunkproof_expected: Any, chunkproof_transport: Callable[..., Any]
) -> None:
    """As the server sent it, in one piece, and one byte at a time."""
    said = chunkproof_expected["final"]["choices"][0]["text"]
    for cuts in (None, (), range(1, len(chunkproof_case.body))):
        assert await streamed(provider(chunkproof_transport(cuts))) == said


@pytest.mark.chunkproof("text/*-plain", strength="must")
async def test_text_arrives_over_a_real_socket(
    chunkproof_expected: Any, chunkproof_replay: Callable[..., str]
) -> None:
    said = chunkproof_expected["final"]["choices"][0]["text"]
    assert await streamed(OpenAIProvider(chunkproof_replay(), "none")) == said


@pytest.mark.chunkproof("tools/*-one-call", profile="tools", strength="must")
async def test_the_tool_is_asked_with_the_arguments_of_the_wire(
    chunkproof_expected: Any, chunkproof_transport: Callable[..., Any]
) -> None:
    (called,) = chunkproof_expected["final"]["choices"][0]["tool_calls"]
    async with weather_agent(provider(chunkproof_transport())).run_stream("Go on.") as result:
        asked = await result.get_output()
    assert isinstance(asked, DeferredToolRequests)
    (call,) = asked.calls
    assert (call.tool_call_id, call.args) == (called["id"], called["arguments"])


@pytest.mark.chunkproof("errors/*-error-frame", strength="must")
async def test_an_error_in_the_middle_is_an_exception(
    chunkproof_transport: Callable[..., Any],
) -> None:
    with pytest.raises(ModelAPIError):
        await streamed(provider(chunkproof_transport()))


@pytest.mark.chunkproof("end/generic-no-done-no-finish")
@pytest.mark.xfail(reason="a stream that just stops has the finish reason 'stop'", strict=True)
async def test_half_an_answer_is_not_taken_for_a_whole_one(
    chunkproof_transport: Callable[..., Any],
) -> None:
    """It raises where its profile says `openai_chat_streaming_requires_finish_reason`."""
    async with weather_agent(provider(chunkproof_transport())).run_stream("Go on.") as result:
        await result.get_output()
        assert result.response.finish_reason is None
