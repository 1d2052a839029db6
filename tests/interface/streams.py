"""What the tests of the agent interface share: chunks, a stream of them, and what came out."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable
from typing import Any, NamedTuple, Self

from openai._models import construct_type
from openai.types.chat import ChatCompletionChunk

from chunkproof.interface import (
    LettaMessage,
    LettaStopReason,
    OpenAIStreamingInterface,
    ToolCallMessage,
)

MODEL = "gpt-4o-mini-2024-07-18"
BASE = "message-11111111-2222-4333-8444-555555555500"


def chunk(
    delta: Any = None, *, finish: str | None = None, index: int = 0, **members: Any
) -> dict[str, Any]:
    """A chunk with one choice; members: of the chunk itself."""
    choice = {"index": index, "delta": delta or {}, "finish_reason": finish, "logprobs": None}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1753800000,
        "model": MODEL,
        "choices": [choice],
    } | members


def text(content: str) -> dict[str, Any]:
    return chunk({"content": content})


def fragment(arguments: Any = None, *, index: int | None = 0, **entry: Any) -> dict[str, Any]:
    """A chunk with one entry of `tool_calls`; name goes into its function."""
    function = {"arguments": arguments} if arguments is not None else {}
    if "name" in entry:
        function["name"] = entry.pop("name")
    call = ({} if index is None else {"index": index}) | entry | {"function": function}
    return chunk({"tool_calls": [call]})


def opening(name: str = "send_message", call_id: str = "call_A", index: int = 0) -> dict[str, Any]:
    return fragment("", index=index, id=call_id, type="function", name=name)


def finish(reason: str = "tool_calls") -> dict[str, Any]:
    return chunk(finish=reason)


def call(pieces: Iterable[str], name: str = "send_message", **ids: Any) -> list[dict[str, Any]]:
    """The chunks of one call: its opening, its arguments in pieces, the finish reason."""
    return [opening(name, **ids), *(fragment(piece) for piece in pieces), finish()]


def cuts(whole: str) -> list[list[str]]:
    """Ways to cut: whole, one character each, in fours, and every pair of parts."""
    pairs = [[whole[:place], whole[place:]] for place in range(1, len(whole))]
    return [[whole], list(whole), pieces(whole, 4), *pairs]


def pieces(whole: str, size: int) -> list[str]:
    return [whole[start : start + size] for start in range(0, len(whole), size)]


class Stream:
    """Chunks as `openai.AsyncStream` hands them out: an async context manager, and iterable."""

    def __init__(
        self,
        chunks: Iterable[Any],
        *,
        then: BaseException | None = None,
        on_enter: BaseException | None = None,
    ) -> None:
        """then: raised after the last chunk. on_enter: raised on entering."""
        self.closed = 0
        self.read = 0
        self._chunks = chunks
        self._then = then
        self._on_enter = on_enter

    async def __aenter__(self) -> Self:
        if self._on_enter:
            raise self._on_enter
        return self

    async def __aexit__(self, *_: object) -> None:
        self.closed += 1

    async def __aiter__(self) -> AsyncIterator[Any]:
        for one in self._chunks:
            self.read += 1
            await asyncio.sleep(0)
            yield one
        if self._then:
            raise self._then


def as_sdk(value: Any) -> Any:
    """A chunk as the SDK makes it, which does not check."""
    return construct_type(type_=ChatCompletionChunk, value=value)


class Run(NamedTuple):
    """What a consumer saw of one stream."""

    interface: OpenAIStreamingInterface
    messages: list[LettaMessage | LettaStopReason]
    exception: BaseException | None

    @property
    def said(self) -> list[tuple[str, ...]]:
        return coalesced(self.messages)


def run(chunks: Iterable[Any], uam: bool = False, **options: Any) -> Run:
    """Read chunks, given as JSON values, to the end."""
    return run_stream(Stream(map(as_sdk, chunks)), interface(use_assistant_message=uam, **options))


def interface(**options: Any) -> OpenAIStreamingInterface:
    made = OpenAIStreamingInterface(**options)
    made.letta_message_id = BASE
    return made


def run_stream(stream: Any, made: OpenAIStreamingInterface, *span: Any) -> Run:
    messages: list[LettaMessage | LettaStopReason] = []

    async def consume() -> BaseException | None:
        try:
            async for message in made.process(stream, *span):
                messages.append(message)  # noqa: PERF401 -- what came before an exception counts
        except (Exception, asyncio.CancelledError, GeneratorExit) as error:  # noqa: BLE001
            return error  # which one it is, the test says
        return None

    return Run(made, messages, asyncio.run(consume()))


def coalesced(messages: Iterable[LettaMessage | LettaStopReason]) -> list[tuple[str, ...]]:
    """The messages with the pieces of one segment joined, in short.

    ("reasoning", text), ("assistant", text), ("tool", name, arguments, id as said with the
    name), ("stop", reason). Read from the JSON, as a client would.
    """
    joined: list[tuple[str, ...]] = []
    last = None
    for message in messages:
        value = json.loads(message.model_dump_json())
        segment = value.get("otid")
        said = _short(value)
        if segment is not None and segment == last and joined[-1][0] == said[0]:
            joined[-1] = (said[0], *map("".join, zip(joined[-1][1:], said[1:], strict=True)))
        else:
            joined.append(said)
        last = segment
    return joined


def _short(value: dict[str, Any]) -> tuple[str, ...]:
    kind = value["message_type"]
    if kind == "stop_reason":
        return ("stop", value["stop_reason"])
    if kind == "reasoning_message":
        return ("reasoning", value["reasoning"])
    if kind == "assistant_message":
        return ("assistant", value["content"])
    if kind == "hidden_reasoning_message":
        return ("hidden", value["state"])
    delta = value["tool_call"]
    said_id = delta.get("tool_call_id", "") if "name" in delta else ""
    name = "tool" if kind == "tool_call_message" else "approval"
    return (name, delta.get("name", ""), delta.get("arguments", ""), said_id)


def segments(messages: Iterable[LettaMessage | LettaStopReason]) -> list[int]:
    """The number of each message's segment, from its otid."""
    base = int(BASE.removeprefix("message-").replace("-", ""), 16)
    return [
        int(str(message.otid).replace("-", ""), 16) - base
        for message in messages
        if isinstance(message, LettaMessage)
    ]


def deltas(messages: Iterable[LettaMessage | LettaStopReason]) -> list[dict[str, Any]]:
    """What each tool call message says, as written."""
    return [one.tool_call.members() for one in messages if isinstance(one, ToolCallMessage)]
