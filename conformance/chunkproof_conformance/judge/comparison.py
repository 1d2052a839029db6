"""One value against another, on the terms of a run: what asserts something false, no more."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import UNSET

from chunkproof.result import is_valid_json
from chunkproof_conformance.judge.diff import ABSENT, Difference

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from chunkproof_conformance.judge.expectation import ExpectedCall, ExpectedEntry
    from chunkproof_conformance.judge.observation import ObservedCall


@dataclass(frozen=True)
class Terms:
    """On what terms a run is judged."""

    blind: frozenset[str]
    """Members the implementation declared it has no place for."""
    partial: bool = False
    """An exception ended what the user could see."""
    unfinished: bool = False
    """Neither the truth nor the library calls this answer complete."""


@dataclass(frozen=True)
class Judgement:
    """What one observation is worth at one level."""

    differences: tuple[Difference, ...]
    not_represented: tuple[str, ...] = ()
    """Members that the case has and the implementation declared it has no place for."""
    remarks: tuple[str, ...] = ()
    """What fair judging let pass, in words."""


def strings(
    path: str, expected: Any, got: str | None, terms: Terms, member: str
) -> Iterator[Difference]:
    """One string. UNSET is not judged; null and "" are the same."""
    if expected is UNSET or member in terms.blind:
        return
    expected, got = expected or None, got or None
    if expected == got:
        return
    if terms.partial and (got is None or (expected or "").startswith(got)):
        return
    yield Difference(path, expected, got)


def calls(
    path: str,
    expected: Sequence[ExpectedCall],
    got: Sequence[ObservedCall],
    terms: Terms,
) -> Iterator[Difference]:
    for number, (call, seen) in enumerate(zip(expected, got, strict=False)):
        yield from one_call(f"{path}/{number}", call, seen, terms)
    for number in range(len(got), len(expected)):
        if not may_be_missing(expected[number], terms):
            wanted = msgspec.to_builtins(expected[number])
            yield Difference(f"{path}/{number}", wanted, ABSENT, "lost")
    for number in range(len(expected), len(got)):
        seen_call = msgspec.to_builtins(got[number])
        yield Difference(f"{path}/{number}", ABSENT, seen_call, "a call that never was")


def may_be_missing(call: ExpectedCall | ExpectedEntry, terms: Terms) -> bool:
    if terms.partial:
        return True
    is_half = isinstance(call.arguments, str) and not is_valid_json(call.arguments)
    return terms.unfinished and is_half


def one_call(
    path: str, expected: ExpectedCall | ExpectedEntry, got: ObservedCall, terms: Terms
) -> Iterator[Difference]:
    yield from strings(f"{path}/id", expected.id, got.id, terms, "tool_calls.id")
    if got.type:
        yield from strings(f"{path}/type", expected.type, got.type, terms, "tool_calls.type")
    yield from strings(f"{path}/name", expected.name, got.name, terms, "tool_calls.name")
    if expected.arguments_json is UNSET:
        yield from strings(
            f"{path}/arguments", expected.arguments, got.arguments, terms, "tool_calls.arguments"
        )
    elif not terms.partial and not _is_json(got.arguments or "", expected.arguments_json):
        yield Difference(f"{path}/arguments", expected.arguments_json, got.arguments)


def _is_json(text: str, value: Any) -> bool:
    """Whether the text is this JSON value; 1 and 1.0 are one number, true is none."""
    try:
        return bool(comparable(json.loads(text)) == comparable(value))
    except (ValueError, RecursionError):
        return False


def comparable(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: comparable(member) for name, member in value.items()}
    if isinstance(value, list):
        return [comparable(member) for member in value]
    return ("bool", value) if isinstance(value, bool) else value
