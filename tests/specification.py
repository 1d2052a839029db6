"""One check for every specification case: each is run whole, cut, strict, and at other entries."""

import importlib
import itertools
import json
from collections.abc import Iterable, Iterator
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, Final

import jsonschema
import msgspec
import pytest

from chunkproof import StreamParser, parse
from chunkproof.errors import ParseError
from chunkproof.events import AnyEvent
from chunkproof.repairs import REPAIRS
from tests.expectation import Case, matches
from tests.wire import read_frames

EVERY_CUT_BELOW: Final = 2048
"""Bytes; longer bodies are cut at 97 places."""


@cache
def schema_validator(name: str) -> jsonschema.protocols.Validator:
    """Return a validator of a published schema: `event` or `result`."""
    text = (resources.files("chunkproof") / "schemas" / f"{name}.schema.json").read_text("utf-8")
    schema = json.loads(text)
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def drain(
    pieces: Iterable[bytes],
    error: Exception | None = None,
    *,
    parser: StreamParser | None = None,
) -> list[AnyEvent]:
    """Return all events of the pieces and of closing after them."""
    parser = parser or StreamParser()
    events = [event for piece in pieces for event in parser.feed(piece)]
    return events + parser.close(error)


def as_json(events: Iterable[AnyEvent]) -> list[dict[str, Any]]:
    """Return the events as JSON values, byte offsets included."""
    decoded: list[dict[str, Any]] = json.loads(msgspec.json.encode(list(events)))
    return decoded


def without_offsets(events: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{key: value for key, value in event.items() if key != "offset"} for event in events]


def without_repairs(events: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return [event for event in events if event["event"] != "repair"]


def cut_places(body: bytes) -> Iterator[int]:
    if len(body) < EVERY_CUT_BELOW:
        yield from range(1, len(body))
    else:
        yield from range(1, len(body), max(1, len(body) // 97))


def repair_names(result: dict[str, Any]) -> set[str]:
    return {repair["name"] for repair in result["repairs"]}


def all_cases() -> list[Case]:
    """Return the cases of every table of wire and result."""
    names = sorted(path.stem for path in Path(__file__).parent.glob("test_wire_*.py"))
    modules = [importlib.import_module(f"tests.{name}") for name in names]
    return [case for module in modules for case in getattr(module, "CASES", [])]


def check(case: Case) -> None:
    """Check everything a case promises, and every law that holds for all bodies."""
    whole = drain([case.wire], case.close_error)
    events = as_json(whole)
    result = _result(case)
    _check_result(case, result)
    _check_events(case, events, result)
    _check_schemas(events, result)
    _check_parse(case, result)
    _check_cuts(case, whole)
    _check_snapshots(case, result)
    _check_strict(case, events)
    if case.framed:
        _check_frames(case, events)


def _result(case: Case) -> dict[str, Any]:
    parser = StreamParser()
    parser.feed(case.wire)
    parser.close(case.close_error)
    result = parser.result().to_dict()
    # Whatever the wire held, the result is JSON that any reader can take.
    json.dumps(result, ensure_ascii=False, allow_nan=False).encode()
    return result


def _check_result(case: Case, result: dict[str, Any]) -> None:
    expected = case.expected_result()
    for member, value in expected.items():
        assert matches(value, result[member]), (
            f"{case.name}: {member}\n  expected {value}\n  got      {result[member]}"
        )
    assert result.keys() == expected.keys()
    names = repair_names(result)
    assert set(case.repairs) <= names <= set(case.repairs) | set(case.may_repair), (
        f"{case.name}: repairs {sorted(names)}, expected {sorted(case.repairs)}"
    )


def _check_events(case: Case, events: list[dict[str, Any]], result: dict[str, Any]) -> None:
    kinds = [event["event"] for event in events]
    assert kinds.count("end") == 1
    assert kinds[-1] == "end"
    assert events[-1]["outcome"] == result["outcome"]
    shown = [kind for kind in kinds if kind not in {"repair", "error", "end"}]
    assert shown.count("start") <= 1
    assert not shown or shown[0] == "start"
    assert _aggregated(events) == result["repairs"]
    offsets = [event["offset"] for event in events]
    assert offsets == sorted(offsets), f"{case.name}: offsets go back: {offsets}"
    if case.framed:
        ends = {frame.end for frame in read_frames(case.wire)} | {len(case.wire)}
        assert set(offsets) <= ends, f"{case.name}: {offsets} are no ends of frames {sorted(ends)}"
    if case.events is not None:
        actual = without_offsets(without_repairs(events))
        assert matches(case.events, actual), f"{case.name}:\n  " + "\n  ".join(map(str, actual))


def _aggregated(events: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    counts: dict[str, dict[str, Any]] = {}
    for event in events:
        if event["event"] == "repair":
            assert event["rule"] == REPAIRS[event["name"]].rule
            first = {key: event[key] for key in ("name", "rule", "offset")}
            counts.setdefault(event["name"], {**first, "count": 0})["count"] += 1
    return list(counts.values())


def _check_schemas(events: list[dict[str, Any]], result: dict[str, Any]) -> None:
    validator = schema_validator("event")
    for event in events:
        validator.validate(event)
    schema_validator("result").validate(result)


def _check_parse(case: Case, result: dict[str, Any]) -> None:
    if case.close_error is None:
        assert parse([case.wire]).to_dict() == result
        assert parse(bytes([byte]) for byte in case.wire).to_dict() == result


def _check_cuts(case: Case, whole: list[AnyEvent]) -> None:
    body = case.wire
    every = drain([bytes([byte]) for byte in body], case.close_error)
    assert every == whole, f"{case.name}: byte by byte differs"
    for cut in cut_places(body):
        parts = drain([body[:cut], body[cut:]], case.close_error)
        assert parts == whole, f"{case.name}: cut at {cut} differs: {body[:cut]!r}"


def _check_snapshots(case: Case, final: dict[str, Any]) -> None:
    """A snapshot says what the bytes so far say, keeps saying it, and claims no end too early."""
    parser = StreamParser()
    body = case.wire
    step = max(1, len(body) // 64)
    taken = []
    outcome = "incomplete"
    for start in range(0, len(body), step):
        for event in as_json(parser.feed(body[start : start + step])):
            if event["event"] == "error":
                outcome = "failed"
            if event["event"] == "end":
                outcome = event["outcome"]
        assert parser.result().outcome == outcome, f"{case.name}: outcome at {start + step}"
        taken.append((start + step, parser.result(), parser.result().to_dict()))
    parser.close(case.close_error)
    for at, snapshot, members in taken:
        assert snapshot.to_dict() == members, f"{case.name}: the snapshot at {at} changed"
        _assert_prefix(case, members, final)


def _assert_prefix(case: Case, earlier: dict[str, Any], final: dict[str, Any]) -> None:
    later = {choice["index"]: choice for choice in final["choices"]}
    for choice in earlier["choices"]:
        for channel in ("text", "reasoning", "refusal"):
            so_far = choice[channel] or ""
            assert (later[choice["index"]][channel] or "").startswith(so_far), case.name
        arguments = [call["arguments"] for call in later[choice["index"]]["tool_calls"]]
        for call in choice["tool_calls"]:
            assert any(text.startswith(call["arguments"]) for text in arguments), case.name


def _check_strict(case: Case, lenient: list[dict[str, Any]]) -> None:
    first = next((event for event in lenient if event["event"] == "repair"), None)
    for pieces in ([case.wire], [bytes([byte]) for byte in case.wire]):
        if first is None:
            strict = drain(pieces, case.close_error, parser=StreamParser(strict=True))
            assert as_json(strict) == lenient
            continue
        with pytest.raises(ParseError) as caught:
            drain(pieces, case.close_error, parser=StreamParser(strict=True))
        error = caught.value
        assert (error.repair, error.rule) == (first["name"], first["rule"])
        assert error.offset == first["offset"]
        ends = [frame.end for frame in read_frames(case.wire)]
        if error.offset in ends:
            assert error.frame == ends.index(error.offset) + 1
        if len(pieces) == 1:
            before = list(itertools.takewhile(lambda event: event != first, lenient))
            assert as_json(error.events) == before[: len(error.events)]


def _check_frames(case: Case, whole: list[dict[str, Any]]) -> None:
    """Frames that were cut out by somebody else give the same events, without offsets."""
    parser = StreamParser()
    events: list[AnyEvent] = []
    for frame in read_frames(case.wire):
        events += parser.feed_frame(frame.data, frame.event)
    events += parser.close(case.close_error)
    decoded = as_json(events)
    assert all(event["offset"] is None for event in decoded)
    assert without_offsets(decoded) == without_offsets(whole)
