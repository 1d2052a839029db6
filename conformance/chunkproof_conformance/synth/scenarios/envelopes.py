"""Chunks and choices around the deltas: ids, kinds, messages beside deltas, several choices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from chunkproof_conformance.synth import edits
from chunkproof_conformance.synth.dialects.catalogue import DIALECTS
from chunkproof_conformance.synth.framing import DONE, Frame
from chunkproof_conformance.synth.message import Call, Choice, Message, Refusal, Text, Usage
from chunkproof_conformance.synth.plan import cut, in_turn, plan
from chunkproof_conformance.synth.render import render
from chunkproof_conformance.synth.scenario import Scenario, scenario

if TYPE_CHECKING:
    from collections.abc import Callable

    from chunkproof_conformance.cases.key import Strength
    from chunkproof_conformance.synth.plan import Plan

_GENERIC: Final = DIALECTS["generic"]
_COUNTS: Final = Usage(13, 8, 21)


def _case(
    name: str,
    title: str,
    message: Message,
    edit: Callable[[list[Frame]], list[Frame]] | None = None,
    *,
    rules: str,
    rows: str,
    note: str | None = None,
    dialect: str = "generic",
    strength: Strength = "should",
    profiles: str = "lenient",
    steps: Plan | None = None,
) -> Scenario:
    steps = steps or plan(message, lambda text: cut(text, 7))
    frames = render(DIALECTS[dialect], message, steps)
    return scenario(
        name,
        title,
        DIALECTS[dialect],
        message,
        profiles=profiles,
        strength=strength,
        rules=rules,
        rows=rows,
        frames=edit(frames) if edit else frames,
        note=note,
    )


def _said(text: str, usage: Usage | None = None) -> Message:
    return Message((Choice((Text(text),)),), usage)


def _numbered(change: Callable[[int, Frame], Frame]) -> Callable[[list[Frame]], list[Frame]]:
    """Change every chunk by its number."""
    return lambda frames: [
        frame if frame.data == DONE else change(number, frame)
        for number, frame in enumerate(frames)
    ]


def _so_far(frames: list[Frame]) -> list[Frame]:
    """The whole message so far beside every delta."""
    text, made = "", []
    for frame in frames:
        if frame.data == DONE:
            made.append(frame)
            continue
        text += frame.data["choices"][0]["delta"].get("content") or ""
        made.append(edits.choice(frame, message={"role": "assistant", "content": text}))
    return made


def _instead(frames: list[Frame]) -> list[Frame]:
    """The whole message in one chunk, where a delta should be."""
    whole = {"role": "assistant", "content": "Not a word of this is a delta."}
    return [edits.choice(frames[0], "delta", message=whole), *frames[-2:]]


def _wrong_kinds(frames: list[Frame]) -> list[Frame]:
    """Members of other kinds than they must be, each in a chunk of its own."""
    opening = frames[0]
    odd: list[dict[str, Any]] = [
        {"content": 7},
        {"content": {"text": "no"}},
        {"role": ["assistant"]},
        {"tool_calls": {"index": 0}},
        {"tool_calls": [None, "x", 3]},
        {"refusal": False},
        {"reasoning_content": ["no"]},
    ]
    chunks = [edits.delta(opening, "role", "content", **members) for members in odd]
    more = [
        edits.chunk(opening, choices=5),
        edits.chunk(opening, choices=[None]),
        edits.choice(opening, delta="text"),
        edits.choice(opening, finish_reason=0),
        edits.chunk(opening, usage="many"),
        edits.chunk(opening, id=5, created="now"),
    ]
    return [*frames[:2], *chunks, *more, *frames[2:]]


def _paired(frames: list[Frame]) -> list[Frame]:
    """The nth chunk of each of two choices as one chunk of two."""
    *chunks, done = frames
    spoken: list[list[Frame]] = [[], []]
    for frame in chunks:
        spoken[frame.data["choices"][0]["index"]].append(frame)
    joined = [
        edits.chunk(first, choices=[*first.data["choices"], *second.data["choices"]])
        for first, second in zip(*spoken, strict=True)
    ]
    return [*joined, done]


def _no_index(frames: list[Frame]) -> list[Frame]:
    return [
        frame if frame.data == DONE or not frame.data["choices"] else edits.choice(frame, "index")
        for frame in frames
    ]


_TWO: Final = Message(
    (Choice((Text("Heads, I say."),)), Choice((Text("Tails, I say."),), "length", 1))
)
_THREE: Final = Message(
    (
        Choice((Text("Short."),)),
        Choice((Text("This one is longer than that."),), index=1),
        Choice((Text("And this one ends at its limi"),), "length", 2),
    ),
    _COUNTS,
)
_CALLS: Final = Message(
    (
        Choice((Call("call_y1", "get_time", '{"tz": "UTC"}'),), "tool_calls"),
        Choice((Call("call_y2", "get_weather", '{"city": "Oslo"}'),), "tool_calls", 1),
    )
)
_OPEN: Final = Message((Choice((Text("I am done."),)), Choice((Text("I am no"),), None, 1)))
_WORDS: Final = ("I", " can", "not", " say", " that")
_ENTRIES: Final = tuple(
    {"token": word, "logprob": -0.25 * at, "bytes": list(word.encode()), "top_logprobs": []}
    for at, word in enumerate(_WORDS)
)
_REFUSED: Final = Message((Choice((Refusal("".join(_WORDS)),), refusal_logprobs=_ENTRIES),))
_LIKELY: Final = Message(
    (
        Choice((Text("".join(_WORDS)),), logprobs=_ENTRIES),
        Choice((Text("".join(_WORDS[:3])),), "length", 1, logprobs=_ENTRIES[:3]),
    )
)

SCENARIOS: Final = (
    _case(
        "envelope/proxy-id-changes",
        "Another id in every chunk: one answer all the same, the first id is its own",
        _said("Who says that I am another?"),
        _numbered(lambda number, frame: edits.chunk(frame, id=f"chatcmpl-{number}")),
        strength="must",
        rules="ENV-1 TXT-1 FIN-1 END-2",
        rows="id-changes",
        note="the number of the chunk in its id",
    ),
    _case(
        "envelope/proxy-id-late",
        "An empty id and model first, the real ones later, and another model in the end",
        _said("Names come late."),
        _numbered(
            lambda number, frame: edits.chunk(
                frame,
                id="" if number < 2 else "chatcmpl-late",
                model="" if number < 2 else f"model-{number}",
            )
        ),
        rules="ENV-1 TXT-1 FIN-1 END-2",
        rows="id-empty-or-missing id-changes",
        note="empty names in the first two chunks",
    ),
    _case(
        "envelope/generic-members-of-other-kinds",
        "Numbers, lists, objects and strings where others belong: as if they were absent",
        _said("Kind of odd, but kind."),
        _wrong_kinds,
        rules="ENV-6 ENV-3 TXT-1 FIN-1 END-2",
        rows="created-float-or-missing",
        note="thirteen chunks with a member of a wrong kind after the first text",
    ),
    _case(
        "text/generic-message-beside-delta",
        "The whole text so far beside every delta: the deltas are the answer",
        _said("Count: one, two, three."),
        _so_far,
        rules="ENV-7 TXT-1 FIN-1 END-2",
        rows="message-next-to-delta",
        note="a message in every choice",
    ),
    _case(
        "text/generic-message-instead-of-delta",
        "A message where a delta should be: kept aside, and no text of the stream",
        Message((Choice(()),)),
        _instead,
        strength="info",
        rules="ENV-5 ENV-7 FIN-1 END-2",
        rows="message-instead-of-delta",
        note="the first delta replaced by a message",
    ),
    _case(
        "choices/generic-two-in-one-chunk",
        "Both choices in every chunk",
        _TWO,
        _paired,
        strength="must",
        profiles="core choices",
        rules="TXT-1 FIN-1 END-2",
        rows="choices-two-in-chunk choice-finish-each",
        note="the chunks of the two choices joined, one of each",
        steps=in_turn(plan(_TWO, lambda text: cut(text, 5))),
    ),
    _case(
        "choices/generic-three-end-apart",
        "Three choices that end at different times, each for a reason of its own",
        _THREE,
        strength="must",
        profiles="core choices",
        rules="TXT-1 FIN-1 USE-1 END-2",
        rows="choices-interleaved choice-finish-each",
        steps=in_turn(plan(_THREE, lambda text: cut(text, 4))),
    ),
    _case(
        "choices/generic-calls-in-each",
        "A call of index 0 in each of two choices: two calls",
        _CALLS,
        strength="must",
        profiles="core choices tools",
        rules="TOOL-1 TOOL-3 TOOL-8 FIN-1 END-2",
        rows="choice-tools-per-choice choices-interleaved",
        steps=in_turn(plan(_CALLS, lambda text: cut(text, 6))),
    ),
    _case(
        "choices/generic-one-unfinished",
        "`[DONE]` while the second choice has no finish reason: none is invented",
        _OPEN,
        strength="choice",
        profiles="choices lenient",
        rules="END-4 END-9 TXT-1 FIN-1",
        rows="done-no-finish",
        steps=in_turn(plan(_OPEN, lambda text: cut(text, 4))),
    ),
    _case(
        "choices/generic-index-missing",
        "A choice without an index is the first",
        _said("Nobody counted."),
        _no_index,
        rules="ENV-3 TXT-1 FIN-1 END-2",
        rows="choice-index-missing",
        note="no index in any choice",
    ),
    _case(
        "logprobs/generic-refusal",
        "Log probabilities of a refusal: a list of their own",
        _REFUSED,
        strength="must",
        profiles="core refusal logprobs",
        rules="ENV-9 TXT-5 FIN-1 END-2",
        rows="logprobs-refusal refusal-delta",
        steps=plan(_REFUSED, given={(0, 0): _WORDS}),
    ),
    _case(
        "logprobs/generic-from-the-first",
        "Log probabilities in the first chunk of each of two choices, and more to append to each",
        _LIKELY,
        strength="must",
        profiles="core choices logprobs",
        rules="ENV-9 TXT-1 FIN-1 END-2",
        rows="logprobs-first-chunk-alias logprobs-append choices-interleaved",
        dialect="generic-role-with-text",
        steps=in_turn(plan(_LIKELY, given={(0, 0): _WORDS, (1, 0): _WORDS[:3]})),
    ),
)
