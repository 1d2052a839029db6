"""RFC 8259 as one table that reads text cut anywhere.

`Grammar` walks the text with an explicit stack of one byte per open container, so depth costs
memory but never recursion, and looks at each code point once however the text is cut. Runs inside
strings and digits are skipped by compiled patterns. It tells a subclass what it met through one
hook; `JsonScanner` ignores the hook and only says whether the text is JSON, `reader` makes events
of it.
"""

# ruff: noqa: SLF001 -- the tables at the end name the class's own steps

import re
from collections.abc import Callable, Mapping
from enum import Enum, IntEnum, StrEnum
from typing import Final, TypeAlias


class JsonStatus(StrEnum):
    """What the text read so far is."""

    INCOMPLETE = "incomplete"
    """The beginning of a JSON text (the empty text too)."""
    COMPLETE = "complete"
    """A whole JSON text. White space may follow, and a top-level number may go on."""
    INVALID = "invalid"
    """No continuation can make it JSON. Stays so."""


class State(IntEnum):
    """What may come next. Values index `_STEPS` and fit the one-byte stack."""

    VALUE = 0
    FIRST_ITEM = 1
    FIRST_KEY = 2
    KEY = 3
    COLON = 4
    AFTER_ITEM = 5
    AFTER_MEMBER = 6
    DONE = 7
    IN_KEY = 8
    IN_STRING = 9
    MINUS = 10
    ZERO = 11
    INTEGER = 12
    POINT = 13
    FRACTION = 14
    EXPONENT_MARK = 15
    EXPONENT_SIGN = 16
    EXPONENT = 17
    WORD = 18
    INVALID = 19


class Lexeme(Enum):
    """What the grammar met; handed to `Grammar._met`."""

    OPEN = "open"
    CLOSE = "close"
    QUOTE = "quote"
    BODY = "body"
    """Part of a string's inside: any characters and whole escapes."""
    UNQUOTE = "unquote"
    DIGITS = "digits"
    """Part of a number, cut where the pieces of text were cut."""
    NUMBER = "number"
    """The number's end; `raw` is empty."""
    WORD = "word"
    COMMA = "comma"


_SPACE: Final = re.compile(r"[ \t\n\r]*")
_DIGITS: Final = re.compile(r"[0-9]*")
# Unrolled, without possessive quantifiers: before 3.11.5 Python matches those wrongly (gh-106052).
_ESCAPE: Final = r'\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})'
_BODY: Final = re.compile(rf'[^"\\\x00-\x1f]*(?:{_ESCAPE}[^"\\\x00-\x1f]*)*')
_LENIENT_BODY: Final = re.compile(rf'[^"\\]*(?:{_ESCAPE}[^"\\]*)*')
_ESCAPE_BEGUN: Final = re.compile(r'\\(?:["\\/bfnrt]|u[0-9a-fA-F]{0,4})')
_WORDS: Final = {"t": "true", "f": "false", "n": "null"}
_EXPECTED: Final[Mapping[State, str]] = {
    State.VALUE: "expected a value",
    State.FIRST_ITEM: "expected a value or ']'",
    State.FIRST_KEY: "expected a key or '}'",
    State.KEY: "expected a key",
    State.COLON: "expected ':'",
    State.AFTER_ITEM: "expected ',' or ']'",
    State.AFTER_MEMBER: "expected ',' or '}'",
    State.DONE: "text after the value",
}

_NUMBER_STARTS: Final = dict.fromkeys("123456789", State.INTEGER) | {
    "0": State.ZERO,
    "-": State.MINUS,
}
_DECIMAL: Final = "0123456789"
_MARK: Final = dict.fromkeys("eE", State.EXPONENT_MARK)
# RFC 8259 section 6.
_NUMBER_MOVES: Final[Mapping[State, Mapping[str, State]]] = {
    State.MINUS: dict.fromkeys("123456789", State.INTEGER) | {"0": State.ZERO},
    State.ZERO: {".": State.POINT} | _MARK,
    State.INTEGER: {".": State.POINT} | _MARK | dict.fromkeys(_DECIMAL, State.INTEGER),
    State.POINT: dict.fromkeys(_DECIMAL, State.FRACTION),
    State.FRACTION: dict.fromkeys(_DECIMAL, State.FRACTION) | _MARK,
    State.EXPONENT_MARK: dict.fromkeys("+-", State.EXPONENT_SIGN)
    | dict.fromkeys(_DECIMAL, State.EXPONENT),
    State.EXPONENT_SIGN: dict.fromkeys(_DECIMAL, State.EXPONENT),
    State.EXPONENT: dict.fromkeys(_DECIMAL, State.EXPONENT),
}
_DIGIT_RUNS: Final = frozenset({State.INTEGER, State.FRACTION, State.EXPONENT})
_NUMBER_ENDS: Final = _DIGIT_RUNS | {State.ZERO}

_Step: TypeAlias = Callable[["Grammar", str, int], int]


def _skip(pattern: re.Pattern[str], text: str, pos: int) -> int:
    """The end of the match at `pos`; every pattern here also matches nothing."""
    match = pattern.match(text, pos)
    return match.end() if match else pos


class Grammar:
    """The machine; a subclass hears of lexemes in `_met` and feeds text with `_read`."""

    def __init__(self, *, max_depth: int | None = None, strict: bool = True) -> None:
        """max_depth: how many containers may be open at once; None: any number.

        strict: False lets control characters and escapes that JSON does not have stand for
        themselves inside strings, as models write them.
        """
        self.reason: str | None = None
        """Why the text is invalid, as a sentence; None while it is not."""
        self._max_depth = max_depth
        self._strict = strict
        self._body_pattern = _BODY if strict else _LENIENT_BODY
        self._state = State.VALUE
        self._stack = bytearray()  # per open container the state after one of its values
        self._base = 0  # offset of the piece being read; between pieces, code points read
        self._invalid_at: int | None = None
        self._escape = ""  # an escape whose end has not come
        self._word = ""
        self._word_left = ""

    @property
    def status(self) -> JsonStatus:
        if self._state is State.INVALID:
            return JsonStatus.INVALID
        if self._state is State.DONE or (not self._stack and self._state in _NUMBER_ENDS):
            return JsonStatus.COMPLETE
        return JsonStatus.INCOMPLETE

    @property
    def position(self) -> int:
        """Code points read; when invalid, the offset of the one that cannot stand there."""
        return self._base if self._invalid_at is None else self._invalid_at

    def _met(self, lexeme: Lexeme, start: int, end: int, raw: str) -> None:
        """Hear of a lexeme before the state moves past it.

        start, end: code point offsets in the whole text; raw: its text, "" where nobody needs it.
        """

    def _read(self, text: str) -> None:
        pos, end = 0, len(text)
        while pos < end:
            pos = _STEPS[self._state](self, text, pos)
        self._base += end

    def _end_number(self) -> None:
        """A top-level number has no terminator: its end is the end of the text."""
        if not self._stack and self._state in _NUMBER_ENDS:
            self._met(Lexeme.NUMBER, self._base, self._base, "")
            self._end_value()

    # Steps: (text, position) -> position after what was understood.

    def _structure(self, text: str, pos: int) -> int:
        pos = _skip(_SPACE, text, pos)
        if pos == len(text):
            return pos
        action = _ACTIONS[self._state].get(text[pos])
        if action is None:
            return self._fail(pos, _EXPECTED[self._state])
        return action(self, text, pos)

    def _string(self, text: str, pos: int) -> int:
        if self._escape:
            return self._escaped(text, pos)
        stop = _skip(self._body_pattern, text, pos)
        if stop > pos:
            self._met(Lexeme.BODY, self._base + pos, self._base + stop, text[pos:stop])
        if stop == len(text):
            return stop
        if text[stop] == "\\":
            self._escape = "\\"
            return stop + 1
        if text[stop] != '"':
            return self._fail(stop, "a control character inside a string")
        self._met(Lexeme.UNQUOTE, self._base + stop, self._base + stop + 1, "")
        if self._state is State.IN_KEY:
            self._state = State.COLON
        else:
            self._end_value()
        return stop + 1

    def _escaped(self, text: str, pos: int) -> int:
        """Go on with an escape that the last piece cut, or that is broken; six steps at most."""
        for at in range(pos, len(text)):
            escape = self._escape + text[at]
            if not _ESCAPE_BEGUN.fullmatch(escape):
                if self._strict:
                    return self._fail(at, "an escape that JSON does not have")
                literal, self._escape = self._escape, ""
                end = self._base + at
                self._met(Lexeme.BODY, end - len(literal), end, "\\" + literal)
                return at
            self._escape = escape
            if len(escape) == (6 if escape[1] == "u" else 2):
                self._escape = ""
                end = self._base + at + 1
                self._met(Lexeme.BODY, end - len(escape), end, escape)
                return at + 1
        return len(text)

    def _number(self, text: str, pos: int) -> int:
        start = pos
        while pos < len(text):
            after = _NUMBER_MOVES[self._state].get(text[pos])
            if after is None:
                break
            self._state = after
            pos += 1
            if after in _DIGIT_RUNS:
                pos = _skip(_DIGITS, text, pos)
        if pos > start:
            self._met(Lexeme.DIGITS, self._base + start, self._base + pos, text[start:pos])
        if pos < len(text):
            if self._state not in _NUMBER_ENDS:
                return self._fail(pos, "expected a digit")
            self._met(Lexeme.NUMBER, self._base + pos, self._base + pos, "")
            self._end_value()
        return pos

    def _literal(self, text: str, pos: int) -> int:
        taken = text[pos : pos + len(self._word_left)]
        for offset, (got, wanted) in enumerate(zip(taken, self._word_left, strict=False)):
            if got != wanted:
                return self._fail(pos + offset, f"expected {self._word!r}")
        self._word_left = self._word_left[len(taken) :]
        pos += len(taken)
        if not self._word_left:
            end = self._base + pos
            self._met(Lexeme.WORD, end - len(self._word), end, self._word)
            self._end_value()
        return pos

    def _ignore(self, text: str, _pos: int) -> int:
        return len(text)

    # Actions: a structural character was met at `pos`.

    def _open(self, text: str, pos: int) -> int:
        if self._max_depth is not None and len(self._stack) >= self._max_depth:
            return self._fail(pos, f"nested deeper than {self._max_depth}")
        self._met(Lexeme.OPEN, self._base + pos, self._base + pos + 1, text[pos])
        is_array = text[pos] == "["
        self._stack.append(State.AFTER_ITEM if is_array else State.AFTER_MEMBER)
        self._state = State.FIRST_ITEM if is_array else State.FIRST_KEY
        return pos + 1

    def _close(self, text: str, pos: int) -> int:
        self._stack.pop()
        self._met(Lexeme.CLOSE, self._base + pos, self._base + pos + 1, text[pos])
        self._end_value()
        return pos + 1

    def _comma(self, _text: str, pos: int) -> int:
        self._met(Lexeme.COMMA, self._base + pos, self._base + pos + 1, "")
        self._state = State.VALUE if self._state is State.AFTER_ITEM else State.KEY
        return pos + 1

    def _colon(self, _text: str, pos: int) -> int:
        self._state = State.VALUE
        return pos + 1

    def _quote(self, _text: str, pos: int) -> int:
        is_key = self._state in (State.FIRST_KEY, State.KEY)
        self._state = State.IN_KEY if is_key else State.IN_STRING
        self._met(Lexeme.QUOTE, self._base + pos, self._base + pos + 1, "")
        return pos + 1

    def _begin_number(self, text: str, pos: int) -> int:
        self._state = _NUMBER_STARTS[text[pos]]
        self._met(Lexeme.DIGITS, self._base + pos, self._base + pos + 1, text[pos])
        return pos + 1

    def _begin_word(self, text: str, pos: int) -> int:
        self._word = self._word_left = _WORDS[text[pos]]
        self._state = State.WORD
        return pos

    def _end_value(self) -> None:
        self._state = State(self._stack[-1]) if self._stack else State.DONE

    def _fail(self, pos: int, reason: str) -> int:
        self._state = State.INVALID
        self._invalid_at = self._base + pos
        self.reason = reason
        return pos


class JsonScanner(Grammar):
    """Says whether a text fed in pieces is JSON, without keeping any of it.

    Source: RFC 8259, exactly: no NaN, no leading zero, no trailing comma, no control character in
    a string. Escaped surrogate halves are grammatical. Takes time linear in the code points plus
    the pieces, and one byte per open container.
    """

    def feed(self, text: str) -> JsonStatus:
        """Read on. After INVALID nothing changes any more."""
        self._read(text)
        return self.status


_VALUE_STARTS: Final[Mapping[str, _Step]] = {
    "{": Grammar._open,
    "[": Grammar._open,
    '"': Grammar._quote,
    **dict.fromkeys(_NUMBER_STARTS, Grammar._begin_number),
    **dict.fromkeys(_WORDS, Grammar._begin_word),
}

# RFC 8259 sections 2 to 5. Left outside: the inside of strings, numbers and words, and the return
# to the container's own AFTER state, which the stack knows.
_ACTIONS: Final[Mapping[State, Mapping[str, _Step]]] = {
    State.VALUE: _VALUE_STARTS,
    State.FIRST_ITEM: {**_VALUE_STARTS, "]": Grammar._close},
    State.FIRST_KEY: {'"': Grammar._quote, "}": Grammar._close},
    State.KEY: {'"': Grammar._quote},
    State.COLON: {":": Grammar._colon},
    State.AFTER_ITEM: {",": Grammar._comma, "]": Grammar._close},
    State.AFTER_MEMBER: {",": Grammar._comma, "}": Grammar._close},
    State.DONE: {},
}
_STEPS: Final[Mapping[State, _Step]] = {
    **dict.fromkeys(_ACTIONS, Grammar._structure),
    **dict.fromkeys((State.IN_KEY, State.IN_STRING), Grammar._string),
    **dict.fromkeys(_NUMBER_MOVES, Grammar._number),
    State.WORD: Grammar._literal,
    State.INVALID: Grammar._ignore,
}
