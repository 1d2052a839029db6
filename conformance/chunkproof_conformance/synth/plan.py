"""The fragmentation plan: in which pieces, and in which order, a message is said.

A plan is a list of steps. Each step says one fragment of one segment; the fragments of a
segment, joined, are its text (a half of a surrogate pair left alone counts as U+FFFD). Text,
reasoning and refusal of one choice are said in order; fragments of calls may be mixed with
those of other calls, and choices with each other.
"""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from chunkproof_conformance.synth.message import Aside, Call, joined_halves

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from chunkproof_conformance.synth.message import Message


class Step(NamedTuple):
    """One fragment. `choice` and `segment` are positions in the message."""

    choice: int
    segment: int
    fragment: str
    opens: bool
    """The first step of its segment."""
    closes: bool
    """The last step of its segment."""


Plan: TypeAlias = tuple[Step, ...]


def cut(text: str, size: int) -> list[str]:
    """The text in fragments of `size` code points; an empty text is one empty fragment."""
    return [text[at : at + size] for at in range(0, len(text), size)] or [""]


def plan(
    message: Message,
    fragment: Callable[[str], Sequence[str]] = lambda text: cut(text, 12),
    given: Mapping[tuple[int, int], Sequence[str]] | None = None,
) -> Plan:
    """Every segment in order, choice after choice.

    fragment: cuts a text. given: fragments for single segments, by (choice, segment).
    """
    steps: list[Step] = []
    for number, choice in enumerate(message.choices):
        for position, segment in enumerate(choice.segments):
            parts = (given or {}).get((number, position)) or list(fragment(segment.text)) or [""]
            last = len(parts) - 1
            steps += [
                Step(number, position, part, at == 0, at == last) for at, part in enumerate(parts)
            ]
    return tuple(steps)


def in_turn(steps: Plan) -> Plan:
    """The choices speak in turn, a step each."""
    return _mixed(_grouped(steps, lambda step: step.choice))


def calls_in_turn(steps: Plan, message: Message) -> Plan:
    """Neighbouring calls of a choice are said in turn, a fragment each."""
    found: list[Step] = []
    run: list[Step] = []
    for step in steps:
        is_call = isinstance(message.choices[step.choice].segments[step.segment], Call)
        if run and (not is_call or step.choice != run[0].choice):
            found += _mixed(_grouped(run, lambda step: step.segment))
            run = []
        (run if is_call else found).append(step)
    return (*found, *_mixed(_grouped(run, lambda step: step.segment)))


def _grouped(steps: Iterable[Step], key: Callable[[Step], int]) -> list[list[Step]]:
    groups: dict[int, list[Step]] = {}
    for step in steps:
        groups.setdefault(key(step), []).append(step)
    return list(groups.values())


def _mixed(groups: list[list[Step]]) -> Plan:
    rows = zip_longest(*groups)
    return tuple(step for row in rows for step in row if step is not None)


def problems(steps: Plan, message: Message) -> list[str]:
    """What keeps the steps from being a plan of this message; empty where they are one."""
    said: dict[tuple[int, int], list[Step]] = {}
    opened: dict[int, int] = {}
    found = []
    for step in steps:
        at = (step.choice, step.segment)
        if step.opens and opened.get(step.choice, -1) != step.segment - 1:
            found.append(f"segment {at} opens out of order")
        opened[step.choice] = max(opened.get(step.choice, -1), step.segment)
        is_call = isinstance(message.choices[step.choice].segments[step.segment], Call)
        if not is_call and opened[step.choice] != step.segment:
            found.append(f"segment {at} goes on after another has begun")
        said.setdefault(at, []).append(step)
    for number, choice in enumerate(message.choices):
        for position, segment in enumerate(choice.segments):
            mine = said.get((number, position), [])
            heard = joined_halves("".join(step.fragment for step in mine))
            if not mine or heard != joined_halves(segment.text):
                found.append(f"segment {(number, position)} is not said as it is")
            elif not (mine[0].opens and mine[-1].closes):
                found.append(f"segment {(number, position)} has no first or no last step")
            if isinstance(segment, Aside) and len(mine) > 1:
                found.append(f"aside {(number, position)} cannot be cut")
    return found
