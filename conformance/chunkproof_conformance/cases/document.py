"""A YAML document of a stranger: read without running code, in bounded time and memory.

Bounds, each with its reason: the file (64 MiB: the largest frame the parser takes), what is open
at once (64: reading is recursive), how many values there are (200,000: each takes some hundred
bytes), the digits of a number (64: making an integer of text takes quadratic time). Aliases are
refused, as a few of them multiply without end; so is a name that stands twice in one mapping,
as readers differ about which of the two counts. Only the tags of plain data are known.
"""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, Any, Final

import yaml

if TYPE_CHECKING:
    from pathlib import Path

MAX_FILE_BYTES: Final = 64 * 1024 * 1024
MAX_DEPTH: Final = 64
"""YAML collections open at once; a request with a JSON Schema is text here, so 12 do."""
MAX_VALUES: Final = 200_000
MAX_NUMBER_CHARS: Final = 64

_SHOWN: Final = 300


class DocumentError(ValueError):
    """A document that is not read: what is wrong, and what to do."""

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(what, remedy)  # keeps the error picklable
        self.what = what
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.what}; {self.remedy}"


def read_file(path: Path) -> bytes:
    """The bytes of a regular file, or of one that a link leads to. Raises: DocumentError.

    A pipe is not waited for, a device is not read, and a file that grows is not followed.
    """
    try:
        with open(path, "rb", opener=_opened) as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                kind = "a pipe" if stat.S_ISFIFO(status.st_mode) else "a device"
                raise DocumentError(f"{kind} and no file", "put the file itself there")
            _refuse_size(status.st_size)
            data = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        what = error.strerror or str(error)
        raise DocumentError(f"cannot be read: {what}", "check the path") from error
    _refuse_size(len(data))
    return data


def _opened(path: str, flags: int) -> int:
    """Opening a pipe that nobody writes to would wait for ever."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _refuse_size(size: int) -> None:
    if size > MAX_FILE_BYTES:
        raise DocumentError(f"{size:,} bytes", f"keep it under {MAX_FILE_BYTES:,}")


def load_yaml(data: bytes) -> Any:
    """The document as plain data. Raises: DocumentError."""
    _refuse_size(len(data))
    try:
        _check_events(data)
        return yaml.load(data, Loader=_Loader)  # noqa: S506 - made of the safe loader
    except DocumentError:
        raise
    except _NOT_YAML as error:
        what = " ".join(str(error).split())[:_SHOWN]
        raise DocumentError(f"not YAML as we read it ({what})", "mend the file") from error


_NOT_YAML: Final = (
    yaml.YAMLError,
    ValueError,
    TypeError,
    # PyYAML lets these out where an explicit tag and its text do not fit: `!!int ""`.
    ArithmeticError,
    AttributeError,
    LookupError,
)


def _check_events(data: bytes) -> None:
    """Refuse aliases, depth, number of values and names given twice, before objects are built."""
    values = 0
    open_: list[_Names | None] = []  # None for a sequence
    for event in yaml.parse(data, Loader=_Loader):
        if isinstance(event, yaml.AliasEvent):
            raise DocumentError(f"alias *{event.anchor}", "write the value out")
        if isinstance(event, yaml.CollectionEndEvent):
            open_.pop()
            continue
        values += 1
        if values > MAX_VALUES:
            raise DocumentError(f"more than {MAX_VALUES:,} values", "split it")
        if open_ and (names := open_[-1]) is not None:
            names.take(event)
        if isinstance(event, yaml.CollectionStartEvent):
            is_mapping = isinstance(event, yaml.MappingStartEvent)
            open_.append(_Names() if is_mapping else None)
            if len(open_) > MAX_DEPTH:
                raise DocumentError(f"nested over {MAX_DEPTH} deep", "flatten it")


class _Names:
    """The names of an open mapping, whose events are names and values in turn."""

    def __init__(self) -> None:
        self._seen: set[str] = set()
        self._is_name = True

    def take(self, event: yaml.Event) -> None:
        """Note the next direct member. Raises: DocumentError."""
        if self._is_name and isinstance(event, yaml.ScalarEvent):
            if event.value in self._seen:
                name = event.value[:_SHOWN]
                raise DocumentError(f"{name!r} twice in one mapping", "say it once")
            self._seen.add(event.value)
        self._is_name = not self._is_name


class _Loader(yaml.CSafeLoader):
    """Plain data only: no tag of a document can run code, and no number is long."""

    def construct_number(self, node: yaml.ScalarNode) -> int | float:
        """An integer or a float, in any of YAML's spellings."""
        if len(node.value) > MAX_NUMBER_CHARS:
            raise DocumentError(f"a number of {len(node.value):,} characters", "shorten it")
        is_int = node.tag == _INT
        made = self.construct_yaml_int(node) if is_int else self.construct_yaml_float(node)
        return made if is_int else float(made)


_INT: Final = "tag:yaml.org,2002:int"
_FLOAT: Final = "tag:yaml.org,2002:float"
_Loader.add_constructor(_INT, _Loader.construct_number)
_Loader.add_constructor(_FLOAT, _Loader.construct_number)
