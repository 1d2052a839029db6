"""Laws about what was said: it is not taken back, adds up to the result, and stays as it was."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, Final

import msgspec

from chunkproof import events as ev
from chunkproof_conformance.judge.fold import final_of_events
from chunkproof_conformance.laws.cutting import SINGLE, random_of
from chunkproof_conformance.laws.law import Broken, Violation, law
from chunkproof_conformance.laws.meaning import as_it_is, difference, everything, look_at, place
from chunkproof_conformance.laws.subject import CrashError, Subject, body_of

if TYPE_CHECKING:
    from chunkproof_conformance.connect.adapter import Stream
    from chunkproof_conformance.judge.observation import ObservedChoice

REPLACEMENT: Final = "\ufffd"
OTHER: Final = (
    b'data: {"id":"other","choices":[{"index":0,"delta":{"role":"assistant","content":"other",'
    b'"tool_calls":[{"index":0,"id":"other","function":{"name":"other","arguments":"{"}}]},'
    b'"logprobs":{"content":[{"token":"other"}]}}],"x_other":1,"usage":{"prompt_tokens":99}}\n\n'
    b'data: {"choi'
)
"""A stream that leaves something in every place, and breaks off."""


def is_closing(event: ev.AnyEvent) -> bool:
    """Whether an end may say this: an error, a repair, the end, half a pair given up."""
    if isinstance(event, ev.Text | ev.Reasoning | ev.Refusal):
        return event.text == REPLACEMENT
    if isinstance(event, ev.ToolArguments):
        return event.fragment == REPLACEMENT
    return isinstance(event, ev.Repair | ev.Error | ev.End)


@law("prefix")
def prefix(subject: Subject, stream: Stream) -> Broken:
    """What is said is never taken back: a longer stream begins with what a shorter one said.

    Excepted is what an end may say. A body that is no event stream is read at its end alone.
    """
    body = body_of(stream)
    whole = subject.read(stream, body)
    if whole.events is None or not body.lstrip(b"\xef\xbb\xbf").startswith(
        (b"data", b"event", b"id", b"retry", b":")
    ):
        return
    cuts = random_of(body).sample(range(1, len(body)), min(SINGLE, max(0, len(body) - 1)))
    for cut in sorted(cuts):
        early = subject.read(stream, body[:cut]).events or ()
        same = 0
        while same < min(len(early), len(whole.events)) and early[same] == whole.events[same]:
            same += 1
        taken_back = [event for event in early[same:] if not is_closing(event)]
        if taken_back:
            name = type(taken_back[0]).__name__
            what = f"after {cut} bytes it had said {taken_back[0]}, of which the whole says nothing"
            yield Violation("prefix", what, body, (cut,), name)
            return


@law("fold")
def fold(subject: Subject, stream: Stream) -> Broken:
    """The events, joined, are the result: nothing is only in the one or only in the other."""
    body = body_of(stream)
    seen = subject.read(stream, body)
    if seen.events is None or seen.choices is None:
        return
    joined = final_of_events(seen.events)
    one = {choice.index: _shown(choice) for choice in seen.choices}
    other = {index: _shown(choice) for index, choice in joined.choices.items()}
    empty = _shown(None)
    for index in sorted(one.keys() | other.keys()):
        what = difference(one.get(index, empty), other.get(index, empty), f"/choices/{index}")
        if what:
            yield Violation("fold", what, body, kind=place(what))
            return
    what = difference(msgspec.to_builtins(seen.usage), msgspec.to_builtins(joined.usage), "/usage")
    if what:
        yield Violation("fold", what, body, kind=place(what))


def _shown(choice: ObservedChoice | None) -> dict[str, Any]:
    """What events can show of a choice; calls in any order, roles and flags not at all."""
    if choice is None:
        return {"text": None, "reasoning": None, "refusal": None, "finish": None, "calls": []}
    return {
        "text": choice.text or None,
        "reasoning": choice.reasoning or None,
        "refusal": choice.refusal or None,
        "finish": choice.finish_reason or None,
        "calls": sorted(
            [call.id or "", call.name or "", call.type or "", call.arguments or ""]
            for call in choice.tool_calls
        ),
    }


@law("determinism")
def determinism(subject: Subject, stream: Stream) -> Broken:
    """The same bytes say the same again, also after another stream was read in between."""
    body = body_of(stream)
    seen = subject.read(stream, body)
    look = look_at(body, seen) if subject.open is None else as_it_is
    subject.read(stream, OTHER)
    what = difference(everything(look(seen)), everything(look(subject.read(stream, body))))
    if what:
        yield Violation("determinism", what, body, kind=place(what))


@law("immutability", needs_live=True)
def immutability(subject: Subject, stream: Stream) -> Broken:
    """What was handed out, events and snapshots, does not change while more is read."""
    if subject.open is None:
        return
    body = body_of(stream)
    parser = subject.open()
    kept: list[tuple[Any, Any]] = []
    step = max(1, len(body) // 24)
    try:
        for start in range(0, len(body), step):
            kept += [
                (event, copy.deepcopy(event)) for event in parser.feed(body[start : start + step])
            ]
            snapshot = parser.result()
            kept.append((snapshot, snapshot.to_dict()))
        parser.close()
    except Exception as error:
        raise CrashError(f"{type(error).__name__}: {error}", body) from error
    for given, before in kept:
        now = given if isinstance(given, ev.Event) else given.to_dict()
        if now != before:
            what = difference(_plain(before), _plain(now)) or "it changed"
            kind = f"{type(given).__name__}{place(what)}"
            yield Violation("immutability", f"{type(given).__name__}{what}", body, kind=kind)
            return


def _plain(value: Any) -> Any:
    return msgspec.to_builtins(value)
