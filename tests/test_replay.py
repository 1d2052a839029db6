"""The replay server and the transports: the recorded bytes, cut as asked, ended as asked."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx
import httpx2
import msgspec
import openai
import pytest

from chunkproof_conformance.cases.index import iter_cases, load_case
from chunkproof_conformance.cli.main import main
from chunkproof_conformance.connect.adapter import Stream
from chunkproof_conformance.connect.connections import connect
from chunkproof_conformance.connect.replay import ReplayServer, Served, served
from chunkproof_conformance.connect.replay_transport import chunkproof_transport
from chunkproof_conformance.connect.validation import validate
from chunkproof_conformance.run.plan import MAX_HTTP_CUTS, CutPlan, sampled
from chunkproof_conformance.synth.cuts import every, pieces_at
from tests.node_packages import SOURCE, node_root

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from chunkproof_conformance.cases.cassette import Case

PLAIN = "text/llama-cpp-python-plain"
PIECES = (b"data: 1\n\n", b"da", b"ta: 2\n\n")
BODY = b"".join(PIECES)
ASK = b'{"stream": true}'


@pytest.fixture
def server() -> Iterator[ReplayServer]:
    server = ReplayServer()
    server.start()
    yield server
    server.stop()


async def raw(url: str, request: bytes | None = None) -> bytes:
    """Everything the server writes on one connection, until it closes it."""
    port = int(re.findall(r":(\d+)/", url)[0])
    path = url.partition(f":{port}")[2]
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head = f"POST {path}/chat/completions HTTP/1.1\r\nhost: x\r\nconnection: close\r\n"
    writer.write(request or head.encode() + b"content-length: %d\r\n\r\n%b" % (len(ASK), ASK))
    received = await reader.read()
    writer.close()
    await writer.wait_closed()
    return received


# The wire -------------------------------------------------------------------------------------


def test_every_piece_is_one_http_chunk(server: ReplayServer) -> None:
    url = server.base_url(server.add(Served(PIECES)))
    head, _, body = asyncio.run(raw(url)).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 ")
    assert b"transfer-encoding: chunked" in head.lower()
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in PIECES)
    assert body == chunks + b"0\r\n\r\n"


def test_a_missing_last_chunk_and_a_short_length_end_the_connection_too_early(
    server: ReplayServer,
) -> None:
    unended = asyncio.run(raw(server.base_url(server.add(Served(PIECES, "no-last-chunk")))))
    assert unended.endswith(b"7\r\nta: 2\n\n\r\n")
    short = asyncio.run(raw(server.base_url(server.add(Served(PIECES, "short-length")))))
    head, _, body = short.partition(b"\r\n\r\n")
    assert body == BODY
    assert b"content-length: %d" % (len(BODY) + 100) in head.lower()


@pytest.mark.parametrize(
    ("end", "error"),
    [
        ("reset", httpx2.ReadError),
        ("short-length", httpx2.RemoteProtocolError),
        ("no-last-chunk", httpx2.RemoteProtocolError),
    ],
)
def test_a_client_sees_how_it_ends(server: ReplayServer, end: Any, error: type[Exception]) -> None:
    """And has everything that came before."""
    url = server.base_url(server.add(Served(PIECES, end)))
    seen = b""
    raised: Exception | None = None
    with httpx2.Client() as client, client.stream("POST", f"{url}/x", content=ASK) as response:
        try:
            for piece in response.iter_raw():
                seen += piece
        except httpx2.HTTPError as caught:
            raised = caught
    assert type(raised) is error
    assert seen == BODY


def test_gzip_gives_the_same_bytes_piece_by_piece(server: ReplayServer) -> None:
    url = server.base_url(server.add(Served(PIECES, gzip=True)))
    with httpx2.Client() as client, client.stream("POST", f"{url}/x", content=ASK) as response:
        assert response.headers["content-encoding"] == "gzip"
        assert b"".join(response.iter_bytes()) == BODY


def test_delays_are_kept(server: ReplayServer) -> None:
    url = server.base_url(server.add(Served(PIECES, delays=(0.0, 0.1, 0.1))))
    began = time.monotonic()
    with httpx2.Client() as client, client.stream("POST", f"{url}/x", content=ASK) as response:
        came = [(time.monotonic() - began, piece) for piece in response.iter_raw()]
    assert tuple(piece for _, piece in came) == PIECES
    # Since the request: a busy client takes the first piece late, but none before its time.
    assert came[1][0] > 0.09
    assert came[2][0] > 0.19


def test_one_connection_serves_many_streams(server: ReplayServer) -> None:
    """Keep-alive, also after a 404; the nonce picks the stream."""
    urls = [server.base_url(server.add(Served((b"%d" % number,)))) for number in range(5)]
    gone = server.base_url("no-such-nonce")
    with httpx2.Client(limits=httpx2.Limits(max_connections=1)) as client:
        for url in (*urls, gone, urls[0]):
            response = client.post(f"{url}/chat/completions", content=ASK)
            expected = (404, None) if url == gone else (200, urls.index(url))
            assert response.status_code == expected[0]
            assert expected[1] is None or response.text == str(expected[1])


def test_status_and_error_bodies_are_served(server: ReplayServer) -> None:
    headers = (("content-type", "application/json"), ("retry-after", "7"))
    url = server.base_url(server.add(Served((b'{"error": "no"}',), "eof", 429, headers)))
    response = httpx2.post(f"{url}/x", content=ASK)
    assert (response.status_code, response.headers["retry-after"]) == (429, "7")
    assert response.json() == {"error": "no"}


def test_a_request_that_asks_for_no_stream_gets_the_twin(server: ReplayServer) -> None:
    url = server.base_url(server.add(Served(PIECES, plain=(200, "application/json", b"{}"))))
    assert httpx2.post(f"{url}/x", content=b'{"n": 1}').content == b"{}"
    assert httpx2.post(f"{url}/x", content=ASK).content == BODY


@pytest.mark.parametrize("request_", [b"no http\r\n\r\n", b"GET / HTTP/1.1\r\nhost: x\r\n\r\n"])
def test_what_is_no_request_of_ours_harms_nobody(server: ReplayServer, request_: bytes) -> None:
    url = server.base_url(server.add(Served(PIECES)))
    port = int(re.findall(r":(\d+)/", url)[0])

    async def knock() -> None:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request_)
        writer.close()
        await writer.wait_closed()

    asyncio.run(knock())
    assert httpx2.post(f"{url}/x", content=ASK).content == BODY


def test_a_request_too_large_is_refused(
    server: ReplayServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = server.base_url(server.add(Served(PIECES)))
    monkeypatch.setattr("chunkproof_conformance.connect.replay.MAX_REQUEST", 10)
    assert httpx2.post(f"{url}/x", content=b"x" * 11).status_code == 413
    assert httpx2.post(f"{url}/x", content=b"x" * 10).content == BODY


def test_two_hundred_streams_at_once_have_not_one_wrong_byte(server: ReplayServer) -> None:
    """Every one its own body, cut its own way."""
    cases = [case for case in iter_cases() if case.key.end == "eof" and case.body][:20]
    bodies = {}
    for number in range(200):
        body = cases[number % len(cases)].body[: 20_000 + number]
        cuts = every(len(body), 7 + number)
        bodies[server.base_url(server.add(served(Stream(pieces_at(body, cuts)))))] = body

    async def fetch(client: httpx2.AsyncClient, url: str) -> bool:
        response = await client.post(f"{url}/chat/completions", content=ASK)
        return response.content == bodies[url]

    async def fetch_all() -> list[bool]:
        limits = httpx2.Limits(max_connections=200)
        async with httpx2.AsyncClient(limits=limits, timeout=60) as client:
            return await asyncio.gather(*(fetch(client, url) for url in bodies))

    assert asyncio.run(fetch_all()) == [True] * 200


# Transports -----------------------------------------------------------------------------------


@pytest.mark.parametrize("library", [httpx, httpx2], ids=["httpx", "httpx2"])
@pytest.mark.parametrize("cuts", [None, (), (1, 5, 100)], ids=["recorded", "whole", "cut"])
def test_a_transport_hands_over_the_pieces(library: Any, cuts: tuple[int, ...] | None) -> None:
    """To a sync and an async client alike, of both libraries."""
    case = load_case(PLAIN)
    pieces = case.pieces if cuts is None else pieces_at(case.body, cuts)
    transport = chunkproof_transport(PLAIN, cuts, library=library)
    with (
        library.Client(transport=transport) as client,
        client.stream("POST", "http://x/v1", content=ASK) as response,
    ):
        assert tuple(response.iter_raw()) == pieces

    async def read() -> tuple[bytes, ...]:
        async with (
            library.AsyncClient(transport=transport) as client,
            client.stream("POST", "http://x/v1", content=ASK) as response,
        ):
            return tuple([piece async for piece in response.aiter_raw()])

    assert asyncio.run(read()) == pieces


def broken_case() -> Case:
    case = load_case(PLAIN)
    return replace(case, key=msgspec.structs.replace(case.key, end="reset"))


@pytest.mark.parametrize("library", [httpx, httpx2], ids=["httpx", "httpx2"])
def test_a_transport_ends_as_it_was_recorded(library: Any) -> None:
    transport = chunkproof_transport(broken_case(), library=library)
    with (
        library.Client(transport=transport) as client,
        client.stream("POST", "http://x/v1", content=ASK) as response,
        pytest.raises(library.ReadError),
    ):
        response.read()


def test_the_official_client_reads_a_case_through_a_transport() -> None:
    """Streamed, and the same request without streaming from the twin."""
    case = next(case for case in iter_cases() if case.twin and case.id.startswith("text/"))
    http_client = httpx2.Client(transport=chunkproof_transport(case))
    client = openai.OpenAI(api_key="none", base_url="http://x/v1", http_client=http_client)
    ask: Any = {"model": "m", "messages": [{"role": "user", "content": "x"}]}
    chunks = client.chat.completions.create(stream=True, **ask)
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    whole = client.chat.completions.create(**ask).choices[0].message.content
    client.close()
    assert text
    assert text == whole


def test_a_cut_outside_the_body_is_refused() -> None:
    with pytest.raises(ValueError, match="ascend"):
        chunkproof_transport(PLAIN, (10**9,))


# http: ----------------------------------------------------------------------------------------

CLIENT = """
import httpx2
from chunkproof_conformance.connect.kit import serve
from chunkproof_conformance.judge.observation import Implementation, Observation, ObservedChoice

class Client:
    def start(self):
        return Implementation("client", "1", input="http")
    def run(self, stream):
        assert stream.pieces == ()
        try:
            body = httpx2.post(stream.base_url + "/x", json={"stream": True}).text
            return Observation("incomplete", choices=(ObservedChoice(0, text=body),))
        except httpx2.HTTPError as error:
            return Observation("failed", choices=())
    def stop(self):
        pass

serve(Client)
"""


def test_a_client_program_reads_from_the_server(tmp_path: Path) -> None:
    """Over real HTTP; no body crosses the pipe."""
    path = tmp_path / "client.py"
    path.write_text(CLIENT, encoding="utf-8")
    connection = connect(f"http:{sys.executable} {path}", validate=validate)
    assert connection.start().input == "http"
    (choice,) = connection.run(Stream((b"a", b"b"))).choices or ()
    assert choice.text == "ab"
    assert connection.run(Stream((b"a",), end="reset")).outcome == "failed"
    connection.stop()


CHUNKWISE = """
import json
import socket
from urllib.parse import urlsplit
from chunkproof_conformance.connect.kit import serve
from chunkproof_conformance.judge.observation import Implementation, Observation, ObservedChoice

def http_chunks(url):
    where = urlsplit(url)
    with socket.create_connection((where.hostname, where.port)) as peer:
        ask = f"POST {where.path}/x HTTP/1.1\\r\\nhost: x\\r\\ncontent-length: 0\\r\\n\\r\\n"
        peer.sendall(ask.encode())
        reader = peer.makefile("rb")
        while reader.readline() != b"\\r\\n":
            pass
        while size := int(reader.readline(), 16):
            yield reader.read(size)
            reader.readline()

class Chunkwise:
    def start(self):
        return Implementation("chunkwise", "1", profiles=("core",))
    def run(self, stream):
        text, finish = "", None
        try:
            for piece in http_chunks(stream.base_url):
                for line in piece.decode().splitlines():
                    if line.startswith("data: {"):
                        for choice in json.loads(line[6:])["choices"]:
                            text += choice["delta"].get("content") or ""
                            finish = choice["finish_reason"] or finish
        except ValueError:
            return Observation("failed", choices=())
        choice = ObservedChoice(0, role="assistant", text=text, finish_reason=finish)
        return Observation("complete" if finish else "incomplete", choices=(choice,))
    def stop(self):
        pass

serve(Chunkwise)
"""
# Takes every HTTP chunk for whole frames, as many first parsers do.


def test_a_client_is_judged_on_cut_streams_over_http(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whole it passes; cut inside a frame it fails, at the one cut that the report shows."""
    path = tmp_path / "chunkwise.py"
    path.write_text(CHUNKWISE, encoding="utf-8")
    words = ["run", "-i", f"http:{sys.executable} {path}", "-k", PLAIN, "--level", "final"]
    assert main([*words, "--cuts", "none"]) == 0
    assert "cut at no more than 255 places" in " ".join(capsys.readouterr().out.split())
    assert main([*words, "--json"]) == 1
    (row,) = json.loads(capsys.readouterr().out)["implementations"][0]["verdicts"]
    assert row["verdict"] == "fail"
    assert re.search(r" --cuts \d+$", row["repeat"])


@pytest.mark.parametrize("length", [10, 256, 257, 20_000])
def test_a_sample_of_cuts_is_bounded_and_always_the_same(length: int) -> None:
    """Few cuts stay; of many some are taken, ascending, from everywhere and of every kind."""
    plan = CutPlan("byte by byte", "--every 1", every(length, 1))
    taken = sampled(plan).cuts
    assert taken == sampled(plan).cuts
    assert sorted(set(taken)) == list(taken)
    assert set(taken) <= set(plan.cuts)
    if length <= 256:
        assert taken == plan.cuts
        return
    assert 150 < len(taken) <= MAX_HTTP_CUTS
    assert max(later - earlier for earlier, later in pairwise((0, *taken, length))) <= length / 50
    assert {cut % 7 for cut in taken} == set(range(7))


@pytest.mark.needs("node")
@pytest.mark.needs("npm")
@pytest.mark.parametrize("script", ["openai.mjs chunks", "ai_sdk.mjs compatible"])
def test_the_node_clients_read_from_the_server(
    script: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHUNKPROOF_NODE_ROOT", str(node_root()))
    connection = connect(f"http:node {SOURCE}/{script}", validate=validate)
    connection.start()
    case = load_case(PLAIN)
    observation = connection.run(Stream(case.pieces))
    connection.stop()
    assert observation.outcome == "complete"
    (choice,) = observation.choices or ()
    assert choice.text == "Hello there! This text comes from a tiny scripted model. Bye."


# The command ----------------------------------------------------------------------------------

RUN = """
import signal, sys
from chunkproof_conformance.cli.main import main
signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored, where we are a background job
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.parametrize("options", [(), ("--every", "1"), ("--speed", "1000"), ("--gzip",)])
def test_serve_prints_a_base_url_that_anybody_can_use(options: tuple[str, ...]) -> None:
    words = [sys.executable, "-c", RUN, "serve", "--case", PLAIN, "--json", *options]
    with subprocess.Popen(words, stdout=subprocess.PIPE) as process:
        assert process.stdout
        try:
            urls = json.loads(process.stdout.readline())
            response = httpx2.post(f"{urls[PLAIN]}/chat/completions", content=ASK)
            process.send_signal(signal.SIGINT)
            assert process.wait(60) == 0
        finally:
            process.kill()
    assert response.content == load_case(PLAIN).body


def test_serve_ends_in_silence_where_nobody_reads_its_addresses() -> None:
    """`chunkproof serve | head -1`, where head has gone before all is written."""
    words = [sys.executable, "-c", RUN, "serve", "--case", PLAIN]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(60) == 0


class ClosingWriter:
    """A connection whose other side does not let go."""

    def __init__(self, closed: asyncio.Future[None], peer: socket.socket) -> None:
        self._closed, self._peer = closed, peer
        self.transport = self

    def get_extra_info(self, _name: str) -> socket.socket:
        return self._peer

    def close(self) -> None:
        pass

    def abort(self) -> None:
        pass

    async def wait_closed(self) -> None:
        await self._closed


def test_a_connection_that_is_closing_as_the_server_stops_is_no_error() -> None:
    """asyncio writes a traceback for a connection whose task ends as cancelled (before 3.12)."""

    async def is_cancelled() -> bool:
        with socket.socket() as peer:
            reader = asyncio.StreamReader()
            reader.feed_eof()  # the client has gone
            writer: Any = ClosingWriter(asyncio.get_running_loop().create_future(), peer)
            task = asyncio.create_task(ReplayServer()._accept(reader, writer))
            await asyncio.sleep(0.01)
            task.cancel()
            await asyncio.wait({task}, timeout=5)
            return task.cancelled()

    assert not asyncio.run(is_cancelled())


def test_a_server_that_could_not_listen_can_be_stopped_while_its_thread_ends(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its loop is closed before the thread is gone; here that moment lasts."""
    loop = asyncio.new_event_loop()
    close = loop.close

    def close_and_linger() -> None:
        close()
        time.sleep(0.2)

    monkeypatch.setattr(loop, "close", close_and_linger)
    monkeypatch.setattr(asyncio, "new_event_loop", lambda: loop)
    taken = socket.create_server(("127.0.0.1", 0))
    server = ReplayServer(port=taken.getsockname()[1])
    with taken, pytest.raises(OSError, match="in use"):
        server.start()
    while not loop.is_closed():
        time.sleep(0.001)
    server.stop()


def is_stopped_soon(server: ReplayServer) -> bool:
    """Whether `stop` comes back; in a thread, so that a test fails where it does not."""
    stopping = threading.Thread(target=server.stop, daemon=True)
    stopping.start()
    stopping.join(20)
    return not stopping.is_alive()


def test_a_server_is_stopped_also_in_the_moment_when_it_begins_to_listen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As Ctrl-C may: the stop comes in the loop's last turn before it would serve."""
    begun, go = threading.Event(), threading.Event()
    start_server = asyncio.start_server

    async def start_and_linger(*words: Any) -> asyncio.Server:
        made = await start_server(*words)
        begun.set()
        go.wait()
        return made

    monkeypatch.setattr(asyncio, "start_server", start_and_linger)
    loop = asyncio.new_event_loop()
    call = loop.call_soon_threadsafe

    def call_and_let_go(*words: Any) -> asyncio.Handle:
        handle = call(*words)
        go.set()
        return handle

    monkeypatch.setattr(loop, "call_soon_threadsafe", call_and_let_go)
    monkeypatch.setattr(asyncio, "new_event_loop", lambda: loop)
    server = ReplayServer()
    starting = threading.Thread(target=server.start)
    starting.start()
    begun.wait()
    assert is_stopped_soon(server)
    starting.join()


@pytest.mark.parametrize("end", ["eof", "short-length", "reset"])
def test_a_client_that_does_not_read_does_not_hold_up_the_end(
    server: ReplayServer, end: Any
) -> None:
    """More than all buffers on the way hold, so that the server still writes, or closes."""
    url = urlsplit(server.base_url(server.add(Served((b"x" * 8_000_000,), end))))
    assert url.port
    with socket.create_connection(("127.0.0.1", url.port)) as client:
        head = f"POST {url.path}/x HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n"
        client.sendall(head.encode())
        assert client.recv(5) == b"HTTP/"
        assert is_stopped_soon(server)


def test_a_reset_waits_until_everything_before_it_has_arrived(server: ReplayServer) -> None:
    """Also at a client that reads later than it could: what it gets is no matter of luck."""
    body = b"x" * 400_000
    url = server.base_url(server.add(Served((body,), "reset")))
    pieces: list[bytes] = []
    with httpx2.Client() as client, client.stream("POST", f"{url}/x", content=ASK) as response:
        time.sleep(0.3)
        with pytest.raises(httpx2.ReadError):
            pieces.extend(response.iter_raw())
    assert sum(map(len, pieces)) == len(body)


@pytest.mark.parametrize(
    "words", [["--case", "no/such"], ["--case", PLAIN, "--host", "192.0.2.1"], ["--end", "never"]]
)
def test_serve_refuses_what_it_cannot_do(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["serve", *words]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "Traceback" not in captured.err
