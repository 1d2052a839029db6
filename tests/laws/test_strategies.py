"""The public strategies: what they draw is true, and shrinks to something to read."""

import json
import re
from collections.abc import Collection
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, find, given, seed, settings
from hypothesis import strategies as st
from hypothesis.vendor.pretty import pretty

from chunkproof import parse
from chunkproof.result import Result
from chunkproof_conformance import strategies
from chunkproof_conformance.synth.dialect import CannotSay
from chunkproof_conformance.synth.dialects.catalogue import DIALECTS
from chunkproof_conformance.synth.framing import Framing
from chunkproof_conformance.synth.message import Call, Choice, Message, Text, features, outcome
from chunkproof_conformance.synth.rewrites.catalogue import REWRITES
from tests.laws.page import PAGE

SLOW: Final = (HealthCheck.too_slow, HealthCheck.filter_too_much)
QUIET: Final = settings(database=None, deadline=None, suppress_health_check=SLOW, max_examples=300)
BODY: Final = b"data: {}\n\ndata: [DONE]\n\n"


def smallest(strategy: st.SearchStrategy[Any], wanted: Any = lambda _: True) -> Any:
    return find(strategy, wanted, settings=QUIET)


def read_back(body: bytes) -> dict[str, Any]:
    """The level final as the reference reads it."""
    return shown(parse([body]))


def shown(result: Result) -> dict[str, Any]:
    """What the reference read, in the shape of `Streamed.truth`."""
    read = result.to_dict()
    usage = read["usage"]
    counts = ("prompt_tokens", "completion_tokens", "total_tokens")
    kept = ("index", "role", "text", "reasoning", "refusal", "finish_reason")
    called = ("id", "type", "name", "arguments")
    choices = [
        {
            **{name: choice[name] for name in kept},
            "tool_calls": [{name: call[name] for name in called} for call in choice["tool_calls"]],
        }
        for choice in read["choices"]
    ]
    counted = usage and {name: usage[name] for name in counts}
    return {"outcome": read["outcome"], "choices": choices, "usage": counted}


@settings(deadline=None, suppress_health_check=SLOW)
@given(strategies.streams())
def test_the_truth_of_a_stream_is_what_its_bytes_say(stream: strategies.Streamed) -> None:
    """The truth comes from the message; a parser that reads the bytes must find it."""
    assert read_back(stream.body) == stream.truth["final"]


@given(st.data())
def test_pieces_add_up_to_the_body(data: st.DataObject) -> None:
    """No piece is empty, and none is lost."""
    body = data.draw(strategies.garbage())
    pieces = data.draw(strategies.pieces(body))
    assert b"".join(pieces) == body
    assert all(pieces)


@given(strategies.cuts(BODY))
def test_cuts_ascend_and_lie_inside(cuts: tuple[int, ...]) -> None:
    """They are what `pieces_at` and `--cuts` take."""
    assert list(cuts) == sorted(set(cuts))
    assert all(0 < cut < len(BODY) for cut in cuts)


def test_cuts_shrink_to_none_and_pieces_to_one() -> None:
    """The plainest way to hand a body over is whole."""
    assert smallest(strategies.cuts(BODY)) == ()
    assert smallest(strategies.pieces(BODY)) == (BODY,)
    assert smallest(strategies.cuts(BODY), bool) == (1,)


@pytest.mark.parametrize(("valid", "left"), [(True, "{}"), (False, "{"), (None, "")])
def test_arguments_shrink_to_the_shortest_there_are(valid: bool | None, left: str) -> None:
    """An empty object; of those that break off its brace; where there need be none, none."""
    assert smallest(strategies.tool_arguments(valid=valid)) == left


@given(strategies.tool_arguments())
def test_valid_arguments_are_json(arguments: str) -> None:
    """Any JSON object, with nasty strings in it, deep, or long."""
    assert isinstance(json.loads(arguments), dict)


@given(strategies.tool_arguments(valid=False))
def test_broken_arguments_are_not(arguments: str) -> None:
    """They break off before their end."""
    with pytest.raises(ValueError, match=r"."):
        json.loads(arguments)


def test_arguments_may_be_deep_and_long() -> None:
    """Sixty levels, four thousand letters: both are drawn."""
    assert smallest(strategies.tool_arguments(), lambda text: text.count("{") >= 50)
    assert smallest(strategies.tool_arguments(), lambda text: len(text) > 3_000)


@pytest.mark.parametrize("says", [strategies.FEATURES, {"text", "finish", "done"}])
def test_a_message_shrinks_to_a_zero_that_is_said(says: Collection[str]) -> None:
    """The same, whatever else may be said: text comes first and takes the fewest choices."""
    (choice,) = smallest(strategies.messages(says=says)).choices
    assert choice.segments == (Text("0"),)
    assert choice.finish == "stop"


def test_what_is_not_needed_goes_out_of_a_message() -> None:
    """Two calls are left as two calls of one choice, beside nothing."""

    def has_two_calls(message: Message) -> bool:
        return any(
            sum(isinstance(part, Call) for part in choice.segments) > 1
            for choice in message.choices
        )

    message = smallest(strategies.messages(), has_two_calls)
    (choice,) = message.choices
    assert [(call.name, call.arguments) for call in choice.segments] == [("f", "{}")] * 2


@given(strategies.messages(says={"text", "finish"}))
def test_a_message_says_only_what_it_may(message: Message) -> None:
    """So that a dialect, or a parser, can be left out of what it has no place for."""
    assert features(message) <= {"text", "finish"}
    assert outcome(message) in {"complete", "incomplete"}


def test_every_feature_is_drawn() -> None:
    """Nothing that a message can say is left to luck."""
    drawn: set[str] = set()

    @settings(max_examples=300, database=None, deadline=None, suppress_health_check=SLOW)
    @given(strategies.messages())
    def draw(message: Message) -> None:
        drawn.update(features(message))

    draw()
    assert drawn >= strategies.FEATURES


def left_of(strategy: st.SearchStrategy[Any], number: int, wanted: Any = lambda _: True) -> Any:
    """What a failing test is reported with: all phases, as anybody's test has them."""
    tried: list[Any] = []

    @seed(number)
    @settings(database=None, deadline=None, suppress_health_check=SLOW)
    @given(strategy)
    def fails(value: Any) -> None:
        if wanted(value):
            tried.append(value)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fails()
    return tried[-1]


@pytest.mark.parametrize("number", [1, 2])
def test_a_stream_shrinks_to_a_zero_of_the_generic_dialect(number: int) -> None:
    """In its own spelling, whatever the run began with: a vendor that stays has to do with it."""
    stream = left_of(strategies.streams(), number)
    assert (stream.dialect.name, stream.framing) == ("generic", Framing())
    assert stream.message == Message((Choice((Text("0"),), "stop"),))
    assert stream.body.count(b"\n\n") == 4


def test_a_stream_with_a_call_shrinks_to_the_smallest_call_of_the_generic_dialect() -> None:
    """Also where the first stream with a call was another vendor's."""
    stream = left_of(strategies.streams(), 1, lambda one: "calls" in features(one.message))
    assert stream.dialect.name == "generic"
    (call,) = stream.message.choices[0].segments
    assert (call.name, call.arguments) == ("f", "{}")


def test_a_failing_stream_is_shown_by_its_names_and_bytes() -> None:
    """The templates of its dialect fill two screens and tell nobody anything."""
    shown = pretty(smallest(strategies.streams(dialects=["generic"])))
    assert shown.startswith("Streamed(generic, ")
    assert "Template" not in shown
    assert len(shown) < 1_500
    assert pretty(DIALECTS["azure"]) == "DIALECTS['azure']"
    assert pretty(smallest(strategies.rewrites())) == "Rewriting(line-ends-crlf, lot 0)"


def test_a_message_with_a_call_shrinks_to_the_smallest_call() -> None:
    """Whoever looks for a bug in calls is shown `{}` and a short name."""
    message = smallest(strategies.messages(), lambda one: "calls" in features(one))
    (call,) = message.choices[0].segments
    assert (call.name, call.arguments) == ("f", "{}")


def test_chunks_are_those_of_the_dialect() -> None:
    """The same message in any cut of deltas; a dialect refuses what it cannot say."""
    message = Message((smallest(strategies.messages(says={"text", "finish"})).choices[0],))
    for chunk in smallest(strategies.chunks(DIALECTS["generic"], message)):
        assert chunk["object"] == "chat.completion.chunk"
    refusing = next(one for one in DIALECTS.values() if "reasoning" not in one.says)
    thought = smallest(
        strategies.messages(says={"reasoning", "finish"}),
        lambda one: "reasoning" in features(one),
    )
    with pytest.raises(CannotSay):
        strategies.chunks(refusing, thought)


@given(st.data())
def test_faults_and_rewrites_are_the_same_every_time(data: st.DataObject) -> None:
    """What is drawn is a value: applied twice it gives the same twice."""
    stream = data.draw(strategies.streams(dialects=["openai-2024"], framed=False))
    fault, rewriting = data.draw(strategies.faults()), data.draw(strategies.rewrites())
    assert fault(stream.body) == fault(stream.body)
    assert rewriting(stream.body) == rewriting(stream.body)


def test_a_fault_shrinks_to_a_body_cut_off_at_its_start() -> None:
    """Nothing is left of it."""
    assert smallest(strategies.faults())(BODY) == b""


def test_a_rewrite_shrinks_to_the_first_one_with_the_first_lot() -> None:
    """So that the same failure is reported by the same name."""
    found = smallest(strategies.rewrites())
    assert (found.rewrite.name, found.seed) == (next(iter(REWRITES)), 0)


def test_texts_and_json_shrink_to_what_says_least() -> None:
    """A zero where something has to be said; else nothing, and null."""
    assert smallest(strategies.texts()) == "0"
    assert smallest(strategies.texts(min_size=0)) == ""
    assert smallest(strategies.json_values()) is None


def test_a_dialect_shrinks_to_the_generic_one_and_its_own_spelling() -> None:
    """A vendor that stays in a shrunk example has something to do with it."""
    assert smallest(strategies.dialects()).name == "generic"
    assert smallest(strategies.framings()) == Framing()
    spaced = Framing(space="", line_end="\r\n")
    assert smallest(strategies.framings(spaced)) == spaced


def test_chunks_shrink_to_one_delta_for_each_segment() -> None:
    """A cut that stays in a shrunk example matters."""
    message = Message((Choice((Text("abcdef"),), "stop"),))
    deltas = [
        chunk["choices"][0]["delta"].get("content")
        for chunk in smallest(strategies.chunks(DIALECTS["generic"], message))
    ]
    assert [text for text in deltas if text] == ["abcdef"]


def test_the_page_says_what_every_strategy_shrinks_to() -> None:
    """One row for each public strategy, and none for another."""
    table = PAGE.read_text("utf-8").split("## Strategies")[1].split("\n## ")[0]
    named = set(re.findall(r"(?m)^\| `([a-z_]+)\(", table))
    public = {
        name
        for name, one in vars(strategies).items()
        if callable(one)
        and getattr(one, "__module__", "") == strategies.__name__
        and not name.startswith("_")
        and not isinstance(one, type)
    }
    assert named == public - {"sayable"}


def test_garbage_shrinks_to_nothing() -> None:
    """The empty body."""
    assert smallest(strategies.garbage()) == b""


def bad_options() -> list[Any]:
    return [
        lambda: strategies.cuts(b"ab", max_cuts=-1),
        lambda: strategies.texts(min_size=3, max_size=2),
        lambda: strategies.tool_arguments(depth=1_000),
        lambda: strategies.dialects(["no-such"]),
        lambda: strategies.dialects([]),
        lambda: strategies.rewrites(["no-such"]),
        lambda: strategies.faults(["no-such"]),
        lambda: strategies.garbage(max_size=-1),
        lambda: smallest(strategies.messages(says=())),
        lambda: smallest(strategies.messages(max_segments=0)),
    ]


@pytest.mark.parametrize("number", range(len(bad_options())))
def test_a_bad_option_raises_at_once(number: int) -> None:
    """With a sentence, not with an empty search."""
    with pytest.raises(ValueError, match=r"."):
        bad_options()[number]()
