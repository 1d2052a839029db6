"""Bodies to measure with: made up, in the shapes that real servers send.

Each speed body is one stream in one vendor's shape, with fragments of varying length, some
escapes and some characters beyond ASCII. The growth bodies use the shortest legal frame
instead, so that ten megabytes of answer stay measurable, and repeat one block, so that
making them costs neither time nor memory while the clock runs.
"""

import json
import random
from collections.abc import Callable, Iterator
from itertools import chain, repeat
from typing import Any, Final, NamedTuple

PIECE: Final = 64 * 1024
"""Bytes per network read."""

_STARTS: Final = (" ", " ", " ", " ", "", "", "\n\n", ' "', " \u2014 ", " \u65e5\u672c")
_SYLLABLES: Final = (
    "an", "be", "caf\u00e9", "de", "ent", "for", "ge", "hi", "ing", "ju", "kan", "lo", "men",
    "ne", "or", "pre", "qui", "re", "str", "ti", "un", "ver", "wa", "x", "ys", "zo",
)  # fmt: skip
_FRAGMENT_PARTS: Final = ('{"', '":"', '","', "/", ".py", "\\n", "12", "true", *_SYLLABLES)


def _words(source: random.Random, count: int) -> list[str]:
    """Return tokens of text: some thousand different ones, so that none is met often."""
    return [
        source.choice(_STARTS) + "".join(source.choices(_SYLLABLES, k=source.randint(1, 3)))
        for _ in range(count)
    ]


class Body(NamedTuple):
    """One stream: its bytes, how many frames it has, and what an answer must hold."""

    name: str
    data: bytes
    frames: int
    answer_length: int
    """Code points of text, reasoning and arguments together: what every reader must find."""

    def pieces(self) -> list[bytes]:
        return [self.data[at : at + PIECE] for at in range(0, len(self.data), PIECE)]


def _chunk(choices: list[dict[str, Any]], **members: Any) -> dict[str, Any]:
    return {
        "id": "chatcmpl-CeM1pNf0Qx7wT2",
        "object": "chat.completion.chunk",
        "created": 1763826000,
        "model": "gpt-4o-mini",
        "choices": choices,
        **members,
    }


def _choice(delta: dict[str, Any], finish: str | None = None, **members: Any) -> dict[str, Any]:
    return {"index": 0, "delta": delta, **members, "finish_reason": finish}


def _stream(chunks: Iterator[dict[str, Any]]) -> tuple[bytes, int]:
    """Return the body and its number of frames, [DONE] among them."""
    frames = [
        b"data: %s\n\n" % json.dumps(chunk, separators=(",", ":"), ensure_ascii=False).encode()
        for chunk in chunks
    ]
    return b"".join([*frames, b"data: [DONE]\n\n"]), len(frames) + 1


def text_deltas(frames: int) -> Body:
    """OpenAI's shape without padding."""
    words = _words(random.Random(1), frames)
    data, count = _stream(
        chain(
            [_chunk([_choice({"role": "assistant", "content": "", "refusal": None})])],
            (_chunk([_choice({"content": word})]) for word in words),
            [_chunk([_choice({}, "stop")])],
        )
    )
    return Body("text deltas", data, count, sum(map(len, words)))


def tool_arguments(frames: int) -> Body:
    """One call, its arguments in fragments of a few characters."""
    source = random.Random(2)
    fragments = ["".join(source.choices(_FRAGMENT_PARTS, k=2)) for _ in range(frames)]
    head = {
        "index": 0,
        "id": "call_wD3pX9",
        "type": "function",
        "function": {"name": "edit", "arguments": ""},
    }
    data, count = _stream(
        chain(
            [_chunk([_choice({"role": "assistant", "content": None, "tool_calls": [head]})])],
            (
                _chunk([_choice({"tool_calls": [{"index": 0, "function": {"arguments": part}}]})])
                for part in fragments
            ),
            [_chunk([_choice({}, "tool_calls")])],
        )
    )
    return Body("tool arguments", data, count, sum(map(len, fragments)))


def obfuscated_openai(frames: int) -> Body:
    """OpenAI's shape of 2025: every chunk has `usage` and padding of varying length."""
    source = random.Random(3)
    words = _words(source, frames)
    letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

    def chunk(choices: list[dict[str, Any]], usage: dict[str, int] | None) -> dict[str, Any]:
        padding = "".join(source.choices(letters, k=source.randint(1, 12)))
        return _chunk(
            choices,
            service_tier="default",
            system_fingerprint="fp_51db84afab",
            usage=usage,
            obfuscation=padding,
        )

    usage = {"prompt_tokens": 9, "completion_tokens": frames, "total_tokens": frames + 9}
    first = {"role": "assistant", "content": "", "refusal": None}
    data, count = _stream(
        chain(
            [chunk([_choice(first, logprobs=None)], None)],
            (chunk([_choice({"content": word}, logprobs=None)], None) for word in words),
            [chunk([_choice({}, "stop", logprobs=None)], None), chunk([], usage)],
        )
    )
    return Body("obfuscated OpenAI", data, count, sum(map(len, words)))


def openrouter_reasoning(frames: int) -> Body:
    """OpenRouter's shape: role in every chunk, each piece of reasoning said twice."""
    words = _words(random.Random(4), frames)

    def chunk(delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
        return {
            "id": "gen-1763826000-9",
            "provider": "Z.AI",
            "model": "z-ai/glm-4.6",
            "object": "chat.completion.chunk",
            "created": 1763826000,
            "choices": [
                _choice({"role": "assistant", **delta}, finish, native_finish_reason=finish)
            ],
        }

    def thought(word: str) -> dict[str, Any]:
        detail = {"type": "reasoning.text", "text": word, "format": "unknown", "index": 0}
        return chunk({"content": "", "reasoning": word, "reasoning_details": [detail]})

    data, count = _stream(chain(map(thought, words), [chunk({"content": ""}, "stop")]))
    return Body("OpenRouter reasoning", data, count, sum(map(len, words)))


def usage_everywhere(frames: int) -> Body:
    """vLLM's and Databricks' shape: no two frames have the same bytes around the text."""
    words = _words(random.Random(5), frames)

    def chunk(count: int, choice: dict[str, Any]) -> dict[str, Any]:
        usage = {"prompt_tokens": 9, "completion_tokens": count, "total_tokens": count + 9}
        return _chunk([choice], usage=usage)

    data, count = _stream(
        chain(
            [chunk(0, _choice({"role": "assistant", "content": ""}))],
            (chunk(count, _choice({"content": word})) for count, word in enumerate(words, 1)),
            [chunk(frames, _choice({}, "stop"))],
        )
    )
    return Body("usage in every frame", data, count, sum(map(len, words)))


SPEED_BODIES: Final[tuple[Callable[[int], Body], ...]] = (
    text_deltas,
    tool_arguments,
    obfuscated_openai,
    openrouter_reasoning,
    usage_everywhere,
)


class Growing(NamedTuple):
    """A stream of any length from one repeated frame."""

    name: str
    head: bytes
    frame: bytes
    tail: bytes

    def body(self, frames: int) -> bytes:
        return b"".join([self.head, self.frame * frames, self.tail])

    def framewise(self, frames: int) -> Iterator[bytes]:
        """Yield one frame per piece."""
        return chain([self.head], repeat(self.frame, frames), [self.tail])

    def bytewise(self, frames: int) -> Iterator[bytes]:
        """Yield one byte per piece."""
        singles = [bytes([byte]) for byte in self.frame]
        return chain(
            (bytes([byte]) for byte in self.head),
            chain.from_iterable(repeat(singles, frames)),
            (bytes([byte]) for byte in self.tail),
        )

    def piecewise(self, frames: int) -> Iterator[bytes]:
        """Yield pieces of about 64 KiB, each cut in the middle of a frame."""
        per_block = max(1, PIECE // len(self.frame))
        blocks, rest = divmod(frames, per_block)
        cut = len(self.frame) // 2
        first, last = self.frame[:cut], self.frame[cut:]
        block = last + self.frame * (per_block - 1) + first
        if not blocks:
            return iter([self.head + self.frame * rest + self.tail])
        return chain(
            [self.head + first],
            repeat(block, blocks - 1),
            [last + self.frame * (per_block - 1 + rest) + self.tail],
        )


def growing_text(fragment: str = "abcd") -> Growing:
    """Text deltas, the shortest legal frames; one fragment over and over."""
    frame = b'data: {"choices":[{"index":0,"delta":{"content":%s}}]}\n\n'
    return Growing(
        "text deltas",
        b'data: {"choices":[{"index":0,"delta":{"role":"assistant"}}]}\n\n',
        frame % json.dumps(fragment, ensure_ascii=False).encode(),
        b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n',
    )


def growing_arguments() -> Growing:
    """One call whose arguments are one long JSON string, four characters per delta."""
    frame = (
        b'data: {"choices":[{"index":0,"delta":{"tool_calls":'
        b'[{"index":0,"function":{"arguments":%s}}]}}]}\n\n'
    )
    head = (
        b'data: {"choices":[{"index":0,"delta":{"role":"assistant","tool_calls":[{"index":0,'
        b'"id":"call_1","type":"function","function":{"name":"write","arguments":""}}]}}]}\n\n'
    )
    tail = (
        b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}\n\n'
        b"data: [DONE]\n\n"
    )
    return Growing(
        "tool arguments",
        head + frame % b'"{\\"t\\":\\""',
        frame % b'"abcd"',
        frame % b'"\\"}"' + tail,
    )
