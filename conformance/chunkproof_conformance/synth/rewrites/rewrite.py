"""What a rewrite is: a name, what must stay, and bytes to bytes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, TypeAlias

from chunkproof_conformance.synth.blocks import Block, body_of, maybe_blocks

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random


class Invariant(Enum):
    """What must stay as it was. Repairs and offsets may always change."""

    EQUAL = "EQ"
    """The events, one by one, and the result."""
    COALESCED = "EQc"
    """The same after joining neighbouring fragments of one channel."""
    MESSAGE = "EQm"
    """The result; where the events fall is free."""
    ERROR = "ERR"
    """Nothing but the truth's beginning is said, no call is runnable, and it is not complete."""


Edit: TypeAlias = "Callable[[bytes, Random], bytes | None]"
BlockEdit: TypeAlias = "Callable[[list[Block], Random], list[Block] | None]"


@dataclass(frozen=True)
class Rewrite:
    """One rewrite. `edit` returns None where it has nothing to do on a stream.

    ignores_extras: members of no channel come, go or move; they are not compared.
    contested: rests on a rule marked as a choice: shown, never wrong.
    """

    name: str
    invariant: Invariant
    what: str
    edit: Edit
    rows: tuple[str, ...] = ()
    """Rows of the catalogue of wire hazards."""
    ignores_extras: bool = False
    contested: bool = False

    def __call__(self, body: bytes, random: Random) -> bytes | None:
        """The body rewritten, or None where nothing changes. Deterministic in `random`."""
        found = self.edit(body, random)
        return None if found == body else found


def on_blocks(edit: BlockEdit) -> Edit:
    """The edit of a whole body that edits its blocks; none where the body is not plain."""

    def edit_body(body: bytes, random: Random) -> bytes | None:
        blocks = maybe_blocks(body)
        found = None if blocks is None else edit(blocks, random)
        return None if found is None else body_of(found)

    return edit_body
