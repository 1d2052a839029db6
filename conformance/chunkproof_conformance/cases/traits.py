"""Traits: for a row of the catalogue, whether a stream's bytes show it.

A case's rows are claims; `unshown` holds them against the bytes. A row without a trait cannot
be claimed yet: whoever adds the first such case writes its predicate, here or in one of the
modules beside this one.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from chunkproof_conformance.cases.dialect_traits import DIALECT_TRAITS
from chunkproof_conformance.cases.framing_traits import FRAMING_TRAITS
from chunkproof_conformance.cases.identity_traits import IDENTITY_TRAITS
from chunkproof_conformance.cases.wire_view import WireView, as_key, objects_in

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from chunkproof_conformance.cases.cassette import Case

Trait: TypeAlias = "Callable[[WireView], bool]"

FINISH_REASONS: Final = frozenset(
    {"stop", "length", "tool_calls", "content_filter", "function_call"}
)
REASONING_FIELDS: Final = ("reasoning_content", "reasoning", "thinking", "thinking_blocks")


def _repeats(values: list[Any]) -> bool:
    return any(count > 1 for count in Counter(map(json.dumps, values)).values())


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _alternates(order: list[Any]) -> bool:
    """Whether something comes again after something else."""
    pairs = enumerate(pairwise(order), 2)
    return any(now != after and now in order[rest:] for rest, (now, after) in pairs)


def _said_null(objects: list[dict[str, Any]], member: str) -> bool:
    return any(member in item and item[member] is None for item in objects)


def _said(objects: list[dict[str, Any]], member: str) -> list[Any]:
    """The values of a member that say something."""
    return [item[member] for item in objects if item.get(member)]


def _text_after_call(wire: WireView) -> bool:
    seen = False
    for delta in wire.deltas:
        if seen and delta.get("content"):
            return True
        seen = seen or bool(delta.get("tool_calls"))
    return False


def _identical_neighbours(wire: WireView) -> bool:
    for index in wire.indices():
        said = _said(wire.of_choice(index), "content")
        if any(a == b for a, b in pairwise(said)):
            return True
    return False


def _continued_with_null(wire: WireView, objects: list[dict[str, Any]], member: str) -> bool:
    """Null after the call's first entry, which is where it would have been said."""
    calls = [as_key(call.get("index")) for call in wire.calls]
    first = {call: number for number, call in reversed([*enumerate(calls)])}
    return any(
        member in item and item[member] is None and first[call] < number
        for number, (call, item) in enumerate(zip(calls, objects, strict=True))
    )


def _one_at_a_time(wire: WireView) -> bool:
    """Several calls in one choice, none taken up again after the next has begun."""
    for index in wire.indices():
        order = [
            as_key(call.get("index"))
            for delta in wire.of_choice(index)
            for call in objects_in(delta.get("tool_calls"))
        ]
        if len(set(order)) > 1 and not _alternates(order):
            return True
    return False


_CONTENT: Final = ("content", "tool_calls", "refusal")
# The members of the OpenAI reference.
_CHUNK: Final = frozenset(
    {
        *("id", "object", "created", "model", "choices", "usage"),
        *("service_tier", "system_fingerprint", "obfuscation"),
    }
)
_CHOICE: Final = frozenset({"index", "delta", "finish_reason", "logprobs"})
_DELTA: Final = frozenset({"role", "content", "refusal", "tool_calls", "function_call"})

TRAITS: Final[Mapping[str, Trait]] = {
    **FRAMING_TRAITS,
    **DIALECT_TRAITS,
    **IDENTITY_TRAITS,
    # W: the wire
    "many-events-per-read": lambda wire: any(
        len(re.findall(rb"(?:^|\n)data:", piece)) > 1 for piece in wire.pieces
    ),
    "comment-keepalive": lambda wire: any(line.startswith(":") for line in wire.lines),
    "json-body-not-sse": lambda wire: not wire.payloads and bool(wire.chunks),
    # D: the end
    "done-normal": lambda wire: wire.body.endswith(b"data: [DONE]\n\n"),
    "done-missing-finish-present": lambda wire: not wire.is_done and bool(wire.finishes),
    "eof-no-done-no-finish": lambda wire: (
        wire.end in {"eof", "client-closed"}
        and not (wire.is_done or wire.finishes)
        and (bool(wire.payloads) or not wire.body)
    ),
    "done-no-finish": lambda wire: (
        wire.is_done
        and any(
            not any(c.get("finish_reason") for c in wire.choices_of(index))
            for index in wire.indices()
        )
    ),
    # J: chunks
    "extra-fields": lambda wire: (
        any(chunk.keys() - _CHUNK for chunk in wire.chunks)
        or any(choice.keys() - _CHOICE for choice in wire.choices)
        or any(delta.keys() - _DELTA for delta in wire.deltas)
    ),
    "choices-empty-usage": lambda wire: any(
        chunk.get("choices") == [] and chunk.get("usage") for chunk in wire.chunks
    ),
    "delta-empty": lambda wire: any(choice.get("delta") == {} for choice in wire.choices),
    "finish-key-omitted": lambda wire: any("finish_reason" not in item for item in wire.choices),
    "obfuscation": lambda wire: any("obfuscation" in chunk for chunk in wire.chunks),
    "escaped-vs-raw-unicode": lambda wire: (
        not wire.body.isascii() or bool(re.search(rb"\\u[0-9a-fA-F]{4}", wire.body))
    ),
    # R: role and content
    "role-first-only": lambda wire: (
        all(
            [bool(delta.get("role")) for delta in wire.of_choice(index)].count(True) == 1
            and bool(wire.of_choice(index)[0].get("role"))
            for index in wire.indices()
        )
        and bool(wire.choices)
    ),
    "role-every-chunk": lambda wire: any(
        len(_said(wire.of_choice(index), "role")) > 1 for index in wire.indices()
    ),
    "role-null": lambda wire: _said_null(wire.deltas, "role"),
    "role-never": lambda wire: any(
        not _said(wire.of_choice(index), "role") for index in wire.indices()
    ),
    "content-null": lambda wire: _said_null(wire.deltas, "content"),
    "content-empty-string": lambda wire: any(delta.get("content") == "" for delta in wire.deltas),
    "content-and-tools-same-delta": lambda wire: any(
        delta.get("content") and delta.get("tool_calls") for delta in wire.deltas
    ),
    "whitespace-only-delta": lambda wire: any(
        isinstance(text, str) and text.isspace() for text in _said(wire.deltas, "content")
    ),
    "identical-deltas": _identical_neighbours,
    "text-after-tools": _text_after_call,
    # T: tool calls
    "tc-fragmented": lambda wire: any(
        len([f for f in fragments if f]) > 1 for fragments in _fragments(wire).values()
    ),
    "tc-whole-in-one-chunk": lambda wire: any(
        call.get("id") and _is_json(str(function.get("arguments") or ""))
        for call, function in zip(wire.calls, wire.functions, strict=True)
    ),
    "tc-parallel-sequential": _one_at_a_time,
    "tc-several-in-one-delta": lambda wire: any(
        len(objects_in(delta.get("tool_calls"))) > 1 for delta in wire.deltas
    ),
    "tc-id-null-continuation": lambda wire: _continued_with_null(wire, wire.calls, "id"),
    "tc-name-null-continuation": lambda wire: _continued_with_null(wire, wire.functions, "name"),
    "tc-id-repeated": lambda wire: _repeats(_said(wire.calls, "id")),
    "tc-name-repeated": lambda wire: len(_said(wire.functions, "name")) > len(wire.arguments()),
    "tc-id-opaque": lambda wire: any(
        not re.fullmatch(r"call_\w{1,40}", str(text)) for text in _said(wire.calls, "id")
    ),
    "tc-args-null": lambda wire: _said_null(wire.functions, "arguments"),
    "tc-args-empty-total": lambda wire: "" in wire.arguments().values(),
    "tc-args-invalid-json": lambda wire: (
        "length" not in wire.finishes
        and any(text and not _is_json(text) for text in wire.arguments().values())
    ),
    "tc-args-truncated-length": lambda wire: (
        "length" in wire.finishes and any(not _is_json(text) for text in wire.arguments().values())
    ),
    "tc-args-double-encoded": lambda wire: any(
        _is_json(text) and isinstance(json.loads(text), str) for text in wire.arguments().values()
    ),
    "tool-calls-null": lambda wire: _said_null(wire.deltas, "tool_calls"),
    "legacy-function-call": lambda wire: bool(_said(wire.deltas, "function_call")),
    "tool-markup-in-content": lambda wire: "<tool_call>" in wire.text,
    "tokens-special-text": lambda wire: bool(re.search(r"<\|[a-z_]{1,40}\|>", wire.text)),
    # Z: reasoning
    "reasoning-content": lambda wire: bool(_said(wire.deltas, "reasoning_content")),
    "reasoning-field": lambda wire: bool(_said(wire.deltas, "reasoning")),
    "reasoning-mirrored": lambda wire: any(
        sum(bool(delta.get(name)) for name in REASONING_FIELDS) > 1 for delta in wire.deltas
    ),
    "think-tags-inline": lambda wire: "<think>" in wire.text,
    # Q: refusal
    "refusal-delta": lambda wire: bool(_said(wire.deltas, "refusal")),
    # F: finish
    "finish-standard": lambda wire: bool(FINISH_REASONS.intersection(wire.finishes)),
    "finish-unknown-enum": lambda wire: bool(set(wire.finishes) - FINISH_REASONS),
    "finish-stop-with-tools": lambda wire: bool(wire.calls) and "stop" in wire.finishes,
    "finish-with-payload": lambda wire: any(
        choice.get("finish_reason") and any(delta.get(name) for name in _CONTENT)
        for choice, delta in zip(wire.choices, wire.deltas, strict=True)
    ),
    # U: usage
    "usage-final-empty-choices": lambda wire: bool(
        wire.chunks and wire.chunks[-1].get("choices") == [] and wire.chunks[-1].get("usage")
    ),
    "usage-in-finish-chunk": lambda wire: any(
        chunk.get("usage") and _said(objects_in(chunk.get("choices")), "finish_reason")
        for chunk in wire.chunks
    ),
    "usage-null-elsewhere": lambda wire: bool(wire.usages) and _said_null(wire.chunks, "usage"),
    "usage-cumulative-each-chunk": lambda wire: (
        len({as_key(usage.get("total_tokens")) for usage in wire.usages}) > 1
    ),
    "usage-repeated-identical": lambda wire: _repeats(wire.usages),
    "usage-details": lambda wire: any(
        isinstance(value, dict) for usage in wire.usages for value in usage.values()
    ),
    "usage-missing": lambda wire: bool(wire.choices) and not wire.usages,
    # E: errors
    "error-object": lambda wire: any(
        isinstance(chunk.get("error"), dict) and chunk["error"] for chunk in wire.chunks
    ),
    "error-string": lambda wire: any(
        isinstance(chunk.get("error"), str) and chunk["error"] for chunk in wire.chunks
    ),
    "error-then-done": lambda wire: wire.is_done and bool(_said(wire.chunks, "error")),
    "error-first-after-200": lambda wire: (
        wire.status == 200 and bool(wire.payloads) and bool(_said(wire.chunks[:1], "error"))
    ),
    "http-error-status": lambda wire: wire.status >= 400,
    "transport-reset": lambda wire: wire.end in {"reset", "short-length"},
    # L: log probabilities
    "logprobs-append": lambda wire: len(_said(wire.choices, "logprobs")) > 1,
    "logprobs-without-content": lambda wire: any(
        choice.get("logprobs") and not delta
        for choice, delta in zip(wire.choices, wire.deltas, strict=True)
    ),
    # M: several choices
    "choices-interleaved": lambda wire: _alternates(
        [choice.get("index") for choice in wire.choices]
    ),
    "choices-two-in-chunk": lambda wire: any(
        len(objects_in(chunk.get("choices"))) > 1 for chunk in wire.chunks
    ),
    "choice-index-1-first": lambda wire: bool(wire.choices) and wire.choices[0].get("index") == 1,
    "choice-index-missing": lambda wire: any("index" not in choice for choice in wire.choices),
    "choice-finish-each": lambda wire: len(wire.finishes) > 1 and len(wire.indices()) > 1,
    "choice-tools-per-choice": lambda wire: len({choice for choice, _ in wire.arguments()}) > 1,
}
"""Row id -> does the wire show it?"""


def _fragments(wire: WireView) -> dict[Any, list[Any]]:
    """The argument fragments of each call index, over all choices."""
    found: dict[Any, list[Any]] = {}
    for call, function in zip(wire.calls, wire.functions, strict=True):
        found.setdefault(as_key(call.get("index")), []).append(function.get("arguments"))
    return found


def unshown(case: Case) -> list[str]:
    """The rows a case claims and its bytes do not show, and those nobody can tell."""
    wire = WireView.of(case)
    return [row for row in case.key.rows if row not in TRAITS or not TRAITS[row](wire)]


def shown(case: Case) -> list[str]:
    """Every row with a trait that the bytes show, claimed or not."""
    wire = WireView.of(case)
    return [row for row, trait in TRAITS.items() if trait(wire)]
