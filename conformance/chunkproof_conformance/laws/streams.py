"""Small streams that laws are measured on: each holds something that laws ask about.

Written by hand, in the words of the OpenAI reference where nothing else is said. No truth is
written down: laws need none.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from chunkproof_conformance.connect.adapter import Stream
from chunkproof_conformance.synth.blocks import Block, Json, block_of, body_of
from chunkproof_conformance.synth.cuts import pieces_at

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from chunkproof_conformance.connect.adapter import End

DONE: Final = Block(b"data: [DONE]\n\n", is_done=True)
_USAGE: Final = {"prompt_tokens": 9, "completion_tokens": 12, "total_tokens": 21}
_ZERO: Final = dict.fromkeys(_USAGE, 0)


def chunk(*choices: Json, **members: Any) -> Block:
    """A chunk with these choices and members."""
    head = {"id": "c-1", "object": "chat.completion.chunk", "created": 1790000000, "model": "m"}
    return block_of({**head, "choices": list(choices), **members})


def said(index: int = 0, finish: str | None = None, **delta: Any) -> Json:
    """One choice with this delta."""
    return {"index": index, "delta": delta, "finish_reason": finish}


def delta(index: int = 0, **members: Any) -> Block:
    """A chunk with one choice with this delta."""
    return chunk(said(index, **members))


def finish(reason: str = "stop", index: int = 0, **members: Any) -> Block:
    """A chunk with a finish reason alone."""
    return chunk(said(index, reason), **members)


def opening(index: int, call_id: str, name: str, arguments: str = "") -> Json:
    """The entry that opens a call."""
    function = {"name": name, "arguments": arguments}
    return {"index": index, "id": call_id, "type": "function", "function": function}


def more(index: int, arguments: str) -> Json:
    """An entry that continues a call."""
    return {"index": index, "function": {"arguments": arguments}}


def calls(*entries: Json, index: int = 0) -> Block:
    """A chunk with these entries in one delta."""
    return delta(index, tool_calls=list(entries))


_ROLE: Final = delta(role="assistant", content="")
_USED: Final = chunk(usage=_USAGE)
_END: Final = (finish(), _USED, DONE)
_TEXT: Final = (
    _ROLE,
    delta(content="Hello"),
    delta(content=" "),
    delta(content=" "),
    delta(content="wörld \U0001f600 a\u2028b"),
    delta(content='"[DONE]"\n'),
)
_TWO: Final = (
    delta(role="assistant", content=None),
    calls(opening(0, "call-a", "get_weather")),
    calls(more(0, '{"city": "Z')),
    calls(more(0, 'ürich \\"')),
    calls(more(0, '"')),
    calls(more(0, "} ")),
    calls(opening(1, "call-b", "get_time", '{"n":')),
    calls(more(1, " 3}")),
    finish("tool_calls"),
    _USED,
    DONE,
)
_TOKENS: Final[list[Json]] = [
    {"token": t, "logprob": -0.5, "bytes": None, "top_logprobs": []} for t in "abc"
]


def _scored(text: str, *tokens: Json) -> Block:
    choice = {**said(content=text), "logprobs": {"content": list(tokens), "refusal": None}}
    return chunk(choice)


def _typed(block: Block) -> bytes:
    """A frame on several lines: a type, an id, and data in two."""
    head, comma, tail = block.raw.partition(b",")
    lines = b"event: message\nid: 7\n" + head + comma + b"\ndata:" + tail
    return lines.replace(b"\n", b"\r\n")


def _escaped(blocks: Iterable[Block]) -> bytes:
    """Chunks as a server writes them that escapes all beyond ASCII."""
    return b"".join(b"data: %b\n\n" % json.dumps(block.chunk).encode() for block in blocks)


_BODIES: Final[Mapping[str, bytes]] = {
    name: body_of(blocks)
    for name, blocks in {
        "text": (*_TEXT, *_END),
        "two calls": _TWO,
        "text and call": (*_TEXT[:2], *_TWO[1:6], finish("tool_calls"), DONE),
        "calls in one delta": (
            _ROLE,
            calls(opening(0, "call-a", "f", '{"a":1}'), opening(1, "call-b", "g", "{}")),
            finish("tool_calls"),
            DONE,
        ),
        "fragments in turn": (
            _ROLE,
            calls(opening(0, "call-a", "f"), opening(1, "call-b", "g")),
            calls(more(0, '{"a"'), more(1, '{"b"')),
            calls(more(0, ":1}"), more(1, ":2}")),
            finish("tool_calls"),
            DONE,
        ),
        "indexes from 1": (_ROLE, calls(opening(1, "call-a", "f", "{}")), *_END),
        "reasoning": (
            delta(role="assistant", reasoning_content="Let "),
            delta(reasoning_content="me see.\n"),
            *_TEXT[1:3],
            *_END,
        ),
        "reasoning, other name": (
            delta(role="assistant", reasoning="Let "),
            delta(reasoning="me see."),
            *_TEXT[1:3],
            *_END,
        ),
        "reasoning, mirrored": (
            delta(role="assistant", reasoning="Let ", reasoning_content="Let "),
            delta(reasoning="me see.", reasoning_content="me see."),
            *_END,
        ),
        "refusal": (_ROLE, delta(refusal="I can"), delta(refusal="not."), *_END),
        "two choices": (
            chunk(said(0, role="assistant", content="A"), said(1, role="assistant", content="X")),
            delta(0, content="B"),
            delta(0, content="b"),
            delta(1, content="Y"),
            finish(index=0),
            delta(1, content="y"),
            finish("length", index=1),
            DONE,
        ),
        "log probabilities": (
            _scored("a", _TOKENS[0]),
            _scored("b", _TOKENS[1]),
            _scored("c", _TOKENS[2]),
            finish(),
            DONE,
        ),
        "half a call": (*_TWO[:3], finish("length"), DONE),
        "no end": _TEXT[:3],
        "half a call, no end": _TWO[:4],
        "no finish reason": (*_TEXT[:3], _USED, DONE),
        "error object": (
            *_TEXT[:2],
            block_of({"error": {"message": "overloaded", "code": 503}}),
            DONE,
        ),
        "error text": (*_TEXT[:2], block_of({"error": "overloaded"}), DONE),
        "error flat": (
            *_TEXT[:2],
            block_of({"object": "error", "message": "overloaded", "code": 1}),
        ),
        "error beside choices": (
            *_TEXT[:2],
            chunk(said(finish="stop"), error={"message": "overloaded"}),
            DONE,
        ),
        "error event": (*_TEXT[:2], Block(b'event: error\ndata: {"message":"overloaded"}\n\n')),
        "not JSON": (*_TEXT[:2], Block(b'data: {"choices":[{"ind\n\n'), *_END),
        "content in parts": (
            _ROLE,
            delta(content=[{"type": "text", "text": "Hel"}, {"type": "text", "text": "lo"}]),
            *_END,
        ),
        "function call": (
            delta(role="assistant", function_call={"name": "f", "arguments": '{"a"'}),
            delta(function_call={"arguments": ":1}"}),
            finish("function_call"),
            DONE,
        ),
        "usage in x_groq": (*_TEXT[:2], finish(), chunk(x_groq={"usage": _USAGE}), DONE),
        "usage in a choice": (*_TEXT[:2], chunk({**said(finish="stop"), "usage": _USAGE}), DONE),
        "usage, then zeros": (*_TEXT[:2], finish(usage=_USAGE), chunk(usage=_ZERO), DONE),
        "message beside delta": (
            chunk({**said(content="Hi"), "message": {"role": "assistant", "content": "Hi"}}),
            *_END,
        ),
        "pair in two deltas": (
            _ROLE,
            delta(content="x\ud83d"),
            delta(content="\ude00y"),
            *_END,
        ),
        "finish reasons that differ": (*_TEXT[:2], finish("stop"), finish("length"), DONE),
        "long delta": (_ROLE, delta(content="0123456789abcde\n" * 4200), *_END),
    }.items()
}

_OTHERS: Final[Mapping[str, bytes]] = {
    "text, escaped": _escaped(_TEXT) + body_of(_END),
    "CRLF, several lines": b"".join(_typed(block) for block in (*_TEXT[:2], *_END[:1]))
    + b"data: [DONE]\r\n\r\n",
    "a whole answer": b'{"object":"chat.completion","choices":[{"index":0,"message":{"role":'
    b'"assistant","content":"Hi"},"finish_reason":"stop"}]}',
    "empty": b"",
}

_RESET: Final = ("text", "no end", "two calls")


def _stream(body: bytes, end: End = "eof") -> Stream:
    return Stream(pieces_at(body, ()), end)


STREAMS: Final[Mapping[str, Stream]] = {
    **{name: _stream(body) for name, body in {**_BODIES, **_OTHERS}.items()},
    **{f"{name}, reset": _stream(_BODIES[name][:-16], "reset") for name in _RESET},
}
"""By name."""

_THOUGHTS: Final = '{"thinking": "the \\"user\\" asks", "message": "H\\u00f6i, \\ud83d\\ude00 "}'

AGENT_STREAMS: Final[Mapping[str, Stream]] = {
    **STREAMS,
    **{
        name: _stream(body_of(blocks))
        for name, blocks in {
            "call without arguments": (
                calls(opening(0, "call-a", "look")),
                finish("tool_calls"),
                DONE,
            ),
            "speech with thoughts": (
                calls(opening(0, "call-a", "send_message")),
                *(calls(more(0, _THOUGHTS[at : at + 7])) for at in range(0, len(_THOUGHTS), 7)),
                finish("tool_calls"),
                DONE,
            ),
            "tool with thoughts": (
                calls(opening(0, "call-a", "look", _THOUGHTS)),
                finish("tool_calls"),
                DONE,
            ),
        }.items()
    },
}
"""For the laws of an agent interface: also what only such an interface looks into."""
