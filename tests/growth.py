"""How the time of some work grows with its size: a ratio, never a time."""

import gc
import time
from collections.abc import Callable
from typing import Final

FACTOR: Final = 8
MAX_RATIO: Final = 24.0
"""Linear work of eight times the size takes about 8 times as long, quadratic work 64 times."""
ROUNDS: Final = 5
SHORTEST: Final = 0.002
"""Seconds: below it the clock's steps count, so the work is done several times over."""


def assert_linear(work_of: Callable[[int], Callable[[], object]], size: int) -> None:
    """Assert that the work for eight times `size` takes about eight times as long.

    A busy machine can slow one measurement down, but no measurement makes quadratic work look
    linear: the first round within the bound is enough.
    """
    small, large = work_of(size), work_of(FACTOR * size)
    ratios: list[float] = []
    for _ in range(ROUNDS):
        ratios.append(seconds(large) / seconds(small))
        if ratios[-1] < MAX_RATIO:
            return
    raise AssertionError(f"{FACTOR} times the size took {min(ratios):.0f} times as long")


def seconds(work: Callable[[], object]) -> float:
    """Processor time of one run, the least of three; the collector of garbage stands still."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        return min(_seconds_once(work) for _ in range(3))
    finally:
        if collecting:
            gc.enable()


def _seconds_once(work: Callable[[], object]) -> float:
    runs = 0
    began = now = time.process_time()
    while now - began < SHORTEST:
        work()
        runs += 1
        now = time.process_time()
    return (now - began) / runs
