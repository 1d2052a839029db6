"""The reference parser gives what the oracles say, at every level they speak about.

Read-only: nothing here writes an expected file, and the oracles never saw this parser.
"""

from collections.abc import Callable, Iterable

import pytest

from chunkproof.events import AnyEvent, Outcome
from chunkproof.stream import StreamParser
from chunkproof_conformance.cases.cassette import Case
from chunkproof_conformance.cases.expected import read_expected
from chunkproof_conformance.cases.index import case_ids, load_case
from chunkproof_conformance.connect.adapter import ENDS, Stream
from chunkproof_conformance.implementations.reference.adapter import BROKEN, ReferenceAdapter
from chunkproof_conformance.judge.fold import final_of_events
from chunkproof_conformance.judge.levels import judge, levels_of
from chunkproof_conformance.run.expectations import load_expectation

CUTS: dict[str, Callable[[Case], tuple[bytes, ...]]] = {
    "whole": lambda case: (case.body,) if case.body else (),
    "byte-by-byte": lambda case: tuple(case.body[at : at + 1] for at in range(len(case.body))),
    "as-recorded": lambda case: case.pieces,
}


@pytest.mark.parametrize("case_id", case_ids())
def test_the_reference_reproduces_the_expected_file(case_id: str) -> None:
    """Whole, byte by byte and at the recorded reads, at every level the file has."""
    case, expected = load_case(case_id), load_expectation(case_id)
    for name, cut in CUTS.items():
        observation = ReferenceAdapter().run(Stream(cut(case), ENDS[case.key.end]))
        for level in levels_of(expected):
            judgement = judge(level, expected, observation, frozenset())
            if level == "messages":  # an agent interface has them, a parser of the wire has none
                assert judgement is None
                continue
            assert judgement is not None
            assert judgement.differences == (), f"{name}, {level}"
            assert judgement.remarks == ()


@pytest.mark.parametrize("case_id", case_ids())
def test_the_events_alone_give_the_same_answer_as_the_result(case_id: str) -> None:
    """Folding the events gives the text, calls, finish and usage of `result()`."""
    case = load_case(case_id)
    observation = ReferenceAdapter().run(Stream(CUTS["whole"](case), ENDS[case.key.end]))
    folded = final_of_events(observation.events or ())
    assert folded.usage == observation.usage
    for choice in observation.choices or ():
        seen = folded.choices.get(choice.index)
        for member in ("text", "reasoning", "refusal", "finish_reason"):
            assert getattr(seen, member, None) == getattr(choice, member)
        calls = seen.tool_calls if seen else ()
        assert [(call.id, call.name, call.arguments) for call in calls] == [
            (call.id, call.name, call.arguments) for call in choice.tool_calls
        ]


def test_log_probabilities_are_those_of_the_expected_files() -> None:
    """In cases of the profile logprobs, entry by entry and in order."""
    compared = 0
    for case_id in case_ids():
        for choice in read_expected(case_id)["final"].get("choices", []):
            if "logprobs" in choice:
                case = load_case(case_id)
                _, result_of = feed(case.pieces, case.key.end)
                assert result_of[choice["index"]] == choice["logprobs"], case_id
                compared += 1
    assert compared >= 4


def test_an_end_in_every_gap_between_frames_invents_nothing() -> None:
    """A stream cut after any of its frames is never complete before its finish reason."""
    for case_id in ("text/llama-server-plain", "tools/llama-server-two-calls"):
        body = load_case(case_id).body
        finish = body.index(b'"finish_reason":"')
        ends = [at for at in range(finish) if body.startswith(b"\n\n", at)]
        assert ends
        for at in ends:
            assert outcome(body[: at + 2]) == "incomplete"


def feed(pieces: Iterable[bytes], end: str) -> tuple[list[AnyEvent], dict[int, object]]:
    """Every event, and each choice's log probabilities by index."""
    parser = StreamParser()
    events = [event for piece in pieces for event in parser.feed(piece)]
    events += parser.close(ConnectionError(BROKEN[end]) if end in BROKEN else None)
    return events, {choice.index: choice.logprobs for choice in parser.result().choices}


def outcome(body: bytes) -> Outcome:
    """The outcome of a body that ends cleanly."""
    parser = StreamParser()
    parser.feed(body)
    parser.close()
    return parser.result().outcome
