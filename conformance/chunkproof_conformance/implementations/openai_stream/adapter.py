"""`client.chat.completions.stream()`: its events, and the completion it has accumulated.

`get_final_completion()` raises on purpose where the finish reason is `length` or
`content_filter`, and says so: documented, and nothing false. The completion is then the one in
`current_completion_snapshot`, and the exception is not counted. After any other exception the
snapshot is reported too, as what the user still has.

The delta events carry no choice, and there is none for a legacy `function_call`: for several
choices, and where such a call came, the level sequence is not represented. They carry no id
either: the final one of that index is taken from the completion. Nothing of the helper says "run
this call", so no call is reported as executable.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import openai

from chunkproof import events as ev
from chunkproof_conformance.implementations.openai_client import (
    HOMEPAGE,
    PROFILES,
    OpenAIClient,
    all_finished,
    annotations_of,
    audio_of,
    error_of,
    index_of,
    library_version,
    logprobs_of,
    text_of,
    usage_of,
)
from chunkproof_conformance.judge.observation import (
    Implementation,
    Observation,
    ObservedCall,
    ObservedChoice,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from chunkproof_conformance.connect.adapter import Stream
    from chunkproof_conformance.judge.observation import ObservedError


class StreamAdapter:
    """Reads the helper's events to the end, then asks for the final completion."""

    def __init__(self) -> None:
        self._client = OpenAIClient()

    def start(self) -> Implementation:
        return Implementation(
            name="openai-stream",
            version=library_version(),
            homepage=HOMEPAGE,
            levels=("final", "sequence"),
            profiles=PROFILES,
            not_represented=frozenset({"reasoning"}),
            note="chat.completions.stream() and its final completion",
        )

    def run(self, stream: Stream) -> Observation:
        with warnings.catch_warnings():
            # pydantic's remarks about odd chunks: not what is judged, and no news to our user.
            warnings.simplefilter("ignore")
            return self._read(self._client.load(stream))

    def _read(self, request: dict[str, Any]) -> Observation:
        seen: list[Any] = []
        completion: Any = None
        error: ObservedError | None = None
        try:
            with self._client.client.chat.completions.stream(**request) as helper:
                try:
                    seen.extend(helper)
                    completion = final_completion(helper)
                except Exception as raised:  # noqa: BLE001 -- whatever the user would see
                    error = error_of(raised)
                    completion = maybe_snapshot(helper)
        except Exception as raised:  # noqa: BLE001 -- before the first event: a status, say
            error = error_of(raised)
        return observation_of(completion, seen, error)

    def stop(self) -> None:
        self._client.close()


def final_completion(helper: Any) -> Any:
    """The completion as its user gets it, also where a finish reason is told by an exception."""
    try:
        return helper.get_final_completion()
    except (openai.LengthFinishReasonError, openai.ContentFilterFinishReasonError):
        return helper.current_completion_snapshot


def maybe_snapshot(helper: Any) -> Any:
    """What the helper has accumulated; None before the first chunk, where it asserts."""
    try:
        return helper.current_completion_snapshot
    except AssertionError:
        return None


def observation_of(completion: Any, seen: list[Any], error: ObservedError | None) -> Observation:
    """The completion, or as much of it as there is, in the harness's words."""
    entries = list(completion.choices or ()) if completion is not None else []
    choices = tuple(_choice(index_of(entry, at), entry) for at, entry in enumerate(entries))
    has_legacy = any(entry.message and entry.message.function_call for entry in entries)
    unordered = len(choices) > 1 or has_legacy
    return Observation(
        outcome="failed" if error else "complete" if all_finished(choices) else "incomplete",
        choices=choices,
        usage=usage_of(completion.usage) if completion is not None else None,
        error=error,
        events=None if unordered else tuple(_events(seen, choices)),
        not_represented=frozenset({"sequence"}) if unordered else frozenset(),
    )


def _choice(index: int, entry: Any) -> ObservedChoice:
    message = entry.message
    if message is None:  # the client does not check what a server sends as a delta
        return ObservedChoice(index, finish_reason=text_of(entry.finish_reason))
    calls = [_call(call) for call in message.tool_calls or ()]
    legacy = message.function_call
    if legacy is not None and not calls:  # a user reads one or the other
        name, arguments = text_of(legacy.name), text_of(legacy.arguments)
        calls.append(ObservedCall(None, "function", name, arguments))
    return ObservedChoice(
        index,
        text_of(message.role),
        text_of(message.content),
        None,
        text_of(message.refusal),
        tuple(calls),
        text_of(entry.finish_reason),
        logprobs_of(entry.logprobs),
        audio_of(message.audio),
        annotations_of(message.annotations),
    )


def _call(call: Any) -> ObservedCall:
    function = getattr(call, "function", None)
    name = text_of(getattr(function, "name", None))
    arguments = text_of(getattr(function, "arguments", None))
    id_, kind = text_of(getattr(call, "id", None)), text_of(getattr(call, "type", None))
    return ObservedCall(id_, kind, name, arguments)


def _events(seen: Iterable[Any], choices: tuple[ObservedChoice, ...]) -> Iterable[ev.AnyEvent]:
    index = choices[0].index if choices else 0
    calls = choices[0].tool_calls if choices else tuple[ObservedCall, ...]()
    opened: set[int] = set()
    for event in seen:
        match event.type:
            case "content.delta" if event.delta:
                yield ev.Text(index, text_of(event.delta) or "")
            case "refusal.delta" if event.delta:
                yield ev.Refusal(index, text_of(event.delta) or "")
            case "tool_calls.function.arguments.delta":
                number = event.index
                if number not in opened:
                    opened.add(number)
                    final = calls[number] if number < len(calls) else ObservedCall()
                    kind = final.type or ""
                    yield ev.ToolCall(index, number, number, final.id, final.name, kind)
                if event.arguments_delta:
                    yield ev.ToolArguments(index, number, text_of(event.arguments_delta) or "")
            case _:
                pass
