"""A long run of the agent interface: streams whose deltas are cut anew by many lots.

    python -m tests.fuzz.agent_cases --runs 1000000

In turn, every case of the corpus and generated streams of agents. Each lot cuts the deltas of a
stream in the four ways of `laws.agent.RECUTS`, one alone or several one after another, and what a
client is told, with both values of `use_assistant_message`, must be what it is told of the stream
as it was. The interface reads chunks, so where its bytes are cut is not its affair.
"""

import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from time import monotonic, process_time

from chunkproof.interface import OpenAIStreamingInterface
from chunkproof_conformance.cases.index import iter_cases
from chunkproof_conformance.laws.agent import OPTIONS, RECUTS, chunks_in, tell
from chunkproof_conformance.laws.meaning import difference
from chunkproof_conformance.strategies import Streamed
from chunkproof_conformance.synth.blocks import block_of, body_of
from chunkproof_conformance.synth.rewrites.catalogue import REWRITES
from tests.fuzz.agent import agent_streams
from tests.fuzz.campaign import WAYS, draw
from tests.fuzz.variants import ways

LONGEST = 64 * 1024
"""Bytes; longer cases are left out, they take as long as all others."""
LOTS = 8
"""Lots of a stream in one pass; the next pass takes the next ones."""
MADE = 400
"""Generated streams of one pass: messages that are drawn, each in its drawn way and in others."""


@dataclass
class Tally:
    """What a run has done so far."""

    cases: set[str] = field(default_factory=set)
    made: set[int] = field(default_factory=set)
    """Generated streams, by what they are cut into again."""
    case_runs: int = 0
    made_runs: int = 0
    finds: int = 0

    @property
    def runs(self) -> int:
        return self.case_runs + self.made_runs

    def __str__(self) -> str:
        return (
            f"{self.runs:,} cut runs of the agent interface: {self.case_runs:,} of "
            f"{len(self.cases)} cases, {self.made_runs:,} of {len(self.made):,} generated "
            f"streams; {self.finds} finds"
        )


def recuts(plain: bytes, lots: range, seen: set[int]) -> Iterator[tuple[str, bytes]]:
    """How a stream was cut anew, and what it is then; none that was `seen`, by its hash."""
    for lot in lots:
        random = Random(lot)
        chain = random.choices(RECUTS, k=random.randint(2, 6))
        for names in (*((name,) for name in RECUTS), chain):
            other = plain
            for name in names:
                other = REWRITES[name](other, random) or other
            if hash(other) not in seen:
                seen.add(hash(other))
                yield f"{' '.join(names)}, lot {lot}", other


def told_otherwise(body: bytes, lots: range, seen: set[int] | None = None) -> tuple[int, list[str]]:
    """The runs made on one stream, and what a client was told otherwise."""
    chunks = chunks_in(body)
    plain = body_of(map(block_of, chunks))
    runs, wrong = 0, []
    if not plain:
        return 0, []
    whole = [tell(OpenAIStreamingInterface, chunks, **options).story for options in OPTIONS]
    known = set() if seen is None else seen
    known.add(hash(plain))
    for how, other in recuts(plain, lots, known):
        cut = chunks_in(other)
        for options, story in zip(OPTIONS, whole, strict=True):
            runs += 1
            told = tell(OpenAIStreamingInterface, cut, **options).story
            if what := difference(story, told):
                wrong.append(f"{how}, {options}: {what}")
    return runs, wrong


class Campaign:
    """Passes over the corpus and over new generated streams, until there are runs enough."""

    def __init__(
        self, runs: int, seconds: float = 1e9, seed: int = 0, longest: int = LONGEST
    ) -> None:
        self.tally = Tally()
        self.runs, self.seconds, self.seed, self.longest = runs, seconds, seed, longest
        self.began = monotonic()
        self.seen: dict[str, set[int]] = {}

    def is_over(self) -> bool:
        """Whether there are runs enough, or the time is up."""
        return self.tally.runs >= self.runs or monotonic() - self.began > self.seconds

    def cases(self, lots: range) -> None:
        """Every case, with these lots."""
        for case in iter_cases():
            if self.is_over():
                return
            if len(case.body) > self.longest:
                continue
            spent, wrong = told_otherwise(case.body, lots, self.seen.setdefault(case.id, set()))
            self.tally.case_runs += spent
            if spent:
                self.tally.cases.add(case.id)
            self._say(case.id, wrong)

    def made(self, number: int) -> None:
        """New streams, drawn with this number."""
        first = len(self.tally.made)

        def take(drawn: Streamed) -> None:
            if self.is_over() or len(self.tally.made) - first >= MADE:
                return
            others = ways(drawn.message, Random(len(self.tally.made)), WAYS - 1)
            for stream in (drawn, *others):
                spent, wrong = told_otherwise(stream.body, range(2))
                self.tally.made_runs += spent
                if spent:
                    self.tally.made.add(hash(stream.body))
                self._say(repr(stream), wrong)

        draw(agent_streams(), number, take)

    def _say(self, name: str, wrong: list[str]) -> None:
        self.tally.finds += len(wrong)
        for what in wrong:
            print(f"{name}: {what}", flush=True)  # noqa: T201 -- a program

    def run(self) -> None:
        """Pass after pass, with figures after each."""
        number = self.seed * 1_000_000
        while not self.is_over():
            self.cases(range(number * LOTS, (number + 1) * LOTS))
            self.made(number)
            number += 1
            times = f"{monotonic() - self.began:.0f} s, {process_time():.0f} s of one processor"
            print(f"{self.tally}, {times}", flush=True)  # noqa: T201 -- a program


def main() -> int:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, default=1e9)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--longest", type=int, default=LONGEST, help="bytes of a case")
    campaign = Campaign(**vars(parser.parse_args()))
    campaign.run()
    return 1 if campaign.tally.finds else 0


if __name__ == "__main__":
    sys.exit(main())
