"""What is promised, and how a measurement is held against it."""

from typing import Final, Literal, NamedTuple

SHARE_OF_FLOOR: Final = {
    "text deltas": 0.50,
    "tool arguments": 0.50,
    "obfuscated OpenAI": 0.40,
    "OpenRouter reasoning": 0.30,
}
"""Speed of the reference over that of "line split + msgspec typed decode", at least.

A body that is not here is measured and promised nothing: the floor skips what it repeats.
"""

TIMES_OPENAI: Final = 15.0
"""Speed of the reference over raw chunk iteration of the official client, at least."""

GROWTH: Final = 1.05
"""Exponent of time over size, at most: 1.0 is linear."""

MEMORY: Final = 3.0
"""Peak over `sys.getsizeof` of the answer's strings, at most, beside a constant."""

MEMORY_CONSTANT: Final = 1024 * 1024
"""That constant, in bytes: one piece, its events, and the parser itself."""


INDEX_SECONDS: Final = 0.3
"""To know of every case what is on its card, at most."""

WHEEL_BYTES: Final = 15_000_000
"""The wheel with corpus and expected files, at most."""


RUNS_PER_SECOND: Final = 2_000.0
"""Runs of one stream over `cmd:`, by an adapter that does next to nothing, at least."""

CORPUS_SECONDS: Final = 10.0
"""The whole corpus through the reference in process, levels final and sequence, at most."""

HELP_SECONDS: Final = 0.25
"""`chunkproof --help`, at most."""


class Measurement(NamedTuple):
    """One line of the table."""

    group: Literal["speed", "growth", "memory", "corpus", "harness"]
    name: str
    value: float
    unit: str
    bar: float | None
    """None: shown, not promised."""
    at_least: bool
    detail: str

    @property
    def holds(self) -> bool:
        if self.bar is None:
            return True
        return self.value >= self.bar if self.at_least else self.value <= self.bar
