"""The LiteLLM recipe: every scenario has a road to its upstream, scripted or real."""

import json
import re

import pytest

from chunkproof_conformance.cases.index import load_case
from chunkproof_conformance.oracles.transcript import read_transcript
from chunkproof_conformance.record.puppet import SCRIPTS
from chunkproof_conformance.record.recipe import Served
from chunkproof_conformance.record.servers.litellm.over_servers import OVER_LLAMA, OVER_MLX
from chunkproof_conformance.record.servers.litellm.recipe import (
    KEY,
    Road,
    config,
    main,
    over_script,
    provider,
    roads_to_script,
)
from chunkproof_conformance.record.servers.litellm.scenarios import SCENARIOS

UPSTREAM = "http://127.0.0.1:9110/v1"
PATHS = {"openai": "/v1", "anthropic": "", "gemini": "/v1beta"}
"""What the proxy puts its own paths behind, by the wire of the vendor."""
OVER_SERVERS = {"mlx-lm": OVER_MLX, "llama-server": OVER_LLAMA}
IDS = [(name, scenario.id) for name, those in OVER_SERVERS.items() for scenario in those]
EVERY = pytest.mark.parametrize(("server", "case_id"), IDS, ids=[case_id for _, case_id in IDS])


def test_every_scenario_has_a_road_to_the_wire_it_is_about() -> None:
    roads = {road.name: road for road in roads_to_script(UPSTREAM)}
    proxied = Served("http://127.0.0.1:4000/v1", "", "litellm", "1.106.2", api_key=KEY)
    for scenario in SCENARIOS:
        road = roads[provider(scenario)]
        assert road.base == f"http://127.0.0.1:9110{PATHS[scenario.wire]}"
        asked = over_script(scenario, proxied)
        assert asked.model == f"{road.name}/{scenario.model}"
        assert asked.upstream == f"script ({scenario.wire})"
        assert asked.relays is not None


def test_a_road_is_a_part_of_the_models_name() -> None:
    settings = config([Road("server", "openai", UPSTREAM)])
    (model,) = settings["model_list"]
    assert (model["model_name"], model["litellm_params"]["model"]) == ("server/*", "openai/*")
    assert model["litellm_params"]["api_base"] == UPSTREAM


def test_nothing_is_tried_again_or_told_to_anybody() -> None:
    """A second try would be another stream than the one that failed."""
    settings = config([])
    assert settings["litellm_settings"]["num_retries"] == 0
    assert settings["litellm_settings"]["telemetry"] is False
    assert settings["general_settings"]["master_key"] == KEY


def test_a_llama_server_without_what_makes_its_model_is_wrong_usage(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--out", "x", "--llama-server", "llama-server"])
    assert ended.value.code == 2
    assert "--gguf" in capsys.readouterr().err


@EVERY
def test_a_proxy_over_a_real_server_names_both(server: str, case_id: str) -> None:
    origin = load_case(case_id).key.provenance
    assert (origin.kind, origin.setup, origin.server) == (
        "recorded",
        "proxy-over-server",
        "litellm",
    )
    assert (origin.upstream or "").startswith(f"{server} ")
    assert origin.weights == "scripted"


@EVERY
def test_its_words_are_those_of_the_servers_script(server: str, case_id: str) -> None:
    """Through two programs, token by token: nothing is lost but the line ends around thoughts."""
    case = load_case(case_id)
    assert case.key.script is not None
    written = case.key.script["says"]
    assert written in SCRIPTS.values()
    (choice,) = read_transcript(case.body)["final"]["choices"]
    assert (choice["text"] or "").strip() in written
    assert (choice["reasoning"] or "").strip() in written
    assert choice["text"] or choice["tool_calls"]
    for call in choice["tool_calls"]:
        if choice["finish_reason"] == "length":
            assert call["arguments"] in written
        else:
            (said,) = re.findall(rf'"name": "{call["name"]}", "arguments": (.*)\}}\n', written)
            assert json.loads(call["arguments"]) == json.loads(said)


@EVERY
def test_a_fingerprint_is_the_same_in_every_chunk(server: str, case_id: str) -> None:
    """What is taken out of it is taken out everywhere: nothing changes that did not change."""
    body = load_case(case_id).body.decode()
    prints = set(re.findall(r'"system_fingerprint":"([^"]*)"', body))
    assert len(prints) == 1
    assert not re.search(r"(?i)linux|darwin|glibc|x86|arm64", body)
