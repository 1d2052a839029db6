"""The JSON object of a frame to one normal form, whatever dialect it is written in.

Absent and null are the same (rules ENV-4, ENV-5), "" is a string that says nothing. A known
member of the wrong JSON kind is as absent, kept as extra and noted (rule ENV-6). Nothing
here remembers the chunk before: meaning that needs memory is `choice.py`'s.
"""

from __future__ import annotations

import json
from typing import Any, Final, Literal

import msgspec

from chunkproof.members import MemberReader

ChannelName = Literal["text", "reasoning", "refusal"]

PADDING: Final = frozenset({"obfuscation", "p"})
"""Random filler against traffic analysis: OpenAI `obfuscation`, Mistral `p` (rule ENV-8)."""

REASONING_FIELDS: Final = ("reasoning_content", "reasoning", "thinking", "reasoning_text")
"""In the order of precedence (rule RSN-1)."""

_CHUNK_MEMBERS: Final = PADDING | {
    *("id", "object", "created", "model", "choices", "usage", "error"),
}
_PLAIN_CHOICE: Final = PADDING | {"index", "delta", "finish_reason"}
_CHOICE_MEMBERS: Final = _PLAIN_CHOICE | {"logprobs", "usage"}
_TEXT_MEMBERS: Final = frozenset({"role", "content", "refusal"})
_DELTA_MEMBERS: Final = PADDING | {
    *("role", "content", "refusal", "tool_calls", "function_call", "audio"),
    *("annotations", "images", "reasoning_details", *REASONING_FIELDS),
}
_ENTRY_MEMBERS: Final = frozenset({"index", "id", "type"})
_FUNCTION_MEMBERS: Final = frozenset({"name", "arguments"})
_INNER_MEMBERS: Final = {"function": _FUNCTION_MEMBERS, "custom": frozenset({"name", "input"})}
_THOUGHT_MEMBERS: Final = ("thinking", "reasoning", "summary", "text")
_AUDIO_MEMBERS: Final = ("id", "data", "transcript", "expires_at")


class Segment(msgspec.Struct, gc=False):
    """A fragment of one channel; never empty, may hold surrogate halves."""

    channel: ChannelName
    text: str


class Entry(msgspec.Struct, gc=False):
    """One fragment of a tool call."""

    index: int | None
    id: str
    name: str
    type: str
    arguments: str
    raw: Any
    """The entry as it came, for the case that it belongs to no call."""
    extras: list[tuple[str, Any]] = []
    """Other members under the rest of their JSON Pointer (`/extra_content`), sorted by it."""


class Choice(msgspec.Struct, gc=False):
    """One entry of `choices`, with its delta."""

    index: int
    role: str = ""
    segments: list[Segment] = []
    entries: list[Entry] = []
    function_call: Entry | None = None
    finish_reason: str = ""
    logprob_content: list[Any] = []
    logprob_refusal: list[Any] = []
    audio: dict[str, Any] = {}
    annotations: list[Any] = []
    reasoning_details: list[Any] = []
    images: list[Any] = []
    usage: dict[str, Any] | None = None


class Chunk(msgspec.Struct, gc=False):
    """One chunk in its normal form, with what it took to get there."""

    id: str = ""
    model: str = ""
    created: int = 0
    choices: list[Choice] = []
    usage: dict[str, Any] | None = None
    groq_usage: dict[str, Any] | None = None
    extras: list[tuple[str, Any]] = []
    """JSON Pointer and value, for members with no kind of their own."""
    repairs: list[str] = []


def read_chunk(value: dict[str, Any], *, has_surrogates: bool = True) -> Chunk:
    """Return the normal form of a JSON object that is a chunk.

    has_surrogates: False if no string of the value can hold a surrogate half.
    """
    return _Reader(has_surrogates=has_surrogates).chunk(value)


def read_unknown(value: dict[str, Any], *, has_surrogates: bool = True) -> Chunk:
    """Return an object without choices, usage and error as extras (rule PAY-6)."""
    reader = _Reader(has_surrogates=has_surrogates)
    reader.keep_unknown("", value, PADDING)
    return Chunk(extras=reader.extras, repairs=[*reader.repairs, "unknown-object"])


def maybe_groq_usage(value: dict[str, Any]) -> dict[str, Any] | None:
    """Return `x_groq.usage` of a chunk, None where it says nothing (rule USE-1)."""
    groq = value.get("x_groq")
    usage = groq.get("usage") if isinstance(groq, dict) else None
    return usage if isinstance(usage, dict) and usage else None


def read_message(value: dict[str, Any]) -> Chunk:
    """Return a whole `chat.completion` as one chunk (rule PAY-15)."""
    choices: list[Any] = []
    for position, choice in enumerate(_list(value.get("choices"))):
        if not isinstance(choice, dict):
            continue
        message = choice.get("message")
        delta = dict(message) if isinstance(message, dict) else {}
        delta["tool_calls"] = [
            {**entry, "index": number} if isinstance(entry, dict) else entry
            for number, entry in enumerate(_list(delta.get("tool_calls")))
        ]
        rest = {name: member for name, member in choice.items() if name != "message"}
        if rest.get("index") is None:
            rest["index"] = position
        choices.append({**rest, "delta": delta})
    return read_chunk({**value, "choices": choices})


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


class _Reader(MemberReader):
    """Reads one chunk and collects what there is to say about it."""

    __slots__ = ()

    def chunk(self, value: dict[str, Any]) -> Chunk:
        chunk = Chunk(
            created=self.integer("", value, "created") or 0,
            id=self.string("", value, "id"),
            model=self.string("", value, "model"),
            choices=[self.choice(choice) for choice in self.objects("", value, "choices")],
            usage=self.mapping("", value, "usage") or None,
        )
        if not _CHUNK_MEMBERS.issuperset(value):
            chunk.groq_usage = maybe_groq_usage(value)
            self.keep_unknown("", value, _CHUNK_MEMBERS)
        if self._has_surrogates:
            chunk.usage = self.clean(chunk.usage)
            chunk.groq_usage = self.clean(chunk.groq_usage)
        chunk.extras = self.extras
        chunk.repairs = self.repairs
        return chunk

    def choice(self, value: dict[str, Any]) -> Choice:
        index = self.index("/choices/0", value)  # what is no index is kept there (ENV-3)
        if index is None or index < 0:
            self.repairs.append("choice-index-missing")
            index = 0
        path = f"/choices/{index}"
        choice = Choice(index=index)
        delta = self.mapping(path, value, "delta")
        if delta:
            self.delta(f"{path}/delta", delta, choice)
        choice.finish_reason = self.string(path, value, "finish_reason")
        if _PLAIN_CHOICE.issuperset(value):
            return choice
        logprobs = self.mapping(path, value, "logprobs")
        if logprobs:
            self.logprobs(f"{path}/logprobs", logprobs, choice)
        usage = self.mapping(path, value, "usage")
        if usage:
            choice.usage = self.clean(usage)
        self.keep_unknown(path, value, _CHOICE_MEMBERS)
        return choice

    def logprobs(self, path: str, value: dict[str, Any], choice: Choice) -> None:
        choice.logprob_content = self.clean(self.array(path, value, "content"))
        choice.logprob_refusal = self.clean(self.array(path, value, "refusal"))
        self.keep_unknown(path, value, frozenset({"content", "refusal"}))

    # --- the delta

    def delta(self, path: str, value: dict[str, Any], choice: Choice) -> None:
        choice.role = self.string(path, value, "role")
        has_text_alone = _TEXT_MEMBERS.issuperset(value)
        reasoning = "" if has_text_alone else self.reasoning(path, value)
        choice.segments = self.segments(path, value, reasoning)
        if has_text_alone:
            return
        choice.entries = [
            entry
            for item in self.objects(path, value, "tool_calls")
            if (entry := self.maybe_entry(item))
        ]
        function_call = self.mapping(path, value, "function_call")
        if function_call:
            choice.function_call = self.function_call(f"{path}/function_call", function_call)
        audio = self.mapping(path, value, "audio")
        if audio:
            choice.audio = self.audio(f"{path}/audio", audio)
        for name in ("annotations", "images", "reasoning_details"):
            setattr(choice, name, self.clean(self.array(path, value, name)))
        self.keep_unknown(path, value, _DELTA_MEMBERS)

    def segments(self, path: str, value: dict[str, Any], reasoning: str) -> list[Segment]:
        """Return the fragments of a delta in the order of their events."""
        content = value.get("content")
        segments = [Segment("reasoning", reasoning)] if reasoning else []
        if isinstance(content, list):
            parts = self.parts(f"{path}/content", content)
            thought = "".join(part.text for part in parts if part.channel == "reasoning")
            if reasoning and thought:
                if thought != reasoning:
                    self.repairs.append("reasoning-conflict")
                parts = [part for part in parts if part.channel != "reasoning"]
            segments += parts
        else:
            text = self.fragment(path, value, "content")
            if text:
                segments.append(Segment("text", text))
        refusal = self.fragment(path, value, "refusal")
        if refusal:
            segments.append(Segment("refusal", refusal))
        return segments

    def reasoning(self, path: str, value: dict[str, Any]) -> str:
        """Return the reasoning of a delta: the first field that says something (RSN-1)."""
        first = ""
        for name in REASONING_FIELDS:
            field = value.get(name)
            if field is None or field in ("", {}):
                continue
            if isinstance(field, dict) and isinstance(field.get("text"), str):
                self.keep_unknown(f"{path}/{name}", field, frozenset({"text"}))
                text = field["text"]
            else:
                text = self.fragment(path, value, name)
            if not first:
                first = text
            elif text and text != first:
                self.repairs.append("reasoning-conflict")
        if first or not value.get("reasoning_details"):
            return first
        return "".join(_detail_text(detail) for detail in _list(value["reasoning_details"]))

    def parts(self, path: str, content: list[Any]) -> list[Segment]:
        """Return the fragments of a content list, in list order (rule TXT-2)."""
        segments: list[Segment] = []
        for position, part in enumerate(content):
            if isinstance(part, str):
                if part:
                    segments.append(Segment("text", part))
            elif part is not None:
                segments += self.part(f"{path}/{position}", part)
        return segments

    def part(self, path: str, part: Any) -> list[Segment]:
        kind = part.get("type") if isinstance(part, dict) else None
        if kind == "text" and isinstance(part.get("text"), str):
            self.keep_unknown(path, part, frozenset({"type", "text"}))
            return [Segment("text", part["text"])] if part["text"] else []
        if kind in ("thinking", "reasoning"):  # a tuple: a list has no hash
            self.keep_unknown(path, part, frozenset({"type", *_THOUGHT_MEMBERS}))
            found = [self.thoughts(f"{path}/{name}", part.get(name)) for name in _THOUGHT_MEMBERS]
            return [Segment("reasoning", text) for text in next(filter(None, found), [])]
        self.keep(path, part)
        return []

    def thoughts(self, path: str, value: Any) -> list[str]:
        """Return the texts of a member of a thinking part: a string, or a list of parts."""
        if not isinstance(value, list):
            return [value] if value and isinstance(value, str) else []
        texts: list[str] = []
        for position, part in enumerate(value):
            text = part.get("text") if isinstance(part, dict) else part
            if isinstance(text, str):
                texts += [text] if text else []
            elif part is not None:
                self.keep(f"{path}/{position}", part)
        return texts

    # --- tool calls

    def maybe_entry(self, value: dict[str, Any]) -> Entry | None:
        """Return a fragment of a call; None if it says nothing at all."""
        around, self.extras = self.extras, []
        entry = self._entry(value)
        if entry.id or entry.name or entry.arguments or self.extras:
            entry.index = self._call_index(value)
            entry.extras = self.extras
            self.extras = around
            return entry
        self.extras = around
        return None

    def _entry(self, value: dict[str, Any]) -> Entry:
        """Return an entry without its index; what else it says goes to `extras`."""
        kind = _kind_of_call(value)
        self.string("", value, "type")
        inner = self.mapping("", value, kind)
        self.keep_unknown("", value, _ENTRY_MEMBERS | {kind})
        self.keep_unknown(f"/{kind}", inner, _INNER_MEMBERS[kind])
        return Entry(
            index=None,
            id=self.string("", value, "id"),
            name=self.string(f"/{kind}", inner, "name"),
            type=kind,
            arguments=self.arguments(inner.get("input" if kind == "custom" else "arguments")),
            raw=value,
        )

    def _call_index(self, value: dict[str, Any]) -> int | None:
        index = self.index("", value)
        if index is None:
            self.repairs.append("index-missing")
        elif index < 0:
            self.repairs.append("index-negative")
            return None
        return index

    def arguments(self, value: Any) -> str:
        """Return arguments as text; what is no string is written as JSON once (TOOL-8)."""
        if value is None:
            return ""
        if isinstance(value, str):
            return value
        self.repairs.append("arguments-not-string")
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))

    def function_call(self, path: str, value: dict[str, Any]) -> Entry:
        self.keep_unknown(path, value, _FUNCTION_MEMBERS)
        return Entry(
            index=None,
            id="",
            name=self.string(path, value, "name"),
            type="function",
            arguments=self.arguments(value.get("arguments")),
            raw=value,
        )

    def audio(self, path: str, value: dict[str, Any]) -> dict[str, Any]:
        """Return the members that say something (rule ENV-10)."""
        self.keep_unknown(path, value, frozenset(_AUDIO_MEMBERS))
        audio: dict[str, Any] = {
            name: text
            for name in ("id", "data", "transcript")
            if (text := self.string(path, value, name))
        }
        expires_at = self.integer(path, value, "expires_at")
        if expires_at is not None:
            audio["expires_at"] = expires_at
        return audio


def _kind_of_call(entry: dict[str, Any]) -> Literal["function", "custom"]:
    """Return `custom` if an entry's type says so, or nothing else does (rule TOOL-10)."""
    kind, function = entry.get("type"), entry.get("function")
    if isinstance(kind, str) and kind:
        return "custom" if kind == "custom" else "function"
    is_function = bool(function) and isinstance(function, dict)
    return "custom" if isinstance(entry.get("custom"), dict) and not is_function else "function"


def _detail_text(detail: Any) -> str:
    """Return the text of an entry of reasoning_details; "" where it has none."""
    if not isinstance(detail, dict):
        return ""
    text = detail.get("text") or detail.get("summary")
    return text if isinstance(text, str) else ""
