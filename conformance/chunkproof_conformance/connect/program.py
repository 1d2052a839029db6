"""`cmd:PROGRAM ARGS`: a long-lived program that speaks protocol version 1.

Whatever it does (crash, hang, flood, garbage) is a verdict on the run it did it in. After that it
is ended and started anew for the next run, as nobody knows what state it is in.
"""

from __future__ import annotations

import errno
import os
import shlex
from itertools import accumulate, count
from pathlib import Path
from shutil import which
from time import monotonic
from typing import TYPE_CHECKING, Any, Final, NoReturn

import msgspec

from chunkproof_conformance.connect import protocol
from chunkproof_conformance.connect.adapter import SkippedRunError
from chunkproof_conformance.connect.in_process import (
    AdapterError,
    AdapterTimeoutError,
    ConnectionSpecError,
    NotRunError,
)
from chunkproof_conformance.connect.messages import AnswerError, Codec, SchemaError, name_of
from chunkproof_conformance.connect.process import (
    LineProcess,
    LineTooLongError,
    NoLineError,
    ProcessOverError,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from chunkproof.events import AnyEvent
    from chunkproof_conformance.connect.adapter import Stream
    from chunkproof_conformance.judge.observation import Implementation, Observation

IS_POSIX: Final = os.name == "posix"

MAX_TIMEOUTS: Final = 8
"""Runs that may hang; then the program is not started again."""

SHOWN_STDERR: Final = 400
"""Characters of standard error that go into a verdict, the last ones."""


def program_of(rest: str) -> list[str]:
    """The command of `cmd:PROGRAM ARGS`, split as a shell would. Raises: ConnectionSpecError."""
    if not IS_POSIX:
        raise ConnectionSpecError(
            "cmd: and http: need POSIX pipes; on Windows run chunkproof in WSL, or use py:"
        )
    try:
        command = shlex.split(rest)
    except ValueError as error:
        raise ConnectionSpecError(f"cmd:{rest} is no command ({error})") from error
    if not command:
        raise ConnectionSpecError("cmd: names no program; write cmd:PROGRAM ARGS")
    if which(command[0]) is None:
        raise ConnectionSpecError(_why_not(command[0], rest))
    return command


def _why_not(program: str, rest: str) -> str:
    """Why it cannot be run, and what to do."""
    path = Path(program)
    if path.is_dir():
        return f"{program!r} is a folder, not a program"
    if path.is_file():
        return f"{program!r} cannot be executed; `chmod +x` it, or name what runs it before it"
    if "\\" in rest:
        return (
            f"there is no program {program!r} to run; a backslash escapes, as in a shell: write /"
        )
    return f"there is no program {program!r} to run, neither in this folder nor on PATH"


class Program:
    """A connection to a program. timeout: seconds per run, all its messages together.

    Raises from every method: AdapterError, AdapterTimeoutError; `run` also SkippedRunError.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        timeout: float = 10.0,
        start_timeout: float = 60.0,
        validate: Callable[[str, Any], None] | None = None,
    ) -> None:
        self._command = command
        self._timeout = timeout
        self._start_timeout = start_timeout
        self._codec = Codec(validate)
        self._process: LineProcess | None = None
        self._who: Implementation | None = None
        self._can_step = False
        self._is_over = False
        self._deadline = 0.0
        self._allowed = 0.0  # seconds that the deadline was set ahead
        self._loaded: tuple[str, protocol.Load] | None = None
        self._stream_numbers = count(1)
        self._run_numbers = count(1)
        self._timeouts = 0
        self.stderr = ""
        """The end of what the last process that was ended wrote there."""

    def start(self) -> Implementation:
        """Start the program and ask who it is."""
        self._allow(self._start_timeout)
        return self._start()

    def run(self, stream: Stream) -> Observation:
        """One run, in the program that is there, else in a new one."""
        return self.run_at(stream, None)

    def run_at(self, stream: Stream, base_url: str | None) -> Observation:
        """The same; with a base URL the stream is served there and no body crosses."""
        if self._process is None:
            if self._timeouts >= MAX_TIMEOUTS:
                raise NotRunError(f"no answer: not run, as {self._timeouts} runs hung")
            Program.start(self)
        self._allow(self._timeout)
        stepping = stream.step and self._can_step and base_url is None
        name = self._load(stream, has_body=not stepping and base_url is None)
        seq = next(self._run_numbers)
        if stepping:
            return self._run_in_steps(seq, name, stream)
        is_cut = stream.frames is None and stream.chunks is None and base_url is None
        message = protocol.Run(seq, name, _cuts(stream) if is_cut else [], dict(stream.options))
        if base_url is not None:
            message = msgspec.structs.replace(message, base_url=base_url)
        return self._observation(message, seq)

    def stop(self) -> None:
        """Ask it to leave; end it and what it has left behind."""
        process, self._process = self._process, None
        if process is not None:
            try:
                process.close(self._codec.encode(protocol.Stop()))
            finally:
                self.stderr = process.stderr

    def interrupt(self) -> None:
        """Let a run that another thread waits for end at once; none is begun after it."""
        self._is_over = True
        process = self._process
        if process is not None:
            process.interrupt()

    def _allow(self, seconds: float) -> None:
        self._allowed, self._deadline = seconds, monotonic() + seconds

    def _start(self) -> Implementation:
        if self._is_over:
            raise AdapterError("interrupted")
        try:
            self._process = LineProcess(self._command, max_line=protocol.MAX_LINE_BYTES)
        except OSError as error:
            hint = "; a script needs a first line such as #!/bin/sh"
            remedy = hint if error.errno == errno.ENOEXEC else ""
            what = f"cannot be started: {error.strerror}{remedy}"
            raise AdapterError(what) from error
        self._loaded = None
        if self._is_over:  # since we looked: whoever interrupts us may not have seen it yet
            self._give_up("interrupted")
        started = self._ask(protocol.Start())
        if not isinstance(started, protocol.Started):
            self._give_up(_out_of_turn("start", started))
        implementation = started.implementation
        if self._who is not None and implementation != self._who:
            self._give_up("says something else of itself when it is started anew")
        self._who = implementation
        self._can_step = implementation.step and implementation.input == "bytes"
        return implementation

    def _load(self, stream: Stream, *, has_body: bool) -> str:
        """The name of this stream in the program; its body crosses once."""
        message = protocol.Load(
            "",
            end=stream.end,
            status=stream.status,
            headers=list(stream.headers),
            request=dict(stream.request),
        )
        if stream.frames is not None:
            message = msgspec.structs.replace(message, frames=list(stream.frames))
        elif stream.chunks is not None:
            message = msgspec.structs.replace(message, chunks=list(stream.chunks))
        elif has_body:
            message = msgspec.structs.replace(message, body=b"".join(stream.pieces))
        if self._loaded is not None and self._loaded[1] == message:
            return self._loaded[0]
        name = f"s{next(self._stream_numbers)}"
        loaded = self._ask(msgspec.structs.replace(message, stream=name))
        if loaded != protocol.Loaded(name):
            self._give_up(_out_of_turn("load", loaded))
        self._loaded = (name, message)
        return name

    def _run_in_steps(self, seq: int, name: str, stream: Stream) -> Observation:
        """Every event gets the number of pieces that had come when it came out."""
        answer = self._ask(protocol.Run(seq, name, [], dict(stream.options), step=True), seq)
        if not isinstance(answer, protocol.Begun):
            return self._reported(answer)
        events: list[AnyEvent] = []
        after: list[int] = []
        for number, piece in enumerate(stream.pieces, 1):
            answer = self._ask(protocol.Piece(seq, piece), seq)
            if not isinstance(answer, protocol.Emitted):
                return self._reported(answer)
            events += answer.events
            after += [number] * len(answer.events)
        observation = self._observation(protocol.EndOfPieces(seq), seq)
        events += observation.events or ()
        after += [len(stream.pieces) + 1] * (len(events) - len(after))
        return msgspec.structs.replace(observation, events=tuple(events), after=tuple(after))

    def _observation(self, message: protocol.Command, seq: int) -> Observation:
        observation = self._reported(self._ask(message, seq))
        # How many pieces had come is known only where each was waited for.
        return msgspec.structs.replace(observation, after=None)

    def _reported(self, answer: msgspec.Struct) -> Observation:
        if isinstance(answer, protocol.Observed):
            return answer.observation
        if isinstance(answer, protocol.Skipped):
            link = f" ({answer.issue})" if answer.issue else ""
            raise SkippedRunError(f"{answer.skipped}{link}")
        if not isinstance(answer, protocol.Broken):
            self._give_up(_out_of_turn("run", answer))
        raise AdapterError(answer.broken.message, answer.broken.traceback or "")

    def _ask(self, message: protocol.Command, seq: int | None = None) -> msgspec.Struct:
        """The answer. Whoever breaks the protocol is ended: nobody knows what comes next."""
        process = self._process
        if process is None:
            raise AdapterError("the program has been stopped")
        try:
            line = process.ask(self._codec.encode(message), self._deadline - monotonic())
            answer = self._codec.answer(line)
        except ProcessOverError as over:
            half = f", in the middle of a line: {over.partial[:60]!r}" if over.partial else ""
            self._give_up(f"no answer to `{name_of(message)}`: the program {over}{half}")
        except LineTooLongError:
            self._give_up(f"flood: a line of more than {protocol.MAX_LINE_BYTES:,} bytes")
        except NoLineError as nothing:
            half = f"; half a line: {nothing.partial[:60]!r}" if nothing.partial else ""
            self._timeouts += 1
            self._give_up(
                f"no answer to `{name_of(message)}` within {self._allowed:g} s{half}",
                AdapterTimeoutError,
            )
        except (AnswerError, SchemaError) as error:
            self._give_up(str(error))
        except BaseException:  # Ctrl-C while waiting: leave nothing behind
            self._end()
            raise
        if seq is not None and getattr(answer, "seq", None) != seq:
            self._give_up(_another_run(getattr(answer, "seq", None), seq))
        return answer

    def _give_up(self, sentence: str, error: type[Exception] = AdapterError) -> NoReturn:
        self._end()
        said = " ".join(self.stderr.split())[-SHOWN_STDERR:]
        raise error(f"{sentence}; on stderr: {said}" if said else sentence)

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            self.stderr = process.stderr


# None of these sentences holds the number of a run: a list of known failures pins them, and which
# number a run has depends on what else is run.


def _another_run(answered: object, asked: int) -> str:
    """What is wrong with the number in an answer."""
    if isinstance(answered, int) and 0 < answered < asked:
        return f"answers the run {asked - answered} before the one that it was asked"
    return "answers a run that it was not asked"


def _out_of_turn(asked: str, answer: msgspec.Struct) -> str:
    """What came in the place of the answer; often it is the second one to a command before."""
    match answer:
        case protocol.Loaded():
            which = " of another stream"
        case protocol.Broken(broken=broken):
            which = f": {broken.message}"
        case protocol.Skipped(skipped=skipped):
            which = f": {skipped}"
        case _:
            which = ""
    return f"answers `{asked}` with `{name_of(answer)}`{which}"


def _cuts(stream: Stream) -> list[int]:
    """Where the pieces meet, as byte offsets."""
    return list(accumulate(len(piece) for piece in stream.pieces))[:-1]
