"""A child process that is spoken to in lines, and never waited for longer than one likes.

It leads a process group of its own: Ctrl-C in the terminal reaches the harness alone, and what
the program leaves behind in its group is ended with it. The limit of that: a child that leaves
the group on purpose (setsid) is not followed. One thread, POSIX only: Windows has no `select` on
pipes; there a program is reached through `py:` with an adapter that starts it.
"""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
from contextlib import suppress
from time import monotonic
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence
    from io import FileIO

_READ: Final = 256 * 1024
"""Bytes read at once."""

_PIPEFULS: Final = 64
"""Reads after the end that empty any pipe."""

_LOOK: Final = 0.05
"""Seconds between two looks whether a silent program is still there: a child of its own may hold
its pipes open, so that their end tells nothing."""

KEPT_STDERR: Final = 64 * 1024
"""Bytes of standard error that are kept, the last ones."""

GRACE: Final = 2.0
"""Seconds to leave after the end of standard input, and again after SIGTERM."""


class ProcessOverError(Exception):
    """The program has ended. status: as `Popen.returncode`; partial: a line it had begun."""

    def __init__(self, status: int, partial: bytes) -> None:
        super().__init__(status, partial)  # keeps the error picklable
        self.status = status
        self.partial = partial

    def __str__(self) -> str:
        if self.status < 0:
            with suppress(ValueError):
                return f"ended by {signal.Signals(-self.status).name}"
        return f"ended with exit code {self.status}"


class LineTooLongError(Exception):
    """The program wrote more than the cap without ending the line."""


class NoLineError(Exception):
    """No whole line came in time. partial: the beginning of one, where there was any."""

    def __init__(self, partial: bytes) -> None:
        super().__init__(partial)
        self.partial = partial


class LineProcess:
    """One child process. Raises on making: OSError, where it cannot be started."""

    def __init__(self, command: Sequence[str], *, max_line: int) -> None:
        self._max_line = max_line
        self._process = subprocess.Popen(  # noqa: S603 -- the user names the program
            list(command),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            start_new_session=True,
        )
        self._stdin, self._stdout, self._stderr = (
            _pipe(stream)
            for stream in (self._process.stdin, self._process.stdout, self._process.stderr)
        )
        self._buffer = bytearray()
        self._searched = 0  # bytes of the buffer that hold no LF
        self._kept = bytearray()
        self._selector = selectors.DefaultSelector()
        for pipe in (self._stdin, self._stdout, self._stderr):
            os.set_blocking(pipe.fileno(), False)
        self._selector.register(self._stdout, selectors.EVENT_READ)
        self._selector.register(self._stderr, selectors.EVENT_READ)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def stderr(self) -> str:
        """The end of what it wrote to standard error."""
        return self._kept.decode("utf-8", "backslashreplace")

    def ask(self, line: bytes, timeout: float) -> bytes:
        """Write a line and return the next one, without its LF.

        Both at once: a program that writes before it has read everything is no deadlock.
        Raises: ProcessOverError, LineTooLongError, NoLineError.
        """
        deadline = monotonic() + timeout
        unwritten = self._write(memoryview(line))
        if unwritten:
            self._selector.register(self._stdin, selectors.EVENT_WRITE)
        try:
            while (answer := self._maybe_line()) is None:
                left = deadline - monotonic()
                if left <= 0:
                    raise NoLineError(bytes(self._buffer[:200]))
                self._wait(min(left, _LOOK))
                if unwritten:
                    unwritten = self._write(unwritten)
                    if not unwritten:
                        self._selector.unregister(self._stdin)
            return answer
        finally:
            if unwritten:
                self._selector.unregister(self._stdin)

    def close(self, farewell: bytes = b"") -> None:
        """Say farewell, then end the program and its group, the hard way where it must be.

        It has `GRACE` to leave. May be called again; leaves no process and no zombie.
        """
        try:
            if farewell:
                self._write(memoryview(farewell))
            self._stdin.close()
            if not self._leaves_within(GRACE):
                self._signal(signal.SIGTERM)
                self._leaves_within(GRACE)
        finally:
            self._end()

    def kill(self) -> None:
        """End the program and its group at once."""
        self._end()

    def interrupt(self) -> None:
        """Kill the program, from another thread: whoever waits for its answer learns of it."""
        self._signal(signal.SIGKILL)

    def _end(self) -> None:
        self._signal(signal.SIGKILL)  # what is left of the group, also when the leader has gone
        self._process.wait()
        self._selector.close()
        for pipe in (self._stdin, self._stdout, self._stderr):
            with suppress(OSError):
                pipe.close()

    def _leaves_within(self, seconds: float) -> bool:
        """Whether it ends in time; what it still writes is read, so that it is not held up."""
        deadline = monotonic() + seconds
        while self._process.poll() is None:
            if monotonic() >= deadline:
                return False
            self._read_some(0.01)
            self._buffer.clear()
        self._read_the_rest()
        return True

    def _read_the_rest(self) -> None:
        """What a program that has ended left in its pipes; a child of its own may write on."""
        for _ in range(_PIPEFULS):
            if not self._read_some(0):
                break

    def _signal(self, number: signal.Signals) -> None:
        # macOS says EPERM of a group of zombies.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)

    def _write(self, data: memoryview) -> memoryview:
        """Write what the pipe takes; returns the rest. A closed pipe takes everything."""
        try:
            while data:
                data = data[os.write(self._stdin.fileno(), data) :]
        except BlockingIOError:
            pass
        except OSError:  # it does not read any more: that it has gone, or will not answer, shows
            return data[:0]
        return data

    def _wait(self, seconds: float) -> None:
        """Read what there is. Raises: ProcessOverError, after the last byte."""
        if self._read_some(seconds):
            return
        status = self._process.poll()
        if status is not None:
            self._read_the_rest()
            if b"\n" not in self._buffer:
                raise ProcessOverError(status, bytes(self._buffer[:200]))

    def _read_some(self, seconds: float) -> bool:
        """Whether anything came within so many seconds."""
        came = False
        for key, _ in self._selector.select(seconds):
            if key.fileobj is self._stdin:
                came = True
                continue
            data = self._read(key.fd)
            if not data:
                self._selector.unregister(key.fileobj)
                continue
            came = True
            if key.fileobj is self._stdout:
                self._buffer += data
            else:
                self._kept += data
                del self._kept[:-KEPT_STDERR]
        return came

    @staticmethod
    def _read(fd: int) -> bytes:
        try:
            return os.read(fd, _READ)
        except OSError:
            return b""

    def _maybe_line(self) -> bytes | None:
        end = self._buffer.find(b"\n", self._searched)
        if end < 0:
            self._searched = len(self._buffer)
            if self._searched > self._max_line:
                raise LineTooLongError
            return None
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        self._searched = 0
        if len(line) > self._max_line:
            raise LineTooLongError
        return line


def _pipe(stream: object) -> FileIO:
    assert stream is not None  # noqa: S101 -- all three were asked for
    return stream  # type: ignore[return-value]  # unbuffered, so the raw file
