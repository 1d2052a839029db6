"""Cassettes of strangers: no code runs, nothing hangs, and each is refused in one clear sentence.

Every one is read in a process of its own, with its memory bounded and its time watched: what
would hang or eat the machine ends here as a failure.
"""

from __future__ import annotations

import json
import os
import resource
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest

from chunkproof_conformance.cases import document
from chunkproof_conformance.cases.cassette import (
    Case,
    CassetteError,
    dump_cassette,
    load_cassette,
    parse_cassette,
    write_cassette,
)
from chunkproof_conformance.cases.index import CORPUS, load_case
from chunkproof_conformance.cases.replay import replay_problems
from chunkproof_conformance.cases.traits import TRAITS
from chunkproof_conformance.cases.validate import MAX_SAID, Checks, validate
from chunkproof_conformance.cases.wire_view import WireView
from chunkproof_conformance.cli.main import main
from tests.growth import seconds

PLAIN: Final = "text/mlx-lm-plain"
CUT: Final = "end/mlx-lm-cut"
GIB: Final = 1 << 30
SECONDS: Final = 60
"""Ten times what the slowest takes on a busy machine; without its bound it takes hours."""


def good() -> bytes:
    return (CORPUS / f"{PLAIN}.yaml").read_bytes()


def instead(old: bytes, new: bytes) -> bytes:
    """The good cassette with one thing changed."""
    assert good().count(old) >= 1
    return good().replace(old, new, 1)


CODE = b"!!python/object/apply:os.system ['touch ran']"
DOCUMENTS: Final[dict[str, tuple[bytes, str]]] = {
    "code in a tag": (instead(b"version: 1", b"version: " + CODE), "tag"),
    "code in a key nobody reads": (good() + b"more: " + CODE + b"\n", "tag"),
    "code in the title": (instead(b"title: Text", b"title: " + CODE + b"\n  more: x"), "tag"),
    "a module by its name": (good() + b"more: !!python/module:os ''\n", "tag"),
    "an alias": (instead(b"version: 1", b"version: &one 1\nmore: *one"), "alias *one"),
    "aliases of aliases": (
        b"a: &a [x,x,x,x,x,x,x,x,x]\n"
        + b"".join(b"%c: &%c [%s]\n" % (n, n, b",".join([b"*%c" % (n - 1)] * 9))
                   for n in range(ord("b"), ord("k"))),
        "alias *a",
    ),
    "a merged alias": (b"a: &a {b: 1}\nc: {<<: *a}\n", "alias *a"),
    "an integer in base sixty": (b"version: 1" + b":1" * 2_000_000, "a number of 4,000,001"),
    "a fraction in base sixty": (b"version: 1" + b":59" * 300 + b".5", "a number of 903"),
    "an integer of a million digits": (b"version: " + b"9" * 1_000_000, "a number of 1,000,000"),
    "a hexadecimal one": (b"version: 0x" + b"f" * 1_000_000, "a number of 1,000,002"),
    "a huge status": (instead(b"code: 200", b"code: " + b"9" * 60), "from 100 to 599"),
    "a status without end": (instead(b"code: 200", b"code: .inf"), "from 100 to 599"),
    "a piece at a huge offset": (instead(b"- [19, ", b"- [" + b"9" * 60 + b", "), "pieces"),
    "a time that is none": (instead(b"- [0, 115.9]", b"- [0, .nan]"), "pieces go back"),
    "a time without end": (instead(b"- [7100, 227.4]", b"- [7100, .inf]"), "pieces go back"),
    "an integer that is no text": (b"a: !!int ''\n", "not YAML"),
    "a date that is none": (b"a: !!timestamp x\n", "not YAML"),
    "a truth value that is none": (b"a: !!bool x\n", "not YAML"),
    "a day that is none": (b"a: 9999-99-99\n", "not YAML"),
    "brackets": (b"a: " + b"[" * 1_000_000, "nested over 64 deep"),
    "braces": (b"{a: " * 300_000, "nested over 64 deep"),
    "dashes": (b"- " * 500_000, "nested over 64 deep"),
    "keys in keys": (b"? " * 500_000, "nested over 64 deep"),
    "steps": (b"".join(b" " * n + b"a:\n" for n in range(2_000)), "nested over 64 deep"),
    "values without number": (b"a: [" + b"1," * 1_000_000 + b"1]", "more than 200,000 values"),
    "documents without number": (b"---\n" * 500_000, "more than 200,000 values"),
    "two documents": (good() + b"---\na: b\n", "single document"),
    "bytes that are no text": (instead(b"title: Text", b"title: T\xe9xt"), "UTF-8"),
    "a byte that is none": (instead(b"title: Text", b"title: T\x00ext"), "control characters"),
    "half a character": (instead(b"title: Text", b'title: "\\ud83d"\n  more: x'), "not YAML"),
    "headers that are a word": (
        instead(b"content-type: [application/json]", b"content-type: application/json"),
        "instead of a list",
    ),
    "a body that is to be inflated": (
        instead(b"content-type: [text/event-stream]",
                b"content-type: [text/event-stream]\n      content-encoding: [gzip]"),
        "a body is said to be gzip",
    ),
    "a claim made twice": (
        instead(b"  strength: ", b"  strength: info\n  strength: "),
        "'strength' twice in one mapping; say it once",
    ),
    "a status given twice": (
        instead(b"code: 200", b"code: 500, code: 200"), "'code' twice in one mapping",
    ),
    "a second key": (good() + b"chunkproof: {}\n", "'chunkproof' twice in one mapping"),
    "a header inside a header": (
        instead(b"content-type: [text/event-stream]",
                b'content-type: ["text/event-stream\\r\\nset-cookie: a"]'),
        "a header holds the end of its line",
    ),
    "an empty file": (b"", "no vcrpy cassette"),
    "a list": (b"[1, 2]", "no vcrpy cassette"),
    "an id that leads elsewhere": (instead(b"id: text/mlx-lm-plain", b"id: ../../x"), "regex"),
}  # fmt: skip


def in_bounds(*words: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """The command with at most 1 GiB of memory; more is a MemoryError, not a swapping machine."""
    code = (
        f"import resource, sys; resource.setrlimit(resource.RLIMIT_AS, ({GIB}, {GIB}));"
        "from chunkproof_conformance.cli.main import main; sys.exit(main())"
    )
    return subprocess.run(
        [sys.executable, "-c", code, *words],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS * 3,
    )


def test_hostile_documents_are_refused_in_a_sentence_and_nothing_runs(tmp_path: Path) -> None:
    """All of them in one call: each is a line with what is wrong, in its own words."""
    names = {f"hostile/case-{number}": name for number, name in enumerate(DOCUMENTS)}
    (tmp_path / "hostile").mkdir()
    for case_id, name in names.items():
        (tmp_path / f"{case_id}.yaml").write_bytes(DOCUMENTS[name][0])
    done = in_bounds("validate", ".", folder=tmp_path)
    assert (done.returncode, "Traceback" in done.stderr) == (1, False), done.stderr[-500:]
    lines = dict(line.split(": read: ") for line in done.stdout.splitlines())
    missing = {
        names[case_id]: lines.get(case_id)
        for case_id in names
        if DOCUMENTS[names[case_id]][1] not in lines.get(case_id, "")
    }
    assert missing == {}
    assert all(len(line) < 700 for line in lines.values())
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    "where",
    [
        good() + b"# sk-canary0123456789\n",
        good() + b"more: sk-canary0123456789\n",
        instead(b"version: 1", b"sk-canary0123456789: 1\nversion: 1"),
    ],
    ids=["a comment", "a member", "the name of a member"],
)
def test_a_secret_that_no_reader_of_the_case_meets_is_found(where: bytes, tmp_path: Path) -> None:
    """It would be published all the same."""
    path = tmp_path / f"{PLAIN}.yaml"
    path.parent.mkdir()
    path.write_bytes(where)
    problems = validate([path], Checks(replay=False)).problems
    assert [(problem.check, problem.what) for problem in problems] == [
        ("secret", "an API key in a comment or a member that nobody reads")
    ]


def test_one_name_in_two_mappings_is_no_name_given_twice() -> None:
    """A sequence of mappings says each name again, and a value may be what a name is."""
    text = b"a: {b: a, c: [{b: b}, {b: b}]}\nb: a\n? [a, b]\n: b\n? {a: b}\n: a\n"
    with pytest.raises(document.DocumentError, match="not YAML"):
        document.load_yaml(text)  # names that are no text are refused by what builds the mapping
    assert document.load_yaml(text.partition(b"?")[0]) == {
        "a": {"b": "a", "c": [{"b": "b"}, {"b": "b"}]},
        "b": "a",
    }


@pytest.mark.parametrize("name", ["an integer in base sixty", "values without number", "steps"])
def test_a_bomb_costs_little(name: str) -> None:
    began = time.process_time()
    with pytest.raises(CassetteError):
        parse_cassette(DOCUMENTS[name][0])
    assert time.process_time() - began < SECONDS / 4


# Files that are none --------------------------------------------------------------------------


def pipe(path: Path) -> None:
    os.mkfifo(path)


def link_to_pipe(path: Path) -> None:
    pipe(path.with_name("pipe"))
    path.symlink_to("pipe")


def listener(path: Path) -> None:
    home = Path.cwd()
    os.chdir(path.parent)  # the path of a socket must be short
    try:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(path.name)
    finally:
        os.chdir(home)


def sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(64 * GIB)


NO_FILES: Final[dict[str, tuple[Callable[[Path], Any], str]]] = {
    "a pipe": (pipe, "a pipe and no file"),
    "a folder": (lambda path: path.mkdir(), "Is a directory"),
    "a socket": (listener, "cannot be read"),
    "a link to a device": (lambda path: path.symlink_to("/dev/zero"), "a device and no file"),
    "a link to nothing": (lambda path: path.symlink_to("nowhere"), "No such file"),
    "a link to itself": (lambda path: path.symlink_to(path.name), "Too many levels"),
    "a link to a pipe": (link_to_pipe, "a pipe and no file"),
    "a huge file": (sparse, "68,719,476,736 bytes"),
}


@pytest.mark.parametrize("name", NO_FILES)
def test_what_is_no_plain_file_is_not_waited_for(name: str, tmp_path: Path) -> None:
    make, says = NO_FILES[name]
    path = tmp_path / "text" / "it.yaml"
    path.parent.mkdir()
    make(path)
    with pytest.raises(CassetteError, match=says) as refusal:
        load_cassette(path, expected_id="text/it")
    assert refusal.value.remedy


def test_a_link_to_a_cassette_is_the_cassette(tmp_path: Path) -> None:
    """Package managers lay out files as links."""
    path = tmp_path / "text" / "mlx-lm-plain.yaml"
    path.parent.mkdir()
    path.symlink_to(CORPUS / f"{PLAIN}.yaml")
    assert load_cassette(path, expected_id=PLAIN) == load_case(PLAIN)


def test_a_file_that_grows_while_it_is_read_is_cut_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The size is looked at again after reading."""
    path = tmp_path / "x.yaml"
    path.write_bytes(b"x" * 100)
    monkeypatch.setattr(document, "MAX_FILE_BYTES", 200)
    real = os.fstat

    def before_it_grew(descriptor: int) -> Any:
        status = real(descriptor)
        with path.open("ab") as file:
            file.write(b"x" * 10_000)
        return status

    monkeypatch.setattr(os, "fstat", before_it_grew)
    with pytest.raises(document.DocumentError, match="201 bytes"):
        document.read_file(path)


# Good files with hostile content --------------------------------------------------------------


def hostile(case_id: str = PLAIN, *, body: bytes | None = None, **members: Any) -> Case:
    """A case that reads well: hash and pieces fit."""
    case = load_case(case_id)
    if body is not None:
        case = replace(case, stream=replace(case.stream, response_body=body), twin_exchange=None)
        members["pieces"] = [(0, 1.0)]
    return replace(case, key=msgspec.structs.replace(case.key, **members))


def with_headers(case: Case, **headers: str) -> Case:
    named = {name.replace("_", "-"): [value] for name, value in headers.items()}
    kept = {**case.stream.response_headers, **named}
    return replace(case, stream=replace(case.stream, response_headers=kept))


def frame(payload: Any) -> bytes:
    return b"data: " + json.dumps(payload).encode() + b"\n\n"


def says(text: str) -> bytes:
    return frame({"choices": [{"index": 0, "delta": {"content": text}}]})


SIZE: Final = 100_000
BODIES: Final[dict[str, bytes]] = {
    "brackets": b"data: " + b"[" * SIZE + b"\n\n",
    "objects in objects": b"data: " + b'{"a":' * (SIZE // 5) + b"\n\n",
    "a huge index": b'data: {"choices":[{"index":' + b"9" * SIZE + b"}]}\n\n",
    "many choices": frame({"choices": [{"index": n, "delta": {}} for n in range(SIZE // 30)]}),
    "backslashes": says("\\" * SIZE),
    "halves of characters": b'data: {"a":"' + b"\\ud83d" * (SIZE // 6) + b'"}\n\n',
    "almost keys": says("sk-" * (SIZE // 3)),
    "almost hosts": says("a.a-" * (SIZE // 4)),
    "almost addresses": says(("://" + ":" * 200) * (SIZE // 203)),
    "almost tokens": says("eyJaaaaaaaa." * (SIZE // 12)),
    "almost private keys": says("-----BEGIN PRIVATE KEY-----" * (SIZE // 27)),
    "almost platforms": says("Linux-1" * (SIZE // 7)),
    "almost settings": says(("api_key" + " :" * 5) * (SIZE // 17)),
    "strings in strings": says(json.dumps(json.dumps('\\"' * (SIZE // 20)))),
    "ends of lines": b"\r\n\r" * (SIZE // 3),
    "nothing": b"\x00" * SIZE,
    "no text": b"\xff" * SIZE,
}  # fmt: skip


@pytest.mark.parametrize("name", BODIES)
def test_no_body_holds_a_check_up(name: str, tmp_path: Path) -> None:
    """Every check but the replay, which decodes nothing; none stumbles and none is slow."""
    case = hostile(body=BODIES[name])
    path = write_cassette(tmp_path, case.key, case.stream)
    began = time.process_time()
    found = validate([path], Checks(replay=False))
    assert time.process_time() - began < SECONDS / 4
    assert found.problems
    assert not [problem for problem in found.problems if "stumbled" in problem.what]
    assert all(len(problem.what) < MAX_SAID + 50 for problem in found.problems)


@pytest.mark.parametrize("pieces", ["one", "bytes"])
def test_traits_take_time_in_proportion(pieces: str) -> None:
    """Ten times the choices take some ten times as long, not a hundred."""

    def cost(count: int) -> float:
        body = b"".join(frame({"choices": [{"index": n, "delta": {}}]}) for n in range(count))
        cut = (body,) if pieces == "one" else tuple(body[at : at + 1] for at in range(len(body)))

        def work() -> None:
            wire = WireView(body, cut, 200, "eof")
            for trait in TRAITS.values():
                trait(wire)

        return seconds(work)

    assert cost(3_000) < 40 * cost(300)


def test_a_length_that_is_only_declared_costs_nothing(tmp_path: Path) -> None:
    """One gigabyte that never comes: nothing is set aside for it, and nothing is waited for."""
    case = with_headers(hostile(), content_length="1000000000")
    write_cassette(tmp_path, case.key, case.stream, case.twin_exchange)
    done = in_bounds("validate", ".", folder=tmp_path)
    assert (done.returncode, done.stdout) == (0, "")


def test_a_body_that_inflates_is_never_handed_to_a_client() -> None:
    """vcrpy gives a body as it lies to the client, which would inflate it without end."""
    case = with_headers(hostile(), content_encoding="br")
    with pytest.raises(CassetteError, match="said to be br"):
        dump_cassette(case.key, case.stream)
    plain = with_headers(hostile(), content_encoding="identity")
    assert parse_cassette(dump_cassette(plain.key, plain.stream).encode()).body == plain.body


def test_evidence_that_overlaps_is_read_once(tmp_path: Path) -> None:
    """A thousand claims on the whole of a large body: refused before anything is joined."""
    case = load_case(CUT)
    truth = case.key.truth
    assert truth
    role = truth.choices[0].role
    everything = msgspec.structs.replace(role, at=[(0, 10_000_000_000)] * 5_000)
    choice = msgspec.structs.replace(truth.choices[0], role=everything)
    greedy = hostile(CUT, truth=msgspec.structs.replace(truth, choices=[choice]))
    path = write_cassette(tmp_path, greedy.key, greedy.stream, greedy.twin_exchange)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found = validate([path], Checks(replay=False)).problems
    assert "truth" in {problem.check for problem in found}
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300_000  # KiB


@pytest.mark.parametrize(
    ("request_body", "says_what"),
    [
        (b"[" * 100_000, "not JSON"),
        (b"[1]", "no JSON object"),
        (b"\xff", "not JSON"),
        (b'{"stream": ' + b"9" * 10_000 + b"}", "not JSON"),
        (b'{"stream": false}', "asks for no stream"),
    ],
)
def test_a_strange_request_is_a_problem(
    request_body: bytes, says_what: str, tmp_path: Path
) -> None:
    case = hostile()
    case = replace(case, stream=replace(case.stream, request_body=request_body))
    path = write_cassette(tmp_path, case.key, case.stream)
    problems = {
        problem.check: problem.what for problem in validate([path], Checks(replay=False)).problems
    }
    assert says_what in problems["request"]


def test_what_a_cassette_says_does_not_drive_the_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The address stands in a problem: its control characters are shown, not sent."""
    case = hostile()
    case = replace(case, stream=replace(case.stream, uri="http://\x1b]0;owned\x07/\u202e"))
    write_cassette(tmp_path, case.key, case.stream)
    assert main(["validate", str(tmp_path), "--no-replay"]) == 1
    out = capsys.readouterr().out
    assert r"http://\x1b]0;owned\x07/\u202e is no public address" in out
    assert all(char.isprintable() or char == "\n" for char in out)


@pytest.mark.parametrize("command", ["list", "show", "export", "run"])
def test_every_command_over_a_folder_refuses_a_hostile_one_in_a_sentence(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line, exit code 2, no traceback, nothing that a terminal would act on."""
    path = tmp_path / "in" / f"{PLAIN}.yaml"
    path.parent.mkdir(parents=True)
    path.write_bytes(instead(b"  title:", b'  "\\e]0;owned\\a": 1\n  title:'))
    words = {
        "list": [],
        "show": [PLAIN],
        "export": [str(tmp_path / "out")],
        "run": ["-i", "impl:reference"],
    }[command]
    assert main([command, *words, "--corpus", str(tmp_path / "in")]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert r"unknown field `\x1b]0;owned\x07`" in captured.err
    assert all(char.isprintable() or char == "\n" for char in captured.err)


def test_vcrpy_runs_no_code_either(tmp_path: Path) -> None:
    """What we refuse it never sees; and of the version we ask for, its own loader is a safe one."""
    case = hostile()
    path = write_cassette(tmp_path, case.key, case.stream, case.twin_exchange)
    victim = tmp_path / "made"
    with path.open("a") as file:
        file.write(f"more: !!python/object/apply:os.mkdir ['{victim}']\n")
    with pytest.raises(ValueError, match="could not determine a constructor"):
        list(replay_problems(path, case))
    assert not victim.exists()
