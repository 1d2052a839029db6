"""Who answered: the server's name and version, as somebody said them. Nothing is guessed.

A name comes from the person who records, or from the host where it is a public one, or from the
server itself (its `server` header, the owner in `/v1/models`); a version from the person or from
a header. Who cannot be named is not recorded.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import httpx2
import openai

from chunkproof_conformance.cases.redact import PUBLIC_HOSTS
from chunkproof_conformance.record.servers.scripted.answers import SERVER as SCRIPTED

if TYPE_CHECKING:
    from collections.abc import Mapping

NOT_STATED: Final = "not stated"
HTTP_LIBRARIES: Final = frozenset({
    "aiohttp", "akamai", "apache", "awselb", "basehttp", "caddy", "cloudflare", "daphne",
    "envoy", "express", "granian", "gunicorn", "hypercorn", "istio-envoy", "kestrel", "nginx",
    "openresty", "python", "simplehttp", "tornadoserver", "uvicorn", "vercel", "werkzeug",
    "google frontend", "gfe",
})  # fmt: skip
"""`server` headers that name what carries the HTTP, not the program that answers."""
OWNERS_OF_NOTHING: Final = frozenset({
    "", "library", "me", "organization_owner", "owner", "system", "user",
})  # fmt: skip
"""Values of `owned_by` that name no program."""
SCRIPT_SAYS_SO: Final = "its `server` header says that it plays a script"
REFUSED_KEY: Final = 401
_NO_CONNECTION: Final = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.UnsupportedProtocol)
VERSION_HEADERS: Final = ("x-litellm-version", "openai-version")


class OriginError(Exception):
    """A server nobody named: what to give on the command line."""


class NotReached(OriginError):  # noqa: N818 - what happened, not whose fault
    """No connection to the server: the address, and what the network said."""

    def __init__(self, base_url: str, why: str) -> None:
        super().__init__(base_url, why)  # keeps the error picklable
        self.base_url = base_url
        self.why = why

    def __str__(self) -> str:
        return f"{self.base_url} cannot be reached ({self.why}); is it running, and spelled right?"


@dataclass(frozen=True)
class Answered:
    """What `/v1/models` said: its headers, names in lower case, and its models."""

    headers: Mapping[str, str]
    models: tuple[str, ...]
    owners: tuple[str, ...]
    refusal: str | None = None
    """Its words where it asked for another key, or for one at all (status 401)."""


@dataclass(frozen=True)
class Origin:
    """The server, with where its name and version come from."""

    server: str
    version: str
    known_by: str
    is_scripted: bool = False
    """A server that plays scripts and says so: what it sends is no recording of a program."""

    @property
    def slug(self) -> str:
        """The server's part of a case id."""
        name = self.server
        if self.is_scripted:
            name = "script"
        elif name in PUBLIC_HOSTS:
            name = name.split(".")[-2]
        return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def ask_models(
    base_url: str, api_key: str, headers: Mapping[str, str], timeout: float = 20
) -> Answered:
    """What the server says of itself; empty where it has no such endpoint. timeout: seconds.

    Raises: NotReached.
    """
    with openai.OpenAI(
        base_url=base_url,
        api_key=api_key,
        default_headers=dict(headers),
        max_retries=0,
        timeout=timeout,
    ) as client:
        try:
            raw = client.models.with_raw_response.list()
        except openai.APIStatusError as error:
            refusal = str(error) if error.status_code == REFUSED_KEY else None
            found = {name.lower(): value for name, value in error.response.headers.items()}
            return Answered(found, (), (), refusal)
        except openai.APIConnectionError as error:
            if isinstance(error.__cause__, _NO_CONNECTION):
                raise NotReached(base_url, str(error.__cause__)) from error
            return Answered({}, (), ())  # it hung up on this one question
    named = {name.lower(): value for name, value in raw.headers.items()}
    try:
        listed: Any = raw.http_response.json()["data"]
        entries = [entry for entry in listed if isinstance(entry, dict)]
    except (ValueError, KeyError, TypeError):
        entries = []
    models = tuple(str(entry["id"]) for entry in entries if entry.get("id"))
    owners = tuple(sorted({str(entry.get("owned_by") or "") for entry in entries}))
    return Answered(named, models, owners)


def origin(
    base_url: str, answered: Answered, server: str | None = None, version: str | None = None
) -> Origin:
    """Who answers at this address. Raises: OriginError.

    server, version: what the person said; it counts before everything else.
    """
    product, _, products_version = answered.headers.get("server", "").partition("/")
    if product == SCRIPTED:
        return Origin(SCRIPTED, products_version, SCRIPT_SAYS_SO, is_scripted=True)
    host = urlsplit(base_url).hostname or ""
    owners = [owner for owner in answered.owners if owner.lower() not in OWNERS_OF_NOTHING]
    is_program = bool(product) and product.lower() not in HTTP_LIBRARIES
    if server:
        name, by = server, "named by the person who recorded"
    elif host in PUBLIC_HOSTS:
        name, by = host, "named by its address"
    elif is_program:
        name, by = product, "named by its `server` header"
    elif len(owners) == 1:
        name, by = owners[0], "named by `owned_by` in /v1/models"
    else:
        raise OriginError("the server does not say what it is; name it with --server NAME")
    if version:
        return Origin(name, version, by)
    if is_program and product.lower() == name.lower() and products_version:
        return Origin(name, products_version.split()[0], f"{by}, version from the same header")
    for header in VERSION_HEADERS:
        if answered.headers.get(header):
            said = f"{header} {answered.headers[header]}"
            return Origin(name, said, f"{by}, version from a header")
    return Origin(name, NOT_STATED, f"{by}, version not stated")


def model_of(
    answered: Answered, named: str | None, preferred: tuple[str, ...] = ("gpt-4.1-mini",)
) -> str:
    """The model to ask for: named, or the only one, or a preferred one that is listed.

    Raises: OriginError.
    """
    if named:
        return named
    if len(answered.models) == 1:
        return answered.models[0]
    for model in (*preferred, "gpt-4o-mini"):
        if model in answered.models:
            return model
    listed = ", ".join(answered.models[:5]) or "none"
    raise OriginError(f"which model? name it with --model (the server lists {listed})")
