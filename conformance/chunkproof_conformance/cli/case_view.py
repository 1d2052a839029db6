"""A case as people read it, and the same as JSON: request, wire, events, expectation, origin."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import msgspec

from chunkproof.rules import RULES
from chunkproof_conformance.cases.rows import ROWS
from chunkproof_conformance.cli.timeline import event_line
from chunkproof_conformance.implementations.reference.adapter import ReferenceAdapter
from chunkproof_conformance.printable import printable
from chunkproof_conformance.run.plan import stream_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chunkproof.events import AnyEvent
    from chunkproof_conformance.cases.cassette import Case, Exchange

MAX_LINE: Final = 2_000
"""Characters of one line of the wire; `--raw` and `--json` have all of it."""

_ENDS: Final = {
    "eof": "the body ends",
    "reset": "the connection is reset",
    "short-length": "the connection closes before the promised length",
    "client-closed": "the recorder left: judged as an end of the body",
}


@dataclass(frozen=True)
class CaseView:
    """A case with what its oracle expects, and what the reference reads piece by piece.

    expected: None where there is no expected file. events: with the number of the piece each
    came after, from 1; one more than there are pieces: at the end.
    """

    case: Case
    expected: dict[str, Any] | None
    events: tuple[tuple[int, AnyEvent], ...]

    @classmethod
    def of(cls, case: Case, expected: dict[str, Any] | None) -> CaseView:
        """The view of a case, its pieces as they were recorded."""
        seen = ReferenceAdapter().run(stream_of(case, case.cuts))
        events = zip(seen.after or (), seen.events or (), strict=True)
        return cls(case, expected, tuple(events))

    def to_dict(self) -> dict[str, Any]:
        """All of it as JSON value."""
        case = self.case
        return {
            "key": msgspec.to_builtins(case.key),
            "request": _request(case.stream),
            "response": {
                "status": case.stream.status,
                "headers": dict(case.stream.response_headers),
                "pieces": list(self._pieces()),
                "end": case.key.end,
            },
            "twin": _twin(case.twin_exchange) if case.twin_exchange else None,
            "events": [
                {"after_piece": number, **msgspec.to_builtins(event)}
                for number, event in self.events
            ],
            "expected": self.expected,
        }

    def _pieces(self) -> Iterator[dict[str, Any]]:
        """Each with its offset, its time, and its bytes: as text where they are UTF-8."""
        for piece, (offset, ms) in zip(self.case.pieces, self.case.key.pieces, strict=True):
            yield {"at": offset, "ms": ms, **_as_text(piece)}

    def lines(self) -> Iterator[str]:
        """All of it for people."""
        for part in (self._claims, self._origin, self._asked, self._wire, self._expectation):
            yield from part()
            yield ""

    def _claims(self) -> Iterator[str]:
        key = self.case.key
        yield printable(f"{key.id}: {key.title}")
        yield f"  strength {key.strength}, profiles {', '.join(key.profiles)}"
        yield from (f"  rule {rule}: {RULES[rule].title}" for rule in key.rules)
        yield from (f"  row {row}: {ROWS[row].says}" for row in key.rows if row in ROWS)

    def _origin(self) -> Iterator[str]:
        yield "provenance"
        members = msgspec.to_builtins(self.case.key.provenance)
        for name, value in members.items():
            for one in value if isinstance(value, list) else [value]:
                yield printable(f"  {name:<11} {one}")
        for sentence in self.case.key.redactions:
            yield printable(f"  {'redacted':<11} {sentence}")

    def _asked(self) -> Iterator[str]:
        stream = self.case.stream
        yield "request"
        yield printable(f"  {stream.method} {stream.uri}")
        yield from _wire_lines(stream.request_body)
        if self.case.key.request_needs:
            yield printable(
                f"  a client must be able to send {', '.join(self.case.key.request_needs)}"
            )

    def _wire(self) -> Iterator[str]:
        case = self.case
        yield "response"
        yield printable(f"  {case.stream.status} {case.stream.reason}")
        for name, values in case.stream.response_headers.items():
            yield from (printable(f"  {name}: {value}") for value in values)
        counted = f"{len(case.body)} bytes in {len(case.pieces)} pieces"
        yield f"  {counted}; below each the events that the reference reads then"
        for number, (piece, (offset, ms)) in enumerate(
            zip(case.pieces, case.key.pieces, strict=True), 1
        ):
            yield f"piece {number}  at byte {offset}, {ms:g} ms"
            yield from _wire_lines(piece)
            yield from self._events_after(number)
        yield f"end: {case.key.end} ({_ENDS[case.key.end]})"
        yield from self._events_after(len(case.pieces) + 1)
        if case.twin:
            yield f"twin: {len(case.twin)} bytes; `--json` shows it"

    def _events_after(self, number: int) -> Iterator[str]:
        for event in self._by_piece.get(number, ()):
            yield f"  → {event_line(event).strip()}"

    @cached_property
    def _by_piece(self) -> dict[int, list[AnyEvent]]:
        groups: dict[int, list[AnyEvent]] = {}
        for number, event in self.events:
            groups.setdefault(number, []).append(event)
        return groups

    def _expectation(self) -> Iterator[str]:
        if self.expected is None:
            yield "no expected file"
            return
        yield f"expected (oracle: {self.expected['oracle']})"
        for level in ("final", "sequence", "exact", "messages"):
            if level in self.expected:
                yield f"  {level}"
                yield from (f"    {line}" for line in _level_lines(level, self.expected[level]))


def _level_lines(level: str, value: Any) -> Iterator[str]:
    """Members of `final` one under another; of the others one entry in each line."""
    if level == "final":
        text = json.dumps(value, indent=2, ensure_ascii=False)
        yield from (_shortened(printable(line)) for line in text.split("\n"))
        return
    groups = value.items() if isinstance(value, dict) else [("", value)]
    for name, entries in groups:
        if name:
            yield f"{'choice ' if level == 'sequence' else ''}{name}"
        for entry in entries:
            yield _shortened(printable(json.dumps(entry, ensure_ascii=False)))


def _wire_lines(data: bytes) -> Iterator[str]:
    """The bytes as indented lines, whatever they are."""
    text = printable(data.decode("utf-8", "backslashreplace"), keep="\n")
    yield from (f"  {_shortened(line)}".rstrip() for line in text.split("\n"))


def _shortened(line: str) -> str:
    return line if len(line) <= MAX_LINE else f"{line[:MAX_LINE]}… ({len(line):,} characters)"


def _as_text(data: bytes) -> dict[str, str]:
    try:
        return {"text": data.decode()}
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(data).decode()}


def _request(exchange: Exchange) -> dict[str, Any]:
    return {
        "method": exchange.method,
        "uri": exchange.uri,
        "headers": dict(exchange.request_headers),
        **_body(exchange.request_body),
    }


def _twin(exchange: Exchange) -> dict[str, Any]:
    response = {"status": exchange.status, **_body(exchange.response_body)}
    return {"request": _request(exchange), "response": response}


def _body(data: bytes) -> dict[str, Any]:
    """The JSON value of a body; what is no JSON as text or base64."""
    try:
        return {"json": json.loads(data)}
    except (ValueError, RecursionError):
        return _as_text(data)
