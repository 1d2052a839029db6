"""Templates: JSON with holes, in wire order. A hole nobody fills takes its member away.

A dialect is made of templates; `fill` turns one into a JSON value. Absent, null and empty stay
apart: absent is a hole without a value, null is None.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any, Final, Literal, TypeAlias


class Slot(Enum):
    """A hole in a template, by what fills it."""

    ID = auto()
    """The stream's id; CREATED and MODEL likewise."""
    CREATED = auto()
    MODEL = auto()
    CHOICES = auto()
    """The list of choices, empty in a chunk of usage alone."""
    USAGE = auto()
    PROMPT = auto()
    COMPLETION = auto()
    TOTAL = auto()
    PADDING = auto()
    """Letters of changing number."""
    CHOICE = auto()
    """The choice's index."""
    DELTA = auto()
    FINISH = auto()
    """The finish reason, in the chunk that carries it."""
    STOP = auto()
    """None in the chunk that carries the finish reason: vLLM's `stop_reason`."""
    LOGPROBS = auto()
    ROLE = auto()
    ROLE_ONCE = auto()
    """The role, in the first delta of its choice."""
    TEXT = auto()
    """The fragment of text, reasoning or refusal."""
    SO_FAR = auto()
    """The choice's whole text, this fragment included."""
    CALLS = auto()
    """The entries of tool_calls."""
    CALL = auto()
    """The call's number in its choice, from the dialect's first index."""
    CALL_ID = auto()
    FRESH_ID = auto()
    """An id that no other fragment has."""
    NAME = auto()
    ARGUMENTS = auto()
    """The fragment of arguments."""
    ARGUMENTS_VALUE = auto()
    """The arguments as JSON value, not as text."""
    MESSAGE = auto()
    """The error's message; ERROR_TYPE and ERROR_CODE likewise."""
    ERROR_TYPE = auto()
    ERROR_CODE = auto()


S: Final = Slot
"""Slots are most of a template: a short name keeps it readable."""

Moment: TypeAlias = Literal[
    "open",
    "text",
    "reasoning",
    "refusal",
    "call",
    "first call",
    "arguments",
    "whole",
    "custom call",
    "custom input",
    "function",
    "function arguments",
    "idle",
    "finish",
    "usage",
]
"""What a chunk is there for: `open` a choice's first chunk that says nothing else; `call` the
opening of a call, `arguments` a later fragment of it, `whole` a call at once, `first call` an
opening that is also the choice's first chunk."""


class _Absent:
    """No value: the member is left out."""

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT: Final = _Absent()


@dataclass(frozen=True)
class On:
    """Another template at each moment; `otherwise` at all others."""

    at: Mapping[Moment, Any]
    otherwise: Any = ABSENT


@dataclass(frozen=True)
class Or:
    """The slot's value, or the other one where the slot has none."""

    slot: Slot
    otherwise: Any = field(default=None)


Template: TypeAlias = Any
"""A JSON value in which any part may be a Slot, On or Or."""


def fill(template: Template, moment: Moment, values: Mapping[Slot, Any]) -> Any:
    """The JSON value; ABSENT where the whole template is an empty hole."""
    match template:
        case Slot():
            return values.get(template, ABSENT)
        case On():
            return fill(template.at.get(moment, template.otherwise), moment, values)
        case Or():
            value = values.get(template.slot, ABSENT)
            return fill(template.otherwise, moment, values) if value is ABSENT else value
        case Mapping():
            members = {name: fill(part, moment, values) for name, part in template.items()}
            return {name: value for name, value in members.items() if value is not ABSENT}
        case list() | tuple():
            items = [fill(part, moment, values) for part in template]
            return [item for item in items if item is not ABSENT]
        case _:
            return template


def slots_in(template: Template) -> frozenset[Slot]:
    """Every slot that stands anywhere in the template."""
    match template:
        case Slot():
            return frozenset({template})
        case On():
            parts = [*template.at.values(), template.otherwise]
        case Or():
            parts = [template.slot, template.otherwise]
        case Mapping():
            parts = list(template.values())
        case list() | tuple():
            parts = list(template)
        case _:
            parts = []
    return frozenset().union(*map(slots_in, parts))
