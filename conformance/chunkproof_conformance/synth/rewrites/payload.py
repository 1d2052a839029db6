"""Rewrites of the payloads: the same JSON to anybody who reads RFC 8259, or no more than it."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from chunkproof_conformance.synth.blocks import Block, Json, choices_of, edited, entries_of
from chunkproof_conformance.synth.framing import Framing, to_json
from chunkproof_conformance.synth.rewrites.rewrite import Invariant, Rewrite, on_blocks

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

_ASCII: Final = Framing(ascii=True)
_UTF8: Final = Framing()


def _respelt(blocks: list[Block], spell: Callable[[Json], str]) -> list[Block]:
    return [
        block
        if block.chunk is None
        else Block(f"data: {spell(block.chunk)}\n\n".encode(), block.chunk)
        for block in blocks
    ]


def _shuffled(value: Any, random: Random) -> Any:
    if isinstance(value, dict):
        names = list(value)
        random.shuffle(names)
        return {name: _shuffled(value[name], random) for name in names}
    return [_shuffled(item, random) for item in value] if isinstance(value, list) else value


def key_order(blocks: list[Block], random: Random) -> list[Block]:
    return _respelt(blocks, lambda chunk: to_json(_shuffled(chunk, random), _UTF8))


def white_space(blocks: list[Block], random: Random) -> list[Block]:
    """Spaces and tabs wherever JSON allows white space."""
    tokens = re.compile(r'("(?:[^"\\]|\\.)*"|[\[\]{},:])')

    def spell(chunk: Json) -> str:
        parts = tokens.split(to_json(chunk, _UTF8))
        return "".join(part + random.choice(("", "", " ", "\t ")) for part in parts if part)

    return _respelt(blocks, spell)


def escaped(blocks: list[Block], _: Random) -> list[Block]:
    """Everything beyond ASCII escaped, as surrogate pairs beyond the BMP; solidus too."""
    return _respelt(blocks, lambda chunk: to_json(chunk, _ASCII).replace("/", "\\/"))


def letters_escaped(blocks: list[Block], random: Random) -> list[Block]:
    r"""Some plain letters inside strings as \u00xx, in names as in values."""
    string = re.compile(r'"(?:[^"\\]|\\.)*"')
    letter = re.compile(r"(?<![\\a-z0-9])[a-z]")

    def respell(match: re.Match[str]) -> str:
        if "\\" in match[0]:  # an escape's own letters are not letters
            return match[0]
        return letter.sub(
            lambda found: f"\\u{ord(found[0]):04x}" if random.random() < 0.5 else found[0],
            match[0],
        )

    return _respelt(blocks, lambda chunk: string.sub(respell, to_json(chunk, _UTF8)))


def raw(blocks: list[Block], _: Random) -> list[Block]:
    """Nothing escaped that need not be: also U+2028 and DEL stand as they are."""
    return _respelt(blocks, lambda chunk: to_json(chunk, _UTF8))


def null_for_absent(blocks: list[Block], _: Random) -> list[Block]:
    """Optional members that are not there, as null."""

    def edit(chunk: Json) -> None:
        if "choices" in chunk:
            chunk.setdefault("usage", None)
            chunk.setdefault("service_tier", None)
            chunk.setdefault("error", None)
        for choice in choices_of(chunk):
            choice.setdefault("logprobs", None)
            choice.setdefault("finish_reason", None)
            for name in ("role", "content", "refusal", "tool_calls", "function_call", "audio"):
                choice["delta"].setdefault(name, None)
            for entry in entries_of(choice):
                for name in ("id", "type"):
                    entry.setdefault(name, None)

    return edited(blocks, edit)


def absent_for_null(blocks: list[Block], _: Random) -> list[Block]:
    """Members that are null, left out; `choices` stays, it makes the object a chunk."""

    def edit(chunk: Json) -> None:
        places = [chunk, *choices_of(chunk)]
        places += [choice["delta"] for choice in choices_of(chunk)]
        places += [entry for choice in choices_of(chunk) for entry in entries_of(choice)]
        for place in places:
            for name in [name for name, value in place.items() if value is None]:
                if name != "choices":
                    del place[name]

    return edited(blocks, edit)


def number_forms(blocks: list[Block], _: Random) -> list[Block]:
    """Indexes and counts written as 1.0: RFC 8259 knows one kind of number."""

    def edit(chunk: Json) -> None:
        for choice in choices_of(chunk):
            _as_floats(choice, "index")
            for entry in entries_of(choice):
                _as_floats(entry, "index")
        if isinstance(chunk.get("usage"), dict):
            _as_floats(chunk["usage"], "prompt_tokens", "completion_tokens", "total_tokens")

    return edited(blocks, edit)


def _as_floats(place: Json, *names: str) -> None:
    for name in names:
        if type(place.get(name)) is int:
            place[name] = float(place[name])


def extra_fields(blocks: list[Block], random: Random) -> list[Block]:
    """Members that no schema has, at every level, with values of every kind."""
    values: tuple[Any, ...] = (1, "x", True, [{"content": "no"}], {"delta": {"content": "no"}})

    def edit(chunk: Json) -> None:
        if "choices" not in chunk:
            return  # of an object that is no chunk they would be the content
        places = [chunk, *choices_of(chunk)]
        places += [choice["delta"] for choice in choices_of(chunk)]
        places += [entry for choice in choices_of(chunk) for entry in entries_of(choice)]
        for place in places:
            place["x_probe"] = json.loads(json.dumps(random.choice(values)))

    return edited(blocks, edit)


def padding(blocks: list[Block], random: Random) -> list[Block]:
    """Filler against traffic analysis, which is never kept."""

    def edit(chunk: Json) -> None:
        if "choices" in chunk:
            chunk["obfuscation"] = "x" * random.randint(0, 9)

    return edited(blocks, edit)


def envelope_changes(blocks: list[Block], random: Random) -> list[Block]:
    """Later chunks with another id, model and created: the first ones count."""
    seen: set[str] = set()

    def edit(chunk: Json) -> None:
        for name, other in (("id", "another"), ("model", "another"), ("created", 7)):
            if type(chunk.get(name)) is not type(other):
                continue  # kept as it is: a member of another kind is no id, model or time
            if name in seen and chunk.get(name):
                chunk[name] = other if random.random() < 0.7 else type(other)()
            elif chunk.get(name):
                seen.add(name)

    return edited(blocks, edit)


_EQ: Final = Invariant.EQUAL
PAYLOAD: Final = (
    Rewrite("key-order", _EQ, "members in any order", on_blocks(key_order)),
    Rewrite("white-space", _EQ, "white space wherever JSON allows it", on_blocks(white_space)),
    Rewrite("escaped", _EQ, "ASCII alone, the rest escaped", on_blocks(escaped)),
    Rewrite("letters-escaped", _EQ, "plain letters escaped", on_blocks(letters_escaped)),
    Rewrite("raw", _EQ, "nothing escaped that need not be", on_blocks(raw)),
    Rewrite(
        "null-for-absent",
        _EQ,
        "optional members as null",
        on_blocks(null_for_absent),
        ignores_extras=True,
    ),
    Rewrite(
        "absent-for-null",
        _EQ,
        "null members left out",
        on_blocks(absent_for_null),
        ignores_extras=True,
    ),
    Rewrite("number-forms", _EQ, "indexes and counts as 1.0", on_blocks(number_forms)),
    Rewrite(
        "extra-fields",
        _EQ,
        "unknown members at every level",
        on_blocks(extra_fields),
        ("extra-fields",),
        ignores_extras=True,
    ),
    Rewrite("padding", _EQ, "obfuscation in every chunk", on_blocks(padding)),
    Rewrite(
        "envelope-changes",
        _EQ,
        "id, model and created change later",
        on_blocks(envelope_changes),
        ("id-changes", "created-changes"),
    ),
)
"""Each says the same to anybody who reads RFC 8259 and the chunk's own schema."""
