"""Every cut: which ones are made, what they find, and that the short cut finds the same."""

import random
from typing import Final

import pytest

from chunkproof import StreamParser
from chunkproof_conformance.cases.index import case_ids, iter_cases, load_case
from chunkproof_conformance.connect.adapter import Stream
from chunkproof_conformance.laws.exhaustive import (
    EVERY_CUT,
    EVERY_PAIR,
    bytewise,
    pair_cuts,
    places,
    single_cuts,
    stepwise_cuts,
    stepwise_pairs,
)
from chunkproof_conformance.laws.mutants.catalogue import MUTANTS
from chunkproof_conformance.laws.mutants.mutant import mutant
from chunkproof_conformance.laws.state import same_state
from chunkproof_conformance.laws.streams import DONE, STREAMS, delta, finish
from chunkproof_conformance.laws.subject import Subject, body_of, reference
from chunkproof_conformance.run.plan import stream_of
from chunkproof_conformance.synth.blocks import body_of as joined
from chunkproof_conformance.synth.cuts import pieces_at
from tests.laws.every_cut import Total, every_cut

WRONG_AT_CUTS: Final = ("utf8-per-piece", "piece-is-whole", "crlf-split", "unicode-line-ends")
SHORT: Final = ("text", "CRLF, several lines", "two choices", "no end", "error event")


def stream(body: bytes) -> Stream:
    return Stream(pieces_at(body, ()))


def test_a_body_of_16_kib_is_cut_everywhere() -> None:
    """Up to this length there is no reason to leave a place out."""
    assert places(b"x" * EVERY_CUT) == list(range(1, EVERY_CUT))


def test_a_long_body_is_cut_around_frame_ends_and_inside_what_breaks() -> None:
    """Around an end of each kind of frame, inside an escape, a character, a key, a number; and
    2,000 places by lot, the same ones every time."""
    blocks = (delta(content="x" * 30_000), delta(content="é\n\U0001f600", role="assistant"), DONE)
    body = joined(blocks)
    found = places(body)
    assert found == places(body)
    assert 2_000 < len(found) < 3_000
    end = body.index(b"\n\n") + 2
    assert set(range(end - 64, end + 64)) <= set(found)
    assert body.index("é".encode()) + 1 in found
    assert body.index(b"\\n") + 1 in found
    assert body.index(b"1790000000") + 1 in found


@pytest.mark.parametrize("name", SHORT)
def test_no_cut_changes_what_the_reference_says(name: str) -> None:
    """Every single cut, and byte by byte."""
    for found in (single_cuts(reference(), STREAMS[name]), bytewise(reference(), STREAMS[name])):
        assert found.runs
        assert found.cuts == ()


def test_no_pair_of_cuts_changes_a_short_stream() -> None:
    """Three pieces are no other than two."""
    body = b'data: {"choices":[{"index":0,"delta":{"content":"\xc3\xa9"}}]}\r\n\r\ndata:[DONE]\r\r'
    assert len(body) < EVERY_PAIR
    found = pair_cuts(reference(), stream(body))
    assert found.runs == (len(body) - 1) * (len(body) - 2) // 2
    assert found.cuts == ()
    assert pair_cuts(reference(), STREAMS["two calls"]).runs == 0


@pytest.mark.parametrize("wrong", WRONG_AT_CUTS)
def test_the_short_cut_finds_what_brute_force_finds(wrong: str) -> None:
    """Where two parsers hold the same, nothing that follows can differ: not one find is lost."""
    finds = 0
    with MUTANTS[wrong].applied():
        for name in SHORT:
            brute = single_cuts(reference(), STREAMS[name])
            assert stepwise_cuts(reference(), STREAMS[name]).cuts == brute.cuts, name
            finds += len(brute.cuts)
    assert finds, "equal finds mean little where there are none"


def test_states_are_compared_all_the_way_down() -> None:
    """One letter more in one channel is another state; the same bytes in other pieces are not."""
    one, other = StreamParser(), StreamParser()
    frame = delta(content="ab").raw
    one.feed(frame)
    other.feed(frame[:9])
    assert not same_state(one, other)
    other.feed(frame[9:])
    for parser in (one, other):
        parser.feed(b"")
    assert same_state(one, other)
    one.feed(delta(content="c").raw)
    other.feed(delta(content="d").raw)
    assert not same_state(one, other)


def test_a_parser_that_cannot_be_looked_at_is_cut_the_long_way() -> None:
    """Over a connection there is no state to compare."""
    found = stepwise_cuts(Subject(reference().run), STREAMS["no end"])
    assert found == single_cuts(reference(), STREAMS["no end"])


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_every_cut_of_every_case() -> None:
    """All cases up to 16 KiB at every place, the longer ones at theirs; pairs of short ones."""
    spent = [every_cut(name) for name in case_ids()]
    assert [find for one in spent for find in one.finds] == []
    assert len(spent) >= 400
    assert sum(one.runs for one in spent) > 1_000_000


def test_the_program_cuts_a_case_in_every_way_and_adds_up() -> None:
    """Of a short body, every place and every pair of places are decided."""
    spent = every_cut("end/generic-comments-alone")
    length = len(load_case("end/generic-comments-alone").body)
    assert (spent.singles, spent.size, spent.finds) == (length - 1, length, ())
    assert spent.pairs == (length - 1) * (length - 2) // 2
    assert f"{length - 1:,} single cuts; 0 bodies over 16 KiB" in list(Total([spent]).lines())


PAIRED: Final = {
    b'data:{"choices":[{"delta":{"content":"\xc3\xa9"}}]}\r\n\r\n:x\r\n\r\ndata:[DONE]\r\r': (
        {"utf8-per-piece", "crlf-split"}
    ),
    b'data:{"choices":[{"delta":{"content":"\xf0\x9f\x98\x80"}}]}\n\ndata:{"a":\ndata:1}\n\n': (
        {"utf8-per-piece"}
    ),
}
"""Short bodies, and the mutants that some pair of cuts shows."""


@pytest.mark.parametrize("wrong", ["none", "utf8-per-piece", "crlf-split"])
@pytest.mark.parametrize("body", PAIRED, ids=["CRLF", "LF"])
def test_the_short_cut_finds_every_pair_that_brute_force_finds(wrong: str, body: bytes) -> None:
    """Two cuts in two frames matter where either does; two in one frame are tried."""
    same = mutant("none", "nothing", "nowhere")
    with MUTANTS.get(wrong, same).applied():
        brute = pair_cuts(reference(), stream(body))
        assert stepwise_pairs(reference(), stream(body)).cuts == brute.cuts
    assert bool(brute.cuts) == (wrong in PAIRED[body])


@pytest.mark.slow
def test_the_short_cut_finds_what_brute_force_finds_over_the_corpus() -> None:
    """A lot of cases, and a mutant that is wrong at some of their cuts."""
    cases = [case for case in iter_cases() if 0 < len(case.body) < 3_000]
    chosen = random.Random(6).sample(cases, min(12, len(cases)))
    with MUTANTS["utf8-per-piece"].applied():
        for case in chosen:
            whole = stream_of(case, ())
            brute, short = single_cuts(reference(), whole), stepwise_cuts(reference(), whole)
            assert brute.cuts == short.cuts, case.id


def test_the_end_of_a_finished_stream_is_no_place_to_cut() -> None:
    """Offsets lie inside the body."""
    body = body_of(stream(joined((delta(content="a"), finish(), DONE))))
    assert places(body)[-1] == len(body) - 1
    assert places(b"") == []
