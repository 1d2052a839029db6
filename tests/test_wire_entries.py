"""The three entries of the parser (bytes, frames, chunks), and strict reading."""

import copy
import json
import pickle
from collections.abc import Callable
from typing import Any

import pytest

from chunkproof import StreamParser, parse
from chunkproof.errors import ParseError, UsageError
from chunkproof.events import End, Text, ToolArguments
from tests.expectation import (
    INCOMPLETE,
    Case,
    error,
)
from tests.specification import all_cases, as_json, repair_names
from tests.wire import DONE, bare, chunk_object, data, payload, read_frames, stop, tc, text

END = stop() + DONE
HI: dict[str, Any] = {"text": "Hi", "finish": "stop"}


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


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, pickle.dumps])
def test_a_parser_is_not_copied_but_its_result_is(copied: Callable[[object], object]) -> None:
    """Two parsers with one state would each read half a body; what one said can be kept."""
    parser = StreamParser()
    events = parser.feed(text("Hi"))
    with pytest.raises(TypeError, match="reads one body"):
        copied(parser)
    result = parser.result()
    assert pickle.loads(pickle.dumps((events, result))) == (events, result)
    assert copy.deepcopy(result).to_dict() == result.to_dict()
    assert parser.feed(stop() + DONE)[-1] == End("complete", len(text("Hi") + END))


@pytest.mark.parametrize("event", [Text(0, "a"), ToolArguments(0, 1, "{")])
def test_a_chunk_is_like_one_that_this_parser_read(event: Text | ToolArguments) -> None:
    """An event of nobody, or of another parser, is the caller's mistake."""
    parser = StreamParser()
    if isinstance(event, ToolArguments):
        parser.feed_chunk(chunk_object({"tool_calls": [tc(0, "a", "f", "{")]}))
    with pytest.raises(UsageError, match="this parser gave"):
        parser.feed_like(event, "b")
    parser.feed_chunk(chunk_object({"content": "Hi"}))
    assert parser.result().to_dict()["choices"][0]["text"] == "Hi"


def chunk_values(case: Case) -> list[Any] | None:
    """Return the chunks of a case, parsed by `json`, or None where it shows something else."""
    frames = read_frames(case.wire)
    if not (case.framed and case.outcome == "complete" and frames[-1].data == b"[DONE]"):
        return None
    if case.repairs or case.may_repair or len(case.wire) > 10_000:
        return None
    try:
        values = [json.loads(frame.data) for frame in frames[:-1] if frame.data.strip()]
    except ValueError:
        return None
    return values


AT_THE_CHUNK_LEVEL = [case for case in all_cases() if chunk_values(case)]


@pytest.mark.parametrize("wire_case", AT_THE_CHUNK_LEVEL, ids=lambda case: case.name)
def test_parsed_chunks_give_the_result_of_their_bytes(wire_case: Case) -> None:
    """Where the bytes need no repair, the chunks of any JSON reader say the same."""
    parser = StreamParser()
    for value in chunk_values(wire_case) or ():
        before = json.dumps(value)
        parser.feed_chunk(value)
        assert json.dumps(value) == before, "the caller's chunk was changed"
    parser.close()
    assert parser.result().to_dict() == parse([wire_case.wire]).to_dict()


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
