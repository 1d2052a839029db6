"""A case claims rows of the catalogue; its bytes must show each of them."""

import json
from collections import Counter
from functools import cache
from typing import Any, Final

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chunkproof_conformance.cases.cassette import Case
from chunkproof_conformance.cases.expected import read_expected
from chunkproof_conformance.cases.index import case_ids, iter_cases
from chunkproof_conformance.cases.rows import ROWS
from chunkproof_conformance.cases.traits import TRAITS, shown, unshown
from chunkproof_conformance.cases.wire_view import WireView


@cache
def corpus() -> tuple[tuple[Case, tuple[str, ...]], ...]:
    """Every case with the rows that its bytes show."""
    return tuple((case, tuple(shown(case))) for case in iter_cases())


def view(*payloads: str, status: int = 200, end: str = "eof") -> WireView:
    """A stream of these payloads in one read."""
    body = "".join(f"data: {payload}\n\n" for payload in payloads).encode()
    return WireView(body, (body,), status, end)


def test_every_claim_is_shown_by_the_bytes() -> None:
    """A row that nobody can tell from the wire cannot be claimed either."""
    assert {case.id: rows for case in iter_cases() if (rows := unshown(case))} == {}


def test_traits_belong_to_rows() -> None:
    """No trait without its row in the catalogue."""
    assert TRAITS.keys() <= ROWS.keys()


def test_every_row_has_a_case_or_a_reason_why_not() -> None:
    """A trait and a case that claims it; or a sentence that says what stands instead. Not both."""
    claimed = {row for case, _ in corpus() for row in case.key.rows}
    shown_by_none = {row.id for row in ROWS.values() if row.why_no_case is not None}
    assert claimed | shown_by_none == ROWS.keys()
    assert claimed & shown_by_none == set()
    assert TRAITS.keys() >= claimed
    assert all(len(ROWS[row].why_no_case or "") > 60 for row in shown_by_none)
    assert len(shown_by_none) < 8


def test_every_trait_tells_streams_apart() -> None:
    """A predicate that is true of all streams, or of none, would say nothing."""
    counts = Counter(row for _, rows in corpus() for row in rows)
    assert [row for row in TRAITS if not 0 < counts[row] < len(corpus())] == []


def test_a_rare_hazard_is_a_must_only_where_a_norm_or_a_document_says_so() -> None:
    """What one reporter saw once binds nobody, and what may be done need not."""
    for case in iter_cases():
        if case.key.strength == "must":
            assert not [row for row in case.key.rows if binds_nobody(row)], case.id


def test_no_two_cases_show_the_same_in_the_same_dialect() -> None:
    """Same traits, same sender and the same answer: one of them is enough."""
    seen: dict[tuple[object, ...], str] = {}
    for case, rows in corpus():
        origin = case.key.provenance
        sender = (origin.kind, origin.server, origin.upstream)
        what = (sender, rows, case.key.end, answer(case))
        assert what not in seen, f"{case.id} is {seen.get(what)}"
        seen[what] = case.id


def test_the_corpus_has_four_hundred_and_fifty_different_cases() -> None:
    """Counted by what they show: same traits, dialect or server, and answer count once."""
    different = {
        (origin.dialect, origin.server, rows, case.key.end, answer(case))
        for case, rows in corpus()
        for origin in [case.key.provenance]
    }
    assert len(different) >= 450
    assert len(different) == len(case_ids())


def test_a_fourth_dialect_says_a_message_only_where_it_shows_something_else() -> None:
    """One message in three dialects is enough, unless each of them shows other hazards."""
    told: dict[bytes, list[tuple[str, ...]]] = {}
    for case, rows in corpus():
        if case.key.message is not None:
            key = msgspec.json.encode(case.key.message)
            told.setdefault(key, []).append((case.key.end, *rows))
    for message, traits in told.items():
        assert len(traits) <= 3 or len({*traits}) == len(traits), message


@pytest.mark.parametrize(
    ("row", "wire"),
    [
        ("identical-deltas", view(*['{"choices": [{"index": 0, "delta": {"content": "a"}}]}'] * 2)),
        ("error-string", view('{"error": "boom"}')),
        ("error-then-done", view('{"error": {"message": "m"}}', "[DONE]")),
        ("transport-reset", view("{}", end="reset")),
        ("http-error-status", view("{}", status=429)),
        ("many-events-per-read", view("{}", "{}")),
        ("role-never", view('{"choices": [{"index": 0, "delta": {"role": null}}]}')),
        ("choice-index-missing", view('{"choices": [{"delta": {}}]}')),
    ],
)
def test_a_trait_sees_its_row(row: str, wire: WireView) -> None:
    """The smallest stream of its kind; and the empty one has none of them."""
    assert TRAITS[row](wire)
    assert not TRAITS[row](WireView(b"", (), 200, "eof"))


KNOWN: Final = (
    *("id", "object", "created", "model", "choices", "usage", "error", "type", "message", "x_groq"),
    *("index", "delta", "finish_reason", "logprobs", "role", "content", "refusal", "tool_calls"),
    *("reasoning", "reasoning_details", "audio", "annotations", "images", "function_call"),
    *("function", "custom", "name", "arguments", "input", "text", "total_tokens"),
)
SCALARS: Final = (
    st.none()
    | st.booleans()
    | st.integers(-2, 2)
    | st.floats()
    | st.sampled_from(["", "stop", "{}", "null", '{"thinking": [', '"twice"', "\ud83d", "data: "])
)


def members(values: st.SearchStrategy[Any], **of: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Objects of known members; those that are named hold what is named, or any value."""
    known = {name: of[name] | values if name in of else values for name in KNOWN}
    return st.fixed_dictionaries({}, optional=known)


ANYTHING: Final = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=2) | members(inner), max_leaves=6
)
ENTRIES: Final = st.lists(members(ANYTHING, function=members(ANYTHING)), max_size=2)
DELTAS: Final = members(ANYTHING, tool_calls=ENTRIES)
CHUNKS: Final = members(ANYTHING, choices=st.lists(members(ANYTHING, delta=DELTAS), max_size=3))
WIRES: Final = st.lists(CHUNKS | ANYTHING, max_size=4).map(
    lambda payloads: view(*map(json.dumps, payloads))
)
"""Streams of payloads of any JSON, known members of any kind; they shrink to the empty stream."""


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(WIRES)
def test_traits_survive_any_json(wire: WireView) -> None:
    """They look at bytes as they lie; members of any kind are no error."""
    assert all(isinstance(trait(wire), bool) for trait in TRAITS.values())


@given(st.lists(st.binary(min_size=1)), st.sampled_from(["eof", "reset", "client-closed"]))
def test_traits_survive_any_bytes(pieces: list[bytes], end: str) -> None:
    """Nor is a body that is no stream at all."""
    wire = WireView(b"".join(pieces), tuple(pieces), 200, end)
    assert all(isinstance(trait(wire), bool) for trait in TRAITS.values())


def binds_nobody(row: str) -> bool:
    row_ = ROWS[row]
    rare = row_.frequency == "D" and not {"N", "D"} & set(row_.source.split("+"))
    return rare or row_.level == "MAY"


def answer(case: Case) -> str:
    """What the stream says, by its oracle, without ids."""
    choices = read_expected(case.id)["final"].get("choices", [])
    for choice in choices:
        for call in choice["tool_calls"]:
            call.pop("id", None)
    return repr(choices)
