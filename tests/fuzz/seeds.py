"""Where coverage-guided fuzzing begins: what the corpus holds, the small ones of it."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

from chunkproof_conformance.cases.index import CORPUS, iter_cases
from chunkproof_conformance.connect.protocol import (
    Begun,
    Broken,
    Emitted,
    Loaded,
    Observed,
    Skipped,
    Started,
    Trouble,
    to_line,
)
from chunkproof_conformance.implementations.reference.adapter import ReferenceAdapter
from chunkproof_conformance.laws.frames import read_frames
from chunkproof_conformance.run.plan import stream_of

SMALL: Final = 4_096
"""Bytes of a seed: longer ones slow the search and show nothing new."""


SHORT: Final = 1_024
"""Bytes of a seed that is read byte by byte."""


def bodies() -> Iterator[bytes]:
    """The short streams of the corpus, and the beginnings of the others: two frames."""
    for case in iter_cases():
        ends = [frame.end for frame in read_frames(case.body)][:2]
        body = case.body[: ends[-1]] if ends and len(case.body) > SHORT else case.body
        if len(body) <= SHORT:
            yield body


def payloads() -> Iterator[bytes]:
    """Every small payload of them."""
    small = (case.body for case in iter_cases() if len(case.body) <= SMALL)
    for body in small:
        for frame in read_frames(body):
            if frame.data is not None and len(frame.data) <= SMALL:
                yield frame.data


def arguments() -> Iterator[bytes]:
    """The arguments of every call that the reference sees, and payloads, which are JSON too."""
    for case in iter_cases():
        for choice in ReferenceAdapter().run(stream_of(case, ())).choices or ():
            for call in choice.tool_calls:
                yield (call.arguments or "")[:SMALL].encode("utf-8", "surrogatepass")
    yield from (payload for payload in payloads() if len(payload) < SMALL // 8)


def cassettes() -> Iterator[bytes]:
    """The small cassettes, as they lie on the disk."""
    paths = sorted(CORPUS.glob("*/*.yaml"))
    return (path.read_bytes() for path in paths if path.stat().st_size <= 2 * SMALL)


def lines() -> Iterator[bytes]:
    """One answer of each kind, and what the reference observes of small streams."""
    adapter = ReferenceAdapter()
    yield to_line(Started(1, adapter.start()))
    yield to_line(Loaded("s-1"))
    yield to_line(Begun(1))
    yield to_line(Skipped(1, "it takes no such request", "https://example.org/1"))
    yield to_line(Broken(1, Trouble("ValueError: no", "Traceback")))
    for case in iter_cases():
        if len(case.body) <= SMALL // 2:
            seen = adapter.run(stream_of(case, ()))
            yield to_line(Emitted(1, list(seen.events or ())))
            yield to_line(Observed(1, seen))


SEEDS: Final[Mapping[str, Callable[[], Iterator[bytes]]]] = {
    "sse": bodies,
    "payload": payloads,
    "stream": bodies,
    "partial_json": arguments,
    "cassette": cassettes,
    "protocol": lines,
}
"""Target -> inputs to begin with."""


def plant(target: str, folder: Path) -> int:
    """Write the seeds of a target into a new folder; the number of different ones."""
    folder.mkdir(parents=True)
    seeds = dict.fromkeys(SEEDS[target]())
    for number, seed in enumerate(seeds):
        (folder / f"seed-{number:04}").write_bytes(seed)
    return len(seeds)
