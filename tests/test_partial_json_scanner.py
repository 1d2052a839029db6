"""Whether a text is JSON, so far: `JsonScanner`, held to `json.loads` and RFC 8259."""

import itertools
import re

import pytest
from hypothesis import given

from chunkproof.partial_json import (
    JsonScanner,
    JsonStatus,
)
from tests.json_texts import damaged_documents, documents, is_json, maybe_error, scanned, ways

COMPLETE, INCOMPLETE, INVALID = JsonStatus.COMPLETE, JsonStatus.INCOMPLETE, JsonStatus.INVALID


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
