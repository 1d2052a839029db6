"""The stock tiktoken counts tokens here without a network."""

import pytest


@pytest.mark.usefixtures("tiktoken_offline")
@pytest.mark.parametrize(
    ("encoding", "tokens"),
    [
        # Published in OpenAI's cookbook, "How to count tokens with tiktoken".
        ("cl100k_base", [83, 1609, 5963, 374, 2294, 0]),
        ("o200k_base", [83, 8251, 2488, 382, 2212, 0]),
    ],
)
def test_stock_tiktoken_finds_its_ranks(
    encoding: str, tokens: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """tiktoken accepts the unpacked ranks (it checks their SHA-256) and asks no network."""
    import tiktoken.load

    def refuse(blobpath: str) -> bytes:
        raise AssertionError(f"tiktoken wanted to download {blobpath}")

    monkeypatch.setattr(tiktoken.load, "read_file", refuse)
    assert tiktoken.get_encoding(encoding).encode("tiktoken is great!") == tokens
