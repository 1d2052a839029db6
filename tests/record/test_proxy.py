"""Cassettes of proxies over the script: real bytes of the proxy, the words of the script."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from chunkproof_conformance.cases.cassette import Case
from chunkproof_conformance.cases.expected import read_expected
from chunkproof_conformance.cases.index import case_ids, iter_cases, load_case
from chunkproof_conformance.record.proxy import (
    ONE_CALL,
    TWO_CALLS,
    Proxied,
    aloud,
    asking,
    case,
    chosen,
    is_relayed,
)
from chunkproof_conformance.record.recipe import Served, record_each
from chunkproof_conformance.record.scenarios import BY_NAME
from chunkproof_conformance.record.servers.litellm.scenarios import SCENARIOS as LITELLM
from chunkproof_conformance.record.servers.mlflow_gateway.scenarios import SCENARIOS as MLFLOW
from chunkproof_conformance.record.servers.portkey.scenarios import SCENARIOS as PORTKEY
from chunkproof_conformance.record.servers.scripted.answers import (
    ARGUMENTS,
    HELLO,
    THOUGHT,
    answer,
    stream,
)
from chunkproof_conformance.record.servers.scripted.server import serving
from chunkproof_conformance.record.session import STREAM_ONLY

PROXIES = {"portkey-gateway": PORTKEY, "litellm": LITELLM, "mlflow-gateway": MLFLOW}
EVERY = [(server, scenario) for server, those in PROXIES.items() for scenario in those]
SCENARIO = pytest.mark.parametrize(
    ("server", "scenario"), EVERY, ids=[scenario.case.id for _, scenario in EVERY]
)


@SCENARIO
def test_the_corpus_has_each_scenario_under_its_honest_label(
    server: str, scenario: Proxied
) -> None:
    """A real proxy over a script: never the vendor whose wire the script speaks."""
    origin = load_case(scenario.case.id).key.provenance
    assert (origin.kind, origin.setup, origin.server) == ("recorded", "proxy-over-script", server)
    assert origin.upstream == f"script ({scenario.wire})"
    assert origin.weights is None


@SCENARIO
def test_a_cassette_says_nothing_of_the_machine(server: str, scenario: Proxied) -> None:
    kept = load_case(scenario.case.id)
    for exchange in filter(None, (kept.stream, kept.twin_exchange)):
        shown = exchange.response_body.decode() + repr(exchange.response_headers)
        assert not re.search(
            r"(?i)linux|darwin|glibc|x86_64|Traceback|/(tmp|home|root|usr)/|127\.0\.0|site-packages",
            shown,
        )
        assert not {name for name in exchange.request_headers if name.startswith("x-portkey")}
        assert "authorization" not in exchange.request_headers


@SCENARIO
def test_stream_and_twin_are_the_same_request(server: str, scenario: Proxied) -> None:
    kept = load_case(scenario.case.id)
    if kept.twin_exchange is not None:
        left = {name: value for name, value in kept.request.items() if name not in STREAM_ONLY}
        assert json.dumps(json.loads(kept.twin_exchange.request_body)) == json.dumps(left)


@SCENARIO
def test_the_words_are_the_scripts_as_far_as_they_came(server: str, scenario: Proxied) -> None:
    """A proxy may lose words; what is left is the beginning of what the script says."""
    for choice in read_expected(scenario.case.id)["final"].get("choices", []):
        assert HELLO.startswith(choice["text"] or "")
        assert not choice["reasoning"] or choice["reasoning"].startswith(THOUGHT)
        for call in choice["tool_calls"]:
            whole = json.dumps(ARGUMENTS.get(call["name"], {}), ensure_ascii=False)
            spaceless = json.dumps(
                ARGUMENTS.get(call["name"], {}), ensure_ascii=False, separators=(",", ":")
            )
            assert any(said.startswith(call["arguments"]) for said in (whole, spaceless))


def asked(kept: Case) -> dict[str, Any]:
    """The request as the upstream knows its model: proxies put a road before the name."""
    said: dict[str, Any] = kept.request
    model = re.sub(r"^(openai|anthropic|gemini|[a-z_]+)[/-](?=script)", "", str(said["model"]))
    return {**said, "model": model}


def test_no_recording_of_a_proxy_is_the_script_relayed() -> None:
    """What equals the upstream byte for byte shows nothing of the proxy: it is synthesised."""
    checked = 0
    for kept in iter_cases():
        origin = kept.key.provenance
        if origin.setup == "proxy-over-script" and origin.upstream == "script (openai)":
            assert not is_relayed(asked(kept), kept.body), kept.id
            checked += 1
    assert checked >= 20


@pytest.mark.parametrize("name", ["text", "usage", "n2", "tools-parallel", "refusal"])
def test_the_script_relayed_is_known_whole_cut_and_failed(name: str) -> None:
    """The canary of the rule above."""
    scenario = BY_NAME[name]
    request = {"model": "script", **asking(), **scenario.request}
    frames = list(stream({**request, "stream": True}, answer(request)))
    assert is_relayed(request, b"".join(frames))
    assert is_relayed(request, b"".join(frames[:-1])), "without [DONE]"
    assert is_relayed(request, b"".join(frames[:4])), "cut"
    error = b'data: {"error": {"message": "The server had an error while processing your request."'
    error += b', "type": "server_error", "param": null, "code": null}}\n\n'
    assert is_relayed(request, b"".join(frames[:4]) + error)
    assert not is_relayed(request, b"".join(frames).replace(b'"id"', b'"provider":"x","id"'))
    assert not is_relayed(request, b""), "an empty body is the proxy's own doing"


def test_a_recipe_refuses_what_a_proxy_only_handed_on(tmp_path: Path) -> None:
    """Here nobody stands between: all is the script's, and nothing is written."""
    with serving() as base:
        served = Served(base, "script", "relay", "1", relays=is_relayed)
        failures = record_each([case("text/relay", "Text", ["TXT-1"])], served, tmp_path)
    assert "synthesised, not recorded" in failures["text/relay"]
    assert not list(tmp_path.rglob("*.yaml"))


def test_text_before_calls_has_to_be_asked_for() -> None:
    """The script says it only to who asks it to speak."""
    assert answer(asking(**ONE_CALL)).text is None
    said = answer(aloud(**TWO_CALLS))
    assert (said.text, len(said.calls)) == (HELLO, 2)


def test_scenarios_are_chosen_by_their_cases() -> None:
    wanted = [PORTKEY[2].case, PORTKEY[0].case]
    assert chosen(PORTKEY, wanted) == [PORTKEY[0], PORTKEY[2]]


def test_no_scenario_is_asked_twice() -> None:
    ids = [scenario.case.id for _, scenario in EVERY]
    assert len(ids) == len(set(ids))
    assert set(ids) <= set(case_ids())
