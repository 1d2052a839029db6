"""The three wires that the script is played over, chosen by the path that is asked."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from chunkproof_conformance.record.servers.scripted import answers, anthropic, gemini

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from chunkproof_conformance.record.servers.scripted.answers import Answer, JsonObject


@dataclass(frozen=True)
class Wire:
    """One vendor's shapes."""

    name: str
    asked: Callable[[JsonObject], JsonObject]
    """The request in the terms of chat completions."""
    stream: Callable[[JsonObject, Answer], Iterator[bytes]]
    twin: Callable[[JsonObject, Answer], JsonObject]
    error: JsonObject
    """The body of a failure that has no words of its own."""
    error_frame: bytes
    too_many: JsonObject
    """The body of status 429."""
    whole: int
    """Frames before a stream that is to go wrong does."""


_ERROR: Final[JsonObject] = {
    "error": {
        "message": "The server had an error while processing your request.",
        "type": "server_error",
        "param": None,
        "code": None,
    }
}
_TOO_MANY: Final[JsonObject] = {
    "error": {
        "message": "Too many requests.",
        "type": "requests",
        "param": None,
        "code": "rate_limit_exceeded",
    }
}
OPENAI: Final = Wire(
    "openai",
    lambda request: request,
    answers.stream,
    answers.twin,
    _ERROR,
    f"data: {json.dumps(_ERROR)}\n\n".encode(),
    _TOO_MANY,
    4,
)
ANTHROPIC: Final = Wire(
    "anthropic",
    anthropic.asked,
    anthropic.stream,
    anthropic.twin,
    anthropic.ERROR,
    anthropic.ERROR_FRAME,
    anthropic.TOO_MANY,
    6,
)
GEMINI: Final = Wire(
    "gemini",
    gemini.asked,
    gemini.stream,
    gemini.twin,
    gemini.ERROR,
    gemini.ERROR_FRAME,
    gemini.TOO_MANY,
    3,
)


@dataclass(frozen=True)
class Asked:
    """What a path asks for: over which wire, and what the path itself says."""

    wire: Wire
    model: str | None = None
    """Gemini's path names the model, and whether to stream."""
    streams: bool | None = None


def asked(path: str) -> Asked | None:
    """The wire of a path; None for one that nobody answers."""
    last = path.partition("?")[0].rpartition("/")[2]
    model, colon, method = last.partition(":")
    if colon and method in {"streamGenerateContent", "generateContent"}:
        return Asked(GEMINI, model, method == "streamGenerateContent")
    if last == "messages":
        return Asked(ANTHROPIC)
    if last == "completions":
        return Asked(OPENAI)
    return None
