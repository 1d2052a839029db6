"""What the stream said so far: a snapshot, made in time linear in choices and calls.

Text is joined, and arguments are checked, when they are asked for; both cost time linear
in their length, so ask once, not after every piece. A snapshot does not change when the
parser reads on. `Result.to_dict()` is the published shape (`schemas/result.schema.json`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec

from chunkproof.channel import ListView, TextView
from chunkproof.partial_json import JsonScanner, JsonStatus

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chunkproof.events import Outcome

EXECUTABLE_FINISH: Final = frozenset({"tool_calls", "function_call", "stop", None})
"""Finish reasons after which a call may be run (rule TOOL-12)."""


class ErrorInfo(NamedTuple):
    """Why the stream failed or stayed incomplete."""

    message: str
    type: str | None
    code: str | int | None


class UsageInfo(NamedTuple):
    """Token counts as sent; None where a count was not sent. Never computed."""

    prompt_tokens: int | None
    completion_tokens: int | None
    total_tokens: int | None
    raw: dict[str, Any]


@dataclass(frozen=True, slots=True)
class RepairCount:
    """One repair, aggregated: how often, and where first (byte offset or None)."""

    name: str
    rule: str
    offset: int | None
    count: int

    def to_dict(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "rule": self.rule,
            "offset": self.offset,
            "count": self.count,
        }


@dataclass(frozen=True)
class ToolCallResult:
    """One tool call. `arguments` is the raw text, for custom tools the input."""

    id: str | None
    type: str
    name: str | None
    arguments_view: TextView
    may_execute: bool
    """The stream ended so that valid calls may be run."""
    legacy: bool = False
    """It came as `function_call`."""
    number: int = 0
    """Its place by first appearance: `call` in events."""

    @cached_property
    def arguments(self) -> str:
        return str(self.arguments_view)

    @cached_property
    def valid_json(self) -> bool | None:
        """RFC 8259 validity; "" counts as valid (no arguments); None for custom tools."""
        if self.type == "custom":
            return None
        return not self.arguments or is_valid_json(self.arguments)

    @property
    def executable(self) -> bool:
        return self.may_execute and self.valid_json is not False

    def to_dict(self) -> dict[str, Any]:
        members: dict[str, Any] = {
            "id": self.id,
            "type": self.type,
            "name": self.name,
            "arguments": self.arguments,
            "valid_json": self.valid_json,
            "executable": self.executable,
        }
        if self.legacy:
            members["legacy"] = True
        return members


@dataclass(frozen=True)
class ChoiceResult:
    """One choice. A channel is None when no code point of it arrived."""

    index: int
    complete: bool
    role: str
    text_view: TextView
    reasoning_view: TextView
    refusal_view: TextView
    tool_calls: tuple[ToolCallResult, ...]
    finish_reason: str | None
    logprob_views: Mapping[str, ListView] | None
    audio_view: Mapping[str, Any] | None
    annotation_view: ListView

    @cached_property
    def text(self) -> str | None:
        return str(self.text_view) or None

    @cached_property
    def reasoning(self) -> str | None:
        return str(self.reasoning_view) or None

    @cached_property
    def refusal(self) -> str | None:
        return str(self.refusal_view) or None

    @cached_property
    def logprobs(self) -> dict[str, list[Any]] | None:
        """`content` and `refusal`: lists of token entries as sent, in order."""
        if self.logprob_views is None:
            return None
        return {name: view.to_list() for name, view in self.logprob_views.items()}

    @cached_property
    def annotations(self) -> list[Any]:
        return self.annotation_view.to_list()

    @cached_property
    def audio(self) -> dict[str, Any] | None:
        """id, data (base64), transcript, expires_at (Unix seconds): those that came."""
        if self.audio_view is None:
            return None
        return {
            name: str(value) if isinstance(value, TextView) else value
            for name, value in self.audio_view.items()
        }

    def to_dict(self) -> dict[str, Any]:
        return {
            "index": self.index,
            "complete": self.complete,
            "role": self.role,
            "text": self.text,
            "reasoning": self.reasoning,
            "refusal": self.refusal,
            "tool_calls": [call.to_dict() for call in self.tool_calls],
            "finish_reason": self.finish_reason,
            "logprobs": self.logprobs,
            "audio": self.audio,
            "annotations": self.annotations,
        }


@dataclass(frozen=True)
class Result:
    """The whole stream so far. Before its end `outcome` is incomplete, or failed already."""

    outcome: Outcome
    id: str | None
    model: str | None
    created: int | None
    choices: tuple[ChoiceResult, ...]
    usage: UsageInfo | None
    error: ErrorInfo | None
    extra_views: Mapping[str, Any]
    repairs: tuple[RepairCount, ...]

    @cached_property
    def extra(self) -> dict[str, Any]:
        """JSON Pointer -> last value; reasoning_details merged, images appended."""
        return {
            path: merge_details(value.to_list()) if isinstance(value, ListView) else value
            for path, value in self.extra_views.items()
        }

    def to_dict(self) -> dict[str, Any]:
        return {
            "outcome": self.outcome,
            "id": self.id,
            "model": self.model,
            "created": self.created,
            "choices": [choice.to_dict() for choice in self.choices],
            "usage": self.usage and self.usage._asdict(),
            "error": self.error and self.error._asdict(),
            "extra": self.extra,
            "repairs": [repair.to_dict() for repair in self.repairs],
        }


_MERGED_TEXT: Final = {"reasoning.text": "text", "reasoning.summary": "summary"}
"""Kinds of reasoning detail that come in fragments, and the member that grows."""


def merge_details(entries: list[Any]) -> list[Any]:
    """Return the entries with fragments of one detail joined (rule RSN-3).

    Entries of one `index` and one fragmenting `type` are one detail: its text is
    concatenated, of every other member the last value that is not null counts (a signature
    often comes alone, last). All other entries stay as they are. Linear.
    Source: OpenRouter, "Reasoning tokens", section on preserving reasoning blocks.
    """
    merged: list[Any] = []
    open_details: dict[tuple[Any, str], tuple[dict[str, Any], list[str]]] = {}
    for entry in entries:
        grows = _MERGED_TEXT.get(str(entry.get("type"))) if isinstance(entry, dict) else None
        if grows is None or not isinstance(entry.get("index"), int):
            merged.append(entry)
            continue
        key = (entry["index"], grows)
        if key not in open_details:
            open_details[key] = (dict(entry), [])
            merged.append(open_details[key][0])
        detail, fragments = open_details[key]
        detail.update({name: value for name, value in entry.items() if value is not None})
        if isinstance(entry.get(grows), str):
            fragments.append(entry[grows])
    for (_, grows), (detail, fragments) in open_details.items():
        if fragments:
            detail[grows] = "".join(fragments)
    return merged


def is_valid_json(text: str) -> bool:
    """Return whether the text is one JSON value by RFC 8259, at any depth."""
    try:
        msgspec.json.decode(text, type=msgspec.Raw)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        # msgspec refuses a lone surrogate escape, which RFC 8259 allows, and deep nesting.
        return JsonScanner().feed(text) is JsonStatus.COMPLETE
    return True
