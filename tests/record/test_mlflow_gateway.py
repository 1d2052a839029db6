"""The MLflow recipe: an endpoint for each wire and model that the scenarios ask for."""

from chunkproof_conformance.record.servers.mlflow_gateway.recipe import config, endpoint, served
from chunkproof_conformance.record.servers.mlflow_gateway.scenarios import SCENARIOS

UPSTREAM = "http://127.0.0.1:9110/v1"


def test_every_scenario_has_an_endpoint_and_none_is_made_twice() -> None:
    endpoints = config(SCENARIOS, UPSTREAM)["endpoints"]
    names = [made["name"] for made in endpoints]
    assert sorted(set(names)) == names
    for scenario in SCENARIOS:
        made = endpoints[names.index(endpoint(scenario))]["model"]
        assert (made["provider"], made["name"]) == (scenario.wire, scenario.model)
        assert made["config"][f"{scenario.wire}_api_base"] == UPSTREAM
        assert served(scenario, 5000, "3.17.2").model == endpoint(scenario)


def test_gemini_is_not_asked_for() -> None:
    """The gateway has no address to set for it, so that it would ask Google."""
    assert {scenario.wire for scenario in SCENARIOS} == {"openai", "anthropic"}
