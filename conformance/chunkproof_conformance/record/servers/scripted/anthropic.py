"""The script over the wire of Anthropic's Messages API, as the upstream of proxies.

Written after Anthropic's reference of streamed messages; nothing here was sent by Anthropic.
"""

from __future__ import annotations

import json
from itertools import count
from typing import TYPE_CHECKING, Any, Final

from chunkproof_conformance.record.servers.scripted.answers import (
    PROMPT_TOKENS,
    fragments,
    pieces,
    usage,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chunkproof_conformance.record.servers.scripted.answers import Answer, JsonObject

ID: Final = "msg_script1"
SIGNATURE: Final = "EqQBCgIYAhIMc2NyaXB0ZWRzaWdu"
REDACTED: Final = "EmwKAhgBEgxzY3JpcHRlZGRhdGE"
STOP_REASONS: Final = {"stop": "end_turn", "length": "max_tokens", "tool_calls": "tool_use"}
ERROR: Final[JsonObject] = {
    "type": "error",
    "error": {"type": "overloaded_error", "message": "Overloaded"},
}
TOO_MANY: Final[JsonObject] = {
    "type": "error",
    "error": {"type": "rate_limit_error", "message": "Too many requests."},
}
ERROR_FRAME: Final = f"event: error\ndata: {json.dumps(ERROR)}\n\n".encode()


def asked(request: JsonObject) -> JsonObject:
    """The request in the terms of chat completions, as far as the script looks at it."""
    last = request["messages"][-1]["content"] if request.get("messages") else ""
    if isinstance(last, list):
        last = "".join(part.get("text", "") for part in last)
    told: JsonObject = {
        "model": request.get("model"),
        "messages": [{"role": "user", "content": last}],
        "max_tokens": request.get("max_tokens"),
        "stop": request.get("stop_sequences"),
        "tools": [
            {"type": "function", "function": {"name": tool["name"]}}
            for tool in request.get("tools") or []
        ],
    }
    if (request.get("thinking") or {}).get("type") in {"enabled", "adaptive"}:
        told["reasoning_effort"] = "low"
    return told


def stop_reason(said: Answer) -> str:
    """Why it ended, in Anthropic's words."""
    if said.refusal:
        return "refusal"
    if said.calls and said.finish_reason != "length":
        return "tool_use"
    return STOP_REASONS[said.finish_reason]


def _blocks(request: JsonObject, said: Answer) -> Iterator[tuple[JsonObject, list[JsonObject]]]:
    """Each content block as it starts, and its deltas. A refusal has none."""
    if str(request.get("model")).endswith("-redacted"):
        yield {"type": "redacted_thinking", "data": REDACTED}, []
    if said.reasoning:
        deltas = [{"type": "thinking_delta", "thinking": p} for p in pieces(said.reasoning)]
        signed = {"type": "signature_delta", "signature": SIGNATURE}
        yield {"type": "thinking", "thinking": "", "signature": ""}, [*deltas, signed]
    if said.text:
        deltas = [{"type": "text_delta", "text": piece} for piece in pieces(said.text)]
        yield {"type": "text", "text": ""}, deltas
    for number, call in enumerate(said.calls):
        written = ["", *fragments(call.arguments)]
        deltas = [{"type": "input_json_delta", "partial_json": part} for part in written]
        yield (
            {"type": "tool_use", "id": f"toolu_script{number}", "name": call.name, "input": {}},
            (deltas),
        )


def _message(request: JsonObject) -> JsonObject:
    counts = {"input_tokens": PROMPT_TOKENS, "cache_creation_input_tokens": 0}
    return {
        "id": ID,
        "type": "message",
        "role": "assistant",
        "model": str(request.get("model")),
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": {**counts, "cache_read_input_tokens": 0, "output_tokens": 1},
    }


def _spoken(request: JsonObject, said: Answer) -> int:
    return int(usage(request, said)["completion_tokens"])


def stream(request: JsonObject, said: Answer) -> Iterator[bytes]:
    """The frames of the stream; a ping after the first block has started."""

    def event(value: JsonObject) -> bytes:
        text = json.dumps(value, ensure_ascii=False)
        return f"event: {value['type']}\ndata: {text}\n\n".encode()

    numbers = count()
    yield event({"type": "message_start", "message": _message(request)})
    for start, deltas in _blocks(request, said):
        index = next(numbers)
        yield event({"type": "content_block_start", "index": index, "content_block": start})
        if index == 0:
            yield event({"type": "ping"})
        for delta in deltas:
            yield event({"type": "content_block_delta", "index": index, "delta": delta})
        yield event({"type": "content_block_stop", "index": index})
    ended = {"stop_reason": stop_reason(said), "stop_sequence": None}
    counts = {"output_tokens": _spoken(request, said)}
    yield event({"type": "message_delta", "delta": ended, "usage": counts})
    yield event({"type": "message_stop"})


def twin(request: JsonObject, said: Answer) -> JsonObject:
    """The answer without streaming."""
    message = _message(request)
    content: list[Any] = []
    for start, deltas in _blocks(request, said):
        block = dict(start)
        if block["type"] == "thinking":
            block |= {"thinking": said.reasoning, "signature": SIGNATURE}
        elif block["type"] == "text":
            block["text"] = said.text
        elif block["type"] == "tool_use":
            written = "".join(delta["partial_json"] for delta in deltas)
            # An object, whatever happens: half of one cannot be said without streaming.
            block["input"] = {} if said.finish_reason == "length" else json.loads(written)
        content.append(block)
    counts = {**message["usage"], "output_tokens": _spoken(request, said)}
    return {**message, "content": content, "stop_reason": stop_reason(said), "usage": counts}
