"""A find as a case: the bytes that show it, cut where it matters, with their truth.

The truth is the message that the stream was made of, where what was done to the bytes leaves it
true; then `chunkproof validate` and `chunkproof run` take the case as it is. A stream that was
cut off, damaged or never a message says what it says: an oracle reads it if it is plain, else
somebody has to write its truth.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from chunkproof_conformance.cases.cassette import Case, Exchange
from chunkproof_conformance.cases.expected import expected_by_oracle
from chunkproof_conformance.cases.key import CassetteKey, Provenance
from chunkproof_conformance.oracles.verdict import NoOracle, OraclesDiffer
from chunkproof_conformance.synth.message import Aside, Call, joined_halves

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chunkproof_conformance.laws.law import Violation
    from chunkproof_conformance.synth.message import Message, Segment

RULES_OF: Final[Mapping[str, tuple[str, ...]]] = {
    "cut-invariance": ("SSE-1", "SSE-3", "SSE-4"),
    "prefix": ("SSE-13", "END-9"),
    "fold": ("TXT-1", "TOOL-8"),
    "determinism": ("END-9",),
    "immutability": ("END-9",),
    "timeliness": ("SSE-4",),
    "truncation": ("END-5", "END-9"),
    "error-injection": ("ERR-1", "END-1"),
    "growth": ("TXT-1", "TOOL-8"),
    "disagreement": ("END-9",),
    "messages": ("TXT-1", "TOOL-8"),
    "rewrite:line-ends": ("SSE-3",),
    "rewrite:space": ("SSE-6",),
    "rewrite:byte-order-mark": ("SSE-2",),
    "rewrite:comments": ("SSE-5",),
    "rewrite:retry": ("SSE-9", "SSE-11"),
    "rewrite:ids": ("SSE-9", "SSE-11"),
    "rewrite:event": ("SSE-9", "SSE-11"),
    "rewrite:unknown-field": ("SSE-10",),
    "rewrite:empty-data": ("PAY-2", "SSE-12"),
    "rewrite:blank-lines": ("SSE-4",),
    "rewrite:data-lines": ("SSE-8",),
    "rewrite:null-for-absent": ("ENV-5", "FIN-2"),
    "rewrite:absent-for-null": ("ENV-5", "FIN-2"),
    "rewrite:extra-fields": ("ENV-7",),
    "rewrite:padding": ("ENV-8",),
    "rewrite:envelope": ("ENV-1",),
    "rewrite:delta": ("TXT-1",),
    "rewrite:pair": ("TXT-3",),
    "rewrite:role": ("ENV-2",),
    "rewrite:choices": ("ENV-3",),
    "rewrite:message-beside": ("ENV-7",),
    "rewrite:arguments": ("TOOL-8",),
    "rewrite:calls": ("TOOL-3",),
    "rewrite:id": ("TOOL-6",),
    "rewrite:name": ("TOOL-7",),
    "rewrite:type": ("TOOL-10",),
    "rewrite:index": ("TOOL-1", "TOOL-2", "TOOL-4"),
    "rewrite:finish": ("FIN-1", "FIN-2"),
    "rewrite:usage": ("USE-1", "USE-3"),
    "rewrite:done": ("PAY-1", "END-2"),
    "rewrite:after-done": ("END-7",),
    "rewrite:unfinished": ("END-5",),
    "rewrite:glued": ("PAY-10",),
    "rewrite:damaged": ("PAY-10",),
    "rewrite": ("PAY-5",),
}
"""The beginning of a law's name -> the rules that a case of it rests on; the longest counts."""


def rules_of(law: str) -> tuple[str, ...]:
    """The rules that a law's case rests on."""
    return RULES_OF[max((name for name in RULES_OF if law.startswith(name)), key=len)]


def case_of(violation: Violation) -> tuple[Case, str | None]:
    """The case that shows a find, and why no oracle speaks for it, where none does."""
    message = violation.message and whole_letters(violation.message)
    made = _made(violation, message)
    try:
        expected_by_oracle(made)
    except OraclesDiffer as refusal:  # the rewriting moved what the message has in order
        made, reason = _made(violation, None), str(refusal)
    except NoOracle as refusal:
        return made, str(refusal)
    else:
        return made, None
    try:
        expected_by_oracle(made)
    except NoOracle:
        return made, reason
    return made, None


def _made(violation: Violation, message: Message | None) -> Case:
    law = violation.law.replace(":", "-")
    key = CassetteKey(
        id=f"fuzz/{law}-{zlib.crc32(violation.body):08x}",
        title=joined_halves(violation.what[:100]),
        profiles=["lenient"],
        strength="info",
        rules=list(rules_of(violation.law)),
        rows=[],
        provenance=Provenance("synthesised", note=f"a find of chunkproof fuzz: {violation.law}"),
        pieces=[(cut, 0.0) for cut in ((0, *violation.cuts) if violation.body else ())],
        end="eof",
        sha256="0" * 64,  # written anew with the body
        message=message,
    )
    exchange = Exchange(
        "POST",
        "http://localhost/v1/chat/completions",
        {"content-type": ["application/json"]},
        b'{"model":"m","messages":[],"stream":true}',
        200,
        "OK",
        {"content-type": ["text/event-stream"]},
        violation.body,
    )
    return Case(key, exchange, None)


def whole_letters(message: Message) -> Message:
    """The message with its surrogate halves joined, or as U+FFFD: as it can be written down."""
    choices = tuple(
        replace(choice, segments=tuple(map(_whole, choice.segments))) for choice in message.choices
    )
    return replace(message, choices=choices)


def _whole(segment: Segment) -> Segment:
    if isinstance(segment, Aside):
        return segment
    if isinstance(segment, Call):
        return replace(segment, arguments=joined_halves(segment.arguments))
    return replace(segment, text=joined_halves(segment.text))
