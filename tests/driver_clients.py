"""The clients whose streams the drivers read: httpx, httpx2, and openai on each of them."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any, Final

import httpx
import httpx2
import openai

from chunkproof import StreamParser
from chunkproof.drivers import AsyncSource, Source, aevents, events
from chunkproof.events import AnyEvent
from tests.loopback import PATIENCE, Server

HTTP: Final = ("httpx", "httpx2")
OPENAI: Final = ("openai", "openai-on-httpx")
MESSAGES: Final[Any] = [{"role": "user", "content": "Go on."}]


def _library(client: str) -> Any:
    """Return httpx or httpx2. Without certificates, which take longer to load than a test."""
    return httpx if client in {"httpx", "openai-on-httpx"} else httpx2


@contextmanager
def open_source(client: str, url: str, read_timeout: float = PATIENCE) -> Iterator[Source]:
    """Send a request and give its stream; only the client is closed at the end."""
    patience = _library(client).Timeout(PATIENCE, read=read_timeout)
    if client in HTTP:
        with _library(client).Client(timeout=patience, verify=False) as http:
            yield http.send(http.build_request("POST", url, json={}), stream=True)
        return
    http_client = _library(client).Client(timeout=patience, verify=False)
    with openai.OpenAI(
        api_key="none", base_url=url, max_retries=0, timeout=patience, http_client=http_client
    ) as api:
        yield api.chat.completions.create(model="m", messages=MESSAGES, stream=True)


@asynccontextmanager
async def open_async_source(
    client: str, url: str, read_timeout: float = PATIENCE
) -> AsyncIterator[AsyncSource]:
    """The same with the library's async client."""
    patience = _library(client).Timeout(PATIENCE, read=read_timeout)
    if client in HTTP:
        async with _library(client).AsyncClient(timeout=patience, verify=False) as http:
            yield await http.send(http.build_request("POST", url, json={}), stream=True)
        return
    http_client = _library(client).AsyncClient(timeout=patience, verify=False)
    async with openai.AsyncOpenAI(
        api_key="none", base_url=url, max_retries=0, timeout=patience, http_client=http_client
    ) as api:
        yield await api.chat.completions.create(model="m", messages=MESSAGES, stream=True)


@dataclass(frozen=True)
class Reading:
    """What one driver made of one stream."""

    events: list[AnyEvent]
    result: dict[str, Any]
    exception: Exception | None
    has_left: bool
    """The server saw the connection end while the client was still open."""


def read(
    client: str,
    server: Server,
    *,
    is_async: bool,
    take: int | None = None,
    read_timeout: float = PATIENCE,
    parser: StreamParser | None = None,
    sees_leaving: bool = False,
) -> Reading:
    """Read a stream through a driver.

    take: break after so many events. sees_leaving: wait for the server to see the client go,
    before the client (and with it every connection) is closed.
    """
    if is_async:
        return asyncio.run(
            _read(client, server, take, read_timeout, parser, sees_leaving=sees_leaving)
        )
    found: list[AnyEvent] = []
    with open_source(client, server.url, read_timeout) as source:
        with events(source, parser=parser) as stream:
            for event in stream:
                found.append(event)
                if len(found) == take:
                    break
        has_left = sees_leaving and server.gone.wait(PATIENCE)
        return Reading(found, stream.result().to_dict(), stream.exception, has_left)


async def _read(
    client: str,
    server: Server,
    take: int | None,
    read_timeout: float,
    parser: StreamParser | None,
    *,
    sees_leaving: bool,
) -> Reading:
    found: list[AnyEvent] = []
    async with open_async_source(client, server.url, read_timeout) as source:
        async with aevents(source, parser=parser) as stream:
            async for event in stream:
                found.append(event)
                if len(found) == take:
                    break
        has_left = sees_leaving and await asyncio.to_thread(server.gone.wait, PATIENCE)
        return Reading(found, stream.result().to_dict(), stream.exception, has_left)
