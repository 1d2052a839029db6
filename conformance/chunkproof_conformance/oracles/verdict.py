"""Which oracle speaks for a case, and what it says: the content of its expected file.

A hand-written truth comes before everything else; a plain stream is read verbatim; else the
twin speaks. A stream that none of them can read has no place in the corpus.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chunkproof_conformance.oracles import transcript, truth, twin
from chunkproof_conformance.oracles.frames import NotPlain

if TYPE_CHECKING:
    from chunkproof_conformance.oracles.expectation import JsonObject


class NoOracle(Exception):  # noqa: N818 - a refusal, not a fault
    """No oracle reads this stream: write its truth by hand."""


def expect(
    case_id: str,
    body: bytes,
    *,
    end: str,
    stated: JsonObject | None = None,
    twin_body: bytes | None = None,
) -> JsonObject:
    """The expected file of a case, as JSON value. Raises: NoOracle.

    end: what the transport did. stated: the truth written in the cassette.
    """
    if stated is not None:
        return {"case": case_id, "oracle": "truth", **truth.expect(stated)}
    reason = f"the transport ended with {end}"
    if end == "eof":
        try:
            return {"case": case_id, "oracle": "transcript", **transcript.read_transcript(body)}
        except NotPlain as refusal:
            reason = str(refusal)
    if twin_body is None:
        raise NoOracle(f"{case_id} is not plain ({reason}) and has neither truth nor twin")
    try:
        return {"case": case_id, "oracle": "twin", **twin.expect(twin_body, body)}
    except twin.NoTwin as refusal:
        raise NoOracle(f"{case_id} is not plain ({reason}) and its twin is {refusal}") from refusal
