"""What of a call's arguments makes 0.10.0 go wrong, and the same arguments without it.

One entry for each quirk: a predicate, and how to mend the input so that the quirk cannot
show. Members are kept as raw text, so that mending one thing changes nothing else.
"""

import json
import re
from collections.abc import Callable
from typing import NamedTuple, Self

_SPACE = re.compile(r"[ \t\n\r]*")
THOUGHT = '"thinking"'
MESSAGE = '"message"'


class Member(NamedTuple):
    """One member, as written."""

    key: str
    value: str

    @property
    def is_string(self) -> bool:
        return self.value.startswith('"')

    @property
    def is_nested(self) -> bool:
        return self.value.startswith(("{", "["))


class Call(NamedTuple):
    """The arguments of a call, and how they came."""

    members: tuple[Member, ...]
    is_spaced: bool
    """There is white space between tokens."""
    after_colon: str
    tail: str
    """What follows the object."""
    pieces: tuple[str, ...]
    """Empty: one character each."""
    assistant: bool

    @classmethod
    def read(cls, pieces: list[str], *, assistant: bool) -> Self | None:
        """None where the arguments are no whole object."""
        try:
            return cls._read("".join(pieces), tuple(pieces), assistant=assistant)
        except (ValueError, IndexError):
            return None

    @classmethod
    def _read(cls, text: str, pieces: tuple[str, ...], *, assistant: bool) -> Self:
        def skip(place: int) -> int:
            found = _SPACE.match(text, place)
            return found.end() if found else place

        decoder = json.JSONDecoder(strict=False)
        members, after_colon, place = [], "", skip(0)
        if text[place] != "{":
            raise ValueError(text)
        place = skip(place + 1)
        while text[place] != "}":
            _, key_end = decoder.raw_decode(text, place)
            colon = skip(key_end)
            start = skip(colon + 1)
            _, end = decoder.raw_decode(text, start)
            members.append(Member(text[place:key_end], text[start:end]))
            after_colon = after_colon or text[colon + 1 : start]
            place = skip(end)
            if text[place] == ",":
                place = skip(place + 1)
        tail = text[place + 1 :]
        compact = "{" + ",".join(f"{one.key}:{one.value}" for one in members) + "}"
        is_spaced = compact != text[: len(text) - len(tail)]
        return cls(tuple(members), is_spaced, after_colon, tail, pieces, assistant)

    def rendered(self) -> list[str]:
        """The pieces; anew, one character each, where something was mended."""
        if self.pieces:
            return list(self.pieces)
        space = self.after_colon
        comma = ", " if self.is_spaced else ","
        body = comma.join(f"{one.key}:{space}{one.value}" for one in self.members)
        return list("{" + body + "}" + self.tail)

    @property
    def keys(self) -> list[str]:
        return [one.key for one in self.members]

    def value(self, key: str) -> str:
        return next((one.value for one in self.members if one.key == key), "")

    def with_value(self, key: str, value: str) -> Self:
        return self.mapped(lambda one: Member(key, value) if one.key == key else one)

    def mapped(self, change: Callable[[Member], Member]) -> Self:
        return self._replace(members=tuple(map(change, self.members)), pieces=())


class Feature(NamedTuple):
    """A quirk, as far as a single call can show it."""

    quirks: str
    shows: Callable[[Call], bool]
    mend: Callable[[Call], Call]


def _thoughts_first(call: Call) -> Call:
    rest = tuple(one for one in call.members if one.key != THOUGHT)
    thought = Member(THOUGHT, call.value(THOUGHT) or '"t"')
    return call._replace(members=(thought, *rest), pieces=())


def _with_another(call: Call) -> Call:
    first = _thoughts_first(call)
    return first._replace(members=(*first.members, Member('"x"', '"y"')))


def _as_strings(is_wanted: Callable[[Member], bool]) -> Callable[[Call], Call]:
    """Make strings of the members, other than thoughts and speech, that are wanted."""

    def mend(call: Call) -> Call:
        wanted = [one for one in _others(call) if is_wanted(one)]
        return call.mapped(lambda one: Member(one.key, '"s"') if one in wanted else one)

    return mend


def _is_scalar(one: Member) -> bool:
    return not one.is_string and not one.is_nested


def _message(text: str) -> Callable[[Call], Call]:
    return lambda call: call.with_value(MESSAGE, json.dumps(text))


def _said(call: Call) -> str:
    """The raw text for the user, quotes and all; "" in tool mode."""
    return call.value(MESSAGE) if call.assistant else ""


def _others(call: Call) -> list[Member]:
    mine = {THOUGHT, MESSAGE} if call.assistant else {THOUGHT}
    return [one for one in call.members if one.key not in mine]


FEATURES = (
    Feature(
        "Q1 Q2",
        lambda call: bool(call.pieces) and max(map(len, call.pieces)) > 1,
        lambda call: call._replace(pieces=()),
    ),
    Feature(
        "Q3",
        lambda call: THOUGHT not in call.keys or 0 < call.keys.index(THOUGHT) < len(call.keys) - 1,
        _thoughts_first,
    ),
    Feature(
        "Q4",
        lambda call: len(call.keys) > 1 and THOUGHT in call.keys and call.keys[-1] == THOUGHT,
        _thoughts_first,
    ),
    Feature("Q5", lambda call: not [key for key in call.keys if key != THOUGHT], _with_another),
    Feature(
        "Q6 Q16 Q18",
        lambda call: any(map(_is_scalar, _others(call))),
        _as_strings(_is_scalar),
    ),
    Feature(
        "Q7 Q20",
        lambda call: any(one.is_nested for one in _others(call)),
        _as_strings(lambda one: one.is_nested),
    ),
    Feature(
        "Q8",
        lambda call: bool(call.after_colon),
        lambda call: call._replace(after_colon="", pieces=()),
    ),
    Feature(
        "QW",
        lambda call: call.is_spaced or call.tail.isspace(),
        lambda call: call._replace(is_spaced=False, tail=call.tail.strip(), pieces=()),
    ),
    Feature(
        "Q9",
        lambda call: "\\" in call.value(THOUGHT),
        lambda call: call.with_value(THOUGHT, '"t"'),
    ),
    Feature(
        "Q10 Q11 Q12 Q15",
        lambda call: "\\" in _said(call),
        _message("m"),
    ),
    Feature("Q13", lambda call: _said(call).endswith('}"'), _message("m")),
    Feature("Q14", lambda call: _said(call).endswith((' "', '\\n"')), _message("m")),
    Feature(
        "Q17",
        lambda call: call.assistant and bool(_said(call)) and not _said(call).startswith('"'),
        _message("m"),
    ),
    Feature(
        "Q19",
        lambda call: THOUGHT in call.keys and not call.value(THOUGHT).startswith('"'),
        lambda call: call.with_value(THOUGHT, '"t"'),
    ),
    Feature("Q35", lambda call: call.keys.count(THOUGHT) > 1, _thoughts_first),
    Feature("Q40", lambda call: bool(call.tail.strip()), lambda call: call._replace(tail="")),
)


def features_of(call: Call) -> list[Feature]:
    return [feature for feature in FEATURES if feature.shows(call)]
