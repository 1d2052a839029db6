"""The reference's agent interface, driven as an agent server drives it: the level messages.

The official client reads the pieces, the interface reads the client's chunks.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import httpx2
import openai

from chunkproof.interface import IncompleteStream, OpenAIStreamingInterface, StreamFailed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from chunkproof_conformance.connect.adapter import Stream

Entry = dict[str, Any]


def read_messages(stream: Stream) -> tuple[Entry, ...]:
    """Return what the interface hands on, one entry a message, with the segment it is of.

    `stream.options`: `use_assistant_message`.
    """
    return tuple(asyncio.run(_read(stream)))


async def _read(stream: Stream) -> list[Entry]:
    interface = OpenAIStreamingInterface(**stream.options)
    entries: list[Entry] = []
    async with openai.AsyncOpenAI(
        api_key="none",
        base_url="http://chunkproof.invalid/v1",
        max_retries=0,
        http_client=httpx2.AsyncClient(transport=_Pieces(stream)),
    ) as client:
        with suppress(openai.OpenAIError, StreamFailed, IncompleteStream):
            chunks = await client.chat.completions.create(
                model="any", messages=[{"role": "user", "content": "Go on."}], stream=True
            )
            async for message in interface.process(chunks):
                entries += _entries(message.model_dump(mode="json"))
    return entries


def _entries(message: dict[str, Any]) -> Iterator[Entry]:
    """One message as entries; the otid counts segments."""
    kind, segment = message["message_type"], message.get("otid")
    if kind == "stop_reason":
        yield {"kind": kind, "reason": message["stop_reason"]}
    elif kind == "reasoning_message":
        yield {"kind": "reasoning", "text": message["reasoning"], "segment": segment}
    elif kind == "assistant_message":
        yield {"kind": "assistant", "text": message["content"], "segment": segment}
    else:
        call = message["tool_call"]
        if call.get("name") is not None:
            yield {"kind": "tool_call", "id": call.get("tool_call_id"), "name": call["name"]}
        if call.get("arguments") is not None:
            yield {"kind": "tool_arguments", "text": call["arguments"], "segment": segment}


class _Pieces(httpx2.AsyncBaseTransport, httpx2.AsyncByteStream):
    """Answers with the pieces, one read each, and ends as the stream does."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(
            self._stream.status, headers=list(self._stream.headers), stream=self, request=request
        )

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self._stream.pieces:
            yield piece
        if self._stream.end == "reset":
            raise httpx2.ReadError("the connection was reset")
        if self._stream.end == "short-length":
            raise httpx2.RemoteProtocolError("the body is shorter than its promised length")
