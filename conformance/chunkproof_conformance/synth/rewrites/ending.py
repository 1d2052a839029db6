"""Rewrites of the end: finish reasons, usage, `[DONE]`, and streams that break."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from chunkproof_conformance.synth.blocks import (
    Block,
    Json,
    before_done,
    block_of,
    choices_of,
    copied,
    edited,
    entries_in,
    has_error,
    single_choice,
)
from chunkproof_conformance.synth.rewrites.delta import ENVELOPE, beside, says
from chunkproof_conformance.synth.rewrites.rewrite import Invariant, Rewrite, on_blocks

if TYPE_CHECKING:
    from random import Random

_HALF: Final = re.compile(rb"(?i)\\ud[89a-f]")
"""Half a surrogate pair, as it is escaped."""
_COUNTS: Final = ("prompt_tokens", "completion_tokens", "total_tokens")


def _finish_at(blocks: list[Block]) -> list[int]:
    """Positions of chunks with one choice, a finish reason and a delta that says nothing."""
    found = []
    for at, block in enumerate(blocks):
        choice = single_choice(block.chunk)
        if choice and choice.get("finish_reason") and not says(choice["delta"]):
            found.append(at)
    return found


def _is_finished(blocks: list[Block]) -> bool:
    """Whether every choice that speaks has a finish reason, and no other object is there."""
    opened, finished = set(), set()
    for block in blocks:
        listed = (block.chunk or {}).get("choices") or []
        if not isinstance(listed, list) or len(choices_of(block.chunk)) != len(listed):
            return False
        for choice in choices_of(block.chunk):
            opened.add(choice.get("index"))
            if choice.get("finish_reason"):
                finished.add(choice.get("index"))
    return bool(opened) and opened == finished


def finish_merged(blocks: list[Block], _: Random) -> list[Block] | None:
    """The finish reason on the choice's last chunk that says something."""
    if has_error(blocks):
        return None
    found = list(blocks)
    for at in _finish_at(blocks):
        choice = single_choice(blocks[at].chunk)
        before = single_choice(found[at - 1].chunk) if at else None
        chunk = found[at - 1].chunk
        if choice is None or before is None or chunk is None or chunk.get("usage"):
            continue
        if before.get("index") != choice.get("index") or before.get("finish_reason"):
            continue
        if choice.get("logprobs") or before.get("usage"):
            continue
        earlier, later = copied(chunk), copied(blocks[at].chunk or {})
        earlier["choices"][0]["finish_reason"] = choice["finish_reason"]
        later["choices"][0]["finish_reason"] = None
        found[at - 1 : at + 1] = [block_of(earlier), block_of(later)]
    return found


def finish_repeated(blocks: list[Block], _: Random) -> list[Block] | None:
    """Each finish reason once more; `error` is none, it fails the stream."""
    if has_error(blocks):
        return None
    found: list[Block] = []
    for at, block in enumerate(blocks):
        found.append(block)
        choice = single_choice(block.chunk)
        if at in _finish_at(blocks) and choice is not None and block.chunk is not None:
            again = beside(block.chunk, choice.get("index"), {})
            again["choices"][0]["finish_reason"] = choice["finish_reason"]
            if "index" not in choice:
                del again["choices"][0]["index"]
            found.append(block_of(again))
    return found


def finish_blank(blocks: list[Block], _: Random) -> list[Block]:
    """An empty finish reason wherever there is none."""

    def edit(chunk: Json) -> None:
        for choice in choices_of(chunk):
            if choice.get("finish_reason") is None:
                choice["finish_reason"] = ""

    return edited(blocks, edit)


def finish_early(blocks: list[Block], random: Random) -> list[Block] | None:
    """A finish reason before the last deltas of its choice."""
    places = _finish_at(blocks)
    if len(places) != 1 or (blocks[places[0]].chunk or {}).get("usage"):
        return None
    if any(_HALF.search(block.raw) for block in blocks):
        return None  # a finish reason lets out the half that waits for the other
    at = places[0]
    if choices_of(blocks[at].chunk)[0].get("logprobs"):
        return None
    start = at
    index = choices_of(blocks[at].chunk)[0].get("index")
    while start and _belongs(blocks[start - 1], index):
        start -= 1
    if start == at:
        return None
    to = random.randint(start, at - 1)
    return [*blocks[:to], blocks[at], *blocks[to:at], *blocks[at + 1 :]]


def _belongs(block: Block, index: Any) -> bool:
    choice = single_choice(block.chunk)
    return choice is not None and choice.get("index") == index and block.chunk is not None \
        and not block.chunk.get("usage")  # fmt: skip


# --- usage


def _usage_at(blocks: list[Block]) -> list[int]:
    return [
        at
        for at, block in enumerate(blocks)
        if block.chunk is not None and isinstance(block.chunk.get("usage"), dict)
        and block.chunk["usage"]
    ]  # fmt: skip


def _own_usage(blocks: list[Block]) -> int | None:
    """The position of the one usage object of the stream, in a chunk of its own, not zero."""
    places = _usage_at(blocks)
    if len(places) != 1 or _has_other_usage(blocks):
        return None
    chunk = blocks[places[0]].chunk or {}
    counts = chunk["usage"]
    is_plain = all(isinstance(counts.get(name), int) and counts[name] > 0 for name in _COUNTS)
    return places[0] if chunk.get("choices") == [] and is_plain else None


def _has_other_usage(blocks: list[Block]) -> bool:
    return any(
        (block.chunk or {}).get("x_groq") or any(c.get("usage") for c in choices_of(block.chunk))
        for block in blocks
    )


def _without_usage(chunk: Json) -> Json:
    return {**copied(chunk), "usage": None}


def usage_with_finish(blocks: list[Block], _: Random) -> list[Block] | None:
    """Usage in the chunk of the finish reason, just before its own."""
    at = _own_usage(blocks)
    if not at or at - 1 not in _finish_at(blocks):
        return None
    finish, own = copied(blocks[at - 1].chunk or {}), blocks[at].chunk or {}
    finish["usage"] = own["usage"]
    return [*blocks[: at - 1], block_of(finish), *blocks[at + 1 :]]


def usage_growing(blocks: list[Block], _: Random) -> list[Block] | None:
    """Usage so far in every chunk; only the last one counts."""
    at = _own_usage(blocks)
    if not at:
        return None
    total = (blocks[at].chunk or {})["usage"]
    number = 0

    def edit(chunk: Json) -> None:
        nonlocal number
        number += 1
        if number <= at and not chunk.get("usage") and "choices" in chunk:
            part = max(1, total["completion_tokens"] * number // (at + 1))
            counts = (total["prompt_tokens"], part, total["prompt_tokens"] + part)
            chunk["usage"] = dict(zip(_COUNTS, counts, strict=True))

    return [*edited(blocks[:at], edit), *blocks[at:]]


def usage_zero_first(blocks: list[Block], _: Random) -> list[Block] | None:
    """Usage of nothing but zeros before the one that counts."""
    at = _own_usage(blocks)
    if not at:
        return None

    def edit(chunk: Json) -> None:
        if "choices" in chunk and not chunk.get("usage"):
            chunk["usage"] = dict.fromkeys(_COUNTS, 0)

    return [*edited(blocks[:at], edit), *blocks[at:]]


def usage_repeated(blocks: list[Block], _: Random) -> list[Block] | None:
    at = _own_usage(blocks)
    return None if at is None else [*blocks[: at + 1], blocks[at], *blocks[at + 1 :]]


def usage_then_null(blocks: list[Block], _: Random) -> list[Block] | None:
    """A chunk without usage, and one with usage {}, after the one that counts."""
    at = _own_usage(blocks)
    if at is None:
        return None
    chunk = blocks[at].chunk or {}
    envelope = {name: chunk[name] for name in ENVELOPE if name in chunk}
    usages: tuple[Json | None, ...] = (None, {})
    after = [block_of({**envelope, "choices": [], "usage": usage}) for usage in usages]
    return [*blocks[: at + 1], *after, *blocks[at + 1 :]]


def usage_in_x_groq(blocks: list[Block], _: Random) -> list[Block] | None:
    at = _own_usage(blocks)
    if at is None:
        return None
    chunk = blocks[at].chunk or {}
    moved = {**_without_usage(chunk), "x_groq": {"usage": chunk["usage"]}}
    return [*blocks[:at], block_of(moved), *blocks[at + 1 :]]


def usage_in_choice(blocks: list[Block], _: Random) -> list[Block] | None:
    at = _own_usage(blocks)
    if not at or at - 1 not in _finish_at(blocks):
        return None
    finish, own = copied(blocks[at - 1].chunk or {}), blocks[at].chunk or {}
    finish["choices"][0]["usage"] = own["usage"]
    rest = [*blocks[: at - 1], block_of(finish), block_of(_without_usage(own))]
    return rest + blocks[at + 1 :]


# --- [DONE]


def done_missing(blocks: list[Block], _: Random) -> list[Block] | None:
    is_whole = bool(blocks) and blocks[-1].is_done and _is_finished(blocks)
    return blocks[:-1] if is_whole else None


def done_unterminated(blocks: list[Block], _: Random) -> list[Block] | None:
    """No empty line after `[DONE]`: it counts all the same, or is not needed."""
    if done_missing(blocks, _) is None:
        return None
    return [*blocks[:-1], Block(blocks[-1].raw[:-1])]


def done_repeated(blocks: list[Block], _: Random) -> list[Block] | None:
    return [*blocks, blocks[-1]] if blocks and blocks[-1].is_done else None


def done_close(blocks: list[Block], _: Random) -> list[Block] | None:
    """`[DONE]` without a space before it and with one after it."""
    is_whole = bool(blocks) and blocks[-1].is_done
    return [*blocks[:-1], Block(b"data:[DONE] \n\n")] if is_whole else None


def after_done(blocks: list[Block], _: Random) -> list[Block] | None:
    """Text, an error and half a frame after `[DONE]`, which nobody reads."""
    if not blocks or not blocks[-1].is_done:
        return None
    late: list[Json] = [
        {"choices": [{"index": 0, "delta": {"content": "late"}}]},
        {"error": {"message": "late"}},
    ]
    return [*blocks, *map(block_of, late), Block(b'data: {"half')]


# --- streams that break


def _chunks_at(blocks: list[Block]) -> list[int]:
    """Positions of chunks that say something in a choice."""
    return [
        at
        for at, block in enumerate(blocks)
        if any(says(choice["delta"]) for choice in choices_of(block.chunk))
    ]


def unfinished(blocks: list[Block], _: Random) -> list[Block] | None:
    """Neither a finish reason nor `[DONE]`."""
    if not _chunks_at(blocks) or has_error(blocks) or not _is_finished(blocks):
        return None

    def edit(chunk: Json) -> None:
        for choice in choices_of(chunk):
            choice["finish_reason"] = None

    return edited(blocks[: before_done(blocks)], edit)


def _breakable(blocks: list[Block]) -> list[int]:
    """Positions of chunks whose loss leaves clear whose the other fragments are.

    None where fragments belong to the call before them, not to an index; of several calls not
    those that open one.
    """
    ids: dict[tuple[Any, Any], str] = {}
    calls: set[tuple[Any, Any]] = set()
    for choice, entry in entries_in(blocks):
        index, call_id = entry.get("index"), entry.get("id")
        if type(index) is not int or index < 0:
            return []
        if call_id and ids.setdefault((choice, index), call_id) != call_id:
            return []
        calls.add((choice, index))
    places = _chunks_at(blocks)
    return [at for at in places if len(calls) < 2 or not _opens(blocks[at])]


def _opens(block: Block) -> bool:
    """Whether an entry has an id or a name."""
    for _, entry in entries_in([block]):
        function = entry.get("function")
        if entry.get("id") or (isinstance(function, dict) and function.get("name")):
            return True
    return False


def glued(blocks: list[Block], random: Random) -> list[Block] | None:
    """A frame that breaks off, and the next one on the same line."""
    talking = set(_breakable(blocks))
    places = sorted(at for at in talking if at + 1 in talking)
    if not places:
        return None
    at = random.choice(places)
    raw = blocks[at].raw
    half = raw[: random.randint(7, max(8, len(raw) - 4))]
    return [*blocks[:at], Block(half + blocks[at + 1].raw), *blocks[at + 2 :]]


def damaged(blocks: list[Block], random: Random) -> list[Block] | None:
    """A frame whose JSON lacks its last brace."""
    places = [at for at in _breakable(blocks) if blocks[at].raw.endswith(b"}\n\n")]
    if not places:
        return None
    at = random.choice(places)
    return [*blocks[:at], Block(blocks[at].raw[:-3] + b"\n\n"), *blocks[at + 1 :]]


_EQ, _EQM, _ERR = Invariant.EQUAL, Invariant.MESSAGE, Invariant.ERROR
ENDING: Final = (
    Rewrite(
        "finish-merged", _EQ, "the finish reason with the last delta", on_blocks(finish_merged),
        ("finish-with-payload",), ignores_extras=True,
    ),
    Rewrite("finish-repeated", _EQ, "the finish reason twice", on_blocks(finish_repeated)),
    Rewrite("finish-blank", _EQ, "an empty one where there is none", on_blocks(finish_blank)),
    Rewrite(
        "finish-early", _EQM, "deltas after the finish reason", on_blocks(finish_early),
        ("payload-after-finish",), contested=True,
    ),
    Rewrite(
        "usage-with-finish", _EQ, "usage beside the finish reason", on_blocks(usage_with_finish),
        ("usage-in-finish-chunk",), ignores_extras=True,
    ),
    Rewrite(
        "usage-growing", _EQM, "usage so far in every chunk", on_blocks(usage_growing),
        ("usage-cumulative-each-chunk",),
    ),
    Rewrite("usage-zero-first", _EQM, "zeros before it", on_blocks(usage_zero_first)),
    Rewrite(
        "usage-repeated", _EQ, "the same usage twice", on_blocks(usage_repeated),
        ("usage-repeated-identical",),
    ),
    Rewrite(
        "usage-then-null", _EQ, "null and {} after it", on_blocks(usage_then_null),
        ("usage-then-chunk-without",),
    ),
    Rewrite("usage-in-x-groq", _EQM, "usage in x_groq", on_blocks(usage_in_x_groq)),
    Rewrite("usage-in-choice", _EQM, "usage in a choice", on_blocks(usage_in_choice)),
    Rewrite(
        "done-missing", _EQ, "no `[DONE]` after the finish reason", on_blocks(done_missing),
        ("done-missing-finish-present",), contested=True,
    ),
    Rewrite(
        "done-unterminated", _EQ, "no empty line after `[DONE]`", on_blocks(done_unterminated),
        ("eof-no-blank-line",), contested=True,
    ),
    Rewrite("done-repeated", _EQ, "`[DONE]` twice", on_blocks(done_repeated), ("done-duplicate",)),
    Rewrite("done-close", _EQ, "`[DONE]` spaced otherwise", on_blocks(done_close)),
    Rewrite("after-done", _EQ, "data after `[DONE]`", on_blocks(after_done), ("data-after-done",)),
    Rewrite("unfinished", _ERR, "neither finish reason nor `[DONE]`", on_blocks(unfinished)),
    Rewrite("glued", _ERR, "a broken frame and the next on a line", on_blocks(glued)),
    Rewrite("damaged", _ERR, "a frame that is not JSON", on_blocks(damaged)),
)  # fmt: skip
"""Every end that means the same, and three that must not pass for one."""
