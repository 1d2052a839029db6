"""The laws of the agent interface: it obeys them, each notices a wrong one, and truth is told."""

from functools import partial
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings

from chunkproof.interface import OpenAIStreamingInterface
from chunkproof_conformance import strategies
from chunkproof_conformance.cases.index import iter_cases
from chunkproof_conformance.connect.adapter import Stream
from chunkproof_conformance.judge.messages import joined, judge_messages
from chunkproof_conformance.laws.agent import AGENT, chunks_in, tell
from chunkproof_conformance.laws.law import Law
from chunkproof_conformance.laws.mutants.agent import AGENT_MUTANTS
from chunkproof_conformance.laws.streams import AGENT_STREAMS, STREAMS
from chunkproof_conformance.laws.subject import Subject, body_of, reference
from chunkproof_conformance.run.plan import stream_of
from tests.fuzz.agent import agent_streams, untrue

SLOW: Final = (HealthCheck.too_slow, HealthCheck.filter_too_much)
MEASURED: Final = [
    AGENT_STREAMS[name]
    for name in (
        *("two calls", "text and call", "reasoning", "refusal", "two choices", "error object"),
        *("no end", "call without arguments", "speech with thoughts", "tool with thoughts"),
    )
]
each_law = pytest.mark.parametrize("law", AGENT, ids=lambda law: law.name)


@each_law
def test_the_interface_obeys_every_law(law: Law) -> None:
    """No law is broken by any of the small streams."""
    for name, stream in AGENT_STREAMS.items():
        assert list(law(reference(), stream)) == [], name


@pytest.mark.slow
@pytest.mark.timeout(1200)
@each_law
def test_the_interface_obeys_every_law_over_the_corpus(law: Law) -> None:
    """No law is broken by any case."""
    for case in iter_cases():
        assert list(law(reference(), stream_of(case, ()))) == [], case.id


@each_law
def test_a_parser_without_an_interface_breaks_none(law: Law) -> None:
    """They say nothing of what is not there."""
    assert list(law(Subject(reference().run), STREAMS["text"])) == []


def noticing(name: str) -> set[str]:
    """The laws that notice a mutant, by something else than a crash."""
    with AGENT_MUTANTS[name].applied():
        return {law.name for law in AGENT if any(map(partial(notices, law), MEASURED))}


def notices(law: Law, stream: Stream) -> bool:
    return any(not found.crash for found in law(reference(), stream))


def test_no_mutant_of_the_interface_goes_unnoticed_and_every_law_notices_one() -> None:
    """What the class it replaces did wrong would be seen."""
    noticed = {name: noticing(name) for name in AGENT_MUTANTS}
    assert [name for name, laws in noticed.items() if not laws] == []
    assert set().union(*noticed.values()) == {law.name for law in AGENT}


@settings(deadline=None, suppress_health_check=SLOW, max_examples=60)
@given(agent_streams())
def test_a_client_is_told_what_the_stream_was_made_of(stream: strategies.Streamed) -> None:
    """Thoughts, names, arguments and speech, as the oracle of whole arguments has them."""
    assert untrue(stream.message, chunks_in(stream.body)) is None


@settings(deadline=None, suppress_health_check=SLOW, max_examples=60)
@given(agent_streams())
def test_a_client_is_told_the_same_however_it_came(stream: strategies.Streamed) -> None:
    """Every law, over drawn streams of agents."""
    for law in AGENT:
        assert list(law(reference(), Stream((stream.body,)))) == []


def test_a_client_that_is_told_otherwise_is_found() -> None:
    """The comparison with the truth sees what is lost and what is other."""
    stream = AGENT_STREAMS["speech with thoughts"]
    told = tell(OpenAIStreamingInterface, chunks_in(body_of(stream)), use_assistant_message=True)
    entries: list[dict[str, Any]] = joined(told.entries)
    assert [one["kind"] for one in entries] == ["reasoning", "assistant"]
    assert [one["text"] for one in entries] == ['the "user" asks', "Höi, \U0001f600 "]
    assert judge_messages(entries, entries[:1]).differences
