"""Rendering: message, plan and dialect to frames."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import takewhile
from typing import TYPE_CHECKING, Any

from chunkproof_conformance.synth import plan as plans
from chunkproof_conformance.synth.dialect import CannotSay
from chunkproof_conformance.synth.framing import DONE, Frame
from chunkproof_conformance.synth.message import Aside, Call, Refusal, Text, features
from chunkproof_conformance.synth.template import ABSENT, S, Slot, fill, slots_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from chunkproof_conformance.synth.dialect import Dialect
    from chunkproof_conformance.synth.message import Choice, Message, Segment
    from chunkproof_conformance.synth.plan import Plan, Step
    from chunkproof_conformance.synth.template import Moment


def render(dialect: Dialect, message: Message, steps: Plan | None = None) -> list[Frame]:
    """The frames of the stream. Raises: CannotSay; ValueError where steps are no plan of it.

    Where a vendor says the role, every choice has one: a beginning that the dialect has no
    template for is refused.
    """
    for missing in sorted(features(message) - dialect.says):
        raise CannotSay(dialect.name, missing)
    ends = {choice.finish for choice in message.choices[:1]}
    if message.failure and (ends == {"error"}) != dialect.error_finishes:
        raise CannotSay(dialect.name, "an error that does not finish its choice, or one that does")
    unfinished = all(choice.finish is None for choice in message.choices)
    if message.usage and unfinished and not dialect.usage - {"finish"}:
        raise CannotSay(dialect.name, "usage without a finish reason")
    steps = plans.plan(message) if steps is None else steps
    if wrong := plans.problems(steps, message):
        raise ValueError("; ".join(wrong))
    frames = list(_Rendering(dialect, message, steps).frames())
    if dialect.says_role and (silent := _without_role(frames)):
        raise CannotSay(dialect.name, f"a choice that begins as choice {min(silent)} does")
    return frames


def _without_role(frames: list[Frame]) -> set[int]:
    """The choices whose role stands in no chunk."""
    said = {
        (choice["index"], bool(choice.get("delta", {}).get("role")))
        for chunk in chunks_of(frames)
        for choice in chunk.get("choices", [])
        if "delta" in choice
    }
    return {index for index, _ in said if (index, True) not in said}


def chunks_of(frames: list[Frame]) -> list[dict[str, Any]]:
    """The payloads that are JSON objects."""
    return [frame.data for frame in frames if isinstance(frame.data, dict)]


@dataclass
class _Spoken:
    """What was said of one choice so far."""

    steps: int = 0
    text: str = ""
    texts: int = 0
    refusals: int = 0
    calls: dict[int, int] = field(default_factory=dict)
    """Number of each call, by its segment."""
    done: set[int] = field(default_factory=set)
    """Segments that are wholly said."""
    closed: int = 0
    finished: bool = False


class _Rendering:
    """One stream being rendered: counts chunks, fragments and tokens."""

    def __init__(self, dialect: Dialect, message: Message, steps: Plan) -> None:
        self.dialect = dialect
        self.message = message
        self.steps = steps
        self.spoken = [_Spoken() for _ in message.choices]
        self.chunks = 0
        self.fresh = 0

    def frames(self) -> Iterator[Frame]:
        dialect, message = self.dialect, self.message
        yield from (Frame(comments=(comment,)) for comment in dialect.keepalive)
        yield from (Frame(self.fill(template, "open", {})) for template in dialect.prologue)
        for count, step in enumerate(self.steps, 1):
            yield from map(Frame, self.step(step))
            if dialect.idle_every and count % dialect.idle_every == 0:
                yield Frame(self.chunk("idle", step.choice, {}))
        for number, choice in enumerate(message.choices):
            yield from map(Frame, self.end_of_choice(number, choice))
        if message.failure is not None:
            yield Frame(self.failure(), event=dialect.error_event)
        if message.usage and "own" in dialect.usage:
            yield Frame(self.usage_chunk())
        yield from (
            Frame(self.fill(template, "usage", {Slot.CHOICES: []})) for template in dialect.epilogue
        )
        if message.end == "done":
            yield Frame(DONE)

    def step(self, step: Step) -> Iterator[dict[str, Any]]:
        choice = self.message.choices[step.choice]
        segment = choice.segments[step.segment]
        spoken = self.spoken[step.choice]
        if step.segment in spoken.done:
            return
        if not spoken.steps:
            yield from self.opening(step.choice, choice, segment)
        spoken.closed += step.closes
        if isinstance(segment, Call):
            yield from self.call(step, choice, segment)
        elif isinstance(segment, Aside):
            yield self.chunk("text", step.choice, {}, delta=self.aside(step.choice, segment))
        else:
            yield self.speech(step, choice, segment)
        spoken.steps += 1

    def opening(self, number: int, choice: Choice, segment: Segment | None) -> Iterator[Any]:
        kind = _kind(choice, segment)
        if (template := self.dialect.opening.get(kind)) is not None:
            yield self.chunk("open", number, {}, delta=template)
            self.spoken[number].steps += 1
            for _ in range(self.dialect.idle_first):
                yield self.chunk("idle", number, {})

    def aside(self, number: int, segment: Aside) -> dict[str, Any]:
        """The role stands where the dialect has it in every delta."""
        first = {} if self.spoken[number].steps else {"role": self.message.choices[number].role}
        return {**first, **segment.delta}

    def speech(self, step: Step, choice: Choice, segment: Segment) -> dict[str, Any]:
        spoken = self.spoken[step.choice]
        values: dict[Slot, Any] = {Slot.TEXT: step.fragment}
        if isinstance(segment, Text):
            spoken.text += step.fragment
            if spoken.texts < len(choice.logprobs):
                entry = choice.logprobs[spoken.texts]
                values[Slot.LOGPROBS] = {"content": [entry], "refusal": None}
            spoken.texts += 1
        elif isinstance(segment, Refusal):
            if spoken.refusals < len(choice.refusal_logprobs):
                entry = choice.refusal_logprobs[spoken.refusals]
                values[Slot.LOGPROBS] = {"content": None, "refusal": [entry]}
            spoken.refusals += 1
        moment: Moment = segment.feature  # type: ignore[assignment]  # text, reasoning, refusal
        return self.chunk(moment, step.choice, values)

    def call(self, step: Step, choice: Choice, segment: Call) -> Iterator[dict[str, Any]]:
        if segment.legacy:
            yield from self.fragments(step, segment, "function", "function arguments")
        elif self.dialect.calls == "fragments":
            yield from self.fragments(step, segment, self.first_call(step), "arguments")
        else:
            yield self.whole(step, choice)

    def first_call(self, step: Step) -> Moment:
        first = not self.spoken[step.choice].steps and "first call" in self.dialect.delta
        return "first call" if first else "call"

    def fragments(
        self, step: Step, segment: Call, opening: Moment, more: Moment
    ) -> Iterator[dict[str, Any]]:
        fragment = step.fragment
        if step.opens:
            carried, fragment = (fragment, "") if self.dialect.first_fragment else ("", fragment)
            closes = step.closes and not fragment
            yield self.call_chunk(opening, step, segment, carried, closes=closes)
            self.spoken[step.choice].steps += 1
        if fragment or not step.opens or (step.closes and self.says_late()):
            yield self.call_chunk(more, step, segment, fragment, closes=step.closes)

    def says_late(self) -> bool:
        """Whether name or id come only after the opening: then a call needs a second entry."""
        opening = slots_in(self.dialect.entry.get("call"))
        more = slots_in(self.dialect.entry.get("arguments"))
        return bool((more - opening) & {S.NAME, S.CALL_ID})

    def call_chunk(
        self, moment: Moment, step: Step, segment: Call, fragment: str, *, closes: bool
    ) -> dict[str, Any]:
        values = self.call_values(step.choice, step.segment, segment, fragment)
        entry: Moment = "call" if moment == "first call" else moment
        if segment.custom:
            entry = "custom call" if entry == "call" else "custom input"
        if not segment.legacy:
            values[Slot.CALLS] = [fill(self.dialect.entry[entry], moment, values)]
        return self.chunk(moment, step.choice, values, closes=closes)

    def whole(self, step: Step, choice: Choice) -> dict[str, Any]:
        """One call, or the neighbouring ones too, in one delta."""
        spoken = self.spoken[step.choice]
        run = list(takewhile(lambda part: isinstance(part, Call), choice.segments[step.segment :]))
        count = len(run) if self.dialect.calls == "together" else 1
        entries, values = [], {}
        for at in range(step.segment, step.segment + count):
            segment = choice.segments[at]
            if not isinstance(segment, Call):
                raise TypeError("not a call")
            values = self.call_values(step.choice, at, segment, segment.arguments)
            entries.append(fill(self.dialect.entry["whole"], "whole", values))
            spoken.done.add(at)
        spoken.closed += count - step.closes
        return self.chunk("whole", step.choice, {**values, Slot.CALLS: entries})

    def call_values(
        self, number: int, position: int, segment: Call, fragment: str
    ) -> dict[Slot, Any]:
        numbers = self.spoken[number].calls
        call = numbers.setdefault(position, len(numbers))
        self.fresh += 1
        values: dict[Slot, Any] = {
            Slot.CALL: call + self.dialect.first_index,
            Slot.FRESH_ID: f"{segment.id}-{self.fresh}",
            Slot.CALL_ID: segment.id,
            Slot.NAME: segment.name,
            Slot.ARGUMENTS: fragment,
        }
        with suppress(ValueError):  # only a dialect that needs the value misses it
            values[Slot.ARGUMENTS_VALUE] = json.loads(segment.arguments)
        return {slot: value for slot, value in values.items() if value is not None}

    def end_of_choice(self, number: int, choice: Choice) -> Iterator[dict[str, Any]]:
        spoken = self.spoken[number]
        if not spoken.steps:
            segment = choice.segments[0] if choice.segments else None
            yield from self.opening(number, choice, segment)
        if choice.finish == "error" and self.dialect.error_finishes and self.message.failure:
            return
        if choice.finish is not None and not spoken.finished:
            yield self.chunk("finish", number, {}, finishes=True)

    def chunk(
        self,
        moment: Moment,
        number: int,
        values: Mapping[Slot, Any],
        *,
        delta: Any = None,
        closes: bool = True,
        finishes: bool = False,
    ) -> dict[str, Any]:
        """One chunk of one choice. closes: whether its segment may end here."""
        dialect, choice, spoken = self.dialect, self.message.choices[number], self.spoken[number]
        is_last = closes and spoken.closed == len(choice.segments)
        rides = moment in dialect.finish_rides and is_last and choice.finish is not None
        spoken.finished |= finishes or rides
        held: dict[Slot, Any] = {
            Slot.PADDING: self.padding(self.chunks + 1),
            Slot.CHOICE: choice.index,
            Slot.ROLE: choice.role,
            Slot.SO_FAR: spoken.text,
            **values,
        }
        if not spoken.steps:
            held[Slot.ROLE_ONCE] = choice.role
        early = moment in dialect.finish_early
        if (finishes or rides or early) and choice.finish is not None:
            held |= {Slot.FINISH: choice.finish, Slot.STOP: None}
        held |= self.usage_of(finishes=finishes or rides)
        held[Slot.DELTA] = fill(dialect.delta[moment] if delta is None else delta, moment, held)
        held[Slot.CHOICES] = [fill(dialect.choice, moment, held)]
        chunk: dict[str, Any] = self.fill(dialect.chunk, moment, held)
        return chunk

    def usage_of(self, *, finishes: bool) -> dict[Slot, Any]:
        """The usage slot, where the dialect has usage in this chunk; growing up to the last."""
        usage = self.message.usage
        if usage is None:
            return {}
        at_end = all(
            spoken.finished or choice.finish is None
            for spoken, choice in zip(self.spoken, self.message.choices, strict=True)
        )
        if finishes and at_end and "finish" in self.dialect.usage:
            return {Slot.USAGE: self.usage_object(None)}
        if "every" in self.dialect.usage:
            return {Slot.USAGE: self.usage_object(None if at_end else self.chunks + 1)}
        return {}

    def usage_object(self, said: int | None) -> dict[str, Any]:
        """The counts; before the end only `said` tokens are complete, at most all."""
        usage = self.message.usage
        if usage is None:
            raise ValueError("no usage")
        completion, total = usage.completion_tokens, usage.total_tokens
        if said is not None and not self.dialect.usage_grows:
            completion = total = None
        elif said is not None and completion is not None:
            less = completion - min(said, completion)
            completion, total = completion - less, None if total is None else total - less
        counts = {
            Slot.PROMPT: usage.prompt_tokens,
            Slot.COMPLETION: completion,
            Slot.TOTAL: total,
        }
        values = {slot: count for slot, count in counts.items() if count is not None}
        filled: dict[str, Any] = fill(self.dialect.usage_object, "usage", values)
        return filled

    def usage_chunk(self) -> dict[str, Any]:
        """The chunk of usage alone, with or without a choice."""
        values: dict[Slot, Any] = {Slot.USAGE: self.usage_object(None), Slot.CHOICES: []}
        if "usage" in self.dialect.delta and self.message.choices:
            last = self.message.choices[-1]
            inside: dict[Slot, Any] = {Slot.CHOICE: last.index, Slot.ROLE: last.role}
            if self.dialect.finish_again and last.finish is not None:
                inside[Slot.FINISH] = last.finish
            inside[Slot.DELTA] = fill(self.dialect.delta["usage"], "usage", inside)
            values[Slot.CHOICES] = [fill(self.dialect.choice, "usage", inside)]
        chunk: dict[str, Any] = self.fill(self.dialect.chunk, "usage", values)
        return chunk

    def failure(self) -> Any:
        failure = self.message.failure
        if failure is None:
            raise ValueError("no failure")
        values: dict[Slot, Any] = {Slot.MESSAGE: failure.message}
        values |= {Slot.ERROR_TYPE: failure.type, Slot.ERROR_CODE: failure.code}
        return self.fill(self.dialect.error, "finish", values)

    @staticmethod
    def padding(number: int) -> str:
        """Letters for the n-th chunk: 0 to 11, as vendors send them."""
        return "abcdefghijkl"[: number * 7 % 12]

    def fill(self, template: Any, moment: Moment, values: Mapping[Slot, Any]) -> Any:
        """A whole chunk."""
        identity, step = self.dialect.identity, self.dialect.created_every
        created = identity["created"] + (self.chunks // step if step else 0)
        self.chunks += 1
        filled = fill(
            template,
            moment,
            {
                Slot.ID: identity["id"],
                Slot.MODEL: identity["model"],
                Slot.CREATED: created,
                Slot.PADDING: self.padding(self.chunks),
                **values,
            },
        )
        return None if filled is ABSENT else filled


def _kind(choice: Choice, segment: Segment | None) -> str:
    """What a choice begins with, as the keys of `Dialect.opening` name it."""
    if segment is None:
        return "end"
    if isinstance(segment, Call):
        if segment.legacy:
            return "function"
        calls = sum(isinstance(part, Call) for part in choice.segments)
        return "calls" if calls > 1 else "call"
    return "aside" if isinstance(segment, Aside) else segment.feature
