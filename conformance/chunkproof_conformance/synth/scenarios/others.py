"""Several choices, log probabilities, refusals, audio, annotations, images, old functions."""

from __future__ import annotations

from typing import Any, Final

from chunkproof_conformance.synth.dialects.catalogue import DIALECTS
from chunkproof_conformance.synth.message import (
    Aside,
    Call,
    Choice,
    Message,
    Refusal,
    Text,
    Usage,
)
from chunkproof_conformance.synth.plan import cut, in_turn, plan
from chunkproof_conformance.synth.scenario import Scenario, scenario

_COUNTS: Final = Usage(18, 14, 32)
_WORDS: Final = ("Log", " pro", "bab", "ili", "ties")
_LOGPROBS: Final = tuple(
    {"token": word, "logprob": -0.5 - at, "bytes": list(word.encode()), "top_logprobs": []}
    for at, word in enumerate(_WORDS)
)


def _two_choices() -> Scenario:
    message = Message(
        (Choice((Text("Heads it is."),)), Choice((Text("Tails, I say."),), "length", 1)), _COUNTS
    )
    return scenario(
        "choices/openai-n2-interleaved",
        "Two choices by turns, each with a finish reason of its own",
        DIALECTS["openai-2024"],
        message,
        profiles="core choices",
        strength="must",
        rules="TXT-1 FIN-1 USE-1 END-2",
        rows="choices-interleaved choice-finish-each usage-null-elsewhere",
        steps=in_turn(plan(message, lambda text: cut(text, 5))),
    )


def _later_choice_first() -> Scenario:
    message = Message((Choice((Text("I am second."),), index=1), Choice((Text("I am first."),))))
    return scenario(
        "choices/generic-index-1-first",
        "Choice 1 speaks before choice 0",
        DIALECTS["generic"],
        message,
        profiles="core choices",
        strength="must",
        rules="TXT-1 FIN-1 END-2",
        rows="choice-index-1-first choices-interleaved",
        steps=in_turn(plan(message, lambda text: cut(text, 5))),
    )


def _logprobs() -> Scenario:
    message = Message((Choice((Text("".join(_WORDS)),), logprobs=_LOGPROBS),))
    return scenario(
        "logprobs/openai-append",
        "An entry for each token, appended in order",
        DIALECTS["openai-no-usage"],
        message,
        profiles="core logprobs",
        strength="must",
        rules="ENV-9 ENV-8 TXT-1 FIN-1 END-2",
        rows="logprobs-append",
        steps=plan(message, given={(0, 0): _WORDS}),
    )


def _aside_frames(feature: str, *deltas: dict[str, Any], text: str | None = None) -> Message:
    segments: list[Any] = [Aside(delta) for delta in deltas]
    if text is not None:
        segments.insert(0, Text(text))
    return Message((Choice(tuple(segments), "stop" if feature != "audio" else None),))


def _audio() -> Scenario:
    message = _aside_frames(
        "audio",
        {"audio": {"id": "audio_0123456789", "transcript": "Good"}},
        {"audio": {"transcript": " morning"}},
        {"audio": {"data": "AAEC"}},
        {"audio": {"data": "AwQF"}},
        {"audio": {"expires_at": 1790003600}},
    )
    return scenario(
        "audio/openai-expires-only-end",
        "Audio in parts; its last update has an expiry and no finish reason",
        DIALECTS["generic"],
        message,
        profiles="audio",
        strength="should",
        rules="ENV-10 END-9 END-11",
        rows="audio-fields audio-expires-only-end",
    )


def _citation(name: str, start: int) -> dict[str, Any]:
    citation = {
        "url": f"https://example.com/{name}",
        "title": name,
        "start_index": start,
        "end_index": start + 5,
    }
    return {
        "content": "",
        "role": "assistant",
        "annotations": [{"type": "url_citation", "url_citation": citation}],
    }


def _image(data: str) -> dict[str, Any]:
    image = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{data}"}, "index": 0}
    return {"content": "", "role": "assistant", "images": [image]}


_CITED: Final = _aside_frames(
    "annotations", _citation("one", 0), _citation("two", 6), text="Cited twice."
)
_DRAWN: Final = _aside_frames("images", _image("iVBORw0KGgo="), text="Here it is.")
_REFUSED: Final = Message((Choice((Refusal("I'm sorry, I can't help with that."),)),), _COUNTS)
_LEGACY: Final = Message(
    (Choice((Call(None, "get_weather", '{"city": "Oslo"}', legacy=True),), "function_call"),)
)
_SENT: Final = '{"thinking": "She said \\"hi\\".\\nI greet.", "message": "Hello, Ada! \U0001f44b"}'
_LETTA: Final = Message((Choice((Call("call_p6", "send_message", _SENT),), "tool_calls"),))

SCENARIOS: Final = (
    _two_choices(),
    _later_choice_first(),
    _logprobs(),
    scenario(
        "refusal/openai-structured",
        "A refusal in fragments; content is null and stays null",
        DIALECTS["openai"],
        _REFUSED,
        profiles="core refusal",
        strength="must",
        rules="TXT-5 ENV-8 FIN-1 USE-1 END-2",
        rows="refusal-delta content-null obfuscation",
        steps=plan(_REFUSED, lambda text: cut(text, 6)),
    ),
    _audio(),
    scenario(
        "annotations/openrouter-url-citation",
        "Annotations without an index, each in a chunk of its own: appended",
        DIALECTS["openrouter"],
        _CITED,
        profiles="annotations lenient",
        strength="should",
        rules="ENV-11 TXT-1 FIN-1 END-2",
        rows="annotations-delta role-every-chunk comment-keepalive",
    ),
    scenario(
        "legacy/openai-function-call",
        "`function_call`, as it was before tools: one call without an id",
        DIALECTS["openai-legacy"],
        _LEGACY,
        profiles="legacy-functions",
        strength="should",
        rules="TOOL-8 TOOL-11 FIN-1 END-2",
        rows="legacy-function-call content-null",
        steps=plan(_LEGACY, lambda text: cut(text, 5)),
    ),
    scenario(
        "images/openrouter-delta-images",
        "An image as a member of a delta: kept, and no text",
        DIALECTS["openrouter"],
        _DRAWN,
        profiles="lenient",
        strength="should",
        rules="ENV-11 TXT-1 FIN-1 END-2",
        rows="images-delta role-every-chunk comment-keepalive",
    ),
    scenario(
        "letta/inner-thoughts-send-message",
        "A call whose arguments hold thoughts and a message, in small fragments",
        DIALECTS["generic"],
        _LETTA,
        profiles="core tools",
        strength="should",
        rules="TOOL-1 TOOL-3 TOOL-8 FIN-1 END-2",
        rows="inner-thoughts-key tc-fragmented",
        steps=plan(_LETTA, lambda text: cut(text, 4)),
    ),
)
