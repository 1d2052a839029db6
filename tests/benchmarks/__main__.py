"""`make bench`: what reference and harness cost, beside a floor and the official client."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from tests.benchmarks import corpus, growth, harness, memory, report, speed
from tests.benchmarks.bars import Measurement

GROUPS = ("speed", "growth", "memory", "corpus", "harness")


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, print, write build/bench; 1 where a full run misses a bar."""
    arguments = argparse.ArgumentParser(prog="make bench", description=__doc__)
    arguments.add_argument("--quick", action="store_true", help="small sizes; judges nothing")
    arguments.add_argument(
        "--full", action="store_true", help="byte by byte up to the largest sizes: many minutes"
    )
    arguments.add_argument("--only", choices=GROUPS, action="append", help="one group, repeatable")
    arguments.add_argument("--output", type=Path, default=Path("build/bench"), metavar="DIR")
    options = arguments.parse_args(argv)
    groups = options.only or GROUPS
    quick = options.quick

    console = Console(width=None if sys.stdout.isatty() else 150)
    progress = Console(stderr=True)
    measurements: list[Measurement] = []
    curves: list[growth.Curve] = []
    with progress.status("starting") as status:
        if "speed" in groups:
            status.update("speed: each reader in turn, best of several")
            measurements += speed.measure(*((4_000, 3) if quick else (20_000, 7)))
        if "growth" in groups:
            largest = 10_000 if quick else 1_000_000
            curves += growth.curves(largest, status.update, full=options.full)
            measurements += map(growth.measurement, curves)
        if "memory" in groups:
            measurements += memory.measure(50_000 if quick else 1_000_000, status.update)
        if "corpus" in groups:
            measurements += corpus.measure(3 if quick else 20, status.update)
        if "harness" in groups:
            measurements += harness.measure(1 if quick else 3, status.update)

    report.show(console, measurements)
    options.output.mkdir(parents=True, exist_ok=True)
    report.write_json(options.output / "bench.json", measurements, curves)
    report.plot(options.output, measurements, curves)
    console.print(f"Written: {options.output}/bench.json, bench.png, bench.svg")
    if quick:
        console.print("Small sizes: a miss here means little.")
        return 0
    return 0 if all(line.holds for line in measurements) else 1


if __name__ == "__main__":
    sys.exit(main())
