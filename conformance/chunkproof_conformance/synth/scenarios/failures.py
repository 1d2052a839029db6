"""Errors in more shapes and places: under an event type, flat, in a call, as other vendors say."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from chunkproof_conformance.synth import edits
from chunkproof_conformance.synth.dialects.catalogue import DIALECTS
from chunkproof_conformance.synth.framing import DONE, Frame
from chunkproof_conformance.synth.message import (
    Call,
    Choice,
    Failure,
    Message,
    Reasoning,
    Segment,
    Text,
)
from chunkproof_conformance.synth.plan import cut, plan
from chunkproof_conformance.synth.render import render
from chunkproof_conformance.synth.scenario import Scenario, scenario

if TYPE_CHECKING:
    from chunkproof_conformance.cases.key import Strength

_FAILED: Final = Failure("The server is full.")


def _case(
    name: str,
    title: str,
    segments: tuple[Segment, ...],
    *payloads: Frame,
    rules: str,
    rows: str,
    note: str | None = None,
    dialect: str = "generic",
    strength: Strength = "should",
    profiles: str = "lenient",
    finish: str | None = None,
    done: bool = True,
) -> Scenario:
    """An answer, then these frames instead of the dialect's own error."""
    said = Message((Choice(segments, finish),), end="done" if done else "eof")
    frames = render(DIALECTS[dialect], said, plan(said, lambda text: cut(text, 9)))
    chunks = frames[:-1] if done else frames
    return scenario(
        f"errors/{name}",
        title,
        DIALECTS[dialect],
        Message(said.choices, None, _FAILED, said.end),
        profiles=profiles,
        strength=strength,
        rules=f"{rules} END-1",
        rows=rows,
        frames=[*chunks, *payloads, *([Frame(DONE)] if done else [])],
        note=note,
    )


def _own(
    name: str,
    title: str,
    dialect: str,
    *segments: Segment,
    failure: Failure,
    rules: str,
    rows: str,
    strength: Strength,
    profiles: str,
    finish: str | None = None,
) -> Scenario:
    """An error in the dialect's own words."""
    message = Message(
        (Choice(segments, finish),), None, failure, "done" if DIALECTS[dialect].done else "eof"
    )
    return scenario(
        f"errors/{name}",
        title,
        DIALECTS[dialect],
        message,
        profiles=profiles,
        strength=strength,
        rules=f"{rules} END-1",
        rows=rows,
        steps=plan(message, lambda text: cut(text, 9)),
    )


def _body(
    name: str, title: str, body: bytes, *, content_type: str, failed: bool, rows: str
) -> Scenario:
    message = Message((), None, _FAILED if failed else None, end="eof")
    return scenario(
        f"errors/generic-{name}",
        title,
        DIALECTS["generic"],
        message,
        profiles="lenient",
        strength="should",
        rules="PAY-15 END-1" if failed else "PAY-15 END-8 END-9",
        rows=rows,
        pieces=[body],
        note="no event stream at all",
        content_type=content_type,
    )


def _two() -> Scenario:
    message = Message((Choice((Text("Before it, between, and at the end."),)),), None, _FAILED)
    said = Message(message.choices)
    frames = render(DIALECTS["generic"], said, plan(said, lambda text: cut(text, 9)))
    frames.insert(2, Frame({"error": {"message": "The server is full.", "type": "warning"}}))
    return scenario(
        "errors/generic-two-and-text-after",
        "An error, then the rest of the answer, and another error: failed, and all text stays",
        DIALECTS["generic"],
        message,
        profiles="lenient",
        strength="should",
        rules="ERR-1 END-1 TXT-1 FIN-1",
        rows="error-object error-string error-then-done",
        frames=[*frames[:-1], Frame({"error": "once more"}), frames[-1]],
        note="an error after the first text, and a string before `[DONE]`",
    )


def _falsy() -> Scenario:
    message = Message((Choice((Text("Nothing of this is an error."),)),))
    frames = render(DIALECTS["generic"], message, plan(message, lambda text: cut(text, 6)))
    nothings: tuple[Any, ...] = (None, False, "", {})
    return scenario(
        "errors/generic-none-in-four-spellings",
        "`error` as null, false, an empty text and an empty object is none",
        DIALECTS["generic"],
        message,
        profiles="lenient",
        strength="should",
        rules="ERR-1 TXT-1 FIN-1 END-2",
        rows="error-null-field extra-fields",
        frames=[
            frame if frame.data == DONE else edits.chunk(frame, error=nothings[number % 4])
            for number, frame in enumerate(frames)
        ],
        note="a member error in every chunk",
    )


_HALF: Final = (Text("Half an ans"),)
_CALL: Final = Call("call_z1", "send_mail", '{"to": "all"}')
_HTML: Final = ": PROCESSING\n\n<html><head><title>502 Überlastet</title></head></html>\n".encode()
_AZURE: Final = {
    "message": "The response was filtered.",
    "code": "content_filter",
    "status": 400,
    "innererror": {"code": "ResponsibleAIPolicyViolation"},
}

SCENARIOS: Final = (
    _case(
        "generic-event-error-word",
        "A bare word under `event: error`: elsewhere a keep-alive, here a failure",
        _HALF,
        Frame("overloaded", event="error"),
        rules="ERR-3 TXT-1",
        rows="error-event-field event-field",
        note="a word under an event type put before `[DONE]`",
    ),
    _case(
        "generic-event-error-flat",
        "An object without `error` under `event: error`",
        _HALF,
        Frame({"status": 500, "title": "Internal"}, event="error"),
        done=False,
        rules="ERR-3 TXT-1 END-9",
        rows="error-event-field event-field",
        note="an object under an event type at the end",
    ),
    _case(
        "generic-detail",
        "`detail` and a status, as FastAPI answers",
        _HALF,
        Frame({"detail": "Model not loaded", "status": 503}),
        rules="ERR-2 TXT-1",
        rows="extra-fields",
        note="a flat object put before `[DONE]`",
    ),
    _case(
        "gpustack-field",
        "A field named `error`, as GPUStack sends it",
        _HALF,
        Frame(after=('error: {"code": 500, "message": "out of memory"}',)),
        dialect="gpustack",
        done=False,
        strength="info",
        rules="ERR-5 TXT-1",
        rows="role-never",
        note="a line `error: ...` in a frame of its own at the end",
    ),
    _case(
        "generic-inside-call",
        "An error between two fragments of a call: half arguments, and nothing to run",
        (Call("call_z1", "send_mail", '{"to": "al'),),
        Frame({"error": {"message": "The server is full.", "type": "server_error", "code": 503}}),
        strength="must",
        profiles="core tools",
        rules="ERR-1 TOOL-1 TOOL-3 TOOL-8 TOOL-12",
        rows="error-object error-then-done tc-args-invalid-json",
        note="an error object put before `[DONE]`",
    ),
    _case(
        "generic-after-call",
        "An error after whole arguments and their finish reason: failed, so nothing may run",
        (_CALL,),
        Frame({"error": {"message": "The server is full.", "type": "server_error", "code": 503}}),
        finish="tool_calls",
        strength="must",
        profiles="core tools",
        rules="ERR-1 TOOL-1 TOOL-3 TOOL-8 TOOL-12 FIN-1",
        rows="error-object error-then-done tc-fragmented",
        note="an error object put before `[DONE]`",
    ),
    _case(
        "generic-finish-error-alone",
        "The finish reason `error` and no word of why",
        _HALF,
        finish="error",
        rules="FIN-5 TXT-1",
        rows="finish-error",
    ),
    _case(
        "azure-filtered-midstream",
        "Azure's error of the content filter, with its inner one",
        _HALF,
        Frame({"error": _AZURE}),
        dialect="azure-2024",
        done=False,
        rules="ERR-1 TXT-1",
        rows="error-object choices-empty-first",
        note="an error of Azure's shape at the end",
    ),
    _two(),
    _own(
        "openai-midstream",
        "An error frame, then usage and `[DONE]`, as OpenAI sends them",
        "openai-error",
        *_HALF,
        failure=Failure("The server had an error.", "server_error"),
        strength="must",
        profiles="core",
        rules="ERR-1 TXT-1",
        rows="error-object error-then-done",
    ),
    _own(
        "vllm-midstream",
        "Half an answer, then an error with a code that is a number",
        "vllm-calls",
        Reasoning("This could take lo"),
        failure=Failure("CUDA out of memory.", "InternalServerError", 500),
        strength="should",
        profiles="reasoning lenient",
        rules="ERR-1 RSN-1",
        rows="error-object error-then-done reasoning-field",
    ),
    _own(
        "openrouter-in-reasoning",
        "An error in the chunk that finishes with `error`, inside the reasoning",
        "openrouter-error",
        Reasoning("Let me think about th"),
        finish="error",
        failure=Failure("Provider returned error", None, 429),
        strength="should",
        profiles="reasoning lenient",
        rules="ERR-1 ERR-4 FIN-5 RSN-1",
        rows="error-with-choice finish-error reasoning-field comment-keepalive",
    ),
    _own(
        "groq-in-call",
        "Under `event: error` inside a call",
        "groq",
        Call("call_z2", "send_mail", '{"to": "al'),
        failure=Failure("Failed to call a function.", "invalid_request_error", "tool_use_failed"),
        strength="should",
        profiles="tools lenient",
        rules="ERR-3 TOOL-1 TOOL-8 TOOL-12",
        rows="error-event-field error-object event-field",
    ),
    _own(
        "anthropic-overloaded",
        "A compatibility layer passes an overload on",
        "anthropic-compat",
        Text("I'd be happy to h"),
        failure=Failure("Overloaded", "overloaded_error"),
        strength="should",
        profiles="lenient",
        rules="ERR-1 TXT-1",
        rows="error-object",
    ),
    _body(
        "json-error-body",
        "Status 200 and an error as JSON where a stream was asked for",
        json.dumps({"error": {"message": "No such model.", "code": 404}}, indent=2).encode(),
        content_type="application/json",
        failed=True,
        rows="json-body-not-sse error-object",
    ),
    _body(
        "page-after-comments",
        "Comments, then a page instead of a stream: incomplete, never an empty success",
        _HTML,
        content_type="text/html",
        failed=False,
        rows="comment-keepalive keepalive-not-progress",
    ),
    _falsy(),
)
