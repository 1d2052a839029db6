"""Errors: first, in the middle, as a string, in a choice, under `event: error`, as a body."""

from __future__ import annotations

import json
from typing import Final

from chunkproof_conformance.synth.dialects.azure_async_filter import verdict
from chunkproof_conformance.synth.dialects.catalogue import DIALECTS
from chunkproof_conformance.synth.framing import Frame
from chunkproof_conformance.synth.message import Choice, Failure, Message, Text, Usage
from chunkproof_conformance.synth.plan import cut, plan
from chunkproof_conformance.synth.render import render
from chunkproof_conformance.synth.scenario import Scenario, scenario


def _half(text: str, failure: Failure, finish: str | None = None) -> Message:
    return Message((Choice((Text(text),), finish),), None, failure)


def _string_error() -> Scenario:
    message = _half("Half an ans", Failure("boom"))
    frames = [*render(DIALECTS["generic"], message)[:-2], Frame({"error": "boom"}), Frame("[DONE]")]
    return scenario(
        "errors/string-error",
        "An error as a string",
        DIALECTS["generic"],
        message,
        profiles="lenient",
        strength="should",
        rules="ERR-1 END-1 TXT-1",
        rows="error-string error-then-done",
        frames=frames,
        note="the error's object replaced by its message",
    )


def _late_filter() -> Scenario:
    dialect = DIALECTS["azure-async-filter"]
    message = Message((Choice((Text("A story that goes too far"),), "content_filter"),))
    steps = plan(message, given={(0, 0): ["A story", " that goes", " too far"]})
    first, role, one, two, three, _finish, done = render(dialect, message, steps)
    found = {"violence": {"filtered": True, "severity": "high"}}
    frames = [
        *(first, role, one, two),
        Frame(verdict(0, 17)),
        three,
        Frame(verdict(17, 25, found, "content_filter")),
        done,
    ]
    return scenario(
        "errors/azure-late-content-filter",
        "Verdicts of the filter in choices without a delta, the last one finishes the answer",
        dialect,
        message,
        profiles="lenient",
        strength="should",
        rules="ENV-1 ENV-5 ENV-7 TXT-1 FIN-1 END-2",
        rows="azure-async-offsets delta-missing finish-content-filter choices-empty-first",
        frames=frames,
        note="verdicts put between the deltas; the last replaces the finishing chunk",
    )


def _json_body() -> Scenario:
    message = Message((Choice((Text("No stream, but an answer."),)),), Usage(7, 6, 13), end="eof")
    body = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1790000000,
        "model": "generic-model",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "No stream, but an answer."},
                "logprobs": None,
                "finish_reason": "stop",
            }
        ],
        "usage": {"prompt_tokens": 7, "completion_tokens": 6, "total_tokens": 13},
    }
    return scenario(
        "errors/generic-json-body-not-sse",
        "A whole answer as JSON where a stream was asked for",
        DIALECTS["generic"],
        message,
        profiles="lenient",
        strength="should",
        rules="PAY-15 TXT-1 FIN-1 USE-1",
        rows="json-body-not-sse",
        pieces=[json.dumps(body, indent=1).encode()],
        note="no event stream: the answer in one JSON document",
        content_type="application/json",
    )


def _groq() -> Scenario:
    failure = Failure("Failed to call a function.", "invalid_request_error", "tool_use_failed")
    message = Message((Choice((Text("I will call the"),), None),), None, failure, end="eof")
    return scenario(
        "errors/groq-event-error",
        "Text, then a frame under `event: error`, and nothing more",
        DIALECTS["groq"],
        message,
        profiles="lenient",
        strength="should",
        rules="ERR-1 ERR-3 END-1 TXT-1 END-9",
        rows="error-event-field error-object event-field",
        steps=plan(message, lambda text: cut(text, 6)),
    )


SCENARIOS: Final = (
    scenario(
        "errors/vllm-200-first",
        "Status 200, then nothing but an error and `[DONE]`",
        DIALECTS["vllm-calls"],
        Message((), None, Failure("The model is overloaded.", "InternalServerError", 500)),
        profiles="core",
        strength="must",
        rules="ERR-1 END-1 END-9",
        rows="error-first-after-200 error-then-done error-object",
    ),
    scenario(
        "errors/openrouter-midstream-finish-error",
        "An error beside a choice that finishes with `error`: what was said stays",
        DIALECTS["openrouter-error"],
        _half("Half of an ans", Failure("Provider disconnected", None, 502), "error"),
        profiles="lenient",
        strength="must",
        rules="ERR-1 ERR-4 FIN-5 END-1 TXT-1",
        rows="error-with-choice finish-error comment-keepalive",
    ),
    _groq(),
    _string_error(),
    _late_filter(),
    _json_body(),
)
