"""Payloads and bytes that are almost chunks, and the reads they come in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chunkproof_conformance.synth.cuts import every, pieces_at
from chunkproof_conformance.synth.dialects.catalogue import DIALECTS
from chunkproof_conformance.synth.framing import DONE, Frame, Framing, to_bytes, to_json
from chunkproof_conformance.synth.message import (
    Call,
    Choice,
    Failure,
    Message,
    Reasoning,
    Refusal,
    Text,
    joined_halves,
)
from chunkproof_conformance.synth.plan import cut, plan
from chunkproof_conformance.synth.render import render
from chunkproof_conformance.synth.scenario import Scenario, scenario

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from chunkproof_conformance.cases.key import Strength
    from chunkproof_conformance.synth.message import Segment

_GENERIC: Final = DIALECTS["generic"]


def _said(*segments: Segment, failure: str | None = None) -> Message:
    return Message((Choice(segments),), None, Failure(failure) if failure else None)


def _frames(text: str, size: int = 6) -> list[Frame]:
    message = _said(Text(text))
    return render(_GENERIC, message, plan(message, lambda text: cut(text, size)))


def _case(
    name: str,
    title: str,
    message: Message,
    *,
    rules: str,
    rows: str,
    frames: Sequence[Frame] | None = None,
    pieces: Iterable[bytes] | None = None,
    strength: Strength = "should",
    profiles: str = "lenient",
    note: str,
) -> Scenario:
    return scenario(
        name,
        title,
        _GENERIC,
        message,
        profiles=profiles,
        strength=strength,
        rules=rules,
        rows=rows,
        frames=frames,
        pieces=pieces,
        note=note,
    )


def _between(frames: list[Frame], *others: Frame) -> list[Frame]:
    """One of the others after each frame but `[DONE]`, in turn."""
    mixed: list[Frame] = []
    for number, frame in enumerate(frames):
        mixed.append(frame)
        if frame.data != DONE:
            mixed.append(others[number % len(others)])
    return mixed


_ANYWHERE: Final = "日本語のテキストはどこでも切れる。読み込みは文字の途中で終わることもある。"


def _reads() -> Scenario:
    body = to_bytes(_frames(_ANYWHERE, 8))
    return _case(
        "framing/generic-reads-of-500-bytes",
        "Reads that end inside JSON and inside characters, and hold several frames",
        _said(Text(_ANYWHERE)),
        profiles="core",
        strength="must",
        rules="SSE-4 TXT-1 FIN-1 END-2",
        rows="read-splits-json read-splits-utf8 many-events-per-read",
        pieces=pieces_at(body, every(len(body), 500)),
        note="cut after every 500 bytes",
    )


def _invalid_utf8() -> Scenario:
    body = to_bytes(_frames("caf\ufffd au lait"))
    return _case(
        "framing/generic-invalid-utf8",
        "A byte that is no UTF-8 inside text: one replacement character, and the stream goes on",
        _said(Text("caf\ufffd au lait")),
        rules="SSE-1 TXT-1 FIN-1 END-2",
        rows="invalid-utf8",
        pieces=[body.replace("\ufffd".encode(), b"\xff")],
        note="the byte ff instead of U+FFFD",
    )


def _one_line_feed() -> Scenario:
    frames = _frames("Two on a frame.")
    texts = [to_json(frame.data, Framing()) for frame in frames[:-1]]
    glued = [Frame("\n".join(texts[at : at + 2])) for at in range(0, len(texts), 2)]
    made = [
        b"".join(b"data: %b\n" % line.encode() for line in str(frame.data).split("\n")) + b"\n"
        for frame in (*glued, frames[-1])
    ]
    return _case(
        "framing/generic-single-line-feed",
        "Two chunks on neighbouring data lines, the empty line between them missing",
        _said(Text("Two on a frame.")),
        strength="info",
        rules="SSE-8 PAY-9 TXT-1 FIN-1 END-2",
        rows="single-lf-between-events multi-line-data",
        pieces=made,
        note="every other empty line taken out",
    )


def _surrogates(name: str, title: str, parts: list[str], strength: Strength, rule: str) -> Scenario:
    rules = f"TXT-1 {rule}"
    return _halves(f"text/generic-{name}", title, Text, parts, strength=strength, rules=rules)


def _halves(
    name: str,
    title: str,
    kind: Callable[[str], Segment],
    parts: list[str],
    *,
    strength: Strength,
    rules: str,
    profiles: str = "lenient",
) -> Scenario:
    """A segment whose fragments end inside surrogate pairs."""
    segment = kind(joined_halves("".join(parts)))
    finish = "tool_calls" if isinstance(segment, Call) else "stop"
    message = Message((Choice((segment,), finish),))
    return scenario(
        name,
        title,
        _GENERIC,
        message,
        profiles=profiles,
        strength=strength,
        rules=f"{rules} FIN-1 END-2",
        rows="lone-surrogate escaped-vs-raw-unicode",
        steps=plan(message, given={(0, 0): parts}),
    )


def _invalid_json() -> Scenario:
    frames = _frames("All of it came.")
    return _case(
        "errors/generic-invalid-json",
        "After the finish reason a payload that is no JSON: said loudly, the answer stays",
        _said(Text("All of it came."), failure="a payload that is no JSON"),
        rules="PAY-10 END-1 TXT-1 FIN-1",
        rows="invalid-json-chunk",
        frames=[*frames[:-1], Frame('{"id":"chatcmpl-1","choices":[}'), frames[-1]],
        note="a broken payload put before `[DONE]`",
    )


_COLONS: Final = _said(Text('a: b, "c": [d] data: e :f'))

SCENARIOS: Final = (
    _reads(),
    _invalid_utf8(),
    _one_line_feed(),
    _surrogates(
        "surrogates-split",
        "The halves of a pair in two deltas join",
        ["smile \ud83d", "\ude00 again \ud83d", "\ude03"],
        "should",
        "TXT-3",
    ),
    _surrogates(
        "surrogate-alone",
        "Half a pair that stays alone",
        ["half \ud83d", " and on"],
        "choice",
        "TXT-4",
    ),
    _halves(
        "reasoning/generic-surrogates-split",
        "The halves of a pair in two deltas of reasoning join",
        Reasoning,
        ["thinking \ud83e", "\udd14, \ud83d", "\ude00"],
        strength="should",
        rules="RSN-1 TXT-3",
        profiles="reasoning lenient",
    ),
    _halves(
        "refusal/generic-surrogates-split",
        "The halves of a pair in two deltas of a refusal join",
        Refusal,
        ["no \ud83d", "\ude45 way"],
        strength="should",
        rules="TXT-5 TXT-3",
        profiles="refusal lenient",
    ),
    _halves(
        "tools/generic-surrogates-split",
        "The halves of a pair in two fragments of arguments join",
        lambda arguments: Call("call_u1", "say", arguments),
        ['{"text": "\ud83d', "\udc4b and \ud83c", '\udf89"}'],
        strength="should",
        rules="TOOL-1 TOOL-3 TOOL-8 TXT-3",
        profiles="tools lenient",
    ),
    _invalid_json(),
    scenario(
        "framing/generic-colon-in-payload",
        "Colons and field names inside the text, and no space after the field's own colon",
        _GENERIC,
        _COLONS,
        profiles="core",
        strength="must",
        rules="SSE-6 TXT-1 FIN-1 END-2",
        rows="colon-in-payload data-no-space",
        steps=plan(_COLONS, lambda text: cut(text, 3)),
        framing=Framing(space=""),
    ),
    _case(
        "framing/generic-field-without-colon",
        "Lines that are `data` alone: an empty field, and a payload of white space",
        _said(Text("Nothing in between.")),
        rules="SSE-7 SSE-8 PAY-2 TXT-1 END-2",
        rows="field-no-colon",
        frames=_between(_frames("Nothing in between."), Frame(after=("data", "data"))),
        note="frames of two lines `data` put between the chunks",
    ),
    _case(
        "framing/generic-id-nul-retry-letters",
        "An id with NUL and a retry with letters are ignored",
        _said(Text("Neither of them counts.")),
        rules="SSE-9 SSE-11 TXT-1 END-2",
        rows="id-nul-retry-nondigit meta-only-event",
        frames=_between(_frames("Neither of them counts."), Frame(id="a\0b", retry="1s")),
        note="such frames put between the chunks",
    ),
    _case(
        "framing/generic-comment-as-data",
        "A comment that a proxy wrapped as data says nothing",
        _said(Text("Wrapped, not said.")),
        rules="PAY-3 TXT-1 END-2",
        rows="comment-rewrapped-as-data",
        frames=_between(_frames("Wrapped, not said."), Frame(": OPENROUTER PROCESSING")),
        note="such payloads put between the chunks",
    ),
    _case(
        "framing/generic-payloads-that-are-no-object",
        "`null`, `{}` and a bare word between the chunks say nothing",
        _said(Text("Only objects speak here.")),
        rules="PAY-2 PAY-4 TXT-1 END-2",
        rows="non-object-data",
        frames=_between(
            _frames("Only objects speak here."), Frame("null"), Frame("ping"), Frame("{}")
        ),
        note="such payloads put between the chunks",
    ),
    _case(
        "end/gemini-done-without-brackets",
        "`DONE` without brackets is no end of the stream, only a word",
        Message((Choice((Text("Almost done."),)),), end="eof"),
        strength="choice",
        rules="PAY-4 TXT-1 FIN-1 END-3",
        rows="done-variants done-missing-finish-present",
        frames=[*_frames("Almost done.")[:-1], Frame("DONE")],
        note="`DONE` instead of `[DONE]`",
    ),
)
