"""Traits of tool-call identity: what an entry says, and fails to say, of whose it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from chunkproof_conformance.cases.wire_view import object_at, objects_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from chunkproof_conformance.cases.wire_view import JsonObject, WireView

_NO_IDS: Final = ("null", "None", "undefined")


def entries(wire: WireView) -> Iterator[list[JsonObject]]:
    """The entries of each choice and index, in order."""
    found: dict[str, list[JsonObject]] = {}
    for choice in wire.choices:
        for entry in objects_in(object_at(choice.get("delta")).get("tool_calls")):
            key = repr((choice.get("index"), entry.get("index")))
            found.setdefault(key, []).append(entry)
    yield from found.values()


def names(group: list[JsonObject]) -> list[Any]:
    return [object_at(entry.get("function")).get("name") for entry in group]


def distinct_ids(group: list[JsonObject], *, named: bool) -> int:
    """How many ids stand there; named: beside a name, else without one or first."""
    pairs = zip(group, names(group), strict=True)
    return len(
        {
            repr(entry["id"])
            for number, (entry, name) in enumerate(pairs)
            if entry.get("id") and (bool(name) == named or not number)
        }
    )


def _some(test: Callable[[list[JsonObject]], bool]) -> Callable[[WireView], bool]:
    return lambda wire: any(test(group) for group in entries(wire))


def _ids(group: list[JsonObject]) -> list[Any]:
    return [entry.get("id") for entry in group]


def _distinct_names(group: list[JsonObject]) -> int:
    return len({repr(name) for name in names(group) if name})


def _interleaved(wire: WireView) -> bool:
    """A call is taken up again after another one of its choice."""
    for index in wire.indices():
        order: list[str] = []
        for delta in wire.of_choice(index):
            for entry in objects_in(delta.get("tool_calls")):
                if order[-1:] != [repr(entry.get("index"))]:
                    order.append(repr(entry.get("index")))
        if len(order) > len(set(order)):
            return True
    return False


def _same_id_twice(wire: WireView) -> bool:
    ids = [{repr(entry["id"]) for entry in group if entry.get("id")} for group in entries(wire)]
    return len(set().union(*ids)) < sum(map(len, ids)) if ids else False


def _drifts(wire: WireView) -> bool:
    """An index that is never named, beside one that is."""
    named = [any(names(group)) or any(_ids(group)) for group in entries(wire)]
    return any(named) and not all(named)


def _without_index(delta: JsonObject) -> int:
    """Named entries without the member."""
    listed = objects_in(delta.get("tool_calls"))
    return sum("index" not in entry and bool(names([entry])[0]) for entry in listed)


def _split_over_choices(wire: WireView) -> bool:
    text = {
        repr(index)
        for index in wire.indices()
        if any(delta.get("content") for delta in wire.of_choice(index))
    }
    calls = {
        repr(index)
        for index in wire.indices()
        if any(delta.get("tool_calls") for delta in wire.of_choice(index))
    }
    return bool(text and calls) and not text & calls


IDENTITY_TRAITS: Final[Mapping[str, Callable[[WireView], bool]]] = {
    "tc-index-missing-single": lambda wire: sum(map(_without_index, wire.deltas)) == 1,
    "tc-index-missing-parallel": _some(
        lambda group: "index" not in group[0] and distinct_ids(group, named=True) > 1
    ),
    "tc-index-missing-across-chunks": lambda wire: (
        sum(_without_index(delta) > 0 for delta in wire.deltas) > 1
    ),
    "tc-index-null": lambda wire: any(
        "index" in call and call["index"] is None for call in wire.calls
    ),
    "tc-index-all-zero-distinct-ids": _some(
        lambda group: group[0].get("index") == 0 and distinct_ids(group, named=True) > 1
    ),
    "tc-index-all-zero-no-ids": _some(
        lambda group: (
            group[0].get("index") == 0 and _distinct_names(group) > 1 and not any(_ids(group))
        )
    ),
    "tc-index-first-nonzero": lambda wire: (
        isinstance(index := (wire.calls or [{}])[0].get("index"), int) and index > 0
    ),
    "tc-index-negative": lambda wire: any(
        isinstance(index := call.get("index"), int) and index < 0 for call in wire.calls
    ),
    "tc-index-string": lambda wire: any(isinstance(call.get("index"), str) for call in wire.calls),
    "tc-index-drift": _drifts,
    "tc-parallel-interleaved": _interleaved,
    "tc-id-empty-continuation": lambda wire: any(call.get("id") == "" for call in wire.calls),
    "tc-id-changes-every-fragment": _some(lambda group: distinct_ids(group, named=False) > 1),
    "tc-id-late": _some(lambda group: not _ids(group)[0] and any(_ids(group))),
    "tc-id-missing": _some(lambda group: not any(_ids(group)) and any(names(group))),
    "tc-id-placeholder": lambda wire: any(call.get("id") in _NO_IDS for call in wire.calls),
    "tc-id-duplicate-across-calls": _same_id_twice,
    "tc-name-late": _some(lambda group: not names(group)[0] and any(names(group))),
    "tc-name-fragmented": _some(
        lambda group: _distinct_names(group) > 1 and len({repr(i) for i in _ids(group) if i}) == 1
    ),
    "tc-name-empty-continuation": _some(lambda group: "" in names(group)[1:]),
    "tc-type-missing-or-late": _some(lambda group: not group[0].get("type")),
    "tc-function-null": lambda wire: any(
        "function" in call and call["function"] is None for call in wire.calls
    ),
    "tc-custom-type": lambda wire: any(
        call.get("type") == "custom" or "custom" in call for call in wire.calls
    ),
    "tc-split-over-choices": _split_over_choices,
}
"""Row id -> does the wire show it?"""
