"""One tool call, read as its arguments arrive: thoughts, name, arguments, or speech.

The model thinks inside the arguments, in the member `thinking`; that member is taken out.
The speech tool (`send_message`) says something to the user: of such a call the member
`message` comes out decoded, and nothing else.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING, Final, NamedTuple

from chunkproof.channel import Channel
from chunkproof.partial_json import JsonStatus, MemberFilter, Part, Role, ValueKind

if TYPE_CHECKING:
    from collections.abc import Iterable


class Saying(Enum):
    """What a `Said` is."""

    THOUGHT = auto()
    NAME = auto()
    """The call is released: `text` is its name."""
    ARGUMENTS = auto()
    """Raw text of the arguments, thoughts taken out."""
    SPEECH = auto()
    """Text for the user, decoded."""
    NOTHING = auto()
    """Arguments of a call that speaks to the user; never in a `Said`."""


class Said(NamedTuple):
    """One thing a call says. `text` is never empty."""

    saying: Saying
    text: str


class SpeechTool(NamedTuple):
    """The tool that talks to the user, and the member that holds the text."""

    name: str = "send_message"
    member: str = "message"


class State(Enum):
    """Where a call stands."""

    UNNAMED = auto()
    """No name yet: what is not a thought waits."""
    WAITING = auto()
    """A tool's name is known and not said: no member that stays has begun."""
    RELEASED = auto()
    """The name is said; arguments follow."""
    SILENT = auto()
    """A call of the speech tool whose text has not begun: arguments wait, in case it never does."""
    SPEAKING = auto()
    """The speech's text has begun; the rest of the arguments goes nowhere."""


_HOLDING: Final = (State.UNNAMED, State.SILENT)
_WAITING: Final = (*_HOLDING, State.WAITING)


class CallReader:
    """One tool call; name and fragments in, sayings out, however the fragments are cut.

    Thoughts come out at once. The name comes out when the first member that stays begins, or
    at the end of the call. A call of the speech tool without a text for the user comes out as
    a tool call at its end, so nothing is lost. Takes time linear in the arguments; keeps
    nothing but what waits.
    """

    def __init__(self, thoughts_member: str | None, speech: SpeechTool | None) -> None:
        """thoughts_member: None takes nothing out. speech: None if no tool is one."""
        self.id: str | None = None
        self.name: str | None = None
        self.early: list[str] = []
        """Arguments that came before the call was known, as sent."""
        self._speech = speech
        self._state = State.UNNAMED
        self._rest = Channel()
        """Arguments that wait: for the name, or for the speech to begin."""
        self._text = Channel()
        """Speech that waits for the name."""
        self._filter: MemberFilter | None = MemberFilter(
            thoughts_member, watch=speech.member if speech else None, strict=False
        )

    @property
    def is_unfinished(self) -> bool:
        """The arguments have begun and cannot be whole yet."""
        reader = self._filter
        return reader is not None and reader.position > 0 and reader.status is JsonStatus.INCOMPLETE

    @property
    def is_empty(self) -> bool:
        """Neither a name nor an argument has come."""
        return not self.name and self._filter is not None and not self._filter.position

    def identify(self, call_id: str | None, name: str | None, *, is_json: bool) -> list[Said]:
        """Take what is known of the call by now.

        is_json: False for custom tools, whose input is any text.
        """
        self.id, self.name = call_id, name
        if not is_json:
            self._filter = None
        if not name or self._state not in {State.UNNAMED, State.WAITING, State.SILENT}:
            return []
        is_speech = self._speech is not None and name == self._speech.name and is_json
        self._state = State.SILENT if is_speech else State.WAITING
        said: list[Said] = []
        if not is_speech and self._rest:
            self._release(said, self._taken_rest())
        elif is_speech and self._text:
            said.append(Said(Saying.SPEECH, str(self._text.view())))
        self._text = Channel()
        if is_speech:
            self._listen()
        return said

    def feed(self, fragment: str) -> list[Said]:
        """Take a piece of the arguments, cut anywhere; not empty."""
        if self._filter is None:
            return self._route((Part(Role.REST, fragment),))
        return self._route(self._filter.feed(fragment).parts)

    def feed_plain(self, fragment: str) -> Saying | None:
        """Take a piece that is all inside of one string, if it is: the commonest, fast.

        Return what all of it says, NOTHING too; None: it is no such piece, so `feed` it.
        """
        if self._filter is None or self._state in _WAITING:
            return None
        role = self._filter.feed_plain(fragment)
        if role is None:
            return None
        if role is Role.VALUE:
            return Saying.THOUGHT
        if self._state is State.RELEASED:
            return Saying.ARGUMENTS
        return Saying.SPEECH if role is Role.WATCHED else Saying.NOTHING

    def feed_early(self, fragment: str) -> list[Said]:
        """Take a piece of the arguments that came before the call was known."""
        self.early.append(fragment)
        return self.feed(fragment)

    def close(self) -> list[Said]:
        """Say that no more will come: everything that waits comes out."""
        said = self._route(self._filter.close().parts) if self._filter is not None else []
        if self._state is not State.SPEAKING and self._state is not State.RELEASED:
            self._release(said, self._taken_rest())
        return said

    def _route(self, parts: Iterable[Part]) -> list[Said]:
        said: list[Said] = []
        for part in parts:
            if part.role is Role.VALUE:
                if part.kind is not ValueKind.NULL:
                    said.append(Said(Saying.THOUGHT, part.text))
            elif part.role is Role.WATCHED and self._state is State.SPEAKING:
                said.append(Said(Saying.SPEECH, part.text))
            elif part.role is Role.REST and self._state is State.RELEASED:
                said.append(Said(Saying.ARGUMENTS, part.text))
            else:
                self._turn(part, said)
        if self._state is State.SILENT:
            self._listen()
        return said

    def _turn(self, part: Part, said: list[Said]) -> None:
        """Take the first part after which the state is another, or keep one that waits."""
        if self._state is State.SILENT and part.role is Role.WATCHED:
            self._speak()
            said.append(Said(Saying.SPEECH, part.text))
        elif self._state in _HOLDING:
            (self._rest if part.role is Role.REST else self._text).append(part.text)
        elif self._state is State.WAITING and part.role is Role.REST:
            self._release(said, part.text)

    def _release(self, said: list[Said], arguments: str) -> None:
        """Say the name, if there is one, and what is known of the arguments."""
        self._state = State.RELEASED
        if self.name:
            said.append(Said(Saying.NAME, self.name))
        if arguments:
            said.append(Said(Saying.ARGUMENTS, arguments))

    def _listen(self) -> None:
        """An empty text for the user is one too: the call is not released then."""
        if self._filter is not None and self._filter.watched_kind is ValueKind.STRING:
            self._speak()

    def _speak(self) -> None:
        self._state = State.SPEAKING
        self._rest = Channel()

    def _taken_rest(self) -> str:
        rest, self._rest = str(self._rest.view()), Channel()
        return rest
