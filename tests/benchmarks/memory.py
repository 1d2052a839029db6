"""Peak memory beside the answer's own size, events dropped as they come."""

import sys
import tracemalloc
from collections.abc import Callable, Iterable, Iterator
from typing import Final, NamedTuple

from chunkproof import StreamParser, parse
from chunkproof.result import Result
from tests.benchmarks import bars
from tests.benchmarks.bars import Measurement
from tests.benchmarks.bodies import Growing, growing_arguments, growing_text


class _Case(NamedTuple):
    name: str
    growing: Growing
    pieces: Callable[[Growing, int], Iterable[bytes]]
    read: Callable[[Iterable[bytes]], Result]


def _stream(pieces: Iterable[bytes]) -> Result:
    parser = StreamParser()
    for piece in pieces:
        parser.feed(piece)
    parser.close()
    return parser.result()


def _answer_bytes(result: Result) -> int:
    """Return `sys.getsizeof` of the answer's strings, summed; makes every one of them."""
    strings = [
        text
        for choice in result.choices
        for text in (
            choice.text,
            choice.reasoning,
            choice.refusal,
            *(call.arguments for call in choice.tool_calls),
        )
        if text
    ]
    return sum(map(sys.getsizeof, strings))


_CASES: Final = (
    _Case("text, 64 KiB pieces", growing_text(), Growing.piecewise, _stream),
    _Case("arguments, 64 KiB pieces", growing_arguments(), Growing.piecewise, _stream),
    _Case(
        "text beyond ASCII", growing_text("\u65e5\u672c\u8a9e\u3067"), Growing.piecewise, _stream
    ),
    _Case(
        "parse() of one huge piece",
        growing_text(),
        lambda growing, frames: [growing.body(frames)],
        parse,
    ),
)


def measure(frames: int, note: Callable[[str], None]) -> Iterator[Measurement]:
    """Yield one line per case; the bytes that come in are the caller's and are not counted."""
    for case in _CASES:
        note(f"memory: {case.name}")
        pieces = case.pieces(case.growing, frames)
        tracemalloc.start()
        try:
            answer = _answer_bytes(case.read(pieces))
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        yield Measurement(
            "memory",
            case.name,
            peak / answer,
            f"x answer ({bars.MEMORY:.0f} x + {bars.MEMORY_CONSTANT >> 20} MiB)",
            bars.MEMORY + bars.MEMORY_CONSTANT / answer,
            at_least=False,
            detail=f"peak {peak / 1e6:,.1f} MB for an answer of {answer / 1e6:,.1f} MB",
        )
