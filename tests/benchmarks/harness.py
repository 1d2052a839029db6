"""The harness: runs a second over a pipe, the whole corpus, and how soon the help is there.

Where another process is waited for, by the clock on the wall, so that a busy machine shows.
"""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from chunkproof_conformance.connect.adapter import Stream
from chunkproof_conformance.connect.program import Program
from chunkproof_conformance.run.job import Job, chosen_cases, run_job
from chunkproof_conformance.run.plan import Selection
from chunkproof_conformance.run.runner import RunOptions
from tests.benchmarks import bars
from tests.benchmarks.bars import Measurement
from tests.benchmarks.clock import best_of

TRIVIAL: Final = Path(__file__).parent.parent / "misbehaving.py"
"""An adapter of the standard library; in the mode `well` it reports the body as the text."""

HELP: Final = (
    "import sys; from chunkproof_conformance.cli.main import main; sys.exit(main(['--help']))"
)
BODY: Final = (
    b'data: {"id":"c1","choices":[{"index":0,"delta":{"content":"hi"},"finish_reason":"stop"}]}'
    b"\n\ndata: [DONE]\n\n"
)


def measure(rounds: int, note: Callable[[str], None]) -> Iterator[Measurement]:
    """Yield the three lines, each the best of so many rounds."""
    note("harness: runs over a pipe")
    runs = 1_000
    yield Measurement(
        "harness",
        "runs of a trivial adapter over cmd:",
        runs / _best(rounds, lambda: _seconds_of_runs(runs)),
        "runs/s",
        bars.RUNS_PER_SECOND,
        at_least=True,
        detail="harness and adapter, two processes",
    )
    note("harness: the corpus through the reference")
    cases = chosen_cases(Selection())
    options = RunOptions(levels=("final", "sequence"))
    job = Job(("impl:reference",), options)
    (seconds,) = best_of(rounds, lambda: run_job(job, cases))
    yield Measurement(
        "harness",
        "corpus at final and sequence, in process",
        seconds,
        "CPU s",
        bars.CORPUS_SECONDS,
        at_least=False,
        detail=f"{len(cases)} cases, each as recorded, in one piece and byte by byte",
    )
    note("harness: --help")
    yield Measurement(
        "harness",
        "chunkproof --help",
        _best(rounds, lambda: _seconds(_show_help)),
        "s",
        bars.HELP_SECONDS,
        at_least=False,
        detail="a fresh process, interpreter included",
    )


def _best(rounds: int, seconds: Callable[[], float]) -> float:
    return min(seconds() for _ in range(rounds))


def _seconds(run: Callable[[], object]) -> float:
    began = time.perf_counter()
    run()
    return time.perf_counter() - began


def _seconds_of_runs(runs: int) -> float:
    """Starting and stopping the program not counted."""
    connection = Program([sys.executable, str(TRIVIAL), "well"])
    connection.start()
    try:
        streams = [Stream((BODY[:cut], BODY[cut:])) for cut in range(1, len(BODY))]
        return _seconds(
            lambda: [connection.run(streams[number % len(streams)]) for number in range(runs)]
        )
    finally:
        connection.stop()


def _show_help() -> None:
    subprocess.run([sys.executable, "-c", HELP], check=True, capture_output=True)
