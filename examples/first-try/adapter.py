"""The stream parser that everybody writes first, and the adapter that has it judged.

    chunkproof run -i "cmd:python examples/first-try/adapter.py"

`first_try` looks right, and is right about every stream that comes in whole frames.
"""

import json
from collections.abc import Iterable
from typing import Any, Final

from chunkproof_conformance.connect.adapter import Stream
from chunkproof_conformance.connect.kit import serve
from chunkproof_conformance.judge.observation import (
    Implementation,
    Observation,
    ObservedCall,
    ObservedChoice,
    ObservedError,
)


def first_try(pieces: Iterable[bytes]) -> dict[str, Any]:
    """Return the message of a streamed answer, which comes in any pieces."""
    message: dict[str, Any] = {"role": "assistant", "content": "", "tool_calls": []}
    for piece in pieces:
        for line in piece.decode().split("\n"):
            if not line.startswith("data: ") or line == "data: [DONE]":
                continue
            for choice in json.loads(line.removeprefix("data: "))["choices"]:
                delta = choice["delta"]
                message["content"] += delta.get("content") or ""
                for call in delta.get("tool_calls") or []:
                    if call.get("id"):
                        message["tool_calls"].append({"arguments": "", **call, **call["function"]})
                    else:
                        message["tool_calls"][-1]["arguments"] += call["function"]["arguments"]
                message["finish_reason"] = choice.get("finish_reason")
    return message


NO_PLACE_FOR: Final = frozenset(
    {"reasoning", "refusal", "usage", "logprobs", "audio", "annotations"}
)


class FirstTry:
    """Says what a user of `first_try` sees."""

    def start(self) -> Implementation:
        return Implementation(
            "first-try", "1", profiles=("core", "tools"), not_represented=NO_PLACE_FOR
        )

    def run(self, stream: Stream) -> Observation:
        try:
            message = first_try(stream.pieces)
        except (AttributeError, LookupError, TypeError, ValueError) as error:
            return Observation("failed", choices=(), error=ObservedError(repr(error)))
        reason = message.get("finish_reason")
        calls = tuple(
            ObservedCall(call.get("id"), "function", call.get("name"), str(call["arguments"]))
            for call in message["tool_calls"]
        )
        choice = ObservedChoice(
            0, message["role"], message["content"] or None, tool_calls=calls, finish_reason=reason
        )
        return Observation("complete" if reason else "incomplete", choices=(choice,))

    def stop(self) -> None:
        """There is nothing to end."""


if __name__ == "__main__":
    serve(FirstTry)
