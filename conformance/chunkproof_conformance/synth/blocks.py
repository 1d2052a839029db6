"""A plain body taken apart into blocks and put together again; knows no parser.

Plain: UTF-8, LF line ends, no byte order mark; every block is comment lines and at most one
`data:` line, and ends with an empty line; every payload is a JSON object without duplicate
members and not nested beyond what parsers must read, or `[DONE]`, after which nothing comes; and
there is at least one payload. Rewrites of anything else would have to know what it means; they
leave it alone.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from chunkproof_conformance.synth.framing import DONE, Framing, to_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

Json = dict[str, Any]
_PLAIN: Final = Framing()
MAX_DEPTH: Final = 200
"""Arrays and objects open at once, in a payload that rewrites may touch; rule PAY-13 has 256."""


@dataclass(frozen=True)
class Block:
    """The lines between two empty lines. `raw`: with the empty line that ends it."""

    raw: bytes
    chunk: Json | None = None
    """The payload, where it is an object."""
    is_done: bool = False


def block_of(chunk: Json) -> Block:
    """One data line with this chunk."""
    return Block(f"data: {to_json(chunk, _PLAIN)}\n\n".encode(), chunk)


def maybe_blocks(body: bytes) -> list[Block] | None:
    """The blocks of a plain body, in order; None for any other."""
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return None
    if not text.endswith("\n\n") or "\r" in text or text.startswith("\ufeff"):
        return None
    blocks = [_block(part) for part in text.removesuffix("\n\n").split("\n\n")]
    known = [block for block in blocks if block is not None]
    is_plain = len(known) == len(blocks) and not any(block.is_done for block in known[:-1])
    says = any(block.chunk is not None or block.is_done for block in known)
    return known if is_plain and says else None


def _block(part: str) -> Block | None:
    lines = [line for line in part.split("\n") if line and not line.startswith(":")]
    raw = f"{part}\n\n".encode()
    if not lines:
        return Block(raw)
    payload = lines[0].removeprefix("data:").strip(" ")
    if len(lines) > 1 or not lines[0].startswith("data:"):
        return None
    if payload == DONE:
        return Block(raw, is_done=True)
    try:
        value = json.loads(payload, object_pairs_hook=_members)
    except (ValueError, RecursionError):
        return None
    is_deep = payload.count("[") + payload.count("{") > MAX_DEPTH and _depth(value) > MAX_DEPTH
    return Block(raw, value) if isinstance(value, dict) and not is_deep else None


def _depth(value: Any) -> int:
    """How many arrays and objects are open at once."""
    deepest, level = 0, [value]
    while level := [one for one in level if isinstance(one, list | dict)]:
        deepest += 1
        level = [
            inner for one in level for inner in (one.values() if isinstance(one, dict) else one)
        ]
    return deepest


def _members(pairs: list[tuple[str, Any]]) -> Json:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member twice")
    return members


def body_of(blocks: Iterable[Block]) -> bytes:
    """The body that these blocks are."""
    return b"".join(block.raw for block in blocks)


def before_done(blocks: Sequence[Block]) -> int:
    """The position before which something may stand that must still be read."""
    return len(blocks) - (1 if blocks and blocks[-1].is_done else 0)


def copied(chunk: Json) -> Json:
    """A deep copy that may be changed."""
    value: Json = json.loads(json.dumps(chunk))
    return value


def choices_of(chunk: Json | None) -> list[Json]:
    """The choices of a chunk that are objects with a delta that is one."""
    found = chunk.get("choices") if chunk else None
    return [
        choice
        for choice in (found if isinstance(found, list) else [])
        if isinstance(choice, dict) and isinstance(choice.get("delta"), dict)
    ]


def single_choice(chunk: Json | None) -> Json | None:
    """The choice of a chunk that has exactly one, and it is an object with a delta."""
    found = choices_of(chunk)
    return found[0] if chunk and found and len(chunk["choices"]) == 1 else None


def entries_of(choice: Json) -> list[Json]:
    """The entries of `tool_calls` that are objects."""
    found = choice["delta"].get("tool_calls")
    return [entry for entry in found if isinstance(entry, dict)] if isinstance(found, list) else []


def entries_in(blocks: Iterable[Block]) -> Iterator[tuple[Any, Json]]:
    """Every entry of the stream, with the index of its choice."""
    for block in blocks:
        for choice in choices_of(block.chunk):
            for entry in entries_of(choice):
                yield choice.get("index"), entry


def edited(blocks: Sequence[Block], edit: Callable[[Json], object]) -> list[Block]:
    """The blocks with every chunk edited in place, on a copy; unchanged ones keep their bytes."""
    found = []
    for block in blocks:
        if block.chunk is None:
            found.append(block)
            continue
        chunk = copied(block.chunk)
        edit(chunk)
        is_same = json.dumps(chunk) == json.dumps(block.chunk)
        found.append(block if is_same else block_of(chunk))
    return found


def has_error(blocks: Iterable[Block]) -> bool:
    """Whether any chunk speaks of an error, in any of its shapes."""
    return any(
        block.chunk.get("error")
        or block.chunk.get("object") == "error"
        or ("choices" not in block.chunk and not block.chunk.get("usage"))
        or any(choice.get("finish_reason") == "error" for choice in choices_of(block.chunk))
        for block in blocks
        if block.chunk is not None
    )
