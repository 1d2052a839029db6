"""The level sequence: per choice its stretches and calls, in the order they were opened."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from chunkproof_conformance.judge.comparison import (
    Judgement,
    Terms,
    may_be_missing,
    one_call,
    strings,
)
from chunkproof_conformance.judge.diff import ABSENT, Difference
from chunkproof_conformance.judge.expectation import ExpectedEntry
from chunkproof_conformance.judge.fold import Stretch, maybe_sequence_of
from chunkproof_conformance.judge.observation import ObservedCall

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from chunkproof_conformance.judge.fold import Entry
    from chunkproof_conformance.judge.observation import Observation


def judge_sequence(
    truth: Mapping[str, Sequence[ExpectedEntry]], observation: Observation, terms: Terms
) -> Judgement | None:
    """Entry by entry, per choice; None where the observation shows no order.

    truth: per choice index, as a string.
    """
    got = maybe_sequence_of(observation)
    if got is None:
        return None
    differences: list[Difference] = []
    set_aside: set[str] = set()
    for key in sorted({*truth, *map(str, got)}, key=int):
        wanted = truth.get(key, ())
        set_aside |= {entry.kind for entry in wanted} & terms.blind
        seen = [entry for entry in got.get(int(key), ()) if _is_entry(entry)]
        differences += _entries(f"/{key}", _visible(wanted, terms.blind), seen, terms)
    return Judgement(tuple(differences), tuple(sorted(set_aside)))


def _is_entry(entry: Entry) -> bool:
    return isinstance(entry, ObservedCall) or bool(entry.text)


def _visible(entries: Sequence[ExpectedEntry], blind: frozenset[str]) -> list[ExpectedEntry]:
    """The entries an implementation has a place for; what then stands side by side is joined."""
    seen: list[ExpectedEntry] = []
    for entry in entries:
        if entry.kind in blind or (entry.kind == "tool_call" and "tool_calls" in blind):
            continue
        last = seen[-1] if seen else None
        if last is not None and last.kind == entry.kind != "tool_call":
            joined = str(last.text) + str(entry.text)
            seen[-1] = ExpectedEntry(entry.kind, text=joined)
        else:
            seen.append(entry)
    return seen


def _entries(
    path: str, expected: Sequence[ExpectedEntry], got: Sequence[Entry], terms: Terms
) -> Iterator[Difference]:
    for number, (entry, seen) in enumerate(zip(expected, got, strict=False)):
        where = f"{path}/{number}"
        kind = seen.kind if isinstance(seen, Stretch) else "tool_call"
        if kind != entry.kind:
            yield Difference(where, entry.kind, kind, "another order")
            return
        if isinstance(seen, Stretch):
            yield from strings(f"{where}/text", entry.text, seen.text, terms, seen.kind)
        else:
            yield from one_call(where, entry, seen, terms)
    for number in range(len(got), len(expected)):
        entry = expected[number]
        if terms.partial or (entry.kind == "tool_call" and may_be_missing(entry, terms)):
            continue
        yield Difference(f"{path}/{number}", msgspec.to_builtins(entry), ABSENT, "lost")
    for number in range(len(expected), len(got)):
        yield Difference(f"{path}/{number}", ABSENT, _seen_shown(got[number]), "more than there is")


def _seen_shown(entry: Entry) -> Any:
    if isinstance(entry, Stretch):
        return {"kind": entry.kind, "text": entry.text}
    return {"kind": "tool_call", "name": entry.name, "arguments": entry.arguments}
