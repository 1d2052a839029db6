"""`validate` finds what is wrong with a cassette: one tampered cassette for each check."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from chunkproof_conformance.cases import validate as validate_module
from chunkproof_conformance.cases.cassette import Case, write_cassette
from chunkproof_conformance.cases.index import load_case
from chunkproof_conformance.cases.secrets import Secrets
from chunkproof_conformance.cases.validate import Checks, cassettes_in, validate
from chunkproof_conformance.cli.main import main

PLAIN = "text/mlx-lm-plain"
CUT = "end/mlx-lm-cut"


def written(folder: Path, case: Case) -> Path:
    return write_cassette(folder, case.key, case.stream, case.twin_exchange)


def with_key(case: Case, **members: Any) -> Case:
    return replace(case, key=msgspec.structs.replace(case.key, **members))


def with_origin(case: Case, **members: Any) -> Case:
    return with_key(case, provenance=msgspec.structs.replace(case.key.provenance, **members))


def with_stream(case: Case, **members: Any) -> Case:
    return replace(case, stream=replace(case.stream, **members))


def found(folder: Path, checks: Checks | None = None) -> set[str]:
    return {p.check for p in validate(cassettes_in(folder), checks or Checks()).problems}


@pytest.mark.parametrize("case_id", [PLAIN, CUT, "errors/mlx-lm-bad-request"])
def test_a_good_cassette_has_no_problem(case_id: str, tmp_path: Path) -> None:
    written(tmp_path, load_case(case_id))
    assert found(tmp_path) == set()


TAMPERED: dict[str, tuple[str, str, Callable[[Case], Case]]] = {
    "a row that nobody knows": (PLAIN, "claims", lambda c: with_key(c, rows=["no-such-row"])),
    "a row that the bytes do not show": (
        PLAIN, "claims", lambda c: with_key(c, rows=["done-no-finish"]),
    ),
    "no rule": (PLAIN, "claims", lambda c: with_key(c, rules=[])),
    "a contested rule that decides": (PLAIN, "claims", lambda c: with_key(c, rules=["END-3"])),
    "recorded by nobody": (PLAIN, "provenance", lambda c: with_origin(c, server=None)),
    "recorded without a version": (PLAIN, "provenance", lambda c: with_origin(c, version=None)),
    "a proxy over nothing": (
        PLAIN, "provenance", lambda c: with_origin(c, setup="proxy-over-server"),
    ),
    "synthesised, yet a recording": (
        PLAIN, "provenance", lambda c: with_origin(c, kind="synthesised"),
    ),
    "an address of a machine": (
        PLAIN, "address",
        lambda c: with_stream(c, uri="http://gpu-17:8000/v1/chat/completions"),
    ),
    "no stream at all": (
        PLAIN, "request",
        lambda c: with_stream(c, request_body=c.stream.request_body.replace(b"true", b"false")),
    ),
    "a truth that the bytes do not show": (
        CUT, "truth",
        lambda c: with_key(c, truth=load_case("end/mlx-lm-client-closed").key.truth),
    ),
    "nobody who could say what is right": (
        CUT, "oracle", lambda c: replace(with_key(c, truth=None), twin_exchange=None),
    ),
    "a key in a header": (
        PLAIN, "secret",
        lambda c: with_stream(c, response_headers={"server": ["sk-canary0123456789"]}),
    ),
    "a key in the title": (PLAIN, "secret", lambda c: with_key(c, title="sk-canary0123456789")),
    "a twin that is the stream again": (
        PLAIN, "replay", lambda c: replace(c, twin_exchange=replace(c.stream, response_body=b"{}")),
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", TAMPERED)
def test_a_tampered_cassette_is_found_by_its_check(what: str, tmp_path: Path) -> None:
    case_id, check, tamper = TAMPERED[what]
    written(tmp_path, tamper(load_case(case_id)))
    assert check in found(tmp_path)


def test_a_named_secret_is_found_wherever_it_stands(tmp_path: Path) -> None:
    """Also split over deltas: the text of this case is `Hello there! ...` in small pieces."""
    written(tmp_path, load_case(PLAIN))
    assert found(tmp_path, Checks(Secrets(("tiny scripted model",)))) == {"secret"}


def test_a_body_that_was_changed_is_not_read(tmp_path: Path) -> None:
    path = written(tmp_path, load_case(PLAIN))
    path.write_text(path.read_text().replace("Hel", "Hol"))
    assert found(tmp_path) == {"read"}


def test_a_case_under_another_path_is_not_read(tmp_path: Path) -> None:
    path = written(tmp_path, load_case(PLAIN))
    path.rename(path.with_name("another.yaml"))
    assert found(tmp_path) == {"read"}


def test_one_broken_file_stops_no_other(tmp_path: Path) -> None:
    written(tmp_path, load_case(PLAIN))
    written(tmp_path, with_key(load_case(CUT), rules=[]))
    (tmp_path / "text" / "broken.yaml").write_text("a: [1")
    result = validate(cassettes_in(tmp_path), Checks())
    assert result.cases == 3
    assert [(p.case, p.check) for p in result.problems] == [
        (CUT, "claims"),
        ("text/broken", "read"),
    ]


HOSTILE = [
    b'data: {"choices":[{"index":[],"delta":{"tool_calls":[{"index":{}}]}}]}\n\n',
    b'data: {"choices":{"0":1},"usage":[]}\n\n',
    b"data: " + b"[" * 2000 + b"\n\n",
    b"\xff\xfe",
]


@pytest.mark.parametrize("body", HOSTILE)
def test_a_hostile_body_is_a_problem_and_no_crash(body: bytes, tmp_path: Path) -> None:
    """Whatever a check makes of it, the next cassette is still looked at."""
    hostile = with_stream(load_case(PLAIN), response_body=body)
    written(tmp_path, with_key(hostile, pieces=[(0, 1.0)]))
    written(tmp_path, with_key(load_case(CUT), rules=[]))
    problems = validate(cassettes_in(tmp_path), Checks()).problems
    assert {p.case for p in problems} == {PLAIN, CUT}


def test_two_cases_of_one_body_are_found(tmp_path: Path) -> None:
    written(tmp_path, load_case(PLAIN))
    written(tmp_path, with_key(load_case(PLAIN), id="text/again"))
    assert found(tmp_path) == {"distinct"}


def test_one_id_in_two_folders_is_found(tmp_path: Path) -> None:
    """Ids are unique over everything that is checked together."""
    written(tmp_path / "one", load_case(PLAIN))
    written(tmp_path / "other", load_case(PLAIN))
    paths = [*cassettes_in(tmp_path / "one"), *cassettes_in(tmp_path / "other")]
    assert [(p.check, p.what) for p in validate(paths, Checks()).problems] == [
        ("unique", "2 cases of this id")
    ]


def test_pieces_that_do_not_add_up_are_not_read(tmp_path: Path) -> None:
    path = written(tmp_path, load_case(PLAIN))
    for old, new in (("- [0, ", "- [1, "), ("- [38, ", "- [19, "), ("- [7100, ", "- [999999, ")):
        broken = path.read_text().replace(old, new, 1)
        assert broken != path.read_text()
        (tmp_path / "text" / "broken.yaml").write_text(broken)
        (problem,) = validate([tmp_path / "text" / "broken.yaml"], Checks()).problems
        assert (problem.check, problem.what.split(";")[0]) == ("read", "pieces do not cut the body")


def test_a_twin_that_is_replayed_only_after_the_stream_is_found(tmp_path: Path) -> None:
    """Both orders are tried: vcrpy takes the first request that fits, so one of them passes."""
    case = load_case(PLAIN)
    assert case.twin_exchange
    same = replace(case.twin_exchange, request_body=case.stream.request_body)
    written(tmp_path, replace(case, twin_exchange=same))
    whats = [p.what for p in validate(cassettes_in(tmp_path), Checks()).problems]
    assert [what.split(":")[0] for what in whats] == ["twin, twin first", "stream, twin first"]


def test_an_expected_file_that_no_oracle_gives_is_found(tmp_path: Path) -> None:
    """The oracle is asked again: the file must be what it says today."""
    written(tmp_path / "cassettes", load_case(PLAIN))
    expected = tmp_path / "expected" / f"{PLAIN}.json"
    expected.parent.mkdir(parents=True)
    expected.write_text('{"case": "text/mlx-lm-plain", "oracle": "transcript", "final": {}}')
    checks = Checks(expected=tmp_path / "expected")
    assert found(tmp_path / "cassettes", checks) == {"oracle"}


def test_a_check_that_cannot_be_made_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(tmp_path, load_case(PLAIN))
    result = validate(cassettes_in(tmp_path), Checks(replay=False))
    assert (result.problems, result.left_out) == ((), ("replay: not asked for",))
    monkeypatch.setattr(validate_module, "REPLAY_NEEDS", ("openai", "no_such_module"))
    result = validate(cassettes_in(tmp_path), Checks())
    assert (result.problems, result.left_out) == ((), ("replay: needs no_such_module",))


def test_the_command_says_what_is_wrong_and_exits_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    written(tmp_path, with_key(load_case(PLAIN), rules=[]))
    assert main(["validate", str(tmp_path), "--no-replay"]) == 1
    captured = capsys.readouterr()
    assert captured.out == f"{PLAIN}: claims: it names no rule\n"
    assert "1 cassettes, 1 problems" in captured.err


def test_a_folder_without_cassettes_is_wrong_usage(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also beside one that has some: what was asked for must have been looked at."""
    written(tmp_path / "full", load_case(PLAIN))
    (tmp_path / "empty").mkdir()
    said = {"empty": "{} holds no cassettes", "none": "no such file or folder: {}"}
    for folder, says in said.items():
        words = [str(tmp_path / "full"), str(tmp_path / folder)]
        assert main(["validate", *words, "--no-replay"]) == 2
        assert says.format(tmp_path / folder) in capsys.readouterr().err


def test_one_cassette_can_be_checked_alone(tmp_path: Path) -> None:
    path = written(tmp_path, load_case(PLAIN))
    (tmp_path / "text" / "broken.yaml").write_text("a: [1")
    assert main(["validate", str(path), "--no-replay"]) == 0


@pytest.mark.slow
def test_the_corpus_is_valid() -> None:
    assert main(["validate"]) == 0
