"""The 42 quirks of Letta 0.10.0's class, one test each: fixed, or kept on purpose.

The table in `docs/interface.md` names them in the same order and says why.
"""

import json
from typing import Any

import pytest

from chunkproof.interface import (
    CharacterCounter,
    IncompleteStream,
    context_attributes,
)
from chunkproof.partial_json.grammar import Grammar
from tests.interface.streams import (
    Stream,
    as_sdk,
    call,
    chunk,
    cuts,
    deltas,
    finish,
    fragment,
    interface,
    opening,
    pieces,
    run,
    run_stream,
    segments,
    text,
)

GREETING = '{"thinking":"I should greet.","message":"Hello there!"}'
GREETED = [("reasoning", "I should greet."), ("assistant", "Hello there!")]


def arguments_of(said: list[tuple[str, ...]]) -> Any:
    """The arguments of the first tool call, joined and read as JSON."""
    return json.loads("".join(one[2] for one in said if one[0] == "tool"))


def test_q01_a_whole_call_in_one_delta() -> None:
    """Fixed: name, arguments and the text for the user all come out."""
    whole = fragment(GREETING, id="call_A", type="function", name="send_message")
    assert run([whole, finish()], uam=True).said == GREETED
    assert run([whole, finish()]).said == [
        ("reasoning", "I should greet."),
        ("tool", "send_message", '{"message":"Hello there!"}', "call_A"),
    ]


def test_q02_the_last_fragment_after_the_name() -> None:
    """Fixed: it is sent."""
    parts = ['{"thinking":"ab"', ',"x":"123"}']
    assert run(call(parts, "calc")).said[-1] == ("tool", "calc", '{"x":"123"}', "call_A")


@pytest.mark.parametrize("parts", cuts('{"message":"Hello!"}'))
def test_q03_no_thoughts(parts: list[str]) -> None:
    """Fixed: nothing is held for a key that never comes, however it is cut."""
    assert run(call(parts), uam=True).said == [("assistant", "Hello!")]
    assert run(call(parts)).said == [("tool", "send_message", '{"message":"Hello!"}', "call_A")]


@pytest.mark.parametrize("parts", cuts('{"message":"Hi","thinking":"t"}'))
def test_q04_thoughts_last(parts: list[str]) -> None:
    """Fixed: the text comes out as it arrives, the thoughts after it."""
    assert run(call(parts), uam=True).said == [("assistant", "Hi"), ("reasoning", "t")]
    assert arguments_of(run(call(parts)).said) == {"message": "Hi"}


@pytest.mark.parametrize("arguments", ["", "{}", '{"thinking":"just think"}', "{ }"])
def test_q05_tools_without_arguments(arguments: str) -> None:
    """Fixed: the name comes out at the end of the call, at the latest."""
    said = run(call([arguments] if arguments else [], "ping")).said
    assert said[-1][:2] == ("tool", "ping")
    assert said[-1][2].replace(" ", "") == ("{}" if arguments else "")


@pytest.mark.parametrize("value", ["false", "42", "-1.5e3", "null", "true"])
def test_q06_values_that_are_no_strings(value: str) -> None:
    """Fixed: no quote is put before them."""
    parts = list('{"thinking":"t","message":"Hello!","request_heartbeat":' + value + "}")
    assert run(call(parts)).said[-1][2] == f'{{"message":"Hello!","request_heartbeat":{value}}}'


def test_q07_any_json_value_at_any_depth() -> None:
    """Fixed: the arguments come out byte for byte."""
    rest = '"n":12.5,"b":true,"z":null,"arr":[1,"two",{"k":"v"}],"obj":{"x":{"y":"z"}}}'
    for parts in cuts('{"thinking":"t",' + rest):
        assert run(call(parts, "calc")).said[-1][2] == "{" + rest


def test_q08_a_space_after_the_colon() -> None:
    """Fixed: it belongs to no value. (It stays in the arguments: difference QW.)"""
    parts = list('{"thinking": "t one", "message": "hello"}')
    assert run(call(parts), uam=True).said == [("reasoning", "t one"), ("assistant", "hello")]
    assert run(call(parts)).said[-1][2] == '{"message": "hello"}'


def test_q09_escapes_in_thoughts() -> None:
    """Fixed: reasoning is decoded text."""
    thought = 'say "hi"\n\\ tab\t Grüße 😀'
    for ascii_only in (True, False):
        whole = json.dumps({"thinking": thought, "x": 1}, ensure_ascii=ascii_only)
        for parts in cuts(whole):
            assert run(call(parts, "calc")).said[0] == ("reasoning", thought)


@pytest.mark.parametrize(
    "parts",
    [
        ['{"thinking":"t","message":"', "a\\n", "b", '","k":"v"}'],
        ['{"thinking":"t","message":"', "a\\n", "b", '"}'],
        ['{"thinking":"t","message":"', "a", "\\", "nb", '"}'],
    ],
)
def test_q10_escapes_in_the_text_for_the_user(parts: list[str]) -> None:
    """Fixed: decoded while it streams, and nothing is said twice."""
    assert run(call(parts), uam=True).said[-1] == ("assistant", "a\nb")


def test_q11_unicode_escapes() -> None:
    """Fixed: decoded wherever they are cut; halves of a pair join."""
    message = "naïve 😀 你"
    for parts in cuts(json.dumps({"thinking": "t", "message": message})):
        assert run(call(parts), uam=True).said[-1] == ("assistant", message)


def test_q12_a_text_that_ends_with_a_quote() -> None:
    """Fixed: no quote is stripped."""
    parts = ['{"thinking":"t","message":"say \\', '"', "x", "\\", '"', '"}']
    assert run(call(parts), uam=True).said[-1] == ("assistant", 'say "x"')


def test_q13_a_text_that_ends_with_a_brace() -> None:
    """Fixed: no brace is swallowed."""
    for parts in cuts('{"thinking":"t","message":"{}"}'):
        assert run(call(parts), uam=True).said[-1] == ("assistant", "{}")


def test_q14_space_at_the_end_of_the_text() -> None:
    """Fixed: it is kept, wherever the close comes."""
    for parts in (["hi", " ", '"}'], ["hi", ' "}']):
        chunks = call(['{"thinking":"t","message":"', *parts])
        assert run(chunks, uam=True).said[-1] == ("assistant", "hi ")


def test_q15_a_text_that_ends_with_a_backslash() -> None:
    """Fixed: read as JSON, so it is no error."""
    parts = ['{"thinking":"t","message":"C:\\\\', '","note":"', "x", '"}']
    seen = run(call(parts), uam=True)
    assert (seen.said[-1], seen.exception) == (("assistant", "C:\\"), None)


def test_q16_a_number_with_an_exponent() -> None:
    """Fixed: read as JSON, so it is no error."""
    parts = ['{"thinking":"t","message":"hi', '","n":1e5', ',"k":"', 'v"}']
    seen = run(call(parts), uam=True)
    assert (seen.said[-1], seen.exception) == (("assistant", "hi"), None)


@pytest.mark.parametrize("value", ["42", '["a","b"]', "null", '{"a":"b"}'])
def test_q17_a_message_that_is_no_string(value: str) -> None:
    """Fixed: the call comes out as a tool call, so nothing is lost."""
    for parts in cuts(f'{{"thinking":"t","message":{value}}}'):
        seen = run(call(parts), uam=True)
        assert seen.said[-1] == ("tool", "send_message", f'{{"message":{value}}}', "call_A")
        assert seen.exception is None


@pytest.mark.parametrize("values", [('""', "[1]"), ("7", '""'), ('""', '"hi"'), ("{}", '"hi"')])
def test_q17_a_message_twice_of_which_one_is_a_string(values: tuple[str, str]) -> None:
    """A call with a text for the user, be it empty, is no tool call, however it is cut."""
    spoken = [("assistant", "hi")] if '"hi"' in values else []
    for parts in cuts('{"message":%s,"message":%s}' % values):
        assert run(call(parts), uam=True).said == spoken


def test_q18_another_value_before_the_message() -> None:
    """Fixed: the text comes out; in tool mode the arguments are right."""
    parts = list('{"thinking":"t","n":1,"message":"hi"}')
    assert run(call(parts), uam=True).said[-1] == ("assistant", "hi")
    assert run(call(parts)).said[-1][2] == '{"n":1,"message":"hi"}'


@pytest.mark.parametrize(
    ("value", "thought"),
    [("null", None), ("7", "7"), ('{"a":["b"]}', '{"a":["b"]}'), ("true", "true")],
)
def test_q19_thoughts_that_are_no_string(value: str, thought: str | None) -> None:
    """Fixed: null is no thought; anything else is said as written, and taken out."""
    for parts in cuts(f'{{"thinking":{value},"message":"hi"}}'):
        expected = [("reasoning", thought)] if thought else []
        assert run(call(parts), uam=True).said == [*expected, ("assistant", "hi")]


def test_q20_thoughts_inside_another_object() -> None:
    """Fixed: only a member of the arguments themselves is a thought."""
    rest = '"obj":{"thinking":"inner"},"b":"y"}'
    for parts in cuts('{"thinking":"t",' + rest):
        assert run(call(parts, "calc")).said == [
            ("reasoning", "t"),
            ("tool", "calc", "{" + rest, "call_A"),
        ]


ONE, TWO = '{"thinking":"one","city":"Paris"}', '{"thinking":"two","city":"Rome"}'
BOTH = [
    ("reasoning", "one"),
    ("tool", "get_weather", '{"city":"Paris"}', "call_1"),
    ("reasoning", "two"),
    ("tool", "get_time", '{"city":"Rome"}', "call_2"),
]


def test_q21_one_call_after_the_other() -> None:
    """Fixed: two calls, each with its own thoughts; the tool object is the first."""
    chunks = [
        opening("get_weather", "call_1"),
        *(fragment(piece) for piece in ONE),
        opening("get_time", "call_2", 1),
        *(fragment(piece, index=1) for piece in TWO),
        finish(),
    ]
    seen = run(chunks)
    assert seen.said == BOTH
    assert seen.interface.get_tool_call_object().function.arguments == ONE
    assert [one.id for one in seen.interface.get_tool_call_objects()] == ["call_1", "call_2"]


def test_q22_both_calls_in_one_delta() -> None:
    """Fixed: every entry is read, not the first alone."""
    entries = [
        {"index": 0, "id": "call_1", "function": {"name": "get_weather", "arguments": ONE}},
        {"index": 1, "id": "call_2", "function": {"name": "get_time", "arguments": TWO}},
    ]
    assert run([chunk({"tool_calls": entries}), finish()]).said == BOTH


def test_q23_calls_that_take_turns() -> None:
    """Fixed: each delta goes to its own call, and says which by its id."""
    chunks = [opening("get_weather", "call_1"), opening("get_time", "call_2", 1)]
    for left, right in zip(ONE.ljust(len(ONE)), TWO.ljust(len(ONE)), strict=True):
        chunks += [fragment(left), fragment(right, index=1)]
    seen = run([*chunks, finish()])
    for call_id, name, city in (("call_1", "get_weather", "Paris"), ("call_2", "get_time", "Rome")):
        mine = [delta for delta in deltas(seen.messages) if delta["tool_call_id"] == call_id]
        assert "".join(delta.get("name", "") for delta in mine) == name
        assert json.loads("".join(one.get("arguments", "") for one in mine)) == {"city": city}


def test_q24_id_and_name_in_every_delta() -> None:
    """Fixed: an equal repeat says nothing new."""
    chunks = [
        fragment(piece, id="call_A", type="function", name="send_message") for piece in GREETING
    ]
    assert run([*chunks, finish()], uam=True).said == GREETED
    assert run([*chunks, finish()]).said[-1][1::2] == ("send_message", "call_A")


def test_q25_the_id_in_every_delta() -> None:
    """Fixed: the first id is the call's, in every message of it."""
    chunks = [opening(), *(fragment(piece, id="call_A") for piece in GREETING), finish()]
    assert {delta["tool_call_id"] for delta in deltas(run(chunks).messages)} == {"call_A"}


def test_q26_the_name_after_the_arguments() -> None:
    """Fixed: arguments wait for the name; thoughts do not."""
    chunks = [*(fragment(piece) for piece in GREETING), opening(), finish()]
    seen = run(chunks)
    assert seen.said == [
        ("reasoning", "I should greet."),
        ("tool", "send_message", '{"message":"Hello there!"}', "call_A"),
    ]
    assert seen.interface.get_tool_call_object().function.arguments == GREETING
    assert run(chunks, uam=True).said == GREETED


def test_q26_of_several_calls() -> None:
    """Each call keeps its own early arguments, wherever its name comes and whoever asks."""
    chunks = [
        fragment('{"a":', index=0),
        fragment('{"b":', index=1),
        opening("g", "call_B", index=1),
        opening("f", "call_A", index=0),
        fragment("1}", index=0),
        fragment("2}", index=1),
        finish(),
    ]
    interface = run(chunks).interface
    called = [
        (call.id, call.function.name, call.function.arguments)
        for call in interface.get_tool_call_objects()
    ]
    assert called == [("call_A", "f", '{"a":1}'), ("call_B", "g", '{"b":2}')]
    assert interface.get_tool_call_object().function.arguments == '{"a":1}'
    assert interface.current_function_arguments == '{"a":1}'


def test_q26_in_one_delta() -> None:
    """Arguments, then the entry that names them and goes on with them: said once, in that order."""
    entries = [
        {"index": 0, "function": {"arguments": '{"a":'}},
        {"index": 0, "id": "call_A", "function": {"name": "f", "arguments": "1}"}},
    ]
    seen = run([chunk({"content": "Hi", "tool_calls": entries}), finish()])
    assert seen.said == [("assistant", "Hi"), ("tool", "f", '{"a":1}', "call_A")]
    assert seen.interface.get_tool_call_object().function.arguments == '{"a":1}'


def test_q26_with_an_index_of_digits() -> None:
    """An index that is a string of digits is that index, before the name as after it."""
    chunks = [
        fragment('{"a":', index="0"),  # type: ignore[arg-type]  # as some adapters write it
        opening("f", "call_A", index=0),
        fragment("1}"),
        finish(),
    ]
    assert run(chunks).said == [("tool", "f", '{"a":1}', "call_A")]


def test_q27_no_id_at_all() -> None:
    """Kept: no id is invented; messages come without one, the tool object raises."""
    chunks = [fragment("", name="calc"), fragment('{"x":1}'), finish()]
    seen = run(chunks)
    assert seen.said == [("tool", "calc", '{"x":1}', "")]
    assert all("tool_call_id" not in delta for delta in deltas(seen.messages))
    with pytest.raises(ValueError, match=r"^No tool call ID available$"):
        seen.interface.get_tool_call_object()


@pytest.mark.parametrize(
    "odd", [{"delta": None}, {"delta": {"tool_calls": [{"index": 0, "function": None}]}}]
)
def test_q28_a_delta_or_a_function_that_is_null(odd: dict[str, Any]) -> None:
    """Fixed: null is absent."""
    chunks = [chunk(choices=[{"index": 0, "finish_reason": None, **odd}]), *call([GREETING])]
    seen = run(chunks, uam=True)
    assert (seen.said, seen.exception) == (GREETED, None)


def test_q29_arguments_as_an_object() -> None:
    """Fixed: written as JSON once, and named as a repair."""
    seen = run([opening(), fragment({"thinking": "t", "message": "hi"}), finish()], uam=True)
    assert seen.said == [("reasoning", "t"), ("assistant", "hi")]
    assert [repair.name for repair in seen.interface.repairs] == ["arguments-not-string"]


def test_q30_usage_in_every_chunk() -> None:
    """Fixed: the last one counts, never the sum."""
    chunks = [
        one | {"usage": {"prompt_tokens": 100, "completion_tokens": number, "total_tokens": 0}}
        for number, one in enumerate(call([GREETING]), start=1)
    ]
    made = run(chunks).interface
    assert (made.input_tokens, made.output_tokens) == (100, 3)


@pytest.mark.parametrize("usage", [{"prompt_tokens": 10, "completion_tokens": None}, {"x": 1}])
def test_q31_usage_without_a_member(usage: dict[str, Any]) -> None:
    """Fixed: a count that was not sent is no error."""
    seen = run([*call([GREETING]), chunk(choices=[], usage=usage)], uam=True)
    assert (seen.said, seen.exception) == (GREETED, None)
    assert seen.interface.input_tokens == usage.get("prompt_tokens", 0)


def test_q32_choices_by_index() -> None:
    """Fixed: a choice is known by its index, not by its place in the list."""
    other = chunk({"content": "b"}, index=1)
    seen = run([chunk({"content": "a"}), other, chunk(finish="stop"), other])
    assert seen.said == [("assistant", "a")]
    assert run([other, chunk(finish="stop", index=1)], choice=1).said == [("assistant", "b")]


@pytest.mark.parametrize(
    ("delta", "said"),
    [
        ({"content": "Hi"}, ("assistant", "Hi")),
        ({"refusal": "No"}, ("assistant", "No")),
        ({"reasoning_content": "hmm"}, ("reasoning", "hmm")),
        ({"reasoning": "hmm"}, ("reasoning", "hmm")),
        ({"function_call": {"name": "f", "arguments": '{"a":1}'}}, ("tool", "f", '{"a":1}', "")),
    ],
)
def test_q33_what_is_no_tool_call(delta: dict[str, Any], said: tuple[str, ...]) -> None:
    """Fixed: text, refusal, native reasoning and the legacy function call make messages."""
    assert run([chunk(delta), finish("stop")]).said == [said]


def test_q34_more_than_128_segments() -> None:
    """Fixed: the otids go on above 127, without an error."""
    members = ",".join(f'"thinking":"t{n}","k{n}":"v{n}"' for n in range(100))
    seen = run(call(list("{" + members + "}"), "x"))
    assert seen.exception is None
    assert sorted(set(segments(seen.messages))) == list(range(200))
    assert len(arguments_of(seen.said)) == 100


def test_q35_thoughts_twice() -> None:
    """Fixed: each comes out where it stands, and the arguments keep their order."""
    parts = ['{"thinking":"a"', ',"x":"1"', ',"thinking":"b"', ',"y":"2"}']
    seen = run(call(parts, "calc"))
    assert seen.said == [
        ("reasoning", "a"),
        ("tool", "calc", '{"x":"1"', "call_A"),
        ("reasoning", "b"),
        ("tool", "", ',"y":"2"}', ""),
    ]


def test_q36_the_fallback_count_does_not_depend_on_the_cut() -> None:
    """Fixed: each text is counted once, whole; neither the cut nor a span changes it."""
    counts = set()
    for parts in cuts(GREETING):
        made = interface(is_openai_proxy=True, counter=CharacterCounter())
        run_stream(Stream(map(as_sdk, call(parts))), made, Span(), 0)
        counts.add(made.fallback_output_tokens)
    assert counts == {-(-len(GREETING) // 4)}
    made = interface(is_openai_proxy=True, counter=CharacterCounter())
    run_stream(Stream([text("12345678"), finish("stop")]), made)
    assert made.fallback_output_tokens == 2


class Span:
    """A span that hears everything and keeps nothing."""

    def add_event(self, name: str, attributes: Any = None) -> None: ...


@pytest.mark.usefixtures("tiktoken_offline")
def test_q37_text_that_looks_like_a_special_token() -> None:
    """Fixed: it is text."""
    parts = ['{"thinking":"<|endoftext|>","message":"x"}']
    seen = run(call(parts), uam=True, is_openai_proxy=True)
    assert (seen.said[0], seen.exception) == (("reasoning", "<|endoftext|>"), None)
    assert seen.interface.fallback_output_tokens > 7


def test_q38_the_default_context_is_never_written() -> None:
    """Fixed: what one request says of its model no other request sees."""
    before = dict(context_attributes.get())
    run_stream(Stream([text("a"), finish("stop")]), interface(), Span(), 0)
    assert dict(context_attributes.get()) == before == {}
    with pytest.raises(TypeError):
        context_attributes.get()["model.name"] = "m"  # type: ignore[index]  # is the point


def test_q39_a_stream_that_is_cut() -> None:
    """Fixed: half a call is no success. What came is handed on first."""
    seen = run(call(['{"thinking":"t","message":"Hel'])[:-1], uam=True)
    assert seen.said == [("reasoning", "t"), ("assistant", "Hel"), ("stop", "error")]
    assert isinstance(seen.exception, IncompleteStream)
    assert seen.interface.outcome == "incomplete"


def test_q40_a_second_object_in_the_arguments(capsys: pytest.CaptureFixture[str]) -> None:
    """Kept: the text is that of the first object. Fixed: nothing is printed."""
    parts = ['{"thinking":"t","message":"hi"}', '{"message":"again"}']
    assert run(call(parts), uam=True).said[-1] == ("assistant", "hi")
    assert run(call(parts)).said[-1][2] == '{"message":"hi"}{"message":"again"}'
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("uam", [True, False])
def test_q41_time_grows_with_the_length(uam: bool) -> None:
    """Fixed: no delta looks at what came before: each character is read once.

    Counted, not timed: the code points the JSON grammar steps over. The benchmark times it.
    """
    steps = [_characters_stepped_over(length, uam=uam) for length in (1_000, 4_000)]
    assert steps[1] < 4.2 * steps[0]


def _characters_stepped_over(length: int, *, uam: bool) -> int:
    steps = 0
    original = Grammar._read

    def read(self: Grammar, one: str) -> None:
        nonlocal steps
        steps += len(one)
        original(self, one)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Grammar, "_read", read)
        run(call(pieces('{"thinking":"t","message":"' + '\\"' * length + '"}', 4)), uam=uam)
    return steps


def test_q42_an_empty_id_at_first() -> None:
    """Kept: the id of the answer is the first that says something."""
    empty = chunk(choices=[], id="", model="")
    made = run([empty, *call([GREETING])]).interface
    assert (made.message_id, made.model) == ("chatcmpl-1", "gpt-4o-mini-2024-07-18")
    entry = fragment("", id="", type="function", name="calc")
    chunks = [entry, fragment("", id="call_A"), fragment('{"x":1}'), finish()]
    assert run(chunks).said == [("tool", "calc", '{"x":1}', "call_A")]
