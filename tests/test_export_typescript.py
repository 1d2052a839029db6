"""The exported TypeScript: compiled by the real compiler, run by Node, over two real parsers."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest

from chunkproof_conformance.cases.export import contents as export
from chunkproof_conformance.cases.export.contents import contents
from chunkproof_conformance.cases.export.folder import write
from chunkproof_conformance.cases.index import iter_cases, load_case
from chunkproof_conformance.cli.main import main
from chunkproof_conformance.connect.in_process import AdapterError, InProcess, load_factory
from chunkproof_conformance.judge.expectation import Expectation
from chunkproof_conformance.judge.levels import LEVELS as ALL_LEVELS
from chunkproof_conformance.judge.levels import ContradictionError, judge
from chunkproof_conformance.judge.observation import Level, Observation
from chunkproof_conformance.judge.verdicts import verdict_of
from chunkproof_conformance.run.expectations import load_expectation
from chunkproof_conformance.run.plan import stream_of
from tests.node_packages import ROOT, installed, node_root

pytestmark = [pytest.mark.needs("node"), pytest.mark.needs("npm")]

SOURCE: Final = Path(__file__).parent / "node"
RIGHT: Final = (
    "text/mlx-lm-plain",
    "text/llama-cpp-python-plain",
    "text/generic-unicode-separators-emoji",
    "tools/llama-server-cut-by-length",
    "tools/vllm-two-calls",
    "end/mlx-lm-cut",
)
"""Cases that both parsers read as they must."""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An export of a few cases beside two parsers, compiled; a type that does not fit fails."""
    packages = installed(SOURCE, ROOT / "build" / "node-export")
    folder = tmp_path_factory.mktemp("export")
    write(folder, contents(map(load_case, RIGHT)))
    (folder / "node_modules").symlink_to(packages / "node_modules")
    for name in ("openai_parser.ts", "judge_lines.ts"):
        shutil.copy(SOURCE / name, folder)
    compiler = [str(folder / "node_modules" / ".bin" / "tsc")]
    done = subprocess.run(compiler, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    return folder


def exported(folder: Path, *case_ids: str) -> Path:
    write(folder, contents(map(load_case, case_ids)))
    return folder


def judged(
    built: Path, export: Path, parser: str = "parser", known: str = ""
) -> tuple[int, dict[str, str]]:
    """Exit code, and per case what Node's test runner says: ok, not ok, skip, todo."""
    done = subprocess.run(
        ["node", "--test", "--test-reporter=tap", "build/chunkproof.test.js"],
        cwd=built,
        env={
            "PATH": str(Path(shutil.which("node") or "node").parent),
            "CHUNKPROOF_EXPORT": str(export),
            "CHUNKPROOF_PARSER": f"./{parser}.js",
            "CHUNKPROOF_KNOWN": known,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    lines = re.findall(
        r"^(ok|not ok) \d+ - (\S+?): .*?(?: # (SKIP|TODO) .*)?$", done.stdout, re.MULTILINE
    )
    assert "ok 1 - the comparison says what the vectors say" in done.stdout.splitlines()
    said = {case_id: f"{kind.lower()} {ok}".strip() for ok, case_id, kind in lines}
    return done.returncode, {case_id: one.removesuffix(" ok") if one.startswith("skip") else one
                             for case_id, one in said.items()}  # fmt: skip


def test_the_test_has_sixty_lines() -> None:
    """As short as it says: whoever copies it has read it."""
    text = (Path(export.__file__).parent / "files" / "chunkproof.test.ts").read_text()
    assert text.count("\n") <= 60
    assert max(map(len, text.splitlines())) <= 150


@pytest.mark.parametrize("parser", ["parser", "openai_parser"])
def test_right_answers_are_green(built: Path, parser: str) -> None:
    """Plain and cut streams, in one piece, as recorded and byte by byte, at both levels."""
    code, said = judged(built, built, parser)
    assert (code, said) == (0, dict.fromkeys(RIGHT, "ok"))


@pytest.mark.parametrize(
    ("parser", "wrong"),
    [
        # The loop knows reasoning by one of its names.
        ("parser", "reasoning/vllm-before-text"),
        # The npm client takes a frame without data for one with an empty payload.
        ("openai_parser", "framing/generic-retry-id-meta-events"),
    ],
)
def test_wrong_answers_are_found_and_named(
    parser: str, wrong: str, built: Path, tmp_path: Path
) -> None:
    """And where they are known they must fail: what passes is taken off the list."""
    folder = exported(tmp_path / "out", wrong, RIGHT[0])
    right = {RIGHT[0]: "ok"}
    assert judged(built, folder, parser) == (1, {wrong: "not ok", **right})
    assert judged(built, folder, parser, known=wrong) == (0, {wrong: "ok", **right})
    both = f"{wrong},{RIGHT[0]}"
    said = {wrong: "ok", RIGHT[0]: "not ok"}
    assert judged(built, folder, parser, known=both) == (1, said)


def test_a_parser_that_decodes_each_piece_alone_fails_where_characters_are_cut(
    built: Path, tmp_path: Path
) -> None:
    """The oldest mistake: only the cuts show it, so the message names them."""
    whole = (built / "build" / "parser.js").read_text()
    assert whole.count(", { stream: true }") == 1
    (built / "build" / "naive.js").write_text(whole.replace(", { stream: true }", ""))
    case_id = "text/generic-unicode-separators-emoji"
    folder = exported(tmp_path / "out", case_id, "text/mlx-lm-plain")
    assert judged(built, folder, "naive") == (1, {case_id: "not ok", "text/mlx-lm-plain": "ok"})


def test_what_is_not_claimed_is_skipped_and_what_is_no_must_is_only_shown(
    built: Path, tmp_path: Path
) -> None:
    cards = {"lenient": "skip", "should": "todo not ok"}
    lenient = next(case.id for case in iter_cases() if "lenient" in case.key.profiles)
    should = "reasoning/mlx-lm-plain"
    assert load_case(should).key.strength == "should"
    folder = exported(tmp_path / "out", lenient, should)
    code, said = judged(built, folder)
    assert (code, said) == (0, {lenient: cards["lenient"], should: cards["should"]})


def test_vectors_of_levels_that_it_does_not_compare_are_shown_as_skipped(built: Path) -> None:
    done = subprocess.run(
        ["node", "--test", "--test-reporter=tap", "build/chunkproof.test.js"],
        cwd=built,
        env={"PATH": str(Path(shutil.which("node") or "").parent)},
        capture_output=True,
        text=True,
        check=True,
    )
    skipped = re.findall(r"^ok \d+ - the vectors of (\w+) # SKIP", done.stdout, re.MULTILINE)
    assert sorted([*skipped, *LEVELS]) == sorted(ALL_LEVELS)


def test_a_wrong_comparison_is_noticed_by_the_vectors(built: Path, tmp_path: Path) -> None:
    """Before any case: the first test of the run."""
    broken = shutil.copytree(built / "build", tmp_path / "build")
    whole = (broken / "compare.js").read_text()
    assert "wanted || null" in whole
    (broken / "compare.js").write_text(whole.replace("wanted || null", "wanted ?? null"))
    (tmp_path / "node_modules").symlink_to(built / "node_modules")
    (tmp_path / "package.json").write_text('{"type": "module"}')
    done = subprocess.run(
        ["node", "--test", "--test-reporter=tap", "build/chunkproof.test.js"],
        cwd=tmp_path,
        env={"PATH": str(Path(shutil.which("node") or "").parent), "CHUNKPROOF_EXPORT": str(built)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "not ok 1 - the comparison says what the vectors say" in done.stdout


# Two comparisons, written apart, over what real parsers report ---------------------------------

LEVELS: Final[tuple[Level, ...]] = ("final", "sequence")


def questions(spec: str) -> list[dict[str, Any]]:
    """What one parser reports of every case, beside what is expected of it."""
    connection = InProcess(load_factory(spec))
    who = connection.start()
    asked = []
    for case in iter_cases():
        expected = load_expectation(case.id)
        try:
            observed = connection.run(stream_of(case, case.cuts))
        except AdapterError:
            continue  # a verdict of its own, before anything is compared
        asked += [
            {
                "level": level,
                "expected": {level: said, "final": msgspec.to_builtins(expected.final)},
                "observed": msgspec.to_builtins(observed),
                "not_represented": sorted(who.not_represented),
                "contested": case.key.strength == "choice",
            }
            for level in LEVELS
            if (said := msgspec.to_builtins(expected).get(level)) is not None
        ]
    connection.stop()
    return list(filter(_is_json, asked))


def _is_json(value: Any) -> bool:
    """NaN, which one client hands on, cannot be said in JSON; nor can two halves of one pair of
    surrogates, which are one character in JavaScript and two in Python."""
    try:
        json.dumps(value, allow_nan=False, ensure_ascii=False).encode()
    except ValueError:
        return False
    return True


def by_typescript(built: Path, asked: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What the exported comparison says of each, all in one process."""
    lines = "".join(json.dumps(question) + "\n" for question in asked)
    done = subprocess.run(
        ["node", "build/judge_lines.js"],
        cwd=built,
        input=lines.encode(),
        capture_output=True,
        check=True,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def by_python(question: dict[str, Any]) -> dict[str, Any]:
    """What ours says of it."""
    case = {"case": "some/case", "oracle": "truth", **question["expected"]}
    try:
        judgement = judge(
            question["level"],
            msgspec.convert(case, Expectation),
            msgspec.convert(question["observed"], Observation),
            frozenset(question["not_represented"]),
        )
    except ContradictionError:
        return {"verdict": "error", "at": []}
    verdict = verdict_of(judgement, contested=question["contested"])
    differences = judgement.differences if judgement else ()
    return {"verdict": str(verdict.kind), "at": sorted(one.path for one in differences)}


def test_both_comparisons_agree_on_every_expectation_against_every_answer(built: Path) -> None:
    """Of all vectors: most of these pairs nobody thought of."""
    vectors = json.loads((built / "vectors.json").read_bytes())
    asked = [
        {
            "level": level,
            "expected": one["expected"],
            "observed": other["observed"],
            "not_represented": other.get("not_represented", []),
            "contested": False,
        }
        for level in LEVELS
        for one in vectors
        if one["level"] == level
        for other in vectors
        if {"choices", "events"} & other["observed"].keys()  # others show neither level
    ]
    assert len(asked) > 20_000
    said = by_typescript(built, asked)
    different = [
        (question, ours, theirs)
        for question, theirs in zip(asked, said, strict=True)
        if (ours := by_python(question)) != theirs
    ]
    assert different[:1] == []
    assert {one["verdict"] for one in said} == {"pass", "fail", "n/a", "error"}


@pytest.mark.slow
@pytest.mark.parametrize("spec", ["impl:reference", "impl:openai-chunks", "impl:openai-stream"])
def test_both_comparisons_agree_over_the_corpus(spec: str, built: Path) -> None:
    """Python's and TypeScript's share no code; every verdict and every place is the same."""
    asked = questions(spec)
    ours = [by_python(question) for question in asked]
    said = by_typescript(built, asked)
    assert len(asked) > 1_000
    assert [
        (question, one, other)
        for question, one, other in zip(asked, ours, said, strict=True)
        if one != other
    ][:1] == []
    if spec != "impl:reference":
        assert {one["verdict"] for one in ours} >= {"pass", "fail", "choice"}


@pytest.mark.slow
def test_the_npm_client_fails_here_where_the_harness_says_it_fails(
    built: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Two ways over the whole corpus: the exported test, and the adapter over `cmd:`.

    They share the client and the bytes; loop, replay, cutting and comparison are others.
    """
    monkeypatch.setenv("CHUNKPROOF_NODE_ROOT", str(node_root()))
    words = ["--strength", "must", "--level", "final", "--level", "sequence", "--json"]
    assert main(["run", "-i", "impl:openai-node-chunks", *words]) == 1
    run = json.loads(capsys.readouterr().out)["implementations"][0]
    claimed = {"core", "tools", "parallel-tools", "refusal", "choices"}
    theirs = {
        row["case"]
        for row in run["verdicts"]
        if row["verdict"] == "fail" and set(load_case(row["case"]).key.profiles) <= claimed
    }
    write(tmp_path / "out", contents(iter_cases()))
    _, said = judged(built, tmp_path / "out", "openai_parser")
    assert {case_id for case_id, one in said.items() if one == "not ok"} == theirs
    assert sum(one == "ok" for one in said.values()) > 100


def test_the_lock_names_no_address() -> None:
    """Every package is pinned with its hash, so the place it comes from does not matter."""
    packages = json.loads((SOURCE / "package-lock.json").read_bytes())["packages"]
    named = {path: package for path, package in packages.items() if path}
    assert len(named) >= 4
    assert all("integrity" in package and "resolved" not in package for package in named.values())
