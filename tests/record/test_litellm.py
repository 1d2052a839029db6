"""The LiteLLM recipe: every scenario has a road to the script on its wire."""

from typing import Any

from chunkproof_conformance.record.servers.litellm.recipe import KEY, config, provider, served
from chunkproof_conformance.record.servers.litellm.scenarios import SCENARIOS

UPSTREAM = "http://127.0.0.1:9110/v1"
PATHS = {"openai": "/v1", "anthropic": "", "gemini": "/v1beta"}
"""What the proxy puts its own paths behind, by the wire of the vendor."""


def test_every_scenario_has_a_road_to_the_wire_it_is_about() -> None:
    models = {model["model_name"]: model["litellm_params"] for model in roads()}
    for scenario in SCENARIOS:
        road = models[f"{provider(scenario)}/*"]
        assert road["api_base"] == f"http://127.0.0.1:9110{PATHS[scenario.wire]}"
        asked = served(scenario, 4000, "1.106.2")
        assert asked.model == f"{provider(scenario)}/{scenario.model}"
        assert asked.upstream == f"script ({scenario.wire})"


def test_nothing_is_tried_again_or_told_to_anybody() -> None:
    """A second try would be another stream than the one that failed."""
    settings = config(SCENARIOS, UPSTREAM)
    assert settings["litellm_settings"]["num_retries"] == 0
    assert settings["litellm_settings"]["telemetry"] is False
    assert settings["general_settings"]["master_key"] == KEY


def roads() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = config(SCENARIOS, UPSTREAM)["model_list"]
    return found
