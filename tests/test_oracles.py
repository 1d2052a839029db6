"""The oracles as a specification: what each says, and above all what each refuses."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from chunkproof_conformance.oracles import transcript, truth, twin, verdict
from chunkproof_conformance.oracles.frames import NotPlain
from chunkproof_conformance.oracles.propose import propose
from chunkproof_conformance.oracles.truth import TruthError
from chunkproof_conformance.oracles.wire import read_scalars, unescape

HEAD = {"id": "c1", "object": "chat.completion.chunk", "created": 7, "model": "m"}
CALL = {"index": 0, "id": "a", "type": "function", "function": {"name": "f", "arguments": ""}}


def chunk(delta: dict[str, Any] | None = None, **members: Any) -> dict[str, Any]:
    """A chunk of one choice; members named finish_reason, index and logprobs are the choice's."""
    inside: dict[str, Any] = {
        name: members.pop(name) for name in ("finish_reason", "logprobs") if name in members
    }
    choice: dict[str, Any] = {"index": members.pop("index", 0), "delta": delta or {}, **inside}
    return {**HEAD, "choices": [choice], **members}


def stream(*chunks: Any) -> bytes:
    payloads = [item if isinstance(item, str) else json.dumps(item) for item in chunks]
    return "".join(f"data: {payload}\n\n" for payload in (*payloads, "[DONE]")).encode()


ROLE = chunk({"role": "assistant"})
STOP = chunk(finish_reason="stop")


def text_stream() -> bytes:
    return stream(ROLE, chunk({"content": "a"}), chunk({"content": "b"}), STOP)


def test_a_transcript_copies_audio_annotations_and_legacy_calls() -> None:
    """Pieces of audio are joined, annotations listed, the legacy call has no id and no index."""
    read = transcript.read_transcript(
        stream(
            ROLE,
            chunk({"function_call": {"name": "f", "arguments": ""}}),
            chunk({"function_call": {"arguments": "{}"}}),
            chunk({"audio": {"id": "a", "transcript": "Hi"}, "annotations": [{"n": 1}]}),
            chunk({"audio": {"id": "a", "transcript": "!", "expires_at": 9}, "annotations": [2]}),
            STOP,
        )
    )
    (choice,) = read["final"]["choices"]
    assert choice["audio"] == {"id": "a", "data": None, "transcript": "Hi!", "expires_at": 9}
    assert choice["annotations"] == [{"n": 1}, 2]
    assert choice["tool_calls"] == [
        {"id": None, "type": "function", "name": "f", "arguments": "{}"}
    ]
    assert [event["event"] for event in read["exact"]] == [
        *("start", "tool_call", "tool_arguments", "audio", "annotation", "audio", "annotation"),
        *("finish", "end"),
    ]


def test_a_transcript_lists_the_deltas_verbatim() -> None:
    """Three levels of one stream: what was said, in which stretches, in which pieces."""
    read = transcript.read_transcript(text_stream())
    choice = read["final"]["choices"][0]
    assert (choice["role"], choice["text"], choice["finish_reason"]) == ("assistant", "ab", "stop")
    assert read["final"]["outcome"] == "complete"
    assert read["sequence"] == {"0": [{"kind": "text", "text": "ab"}]}
    assert read["exact"] == [
        {"event": "start", "id": "c1", "model": "m", "created": 7},
        {"event": "text", "choice": 0, "text": "a"},
        {"event": "text", "choice": 0, "text": "b"},
        {"event": "finish", "choice": 0, "reason": "stop"},
        {"event": "end", "outcome": "complete"},
    ]


def test_a_transcript_keeps_the_order_of_text_and_calls() -> None:
    """Reasoning, text and calls stand where they were opened; fragments do not break a call."""
    fragment = {"index": 0, "function": {"arguments": "{}"}}
    body = stream(
        ROLE,
        chunk({"reasoning_content": "r"}),
        chunk({"content": "t"}),
        chunk({"tool_calls": [CALL]}),
        chunk({"tool_calls": [{**CALL, "index": 1, "id": "b"}]}),
        chunk({"tool_calls": [fragment]}),
        chunk(finish_reason="tool_calls", usage={"total_tokens": 3}),
    )
    read = transcript.read_transcript(body)
    kinds = [(entry["kind"], entry.get("id")) for entry in read["sequence"]["0"]]
    assert kinds == [("reasoning", None), ("text", None), ("tool_call", "a"), ("tool_call", "b")]
    assert [call["arguments"] for call in read["final"]["choices"][0]["tool_calls"]] == ["{}", ""]
    assert read["final"]["usage"] == {
        "prompt_tokens": None,
        "completion_tokens": None,
        "total_tokens": 3,
    }


def test_extras_are_listed_by_path_when_new_or_changed() -> None:
    """Members of a JSON object have no order; a value that stays says nothing; null is absence."""
    first = chunk({"role": "assistant", "z": 1}, b=1, a=2, obfuscation="xx")
    read = transcript.read_transcript(
        stream(first, chunk({"content": "t"}, a=2, b=None), {**STOP, "a": 3})
    )
    extras = [(e["path"], e["value"]) for e in read["exact"] if e["event"] == "extra"]
    assert extras == [("/a", 2), ("/b", 1), ("/choices/0/delta/z", 1), ("/a", 3)]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "not ended"),
        (text_stream().removesuffix(b"\n"), "not ended"),
        (text_stream().removesuffix(b"data: [DONE]\n\n"), "[DONE]"),
        (text_stream() + b"data: [DONE]\n\n", "[DONE]"),
        (text_stream() + text_stream(), "[DONE]"),
        (text_stream().replace(b"\n", b"\r\n"), "carriage return"),
        (b"\xef\xbb\xbf" + text_stream(), "byte order mark"),
        (text_stream().replace(b'"a"', b'"\xff"'), "UTF-8"),
        (text_stream().replace(b"data: ", b"data:", 1), "one line"),
        (b"event: x\n" + text_stream(), "one line"),
        (stream(ROLE, "{", STOP), "not JSON"),
        (stream(ROLE, "[]", STOP), "no object"),
        (stream(ROLE, '{"choices": [], "x": NaN}', STOP), "NaN"),
        (stream(ROLE, '{"choices": [], "x": 1, "x": 2}', STOP), "twice"),
        (stream(ROLE, chunk({"content": "\ud83d"}), STOP), "surrogate"),
        (stream(), "no first chunk"),
        (stream({**ROLE, "id": ""}, STOP), "no first chunk"),
        (stream({**HEAD, "choices": []}), "no choice"),
        (stream({**HEAD, "choices": [ROLE["choices"][0], ROLE["choices"][0]]}), "at most one"),
        (stream(ROLE, {**HEAD, "error": {}, "choices": []}, STOP), "member error"),
        (stream(ROLE, chunk(index=None), STOP), "without an index"),
        (stream({**HEAD, "choices": [{"index": 0}]}, STOP), "no object"),
        (stream(chunk({"content": "a"}), STOP), "without a role"),
        (stream(ROLE, chunk({"role": "user"}), STOP), "another role"),
        (stream(ROLE, chunk({"content": "a"})), "without a finish reason"),
        (stream(ROLE, chunk(finish_reason="end_turn")), "unusual finish"),
        (stream(ROLE, STOP, STOP), "second finish"),
        (stream(ROLE, STOP, chunk({"content": "a"})), "after the finish"),
        (stream(ROLE, chunk({"content": ["a"]}), STOP), "no string"),
        (stream(ROLE, chunk({"reasoning": "a", "reasoning_content": "a"}), STOP), "two reasoning"),
        (stream(ROLE, chunk({"reasoning_details": [{}]}), STOP), "reasoning_details"),
        (stream(ROLE, chunk({"function_call": {"arguments": "{}"}}), STOP), "without name"),
        (
            stream(ROLE, chunk({"tool_calls": [CALL], "function_call": {"name": "f"}}), STOP),
            "beside",
        ),
        (stream(ROLE, chunk({"audio": {"id": "a", "voice": "b"}}), STOP), "another shape"),
        (stream(ROLE, chunk({"audio": {"expires_at": 1.5}}), STOP), "audio.expires_at"),
        (stream(ROLE, *(chunk({"audio": {"id": id_}}) for id_ in "ab"), STOP), "another audio.id"),
        (stream(ROLE, chunk({"annotations": {}}), STOP), "annotations is no list"),
        (stream(ROLE, chunk({"tool_calls": [{**CALL, "index": None}]}), STOP), "without an index"),
        (stream(ROLE, chunk({"tool_calls": [{**CALL, "index": 1}]}), STOP), "out of order"),
        (stream(ROLE, chunk({"tool_calls": [{**CALL, "id": ""}]}), STOP), "without id or name"),
        (stream(ROLE, chunk({"tool_calls": [{**CALL, "type": "x"}]}), STOP), "no function"),
        (
            stream(ROLE, chunk({"tool_calls": [CALL]}), chunk({"tool_calls": [CALL]}), STOP),
            "an id or name again",
        ),
        (stream(ROLE, {**STOP, "usage": {"total_tokens": 0}}), "without counts"),
        (stream(ROLE, {**STOP, "usage": {"total_tokens": "3"}}), "without counts"),
        (stream(ROLE, chunk(logprobs={"tokens": []}), STOP), "logprobs"),
        (stream(ROLE, {**STOP, "created": 7.5}), "another kind"),
        (stream(ROLE, {**HEAD, "choices": [{**STOP["choices"][0], "usage": {}}]}), "member usage"),
    ],
)
def test_a_transcript_refuses_what_needs_a_rule(body: bytes, reason: str) -> None:
    """Each deviation alone is enough."""
    with pytest.raises(NotPlain) as refusal:
        transcript.read_transcript(body)
    assert reason in str(refusal.value)


def twin_body(**message: Any) -> bytes:
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    usage = {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}
    return json.dumps({"choices": [choice], "usage": usage}).encode()


def test_a_twin_gives_values_but_neither_ids_nor_an_outcome() -> None:
    """Arguments are compared as JSON values; counts only where both sent them."""
    call = {"id": "x", "function": {"name": "f", "arguments": '{ "a": 1 }'}}
    expected = twin.expect(
        twin_body(content="", reasoning="r", tool_calls=[call]),
        b'data: {"usage": {"total_tokens": 3}}\n\n',
    )
    assert expected == {
        "final": {
            "choices": [
                {
                    "index": 0,
                    "text": None,
                    "reasoning": "r",
                    "refusal": None,
                    "tool_calls": [{"name": "f", "arguments_json": {"a": 1}}],
                    "finish_reason": "stop",
                }
            ],
            "usage": {"total_tokens": 3},
        }
    }


def test_a_twin_that_differs_is_a_finding() -> None:
    """Each difference is named by its path; what the twin cannot give is not compared."""
    read = transcript.read_transcript(text_stream())
    assert twin.differences(twin.expect(twin_body(content="ab"), text_stream()), read) == []
    found = twin.differences(twin.expect(twin_body(content="xy"), text_stream()), read)
    assert found == ["/choices/0/text: the twin says 'xy', the stream 'ab'"]


@pytest.mark.parametrize("body", [b"", b"[]", b'{"error": {}}', b'{"choices": [{}]}'])
def test_a_twin_that_is_no_answer_is_refused(body: bytes) -> None:
    """An error body or garbage gives no expectation."""
    with pytest.raises(twin.NoTwin):
        twin.expect(body, b"")


def test_scalars_are_found_where_they_stand() -> None:
    """Paths and byte ranges of strings and numbers, escapes and UTF-8 as sent."""
    body = 'data: {"a": ["é\\n", {"b": -1.5}], "c": "", "d": null, "e\\u0041": "x"}\n\n'.encode()
    found = {scalar.path: body[scalar.start : scalar.end] for scalar in read_scalars(body)}
    assert found == {
        ("a", 0): "é\\n".encode(),
        ("a", 1, "b"): b"-1.5",
        ("eA",): b"x",
    }


def test_surrogate_halves_of_neighbouring_fragments_join() -> None:
    """Unescaping works on the fragments, joining on the whole."""
    body = rb"\ud83d|\ude00|\ud83d"
    assert unescape(body, [(0, 6), (7, 13)]) == "\U0001f600"
    assert unescape(body, [(14, 20)]) == "\ufffd"


def draft(**members: Any) -> dict[str, Any]:
    choice = {
        "index": 0,
        "role": "assistant",
        "finish_reason": "stop",
        "segments": [{"kind": "text", "text": "ab"}],
    }
    return {"outcome": "complete", "because": "END-2", "choices": [choice | members]}


def test_a_truth_is_found_in_the_bytes_and_leaves_nothing_over() -> None:
    """Ranges are proposed for typed values, and then every one is checked."""
    stated = propose(draft(), text_stream())
    truth.check(stated, text_stream())
    assert truth.unshown(stated) == []
    expected = truth.expect(stated)
    plain = transcript.read_transcript(text_stream())
    assert expected["final"] == plain["final"]
    assert expected["sequence"] == plain["sequence"]


def test_a_typed_value_that_the_wire_does_not_say_is_refused() -> None:
    """The aid finds values; it makes none up."""
    with pytest.raises(TruthError, match="says 'ab', not 'abc'"):
        propose(draft(segments=[{"kind": "text", "text": "abc"}]), text_stream())


def test_a_truth_that_the_bytes_do_not_show_is_refused() -> None:
    """A changed value, a moved range, a range used twice, and a value nobody accounts for."""
    body = text_stream()
    changes: tuple[tuple[Callable[[dict[str, Any]], object], str], ...] = (
        (lambda segment: segment["text"].update(value="ax"), "the bytes show 'ab'"),
        (lambda segment: segment["text"]["at"].pop(), "left over"),
        (lambda segment: segment["text"]["at"].append(segment["text"]["at"][0]), "already show"),
        (lambda segment: segment["text"].update(at=[[0, 4]]), "no string or number stands"),
    )
    for change, says in changes:
        stated = propose(draft(), body)
        change(stated["choices"][0]["segments"][0])
        with pytest.raises(TruthError, match=says):
            truth.check(stated, body)


def test_what_is_set_aside_needs_its_bytes_too() -> None:
    """A mirror on the wire is left over until somebody says why it does not count."""
    body = stream(ROLE, chunk({"content": "ab", "mirror": "ab"}), STOP)
    with pytest.raises(TruthError, match="left over: choices/0/delta/mirror"):
        truth.check(propose(draft(), body), body)
    stated = propose(draft() | {"set_aside": [{"path": ".*mirror", "why": "a mirror"}]}, body)
    truth.check(stated, body)


def test_a_stream_that_no_oracle_reads_has_no_place_in_the_corpus() -> None:
    """Not plain, no twin, no truth: somebody must read it."""
    with pytest.raises(verdict.NoOracle, match="neither truth nor twin"):
        verdict.expect("a/b", b"data: x\n\n", end="eof")
    with pytest.raises(verdict.NoOracle, match="ended with reset"):
        verdict.expect("a/b", text_stream(), end="reset")
    assert verdict.expect("a/b", text_stream(), end="eof")["oracle"] == "transcript"
    spoken = verdict.expect("a/b", b"data: x\n\n", end="eof", twin_body=twin_body(content="x"))
    assert spoken["oracle"] == "twin"
    stated = propose(draft(), text_stream())
    assert verdict.expect("a/b", b"", end="reset", stated=stated)["oracle"] == "truth"
