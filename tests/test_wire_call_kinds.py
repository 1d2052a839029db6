"""Functions, custom tools and the older `function_call`."""

from typing import Any

import pytest

from tests.expectation import START, Case, call, case, end, event
from tests.specification import check
from tests.wire import DONE, chunk, stop, tc, tools

CALL = "/choices/0/delta/tool_calls"

END = stop("tool_calls") + DONE
ONE: dict[str, Any] = {"finish": "tool_calls"}

CASES = [
    case(
        "tc-type-missing-or-late",
        "TOOL-10",
        tools(tc(0, "a", "f", "", type="")),
        tools(tc(0, ..., ..., "{}", type="function")),
        tools(tc(1, "b", "g", "{}", type=None)),
        END,
        calls=[call("f", "{}", id="a"), call("g", "{}", id="b")],
        **ONE,
    ),
    case(
        "legacy-function-call",
        "TOOL-11",
        chunk(
            {"role": "assistant", "content": None, "function_call": {"name": "f", "arguments": ""}}
        ),
        chunk({"function_call": {"arguments": '{"x":'}}),
        chunk({"function_call": {"arguments": "1}"}}),
        stop("function_call"),
        DONE,
        calls=[call("f", '{"x":1}', legacy=True)],
        finish="function_call",
        events=[
            START,
            event("tool_call", choice=0, call=0, index=None, id=None, name="f", type="function"),
            event("tool_arguments", choice=0, call=0, fragment='{"x":'),
            event("tool_arguments", choice=0, call=0, fragment="1}"),
            event("finish", choice=0, reason="function_call"),
            end(),
        ],
    ),
    case(
        "legacy-function-call",
        "TOOL-11",
        chunk(
            {
                "tool_calls": [tc(0, "a", "f", "{")],
                "function_call": {"name": "f", "arguments": "{"},
            }
        ),
        chunk(
            {
                "tool_calls": [tc(0, ..., ..., "}")],
                "function_call": {"name": None, "arguments": "}"},
            }
        ),
        END,
        variant="beside-tool-calls-it-is-a-mirror",
        calls=[call("f", "{}", id="a")],
        **ONE,
        repairs="function-call-mirrored",
    ),
    case(
        "legacy-function-call",
        "TOOL-11",
        chunk({"tool_calls": [], "function_call": {"name": "f", "arguments": "{}"}}),
        stop("function_call"),
        DONE,
        variant="beside-an-empty-list-it-is-a-call",
        calls=[call("f", "{}", legacy=True)],
        finish="function_call",
    ),
    *(
        case(
            "legacy-function-call",
            "TOOL-11",
            chunk({"function_call": {"name": "f", "arguments": first}}),
            tools(entry),
            stop("function_call"),
            DONE,
            variant=f"no-entry-goes-on-with-it-{variant}",
            calls=[call("f", first, legacy=True, valid=runs, executable=runs)],
            finish="function_call",
            extra={f"{CALL}/-": [entry]},
            repairs="orphan-fragment",
            may_repair="index-missing",
        )
        for variant, first, runs, entry in (
            ("without-an-index", '{"x":', False, tc(..., ..., ..., "1}")),
            ("at-a-free-index", '{"x":', False, tc(0, ..., ..., "1}")),
            ("at-a-free-index-before-arguments", "", True, tc(0, ..., ..., "{}")),
        )
    ),
    case(
        "legacy-function-call",
        "TOOL-11",
        chunk({"function_call": {"name": "f", "arguments": "{}"}}),
        tools(tc(..., ..., "f", "{}")),
        END,
        variant="and-a-call-of-its-name",
        calls=[call("f", "{}", legacy=True), call("f", "{}")],
        **ONE,
        repairs="index-missing",
    ),
    case(
        "tc-custom-type",
        "TOOL-10",
        tools({"index": 0, "id": "a", "type": "custom", "custom": {"name": "sql", "input": "SEL"}}),
        tools({"index": 0, "custom": {"input": "ECT 1"}}),
        END,
        calls=[call("sql", "SELECT 1", id="a", type="custom", valid=None)],
        **ONE,
    ),
    *(
        case(
            "tc-custom-type",
            "TOOL-10",
            tools({"index": 0, "id": "a", "custom": {"name": "sql", "input": "x"}, **wrong}),
            END,
            variant=f"a-{next(iter(wrong))}-of-another-kind-is-as-absent",
            calls=[call("sql", "x", id="a", type="custom", valid=None)],
            **ONE,
            extra={f"{CALL}/0/{member}": kept for member, kept in wrong.items()},
            may_repair="wrong-type",
        )
        for wrong in ({"type": 1}, {"function": True})
    ),
    *(
        case(
            "tc-custom-type",
            "TOOL-10",
            tools(tc(0, "a", "f", "{}", type=kind)),
            END,
            variant=f"{kind}-is-a-function",
            calls=[call("f", "{}", id="a")],
            **ONE,
            extra=...,
            may_repair="wrong-type",
        )
        for kind in ("retrieval", "Function", 5)
    ),
    case(
        "tc-type-missing-or-late",
        "TOOL-10",
        tools(tc(0, "a")),
        tools({"index": 0, "type": "custom", "custom": {"name": "sql", "input": "SELECT 1"}}),
        END,
        variant="custom",
        calls=[call("sql", "SELECT 1", id="a", type="custom", valid=None)],
        **ONE,
        events=[
            START,
            event("tool_call", choice=0, call=0, index=0, id="a", name=None, type="function"),
            event("tool_call", choice=0, call=0, index=0, id="a", name="sql", type="custom"),
            event("tool_arguments", choice=0, call=0, fragment="SELECT 1"),
            event("finish", choice=0, reason="tool_calls"),
            end(),
        ],
    ),
    *(
        case(
            "tc-custom-type",
            "TOOL-10",
            tools(tc(0, "a", "f", "{}", custom=custom, **kind)),
            END,
            variant=variant,
            calls=[call("f", "{}", id="a")],
            **ONE,
            extra=extra,
        )
        for variant, custom, kind, extra in (
            ("an-empty-custom-is-none", {}, {}, ...),
            ("function-beside-custom", {"x": 1}, {}, {f"{CALL}/0/custom": {"x": 1}}),
            ("function-says-so", {"x": 1}, {"type": "function"}, {f"{CALL}/0/custom": {"x": 1}}),
        )
    ),
]


@pytest.mark.parametrize("wire_case", CASES, ids=lambda case: case.name)
def test_a_call_is_of_one_kind(wire_case: Case) -> None:
    """A call is a function unless it says custom; the older form is one call."""
    check(wire_case)
