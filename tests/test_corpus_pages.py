"""The pages about the corpus: their commands run and print what they say; no list is stale."""

from pathlib import Path

import pytest

from chunkproof.rules import RULES
from chunkproof_conformance.cases.index import cards
from tests.corpus_pages import (
    PAGES,
    RULE_REASONS,
    UNTESTED_PAGE,
    is_as_shown,
    printed,
    steps,
)
from tests.readme import PARTS, parts

REMEDY = "`make readme` writes it anew"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_command_of_a_page_does_what_the_page_says(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In an empty folder, one after the other, with the files that the page shows."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    run = list(steps(page))
    assert len(run) >= 3
    for step in run:
        if step.file:
            Path(step.file).write_text(step.text, encoding="utf-8")
            continue
        got = printed(step.text)
        assert is_as_shown(step.output, got), f"$ {step.text}\n{got}"


def test_what_is_shown_may_leave_out_and_nothing_else() -> None:
    assert is_as_shown("a\n...\nd\n", "a\nb\nc\nd\n")
    assert is_as_shown("a [x] ...", "a [x] b")
    assert is_as_shown("", "\n")
    assert not is_as_shown("a\n...\nd\n", "a\nb\n")
    assert not is_as_shown("", "something")


def test_no_page_shows_a_block_that_is_not_run() -> None:
    """Commands that need a network or an installed project stand in `sh` blocks."""
    for page in PAGES:
        text = page.read_text("utf-8")
        marked = text.count("```python ") + text.count("```console\n")
        assert marked + text.count("```sh\n") == text.count("\n```") // 2, page.name


@pytest.mark.parametrize("name", ["rows-without-case", "rules-without-case", "dialects"])
def test_what_is_not_tested_is_listed(name: str) -> None:
    """Rows, rules and vendors are those of today."""
    assert parts(UNTESTED_PAGE)[name] == PARTS[name](), REMEDY


def test_a_rule_without_a_case_has_a_reason() -> None:
    used = {rule for card in cards() for rule in card.rules}
    assert RULES.keys() - used == RULE_REASONS.keys()
