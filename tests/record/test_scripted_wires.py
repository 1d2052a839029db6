"""The script over three wires: the same words in each vendor's shapes, told by their paths."""

import json
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from chunkproof_conformance.record.servers.scripted import anthropic, gemini, wires
from chunkproof_conformance.record.servers.scripted.answers import HELLO, THOUGHT, answer
from chunkproof_conformance.record.servers.scripted.server import serving

JsonObject = dict[str, Any]

ANTHROPIC_ASKED: dict[str, JsonObject] = {
    "text": {},
    "thinking": {"thinking": {"type": "enabled", "budget_tokens": 1024}},
    "calls": {"tools": [{"name": "get_weather"}, {"name": "get_time"}]},
    "no tools at all": {"tools": []},
    "limit": {"max_tokens": 2},
    "refusal": {"model": "script-refusal"},
    "redacted": {"model": "script-redacted"},
}
GEMINI_ASKED: dict[str, JsonObject] = {
    "text": {},
    "thinking": {"generationConfig": {"thinkingConfig": {"includeThoughts": True}}},
    "calls": {"tools": [{"functionDeclarations": [{"name": "get_weather"}, {"name": "get_time"}]}]},
    "the other spelling": {"tools": [{"function_declarations": [{"name": "get_time"}]}]},
    "limit": {"generationConfig": {"maxOutputTokens": 2}},
    "refusal": {"model": "script-refusal"},
}


def payloads(frames: Iterator[bytes]) -> list[JsonObject]:
    """The JSON of each frame; every frame ends with an empty line."""
    found = []
    for frame in frames:
        assert frame.endswith((b"\n\n", b"\r\n\r\n"))
        (data,) = [line for line in frame.splitlines() if line.startswith(b"data: ")]
        found.append(json.loads(data.removeprefix(b"data: ")))
    return found


@pytest.mark.parametrize("what", ANTHROPIC_ASKED)
def test_the_deltas_of_a_message_add_up_to_its_blocks(what: str) -> None:
    """Read by the rules of Anthropic's reference: starts, deltas and stops, by index."""
    request: JsonObject = {
        "model": "script",
        "messages": [{"role": "user", "content": "Say hello."}],
        **ANTHROPIC_ASKED[what],
    }
    said = answer(anthropic.asked(request))
    events = payloads(anthropic.stream(request, said))
    blocks: list[JsonObject] = []
    for event in events:
        if event["type"] == "content_block_start":
            assert event["index"] == len(blocks)
            blocks.append({**event["content_block"], "written": ""})
        elif event["type"] == "content_block_delta":
            kind = event["delta"].pop("type")
            (value,) = event["delta"].values()
            member = {"signature_delta": "signature", "input_json_delta": "written"}
            name = member.get(kind, kind.removesuffix("_delta"))
            blocks[event["index"]][name] += value
    for block in blocks:
        written = block.pop("written")
        if block["type"] == "tool_use":
            block["input"] = json.loads(written)
    whole = anthropic.twin(request, said)
    assert blocks == whole["content"]
    assert [event["type"] for event in (events[0], *events[-2:])] == [
        "message_start",
        "message_delta",
        "message_stop",
    ]
    assert events[-2]["delta"]["stop_reason"] == whole["stop_reason"]


@pytest.mark.parametrize("what", GEMINI_ASKED)
def test_the_parts_of_the_frames_add_up_to_the_parts_of_the_answer(what: str) -> None:
    request: JsonObject = {
        "model": "script",
        "contents": [{"role": "user", "parts": [{"text": "Say hello."}]}],
        **GEMINI_ASKED[what],
    }
    said = answer(gemini.asked(request))
    frames = payloads(gemini.stream(request, said))
    candidates = [frame["candidates"][0] for frame in frames]
    joined: list[JsonObject] = []
    for candidate in candidates:
        for part in candidate.get("content", {"parts": []})["parts"]:
            kin = joined and "text" in part and part.keys() == joined[-1].keys()
            if kin:
                joined[-1]["text"] += part["text"]
            else:
                joined.append(dict(part))
    whole = gemini.twin(request, said)["candidates"][0]
    assert joined == whole.get("content", {"parts": []})["parts"]
    assert [candidate.get("finishReason") for candidate in candidates[:-1]] == (
        [None] * (len(candidates) - 1)
    )
    assert candidates[-1]["finishReason"] == whole["finishReason"]


@pytest.mark.parametrize(
    ("wire", "thinks"),
    [
        (wires.ANTHROPIC, {"thinking": {"type": "enabled"}}),
        (wires.GEMINI, {"generationConfig": {"thinkingConfig": {"includeThoughts": True}}}),
    ],
    ids=["anthropic", "gemini"],
)
def test_thoughts_come_where_they_are_asked_for(wire: wires.Wire, thinks: JsonObject) -> None:
    question = {"messages": [{"content": "Hi"}], "contents": [{"parts": [{"text": "Hi"}]}]}
    assert (answer(wire.asked({**question, **thinks})).reasoning or "").startswith(THOUGHT)
    assert answer(wire.asked(question)).reasoning is None


@pytest.fixture(scope="module")
def script() -> Iterator[httpx2.Client]:
    with serving() as base, httpx2.Client(base_url=base.removesuffix("/v1")) as client:
        yield client


ASK: dict[str, tuple[str, JsonObject]] = {
    "openai": ("/v1/chat/completions", {"messages": [{"role": "user", "content": "Hi"}]}),
    "anthropic": ("/v1/messages", {"messages": [{"role": "user", "content": "Hi"}]}),
    "gemini": (
        "/v1beta/models/{model}:streamGenerateContent?alt=sse",
        {"contents": [{"parts": [{"text": "Hi"}]}]},
    ),
}


def ask(script: httpx2.Client, wire: str, model: str) -> httpx2.Response:
    path, body = ASK[wire]
    return script.post(path.format(model=model), json={**body, "model": model, "stream": True})


@pytest.mark.parametrize("wire", ASK)
def test_the_path_chooses_the_wire(script: httpx2.Client, wire: str) -> None:
    body = ask(script, wire, "script").content
    own = {"openai": b"[DONE]", "anthropic": b"message_stop", "gemini": b"usageMetadata"}
    assert [name for name, sign in own.items() if sign in body] == [wire]
    assert HELLO.split()[1].encode() in body


def test_no_other_path_is_answered(script: httpx2.Client) -> None:
    assert script.post("/v1/embeddings", json={}).status_code == 404


@pytest.mark.parametrize("wire", ASK)
def test_an_error_comes_in_the_stream_and_the_body_ends_well(
    script: httpx2.Client, wire: str
) -> None:
    body = ask(script, wire, "script-error").content
    assert body.count(b'"error"') >= 1
    assert not any(end in body for end in (b"[DONE]", b"message_stop", b'"STOP"'))


@pytest.mark.parametrize("wire", ASK)
@pytest.mark.parametrize(
    ("model", "error"),
    [("script-cut", httpx2.RemoteProtocolError), ("script-reset", httpx2.ReadError)],
)
def test_a_connection_breaks_as_its_model_says(
    script: httpx2.Client, wire: str, model: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        ask(script, wire, model)


@pytest.mark.parametrize("wire", ASK)
def test_too_many_requests_have_their_status_and_an_error(script: httpx2.Client, wire: str) -> None:
    response = ask(script, wire, "script-429")
    assert response.status_code == 429
    assert response.json()["error"]


def test_only_the_end_is_missing_where_it_is_left_out(script: httpx2.Client) -> None:
    whole = ask(script, "openai", "script").content
    model, less = b'"model":"script"', b'"model":"script-nodone"'
    assert ask(script, "openai", "script-nodone").content == whole.replace(
        model, less
    ).removesuffix(b"data: [DONE]\n\n")


def test_a_request_in_http_chunks_is_read(script: httpx2.Client) -> None:
    """As some proxies send it."""
    body = json.dumps({"model": "script", "messages": [{"role": "user", "content": "Hi"}]})
    response = script.post(
        "/v1/chat/completions", content=iter([body[:20].encode(), body[20:].encode()])
    )
    assert response.request.headers["transfer-encoding"] == "chunked"
    assert response.json()["choices"][0]["message"]["content"] == HELLO
