"""Framing: one answer in every spelling the event stream allows."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from chunkproof_conformance.synth.cuts import pieces_at
from chunkproof_conformance.synth.dialects.catalogue import DIALECTS
from chunkproof_conformance.synth.framing import DONE, Frame, Framing, pieces, to_bytes, to_json
from chunkproof_conformance.synth.message import Choice, Message, Text
from chunkproof_conformance.synth.plan import cut, plan
from chunkproof_conformance.synth.render import render
from chunkproof_conformance.synth.scenario import Scenario, scenario

_GENERIC: Final = DIALECTS["generic"]
_MIB: Final = 1024 * 1024


def _said(text: str) -> Message:
    return Message((Choice((Text(text),)),))


def _frames(message: Message, size: int = 6) -> list[Frame]:
    return render(_GENERIC, message, plan(message, lambda text: cut(text, size)))


def _crlf() -> Scenario:
    message = _said("Lines end in two bytes here.")
    body = to_bytes(_frames(message), Framing(line_end="\r\n"))
    return scenario(
        "framing/generic-crlf",
        "CRLF line ends; reads end between CR and LF",
        _GENERIC,
        message,
        profiles="core",
        strength="must",
        rules="SSE-3 SSE-4 TXT-1 END-2",
        rows="crlf crlf-split-between-reads",
        pieces=pieces_at(body, (at for at in range(1, len(body)) if body[at - 1] == 13)),
        note="cut between CR and LF",
    )


def _meta() -> Scenario:
    message = _said("Nothing but data is data.")
    frames: list[Frame] = [Frame(retry="3000"), Frame(event="ping"), Frame(id="0")]
    for number, frame in enumerate(_frames(message)):
        frames.append(replace(frame, event="message" if number % 2 else None))
        frames.append(Frame(retry="100", after=("data-source: none",)))
    return scenario(
        "framing/generic-retry-id-meta-events",
        "Frames of id, event, retry and unknown fields alone dispatch nothing",
        _GENERIC,
        message,
        profiles="core",
        strength="must",
        rules="SSE-9 SSE-10 SSE-11 SSE-14 TXT-1 END-2",
        rows="meta-only-event event-field unknown-field",
        frames=frames,
        note="frames without data put between the chunks",
    )


def _sticky_id() -> Scenario:
    message = _said("An id stays when a ping comes.")
    frames: list[Frame] = []
    for number, frame in enumerate(_frames(message)):
        frames += [replace(frame, id=str(number)), Frame(comments=(" ping",))]
    return scenario(
        "framing/generic-id-sticky-ping-llmgateway",
        "An id on every frame, and comments in frames of their own between them",
        _GENERIC,
        message,
        profiles="core",
        strength="must",
        rules="SSE-5 SSE-9 SSE-11 TXT-1 END-2",
        rows="id-then-comment-blank comment-keepalive",
        frames=frames,
        note="an id on every frame, and a comment after it",
    )


def _empty_data() -> Scenario:
    message = _said("A ping is not an answer.")
    frames: list[Frame] = [Frame("")]
    for frame in _frames(message):
        frames += [frame] if frame.data == DONE else [frame, Frame("", event="ping")]
    return scenario(
        "framing/generic-empty-data-ping",
        "Pings of an empty data line: the payload is empty and says nothing",
        _GENERIC,
        message,
        profiles="lenient",
        strength="should",
        rules="SSE-12 PAY-2 TXT-1 END-2",
        rows="empty-data-event event-field",
        frames=frames,
        note="empty data lines put between the chunks",
    )


def _comment_inside() -> Scenario:
    message = _said("Comments may stand anywhere.")
    frames = [
        replace(frame, comments=(" before", ""), after=(": after",)) for frame in _frames(message)
    ]
    return scenario(
        "framing/generic-comments-inside-events",
        "Comment lines before and after the data line of one frame",
        _GENERIC,
        message,
        profiles="core",
        strength="must",
        rules="SSE-5 TXT-1 END-2",
        rows="comment-inside-event comment-keepalive",
        frames=frames,
        note="comment lines put into every frame",
    )


def _one_space() -> Scenario:
    """The payload of a frame is not trimmed; JSON does not mind, so the data lines show it."""
    message = _said("  two spaces, kept  ")
    return scenario(
        "framing/generic-strip-one-space-only",
        "Two spaces after the colon, and text that begins and ends with spaces",
        _GENERIC,
        message,
        profiles="core",
        strength="must",
        rules="SSE-6 TXT-1 END-2",
        rows="strip-one-space-only",
        frames=[frame if frame.data == DONE else _spaced(frame) for frame in _frames(message)],
        note="a second space before the payload, which JSON allows",
    )


def _spaced(frame: Frame) -> Frame:
    return Frame(" " + to_json(frame.data, Framing()))


def _mixed() -> Scenario:
    message = _said("Each line ends in its own way.")
    ends = ("\n", "\r\n", "\r")
    made = [
        pieces([frame], Framing(line_end=ends[number % 3]))[0]
        for number, frame in enumerate(_frames(message))
    ]
    return scenario(
        "framing/generic-mixed-line-ends",
        "LF, CRLF and CR in one body",
        _GENERIC,
        message,
        profiles="core",
        strength="must",
        rules="SSE-3 TXT-1 END-2",
        rows="mixed-line-endings",
        pieces=made,
        note="the line ends of each frame are of another kind",
    )


def _long_line() -> Scenario:
    message = _said("".join(f"{number:07d} " for number in range(_MIB // 8)))
    return scenario(
        "framing/generic-long-line-1mib",
        "One delta of 1 MiB on one line",
        _GENERIC,
        message,
        profiles="core",
        strength="must",
        rules="SSE-4 TXT-1 FIN-1 END-2",
        rows="long-line",
        steps=plan(message, lambda text: [text]),
    )


def _spelt(
    name: str, title: str, text: str, framing: Framing, *, rules: str, rows: str
) -> Scenario:
    message = _said(text)
    return scenario(
        f"framing/generic-{name}",
        title,
        _GENERIC,
        message,
        profiles="core",
        strength="must",
        rules=f"{rules} TXT-1 END-2",
        rows=rows,
        frames=_frames(message),
        framing=framing,
    )


SCENARIOS: Final = (
    _crlf(),
    _spelt(
        "cr",
        "CR line ends",
        "Old line ends.",
        Framing(line_end="\r"),
        rules="SSE-3 SSE-4",
        rows="cr-only",
    ),
    _spelt(
        "nospace-spring",
        "`data:` without the space, `[DONE]` too",
        "No space here: none.",
        Framing(space=""),
        rules="SSE-6 PAY-1",
        rows="data-no-space done-no-space",
    ),
    _meta(),
    _sticky_id(),
    _spelt(
        "multiline-data",
        "Payloads on several data lines, joined with LF",
        "Many lines, one payload.",
        Framing(data_line=30),
        rules="SSE-8",
        rows="multi-line-data",
    ),
    _empty_data(),
    _long_line(),
    _comment_inside(),
    _one_space(),
    _mixed(),
)
