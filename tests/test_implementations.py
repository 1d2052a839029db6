"""The official client's known faults show as its failures; what is right passes, for all three.

Each stream is made by hand here, with the answer beside it: nothing is taken from a parser.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import msgspec
import pytest

from chunkproof_conformance.connect.adapter import Adapter, Stream
from chunkproof_conformance.connect.in_process import SHIPPED, load_factory
from chunkproof_conformance.implementations.openai_reproduction import reproduction
from chunkproof_conformance.judge.expectation import Expectation
from chunkproof_conformance.judge.levels import judge
from chunkproof_conformance.judge.observation import Level, Observation

NAMES = tuple(name for name in SHIPPED if name != "reference-sse")  # which reads no answer
OFFICIAL = ("openai-chunks", "openai-stream")


@pytest.fixture(scope="module")
def adapters() -> dict[str, Adapter]:
    return {name: load_factory(f"impl:{name}")() for name in NAMES}


def chunk(
    delta: Any = None, finish: str | None = None, index: int | None = 0, **more: Any
) -> dict[str, Any]:
    """A chunk as OpenAI's reference has it; more: members of the chunk."""
    choice: dict[str, Any] = {"index": index, "delta": delta or {}, "finish_reason": finish}
    if index is None:
        del choice["index"]
    return {
        "id": "c1",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "m",
        "choices": [choice],
        **more,
    }


def frame(payload: Any) -> bytes:
    text = payload if isinstance(payload, str) else json.dumps(payload)
    return f"data: {text}\n\n".encode()


def body(*payloads: Any, done: bool = True) -> bytes:
    return b"".join(map(frame, payloads)) + (frame("[DONE]") if done else b"")


def truth(*choices: dict[str, Any], outcome: str = "complete", **more: Any) -> Expectation:
    whole = [
        {
            "index": number,
            "role": "assistant",
            "text": None,
            "reasoning": None,
            "refusal": None,
            "tool_calls": [],
            "finish_reason": "stop" if outcome == "complete" else None,
            **choice,
        }
        for number, choice in enumerate(choices)
    ]
    final = {"outcome": outcome, "choices": whole, "usage": None}
    value = {"case": "x/y", "oracle": "truth", "final": final, **more}
    return msgspec.convert(value, Expectation)


def failing(
    adapter: Adapter, stream: bytes | Stream, expected: Expectation, level: Level = "final"
) -> list[str]:
    """The paths where this adapter asserts something false; as JSON text, so it crosses."""
    given = stream if isinstance(stream, Stream) else Stream((stream,))
    report = adapter.run(given)
    observation = msgspec.convert(msgspec.to_builtins(report), Observation)
    blind = adapter.start().not_represented
    judgement = judge(level, expected, observation, frozenset(blind))
    assert judgement is not None
    return [difference.path for difference in judgement.differences]


HELLO = (chunk({"role": "assistant", "content": "Hel"}), chunk({"content": "lo"}))
STOP = chunk(finish="stop")
CALL = {"id": "a", "type": "function", "name": "get_weather", "arguments": '{"city":"Zürich"}'}
TOOL_FRAMES = (
    chunk(
        {
            "role": "assistant",
            "tool_calls": [
                {
                    "index": 0,
                    "id": "a",
                    "type": "function",
                    "function": {"name": "get_weather", "arguments": ""},
                }
            ],
        }
    ),
    chunk({"tool_calls": [{"index": 0, "function": {"arguments": '{"city":"Zü'}}]}),
    chunk({"tool_calls": [{"index": 0, "function": {"arguments": 'rich"}'}}]}),
    chunk(finish="tool_calls"),
)
WITH_USAGE = {
    "usage": {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12},
}


@pytest.mark.parametrize("name", NAMES)
def test_a_plain_answer_passes_however_it_is_cut(name: str, adapters: dict[str, Adapter]) -> None:
    expected = truth({"text": "Hello"}, sequence={"0": [{"kind": "text", "text": "Hello"}]})
    whole = body(*HELLO, STOP)
    for step in (len(whole), 1, 7):
        pieces = tuple(whole[at : at + step] for at in range(0, len(whole), step))
        for level in ("final", "sequence"):
            assert not failing(adapters[name], Stream(pieces), expected, level)


@pytest.mark.parametrize("name", NAMES)
def test_a_tool_call_passes(name: str, adapters: dict[str, Adapter]) -> None:
    expected = truth(
        {"tool_calls": [CALL], "finish_reason": "tool_calls"},
        sequence={"0": [{"kind": "tool_call", **CALL}]},
    )
    for level in ("final", "sequence"):
        assert not failing(adapters[name], body(*TOOL_FRAMES), expected, level)


@pytest.mark.parametrize("name", NAMES)
def test_usage_in_a_chunk_of_its_own_passes(name: str, adapters: dict[str, Adapter]) -> None:
    last = {**chunk(), "choices": [], **WITH_USAGE}
    expected = truth({"text": "Hello"})
    final = msgspec.to_builtins(expected.final) | WITH_USAGE
    expected = msgspec.convert({"case": "x", "oracle": "truth", "final": final}, Expectation)
    assert not failing(adapters[name], body(*HELLO, STOP, last), expected)


@pytest.mark.parametrize("name", NAMES)
def test_a_truncated_answer_passes_where_nothing_is_invented(
    name: str, adapters: dict[str, Adapter]
) -> None:
    expected = truth({"text": "Hello"}, outcome="incomplete")
    assert not failing(adapters[name], body(*HELLO, done=False), expected)


@pytest.mark.parametrize("name", NAMES)
def test_a_half_call_is_reported_as_half(name: str, adapters: dict[str, Adapter]) -> None:
    half = {**CALL, "arguments": '{"city":"Zü'}
    expected = truth({"tool_calls": [half]}, outcome="incomplete")
    assert not failing(adapters[name], body(*TOOL_FRAMES[:2], done=False), expected)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("end", ["reset", "short-length"])
def test_a_broken_connection_is_failed(name: str, end: Any, adapters: dict[str, Adapter]) -> None:
    stream = Stream((body(*HELLO, done=False),), end=end)
    assert adapters[name].run(stream).outcome == "failed"
    assert not failing(adapters[name], stream, truth({"text": "Hello"}, outcome="failed"))


@pytest.mark.parametrize("name", NAMES)
def test_an_error_frame_is_failed(name: str, adapters: dict[str, Adapter]) -> None:
    stream = body(*HELLO, {"error": {"message": "overloaded", "type": "server_error"}})
    assert adapters[name].run(Stream((stream,))).outcome == "failed"
    assert not failing(adapters[name], stream, truth({"text": "Hello"}, outcome="failed"))


@pytest.mark.parametrize("name", OFFICIAL)
def test_a_status_is_reported_as_the_exception_its_user_sees(
    name: str, adapters: dict[str, Adapter]
) -> None:
    report = adapters[name].run(
        Stream(
            (b'{"error": {"message": "slow down"}}',),
            status=429,
            headers=(("content-type", "application/json"),),
        )
    )
    assert report.outcome == "failed"
    assert report.error is not None
    assert report.error.type == "RateLimitError"


@pytest.mark.parametrize("name", NAMES)
def test_lengths_and_filters_told_by_exception_are_told(
    name: str, adapters: dict[str, Adapter]
) -> None:
    """The helper's documented exceptions name the finish reason: nothing false is asserted."""
    for reason in ("length", "content_filter"):
        expected = truth({"text": "Hello", "finish_reason": reason})
        assert not failing(adapters[name], body(*HELLO, chunk(finish=reason)), expected)


REPEATED_ROLE = (
    chunk({"role": "assistant", "content": "Hel"}),
    chunk({"role": "assistant", "content": "lo"}),
    STOP,
)
INDEX_MISSING = (
    chunk(
        {
            "role": "assistant",
            "tool_calls": [
                {
                    "id": name,
                    "type": "function",
                    "function": {"name": name, "arguments": "{}"},
                }
                for name in ("f", "g")
            ],
        }
    ),
    chunk(finish="tool_calls"),
)
TWO_CALLS = {
    "tool_calls": [
        {"id": name, "type": "function", "name": name, "arguments": "{}"} for name in ("f", "g")
    ],
    "finish_reason": "tool_calls",
}
SAME_INDEX = (
    chunk(
        {
            "role": "assistant",
            "tool_calls": [
                {
                    "index": 0,
                    "id": name,
                    "type": "function",
                    "function": {"name": name, "arguments": "{}"},
                }
                for name in ("f", "g")
            ],
        }
    ),
    chunk(finish="tool_calls"),
)
FLAT_ERROR = {"object": "error", "message": "out of memory", "type": "server", "code": 500}
FIRST_IS_ONE = (
    chunk({"role": "assistant", "content": "B"}, index=1),
    chunk({"role": "assistant", "content": "A"}, index=0),
    chunk(finish="stop", index=0),
    chunk(finish="stop", index=1),
)


@pytest.mark.parametrize(
    ("wire", "expected", "wrong"),
    [
        pytest.param(
            b"\xef\xbb\xbf" + body(*HELLO, STOP),
            truth({"text": "Hello"}),
            {"openai-chunks": "/choices/0/text", "openai-stream": "/choices/0/text"},
            id="byte order mark: the first event is lost in silence (SSE-2)",
        ),
        pytest.param(
            b"retry: 3000\n\n" + body(*HELLO, STOP),
            truth({"text": "Hello"}),
            {"openai-chunks": "/outcome", "openai-stream": "/outcome"},
            id="a frame without data is dispatched (SSE-11)",
        ),
        pytest.param(
            b"id: 1\n" + frame(HELLO[0]) + b": ping\n\n" + body(HELLO[1], STOP),
            truth({"text": "Hello"}),
            {"openai-chunks": "/outcome", "openai-stream": "/outcome"},
            id="a comment after an id is dispatched (SSE-11)",
        ),
        pytest.param(
            body(*REPEATED_ROLE),
            truth({"text": "Hello"}),
            {"openai-stream": "/choices/0/role"},
            id="the role is repeated (ENV-2)",
        ),
        pytest.param(
            body(*INDEX_MISSING),
            truth(TWO_CALLS),
            {
                "openai-chunks": "/choices/0/tool_calls/0/arguments",
                "openai-stream": "/outcome",
            },
            id="tool calls without index (TOOL-4)",
        ),
        pytest.param(
            body(*SAME_INDEX),
            truth(TWO_CALLS),
            {
                "openai-chunks": "/choices/0/tool_calls/0/arguments",
                "openai-stream": "/choices/0/tool_calls/0/id",
            },
            id="two calls on one index (TOOL-2)",
        ),
        pytest.param(
            body(*FIRST_IS_ONE),
            truth({"text": "A"}, {"text": "B"}),
            {"openai-stream": "/outcome"},
            id="choice 1 comes first (ENV-3)",
        ),
        pytest.param(
            body(*HELLO, {**STOP, **WITH_USAGE}, chunk(index=0)),
            msgspec.convert(
                {
                    "case": "x",
                    "oracle": "truth",
                    "final": {"outcome": "complete", **WITH_USAGE},
                },
                Expectation,
            ),
            {"openai-stream": "/usage/prompt_tokens"},
            id="a chunk after the usage (USE-1)",
        ),
        pytest.param(
            body(*HELLO, STOP, FLAT_ERROR),
            truth({"text": "Hello", "finish_reason": "stop"}, outcome="failed"),
            {"openai-stream": "/outcome"},
            id="a flat error after the finish is passed over (ERR-2)",
        ),
        pytest.param(
            body(*HELLO, {**chunk(), "choices": None}, STOP),
            truth({"text": "Hello"}),
            {"openai-chunks": "/outcome", "openai-stream": "/outcome"},
            id="choices null (ENV-4)",
        ),
    ],
)
def test_known_faults_of_the_official_client_show(
    wire: bytes, expected: Expectation, wrong: dict[str, str], adapters: dict[str, Adapter]
) -> None:
    """Those fail, at this place; whoever is not named passes, and so does the reference."""
    for name in NAMES:
        found = failing(adapters[name], wire, expected)
        assert found[:1] == ([wrong[name]] if name in wrong else []), name


OTHER_KINDS = {
    "content is a list": chunk({"content": [{"type": "text", "text": "Hello"}]}),
    "arguments are an object": chunk(
        {"tool_calls": [{"index": 0, "id": "c", "function": {"name": "f", "arguments": {"a": 1}}}]}
    ),
    "a call is a string": chunk({"tool_calls": ["f"]}),
    "the delta is null": {**chunk(), "choices": [{"index": 0, "delta": None}]},
}


@pytest.mark.parametrize("odd", OTHER_KINDS.values(), ids=OTHER_KINDS)
@pytest.mark.parametrize("name", OFFICIAL)
def test_a_value_of_a_kind_the_client_does_not_promise_is_an_observation(
    name: str, odd: Any, adapters: dict[str, Adapter]
) -> None:
    """The client checks nothing it hands on; what its user sees is told, whatever it is."""
    report = adapters[name].run(Stream((body(*HELLO, odd, STOP),)))
    assert msgspec.json.decode(msgspec.json.encode(report), type=Observation) == report


@pytest.mark.parametrize("name", OFFICIAL)
def test_reasoning_is_declared_not_represented(name: str, adapters: dict[str, Adapter]) -> None:
    """The client's types have no member for it: shown as such, neither right nor wrong."""
    stream = body(chunk({"role": "assistant", "reasoning_content": "Hmm"}), *HELLO[1:], STOP)
    expected = truth({"text": "lo", "reasoning": "Hmm"})
    observation = adapters[name].run(Stream((stream,)))
    blind = frozenset(adapters[name].start().not_represented)
    judgement = judge("final", expected, observation, blind)
    assert judgement is not None
    assert not judgement.differences
    assert judgement.not_represented == ("reasoning",)


def test_the_helper_shows_no_order_for_several_choices(adapters: dict[str, Adapter]) -> None:
    """Its delta events carry no choice."""
    stream = Stream((body(*reversed(FIRST_IS_ONE[:2]), *FIRST_IS_ONE[2:]),))
    expected = truth({"text": "A"}, {"text": "B"}, sequence={"0": [], "1": []})
    observation = adapters["openai-stream"].run(stream)
    assert judge("sequence", expected, observation, frozenset()) is None


def test_the_reference_says_after_which_piece_an_event_came(
    adapters: dict[str, Adapter],
) -> None:
    """For the level timely: one number per event, never falling, none beyond the last piece."""
    pieces = tuple(map(frame, (*HELLO, STOP, "[DONE]")))
    observation = adapters["reference"].run(Stream(pieces))
    assert observation.events is not None
    assert observation.after is not None
    kinds = [type(event).__name__ for event in observation.events]
    assert list(zip(kinds, observation.after, strict=True)) == [
        ("Start", 1),
        ("Text", 1),
        ("Text", 2),
        ("Finish", 3),
        ("End", 4),
    ]


def script_prints(implementation: str, stream: Stream) -> str:
    """What the reproduction prints, in a process where chunkproof cannot be imported."""
    script = reproduction("By hand", implementation, stream)
    assert "chunkproof" not in script
    ours = ("chunkproof", "chunkproof_conformance")
    barred = f"import sys; sys.modules.update(dict.fromkeys({ours!r}))\n{script}"
    done = subprocess.run(
        [sys.executable, "-"], input=barred.encode(), capture_output=True, check=False
    )
    return (done.stdout + done.stderr).decode()


def test_a_finding_can_be_seen_with_the_library_and_the_bytes_alone() -> None:
    shown = script_prints("openai-stream", Stream((body(*REPEATED_ROLE),)))
    assert '"role": "assistantassistant"' in shown
    bom = Stream((b"\xef\xbb\xbf" + body(*HELLO, STOP),))
    chunks = script_prints("openai-chunks", bom)
    assert "'lo'" in chunks
    assert "'Hel'" not in chunks


def test_a_reproduction_ends_as_the_transport_did() -> None:
    shown = script_prints("openai-chunks", Stream((body(*HELLO, done=False),), end="reset"))
    assert "'lo'" in shown
    assert "APIConnectionError" in shown
