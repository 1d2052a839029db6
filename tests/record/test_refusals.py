"""`chunkproof record` where the server is not there, wants a key, or fails at one scenario.

What the person can mend is one sentence and exit code 2; what one scenario does, one line.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from chunkproof_conformance.cli.main import main
from tests.loopback import Reply, serve
from tests.record.serving import serving
from tests.record.test_session import STREAM, TWIN

KEY = "canary-0123456789-canary"
NAMED = ("--server", "a server", "--model", "m")


def refused(status: int = 401, says: str = "Who are you?") -> Reply:
    body = json.dumps({"error": {"message": says}}).encode()
    return Reply([body], status=status, headers={"content-type": "application/json"}, chunked=False)


def record(url: str, out: Path, *words: str) -> int:
    return main(["record", "--base-url", url, "--out", str(out), *words])


@pytest.fixture
def no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)


@pytest.mark.usefixtures("no_key")
def test_a_public_address_is_not_even_asked_without_a_key(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert record("https://api.openai.com/v1", tmp_path) == 2
    assert capsys.readouterr().err == (
        "chunkproof: OPENAI_API_KEY is not set, and api.openai.com answers nobody without a key\n"
    )


@pytest.mark.usefixtures("no_key")
@pytest.mark.parametrize("words", [(), NAMED], ids=["asked who it is", "asked for an answer"])
def test_a_server_that_wants_a_key_is_one_sentence(
    words: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with serve(refused()) as server:
        assert record(server.url, tmp_path, *words) == 2
    said = capsys.readouterr().err.splitlines()[-1]
    assert said.startswith("chunkproof: the server wants a key; set OPENAI_API_KEY")
    assert "Who are you?" in said
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("words", [(), NAMED], ids=["asked who it is", "asked for an answer"])
def test_a_key_that_is_refused_is_named_and_not_shown(
    words: tuple[str, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Also where the server says it back."""
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    with serve(refused(says=f"Incorrect key: {KEY}")) as server:
        assert record(server.url, tmp_path, *words) == 2
    said = capsys.readouterr().err
    assert "the server refused the key of OPENAI_API_KEY; it said: " in said
    assert "Incorrect key: xxxxx" in said
    assert KEY not in said


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("http://127.0.0.1:9/v1", "refused"),
        ("http://no-such-host.invalid/v1", "cannot be reached"),
        ("localhost:8000/v1", "unsupported protocol"),
        ("nonsense", "missing an 'http://'"),
    ],
)
def test_a_server_that_cannot_be_reached_is_one_sentence(
    url: str, says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert record(url, tmp_path, *NAMED) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"chunkproof: {url} cannot be reached (")
    assert says in said
    assert said.count("\n") == 1


@contextmanager
def choosy(status: int | None) -> Iterator[str]:
    """The base URL of a server that answers, but fails where tools are offered.

    status: what it says then; None closes without a word. It does not know /models.
    """

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            request = json.loads(self.rfile.read(int(self.headers["content-length"])))
            if "tools" not in request:
                self.answer(200, STREAM if request.get("stream") else TWIN)
            elif status is not None:
                self.answer(status, b'{"error":{"message":"no"}}')

        def answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name
            """Say nothing."""

    with serving(Handler) as url:
        yield url


@pytest.mark.parametrize(
    ("status", "says"),
    [(None, "no answer ("), (401, "status 401"), (501, "status 501"), (503, "status 503")],
)
def test_one_scenario_that_fails_loses_no_other(
    status: int | None, says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nobody's code is replaced here: the server itself hangs up, or refuses."""
    with choosy(status) as url:
        code = record(url, tmp_path, *NAMED, "--scenarios", "text,tool-auto,usage,n2", "--json")
    captured = capsys.readouterr()
    states = {each["scenario"]: each["state"] for each in json.loads(captured.out)}
    assert states["text"] == "recorded"
    assert states["tool-auto"] == ("not shown" if status == 501 else "failed")
    assert says in captured.err
    assert code == (0 if status == 501 else 1)
    assert [path.stem for path in tmp_path.glob("*/*.yaml")] == ["a-server-plain"]


def test_a_later_refusal_is_that_scenarios_own(tmp_path: Path) -> None:
    """The key is good for the others: nothing stops before the end."""
    with choosy(401) as url:
        assert record(url, tmp_path, *NAMED, "--scenarios", "text,tool-auto,unicode") == 1
        assert record(url, tmp_path, *NAMED, "--scenarios", "tool-auto,text", "--force") == 2


def test_a_server_that_does_not_say_who_it_is_must_be_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It answers, but knows no /models: the name and the model must come from the person."""
    with serve(refused(404)) as server:
        assert record(server.url, tmp_path) == 2
        assert "--server" in capsys.readouterr().err
        assert record(server.url, tmp_path, "--server", "x") == 2
        assert "--model" in capsys.readouterr().err
