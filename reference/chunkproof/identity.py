"""Which tool call does a fragment belong to? The identity table, pure: rules TOOL-1 to TOOL-7.

Calls never close: "open" means opened in this choice. "Complete" arguments are a text that
is not empty and is one whole JSON value. The table is walked top down; the first clause
that fits counts.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class Known(Protocol):
    """What the table looks at in a call that is open."""

    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def has_index(self) -> bool: ...
    @property
    def has_arguments(self) -> bool: ...
    def arguments_complete(self) -> bool: ...


class OpenCalls(NamedTuple):
    """The calls of one choice, by number, and the ways to find one."""

    calls: Sequence[Known]
    by_index: Mapping[int, int]
    by_id: Mapping[str, int]
    """Id -> the last call opened with it."""
    opened: Sequence[int]
    """Numbers of the calls that entries opened: a legacy one goes on by itself (TOOL-11)."""


class Act(Enum):
    """What to do with the fragment."""

    OPEN = "open"
    CONTINUE = "continue"
    ORPHAN = "orphan"


class Decision(NamedTuple):
    """Open a call, continue call number `call`, or neither."""

    act: Act
    call: int = -1
    repair: str = ""
    names_index: bool = False
    """From now on the fragment's index means this call."""


def decide(index: int | None, call_id: str, name: str, known: OpenCalls) -> Decision:
    """Return what a fragment is, given the calls that are open.

    index: 0 or more, or None. call_id, name: "" where the fragment has none.
    """
    if index is None:
        return _without_index(call_id, name, known)
    if index in known.by_index:
        return _taken_index(known.by_index[index], call_id, name, known)
    return _free_index(call_id, name, known)


def _free_index(call_id: str, name: str, known: OpenCalls) -> Decision:
    """Rule TOOL-1."""
    is_seen = call_id in known.by_id
    if name or (call_id and not is_seen):
        return Decision(Act.OPEN, repair="id-duplicate" if is_seen else "", names_index=True)
    if is_seen:
        return Decision(Act.CONTINUE, known.by_id[call_id], names_index=True)
    last = known.opened[-1] if known.opened else -1
    if known.opened and not known.calls[last].has_index:
        return Decision(Act.CONTINUE, last, names_index=True)
    if len(known.opened) == 1 and not known.calls[last].has_arguments:
        return Decision(Act.CONTINUE, last, "index-drift", names_index=True)
    return Decision(Act.ORPHAN, repair="orphan-fragment")


def _taken_index(number: int, call_id: str, name: str, known: OpenCalls) -> Decision:
    """Rules TOOL-2, TOOL-3 and the contested TOOL-3C."""
    call = known.calls[number]
    takes_id = not call.id and (not name or name == call.name)
    if call_id and call_id != call.id and not takes_id:
        if call_id in known.by_id:
            return Decision(Act.CONTINUE, known.by_id[call_id])
        if name:
            return Decision(Act.OPEN, repair="index-collapsed", names_index=True)
    elif not call_id and _is_another(name, call) and call.arguments_complete():
        return Decision(Act.OPEN, repair="index-collapsed", names_index=True)
    return Decision(Act.CONTINUE, number)


def _without_index(call_id: str, name: str, known: OpenCalls) -> Decision:
    """Rules TOOL-4 and TOOL-5."""
    if call_id in known.by_id:
        return Decision(Act.CONTINUE, known.by_id[call_id])
    last = known.calls[known.opened[-1]] if known.opened else None
    if call_id:
        opens = bool(name) or last is None or last.arguments_complete()
    elif name:
        opens = last is None or _is_another(name, last) or last.arguments_complete()
    else:
        opens = False
    if opens:
        return Decision(Act.OPEN)
    if last is None:
        return Decision(Act.ORPHAN, repair="orphan-fragment")
    return Decision(Act.CONTINUE, known.opened[-1])


def _is_another(name: str, call: Known) -> bool:
    """Return whether a name is another than the call's; one that has none may take it."""
    return bool(name and call.name and name != call.name)


class Grown(NamedTuple):
    """A value after a fragment of it, and the repair that took."""

    value: str
    repair: str = ""


def grow_id(known: str, fragment: str) -> Grown:
    """Return a call's id after another one came: the first counts (rule TOOL-6)."""
    if not known or not fragment:
        return Grown(known or fragment)
    return Grown(known, "" if fragment == known else "id-changed")


def grow_name(known: str, fragment: str, *, has_arguments: bool) -> Grown:
    """Return a call's name after another piece of it came (rule TOOL-7)."""
    if not known or not fragment or fragment == known:
        return Grown(known or fragment)
    if has_arguments:
        return Grown(known, "name-ignored")
    if fragment.startswith(known):
        return Grown(fragment, "name-fragment")
    return Grown(known + fragment, "name-fragment")
