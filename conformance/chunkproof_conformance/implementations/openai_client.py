"""The official Python client, driven as its users drive it, over an in-process transport.

One client per adapter; retries off, so that every run reads the one stream it was given.
"""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final

import httpx2
import openai

from chunkproof_conformance.connect.transport import PieceTransport
from chunkproof_conformance.judge.observation import (
    ObservedAudio,
    ObservedError,
    ObservedLogprobs,
    ObservedUsage,
)

if TYPE_CHECKING:
    from chunkproof_conformance.connect.adapter import Stream
    from chunkproof_conformance.judge.observation import ObservedChoice

HOMEPAGE: Final = "https://github.com/openai/openai-python"
PROFILES: Final = (
    "core",
    "tools",
    "parallel-tools",
    "refusal",
    "choices",
    "logprobs",
    "audio",
    "annotations",
    "legacy-functions",
)
"""What OpenAI's own API sends. Other vendors' habits (`lenient`) it does not claim to read."""


class OpenAIClient:
    """`openai.OpenAI` and the transport that answers it."""

    def __init__(self) -> None:
        self._transport = PieceTransport()
        self.client = openai.OpenAI(
            api_key="none",
            base_url="http://chunkproof.invalid/v1",
            max_retries=0,
            http_client=httpx2.Client(transport=self._transport),
        )

    def load(self, stream: Stream) -> dict[str, Any]:
        """Answer with this stream; returns the request members to send."""
        self._transport.load(stream)
        return {
            "model": "any",
            "messages": [{"role": "user", "content": "Go on."}],
            **({"n": stream.request["n"]} if "n" in stream.request else {}),
        }

    def close(self) -> None:
        self.client.close()


def library_version() -> str:
    """Name and version of what is judged."""
    return f"openai {version('openai')}"


def error_of(error: Exception) -> ObservedError:
    """What a user reads of an exception: its type and the first line of its message."""
    lines = str(error).strip().splitlines()
    return ObservedError(lines[0][:300] if lines else "", type(error).__name__)


def usage_of(usage: Any) -> ObservedUsage | None:
    """The three counts of the client's usage object; a count it does not show is None."""
    if usage is None:
        return None
    return ObservedUsage(*(_count(usage, name) for name in ObservedUsage.__struct_fields__))


def text_of(value: Any) -> str | None:
    """What stands where the client promises a string; anything else as it would be printed."""
    return value if value is None or isinstance(value, str) else repr(value)


def index_of(choice: Any, position: int) -> int:
    """The choice's index; where the client shows none, its place in the list (`choices[0]`)."""
    return choice.index if isinstance(choice.index, int) else position


def logprobs_of(logprobs: Any) -> ObservedLogprobs | None:
    """The entries of the client's logprobs object, as JSON objects."""
    if logprobs is None:
        return None
    return ObservedLogprobs(_entries(logprobs.content), _entries(logprobs.refusal))


def audio_of(audio: Any) -> ObservedAudio | None:
    """The members of the client's audio object; what it does not show is None."""
    if audio is None:
        return None
    expires_at = getattr(audio, "expires_at", None)
    return ObservedAudio(
        text_of(getattr(audio, "id", None)),
        text_of(getattr(audio, "data", None)),
        text_of(getattr(audio, "transcript", None)),
        expires_at if isinstance(expires_at, int) else None,
    )


def annotations_of(annotations: Any) -> tuple[Any, ...]:
    """The entries as JSON values; one that the client left as it came is one already."""
    return tuple(
        entry.to_dict() if isinstance(entry, openai.BaseModel) else entry
        for entry in annotations or ()
    )


def _entries(entries: Any) -> list[Any] | None:
    return None if entries is None else [entry.to_dict() for entry in entries]


def _count(usage: Any, name: str) -> int | None:
    value = getattr(usage, name, None)
    return value if isinstance(value, int) else None


def all_finished(choices: tuple[ObservedChoice, ...]) -> bool:
    """Whether the user saw a finish reason in every choice; the client shows no `[DONE]`."""
    return bool(choices) and all(choice.finish_reason for choice in choices)
