"""Real streams that other projects recorded: figures, invariance, and no needless repair.

The streams belong to others and are no part of this project; they are read where
`CHUNKPROOF_CAPTURES` says, else in a folder beside the checkout. Where there are none the
tests are skipped. The figures come from the collection's own manifest and from reading the
data lines with `json`, never from the parser.
"""

import json
import os
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest

from chunkproof import parse
from tests.specification import as_json, drain, repair_names, schema_validator

ORDINARY: Final = ("openai", "azure", "openrouter", "deepseek", "xai", "groq", "mistral")
"""Vendors whose ordinary streams need no repair."""

COUNTED_OTHERWISE: Final = {
    # The manifest counts content strings, not the text parts of content lists.
    "mistral/rubyllm--mistral-hybrid-reasoning-streams-thinking-separately-from-content": {"text"},
    "mistral/vercelai--fixtures-mistral-reasoning": {"text"},
    # It counts tool_calls, not the legacy function_call.
    "openai/ddtrace--completion-function-call-streamed": {"arguments", "calls"},
    # It lists both reasons; the first counts (FIN-3).
    "together/mirascope--together-meta-llama-llama-4-maverick-17b-128e-instruct-fp8-async-stream"
    "--2": {"finish"},
}

FAILED: Final = {
    "groq/pydanticai--tool-use-failed-error-streaming-with-text": "tool_use_failed",
    "openai/rubyllm--streaming-responses-openai-gpt-4-1-nano-supports-streaming-responses": None,
}
"""Streams that say that they failed, and the error's code."""

INCOMPLETE: Final = {"evroc/pydanticai--clean-eof-without-finish-reason-is-accepted-by-default"}
"""A recorded stream that stops in the middle of the answer."""

EXPECTED_REPAIRS: Final = {
    "openai/ddtrace--lcel-openai-chat-streamed-response-json-output-parser": {"finish-missing"},
    "openrouter/llm--tools-streaming-variant-a": {"finish-missing"},
    "mistral/prism--stream-basic-text-1": {"done-unterminated"},
    "mistral/openinference--streaming-chat-completions-with-tool-call-response-emits-expected"
    "-spans-false": {"index-missing"},
}
"""Repairs that a capture of an ordinary vendor needs: cut fixtures, and Mistral's first calls."""


def _folder() -> Path:
    named = os.environ.get("CHUNKPROOF_CAPTURES")
    return Path(named) if named else Path(__file__).resolve().parents[2] / "shared" / "captures"


@cache
def captures() -> dict[str, dict[str, Any]]:
    """Return the manifest by id; empty where there is no collection."""
    manifest = _folder() / "manifest.jsonl"
    if not manifest.is_file():
        return {}
    rows = (json.loads(line) for line in manifest.read_text("utf-8").splitlines())
    return {row["id"]: row for row in rows}


def body_of(capture: str) -> bytes:
    path = _folder() / str(captures()[capture]["file"])
    return path.read_bytes()


NONE_HERE: Final = pytest.param(
    "", marks=pytest.mark.skip(reason="no captures; see CHUNKPROOF_CAPTURES")
)

each_capture = pytest.mark.parametrize("capture", sorted(captures()) or [NONE_HERE])
each_ordinary_capture = pytest.mark.parametrize(
    "capture",
    sorted(name for name, figures in captures().items() if figures["provider"] in ORDINARY)
    or [NONE_HERE],
)


def sent_usages(body: bytes) -> list[dict[str, Any]]:
    """Return every usage object on the wire that holds a number other than 0, in order."""
    found = []
    for line in body.splitlines():
        if not line.startswith(b"data: {"):
            continue
        chunk = json.loads(line[6:])
        places = [chunk, chunk.get("x_groq"), *(chunk.get("choices") or [])]
        found += [place["usage"] for place in places if place and place.get("usage")]
    return [usage for usage in found if usage.get("total_tokens") or usage.get("prompt_tokens")]


@each_capture
def test_the_answer_has_the_figures_of_the_manifest(capture: str) -> None:
    """Text length, argument length, number of calls, finish reasons and usage agree."""
    figures = captures()[capture]
    body = body_of(capture)
    result = parse([body]).to_dict()
    choices = result["choices"]
    calls = [call for choice in choices for call in choice["tool_calls"]]
    found = {
        "text": sum(len(choice["text"] or "") for choice in choices),
        "arguments": sum(len(call["arguments"]) for call in calls),
        "calls": len(calls),
        "finish": sorted({choice["finish_reason"] for choice in choices} - {None}),
    }
    counted = {
        "text": figures["text_chars"],
        "arguments": figures["arg_chars"],
        "calls": figures["tools"],
        "finish": sorted(figures["finish_reasons"]),
    }
    for name in COUNTED_OTHERWISE.get(capture, ()):
        assert found.pop(name) != counted.pop(name), "the exception is no longer needed"
    assert found == counted
    usages = sent_usages(body)
    assert (result["usage"] is not None) >= (figures["usage_at"] is not None)
    if usages:
        assert result["usage"]["raw"] == usages[-1]
        assert result["usage"]["total_tokens"] == usages[-1].get("total_tokens")


@each_capture
def test_the_outcome_is_that_of_the_recording(capture: str) -> None:
    """Every recorded stream is complete but the known errors and the known cut one."""
    result = parse([body_of(capture)]).to_dict()
    if capture in FAILED:
        assert result["outcome"] == "failed"
        assert result["error"]["code"] == FAILED[capture]
    else:
        assert result["outcome"] == ("incomplete" if capture in INCOMPLETE else "complete")
    assert {
        call["valid_json"] for choice in result["choices"] for call in choice["tool_calls"]
    } <= {True}


@each_capture
def test_cutting_a_recording_changes_nothing(capture: str) -> None:
    """Byte by byte, and in pieces of 7 and 1,400 bytes, the events are those of the whole."""
    body = body_of(capture)
    whole = drain([body])
    for size in (1, 7, 1_400):
        pieces = (body[at : at + size] for at in range(0, len(body), size))
        assert drain(pieces) == whole, f"in pieces of {size}"


@each_capture
def test_a_recording_fits_the_schemas(capture: str) -> None:
    """Real output is what the published schemas describe."""
    body = body_of(capture)
    schema_validator("result").validate(parse([body]).to_dict())
    kinds: dict[str, dict[str, Any]] = {}
    for event in as_json(drain([body])):
        kinds[event["event"]] = event
    for event in kinds.values():
        schema_validator("event").validate(event)


@each_ordinary_capture
def test_ordinary_streams_need_no_repair(capture: str) -> None:
    """The big vendors' streams obey the rules; a stream rewrapped without `[DONE]` says so."""
    figures = captures()[capture]
    expected = set(EXPECTED_REPAIRS.get(capture, ()))
    if not figures["done"] and capture not in FAILED:
        assert not figures["raw_wire"]
        expected.add("done-missing")
    assert repair_names(parse([body_of(capture)]).to_dict()) == expected


def test_every_exception_names_a_capture() -> None:
    """The lists above hold no id that the collection has not."""
    if not captures():
        pytest.skip("no captures; see CHUNKPROOF_CAPTURES")
    named = {*COUNTED_OTHERWISE, *FAILED, *INCOMPLETE, *EXPECTED_REPAIRS}
    assert named <= captures().keys()
