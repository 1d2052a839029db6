"""Long and short answers: ten thousand deltas, none at all, JSON as text, a line of arguments."""

from __future__ import annotations

from typing import Final

from chunkproof_conformance.synth import edits
from chunkproof_conformance.synth.cuts import every, pieces_at
from chunkproof_conformance.synth.dialects.catalogue import DIALECTS
from chunkproof_conformance.synth.framing import DONE, Framing, to_bytes
from chunkproof_conformance.synth.message import Call, Choice, Message, Text, Usage
from chunkproof_conformance.synth.plan import cut, plan
from chunkproof_conformance.synth.render import render
from chunkproof_conformance.synth.scenario import Scenario, scenario

_GENERIC: Final = DIALECTS["generic"]
_DELTAS: Final = 10_000
_SCHEMA: Final = {
    "response_format": {
        "type": "json_schema",
        "json_schema": {"name": "answer", "schema": {"type": "object"}, "strict": True},
    }
}


def _ten_thousand() -> Scenario:
    """Bare chunks, so that a body of 10,000 stays small."""
    text = "".join(chr(ord("a") + number % 26) for number in range(_DELTAS))
    message = Message((Choice((Text(text),)),))
    first, *rest = render(_GENERIC, message, plan(message, lambda text: cut(text, 1)))
    bare = [
        frame
        if frame.data == DONE
        else edits.chunk(
            edits.choice(frame, "logprobs"), "id", "object", "created", "model", "usage"
        )
        for frame in rest
    ]
    body = to_bytes([first, *bare], Framing(space=""))
    return scenario(
        "text/generic-ten-thousand-deltas",
        "Ten thousand deltas of one letter, in reads of 64 KiB",
        _GENERIC,
        message,
        profiles="lenient",
        strength="should",
        rules="SSE-4 SSE-6 ENV-1 TXT-1 FIN-1 END-2",
        rows="many-events-per-read data-no-space id-empty-or-missing",
        pieces=pieces_at(body, every(len(body), 64 * 1024)),
        note="all chunks but the first without id, model and time; cut after every 64 KiB",
    )


def _long_arguments() -> Scenario:
    """Longer than the buffers of line readers, and than one read."""
    call = Call("call_l1", "write_file", '{"text": "%s"}' % ("0123456789abcde " * 8_192))
    message = Message((Choice((call,), "tool_calls"),))
    body = to_bytes(render(_GENERIC, message, plan(message, lambda text: [text])))
    return scenario(
        "tools/generic-arguments-of-128-kib",
        "Arguments of 128 KiB in one delta, in reads of 16 KiB",
        _GENERIC,
        message,
        profiles="core tools",
        strength="must",
        rules="SSE-4 TOOL-1 TOOL-8 FIN-1 END-2",
        rows="long-line read-splits-json",
        pieces=pieces_at(body, every(len(body), 16 * 1024)),
        note="cut after every 16 KiB",
    )


_JSON: Final = Message(
    (Choice((Text('{"city": "Oslo", "is": [1, 2.50, true, null], "say": "\\"hei\\""}'),)),),
    Usage(31, 22, 53),
)
_NOTHING: Final = Message((Choice(()),), Usage(5, 0, 5))

SCENARIOS: Final = (
    _ten_thousand(),
    _long_arguments(),
    scenario(
        "text/openai-structured-output",
        "An answer that is JSON by request: text, not read and not rewritten",
        DIALECTS["openai"],
        _JSON,
        profiles="core",
        strength="must",
        rules="TXT-1 ENV-8 FIN-1 USE-1 END-2",
        rows="obfuscation usage-null-elsewhere",
        steps=plan(_JSON, lambda text: cut(text, 5)),
        asks=_SCHEMA,
    ),
    scenario(
        "text/openai-no-text",
        "An answer without any text: complete, and empty",
        DIALECTS["openai-2024"],
        _NOTHING,
        profiles="core",
        strength="must",
        rules="TXT-1 FIN-1 USE-1 END-2 END-9",
        rows="finish-standard usage-final-empty-choices",
    ),
)
