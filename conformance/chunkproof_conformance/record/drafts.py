"""Truths as a person types them: values without places, for `oracles.propose`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chunkproof_conformance.oracles.expectation import COUNTS

if TYPE_CHECKING:
    import re


def text(said: str) -> dict[str, Any]:
    """A stretch of text."""
    return {"kind": "text", "text": said}


def reasoning(said: str) -> dict[str, Any]:
    """A stretch of reasoning."""
    return {"kind": "reasoning", "text": said}


def call(name: str, arguments: str, call_id: str | re.Pattern[str] | None) -> dict[str, Any]:
    """A call; its id, where it is new with every answer, as a pattern."""
    segment = {"kind": "tool_call", "id": call_id, "name": name, "arguments": arguments}
    return {name: value for name, value in segment.items() if value is not None}


def choice(
    *segments: dict[str, Any], index: int = 0, role: str = "assistant", finish: str | None = None
) -> dict[str, Any]:
    """What one choice says."""
    made: dict[str, Any] = {"index": index, "role": role, "segments": list(segments)}
    return made if finish is None else {**made, "finish_reason": finish}


def truth(
    outcome: str,
    because: str,
    *choices: dict[str, Any],
    tokens: tuple[int, int] | None = None,
    aside: tuple[str, str] | None = None,
) -> dict[str, Any]:
    """A whole answer.

    because: the rule that decides the outcome. tokens: of the prompt and of the completion.
    aside: a pattern over paths of members that no value rests on, and why.
    """
    draft: dict[str, Any] = {"outcome": outcome, "because": because, "choices": list(choices)}
    if tokens is not None:
        draft["usage"] = dict(zip(COUNTS, (*tokens, sum(tokens)), strict=True))
    if aside is not None:
        draft["set_aside"] = [{"path": aside[0], "why": aside[1]}]
    return draft
