"""Calls side by side in many layouts, and entries that leave out or repeat what they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from chunkproof_conformance.synth import edits
from chunkproof_conformance.synth.dialects.catalogue import DIALECTS
from chunkproof_conformance.synth.framing import DONE, Frame
from chunkproof_conformance.synth.message import Call, Choice, Message, Segment, Text
from chunkproof_conformance.synth.plan import calls_in_turn, cut, plan
from chunkproof_conformance.synth.render import render
from chunkproof_conformance.synth.scenario import Scenario, scenario

if TYPE_CHECKING:
    from collections.abc import Callable

    from chunkproof_conformance.cases.key import Strength

_WEATHER: Final = Call("call_i1", "get_weather", '{"city": "Oslo", "unit": "c"}')
_TIME: Final = Call("call_i2", "get_time", '{"tz": "Europe/Oslo"}')
_NEWS: Final = Call("call_i3", "get_news", '{"about": "fjords"}')
_BOTH: Final = Message((Choice((_WEATHER, _TIME), "tool_calls"),))


def _in_turn(
    vendor: str, dialect: str, what: str, *, rules: str, rows: str, strength: Strength = "should"
) -> Scenario:
    """The same two calls, a fragment of each in turn."""
    return scenario(
        f"tools/{vendor}-interleaved",
        f"Fragments of two calls in turn; {what}",
        DIALECTS[dialect],
        _BOTH,
        profiles="core tools parallel-tools"
        if strength == "must"
        else "tools parallel-tools lenient",
        strength=strength,
        rules=f"TOOL-1 TOOL-3 TOOL-8 TOOL-9 {rules} FIN-1 END-2",
        rows=f"tc-parallel-interleaved tc-fragmented {rows}",
        steps=calls_in_turn(plan(_BOTH, lambda text: cut(text, 9)), _BOTH),
    )


def _case(
    name: str,
    title: str,
    *segments: Segment,
    edit: Callable[[list[Frame]], list[Frame]] | None = None,
    rules: str,
    rows: str,
    note: str | None = None,
    dialect: str = "generic",
    strength: Strength = "should",
    profiles: str = "tools lenient",
    finish: str = "tool_calls",
    size: int = 7,
) -> Scenario:
    message = Message((Choice(segments, finish),))
    frames = render(DIALECTS[dialect], message, plan(message, lambda text: cut(text, size)))
    return scenario(
        f"tools/generic-{name}",
        title,
        DIALECTS[dialect],
        message,
        profiles=profiles,
        strength=strength,
        rules=f"{rules} FIN-1 END-2",
        rows=rows,
        frames=edit(frames) if edit else frames,
        note=note,
    )


def _entries(
    change: Callable[[dict[str, Any]], dict[str, Any]],
) -> Callable[[list[Frame]], list[Frame]]:
    """Change every entry of tool_calls."""

    def changed(frame: Frame) -> Frame:
        if frame.data == DONE or not frame.data["choices"]:
            return frame
        entries = frame.data["choices"][0]["delta"].get("tool_calls")
        return edits.delta(frame, tool_calls=list(map(change, entries))) if entries else frame

    return lambda frames: list(map(changed, frames))


def _without_index(entry: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in entry.items() if name != "index"}


def _side_by_side() -> Scenario:
    """One delta opens both calls, and each later one holds a fragment of both."""
    message = Message((Choice((_WEATHER, _TIME), "tool_calls"),))
    dialect = DIALECTS["generic"]
    parts = {
        (0, at): [call.arguments[start : start + 8] for start in range(0, 32, 8)]
        for at, call in enumerate((_WEATHER, _TIME))
    }
    opening, *frames = render(dialect, message, calls_in_turn(plan(message, given=parts), message))
    entries = [
        frame.data["choices"][0]["delta"]["tool_calls"][0]
        for frame in frames
        if frame.data != DONE and "tool_calls" in frame.data["choices"][0]["delta"]
    ]
    by_call: dict[int, list[dict[str, Any]]] = {0: [], 1: []}
    for entry in entries:
        by_call[entry["index"]].append(entry)
    pairs = zip(by_call[0], by_call[1], strict=True)
    made = [edits.delta(frames[0], tool_calls=list(pair)) for pair in pairs]
    return scenario(
        "tools/generic-both-in-every-delta",
        "A fragment of each of two calls in every delta",
        dialect,
        message,
        profiles="core tools parallel-tools",
        strength="must",
        rules="TOOL-1 TOOL-3 TOOL-8 TOOL-9 FIN-1 END-2",
        rows="tc-several-in-one-delta tc-fragmented tc-parallel-interleaved",
        frames=[opening, *made, *frames[-2:]],
        note="entries of the two calls joined in one delta each",
    )


def _gaps(entry: dict[str, Any]) -> dict[str, Any]:
    return {**entry, "index": (2, 5, 11)[entry["index"]]}


def _orphan(frames: list[Frame]) -> list[Frame]:
    lost = {"index": 0, "function": {"arguments": '{"whose": "is this"}'}}
    return [frames[0], edits.delta(frames[1], "content", tool_calls=[lost]), *frames[1:]]


def _null_arguments(frames: list[Frame]) -> list[Frame]:
    """The opening has arguments of null, and a later entry of nothing but an index too."""
    opening = edits.entry(frames[1], function={"name": "read_file", "arguments": None})
    nothing = edits.entry(frames[2], function={"arguments": None})
    return [frames[0], opening, nothing, *frames[2:-2], nothing, *frames[-2:]]


def _index_later(frames: list[Frame]) -> list[Frame]:
    opening = edits.entry(frames[1], "index")
    return [frames[0], opening, *frames[2:]]


_READ: Final = Call("call_j1", "read_file", '{"path": "a.txt"}')
_MANY: Final = tuple(
    Call(f"call_k{number:02d}", "add", f'{{"a": {number}}}') for number in range(12)
)
_TEXTUAL: Final = '"{\\"path\\": \\"a.txt\\"}"'

SCENARIOS: Final = (
    _in_turn(
        "openai",
        "openai-parallel-calls",
        "padding and usage as null beside them",
        strength="must",
        rules="ENV-8",
        rows="obfuscation content-null",
    ),
    _in_turn(
        "fireworks",
        "fireworks",
        "id, type and name are null in all but the first",
        rules="TOOL-6 TOOL-7",
        rows="tc-id-null-continuation tc-name-null-continuation",
    ),
    _in_turn(
        "qwen",
        "qwen-calls",
        "the id is an empty text in all but the first",
        rules="TOOL-6",
        rows="tc-id-empty-continuation",
    ),
    _in_turn(
        "minimax",
        "minimax",
        "the name is in each of them",
        rules="TOOL-7 ENV-2",
        rows="tc-name-repeated role-empty-string",
    ),
    _in_turn(
        "kimi",
        "generic-calls-empty-name",
        "the id is in each of them, the name empty in all but the first",
        rules="TOOL-6 TOOL-7",
        rows="tc-id-repeated tc-name-empty-continuation",
    ),
    _in_turn(
        "lmstudio",
        "generic-fresh-ids",
        "each has an id of its own",
        rules="TOOL-6",
        rows="tc-id-changes-every-fragment",
    ),
    _in_turn(
        "bedrock",
        "bedrock-index-from-1",
        "indexes that begin at 1",
        rules="",
        rows="tc-index-first-nonzero",
    ),
    _in_turn(
        "generic-late-ids",
        "generic-calls-late-id",
        "the ids come with the arguments",
        rules="TOOL-6",
        rows="tc-id-late",
    ),
    _in_turn(
        "generic-late-names",
        "generic-late-name",
        "the names come with the arguments",
        rules="TOOL-7 TOOL-10",
        rows="tc-name-late tc-type-missing-or-late",
    ),
    _side_by_side(),
    _case(
        "index-gaps",
        "Three calls with the indexes 2, 5 and 11: three calls, none between them",
        _WEATHER,
        _TIME,
        _NEWS,
        edit=_entries(_gaps),
        strength="must",
        profiles="tools parallel-tools lenient",
        rules="TOOL-1 TOOL-3 TOOL-8 TOOL-9",
        rows="tc-index-first-nonzero tc-parallel-sequential tc-fragmented",
        note="other indexes",
    ),
    _case(
        "twelve-calls",
        "Twelve calls of one function: listed by number, not by letter",
        *_MANY,
        strength="must",
        profiles="core tools parallel-tools",
        rules="TOOL-1 TOOL-3 TOOL-8 TOOL-9",
        rows="tc-parallel-sequential tc-fragmented",
        size=5,
    ),
    _case(
        "collapsed-fragments",
        "Two calls in fragments, all with index 0: a new id with a name opens the second",
        _WEATHER,
        _TIME,
        edit=_entries(lambda entry: {**entry, "index": 0}),
        profiles="tools parallel-tools lenient",
        rules="TOOL-1 TOOL-2 TOOL-3 TOOL-8 TOOL-9",
        rows="tc-index-all-zero-distinct-ids tc-fragmented",
        note="index 0 in every entry",
    ),
    _case(
        "no-index-fragments",
        "Two calls in fragments without an index: what has no id and no name continues the last",
        _WEATHER,
        _TIME,
        edit=_entries(_without_index),
        profiles="tools parallel-tools lenient",
        rules="TOOL-4 TOOL-8 TOOL-9",
        rows="tc-index-missing-across-chunks tc-fragmented",
        note="no index in any entry",
    ),
    _case(
        "index-after-opening",
        "A call opened without an index, its arguments with one",
        _READ,
        edit=_index_later,
        strength="info",
        rules="TOOL-4 TOOL-1 TOOL-8",
        rows="tc-index-missing-single tc-fragmented",
        note="no index in the first entry",
    ),
    _case(
        "arguments-null",
        "Arguments of null at the opening, and entries that say nothing: no text `null`",
        _READ,
        edit=_null_arguments,
        profiles="tools lenient",
        rules="TOOL-1 TOOL-3 TOOL-8",
        rows="tc-args-null tc-fragmented",
        note="null instead of the empty arguments, and two more entries with null",
    ),
    _case(
        "arguments-in-a-string",
        "Arguments that are JSON text inside a JSON string: the raw text, not read twice",
        Call("call_j2", "read_file", _TEXTUAL),
        strength="info",
        rules="TOOL-1 TOOL-3 TOOL-8",
        rows="tc-args-double-encoded tc-fragmented tc-args-escape-split",
        size=5,
    ),
    _case(
        "arguments-not-json",
        "Arguments that are no JSON in a stream that ended well: kept raw, not runnable",
        Call("call_j3", "read_file", "{path: a.txt}"),
        strength="must",
        profiles="core tools",
        rules="TOOL-1 TOOL-3 TOOL-8 TOOL-12",
        rows="tc-args-invalid-json tc-fragmented",
    ),
    _case(
        "orphan-fragment",
        "Arguments that belong to no call: no call is made of them",
        Text("No call here."),
        edit=_orphan,
        finish="stop",
        rules="TOOL-5 TXT-1",
        rows="role-first-only",
        note="an entry without id and name put before the text",
    ),
    _case(
        "text-and-call-in-one-delta",
        "The last text and the opening of a call in one delta",
        Text("Here."),
        _READ,
        edit=lambda frames: [
            frames[0],
            edits.delta(frames[2], content="Here."),
            *frames[3:],
        ],
        strength="must",
        profiles="core tools",
        rules="TXT-1 TOOL-1 TOOL-3 TOOL-8",
        rows="content-and-tools-same-delta tc-fragmented",
        note="the chunk of the text joined with the one that opens the call",
    ),
    _case(
        "empty-names-of-nothing",
        "Entries without anything between the fragments of a call",
        _READ,
        edit=lambda frames: [
            *frames[:3],
            edits.entry(frames[2], "index", id="", type="", function={"name": "", "arguments": ""}),
            edits.delta(frames[2], tool_calls=[{}]),
            *frames[3:],
        ],
        rules="TOOL-1 TOOL-3 TOOL-4 TOOL-6 TOOL-7 TOOL-8",
        rows="tc-id-empty-continuation tc-fragmented",
        note="an entry of empty texts and an empty object put after the first fragment",
    ),
)
