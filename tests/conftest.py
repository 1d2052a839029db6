"""What all tests share: tools that may be missing, and tiktoken without a network."""

import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from tests import tools
from tests.tiktoken_ranks import unpack_ranks

if TYPE_CHECKING:
    from collections.abc import Iterator

# A busy machine is slow, not wrong: nothing fails for the time that examples took, or making them.
settings.register_profile(
    "chunkproof",
    settings.get_profile("default"),
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
# Where CI is set, as `.ci/run` sets it, the examples are the same at every run: there a find must
# be the fault of the change at hand. `make test` and `make test-all` draw new ones each time, and
# begin with what they found before.
settings.register_profile(
    "chunkproof-ci", settings.get_profile("chunkproof"), derandomize=True, database=None
)
settings.load_profile("chunkproof-ci" if os.environ.get("CI") else "chunkproof")

# Whoever reaches the world through a proxy does not reach servers on loopback through it.
for _name in ("no_proxy", "NO_PROXY"):
    os.environ[_name] = ",".join(filter(None, (os.environ.get(_name), "127.0.0.1,localhost")))


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test whose `needs(tool)` is not met; under `make test-all` fail it."""
    for mark in item.iter_markers("needs"):
        for tool in mark.args:
            if tools.is_present(tool):
                continue
            if tools.skips_are_failures():
                pytest.fail(f"{tool} is missing, and {tools.NO_SKIPS} is set", pytrace=False)
            pytest.skip(f"needs {tool}")


@pytest.fixture(scope="session")
def tiktoken_offline(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[None]":
    """Let the stock tiktoken find cl100k_base and o200k_base without a network."""
    directory = tmp_path_factory.mktemp("tiktoken")
    unpack_ranks(directory)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TIKTOKEN_CACHE_DIR", str(directory))
        yield
