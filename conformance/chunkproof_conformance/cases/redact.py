"""Taking secrets out of exchanges without moving a byte.

In a body each byte that spells a secret becomes `x` (`1` where a number spells it), so lengths,
pieces and JSON stay right; the hash is made afterwards. Headers are kept by a list of names, so
keys, cookies, organisation and request ids in headers are not even looked at; what is kept is
searched like a body. Addresses of hosts that are not public become `localhost`.

Not found: a secret encrypted, compressed, hashed, in hex or reversed, or in base64 if only a
pattern knows it; one whose pieces stand in different channels; one that is split over frames
whose payloads are no JSON; a short beginning of a secret (under 6 characters).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from chunkproof_conformance.cases.secrets import PRIVATE_MEMBERS, SHORTEST
from chunkproof_conformance.cases.spelling import spelled_texts
from chunkproof_conformance.oracles.wire import read_scalars

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from chunkproof_conformance.cases.cassette import Exchange
    from chunkproof_conformance.cases.secrets import Secrets
    from chunkproof_conformance.cases.spelling import Range

REQUEST_HEADERS: Final = frozenset({"accept", "accept-encoding", "content-type", "user-agent"})
RESPONSE_HEADERS: Final = frozenset({
    "cache-control", "connection", "content-length", "content-type", "date", "openai-version",
    "retry-after", "server", "transfer-encoding", "x-accel-buffering", "x-litellm-version",
})  # fmt: skip
"""What is kept of a response: what a stream parser or a reader of the case can need."""

PUBLIC_HOSTS: Final = frozenset({
    "api.anthropic.com", "api.cerebras.ai", "api.cohere.ai", "api.deepinfra.com",
    "api.deepseek.com", "api.fireworks.ai", "api.groq.com", "api.mistral.ai", "api.moonshot.ai",
    "api.openai.com", "api.perplexity.ai", "api.together.xyz", "api.x.ai", "api.z.ai",
    "dashscope.aliyuncs.com", "generativelanguage.googleapis.com", "openrouter.ai",
})  # fmt: skip
"""Hosts that everybody uses: their names say who answered and nothing of who asked."""

HOST_BLANKED: Final = "the server's host and port are `localhost`, the path is /v1"
HEADERS_DROPPED: Final = "of the headers only those of the lists in `cases/redact.py` are kept"
MAX_PASSES: Final = 5


@dataclass(frozen=True)
class Finding:
    """A secret in a body: what it is, and the ranges that spell it."""

    what: str
    at: frozenset[Range]


@dataclass(frozen=True)
class Redacted:
    """An exchange without secrets, and one sentence for each kind of thing taken out."""

    exchange: Exchange
    sentences: tuple[str, ...]


def findings(body: bytes, secrets: Secrets) -> Iterator[Finding]:
    """Every secret that any reading of the body shows; they may overlap."""
    for text in spelled_texts(body):
        for level in text.levels:
            for found in secrets.find(level.text):
                yield Finding(found.what, frozenset(level.ranges(found.start, found.end)))
    yield from _private_members(body)


def _private_members(body: bytes) -> Iterator[Finding]:
    try:
        scalars = read_scalars(body)
    except (ValueError, RecursionError):
        return
    for scalar in scalars:
        name = scalar.path[-1] if scalar.path else None
        is_private = scalar.is_string and name in PRIVATE_MEMBERS
        value = body[scalar.start : scalar.end]
        if is_private and len(value) >= SHORTEST and set(value) - set(b"x1"):
            yield Finding(f"the member {name}", frozenset({(scalar.start, scalar.end)}))


def redacted_body(body: bytes, secrets: Secrets) -> tuple[bytes, set[str]]:
    """The body, as long as before, without secrets; and what was taken out.

    What is left after one pass is searched again: two secrets may stand in one another.
    """
    taken: set[str] = set()
    for _ in range(MAX_PASSES):
        found = list(findings(body, secrets))
        if not found:
            break
        taken |= {finding.what for finding in found}
        body = _blanked(body, found)
    return body, taken


def _blanked(body: bytes, found: Iterable[Finding]) -> bytes:
    blank = bytearray(body)
    for finding in found:
        # Digits stay digits: what they stand in may be a number, or a list of byte values.
        is_number = all(body[start:end].isdigit() for start, end in finding.at)
        for start, end in finding.at:
            blank[start:end] = (b"1" if is_number else b"x") * (end - start)
    return bytes(blank)


def redacted_text(text: str, secrets: Secrets) -> tuple[str, set[str]]:
    """The same for a header's value or an address."""
    body, taken = redacted_body(text.encode("utf-8", "surrogateescape"), secrets)
    return body.decode("utf-8", "surrogateescape"), taken


def public_address(uri: str) -> str:
    """The address, if its host is a public one; else that of a nameless local server.

    Base paths of private hosts name deployments, tenants and accounts: they become /v1.
    """
    parts = urlsplit(uri)
    if parts.hostname in PUBLIC_HOSTS:
        return f"https://{parts.hostname}{parts.path}{'?' + parts.query if parts.query else ''}"
    return f"http://localhost/v1{_endpoint(parts.path)}"


def _endpoint(path: str) -> str:
    match = re.search(r"/(?:chat/completions|models)/?$", path)
    return match[0] if match else "/"


def redact(exchange: Exchange, secrets: Secrets) -> Redacted:
    """The exchange as it may be published."""
    uri, in_uri = redacted_text(public_address(exchange.uri), secrets)
    asked, in_request = redacted_body(exchange.request_body, secrets)
    answered, in_response = redacted_body(exchange.response_body, secrets)
    reason, in_reason = redacted_text(exchange.reason, secrets)
    sent, in_sent = _headers(exchange.request_headers, REQUEST_HEADERS, secrets)
    got, in_got = _headers(exchange.response_headers, RESPONSE_HEADERS, secrets)
    clean = replace(
        exchange,
        uri=uri,
        request_headers=sent,
        request_body=asked,
        reason=reason,
        response_headers=got,
        response_body=answered,
    )
    sentences = [HEADERS_DROPPED]
    if uri.startswith("http://localhost/"):
        sentences.insert(0, HOST_BLANKED)
    for place, kinds in (
        ("in the address", in_uri),
        ("in the request", in_request | in_sent),
        ("in the response", in_response | in_got | in_reason),
    ):
        sentences += [f"{kind} {place}: each byte replaced by x or 1" for kind in sorted(kinds)]
    return Redacted(clean, tuple(sentences))


def _headers(
    headers: Mapping[str, list[str]], kept: frozenset[str], secrets: Secrets
) -> tuple[dict[str, list[str]], set[str]]:
    """The headers of these names, and what was taken out of them."""
    named: dict[str, list[str]] = {}
    taken: set[str] = set()
    for name, values in headers.items():
        if name.lower() in kept:
            for value in values:
                clean, kinds = redacted_text(value, secrets)
                named.setdefault(name.lower(), []).append(clean)
                taken |= kinds
    return named, taken
