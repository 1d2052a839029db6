"""The shape of a chunk: its members in wire order and the JSON kind of each, values left out."""

from __future__ import annotations

from typing import Any, Final

_READ: Final = frozenset({"choices", "delta", "tool_calls", "function", "function_call", "content"})
"""Members whose inside belongs to the shape; of others only the kind does."""


def shape(chunk: Any) -> str:
    """The shape as text: `{id:string choices:[{index:number delta:{content:string}}]}`.

    Inside a delta an empty string is a kind of its own: vendors differ there.
    """
    return _shape(chunk, inside=True, in_delta=False)


def _shape(value: Any, *, inside: bool, in_delta: bool) -> str:
    if isinstance(value, dict) and (inside or not value):
        members = (
            f"{name}:{_shape(part, inside=name in _READ, in_delta=in_delta or name == 'delta')}"
            for name, part in value.items()
        )
        return "{" + " ".join(members) + "}"
    if isinstance(value, list) and (inside or not value):
        return "[" + " ".join(_shape(part, inside=True, in_delta=in_delta) for part in value) + "]"
    return _kind(value, in_delta=in_delta)


def _kind(value: Any, *, in_delta: bool) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int() | float():
            return "number"
        case "" if in_delta:
            return '""'
        case str():
            return "string"
        case dict():
            return "object"
        case _:
            return "list"
