"""Ids and names of tool calls: empty, repeated, late, in parts, or never sent."""

from typing import Any

import pytest

from tests.expectation import START, Case, call, case, end, event
from tests.specification import check
from tests.wire import DONE, stop, tc, tools

END = stop("tool_calls") + DONE
ONE: dict[str, Any] = {"finish": "tool_calls"}

CASES = [
    case(
        "tc-id-empty-continuation",
        "TOOL-3 TOOL-6",
        tools(tc(0, "a", "f", "", type="function")),
        tools(tc(0, "", ..., "{", type="function")),
        tools(tc(0, "", ..., "}", type="function")),
        END,
        calls=[call("f", "{}", id="a")],
        **ONE,
    ),
    case(
        "tc-id-null-continuation",
        "TOOL-3 TOOL-6",
        tools(tc(0, "a", "f", "")),
        tools(tc(0, None, None, "{}", type=None)),
        END,
        calls=[call("f", "{}", id="a")],
        **ONE,
    ),
    case(
        "tc-id-repeated",
        "TOOL-3 TOOL-6",
        tools(tc(0, "a", "f", "")),
        tools(tc(0, "a", ..., "{")),
        tools(tc(0, "a", "f", "}")),
        END,
        calls=[call("f", "{}", id="a")],
        **ONE,
    ),
    case(
        "tc-id-changes-every-fragment",
        "TOOL-3 TOOL-6",
        tools(tc(0, "r1", "f", "")),
        tools(tc(0, "r2", "", '{"x":')),
        tools(tc(0, "r3", ..., "1}")),
        END,
        calls=[call("f", '{"x":1}', id="r1")],
        **ONE,
        repairs="id-changed",
    ),
    case(
        "tc-id-late",
        "TOOL-2 TOOL-6",
        tools(tc(0, ..., "f", "{")),
        tools(tc(0, "a", ..., "}")),
        END,
        calls=[call("f", "{}", id="a")],
        **ONE,
        events=[
            START,
            event("tool_call", choice=0, call=0, index=0, id=None, name="f", type="function"),
            event("tool_arguments", choice=0, call=0, fragment="{"),
            event("tool_call", choice=0, call=0, index=0, id="a", name="f", type="function"),
            event("tool_arguments", choice=0, call=0, fragment="}"),
            event("finish", choice=0, reason="tool_calls"),
            end(),
        ],
    ),
    case(
        "tc-id-missing",
        "TOOL-6 END-9",
        tools(tc(0, ..., "f", "{}")),
        END,
        calls=[call("f", "{}", id=None)],
        **ONE,
    ),
    case(
        "tc-id-duplicate-across-calls",
        "TOOL-1",
        tools(tc(0, "a", "f", "{}")),
        tools(tc(1, "a", "g", "{}")),
        END,
        calls=[call("f", "{}", id="a"), call("g", "{}", id="a")],
        **ONE,
        repairs="id-duplicate",
    ),
    case(
        "tc-id-placeholder",
        "TOOL-6",
        tools(tc(0, "null", "f", "{}")),
        END,
        calls=[call("f", "{}", id="null")],
        **ONE,
    ),
    *(
        case(
            "tc-id-opaque",
            "TOOL-6",
            tools(tc(0, identifier, "f", "{}")),
            END,
            variant=variant,
            calls=[call("f", "{}", id=identifier)],
            **ONE,
        )
        for variant, identifier in (
            ("kimi", "functions.add:0"),
            ("mistral", "D681PevKs"),
            ("sglang", "0"),
            ("unicode", "id-✅ \n"),
        )
    ),
    case(
        "tc-name-repeated",
        "TOOL-7",
        tools(tc(0, "a", "f", "")),
        tools(tc(0, "a", "f", "{")),
        tools(tc(0, ..., "f", "}")),
        END,
        calls=[call("f", "{}", id="a")],
        **ONE,
    ),
    case(
        "tc-name-fragmented",
        "TOOL-7",
        tools(tc(0, "a", "edit_ex", "")),
        tools(tc(0, ..., "isting_file", "")),
        tools(tc(0, ..., ..., "{}")),
        END,
        calls=[call("edit_existing_file", "{}", id="a")],
        **ONE,
        repairs="name-fragment",
        events=[
            START,
            event("tool_call", choice=0, call=0, index=0, id="a", name="edit_ex", type="function"),
            event(
                "tool_call",
                choice=0,
                call=0,
                index=0,
                id="a",
                name="edit_existing_file",
                type="function",
            ),
            event("tool_arguments", choice=0, call=0, fragment="{}"),
            event("finish", choice=0, reason="tool_calls"),
            end(),
        ],
    ),
    case(
        "tc-name-empty-continuation",
        "TOOL-7",
        tools(tc(0, "a", "f", "")),
        tools(tc(0, ..., "", "{}")),
        END,
        calls=[call("f", "{}", id="a")],
        **ONE,
    ),
    case(
        "tc-name-null-continuation",
        "TOOL-7",
        tools(tc(0, "a", "f", "")),
        tools(tc(0, None, None, "{}")),
        END,
        calls=[call("f", "{}", id="a")],
        **ONE,
    ),
    case(
        "tc-name-late",
        "TOOL-1 TOOL-7",
        tools(tc(0, "a", ..., "{")),
        tools(tc(0, ..., "f", "}")),
        END,
        calls=[call("f", "{}", id="a")],
        **ONE,
        events=[
            START,
            event("tool_call", choice=0, call=0, index=0, id="a", name=None, type="function"),
            event("tool_arguments", choice=0, call=0, fragment="{"),
            event("tool_call", choice=0, call=0, index=0, id="a", name="f", type="function"),
            event("tool_arguments", choice=0, call=0, fragment="}"),
            event("finish", choice=0, reason="tool_calls"),
            end(),
        ],
    ),
]


@pytest.mark.parametrize("wire_case", CASES, ids=lambda case: case.name)
def test_a_call_has_one_id_and_one_name(wire_case: Case) -> None:
    """Whatever is repeated, changed or late, a call is told apart, and named once."""
    check(wire_case)
