"""Whether a recorded stream and its twin say the same, told by two oracles and no parser."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from chunkproof_conformance.oracles import twin
from chunkproof_conformance.oracles.verdict import NoOracle, expect

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chunkproof_conformance.cases.wire_view import WireView


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


def contradicts(twin_body: bytes, wire: WireView) -> bool:
    """Whether the twin's text is plainly another than the stream's, member for member.

    For streams that no other oracle reads: a model that is sampled says something else each
    time, and its twin must not speak for a stream it never was.
    """
    try:
        choices = json.loads(twin_body)["choices"]
        said = {choice["index"]: choice["message"].get("content") or "" for choice in choices}
    except (ValueError, KeyError, TypeError, AttributeError):
        return False
    for index, text in said.items():
        streamed = [delta.get("content") or "" for delta in wire.of_choice(index)]
        if all(isinstance(part, str) for part in (text, *streamed)) and "".join(streamed) != text:
            return True
    return False
