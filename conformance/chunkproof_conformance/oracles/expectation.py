"""The shape of an expected file, as the oracles fill it in: plain JSON values.

`{"case", "oracle", "final"?, "sequence"?, "exact"?}`; a member that an oracle cannot give is
absent and not judged. `schemas/expected.schema.json` says the same in full.
"""

from __future__ import annotations

from typing import Any, TypeAlias

JsonObject: TypeAlias = dict[str, Any]

TEXT_KINDS = ("text", "reasoning", "refusal")
AUDIO = ("id", "data", "transcript", "expires_at")
COUNTS = ("prompt_tokens", "completion_tokens", "total_tokens")


def choice_from_segments(
    index: int,
    role: str,
    segments: list[JsonObject],
    finish_reason: str | None,
) -> JsonObject:
    """A choice of the level final; text of one kind is joined, calls stay in order."""
    joined = {
        kind: "".join(segment["text"] for segment in segments if segment["kind"] == kind) or None
        for kind in TEXT_KINDS
    }
    calls = [
        {name: value for name, value in segment.items() if name != "kind"}
        for segment in segments
        if segment["kind"] == "tool_call"
    ]
    return {
        "index": index,
        "role": role,
        **joined,
        "tool_calls": calls,
        "finish_reason": finish_reason,
    }


def final(outcome: str, choices: list[JsonObject], usage: JsonObject | None) -> JsonObject:
    """The level final; choices ascend by index."""
    return {
        "outcome": outcome,
        "choices": sorted(choices, key=lambda choice: int(choice["index"])),
        "usage": usage,
    }


def counts(usage: JsonObject) -> JsonObject:
    """The three counts of a usage object; null where it sends none."""
    return {name: usage.get(name) for name in COUNTS}
