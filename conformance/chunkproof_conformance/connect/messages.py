"""Messages to lines and lines to messages; with `validate`, each against its schema."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import msgspec

from chunkproof_conformance.connect import protocol

if TYPE_CHECKING:
    from collections.abc import Callable

_TOLD_BY: Final[dict[str, type[msgspec.Struct]]] = {
    "observation": protocol.Observed,
    "skipped": protocol.Skipped,
    "broken": protocol.Broken,
    "events": protocol.Emitted,
    "implementation": protocol.Started,
    "stream": protocol.Loaded,
    "seq": protocol.Begun,
}
"""The member that an answer alone has -> the answer; the first that is there."""

_NAMES: Final = {shape: name for name, shape in protocol.MESSAGES.items()}


TOO_DEEP: Final = "wrote a line with a value that is nested too deep to be read"


def name_of(message: msgspec.Struct) -> str:
    """The name of a message, as its schema and its `cmd` have it."""
    return _NAMES[type(message)]


class AnswerError(Exception):
    """A line that is none of the messages that may come now."""


class SchemaError(Exception):
    """A message that its published schema refuses."""


class Codec:
    """validate: takes a message's name and its JSON value; raises SchemaError."""

    def __init__(self, validate: Callable[[str, Any], None] | None = None) -> None:
        self._validate = validate
        self._observed = msgspec.json.Decoder(protocol.Observed)

    def encode(self, message: msgspec.Struct) -> bytes:
        """One line. Raises: SchemaError."""
        line = protocol.to_line(message)
        if self._validate is not None:
            self._validate(_NAMES[type(message)], json.loads(line))
        return line

    def answer(self, line: bytes) -> msgspec.Struct:
        """Any answer. Raises: AnswerError, SchemaError."""
        if self._validate is None:
            try:
                return self._observed.decode(line)  # almost always
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                pass
        try:
            value = json.loads(line)  # takes lone surrogates, as JavaScript writes them
        except RecursionError:
            raise AnswerError(f"{TOO_DEEP}: {_shown(line)}") from None
        except ValueError:
            raise AnswerError(f"wrote a line that is no message: {_shown(line)}") from None
        shape = next((_TOLD_BY[name] for name in _TOLD_BY if _has(value, name)), None)
        if shape is None:
            raise AnswerError(f"wrote a line that is no message: {_shown(line)}")
        if self._validate is not None:
            self._validate(_NAMES[shape], value)
        try:
            return msgspec.convert(value, shape)
        except RecursionError:
            raise AnswerError(f"{TOO_DEEP}: {_shown(line)}") from None
        except msgspec.ValidationError as error:
            raise AnswerError(f"its answer is not `{_NAMES[shape]}`: {error}") from None


def _has(value: Any, name: str) -> bool:
    return isinstance(value, dict) and name in value


def _shown(line: bytes) -> str:
    """The beginning of a line, as text that no terminal takes for more."""
    try:
        return repr(line[:80].decode())
    except UnicodeDecodeError:
        return repr(line[:80])
