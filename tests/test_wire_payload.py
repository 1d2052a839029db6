"""The payload table, strings and surrogates, numbers of any size, nesting, and the frame cap."""

import json
import math
import time
from collections.abc import Callable
from typing import Any

import pytest

from chunkproof import StreamParser, parse
from chunkproof.errors import ParseError, UsageError
from tests.expectation import (
    INCOMPLETE,
    START,
    Case,
    Containing,
    OneOf,
    call,
    case,
    end,
    error,
    event,
    usage,
)
from tests.specification import as_json, check, drain, repair_names
from tests.wire import DONE, bare, chunk, chunk_object, data, payload, stop, text

END = stop() + DONE
HI: dict[str, Any] = {"text": "Hi", "finish": "stop"}


def ignored(name: str, rules: str, raw: str | bytes, repairs: str = "", **more: Any) -> Case:
    """Return the case of a payload that says nothing, between two that do."""
    return case(
        name, rules, text("H"), data(raw), text("i"), END, repairs=repairs, **{**HI, **more}
    )


def failing(name: str, rules: str, raw: str | bytes, shown: str) -> Case:
    """Return the case of a payload that fails the stream, between two that are read."""
    return case(
        name,
        rules,
        text("H"),
        data(raw),
        text("i"),
        END,
        outcome="failed",
        error=error(Containing(shown), ..., ...),
        **HI,
    )


PAYLOADS = [
    ignored("nothing/empty", "PAY-2", ""),
    ignored("nothing/white-space", "PAY-2", " \t "),
    ignored("nothing/null", "PAY-2", "null"),
    ignored("nothing/null-in-white-space", "PAY-2", "\t null \t"),
    ignored("nothing/empty-object", "PAY-2", "{}"),
    ignored("comment/colon", "PAY-3", ": ping", "comment-as-data"),
    ignored("comment/colon-alone", "PAY-3", ":", "comment-as-data"),
    ignored("comment/white-space-before", "PAY-3", "\t: x", "comment-as-data"),
    ignored("word/ping", "PAY-4", "ping", "ping-as-data"),
    ignored("word/dots-and-dashes", "PAY-4", "keep_alive-1.0", "ping-as-data"),
    ignored("word/32-letters", "PAY-4", "x" * 32, "ping-as-data"),
    failing("word/33-letters", "PAY-4 PAY-10", "x" * 33, "xxx"),
    failing("word/two-words", "PAY-4 PAY-10", "keep alive", "keep alive"),
    ignored("word/done-in-any-case", "PAY-4 PAY-1", "[done]", "ping-as-data"),
    ignored("word/true", "PAY-4", "true", "ping-as-data"),
    ignored("word/nan", "PAY-4", "NaN", "ping-as-data"),
    ignored("other/number", "PAY-8 PAY-4", "12", "payload-not-an-object"),
    ignored("other/fraction", "PAY-8 PAY-4", "-1.5e3", "payload-not-an-object"),
    ignored("other/empty-list", "PAY-8 PAY-7", "[]", "payload-not-an-object"),
    ignored("other/list", "PAY-8 PAY-7", '[1,{"error":"x"}]', "payload-not-an-object"),
    failing("failed/string", "PAY-7", '"over quota"', "over quota"),
    failing("failed/list-of-errors", "PAY-7", '[{"error":{"message":"over quota"}}]', "over quota"),
    ignored(
        "object/unknown",
        "PAY-6",
        '{"ping":1,"x":{"y":2},"z":null}',
        "unknown-object",
        extra={"/ping": 1, "/x": {"y": 2}},
    ),
    case(
        "object/usage-alone-is-a-chunk",
        "PAY-6 PAY-5 USE-1",
        text("Hi"),
        stop(),
        data('{"usage":{"total_tokens":3}}'),
        DONE,
        usage=usage(None, None, 3),
        **HI,
    ),
    case(
        "object/white-space-inside",
        "PAY-5",
        data(json.dumps(chunk_object({"content": "Hi"}), separators=(" , ", " :\t"))),
        END,
        **HI,
    ),
    case(
        "object/white-space-around",
        "PAY-5",
        data(" \t" + payload(chunk_object({"content": "Hi"})) + "\t "),
        END,
        **HI,
    ),
    case(
        "lines/one-payload-each",
        "PAY-9",
        b"data: " + payload(chunk_object({"content": "H"})).encode() + b"\n",
        b"data: " + payload(chunk_object({"content": "i"})).encode() + b"\n",
        b"data: " + payload(chunk_object({}, "stop")).encode() + b"\n",
        b"data: [DONE]\n\n",
        repairs="blank-line-missing",
        events=[
            START,
            event("text", choice=0, text="H"),
            event("text", choice=0, text="i"),
            event("finish", choice=0, reason="stop"),
            end(),
        ],
        **HI,
    ),
    case(
        "lines/after-done-nothing-is-read",
        "PAY-9 END-7",
        text("Hi"),
        stop()[:-1],
        b"data: [DONE]\n",
        b"data: " + payload(chunk_object({"content": "X"})).encode() + b"\n\n",
        repairs="blank-line-missing",
        **HI,
    ),
    case(
        "lines/one-that-is-neither-fails-them-all",
        "PAY-9 PAY-10",
        text("H"),
        b"data: " + payload(chunk_object({"content": "X"})).encode() + b"\n",
        b"data: nonsense text\n\n",
        text("i"),
        END,
        outcome="failed",
        error=error(Containing("nonsense text"), ..., ...),
        **HI,
    ),
    case(
        "object/raw-tab-in-a-string",
        "PAY-11",
        data(
            b'{"id":"c1","created":1,"model":"m","choices":[{"index":0,"delta":{"content":"a\tb"}}]}'
        ),
        END,
        text="a\tb",
        finish="stop",
        repairs="control-character",
    ),
    case(
        "object/data-lines-joined-inside-a-string",
        "PAY-11 SSE-8",
        b'data: {"id":"c1","created":1,"model":"m","choices":[{"index":0,"delta":{"content":"a\n',
        b'data: b"}}]}\n\n',
        END,
        text="a\nb",
        finish="stop",
        repairs="control-character",
    ),
    case(
        "object/nan-and-infinity",
        "PAY-12",
        data(
            '{"id":"c1","created":1,"model":"m","x":NaN,"timings":{"a":[Infinity,-Infinity,1]},'
            '"choices":[{"index":0,"delta":{"content":"Hi"}}]}'
        ),
        END,
        extra=OneOf(
            (
                {"/x": None, "/timings": {"a": [None, None, 1]}},
                {"/timings": {"a": [None, None, 1]}},
            )
        ),
        repairs="non-finite-number",
        **HI,
    ),
    case(
        "object/nan-in-logprobs",
        "PAY-12 ENV-9",
        data(
            '{"id":"c1","created":1,"model":"m","choices":[{"index":0,"delta":{"content":"Hi"},'
            '"logprobs":{"content":[{"token":"Hi","logprob":-Infinity}]}}]}'
        ),
        END,
        logprobs={"content": [{"token": "Hi", "logprob": None}], "refusal": []},
        repairs="non-finite-number",
        **HI,
    ),
]


def nested(depth: int) -> bytes:
    """Return a chunk whose deepest value stands at this depth; the chunk itself is at 1."""
    lists = "[" * (depth - 1) + "]" * (depth - 1)
    return data(payload(chunk_object({"content": "i"}))[:-1] + f',"deep":{lists}}}')


NESTING = [
    case("nesting/256", "PAY-13", text("H"), nested(256), END, extra={"/deep": ...}, **HI),
    *(
        case(
            f"nesting/{depth}",
            "PAY-13 PAY-10",
            text("Hi"),
            nested(depth),
            END,
            outcome="failed",
            error=error(Containing("256"), ..., ...),
            **HI,
        )
        for depth in (257, 1_000, 20_000)
    ),
    case(
        "nesting/objects",
        "PAY-13",
        text("Hi"),
        data('{"a":' * 257 + "1" + "}" * 257),
        END,
        outcome="failed",
        error=error(Containing("256"), ..., ...),
        **HI,
    ),
    case(
        "nesting/brackets-in-strings-do-not-count",
        "PAY-13",
        text("[" * 300),
        END,
        text="[" * 300,
        finish="stop",
    ),
    case(
        "nesting/never-closed",
        "PAY-13 PAY-10",
        text("Hi"),
        data("[" * 5_000),
        END,
        outcome="failed",
        **HI,
    ),
]


def spelled(member: str, *fragments: str) -> bytes:
    """Return one chunk per fragment, each written with the escapes as given."""
    return b"".join(
        data(
            '{"id":"c1","created":1,"model":"m","choices":[{"index":0,"delta":{"%s":"%s"}}]}'
            % (member, fragment)
        )
        for fragment in fragments
    )


def argued(*fragments: str) -> bytes:
    """Return a call and one chunk per fragment of its arguments, escapes as given."""
    first = chunk({"tool_calls": [{"index": 0, "id": "a", "function": {"name": "f"}}]})
    return first + b"".join(
        data(
            '{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,'
            '"function":{"arguments":"%s"}}]}}]}' % fragment
        )
        for fragment in fragments
    )


CHANNELS = (("content", "text"), ("reasoning", "reasoning"), ("refusal", "refusal"))


def spoken(channel: str, expected: str) -> dict[str, Any]:
    return {channel: expected, "finish": "stop"}


STRINGS = [
    *(
        case(
            f"surrogates/{variant}",
            rules,
            spelled(member, *fragments),
            END,
            variant=member,
            **spoken(channel, expected),
            repairs=repairs,
        )
        for member, channel in CHANNELS
        for variant, rules, fragments, expected, repairs in (
            ("a-pair-in-one-string", "TXT-1", ("a\\ud83d\\ude00b",), "a😀b", ""),
            ("halves-join", "TXT-3", ("a\\ud83d", "\\ude00b"), "a😀b", "surrogate-split"),
            (
                "halves-join-over-an-empty-delta",
                "TXT-3",
                ("a\\ud83d", "", "\\ude00b"),
                "a😀b",
                "surrogate-split",
            ),
            (
                "two-pairs",
                "TXT-3",
                ("\\ud83d", "\\ude00\\ud83d", "\\ude01"),
                "😀😁",
                "surrogate-split",
            ),
            ("a-high-half-alone", "TXT-4", ("a\\ud83d", "b"), "a\ufffdb", "surrogate-lone"),
            ("a-high-half-at-the-end", "TXT-4", ("a\\ud83d",), "a\ufffd", "surrogate-lone"),
            ("a-low-half-alone", "TXT-4", ("a", "\\ude00b"), "a\ufffdb", "surrogate-lone"),
            ("a-high-half-inside", "TXT-4", ("a\\ud83db",), "a\ufffdb", "surrogate-lone"),
            (
                "the-wrong-way-round",
                "TXT-4",
                ("\\ude00\\ud83d", "!"),
                "\ufffd\ufffd!",
                "surrogate-lone",
            ),
            (
                "two-high-halves",
                "TXT-4 TXT-3",
                ("\\ud83d", "\\ud83d", "\\ude00"),
                "\ufffd😀",
                "surrogate-lone surrogate-split",
            ),
        )
    ),
    case(
        "surrogates/held-text-comes-before-finish",
        "TXT-4 FIN-1",
        spelled("content", "a\\ud83d"),
        END,
        text="a\ufffd",
        finish="stop",
        repairs="surrogate-lone",
        events=[
            START,
            event("text", choice=0, text="a"),
            event("text", choice=0, text="\ufffd"),
            event("finish", choice=0, reason="stop"),
            end(),
        ],
    ),
    case(
        "surrogates/held-text-comes-before-end",
        "TXT-4 END-5",
        spelled("content", "a\\ud83d"),
        outcome="incomplete",
        text=OneOf(("a", "a\ufffd")),
        may_repair="surrogate-lone",
    ),
    case(
        "surrogates/another-channel-does-not-disturb",
        "TXT-3 TXT-5",
        spelled("content", "\\ud83d"),
        spelled("refusal", "no"),
        spelled("reasoning", "\\ud83d"),
        spelled("content", "\\ude00"),
        spelled("reasoning", "\\ude01"),
        END,
        text="😀",
        refusal="no",
        reasoning="😁",
        finish="stop",
        repairs="surrogate-split",
    ),
    case(
        "surrogates/arguments-join",
        "TXT-3 TOOL-8",
        argued('{\\"a\\":\\"\\ud83d', '\\ude00\\"}'),
        stop("tool_calls"),
        DONE,
        calls=[call("f", '{"a":"😀"}', id="a")],
        finish="tool_calls",
        repairs="surrogate-split",
    ),
    case(
        "surrogates/arguments-alone",
        "TXT-4 TOOL-8",
        argued('\\"\\ude00\\"'),
        stop("tool_calls"),
        DONE,
        calls=[call("f", '"\ufffd"', id="a")],
        finish="tool_calls",
        repairs="surrogate-lone",
    ),
    case(
        "surrogates/escapes-inside-arguments-are-text",
        "TOOL-8",
        argued('{\\"a\\":\\"\\\\ud83d', '\\\\ude00\\"}'),
        stop("tool_calls"),
        DONE,
        calls=[call("f", '{"a":"\\ud83d\\ude00"}', id="a")],
        finish="tool_calls",
    ),
    case(
        "surrogates/ids-and-names",
        "TXT-4",
        data(
            '{"id":"i\\ud83d","created":1,"model":"m\\ude00","choices":[{"index":0,"delta":'
            '{"tool_calls":[{"index":0,"id":"a\\ud83d","function":{"name":"f\\ude00",'
            '"arguments":"{}"}}]},"finish_reason":"s\\ud83d"}]}'
        ),
        DONE,
        envelope={"id": "i\ufffd", "model": "m\ufffd"},
        calls=[call("f\ufffd", "{}", id="a\ufffd", executable=False)],
        finish="s\ufffd",
        repairs="surrogate-lone",
    ),
    case(
        "surrogates/extra-values-and-keys",
        "TXT-4 ENV-7",
        data(
            '{"id":"c1","created":1,"model":"m","x":{"a":["\\ud83d"]},"choices":[{"index":0,'
            '"delta":{"content":"Hi"}}]}'
        ),
        END,
        extra={"/x": {"a": ["\ufffd"]}},
        repairs="surrogate-lone",
        **HI,
    ),
    case(
        "surrogates/pairs-in-extra-values-are-characters",
        "ENV-7",
        data(
            '{"id":"c1","created":1,"model":"m","x\\ud83d\\ude00":"\\ud83d\\ude00",'
            '"choices":[{"index":0,"delta":{"content":"Hi"}}]}'
        ),
        END,
        extra={"/x😀": "😀"},
        **HI,
    ),
    case(
        "surrogates/in-an-error",
        "TXT-4 ERR-1",
        text("Hi"),
        data('{"error":{"message":"m\\ud83d"}}'),
        text="Hi",
        outcome="failed",
        error=error("m\ufffd"),
        may_repair="surrogate-lone",
    ),
    case("strings/nul", "TXT-1", text("a\x00b"), END, text="a\x00b", finish="stop"),
    case("strings/bom-inside", "SSE-2 TXT-1", text("\ufeffa"), END, text="\ufeffa", finish="stop"),
    case(
        "strings/combining-marks-are-not-normalised",
        "TXT-1",
        text("e"),
        text("\u0301\u200d"),
        END,
        text="e\u0301\u200d",
        finish="stop",
    ),
]

NUMBERS = [
    *(
        case(
            f"numbers/{variant}",
            "ENV-7 ENV-6",
            data(
                '{"id":"c1","created":1,"model":"m","n":%s,"choices":[{"index":0,"delta":'
                '{"content":"Hi"}}]}' % raw
            ),
            END,
            extra={"/n": kept} if kept is not None else ...,
            may_repair="non-finite-number" if kept is None else "",
            **HI,
        )
        for variant, raw, kept in (
            ("10-to-18", "1000000000000000000", 10**18),
            ("beyond-64-bits", "100000000000000000000000", 10**23),
            ("negative", "-100000000000000000000000", -(10**23)),
            ("float", "1.0", 1.0),
            ("small", "1e-400", 0.0),
            ("5000-digits", "9" * 5_000, None),
            ("5000-digits-in-a-list", "[" + "9" * 5_000 + "]", None),
            ("1e400", "1e400", None),
        )
    ),
    case(
        "numbers/usage-of-any-size",
        "USE-1 ENV-6",
        text("Hi"),
        stop(usage={"prompt_tokens": 10**18, "completion_tokens": 10**30, "total_tokens": -1}),
        DONE,
        usage=usage(10**18, 10**30, -1),
        **HI,
    ),
    case(
        "numbers/a-huge-created",
        "ENV-1",
        text("Hi").replace(b'"created":1', b'"created":1' + b"0" * 30),
        END,
        envelope={"created": 10**30},
        **HI,
    ),
    *(
        case(
            f"numbers/{variant}-in-a-known-integer",
            "ENV-6",
            text("Hi").replace(b'"created":1', b'"created":' + raw),
            END,
            envelope={"created": OneOf((1, None))},
            extra=...,
            may_repair="wrong-type non-finite-number",
            **HI,
        )
        for variant, raw in (
            ("5000-digits", b"9" * 5_000),
            ("1e400", b"1e400"),
            ("nan", b"NaN"),
        )
    ),
]

CASES = [*PAYLOADS, *NESTING, *STRINGS, *NUMBERS]


@pytest.mark.parametrize("wire_case", CASES, ids=lambda case: case.name)
def test_every_payload_has_its_place(wire_case: Case) -> None:
    """The first row of the payload table that fits decides; the result is always plain JSON."""
    check(wire_case)


def test_a_negative_zero_stays_a_float() -> None:
    """`-0.0` is kept as sent (RFC 8259, section 6)."""
    result = parse([text("Hi", n=-0.0) + END]).to_dict()
    assert math.copysign(1.0, result["extra"]["/n"]) == -1.0


def test_an_integer_stays_an_integer() -> None:
    """`1` and `1.0` stay apart where they are kept raw."""
    result = parse([text("Hi", a=1, b=1.0) + END]).to_dict()
    assert type(result["extra"]["/a"]) is int
    assert type(result["extra"]["/b"]) is float


def test_the_raw_payload_of_a_failure_is_kept_up_to_1000_code_points() -> None:
    """An unreadable payload is shown, at most 1,000 code points of it (PAY-10)."""
    broken = "{é" + "é" * 5_000
    events = as_json(drain([text("Hi") + data(broken) + END]))
    (failure,) = [event for event in events if event["event"] == "error"]
    assert failure["rule"] == "PAY-10"
    assert failure["raw"] == broken[:1000]
    assert events[-1] == {
        "event": "end",
        "outcome": "failed",
        "offset": len(b"".join([text("Hi"), data(broken), END])),
    }


@pytest.mark.parametrize("size", [1, 7, 10_000])
def test_a_frame_over_the_cap_fails_and_reading_goes_on(size: int) -> None:
    """Rule SSE-15: the frame has its own error; the next one is read."""
    body = text("H") + text("x" * 1_000) + text("i") + END
    parser = StreamParser(max_frame_bytes=500)
    events = as_json(
        drain((body[at : at + size] for at in range(0, len(body), size)), parser=parser)
    )
    result = parser.result().to_dict()
    assert result["outcome"] == "failed"
    assert result["choices"][0]["text"] == "Hi"
    (failure,) = [event for event in events if event["event"] == "error"]
    assert failure["rule"] == "SSE-15"
    assert result["error"]["message"] == failure["message"]


def test_the_cap_counts_all_lines_of_a_frame() -> None:
    """Many short data lines of one frame are capped like one long line."""
    body = text("H") + b"data: xxxxxxxx\n" * 100 + b"\n" + text("i") + END
    for pieces in ([body], [bytes([byte]) for byte in body]):
        parser = StreamParser(max_frame_bytes=500)
        events = as_json(drain(pieces, parser=parser))
        assert parser.result().to_dict()["choices"][0]["text"] == "Hi"
        assert [event["rule"] for event in events if event["event"] == "error"] == ["SSE-15"]


@pytest.mark.parametrize("line", [b": comment ", b"unknown: ", b"id: ", b"x"])
def test_a_line_that_is_no_data_is_not_kept(line: bytes) -> None:
    """A long line of another kind does not take part in the answer, whatever its length."""
    body = text("H") + line + b"y" * 2_000 + b"\n\n" + text("i") + END
    parser = StreamParser(max_frame_bytes=500)
    drain([body[at : at + 64] for at in range(0, len(body), 64)], parser=parser)
    assert parser.result().to_dict()["choices"][0]["text"] == "Hi"


def test_100000_levels_are_refused_in_linear_time() -> None:
    """Deep nesting is malformed at once: no recursion, no long run (PAY-13)."""
    for opening in (b"[", b'{"a":'):
        body = text("Hi") + data(opening * 100_000) + END
        started = time.process_time()
        result = parse([body]).to_dict()
        assert time.process_time() - started < 5
        assert result["outcome"] == "failed"
        assert "256" in result["error"]["message"]
        assert result["choices"][0]["text"] == "Hi"


def test_deep_arguments_are_text() -> None:
    """Arguments are not part of the chunk's nesting; their validity is decided at any depth."""
    deep = "[" * 5_000 + "]" * 5_000
    body = chunk(
        {"tool_calls": [{"index": 0, "id": "a", "function": {"name": "f", "arguments": deep}}]}
    )
    result = parse([body + stop("tool_calls") + DONE]).to_dict()
    (tool_call,) = result["choices"][0]["tool_calls"]
    assert tool_call["arguments"] == deep
    assert tool_call["valid_json"] is True
    body = body.replace(deep.encode(), deep[:-1].encode())
    (tool_call,) = parse([body + stop("tool_calls") + DONE]).to_dict()["choices"][0]["tool_calls"]
    assert tool_call["valid_json"] is False


def test_one_parser_uses_one_entry() -> None:
    """Bytes, frames and chunks do not mix in one parser."""
    frame = payload(chunk_object({"content": "Hi"})).encode()
    entries: tuple[Callable[[StreamParser], object], ...] = (
        lambda parser: parser.feed(data(frame)),
        lambda parser: parser.feed_frame(frame),
        lambda parser: parser.feed_chunk(chunk_object({"content": "Hi"})),
    )
    for first in entries:
        for second in entries:
            parser = StreamParser()
            first(parser)
            if first is second:
                second(parser)
            else:
                with pytest.raises(UsageError):
                    second(parser)


def test_chunks_enter_without_bytes() -> None:
    """At the chunk level `[DONE]` is invisible: finished and closed is complete, no repair."""
    parser = StreamParser()
    events = parser.feed_chunk(chunk_object({"role": "assistant", "content": "Hi"}))
    events += parser.feed_chunk(chunk_object({}, "stop", usage={"total_tokens": 3}))
    events += parser.close()
    assert (
        parser.result().to_dict()
        == parse([text("Hi") + stop(usage={"total_tokens": 3}) + DONE]).to_dict()
    )
    assert all(event["offset"] is None for event in as_json(events))


def test_what_a_client_let_through_oddly_goes_through_the_payload_table() -> None:
    """A chunk-level value that is no chunk is judged like a payload."""
    nothing: tuple[Any, ...] = (None, {})
    for value in nothing:
        parser = StreamParser()
        parser.feed_chunk(value)
        parser.feed_chunk(chunk_object({"content": "Hi"}, "stop"))
        parser.close()
        assert parser.result().to_dict()["outcome"] == "complete"
        assert parser.result().to_dict()["repairs"] == []
    parser = StreamParser()
    parser.feed_chunk({"error": {"message": "m"}})
    parser.close()
    assert parser.result().to_dict()["error"] == error("m")


def test_at_the_chunk_level_an_unfinished_stream_is_incomplete() -> None:
    """No finish reason and a clean close: nothing is invented."""
    parser = StreamParser()
    parser.feed_chunk(chunk_object({"content": "Hi"}))
    parser.close()
    result = parser.result().to_dict()
    assert result["outcome"] == "incomplete"
    assert result["error"]["type"] == INCOMPLETE["type"]


def test_strict_names_the_frame() -> None:
    """The error of strict reading has byte offset, frame number and rule (from 1)."""
    body = text("a") + b": comment\n\n" + text("b") + data("ping") + END
    parser = StreamParser(strict=True)
    with pytest.raises(ParseError) as caught:
        parser.feed(body)
    assert (caught.value.repair, caught.value.rule) == ("ping-as-data", "PAY-4")
    assert caught.value.frame == 3
    assert caught.value.offset == body.index(b"data: ping") + len(b"data: ping\n\n")
    assert [event["event"] for event in as_json(caught.value.events)] == ["start", "text", "text"]


def test_repairs_are_counted_from_the_first_one() -> None:
    """The result lists each repair once: name, rule, first offset, count."""
    body = text("a") + data("ping") + data("pong") + END
    result = parse([body]).to_dict()
    assert repair_names(result) == {"ping-as-data"}
    assert result["repairs"] == [
        {
            "name": "ping-as-data",
            "rule": "PAY-4",
            "offset": len(text("a") + data("ping")),
            "count": 2,
        }
    ]


def test_bare_chunks_have_an_envelope() -> None:
    """The builder of these tests writes what it says."""
    assert bare(choices=[]) == b'data: {"id":"c1","created":1,"model":"m","choices":[]}\n\n'
