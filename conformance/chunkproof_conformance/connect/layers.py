"""Where a parser enters: the layers below it, run by the reference and named in the report."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from chunkproof.payload import Kind, PayloadReader
from chunkproof.sse import Frame, Notice, SseDecoder
from chunkproof_conformance.connect.adapter import SkippedRunError, SseFrame

if TYPE_CHECKING:
    from collections.abc import Iterable

    from chunkproof_conformance.connect.adapter import Entry, Stream


def entering(stream: Stream, entry: Entry) -> Stream:
    """The stream with what a parser that enters there is given.

    Raises: SkippedRunError, where the layer below makes nothing that could be handed up: a
    client ends such a stream before any code above it sees it.
    """
    if entry in {"bytes", "http"}:
        return stream
    frames = tuple(_frames(stream.pieces))
    if entry == "frames":
        return replace(stream, frames=frames)
    chunks, is_done = _chunks(frames)
    # At [DONE] a client reads no further: what the transport does after it nobody above sees.
    return replace(stream, chunks=chunks, end="eof" if is_done else stream.end)


def _frames(pieces: Iterable[bytes]) -> Iterable[SseFrame]:
    decoder = SseDecoder()
    items = [item for piece in pieces for item in decoder.feed(piece)] + decoder.close()
    if not decoder.saw_field and any(pieces):
        raise SkippedRunError("the body is no event stream: nothing comes above the SSE layer")
    for item in items:
        if isinstance(item, Frame):
            yield SseFrame(item.data.decode("utf-8", "replace"), item.event)
        elif item.notice is Notice.DONE_UNTERMINATED:
            yield SseFrame("[DONE]")
        elif item.notice is Notice.TOO_LARGE:
            raise SkippedRunError("a frame over the cap: nothing comes above the SSE layer")


def _chunks(frames: Iterable[SseFrame]) -> tuple[tuple[Any, ...], bool]:
    """The chunks, and whether `[DONE]` came after them."""
    chunks: list[Any] = []
    reader = PayloadReader()
    for number, frame in enumerate(frames, 1):
        if frame.event == "error":
            raise SkippedRunError(f"frame {number} is an error event, and no chunk")
        for payload in reader.read(frame.data.encode()):
            if payload.kind is Kind.DONE:
                return tuple(chunks), True
            if payload.kind is Kind.MALFORMED:
                raise SkippedRunError(f"frame {number} is no chunk: {payload.problem}")
            if payload.kind is Kind.CHUNK:
                chunks.append(payload.value)
    return tuple(chunks), False
