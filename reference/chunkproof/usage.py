"""Which usage counts: rank, then the last one; never a sum (rules USE-1 to USE-3)."""

from __future__ import annotations

from enum import IntEnum
from typing import Any, Final

from chunkproof.chunk import read_integer
from chunkproof.result import UsageInfo

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
        info = _read(usage)
        if self.info is not None:
            is_zero, was_zero = _is_zero(info), _is_zero(self.info)
            if is_zero and not was_zero:
                return False
            if rank < self._rank and not (was_zero and not is_zero):
                return False
        is_change = info != self.info
        self.info, self._rank = info, rank
        return is_change


def _is_zero(info: UsageInfo) -> bool:
    """Return whether no number of a usage object says anything (rule USE-2)."""
    return not (any(info[:3]) or _has_number(info.raw))


def _has_number(value: Any) -> bool:
    """Return whether a JSON value is, or holds at any depth, a number other than 0."""
    if isinstance(value, dict):
        return any(map(_has_number, value.values()))
    if isinstance(value, list):
        return any(map(_has_number, value))
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value != 0


def _read(usage: dict[str, Any]) -> UsageInfo:
    prompt, completion, total = (read_integer(usage.get(name)) for name in _COUNTS)
    return UsageInfo(prompt, completion, total, usage)
