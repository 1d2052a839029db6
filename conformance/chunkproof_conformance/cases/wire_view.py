"""What a trait looks at: a body's frames and chunks, read loosely and without any rule.

No parser: chunks are the payloads that happen to be JSON objects, members are taken as they
stand. `choice.get("index", 0)` and the like are looked up, nothing is joined or repaired.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator

    from chunkproof_conformance.cases.cassette import Case

JsonObject = dict[str, Any]


@dataclass(frozen=True)
class WireView:
    """A stream as it lies there."""

    body: bytes
    pieces: tuple[bytes, ...]
    status: int
    end: str
    content_type: str = "text/event-stream"

    @classmethod
    def of(cls, case: Case) -> WireView:
        headers = {name.lower(): values for name, values in case.stream.response_headers.items()}
        content_type = ", ".join(headers.get("content-type", []))
        return cls(case.body, case.pieces, case.stream.status, case.key.end, content_type)

    @cached_property
    def lines(self) -> list[str]:
        """The lines as text, without their ends."""
        return re.split("\r\n|\r|\n", self.decoded)

    @cached_property
    def decoded(self) -> str:
        """The body as text, without a byte order mark."""
        return self.body.decode("utf-8", "replace").removeprefix("\ufeff")

    @cached_property
    def frames(self) -> list[list[str]]:
        """The lines between empty ones; the last group may be open."""
        groups: list[list[str]] = [[]]
        for line in self.lines:
            if line:
                groups[-1].append(line)
            elif groups[-1]:
                groups.append([])
        return [group for group in groups if group]

    @cached_property
    def payloads(self) -> list[str]:
        """What stands behind each `data:`."""
        return [line[5:].strip() for line in self.lines if line.startswith("data:")]

    @cached_property
    def values(self) -> list[Any]:
        """The payloads (or, without any, the body) that are JSON."""
        return list(_json_values(self.payloads or [self.body.decode("utf-8", "replace")]))

    @cached_property
    def chunks(self) -> list[JsonObject]:
        return [value for value in self.values if isinstance(value, dict)]

    @cached_property
    def choices(self) -> list[JsonObject]:
        """Every choice of every chunk, in wire order."""
        return [choice for chunk in self.chunks for choice in objects_in(chunk.get("choices"))]

    @cached_property
    def deltas(self) -> list[JsonObject]:
        return [object_at(choice.get("delta")) for choice in self.choices]

    @cached_property
    def calls(self) -> list[JsonObject]:
        """Every entry of every `tool_calls`, in wire order."""
        return [call for delta in self.deltas for call in objects_in(delta.get("tool_calls"))]

    @cached_property
    def functions(self) -> list[JsonObject]:
        return [object_at(call.get("function")) for call in self.calls]

    @cached_property
    def usages(self) -> list[JsonObject]:
        """The usage objects at chunk level that are not empty."""
        return [usage for chunk in self.chunks if (usage := object_at(chunk.get("usage")))]

    @cached_property
    def finishes(self) -> list[str]:
        """The finish reasons that are words, in wire order."""
        return [word for choice in self.choices if (word := finish_of(choice))]

    @property
    def is_done(self) -> bool:
        return "[DONE]" in self.payloads

    @cached_property
    def text(self) -> str:
        """All content strings, one after the other."""
        contents = [delta.get("content") for delta in self.deltas]
        return "".join(content for content in contents if isinstance(content, str))

    @cached_property
    def _by_index(self) -> dict[Hashable, list[JsonObject]]:
        # Grouped once: traits ask for each choice in turn, and a stranger's stream may have many.
        groups: dict[Hashable, list[JsonObject]] = {}
        for choice in self.choices:
            groups.setdefault(as_key(choice.get("index")), []).append(choice)
        return groups

    def indices(self) -> set[Hashable]:
        return set(self._by_index)

    def choices_of(self, index: Hashable) -> list[JsonObject]:
        """What the chunks say of one choice."""
        return self._by_index.get(index, [])

    def of_choice(self, index: Hashable) -> list[JsonObject]:
        """The deltas of one choice."""
        return [object_at(choice.get("delta")) for choice in self.choices_of(index)]

    def arguments(self) -> dict[tuple[Hashable, Hashable], str]:
        """The argument strings of each (choice index, call index), joined."""
        joined: dict[tuple[Hashable, Hashable], str] = {}
        for choice in self.choices:
            for call in objects_in(object_at(choice.get("delta")).get("tool_calls")):
                key = (as_key(choice.get("index")), as_key(call.get("index")))
                fragment = object_at(call.get("function")).get("arguments")
                joined[key] = joined.get(key, "") + (fragment if isinstance(fragment, str) else "")
        return joined


def _json_values(texts: list[str]) -> Iterator[Any]:
    for text in texts:
        try:
            yield json.loads(text)
        except (ValueError, RecursionError):
            continue


def as_key(value: Any) -> Hashable:
    """The value where it can be a key; a list or an object as its JSON text."""
    return json.dumps(value, sort_keys=True) if isinstance(value, list | dict) else value


def finish_of(choice: JsonObject) -> str:
    """The finish reason of a chunk's choice; "" where none stands there, or no word."""
    reason = choice.get("finish_reason")
    return reason if isinstance(reason, str) else ""


def object_at(value: Any) -> JsonObject:
    """The value where it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def objects_in(value: Any) -> list[JsonObject]:
    """The objects of a list; of anything else, none."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
