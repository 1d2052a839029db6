"""The laws: the reference obeys each over the small streams and the corpus; each says what."""

from typing import Final

import pytest

from chunkproof import events as ev
from chunkproof_conformance.cases.index import iter_cases
from chunkproof_conformance.connect.adapter import Stream
from chunkproof_conformance.judge.observation import Observation, ObservedCall, ObservedChoice
from chunkproof_conformance.laws.catalogue import GENERAL, LAWS
from chunkproof_conformance.laws.cutting import cut_invariance, timeliness
from chunkproof_conformance.laws.ending import (
    begins,
    error_injection,
    is_part,
    truncated_at,
    truncation,
)
from chunkproof_conformance.laws.frames import read_frames, terminal_at, terminals
from chunkproof_conformance.laws.growth import growth
from chunkproof_conformance.laws.law import Law
from chunkproof_conformance.laws.memory import determinism, fold, prefix
from chunkproof_conformance.laws.streams import DONE, STREAMS, delta, finish
from chunkproof_conformance.laws.subject import Subject, body_of, reference
from chunkproof_conformance.run.plan import stream_of
from chunkproof_conformance.synth.blocks import body_of as joined
from chunkproof_conformance.synth.cuts import pieces_at
from tests.laws import page

each_law = pytest.mark.parametrize("law", LAWS.values(), ids=lambda law: law.name)
QUICK: Final = Stream(pieces_at(joined((delta(content="Hi"), finish(), DONE)), ()))


@each_law
def test_the_reference_obeys_every_law(law: Law) -> None:
    """No law is broken by any of the small streams."""
    for name, stream in STREAMS.items():
        if law is not growth or name == "text":
            assert list(law(reference(), stream)) == [], name


@pytest.mark.slow
@pytest.mark.timeout(1200)
@each_law
def test_the_reference_obeys_every_law_over_the_corpus(law: Law) -> None:
    """No law is broken by any case; growth is asked of one stream, it is about time."""
    for case in iter_cases():
        if law is not growth:
            assert list(law(reference(), stream_of(case, ()))) == [], case.id


@each_law
def test_every_law_says_what_it_is(law: Law) -> None:
    """A law has a name and a sentence."""
    assert law.what
    assert law.name in LAWS


def test_a_parser_that_gives_no_answer_breaks_every_law() -> None:
    """A crash is one more way to break a law, told apart from the others."""

    def crash(stream: Stream) -> Observation:
        raise ValueError("no")

    for law in GENERAL:
        found = list(law(Subject(crash), QUICK))
        assert [one.crash for one in found] in ([True], []), law.name
    assert next(iter(truncation(Subject(crash), QUICK))).what == "no answer: ValueError: no"


def answers(**members: object) -> Subject:
    """A parser that says the same of every stream."""
    return Subject(lambda _: Observation(**members))  # type: ignore[arg-type]  # by name


def test_a_parser_that_calls_everything_complete_breaks_the_law_of_truncation() -> None:
    """An answer that is complete before any terminal signal has passed is made up."""
    subject = answers(outcome="complete", choices=())
    (found,) = truncation(subject, QUICK)
    assert "complete without any terminal signal" in found.what


def test_a_parser_that_looks_at_pieces_breaks_cut_invariance_at_the_smallest_cut() -> None:
    """What is said must not depend on the pieces; one cut is enough to show it."""
    subject = Subject(
        lambda stream: (
            Observation("complete", choices=(), error=None)
            if len(stream.pieces) == 1
            else Observation("incomplete", choices=())
        )
    )
    (found,) = cut_invariance(subject, QUICK)
    assert len(found.cuts) == 1
    assert found.what == '/outcome: "complete" became "incomplete"'


def test_a_result_that_the_events_do_not_say_breaks_the_law_of_fold() -> None:
    """Text that is only in the result, and a call that is only in the events, are both found."""
    only_result = answers(outcome="complete", events=(), choices=(ObservedChoice(0, text="Hi"),))
    (found,) = fold(only_result, QUICK)
    assert found.what.startswith("/choices/0/text")
    call = ev.ToolCall(0, 0, 0, "a", "f", "function")
    only_events = answers(outcome="complete", events=(call,), choices=())
    (found,) = fold(only_events, QUICK)
    assert found.what.startswith("/choices/0/calls")


def test_a_retraction_breaks_the_law_of_prefix() -> None:
    """What a shorter stream said must be how the longer one begins."""

    def by_length(stream: Stream) -> Observation:
        text = "half" if len(body_of(stream)) < len(body_of(QUICK)) else "whole"
        return Observation("complete", events=(ev.Text(0, text),))

    (found,) = prefix(Subject(by_length), QUICK)
    assert found.kind == "Text"


def test_late_events_break_the_law_of_timeliness() -> None:
    """A text that comes out with the last piece, though its frame was long in, is late."""

    def late(stream: Stream) -> Observation:
        return Observation("complete", events=(ev.Text(0, "Hi"),), after=(len(stream.pieces),))

    (found,) = timeliness(Subject(late), STREAMS["text"])
    assert found.kind == "Text"


def test_state_that_outlives_a_stream_breaks_determinism() -> None:
    """The same bytes must say the same after another stream."""
    counted: list[Stream] = []

    def counting(stream: Stream) -> Observation:
        counted.append(stream)
        return Observation("complete", choices=(ObservedChoice(len(counted)),))

    assert [found.law for found in determinism(Subject(counting), QUICK)] == ["determinism"]


@pytest.mark.parametrize(
    "name", ["text and call", "two choices", "error object", "usage in x_groq"]
)
def test_a_stream_may_be_cut_off_at_any_byte(name: str) -> None:
    """The law takes some places of a stream; of these it is asked at every one."""
    stream = STREAMS[name]
    assert list(truncated_at(reference(), stream, range(1, len(body_of(stream))))) == []


def test_an_error_is_said_at_every_boundary_of_a_small_stream() -> None:
    """Before the first frame, between any two, and before `[DONE]`."""
    bodies: set[bytes] = set()

    def read(stream: Stream) -> Observation:
        bodies.add(body_of(stream))
        return reference().run(stream)

    assert list(error_injection(Subject(read), QUICK)) == []
    frames = [frame.end for frame in read_frames(body_of(QUICK))]
    heads = [body_of(QUICK)[:end] for end in (0, *frames[:-1])]
    broken = [body for body in bodies if len(body) > len(body_of(QUICK))]
    tails = [body_of(QUICK)[len(head) :] for head in heads]
    for head, tail in zip(heads, tails, strict=True):
        assert any(one.startswith(head) and one.endswith(tail) for one in broken)
    assert len(broken) == len(heads)


def test_an_error_that_goes_unsaid_breaks_error_injection() -> None:
    """A stream with an error in it must not be complete."""
    assert list(error_injection(answers(outcome="complete", choices=()), QUICK))
    assert not list(error_injection(answers(outcome="incomplete", choices=()), STREAMS["empty"]))


def test_a_call_that_is_offered_though_the_stream_broke_off_is_found() -> None:
    """Runnable is a claim; half a stream gives no right to it."""
    call = ObservedCall("a", "function", "f", "{}", executable=True)
    subject = answers(outcome="incomplete", choices=(ObservedChoice(0, tool_calls=(call,)),))
    (found,) = truncation(subject, QUICK)
    assert found.kind == "runnable"


def test_a_beginning_and_a_part_are_told_from_something_else() -> None:
    """Half a pair that was given up may stand at the end; letters must come in order."""
    assert begins("ab\U0001f600", "ab\ufffd")
    assert not begins("ab", "b")
    assert is_part("abc", "ac")
    assert not is_part("abc", "ca")


def test_frames_end_at_the_first_byte_of_their_empty_line() -> None:
    """A CR ends a line whether or not its LF has come."""
    body = b"data: a\r\n\r\nevent: x\ndata: b\ndata: c\n\n: d\r\r"
    frames = read_frames(body)
    assert [frame.data for frame in frames] == [b"a", b"b\nc", None]
    assert [body[: frame.end][-1:] for frame in frames] == [b"\r", b"\n", b"\r"]


def test_terminal_signals_are_those_of_the_rules_of_the_end() -> None:
    """[DONE], or a finish reason of every choice that spoke; nothing less."""
    one, both = (delta(0, content="a"), delta(1, content="b")), (finish(index=0), finish(index=1))
    for blocks, complete in (
        (one, False),
        ((*one, both[0]), False),
        ((*one, *both), True),
        ((*one, DONE), True),
        ((), False),
    ):
        body = joined(blocks)
        assert terminal_at(terminals(body), body, len(body)).may_be_complete is complete


def test_the_laws_give_the_same_lots_for_the_same_stream() -> None:
    """A find can be repeated: what is tried depends on the bytes alone."""
    law = LAWS["rewrite:comments"]
    assert law.what.endswith("EQ")
    for stream in list(STREAMS.values())[:3]:
        assert list(law(reference(), stream)) == list(law(reference(), stream))


def test_the_page_lists_every_law_and_rewrite() -> None:
    """Written anew by `python -m tests.laws.page`."""
    text = page.PAGE.read_text("utf-8")
    assert page.written(text) == text
