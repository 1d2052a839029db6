"""The expected files of the package, read as typed values."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from chunkproof_conformance.cases.expected import expected_by_oracle
from chunkproof_conformance.judge.expectation import Expectation
from chunkproof_conformance.oracles.verdict import NoOracle

if TYPE_CHECKING:
    from chunkproof_conformance.cases.cassette import Case

EXPECTED: Final = Path(__file__).parent.parent / "expected"


class NoExpectation(Exception):  # noqa: N818 - a refusal, not a fault
    """No oracle reads this recording: it cannot be judged until somebody writes its truth."""


class ExpectationError(Exception):
    """An expected file that is missing or malformed: our fault, the verdict harness-error."""


def load_expectation(case_id: str, folder: Path = EXPECTED) -> Expectation:
    """What every parser must reproduce of this case. Raises: ExpectationError."""
    path = folder / f"{case_id}.json"
    try:
        expectation = msgspec.json.decode(path.read_bytes(), type=Expectation)
    except FileNotFoundError:
        raise ExpectationError(f"{case_id} has no expected file") from None
    except msgspec.DecodeError as error:
        raise ExpectationError(f"the expected file of {case_id}: {error}") from error
    if expectation.case != case_id:
        raise ExpectationError(f"the expected file of {case_id} is for {expectation.case}")
    return expectation


def expectation_of(case: Case) -> Expectation:
    """The same for a case outside the corpus, asked of its oracle now.

    Raises: NoExpectation.
    """
    try:
        return msgspec.convert(expected_by_oracle(case), Expectation)
    except NoOracle as refusal:
        raise NoExpectation(str(refusal)) from refusal
