"""Any bytes at all give events or a documented error, in linear time and bounded memory.

The small sizes run always, the full ones (64 MiB, 1 GiB, 100,000) behind `slow`, each in a
process of its own so that its peak memory is its own.
"""

import json
import subprocess
import sys
from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from chunkproof import Result, StreamParser
from chunkproof.sse import MAX_FRAME_BYTES

MIB = 1024 * 1024
DONE = b"data: [DONE]\n\n"


def read(pieces: Iterable[bytes], **options: Any) -> Result:
    """Return the result of a body; events are dropped as they come."""
    parser = StreamParser(**options)
    for piece in pieces:
        parser.feed(piece)
    parser.close()
    return parser.result()


def chunk(*choices: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps({"choices": choices}).encode() + b"\n\n"


def text(content: str, index: int = 0) -> bytes:
    return chunk({"index": index, "delta": {"content": content}})


def call(index: int, name: str = "f", arguments: str = "{}", call_id: str = "a") -> bytes:
    function = {"name": name, "arguments": arguments}
    entry = {"index": index, "id": call_id, "function": function}
    return chunk({"index": 0, "delta": {"tool_calls": [entry]}, "finish_reason": "tool_calls"})


@pytest.mark.parametrize("opening", [b"[", b'{"a":'])
@pytest.mark.parametrize("depth", [257, 100_000])
def test_nesting_over_the_limit_is_malformed_and_later_frames_are_read(
    opening: bytes, depth: int
) -> None:
    """PAY-13: a message of its own, the same on every Python and every call stack."""
    result = read([b"data: " + opening * depth + b"\n\n", text("still read")])
    assert result.outcome == "failed"
    assert result.error is not None
    assert "nested deeper than 256" in result.error.message
    assert result.choices[0].text == "still read"


def test_nesting_at_the_limit_is_read() -> None:
    value: list[Any] = []
    for _ in range(253):  # the chunk, its member and the innermost list make 256
        value = [value]
    frame = b"data: " + json.dumps({"choices": [], "x": [value]}).encode() + b"\n\n"
    assert "/x" in read([frame]).extra


def test_arguments_may_nest_deeper_than_the_interpreter() -> None:
    """Validity is checked with a stack of our own, so depth is no error there."""
    deep = "[" * 100_000 + "]" * 100_000
    valid, cut = (read([call(0, arguments=text), DONE]) for text in (deep, deep[:-1]))
    assert valid.choices[0].tool_calls[0].executable
    assert not cut.choices[0].tool_calls[0].executable


def test_an_index_of_any_size_is_a_name_not_a_place() -> None:
    result = read([call(10**18), text("x", index=10**18), DONE])
    assert [choice.index for choice in result.choices] == [0, 10**18]
    assert len(result.choices[0].tool_calls) == 1


def test_a_frame_over_the_cap_fails_alone() -> None:
    """SSE-15: its own error; what stands before and after is kept."""
    big = text("x" * 1000)
    result = read([text("a"), big, text("b"), DONE], max_frame_bytes=500)
    assert result.choices[0].text == "ab"
    assert result.error is not None
    assert result.error.type == "frame_too_large"


def test_a_long_comment_is_still_a_comment() -> None:
    body = b": " + b"x" * 2000 + b"\n" + chunk({"delta": {}, "index": 0, "finish_reason": "stop"})
    for step in (1, 100, len(body)):
        pieces = [body[start : start + step] for start in range(0, len(body), step)]
        assert read([*pieces, DONE], max_frame_bytes=500).outcome == "complete"


def run_alone(body: str) -> tuple[dict[str, Any], int]:
    """Run `read(<body>)` in a new process; return result and peak memory growth in MiB."""
    program = f"""
import json, resource
from tests.test_hostile import *
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
before = peak()
result = read({body})
print(json.dumps([result.outcome, result.error and result.error.type, len(result.choices)]))
print(peak() - before)
"""
    done = subprocess.run(  # our own program
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=900
    )
    shape, grown = done.stdout.splitlines()
    outcome, error, choices = json.loads(shape)
    return {"outcome": outcome, "error": error, "choices": choices}, int(grown)


def many_choices(count: int) -> Iterator[bytes]:
    return (text("x", index=index) for index in range(count))


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    ("body", "shape", "grows_at_most"),
    [
        pytest.param(
            "[b'data: ', *[b'x' * MIB] * 64, DONE]",
            {"outcome": "failed", "error": "frame_too_large", "choices": 0},
            4 * MAX_FRAME_BYTES // MIB,
            id="a-frame-over-64-MiB",
        ),
        pytest.param(
            "[text('x')[:-6], *[b'x' * MIB] * 63, text('x')[-6:], DONE]",
            {"outcome": "failed", "error": "malformed", "choices": 0},
            8 * MAX_FRAME_BYTES // MIB,
            id="a-frame-of-63-MiB",
        ),
        pytest.param(
            # An unknown field, however long it is (SSE-15), in a body that is no stream.
            "(b'x' * MIB for _ in range(1024))",
            {"outcome": "incomplete", "error": "incomplete", "choices": 0},
            4 * MAX_FRAME_BYTES // MIB,
            id="1-GiB-without-a-newline",
        ),
        pytest.param(
            "(b'{' * MIB for _ in range(1024))",
            {"outcome": "incomplete", "error": "incomplete", "choices": 0},
            4 * MAX_FRAME_BYTES // MIB,
            id="1-GiB-that-begins-like-JSON",
        ),
        pytest.param(
            "(b'data: ' + b'x' * MIB if not n else b'x' * MIB for n in range(1024))",
            {"outcome": "failed", "error": "frame_too_large", "choices": 0},
            4 * MAX_FRAME_BYTES // MIB,
            id="1-GiB-of-one-data-line",
        ),
        pytest.param(
            "(b'\\n' * MIB for _ in range(1024))",
            {"outcome": "incomplete", "error": "incomplete", "choices": 0},
            64,
            id="1-GiB-of-newlines",
        ),
        pytest.param(
            "(b'data: 12 bytes more\\n' * (MIB // 20) for _ in range(128))",
            {"outcome": "failed", "error": "frame_too_large", "choices": 0},
            4 * MAX_FRAME_BYTES // MIB,
            id="one-frame-of-short-data-lines",
        ),
        pytest.param(
            "many_choices(100_000)",
            {"outcome": "incomplete", "error": "incomplete", "choices": 100_000},
            200,
            id="100,000-choices",
        ),
        pytest.param(
            "(call(index, call_id=str(index)) for index in range(100_000))",
            {"outcome": "complete", "error": None, "choices": 1},
            200,
            id="100,000-calls",
        ),
    ],
)
def test_hostile_bodies_end_with_bounded_memory(
    body: str, shape: dict[str, Any], grows_at_most: int
) -> None:
    """Memory is bounded by the answer and one frame (the cap, some copies of it)."""
    found, grown = run_alone(body)
    assert found == shape
    assert grown <= grows_at_most
