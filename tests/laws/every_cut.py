"""Every cut of every case, over several processes, with figures.

    python -m tests.laws.every_cut --jobs 2

Bodies up to 16 KiB at every place, under 600 bytes at every pair of places, each byte by byte;
longer ones at the places that `laws.exhaustive` names, unless `--up-to-16k` leaves them out.
`--no-pairs` leaves out the pairs.
"""

import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from multiprocessing import get_context
from time import monotonic, process_time
from typing import NamedTuple

from chunkproof_conformance.cases.index import case_ids, load_case
from chunkproof_conformance.laws.exhaustive import (
    EVERY_CUT,
    EVERY_PAIR,
    Findings,
    bytewise,
    places,
    stepwise_cuts,
    stepwise_pairs,
)
from chunkproof_conformance.laws.subject import reference
from chunkproof_conformance.run.plan import stream_of


class Spent(NamedTuple):
    """What one case took. pairs: those decided, by a run or by two that are known to be equal."""

    case: str
    size: int
    singles: int
    pairs: int
    runs: int
    seconds: float
    """Of one processor, for single cuts and byte by byte."""
    pair_seconds: float
    finds: tuple[str, ...]


def every_cut(case_id: str, *, with_pairs: bool = True) -> Spent:
    """All cuts of one case."""
    began = process_time()
    stream = stream_of(case := load_case(case_id), ())
    length = len(case.body)
    found: list[Findings] = [stepwise_cuts(reference(), stream), bytewise(reference(), stream)]
    between = process_time()
    if with_pairs:
        found.append(stepwise_pairs(reference(), stream))
    seconds, pair_seconds = between - began, process_time() - between
    finds = tuple(f"{case_id} cut at {one.cuts[0]}: {one.what}" for one in found if one.cuts)
    has_pairs = with_pairs and length < EVERY_PAIR
    pairs = max(0, (length - 1) * (length - 2) // 2) if has_pairs else 0
    runs = sum(one.runs for one in found)
    singles = len(places(case.body))
    return Spent(case_id, length, singles, pairs, runs, seconds, pair_seconds, finds)


@dataclass
class Total:
    """The figures of a run. cases: those that have a body."""

    spent: list[Spent] = field(default_factory=list)

    def lines(self) -> Iterator[str]:
        bodies = [one for one in self.spent if one.size]
        short = [one for one in bodies if one.pairs]
        long = [one for one in bodies if one.size > EVERY_CUT]
        yield from (find for one in self.spent for find in one.finds)
        yield f"{len(bodies)} cases, {sum(one.size for one in bodies):,} bytes"
        yield f"{sum(one.singles for one in bodies):,} single cuts; {len(long)} bodies over 16 KiB"
        yield f"{sum(one.pairs for one in bodies):,} pairs of cuts, of {len(short)} bodies"
        yield f"{sum(one.runs for one in bodies):,} cut runs, byte by byte with them"
        yield f"{sum(len(one.finds) for one in bodies)} finds"
        seconds = sum(one.seconds for one in bodies)
        pair_seconds = sum(one.pair_seconds for one in bodies)
        yield (
            f"{seconds:.0f} s of one processor for the single cuts and byte by byte, "
            f"{pair_seconds:.0f} s for the pairs"
        )


def names(*, up_to_16k: bool) -> list[str]:
    """The cases, the longest first, so that no process is left with one at the end."""
    sizes = {name: len(load_case(name).body) for name in case_ids()}
    chosen = [name for name in sizes if sizes[name] <= EVERY_CUT or not up_to_16k]
    return sorted(chosen, key=lambda name: -sizes[name])


def main() -> int:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--up-to-16k", action="store_true")
    parser.add_argument("--no-pairs", action="store_true")
    options = parser.parse_args()
    began = monotonic()
    chosen = names(up_to_16k=options.up_to_16k)
    with ProcessPoolExecutor(options.jobs, mp_context=get_context("spawn")) as pool:
        work = partial(every_cut, with_pairs=not options.no_pairs)
        total = Total(list(pool.map(work, chosen, chunksize=4)))
    for line in (*total.lines(), f"{monotonic() - began:.0f} s, {options.jobs} processes"):
        print(line)  # noqa: T201 -- a program
    return 1 if any(one.finds for one in total.spent) else 0


if __name__ == "__main__":
    sys.exit(main())
