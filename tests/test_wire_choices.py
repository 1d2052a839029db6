"""Log probabilities, several choices, audio, images, annotations and filters."""

import pytest

from chunkproof import StreamParser
from tests.expectation import START, Case, call, case, choice, end, event, usage
from tests.specification import as_json, check
from tests.wire import DONE, bare, chunk, payload, stop, tc, text, tools

END = stop() + DONE


def token(text_: str) -> dict[str, object]:
    return {"token": text_, "logprob": -0.5, "bytes": [97], "top_logprobs": []}


A, B, C = token("a"), token("b"), token("c")

LOGPROBS = [
    case(
        "logprobs-append",
        "ENV-9",
        text("a", choice={"logprobs": {"content": [A], "refusal": None}}),
        text("bc", choice={"logprobs": {"content": [B, C], "refusal": None}}),
        chunk({}, "stop", choice={"logprobs": None}),
        DONE,
        text="abc",
        finish="stop",
        logprobs={"content": [A, B, C], "refusal": []},
        events=[
            START,
            event("text", choice=0, text="a"),
            event("logprobs", choice=0, content=[A], refusal=[]),
            event("text", choice=0, text="bc"),
            event("logprobs", choice=0, content=[B, C], refusal=[]),
            event("finish", choice=0, reason="stop"),
            end(),
        ],
    ),
    case(
        "logprobs-first-chunk-alias",
        "ENV-9",
        chunk(
            {"role": "assistant", "content": "a"},
            choice={"logprobs": {"content": [A], "refusal": None}},
        ),
        END,
        text="a",
        finish="stop",
        logprobs={"content": [A], "refusal": []},
    ),
    case(
        "logprobs-without-content",
        "ENV-9",
        chunk({}, choice={"logprobs": {"content": [A]}}),
        chunk(choice={"logprobs": {"content": [B]}}),
        END,
        finish="stop",
        logprobs={"content": [A, B], "refusal": []},
    ),
    case(
        "logprobs-refusal",
        "ENV-9 TXT-5",
        chunk({"refusal": "a"}, choice={"logprobs": {"content": None, "refusal": [A]}}),
        chunk({"refusal": "b"}, choice={"logprobs": {"content": None, "refusal": [B]}}),
        END,
        refusal="ab",
        finish="stop",
        logprobs={"content": [], "refusal": [A, B]},
    ),
    case(
        "logprobs-null-members",
        "ENV-9",
        text("a", choice={"logprobs": {"content": None, "refusal": None}}),
        END,
        text="a",
        finish="stop",
        logprobs=None,
    ),
]

CHOICES = [
    case(
        "choices-interleaved",
        "ENV-3 TXT-1",
        text("a", index=0),
        text("x", index=1),
        text("b", index=0),
        text("y", index=1),
        stop(index=0),
        stop(index=1),
        DONE,
        choices=[choice(0, text="ab", finish="stop"), choice(1, text="xy", finish="stop")],
    ),
    case(
        "choices-two-in-chunk",
        "ENV-3 TXT-1",
        bare(
            choices=[
                {"index": 1, "delta": {"content": "x"}, "finish_reason": "stop"},
                {"index": 0, "delta": {"content": "a"}, "finish_reason": None},
            ]
        ),
        stop("length"),
        DONE,
        choices=[choice(0, text="a", finish="length"), choice(1, text="x", finish="stop")],
    ),
    case(
        "choice-index-1-first",
        "ENV-3",
        text("x", index=1),
        text("a", index=0),
        stop(index=1),
        stop(index=0),
        DONE,
        choices=[choice(0, text="a", finish="stop"), choice(1, text="x", finish="stop")],
    ),
    case(
        "choice-finish-each",
        "FIN-1 END-2",
        text("a", index=0),
        stop(index=0),
        text("x", index=1),
        stop("length", index=1),
        DONE,
        choices=[choice(0, text="a", finish="stop"), choice(1, text="x", finish="length")],
    ),
    case(
        "choice-index-missing",
        "ENV-3",
        text("a", index=...),
        text("b", index=...),
        stop(index=...),
        DONE,
        text="ab",
        finish="stop",
        repairs="choice-index-missing",
    ),
    case(
        "choice-index-missing",
        "ENV-3 ENV-6 TOOL-1",
        text("a", index="0"),
        text("x", index="1"),
        stop(index=0),
        stop(index=1),
        DONE,
        variant="a-digit-string-is-an-index",
        choices=[choice(0, text="a", finish="stop"), choice(1, text="x", finish="stop")],
        repairs="index-string",
    ),
    *(
        case(
            "choice-index-missing",
            "ENV-3",
            text("a", index=index),
            stop(index=0),
            DONE,
            variant=variant,
            text="a",
            finish="stop",
            extra=...,
            repairs="choice-index-missing",
            may_repair="wrong-type",
        )
        for variant, index in (("null", None), ("negative", -1), ("a-fraction", 0.5))
    ),
    case(
        "choice-tools-per-choice",
        "TOOL-1",
        tools(tc(0, "a", "f", ""), index=0),
        tools(tc(0, "b", "f", ""), index=1),
        tools(tc(0, ..., ..., "{}"), index=1),
        tools(tc(0, ..., ..., '{"x":1}'), index=0),
        stop("tool_calls", index=0),
        stop("tool_calls", index=1),
        DONE,
        choices=[
            choice(0, calls=(call("f", '{"x":1}', id="a"),), finish="tool_calls"),
            choice(1, calls=(call("f", "{}", id="b"),), finish="tool_calls"),
        ],
    ),
    case(
        "choice-role-per-choice",
        "ENV-2",
        chunk({"role": "assistant", "content": "a"}, index=0),
        chunk({"role": "tool", "content": "x"}, index=1),
        stop(index=0),
        stop(index=1),
        DONE,
        choices=[
            choice(0, text="a", finish="stop"),
            choice(1, text="x", finish="stop", role="tool"),
        ],
    ),
]

MEDIA = [
    case(
        "audio-fields",
        "ENV-10",
        chunk({"role": "assistant", "audio": {"id": "au", "transcript": "He"}}),
        chunk({"audio": {"data": "QUJD"}}),
        chunk({"audio": {"transcript": "y", "data": "REVG"}}),
        chunk({"audio": {"id": "au", "expires_at": 9}}),
        END,
        finish="stop",
        audio={"id": "au", "transcript": "Hey", "data": "QUJDREVG", "expires_at": 9},
        events=[
            START,
            event("audio", choice=0, audio={"id": "au", "transcript": "He"}),
            event("audio", choice=0, audio={"data": "QUJD"}),
            event("audio", choice=0, audio={"transcript": "y", "data": "REVG"}),
            event("audio", choice=0, audio={"id": "au", "expires_at": 9}),
            event("finish", choice=0, reason="stop"),
            end(),
        ],
    ),
    case(
        "audio-fields",
        "ENV-10",
        chunk({"audio": {"id": "au", "data": "", "transcript": None}}),
        chunk({"audio": None}),
        chunk({"audio": {"id": "other", "transcript": "a"}}),
        END,
        variant="the-first-id-counts-and-empty-members-say-nothing",
        finish="stop",
        audio={"id": "au", "transcript": "a"},
    ),
    case(
        "audio-expires-only-end",
        "END-11 ENV-10",
        chunk({"audio": {"id": "au", "data": "QUJD"}}),
        chunk({"audio": {"expires_at": 9}}),
        DONE,
        audio={"id": "au", "data": "QUJD", "expires_at": 9},
        finish=None,
    ),
    case(
        "audio-expires-only-end",
        "END-11 END-3",
        chunk({"audio": {"id": "au", "data": "QUJD"}}),
        chunk({"audio": {"expires_at": 9}}),
        variant="without-done",
        audio={"id": "au", "data": "QUJD", "expires_at": 9},
        finish=None,
        repairs="done-missing",
    ),
    case(
        "audio-expires-only-end",
        "END-11 END-5",
        chunk({"audio": {"id": "au", "data": "QUJD"}}),
        variant="without-expiry-it-has-not-ended",
        outcome="incomplete",
        audio={"id": "au", "data": "QUJD"},
    ),
    case(
        "images-delta",
        "ENV-11",
        chunk({"images": [{"type": "image_url", "index": 0}]}),
        chunk({"images": [{"type": "image_url", "index": 1}]}),
        END,
        finish="stop",
        extra={
            "/choices/0/delta/images": [
                {"type": "image_url", "index": 0},
                {"type": "image_url", "index": 1},
            ]
        },
        events=[
            START,
            event(
                "extra",
                path="/choices/0/delta/images",
                value=[{"type": "image_url", "index": 0}],
            ),
            event(
                "extra",
                path="/choices/0/delta/images",
                value=[{"type": "image_url", "index": 1}],
            ),
            event("finish", choice=0, reason="stop"),
            end(),
        ],
    ),
    case(
        "annotations-delta",
        "ENV-11",
        text("a", choice={}).replace(
            b'{"content":"a"}',
            payload(
                {
                    "content": "a",
                    "annotations": [
                        {"type": "url_citation", "url": "u"},
                        {"type": "url_citation", "url": "v"},
                    ],
                }
            ).encode(),
        ),
        chunk({"annotations": [{"type": "url_citation", "url": "u"}]}),
        END,
        text="a",
        finish="stop",
        annotations=(
            {"type": "url_citation", "url": "u"},
            {"type": "url_citation", "url": "v"},
            {"type": "url_citation", "url": "u"},
        ),
        events=[
            START,
            event("text", choice=0, text="a"),
            event("annotation", choice=0, annotation={"type": "url_citation", "url": "u"}),
            event("annotation", choice=0, annotation={"type": "url_citation", "url": "v"}),
            event("annotation", choice=0, annotation={"type": "url_citation", "url": "u"}),
            event("finish", choice=0, reason="stop"),
            end(),
        ],
    ),
    case(
        "citations-top-level",
        "ENV-7",
        text("a", citations=["u"]),
        text("b", citations=["u"]),
        stop(citations=["u", "v"]),
        DONE,
        text="ab",
        finish="stop",
        extra={"/citations": ["u", "v"]},
    ),
    case(
        "azure-filter-results",
        "ENV-7",
        bare(choices=[], prompt_filter_results=[{"prompt_index": 0}]),
        text("a", choice={"content_filter_results": {"hate": {"filtered": False}}}),
        stop(choice={"content_filter_results": {}}),
        DONE,
        text="a",
        finish="stop",
        extra={
            "/prompt_filter_results": [{"prompt_index": 0}],
            "/choices/0/content_filter_results": {},
        },
    ),
    case(
        "azure-async-offsets",
        "ENV-5 ENV-7 FIN-4",
        text("a"),
        stop(),
        chunk(finish=None, choice={"content_filter_offsets": {"check_offset": 1}}),
        chunk(finish="content_filter", choice={"content_filter_results": {"hate": {}}}),
        DONE,
        text="a",
        finish="content_filter",
        extra={
            "/choices/0/content_filter_offsets": {"check_offset": 1},
            "/choices/0/content_filter_results": {"hate": {}},
        },
    ),
    case(
        "one-delta-has-everything",
        "ENV-7 ENV-9 ENV-10 ENV-11",
        bare(
            usage={"total_tokens": 1},
            choices=[
                {
                    "finish_reason": "stop",
                    "logprobs": {"content": [A]},
                    "delta": {
                        "audio": {"id": "au"},
                        "annotations": [{"n": 1}],
                        "channel": "x",
                        "tool_calls": [tc(0, "a", "f", "{}")],
                        "refusal": "r",
                        "content": "c",
                        "reasoning": "t",
                    },
                    "index": 0,
                }
            ],
        ),
        DONE,
        text="c",
        reasoning="t",
        refusal="r",
        calls=[call("f", "{}", id="a")],
        logprobs={"content": [A], "refusal": []},
        audio={"id": "au"},
        annotations=({"n": 1},),
        finish="stop",
        usage=usage(None, None, 1, {"total_tokens": 1}),
        extra={"/choices/0/delta/channel": "x"},
        events=[
            START,
            event("reasoning", choice=0, text="t"),
            event("text", choice=0, text="c"),
            event("refusal", choice=0, text="r"),
            event("tool_call", choice=0, call=0, index=0, id="a", name="f", type="function"),
            event("tool_arguments", choice=0, call=0, fragment="{}"),
            event("logprobs", choice=0, content=[A], refusal=[]),
            event("audio", choice=0, audio={"id": "au"}),
            event("annotation", choice=0, annotation={"n": 1}),
            event("extra", path="/choices/0/delta/channel", value="x"),
            event("finish", choice=0, reason="stop"),
            event("usage", **usage(None, None, 1, {"total_tokens": 1})),
            end(),
        ],
    ),
]

CASES = [*LOGPROBS, *CHOICES, *MEDIA]


@pytest.mark.parametrize("wire_case", CASES, ids=lambda case: case.name)
def test_everything_beside_text_and_calls_is_kept(wire_case: Case) -> None:
    """Lists are appended, choices stay apart, the order inside a delta is fixed."""
    check(wire_case)


def test_events_do_not_share_lists_with_the_parser() -> None:
    """What was handed out is not changed by what comes later (ENV-9, ENV-11)."""
    parser = StreamParser()
    first = parser.feed(
        chunk(
            {"annotations": [{"n": 1}], "images": [{"n": 1}], "audio": {"id": "au"}},
            choice={"logprobs": {"content": [A]}},
            timings={"n": 1},
        )
    )
    before = as_json(first)
    parser.feed(
        chunk(
            {"annotations": [{"n": 2}], "images": [{"n": 2}], "audio": {"data": "x"}},
            choice={"logprobs": {"content": [B]}},
            timings={"n": 2},
        )
    )
    parser.close()
    assert as_json(first) == before
