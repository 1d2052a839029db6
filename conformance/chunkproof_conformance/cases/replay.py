"""Replaying a cassette as anybody would: stock vcrpy, the official client, no network."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, cast
from urllib.parse import parse_qsl, urlsplit

import openai
import vcr  # type: ignore[import-untyped]  # vcrpy has no types

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from chunkproof_conformance.cases.cassette import Case, Exchange


def replay_problems(path: Path, case: Case) -> Iterator[str]:
    """What a replay does not give back: stream first and twin second, and the other way round.

    path: the cassette's file, as vcrpy reads it. case: what we read from it.
    """
    exchanges = [case.stream, *([case.twin_exchange] if case.twin_exchange else [])]
    for order in (exchanges, exchanges[::-1]) if len(exchanges) > 1 else (exchanges,):
        yield from _replayed(path, order, case.stream)


def _replayed(path: Path, order: list[Exchange], stream: Exchange) -> Iterator[str]:
    recorder = vcr.VCR(record_mode=vcr.mode.NONE, match_on=["method", "uri", "body"])
    first = "stream" if order[0] is stream else "twin"
    with recorder.use_cassette(str(path)):
        for exchange in order:
            name = "stream" if exchange is stream else "twin"
            try:
                status, body = _read(exchange)
            except openai.OpenAIError as error:
                # vcrpy's own refusal arrives as the cause of a connection error.
                yield f"{name}, {first} first: {error.__cause__ or error!r}"
                continue
            if (status, body) != (exchange.status, exchange.response_body):
                yield f"{name}, {first} first: status {status} and {len(body)} other bytes"


def _read(exchange: Exchange) -> tuple[int, bytes]:
    """Status and body as the client gets them. Raises: openai.OpenAIError."""
    parts = urlsplit(exchange.uri)
    base = f"{parts.scheme}://{parts.netloc}{parts.path.removesuffix('/chat/completions')}"
    query = dict(parse_qsl(parts.query))
    request: dict[str, Any] = json.loads(exchange.request_body)
    # Members that the client does not know, or would refuse, are its extra body.
    create = cast("Any", _client(base).chat.completions.with_streaming_response.create)
    named = {name: request.pop(name) for name in _NAMED if name in request}
    try:
        with create(**named, extra_body=request, extra_query=query) as response:
            return response.status_code, b"".join(response.iter_bytes())
    except openai.APIStatusError as error:
        return error.status_code, error.response.content


_NAMED: Final = ("model", "messages", "stream")


@lru_cache(maxsize=8)
def _client(base: str) -> openai.OpenAI:
    """One client for each address: making one costs more than a replay."""
    return openai.OpenAI(base_url=base, api_key="none", max_retries=0)
