"""Traits of the dialects: members that are missing, null, empty, early, late or elsewhere."""

from __future__ import annotations

import json
import re
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from chunkproof_conformance.cases.wire_view import finish_of, object_at, objects_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from chunkproof_conformance.cases.wire_view import JsonObject, WireView

_THOUGHTS: Final = ("reasoning_content", "reasoning", "thinking", "reasoning_text")
_SAID: Final = ("content", "tool_calls", "refusal", *_THOUGHTS)
_HALF: Final = re.compile("[\ud800-\udfff]")
_OPEN_ESCAPE: Final = re.compile(r"(?<!\\)(?:\\\\)*\\(?:u[0-9a-fA-F]{0,3})?$")


def _answers(wire: WireView) -> list[JsonObject]:
    """The chunks that have the member `choices`."""
    return [chunk for chunk in wire.chunks if "choices" in chunk] if wire.payloads else []


def _differ(wire: WireView, member: str) -> bool:
    return len({repr(chunk.get(member)) for chunk in _answers(wire)}) > 1


def _speaks(wire: WireView) -> list[bool]:
    """Whether each delta says something."""
    return [any(delta.get(name) for name in _SAID) for delta in wire.deltas]


def _fragments(wire: WireView) -> Iterator[str]:
    """The texts of all channels, fragment by fragment."""
    for delta in wire.deltas:
        for name in ("content", "refusal", *_THOUGHTS):
            if isinstance(delta.get(name), str):
                yield delta[name]
    for function in wire.functions:
        if isinstance(function.get("arguments"), str):
            yield function["arguments"]


def _looks_cumulative(wire: WireView) -> bool:
    """Three deltas or more, each longer than the one before it and beginning with it."""
    for index in wire.indices():
        said = [delta["content"] for delta in wire.of_choice(index) if delta.get("content")]
        texts = [text for text in said if isinstance(text, str)]
        pairs = list(pairwise(texts))
        if len(pairs) > 1 and all(b.startswith(a) and b != a for a, b in pairs):
            return True
    return False


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


def _finishes(wire: WireView) -> list[list[str]]:
    """The finish reasons of each choice."""
    return [
        [word for choice in wire.choices_of(index) if (word := finish_of(choice))]
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


def _grows_from_the_first(wire: WireView) -> bool:
    """A choice whose first chunk has log probabilities already, and a later one more."""
    for index in wire.indices():
        listed = [
            bool(object_at(choice.get("logprobs")).get("content"))
            for choice in wire.choices_of(index)
        ]
        if listed[0] and any(listed[1:]):
            return True
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
        chunk.get("object") not in (None, "chat.completion.chunk") for chunk in _answers(wire)
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
    "choices-null": lambda wire: any(chunk["choices"] is None for chunk in _answers(wire)),
    "choices-missing": lambda wire: any(
        "usage" in chunk and "choices" not in chunk for chunk in wire.chunks
    ),
    "delta-null": lambda wire: any(
        "delta" in choice and choice["delta"] is None for choice in wire.choices
    ),
    "created-float-or-missing": lambda wire: any(
        not isinstance(chunk.get("created"), int) for chunk in _answers(wire)
    ),
    "message-next-to-delta": lambda wire: any(
        bool(choice.get("message")) and "delta" in choice for choice in wire.choices
    ),
    "citations-top-level": lambda wire: any("citations" in chunk for chunk in wire.chunks),
    "moderation-chunk-after-usage": lambda wire: any(
        "moderation" in chunk for chunk in _after_usage(wire)
    ),
    # Role, content, reasoning
    "role-empty-string": lambda wire: any(delta.get("role") == "" for delta in wire.deltas),
    "refusal-empty-string": lambda wire: any(delta.get("refusal") == "" for delta in wire.deltas),
    "content-array": lambda wire: any(isinstance(d.get("content"), list) for d in wire.deltas),
    "content-array-reference": lambda wire: any(
        part.get("type") == "reference"
        for delta in wire.deltas
        for part in objects_in(delta.get("content"))
    ),
    "cumulative-content": _looks_cumulative,
    "first-chunk-empty-then-data": lambda wire: (
        _speaks(wire)[:2] == [False, False] and any(_speaks(wire))
    ),
    "lone-surrogate": lambda wire: any(bool(_HALF.search(text)) for text in _fragments(wire)),
    "content-empty-plus-tools": lambda wire: any(
        delta.get("content") == "" and bool(delta.get("tool_calls")) for delta in wire.deltas
    ),
    "reasoning-details": lambda wire: any(bool(d.get("reasoning_details")) for d in wire.deltas),
    "reasoning-and-content-same-delta": lambda wire: any(
        bool(delta.get("content")) and any(delta.get(name) for name in _THOUGHTS)
        for delta in wire.deltas
    ),
    "reasoning-object": lambda wire: any(
        isinstance(delta.get(name), dict) for delta in wire.deltas for name in _THOUGHTS
    ),
    "reasoning-channel-key": lambda wire: any("channel" in delta for delta in wire.deltas),
    "think-orphan-close": lambda wire: (
        "</think>" in wire.text and "<think>" not in wire.text.partition("</think>")[0]
    ),
    "think-unclosed": lambda wire: wire.text.rfind("<think>") > wire.text.rfind("</think>"),
    "think-literal-later": lambda wire: (
        "<think>" in wire.text and not wire.text.lstrip().startswith("<think>")
    ),
    "reasoning-interleaved": _reasoning_after_others,
    "reasoning-null-or-empty": lambda wire: any(
        name in delta and not delta[name] for delta in wire.deltas for name in _THOUGHTS
    ),
    # Calls
    "tool-calls-empty-array": lambda wire: any(d.get("tool_calls") == [] for d in wire.deltas),
    "signature-only-delta": lambda wire: any(
        "extra_content" in delta and not any(delta.get(name) for name in _SAID)
        for delta in wire.deltas
    ),
    "server-executed-tools": lambda wire: any("executed_tools" in delta for delta in wire.deltas),
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
    "finish-premature-null-later": _said_after_finish,
    "finish-details-legacy": lambda wire: any(
        "finish_details" in choice for choice in wire.choices
    ),
    "payload-after-finish": _said_after_finish,
    # Usage
    "usage-empty-object": lambda wire: any(chunk.get("usage") == {} for chunk in wire.chunks),
    "usage-zero-placeholders": lambda wire: any(
        bool(_counts(usage)) and not any(_counts(usage)) for usage in wire.usages
    ),
    "usage-null-members": lambda wire: any(None in usage.values() for usage in wire.usages),
    "usage-then-chunk-without": lambda wire: any(
        "usage" in chunk and chunk["usage"] is None for chunk in _after_usage(wire)
    ),
    "usage-in-choice": lambda wire: any(bool(choice.get("usage")) for choice in wire.choices),
    "usage-x-groq": lambda wire: any(
        bool(object_at(chunk.get("x_groq")).get("usage")) for chunk in wire.chunks
    ),
    # Errors and other members
    "error-with-empty-choices": lambda wire: any(
        bool(chunk.get("error")) and chunk.get("choices") == [] for chunk in wire.chunks
    ),
    "error-typed-anthropic": lambda wire: any(
        chunk.get("type") == "error" and bool(chunk.get("error")) for chunk in wire.chunks
    ),
    "error-flat": lambda wire: any(
        chunk.get("object") == "error" and "error" not in chunk for chunk in wire.chunks
    ),
    "error-embedded-extra": lambda wire: any(
        bool(chunk.get("error")) and bool(chunk.get("message")) for chunk in wire.chunks
    ),
    "error-null-field": lambda wire: any(
        "error" in chunk and chunk["error"] is None for chunk in wire.chunks
    ),
    "error-with-choice": lambda wire: any(
        bool(chunk.get("error")) and bool(chunk.get("choices")) for chunk in wire.chunks
    ),
    "message-instead-of-delta": lambda wire: (
        bool(wire.payloads)
        and any(bool(choice.get("message")) and "delta" not in choice for choice in wire.choices)
    ),
    "logprobs-first-chunk-alias": _grows_from_the_first,
    "logprobs-refusal": lambda wire: any(
        bool(object_at(choice.get("logprobs")).get("refusal")) for choice in wire.choices
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
