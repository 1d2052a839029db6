"""The level final: per choice what was said and how it ended, per stream usage and outcome."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import UNSET, UnsetType

from chunkproof_conformance.judge.comparison import (
    Judgement,
    Terms,
    calls,
    comparable,
    strings,
)
from chunkproof_conformance.judge.diff import ABSENT, Difference
from chunkproof_conformance.judge.expectation import may_execute
from chunkproof_conformance.judge.fold import final_of
from chunkproof_conformance.judge.observation import CHANNELS, ObservedLogprobs, ObservedUsage

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from chunkproof_conformance.judge.expectation import (
        ExpectedAudio,
        ExpectedChoice,
        ExpectedFinal,
        ExpectedLogprobs,
        ExpectedUsage,
    )
    from chunkproof_conformance.judge.observation import (
        Observation,
        ObservedAudio,
        ObservedChoice,
    )

_SAYING: Final = (*CHANNELS, "tool_calls", "finish_reason", "audio", "annotations")
"""Members of a choice without any of which it says nothing."""


def judge_final(truth: ExpectedFinal, observation: Observation, terms: Terms) -> Judgement:
    """Member by member; a member that is absent from the truth is not judged."""
    got = final_of(observation)
    differences = list(_outcome(truth, observation, terms))
    if truth.choices is not UNSET:
        wanted = {choice.index: choice for choice in truth.choices}
        for index in sorted(wanted.keys() | got.choices.keys()):
            path = f"/choices/{index}"
            choice, seen = wanted.get(index), got.choices.get(index)
            differences += _choice(path, choice, seen, terms)
            if choice and seen:
                differences += _runnable(path, truth, choice, seen)
        differences += (
            Difference(f"/choices/{index}", "one choice", "several", "a choice shown twice")
            for index in got.repeated
        )
    differences += _usage(truth.usage, got.usage, terms)
    return Judgement(
        tuple(differences),
        tuple(_set_aside(truth, terms.blind)),
        tuple(_remarks(truth, observation)),
    )


def _outcome(truth: ExpectedFinal, observation: Observation, terms: Terms) -> Iterator[Difference]:
    got = observation.outcome
    if truth.outcome is UNSET or got == truth.outcome or "outcome" in terms.blind:
        return
    asserts = observation.outcome_stated or got == "complete"
    if asserts or (truth.outcome == "complete" and got == "failed"):
        error = observation.error
        said = [error.type or "error", error.message] if error and got == "failed" else []
        why = ": ".join(words for words in said if words)
        yield Difference("/outcome", truth.outcome, got, why)


def _remarks(truth: ExpectedFinal, observation: Observation) -> Iterator[str]:
    if observation.outcome_stated or truth.outcome is UNSET:
        return
    match truth.outcome, observation.outcome:
        case "failed", "incomplete":
            yield "the failure shows only as an end without a finish reason"
        case "incomplete", "failed":
            yield "an answer without an end raises an exception"
        case _:
            pass


def _set_aside(truth: ExpectedFinal, blind: frozenset[str]) -> Iterator[str]:
    """The declared members that this case has something at."""
    choices = truth.choices or ()
    for member in sorted(blind):
        if member == "usage":
            has_it = bool(truth.usage)
        elif member.startswith("usage."):
            has_it = bool(truth.usage and getattr(truth.usage, member.removeprefix("usage.")))
        elif member == "outcome":
            has_it = truth.outcome is not UNSET
        elif member.startswith("tool_calls."):
            part = member.removeprefix("tool_calls.")
            has_it = any(
                getattr(call, part) for choice in choices for call in choice.tool_calls or ()
            )
        else:
            has_it = any(getattr(choice, member, None) for choice in choices)
        if has_it:
            yield member


def _choice(
    path: str, expected: ExpectedChoice | None, got: ObservedChoice | None, terms: Terms
) -> Iterator[Difference]:
    if expected is None:
        if got is not None and _says_something(got):
            yield Difference(path, ABSENT, msgspec.to_builtins(got), "a choice that never was")
        return
    if got is None:
        if not terms.partial and _expects_something(expected):
            yield Difference(path, "a choice", ABSENT, "lost")
        return
    if got.role:
        yield from strings(f"{path}/role", expected.role, got.role, terms, "role")
    for member in (*CHANNELS, "finish_reason"):
        yield from strings(
            f"{path}/{member}", getattr(expected, member), getattr(got, member), terms, member
        )
    if not isinstance(expected.tool_calls, UnsetType) and "tool_calls" not in terms.blind:
        yield from calls(f"{path}/tool_calls", expected.tool_calls, got.tool_calls, terms)
    if not isinstance(expected.logprobs, UnsetType) and "logprobs" not in terms.blind:
        yield from _logprobs(f"{path}/logprobs", expected.logprobs, got.logprobs, terms)
    if not isinstance(expected.audio, UnsetType) and "audio" not in terms.blind:
        yield from _audio(f"{path}/audio", expected.audio, got.audio, terms)
    if not isinstance(expected.annotations, UnsetType) and "annotations" not in terms.blind:
        yield from _entries(f"{path}/annotations", expected.annotations, got.annotations, terms)


def _logprobs(
    path: str, expected: ExpectedLogprobs | None, got: ObservedLogprobs | None, terms: Terms
) -> Iterator[Difference]:
    """Entry by entry; an empty list, null and no object at all are the same."""
    for member in ObservedLogprobs.__struct_fields__:
        wanted = getattr(expected, member) if expected else None
        if isinstance(wanted, UnsetType):
            continue
        seen = getattr(got, member, None) or []
        yield from _entries(f"{path}/{member}", wanted or [], seen, terms)


def _entries(
    path: str, wanted: Sequence[Any], seen: Sequence[Any], terms: Terms
) -> Iterator[Difference]:
    """JSON values in order; only the first difference is reported."""
    for number in range(max(len(wanted), len(seen))):
        if terms.partial and number >= len(seen):
            return
        entry = wanted[number] if number < len(wanted) else ABSENT
        other = seen[number] if number < len(seen) else ABSENT
        if comparable(entry) != comparable(other):
            yield Difference(f"{path}/{number}", entry, other)
            return


def _audio(
    path: str, expected: ExpectedAudio | None, got: ObservedAudio | None, terms: Terms
) -> Iterator[Difference]:
    """Member by member; an object without members says as much as none."""
    for member in ("id", "data", "transcript"):
        wanted = getattr(expected, member) if expected else None
        yield from strings(f"{path}/{member}", wanted, getattr(got, member, None), terms, "audio")
    wanted = expected.expires_at if expected else None
    seen = got.expires_at if got else None
    if wanted is not UNSET and seen != wanted and not (terms.partial and seen is None):
        yield Difference(f"{path}/expires_at", wanted, seen)


def _runnable(
    path: str, truth: ExpectedFinal, expected: ExpectedChoice, got: ObservedChoice
) -> Iterator[Difference]:
    """A call offered as runnable where it must not be run (rule TOOL-12)."""
    pairs = zip(expected.tool_calls or (), got.tool_calls, strict=False)
    for number, (call, seen) in enumerate(pairs):
        if seen.executable and may_execute(truth.outcome, expected.finish_reason, call) is False:
            yield Difference(f"{path}/tool_calls/{number}/executable", False, True, "runnable")


def _says_something(choice: ObservedChoice) -> bool:
    return any(getattr(choice, member) for member in _SAYING)


def _expects_something(choice: ExpectedChoice) -> bool:
    return any(getattr(choice, member) for member in _SAYING)


def _usage(
    expected: ExpectedUsage | UnsetType | None, got: ObservedUsage | None, terms: Terms
) -> Iterator[Difference]:
    if isinstance(expected, UnsetType) or "usage" in terms.blind:
        return
    counts = got or ObservedUsage()
    for member in ObservedUsage.__struct_fields__:
        wanted = getattr(expected, member) if expected else None
        seen = getattr(counts, member)
        if wanted is UNSET or seen == wanted or f"usage.{member}" in terms.blind:
            continue
        if terms.partial and seen is None:
            continue
        yield Difference(f"/usage/{member}", wanted, seen)
