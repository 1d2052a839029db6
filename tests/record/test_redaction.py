"""Where a secret can stand, a canary sings: each test puts one there and looks for it.

Every place is tried with a secret that is named (a value of the environment) and with one that
only its look gives away. Nothing moves: lengths, frames and JSON stay what they were.
"""

import base64
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest

from chunkproof_conformance.cases.cassette import Exchange
from chunkproof_conformance.cases.redact import (
    REQUEST_HEADERS,
    RESPONSE_HEADERS,
    public_address,
    redact,
    redacted_body,
)
from chunkproof_conformance.cases.secrets import PATTERNS, Secrets

NAMED = 'Canary/7+Feder"n'
"""A password like those people choose: JSON escapes its quotation mark, addresses its signs."""
LOOKS = "sk-proj-4dT7canary9Zq2"
HOME = "/" + "home/somebody"
URI = "https://api.openai.com/v1/chat/completions"
HELD = pytest.mark.parametrize(
    ("secret", "secrets"),
    [(NAMED, Secrets((NAMED,))), (LOOKS, Secrets())],
    ids=["named", "by its look"],
)


def exchange(**members: Any) -> Exchange:
    """An exchange with nothing to hide, but for the members given."""
    plain: dict[str, Any] = {
        "method": "POST",
        "uri": URI,
        "request_headers": {"content-type": ["application/json"]},
        "request_body": b'{"model":"m","messages":[],"stream":true}',
        "status": 200,
        "reason": "OK",
        "response_headers": {"content-type": ["text/event-stream"]},
        "response_body": b"data: [DONE]\n\n",
    }
    return Exchange(**{**plain, **members})


def frame(delta: dict[str, Any], index: int = 0, **members: Any) -> bytes:
    chunk = {"id": "c", "choices": [{"index": index, "delta": delta, **members}]}
    return f"data: {json.dumps(chunk)}\n\n".encode()


def call(arguments: str, index: int = 0) -> dict[str, Any]:
    return {"tool_calls": [{"index": index, "function": {"arguments": arguments}}]}


def clean(body: bytes, secrets: Secrets) -> bytes:
    """The redacted body; it is as long as before, and frames and JSON are where they were."""
    found, taken = redacted_body(body, secrets)
    assert taken
    assert len(found) == len(body)
    assert [at for at, byte in enumerate(found) if byte == 10] == [
        at for at, byte in enumerate(body) if byte == 10
    ]
    for line in found.splitlines():
        if line.startswith(b"data: {"):
            json.loads(line[6:])
    assert redacted_body(found, secrets) == (found, set()), "a second look finds nothing"
    return found


def deltas(body: bytes) -> list[dict[str, Any]]:
    lines = [line[6:] for line in body.splitlines() if line.startswith(b"data: {")]
    return [choice["delta"] for line in lines for choice in json.loads(line)["choices"]]


def text(body: bytes, member: str = "content") -> str:
    return "".join(delta.get(member) or "" for delta in deltas(body))


@HELD
@pytest.mark.parametrize(
    "name",
    ["authorization", "api-key", "x-api-key", "cookie", "openai-organization", "openai-project"],
)
def test_a_request_header_that_can_hold_a_key_is_not_kept(
    name: str, secret: str, secrets: Secrets
) -> None:
    """Headers are kept by a list of names; what nobody listed is dropped."""
    kept = redact(exchange(request_headers={name: [f"Bearer {secret}"]}), secrets)
    assert kept.exchange.request_headers == {}


@HELD
@pytest.mark.parametrize(
    "name",
    ["set-cookie", "x-request-id", "openai-organization", "openai-project", "cf-ray", "x-anything"],
)
def test_a_response_header_that_can_hold_an_id_is_not_kept(
    name: str, secret: str, secrets: Secrets
) -> None:
    kept = redact(exchange(response_headers={name: [secret]}), secrets)
    assert kept.exchange.response_headers == {}


@HELD
@pytest.mark.parametrize("name", sorted(REQUEST_HEADERS | RESPONSE_HEADERS))
def test_a_header_that_is_kept_is_searched(name: str, secret: str, secrets: Secrets) -> None:
    headers = {name: [f"before {secret} after"]}
    kept = redact(exchange(request_headers=headers, response_headers=headers), secrets)
    assert secret not in repr(kept.exchange)
    values = [*kept.exchange.request_headers.values(), *kept.exchange.response_headers.values()]
    assert values
    assert all(value[0].startswith("before xx") for value in values)


@HELD
def test_the_reason_phrase_is_searched(secret: str, secrets: Secrets) -> None:
    assert secret not in redact(exchange(reason=f"No {secret}"), secrets).exchange.reason


@HELD
@pytest.mark.parametrize("name", ["api-key", "key", "token", "anything"])
def test_a_secret_in_the_address_is_taken_out(name: str, secret: str, secrets: Secrets) -> None:
    """Also percent-encoded, as clients send it."""
    kept = redact(exchange(uri=f"{URI}?{name}={quote(secret, safe='')}"), secrets).exchange.uri
    assert quote(secret, safe="") not in kept
    assert kept.startswith(f"{URI}?")


@pytest.mark.parametrize(
    "uri",
    [
        "http://gpu-17.corp.example:8000/v1/chat/completions",
        "https://my-tenant.openai.azure.com/openai/deployments/mine/chat/completions?api-version=1",
        "http://user:password@127.0.0.1:9110/v1/chat/completions",
        "http://[::1]:8080/accounts/1234/v1/chat/completions",
    ],
)
def test_a_private_address_is_that_of_a_nameless_local_server(uri: str) -> None:
    """Host, port, user, tenant, deployment and account go; the endpoint stays."""
    assert public_address(uri) == "http://localhost/v1/chat/completions"


def test_a_public_address_stays() -> None:
    assert public_address(f"https://user:pw@{URI.removeprefix('https://')}") == URI


@HELD
def test_a_secret_in_the_request_body_is_taken_out(secret: str, secrets: Secrets) -> None:
    body = json.dumps({"messages": [{"role": "user", "content": f"I am {secret}."}]}).encode()
    kept = redact(exchange(request_body=body), secrets).exchange.request_body
    said = json.loads(kept)["messages"][0]["content"]
    assert len(kept) == len(body)
    assert said.startswith("I am xxx")
    assert said.endswith("x.")


@HELD
def test_a_secret_in_an_error_body_is_taken_out(secret: str, secrets: Secrets) -> None:
    body = json.dumps({"error": {"message": f"Incorrect API key provided: {secret}."}}).encode()
    found = clean(body, secrets)
    assert json.loads(found)["error"]["message"].startswith("Incorrect API key provided: xxx")
    assert b"canary" not in found.lower()


@HELD
def test_a_secret_in_a_body_that_is_no_json_is_taken_out(secret: str, secrets: Secrets) -> None:
    found = clean(f"<html>denied: {secret}</html>".encode(), secrets)
    assert found.startswith(b"<html>denied: xxx")
    assert found.endswith(b"x</html>")


@HELD
@pytest.mark.parametrize("line", [": {}\n\n", "id: {}\ndata: 1\n\n", "event: {}\ndata: 1\n\n"])
def test_a_secret_in_another_line_of_the_stream_is_taken_out(
    line: str, secret: str, secrets: Secrets
) -> None:
    """Comments, ids and event types."""
    assert b"canary" not in clean(line.format(secret).encode(), secrets).lower()


CHANNELS: dict[str, Callable[[str], dict[str, Any]]] = {
    "text": lambda piece: {"content": piece},
    "reasoning": lambda piece: {"reasoning_content": piece},
    "reasoning, the other spelling": lambda piece: {"reasoning": piece},
    "refusal": lambda piece: {"refusal": piece},
    "tool arguments": call,
    "tool name": lambda piece: {"tool_calls": [{"index": 0, "function": {"name": piece}}]},
    "tool id": lambda piece: {"tool_calls": [{"index": 0, "id": piece}]},
    "custom tool input": lambda piece: {"tool_calls": [{"index": 0, "custom": {"input": piece}}]},
    "legacy function": lambda piece: {"function_call": {"arguments": piece}},
    "parts": lambda piece: {"content": [{"type": "text", "text": piece}]},
    "a member nobody knows": lambda piece: {"vendor": {"note": piece}},
}


@HELD
@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("size", [1, 5, 100])
def test_a_secret_in_a_delta_is_taken_out_however_it_is_split(
    channel: str, size: int, secret: str, secrets: Secrets
) -> None:
    """In one delta, in two, or one character in each: what a reader puts together is searched."""
    delta = CHANNELS[channel]
    said = f"Hi {secret} bye"
    parts = [said[at : at + size] for at in range(0, len(said), size)]
    found = clean(b"".join(frame(delta(part)) for part in parts), secrets)
    whole = "".join(_strings(deltas(found)))
    assert "canary" not in whole.lower()
    assert whole.count("x") >= len(secret)
    assert whole.replace("text", "").startswith("Hi x")
    assert whole.endswith("x bye")


def _strings(value: Any) -> list[str]:
    """Every string of a value in order, but the types of parts."""
    if isinstance(value, str):
        return [] if value == "text" else [value]
    if isinstance(value, dict):
        return [text for item in value.values() for text in _strings(item)]
    return [text for item in value for text in _strings(item)] if isinstance(value, list) else []


@HELD
def test_a_secret_in_escapes_is_taken_out(secret: str, secrets: Secrets) -> None:
    """Every character spelled with a number: the bytes never show the secret."""
    escaped = "".join(f"\\u{ord(char):04x}" for char in secret)
    body = b'data: {"choices":[{"delta":{"content":"Hi %b bye"}}]}\n\n' % escaped.encode()
    said = text(clean(body, secrets))
    assert said == f"Hi {'x' * 6 * len(secret)} bye"


@pytest.mark.parametrize("cut", range(1, len(json.dumps(NAMED)) - 1))
def test_a_secret_that_is_cut_inside_its_own_escape_is_taken_out(cut: int) -> None:
    """Arguments are JSON inside JSON: two deltas may part a backslash from its quotation mark."""
    escaped = json.dumps({"key": NAMED})
    at = escaped.index(json.dumps(NAMED)) + cut
    body = frame(call(escaped[:at])) + frame(call(escaped[at:]))
    found = clean(body, Secrets((NAMED,)))
    arguments = "".join(d["tool_calls"][0]["function"]["arguments"] for d in deltas(found))
    assert set(json.loads(arguments)["key"]) == {"x"}


def test_json_inside_json_inside_json_is_searched() -> None:
    """An agent passes arguments on: three levels of escapes."""
    inner = json.dumps({"inner": json.dumps({"key": NAMED})})
    found = clean(frame(call(inner)), Secrets((NAMED,)))
    arguments = deltas(found)[0]["tool_calls"][0]["function"]["arguments"]
    assert set(json.loads(json.loads(arguments)["inner"])["key"]) == {"x"}


def test_a_secret_beyond_the_bmp_whose_halves_came_in_two_deltas_is_taken_out() -> None:
    secret = "Feder🐤Feder🐤"
    escaped = json.dumps(secret)[1:-1]
    at = escaped.index("\\udc24")
    body = b"".join(
        b'data: {"choices":[{"index":0,"delta":{"content":"%b"}}]}\n\n' % part.encode()
        for part in (escaped[:at], escaped[at:])
    )
    assert set(text(clean(body, Secrets((secret,))))) == {"x"}


@HELD
def test_choices_that_take_turns_are_put_together_one_by_one(secret: str, secrets: Secrets) -> None:
    """Each frame brings the other choice, both at position 0."""
    half = len(secret) // 2
    body = b"".join(
        frame({"content": part}, index)
        for part in (secret[:half], secret[half:])
        for index in (0, 1)
    )
    assert set(text(clean(body, secrets))) == {"x"}


@HELD
def test_fragments_under_changing_indices_are_put_together(secret: str, secrets: Secrets) -> None:
    """Servers number fragments wrongly; their text is one all the same."""
    half = len(secret) // 2
    clean(frame(call(secret[:half], 0)) + frame(call(secret[half:], 7)), secrets)


def test_texts_of_two_choices_are_not_one() -> None:
    """Or the second would lose its beginning to a pattern that goes on."""
    choices = [{"index": i, "message": {"content": t}} for i, t in enumerate([LOOKS, "Hello"])]
    found = clean(json.dumps({"choices": choices}).encode(), Secrets())
    assert json.loads(found)["choices"][1]["message"]["content"] == "Hello"


@HELD
def test_a_secret_in_log_probabilities_is_taken_out(secret: str, secrets: Secrets) -> None:
    """As tokens, and as lists of byte values, which stay numbers below 256."""
    half = len(secret) // 2
    entries = [
        {"token": part, "logprob": -0.5, "bytes": list(part.encode()), "top_logprobs": []}
        for part in (secret[:half], secret[half:])
    ]
    body = frame({}, logprobs={"content": entries}) + frame({"content": "ok"})
    found = json.loads(clean(body, secrets).splitlines()[0][6:])
    kept = found["choices"][0]["logprobs"]["content"]
    assert {char for entry in kept for char in entry["token"]} == {"x"}
    assert {value for entry in kept for value in entry["bytes"]} <= {1, 11, 111}


@pytest.mark.parametrize("kept", range(6, len(NAMED)))
def test_the_beginning_of_a_named_secret_at_the_end_of_a_cut_stream_is_taken_out(kept: int) -> None:
    """A stream may be cut inside a secret; most of one is enough to guess the rest."""
    body = frame({"content": "Hi "}) + frame({"content": NAMED[:kept]})
    said = text(clean(body, Secrets((NAMED,))))
    assert set(said.removeprefix("Hi ")) == {"x"}


@pytest.mark.parametrize("shift", range(3))
@pytest.mark.parametrize("coded", [base64.b64encode, base64.urlsafe_b64encode])
def test_a_named_secret_in_base64_is_taken_out(coded: Any, shift: int) -> None:
    """Also where it is a part of what was encoded, as in `user:password`."""
    shown = coded(b"u" * shift + NAMED.encode()).decode()
    found = clean(frame({"content": shown}), Secrets((NAMED,)))
    assert text(found).count("x") >= len(shown) - 6


def test_digits_stay_digits() -> None:
    """A number that is a secret, an account say, must not break the JSON it stands in."""
    body = json.dumps({"error": {"message": "no"}, "account": 4711081547}).encode()
    found = json.loads(clean(body, Secrets(("4711081547",))))
    assert found["account"] == 1111111111


@pytest.mark.parametrize("member", ["request_id", "organization", "api_key", "user_id"])
def test_members_that_name_people_are_taken_out_whatever_they_say(member: str) -> None:
    body = json.dumps({"error": {"message": "no", member: "plain-words"}}).encode()
    assert json.loads(clean(body, Secrets()))["error"] == {"message": "no", member: "x" * 11}


PATTERN_CANARIES = {
    "an API key": [
        "gsk_4dT7canary9Zq2",
        "AIzaSyCanary4dT7",
        "sk_live_4dT7canary",
        "AKIA4DT7CANARY99",
        "ghp_4dT7canary9Zq2",
        "Incorrect: sk-abcd****wxyz",
    ],
    "a bearer token": ["Authorization: Bearer abc123.def456"],
    "a signed token": ["eyJhbGciOiJI.eyJzdWIiOiIx.SflKxwRJSMeK"],
    "a private key": ["-----BEGIN PRIVATE KEY-----\nMIIEvQ\n-----END PRIVATE KEY-----"],
    "a cookie": ["Set-Cookie: session=1", "__cf_bm=abc.def"],
    "an organisation, project or account": [
        "in organization org-4dT7canary9Zq2",
        "proj_4dT7canary9Zq2",
        "ft:gpt-4o-mini:my-company::9Zq2",
    ],
    "a request id": ["req_4dT7canary9Zq2", "request ID 0b3ee9ab-2d4b-4c9e-a1d0-1e1f1a1b1c1d"],
    "a secret in an address": ["https://h/v1?api-key=abcdefgh", "https://me:pw@h/"],
    "a path of a machine": [f"model {HOME}/m.gguf", r"C:\Users\somebody"],
    "a platform of a machine": ["0.32-Linux-6.1.0-x86_64-with-glibc2.36"],
    "an internal host": ["http://127.0.0.1:8000", "10.1.2.3", "db.prod.internal:5432"],
}


def test_every_pattern_has_a_canary() -> None:
    assert PATTERN_CANARIES.keys() == PATTERNS.keys()


@pytest.mark.parametrize(
    ("what", "canary"),
    [(what, each) for what, listed in PATTERN_CANARIES.items() for each in listed],
)
def test_a_pattern_finds_its_canary_alone(what: str, canary: str) -> None:
    assert what in {found.what for found in Secrets().find(canary)}


@pytest.mark.parametrize(
    "said",
    [
        "I asked the task-manager to risk-assess a basic bearer bond.",
        "The keyboard is sk-tiny; request_information about org-chart and user-friendly design.",
        "chatcmpl-123 call_abc123 fp_44709d6fcb gpt-4o-mini-2024-07-18",
        "see https://example.com/home/page?key=1 and either/or and 1.5/2",
        "xai-grok-something fw_version_number hf_model_name ASIAN-FOOD sk-learn-like pplx-online",
        "a made-up req_0123456789",
        "version 10.1 of 2026-11-22T10:00:00Z, 192 of 168",
    ],
)
def test_ordinary_text_is_left_alone(said: str) -> None:
    """Ids that a parser must report are no secrets."""
    body = frame({"content": said})
    assert redacted_body(body, Secrets.of({"PATH": "/usr/bin", "LANG": "C.UTF-8"})) == (body, set())


@pytest.mark.parametrize(
    ("name", "is_secret"),
    [
        ("OPENAI_API_KEY", True),
        ("HF_TOKEN", True),
        ("DB_PASSWORD", True),
        ("AWS_SECRET_ACCESS_KEY", True),
        ("OPENAI_ORGANIZATION", True),
        ("OPENAI_ORG_ID", True),
        ("KEYBOARD_LAYOUT", False),
        ("MONKEYS", False),
        ("HOME", False),
        ("PATH", False),
    ],
)
def test_a_variable_is_secret_by_its_name(name: str, is_secret: bool) -> None:
    assert bool(Secrets.of({name: "some-value-of-it"}).values) == is_secret


def test_a_variable_that_the_user_names_is_secret() -> None:
    assert Secrets.of({"HARMLESS": "not-quite"}, names=["HARMLESS"]).values == ("not-quite",)


def test_a_short_value_is_no_secret() -> None:
    """It would be found in ordinary text: seven characters at most."""
    assert Secrets.of({"API_KEY": "letmein"}).values == ()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff\xfe data: \xc3\x28",
        b'data: {"choices":[{"delta":{"content":"\\ud800"}}]}\n\n',
        b'data: {"choices":7,"usage":[1,2,999999999999999999999]}\n\n',
        b"data: " + b"[" * 5000 + b"\n\n",
        b'{"a":{"index":{"index":null}}}',
    ],
)
def test_a_body_that_nobody_can_read_is_left_as_it_is(body: bytes) -> None:
    """Strange bytes are the point of a corpus: looking for secrets must not stumble on them."""
    assert redacted_body(body, Secrets((NAMED,))) == (body, set())


def test_what_every_chunk_says_again_is_taken_out_of_each_in_the_same_way() -> None:
    """Else the value would seem to change in mid-stream, which the server never did."""
    told = "0.32.2-0.32.4-Linux-6.1-x86_64-with-glibc2.36-x86_64"
    chunk = f'data: {{"system_fingerprint": "{told}", "choices": []}}\n\n'.encode()
    clean, _ = redacted_body(chunk * 3, Secrets())
    first, second, third, end = clean.split(b"\n\n")
    assert (first, end) == (second, b"") == (third, b"")
    assert b"0.32.2-0.32.4-xxx" in first
    assert b"Linux" not in clean


def test_what_was_taken_out_is_said_once_for_each_kind_and_place() -> None:
    body = frame({"content": f"{LOOKS} {LOOKS} {HOME}/x"})
    said = redact(exchange(response_body=body), Secrets()).sentences
    assert sum("in the response" in sentence for sentence in said) == 2
    assert any(sentence.startswith("an API key in the response") for sentence in said)


@pytest.mark.parametrize("spelling", [NAMED.upper(), NAMED.swapcase(), f"İ{NAMED.title()}"])
def test_a_named_secret_in_other_letters_is_taken_out(spelling: str) -> None:
    """Hosts and header values change case on their way, and what they say stays a secret."""
    body = frame({"content": spelling})
    clean, taken = redacted_body(body, Secrets((NAMED,)))
    assert taken == {"a named secret"}
    assert len(clean) == len(body)
    assert NAMED.lower() not in clean.decode().lower()


@pytest.mark.parametrize("spelling", [NAMED.encode().hex(), NAMED[::-1]], ids=["hex", "reversed"])
def test_what_is_not_covered(spelling: str) -> None:
    """The module names its limits: a secret in hex or reversed is not found."""
    body = frame({"content": spelling})
    assert redacted_body(body, Secrets((NAMED,))) == (body, set())


@pytest.mark.timeout(60)
@pytest.mark.parametrize("unit", ["sk-", "eyJ", "a.", "a-", "1.", "://a:", "ft:a", "req_a", "\\"])
def test_a_hostile_text_takes_no_quadratic_time(unit: str) -> None:
    """Sixty thousand characters that could each begin a secret."""
    redacted_body(frame({"content": unit * (60_000 // len(unit))}), Secrets((NAMED,)))
