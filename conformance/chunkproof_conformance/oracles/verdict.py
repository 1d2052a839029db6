"""Which oracle speaks for a case, and what it says: the content of its expected file.

The message that a stream was made of, or a hand-written truth, comes before everything else; a
plain stream is read verbatim; else the twin speaks. A stream that none of them can read has no
place in the corpus.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chunkproof_conformance.oracles import transcript, truth, twin
from chunkproof_conformance.oracles.frames import NotPlain
from chunkproof_conformance.synth import message as messages

if TYPE_CHECKING:
    from chunkproof_conformance.oracles.expectation import JsonObject
    from chunkproof_conformance.synth.message import Message


class NoOracle(Exception):  # noqa: N818 - a refusal, not a fault
    """No oracle reads this stream: write its truth by hand."""


class OraclesDiffer(Exception):  # noqa: N818 - a finding: one of our oracles is wrong
    """Two oracles read one stream in two ways."""


def expect(
    case_id: str,
    body: bytes,
    *,
    end: str,
    stated: JsonObject | None = None,
    message: Message | None = None,
    twin_body: bytes | None = None,
) -> JsonObject:
    """The expected file of a case, as JSON value. Raises: NoOracle.

    end: what the transport did. stated: the truth written in the cassette. message: what the
    stream was made to say.
    """
    if message is not None:
        return {"case": case_id, "oracle": "truth", **_of_message(case_id, message, body, end)}
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


def _of_message(case_id: str, message: Message, body: bytes, end: str) -> JsonObject:
    """What the message says; where the stream is plain, its transcript adds the level exact.

    Raises: OraclesDiffer.
    """
    levels = messages.truth(message)
    if end != "eof":
        return levels
    try:
        read = transcript.read_transcript(body)
    except NotPlain:
        return levels
    differing = [name for name in levels if levels[name] != read[name]]
    if differing:
        raise OraclesDiffer(f"{case_id}: message and transcript differ at {', '.join(differing)}")
    return {**levels, "exact": read["exact"]}
