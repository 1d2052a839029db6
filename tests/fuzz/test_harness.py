"""The fuzz targets hold for inputs drawn without coverage, so that they stay runnable."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chunkproof_conformance import strategies
from chunkproof_conformance.connect.protocol import Broken, Trouble, to_line
from tests.fuzz.targets import TARGETS, cassette, payload, protocol, sse

JSON_LINES = strategies.json_values().map(lambda value: to_line(Broken(1, Trouble(str(value)))))


@pytest.mark.parametrize("name", TARGETS)
def test_a_target_holds_for_drawn_inputs(name: str) -> None:
    """Bytes that look like a stream, arguments, or nothing at all."""

    @settings(max_examples=60, deadline=None)
    @given(st.binary(max_size=200) | strategies.garbage() | strategies.tool_arguments().map(_bytes))
    def check(data: bytes) -> None:
        TARGETS[name](data)

    check()


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


@given(JSON_LINES)
def test_a_line_of_the_protocol_is_read(line: bytes) -> None:
    """What the harness itself writes is an answer, with or without its line end."""
    protocol(line)
    protocol(line.rstrip())


@pytest.mark.parametrize(
    "data",
    [b"", b"data: a\r\r\ndata", b"\xef\xbb\xbfdata:x\n\n", b"id: 1\n\ndata\n\n", b"\xef\xbb"],
)
def test_corners_of_the_event_stream(data: bytes) -> None:
    """Bytes that coverage found worth a try."""
    sse(data)
    payload(data)
    cassette(data)
