"""What the corpus costs those who carry it: the index in seconds, the wheel in megabytes.

The index is measured in processes of their own, as a command does it: nothing is warm but the
files. `python -m tests.benchmarks --only corpus`.
"""

import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from tests.benchmarks import bars
from tests.benchmarks.bars import Measurement

ROOT: Final = Path(__file__).parents[2]

INDEX: Final = """
import time
from chunkproof_conformance.cases.index import cards
began, worked = time.perf_counter(), time.process_time()
count = len(cards())
print(count, time.perf_counter() - began, time.process_time() - worked)
"""


def index_seconds() -> tuple[int, float, float]:
    """Load the index once in a fresh process: how many cases, wall seconds, CPU seconds."""
    command = [sys.executable, "-c", INDEX]
    done = subprocess.run(command, capture_output=True, check=True, text=True)
    count, wall, cpu = done.stdout.split()
    return int(count), float(wall), float(cpu)


def wheel_bytes() -> int:
    """Build the wheel as a release is built, and return its size."""
    with tempfile.TemporaryDirectory() as directory:
        command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", directory]
        subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
        (built,) = Path(directory).glob("*.whl")
        return built.stat().st_size


def measure(rounds: int, note: Callable[[str], None]) -> Iterator[Measurement]:
    """Yield the two lines. The best of the rounds counts: a busy machine is slow, not wrong."""
    note("corpus: the index")
    index_seconds()  # brings the files into memory, and Python's own modules
    runs = [index_seconds() for _ in range(rounds)]
    count = runs[0][0]
    walls, cpus = [wall for _, wall, _ in runs], [cpu for _, _, cpu in runs]
    yield Measurement(
        "corpus",
        "index of all cases",
        min(walls),
        "s",
        bars.INDEX_SECONDS,
        at_least=False,
        detail=f"{count} cases, best of {rounds}, worst {max(walls):.2f} s; CPU {min(cpus):.2f} s",
    )
    note("corpus: the wheel")
    yield Measurement(
        "corpus",
        "wheel with the corpus",
        wheel_bytes() / 1e6,
        "MB",
        bars.WHEEL_BYTES / 1e6,
        at_least=False,
        detail=f"{count} cases and their expected files",
    )
