"""Mutants of the agent interface: most are what the class it replaces was seen to do.

No part of the mutation score, which is about parsers of the wire; a test shows which law of
`laws.agent` notices which.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final

import msgspec

from chunkproof.events import Reasoning, Refusal, Text
from chunkproof.interface.messages import StopReasonType
from chunkproof.interface.thoughts import Said, Saying
from chunkproof.partial_json import MemberFilter
from chunkproof_conformance.laws.mutants.mutant import mutant, replaced

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chunkproof.events import AnyEvent
    from chunkproof_conformance.laws.mutants.mutant import Mutant, Wrap

TAKE: Final = "interface.segments:Composer.take"
BEGIN: Final = "interface.segments:Composer._begin"
FEED: Final = "interface.thoughts:CallReader.feed"
_SLOW: Final = ("interface.thoughts:CallReader.feed_plain", replaced(lambda *_: None))
"""The fast path of fragments inside one string, off: a mutation is met every time."""


def _without(kind: type[AnyEvent]) -> Wrap:
    """The interface hears nothing of events of this kind."""

    def wrap(original: Any) -> Any:
        def take(self: Any, event: AnyEvent) -> Any:
            return [] if isinstance(event, kind) else original(self, event)

        return take

    return wrap


def _trimmed(original: Any) -> Any:
    def take(self: Any, event: AnyEvent) -> Any:
        if isinstance(event, Text | Reasoning):
            event = msgspec.structs.replace(event, text=event.text.strip() or event.text)
        return original(self, event)

    return take


def _every_choice(original: Any) -> Any:
    def take(self: Any, event: AnyEvent) -> Any:
        if getattr(event, "choice", 0):
            event = msgspec.structs.replace(event, choice=0)
        try:
            return original(self, event)
        except KeyError:
            return []

    return take


def _new_segment(original: Any) -> Any:
    def begin(self: Any, kind: Any, call: Any) -> None:
        self._kind = None
        original(self, kind, call)

    return begin


def _one_segment(original: Any) -> Any:
    def begin(self: Any, kind: Any, call: Any) -> None:
        if self._segment < 0:
            original(self, kind, call)

    return begin


def _skipping(original: Any) -> Any:
    def begin(self: Any, kind: Any, call: Any) -> None:
        before = self._segment
        original(self, kind, call)
        if self._segment != before and self._segment:
            self._segment += 1
            self._kind = None
            original(self, kind, call)

    return begin


def _fragments_apart(original: Any) -> Any:
    def feed(self: Any, fragment: str) -> Any:
        if self._filter is not None:
            self._filter = MemberFilter("thinking", strict=False)
        return original(self, fragment)

    return feed


def _quote_stripped(original: Any) -> Any:
    def feed(self: Any, fragment: str) -> Any:
        return [Said(said.saying, said.text.rstrip('"')) for said in original(self, fragment)]

    return feed


def _said_again(original: Any) -> Any:
    def feed(self: Any, fragment: str) -> Any:
        said = original(self, fragment)
        return [*said, *(one for one in said if one.saying is Saying.ARGUMENTS)]

    return feed


def _first_call(original: Any) -> Any:
    def identified(self: Any, event: Any) -> Any:
        if self._readers:
            self._calls[event.call] = self._readers[0]
        return original(self, event)

    return identified


def _stop_lost(original: Any) -> Any:
    async def messages(self: Any, *arguments: Any) -> Any:
        async for message in original(self, *arguments):
            if getattr(message, "message_type", "") != "stop_reason":
                yield message

    return messages


def _cancelled_is_error(original: Any) -> Any:
    members = dict(original.__members__)
    return SimpleNamespace(**{**members, "cancelled": StopReasonType.error})


def _cancellation_lost(original: Any) -> Any:
    async def messages(self: Any, *arguments: Any) -> Any:
        try:
            async for message in original(self, *arguments):
                yield message
        except BaseException as error:
            if isinstance(error, Exception):
                raise

    return messages


def _undocumented(_original: Any) -> Any:
    def problem(self: Any, _: Any) -> Exception | None:
        is_whole = self.result().outcome == "complete"
        return None if is_whole else RuntimeError("the stream is over")

    return problem


_ALL: Final = (
    mutant("segment-each", "gives every message an otid of its own", "streams of UUIDs",
           (BEGIN, _new_segment)),
    mutant("segment-one", "gives all messages one otid", "clients that join by message id",
           (BEGIN, _one_segment)),
    mutant("segment-skipped", "leaves out every other number", "counters per call and type",
           (BEGIN, _skipping)),
    mutant("refusal-dropped", "hands on no refusal", "0.10.0 (Q33)", (TAKE, _without(Refusal))),
    mutant("reasoning-dropped", "hands on no native reasoning", "0.10.0 (Q33)",
           (TAKE, _without(Reasoning))),
    mutant("deltas-trimmed", "trims every delta", "0.10.0 (Q14)", (TAKE, _trimmed)),
    mutant("choices-mixed", "hands on every choice as the first", "0.10.0 (Q32)",
           (TAKE, _every_choice)),
    mutant("fragments-apart", "reads every fragment of arguments for itself", "0.10.0 (Q8, Q20)",
           (FEED, _fragments_apart), _SLOW),
    mutant("quote-stripped", "strips a quote at the end of a piece", "0.10.0 (Q12)",
           (FEED, _quote_stripped), _SLOW),
    mutant("said-again", "hands on arguments twice", "0.10.0 (Q10)",
           (FEED, _said_again), _SLOW),
    mutant("calls-mixed", "reads every call as the first", "0.10.0 (Q21, Q23)",
           ("interface.segments:Composer._identified", _first_call)),
    mutant("tail-lost", "forgets what waits at the end", "0.10.0 (Q2, Q5)",
           ("interface.segments:Composer.flush", replaced(lambda _: []))),
    mutant("ends-well", "raises for no stream that failed or broke off", "0.10.0 (Q39)",
           ("interface.streaming:OpenAIStreamingInterface._maybe_problem",
            replaced(lambda *_: None))),
    mutant("ends-otherwise", "raises what nothing documents", "0.10.0 (Q15 to Q17)",
           ("interface.streaming:OpenAIStreamingInterface._maybe_problem", _undocumented)),
    mutant("stop-lost", "says no stop reason", "clients that wait for one for ever",
           ("interface.streaming:OpenAIStreamingInterface._messages", _stop_lost)),
    mutant("cancelled-is-error", "calls a cancellation an error", "0.10.0",
           ("interface.streaming:StopReasonType", _cancelled_is_error)),
    mutant("cancellation-lost", "swallows the cancellation", "generators that catch all",
           ("interface.streaming:OpenAIStreamingInterface._messages", _cancellation_lost)),
)  # fmt: skip

AGENT_MUTANTS: Final[Mapping[str, Mutant]] = {one.name: one for one in _ALL}
"""By name. The Q numbers are those of the page on the agent interface."""
