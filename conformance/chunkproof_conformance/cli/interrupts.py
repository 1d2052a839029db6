"""SIGTERM as Ctrl-C: a CI job that is cancelled writes out what it has, and ends its programs."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def terminated_is_interrupted() -> Iterator[None]:
    """Let SIGTERM raise KeyboardInterrupt; outside the main thread nothing can be set."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt
