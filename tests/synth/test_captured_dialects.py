"""Dialects against the streams of real vendors, both ways.

Every chunk shape that a captured dialect makes occurs in somebody's recording, and every shape
of the recordings is one that a dialect can make, or stands in a list with the reason why not.
The recordings belong to others; see `tests/test_captures.py` for where they are read from.
"""

import json
import sys
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from typing import Any, Final

import pytest

from chunkproof_conformance.synth.dialects.catalogue import VENDORS
from chunkproof_conformance.synth.render import chunks_of, render
from chunkproof_conformance.synth.shape import shape
from tests.synth.messages import probes
from tests.test_captures import body_of, captures

PROVIDERS: Final = {
    "openai": {"openai"},
    "azure": {"azure"},
    "openrouter": {"openrouter"},
    "xai": {"xai"},
    "groq": {"groq"},
    "zai": {"zai"},
    "deepseek": {"deepseek"},
    "mistral": {"mistral"},
    "ollama": {"ollama", "ollama-cloud"},
    "llamacpp": {"llama.cpp"},
    "gpustack": {"gpustack"},
    "together": {"together"},
    "perplexity": {"perplexity"},
    "cerebras": {"cerebras"},
    "snowflake": {"snowflake"},
    "databricks": {"databricks"},
    "vllm": {"vllm", "crusoe"},
    "litellm": {"litellm"},
    "qwen": {"alibaba"},
    "bedrock": {"bedrock-openai"},
    "cloudflare": {"cloudflare"},
    "sglang": {"azure-foundry/vercelai--azure-deepseek-reasoning.1"},
}
"""Vendor module to the providers of the collection, or to single recordings."""

NOT_COVERED: Final[dict[str, dict[str, str]]] = {
    "openrouter": {
        "openrouter/llm--tools-streaming-variant-a": "edited by its authors",
        "openrouter/llm--tools-streaming-variant-d": "edited by its authors",
        "openrouter/pydanticai--openrouter-web-search-annotations-stream": "annotations: an aside",
        "openrouter/fantasy--glm-4.6-tool-streaming": "one last chunk with an empty reasoning",
        "openrouter/fantasy--grok-tool-streaming": "encrypted reasoning: an aside",
        "openrouter/pydanticai--openrouter-streaming-reasoning": "a signature alone: an aside",
        "openrouter/rubyllm--ng-details-round-trip-accumulates-reasoning-details-while-streaming"
        "-tool-calls": "encrypted reasoning: an aside",
    },
    "together": {
        "together/mirascope--together-meta-llama-llama-4-maverick-17b-128e-instruct-fp8-async"
        "-stream--2": "three finish reasons in one stream: a case of its own",
    },
    "mistral": {
        "mistral/ddtrace--mistral-v1-chat-completions-post-ccfa08da": "an empty list of thinking",
        "mistral/pydanticai--mistral-model-thinking-part-iter--2": "an empty list of thinking",
        "mistral/rubyllm--mistral-hybrid-reasoning-streams-thinking-separately-from-content": (
            "the last thought and the first text as parts of one list"
        ),
    },
    "litellm": {
        "litellm/ddtrace--completion-stream-multiple-choices-proxy": "an empty chunk with n = 2",
    },
    "qwen": {
        "alibaba/vercelai--fixtures-alibaba-reasoning": "its first thought in another key order",
        "alibaba/vercelai--fixtures-alibaba-tool-call": "an empty last fragment",
    },
    "zai": {
        "zai/fantasy--testopenaicompatiblecommon-multi-tool-streaming-zai-glm-4.5": (
            "2 of 182 chunks of reasoning hold an empty content too"
        ),
    },
}
"""Recordings with shapes that no dialect makes, and why not. Each shape that is left over must
stand in such a recording."""

NOT_SEEN: Final[dict[str, dict[str, str]]] = {
    "openai": {
        "system_fingerprint:null choices:[{index:number delta:{tool_calls:[{index:number id": (
            "a call after text or reasoning; recorded without text before it"
        ),
    },
    "qwen": {
        "delta:{content:null tool_calls:[{index:number id:string type:string "
        'function:{name:string arguments:""}}]}': "a second call; recorded with one alone",
    },
    "ollama": {
        'delta:{role:string content:"" tool_calls:': "a call first; recorded after a thought",
    },
    "databricks": {"function:{arguments:string}": "recorded with a no-argument call alone"},
    "llamacpp": {"delta:{content:string}": "in our own recordings of llama-server"},
    "cerebras": {"} {function:": "two calls in one delta; in a recording outside the collection"},
    "mistral": {"} {id:": "two calls in one delta; in a recording outside the collection"},
    "vllm": {
        "delta:{} logprobs:null finish_reason:string stop_reason:null}]}": (
            "an answer without text, whose finish has no text to ride on"
        )
    },
    "openrouter": {
        "arguments:string}}]} finish_reason:string native_finish_reason:string logprobs:null}]}": (
            "one call in the chunk where two were recorded"
        ),
        'delta:{role:string content:""} finish_reason:string native_finish_reason:string '
        "logprobs:null}] system_fingerprint:null": "an answer without calls",
    },
}
"""Parts of shapes that dialects make and the collection does not show, and why they do."""

each_vendor = pytest.mark.parametrize("vendor", sorted(PROVIDERS))


def payloads(body: bytes) -> Iterator[dict[str, Any]]:
    """Every JSON object on a data line."""
    for line in body.decode("utf-8", "replace").replace("\r\n", "\n").split("\n"):
        if line.startswith("data: {"):
            yield json.loads(line.removeprefix("data: "))


@cache
def recorded(vendor: str) -> dict[str, set[str]]:
    """Shapes of the vendor's recordings, and which recordings show each."""
    found: dict[str, set[str]] = {}
    for name, figures in captures().items():
        if {figures["provider"], name} & PROVIDERS[vendor]:
            for payload in payloads(body_of(name)):
                found.setdefault(shape(payload), set()).add(name)
    return found


@cache
def emitted(vendor: str) -> dict[str, set[str]]:
    """Shapes that the vendor's captured dialects make, and which dialects make each."""
    found: dict[str, set[str]] = {}
    for dialect in VENDORS[vendor]:
        if dialect.fidelity == "captured":
            for message, steps in probes(dialect):
                for chunk in chunks_of(render(dialect, message, steps)):
                    found.setdefault(shape(chunk), set()).add(dialect.name)
    return found


@each_vendor
def test_what_a_dialect_makes_was_recorded(vendor: str) -> None:
    """No shape is invented; where the collection is too small for one, the list says so."""
    if not captures():
        pytest.skip("no captures; see CHUNKPROOF_CAPTURES")
    invented = emitted(vendor).keys() - recorded(vendor).keys()
    excuses = NOT_SEEN.get(vendor, {})
    unexcused = {made for made in invented if not any(part in made for part in excuses)}
    assert not unexcused
    assert all(any(part in made for made in invented) for part in excuses), "not needed any more"


@each_vendor
def test_what_was_recorded_a_dialect_can_make(vendor: str) -> None:
    """Every shape of the recordings, or the recording is listed with the reason why not."""
    if not captures():
        pytest.skip("no captures; see CHUNKPROOF_CAPTURES")
    left_over = {
        kind: names for kind, names in recorded(vendor).items() if kind not in emitted(vendor)
    }
    excused = NOT_COVERED.get(vendor, {}).keys()
    assert not [kind for kind, names in left_over.items() if not names & excused]
    assert excused <= set().union(*left_over.values()), "not needed any more"


@each_vendor
def test_line_ends_and_done_are_those_of_the_recordings(vendor: str) -> None:
    """Of raw recordings only: what was rewrapped lost its framing. Errors end otherwise."""
    if not captures():
        pytest.skip("no captures; see CHUNKPROOF_CAPTURES")
    raw = [
        figures
        for name, figures in captures().items()
        if {figures["provider"], name} & PROVIDERS[vendor] and figures["raw_wire"]
    ]
    dialects = [dialect for dialect in VENDORS[vendor] if dialect.fidelity == "captured"]
    for dialect in dialects if raw else ():
        name = {"\n": "LF", "\r\n": "CRLF"}[dialect.framing.line_end]
        assert name in {figures["line_ending"] for figures in raw}
        assert dialect.done in {figures["done"] for figures in raw}


def recorded_steps(vendor: str) -> set[tuple[str, str]]:
    """The shapes of neighbouring chunks in the vendor's recordings."""
    return {
        step
        for name, figures in captures().items()
        if {figures["provider"], name} & PROVIDERS[vendor]
        for step in pairwise([shape(payload) for payload in payloads(body_of(name))])
    }


def made_steps(vendor: str) -> set[tuple[str, str]]:
    """The shapes of neighbouring chunks that its captured dialects make."""
    return {
        step
        for dialect in VENDORS[vendor]
        if dialect.fidelity == "captured"
        for message, plan in probes(dialect)
        for step in pairwise(map(shape, chunks_of(render(dialect, message, plan))))
    }


def test_chunks_follow_each_other_as_they_were_recorded(record_property: Any) -> None:
    """Two in three steps from chunk to chunk were recorded; the others join what was seen apart.

    No recording has an answer of every kind in every variant, so all of them cannot be there.
    """
    if not captures():
        pytest.skip("no captures; see CHUNKPROOF_CAPTURES")
    made = {(vendor, step) for vendor in PROVIDERS for step in made_steps(vendor)}
    seen = {(vendor, step) for vendor in PROVIDERS for step in recorded_steps(vendor)}
    record_property("steps", {"recorded": len(seen), "made": len(made), "both": len(made & seen)})
    sys.stdout.write(f"steps: {len(seen)} recorded, {len(made)} made, {len(made & seen)} both\n")
    assert len(made & seen) / len(made) > 0.6


def test_the_dialects_make_most_of_what_was_recorded(record_property: Any) -> None:
    """The figures over all vendors: shapes recorded, made, and both."""
    if not captures():
        pytest.skip("no captures; see CHUNKPROOF_CAPTURES")
    figures = {
        vendor: (
            len(recorded(vendor)),
            len(emitted(vendor)),
            len(emitted(vendor).keys() & recorded(vendor).keys()),
        )
        for vendor in sorted(PROVIDERS)
    }
    seen, made, both = map(sum, zip(*figures.values(), strict=True))
    record_property("chunk shapes", {"recorded": seen, "made": made, "both": both})
    for name, counts in {**figures, "chunk shapes": (seen, made, both)}.items():
        sys.stdout.write("{}: {} recorded, {} made, {} both\n".format(name, *counts))
    assert both / seen > 0.9
    assert both / made > 0.9


def test_every_captured_dialect_is_held_against_recordings() -> None:
    """Nothing is called captured that no test compares."""
    captured = {
        vendor
        for vendor, variants in VENDORS.items()
        if any(dialect.fidelity == "captured" for dialect in variants)
    }
    assert captured == PROVIDERS.keys()
