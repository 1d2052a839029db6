"""`python -m tests.benchmarks.interface`: what the agent interface costs, beside the old class.

The old class is letta 0.10.0's, in an environment of its own: name its interpreter with
--letta. Without one its times are those once measured on a machine like ours (`DECLARED`),
and the lines say so. That environment wants Python 3.11 and, pinned,
`letta==0.10.0 openai==1.109.1 pydantic<2.12 sqlite-vec aiosqlite asyncpg`.
"""

import argparse
import asyncio
import subprocess
import sys
import tracemalloc
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from rich.console import Console

from chunkproof.interface import OpenAIStreamingInterface
from tests.benchmarks import bars, report, step
from tests.benchmarks.bars import Measurement
from tests.benchmarks.clock import Point
from tests.benchmarks.growth import Curve

OURS: Final = "chunkproof.interface"
THEIRS: Final = "letta.interfaces.openai_streaming_interface"
MODES: Final = ("tool", "assistant", "thinking")
COMPARED: Final = 300_000
"""Characters."""

TIMES_OLD: Final = {"tool": 4.0, "assistant": 100.0}
"""Speed over the old class at that size, at least."""

DECLARED: Final = {"tool": 2.54, "assistant": 62.6}
"""CPU seconds of the old class at that size: one run each, on a shared two-core machine."""


def growth(largest: int) -> Iterator[Curve]:
    """Yield time over size for every mode, from 1,000 characters on."""
    for mode in MODES:
        points = []
        size = 1_000
        while size <= largest:
            rounds = max(1, min(20, 1_000_000 // size))
            best = min(step.step(OURS, mode, size) for _ in range(rounds))
            points.append(Point(size, best))
            size *= 10
        yield Curve(f"interface, {mode}", "characters", points)


def exponents(curves: Sequence[Curve]) -> Iterator[Measurement]:
    for curve in curves:
        last = curve.points[-1]
        detail = f"{last.size:,} characters in {last.seconds:.2f} s"
        yield Measurement(
            "growth", curve.name, curve.exponent, "exponent", bars.GROWTH, False, detail
        )


def beside_the_old(letta: str | None) -> Iterator[Measurement]:
    """Yield how many times as fast ours is."""
    for mode, bar in TIMES_OLD.items():
        ours = min(step.step(OURS, mode, COMPARED) for _ in range(5))
        old = _old_seconds(letta, mode) if letta else DECLARED[mode]
        source = "measured now" if letta else "declared, measured once elsewhere"
        detail = f"{COMPARED:,} characters: {ours:.3f} s, letta 0.10.0 {old:.2f} s ({source})"
        name = f"interface, {mode} mode"
        yield Measurement("speed", name, old / ours, "x letta 0.10.0", bar, True, detail)


def _old_seconds(letta: str, mode: str) -> float:
    program = [letta, str(Path(step.__file__)), THEIRS, mode, str(COMPARED)]
    done = subprocess.run(program, capture_output=True, text=True, check=True)
    return float(done.stdout.split()[-1])  # it logs to stdout as well


def memory(size: int) -> Iterator[Measurement]:
    """Yield the peak over the size of the arguments, messages dropped as they come."""
    for mode in MODES:
        tracemalloc.start()
        made = OpenAIStreamingInterface(use_assistant_message=mode == "assistant")
        asyncio.run(_drain(made, step.Stream(mode, size)))
        arguments = sys.getsizeof(made.get_tool_call_object().function.arguments)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        yield Measurement(
            "memory",
            f"interface, {mode}",
            peak / arguments,
            f"x arguments ({bars.MEMORY:.0f} x + {bars.MEMORY_CONSTANT >> 20} MiB)",
            bars.MEMORY + bars.MEMORY_CONSTANT / arguments,
            at_least=False,
            detail=f"peak {peak / 1e6:,.1f} MB for arguments of {arguments / 1e6:,.1f} MB",
        )


async def _drain(made: OpenAIStreamingInterface, stream: step.Stream) -> None:
    async for _ in made.process(stream):
        pass


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print; 1 where a full run misses a bar."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--letta", metavar="PYTHON", help="interpreter that has letta 0.10.0")
    arguments.add_argument("--quick", action="store_true", help="small sizes; judges nothing")
    options = arguments.parse_args(argv)
    curves = list(growth(100_000 if options.quick else 10_000_000))
    lines = [
        *beside_the_old(options.letta),
        *exponents(curves),
        *memory(100_000 if options.quick else 1_000_000),
    ]
    report.show(Console(width=None if sys.stdout.isatty() else 150), lines)
    return 0 if options.quick or all(line.holds for line in lines) else 1


if __name__ == "__main__":
    sys.exit(main())
