"""The long runs, in small: what they draw is true, and what is wrong would be found."""

from itertools import islice
from pathlib import Path
from random import Random
from typing import Final

import pytest

from chunkproof_conformance.laws.mutants.agent import AGENT_MUTANTS
from chunkproof_conformance.laws.mutants.catalogue import MUTANTS
from chunkproof_conformance.laws.streams import AGENT_STREAMS
from chunkproof_conformance.laws.subject import body_of
from chunkproof_conformance.synth.message import Call, Choice, Message, Text, Usage
from tests.fuzz.agent_cases import told_otherwise
from tests.fuzz.campaign import CUTS, Tally, check
from tests.fuzz.seeds import SEEDS, plant
from tests.fuzz.targets import TARGETS
from tests.fuzz.variants import ways

SAID: Final = Message(
    (
        Choice(
            (Text(" wörld \U0001f600\n"), Call("call-a", "look", '{"thinking":"é","n":1}')),
            "tool_calls",
        ),
    ),
    Usage(3, 4, 7),
)


def test_a_message_is_said_in_many_ways_that_all_say_it() -> None:
    """Other vendors, other deltas, other spellings; the truth stays."""
    said = list(ways(SAID, Random(6), 12))
    assert len({stream.dialect.name for stream in said}) == len(said) > 6
    assert len({stream.framing.line_end for stream in said}) > 1
    tally = Tally()
    assert [wrong for stream in said if (wrong := check(stream, tally))] == []
    assert tally.runs == (CUTS + 1) * tally.streams == (CUTS + 1) * tally.told
    assert f"{tally.runs:,} cut runs, {2 * tally.told:,} of the agent interface" in str(tally)


@pytest.mark.parametrize(("wrong", "says"), [("utf8-per-piece", "cuts"), ("text-trimmed", "truth")])
def test_a_wrong_parser_is_found(wrong: str, says: str) -> None:
    """By its cuts, or by the truth."""
    with MUTANTS[wrong].applied():
        found = [what for stream in ways(SAID, Random(6), 6) for what in check(stream, Tally())]
    assert any(what.startswith(says) for what in found)


def test_a_wrong_agent_interface_is_found() -> None:
    """By the oracle of whole arguments, and by the deltas that are cut anew."""
    thoughtful = body_of(AGENT_STREAMS["tool with thoughts"])
    assert told_otherwise(thoughtful, range(2))[1] == []
    with AGENT_MUTANTS["fragments-apart"].applied():
        assert told_otherwise(thoughtful, range(2))[1]
        found = [what for stream in ways(SAID, Random(6), 6) for what in check(stream, Tally())]
    assert any(what.startswith("use_assistant_message") for what in found)


@pytest.mark.parametrize("name", TARGETS)
def test_the_seeds_of_a_target_hold(name: str) -> None:
    """Fuzzing begins where all is well."""
    for seed in islice(SEEDS[name](), 12):
        TARGETS[name](seed)


def test_seeds_are_planted_once(tmp_path: Path) -> None:
    """In a new folder, one file each."""
    count = plant("protocol", tmp_path / "new")
    assert count == len(list((tmp_path / "new").iterdir())) > 20
    with pytest.raises(FileExistsError):
        plant("protocol", tmp_path / "new")
