"""The frames of a stream that keeps to the plainest form of the SSE syntax, and no other.

Plain: UTF-8 without a byte order mark; LF line ends; every frame is one line `data: ` plus
payload, or comment lines alone, and ends with an empty line; the last payload is `[DONE]`.
"""

from __future__ import annotations

import json
from typing import Any, Final, NoReturn

DATA: Final = "data: "
DONE: Final = "[DONE]"
MAX_DEPTH: Final = 32
"""Levels of objects and lists; how much deeper a reader goes is a rule of its own (PAY-13)."""


class NotPlain(Exception):  # noqa: N818 - a refusal, not a fault
    """The transcript reader refuses this stream: the reason, and where."""

    def __init__(self, reason: str, frame: int | None = None) -> None:
        super().__init__(reason, frame)
        self.reason = reason
        self.frame = frame

    def __str__(self) -> str:
        return self.reason if self.frame is None else f"frame {self.frame}: {self.reason}"


def read_payloads(body: bytes) -> list[str]:
    """The payloads before `[DONE]`, in order. Raises: NotPlain."""
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        raise NotPlain(f"byte {error.start} is no UTF-8") from error
    if "\r" in text or text.startswith("\ufeff"):
        raise NotPlain("a carriage return or a byte order mark")
    if not text.endswith("\n\n"):
        raise NotPlain("the last frame is not ended by an empty line")
    payloads = []
    for number, frame in enumerate(text.removesuffix("\n\n").split("\n\n"), 1):
        lines = [line for line in frame.split("\n") if not line.startswith(":")]
        if not lines:
            continue
        if len(lines) > 1 or not lines[0].startswith(DATA):
            raise NotPlain("not one line of `data: `", number)
        payloads.append(lines[0].removeprefix(DATA))
    if not payloads or payloads.pop() != DONE or DONE in payloads:
        raise NotPlain("it does not end with its one [DONE]")
    return payloads


def read_object(payload: str) -> dict[str, Any]:
    """The payload as a JSON object without tricks. Raises: NotPlain."""
    try:
        value = json.loads(
            payload, object_pairs_hook=_unique_members, parse_constant=_refuse_constant
        )
    except (ValueError, RecursionError) as error:
        raise NotPlain(f"not JSON ({error})") from error
    if not isinstance(value, dict):
        raise NotPlain("a payload that is no object")
    if _is_deep(value):
        raise NotPlain(f"nested deeper than {MAX_DEPTH} levels")
    return value


def _is_deep(value: Any) -> bool:
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [
            part
            for item in level
            if isinstance(item, (dict, list))
            for part in (item.values() if isinstance(item, dict) else item)
        ]
    return any(isinstance(item, (dict, list)) for item in level)


def _unique_members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({name for name, _ in pairs}) != len(pairs):
        raise NotPlain("a member twice in one object")
    for _, value in pairs:
        if isinstance(value, str) and any("\ud800" <= char <= "\udfff" for char in value):
            raise NotPlain("half a surrogate pair")
    return dict(pairs)


def _refuse_constant(name: str) -> NoReturn:
    raise NotPlain(f"{name} is no JSON")
