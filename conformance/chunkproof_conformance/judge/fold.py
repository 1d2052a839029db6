"""Joining what the adapter says belongs together, by choice and call number, and nothing else.

No rule of the specification is applied here: no call is told from another, no role filled in,
no outcome found. What an adapter puts under one number stays under it, right or wrong.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

import msgspec

from chunkproof import events as ev
from chunkproof_conformance.judge.observation import (
    Observation,
    ObservedAudio,
    ObservedCall,
    ObservedChoice,
    ObservedUsage,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Channel: TypeAlias = Literal["text", "reasoning", "refusal"]

_FRAGMENTS: Final = frozenset({"data", "transcript"})
"""Members of audio that come in pieces."""


@dataclass(frozen=True)
class Stretch:
    """Neighbouring fragments of one channel, joined."""

    kind: Channel
    text: str


Entry: TypeAlias = Stretch | ObservedCall
"""A call stands where it was opened, with its final id, name and arguments."""


@dataclass(frozen=True)
class FinalView:
    """The level final of one run."""

    choices: Mapping[int, ObservedChoice]
    usage: ObservedUsage | None
    repeated: tuple[int, ...] = ()
    """Choice indexes the library shows more than once; the last one stands in `choices`."""


@dataclass
class _OpenStretch:
    kind: Channel
    parts: list[str] = field(default_factory=list)

    def close(self) -> Stretch:
        return Stretch(self.kind, "".join(self.parts))


@dataclass
class _OpenCall:
    id: str | None = None
    type: str | None = None
    name: str | None = None
    parts: list[str] = field(default_factory=list)

    def close(self) -> ObservedCall:
        return ObservedCall(self.id, self.type, self.name, "".join(self.parts))


@dataclass
class _OpenChoice:
    entries: list[_OpenStretch | _OpenCall] = field(default_factory=list)
    calls: dict[int, _OpenCall] = field(default_factory=dict)
    finish_reason: str | None = None
    audio: dict[str, Any] = field(default_factory=dict)
    annotations: list[Any] = field(default_factory=list)

    def call(self, number: int) -> _OpenCall:
        if number not in self.calls:
            self.calls[number] = _OpenCall()
            self.entries.append(self.calls[number])
        return self.calls[number]

    def append(self, kind: Channel, text: str) -> None:
        last = self.entries[-1] if self.entries else None
        if not isinstance(last, _OpenStretch) or last.kind != kind:
            last = _OpenStretch(kind)
            self.entries.append(last)
        last.parts.append(text)

    def hear(self, audio: dict[str, Any]) -> None:
        """Take a piece of audio: fragments are joined, an id and an expiry kept as they came."""
        for name, value in audio.items():
            if name in _FRAGMENTS and isinstance(value, str):
                self.audio[name] = self.audio.get(name, "") + value
            elif name in ObservedAudio.__struct_fields__:
                self.audio.setdefault(name, value)

    def joined(self, kind: Channel) -> str | None:
        parts = [
            part
            for entry in self.entries
            if isinstance(entry, _OpenStretch) and entry.kind == kind
            for part in entry.parts
        ]
        return "".join(parts) or None


_CHANNEL_OF: Final[dict[type[ev.Event], Channel]] = {
    ev.Text: "text",
    ev.Reasoning: "reasoning",
    ev.Refusal: "refusal",
}


def _gather(events: Iterable[ev.AnyEvent]) -> tuple[dict[int, _OpenChoice], ObservedUsage | None]:
    choices: dict[int, _OpenChoice] = {}
    usage: ObservedUsage | None = None
    for event in events:
        match event:
            case ev.Text() | ev.Reasoning() | ev.Refusal():
                choice = choices.setdefault(event.choice, _OpenChoice())
                choice.append(_CHANNEL_OF[type(event)], event.text)
            case ev.ToolCall():
                call = choices.setdefault(event.choice, _OpenChoice()).call(event.call)
                call.id, call.type, call.name = event.id, event.type, event.name
            case ev.ToolArguments():
                call = choices.setdefault(event.choice, _OpenChoice()).call(event.call)
                call.parts.append(event.fragment)
            case ev.Finish():
                choices.setdefault(event.choice, _OpenChoice()).finish_reason = event.reason
            case ev.Audio():
                choices.setdefault(event.choice, _OpenChoice()).hear(event.audio)
            case ev.Annotation():
                choice = choices.setdefault(event.choice, _OpenChoice())
                choice.annotations.append(event.annotation)
            case ev.Usage():
                counts = (event.prompt_tokens, event.completion_tokens, event.total_tokens)
                usage = ObservedUsage(*counts)
            case _:
                pass
    return choices, usage


def final_of_events(events: Iterable[ev.AnyEvent]) -> FinalView:
    """Every choice with its channels joined and its calls in order of appearance.

    Events carry no role; it stays None, which asserts nothing.
    """
    gathered, usage = _gather(events)
    choices = {
        index: ObservedChoice(
            index,
            text=choice.joined("text"),
            reasoning=choice.joined("reasoning"),
            refusal=choice.joined("refusal"),
            tool_calls=tuple(call.close() for call in choice.calls.values()),
            finish_reason=choice.finish_reason,
            audio=msgspec.convert(choice.audio, ObservedAudio) if choice.audio else None,
            annotations=tuple(choice.annotations),
        )
        for index, choice in gathered.items()
    }
    return FinalView(choices, usage)


def sequence_of_events(events: Iterable[ev.AnyEvent]) -> dict[int, list[Entry]]:
    """Per choice its stretches and calls in the order of appearance."""
    gathered, _ = _gather(events)
    return {
        index: [entry.close() for entry in choice.entries] for index, choice in gathered.items()
    }


def final_of(observation: Observation) -> FinalView:
    """The level final: the choices as reported, else joined from the events.

    Raises: ValueError where there is neither.
    """
    if observation.choices is None:
        if observation.events is None:
            raise ValueError("the observation has neither choices nor events")
        return final_of_events(observation.events)
    choices: dict[int, ObservedChoice] = {}
    repeated: list[int] = []
    for choice in observation.choices:
        if choice.index in choices:
            repeated.append(choice.index)
        choices[choice.index] = choice
    return FinalView(choices, observation.usage, tuple(repeated))


def maybe_sequence_of(observation: Observation) -> dict[int, list[Entry]] | None:
    """The level sequence, or None where no order of events is reported."""
    if observation.events is None or "sequence" in observation.not_represented:
        return None
    return sequence_of_events(observation.events)
