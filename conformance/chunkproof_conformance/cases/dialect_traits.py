"""Traits of the dialects: members that are missing, empty, early, late, twice or elsewhere."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from chunkproof_conformance.cases.wire_view import object_at, objects_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from chunkproof_conformance.cases.wire_view import JsonObject, WireView

_THOUGHTS: Final = ("reasoning_content", "reasoning", "thinking", "reasoning_text")
_SAID: Final = ("content", "tool_calls", "refusal", *_THOUGHTS)
_OPEN_ESCAPE: Final = re.compile(r"(?<!\\)(?:\\\\)*\\(?:u[0-9a-fA-F]{0,3})?$")


def _answers(wire: WireView) -> list[JsonObject]:
    """The chunks that have the member `choices`."""
    return [chunk for chunk in wire.chunks if "choices" in chunk] if wire.payloads else []


def _differ(wire: WireView, member: str) -> bool:
    return len({repr(chunk.get(member)) for chunk in _answers(wire)}) > 1


def _entries(wire: WireView) -> Iterator[tuple[str, list[JsonObject]]]:
    """The entries of each choice and index, in order; the key names both."""
    found: dict[str, list[JsonObject]] = {}
    for choice in wire.choices:
        for entry in objects_in(object_at(choice.get("delta")).get("tool_calls")):
            key = repr((choice.get("index"), entry.get("index")))
            found.setdefault(key, []).append(entry)
    yield from found.items()


def _names(entries: list[JsonObject]) -> list[Any]:
    return [object_at(entry.get("function")).get("name") for entry in entries]


def _some_call(wire: WireView, test: Callable[[list[JsonObject]], bool]) -> bool:
    return any(test(entries) for _, entries in _entries(wire))


def _distinct_ids(entries: list[JsonObject], *, named: bool) -> int:
    """How many ids stand there; named: beside a name, else without one or first."""
    pairs = zip(entries, _names(entries), strict=True)
    return len(
        {
            repr(entry["id"])
            for number, (entry, name) in enumerate(pairs)
            if entry.get("id") and (bool(name) == named or not number)
        }
    )


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
    ids = [
        {repr(entry["id"]) for entry in entries if entry.get("id")} for _, entries in _entries(wire)
    ]
    return len(set().union(*ids)) < sum(map(len, ids)) if ids else False


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _is_doubled(text: str) -> bool:
    half, odd = divmod(len(text), 2)
    return not odd and half > 0 and text[:half] == text[half:] and _is_json(text[:half])


def _has_thoughts_key(text: str) -> bool:
    value = json.loads(text) if _is_json(text) else None
    return isinstance(value, dict) and bool({"thinking", "inner_thoughts"} & value.keys())


def _reasoning_after_others(wire: WireView) -> bool:
    for index in wire.indices():
        others = False
        for delta in wire.of_choice(index):
            if others and any(delta.get(name) for name in _THOUGHTS):
                return True
            others = others or bool(delta.get("content") or delta.get("tool_calls"))
    return False


def _finishes(wire: WireView) -> list[list[Any]]:
    """The finish reasons of each choice."""
    return [
        [
            choice["finish_reason"]
            for choice in wire.choices
            if choice.get("index") == index and choice.get("finish_reason")
        ]
        for index in wire.indices()
    ]


def _said_after_finish(wire: WireView) -> bool:
    finished: set[str] = set()
    for choice in wire.choices:
        delta, key = object_at(choice.get("delta")), repr(choice.get("index"))
        if key in finished and any(delta.get(name) for name in _SAID):
            return True
        if choice.get("finish_reason"):
            finished.add(key)
    return False


def _after_usage(wire: WireView) -> list[JsonObject]:
    """The chunks after the first one that holds usage."""
    holds = [bool(object_at(chunk.get("usage"))) for chunk in wire.chunks]
    return wire.chunks[holds.index(True) + 1 :] if True in holds else []


def _audio(wire: WireView) -> list[JsonObject]:
    return [object_at(delta.get("audio")) for delta in wire.deltas if delta.get("audio")]


def _counts(usage: JsonObject) -> list[Any]:
    return [value for value in usage.values() if isinstance(value, int)]


DIALECT_TRAITS: Final[Mapping[str, Callable[[WireView], bool]]] = {
    # Chunks and their names
    "choices-empty-first": lambda wire: [c.get("choices") for c in _answers(wire)[:1]] == [[]],
    "id-empty-or-missing": lambda wire: any(not chunk.get("id") for chunk in _answers(wire)),
    "id-changes": lambda wire: _differ(wire, "id"),
    "created-changes": lambda wire: _differ(wire, "created"),
    "object-other": lambda wire: any(
        chunk.get("object") not in {None, "chat.completion.chunk"} for chunk in _answers(wire)
    ),
    "azure-filter-results": lambda wire: any(
        "content_filter_results" in choice for choice in wire.choices
    ),
    "azure-async-offsets": lambda wire: any(
        "content_filter_offsets" in choice for choice in wire.choices
    ),
    "delta-missing": lambda wire: any(
        "delta" not in choice and "message" not in choice for choice in wire.choices
    ),
    "moderation-chunk-after-usage": lambda wire: any(
        "moderation" in chunk for chunk in _after_usage(wire)
    ),
    # Role, content, reasoning
    "role-empty-string": lambda wire: any(delta.get("role") == "" for delta in wire.deltas),
    "refusal-empty-string": lambda wire: any(delta.get("refusal") == "" for delta in wire.deltas),
    "content-array": lambda wire: any(isinstance(d.get("content"), list) for d in wire.deltas),
    "content-empty-plus-tools": lambda wire: any(
        delta.get("content") == "" and bool(delta.get("tool_calls")) for delta in wire.deltas
    ),
    "reasoning-details": lambda wire: any(bool(d.get("reasoning_details")) for d in wire.deltas),
    "reasoning-interleaved": _reasoning_after_others,
    "reasoning-null-or-empty": lambda wire: any(
        name in delta and not delta[name] for delta in wire.deltas for name in _THOUGHTS
    ),
    # Calls
    "tc-index-missing-parallel": lambda wire: _some_call(
        wire,
        lambda entries: "index" not in entries[0] and _distinct_ids(entries, named=True) > 1,
    ),
    "tc-index-all-zero-distinct-ids": lambda wire: _some_call(
        wire,
        lambda entries: entries[0].get("index") == 0 and _distinct_ids(entries, named=True) > 1,
    ),
    "tc-index-first-nonzero": lambda wire: (
        isinstance(index := (wire.calls or [{}])[0].get("index"), int) and index > 0
    ),
    "tc-index-negative": lambda wire: any(
        isinstance(index := call.get("index"), int) and index < 0 for call in wire.calls
    ),
    "tc-parallel-interleaved": _interleaved,
    "tc-id-empty-continuation": lambda wire: any(call.get("id") == "" for call in wire.calls),
    "tc-id-changes-every-fragment": lambda wire: _some_call(
        wire, lambda entries: _distinct_ids(entries, named=False) > 1
    ),
    "tc-id-duplicate-across-calls": _same_id_twice,
    "tc-name-late": lambda wire: _some_call(
        wire, lambda entries: not _names(entries)[0] and any(_names(entries))
    ),
    "tc-type-missing-or-late": lambda wire: _some_call(
        wire, lambda entries: not entries[0].get("type")
    ),
    "tc-args-object": lambda wire: any(
        isinstance(function.get("arguments"), dict) for function in wire.functions
    ),
    "tc-args-brace-lost": lambda wire: any(
        not _is_json(text) and _is_json(f"{text}}}") for text in wire.arguments().values()
    ),
    "tc-args-doubled-by-server": lambda wire: any(map(_is_doubled, wire.arguments().values())),
    "tc-args-escape-split": lambda wire: any(
        bool(_OPEN_ESCAPE.search(function["arguments"]))
        for function in wire.functions
        if isinstance(function.get("arguments"), str)
    ),
    "tc-extra-content-signature": lambda wire: any("extra_content" in call for call in wire.calls),
    "inner-thoughts-key": lambda wire: any(map(_has_thoughts_key, wire.arguments().values())),
    # Finish reasons
    "finish-empty-string": lambda wire: any(c.get("finish_reason") == "" for c in wire.choices),
    "finish-duplicate": lambda wire: any(len(said) > len({*said}) for said in _finishes(wire)),
    "finish-conflicting": lambda wire: any(len({*said}) > 1 for said in _finishes(wire)),
    "finish-content-filter": lambda wire: "content_filter" in wire.finishes,
    "finish-error": lambda wire: "error" in wire.finishes,
    "payload-after-finish": _said_after_finish,
    # Usage
    "usage-empty-object": lambda wire: any(chunk.get("usage") == {} for chunk in wire.chunks),
    "usage-zero-placeholders": lambda wire: any(
        bool(_counts(usage)) and not any(_counts(usage)) for usage in wire.usages
    ),
    "usage-then-chunk-without": lambda wire: any(
        "usage" in chunk and chunk["usage"] is None for chunk in _after_usage(wire)
    ),
    "usage-in-choice": lambda wire: any(bool(choice.get("usage")) for choice in wire.choices),
    "usage-x-groq": lambda wire: any(
        bool(object_at(chunk.get("x_groq")).get("usage")) for chunk in wire.chunks
    ),
    # Errors and other members
    "error-with-choice": lambda wire: any(
        bool(chunk.get("error")) and bool(chunk.get("choices")) for chunk in wire.chunks
    ),
    "logprobs-null-members": lambda wire: any(
        bool(logprobs := object_at(choice.get("logprobs"))) and not any(logprobs.values())
        for choice in wire.choices
    ),
    "audio-fields": lambda wire: any(
        bool({"data", "transcript"} & audio.keys()) for audio in _audio(wire)
    ),
    "audio-expires-only-end": lambda wire: (
        not wire.finishes and [list(audio) for audio in _audio(wire)[-1:]] == [["expires_at"]]
    ),
    "annotations-delta": lambda wire: any(bool(d.get("annotations")) for d in wire.deltas),
    "images-delta": lambda wire: any(bool(delta.get("images")) for delta in wire.deltas),
}
"""Row id -> does the wire show it?"""
