"""Reasoning in all its fields, and refusals: channels of their own."""

import pytest

from tests.expectation import START, Case, case, end, event
from tests.specification import check
from tests.wire import DONE, chunk, stop, tc, text

END = stop() + DONE
DETAILS = "/choices/0/delta/reasoning_details"


def reasoned(**fields: object) -> bytes:
    return chunk(fields)


CASES = [
    case(
        "reasoning-content",
        "RSN-1",
        reasoned(role="assistant", content=None, reasoning_content=""),
        reasoned(content=None, reasoning_content="I "),
        reasoned(reasoning_content="see"),
        text("Hi"),
        END,
        text="Hi",
        reasoning="I see",
        finish="stop",
        events=[
            START,
            event("reasoning", choice=0, text="I "),
            event("reasoning", choice=0, text="see"),
            event("text", choice=0, text="Hi"),
            event("finish", choice=0, reason="stop"),
            end(),
        ],
    ),
    *(
        case(
            "reasoning-field",
            "RSN-1",
            reasoned(**{field: "t"}),
            reasoned(**{field: "u", "content": ""}),
            END,
            variant=field,
            reasoning="tu",
            finish="stop",
        )
        for field in ("reasoning", "thinking", "reasoning_text")
    ),
    case(
        "reasoning-field",
        "RSN-1",
        reasoned(reasoning_content="", reasoning=None, thinking="t", reasoning_text=""),
        END,
        variant="the-first-that-is-not-empty",
        reasoning="t",
        finish="stop",
    ),
    case(
        "reasoning-mirrored",
        "RSN-2",
        reasoned(reasoning_content="t", reasoning="t"),
        reasoned(reasoning="u", reasoning_content="u"),
        END,
        reasoning="tu",
        finish="stop",
    ),
    case(
        "reasoning-mirrored",
        "RSN-2",
        reasoned(reasoning="second", reasoning_content="first"),
        END,
        variant="of-two-different-ones-the-first-counts",
        reasoning="first",
        finish="stop",
        extra=...,
        repairs="reasoning-conflict",
    ),
    case(
        "reasoning-details",
        "RSN-1 RSN-2 RSN-3",
        reasoned(
            content="",
            reasoning="a",
            reasoning_details=[{"type": "reasoning.text", "text": "a", "index": 0}],
        ),
        reasoned(
            content="",
            reasoning="b",
            reasoning_details=[{"type": "reasoning.text", "text": "b", "index": 0}],
        ),
        reasoned(
            content="",
            reasoning_details=[
                {"type": "reasoning.text", "text": "", "signature": "sig", "index": 0},
                {"type": "reasoning.encrypted", "data": "xyz", "index": 1},
            ],
        ),
        END,
        reasoning="ab",
        finish="stop",
        extra={
            DETAILS: [
                {"type": "reasoning.text", "text": "ab", "signature": "sig", "index": 0},
                {"type": "reasoning.encrypted", "data": "xyz", "index": 1},
            ]
        },
        events=[
            START,
            event("reasoning", choice=0, text="a"),
            event(
                "extra", path=DETAILS, value=[{"type": "reasoning.text", "text": "a", "index": 0}]
            ),
            event("reasoning", choice=0, text="b"),
            event(
                "extra", path=DETAILS, value=[{"type": "reasoning.text", "text": "b", "index": 0}]
            ),
            event(
                "extra",
                path=DETAILS,
                value=[
                    {"type": "reasoning.text", "text": "", "signature": "sig", "index": 0},
                    {"type": "reasoning.encrypted", "data": "xyz", "index": 1},
                ],
            ),
            event("finish", choice=0, reason="stop"),
            end(),
        ],
    ),
    case(
        "reasoning-details",
        "RSN-1 RSN-3",
        reasoned(reasoning_details=[{"type": "reasoning.summary", "summary": "s", "index": 0}]),
        reasoned(reasoning_details=[{"type": "reasoning.text", "text": "t", "index": 1}]),
        END,
        variant="their-text-counts-where-no-field-has-it",
        reasoning="st",
        finish="stop",
        extra={
            DETAILS: [
                {"type": "reasoning.summary", "summary": "s", "index": 0},
                {"type": "reasoning.text", "text": "t", "index": 1},
            ]
        },
    ),
    case(
        "reasoning-details",
        "RSN-3",
        reasoned(reasoning_details=[{"type": "reasoning.encrypted", "data": "xyz", "id": "r"}]),
        reasoned(reasoning_details=[]),
        END,
        variant="a-signature-alone-is-kept-and-is-no-text",
        reasoning=None,
        finish="stop",
        extra={DETAILS: [{"type": "reasoning.encrypted", "data": "xyz", "id": "r"}]},
    ),
    case(
        "reasoning-and-content-same-delta",
        "RSN-1 TXT-1",
        reasoned(content="a", reasoning="t"),
        END,
        text="a",
        reasoning="t",
        finish="stop",
        events=[
            START,
            event("reasoning", choice=0, text="t"),
            event("text", choice=0, text="a"),
            event("finish", choice=0, reason="stop"),
            end(),
        ],
    ),
    case(
        "reasoning-interleaved",
        "RSN-1",
        reasoned(reasoning="t"),
        text("a"),
        reasoned(reasoning="u"),
        chunk({"tool_calls": [tc(0, "x", "f", "{}")]}),
        stop("tool_calls"),
        DONE,
        text="a",
        reasoning="tu",
        calls=[
            {
                "id": "x",
                "type": "function",
                "name": "f",
                "arguments": "{}",
                "valid_json": True,
                "executable": True,
            }
        ],
        finish="tool_calls",
        events=[
            START,
            event("reasoning", choice=0, text="t"),
            event("text", choice=0, text="a"),
            event("reasoning", choice=0, text="u"),
            event("tool_call", choice=0, call=0, index=0, id="x", name="f", type="function"),
            event("tool_arguments", choice=0, call=0, fragment="{}"),
            event("finish", choice=0, reason="tool_calls"),
            end(),
        ],
    ),
    case(
        "reasoning-null-or-empty",
        "RSN-1",
        reasoned(content="a", reasoning_content=None, reasoning=""),
        END,
        text="a",
        reasoning=None,
        finish="stop",
    ),
    case(
        "reasoning-object",
        "RSN-1",
        reasoned(reasoning_content={"text": "I nee"}),
        reasoned(reasoning_content={"text": "d"}),
        END,
        reasoning="I need",
        finish="stop",
    ),
    case(
        "think-tags-inline",
        "RSN-4",
        text("<thi"),
        text("nk>t</think>a"),
        END,
        text="<think>t</think>a",
        finish="stop",
    ),
    case("think-orphan-close", "RSN-4", text("</think>a"), END, text="</think>a", finish="stop"),
    case(
        "think-unclosed",
        "RSN-4 END-5",
        text("<think>t"),
        outcome="incomplete",
        text="<think>t",
    ),
    case(
        "think-literal-later", "RSN-4", text("use <think>"), END, text="use <think>", finish="stop"
    ),
    case(
        "reasoning-channel-key",
        "ENV-7 RSN-1",
        reasoned(reasoning="t", channel="analysis"),
        reasoned(content="a", channel="final"),
        END,
        text="a",
        reasoning="t",
        finish="stop",
        extra={"/choices/0/delta/channel": "final"},
    ),
    case(
        "refusal-delta",
        "TXT-5",
        chunk({"role": "assistant", "content": None, "refusal": ""}),
        chunk({"refusal": "I"}),
        chunk({"refusal": " can't"}),
        END,
        refusal="I can't",
        finish="stop",
        events=[
            START,
            event("refusal", choice=0, text="I"),
            event("refusal", choice=0, text=" can't"),
            event("finish", choice=0, reason="stop"),
            end(),
        ],
    ),
    case(
        "refusal-delta",
        "TXT-5 TXT-1",
        chunk({"refusal": "no", "content": "a", "reasoning": "t"}),
        END,
        variant="beside-text-it-comes-after-it",
        text="a",
        reasoning="t",
        refusal="no",
        finish="stop",
        events=[
            START,
            event("reasoning", choice=0, text="t"),
            event("text", choice=0, text="a"),
            event("refusal", choice=0, text="no"),
            event("finish", choice=0, reason="stop"),
            end(),
        ],
    ),
    case(
        "refusal-empty-string",
        "TXT-5",
        chunk({"content": "a", "refusal": ""}),
        chunk({"content": "b", "refusal": None}),
        END,
        text="ab",
        refusal=None,
        finish="stop",
    ),
]


@pytest.mark.parametrize("wire_case", CASES, ids=lambda case: case.name)
def test_reasoning_and_refusal_are_no_text(wire_case: Case) -> None:
    """Each comes once, in its own channel, in the order of the deltas."""
    check(wire_case)
