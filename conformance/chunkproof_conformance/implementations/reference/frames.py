"""The reference's SSE decoder alone: the level framing, for whoever judges only that layer."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING

from chunkproof.sse import Frame, SseDecoder
from chunkproof_conformance.judge.observation import Implementation, Observation, ObservedFrame

if TYPE_CHECKING:
    from chunkproof_conformance.connect.adapter import Stream


class FramesAdapter:
    """Feeds the pieces and keeps the frames. It knows no answer, so its outcome says nothing."""

    def start(self) -> Implementation:
        return Implementation(
            name="reference-sse",
            version=f"chunkproof {version('chunkproof')}",
            levels=("framing",),
            profiles=(
                "core",
                "tools",
                "parallel-tools",
                "reasoning",
                "refusal",
                "choices",
                "lenient",
            ),
            note="SseDecoder, bytes in, frames out",
        )

    def run(self, stream: Stream) -> Observation:
        decoder = SseDecoder()
        items = [item for piece in stream.pieces for item in decoder.feed(piece)]
        frames = [
            ObservedFrame(item.data.decode("utf-8", "replace"), item.event)
            for item in [*items, *decoder.close()]
            if isinstance(item, Frame)
        ]
        return Observation("incomplete", frames=tuple(frames))

    def stop(self) -> None:
        pass
