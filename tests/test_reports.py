"""What a run is written as: every format whole, and a killed run resumed."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from rich.console import Console

from chunkproof_conformance.cli.main import main
from chunkproof_conformance.cli.run_command import exit_code
from chunkproof_conformance.judge.diff import ABSENT, Difference
from chunkproof_conformance.judge.observation import Implementation
from chunkproof_conformance.judge.profiles import Rank
from chunkproof_conformance.judge.verdicts import Kind, Verdict
from chunkproof_conformance.reports.annotations import MAX_ANNOTATIONS, workflow_commands
from chunkproof_conformance.reports.badge import badge
from chunkproof_conformance.reports.junit import junit_xml
from chunkproof_conformance.reports.lines import ReportError, header, is_whole, read_lines, resumed
from chunkproof_conformance.reports.machine import report_object
from chunkproof_conformance.reports.markdown import markdown
from chunkproof_conformance.reports.table import WIDTH, report_table
from chunkproof_conformance.reports.tap import tap_lines
from chunkproof_conformance.run.job import Job
from chunkproof_conformance.run.plan import CutPlan, explicit_plan
from chunkproof_conformance.run.report import (
    CaseFacts,
    ImplementationRun,
    Report,
    in_words,
    standing,
)
from chunkproof_conformance.run.runner import NO_PLAN, Row

MISBEHAVING = Path(__file__).parent / "misbehaving.py"
EVIL = "]]> <b> \x00\x1b \ud83d | % :: \n# \\"


def verdict(kind: Kind, message: str = "") -> Verdict:
    if kind is Kind.FAIL:
        return Verdict(kind, "", (Difference("/choices/0/text", "x", message),), ("usage",), ("r",))
    return Verdict(kind, message)


def report_of(
    *verdicts: Verdict, finished: bool = True, strength: str = "must", **more: Any
) -> Report:
    """A run of one implementation: one case per verdict, all required where they are must."""
    rank = Rank(strength, ("core",))
    facts = tuple(
        CaseFacts(f"text/c{number}", "T", rank, ("TXT-1",), "synthesised", False)
        for number in range(len(verdicts))
    )
    rows = tuple(
        Row("mine", case.id, "final", one, NO_PLAN)
        for case, one in zip(facts, verdicts, strict=True)
    )
    who = Implementation("mine", "1", profiles=("core",))
    run = ImplementationRun("cmd:./mine --fast", who, rows, 1.5, **more)
    return Report(facts, (run,), finished, "2026-12-01", "2026.12")


ALL = report_of(*(verdict(kind, EVIL) for kind in Kind), stale=("text/gone:final",), stderr=EVIL)


# What is said of an implementation ------------------------------------------------------------

OPTIONAL: dict[str, Any] = {"strength": "should"}


def report_table_text(report: Report) -> str:
    console = Console(file=StringIO(), width=WIDTH)
    with console.capture() as captured:
        console.print(report_table(report))
    return captured.get()


@pytest.mark.parametrize(
    ("report", "words"),
    [
        (report_of(verdict(Kind.PASS)), "conforms"),
        (report_of(verdict(Kind.PASS), verdict(Kind.FAIL, "y")), "does not conform"),
        (report_of(verdict(Kind.PASS), stale=("text/gone:final",)), "does not conform"),
        (report_of(verdict(Kind.PASS), **OPTIONAL), "nothing required was judged"),
        (report_of(verdict(Kind.FAIL, "y"), **OPTIONAL), "nothing required was judged"),
        (report_of(verdict(Kind.SKIPPED), verdict(Kind.NOT_AVAILABLE)), "nothing was judged"),
        (report_of(), "nothing was judged"),
        (report_of(verdict(Kind.FLAKY), verdict(Kind.PASS)), "conforms, but for 1 flaky"),
        (
            report_of(*(verdict(kind) for kind in (Kind.PASS, Kind.SKIPPED, Kind.KNOWN_FAILURE))),
            "conforms, but for 1 known failure, 1 skipped",
        ),
        (report_of(*[verdict(Kind.KNOWN_FAILURE)] * 2), "conforms, but for 2 known failures"),
    ],
)
def test_every_report_says_the_same_of_an_implementation(report: Report, words: str) -> None:
    """Nothing conforms by what was not judged, and what "conforms" leaves out is said."""
    (run,) = report.runs
    assert in_words(report, run) == words
    found = str(standing(report, run))
    assert f"mine  1  {words} " in report_table_text(report)
    assert markdown(report).splitlines()[2].endswith(words)
    (suite,) = ET.fromstring(junit_xml(report))
    assert [one.attrib["value"] for one in suite.iterfind("properties/property")] == [found]
    (machine,) = report_object(report)["implementations"]
    decided = {"conforms": True, "does not conform": False}.get(found)
    assert (machine["standing"], machine["conforms"]) == (found, decided)
    undecided = "" if decided is not None else f" # SKIP {found}"
    ok = "not ok" if decided is False else "ok"
    assert list(tap_lines(report))[-1] == f"{ok} 1 - mine 1{undecided}"
    annotated = f"::error title=chunkproof::mine: {found}" in workflow_commands(report, {})
    assert annotated is (decided is None)
    assert (badge(report)["color"] == "brightgreen") is (words == "conforms")
    assert (badge(report)["color"] == "lightgrey") is (decided is None)
    code = {True: 0, False: 1, None: 2}[decided]
    assert exit_code(report, named=True, is_whole=True) == code
    asked_for = found == "nothing required was judged"
    assert exit_code(report, named=True, is_whole=False) == (0 if asked_for else code)


# JUnit ----------------------------------------------------------------------------------------


def test_junit_counts_every_verdict_once() -> None:
    """n/a, skips, known failures and flaky runs are skipped; stale fails; an error is one."""
    (suite,) = ET.fromstring(junit_xml(ALL))
    counts = {name: int(suite.attrib[name]) for name in ("tests", "failures", "errors", "skipped")}
    assert counts == {"tests": len(Kind) + 1, "failures": 3, "errors": 3, "skipped": 4}
    found = {tag: len(suite.findall(f"testcase/{tag}")) for tag in ("failure", "error", "skipped")}
    assert found == {"failure": 3, "error": 3, "skipped": 4}


def test_what_is_not_required_turns_no_build_red() -> None:
    """A server that reads JUnit, or a harness that reads TAP, counts every failure it is shown."""
    red = [verdict(kind, "y") for kind in (Kind.FAIL, Kind.ERROR, Kind.TIMEOUT)]
    optional = report_of(*red, **OPTIONAL)
    (suite,) = ET.fromstring(junit_xml(optional))
    assert (suite.attrib["failures"], suite.attrib["errors"]) == ("0", "0")
    said = [one.attrib["message"] for one in suite.iterfind("testcase/skipped")]
    assert [one.partition(": ")[0] for one in said] == ["not required"] * 3
    assert "$ chunkproof run" in (suite.findtext("testcase/skipped") or "")
    points = [line for line in tap_lines(optional) if line.startswith("    not ok")]
    assert len(points) == 3
    assert all("# TODO not required: " in line for line in points)
    listed = report_of(verdict(Kind.STALE, "y"), verdict(Kind.HARNESS_ERROR, "y"), **OPTIONAL)
    (suite,) = ET.fromstring(junit_xml(listed))
    assert (suite.attrib["failures"], suite.attrib["errors"]) == ("1", "1")


def test_junit_says_how_to_repeat_a_failure() -> None:
    text = ET.tostring(ET.fromstring(junit_xml(ALL)), encoding="unicode", method="text")
    assert "chunkproof run -i 'cmd:./mine --fast' -k text/c1 --level final" in text


# TAP ------------------------------------------------------------------------------------------


def test_tap_has_a_plan_and_a_point_for_every_verdict() -> None:
    lines = list(tap_lines(ALL))
    assert lines[:4] == ["TAP version 14", "1..1", "# Subtest: mine 1", f"    1..{len(Kind)}"]
    points = [line for line in lines if line.startswith(("    ok", "    not ok"))]
    assert len(points) == len(Kind)
    assert sum("# TODO" in line for line in points) == 1
    assert sum("# SKIP" in line for line in points) == 3
    assert lines[-1] == "not ok 1 - mine 1"
    assert all(line.isascii() and "\n" not in line for line in lines)


def test_tap_of_a_run_that_was_cut_short_bails_out() -> None:
    assert list(tap_lines(report_of(verdict(Kind.PASS), finished=False)))[-1].startswith(
        "Bail out!"
    )


# Markdown, annotations, badge -----------------------------------------------------------------


def test_markdown_shows_levels_failures_and_no_percentage() -> None:
    text = markdown(ALL)
    assert "| core | none | 11 | 0/0 | 1/5 |" in text, "errors and timeouts are no less red"
    assert "❌ does not conform" in text
    assert "text/gone:final" in text
    assert "%" not in text.replace("&#", "").replace(EVIL, "").split("\n")[0]
    rows = [line for line in text.splitlines() if line.startswith("| **text/")]
    assert len(rows) == 5  # fail, stale, error, timeout, harness-error
    assert all(row.count(" | ") == 3 for row in rows)


@pytest.mark.parametrize(
    ("spec", "span"),
    [
        ("py:my_module:a*b", "`chunkproof run -i 'py:my_module:a*b' -k text/c0 --level final`"),
        ("cmd:a | b", "`chunkproof run -i 'cmd:a \\| b' -k text/c0 --level final`"),
        ("cmd:a ``b", "``` chunkproof run -i 'cmd:a ``b' -k text/c0 --level final ```"),
    ],
)
def test_the_command_in_a_summary_can_be_copied(spec: str, span: str) -> None:
    """Nothing in it is written as an entity, which a code span would show as it stands."""
    report = report_of(verdict(Kind.FAIL))
    text = markdown(replace(report, runs=(replace(report.runs[0], spec=spec),)))
    assert f"| {span} |" in text


def test_markdown_says_that_failures_are_known() -> None:
    text = markdown(report_of(verdict(Kind.KNOWN_FAILURE, "x"), verdict(Kind.PASS)))
    assert "✅ conforms, but for 1 known failure" in text
    assert "**This run was cut short.**" not in text


def test_annotations_point_to_the_list_and_are_one_line_each() -> None:
    lines = list(workflow_commands(ALL, {"cmd:./mine --fast": "known.txt"}))
    assert all(line.startswith("::error file=known.txt,title=") for line in lines)
    assert not any("\n" in line for line in lines)
    assert any("%0Achunkproof run -i" in line for line in lines)


def test_annotations_stop_where_github_stops() -> None:
    many = report_of(*[verdict(Kind.FAIL, "y")] * 30)
    assert len(list(workflow_commands(many, {}))) == MAX_ANNOTATIONS


@pytest.mark.parametrize(
    ("kinds", "message", "color"),
    [
        ((Kind.PASS,), "core final", "brightgreen"),
        ((Kind.PASS, Kind.FAIL), "core none", "red"),
        ((Kind.NOT_AVAILABLE,), "nothing was judged", "lightgrey"),
        ((Kind.PASS, Kind.KNOWN_FAILURE), "core none", "yellow"),
        ((Kind.SKIPPED,), "core none", "lightgrey"),
    ],
)
def test_a_badge_shows_levels(kinds: tuple[Kind, ...], message: str, color: str) -> None:
    made = badge(report_of(*(verdict(kind, "y") for kind in kinds)))
    assert (made["message"], made["color"]) == (message, color)
    assert (made["schemaVersion"], made["label"]) == (1, "chunkproof 2026.12")


def test_a_badge_of_a_run_that_was_cut_short_is_not_green() -> None:
    assert badge(report_of(verdict(Kind.PASS), finished=False))["color"] != "brightgreen"


# The command ----------------------------------------------------------------------------------

PLAIN = "text/llama-cpp-python-*"


def test_one_run_writes_every_format(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["run", "-i", "impl:reference", "-k", PLAIN, "--report", str(tmp_path / "r.jsonl")]
    for name in ("json", "junit", "markdown", "github", "badge", "tap", "table"):
        words += ["-o", f"{name}={tmp_path / name}"]
    assert main(words) == 0
    assert "conforms" in capsys.readouterr().out  # and the table, as nothing else is on stdout
    assert json.loads((tmp_path / "json").read_bytes())["implementations"][0]["conforms"]
    assert ET.parse(tmp_path / "junit").getroot().tag == "testsuites"
    assert "✅ conforms" in (tmp_path / "markdown").read_text("utf-8")
    assert (tmp_path / "github").read_text("utf-8") == ""
    assert json.loads((tmp_path / "badge").read_bytes())["color"] == "brightgreen"
    assert (tmp_path / "tap").read_text("utf-8").startswith("TAP version 14\n")
    assert "conforms" in (tmp_path / "table").read_text("utf-8")
    assert main([*words[:5], "-o", "badge"]) == 0
    assert json.loads(capsys.readouterr().out)["schemaVersion"] == 1


@pytest.mark.parametrize(
    "words",
    [
        ["-o", "html"],
        ["-o", "junit=/no-such-folder/x.xml"],
        ["--report", "/no-such-folder/x.jsonl"],
        ["--resume"],
        ["--requirements", "1999.01"],
        ["--known-failures", "x", "-i", "impl:openai-chunks"],
        ["-j", "0"],
    ],
)
def test_wrong_usage_is_exit_2(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "-i", "impl:reference", "-k", PLAIN, *words]) == 2
    err = capsys.readouterr().err
    assert err.strip()
    assert "Traceback" not in err


def test_runs_side_by_side_say_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    """With -j the reference is in processes of its own; the rows stay in order."""
    verdicts = []
    for jobs in ("1", "2"):
        words = ["run", "-i", "impl:reference", "-k", "choices/", "--json", "-j", jobs]
        assert main(words) == 0
        (run,) = json.loads(capsys.readouterr().out)["implementations"]
        verdicts.append([(one["case"], one["level"], one["verdict"]) for one in run["verdicts"]])
    assert verdicts[0] == verdicts[1]
    assert len(verdicts[0]) > 5


# JSONL ----------------------------------------------------------------------------------------


def lines_of(path: Path) -> list[dict[str, Any]]:
    return read_lines(path.read_bytes())[0]


def test_a_report_has_a_header_a_line_per_verdict_and_a_footer(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    assert main(["run", "-i", "impl:reference", "-k", PLAIN, "--report", str(path)]) == 0
    lines = lines_of(path)
    assert is_whole(lines)
    kinds = [line["type"] for line in lines]
    assert kinds[:2] == ["header", "implementation"]
    assert kinds[-3:] == ["end", "standing", "footer"]
    assert lines[-1] == {"type": "footer", "finished": True, "verdicts": kinds.count("verdict")}
    assert all(case["expected"] for case in lines[0]["cases"].values())


def test_a_report_without_a_footer_is_not_whole(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    main(["run", "-i", "impl:reference", "-k", PLAIN, "--report", str(path)])
    whole = path.read_bytes()
    for cut in (1, 40, len(whole) // 2):
        lines, end = read_lines(whole[: len(whole) - cut])
        assert not is_whole(lines)
        assert whole[:end].endswith(b"\n")


@pytest.mark.parametrize("data", [b"", b"no json\n", b"{}\n", b'{"type": "verdict"}\n'])
def test_what_is_no_report_is_refused(data: bytes) -> None:
    with pytest.raises(ReportError):
        read_lines(data)


def test_rows_come_back_from_a_report_as_they_were(tmp_path: Path) -> None:
    """Every member, with lone surrogates and a place where there was nothing."""
    run = report_of(verdict(Kind.FAIL, EVIL), verdict(Kind.CHOICE, "c"), verdict(Kind.PASS))
    first, *others = run.runs[0].rows
    lost = Verdict(Kind.FAIL, "", (Difference("/1", {"a": 1}, ABSENT, "lost"),))
    rows = [
        replace(first, plan=explicit_plan((3, 17)), cutting_matters=True, around=("a", "^")),
        *others,
    ]
    rows += [Row("mine", "text/c9", "exact", lost, CutPlan("byte by byte", "--every 1", ()))]
    head = header(Job(("cmd:x",)), run.cases, {})
    path = tmp_path / "r.jsonl"
    path.write_text(json.dumps(head) + "\n", encoding="ascii")
    lines = resumed(path, head)
    for row in rows:
        lines.judged("cmd:x", [row])
    lines.write({"type": "end"})  # so that the last case is known to be whole
    lines.file.close()
    again = resumed(path, head)
    again.file.close()
    back = [row for of_case in again.earlier("cmd:x").values() for row in of_case]
    assert back == rows
    assert back[-1].verdict.differences[0].got is ABSENT


RUN = "import sys; from chunkproof_conformance.cli.main import main; sys.exit(main(sys.argv[1:]))"


def test_a_killed_run_is_gone_on_with(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Killed in the middle, resumed: whole, every verdict once, and nothing judged twice."""
    path = tmp_path / "r.jsonl"
    words = ["run", "-i", "impl:reference", "--report", str(path)]
    killed = subprocess.Popen([sys.executable, "-c", RUN, *words], stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while not path.exists() or path.read_bytes().count(b"\n") < 40:
        assert killed.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.02)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    before = lines_of(path)
    assert not is_whole(before)
    assert main([*words, "--resume"]) == 0
    lines = lines_of(path)
    assert is_whole(lines)
    judged = [(one["case"], one["level"]) for one in lines if one["type"] == "verdict"]
    assert len(judged) == len(set(judged)) == lines[-1]["verdicts"]
    assert {case for case, _ in judged} == set(lines[0]["cases"])
    capsys.readouterr()
    assert main([*words, "--resume"]) == 2
    assert "nothing to resume" in capsys.readouterr().err


def test_an_interrupted_run_is_gone_on_with(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its footer says that it did not come to its end; what it judged is not judged again."""
    path = tmp_path / "r.jsonl"
    words = ["run", "-i", "impl:reference", "-k", PLAIN, "--report", str(path)]
    assert main(words) == 0
    lines = lines_of(path)
    first = next(line["case"] for line in lines if line["type"] == "verdict")
    kept = [one for one in lines if one["type"] != "verdict" or one["case"] == first]
    for line in kept:
        line.update({"detail": "as judged before"} if line["type"] == "verdict" else {})
    kept[-1] |= {"finished": False}
    path.write_text("".join(json.dumps(line) + "\n" for line in kept), encoding="ascii")
    capsys.readouterr()
    assert main([*words, "--resume"]) == 0
    verdicts = [line for line in lines_of(path) if line["type"] == "verdict"]
    assert lines_of(path)[-1] == {"type": "footer", "finished": True, "verdicts": len(verdicts)}
    assert {line["case"] for line in verdicts if line["detail"] == "as judged before"} == {first}


@pytest.mark.parametrize(
    ("data", "says_what"),
    [
        (b"my diary\n", "no JSON: this is no report; name another file"),
        (b'{"cases": []}\n', "does not begin with a header"),
        (b'{"type": "header"}\n{"type": "verdict"}\n{"ty', "killed: go on with it .--resume"),
    ],
)
def test_nothing_that_was_obtained_is_written_over(
    data: bytes, says_what: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "r.jsonl"
    path.write_bytes(data)
    assert main(["run", "-i", "impl:reference", "-k", PLAIN, "--report", str(path)]) == 2
    assert re.search(says_what, capsys.readouterr().err)
    assert path.read_bytes() == data


def test_a_report_that_is_whole_is_written_over(tmp_path: Path) -> None:
    """As an empty file is: nobody would know how to go on with either."""
    path = tmp_path / "r.jsonl"
    path.touch()
    for patterns in (["choices/openai-n2-interleaved"], ["text/llama-cpp-python-plain"]):
        assert main(["run", "-i", "impl:reference", "-k", *patterns, "--report", str(path)]) in {
            0,
            2,
        }
        assert list(lines_of(path)[0]["cases"]) == patterns


def test_a_report_of_another_version_is_not_gone_on_with(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Half of it would be of a parser that is no more. What was judged stays there."""
    path = tmp_path / "r.jsonl"
    words = ["run", "-i", "impl:reference", "-k", PLAIN, "--report", str(path)]
    assert main(words) == 0
    lines = lines_of(path)
    kept = [one for one in lines if one["type"] in {"header", "implementation", "verdict"}]
    kept[1]["version"] = "chunkproof 0.0.9"
    path.write_text("".join(json.dumps(line) + "\n" for line in kept), encoding="ascii")
    capsys.readouterr()
    for _ in range(2):  # it is not made worse
        assert main([*words, "--resume"]) == 2
        assert "it is of reference chunkproof 0.0.9, now reference" in capsys.readouterr().err


@pytest.mark.parametrize("more", [["--flaky", "text/*:final"], ["--known-failures", "known.txt"]])
def test_a_report_in_another_light_is_not_gone_on_with(
    more: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Verdicts stand in it as the lists made them."""
    monkeypatch.chdir(tmp_path)
    Path("known.txt").write_text("text/gone:final | x\n", encoding="utf-8")
    words = ["run", "-i", "impl:reference", "-k", PLAIN, "--report", "r.jsonl"]
    assert main(words) == 0
    whole = Path("r.jsonl").read_bytes()
    Path("r.jsonl").write_bytes(whole[: whole.rindex(b'{"type": "end"')])
    assert main([*words, "--resume", *more]) == 2
    assert "another run" in capsys.readouterr().err


def test_a_report_of_another_run_is_not_gone_on_with(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "r.jsonl"
    main(["run", "-i", "impl:reference", "-k", PLAIN, "--report", str(path)])
    whole = path.read_bytes()
    path.write_bytes(whole[: whole.rindex(b'{"type": "end"')])
    words = ["run", "-i", "impl:reference", "-k", "choices/", "--report", str(path), "--resume"]
    assert main(words) == 2
    assert "another run" in capsys.readouterr().err
