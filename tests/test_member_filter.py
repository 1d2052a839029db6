"""What `chunkproof.partial_json.MemberFilter` hands on of a JSON object in pieces.

Oracle: a reader of whole objects made of the standard library's `raw_decode`.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chunkproof.errors import UsageError
from chunkproof.partial_json import (
    Filtered,
    JsonStatus,
    MemberFilter,
    Part,
    Role,
    ValueKind,
)
from tests.growth import assert_linear

REST, VALUE, WATCHED = Role.REST, Role.VALUE, Role.WATCHED


def ways(text: str) -> Iterator[list[str]]:
    """`text` whole, code point by code point, and cut at every place."""
    yield [text]
    yield list(text)
    for at in range(len(text) + 1):
        yield [text[:at], text[at:]]


def merged(parts: Iterable[Part]) -> list[Part]:
    return [
        Part(role, "".join(part.text for part in group), kind, member)
        for (role, kind, member), group in groupby(
            parts, key=lambda part: (part.role, part.kind, part.member)
        )
    ]


def filtered(
    pieces: Iterable[str], key: str | None = "thinking", watch: str | None = None
) -> list[Part]:
    machine = MemberFilter(key, watch=watch)
    given = [machine.feed(piece) for piece in pieces] + [machine.close()]
    assert all(part.text for one in given for part in one.parts)
    return merged(part for one in given for part in one.parts)


def joined(parts: Iterable[Part], role: Role) -> str:
    return "".join(part.text for part in parts if part.role is role)


# The oracle


class Member(NamedTuple):
    before: str
    """The separator before it; for the first, what precedes it in the text."""
    raw: str
    key: str
    value: str


def members(text: str) -> tuple[list[Member], str]:
    """The members of a whole JSON object, and the text after the last."""
    found: list[Member] = []
    at, start = text.index("{") + 1, 0
    while True:
        at = spaced(text, at)
        if text[at] == "}":
            return found, text[start:]
        if found:
            assert text[at] == ","
            at = spaced(text, at + 1)
        key, end = json.JSONDecoder().raw_decode(text, at)
        value_at = spaced(text, spaced(text, end) + 1)
        _, end = json.JSONDecoder().raw_decode(text, value_at)
        found.append(Member(text[start:at], text[at:end], key, text[value_at:end]))
        at = start = end


def spaced(text: str, at: int) -> int:
    while text[at] in " \t\r\n":
        at += 1
    return at


def without(text: str, key: str) -> str:
    """Each member that stays brings the separator before it; the first, the text's beginning."""
    found, tail = members(text)
    if not found:
        return text
    stay = [member for member in found if member.key != key]
    first = "".join(member.raw for member in stay[:1])
    return found[0].before + first + "".join(m.before + m.raw for m in stay[1:]) + tail


def decoded(value: str) -> str:
    loaded = json.loads(value)
    text = loaded if isinstance(loaded, str) else value
    return re.sub("[\ud800-\udfff]", "\ufffd", text)


# Texts

SPACES = st.sampled_from(["", "", " ", "\n ", "\t"])
KEYS = st.sampled_from(
    [
        '"k"',
        '"\\u006b"',
        '"w"',
        '"a"',
        '""',
        '"kk"',
        '"\\ud83d\\ude00"',
        '"K"',
        '"k\\\\"',
        '"\\ud83d"',
    ]
)
VALUES = st.sampled_from(
    [
        *(
            '""',
            '"t"',
            '"a b"',
            '"\\n\\"\\\\"',
            '"\\ud83d\\ude00"',
            '"\\ud83d"',
            '"é😀"',
            '"},\\"k\\":"',
        ),
        *("0", "-1.5e3", "true", "false", "null", "[]", "{}", '[1, "k", {"k":"v"}]'),
        *('{"k" : "v", "w":[{}]}', '{ "x" : { "k" : null } }'),
    ]
)


@st.composite
def objects(draw: st.DrawFn) -> str:
    """JSON objects with a few keys in all orders, doubled, spelled and spaced in many ways."""
    pairs = draw(st.lists(st.tuples(KEYS, VALUES), max_size=4))
    spaced_members = [
        f"{draw(SPACES)}{key}{draw(SPACES)}:{draw(SPACES)}{value}{draw(SPACES)}"
        for key, value in pairs
    ]
    inside = ",".join(spaced_members) or draw(SPACES)
    return f"{draw(SPACES)}{{{inside}}}{draw(SPACES)}"


@st.composite
def damaged(draw: st.DrawFn) -> str:
    text = draw(objects())
    at = draw(st.integers(0, len(text)))
    other = draw(st.text('{}[],:"\\k1- \x01', max_size=2))
    return text[:at] + other + text[at + draw(st.integers(0, 2)) :]


# Whole objects


@pytest.mark.parametrize(
    ("text", "rest", "value"),
    [
        ('{"thinking": "t", "message": "m"}', '{"message": "m"}', "t"),
        ('{"a":1, "thinking":"t"}', '{"a":1}', "t"),
        ('{"a":1 , "thinking":"t" , "b":2}', '{"a":1 , "b":2}', "t"),
        ('{"thinking":"t"}', "{}", "t"),
        ('{ "thinking" : "t" }', "{  }", "t"),
        ('\n{ "thinking":"t" , "a":1 }\n', '\n{ "a":1 }\n', "t"),
        ("{}", "{}", ""),
        (" { } ", " { } ", ""),
        ('{"thinking":"a","thinking":"b"}', "{}", "ab"),
        ('{"thinking":"a","x":1,"thinking":"b","y":2}', '{"x":1,"y":2}', "ab"),
        ('{"x":1,"thinking":"a","thinking":"b","y":2}', '{"x":1,"y":2}', "ab"),
        ('{"thinking":"a","thinking":"b", "y":2}', '{"y":2}', "ab"),
        ('{"\\u0074hinking":"t","a":1}', '{"a":1}', "t"),
        ('{"Thinking":"t"}', '{"Thinking":"t"}', ""),
        ('{"thinking":"","a":1}', '{"a":1}', ""),
        (
            '{"thinking":"a\\n\\u00e9\\ud83d\\ude00\\ud83d","b":"\\n"}',
            '{"b":"\\n"}',
            "a\né😀\ufffd",
        ),
    ],
)
def test_a_member_goes_with_the_separator_before_it_or_the_first_with_the_one_after(
    text: str, rest: str, value: str
) -> None:
    assert without(text, "thinking") == rest
    for pieces in ways(text):
        parts = filtered(pieces)
        assert (joined(parts, REST), joined(parts, VALUE)) == (rest, value)


@given(objects())
def test_the_rest_is_the_text_without_the_member_and_the_value_what_it_says(text: str) -> None:
    found, _ = members(text)
    values = [(number, decoded(m.value)) for number, m in enumerate(found) if m.key == "k"]
    watched = [
        (number, decoded(m.value))
        for number, m in enumerate(found)
        if m.key == "w" and m.value.startswith('"')
    ]
    for pieces in ways(text):
        parts = filtered(pieces, "k", "w")
        assert joined(parts, REST) == without(text, "k")
        in_order = merged(part for part in parts if part.role is VALUE)
        assert [(part.member, part.text) for part in in_order] == [v for v in values if v[1]]
        in_order = merged(part for part in parts if part.role is WATCHED)
        assert [(part.member, part.text) for part in in_order] == [v for v in watched if v[1]]


@given(objects() | damaged())
def test_cutting_does_not_change_what_is_handed_on_nor_its_order(text: str) -> None:
    """REST and VALUE keep their order, and so do VALUE and WATCHED; broken text too."""

    def orders(pieces: list[str]) -> list[list[Part]]:
        parts = filtered(pieces, "k", "w")
        return [merged(part for part in parts if part.role is not role) for role in (WATCHED, REST)]

    first, *others = [orders(pieces) for pieces in ways(text)]
    assert all(other == first for other in others)


@given(objects())
def test_the_rest_is_json_with_the_other_members_in_order(text: str) -> None:
    def pairs(source: str) -> list[object]:
        loaded: tuple[str, list[object]] = json.loads(
            source, object_pairs_hook=lambda found: ("object", found)
        )
        return loaded[1]

    keys = [member.key for member in members(text)[0]]
    stay = [pair for key, pair in zip(keys, pairs(text), strict=True) if key != "k"]
    assert pairs(joined(filtered([text], "k"), REST)) == stay


# Order and time


def test_parts_come_in_the_order_of_the_text() -> None:
    text = '{"a":1,"thinking":"one","b":2,"thinking":"two"}'
    expected = [
        (REST, '{"a":1'),
        (VALUE, "one", ValueKind.STRING, 1),
        (REST, ',"b":2'),
        (VALUE, "two", ValueKind.STRING, 3),
        (REST, "}"),
    ]
    for pieces in ways(text):
        assert [tuple(p)[: 4 if p.member is not None else 2] for p in filtered(pieces)] == expected


def test_each_part_comes_with_the_code_point_that_decides_it() -> None:
    """The brace and a comma wait for the next key; text inside strings does not wait."""
    text = '{"thinking": "ab", "message": "c\\nd", "n": 1}'
    machine = MemberFilter("thinking", watch="message")
    came = {at: machine.feed(char) for at, char in enumerate(text)}
    rest = {at: one.rest for at, one in came.items() if one.rest}
    value = {at: one.value for at, one in came.items() if one.value}
    watched = {at: one.watched for at, one in came.items() if one.watched}
    assert value == {14: "a", 15: "b"}
    assert watched == {31: "c", 33: "\n", 34: "d"}
    expected = {27: '{"message"', **{at: text[at] for at in range(28, 36)}}
    expected |= {40: ', "n"', **{at: text[at] for at in range(41, 44)}, 44: "}"}
    assert rest == expected


def test_nothing_of_the_rest_comes_before_the_first_key_that_stays() -> None:
    machine = MemberFilter("thinking")
    for piece in ['{"thinking":"t"', ', "thinking": [1]', ' , "mess']:
        assert machine.feed(piece).rest == ""
        assert not machine.opened
    assert machine.first_key is None
    assert machine.feed('age"').rest == '{"message"'
    assert machine.opened
    assert machine.first_key == "message"


def test_a_value_that_is_no_string_comes_as_written_at_its_end() -> None:
    machine = MemberFilter("thinking")
    assert machine.feed('{"thinking": [1, "x"').parts == ()
    assert machine.value_kind is ValueKind.ARRAY
    value = Part(VALUE, '[1, "x" ]', ValueKind.ARRAY, 0)
    assert machine.feed(' ],"thinking":nul').parts == (value,)
    assert machine.feed("l").parts == (Part(VALUE, "null", ValueKind.NULL, 1),)
    assert machine.feed(',"thinking":12').parts == ()
    assert machine.feed("}").parts == (Part(VALUE, "12", ValueKind.NUMBER, 2), Part(REST, "{}"))


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ('"', ValueKind.STRING),
        ("[", ValueKind.ARRAY),
        ("{", ValueKind.OBJECT),
        ("42 ", ValueKind.NUMBER),
        ("true", ValueKind.BOOLEAN),
        ("false", ValueKind.BOOLEAN),
        ("null", ValueKind.NULL),
    ],
)
def test_the_type_of_both_values_is_known_when_the_value_shows_it(
    value: str, kind: ValueKind
) -> None:
    """For strings and containers that is their first code point, before any text of theirs."""

    def kinds(pieces: list[str]) -> list[ValueKind | None]:
        machine = MemberFilter("thinking", watch="message")
        for piece in pieces:
            machine.feed(piece)
        return [machine.watched_kind, machine.value_kind]

    for pieces in ways(f'{{"message":{value}'):
        assert kinds(pieces) == [kind, None]
    for pieces in ways(f'{{"thinking":{value}'):
        assert kinds(pieces) == [None, kind]
    assert kinds(['{"message": ']) == kinds(['{"thinking": ']) == [None, None]


@pytest.mark.parametrize("values", [('""', "[1]"), ("[1]", '""'), ("null", '"m"'), ('"m"', "7")])
def test_of_duplicates_that_are_watched_a_string_is_known(values: tuple[str, str]) -> None:
    """Whoever asked in between has heard of it; the answer must not depend on that."""
    for pieces in ways('{"message":%s,"message":%s}' % values):
        machine = MemberFilter("thinking", watch="message")
        for piece in pieces:
            machine.feed(piece)
        assert machine.watched_kind is ValueKind.STRING


def test_only_the_outermost_object_counts() -> None:
    text = '{"o":{"thinking":"x","message":"y"},"l":[{"thinking":"x"}],"message":"m"}'
    for pieces in ways(text):
        parts = filtered(pieces, watch="message")
        assert joined(parts, REST) == text
        assert joined(parts, VALUE) == ""
        assert joined(parts, WATCHED) == "m"


# What is no whole object


@given(st.text('{}[],:"\\ktu1- \n\x01é', max_size=12) | objects() | damaged())
def test_without_a_key_to_take_out_every_text_passes_unchanged(text: str) -> None:
    for pieces in ways(text):
        assert joined(filtered(pieces, None, "w"), REST) == text
        assert joined(filtered(pieces, "no such key"), REST) == text


@pytest.mark.parametrize(
    "text",
    ["", "  ", "12", "-", "nul", "null ", '"thinking"', '[{"thinking":"t"}]', "x{", "[1,", "]"],
)
def test_a_text_that_is_no_object_passes_raw(text: str) -> None:
    for pieces in ways(text):
        assert filtered(pieces) == ([Part(REST, text)] if text else [])


@pytest.mark.parametrize(
    ("text", "rest", "value"),
    [
        ('{"thinking":"t", !!', "{, !!", "t"),
        ('{"a":1, "thinking":"t", !!', '{"a":1, !!', "t"),
        ('{"thinking" 5,"a":1}', '{"thinking" 5,"a":1}', ""),
        ('{"thinking":nulx}', '{"thinking":nulx}', ""),
        ('{"a":1, "thinking":[1,}', '{"a":1, "thinking":[1,}', ""),
        ('{"thinking":"a\x01b"}', '{\x01b"}', "a"),
        ('{"a":1,"thinking":"a\\qb"}', '{"a":1\\qb"}', "a"),
        ('{"thinking":"\\ud83d\\u00zz"}', '{\\u00zz"}', "\ufffd"),
        ('{"a":"x\ny","thinking":"t"}', '{"a":"x\ny","thinking":"t"}', ""),
        ('{"message":"hi"}{"thinking":"again"}', '{"message":"hi"}{"thinking":"again"}', ""),
        ('{"thinking":"t"}} {', "{}} {", "t"),
    ],
)
def test_from_where_the_text_is_invalid_it_passes_raw(text: str, rest: str, value: str) -> None:
    """After what was held; an escape passes with what broke it."""
    for pieces in ways(text):
        parts = filtered(pieces)
        assert (joined(parts, REST), joined(parts, VALUE)) == (rest, value)


@pytest.mark.parametrize(
    ("text", "rest", "value"),
    [
        ("{", "{", ""),
        ('{"thin', '{"thin', ""),
        ('{"thinking"', '{"thinking"', ""),
        ('{"thinking": ', '{"thinking": ', ""),
        ('{"thinking": "ab', "{", "ab"),
        ('{"thinking": "ab\\u00', "{", "ab"),
        ('{"thinking": "ab\\ud83d', "{", "ab\ufffd"),
        ('{"thinking": 12', '{"thinking": 12', ""),
        ('{"thinking": {"x":', '{"thinking": {"x":', ""),
        ('{"thinking": "t", ', "{, ", "t"),
        ('{"a":1, ', '{"a":1, ', ""),
        ('{"a":1, "thinking":"t', '{"a":1', "t"),
        ('{"a":1, "thinking":"t" ', '{"a":1 ', "t"),
    ],
)
def test_at_the_end_everything_held_comes_out(text: str, rest: str, value: str) -> None:
    for pieces in ways(text):
        parts = filtered(pieces)
        assert (joined(parts, REST), joined(parts, VALUE)) == (rest, value)


@given(objects() | damaged())
def test_what_a_beginning_gave_is_never_taken_back(text: str) -> None:
    whole = filtered([text], "k", "w")
    for at in range(len(text)):
        early = MemberFilter("k", watch="w").feed(text[:at])
        assert joined(whole, REST).startswith(early.rest)
        assert joined(whole, VALUE).startswith(early.value)
        assert joined(whole, WATCHED).startswith(early.watched)


def test_status_place_and_reason_are_those_of_the_whole_text() -> None:
    machine = MemberFilter("thinking", max_depth=2)
    machine.feed('{"thinking":"t"')
    assert (machine.status, machine.position) == (JsonStatus.INCOMPLETE, 15)
    machine.feed(',"a":[[1]]}')
    assert (machine.status, machine.position) == (JsonStatus.INVALID, 21)
    assert machine.reason == "nested deeper than 2"
    machine = MemberFilter("thinking")
    machine.feed('{"thinking":"t"} ')
    assert (machine.status, machine.position, machine.reason) == (JsonStatus.COMPLETE, 17, None)


def test_feeding_after_the_end_is_a_usage_error() -> None:
    machine = MemberFilter("thinking")
    machine.close()
    with pytest.raises(UsageError):
        machine.feed("{")
    assert machine.close() == Filtered(())


# What the agent interface needs of it: arguments on which the class it replaces went wrong.


@pytest.mark.parametrize(
    ("text", "rest", "thoughts", "message"),
    [
        pytest.param(
            '{"thinking":"I should greet.","message":"Hello there!"}',
            '{"message":"Hello there!"}',
            "I should greet.",
            "Hello there!",
            id="Q1-in-one-piece",
        ),
        pytest.param('{"thinking":"ab","x":"123"}', '{"x":"123"}', "ab", "", id="Q2-last-fragment"),
        pytest.param('{"message":"Hi"}', '{"message":"Hi"}', "", "Hi", id="Q3-no-thoughts"),
        pytest.param(
            '{"message":"Hi","thinking":"t"}', '{"message":"Hi"}', "t", "Hi", id="Q4-thoughts-last"
        ),
        pytest.param("{}", "{}", "", "", id="Q5-no-arguments"),
        pytest.param('{"thinking":"just think"}', "{}", "just think", "", id="Q5-only-thoughts"),
        pytest.param(
            '{"thinking":"t","message":"Hi","request_heartbeat":false}',
            '{"message":"Hi","request_heartbeat":false}',
            "t",
            "Hi",
            id="Q6-not-a-string",
        ),
        pytest.param(
            '{"thinking":"t","n":12.5,"b":true,"z":null,"arr":[1,"two",{"k":"v"}],"o":{"x":{"y":"z"}}}',
            '{"n":12.5,"b":true,"z":null,"arr":[1,"two",{"k":"v"}],"o":{"x":{"y":"z"}}}',
            "t",
            "",
            id="Q7-every-type",
        ),
        pytest.param(
            '{"thinking": "t one", "message": "hello"}',
            '{"message": "hello"}',
            "t one",
            "hello",
            id="Q8-space-after-colon",
        ),
        pytest.param(
            '{"thinking":"say \\"hi\\"\\n","message":"a\\nb"}',
            '{"message":"a\\nb"}',
            'say "hi"\n',
            "a\nb",
            id="Q9-Q10-escapes",
        ),
        pytest.param(
            '{"thinking":"\\u4f60","message":"na\\u00efve \\ud83d\\ude00"}',
            '{"message":"na\\u00efve \\ud83d\\ude00"}',
            "你",
            "naïve 😀",
            id="Q11-unicode",
        ),
        pytest.param(
            '{"message":"say \\"x\\""}', '{"message":"say \\"x\\""}', "", 'say "x"', id="Q12-quote"
        ),
        pytest.param('{"message":"{}"}', '{"message":"{}"}', "", "{}", id="Q13-brace"),
        pytest.param('{"message":"hi "}', '{"message":"hi "}', "", "hi ", id="Q14-space-at-end"),
        pytest.param(
            '{"message":"C:\\\\","note":"x"}',
            '{"message":"C:\\\\","note":"x"}',
            "",
            "C:\\",
            id="Q15-backslash-at-end",
        ),
        pytest.param(
            '{"message":"hi","n":1e5,"k":"v"}',
            '{"message":"hi","n":1e5,"k":"v"}',
            "",
            "hi",
            id="Q16-exponent",
        ),
        pytest.param('{"message":42}', '{"message":42}', "", "", id="Q17-message-not-a-string"),
        pytest.param(
            '{"n":1,"message":"hi"}', '{"n":1,"message":"hi"}', "", "hi", id="Q18-number-first"
        ),
        pytest.param(
            '{"thinking":null,"message":"hi"}',
            '{"message":"hi"}',
            "null",
            "hi",
            id="Q19-thoughts-not-a-string",
        ),
        pytest.param(
            '{"obj":{"thinking":"inner"}}', '{"obj":{"thinking":"inner"}}', "", "", id="Q20-nested"
        ),
        pytest.param(
            '{"thinking":"a","x":"1","thinking":"b","y":"2"}',
            '{"x":"1","y":"2"}',
            "ab",
            "",
            id="Q35-twice",
        ),
        pytest.param(
            '{"message":"hi"}{"message":"again"}',
            '{"message":"hi"}{"message":"again"}',
            "",
            "hi",
            id="Q40-second-object",
        ),
    ],
)
def test_arguments_that_went_wrong_before_come_out_right_however_cut(
    text: str, rest: str, thoughts: str, message: str
) -> None:
    for pieces in ways(text):
        parts = filtered(pieces, watch="message")
        assert joined(parts, REST) == rest
        assert joined(parts, VALUE) == thoughts
        assert joined(parts, WATCHED) == message


# Time


@pytest.mark.parametrize(
    ("before", "inside", "after"),
    [
        ('{"message":"', "a", '"}'),
        ('{"thinking":"', "a", '"}'),
        ('{"thinking":[', "1,", "1]}"),
        ('{"', "k", '":1}'),
        ("{", " ", "}"),
        ("{", '"thinking":"",', '"a":1}'),
        ("{", '"a":1,', '"a":1}'),
        ('{"a":', "[", ""),
        ("", "x", ""),
    ],
)
def test_time_is_linear_one_by_one_and_at_once(before: str, inside: str, after: str) -> None:
    """Eight times the text takes about eight times as long; a quadratic reader, sixty-four."""

    def reading(size: int) -> Callable[[], None]:
        text = before + inside * (size // len(inside)) + after

        def run() -> None:
            for pieces in (list(text), [text]):
                machine = MemberFilter("thinking", watch="message")
                for piece in pieces:
                    machine.feed(piece)
                machine.close()

        return run

    assert_linear(reading, 3_000)
