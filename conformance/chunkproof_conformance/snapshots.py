"""The syrupy extension that owns `expected/`: one readable JSON file per case.

The folder holds nothing else, as `--snapshot-update` deletes what no test asked for. The test
that writes asks by case id: `assert value == snapshot(name="text/llama-server-plain")`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode

if TYPE_CHECKING:
    from syrupy.location import PyTestLocation
    from syrupy.types import SerializableData, SerializedData, SnapshotIndex

EXPECTED: Final = Path(__file__).parent / "expected"
_WIDTH: Final = 100


def format_json(value: Any, indent: int = 0) -> str:
    """JSON as people read it: what fits stands on one line, all else one member a line."""
    flat = json.dumps(value, ensure_ascii=False)
    if indent + len(flat) <= _WIDTH or not isinstance(value, (dict, list)) or not value:
        return flat
    margin = "  " * (indent // 2 + 1)
    if isinstance(value, dict):
        lines = [
            f"{margin}{json.dumps(name, ensure_ascii=False)}: {format_json(member, indent + 2)}"
            for name, member in value.items()
        ]
        return "{\n" + ",\n".join(lines) + "\n" + margin[2:] + "}"
    lines = [margin + format_json(item, indent + 2) for item in value]
    return "[\n" + ",\n".join(lines) + "\n" + margin[2:] + "]"


class EventsExtension(SingleFileSnapshotExtension):
    """Stores the value of `snapshot(name=<feature>/<case>)` as `expected/<feature>/<case>.json`."""

    _write_mode = WriteMode.TEXT
    file_extension = "json"

    def serialize(self, data: SerializableData, **_options: Any) -> SerializedData:
        return format_json(data) + "\n"

    @classmethod
    def dirname(cls, *, test_location: PyTestLocation) -> str:  # noqa: ARG003 - one folder for all
        return str(EXPECTED)

    @classmethod
    def get_file_basename(cls, *, test_location: PyTestLocation, index: SnapshotIndex) -> str:
        if not isinstance(index, str):
            message = f"{test_location.testname} asks for a snapshot without a case id"
            raise TypeError(message)
        return index

    @classmethod
    def get_snapshot_name(
        cls,
        *,
        test_location: PyTestLocation,
        index: SnapshotIndex = 0,
    ) -> str:
        """The file's stem, which is what syrupy takes for the name when it lists the folder."""
        return Path(cls.get_file_basename(test_location=test_location, index=index)).name

    @classmethod
    def matches_test_location(
        cls,
        *,
        test_location: PyTestLocation,
        snapshot_location: str,
    ) -> bool:
        """Whether a file belongs to the test: every one in `expected/` does."""
        del test_location
        return Path(snapshot_location).is_relative_to(EXPECTED)
