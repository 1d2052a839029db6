"""Chunks of unusual shape: members missing, null, beside others, or of another kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from chunkproof_conformance.synth import edits
from chunkproof_conformance.synth.dialects.catalogue import DIALECTS
from chunkproof_conformance.synth.framing import Frame
from chunkproof_conformance.synth.message import (
    Aside,
    Choice,
    Failure,
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

_COUNTS: Final = Usage(33, 9, 42)


def _said(
    *segments: Segment, usage: Usage | None = None, failure: Failure | None = None
) -> Message:
    return Message((Choice(segments, None if failure else "stop"),), usage, failure)


def _edited(
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
    size: int = 7,
) -> Scenario:
    frames = render(DIALECTS[dialect], message, plan(message, lambda text: cut(text, size)))
    return scenario(
        name,
        title,
        DIALECTS[dialect],
        message,
        profiles=profiles,
        strength=strength,
        rules=rules,
        rows=rows,
        frames=frames if edit is None else edit(frames),
        note=note,
    )


def _usage_chunk(*drop: str, **members: Any) -> Callable[[list[Frame]], list[Frame]]:
    """Change the chunk of usage, the last but one frame."""
    return lambda frames: [*frames[:-2], edits.chunk(frames[-2], *drop, **members), frames[-1]]


def _all_chunks(change: Callable[[Frame], Frame]) -> Callable[[list[Frame]], list[Frame]]:
    return lambda frames: [change(frame) if frame.data != "[DONE]" else frame for frame in frames]


def _text_chunks(change: Callable[[Frame], Frame]) -> Callable[[list[Frame]], list[Frame]]:
    """Change the chunks between the opening and the finish."""
    return lambda frames: [frames[0], *map(change, frames[1:-2]), *frames[-2:]]


def _error(payload: Any) -> Callable[[list[Frame]], list[Frame]]:
    """Another payload instead of the error's, which stands before `[DONE]`."""
    return lambda frames: [*frames[:-2], Frame(payload), frames[-1]]


def _merged(frames: list[Frame]) -> list[Frame]:
    """The last thought and the first text in one delta: frames 2 and 3 of one each."""
    opening, thought, text, *rest = frames
    both = {**thought.data["choices"][0]["delta"], **text.data["choices"][0]["delta"]}
    return [opening, edits.delta(thought, **both), *rest]


_FAILED: Final = _said(Text("Half of it"), failure=Failure("The server is full."))

SCENARIOS: Final = (
    _edited(
        "envelope/vllm-choices-null",
        "`choices` as null in the chunk of usage",
        _said(Text("Null is no list."), usage=_COUNTS),
        _usage_chunk(choices=None),
        rules="ENV-4 USE-1 TXT-1 FIN-1 END-2",
        rows="choices-null",
        note="null instead of the empty list",
    ),
    _edited(
        "envelope/proxy-choices-missing",
        "A chunk of usage without `choices`",
        _said(Text("No list at all."), usage=_COUNTS),
        _usage_chunk("choices", "object"),
        rules="ENV-4 USE-1 TXT-1 FIN-1 END-2",
        rows="choices-missing",
        note="the members choices and object taken out",
    ),
    _edited(
        "envelope/proxy-delta-null",
        "`delta` as null in the finishing chunk",
        _said(Text("A delta of nothing.")),
        lambda frames: [*frames[:-2], edits.choice(frames[-2], delta=None), frames[-1]],
        rules="ENV-5 TXT-1 FIN-1 END-2",
        rows="delta-null",
        note="null instead of the empty object",
    ),
    _edited(
        "envelope/local-created-float",
        "`created` as a number with a fraction",
        _said(Text("Time is a float here.")),
        _text_chunks(lambda frame: edits.chunk(frame, created=1790000000.5)),
        rules="ENV-1 ENV-6 TXT-1 FIN-1 END-2",
        rows="created-float-or-missing created-changes",
        note="a fraction in the chunks of text",
    ),
    _edited(
        "text/generic-empty-chunks-first",
        "Several empty deltas before the first text say nothing",
        _said(Text("At last.")),
        lambda frames: [frames[0]] * 4 + frames[1:],
        profiles="core",
        rules="TXT-1 FIN-1 END-2",
        rows="first-chunk-empty-then-data content-empty-string",
        note="the first chunk sent four times",
    ),
    _edited(
        "text/perplexity-message-beside-delta",
        "The whole text so far beside each delta, usage in every chunk, no `[DONE]`",
        Message((Choice((Text("Count: one, two, three."),)),), _COUNTS, end="eof"),
        dialect="perplexity",
        strength="choice",
        rules="SSE-3 ENV-7 TXT-1 FIN-1 USE-1 USE-3 END-3",
        rows="message-next-to-delta citations-top-level object-other crlf role-every-chunk"
        " done-missing-finish-present",
    ),
    _edited(
        "text/mistral-reference-part",
        "A part of content that refers to a source: kept, and no text",
        _said(
            Text("As they say"),
            Aside({"content": [{"type": "reference", "reference_ids": [1]}]}),
            Text(" it is so."),
            usage=_COUNTS,
        ),
        dialect="mistral-no-padding",
        rules="TXT-1 TXT-2 FIN-1 USE-1 END-2",
        rows="content-array content-array-reference",
    ),
    _edited(
        "text/generic-cumulative-looking-deltas",
        "Deltas that look like the text so far are appended all the same",
        _said(Text("HHeHelHell")),
        lambda frames: [
            frames[0],
            *(edits.delta(frames[1], content="Hell"[:n]) for n in range(1, 5)),
            *frames[-2:],
        ],
        strength="info",
        rules="TXT-1 FIN-1 END-2",
        rows="cumulative-content",
        note="each delta begins with the one before it",
        size=20,
    ),
    _edited(
        "reasoning/bridge-thought-and-text-in-one-delta",
        "Reasoning and content in one delta: both, reasoning first",
        _said(Reasoning("Think."), Text("Speak. And more.")),
        _merged,
        profiles="reasoning lenient",
        rules="RSN-1 TXT-1 FIN-1 END-2",
        rows="reasoning-and-content-same-delta",
        note="the chunk of the thought joined with the first one of text",
        size=6,
    ),
    _edited(
        "reasoning/envoy-object",
        "Reasoning as an object with a text",
        _said(Reasoning("I need to think."), Text("Done.")),
        dialect="generic-object-reasoning",
        profiles="reasoning lenient",
        strength="info",
        rules="RSN-1 TXT-1 FIN-1 END-2",
        rows="reasoning-object",
    ),
    _edited(
        "reasoning/groq-channel",
        "`channel` beside the reasoning is no text",
        _said(Reasoning("We need to greet."), Text("Hi."), usage=_COUNTS),
        dialect="groq-channel",
        profiles="reasoning lenient",
        rules="RSN-1 ENV-7 TXT-1 FIN-1 USE-1 END-2",
        rows="reasoning-channel-key reasoning-field",
    ),
    _edited(
        "reasoning/generic-think-tags-odd",
        "Think tags that close before they open, or never close, or are only named",
        _said(Text("so it is.</think>Use <think> with care. <think>Or n")),
        profiles="core",
        rules="RSN-4 TXT-1 FIN-1 END-2",
        rows="think-orphan-close think-unclosed think-literal-later think-tags-inline",
        size=5,
    ),
    _edited(
        "usage/generic-null-members",
        "Counts of null are counts that were not sent",
        _said(Text("Count it yourself."), usage=Usage(None, 9, None)),
        _usage_chunk(usage={"prompt_tokens": None, "completion_tokens": 9, "total_tokens": None}),
        rules="USE-1 USE-3 TXT-1 FIN-1 END-2",
        rows="usage-null-members",
        note="null instead of the missing counts",
    ),
    _edited(
        "errors/openrouter-empty-choices",
        "An error beside an empty list of choices",
        _FAILED,
        _error({"id": "gen-1", "choices": [], "error": {"code": 502, "message": "No provider"}}),
        strength="must",
        rules="ERR-1 ERR-4 END-1 TXT-1",
        rows="error-with-empty-choices error-then-done",
        note="an error of OpenRouter's shape",
    ),
    _edited(
        "errors/bridge-typed",
        "An error of Anthropic's shape",
        _FAILED,
        _error({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}),
        rules="ERR-1 END-1 TXT-1",
        rows="error-typed-anthropic error-object",
        note="an error of Anthropic's shape",
    ),
    _edited(
        "errors/vllm-flat",
        "An error as a flat object",
        _FAILED,
        _error({"object": "error", "message": "out of memory", "type": "Internal", "code": 500}),
        rules="ERR-2 END-1 TXT-1",
        rows="error-flat",
        note="a flat error of older servers",
    ),
    _edited(
        "errors/lmstudio-embedded",
        "An error object and its message again beside it",
        _FAILED,
        _error({"error": {"message": "Compute error."}, "message": "Compute error."}),
        rules="ERR-1 END-1 TXT-1",
        rows="error-embedded-extra error-object",
        note="an error of LM Studio's shape",
    ),
    _edited(
        "errors/generic-null-error",
        "`error` as null in every chunk is no error",
        _said(Text("All is well.")),
        _all_chunks(lambda frame: edits.chunk(frame, error=None)),
        rules="ERR-1 TXT-1 FIN-1 END-2",
        rows="error-null-field",
        note="a member error of null in every chunk",
    ),
    _edited(
        "finish/vision-preview-details",
        "`finish_details` instead of a finish reason: unknown, and `[DONE]` ends the stream",
        Message((Choice((Text("I see a cat."),), None),)),
        lambda frames: [
            *frames[:-1],
            edits.choice(
                edits.delta(frames[0], "role", "content"), finish_details={"type": "stop"}
            ),
            frames[-1],
        ],
        strength="choice",
        rules="ENV-7 TXT-1 END-4 END-9",
        rows="finish-details-legacy done-no-finish",
        note="a chunk with finish_details put before `[DONE]`",
    ),
)
