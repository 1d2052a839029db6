"""Laws of an agent interface: what its clients are told is what was said, however it came.

The interface reads chunks, as a client parsed them; so what is cut here are deltas. Both
values of `use_assistant_message` are asked. A parser without an agent interface breaks none.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Self

from chunkproof.interface import (
    IncompleteStream,
    LettaStopReason,
    StreamFailed,
    ToolCallMessage,
    generate_otid,
)
from chunkproof_conformance.judge.messages import joined
from chunkproof_conformance.laws.cutting import random_of
from chunkproof_conformance.laws.frames import read_frames
from chunkproof_conformance.laws.law import Broken, Law, Violation, law
from chunkproof_conformance.laws.meaning import difference, place
from chunkproof_conformance.laws.subject import Subject, body_of
from chunkproof_conformance.synth.blocks import block_of
from chunkproof_conformance.synth.blocks import body_of as whole_of
from chunkproof_conformance.synth.rewrites.catalogue import REWRITES

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Sequence

    from chunkproof_conformance.connect.adapter import Stream
    from chunkproof_conformance.laws.subject import Agent

Json = dict[str, Any]
RECUTS: Final = ("delta-split", "delta-merge", "delta-empty", "arguments-recut")
"""The rewrites that change where deltas end, and nothing else."""
OPTIONS: Final[tuple[Json, ...]] = (
    {"use_assistant_message": False},
    {"use_assistant_message": True},
)
CANCELLED: Final = 6
"""Places at which a stream is cancelled."""
_UNTOUCHED: Final[Json] = {"inner_thoughts_key": None}
"""Nothing is taken out of the arguments."""
_TEXT: Final = {"reasoning_message": "reasoning", "assistant_message": "content"}


class _Broke(Exception):  # noqa: N818 -- what a connection does, not an error of ours
    """What a client's stream raises where the connection breaks."""


@dataclass
class Chunks:
    """Chunks as a client's stream hands them out. then: raised after the last one."""

    values: Sequence[Json]
    then: BaseException | None = None
    closed: int = field(default=0, init=False)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.closed += 1

    async def __aiter__(self) -> AsyncIterator[Json]:
        for value in self.values:
            yield value
        if self.then is not None:
            raise self.then


class Told(NamedTuple):
    """What a client was told. entries: one for each message, as the level messages has them,
    with its `segment`; a piece of arguments also with the `id` of its call. error: what was
    raised. closed: how often the stream was closed.
    """

    entries: tuple[Json, ...]
    error: BaseException | None
    agent: Any
    closed: int

    @property
    def story(self) -> Json:
        """The messages with the pieces of one segment joined, and how it ended."""
        shown = [
            {name: value for name, value in entry.items() if name != "call"}
            for entry in self.entries
        ]
        return {"messages": joined(shown), "raised": type(self.error).__name__}


def tell(
    agent: Agent, chunks: Sequence[Json], *, then: BaseException | None = None, **options: Any
) -> Told:
    """Read these chunks to the end, or to what is raised. Nothing waits, so no loop is needed."""
    made = agent(**options)
    stream = Chunks(chunks, then)
    entries: list[Json] = []

    async def read() -> None:
        async for message in made.process(stream):
            entries.append(_entry(message))  # noqa: PERF401 -- what came before an exception counts

    error: BaseException | None = None
    reading = read()
    try:
        reading.send(None)
    except StopIteration:
        pass
    except (Exception, asyncio.CancelledError) as raised:  # noqa: BLE001 -- whatever it raises
        error = raised
    else:
        reading.close()
        raise TypeError("the agent interface waits for something other than its stream")
    return Told(tuple(entries), error, made, stream.closed)


def _entry(message: Any) -> Json:
    if isinstance(message, LettaStopReason):
        return {"kind": "stop_reason", "reason": str(message.stop_reason)}
    kind = str(message.message_type)
    head = {"segment": message.otid}
    if kind in _TEXT:
        short = kind.removesuffix("_message")
        return {"kind": short, "text": getattr(message, _TEXT[kind]), **head}
    if isinstance(message, ToolCallMessage):
        call = message.tool_call
        if call.name is not None:
            return {"kind": "tool_call", "id": call.tool_call_id, "name": call.name, **head}
        said = {"kind": "tool_arguments", "text": call.arguments, **head}
        return {**said, "call": call.tool_call_id}
    return {"kind": kind, **head}


def chunks_in(body: bytes) -> list[Json]:
    """The payloads of a body that are JSON objects, up to `[DONE]`: what a client hands on."""
    found: list[Json] = []
    for frame in read_frames(body):
        if (frame.data or b"").strip() == b"[DONE]":
            break
        try:
            value = json.loads(frame.data or b"")
        except (ValueError, RecursionError):
            continue
        if isinstance(value, dict):
            found.append(value)
    return found


@law("messages-deltas")
def messages_deltas(subject: Subject, stream: Stream) -> Broken:
    """However the deltas are cut, the messages of an agent interface are the same when joined."""
    if subject.agent is None:
        return
    chunks = chunks_in(body_of(stream))
    plain = whole_of(map(block_of, chunks)) if chunks else b""
    for name in RECUTS:
        other = REWRITES[name](plain, random_of(plain)) if plain else None
        for options in OPTIONS if other is not None else ():
            before = tell(subject.agent, chunks, **options).story
            what = difference(before, tell(subject.agent, chunks_in(other or b""), **options).story)
            if what:
                yield Violation(
                    "messages-deltas", f"{name}: {what}", other or b"", kind=place(what)
                )
                return


@law("messages-whole")
def messages_whole(subject: Subject, stream: Stream) -> Broken:
    """Nothing of text, reasoning, refusal and arguments is lost, doubled or changed."""
    if subject.agent is None:
        return
    chunks = chunks_in(body_of(stream))
    told = tell(subject.agent, chunks, **_UNTOUCHED)
    read = told.agent.result()
    choice = next((one for one in read.choices if one.index == 0), None)
    said: dict[str, Any] = {"assistant": 0, "reasoning": "", "names": [], "arguments": {}}
    if choice is not None:
        calls = [call for call in choice.tool_calls if call.name]
        # Text and refusals become one kind, in the order of the deltas: their sizes add up.
        said["assistant"] = len(choice.text or "") + len(choice.refusal or "")
        said["reasoning"] = choice.reasoning or ""
        said["names"] = sorted(call.name for call in calls)
        said["arguments"] = _by_id((call.id, call.arguments) for call in calls)
    entries = told.entries
    seen = {
        "assistant": sum(len(one["text"]) for one in entries if one["kind"] == "assistant"),
        "reasoning": "".join(one["text"] for one in entries if one["kind"] == "reasoning"),
        "names": sorted(one["name"] for one in entries if one["kind"] == "tool_call"),
        "arguments": _by_id(
            (one["call"], one["text"]) for one in entries if one["kind"] == "tool_arguments"
        ),
    }
    if _has_nameless(choice) or any("/tool_calls/-" in path for path in read.extra):
        del said["arguments"], seen["arguments"]
    what = difference(said, seen)
    if what:
        yield Violation("messages-whole", what, body_of(stream), kind=place(what))


def _by_id(said: Iterable[tuple[str | None, str]]) -> dict[str, str]:
    """The arguments of each call; those of calls without an id together."""
    found: dict[str, str] = {}
    for call_id, text in said:
        if text:
            found[call_id or ""] = found.get(call_id or "", "") + text
    return found


def _has_nameless(choice: Any) -> bool:
    """Whether which piece is whose cannot be told by the ids."""
    calls = choice.tool_calls if choice is not None else ()
    ids = Counter(call.id for call in calls)
    return any(not call.name for call in calls) or any(count > 1 for count in ids.values())


@law("messages-segments")
def messages_segments(subject: Subject, stream: Stream) -> Broken:
    """Pieces that belong together have one otid, and the next segment has the next one."""
    if subject.agent is None:
        return
    for options in OPTIONS:
        told = tell(subject.agent, chunks_in(body_of(stream)), **options)
        pieces = [entry for entry in told.entries if entry["kind"] != "stop_reason"]
        number = 0
        for before, entry in zip([None, *pieces], pieces, strict=False):
            if before is not None and not _may_share(before, entry):
                number += 1
            elif before is not None and not _must_share(before, entry):
                number += entry["segment"] != before["segment"]
            if entry["segment"] != generate_otid(told.agent.letta_message_id, number):
                kind = entry["kind"]
                what = f"the otid of {kind} is not that of segment {number}"
                yield Violation("messages-segments", what, body_of(stream), kind=kind)
                return


def _may_share(before: Json, entry: Json) -> bool:
    """Whether two neighbours may be of one segment: a name begins one."""
    is_call = before["kind"].startswith("tool_") and entry["kind"] == "tool_arguments"
    return bool(is_call or before["kind"] == entry["kind"] != "tool_call")


def _must_share(before: Json, entry: Json) -> bool:
    """Whether they are pieces of one call, as their ids say."""
    return (
        entry["kind"] == "tool_arguments"
        and bool(entry["call"])
        and (entry["call"] == (before.get("call") or before.get("id")))
    )


@law("messages-endings")
def messages_endings(subject: Subject, stream: Stream) -> Broken:
    """The stop reason `error` comes last, once, and just where something documented is raised."""
    if subject.agent is None:
        return
    broke = _Broke("the connection was reset")
    for then in (None, broke):
        for options in OPTIONS:
            told = tell(subject.agent, chunks_in(body_of(stream)), then=then, **options)
            what = _wrong_end(told, then)
            if what:
                yield Violation("messages-endings", what, body_of(stream), kind=what.split(",")[0])
                return


def _wrong_end(told: Told, then: BaseException | None) -> str | None:
    """What is wrong with how it ended, in words."""
    error, stops = told.error, [one for one in told.entries if one["kind"] == "stop_reason"]
    if told.closed != 1:
        return f"the stream was closed {told.closed} times"
    if then is not None and error is not then:
        return f"the stream's own exception became {error!r}"
    if then is None and not isinstance(error, StreamFailed | IncompleteStream | None):
        return f"{type(error).__name__} is raised, which nothing documents: {error}"
    if error is None:
        ends = {"complete", "incomplete"}
        wrong = bool(stops) or told.agent.outcome not in ends
        return f"{stops or told.agent.outcome}, and nothing is raised" if wrong else None
    is_last = told.entries[-1:] == ({"kind": "stop_reason", "reason": "error"},)
    return None if is_last and len(stops) == 1 else f"{stops} before what is raised"


@law("messages-cancelled")
def messages_cancelled(subject: Subject, stream: Stream) -> Broken:
    """Cancelled anywhere, the client has the beginning, hears `cancelled`, and is cancelled."""
    if subject.agent is None:
        return
    chunks = chunks_in(body_of(stream))
    random = random_of(body_of(stream))
    for options in OPTIONS:
        whole = _without_otid(tell(subject.agent, chunks, **options).entries)
        for count in sorted(random.sample(range(len(chunks) + 1), min(CANCELLED, len(chunks) + 1))):
            cancelled = asyncio.CancelledError()
            told = tell(subject.agent, chunks[:count], then=cancelled, **options)
            *early, stop = _without_otid(told.entries) or [{}]
            what = None
            if stop != {"kind": "stop_reason", "reason": "cancelled"}:
                what = f"the last it hears is {stop}"
            elif told.error is not cancelled:
                what = f"{told.error!r} came in place of the cancellation"
            elif early != whole[: len(early)]:
                what = "what it heard is not the beginning of what it would have heard"
            elif told.closed != 1:
                what = f"the stream was closed {told.closed} times"
            if what:
                body = whole_of(map(block_of, chunks[:count]))
                what = f"after {count} chunks, {what}"
                yield Violation("messages-cancelled", what, body, kind=what.split(",")[1])
                return


def _without_otid(entries: Sequence[Json]) -> list[Json]:
    """Every interface has another id."""
    return [
        {name: value for name, value in entry.items() if name != "segment"} for entry in entries
    ]


AGENT: Final[tuple[Law, ...]] = (
    messages_deltas,
    messages_whole,
    messages_segments,
    messages_endings,
    messages_cancelled,
)
"""Each says nothing of a subject without an agent interface."""
