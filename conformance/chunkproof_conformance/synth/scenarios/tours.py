"""Ordinary streams of every captured dialect: text, reasoning, one call, two calls.

One dialect of those whose streams show the same hazards is enough. The rows in `tours.json` were
read off the bytes; a test recomputes them.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from chunkproof_conformance.synth.dialects.catalogue import DIALECTS
from chunkproof_conformance.synth.message import (
    Call,
    Choice,
    Message,
    Reasoning,
    Segment,
    Text,
    Usage,
)
from chunkproof_conformance.synth.plan import cut, plan
from chunkproof_conformance.synth.scenario import Scenario, scenario
from chunkproof_conformance.synth.template import S, slots_in

if TYPE_CHECKING:
    from chunkproof_conformance.cases.key import Strength
    from chunkproof_conformance.synth.dialect import Dialect

_WEATHER: Final = Call("call_t1", "get_weather", '{"city": "Oslo", "days": 3}')
_CLOCK: Final = Call("call_t2", "get_time", '{"tz": "Europe/Oslo"}')
_KINDS: Final[dict[str, tuple[str, str, str]]] = {
    "text": ("text/{}-ordinary", "an ordinary answer in text", ""),
    "thought": ("reasoning/{}-ordinary", "reasoning, then text", "reasoning"),
    "call": ("tools/{}-ordinary-call", "one call", "tools"),
    "calls": ("tools/{}-ordinary-calls", "two calls", "tools parallel-tools"),
}
"""Kind to the pattern of the id, what the stream says, and the profiles it needs."""


def segments(kind: str, dialect: str) -> tuple[Segment, ...]:
    """What is said in a tour of this kind; the text names the dialect."""
    text = Text(f"An ordinary answer, as {dialect} would send it.")
    said: dict[str, tuple[Segment, ...]] = {
        "text": (text,),
        "thought": (Reasoning(f"What would {dialect} say?"), text),
        "call": (_WEATHER,),
        "calls": (_WEATHER, _CLOCK),
    }
    return said[kind]


def message(kind: str, dialect: Dialect) -> Message:
    """The tour's message, with all that the dialect says of an end."""
    reason = "stop" if kind in {"text", "thought"} else "tool_calls"
    finish = reason if "finish" in dialect.says else None
    usage = Usage(17, 11, 28) if dialect.usage else None
    choice = Choice(segments(kind, dialect.name), finish)
    return Message((choice,), usage, end="done" if dialect.done else "eof")


def rules(kind: str, dialect: Dialect) -> list[str]:
    """The rules that such a stream rests on."""
    has_index = S.CALL in slots_in(dialect.entry)
    calls = ["TOOL-1" if has_index else "TOOL-4", "TOOL-8"]
    named = {
        "SSE-3": dialect.framing.line_end != "\n",
        "SSE-5": bool(dialect.keepalive),
        "ENV-2": True,
        "TXT-1": kind in {"text", "thought"},
        "RSN-1": kind == "thought",
        **dict.fromkeys(calls, kind in {"call", "calls"}),
        "TOOL-9": kind == "calls",
        "FIN-1": "finish" in dialect.says,
        "USE-1": bool(dialect.usage),
        "USE-3": "every" in dialect.usage,
    }
    ending = "END-2" if "finish" in dialect.says else "END-4"
    return [rule for rule, rests in named.items() if rests] + [ending if dialect.done else "END-3"]


def tour(kind: str, name: str, rows: str) -> Scenario:
    """The case of one dialect and kind."""
    dialect = DIALECTS[name]
    said = message(kind, dialect)
    pattern, what, profiles = _KINDS[kind]
    rests_on = rules(kind, dialect)
    contested = {"END-3", "END-4"}.intersection(rests_on)
    ours = name.startswith("openai")
    strength: Strength = "choice" if contested else "must" if ours else "should"
    return scenario(
        pattern.format(name),
        f"{name}: {what}",
        dialect,
        said,
        profiles=f"{'core' if ours else ''} {profiles} {'' if ours else 'lenient'}",
        strength=strength,
        rules=" ".join(rests_on),
        rows=rows,
        steps=plan(said, lambda text: cut(text, 9)),
    )


TOURS: Final[list[tuple[str, str, str]]] = msgspec.json.decode(
    Path(__file__).with_suffix(".json").read_bytes(), type=list[tuple[str, str, str]]
)
"""Kind, dialect, and the rows that the bytes show."""

SCENARIOS: Final = tuple(tour(kind, name, rows) for kind, name, rows in TOURS)
