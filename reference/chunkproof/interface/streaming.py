"""OpenAIStreamingInterface: the stream of a model's answer to the messages of an agent server.

A drop-in for the class of that name in Letta 0.10.0: one more machine over the events of
`StreamParser`. This module alone waits, looks at a clock and knows that there are tasks.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from chunkproof.drivers.intake import ChunkIntake, json_value
from chunkproof.drivers.likeness import Likeness
from chunkproof.errors import UsageError
from chunkproof.events import Finish, Usage
from chunkproof.interface.cancellation import HeldCancellation
from chunkproof.interface.errors import IncompleteStream, StreamFailed
from chunkproof.interface.ids import generate_id
from chunkproof.interface.messages import (
    FunctionCall,
    LettaMessage,
    LettaStopReason,
    OmittedReasoningContent,
    StopReasonType,
    TextContent,
    ToolCall,
)
from chunkproof.interface.segments import Composer, Options, is_reasoning_model
from chunkproof.interface.telemetry import record_first_token
from chunkproof.interface.thoughts import SpeechTool
from chunkproof.interface.tokens import (
    num_tokens_from_functions,
    num_tokens_from_messages,
    token_counter,
)
from chunkproof.result import ErrorInfo
from chunkproof.stream import StreamParser
from chunkproof.values import read_integer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Collection, Coroutine, Iterable, Sequence
    from contextlib import AbstractAsyncContextManager
    from datetime import datetime
    from typing import Protocol

    from chunkproof.events import AnyEvent, Outcome
    from chunkproof.interface.messages import ReasoningMessage
    from chunkproof.interface.telemetry import Span
    from chunkproof.interface.tokens import TokenCounter
    from chunkproof.result import ChoiceResult, RepairCount, Result, ToolCallResult

    class ChunkStream(AbstractAsyncContextManager[Any], Protocol):
        """What is read: `openai.AsyncStream` has it. Chunks: the SDK's objects, or dicts."""

        def __aiter__(self) -> AsyncIterator[Any]: ...


Message: TypeAlias = LettaMessage | LettaStopReason


class OpenAIStreamingInterface:
    """One step of an agent: a streamed answer in, messages out. Use one for each stream.

    The first five parameters are those of Letta 0.10.0. use_assistant_message: calls of
    `send_message` come out as assistant messages. put_inner_thoughts_in_kwarg: has no
    effect, as there. is_openai_proxy: count tokens here, as the server sends none; then
    messages and tools are those of the request.

    inner_thoughts_key: the member of the arguments that holds the model's thoughts; None
    leaves it where it is. extended: also what 0.10.0's JSON had no place for: `tool_calls`,
    step_id, run_id, hidden reasoning, approval requests (for the tools named in
    requires_approval_tools). choice: the choice to be handed on. on_incomplete: what to do
    about a stream that ends in the middle: "raise" IncompleteStream, or "report" it in
    `outcome` alone; by default it is raised where a call's arguments are unfinished or
    nothing came at all, for a client that parsed the chunks hides `[DONE]`.
    counter, now, clock_ns: for tests and other tokenizers.
    """

    def __init__(
        self,
        use_assistant_message: bool = False,
        put_inner_thoughts_in_kwarg: bool = False,
        is_openai_proxy: bool = False,
        messages: list[Any] | None = None,
        tools: list[Any] | None = None,
        *,
        inner_thoughts_key: str | None = "thinking",
        extended: bool = False,
        choice: int = 0,
        on_incomplete: Literal["raise", "report"] | None = None,
        requires_approval_tools: Collection[str] = (),
        step_id: str | None = None,
        run_id: str | None = None,
        counter: TokenCounter | None = None,
        now: Callable[[], datetime] | None = None,
        clock_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        if on_incomplete not in {None, "raise", "report"}:
            raise UsageError(f"on_incomplete is 'raise' or 'report', not {on_incomplete!r}")
        self.use_assistant_message = use_assistant_message
        self.assistant_message_tool_name = "send_message"
        self.assistant_message_tool_kwarg = "message"
        self.put_inner_thoughts_in_kwarg = put_inner_thoughts_in_kwarg
        self.is_openai_proxy = is_openai_proxy
        self.messages = messages or []
        self.tools = tools or []
        self.letta_message_id = generate_id()
        self.message_id: str | None = None
        """The id of the answer, as the server sent it."""
        self.model: str | None = None
        self.input_tokens = 0
        self.output_tokens = 0
        self.cached_input_tokens: int | None = None
        """Of the input tokens; None where the server did not say."""
        self.reasoning_tokens: int | None = None
        """Of the output tokens; None where the server did not say."""
        self.fallback_input_tokens = 0
        self.finish_reason: str | None = None
        """Of the choice that is handed on, as sent."""
        self._outcome: Outcome | None = None
        self._options = Options(
            inner_thoughts_key=inner_thoughts_key,
            choice=choice,
            extended=extended,
            step_id=step_id,
            run_id=run_id,
            requires_approval=frozenset(requires_approval_tools),
        )
        self._on_incomplete = on_incomplete
        self._counter = counter
        self._now = now
        self._clock_ns = clock_ns
        self._parser = StreamParser()
        self._composer: Composer | None = None
        self._likeness = Likeness()
        self._chunks = 0

    def process(
        self,
        stream: ChunkStream,
        ttft_span: Span | None = None,
        provider_request_start_timestamp_ns: int | None = None,
    ) -> MessageStream:
        """Return the messages of a stream, as they can be known; reads it when iterated.

        stream: an `openai.AsyncStream` of chunks. ttft_span, provider_request_start_...:
        with both, the time to the first chunk is told to the span and a histogram.
        After the last message: nothing, or the stop reason `error` and then the exception:
        the stream's own, StreamFailed, IncompleteStream; or the stop reason `cancelled`
        and then the CancelledError. Raises before the stream is opened: ValueError and
        KeyError for messages and tools that cannot be counted; UsageError the second time.
        """
        started = None
        if ttft_span is not None and provider_request_start_timestamp_ns is not None:
            started = (ttft_span, provider_request_start_timestamp_ns)
        cancellation = HeldCancellation()
        return MessageStream(self._messages(stream, started, cancellation), cancellation)

    # --- what is known of the step

    @property
    def outcome(self) -> Outcome | None:
        """How the stream ended; None while it is read."""
        return self._outcome

    @property
    def repairs(self) -> tuple[RepairCount, ...]:
        """What the parser forgave."""
        return self.result().repairs

    @property
    def reasoning_messages(self) -> list[ReasoningMessage]:
        """The thoughts so far, one message for each segment."""
        return [thinking.message() for thinking in self._thinking()]

    @property
    def current_function_arguments(self) -> str:
        """The raw arguments of the first call so far, thoughts and all; "" without one."""
        choice = self._choice()
        return self._arguments(choice.tool_calls[0]) if choice and choice.tool_calls else ""

    @property
    def last_flushed_function_name(self) -> str | None:
        """The name of the call released last."""
        released = self._composer.released if self._composer else ()
        return released[-1].name if released else None

    @property
    def last_flushed_function_id(self) -> str | None:
        """The id of the call released first."""
        released = self._composer.released if self._composer else ()
        return next((call.id for call in released if call.id), None)

    @property
    def tool_call_name(self) -> str | None:
        """The name of the tool call released last; None if it spoke to the user."""
        name = self.last_flushed_function_name
        is_speech = self.use_assistant_message and name == self.assistant_message_tool_name
        return None if is_speech else name

    @property
    def prev_assistant_message_id(self) -> str | None:
        """The id of the call that spoke to the user."""
        return self.last_flushed_function_id if self.tool_call_name is None else None

    @property
    def fallback_output_tokens(self) -> int:
        """The tokens of the answer, counted here; 0 unless is_openai_proxy.

        The text, reasoning, refusal and arguments of every choice, each counted once and
        whole: so it depends neither on how they were cut nor on telemetry.
        """
        if not self.is_openai_proxy:
            return 0
        counter = self._token_counter()
        return sum(
            counter.count(text)
            for choice in self.result().choices
            for text in (
                choice.text,
                choice.reasoning,
                choice.refusal,
                *(self._arguments(call, choice.index) for call in choice.tool_calls),
            )
            if text
        )

    @property
    def fallback_is_estimate(self) -> bool:
        """The fallback counts are not those of the model's own tokenizer."""
        return self._token_counter().is_estimate

    def result(self) -> Result:
        """Return what the parser read so far, of all choices."""
        return self._parser.result()

    def get_reasoning_content(self) -> list[TextContent | OmittedReasoningContent]:
        """Return the step's reasoning as one text, spaces around it removed.

        For a reasoning model: that it is omitted. Raises: AttributeError before any chunk.
        """
        if not self._chunks:
            raise AttributeError("no chunk has come, so the model is not known")
        if is_reasoning_model(self.model or ""):
            return [OmittedReasoningContent()]
        text = "".join(str(thinking.text.view()) for thinking in self._thinking())
        return [TextContent(text.strip())]

    def get_tool_call_object(self) -> ToolCall:
        """Return the first tool call, raw arguments and all.

        Raises: ValueError if there is none, or it has no id or no name.
        """
        choice = self._choice()
        call = choice.tool_calls[0] if choice and choice.tool_calls else None
        if call is None or not call.id or not call.name:
            raise ValueError("No tool call ID available")
        return ToolCall(call.id, FunctionCall(self._arguments(call), call.name))

    def get_tool_call_objects(self) -> list[ToolCall]:
        """Return all tool calls that have an id and a name."""
        choice = self._choice()
        return [
            ToolCall(call.id, FunctionCall(self._arguments(call), call.name))
            for call in (choice.tool_calls if choice else ())
            if call.id and call.name
        ]

    def _arguments(self, call: ToolCallResult, choice: int | None = None) -> str:
        """Return the raw arguments of a call, also what came before the parser knew it.

        choice: of the call; None for the one that is handed on, of which alone that is known.
        """
        is_handed_on = choice in {None, self._options.choice}
        if self._composer is None or not is_handed_on:
            return call.arguments
        return self._composer.early_arguments(call.number) + call.arguments

    def _choice(self) -> ChoiceResult | None:
        wanted = self._options.choice
        return next((one for one in self.result().choices if one.index == wanted), None)

    def _thinking(self) -> Sequence[Any]:
        return self._composer.reasoning if self._composer else ()

    def _token_counter(self) -> TokenCounter:
        if self._counter is None:
            self._counter = token_counter()
        return self._counter

    # --- reading

    async def _messages(
        self,
        stream: ChunkStream,
        started: tuple[Span, int] | None,
        cancellation: HeldCancellation,
    ) -> AsyncGenerator[Message, None]:
        """Yield the messages; see `process`."""
        self._count_input()
        composer = self._begin()
        failure: Exception | None = None
        try:
            try:
                async with stream:
                    async for chunk in stream:
                        if not self._chunks and started:
                            self._tell_first_token(chunk, *started)
                        for message in self._take(chunk, composer):
                            yield message
            except Exception as error:  # noqa: BLE001 -- raised again below, after the stop reason
                failure = error
            for message in self._close(composer, failure):
                yield message
            failure = failure or self._maybe_problem(composer)
        except asyncio.CancelledError as error:
            self._outcome = self._settle()
            cancellation.hold(error)
            yield LettaStopReason(StopReasonType.cancelled)
            cancellation.release()
            raise
        if failure is not None:
            yield LettaStopReason(StopReasonType.error)
            try:
                raise failure
            finally:
                failure = None  # a traceback that holds its own frame is a cycle

    def _begin(self) -> Composer:
        if self._composer is not None:
            raise UsageError("an interface processes one stream; make another one")
        options = self._options
        if self.use_assistant_message:
            speech = SpeechTool(self.assistant_message_tool_name, self.assistant_message_tool_kwarg)
            options = replace(options, speech=speech)
        self._composer = Composer(options, self.letta_message_id, self._now)
        return self._composer

    def _take(self, chunk: Any, composer: Composer) -> Iterable[Message]:
        self._chunks += 1
        event = self._likeness.take(chunk, self._parser)
        if event is not None:
            return composer.take(event)
        value = json_value(chunk)
        if not (self.model and self.message_id) and isinstance(value, dict):
            self.model = self.model or _maybe_text(value.get("model"))
            self.message_id = self.message_id or _maybe_text(value.get("id"))
        events = self._parser.feed_chunk(value)
        self._likeness.remember(chunk, events)
        return self._compose(events, composer)

    def _compose(self, events: list[AnyEvent], composer: Composer) -> list[Message]:
        messages: list[Message] = []
        for event in composer.as_sent(events):
            messages += composer.take(event)
            if isinstance(event, Usage):
                self._take_usage(event)
            elif isinstance(event, Finish) and event.choice == self._options.choice:
                self.finish_reason = event.reason
        return messages

    def _settle(self) -> Outcome:
        """Close the parser where nobody takes what still waits."""
        self._parser.close()
        return self.result().outcome

    def _close(self, composer: Composer, failure: Exception | None) -> list[Message]:
        """Return what still waits, and settle how the stream ended."""
        intake = ChunkIntake(self._parser)
        if failure is not None:
            intake.fail(failure)
        messages = [*self._compose(intake.end(), composer), *composer.flush()]
        self._outcome = self.result().outcome
        return messages

    def _maybe_problem(self, composer: Composer) -> Exception | None:
        """Return what is to be raised after a stream that ended without an exception."""
        result = self.result()
        error = result.error or ErrorInfo("the stream failed", None, None)
        if result.outcome == "failed":
            return StreamFailed(*error)
        if result.outcome == "complete" or self._on_incomplete == "report":
            return None
        is_cut = composer.is_empty or composer.has_unfinished_call
        return IncompleteStream(error.message) if is_cut or self._on_incomplete else None

    def _count_input(self) -> None:
        """Count the prompt, before the stream is opened."""
        if not self.is_openai_proxy:
            return
        counter = self._token_counter()
        found = (
            one.to_openai_dict() if hasattr(one, "to_openai_dict") else one for one in self.messages
        )
        messages = [message for message in found if message is not None]
        functions = [tool.get("function", tool) for tool in self.tools if isinstance(tool, dict)]
        if messages:
            self.fallback_input_tokens += num_tokens_from_messages(messages, counter)
        if functions:
            self.fallback_input_tokens += num_tokens_from_functions(functions, counter)

    def _take_usage(self, usage: Usage) -> None:
        """Take the usage that counts by now: it replaces the one before, it is no difference."""
        self.input_tokens = usage.prompt_tokens or 0
        self.output_tokens = usage.completion_tokens or 0
        self.cached_input_tokens = _maybe_detail(usage, "prompt_tokens_details", "cached_tokens")
        self.reasoning_tokens = _maybe_detail(
            usage, "completion_tokens_details", "reasoning_tokens"
        )

    def _tell_first_token(self, chunk: Any, span: Span, started_ns: int) -> None:
        model = chunk.get("model") if isinstance(chunk, dict) else getattr(chunk, "model", None)
        record_first_token(span, _maybe_text(model), started_ns=started_ns, now_ns=self._clock_ns())


class MessageStream(AsyncGenerator[Message, None]):
    """The messages of a stream: an async generator that does not lose a cancellation.

    A consumer that leaves at the stop reason `cancelled` is cancelled all the same: at its
    next await, or, where it calls `aclose()`, there.
    """

    def __init__(
        self, messages: AsyncGenerator[Message, None], cancellation: HeldCancellation
    ) -> None:
        self._messages = messages
        self._cancellation = cancellation

    def __aiter__(self) -> MessageStream:
        return self

    def __anext__(self) -> Coroutine[Any, Any, Message]:
        return self._messages.__anext__()

    def asend(self, value: None) -> Coroutine[Any, Any, Message]:
        return self._messages.asend(value)

    def athrow(self, *error: Any) -> Coroutine[Any, Any, Message]:
        return self._messages.athrow(*error)

    async def aclose(self) -> None:
        """Close the stream. Raises: CancelledError, if the stop reason was left unanswered."""
        await self._messages.aclose()
        self._cancellation.raise_here()

    def __del__(self) -> None:
        self._cancellation.deliver()


def _maybe_text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _maybe_detail(usage: Usage, group: str, name: str) -> int | None:
    details = usage.raw.get(group)
    return read_integer(details.get(name)) if isinstance(details, dict) else None
