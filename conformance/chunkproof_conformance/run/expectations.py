"""The expected files of the package, read as typed values."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec

from chunkproof_conformance.judge.expectation import Expectation

EXPECTED: Final = Path(__file__).parent.parent / "expected"


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
