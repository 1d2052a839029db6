"""Every mutant, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chunkproof_conformance.laws.mutants.calls import CALLS
from chunkproof_conformance.laws.mutants.choices import CHOICES
from chunkproof_conformance.laws.mutants.ends import ENDS
from chunkproof_conformance.laws.mutants.framing import FRAMING
from chunkproof_conformance.laws.mutants.payload import PAYLOAD

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chunkproof_conformance.laws.mutants.mutant import Mutant

MUTANTS: Final[Mapping[str, Mutant]] = {
    mutant.name: mutant for mutant in (*FRAMING, *PAYLOAD, *CHOICES, *ENDS, *CALLS)
}
