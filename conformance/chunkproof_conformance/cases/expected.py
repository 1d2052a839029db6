"""What the oracles say about a case of the corpus, as the content of its expected file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from chunkproof_conformance.oracles import verdict
from chunkproof_conformance.oracles.messages import expect_messages, message_read

if TYPE_CHECKING:
    from chunkproof_conformance.cases.cassette import Case

EXPECTED: Final = Path(__file__).parent.parent / "expected"


def expected_by_oracle(case: Case) -> dict[str, Any]:
    """The expected file of a case as JSON value. Raises: oracles.verdict.NoOracle.

    Log probabilities, audio and annotations belong to the level final, and messages to the
    expectation, only where the case is about them.
    """
    expected = verdict.expect(
        case.id,
        case.body,
        end=case.key.end,
        stated=msgspec.to_builtins(case.key.truth),
        message=case.key.message,
        twin_body=case.twin,
    )
    for member in ("logprobs", "audio", "annotations"):
        if member not in case.key.profiles:
            for choice in expected["final"].get("choices", []):
                choice.pop(member, None)
    if "inner-thoughts" in case.key.profiles:
        message = case.key.message or message_read(expected)
        expected["messages"] = expect_messages(message)
    return expected


def read_expected(case_id: str) -> dict[str, Any]:
    """The stored expected file of a case."""
    value: dict[str, Any] = msgspec.json.decode(EXPECTED.joinpath(f"{case_id}.json").read_bytes())
    return value
