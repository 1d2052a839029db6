"""Which usage counts: rank, then the last one; never a sum (rules USE-1 to USE-3)."""

from __future__ import annotations

from enum import IntEnum
from typing import Any, Final

from chunkproof.result import UsageInfo
from chunkproof.values import is_same, read_integer

_COUNTS: Final = ("prompt_tokens", "completion_tokens", "total_tokens")


class Rank(IntEnum):
    """Where a usage object stands; a higher place counts before a lower one."""

    CHOICE = 1
    GROQ = 2
    CHUNK = 3


class UsageState:
    """The usage of a stream so far."""

    def __init__(self) -> None:
        self.info: UsageInfo | None = None
        self._rank = Rank.CHOICE

    def take(self, rank: Rank, usage: dict[str, Any]) -> bool:
        """Take a usage object that is not empty; return whether what counts changed."""
        if self.info is not None and (rank < self._rank or _is_zero(usage)):
            was_zero = _is_zero(self.info.raw)
            # A lower rank counts only after zeros; zeros count only after zeros.
            if not was_zero or (rank < self._rank and _is_zero(usage)):
                return False
        is_change = self.info is None or not is_same(usage, self.info.raw)
        if is_change:
            prompt, completion, total = [read_integer(usage.get(name)) for name in _COUNTS]
            self.info = UsageInfo(prompt, completion, total, usage)
        self._rank = rank
        return is_change


def _is_zero(usage: dict[str, Any]) -> bool:
    """Return whether no number of a usage object says anything (rule USE-2)."""
    return not any(map(_has_number, usage.values()))


def _has_number(value: Any) -> bool:
    """Return whether a JSON value is, or holds at any depth, a number other than 0."""
    if isinstance(value, dict):
        return any(map(_has_number, value.values()))
    if isinstance(value, list):
        return any(map(_has_number, value))
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value != 0
