"""Arguments of tool calls as servers send them, and which calls may be run."""

from typing import Any

import pytest

from tests.expectation import Case, JsonText, call, case
from tests.specification import check
from tests.wire import DONE, data, stop, tc, tools

CALL = "/choices/0/delta/tool_calls"

END = stop("tool_calls") + DONE
ONE: dict[str, Any] = {"finish": "tool_calls"}

CASES = [
    case(
        "tc-args-empty-total",
        "TOOL-8 TOOL-12",
        tools(tc(0, "a", "f", "")),
        tools(tc(1, "b", "g")),
        END,
        calls=[call("f", "", id="a"), call("g", "", id="b")],
        **ONE,
    ),
    case(
        "tc-args-null",
        "TOOL-8",
        tools(tc(0, "a", "f", None)),
        tools(tc(0, ..., ..., "{}")),
        END,
        calls=[call("f", "{}", id="a")],
        **ONE,
    ),
    case(
        "tc-function-null",
        "TOOL-3 ENV-5",
        tools(tc(0, "a", "f", "{")),
        tools({"index": 0, "function": None}),
        tools(tc(0, ..., ..., "}")),
        END,
        calls=[call("f", "{}", id="a")],
        **ONE,
    ),
    case(
        "tc-args-object",
        "TOOL-8",
        tools(tc(0, "a", "f", {"x": 1, "y": ["é"]})),
        END,
        calls=[call("f", JsonText({"x": 1, "y": ["é"]}), id="a")],
        **ONE,
        repairs="arguments-not-string",
    ),
    case(
        "tc-args-object",
        "TOOL-8",
        tools(tc(0, "a", "f", {})),
        tools(tc(1, "b", "g", [1])),
        END,
        variant="an-empty-object-and-a-list",
        calls=[call("f", JsonText({}), id="a"), call("g", JsonText([1]), id="b")],
        **ONE,
        repairs="arguments-not-string",
    ),
    case(
        "tc-args-double-encoded",
        "TOOL-8 END-9",
        tools(tc(0, "a", "f", '"{\\"x\\":1}"')),
        END,
        calls=[call("f", '"{\\"x\\":1}"', id="a")],
        **ONE,
    ),
    *(
        case(
            row,
            "TOOL-8 TOOL-12",
            tools(tc(0, "a", "f", arguments)),
            END,
            variant=variant,
            calls=[call("f", arguments, id="a", valid=False, executable=False)],
            **ONE,
        )
        for row, variant, arguments in (
            ("tc-args-invalid-json", "bare-key", "{x:1"),
            ("tc-args-invalid-json", "nan", '{"x":NaN}'),
            ("tc-args-invalid-json", "white-space-alone", " "),
            ("tc-args-invalid-json", "single-quotes", "{'x':1}"),
            ("tc-args-invalid-json", "raw-line-end-in-a-string", '{"x":"a\nb"}'),
            ("tc-args-invalid-json", "leading-zero", '{"x":01}'),
            ("tc-args-doubled-by-server", "", '{"x":1}{"x":1}'),
            ("tc-args-brace-lost", "", '{"x":{"y":1}'),
        )
    ),
    case(
        "tc-args-truncated-length",
        "TOOL-12",
        tools(tc(0, "a", "f", '{"x":')),
        stop("length"),
        DONE,
        calls=[call("f", '{"x":', id="a", valid=False, executable=False)],
        finish="length",
    ),
    case(
        "tc-args-truncated-length",
        "TOOL-12",
        tools(tc(0, "a", "f", "{}")),
        stop("length"),
        DONE,
        variant="valid-arguments-are-not-executable-after-length",
        calls=[call("f", "{}", id="a", executable=False)],
        finish="length",
    ),
    case(
        "tc-args-escape-split",
        "TOOL-8",
        tools(tc(0, "a", "f", '{"a":"\\')),
        tools(tc(0, ..., ..., "n\\ud8")),
        tools(tc(0, ..., ..., "3d")),
        tools(tc(0, ..., ..., '\\ude00"}')),
        END,
        calls=[call("f", '{"a":"\\n\\ud83d\\ude00"}', id="a")],
        **ONE,
    ),
    case(
        "calls-not-executable",
        "TOOL-12",
        tools(tc(0, "a", "f", "{}")),
        data('{"error":"boom"}'),
        stop("tool_calls"),
        DONE,
        outcome="failed",
        calls=[call("f", "{}", id="a", executable=False)],
        finish="tool_calls",
        error={"message": "boom", "type": None, "code": None},
        may_repair="finish-missing",
    ),
    *(
        case(
            "calls-not-executable",
            "TOOL-12",
            tools(tc(0, "a", "f", "{}")),
            stop(reason),
            DONE,
            variant=f"finish-{reason}",
            calls=[call("f", "{}", id="a", executable=executable)],
            finish=reason,
        )
        for reason, executable in (
            ("stop", True),
            ("tool_calls", True),
            ("function_call", True),
            ("length", False),
            ("content_filter", False),
            ("end_turn", False),
        )
    ),
]


@pytest.mark.parametrize("wire_case", CASES, ids=lambda case: case.name)
def test_arguments_are_the_raw_text(wire_case: Case) -> None:
    """Joined as sent, whatever they are; only whole and valid ones of a whole answer may run."""
    check(wire_case)
