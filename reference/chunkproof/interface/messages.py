"""The messages an agent server hands on: the classes of Letta 0.10.0, without pydantic.

Same member names, order, null and omission rules in `model_dump()` and
`model_dump_json()`. A member that is UNSET did not exist in 0.10.0 (`run_id`,
`tool_calls`) and appears only where it was set: with `extended=True`.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Literal

import msgspec
from msgspec import UNSET, UnsetType


class MessageType(StrEnum):
    """The value of `message_type`."""

    reasoning_message = "reasoning_message"
    hidden_reasoning_message = "hidden_reasoning_message"
    assistant_message = "assistant_message"
    tool_call_message = "tool_call_message"
    approval_request_message = "approval_request_message"


class StopReasonType(StrEnum):
    """Why a step stopped. This interface itself says `error` and `cancelled` alone."""

    end_turn = "end_turn"
    error = "error"
    invalid_tool_call = "invalid_tool_call"
    max_steps = "max_steps"
    no_tool_call = "no_tool_call"
    tool_rule = "tool_rule"
    cancelled = "cancelled"


class Model(msgspec.Struct):
    """What all of them can do: the two ways to write them out."""

    def members(self) -> dict[str, Any]:
        """The members in order, nested ones as dict; UNSET left out."""
        members: dict[str, Any] = {}
        for name in self.__struct_fields__:
            value = getattr(self, name)
            if value is not UNSET:
                members[name] = value.members() if isinstance(value, Model) else value
        return members

    def model_dump(self, *, mode: str = "python", exclude_none: bool = False) -> dict[str, Any]:
        """Return the members as a dict, in order. mode: "json" writes enums as strings."""
        members = self.members()
        if exclude_none:
            members = _without_none(members)
        if mode == "json":
            members = msgspec.to_builtins(members)
        return members

    def model_dump_json(self, *, indent: int | None = None, exclude_none: bool = False) -> str:
        """Return compact JSON, other than ASCII as it is; with indent: spread out."""
        members = self.members()
        if exclude_none:
            members = _without_none(members)
        if indent is not None:
            return json.dumps(members, ensure_ascii=False, indent=indent)
        return msgspec.json.encode(members).decode()


def _without_none(members: dict[str, Any]) -> dict[str, Any]:
    return {
        name: _without_none(value) if isinstance(value, dict) else value
        for name, value in members.items()
        if value is not None
    }


class LettaMessage(Model, kw_only=True):
    """The members all messages begin with."""

    id: str
    date: datetime
    """When it was made; a naive one is taken as UTC. Written to whole seconds."""
    name: str | None = None
    message_type: MessageType
    otid: str | None = None
    """Id of the segment this message is a piece of: pieces with one otid belong together."""
    sender_id: str | None = None
    step_id: str | None = None
    is_err: bool | None = None
    """Written only if true."""
    run_id: str | UnsetType | None = UNSET

    def members(self) -> dict[str, Any]:
        members = super().members()
        date = self.date if self.date.utcoffset() is not None else self.date.replace(tzinfo=UTC)
        members["date"] = date.isoformat(timespec="seconds")
        members["is_err"] = self.is_err or None
        return members


class ReasoningMessage(LettaMessage, kw_only=True):
    """A piece of what the model thought."""

    message_type: MessageType = MessageType.reasoning_message
    source: Literal["reasoner_model", "non_reasoner_model"] = "non_reasoner_model"
    """Whether the model has reasoning of its own, or put it among a tool's arguments."""
    reasoning: str
    signature: str | None = None


class HiddenReasoningMessage(LettaMessage, kw_only=True):
    """The model thought, and its server keeps it. Sent with `extended=True` alone."""

    message_type: MessageType = MessageType.hidden_reasoning_message
    state: Literal["redacted", "omitted"]
    hidden_reasoning: str | None = None


class AssistantMessage(LettaMessage, kw_only=True):
    """A piece of what the assistant says to the user."""

    message_type: MessageType = MessageType.assistant_message
    content: str


class ToolCallDelta(Model):
    """A piece of a tool call. Members that are None are not written."""

    name: str | None = None
    arguments: str | None = None
    tool_call_id: str | None = None

    def members(self) -> dict[str, Any]:
        return _without_none(super().members())


class ToolCallMessage(LettaMessage, kw_only=True):
    """A piece of a tool call: its name first, then its arguments without the thoughts."""

    message_type: MessageType = MessageType.tool_call_message
    tool_call: ToolCallDelta
    tool_calls: ToolCallDelta | UnsetType = UNSET
    """The same again, where later servers have it."""

    def model_dump(
        self,
        *,
        mode: str = "python",
        exclude_none: bool = True,  # noqa: ARG002 -- as 0.10.0, which sets it whatever it was
    ) -> dict[str, Any]:
        """Return the members as a dict: this class drops None at every level, always."""
        return super().model_dump(mode=mode, exclude_none=True)


class ApprovalRequestMessage(ToolCallMessage, kw_only=True):
    """A piece of a call that waits for the user's yes. Sent with `extended=True` alone."""

    message_type: MessageType = MessageType.approval_request_message


class LettaStopReason(Model):
    """The last message of a step: why it stopped."""

    stop_reason: StopReasonType
    message_type: Literal["stop_reason"] = "stop_reason"

    def members(self) -> dict[str, Any]:
        return {"message_type": self.message_type, "stop_reason": self.stop_reason}


class TextContent(Model):
    """A step's reasoning as one text."""

    text: str

    @property
    def type(self) -> Literal["text"]:
        return "text"

    def members(self) -> dict[str, Any]:
        return {"type": self.type, "text": self.text}


class OmittedReasoningContent(Model):
    """A step of a model whose server keeps the reasoning."""

    @property
    def type(self) -> Literal["omitted_reasoning"]:
        return "omitted_reasoning"

    def members(self) -> dict[str, Any]:
        return {"type": self.type}


class FunctionCall(Model):
    """Name and raw arguments of a call; the thoughts are still among them."""

    arguments: str
    name: str


class ToolCall(Model):
    """A whole tool call."""

    id: str
    function: FunctionCall

    @property
    def type(self) -> Literal["function"]:
        return "function"

    def members(self) -> dict[str, Any]:
        return {"id": self.id, "type": self.type, "function": self.function.members()}


AnyMessage = (
    ReasoningMessage
    | HiddenReasoningMessage
    | AssistantMessage
    | ToolCallMessage
    | ApprovalRequestMessage
    | LettaStopReason
)
"""What `process()` yields."""
