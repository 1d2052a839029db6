"""What `chunkproof.partial_json` says of JSON in pieces: scanner and event reader.

Oracles: `json.loads` for whole texts, `jiter` in its partial mode for what a beginning says.
"""

import itertools
import json
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import jiter
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chunkproof.errors import UsageError
from chunkproof.partial_json import (
    Closed,
    JsonEvent,
    JsonKind,
    JsonReader,
    JsonScanner,
    JsonStatus,
)
from tests.growth import assert_linear

COMPLETE, INCOMPLETE, INVALID = JsonStatus.COMPLETE, JsonStatus.INCOMPLETE, JsonStatus.INVALID


# Texts


def spellings(char: str) -> list[str]:
    """Every way RFC 8259 lets a string write `char`; raw first."""
    units = char.encode("utf-16-be", "surrogatepass").hex()
    escaped = "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))
    short = {'"': '\\"', "\\": "\\\\", "/": "\\/", "\n": "\\n", "\t": "\\t", "\b": "\\b"}.get(char)
    raw = not (char in '"\\' or char < " " or "\ud800" <= char <= "\udfff")
    upper = escaped.upper().replace("\\U", "\\u")
    return [char] * raw + ([short] if short else []) + [escaped, upper]


CHARACTERS = 'ab"\\/\n\t\b\x00\x7fé你😀\u2028\ufffd{}[],: '
HALVES = "\ud83d\ude00\udc00"


@st.composite
def strings(draw: st.DrawFn, *, halves: bool = False) -> str:
    """JSON strings, spelled in all ways; with `halves` also escaped halves of surrogate pairs."""
    chars = draw(st.text(CHARACTERS + (HALVES if halves else ""), max_size=5))
    return '"' + "".join(draw(st.sampled_from(spellings(char))) for char in chars) + '"'


SPACES = st.sampled_from(["", "", " ", "\n", "\t \r\n"])
SCALARS = st.sampled_from(
    ["null", "true", "false", "0", "-0", "7", "-12", "3.25", "1e5", "0.5E-2", "10e+1", "1234567890"]
)


@st.composite
def containers(draw: st.DrawFn, inner: st.SearchStrategy[str], *, halves: bool) -> str:
    items = draw(st.lists(inner, max_size=4))
    if draw(st.booleans()):
        keys = strings(halves=halves)
        items = [f"{draw(keys)}{draw(SPACES)}:{draw(SPACES)}{item}" for item in items]
        opening, closing = "{", "}"
    else:
        opening, closing = "[", "]"
    spaced = [f"{draw(SPACES)}{item}{draw(SPACES)}" for item in items]
    return opening + (",".join(spaced) or draw(SPACES)) + closing


def documents(*, halves: bool = False) -> st.SearchStrategy[str]:
    """JSON texts of every shape and spelling, duplicate keys included; shrinks to `""`."""
    values = st.recursive(
        strings(halves=halves) | SCALARS,
        lambda inner: containers(inner, halves=halves),
        max_leaves=6,
    )
    return st.builds("{}{}{}".format, SPACES, values, SPACES)


@st.composite
def damaged_documents(draw: st.DrawFn) -> str:
    """A JSON text with one place deleted, doubled or replaced; it may still be JSON."""
    text = draw(documents(halves=True))
    at = draw(st.integers(0, len(text)))
    length = draw(st.integers(0, 2))
    other = draw(st.text('{}[],:"\\u019-+.eEtrfn \n\x01x', max_size=2))
    return text[:at] + other + text[at + length :]


def ways(text: str) -> Iterator[list[str]]:
    """`text` whole, code point by code point, and cut at every place."""
    yield [text]
    yield list(text)
    for at in range(len(text) + 1):
        yield [text[:at], text[at:]]


# What a reader says, made comparable


def read(pieces: Iterable[str], **options: Any) -> tuple[list[JsonEvent], Closed]:
    """All events, neighbouring pieces of a string joined; and the end."""
    reader = JsonReader(**options)
    events = [event for piece in pieces for event in reader.feed(piece)]
    closed = reader.close()
    return joined_strings(events + closed.events), closed._replace(events=[])


def fed(pieces: Iterable[str]) -> list[JsonEvent]:
    """The events of a complete text as they come, strings in pieces."""
    reader = JsonReader()
    return [event for piece in pieces for event in reader.feed(piece)] + reader.close().events


def joined_strings(events: Iterable[JsonEvent]) -> list[JsonEvent]:
    joined: list[JsonEvent] = []
    for event in events:
        if joined and event.kind is joined[-1].kind is JsonKind.STRING:
            last = joined.pop()
            assert last.end == event.start, "pieces of a string lie side by side"
            joined.append(last._replace(end=event.end, text=last.text + event.text))
        else:
            joined.append(event)
    return joined


class Built:
    """The value that events describe so far: objects as ("object", pairs), by path alone."""

    def __init__(self, events: Iterable[JsonEvent]) -> None:
        self.top: list[Any] = []
        self.in_string = False
        self._open: list[Any] = [self.top]
        for event in events:
            self._add(event)

    def _add(self, event: JsonEvent) -> None:
        kind, depth = event.kind, event.depth
        if kind is JsonKind.STRING_START:
            self._put(event, "")
        elif kind is JsonKind.STRING:
            self._put(event, self._last(depth) + event.text, again=True)
        elif kind is JsonKind.OBJECT_START:
            self._put(event, ("object", []))
        elif kind is JsonKind.ARRAY_START:
            self._put(event, [])
        elif kind in (JsonKind.NUMBER, JsonKind.TRUE, JsonKind.FALSE, JsonKind.NULL):
            self._put(event, json.loads(event.text))
        if kind in (JsonKind.STRING_START, JsonKind.STRING_END):
            self.in_string = kind is JsonKind.STRING_START

    def _last(self, depth: int) -> Any:
        last = self._open[depth][-1]
        return last[1] if isinstance(last, tuple) and depth and len(last) == 2 else last

    def _put(self, event: JsonEvent, value: Any, *, again: bool = False) -> None:
        holder = self._open[event.depth]
        if again:
            holder.pop()
        if isinstance(event.at, int):
            assert event.at == len(holder)
        holder.append((event.at, value) if isinstance(event.at, str) else value)
        del self._open[event.depth + 1 :]
        inside = value[1] if isinstance(value, tuple) else value
        self._open.append(inside)


def as_pairs(text: str) -> Any:
    """`json.loads` with members in order and U+FFFD for each lone half of a surrogate pair."""
    return whole(json.loads(text, object_pairs_hook=lambda pairs: ("object", pairs)))


def whole(value: Any) -> Any:
    if isinstance(value, str):
        return re.sub("[\ud800-\udfff]", "\ufffd", value)
    if isinstance(value, (list, tuple)):
        return type(value)(whole(item) for item in value)
    return value


def as_dicts(value: Any) -> Any:
    if isinstance(value, tuple):
        return {key: as_dicts(item) for key, item in value[1]}
    return [as_dicts(item) for item in value] if isinstance(value, list) else value


def is_json(text: str) -> bool:
    """RFC 8259 by `json.loads`, without the constants that only Python accepts."""

    def refuse(constant: str) -> None:
        raise ValueError(constant)

    try:
        json.loads(text, parse_constant=refuse)
    except ValueError:
        return False
    return True


def maybe_error(text: str) -> json.JSONDecodeError | None:
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        return error
    return None


def scanned(text: str) -> JsonScanner:
    scanner = JsonScanner()
    scanner.feed(text)
    return scanner


# The scanner


@pytest.mark.parametrize(
    ("text", "status", "position", "reason"),
    [
        ("", INCOMPLETE, 0, None),
        (" \n", INCOMPLETE, 2, None),
        ("{}", COMPLETE, 2, None),
        ("{} \t\r\n", COMPLETE, 6, None),
        ("{} x", INVALID, 3, "text after the value"),
        ("{}{}", INVALID, 2, "text after the value"),
        ("12", COMPLETE, 2, None),
        ("12 3", INVALID, 3, "text after the value"),
        ("-", INCOMPLETE, 1, None),
        ("-0", COMPLETE, 2, None),
        ("-x", INVALID, 1, "expected a digit"),
        ("01", INVALID, 1, "text after the value"),
        ("[01]", INVALID, 2, "expected ',' or ']'"),
        ("1.", INCOMPLETE, 2, None),
        ("1.e5", INVALID, 2, "expected a digit"),
        ("1.5", COMPLETE, 3, None),
        ("1e", INCOMPLETE, 2, None),
        ("0e1", COMPLETE, 3, None),
        ("-0E-0", COMPLETE, 5, None),
        ("1e+", INCOMPLETE, 3, None),
        ("1e+5", COMPLETE, 4, None),
        ("+1", INVALID, 0, "expected a value"),
        (".5", INVALID, 0, "expected a value"),
        ("NaN", INVALID, 0, "expected a value"),
        ("Infinity", INVALID, 0, "expected a value"),
        ("-Infinity", INVALID, 1, "expected a digit"),
        ("nul", INCOMPLETE, 3, None),
        ("null", COMPLETE, 4, None),
        ("nulL", INVALID, 3, "expected 'null'"),
        ("trux", INVALID, 3, "expected 'true'"),
        ("nullx", INVALID, 4, "text after the value"),
        ("[1,]", INVALID, 3, "expected a value"),
        ("[,1]", INVALID, 1, "expected a value or ']'"),
        ("[1 2]", INVALID, 3, "expected ',' or ']'"),
        ("[1}", INVALID, 2, "expected ',' or ']'"),
        ('{"a":1,}', INVALID, 7, "expected a key"),
        ("{,}", INVALID, 1, "expected a key or '}'"),
        ("{1:2}", INVALID, 1, "expected a key or '}'"),
        ('{"a" 1}', INVALID, 5, "expected ':'"),
        ('{"a":}', INVALID, 5, "expected a value"),
        ('{"a":1]', INVALID, 6, "expected ',' or '}'"),
        ("]", INVALID, 0, "expected a value"),
        ('"a', INCOMPLETE, 2, None),
        ('"a"', COMPLETE, 3, None),
        ('"\x7f\u2028"', COMPLETE, 4, None),
        ('"a\x1f"', INVALID, 2, "a control character inside a string"),
        ('"a\n"', INVALID, 2, "a control character inside a string"),
        ('"\\', INCOMPLETE, 2, None),
        ('"\\x"', INVALID, 2, "an escape that JSON does not have"),
        ('"\\u12', INCOMPLETE, 5, None),
        ('"\\u12g4"', INVALID, 5, "an escape that JSON does not have"),
        ('"\\U0041"', INVALID, 2, "an escape that JSON does not have"),
        ('"\\ud83d"', COMPLETE, 8, None),
        ('"\\ude00\\ud83d"', COMPLETE, 14, None),
        ("'a'", INVALID, 0, "expected a value"),
        ("\ufeff{}", INVALID, 0, "expected a value"),
        ("\u00a01", INVALID, 0, "expected a value"),
        ("[\f1]", INVALID, 1, "expected a value or ']'"),
        ("// c", INVALID, 0, "expected a value"),
        ("[\u0661]", INVALID, 1, "expected a value or ']'"),
        ("1\u0661", INVALID, 1, "text after the value"),
        ("12\u0661", INVALID, 2, "text after the value"),
        ("1.2\uff13", INVALID, 3, "text after the value"),
    ],
)
def test_the_verdict_is_that_of_rfc_8259_however_the_text_is_cut(
    text: str, status: JsonStatus, position: int, reason: str | None
) -> None:
    for pieces in ways(text):
        scanner = JsonScanner()
        for piece in pieces:
            scanner.feed(piece)
        assert (scanner.status, scanner.position, scanner.reason) == (status, position, reason)


@given(documents(halves=True))
def test_every_json_text_is_complete_and_no_beginning_of_it_is_invalid(text: str) -> None:
    scanner = JsonScanner()
    for at, char in enumerate(text):
        assert scanner.status is (COMPLETE if is_json(text[:at]) else INCOMPLETE)
        scanner.feed(char)
    assert scanner.status is COMPLETE


@given(damaged_documents())
def test_a_text_is_complete_exactly_when_json_loads_takes_it(text: str) -> None:
    assert (scanned(text).status is COMPLETE) is is_json(text)


BROKEN_TOKEN = re.compile(
    r"-|\.|[eE][+-]?|\\?u[0-9a-fA-F]{0,3}|\\|t(ru?)?|f(a(ls?)?)?|n(ul?)?|N|I|-I", re.ASCII
)


@given(damaged_documents())
def test_invalid_is_where_json_loads_says_or_further_on_in_the_token_it_names(text: str) -> None:
    """`json.loads` names the start of a word, of an escape, of a number's unfinished tail; we name
    the code point that broke it."""
    scanner = scanned(text)
    if scanner.status is not INVALID:
        return
    error = maybe_error(text)
    if error is None:
        assert re.search("NaN|Infinity", text)
        return
    assert not error.msg.startswith("Unterminated string"), "that is incomplete, not invalid"
    assert error.pos <= scanner.position
    between = text[error.pos : scanner.position]
    assert between == "" or BROKEN_TOKEN.fullmatch(between)


@given(damaged_documents())
def test_what_precedes_the_invalid_code_point_is_not_invalid(text: str) -> None:
    scanner = scanned(text)
    if scanner.status is INVALID:
        assert scanned(text[: scanner.position]).status is not INVALID
        assert scanned(text[: scanner.position + 1]).status is INVALID


def test_every_short_text_is_incomplete_exactly_when_an_end_makes_it_json() -> None:
    """All 820 texts of up to three of nine characters, each with 186 ends, by `json.loads`."""
    tokens = ["", '"', '":1', ":1", '"":1', "1"]
    closers = ["".join(c) for n in range(5) for c in itertools.product("]}", repeat=n)]
    ends = [token + closer for token in tokens for closer in closers]
    for length in range(4):
        for text in map("".join, itertools.product('[]{},:"1 ', repeat=length)):
            status = scanned(text).status
            if is_json(text):
                assert status is COMPLETE, text
            else:
                expected = INCOMPLETE if any(is_json(text + end) for end in ends) else INVALID
                assert status is expected, text


def test_nothing_changes_after_invalid() -> None:
    scanner = scanned("[1,,")
    assert scanner.feed("2]") is INVALID
    assert (scanner.position, scanner.reason) == (3, "expected a value")


def test_a_depth_limit_breaks_the_text_at_the_container_too_many() -> None:
    text = '[{"a":[0]}]'
    for pieces in ways(text):
        for limit, expected in [
            (3, (COMPLETE, 11, None)),
            (2, (INVALID, 6, "nested deeper than 2")),
        ]:
            scanner = JsonScanner(max_depth=limit)
            for piece in pieces:
                scanner.feed(piece)
            assert (scanner.status, scanner.position, scanner.reason) == expected
    assert JsonScanner(max_depth=0).feed("12") is COMPLETE
    assert JsonScanner(max_depth=0).feed("[") is INVALID


# The reader


def test_each_token_has_its_place_depth_and_path() -> None:
    text = '{"a": ["x\\n", 12, {}], "b": null}'
    events, closed = read([text])
    kind = JsonKind
    assert events == [
        (kind.OBJECT_START, 0, 1, 0, None, ""),
        (kind.KEY, 1, 4, 1, "a", "a"),
        (kind.ARRAY_START, 6, 7, 1, "a", ""),
        (kind.STRING_START, 7, 8, 2, 0, ""),
        (kind.STRING, 8, 11, 2, 0, "x\n"),
        (kind.STRING_END, 11, 12, 2, 0, ""),
        (kind.NUMBER, 14, 16, 2, 1, "12"),
        (kind.OBJECT_START, 18, 19, 2, 2, ""),
        (kind.OBJECT_END, 19, 20, 2, 2, ""),
        (kind.ARRAY_END, 20, 21, 1, "a", ""),
        (kind.KEY, 23, 26, 1, "b", "b"),
        (kind.NULL, 28, 32, 1, "b", "null"),
        (kind.OBJECT_END, 32, 33, 0, None, ""),
    ]
    assert closed == Closed([], COMPLETE, 33, None)


def test_each_event_comes_with_the_code_point_that_decides_it() -> None:
    """A number is known only by what follows it; a first half waits for its second."""
    reader = JsonReader()
    text = '["a\\n\\ud83d\\ude00",12,tru'
    came = [[(event.kind.value, event.text) for event in reader.feed(char)] for char in text]
    expected: dict[int, list[tuple[str, str]]] = {
        0: [("array_start", "")],
        1: [("string_start", "")],
        2: [("string", "a")],
        4: [("string", "\n")],
        16: [("string", "😀")],
        17: [("string_end", "")],
        21: [("number", "12")],
    }
    assert came == [expected.get(at, []) for at in range(len(text))]


@given(documents(halves=True))
def test_the_events_of_a_json_text_say_what_json_loads_says(text: str) -> None:
    for pieces in ways(text):
        events, closed = read(pieces)
        assert closed == Closed([], COMPLETE, len(text), None)
        assert repr(Built(events).top) == repr([as_pairs(text)])


@given(documents(halves=True))
def test_each_event_covers_its_own_spelling(text: str) -> None:
    """Offsets cut the text into what `json.loads` reads by itself, pieces of strings too."""
    for event in itertools.chain.from_iterable(map(fed, ways(text))):
        raw = text[event.start : event.end]
        if event.kind is JsonKind.KEY:
            assert whole(json.loads(raw)) == event.text
        elif event.kind is JsonKind.STRING:
            assert whole(json.loads(f'"{raw}"')) == event.text
        elif event.kind is JsonKind.NUMBER:
            assert raw == event.text
        elif event.text == "":
            assert raw in '{}[]"'


@given(documents(halves=True) | damaged_documents())
def test_cutting_does_not_change_the_events(text: str) -> None:
    """Nor the verdict, its place and its reason; whether the text is JSON or not."""
    first, *others = [read(pieces) for pieces in ways(text)]
    assert all(other == first for other in others)


@given(documents() | damaged_documents())
def test_the_events_of_a_beginning_are_the_beginning_of_the_events(text: str) -> None:
    """Nothing is taken back: only the text of an open string grows."""
    events, _ = read([text])
    for at in range(len(text)):
        reader = JsonReader()
        early = joined_strings(reader.feed(text[:at]))
        count = len(early)
        if count and early[-1].kind is JsonKind.STRING:
            count -= 1
            assert events[count].text.startswith(early[-1].text)
        assert early[:count] == events[:count]


@given(documents(), st.data())
def test_a_beginning_says_what_jiter_says_of_it(text: str, data: st.DataObject) -> None:
    """`jiter` also gives a number that may go on: one space ends it for us."""
    text = text[: data.draw(st.integers(0, len(text)))]
    try:
        expected = jiter.from_json(text.encode(), partial_mode="trailing-strings")
    except ValueError:
        # It has no value for "nothing yet": no text, or the beginning of a top-level scalar.
        assert re.fullmatch(r"[ \t\n\r]*(|t.*|f.*|n.*|-|.*[.eE+-])", text)
        return
    for pieces in ways(text):
        reader = JsonReader()
        events = [event for piece in pieces for event in reader.feed(piece)]
        if not Built(events).in_string:
            events += reader.feed(" ")
        assert repr([as_dicts(value) for value in Built(events).top]) == repr([expected])


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("\\ud83d\\ude00", "😀"),
        ("\\uD83D\\uDE00", "😀"),
        ("\ud83d\ude00", "😀"),
        ("\ud83d\\ude00", "😀"),
        ("\\ud83d\ude00", "😀"),
        ("\\ud83d", "\ufffd"),
        ("\\ude00", "\ufffd"),
        ("\ud83d", "\ufffd"),
        ("\\ud83dx", "\ufffdx"),
        ("\\ud83d\\n", "\ufffd\n"),
        ("\\ud83d\\ud83d\\ude00", "\ufffd😀"),
        ("\\ude00\\ud83d", "\ufffd\ufffd"),
        ("a\\ud83d\\ude00\\ude00b", "a😀\ufffdb"),
    ],
)
def test_halves_of_a_pair_join_and_a_lone_half_becomes_u_fffd(raw: str, text: str) -> None:
    """However written and wherever cut, in values and in keys; nothing else comes out."""
    for pieces in ways(f'["{raw}"]'):
        events, _ = read(pieces)
        assert Built(events).top == [[text]]
    for pieces in ways(f'{{"{raw}":1}}'):
        events, _ = read(pieces)
        assert Built(events).top == [("object", [(text, 1)])]


@pytest.mark.parametrize(
    ("text", "events", "status"),
    [
        ("12", [("number", "12")], COMPLETE),
        ("-1.5e3", [("number", "-1.5e3")], COMPLETE),
        ("12.", [], INCOMPLETE),
        ("[12", [("array_start", "")], INCOMPLETE),
        ('"\\ud83d', [("string_start", ""), ("string", "\ufffd")], INCOMPLETE),
        ('"\\ud83d\\', [("string_start", ""), ("string", "\ufffd")], INCOMPLETE),
        ('"\\ud83d\x01', [("string_start", ""), ("string", "\ufffd")], INVALID),
        ('"a\\u00', [("string_start", ""), ("string", "a")], INCOMPLETE),
        ('{"\\ud83d', [("object_start", "")], INCOMPLETE),
    ],
)
def test_the_end_settles_a_top_level_number_and_a_lone_half_and_nothing_else(
    text: str, events: list[tuple[str, str]], status: JsonStatus
) -> None:
    for pieces in ways(text):
        found, closed = read(pieces)
        assert [(event.kind.value, event.text) for event in found] == events
        assert closed.status is status


def test_a_depth_limit_says_how_deep() -> None:
    events, closed = read(["[[[]]]"], max_depth=2)
    assert [event.kind for event in events] == [JsonKind.ARRAY_START] * 2
    assert closed == Closed([], INVALID, 2, "nested deeper than 2")


def test_feeding_after_the_end_is_a_usage_error() -> None:
    reader = JsonReader()
    reader.feed("[]")
    reader.close()
    with pytest.raises(UsageError):
        reader.feed(" ")
    assert reader.close() == Closed([], COMPLETE, 2, None)


# Hostile input


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000 + "]" * 100_000,
        '{"a":' * 100_000 + "1" + "}" * 100_000,
        '[{"":' * 50_000 + "null" + "}]" * 50_000,
    ],
    ids=["arrays", "objects", "both"],
)
def test_a_hundred_thousand_levels_are_read_without_recursion(text: str) -> None:
    assert scanned(text).status is COMPLETE
    assert scanned(text[:-1]).status is INCOMPLETE
    assert scanned(text + "]").position == len(text)
    events, closed = read([text])
    assert closed.status is COMPLETE
    assert max(event.depth for event in events) >= 99_999


def text_of(shape: str, size: int) -> str:
    match shape:
        case "string":
            return '"' + "a" * size + '"'
        case "escapes":
            return '"' + "\\n" * (size // 2) + '"'
        case "pairs":
            return '"' + "\\ud83d\\ude00" * (size // 12) + '"'
        case "lone halves":
            return '"' + "\\ud83d" * (size // 6) + '"'
        case "key":
            return '{"' + "k" * size + '":1}'
        case "number":
            return "1" * size
        case "space":
            return "[" + " " * size + "]"
        case _:
            return "[" * (size // 2) + "]" * (size // 2)


@pytest.mark.parametrize("reader", [JsonScanner, JsonReader])
@pytest.mark.parametrize(
    "shape", ["string", "escapes", "pairs", "lone halves", "key", "number", "space", "depth"]
)
def test_time_is_linear_in_code_points_one_by_one(
    shape: str, reader: type[JsonScanner | JsonReader]
) -> None:
    """Eight times the text takes about eight times as long; a quadratic reader, sixty-four."""

    def reading(size: int) -> Callable[[], None]:
        text = text_of(shape, size)

        def read_one_by_one() -> None:
            machine = reader()
            for char in text:
                machine.feed(char)
            assert machine.status is COMPLETE

        return read_one_by_one

    assert_linear(reading, 3_000)


@pytest.mark.slow
@pytest.mark.parametrize("reader", [JsonScanner, JsonReader])
def test_a_megabyte_string_one_by_one_is_linear(reader: type[JsonScanner | JsonReader]) -> None:
    def reading(size: int) -> Callable[[], None]:
        def read_one_by_one() -> None:
            machine = reader()
            machine.feed('"')
            for _ in range(size):
                machine.feed("a")

        return read_one_by_one

    assert_linear(reading, 125_000)


@pytest.mark.parametrize("shape", ["string", "escapes", "lone halves", "number", "space", "depth"])
def test_time_is_linear_in_one_piece(shape: str) -> None:
    """No pattern goes back over what it has matched."""

    def reading(size: int) -> Callable[[], None]:
        text = text_of(shape, size)

        def read_at_once() -> None:
            assert JsonScanner().feed(text) is COMPLETE
            assert read([text])[1].status is COMPLETE

        return read_at_once

    assert_linear(reading, 5_000 if shape == "depth" else 100_000)
