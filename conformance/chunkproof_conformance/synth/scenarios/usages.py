"""Usage: twice, in every chunk, before other chunks, in a choice, empty and zero."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

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
)
