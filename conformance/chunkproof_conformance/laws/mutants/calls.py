"""Mutants of tool calls, and of what a parser keeps between streams."""

from __future__ import annotations

import dataclasses
import json
from typing import Any, Final

import msgspec

from chunkproof.identity import Act, Decision, Grown
from chunkproof_conformance.laws.mutants.mutant import Wrap, mutant, replaced


def _on_entry(change: Any) -> Wrap:
    """Change an entry before it is applied; None drops it."""

    def wrap(apply: Any) -> Any:
        def mutated(self: Any, entry: Any) -> None:
            changed = change(self, entry)
            if changed is not None:
                apply(self, changed)

        return mutated

    return wrap


def _no_index(_: Any, entry: Any) -> Any:
    entry.index = None
    return entry


def _index_needed(_: Any, entry: Any) -> Any:
    return None if entry.index is None else entry


def _no_index_is_zero(_: Any, entry: Any) -> Any:
    entry.index = entry.index or 0
    return entry


def _index_in_list(self: Any, entry: Any) -> Any:
    if entry.index is not None and entry.index > len(self._calls):
        raise IndexError("list index out of range")
    return entry


def _ids_needed(self: Any, entry: Any) -> Any:
    """A fragment without an id is of no call, once several are open."""
    return entry if entry.id or len(self._calls) < 2 else None


def _name_opens(self: Any, entry: Any) -> Any:
    """A name always opens a call."""
    if entry.name and entry.index in self._by_index:
        del self._by_index[entry.index]
    return entry


def _nameless_dropped(self: Any, entry: Any) -> Any:
    """The opening needs id and name at once."""
    is_opening = entry.index not in self._by_index
    return None if is_opening and not (entry.id and entry.name) else entry


def _last_only(self: Any, entry: Any) -> Any:
    """A fragment goes to the call opened last, whatever its index says."""
    if self._calls and not entry.name:
        last = self._calls[-1]
        entry.index = last.index
    return entry


def _trailing_quote(_: Any, entry: Any) -> Any:
    entry.arguments = entry.arguments.rstrip('"')
    return entry


def _trimmed(_: Any, entry: Any) -> Any:
    entry.arguments = entry.arguments.strip()
    return entry


def _unescaped(_: Any, entry: Any) -> Any:
    """Escapes are resolved fragment by fragment."""
    entry.arguments = entry.arguments.replace('\\"', '"')
    return entry


def _decided(change: Any) -> Wrap:
    """Change what the identity table says: (index, id, name, known, decision) -> decision."""

    def wrap(decide: Any) -> Any:
        return lambda *of: change(*of, decide(*of))

    return wrap


def _never_collapsed(index: Any, _id: str, _name: str, known: Any, said: Decision) -> Decision:
    if said.repair == "index-collapsed":
        return Decision(Act.CONTINUE, known.by_index[index])
    return said


def _id_opens(index: Any, call_id: str, _name: str, known: Any, said: Decision) -> Decision:
    is_fresh = call_id and known.calls and call_id not in known.by_id
    return Decision(Act.OPEN, names_index=index is not None) if is_fresh else said


def _entries(change: Any) -> Wrap:
    """Change the entries of a delta."""

    def wrap(apply: Any) -> Any:
        def mutated(self: Any, delta: Any) -> None:
            delta.entries = change(delta.entries)
            apply(self, delta)

        return mutated

    return wrap


def _no_legacy(apply: Any) -> Any:
    def mutated(self: Any, delta: Any) -> None:
        delta.function_call = None
        apply(self, delta)

    return mutated


def _id_joined(known: str, fragment: str) -> Grown:
    return Grown(known + fragment)


def _id_last(known: str, fragment: str) -> Grown:
    return Grown(fragment or known)


def _id_at_once(known: str, fragment: str) -> Grown:
    return Grown(known or fragment or "call-made-up")


def _name_joined(known: str, fragment: str, *, has_arguments: bool) -> Grown:
    del has_arguments
    return Grown(known + fragment)


def _name_last(known: str, fragment: str, *, has_arguments: bool) -> Grown:
    del has_arguments
    return Grown(fragment or known)


def _name_first(known: str, fragment: str, *, has_arguments: bool) -> Grown:
    del has_arguments
    return Grown(known or fragment)


def _results(change: Any) -> Wrap:
    """Change the snapshots of calls."""

    def wrap(results: Any) -> Any:
        def mutated(self: Any, *, may_execute: bool) -> Any:
            return change(results(self, may_execute=may_execute))

        return mutated

    return wrap


def _reserialised(calls: Any) -> Any:
    return tuple(_with_arguments(call, _again(call.arguments)) for call in calls)


def _mended(calls: Any) -> Any:
    return tuple(_with_arguments(call, _closed(call.arguments)) for call in calls)


def _filled(calls: Any) -> Any:
    return tuple(_with_arguments(call, call.arguments or "{}") for call in calls)


def _again(text: str) -> str:
    try:
        return json.dumps(json.loads(text), sort_keys=True)
    except ValueError:
        return text


def _closed(text: str) -> str:
    for tail in ("", "}", '"}', '"]}', "]}"):
        try:
            json.loads(text + tail)
        except ValueError:
            continue
        return text + tail
    return text


def _with_arguments(call: Any, text: str) -> Any:
    view = type(call.arguments_view)([text] if text else [], 1 if text else 0, [], 0)
    return dataclasses.replace(call, arguments_view=view)


def _arguments_last(append: Any) -> Any:
    """Arguments are assigned, not appended."""

    def mutated(self: Any, fragment: str) -> None:
        self.arguments = type(self.arguments)()
        append(self, fragment)

    return mutated


def _kept_between(init: Any) -> Any:
    """The extras and the usage of the last stream are where the next one begins."""
    shared: dict[str, Any] = {}

    def mutated(self: Any, **options: Any) -> None:
        init(self, **options)
        self._usage = shared.setdefault("usage", self._usage)

    return mutated


def _blind_tail(read: Any) -> Any:
    """The fast path takes a frame that begins like the one before for one that ends like it."""
    del read
    from chunkproof.skeleton import _read_string  # noqa: PLC0415 -- beside its only use

    def mutated(self: Any, data: bytes) -> Any:
        if self._middle or not data.startswith(self._head):
            return None
        end = data.find(b'"', self._start + 1)
        try:
            return _read_string(data[self._start : end + 1]) or None
        except (msgspec.DecodeError, UnicodeDecodeError):
            return None

    return mutated


_APPLY: Final = "calls:Calls.apply"
_RESULTS: Final = "calls:Calls.results"

CALLS: Final = (
    mutant("index-ignored", "does not look at the index of a fragment",
           "llama-index 0.8.3 (measured)", (_APPLY, _on_entry(_no_index))),
    mutant("last-call-only", "gives every fragment to the call opened last",
           "llama-index 0.8.3 (measured: 5 calls of 2)", (_APPLY, _on_entry(_last_only))),
    mutant("first-entry-only", "reads the first entry of a delta alone",
           "llama-index 0.8.3 (measured)",
           ("choice:ChoiceState.apply", _entries(lambda entries: entries[:1]))),
    mutant("index-needed", "drops a fragment without index",
           "openai-node .stream() (measured)", (_APPLY, _on_entry(_index_needed))),
    mutant("no-index-is-zero", "takes a missing index for 0, and a new name there for more of it",
           "Gemini: 13 of 18 parsers (measured)", (_APPLY, _on_entry(_no_index_is_zero)),
           ("calls:decide", _decided(_never_collapsed))),
    mutant("index-is-position", "fails where an index is no position in its list",
           "openai-python .stream() (measured)", (_APPLY, _on_entry(_index_in_list))),
    mutant("collapsed-merged", "merges calls that share an index",
           "openai .stream(), pydantic-ai, agents (measured)",
           ("calls:decide", _decided(_never_collapsed))),
    mutant("id-opens", "opens a call at every new id",
           "langchain (measured), LM Studio streams", ("calls:decide", _decided(_id_opens))),
    mutant("name-opens", "opens a call at every name",
           "AI SDK (measured: split name makes two calls)", (_APPLY, _on_entry(_name_opens))),
    mutant("head-at-once", "drops a call whose id and name do not come together",
           "litellm builder, AI SDK (measured)", (_APPLY, _on_entry(_nameless_dropped))),
    mutant("ids-needed", "drops fragments without an id once two calls are open",
           "clients keyed by id", (_APPLY, _on_entry(_ids_needed))),
    mutant("empty-is-object", "writes {} for a call without arguments",
           "clients that fill in a default", (_RESULTS, _results(_filled))),
    mutant("id-joined", "joins ids",
           "openai .stream(), autogen, llama-index (measured)",
           ("calls:grow_id", replaced(_id_joined))),
    mutant("id-last", "lets a later id replace the first",
           "agents, smolagents, litellm (measured)", ("calls:grow_id", replaced(_id_last))),
    mutant("id-made-up", "makes up an id where none came yet",
           "AI SDK (measured)", ("calls:grow_id", replaced(_id_at_once))),
    mutant("name-joined", "joins names",
           "openai .stream(), langchain, pydantic-ai (measured)",
           ("calls:grow_name", replaced(_name_joined))),
    mutant("name-last", "lets a later name replace the first",
           "litellm builder (measured)", ("calls:grow_name", replaced(_name_last))),
    mutant("name-first", "keeps the first piece of a name",
           "Gemini report", ("calls:grow_name", replaced(_name_first))),
    mutant("arguments-last", "keeps the last fragment of arguments",
           "openai-node: unknown members are assigned", ("calls:Call.append", _arguments_last)),
    mutant("trailing-quote", "strips the quote at the end of a fragment",
           "vLLM tool parsers, clients that trim", (_APPLY, _on_entry(_trailing_quote))),
    mutant("arguments-trimmed", "trims fragments of arguments",
           "langchain4j#5531", (_APPLY, _on_entry(_trimmed))),
    mutant("escape-split-lost", "resolves escapes fragment by fragment",
           "hand-written argument readers", (_APPLY, _on_entry(_unescaped))),
    mutant("arguments-rewritten", "writes arguments anew",
           "clients that parse and dump", (_RESULTS, _results(_reserialised))),
    mutant("arguments-mended", "closes arguments that broke off",
           "langchain, instructor (measured)", (_RESULTS, _results(_mended))),
    mutant("half-call-runnable", "offers every call as runnable",
           "langchain-openai 1.7.3 (measured)",
           ("result:ToolCallResult.executable", replaced(property(lambda _: True)))),
    mutant("legacy-lost", "does not know function_call",
           "14 of 19 parsers (measured)", ("choice:ChoiceState.apply", _no_legacy)),
    mutant("kept-between-streams", "begins a stream with the usage of the last one",
           "clients that keep an accumulator", ("stream:StreamParser.__init__", _kept_between)),
    mutant("fast-path-blind", "takes a frame for like the last one by its beginning alone",
           "derived: a short cut of this parser",
           ("skeleton:Skeleton.read", _blind_tail), fast=True),
)  # fmt: skip
