"""What every cassette of a recipe must be, whichever server it came from."""

import json
import re

from chunkproof_conformance.cases.cassette import Case
from chunkproof_conformance.record.puppet import SCRIPTS
from chunkproof_conformance.record.session import STREAM_ONLY

OF_A_MACHINE = re.compile(
    r"(?i)linux|darwin|glibc|x86_64|aarch64|Traceback|/(tmp|home|root|work)\b"
)


def check_nothing_of_the_machine(case: Case) -> None:
    """Neither in bodies nor in headers; and no key was written."""
    for exchange in filter(None, (case.stream, case.twin_exchange)):
        shown = exchange.response_body.decode() + repr(exchange.response_headers) + exchange.uri
        assert not OF_A_MACHINE.search(shown), case.id
        assert "authorization" not in exchange.request_headers


def check_same_request(case: Case) -> None:
    """The twin asks the same, also in the order of members, without those of streaming."""
    if case.twin_exchange is not None:
        left = {name: value for name, value in case.request.items() if name not in STREAM_ONLY}
        assert json.dumps(json.loads(case.twin_exchange.request_body)) == json.dumps(left)


def check_scripted(case: Case) -> None:
    """It says which script the model was given, and that the words are ours."""
    assert case.key.script is not None
    assert case.key.script["says"] in SCRIPTS.values()
    assert case.key.provenance.weights == "scripted"


def text_of(case: Case) -> str:
    """All the text of a stream, by its bytes alone: each `content` of a delta, in order."""
    chunks = (json.loads(line[6:]) for line in case.body.splitlines() if line[:7] == b"data: {")
    deltas = (choice["delta"] for chunk in chunks for choice in chunk["choices"])
    return "".join(delta.get("content") or "" for delta in deltas)


def calls_of(case: Case) -> list[tuple[str, str]]:
    """Name and arguments of each call by its index, by the bytes alone."""
    calls: dict[int, list[str]] = {}
    for line in case.body.splitlines():
        if line[:7] != b"data: {":
            continue
        for choice in json.loads(line[6:])["choices"]:
            for call in choice["delta"].get("tool_calls") or ():
                said = calls.setdefault(call["index"], ["", ""])
                said[0] = call["function"].get("name") or said[0]
                said[1] += call["function"].get("arguments") or ""
    return [(name, arguments) for name, arguments in calls.values()]
