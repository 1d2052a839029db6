"""Rewrites of how fragments of tool calls say to which call they belong.

Only streams with plain calls are rewritten: an index each, id and name with the first
fragment, and nothing on a later one that says otherwise. What else the index, id and name of
the result must be is then known from the stream alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from chunkproof_conformance.synth.blocks import (
    Block,
    Json,
    block_of,
    copied,
    edited,
    entries_in,
    entries_of,
    single_choice,
)
from chunkproof_conformance.synth.blocks import choices_of as _choices_of
from chunkproof_conformance.synth.rewrites.delta import beside, says
from chunkproof_conformance.synth.rewrites.rewrite import (
    BlockEdit,
    Invariant,
    Rewrite,
    on_blocks,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random


class Named(NamedTuple):
    """The id and name of a call."""

    id: str
    name: str


Plain = dict[tuple[Any, int], Named]
"""(choice index, call index) -> what it is called."""


def maybe_plain(blocks: list[Block]) -> Plain | None:
    """The calls of a stream whose calls are plain; None where one is not, or there is none."""
    calls: Plain = {}
    for choice, entry in entries_in(blocks):
        index, called = entry.get("index"), Named(entry.get("id") or "", _name(entry))
        if type(index) is not int or index < 0 or entry.get("custom"):
            return None
        known = calls.get((choice, index))
        if known is None and not (called.id and called.name):
            return None
        if known is not None and (called.id or known.id, called.name or known.name) != known:
            return None
        calls.setdefault((choice, index), called)
    places = [(choice, called.id) for (choice, _), called in calls.items()]
    return calls if calls and len(set(places)) == len(places) else None


def _function(entry: Json) -> Json:
    found = entry.get("function")
    return found if isinstance(found, dict) else {}


def _name(entry: Json) -> str:
    name = _function(entry).get("name")
    return name if isinstance(name, str) else ""


def _is_in_order(blocks: list[Block]) -> bool:
    """Whether each call is said to its end before the next, by rising index."""
    order: list[tuple[Any, Any]] = []
    for choice, entry in entries_in(blocks):
        if (choice, entry["index"]) not in order[-1:]:
            order.append((choice, entry["index"]))
    indexes: dict[Any, list[int]] = {}
    for choice, index in order:
        indexes.setdefault(choice, []).append(index)
    return all(found == sorted(set(found)) for found in indexes.values())


def _on_entries(
    change: Callable[[Json, Named, bool, Random], None], *, in_order: bool = False
) -> BlockEdit:
    """An edit of every entry of plain calls: entry, its call, whether it opens it, a lot."""

    def edit_blocks(blocks: list[Block], random: Random) -> list[Block] | None:
        calls = maybe_plain(blocks)
        if calls is None or (in_order and not _is_in_order(blocks)):
            return None
        opened = set()

        def edit(chunk: Json) -> None:
            for choice in _choices_of(chunk):
                for entry in entries_of(choice):
                    at = (choice.get("index"), entry["index"])
                    change(entry, calls[at], at not in opened, random)
                    opened.add(at)

        return edited(blocks, edit)

    return edit_blocks


def _id_repeated(entry: Json, call: Named, _opens: bool, _: Random) -> None:
    entry["id"] = call.id


def _id_blank(entry: Json, _call: Named, opens: bool, random: Random) -> None:
    if not opens:
        entry["id"] = random.choice(("", None))


def _id_fresh(entry: Json, call: Named, opens: bool, random: Random) -> None:
    if not opens:
        entry["id"] = f"{call.id}-{random.randrange(10**9)}"
        if _name(entry):
            entry["function"].pop("name")


def _name_repeated(entry: Json, call: Named, _opens: bool, _: Random) -> None:
    entry["function"] = {**_function(entry), "name": call.name}


def _name_blank(entry: Json, _call: Named, opens: bool, random: Random) -> None:
    if not opens:
        entry["function"] = {**_function(entry), "name": random.choice(("", None))}


def _type_absent(entry: Json, _call: Named, _opens: bool, _: Random) -> None:
    entry.pop("type", None)


def _index_text(entry: Json, _call: Named, _opens: bool, _: Random) -> None:
    entry["index"] = str(entry["index"])


def _index_shifted(entry: Json, _call: Named, _opens: bool, _: Random) -> None:
    entry["index"] = 3 * entry["index"] + 1


def _index_dropped(entry: Json, _call: Named, _opens: bool, _: Random) -> None:
    del entry["index"]


def _index_null(entry: Json, _call: Named, _opens: bool, _: Random) -> None:
    entry["index"] = None


def _index_negative(entry: Json, _call: Named, _opens: bool, _: Random) -> None:
    entry["index"] = -1


def _index_collapsed(entry: Json, _call: Named, _opens: bool, _: Random) -> None:
    entry["index"] = 0


def _entry_alone(block: Block) -> tuple[Json, Json] | None:
    """The choice and entry of a block that says one entry of one call and no more."""
    choice = single_choice(block.chunk)
    if choice is None or says(choice["delta"]) != {"tool_calls"}:
        return None
    entries = entries_of(choice)
    return (choice, entries[0]) if len(choice["delta"]["tool_calls"]) == len(entries) == 1 else None


def _in_two(part: Callable[[Json, Random], tuple[Json, Json] | None]) -> BlockEdit:
    """An edit that says single entries in two chunks; the second keeps the rest of the chunk."""

    def edit(blocks: list[Block], random: Random) -> list[Block] | None:
        if maybe_plain(blocks) is None:
            return None
        found: list[Block] = []
        for block in blocks:
            alone = _entry_alone(block)
            halves = part(alone[1], random) if alone else None
            if alone is None or halves is None or block.chunk is None:
                found.append(block)
                continue
            delta = {**alone[0]["delta"], "tool_calls": [halves[0]]}
            second = copied(block.chunk)
            second["choices"][0]["delta"] = {"tool_calls": [halves[1]]}
            first = beside(block.chunk, alone[0].get("index"), delta)
            found += [block_of(first), block_of(second)]
        return found if len(found) > len(blocks) else None

    return edit


def _arguments_cut(entry: Json, random: Random) -> tuple[Json, Json] | None:
    """Arguments in two fragments, of which one may be empty."""
    text = _function(entry).get("arguments")
    if not isinstance(text, str) or not text:
        return None
    at = random.randint(0, len(text))
    rest = {"index": entry["index"], "function": {"arguments": text[at:]}}
    return {**entry, "function": {**_function(entry), "arguments": text[:at]}}, rest


def _id_late(entry: Json, _: Random) -> tuple[Json, Json] | None:
    if not entry.get("id"):
        return None
    first = {name: value for name, value in entry.items() if name != "id"}
    first["function"] = {**_function(entry), "arguments": ""}
    rest = {"arguments": _function(entry).get("arguments")}
    return first, {"index": entry["index"], "id": entry["id"], "function": rest}


def _name_late(entry: Json, _: Random) -> tuple[Json, Json] | None:
    if not (entry.get("id") and _name(entry)):
        return None
    first = {name: value for name, value in entry.items() if name != "function"}
    return first, {"index": entry["index"], "function": _function(entry)}


def _name_cut(entry: Json, random: Random) -> tuple[Json, Json] | None:
    """A name in two fragments, before any argument; none that reads as a longer name."""
    name = _name(entry)
    if not entry.get("id") or len(name) < 2:
        return None
    at = random.randint(1, len(name) - 1)
    if name[at:].startswith(name[:at]):
        return None
    rest = {**_function(entry), "name": name[at:]}
    first = {**entry, "function": {"name": name[:at], "arguments": ""}}
    return first, {"index": entry["index"], "function": rest}


def interleaved(blocks: list[Block], _: Random) -> list[Block] | None:
    """Fragments of several calls in turn; each call keeps its own order."""
    calls = maybe_plain(blocks)
    if calls is None or len(calls) < 2:
        return None
    found: list[Block] = []
    run: list[Block] = []
    for block in [*blocks, Block(b"")]:
        alone = _entry_alone(block)
        is_loose = alone is not None and not (
            alone[0].get("finish_reason") or (block.chunk or {}).get("usage")
        )
        if is_loose:
            run.append(block)
            continue
        found += _in_turn(run)
        run = []
        found.append(block)
    found.pop()
    return found


def _in_turn(run: list[Block]) -> list[Block]:
    groups: dict[Any, list[Block]] = {}
    for block in run:
        alone = _entry_alone(block)
        if alone is not None:
            key = (alone[0].get("index"), alone[1]["index"])
            groups.setdefault(key, []).append(block)
    found = []
    while any(groups.values()):
        found += [group.pop(0) for group in groups.values() if group]
    return found


_EQ, _EQC, _EQM = Invariant.EQUAL, Invariant.COALESCED, Invariant.MESSAGE


def _every(name: str, invariant: Invariant, what: str, change: Any, *rows: str) -> Rewrite:
    return Rewrite(name, invariant, what, on_blocks(_on_entries(change)), rows)


def _ordered(name: str, what: str, change: Any, *rows: str) -> Rewrite:
    return Rewrite(name, _EQM, what, on_blocks(_on_entries(change, in_order=True)), rows)


def _halved(name: str, invariant: Invariant, what: str, part: Any, *rows: str) -> Rewrite:
    return Rewrite(name, invariant, what, on_blocks(_in_two(part)), rows)


CALLS: Final = (
    _halved("arguments-recut", _EQC, "arguments in more fragments", _arguments_cut),
    Rewrite("calls-in-turn", _EQM, "fragments of calls in turn", on_blocks(interleaved)),
    _every("id-repeated", _EQ, "the id on every fragment", _id_repeated, "tc-id-repeated"),
    _every("id-blank", _EQ, "a later id empty or null", _id_blank, "tc-id-empty-continuation"),
    _every(
        "id-fresh", _EQ, "a new id on nameless fragments", _id_fresh, "tc-id-changes-every-fragment"
    ),
    _halved("id-late", _EQM, "the id after the name", _id_late, "tc-id-late"),
    _every("name-repeated", _EQ, "the name on every fragment", _name_repeated, "tc-name-repeated"),
    _every("name-blank", _EQ, "a later name empty or null", _name_blank),
    _halved("name-cut", _EQM, "the name in two fragments", _name_cut, "tc-name-fragmented"),
    _halved("name-late", _EQM, "the name after the id", _name_late, "tc-name-late"),
    _every("type-absent", _EQ, "no type", _type_absent, "tc-type-missing-or-late"),
    _every("index-text", _EQM, "indexes as digit strings", _index_text, "tc-index-string"),
    _every("index-shifted", _EQM, "indexes with gaps, from 1", _index_shifted),
    _ordered("index-dropped", "no index; ids open calls", _index_dropped),
    _ordered("index-null", "indexes null; ids open calls", _index_null),
    _ordered("index-negative", "indexes -1; ids open calls", _index_negative, "tc-index-negative"),
    _ordered(
        "index-collapsed", "every index 0; ids and names open calls", _index_collapsed,
        "tc-index-all-zero-distinct-ids",
    ),
)  # fmt: skip
"""Dialects of one and the same call."""
