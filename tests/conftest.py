"""What all tests share: tools that may be missing, and tiktoken without a network."""

from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from tests import tools
from tests.tiktoken_ranks import unpack_ranks

if TYPE_CHECKING:
    from collections.abc import Iterator

# A busy machine is slow, not wrong: no example fails for the time it took.
settings.register_profile("chunkproof", deadline=None, print_blob=True)
settings.load_profile("chunkproof")


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
