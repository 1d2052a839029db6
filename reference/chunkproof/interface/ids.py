"""Ids of messages: one per step, and one per stretch of messages that belong together."""

from __future__ import annotations

import uuid
from typing import Final

_PREFIX: Final = "message-"
_LOW_BITS: Final = 0x7F
_ALL_BITS: Final = (1 << 128) - 1


def generate_id() -> str:
    """Return a new message id: `message-` and a random UUID."""
    return f"{_PREFIX}{uuid.uuid4()}"


def generate_otid(message_id: str, segment: int) -> str:
    """Return the id of one segment of a message, as a UUID in lower case.

    The id's 128 bits with the low 7 cleared, plus segment, modulo 2**128: the same as
    Letta 0.10.0 for segments 0 to 127, and it goes on above, where 0.10.0 raised. Two
    message ids that differ in the low 7 bits alone share their otids, as there.
    Raises: ValueError for a negative segment, or an id that is no UUID.
    """
    if segment < 0:
        raise ValueError("a segment number is 0 or more")
    base = int(message_id.removeprefix(_PREFIX).replace("-", ""), 16)
    return str(uuid.UUID(int=((base & ~_LOW_BITS) + segment) & _ALL_BITS))
