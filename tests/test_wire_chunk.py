"""The shape of a chunk: envelope, choices, delta, unknown members, broken JSON."""

import pytest

from chunkproof import StreamParser, UsageError, parse
from tests.expectation import START, Case, Containing, case, choice, end, error, event
from tests.specification import check
from tests.wire import DONE, bare, chunk, data, stop, text

END = stop() + DONE
NOTHING = {"id": None, "model": None, "created": None}

CASES = [
    case(
        "extra-fields",
        "ENV-7",
        chunk(
            {"content": "Hi", "channel": "final", "sources": None},
            choice={"native_finish_reason": "STOP", "seed": None},
            service_tier="default",
            system_fingerprint=None,
            timings={"predicted_ms": 1.5, "cached": None},
        ),
        END,
        text="Hi",
        finish="stop",
        extra={
            "/service_tier": "default",
            "/timings": {"predicted_ms": 1.5, "cached": None},
            "/choices/0/native_finish_reason": "STOP",
            "/choices/0/delta/channel": "final",
        },
    ),
    case(
        "extra-fields",
        "ENV-7",
        text("a", service_tier="auto"),
        text("b", service_tier="auto"),
        text("c", service_tier="default"),
        text("d"),
        END,
        variant="an-event-only-when-the-value-changed",
        text="abcd",
        finish="stop",
        extra={"/service_tier": "default"},
        events=[
            START,
            event("text", choice=0, text="a"),
            event("extra", path="/service_tier", value="auto"),
            event("text", choice=0, text="b"),
            event("text", choice=0, text="c"),
            event("extra", path="/service_tier", value="default"),
            event("text", choice=0, text="d"),
            event("finish", choice=0, reason="stop"),
            end(),
        ],
    ),
    case(
        "extra-fields",
        "ENV-7",
        text("a", **{"a/b": 1, "m~n": 2, "": 3}),
        END,
        variant="the-path-is-a-json-pointer",
        text="a",
        finish="stop",
        extra={"/a~1b": 1, "/m~0n": 2, "/": 3},
    ),
    case(
        "extra-fields",
        "ENV-7",
        text("a", object="chat.completion.chunk"),
        text("b", index=1, choice={"seed": 7}),
        stop(),
        stop(index=1),
        DONE,
        variant="a-path-has-the-choice-number-not-the-position",
        choices=[
            choice(0, text="a", finish="stop"),
            choice(1, text="b", finish="stop"),
        ],
        extra={"/choices/1/seed": 7},
    ),
    case(
        "choices-empty-first",
        "ENV-1 ENV-4",
        data(
            '{"choices":[],"created":0,"id":"","model":"","object":"",'
            '"prompt_filter_results":[{"prompt_index":0}]}'
        ),
        chunk({"role": "assistant", "content": "Hi"}),
        END,
        text="Hi",
        finish="stop",
        extra={"/prompt_filter_results": [{"prompt_index": 0}]},
        events=[
            event("start", id=None, model=None, created=None),
            event("extra", path="/prompt_filter_results", value=[{"prompt_index": 0}]),
            event("text", choice=0, text="Hi"),
            event("finish", choice=0, reason="stop"),
            end(),
        ],
    ),
    case(
        "choices-empty-usage",
        "ENV-4 USE-1",
        text("Hi"),
        stop(),
        bare(choices=[], usage={"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}),
        DONE,
        text="Hi",
        finish="stop",
        usage={"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3, "raw": ...},
    ),
    *(
        case(
            row,
            "ENV-4",
            text("Hi"),
            stop(),
            bare(usage={"total_tokens": 3}, **choices),
            DONE,
            text="Hi",
            finish="stop",
            usage={
                "prompt_tokens": None,
                "completion_tokens": None,
                "total_tokens": 3,
                "raw": {"total_tokens": 3},
            },
        )
        for row, choices in (("choices-null", {"choices": None}), ("choices-missing", {}))
    ),
    case(
        "delta-missing",
        "ENV-5",
        text("Hi"),
        chunk(finish=None, choice={"content_filter_offsets": {"check_offset": 44}}),
        END,
        text="Hi",
        finish="stop",
        extra={"/choices/0/content_filter_offsets": {"check_offset": 44}},
    ),
    case(
        "delta-missing",
        "ENV-5",
        text("Hi"),
        chunk(finish="stop"),
        DONE,
        variant="a-finish-reason-needs-no-delta",
        text="Hi",
        finish="stop",
    ),
    case("delta-null", "ENV-5", text("Hi"), chunk(None), END, text="Hi", finish="stop"),
    case(
        "delta-empty",
        "ENV-5",
        chunk({}),
        chunk({}),
        text("Hi"),
        chunk({}),
        END,
        text="Hi",
        finish="stop",
        events=[
            START,
            event("text", choice=0, text="Hi"),
            event("finish", choice=0, reason="stop"),
            end(),
        ],
    ),
    case(
        "message-next-to-delta",
        "ENV-7 TXT-1",
        text("A", choice={"message": {"role": "assistant", "content": "A"}}),
        text("B", choice={"message": {"role": "assistant", "content": "AB"}}),
        END,
        text="AB",
        finish="stop",
        extra={"/choices/0/message": {"role": "assistant", "content": "AB"}},
    ),
    case(
        "message-instead-of-delta",
        "ENV-7 END-9",
        chunk(choice={"message": {"content": "Hi"}}, finish="stop"),
        DONE,
        # A chunk has no message: it is reported, and not taken for text that was streamed.
        text=None,
        finish="stop",
        extra={"/choices/0/message": {"content": "Hi"}},
    ),
    *(
        case(
            "object-other",
            "PAY-5",
            text("Hi", object=name),
            END,
            variant=variant,
            text="Hi",
            finish="stop",
        )
        for variant, name in (
            ("empty", ""),
            ("chat.completion", "chat.completion"),
            ("chat.completion.done", "chat.completion.done"),
            ("chat.reasoning", "chat.reasoning"),
        )
    ),
    case(
        "finish-key-omitted",
        "FIN-2",
        text("a"),
        text("b", finish=None),
        text("c"),
        END,
        text="abc",
        finish="stop",
    ),
    case(
        "id-empty-or-missing",
        "ENV-1",
        data('{"id":"","model":"","created":0,"choices":[{"index":0,"delta":{"content":"a"}}]}'),
        data('{"choices":[{"index":0,"delta":{"content":"b"}}]}'),
        data('{"id":null,"model":null,"created":null,"choices":[{"index":0,"delta":{}}]}'),
        text("c"),
        END,
        text="abc",
        finish="stop",
    ),
    case(
        "id-empty-or-missing",
        "ENV-1 END-9",
        data('{"id":"","choices":[{"index":0,"delta":{"content":"a"},"finish_reason":"stop"}]}'),
        DONE,
        variant="an-id-never-sent-is-null",
        envelope=NOTHING,
        text="a",
        finish="stop",
    ),
    case(
        "id-changes",
        "ENV-1",
        text("a"),
        text("b").replace(b'"c1"', b'"c2"').replace(b'"m"', b'"m2"'),
        END,
        text="ab",
        finish="stop",
    ),
    case(
        "created-changes",
        "ENV-1",
        text("a").replace(b'"created":1', b'"created":0'),
        text("b"),
        text("c").replace(b'"created":1', b'"created":2'),
        END,
        text="abc",
        finish="stop",
    ),
    case(
        "created-float-or-missing",
        "ENV-1",
        text("a").replace(b'"created":1', b'"created":1.7e9'),
        END,
        envelope={"created": 1_700_000_000},
        text="a",
        finish="stop",
    ),
    case(
        "created-float-or-missing",
        "ENV-1",
        data('{"id":"c1","model":"m","choices":[{"delta":{"content":"a"},"index":0}]}'),
        stop().replace(b'"created":1,', b""),
        DONE,
        variant="missing",
        envelope={"created": None},
        text="a",
        finish="stop",
    ),
    *(
        case(
            "created-float-or-missing",
            "ENV-6",
            text("a").replace(b'"created":1', b'"created":' + raw.encode()),
            stop().replace(b'"created":1,', b""),
            DONE,
            variant=variant,
            envelope={"created": None},
            text="a",
            finish="stop",
            extra={"/created": kept},
            repairs="wrong-type",
        )
        for variant, raw, kept in (
            ("a-fraction", "1.5", 1.5),
            ("a-string", '"today"', "today"),
            ("true", "true", True),
            ("a-list", "[1]", [1]),
        )
    ),
    *(
        case(
            "wrong-kind",
            "ENV-6",
            text("a"),
            data('{"id":"c1","choices":[{"index":0,"delta":{"%s":%s}}]}' % (member, raw)),
            END,
            variant=member,
            text="a",
            finish="stop",
            extra={f"/choices/0/delta/{member}": kept},
            repairs="wrong-type",
        )
        for member, raw, kept in (
            ("content", "5", 5),
            ("refusal", "true", True),
            ("role", "1", 1),
            ("tool_calls", '"x"', "x"),
            ("reasoning_content", "7", 7),
            ("reasoning", "false", False),
            ("thinking", "[]", []),
        )
    ),
    case(
        "wrong-kind",
        "ENV-6 ENV-3 END-4",
        text("a", index=1),
        data('{"choices":["x",{"index":true,"delta":{"content":"b"}}]}'),
        data('{"choices":[{"index":1,"delta":{},"finish_reason":"stop"}]}'),
        DONE,
        variant="an-entry-of-choices-and-the-index-of-another",
        choices=[choice(0, text="b", complete=True), choice(1, text="a", finish="stop")],
        extra={"/choices/0": "x", "/choices/0/index": True},
        repairs="wrong-type choice-index-missing finish-missing",
    ),
    *(
        case(
            "wrong-kind",
            "ENV-6 END-8",
            data('{"id":"c1","created":1,"model":"m","choices":[%s]}' % entry),
            DONE,
            variant=f"a-choice-that-is-{variant}-opens-none",
            outcome="incomplete",
            choices=[],
            extra={"/choices/0": kept},
            repairs="wrong-type",
        )
        for variant, entry, kept in (("a-string", '"x"', "x"), ("a-list", "[[]]", [[]]))
    ),
    case(
        "wrong-kind",
        "ENV-6 ENV-4",
        text("a"),
        data('{"id":"c1","choices":{"x":1}}'),
        data('{"id":"c1","choices":[{"index":0,"delta":"b"}]}'),
        END,
        variant="choices-and-delta",
        text="a",
        finish="stop",
        extra={"/choices": {"x": 1}, "/choices/0/delta": "b"},
        repairs="wrong-type",
    ),
    case(
        "wrong-kind",
        "ENV-6 ENV-1",
        data('{"id":5,"model":["m"],"created":1,"choices":[{"index":0,"delta":{"content":"a"}}]}'),
        data('{"choices":[{"index":0,"delta":{},"finish_reason":5}]}'),
        text("b"),
        END,
        variant="envelope-and-finish",
        text="ab",
        finish="stop",
        extra={"/id": 5, "/model": ["m"], "/choices/0/finish_reason": 5},
        repairs="wrong-type",
    ),
    case(
        "obfuscation",
        "ENV-8",
        text("a", obfuscation="lRK2aBv"),
        text("b", p="abcdef"),
        text("c", choice={"obfuscation": "x", "p": "y"}),
        bare(choices=[], usage={"total_tokens": 1}, obfuscation="zz"),
        END,
        text="abc",
        finish="stop",
        usage={
            "prompt_tokens": None,
            "completion_tokens": None,
            "total_tokens": 1,
            "raw": {"total_tokens": 1},
        },
    ),
    case(
        "moderation-chunk-after-usage",
        "USE-1 ENV-7",
        text("Hi"),
        stop(),
        bare(choices=[], usage={"total_tokens": 3}),
        bare(choices=[], moderation={"input": {"flagged": False}}, usage=None),
        DONE,
        text="Hi",
        finish="stop",
        usage={
            "prompt_tokens": None,
            "completion_tokens": None,
            "total_tokens": 3,
            "raw": {"total_tokens": 3},
        },
        extra={"/moderation": {"input": {"flagged": False}}},
    ),
    case(
        "first-chunk-empty-then-data",
        "ENV-5 TXT-1",
        text(""),
        chunk({"role": "assistant", "content": ""}),
        text(""),
        text("Hi"),
        END,
        text="Hi",
        finish="stop",
        events=[
            START,
            event("text", choice=0, text="Hi"),
            event("finish", choice=0, reason="stop"),
            end(),
        ],
    ),
    case(
        "lone-surrogate",
        "TXT-3",
        data(
            '{"id":"c1","created":1,"model":"m","choices":[{"delta":{"content":"\\ud83d"},"index":0}]}'
        ),
        data('{"choices":[{"delta":{"content":"\\ude00!"},"index":0}]}'),
        END,
        text="😀!",
        finish="stop",
        repairs="surrogate-split",
        events=[
            START,
            event("text", choice=0, text="😀!"),
            event("finish", choice=0, reason="stop"),
            end(),
        ],
    ),
    case(
        "escaped-vs-raw-unicode",
        "TXT-1",
        data(
            b'{"id":"c1","created":1,"model":"m","choices":[{"delta":{"content":"'
            b'\\u4f60\\ud83d\\ude00\\n\\u0000\\/"},"index":0}]}'
        ),
        text("你😀"),
        END,
        text="你😀\n\x00/你😀",
        finish="stop",
    ),
    *(
        case(
            "invalid-json-chunk",
            "PAY-10 END-1",
            text("a"),
            data(broken),
            text("b"),
            END,
            variant=variant,
            outcome="failed",
            text="ab",
            finish="stop",
            error=error(Containing(shown), ..., ...),
            events=[
                START,
                event("text", choice=0, text="a"),
                event(
                    "error",
                    message=Containing(shown),
                    type=...,
                    code=...,
                    rule="PAY-10",
                    raw=broken,
                ),
                event("text", choice=0, text="b"),
                event("finish", choice=0, reason="stop"),
                end("failed"),
            ],
        )
        for variant, broken, shown in (
            ("cut", '{"choices":[}', '{"choices":[}'),
            ("text", "upstream timed out after 30 s", "upstream timed out"),
            ("trailing-comma", '{"choices":[],}', '{"choices":[],}'),
            ("two-values", '{"choices":[]} {}', '{"choices":[]} {}'),
        )
    ),
    case(
        "duplicate-keys",
        "PAY-14",
        data(
            '{"id":"c1","created":1,"model":"m","choices":[{"index":0,'
            '"delta":{"content":"a","content":"b"}}]}'
        ),
        END,
        text="b",
        finish="stop",
        repairs="duplicate-key",
    ),
    case(
        "duplicate-keys",
        "PAY-14 ENV-7",
        data(
            '{"id":"c0","id":"c1","created":1,"model":"m","x":{"a":1,"a":2},'
            '"choices":[{"index":0,"delta":{"content":"a"}}]}'
        ),
        END,
        variant="at-any-depth",
        text="a",
        finish="stop",
        extra={"/x": {"a": 2}},
        repairs="duplicate-key",
    ),
    case(
        "duplicate-keys",
        "PAY-14",
        data(
            '{"id":"c1","created":1,"model":"m","choices":[{"index":0,'
            '"delta":{"content":"a","cont\\u0065nt":"b"}}]}'
        ),
        END,
        variant="an-escaped-key-is-the-same-key",
        text="b",
        finish="stop",
        repairs="duplicate-key",
    ),
]


@pytest.mark.parametrize("wire_case", CASES, ids=lambda case: case.name)
def test_a_chunk_is_read_whatever_its_shape(wire_case: Case) -> None:
    """Known members are read by kind, unknown ones kept, nothing is lost in silence."""
    check(wire_case)


def test_only_bytes_are_fed() -> None:
    """Another kind of input is the caller's mistake, and the parser goes on after it."""
    parser = StreamParser()
    for wrong in ("data: {}\n\n", None, 5, [100]):
        with pytest.raises(UsageError, match=type(wrong).__name__):
            parser.feed(wrong)  # type: ignore[arg-type]  # the mistake
    parser.feed(bytearray(text("H")))  # type: ignore[arg-type]  # taken all the same
    parser.feed(memoryview(text("i")))  # type: ignore[arg-type]  # taken all the same
    assert parser.result().to_dict()["choices"][0]["text"] == "Hi"


@pytest.mark.parametrize("body", [text("Hi"), bytearray(b"data"), "data: {}", [text("Hi"), 5]])
def test_parse_takes_pieces(body: object) -> None:
    """A body that is not in a list, and a piece that is no bytes, are the caller's mistake."""
    with pytest.raises(UsageError, match=r"pieces|not int"):
        parse(body)  # type: ignore[arg-type]  # the mistake
