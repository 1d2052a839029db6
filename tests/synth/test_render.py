"""Rendering: what goes into a dialect comes out of the wire, for every dialect and message."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from chunkproof import parse
from chunkproof_conformance.judge.fold import maybe_sequence_of
from chunkproof_conformance.synth import dialects
from chunkproof_conformance.synth import message as said
from chunkproof_conformance.synth.dialect import CannotSay, Dialect
from chunkproof_conformance.synth.dialects.catalogue import DIALECTS, VENDORS
from chunkproof_conformance.synth.framing import DONE, to_bytes
from chunkproof_conformance.synth.message import Call, Choice, Message, Text, truth
from chunkproof_conformance.synth.plan import calls_in_turn, cut, in_turn, plan, problems
from chunkproof_conformance.synth.render import chunks_of, render
from tests.synth.messages import CALL, COUNTS, OTHER, TEXT, THOUGHT, probes

each_dialect = pytest.mark.parametrize("name", sorted(DIALECTS))


def as_listed(call: dict[str, Any], as_value: bool) -> dict[str, Any]:
    listed = {name: call[name] for name in ("id", "type", "name")}
    if as_value:
        return {**listed, "arguments_json": json.loads(call["arguments"])}
    return {**listed, "arguments": call["arguments"]}


def read_back(body: bytes, as_value: bool = False) -> dict[str, Any]:
    """The level final as the reference reads it, in the shape of an expected file."""
    result = parse([body]).to_dict()
    choices = [
        {
            **{
                name: choice[name]
                for name in ("index", "role", "text", "reasoning", "refusal", "finish_reason")
            },
            "tool_calls": [as_listed(call, as_value) for call in choice["tool_calls"]],
        }
        for choice in result["choices"]
    ]
    usage = result["usage"]
    counts = usage and {name: usage[name] for name in said.COUNTS}
    return {"outcome": result["outcome"], "choices": choices, "usage": counts}


@each_dialect
def test_the_reference_reads_back_what_was_said(name: str) -> None:
    """Truth comes from the message alone; the bytes and the reference agree with it."""
    dialect = DIALECTS[name]
    messages = list(probes(dialect))
    assert messages
    for message, steps in messages:
        body = to_bytes(render(dialect, message, steps), dialect.framing)
        value = "value calls" in said.features(message)
        assert read_back(body, value) == truth(message)["final"], body.decode()


@each_dialect
def test_how_a_message_is_cut_into_fragments_does_not_matter(name: str) -> None:
    """The final answer is the same for fragments of 1, 3 and 1,000 code points."""
    dialect = DIALECTS[name]
    for message, _ in probes(dialect):
        answers = [
            read_back(
                to_bytes(render(dialect, message, sized(message, size)), dialect.framing),
                "value calls" in said.features(message),
            )
            for size in (1, 3, 1_000)
        ]
        assert answers == [truth(message)["final"]] * 3


def sized(message: Message, size: int) -> Any:
    return plan(message, lambda text: cut(text, size))


@each_dialect
def test_a_dialect_says_where_its_facts_come_from(name: str) -> None:
    """Sources in words; a vendor's dialects bear its name."""
    dialect = DIALECTS[name]
    assert dialect.sources
    assert all(len(source) > 20 for source in dialect.sources)
    vendors = [vendor for vendor, variants in VENDORS.items() if dialect in variants]
    assert len(vendors) == 1
    assert name.startswith(vendors[0].replace("_", "-"))


def test_a_dialect_module_is_read_at_a_glance() -> None:
    """Templates and their sources, and nothing else: 160 lines are enough for any vendor."""
    lengths = {
        path.name: len(path.read_text("utf-8").splitlines())
        for path in Path(dialects.__path__[0]).glob("*.py")
    }
    assert max(lengths.values()) <= 160, lengths


def test_names_are_given_once() -> None:
    """The catalogue loses no dialect."""
    assert len(DIALECTS) == sum(map(len, VENDORS.values()))


@pytest.mark.parametrize(
    ("name", "message", "missing"),
    [
        ("gpustack", Message((Choice((TEXT,)),), end="done"), "done"),
        ("snowflake", Message((Choice((TEXT,)),)), "finish"),
        ("xai", Message((Choice((said.Refusal("no"),)),)), "refusal"),
        ("mistral-calls-no-index", Message((Choice((CALL, OTHER)),)), "parallel"),
        ("openai-legacy", Message((Choice((TEXT,)),), COUNTS), "usage"),
        ("perplexity", Message((Choice((CALL,)),), end="eof"), "calls"),
        ("zai", Message((Choice((TEXT,), None),), COUNTS), "usage without a finish reason"),
    ],
)
def test_a_dialect_refuses_what_it_cannot_say(name: str, message: Message, missing: str) -> None:
    """Nothing is dropped in silence."""
    with pytest.raises(CannotSay) as refusal:
        render(DIALECTS[name], message)
    assert refusal.value.missing == missing


def test_calls_are_mixed_by_fragments() -> None:
    """Two calls said in turn: their fragments alternate, each in its own order."""
    message = Message((Choice((TEXT, CALL, OTHER), "tool_calls"),))
    steps = calls_in_turn(plan(message, lambda text: cut(text, 9)), message)
    assert problems(steps, message) == []
    calls = [step.segment for step in steps if step.segment]
    assert calls[:4] == [1, 2, 1, 2]
    body = to_bytes(render(DIALECTS["deepseek"], message, steps))
    assert read_back(body) == truth(message)["final"]


def test_choices_speak_in_turn() -> None:
    """Two choices said in turn: one chunk each."""
    message = Message((Choice((TEXT,)), Choice((Text("Another answer."),), index=1)))
    steps = in_turn(plan(message, lambda text: cut(text, 4)))
    assert problems(steps, message) == []
    assert [step.choice for step in steps[:4]] == [0, 1, 0, 1]
    body = to_bytes(render(DIALECTS["openai-2024"], message, steps))
    assert read_back(body) == truth(message)["final"]


def test_a_plan_of_another_message_is_refused() -> None:
    """Steps that lose, repeat or reorder a fragment are no plan."""
    message = Message((Choice((THOUGHT, TEXT)),))
    steps = plan(message)
    assert problems(steps, message) == []
    for wrong in (steps[1:], (*steps, steps[-1]), tuple(reversed(steps)), ()):
        assert problems(wrong, message)
        with pytest.raises(ValueError, match="segment"):
            render(DIALECTS["zai"], message, wrong)


def test_the_sequence_keeps_the_order_in_which_segments_began() -> None:
    """Neighbours of one kind merge, asides break nothing, calls stand where they were opened."""
    segments = (
        Text("a"),
        said.Aside({"annotations": []}),
        Text("b"),
        CALL,
        said.Reasoning("r"),
        Text("c"),
    )
    sequence = truth(Message((Choice(segments),)))["sequence"]["0"]
    assert [(entry["kind"], entry.get("text")) for entry in sequence] == [
        ("text", "ab"),
        ("tool_call", None),
        ("reasoning", "r"),
        ("text", "c"),
    ]


@pytest.mark.parametrize(
    ("message", "outcome"),
    [
        (Message(), "incomplete"),
        (Message((Choice((TEXT,)),)), "complete"),
        (Message((Choice((TEXT,)),), end="eof"), "complete"),
        (Message((Choice((TEXT,), None),)), "complete"),
        (Message((Choice((TEXT,), None),), end="eof"), "incomplete"),
        (Message((Choice((TEXT,)), Choice((TEXT,), None, 1)), end="eof"), "incomplete"),
        (Message((Choice((TEXT,)),), end="reset"), "failed"),
        (Message((Choice((TEXT,)),), failure=said.Failure("m")), "failed"),
        (Message((Choice((TEXT,), "error"),)), "failed"),
    ],
)
def test_the_outcome_follows_the_rules_of_the_end(message: Message, outcome: str) -> None:
    """END-1 to END-8, ERR-1 and FIN-5, on the message alone."""
    assert truth(message)["final"]["outcome"] == outcome


def test_halves_of_a_surrogate_pair_join_and_a_lone_one_is_replaced() -> None:
    """TXT-3 and TXT-4, across fragments and segments of one channel."""
    message = Message(
        (
            Choice(
                (Text("a\ud83d"), Text("\ude00b\ud83d")),
            ),
        )
    )
    assert truth(message)["final"]["choices"][0]["text"] == "a\U0001f600b\ufffd"
    assert truth(message)["sequence"]["0"] == [{"kind": "text", "text": "a\U0001f600b\ufffd"}]
    body = to_bytes(render(DIALECTS["deepseek"], message, plan(message, list)))
    assert read_back(body) == truth(message)["final"]


def test_a_stream_ends_as_the_message_says() -> None:
    """`[DONE]` is the last frame, or not there at all."""
    dialect = DIALECTS["openai"]
    message = Message((Choice((TEXT,)),), COUNTS)
    assert render(dialect, message)[-1].data == DONE
    open_end = Message(message.choices, COUNTS, end="eof")
    assert render(dialect, open_end) == render(dialect, message)[:-1]


def test_rendering_is_repeatable() -> None:
    """Nothing is drawn by chance, so a cassette can be made again."""
    dialect: Dialect = replace(DIALECTS["openrouter"], idle_every=0)
    message = Message((Choice((THOUGHT, Text("x"), Call("a", "f", "{}")), "tool_calls"),), COUNTS)
    assert render(dialect, message) == render(dialect, message)
    assert len({chunk["id"] for chunk in chunks_of(render(dialect, message))}) == 1


def test_sequence_of_the_reference_is_that_of_the_message() -> None:
    """Text, call and text again, in order: the order is in the bytes."""
    from chunkproof_conformance.connect.adapter import Stream
    from chunkproof_conformance.implementations.reference.adapter import ReferenceAdapter

    message = Message((Choice((THOUGHT, TEXT, CALL, Text("!"), OTHER), "tool_calls"),), COUNTS)
    body = to_bytes(render(DIALECTS["openrouter"], message))
    order = maybe_sequence_of(ReferenceAdapter().run(Stream((body,))))
    assert order is not None
    kinds = [getattr(entry, "kind", "tool_call") for entry in order[0]]
    assert kinds == ["reasoning", "text", "tool_call", "text", "tool_call"]
