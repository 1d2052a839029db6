"""Finish reasons: early, late, twice, empty, unknown."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from chunkproof_conformance.synth import edits
from chunkproof_conformance.synth.dialects.catalogue import DIALECTS
from chunkproof_conformance.synth.message import Call, Choice, Message, Segment, Text, Usage
from chunkproof_conformance.synth.plan import cut, plan
from chunkproof_conformance.synth.render import render
from chunkproof_conformance.synth.scenario import Scenario, scenario

if TYPE_CHECKING:
    from chunkproof_conformance.cases.key import Strength
    from chunkproof_conformance.synth.framing import Frame

_COUNTS: Final = Usage(12, 6, 18)


def with_finish(frame: Frame, reason: str | None) -> Frame:
    """The frame with another finish reason in its first choice."""
    first, *others = frame.data["choices"]
    chunk: dict[str, Any] = {
        **frame.data,
        "choices": [{**first, "finish_reason": reason}, *others],
    }
    return replace(frame, data=chunk)


def _case(
    name: str,
    title: str,
    dialect: str,
    message: Message,
    *,
    profiles: str,
    strength: Strength,
    rules: str,
    rows: str,
) -> Scenario:
    return scenario(
        f"finish/{name}",
        title,
        DIALECTS[dialect],
        message,
        profiles=profiles,
        strength=strength,
        rules=f"{rules} END-2",
        rows=rows,
        steps=plan(message, lambda text: cut(text, 7)),
    )


def _said(segment: Segment, finish: str, usage: Usage | None = None) -> Message:
    return Message((Choice((segment,), finish),), usage)


def _after_finish() -> Scenario:
    message = _said(Text("The end? Not yet."), "stop")
    frames = render(
        DIALECTS["generic"],
        message,
        plan(message, given={(0, 0): ["The", " end?", " Not", " yet."]}),
    )
    del frames[5]
    frames[2] = with_finish(frames[2], "stop")
    return scenario(
        "finish/generic-payload-with-and-after-finish",
        "The finish reason beside text, and more text after it: all text is used",
        DIALECTS["generic"],
        message,
        profiles="lenient",
        strength="choice",
        rules="TXT-1 FIN-1 FIN-6 END-2",
        rows="finish-with-payload payload-after-finish",
        frames=frames,
        note="the finish reason moved to the second of four deltas of text",
    )


def _filtered_late() -> Scenario:
    message = _said(Text("Once upon a time"), "content_filter")
    frames = render(DIALECTS["generic"], message)
    frames.insert(-2, with_finish(frames[-2], "stop"))
    return scenario(
        "finish/generic-content-filter-replaces-stop",
        "`stop`, then `content_filter`: the filter has the last word",
        DIALECTS["generic"],
        message,
        profiles="lenient",
        strength="should",
        rules="TXT-1 FIN-1 FIN-4 END-2",
        rows="finish-content-filter finish-conflicting",
        frames=frames,
        note="a chunk that finishes with `stop` put before the one of the filter",
    )


def _without_delta() -> Scenario:
    message = _said(Text("The last chunk has no delta."), "stop")
    frames = render(DIALECTS["generic"], message)
    frames[-2] = edits.choice(frames[-2], "delta")
    return scenario(
        "finish/generic-without-delta",
        "The finish reason in a choice without a delta",
        DIALECTS["generic"],
        message,
        profiles="lenient",
        strength="must",
        rules="ENV-5 TXT-1 FIN-1 END-2",
        rows="delta-missing finish-standard",
        frames=frames,
        note="no delta in the finishing chunk",
    )


def _everywhere() -> Scenario:
    message = _said(Text("Stop, stop, stop."), "stop")
    frames = render(DIALECTS["generic"], message, plan(message, lambda text: cut(text, 6)))
    return scenario(
        "finish/generic-in-every-chunk",
        "The finish reason in every chunk from the first text on: all text is used",
        DIALECTS["generic"],
        message,
        profiles="lenient",
        strength="choice",
        rules="TXT-1 FIN-1 FIN-6 END-2",
        rows="finish-with-payload finish-duplicate payload-after-finish",
        frames=[
            frames[0],
            *(with_finish(frame, "stop") for frame in frames[1:-1]),
            frames[-1],
        ],
        note="`stop` in every chunk of text",
    )


def _conflict() -> Scenario:
    message = _said(Call("call_k1", "now", "{}"), "tool_calls")
    frames = render(DIALECTS["generic"], message)
    frames.insert(-1, with_finish(frames[-2], "stop"))
    return scenario(
        "finish/together-tool-calls-then-stop",
        "`tool_calls`, then `stop`: the first counts",
        DIALECTS["generic"],
        message,
        profiles="tools lenient",
        strength="should",
        rules="TOOL-1 TOOL-8 FIN-1 FIN-3 END-2",
        rows="finish-conflicting",
        frames=frames,
        note="a chunk that finishes with `stop` put after the first one",
    )


SCENARIOS: Final = (
    _case(
        "ollama-stop-with-tools",
        "A call, and the finish reason `stop`",
        "ollama-cloud",
        _said(Call("call_l2", "get_weather", '{"city":"Oslo"}'), "stop"),
        profiles="core tools",
        strength="must",
        rules="TOOL-1 TOOL-8 TOOL-12 FIN-1 END-9",
        rows="finish-stop-with-tools tc-whole-in-one-chunk",
    ),
    _case(
        "openrouter-duplicate-finish",
        "The finish reason again, beside usage: it says nothing new",
        "openrouter-tier",
        _said(Text("Said and done twice."), "stop", _COUNTS),
        profiles="lenient",
        strength="must",
        rules="TXT-1 FIN-1 USE-1",
        rows="finish-duplicate usage-in-finish-chunk role-every-chunk comment-keepalive",
    ),
    _case(
        "sglang-empty-string",
        "An empty finish reason in every chunk but the last: as null",
        "sglang-empty-finish",
        _said(Text("Not finished until it is."), "stop", _COUNTS),
        profiles="lenient",
        strength="should",
        rules="TXT-1 FIN-1 FIN-2 USE-1",
        rows="finish-empty-string role-null",
    ),
    _case(
        "tgi-unknown-reason",
        "A finish reason that the reference does not name: kept as it is",
        "generic",
        _said(Text("The token said stop."), "eos_token"),
        profiles="lenient",
        strength="should",
        rules="TXT-1 FIN-1",
        rows="finish-unknown-enum",
    ),
    _after_finish(),
    _case(
        "generic-length-truncated-tool-call",
        "The token limit comes inside the arguments: kept raw, not runnable",
        "generic",
        _said(
            Call("call_m3", "write", '{"path": "notes", "text": "It was a dark and sto'), "length"
        ),
        profiles="core tools",
        strength="must",
        rules="TOOL-1 TOOL-3 TOOL-8 TOOL-12 FIN-1",
        rows="tc-args-truncated-length finish-standard",
    ),
    _filtered_late(),
    _conflict(),
    _case(
        "openai-content-filter",
        "The filter ends the answer: a finish reason like any other",
        "openai-2024",
        _said(Text("It began well and th"), "content_filter", _COUNTS),
        profiles="core",
        strength="must",
        rules="TXT-1 FIN-1 USE-1",
        rows="finish-content-filter finish-standard",
    ),
    _case(
        "openai-length-of-nothing",
        "The token limit before any text: an empty answer, and no error",
        "openai",
        Message((Choice((), "length"),), _COUNTS),
        profiles="core",
        strength="must",
        rules="TXT-1 FIN-1 USE-1",
        rows="finish-standard usage-final-empty-choices",
    ),
    _case(
        "generic-tool-calls-without-calls",
        "The finish reason `tool_calls` and no call: said as it was sent, no call is made up",
        "generic",
        _said(Text("I would call if I could."), "tool_calls"),
        profiles="core",
        strength="should",
        rules="TXT-1 FIN-1 END-9",
        rows="finish-standard",
    ),
    _case(
        "gemini-in-capitals",
        "Gemini's own reason in capitals, beside the last text",
        "gemini",
        _said(Text("I ran out of tok"), "MAX_TOKENS", _COUNTS),
        profiles="lenient",
        strength="should",
        rules="TXT-1 FIN-1 USE-1",
        rows="finish-unknown-enum finish-with-payload",
    ),
    _without_delta(),
    _everywhere(),
)
