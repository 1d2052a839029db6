"""Deep and long JSON in pieces: no recursion, and time that grows with the text alone."""

from collections.abc import Callable

import pytest

from chunkproof.partial_json import (
    JsonReader,
    JsonScanner,
    JsonStatus,
)
from tests.growth import assert_linear
from tests.json_texts import read, scanned

COMPLETE, INCOMPLETE, INVALID = JsonStatus.COMPLETE, JsonStatus.INCOMPLETE, JsonStatus.INVALID


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
