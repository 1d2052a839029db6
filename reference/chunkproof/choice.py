"""One choice: deltas to events. Holds what a choice has to remember between two chunks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from chunkproof.calls import Calls
from chunkproof.channel import EMPTY_LIST, EMPTY_TEXT, Channel, ListView
from chunkproof.ending import next_finish
from chunkproof.events import Annotation, Audio, Finish, Logprobs, Reasoning, Refusal, Text
from chunkproof.result import EXECUTABLE_FINISH, ChoiceResult
from chunkproof.think import ThinkSplitter

if TYPE_CHECKING:
    from chunkproof import chunk
    from chunkproof.channel import TextView
    from chunkproof.chunk import ChannelName, Segment
    from chunkproof.events import AnyEvent
    from chunkproof.journal import Journal

_CHANNEL_EVENTS: Final[dict[ChannelName, type[Text | Reasoning | Refusal]]] = {
    "text": Text,
    "reasoning": Reasoning,
    "refusal": Refusal,
}


class ChoiceState:
    """The state of one choice; `apply` and `finish` are the only ways to change it.

    Channels, calls and lists exist from their first use on: a hostile chunk opens 100,000
    choices for some 40 bytes each.
    """

    __slots__ = (
        "_annotations",
        "_audio",
        "_calls",
        "_channels",
        "_journal",
        "_logprobs",
        "_think",
        "finish_reason",
        "index",
        "role",
    )

    def __init__(self, index: int, journal: Journal, *, think_tags: bool = False) -> None:
        self.index = index
        self._think = ThinkSplitter() if think_tags else None
        self.role = ""
        self.finish_reason = ""
        self._journal = journal
        self._channels: dict[ChannelName, Channel] | None = None
        self._calls: Calls | None = None
        self._logprobs: dict[str, list[Any]] | None = None
        self._audio: dict[str, Any] | None = None
        self._annotations: list[Any] | None = None

    @property
    def is_finished(self) -> bool:
        """It has a finish reason, or its audio has its expiry (rule END-11)."""
        return bool(self.finish_reason) or "expires_at" in (self._audio or ())

    @property
    def calls(self) -> Calls:
        if self._calls is None:
            self._calls = Calls(self.index, self._journal, self._say)
        return self._calls

    def channel(self, name: ChannelName) -> Channel:
        if self._channels is None:
            self._channels = {}
        if name not in self._channels:
            self._channels[name] = Channel()
        return self._channels[name]

    def apply(self, delta: chunk.Choice) -> None:
        """Take one chunk's choice and say its events, in the order that is promised."""
        self.role = self.role or delta.role
        for segment in delta.segments:
            channel = self.channel(segment.channel)
            text = channel.mend(segment.text, self._journal)
            if self._think is not None and segment.channel == "text":
                self._append_all(self._think.feed(text))
            else:
                self._append(segment.channel, text)
        for entry in delta.entries:
            self.calls.apply(entry)
        if delta.function_call is not None:
            self._function_call(delta.function_call, is_mirror=bool(delta.entries))
        if delta.logprob_content or delta.logprob_refusal:
            self._add_logprobs(delta.logprob_content, delta.logprob_refusal)
        if delta.audio:
            self._add_audio(delta.audio)
        for annotation in delta.annotations:
            self._add_annotation(annotation)
        if delta.images or delta.reasoning_details:
            self._extend_lists(delta)

    def _extend_lists(self, delta: chunk.Choice) -> None:
        """Say the extras of which the result keeps all entries."""
        path = f"/choices/{self.index}/delta"
        if delta.images:
            self._journal.extend(f"{path}/images", delta.images)
        if delta.reasoning_details:
            self._journal.extend(f"{path}/reasoning_details", delta.reasoning_details)

    def finish(self, reason: str) -> None:
        """Take a finish reason; "" is none."""
        step = next_finish(self.finish_reason, reason)
        if step.repair:
            self._journal.repair(step.repair)
            self._journal.keep(f"/choices/{self.index}/finish_reason", reason)
            self._journal.say_extras()
        if step.is_new:
            self.flush()
            self.finish_reason = step.reason
            self._journal.say(Finish(self.index, step.reason, self._journal.offset))

    def flush(self) -> None:
        """Say the surrogate halves that still wait, each as U+FFFD (rule TXT-4)."""
        for name, channel in (self._channels or {}).items():
            text = channel.release(self._journal)
            if text and self._think is not None and name == "text":
                self._append_all(self._think.feed(text))
            else:
                self._append(name, text)
        if self._think is not None:
            self._append_all(self._think.flush())
        if self._calls is not None:
            self._calls.flush()

    def result(self, *, is_complete: bool) -> ChoiceResult:
        """Return a snapshot. is_complete: the outcome of the stream is complete."""
        finish_reason = self.finish_reason or None
        may_execute = is_complete and finish_reason in EXECUTABLE_FINISH
        return ChoiceResult(
            index=self.index,
            complete=is_complete or bool(finish_reason),
            role=self.role or "assistant",
            text_view=self._view("text"),
            reasoning_view=self._view("reasoning"),
            refusal_view=self._view("refusal"),
            tool_calls=self._calls.results(may_execute=may_execute) if self._calls else (),
            finish_reason=finish_reason,
            logprob_views=None
            if self._logprobs is None
            else {name: ListView(items, len(items)) for name, items in self._logprobs.items()},
            audio_view=self._audio
            and {
                name: value.view() if isinstance(value, Channel) else value
                for name, value in self._audio.items()
            },
            annotation_view=EMPTY_LIST
            if self._annotations is None
            else ListView(self._annotations, len(self._annotations)),
        )

    def _view(self, name: ChannelName) -> TextView:
        channel = (self._channels or {}).get(name)
        return EMPTY_TEXT if channel is None else channel.view()

    def _say(self, event: AnyEvent) -> None:
        if self.finish_reason:
            self._journal.repair("payload-after-finish")
        self._journal.say(event)

    def _append_all(self, segments: list[Segment]) -> None:
        for segment in segments:
            self._append(segment.channel, segment.text)

    def _append(self, name: ChannelName, text: str) -> None:
        if text:
            self._say(_CHANNEL_EVENTS[name](self.index, text, self._journal.offset))
            self.channel(name).append(text)

    def _function_call(self, entry: chunk.Entry, *, is_mirror: bool) -> None:
        if is_mirror:
            self._journal.repair("function-call-mirrored")
        else:
            self.calls.apply_legacy(entry)

    def _add_logprobs(self, content: list[Any], refusal: list[Any]) -> None:
        if self._logprobs is None:
            self._logprobs = {"content": [], "refusal": []}
        self._logprobs["content"] += content
        self._logprobs["refusal"] += refusal
        self._journal.say(Logprobs(self.index, content, refusal, self._journal.offset))

    def _add_audio(self, audio: dict[str, Any]) -> None:
        if self._audio is None:
            self._audio = {}
        for name, value in audio.items():
            if name in {"data", "transcript"}:
                self._audio.setdefault(name, Channel()).append(value)
            else:
                self._audio.setdefault(name, value)
        self._journal.say(Audio(self.index, audio, self._journal.offset))

    def _add_annotation(self, annotation: Any) -> None:
        if self._annotations is None:
            self._annotations = []
        self._annotations.append(annotation)
        self._journal.say(Annotation(self.index, annotation, self._journal.offset))
