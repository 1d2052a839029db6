"""The truth of a stream that did not end well, stated by the recorder.

A cut or failed stream is no plain one, so the transcript oracle refuses it, and its twin says
more than it does. But its whole frames may be plain: they are read verbatim, as if each open
choice had been finished, and every value found that way is looked up again in the bytes, with
nothing left over. The outcome follows from what the transport and the error frames say. Where
any step refuses, nothing is stated and a person must write the truth.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import msgspec

from chunkproof_conformance.cases.key import Truth
from chunkproof_conformance.oracles.frames import NotPlain
from chunkproof_conformance.oracles.propose import propose
from chunkproof_conformance.oracles.transcript import read_transcript
from chunkproof_conformance.oracles.truth import TruthError, check, is_content
from chunkproof_conformance.oracles.wire import read_scalars

if TYPE_CHECKING:
    from chunkproof_conformance.cases.key import TransportEnd

JsonObject = dict[str, Any]

NOTE: Final = (
    "the truth was stated by the recorder: a transcript of the whole frames, each value found "
    "again in the bytes"
)
UNENDED: Final = "SSE-13: no empty line ended its frame"
_NO_START: Final = {"id": "none", "model": "none", "created": 1}


def maybe_truth(body: bytes, end: TransportEnd, status: int) -> Truth | None:
    """The truth, where it can be stated; None for a stream that needs a person, or none at all."""
    whole = body[: body.rfind(b"\n\n") + 2] if b"\n\n" in body else b""
    try:
        read_transcript(body)
        if end == "eof":
            return None  # the transcript oracle reads it itself
    except NotPlain:
        pass
    try:
        if status >= 400:
            draft: JsonObject = {"outcome": "failed", "because": _refusal(body)}
        else:
            draft = _draft(whole, end)
        truth = propose(draft, whole)
        if tail := _tail(body, len(whole)):
            truth.setdefault("set_aside", []).append({"at": tail, "why": UNENDED})
        check(truth, body)
        return msgspec.convert(truth, Truth)
    except (NotPlain, TruthError, msgspec.ValidationError, ValueError, LookupError, TypeError):
        return None


def _refusal(body: bytes) -> str:
    """The rule that makes this body of an error status a failure. Raises: ValueError."""
    value = json.loads(body)
    if not (isinstance(value, dict) and value.get("error")):
        raise ValueError("no error in the body")
    return "PAY-15"


def _draft(whole: bytes, end: TransportEnd) -> JsonObject:
    """The truth without byte ranges. Raises: NotPlain."""
    frames = whole.removesuffix(b"\n\n").split(b"\n\n") if whole else []
    errors = [frame for frame in frames if _is_error(frame)]
    plain = [frame for frame in frames if frame not in errors and frame != b"data: [DONE]"]
    is_done = b"data: [DONE]" in frames
    chunks = [chunk for frame in plain if (chunk := _chunk(frame)) is not None]
    opened = {choice["index"] for chunk in chunks for choice in chunk["choices"]}
    finished = {
        choice["index"]
        for chunk in chunks
        for choice in chunk["choices"]
        if choice.get("finish_reason")
    }
    final: JsonObject = {"choices": []}
    if opened:
        final = _transcript(plain, sorted(opened - finished))
    outcome, because = _outcome(
        failed=bool(errors),
        broken=end in {"reset", "short-length"},
        done=is_done,
        opened=bool(opened),
        finished=opened <= finished,
    )
    choices = [
        _choice(choice, final["sequence"][str(choice["index"])], choice["index"] in finished)
        for choice in final["choices"]
    ]
    draft = {"outcome": outcome, "because": because, "choices": choices}
    return {**draft, "usage": final["usage"]} if final.get("usage") else draft


def _outcome(
    *, failed: bool, broken: bool, done: bool, opened: bool, finished: bool
) -> tuple[str, str]:
    """The ending table of the specification, for streams without tricks."""
    if failed:
        return "failed", "END-1"
    if broken and not done:
        return "failed", "END-6"
    if not opened:
        return "incomplete", "END-8"
    if done:
        return "complete", "END-2" if finished else "END-4"
    return ("complete", "END-3") if finished else ("incomplete", "END-5")


def _chunk(frame: bytes) -> JsonObject | None:
    """The chunk of a frame, or None for comments. Raises: NotPlain, ValueError."""
    lines = [line for line in frame.split(b"\n") if not line.startswith(b":")]
    if not lines:
        return None
    chunk = json.loads(b"\n".join(lines).removeprefix(b"data: "))
    if not isinstance(chunk, dict) or not isinstance(chunk.get("choices"), list):
        raise NotPlain("a payload that is no chunk")
    return chunk


def _is_error(frame: bytes) -> bool:
    try:
        value = json.loads(frame.removeprefix(b"data: "))
    except ValueError:
        return False
    return isinstance(value, dict) and bool(value.get("error")) and not value.get("choices")


def _transcript(plain: list[bytes], unfinished: list[int]) -> JsonObject:
    """What the frames say, read with a finish for every open choice and `[DONE]`."""
    ends = [
        {**_NO_START, "choices": [{"index": index, "delta": {}, "finish_reason": "stop"}]}
        for index in unfinished
    ]
    frames = [*plain, *(b"data: " + json.dumps(end).encode() for end in ends), b"data: [DONE]"]
    said = read_transcript(b"\n\n".join(frames) + b"\n\n")
    return {**said["final"], "sequence": said["sequence"]}


def _choice(choice: JsonObject, segments: list[JsonObject], finished: bool) -> JsonObject:
    draft = {"index": choice["index"], "role": choice["role"], "segments": segments}
    return {**draft, "finish_reason": choice["finish_reason"]} if finished else draft


def _tail(body: bytes, start: int) -> list[tuple[int, int]]:
    """Content after the last whole frame."""
    return [
        (scalar.start, scalar.end)
        for scalar in read_scalars(body)
        if scalar.start >= start and is_content(scalar.path)
    ]
