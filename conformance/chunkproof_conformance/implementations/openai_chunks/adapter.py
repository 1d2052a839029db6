"""`create(stream=True)` and the accumulation loop of OpenAI's function calling guide.

The loop: text is appended per choice; a tool call delta belongs to `final_tool_calls[index]`,
whose id and name are those of the first delta and whose arguments grow by each later one. The
guide's own lines also add the first delta's arguments a second time, which OpenAI's empty ones do
not show; what it means is judged, not that slip. A user reads `tool_calls` or, where none came, the
legacy `function_call`. The pieces of audio are joined as text is. Reasoning and annotations have
no member in the client's types.
Custom tool calls neither: their deltas have `function` None, and the loop stops with an
exception, as it does for the guide's readers.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from chunkproof import events as ev
from chunkproof_conformance.implementations.openai_client import (
    HOMEPAGE,
    PROFILES,
    OpenAIClient,
    all_finished,
    audio_of,
    error_of,
    index_of,
    library_version,
    logprobs_of,
    text_of,
    usage_of,
)
from chunkproof_conformance.judge.observation import (
    Implementation,
    Observation,
    ObservedAudio,
    ObservedCall,
    ObservedChoice,
    ObservedError,
    ObservedLogprobs,
    ObservedUsage,
)

if TYPE_CHECKING:
    from openai.types.chat import ChatCompletionChunk
    from openai.types.chat.chat_completion_chunk import Choice, ChoiceDeltaToolCall

    from chunkproof_conformance.connect.adapter import Stream

LEGACY: Final = -1
"""The call number of a legacy `function_call`, of which a choice has one."""


@dataclass
class _Call:
    number: int
    id: str | None
    type: str | None
    name: str | None
    arguments: str = ""

    def observed(self) -> ObservedCall:
        return ObservedCall(self.id, self.type, self.name, text_of(self.arguments))


@dataclass
class _Choice:
    role: str | None = None
    text: str = ""
    refusal: str = ""
    finish_reason: str | None = None
    logprobs: ObservedLogprobs | None = None
    audio: ObservedAudio | None = None
    function_call: _Call | None = None
    final_tool_calls: dict[int, _Call] = field(default_factory=dict)

    def observed(self, index: int) -> ObservedChoice:
        # The keys say which call comes first.
        keys = sorted(self.final_tool_calls, key=lambda key: (not isinstance(key, int), key))
        calls = [self.final_tool_calls[key] for key in keys]
        if self.function_call is not None and not calls:
            calls.append(self.function_call)
        return ObservedChoice(
            index,
            self.role,
            self.text,
            None,
            self.refusal,
            tuple(call.observed() for call in calls),
            self.finish_reason,
            self.logprobs,
            self.audio,
        )


@dataclass
class _Loop:
    """What the user's own code holds while it iterates."""

    choices: dict[int, _Choice] = field(default_factory=dict)
    usage: ObservedUsage | None = None
    events: list[ev.AnyEvent] = field(default_factory=list)

    def take(self, chunk: ChatCompletionChunk) -> None:
        for position, choice in enumerate(chunk.choices):
            self._take_choice(index_of(choice, position), choice)
        if chunk.usage is not None:
            self.usage = usage_of(chunk.usage)

    def _take_choice(self, index: int, choice: Choice) -> None:
        kept = self.choices.setdefault(index, _Choice())
        delta = choice.delta
        if delta.role and kept.role is None:
            kept.role = delta.role
        if delta.content:
            kept.text += delta.content
            self.events.append(ev.Text(index, delta.content))
        if delta.refusal:
            kept.refusal += delta.refusal
            self.events.append(ev.Refusal(index, delta.refusal))
        if delta.function_call is not None:
            self._take_function_call(index, kept, delta.function_call)
        for entry in delta.tool_calls or []:
            self._take_tool_call(index, kept, entry)
        if choice.logprobs is not None:
            kept.logprobs = _extended(kept.logprobs, logprobs_of(choice.logprobs))
        if delta.audio is not None:
            kept.audio = _longer(kept.audio or ObservedAudio(), audio_of(delta.audio))
        if choice.finish_reason:
            kept.finish_reason = choice.finish_reason

    def _take_tool_call(self, index: int, kept: _Choice, entry: ChoiceDeltaToolCall) -> None:
        # The guide reads `tool_call.function.arguments` without a look at `function`.
        function: Any = entry.function
        calls = kept.final_tool_calls
        if entry.index not in calls:
            call = _Call(len(calls), entry.id, entry.type, function.name, function.arguments or "")
            calls[entry.index] = call
            self._open(index, entry.index, call)
        else:
            call = calls[entry.index]
            call.arguments += function.arguments
        if function.arguments:
            said = text_of(function.arguments) or ""
            self.events.append(ev.ToolArguments(index, call.number, said))

    def _take_function_call(self, index: int, kept: _Choice, delta: Any) -> None:
        if kept.function_call is None:
            kept.function_call = _Call(LEGACY, None, "function", delta.name)
            self._open(index, None, kept.function_call)
        kept.function_call.arguments += delta.arguments or ""
        if delta.arguments:
            self.events.append(ev.ToolArguments(index, LEGACY, delta.arguments))

    def _open(self, index: int, key: int | None, call: _Call) -> None:
        kind = call.type or ""
        self.events.append(ev.ToolCall(index, call.number, key, call.id, call.name, kind))

    def observation(self, error: ObservedError | None) -> Observation:
        choices = tuple(self.choices[index].observed(index) for index in sorted(self.choices))
        done = all_finished(choices)
        return Observation(
            outcome="failed" if error else "complete" if done else "incomplete",
            choices=choices,
            usage=self.usage,
            error=error,
            events=tuple(event for event in self.events if not self._is_unread(event)),
        )

    def _is_unread(self, event: ev.AnyEvent) -> bool:
        """Whether it tells of a legacy call beside tool calls: a user reads one or the other."""
        if not isinstance(event, ev.ToolCall | ev.ToolArguments) or event.call != LEGACY:
            return False
        return bool(self.choices[event.choice].final_tool_calls)


def _extended(
    kept: ObservedLogprobs | None, new: ObservedLogprobs | None
) -> ObservedLogprobs | None:
    """The entries so far and the new ones: lists are appended."""
    if kept is None or new is None:
        return new or kept
    return ObservedLogprobs(
        (kept.content or []) + (new.content or []), (kept.refusal or []) + (new.refusal or [])
    )


def _longer(kept: ObservedAudio, new: ObservedAudio | None) -> ObservedAudio:
    """The audio so far and the new piece: data and transcript are appended."""
    if new is None:
        return kept
    return ObservedAudio(
        kept.id or new.id,
        (kept.data or "") + (new.data or "") or None,
        (kept.transcript or "") + (new.transcript or "") or None,
        kept.expires_at or new.expires_at,
    )


class ChunksAdapter:
    """Iterates the client's chunks as the guide does."""

    def __init__(self) -> None:
        self._client = OpenAIClient()

    def start(self) -> Implementation:
        return Implementation(
            name="openai-chunks",
            version=library_version(),
            homepage=HOMEPAGE,
            levels=("final", "sequence"),
            # The guide's loop has no place for annotations, so the profile is not claimed.
            profiles=tuple(name for name in PROFILES if name != "annotations"),
            not_represented=frozenset({"reasoning", "annotations"}),
            note="create(stream=True) with the guide's accumulation loop",
        )

    def run(self, stream: Stream) -> Observation:
        request = self._client.load(stream)
        loop = _Loop()
        try:
            for chunk in self._client.client.chat.completions.create(stream=True, **request):
                loop.take(chunk)
        except Exception as error:  # noqa: BLE001 -- whatever the user would see
            return loop.observation(error_of(error))
        return loop.observation(None)

    def stop(self) -> None:
        self._client.close()
