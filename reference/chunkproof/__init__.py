"""A reference parser for OpenAI-style streamed chat completions.

`StreamParser` takes the bytes of a body, cut anywhere, and returns events; `parse` returns
the result of a whole body. Bytes in, events out: no clock, no network, no async.
"""

from chunkproof.errors import ChunkproofError, ParseError, UsageError
from chunkproof.events import AnyEvent, Event
from chunkproof.result import ChoiceResult, Result, ToolCallResult
from chunkproof.stream import StreamParser, parse

__all__ = [
    "AnyEvent",
    "ChoiceResult",
    "ChunkproofError",
    "Event",
    "ParseError",
    "Result",
    "StreamParser",
    "ToolCallResult",
    "UsageError",
    "parse",
]
