"""One request through the real `openai` client, against a server that answers from a list."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from chunkproof_conformance.record.agreement import agreement
from chunkproof_conformance.record.cassette import headers_of, pieces_of, public_uri, to_cassette
from chunkproof_conformance.record.exchange import End
from chunkproof_conformance.record.session import RecordError, record
from tests.record.serving import serving

HEAD = '{"id":"x","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,'
STREAM = (
    f'data: {HEAD}"delta":{{"role":"assistant","content":"Hi"}}}}]}}\n\n'
    f'data: {HEAD}"delta":{{}},"finish_reason":"stop"}}]}}\n\n'
    "data: [DONE]\n\n"
).encode()
TWIN = json.dumps(
    {
        "id": "y",
        "object": "chat.completion",
        "created": 1,
        "model": "m",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "Hi"},
                "finish_reason": "stop",
            }
        ],
    }
).encode()
REQUEST: dict[str, Any] = {
    "model": "m",
    "messages": [{"role": "user", "content": "Hi?"}],
    "stream_options": {"include_usage": True},
    "temperature": 0,
}


@dataclass
class Answers:
    """Status and body for a stream and for the twin; None closes without a word."""

    stream: tuple[int, bytes] | None = (200, STREAM)
    twin: tuple[int, bytes] | None = (200, TWIN)
    encoding: str | None = None
    asked: list[Mapping[str, Any]] = field(default_factory=list)


@contextmanager
def answering(answers: Answers) -> Iterator[str]:
    """The base URL of a server that gives these answers."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            request = json.loads(self.rfile.read(int(self.headers["content-length"])))
            answers.asked.append(request)
            answer = answers.stream if request.get("stream") else answers.twin
            if answer is None:
                return
            self.send_response(answer[0])
            self.send_header("content-type", "text/event-stream")
            if answers.encoding:
                self.send_header("content-encoding", answers.encoding)
            self.end_headers()
            self.wfile.write(answer[1])

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name
            """Say nothing."""

    with serving(Handler) as url:
        yield url


def test_the_twin_drops_stream_and_stream_options_and_nothing_else() -> None:
    answers = Answers()
    with answering(answers) as url:
        recording = record(url, REQUEST)
    streamed, plain = answers.asked
    assert streamed == {**REQUEST, "stream": True}
    assert plain == {name: streamed[name] for name in ("model", "messages", "temperature")}
    assert recording.stream.body == STREAM
    assert recording.twin is not None
    assert recording.twin.body == TWIN


@pytest.mark.parametrize(
    "body",
    [b"data: {not json\n\n" + STREAM, STREAM + b"data: after the end\n\n"],
    ids=["the client could not parse it", "the client stops at [DONE]"],
)
def test_a_stream_is_recorded_whole_whatever_the_client_makes_of_it(body: bytes) -> None:
    with answering(Answers(stream=(200, body))) as url:
        recording = record(url, REQUEST)
    assert (recording.stream.body, recording.stream.end) == (body, End.EOF)


def test_an_error_status_is_a_recording_like_any_other() -> None:
    refused = (429, b'{"error":{"message":"slow down"}}')
    with answering(Answers(stream=refused, twin=refused)) as url:
        recording = record(url, REQUEST)
    assert recording.stream.response.status == 429
    assert recording.stream.body == refused[1]


def test_a_stream_is_not_asked_for_twice() -> None:
    """No retry: a second answer would not be the first one's."""
    answers = Answers(stream=(500, b"{}"))
    with answering(answers) as url:
        record(url, REQUEST, twin=False)
    assert len(answers.asked) == 1


def test_a_twin_that_never_answered_is_none() -> None:
    with answering(Answers(twin=None)) as url:
        assert record(url, REQUEST).twin is None


def test_a_stream_that_never_answered_is_an_error() -> None:
    with answering(Answers(stream=None)) as url, pytest.raises(RecordError, match="no answer"):
        record(url, REQUEST)


def test_a_compressed_stream_is_refused() -> None:
    """Its pieces would be cuts of something else than the body."""
    answers = Answers(encoding="br")
    with answering(answers) as url, pytest.raises(RecordError, match="br, unasked"):
        record(url, REQUEST)


def test_leaving_early_keeps_what_was_read() -> None:
    with answering(Answers(stream=(200, STREAM * 4000))) as url:
        recording = record(url, REQUEST, leave_after=1, twin=False)
    assert recording.stream.end is End.CLIENT_CLOSED
    assert (STREAM * 4000).startswith(recording.stream.body)


def test_a_cassette_keeps_no_key_no_port_and_nothing_of_the_client_machine() -> None:
    with answering(Answers()) as url:
        exchange = record(url, REQUEST, api_key="sk-canary", twin=False).stream
    kept = to_cassette(exchange)
    assert kept.uri == "http://localhost/v1/chat/completions"
    assert set(kept.request_headers) <= {"accept", "accept-encoding", "content-type", "user-agent"}
    assert kept.request_headers["content-type"] == ["application/json"]
    assert "sk-canary" not in repr(kept)
    assert kept.response_body == STREAM
    assert next(offset for offset, _ in pieces_of(exchange)) == 0


def test_only_loopback_addresses_are_made_public() -> None:
    assert public_uri("https://api.example.com/v1/x") == "https://api.example.com/v1/x"


def test_repeated_headers_stay_a_list() -> None:
    assert headers_of((("a", "1"), ("b", "2"), ("a", "3"))) == {"a": ["1", "3"], "b": ["2"]}


@pytest.mark.parametrize(
    ("twin", "said"),
    [
        (TWIN, "twin agrees"),
        (TWIN.replace(b"Hi", b"Ho"), "twin differs: /choices/0/text"),
        (b'{"error":"no"}', "twin not compared"),
    ],
)
def test_agreement_is_told_from_stream_and_twin_alone(twin: bytes, said: str) -> None:
    assert agreement("text/x", STREAM, twin, None).startswith(said)
