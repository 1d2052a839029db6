"""Cassettes: stock vcrpy YAML (version 1) with a `chunkproof:` key, read and written.

A cassette holds the stream first and, where there is one, the twin second: the same request
without streaming. Bodies are exact to the byte, after transfer- and content-decoding.
Files are untrusted input: see `document`.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from math import isfinite
from typing import TYPE_CHECKING, Any, Final

import msgspec
import yaml

from chunkproof.rules import RULES
from chunkproof_conformance.cases import document
from chunkproof_conformance.cases.document import DocumentError
from chunkproof_conformance.cases.key import CassetteKey

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

_MAX_WHAT: Final = 400
"""Characters: what is wrong may quote the file."""


class CassetteError(Exception):
    """A cassette that cannot be read: what is wrong, where, and what to do."""

    def __init__(self, where: str, what: str, remedy: str) -> None:
        super().__init__(where, what, remedy)  # keeps the error picklable
        self.where = where
        self.what = what if len(what) <= _MAX_WHAT else f"{what[:_MAX_WHAT]}…"
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.where}: {self.what}; {self.remedy}"


@dataclass(frozen=True)
class Exchange:
    """One request and its response, bodies as bytes. Header names are lower case."""

    method: str
    uri: str
    request_headers: Mapping[str, list[str]]
    request_body: bytes
    status: int
    reason: str
    response_headers: Mapping[str, list[str]]
    response_body: bytes


@dataclass(frozen=True)
class Case:
    """One case: a cassette's key and its exchanges."""

    key: CassetteKey
    stream: Exchange
    twin_exchange: Exchange | None

    @property
    def id(self) -> str:
        return self.key.id

    @property
    def body(self) -> bytes:
        """The stream's body, whole."""
        return self.stream.response_body

    @cached_property
    def cuts(self) -> tuple[int, ...]:
        """Where the recorded reads cut the body: ascending, 0 < cut < length."""
        return tuple(offset for offset, _ in self.key.pieces if offset)

    @cached_property
    def pieces(self) -> tuple[bytes, ...]:
        """The body as the recorder read it, in bytes; empty for an empty body."""
        if not self.body:
            return ()
        edges = (0, *self.cuts, len(self.body))
        return tuple(self.body[start:end] for start, end in pairwise(edges))

    @cached_property
    def request(self) -> dict[str, Any]:
        """The stream's request as JSON value."""
        value: dict[str, Any] = json.loads(self.stream.request_body)
        return value

    @property
    def twin(self) -> bytes | None:
        """The body of the same request without streaming, where it was recorded."""
        return self.twin_exchange.response_body if self.twin_exchange else None


def load_cassette(path: Path, *, expected_id: str | None = None) -> Case:
    """Read a cassette file. Raises: CassetteError.

    expected_id: what the path says, where it is part of a corpus.
    """
    where = expected_id or path.name
    try:
        data = document.read_file(path)
    except DocumentError as error:
        raise CassetteError(where, error.what, error.remedy) from error
    case = parse_cassette(data, where=where)
    if expected_id is not None and case.id != expected_id:
        raise CassetteError(where, f"its id is {case.id!r}", "make id and path the same")
    return case


def parse_cassette(data: bytes, *, where: str = "cassette") -> Case:
    """Read a cassette from YAML bytes. Raises: CassetteError."""
    loaded = load_yaml(data, where)
    if not isinstance(loaded, dict) or loaded.get("version") != 1:
        raise CassetteError(where, "no vcrpy cassette of version 1", "record it again")
    if not isinstance(loaded.get("chunkproof"), dict):
        raise CassetteError(where, "no `chunkproof:` key", "import it with its provenance")
    try:
        key = msgspec.convert(loaded["chunkproof"], CassetteKey)
    except msgspec.ValidationError as error:
        raise CassetteError(where, str(error), "see schemas/cassette.schema.json") from error
    interactions = loaded.get("interactions")
    if not isinstance(interactions, list) or len(interactions) not in {1, 2}:
        raise CassetteError(where, "not one or two interactions", "keep the stream and its twin")
    exchanges = [_read_exchange(interaction, where) for interaction in interactions]
    case = Case(key, exchanges[0], exchanges[1] if len(exchanges) == 2 else None)
    _check(case, where)
    return case


def load_yaml(data: bytes, where: str) -> Any:
    """The document as plain data. Raises: CassetteError."""
    try:
        return document.load_yaml(data)
    except DocumentError as error:
        raise CassetteError(where, error.what, error.remedy) from error


def _read_exchange(interaction: Any, where: str) -> Exchange:
    try:
        request, response = interaction["request"], interaction["response"]
        return Exchange(
            method=_text(request["method"]),
            uri=_text(request["uri"]),
            request_headers=_headers(request["headers"]),
            request_body=_to_bytes(request["body"]),
            status=_status(response["status"]["code"]),
            reason=_text(response["status"]["message"]),
            response_headers=_headers(response["headers"]),
            response_body=_to_bytes(response["body"]["string"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        what = f"an interaction is not vcrpy's ({type(error).__name__}: {error})"
        raise CassetteError(where, what, "compare it with another cassette") from error


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{type(value).__name__} instead of text")
    return value


def _status(value: Any) -> int:
    if not isinstance(value, int) or not 100 <= value <= 599:
        raise ValueError("a status is a number from 100 to 599")
    return value


def _headers(value: Any) -> dict[str, list[str]]:
    return {_line(name).lower(): list(map(_line, _list(items))) for name, items in value.items()}


def _line(value: Any) -> str:
    """A name or a value of a header: a line end in it would be a header of its own."""
    text = _text(value)
    if {"\r", "\n", "\0"} & set(text):
        raise ValueError("a header holds the end of its line")
    return text


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError(f"{type(value).__name__} instead of a list")
    return value


def _to_bytes(value: Any) -> bytes:
    """Body text is UTF-8; what is not comes as `!!binary`; no body as null or ""."""
    if value is None:
        return b""
    return value if isinstance(value, bytes) else _text(value).encode()


def _check(case: Case, where: str) -> None:
    digest = hashlib.sha256(case.body).hexdigest()
    if digest != case.key.sha256:
        raise CassetteError(where, f"the body's sha256 is {digest}", "restore body or hash")
    offsets = [offset for offset, _ in case.key.pieces]
    times = [ms for _, ms in case.key.pieces]
    starts_right = offsets[:1] == [0] if case.body else not offsets
    if not starts_right or any(a >= b for a, b in pairwise((*offsets, len(case.body)))):
        raise CassetteError(where, "pieces do not cut the body", "offsets ascend from 0")
    if any(a > b for a, b in pairwise(times)) or not all(map(isfinite, times)):
        raise CassetteError(where, "pieces go back in time", "ms never fall")
    for exchange in filter(None, (case.stream, case.twin_exchange)):
        coding = exchange.response_headers.get("content-encoding", [])
        if set(coding) - {"identity"}:
            # Stock vcrpy hands it to the client as it lies, who would inflate it without end.
            what = f"a body is said to be {', '.join(coding)}"
            raise CassetteError(where, what, "store it decoded, and drop content-encoding")
    unknown = set(case.key.rules) - RULES.keys()
    if unknown:
        raise CassetteError(where, f"unknown rules {sorted(unknown)}", "see docs/SPEC.md")
    if case.key.request_needs and not _has_members(case):
        what = f"its request is no JSON object, and {', '.join(case.key.request_needs)} is needed"
        raise CassetteError(where, what, "restore the request, or drop `request_needs`")


def _has_members(case: Case) -> bool:
    try:
        return isinstance(case.request, dict)
    except (ValueError, RecursionError):
        return False


class _Block(str):
    """Text written as a literal block, so that the wire reads as it was."""

    __slots__ = ()


class _Dumper(yaml.SafeDumper):
    """The pure-Python emitter: libyaml escapes every character beyond the BMP."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - the name is PyYAML's
        return True


class _Quoted(str):
    """Text written in double quotes, the one style that escapes what YAML would read anew."""

    __slots__ = ()


def _represent(style: str) -> Callable[[yaml.SafeDumper, str], yaml.ScalarNode]:
    return lambda dumper, text: dumper.represent_scalar(_TEXT_TAG, str(text), style)


_TEXT_TAG: Final = "tag:yaml.org,2002:str"
_Dumper.add_representer(_Block, _represent("|"))
_Dumper.add_representer(_Quoted, _represent('"'))

_ESCAPED: Final = frozenset("\r\x85\u2028\u2029\ufeff")
"""Characters that a YAML reader takes for line ends, or drops, where they stand unescaped."""


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    """In double quotes, where such characters are escaped: single ones fold them like lines."""
    style = None if _ESCAPED.isdisjoint(text) else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _represent_text)


def dump_cassette(key: CassetteKey, stream: Exchange, twin: Exchange | None = None) -> str:
    """The cassette as YAML; the key's sha256 is set here. Raises: CassetteError.

    What is written is read back first: a file that would not give exactly these bytes is
    never made.
    """
    key = msgspec.structs.replace(key, sha256=hashlib.sha256(stream.response_body).hexdigest())
    exchanges = [stream] if twin is None else [stream, twin]
    written = {
        "version": 1,
        "interactions": [_interaction(exchange) for exchange in exchanges],
        "chunkproof": msgspec.to_builtins(key),
    }
    text = yaml.dump(
        written,
        Dumper=_Dumper,
        allow_unicode=True,
        default_flow_style=None,
        sort_keys=False,
        width=100,
    )
    if parse_cassette(text.encode(), where=key.id) != Case(key, stream, twin):
        raise CassetteError(key.id, "does not survive being written", "report it")
    return text


def write_cassette(
    folder: Path, key: CassetteKey, stream: Exchange, twin: Exchange | None = None
) -> Path:
    """Write the cassette to `folder/<id>.yaml` and return its path.

    Written whole or not at all: where the disk is full, what was there stays.
    Raises: CassetteError, OSError.
    """
    path = folder / f"{key.id}.yaml"
    text = dump_cassette(key, stream, twin)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.part")
    try:
        part.write_bytes(text.encode())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return path


def _interaction(exchange: Exchange) -> dict[str, Any]:
    return {
        "request": {
            "method": exchange.method,
            "uri": exchange.uri,
            "headers": dict(exchange.request_headers),
            "body": _from_bytes(exchange.request_body),
        },
        "response": {
            "status": {"code": exchange.status, "message": exchange.reason},
            "headers": dict(exchange.response_headers),
            "body": {"string": _from_bytes(exchange.response_body)},
        },
    }


def _from_bytes(body: bytes) -> str | bytes:
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return body
    if not _ESCAPED.isdisjoint(text):
        return _Quoted(text)
    return _Block(text) if "\n" in text else text
