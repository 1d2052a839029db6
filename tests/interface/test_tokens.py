"""Token counts where the server sends none, and the rows of the catalogue, section C."""

import json
import sys
from typing import Any

import pytest

from chunkproof.interface import (
    CharacterCounter,
    TiktokenCounter,
    TokenCounter,
    num_tokens_from_functions,
    num_tokens_from_messages,
    num_tokens_from_tool_calls,
    token_counter,
)
from chunkproof.partial_json import JsonKind, JsonReader, JsonStatus
from tests.interface.streams import Stream, as_sdk, call, cuts, interface, run, run_stream

ARGUMENTS = '{"thinking":"I should greet.","message":"Hello there!"}'


@pytest.fixture
def counter(tiktoken_offline: None) -> TokenCounter:
    token_counter.cache_clear()
    return token_counter("gpt-4")


def tool_call(number: int, name: str, arguments: str) -> dict[str, Any]:
    function = {"name": name, "arguments": arguments}
    return {"id": f"call_{number}", "type": "function", "function": function}


# The numbers in the three tables are what letta 0.10.0 returned for the same input.


@pytest.mark.parametrize(
    ("messages", "tokens"),
    [
        ([], 3),
        ([{"role": "user", "content": "Hi"}], 8),
        ([{"role": "user", "content": "Hi", "name": "bob"}], 10),
        ([{"role": "user", "content": None}], 7),
        ([{"role": "assistant", "content": None, "tool_calls": []}], 19),
        ([{"role": "assistant", "tool_calls": None}], 7),
        ([{"role": "tool", "tool_call_id": "call_0", "content": "ok"}], 11),
        (
            [
                {
                    "role": "assistant",
                    "content": None,
                    "tool_calls": [tool_call(0, "send_message", '{"message":"x"}')],
                }
            ],
            36,
        ),
        (
            [
                {
                    "role": "assistant",
                    "tool_calls": [tool_call(0, "f", "{}"), tool_call(1, "g", "")],
                }
            ],
            42,
        ),
    ],
)
def test_messages(counter: TokenCounter, messages: list[Any], tokens: int) -> None:
    assert num_tokens_from_messages(messages, counter) == tokens


def function(properties: dict[str, Any] | None = None, **members: Any) -> dict[str, Any]:
    parameters = {} if properties is None else {"parameters": {"properties": properties}}
    return {"name": "x", "description": "d", **parameters, **members}


@pytest.mark.parametrize(
    ("functions", "tokens"),
    [
        ([], 12),
        ([function()], 14),
        ([function(parameters={"type": "object"})], 14),
        ([function({})], 25),
        ([function({"a": {}})], 26),
        ([function({"a": {"type": "string"}})], 29),
        ([function({"a": {"type": "string"}, "b": {"type": "string"}})], 33),
        ([function({"a": {"type": ["integer", "null"]}})], 30),
        ([function({"a": {"description": "some words"}})], 30),
        ([function({"a": {"enum": ["a", "bc"]}})], 31),
        ([function({"a": {"enum": []}})], 23),
        ([function({"a": {"items": {"type": "string"}}})], 29),
        ([function({"a": {"items": {}}})], 28),
        ([function({"a": {"items": [1]}})], 28),
        ([function({"a": {"default": 3}})], 29),
        ([function({"a": {"default": None}})], 29),
        ([function({"a": {"default": [1, 2]}})], 34),
        ([function({"a": {"title": "T", "anyOf": []}})], 26),
        ([function(description="")], 13),
        ([function(description=None)], 13),
        ([function(description=5)], 13),
        ([function({"a": {"type": "string", "description": "x"}}, name="other"), function()], 34),
    ],
)
def test_functions(counter: TokenCounter, functions: list[Any], tokens: int) -> None:
    assert num_tokens_from_functions(functions, counter) == tokens


@pytest.mark.parametrize(
    "field",
    [{"type": None}, {"description": None}, {"items": {"type": ["a", "b"]}}, {"enum": [1, 2]}],
)
def test_odd_schemas_are_counted(counter: TokenCounter, field: dict[str, Any]) -> None:
    """0.10.0 raised a TypeError; a count is no place to check a schema."""
    assert num_tokens_from_functions([function({"a": field})], counter) > 25


@pytest.mark.parametrize("missing", ["name", "description"])
def test_a_function_has_a_name_and_a_description(counter: TokenCounter, missing: str) -> None:
    members = function()
    del members[missing]
    with pytest.raises(KeyError, match=missing):
        num_tokens_from_functions([members], counter)


@pytest.mark.parametrize("content", [[{"type": "text"}], 5])
def test_content_is_a_string(counter: TokenCounter, content: Any) -> None:
    with pytest.raises(ValueError, match=r"^Message has non-string value: content with value: "):
        num_tokens_from_messages([{"role": "user", "content": content}], counter)


def test_calls_are_dicts(counter: TokenCounter) -> None:
    """Objects raise, as in 0.10.0; a call without its members too."""
    assert num_tokens_from_tool_calls([], counter) == 12
    with pytest.raises(ValueError, match="Unknown tool call type"):
        num_tokens_from_tool_calls([object()], counter)
    with pytest.raises(KeyError):
        num_tokens_from_tool_calls([{"id": "x"}], counter)


REQUEST: dict[str, Any] = {
    "messages": [
        {"role": "system", "content": "You are helpful."},
        {"role": "user", "content": "Hi"},
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [tool_call(0, "send_message", '{"message":"x"}')],
        },
        {"role": "tool", "tool_call_id": "call_0", "content": "ok", "name": "send_message"},
    ],
    "tools": [
        {
            "type": "function",
            "function": {
                "name": "send_message",
                "description": "Sends a message",
                "parameters": {
                    "type": "object",
                    "properties": {
                        "thinking": {"type": "string", "description": "Deep inner monologue"},
                        "n": {
                            "type": ["integer", "null"],
                            "enum": ["a", "b"],
                            "default": 3,
                            "items": {"type": "string"},
                            "title": "N",
                        },
                    },
                    "required": ["thinking"],
                },
            },
        }
    ],
}


@pytest.mark.usefixtures("counter")
def test_arguments_before_the_name_count_as_well() -> None:
    """The output is the same, so is its count, wherever a proxy puts the name."""
    opened, *pieces, finished = call([ARGUMENTS[:9], ARGUMENTS[9:]])
    made = run([*pieces, opened, finished], is_openai_proxy=True, **REQUEST).interface
    assert made.fallback_output_tokens == 13


@pytest.mark.usefixtures("counter")
def test_a_proxy_that_sends_no_usage() -> None:
    """The prompt counts 115 as in 0.10.0, the arguments 13 as there when cut by tokens."""
    for parts in cuts(ARGUMENTS):
        made = run(call(parts), is_openai_proxy=True, **REQUEST).interface
        assert (made.fallback_input_tokens, made.fallback_output_tokens) == (115, 13)
    assert not made.fallback_is_estimate
    assert run(call([ARGUMENTS]), **REQUEST).interface.fallback_output_tokens == 0


def test_messages_that_turn_themselves_into_dicts() -> None:
    """As the agent's own classes do; one that becomes None is left out."""

    class Own:
        def __init__(self, value: Any) -> None:
            self._value = value

        def to_openai_dict(self) -> Any:
            return self._value

    made = interface(
        is_openai_proxy=True,
        messages=[Own({"role": "user", "content": "1234"}), Own(None)],
        counter=CharacterCounter(),
    )
    run_stream(Stream(map(as_sdk, call(["{}"]))), made)
    assert made.fallback_input_tokens == 3 + 3 + 1 + 1


def test_bring_your_own_counter() -> None:
    """Anything that counts will do."""

    class Words:
        is_estimate = False

        def count(self, text: str) -> int:
            return len(text.split())

    made = run(call([ARGUMENTS]), is_openai_proxy=True, counter=Words()).interface
    assert (made.fallback_output_tokens, made.fallback_is_estimate) == (4, False)


@pytest.mark.parametrize(
    ("model", "encoding"), [("gpt-4", "cl100k_base"), ("gpt-4o-mini", "o200k_base")]
)
@pytest.mark.usefixtures("tiktoken_offline")
def test_encodings_by_model(model: str, encoding: str) -> None:
    import tiktoken

    token_counter.cache_clear()
    found = token_counter(model)
    assert isinstance(found, TiktokenCounter)
    assert not found.is_estimate
    text = "Grüße, 日本語: how many tokens is this?"
    assert found.count(text) == len(tiktoken.get_encoding(encoding).encode(text))


# --- the rows of the catalogue


@pytest.mark.usefixtures("tiktoken_offline")
def test_row_tokens_unknown_model() -> None:
    """A model nobody knows is counted with the default encoding, and flagged."""
    token_counter.cache_clear()
    found, known = token_counter("qwen3"), token_counter("gpt-4")
    assert (found.is_estimate, known.is_estimate) == (True, False)
    assert found.count("tiktoken is great!") == known.count("tiktoken is great!") == 6


@pytest.mark.parametrize("why", ["no tiktoken", "no ranks"])
def test_row_tokens_encoding_unavailable(why: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted by characters, flagged, never an exception."""
    import tiktoken

    def refuse(name: str) -> Any:
        raise ConnectionError(name)

    if why == "no tiktoken":
        monkeypatch.setitem(sys.modules, "tiktoken", None)
    else:
        monkeypatch.setattr(tiktoken, "get_encoding", refuse)
    token_counter.cache_clear()
    made = run(call([ARGUMENTS]), is_openai_proxy=True, **REQUEST).interface
    token_counter.cache_clear()
    assert made.fallback_output_tokens == -(-len(ARGUMENTS) // 4)
    assert made.fallback_input_tokens > 0
    assert made.fallback_is_estimate


@pytest.mark.parametrize(
    "text", ["<|endoftext|>", "<|im_start|>", "<|endofprompt|> <|fim_prefix|>"]
)
def test_row_tokens_special_text(counter: TokenCounter, text: str) -> None:
    """What looks like a special token is text: several tokens, and no error."""
    assert counter.count(text) > 1
    assert num_tokens_from_messages([{"role": "user", "content": text}], counter) > 8


def test_row_partial_json_monotone() -> None:
    """No prefix raises, and none says what the whole contradicts."""
    value = {"thinking": 'a "b"\n😀', "list": [1, {"x": None}], "message": "c"}
    whole = json.dumps(value)

    def said(text: str) -> dict[str, str]:
        members: dict[str, str] = {}
        for event in JsonReader().feed(text):
            if event.kind is JsonKind.STRING and event.depth == 1:
                members[str(event.at)] = members.get(str(event.at), "") + event.text
        return members

    for length in range(len(whole) + 1):
        for name, text in said(whole[:length]).items():
            assert str(value[name]).startswith(text)


def test_row_partial_json_not_final() -> None:
    """Half an object is never handed on as a whole one."""
    reader = JsonReader()
    reader.feed('{"message":"Hel')
    assert reader.close().status is JsonStatus.INCOMPLETE
    made = run(call(['{"message":"Hel'])[:-1], on_incomplete="report").interface
    (only,) = made.result().choices[0].tool_calls
    assert (only.valid_json, only.executable) == (False, False)


@pytest.mark.parametrize(
    "whole",
    [
        '{"thinking":"t","a":"x","b":"y"}',
        '{"a":"x","thinking":"t","b":"y"}',
        '{"a":"x","b":"y","thinking":"t"}',
        '{ "a" : "x" , "thinking" : "\\u0074" , "b" : "y" }',
    ],
)
def test_row_inner_thoughts_key(whole: str) -> None:
    """Reasoning is the value of that member, the rest are the arguments, at any place and cut."""
    for parts in cuts(whole):
        said = run(call(parts, "calc")).said
        assert [one[1] for one in said if one[0] == "reasoning"] == ["t"]
        rest = "".join(one[2] for one in said if one[0] == "tool")
        assert json.loads(rest) == {"a": "x", "b": "y"}
