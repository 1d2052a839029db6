"""Fair judging, sentence by sentence: a library fails only where it asserts something false."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from chunkproof import events as ev
from chunkproof_conformance.judge.comparison import Judgement
from chunkproof_conformance.judge.expectation import Expectation
from chunkproof_conformance.judge.levels import ContradictionError, judge
from chunkproof_conformance.judge.observation import (
    Observation,
    ObservedCall,
    ObservedChoice,
    ObservedError,
    ObservedUsage,
)

NOTHING: frozenset[str] = frozenset()
CALL = {"id": "c1", "type": "function", "name": "f", "arguments": '{"a": 1}'}
HALF = {**CALL, "arguments": '{"a": '}


def expect(outcome: str = "complete", usage: Any = None, **choice: Any) -> Expectation:
    """A truth of one choice; members not given are null or empty."""
    members = {
        "index": 0,
        "role": "assistant",
        "text": None,
        "reasoning": None,
        "refusal": None,
        "tool_calls": [],
        "finish_reason": "stop" if outcome == "complete" else None,
        **choice,
    }
    final = {"outcome": outcome, "choices": [members], "usage": usage}
    return msgspec.convert({"case": "x/y", "oracle": "hand", "final": final}, Expectation)


def saw(outcome: Any = "complete", **choice: Any) -> Observation:
    """A library whose user sees one choice."""
    finish = "stop" if outcome == "complete" else None
    members = {"finish_reason": finish, "role": "assistant", **choice}
    return Observation(outcome, choices=(ObservedChoice(0, **members),))


def final(expected: Expectation, got: Observation, blind: frozenset[str] = NOTHING) -> Judgement:
    judgement = judge("final", expected, got, blind)
    assert judgement is not None
    return judgement


def paths(judgement: Judgement) -> list[str]:
    return [difference.path for difference in judgement.differences]


def observed(call: dict[str, Any], **more: Any) -> tuple[ObservedCall, ...]:
    return (ObservedCall(**{**call, **more}),)


# What it asserts falsely ----------------------------------------------------------------------


def test_an_invented_finish_fails() -> None:
    got = saw("complete", text="Hi", finish_reason="stop")
    assert paths(final(expect("incomplete", text="Hi"), got)) == [
        "/outcome",
        "/choices/0/finish_reason",
    ]


def test_a_completed_status_of_a_failed_stream_fails() -> None:
    truth = expect("failed", text="Hi", finish_reason="stop")
    assert paths(final(truth, saw("complete", text="Hi"))) == ["/outcome"]


def test_a_valid_call_from_half_of_one_fails() -> None:
    truth = expect("incomplete", tool_calls=[HALF])
    repaired = saw("incomplete", tool_calls=observed(HALF, arguments='{"a": null}'))
    assert paths(final(truth, repaired)) == ["/choices/0/tool_calls/0/arguments"]
    offered = saw("incomplete", tool_calls=observed(HALF, executable=True))
    assert paths(final(truth, offered)) == ["/choices/0/tool_calls/0/executable"]


def test_a_whole_call_of_an_unfinished_answer_must_not_be_offered_as_runnable() -> None:
    truth = expect("incomplete", tool_calls=[CALL])
    offered = saw("incomplete", tool_calls=observed(CALL, executable=True))
    assert paths(final(truth, offered)) == ["/choices/0/tool_calls/0/executable"]
    assert not paths(final(truth, saw("incomplete", tool_calls=observed(CALL))))


def test_a_whole_call_of_a_complete_answer_may_be_run() -> None:
    truth = expect(finish_reason="tool_calls", tool_calls=[CALL])
    got = saw(finish_reason="tool_calls", tool_calls=observed(CALL, executable=True))
    assert not paths(final(truth, got))


@pytest.mark.parametrize("text", ["lo world", "Hello world!", None])
def test_lost_or_changed_content_fails(text: str | None) -> None:
    assert paths(final(expect(text="Hello world"), saw(text=text))) == ["/choices/0/text"]


def test_an_exception_on_a_good_stream_fails() -> None:
    error = ObservedError("Expecting value", "JSONDecodeError")
    got = Observation("failed", choices=(), error=error)
    judgement = final(expect(text="Hi"), got)
    assert paths(judgement) == ["/outcome"]
    assert "JSONDecodeError: Expecting value" in str(judgement.differences[0])


def test_a_lost_call_and_a_call_that_never_was_fail() -> None:
    truth = expect(tool_calls=[CALL])
    assert paths(final(truth, saw())) == ["/choices/0/tool_calls/0"]
    twice = saw(tool_calls=observed(CALL) * 2)
    assert paths(final(truth, twice)) == ["/choices/0/tool_calls/1"]


def test_a_lost_choice_and_one_that_never_was_fail() -> None:
    lost = Observation("complete", choices=())
    assert paths(final(expect(text="Hi"), lost)) == ["/choices/0"]
    more = (ObservedChoice(0, text="Hi", finish_reason="stop"), ObservedChoice(1, text="Hi"))
    assert paths(final(expect(text="Hi"), Observation("complete", choices=more))) == ["/choices/1"]


def test_invented_token_counts_fail() -> None:
    got = msgspec.structs.replace(saw(text="Hi"), usage=ObservedUsage(0, 0, 0))
    assert paths(final(expect(text="Hi"), got)) == [
        "/usage/prompt_tokens",
        "/usage/completion_tokens",
        "/usage/total_tokens",
    ]


def test_summed_token_counts_fail() -> None:
    usage = {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12}
    got = msgspec.structs.replace(saw(text="Hi"), usage=ObservedUsage(36, 6, 42))
    assert len(paths(final(expect(usage=usage, text="Hi"), got))) == 3


def test_a_role_joined_from_repeats_fails() -> None:
    got = saw(text="Hi", role="assistantassistant")
    assert paths(final(expect(text="Hi"), got)) == ["/choices/0/role"]


# What asserts nothing -------------------------------------------------------------------------


def test_an_exception_on_a_truncated_answer_passes_and_is_remarked() -> None:
    judgement = final(expect("incomplete", text="Hello"), saw("failed", text="Hel"))
    assert not judgement.differences
    assert judgement.remarks == ("an answer without an end raises an exception",)


def test_before_an_exception_the_user_sees_the_beginning_of_the_truth() -> None:
    truth = expect("failed", text="Hello", tool_calls=[CALL])
    assert not paths(final(truth, saw("failed", text="Hel")))
    assert not paths(final(truth, saw("failed", text="Hello", tool_calls=observed(HALF))))
    assert paths(final(truth, saw("failed", text="lo"))) == ["/choices/0/text"]


def test_a_failure_that_shows_only_as_no_end_passes_and_is_remarked() -> None:
    judgement = final(expect("failed", text="Hi"), saw("incomplete", text="Hi"))
    assert not judgement.differences
    assert judgement.remarks == ("the failure shows only as an end without a finish reason",)


def test_a_done_signal_that_the_library_does_not_show_passes() -> None:
    """`[DONE]` without a finish reason: complete by rule END-4, and nothing was asserted."""
    assert not paths(final(expect(text="Hi", finish_reason=None), saw("incomplete", text="Hi")))


def test_a_half_call_may_be_left_out_of_an_unfinished_answer() -> None:
    assert not paths(final(expect("incomplete", tool_calls=[HALF]), saw("incomplete")))
    truth = expect("incomplete", tool_calls=[CALL])
    assert paths(final(truth, saw("incomplete"))) == ["/choices/0/tool_calls/0"]


def test_no_role_and_no_type_say_nothing() -> None:
    got = saw(role=None, tool_calls=observed(CALL, type=None))
    assert not paths(final(expect(tool_calls=[CALL]), got))


def test_empty_and_null_are_the_same() -> None:
    got = saw(text="", refusal="", tool_calls=observed(CALL, id=""))
    assert not paths(final(expect(tool_calls=[{**CALL, "id": None}]), got))


def test_a_choice_with_nothing_in_it_says_nothing() -> None:
    choices = (ObservedChoice(0, text="Hi", finish_reason="stop"), ObservedChoice(1, role="x"))
    assert not paths(final(expect(text="Hi"), Observation("complete", choices=choices)))


# Declared, and shown --------------------------------------------------------------------------


def test_not_represented_is_neither_right_nor_wrong_but_shown() -> None:
    truth = expect(text="Hi", reasoning="Hmm")
    judgement = final(truth, saw(text="Hi"), frozenset({"reasoning", "refusal"}))
    assert not judgement.differences
    assert judgement.not_represented == ("reasoning",)


def test_what_is_declared_not_represented_must_not_be_reported() -> None:
    with pytest.raises(ContradictionError):
        judge("final", expect(reasoning="r"), saw(reasoning="r"), frozenset({"reasoning"}))


def test_undeclared_absence_is_a_loss() -> None:
    truth = expect(text="Hi", reasoning="Hmm")
    assert paths(final(truth, saw(text="Hi"))) == ["/choices/0/reasoning"]


def test_a_stated_outcome_is_taken_at_its_word() -> None:
    """What an adapter infers is judged fairly; what a library says must be true."""
    said = msgspec.structs.replace(saw("incomplete", text="Hi"), outcome_stated=True)
    assert paths(final(expect("failed", text="Hi"), said)) == ["/outcome"]


def test_a_member_absent_from_the_truth_is_not_judged() -> None:
    truth = msgspec.convert(
        {"case": "x/y", "oracle": "twin", "final": {"choices": [{"index": 0, "text": "Hi"}]}},
        Expectation,
    )
    got = saw("failed", text="Hi", reasoning="whatever", finish_reason="odd")
    assert not paths(final(truth, got))


# Arguments as a JSON value --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "same"),
    [('{"b":2,"a":1.0}', True), ('{"a": 1, "b": 3}', False), ('{"a": true, "b": 2}', False)],
)
def test_arguments_json_compares_values(text: str, same: bool) -> None:
    """Order and spelling do not count; true is not 1."""
    call = {"id": "c1", "type": "function", "name": "f", "arguments_json": {"a": 1, "b": 2}}
    got = saw(tool_calls=(ObservedCall("c1", "function", "f", text),))
    assert paths(final(expect(tool_calls=[call]), got)) == (
        [] if same else ["/choices/0/tool_calls/0/arguments"]
    )


# Sequence and exact ---------------------------------------------------------------------------


def sequence(
    entries: list[dict[str, Any]],
    *events: ev.AnyEvent,
    outcome: Any = "complete",
    blind: frozenset[str] = NOTHING,
) -> list[str]:
    truth = {
        "case": "x/y",
        "oracle": "hand",
        "final": {"outcome": "complete"},
        "sequence": {"0": entries},
    }
    expected = msgspec.convert(truth, Expectation)
    judgement = judge("sequence", expected, Observation(outcome, events=events), blind)
    assert judgement is not None
    return paths(judgement)


TEXT_CALL_TEXT = [
    {"kind": "text", "text": "ab"},
    {"kind": "tool_call", **CALL},
    {"kind": "text", "text": "c"},
]
CALL_EVENTS = (
    ev.ToolCall(0, 0, 0, "c1", "f", "function"),
    ev.ToolArguments(0, 0, CALL["arguments"]),
)


def test_sequence_is_an_order_of_merged_stretches() -> None:
    assert not sequence(
        TEXT_CALL_TEXT, ev.Text(0, "a"), ev.Text(0, "b"), *CALL_EVENTS, ev.Text(0, "c")
    )


def test_another_order_is_one_difference() -> None:
    assert sequence(TEXT_CALL_TEXT, *CALL_EVENTS, ev.Text(0, "abc")) == ["/0/0"]


def test_stretches_around_what_has_no_place_are_joined() -> None:
    """A library without tool calls sees one text where there are two."""
    blind = frozenset({"tool_calls"})
    assert not sequence(TEXT_CALL_TEXT, ev.Text(0, "abc"), blind=blind)


def test_a_sequence_that_an_exception_cut_is_the_beginning() -> None:
    assert not sequence(TEXT_CALL_TEXT, ev.Text(0, "a"), outcome="failed")
    assert sequence(TEXT_CALL_TEXT, ev.Text(0, "b"), outcome="failed") == ["/0/0/text"]


def test_without_events_a_sequence_is_not_available() -> None:
    expected = msgspec.convert(
        {"case": "x/y", "oracle": "hand", "sequence": {"0": []}}, Expectation
    )
    assert judge("sequence", expected, saw(), NOTHING) is None


def exact(expected: list[dict[str, Any]], *events: ev.AnyEvent) -> list[str]:
    truth = msgspec.convert({"case": "x/y", "oracle": "hand", "exact": expected}, Expectation)
    judgement = judge("exact", truth, Observation("complete", events=events), NOTHING)
    assert judgement is not None
    return paths(judgement)


def test_exact_leaves_repairs_and_offsets_out() -> None:
    expected: list[dict[str, Any]] = [
        {"event": "text", "choice": 0, "text": "a"},
        {"event": "end"},
    ]
    repair = ev.Repair("done-missing", "END-3", 9)
    assert not exact(expected, ev.Text(0, "a", 5), repair, ev.End("complete", 9))


def test_exact_keeps_deltas_apart() -> None:
    expected = [{"event": "text", "choice": 0, "text": "ab"}]
    assert exact(expected, ev.Text(0, "a"), ev.Text(0, "b")) == ["/0/text"]
    assert exact(expected) == ["/0"]
    assert exact(expected, ev.Text(0, "ab"), ev.Text(0, "c")) == ["/1"]
