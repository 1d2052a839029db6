"""The reference parser. It states its outcome and its events, so nothing is let pass for it."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING, Final

from chunkproof import StreamParser
from chunkproof_conformance.judge.observation import (
    Implementation,
    Observation,
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
            levels=("final", "sequence", "exact"),
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
                "lenient",
            ),
            note="StreamParser, bytes in, events and result out",
        )

    def run(self, stream: Stream) -> Observation:
        parser = StreamParser()
        events: list[AnyEvent] = []
        after: list[int] = []
        for number, piece in enumerate(stream.pieces, 1):
            if new := parser.feed(piece):
                events += new
                after += [number] * len(new)
        broken = BROKEN.get(stream.end)
        events += parser.close(ConnectionError(broken) if broken else None)
        after += [len(stream.pieces)] * (len(events) - len(after))
        return observation_of(parser.result(), events, after)

    def stop(self) -> None:
        pass


def observation_of(result: Result, events: list[AnyEvent], after: list[int]) -> Observation:
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
            )
            for choice in result.choices
        ),
        usage=usage
        and ObservedUsage(usage.prompt_tokens, usage.completion_tokens, usage.total_tokens),
        error=result.error and ObservedError(result.error.message, result.error.type),
        events=tuple(events),
        after=tuple(after),
    )
