"""Line ends, byte order marks, comments and data lines together; reads that end at odd places."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from chunkproof_conformance.synth.cuts import pieces_at
from chunkproof_conformance.synth.dialects.catalogue import DIALECTS
from chunkproof_conformance.synth.framing import (
    BOM,
    DONE,
    Frame,
    Framing,
    lines_of,
    to_bytes,
    to_json,
)
from chunkproof_conformance.synth.message import Choice, Failure, Message, Text
from chunkproof_conformance.synth.plan import cut, plan
from chunkproof_conformance.synth.render import render
from chunkproof_conformance.synth.scenario import Scenario, scenario

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from chunkproof_conformance.cases.key import Strength

_FIRST: Final = DIALECTS["generic-role-with-text"]
"""Its first frame says something, so that a damaged first line is a lost text."""
_COMPACT: Final = Framing()


def _said(text: str, failure: str | None = None) -> Message:
    finish = None if failure else "stop"
    return Message((Choice((Text(text),), finish),), None, Failure(failure) if failure else None)


def _frames(text: str, size: int = 6) -> list[Frame]:
    message = _said(text)
    return render(_FIRST, message, plan(message, lambda text: cut(text, size)))


def _case(
    name: str,
    title: str,
    message: Message,
    *,
    rules: str,
    rows: str,
    frames: Sequence[Frame] | None = None,
    framing: Framing | None = None,
    pieces: Iterable[bytes] | None = None,
    strength: Strength = "must",
    profiles: str = "core",
    note: str,
) -> Scenario:
    return scenario(
        f"framing/generic-{name}",
        title,
        _FIRST,
        message,
        profiles=profiles,
        strength=strength,
        rules=f"{rules} TXT-1",
        rows=rows,
        frames=frames,
        framing=framing,
        pieces=pieces,
        note=note,
    )


def _after(body: bytes, *places: bytes) -> list[int]:
    """Every offset right after one of these byte strings."""
    ends = {found.end() for place in places for found in re.finditer(re.escape(place), body)}
    return sorted(ends - {len(body)})


def _bom() -> Scenario:
    text = "A mark comes first."
    return _case(
        "bom",
        "A byte order mark before the first line, which holds text",
        _said(text),
        rules="SSE-2 END-2",
        rows="bom-at-start",
        frames=_frames(text),
        framing=Framing(bom=True),
        note="a byte order mark before the first frame",
    )


def _crlf_lines() -> Scenario:
    text = "Two ends are one end."
    body = to_bytes(_frames(text), Framing(line_end="\r\n", data_line=40))
    return _case(
        "crlf-data-lines",
        "CRLF line ends and payloads on several data lines; reads end between CR and LF",
        _said(text),
        rules="SSE-3 SSE-4 SSE-8 END-2",
        rows="crlf crlf-split-between-reads multi-line-data",
        pieces=pieces_at(body, _after(body, b"\r")),
        note="several data lines for each payload, cut between CR and LF",
    )


def _cr_everything() -> Scenario:
    text = "One byte ends it."
    frames = [replace(frame, comments=(" ping",)) for frame in _frames(text)]
    body = to_bytes(frames, Framing(line_end="\r", bom=True, data_line=40))
    return _case(
        "cr-bom-comments",
        "CR line ends, a byte order mark in two reads, a comment and several data lines a frame",
        _said(text),
        rules="SSE-2 SSE-3 SSE-5 SSE-8 END-2",
        rows="cr-only bom-at-start comment-inside-event multi-line-data",
        pieces=pieces_at(body, [1, *_after(body, b"\r\r")]),
        note="a comment in every frame; the first read ends inside the byte order mark",
    )


def _crlf_everything() -> Scenario:
    text = "Two bytes end it, three begin it."
    frames = [
        replace(frame, comments=("",), event="message", id=str(number))
        for number, frame in enumerate(_frames(text))
    ]
    return _case(
        "crlf-bom-fields",
        "CRLF line ends, a byte order mark, and an empty comment, an id and a type in every frame",
        _said(text),
        rules="SSE-2 SSE-3 SSE-5 SSE-9 END-2",
        rows="crlf bom-at-start comment-inside-event event-field",
        frames=frames,
        framing=Framing(line_end="\r\n", bom=True),
        note="an empty comment, an id and an event type in every frame",
    )


def _mixed_inside() -> Scenario:
    text = "Each line of a frame ends in its own way."
    ends = ("\r\n", "\r", "\n")
    framing = Framing(data_line=30)
    spelt = [
        [*lines_of(replace(frame, comments=(" c",)), framing), ""] for frame in _frames(text, 9)
    ]
    lines = [line for frame in spelt for line in frame]
    # CR before an empty line that ends in LF would be one CRLF.
    made = [
        line + ("\n" if after == "" else ends[number % 3])
        for number, (line, after) in enumerate(zip(lines, [*lines[1:], "x"], strict=True))
    ]
    return _case(
        "mixed-line-ends-in-frames",
        "LF, CRLF and CR within one frame",
        _said(text),
        rules="SSE-3 SSE-5 SSE-8 END-2",
        rows="mixed-line-endings multi-line-data comment-inside-event",
        pieces=[line.encode() for line in made],
        note="every line of a frame with another end",
    )


def _lost_payloads() -> Scenario:
    text = "Only what is data is said."
    lost = to_json({"choices": [{"index": 0, "delta": {"content": "lost"}}]}, _COMPACT)
    others = (f" data: {lost}", f"Data: {lost}", f"DATA: {lost}", "x-trace: 1", "datax: 2")
    return _case(
        "lost-payloads",
        "Fields that are almost `data`, with payloads: unknown, and ignored",
        _said(text),
        rules="SSE-10 END-2",
        rows="unknown-field",
        frames=[replace(frame, after=others) for frame in _frames(text)],
        note="lines with a space before `data`, with capitals and with other names in every frame",
    )


def _no_charset() -> Scenario:
    text = "Größe, garçon, niño, Łódź: 90 €"
    return _case(
        "no-charset",
        "A content type without a charset: the body is UTF-8 all the same",
        _said(text),
        rules="SSE-1 END-2",
        rows="charset-missing-latin1 escaped-vs-raw-unicode",
        frames=_frames(text),
        note="letters that would be others in Latin-1",
    )


def _glued() -> Scenario:
    frames = _frames("It was cut. And it went on.", 11)
    first, broken, *rest = frames
    half = to_json(broken.data, _COMPACT)[:-20]
    said = "".join(
        frame.data["choices"][0]["delta"].get("content", "")
        for frame in [first, *rest[1:]]
        if frame.data != DONE
    )
    message = Message((Choice((Text(said),), "stop"),), None, Failure("two payloads in one"))
    return _case(
        "glued-frames",
        "A payload cut off, and the next frame on the same line: no JSON, so it fails loudly",
        message,
        strength="info",
        profiles="lenient",
        rules="PAY-10 END-1",
        rows="glued-frames invalid-json-chunk",
        frames=[first, Frame(f"{half}data: {to_json(rest[0].data, _COMPACT)}"), *rest[1:]],
        note="the end of the second frame taken out, and its line feeds",
    )


def _doubled() -> Scenario:
    frames = _frames("Said once, wrapped twice.", 9)
    first, wrapped, *rest = frames
    said = "".join(
        frame.data["choices"][0]["delta"].get("content", "")
        for frame in [first, *rest]
        if frame.data != DONE
    )
    message = Message((Choice((Text(said),), "stop"),), None, Failure("a payload in a payload"))
    return _case(
        "double-data-prefix",
        "`data:` twice on a line: the payload begins with a word, so it is no JSON and fails",
        message,
        strength="info",
        profiles="lenient",
        rules="PAY-10 END-1",
        rows="double-data-prefix",
        frames=[first, Frame(f"data: {to_json(wrapped.data, _COMPACT)}"), *rest],
        note="the second frame wrapped once more",
    )


def _one_read() -> Scenario:
    text = "All of it came at once."
    frames = [replace(frame, event="message") for frame in _frames(text, 2)]
    return _case(
        "all-in-one-read",
        "Every frame, each with an event type, in one read",
        _said(text),
        rules="SSE-4 SSE-9 END-2",
        rows="many-events-per-read event-field",
        pieces=[to_bytes(frames)],
        note="not cut at all",
    )


def _odd_cuts() -> Scenario:
    text = "Cuts: {\"a\": [1, 2]} \\ 'é' 😀 end"
    frames = [replace(frame, comments=(" x",), id="7") for frame in _frames(text, 5)]
    body = BOM + to_bytes(frames, Framing(line_end="\r\n", ascii=True))
    inside = [
        *(1, 2, 4),
        *_after(body, b"da", b"data", b"data:", b"i", b":", b"\r\n", b"\r\n\r", b"[DO", b"[DONE"),
        *_after(body, b"\\", b"\\u", b"\\ud8", b'"cho', b"17", b"nul", b'"content":"'),
    ]
    return _case(
        "cut-at-every-kind-of-place",
        "Reads that end in the mark, names, colons, blank lines, escapes, numbers, keys, `[DONE]`",
        _said(text),
        rules="SSE-2 SSE-3 SSE-4 SSE-5 SSE-6 END-2",
        rows="read-splits-json crlf-split-between-reads bom-at-start comment-inside-event",
        pieces=pieces_at(body, sorted(set(inside))),
        note="cut after every such beginning",
    )


SCENARIOS: Final = (
    _bom(),
    _crlf_lines(),
    _cr_everything(),
    _crlf_everything(),
    _mixed_inside(),
    _lost_payloads(),
    _no_charset(),
    _glued(),
    _doubled(),
    _one_read(),
    _odd_cuts(),
)
