"""`py:module:factory` and `impl:NAME`: an adapter in this process, under a watchdog.

Every adapter has one thread of its own. A run that does not come back in time is given up: its
thread is left behind (Python cannot stop a thread) and the adapter is made anew in another. The
limit of that: a C extension that holds the interpreter lock for good stops the harness too; such
a parser belongs behind a connection with a process of its own.
"""

from __future__ import annotations

import importlib
import queue
import threading
import traceback
from dataclasses import dataclass
from pathlib import Path
from shutil import which
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar

import msgspec

from chunkproof_conformance.connect.adapter import SkippedRunError
from chunkproof_conformance.judge.observation import Implementation, Observation

if TYPE_CHECKING:
    from collections.abc import Callable

    from chunkproof_conformance.connect.adapter import Adapter, Stream

_Shape = TypeVar("_Shape", Implementation, Observation)

SHIPPED: Final = {
    "reference": "chunkproof_conformance.implementations.reference.adapter:ReferenceAdapter",
    "reference-sse": "chunkproof_conformance.implementations.reference.frames:FramesAdapter",
    "openai-chunks": "chunkproof_conformance.implementations.openai_chunks.adapter:ChunksAdapter",
    "openai-stream": "chunkproof_conformance.implementations.openai_stream.adapter:StreamAdapter",
}
"""`impl:NAME` -> where its adapter is made."""

TOO_DEEP: Final = "it holds a value that is nested too deep to be read"

MAX_ABANDONED: Final = 8
"""Hanging threads of one adapter; then it is not started again."""


class ConnectionSpecError(ValueError):
    """An `-i` value that names no adapter we can reach: wrong usage, in one sentence."""


class AdapterError(Exception):
    """The adapter itself broke: an exception of its own, or a report that is none.

    trace: where in the adapter, in lines, if that is known.
    """

    def __init__(self, sentence: str, trace: str = "") -> None:
        super().__init__(sentence)
        self.trace = trace


class AdapterTimeoutError(Exception):
    """A run did not come back in time."""


class NotRunError(AdapterTimeoutError):
    """So many runs hung that no other is begun."""


def load_factory(spec: str) -> Callable[[], Adapter]:
    """The factory that `py:module:factory` or `impl:NAME` names. Raises: ConnectionSpecError."""
    kind, _, rest = spec.partition(":")
    if kind == "impl":
        if rest not in SHIPPED:
            known = ", ".join(f"impl:{name}" for name in SHIPPED)
            raise ConnectionSpecError(f"no implementation {spec!r}; there are {known}")
        rest = SHIPPED[rest]
    elif kind != "py":
        kinds = "py:module:factory, cmd:PROGRAM, http:PROGRAM or impl:NAME"
        words = spec.split()
        guess = f"; did you mean cmd:{spec}?" if words and which(words[0]) else ""
        raise ConnectionSpecError(f"{spec!r} is no connection; write {kinds}{guess}")
    module_name, _, attribute = rest.partition(":")
    if not module_name or not attribute:
        raise ConnectionSpecError(f"{spec!r} names no factory; write py:module:factory")
    try:
        factory = getattr(importlib.import_module(module_name), attribute)
    except Exception as error:  # whatever the user's module does at import
        what = f"{type(error).__name__}: {error}"
        raise ConnectionSpecError(f"{spec!r} cannot be loaded ({what})") from error
    if not callable(factory):
        raise ConnectionSpecError(f"{spec!r} is not callable")
    return factory  # type: ignore[no-any-return]  # what it returns is checked at `start`


@dataclass(frozen=True)
class _Answer:
    value: Any = None
    error: BaseException | None = None


_Answers: TypeAlias = "queue.SimpleQueue[_Answer]"


class _Worker:
    """One daemon thread that runs one call after another."""

    def __init__(self) -> None:
        self._calls: queue.SimpleQueue[tuple[Callable[[], Any], _Answers]] = queue.SimpleQueue()
        threading.Thread(target=self._work, daemon=True, name="chunkproof-adapter").start()

    def _work(self) -> None:
        while True:
            call, answers = self._calls.get()
            try:
                answers.put(_Answer(call()))
            except BaseException as error:  # noqa: BLE001 -- SystemExit of an adapter too
                answers.put(_Answer(error=error))

    def call(self, call: Callable[[], Any], timeout: float) -> Any:
        """Raises: AdapterTimeoutError after `timeout` s; AdapterError for any exception but
        SkippedRunError.
        """
        # Of this call alone: the answer to one that was given up, by Ctrl-C, may still come.
        answers: _Answers = queue.SimpleQueue()
        self._calls.put((call, answers))
        try:
            answer = answers.get(timeout=timeout)
        except queue.Empty:
            raise AdapterTimeoutError(f"no answer within {timeout:g} s") from None
        if isinstance(answer.error, SkippedRunError):
            raise answer.error
        if answer.error is not None:
            raise AdapterError(_said(answer.error), where(answer.error)) from answer.error
        return answer.value


FRAMES: Final = 4
"""Frames of a traceback that are kept, the innermost ones."""


def where(error: BaseException) -> str:
    """Where an exception comes from, in lines, without the frames of this folder."""
    ours = str(Path(__file__).parent)
    frames = traceback.extract_tb(error.__traceback__)
    theirs = [frame for frame in frames if not frame.filename.startswith(ours)]
    return "".join(traceback.format_list(theirs[-FRAMES:]))


def _said(error: BaseException) -> str:
    """What an exception says, also where its own `__str__` breaks."""
    name = type(error).__name__
    try:
        return f"{name}: {error}"
    except Exception as another:  # noqa: BLE001 -- a stranger's method
        return f"{name}, whose message cannot be read ({type(another).__name__})"


class InProcess:
    """A connection to an adapter in this process.

    timeout: seconds per run. Raises from every method: AdapterError, AdapterTimeoutError;
    `run` also SkippedRunError.
    """

    def __init__(
        self, factory: Callable[[], Adapter], *, timeout: float = 10.0, start_timeout: float = 60.0
    ) -> None:
        self._factory = factory
        self._timeout = timeout
        self._start_timeout = start_timeout
        self._worker: _Worker | None = None
        self._adapter: Adapter | None = None
        self._abandoned = 0
        self.stderr = ""
        """Nothing: it writes to the harness's own."""

    def start(self) -> Implementation:
        """Make the adapter and ask who it is."""
        worker = _Worker()
        adapter: Adapter = worker.call(self._factory, self._start_timeout)
        implementation = worker.call(lambda: adapter.start(), self._start_timeout)  # noqa: PLW0108
        self._worker, self._adapter = worker, adapter
        return _checked(implementation, Implementation)

    def run(self, stream: Stream) -> Observation:
        """One run; after one that hung, in a new adapter."""
        if self._adapter is None or self._worker is None:
            if self._abandoned >= MAX_ABANDONED:
                raise NotRunError(f"no answer: not run, as {self._abandoned} runs hang")
            self.start()
        adapter, worker = self._adapter, self._worker
        assert adapter is not None  # noqa: S101 -- `start` sets both or raises
        assert worker is not None  # noqa: S101
        try:
            return _checked(worker.call(lambda: adapter.run(stream), self._timeout), Observation)
        except AdapterTimeoutError:
            self._abandoned += 1
            self._adapter = self._worker = None
            raise

    def interrupt(self) -> None:
        """Nothing: Python cannot stop a thread; the run is given up when its time is over."""

    def stop(self) -> None:
        """Stop the adapter, where there is one."""
        adapter, worker = self._adapter, self._worker
        self._adapter = self._worker = None
        if adapter is not None and worker is not None:
            worker.call(lambda: adapter.stop(), self._timeout)  # noqa: PLW0108


def _checked(value: Any, shape: type[_Shape]) -> _Shape:
    """The value, read again member by member: a struct made in Python is checked by nobody.

    Raises: AdapterError.
    """
    try:
        return msgspec.convert(msgspec.to_builtins(value), shape)
    except RecursionError as error:
        raise AdapterError(f"no {shape.__name__}: {TOO_DEEP}") from error
    except (msgspec.ValidationError, TypeError) as error:
        raise AdapterError(f"no {shape.__name__}: {error}") from error
