"""What is said while a stream is read: events in order, repairs counted, extras remembered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chunkproof.channel import ListView
from chunkproof.errors import ParseError
from chunkproof.events import Extra, Repair, Start
from chunkproof.repairs import REPAIRS
from chunkproof.result import RepairCount
from chunkproof.values import is_same

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chunkproof.events import AnyEvent

_ABSENT = object()


class Journal:
    """Takes down what the machines say, with the place in the body where they said it."""

    def __init__(self, *, strict: bool) -> None:
        self.id: str | None = None
        self.model: str | None = None
        self.created: int | None = None
        self.events: list[AnyEvent] = []
        self.offset: int | None = None
        """Where the body is decidable up to here, in bytes."""
        self.frame = 0
        """Number of the frame that is being read, from 1."""
        self._strict = strict
        self._has_started = False
        self._repairs: dict[str, tuple[int | None, int]] = {}
        self._extras: dict[str, Any] = {}
        self._lists: dict[str, list[Any]] = {}
        self._unsaid: list[Extra] = []

    def begin(self) -> list[AnyEvent]:
        """Return the list that takes the events from here on."""
        self.events = []
        return self.events

    def say(self, event: AnyEvent) -> None:
        """Take down an event of a choice, a usage or an extra: `start` comes before it."""
        if not self._has_started:
            self._has_started = True
            self.events.append(Start(self.id, self.model, self.created, self.offset))
        self.events.append(event)

    def note(self, event: AnyEvent) -> None:
        """Take down an error, a repair or the end."""
        self.events.append(event)

    def repair(self, name: str) -> None:
        """Take down a repair. Raises: ParseError if none is forgiven."""
        rule = REPAIRS[name].rule
        if self._strict:
            raise ParseError(name, rule, self.offset, self.frame, tuple(self.events))
        first, count = self._repairs.get(name, (self.offset, 0))
        self._repairs[name] = (first, count + 1)
        self.note(Repair(name, rule, self.offset))

    def keep(self, path: str, value: Any) -> None:
        """Take down a member with no kind of its own if it is new or changed."""
        if not is_same(self._extras.get(path, _ABSENT), value):
            self._extras[path] = value
            self._unsaid.append(Extra(path, value, self.offset))

    def extend(self, path: str, values: list[Any]) -> None:
        """Take down entries of a member that is appended."""
        self._lists.setdefault(path, []).extend(values)
        self._unsaid.append(Extra(path, values, self.offset))

    def say_extras(self) -> None:
        """Say what was kept since the last time, sorted by path: JSON members have no order."""
        for extra in sorted(self._unsaid, key=_path):
            self.say(extra)
        self._unsaid.clear()

    def extras(self) -> Mapping[str, Any]:
        """Return path -> last value, appended members as `ListView`."""
        lists = {path: ListView(items, len(items)) for path, items in self._lists.items()}
        return {**self._extras, **lists}

    def repairs(self) -> tuple[RepairCount, ...]:
        return tuple(
            RepairCount(name, REPAIRS[name].rule, first, count)
            for name, (first, count) in self._repairs.items()
        )


def _path(extra: Extra) -> str:
    return extra.path
