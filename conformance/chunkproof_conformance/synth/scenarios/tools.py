"""Tool calls: the layouts of entries, indexes, ids, names and arguments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chunkproof_conformance.synth.dialects.catalogue import DIALECTS
from chunkproof_conformance.synth.message import Call, Choice, Message, Segment, Text, Usage
from chunkproof_conformance.synth.plan import calls_in_turn, cut, plan
from chunkproof_conformance.synth.scenario import Scenario, scenario

if TYPE_CHECKING:
    from chunkproof_conformance.cases.key import Strength

_WEATHER: Final = Call("call_a1", "get_weather", '{"city": "Oslo", "unit": "c"}')
_TIME: Final = Call("call_b2", "get_time", '{"tz": "Europe/Oslo"}')
_NOW: Final = Call("call_c3", "now", "")
_COUNTS: Final = Usage(41, 23, 64)


def _message(*segments: Segment, finish: str = "tool_calls", usage: Usage | None = None) -> Message:
    return Message((Choice(segments, finish),), usage)


def _calls(
    name: str,
    title: str,
    dialect: str,
    message: Message,
    *,
    rules: str,
    rows: str,
    strength: Strength,
    profiles: str = "tools lenient",
    size: int = 8,
) -> Scenario:
    return scenario(
        f"tools/{name}",
        title,
        DIALECTS[dialect],
        message,
        profiles=profiles,
        strength=strength,
        rules=f"{rules} FIN-1 END-2",
        rows=rows,
        steps=plan(message, lambda text: cut(text, size)),
    )


def _interleaved() -> Scenario:
    message = _message(Text("Both at once."), _WEATHER, _TIME)
    return scenario(
        "tools/generic-interleaved-by-index",
        "Fragments of two calls in turn; the index says whose they are",
        DIALECTS["generic"],
        message,
        profiles="core tools parallel-tools",
        strength="must",
        rules="TOOL-1 TOOL-3 TOOL-8 TOOL-9 TXT-1 FIN-1 END-2",
        rows="tc-parallel-interleaved tc-fragmented",
        steps=calls_in_turn(plan(message, lambda text: cut(text, 6)), message),
    )


_ESCAPES: Final = '{"text": "a\\n\\"b\\" \\\\ \\u00e9 \\ud83d\\ude00 \U0001f600"}'

SCENARIOS: Final = (
    _calls(
        "openai-parallel-fragmented",
        "Three calls one after the other, the last without arguments",
        "openai-parallel-calls",
        _message(_WEATHER, _TIME, _NOW, usage=_COUNTS),
        profiles="core tools parallel-tools",
        strength="must",
        rules="TOOL-1 TOOL-3 TOOL-8 TOOL-9 ENV-8 USE-1",
        rows="tc-parallel-sequential tc-fragmented tc-args-empty-total content-null obfuscation"
        " usage-null-elsewhere",
    ),
    _calls(
        "xai-whole-call",
        "Each call whole in one delta, with its index",
        "xai",
        _message(_WEATHER, _TIME, usage=_COUNTS),
        profiles="tools parallel-tools lenient",
        strength="must",
        rules="TOOL-1 TOOL-8 TOOL-9 USE-1",
        rows="tc-whole-in-one-chunk tc-parallel-sequential finish-key-omitted",
    ),
    _calls(
        "gemini-no-index-parallel-signature",
        "Two calls in one delta without indexes, each with a signature",
        "gemini",
        _message(
            Call("function-call-1", "get_weather", '{"city":"Oslo"}'),
            Call("function-call-2", "get_time", '{"tz":"Europe/Oslo"}'),
            usage=_COUNTS,
        ),
        profiles="tools parallel-tools lenient",
        strength="should",
        rules="TOOL-4 TOOL-8 TOOL-9 ENV-7 USE-1",
        rows="tc-index-missing-parallel tc-several-in-one-delta tc-extra-content-signature"
        " tc-id-opaque finish-with-payload usage-in-finish-chunk",
    ),
    _calls(
        "ollama-all-index-zero",
        "Two calls, both with index 0, told apart by id and name",
        "ollama-index-zero",
        _message(
            Call("call_d4", "get_weather", '{"city":"Oslo"}'),
            Call("call_e5", "get_time", '{"tz":"Europe/Oslo"}'),
        ),
        profiles="tools parallel-tools lenient",
        strength="should",
        rules="TOOL-1 TOOL-2 TOOL-8 TOOL-9",
        rows="tc-index-all-zero-distinct-ids tc-whole-in-one-chunk content-empty-plus-tools",
    ),
    _calls(
        "bedrock-index-starts-at-1",
        "Text, then the first call with index 1: one call, no phantom before it",
        "bedrock-index-from-1",
        _message(Text("Let me look."), _WEATHER),
        strength="must",
        rules="TOOL-1 TOOL-3 TOOL-8 TOOL-9 TXT-1",
        rows="tc-index-first-nonzero tc-fragmented",
    ),
    _calls(
        "bedrock-gateway-negative-index",
        "Every entry has index -1: ids open calls, all else continues the last",
        "bedrock-gateway-negative-index",
        _message(_WEATHER, _TIME),
        profiles="tools parallel-tools lenient",
        strength="should",
        rules="TOOL-4 TOOL-8 TOOL-9",
        rows="tc-index-negative tc-fragmented",
    ),
    _calls(
        "qwen-empty-id-continuation",
        "Later fragments have an empty id",
        "qwen-calls",
        _message(_WEATHER, usage=_COUNTS),
        strength="should",
        rules="TOOL-1 TOOL-3 TOOL-6 TOOL-8 USE-1",
        rows="tc-id-empty-continuation tc-fragmented content-null",
    ),
    _calls(
        "fireworks-null-name-id",
        "Later fragments say id, type and name as null",
        "fireworks",
        _message(_WEATHER, _TIME, usage=_COUNTS),
        profiles="tools parallel-tools lenient",
        strength="must",
        rules="TOOL-1 TOOL-3 TOOL-6 TOOL-7 TOOL-8 TOOL-9 USE-1",
        rows="tc-id-null-continuation tc-name-null-continuation tc-parallel-sequential"
        " usage-in-finish-chunk",
    ),
    _calls(
        "minimax-name-every-chunk",
        "The name in every fragment, the role as an empty string",
        "minimax",
        _message(_WEATHER),
        strength="should",
        rules="TOOL-1 TOOL-3 TOOL-7 TOOL-8 ENV-2",
        rows="tc-name-repeated role-empty-string",
    ),
    _calls(
        "lmstudio-new-id-every-fragment",
        "Every fragment has an id of its own; without a name it opens nothing",
        "generic-fresh-ids",
        _message(_WEATHER),
        strength="should",
        rules="TOOL-1 TOOL-3 TOOL-6 TOOL-8",
        rows="tc-id-changes-every-fragment",
    ),
    _calls(
        "deepseek-duplicate-ids",
        "Two calls with two indexes and one id: two calls",
        "deepseek",
        _message(
            Call("call_f6", "get_weather", '{"city": "Oslo"}'),
            Call("call_f6", "get_weather", '{"city": "Rome"}'),
            usage=_COUNTS,
        ),
        profiles="tools parallel-tools lenient",
        strength="should",
        rules="TOOL-1 TOOL-3 TOOL-6 TOOL-8 TOOL-9 USE-1",
        rows="tc-id-duplicate-across-calls",
    ),
    _calls(
        "claude-empty-arguments",
        "A call whose arguments are never sent: the empty text, and no `{}`",
        "anthropic-compat",
        _message(Text("Let me see the clock."), Call("toolu_01Example", "now", "")),
        profiles="core tools",
        strength="must",
        rules="TOOL-1 TOOL-8 TOOL-12 TXT-1 END-9",
        rows="tc-args-empty-total tc-id-opaque",
    ),
    _calls(
        "minimax-object-arguments",
        "Arguments as a JSON object: written as text once",
        "minimax-object-arguments",
        _message(Call("call_g7", "get_weather", '{"city": "Oslo", "days": [1, 2]}', as_value=True)),
        strength="should",
        rules="TOOL-1 TOOL-8",
        rows="tc-args-object role-empty-string",
    ),
    _calls(
        "vllm-brace-lost-and-doubled",
        "Arguments without their last brace, and arguments said twice: raw text, not runnable",
        "vllm-calls",
        _message(
            Call("chatcmpl-tool-1", "get_weather", '{"city": "Oslo"'),
            Call("chatcmpl-tool-2", "get_time", '{"tz": "UTC"}{"tz": "UTC"}'),
        ),
        profiles="core tools parallel-tools",
        strength="should",
        rules="TOOL-1 TOOL-3 TOOL-8 TOOL-9 TOOL-12",
        rows="tc-args-brace-lost tc-args-doubled-by-server tc-args-invalid-json",
    ),
    _interleaved(),
    _calls(
        "generic-escape-split-arguments",
        "Arguments in fragments of one character, also inside escapes",
        "generic",
        _message(Call("call_h8", "say", _ESCAPES)),
        profiles="core tools",
        strength="must",
        rules="TOOL-1 TOOL-3 TOOL-8",
        rows="tc-args-escape-split tc-fragmented",
        size=1,
    ),
    _calls(
        "generic-name-late-type-late",
        "Arguments before the name and the type",
        "generic-late-name",
        _message(_WEATHER),
        strength="should",
        rules="TOOL-1 TOOL-3 TOOL-7 TOOL-8 TOOL-10",
        rows="tc-name-late tc-type-missing-or-late",
        size=16,
    ),
)
