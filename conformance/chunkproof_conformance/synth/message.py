"""The abstract message: what a model said, before any vendor lays it over the wire.

A message is the known truth of a synthesised stream: a dialect renders it, `truth` states what
every parser must make of it. Nothing here knows chunks, frames or bytes.
"""

from __future__ import annotations

import json
from typing import Any, ClassVar, Literal, TypeAlias

import msgspec

COUNTS = ("prompt_tokens", "completion_tokens", "total_tokens")


class _Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Immutable, and nothing unknown when read from a cassette."""


class Text(_Part, frozen=True, tag_field="kind", tag="text"):
    """A stretch of the answer. Half a surrogate pair is allowed, as the wire allows it."""

    feature: ClassVar = "text"
    text: str


class Reasoning(_Part, frozen=True, tag_field="kind", tag="reasoning"):
    """A stretch of reasoning."""

    feature: ClassVar = "reasoning"
    text: str


class Refusal(_Part, frozen=True, tag_field="kind", tag="refusal"):
    """A stretch of a refusal."""

    feature: ClassVar = "refusal"
    text: str


class Call(_Part, frozen=True, tag_field="kind", tag="tool_call"):
    """One tool call. `arguments` is raw text; a legacy `function_call` has no id."""

    id: str | None
    name: str | None
    arguments: str = ""
    legacy: bool = False
    as_value: bool = False
    """The wire says the arguments as a JSON value, so how its text is spelt is not known."""
    custom: bool = False
    """A custom tool: `arguments` is its input, any text."""

    @property
    def feature(self) -> str:
        if self.custom:
            return "custom calls"
        if self.as_value:
            return "value calls"
        return "legacy" if self.legacy else "calls"

    @property
    def text(self) -> str:
        """What is cut into fragments."""
        return self.arguments


class Aside(_Part, frozen=True, tag_field="kind", tag="aside"):
    """Members of one delta that are no channel of text: annotations, images, a piece of audio."""

    feature: ClassVar = "asides"
    delta: dict[str, Any]
    text: ClassVar = ""


Segment: TypeAlias = Text | Reasoning | Refusal | Call | Aside
KINDS = {Text: "text", Reasoning: "reasoning", Refusal: "refusal"}


class Choice(_Part, frozen=True):
    """One choice: its segments in the order in which they begin."""

    segments: tuple[Segment, ...] = ()
    finish: str | None = "stop"
    """As sent; None where the stream never says one."""
    index: int = 0
    role: str = "assistant"
    logprobs: tuple[dict[str, Any], ...] = ()
    """One entry for each fragment of text, in order."""
    refusal_logprobs: tuple[dict[str, Any], ...] = ()
    """One entry for each fragment of refusal, in order."""


class Usage(_Part, frozen=True):
    """Token counts, None where not sent."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    total_tokens: int | None = None


class Failure(_Part, frozen=True):
    """An error said in the stream, after all that the choices say."""

    message: str
    type: str | None = None
    code: str | int | None = None


class Message(_Part, frozen=True):
    """All that one stream says."""

    choices: tuple[Choice, ...] = ()
    usage: Usage | None = None
    failure: Failure | None = None
    end: Literal["done", "eof", "reset"] = "done"
    """`[DONE]`; a clean end without it; a broken connection without it."""


def outcome(message: Message) -> Literal["complete", "incomplete", "failed"]:
    """How the stream ended, by the rules END-1 to END-8, ERR-1 and FIN-5."""
    said_so = message.failure or any(choice.finish == "error" for choice in message.choices)
    if said_so or message.end == "reset":
        return "failed"
    if not message.choices:
        return "incomplete"
    finished = all(choice.finish is not None for choice in message.choices)
    return "complete" if finished or message.end == "done" else "incomplete"


def truth(message: Message) -> dict[str, Any]:
    """The levels final and sequence as an expected file holds them, as plain JSON values."""
    final = {
        "outcome": outcome(message),
        "choices": [_final(choice) for choice in sorted(message.choices, key=_index)],
        "usage": None if message.usage is None else msgspec.structs.asdict(message.usage),
    }
    sequence = {
        str(choice.index): _sequence(choice) for choice in sorted(message.choices, key=_index)
    }
    return {"final": final, "sequence": sequence}


def _index(choice: Choice) -> int:
    return choice.index


def _final(choice: Choice) -> dict[str, Any]:
    joined = {
        name: joined_halves(
            "".join(segment.text for segment in choice.segments if type(segment) is kind)
        )
        or None
        for kind, name in KINDS.items()
    }
    listed: dict[str, Any] = {
        "index": choice.index,
        "role": choice.role,
        **joined,
        "tool_calls": [_call(part) for part in choice.segments if isinstance(part, Call)],
        "finish_reason": choice.finish,
    }
    if choice.logprobs or choice.refusal_logprobs:
        listed["logprobs"] = {
            "content": list(choice.logprobs),
            "refusal": list(choice.refusal_logprobs),
        }
    if audio := _audio(choice):
        listed["audio"] = audio
    if annotations := [item for aside in _asides(choice, "annotations") for item in aside]:
        listed["annotations"] = annotations
    return listed


def _asides(choice: Choice, member: str) -> list[Any]:
    """What the asides say of a member, in order."""
    return [
        part.delta[member]
        for part in choice.segments
        if isinstance(part, Aside) and part.delta.get(member)
    ]


def _audio(choice: Choice) -> dict[str, Any] | None:
    """Data and transcript joined, the first id and expiry (rule ENV-10); None without audio."""
    pieces = _asides(choice, "audio")
    if not pieces:
        return None
    joined = {
        name: "".join(piece.get(name) or "" for piece in pieces) or None
        for name in ("data", "transcript")
    }
    first = {
        name: next((piece[name] for piece in pieces if piece.get(name)), None)
        for name in ("id", "expires_at")
    }
    return {"id": first["id"], **joined, "expires_at": first["expires_at"]}


def _call(call: Call) -> dict[str, Any]:
    kind = "custom" if call.custom else "function"
    listed = {"id": call.id, "type": kind, "name": call.name}
    if call.as_value:
        return {**listed, "arguments_json": json.loads(call.arguments)}
    return {**listed, "arguments": joined_halves(call.arguments)}


def _sequence(choice: Choice) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = []
    for segment in choice.segments:
        if isinstance(segment, Call):
            entries.append({"kind": "tool_call", **_call(segment)})
        elif not isinstance(segment, Aside) and segment.text:
            kind = KINDS[type(segment)]
            if entries and entries[-1]["kind"] == kind:
                entries[-1]["text"] += segment.text
            else:
                entries.append({"kind": kind, "text": segment.text})
    return [
        {**entry, "text": joined_halves(entry["text"])} if "text" in entry else entry
        for entry in entries
    ]


def joined_halves(text: str) -> str:
    """The text with neighbouring surrogate halves joined and lone ones as U+FFFD (TXT-3, TXT-4)."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def features(message: Message) -> frozenset[str]:
    """What a dialect must be able to say to render this message."""
    said = {part.feature for choice in message.choices for part in choice.segments}
    for choice in message.choices:
        calls = sum(isinstance(part, Call) for part in choice.segments)
        said |= {"parallel"} if calls > 1 else set()
        ids = {part.id is None for part in choice.segments if isinstance(part, Call)}
        legacy = any(isinstance(part, Call) and part.legacy for part in choice.segments)
        if ids and not legacy:
            said |= {"calls without id" if missing else "call ids" for missing in ids}
        said |= {"logprobs"} if choice.logprobs or choice.refusal_logprobs else set()
        said |= {"finish"} if choice.finish is not None else set()
    said |= {"choices"} if len(message.choices) > 1 else set()
    said |= {"usage"} if message.usage else set()
    said |= {"error"} if message.failure else set()
    return frozenset(said | ({"done"} if message.end == "done" else set()))
