"""The levels framing and timely: frames as the body has them, events no later than due."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from msgspec import UNSET

from chunkproof import events as ev
from chunkproof_conformance.cases.index import iter_cases, load_case
from chunkproof_conformance.cli.main import main
from chunkproof_conformance.connect.in_process import InProcess
from chunkproof_conformance.connect.program import Program
from chunkproof_conformance.connect.validation import validate
from chunkproof_conformance.implementations.reference.adapter import ReferenceAdapter
from chunkproof_conformance.judge.expectation import Expectation
from chunkproof_conformance.judge.levels import judge, levels_of
from chunkproof_conformance.judge.observation import Implementation, Observation, ObservedFrame
from chunkproof_conformance.judge.verdicts import Kind
from chunkproof_conformance.run.bounds import with_bounds
from chunkproof_conformance.run.expectations import load_expectation
from chunkproof_conformance.run.runner import RunOptions, run_case

if TYPE_CHECKING:
    from pathlib import Path

    from chunkproof_conformance.connect.adapter import Stream

NOTHING: frozenset[str] = frozenset()
PLAIN = "text/llama-cpp-python-plain"
FRAMES = (("{}", ""), ("two\nlines", "error"), ("[DONE]", ""))
EVENTS: tuple[ev.AnyEvent, ...] = (ev.Start("c", "m", 1), ev.Text(0, "a"), ev.Text(0, "b"))
EXACT = [
    {"event": "start", "id": "c", "model": "m", "created": 1},
    {"event": "text", "choice": 0, "text": "a"},
    {"event": "text", "choice": 0, "text": "b"},
]
EDGES = (10, 20, 30)


def truth(**members: Any) -> Expectation:
    return msgspec.convert({"case": "x/y", "oracle": "hand", **members}, Expectation)


# framing --------------------------------------------------------------------------------------


def framing(*frames: tuple[str, str | None]) -> list[str] | None:
    """The paths where these frames differ; None is n/a."""
    expected = truth(framing=[{"data": data, "event": event} for data, event in FRAMES])
    seen = tuple(ObservedFrame(data, event) for data, event in frames)
    judgement = judge("framing", expected, Observation("incomplete", frames=seen), NOTHING)
    return None if judgement is None else [one.path for one in judgement.differences]


@pytest.mark.parametrize(
    "frames",
    [
        FRAMES,
        FRAMES[:2],  # [DONE] kept to itself
        (*FRAMES, ("after the end", "")),
        (("{}", None), ("two\nlines", None)),  # types not shown
        (("{}", "message"), *FRAMES[1:]),
    ],
)
def test_frames_that_are_the_bodys_pass(frames: tuple[tuple[str, str | None], ...]) -> None:
    assert framing(*frames) == []


@pytest.mark.parametrize(
    ("frames", "path"),
    [
        (FRAMES[:1], "/1"),
        ((), "/0"),
        ((FRAMES[0], ("two lines", "error"), FRAMES[2]), "/1/data"),
        ((FRAMES[0], ("two\nlines", ""), FRAMES[2]), "/1/event"),
        ((("", ""), *FRAMES), "/0/data"),
    ],
)
def test_a_frame_lost_changed_or_invented_fails(
    frames: tuple[tuple[str, str | None], ...], path: str
) -> None:
    assert framing(*frames) == [path]


def test_without_frames_framing_is_not_available() -> None:
    assert judge("framing", truth(framing=[]), Observation("complete"), NOTHING) is None


def test_the_frames_are_read_off_the_body_by_a_second_reader() -> None:
    body = (
        b"\xef\xbb\xbf:x\r\ndata:{}\rdata: y\n\nevent: e\n\ndata: [DONE]\n\ndata: z\n\ndata: half"
    )
    bounds = with_bounds(truth(), body)
    assert [(one.data, one.event) for one in bounds.framing or ()] == [
        ("{}\ny", ""),
        ("[DONE]", ""),
    ]
    assert bounds.due is UNSET


# timely ---------------------------------------------------------------------------------------


def timely(*after: int, due: tuple[int, ...] = (10, 10, 25)) -> list[str]:
    expected = truth(exact=EXACT, due=due)
    observation = Observation("complete", events=EVENTS, after=after)
    judgement = judge("timely", expected, observation, NOTHING, EDGES)
    assert judgement is not None
    return [str(one) for one in judgement.differences]


def test_an_event_is_due_with_the_piece_that_holds_the_end_of_its_frame() -> None:
    assert timely(1, 1, 3) == []
    assert timely(1, 1, 3, due=(10, 10, 21)) == []
    assert timely(1, 1, 2, due=(10, 10, 20)) == []


def test_an_earlier_event_is_no_fault() -> None:
    """A parser may know before the blank line."""
    assert timely(1, 1, 2) == []


@pytest.mark.parametrize(
    ("after", "says_what"),
    [
        ((1, 2, 3), '/1: expected "with piece 1", got "with piece 2" (late)'),
        ((2, 2, 3), '/0: expected "with piece 1", got "with piece 2" (late)'),
        ((1, 1, 4), '/2: expected "with piece 3", got "after the last piece" (late)'),
    ],
)
def test_a_later_one_is_late(after: tuple[int, ...], says_what: str) -> None:
    assert timely(*after) == [says_what]


@pytest.mark.parametrize("after", [(1, 1), (1, 1, 3, 3)])
def test_a_piece_too_few_or_too_many_is_an_error_of_the_adapter(after: tuple[int, ...]) -> None:
    what = f"reports 3 events, and after which piece {len(after)} came"
    with pytest.raises(ValueError, match=what):
        timely(*after)


def test_a_wrong_event_fails_before_it_is_late() -> None:
    events = (EVENTS[0], ev.Text(0, "x"), EVENTS[2])
    observation = Observation("complete", events=events, after=(9, 9, 9))
    judgement = judge("timely", truth(exact=EXACT, due=(1, 1, 1)), observation, NOTHING, EDGES)
    assert judgement is not None
    assert [one.path for one in judgement.differences] == ["/1/text"]


def test_repairs_are_not_looked_at() -> None:
    repair = ev.Repair("ping-as-data", "PAY-3", 1)
    observation = Observation("complete", events=(repair, *EVENTS), after=(9, 1, 1, 3))
    judgement = judge("timely", truth(exact=EXACT, due=(10, 10, 25)), observation, NOTHING, EDGES)
    assert judgement is not None
    assert not judgement.differences


def test_where_pieces_are_not_acknowledged_timely_is_not_available() -> None:
    observation = Observation("complete", events=EVENTS)
    assert judge("timely", truth(exact=EXACT, due=(1, 1, 1)), observation, NOTHING, EDGES) is None


def test_every_plain_recording_says_when_its_events_are_due() -> None:
    """As many as there are events, never falling, each at the end of a frame."""
    found = 0
    for case in iter_cases():
        bounds = with_bounds(load_expectation(case.id), case.body)
        if isinstance(bounds.due, msgspec.UnsetType) or isinstance(bounds.exact, msgspec.UnsetType):
            continue
        found += 1
        assert len(bounds.due) == len(bounds.exact)
        assert list(bounds.due) == sorted(bounds.due)
        assert all(case.body[end - 2 : end] == b"\n\n" for end in bounds.due)
        assert "timely" in levels_of(bounds)
    assert found > 50


# In a run -------------------------------------------------------------------------------------


class Hoarder(ReferenceAdapter):
    """Right in everything, but shows it all at the end."""

    def run(self, stream: Stream) -> Observation:
        observation = super().run(stream)
        last = len(stream.pieces) + 1
        return msgspec.structs.replace(observation, after=(last,) * len(observation.events or ()))


class ByPiece(ReferenceAdapter):
    """Decides a frame only when the next piece comes: right in one piece, late byte by byte."""

    def run(self, stream: Stream) -> Observation:
        observation = super().run(stream)
        later = tuple(number + (len(stream.pieces) > 1) for number in observation.after or ())
        return msgspec.structs.replace(observation, after=later)


def levels(adapter: type[ReferenceAdapter]) -> dict[str, Kind]:
    connection = InProcess(adapter)
    who = connection.start()
    rows = run_case(connection, who, load_case(PLAIN), load_expectation, RunOptions())
    connection.stop()
    return {row.level: row.verdict.kind for row in rows}


@pytest.mark.parametrize("adapter", [Hoarder, ByPiece])
def test_who_holds_events_back_is_exact_but_not_timely(adapter: type[ReferenceAdapter]) -> None:
    found = levels(adapter)
    assert found.pop("timely") is Kind.FAIL
    assert set(found.values()) == {Kind.PASS}
    assert levels(ReferenceAdapter)["timely"] is Kind.PASS


LATE = """
from chunkproof_conformance.connect.kit import serve
from chunkproof_conformance.implementations.reference.adapter import ReferenceAdapter

class Late(ReferenceAdapter):
    def open(self, stream):
        reader = super().open(stream)
        held = []
        feed = reader.feed
        def later(piece):
            events, held[:] = list(held), feed(piece)
            return events
        reader.feed = later
        close = reader.close
        def end():
            import msgspec
            observation = close()
            return msgspec.structs.replace(observation, events=(*held, *observation.events))
        reader.close = end
        return reader

serve(Late)
"""


def test_over_a_pipe_timely_is_judged_in_steps(tmp_path: Path) -> None:
    """The reference passes; one that hands out each piece's events with the next is late."""
    path = tmp_path / "late.py"
    path.write_text(LATE, encoding="utf-8")
    kit = ["-m", "chunkproof_conformance.connect.kit", "impl:reference"]
    for command, kind in ((kit, Kind.PASS), ([str(path)], Kind.FAIL)):
        connection = Program([sys.executable, *command], validate=validate)
        who = connection.start()
        options = RunOptions(("exact", "timely"), ("recorded",))
        rows = run_case(connection, who, load_case(PLAIN), load_expectation, options)
        connection.stop()
        assert [row.verdict.kind for row in rows] == [Kind.PASS, kind]


def test_a_program_without_steps_is_not_judged_timely() -> None:
    class NoSteps(ReferenceAdapter):
        def start(self) -> Implementation:
            return msgspec.structs.replace(super().start(), step=False)

        def run(self, stream: Stream) -> Observation:
            return msgspec.structs.replace(super().run(stream), after=None)

    assert levels(NoSteps)["timely"] is Kind.NOT_AVAILABLE


def test_framing_is_judged_only_of_who_claims_it() -> None:
    assert "framing" not in levels(ReferenceAdapter)


def test_the_decoder_alone_passes_every_case_at_framing(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "-i", "impl:reference-sse", "-k", "framing/", "--json"]) == 0
    (run,) = json.loads(capsys.readouterr().out)["implementations"]
    kinds = {row["verdict"] for row in run["verdicts"] if row["level"] == "framing"}
    assert kinds <= {"pass", "choice"}
    assert "pass" in kinds
