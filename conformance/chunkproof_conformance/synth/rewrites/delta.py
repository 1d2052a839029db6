"""Rewrites of where one delta ends and the next begins, and of deltas that say nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from chunkproof_conformance.synth.blocks import (
    Block,
    Json,
    block_of,
    choices_of,
    copied,
    edited,
    single_choice,
)
from chunkproof_conformance.synth.rewrites.rewrite import Invariant, Rewrite, on_blocks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from random import Random

ENVELOPE: Final[tuple[str, ...]] = ("id", "object", "created", "model")
_TEXTS: Final = ("content", "reasoning_content", "reasoning", "refusal")
_RANKS: Final = {"reasoning_content": 0, "reasoning": 0, "content": 1, "refusal": 2}
_TOOLS: Final = 3
_SILENT: Final = frozenset({"role", "obfuscation", "p"})
_EMPTY: Final[tuple[Json, ...]] = ({}, {"content": ""}, {"content": None}, {"tool_calls": []})


def beside(chunk: Json, index: Any, delta: Json) -> Json:
    """A chunk with the envelope of this one and one choice that says this delta."""
    envelope = {name: chunk[name] for name in ENVELOPE if name in chunk}
    return {**envelope, "choices": [{"index": index, "delta": delta, "finish_reason": None}]}


def says(delta: Json) -> set[str]:
    """The members of a delta that say something."""
    return {name for name, value in delta.items() if value and name not in _SILENT}


def _text_of(block: Block) -> tuple[Json, str] | None:
    """The one choice of a block and its channel, where it says one string and no more."""
    choice = single_choice(block.chunk)
    if choice is None:
        return None
    said = says(choice["delta"])
    name = next(iter(said)) if len(said) == 1 else ""
    is_text = name in _TEXTS and isinstance(choice["delta"][name], str)
    return (choice, name) if is_text else None


def _split(
    blocks: list[Block], random: Random, cut: Callable[[str, Random], tuple[str, str] | None]
) -> list[Block] | None:
    """Texts said in two deltas instead of one; the second keeps all else of the chunk."""
    found: list[Block] = []
    for block in blocks:
        spoken = _text_of(block)
        halves = cut(spoken[0]["delta"][spoken[1]], random) if spoken else None
        if spoken is None or halves is None or block.chunk is None:
            found.append(block)
            continue
        choice, name = spoken
        role = {"role": choice["delta"]["role"]} if "role" in choice["delta"] else {}
        first = beside(block.chunk, choice.get("index"), {**role, name: halves[0]})
        if "index" not in choice:
            del first["choices"][0]["index"]
        second = copied(block.chunk)
        second["choices"][0]["delta"][name] = halves[1]
        found += [block_of(first), block_of(second)]
    return found if len(found) > len(blocks) else None


def split(blocks: list[Block], random: Random) -> list[Block] | None:
    """Deltas of text cut between two code points."""

    def cut(text: str, random: Random) -> tuple[str, str] | None:
        if len(text) < 2:
            return None
        at = random.randint(1, len(text) - 1)
        return text[:at], text[at:]

    return _split(blocks, random, cut)


def split_pairs(blocks: list[Block], random: Random) -> list[Block] | None:
    """Deltas of text cut inside a character beyond the BMP, between its two escapes."""

    def cut(text: str, random: Random) -> tuple[str, str] | None:
        places = [at for at, char in enumerate(text) if char > "\uffff"]
        if not places:
            return None
        at = random.choice(places)
        code = ord(text[at]) - 0x10000
        high, low = chr(0xD800 + (code >> 10)), chr(0xDC00 + (code & 0x3FF))
        return text[:at] + high, low + text[at + 1 :]

    return _split(blocks, random, cut)


def merge(blocks: list[Block], random: Random) -> list[Block] | None:
    """Neighbouring deltas of one choice said in one chunk, where their order allows it."""
    found: list[Block] = []
    for block in blocks:
        merged = _maybe_merged(found[-1], block) if found and random.random() < 0.6 else None
        if merged is None:
            found.append(block)
        else:
            found[-1] = block_of(merged)
    return found if len(found) < len(blocks) else None


def _maybe_merged(one: Block, other: Block) -> Json | None:
    first, second = single_choice(one.chunk), single_choice(other.chunk)
    if first is None or second is None or one.chunk is None or other.chunk is None:
        return None
    may = (
        type(first.get("index")) is int
        and first.get("index") == second.get("index")
        and not (first.get("finish_reason") or one.chunk.get("usage") or one.chunk.get("error"))
        and not (first.get("logprobs") or second.get("logprobs") or other.chunk.get("error"))
        and not _repeats(first["delta"], second["delta"])
    )
    delta = _joined(first["delta"], second["delta"]) if may else None
    if delta is None:
        return None
    choice = {**first, **{name: value for name, value in second.items() if value is not None}}
    return copied({**one.chunk, **other.chunk, "choices": [{**choice, "delta": delta}]})


def _repeats(first: Json, second: Json) -> bool:
    """Whether both bring a text that ends or begins with half a pair, or mirrored reasoning."""
    texts = [delta[name] for delta in (first, second) for name in _TEXTS if delta.get(name)]
    return any(
        not isinstance(text, str) or any("\ud800" <= char <= "\udfff" for char in text)
        for text in texts
    )


def _joined(first: Json, second: Json) -> Json | None:
    """Both deltas in one; None where one of them says what cannot be put in order."""
    ranks = [[_rank(name) for name in says(delta)] for delta in (first, second)]
    if None in ranks[0] or None in ranks[1]:
        return None
    known = [[rank for rank in side if rank is not None] for side in ranks]
    if max(known[0], default=0) > min(known[1], default=_TOOLS):
        return None
    if any(not isinstance(delta.get("tool_calls") or [], list) for delta in (first, second)):
        return None  # a vendor's own shape: what it means is not ours to say
    delta = {**second, **{name: value for name, value in first.items() if value is not None}}
    for name in says(first) | says(second):
        one, other = first.get(name), second.get(name)
        delta[name] = one + other if one and other else one or other
    reasoning = [name for name in ("reasoning", "reasoning_content") if delta.get(name)]
    return None if len(reasoning) > 1 else delta


def _rank(name: str) -> int | None:
    return _TOOLS if name == "tool_calls" else _RANKS.get(name)


def empty(blocks: list[Block], random: Random) -> list[Block] | None:
    """Deltas that say nothing, before deltas that do."""
    found = []
    for block in blocks:
        choice = single_choice(block.chunk)
        if choice is not None and block.chunk is not None and type(choice.get("index")) is int:
            nothing = copied(random.choice(_EMPTY))
            found.append(block_of(beside(block.chunk, choice["index"], nothing)))
        found.append(block)
    return found


def _roles(blocks: list[Block]) -> dict[Any, str]:
    """The first role of every choice; assistant where none is said."""
    roles: dict[Any, str] = {}
    for block in blocks:
        for choice in choices_of(block.chunk):
            role = choice["delta"].get("role")
            index = choice.get("index")
            roles[index] = roles.get(index) or (role if isinstance(role, str) else "")
    return {index: role or "assistant" for index, role in roles.items()}


def _with_roles(chunk: Json) -> Iterator[Json]:
    """The choices whose role is a role or none; one of another JSON kind has to stay, as extra."""
    for choice in choices_of(chunk):
        if isinstance(choice["delta"].get("role"), str | None):
            yield choice


def role_everywhere(blocks: list[Block], _: Random) -> list[Block]:
    roles = _roles(blocks)

    def edit(chunk: Json) -> None:
        for choice in _with_roles(chunk):
            choice["delta"]["role"] = roles[choice.get("index")]

    return edited(blocks, edit)


def role_blank(blocks: list[Block], random: Random) -> list[Block]:
    """Role empty or null wherever it is not the first."""
    seen = set()

    def edit(chunk: Json) -> None:
        for choice in _with_roles(chunk):
            if choice.get("index") in seen:
                choice["delta"]["role"] = random.choice(("", None))
            elif choice["delta"].get("role"):
                seen.add(choice.get("index"))

    return edited(blocks, edit)


def role_absent(blocks: list[Block], _: Random) -> list[Block] | None:
    """No role at all, where it would be assistant."""
    if set(_roles(blocks).values()) != {"assistant"}:
        return None

    def edit(chunk: Json) -> None:
        for choice in _with_roles(chunk):
            choice["delta"].pop("role", None)

    return edited(blocks, edit)


def in_turn(blocks: list[Block], _: Random) -> list[Block] | None:
    """Choices that speak in turn; each keeps its own order."""
    found: list[Block] = []
    run: list[Block] = []
    for block in [*blocks, Block(b"")]:
        choice = single_choice(block.chunk)
        is_loose = choice is not None and block.chunk is not None and not block.chunk.get("usage")
        if is_loose:
            run.append(block)
            continue
        found += _mixed(run)
        run = []
        found.append(block)
    found.pop()
    return found if len(_roles(blocks)) > 1 else None


def apart(blocks: list[Block], _: Random) -> list[Block] | None:
    """A chunk of several choices as one chunk for each; the last keeps the rest of the chunk."""
    found: list[Block] = []
    for block in blocks:
        choices = choices_of(block.chunk)
        if block.chunk is None or len(choices) < 2 or len(choices) != len(block.chunk["choices"]):
            found.append(block)
            continue
        envelope = {name: block.chunk[name] for name in ENVELOPE if name in block.chunk}
        found += [block_of({**envelope, "choices": [choice]}) for choice in choices[:-1]]
        found.append(block_of({**block.chunk, "choices": choices[-1:]}))
    return found if len(found) > len(blocks) else None


def together(blocks: list[Block], _: Random) -> list[Block] | None:
    """Neighbouring chunks of different choices as one chunk of both."""
    found: list[Block] = []
    for block in blocks:
        last = found[-1].chunk if found else None
        one, other = single_choice(last), single_choice(block.chunk)
        may = one is not None and other is not None and one.get("index") != other.get("index")
        if not may or last is None or block.chunk is None or last.get("usage"):
            found.append(block)
        else:
            found[-1] = block_of({**last, **block.chunk, "choices": [one, other]})
    return found if len(found) < len(blocks) else None


def message_beside(blocks: list[Block], _: Random) -> list[Block] | None:
    """The whole answer so far beside every delta, which alone counts."""
    so_far: dict[Any, str] = {}

    def edit(chunk: Json) -> None:
        for choice in choices_of(chunk):
            text = choice["delta"].get("content")
            if isinstance(text, str):
                index = choice.get("index")
                so_far[index] = so_far.get(index, "") + text
                choice["message"] = {"role": "assistant", "content": so_far[index]}

    return edited(blocks, edit)


def _mixed(run: list[Block]) -> list[Block]:
    groups: dict[Any, list[Block]] = {}
    for block in run:
        groups.setdefault(choices_of(block.chunk)[0].get("index"), []).append(block)
    found = []
    while any(groups.values()):
        found += [group.pop(0) for group in groups.values() if group]
    return found


_EQ, _EQC, _EQM = Invariant.EQUAL, Invariant.COALESCED, Invariant.MESSAGE
DELTA: Final = (
    Rewrite("delta-split", _EQC, "texts in more deltas", on_blocks(split)),
    Rewrite(
        "pair-split", _EQC, "texts cut inside a surrogate pair", on_blocks(split_pairs),
        ("lone-surrogate",),
    ),
    Rewrite("delta-merge", _EQC, "neighbouring deltas in one", on_blocks(merge)),
    Rewrite(
        "delta-empty", _EQ, "deltas that say nothing", on_blocks(empty), ("delta-empty",),
        ignores_extras=True,
    ),
    Rewrite(
        "role-everywhere", _EQ, "the role in every delta", on_blocks(role_everywhere),
        ("role-every-chunk",),
    ),
    Rewrite("role-blank", _EQ, "a later role empty or null", on_blocks(role_blank)),
    Rewrite("role-absent", _EQ, "no role at all", on_blocks(role_absent)),
    Rewrite("choices-apart", _EQM, "a chunk for each choice", on_blocks(apart)),
    Rewrite(
        "choices-together", _EQM, "choices in one chunk", on_blocks(together),
        ("choices-two-in-chunk",),
    ),
    Rewrite(
        "message-beside", _EQ, "the message beside its delta", on_blocks(message_beside),
        ("message-next-to-delta",), ignores_extras=True,
    ),
    Rewrite(
        "choices-in-turn", _EQM, "choices that speak in turn", on_blocks(in_turn),
        ("choices-interleaved",),
    ),
)  # fmt: skip
"""Where deltas are cut is the server's affair."""
