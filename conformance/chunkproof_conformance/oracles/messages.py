"""The level messages: what an agent's clients are to see, from the message a stream was made of.

Reads whole arguments, never pieces: each member's place is found with `json`, the member
`thinking` is cut out with its separator, and what is left keeps its order. Shares no code
with any streaming reader. Entries: `reasoning`, `tool_call` (name and id), `tool_arguments`,
`assistant`, `stop_reason`; neighbours of one kind and one call are one.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final, NamedTuple

from chunkproof_conformance.synth.message import (
    Call,
    Choice,
    Message,
    Reasoning,
    Refusal,
    Text,
    outcome,
)

if TYPE_CHECKING:
    from chunkproof_conformance.oracles.expectation import JsonObject
    from chunkproof_conformance.synth.message import Segment

THOUGHTS: Final = "thinking"
SPEECH: Final = ("send_message", "message")
OPTIONS: Final = {"use_assistant_message=false": False, "use_assistant_message=true": True}
"""Per option value one sequence."""

_SPACE: Final = re.compile(r"[ \t\n\r]*")
_SEGMENTS: Final[dict[str, type[Text | Reasoning | Refusal]]] = {
    "text": Text,
    "reasoning": Reasoning,
    "refusal": Refusal,
}
_KINDS: Final = {Text: "assistant", Refusal: "assistant", Reasoning: "reasoning"}


class _Member(NamedTuple):
    """One member of the arguments: where it begins and ends, in code points."""

    key: str
    value: object
    start: int
    value_start: int
    end: int


def expect_messages(message: Message) -> JsonObject:
    """Per option value the messages of choice 0."""
    return {name: _merged(_said(message, speaks=speaks)) for name, speaks in OPTIONS.items()}


def message_read(read: JsonObject) -> Message:
    """Choice 0 as an oracle read it off a recorded stream, which nobody made from a message.

    read: the levels final and sequence. Raises: ValueError without the latter, as a twin does
    not tell what came first, or if the stream is not complete: its half arguments are for a
    person to state.
    """
    if "sequence" not in read or read["final"]["outcome"] != "complete":
        raise ValueError("messages are read off the sequence of a complete stream")
    choices = read["final"]["choices"]
    finish = next((one["finish_reason"] for one in choices if one["index"] == 0), None)
    return Message((Choice(tuple(map(_segment, read["sequence"].get("0", ()))), finish),))


def _segment(entry: JsonObject) -> Segment:
    if entry["kind"] == "tool_call":
        return Call(entry["id"], entry["name"], entry["arguments"])
    return _SEGMENTS[entry["kind"]](entry["text"])


def _said(message: Message, *, speaks: bool) -> list[JsonObject]:
    entries: list[JsonObject] = []
    is_half = False
    for segment in next((one.segments for one in message.choices if one.index == 0), ()):
        if isinstance(segment, Call):
            entries += _call(segment, len(entries), speaks=speaks)
            is_half = is_half or (bool(segment.arguments) and not _is_whole(segment.arguments))
        elif segment.text:
            entries.append({"kind": _KINDS[type(segment)], "text": segment.text})
    ended = outcome(message)
    if ended == "failed" or (ended == "incomplete" and (is_half or not entries)):
        entries.append({"kind": "stop_reason", "reason": "error"})
    return entries


def _call(call: Call, number: int, *, speaks: bool) -> list[JsonObject]:
    """The entries of one call; number tells it from others when neighbours are joined."""
    members = _members(call.arguments)
    spoken = speaks and call.name == SPEECH[0]
    if spoken and any(_is_speech(member) for member in members):
        return [
            {
                "kind": "reasoning" if member.key == THOUGHTS else "assistant",
                "text": _thought(call.arguments, member)
                if member.key == THOUGHTS
                else member.value,
                "call": number,
            }
            for member in members
            if _is_thought(member) or _is_speech(member)
        ]
    parts = _parts(call.arguments, members, number)
    thoughts = [part for part in parts if part["kind"] == "reasoning"]
    rest = [part for part in parts if part["kind"] == "tool_arguments"]
    if spoken and rest:
        rest = [{**rest[0], "text": "".join(part["text"] for part in rest)}]
        parts = [*thoughts, *rest]
    named = {"kind": "tool_call", "id": call.id, "name": call.name, "call": number}
    first = next((place for place, part in enumerate(parts) if part in rest), len(parts))
    return [*parts[:first], named, *parts[first:]]


def _parts(text: str, members: list[_Member], number: int) -> list[JsonObject]:
    """Thoughts and the text around them, in the order in which both can be known."""
    parts: list[JsonObject] = []
    rest, place, has_stayed = "", 0, False
    for position, member in enumerate(members):
        if member.key != THOUGHTS:
            has_stayed = True
            continue
        following = members[position + 1].start if position + 1 < len(members) else None
        if has_stayed:
            rest += text[place : members[position - 1].end] if place < member.start else ""
            place = member.end
        else:
            rest += text[place : member.start]
            place = member.end if following is None else following
        if has_stayed and rest:
            parts.append({"kind": "tool_arguments", "text": rest, "call": number})
            rest = ""
        if _is_thought(member):
            thought = _thought(text, member)
            parts.append({"kind": "reasoning", "text": thought, "call": number})
    if rest + text[place:]:
        parts.append({"kind": "tool_arguments", "text": rest + text[place:], "call": number})
    return parts


def _is_thought(member: _Member) -> bool:
    return member.key == THOUGHTS and member.value is not None and member.value != ""


def _is_speech(member: _Member) -> bool:
    return member.key == SPEECH[1] and isinstance(member.value, str)


def _thought(text: str, member: _Member) -> str:
    """A string decoded, anything else as it is written."""
    value = member.value
    return value if isinstance(value, str) else text[member.value_start : member.end]


def _members(text: str) -> list[_Member]:
    """The members of the arguments; of a text that breaks off, an unfinished string too."""
    decoder = json.JSONDecoder()
    members: list[_Member] = []
    place = _skip(text, 0)
    if text[place : place + 1] != "{":
        return []
    place = _skip(text, place + 1)
    while text[place : place + 1] not in {"}", ""}:
        key, end = decoder.raw_decode(text, place)
        start = _skip(text, _skip(text, end) + 1)
        try:
            value, end = decoder.raw_decode(text, start)
        except json.JSONDecodeError:
            value, end = json.loads(f'{text[start:]}"'), len(text)
        members.append(_Member(key, value, place, start, end))
        place = _skip(text, end)
        if text[place : place + 1] == ",":
            place = _skip(text, place + 1)
    return members


def _is_whole(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _skip(text: str, place: int) -> int:
    found = _SPACE.match(text, place)
    return found.end() if found else place


def _merged(entries: list[JsonObject]) -> list[JsonObject]:
    """Neighbours of one kind and one call joined; empty text says nothing."""
    merged: list[JsonObject] = []
    last: object = None
    for entry in entries:
        shown = {name: value for name, value in entry.items() if name != "call"}
        segment = (entry["kind"], entry.get("call"))
        if "text" in shown and not shown["text"]:
            continue
        if merged and "text" in shown and segment == last:
            merged[-1]["text"] += shown["text"]
        else:
            merged.append(shown)
        last = segment
    return merged
