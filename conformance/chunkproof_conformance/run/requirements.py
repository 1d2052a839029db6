"""Requirement sets: which cases are scored, frozen by date; `requirements/<date>.json`.

    {"suite": "2026.12", "frozen": DAY, "cases": {ID: sha256 of its expected file},
     "corrections": [...]}

A set that is not frozen yet holds no case and scores every one there is. A case added after it
was frozen is run and shown, but not scored, until the next set. A changed expectation of a frozen
case has an entry in `corrections`: day, reason, the ids it flips, each with the new hash.

    python -m chunkproof_conformance.run.requirements 2026.12

freezes the cases of today under that name, corrections kept.
"""

from __future__ import annotations

import hashlib
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from chunkproof_conformance.cases.index import case_ids
from chunkproof_conformance.run.expectations import EXPECTED

if TYPE_CHECKING:
    from collections.abc import Sequence

FOLDER: Final = Path(__file__).parent.parent / "requirements"
LATEST: Final = "latest"
"""The name under which every case is scored."""


class RequirementsError(ValueError):
    """A set that is not there."""


class Correction(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A frozen expectation that was wrong."""

    day: str
    """YYYY-MM-DD."""
    why: str
    cases: dict[str, str]
    """Id -> sha256 of the corrected expected file."""


class RequirementSet(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One set."""

    suite: str
    frozen: str | None = None
    """The day, YYYY-MM-DD; None: it is still open."""
    cases: dict[str, str] = {}
    """Id -> sha256 of the expected file."""
    corrections: list[Correction] = []

    def changed(self) -> list[str]:
        """The ids whose case or expectation is not the frozen, or corrected, one any more."""
        there = frozenset(case_ids())
        return [
            case_id
            for case_id in self.cases
            if case_id not in there or expected_hash(case_id) != self.hash_of(case_id)
        ]

    def hash_of(self, case_id: str) -> str | None:
        """What the expected file of a case must hash to now; None where it is not scored."""
        now = self.cases.get(case_id)
        for correction in self.corrections:
            now = correction.cases.get(case_id, now)
        return now


def set_names() -> list[str]:
    """The sets there are, oldest first."""
    return sorted(path.stem for path in FOLDER.glob("*.json"))


def load_set(suite: str) -> RequirementSet:
    """Raises: RequirementsError, where there is no set of that name."""
    if suite not in set_names():
        there = ", ".join([*set_names(), LATEST])
        raise RequirementsError(f"no requirement set {suite!r}; there are {there}")
    return msgspec.json.decode((FOLDER / f"{suite}.json").read_bytes(), type=RequirementSet)


def scored_ids(suite: str | None) -> frozenset[str]:
    """The ids that count. suite: None is the newest set; `latest` is every case there is."""
    the_set = None if suite == LATEST else load_set(suite or set_names()[-1])
    if the_set is None or the_set.frozen is None:
        return frozenset(case_ids())
    return frozenset(the_set.cases)


def expected_hash(case_id: str, folder: Path = EXPECTED) -> str:
    """sha256 of the expected file of a case."""
    return hashlib.sha256((folder / f"{case_id}.json").read_bytes()).hexdigest()


def frozen(suite: str, day: str, corrections: list[Correction]) -> RequirementSet:
    """A set of all cases as they are now."""
    return RequirementSet(suite, day, {one: expected_hash(one) for one in case_ids()}, corrections)


def main(words: Sequence[str]) -> int:
    if len(words) != 1 or words[0] == LATEST:
        sys.stderr.write("usage: python -m chunkproof_conformance.run.requirements 2026.12\n")
        return 2
    (suite,) = words
    kept = load_set(suite).corrections if suite in set_names() else []
    made = frozen(suite, datetime.now(UTC).date().isoformat(), kept)
    FOLDER.mkdir(exist_ok=True)
    text = msgspec.json.format(msgspec.json.encode(made), indent=2)
    (FOLDER / f"{suite}.json").write_bytes(text + b"\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
