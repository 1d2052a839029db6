"""A case without its bytes: what it is called, claims and comes from. Cheap enough for all at once.

A card is read off the beginning of a cassette's `chunkproof:` key. The key is the last member of
a file that `dump_cassette` wrote, and what stands on a card comes before its pieces, so neither
bodies nor pieces are decoded. A file that lies otherwise is read whole.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, get_args

import msgspec
import yaml

from chunkproof_conformance.cases.cassette import CassetteError, parse_cassette
from chunkproof_conformance.cases.key import (  # noqa: TC001 - msgspec reads them
    Profile,
    Provenance,
    Slug,
    Strength,
)

if TYPE_CHECKING:
    from pathlib import Path

    from chunkproof_conformance.cases.key import CassetteKey

Origin: TypeAlias = Literal[
    "server", "proxy-over-server", "proxy-over-script", "synthesised", "derived", "imported"
]
"""Provenance as every count is split: the first three are recorded."""

ORIGINS: Final[tuple[Origin, ...]] = get_args(Origin)

_KEY: Final = b"\nchunkproof:\n"
_PIECES: Final = b"\n  pieces:"


class Card(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The first members of a case's key, in the order of the key."""

    id: Slug
    title: str
    profiles: list[Profile]
    strength: Strength
    rules: list[str]
    rows: list[str]
    provenance: Provenance

    @property
    def origin(self) -> Origin:
        """Which count it belongs to. A recorded one without a named setup is a server's."""
        kind = self.provenance.kind
        return (self.provenance.setup or "server") if kind == "recorded" else kind

    @property
    def sender(self) -> str | None:
        """The dialect it was rendered in, or the server that sent it."""
        return self.provenance.dialect or self.provenance.server


def card_of(key: CassetteKey) -> Card:
    """The card of a key."""
    return Card(**{name: getattr(key, name) for name in Card.__struct_fields__})


def read_card(path: Path) -> Card:
    """The card of a cassette that lies in our corpus. Raises: CassetteError."""
    where = f"{path.parent.name}/{path.stem}"
    try:
        data = path.read_bytes()
    except OSError as error:
        raise CassetteError(where, error.strerror or "unreadable", "check the path") from error
    start = data.rfind(_KEY)
    end = data.find(_PIECES, start)
    if start < 0 or end < 0:
        return card_of(parse_cassette(data, where=where).key)
    try:
        document = _plain(yaml.compose(data[start : end + 1], yaml.CSafeLoader))
        return msgspec.convert(document["chunkproof"], Card)
    except (yaml.YAMLError, msgspec.ValidationError):
        return card_of(parse_cassette(data, where=where).key)


def _plain(node: yaml.Node | None) -> Any:
    """A node as lists, dicts and text: on a card everything else is made of text."""
    if isinstance(node, yaml.MappingNode):
        return {name.value: _plain(value) for name, value in node.value}
    if isinstance(node, yaml.SequenceNode):
        return [_plain(one) for one in node.value]
    return node.value if node else None
