"""`chunkproof list` and the index under it: what each option lets in, and what it costs.

The right selections are made here from the cassettes as they are read whole, not from cards.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from chunkproof_conformance.cases import card as card_module
from chunkproof_conformance.cases import cassette, document, index
from chunkproof_conformance.cases.card import Card, card_of, read_card
from chunkproof_conformance.cases.cassette import CassetteError, write_cassette
from chunkproof_conformance.cases.index import CORPUS, cards, case_ids, iter_cases, load_case
from chunkproof_conformance.cases.key import CassetteKey
from chunkproof_conformance.cases.selection import Filter, nearest, summary
from chunkproof_conformance.cli.main import main

PLAIN: Final = "text/mlx-lm-plain"


@cache
def keys() -> tuple[CassetteKey, ...]:
    return tuple(case.key for case in iter_cases())


def listed(*words: str, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """The ids that the command prints."""
    assert main(["list", *words, "--json"]) == 0
    return [case["id"] for case in json.loads(capsys.readouterr().out)]


Says = Callable[[CassetteKey], bool]
SELECTIONS: Final[dict[str, tuple[list[str], Says]]] = {
    "all": ([], lambda _: True),
    "a profile": (["--profile", "refusal"], lambda key: "refusal" in key.profiles),
    "two profiles": (
        ["--profile", "refusal", "--profile", "choices"],
        lambda key: bool({"refusal", "choices"} & set(key.profiles)),
    ),
    "a strength": (["--strength", "choice"], lambda key: key.strength == "choice"),
    "a dialect": (["--dialect", "deepseek"], lambda key: key.provenance.dialect == "deepseek"),
    "a server": (["--dialect", "mlx-lm"], lambda key: key.provenance.server == "mlx-lm"),
    "every dialect of a vendor": (
        ["--dialect", "deepseek*"],
        lambda key: (key.provenance.dialect or "").startswith("deepseek"),
    ),
    "recorded": (["--provenance", "recorded"], lambda key: key.provenance.kind == "recorded"),
    "one setup": (
        ["--provenance", "proxy-over-server"],
        lambda key: key.provenance.setup == "proxy-over-server",
    ),
    "synthesised": (
        ["--provenance", "synthesised"],
        lambda key: key.provenance.kind == "synthesised",
    ),
    "a row": (["--row", "done-normal"], lambda key: "done-normal" in key.rows),
    "a rule": (["--rule", "END-3"], lambda key: "END-3" in key.rules),
    "a family of rules": (
        ["--rule", "TOOL-*"],
        lambda key: any(rule.startswith("TOOL-") for rule in key.rules),
    ),
    "part of an id": (["-k", "plain"], lambda key: "plain" in key.id),
    "different options narrow": (
        ["--profile", "tools", "--strength", "must", "--provenance", "recorded", "-k", "tools/*"],
        lambda key: (
            "tools" in key.profiles
            and key.strength == "must"
            and key.provenance.kind == "recorded"
            and key.id.startswith("tools/")
        ),
    ),
}


@pytest.mark.parametrize("name", SELECTIONS)
def test_an_option_lets_in_what_it_says(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Exactly the cases whose key says so, in the order of their ids."""
    words, says = SELECTIONS[name]
    wanted = [key.id for key in keys() if says(key)]
    assert wanted
    assert name == "all" or len(wanted) < len(keys())
    assert listed(*words, capsys=capsys) == wanted


def test_a_case_is_listed_with_everything_on_its_card(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "-k", PLAIN, "--json"]) == 0
    (case,) = json.loads(capsys.readouterr().out)
    key = load_case(PLAIN).key
    members = ("id", "title", "profiles", "strength", "rules", "rows")
    assert [case[name] for name in members] == [getattr(key, name) for name in members]
    assert (case["origin"], case["sender"]) == ("server", "mlx-lm")
    assert case["provenance"]["version"] == key.provenance.version


def test_lines_go_to_stdout_and_one_summary_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "-k", "refusal/*"]) == 0
    captured = capsys.readouterr()
    chosen = [key for key in keys() if key.id.startswith("refusal/")]
    lines = captured.out.splitlines()
    assert [line.split()[0] for line in lines] == [key.id for key in chosen]
    assert all(key.title in line for key, line in zip(chosen, lines, strict=True))
    (said,) = captured.err.splitlines()
    assert said.startswith(f"{len(chosen)} of {len(keys())} cases: ")


def test_the_summary_splits_every_count_by_provenance() -> None:
    """Recorded cases do not all prove the same, so each setup is told apart."""
    recorded = [card for card in cards() if card.provenance.kind == "recorded"]
    said = summary(cards(), len(cards()))
    setups = [card.provenance.setup for card in recorded]
    proxied = setups.count("proxy-over-server")
    assert f"{len(recorded)} recorded ({setups.count('server')} server, " in said
    assert f"{proxied} proxy-over-server, " in said
    assert said.endswith(f"{len(cards()) - len(recorded)} synthesised")
    assert summary([], 7) == "0 of 7 cases"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--profile", "tool"], "no profile 'tool'; there are core, tools, "),
        (["--strength", "shall"], "no strength 'shall'; there are must, should, choice, info"),
        (["--dialect", "opnai"], "the nearest are openai, "),
        (["--dialect", "OpenAI"], "the nearest are openai, "),
        (["--dialect", "zz*"], "no dialect or server 'zz*'"),
        (["--provenance", "real"], "no provenance 'real'; there are recorded, server, "),
        (["--row", "done"], "nearest are done-"),
        (["--rule", "TOL-2"], "the nearest are TOOL-2, "),
        (["--rule", "tool-2"], "the nearest are TOOL-2, "),
        (["--profile", "core", "--profile", "cores"], "no profile 'cores'"),
        (["--corpus", "no-such-folder"], "no such folder"),
    ],
)
def test_a_wrong_value_is_refused_with_the_nearest(
    words: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """One sentence and exit code 2: a misspelt filter must not look like an empty corpus."""
    assert main(["list", *words]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert says in captured.err
    assert captured.err.count("\n") == 1


def test_right_values_that_nothing_has_together_list_nothing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["list", "--profile", "refusal", "--rule", "TOOL-*", "--profile", "audio"]) == 0
    assert capsys.readouterr().err.startswith("0 of ")


def test_few_values_are_all_named_and_of_many_the_nearest() -> None:
    assert nearest("x", ["b", "a"]) == ("b", "a")
    many = [f"name-{number:02}" for number in range(40)]
    assert nearest("NAME-07", many)[0] == "name-07"
    assert len(nearest("anything", many)) == 5


def test_a_folder_of_cassettes_is_listed_like_the_corpus(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    case = load_case(PLAIN)
    write_cassette(tmp_path, case.key, case.stream, case.twin_exchange)
    assert listed("--corpus", str(tmp_path), capsys=capsys) == [PLAIN]
    assert listed("--corpus", str(tmp_path), "--strength", "info", capsys=capsys) == []


def test_a_title_does_not_drive_the_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import msgspec

    case = load_case(PLAIN)
    key = msgspec.structs.replace(case.key, title="\x1b[2Jgone\u202e")
    write_cassette(tmp_path, key, case.stream, case.twin_exchange)
    assert main(["list", "--corpus", str(tmp_path)]) == 0
    assert r"\x1b[2Jgone\u202e" in capsys.readouterr().out


# What it costs --------------------------------------------------------------------------------


def test_a_card_says_what_the_whole_key_says() -> None:
    """Of every case: the beginning of the key is enough."""
    assert cards() == tuple(map(card_of, keys()))
    assert [card.id for card in cards()] == list(case_ids())


class Counter:
    """Counts the calls of a function that it stands in for."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, where: Any, name: str) -> None:
        self.calls = 0
        self.bytes = 0
        real = getattr(where, name)

        def counted(*arguments: Any, **named: Any) -> Any:
            self.calls += 1
            self.bytes += sum(len(one) for one in arguments if isinstance(one, bytes))
            return real(*arguments, **named)

        monkeypatch.setattr(where, name, counted)


def test_listing_decodes_no_body(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """No cassette is read whole, no exchange is made, no body is decoded or hashed."""
    monkeypatch.setattr(index, "cards", index.cards.__wrapped__)
    whole = Counter(monkeypatch, card_module, "parse_cassette")
    exchanges = Counter(monkeypatch, cassette, "_read_exchange")
    bodies = Counter(monkeypatch, cassette, "_to_bytes")
    heads = Counter(monkeypatch, yaml, "compose")
    assert main(["list", "--strength", "must"]) == 0
    assert (whole.calls, exchanges.calls, bodies.calls) == (0, 0, 0)
    assert heads.calls == len(case_ids())
    size = sum((CORPUS / f"{case_id}.yaml").stat().st_size for case_id in case_ids())
    assert heads.bytes < size / 4
    capsys.readouterr()


def test_one_case_opens_one_file(monkeypatch: pytest.MonkeyPatch) -> None:
    files = Counter(monkeypatch, document, "read_file")
    assert load_case(PLAIN).id == PLAIN
    assert files.calls == 1


def test_a_file_that_lies_otherwise_gives_the_same_card(tmp_path: Path) -> None:
    """The key first, or in braces: then the file is read whole."""
    text = (CORPUS / f"{PLAIN}.yaml").read_text()
    start = text.index("\nchunkproof:\n") + 1
    path = tmp_path / "text" / "mlx-lm-plain.yaml"
    path.parent.mkdir()
    wanted = card_of(load_case(PLAIN).key)
    for moved in (text[start:] + "\n" + text[:start], "# first\n" + text):
        path.write_text(moved)
        assert read_card(path) == wanted
    path.write_text("version: 1\n")
    with pytest.raises(CassetteError, match="no `chunkproof:` key"):
        read_card(path)


def test_a_filter_is_a_function_of_the_card() -> None:
    card: Card = cards()[0]
    assert Filter().has(card)
    assert Filter(rules=(card.rules[0],), profiles=(card.profiles[0],)).has(card)
    assert not Filter(rules=("no-rule",)).has(card)
