"""What the documents show is what the commands print and what the corpus says of itself."""

import re
import sys
from pathlib import Path

import pytest

from chunkproof_conformance.cli.main import COMMANDS
from tests.readme import CLI_PAGE, JUDGING_PAGE, PARSE_PAGE, PARTS, README, ROOT, parts

REMEDY = "`make readme` writes it anew"


@pytest.mark.parametrize("name", ["provenance", "help", "first-failure"])
def test_the_readme_shows_what_is_there(name: str) -> None:
    """The counts of the corpus, the help of the program, what it says of a wrong parser."""
    assert parts(README)[name] == PARTS[name](), REMEDY


def test_the_tutorial_shows_a_real_timeline() -> None:
    assert parts(PARSE_PAGE)["timeline"] == PARTS["timeline"](), REMEDY


@pytest.mark.slow
def test_the_readme_shows_the_verdicts_of_today() -> None:
    """The tables are those of `chunkproof run` on this corpus, with the versions of the lock."""
    assert parts(README)["verdicts"] == PARTS["verdicts"](), REMEDY
    assert parts(JUDGING_PAGE)["verdict-tables"] == PARTS["verdict-tables"](), REMEDY


@pytest.mark.skipif(sys.version_info >= (3, 13), reason="argparse lays its help out differently")
def test_the_page_of_commands_shows_their_help() -> None:
    """Every command with every option, as `--help` prints them."""
    assert parts(CLI_PAGE)["help-pages"] == PARTS["help-pages"](), REMEDY


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_command_is_in_the_readme(command: str) -> None:
    """In words of ours, outside the generated help."""
    ours = re.sub(r"<!-- generated.*?<!-- end -->", "", README.read_text("utf-8"), flags=re.DOTALL)
    assert f"chunkproof {command}" in ours


@pytest.mark.parametrize(
    "page", sorted([README, *(ROOT / "docs").glob("*.md")]), ids=lambda page: page.name
)
def test_links_between_documents_lead_somewhere(page: Path) -> None:
    """A relative link names a file that is there; code in a fence holds no links."""
    prose = re.sub(r"^```.*?^```", "", page.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)
    targets = re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", prose)
    assert not [target for target in targets if not (page.parent / target).exists()]
