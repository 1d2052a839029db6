"""Mutants of finish reasons, usage and log probabilities."""

from __future__ import annotations

from typing import Any, Final

from chunkproof.ending import FinishStep
from chunkproof.result import UsageInfo
from chunkproof_conformance.laws.mutants.choices import APPLY, READ, on_chunk, on_reader
from chunkproof_conformance.laws.mutants.mutant import mutant, replaced


def _usage_alone(_: Any, chunk: Any) -> None:
    if chunk.choices:
        chunk.usage = None


def _usage_beside(_: Any, chunk: Any) -> None:
    if not chunk.choices:
        chunk.usage = None


def _no_groq(_: Any, chunk: Any) -> None:
    chunk.groq_usage = None


def _no_choice_usage(_: Any, chunk: Any) -> None:
    for choice in chunk.choices:
        choice.usage = None


def _usage_cleared(self: Any, chunk: Any) -> None:
    if chunk.usage is None:
        self._usage.info = None


def _payload_lost(_: Any, chunk: Any) -> None:
    for choice in chunk.choices:
        if choice.finish_reason:
            choice.segments, choice.entries = [], []


def _blank_finish(choice: Any, value: dict[str, Any]) -> None:
    if value.get("finish_reason") == "":
        choice.finish_reason = "unknown"


def _length_fails(_: Any, value: dict[str, Any]) -> None:
    if value.get("finish_reason") == "length":
        raise ValueError("the answer was cut off at its length")


def _finish_joined(known: str, reason: str) -> FinishStep:
    return FinishStep(known + reason, is_new=bool(reason))


def _finish_last(known: str, reason: str) -> FinishStep:
    return FinishStep(reason or known, is_new=bool(reason) and reason != known)


def _ends_at_finish(finish: Any) -> Any:
    """The first finish reason ends the stream, though another choice still speaks."""

    def mutated(self: Any, reason: str) -> None:
        finish(self, reason)
        if reason:
            self._journal.is_over = True

    return mutated


def _over(apply: Any) -> Any:
    def mutated(self: Any, delta: Any) -> None:
        if not getattr(self._journal, "is_over", False):
            apply(self, delta)

    return mutated


def _summed(take: Any) -> Any:
    def mutated(self: Any, rank: Any, usage: dict[str, Any]) -> bool:
        before = self.info
        take(self, rank, usage)
        if before is not None and self.info is not None:
            sums = [(a or 0) + (b or 0) for a, b in zip(before[:3], self.info[:3], strict=True)]
            self.info = UsageInfo(sums[0], sums[1], sums[2], self.info[3])
        return True

    return mutated


def _usage_first(take: Any) -> Any:
    return lambda self, rank, usage: self.info is None and take(self, rank, usage)


def _usage_zero(take: Any) -> Any:
    def mutated(self: Any, rank: Any, usage: dict[str, Any]) -> bool:
        self.info = None
        return bool(take(self, rank, usage))

    return mutated


def _logprobs_last(add: Any) -> Any:
    def mutated(self: Any, content: list[Any], refusal: list[Any]) -> None:
        self._logprobs = None
        add(self, content, refusal)

    return mutated


def _logprobs_aliased(add: Any) -> Any:
    def mutated(self: Any, content: list[Any], refusal: list[Any]) -> None:
        is_first = self._logprobs is None
        add(self, content, refusal)
        if is_first:
            self._logprobs = {"content": content, "refusal": refusal}

    return mutated


ENDS: Final = (
    mutant("ends-at-finish", "stops reading at the first finish reason",
           "ai-dial#140, sglang#8417", ("choice:ChoiceState.finish", _ends_at_finish),
           ("choice:ChoiceState.apply", _over)),
    mutant("length-fails", "raises where an answer was cut off at its length",
           "openai-python .stream() (measured)", (READ, on_reader(_length_fails))),
    mutant("payload-with-finish", "drops what a chunk with a finish reason says",
           "litellm#31634", (APPLY, on_chunk(_payload_lost))),
    mutant("finish-joined", "joins finish reasons",
           "langchain, both (measured: stopstop)",
           ("choice:next_finish", replaced(_finish_joined))),
    mutant("finish-last", "lets a later finish reason replace the first",
           "Together, OpenRouter", ("choice:next_finish", replaced(_finish_last))),
    mutant("finish-blank", "takes an empty finish reason for one",
           "autogen-ext (measured: unknown for good)", (READ, on_reader(_blank_finish))),
    mutant("usage-summed", "adds usage up",
           "langchain, smolagents, pydantic-ai (measured)", ("usage:UsageState.take", _summed)),
    mutant("usage-first", "keeps the first usage",
           "clients that stop looking", ("usage:UsageState.take", _usage_first)),
    mutant("usage-zero", "lets zeros replace counts",
           "LocalAI, MiniMax", ("usage:UsageState.take", _usage_zero)),
    mutant("usage-cleared", "forgets usage at a chunk without it",
           "openai 3.54 .stream() (measured)", (APPLY, on_chunk(_usage_cleared))),
    mutant("usage-alone", "looks for usage in chunks without choices",
           "haystack#8942", (APPLY, on_chunk(_usage_alone))),
    mutant("usage-beside", "looks for usage in chunks with choices",
           "autogen-ext (measured)", (APPLY, on_chunk(_usage_beside))),
    mutant("usage-groq", "does not know usage in x_groq",
           "vercel/ai#1651", (APPLY, on_chunk(_no_groq))),
    mutant("usage-choice", "does not know usage in a choice",
           "Moonshot: pi#2016", (APPLY, on_chunk(_no_choice_usage))),
    mutant("logprobs-last", "keeps the last log probabilities",
           "Floway#481, autogen#7967", ("choice:ChoiceState._add_logprobs", _logprobs_last)),
    mutant("logprobs-aliased", "goes on filling a list that it handed out",
           "openai-node#2444, openai-ruby#564",
           ("choice:ChoiceState._add_logprobs", _logprobs_aliased)),
)  # fmt: skip
