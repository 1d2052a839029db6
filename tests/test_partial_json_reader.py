"""What is in a text, so far: `JsonReader`, held to `json.loads` and, for beginnings, to `jiter`."""

import itertools
import json
import re

import jiter
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chunkproof.errors import UsageError
from chunkproof.partial_json import (
    Closed,
    JsonKind,
    JsonReader,
    JsonStatus,
)
from tests.json_texts import (
    Built,
    as_dicts,
    as_pairs,
    damaged_documents,
    documents,
    fed,
    joined_strings,
    read,
    ways,
    whole,
)

COMPLETE, INCOMPLETE, INVALID = JsonStatus.COMPLETE, JsonStatus.INCOMPLETE, JsonStatus.INVALID


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
