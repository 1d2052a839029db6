"""Every rewrite, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chunkproof_conformance.synth.rewrites.calls import CALLS
from chunkproof_conformance.synth.rewrites.delta import DELTA
from chunkproof_conformance.synth.rewrites.ending import ENDING
from chunkproof_conformance.synth.rewrites.framing import FRAMING
from chunkproof_conformance.synth.rewrites.payload import PAYLOAD

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chunkproof_conformance.synth.rewrites.rewrite import Rewrite

REWRITES: Final[Mapping[str, Rewrite]] = {
    rewrite.name: rewrite for rewrite in (*FRAMING, *PAYLOAD, *DELTA, *CALLS, *ENDING)
}
