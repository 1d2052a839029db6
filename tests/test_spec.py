"""The specification holds together: page, lists of rules and repairs, rows, and cases."""

import importlib
import re
from pathlib import Path
from typing import Final, NamedTuple

import pytest

from chunkproof.repairs import REPAIRS
from chunkproof.rules import RULES
from chunkproof_conformance.cases.rows import ROWS
from tests.specification import all_cases

TESTS: Final = Path(__file__).parent
PAGE: Final = (TESTS.parent / "docs" / "SPEC.md").read_text("utf-8")

SECTIONS: Final = frozenset("WDJRTZQFUELMA")
"""Sections of the catalogue that are about bytes; K is about connections, C about clients."""

SHOWN_BY: Final = {"open-after-done": ("tests.test_wire_end", "test_open_after_done")}
"""Rows that no table of wire and result can show, and the test that does."""


class Entry(NamedTuple):
    """One rule as the page has it."""

    id: str
    title: str
    text: str
    sources: tuple[str, ...]
    contested: str
    repairs: tuple[str, ...]
    rows: tuple[str, ...]


def read_page(page: str) -> dict[str, Entry]:
    """Return the rules of the page: headings `### ID: title`, a text, a list of facts."""
    entries = {}
    for block in re.split(r"^### ", page, flags=re.MULTILINE)[1:]:
        heading, _, rest = block.partition("\n")
        rest = re.split(r"^## ", rest, flags=re.MULTILINE)[0]
        rule, _, title = heading.partition(": ")
        text, *facts = re.split(r"^- ", rest, flags=re.MULTILINE)
        named = [tuple(" ".join(fact.split()).partition(": "))[::2] for fact in facts]
        (contested,) = [value for name, value in named if name == "Contested"]
        (repairs,) = [value for name, value in named if name == "Repairs"]
        (rows,) = [value for name, value in named if name == "Rows"]
        assert rule not in entries
        entries[rule] = Entry(
            rule,
            title,
            " ".join(text.split()),
            tuple(value for name, value in named if name == "Source"),
            contested,
            tuple(re.findall(r"`([^`]+)`", repairs)),
            tuple(re.findall(r"`([^`]+)`", rows)),
        )
    return entries


SPEC: Final = read_page(PAGE)


def test_the_page_has_every_rule_in_order_and_no_other() -> None:
    """Ids and titles are those of `chunkproof.rules`."""
    assert [(entry.id, entry.title) for entry in SPEC.values()] == [
        (rule.id, rule.title) for rule in RULES.values()
    ]


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_is_written_out(rule: str) -> None:
    """It has a text of whole sentences, a source, and says whether it is contested."""
    entry = SPEC[rule]
    assert len(entry.text) > 60
    assert entry.text.endswith(".")
    assert entry.sources
    assert entry.contested == ("yes" if RULES[rule].contested else "no")
    assert set(entry.rows) <= ROWS.keys()


def test_every_repair_stands_with_its_rule() -> None:
    """A repair has one rule, which exists and lists it; its rows are in the catalogue."""
    for rule, entry in SPEC.items():
        assert entry.repairs == tuple(
            repair.name for repair in REPAIRS.values() if repair.rule == rule
        )
    for repair in REPAIRS.values():
        assert repair.rule in RULES
        assert repair.rows
        assert set(repair.rows) <= ROWS.keys()
        assert set(repair.rows) <= set(SPEC[repair.rule].rows)


def test_every_rule_is_named_by_a_case() -> None:
    """No rule without a case, no case on a rule that is not there."""
    assert {rule for case in all_cases() for rule in case.rules} == RULES.keys()


def test_every_repair_is_needed_by_a_case() -> None:
    """The closed list has no entry that nothing on the wire needs."""
    assert {name for case in all_cases() for name in case.repairs} == REPAIRS.keys()


def test_a_case_that_needs_a_repair_rests_on_its_rule() -> None:
    """Where a case expects a repair, the repair's rule is among its rules or their kin."""
    for case in all_cases():
        families = {rule.split("-")[0] for rule in case.rules}
        for name in case.repairs:
            assert REPAIRS[name].rule.split("-")[0] in families, case.name


def test_every_row_about_bytes_has_a_case() -> None:
    """Each row of the catalogue's sections about bytes is a case, or a named test shows it."""
    wanted = {row.id for row in ROWS.values() if row.section in SECTIONS}
    assert wanted - {case.row for case in all_cases()} == SHOWN_BY.keys()
    for module, test in SHOWN_BY.values():
        assert callable(getattr(importlib.import_module(module), test))


def test_every_row_about_bytes_stands_with_a_rule() -> None:
    """The page leads from each such row to the rule that answers it."""
    wanted = {row.id for row in ROWS.values() if row.section in SECTIONS}
    assert wanted - {row for entry in SPEC.values() for row in entry.rows} <= SHOWN_BY.keys()


def test_the_page_names_for_each_rule_the_rows_of_its_cases() -> None:
    """A row that a case rests on stands with each rule that the case names."""
    for case in all_cases():
        if case.row in ROWS:
            for rule in case.rules:
                assert case.row in SPEC[rule].rows, f"{rule} does not list {case.row}"


def test_names_of_cases_are_unique() -> None:
    """A case can be found by its name."""
    names = [case.name for case in all_cases()]
    assert len(names) == len(set(names))
