"""A JSON object's text without one of its members, and that member's text beside it, streaming."""

from enum import Enum, StrEnum, auto
from itertools import groupby
from typing import Final, NamedTuple

from chunkproof.channel import Channel
from chunkproof.partial_json.grammar import JsonStatus
from chunkproof.partial_json.reader import JsonEvent, JsonKind, JsonReader


class Role(StrEnum):
    """What a `Part` belongs to."""

    REST = "rest"
    """The text without the member, byte-exact."""
    VALUE = "value"
    """The member taken out: a string decoded, anything else as written, at its end."""
    WATCHED = "watched"
    """A string member that stays in the rest and is wanted decoded too."""


class ValueKind(StrEnum):
    """The type of a JSON value."""

    STRING = "string"
    NUMBER = "number"
    BOOLEAN = "boolean"
    NULL = "null"
    OBJECT = "object"
    ARRAY = "array"


class Part(NamedTuple):
    """Something a `MemberFilter` hands on; `text` is never empty."""

    role: Role
    text: str
    kind: ValueKind | None = None
    """Type of the value; None for REST."""
    member: int | None = None
    """Number of the member in its object, from 0, which tells duplicates apart; None for REST."""


class Filtered(NamedTuple):
    """What one piece of text gave, in the order in which it was decided.

    Neighbours of one role and one member are one part. The order of REST and VALUE among
    themselves does not depend on where the text was cut, nor does that of VALUE and WATCHED.
    """

    parts: tuple[Part, ...]

    def _joined(self, role: Role) -> str:
        return "".join(part.text for part in self.parts if part.role is role)

    @property
    def rest(self) -> str:
        return self._joined(Role.REST)

    @property
    def value(self) -> str:
        return self._joined(Role.VALUE)

    @property
    def watched(self) -> str:
        return self._joined(Role.WATCHED)


def _merged(parts: list[Part]) -> tuple[Part, ...]:
    """`parts` with neighbours of one role and one member joined."""
    if len(parts) < 2 or (len(parts) == 2 and parts[0].role is not parts[1].role):
        return tuple(parts)
    return tuple(
        Part(role, "".join(part.text for part in group), kind, member)
        for (role, kind, member), group in groupby(
            parts, key=lambda part: (part.role, part.kind, part.member)
        )
    )


_VALUE_KINDS: Final = {
    JsonKind.STRING_START: ValueKind.STRING,
    JsonKind.OBJECT_START: ValueKind.OBJECT,
    JsonKind.ARRAY_START: ValueKind.ARRAY,
    JsonKind.NUMBER: ValueKind.NUMBER,
    JsonKind.TRUE: ValueKind.BOOLEAN,
    JsonKind.FALSE: ValueKind.BOOLEAN,
    JsonKind.NULL: ValueKind.NULL,
}
_VALUE_ENDS: Final = frozenset(_VALUE_KINDS) - {
    JsonKind.STRING_START,
    JsonKind.OBJECT_START,
    JsonKind.ARRAY_START,
} | {JsonKind.STRING_END, JsonKind.OBJECT_END, JsonKind.ARRAY_END}


class _Route(Enum):
    """Where text goes at the moment."""

    HOLD = auto()
    """Kept until it is known whether it stays: before the first member that stays, between
    members, in keys, in a member to be taken out that is no string."""
    PASS = auto()
    """To the rest: values that stay."""
    DROP = auto()
    """Nowhere: inside a string that is taken out; it goes out decoded."""
    RAW = auto()
    """To the rest, unread: after the object, or where there is none."""


_IN_STRING: Final = (_Route.PASS, _Route.DROP)


class MemberFilter:
    """The text of a JSON object without one of its members, streaming.

    A member goes with the separator before it (a comma and the white space on both its sides) or,
    while no member stays before it, with the one after it: `{"a":1, "k":"t"}` gives `{"a":1}`,
    `{"k": "t", "a": 1}` gives `{"a": 1}`, `{ "k":"t" }` gives `{  }`. All duplicates go. Keys are
    compared decoded. Only the outermost object counts.

    Nothing of the rest is handed on before the first key that stays is known, or the end of the
    object: so the first REST part says that the call has begun for whoever waits for that
    (`opened`). A comma waits for the key after it.

    Text that is no object, becomes invalid or goes on after the object passes as it is from there
    on, after what was held. A member that is not a string is taken out at its end: if the text ends
    or breaks before, it stays in the rest. Of a string that ends or breaks early the decoded part
    is VALUE, its key and quote are gone, an unfinished escape goes with them at the end, and passes
    with what broke it otherwise.
    """

    def __init__(
        self,
        key: str | None,
        *,
        watch: str | None = None,
        max_depth: int | None = None,
        strict: bool = True,
    ) -> None:
        """key: the member to take out; None: nothing is taken out.

        watch: a member that stays; if it is a string its decoded text comes out as well.
        max_depth: of containers; deeper text counts as invalid from there on. strict: as in
        `JsonReader`.
        """
        self.opened = False
        """Something of the rest has been handed on."""
        self.first_key: str | None = None
        """The first key that stays, decoded."""
        self.value_kind: ValueKind | None = None
        """Type of the last member taken out; known at the start of strings and containers."""
        self.watched_kind: ValueKind | None = None
        """The same for the watched member; of duplicates a string, wherever one was. None: it has
        not come."""
        self._key = key
        self._watch = watch
        self._reader = JsonReader(max_depth=max_depth, strict=strict)
        self._route = _Route.HOLD
        self._held = Channel()
        self._held_from = 0
        self._lead: str | None = None  # what precedes a first member that was taken out
        self._member = -1
        self._role = Role.REST  # what the current member's value is wanted as
        self._key_from = 0
        self._value_from = 0
        self._text = ""  # the piece being read, and its offset and how far it was routed
        self._base = 0
        self._cursor = 0
        self._parts: list[Part] = []

    @property
    def status(self) -> JsonStatus:
        return self._reader.status

    @property
    def position(self) -> int:
        """Code points read; when invalid, the offset of the one that cannot stand there."""
        return self._reader.position

    @property
    def reason(self) -> str | None:
        return self._reader.reason

    def feed(self, text: str) -> Filtered:
        """Return what `text` decided. Raises: UsageError after `close`."""
        self._base += len(self._text)
        self._cursor = self._base
        self._text = text
        events = self._reader.feed(text)
        if len(events) == 1 and events[0].text is text and self._route in _IN_STRING:
            return self._inside(text, events[0].depth)
        for event in events:
            self._heed(event)
        if self._reader.reason is not None:
            self._give_up()
        self._move(self._base + len(text))
        return self._filtered()

    def feed_plain(self, text: str) -> Role | None:
        """Take a piece that is all inside of one string and needs no decoding.

        The same as `feed`, faster: all of `text` is of the role returned (WATCHED: of REST
        too). None: it is no such piece, and nothing was taken.
        """
        if self._route not in _IN_STRING or not self._reader.skip_plain(text):
            return None
        self._base += len(self._text)
        self._cursor = self._base
        self._text = text
        return self._role if self._reader.depth == 1 else Role.REST

    def close(self) -> Filtered:
        """Say that no more text will come: everything still held comes out."""
        self._base += len(self._text)
        self._text = ""
        for event in self._reader.close().events:
            self._heed(event)
        self._release(str(self._held.view()))
        return self._filtered()

    def _filtered(self) -> Filtered:
        parts, self._parts = self._parts, []
        return Filtered(_merged(parts))

    def _inside(self, text: str, depth: int) -> Filtered:
        """The same as `_heed` and `_move`, for a piece that is all inside of one string."""
        wanted = depth == 1 and self._role is not Role.REST
        value = Part(self._role, text, ValueKind.STRING, self._member) if wanted else None
        if self._route is _Route.PASS:
            rest = Part(Role.REST, text)
            return Filtered((rest, value) if value else (rest,))
        return Filtered((value,) if value else ())

    def _heed(self, event: JsonEvent) -> None:
        if self._route is _Route.RAW:
            return
        if event.depth == 0:
            # An object's start changes nothing; its end, and any other value, end our work.
            if event.kind is not JsonKind.OBJECT_START:
                self._move(event.end)
                self._release(str(self._held.view()))
                self._route = _Route.RAW
        elif event.depth == 1:
            if event.kind is JsonKind.STRING:
                if self._role is not Role.REST:
                    self._give(self._role, event.text, ValueKind.STRING)
            elif event.kind is JsonKind.KEY:
                self._decide(event)
            else:
                if event.kind in _VALUE_KINDS:
                    self._begin_value(event)
                if event.kind in _VALUE_ENDS:
                    self._end_value(event)

    def _decide(self, key: JsonEvent) -> None:
        """A key is known, and so whether its member stays."""
        self._member += 1
        self._key_from = key.start
        self._move(key.end)
        if self._key is not None and key.text == self._key:
            self._role = Role.VALUE
            return
        if self.first_key is None:
            self.first_key = key.text
        self._role = Role.WATCHED if key.text == self._watch else Role.REST
        held = str(self._held.view())
        # While no member stays before it, the separator goes with the member taken out.
        self._release(held if self._lead is None else held[key.start - self._held_from :])
        self._route = _Route.PASS

    def _begin_value(self, event: JsonEvent) -> None:
        self._value_from = event.start
        kind = _VALUE_KINDS[event.kind]
        if self._role is Role.WATCHED:
            if self.watched_kind is not ValueKind.STRING:
                self.watched_kind = kind
        elif self._role is Role.VALUE:
            self.value_kind = kind
            if kind is ValueKind.STRING:
                self._move(event.end)
                self._take_out(str(self._held.view()))
                self._route = _Route.DROP

    def _end_value(self, event: JsonEvent) -> None:
        self._move(event.end)
        if self._role is Role.VALUE and self._route is _Route.HOLD:
            held = str(self._held.view())
            self._take_out(held)
            self._give(Role.VALUE, held[self._value_from - self._held_from :], self.value_kind)
        self._route = _Route.HOLD
        self._held_from = event.end

    def _take_out(self, held: str) -> None:
        """Forget a member's text, and the separator before it; keep what precedes the first."""
        if self._lead is None and not self.opened:
            self._lead = held[: self._key_from]
        self._held = Channel()

    def _release(self, held: str) -> None:
        if lead := self._lead:
            self._give(Role.REST, lead)
        if held:
            self._give(Role.REST, held)
        self._lead = None
        self._held = Channel()

    def _give_up(self) -> None:
        """The text became invalid: what was held, then everything from there, as it is."""
        if self._route is _Route.RAW:
            return
        self._move(self._reader.position)
        broken = self._reader.unfinished if self._route is _Route.DROP else ""
        self._release(str(self._held.view()) + broken)
        self._route = _Route.RAW

    def _move(self, upto: int) -> None:
        """Route the text up to an offset; one that was passed already changes nothing."""
        if upto <= self._cursor:
            return
        text = self._text[self._cursor - self._base : upto - self._base]
        self._cursor = upto
        if self._route is _Route.HOLD:
            self._held.append(text)
        elif self._route is not _Route.DROP:
            self._give(Role.REST, text)

    def _give(self, role: Role, text: str, kind: ValueKind | None = None) -> None:
        if role is Role.REST:
            self.opened = True
            self._parts.append(Part(role, text))
        else:
            self._parts.append(Part(role, text, kind, self._member))
