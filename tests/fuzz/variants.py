"""One message, said in many ways: other vendors, other deltas, other spellings of the frames.

Hypothesis takes some ten times longer to draw a message than it takes to say one. So a campaign
draws messages, and takes the ways to say each by lot from what `strategies.streams` draws them
from: every dialect that can say it, up to six fragments a text, the spellings of `framings`.
"""

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from random import Random

from chunkproof_conformance.strategies import Streamed
from chunkproof_conformance.synth import plan as plans
from chunkproof_conformance.synth.dialect import CannotSay
from chunkproof_conformance.synth.dialects.catalogue import DIALECTS
from chunkproof_conformance.synth.framing import Framing, to_bytes
from chunkproof_conformance.synth.message import Message, features
from chunkproof_conformance.synth.plan import Plan
from chunkproof_conformance.synth.render import render


def ways(message: Message, random: Random, count: int) -> Iterator[Streamed]:
    """This message, `count` times or less, each time in a dialect by lot that can say it."""
    needed = features(message)
    able = [one for one in DIALECTS.values() if needed <= one.says]
    for dialect in random.sample(able, min(count, len(able))):
        framing = spelling(dialect.framing, random)
        try:
            frames = render(dialect, message, fragments(message, random))
        except CannotSay:
            continue  # it knows some beginnings alone
        yield Streamed(to_bytes(frames, framing), message, dialect, framing)


def spelling(base: Framing, random: Random) -> Framing:
    """A spelling of frames, with the weights of `strategies.framings`."""
    return replace(
        base,
        line_end=random.choice((base.line_end, "\r\n", "\r")),
        space=random.choice((base.space, "")),
        bom=not random.randrange(8),
        ascii=bool(random.randrange(2)),
        separators=random.choice((base.separators, (", ", ": "))),
    )


def fragments(message: Message, random: Random) -> Plan:
    """A way to cut the message into deltas; two choices may speak in turn."""

    def cut(text: str) -> list[str]:
        count = min(random.randrange(6), max(0, len(text) - 1))
        edges = [0, *sorted(random.sample(range(1, len(text)), count)), len(text)]
        return [text[start:end] for start, end in pairwise(edges)]

    given = {
        (number, position): cut(segment.text)
        for number, choice in enumerate(message.choices)
        for position, segment in enumerate(choice.segments)
        if segment.text
    }
    steps = plans.plan(message, given=given)
    return plans.in_turn(steps) if len(message.choices) > 1 and random.randrange(2) else steps
