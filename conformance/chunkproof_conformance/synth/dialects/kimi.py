"""Moonshot's Kimi: ids made of name and number, usage inside the choice."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from chunkproof_conformance.synth.dialects.generic import GENERIC
from chunkproof_conformance.synth.template import Or, S

KIMI: Final = replace(
    GENERIC,
    name="kimi",
    fidelity="reported",
    sources=("issue reports on Moonshot: usage inside the choice that carries the finish reason",),
    chunk={name: part for name, part in GENERIC.chunk.items() if name != "usage"},
    choice={
        "index": S.CHOICE,
        "delta": S.DELTA,
        "finish_reason": Or(S.FINISH),
        "usage": S.USAGE,
    },
    usage=frozenset({"finish"}),
    identity={"id": "chatcmpl-k1", "created": 1790000000, "model": "kimi-k2"},
)

DIALECTS: Final = (KIMI,)
