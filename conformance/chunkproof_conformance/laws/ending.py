"""Laws about streams that break off or fail: the beginning stays, nothing is made up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chunkproof_conformance.judge.fold import final_of
from chunkproof_conformance.laws.cutting import SINGLE, random_of
from chunkproof_conformance.laws.frames import read_frames, terminal_at, terminals
from chunkproof_conformance.laws.law import Broken, Violation, law
from chunkproof_conformance.laws.memory import REPLACEMENT
from chunkproof_conformance.laws.subject import Subject, body_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from chunkproof_conformance.connect.adapter import Stream
    from chunkproof_conformance.judge.observation import (
        Observation,
        ObservedCall,
        ObservedChoice,
    )

ERRORS: Final[Mapping[str, bytes]] = {
    "object": b'data: {"error":{"message":"overloaded","type":"server_error","code":503}}\n\n',
    "text": b'data: {"error":"overloaded"}\n\n',
    "flat": b'data: {"object":"error","message":"overloaded","code":503}\n\n',
    "typed": b'data: {"type":"error","error":{"type":"server_error","message":"overloaded"}}\n\n',
    "event": b'event: error\ndata: {"message":"overloaded"}\n\n',
    "empty choices": b'data: {"choices":[],"error":{"message":"overloaded"}}\n\n',
    "finish": b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"error"}]}\n\n',
}
"""Shapes of an error in the stream, each seen at a vendor."""

BOUNDARIES: Final = 64
"""Frame boundaries at which an error is said; a longer stream has them by lot."""


def begins(truth: str, got: str) -> bool:
    """Whether what was got is the truth's beginning; half a pair may have been given up."""
    return truth.startswith((got, got.removesuffix(REPLACEMENT)))


def is_part(truth: str, got: str) -> bool:
    """Whether what was got is the truth with something left out."""
    rest = iter(truth)
    return all(char in rest for char in got.replace(REPLACEMENT, ""))


def invented(truth: Observation, got: Observation, fits: Callable[[str, str], bool]) -> str | None:
    """What of an observation the truth does not hold, in words; None where it holds all."""
    known = final_of(truth).choices
    for index, choice in final_of(got).choices.items():
        there = known.get(index)
        if there is None:
            if _says(choice):
                return f"choice {index} is made up"
            continue
        for channel in ("text", "reasoning", "refusal"):
            whole, part = getattr(there, channel) or "", getattr(choice, channel) or ""
            if not fits(whole, part):
                return f"{channel} of choice {index}: {part[-60:]!r} is not in {whole[:60]!r}"
        if choice.finish_reason and not _may_finish(there, choice):
            return f"finish of choice {index}: {choice.finish_reason!r} is made up"
        found = _foreign_call(there.tool_calls, choice.tool_calls, fits)
        if found is not None:
            return f"call {found.name!r} of choice {index}: {found.arguments!r} is made up"
    return None


def _says(choice: ObservedChoice) -> bool:
    values = (choice.text, choice.reasoning, choice.refusal, choice.tool_calls)
    return any(values) or bool(choice.finish_reason)


def _may_finish(there: ObservedChoice, choice: ObservedChoice) -> bool:
    """The filter may replace a reason later (FIN-4)."""
    return there.finish_reason in {choice.finish_reason, "content_filter"}


def _foreign_call(
    there: tuple[ObservedCall, ...],
    got: tuple[ObservedCall, ...],
    fits: Callable[[str, str], bool],
) -> ObservedCall | None:
    """A call that continues none of these, each of which is taken once."""
    left = list(there)
    for call in got:
        for one in left:
            is_same = call.id in {None, one.id} and begins(one.name or "", call.name or "")
            if is_same and fits(one.arguments or "", call.arguments or ""):
                left.remove(one)
                break
        else:
            return call
    return None


def runnable(seen: Observation) -> str | None:
    """A call that is offered as runnable, by name."""
    calls = (call for choice in final_of(seen).choices.values() for call in choice.tool_calls)
    return next((call.name or "?" for call in calls if call.executable), None)


@law("truncation")
def truncation(subject: Subject, stream: Stream) -> Broken:
    """A stream cut off anywhere gives the beginning of its answer and says that it is cut off.

    Nothing is made up, no call is runnable and the outcome is not complete, unless a terminal
    signal had passed: `[DONE]`, or a finish reason of every choice.
    """
    yield from truncated_at(subject, stream, _places(body_of(stream)))


def truncated_at(subject: Subject, stream: Stream, cuts: Iterable[int]) -> Broken:
    """What is wrong with a stream that is cut off at one of these offsets; the first that is."""
    body = body_of(stream)
    whole = subject.read(stream, body)
    known = terminals(body)
    for cut in cuts:
        early = subject.read(stream, body[:cut])
        signal = terminal_at(known, body, cut)
        is_reported = early.outcome_stated or early.outcome == "complete"
        call = None if signal.may_be_complete else runnable(early)
        what, kind = invented(whole, early, begins), "invented"
        if what is None and call is not None:
            what, kind = f"{call} is offered as runnable", "runnable"
        if what is None and early.outcome == "complete" and not signal.may_be_complete:
            what, kind = "the outcome is complete without any terminal signal", "complete"
        if what is None and is_reported and signal.done and not signal.error:
            expected = "complete" if whole.outcome == "complete" else early.outcome
            if early.outcome != expected:
                what, kind = f"after [DONE] the outcome is {early.outcome}", "done"
        if what is not None:
            yield Violation("truncation", f"cut at {cut}: {what}", body[:cut], kind=kind)
            return


def _places(body: bytes) -> Iterator[int]:
    """Offsets to cut at: around frame ends, and some anywhere."""
    random = random_of(body)
    ends = [frame.end for frame in read_frames(body)]
    chosen = random.sample(ends, min(SINGLE, len(ends)))
    places = {end - back for end in chosen for back in (0, 1, 2)}
    inside = range(1, len(body))
    places |= set(random.sample(inside, min(SINGLE, len(inside))))
    return iter(sorted(place for place in places if 0 < place < len(body)))


@law("error-injection")
def error_injection(subject: Subject, stream: Stream) -> Broken:
    """An error said between two frames fails the stream, in any shape, and all before it stays.

    At each boundary of frames, in a shape by lot.
    """
    body = body_of(stream)
    if body.startswith(b"\xef\xbb\xbf") or b"\r" in body:
        return  # the rewrites spell these streams anew
    whole = subject.read(stream, body)
    frames = read_frames(body)
    done = [frame.end for frame in frames if (frame.data or b"").strip() == b"[DONE]"]
    last = next((f.end for f in reversed(frames) if not done or f.end < done[0]), 0)
    ends = [0, *(frame.end for frame in frames if frame.end <= last)]
    random = random_of(body)
    # A finish reason can only fail a choice that is there.
    names = [name for name in ERRORS if name != "finish" or 0 in final_of(whole).choices]
    for end in sorted(random.sample(ends, min(BOUNDARIES, len(ends)))):
        name = random.choice(names)
        broken = body[:end] + ERRORS[name] + body[end:]
        what = _error_lost(subject, stream, body[:end], broken, whole)
        if what:
            what = f"error ({name}) at {end}: {what}"
            yield Violation("error-injection", what, broken, kind=name)
            return


def _error_lost(
    subject: Subject, stream: Stream, before: bytes, broken: bytes, whole: Observation
) -> str | None:
    seen = subject.read(stream, broken)
    if seen.outcome == "complete" or (seen.outcome_stated and seen.outcome != "failed"):
        return f"the outcome is {seen.outcome}"
    if seen.error is None or not seen.error.message:
        return "no message is shown" if seen.outcome == "failed" else None
    call = runnable(seen)
    if call is not None:
        return f"{call} is offered as runnable"
    lost = invented(seen, subject.read(stream, before), begins)
    if lost is not None:
        return f"what came before it is gone: {lost}"
    # A finish reason `error` may be the injected one.
    return None if whole.outcome == "failed" else _more(whole, seen)


def _more(whole: Observation, seen: Observation) -> str | None:
    found = invented(whole, seen, begins)
    return None if found is None or "'error'" in found else found
