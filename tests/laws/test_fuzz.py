"""`chunkproof fuzz`: it finds what is wrong, once, small, and says how to see it again."""

import base64
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from shutil import copytree
from textwrap import dedent
from typing import Final

import pytest

from chunkproof.rules import RULES
from chunkproof_conformance.cases.cassette import load_cassette
from chunkproof_conformance.cli.fuzz_command import _save, pictured
from chunkproof_conformance.cli.main import main
from chunkproof_conformance.connect.adapter import Stream
from chunkproof_conformance.judge.observation import Observation, ObservedError
from chunkproof_conformance.laws.catalogue import EVERY_LAW, LAWS
from chunkproof_conformance.laws.fuzz import Budget, Progress, disagreement, fuzz
from chunkproof_conformance.laws.kept import case_of, rules_of
from chunkproof_conformance.laws.law import Law, Violation
from chunkproof_conformance.laws.mutants.catalogue import MUTANTS
from chunkproof_conformance.laws.streams import STREAMS
from chunkproof_conformance.laws.subject import CrashError, Subject, body_of, reference
from chunkproof_conformance.synth.message import Choice, Message, Text

ROOT: Final = Path(__file__).parents[2]
MISBEHAVING: Final = ROOT / "tests" / "misbehaving.py"
FEW = Budget(examples=40)
PLAIN = ("generic",)


def test_the_reference_has_no_find() -> None:
    """A few streams through every law; the long run is another test's."""
    laws = [law for law in LAWS.values() if law.name != "growth"]
    assert list(fuzz(reference(), laws, Budget(examples=25), dialects=PLAIN)) == []


def test_a_find_is_shrunk_to_a_small_stream_and_one_cut() -> None:
    """A parser that decodes each piece for itself is shown one character, cut in the middle."""
    with MUTANTS["utf8-per-piece"].applied():
        laws = [LAWS["cut-invariance"]]
        found = next(iter(fuzz(reference(), laws, Budget(examples=400), dialects=PLAIN)))
    assert len(found.cuts) == 1
    assert found.body[found.cuts[0]] & 0xC0 == 0x80, "inside a UTF-8 sequence"
    assert len(found.body) < 2_000


def test_distinct_bugs_come_out_one_by_one() -> None:
    """The first find does not hide the second, and none comes twice."""
    with MUTANTS["text-trimmed"].applied(), MUTANTS["usage-summed"].applied():
        laws = [LAWS["rewrite:delta-split"], LAWS["rewrite:usage-repeated"]]
        finds = list(fuzz(reference(), laws, Budget(examples=300), dialects=PLAIN))
    keys = [(one.law, one.kind) for one in finds]
    assert len(keys) == len(set(keys))
    assert {one.law for one in finds} == {law.name for law in laws}


def test_the_same_seed_finds_the_same() -> None:
    """A run can be repeated."""
    with MUTANTS["role-joined"].applied():
        laws = [LAWS["rewrite:role-everywhere"]]
        one, other = (
            [found.body for found in fuzz(reference(), laws, FEW, seed_=3, dialects=PLAIN)]
            for _ in range(2)
        )
    assert one == other != []


def test_two_implementations_that_differ_are_told_apart() -> None:
    """The stream on which they disagree comes out small."""
    trimming = MUTANTS["text-trimmed"]

    def trimmed(stream: object) -> object:
        with trimming.applied():
            return reference().run(stream)  # type: ignore[arg-type]  # passed on as it came

    subjects = {"one": reference(), "other": Subject(trimmed)}  # type: ignore[arg-type]
    law = disagreement(subjects, {"one": frozenset(), "other": frozenset()})
    assert next(iter(law(reference(), STREAMS["text"]))).kind.startswith("other/choices")
    assert not list(law(reference(), STREAMS["refusal"]))


CUT = LAWS["cut-invariance"]


def saying(message: Callable[[Stream], str]) -> Subject:
    """A parser that fails at every stream, in words of its own or not."""
    return Subject(
        lambda stream: Observation("failed", choices=(), error=ObservedError(message(stream)))
    )


def test_the_words_in_which_a_parser_fails_are_its_own() -> None:
    """It may name the piece, the line and the byte; that it fails is what must not change."""
    own = saying(lambda stream: f"no JSON at byte {len(stream.pieces)} of {len(stream.pieces[0])}")
    for law in (CUT, LAWS["determinism"], LAWS["rewrite:white-space"], LAWS["rewrite:comments"]):
        assert list(law(own, STREAMS["text"])) == []


def test_what_the_stream_says_of_an_error_is_compared() -> None:
    """Half a message is no message of one's own."""
    said = saying(lambda stream: "overloaded" if len(stream.pieces) == 1 else "overl")
    (found,) = CUT(said, STREAMS["error object"])
    assert found.kind == "/error"


def broken_at(mark: bytes, message: str = "no") -> Callable[[Stream], Observation]:
    """A parser that is right but for streams with these bytes in them."""

    def read(stream: Stream) -> Observation:
        if mark in body_of(stream):
            raise ValueError(message)
        return reference().run(stream)

    return read


def test_a_parser_that_has_no_answer_is_one_find() -> None:
    """It breaks each of the laws with it; that is one bug, not eighty."""
    finds = list(fuzz(Subject(broken_at(b"")), list(LAWS.values()), FEW, dialects=PLAIN))
    assert [(one.what, one.crash) for one in finds] == [("no answer: ValueError: no", True)]


def test_what_breaks_a_parser_is_told_apart_by_what_was_done_and_by_what_it_says() -> None:
    """The same exception at a retry time and at an event type: two bugs; so are two messages,
    but not the same one with another number."""
    marks = {"rewrite:retry-first": b"retry", "rewrite:event-message": b"event: message"}
    either = re.compile(b"|".join(marks.values()))

    def read(stream: Stream) -> Observation:
        found = either.search(body_of(stream))
        return broken_at(found[0] if found else b"no such thing")(stream)

    laws = [LAWS[name] for name in marks]
    finds = list(fuzz(Subject(read), laws, FEW, dialects=["openai"]))
    assert {one.law for one in finds} == marks.keys()
    assert all(marks[one.law] in one.body for one in finds), "what is shown is what breaks it"
    assert len(finds) == 2
    kinds = [CrashError(f"KeyError: {what}", b"").kind for what in ("'a' at 1", "'a' at 22", "'b'")]
    assert kinds[0] == kinds[1] != kinds[2]


def test_a_parser_that_hangs_is_a_find_and_then_given_up(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """The find says what happened, not that it was no longer asked."""
    spec = f"cmd:{sys.executable} {MISBEHAVING} hangs"
    words = ["fuzz", "-i", spec, "--timeout", "1", "--examples", "9", "--dialect", "generic"]
    assert main([*words, "--law", "cut-invariance", "--database", str(tmp_path)]) == 1
    shown = capsys.readouterr()
    assert shown.out.count("no answer: no answer to `run` within 1 s") == 1
    assert "not run" not in shown.out
    assert re.search(r"given up: .* runs hung", shown.err)


def test_a_program_that_breaks_is_named_in_a_disagreement() -> None:
    """And two that break in two ways are two finds; those that answer are still compared."""
    subjects = {
        "one": reference(),
        "two": Subject(broken_at(b"", "two")),
        "three": Subject(broken_at(b"", "three")),
    }
    law = disagreement(subjects, dict.fromkeys(subjects, frozenset()))
    found = list(law(reference(), STREAMS["text"]))
    assert [one.what for one in found] == [
        "two: no answer: ValueError: two",
        "three: no answer: ValueError: three",
    ]
    assert len({one.kind for one in found}) == 2


def test_what_was_found_is_found_at_once_the_next_time_until_it_is_mended(tmp_path: Path) -> None:
    """All of it, not the last find alone; and nothing is left once the parser is right."""
    laws = [LAWS["rewrite:role-everywhere"], LAWS["rewrite:delta-split"]]

    def found(laws: list[Law], examples: int, number: int, folder: str) -> set[str]:
        budget, kept = Budget(examples=examples), tmp_path / folder
        finds = fuzz(reference(), laws, budget, seed_=number, dialects=PLAIN, database=kept)
        return {one.law for one in finds}

    with MUTANTS["role-joined"].applied(), MUTANTS["text-trimmed"].applied():
        assert found(laws, 300, 1, "kept") == {law.name for law in laws}
        for law in laws:
            copytree(tmp_path / "kept", tmp_path / law.name)
            assert found([law], 8, 99, law.name) == {law.name}
    assert found(laws, 9, 99, "kept") == set()


def test_what_has_no_part_in_a_find_is_not_left_in_it() -> None:
    """A bug that whole streams show is not shown by a damaged one, whatever was drawn first."""
    for number in range(2):
        with MUTANTS["utf8-per-piece"].applied():
            found = next(fuzz(reference(), [CUT], Budget(examples=400), seed_=number))
        assert found.message is not None


def test_progress_counts_what_was_done() -> None:
    """Examples, checks and finds, for the line on stderr."""
    seen: list[Progress] = []
    laws = [LAWS["fold"]]
    budget = Budget(examples=10)
    list(fuzz(reference(), laws, budget, dialects=PLAIN, progress=seen.append))
    assert seen[-1].examples == seen[-1].checks == 10
    assert seen[-1].finds == 0


def test_the_command_conforms_for_the_reference(capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 0, nothing on stdout."""
    words = ["fuzz", "-i", "impl:reference", "--examples", "10", "--dialect", "generic"]
    assert main([*words, "--law", "fold", "--database", ".hypothesis/test-fuzz"]) == 0
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "10 examples" in shown.err
    assert "0 distinct finds" in shown.err


def test_a_find_is_printed_with_a_command_that_repeats_it_and_saved(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Law, difference, bytes, the command; and a cassette that can be read again."""
    with MUTANTS["utf8-per-piece"].applied():
        words = ["fuzz", "-i", "impl:reference", "--law", "cut-invariance"]
        found = ["--examples", "80", "--seed", "2", "--dialect", "generic", "--save", str(tmp_path)]
        assert main([*words, *found, "--database", str(tmp_path / "kept")]) == 1
        shown = capsys.readouterr().out
        assert "cut-invariance: /" in shown
        assert re.search(r"(?m)^ +\^$", shown), "a caret under the cut"
        again = re.search(r"again: chunkproof (.*)", shown)
        assert again is not None
        assert main(again[1].split()) == 1
    assert main(again[1].split()) == 0, "the right parser obeys the law on the same bytes"
    cases = {path: load_cassette(path) for path in tmp_path.glob("fuzz/*.yaml")}
    for path in [path for path, case in cases.items() if case.key.message is None]:
        path.unlink()  # a damaged stream: nobody knows its truth
    assert len(list(tmp_path.glob("fuzz/*.yaml"))) >= 1
    assert main(["validate", "--no-replay", str(tmp_path)]) == 0
    assert all(case.cuts for case in cases.values())
    assert again[1].split()[-1] in [base64.b64encode(case.body).decode() for case in cases.values()]


def saved(mutant: str, law: str, folder: Path) -> Path:
    """The first find of one law on a wrong parser, as `--save` writes it."""
    with MUTANTS[mutant].applied():
        laws, budget = [LAWS[law]], Budget(examples=400)
        return _save(next(iter(fuzz(reference(), laws, budget, dialects=PLAIN))), folder)


@pytest.mark.parametrize(
    ("mutant", "law"),
    [
        ("text-trimmed", "rewrite:delta-split"),
        ("cr-ignored", "rewrite:line-ends-cr"),
    ],
)
def test_a_saved_find_is_a_case_with_its_truth(
    mutant: str, law: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The harness takes it as it is: it is valid, the right parser passes, the wrong one fails."""
    saved(mutant, law, tmp_path)
    assert main(["validate", str(tmp_path)]) == 0
    judged = ["run", "-i", "impl:reference", "--corpus", str(tmp_path), "--level", "final"]
    capsys.readouterr()
    main(judged)
    assert "0 red" in " ".join(capsys.readouterr().out.split())
    with MUTANTS[mutant].applied():
        main(judged)
    assert "1 red" in " ".join(capsys.readouterr().out.split())


def test_a_find_that_no_oracle_reads_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A damaged stream says something else than it was made to say: a person has to look."""
    path = saved("malformed-skipped", "rewrite:damaged", tmp_path)
    assert load_cassette(path).key.message is None
    assert f"no oracle reads {path}" in capsys.readouterr().err


def test_a_rewriting_that_moves_the_order_is_kept_without_a_message() -> None:
    """Message and transcript of a plain stream must not differ; then the transcript speaks."""
    said = Message((Choice((Text("ab"),), "stop"),))
    body = body_of(STREAMS["text"])
    case, reason = case_of(Violation("rewrite:raw", "what", body, message=said))
    assert case.key.message is None
    assert reason is None or "differ" in reason


@pytest.mark.parametrize("law", EVERY_LAW)
def test_the_case_of_every_law_rests_on_rules(law: str) -> None:
    """A case without a rule says nothing about the specification."""
    assert rules_of(law)
    assert set(rules_of(law)) <= RULES.keys()


def test_a_program_is_fuzzed(capsys: pytest.CaptureFixture[str]) -> None:
    """Over `cmd:`: a program that marks where pieces end is shown one cut, and stopped."""
    spec = f"cmd:{sys.executable} {MISBEHAVING} well"
    words = ["--examples", "3", "--dialect", "generic", "--law", "cut-invariance"]
    assert main(["fuzz", "-i", spec, *words, "--database", ".hypothesis/test-fuzz-cmd"]) == 1
    shown = capsys.readouterr().out
    assert "cut-invariance: /choices" in shown
    assert re.search(r"(?m)^ +\^$", shown)


def test_two_programs_that_disagree_are_shown_the_smallest_stream(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Several `-i`: what they say different things of, small, with both in the command."""
    spec = f"cmd:{sys.executable} {MISBEHAVING} well"
    words = ["fuzz", "-i", "impl:reference", "-i", spec, "--examples", "3", "--dialect", "generic"]
    assert main([*words, "--database", str(tmp_path)]) == 1
    shown = capsys.readouterr().out
    assert f"disagreement: impl:reference and {spec}: /" in shown
    again = re.search(r"again: chunkproof (.*)", shown)
    assert again is not None
    assert main(shlex.split(again[1])) == 1, "the command can be pasted into a shell"


CLIENT: Final = """
import httpx2
from chunkproof import parse
from chunkproof_conformance.connect.kit import serve
from chunkproof_conformance.implementations.reference.adapter import observation_of
from chunkproof_conformance.judge.observation import Implementation

class Client:
    def start(self):
        return Implementation("client", "1", input="http")
    def run(self, stream):
        with httpx2.stream("POST", stream.base_url + "/chat/completions", json={}) as answer:
            return observation_of(parse(answer.iter_raw()), [])
    def stop(self):
        pass

serve(Client)
"""


def test_a_client_is_fuzzed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Over `http:`: a real client of the replay server, cut by real writes."""
    path = tmp_path / "client.py"
    path.write_text(CLIENT, encoding="utf-8")
    spec = f"http:{sys.executable} {path}"
    words = ["--examples", "2", "--dialect", "generic", "--law", "rewrite:line-ends-crlf"]
    assert main(["fuzz", "-i", spec, *words, "--database", str(tmp_path / "kept")]) == 0
    assert "2 examples" in capsys.readouterr().err


def test_an_adapter_that_cannot_stop_has_been_fuzzed_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As in a run: no find of any law, and no traceback either."""
    module = """
        from chunkproof_conformance.implementations.reference.adapter import ReferenceAdapter
        class Clinging(ReferenceAdapter):
            def stop(self):
                raise RuntimeError("not yet")
    """
    (tmp_path / "clinging_adapter.py").write_text(dedent(module), encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    words = ["--examples", "1", "--dialect", "generic", "--law", "cut-invariance"]
    kept = ["--database", str(tmp_path / "kept")]
    assert main(["fuzz", "-i", "py:clinging_adapter:Clinging", *words, *kept]) == 0
    assert "1 examples" in capsys.readouterr().err


@pytest.mark.slow
def test_laws_are_tests_that_several_workers_share() -> None:
    """Under pytest a law is a test: `-n 2` runs a few of them, each once."""
    words = ["-q", "-n", "2", "-p", "no:cacheprovider", "-k", "says_what_it_is and line-ends"]
    run = subprocess.run(
        [sys.executable, "-m", "pytest", *words, "tests/laws/test_laws.py"],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert run.returncode == 0, run.stdout
    assert "3 passed" in run.stdout


def test_a_find_that_cannot_be_written_is_exit_code_2(tmp_path: Path) -> None:
    """A file stands where the folder should be."""
    (tmp_path / "fuzz").write_text("", encoding="utf-8")
    spec = f"cmd:{sys.executable} {MISBEHAVING} well"
    words = ["--examples", "3", "--dialect", "generic", "--law", "cut-invariance"]
    kept = ["--database", str(tmp_path / "kept"), "--save", str(tmp_path)]
    assert main(["fuzz", "-i", spec, *words, *kept]) == 2


@pytest.mark.parametrize(
    "words",
    [
        ["-i", "impl:no-such"],
        ["-i", "impl:reference", "--law", "no-such"],
        ["-i", "impl:reference", "--dialect", "no-such", "--examples", "1"],
        ["-i", "impl:reference", "--body", "!"],
        [],
    ],
)
def test_wrong_usage_is_exit_code_2(words: list[str]) -> None:
    """In one sentence, nothing run."""
    assert main(["fuzz", *words]) == 2


def test_a_cut_is_shown_under_the_byte_it_stands_before() -> None:
    """Bytes are escaped, so the caret counts what is printed."""
    head, text, carets = pictured(b"ab\n\xc3\xa9", [4])
    assert head == "5 bytes, cut at [4]:"
    assert text == "ab\\n\\xc3\\xa9"
    assert text[carets.index("^") :] == "\\xa9"


def test_the_laws_can_be_listed(capsys: pytest.CaptureFixture[str]) -> None:
    """Growth is left out: it takes seconds for each stream."""
    assert main(["fuzz", "-i", "impl:reference", "--laws"]) == 0
    listed = capsys.readouterr().out
    assert "rewrite:byte-order-mark" in listed
    assert "\ngrowth" not in listed
