"""Compatibility shown: everything the real Letta was seen to do, beside what we do.

For each stream our coalesced messages equal the old ones, or the test names the quirk that
makes the difference and shows that there is no other: for single calls by a model of the
old machine (`old_rules`), which gives the old output exactly, and gives ours as soon as the
named features are mended away; for other streams by a relation that the quirk implies.
"""

import asyncio
import json
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chunkproof.interface import IncompleteStream, StreamFailed
from tests.interface.features import Call, features_of
from tests.interface.observed_cases import Observed, observed
from tests.interface.old_rules import Said, old_said
from tests.interface.streams import call, run

OLD = observed("0.10.0")


def without(*kinds: str) -> Callable[[Said, Said], bool]:
    """The old one lacks the messages of some kinds."""
    return lambda ours, old: old == [one for one in ours if one[0] not in kinds]


def is_error_added(ours: Said, old: Said) -> bool:
    """Old: an error after everything, or in place of the rest."""
    return old[-1] == ("stop", "error") and ours[: len(old) - 1] == old[:-1] and ours != old


def is_success_claimed(ours: Said, old: Said) -> bool:
    """Old: nothing said of the end."""
    return ours == [*old, ("stop", "error")]


def is_repeated(ours: Said, old: Said) -> bool:
    """Old: name or id many times over; then the arguments or the text may be missing."""
    ours_id, old_id = ours[-1][-1], old[-1][-1]
    name, times = ("send_message", len(old[-1][1]) // len("send_message"))
    return (
        ours[:-1] == old[:-1]
        and old[-1][1] == name * times
        and old_id == "call_A" * (len(old_id) // 6)
        and len(old_id) > 6
        and (old[-1][2] == "" or (old[-1][2], ours_id) == (ours[-1][2], "call_A"))
    )


def is_first_call_alone(ours: Said, old: Said) -> bool:
    """Old: what is not of the first call is not there."""
    first = [one for one in ours if one[-1] != "call_2" and one[1:2] != ("two",)]
    return _joined(old) == _joined(first) or old == ours[:1]


def is_first_of_two(ours: Said, old: Said) -> bool:
    """Old: the first call alone. Ours takes turns; joined, the first call is the same."""
    mine = [one for one in ours if one[0] == "tool"][::2]
    joined = ("tool", *("".join(column) for column in zip(*(one[1:] for one in mine), strict=True)))
    return old == [ours[0], joined]


def is_mixed(ours: Said, old: Said) -> bool:
    """Old: two calls as one, names and ids side by side, thoughts of the second lost."""
    named = [one for one in old if one[0] == "tool"]
    return not named or named[0][1::2] == ("get_weatherget_time", "call_1call_2")


def is_flushed(ours: Said, old: Said) -> bool:
    """Old: what waited at the end is not there; before and after it all is equal."""
    return [one for one in ours if one[0] != "tool"] == old


def is_nameless(ours: Said, old: Said) -> bool:
    """Old: arguments without their name and id."""
    return ours[:-1] == old[:-1] and old[-1] == ("tool", "", ours[-1][2], "")


def is_split_identity(ours: Said, old: Said) -> bool:
    """Old: halves of an id joined. A new id and a new name mean a second call to us (TOOL-2)."""
    names, ids = ("".join(one[n] for one in reversed(ours[1:])) for n in (1, 3))
    return old == [ours[0], ("tool", names, ours[1][2], ids)]


def is_other_choice(ours: Said, old: Said) -> bool:
    """Old: the thoughts of choice 1; ours: the text of choice 0."""
    return (ours, old) == ([("assistant", "a")], [("reasoning", "I should greet.")])


def has_same_text(ours: Said, old: Said) -> bool:
    """Old: as ours, until the error; its parts in another order."""
    parts = old[:-1]
    thoughts = [one for one in parts if one[0] == "reasoning"]
    mine = [one for one in ours if one[0] == "reasoning"][: len(thoughts)]
    rest = ["".join(one[2] for one in some if one[0] == "tool") for some in (ours, parts)]
    return old[-1] == ("stop", "error") and thoughts == mine and rest[0].startswith(rest[1][:-1])


def _joined(said: Said) -> Said:
    calls = [one for one in said if one[0] == "tool"]
    rest = [one for one in said if one[0] != "tool"]
    return [*rest, ("tool", *("".join(column) for column in zip(*calls, strict=True)))][1:]


Relation = Callable[[Said, Said], bool]
NAMED: dict[str, tuple[str, Relation]] = {
    "01_text_and_ignored_fields/plain_text": ("Q33", without("assistant")),
    "01_text_and_ignored_fields/plain_text_then_tool": ("Q33", without("assistant")),
    "01_text_and_ignored_fields/refusal": ("Q33", without("assistant")),
    "01_text_and_ignored_fields/reasoning_content_field": (
        "Q33",
        without("assistant", "reasoning"),
    ),
    "01_text_and_ignored_fields/legacy_function_call": ("Q33", without("reasoning", "tool")),
    "13_parallel/parallel_sequential": ("Q21", is_mixed),
    "13_parallel/parallel_both_in_one_delta": ("Q22", is_first_of_two),
    "13_parallel/parallel_interleaved": ("Q23", is_mixed),
    "13_parallel/parallel_whole_each_like_ollama_gemini": ("Q1 Q23", is_mixed),
    "13_parallel/parallel_whole_one_delta": ("Q1 Q22", is_first_call_alone),
    "14_usage/usage_null_member": ("Q31", is_error_added),
    "14_usage/usage_missing_members": ("Q31", is_error_added),
    "15_proxy_shapes/proxy_repeats_id_and_name_every_delta": ("Q24", is_repeated),
    "15_proxy_shapes/proxy_repeats_id_and_name_every_delta_uam/assistant": (
        "Q24",
        lambda ours, old: ours[:-1] == old[:-1] and old[-1][1] == "send_message" * 9,
    ),
    "15_proxy_shapes/proxy_repeats_id_only": ("Q25", is_repeated),
    "15_proxy_shapes/name_after_args": ("Q26", is_nameless),
    "15_proxy_shapes/name_and_id_split": ("Q24", is_split_identity),
    "15_proxy_shapes/whole_call_one_delta": ("Q1", without("tool")),
    "15_proxy_shapes/whole_call_one_delta_uam/assistant": ("Q1", without("assistant")),
    "16_malformed/choices_null": ("Q39", is_success_claimed),
    "16_malformed/tool_calls_empty_list": ("Q39", is_success_claimed),
    "16_malformed/empty_stream": ("Q39", is_success_claimed),
    "16_malformed/error_chunk_from_proxy": ("Q39", is_success_claimed),
    "16_malformed/arguments_as_object": ("Q29", is_error_added),
    "16_malformed/n2_choices": ("Q32", is_other_choice),
    "17_cancel_exception/exception_mid": ("Q2", is_flushed),
    "18_reasoning_models/no_chunks_reasoning_content": ("Q39", is_success_claimed),
    "19_proxy_counting/proxy_text_only": ("Q33", without("assistant")),
    "19_proxy_counting/proxy_special_token_in_args": ("Q37", is_error_added),
    "20_otid_overflow/otid_overflow_128_type_switches": ("Q34 Q35", has_same_text),
    "21_minimal_quirks/array_top": ("Q7", without("tool")),
    "21_minimal_quirks/empty_args": ("Q5", without("tool")),
    "21_minimal_quirks/args_null": ("Q5", without("tool")),
}
"""The streams that are no single plain call, or end badly: the quirk, and what it implies."""


def single_calls() -> list[str]:
    """Streams of one plain call that were read to their end."""
    return [
        name
        for name, case in OLD.items()
        if case.tool
        and name not in NAMED
        and not case.stream
        and case.raised not in {"ValueError", "KeyError"}  # the counting before it
    ]


@pytest.mark.parametrize("name", OLD)
def test_equal_or_explained(name: str) -> None:
    """Every observation of 0.10.0: the same messages, or a quirk says why not."""
    case = OLD[name]
    seen = case.read()
    if name in NAMED:
        quirks, implied = NAMED[name]
        assert seen.said != case.said, "no difference left to name"
        assert implied(seen.said, case.said), quirks
    elif seen.said != case.said:
        assert case.tool
        assert _named(case), "a difference that no quirk explains"


@pytest.mark.parametrize("name", single_calls())
def test_the_model_of_the_old_machine_is_exact(name: str) -> None:
    """On every plain call it says what the real one said, to the character."""
    case = OLD[name]
    assert old_said(case.tool, "call_A", case.pieces, assistant=case.is_assistant) == case.said


@pytest.mark.parametrize("name", single_calls())
def test_a_difference_is_gone_when_its_quirks_are_mended(name: str) -> None:
    """The arguments without the named features: the old machine and ours agree."""
    case = OLD[name]
    arguments = Call.read(case.pieces, assistant=case.is_assistant)
    if arguments is None:
        mended = [*"".join(case.pieces)]
    else:
        for feature in features_of(arguments):
            arguments = feature.mend(arguments)
        mended = arguments.rendered()
    assert _ours(case, mended) == _old(case, mended)


def _named(case: Observed) -> list[str]:
    """The quirks that alone make a difference: mend all others, and it is still there."""
    arguments = Call.read(case.pieces, assistant=case.is_assistant)
    if arguments is None:
        whole = [*"".join(case.pieces)]
        return ["Q1 Q2"] if _ours(case, whole) == _old(case, whole) else []
    names = []
    for kept in (found := features_of(arguments)):
        alone = arguments
        for feature in found:
            if feature is not kept and feature.shows(alone):
                alone = feature.mend(alone)
        if kept.quirks == "Q1 Q2":
            alone = alone._replace(pieces=("".join(alone._replace(pieces=()).rendered()),))
        if _ours(case, alone.rendered()) != _old(case, alone.rendered()):
            names.append(kept.quirks)
    return names


def _ours(case: Observed, pieces: list[str]) -> Said:
    return run(call(pieces, case.tool), uam=case.is_assistant).said


def _old(case: Observed, pieces: list[str]) -> Said:
    return old_said(case.tool, "call_A", pieces, assistant=case.is_assistant)


PLAIN = st.text(st.sampled_from("abc ,:{[éß"), max_size=8).map(lambda text: f"{text}.")


@given(
    st.lists(st.tuples(st.sampled_from(["a", "b", "message", "z"]), PLAIN), min_size=1, max_size=4),
    PLAIN,
    st.booleans(),
)
def test_without_any_quirk_old_and_new_are_the_same(
    members: list[tuple[str, str]], thought: str, assistant: bool
) -> None:
    """Thoughts first, plain strings, no space, no escape, one character a delta."""
    value = {"thinking": thought, **dict(members)}
    if assistant:
        value.setdefault("message", "m.")
    pieces = list(json.dumps(value, ensure_ascii=False, separators=(",", ":")))
    assert run(call(pieces), uam=assistant).said == old_said(
        "send_message", "call_A", pieces, assistant=assistant
    )


def test_every_quirk_that_a_message_can_show_is_among_them() -> None:
    """The table is not empty where it matters, and most of what was right is the same."""
    counted: Counter[str] = Counter()
    same = 0
    for name, case in OLD.items():
        if name in NAMED:
            counted.update(NAMED[name][0].split())
        elif case.read().said == case.said:
            same += 1
        else:
            counted.update(" ".join(_named(case)).split())
    numbers = {*range(1, 27), 29, *range(31, 36), 37, 39}
    assert {f"Q{number}" for number in numbers} <= set(counted)
    assert same == 101


# --- 0.16.8, the last one in Python


def is_by_call(ours: Said, old: Said) -> bool:
    """The same pieces: each call's joined are equal."""
    whole = ["".join(sorted("".join(one[2] for one in some))) for some in (ours, old)]
    return whole[0] == whole[1]


NEW = observed("0.16.8")
SIMPLE = "SimpleOpenAIStreamingInterface/"
LATER: dict[str, tuple[str, Relation]] = {
    f"{SIMPLE}model_none": ("fails on its own default model", is_error_added),
    f"{SIMPLE}refusal": ("Q33", without("assistant")),
    f"{SIMPLE}parallel_interleaved": ("ids end no segment", is_by_call),
    f"{SIMPLE}parallel_same_index0_ollama_style": (
        "Q23",
        lambda _, old: old[0][1] == "get_weatherget_time",
    ),
    f"{SIMPLE}proxy_repeats_name_id": (
        "Q24",
        lambda ours, old: old[0][2:] == ours[0][2:] and set(old[0][1]) == set(ours[0][1]),
    ),
    f"{SIMPLE}no_id_ever": ("Q27: nothing without an id", without("tool")),
    f"{SIMPLE}n2": ("Q32", lambda ours, old: (ours[0][1], old[0][1]) == ("a", "ac")),
    f"{SIMPLE}cancel": ("no stop reason", lambda ours, old: ours == [*old, ("stop", "cancelled")]),
}
LEGACY = {
    "absent": "Q3",
    "last": "Q4",
    "noarg": "Q5",
    "nested": "Q7",
    "pretty": "Q8",
    "whole": "Q1",
    "assistant": "text missing unless cut by tokens",
}


def _lost(ours: Said, old: Said) -> bool:
    """Old: some entries of ours, or the flat reading of one, and nothing more."""
    return len(old) <= len(ours) and {one[0] for one in old} <= {one[0] for one in ours}


@pytest.mark.parametrize("name", NEW)
def test_0_16_8_equal_or_explained(name: str) -> None:
    """The last Python server: what it still lost, and what its newer class got wrong."""
    case = NEW[name]
    options = {one: value for one, value in case.options.items() if one != "model"}
    ending: dict[str, Any] = {"inner_thoughts_key": None} if name.startswith(SIMPLE) else {}
    if case.options.get("model") == "o3-mini":
        ending["extended"] = True
    then = {"CancelledError": asyncio.CancelledError("x"), "RuntimeError": RuntimeError("x")}
    stream = {"then": then[case.raised]} if case.raised in then else {}
    said = case._replace(options=options, stream=stream).read(**ending).said
    if said == case.said:
        return
    if name in LATER:
        reason, implied = LATER[name]
        assert implied(said, case.said), reason
        return
    named = [why for part, why in LEGACY.items() if part in name.split("/")]
    assert named, "a difference that nothing explains"
    assert _lost(said, case.said)


@pytest.mark.parametrize(
    ("name", "failure"),
    [
        ("16_malformed/empty_stream", IncompleteStream),
        ("16_malformed/error_chunk_from_proxy", StreamFailed),
        ("16_malformed/delta_null", IncompleteStream),
        ("17_cancel_exception/exception_mid", RuntimeError),
        ("17_cancel_exception/cancelled_mid", asyncio.CancelledError),
        ("19_proxy_counting/proxy_list_content", ValueError),
        ("19_proxy_counting/proxy_tool_no_description", KeyError),
    ],
)
def test_what_is_raised(name: str, failure: type[BaseException]) -> None:
    """Where 0.10.0 raised what the stream or the counting raised, the same comes out."""
    seen = OLD[name].read()
    assert isinstance(seen.exception, failure)
    if failure not in {IncompleteStream, StreamFailed}:
        assert OLD[name].raised == failure.__name__
