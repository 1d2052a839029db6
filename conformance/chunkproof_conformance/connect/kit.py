"""An adapter class as a program: `serve(MyParser)` at the end of its file.

From the shell, where the class is written already:

    python -m chunkproof_conformance.connect.kit py:my_adapter:MyParser

Standard output belongs to the protocol: what the library prints there goes to standard error.
"""

from __future__ import annotations

import os
import sys
from itertools import pairwise
from typing import IO, TYPE_CHECKING, Any, TypeAlias

import msgspec

from chunkproof_conformance.connect import protocol
from chunkproof_conformance.connect.adapter import SkippedRunError, Stream
from chunkproof_conformance.connect.in_process import ConnectionSpecError, load_factory, where
from chunkproof_conformance.judge.observation import Implementation, Observation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from chunkproof_conformance.connect.adapter import Adapter, Reader

_Work: TypeAlias = protocol.Run | protocol.Piece | protocol.EndOfPieces
_Command: TypeAlias = protocol.Start | protocol.Load | _Work | protocol.Stop


def serve(factory: Callable[[], Adapter]) -> None:
    """Speak the protocol on standard input and output until `stop` or the end of input."""
    commands = os.fdopen(os.dup(0), "rb")
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)  # also for what is printed below Python
    sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: PTH123, SIM115 -- lives as long as we
    adapter = factory()
    try:
        for answer in answers_to(adapter, commands):
            answers.write(protocol.to_line(answer))
    finally:
        adapter.stop()


def answers_to(adapter: Adapter, lines: IO[bytes]) -> Iterator[msgspec.Struct]:
    """One answer per command, each made when it is asked for."""
    decoder = msgspec.json.Decoder(_Command)
    session = _Session(adapter)
    for line in lines:
        command = _decoded(decoder, line)
        if isinstance(command, protocol.Stop):
            return
        yield session.answer(command)


def _decoded(decoder: msgspec.json.Decoder[_Command], line: bytes) -> _Command:
    try:
        return decoder.decode(line)
    except (msgspec.ValidationError, msgspec.DecodeError):
        import json  # noqa: PLC0415 -- chunks with lone surrogates, which msgspec refuses

        command: _Command = msgspec.convert(json.loads(line), _Command)
        return command


class _Session:
    """What is remembered between two commands: the loaded stream, and a reader in steps."""

    def __init__(self, adapter: Adapter) -> None:
        self._adapter = adapter
        self._loaded: protocol.Load | None = None
        self._reader: Reader | None = None

    def answer(self, command: protocol.Start | protocol.Load | _Work) -> msgspec.Struct:
        match command:
            case protocol.Start():
                who = _checked(self._adapter.start(), Implementation)
                return protocol.Started(protocol.VERSION, who)
            case protocol.Load():
                self._loaded = command
                return protocol.Loaded(command.stream)
            case _:
                try:
                    return self._run(command)
                except SkippedRunError as skipped:
                    return protocol.Skipped(command.seq, str(skipped))
                except Exception as error:  # noqa: BLE001 -- the adapter's own fault, told as such
                    what = f"{type(error).__name__}: {error}"
                    return protocol.Broken(command.seq, protocol.Trouble(what, where(error)))

    def _run(self, command: _Work) -> msgspec.Struct:
        match command:
            case protocol.Run(step=True):
                opened: Any = self._adapter  # one that says `step` is a SteppingAdapter
                self._reader = opened.open(self._stream(command))
                return protocol.Begun(command.seq)
            case protocol.Piece():
                events = list(self._opened().feed(command.data))
                return protocol.Emitted(command.seq, events)
            case protocol.EndOfPieces():
                observation = _checked(self._opened().close(), Observation)
            case _:
                observation = _checked(self._adapter.run(self._stream(command)), Observation)
        return protocol.Observed(command.seq, observation)

    def _opened(self) -> Reader:
        if self._reader is None:
            raise ValueError("no run with step was begun")
        return self._reader

    def _stream(self, run: protocol.Run) -> Stream:
        load = self._loaded
        if load is None or load.stream != run.stream:
            raise ValueError(f"no stream {run.stream!r} was loaded")
        return Stream(
            pieces=tuple(_pieces(load.body, run.cuts)) if isinstance(load.body, bytes) else (),
            end=load.end,
            status=load.status,
            headers=tuple(load.headers) or Stream.headers,
            request=load.request,
            options=run.options,
            frames=tuple(load.frames) if isinstance(load.frames, list) else None,
            base_url=run.base_url if isinstance(run.base_url, str) else None,
            chunks=tuple(load.chunks) if isinstance(load.chunks, list) else None,
        )


def _pieces(body: bytes, cuts: Sequence[int]) -> Iterator[bytes]:
    if body:
        for start, end in pairwise((0, *cuts, len(body))):
            yield body[start:end]


def _checked(value: Any, shape: type[Any]) -> Any:
    """The value, read again member by member: a struct made in Python is checked by nobody."""
    return msgspec.convert(msgspec.to_builtins(value), shape)


def main(words: Sequence[str]) -> int:
    """Serve the adapter that `py:module:factory` or `impl:NAME` names; 2 for wrong usage."""
    if len(words) != 1:
        sys.stderr.write("usage: python -m chunkproof_conformance.connect.kit py:module:factory\n")
        return 2
    try:
        factory = load_factory(words[0])
    except ConnectionSpecError as error:
        sys.stderr.write(f"chunkproof: {error}\n")
        return 2
    serve(factory)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
