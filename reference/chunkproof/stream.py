"""StreamParser: wires frames, payloads, chunks and choices; counts offsets, holds limits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NoReturn

from chunkproof.choice import ChoiceState
from chunkproof.chunk import Chunk, maybe_groq_usage, read_chunk, read_message, read_unknown
from chunkproof.ending import Ending, Found, Seen, describe_error, end_of, maybe_error
from chunkproof.errors import ParseError, UsageError
from chunkproof.events import End, Error, Reasoning, Text, ToolArguments, Usage
from chunkproof.journal import Journal
from chunkproof.payload import (
    MAX_RAW,
    Kind,
    MalformedPayloadError,
    Payload,
    PayloadReader,
)
from chunkproof.result import ErrorInfo, Result
from chunkproof.skeleton import Skeleton, maybe_skeleton
from chunkproof.sse import MAX_FRAME_BYTES, Frame, Notice, Noticed, SseDecoder
from chunkproof.usage import Rank, UsageState
from chunkproof.values import clean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from chunkproof.chunk import ChannelName
    from chunkproof.events import AnyEvent, Outcome

_SLICE: Final = 64 * 1024
"""`parse` feeds no more bytes at once, so that the events of a huge piece never pile up."""

_MAX_MISSES: Final = 32
"""After so many frames in a row that fitted no skeleton, one is made only now and then."""

_NOW_AND_THEN: Final = 64
"""Frames; a stream may come to repeat itself late, and a skeleton costs some two frames."""


class StreamParser:
    """Bytes in, events out; never reads, sleeps or looks at a clock.

    strict: the first repair raises ParseError. max_frame_bytes: cap of a frame and of a
    line; one over it fails the stream, reading goes on after it. think_tags: a `<think>` at
    the head of the content opens reasoning, which `</think>` ends (rule RSN-4).

    One parser takes one kind of input: `feed` (bytes), `feed_frame` (the data of frames) or
    `feed_chunk` (JSON values); then `close`. Memory: the answer, plus one frame.
    """

    def __init__(
        self,
        *,
        strict: bool = False,
        max_frame_bytes: int = MAX_FRAME_BYTES,
        think_tags: bool = False,
    ) -> None:
        self._think_tags = think_tags
        self._journal = Journal(strict=strict)
        self._sse = SseDecoder(max_frame_bytes)
        self._payloads = PayloadReader()
        self._choices: dict[int, ChoiceState] = {}
        self._usage = UsageState()
        self._error: ErrorInfo | None = None
        self._ending: Ending | None = None
        self._entry = ""
        """How input comes in: feed, feed_frame or feed_chunk; "" before the first."""
        self._is_closed = False
        self._not_a_stream = ""
        """What to say of a body that is no event stream."""
        self._skeleton: Skeleton | None = None
        self._append: Callable[[str], None] = _nowhere
        """Where the text of a frame that fits the skeleton goes."""
        self._liked: AnyEvent | None = None
        """The event whose texts `_append` takes, where chunks are fed."""
        self._details = ""
        """The path of reasoning_details for such a frame."""
        self._remembered = 0
        """The frame of which the skeleton was made."""
        self._misses = 0

    def feed(self, data: bytes) -> list[AnyEvent]:
        """Take any slice of the body and return the events it completed.

        data: raw bytes, cut anywhere, also inside a UTF-8 character. After `[DONE]` the
        list is empty. Raises: ParseError (strict; the parser then refuses further input),
        UsageError after `close()`.
        """
        events = self._begin("feed")
        if type(data) is not bytes:
            data = _to_bytes(data)
        if self._ending is None:
            self._take(self._feed, data, events)
        return events

    def feed_frame(self, data: bytes, event: str = "") -> list[AnyEvent]:
        """Take the data of one frame, for callers that have an SSE decoder; no offsets.

        event: the event type, "" or "message" where none was sent. Raises: as `feed`.
        """
        events = self._begin("feed_frame")
        data = _to_bytes(data)
        if self._ending is None:
            self._journal.frame += 1
            self._take(self._frame, data, event)
        return events

    def feed_chunk(self, value: Any) -> list[AnyEvent]:
        """Take one chunk as a JSON value, for callers whose client parsed it; no offsets.

        `[DONE]` is invisible here: a finished stream closed cleanly is complete without a
        repair. Raises: as `feed`; UsageError if it is no JSON value.
        """
        events = self._begin("feed_chunk")
        if self._ending is None:
            self._journal.frame += 1
            self._take(self._payload, self._payloads.read_value(value))
        return events

    def feed_like(
        self, event: Text | Reasoning | ToolArguments, text: str
    ) -> Text | Reasoning | ToolArguments:
        """Take a chunk that equals the one before but for the text of its one event.

        event: the one event that chunk gave. text: not empty, encodable. For callers who can
        tell faster that two chunks are alike than a chunk is read (`drivers.likeness`); not
        with think_tags. Raises: as `feed_chunk`.
        """
        if event is not self._liked or self._is_closed:
            self._begin("feed_chunk")
            if self._think_tags:
                raise UsageError("with think_tags a text may be two events; feed_chunk it")
            try:
                self._append = self._appender(event)
            except LookupError:
                raise UsageError("feed_like() takes an event that this parser gave") from None
            self._liked = event
        self._journal.frame += 1
        self._append(text)
        if isinstance(event, ToolArguments):
            return ToolArguments(event.choice, event.call, text)
        return type(event)(event.choice, text)

    def close(self, error: BaseException | str | None = None) -> list[AnyEvent]:
        """Say that no more input will come and return the last events, `end` included.

        error: the transport's exception, or a sentence, if the input was cut off. A second
        call returns nothing. Raises: ParseError (strict).
        """
        if self._is_closed:
            return []
        events = self._journal.begin()
        self._is_closed = True
        if self._ending is None:
            self._take(self._close, error)
        return events

    def result(self) -> Result:
        """Return a snapshot, at any time: linear in the number of choices and calls.

        Text is joined when it is asked for. Asking after every piece costs the length of
        the answer every time.
        """
        is_complete = self._ending is not None and self._ending.outcome == "complete"
        outcome: Outcome = "failed" if self._error is not None else "incomplete"
        error = self._error
        if self._ending is not None:
            outcome = self._ending.outcome
            if self._ending.why:
                error = ErrorInfo(self._ending.why, "incomplete", None)
        return Result(
            outcome=outcome,
            id=self._journal.id,
            model=self._journal.model,
            created=self._journal.created,
            choices=tuple(
                self._choices[index].result(is_complete=is_complete)
                for index in sorted(self._choices)
            ),
            usage=self._usage.info,
            error=error,
            extra_views=self._journal.extras(),
            repairs=self._journal.repairs(),
        )

    def __reduce__(self) -> NoReturn:
        """Refuse to be pickled or copied, in words. Raises: TypeError, as pickle expects it."""
        raise TypeError("a parser reads one body and is not copied; copy its events or result()")

    # --- input

    def _begin(self, entry: str) -> list[AnyEvent]:
        if self._entry != entry:
            if self._entry:
                raise UsageError(f"this parser is fed by {self._entry}(); {entry}() came as well")
            self._entry = entry
        if self._is_closed:
            raise UsageError(f"{entry}() after close()")
        return self._journal.begin()

    def _take(self, step: Callable[..., None], *input_: object) -> None:
        """Run one step; after what strict does not forgive, take no more input."""
        try:
            step(*input_)
        except ParseError as error:
            self._error = self._error or ErrorInfo(str(error), "strict", None)
            self._is_closed = True
            raise

    def _feed(self, data: bytes, events: list[AnyEvent]) -> None:
        journal = self._journal
        skeleton, append = self._skeleton, self._append
        for item in self._sse.feed(data):
            if isinstance(item, Noticed):
                journal.offset = item.offset
                self._notice(item)
                continue
            journal.frame += 1
            if skeleton is not None and item.event != "error":
                text = skeleton.read(item.data)
                if text is not None:
                    append(text)
                    events.append(skeleton.make(text, item.offset))
                    if skeleton.detail is not None:
                        journal.offset = item.offset
                        journal.extend(self._details, [{**skeleton.detail, "text": text}])
                        journal.say_extras()
                    continue
            journal.offset = item.offset
            self._frame(item.data, item.event)
            if self._ending is not None:
                break
            skeleton, append = self._skeleton, self._append

    def _frame(self, data: bytes, event: str) -> None:
        said = len(self._journal.events)
        if event == "error":
            self._error_frame(data)
        else:
            for payload in self._payloads.read(data):
                self._payload(payload)
                if self._ending is not None:
                    return
        self._remember(data, self._journal.events[said:])

    def _remember(self, data: bytes, events: list[AnyEvent]) -> None:
        """Make the skeleton of a frame, more rarely while skeletons do not pay.

        The one before is forgotten in any case: this frame may have changed what it means.
        """
        if self._skeleton is not None and self._journal.frame - self._remembered > 1:
            self._misses = 0
        self._skeleton = None
        if self._think_tags:
            return
        if self._misses >= _MAX_MISSES and self._journal.frame % _NOW_AND_THEN:
            return
        self._misses += 1
        self._remembered = self._journal.frame
        self._skeleton = maybe_skeleton(data, events)
        if self._skeleton is None:
            return
        event = events[0]
        if isinstance(event, (Text, Reasoning, ToolArguments)):
            self._append = self._appender(event)
            self._details = f"/choices/{event.choice}/delta/reasoning_details"

    def _appender(self, event: Text | Reasoning | ToolArguments) -> Callable[[str], None]:
        """Return what keeps the text of an event like this one."""
        choice = self._choices[event.choice]
        if isinstance(event, ToolArguments):
            return choice.calls[event.call].append
        name: ChannelName = "text" if isinstance(event, Text) else "reasoning"
        return choice.channel(name).append

    def _payload(self, payload: Payload) -> None:
        for repair in payload.repairs:
            self._journal.repair(repair)
        if payload.kind is Kind.CHUNK:
            self._chunk(payload.value, has_surrogates=payload.has_surrogates)
        elif payload.kind is Kind.DONE:
            self._end(is_done=True)
        elif payload.kind is Kind.MALFORMED:
            error = ErrorInfo(payload.problem, "malformed", None)
            if payload.value is not None:
                error = describe_error(payload.value, {})
            self._fail(error, payload.rule, payload.raw or None)

    def _error_frame(self, data: bytes) -> None:
        """Fail the stream: `event: error` with any payload (rule ERR-3)."""
        text = self._text(data)
        value = self._payloads.read(data)[0].value
        if isinstance(value, (dict, str, list)):
            found = maybe_error(value) if isinstance(value, dict) else None
            error = found.error if found else describe_error(value, {})
        else:
            error = ErrorInfo(text[:MAX_RAW] or "event: error without a payload", None, None)
        self._fail(error, "ERR-3")

    def _text(self, data: bytes) -> str:
        """Return bytes that speak of an error as text; to replace some is a repair (SSE-1)."""
        text = data.decode("utf-8", "replace")
        if text.encode() != data:
            self._journal.repair("invalid-utf8")
        return text

    def _notice(self, noticed: Noticed) -> None:
        if noticed.notice is Notice.ERROR_FIELD:
            text = self._text(noticed.line)
            try:
                value = self._payloads.read_json(text)
            except MalformedPayloadError:
                value = text
            self._fail(describe_error(value, {}), "ERR-5")
        elif noticed.notice is Notice.TOO_LARGE:
            self._fail(ErrorInfo("a frame is over the cap", "frame_too_large", None), "SSE-15")
        else:
            self._journal.repair(noticed.notice.value)

    # --- chunks

    def _chunk(self, value: dict[str, Any], *, has_surrogates: bool) -> None:
        found = maybe_error(value)
        is_chunk = value.get("choices") is not None or isinstance(value.get("usage"), dict)
        is_chunk = is_chunk or maybe_groq_usage(value) is not None
        if is_chunk or ("choices" in value and found is None):
            self._apply_all(read_chunk(value, has_surrogates=has_surrogates), found)
        elif found is not None:
            self._fail(found.error, found.rule)
        else:
            self._apply(read_unknown(value, has_surrogates=has_surrogates))

    def _apply_all(self, chunk: Chunk, found: Found | None) -> None:
        """Say a chunk's events, then the error beside them or that of its finish reason."""
        is_error = self._apply(chunk)
        if found is not None:
            self._fail(found.error, found.rule)
        elif is_error:
            self._fail(ErrorInfo("the finish reason is error", None, None), "FIN-5")

    def _apply(self, chunk: Chunk) -> bool:
        """Say a chunk's events in the order that is promised.

        Returns whether a finish reason is `error`.
        """
        journal = self._journal
        for repair in chunk.repairs:
            journal.repair(repair)
        journal.id = journal.id or chunk.id or None
        journal.model = journal.model or chunk.model or None
        journal.created = journal.created or chunk.created or None
        for delta in chunk.choices:
            self._choice(delta.index).apply(delta)
        for path, extra in chunk.extras:
            journal.keep(path, extra)
        journal.say_extras()
        is_error = False
        for delta in chunk.choices:
            if delta.finish_reason:
                self._choice(delta.index).finish(delta.finish_reason)
                is_error |= delta.finish_reason == "error"
        self._take_usage(chunk)
        return is_error

    def _choice(self, index: int) -> ChoiceState:
        if index not in self._choices:
            self._choices[index] = ChoiceState(index, self._journal, think_tags=self._think_tags)
        return self._choices[index]

    def _take_usage(self, chunk: Chunk) -> None:
        """Take the usage objects of a chunk, the highest rank first (rule USE-1)."""
        has_changed = False
        if chunk.usage:
            has_changed = self._usage.take(Rank.CHUNK, chunk.usage)
        if chunk.groq_usage:
            has_changed |= self._usage.take(Rank.GROQ, chunk.groq_usage)
        for delta in chunk.choices:
            if delta.usage:
                has_changed |= self._usage.take(Rank.CHOICE, delta.usage)
        if has_changed and self._usage.info is not None:
            self._journal.say(Usage(*self._usage.info, self._journal.offset))

    # --- the end

    def _close(self, error: BaseException | str | None) -> None:
        if self._entry in {"", "feed"}:
            self._journal.offset = self._sse.offset
            self._close_body(is_clean=error is None)
        if self._ending is None and error is not None:
            message = str(error)
            if not isinstance(error, str):
                message = f"{type(error).__name__}: {message}".removesuffix(": ")
            self._fail(ErrorInfo(message, "transport", None), "END-6")
        if self._ending is None:
            self._end(is_done=False)

    def _close_body(self, *, is_clean: bool) -> None:
        """Read what the end of the body makes readable: its tail, or a body of JSON.

        is_clean: the transport did not fail.
        """
        for item in self._sse.close():
            if isinstance(item, Frame):
                self._journal.frame += 1
                self._frame(item.data, item.event)
            else:
                self._notice(item)
        if self._entry == "feed" and not self._sse.saw_field:
            self._read_body(self._sse.preamble(), is_clean=is_clean)

    def _read_body(self, body: bytes, *, is_clean: bool) -> None:
        """Read a body that is no event stream (rule PAY-15)."""
        is_json = body.startswith((b"{", b"[")) and self._sse.is_preamble_whole
        payload = self._payloads.read(body)[0] if is_json else None
        value = payload.value if payload is not None else None
        found = maybe_error(value) if isinstance(value, dict) else None
        if payload is not None and payload.rule == "PAY-7":
            found = Found(describe_error(value, {}), "PAY-15")
        if payload is not None and isinstance(value, dict) and _is_answer(value):
            for repair in (*payload.repairs, "not-a-stream"):
                self._journal.repair(repair)
            self._apply_all(read_message(value), found)
            if is_clean:
                self._end(is_done=True)
        elif found is not None:
            self._fail(found.error, "PAY-15")
        elif body:
            start = body[:200].decode("utf-8", "replace")
            self._not_a_stream = f"the body is no event stream; it begins: {start}"

    def _end(self, *, is_done: bool) -> None:
        """Settle the outcome (rules END) and say it."""
        for choice in self._choices.values():
            choice.flush()
        ending = end_of(
            Seen(
                error=self._error is not None,
                choices=bool(self._choices),
                finished=all(choice.is_finished for choice in self._choices.values()),
                done=is_done,
            )
        )
        # A client that parsed the chunks has swallowed `[DONE]`: nothing is missing there.
        if ending.repair and not (ending.repair == "done-missing" and self._entry == "feed_chunk"):
            self._journal.repair(ending.repair)
        if ending.why and self._not_a_stream:
            ending = ending._replace(why=self._not_a_stream)
        self._ending = ending
        self._journal.note(End(ending.outcome, self._journal.offset))

    def _fail(self, error: ErrorInfo, rule: str, raw: str | None = None) -> None:
        """Say an error; the first one is the stream's."""
        # Its texts must be written: a half of a surrogate pair becomes U+FFFD (rule TXT-4).
        cleaned = ErrorInfo(*clean(list(error)))
        if cleaned != error and rule != "END-6":  # the caller's own words need no repair
            self._journal.repair("surrogate-lone")
        self._error = self._error or cleaned
        self._journal.note(Error(*cleaned, rule, raw, self._journal.offset))


def parse(pieces: Iterable[bytes], *, strict: bool = False) -> Result:
    """Return what a whole body says; events are dropped as they come.

    pieces: slices of the body, of any size. Raises: ParseError (strict), UsageError if they
    are no bytes, or are the body itself: `parse([body])`.
    """
    if isinstance(pieces, (bytes, bytearray, memoryview, str)):
        raise UsageError("parse() takes the pieces of a body; of a whole one parse([body])")
    parser = StreamParser(strict=strict)
    for piece in map(_to_bytes, pieces):
        for start in range(0, len(piece), _SLICE):
            parser.feed(piece[start : start + _SLICE])
    parser.close()
    return parser.result()


def _nowhere(_: str) -> None:
    """Take no text: there is no skeleton yet."""


def _to_bytes(data: object) -> bytes:
    """Return what a caller fed. Raises: UsageError if it is no bytes."""
    if isinstance(data, (bytes, bytearray, memoryview)):
        return bytes(data)
    raise UsageError(f"a parser is fed bytes, not {type(data).__name__}")


def _is_answer(value: dict[str, Any]) -> bool:
    """Return whether an object is a whole `chat.completion`."""
    choices = value.get("choices")
    return isinstance(choices, list) and any(
        isinstance(choice, dict) and isinstance(choice.get("message"), dict) for choice in choices
    )
