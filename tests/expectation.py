"""What a specification case expects: the whole `Result.to_dict()`, and events where order counts.

`...` in an expected value means "anything" (the rules leave it open). Everything else is
compared exactly, so a case that says nothing about `extra` says that there is none.
"""

import json
from dataclasses import dataclass
from typing import Any, Final


@dataclass(frozen=True)
class Containing:
    """Matches a string that contains this one, or a list or object whose JSON does."""

    part: str

    def matches(self, actual: Any) -> bool:
        text = actual if isinstance(actual, str) else json.dumps(actual, ensure_ascii=False)
        return self.part in text


@dataclass(frozen=True)
class JsonText:
    """Matches a string that is this JSON value, however it is spaced."""

    value: Any

    def matches(self, actual: Any) -> bool:
        return isinstance(actual, str) and bool(json.loads(actual) == self.value)


@dataclass(frozen=True)
class OneOf:
    """Matches any of several values: the rules allow each."""

    values: tuple[Any, ...]

    def matches(self, actual: Any) -> bool:
        return any(matches(value, actual) for value in self.values)


def matches(expected: Any, actual: Any) -> bool:
    """Return whether the actual JSON value is what was expected."""
    if expected is ...:
        return True
    if isinstance(expected, Containing | JsonText | OneOf):
        return expected.matches(actual)
    if isinstance(expected, dict):
        return (
            isinstance(actual, dict)
            and expected.keys() == actual.keys()
            and all(matches(value, actual[key]) for key, value in expected.items())
        )
    if isinstance(expected, list):
        return (
            isinstance(actual, list)
            and len(expected) == len(actual)
            and all(matches(one, other) for one, other in zip(expected, actual, strict=True))
        )
    return type(expected) is type(actual) and bool(expected == actual)


INCOMPLETE: Final = {"message": Containing(" "), "type": "incomplete", "code": None}
"""The error of an incomplete stream: a sentence."""

SOME_ERROR: Final = {"message": ..., "type": ..., "code": ...}
"""The stream failed; what is said about it is left to the parser."""


def error(message: Any, type: Any = None, code: Any = None) -> dict[str, Any]:  # noqa: A002
    return {"message": message, "type": type, "code": code}


def usage(prompt: Any, completion: Any, total: Any, raw: Any = ...) -> dict[str, Any]:
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": total,
        "raw": raw,
    }


def call(
    name: Any,
    arguments: Any = "",
    *,
    id: Any = None,  # noqa: A002 - the member's name in the result
    type: Any = "function",  # noqa: A002 - the member's name in the result
    valid: Any = True,
    executable: Any = True,
    legacy: bool = False,
) -> dict[str, Any]:
    members = {
        "id": id,
        "type": type,
        "name": name,
        "arguments": arguments,
        "valid_json": valid,
        "executable": executable,
    }
    return {**members, "legacy": True} if legacy else members


def choice(
    index: int = 0,
    *,
    text: Any = None,
    reasoning: Any = None,
    refusal: Any = None,
    calls: Any = (),
    finish: Any = None,
    complete: Any = None,
    role: Any = "assistant",
    logprobs: Any = None,
    audio: Any = None,
    annotations: Any = (),
) -> dict[str, Any]:
    """Return an expected choice; complete as it has a finish reason unless said otherwise."""
    return {
        "index": index,
        "complete": finish is not None if complete is None else complete,
        "role": role,
        "text": text,
        "reasoning": reasoning,
        "refusal": refusal,
        "tool_calls": list(calls) if isinstance(calls, tuple) else calls,
        "finish_reason": finish,
        "logprobs": logprobs,
        "audio": audio,
        "annotations": list(annotations) if isinstance(annotations, tuple) else annotations,
    }


@dataclass(frozen=True)
class Case:
    """One row of a table: wire bytes and what a parser must make of them.

    row: id of the hazard, or name of the table's row. rules: ids the case rests on.
    repairs: names, in any order; may_repair: names that may be there as well.
    framed: what the case shows survives entry at the frame level. close_error: the
    transport failed after the last byte.
    """

    row: str
    variant: str
    rules: tuple[str, ...]
    wire: bytes
    outcome: str
    envelope: dict[str, Any]
    choices: list[Any]
    usage: Any
    error: Any
    extra: Any
    repairs: tuple[str, ...]
    may_repair: tuple[str, ...]
    events: list[Any] | None
    framed: bool
    close_error: Exception | None

    @property
    def name(self) -> str:
        return f"{self.row}/{self.variant}" if self.variant else self.row

    def expected_result(self) -> dict[str, Any]:
        """Return the expected `to_dict()`, repairs left to a check of their own."""
        return {
            "outcome": self.outcome,
            **self.envelope,
            "choices": self.choices,
            "usage": self.usage,
            "error": self.error,
            "extra": self.extra,
            "repairs": ...,
        }


_ENVELOPE: Final = {"id": "c1", "model": "m", "created": 1}


def case(
    row: str,
    rules: str,
    *wire: bytes,
    variant: str = "",
    outcome: str = "complete",
    envelope: dict[str, Any] | None = None,
    choices: list[Any] | None = None,
    usage: Any = None,
    error: Any = None,
    extra: Any = None,
    repairs: str = "",
    may_repair: str = "",
    events: list[Any] | None = None,
    framed: bool = True,
    close_error: Exception | None = None,
    **only_choice: Any,
) -> Case:
    """Return a case; without `choices` the other keywords describe the only choice, index 0.

    rules, repairs, may_repair: names separated by spaces. An incomplete stream expects a
    sentence as its error, a failed one must say which error.
    """
    if choices is None:
        only_choice.setdefault(
            "complete", only_choice.get("finish") is not None or outcome == "complete"
        )
        choices = [choice(**only_choice)]
    if error is None and outcome != "complete":
        error = INCOMPLETE if outcome == "incomplete" else SOME_ERROR
    return Case(
        row=row,
        variant=variant,
        rules=tuple(rules.split()),
        wire=b"".join(wire),
        outcome=outcome,
        envelope={**_ENVELOPE, **(envelope or {})},
        choices=choices,
        usage=usage,
        error=error,
        extra={} if extra is None else extra,
        repairs=tuple(repairs.split()),
        may_repair=tuple(may_repair.split()),
        events=events,
        framed=framed,
        close_error=close_error,
    )


def event(kind: str, **members: Any) -> dict[str, Any]:
    """Return an expected event; repairs are left out of event lists, offsets of events."""
    return {"event": kind, **members}


START: Final = event("start", id="c1", model="m", created=1)


def end(outcome: str = "complete") -> dict[str, Any]:
    return event("end", outcome=outcome)
