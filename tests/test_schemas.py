"""The published schemas describe the structs of the code, all of them, with words."""

import json
from importlib import resources
from typing import Any, get_args

import jsonschema
import msgspec
import pytest

from chunkproof import StreamParser, parse
from chunkproof.events import AnyEvent
from tests.specification import schema_validator
from tests.wire import DONE, chunk, stop, tc, text, tools


def schema(name: str) -> dict[str, Any]:
    source = resources.files("chunkproof") / "schemas" / f"{name}.schema.json"
    loaded: dict[str, Any] = json.loads(source.read_text("utf-8"))
    return loaded


def test_the_event_schema_has_every_event_with_its_members() -> None:
    """Kinds and members are those of the structs in `chunkproof.events`, in their order."""
    described = {
        one["properties"]["event"]["const"]: list(one["properties"])
        for one in schema("event")["oneOf"]
    }
    structs = {
        kind.__struct_config__.tag: ["event", *kind.__struct_fields__]
        for kind in get_args(AnyEvent)
    }
    assert described == structs
    for one in schema("event")["oneOf"]:
        assert one["required"] == list(one["properties"])
        assert one["additionalProperties"] is False


def test_the_result_schema_has_every_member() -> None:
    """A result with everything in it has the members of the schema, and no other."""
    body = (
        tools(tc(0, "a", "f", "{}"), tc(..., "b", "g", "{}"))
        + chunk({"function_call": {"name": "h", "arguments": ""}})
        + chunk({"audio": {"id": "x", "data": "y", "transcript": "z", "expires_at": 1}})
        + text("a", choice={"logprobs": {"content": [1], "refusal": []}})
        + stop(usage={"total_tokens": 1}, error={"message": "m", "code": 1})
        + DONE
    )
    result = parse([body]).to_dict()
    described = schema("result")
    parts = described["$defs"]
    assert list(result) == list(described["properties"])
    (choice,) = result["choices"]
    assert list(choice) == list(parts["choice"]["properties"])
    assert {name for call in choice["tool_calls"] for name in call} == set(
        parts["tool_call"]["properties"]
    )
    assert set(choice["audio"]) == set(parts["choice"]["properties"]["audio"]["properties"])
    assert list(result["repairs"][0]) == list(parts["repair"]["properties"])
    for member in ("usage", "error"):
        (shape,) = [one for one in described["properties"][member]["oneOf"] if "properties" in one]
        assert set(result[member]) == set(shape["properties"])


@pytest.mark.parametrize("name", ["event", "result"])
def test_every_member_is_described(name: str) -> None:
    """Each property has a description, or refers to one; objects are closed."""

    def visit(node: Any, path: str) -> None:
        if isinstance(node, list):
            for at, one in enumerate(node):
                visit(one, f"{path}/{at}")
        if not isinstance(node, dict):
            return
        for member, shape in node.get("properties", {}).items():
            if "const" in shape and member == "event":
                continue
            assert shape.keys() & {"description", "$ref"}, f"{path}/{member} has no description"
        for key, value in node.items():
            visit(value, f"{path}/{key}")

    visit(schema(name), name)


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("event", {"event": "text", "choice": 0, "text": "", "offset": 1}),
        ("event", {"event": "text", "choice": 0, "text": "a"}),
        ("event", {"event": "end", "outcome": "done", "offset": None}),
        ("event", {"event": "text", "choice": 0, "text": "a", "offset": 1, "more": 1}),
        ("event", {"event": "extra", "path": "a", "value": 1, "offset": 1}),
        ("result", {"outcome": "complete"}),
    ],
)
def test_the_schemas_refuse_what_is_wrong(name: str, wrong: dict[str, Any]) -> None:
    """Empty text, missing offsets, unknown outcomes and members are errors."""
    with pytest.raises(jsonschema.ValidationError):
        schema_validator(name).validate(wrong)


def test_events_decode_back_into_the_structs() -> None:
    """What was written as JSON is read in one call as the same events."""
    parser = StreamParser()
    events = parser.feed(text("a") + tools(tc(0, "a", "f", "{}")) + stop() + DONE)
    events += parser.close()
    assert msgspec.json.decode(msgspec.json.encode(events), type=list[AnyEvent]) == events
