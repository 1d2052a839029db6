"""`chunkproof record` against servers that answer, but not as one should.

Every server here is a real one on loopback. What it does wrong costs its scenario at most, is
said in a sentence, and keeps nobody waiting without an end.
"""

import errno
import gzip
import itertools
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from chunkproof_conformance.cases.cassette import Case, load_cassette
from chunkproof_conformance.cli.main import main
from chunkproof_conformance.record import session
from tests.record.serving import serving
from tests.record.test_session import STREAM, TWIN

NAMED = ("--server", "odd", "--server-version", "1", "--model", "m")
PLAIN = "text/odd-plain.yaml"
KEY = "canary-0123456789-canary"

Answer = Callable[["Handler", bool], None]
"""Writes the answer; the flag says whether a stream was asked for."""


class Handler(BaseHTTPRequestHandler):
    """Hands every question to the answer of the test."""

    answer: Answer

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["content-length"])))
        type(self).answer(self, bool(request.get("stream")))

    def say(self, body: bytes, status: int = 200, **headers: str) -> None:
        """One whole answer."""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def say_on(self, pieces: Iterator[bytes]) -> None:
        """An answer without a length, until the client leaves."""
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        try:
            for piece in pieces:
                self.wfile.write(piece)
                self.wfile.flush()
        except OSError:
            return

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name
        """Say nothing."""


@contextmanager
def answering(answer: Answer) -> Iterator[str]:
    """The base URL of a server that answers so."""
    handler = type("Answering", (Handler,), {"answer": staticmethod(answer)})
    with serving(handler) as url:
        yield url


def record(answer: Answer, out: Path, *words: str, scenarios: str = "text") -> int:
    with answering(answer) as url:
        command = ["record", "--base-url", url, "--out", str(out), *NAMED, *words]
        return main([*command, "--scenarios", scenarios])


def text_of(out: Path) -> Case:
    return load_cassette(out / PLAIN)


def ordinary(handler: Handler, is_stream: bool) -> None:
    handler.say(STREAM if is_stream else TWIN)


def test_a_redirection_is_said_and_not_followed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Followed, the question might lose its body; the address is the person's to correct."""
    place = "https://elsewhere.example/v1"

    def answer(handler: Handler, is_stream: bool) -> None:
        handler.say(b"", 307, location=f"{place}/chat/completions?token={KEY}")

    assert record(answer, tmp_path) == 1
    said = capsys.readouterr().err
    assert f"text: failed: status 307: it sends us elsewhere; give --base-url {place}\n" in said
    assert KEY not in said


@pytest.mark.parametrize("status", [402, 403, 408, 429, 502, 503, 504])
def test_a_server_in_a_hurry_fails_the_scenario_and_no_other(
    status: int, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is no "not shown", and no refused request: asked again, the scenario would be there."""
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    numbers = itertools.count()

    def answer(handler: Handler, is_stream: bool) -> None:
        if next(numbers) < 1:
            handler.say(json.dumps({"error": {"message": f"slow down, {KEY}"}}).encode(), status)
        else:
            ordinary(handler, is_stream)

    scenarios = "error-before-stream,text"
    with answering(answer) as url:
        command = ["record", "--base-url", url, "--out", str(tmp_path), *NAMED]
        assert main([*command, "--scenarios", scenarios, "--json"]) == 1
    captured = capsys.readouterr()
    states = {each["scenario"]: each["state"] for each in json.loads(captured.out)}
    assert states == {"error-before-stream": "failed", "text": "recorded"}
    assert f'status {status}: {{"error": {{"message": "slow down, xxxx' in captured.err
    assert "ask again later, what is there is kept" in captured.err
    assert KEY not in captured.err


def test_what_a_server_says_against_a_request_is_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is written and that is no failure, but the person learns why."""

    def answer(handler: Handler, is_stream: bool) -> None:
        handler.say(b'{"error": {"message": "n must be 1"}}', 400)

    record(answer, tmp_path, scenarios="n2")
    said = capsys.readouterr().err
    assert 'n2: not shown: wanted: two choices; got status 400: {"error"' in said
    assert "n must be 1" in said


@pytest.mark.parametrize("is_true", [True, False], ids=["gzip", "said to be gzip"])
def test_a_body_that_is_compressed_unasked_is_refused(
    is_true: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def answer(handler: Handler, is_stream: bool) -> None:
        handler.say(gzip.compress(STREAM) if is_true else STREAM, content_encoding="gzip")

    assert record(answer, tmp_path) == 1
    assert "the body is gzip, unasked" in capsys.readouterr().err


TWINS = {
    "gzip": "no twin: the body is gzip, unasked",
    "429": "no twin: status 429: slow down",
    "half": "no twin: it did not end, and we left",
}


@pytest.mark.parametrize("kind", TWINS)
def test_a_twin_that_cannot_be_kept_costs_the_twin_alone(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Compressed bytes are no answer that vcrpy could replay, a word about our hurry is none."""
    silence = threading.Event()

    def half() -> Iterator[bytes]:
        yield TWIN[:50]
        silence.wait(60)

    def answer(handler: Handler, is_stream: bool) -> None:
        if is_stream:
            handler.say(STREAM)
        elif kind == "gzip":
            handler.say(gzip.compress(TWIN), content_encoding="gzip")
        elif kind == "429":
            handler.say(b"slow down", 429)
        else:
            handler.say_on(half())

    assert record(answer, tmp_path, "--timeout", "4" if kind == "half" else "60") == 0
    silence.set()
    assert TWINS[kind] in capsys.readouterr().err
    case = text_of(tmp_path)
    assert case.twin is None
    assert TWINS[kind] in str(case.key.provenance.note)
    assert main(["validate", str(tmp_path)]) == 0


def test_reads_that_end_inside_a_character_are_kept(tmp_path: Path) -> None:
    """A read is a cut of bytes, not of text."""
    said = STREAM.replace(b"Hi", "Grüße 日本語 👩‍👩‍👧".encode())
    places = [at for at in range(1, len(said)) if said[at] & 0xC0 == 0x80]
    edges = [0, *places, len(said)]

    def answer(handler: Handler, is_stream: bool) -> None:
        if is_stream:
            handler.say_on(said[start:end] for start, end in itertools.pairwise(edges))
        else:
            handler.say(TWIN)

    assert record(answer, tmp_path) == 0
    case = text_of(tmp_path)
    assert case.body == said
    assert {start for start, _ in case.key.pieces} <= set(edges)
    assert main(["validate", str(tmp_path)]) == 0


def test_keep_alives_without_an_end_are_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each of them is a byte in time; the answer as a whole is not."""
    monkeypatch.setattr(session, "PATIENCE", 0.2)
    never = threading.Event()

    def pings() -> Iterator[bytes]:
        yield STREAM.partition(b"\n\n")[0] + b"\n\n"
        while not never.wait(0.05):
            yield b": keep-alive\n\n"

    def answer(handler: Handler, is_stream: bool) -> None:
        if is_stream:
            handler.say_on(pings())
        else:
            handler.say(TWIN)

    assert record(answer, tmp_path, "--timeout", "5") == 0
    case = text_of(tmp_path)
    assert case.key.end == "client-closed"
    assert case.key.title == "Text; it did not end, and we left"
    assert case.key.truth is not None
    assert case.key.truth.outcome == "incomplete"
    assert main(["validate", str(tmp_path)]) == 0


def test_a_body_without_an_end_does_not_fill_the_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(session, "LARGEST", 1 << 20)

    def answer(handler: Handler, is_stream: bool) -> None:
        handler.say_on(itertools.repeat(STREAM * 100))

    assert record(answer, tmp_path) == 1
    assert "the body has more than 1 MiB: not kept" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_to_is_said_before_anything_is_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Answers may cost money."""
    asked: list[bool] = []
    (tmp_path / "file").touch()

    def answer(handler: Handler, is_stream: bool) -> None:
        asked.append(is_stream)
        ordinary(handler, is_stream)

    assert record(answer, tmp_path / "file" / "under") == 2
    assert asked == []
    assert capsys.readouterr().err == (
        f"chunkproof: --out {tmp_path / 'file' / 'under'} cannot be written to "
        "(Not a directory); name another\n"
    )


def test_a_full_disk_leaves_what_was_there_and_no_half_cassette(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Half a cassette would be kept the next time, as if it were one."""
    assert record(ordinary, tmp_path) == 0
    whole = (tmp_path / PLAIN).read_bytes()

    def full(path: Path, data: bytes) -> int:
        with path.open("wb") as file:
            file.write(data[:100])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    assert record(ordinary, tmp_path, "--force", scenarios="text,early-disconnect") == 1
    said = capsys.readouterr().err
    assert f"{tmp_path / PLAIN} cannot be written: No space left on device" in said
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert files == [tmp_path / PLAIN]
    assert (tmp_path / PLAIN).read_bytes() == whole
