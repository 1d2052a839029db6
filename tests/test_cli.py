"""The command line: exit codes, one clear sentence for wrong usage, and what needs no extra."""

from __future__ import annotations

import json
import resource
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from chunkproof_conformance.cases.cassette import write_cassette
from chunkproof_conformance.cases.index import load_case
from chunkproof_conformance.cli.main import COMMANDS, main

STREAM = (
    b'data: {"id":"c1","object":"chat.completion.chunk","created":1,"model":"m","choices":'
    b'[{"index":0,"delta":{"role":"assistant","content":"Hel"},"finish_reason":null}]}\n\n'
    b'data: {"id":"c1","object":"chat.completion.chunk","created":1,"model":"m","choices":'
    b'[{"index":0,"delta":{"content":"lo"},"finish_reason":"stop"}]}\n\n'
    b"data: [DONE]\n\n"
)
PLAIN = "text/llama-cpp-python-plain"


@pytest.fixture
def stream_file(tmp_path: Path) -> str:
    path = tmp_path / "stream.sse"
    path.write_bytes(STREAM)
    return str(path)


def test_help_lists_every_command_and_exits_zero(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    text = capsys.readouterr().out
    assert all(f"  {name} " in text for name in COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([name, "--help"]) == 0
    assert f"chunkproof {name}" in capsys.readouterr().out


def cpu_of_children() -> float:
    """Seconds of CPU of all child processes that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def test_help_imports_no_command_and_is_quick() -> None:
    """Measured in a fresh process, in CPU time: a busy machine is slow, not wrong."""
    code = (
        "import sys; from chunkproof_conformance.cli.main import main; code = main(['--help']);"
        "bad = [m for m in ('chunkproof', 'msgspec', 'argparse', 'rich', 'yaml', 'openai')"
        " if m in sys.modules]; sys.exit(code or len(bad))"
    )
    best = 9.0
    for _ in range(3):
        began = cpu_of_children()
        subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
        best = min(best, cpu_of_children() - began)
    assert best < 0.25


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["juggle"],
        ["parse", "--cuts", "17,3", "x"],
        ["parse", "--cuts", "x", "x"],
        ["parse", "--cuts", "0", "x"],
        ["parse", "--every", "0", "x"],
        ["parse", "--every", "1", "--cuts", "3", "x"],
        ["parse", "no-such-file.sse"],
        ["parse", "."],
        ["parse", "--level", "timely", "x"],
        ["run", "-i", "impl:nobody"],
        ["run", "-i", "something"],
        ["run", "-i", "py:no_such_module:f"],
        ["run", "-k", "no-such-case"],
        ["run", "--level", "best"],
        ["run", "--timeout", "soon"],
        ["show", "no/such-case"],
        ["show", "../../etc/passwd"],
        ["show"],
    ],
)
def test_wrong_usage_is_exit_2_and_never_a_traceback(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.strip()
    assert "Traceback" not in captured.err


def test_a_cut_beyond_the_body_is_wrong_usage(
    stream_file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["parse", stream_file, "--cuts", "999999"]) == 2
    assert "between 0 and" in capsys.readouterr().err


# parse ----------------------------------------------------------------------------------------


def test_parse_shows_pieces_and_the_events_they_brought(
    stream_file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["parse", stream_file, "--cuts", "3,200"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "piece 1  bytes 0-3  (no event)"
    assert lines[1] == "piece 2  bytes 3-200"
    assert any('text           [0]  text="Hel"' in line for line in lines)
    assert lines[-1] == "outcome complete"


def test_parse_tells_silent_pieces_together(
    stream_file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["parse", stream_file, "--every", "1"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("pieces 1-")
    assert lines[0].endswith("(no event)")
    assert len(lines) < 20


def parsed(*words: str, capsys: pytest.CaptureFixture[str]) -> Any:
    assert main(["parse", *words, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_parse_json_at_every_level(stream_file: str, capsys: pytest.CaptureFixture[str]) -> None:
    final = parsed(stream_file, "--level", "final", capsys=capsys)
    assert final["choices"][0]["text"] == "Hello"
    assert parsed(stream_file, "--level", "sequence", capsys=capsys) == {
        "0": [{"kind": "text", "text": "Hello"}]
    }
    exact = parsed(stream_file, "--every", "1", capsys=capsys)
    texts = [event for event in exact["events"] if event["event"] == "text"]
    assert [(event["text"], event["after_piece"]) for event in texts] == [
        ("Hel", STREAM.index(b"\n\n") + 2),
        ("lo", STREAM.index(b"\n\ndata: [DONE]") + 2),
    ]
    assert exact["result"]["outcome"] == "complete"
    frames = parsed(stream_file, "--level", "framing", capsys=capsys)
    assert [frame["data"][-6:] for frame in frames] == ["ull}]}", 'op"}]}', "[DONE]"]
    assert frames[-1]["offset"] == len(STREAM)


def chunkproof(*words: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """The command in a process of its own."""
    code = "import sys; from chunkproof_conformance.cli.main import main; sys.exit(main())"
    return subprocess.run(
        [sys.executable, "-c", code, *words], input=stdin, capture_output=True, check=False
    )


@pytest.mark.parametrize("words", [("parse",), ("parse", "-")])
def test_parse_reads_standard_input(words: tuple[str, ...]) -> None:
    done = chunkproof(*words, stdin=STREAM)
    assert done.returncode == 0
    assert b"outcome complete" in done.stdout


@pytest.mark.parametrize("body", [b"", b"\xff\xfe\x00garbage", b"data: {\n\n", b'{"error":"x"}'])
@pytest.mark.parametrize("level", ["exact", "sequence", "final", "framing"])
def test_parse_shows_whatever_comes(body: bytes, level: str) -> None:
    """Garbage has an outcome, not a traceback."""
    done = chunkproof("parse", "--level", level, stdin=body)
    assert done.returncode == 0
    assert done.stderr == b""


def test_parse_lets_no_control_character_through(tmp_path: Path) -> None:
    """What the wire says must not drive the reader's terminal."""
    path = tmp_path / "hostile.sse"
    evil = json.dumps({"choices": [{"index": 0, "delta": {"content": "\x1b[2Jx\x9b\u202ey"}}]})
    path.write_text(f"data: {evil}\n\n", encoding="utf-8")
    out = chunkproof("parse", str(path)).stdout.decode()
    assert all(char.isprintable() or char == "\n" for char in out)


@pytest.mark.parametrize(
    ("redirection", "said"),
    [
        (">&-", b"standard output is closed"),
        (">/dev/full", b"cannot write to standard output"),
        ("<&- -", b"cannot read -"),
    ],
)
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_parse_tells_reading_from_writing(redirection: str, said: bytes, stream_file: str) -> None:
    """What the shell took away is named in one sentence, exit 2."""
    file = "" if redirection.endswith("-") and "<" in redirection else shlex.quote(stream_file)
    code = "from chunkproof_conformance.cli.main import main; raise SystemExit(main())"
    words = f"{shlex.quote(sys.executable)} -c {shlex.quote(code)} parse {file} {redirection}"
    done = subprocess.run(words, shell=True, capture_output=True, check=False)
    assert done.returncode == 2
    assert said in done.stderr
    assert b"Traceback" not in done.stderr


# Without the extra ----------------------------------------------------------------------------

BARE = """
import sys
for name in ("yaml", "rich", "openai", "httpx", "httpx2", "pytest", "hypothesis"):
    sys.modules[name] = None  # as if it were not installed
from chunkproof_conformance.cli.main import main
sys.exit(main())
"""


def bare(*words: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """The command where only msgspec is installed."""
    return subprocess.run(
        [sys.executable, "-c", BARE, *words], input=stdin, capture_output=True, check=False
    )


def test_parse_needs_msgspec_alone() -> None:
    done = bare("parse", "--every", "1", stdin=STREAM)
    assert (done.returncode, done.stderr) == (0, b"")
    assert bare("--help").returncode == 0


@pytest.mark.parametrize("words", [("run",), ("list",), ("show", PLAIN), ("export", "x")])
def test_a_command_without_its_extra_says_what_to_install(words: tuple[str, ...]) -> None:
    done = bare(*words)
    assert done.returncode == 2
    assert done.stdout == b""
    sentence = done.stderr.decode()
    assert "pip install 'chunkproof[run]'" in sentence
    assert sentence.count("\n") == 1


# run, list, show ------------------------------------------------------------------------------


def test_run_judges_and_exits_zero_where_the_reference_conforms(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["run", "-k", PLAIN]) == 0
    out = capsys.readouterr().out
    assert "reference" in out
    assert "openai-stream" in out
    assert "Recorded from api.openai.com: 0" in out


def test_run_json_is_one_object_with_every_verdict(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "-i", "impl:reference", "-k", PLAIN, "--json", "--every", "7"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["finished"] is True
    (implementation,) = report["implementations"]
    assert implementation["conforms"] is True
    verdicts = {row["level"]: row["verdict"] for row in implementation["verdicts"]}
    assert verdicts["final"] == verdicts["sequence"] == "pass"
    assert report["corpus"]["recorded_from_api_openai_com"] == 0


KIT = "chunkproof_conformance.connect.kit"
ALWAYS_WRONG = '''
from chunkproof_conformance.judge.observation import Implementation, Observation, ObservedChoice


class Wrong:
    """Says the same whatever it reads."""

    def start(self):
        profiles = ("core", "tools", "parallel-tools", "refusal", "choices", "lenient")
        return Implementation("wrong", "1", profiles=profiles)

    def run(self, stream):
        return Observation("complete", choices=(ObservedChoice(0, text="I am right."),))

    def stop(self):
        pass


class Loud(Wrong):
    def run(self, stream):
        print("debug: got a stream")
        return super().run(stream)


class Unable(Wrong):
    def start(self):
        raise RuntimeError("no licence")
'''


@pytest.fixture
def user_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "my_wrong_adapter.py").write_text(ALWAYS_WRONG)
    monkeypatch.syspath_prepend(tmp_path)
    return "my_wrong_adapter"


def test_a_named_implementation_that_does_not_conform_is_exit_1(
    user_module: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", "-i", f"py:{user_module}:Wrong", "-k", PLAIN]) == 1
    out = capsys.readouterr().out
    assert "does not conform" in out
    assert "differs from TXT-1" in out
    command = f"$ chunkproof run -i py:{user_module}:Wrong -k {PLAIN} --level final"
    assert command in out


@pytest.mark.parametrize(
    ("spec", "apart"),
    [("py:{module}:Wrong", True), ("cmd:{python} -m {kit} py:{module}:Wrong", False)],
)
def test_only_a_class_of_python_is_repeated_in_a_process_of_its_own(
    *,
    spec: str,
    apart: bool,
    user_module: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    named = spec.format(module=user_module, python=sys.executable, kit=KIT)
    assert main(["run", "-i", named, "-k", PLAIN, "-j", "2"]) == 1
    assert ("--jobs 2" in capsys.readouterr().out) is apart


def test_what_an_adapter_prints_is_not_in_the_report(
    user_module: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", "-i", f"py:{user_module}:Loud", "-k", PLAIN, "--json"]) == 1
    out, err = capsys.readouterr()
    assert json.loads(out)["finished"] is True
    assert "debug: got a stream" in err


def test_the_command_that_repeats_a_failure_names_the_corpus(
    user_module: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is printed, given to a shell, finds the same case and says the same."""
    corpus = tmp_path / "my corpus"
    case = load_case(PLAIN)
    write_cassette(corpus, case.key, case.stream, case.twin_exchange)
    words = ["run", "-i", f"py:{user_module}:Wrong", "--corpus", str(corpus), "--failures", "1"]
    assert main([*words, "--json"]) == 1
    (failed, *_) = json.loads(capsys.readouterr().out)["implementations"][0]["verdicts"]
    program, *again = shlex.split(failed["repeat"])
    assert program == "chunkproof"
    assert again[again.index("--corpus") + 1] == str(corpus)
    assert main([*again, "--json"]) == 1
    (repeated,) = json.loads(capsys.readouterr().out)["implementations"][0]["verdicts"]
    assert repeated["differences"] == failed["differences"]


def test_an_adapter_that_does_not_start_is_an_error_and_the_others_run(
    user_module: str, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["run", "-i", f"py:{user_module}:Unable", "-i", "impl:reference", "-k", PLAIN, "--json"]
    assert main(words) == 1
    unable, reference = json.loads(capsys.readouterr().out)["implementations"]
    assert {row["verdict"] for row in unable["verdicts"]} == {"error"}
    assert "no licence" in unable["verdicts"][0]["detail"]
    assert reference["conforms"] is True


def test_fail_fast_stops_and_says_so(user_module: str, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["run", "-i", f"py:{user_module}:Wrong", "-k", "text/*", "--fail-fast", "--json"]
    assert main([*words, "--cuts", "none"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert report["finished"] is False
    judged = {row["case"] for row in report["implementations"][0]["verdicts"]}
    assert 0 < len(judged) < report["corpus"]["cases"]


def test_a_run_that_judged_nothing_is_not_green(capsys: pytest.CaptureFixture[str]) -> None:
    """The helper has no level exact: that is no conformance."""
    assert main(["run", "-i", "impl:openai-stream", "-k", PLAIN, "--level", "exact"]) == 2
    assert "nothing was judged" in capsys.readouterr().out


def test_an_adapter_in_the_current_folder_is_found(user_module: str, tmp_path: Path) -> None:
    code = "import sys; from chunkproof_conformance.cli.main import main; sys.exit(main())"
    words = ["run", "-i", f"py:{user_module}:Wrong", "-k", PLAIN]
    done = subprocess.run(
        [sys.executable, "-P", "-c", code, *words], cwd=tmp_path, capture_output=True, check=False
    )
    assert (done.returncode, done.stderr) == (1, b"")


INTERRUPTED = '''
import _thread
import signal
from my_wrong_adapter import Wrong

signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored, where we are a background job


class Interrupted(Wrong):
    """Ctrl-C comes while the third stream is read."""

    runs = 0

    def run(self, stream):
        self.runs += 1
        if self.runs == 3:
            _thread.interrupt_main()
        return super().run(stream)
'''


def test_an_interrupt_keeps_what_was_judged_and_is_not_green(
    user_module: str, tmp_path: Path
) -> None:
    (tmp_path / "interrupted.py").write_text(INTERRUPTED)
    code = "import sys; from chunkproof_conformance.cli.main import main; sys.exit(main())"
    words = ["run", "-i", "py:interrupted:Interrupted", "--cuts", "none", "--json"]
    done = subprocess.run(
        [sys.executable, "-c", code, *words, "--strength", "choice"],
        cwd=tmp_path,
        capture_output=True,
        check=False,
    )
    report = json.loads(done.stdout)
    assert report["finished"] is False
    assert 0 < len(report["implementations"][0]["verdicts"]) < 8
    assert done.returncode == 2


def test_list_and_show_tell_about_cases(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "-k", "text/*", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert PLAIN in [case["id"] for case in listed]
    assert main(["show", PLAIN]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith(PLAIN)
    assert "piece 1  at byte 0" in shown


def test_show_raw_is_what_parse_reads() -> None:
    done = chunkproof("show", PLAIN, "--raw")
    assert done.returncode == 0
    assert b"outcome complete" in chunkproof("parse", stdin=done.stdout).stdout


def test_the_reader_may_go_away() -> None:
    """`chunkproof parse | head -1` ends in silence."""
    code = "import sys; from chunkproof_conformance.cli.main import main; sys.exit(main())"
    with subprocess.Popen(
        [sys.executable, "-c", code, "parse", "--level", "framing"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdin
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        process.stdin.write(b"data: " + b"x" * 200_000 + b"\n\n")
        process.stdin.close()
        assert process.stderr.read() == b""
        assert process.wait(timeout=20) == 0


def test_parse_says_how_often_a_repair_was_needed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "pings.sse"
    path.write_bytes(b"data: ping\n\n" * 3 + STREAM)
    assert main(["parse", str(path)]) == 0
    assert "repair ping-as-data (PAY-4) × 3" in capsys.readouterr().out  # noqa: RUF001
