"""The twin oracle: the same request answered without streaming says what the stream says.

It gives text, reasoning, refusal, finish reason, number, order and names of calls, arguments
as JSON values, and the counts of usage that both sent. It cannot give the outcome, ids (they
differ between two answers), roles of a choice that the stream leaves out, or any order.
Where stream and twin differ, the twin is no oracle but a finding: `differences` lists them.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

from chunkproof_conformance.oracles.expectation import COUNTS, JsonObject

REASONING_FIELDS: Final = ("reasoning_content", "reasoning")
_STREAMED_COUNT: Final = re.compile(rb'"(prompt_tokens|completion_tokens|total_tokens)": ?\d')


class NoTwin(Exception):  # noqa: N818 - a refusal, not a fault
    """The second body is no answer that could be compared."""


def expect(twin: bytes, stream: bytes) -> JsonObject:
    """The level final, as far as a twin gives it. Raises: NoTwin.

    stream: only searched for which counts it sends at all.
    """
    try:
        answer = json.loads(twin)
        choices = sorted(answer["choices"], key=lambda choice: choice["index"])
        expected: JsonObject = {"choices": [_choice(choice) for choice in choices]}
    except (ValueError, KeyError, TypeError) as error:
        raise NoTwin(f"no chat completion ({error})") from error
    usage = answer.get("usage") or {}
    both = {match.decode() for match in _STREAMED_COUNT.findall(stream)} & usage.keys()
    if both:
        expected["usage"] = {name: usage[name] for name in COUNTS if name in both}
    return {"final": expected}


def _choice(choice: JsonObject) -> JsonObject:
    message = choice["message"]
    reasoning = next((message[name] for name in REASONING_FIELDS if message.get(name)), None)
    return {
        "index": choice["index"],
        "text": message.get("content") or None,
        "reasoning": reasoning,
        "refusal": message.get("refusal") or None,
        "tool_calls": [_call(call["function"]) for call in message.get("tool_calls") or []],
        "finish_reason": choice["finish_reason"],
    }


def _call(function: JsonObject) -> JsonObject:
    """Name and arguments as a JSON value; as text where they are none."""
    arguments = function.get("arguments") or ""
    try:
        return {"name": function["name"], "arguments_json": json.loads(arguments)}
    except ValueError:
        return {"name": function["name"], "arguments": arguments}


def differences(expected: JsonObject, other: JsonObject) -> list[str]:
    """Where another oracle's level final disagrees with the twin's, one line each."""
    found: list[str] = []
    _compare("", expected["final"], _as_json_values(other["final"]), found)
    return found


def _as_json_values(level: JsonObject) -> JsonObject:
    """The level with `arguments_json` beside each call's arguments."""
    choices = [
        {**choice, "tool_calls": [_both_forms(call) for call in choice["tool_calls"]]}
        for choice in level["choices"]
    ]
    return {**level, "choices": choices}


def _both_forms(call: JsonObject) -> JsonObject:
    try:
        return {**call, "arguments_json": json.loads(call["arguments"])}
    except ValueError:
        return call


def _compare(path: str, expected: Any, other: Any, found: list[str]) -> None:
    """Members of `expected` only: what the twin does not give is not compared."""
    if isinstance(expected, dict) and isinstance(other, dict) and not path.endswith("_json"):
        for name, value in expected.items():
            _compare(f"{path}/{name}", value, other.get(name), found)
    elif isinstance(expected, list) and isinstance(other, list) and len(expected) == len(other):
        for position, (mine, theirs) in enumerate(zip(expected, other, strict=True)):
            _compare(f"{path}/{position}", mine, theirs, found)
    elif expected != other:
        found.append(f"{path}: the twin says {expected!r}, the stream {other!r}")
