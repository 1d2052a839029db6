"""The JSON Schema of a struct, the same on every Python."""

from __future__ import annotations

import inspect
import json
from typing import Any

import msgspec


def schema_of(struct: type[msgspec.Struct]) -> dict[str, Any]:
    """Return the schema as JSON has it: arrays are lists.

    Docstrings become descriptions; Python 3.13 takes out their indentation, older ones do not.
    """
    schema: dict[str, Any] = _dedented(json.loads(json.dumps(msgspec.json.schema(struct))))
    return schema


def _dedented(value: Any) -> Any:
    if isinstance(value, list):
        return [_dedented(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        name: inspect.cleandoc(member)
        if name == "description" and isinstance(member, str)
        else _dedented(member)
        for name, member in value.items()
    }
