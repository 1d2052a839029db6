"""The fast path over a client's chunk objects: a chunk that differs from the last in one string.

A stream repeats its envelope. When a chunk gave one plain event, everything around its text
is remembered; the next chunk object with equal members around must mean the same, with
another text. Nothing else is ever concluded: a chunk that is not alike goes the whole way.

Why it is sound: what surrounds the text was read the whole way and gave no repair, no other
event and no new state; equal values give none again. Left out are fragments with a name or an
id, for what they mean depends on the arguments so far, and chunks with half of a surrogate
pair anywhere, which waits in its channel.
"""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

from chunkproof.channel import is_encodable
from chunkproof.chunk import PADDING
from chunkproof.events import Reasoning, Text, ToolArguments

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from chunkproof.events import AnyEvent
    from chunkproof.stream import StreamParser

PlainEvent: TypeAlias = Text | Reasoning | ToolArguments
"""An event that is nothing but a piece of text."""

_TO_DELTA: Final = ("choices", "delta")
_PATHS: Final[tuple[tuple[type[PlainEvent], tuple[str, ...]], ...]] = (
    (ToolArguments, (*_TO_DELTA, "tool_calls", "function", "arguments")),
    (Text, (*_TO_DELTA, "content")),
    (Reasoning, (*_TO_DELTA, "reasoning_content")),
    (Reasoning, (*_TO_DELTA, "reasoning")),
)
"""Where the text of an event stands; every list on the way has one entry."""


class _Level(NamedTuple):
    """One object on the way to the text, without what varies: the way on, and padding."""

    kind: type[Any]
    step: str
    is_listed: bool
    """It is the one entry of a list."""
    size: int
    """How many members it has."""
    pick: Callable[[dict[str, Any]], object]
    """From the members to those that must be equal."""
    picked: object
    extra: dict[str, Any]
    """Members the client's model does not know."""
    blank: dict[str, None]
    """What varies among those."""


class Likeness:
    """What is remembered of the last chunk of a stream."""

    def __init__(self) -> None:
        self.event: PlainEvent | None = None
        """The one event it gave."""
        self._levels: tuple[_Level, ...] = ()

    def take(self, chunk: Any, parser: StreamParser) -> PlainEvent | None:
        """Return the event of a chunk that is like the last one; None if it is not."""
        event = self.event
        if event is None:
            return None
        text = self._maybe_text(chunk)
        return None if text is None else parser.feed_like(event, text)

    def remember(self, chunk: Any, events: Sequence[AnyEvent]) -> None:
        """Remember a chunk that went the whole way, if it gave one plain event."""
        self.event = None
        if len(events) != 1 or not isinstance(events[0], PlainEvent):
            return
        event = events[0]
        said = event.fragment if isinstance(event, ToolArguments) else event.text
        for kind, path in _PATHS:
            if isinstance(event, kind):
                self._levels = _levels(chunk, path)
                if self._levels and self._maybe_text(chunk) == said and is_whole(chunk):
                    self.event = event
                    return

    def _maybe_text(self, chunk: Any) -> str | None:
        owner: Any = chunk
        try:
            for kind, step, is_listed, size, pick, picked, extra, blank in self._levels:
                if is_listed:
                    (owner,) = owner
                if type(owner) is not kind:
                    return None
                members = owner.__dict__
                if pick(members) != picked or len(members) != size:
                    return None
                others = owner.__pydantic_extra__
                if others != extra and not (blank and {**others, **blank} == extra):
                    return None
                owner = members[step] if step in members else others[step]
        except (KeyError, TypeError, ValueError):  # a member or an entry more or less
            return None
        if type(owner) is str and owner and (owner.isascii() or is_encodable(owner)):
            return owner
        return None


def _levels(chunk: Any, path: tuple[str, ...]) -> tuple[_Level, ...]:
    """Return the objects on a path; () if it does not lead through a client's models."""
    levels: list[_Level] = []
    owner: Any = chunk
    for step in path:
        is_listed = isinstance(owner, list)
        if is_listed:
            owner = owner[0] if len(owner) == 1 else None
        if not hasattr(type(owner), "model_fields"):
            return ()
        if step == "function" and (owner.id or getattr(owner.function, "name", None)):
            return ()
        members, extra = owner.__dict__, owner.__pydantic_extra__ or {}
        if step not in members and step not in extra:
            return ()
        pick = _picker(sorted(members.keys() - PADDING - {step}))
        blank = dict.fromkeys(extra.keys() & {step, *PADDING})
        picked, extra_picked = pick(members), {**extra, **blank}
        size = len(members)
        levels.append(_Level(type(owner), step, is_listed, size, pick, picked, extra_picked, blank))
        owner = members[step] if step in members else extra[step]
    return tuple(levels)


def is_whole(value: Any) -> bool:
    """Return whether no text of a client's model or a JSON value holds half of a pair."""
    if isinstance(value, str):
        return is_encodable(value)
    if isinstance(value, list):
        return all(map(is_whole, value))
    if hasattr(type(value), "model_fields"):
        value = {**value.__dict__, **(value.__pydantic_extra__ or {})}
    return all(map(is_whole, value.values())) if isinstance(value, dict) else True


def _picker(names: list[str]) -> Callable[[dict[str, Any]], object]:
    return itemgetter(*names) if names else lambda _: None
