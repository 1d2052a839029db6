"""Where a body breaks off, and what may stand around its end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chunkproof_conformance.synth.dialects.catalogue import DIALECTS
from chunkproof_conformance.synth.framing import DONE, Frame, pieces
from chunkproof_conformance.synth.message import Call, Choice, Message, Text
from chunkproof_conformance.synth.plan import cut, plan
from chunkproof_conformance.synth.render import render
from chunkproof_conformance.synth.scenario import Scenario, scenario

if TYPE_CHECKING:
    from collections.abc import Iterable

    from chunkproof_conformance.cases.key import Profile, Strength, TransportEnd
    from chunkproof_conformance.synth.message import Segment

_GENERIC: Final = DIALECTS["generic"]
_CALL: Final = Call("call_x1", "read_file", '{"path": "notes.txt", "lines": 12}')


def _case(
    name: str,
    title: str,
    message: Message,
    made: Iterable[bytes],
    *,
    rules: str,
    rows: str,
    note: str,
    strength: Strength = "must",
    profiles: Profile | str = "core",
    transport: TransportEnd = "eof",
) -> Scenario:
    return scenario(
        f"end/generic-{name}",
        title,
        _GENERIC,
        message,
        profiles=profiles,
        strength=strength,
        rules=rules,
        rows=rows,
        pieces=made,
        note=note,
        transport=transport,
    )


def _made(*segments: Segment, finish: str | None = "stop", size: int = 10) -> list[bytes]:
    """The pieces of the whole stream, one for each frame."""
    message = Message((Choice(segments, finish),))
    return pieces(render(_GENERIC, message, plan(message, lambda text: cut(text, size))))


def _half(*segments: Segment, end: str = "eof") -> Message:
    """What a stream without finish reason and `[DONE]` says."""
    return Message((Choice(segments, None),), end="reset" if end == "reset" else "eof")


def _up_to(made: list[bytes], mark: bytes) -> list[bytes]:
    """The pieces up to the first place of the mark, that included."""
    for number, piece in enumerate(made):
        if mark in piece:
            return [*made[:number], piece[: piece.index(mark) + len(mark)]]
    raise ValueError(f"{mark!r} does not stand there")


def _in_character() -> Scenario:
    made = _made(Text("Grüße aus Tōkyō 東京 und"), size=12)
    return _case(
        "cut-in-character",
        "The body ends inside a UTF-8 character: that frame is gone, what came before it stays",
        _half(Text("Grüße aus Tō")),
        _up_to(made, "東".encode()[:2]),
        rules="SSE-1 SSE-13 END-5 END-9",
        rows="eof-mid-line eof-no-done-no-finish escaped-vs-raw-unicode",
        note="cut after two of the three bytes of a character",
    )


def _in_done() -> Scenario:
    made = [piece for piece in _made(Text("It was not done.")) if b'"stop"' not in piece]
    return _case(
        "cut-in-done",
        "The body ends inside `[DONE]`, and no finish reason came: incomplete",
        _half(Text("It was not done.")),
        _up_to(made, b"data: [DO"),
        rules="SSE-13 END-5 END-9 TXT-1",
        rows="eof-mid-line eof-no-done-no-finish",
        note="the finish reason taken out, cut inside `[DONE]`",
    )


def _in_call() -> Scenario:
    made = _made(_CALL, finish="tool_calls")
    return _case(
        "cut-in-call",
        "The body ends between two fragments of a call: half arguments, kept raw, not runnable",
        _half(Call("call_x1", "read_file", '{"path": "notes.txt"')),
        made[:4],
        profiles="core tools",
        rules="TOOL-1 TOOL-3 TOOL-8 TOOL-12 END-5 END-9",
        rows="eof-no-done-no-finish tc-fragmented tc-args-invalid-json",
        note="cut after the second fragment",
    )


def _after_call() -> Scenario:
    made = _made(_CALL, finish="tool_calls")
    return _case(
        "cut-after-call",
        "The arguments are whole, but neither finish reason nor `[DONE]` came: not runnable",
        _half(_CALL),
        made[:-2],
        profiles="core tools",
        rules="TOOL-1 TOOL-3 TOOL-8 TOOL-12 END-5 END-9",
        rows="eof-no-done-no-finish tc-fragmented",
        note="cut after the last fragment",
    )


def _reset(name: str, title: str, *segments: Segment, rows: str, profiles: str) -> Scenario:
    whole = _made(*segments)
    calls = any(isinstance(segment, Call) for segment in segments)
    return _case(
        f"reset-{name}",
        title,
        _half(*segments, end="reset"),
        whole[:-2],
        profiles=profiles,
        rules=f"END-6 END-9 {'TOOL-1 TOOL-3 TOOL-8 TOOL-12' if calls else 'TXT-1'}",
        rows=f"transport-reset {rows}",
        note="the connection breaks before the finish reason",
    )


def _closed_early() -> Scenario:
    text = "The caller has heard eno"
    return _case(
        "closed-early",
        "The caller stops reading in the middle: incomplete, what was read stays",
        _half(Text(text)),
        _made(Text(text))[:-2],
        rules="END-5 END-9 TXT-1",
        rows="close-early",
        transport="client-closed",
        note="the client closes after the third fragment",
    )


def _reset_after_finish() -> Scenario:
    text = Text("All said, then a crash.")
    return _case(
        "reset-after-finish",
        "The connection breaks after the finish reason and before `[DONE]`: failed",
        Message((Choice((text,)),), end="reset"),
        _made(text)[:-1],
        strength="should",
        rules="END-6 FIN-1 TXT-1",
        rows="transport-reset finish-standard",
        note="a reset instead of `[DONE]`",
    )


def _open_after_done(name: str, title: str, transport: TransportEnd, note: str) -> Scenario:
    text = Text(f"Done is done: {name}.")
    return _case(
        f"done-then-{name}",
        title,
        Message((Choice((text,)),)),
        [*_made(text), *pieces([Frame(comments=(" ping",))] * 2)],
        strength="should",
        profiles="lenient",
        rules="END-2 END-6 END-7 TXT-1",
        rows="open-after-done comment-keepalive",
        transport=transport,
        note=note,
    )


_PINGS: Final = pieces([Frame(comments=(" ping",))] * 3)
_GROK: Final = Text("The last line feed is missing.")
_SPACED: Final = Text("White space around the mark.")

SCENARIOS: Final = (
    _in_character(),
    _in_done(),
    _in_call(),
    _after_call(),
    _reset(
        "in-text",
        "The connection breaks inside the text",
        Text("It was going so w"),
        rows="",
        profiles="core",
    ),
    _reset(
        "in-call",
        "The connection breaks inside a call: failed, and nothing to run",
        Call("call_x2", "delete_file", '{"path": "/"}'),
        rows="tc-fragmented",
        profiles="core tools",
    ),
    _closed_early(),
    _reset_after_finish(),
    _open_after_done(
        "comments",
        "Comments after `[DONE]`: nothing is read any more",
        "eof",
        "comments at the end",
    ),
    _open_after_done(
        "reset",
        "The connection stays open after `[DONE]`, with comments, and then breaks: complete",
        "reset",
        "comments at the end, and a reset",
    ),
    _case(
        "comments-alone",
        "Comments and nothing else: incomplete",
        Message((), end="eof"),
        _PINGS,
        strength="info",
        profiles="lenient",
        rules="SSE-5 PAY-15 END-8",
        rows="keepalive-not-progress comment-keepalive",
        note="three comments in frames of their own",
    ),
    _case(
        "done-alone",
        "`[DONE]` and nothing else: no choice, so there is no answer",
        Message((), end="eof"),
        pieces([Frame(DONE)]),
        strength="should",
        profiles="lenient",
        rules="END-8 END-9",
        rows="done-normal",
        note="`[DONE]` alone",
    ),
    _case(
        "done-unterminated",
        "`[DONE]` without its empty line counts",
        Message((Choice((_GROK,)),)),
        [*_made(_GROK)[:-1], b"data: [DONE]\n"],
        strength="should",
        profiles="lenient",
        rules="END-10 END-2 TXT-1 FIN-1",
        rows="eof-no-blank-line",
        note="the last line feed taken out, as Grok at Azure AI Foundry sends it",
    ),
    _case(
        "done-in-white-space",
        "White space around `[DONE]`",
        Message((Choice((_SPACED,)),)),
        [*_made(_SPACED)[:-1], b"data:  [DONE] \t\n\n"],
        strength="should",
        profiles="lenient",
        rules="PAY-1 END-2 TXT-1 FIN-1",
        rows="strip-one-space-only",
        note="a space before the mark, a space and a tab after it",
    ),
)
