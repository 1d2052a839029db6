"""Every law, by name: the general ones first, then one for each rewrite."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chunkproof_conformance.laws.agent import AGENT
from chunkproof_conformance.laws.cutting import cut_invariance, timeliness
from chunkproof_conformance.laws.ending import error_injection, truncation
from chunkproof_conformance.laws.growth import growth
from chunkproof_conformance.laws.memory import determinism, fold, immutability, prefix
from chunkproof_conformance.laws.rewriting import law_of
from chunkproof_conformance.synth.rewrites.catalogue import REWRITES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chunkproof_conformance.laws.law import Law

GENERAL: Final[tuple[Law, ...]] = (
    cut_invariance,
    prefix,
    fold,
    determinism,
    immutability,
    timeliness,
    truncation,
    error_injection,
    growth,
)

LAWS: Final[Mapping[str, Law]] = {
    law.name: law for law in (*GENERAL, *(law_of(rewrite) for rewrite in REWRITES.values()))
}
"""What any parser of the wire must obey; the mutation score is measured with these."""

EVERY_LAW: Final[Mapping[str, Law]] = {**LAWS, **{law.name: law for law in AGENT}}
"""And what an agent interface over it must obey."""
