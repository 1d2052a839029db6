"""The transcript oracle: what a plain, well-formed stream says, verbatim.

It refuses (NotPlain) everything that needs a rule to be understood. Plain, beside the SSE
form of `frames`: every payload is a chunk with a list `choices` of at most one choice and no
error; the first one names id, model and created; a choice has an integer index and a delta
object; its role is said, and never another one; text members are strings; at most one
reasoning field speaks; a call has an integer index, calls open in the order 0, 1, 2, ... with
id and name, and say neither again; a legacy function_call stands beside no other call; audio
has its four members alone, and one id; each choice gets one finish reason of OpenAI's five,
and nothing after it; usage is an object of non-negative integers, not all zero.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from chunkproof_conformance.oracles.expectation import (
    AUDIO,
    COUNTS,
    JsonObject,
    choice_from_segments,
    counts,
    final,
)
from chunkproof_conformance.oracles.frames import NotPlain, read_object, read_payloads

FINISH_REASONS: Final = frozenset(
    {"stop", "length", "tool_calls", "content_filter", "function_call"}
)
REASONING_FIELDS: Final = ("reasoning_content", "reasoning")
PADDING: Final = frozenset({"obfuscation", "p"})
CHUNK_MEMBERS: Final = frozenset({"id", "object", "created", "model", "choices", "usage"}) | PADDING
CHOICE_MEMBERS: Final = frozenset({"index", "delta", "finish_reason", "logprobs"}) | PADDING
DELTA_MEMBERS: Final = frozenset(
    {
        *("role", "content", "refusal", "tool_calls", "function_call", "audio", "annotations"),
        *REASONING_FIELDS,
    }
)
CALL_MEMBERS: Final = frozenset({"index", "id", "type", "function"})
NOT_READ: Final = frozenset(
    {
        *("error", "x_groq", "annotations", "audio", "function_call", "images", "message"),
        *("reasoning_details", "reasoning_text", "thinking"),
        "usage",  # inside a choice; that of a chunk is read
    }
)
"""Members with a rule of their own: a stream with one of them needs a hand-written truth."""
_KINDS: Final = {"id": str, "model": str, "created": int}


@dataclass
class _Choice:
    """One choice as read so far."""

    role: str | None = None
    finish_reason: str | None = None
    segments: list[JsonObject] = field(default_factory=list)
    calls: list[JsonObject] = field(default_factory=list)
    logprobs: dict[str, list[Any]] | None = None
    audio: JsonObject = field(default_factory=dict)
    annotations: list[Any] = field(default_factory=list)


@dataclass
class _Transcript:
    """The stream as read so far."""

    start: JsonObject
    choices: dict[int, _Choice] = field(default_factory=dict)
    usage: JsonObject | None = None
    extra: JsonObject = field(default_factory=dict)
    events: list[JsonObject] = field(default_factory=list)

    def emit(self, event: str, **members: Any) -> None:
        if not self.events:
            self.events.append({"event": "start", **self.start})
        self.events.append({"event": event, **members})


def read_transcript(body: bytes) -> JsonObject:
    """The levels final, sequence and exact of a plain stream. Raises: NotPlain."""
    transcript, _ = _read(body)
    return _levels(transcript)


def payloads_of_events(body: bytes) -> list[int]:
    """Per event of the level exact, the number of the payload it came with, from 0.

    `[DONE]` is the last payload. Raises: NotPlain.
    """
    transcript, counts_so_far = _read(body)
    numbers: list[int] = []
    for number, count in enumerate(counts_so_far):
        numbers += [number] * (count - len(numbers))
    return numbers + [len(counts_so_far)] * (len(transcript.events) - len(numbers))


def _read(body: bytes) -> tuple[_Transcript, list[int]]:
    """The transcript, and after every chunk the number of events so far. Raises: NotPlain."""
    chunks = [_said(read_object(payload)) for payload in read_payloads(body)]
    start = {name: chunks[0].get(name) for name in ("id", "model", "created")} if chunks else {}
    _require(bool(start) and all(start.values()), "no first chunk with id, model and created")
    transcript = _Transcript(start)
    counts_so_far: list[int] = []
    for number, chunk in enumerate(chunks, 1):
        try:
            _read_chunk(transcript, chunk)
        except NotPlain as refusal:
            raise NotPlain(refusal.reason, number) from refusal
        counts_so_far.append(len(transcript.events))
    _require(bool(transcript.choices), "no choice")
    for choice in transcript.choices.values():
        _require(choice.role is not None, "a choice without a role")
        _require(choice.finish_reason is not None, "a choice without a finish reason")
    transcript.emit("end", outcome="complete")
    return transcript, counts_so_far


def _levels(transcript: _Transcript) -> JsonObject:
    choices = []
    for index, choice in transcript.choices.items():
        listed = choice_from_segments(
            index, str(choice.role), choice.segments, choice.finish_reason
        )
        if choice.logprobs is not None:
            listed["logprobs"] = choice.logprobs
        if choice.audio:
            listed["audio"] = {name: choice.audio.get(name) for name in AUDIO}
        if choice.annotations:
            listed["annotations"] = choice.annotations
        choices.append(listed)
    usage = counts(transcript.usage) if transcript.usage else None
    return {
        "final": final("complete", choices, usage),
        "sequence": {
            str(index): transcript.choices[index].segments for index in sorted(transcript.choices)
        },
        "exact": transcript.events,
    }


def _require(condition: bool, reason: str) -> None:
    if not condition:
        raise NotPlain(reason)


def _read_chunk(transcript: _Transcript, chunk: JsonObject) -> None:
    choices = chunk.get("choices")
    if not isinstance(choices, list) or len(choices) > 1:
        raise NotPlain("choices is no list of at most one")
    kinds = {name: type(chunk[name]) for name in ("id", "model", "created") if name in chunk}
    _require(kinds.items() <= _KINDS.items(), "id, model or created of another kind")
    wires = [_said(choice) for choice in choices]
    found = _unknown("", chunk, CHUNK_MEMBERS)
    for wire in wires:
        found |= _read_choice(transcript, wire)
    _keep(transcript, found)
    for wire in wires:
        _read_finish(transcript, wire)
    if "usage" in chunk:
        _read_usage(transcript, chunk["usage"])


def _read_choice(transcript: _Transcript, wire: JsonObject) -> JsonObject:
    """Take what the choice says; its unknown members come back."""
    index, delta = wire.get("index"), _said(wire.get("delta"))
    if type(index) is not int or index < 0:
        raise NotPlain("a choice without an index")
    choice = transcript.choices.setdefault(index, _Choice())
    before = len(transcript.events)
    _read_role(choice, delta)
    spoken = [name for name in REASONING_FIELDS if delta.get(name)]
    _require(len(spoken) < 2, "two reasoning fields in one delta")
    reasoning = spoken[0] if spoken else REASONING_FIELDS[0]
    for kind, name in (("reasoning", reasoning), ("text", "content"), ("refusal", "refusal")):
        if text := _text(delta, name):
            _append_text(choice, kind, text)
            transcript.emit(kind, choice=index, text=text)
    calls = delta.get("tool_calls", [])
    _require(isinstance(calls, list), "tool_calls is no list")
    inside: JsonObject = {}
    for call in calls:
        inside |= _read_call(transcript, index, _said(call))
    if "function_call" in delta:
        _read_function_call(transcript, index, _said(delta["function_call"]))
    if "logprobs" in wire:
        _read_logprobs(transcript, index, wire["logprobs"])
    if "audio" in delta:
        _read_audio(transcript, index, _said(delta["audio"]))
    _read_annotations(transcript, index, delta.get("annotations", []))
    late = choice.finish_reason is not None and len(transcript.events) > before
    _require(not late, "content after the finish reason")
    path = f"/choices/{index}"
    inside |= _unknown(f"{path}/delta", delta, DELTA_MEMBERS)
    return inside | _unknown(path, wire, CHOICE_MEMBERS)


def _said(wire: Any) -> JsonObject:
    """The object's members that are not null: null says as much as absence."""
    if not isinstance(wire, dict):
        raise NotPlain("no object where one belongs")
    return {name: value for name, value in wire.items() if value is not None}


def _text(wire: JsonObject, name: str) -> str:
    text = wire.get(name, "")
    if not isinstance(text, str):
        raise NotPlain(f"{name} is no string")
    return text


def _read_role(choice: _Choice, delta: JsonObject) -> None:
    role = _text(delta, "role")
    _require(not role or choice.role in {None, role}, "another role")
    choice.role = choice.role or role or None


def _append_text(choice: _Choice, kind: str, text: str) -> None:
    if choice.segments and choice.segments[-1]["kind"] == kind:
        choice.segments[-1]["text"] += text
    else:
        choice.segments.append({"kind": kind, "text": text})


def _read_call(transcript: _Transcript, index: int, wire: JsonObject) -> JsonObject:
    """Take what the entry says; its unknown members come back."""
    choice = transcript.choices[index]
    position, function = wire.get("index"), _said(wire.get("function", {}))
    if type(position) is not int:
        raise NotPlain("a call without an index")
    _require(function.keys() <= {"name", "arguments"}, "an unknown member of function")
    _require(wire.get("type", "function") == "function", "a call that is no function")
    if position == len(choice.calls):
        _require(bool(_text(wire, "id") and _text(function, "name")), "a call without id or name")
        call = {
            "kind": "tool_call",
            "id": wire["id"],
            "type": "function",
            "name": function["name"],
            "arguments": "",
        }
        choice.calls.append(call)
        choice.segments.append(call)
        transcript.emit(
            "tool_call",
            choice=index,
            call=position,
            index=position,
            id=wire["id"],
            name=function["name"],
            type="function",
        )
    else:
        _require(0 <= position < len(choice.calls), "calls out of order")
        _require(not _text(wire, "id") and not _text(function, "name"), "an id or name again")
    if fragment := _text(function, "arguments"):
        choice.calls[position]["arguments"] += fragment
        transcript.emit("tool_arguments", choice=index, call=position, fragment=fragment)
    return _unknown(f"/choices/{index}/delta/tool_calls/{position}", wire, CALL_MEMBERS)


def _read_function_call(transcript: _Transcript, index: int, wire: JsonObject) -> None:
    choice = transcript.choices[index]
    _require(wire.keys() <= {"name", "arguments"}, "an unknown member of function_call")
    if not choice.calls:
        _require(bool(_text(wire, "name")), "a function_call without name")
        said = {"id": None, "type": "function", "name": wire["name"]}
        choice.calls.append({"kind": "tool_call", **said, "arguments": ""})
        choice.segments.append(choice.calls[0])
        transcript.emit("tool_call", choice=index, call=0, index=None, **said)
    else:
        _require(choice.calls[0]["id"] is None, "a function_call beside a call")
        _require(not _text(wire, "name"), "a name again")
    if fragment := _text(wire, "arguments"):
        choice.calls[0]["arguments"] += fragment
        transcript.emit("tool_arguments", choice=index, call=0, fragment=fragment)


def _read_audio(transcript: _Transcript, index: int, said: JsonObject) -> None:
    audio = transcript.choices[index].audio
    _require(bool(said) and said.keys() <= {*AUDIO}, "audio of another shape")
    for name, value in said.items():
        is_time = name == "expires_at"
        _require(type(value) is (int if is_time else str) and bool(value), f"audio.{name}")
        if name in {"data", "transcript"}:
            audio[name] = audio.get(name, "") + value
        else:
            _require(audio.setdefault(name, value) == value, f"another audio.{name}")
    transcript.emit("audio", choice=index, audio=said)


def _read_annotations(transcript: _Transcript, index: int, annotations: Any) -> None:
    _require(isinstance(annotations, list), "annotations is no list")
    transcript.choices[index].annotations += annotations
    for annotation in annotations:
        transcript.emit("annotation", choice=index, annotation=annotation)


def _read_logprobs(transcript: _Transcript, index: int, wire: Any) -> None:
    said = _said(wire)
    lists = {name: said.get(name, []) for name in ("content", "refusal")}
    plain = said.keys() <= lists.keys() and all(isinstance(item, list) for item in lists.values())
    _require(plain, "logprobs of another shape")
    if not any(lists.values()):
        return
    choice = transcript.choices[index]
    if choice.logprobs is None:
        choice.logprobs = {"content": [], "refusal": []}
    for name, entries in lists.items():
        choice.logprobs[name] += entries
    transcript.emit("logprobs", choice=index, **lists)


def _read_finish(transcript: _Transcript, wire: JsonObject) -> None:
    if "finish_reason" not in wire:
        return
    choice = transcript.choices[wire["index"]]
    _require(wire["finish_reason"] in FINISH_REASONS, "an unusual finish reason")
    _require(choice.finish_reason is None, "a second finish reason")
    choice.finish_reason = wire["finish_reason"]
    transcript.emit("finish", choice=wire["index"], reason=wire["finish_reason"])


def _read_usage(transcript: _Transcript, usage: Any) -> None:
    _require(isinstance(usage, dict), "usage is no object")
    numbers = [usage[name] for name in COUNTS if usage.get(name) is not None]
    plain = all(type(number) is int and number >= 0 for number in numbers) and any(numbers)
    _require(plain, "usage without counts")
    if usage != transcript.usage:
        transcript.usage = usage
        transcript.emit("usage", **counts(usage), raw=usage)


def _unknown(path: str, wire: JsonObject, known: frozenset[str]) -> JsonObject:
    """The members of no kind of their own, by JSON Pointer."""
    found = {}
    for name, value in wire.items():
        if name not in known:
            _require(name not in NOT_READ and "~" not in name and "/" not in name, f"member {name}")
            found[f"{path}/{name}"] = value
    return found


def _keep(transcript: _Transcript, found: JsonObject) -> None:
    """Note what is new at its path, in the order of paths: members have none on the wire."""
    for pointer, value in sorted(found.items()):
        if pointer not in transcript.extra or transcript.extra[pointer] != value:
            transcript.extra[pointer] = value
            transcript.emit("extra", path=pointer, value=value)
