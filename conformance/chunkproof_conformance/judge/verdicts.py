"""The words a run ends in, and how a judgement becomes one."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from chunkproof_conformance.judge.comparison import Judgement
    from chunkproof_conformance.judge.diff import Difference


class Kind(StrEnum):
    """The closed list of verdicts, and `n/a`, which is none."""

    PASS = "pass"  # noqa: S105 -- a verdict, no password
    FAIL = "fail"
    CHOICE = "choice"
    """The case rests on a contested rule: what was seen is shown, never wrong."""
    KNOWN_FAILURE = "known-failure"
    """Fails as its list says, with the pinned message."""
    STALE = "stale"
    """Listed as a known failure, but it passes, is skipped, or fails otherwise."""
    FLAKY = "flaky"
    SKIPPED = "skipped"
    ERROR = "error"
    """The adapter broke, not the library under it: its own exception, or a malformed report."""
    TIMEOUT = "timeout"
    HARNESS_ERROR = "harness-error"
    """Our fault: a case or an expectation that cannot be used."""
    NOT_AVAILABLE = "n/a"
    """The connection cannot show this level: neither right nor wrong."""


RED: Final = frozenset({Kind.FAIL, Kind.ERROR, Kind.TIMEOUT, Kind.STALE, Kind.HARNESS_ERROR})
"""What keeps a level from being reached."""

_WORST_FIRST: Final = (
    Kind.HARNESS_ERROR,
    Kind.TIMEOUT,
    Kind.ERROR,
    Kind.FAIL,
    Kind.STALE,
    Kind.KNOWN_FAILURE,
    Kind.FLAKY,
    Kind.SKIPPED,
    Kind.CHOICE,
    Kind.PASS,
    Kind.NOT_AVAILABLE,
)


@dataclass(frozen=True)
class Verdict:
    """One verdict. `detail`: the value of a choice, the reason of a skip, the message of an error.

    differences: why it failed, first first. not_represented: declared members the case has.
    trace: where in the adapter it broke, in lines.
    """

    kind: Kind
    detail: str = ""
    differences: tuple[Difference, ...] = ()
    not_represented: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    trace: str = ""

    @property
    def message(self) -> str:
        """The first thing to say about it, in one line; "" for a plain pass."""
        return self.detail or (str(self.differences[0]) if self.differences else "")


def verdict_of(judgement: Judgement | None, *, contested: bool) -> Verdict:
    """The verdict of a judgement; None is n/a. contested: the case's strength is choice."""
    if judgement is None:
        return Verdict(Kind.NOT_AVAILABLE)
    if contested:
        value = "as specified"
        if judgement.differences:
            value = str(judgement.differences[0])
        kind = Kind.CHOICE
        return Verdict(kind, value, (), judgement.not_represented, judgement.remarks)
    kind = Kind.FAIL if judgement.differences else Kind.PASS
    return Verdict(kind, "", judgement.differences, judgement.not_represented, judgement.remarks)


def worst(verdicts: Iterable[Verdict]) -> int:
    """The position of the verdict that counts for all; the first of equals."""
    ranks = [_WORST_FIRST.index(verdict.kind) for verdict in verdicts]
    return ranks.index(min(ranks))


@dataclass(frozen=True)
class KnownFailure:
    """One entry of an implementation's own list: the message must begin with the pinned one."""

    message: str = ""
    reason: str = ""


def one_line(message: str) -> str:
    """A message with every run of white space as one space, as a list of known failures has it."""
    return " ".join(message.split())


def against_known(verdict: Verdict, known: KnownFailure | None, *, flaky: bool = False) -> Verdict:
    """The verdict in the light of the known failures; without an entry it stays as it is.

    A listed case must fail, and as pinned; it may not be skipped. A flaky one is neutral.
    """
    if flaky and verdict.kind in {Kind.FAIL, Kind.TIMEOUT, Kind.ERROR, Kind.PASS}:
        return Verdict(Kind.FLAKY, verdict.message or str(verdict.kind), verdict.differences)
    if known is None:
        return verdict
    if verdict.kind not in {Kind.FAIL, Kind.TIMEOUT, Kind.ERROR}:
        return Verdict(Kind.STALE, f"listed as a known failure, but the verdict is {verdict.kind}")
    if not one_line(verdict.message).startswith(known.message):
        return Verdict(
            Kind.STALE, f"fails otherwise than listed: {verdict.message}", verdict.differences
        )
    return Verdict(Kind.KNOWN_FAILURE, known.reason or verdict.message, verdict.differences)
