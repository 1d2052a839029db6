"""An authoring aid: byte ranges for the values that a person typed into a truth.

It looks for each value where the draft says it should stand and fails where the wire differs;
it never reads a value off the wire by itself. `truth.check` judges what comes out.
A draft is a truth whose evidences are bare values; `set_aside` holds `{"path", "why"}` with a
pattern over `/`-joined paths.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from chunkproof_conformance.oracles.expectation import COUNTS, JsonObject
from chunkproof_conformance.oracles.truth import TruthError, is_content
from chunkproof_conformance.oracles.wire import Scalar, read_scalars, unescape

if TYPE_CHECKING:
    from collections.abc import Iterable

_MEMBERS: Final = {
    "text": r"delta/content",
    "reasoning": r"delta/(reasoning_content|reasoning)",
    "refusal": r"delta/refusal",
    "id": r"delta/tool_calls/\d+/id",
    "name": r"delta/tool_calls/\d+/function/name",
    "arguments": r"delta/tool_calls/\d+/function/arguments",
}


class _Body:
    """The content of a body not yet claimed, by choice."""

    def __init__(self, body: bytes) -> None:
        self.body = body
        self.left = [scalar for scalar in read_scalars(body) if is_content(scalar.path)]

    def choice_of(self, scalar: Scalar) -> int:
        """The index on the wire of the choice a scalar stands in; a missing one is 0."""
        lines = [line for line in self.body.splitlines() if line.startswith(b"data:")]
        choices = json.loads(lines[scalar.frame].removeprefix(b"data:"))["choices"]
        return int(choices[scalar.path[1]].get("index", 0))

    def take(self, value: str, pattern: str, choice: int) -> list[tuple[int, int]]:
        """The next ranges at paths like `pattern` whose text makes up the value."""
        taken: list[Scalar] = []
        for scalar in self.matching(rf"choices/\d+/{pattern}"):
            if self.choice_of(scalar) == choice:
                taken.append(scalar)
                if len(unescape(self.body, _ranges(taken))) >= len(value):
                    break
        if (shown := unescape(self.body, _ranges(taken))) != value:
            raise TruthError(f"{pattern} of choice {choice} says {shown!r}, not {value!r}")
        return self.claim(taken)

    def take_all(self, value: str, pattern: str, choice: int) -> list[tuple[int, int]]:
        """Every further place that says exactly this value."""
        return self.claim(
            scalar
            for scalar in self.matching(rf"choices/\d+/{pattern}")
            if self.choice_of(scalar) == choice and unescape(self.body, _ranges([scalar])) == value
        )

    def matching(self, pattern: str) -> list[Scalar]:
        compiled = re.compile(pattern)
        return [item for item in self.left if compiled.fullmatch("/".join(map(str, item.path)))]

    def claim(self, scalars: Iterable[Scalar]) -> list[tuple[int, int]]:
        claimed = list(scalars)
        self.left = [scalar for scalar in self.left if scalar not in claimed]
        return _ranges(claimed)


def _ranges(scalars: list[Scalar]) -> list[tuple[int, int]]:
    return [(scalar.start, scalar.end) for scalar in scalars]


def propose(draft: JsonObject, body: bytes) -> JsonObject:
    """The draft with byte ranges. Raises: TruthError where a typed value is not found."""
    wire = _Body(body)
    set_aside = [
        {"at": wire.claim(wire.matching(aside["path"])), "why": aside["why"]}
        for aside in draft.get("set_aside", [])
    ]
    choices = [_choice(choice, wire) for choice in draft.get("choices", [])]
    truth = {**draft, "choices": choices, "set_aside": set_aside}
    if draft.get("usage"):
        truth["usage"] = {
            name: _count(draft["usage"][name], name, wire)
            for name in COUNTS
            if draft["usage"].get(name) is not None
        }
    return {name: value for name, value in truth.items() if value}


def _choice(draft: JsonObject, wire: _Body) -> JsonObject:
    index, role = draft["index"], draft["role"]
    said = wire.take_all(role, "delta/role", index)
    choice = {**draft, "role": _evidence(role, said[:1], said[1:])}
    if draft.get("finish_reason"):
        ranges = wire.take_all(draft["finish_reason"], "finish_reason", index)
        choice["finish_reason"] = _evidence(draft["finish_reason"], ranges[:1], ranges[1:])
    choice["segments"] = [_segment(segment, wire, index) for segment in draft.get("segments", [])]
    return choice


def _segment(draft: JsonObject, wire: _Body, choice: int) -> JsonObject:
    kind = draft["kind"]
    if kind != "tool_call":
        ranges = wire.take(draft["text"], _MEMBERS[kind], choice)
        return {"kind": kind, "text": _evidence(draft["text"], ranges, [])}
    segment = {"kind": kind, "type": draft.get("type", "function")}
    for member in ("id", "name"):
        if draft.get(member):
            ranges = wire.take_all(draft[member], _MEMBERS[member], choice)
            segment[member] = _evidence(draft[member], ranges[:1], ranges[1:])
    if draft.get("arguments"):
        ranges = wire.take(draft["arguments"], _MEMBERS["arguments"], choice)
        segment["arguments"] = _evidence(draft["arguments"], ranges, [])
    return segment


def _count(value: int, name: str, wire: _Body) -> JsonObject:
    """The last place that says the count shows it, earlier ones say it again."""
    ranges = wire.claim(
        scalar
        for scalar in wire.matching(f"usage/{name}")
        if int(wire.body[scalar.start : scalar.end]) == value
    )
    return _evidence(value, ranges[-1:], ranges[:-1])


def _evidence(value: Any, at: list[tuple[int, int]], again: list[tuple[int, int]]) -> JsonObject:
    evidence = {"value": value, "at": at, "again": again}
    return {name: part for name, part in evidence.items() if name == "value" or part}
