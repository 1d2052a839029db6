"""How a stream may end badly, as exceptions: after the stop reason `error` went out."""

from __future__ import annotations

from chunkproof.errors import ChunkproofError


class StreamFailed(ChunkproofError):  # noqa: N818 -- names an event, as asyncio's do
    """The stream itself said that it failed. What had come was handed on before."""

    def __init__(self, message: str, type: str | None, code: str | int | None) -> None:  # noqa: A002 -- the wire's word
        super().__init__(message, type, code)  # keeps the error picklable
        self.message = message
        self.type = type
        self.code = code

    def __str__(self) -> str:
        return self.message


class IncompleteStream(ChunkproofError):  # noqa: N818 -- names an event, as asyncio's do
    """The stream ended in the middle. What had come was handed on before."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message

    def __str__(self) -> str:
        return self.message
