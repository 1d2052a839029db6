"""Folding joins what the adapter says belongs together, and applies no rule."""

from __future__ import annotations

from chunkproof import events as ev
from chunkproof_conformance.judge.fold import (
    Stretch,
    final_of,
    final_of_events,
    maybe_sequence_of,
    sequence_of_events,
)
from chunkproof_conformance.judge.observation import (
    Observation,
    ObservedCall,
    ObservedChoice,
    ObservedUsage,
)


def call(number: int, id_: str | None = None, name: str | None = None) -> ev.ToolCall:
    return ev.ToolCall(0, number, number, id_, name, "function")


def test_neighbours_of_one_kind_are_merged() -> None:
    """Reasoning between two texts keeps them apart; nothing between them joins them."""
    events: list[ev.AnyEvent] = [
        ev.Text(0, "a"),
        ev.Text(0, "b"),
        ev.Reasoning(0, "r"),
        ev.Text(0, "c"),
    ]
    assert sequence_of_events(events) == {
        0: [Stretch("text", "ab"), Stretch("reasoning", "r"), Stretch("text", "c")]
    }


def test_a_call_stands_where_it_was_opened_with_its_last_id_and_name() -> None:
    events: list[ev.AnyEvent] = [
        call(0, None, "get"),
        ev.Text(0, "x"),
        call(0, "c1", "get_time"),
        ev.ToolArguments(0, 0, "{}"),
    ]
    assert sequence_of_events(events) == {
        0: [ObservedCall("c1", "function", "get_time", "{}"), Stretch("text", "x")]
    }


def test_fragments_of_different_calls_do_not_break_each_other() -> None:
    events: list[ev.AnyEvent] = [
        call(0, "a", "f"),
        call(1, "b", "g"),
        ev.ToolArguments(0, 0, "[1"),
        ev.ToolArguments(0, 1, "[2"),
        ev.ToolArguments(0, 0, "]"),
        ev.ToolArguments(0, 1, "]"),
    ]
    assert sequence_of_events(events) == {
        0: [ObservedCall("a", "function", "f", "[1]"), ObservedCall("b", "function", "g", "[2]")]
    }


def test_arguments_of_an_open_call_do_not_break_the_text_around_them() -> None:
    events: list[ev.AnyEvent] = [
        call(0, "a", "f"),
        ev.Text(0, "x"),
        ev.ToolArguments(0, 0, "{}"),
        ev.Text(0, "y"),
    ]
    assert sequence_of_events(events)[0][1:] == [Stretch("text", "xy")]


def test_choices_do_not_break_each_other() -> None:
    events: list[ev.AnyEvent] = [ev.Text(0, "a"), ev.Text(1, "A"), ev.Text(0, "b"), ev.Text(1, "B")]
    assert sequence_of_events(events) == {0: [Stretch("text", "ab")], 1: [Stretch("text", "AB")]}


def test_two_numbers_with_one_id_stay_two_calls() -> None:
    """No identity rule is applied: the adapter says which fragments are one call."""
    events: list[ev.AnyEvent] = [call(0, "same", "f"), call(1, "same", "f")]
    assert len(final_of_events(events).choices[0].tool_calls) == 2


def test_events_fold_to_the_final_answer() -> None:
    events: list[ev.AnyEvent] = [
        ev.Text(0, "Hel"),
        ev.Refusal(0, "no"),
        ev.Text(0, "lo"),
        ev.Finish(0, "stop"),
        ev.Usage(1, 2, 3, {}),
    ]
    folded = final_of_events(events)
    assert folded.choices[0] == ObservedChoice(0, text="Hello", refusal="no", finish_reason="stop")
    assert folded.usage == ObservedUsage(1, 2, 3)


def test_reported_choices_win_over_events() -> None:
    observation = Observation(
        "complete", choices=(ObservedChoice(0, text="said"),), events=(ev.Text(0, "seen"),)
    )
    assert final_of(observation).choices[0].text == "said"


def test_a_choice_shown_twice_is_noticed() -> None:
    observation = Observation("complete", choices=(ObservedChoice(1), ObservedChoice(1)))
    assert final_of(observation).repeated == (1,)


def test_no_events_means_no_sequence() -> None:
    assert maybe_sequence_of(Observation("complete", choices=())) is None
    unordered = Observation(
        "complete", events=(ev.Text(0, "x"),), not_represented=frozenset({"sequence"})
    )
    assert maybe_sequence_of(unordered) is None
