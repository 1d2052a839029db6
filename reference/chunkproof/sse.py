"""Bytes to frames: the event stream of WHATWG HTML, cut anywhere; knows no JSON.

Source: WHATWG HTML, 9.2.5 "Parsing an event stream" and 9.2.6 "Interpreting an event
stream". Rules SSE-1 to SSE-15. Text stays bytes here: no UTF-8 sequence holds CR, LF or a
colon, so lines and fields can be cut before the bytes are decoded.
"""

from __future__ import annotations

from enum import Enum
from typing import Final

import msgspec

MAX_FRAME_BYTES: Final = 64 * 1024 * 1024
"""Default cap of one frame, and of one line."""

_BOM: Final = b"\xef\xbb\xbf"
_HEAD_BYTES: Final = 8
"""What is kept of a line over the cap, beside its last byte: enough to know its field."""

_FIELDS: Final = frozenset({b"data", b"event", b"id", b"retry", b"error"})
"""Fields that are read; `error` is GPUStack's (rule ERR-5)."""

_RETRY_DIGITS: Final = 18
"""More digits are no time; Python refuses to read thousands of them."""

_PREAMBLE_BYTES: Final = 200
"""What is kept of a body that is no event stream and no JSON, for the error message."""


class Frame(msgspec.Struct, gc=False):
    """One dispatched frame."""

    data: bytes
    """The data lines, joined with LF; not yet decoded."""
    event: str
    """The event type; "" where no `event` field was sent."""
    offset: int
    """Bytes of the body up to and with the line end that dispatched it."""


class Notice(Enum):
    """What the stream shows beside frames."""

    LOST_PAYLOAD = "unknown-field"
    ERROR_FIELD = "error-field"
    TOO_LARGE = "frame-too-large"
    DONE_UNTERMINATED = "done-unterminated"


class Noticed(msgspec.Struct, gc=False):
    """A notice, the line it is about, and the byte offset after that line."""

    notice: Notice
    line: bytes
    offset: int


Item = Frame | Noticed


class SseDecoder:
    """Pieces of bytes in, frames out. Memory: one frame, at most `max_frame_bytes`."""

    def __init__(self, max_frame_bytes: int = MAX_FRAME_BYTES) -> None:
        self.last_event_id = ""
        """Sticks across frames; never dispatches one (rule SSE-11)."""
        self.retry: int | None = None
        """Reconnection time in ms, as sent; nothing here reconnects."""
        self.saw_field = False
        """A line with a field of the event stream (or GPUStack's `error`) was seen."""
        self.offset = 0
        """Bytes taken so far."""
        self._max = max_frame_bytes
        self._line: list[bytes] = []
        self._line_bytes = 0
        self._data: bytes | bytearray | None = None  # an array from the second line on
        self._event = ""
        self._fields = 0  # lines of the open frame that are no comments
        self._too_large = False
        self._skip_lf = False
        self._bom: bytes | None = b""  # what was seen of a byte order mark; None: past it
        self._preamble: list[bytes] = []
        self._preamble_bytes = 0
        self.is_preamble_whole = True
        """Nothing of what `preamble` returns was left out for its size."""
        self._preamble_notices: list[Noticed] = []

    def feed(self, piece: bytes) -> list[Item]:
        """Take any slice of the body and return the frames it completed."""
        start = self.offset
        self.offset += len(piece)
        if self._bom is not None:
            piece = self._without_bom(piece)
            start = self.offset - len(piece)
        if not self.saw_field:
            self._keep_preamble(piece)
        if self._skip_lf and piece:
            self._skip_lf = False
            if piece[0] == 0x0A:
                piece = piece[1:]
                start += 1
        items: list[Item] = []
        if (self._line or self._data is not None) and b"\r" not in piece:
            # Read the open frame by lines to its end; what follows may be plain frames.
            boundary = piece.find(b"\n\n") + 2
            if boundary > 1:
                self._lines(piece[:boundary], start, items)
                piece = piece[boundary:]
                start += boundary
        if piece[:1] == b"\n" and self._is_between_frames():
            length = len(piece)
            piece = piece.lstrip(b"\n")  # empty lines that dispatch nothing, in C
            start += length - len(piece)
        if piece and not self._plain_frames(piece, start, items):
            self._lines(piece, start, items)
        return items

    def close(self) -> list[Item]:
        """Say that no more bytes will come; an open frame is discarded (rule SSE-13)."""
        if self._bom:  # the body is the beginning of a byte order mark and no more
            self._line.append(self._bom)
        line = b"".join(self._line)
        if self._too_large or (self._line_bytes > self._max and _name(line) in _FIELDS):
            return [Noticed(Notice.TOO_LARGE, b"", self.offset)]
        ended = self._data == b"[DONE]" and self._fields == 1 and line[:1] in {b"", b":"}
        open_line = not self._fields and line in {b"data: [DONE]", b"data:[DONE]"}
        if ended or open_line:
            return [
                Noticed(Notice.DONE_UNTERMINATED, line, self.offset),
                Frame(b"[DONE]", "", self.offset),
            ]
        return [] if self.preamble().startswith((b"{", b"[")) else [*self._preamble_notices]

    def preamble(self) -> bytes:
        """Return what came while no field line was seen: for a body that is no stream.

        The whole body (up to the frame cap) if it begins like JSON, else its first bytes.
        """
        return b"".join(self._preamble)

    def _without_bom(self, piece: bytes) -> bytes:
        seen = (self._bom or b"") + piece
        if len(seen) < len(_BOM) and _BOM.startswith(seen):
            self._bom = seen
            return b""
        self._bom = None
        return seen.removeprefix(_BOM)

    def _keep_preamble(self, piece: bytes) -> None:
        if not self._preamble:
            piece = piece.lstrip()
        if not piece:
            return
        first = self._preamble[0] if self._preamble else piece
        room = (self._max if first[0] in b"{[" else _PREAMBLE_BYTES) - self._preamble_bytes
        if room > 0:
            self._preamble.append(piece[:room])
            self._preamble_bytes += min(room, len(piece))
        self.is_preamble_whole &= len(piece) <= room

    def _is_between_frames(self) -> bool:
        """Return whether no line and no frame is open."""
        return not (self._line or self._fields)

    def _plain_frames(self, piece: bytes, start: int, items: list[Item]) -> bool:
        """Read a piece of nothing but `data: …` LF LF and an open frame; else return False.

        Almost every piece of almost every server looks like this, and one split reads it.
        Sound because the newlines are counted: each separator accounts for two.
        """
        if (
            not self._is_between_frames()
            or not piece.startswith(b"data: ")
            or len(piece) > self._max
            or b"\r" in piece
        ):
            return False
        end = piece.rfind(b"\n\n")
        if end < 0:
            return False
        payloads = piece[6:end].split(b"\n\ndata: ")
        if piece.count(b"\n", 0, end) != 2 * (len(payloads) - 1):
            return False
        self._see_field(items)
        offset = start
        for payload in payloads:
            offset += len(payload) + 8
            items.append(Frame(payload, "", offset))
        if end + 2 < len(piece):
            self._lines(piece[end + 2 :], start + end + 2, items)
        return True

    def _lines(self, piece: bytes, offset: int, items: list[Item]) -> None:
        """Read a piece line by line. offset: bytes of the body before it."""
        for line in piece.splitlines(keepends=True):  # of bytes: CRLF, LF and CR, no others
            if line[-1] not in b"\r\n":
                self._keep_line(line)
                return
            offset += len(line)
            # A line ended by CR is complete at the CR, whether or not its LF has come.
            decidable = offset - line.endswith(b"\r\n")
            content = line.rstrip(b"\r\n")
            self._line_bytes += len(content)
            if self._line:
                content = b"".join((*self._line, content))
                self._line = []
            if content:
                self._end_line(content, decidable, items)
            else:
                self._end_frame(decidable, items)
            self._line_bytes = 0
        self._skip_lf = piece.endswith(b"\r")

    def _keep_line(self, piece: bytes) -> None:
        self._line_bytes += len(piece)
        self._line.append(piece)
        if self._line_bytes > self._max:
            self._line = [_shortened(b"".join(self._line))]

    def _end_line(self, line: bytes, offset: int, items: list[Item]) -> None:
        if line[0] == 0x3A:  # a comment
            return
        self._fields += 1
        if self._line_bytes > self._max:
            line = _shortened(line)
            if _name(line) in _FIELDS:
                self._too_large = True
                return
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if name == b"data":
            self._add_data(value)
        elif name == b"event":
            self._event = value.decode("utf-8", "replace")
        elif name == b"id":
            if b"\0" not in value:
                self.last_event_id = value.decode("utf-8", "replace")
        elif name == b"retry":
            if value.isdigit() and len(value) <= _RETRY_DIGITS:
                self.retry = int(value)
        elif name == b"error" and value:
            items.append(Noticed(Notice.ERROR_FIELD, value, offset))
        else:
            self._notice_lost_payload(line, offset, items)
            return
        self._see_field(items)

    def _see_field(self, items: list[Item]) -> None:
        """Know that the body is an event stream; say what was held until that was known."""
        if not self.saw_field:
            self.saw_field = True
            self._preamble = []
            items += self._preamble_notices
            self._preamble_notices = []

    def _add_data(self, value: bytes) -> None:
        if self._data is None:
            self._data = value
        elif len(self._data) + len(value) >= self._max:
            self._data = b""
            self._too_large = True
        else:
            if isinstance(self._data, bytes):
                self._data = bytearray(self._data)
            self._data += b"\n"
            self._data += value

    def _end_frame(self, offset: int, items: list[Item]) -> None:
        if self._too_large:
            items.append(Noticed(Notice.TOO_LARGE, b"", offset))
        elif self._data is not None:
            items.append(Frame(bytes(self._data), self._event, offset))
        elif not self._fields:
            return  # one more empty line between frames
        self._data = None
        self._event = ""
        self._fields = 0
        self._too_large = False

    def _notice_lost_payload(self, line: bytes, offset: int, items: list[Item]) -> None:
        """Notice a field that is none of ours but looks like data somebody mangled."""
        looks_lost = line.lstrip()[:5].lower() == b"data:" or (
            line.startswith(b"{") and line.endswith(b"}")
        )
        if not looks_lost:
            return
        noticed = Noticed(Notice.LOST_PAYLOAD, line, offset)
        if self.saw_field:
            items.append(noticed)
        elif not self._preamble_notices:
            # It may be no stream at all: said only once a field line shows that it is one.
            self._preamble_notices.append(noticed)


def _name(line: bytes) -> bytes:
    """Return the name of the field a line is."""
    return line.partition(b":")[0]


def _shortened(line: bytes) -> bytes:
    """Return what is kept of a line over the cap, however it came to be that long."""
    return line[:_HEAD_BYTES] + line[-1:] if len(line) > _HEAD_BYTES + 1 else line
