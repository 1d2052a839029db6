"""`cmd:`: programs as real child processes, well behaved and bad in every way we know.

Whatever one does, the run it does it in gets its verdict, the next run goes on, and nothing of it
is left behind.
"""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from chunkproof import events as ev
from chunkproof_conformance.cli.main import main
from chunkproof_conformance.connect.adapter import SkippedRunError, Stream
from chunkproof_conformance.connect.connections import connect
from chunkproof_conformance.connect.in_process import (
    AdapterError,
    AdapterTimeoutError,
    ConnectionSpecError,
)
from chunkproof_conformance.connect.process import LineProcess
from chunkproof_conformance.connect.program import MAX_TIMEOUTS, Program
from chunkproof_conformance.connect.validation import validate
from chunkproof_conformance.judge.verdicts import Kind
from chunkproof_conformance.run.job import Job, Unwatched, chosen_cases, run_job
from chunkproof_conformance.run.plan import Selection
from chunkproof_conformance.run.runner import RunOptions

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from chunkproof_conformance.judge.observation import Implementation
    from chunkproof_conformance.run.runner import Row

MISBEHAVING = Path(__file__).parent / "misbehaving.py"
ONE = Stream((b"one",))
TWO = Stream((b"two", b"more"))
HELLO = (
    b'data: {"id":"c1","choices":[{"index":0,"delta":{"content":"hi"},"finish_reason":"stop"}]}'
    b"\n\ndata: [DONE]\n\n"
)


PATIENCE = 60.0
"""Seconds for what is to come: a busy machine is slow, not wrong."""


def program(mode: str, *more: str, timeout: float = PATIENCE, start: float = PATIENCE) -> Program:
    command = [sys.executable, str(MISBEHAVING), mode, *more]
    return Program(command, timeout=timeout, start_timeout=start, validate=validate)


@contextmanager
def started(mode: str, *more: str, timeout: float = PATIENCE) -> Iterator[Program]:
    connection = program(mode, *more, timeout=timeout)
    connection.start()
    try:
        yield connection
    finally:
        connection.stop()


def text_of(connection: Program, stream: Stream = TWO) -> str | None:
    (choice,) = connection.run(stream).choices or ()
    return choice.text


def is_there(pid: int) -> bool:
    """Whether a process runs; a zombie is there too."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def is_gone_soon(pid: int) -> bool:
    """An orphan that was killed is reaped by whoever took it over, a moment later."""
    deadline = time.monotonic() + PATIENCE
    while is_there(pid):
        if _is_orphaned_zombie(pid):
            return True
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def _is_orphaned_zombie(pid: int) -> bool:
    """Dead, and no child of ours: what nobody reaps in a container without an init."""
    try:
        state, parent = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[:2]
    except OSError:
        return False
    return state == "Z" and int(parent) != os.getpid()


def pids(path: Path) -> list[int]:
    return [int(line) for line in path.read_text("utf-8").split()]


# A program that behaves -----------------------------------------------------------------------


def test_a_stream_crosses_once_and_is_cut_by_the_program() -> None:
    with started("well") as connection:
        assert text_of(connection) == "two|more"
        assert text_of(connection, Stream((b"t", b"wo", b"more"))) == "t|wo|more"
        assert text_of(connection, ONE) == "one"
        assert text_of(connection, Stream(())) == ""


def test_bodies_larger_than_any_pipe_cross() -> None:
    body = b"x" * (8 << 20)
    with started("well") as connection:
        assert text_of(connection, Stream((body,))) == body.decode()


def test_a_program_that_writes_much_to_stderr_is_not_held_up() -> None:
    """8 MB, of which the end is kept."""
    with started("floods-stderr") as connection:
        assert text_of(connection) == "two|more"
    assert 0 < len(connection.stderr) <= 64 * 1024


# Programs that do not -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mode", "says_what"),
    [
        ("crashes-at-run-2", "exit code 3; on stderr: it is all too much"),
        ("killed-at-run-2", "SIGKILL"),
        ("floods", "flood: a line of more than 67,108,864 bytes"),
    ],
)
def test_one_bad_run_is_an_error_and_the_next_is_in_a_new_process(
    mode: str, says_what: str
) -> None:
    with started(mode) as connection:
        assert text_of(connection) == "two|more"
        with pytest.raises(AdapterError, match=says_what):
            connection.run(ONE)
        assert text_of(connection) == "two|more"


@pytest.mark.parametrize(
    ("mode", "says_what"),
    [
        ("invalid-json", "no message: .{not json"),
        ("not-a-message", "no message: .*1, 2"),
        ("prints", "no message: .debug: got a stream"),
        ("wrong-seq", "answers a run that it was not asked"),
        ("half-a-line-and-exit", "exit code 0, in the middle of a line"),
        ("dies-of-sigterm-in-a-run", "SIGTERM"),
        ("misspelt", "choises"),
        ("breaks", "ValueError: mine"),
        ("nested-too-deep", "nested too deep to be read"),
        ("nested-too-deep-in-json", "nested too deep to be read"),
        ("binary", r"no message: b'.xfe"),
    ],
)
def test_garbage_is_an_error_that_says_what_came(mode: str, says_what: str) -> None:
    with started(mode) as connection, pytest.raises(AdapterError, match=says_what):
        connection.run(ONE)


def test_a_program_that_becomes_another_is_not_judged_as_the_first() -> None:
    with started("becomes-another") as connection:
        assert text_of(connection) == "two|more"
        with pytest.raises(AdapterError, match="exit code 3"):
            connection.run(TWO)
        with pytest.raises(AdapterError, match="something else of itself"):
            connection.run(TWO)


def test_an_adapter_that_breaks_says_where() -> None:
    with started("breaks") as connection, pytest.raises(AdapterError) as caught:
        connection.run(ONE)
    assert caught.value.trace == "..."


def test_a_second_answer_spoils_the_run_after_it() -> None:
    with started("answers-twice") as connection:
        assert text_of(connection) == ""
        with pytest.raises(AdapterError, match="answers the run 1 before"):
            connection.run(TWO)
        assert text_of(connection) == ""
        with pytest.raises(AdapterError, match="answers `load` with `observed`"):
            connection.run(ONE)


def test_what_spoils_the_run_after_it_is_repeated_by_the_printed_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """One run alone would show nothing of it."""
    spec = f"cmd:{sys.executable} {MISBEHAVING} answers-twice"
    words = ["run", "-i", spec, "-k", "text/llama-cpp-python-plain", "--level", "final", "--json"]
    assert main(words) == 1
    (first,) = json.loads(capsys.readouterr().out)["implementations"][0]["verdicts"]
    _, *again = shlex.split(first["repeat"])
    assert main([*again, "--json"]) == 1
    (repeated,) = json.loads(capsys.readouterr().out)["implementations"][0]["verdicts"]
    assert (repeated["verdict"], repeated["detail"]) == ("error", first["detail"])


@pytest.mark.parametrize("mode", ["hangs-always", "half-a-line"])
def test_silence_is_a_timeout(mode: str) -> None:
    """It says nothing for ten minutes. A busy one may not even have loaded the stream by then."""
    with started(mode, timeout=0.3) as connection:
        began = time.monotonic()
        with pytest.raises(AdapterTimeoutError, match=r"no answer to `(run|load)` within 0\.3 s"):
            connection.run(ONE)
        assert time.monotonic() - began < PATIENCE


def test_only_the_run_that_hangs_is_lost() -> None:
    with started("hangs", timeout=2) as connection:
        assert text_of(connection) == "two|more"
        with pytest.raises(AdapterTimeoutError):
            connection.run(ONE)
        assert text_of(connection) == "two|more"


def test_who_always_hangs_is_not_started_for_ever() -> None:
    with started("hangs-always", timeout=0.05) as connection:
        for _ in range(MAX_TIMEOUTS):
            with pytest.raises(AdapterTimeoutError, match="no answer"):
                connection.run(ONE)
        with pytest.raises(AdapterTimeoutError, match="not run"):
            connection.run(ONE)


def test_a_skip_has_its_reason_and_its_link() -> None:
    with started("skips") as connection, pytest.raises(SkippedRunError) as caught:
        connection.run(ONE)
    assert str(caught.value) == "cannot read this (https://example.org/1)"


def test_what_is_missing_at_the_start_is_said() -> None:
    with pytest.raises(AdapterError, match="exit code 1; on stderr: no licence found"):
        program("crashes-at-start").start()
    with pytest.raises(AdapterTimeoutError):
        program("hangs-at-start", start=0.3).start()


@pytest.mark.parametrize("spec", ["cmd:", "cmd:no-such-program-anywhere x", "cmd:'unbalanced"])
def test_a_program_that_cannot_be_is_wrong_usage(spec: str) -> None:
    with pytest.raises(ConnectionSpecError) as caught:
        connect(spec)
    assert "\n" not in str(caught.value)


# Nothing is left behind -----------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["well", "stays", "ignores-sigterm", "forks"])
def test_a_stopped_program_and_its_children_are_gone(
    mode: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also one that ignores the end of its input and SIGTERM, and a child that stays."""
    monkeypatch.setattr("chunkproof_conformance.connect.process.GRACE", 0.2)
    path = tmp_path / "pids"
    with started(mode, str(path)) as connection:
        connection.run(ONE)
        there = pids(path)
        assert len(there) == (2 if mode == "forks" else 1)
        assert all(map(is_there, there))
    assert all(map(is_gone_soon, there))


def test_a_child_that_holds_the_pipes_open_does_not_hide_the_end() -> None:
    """The leader is gone; its child keeps standard output open and says nothing."""
    code = "import subprocess, sys; subprocess.Popen(['sleep', '600']); sys.exit(5)"
    connection = Program([sys.executable, "-c", code], start_timeout=2 * PATIENCE)
    began = time.monotonic()
    with pytest.raises(AdapterError, match="exit code 5"):
        connection.start()
    assert time.monotonic() - began < PATIENCE


def test_what_a_program_said_before_it_left_is_kept() -> None:
    """It has gone by itself before it is stopped: what it said still lies in the pipe."""
    gone = LineProcess(
        [sys.executable, "-c", "import sys; sys.stderr.write('good bye')"], max_line=100
    )
    os.waitid(os.P_PID, gone.pid, os.WEXITED | os.WNOWAIT)
    gone.close()
    assert gone.stderr == "good bye"


def test_no_program_is_started_after_an_interrupt(monkeypatch: pytest.MonkeyPatch) -> None:
    """The runs that a case still has end as errors, each at once."""

    def never(*_: Any, **__: Any) -> LineProcess:
        raise AssertionError("started")

    with started("well") as connection:
        connection.interrupt()
        with pytest.raises(AdapterError, match="SIGKILL"):
            connection.run(ONE)
        monkeypatch.setattr("chunkproof_conformance.connect.program.LineProcess", never)
        with pytest.raises(AdapterError, match="interrupted"):
            connection.run(ONE)


RUN = """
import signal, sys
from chunkproof_conformance.cli.main import main
signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored, where we are a background job
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.parametrize(
    ("number", "jobs"), [(signal.SIGINT, 1), (signal.SIGTERM, 1), (signal.SIGINT, 2)]
)
def test_an_interrupt_writes_out_what_was_judged_and_leaves_no_process(
    number: int, jobs: int, tmp_path: Path
) -> None:
    """Ctrl-C, or a runner that is cancelled: exit code 2, the report says it was cut short."""
    path = tmp_path / "pids"
    spec = f"cmd:{sys.executable} {MISBEHAVING} hangs {path}"
    command = [sys.executable, "-c", RUN, "run", "-i", spec, "-k", "text/", "--json"]
    command += ["-j", str(jobs)]
    # The first case is judged as recorded; the second way of cutting it hangs.
    run = subprocess.Popen(
        [*command, "--timeout", "600"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    hanging = tmp_path / "pids.hangs"
    deadline = time.monotonic() + PATIENCE
    while not (hanging.exists() and len(pids(hanging)) == jobs) and time.monotonic() < deadline:
        time.sleep(0.05)
    run.send_signal(number)
    out, err = run.communicate(timeout=PATIENCE)
    assert run.returncode == 2, err.decode()
    report = json.loads(out)
    assert report["finished"] is False
    assert [one["name"] for one in report["implementations"]] == ["hangs"]
    assert len(pids(path)) == jobs
    assert all(map(is_gone_soon, pids(path)))


def test_the_time_to_start_is_given_on_the_command_line_or_in_the_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    words = ["run", "-i", f"cmd:{sys.executable} {MISBEHAVING} hangs-at-start"]
    words += ["-k", "text/llama-cpp-python-plain"]
    assert main([*words, "--start-timeout", "0.2"]) == 1
    out = capsys.readouterr().out
    assert "no answer to `start` within 0.2 s" in out
    assert "--start-timeout 0.2 -k" in out
    Path("pyproject.toml").write_text("[tool.chunkproof]\nstart-timeout = 0.3\n")
    assert main(words) == 1
    out = capsys.readouterr().out
    assert "no answer to `start` within 0.3 s" in out
    assert "--start-timeout" not in out  # the settings are there when it is repeated


class _Interrupted(Unwatched):
    """Ctrl-C comes while the harness itself is at work."""

    def __init__(self, moment: str) -> None:
        self.moment = moment

    def _at(self, moment: str) -> None:
        if moment == self.moment:
            raise KeyboardInterrupt

    def begins(self, spec: str, implementation: Implementation) -> None:  # noqa: ARG002 - the protocol
        self._at("as it begins")

    def earlier(self, spec: str) -> Mapping[str, Sequence[Row]]:  # noqa: ARG002 - the protocol
        self._at("before the first case")
        return {}

    def judged(self, spec: str, rows: Sequence[Row]) -> None:  # noqa: ARG002 - the protocol
        self._at("between two cases")


@pytest.mark.parametrize("moment", ["as it begins", "before the first case", "between two cases"])
def test_an_interrupt_in_any_moment_leaves_no_process(moment: str, tmp_path: Path) -> None:
    path = tmp_path / "pids"
    job = Job((f"cmd:{sys.executable} {MISBEHAVING} well {path}",))
    cases = chosen_cases(Selection(("text/llama-cpp-python-*",)))
    with suppress(KeyboardInterrupt):
        assert not run_job(job, cases, _Interrupted(moment)).finished
    (pid,) = pids(path)
    assert is_gone_soon(pid)


# Whole runs -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mode", "kinds"),
    [
        ("crashes-at-start", {Kind.ERROR}),
        ("crashes-at-run-2", {Kind.ERROR, Kind.FAIL}),
        ("invalid-json", {Kind.ERROR}),
        ("nested-too-deep", {Kind.ERROR}),
        ("claims-what-there-is-not", {Kind.ERROR}),
        ("skips", {Kind.SKIPPED}),
        ("half-a-line", {Kind.TIMEOUT}),
    ],
)
def test_a_run_over_a_bad_program_is_whole(mode: str, kinds: set[Kind]) -> None:
    """Every case has its verdict, whatever happened in the ones before."""
    cases = chosen_cases(Selection(("text/llama-cpp-python-*",)))
    spec = f"cmd:{sys.executable} {MISBEHAVING} {mode}"
    options = RunOptions(("final",), ("recorded",))
    patience = 0.3 if Kind.TIMEOUT in kinds else PATIENCE
    report = run_job(Job((spec,), options, timeout=patience), cases)
    (run,) = report.runs
    assert report.finished
    assert {row.case for row in run.rows} == {case.id for case in cases}
    assert {row.verdict.kind for row in run.rows} <= kinds


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_fail_fast_ends_the_program_at_its_first_failure(
    jobs: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Side by side a few more may have been judged; no process is left behind."""
    path = tmp_path / "pids"
    spec = f"cmd:{sys.executable} {MISBEHAVING} well {path}"
    words = ["run", "-i", spec, "-k", "text/", "--level", "final", "--cuts", "none", "--fail-fast"]
    assert main([*words, "-j", jobs, "--json"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert report["finished"] is False
    verdicts = report["implementations"][0]["verdicts"]
    assert verdicts[-1]["verdict"] == "fail"
    assert len({one["case"] for one in verdicts}) < report["corpus"]["cases"] / 2
    assert all(map(is_gone_soon, pids(path)))


def test_validate_holds_every_message_against_its_schema(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """`--validate`: a misspelt member is found in its place; the kit's messages all obey."""
    words = ("-k", "text/llama-cpp-python-plain", "--level", "final", "--validate", "--json")
    assert main(["run", "-i", f"cmd:{sys.executable} {MISBEHAVING} misspelt", *words]) == 1
    (run,) = json.loads(capsys.readouterr().out)["implementations"]
    (row,) = run["verdicts"]
    assert row["verdict"] == "error"
    assert "`observed` breaks its schema at $.observation" in row["detail"]
    kit = f"cmd:{sys.executable} -m chunkproof_conformance.connect.kit impl:reference"
    assert main(["run", "-i", kit, *words]) == 0


def test_who_claims_a_level_and_shows_nothing_of_it_is_in_error() -> None:
    cases = chosen_cases(Selection(("text/llama-cpp-python-plain",)))
    spec = f"cmd:{sys.executable} {MISBEHAVING} lies-about-levels"
    report = run_job(Job((spec,), RunOptions(cuttings=("whole",))), cases)
    verdicts = {row.level: row.verdict for row in report.runs[0].rows}
    assert verdicts["final"].kind is Kind.FAIL
    for level in ("sequence", "exact"):
        assert verdicts[level].kind is Kind.ERROR
        assert "reports no events" in verdicts[level].detail


# The kit --------------------------------------------------------------------------------------


@contextmanager
def reference_apart() -> Iterator[Program]:
    kit = [sys.executable, "-m", "chunkproof_conformance.connect.kit", "impl:reference"]
    connection = Program(kit, validate=validate)
    connection.start()
    try:
        yield connection
    finally:
        connection.stop()


def test_the_reference_says_over_a_pipe_what_it_says_in_process() -> None:
    """Every way of cutting once, every message held against its schema."""
    here = connect("impl:reference")
    here.start()
    with reference_apart() as there:
        for cut in range(1, len(HELLO), 7):
            stream = Stream((HELLO[:cut], HELLO[cut:]), end="reset" if cut % 2 else "eof")
            assert there.run(stream) == msgspec.structs.replace(here.run(stream), after=None)
    here.stop()


def test_in_steps_every_event_has_the_piece_it_came_with() -> None:
    """The program gets a piece only after it has acknowledged the one before."""
    cut = HELLO.index(b"\n\n") + 2
    with reference_apart() as there:
        observation = there.run(Stream((HELLO[:5], HELLO[5:cut], HELLO[cut:]), step=True))
    assert [type(event) for event in observation.events or ()] == [
        ev.Start,
        ev.Text,
        ev.Finish,
        ev.End,
    ]
    assert observation.after == (2, 2, 2, 3)


ADAPTER = """
from chunkproof_conformance.connect.adapter import SkippedRunError
from chunkproof_conformance.connect.kit import serve
from chunkproof_conformance.judge.observation import Implementation, Observation, ObservedChoice

class Mine:
    def start(self):
        print("loading the library")
        return Implementation("mine", "1")
    def run(self, stream):
        print("reading", len(stream.pieces))
        if stream.request.get("n"):
            raise SkippedRunError("one choice only")
        if stream.status != 200:
            raise ValueError(stream.status)
        body = b"".join(stream.pieces).decode("utf-16-le", "surrogatepass")
        return Observation("complete", choices=(ObservedChoice(0, text=body),))
    def stop(self):
        print("bye")

serve(Mine)
"""


def test_an_adapter_of_one_class_is_a_program(tmp_path: Path) -> None:
    """What it prints does no harm; skips, its own faults and lone surrogates cross."""
    path = tmp_path / "mine.py"
    path.write_text(ADAPTER, encoding="utf-8")
    connection = Program([sys.executable, str(path)], validate=validate)
    assert connection.start().name == "mine"
    assert text_of(connection, Stream((b"h\0", b"i\0"))) == "hi"
    assert text_of(connection, Stream((b"\x3d\xd8",))) == "\ud83d"
    with pytest.raises(SkippedRunError, match="one choice only"):
        connection.run(Stream((b"h\0",), request={"n": 2}))
    with pytest.raises(AdapterError, match="ValueError: 500"):
        connection.run(Stream((b"h\0",), status=500))
    assert text_of(connection, Stream((b"h\0", b"i\0"))) == "hi"
    connection.stop()
    assert "loading the library" in connection.stderr
    assert "bye" in connection.stderr
