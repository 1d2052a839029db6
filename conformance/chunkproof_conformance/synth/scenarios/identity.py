"""Whose fragment is it: entries of tool_calls with odd indexes, ids, names and types."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chunkproof_conformance.synth import edits
from chunkproof_conformance.synth.dialects.catalogue import DIALECTS
from chunkproof_conformance.synth.message import (
    Aside,
    Call,
    Choice,
    Message,
    Reasoning,
    Segment,
    Text,
    Usage,
)
from chunkproof_conformance.synth.plan import cut, plan
from chunkproof_conformance.synth.render import render
from chunkproof_conformance.synth.scenario import Scenario, scenario

if TYPE_CHECKING:
    from collections.abc import Callable

    from chunkproof_conformance.cases.key import Strength
    from chunkproof_conformance.synth.framing import Frame

_COUNTS: Final = Usage(50, 20, 70)
_READ: Final = Call("call_r1", "read_file", '{"path": "a.txt"}')
_LIST: Final = Call("call_s2", "list_files", '{"dir": "."}')


def _said(*segments: Segment, usage: Usage | None = None) -> Message:
    return Message((Choice(segments, "tool_calls"),), usage)


def _case(
    name: str,
    title: str,
    dialect: str,
    message: Message,
    edit: Callable[[list[Frame]], list[Frame]] | None = None,
    *,
    rules: str,
    rows: str,
    strength: Strength = "should",
    profiles: str = "tools lenient",
    note: str | None = None,
) -> Scenario:
    frames = render(DIALECTS[dialect], message, plan(message, lambda text: cut(text, 7)))
    return scenario(
        name,
        title,
        DIALECTS[dialect],
        message,
        profiles=profiles,
        strength=strength,
        rules=f"{rules} FIN-1 END-2",
        rows=rows,
        frames=frames if edit is None else edit(frames),
        note=note,
    )


def _name_in_parts(frames: list[Frame]) -> list[Frame]:
    """The opening said twice, each with a part of the name, before any arguments."""
    opening = frames[1]
    first = edits.entry(opening, function={"name": "read_", "arguments": ""})
    second = edits.entry(opening, "id", "type", function={"name": "file", "arguments": ""})
    return [frames[0], first, second, *frames[2:]]


def _empty_lists(frames: list[Frame]) -> list[Frame]:
    return [frames[0], *(edits.delta(frame, tool_calls=[]) for frame in frames[1:-2]), *frames[-2:]]


_STRING_INDEX: Final = "0"

SCENARIOS: Final = (
    _case(
        "tools/mistral-no-index",
        "One whole call without an index, beside the finish reason",
        "mistral-calls-no-index",
        _said(Call("a1B2c3D4e", "read_file", '{"path": "a.txt"}'), usage=_COUNTS),
        rules="TOOL-4 TOOL-8 TOOL-10 USE-1",
        rows="tc-index-missing-single tc-type-missing-or-late finish-with-payload tc-id-opaque",
    ),
    _case(
        "tools/gemini-no-index-apart",
        "Two whole calls without an index, each in a chunk of its own",
        "generic-calls-no-index-apart",
        _said(_READ, _LIST),
        profiles="tools parallel-tools lenient",
        rules="TOOL-4 TOOL-8 TOOL-9",
        rows="tc-index-missing-across-chunks tc-whole-in-one-chunk",
    ),
    _case(
        "tools/proxy-null-index",
        "An index of null in every entry",
        "generic-calls-null-index",
        _said(_READ, _LIST),
        profiles="tools parallel-tools lenient",
        rules="TOOL-4 TOOL-8 TOOL-9",
        rows="tc-index-null",
    ),
    _case(
        "tools/adapter-string-index",
        "The index as a string of digits",
        "generic",
        _said(_READ),
        lambda frames: [
            frames[0],
            *(edits.entry(frame, index=_STRING_INDEX) for frame in frames[1:-2]),
            *frames[-2:],
        ],
        strength="info",
        rules="TOOL-1 TOOL-3 TOOL-8",
        rows="tc-index-string",
        note="a string instead of the number",
    ),
    _case(
        "tools/nebius-index-drift",
        "A call opened at index 0, its arguments at index 1",
        "generic",
        _said(_READ),
        lambda frames: [
            *frames[:2],
            *(edits.entry(frame, index=1) for frame in frames[2:-2]),
            *frames[-2:],
        ],
        strength="info",
        rules="TOOL-1 TOOL-8",
        rows="tc-index-drift",
        note="index 1 in the fragments of arguments",
    ),
    _case(
        "tools/litellm-zero-no-ids",
        "Two whole calls, both with index 0 and without an id",
        "generic-calls-zero-no-id",
        _said(
            Call(None, "read_file", '{"path": "a.txt"}'), Call(None, "list_files", '{"dir": "."}')
        ),
        strength="choice",
        profiles="tools parallel-tools lenient",
        rules="TOOL-1 TOOL-3C TOOL-8",
        rows="tc-index-all-zero-no-ids tc-id-missing",
    ),
    _case(
        "tools/local-no-id",
        "A call that never gets an id",
        "generic-calls-no-id",
        _said(Call(None, "read_file", '{"path": "a.txt"}')),
        rules="TOOL-1 TOOL-3 TOOL-6 TOOL-8",
        rows="tc-id-missing",
    ),
    _case(
        "tools/generic-id-late",
        "The id comes with the arguments",
        "generic-calls-late-id",
        _said(_READ),
        rules="TOOL-1 TOOL-3 TOOL-6 TOOL-8",
        rows="tc-id-late",
    ),
    _case(
        "tools/glm-id-placeholder",
        "An id that is the word null: any text is an id",
        "generic",
        _said(Call("null", "read_file", '{"path": "a.txt"}')),
        strength="info",
        rules="TOOL-1 TOOL-3 TOOL-6 TOOL-8",
        rows="tc-id-placeholder tc-id-opaque",
    ),
    _case(
        "tools/kimi-empty-name-repeated-id",
        "Later fragments repeat the id and have an empty name",
        "generic-calls-empty-name",
        _said(Call("functions.read_file:0", "read_file", '{"path": "a.txt"}')),
        rules="TOOL-1 TOOL-3 TOOL-6 TOOL-7 TOOL-8",
        rows="tc-name-empty-continuation tc-id-repeated tc-id-opaque",
    ),
    _case(
        "tools/gemini-name-in-parts",
        "The name in two parts before the arguments",
        "generic",
        _said(_READ),
        _name_in_parts,
        rules="TOOL-1 TOOL-3 TOOL-7 TOOL-8",
        rows="tc-name-fragmented",
        note="the opening chunk replaced by two, each with a part of the name",
    ),
    _case(
        "tools/generic-function-null",
        "A later entry whose function is null",
        "generic",
        _said(_READ),
        lambda frames: [*frames[:3], edits.entry(frames[2], function=None), *frames[3:]],
        rules="TOOL-1 TOOL-3 TOOL-8",
        rows="tc-function-null",
        note="an entry without function put between the fragments",
    ),
    _case(
        "tools/vllm-empty-list-beside-text",
        "An empty list of calls beside every text",
        "generic",
        Message((Choice((Text("No call at all, only text."),)),)),
        _empty_lists,
        profiles="lenient",
        rules="TXT-1",
        rows="tool-calls-empty-array",
        note="an empty tool_calls in every delta of text",
    ),
    _case(
        "tools/gemini-signature-alone",
        "A delta with nothing but a signature",
        "gemini",
        Message(
            (
                Choice(
                    (
                        Text("Signed."),
                        Aside(
                            {
                                "role": "assistant",
                                "extra_content": {"google": {"thought_signature": "c2lnbmVk"}},
                            }
                        ),
                    )
                ),
            ),
            _COUNTS,
        ),
        profiles="lenient",
        rules="ENV-7 TXT-1 USE-1",
        rows="signature-only-delta",
    ),
    _case(
        "tools/copilot-split-over-choices",
        "Text in choice 0, the call in choice 1: kept as they came",
        "copilot",
        Message((Choice((Text("Let me read."),)), Choice((_READ,), "tool_calls", 1)), _COUNTS),
        strength="info",
        rules="TXT-1 TOOL-1 TOOL-3 TOOL-8 USE-1",
        rows="tc-split-over-choices choice-finish-each",
    ),
    _case(
        "tools/groq-executed-tools",
        "Tools that the server ran itself are no calls",
        "groq",
        Message(
            (
                Choice(
                    (
                        Text("It is late."),
                        Aside(
                            {
                                "executed_tools": [
                                    {"index": 0, "type": "search", "arguments": "{}", "output": "x"}
                                ]
                            }
                        ),
                    )
                ),
            ),
            _COUNTS,
        ),
        profiles="lenient",
        rules="ENV-7 TXT-1 USE-1",
        rows="server-executed-tools usage-x-groq",
    ),
    _case(
        "finish/zai-on-every-call",
        "The finish reason beside every call, then once more with usage",
        "zai",
        _said(Reasoning("Read, then list."), _READ, _LIST, usage=_COUNTS),
        strength="choice",
        profiles="reasoning tools parallel-tools lenient",
        rules="RSN-1 TOOL-1 TOOL-8 TOOL-9 FIN-6 USE-1",
        rows="finish-premature-null-later finish-duplicate payload-after-finish"
        " usage-in-finish-chunk",
    ),
)
