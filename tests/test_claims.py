"""What an implementation says of itself is held against the corpus before it is believed."""

from __future__ import annotations

from typing import Any

import pytest

from chunkproof_conformance.cases.card import Card
from chunkproof_conformance.cases.key import Provenance
from chunkproof_conformance.connect.in_process import AdapterError, InProcess
from chunkproof_conformance.judge.observation import Implementation
from chunkproof_conformance.run.claims import introduced, maybe_missing


class Speaks:
    """An adapter that is never asked to read anything."""

    def __init__(self, **members: Any) -> None:
        self._who = Implementation(members.pop("name", "mine"), "1", **members)

    def start(self) -> Implementation:
        return self._who

    def run(self, stream: object) -> Any:
        raise NotImplementedError

    def stop(self) -> None:
        pass


def introduce(**members: Any) -> Implementation:
    return introduced(InProcess(lambda: Speaks(**members)))


def test_a_misspelt_profile_is_no_profile_that_is_not_claimed() -> None:
    with pytest.raises(AdapterError, match="claims the profile 'tols'; there are core, tools"):
        introduce(profiles=("core", "tols"))


@pytest.mark.parametrize(
    ("members", "lacks"),
    [
        ({"profiles": ("core", "parallel-tools")}, "the profile tools"),
        ({"profiles": ("tools",)}, "the profile core"),
        ({"profiles": ("core", "choices"), "cannot_request": frozenset({"n"})}, "member n"),
    ],
)
def test_a_declared_profile_with_a_missing_prerequisite_fails(
    members: dict[str, Any], lacks: str
) -> None:
    """Else nothing would be required of it there, and nobody would notice."""
    with pytest.raises(AdapterError, match=f"but not what it needs: .*{lacks}"):
        introduce(**members)


def test_an_undeclared_profile_needs_nothing() -> None:
    assert introduce(profiles=()).profiles == ()
    assert introduce(profiles=("core",), cannot_request=frozenset({"n"})).profiles == ("core",)


def test_the_fewest_missing_things_are_named() -> None:
    def card(case_id: str, *profiles: Any) -> Card:
        return Card(case_id, "T", list(profiles), "must", [], [], Provenance("synthesised"))

    corpus = [card("a/one", "core", "tools", "choices"), card("a/two", "core", "tools")]
    who = Implementation("mine", "1", profiles=("tools",))
    missing = maybe_missing(who, corpus, lambda _: ())
    assert missing == "claims the profile tools, but not what it needs: the profile core"


def test_a_name_is_text_that_any_terminal_can_show() -> None:
    assert introduce(name="\x1b[31mred \ud800").name == r"\x1b[31mred \ud800"
