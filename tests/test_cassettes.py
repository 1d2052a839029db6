"""The corpus as files: every cassette is stock vcrpy, exact to the byte, typed and clean."""

import json
import re
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from chunkproof.rules import RULES
from chunkproof_conformance.cases.cassette import (
    CassetteError,
    Exchange,
    dump_cassette,
    load_cassette,
    parse_cassette,
    write_cassette,
)
from chunkproof_conformance.cases.document import MAX_FILE_BYTES
from chunkproof_conformance.cases.index import CORPUS, case_ids, iter_cases, load_case
from chunkproof_conformance.cases.key import json_schema
from chunkproof_conformance.cases.replay import replay_problems
from chunkproof_conformance.cases.rows import ROWS

SCHEMAS = Path(str(find_spec("chunkproof_conformance").origin)).parent / "schemas"  # type: ignore[union-attr]
"""mypy: the package is installed, or nothing here runs."""

YAML_SIGNS = " \t\n\r:#-|>%@`'\"&*!{}[],?a\x85\u2028\ufeff\U0001f600"

FORBIDDEN = {
    "a path of a machine": re.compile(r"(?<![\w.:/])/(?:work|root|home|tmp|usr|opt|var|etc)/\w"),
    "a home folder": re.compile(r"C:\\\\Users|/Users/"),
    "a traceback": re.compile(r"Traceback|File \\?\"[^\"]+\\?\", line \d"),
    "a kernel or platform string": re.compile(r"(?i)linux-|darwin|glibc|x86_64|aarch64|-generic"),
    "a key": re.compile(r"sk-[A-Za-z0-9]{8}|[Bb]earer |api[-_]?key\W+\w|AKIA[0-9A-Z]{8}"),
    "a cookie": re.compile(r"(?i)set-cookie|openai-organization"),
    "a registry or an internal host": re.compile(r"pypi|npmjs|\.internal\b|\.local\b|127\.0\.0\.1"),
}


def test_the_index_is_read_off_the_paths() -> None:
    """Ids come from the folder alone: listing the corpus opens no cassette."""
    assert list(case_ids()) == sorted(set(case_ids()))
    assert len(case_ids()) >= 60
    with pytest.raises(CassetteError, match="no such case"):
        load_case("../../etc/passwd")


def test_every_key_obeys_the_published_schema() -> None:
    """The schema is the one made of the types, and every cassette fits both."""
    schema = json.loads((SCHEMAS / "cassette.schema.json").read_bytes())
    assert schema == json_schema()
    validator = jsonschema.Draft202012Validator(schema)
    for case_id in case_ids():
        document = yaml.load((CORPUS / f"{case_id}.yaml").read_bytes(), yaml.CSafeLoader)
        validator.validate(document["chunkproof"])


@pytest.mark.parametrize("case_id", case_ids())
def test_stock_vcrpy_and_the_openai_client_replay_the_exact_bytes(case_id: str) -> None:
    """Stream first and twin second, and the other way round, at the address it was recorded at."""
    assert list(replay_problems(CORPUS / f"{case_id}.yaml", load_case(case_id))) == []


@pytest.mark.parametrize(
    "uri",
    [
        "https://api.openai.com/v1/chat/completions",
        "https://api.groq.com/openai/v1/chat/completions",
        "https://openrouter.ai/api/v1/chat/completions?version=2026-11",
    ],
)
def test_a_cassette_from_any_public_host_replays(uri: str, tmp_path: Path) -> None:
    """Host, base path and query are the recording's own; nothing is asked of the network."""
    whole = load_case("tools/mlx-lm-one-call")
    assert whole.twin_exchange is not None
    stream, twin = replace(whole.stream, uri=uri), replace(whole.twin_exchange, uri=uri)
    path = write_cassette(tmp_path, whole.key, stream, twin)
    assert list(replay_problems(path, load_cassette(path))) == []


@pytest.mark.parametrize("case_id", case_ids())
def test_no_cassette_names_a_machine_or_a_secret(case_id: str) -> None:
    """Nothing of the place of recording is in the file: bytes, headers or key."""
    text = (CORPUS / f"{case_id}.yaml").read_text()
    for what, pattern in FORBIDDEN.items():
        assert not (found := pattern.search(text)), f"{what}: {found}"


def test_the_forbidden_strings_would_be_found() -> None:
    """A canary for each kind."""
    for what, canary in {
        "a path of a machine": '{"model":"/var/lib/x.gguf"}',
        "a home folder": "/Users/someone",
        "a traceback": "Traceback (most recent call last)",
        "a kernel or platform string": "Linux-6.1.0",
        "a key": "sk-abcdefgh12345678",
        "a cookie": "Set-Cookie: a=b",
        "a registry or an internal host": "http://127.0.0.1:8000",
    }.items():
        assert FORBIDDEN[what].search(canary)


def test_no_two_cassettes_have_the_same_body() -> None:
    """Ids and times left out; an empty body may end in two ways."""
    volatile = re.compile(rb'"(id|created|call_id)": ?("[^"]*"|[0-9.]+)')
    bodies: dict[tuple[bytes, str], str] = {}
    for case in iter_cases():
        blanked = (volatile.sub(b"", case.body), case.key.end)
        assert blanked not in bodies, f"{case.id} is {bodies.get(blanked)}"
        bodies[blanked] = case.id


def test_provenance_is_whole() -> None:
    """Recorded names who sent the bytes and in which of three setups; others do not claim to be."""
    for case in iter_cases():
        origin = case.key.provenance
        if origin.kind == "recorded":
            named = (origin.setup, origin.server, origin.version)
            assert all((*named, origin.recorder, origin.recorded_on)), case.id
            assert (origin.upstream is None) == (origin.setup == "server"), case.id
        else:
            assert origin.setup is None, case.id


def test_the_first_corpus_comes_from_at_least_five_real_programs() -> None:
    """And at least 25 of its streams are not plain."""
    origins = [case.key.provenance for case in iter_cases() if case.key.truth]
    assert len(origins) >= 25
    programs = {case.key.provenance.server for case in iter_cases()} - {None}
    assert len(programs) >= 5


def test_claims_are_claims_we_know() -> None:
    """Rules and rows exist; a case that rests on a contested rule fails nobody."""
    for case in iter_cases():
        assert set(case.key.rules) <= RULES.keys(), case.id
        assert set(case.key.rows) <= ROWS.keys(), case.id
        assert case.key.rules, case.id
        assert case.key.rows, case.id
        contested = any(RULES[rule].contested for rule in case.key.rules)
        allowed = {"choice", "info"} if contested else {"must", "should", "info"}
        assert case.key.strength in allowed, case.id


def test_pieces_add_up_to_the_body() -> None:
    """The recorded reads, one after the other, are the body."""
    for case in iter_cases():
        assert b"".join(case.pieces) == case.body
        assert all(case.pieces)
        assert len(case.pieces) == len(case.key.pieces)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"data: [DONE]",
        b"data: a\r\ndata: b\r\r",
        b"\xef\xbb\xbfdata: x\n\n",
        b"data: \xff\xfe\n\n",
        "data: \x85 \u2028 \u2029 \ufeff 👩\u200d👩\n\n".encode(),
        b"data: \x00\x01\x7f tab\tend  \n \n\n",
        b"\n\n  leading\n\n\n\n",
        b"# no comment\n---\n...\n- &a *a !!binary\n",
        b"true",
    ],
)
def test_any_body_survives_being_written(body: bytes) -> None:
    """Line ends, marks, broken UTF-8 and YAML's own signs come back byte for byte."""
    key = load_case("text/llama-server-plain").key
    made = parse_cassette(dump_cassette(plain_key(key, body), exchange(body)).encode())
    assert made.body == body
    assert made.pieces == ((body,) if body else ())


@given(st.one_of(st.binary(max_size=60), st.text(YAML_SIGNS, max_size=40).map(str.encode)))
@settings(max_examples=200, deadline=None)
def test_whatever_the_bytes_a_cassette_keeps_them(body: bytes) -> None:
    """Bytes of any kind, and text made of the signs that YAML reads in its own way."""
    key = load_case("text/llama-server-plain").key
    text = dump_cassette(plain_key(key, body), exchange(body))
    assert parse_cassette(text.encode()).body == body
    assert yaml.safe_load(text)["interactions"][0]["response"]["body"]["string"] in (
        body,
        body.decode("utf-8", "replace"),
    )


@given(st.binary(max_size=200))
@settings(max_examples=200, deadline=None)
def test_garbage_is_refused_and_nothing_else_escapes(document: bytes) -> None:
    """Any bytes at all: a case or a CassetteError."""
    with pytest.raises(CassetteError):
        parse_cassette(b"version: 1\nchunkproof: " + document)


@pytest.mark.parametrize(
    ("document", "says"),
    [
        (b"", "no vcrpy cassette"),
        (b"version: 2\n", "no vcrpy cassette"),
        (b"version: 1\n", "no `chunkproof:` key"),
        (b"version: 1\nchunkproof: {id: x}\n", "matching regex"),
        (b"a: [1\n", "not YAML"),
        (b"\xff\xfe\xff", "not YAML"),
        (b"a: !!python/object/apply:os.system [exit]\n", "not YAML"),
        (b"a: &x [1]\nb: *x\n", "alias"),
        (b"a: " + b"[" * 200 + b"]" * 200, "deep"),
        (b"a: " + b"[" * 100_000, "deep"),
        (b"a: " + b"9" * 5_000, "a number of 5,000 characters"),
        (b"? {a: b}\n: c\n", "not YAML"),
    ],
)
def test_a_hostile_cassette_is_refused_with_a_reason(document: bytes, says: str) -> None:
    """No code runs, no alias multiplies, no depth overflows: only CassetteError comes out."""
    with pytest.raises(CassetteError) as refusal:
        parse_cassette(document)
    assert says in str(refusal.value)
    assert refusal.value.remedy


@pytest.mark.parametrize("request_body", [b'{"model":"m"', b"[]", b"", b"\xff", b"[" * 100_000])
def test_a_request_that_cannot_be_read_is_refused_where_it_is_needed(request_body: bytes) -> None:
    """What an adapter is told of the request is read from it; elsewhere it may be anything."""
    plain, body = load_case("text/llama-server-plain"), b"data: [DONE]\n\n"
    asked = replace(exchange(body), request_body=request_body)
    key = plain_key(plain.key, body)
    assert parse_cassette(dump_cassette(key, asked).encode()).body == body
    key = msgspec.structs.replace(key, request_needs=["tools"])
    with pytest.raises(CassetteError, match="no JSON object, and tools is needed"):
        parse_cassette(dump_cassette(key, asked).encode())


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    """The size is looked at before the bytes."""
    path = tmp_path / "large.yaml"
    with path.open("wb") as file:
        file.truncate(MAX_FILE_BYTES + 1)
    with pytest.raises(CassetteError, match="bytes"):
        load_cassette(path)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("chat.completion.chunk", "chat.completion.chank", "sha256"),
        ("- [0, ", "- [1, ", "pieces"),
        ("rules: [TXT-1", "rules: [TXT-99", "unknown rules"),
        ("end: eof", "end: perhaps", "Invalid enum value"),
        ("title:", "titel:", "unknown field"),
        ("method: POST", "method: [POST]", "not vcrpy's"),
    ],
)
def test_a_tampered_cassette_is_refused_with_a_reason(old: str, new: str, says: str) -> None:
    """Body, pieces, claims and shape are checked when a case is read."""
    text = (CORPUS / "text/llama-server-plain.yaml").read_text()
    assert old in text
    with pytest.raises(CassetteError, match=re.escape(says)):
        parse_cassette(text.replace(old, new, 1).encode())


def exchange(body: bytes) -> Exchange:
    headers = {"content-type": ["text/event-stream"]}
    uri = "http://localhost/v1/chat/completions"
    return Exchange("POST", uri, {}, b"{}", 200, "OK", headers, body)


def plain_key(key: Any, body: bytes) -> Any:
    """A key for a body of one piece."""
    return msgspec.structs.replace(key, pieces=[(0, 1.0)] if body else [])
