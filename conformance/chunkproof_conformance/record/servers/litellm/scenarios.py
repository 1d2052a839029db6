"""What we ask through the LiteLLM proxy, and what we know of each answer.

LiteLLM writes every chunk anew, whatever its upstream speaks: keys without a value are left out,
`finish_reason` among them, and failures of the upstream come as an error frame.
"""

from __future__ import annotations

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

CLAUDE: Final = "claude-sonnet-4-20250514"
"""LiteLLM hands thinking on to the models of Anthropic's that it knows, and to no other."""
_TEXT: Final = ("TXT-1", "FIN-1", "END-2")
_CALL: Final = ("TOOL-1", "TOOL-3", "TOOL-8", "FIN-1", "END-2")
_TWO: Final = (
    ("get_weather", '{"city": "Zürich 🎉", "unit": "c"}', "call_script0"),
    ("get_time", '{"tz": "Asia/Tokyo"}', "call_script1"),
)

OPENAI: Final = (
    Proxied(
        case(
            "end/litellm-openai-done-added",
            "[DONE], though the upstream sent none",
            _TEXT,
            strength="must",
        ),
        "openai",
        "script-nodone",
    ),
    Proxied(
        case(
            "errors/litellm-openai-cut-as-error",
            "The upstream cut the connection: an error frame and a clean end",
            ("TXT-1", "ERR-1", "END-1"),
            strength="must",
            twin=False,
            truth=truth("failed", "END-1", choice(text(BEGINNING))),
        ),
        "openai",
        "script-cut",
    ),
    Proxied(
        case(
            "errors/litellm-openai-error-in-call",
            "An upstream error inside the arguments: an error frame and a clean end",
            ("TOOL-1", "TOOL-3", "TOOL-12", "ERR-1", "END-1"),
            ["tools", "lenient"],
            "must",
            request=asking(**ONE_CALL),
            twin=False,
            truth=truth("failed", "END-1", choice(call("get_weather", HALF, "call_script0"))),
        ),
        "openai",
        "script-error",
    ),
    Proxied(
        case(
            "errors/litellm-openai-rate-limit",
            "Too many requests: the upstream's error in the proxy's words, its status kept",
            ("PAY-15", "ERR-1"),
            twin=False,
            truth=truth("failed", "PAY-15"),
        ),
        "openai",
        "script-429",
    ),
    Proxied(
        case(
            "errors/litellm-azure-ai-invented-stop",
            "An upstream error turned into stop and [DONE], the last chunk under another id",
            ("ENV-1", *_TEXT),
            twin=False,
            note="the upstream failed after these words; without streaming the error is shown",
        ),
        "openai",
        "script-error",
        "azure_ai",
    ),
    Proxied(
        case(
            "choices/litellm-openai-two-with-calls",
            "Two choices with two calls each: the second has neither role nor finish",
            ("TOOL-1", "TOOL-3", "TOOL-8", "TOOL-9", "ENV-2", "FIN-1", "END-4"),
            ["choices", "tools", "parallel-tools", "lenient"],
            "choice",
            request=asking(n=2, **TWO_CALLS),
            twin=False,
            truth=truth(
                "complete",
                "END-4",
                choice(*(call(*said) for said in _TWO), finish="tool_calls"),
                choice(*(call(*said) for said in _TWO), index=1),
            ),
        ),
        "openai",
    ),
    Proxied(
        case(
            "usage/litellm-cerebras-counted",
            "Usage beside an empty delta, counted by the proxy: the upstream's is dropped",
            (*_CALL, "TOOL-9", "USE-1", "USE-3"),
            ["tools", "parallel-tools", "lenient"],
            request=asking(stream_options={"include_usage": True}, **TWO_CALLS),
            twin=False,
            note="asked without streaming, the proxy hands on the upstream's own counts",
        ),
        "openai",
        provider="cerebras",
    ),
)

ANTHROPIC: Final = (
    Proxied(
        case(
            "errors/litellm-anthropic-cut-in-call",
            "The upstream cut the connection inside the arguments: an error frame",
            ("TOOL-1", "TOOL-3", "TOOL-12", "ERR-1", "END-1"),
            ["tools", "lenient"],
            "must",
            request=asking(**ONE_CALL),
            twin=False,
            truth=truth("failed", "END-1", choice(call("get_weather", HALF, "toolu_script0"))),
        ),
        "anthropic",
        "script-cut",
    ),
    Proxied(
        case(
            "finish/litellm-anthropic-length-inside-call",
            "The limit of tokens inside the arguments",
            (*_CALL, "TOOL-12"),
            ["tools", "lenient"],
            "must",
            request=asking(max_tokens=6, **ONE_CALL),
            twin=False,
        ),
        "anthropic",
    ),
    Proxied(
        case(
            "tools/litellm-anthropic-no-arguments",
            "A call without arguments: an empty fragment, then {}; type in every piece",
            _CALL,
            ["tools", "lenient"],
            "must",
            request=asking(**BARE_CALL),
        ),
        "anthropic",
    ),
    Proxied(
        case(
            "refusal/litellm-anthropic-content-filter",
            "A refusal without words: content_filter, and no role at any time",
            ("ENV-2", "FIN-1", "END-2"),
            truth=truth("complete", "END-2", choice(finish="content_filter")),
        ),
        "anthropic",
        "script-refusal",
    ),
    Proxied(
        case(
            "reasoning/litellm-claude-thinking",
            "Thinking in three members of each delta, its signature in a block without text",
            ("RSN-1", "RSN-2", "ENV-7", *_TEXT),
            ["reasoning", "lenient"],
            request=asking(**THINKING),
        ),
        "anthropic",
        CLAUDE,
    ),
)

GEMINI: Final = (
    Proxied(
        case(
            "errors/litellm-gemini-error-frame",
            "An upstream error: an error frame and a clean end",
            ("TXT-1", "ERR-1", "END-1"),
            strength="must",
            twin=False,
            truth=truth("failed", "END-1", choice(text(BEGINNING))),
        ),
        "gemini",
        "script-error",
    ),
    Proxied(
        case(
            "finish/litellm-gemini-length-alone",
            "The limit of tokens before the first word: a finish reason and no role",
            ("ENV-2", "FIN-1", "END-2"),
            request=asking(max_tokens=6, **ONE_CALL),
            truth=truth("complete", "END-2", choice(finish="length")),
        ),
        "gemini",
    ),
    Proxied(
        case(
            "tools/litellm-gemini-text-first",
            "Text, then two whole calls in one delta, whose ids carry a signature",
            ("TXT-1", "TOOL-1", "TOOL-8", "TOOL-9", "FIN-1", "END-2"),
            ["tools", "parallel-tools", "lenient"],
            request=aloud(**TWO_CALLS),
        ),
        "gemini",
    ),
)
SCENARIOS: Final = (*OPENAI, *ANTHROPIC, *GEMINI)
