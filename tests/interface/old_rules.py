"""What Letta 0.10.0 makes of one call: the mechanism behind quirks Q1 to Q20, Q35, Q40 and QW.

Written from rules that were observed, not from its code: a character machine that takes the
thoughts out and does not nest (`Extractor`), a lenient reader of what came so far
(`read_leniently`), and a dispatcher that looks at one delta at a time (`old_said`). Only
here to show that these, and nothing else, make its output differ from ours.
"""

import json
from collections.abc import Sequence
from typing import Any

Said = list[tuple[str, ...]]


class Extractor:
    """Thoughts and the rest, character by character, escapes as they are."""

    def __init__(self) -> None:
        self.state = "start"
        self.in_string = self.escaped = self.is_thought = self.processed = False
        self.holds = True
        self.held = self.key = ""
        self.main = self.thought = ""

    def feed(self, text: str) -> tuple[str, str]:
        self.main = self.thought = ""
        for character in text:
            self._take(character)
        return self.main, self.thought

    def _emit(self, text: str) -> None:
        if self.holds:
            self.held += text
        else:
            self.main += text

    def _value(self, text: str) -> None:
        if self.is_thought:
            self.thought += text
        else:
            self._emit(text)

    def _inside(self, character: str) -> None:
        if self.state == "key":
            self.key += character
        elif self.state == "value":
            self._value(character)

    def _take(self, character: str) -> None:
        if self.escaped or character == "\\":
            self.escaped = not self.escaped
            if self.in_string:
                self._inside(character)
            elif not self.is_thought:
                self._emit(character)
        elif character == '"':
            self.in_string = not self.in_string
            self._open() if self.in_string else self._close()
        elif self.in_string:
            self._inside(character)
        else:
            self._outside(character)

    def _open(self) -> None:
        if self.state in {"start", "comma_or_end"}:
            self.state, self.key = "key", ""
            if self.holds and self.processed:
                self.holds = False
                self.main, self.held = self.main + self.held, ""

    def _close(self) -> None:
        if self.state == "key":
            self.state = "colon"
        elif self.state == "value":
            if self.is_thought:
                self.processed = True
            else:
                self._emit('"')
            self.state = "comma_or_end"

    def _outside(self, character: str) -> None:
        if character == ":" and self.state == "colon":
            self.state = "value"
            self.is_thought = self.key == "thinking"
            if not self.is_thought:
                self._emit(f'"{self.key}":"')
        elif character == "," and self.state == "comma_or_end":
            if self.is_thought:
                self.is_thought = False
            else:
                self._emit(",")
            self.state = "start"
        elif character == "{":
            if not self.is_thought:
                self._emit("{")
        elif character == "}":
            self.state = "end"
            self._emit("}")
        elif self.state == "value":
            self._value(character)


def read_leniently(text: str) -> Any:
    """The beginning of a JSON text as a value. Raises: ValueError."""
    if not text:
        return {}
    try:
        return json.loads(text, strict=False)
    except ValueError:
        return _value(text)[0]


def _value(text: str) -> tuple[Any, str]:
    first = text[:1]
    if first == " ":
        return _value(text.strip())
    if first == '"':
        return _string(text)
    if first == "{":
        return _object(text[1:].strip())
    if first == "[":
        return _array(text[1:].strip())
    if first in {"t", "f", "n"}:
        word = {"t": ("true", True), "f": ("false", False), "n": ("null", None)}[first]
        return word[1], text[len(word[0]) :]
    digits = text[: len(text) - len(text.lstrip("0123456789.-"))]
    if not digits:
        raise ValueError(text)
    if digits in {"-", "."}:
        return digits, text[1:]
    number = digits.removesuffix(".")
    return (float(number) if "." in number else int(number)), text[len(digits) :]


def _string(text: str) -> tuple[str, str]:
    end = text.find('"', 1)
    while end > 0 and text[end - 1] == "\\":
        end = text.find('"', end + 1)
    return (text[1:], "") if end < 0 else (text[1:end], text[end + 1 :])


def _array(text: str) -> tuple[list[Any], str]:
    items: list[Any] = []
    while text and text[0] != "]":
        item, text = _value(text)
        items.append(item)
        text = text.strip().removeprefix(",").strip()
    return items, text[1:]


def _object(text: str) -> tuple[dict[Any, Any], str]:
    members: dict[Any, Any] = {}
    while text and text[0] != "}":
        key, text = _value(text)
        text = text.strip()
        if not text or text[0] == "}":
            members[key] = None
            break
        if text[0] != ":":
            raise ValueError(text)
        text = text[1:].strip()
        if not text or text[0] in ",}":
            members[key] = None
            return members, text.removeprefix(",")
        members[key], text = _value(text)
        text = text.strip().removeprefix(",").strip()
    return members, text[1:]


def old_said(name: str, call_id: str, pieces: Sequence[str], *, assistant: bool) -> Said:
    """The coalesced messages of 0.10.0 for one call whose name and id came first."""
    sender = _Sender(name, call_id, assistant=assistant and name == "send_message")
    extractor = Extractor()
    try:
        for piece in pieces:
            sender.whole += piece
            sender.take(*extractor.feed(piece))
    except (ValueError, AttributeError):
        return [*sender.said, ("stop", "error")]
    return sender.said


class _Sender:
    """The dispatcher: one delta at a time, and what waits for the next one."""

    def __init__(self, name: str, call_id: str, *, assistant: bool) -> None:
        self.said: Said = []
        self.whole = ""
        self._name: str | None = name
        self._id = call_id
        self._assistant = assistant
        self._waits = ""
        self._last: Any = None

    def take(self, main: str, thought: str) -> None:
        if thought:
            self._say("reasoning", thought)
            self._waits += main
        elif main and self._name is not None:
            if not self._assistant:
                self._say("tool", self._name, "", self._id)
            self._name = None
            self._waits += main
        elif main and self._assistant:
            self._speak(main)
        elif main:
            self._say("tool", "", self._waits + main, "")
            self._waits = ""

    def _speak(self, main: str) -> None:
        if self._waits:
            main, self._waits = self._waits + main, ""
            if main == '{"message":"':
                return
        elif main in {"}", '"}'}:
            return
        if not main.removesuffix('"'):
            return
        message = read_leniently(self.whole).get("message")
        if message and message != self._last:
            self._say("assistant", message.replace(self._last or "", "", 1))
            self._last = message

    def _say(self, *said: str) -> None:
        last = self.said[-1] if self.said else ("",)
        if last[0] == said[0]:
            self.said[-1] = (said[0], *map("".join, zip(last[1:], said[1:], strict=True)))
        else:
            self.said.append(said)
