"""Framing: the same frames in every spelling the event stream allows."""

import pytest

from chunkproof import parse
from chunkproof_conformance.synth.dialects.catalogue import DIALECTS
from chunkproof_conformance.synth.framing import (
    BOM,
    DONE,
    Frame,
    Framing,
    data_lines,
    pieces,
    to_bytes,
)
from chunkproof_conformance.synth.message import Choice, Message, Text
from chunkproof_conformance.synth.render import render

MESSAGE = Message((Choice((Text('a: \u2028 {, " \\ 👋'),)),))
FRAMES = render(DIALECTS["deepseek-usage-not-asked"], MESSAGE)


@pytest.mark.parametrize(
    ("frame", "framing", "expected"),
    [
        (Frame("x"), Framing(), b"data: x\n\n"),
        (Frame("x"), Framing(space=""), b"data:x\n\n"),
        (Frame("x"), Framing(line_end="\r\n"), b"data: x\r\n\r\n"),
        (Frame("x"), Framing(line_end="\r"), b"data: x\r\r"),
        (Frame("x"), Framing(bom=True), BOM + b"data: x\n\n"),
        (Frame("x"), Framing(last_blank=False), b"data: x\n"),
        (Frame("x", event="e", id="7", retry="9"), Framing(), None),
        (Frame(comments=(" a", "")), Framing(), b": a\n:\n\n"),
        (Frame(""), Framing(), b"data: \n\n"),
        (Frame(after=(" data: x", "nothing")), Framing(), b" data: x\nnothing\n\n"),
        (Frame({"a": ["ü", None]}), Framing(), '{"a":["ü",null]}'.encode()),
        (Frame({"a": "ü"}), Framing(ascii=True, separators=(", ", ": ")), rb'{"a": "\u00fc"}'),
        (Frame({"a": "\ud83d"}), Framing(), rb'{"a":"\ud83d"}'),
    ],
)
def test_a_frame_is_spelt_as_the_framing_says(
    frame: Frame, framing: Framing, expected: bytes | None
) -> None:
    """Fields in the order id, event, retry, data; JSON payloads stand after `data: `."""
    body = to_bytes([frame], framing)
    if expected is None:
        expected = b"id: 7\nevent: e\nretry: 9\ndata: x\n\n"
    elif expected.startswith(b"{"):
        expected = b"data: " + expected + b"\n\n"
    assert body == expected


@pytest.mark.parametrize("line_end", ["\n", "\r", "\r\n"])
@pytest.mark.parametrize("space", ["", " "])
@pytest.mark.parametrize("bom", [False, True])
@pytest.mark.parametrize("ascii_only", [False, True])
@pytest.mark.parametrize("data_line", [None, 1, 40])
def test_every_framing_says_the_same(
    line_end: str, space: str, bom: bool, ascii_only: bool, data_line: int | None
) -> None:
    """However the frames are spelt, the answer is that of the plain spelling."""
    framing = Framing(
        line_end=line_end, space=space, bom=bom, ascii=ascii_only, data_line=data_line
    )
    plain = parse([to_bytes(FRAMES)]).to_dict()
    assert plain["choices"][0]["text"] == 'a: \u2028 {, " \\ 👋'
    assert parse([to_bytes(FRAMES, framing)]).to_dict() == plain


def test_a_payload_is_cut_only_where_json_allows_a_line_end() -> None:
    """After a comma outside strings: joined with LF the lines are the same JSON."""
    assert data_lines('{"a":",\\",","b":[1,2]}', 1) == ['{"a":",\\",",', '"b":[1,', "2]}"]
    assert data_lines("[1,2]", None) == ["[1,2]"]


def test_pieces_add_up_to_the_body() -> None:
    """One piece for each frame."""
    framing = Framing(bom=True, last_blank=False)
    assert b"".join(pieces(FRAMES, framing)) == to_bytes(FRAMES, framing)
    assert len(pieces(FRAMES, framing)) == len(FRAMES)
    assert pieces([], framing) == []
    assert FRAMES[-1].data == DONE
