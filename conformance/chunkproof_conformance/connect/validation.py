"""Messages against the published schemas; needs jsonschema, so only imported for --validate."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Any

import msgspec
from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from chunkproof_conformance.connect.messages import SchemaError


@cache
def _validator(name: str) -> Draft202012Validator:
    folder = resources.files("chunkproof_conformance") / "schemas" / "protocol"
    schema = msgspec.json.decode((folder / f"{name}.schema.json").read_bytes())
    return Draft202012Validator(schema)


def validate(name: str, value: Any) -> None:
    """Hold the JSON value of a message against `protocol/<name>.schema.json`.

    Raises: SchemaError, with the first thing that is wrong and where.
    """
    error = best_match(_validator(name).iter_errors(value))
    if error is not None:
        sentence = error.message if len(error.message) < 200 else f"{error.message[:200]}…"
        raise SchemaError(f"`{name}` breaks its schema at {error.json_path}: {sentence}")
