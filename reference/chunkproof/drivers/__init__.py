"""Drivers: from a source to events and a result, sync and async.

Sources: an iterable of bytes; an httpx or httpx2 response; an `openai.Stream`. Their async
forms go to `aevents` and `acollect`. None of those libraries is imported: a source is known
by its members. A driver closes its source, whatever ends the reading: the end, `[DONE]`
(nothing is read after it), an exception, `close()`, cancellation. It has no clock: a stream
that stalls is the caller's timeout, and what came before it stays in `result()`.
"""

from chunkproof.drivers.sources import (
    AsyncChunkStream,
    AsyncHttpResponse,
    AsyncSource,
    ChunkStream,
    HttpResponse,
    Source,
)
from chunkproof.drivers.streams import (
    AsyncEventStream,
    EventStream,
    acollect,
    aevents,
    collect,
    events,
)

__all__ = [
    "AsyncChunkStream",
    "AsyncEventStream",
    "AsyncHttpResponse",
    "AsyncSource",
    "ChunkStream",
    "EventStream",
    "HttpResponse",
    "Source",
    "acollect",
    "aevents",
    "collect",
    "events",
]
