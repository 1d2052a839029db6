"""Fireworks: later fragments of a call say id, type and name as null."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from chunkproof_conformance.synth.dialect import ENTRY
from chunkproof_conformance.synth.dialects.generic import GENERIC
from chunkproof_conformance.synth.template import S

FIREWORKS: Final = replace(
    GENERIC,
    name="fireworks",
    fidelity="reported",
    sources=("issue reports on Fireworks: name null on later fragments",),
    entry={
        **ENTRY,
        "arguments": {
            "index": S.CALL,
            "id": None,
            "type": None,
            "function": {"name": None, "arguments": S.ARGUMENTS},
        },
    },
    usage=frozenset({"finish"}),
    identity={
        "id": "00000000-0000-4000-8000-000000000011",
        "created": 1790000000,
        "model": "accounts/example/models/model",
    },
)

DIALECTS: Final = (FIREWORKS,)
