"""Text: the ordinary answer of several vendors, and text that is easily damaged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chunkproof_conformance.synth.cuts import pieces_at
from chunkproof_conformance.synth.dialects.catalogue import DIALECTS
from chunkproof_conformance.synth.framing import to_bytes
from chunkproof_conformance.synth.message import Choice, Message, Text, Usage
from chunkproof_conformance.synth.plan import plan
from chunkproof_conformance.synth.render import render
from chunkproof_conformance.synth.scenario import Scenario, scenario

if TYPE_CHECKING:
    from collections.abc import Iterator

_COUNTS: Final = Usage(9, 7, 16)


def said(text: str, usage: Usage | None = None, finish: str | None = "stop") -> Message:
    """One choice that says this text."""
    return Message((Choice((Text(text),), finish),), usage)


def in_words(message: Message) -> list[str]:
    """The first segment in words, each with the space before it."""
    words = message.choices[0].segments[0].text.split(" ")
    return [words[0], *(f" {word}" for word in words[1:])]


def inside_characters(body: bytes) -> Iterator[int]:
    """An offset inside each UTF-8 sequence of the body, after its first byte."""
    return (at for at in range(1, len(body)) if body[at - 1] >= 0xC0)


def _separators() -> Scenario:
    message = said("a\u2028b\u2029c\u0085d é 你好 👩\u200d👩\u200d👧 end")
    dialect = DIALECTS["generic"]
    parts = ["a\u2028b\u2029", "c\u0085d é ", "你", "好 👩\u200d", "👩\u200d👧 end"]
    body = to_bytes(render(dialect, message, plan(message, given={(0, 0): parts})))
    return scenario(
        "text/generic-unicode-separators-emoji",
        "Separators that end no line, and reads that end inside UTF-8 sequences",
        dialect,
        message,
        profiles="core",
        strength="must",
        rules="SSE-1 SSE-3 TXT-1 FIN-1 END-2",
        rows="u2028-u2029-in-json nel-vt-ff-fs-in-json read-splits-utf8 escaped-vs-raw-unicode",
        pieces=pieces_at(body, inside_characters(body)),
        note="cut inside every character of several bytes",
    )


def _whitespace() -> Scenario:
    parts = ["ha", "ha", " ", " ", "\n", "\n\n", "\t", "ha", "ha"]
    message = said("".join(parts))
    return scenario(
        "text/generic-whitespace-and-identical-deltas",
        "Equal deltas in a row, and deltas of white space alone: all of them count",
        DIALECTS["generic"],
        message,
        profiles="core",
        strength="must",
        rules="TXT-1 FIN-1 END-2",
        rows="whitespace-only-delta identical-deltas role-first-only",
        steps=plan(message, given={(0, 0): parts}),
    )


def _special_tokens() -> Scenario:
    parts = ["Models end with <|end", "oftext|", ">, <|im_end|>", " or </s>", ": text, all of it."]
    message = said("".join(parts))
    return scenario(
        "text/generic-special-tokens",
        "Text that is spelt like special tokens, one of them in three deltas: none ends anything",
        DIALECTS["generic"],
        message,
        profiles="core",
        strength="should",
        rules="TXT-1 FIN-1 END-2",
        rows="tokens-special-text role-first-only",
        steps=plan(message, given={(0, 0): parts}),
    )


_BASIC: Final = said("Hello! How can I help you today?")
_COUNTED: Final = said("The sky is blue because air scatters blue light.", _COUNTS)
_AZURE: Final = said("Hello from a filtered place.", _COUNTS)
_ROUTED: Final = said("Bonjour, le monde est grand.", _COUNTS)
_GROK: Final = said("Two plus two is four, as ever.", _COUNTS)
_SNOW: Final = said("405 is the answer.", _COUNTS, None)

SCENARIOS: Final = (
    scenario(
        "text/openai-basic",
        "A short answer, usage not asked for",
        DIALECTS["openai-no-usage"],
        _BASIC,
        profiles="core",
        strength="must",
        rules="TXT-1 ENV-2 ENV-8 FIN-1 END-2",
        rows="role-first-only delta-empty finish-standard done-normal obfuscation usage-missing",
        steps=plan(_BASIC, given={(0, 0): in_words(_BASIC)}),
    ),
    scenario(
        "text/openai-usage-obfuscation",
        "Usage in a last chunk without choices, null before it; padding in every chunk",
        DIALECTS["openai"],
        _COUNTED,
        profiles="core",
        strength="must",
        rules="TXT-1 ENV-8 FIN-1 USE-1 END-2",
        rows="obfuscation usage-null-elsewhere usage-final-empty-choices usage-details",
        steps=plan(_COUNTED, given={(0, 0): in_words(_COUNTED)}),
    ),
    scenario(
        "text/azure-prompt-filter-first",
        "A first chunk without id, model and choices; filter results beside every delta",
        DIALECTS["azure"],
        _AZURE,
        profiles="lenient",
        strength="must",
        rules="ENV-1 ENV-7 ENV-8 TXT-1 FIN-1 USE-1 END-2",
        rows="choices-empty-first id-empty-or-missing azure-filter-results extra-fields id-changes"
        " created-changes object-other obfuscation",
        steps=plan(_AZURE, given={(0, 0): in_words(_AZURE)}),
    ),
    scenario(
        "text/openrouter-comments-role-every-chunk",
        "Comments first, the role in every delta, usage beside a choice after the finish",
        DIALECTS["openrouter-2025"],
        _ROUTED,
        profiles="lenient",
        strength="must",
        rules="SSE-5 SSE-11 ENV-2 ENV-7 TXT-1 FIN-1 USE-1 END-2",
        rows="comment-keepalive role-every-chunk extra-fields content-empty-string",
        steps=plan(_ROUTED, given={(0, 0): in_words(_ROUTED)}),
    ),
    scenario(
        "text/xai-no-finish-key",
        "No finish_reason member until the end, empty deltas first, a moving `created`",
        DIALECTS["xai-role-alone"],
        _GROK,
        profiles="lenient",
        strength="must",
        rules="ENV-1 TXT-1 FIN-1 FIN-2 USE-1 END-2",
        rows="finish-key-omitted created-changes delta-empty usage-final-empty-choices",
        steps=plan(_GROK, given={(0, 0): in_words(_GROK)}),
    ),
    scenario(
        "text/snowflake-no-finish-empty-id",
        "An empty id, never a finish reason, and `[DONE]` all the same",
        DIALECTS["snowflake"],
        _SNOW,
        profiles="lenient",
        strength="choice",
        rules="ENV-1 TXT-1 TXT-5 USE-1 END-4 END-9",
        rows="done-no-finish id-empty-or-missing finish-key-omitted refusal-empty-string"
        " tool-calls-null logprobs-null-members role-every-chunk",
        steps=plan(_SNOW, given={(0, 0): in_words(_SNOW)}),
    ),
    _separators(),
    _whitespace(),
    _special_tokens(),
)
