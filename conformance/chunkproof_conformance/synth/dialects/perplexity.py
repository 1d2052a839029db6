"""api.perplexity.ai: CRLF, a cumulative `message` beside `delta`, usage in every chunk."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from chunkproof_conformance.synth.dialect import Dialect
from chunkproof_conformance.synth.framing import Framing
from chunkproof_conformance.synth.template import On, Or, S

_HEAD: Final[dict[str, Any]] = {
    "id": S.ID,
    "model": S.MODEL,
    "created": S.CREATED,
    "usage": S.USAGE,
    "citations": ["https://example.com/counting"],
}
_RESULTS: Final[dict[str, Any]] = {
    "search_results": [
        {
            "title": "Counting",
            "url": "https://example.com/counting",
            "date": None,
            "last_updated": "2026-01-01",
        }
    ]
}
_TAIL: Final[dict[str, Any]] = {
    "object": On({"finish": "chat.completion.done"}, "chat.completion.chunk"),
    "choices": S.CHOICES,
}
_MESSAGE: Final = {"role": S.ROLE, "content": S.SO_FAR}

PERPLEXITY: Final = Dialect(
    name="perplexity",
    fidelity="captured",
    sources=(
        "6 chunk shapes of 3 recorded streams in public repositories",
        "Perplexity, stream_mode: full mode repeats the message",
    ),
    chunk={**_HEAD, **_RESULTS, **_TAIL},
    choice={
        "index": S.CHOICE,
        "finish_reason": Or(S.FINISH),
        "message": _MESSAGE,
        "delta": S.DELTA,
    },
    delta={
        "text": {"role": S.ROLE, "content": S.TEXT},
        "finish": {"role": S.ROLE, "content": ""},
    },
    usage=frozenset({"every"}),
    usage_object={
        "prompt_tokens": S.PROMPT,
        "completion_tokens": S.COMPLETION,
        "total_tokens": S.TOTAL,
        "search_context_size": "low",
    },
    done=False,
    framing=Framing(line_end="\r\n", separators=(", ", ": ")),
    identity={
        "id": "00000000-0000-4000-8000-000000000004",
        "created": 1790000000,
        "model": "sonar",
    },
)

FINISH_LAST: Final = replace(
    PERPLEXITY,
    name="perplexity-finish-last",
    choice={
        "index": S.CHOICE,
        "message": _MESSAGE,
        "delta": S.DELTA,
        "finish_reason": S.FINISH,
    },
)

NO_MESSAGE: Final = replace(
    PERPLEXITY,
    name="perplexity-no-message",
    chunk={**_HEAD, **_TAIL},
    choice={"index": S.CHOICE, "delta": S.DELTA, "finish_reason": S.FINISH},
)

DIALECTS: Final = (PERPLEXITY, FINISH_LAST, NO_MESSAGE)
