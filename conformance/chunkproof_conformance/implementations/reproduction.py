"""A second, independent reproduction of a finding: a script of the library and the bytes alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chunkproof_conformance.implementations.node_reproduction import LIBRARIES, node_reproduction
from chunkproof_conformance.implementations.openai_reproduction import TAILS, reproduction

if TYPE_CHECKING:
    from chunkproof_conformance.connect.adapter import Stream

RUN_BY: Final = {
    **dict.fromkeys(TAILS, "python -"),
    **dict.fromkeys(LIBRARIES, "node --input-type=module"),
}
"""Implementation -> what its script is piped into, where its library is installed."""


def script(title: str, implementation: str, stream: Stream) -> str:
    """The script. title: one line. implementation: a name in `RUN_BY`."""
    write = reproduction if implementation in TAILS else node_reproduction
    return write(title, implementation, stream)
