"""The truth oracle: an answer that a person read off the wire, held against the bytes.

`check` finds every stated string and number in the body, and leaves none of the body's
content over: a value nobody accounts for is an error, as is one that is not there.
Dicts here are the `truth` member of a cassette's key, as plain JSON values.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from chunkproof_conformance.oracles.expectation import (
    COUNTS,
    JsonObject,
    choice_from_segments,
    final,
)
from chunkproof_conformance.oracles.wire import read_scalars, unescape

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chunkproof_conformance.oracles.wire import Path, Scalar

_SILENT: Final = frozenset({"index", "type"})
"""Members of a delta that carry no content of their own."""


class TruthError(Exception):
    """The bytes do not show what the truth says, or show more."""


def expect(truth: JsonObject) -> JsonObject:
    """The levels final and sequence of a hand-written truth."""
    listed, sequence = [], {}
    for choice in truth.get("choices", []):
        segments = [_segment(segment) for segment in choice.get("segments", [])]
        listed.append(
            choice_from_segments(
                choice["index"],
                choice["role"]["value"],
                segments,
                _value(choice.get("finish_reason")),
            )
        )
        sequence[str(choice["index"])] = segments
    usage = truth.get("usage")
    counted = None if usage is None else {name: _value(usage.get(name)) for name in COUNTS}
    return {"final": final(truth["outcome"], listed, counted), "sequence": sequence}


def _value(evidence: JsonObject | None) -> Any:
    return None if evidence is None else evidence["value"]


def _segment(segment: JsonObject) -> JsonObject:
    if segment["kind"] != "tool_call":
        return {"kind": segment["kind"], "text": segment["text"]["value"]}
    arguments = _value(segment.get("arguments"))
    return {
        "kind": "tool_call",
        "id": _value(segment.get("id")),
        "type": segment.get("type", "function"),
        "name": _value(segment.get("name")),
        "arguments": "" if arguments is None else arguments,
    }


def is_content(path: Path) -> bool:
    """Whether a scalar at this path belongs to the answer.

    Content is everything inside a delta (or a whole message) but positions and types, the
    finish reason, and the three counts of usage.
    """
    names = [name for name in path if isinstance(name, str)]
    if names[:2] in (["choices", "delta"], ["choices", "message"]):
        return names[-1] not in _SILENT
    return names == ["choices", "finish_reason"] or (
        names[:1] == ["usage"] and len(names) == 2 and names[1] in COUNTS
    )


def check(truth: JsonObject, body: bytes) -> None:
    """Hold the truth against the bytes. Raises: TruthError with everything that is wrong."""
    claimed: dict[tuple[int, int], str] = {}
    problems = []
    scalars = {(scalar.start, scalar.end): scalar for scalar in read_scalars(body)}
    for where, value, ranges in _claims(truth):
        # Only ranges of their own are read: many that overlap would be read for ever.
        is_readable = scalars.keys() >= set(ranges)
        for span in ranges:
            if span in claimed:
                problems.append(f"{where}: bytes {span} already show {claimed[span]}")
                is_readable = False
            claimed[span] = where
        if value is not None and is_readable and (shown := _read(body, ranges, value)) != value:
            problems.append(f"{where}: the bytes show {shown!r}, not {value!r}")
    problems += [
        f"{claimed[span]}: no string or number stands at bytes {span}"
        for span in claimed.keys() - scalars.keys()
    ]
    problems += [
        f"left over: {_describe(scalar)} at bytes {span}: {body[slice(*span)]!r}"
        for span, scalar in scalars.items()
        if is_content(scalar.path) and span not in claimed
    ]
    if problems:
        raise TruthError("\n".join(problems))


def _claims(truth: JsonObject) -> Iterator[tuple[str, Any, list[tuple[int, int]]]]:
    """Every stated value with its ranges; a value of None where any bytes will do."""
    for where, evidence in _evidence(truth):
        ranges = [(start, end) for start, end in evidence.get("at", [])]
        if ranges:
            yield where, evidence["value"], ranges
        for start, end in evidence.get("again", []):
            yield f"{where}, again", evidence["value"], [(start, end)]
    for aside in truth.get("set_aside", []):
        yield f"set aside ({aside['why']})", None, [(start, end) for start, end in aside["at"]]


def _evidence(truth: JsonObject) -> Iterator[tuple[str, JsonObject]]:
    for choice in truth.get("choices", []):
        name = f"choice {choice['index']}"
        yield f"{name}, role", choice["role"]
        if choice.get("finish_reason"):
            yield f"{name}, finish reason", choice["finish_reason"]
        for segment in choice.get("segments", []):
            for member in ("text", "id", "name", "arguments"):
                if segment.get(member):
                    yield f"{name}, {segment['kind']} {member}", segment[member]
    for count, evidence in (truth.get("usage") or {}).items():
        if evidence:
            yield f"usage, {count}", evidence


def unshown(truth: JsonObject) -> list[str]:
    """Values without a byte range: only a role that a rule fills in may be one."""
    return [where for where, evidence in _evidence(truth) if not evidence.get("at")]


def _read(body: bytes, ranges: list[tuple[int, int]], value: Any) -> Any:
    try:
        if isinstance(value, int):
            return int(b"".join(body[start:end] for start, end in ranges))
        return unescape(body, ranges)
    except ValueError as error:
        return f"nothing readable ({error})"


def _describe(scalar: Scalar) -> str:
    return "/".join(map(str, scalar.path))
