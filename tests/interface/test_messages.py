"""The messages on the wire: members, order, null and omission rules of Letta 0.10.0."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from chunkproof.interface import (
    AssistantMessage,
    FunctionCall,
    HiddenReasoningMessage,
    LettaMessage,
    LettaStopReason,
    MessageType,
    OmittedReasoningContent,
    OpenAIStreamingInterface,
    ReasoningMessage,
    StopReasonType,
    TextContent,
    ToolCall,
    ToolCallDelta,
    ToolCallMessage,
    generate_id,
    generate_otid,
)
from tests.interface.streams import call, chunk, finish, interface, run, text

MOMENT = datetime(2025, 7, 30, 1, 2, 3, 456789, tzinfo=UTC)
COMMON = (
    '{"id":"message-x","date":"2025-07-30T01:02:03+00:00","name":null,'
    '"message_type":"%s","otid":"o","sender_id":null,"step_id":null,"is_err":null,'
)
BASE: dict[str, Any] = {"id": "message-x", "date": MOMENT, "otid": "o"}


@pytest.mark.parametrize(
    ("message", "kind", "rest"),
    [
        (
            ReasoningMessage(**BASE, reasoning='é\u2028\x7f\x01"'),
            "reasoning_message",
            '"source":"non_reasoner_model","reasoning":"é\u2028\x7f\\u0001\\"","signature":null}',
        ),
        (AssistantMessage(**BASE, content="c"), "assistant_message", '"content":"c"}'),
        (
            ToolCallMessage(**BASE, tool_call=ToolCallDelta(name="f", tool_call_id="c")),
            "tool_call_message",
            '"tool_call":{"name":"f","tool_call_id":"c"}}',
        ),
        (
            ToolCallMessage(**BASE, tool_call=ToolCallDelta(arguments="{")),
            "tool_call_message",
            '"tool_call":{"arguments":"{"}}',
        ),
        (
            HiddenReasoningMessage(**BASE, state="omitted"),
            "hidden_reasoning_message",
            '"state":"omitted","hidden_reasoning":null}',
        ),
    ],
)
def test_json(message: LettaMessage, kind: str, rest: str) -> None:
    """Exact to the byte, as 0.10.0 writes it."""
    assert message.model_dump_json() == COMMON % kind + rest
    assert message.message_type == kind
    assert message.message_type is MessageType(kind)


def test_a_dump_has_the_members_of_the_json() -> None:
    """Null members stay; the date is written; the type is an enum that equals its name."""
    message = ReasoningMessage(**BASE, reasoning="r")
    assert list(message.model_dump().items()) == [
        ("id", "message-x"),
        ("date", "2025-07-30T01:02:03+00:00"),
        ("name", None),
        ("message_type", "reasoning_message"),
        ("otid", "o"),
        ("sender_id", None),
        ("step_id", None),
        ("is_err", None),
        ("source", "non_reasoner_model"),
        ("reasoning", "r"),
        ("signature", None),
    ]
    assert type(message.model_dump(mode="json")["message_type"]) is str
    assert "name" not in message.model_dump(exclude_none=True)
    assert message.model_dump_json(exclude_none=True).count("null") == 0
    assert '\n  "id"' in message.model_dump_json(indent=2)


def test_the_dump_of_a_tool_call_drops_null_at_every_level() -> None:
    """This class alone: dict and JSON differ, as in 0.10.0."""
    message = ToolCallMessage(**BASE, tool_call=ToolCallDelta(name="f"))
    assert message.model_dump() == {
        "id": "message-x",
        "date": "2025-07-30T01:02:03+00:00",
        "message_type": "tool_call_message",
        "otid": "o",
        "tool_call": {"name": "f"},
    }


@pytest.mark.parametrize(
    ("date", "written"),
    [
        (MOMENT.replace(tzinfo=None), "2025-07-30T01:02:03+00:00"),
        (MOMENT.astimezone(timezone(timedelta(hours=2))), "2025-07-30T03:02:03+02:00"),
    ],
)
def test_dates(date: datetime, written: str) -> None:
    """Whole seconds; a naive date is taken as UTC."""
    message = AssistantMessage(id="m", date=date, content="")
    assert message.model_dump()["date"] == written


@pytest.mark.parametrize(("is_err", "written"), [(True, True), (False, None), (None, None)])
def test_an_error_mark_is_written_only_if_true(is_err: bool | None, written: bool | None) -> None:
    message = AssistantMessage(id="m", date=MOMENT, content="", is_err=is_err)
    assert message.model_dump()["is_err"] is written


def test_a_stop_reason_has_nothing_else() -> None:
    stop = LettaStopReason(StopReasonType.error)
    assert stop.model_dump_json() == '{"message_type":"stop_reason","stop_reason":"error"}'
    assert (stop.stop_reason, stop.message_type) == ("error", "stop_reason")
    assert [str(reason) for reason in StopReasonType] == [
        "end_turn",
        "error",
        "invalid_tool_call",
        "max_steps",
        "no_tool_call",
        "tool_rule",
        "cancelled",
    ]


def test_contents_and_tool_calls() -> None:
    assert TextContent("a").model_dump() == {"type": "text", "text": "a"}
    assert OmittedReasoningContent().model_dump() == {"type": "omitted_reasoning"}
    made = ToolCall("c", FunctionCall(arguments="{}", name="f"))
    function = '{"arguments":"{}","name":"f"}'
    assert made.model_dump_json() == f'{{"id":"c","type":"function","function":{function}}}'


def test_ids() -> None:
    """A message id is `message-` and a UUID."""
    first, second = generate_id(), generate_id()
    assert first != second
    assert first.startswith("message-")
    assert len(first) == 44


@pytest.mark.parametrize(
    ("last", "segment", "otid"),
    [
        ("345fff", 0, "345f80"),
        ("345fff", 1, "345f81"),
        ("345fff", 127, "345fff"),
        ("345f80", 128, "346000"),
        ("345f81", 127, "345fff"),
    ],
)
def test_otids(last: str, segment: int, otid: str) -> None:
    """Equal to 0.10.0 up to 127; above, one 128-bit number goes on."""
    base = "12345678-9abc-4def-8123-abcdef"
    assert generate_otid(f"message-{base}{last}", segment) == base + otid


def test_an_otid_never_leaves_128_bits() -> None:
    assert generate_otid("message-" + "f" * 32, 128) == "00000000-0000-0000-0000-000000000000"
    with pytest.raises(ValueError, match="0 or more"):
        generate_otid(generate_id(), -1)


# --- the interface's own contract


def test_the_options_of_0_10_0_and_their_defaults() -> None:
    made = OpenAIStreamingInterface(True, True, False, None, None)
    assert made.use_assistant_message
    assert (made.assistant_message_tool_name, made.assistant_message_tool_kwarg) == (
        "send_message",
        "message",
    )
    assert (made.messages, made.tools, made.reasoning_messages) == ([], [], [])
    assert (made.model, made.message_id) == (None, None)
    assert (made.input_tokens, made.output_tokens) == (0, 0)
    assert (made.fallback_input_tokens, made.fallback_output_tokens) == (0, 0)


@pytest.mark.parametrize("flag", [True, False])
def test_put_inner_thoughts_in_kwarg_has_no_effect(flag: bool) -> None:
    chunks = call(['{"thinking":"t","x":1}'], "calc")
    said = [("reasoning", "t"), ("tool", "calc", '{"x":1}', "call_A")]
    assert run(chunks, put_inner_thoughts_in_kwarg=flag).said == said


def test_the_thoughts_member_may_be_another_or_none() -> None:
    chunks = call(['{"why":"w","thinking":"t"}'], "calc")
    other = run(chunks, inner_thoughts_key="why").said
    assert other == [("reasoning", "w"), ("tool", "calc", '{"thinking":"t"}', "call_A")]
    whole = ("tool", "calc", '{"why":"w","thinking":"t"}', "call_A")
    assert run(chunks, inner_thoughts_key=None).said == [whole]


def test_every_message_of_a_step_has_one_id() -> None:
    seen = run(call(['{"thinking":"t","message":"m"}']), uam=True)
    ids = {message.id for message in seen.messages if isinstance(message, LettaMessage)}
    assert ids == {seen.interface.letta_message_id}


def test_every_piece_of_a_call_says_its_id() -> None:
    """A fix that is always on: 0.10.0 sent it with the name alone."""
    seen = run(call(list('{"a":1,"b":"c"}'), "calc"))
    calls = [one.tool_call for one in seen.messages if isinstance(one, ToolCallMessage)]
    assert len(calls) > 5
    assert {one.tool_call_id for one in calls} == {"call_A"}


def test_what_is_known_after_a_step() -> None:
    made = run(call(['{"thinking":" t ","message":"m"}'])).interface
    assert made.last_flushed_function_name == made.tool_call_name == "send_message"
    assert made.last_flushed_function_id == "call_A"
    assert made.current_function_arguments == '{"thinking":" t ","message":"m"}'
    assert [one.reasoning for one in made.reasoning_messages] == [" t "]
    assert made.get_tool_call_object().model_dump() == {
        "id": "call_A",
        "type": "function",
        "function": {"arguments": '{"thinking":" t ","message":"m"}', "name": "send_message"},
    }
    spoke = run(call(['{"message":"m"}']), uam=True).interface
    assert (spoke.tool_call_name, spoke.prev_assistant_message_id) == (None, "call_A")


def test_reasoning_is_one_text_without_space_around_it() -> None:
    made = run(call(['{"thinking":" a ","x":1,"thinking":"b "}'], "calc")).interface
    assert made.get_reasoning_content() == [TextContent("a b")]
    assert run([text("x"), finish("stop")]).interface.get_reasoning_content() == [TextContent("")]


@pytest.mark.parametrize(
    ("model", "is_omitted"),
    [
        ("o1-2024-12-17", True),
        ("o3-mini", True),
        ("o4-mini", True),
        ("o1fake-local-model", True),
        ("gpt-5-mini", False),
        ("openai/o3-mini", False),
    ],
)
def test_reasoning_models(model: str, is_omitted: bool) -> None:
    """o1, o3 and o4 at the start of the name, nothing else."""
    made = run([chunk({"content": "a"}, model=model), finish("stop")]).interface
    expected = OmittedReasoningContent() if is_omitted else TextContent("")
    assert made.get_reasoning_content() == [expected]


def test_what_raises_before_any_chunk() -> None:
    made = interface()
    with pytest.raises(AttributeError):
        made.get_reasoning_content()
    with pytest.raises(ValueError, match=r"^No tool call ID available$"):
        made.get_tool_call_object()


# --- beyond 0.10.0


def test_without_extended_the_json_has_the_old_members_alone() -> None:
    options: dict[str, Any] = {"step_id": "s", "run_id": "r", "requires_approval_tools": ["calc"]}
    seen = run(call(['{"x":1}'], "calc"), **options)
    assert {tuple(one.model_dump_json().split('"')[1::2])[:1] for one in seen.messages} == {("id",)}
    for message in seen.messages:
        assert isinstance(message, ToolCallMessage)
        assert '"step_id":null' in message.model_dump_json()
        assert not {"run_id", "tool_calls"} & set(message.model_dump(mode="json"))


def test_extended_messages() -> None:
    """tool_calls beside tool_call; step and run id; hidden reasoning first."""
    chunks = [one | {"model": "o3-mini"} for one in call(['{"x":1}'], "calc")]
    seen = run(chunks, extended=True, step_id="s", run_id="r")
    assert seen.said[0] == ("hidden", "omitted")
    for message in seen.messages:
        dumped = message.model_dump(mode="json")
        assert (dumped["step_id"], dumped["run_id"]) == ("s", "r")
        assert dumped.get("tool_calls") == dumped.get("tool_call")


def test_tools_that_need_approval() -> None:
    chunks = call(['{"thinking":"t","x":1}'], "calc")
    seen = run(chunks, extended=True, requires_approval_tools={"calc"})
    assert seen.said == [("reasoning", "t"), ("approval", "calc", '{"x":1}', "call_A")]
    other = run(chunks, extended=True, requires_approval_tools={"other"})
    assert other.said[1][0] == "tool"


def test_native_reasoning_says_where_it_comes_from() -> None:
    chunks = [chunk({"reasoning_content": "hm"}), *call(['{"thinking":"t"}'], "calc")]
    made = run(chunks).interface
    assert [one.source for one in made.reasoning_messages] == [
        "reasoner_model",
        "non_reasoner_model",
    ]


def test_cached_and_reasoning_tokens() -> None:
    usage = {
        "prompt_tokens": 9,
        "completion_tokens": 5,
        "prompt_tokens_details": {"cached_tokens": 4},
        "completion_tokens_details": {"reasoning_tokens": 3},
    }
    made = run([text("a"), finish("stop"), chunk(choices=[], usage=usage)]).interface
    assert (made.input_tokens, made.output_tokens) == (9, 5)
    assert (made.cached_input_tokens, made.reasoning_tokens) == (4, 3)


def test_custom_tools_come_out_as_they_are() -> None:
    """Their input is any text; nothing is looked for in it."""
    entry = {"index": 0, "id": "c", "type": "custom", "custom": {"name": "sh", "input": "ls {"}}
    assert run([chunk({"tool_calls": [entry]}), finish()]).said == [("tool", "sh", "ls {", "c")]
