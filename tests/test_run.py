"""Running: plans, shrinking, and adapters that misbehave in every way a process survives."""

from __future__ import annotations

import re
import signal
import sys
import threading
import time
from dataclasses import dataclass, replace
from itertools import product
from typing import TYPE_CHECKING, Any, get_args

import msgspec
import pytest

from chunkproof_conformance.cases.cassette import Case, Exchange
from chunkproof_conformance.cases.index import CORPUS, cards, iter_cases, load_case, load_in
from chunkproof_conformance.cases.key import CassetteKey, Profile, Provenance, Strength
from chunkproof_conformance.connect.in_process import (
    AdapterError,
    ConnectionSpecError,
    InProcess,
    load_factory,
)
from chunkproof_conformance.implementations.reference.adapter import ReferenceAdapter
from chunkproof_conformance.judge.expectation import Expectation
from chunkproof_conformance.judge.observation import (
    Implementation,
    Observation,
    ObservedChoice,
    ObservedError,
)
from chunkproof_conformance.judge.verdicts import Kind
from chunkproof_conformance.run.caret import bytes_around
from chunkproof_conformance.run.expectations import ExpectationError, load_expectation
from chunkproof_conformance.run.job import chosen_cases
from chunkproof_conformance.run.plan import Selection, cut_plans, stream_of
from chunkproof_conformance.run.report import (
    ImplementationRun,
    Report,
    conforms,
    facts_of,
    failures,
    profile_lines,
    repeat_command,
)
from chunkproof_conformance.run.runner import Row, RunOptions, run_case, run_implementation
from chunkproof_conformance.run.shrink import smallest_cuts
from chunkproof_conformance.synth.cuts import every, parse_cuts, pieces_at

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from chunkproof_conformance.connect.adapter import Stream

BODY = b"data: one\n\ndata: two\n\n"


def case(body: bytes = BODY, *, cuts: tuple[int, ...] = (5,), **key: Any) -> Case:
    """A case made by hand; key: members of its cassette key."""
    made = CassetteKey(
        id=key.pop("id", "text/by-hand"),
        title="By hand",
        profiles=key.pop("profiles", ["core"]),
        strength=key.pop("strength", "must"),
        rules=["TXT-1"],
        rows=[],
        provenance=Provenance("synthesised"),
        pieces=[(offset, float(offset)) for offset in (0, *cuts)],
        end=key.pop("end", "eof"),
        sha256="0" * 64,
        **key,
    )
    headers = {"content-type": ["text/event-stream"], "content-length": ["1"]}
    request = b'{"model": "m", "n": 2, "messages": []}'
    exchange = Exchange("POST", "http://h/v1", {}, request, 200, "OK", headers, body)
    return Case(made, exchange, None)


def expect(text: str = "hello") -> Expectation:
    final = {
        "outcome": "complete",
        "choices": [{"index": 0, "text": text, "finish_reason": "stop"}],
    }
    return msgspec.convert({"case": "text/by-hand", "oracle": "truth", "final": final}, Expectation)


def says(text: str) -> Observation:
    return Observation("complete", choices=(ObservedChoice(0, text=text, finish_reason="stop"),))


RIGHT = "hello"


@dataclass
class Fake:
    """An adapter that is right; a misbehaving one is given another `run`."""

    run: Callable[[Stream], Any] = lambda _: says(RIGHT)
    cannot_request: frozenset[str] = frozenset()

    def start(self) -> Implementation:
        return Implementation("fake", "1", profiles=("core",), cannot_request=self.cannot_request)

    def stop(self) -> None:
        pass


def wrong(_: Stream) -> Observation:
    return says("hullo")


def raising(error: BaseException) -> Callable[[Stream], Observation]:
    def run(_: Stream) -> Observation:
        raise error

    return run


def judged(adapter: Fake, given: Case | None = None, *, timeout: float = 60.0) -> Row:
    """The one row of one case, level final."""
    connection = InProcess(lambda: adapter, timeout=timeout)
    implementation = connection.start()
    rows = run_case(connection, implementation, given or case(), lambda _: expect(), RunOptions())
    connection.stop()
    assert [row.level for row in rows] == ["final"]
    return rows[0]


# Cutting --------------------------------------------------------------------------------------


def test_a_body_is_cut_at_offsets_and_every_so_often() -> None:
    assert pieces_at(b"abcdef", (2, 3)) == (b"ab", b"c", b"def")
    assert pieces_at(b"", ()) == ()
    assert every(5, 2) == (2, 4)
    assert every(4, 2) == (2,)
    assert parse_cuts("3,17") == (3, 17)


@pytest.mark.parametrize("cuts", [(0,), (6,), (3, 3), (4, 2)])
def test_a_cut_outside_the_body_or_out_of_order_is_refused(cuts: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="ascend"):
        pieces_at(b"abcdef", cuts)


def test_a_case_is_run_as_recorded_whole_and_byte_by_byte() -> None:
    plans = cut_plans(case())
    assert [(plan.name, len(plan.cuts)) for plan in plans] == [
        ("as recorded", 1),
        ("in one piece", 0),
        ("byte by byte", len(BODY) - 1),
    ]


def test_ways_that_come_to_the_same_are_run_once() -> None:
    assert [plan.name for plan in cut_plans(case(b"x", cuts=()))] == ["as recorded"]


def test_what_crosses_to_an_adapter_has_no_name_and_no_expectation() -> None:
    """The pieces, the end, status, content type, and the request members that are needed."""
    stream = stream_of(case(request_needs=["n"], end="client-closed"), (5,))
    assert stream.pieces == (BODY[:5], BODY[5:])
    assert stream.end == "eof"
    assert stream.headers == (("content-type", "text/event-stream"),)
    assert stream.request == {"n": 2}
    assert not hasattr(stream, "id")


@pytest.mark.parametrize(
    ("selection", "is_in"),
    [
        (Selection(), True),
        (Selection(("by-hand",)), True),
        (Selection(("text/*",)), True),
        (Selection(("tools/*", "hand")), True),
        (Selection(("tools/*",)), False),
        (Selection(profiles=("core",)), True),
        (Selection(profiles=("tools",)), False),
        (Selection(strengths=("must",)), True),
        (Selection(strengths=("should",)), False),
    ],
)
def test_cases_are_chosen_by_pattern_profile_and_strength(
    selection: Selection, is_in: bool
) -> None:
    there = selection.ids([case().id]) == [case().id]
    assert (there and selection.has(case().key.profiles, case().key.strength)) is is_in


def test_a_whole_id_chooses_that_case_alone() -> None:
    """Other ids may begin with it; the line that repeats a failure speaks of one case."""
    known = ["framing/cr", "framing/crlf", "text/cr-in-text"]
    assert Selection(("framing/cr",)).ids(known) == ["framing/cr"]
    assert Selection(("framing/c",)).ids(known) == ["framing/cr", "framing/crlf"]
    assert Selection(("framing/cr", "text/*")).ids(known) == ["framing/cr", "text/cr-in-text"]


def test_no_cassette_is_read_that_its_card_leaves_out(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []

    def load(folder: Path | None, case_id: str) -> Case:
        read.append(case_id)
        return load_in(folder, case_id)

    monkeypatch.setattr("chunkproof_conformance.run.job.load_in", load)
    cases = chosen_cases(Selection(profiles=("audio",), strengths=("must",)))
    assert [one.id for one in cases] == read
    cards_in = [card for card in cards() if "audio" in card.profiles and card.strength == "must"]
    assert read == [card.id for card in cards_in]
    assert len(read) == 5


def test_cards_choose_the_cases_that_their_keys_would() -> None:
    """Every profile and strength, in a folder (where keys are read) and in the corpus."""
    for profile, strength in product(get_args(Profile), get_args(Strength)):
        selection = Selection(("refusal/", "choices/"), (profile,), (strength,))
        by_card = [one.id for one in chosen_cases(selection)]
        assert by_card == [one.id for one in chosen_cases(selection, CORPUS)]


# Shrinking ------------------------------------------------------------------------------------


def test_one_guilty_cut_of_many_is_found() -> None:
    tried = []

    def fails(cuts: tuple[int, ...]) -> bool:
        tried.append(cuts)
        return 4711 in cuts

    assert smallest_cuts(tuple(range(1, 10_000)), fails) == (4711,)
    assert len(tried) < 100


def test_two_cuts_that_are_guilty_together_are_found() -> None:
    assert smallest_cuts(tuple(range(1, 200)), lambda cuts: {10, 150} <= set(cuts)) == (10, 150)


def test_a_caret_stands_under_the_first_byte_after_the_cut() -> None:
    """Bytes that are no printable ASCII are escapes, so that nothing moves."""
    assert bytes_around("a\u00e9b".encode(), 2) == (r"a\xc3\xa9b", "     ^")
    assert bytes_around(b'"q"', 0) == ('"q"', "^")
    shown, caret = bytes_around(b"x" * 100, 50)
    assert (shown, caret) == ("x" * 64, " " * 32 + "^")


# Verdicts of well and badly behaved adapters --------------------------------------------------


def test_right_is_a_pass_and_wrong_a_failure() -> None:
    assert judged(Fake()).verdict.kind is Kind.PASS
    row = judged(Fake(wrong))
    assert row.verdict.kind is Kind.FAIL
    assert not row.cutting_matters


def test_a_cut_that_matters_is_shrunk_and_named() -> None:
    def cut_sensitive(stream: Stream) -> Observation:
        edges = {len(b"".join(stream.pieces[:end])) for end in range(1, len(stream.pieces))}
        return says("hullo" if 17 in edges else RIGHT)

    row = judged(Fake(cut_sensitive))
    assert row.verdict.kind is Kind.FAIL
    assert row.cutting_matters
    assert row.plan.cuts == (17,)
    assert row.around == (r"data: one\n\ndata: two\n\n", " " * 19 + "^")
    run = ImplementationRun("py:a:b", Fake().start(), (row,), 0.0)
    assert repeat_command(run, row) == (
        "chunkproof run -i py:a:b -k text/by-hand --level final --cuts 17"
    )
    run = replace(run, again=("--timeout", "2", "--known-failures", "my list.txt"))
    assert repeat_command(run, row) == (
        "chunkproof run -i py:a:b --timeout 2 --known-failures 'my list.txt' "
        "-k text/by-hand --level final --cuts 17"
    )


def test_cuts_too_many_to_write_down_are_found_again_by_the_plan_they_were_found_in() -> None:
    """What only so many pieces show is not repeated by some other way of cutting."""
    body = BODY * 20
    cuts = tuple(range(3, 3 + 2 * 60, 2))

    def counting(stream: Stream) -> Observation:
        return says("hullo" if len(stream.pieces) == len(cuts) + 1 else RIGHT)

    row = judged(Fake(counting), case(body, cuts=cuts))
    assert (row.cutting_matters, row.plan.cuts, row.plan.name) == (True, cuts, "cut at 60 places")
    run = ImplementationRun("py:a:b", Fake().start(), (row,), 0.0)
    command = repeat_command(run, row)
    assert command == "chunkproof run -i py:a:b -k text/by-hand --level final"


@pytest.mark.parametrize("error", [RuntimeError("boom"), SystemExit(3), RecursionError("deep")])
def test_an_exception_of_the_adapter_is_its_error(error: BaseException) -> None:
    verdict = judged(Fake(raising(error))).verdict
    assert verdict.kind is Kind.ERROR
    assert type(error).__name__ in verdict.detail


@pytest.mark.parametrize(
    "report",
    [
        None,
        "text",
        {"outcome": "done"},
        {"outcome": "complete", "choices": [{}]},
        Observation("complete", choices=(ObservedChoice(0, text=5),)),  # type: ignore[arg-type]
    ],
)
def test_a_report_that_is_none_is_an_error_of_the_adapter(report: Any) -> None:
    assert judged(Fake(lambda _: report)).verdict.kind is Kind.ERROR


def test_an_error_says_where_in_the_adapter() -> None:
    verdict = judged(Fake(raising(RuntimeError("boom")))).verdict
    assert "in run\n    raise error" in verdict.trace
    assert "test_run.py" in verdict.trace
    assert "in_process.py" not in verdict.trace  # that is where we call it


class Unspeakable(Exception):  # noqa: N818 - it is what it is
    def __str__(self) -> str:
        raise RuntimeError("no words")


def test_an_exception_without_words_is_an_error_too() -> None:
    verdict = judged(Fake(raising(Unspeakable()))).verdict
    assert (verdict.kind, verdict.detail[:11]) == (Kind.ERROR, "Unspeakable")


def test_what_a_stranger_says_fits_into_a_line_of_any_file() -> None:
    said = "one\n\ntwo \ud83d \x1b]0;title\x07 |"
    verdict = judged(Fake(raising(ValueError(said)))).verdict
    assert verdict.detail == r"ValueError: one two \ud83d \x1b]0;title\x07 |"


@pytest.mark.parametrize("made", [None, object()])
def test_an_adapter_without_methods_is_an_error(made: Any) -> None:
    connection = InProcess(lambda: made)
    with pytest.raises(AdapterError, match="has no attribute 'start'"):
        connection.start()


def nested(depth: int) -> Any:
    value: Any = []
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize("depth", [100, 500, 900, 100_000])
@pytest.mark.parametrize("member", ["annotations", "choices"])
def test_a_value_nested_deeper_than_any_report_can_write_is_an_error(
    depth: int, member: str
) -> None:
    """Whether it is compared with a truth, or reported where nothing should be."""
    index = 0 if member == "annotations" else 1
    choices = (ObservedChoice(index, annotations=(nested(depth),)),)
    annotated = {"outcome": "complete", "choices": [{"index": 0, "annotations": [{"a": 1}]}]}
    truth = {"case": "text/by-hand", "oracle": "truth", "final": annotated}
    expected = msgspec.convert(truth, Expectation)
    connection = InProcess(lambda: Fake(lambda _: Observation("complete", choices=choices)))
    who = connection.start()
    (row,) = run_case(connection, who, case(), lambda _: expected, RunOptions())
    assert row.verdict.kind is (Kind.ERROR if depth > 300 else Kind.FAIL)
    if row.verdict.kind is Kind.ERROR:
        assert re.search("nested too deep|in one another", row.verdict.detail)


def test_a_plain_dict_is_a_report() -> None:
    choice = {"index": 0, "text": RIGHT, "finish_reason": "stop"}
    report = {"outcome": "complete", "choices": [choice]}
    assert judged(Fake(lambda _: report)).verdict.kind is Kind.PASS


def test_a_hang_is_a_timeout_and_the_next_run_goes_on() -> None:
    """Only the run that hangs is lost: the other ways of cutting run in a new adapter."""
    seen: list[int] = []

    def hangs_on_one_piece(stream: Stream) -> Observation:
        seen.append(len(stream.pieces))
        if len(stream.pieces) == 1:
            time.sleep(3)
        return says(RIGHT)

    row = judged(Fake(hangs_on_one_piece), timeout=0.2)
    assert row.verdict.kind is Kind.TIMEOUT
    assert seen == [2, 1, len(BODY)]


def test_lone_surrogates_cross_in_process() -> None:
    assert judged(Fake(lambda _: says("hel\ud83d"))).verdict.kind is Kind.FAIL


def test_a_contested_case_is_a_choice_whatever_happens_in_the_library() -> None:
    error = ObservedError("no", "ValueError")
    failed = Observation("failed", choices=(), error=error)
    verdict = judged(Fake(lambda _: failed), case(strength="choice")).verdict
    assert verdict.kind is Kind.CHOICE
    assert "ValueError: no" in verdict.detail


def test_a_request_the_library_cannot_make_is_skipped_with_that_reason() -> None:
    adapter = Fake(cannot_request=frozenset({"n"}))
    verdict = judged(adapter, case(request_needs=["n"])).verdict
    assert (verdict.kind, verdict.detail) == (Kind.SKIPPED, "the library cannot send n")


def test_a_missing_expectation_is_our_error() -> None:
    def missing(case_id: str) -> Expectation:
        raise ExpectationError(f"{case_id} has no expected file")

    connection = InProcess(Fake)
    rows = run_case(connection, connection.start(), case(), missing, RunOptions())
    assert [row.verdict.kind for row in rows] == [Kind.HARNESS_ERROR]


@pytest.mark.parametrize(
    ("content", "says_what"),
    [
        (None, "no expected file"),
        (b"{", "expected file"),
        (b'{"case": "x/z", "oracle": "truth"}', "is for x/z"),
        (b'{"case": "x/y", "oracle": "truth", "final": {"choises": []}}', "choises"),
    ],
)
def test_an_unusable_expected_file_says_why(
    content: bytes | None, says_what: str, tmp_path: Path
) -> None:
    if content is not None:
        (tmp_path / "x").mkdir()
        (tmp_path / "x" / "y.json").write_bytes(content)
    with pytest.raises(ExpectationError, match=says_what):
        load_expectation("x/y", tmp_path)


def test_a_level_the_implementation_cannot_show_is_not_available() -> None:
    expected = replace_sequence(expect())
    connection = InProcess(Fake)
    rows = run_case(connection, connection.start(), case(), lambda _: expected, RunOptions())
    assert [(row.level, row.verdict.kind) for row in rows] == [
        ("final", Kind.PASS),
        ("sequence", Kind.NOT_AVAILABLE),
    ]


def replace_sequence(expected: Expectation) -> Expectation:
    return msgspec.structs.replace(expected, sequence={"0": ()})


# Connections ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spec", "says_what"),
    [
        ("impl:nobody", "impl:reference"),
        ("openai", "py:module:factory"),
        ("py:onlymodule", "names no factory"),
        ("py:no.such.module:f", "ModuleNotFoundError"),
        ("py:sys:no_such_name", "AttributeError"),
        ("py:sys:version", "not callable"),
    ],
)
def test_a_wrong_connection_is_refused_in_one_sentence(spec: str, says_what: str) -> None:
    with pytest.raises(ConnectionSpecError, match=says_what) as caught:
        load_factory(spec)
    assert "\n" not in str(caught.value)


def test_a_factory_is_loaded_from_its_module(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules[__name__], "Fake", Fake)
    assert load_factory(f"py:{__name__}:Fake") is Fake


# Reports --------------------------------------------------------------------------------------


def report_of(*rows: Row, given: Case) -> tuple[Report, ImplementationRun]:
    run = ImplementationRun("impl:fake", Fake().start(), rows, 0.0)
    return Report((facts_of(given),), (run,)), run


def test_only_required_cases_decide_whether_it_conforms() -> None:
    required = judged(Fake(wrong))
    report, run = report_of(required, given=case())
    assert not conforms(report, run)
    assert profile_lines(report, run)[0].reached == "none"
    optional, run = report_of(required, given=case(strength="should"))
    assert conforms(optional, run)
    assert [found.id for found, _ in failures(optional, run)] == ["text/by-hand"]


def test_a_pass_that_leaves_a_declared_member_out_is_counted_apart() -> None:
    row = judged(Fake())
    blind = replace(row, verdict=replace(row.verdict, not_represented=("reasoning",)))
    report, run = report_of(blind, given=case())
    assert profile_lines(report, run)[0].counts == {"synthesised": {"not represented": 1}}


def test_an_adapter_is_stopped_after_a_run_that_was_interrupted() -> None:
    """Ctrl-C while it reads: what the run still answers is not taken for the answer to `stop`."""
    interrupted, stopped = threading.Event(), threading.Event()

    def run(_: Stream) -> Observation:
        signal.pthread_kill(main, signal.SIGINT)
        interrupted.wait()
        return says(RIGHT)

    class Slow(Fake):
        def stop(self) -> None:
            time.sleep(0.2)
            stopped.set()

    main = threading.get_ident()
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        connection = InProcess(lambda: Slow(run), timeout=60)
        connection.start()
        with pytest.raises(KeyboardInterrupt):
            connection.run(stream_of(case(), ()))
    finally:
        signal.signal(signal.SIGINT, before)
    interrupted.set()
    connection.stop()
    assert stopped.is_set()


# The corpus -----------------------------------------------------------------------------------


def test_the_reference_passes_every_case_at_every_level_however_cut() -> None:
    """As recorded, in one piece and byte by byte; a contested case shows the specified choice."""
    connection = InProcess(load_factory("impl:reference"))
    implementation = connection.start()
    cases = list(iter_cases())
    judged_cases = list(run_implementation(connection, implementation, cases, load_expectation))
    assert len(judged_cases) == len(cases)
    wrong = {
        (row.case, row.level): row.verdict.message
        for rows in judged_cases
        for row in rows
        if row.verdict.kind is not Kind.PASS and row.verdict.detail != "as specified"
    }
    assert not wrong


def test_the_level_messages_runs_once_for_every_option_value() -> None:
    """A wrong sequence in one mode alone is a failure; without options there is no level."""
    spoken = load_case("inner-thoughts/generic-absent-speech")

    class OneMode(ReferenceAdapter):
        def run(self, stream: Stream) -> Observation:
            observed = super().run(stream)
            if stream.options.get("use_assistant_message"):
                return msgspec.structs.replace(observed, messages=())
            return observed

    for factory, kind in ((ReferenceAdapter, Kind.PASS), (OneMode, Kind.FAIL)):
        connection = InProcess(factory)
        implementation = connection.start()
        options = RunOptions(levels=("messages",), cuttings=("whole",))
        rows = run_case(connection, implementation, spoken, load_expectation, options)
        assert [(row.level, row.verdict.kind) for row in rows] == [("messages", kind)]
        connection.stop()
