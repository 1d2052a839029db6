"""Whether a recorded stream and its twin say the same, told by two oracles and no parser."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chunkproof_conformance.oracles import twin
from chunkproof_conformance.oracles.verdict import NoOracle, expect

if TYPE_CHECKING:
    from collections.abc import Mapping


def agreement(
    case_id: str, stream: bytes, twin_body: bytes, truth: Mapping[str, Any] | None
) -> str:
    """One line for the person who records: agrees, differs and where, or not compared and why.

    Where they differ the recording is kept: it is a finding, and the twin is no oracle.
    """
    stated = None if truth is None else dict(truth)
    try:
        said = expect(case_id, stream, end="eof", stated=stated)
        wanted = twin.expect(twin_body, stream)
    except (NoOracle, twin.NoTwin) as refusal:
        return f"twin not compared: {refusal}"
    found = twin.differences(wanted, said)
    return f"twin differs: {'; '.join(found)}" if found else "twin agrees"
