"""A long run: generated streams against their truth, cut over and over.

    python -m tests.fuzz.campaign --streams 20000 --seed 1

Prints figures, and every stream that is read otherwise than its truth or its uncut self.
"""

import sys
from argparse import ArgumentParser
from random import Random
from time import monotonic

from hypothesis import HealthCheck, Phase, given, seed, settings

from chunkproof import StreamParser
from chunkproof.events import AnyEvent
from chunkproof_conformance import strategies
from chunkproof_conformance.laws.cutting import random_of
from chunkproof_conformance.synth.cuts import every, pieces_at
from tests.laws.test_strategies import read_back

CUTS = 9
"""Random cuts of each stream, beside byte by byte."""


def events_of(pieces: tuple[bytes, ...]) -> list[AnyEvent]:
    """What the reference says, piece by piece."""
    parser = StreamParser()
    events = [event for piece in pieces for event in parser.feed(piece)]
    return events + parser.close()


def plans(body: bytes, random: Random) -> list[tuple[int, ...]]:
    """Byte by byte, and a few places by lot."""
    found = [every(len(body), 1)]
    for _ in range(CUTS):
        count = random.randint(1, 6)
        found.append(tuple(sorted(random.sample(range(1, len(body)), min(count, len(body) - 1)))))
    return found


def main() -> int:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--streams", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    count = runs = size = bad = 0
    dialects: set[str] = set()
    bodies: set[int] = set()
    began = monotonic()
    number = options.seed * 1_000_000

    def check(stream: strategies.Streamed) -> None:
        nonlocal count, runs, size, bad
        body = stream.body
        count += 1
        size += len(body)
        dialects.add(stream.dialect.name)
        bodies.add(hash(body))
        whole = events_of((body,))
        wrong = [] if read_back(body) == stream.truth["final"] else ["truth"]
        for plan in plans(body, random_of(body)):
            runs += 1
            if events_of(pieces_at(body, plan)) != whole:
                wrong.append(f"cuts {plan[:8]}")
        if wrong:
            bad += 1
            print(wrong, stream, flush=True)  # noqa: T201 -- a program

    while count < options.streams:
        run = settings(
            max_examples=min(2_000, options.streams - count),
            database=None,
            deadline=None,
            phases=(Phase.generate,),
            suppress_health_check=(HealthCheck.too_slow, HealthCheck.filter_too_much),
        )(given(strategies.streams())(check))
        seed(number)(run)()
        number += 1
        print(  # noqa: T201 -- a program
            f"{count:,} streams ({len(bodies):,} different, {len(dialects)} dialects, "
            f"{size:,} bytes), {runs:,} cut runs, {bad} finds, {monotonic() - began:.0f} s",
            flush=True,
        )
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
