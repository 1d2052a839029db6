"""A dialect: how one vendor lays a message over the wire, as data.

A dialect is a set of templates, one for each moment of a stream, and a few choices of order.
What it has no template for it cannot say. `render` makes the frames.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Literal

from chunkproof_conformance.synth.brief import Brief
from chunkproof_conformance.synth.framing import Framing
from chunkproof_conformance.synth.template import Or, S, Slot, Template, slots_in

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chunkproof_conformance.synth.template import Moment

Fidelity = Literal["captured", "documented", "reported"]
"""Of the shapes: seen in recorded streams; in the vendor's documents; in issue reports alone."""

ENTRY: Final[Mapping[Moment, Template]] = {
    "call": {
        "index": S.CALL,
        "id": S.CALL_ID,
        "type": "function",
        "function": {"name": S.NAME, "arguments": S.ARGUMENTS},
    },
    "arguments": {"index": S.CALL, "function": {"arguments": S.ARGUMENTS}},
}
"""The entries of tool_calls as the OpenAI reference has them."""

CHUNK: Final[Mapping[str, Template]] = {
    "id": S.ID,
    "object": "chat.completion.chunk",
    "created": S.CREATED,
    "model": S.MODEL,
    "choices": S.CHOICES,
    "usage": S.USAGE,
}
CHOICE: Final[Mapping[str, Template]] = {
    "index": S.CHOICE,
    "delta": S.DELTA,
    "logprobs": Or(S.LOGPROBS),
    "finish_reason": Or(S.FINISH),
}
USAGE: Final[Mapping[str, Template]] = {
    "prompt_tokens": S.PROMPT,
    "completion_tokens": S.COMPLETION,
    "total_tokens": S.TOTAL,
}
ERROR: Final[Mapping[str, Template]] = {
    "error": {"message": S.MESSAGE, "type": S.ERROR_TYPE, "param": None, "code": S.ERROR_CODE}
}


class CannotSay(Exception):  # noqa: N818 - a refusal, not a fault
    """The dialect has no way to say something of the message."""

    def __init__(self, dialect: str, missing: str) -> None:
        super().__init__(dialect, missing)
        self.dialect = dialect
        self.missing = missing

    def __str__(self) -> str:
        return f"{self.dialect} cannot say {self.missing}"


@dataclass(frozen=True, kw_only=True, repr=False)
class Dialect(Brief):
    """One vendor's way. Templates are in wire order."""

    name: str
    """`<vendor>` or `<vendor>-<variant>`."""
    fidelity: Fidelity
    sources: tuple[str, ...]
    """Where its facts come from, one sentence each."""
    chunk: Template = field(default_factory=lambda: CHUNK)
    choice: Template = field(default_factory=lambda: CHOICE)
    delta: Mapping[Moment, Template]
    """The delta at each moment that can come. A moment that is missing cannot be said."""
    opening: Mapping[str, Template] = field(default_factory=dict)
    """Delta of a choice's first chunk, where that says nothing else: by what comes next, `text`,
    `reasoning`, `refusal`, `call`, `calls` (more than one), `function`, `aside` or `end`."""
    entry: Mapping[Moment, Template] = field(default_factory=dict)
    """Entries of tool_calls at `call` and `arguments`, or at `whole`; those of custom tools at
    `custom call` and `custom input`."""
    calls: Literal["fragments", "whole", "together"] = "fragments"
    """Arguments in fragments; each call in one delta; neighbouring calls in one delta."""
    first_index: int = 0
    first_fragment: bool = False
    """The opening of a call carries the first fragment of its arguments."""
    finish_rides: frozenset[Moment] = frozenset()
    """The last chunk of a choice carries the finish reason itself, at these moments."""
    finish_early: frozenset[Moment] = frozenset()
    """Every chunk of these moments carries the finish reason too."""
    finish_again: bool = False
    """The chunk of usage repeats it."""
    usage: frozenset[Literal["finish", "own", "every"]] = frozenset({"own"})
    """Where usage stands: in the last finishing chunk, in one of its own, in every chunk."""
    usage_object: Mapping[str, Template] = field(default_factory=lambda: USAGE)
    usage_grows: bool = True
    """Usage in every chunk counts up; else what is not yet known is left out or null."""
    prologue: tuple[Template, ...] = ()
    """Whole chunks before the first one."""
    epilogue: tuple[Template, ...] = ()
    """Whole chunks after all others."""
    keepalive: tuple[str, ...] = ()
    """Comments, one frame each, before the first chunk."""
    idle_first: int = 0
    """So many `idle` chunks after the opening chunk of a choice."""
    idle_every: int = 0
    """An `idle` chunk after each so many steps; 0: never."""
    error: Template | None = None
    """The payload that says an error."""
    error_event: str | None = None
    error_finishes: bool = False
    """The error's payload carries the finish reason `error` of the first choice."""
    done: bool = True
    """It sends `[DONE]`."""
    cannot: frozenset[str] = frozenset()
    """What it never says although the templates could."""
    identity: Mapping[str, Any] = field(
        default_factory=lambda: {"id": "chatcmpl-1", "created": 1790000000, "model": "model-1"}
    )
    created_every: int = 0
    """`created` grows by 1 after each so many chunks; 0: never."""
    framing: Framing = field(default_factory=Framing)

    def __repr__(self) -> str:
        return f"DIALECTS[{self.name!r}]"

    @cached_property
    def says_role(self) -> bool:
        """Whether the role stands in any of its templates; two vendors never say it."""
        return bool({S.ROLE, S.ROLE_ONCE} & slots_in([self.delta, self.opening]))

    @cached_property
    def says(self) -> frozenset[str]:
        """The features it has templates for, by the names of `message.features`."""
        moments = self.delta.keys()
        can: dict[str, bool] = {
            "text": "text" in moments,
            "reasoning": "reasoning" in moments,
            "refusal": "refusal" in moments,
            "calls": S.ARGUMENTS in slots_in(self.entry),
            "value calls": S.ARGUMENTS_VALUE in slots_in(self.entry),
            "custom calls": S.ARGUMENTS in slots_in([self.entry.get("custom call")]),
            "parallel": bool(self.entry),
            "call ids": not self.entry or S.CALL_ID in slots_in(self.entry),
            "calls without id": bool(self.entry) and S.CALL_ID not in slots_in(self.entry),
            "legacy": "function" in moments,
            "asides": True,
            "choices": Slot.CHOICE in slots_in(self.choice),
            "logprobs": Slot.LOGPROBS in slots_in(self.choice),
            "finish": Slot.FINISH in slots_in(self.choice),
            "usage": bool(self.usage),
            "error": self.error is not None,
            "done": self.done,
        }
        return frozenset(name for name, able in can.items() if able) - self.cannot
