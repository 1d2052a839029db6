"""A long run: generated streams against their truth, cut over and over.

    python -m tests.fuzz.campaign --streams 20000 --seed 1

Each message that Hypothesis draws is said in ten ways. Each stream is read whole and against
its truth, byte by byte (a long one in a stretch), and cut at nine places or sets of places by
lot; its chunks are handed to the agent interface, whose messages are held to an oracle. Prints
figures, and every stream that is read otherwise than its truth or its uncut self.
"""

import sys
from argparse import ArgumentParser
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from time import monotonic, process_time

from hypothesis import Phase, given, seed, settings
from hypothesis.strategies import SearchStrategy

from chunkproof import StreamParser
from chunkproof.events import AnyEvent
from chunkproof_conformance import strategies
from chunkproof_conformance.laws.agent import chunks_in
from chunkproof_conformance.laws.cutting import random_of
from chunkproof_conformance.synth.cuts import pieces_at
from tests.fuzz.agent import agent_streams, can_be_told, untrue
from tests.fuzz.variants import ways
from tests.laws.test_strategies import SLOW, shown

CUTS = 9
"""Cuttings by lot of each stream, beside byte by byte."""
WAYS = 10
"""Ways in which one message is said, the drawn one with them."""
STRETCH = 400
"""Bytes of a body that are handed over one by one; where they begin, the lot says."""
ROUND = 1_000
"""Messages drawn with one seed."""


def events_of(pieces: tuple[bytes, ...]) -> tuple[list[AnyEvent], StreamParser]:
    """What the reference says, piece by piece."""
    parser = StreamParser()
    events = [event for piece in pieces for event in parser.feed(piece)]
    return events + parser.close(), parser


def plans(body: bytes, random: Random) -> list[tuple[int, ...]]:
    """A stretch byte by byte, and a few places by lot."""
    start = random.randrange(max(1, len(body) - STRETCH))
    found = [tuple(range(max(1, start), min(len(body), start + STRETCH)))]
    for _ in range(CUTS):
        count = random.randint(1, 6)
        found.append(tuple(sorted(random.sample(range(1, len(body)), min(count, len(body) - 1)))))
    return found


@dataclass
class Tally:
    """What a campaign has done so far."""

    messages: int = 0
    streams: int = 0
    size: int = 0
    runs: int = 0
    told: int = 0
    """Streams whose messages of the agent interface were held to the oracle, both options."""
    finds: int = 0
    dialects: set[str] = field(default_factory=set)
    bodies: set[int] = field(default_factory=set)

    def __str__(self) -> str:
        return (
            f"{self.streams:,} streams ({len(self.bodies):,} different, of {self.messages:,} "
            f"messages, {len(self.dialects)} dialects, {self.size:,} bytes), {self.runs:,} cut "
            f"runs, {2 * self.told:,} of the agent interface, {self.finds} finds"
        )


def check(stream: strategies.Streamed, tally: Tally) -> list[str]:
    """What is wrong with how this stream is read."""
    body = stream.body
    tally.streams += 1
    tally.size += len(body)
    tally.dialects.add(stream.dialect.name)
    tally.bodies.add(hash(body))
    whole, parser = events_of((body,))
    wrong = [] if shown(parser.result()) == stream.truth["final"] else ["truth"]
    for plan in plans(body, random_of(body)):
        tally.runs += 1
        if events_of(pieces_at(body, plan))[0] != whole:
            wrong.append(f"cuts {plan[:8]}")
    if can_be_told(stream.message):
        tally.told += 1
        if found := untrue(stream.message, chunks_in(body)):
            wrong.append(found)
    return wrong


def draw(
    source: SearchStrategy[strategies.Streamed],
    number: int,
    take: Callable[[strategies.Streamed], None],
) -> None:
    """Hand over what is drawn with this seed, a round of it."""
    run = settings(
        max_examples=ROUND,
        database=None,
        deadline=None,
        phases=(Phase.generate,),
        suppress_health_check=SLOW,
    )(given(source)(take))
    seed(number)(run)()


def round_of(number: int, tally: Tally, is_over: Callable[[], bool]) -> None:
    """Draw messages with one seed, plain ones and those of agents in turn, and check them."""
    source = agent_streams() if number % 2 else strategies.streams()

    def say(drawn: strategies.Streamed) -> None:
        if is_over():
            return
        tally.messages += 1
        lot = Random(f"{number} {tally.messages}")
        others = ways(drawn.message, lot, WAYS - 1)
        for stream in (drawn, *others):
            if wrong := check(stream, tally):
                tally.finds += 1
                print(wrong, stream, flush=True)  # noqa: T201 -- a program

    draw(source, number, say)


def main() -> int:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--streams", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    tally, number = Tally(), options.seed * 1_000_000
    began, worked = monotonic(), process_time()
    while tally.streams < options.streams:
        round_of(number, tally, lambda: tally.streams >= options.streams)
        number += 1
        times = f"{monotonic() - began:.0f} s, {process_time() - worked:.0f} s of one processor"
        print(f"{tally}, {times}", flush=True)  # noqa: T201 -- a program
    return 1 if tally.finds else 0


if __name__ == "__main__":
    sys.exit(main())
