"""One request through the real `openai` client, as a stream and as its twin.

The client sends what it would send for anybody; the body is read raw to its end, so a stream
that the client cannot parse, or stops reading at `[DONE]`, is recorded whole.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

import httpx2
import openai

from chunkproof_conformance.record.exchange import End
from chunkproof_conformance.record.transport import RecordingTransport

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chunkproof_conformance.record.exchange import Exchange

STREAM_ONLY: Final = frozenset({"stream", "stream_options"})
"""Request members that the twin drops; it drops nothing else."""
LARGEST: Final = 16 * 1024 * 1024
"""Bytes of a body; a longer one is no case, and one without an end must not fill the memory."""
PATIENCE: Final = 30
"""How many timeouts an answer may take: keep-alives without an end are bytes, too."""


class RecordError(Exception):
    """A request that left nothing to keep: what was asked, and what came instead."""

    def __init__(self, what: str, why: str) -> None:
        super().__init__(what, why)  # keeps the error picklable
        self.what = what
        self.why = why

    def __str__(self) -> str:
        return f"{self.what}: {self.why}"


@dataclass(frozen=True)
class Recording:
    """A stream and the same request without streaming."""

    stream: Exchange
    twin: Exchange | None
    """None where none was asked for, or none came that can be kept."""
    why_no_twin: str = ""


def record(
    base_url: str,
    request: Mapping[str, Any],
    *,
    api_key: str = "none",
    headers: Mapping[str, str] | None = None,
    twin: bool = True,
    leave_after: int | None = None,
    timeout: float = 60,
) -> Recording:
    """The recording of one chat completion. Raises: RecordError.

    request: arguments of `chat.completions.create` without `stream`.
    headers: sent beside the client's own.
    twin: ask for it too.
    leave_after: close the stream after this many network reads.
    timeout: seconds without a byte.
    """
    stream = exchange(
        base_url,
        {**request, "stream": True},
        api_key,
        headers=headers,
        leave_after=leave_after,
        timeout=timeout,
    )
    if not twin:
        return Recording(stream, None)
    plain = {name: value for name, value in request.items() if name not in STREAM_ONLY}
    try:
        other = exchange(base_url, plain, api_key, headers=headers, timeout=timeout)
    except RecordError as error:
        return Recording(stream, None, error.why)
    if other.end is End.CLIENT_CLOSED:
        return Recording(stream, None, "it did not end, and we left")
    return Recording(stream, other)


def exchange(
    base_url: str,
    request: Mapping[str, Any],
    api_key: str,
    *,
    headers: Mapping[str, str] | None = None,
    leave_after: int | None = None,
    timeout: float,
) -> Exchange:
    """One request and its answer, as far as we waited for it. Raises: RecordError."""
    transport = RecordingTransport(httpx2.HTTPTransport())
    why = "no answer"
    with openai.OpenAI(
        base_url=base_url,
        api_key=api_key,
        default_headers=headers,
        max_retries=0,
        timeout=timeout,
        http_client=httpx2.Client(transport=transport),
    ) as client:
        try:
            # The overloads name every member; which ones are sent is the scenario's affair.
            create = cast("Any", client.chat.completions.with_streaming_response.create)
            with create(**request) as response:
                _read(base_url, response, leave_after, time.monotonic() + PATIENCE * timeout)
        except openai.APIConnectionError as error:
            why = f"no answer ({error.__cause__ or error})"
        except (openai.APIStatusError, httpx2.RequestError):
            pass  # an error status or a broken stream is a recording like any other
    if not transport.exchanges:
        raise RecordError(base_url, why)
    answer = transport.exchanges[0]
    if answer.content_encoding != "identity":
        raise RecordError(base_url, f"the body is {answer.content_encoding}, unasked")
    return answer


def _read(base_url: str, response: Any, leave_after: int | None, until: float) -> None:
    """Read the body to its end, or until we leave. Raises: RecordError."""
    if response.headers.get("content-encoding", "identity") != "identity":
        return
    size = 0
    for count, piece in enumerate(response.iter_bytes(), start=1):
        size += len(piece)
        if size > LARGEST:
            raise RecordError(base_url, f"the body has more than {LARGEST >> 20} MiB: not kept")
        if count == leave_after or time.monotonic() > until:
            return
