"""A server that says one thing after another, and a parser that must keep up with it.

Each rule sends one fragment and notes it in the model: the abstract answer. After every step
the parser's result is the model; how the bytes are cut is drawn as well.
"""

from typing import Any, Final

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from chunkproof import StreamParser
from chunkproof.events import AnyEvent
from chunkproof_conformance import strategies
from chunkproof_conformance.judge.fold import final_of_events
from chunkproof_conformance.laws.streams import (
    DONE,
    calls,
    chunk,
    delta,
    finish,
    more,
    opening,
)
from chunkproof_conformance.synth.blocks import Block, block_of

CHOICES: Final = st.integers(0, 1)
WORDS: Final = st.text(st.characters(codec="utf-8"), min_size=1, max_size=6)
CHANNELS: Final = {
    "text": "content",
    "reasoning": "reasoning_content",
    "refusal": "refusal",
}


class Server(RuleBasedStateMachine):
    """Sends fragments; the model is what they add up to."""

    def __init__(self) -> None:
        super().__init__()
        self.parser = StreamParser()
        self.events: list[AnyEvent] = []
        self.said: dict[int, dict[str, str]] = {}
        self.called: dict[int, list[str]] = {}
        self.reasons: dict[int, str] = {}
        self.usage: tuple[int, int, int] | None = None
        self.failed = False
        self.over = False

    def send(self, block: Block, data: st.DataObject) -> None:
        for piece in data.draw(strategies.pieces(block.raw, max_cuts=3)):
            self.events += self.parser.feed(piece)

    def open(self, choice: int) -> dict[str, str]:
        return self.said.setdefault(choice, {})

    @initialize()
    def begin(self) -> None:
        self.events += self.parser.feed(b": welcome\n\n")

    @precondition(lambda self: not self.over)
    @rule(choice=CHOICES, channel=st.sampled_from(sorted(CHANNELS)), text=WORDS, data=st.data())
    def say(self, choice: int, channel: str, text: str, data: st.DataObject) -> None:
        self.send(delta(choice, **{CHANNELS[channel]: text}), data)
        said = self.open(choice)
        said[channel] = said.get(channel, "") + text

    @precondition(lambda self: not self.over)
    @rule(choice=CHOICES, arguments=st.sampled_from(("", "{", '{"a":')), data=st.data())
    def call(self, choice: int, arguments: str, data: st.DataObject) -> None:
        self.open(choice)
        known = self.called.setdefault(choice, [])
        number = len(known)
        entry = opening(number, f"call-{choice}-{number}", f"f{number}", arguments)
        self.send(calls(entry, index=choice), data)
        known.append(arguments)

    @precondition(lambda self: not self.over and any(self.called.values()))
    @rule(text=WORDS, data=st.data())
    def go_on_with_a_call(self, text: str, data: st.DataObject) -> None:
        places = [(c, n) for c, known in self.called.items() for n in range(len(known))]
        choice, number = data.draw(st.sampled_from(places))
        self.send(calls(more(number, text), index=choice), data)
        self.called[choice][number] += text

    @precondition(lambda self: not self.over)
    @rule(raw=st.sampled_from((b": ping\n\n", b"\n\n", b"event: ping\n\n", b"id: 7\n\n")))
    def keep_alive(self, raw: bytes) -> None:
        self.events += self.parser.feed(raw)

    @precondition(lambda self: not self.over)
    @rule(counts=st.tuples(*[st.integers(1, 99)] * 3), data=st.data())
    def count(self, counts: tuple[int, int, int], data: st.DataObject) -> None:
        names = ("prompt_tokens", "completion_tokens", "total_tokens")
        self.send(chunk(usage=dict(zip(names, counts, strict=True))), data)
        self.usage = counts

    @precondition(lambda self: not self.over)
    @rule(choice=CHOICES, reason=st.sampled_from(("stop", "length")), data=st.data())
    def stop(self, choice: int, reason: str, data: st.DataObject) -> None:
        self.open(choice)
        self.send(finish(reason, choice), data)
        self.reasons.setdefault(choice, reason)

    @precondition(lambda self: not self.over)
    @rule(data=st.data())
    def fail(self, data: st.DataObject) -> None:
        self.send(block_of({"error": {"message": "overloaded"}}), data)
        self.failed = True

    @precondition(lambda self: not self.over)
    @rule(data=st.data())
    def end(self, data: st.DataObject) -> None:
        self.send(DONE, data)
        self.over = True

    @rule(data=st.data())
    @precondition(lambda self: self.over)
    def talk_to_nobody(self, data: st.DataObject) -> None:
        self.send(delta(0, content="late"), data)

    @invariant()
    def the_result_is_what_was_said(self) -> None:
        result = self.parser.result()
        assert {choice.index for choice in result.choices} == set(self.said)
        for choice in result.choices:
            said = self.said[choice.index]
            for channel in CHANNELS:
                assert getattr(choice, channel) == said.get(channel)
            got = [call.arguments for call in choice.tool_calls]
            assert got == self.called.get(choice.index, [])
            assert choice.finish_reason == self.reasons.get(choice.index)
        usage: Any = result.usage
        assert (usage and tuple(usage[:3])) == self.usage

    @invariant()
    def the_events_add_up_to_it(self) -> None:
        folded = final_of_events(self.events).choices
        for index, said in self.said.items():
            if said or self.called.get(index):
                assert (folded[index].text or None) == said.get("text")
                got = [call.arguments for call in folded[index].tool_calls]
                assert got == self.called.get(index, [])

    @invariant()
    def the_outcome_is_no_more_than_was_heard(self) -> None:
        outcome = self.parser.result().outcome
        if self.failed:
            assert outcome == "failed"
        elif self.over:
            assert outcome == ("complete" if self.said else "incomplete")
        else:
            assert outcome == "incomplete"

    def teardown(self) -> None:
        self.parser.close()
        self.the_result_is_what_was_said()
        whole = bool(self.said) and self.said.keys() == self.reasons.keys()
        if not self.failed and not self.over:
            assert self.parser.result().outcome == ("complete" if whole else "incomplete")


TestServer = Server.TestCase
TestServer.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
