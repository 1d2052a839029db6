"""Observations of the real Letta: what its classes made of a stream, one case a line.

Made by running letta 0.10.0 and 0.16.8 themselves; `said` are their messages, coalesced.
"""

import asyncio
import json
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from tests.interface.streams import Run, Stream, as_sdk, call, chunk, interface, run_stream

_FOLDER = Path(__file__).parent / "observed"
_RAISED: dict[str, type[BaseException]] = {
    "cancelled": asyncio.CancelledError,
    "exception": RuntimeError,
    "keyboard": GeneratorExit,
}


class Observed(NamedTuple):
    """One case."""

    name: str
    options: dict[str, Any]
    chunks: list[dict[str, Any]]
    tool: str
    """The name of the call, if the stream is one plain call: name and id first."""
    pieces: list[str]
    said: list[tuple[str, ...]]
    raised: str | None
    stream: dict[str, Any]
    """How the stream ended: `then`, `on_enter`."""

    @property
    def is_assistant(self) -> bool:
        return bool(self.options.get("use_assistant_message"))

    def read(self, **options: Any) -> Run:
        """Read the same stream with our interface."""
        stream = Stream(map(as_sdk, self.chunks), **self.stream)
        return run_stream(stream, interface(**self.options | options))


@cache
def observed(version: str) -> dict[str, Observed]:
    lines = (_FOLDER / f"letta-{version}.jsonl").read_text(encoding="utf-8").splitlines()
    return {case.name: case for case in map(_case, map(json.loads, lines))}


def _case(line: dict[str, Any]) -> Observed:
    pieces = line.get("pieces", [])
    chunks = call(pieces, line["call"]) if "call" in line else [*map(_chunk, line["chunks"])]
    said = [tuple(one) for one in line["said"]]
    return Observed(
        line["name"],
        line["options"],
        chunks,
        line.get("call", ""),
        pieces,
        said,
        line["raised"],
        _ending(line),
    )


def _chunk(value: dict[str, Any]) -> dict[str, Any]:
    return chunk(value["delta"]) if list(value) == ["delta"] else value


def _ending(line: dict[str, Any]) -> dict[str, Any]:
    how = line.get("run", {})
    if "on_enter" in how:
        return {"on_enter": RuntimeError(how["on_enter"])}
    if "tail" not in how:
        return {}
    kind = line["name"].partition("/")[2].partition("_")[0]
    return {"then": _RAISED[kind](how["tail"])}
