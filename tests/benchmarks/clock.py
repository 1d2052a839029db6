"""CPU time, measured so that a busy machine does little harm."""

import gc
import math
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

Run = Callable[[], object]


def seconds(run: Run) -> float:
    """Return the CPU seconds of one run, starting without garbage."""
    gc.collect()
    start = time.process_time()
    run()
    return time.process_time() - start


def best_of(rounds: int, *runs: Run) -> list[float]:
    """Return each run's best CPU seconds, the runs taking turns in every round."""
    times = [[seconds(run) for run in runs] for _ in range(rounds)]
    return [min(column) for column in zip(*times, strict=True)]


class Point(NamedTuple):
    """One measured size."""

    size: int
    seconds: float


def growth_exponent(points: Sequence[Point]) -> float:
    """Return the slope of log(time) over log(size), by least squares."""
    xs = [math.log(point.size) for point in points]
    ys = [math.log(point.seconds) for point in points]
    mean_x, mean_y = sum(xs) / len(xs), sum(ys) / len(ys)
    covariance = sum((x - mean_x) * (y - mean_y) for x, y in zip(xs, ys, strict=True))
    return covariance / sum((x - mean_x) ** 2 for x in xs)
