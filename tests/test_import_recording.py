"""Recordings become cassettes without a word made up: what was not measured is noted."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from chunkproof_conformance.cases.cassette import CassetteError, load_cassette
from chunkproof_conformance.cases.import_recording import main, read_pieces, transport_end

BODY = b'data: {"x": 1}\n\ndata: [DONE]\n\n'
RECORDING: dict[str, Any] = {
    "scenario": "plain",
    "request": {"model": "m", "messages": [], "stream": True, "n": 2, "stop": "x"},
    "status": 200,
    "headers": [["Content-Type", "text/event-stream"], ["x-call-id", "secret"]],
    "chunks": [[0.0101, 0, 16], [0.02, 16, 14]],
    "transport_error": None,
}
PLANNED: dict[str, Any] = {
    "recording": "server/plain",
    "id": "text/server-plain",
    "title": "A title",
    "profiles": ["core"],
    "strength": "must",
    "rules": ["TXT-1"],
    "rows": ["done-normal"],
    "provenance": {"kind": "recorded", "setup": "server", "server": "s", "version": "1"},
}


def run(folder: Path, *plan: dict[str, Any], recording: dict[str, Any] | None = None) -> int:
    """Import the plan from a folder with one recording."""
    source = folder / "recordings" / "server"
    source.mkdir(parents=True)
    (source / "plain.sse").write_bytes(BODY)
    (source / "plain.json").write_text(json.dumps(recording or RECORDING))
    (folder / "plan.yaml").write_text(yaml.safe_dump(list(plan)))
    return main([str(folder / "recordings"), str(folder / "plan.yaml"), str(folder / "out")])


def test_a_recording_becomes_a_cassette_exact_to_the_byte(tmp_path: Path) -> None:
    """Body, reads and end as measured; of the headers only those that no machine differs in."""
    assert run(tmp_path, PLANNED) == 0
    case = load_cassette(tmp_path / "out/text/server-plain.yaml", expected_id="text/server-plain")
    assert case.body == BODY
    assert case.key.pieces == [(0, 10.1), (16, 20.0)]
    assert case.key.end == "eof"
    assert case.key.provenance.note is None
    assert case.key.request_needs == ["n", "stop"]
    assert case.request == RECORDING["request"]
    assert case.stream.response_headers == {"content-type": ["text/event-stream"]}


def test_a_failing_recording_loses_no_other(tmp_path: Path, capsys: Any) -> None:
    """Each failure is named; the exit code says that there was one."""
    lost = PLANNED | {"recording": "server/lost", "id": "text/server-lost"}
    wrong = PLANNED | {"rules": ["NO-1"], "id": "text/server-wrong"}
    assert run(tmp_path, lost, wrong, PLANNED) == 2
    assert (tmp_path / "out/text/server-plain.yaml").is_file()
    said = capsys.readouterr().err
    assert "unknown rules ['NO-1']" in said
    assert "1 of 3 imported" in said


@pytest.mark.parametrize(
    ("error", "end"),
    [
        (None, "eof"),
        (
            "RemoteProtocolError: peer closed connection without sending complete message body",
            "short-length",
        ),
        ("ReadError: [Errno 104] Connection reset by peer", "reset"),
    ],
)
def test_the_end_is_what_the_transport_did(error: str | None, end: str) -> None:
    """A clean end and the two kinds of broken ones."""
    assert transport_end({"scenario": "s", "transport_error": error}) == (end, None)


def test_an_end_that_was_not_recorded_is_noted() -> None:
    """It is judged as a clean one, and says that nobody looked."""
    end, note = transport_end({"scenario": "s"})
    assert end == "eof"
    assert note
    assert "not recorded" in note


def test_an_end_nobody_knows_is_refused() -> None:
    """A new kind of transport error is named by a person."""
    with pytest.raises(CassetteError, match="unknown transport error"):
        transport_end({"scenario": "s", "transport_error": "TimeoutError"})


def test_reads_are_understood_in_both_shapes() -> None:
    """Seconds, offset and length; or ms and length alone."""
    assert read_pieces({"chunks": [[0.5, 0, 3], [0.75, 3, 1]]}) == [(0, 500.0), (3, 750.0)]
    assert read_pieces({"chunks_ms_len": [[500.04, 3], [750, 1]]}) == [(0, 500.0), (3, 750)]
    assert read_pieces({"chunks": []}) == []
