"""Usage: the last one of the highest rank, as sent; never summed, never computed."""

from typing import Any

import pytest

from tests.expectation import START, Case, case, end, event, usage
from tests.specification import check
from tests.wire import DONE, bare, chunk, stop, text

COUNTS = {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}
OTHER = {"prompt_tokens": 4, "completion_tokens": 5, "total_tokens": 9}
ZERO = {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}
HI = text("Hi")
FINISHED: dict[str, Any] = {"text": "Hi", "finish": "stop"}


def tokens(total: int) -> dict[str, int]:
    return {"prompt_tokens": 5, "completion_tokens": total - 5, "total_tokens": total}


CASES = [
    case(
        "usage-final-empty-choices",
        "USE-1",
        HI,
        stop(),
        bare(choices=[], usage=COUNTS),
        DONE,
        **FINISHED,
        usage=usage(1, 2, 3, COUNTS),
        events=[
            START,
            event("text", choice=0, text="Hi"),
            event("finish", choice=0, reason="stop"),
            event("usage", **usage(1, 2, 3, COUNTS)),
            end(),
        ],
    ),
    case(
        "usage-in-finish-chunk",
        "USE-1",
        text("Hi", "stop", usage=COUNTS),
        DONE,
        **FINISHED,
        usage=usage(1, 2, 3, COUNTS),
        events=[
            START,
            event("text", choice=0, text="Hi"),
            event("finish", choice=0, reason="stop"),
            event("usage", **usage(1, 2, 3, COUNTS)),
            end(),
        ],
    ),
    case(
        "usage-null-elsewhere",
        "USE-1",
        text("Hi", usage=None),
        stop(usage=COUNTS),
        bare(choices=[], usage=None),
        DONE,
        **FINISHED,
        usage=usage(1, 2, 3, COUNTS),
    ),
    case(
        "usage-cumulative-each-chunk",
        "USE-1 USE-3",
        text("H", usage=tokens(6)),
        text("i", usage=tokens(8)),
        stop(usage=tokens(11)),
        DONE,
        **FINISHED,
        usage=usage(5, 6, 11, tokens(11)),
        events=[
            START,
            event("text", choice=0, text="H"),
            event("usage", **usage(5, 1, 6, tokens(6))),
            event("text", choice=0, text="i"),
            event("usage", **usage(5, 3, 8, tokens(8))),
            event("finish", choice=0, reason="stop"),
            event("usage", **usage(5, 6, 11, tokens(11))),
            end(),
        ],
    ),
    case(
        "usage-repeated-identical",
        "USE-1 USE-3",
        HI,
        stop(usage=COUNTS),
        bare(choices=[], usage=COUNTS),
        DONE,
        **FINISHED,
        usage=usage(1, 2, 3, COUNTS),
        events=[
            START,
            event("text", choice=0, text="Hi"),
            event("finish", choice=0, reason="stop"),
            event("usage", **usage(1, 2, 3, COUNTS)),
            end(),
        ],
    ),
    case(
        "usage-then-chunk-without",
        "USE-1",
        HI,
        stop(),
        bare(choices=[], usage=COUNTS),
        bare(choices=[], usage=None),
        bare(choices=[]),
        DONE,
        **FINISHED,
        usage=usage(1, 2, 3, COUNTS),
    ),
    case(
        "usage-zero-placeholders",
        "USE-2",
        text("Hi", usage=ZERO),
        stop(usage=COUNTS),
        bare(choices=[], usage=ZERO),
        DONE,
        **FINISHED,
        usage=usage(1, 2, 3, COUNTS),
    ),
    case(
        "usage-zero-placeholders",
        "USE-2 USE-3",
        text("Hi", usage={"total_tokens": 0}),
        stop(usage={"total_tokens": 0}),
        DONE,
        variant="zero-alone-is-zero",
        **FINISHED,
        usage=usage(None, None, 0, {"total_tokens": 0}),
    ),
    case(
        "usage-zero-placeholders",
        "USE-2 USE-1",
        text("Hi", usage=ZERO, x_groq={"usage": COUNTS}),
        stop(),
        DONE,
        variant="a-zero-of-higher-rank-gives-way",
        **FINISHED,
        usage=usage(1, 2, 3, COUNTS),
        extra=...,
    ),
    case(
        "usage-zero-placeholders",
        "USE-2",
        text("Hi", usage=COUNTS),
        stop(usage={**ZERO, "prompt_tokens_details": {"cached_tokens": 0}}),
        DONE,
        variant="zero-to-the-last-detail",
        **FINISHED,
        usage=usage(1, 2, 3, COUNTS),
    ),
    case(
        "usage-empty-object",
        "USE-1",
        text("Hi", usage={}),
        stop(usage=COUNTS),
        bare(choices=[], usage={}),
        DONE,
        **FINISHED,
        usage=usage(1, 2, 3, COUNTS),
    ),
    case(
        "usage-null-members",
        "USE-1 USE-3",
        HI,
        stop(usage={"prompt_tokens": None, "completion_tokens": 2}),
        DONE,
        **FINISHED,
        usage=usage(None, 2, None, {"prompt_tokens": None, "completion_tokens": 2}),
    ),
    case(
        "usage-x-groq",
        "USE-1",
        text("Hi", x_groq={"id": "req_1"}),
        stop(x_groq={"id": "req_1", "usage": COUNTS}),
        DONE,
        **FINISHED,
        usage=usage(1, 2, 3, COUNTS),
        extra=...,
    ),
    case(
        "usage-x-groq",
        "USE-1",
        HI,
        stop(x_groq={"usage": COUNTS}),
        bare(choices=[], usage=OTHER),
        bare(choices=[], x_groq={"usage": COUNTS}),
        DONE,
        variant="the-chunk-outranks-it",
        **FINISHED,
        usage=usage(4, 5, 9, OTHER),
        extra=...,
    ),
    case(
        "usage-in-choice",
        "USE-1",
        HI,
        chunk({}, "stop", choice={"usage": COUNTS}),
        DONE,
        **FINISHED,
        usage=usage(1, 2, 3, COUNTS),
    ),
    case(
        "usage-in-choice",
        "USE-1",
        HI,
        chunk({}, "stop", choice={"usage": COUNTS}, x_groq={"usage": OTHER}),
        chunk({}, choice={"usage": COUNTS}),
        DONE,
        variant="x-groq-outranks-it",
        **FINISHED,
        usage=usage(4, 5, 9, OTHER),
        extra=...,
    ),
    case("usage-missing", "USE-3 END-9", HI, stop(), DONE, **FINISHED, usage=None),
    case(
        "usage-details",
        "USE-1",
        HI,
        stop(
            usage={
                **COUNTS,
                "cost": 0.25,
                "completion_tokens_details": {"reasoning_tokens": 1, "audio_tokens": None},
            }
        ),
        DONE,
        **FINISHED,
        usage=usage(
            1,
            2,
            3,
            {
                **COUNTS,
                "cost": 0.25,
                "completion_tokens_details": {"reasoning_tokens": 1, "audio_tokens": None},
            },
        ),
    ),
    case(
        "usage-details",
        "USE-1 USE-3",
        HI,
        stop(usage={"prompt_tokens": 1.0, "completion_tokens": 2, "total_tokens": 4}),
        DONE,
        variant="a-total-that-does-not-add-up-stays",
        **FINISHED,
        usage=usage(1, 2, 4, ...),
    ),
    case(
        "usage-of-the-wrong-kind",
        "ENV-6 USE-1",
        text("Hi", usage=5),
        stop(usage=COUNTS),
        DONE,
        **FINISHED,
        usage=usage(1, 2, 3, COUNTS),
        extra={"/usage": 5},
        repairs="wrong-type",
    ),
    case(
        "usage-zero-placeholders",
        "USE-2",
        text("Hi", usage={**ZERO, "cost": 0.5}),
        stop(usage=ZERO),
        DONE,
        variant="a-number-beside-the-counts-is-one",
        **FINISHED,
        usage=usage(0, 0, 0, {**ZERO, "cost": 0.5}),
    ),
    case(
        "usage-without-counts",
        "USE-1",
        text("Hi", usage=COUNTS),
        stop(usage={"cost": 0.5}),
        DONE,
        **FINISHED,
        usage=usage(None, None, None, {"cost": 0.5}),
    ),
    case(
        "usage-without-counts",
        "USE-2",
        text("Hi", usage=COUNTS),
        stop(usage={"tier": "free", "has_cost": True}),
        DONE,
        variant="and-without-numbers",
        **FINISHED,
        usage=usage(1, 2, 3, COUNTS),
    ),
]


@pytest.mark.parametrize("wire_case", CASES, ids=lambda case: case.name)
def test_the_last_usage_of_the_highest_rank_counts(wire_case: Case) -> None:
    """An event only when the kept usage changed; the object is kept as sent."""
    check(wire_case)
