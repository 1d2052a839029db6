"""The agent interface: a streamed answer to the messages an agent server hands on.

`OpenAIStreamingInterface` takes the place of the class of that name in Letta 0.10.0: its
clients see the same messages wherever the old ones were right. Needs nothing beyond
chunkproof; tiktoken and opentelemetry are used where they are installed.
"""

from chunkproof.interface.errors import IncompleteStream, StreamFailed
from chunkproof.interface.ids import generate_id, generate_otid
from chunkproof.interface.messages import (
    AnyMessage,
    ApprovalRequestMessage,
    AssistantMessage,
    FunctionCall,
    HiddenReasoningMessage,
    LettaMessage,
    LettaStopReason,
    MessageType,
    OmittedReasoningContent,
    ReasoningMessage,
    StopReasonType,
    TextContent,
    ToolCall,
    ToolCallDelta,
    ToolCallMessage,
)
from chunkproof.interface.streaming import MessageStream, OpenAIStreamingInterface
from chunkproof.interface.telemetry import context_attributes
from chunkproof.interface.tokens import (
    CharacterCounter,
    TiktokenCounter,
    TokenCounter,
    num_tokens_from_functions,
    num_tokens_from_messages,
    num_tokens_from_tool_calls,
    token_counter,
)

__all__ = [
    "AnyMessage",
    "ApprovalRequestMessage",
    "AssistantMessage",
    "CharacterCounter",
    "FunctionCall",
    "HiddenReasoningMessage",
    "IncompleteStream",
    "LettaMessage",
    "LettaStopReason",
    "MessageStream",
    "MessageType",
    "OmittedReasoningContent",
    "OpenAIStreamingInterface",
    "ReasoningMessage",
    "StopReasonType",
    "StreamFailed",
    "TextContent",
    "TiktokenCounter",
    "TokenCounter",
    "ToolCall",
    "ToolCallDelta",
    "ToolCallMessage",
    "context_attributes",
    "generate_id",
    "generate_otid",
    "num_tokens_from_functions",
    "num_tokens_from_messages",
    "num_tokens_from_tool_calls",
    "token_counter",
]
