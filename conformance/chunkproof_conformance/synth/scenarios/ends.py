"""How streams end: with and without `[DONE]` and finish reason, and cut."""

from __future__ import annotations

from typing import Final

from chunkproof_conformance.synth.dialects.catalogue import DIALECTS
from chunkproof_conformance.synth.framing import Frame, Framing, pieces
from chunkproof_conformance.synth.message import Choice, Message, Text
from chunkproof_conformance.synth.plan import cut, plan
from chunkproof_conformance.synth.render import render
from chunkproof_conformance.synth.scenario import Scenario, scenario

_GENERIC: Final = DIALECTS["generic"]
_CONTESTED: Final = frozenset({"END-3", "END-4"})


def _said(text: str, finish: str | None, end: str) -> Message:
    return Message((Choice((Text(text),), finish),), end="done" if end == "done" else "eof")


def _frames(message: Message, size: int = 7) -> list[Frame]:
    return render(_GENERIC, message, plan(message, lambda text: cut(text, size)))


def _double_done() -> Scenario:
    message = _said("It was said once.", "stop", "done")
    late = _frames(_said("Too late", "length", "done"))[1:]
    return scenario(
        "end/generic-double-done-and-trailing-data",
        "After `[DONE]`: chunks with other text and another finish, and `[DONE]` again",
        _GENERIC,
        message,
        profiles="lenient",
        strength="should",
        rules="END-2 END-7 END-9",
        rows="done-duplicate data-after-done",
        frames=[*_frames(message), *late],
        note="the chunks of another stream after `[DONE]`",
    )


def _cut_mid_json() -> Scenario:
    whole = _said("The cut comes in the middle.", "stop", "done")
    message = _said("The cut comes", None, "eof")
    parts = ["The cut", " comes", " in the middle."]
    made = pieces(render(_GENERIC, whole, plan(whole, given={(0, 0): parts})))
    cut_piece = made[3][: made[3].index(b"in the")]
    return scenario(
        "end/generic-cut-mid-json",
        "The body ends inside a payload: what came before it stays, nothing is invented",
        _GENERIC,
        message,
        profiles="core",
        strength="must",
        rules="SSE-13 END-5 END-9",
        rows="eof-mid-line eof-no-done-no-finish",
        pieces=[*made[:3], cut_piece],
        note="cut inside a string of the fourth frame",
    )


def _no_blank_line() -> Scenario:
    whole = _said("The last line hangs.", "stop", "eof")
    message = _said("The last line hangs.", None, "eof")
    return scenario(
        "end/generic-eof-without-blank-line",
        "The frame of the finish reason is not ended by an empty line, so it is discarded",
        _GENERIC,
        message,
        profiles="core",
        strength="must",
        rules="SSE-13 END-5 END-9",
        rows="eof-no-blank-line",
        frames=_frames(whole),
        framing=Framing(last_blank=False),
        note="the last line feed and `[DONE]` are missing",
    )


def _done_in_content() -> Scenario:
    parts = ["[DONE]", " data: [DONE]\n\n", "data: ", "[DONE]", " is only text"]
    message = _said("".join(parts), "stop", "done")
    return scenario(
        "end/generic-done-text-inside-content",
        "`[DONE]` as text of the answer ends nothing",
        _GENERIC,
        message,
        profiles="core",
        strength="should",
        rules="PAY-1 TXT-1 END-2",
        rows="done-inside-content",
        steps=plan(message, given={(0, 0): parts}),
    )


def _plain(name: str, title: str, message: Message, *, rules: str, row: str) -> Scenario:
    contested = any(rule in _CONTESTED for rule in rules.split())
    return scenario(
        f"end/generic-{name}",
        title,
        _GENERIC,
        message,
        profiles="lenient" if contested else "core",
        strength="choice" if contested else "must",
        rules=f"TXT-1 {rules}",
        rows=row,
        frames=_frames(message),
    )


SCENARIOS: Final = (
    _plain(
        "no-done-finish-present",
        "A finish reason, a clean end, no `[DONE]`",
        _said("Finished, but not said to be done.", "stop", "eof"),
        rules="FIN-1 END-3",
        row="done-missing-finish-present",
    ),
    _plain(
        "no-done-no-finish",
        "A clean end with neither finish reason nor `[DONE]`",
        _said("It just stops he", None, "eof"),
        rules="END-5 END-9",
        row="eof-no-done-no-finish",
    ),
    _plain(
        "done-no-finish",
        "`[DONE]` without a finish reason: complete, and no reason is invented",
        _said("Done for no reason.", None, "done"),
        rules="END-4 END-9",
        row="done-no-finish",
    ),
    _double_done(),
    _cut_mid_json(),
    _no_blank_line(),
    _done_in_content(),
)
