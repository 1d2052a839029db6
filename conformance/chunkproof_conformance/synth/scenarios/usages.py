"""Usage: twice, in every chunk, before other chunks, in a choice, empty and zero."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from chunkproof_conformance.synth import edits
from chunkproof_conformance.synth.dialects.catalogue import DIALECTS
from chunkproof_conformance.synth.message import Choice, Message, Text, Usage
from chunkproof_conformance.synth.plan import cut, plan
from chunkproof_conformance.synth.render import render
from chunkproof_conformance.synth.scenario import Scenario, scenario

if TYPE_CHECKING:
    from chunkproof_conformance.cases.key import Strength
    from chunkproof_conformance.synth.framing import Frame

_COUNTS: Final = Usage(21, 5, 26)
_ZEROS: Final = {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}


def _said(text: str) -> Message:
    return Message((Choice((Text(text),)),), _COUNTS)


def _case(
    name: str,
    title: str,
    dialect: str,
    text: str,
    *,
    profiles: str,
    strength: Strength,
    rules: str,
    rows: str,
) -> Scenario:
    message = _said(text)
    return scenario(
        f"usage/{name}",
        title,
        DIALECTS[dialect],
        message,
        profiles=profiles,
        strength=strength,
        rules=f"TXT-1 FIN-1 {rules} END-2",
        rows=rows,
        steps=plan(message, lambda text: cut(text, 8)),
    )


def _with_usage(frame: Frame, usage: Any) -> Frame:
    return replace(frame, data={**frame.data, "usage": usage})


def _empty_and_zero() -> Scenario:
    message = _said("Zeros are not counts.")
    frames = render(DIALECTS["minimax"], message, plan(message, lambda text: cut(text, 8)))
    chunks, own, done = frames[:-2], frames[-2], frames[-1]
    placeholders: list[Any] = [{}, _ZEROS]
    marked = [_with_usage(frame, placeholders[at % 2]) for at, frame in enumerate(chunks)]
    after = [_with_usage(own, usage) for usage in ({}, _ZEROS, None)]
    return scenario(
        "usage/minimax-empty-and-zero",
        "Empty and all-zero usage before and after the real one: they never replace it",
        DIALECTS["minimax"],
        message,
        profiles="lenient",
        strength="should",
        rules="TXT-1 FIN-1 USE-1 USE-2 END-2",
        rows="usage-empty-object usage-zero-placeholders usage-then-chunk-without",
        frames=[*marked, own, *after, done],
        note="usage `{}` or zeros in every chunk, and in chunks of their own after the real one",
    )


def _at_first() -> Scenario:
    """As some proxies do: an estimate in the first chunk, the counts in the last."""
    message = _said("Guessed, then counted.")
    frames = render(DIALECTS["generic"], message, plan(message, lambda text: cut(text, 8)))
    guess = {"prompt_tokens": 20, "completion_tokens": 1, "total_tokens": 21}
    return scenario(
        "usage/proxy-guess-first",
        "Usage in the first chunk and other counts in the last: the last counts",
        DIALECTS["generic"],
        message,
        profiles="lenient",
        strength="should",
        rules="TXT-1 FIN-1 USE-1 USE-3 END-2",
        rows="usage-cumulative-each-chunk usage-final-empty-choices",
        frames=[_with_usage(frames[0], guess), *frames[1:]],
        note="other usage in the first chunk",
    )


def _ranked() -> Scenario:
    """All three places with different counts, the one of the highest rank first on the wire."""
    message = _said("Whose count is it?")
    frames = render(DIALECTS["generic"], message, plan(message, lambda text: cut(text, 8)))
    low = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
    finishing = edits.chunk(
        edits.choice(frames[-3], usage=low), x_groq={"id": "req_1", "usage": low}
    )
    late = edits.chunk(frames[-2], "usage", x_groq={"usage": {**low, "prompt_tokens": 3}})
    return scenario(
        "usage/proxy-three-places",
        "Usage in the chunk, in `x_groq` and in a choice, all different: the chunk's counts",
        DIALECTS["generic"],
        message,
        profiles="lenient",
        strength="should",
        rules="TXT-1 FIN-1 USE-1 USE-3 ENV-7 END-2",
        rows="usage-x-groq usage-in-choice",
        frames=[*frames[:-3], finishing, *frames[-2:-1], late, frames[-1]],
        note="other usage in the finishing choice, and in `x_groq` beside it and at the end",
    )


def _zeros_alone() -> Scenario:
    message = Message((Choice((Text("Zero is a count."),)),), Usage(0, 0, 0))
    return scenario(
        "usage/generic-zeros-alone",
        "Usage of zeros and no other: these are the counts",
        DIALECTS["generic"],
        message,
        profiles="lenient",
        strength="info",
        rules="TXT-1 FIN-1 USE-1 USE-2 END-2",
        rows="usage-zero-placeholders usage-final-empty-choices",
        steps=plan(message, lambda text: cut(text, 8)),
    )


SCENARIOS: Final = (
    _case(
        "groq-twice",
        "Usage in `x_groq`, beside it, and again in a last chunk: counted once",
        "groq",
        "Counted once, sent thrice.",
        profiles="lenient",
        strength="must",
        rules="USE-1 USE-3 ENV-7",
        rows="usage-repeated-identical usage-in-finish-chunk usage-final-empty-choices"
        " extra-fields",
    ),
    _case(
        "groq-inside-x-groq",
        "Usage in `x_groq` alone",
        "groq-usage-inside",
        "It is in there.",
        profiles="lenient",
        strength="should",
        rules="USE-1 ENV-7",
        rows="usage-x-groq extra-fields",
    ),
    _case(
        "vllm-cumulative",
        "Usage in every chunk, counting up: the last one counts, nothing is summed",
        "vllm-cumulative-usage",
        "One, two, three, four, five.",
        profiles="core",
        strength="must",
        rules="USE-1 USE-3",
        rows="usage-cumulative-each-chunk usage-final-empty-choices",
    ),
    _case(
        "openai-then-moderation",
        "A chunk of moderation with a usage of null after the one of usage: usage stays",
        "openai-moderation",
        "Nothing to moderate here.",
        profiles="core",
        strength="must",
        rules="USE-1 ENV-7 ENV-8",
        rows="moderation-chunk-after-usage usage-then-chunk-without choices-empty-usage",
    ),
    _case(
        "moonshot-in-choice",
        "Usage inside the choice that carries the finish reason",
        "kimi",
        "Look inside the choice.",
        profiles="lenient",
        strength="should",
        rules="USE-1",
        rows="usage-in-choice",
    ),
    _empty_and_zero(),
    _at_first(),
    _ranked(),
    _zeros_alone(),
)
