"""What we ask through the Portkey gateway, and what we know of each answer.

Portkey reads an Anthropic or Gemini upstream and writes chat completions; of upstreams that speak
OpenAI's wire it writes some vendors' chunks anew, by a rule for each vendor.
"""

from __future__ import annotations

import re
from typing import Final

from chunkproof_conformance.record.drafts import call, choice, text, truth
from chunkproof_conformance.record.proxy import (
    BARE_CALL,
    BEGINNING,
    HALF,
    ONE_CALL,
    THINKING,
    TWO_CALLS,
    Proxied,
    aloud,
    asking,
    case,
)
from chunkproof_conformance.record.servers.scripted.answers import HELLO

NONSTRICT: Final = {"x-portkey-strict-open-ai-compliance": "false"}
NONSTRICT_NOTE: Final = "x-portkey-strict-open-ai-compliance: false"
CALL_ID: Final = re.compile(r"portkey-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_TEXT: Final = ("TXT-1", "FIN-1", "USE-1", "END-2")
_CALL: Final = ("TOOL-1", "TOOL-3", "TOOL-8", "FIN-1", "USE-1", "END-2")

ANTHROPIC: Final = (
    Proxied(
        case(
            "usage/portkey-anthropic-unasked",
            "Usage beside the finish reason, though nobody asked for it",
            _TEXT,
            strength="must",
        ),
        "anthropic",
    ),
    Proxied(
        case(
            "finish/portkey-anthropic-length",
            "Text cut by the limit of tokens",
            _TEXT,
            ["core"],
            "must",
            request=asking(max_tokens=3),
        ),
        "anthropic",
    ),
    Proxied(
        case(
            "finish/portkey-anthropic-length-inside-call",
            "The limit of tokens inside the arguments",
            (*_CALL, "TOOL-12"),
            ["core", "tools"],
            "must",
            request=asking(max_tokens=6, **ONE_CALL),
            twin=False,
        ),
        "anthropic",
    ),
    Proxied(
        case(
            "tools/portkey-anthropic-text-first",
            "Text, then two calls, whose indices are those of calls and not of blocks",
            ("TXT-1", *_CALL, "TOOL-9"),
            ["core", "tools", "parallel-tools"],
            "must",
            request=aloud(**TWO_CALLS),
        ),
        "anthropic",
    ),
    Proxied(
        case(
            "tools/portkey-anthropic-no-arguments",
            "A call without arguments: an empty fragment, then {}",
            _CALL,
            ["core", "tools"],
            "must",
            request=asking(**BARE_CALL),
        ),
        "anthropic",
    ),
    Proxied(
        case(
            "reasoning/portkey-anthropic-lost-before-calls",
            "Thinking that the proxy dropped, then two calls",
            (*_CALL, "TOOL-9", "END-9"),
            ["core", "tools", "parallel-tools"],
            "must",
            request=asking(**THINKING, **TWO_CALLS),
        ),
        "anthropic",
    ),
    Proxied(
        case(
            "reasoning/portkey-anthropic-blocks-before-call",
            "Thinking and the call's beginning in content_blocks, the call in tool_calls as well",
            ("ENV-7", *_CALL),
            request=asking(**THINKING, **ONE_CALL),
            truth=truth(
                "complete",
                "END-2",
                choice(
                    call("get_weather", '{"city": "Zürich 🎉", "unit": "c"}', "toolu_script0"),
                    finish="tool_use",
                ),
                tokens=(11, 19),
                aside=(
                    r"choices/\d+/delta/content_blocks/.*",
                    "ENV-7: content_blocks has no kind of its own",
                ),
            ),
            note=NONSTRICT_NOTE,
        ),
        "anthropic",
        headers=NONSTRICT,
    ),
    Proxied(
        case(
            "refusal/portkey-anthropic-lost",
            "A refusal that the proxy turned into an empty answer with stop",
            ("FIN-1", "USE-1", "END-2", "END-9"),
            ["core"],
            "must",
        ),
        "anthropic",
        "script-refusal",
    ),
    Proxied(
        case(
            "finish/portkey-anthropic-nonstrict-refusal",
            "The upstream's own stop reason, refusal, and no text",
            ("FIN-1", "USE-1", "END-2"),
            truth=truth("complete", "END-2", choice(finish="refusal"), tokens=(11, 7)),
            note=NONSTRICT_NOTE,
        ),
        "anthropic",
        "script-refusal",
        headers=NONSTRICT,
    ),
    Proxied(
        case(
            "errors/portkey-anthropic-error-in-call",
            "An upstream error inside the arguments: a choice without index, its type as finish",
            ("TOOL-1", "TOOL-3", "TOOL-12", "ENV-3", "FIN-1", "END-2"),
            request=asking(**ONE_CALL),
            twin=False,
            truth=truth(
                "complete",
                "END-2",
                choice(call("get_weather", HALF, "toolu_script0"), finish="overloaded_error"),
            ),
        ),
        "anthropic",
        "script-error",
    ),
    Proxied(
        case(
            "end/portkey-anthropic-cut-in-call",
            "The upstream cut the connection inside the arguments: a clean end",
            ("TOOL-1", "TOOL-3", "TOOL-12", "END-5", "END-9"),
            strength="must",
            request=asking(**ONE_CALL),
            twin=False,
            truth=truth("incomplete", "END-5", choice(call("get_weather", HALF, "toolu_script0"))),
        ),
        "anthropic",
        "script-cut",
    ),
    Proxied(
        case(
            "errors/portkey-anthropic-rate-limit",
            "Too many requests: the upstream's error in another shape, its status kept",
            ("PAY-15", "ERR-1"),
            twin=False,
            truth=truth("failed", "PAY-15"),
        ),
        "anthropic",
        "script-429",
    ),
)

GEMINI: Final = (
    Proxied(
        case(
            "finish/portkey-gemini-length",
            "Text cut by the limit of tokens; usage in every chunk, no [DONE]",
            ("TXT-1", "FIN-1", "USE-1", "USE-3", "END-3"),
            strength="choice",
            request=asking(max_tokens=3),
            truth=truth(
                "complete", "END-3", choice(text(BEGINNING), finish="length"), tokens=(11, 3)
            ),
        ),
        "gemini",
    ),
    Proxied(
        case(
            "finish/portkey-gemini-safety",
            "A blocked answer: role, finish content_filter and usage in the only chunk",
            ("FIN-1", "USE-1", "END-3"),
            strength="choice",
            truth=truth("complete", "END-3", choice(finish="content_filter"), tokens=(11, 7)),
        ),
        "gemini",
        "script-refusal",
    ),
    Proxied(
        case(
            "tools/portkey-gemini-text-first",
            "Text, then two whole calls in one delta beside the finish reason, which is stop",
            ("TXT-1", "TOOL-1", "TOOL-8", "TOOL-9", "FIN-1", "USE-1", "END-3"),
            ["tools", "parallel-tools", "lenient"],
            "choice",
            request=aloud(**TWO_CALLS),
            truth=truth(
                "complete",
                "END-3",
                choice(
                    text(HELLO),
                    call("get_weather", '{"city":"Zürich 🎉","unit":"c"}', CALL_ID),
                    call("get_time", '{"tz":"Asia/Tokyo"}', CALL_ID),
                    finish="stop",
                ),
                tokens=(11, 18),
            ),
        ),
        "gemini",
    ),
    Proxied(
        case(
            "end/portkey-gemini-cut",
            "The upstream cut the connection: a clean end, usage as if it were whole",
            ("TXT-1", "USE-1", "END-5", "END-9"),
            strength="must",
            twin=False,
            truth=truth("incomplete", "END-5", choice(text(BEGINNING)), tokens=(11, 7)),
        ),
        "gemini",
        "script-cut",
    ),
)

OPENAI: Final = (
    Proxied(
        case(
            "errors/portkey-deepseek-dropped",
            "An upstream error that the proxy dropped: a clean end in mid-answer",
            ("TXT-1", "END-5", "END-9"),
            strength="must",
            twin=False,
            truth=truth("incomplete", "END-5", choice(text(BEGINNING))),
            note="x-portkey-provider: deepseek",
        ),
        "openai",
        "script-error",
        "deepseek",
    ),
    Proxied(
        case(
            "errors/portkey-groq-empty-choices",
            "An upstream error turned into a chunk of empty choices and no id",
            ("TXT-1", "ENV-4", "END-5", "END-9"),
            twin=False,
            truth=truth("incomplete", "END-5", choice(text(BEGINNING))),
            note="x-portkey-provider: groq",
        ),
        "openai",
        "script-error",
        "groq",
    ),
    Proxied(
        case(
            "errors/portkey-huggingface-error-with-id",
            "The upstream's error kept, with an id of its own beside it, and no [DONE]",
            ("TXT-1", "ERR-1", "END-1"),
            strength="must",
            twin=False,
            truth=truth("failed", "END-1", choice(text(BEGINNING))),
            note="x-portkey-provider: huggingface",
        ),
        "openai",
        "script-error",
        "huggingface",
    ),
    Proxied(
        case(
            "envelope/portkey-huggingface-id-changes",
            "Another id in every chunk of one answer",
            ("ENV-1", "ENV-7", "TXT-1", "FIN-1", "END-2"),
            note="x-portkey-provider: huggingface",
        ),
        "openai",
        provider="huggingface",
    ),
    Proxied(
        case(
            "text/portkey-groq-empty-calls",
            "Role and an empty list of calls in every delta",
            ("ENV-2", "TXT-1", "FIN-1", "END-2"),
            note="x-portkey-provider: groq",
        ),
        "openai",
        provider="groq",
    ),
    Proxied(
        case(
            "finish/portkey-sambanova-twice",
            "The finish reason once in its own chunk and once more beside usage",
            _TEXT,
            request=asking(stream_options={"include_usage": True}),
            truth=truth("complete", "END-2", choice(text(HELLO), finish="stop"), tokens=(11, 7)),
            note="x-portkey-provider: sambanova",
        ),
        "openai",
        provider="sambanova",
    ),
    Proxied(
        case(
            "tools/portkey-novita-lost",
            "Calls and role that the proxy dropped, an empty finish reason in every chunk",
            ("ENV-2", "FIN-2", "END-4", "END-9"),
            strength="choice",
            request=asking(**TWO_CALLS),
            twin=False,
            truth=truth("complete", "END-4", choice()),
            note="x-portkey-provider: novita-ai; its twin has both calls",
        ),
        "openai",
        provider="novita-ai",
    ),
    Proxied(
        case(
            "tools/portkey-together-lost",
            "The finish reason tool_calls, and the calls dropped by the proxy",
            ("ENV-2", "FIN-1", "END-2", "END-9"),
            request=asking(**TWO_CALLS),
            twin=False,
            truth=truth("complete", "END-2", choice(finish="tool_calls")),
            note="x-portkey-provider: together-ai; its twin has both calls",
        ),
        "openai",
        provider="together-ai",
    ),
    Proxied(
        case(
            "choices/portkey-anyscale-two",
            "Two choices in turn, each with its role and its finish",
            ("TXT-1", "FIN-1", "END-2"),
            ["choices"],
            "must",
            request=asking(n=2),
            note="x-portkey-provider: anyscale",
        ),
        "openai",
        provider="anyscale",
    ),
    Proxied(
        case(
            "logprobs/portkey-fireworks",
            "Log probabilities, written anew after the finish reason",
            ("TXT-1", "ENV-9", "FIN-1", "END-2"),
            ["logprobs"],
            "must",
            request=asking(logprobs=True, top_logprobs=1),
            note="x-portkey-provider: fireworks-ai",
        ),
        "openai",
        provider="fireworks-ai",
    ),
)
SCENARIOS: Final = (*ANTHROPIC, *GEMINI, *OPENAI)
