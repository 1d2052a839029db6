"""A finding about the official client again, from nothing but that client and the bytes.

The script that is written imports openai and httpx2 only, so that whoever doubts a verdict can
read all of it: no adapter, no fold and no judge stands between the bytes and what is printed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from chunkproof_conformance.connect.adapter import Stream

_HEAD: Final = '''"""{title}

Needs openai and httpx2. Prints what the client's user sees.
"""

import httpx2
import openai

PIECES = [
{pieces}
]


class Body(httpx2.SyncByteStream):
    def __iter__(self):
        yield from PIECES
{end}

class Replay(httpx2.BaseTransport):
    def handle_request(self, request):
        headers = {headers}
        return httpx2.Response({status}, headers=headers, stream=Body())


print("openai", openai.__version__)
client = openai.OpenAI(
    api_key="none",
    base_url="http://replay.invalid/v1",
    max_retries=0,
    http_client=httpx2.Client(transport=Replay()),
)
request = {{"model": "any", "messages": [{{"role": "user", "content": "Go on."}}]}}
'''

_CHUNKS: Final = """
for chunk in client.chat.completions.create(stream=True, **request):
    for choice in chunk.choices:
        print(choice.index, choice.delta.to_dict(), choice.finish_reason)
    if chunk.usage:
        print("usage", chunk.usage.to_dict())
"""

_STREAM: Final = """
with client.chat.completions.stream(**request) as stream:
    for event in stream:
        pass
    print(stream.current_completion_snapshot.to_json())
"""

TAILS: Final = {"openai-chunks": _CHUNKS, "openai-stream": _STREAM}
"""Implementation -> the lines that drive it."""

_ENDS: Final = {
    "eof": "",
    "reset": '        raise httpx2.ReadError("[Errno 104] Connection reset by peer")\n',
    "short-length": '        raise httpx2.RemoteProtocolError("incomplete message body")\n',
}


def reproduction(title: str, implementation: str, stream: Stream) -> str:
    """The script. title: one line. implementation: a name in `TAILS`."""
    head = _HEAD.format(
        title=title.replace("\\", "/").replace('"', "'"),
        pieces="\n".join(f"    {piece!r}," for piece in stream.pieces),
        end=_ENDS[stream.end],
        headers=dict(stream.headers),
        status=stream.status,
    )
    return head + TAILS[implementation]
