"""A cancellation that waits while its stop reason goes out, and is never lost."""

from __future__ import annotations

import asyncio
from contextlib import suppress


class HeldCancellation:
    """Caught so that the consumer hears `cancelled` first; goes on when it comes back.

    If the consumer does not come back (it breaks on the stop reason) the cancellation is
    given to its task again.
    """

    def __init__(self) -> None:
        self._error: asyncio.CancelledError | None = None
        self._task: asyncio.Task[object] | None = None

    def hold(self, error: asyncio.CancelledError) -> None:
        """Keep a cancellation of the current task."""
        self._error = error
        self._task = _maybe_task()

    def release(self) -> None:
        """The consumer came back: whoever held it raises it now."""
        self._error = self._task = None

    def raise_here(self) -> None:
        """Go on in the task that was cancelled. Raises: CancelledError, if one is held."""
        error, task = self._error, self._task
        if error is None:
            return
        if task is not None and task is not _maybe_task():
            self.deliver()
            return
        self.release()
        raise error

    def deliver(self) -> None:
        """Cancel the task again, if a cancellation is still held; from any task or thread."""
        error, task = self._error, self._task
        self.release()
        if error is None or task is None or task.done():
            return
        loop = task.get_loop()
        if _maybe_loop() is loop:
            _cancel_again(task, error)
            return
        with suppress(RuntimeError):  # the loop is closed, maybe just now: nobody is left to cancel
            loop.call_soon_threadsafe(_cancel_again, task, error)


def _cancel_again(task: asyncio.Task[object], error: asyncio.CancelledError) -> None:
    """Cancel without counting twice: `asyncio.timeout` and task groups count requests."""
    is_counted = task.cancelling() > 0
    task.cancel(*error.args[:1])
    if is_counted:
        task.uncancel()


def _maybe_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def _maybe_task() -> asyncio.Task[object] | None:
    return asyncio.current_task() if _maybe_loop() is not None else None
