"""Driven for real: streams of `openai.AsyncOpenAI`, replayed from the corpus.

Once by stock vcrpy, once by a transport that hands out the pieces as they were recorded.
What the messages must say comes from the expected files, which oracles wrote.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from functools import cache
from itertools import groupby
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx2
import openai
import pytest
import vcr  # type: ignore[import-untyped]  # vcrpy has no types

from chunkproof.interface import IncompleteStream, OpenAIStreamingInterface, ToolCallMessage
from chunkproof_conformance.cases.cassette import Case
from chunkproof_conformance.cases.expected import read_expected
from chunkproof_conformance.cases.index import CORPUS, case_ids, load_case
from tests.interface.streams import BASE, Run, coalesced, interface

FEATURES = ("tools", "text", "reasoning", "refusal", "finish", "usage")
_NAMED = ("model", "messages")


def is_answer(case_id: str) -> bool:
    """A whole answer of one choice, to a request the client can make.

    One that says nothing is none: the client hides `[DONE]`, so it may as well have been cut.
    """
    if not case_id.startswith(tuple(f"{feature}/" for feature in FEATURES)):
        return False
    final = read_expected(case_id).get("final", {})
    if final.get("outcome") != "complete" or len(final["choices"]) != 1:
        return False
    (choice,) = final["choices"]
    says = read_expected(case_id)["sequence"].get("0") or choice["finish_reason"]
    return choice["index"] == 0 and bool(says)


def made_for(case_id: str) -> OpenAIStreamingInterface:
    """An interface that leaves thoughts where they are, as the truth of a case with some does."""
    has_thoughts = '"thinking' in json.dumps(read_expected(case_id)).replace("\\", "")
    return interface(inner_thoughts_key=None) if has_thoughts else interface()


@cache
def answers() -> tuple[str, ...]:
    return tuple(case_id for case_id in case_ids() if is_answer(case_id))


class PieceTransport(httpx2.AsyncBaseTransport):
    """Answers with the pieces of a case, one read each."""

    def __init__(self, case: Case) -> None:
        self._case = case

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        body = self._case.body
        cuts = [piece[0] for piece in self._case.key.pieces or ()] or [0]
        pieces = [body[start:end] for start, end in zip(cuts, [*cuts[1:], len(body)], strict=True)]

        class Body(httpx2.AsyncByteStream):
            async def __aiter__(self) -> AsyncIterator[bytes]:
                for piece in pieces:
                    yield piece

        headers = {"content-type": "text/event-stream"}
        return httpx2.Response(200, headers=headers, stream=Body(), request=request)


async def read(case: Case, made: OpenAIStreamingInterface, http: httpx2.AsyncClient | None) -> Run:
    """Ask for the recorded answer with the official client, and hand its stream over."""
    parts = urlsplit(case.stream.uri)
    request: dict[str, Any] = json.loads(case.stream.request_body)
    named = {name: request.pop(name) for name in _NAMED if name in request}
    base = f"{parts.scheme}://{parts.netloc}{parts.path.removesuffix('/chat/completions')}"
    messages: list[Any] = []
    exception: BaseException | None = None
    async with openai.AsyncOpenAI(
        api_key="none", base_url=base, max_retries=0, http_client=http
    ) as client:
        create: Any = client.chat.completions.create
        query = dict(parse_qsl(parts.query))
        request.pop("stream")
        stream = await create(**named, stream=True, extra_body=request, extra_query=query)
        try:
            async for message in made.process(stream):
                messages.append(message)  # noqa: PERF401 -- what came before an error counts
        except (openai.OpenAIError, IncompleteStream) as error:
            exception = error
    return Run(made, messages, exception)


def truth(case_id: str) -> Iterator[tuple[str, ...]]:
    """What the expected file says of choice 0, as messages; thoughts are no part of it."""
    kinds = {"text": "assistant", "refusal": "assistant", "reasoning": "reasoning"}
    for entry in read_expected(case_id)["sequence"].get("0", []):
        if entry["kind"] != "tool_call":
            yield (kinds[entry["kind"]], entry["text"])
        elif "arguments" in entry:
            yield ("tool", entry["name"], entry["arguments"], entry["id"] or "")
        else:
            yield ("tool", entry["name"], canonical(entry["arguments_json"]), entry["id"] or "")


def canonical(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def heard(messages: list[Any]) -> list[tuple[str, ...]]:
    """The messages in short; a call's pieces where it was named, whatever comes between."""
    said: list[tuple[str, ...]] = []
    places: dict[str, int] = {}
    for message in messages:
        (short,) = coalesced([message])
        if not isinstance(message, ToolCallMessage):
            said.append(short)
            continue
        call_id = message.tool_call.tool_call_id or ""
        if message.tool_call.name is not None:
            places[call_id] = len(said)
            said.append(short)
        elif call_id in places:  # else it belongs to no call, and the truth has it as extra
            kind, name, arguments, told = said[places[call_id]]
            said[places[call_id]] = (kind, name, arguments + short[2], told)
    return said


def joined(said: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Neighbouring text of one kind is one: the truth knows no segments."""
    whole: list[tuple[str, ...]] = []
    for kind, group in groupby(said, key=lambda one: one[0]):
        some = list(group)
        whole += some if kind == "tool" else [(kind, "".join(one[1] for one in some))]
    return whole


@pytest.mark.parametrize("case_id", answers())
def test_the_corpus_through_the_client(case_id: str) -> None:
    """Piece by piece over a transport in process: the messages say what the oracle says."""
    case = load_case(case_id)

    async def main() -> Run:
        async with httpx2.AsyncClient(transport=PieceTransport(case)) as http:
            return await read(case, made_for(case_id), http)

    seen = asyncio.run(main())
    assert seen.exception is None
    said, expected = joined(heard(seen.messages)), joined(list(truth(case_id)))
    if "tc-parallel-interleaved" in case.key.rows:  # a name comes with its call's first key
        said, expected = sorted(said), sorted(expected)
    assert said == expected
    final = read_expected(case_id)["final"]
    assert seen.interface.finish_reason == final["choices"][0]["finish_reason"]
    usage = final.get("usage") or {}
    made = seen.interface
    assert (made.input_tokens, made.output_tokens) == (
        usage.get("prompt_tokens") or 0,
        usage.get("completion_tokens") or 0,
    )


REPLAYED = [
    case_id
    for case_id in (
        "tools/llama-server-two-calls",
        "tools/vllm-one-call",
        "text/mlx-lm-unicode",
        "reasoning/mlx-lm-then-tool",
    )
    if case_id in answers()
]


@pytest.mark.parametrize("case_id", REPLAYED)
def test_stock_vcrpy_replays_the_corpus(case_id: str) -> None:
    """As anybody would replay a cassette: no line of ours between vcrpy and the client."""
    case = load_case(case_id)
    recorder = vcr.VCR(record_mode=vcr.mode.NONE, match_on=["method", "uri", "body"])
    with recorder.use_cassette(str(CORPUS / f"{case_id}.yaml")):
        seen = asyncio.run(read(case, made_for(case_id), None))
    assert joined(heard(seen.messages)) == joined(list(truth(case_id)))
    assert seen.interface.letta_message_id == BASE


def test_there_are_cases_of_both_kinds() -> None:
    """An empty table would pass anything."""
    assert len(answers()) > 30
    assert len(REPLAYED) >= 3
