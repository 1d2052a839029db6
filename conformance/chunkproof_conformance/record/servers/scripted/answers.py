"""What the scripted upstream answers: a request as JSON value in, frames and a twin out.

Written after OpenAI's reference of streamed chat completions; nothing here was sent by OpenAI.
The answer follows from the request alone: tools are all called, `stop`, `n`, `logprobs`, the
limit of tokens and `stream_options` are obeyed, a token is a word with the space before it.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

JsonObject = dict[str, Any]

SERVER: Final = "chunkproof-script"
"""The product in the `server` header: recorders know by it that no program is behind."""
CREATED: Final = 1700000000
HELLO: Final = "Hello wörld 👋, this is a test."
THOUGHT: Final = "Seventeen times twenty is 340, and three times 17 is 51."
REFUSAL: Final = "I'm sorry, I can't help with that."
ARGUMENTS: Final[dict[str, JsonObject]] = {
    "get_weather": {"city": "Zürich 🎉", "unit": "c"},
    "get_time": {"tz": "Asia/Tokyo"},
}
PROMPT_TOKENS: Final = 11
ONES: Final = (
    "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven",
    "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
ALOUD: Final = "Say what you do."
"""How a prompt begins that wants text before its calls."""
TENS: Final = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")


@dataclass(frozen=True)
class Call:
    name: str
    arguments: str


@dataclass(frozen=True)
class Answer:
    """One choice, before it is laid over the wire."""

    text: str | None = None
    reasoning: str | None = None
    refusal: str | None = None
    calls: tuple[Call, ...] = ()
    finish_reason: str = "stop"
    error: JsonObject | None = None
    """Ends the stream after its first chunk, though the status said 200."""


def pieces(text: str) -> list[str]:
    """The tokens of a text: words with the white space before them."""
    return re.findall(r"\s*\S+|\s+$", text)


def fragments(text: str, size: int = 5) -> list[str]:
    """Arguments in pieces of a few characters."""
    return [text[at : at + size] for at in range(0, len(text), size)]


def counting() -> str:
    """One to one hundred, in words."""
    words = [*ONES]
    for ten in TENS:
        words += [ten, *(f"{ten}-{one}" for one in ONES[:9])]
    return " ".join([*words, "one hundred"])


def refused(request: Any) -> JsonObject | None:
    """The error body for a request that is none, or None."""
    what = None
    if not isinstance(request, dict) or not isinstance(request.get("messages"), list):
        what = "messages"
    elif not isinstance(request.get("temperature", 0), (int, float)):
        what = "temperature"
    if what is None:
        return None
    message = f"Invalid type for '{what}'."
    error = {"message": message, "type": "invalid_request_error", "param": what, "code": None}
    return {"error": error}


def answer(request: JsonObject, leak: str | None = None) -> Answer:
    """What the script says to this request.

    leak: a text that the answer gives away in every channel it uses.
    """
    prompt = _prompt(request)
    said = f" {leak} " if leak else " "
    schema = ((request.get("response_format") or {}).get("json_schema")) or {}
    if schema and not _is_usable(schema):
        error = {"message": f"Invalid grammar.{said}", "type": "server_error", "code": None}
        return Answer(error={**error, "param": None})
    thought = f"{THOUGHT}{said}" if request.get("reasoning_effort") else None
    if tools := request.get("tools"):
        # OpenAI's reference: a call that `tool_choice` names finishes with stop.
        reason = "stop" if isinstance(request.get("tool_choice"), dict) else "tool_calls"
        aloud = HELLO if prompt.startswith(ALOUD) else None
        return _limited(Answer(aloud, thought, None, _calls(tools, leak), reason), request)
    if schema.get("name") == "instructions" or str(request.get("model")).endswith("-refusal"):
        return _limited(Answer(None, thought, f"{REFUSAL}{said}".rstrip()), request)
    if schema:
        text = json.dumps({"city": f"Tokyo{said}".rstrip(), "population": 14000000})
    elif prompt.startswith("Count"):
        text = counting()
    elif prompt.startswith("Repeat this line exactly: "):
        text = prompt.removeprefix("Repeat this line exactly: ")
    else:
        text = f"{HELLO}{said}".rstrip()
    return _limited(Answer(_stopped(text, request.get("stop")), thought), request)


def _prompt(request: JsonObject) -> str:
    content = request["messages"][-1].get("content") if request["messages"] else ""
    return content if isinstance(content, str) else ""


def _is_usable(schema: JsonObject) -> bool:
    """Whether every pattern of the schema's properties is a regular expression."""
    for described in schema.get("schema", {}).get("properties", {}).values():
        try:
            re.compile(described.get("pattern", ""))
        except re.error:
            return False
    return True


def _calls(tools: list[JsonObject], leak: str | None) -> tuple[Call, ...]:
    names = [tool["function"]["name"] for tool in tools]
    given = {"note": leak} if leak else {}
    return tuple(
        Call(name, json.dumps({**ARGUMENTS.get(name, {}), **given}, ensure_ascii=False))
        for name in names
    )


def _stopped(text: str, stop: Any) -> str:
    stops = [stop] if isinstance(stop, str) else stop or []
    return text[: min((at for end in stops if (at := text.find(end)) >= 0), default=len(text))]


def _limited(said: Answer, request: JsonObject) -> Answer:
    """The answer cut at the limit of tokens, where there is one."""
    limit = request.get("max_completion_tokens") or request.get("max_tokens") or 10**6
    if said.calls:
        arguments = fragments(said.calls[0].arguments, 2)
        if len(arguments) <= limit:
            return said
        cut = Call(said.calls[0].name, "".join(arguments[:limit]))
        return Answer(said.text, said.reasoning, None, (cut,), "length")
    words = pieces(said.text or said.refusal or "")
    if len(words) <= limit:
        return said
    short = "".join(words[:limit])
    text, refusal = (short, None) if said.text else (None, short)
    return Answer(text, said.reasoning, refusal, finish_reason="length")


def twin(request: JsonObject, said: Answer) -> JsonObject:
    """The answer without streaming."""
    message: JsonObject = {"role": "assistant", "content": said.text, "refusal": said.refusal}
    if said.reasoning:
        message["reasoning_content"] = said.reasoning
    if said.calls:
        message["tool_calls"] = [
            {"id": f"call_script{number}", "type": "function", "function": vars(call)}
            for number, call in enumerate(said.calls)
        ]
    choices = [
        {"index": index, "message": message, "logprobs": None, "finish_reason": said.finish_reason}
        for index in range(request.get("n") or 1)
    ]
    return {**_head(request, "chat.completion"), "choices": choices, "usage": usage(request, said)}


def usage(request: JsonObject, said: Answer) -> JsonObject:
    """The counts, all of them from the words."""
    one = sum(len(pieces(text or "")) for text in (said.text, said.reasoning, said.refusal))
    one += sum(len(fragments(call.arguments)) for call in said.calls)
    spoken = one * (request.get("n") or 1)
    return {
        "prompt_tokens": PROMPT_TOKENS,
        "completion_tokens": spoken,
        "total_tokens": PROMPT_TOKENS + spoken,
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
    }


def _head(request: JsonObject, kind: str) -> JsonObject:
    return {
        "id": "chatcmpl-script1",
        "object": kind,
        "created": CREATED,
        "model": str(request.get("model")),
        "service_tier": "default",
        "system_fingerprint": "fp_script",
    }


def stream(request: JsonObject, said: Answer) -> Iterator[bytes]:
    """The frames of the stream, `[DONE]` among them."""
    counted = (request.get("stream_options") or {}).get("include_usage")

    def frame(choices: list[JsonObject], counts: JsonObject | None = None) -> bytes:
        chunk = {**_head(request, "chat.completion.chunk"), "choices": choices}
        if counted:
            chunk["usage"] = counts
        text = json.dumps(chunk, ensure_ascii=False, separators=(",", ":"))
        return f"data: {text}\n\n".encode()

    indices = range(request.get("n") or 1)
    opening: JsonObject = {"role": "assistant", "content": None if said.calls else ""}
    for index in indices:
        yield frame([_choice(index, {**opening, "refusal": None})])
    if said.error is not None:
        yield f"data: {json.dumps({'error': said.error})}\n\n".encode()
        return
    for delta in _deltas(said):
        for index in indices:
            yield frame([_choice(index, delta, logprobs=_logprobs(request, delta))])
    for index in indices:
        yield frame([_choice(index, {}, finish_reason=said.finish_reason)])
    if counted:
        yield frame([], usage(request, said))
    yield b"data: [DONE]\n\n"


def _deltas(said: Answer) -> Iterator[JsonObject]:
    for member, text in (
        ("reasoning_content", said.reasoning),
        ("refusal", said.refusal),
        ("content", said.text),
    ):
        for piece in pieces(text or ""):
            yield {member: piece}
    for number, call in enumerate(said.calls):
        function = {"name": call.name, "arguments": ""}
        opening = {"index": number, "id": f"call_script{number}", "type": "function"}
        yield {"tool_calls": [{**opening, "function": function}]}
        for fragment in fragments(call.arguments):
            yield {"tool_calls": [{"index": number, "function": {"arguments": fragment}}]}


def _choice(
    index: int, delta: JsonObject, *, logprobs: Any = None, finish_reason: str | None = None
) -> JsonObject:
    choice = {"index": index, "delta": delta, "logprobs": logprobs}
    return {**choice, "finish_reason": finish_reason}


def _logprobs(request: JsonObject, delta: JsonObject) -> JsonObject | None:
    token = delta.get("content")
    if not (request.get("logprobs") and token):
        return None
    entry: JsonObject = {"token": token, "logprob": -0.5, "bytes": list(token.encode())}
    top = [{**entry}] * min(request.get("top_logprobs") or 0, 1)
    return {"content": [{**entry, "top_logprobs": top}], "refusal": None}
