"""The tool calls of one choice: the identity table applied, calls and fragments said."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chunkproof.channel import Channel
from chunkproof.events import ToolArguments, ToolCall
from chunkproof.identity import Act, OpenCalls, decide, grow_id, grow_name
from chunkproof.partial_json import JsonScanner, JsonStatus
from chunkproof.result import ToolCallResult
from chunkproof.values import clean

if TYPE_CHECKING:
    from collections.abc import Callable

    from chunkproof.chunk import Entry
    from chunkproof.events import AnyEvent
    from chunkproof.journal import Journal


class Call:
    """One tool call as far as it is known."""

    __slots__ = (
        "_scanner",
        "arguments",
        "has_index",
        "id",
        "index",
        "is_ordered",
        "kind",
        "legacy",
        "name",
    )

    def __init__(self, index: int | None, kind: str, *, is_ordered: bool, legacy: bool) -> None:
        self.index = index
        self.id = ""
        self.name = ""
        self.kind = kind
        self.legacy = legacy
        self.is_ordered = is_ordered
        """Opened by rule TOOL-1: its index gives its place in the list (rule TOOL-9)."""
        self.has_index = index is not None
        self.arguments = Channel()
        self._scanner: JsonScanner | None = None

    @property
    def has_arguments(self) -> bool:
        return bool(self.arguments or self.arguments.half)

    def append(self, fragment: str) -> None:
        self.arguments.append(fragment)
        if self._scanner is not None:
            self._scanner.feed(fragment)

    def arguments_complete(self) -> bool:
        """Return whether the arguments are one whole JSON value.

        Whoever asks again pays for the new fragments only, so that a name in every
        fragment stays linear.
        """
        if self._scanner is None:
            self._scanner = JsonScanner()
            self._scanner.feed(str(self.arguments.view()))
        is_whole = bool(self.arguments) and not self.arguments.half
        return is_whole and self._scanner.status is JsonStatus.COMPLETE


class Calls:
    """The calls of one choice, in order of first appearance."""

    def __init__(self, choice: int, journal: Journal, say: Callable[[AnyEvent], None]) -> None:
        self._choice = choice
        self._journal = journal
        self._say = say
        self._calls: list[Call] = []
        self._by_index: dict[int, int] = {}
        self._by_id: dict[str, int] = {}
        self._legacy: int | None = None
        self._opened: list[int] = []
        self._known = OpenCalls(self._calls, self._by_index, self._by_id, self._opened)

    def __getitem__(self, number: int) -> Call:
        return self._calls[number]

    def apply(self, entry: Entry) -> None:
        """Take one entry of `tool_calls`."""
        decision = decide(entry.index, entry.id, entry.name, self._known)
        if decision.repair:
            self._journal.repair(decision.repair)
        path = f"/choices/{self._choice}/delta/tool_calls"
        if decision.act is Act.ORPHAN:
            raw = clean(entry.raw)
            if raw != entry.raw:
                self._journal.repair("surrogate-lone")
            self._journal.extend(f"{path}/-", [raw])
            return
        is_new = decision.act is Act.OPEN
        number = len(self._calls) if is_new else decision.call
        if is_new:
            is_ordered = entry.index is not None and decision.repair != "index-collapsed"
            self._calls.append(Call(entry.index, entry.type, is_ordered=is_ordered, legacy=False))
            self._opened.append(number)
        if decision.names_index and entry.index is not None:
            self._by_index[entry.index] = number
            self._calls[number].has_index = True
        self._identify(number, entry, is_new=is_new)
        self._append(number, entry.arguments)
        for member, value in entry.extras:
            self._journal.keep(f"{path}/{number}{member}", value)

    def apply_legacy(self, entry: Entry) -> None:
        """Take a `function_call`: one call a choice (rule TOOL-11)."""
        if not (entry.name or entry.arguments):
            return
        is_new = self._legacy is None
        if self._legacy is None:
            self._legacy = len(self._calls)
            self._calls.append(Call(None, entry.type, is_ordered=False, legacy=True))
        self._identify(self._legacy, entry, is_new=is_new)
        self._append(self._legacy, entry.arguments)

    def flush(self) -> None:
        """Say the surrogate halves that still wait (rule TXT-4)."""
        for number, call in enumerate(self._calls):
            text = call.arguments.release(self._journal)
            if text:
                self._say_fragment(number, text)

    def results(self, *, may_execute: bool) -> tuple[ToolCallResult, ...]:
        """Return snapshots, by index where rule TOOL-1 opened all (rule TOOL-9)."""
        calls = list(enumerate(self._calls))
        if len(calls) > 1 and all(call.is_ordered for _, call in calls):
            calls.sort(key=lambda numbered: numbered[1].index or 0)
        return tuple(
            ToolCallResult(
                call.id or None,
                call.kind,
                call.name or None,
                call.arguments.view(),
                may_execute,
                call.legacy,
                number,
            )
            for number, call in calls
        )

    def _identify(self, number: int, entry: Entry, *, is_new: bool) -> None:
        """Let a call's id, name and kind grow, and say so (rules TOOL-6, TOOL-7, TOOL-10)."""
        call = self._calls[number]
        is_late_custom = entry.type == "custom" and call.kind != "custom"
        grown_id = grow_id(call.id, entry.id)
        grown_name = grow_name(call.name, entry.name, has_arguments=call.has_arguments)
        for grown in (grown_id, grown_name):
            if grown.repair:
                self._journal.repair(grown.repair)
        if entry.id and is_new:
            self._by_id[entry.id] = number
        elif entry.id and not call.id:  # a call opened with it stays the one that is meant
            self._by_id.setdefault(entry.id, number)
        has_grown = (grown_id.value, grown_name.value) != (call.id, call.name)
        if is_new or has_grown or is_late_custom:
            call.id, call.name = grown_id.value, grown_name.value
            call.kind = "custom" if is_late_custom else call.kind
            self._say(
                ToolCall(
                    self._choice,
                    number,
                    call.index,
                    call.id or None,
                    call.name or None,
                    call.kind,
                    self._journal.offset,
                )
            )

    def _append(self, number: int, fragment: str) -> None:
        if fragment:
            text = self._calls[number].arguments.mend(fragment, self._journal)
            if text:
                self._say_fragment(number, text)

    def _say_fragment(self, number: int, text: str) -> None:
        self._say(ToolArguments(self._choice, number, text, self._journal.offset))
        self._calls[number].append(text)
