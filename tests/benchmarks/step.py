"""One step of an agent's streaming interface, timed: a program for any environment.

`python step.py MODULE MODE SIZE` prints the CPU seconds that `MODULE`'s class of the name
OpenAIStreamingInterface takes for one call of SIZE characters, four a delta. Imports the
official client and MODULE, nothing of this project: so the old class is measured in its own
environment, by the same lines. MODE: tool, assistant or thinking.
"""

import asyncio
import importlib
import sys
import time
from collections.abc import AsyncIterator, Iterator
from itertools import chain, repeat
from typing import Any, Self

WIDTH = 4
"""Characters a delta."""

_SPEECH = ('{"thinking":"t","message":"', '"}')
_BODIES = {"tool": _SPEECH, "assistant": _SPEECH, "thinking": ('{"thinking":"', '","message":"m"}')}


def chunk(entry: dict[str, Any] | None, finish: str | None = None) -> Any:
    """A chunk as the client makes it."""
    models = importlib.import_module("openai._models")
    kind = importlib.import_module("openai.types.chat").ChatCompletionChunk
    delta = {} if entry is None else {"tool_calls": [{"index": 0, **entry}]}
    choice = {"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}
    value = {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1753800000,
        "model": "gpt-4o-mini",
        "choices": [choice],
    }
    return models.construct_type(type_=kind, value=value)


def chunks(mode: str, size: int) -> Iterator[Any]:
    """One call; the inside of its long member is one chunk object, many times."""
    before, after = (
        [chunk({"function": {"arguments": text[at : at + WIDTH]}}) for at in range(0, len(text), 4)]
        for text in _BODIES[mode]
    )
    opening = {"id": "call_A", "type": "function"}
    function = {"name": "send_message", "arguments": ""}
    inside = chunk({"function": {"arguments": "abc "}})
    return chain(
        [chunk({**opening, "function": function})],
        before,
        repeat(inside, size // WIDTH),
        after,
        [chunk(None, "tool_calls")],
    )


class Stream:
    """Chunks that are there already."""

    def __init__(self, mode: str, size: int) -> None:
        self._chunks = chunks(mode, size)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        pass

    async def __aiter__(self) -> AsyncIterator[Any]:
        for one in self._chunks:
            yield one


def step(module: str, mode: str, size: int) -> float:
    """Return the CPU seconds of one step; its messages are dropped as they come."""
    kind = importlib.import_module(module).OpenAIStreamingInterface
    made, stream = kind(use_assistant_message=mode == "assistant"), Stream(mode, size)

    async def consume() -> None:
        async for _ in made.process(stream):
            pass

    start = time.process_time()
    asyncio.run(consume())
    return time.process_time() - start


if __name__ == "__main__":
    sys.stdout.write(f"{step(sys.argv[1], sys.argv[2], int(sys.argv[3]))}\n")
