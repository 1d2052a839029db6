"""Reasoning in more members, lists and details, and before calls in several vendors' layouts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from chunkproof_conformance.synth import edits
from chunkproof_conformance.synth.dialects.catalogue import DIALECTS
from chunkproof_conformance.synth.framing import DONE
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

_COUNTS: Final = Usage(19, 27, 46)
_MEMBER: Final = "reasoning_content"


def _renamed(
    change: Callable[[str], dict[str, Any]],
) -> Callable[[list[Frame]], list[Frame]]:
    """Every `reasoning_content` said by other members of the delta."""

    def changed(frame: Frame) -> Frame:
        if frame.data == DONE or not frame.data["choices"]:
            return frame
        text = frame.data["choices"][0]["delta"].get(_MEMBER)
        if not text:
            return frame
        said = change(text)
        return edits.delta(frame, _MEMBER, **said)

    return lambda frames: list(map(changed, frames))


def _case(
    name: str,
    title: str,
    *segments: Segment,
    change: Callable[[str], dict[str, Any]] | None = None,
    rules: str,
    rows: str,
    note: str | None = None,
    dialect: str = "generic",
    strength: Strength = "should",
    finish: str = "stop",
    profiles: str = "reasoning lenient",
) -> Scenario:
    usage = _COUNTS if DIALECTS[dialect].usage and dialect != "generic" else None
    message = Message((Choice(segments, finish),), usage)
    frames = render(DIALECTS[dialect], message, plan(message, lambda text: cut(text, 9)))
    return scenario(
        f"reasoning/{name}",
        title,
        DIALECTS[dialect],
        message,
        profiles=profiles,
        strength=strength,
        rules=f"{rules} FIN-1 {'USE-1 ' if usage else ''}END-2",
        rows=rows,
        frames=_renamed(change)(frames) if change else frames,
        note=note,
    )


def _detail(**members: Any) -> dict[str, Any]:
    return {"reasoning_details": [{**members, "format": "unknown", "index": 0}]}


_THOUGHT: Final = Reasoning("Two and two, so four.")
_ANSWER: Final = Text("Four.")
_CALL: Final = Call("call_q1", "add", '{"a": 2, "b": 2}')
_SEALED: Final = Aside(_detail(type="reasoning.encrypted", data="c2VhbGVk"))


def _before_call(vendor: str, dialect: str, rules: str, rows: str) -> Scenario:
    """The same thought and call as each vendor lays them out."""
    return _case(
        f"{vendor}-before-call",
        "A thought, then a call",
        _THOUGHT,
        _CALL,
        dialect=dialect,
        finish="tool_calls",
        profiles="reasoning tools lenient",
        rules=f"RSN-1 TOOL-1 TOOL-8 {rules}",
        rows=rows,
    )


def _headless(
    name: str,
    title: str,
    dialect: str,
    *segments: Segment,
    rules: str,
    rows: str,
    profiles: str = "reasoning lenient",
) -> Scenario:
    """A stream of GPUStack's; what its end means is contested (rule END-3)."""
    is_call = isinstance(segments[-1], Call)
    choice = Choice(segments, "tool_calls" if is_call else "stop")
    message = Message((choice,), _COUNTS, end="eof")
    return scenario(
        f"{'tools' if is_call else 'reasoning'}/{name}",
        title,
        DIALECTS[dialect],
        message,
        profiles=profiles,
        strength="choice",
        rules=f"{rules} ENV-2 FIN-1 END-3",
        rows=rows,
        steps=plan(message, lambda text: cut(text, 9)),
    )


SCENARIOS: Final = (
    _case(
        "copilot-reasoning-text",
        "`reasoning_text`, as Copilot's endpoint calls it",
        _THOUGHT,
        _ANSWER,
        change=lambda text: {"reasoning_text": text},
        rules="RSN-1 TXT-1",
        rows="extra-fields",
        note="another name for the member",
    ),
    _case(
        "ollama-thinking",
        "`thinking`, as Ollama's own endpoint calls it, beside an empty content",
        Reasoning("Carry the one?\n\nNothing to carry."),
        _ANSWER,
        change=lambda text: {"thinking": text, "content": ""},
        rules="RSN-1 TXT-1",
        rows="content-empty-string extra-fields",
        note="another name for the member, and an empty content",
    ),
    _case(
        "proxy-two-thoughts",
        "Two members with different thoughts: the first of the order counts",
        _THOUGHT,
        _ANSWER,
        change=lambda text: {"reasoning": "Something else.", _MEMBER: text},
        strength="info",
        rules="RSN-2 RSN-1 TXT-1",
        rows="reasoning-mirrored",
        note="another member with another text, before it on the wire",
    ),
    _case(
        "openrouter-details-alone",
        "Details with a text and no other member: the text of the details",
        _THOUGHT,
        _ANSWER,
        change=lambda text: _detail(type="reasoning.text", text=text),
        rules="RSN-1 RSN-3 TXT-1",
        rows="reasoning-details",
        note="details of the type text instead",
    ),
    _case(
        "openrouter-summary",
        "Details of a summary, and the member beside them: said once",
        _THOUGHT,
        _ANSWER,
        change=lambda text: {"reasoning": text, **_detail(type="reasoning.summary", summary=text)},
        rules="RSN-1 RSN-3 TXT-1",
        rows="reasoning-details reasoning-field",
        note="details of the type summary, and the member `reasoning`",
    ),
    _case(
        "openrouter-encrypted",
        "Encrypted details: nothing to read, and kept to be sent back",
        _SEALED,
        _ANSWER,
        profiles="lenient",
        rules="RSN-3 TXT-1",
        rows="reasoning-details",
    ),
    _case(
        "databricks-parts-of-a-summary",
        "Content as a list with a part of reasoning, whose summary is a list again",
        _THOUGHT,
        _ANSWER,
        change=lambda text: {
            "content": [{"type": "reasoning", "summary": [{"type": "summary_text", "text": text}]}]
        },
        rules="TXT-2 RSN-1 TXT-1",
        rows="content-array",
        note="parts of content instead of the member",
    ),
    _case(
        "generic-text-between",
        "Thoughts before and after a text: each in its place, and joined in the end",
        _THOUGHT,
        _ANSWER,
        Reasoning(" Or five?"),
        Text(" No: four."),
        profiles="core reasoning",
        rules="RSN-1 TXT-1",
        rows="reasoning-interleaved reasoning-content",
    ),
    _headless(
        "gpustack-no-role",
        "GPUStack's newer streams: reasoning, never a role, never `[DONE]`",
        "gpustack-reasoning",
        _THOUGHT,
        _ANSWER,
        rules="RSN-1 TXT-1 USE-1",
        rows="reasoning-content role-never done-missing-finish-present",
    ),
    _headless(
        "gpustack-calls-beside-finish",
        "GPUStack's calls: whole, without an index, in the chunk that finishes",
        "gpustack-calls",
        _CALL,
        Call("call_q2", "add", '{"a": 4, "b": 4}'),
        rules="TOOL-4 TOOL-8 TOOL-9 USE-1",
        rows="tc-index-missing-parallel finish-with-payload role-never usage-in-finish-chunk",
        profiles="tools parallel-tools lenient",
    ),
    _before_call("groq", "groq", "ENV-7", "reasoning-field usage-x-groq"),
    _before_call("openrouter", "openrouter", "SSE-5 ENV-2", "reasoning-details role-every-chunk"),
    _before_call("zai", "zai", "", "reasoning-content"),
    _before_call("xai", "xai", "", "reasoning-content"),
    _before_call("llamacpp", "llamacpp", "", "reasoning-content"),
    _before_call("sglang", "sglang-calls", "FIN-2", "reasoning-content"),
)
