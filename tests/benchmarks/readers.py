"""The readers that are compared: the reference, a floor below which no parser gets, openai.

Each takes the pieces of a body and returns the number of code points of text, reasoning
and arguments it found, so that none can be fast by leaving something out.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Final

import httpx2
import msgspec
import openai

from chunkproof import StreamParser

Reader = Callable[[Iterable[bytes]], int]


class _Function(msgspec.Struct, gc=False):
    arguments: str | None = None


class _ToolCall(msgspec.Struct, gc=False):
    function: _Function | None = None


class _Delta(msgspec.Struct, gc=False):
    content: str | None = None
    reasoning: str | None = None
    tool_calls: list[_ToolCall] | None = None


class _Choice(msgspec.Struct, gc=False):
    delta: _Delta


class _Chunk(msgspec.Struct, gc=False):
    choices: list[_Choice]


def floor(pieces: Iterable[bytes]) -> int:
    """Split lines, decode into the members needed, append, join: no rule of any table."""
    decode = msgspec.json.Decoder(_Chunk).decode
    text: list[str] = []
    reasoning: list[str] = []
    arguments: list[str] = []
    rest = b""
    for piece in pieces:
        *lines, rest = (rest + piece).split(b"\n")
        for line in lines:
            if not line.startswith(b"data: {"):
                continue
            for choice in decode(line[6:]).choices:
                delta = choice.delta
                if delta.content:
                    text.append(delta.content)
                if delta.reasoning:
                    reasoning.append(delta.reasoning)
                if delta.tool_calls:
                    arguments += [
                        call.function.arguments
                        for call in delta.tool_calls
                        if call.function is not None and call.function.arguments
                    ]
    return len("".join(text)) + len("".join(reasoning)) + len("".join(arguments))


def reference(pieces: Iterable[bytes]) -> int:
    """Feed, take every event, and make the whole result at the end."""
    parser = StreamParser()
    events = 0
    for piece in pieces:
        events += len(parser.feed(piece))
    events += len(parser.close())
    result = parser.result()
    if not events or result.outcome != "complete" or result.repairs:
        raise RuntimeError(f"not the plain stream it should be: {result.outcome}, {result.repairs}")
    members = result.to_dict()
    return sum(
        len(choice["text"] or "")
        + len(choice["reasoning"] or "")
        + sum(len(call["arguments"]) for call in choice["tool_calls"])
        for choice in members["choices"]
    )


class _Pieces(httpx2.SyncByteStream):
    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = pieces

    def __iter__(self) -> Iterator[bytes]:
        yield from self._pieces


_HEADERS: Final = {"content-type": "text/event-stream"}


def official(pieces: Iterable[bytes]) -> int:
    """Let the official client iterate over raw chunks; its transport is in process."""

    def respond(_: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, headers=_HEADERS, stream=_Pieces(pieces))

    transport = httpx2.MockTransport(respond)
    with (
        httpx2.Client(transport=transport) as http_client,
        openai.OpenAI(api_key="none", http_client=http_client, max_retries=0) as client,
    ):
        found = 0
        for chunk in client.chat.completions.create(model="m", messages=[], stream=True):
            for choice in chunk.choices:
                delta = choice.delta
                found += len(delta.content or "") + len(getattr(delta, "reasoning", None) or "")
                for call in delta.tool_calls or ():
                    if call.function is not None:
                        found += len(call.function.arguments or "")
    return found
