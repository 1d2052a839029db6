"""The level messages: what an agent interface hands on, entry by entry.

It stands beside the ladder: a parser of the wire has no messages, an agent interface has
nothing else. Entries are joined before they are compared, so pieces do not matter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chunkproof_conformance.judge.comparison import Judgement
from chunkproof_conformance.judge.diff import ABSENT, Difference

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

Entry = dict[str, Any]


def judge_messages(expected: Sequence[Entry], observed: Sequence[Entry]) -> Judgement:
    """Compare the messages of one option value; the first difference of order ends it.

    observed: entries in order, `{"kind", "text"}`, `{"kind": "tool_call", "id", "name"}` or
    `{"kind": "stop_reason", "reason"}`; pieces of one segment may come apart, and a piece whose
    text is empty or null says nothing.
    """
    saying = [entry for entry in observed if "text" not in entry or entry["text"]]
    return Judgement(tuple(_differences(expected, joined(saying))), ())


def joined(entries: Sequence[Entry]) -> list[Entry]:
    """Neighbours of one kind that carry text, and no mark of two segments, are one.

    An entry may say its `segment`; it is dropped here.
    """
    whole: list[Entry] = []
    last: object = None
    for entry in entries:
        shown = {name: value for name, value in entry.items() if name != "segment"}
        segment = (entry["kind"], entry.get("segment"))
        if whole and "text" in shown and segment == last:
            whole[-1] = {**whole[-1], "text": whole[-1]["text"] + shown["text"]}
        else:
            whole.append(shown)
        last = segment
    return whole


def _differences(
    expected: Sequence[Mapping[str, Any]], observed: Sequence[Mapping[str, Any]]
) -> Iterator[Difference]:
    for number, (wanted, seen) in enumerate(zip(expected, observed, strict=False)):
        if wanted["kind"] != seen["kind"]:
            yield Difference(f"/{number}", wanted["kind"], seen["kind"], "another order")
            return
        for name in wanted:
            if wanted[name] != seen.get(name):
                yield Difference(f"/{number}/{name}", wanted[name], seen.get(name, ABSENT), "other")
    for number in range(len(observed), len(expected)):
        yield Difference(f"/{number}", dict(expected[number]), ABSENT, "lost")
    for number in range(len(expected), len(observed)):
        yield Difference(f"/{number}", ABSENT, dict(observed[number]), "more than there is")
