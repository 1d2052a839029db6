"""How many recordings there are, counted so that nothing counts twice.

Two recordings that differ in ids and times alone are one. Blanked are: ids of answers, calls and
requests, times of the day, and what a server measured of its own speed.
"""

import re
from collections import Counter

import pytest

from chunkproof_conformance.cases.cassette import Case
from chunkproof_conformance.cases.index import iter_cases
from chunkproof_conformance.cases.key import Setup

AT_LEAST = 150
PROGRAMS = 7
SETUPS: dict[Setup, str] = {
    "server": "real server generating",
    "proxy-over-server": "real proxy over a real server",
    "proxy-over-script": "real proxy over a scripted upstream",
}
_IDS = re.compile(rb'"(?:id|call_id|request_id|responseId)":\s*"[^"]*"')
_TIMES = re.compile(rb'"(?:created|created_at|timestamp|[a-z_]+_(?:ms|per_second))":\s*[-+.\deE]+')
_PROGRESS = re.compile(rb"^: keepalive \d+/\d+$", re.MULTILINE)


def blanked(body: bytes) -> bytes:
    """The body without ids and times; line ends and everything else stay."""
    return _PROGRESS.sub(b":", _TIMES.sub(b"", _IDS.sub(b"", body)))


def recordings() -> list[Case]:
    return [case for case in iter_cases() if case.key.provenance.kind == "recorded"]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (b'{"id":"a","created":1,"x":1}', b'{"id": "b","created": 22,"x":1}', True),
        (b'{"prompt_ms": 1.5}', b'{"prompt_ms": 27}', True),
        (b'{"predicted_per_second":1e3}', b'{"predicted_per_second":2.25}', True),
        (b'{"content":"a"}', b'{"content":"b"}', False),
        (b'{"index":0}', b'{"index":1}', False),
        (b'{"total_tokens":3}', b'{"total_tokens":4}', False),
        (b"data: {}\n\n", b"data: {}\r\n\r\n", False),
    ],
)
def test_ids_and_times_are_blanked_and_nothing_else(one: bytes, other: bytes, same: bool) -> None:
    assert (blanked(one) == blanked(other)) is same


def test_the_recordings_are_enough_and_all_different(capsys: pytest.CaptureFixture[str]) -> None:
    """Counted by what is left when ids and times are gone; empty bodies are one."""
    found = recordings()
    bodies = {blanked(case.body) for case in found}
    setups = Counter(case.key.provenance.setup for case in found)
    assert set(setups) <= set(SETUPS)
    with capsys.disabled():
        lines = [f"  {setups[name]:4} {words}" for name, words in SETUPS.items()]
        head = f"recorded: {len(found)} cassettes, {len(bodies)} distinct bodies"
        print("\n" + "\n".join([head, *lines]))  # noqa: T201 - the count is what is asked for
    assert len(bodies) >= AT_LEAST


def test_they_come_from_enough_programs() -> None:
    """Each named by itself: a proxy is a program of its own, its script is none."""
    programs = {case.key.provenance.server for case in recordings()}
    assert len(programs) >= PROGRAMS, sorted(map(str, programs))
