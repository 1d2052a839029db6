"""The script over the wire of Gemini's `streamGenerateContent`, as the upstream of proxies.

Written after Google's reference of the API; nothing here was sent by Google. Frames end with
CR LF twice, calls come whole, usage stands in every frame, and there is no `[DONE]`.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from chunkproof_conformance.record.servers.scripted.answers import (
    PROMPT_TOKENS,
    THOUGHT,
    pieces,
    usage,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chunkproof_conformance.record.servers.scripted.answers import Answer, JsonObject

ID: Final = "script1"
SIGNATURE: Final = "Cs0Bc2NyaXB0ZWQ"
FINISH_REASONS: Final = {"stop": "STOP", "length": "MAX_TOKENS", "tool_calls": "STOP"}
ERROR: Final[JsonObject] = {
    "error": {"code": 503, "message": "The model is overloaded.", "status": "UNAVAILABLE"}
}
TOO_MANY: Final[JsonObject] = {
    "error": {"code": 429, "message": "Too many requests.", "status": "RESOURCE_EXHAUSTED"}
}
ERROR_FRAME: Final = f"data: {json.dumps(ERROR)}\r\n\r\n".encode()


def _either(request: JsonObject, camel: str, snake: str) -> Any:
    """A member in either of the two spellings that Google's servers take."""
    return request.get(camel) or request.get(snake)


def asked(request: JsonObject) -> JsonObject:
    """The request in the terms of chat completions, as far as the script looks at it.

    request: its path names the model; the caller has put it in as `model`.
    """
    contents = request.get("contents") or [{"parts": []}]
    settings = _either(request, "generationConfig", "generation_config") or {}
    declared = [
        declaration
        for tool in request.get("tools") or []
        for declaration in _either(tool, "functionDeclarations", "function_declarations") or []
    ]
    told: JsonObject = {
        "model": request.get("model"),
        "messages": [
            {"role": "user", "content": "".join(p.get("text", "") for p in contents[-1]["parts"])}
        ],
        "max_tokens": _either(settings, "maxOutputTokens", "max_output_tokens"),
        "stop": _either(settings, "stopSequences", "stop_sequences"),
        "tools": [{"type": "function", "function": {"name": d["name"]}} for d in declared],
    }
    thinking = _either(settings, "thinkingConfig", "thinking_config") or {}
    if _either(thinking, "includeThoughts", "include_thoughts"):
        told["reasoning_effort"] = "low"
    return told


def _parts(said: Answer) -> Iterator[list[JsonObject]]:
    """The parts of each frame; all calls stand in one."""
    for piece in pieces(said.reasoning or ""):
        yield [{"text": piece, "thought": True}]
    for piece in pieces(said.text or ""):
        yield [{"text": piece}]
    if said.calls and said.finish_reason != "length":  # half a call cannot be said on this wire
        calls: list[JsonObject] = [
            {"functionCall": {"name": call.name, "args": json.loads(call.arguments)}}
            for call in said.calls
        ]
        calls[0]["thoughtSignature"] = SIGNATURE
        yield calls


def _reason(said: Answer) -> str:
    return "SAFETY" if said.refusal else FINISH_REASONS[said.finish_reason]


def _answer(
    request: JsonObject, said: Answer, parts: list[JsonObject], reason: str | None
) -> JsonObject:
    spoken = usage(request, said)["completion_tokens"]
    thoughts = len(pieces(THOUGHT)) if said.reasoning else 0
    candidate: JsonObject = {"content": {"parts": parts, "role": "model"}, "index": 0}
    if not parts:
        candidate.pop("content")
    if reason:
        candidate["finishReason"] = reason
    return {
        "candidates": [candidate],
        "usageMetadata": {
            "promptTokenCount": PROMPT_TOKENS,
            "candidatesTokenCount": spoken - thoughts,
            "totalTokenCount": PROMPT_TOKENS + spoken,
            **({"thoughtsTokenCount": thoughts} if thoughts else {}),
        },
        "modelVersion": str(request.get("model")),
        "responseId": ID,
    }


def stream(request: JsonObject, said: Answer) -> Iterator[bytes]:
    """The frames of the stream; the last one says why it ended."""
    groups = list(_parts(said)) or [[]]
    for number, parts in enumerate(groups, 1):
        reason = _reason(said) if number == len(groups) else None
        text = json.dumps(_answer(request, said, parts, reason), ensure_ascii=False)
        yield f"data: {text}\r\n\r\n".encode()


def twin(request: JsonObject, said: Answer) -> JsonObject:
    """The answer without streaming; the pieces of a text are one part."""
    parts: list[JsonObject] = []
    if said.reasoning:
        parts.append({"text": said.reasoning, "thought": True})
    if said.text:
        parts.append({"text": said.text})
    calls = [part for group in _parts(said) for part in group if "functionCall" in part]
    return _answer(request, said, [*parts, *calls], _reason(said))
