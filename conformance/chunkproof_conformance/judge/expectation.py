"""What every parser must reproduce: `expected/<feature>/<case>.json` as typed values.

A member that is absent (`UNSET`) is not judged; null says that there is nothing.
"""

from typing import Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from chunkproof.events import Outcome
from chunkproof.result import EXECUTABLE_FINISH, is_valid_json


class _Member(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Nothing unknown: a misspelt member would be an expectation that nobody checks."""


class ExpectedCall(_Member, frozen=True):
    """One call. `arguments` is compared as text, `arguments_json` as a JSON value."""

    id: str | UnsetType | None = UNSET
    type: str | UnsetType = UNSET
    name: str | UnsetType | None = UNSET
    arguments: str | UnsetType = UNSET
    arguments_json: Any | UnsetType = UNSET


class ExpectedLogprobs(_Member, frozen=True):
    """Token entries as sent, in order."""

    content: list[Any] | UnsetType = UNSET
    refusal: list[Any] | UnsetType = UNSET


class ExpectedAudio(_Member, frozen=True):
    """A spoken answer; null where the wire never said the member."""

    id: str | UnsetType | None = UNSET
    data: str | UnsetType | None = UNSET
    transcript: str | UnsetType | None = UNSET
    expires_at: int | UnsetType | None = UNSET


class ExpectedChoice(_Member, frozen=True):
    """One choice of the level final."""

    index: int
    role: str | UnsetType = UNSET
    text: str | UnsetType | None = UNSET
    reasoning: str | UnsetType | None = UNSET
    refusal: str | UnsetType | None = UNSET
    tool_calls: tuple[ExpectedCall, ...] | UnsetType = UNSET
    finish_reason: str | UnsetType | None = UNSET
    logprobs: ExpectedLogprobs | UnsetType | None = UNSET
    audio: ExpectedAudio | UnsetType | None = UNSET
    annotations: tuple[Any, ...] | UnsetType = UNSET


class ExpectedUsage(_Member, frozen=True):
    """Token counts; null where the wire sent none."""

    prompt_tokens: int | UnsetType | None = UNSET
    completion_tokens: int | UnsetType | None = UNSET
    total_tokens: int | UnsetType | None = UNSET


class ExpectedFinal(_Member, frozen=True):
    """The level final."""

    outcome: Outcome | UnsetType = UNSET
    choices: tuple[ExpectedChoice, ...] | UnsetType = UNSET
    usage: ExpectedUsage | UnsetType | None = UNSET


class ExpectedEntry(_Member, frozen=True):
    """One stretch of a choice: a channel's text, or a tool call where it was opened."""

    kind: Literal["text", "reasoning", "refusal", "tool_call"]
    text: str | UnsetType = UNSET
    id: str | UnsetType | None = UNSET
    type: str | UnsetType = UNSET
    name: str | UnsetType | None = UNSET
    arguments: str | UnsetType = UNSET
    arguments_json: Any | UnsetType = UNSET


class ExpectedFrame(_Member, frozen=True):
    """One dispatched frame: its data lines joined with LF, and its type, "" for none."""

    data: str
    event: str


class Expectation(msgspec.Struct, frozen=True):
    """One expected file; unknown members beside these belong to other levels.

    `framing` and `due` are in no file: they are read off the body when a case is judged.
    """

    case: str
    oracle: str
    final: ExpectedFinal | UnsetType = UNSET
    sequence: dict[str, tuple[ExpectedEntry, ...]] | UnsetType = UNSET
    """Per choice index, as a string."""
    exact: tuple[dict[str, Any], ...] | UnsetType = UNSET
    """Events without repairs and offsets; of each, only the members given are judged."""
    framing: tuple[ExpectedFrame, ...] | UnsetType = UNSET
    """The frames up to the first whose payload is `[DONE]`, that one included."""
    due: tuple[int, ...] | UnsetType = UNSET
    """Per event of `exact`: the byte offset at which its frame is whole."""
    messages: dict[str, tuple[dict[str, Any], ...]] | UnsetType = UNSET
    """Per option value the messages of an agent interface, pieces joined."""


def may_execute(
    outcome: Outcome | UnsetType, finish_reason: str | UnsetType | None, call: ExpectedCall
) -> bool | None:
    """Whether this call may be run (rule TOOL-12); None where the expectation does not say."""
    if outcome is UNSET or finish_reason is UNSET:
        return None
    if call.arguments is UNSET and call.arguments_json is UNSET:
        return None
    if outcome != "complete" or finish_reason not in EXECUTABLE_FINISH:
        return False
    return not isinstance(call.arguments, str) or not call.arguments or _is_runnable(call)


def _is_runnable(call: ExpectedCall) -> bool:
    return call.type == "custom" or is_valid_json(str(call.arguments))
