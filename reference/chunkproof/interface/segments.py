"""Events to messages: which message an event makes, and to which segment it belongs.

One machine over the events of `StreamParser`; it knows no stream and no network.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Final

import msgspec

from chunkproof.channel import Channel
from chunkproof.events import Extra, Reasoning, Refusal, Start, Text, ToolArguments, ToolCall
from chunkproof.interface.ids import generate_otid
from chunkproof.interface.messages import (
    ApprovalRequestMessage,
    AssistantMessage,
    HiddenReasoningMessage,
    MessageType,
    ReasoningMessage,
    ToolCallDelta,
    ToolCallMessage,
)
from chunkproof.interface.thoughts import CallReader, Saying, SpeechTool
from chunkproof.values import maybe_digits, read_integer

if TYPE_CHECKING:
    from collections.abc import Callable

    from chunkproof.events import AnyEvent
    from chunkproof.interface.messages import LettaMessage

_REASONING_MODELS: Final = ("o1", "o3", "o4")


def is_reasoning_model(model: str) -> bool:
    """Return whether a model keeps its reasoning: its name begins with o1, o3 or o4.

    Nothing else counts, as in Letta 0.10.0: `openai/o3-mini` and `gpt-5` do not.
    """
    return model.startswith(_REASONING_MODELS)


@dataclass(frozen=True)
class Options:
    """What the user chose; see `OpenAIStreamingInterface`."""

    speech: SpeechTool | None = None
    inner_thoughts_key: str | None = "thinking"
    choice: int = 0
    extended: bool = False
    step_id: str | None = None
    run_id: str | None = None
    requires_approval: frozenset[str] = frozenset()


@dataclass
class Thinking:
    """The reasoning of one segment."""

    first: ReasoningMessage
    text: Channel = field(default_factory=Channel)

    def message(self) -> ReasoningMessage:
        """Return the segment as one message."""
        return msgspec.structs.replace(self.first, reasoning=str(self.text.view()))


class Composer:
    """Events of one stream in, messages out, each with the id of its segment.

    A segment ends when the message type or the call changes.
    """

    def __init__(
        self, options: Options, message_id: str, now: Callable[[], datetime] | None = None
    ) -> None:
        self.message_id = message_id
        self.released: list[CallReader] = []
        """The calls whose name went out or whose speech began, in that order."""
        self.reasoning: list[Thinking] = []
        self._options = options
        self._orphan_path = f"/choices/{options.choice}/delta/tool_calls/-"
        self._now = now or _utc_now
        self._calls: dict[int, CallReader] = {}
        self._readers: list[CallReader] = []
        self._nameless: dict[int | None, CallReader] = {}
        """Calls that began with arguments, by index: to the parser they are no calls yet."""
        self._segment = -1
        self._otid = ""
        self._kind: MessageType | None = None
        self._call: CallReader | None = None

    @property
    def is_empty(self) -> bool:
        """Nothing came that could make a message."""
        is_silent = self._kind in {None, MessageType.hidden_reasoning_message}
        return is_silent and all(call.is_empty for call in self._readers)

    @property
    def has_unfinished_call(self) -> bool:
        return any(call.is_unfinished for call in self._readers)

    def as_sent(self, events: list[AnyEvent]) -> list[AnyEvent]:
        """Return a chunk's events with arguments that have no call before the calls.

        The parser says extras last, but such an entry came before the entry that opens its call:
        after it, it would have been that call's.
        """
        early: list[AnyEvent] = []
        others: list[AnyEvent] = []
        for event in events:
            is_early = isinstance(event, Extra) and event.path == self._orphan_path
            (early if is_early else others).append(event)
        if not early:
            return events
        calls = (at for at, event in enumerate(others) if isinstance(event, ToolCall))
        first = next(calls, len(others))
        return [*others[:first], *early, *others[first:]]

    def take(self, event: AnyEvent) -> list[LettaMessage]:
        """Return the messages an event makes; most make one, many make none."""
        if isinstance(event, ToolArguments) and event.choice == self._options.choice:
            call = self._calls[event.call]
            saying = call.feed_plain(event.fragment)
            if saying is None:
                return [self._message(call, *said) for said in call.feed(event.fragment)]
            if saying is Saying.NOTHING:
                return []
            return [self._message(call, saying, event.fragment)]
        if isinstance(event, Start):
            return self._hidden(event) if self._options.extended else []
        if isinstance(event, Extra):
            return self._orphans(event) if event.path == self._orphan_path else []
        if getattr(event, "choice", None) != self._options.choice:
            return []
        if isinstance(event, ToolCall):
            call = self._identified(event)
            said = call.identify(event.id, event.name, is_json=event.type != "custom")
            return [self._message(call, *one) for one in said]
        if isinstance(event, (Text, Refusal)):
            return [self._assistant(event.text, None)]
        if isinstance(event, Reasoning):
            return [self._thought(event.text, None)]
        return []

    def flush(self) -> list[LettaMessage]:
        """Say that no more events will come; everything that waits comes out."""
        return [self._message(call, *said) for call in self._readers for said in call.close()]

    def early_arguments(self, call: int) -> str:
        """Return what came of a call's arguments before the parser knew the call."""
        return "".join(self._calls[call].early) if call in self._calls else ""

    def _identified(self, event: ToolCall) -> CallReader:
        """Return the reader of a call, a new one for a new call."""
        if event.call not in self._calls:
            reader = self._nameless.pop(event.index, None)
            self._calls[event.call] = reader or self._new_reader()
        return self._calls[event.call]

    def _new_reader(self) -> CallReader:
        options = self._options
        self._readers.append(CallReader(options.inner_thoughts_key, options.speech))
        return self._readers[-1]

    def _orphans(self, event: Extra) -> list[LettaMessage]:
        """Take arguments that came before any name: the call they belong to may still come.

        event: its value is a list of entries of `tool_calls`, as sent (rule TOOL-5).
        """
        messages: list[LettaMessage] = []
        for entry in event.value:
            function = entry.get("function")
            fragment = function.get("arguments") if isinstance(function, dict) else None
            if isinstance(fragment, str) and fragment:
                index = maybe_digits(entry.get("index"))
                if index is None:
                    index = read_integer(entry.get("index"))
                if index not in self._nameless:
                    self._nameless[index] = self._new_reader()
                reader = self._nameless[index]
                messages += [self._message(reader, *said) for said in reader.feed_early(fragment)]
        return messages

    # --- messages

    def _message(self, call: CallReader, saying: Saying, text: str) -> LettaMessage:
        if saying is Saying.ARGUMENTS:
            return self._tool_call(call, ToolCallDelta(None, text, call.id))
        if saying is Saying.THOUGHT:
            return self._thought(text, call)
        if saying is Saying.NAME:
            self.released.append(call)
            return self._tool_call(call, ToolCallDelta(text, None, call.id))
        if not self.released or self.released[-1] is not call:
            self.released.append(call)
        return self._assistant(text, call)

    def _begin(self, kind: MessageType, call: CallReader | None) -> None:
        """Begin a new segment where one has to."""
        if kind is not self._kind or call is not self._call:
            self._kind, self._call = kind, call
            self._segment += 1
            self._otid = generate_otid(self.message_id, self._segment)

    def _assistant(self, text: str, call: CallReader | None) -> LettaMessage:
        self._begin(MessageType.assistant_message, call)
        return self._sent(
            AssistantMessage(id=self.message_id, date=self._now(), otid=self._otid, content=text)
        )

    def _thought(self, text: str, call: CallReader | None) -> LettaMessage:
        segment = self._segment
        self._begin(MessageType.reasoning_message, call)
        message = ReasoningMessage(
            id=self.message_id,
            date=self._now(),
            otid=self._otid,
            source="reasoner_model" if call is None else "non_reasoner_model",
            reasoning=text,
        )
        if segment != self._segment:
            self.reasoning.append(Thinking(message))
        self.reasoning[-1].text.append(text)
        return self._sent(message)

    def _tool_call(self, call: CallReader, delta: ToolCallDelta) -> LettaMessage:
        if self._options.extended:
            return self._extended_tool_call(call, delta)
        self._begin(MessageType.tool_call_message, call)
        return ToolCallMessage(
            id=self.message_id, date=self._now(), otid=self._otid, tool_call=delta
        )

    def _extended_tool_call(self, call: CallReader, delta: ToolCallDelta) -> LettaMessage:
        needs_approval = call.name in self._options.requires_approval
        kind = ApprovalRequestMessage if needs_approval else ToolCallMessage
        self._begin(
            MessageType.approval_request_message
            if needs_approval
            else MessageType.tool_call_message,
            call,
        )
        message = kind(
            id=self.message_id,
            date=self._now(),
            otid=self._otid,
            tool_call=delta,
            tool_calls=delta,
        )
        return self._sent(message)

    def _sent(self, message: LettaMessage) -> LettaMessage:
        """Fill in what only `extended` sends."""
        if self._options.extended:
            message.step_id = self._options.step_id
            message.run_id = self._options.run_id
        return message

    def _hidden(self, event: Start) -> list[LettaMessage]:
        if not is_reasoning_model(event.model or ""):
            return []
        self._begin(MessageType.hidden_reasoning_message, None)
        message = HiddenReasoningMessage(
            id=self.message_id, date=self._now(), otid=self._otid, state="omitted"
        )
        return [self._sent(message)]


_utc_now: Final = partial(datetime.now, UTC)
