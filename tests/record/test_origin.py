"""Who answered: only what somebody said, and who cannot be named is not recorded."""

import pytest

from chunkproof_conformance.record.origin import (
    NOT_STATED,
    SCRIPT_SAYS_SO,
    Answered,
    NotReached,
    Origin,
    OriginError,
    ask_models,
    model_of,
    origin,
)
from chunkproof_conformance.record.servers.scripted.server import serving

LOCAL = "http://127.0.0.1:8000/v1"
OPENAI = "https://api.openai.com/v1"


def answered(
    *, owners: tuple[str, ...] = (), models: tuple[str, ...] = (), **headers: str
) -> Answered:
    return Answered(
        {name.replace("_", "-"): text for name, text in headers.items()}, models, owners
    )


def test_the_person_counts_before_everything_else() -> None:
    found = origin(OPENAI, answered(server="cloudflare"), "my proxy", "7")
    assert (found.server, found.version) == ("my proxy", "7")


def test_a_public_host_names_itself_and_a_header_its_version() -> None:
    said = answered(server="cloudflare", openai_version="2020-10-01", owners=("openai", "system"))
    found = origin(OPENAI, said)
    assert (found.server, found.version) == ("api.openai.com", "openai-version 2020-10-01")
    assert found.slug == "openai"


def test_a_server_header_names_a_program() -> None:
    found = origin(LOCAL, answered(server="llama.cpp/b6789 (linux)"))
    assert (found.server, found.version) == ("llama.cpp", "b6789")
    assert found.slug == "llama-cpp"


def test_the_owner_of_the_models_names_a_program_but_no_version() -> None:
    found = origin(LOCAL, answered(server="uvicorn", owners=("vllm",)))
    assert (found.server, found.version) == ("vllm", NOT_STATED)
    assert "owned_by" in found.known_by


@pytest.mark.parametrize(
    "header", ["uvicorn", "nginx/1.27", "BaseHTTP/0.6 Python/3.11", "cloudflare", ""]
)
@pytest.mark.parametrize("owners", [(), ("system",), ("a", "b")])
def test_an_http_library_is_nobody(header: str, owners: tuple[str, ...]) -> None:
    """Nothing is guessed from what carries the HTTP, or from several owners."""
    with pytest.raises(OriginError, match="--server"):
        origin(LOCAL, answered(server=header, owners=owners))


def test_the_version_of_a_proxy_is_not_that_of_what_the_person_named() -> None:
    """`Server: llama.cpp/b1` says nothing of the gateway the person recorded."""
    assert origin(LOCAL, answered(server="llama.cpp/b1"), "gateway").version == NOT_STATED


def test_a_scripted_upstream_says_so_and_nobody_can_rename_it() -> None:
    with serving() as url:
        said = ask_models(url, "none", {})
    found = origin(url, said, "api.openai.com", "4")
    assert found.is_scripted
    assert found == Origin("chunkproof-script", "1", SCRIPT_SAYS_SO, is_scripted=True)
    assert model_of(said, None) == "script"


def test_a_server_that_is_not_there_is_an_error_with_its_address() -> None:
    with pytest.raises(NotReached, match=r"http://127\.0\.0\.1:9/v1 cannot be reached"):
        ask_models("http://127.0.0.1:9/v1", "none", {})


def test_the_model_is_named_or_the_only_one_or_a_listed_small_one() -> None:
    assert model_of(answered(models=("a", "b")), "mine") == "mine"
    assert model_of(answered(models=("a",)), None) == "a"
    assert model_of(answered(models=("gpt-5", "gpt-4.1-mini")), None) == "gpt-4.1-mini"
    with pytest.raises(OriginError, match="a, b"):
        model_of(answered(models=("a", "b")), None)
