"""Rewrites of the event stream: the same frames, spelt otherwise (WHATWG HTML, 9.2.5)."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final

from chunkproof_conformance.synth.blocks import Block, before_done
from chunkproof_conformance.synth.framing import BOM
from chunkproof_conformance.synth.rewrites.rewrite import Invariant, Rewrite, on_blocks

if TYPE_CHECKING:
    from random import Random

_COMMENTS: Final = (b":\n\n", b": keep-alive\n\n", b": data: {}\n\n", b":" + b"x" * 3000 + b"\n\n")
_FIELD: Final = re.compile(rb"(?m)^(?:data|event|id|retry)(?::|$)")
_INSIDE: Final = (b":\n", b": inside\n", b":data: [DONE]\n")


def _is_lines(body: bytes) -> bool:
    """Whether it is an event stream whose line ends are LF alone, the last one of a frame."""
    is_stream = _FIELD.search(body) is not None
    return is_stream and b"\r" not in body and body.endswith(b"\n\n")


def crlf(body: bytes, _: Random) -> bytes | None:
    return body.replace(b"\n", b"\r\n") if _is_lines(body) else None


def cr(body: bytes, _: Random) -> bytes | None:
    return body.replace(b"\n", b"\r") if _is_lines(body) else None


def mixed(body: bytes, random: Random) -> bytes | None:
    """Each line end by lot. CR before a lone LF would be one line end, so none stands there."""
    if not _is_lines(body):
        return None
    out = b""
    for line in body.split(b"\n")[:-1]:
        ends = [b"\r\n", b"\r"] + ([] if out.endswith(b"\r") and not line else [b"\n"])
        out += line + random.choice(ends)
    return out


def _spaced(body: bytes, space: bytes) -> bytes | None:
    if not _is_lines(body):
        return None
    return re.sub(rb"(?m)^data: ?(?=[\[{])", b"data:" + space, body)


def no_space(body: bytes, _: Random) -> bytes | None:
    return _spaced(body, b"")


def two_spaces(body: bytes, _: Random) -> bytes | None:
    return _spaced(body, b"  ")


def bom(body: bytes, _: Random) -> bytes | None:
    is_stream = re.match(rb"data:|event:|id:|retry:|:", body)
    return BOM + body if is_stream else None


def comments(blocks: list[Block], random: Random) -> list[Block]:
    """Comments at the start, between frames and before a frame's own lines."""
    found = [Block(random.choice(_COMMENTS))]
    for block in blocks:
        found.append(Block(random.choice((b"", *_INSIDE)) + block.raw, block.chunk, block.is_done))
        if random.random() < 0.3 and not block.is_done:
            found.append(Block(random.choice(_COMMENTS)))
    return found


def comments_after_data(blocks: list[Block], random: Random) -> list[Block]:
    """A comment between a frame's data line and the empty line that ends it."""
    return [
        Block(block.raw[:-1] + random.choice(_INSIDE) + b"\n", block.chunk, block.is_done)
        for block in blocks
    ]


def retry(blocks: list[Block], _: Random) -> list[Block]:
    return [Block(b"retry: 3000\n\n"), *blocks]


def ids(blocks: list[Block], _: Random) -> list[Block]:
    """An id in every frame, and a keep-alive after each: the id must not dispatch one."""
    found = []
    for number, block in enumerate(blocks):
        found += [Block(b"id: %d\n" % number + block.raw), Block(b": ping\n\n")]
    return found[:-1] if blocks and blocks[-1].is_done else found


def event_message(blocks: list[Block], _: Random) -> list[Block]:
    return [Block(b"event: message\n" + block.raw) for block in blocks]


def event_alone(blocks: list[Block], random: Random) -> list[Block]:
    """A frame that has a type but no data, which dispatches nothing."""
    at = random.randint(0, before_done(blocks))
    return [*blocks[:at], Block(b"event: ping\n\n"), *blocks[at:]]


def unknown_field(blocks: list[Block], _: Random) -> list[Block]:
    """Names are compared as they are: ` data:` and `Data:` are no data."""
    lines = b"x-trace: 7\nforeign\n data: no\nData: no\n"
    return [Block(lines + block.raw) for block in blocks]


def empty_data(blocks: list[Block], random: Random) -> list[Block]:
    """Frames whose payload is empty, null or {}: dispatched, and nothing to a parser."""
    found = []
    for block in blocks:
        payload = random.choice((b"", b" ", b" null", b" {}"))
        found += [Block(b"data:" + payload + b"\n\n"), block]
    return found


def blank_lines(blocks: list[Block], random: Random) -> list[Block]:
    return [Block(b"\n" * random.randint(0, 3) + block.raw) for block in blocks]


def data_lines(blocks: list[Block], random: Random) -> list[Block] | None:
    """Payloads on several data lines, cut where JSON allows white space."""
    found = []
    for block in blocks:
        if block.chunk is None:
            found.append(block)
            continue
        pretty = json.dumps(block.chunk, indent=random.choice((0, 1)))
        lines = "".join(f"data: {line}\n" for line in pretty.split("\n"))
        found.append(Block(f"{lines}\n".encode()))
    return found


_EQ: Final = Invariant.EQUAL
FRAMING: Final = (
    Rewrite("line-ends-crlf", _EQ, "CRLF ends every line", crlf, ("crlf",)),
    Rewrite("line-ends-cr", _EQ, "CR alone ends every line", cr, ("cr-only",)),
    Rewrite("line-ends-mixed", _EQ, "every line ends as it likes", mixed, ("mixed-line-endings",)),
    Rewrite("space-dropped", _EQ, "no space after `data:`", no_space, ("data-no-space",)),
    Rewrite("space-doubled", _EQ, "two after `data:`", two_spaces, ("strip-one-space-only",)),
    Rewrite("byte-order-mark", _EQ, "a byte order mark first", bom, ("bom-at-start",)),
    Rewrite("comments", _EQ, "comment lines between and in frames", on_blocks(comments)),
    Rewrite(
        "comments-after-data",
        _EQ,
        "a comment between data and empty line",
        on_blocks(comments_after_data),
        ("comment-inside-event",),
    ),
    Rewrite("retry-first", _EQ, "a `retry:` frame first", on_blocks(retry), ("meta-only-event",)),
    Rewrite("ids", _EQ, "an id per frame, keep-alives", on_blocks(ids), ("id-then-comment-blank",)),
    Rewrite("event-message", _EQ, "every frame typed `message`", on_blocks(event_message)),
    Rewrite("event-alone", _EQ, "a typed frame without data", on_blocks(event_alone)),
    Rewrite("unknown-field", _EQ, "lines of fields that are none", on_blocks(unknown_field)),
    Rewrite(
        "empty-data",
        _EQ,
        "frames that say nothing: empty, null, {}",
        on_blocks(empty_data),
        ("empty-data-event", "non-object-data"),
    ),
    Rewrite("blank-lines", _EQ, "more empty lines between frames", on_blocks(blank_lines)),
    Rewrite("data-lines", _EQ, "payloads on several data lines", on_blocks(data_lines)),
)
"""Each is the same stream to anybody who reads WHATWG."""
