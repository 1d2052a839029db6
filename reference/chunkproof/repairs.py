"""The closed list of repairs: what the parser forgives, by which rule, and who needs it.

A repair is something a strictly conforming sender never makes the parser do. Each is
named in the result, so that nothing is forgiven in silence; `StreamParser(strict=True)`
forgives none. `rows` are ids of the catalogue of wire hazards; `vendors` are the senders
it was seen at or reported for ("" where it is derived from a specification alone).
"""

from typing import Final, NamedTuple


class RepairKind(NamedTuple):
    """One entry of the closed list."""

    name: str
    rule: str
    rows: tuple[str, ...]
    vendors: str


_REPAIRS: Final = (
    RepairKind("invalid-utf8", "SSE-1", ("invalid-utf8",), "proxies, tokenizers"),
    RepairKind("unknown-field", "SSE-10", ("unknown-field",), "edited OpenRouter fixture"),
    RepairKind("comment-as-data", "PAY-3", ("comment-rewrapped-as-data",), "Manifest, Routstr"),
    RepairKind("ping-as-data", "PAY-4", ("non-object-data", "done-variants"), "Gemini, proxies"),
    RepairKind("unknown-object", "PAY-6", ("extra-fields",), "gateways"),
    RepairKind("payload-not-an-object", "PAY-8", ("non-object-data",), "proxies"),
    RepairKind("blank-line-missing", "PAY-9", ("single-lf-between-events",), "llama.cpp report"),
    RepairKind("control-character", "PAY-11", ("nel-vt-ff-fs-in-json",), "proxies"),
    RepairKind("non-finite-number", "PAY-12", ("logprobs-append",), "Python servers"),
    RepairKind("duplicate-key", "PAY-14", ("invalid-json-chunk",), ""),
    RepairKind("not-a-stream", "PAY-15", ("json-body-not-sse",), "proxies that ignore stream"),
    RepairKind("choice-index-missing", "ENV-3", ("choice-index-missing",), "LocalAI, Portkey"),
    RepairKind("wrong-type", "ENV-6", ("created-float-or-missing",), "local servers"),
    RepairKind(
        "index-missing", "TOOL-4", ("tc-index-missing-single",), "Gemini, GPUStack, Mistral"
    ),
    RepairKind("index-negative", "TOOL-4", ("tc-index-negative",), "bedrock-access-gateway"),
    RepairKind("index-string", "TOOL-1", ("tc-index-string",), "adapters"),
    RepairKind("index-drift", "TOOL-1", ("tc-index-drift",), "Nebius, Cerebras reports"),
    RepairKind("index-collapsed", "TOOL-2", ("tc-index-all-zero-distinct-ids",), "Ollama, Gemini"),
    RepairKind("orphan-fragment", "TOOL-5", ("tc-index-drift",), "Nebius report"),
    RepairKind("id-changed", "TOOL-6", ("tc-id-changes-every-fragment",), "LM Studio, old vLLM"),
    RepairKind("id-duplicate", "TOOL-1", ("tc-id-duplicate-across-calls",), "DeepSeek, GLM"),
    RepairKind("name-fragment", "TOOL-7", ("tc-name-fragmented",), "Gemini report"),
    RepairKind("name-ignored", "TOOL-7", ("tc-name-repeated",), "bridges"),
    RepairKind("arguments-not-string", "TOOL-8", ("tc-args-object",), "MiniMax, Venice"),
    RepairKind("function-call-mirrored", "TOOL-11", ("legacy-function-call",), "llama-cpp-python"),
    RepairKind("finish-conflict", "FIN-3", ("finish-conflicting",), "Together, OpenRouter"),
    RepairKind("payload-after-finish", "FIN-6", ("payload-after-finish",), "OpenRouter, Z.ai"),
    RepairKind("done-missing", "END-3", ("done-missing-finish-present",), "GPUStack, Perplexity"),
    RepairKind("finish-missing", "END-4", ("done-no-finish",), "Snowflake"),
    RepairKind("done-unterminated", "END-10", ("eof-no-blank-line",), "Azure Foundry Grok"),
    RepairKind("surrogate-split", "TXT-3", ("lone-surrogate",), "models, proxies"),
    RepairKind("surrogate-lone", "TXT-4", ("lone-surrogate",), "models, proxies"),
    RepairKind("reasoning-conflict", "RSN-2", ("reasoning-mirrored",), ""),
)

REPAIRS: Final[dict[str, RepairKind]] = {kind.name: kind for kind in _REPAIRS}
