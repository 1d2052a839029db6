"""What we ask through the MLflow gateway, and what we know of each answer.

MLflow writes every chunk anew, with explicit nulls and never a `[DONE]`: an answer that ended well
rests on the contested end of a finish reason alone. It has no address to set for Gemini.
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
from chunkproof_conformance.record.servers.scripted.answers import HELLO

_CALL: Final = ("TOOL-1", "TOOL-3", "TOOL-6", "TOOL-7", "TOOL-8", "FIN-1", "USE-1", "END-3")
_WEATHER: Final = ("get_weather", '{"city": "Zürich 🎉", "unit": "c"}')
_TIME: Final = ("get_time", '{"tz": "Asia/Tokyo"}')

OPENAI: Final = (
    Proxied(
        case(
            "tools/mlflow-openai-text-first",
            "Text, then two calls, every absent member null; usage though nobody asked",
            ("TXT-1", *_CALL, "TOOL-9"),
            ["tools", "parallel-tools", "lenient"],
            "choice",
            request=aloud(**TWO_CALLS),
            truth=truth(
                "complete",
                "END-3",
                choice(
                    text(HELLO),
                    call(*_WEATHER, "call_script0"),
                    call(*_TIME, "call_script1"),
                    finish="tool_calls",
                ),
                tokens=(11, 18),
            ),
        ),
        "openai",
    ),
    Proxied(
        case(
            "finish/mlflow-openai-length-inside-call",
            "The limit of tokens inside the arguments, then usage in a chunk of its own",
            (*_CALL, "TOOL-12"),
            ["tools", "lenient"],
            "choice",
            request=asking(max_tokens=6, **ONE_CALL),
            truth=truth(
                "complete",
                "END-3",
                choice(call("get_weather", '{"city": "Zü', "call_script0"), finish="length"),
                tokens=(11, 3),
            ),
        ),
        "openai",
    ),
    Proxied(
        case(
            "errors/mlflow-openai-cut-in-call",
            "The upstream cut the connection inside the arguments, and the proxy cuts its own",
            ("TOOL-1", "TOOL-3", "TOOL-6", "TOOL-7", "TOOL-12", "END-6", "END-9"),
            ["tools", "lenient"],
            "must",
            request=asking(**ONE_CALL),
            twin=False,
            truth=truth("failed", "END-6", choice(call("get_weather", HALF, "call_script0"))),
        ),
        "openai",
        "script-cut",
    ),
)

ANTHROPIC: Final = (
    Proxied(
        case(
            "text/mlflow-anthropic-role-never",
            "Text, the role null in every delta, usage beside the finish reason, no [DONE]",
            ("ENV-2", "TXT-1", "FIN-1", "USE-1", "END-3"),
            strength="choice",
            truth=truth("complete", "END-3", choice(text(HELLO), finish="stop"), tokens=(11, 7)),
        ),
        "anthropic",
    ),
    Proxied(
        case(
            "tools/mlflow-anthropic-no-arguments",
            "A call without arguments: null, an empty fragment, then {}",
            ("ENV-2", *_CALL),
            ["tools", "lenient"],
            "choice",
            request=asking(**BARE_CALL),
            truth=truth(
                "complete",
                "END-3",
                choice(call("ping", "{}", "toolu_script0"), finish="tool_calls"),
                tokens=(11, 1),
            ),
        ),
        "anthropic",
    ),
    Proxied(
        case(
            "reasoning/mlflow-anthropic-lost",
            "Thinking that the proxy dropped: a run of deltas with nothing but nulls",
            ("ENV-2", "TXT-1", "FIN-1", "USE-1", "END-3", "END-9"),
            strength="choice",
            request=asking(**THINKING),
            twin=False,
            truth=truth("complete", "END-3", choice(text(HELLO), finish="stop"), tokens=(11, 19)),
            note="asked without streaming it begins the text with the thinking",
        ),
        "anthropic",
    ),
    Proxied(
        case(
            "refusal/mlflow-anthropic-lost",
            "A refusal that the proxy turned into stop, alone in its only chunk",
            ("ENV-2", "FIN-1", "USE-1", "END-3", "END-9"),
            strength="choice",
            truth=truth("complete", "END-3", choice(finish="stop"), tokens=(11, 7)),
        ),
        "anthropic",
        "script-refusal",
    ),
    Proxied(
        case(
            "errors/mlflow-anthropic-silent-in-call",
            "An upstream error inside the arguments shown by nothing: a clean end",
            ("TOOL-1", "TOOL-3", "TOOL-6", "TOOL-7", "TOOL-12", "ENV-2", "END-5", "END-9"),
            ["tools", "lenient"],
            "must",
            request=asking(**ONE_CALL),
            twin=False,
            truth=truth("incomplete", "END-5", choice(call("get_weather", HALF, "toolu_script0"))),
        ),
        "anthropic",
        "script-error",
    ),
    Proxied(
        case(
            "errors/mlflow-anthropic-connection-cut",
            "The upstream cut the connection, and the proxy cuts its own",
            ("ENV-2", "TXT-1", "END-6", "END-9"),
            strength="must",
            twin=False,
            truth=truth("failed", "END-6", choice(text(BEGINNING))),
        ),
        "anthropic",
        "script-cut",
    ),
)
SCENARIOS: Final = (*OPENAI, *ANTHROPIC)
