"""Several cases at a time, each in a connection of its own; the rows come in order."""

from __future__ import annotations

import queue
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from chunkproof_conformance.run.runner import run_case, stop_quietly

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

    from chunkproof_conformance.cases.cassette import Case
    from chunkproof_conformance.connect.connections import Connection
    from chunkproof_conformance.judge.expectation import Expectation
    from chunkproof_conformance.judge.observation import Implementation
    from chunkproof_conformance.run.runner import Row, RunOptions


def run_side_by_side(
    connections: Sequence[Connection],
    implementation: Implementation,
    cases: Sequence[Case],
    expectation: Callable[[str], Expectation],
    options: RunOptions,
) -> Generator[list[Row]]:
    """The rows of every case, in the order given; stops all connections at the end.

    The threads only wait for programs. Closed early, or interrupted, it lets no run go on.
    """
    free: queue.SimpleQueue[Connection] = queue.SimpleQueue()
    for connection in connections:
        free.put(connection)

    def judge(case: Case) -> list[Row]:
        connection = free.get()
        try:
            return run_case(connection, implementation, case, expectation, options)
        finally:
            free.put(connection)

    pool = ThreadPoolExecutor(len(connections), thread_name_prefix="chunkproof-run")
    is_whole = False
    try:
        yield from pool.map(judge, cases)
        is_whole = True
    finally:
        pool.shutdown(wait=is_whole, cancel_futures=True)
        if not is_whole:
            for connection in connections:
                connection.interrupt()
            pool.shutdown(wait=True)
        for connection in connections:
            stop_quietly(connection)
