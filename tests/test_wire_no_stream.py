"""Bodies that are no event stream: an answer, an error, or incomplete, never an empty success."""

import pytest

from tests.expectation import (
    INCOMPLETE,
    Case,
    Containing,
    call,
    case,
    choice,
    error,
)
from tests.specification import check
from tests.wire import DONE, chunk_object, payload, stop

HI = payload(chunk_object({"content": "Hi"})).encode()
END = stop() + DONE
ANSWER = (
    b'{"id":"c1","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,'
    b'"message":{"role":"assistant","content":"Hi"},"finish_reason":"stop"}]}'
)

CASES = [
    case(
        "json-body-not-sse",
        "PAY-15",
        ANSWER,
        variant="an-answer",
        text="Hi",
        finish="stop",
        repairs="not-a-stream",
        framed=False,
    ),
    case(
        "json-body-not-sse",
        "PAY-15",
        b"\n  " + ANSWER.replace(b",", b",\n  ") + b"\n",
        variant="a-pretty-answer",
        text="Hi",
        finish="stop",
        repairs="not-a-stream",
        may_repair="unknown-field",
        framed=False,
    ),
    case(
        "json-body-not-sse",
        "PAY-15 TOOL-9 USE-1",
        ANSWER.replace(
            b'"content":"Hi"',
            b'"content":null,"tool_calls":[{"id":"a","type":"function","function":{"name":"f",'
            b'"arguments":"{}"}},{"id":"b","type":"function","function":{"name":"g",'
            b'"arguments":"{}"}}]',
        ).replace(
            b'"stop"}]',
            b'"tool_calls"}],"usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}',
        ),
        variant="an-answer-with-calls-and-usage",
        calls=[call("f", "{}", id="a"), call("g", "{}", id="b")],
        finish="tool_calls",
        usage={"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3, "raw": ...},
        repairs="not-a-stream",
        framed=False,
    ),
    case(
        "json-body-not-sse",
        "PAY-15 ERR-1",
        b'{"error":{"message":"no such model","type":"invalid_request_error","code":404}}',
        variant="an-error",
        outcome="failed",
        envelope={"id": None, "model": None, "created": None},
        choices=[],
        error=error("no such model", "invalid_request_error", 404),
        may_repair="not-a-stream",
        framed=False,
    ),
    *(
        case(
            "json-body-not-sse",
            "PAY-15 END-8",
            body,
            variant=variant,
            outcome="incomplete",
            envelope={"id": None, "model": None, "created": None},
            choices=[],
            error={**INCOMPLETE, "message": Containing(shown)},
            may_repair="unknown-field",
            framed=False,
        )
        for variant, body, shown in (
            ("html", b"<html><body>502 Bad Gateway</body></html>\n", ""),
            ("half-an-answer", ANSWER[:60], ANSWER[:60].decode()),
            ("nothing", b"", ""),
            ("comments-alone", b": ping\n\n: ping\n\n", ""),
            # Its first byte is neither { nor [: nobody kept it.
            ("an-answer-after-a-comment", b": ping\n\n" + ANSWER, ""),
        )
    ),
    case(
        "json-body-not-sse",
        "PAY-15",
        ANSWER,
        variant="an-answer-and-a-transport-error",
        outcome="failed",
        text="Hi",
        finish="stop",
        error=error(Containing("reset"), "transport"),
        repairs="not-a-stream",
        framed=False,
        close_error=ConnectionError("reset by peer"),
    ),
    case(
        "json-body-not-sse",
        "PAY-15",
        ANSWER.replace(b'"stop"', b'"error"'),
        variant="an-answer-that-finished-in-an-error",
        outcome="failed",
        text="Hi",
        finish="error",
        repairs="not-a-stream",
        framed=False,
    ),
    case(
        "json-body-not-sse",
        "PAY-15",
        ANSWER.replace(b'{"id"', b'{"error":{"message":"late"},"id"', 1),
        variant="an-answer-beside-an-error",
        outcome="failed",
        text="Hi",
        finish="stop",
        error=error("late"),
        repairs="not-a-stream",
        framed=False,
    ),
    case(
        "json-body-not-sse",
        "PAY-15",
        b'{"id":"c1","created":1,"model":"m","choices":['
        b'{"index":null,"message":{"content":"a"},"finish_reason":"stop"},'
        b'{"index":null,"message":{"content":null,"tool_calls":['
        b'{"index":0,"id":"a","function":{"name":"f","arguments":"{}"}},'
        b'{"index":0,"id":"b","function":{"name":"g","arguments":"{}"}}]},'
        b'"finish_reason":"tool_calls"}]}',
        variant="places-in-the-lists-are-indexes",
        choices=[
            choice(0, text="a", finish="stop"),
            choice(
                1, calls=[call("f", "{}", id="a"), call("g", "{}", id="b")], finish="tool_calls"
            ),
        ],
        repairs="not-a-stream",
        framed=False,
    ),
    case(
        "json-body-not-sse",
        "PAY-15 END-8",
        b'{"detail":[{"loc":["body","model"],"msg":"field required"}]}',
        variant="a-validation-error-of-fastapi-is-shown",
        outcome="incomplete",
        envelope={"id": None, "model": None, "created": None},
        choices=[],
        error={**INCOMPLETE, "message": Containing("field required")},
        framed=False,
    ),
]


@pytest.mark.parametrize("wire_case", CASES, ids=lambda case: case.name)
def test_a_body_that_is_no_stream_is_read_for_what_it_is(wire_case: Case) -> None:
    """Rule PAY-15, from bytes cut anywhere."""
    check(wire_case)
