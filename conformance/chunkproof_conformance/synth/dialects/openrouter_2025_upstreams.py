"""OpenRouter in 2025 before upstreams that reason, or say a call whole."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from chunkproof_conformance.synth.dialects.openrouter_2025 import (
    CALL,
    CALLS,
    DETAIL,
    OLD,
    SILENT,
    with_print,
)
from chunkproof_conformance.synth.template import S

OLD_REASONING: Final = replace(
    OLD,
    name="openrouter-2025-reasoning",
    opening={
        name: {**SILENT, "reasoning": None, "reasoning_details": []} for name in ("reasoning",)
    },
    delta={
        "text": {"role": S.ROLE, "content": S.TEXT, "reasoning": None, "reasoning_details": []},
        "reasoning": {**SILENT, "reasoning": S.TEXT, "reasoning_details": [DETAIL]},
        "finish": {**SILENT, "reasoning": None, "reasoning_details": []},
        "usage": SILENT,
    },
    entry={},
)

OLD_WHOLE_CALLS: Final = replace(
    OLD,
    name="openrouter-2025-glm",
    chunk=with_print(None),
    opening={},
    delta={
        "text": {"role": S.ROLE, "content": S.TEXT, "reasoning": None, "reasoning_details": []},
        "reasoning": {**SILENT, "reasoning": S.TEXT, "reasoning_details": []},
        "whole": CALLS,
        "finish": SILENT,
        "usage": SILENT,
    },
    entry={"whole": CALL},
    calls="whole",
    finish_rides=frozenset({"whole"}),
    cannot=frozenset({"error", "parallel"}),
)
"""The whole call, with the finish reason in its chunk."""

OLD_GEMINI: Final = replace(
    OLD,
    name="openrouter-2025-gemini",
    opening={},
    delta={
        "text": {"role": S.ROLE, "content": S.TEXT},
        "whole": CALLS,
        "finish": SILENT,
        "usage": SILENT,
    },
    entry={"whole": CALL},
    calls="together",
    finish_rides=frozenset({"whole", "text"}),
)

DIALECTS: Final = (
    OLD_REASONING,
    OLD_WHOLE_CALLS,
    OLD_GEMINI,
)
