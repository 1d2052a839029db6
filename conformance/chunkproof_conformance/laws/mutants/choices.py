"""Mutants of chunks, choices, roles and channels."""

from __future__ import annotations

import dataclasses
from typing import Any, Final

from chunkproof.channel import TextView
from chunkproof.chunk import Segment
from chunkproof_conformance.laws.mutants.mutant import Wrap, mutant

APPLY: Final = "stream:StreamParser._apply"
READ: Final = "chunk:_Reader.choice"


def on_chunk(change: Any) -> Wrap:
    """Change a chunk in its normal form before it is applied."""

    def wrap(apply: Any) -> Any:
        def mutated(self: Any, chunk: Any) -> Any:
            change(self, chunk)
            return apply(self, chunk)

        return mutated

    return wrap


def _first_choice(_: Any, chunk: Any) -> None:
    chunk.choices = chunk.choices[:1]


def _choice_zero(_: Any, chunk: Any) -> None:
    chunk.choices = [choice for choice in chunk.choices if choice.index == 0]


def _one_choice(_: Any, chunk: Any) -> None:
    for choice in chunk.choices:
        choice.index = 0


def _tools_skipped(_: Any, chunk: Any) -> None:
    for choice in chunk.choices:
        if choice.segments:
            choice.entries = []


def _text_skipped(_: Any, chunk: Any) -> None:
    for choice in chunk.choices:
        if choice.entries:
            choice.segments = []


def _trimmed(_: Any, chunk: Any) -> None:
    _each_text(chunk, str.strip)


def _each_text(chunk: Any, change: Any) -> None:
    for choice in chunk.choices:
        changed = [Segment(one.channel, change(one.text)) for one in choice.segments]
        choice.segments = [one for one in changed if one.text]


def _refusal_as_text(_: Any, chunk: Any) -> None:
    for choice in chunk.choices:
        choice.segments = [
            Segment("text", one.text) if one.channel == "refusal" else one
            for one in choice.segments
        ]


def _no_refusal(_: Any, chunk: Any) -> None:
    for choice in chunk.choices:
        choice.segments = [one for one in choice.segments if one.channel != "refusal"]


def _no_repeats(self: Any, chunk: Any) -> None:
    """Drop a text that equals the one before."""
    for choice in chunk.choices:
        for one in list(choice.segments):
            if getattr(self, "last_text", None) == (choice.index, one.text):
                choice.segments.remove(one)
            self.last_text = (choice.index, one.text)


def _later_role(self: Any, chunk: Any) -> None:
    for choice in chunk.choices:
        state = self._choices.get(choice.index)
        if state is not None and choice.role:
            state.role += choice.role


def _role_per_call(self: Any, chunk: Any) -> None:
    """A role opens another message, so what came before it is forgotten."""
    for choice in chunk.choices:
        if choice.role and choice.index in self._choices:
            self._choices[choice.index]._channels = None  # noqa: SLF001 -- a mutant reaches in


def _roleless_ignored(self: Any, chunk: Any) -> None:
    """Nothing is taken of a choice before its role came."""
    chunk.choices = [c for c in chunk.choices if c.role or c.index in self._choices]


def _keyed_by_id(self: Any, chunk: Any) -> None:
    """Another chunk id is another answer, of which nothing is shown."""
    if self._journal.id and chunk.id and chunk.id != self._journal.id:
        chunk.choices = []


def _strict_members(_: Any, chunk: Any) -> None:
    """Unknown members make the chunk one that cannot be read."""
    if any("x_" in path for path, _ in chunk.extras):
        chunk.choices = []


def _opened_by_silence(self: Any, chunk: Any) -> None:
    """A delta that says nothing ends the choice."""
    for choice in chunk.choices:
        silent = not (choice.segments or choice.entries or choice.role or choice.finish_reason)
        if silent and choice.index in self._choices and not choice.audio:
            choice.finish_reason = "stop"


def on_reader(change: Any) -> Wrap:
    """Change a choice given its JSON value too."""

    def wrap(read: Any) -> Any:
        def mutated(self: Any, value: dict[str, Any]) -> Any:
            choice = read(self, value)
            change(choice, value)
            return choice

        return mutated

    return wrap


def _null_delta(_: Any, value: dict[str, Any]) -> None:
    delta = value.get("delta") or {}
    if "role" in delta and delta["role"] is None:
        raise TypeError("NoneType has no attribute 'lower'")


def _content_needed(_: Any, value: dict[str, Any]) -> None:
    if value.get("delta") and not value.get("finish_reason"):
        value["delta"]["content"]


def _whole_numbers(_: Any, value: dict[str, Any]) -> None:
    if isinstance(value.get("index"), float):
        raise TypeError("list indices must be integers or slices, not float")


def _null_content(choice: Any, value: dict[str, Any]) -> None:
    delta = value.get("delta") or {}
    if "content" in delta and delta["content"] is None:
        choice.segments.append(Segment("text", "None"))


def _null_refusal(choice: Any, value: dict[str, Any]) -> None:
    delta = value.get("delta") or {}
    if "refusal" in delta and delta["refusal"] is None:
        choice.segments.append(Segment("refusal", "None"))


def _mirrored(choice: Any, value: dict[str, Any]) -> None:
    delta = value.get("delta") or {}
    for name in ("reasoning", "thinking"):
        if delta.get("reasoning_content") and isinstance(delta.get(name), str) and delta[name]:
            choice.segments.insert(0, Segment("reasoning", delta[name]))


def _one_reasoning(choice: Any, value: dict[str, Any]) -> None:
    if not (value.get("delta") or {}).get("reasoning_content"):
        choice.segments = [one for one in choice.segments if one.channel != "reasoning"]


def _no_parts(choice: Any, value: dict[str, Any]) -> None:
    if isinstance((value.get("delta") or {}).get("content"), list):
        choice.segments = []


def _no_custom(choice: Any, _: dict[str, Any]) -> None:
    choice.entries = [one for one in choice.entries if one.type != "custom"]


def _delta_needed(_: Any, value: dict[str, Any]) -> None:
    if not isinstance(value.get("delta"), dict):
        raise TypeError("'NoneType' object is not subscriptable")


def _indexed_lists(_: Any, value: dict[str, Any]) -> None:
    delta = value.get("delta") or {}
    if delta.get("annotations") or delta.get("reasoning_details"):
        raise RuntimeError("Expected list delta entry to have an `index` key")


def _message_again(choice: Any, value: dict[str, Any]) -> None:
    message = value.get("message")
    if isinstance(message, dict) and isinstance(message.get("content"), str):
        choice.segments.append(Segment("text", message["content"]))


def _result(change: Any) -> Wrap:
    """Change the snapshot of a choice."""

    def wrap(result: Any) -> Any:
        def mutated(self: Any, *, is_complete: bool) -> Any:
            return change(result(self, is_complete=is_complete))

        return mutated

    return wrap


def _reasoning_last(append: Any) -> Any:
    """A member that is not known by name is assigned, not appended."""

    def mutated(self: Any, name: str, text: str) -> None:
        if text and name == "reasoning" and self._channels and name in self._channels:
            del self._channels[name]
        append(self, name, text)

    return mutated


def _say_trimmed(result: Any) -> Any:
    """A result whose text lost the white space around it, which the events had."""
    text = str(result.text_view).strip()
    return dataclasses.replace(result, text_view=_view(text))


def _view(text: str) -> Any:
    parts = [text] if text else []
    return TextView(parts, len(parts), [], 0)


CHOICES: Final = (
    mutant("first-choice", "reads the first choice of a chunk alone",
           "litellm#38180", (APPLY, on_chunk(_first_choice))),
    mutant("choice-zero", "reads choice 0 alone",
           "clients written for n=1", (APPLY, on_chunk(_choice_zero))),
    mutant("choices-mixed", "does not look at the index of a choice",
           "langchain, pydantic-ai, AI SDK (measured: AXBY)", (APPLY, on_chunk(_one_choice))),
    mutant("role-joined", "joins the roles of all deltas",
           "openai-python .stream() (measured: 63 recordings)", (APPLY, on_chunk(_later_role))),
    mutant("role-opens", "takes every role for a new message",
           "clients that open a message at a role", (APPLY, on_chunk(_role_per_call))),
    mutant("role-needed", "takes nothing before a role came",
           "openai-node .stream() (measured)", (APPLY, on_chunk(_roleless_ignored))),
    mutant("keyed-by-id", "takes a chunk with another id for another answer",
           "litellm, Avian and Groq recordings", (APPLY, on_chunk(_keyed_by_id))),
    mutant("unknown-refused", "refuses chunks with unknown members",
           "AI SDK schemas (measured)", (APPLY, on_chunk(_strict_members))),
    mutant("silence-ends", "takes a delta that says nothing for the end",
           "xAI keep-alives", (APPLY, on_chunk(_opened_by_silence))),
    mutant("null-member", "fails at a member that is null",
           "openai-python#1677, langchain (measured)", (READ, on_reader(_null_delta))),
    mutant("member-needed", "fails where a delta has no content",
           "smolagents, example code (measured)", (READ, on_reader(_content_needed))),
    mutant("null-content-said", "says null as a text",
           "openai-python raw loops (measured: `Hi<None chunk>`)",
           (READ, on_reader(_null_content))),
    mutant("null-refusal-said", "says a null refusal as one",
           "clients that call str() on a member", (READ, on_reader(_null_refusal))),
    mutant("number-kinds", "fails at an index of 0.0",
           "RFC 8259, section 6", (READ, on_reader(_whole_numbers))),
    mutant("text-trimmed", "trims every text",
           "langchain4j#5531", (APPLY, on_chunk(_trimmed))),
    mutant("result-trimmed", "trims the text of the result, not of the events",
           "clients that call strip() at the end",
           ("choice:ChoiceState.result", _result(_say_trimmed))),
    mutant("repeats-dropped", "drops a delta that equals the one before",
           "de-duplicating proxies", (APPLY, on_chunk(_no_repeats))),
    mutant("parts-lost", "knows content that is a string alone",
           "Mistral: openai .stream(), litellm (measured)", (READ, on_reader(_no_parts))),
    mutant("delta-needed", "fails at a choice whose delta is null or missing",
           "openai .stream() over Azure's async filter (measured)",
           (READ, on_reader(_delta_needed))),
    mutant("lists-need-index", "fails at annotations and reasoning details, which have no index",
           "openai .stream() over OpenRouter (measured)", (READ, on_reader(_indexed_lists))),
    mutant("custom-lost", "does not know calls of custom tools",
           "17 of 19 parsers (measured)", (READ, on_reader(_no_custom))),
    mutant("message-read", "adds the message beside a delta",
           "openai-node .stream() (measured: HiHi)", (READ, on_reader(_message_again))),
    mutant("tools-beside-text", "drops calls beside text",
           "autogen-ext 0.7.5 (measured)", (APPLY, on_chunk(_tools_skipped))),
    mutant("text-beside-tools", "drops text beside calls",
           "haystack-ai 3.4 (measured)", (APPLY, on_chunk(_text_skipped))),
    mutant("refusal-as-text", "says a refusal as text",
           "AI SDK (measured)", (APPLY, on_chunk(_refusal_as_text))),
    mutant("refusal-lost", "does not know refusals",
           "langchain (measured)", (APPLY, on_chunk(_no_refusal))),
    mutant("reasoning-twice", "adds reasoning that is sent under two names",
           "StepFun, OpenRouter", (READ, on_reader(_mirrored))),
    mutant("reasoning-one-name", "knows reasoning_content alone",
           "vLLM renamed it", (READ, on_reader(_one_reasoning))),
    mutant("reasoning-last", "keeps the last delta of reasoning",
           "openai-node 6.49 .stream() (measured)",
           ("choice:ChoiceState._append", _reasoning_last)),
)  # fmt: skip
