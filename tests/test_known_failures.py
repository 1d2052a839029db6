"""Known failures: they run, must fail, and as pinned; whatever else happens makes the run red."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from chunkproof_conformance.cases.index import case_ids
from chunkproof_conformance.cli.main import main
from chunkproof_conformance.judge.diff import Difference
from chunkproof_conformance.judge.observation import Implementation, Level
from chunkproof_conformance.judge.profiles import Rank
from chunkproof_conformance.judge.verdicts import Kind, Verdict
from chunkproof_conformance.run.known_failures import (
    Entry,
    KnownFailuresError,
    Line,
    entries_of,
    in_their_light,
    mended,
    parse_list,
    to_text,
    unmatched,
)
from chunkproof_conformance.run.report import CaseFacts, ImplementationRun, Report, conforms
from chunkproof_conformance.run.runner import NO_PLAN, Row
from chunkproof_conformance.run.settings import Settings, SettingsError, load_settings

MISBEHAVING = Path(__file__).parent / "misbehaving.py"


def row(kind: Kind, message: str = "", case: str = "text/a", level: Level = "final") -> Row:
    differences = (Difference("/choices/0/text", "x", message),) if kind is Kind.FAIL else ()
    verdict = Verdict(kind, "" if differences else message, differences)
    return Row("mine", case, level, verdict, NO_PLAN)


FAIL = row(Kind.FAIL, "y")
MESSAGE = FAIL.verdict.message
PINNED = Entry("text/a:final", MESSAGE[:20], "not yet", "https://example.org/1")


def one(given: Row, *known: Entry, flaky: tuple[str, ...] = ()) -> Verdict:
    (judged,) = in_their_light([given], known, flaky)
    return judged.verdict


# The verdict ----------------------------------------------------------------------------------


@pytest.mark.parametrize("pattern", ["text/a:final", "text/*:final", "*", "text/a:*"])
def test_a_listed_failure_with_the_pinned_message_is_known(pattern: str) -> None:
    verdict = one(FAIL, Entry(pattern, MESSAGE[:20], "not yet"))
    assert (verdict.kind, verdict.detail) == (Kind.KNOWN_FAILURE, "not yet")
    assert verdict.differences == FAIL.verdict.differences


@pytest.mark.parametrize("kind", [Kind.PASS, Kind.SKIPPED, Kind.CHOICE])
def test_a_listed_case_that_does_not_fail_is_stale(kind: Kind) -> None:
    assert one(row(kind), PINNED).kind is Kind.STALE


def test_a_failure_with_another_message_is_stale() -> None:
    verdict = one(FAIL, Entry("text/a:final", "/choices/0/reasoning"))
    assert verdict.kind is Kind.STALE
    assert MESSAGE in verdict.detail


def test_another_case_or_level_is_not_listed() -> None:
    assert one(FAIL, Entry("text/b:final"), Entry("text/a:exact")) == FAIL.verdict


@pytest.mark.parametrize("kind", [Kind.ERROR, Kind.TIMEOUT])
def test_an_error_and_a_timeout_can_be_known(kind: Kind) -> None:
    assert one(row(kind, "boom"), Entry("text/a:final", "boom")).kind is Kind.KNOWN_FAILURE


@pytest.mark.parametrize("kind", [Kind.PASS, Kind.FAIL, Kind.TIMEOUT])
def test_what_is_listed_as_flaky_is_neutral(kind: Kind) -> None:
    assert one(row(kind, "y"), flaky=("text/a:*",)).kind is Kind.FLAKY


def test_a_pass_of_one_way_to_cut_makes_no_entry_stale() -> None:
    """What fails only when cut elsewhere passes there, and is no less known for it."""
    (judged,) = in_their_light([row(Kind.PASS)], [PINNED], is_partial=True)
    assert judged.verdict.kind is Kind.PASS
    (judged,) = in_their_light([FAIL], [PINNED], is_partial=True)
    assert judged.verdict.kind is Kind.KNOWN_FAILURE
    (judged,) = in_their_light([row(Kind.FAIL, "z")], [Entry("*", "/outcome")], is_partial=True)
    assert judged.verdict.kind is Kind.STALE


def test_an_entry_that_speaks_of_no_run_is_found() -> None:
    gone = Entry("text/gone:final")
    assert unmatched([FAIL], [PINNED, gone]) == [gone]
    assert unmatched([row(Kind.NOT_AVAILABLE)], [PINNED]) == [PINNED]


def test_stale_makes_the_run_red_whatever_the_case() -> None:
    """Also for a case that is required of nobody, and for an entry without a case."""
    facts = (CaseFacts("text/a", "A", Rank("info", ("lenient",)), (), "synthesised", False),)
    who = Implementation("mine", "1", profiles=("core",))
    for rows, stale in (((row(Kind.STALE),), ()), ((), ("text/gone:final",))):
        run = ImplementationRun("cmd:x", who, rows, 0.0, stale)
        assert not conforms(Report(facts, (run,)), run)
    known = ImplementationRun("cmd:x", who, (row(Kind.KNOWN_FAILURE),), 0.0)
    assert conforms(Report(facts, (known,)), known)


# The file -------------------------------------------------------------------------------------

LIST = """\
# Mine.
text/a:final | /choices/0/text: exp | not yet | https://example.org/1

tools/*:exact
"""


def test_a_list_is_read_and_written_as_it_was() -> None:
    lines = parse_list(LIST)
    first, second = entries_of(lines)
    assert (first.message, first.reason) == ("/choices/0/text: exp", "not yet")
    assert second == Entry("tools/*:exact")
    assert to_text(lines) == LIST


@pytest.mark.parametrize("line", ["text/a", "a:final | b | c | d | e"])
def test_a_line_that_is_no_entry_is_named(line: str) -> None:
    with pytest.raises(KnownFailuresError, match="line 2"):
        parse_list(f"# one\n{line}\n")


def test_a_list_that_holds_stays_as_it_is() -> None:
    lines = parse_list(to_text(["# why", PINNED, ""]))
    assert mended(lines, [FAIL, row(Kind.PASS, case="text/b")]) == lines


def test_what_is_fixed_goes_and_what_is_new_comes() -> None:
    lines: list[Line] = ["# why", PINNED]
    new = row(Kind.ERROR, "boom | bang", case="text/b")
    assert mended(lines, [row(Kind.PASS), new]) == ["# why", Entry("text/b:final", "boom")]


def test_a_changed_message_is_pinned_anew_with_its_reason() -> None:
    changed = row(Kind.FAIL, "z")
    (entry,) = mended([PINNED], [changed])
    assert isinstance(entry, Entry)
    assert (entry.reason, entry.link) == (PINNED.reason, PINNED.link)
    assert changed.verdict.message.startswith(entry.message)
    assert entry.message != PINNED.message or PINNED.message == MESSAGE[:20]


def test_a_glob_that_no_longer_holds_for_all_is_written_out() -> None:
    glob = Entry("text/*:final", MESSAGE[:20], "not yet")
    rows = [FAIL, row(Kind.PASS, case="text/b"), row(Kind.FAIL, "y", case="text/c")]
    patterns = [line.pattern for line in mended([glob], rows) if isinstance(line, Entry)]
    assert patterns == ["text/a:final", "text/c:final"]


def test_a_mended_list_leaves_nothing_red() -> None:
    """What `--fix` writes is what makes the same run green."""
    rows = [
        row(Kind.FAIL, "y | z"),
        row(Kind.FAIL, "y" * 500, case="text/b"),
        row(Kind.TIMEOUT, "no answer", case="text/c"),
        row(Kind.PASS, case="text/d"),
    ]
    fixed = entries_of(parse_list(to_text(mended([Entry("text/d:final"), Entry("*:exact")], rows))))
    kinds = [judged.verdict.kind for judged in in_their_light(rows, fixed)]
    assert kinds == [Kind.KNOWN_FAILURE] * 3 + [Kind.PASS]
    assert unmatched(rows, fixed) == []


@pytest.mark.parametrize(
    ("kind", "now", "later"),
    [
        (
            Kind.ERROR,
            "no answer to `run`: the program ended with exit code 1; on stderr: 23:15 pid 7 boom",
            "no answer to `run`: the program ended with exit code 1; on stderr: 23:16 pid 8 boom",
        ),
        (
            Kind.ERROR,
            """wrote a line that is no message: '{"seq":6,"observation":{}}'""",
            """wrote a line that is no message: '{"seq":7,"observation":{}}'""",
        ),
        (
            Kind.ERROR,
            """no answer to `run`: the program ended, in the middle of a line: b'{"seq":6'""",
            """no answer to `run`: the program ended, in the middle of a line: b'{"seq":7'""",
        ),
        (
            Kind.TIMEOUT,
            "no answer to `run` within 10 s; half a line: b'x'",
            "no answer: not run, as 8 runs hang",
        ),
    ],
)
def test_a_pin_holds_in_the_next_run(kind: Kind, now: str, later: str) -> None:
    """Which number a run has, and which of the hanging ones come first, depends on what is run."""
    (pinned,) = entries_of(mended([], [row(kind, now)]))
    assert one(row(kind, later), pinned).kind is Kind.KNOWN_FAILURE
    assert one(row(Kind.ERROR, "ValueError: mine"), pinned).kind is Kind.STALE


def test_what_an_adapter_says_itself_is_pinned_whole() -> None:
    (pinned,) = entries_of(mended([], [row(Kind.ERROR, "KeyError: 'choices'")]))
    assert pinned.message == "KeyError: 'choices'"


# The command ----------------------------------------------------------------------------------


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project whose adapter gets everything wrong, over a corpus of a few cases."""
    monkeypatch.chdir(tmp_path)
    part = tuple(name for name in case_ids() if name.startswith(("refusal/", "text/llama")))
    monkeypatch.setattr("chunkproof_conformance.run.job.case_ids", lambda: part)
    spec = f"cmd:{sys.executable} {MISBEHAVING} well"
    text = f"[tool.chunkproof]\nimplementations = ['{spec}']\nknown-failures = 'known.txt'\n"
    (tmp_path / "pyproject.toml").write_text(text, encoding="utf-8")
    return tmp_path


def test_a_fixed_list_makes_the_run_green_and_a_stale_entry_red(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The whole way: no list, `baseline --fix`, green; an entry too many, red again."""
    assert main(["run", "-k", "refusal/"]) == 2  # a list is named, and not there
    assert main(["baseline", "--fix"]) == 1
    assert main(["baseline"]) == 0
    known = project / "known.txt"
    assert known.read_text("utf-8").startswith("# Known failures")
    assert main(["run", "--level", "final"]) == 0
    assert "known failures" in capsys.readouterr().out
    text = known.read_text("utf-8")
    known.write_text(text + "text/no-such-case:final | x\n", encoding="utf-8")
    assert main(["run"]) == 1
    assert "stale entry" in capsys.readouterr().out
    assert main(["run", "-k", "text/"]) == 0  # a part of the corpus says nothing about the rest
    capsys.readouterr()
    assert main(["baseline"]) == 1
    assert "-text/no-such-case:final" in capsys.readouterr().out


def test_a_list_is_not_fixed_from_a_part_of_the_corpus(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["baseline", "--fix", "-k", "text/"]) == 2
    assert "whole corpus" in capsys.readouterr().err
    assert not (project / "known.txt").exists()


def test_a_list_is_not_fixed_from_an_adapter_that_does_not_start(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "known.txt"
    spec = f"cmd:{sys.executable} {MISBEHAVING} crashes-at-start"
    assert main(["baseline", "--fix", "-i", spec, "--known-failures", str(path)]) == 2
    assert "no licence found" in capsys.readouterr().err
    assert not path.exists()


def test_a_version_that_nobody_knows_is_a_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is not that of an adapter which does not start."""
    who = Implementation("mine", "unknown", profiles=("core",))
    run = ImplementationRun("cmd:true", who, (row(Kind.PASS),), 0.0)
    monkeypatch.setattr(
        "chunkproof_conformance.run.job.run_job", lambda *_: Report((), (run,), finished=True)
    )
    path = tmp_path / "known.txt"
    words = ["baseline", "--fix", "-i", "cmd:true", "--known-failures", str(path)]
    assert main(words) == 1
    assert path.exists()


# Settings -------------------------------------------------------------------------------------


def test_a_project_without_settings_has_the_defaults(tmp_path: Path) -> None:
    assert load_settings(tmp_path) == Settings()
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'x'\n", encoding="utf-8")
    assert load_settings(tmp_path) == Settings()


@pytest.mark.parametrize(
    ("text", "says_what"),
    [
        ("[tool.chunkproof]\nimplementation = ['x']\n", "implementation"),
        ("[tool.chunkproof]\njobs = 'two'\n", "jobs"),
        ("[tool.chunkproof]\nstart-timeout = 0\n", "start-timeout"),
        ("[tool.chunkproof\n", "cannot be read"),
    ],
)
def test_wrong_settings_are_wrong_usage(
    text: str,
    says_what: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "pyproject.toml").write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match=says_what):
        load_settings(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert main(["run"]) == 2
    assert says_what in capsys.readouterr().err
