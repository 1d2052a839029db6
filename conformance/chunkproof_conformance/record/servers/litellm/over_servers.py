"""What we ask through the LiteLLM proxy of real servers that say our scripts.

Real over real: the server generates and parses, the proxy writes anew; ours are the words alone.
"""

from __future__ import annotations

from typing import Final

from chunkproof_conformance.record.recipe import Scenario
from chunkproof_conformance.record.servers.llama_server.scenarios import tools_of
from chunkproof_conformance.record.tools import WEATHER, offered

MLX_SCRIPTS: Final = ("hello", "unicode", "long", "think", "tool")
"""Those of the one checkpoint; no marker stands in two of them."""
_TEXT: Final = ("TXT-1", "FIN-1", "END-2")
_CALL: Final = ("TOOL-1", "TOOL-8", "FIN-1", "END-2")
_PIECES: Final = ("TOOL-1", "TOOL-3", "TOOL-8", "FIN-1", "END-2")

OVER_MLX: Final = (
    Scenario(
        "text/litellm-mlx-lm-plain",
        "Text; of the server's comments and repeated roles nothing is left",
        "hello",
        _TEXT,
    ),
    Scenario(
        "text/litellm-mlx-lm-unicode",
        "Text beyond the BMP: the server escaped it, the proxy does not",
        "unicode",
        _TEXT,
        strength="must",
    ),
    Scenario(
        "usage/litellm-mlx-lm-in-choice-chunk",
        "Usage beside an empty delta: the server's own chunk of usage is gone",
        "hello",
        (*_TEXT, "USE-1", "USE-3"),
        request={"stream_options": {"include_usage": True}},
    ),
    Scenario(
        "reasoning/litellm-mlx-lm",
        "The server's `reasoning` as `reasoning_content`",
        "think",
        ("RSN-1", *_TEXT),
        ["reasoning", "lenient"],
    ),
    Scenario(
        "tools/litellm-mlx-lm-one-call",
        "One call whole in one delta",
        "tool",
        _CALL,
        ["tools", "lenient"],
        "must",
        offered(WEATHER),
    ),
    Scenario(
        "finish/litellm-mlx-lm-length",
        "Text cut by the limit of tokens",
        "long",
        _TEXT,
        strength="must",
        request={"max_tokens": 7},
    ),
)


def _agent(variant: str, title: str, script: str, *rules: str, **members: object) -> Scenario:
    """A call in the model's own fragments: the tools offered are read off the script."""
    return Scenario(
        f"tools/litellm-llama-server-{variant}",
        title,
        script,
        (*rules, *_PIECES),
        ["tools", "lenient"],
        request={"tools": tools_of(script), **members},
    )


OVER_LLAMA: Final = (
    _agent("fragments", "One call in the model's own fragments, type in each", "sayfirst"),
    _agent("unicode", "Arguments beyond ASCII in the model's own fragments", "sayunicode"),
    _agent("escapes", "Escapes in arguments, cut where they fall", "sayescaped"),
    _agent("text-first", "Text, then a call in fragments", "textlook", "TXT-1"),
    _agent("reasoning-first", "Reasoning, then a call in fragments", "thinksay", "RSN-1"),
    _agent("two-calls", "Two calls one after the other, each in fragments", "saylook", "TOOL-9"),
    _agent("length", "The limit of tokens inside the arguments", "sayfirst", max_tokens=22),
)
