"""Truths that the recorder states: read off whole frames, and given up where anything is odd.

The expected values are written by hand from the bodies below.
"""

import json
from typing import Any

import msgspec
import pytest

from chunkproof_conformance.cases.key import TransportEnd
from chunkproof_conformance.cases.wire_view import WireView
from chunkproof_conformance.oracles import truth as oracle
from chunkproof_conformance.record.agreement import contradicts
from chunkproof_conformance.record.claims import claims
from chunkproof_conformance.record.stated import UNENDED, maybe_truth


def frame(delta: dict[str, Any], finish: str | None = None, index: int = 0, **more: Any) -> bytes:
    choice = {"index": index, "delta": delta, "finish_reason": finish}
    chunk = {"id": "c", "created": 1, "model": "m", "choices": [choice], **more}
    return f"data: {json.dumps(chunk)}\n\n".encode()


START = frame({"role": "assistant", "content": ""})
HEL, LO = frame({"content": "Hel"}), frame({"content": "lo"})
STOP = frame({}, "stop")
DONE = b"data: [DONE]\n\n"
ERROR = b'data: {"error": {"message": "no more", "type": "server_error"}}\n\n'
CALL = frame({"tool_calls": [{"index": 0, "id": "a", "type": "function",
              "function": {"name": "f", "arguments": ""}}]})  # fmt: skip
HALF = frame({"tool_calls": [{"index": 0, "function": {"arguments": '{"x": '}}]})


def stated(body: bytes, end: TransportEnd = "eof", status: int = 200) -> Any:
    """The truth as JSON, checked against the bytes by the oracle itself."""
    truth = maybe_truth(body, end, status)
    assert truth is not None
    value = msgspec.to_builtins(truth)
    oracle.check(value, body)
    return value


def texts(value: Any) -> list[str | None]:
    return [
        "".join(segment["text"]["value"] for segment in choice.get("segments", []))
        for choice in value.get("choices", [])
    ]


@pytest.mark.parametrize(
    ("body", "end", "outcome", "because", "said"),
    [
        (START + HEL + LO, "eof", "incomplete", "END-5", ["Hello"]),
        (START + HEL + LO, "client-closed", "incomplete", "END-5", ["Hello"]),
        (START + HEL + LO, "reset", "failed", "END-6", ["Hello"]),
        (START + HEL + LO, "short-length", "failed", "END-6", ["Hello"]),
        (START + HEL + STOP, "eof", "complete", "END-3", ["Hel"]),
        (START + HEL + DONE, "eof", "complete", "END-4", ["Hel"]),
        (START + HEL + STOP, "reset", "failed", "END-6", ["Hel"]),
        (START + HEL + STOP + DONE, "reset", "complete", "END-2", ["Hel"]),
        (START + HEL + ERROR, "eof", "failed", "END-1", ["Hel"]),
        (START + HEL + ERROR + DONE, "eof", "failed", "END-1", ["Hel"]),
        (ERROR, "eof", "failed", "END-1", []),
        (b": ping\n\n" + START + HEL + b": ping\n\n", "eof", "incomplete", "END-5", ["Hel"]),
        (b"", "eof", "incomplete", "END-8", []),
        (b"", "reset", "failed", "END-6", []),
        (b": ping\n\n", "eof", "incomplete", "END-8", []),
        (START + HEL + LO[:-20], "eof", "incomplete", "END-5", ["Hel"]),
        (START + HEL + LO[:-20], "reset", "failed", "END-6", ["Hel"]),
    ],
)
def test_the_outcome_follows_from_frames_and_transport(
    body: bytes, end: TransportEnd, outcome: str, because: str, said: list[str]
) -> None:
    value = stated(body, end)
    assert (value["outcome"], value["because"], texts(value)) == (outcome, because, said)


def test_content_whose_frame_was_never_ended_is_set_aside() -> None:
    """The line is whole and is JSON, but no empty line came: it was not dispatched."""
    body = START + HEL + LO[:-1]
    value = stated(body)
    assert texts(value) == ["Hel"]
    at = body.rindex(b'"lo"') + 1
    assert {"at": [(at, at + 2)], "why": UNENDED} in value["set_aside"]


def test_half_a_call_is_stated_as_it_stands() -> None:
    (choice,) = stated(START + CALL + HALF)["choices"]
    (call,) = choice["segments"]
    assert (call["name"]["value"], call["arguments"]["value"]) == ("f", '{"x": ')
    assert "finish_reason" not in choice


def test_finished_and_open_choices_are_told_apart() -> None:
    other = frame({"role": "assistant", "content": "x"}, index=1)
    first, second = stated(START + other + HEL + STOP)["choices"]
    assert first["finish_reason"]["value"] == "stop"
    assert "finish_reason" not in second


def test_usage_that_came_is_stated() -> None:
    counts = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}
    value = stated(START + frame({"content": "a"}, usage=counts))
    assert {name: said["value"] for name, said in value["usage"].items()} == counts


def test_a_refused_request_says_nothing_but_that_it_failed() -> None:
    value = stated(b'{"error": {"message": "no"}}', status=400)
    assert value == {"outcome": "failed", "because": "PAY-15"}


@pytest.mark.parametrize(
    ("body", "end", "status"),
    [
        (START + HEL + STOP + DONE, "eof", 200),
        (b"<html>bad gateway</html>", "eof", 502),
        (b'{"detail": "no"}', "eof", 404),
        (b"data: {not json\n\n" + START, "eof", 200),
        (START.replace(b"data: ", b"data:") + HEL, "eof", 200),
        (START + frame({"content": ["a list"]}), "eof", 200),
        (frame({"content": "no role"}), "eof", 200),
        (START + HEL + STOP + LO, "eof", 200),
        (START.replace(b"\n", b"\r\n") + HEL, "eof", 200),
    ],
    ids=["plain", "html", "flat error", "broken", "no space", "parts", "no role", "late", "crlf"],
)
def test_what_another_oracle_reads_or_a_person_must_is_not_stated(
    body: bytes, end: TransportEnd, status: int
) -> None:
    assert maybe_truth(body, end, status) is None


def view(body: bytes, end: TransportEnd = "eof", status: int = 200) -> WireView:
    return WireView(body, (body,), status, end)


@pytest.mark.parametrize(
    ("body", "end", "agrees", "strength", "profiles"),
    [
        (START + HEL + STOP + DONE, "eof", True, "must", ["core"]),
        (START + HEL + STOP + DONE, "eof", False, "should", ["core"]),
        (START + HEL + LO, "reset", False, "must", ["core"]),
        (START + CALL + HALF, "eof", False, "must", ["core", "tools"]),
        (START + HEL + STOP, "eof", True, "choice", ["lenient"]),
        (frame({"content": "no role"}) + STOP + DONE, "eof", True, "should", ["lenient"]),
        (b"data: nothing\n\n", "eof", True, "should", ["lenient"]),
    ],
    ids=["two oracles", "one oracle", "cut", "half a call", "contested", "deviates", "unread"],
)
def test_only_what_two_oracles_read_alike_decides(
    body: bytes, end: TransportEnd, agrees: bool, strength: str, profiles: list[str]
) -> None:
    """A cut stream counts as read twice: its transcript is found again in the bytes."""
    said = claims(view(body, end), maybe_truth(body, end, 200), twin_agrees=agrees)
    assert (said.strength, said.profiles) == (strength, profiles)


@pytest.mark.parametrize(
    ("content", "other"),
    [("Hello", False), ("Hallo", True), ("", True), (None, True), (["Hello"], False)],
)
def test_a_twin_that_says_something_else_contradicts(content: Any, other: bool) -> None:
    """Text against text alone; what is no text is not compared."""
    twin = json.dumps({"choices": [{"index": 0, "message": {"content": content}}]}).encode()
    assert contradicts(twin, view(START + HEL + LO)) is other


@pytest.mark.parametrize("twin", [b"", b"[]", b'{"error": "no"}', b'{"choices": [{}]}'])
def test_a_twin_that_is_no_answer_contradicts_nothing(twin: bytes) -> None:
    assert contradicts(twin, view(START + HEL)) is False
