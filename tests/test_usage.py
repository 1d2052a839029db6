"""Wrong usage of the command line: exit code 2, and one sentence that says what to do.

Nothing is judged before all that can be known to be wrong is known.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from chunkproof_conformance.cli.main import COMMANDS, main
from chunkproof_conformance.connect.connections import connect
from chunkproof_conformance.connect.in_process import ConnectionSpecError

MISBEHAVING = Path(__file__).parent / "misbehaving.py"
PLAIN = "text/llama-cpp-python-plain"
ONE = ("run", "-i", "impl:reference", "-k", PLAIN)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a file that cannot be executed, one that is no program, and a folder."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "adapter.py").write_text("print('hello')\n", encoding="utf-8")
    (tmp_path / "hello").write_text("hello\n", encoding="utf-8")
    (tmp_path / "hello").chmod(0o755)
    (tmp_path / "folder").mkdir()
    return tmp_path


def sentence(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> str:
    """What is said; nothing else is printed."""
    assert main(words) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("chunkproof: ")
    assert captured.err.count("\n") == 1
    return captured.err


@pytest.mark.parametrize(
    ("words", "says_what"),
    [
        # Options
        (("run", "--nope"), "unrecognized arguments: --nope; `chunkproof run --help` shows"),
        (("run", "-i"), "expected one argument"),
        ((*ONE, "left", "over"), "unrecognized arguments: left over"),
        ((*ONE, "--level", "best"), "choose from"),
        ((*ONE, "--strength", "shall"), "choose from"),
        ((*ONE, "-o", "html"), "there are table, json"),
        ((*ONE, "--cuts", "5,3"), "ascending byte offsets"),
        ((*ONE, "--cuts", "5", "--every", "3"), "not allowed with argument --cuts"),
        ((*ONE, "-j", "0"), "'0' is no number of 1 or more"),
        ((*ONE, "-j", "\u0663"), "no number of 1 or more"),
        ((*ONE, "--failures", "-1"), "no number of 0 or more"),
        ((*ONE, "--timeout", "0"), "seconds, more than 0"),
        ((*ONE, "--timeout=-5"), "seconds, more than 0"),
        ((*ONE, "--timeout", "nan"), "seconds, more than 0"),
        ((*ONE, "--timeout", "inf"), "seconds, more than 0"),
        ((*ONE, "--timeout", "soon"), "seconds, more than 0"),
        ((*ONE, "--resume"), "--report FILE"),
        # Cases
        (("run", "-k", "no-such-case"), "no case fits"),
        (("run", "--profile", "Core"), "no profile 'Core'; there are core, tools"),
        (("list", "--profile", "Core"), "no profile 'Core'; there are core, tools"),
        (("run", "-i", "impl:reference", "--corpus", "nowhere"), "nowhere: no such folder"),
        (("run", "-i", "impl:reference", "--corpus", "hello"), "hello: no such folder"),
        (("run", "-i", "impl:reference", "--corpus", "folder"), "folder: no cassettes"),
        ((*ONE, "--requirements", "1999.01"), "there are 2026.12"),
        (("show", "text"), "no such case"),
        (("show", ""), "no such case"),
        # Implementations
        (("run", "-i", ""), "is no connection; write py:"),
        (("run", "-i", " "), "is no connection; write py:"),
        (("run", "-i", "py:"), "names no factory"),
        (("run", "-i", "impl:nobody"), "impl:ai-sdk-openai"),
        (("run", "-i", "./hello"), "did you mean cmd:./hello?"),
        (("run", "-i", "C:\\tools\\adapter.exe"), "is no connection"),
        (("run", "-i", "cmd:"), "names no program"),
        (("run", "-i", "cmd:./missing"), "no program './missing'"),
        (("run", "-i", "cmd:adapter.py"), "`chmod +x` it, or name what runs it"),
        (("run", "-i", "cmd:./folder"), "is a folder"),
        (("run", "-i", "cmd:C:\\tools\\adapter.exe --x"), "write /"),
        (("run", "-i", "http:./missing"), "no program './missing'"),
        # Files
        ((*ONE, "--report", "nowhere/x.jsonl"), "cannot be written"),
        ((*ONE, "--report", "folder"), "cannot be written"),
        ((*ONE, "-o", "junit=nowhere/x.xml"), "there is no folder nowhere"),
        ((*ONE, "-o", "junit=folder"), "it is a folder"),
        ((*ONE, "--known-failures", "gone.txt"), "baseline --fix` writes one"),
        ((*ONE, "--known-failures", "folder"), "Is a directory"),
        ((*ONE, "--known-failures", "hello"), "hello is no list of known failures: line 1"),
        ((*ONE, "--resume", "--report", "hello"), "hello cannot be resumed: line 1 is no"),
        # baseline
        (("baseline",), "name it with -i"),
        (("baseline", "-i", "impl:reference"), "no list"),
        (("baseline", "-i", "impl:reference", "-i", "impl:x"), "of one implementation"),
        (("baseline", "-i", "impl:reference", "--known-failures", "folder"), "it is a folder"),
        (("baseline", "-i", "impl:reference", "--known-failures", "hello"), "hello is no list"),
        (("baseline", "-i", "impl:reference", "--known-failures", "no/x"), "no folder no"),
        # Others
        (("serve", "--case", PLAIN, "--port", "99999"), "is no port"),
        (("serve", "--case", PLAIN, "--port=-1"), "is no port"),
        (("serve", "--case", PLAIN, "--port", "http"), "is no port"),
        (("serve", "--case", PLAIN, "--speed=-1"), "no number of 0 or more"),
        (("serve", "--case", PLAIN, "--speed", "nan"), "no number of 0 or more"),
        (("serve", "--case", PLAIN, "--cuts", "3,999999"), "cuts must ascend"),
        (("serve", "--case", PLAIN, "--host", "nowhere.invalid"), "cannot listen on nowhere"),
        (("fuzz", "-i", "impl:reference", "--seconds", "never"), "seconds, more than 0"),
        (("fuzz", "-i", "impl:reference", "--examples", "0"), "no number of 1 or more"),
        (("fuzz",), "the following arguments are required"),
        (("mutants", "--jobs", "0"), "no number of 1 or more"),
        (("record", "--base-url", "http://localhost:1/v1", "--timeout", "0"), "more than 0"),
        (("help",), "there are run, baseline"),
    ],
)
def test_wrong_usage_is_one_sentence(
    words: tuple[str, ...], says_what: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert says_what in sentence(words, capsys)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_refuses_an_unknown_option_in_one_sentence(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert f"`chunkproof {name} --help`" in sentence((name, "--no-such-option"), capsys)


@pytest.mark.parametrize(
    ("text", "says_what"),
    [
        ("[tool.chunkproof\n", "at line 1"),
        ("tool = 3\n[project]\nname = 'x'\n", ""),
        ("[tool]\nchunkproof = 3\n", "Expected `object`"),
        ("[tool.chunkproof]\nimplementation = []\n", "there are implementations, known-failures"),
        ("[tool.chunkproof]\nimplementations = 'cmd:./x'\n", "$.implementations"),
        ("[tool.chunkproof]\njobs = 0\n", "$.jobs"),
        ("[tool.chunkproof]\ntimeout = -1\n", "$.timeout"),
        ("[tool.chunkproof]\ntimeout = inf\n", "$.timeout"),
        ("[tool.chunkproof]\nrequirements = '1999.01'\n", "there are 2026.12"),
        ("[tool.chunkproof]\nimplementations = ['cmd:./missing']\n", "no program './missing'"),
    ],
)
def test_settings_that_cannot_be_used_are_one_sentence(
    text: str, says_what: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Some other tool's settings that are none are that tool's business."""
    (folder / "pyproject.toml").write_text(text, encoding="utf-8")
    words = ("run", "-k", PLAIN)
    if not says_what:
        assert main([*words, "-i", "impl:reference"]) == 0
        return
    assert says_what in sentence(words, capsys)


def test_a_file_without_permission_is_found_before_the_run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever runs the tests as root may write anywhere, so the system's answer is made up."""
    monkeypatch.setattr("chunkproof_conformance.cli.outputs.os.access", lambda *_: False)
    assert "no permission" in sentence((*ONE, "-o", "junit=folder/x.xml"), capsys)


def test_settings_that_are_no_text_are_one_sentence(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "pyproject.toml").write_bytes(b"\xff\xfe")
    assert "cannot be read" in sentence(("run", "-k", PLAIN), capsys)
    (folder / "pyproject.toml").unlink()
    (folder / "pyproject.toml").mkdir()
    assert "Is a directory" in sentence(("run", "-k", PLAIN), capsys)


@pytest.mark.parametrize(
    "text",
    [
        "[]\n",
        "{}\n",
        '{"type": "header"}\n{"type": "verdict"}\n',
        '{"type": "footer", "finished": false}\n',
    ],
)
def test_a_report_that_is_none_is_one_sentence(
    text: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "r.jsonl").write_text(text, encoding="ascii")
    assert "r.jsonl" in sentence((*ONE, "--resume", "--report", "r.jsonl"), capsys)
    assert (folder / "r.jsonl").read_text("ascii") == text


@pytest.mark.parametrize("kind", ["cmd", "http"])
def test_windows_is_told_what_to_do(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is no `select` on its pipes; the module says why."""
    monkeypatch.setattr("chunkproof_conformance.connect.program.IS_POSIX", False)
    with pytest.raises(ConnectionSpecError, match="WSL"):
        connect(f"{kind}:adapter.exe")


# Programs that are there and do not answer are no wrong usage: they get their verdict.


@pytest.mark.parametrize(
    ("spec", "says_what"),
    [
        ("cmd:./hello", "a first line such as #!/bin/sh"),
        ("cmd:true", "no answer to `start`: the program ended with exit code 0"),
        ("cmd:echo hi", "wrote a line that is no message: 'hi'"),
        ("cmd:cat", "wrote a line that is no message"),
        (f"cmd:{sys.executable} adapter.py", "wrote a line that is no message: 'hello'"),
        (f"cmd:{sys.executable} {MISBEHAVING} crashes-at-start", "no licence found"),
    ],
)
def test_a_program_that_is_no_adapter_is_an_error_of_every_case(
    spec: str, says_what: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", "-i", spec, "-k", PLAIN]) == 1
    captured = capsys.readouterr()
    assert captured.err == ""
    assert says_what in " ".join(captured.out.split())


def test_a_program_that_does_not_start_is_told_of_once(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Not once per case; the verdict and the end of its standard error are on the screen."""
    (folder / "mine.py").write_text("import no_such_library\n", encoding="utf-8")
    spec = f"cmd:{sys.executable} -W ignore::DeprecationWarning mine.py"
    assert main(["run", "-i", spec, "-k", "text/llama-*"]) == 1
    out = capsys.readouterr().out
    assert " ".join(out.split()).count("No module named") == 1
    assert "does not conform" in out
    assert out.count("text/llama-") == 3, "in full, the command, and once for all of them"


def test_a_baseline_that_is_not_there_yet_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also where nothing fails, so that there is nothing to show."""
    monkeypatch.setattr("chunkproof_conformance.run.job.case_ids", lambda: (PLAIN,))
    assert main(["baseline", "-i", "impl:reference", "--known-failures", "known.txt"]) == 1
    assert "known.txt is not there; --fix writes it" in capsys.readouterr().err
