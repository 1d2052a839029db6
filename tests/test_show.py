"""`chunkproof show CASE`: nothing that is known of a case is left out."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest

from chunkproof import StreamParser
from chunkproof_conformance.cases.cassette import write_cassette
from chunkproof_conformance.cases.expected import read_expected
from chunkproof_conformance.cases.index import load_case
from chunkproof_conformance.cli.case_view import MAX_LINE
from chunkproof_conformance.cli.main import main

RECORDED: Final = "tools/llama-server-cut-by-length"
RENDERED: Final = "text/generic-unicode-separators-emoji"
RESET: Final = "text/mlx-lm-plain"


def shown(*words: str, capsys: pytest.CaptureFixture[str]) -> str:
    assert main(["show", *words]) == 0
    return capsys.readouterr().out


def as_json(*words: str, capsys: pytest.CaptureFixture[str]) -> Any:
    return json.loads(shown(*words, "--json", capsys=capsys))


def test_people_see_every_part_in_order(capsys: pytest.CaptureFixture[str]) -> None:
    out = shown(RECORDED, capsys=capsys)
    parts = [
        f"{RECORDED}: The token limit",
        "  rule TOOL-1: ",
        "  row tc-args-truncated-length: ",
        "provenance\n",
        "server      llama-server\n",
        "request\n  POST http://localhost/v1/chat/completions\n",
        '"max_tokens":14',
        "response\n  200 OK\n",
        "content-type: text/event-stream\n",
        "piece 1  at byte 0, 155.9 ms\n",
        'data: {"choices"',
        "→ 252  start",
        "piece 4  at byte ",
        "→ 1094  end",
        "end: eof (the body ends)\n",
        "expected (oracle: transcript)\n  final\n",
        '"finish_reason": "length"',
        "  sequence\n    choice 0\n",
        "  exact\n",
    ]
    places = [out.find(part) for part in parts]
    assert [part for part in parts if part not in out] == []
    assert places == sorted(places)


@pytest.mark.parametrize("case_id", [RECORDED, RENDERED])
def test_json_has_every_part(case_id: str, capsys: pytest.CaptureFixture[str]) -> None:
    case = load_case(case_id)
    view = as_json(case_id, capsys=capsys)
    assert view["key"] == json.loads(msgspec.json.encode(case.key))
    assert view["key"]["provenance"]["kind"] == case.key.provenance.kind
    assert view["request"]["json"] == case.request
    assert view["request"]["uri"] == case.stream.uri
    assert (view["response"]["status"], view["response"]["end"]) == (200, case.key.end)
    assert view["response"]["headers"] == case.stream.response_headers
    assert view["expected"] == read_expected(case_id)
    assert (view["twin"] is None) == (case.twin is None)
    if case.twin:
        assert view["twin"]["response"]["json"] == json.loads(case.twin)


@pytest.mark.parametrize("case_id", [RECORDED, RENDERED])
def test_the_pieces_of_json_are_the_body(case_id: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Text where they are UTF-8, base64 where one ends inside a character."""
    pieces = as_json(case_id, capsys=capsys)["response"]["pieces"]
    data = [
        piece["text"].encode() if "text" in piece else base64.b64decode(piece["base64"])
        for piece in pieces
    ]
    assert tuple(data) == load_case(case_id).pieces
    assert any("base64" in piece for piece in pieces) == (case_id == RENDERED)


def test_events_stand_with_the_piece_they_came_after(capsys: pytest.CaptureFixture[str]) -> None:
    """Fed piece by piece, the parser says the same."""
    case = load_case(RECORDED)
    parser = StreamParser()
    wanted = []
    for number, piece in enumerate(case.pieces, 1):
        wanted += [(number, event) for event in parser.feed(piece)]
    wanted += [(len(case.pieces) + 1, event) for event in parser.close()]
    assert as_json(RECORDED, capsys=capsys)["events"] == [
        {"after_piece": number, **msgspec.to_builtins(event)} for number, event in wanted
    ]


def test_a_case_of_a_folder_is_shown_with_what_its_oracle_says_now(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    case = load_case(RECORDED)
    write_cassette(tmp_path, case.key, case.stream, case.twin_exchange)
    words = [RECORDED, "--corpus", str(tmp_path)]
    assert as_json(*words, capsys=capsys)["expected"] == read_expected(RECORDED)
    nobody = msgspec.structs.replace(load_case("end/mlx-lm-cut").key, truth=None)
    cut = load_case("end/mlx-lm-cut")
    write_cassette(tmp_path, nobody, cut.stream)
    assert "no expected file" in shown("end/mlx-lm-cut", "--corpus", str(tmp_path), capsys=capsys)
    assert main(["show", RESET, "--corpus", str(tmp_path)]) == 2


def test_nothing_of_a_case_drives_the_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Title, header, body, events: control characters are shown, not sent."""
    case = load_case(RECORDED)
    evil = "\x1b]0;owned\x07\u202e"
    delta = {"content": evil, "reasoning_content": evil}
    body = b"data: " + json.dumps({"choices": [{"index": 0, "delta": delta}]}).encode() + b"\n\n"
    stream = replace(
        case.stream,
        response_body=body + b"data: \x1b[2J\x9b\xff\n\n",
        response_headers={"server": [evil]},
        reason=evil,
    )
    key = msgspec.structs.replace(case.key, title=evil, pieces=[(0, 1.0)], request_needs=[evil])
    write_cassette(tmp_path, key, stream)
    out = shown(RECORDED, "--corpus", str(tmp_path), capsys=capsys)
    assert r"\x1b]0;owned\x07\u202e" in out
    assert all(char.isprintable() or char == "\n" for char in out)


def test_long_lines_are_cut_with_their_length_and_raw_has_all(
    capsys: pytest.CaptureFixture[str],
) -> None:
    case = load_case("framing/generic-long-line-1mib")
    out = shown(case.id, capsys=capsys)
    assert max(map(len, out.splitlines())) < MAX_LINE + 100
    assert "characters)" in out
    assert len(case.body) > 1 << 20
