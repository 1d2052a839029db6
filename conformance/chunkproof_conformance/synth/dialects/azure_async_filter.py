"""Azure OpenAI with the asynchronous content filter: choices without a delta, late verdicts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from chunkproof_conformance.synth.dialects.azure import _SAFE as SAFE
from chunkproof_conformance.synth.dialects.azure import OF_2024
from chunkproof_conformance.synth.template import S


def verdict(start: int, end: int, results: Any = None, finish: str | None = None) -> dict[str, Any]:
    """A chunk that says what the filter found in the text so far; offsets in characters."""
    choice: dict[str, Any] = {
        "content_filter_offsets": {
            "check_offset": start,
            "start_offset": start,
            "end_offset": end,
        },
        "content_filter_results": SAFE if results is None else results,
        "finish_reason": finish,
        "index": 0,
    }
    return {
        "choices": [choice],
        "created": 0,
        "id": "",
        "model": "",
        "object": "",
    }


ASYNC_FILTER: Final = replace(
    OF_2024,
    name="azure-async-filter",
    fidelity="documented",
    sources=(
        "Azure OpenAI, content streaming: asynchronous filter, offsets, delayed annotations",
        "two recorded streams in public repositories: choices without delta, with offsets",
    ),
    choice={"delta": S.DELTA, "finish_reason": OF_2024.choice["finish_reason"], "index": S.CHOICE},
)

DIALECTS: Final = (ASYNC_FILTER,)
