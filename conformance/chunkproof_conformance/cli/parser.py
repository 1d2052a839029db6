"""The parser of a command's options, and the kinds of numbers they take."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError
from math import isfinite
from typing import Final, NoReturn

from chunkproof_conformance.cli.main import CommandError

MAX_SECONDS: Final = 86_400.0
"""A day: nobody waits longer for one stream, and no clock of a platform is too small for it."""


class Parser(ArgumentParser):
    """Refuses in one sentence; argparse alone prints the whole usage before it."""

    def error(self, message: str) -> NoReturn:
        """Raises: CommandError."""
        raise CommandError(f"{message}; `{self.prog} --help` shows the options")


def positive(text: str) -> int:
    """A whole number, 1 or more."""
    if not _is_whole(text) or int(text) < 1:
        raise ArgumentTypeError(f"{text!r} is no number of 1 or more")
    return int(text)


def count(text: str) -> int:
    """A whole number, 0 or more."""
    if not _is_whole(text):
        raise ArgumentTypeError(f"{text!r} is no number of 0 or more")
    return int(text)


def port(text: str) -> int:
    """A TCP port; 0 is any that is free."""
    if not _is_whole(text) or int(text) > 65535:
        raise ArgumentTypeError(f"{text!r} is no port; write a number up to 65535, or 0 for any")
    return int(text)


def seconds(text: str) -> float:
    """Seconds, more than 0 and at most a day."""
    value = _number(text)
    if not 0 < value <= MAX_SECONDS:
        raise ArgumentTypeError(f"{text!r} is no time; write seconds, more than 0, such as 2.5")
    return value


def factor(text: str) -> float:
    """A finite number, 0 or more."""
    value = _number(text)
    if not isfinite(value) or value < 0:
        raise ArgumentTypeError(f"{text!r} is no number of 0 or more")
    return value


def _is_whole(text: str) -> bool:
    return text.isascii() and text.isdecimal()


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")
