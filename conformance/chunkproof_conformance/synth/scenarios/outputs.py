"""Audio, annotations, legacy function calls and custom tools, as the OpenAI reference has them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from chunkproof_conformance.synth import edits
from chunkproof_conformance.synth.dialects.catalogue import DIALECTS
from chunkproof_conformance.synth.message import Aside, Call, Choice, Message, Text, Usage
from chunkproof_conformance.synth.plan import cut, plan
from chunkproof_conformance.synth.render import render
from chunkproof_conformance.synth.scenario import Scenario, scenario

if TYPE_CHECKING:
    from collections.abc import Callable

    from chunkproof_conformance.cases.key import Strength
    from chunkproof_conformance.synth.framing import Frame
    from chunkproof_conformance.synth.message import Segment

_COUNTS: Final = Usage(24, 18, 42)
_SPEECH: Final = {"modalities": ["text", "audio"], "audio": {"voice": "alloy", "format": "pcm16"}}
_EXPIRY: Final = {"expires_at": 1790003600}
_ID: Final = "audio_0123456789"


def _audio(**members: Any) -> Aside:
    return Aside({"audio": members})


_SPOKEN: Final = (
    Aside({"content": None, "audio": {"id": _ID, "transcript": "Good"}}),
    _audio(transcript=" morning"),
    _audio(transcript=", you."),
    Aside({"role": "assistant", "content": None, "audio": {"id": _ID, "data": "AAECAwQF"}}),
    _audio(data="BgcICQoL"),
    _audio(data="DA0ODw=="),
)
"""A spoken answer as it was quoted: transcript first, the id again before the data."""


def _heard(
    name: str,
    title: str,
    message: Message,
    *,
    rules: str,
    rows: str,
    edit: Callable[[list[Frame]], list[Frame]] | None = None,
    note: str | None = None,
    profiles: str = "audio",
    strength: Strength = "must",
) -> Scenario:
    frames = render(DIALECTS["openai-audio"], message)
    return scenario(
        f"audio/openai-{name}",
        title,
        DIALECTS["openai-audio"],
        message,
        profiles=profiles,
        strength=strength,
        rules=f"ENV-10 {rules}",
        rows=rows,
        frames=edit(frames) if edit else frames,
        note=note,
        asks=_SPEECH,
    )


def _last_update(frames: list[Frame]) -> list[Frame]:
    """The update with the expiry has no member for a finish reason."""
    return [
        edits.choice(frame, "finish_reason") if "expires_at" in str(frame.data) else frame
        for frame in frames
    ]


def _cited(
    name: str, title: str, message: Message, dialect: str, *, rows: str, strength: Strength = "must"
) -> Scenario:
    return scenario(
        f"annotations/{name}",
        title,
        DIALECTS[dialect],
        message,
        profiles="annotations" if strength == "must" else "annotations lenient",
        strength=strength,
        rules="ENV-11 TXT-1 FIN-1 END-2",
        rows=rows,
        steps=plan(message, lambda text: cut(text, 9)),
        asks={"web_search_options": {}},
    )


def _citation(name: str, start: int) -> dict[str, Any]:
    citation = {
        "url": f"https://example.com/{name}",
        "title": name,
        "start_index": start,
        "end_index": start + 5,
    }
    return {"type": "url_citation", "url_citation": citation}


def _beside(name: str, start: int) -> Aside:
    """A citation in a chunk of its own, with the members of OpenRouter's deltas."""
    return Aside({"content": "", "role": "assistant", "annotations": [_citation(name, start)]})


def _legacy(
    name: str,
    title: str,
    *segments: Segment,
    finish: str = "function_call",
    rules: str = "TOOL-8 TOOL-11 FIN-1 END-2",
    rows: str,
) -> Scenario:
    message = Message((Choice(segments, finish),))
    return scenario(
        f"legacy/openai-{name}",
        title,
        DIALECTS["openai-legacy"],
        message,
        profiles="legacy-functions",
        strength="must",
        rules=rules,
        rows=rows,
        steps=plan(message, lambda text: cut(text, 5)),
    )


def _mirrored() -> Scenario:
    """Old clients and new ones are served at once: both members say the one call."""
    message = Message((Choice((Call("call_v1", "now", '{"tz": "UTC"}'),), "tool_calls"),))
    dialect = DIALECTS["generic"]
    frames = [
        _with_mirror(frame)
        for frame in render(dialect, message, plan(message, lambda text: cut(text, 6)))
    ]
    return scenario(
        "legacy/proxy-mirrored",
        "`function_call` beside `tool_calls`, saying the same call: one call",
        dialect,
        message,
        profiles="tools lenient",
        strength="should",
        rules="TOOL-11 TOOL-1 TOOL-3 TOOL-8 FIN-1 END-2",
        rows="legacy-function-call tc-fragmented",
        frames=frames,
        note="each entry of tool_calls said once more as function_call",
    )


def _with_mirror(frame: Frame) -> Frame:
    delta = frame.data["choices"][0]["delta"] if isinstance(frame.data, dict) else {}
    calls = delta.get("tool_calls")
    return edits.delta(frame, function_call=calls[0]["function"]) if calls else frame


def _custom(name: str, title: str, *calls: Call, rows: str, profiles: str) -> Scenario:
    message = Message((Choice(calls, "tool_calls"),), _COUNTS)
    return scenario(
        f"tools/openai-{name}",
        title,
        DIALECTS["openai-custom-tools"],
        message,
        profiles=profiles,
        strength="info",
        rules="TOOL-10 TOOL-1 TOOL-3 TOOL-8 TOOL-12 FIN-1 USE-1 END-2",
        rows=rows,
        steps=plan(message, lambda text: cut(text, 8)),
    )


_WEATHER: Final = Call(None, "get_weather", '{"city": "Oslo"}', legacy=True)

SCENARIOS: Final = (
    _heard(
        "expires-only-end",
        "Audio in parts; its last update has an expiry and no finish reason",
        Message((Choice((*_SPOKEN, _audio(**_EXPIRY)), None),)),
        edit=_last_update,
        note="no finish_reason in the last update",
        rules="END-11 END-9",
        rows="audio-fields audio-expires-only-end finish-key-omitted",
    ),
    _heard(
        "usage-after-expiry",
        "Usage after the expiry, in a chunk without choices",
        Message((Choice((*_SPOKEN[3:], _audio(**_EXPIRY)), None),), _COUNTS),
        rules="END-11 END-9 USE-1",
        rows="audio-fields audio-expires-only-end usage-final-empty-choices usage-null-elsewhere",
    ),
    _heard(
        "text-beside",
        "Text, then audio, then an ordinary finish reason",
        Message((Choice((Text("Hear me:"), *_SPOKEN[1:3], _audio(id=_ID, data="AAEC")), "stop"),)),
        rules="TXT-1 FIN-1 END-2",
        rows="audio-fields finish-standard",
    ),
    _heard(
        "length",
        "The token limit ends the audio: transcript and data as far as they came",
        Message((Choice(_SPOKEN[:5], "length"),)),
        rules="FIN-1 END-2",
        rows="audio-fields finish-standard",
    ),
    _heard(
        "cut-before-expiry",
        "The body ends before the expiry: incomplete, what came stays",
        Message((Choice(_SPOKEN[:4], None),), end="eof"),
        rules="END-5 END-9",
        rows="audio-fields eof-no-done-no-finish",
    ),
    _cited(
        "openai-last-chunk",
        "All citations in one delta after the text",
        Message(
            (
                Choice(
                    (
                        Text("As one and two say."),
                        Aside({"annotations": [_citation("one", 3), _citation("two", 11)]}),
                    )
                ),
            )
        ),
        "openai-search",
        rows="annotations-delta",
    ),
    _cited(
        "openai-beside-text",
        "A citation beside text, one in the middle, and an equal one again: all are kept",
        Message(
            (
                Choice(
                    (
                        Text("See one"),
                        Aside({"annotations": [_citation("one", 4)]}),
                        Text(" and once more one"),
                        Aside({"annotations": [_citation("one", 4)]}),
                    )
                ),
            ),
            _COUNTS,
        ),
        "openai-search",
        rows="annotations-delta usage-final-empty-choices",
    ),
    _cited(
        "openrouter-url-citation",
        "Annotations without an index, each in a chunk of its own: appended",
        Message((Choice((Text("Cited twice."), _beside("one", 0), _beside("two", 6))),)),
        "openrouter",
        strength="should",
        rows="annotations-delta role-every-chunk comment-keepalive",
    ),
    _legacy(
        "function-call",
        "`function_call`, as it was before tools: one call without an id",
        _WEATHER,
        rows="legacy-function-call content-null",
    ),
    _legacy(
        "no-arguments",
        "A `function_call` whose arguments are the empty text",
        Call(None, "now", "", legacy=True),
        rules="TOOL-8 TOOL-11 TOOL-12 FIN-1 END-2",
        rows="legacy-function-call",
    ),
    _legacy(
        "text-before",
        "Text, then a `function_call`",
        Text("Let me look."),
        _WEATHER,
        rules="TXT-1 TOOL-8 TOOL-11 FIN-1 END-2",
        rows="legacy-function-call",
    ),
    _legacy(
        "cut-by-length",
        "The token limit inside a `function_call`: kept raw, not runnable",
        Call(None, "write", '{"text": "It was a dark', legacy=True),
        finish="length",
        rules="TOOL-8 TOOL-11 TOOL-12 FIN-1 END-2",
        rows="legacy-function-call",
    ),
    _mirrored(),
    _custom(
        "custom-tool",
        "A custom tool: its input is text of any kind, and no JSON",
        Call("call_w1", "run_sql", 'SELECT "a" FROM t -- {\n', custom=True),
        rows="tc-custom-type content-null",
        profiles="tools lenient",
    ),
    _custom(
        "custom-tools-parallel",
        "Two custom tools, one of them without an input",
        Call("call_w2", "run_sql", "SELECT 1", custom=True),
        Call("call_w3", "stop", "", custom=True),
        rows="tc-custom-type content-null",
        profiles="tools parallel-tools lenient",
    ),
)
