"""`chunkproof record` from end to end, against the scripted upstream.

What it writes is accepted by `validate`, replayed by stock vcrpy and judged by `run`, unedited.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from chunkproof_conformance.cases.cassette import Case, load_cassette, write_cassette
from chunkproof_conformance.cases.expected import expected_by_oracle
from chunkproof_conformance.cases.index import load_case
from chunkproof_conformance.cli.main import main
from chunkproof_conformance.record.scenarios import SCENARIOS
from chunkproof_conformance.record.servers.scripted.server import (
    COOKIE,
    ORGANISATION,
    REQUEST_ID,
    serving,
)
from chunkproof_conformance.record.session import STREAM_ONLY

KEY = "canary-0123456789-canary"
NAMES = [scenario.name for scenario in SCENARIOS]


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with serving() as address:
        yield address


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)


def record(url: str, out: Path, *words: str) -> int:
    return main(["record", "--base-url", url, "--out", str(out), *words])


@pytest.fixture(scope="module")
def recorded(url: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every scenario of a server that does nothing wrong."""
    out = tmp_path_factory.mktemp("recorded")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OPENAI_API_KEY", KEY)
        assert record(url, out) == 0
    return out


def case(folder: Path, case_id: str) -> Case:
    return load_cassette(folder / f"{case_id}.yaml", expected_id=case_id)


def cases(folder: Path) -> list[Case]:
    return [load_cassette(path) for path in sorted(folder.glob("*/*.yaml"))]


def test_every_scenario_is_recorded_as_stream_and_twin(recorded: Path) -> None:
    """The twin asks the same; only the members of streaming are missing."""
    found = cases(recorded)
    assert len(found) == len(SCENARIOS) == len({each.id for each in found})
    for each in found:
        assert each.twin_exchange is not None
        asked = json.loads(each.twin_exchange.request_body)
        assert asked == {n: v for n, v in each.request.items() if n not in STREAM_ONLY}
        assert each.request["stream"] is True


def test_what_is_recorded_is_valid(recorded: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Schema, hash, pieces, claims, oracles, secrets, and vcrpy in both orders."""
    assert main(["validate", str(recorded), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found == {"cases": len(SCENARIOS), "problems": [], "left_out": []}


def test_what_is_recorded_is_judged_without_an_edit(
    recorded: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """By the oracles: the reference reads every one as they do, cut in every way."""
    assert main(["run", "--corpus", str(recorded), "-i", "impl:reference", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    (run,) = report["implementations"]
    words = json.dumps(run)
    assert "harness-error" not in words
    assert '"skipped"' not in words
    assert '"fail"' not in words


def test_every_recorded_stream_has_an_oracle_and_it_is_not_a_parser(recorded: Path) -> None:
    """Transcripts of plain streams; stated truths of the failed and the cut ones."""
    told = {each.id: expected_by_oracle(each)["oracle"] for each in cases(recorded)}
    assert {name for name, oracle in told.items() if oracle == "truth"} == {
        "errors/script-bad-request",
        "errors/script-in-stream",
        "end/script-client-closed",
    }
    assert set(told.values()) == {"truth", "transcript"}


def test_a_script_is_synthesised_and_never_called_a_recording(recorded: Path) -> None:
    """Even if the person says it was a real server."""
    for each in cases(recorded):
        assert (each.key.provenance.kind, each.key.provenance.setup) == ("synthesised", None)


def test_a_named_server_is_recorded_with_what_is_known(url: str, tmp_path: Path) -> None:
    from chunkproof_conformance.cases.secrets import Secrets
    from chunkproof_conformance.record.campaign import Campaign, State, run
    from chunkproof_conformance.record.origin import Origin
    from chunkproof_conformance.record.scenarios import BY_NAME

    who = Origin("A Server", "1.2", "named by the person who recorded")
    campaign = Campaign(url, "script", who, tmp_path, Secrets(), weights="trained")
    (outcome,) = run(campaign, [BY_NAME["text"]])
    assert (outcome.state, outcome.case) == (State.RECORDED, "text/a-server-plain")
    origin = case(tmp_path, outcome.case).key.provenance
    assert (origin.kind, origin.setup, origin.server, origin.version, origin.weights) == (
        "recorded", "server", "A Server", "1.2", "trained",
    )  # fmt: skip
    assert origin.note == "named by the person who recorded"


def test_claims_are_those_that_the_bytes_show(recorded: Path) -> None:
    text = case(recorded, "text/script-plain").key
    assert (text.profiles, text.strength) == (["core"], "must")
    assert text.rules == ["TXT-1", "FIN-1", "END-2"]
    calls = case(recorded, "tools/script-parallel").key
    assert calls.profiles == ["core", "tools", "parallel-tools"]
    assert {"TOOL-1", "TOOL-9"} <= set(calls.rules)
    assert {"tc-parallel-sequential", "tc-fragmented"} <= set(calls.rows)
    choices = case(recorded, "choices/script-two").key
    assert choices.profiles == ["core", "choices"]
    assert choices.request_needs == ["n", "stream_options"]


def test_a_stream_that_the_client_left_is_marked(recorded: Path) -> None:
    left = case(recorded, "end/script-client-closed")
    assert left.key.end == "client-closed"
    assert left.key.truth is not None
    assert (left.key.truth.outcome, left.key.truth.because) == ("incomplete", "END-5")
    assert b"[DONE]" not in left.body
    assert left.twin is not None


@pytest.mark.parametrize(
    ("model", "end"), [("script-cut", "short-length"), ("script-reset", "reset")]
)
def test_a_stream_that_broke_is_recorded_and_marked(
    model: str, end: str, url: str, tmp_path: Path
) -> None:
    assert record(url, tmp_path, "--model", model, "--scenarios", "text,tool-auto") == 0
    for each in cases(tmp_path):
        assert each.key.end == end
        assert "; the connection " in each.key.title
        assert each.key.truth is not None
        assert (each.key.truth.outcome, each.key.truth.because) == ("failed", "END-6")
    assert main(["validate", str(tmp_path)]) == 0
    assert main(["run", "--corpus", str(tmp_path), "-i", "impl:reference"]) == 0


def test_what_a_server_does_not_do_is_said_and_not_written(
    url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """No cassette under a title that its bytes do not show; and no failure either."""
    words = ("--prompt", "unicode=Say hello.", "--prompt", "stop=Hello?")
    assert record(url, tmp_path, "--scenarios", "text,stop", *words, "--json") == 0
    outcomes = {o["scenario"]: o for o in json.loads(capsys.readouterr().out)}
    assert outcomes["stop"]["state"] == "not shown"
    assert outcomes["stop"]["says"].startswith("wanted: text up to four")
    assert [each.id for each in cases(tmp_path)] == ["text/script-plain"]


def test_nothing_recorded_is_no_success(url: str, tmp_path: Path) -> None:
    assert record(url, tmp_path, "--scenarios", "stop", "--prompt", "stop=Hello?") == 1


def test_nothing_is_overwritten_without_force(
    url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert record(url, tmp_path, "--scenarios", "text") == 0
    path = tmp_path / "text" / "script-plain.yaml"
    path.write_text("mine")
    assert record(url, tmp_path, "--scenarios", "text") == 0
    assert path.read_text() == "mine"
    assert "kept" in capsys.readouterr().err
    assert record(url, tmp_path, "--scenarios", "text", "--force") == 0
    assert path.read_text() != "mine"


def test_one_scenario_that_fails_loses_no_other(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever breaks, ours or theirs: the others are there, and the exit code says 1."""
    from chunkproof_conformance.record import campaign, session

    whole = session.record

    def breaking(base_url: str, request: dict[str, Any], **more: Any) -> Any:
        if "tools" in request:
            raise ZeroDivisionError("somewhere deep down")
        return whole(base_url, request, **more)

    monkeypatch.setattr(campaign, "record", breaking)
    assert record(url, tmp_path, "--scenarios", "text,tool-auto,unicode") == 1
    assert [each.id for each in cases(tmp_path)] == ["text/script-plain", "text/script-unicode"]
    assert "ZeroDivisionError: somewhere deep down" in capsys.readouterr().err


def test_results_go_to_stdout_and_progress_to_stderr(
    url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert record(url, tmp_path, "--scenarios", "text,usage") == 0
    captured = capsys.readouterr()
    assert captured.out.splitlines() == [
        str(tmp_path / "text/script-plain.yaml"),
        str(tmp_path / "usage/script-include-usage.yaml"),
    ]
    assert "[ 1/2] text: recorded" in captured.err
    assert "2 recorded" in captured.err


def test_a_key_that_the_server_gives_away_is_nowhere_in_what_is_written(
    url: str, tmp_path: Path
) -> None:
    """In texts, reasoning, arguments, refusals, errors and log probabilities; stream and twin."""
    assert record(url, tmp_path, "--model", "script-leak") == 0
    for path in sorted(tmp_path.glob("*/*.yaml")):
        written = path.read_text()
        for secret in (KEY, REQUEST_ID, ORGANISATION, COOKIE[:20], "0123456789"):
            assert secret not in written, path
    told = "a named secret in the response: each byte replaced by x or 1"
    leaked = [each.id for each in cases(tmp_path) if told in each.key.redactions]
    assert {name.partition("/")[0] for name in leaked} == {
        "choices", "errors", "logprobs", "reasoning", "refusal", "text", "tools", "usage",
    }  # fmt: skip
    assert main(["validate", str(tmp_path)]) == 0
    assert main(["run", "--corpus", str(tmp_path), "-i", "impl:reference"]) == 0


def test_no_port_and_no_host_of_the_place_of_recording_is_kept(recorded: Path) -> None:
    for each in cases(recorded):
        assert each.stream.uri == "http://localhost/v1/chat/completions"
    assert "127.0.0.1" not in "".join(path.read_text() for path in recorded.glob("*/*.yaml"))


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ([], "--base-url"),
        (["--base-url", "URL", "--scenarios", "text,juggle"], "no scenario juggle"),
        (["--base-url", "URL", "--prompt", "juggle=x"], "no scenario juggle"),
        (["--base-url", "URL", "--setup", "proxy-over-server"], "--upstream"),
        (["--base-url", "URL", "--upstream", "vllm 1"], "--setup"),
        (["--base-url", "URL", "--header-env", "x=NO_SUCH_VARIABLE"], "NO_SUCH_VARIABLE"),
    ],
)
def test_wrong_usage_says_what_to_give(
    words: list[str], says: str, url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["record", *(url if word == "URL" else word for word in words)]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert says in captured.err


def test_the_scenarios_can_be_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["record", "--list"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == NAMES


def test_a_recording_that_no_oracle_reads_is_kept_and_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`run` skips it with the reason, `validate` asks for its truth; neither guesses."""
    whole = load_case("end/mlx-lm-cut")
    key = msgspec.structs.replace(whole.key, truth=None)
    write_cassette(tmp_path, key, whole.stream)
    main(["run", "--corpus", str(tmp_path), "-i", "impl:reference", "--json"])
    report = capsys.readouterr().out
    assert '"skipped"' in report
    assert "has neither truth nor twin" in report
    assert main(["validate", str(tmp_path)]) == 1
    assert "has neither truth nor twin" in capsys.readouterr().out
