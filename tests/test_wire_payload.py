"""The payload table, strings and surrogates, numbers of any size, nesting, and the frame cap."""

import json
import time
from typing import Any

import pytest

from chunkproof import StreamParser, parse
from tests.expectation import (
    START,
    Case,
    Containing,
    OneOf,
    case,
    end,
    error,
    event,
    usage,
)
from tests.specification import as_json, check, drain
from tests.wire import DONE, chunk, chunk_object, data, payload, stop, text

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


CASES = [
    *PAYLOADS,
    *NESTING,
    *(
        case(
            "payload-of-other-white-space",
            "PAY-10",
            text("Hi"),
            data(space),
            variant=f"u{ord(space):04x}",
            outcome="failed",
            text="Hi",
        )
        for space in ("\u00a0", "\u000b", "\u2028")
    ),
]


@pytest.mark.parametrize("wire_case", CASES, ids=lambda case: case.name)
def test_every_payload_has_its_place(wire_case: Case) -> None:
    """The first row of the payload table that fits decides; the result is always plain JSON."""
    check(wire_case)


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
    result = parser.result().to_dict()
    assert result["choices"][0]["text"] == "Hi"
    assert result["outcome"] == ("failed" if line == b"id: " else "complete")


@pytest.mark.parametrize("size", [7, 8, 9, 10, 64, 600])
def test_a_lost_payload_over_the_cap_is_noticed_however_it_is_cut(size: int) -> None:
    """What is kept of a long line that is no field is the same in every cut (SSE-10, SSE-15)."""
    for line in (b'{"a":"' + b"y" * 600 + b'"}', b" " * 600 + b"data: x", b" data: " + b"y" * 600):
        body = text("Hi") + line + b"\n\n" + END
        whole = drain([body], parser=StreamParser(max_frame_bytes=500))
        pieces = [body[at : at + size] for at in range(0, len(body), size)]
        assert drain(pieces, parser=StreamParser(max_frame_bytes=500)) == whole
        assert "error" not in {event["event"] for event in as_json(whole)}


@pytest.mark.parametrize(
    "body", [b'{"a":"' + b"y" * 600 + b'"}', b'{"a":1}' + b" " * 600 + b"x", b"[\n" * 300]
)
def test_a_body_of_json_over_the_cap_is_incomplete(body: bytes) -> None:
    """What does not fit is no answer and no error; its first 200 bytes are shown (PAY-15)."""
    for size in (1, 64, len(body)):
        parser = StreamParser(max_frame_bytes=500)
        drain([body[at : at + size] for at in range(0, len(body), size)], parser=parser)
        result = parser.result().to_dict()
        assert result["outcome"] == "incomplete"
        assert body[:200].decode() in result["error"]["message"]


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
