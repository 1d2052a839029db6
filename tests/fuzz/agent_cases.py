"""A long run of the agent interface: every case of the corpus, its deltas cut anew by many lots.

    python -m tests.fuzz.agent_cases --lots 40

Each lot cuts a stream in the four ways of `laws.agent.RECUTS`, and what a client is told, with
both values of `use_assistant_message`, must be what it is told of the stream as it was.
"""

import sys
from argparse import ArgumentParser
from random import Random
from time import process_time

from chunkproof.interface import OpenAIStreamingInterface
from chunkproof_conformance.cases.index import iter_cases
from chunkproof_conformance.laws.agent import OPTIONS, RECUTS, chunks_in, tell
from chunkproof_conformance.laws.meaning import difference
from chunkproof_conformance.synth.blocks import block_of, body_of
from chunkproof_conformance.synth.rewrites.catalogue import REWRITES


def told_otherwise(body: bytes, lots: int) -> tuple[int, list[str]]:
    """The runs made on one stream, and what a client was told otherwise."""
    chunks = chunks_in(body)
    plain = body_of(map(block_of, chunks))
    runs, wrong = 0, []
    for options in OPTIONS if plain else ():
        whole = tell(OpenAIStreamingInterface, chunks, **options).story
        seen: set[bytes | None] = {None, plain}
        for lot in range(lots):
            for name in RECUTS:
                other = REWRITES[name](plain, Random(lot))
                if other in seen:
                    continue
                seen.add(other)
                runs += 1
                story = tell(OpenAIStreamingInterface, chunks_in(other or b""), **options).story
                if what := difference(whole, story):
                    wrong.append(f"{name}, lot {lot}, {options}: {what}")
    return runs, wrong


def main() -> int:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--lots", type=int, default=20)
    lots = parser.parse_args().lots
    cases = runs = finds = 0
    for case in iter_cases():
        if len(case.body) > 64 * 1024:
            continue
        spent, wrong = told_otherwise(case.body, lots)
        cases += bool(spent)
        runs += spent
        finds += len(wrong)
        for what in wrong:
            print(f"{case.id}: {what}", flush=True)  # noqa: T201 -- a program
    print(f"{cases} cases, {runs:,} cut runs of the agent interface, {finds} finds, "  # noqa: T201
          f"{process_time():.0f} s of one processor")  # fmt: skip
    return 1 if finds else 0


if __name__ == "__main__":
    sys.exit(main())
