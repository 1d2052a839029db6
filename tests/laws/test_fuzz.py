"""`chunkproof fuzz`: it finds what is wrong, once, small, and says how to see it again."""

import base64
import re
from pathlib import Path

import pytest

from chunkproof_conformance.cases.cassette import load_cassette
from chunkproof_conformance.cli.fuzz_command import pictured
from chunkproof_conformance.cli.main import main
from chunkproof_conformance.laws.catalogue import LAWS
from chunkproof_conformance.laws.fuzz import Budget, Progress, disagreement, fuzz
from chunkproof_conformance.laws.mutants.catalogue import MUTANTS
from chunkproof_conformance.laws.streams import STREAMS
from chunkproof_conformance.laws.subject import Subject, reference

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
        found = ["--examples", "250", "--dialect", "generic", "--save", str(tmp_path)]
        assert main([*words, *found, "--database", str(tmp_path / "kept")]) == 1
        shown = capsys.readouterr().out
        assert "cut-invariance: /" in shown
        assert re.search(r"(?m)^ +\^$", shown), "a caret under the cut"
        again = re.search(r"again: chunkproof (.*)", shown)
        assert again is not None
        assert main(again[1].split()) == 1
    assert main(again[1].split()) == 0, "the right parser obeys the law on the same bytes"
    cases = [load_cassette(path) for path in tmp_path.glob("fuzz/*.yaml")]
    assert all(case.cuts for case in cases)
    assert again[1].split()[-1] in [base64.b64encode(case.body).decode() for case in cases]


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
