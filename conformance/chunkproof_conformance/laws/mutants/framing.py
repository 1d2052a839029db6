"""Mutants of bytes and frames."""

from __future__ import annotations

from typing import Any, Final

from chunkproof.sse import Frame
from chunkproof_conformance.laws.mutants.mutant import Wrap, mutant, replaced

_NO_JSON: Final = b"\0"
"""A payload that no JSON reader takes: what an empty one is to a reader without a check."""
_LONGEST: Final = 64 * 1024


def _on_piece(change: Any) -> Wrap:
    """Change every piece before it is read."""

    def wrap(feed: Any) -> Any:
        return lambda self, piece: feed(self, change(piece))

    return wrap


def _after_lines(change: Any) -> Wrap:
    """Change the decoder after every piece."""

    def wrap(feed: Any) -> Any:
        def mutated(self: Any, piece: bytes) -> Any:
            items = feed(self, piece)
            change(self)
            return items

        return mutated

    return wrap


def _forget_line(self: Any) -> None:
    self._line = []
    self._line_bytes = 0


def _forget_lf(self: Any) -> None:
    self._skip_lf = False


def _keep_bom(self: Any, piece: bytes) -> bytes:
    self._bom = None
    return piece


def _on_line(change: Any) -> Wrap:
    """Change a line before it is read; None drops it."""

    def wrap(end_line: Any) -> Any:
        def mutated(self: Any, line: bytes, offset: int, items: Any) -> None:
            changed = change(self, line)
            if changed is not None:
                end_line(self, changed, offset, items)

        return mutated

    return wrap


def _needs_space(_: Any, line: bytes) -> bytes | None:
    return None if line.startswith(b"data:") and not line.startswith(b"data: ") else line


def _comment_resets(self: Any, line: bytes) -> bytes:
    if line.startswith(b":"):
        self._data = None
    return line


def _trimmed_name(_: Any, line: bytes) -> bytes:
    name, colon, value = line.partition(b":")
    return name.strip().lower() + colon + value


def _unknown_fails(self: Any, line: bytes) -> bytes:
    known = (b"data", b"event", b"id", b"retry", b":")
    if not line.startswith(known):
        self._data = _NO_JSON
    return line


def _short(_: Any, line: bytes) -> bytes | None:
    return line if len(line) <= _LONGEST else None


def _on_end(change: Any) -> Wrap:
    """Change the decoder before the empty line that ends a frame is read."""

    def wrap(end_frame: Any) -> Any:
        def mutated(self: Any, offset: int, items: Any) -> None:
            change(self)
            end_frame(self, offset, items)

        return mutated

    return wrap


def _dispatch_typed(self: Any) -> None:
    if self._data is None and (self._event or self.retry is not None):
        self._data = _NO_JSON


def _dispatch_after_id(self: Any) -> None:
    if self._data is None and self.last_event_id:
        self._data = _NO_JSON


def _drop_typed(self: Any) -> None:
    if self._event:
        self._data = None


def _last_line(self: Any, value: bytes) -> None:
    self._data = value


def _at_close(finish: Any) -> Wrap:
    """Say one more frame at the end of the body."""

    def wrap(close: Any) -> Any:
        def mutated(self: Any) -> Any:
            items = close(self)
            data = finish(self)
            return items if data is None or items else [Frame(data, self._event, self.offset)]

        return mutated

    return wrap


def _open_frame(self: Any) -> bytes | None:
    return None if self._data is None else bytes(self._data)


def _open_line(self: Any) -> bytes | None:
    line = b"".join(self._line)
    return line[5:].lstrip() if line.startswith(b"data:") else None


def _mended_line(self: Any) -> bytes | None:
    line = _open_line(self)
    return line + b'"}}]}' if line and b'"content":"' in line else None


FRAMING: Final = (
    mutant(
        "utf8-per-piece",
        "decodes every piece for itself",
        "Fabric#2203, lobehub#18805, chatbot-ui#716",
        (
            "sse:SseDecoder.feed",
            _on_piece(lambda piece: piece.decode("utf-8", "replace").encode()),
        ),
    ),
    mutant(
        "latin-1",
        "takes a body without charset for Latin-1",
        "OpenMetadata#29531 (requests)",
        (
            "payload:PayloadReader.read",
            lambda read: lambda self, data: read(self, data.decode("latin-1").encode()),
        ),
    ),
    mutant(
        "piece-is-whole",
        "throws away the line that a piece breaks off",
        "spiceai#12588, aibrix#2653, ruby-openai#332",
        ("sse:SseDecoder.feed", _after_lines(_forget_line)),
    ),
    mutant(
        "cr-ignored",
        "takes LF alone for the end of a line and drops CR",
        "pentect#1438, codex-lb#1011, envoy ai-gateway#1536",
        ("sse:SseDecoder.feed", _on_piece(lambda piece: piece.replace(b"\r", b""))),
    ),
    mutant(
        "lf-lf-alone",
        "ends frames at LF LF alone, so that CRLF ends none",
        "clients that split at two newlines; hey-api#3054",
        ("sse:SseDecoder.feed", _on_piece(lambda piece: piece.replace(b"\r", b"\t"))),
    ),
    mutant(
        "crlf-counts-twice",
        "takes CR and LF of one CRLF for two line ends",
        "hey-api#3054, xuan#194",
        ("sse:SseDecoder.feed", _on_piece(lambda piece: piece.replace(b"\r", b"\n"))),
    ),
    mutant(
        "crlf-split",
        "takes a CRLF between two pieces for two line ends",
        "vercel/ai#6200",
        ("sse:SseDecoder.feed", _after_lines(_forget_lf)),
    ),
    mutant(
        "unicode-line-ends",
        "ends lines at U+2028 as a text mode does",
        "openai-python#1230, dify#39008, codex-lb#1010",
        (
            "sse:SseDecoder.feed",
            _on_piece(lambda piece: piece.replace("\u2028".encode(), b"\n")),
        ),
    ),
    mutant(
        "bom-kept",
        "reads a byte order mark as part of the first line",
        "openai-python 3.54, httpx-sse 0.4.3 (measured)",
        ("sse:SseDecoder._without_bom", replaced(_keep_bom)),
    ),
    mutant(
        "space-required",
        "knows `data: ` with a space alone",
        "openai-python#498, goose#7928",
        ("sse:SseDecoder._end_line", _on_line(_needs_space)),
    ),
    mutant(
        "comment-resets",
        "forgets the open frame at a comment",
        "brainlid/langchain#569",
        ("sse:SseDecoder._end_line", _on_line(_comment_resets)),
    ),
    mutant(
        "unknown-field-fails",
        "fails at a field it does not know",
        "langchaingo#1366",
        ("sse:SseDecoder._end_line", _on_line(_unknown_fails)),
    ),
    mutant(
        "field-names-trimmed",
        "takes ` data:` and `Data:` for data",
        "WHATWG: names are compared as they are",
        ("sse:SseDecoder._end_line", _on_line(_trimmed_name)),
    ),
    mutant(
        "long-line-lost",
        "drops lines over 64 KiB",
        "openai-go#368, ragflow#15381 (buffer of a line scanner)",
        ("sse:SseDecoder._end_line", _on_line(_short)),
    ),
    mutant(
        "empty-frame-dispatched",
        "dispatches a frame that has a type or a retry time but no data",
        "openai-python#2722, #3833 (measured: 11 adapters)",
        ("sse:SseDecoder._end_frame", _on_end(_dispatch_typed)),
    ),
    mutant(
        "id-dispatches",
        "dispatches at every empty line once an id was sent",
        "llmgateway#2334, openai-python 3.54 (measured)",
        ("sse:SseDecoder._end_frame", _on_end(_dispatch_after_id)),
    ),
    mutant(
        "typed-frames-dropped",
        "reads frames without an event type alone",
        "term-llm#487",
        ("sse:SseDecoder._end_frame", _on_end(_drop_typed)),
    ),
    mutant(
        "last-data-line",
        "keeps the last of several data lines",
        "term-llm#456, Routstr#543",
        ("sse:SseDecoder._add_data", replaced(_last_line)),
    ),
    mutant(
        "last-frame-read",
        "reads a frame that no empty line ended",
        "WHATWG: discarded; httpx-sse-like decoders",
        ("sse:SseDecoder.close", _at_close(_open_frame)),
    ),
    mutant(
        "last-line-read",
        "reads a line that nothing ended",
        "octo-agent#910, GoModel#1017",
        ("sse:SseDecoder.close", _at_close(_open_line)),
    ),
    mutant(
        "half-frame-mended",
        "closes the JSON of a frame that broke off, and reads it",
        "langchain partial JSON (measured)",
        ("sse:SseDecoder.close", _at_close(_mended_line)),
    ),
)
