"""Several choices, log probabilities, refusals, images, an agent's call."""

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


def _aside_frames(*deltas: dict[str, Any], text: str) -> Message:
    return Message((Choice((Text(text), *map(Aside, deltas))),))


def _image(data: str) -> dict[str, Any]:
    image = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{data}"}, "index": 0}
    return {"content": "", "role": "assistant", "images": [image]}


_DRAWN: Final = _aside_frames(_image("iVBORw0KGgo="), text="Here it is.")
_REFUSED: Final = Message((Choice((Refusal("I'm sorry, I can't help with that."),)),), _COUNTS)
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
