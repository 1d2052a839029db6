"""What the documents show is what the commands print and what the corpus says of itself."""

import re
import sys
from pathlib import Path

import pytest

from chunkproof_conformance.cli.main import COMMANDS
from tests.readme import CLI_PAGE, JUDGING_PAGE, PARSE_PAGE, PARTS, README, ROOT, parts, slug

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
    assert parts(README)["findings"] == PARTS["findings"](), REMEDY
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


PAGES = sorted(
    page
    for folder in ("docs", "conformance", "cassettes", "examples")
    for page in (ROOT / folder).rglob("*.md")
    if not {"node_modules", ".venv"} & set(page.parts)
)


@pytest.mark.parametrize(
    "page",
    [README, ROOT / "CHANGELOG.md", *PAGES],
    ids=lambda page: page.relative_to(ROOT).as_posix(),
)
def test_links_between_documents_lead_somewhere(page: Path) -> None:
    """A relative link names a file that is there, and its anchor a heading of that page."""
    for link in re.findall(r"\]\((?!https?:|mailto:)([^)\s]+)\)", prose(page)):
        name, _, anchor = link.partition("#")
        target = page.parent / name if name else page
        assert target.exists(), link
        if anchor:
            headings = re.findall(r"^#+ (.*)$", prose(target), flags=re.MULTILINE)
            assert anchor in {slug(heading) for heading in headings}, link


def prose(page: Path) -> str:
    """The page without its fences: code holds neither links nor headings."""
    text = page.read_text("utf-8")
    return re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
