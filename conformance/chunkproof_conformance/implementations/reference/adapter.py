"""The reference parser. It states its outcome and its events, so nothing is let pass for it."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING, Final

import msgspec

from chunkproof import StreamParser
from chunkproof_conformance.judge.observation import (
    Implementation,
    Observation,
    ObservedAudio,
    ObservedCall,
    ObservedChoice,
    ObservedError,
    ObservedLogprobs,
    ObservedUsage,
)

if TYPE_CHECKING:
    from chunkproof.events import AnyEvent
    from chunkproof.result import Result
    from chunkproof_conformance.connect.adapter import Stream

BROKEN: Final = {
    "reset": "the connection was reset",
    "short-length": "the connection closed before the promised length",
}
"""What a transport error says."""


class ReferenceAdapter:
    """Feeds the pieces, keeps every event and the piece it came out after."""

    def start(self) -> Implementation:
        return Implementation(
            name="reference",
            version=f"chunkproof {version('chunkproof')}",
            levels=("final", "sequence", "exact", "timely", "messages"),
            profiles=(
                "core",
                "tools",
                "parallel-tools",
                "reasoning",
                "refusal",
                "choices",
                "logprobs",
                "audio",
                "annotations",
                "legacy-functions",
                "inner-thoughts",
                "lenient",
            ),
            note="StreamParser, bytes in, events and result out",
            step=True,
        )

    def run(self, stream: Stream) -> Observation:
        if stream.options:  # only the level messages has some
            from chunkproof_conformance.implementations.reference.messages import (  # noqa: PLC0415 -- brings the official client
                read_messages,
            )

            return Observation(outcome="complete", messages=read_messages(stream))
        reader = self.open(stream)
        events: list[AnyEvent] = []
        after: list[int] = []
        for number, piece in enumerate(stream.pieces, 1):
            if new := reader.feed(piece):
                events += new
                after += [number] * len(new)
        observation = reader.close()
        events += observation.events or ()
        after += [len(stream.pieces) + 1] * (len(events) - len(after))
        return msgspec.structs.replace(observation, events=tuple(events), after=tuple(after))

    def open(self, stream: Stream) -> ReferenceReader:
        return ReferenceReader(stream)

    def stop(self) -> None:
        pass


class ReferenceReader:
    """One stream: what every piece brings, and what the end does."""

    def __init__(self, stream: Stream) -> None:
        self._parser = StreamParser()
        self._broken = BROKEN.get(stream.end)

    def feed(self, piece: bytes) -> list[AnyEvent]:
        return self._parser.feed(piece)

    def close(self) -> Observation:
        events = self._parser.close(ConnectionError(self._broken) if self._broken else None)
        return observation_of(self._parser.result(), events)


def observation_of(result: Result, events: list[AnyEvent]) -> Observation:
    """The reference's own result, said in the harness's words."""
    usage = result.usage
    return Observation(
        outcome=result.outcome,
        outcome_stated=True,
        choices=tuple(
            ObservedChoice(
                choice.index,
                choice.role,
                choice.text,
                choice.reasoning,
                choice.refusal,
                tuple(
                    ObservedCall(call.id, call.type, call.name, call.arguments, call.executable)
                    for call in choice.tool_calls
                ),
                choice.finish_reason,
                ObservedLogprobs(**choice.logprobs) if choice.logprobs else None,
                ObservedAudio(**choice.audio) if choice.audio else None,
                tuple(choice.annotations),
            )
            for choice in result.choices
        ),
        usage=usage
        and ObservedUsage(usage.prompt_tokens, usage.completion_tokens, usage.total_tokens),
        error=result.error and ObservedError(result.error.message, result.error.type),
        events=tuple(events),
    )
