"""The rewrites: each changes some stream, the same way every time, and says what it may change."""

import json
from random import Random
from typing import Any, Final

import pytest

from chunkproof_conformance.cases.index import iter_cases
from chunkproof_conformance.cases.rows import ROWS
from chunkproof_conformance.laws.streams import DONE, STREAMS, calls, delta, more, opening
from chunkproof_conformance.laws.subject import body_of
from chunkproof_conformance.synth.blocks import body_of as joined
from chunkproof_conformance.synth.blocks import maybe_blocks
from chunkproof_conformance.synth.rewrites.catalogue import REWRITES
from chunkproof_conformance.synth.rewrites.rewrite import Rewrite

BODIES: Final = [body_of(stream) for stream in STREAMS.values()]
each_rewrite = pytest.mark.parametrize("rewrite", REWRITES.values(), ids=lambda one: one.name)


@each_rewrite
def test_a_rewrite_changes_some_stream(rewrite: Rewrite) -> None:
    """A rewrite that never has anything to do would hold no parser to anything."""
    assert any(rewrite(body, Random(1)) is not None for body in BODIES if body)


@each_rewrite
def test_a_rewrite_is_the_same_for_the_same_lot(rewrite: Rewrite) -> None:
    """A find can be repeated."""
    for body in BODIES[:8]:
        assert rewrite(body, Random(7)) == rewrite(body, Random(7))


@each_rewrite
def test_a_rewrite_leaves_alone_what_it_cannot_read(rewrite: Rewrite) -> None:
    """Bytes that are no event stream stay as they are: nothing is known of them."""
    for body in (b"\xff\xfe", b"not a stream", b'{"choices":[]}'):
        assert rewrite(body, Random(1)) is None


def payloads(body: bytes) -> list[Any]:
    blocks = maybe_blocks(body)
    assert blocks is not None
    return [block.chunk for block in blocks if block.chunk is not None]


@pytest.mark.parametrize("name", ["key-order", "white-space", "escaped", "letters-escaped", "raw"])
def test_a_payload_spelt_otherwise_is_the_same_json(name: str) -> None:
    """To a JSON reader nothing has changed."""
    for body in BODIES:
        rewritten = REWRITES[name](body, Random(3))
        if rewritten is not None:
            assert payloads(rewritten) == payloads(body)


@pytest.mark.parametrize("name", ["role-everywhere", "role-blank", "role-absent"])
def test_a_role_of_another_kind_stays(name: str) -> None:
    """A parser keeps it as extra: it is no role, and none may take its place."""
    body = b"".join(
        b'data: {"choices":[{"index":0,"delta":{%s"content":"x"}}]}\n\n' % role
        for role in (b'"role":"assistant",', b'"role":5,', b"")
    )
    rewritten = REWRITES[name](body, Random(1))
    assert rewritten is not None
    assert payloads(rewritten)[1] == payloads(body)[1]


def test_arguments_are_cut_without_a_letter_lost() -> None:
    """The fragments of a call, joined, are its arguments."""
    body = body_of(STREAMS["two calls"])
    rewritten = REWRITES["arguments-recut"](body, Random(5))
    assert rewritten is not None
    assert len(payloads(rewritten)) > len(payloads(body))
    assert arguments(rewritten) == arguments(body)


def test_calls_in_turn_keep_their_own_order() -> None:
    """Fragments of different calls change places, those of one call do not."""
    body = body_of(STREAMS["two calls"])
    rewritten = REWRITES["calls-in-turn"](body, Random(5))
    assert rewritten is not None
    assert arguments(rewritten) == arguments(body)


def arguments(body: bytes) -> dict[int, str]:
    joined: dict[int, str] = {}
    for chunk in payloads(body):
        for choice in chunk["choices"]:
            for entry in choice["delta"].get("tool_calls") or []:
                joined[entry["index"]] = joined.get(entry["index"], "") + (
                    entry["function"].get("arguments") or ""
                )
    return joined


def test_a_pair_is_cut_between_its_two_escapes() -> None:
    """The halves stand in two deltas, escaped: UTF-8 cannot say them."""
    rewritten = REWRITES["pair-split"](body_of(STREAMS["text"]), Random(1))
    assert rewritten is not None
    assert b"\\ud83d" in rewritten
    text = "".join(
        choice["delta"].get("content") or ""
        for chunk in payloads(rewritten)
        for choice in chunk["choices"]
    )
    assert "\U0001f600" in json.loads(json.dumps(text))


@each_rewrite
def test_the_hazards_a_rewrite_names_are_rows_of_the_catalogue(rewrite: Rewrite) -> None:
    """A name that stands nowhere else would lead nowhere."""
    assert set(rewrite.rows) <= ROWS.keys()


def test_deltas_of_a_shape_that_is_no_list_are_not_merged() -> None:
    """Calls as an object are some vendor's own way; a rewrite of them would have to know it."""
    entry = opening(0, "call-a", "f", "{}")
    blocks = [delta(tool_calls=entry), calls(more(0, " ")), DONE]
    for seed in range(6):
        assert REWRITES["delta-merge"](joined(blocks), Random(seed)) is None


@pytest.mark.slow
@each_rewrite
def test_a_rewrite_stumbles_over_no_case(rewrite: Rewrite) -> None:
    """Whatever shapes vendors send, it changes them or leaves them alone."""
    for case in iter_cases():
        rewrite(case.body, Random(3))
