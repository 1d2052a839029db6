"""Ranks for the stock tiktoken without a network.

bpe-openai ships the very files that tiktoken would download. tiktoken looks in
`TIKTOKEN_CACHE_DIR` first, under the SHA-1 of the file's URL, and checks the SHA-256 of
what it finds, so a wrong file cannot go unnoticed.
"""

import gzip
import hashlib
from importlib import metadata
from pathlib import Path
from typing import Final

_URL: Final = "https://openaipublic.blob.core.windows.net/encodings/{name}.tiktoken"
ENCODINGS: Final = ("cl100k_base", "o200k_base")


def unpack_ranks(directory: Path) -> None:
    """Write the ranks of all `ENCODINGS` into directory, named as tiktoken looks for them."""
    shipped = metadata.distribution("bpe-openai")  # not imported: that takes a second
    for name in ENCODINGS:
        key = hashlib.sha1(_URL.format(name=name).encode(), usedforsecurity=False).hexdigest()
        packed = Path(str(shipped.locate_file(f"bpe_openai/data/{name}.tiktoken.gz")))
        (directory / key).write_bytes(gzip.decompress(packed.read_bytes()))
