"""Small changes to rendered frames, for faults that are no vendor's dialect. Pure functions."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from chunkproof_conformance.synth.framing import Frame


def _changed(members: dict[str, Any], new: dict[str, Any], drop: tuple[str, ...]) -> dict[str, Any]:
    """`drop` takes from what was there alone: a member dropped and given anew stands last."""
    return {name: value for name, value in members.items() if name not in drop} | new


def chunk(frame: Frame, *drop: str, **members: Any) -> Frame:
    """The frame with other members in its chunk; `drop` names those to leave out."""
    return replace(frame, data=_changed(frame.data, members, drop))


def choice(frame: Frame, *drop: str, **members: Any) -> Frame:
    """The frame with other members in its first choice."""
    first, *others = frame.data["choices"]
    return chunk(frame, choices=[_changed(first, members, drop), *others])


def delta(frame: Frame, *drop: str, **members: Any) -> Frame:
    """The frame with other members in the delta of its first choice."""
    said = frame.data["choices"][0]["delta"]
    return choice(frame, delta=_changed(said, members, drop))


def entry(frame: Frame, *drop: str, **members: Any) -> Frame:
    """The frame with other members in its first entry of tool_calls."""
    first, *others = frame.data["choices"][0]["delta"]["tool_calls"]
    return delta(frame, tool_calls=[_changed(first, members, drop), *others])
