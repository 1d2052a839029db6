"""Payloads as JSON may spell them, and payloads that are other JSON than a chunk."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from chunkproof_conformance.synth import edits
from chunkproof_conformance.synth.dialects.catalogue import DIALECTS
from chunkproof_conformance.synth.framing import DONE, Frame, Framing, to_json
from chunkproof_conformance.synth.message import Choice, Failure, Message, Text, Usage
from chunkproof_conformance.synth.plan import cut, plan
from chunkproof_conformance.synth.render import render
from chunkproof_conformance.synth.scenario import Scenario, scenario

if TYPE_CHECKING:
    from collections.abc import Callable

    from chunkproof_conformance.cases.key import Strength

_GENERIC: Final = DIALECTS["generic"]
_COMPACT: Final = Framing()


def _case(
    name: str,
    title: str,
    text: str,
    edit: Callable[[list[Frame]], list[Frame]],
    *,
    rules: str,
    rows: str,
    note: str,
    strength: Strength = "should",
    profiles: str = "lenient",
    failure: str | None = None,
    usage: Usage | None = None,
    logprobs: tuple[dict[str, Any], ...] = (),
) -> Scenario:
    said = Failure(failure) if failure else None
    choice = Choice((Text(text),), logprobs=logprobs)
    shown = Message((choice,), usage)
    frames = render(_GENERIC, shown, plan(shown, lambda text: cut(text, 8)))
    return scenario(
        f"payload/generic-{name}",
        title,
        _GENERIC,
        Message((choice,), usage, said),
        profiles=profiles,
        strength=strength,
        rules=f"{rules} TXT-1 FIN-1 {'END-1' if failure else 'END-2'}",
        rows=rows,
        frames=edit(frames),
        note=note,
    )


def _spelt(change: Callable[[str], str]) -> Callable[[list[Frame]], list[Frame]]:
    """Every payload but `[DONE]` as text, changed."""
    return lambda frames: [
        frame if frame.data == DONE else Frame(change(to_json(frame.data, _COMPACT)))
        for frame in frames
    ]


def _escaped_names(payload: str) -> str:
    """RFC 8259, 8.3: names are equal when they are equal unescaped."""
    names = {"choices": r"\u0063hoices", "content": r"\u0063ontent", "delta": r"d\u0065lta"}
    for name, escaped in names.items():
        payload = payload.replace(f'"{name}":', f'"{escaped}":')
    return payload


def _spread(payload: str) -> str:
    """White space wherever JSON allows it but for line ends, which belong to the framing."""
    return json.dumps(json.loads(payload), ensure_ascii=False, separators=(" \t,  ", "\t:  "))


def _twice(payload: str) -> str:
    return payload.replace('"delta":{', '"delta":{"content":"not me"},"delta":{')


def _before_done(*payloads: Any) -> Callable[[list[Frame]], list[Frame]]:
    return lambda frames: [*frames[:-1], *map(Frame, payloads), frames[-1]]


def _between(*payloads: Any) -> Callable[[list[Frame]], list[Frame]]:
    """One of the payloads after each chunk, in turn."""

    def mixed(frames: list[Frame]) -> list[Frame]:
        chunks = [
            [frame, Frame(payloads[number % len(payloads)])]
            for number, frame in enumerate(frames[:-1])
        ]
        return [frame for pair in chunks for frame in pair] + [frames[-1]]

    return mixed


def _float_indexes(frames: list[Frame]) -> list[Frame]:
    return [
        frame if frame.data == DONE or not frame.data["choices"] else edits.choice(frame, index=0.0)
        for frame in frames
    ]


def _not_numbers(payload: str) -> str:
    """The log probability of the last token becomes -Infinity, that of any other NaN."""
    number = "-Infinity" if '"token":"g."' in payload else "NaN"
    return payload.replace('"logprob":null', f'"logprob":{number}')


def _deep(levels: int) -> str:
    return f'{{"id":"x","choices":[],"deep":{"[" * levels}{"]" * levels}}}'


_PINGS: Final = ({"type": "ping"}, {"event": "heartbeat", "time": 17}, {"status": "processing"})

SCENARIOS: Final = (
    _case(
        "names-escaped",
        "Member names with escapes are the names they spell",
        "The name is the same.",
        _spelt(_escaped_names),
        strength="must",
        profiles="core",
        rules="PAY-5",
        rows="escaped-vs-raw-unicode",
        note="a letter of three member names as an escape",
    ),
    _case(
        "white-space",
        "White space between all tokens of the JSON text",
        "It is only  white space.",
        _spelt(_spread),
        strength="must",
        profiles="core",
        rules="PAY-5",
        rows="role-first-only",
        note="tabs and spaces between the tokens",
    ),
    _case(
        "duplicate-names",
        "A member twice in one object: the last one counts",
        "Last one wins.",
        _spelt(_twice),
        rules="PAY-14",
        rows="role-first-only",
        note="a delta put before every delta",
    ),
    _case(
        "control-characters",
        "Raw control characters inside strings, which JSON forbids: text all the same",
        "tab\tbell\x07unit\x1f.",
        _spelt(lambda payload: payload.replace("\\t", "\t").replace("\\u0007", "\x07")),
        strength="info",
        rules="PAY-11",
        rows="role-first-only",
        note="escapes of a tab and a bell replaced by the bytes themselves",
    ),
    _case(
        "not-a-number",
        "NaN and Infinity, which JSON does not know: null where they are kept",
        "Not a log.",
        _spelt(_not_numbers),
        strength="info",
        profiles="logprobs lenient",
        rules="PAY-12 ENV-9",
        rows="logprobs-append",
        logprobs=tuple(
            {"token": token, "logprob": None, "bytes": None, "top_logprobs": []}
            for token in ("Not a lo", "g.")
        ),
        note="NaN as the first log probability, -Infinity as the second",
    ),
    _case(
        "nested-too-deep",
        "A payload nested deeper than anything real: said loudly, the rest is read",
        "Deep enough.",
        _before_done(_deep(300)),
        strength="info",
        rules="PAY-13",
        rows="extra-fields",
        failure="nested too deep",
        note="a chunk with 300 lists in each other put before `[DONE]`",
    ),
    _case(
        "nested-deep",
        "A member nested 200 deep is no reason to fail",
        "Not so deep.",
        _before_done(_deep(200)),
        rules="PAY-13 ENV-7",
        rows="extra-fields",
        note="a chunk with 200 lists in each other put before `[DONE]`",
    ),
    _case(
        "string",
        "A JSON string instead of a chunk: somebody says why it failed",
        "And the",
        _before_done('"upstream request timeout"'),
        rules="PAY-7",
        rows="role-first-only",
        failure="upstream request timeout",
        note="a string put before `[DONE]`",
    ),
    _case(
        "list-of-errors",
        "A list that begins with an error, as Google's endpoints answer",
        "I was about",
        _before_done([{"error": {"code": 503, "message": "overloaded", "status": "UNAVAILABLE"}}]),
        rules="PAY-7",
        rows="role-first-only",
        failure="overloaded",
        note="a list with an error object put before `[DONE]`",
    ),
    _case(
        "numbers-and-lists",
        "Numbers, booleans and lists between the chunks say nothing",
        "None of these is a chunk.",
        _between("42", "true", "[]", "[1, 2]", "-0.5e3"),
        rules="PAY-8",
        rows="non-object-data",
        note="such payloads put between the chunks",
    ),
    _case(
        "other-objects",
        "Objects without choices, usage and error between the chunks say nothing",
        "Heartbeats are objects too.",
        _between(*_PINGS),
        rules="PAY-6",
        rows="extra-fields",
        note="such objects put between the chunks",
    ),
    _case(
        "index-as-fraction",
        "An index of 0.0 is the number 0",
        "Zero is zero.",
        _float_indexes,
        strength="should",
        rules="PAY-5 ENV-3",
        rows="role-first-only",
        note="0.0 instead of 0",
    ),
)
