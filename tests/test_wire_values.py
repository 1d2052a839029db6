"""Strings, surrogate halves in every place, and numbers of any size."""

import json
import math
from typing import Any

import pytest

from chunkproof import parse
from tests.expectation import (
    START,
    Case,
    Containing,
    OneOf,
    call,
    case,
    end,
    error,
    event,
    usage,
)
from tests.specification import as_json, check, drain
from tests.wire import DONE, chunk, data, stop, text

END = stop() + DONE
HI: dict[str, Any] = {"text": "Hi", "finish": "stop"}


def spelled(member: str, *fragments: str) -> bytes:
    """Return one chunk per fragment, each written with the escapes as given."""
    return b"".join(
        data(
            '{"id":"c1","created":1,"model":"m","choices":[{"index":0,"delta":{"%s":"%s"}}]}'
            % (member, fragment)
        )
        for fragment in fragments
    )


def argued(*fragments: str) -> bytes:
    """Return a call and one chunk per fragment of its arguments, escapes as given."""
    first = chunk({"tool_calls": [{"index": 0, "id": "a", "function": {"name": "f"}}]})
    return first + b"".join(
        data(
            '{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,'
            '"function":{"arguments":"%s"}}]}}]}' % fragment
        )
        for fragment in fragments
    )


CHANNELS = (("content", "text"), ("reasoning", "reasoning"), ("refusal", "refusal"))


def spoken(channel: str, expected: str) -> dict[str, Any]:
    return {channel: expected, "finish": "stop"}


STRINGS = [
    *(
        case(
            f"surrogates/{variant}",
            rules,
            spelled(member, *fragments),
            END,
            variant=member,
            **spoken(channel, expected),
            repairs=repairs,
        )
        for member, channel in CHANNELS
        for variant, rules, fragments, expected, repairs in (
            ("a-pair-in-one-string", "TXT-1", ("a\\ud83d\\ude00b",), "a😀b", ""),
            ("halves-join", "TXT-3", ("a\\ud83d", "\\ude00b"), "a😀b", "surrogate-split"),
            (
                "halves-join-over-an-empty-delta",
                "TXT-3",
                ("a\\ud83d", "", "\\ude00b"),
                "a😀b",
                "surrogate-split",
            ),
            (
                "two-pairs",
                "TXT-3",
                ("\\ud83d", "\\ude00\\ud83d", "\\ude01"),
                "😀😁",
                "surrogate-split",
            ),
            ("a-high-half-alone", "TXT-4", ("a\\ud83d", "b"), "a\ufffdb", "surrogate-lone"),
            ("a-high-half-at-the-end", "TXT-4", ("a\\ud83d",), "a\ufffd", "surrogate-lone"),
            ("a-low-half-alone", "TXT-4", ("a", "\\ude00b"), "a\ufffdb", "surrogate-lone"),
            ("a-high-half-inside", "TXT-4", ("a\\ud83db",), "a\ufffdb", "surrogate-lone"),
            (
                "the-wrong-way-round",
                "TXT-4",
                ("\\ude00\\ud83d", "!"),
                "\ufffd\ufffd!",
                "surrogate-lone",
            ),
            (
                "two-high-halves",
                "TXT-4 TXT-3",
                ("\\ud83d", "\\ud83d", "\\ude00"),
                "\ufffd😀",
                "surrogate-lone surrogate-split",
            ),
        )
    ),
    case(
        "surrogates/held-text-comes-before-finish",
        "TXT-4 FIN-1",
        spelled("content", "a\\ud83d"),
        END,
        text="a\ufffd",
        finish="stop",
        repairs="surrogate-lone",
        events=[
            START,
            event("text", choice=0, text="a"),
            event("text", choice=0, text="\ufffd"),
            event("finish", choice=0, reason="stop"),
            end(),
        ],
    ),
    case(
        "surrogates/held-text-comes-before-end",
        "TXT-4 END-5",
        spelled("content", "a\\ud83d"),
        outcome="incomplete",
        text=OneOf(("a", "a\ufffd")),
        may_repair="surrogate-lone",
    ),
    case(
        "surrogates/another-channel-does-not-disturb",
        "TXT-3 TXT-5",
        spelled("content", "\\ud83d"),
        spelled("refusal", "no"),
        spelled("reasoning", "\\ud83d"),
        spelled("content", "\\ude00"),
        spelled("reasoning", "\\ude01"),
        END,
        text="😀",
        refusal="no",
        reasoning="😁",
        finish="stop",
        repairs="surrogate-split",
    ),
    case(
        "surrogates/arguments-join",
        "TXT-3 TOOL-8",
        argued('{\\"a\\":\\"\\ud83d', '\\ude00\\"}'),
        stop("tool_calls"),
        DONE,
        calls=[call("f", '{"a":"😀"}', id="a")],
        finish="tool_calls",
        repairs="surrogate-split",
    ),
    case(
        "surrogates/arguments-alone",
        "TXT-4 TOOL-8",
        argued('\\"\\ude00\\"'),
        stop("tool_calls"),
        DONE,
        calls=[call("f", '"\ufffd"', id="a")],
        finish="tool_calls",
        repairs="surrogate-lone",
    ),
    case(
        "surrogates/escapes-inside-arguments-are-text",
        "TOOL-8",
        argued('{\\"a\\":\\"\\\\ud83d', '\\\\ude00\\"}'),
        stop("tool_calls"),
        DONE,
        calls=[call("f", '{"a":"\\ud83d\\ude00"}', id="a")],
        finish="tool_calls",
    ),
    case(
        "surrogates/ids-and-names",
        "TXT-4",
        data(
            '{"id":"i\\ud83d","created":1,"model":"m\\ude00","choices":[{"index":0,"delta":'
            '{"tool_calls":[{"index":0,"id":"a\\ud83d","function":{"name":"f\\ude00",'
            '"arguments":"{}"}}]},"finish_reason":"s\\ud83d"}]}'
        ),
        DONE,
        envelope={"id": "i\ufffd", "model": "m\ufffd"},
        calls=[call("f\ufffd", "{}", id="a\ufffd", executable=False)],
        finish="s\ufffd",
        repairs="surrogate-lone",
    ),
    case(
        "surrogates/extra-values-and-keys",
        "TXT-4 ENV-7",
        data(
            '{"id":"c1","created":1,"model":"m","x":{"a":["\\ud83d"]},"choices":[{"index":0,'
            '"delta":{"content":"Hi"}}]}'
        ),
        END,
        extra={"/x": {"a": ["\ufffd"]}},
        repairs="surrogate-lone",
        **HI,
    ),
    case(
        "surrogates/in-the-name-of-a-member",
        "TXT-4 ENV-7",
        data(
            '{"id":"c1","created":1,"model":"m","x\\ud83d":1,'
            '"choices":[{"index":0,"delta":{"content":"Hi","y\\ude00/":2}}]}'
        ),
        END,
        extra={"/x\ufffd": 1, "/choices/0/delta/y\ufffd~1": 2},
        repairs="surrogate-lone",
        **HI,
    ),
    case(
        "surrogates/pairs-in-extra-values-are-characters",
        "ENV-7",
        data(
            '{"id":"c1","created":1,"model":"m","x\\ud83d\\ude00":"\\ud83d\\ude00",'
            '"choices":[{"index":0,"delta":{"content":"Hi"}}]}'
        ),
        END,
        extra={"/x😀": "😀"},
        **HI,
    ),
    case(
        "surrogates/in-an-orphan",
        "TXT-4 TOOL-5",
        text("Hi"),
        data(
            '{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":'
            '{"arguments":"\\ud83d"}}]}}]}'
        ),
        END,
        extra=Containing("\ufffd"),
        repairs="surrogate-lone orphan-fragment",
        **HI,
    ),
    case(
        "surrogates/in-an-error",
        "TXT-4 ERR-1",
        text("Hi"),
        data('{"error":{"message":"m\\ud83d"}}'),
        text="Hi",
        outcome="failed",
        error=error("m\ufffd"),
        may_repair="surrogate-lone",
    ),
    case("strings/nul", "TXT-1", text("a\x00b"), END, text="a\x00b", finish="stop"),
    case("strings/bom-inside", "SSE-2 TXT-1", text("\ufeffa"), END, text="\ufeffa", finish="stop"),
    case(
        "strings/combining-marks-are-not-normalised",
        "TXT-1",
        text("e"),
        text("\u0301\u200d"),
        END,
        text="e\u0301\u200d",
        finish="stop",
    ),
]

NUMBERS = [
    *(
        case(
            f"numbers/{variant}",
            "ENV-7 ENV-6",
            data(
                '{"id":"c1","created":1,"model":"m","n":%s,"choices":[{"index":0,"delta":'
                '{"content":"Hi"}}]}' % raw
            ),
            END,
            extra={"/n": kept} if kept is not None else ...,
            may_repair="non-finite-number" if kept is None else "",
            **HI,
        )
        for variant, raw, kept in (
            ("10-to-18", "1000000000000000000", 10**18),
            ("beyond-64-bits", "100000000000000000000000", 10**23),
            ("negative", "-100000000000000000000000", -(10**23)),
            ("float", "1.0", 1.0),
            ("small", "1e-400", 0.0),
            ("4300-digits", "9" * 4_300, int("9" * 4_300)),
            ("5000-digits", "9" * 5_000, None),
            ("5000-digits-in-a-list", "[" + "9" * 5_000 + "]", None),
            ("1e400", "1e400", None),
        )
    ),
    case(
        "numbers/usage-of-any-size",
        "USE-1 ENV-6",
        text("Hi"),
        stop(usage={"prompt_tokens": 10**18, "completion_tokens": 10**30, "total_tokens": -1}),
        DONE,
        usage=usage(10**18, 10**30, -1),
        **HI,
    ),
    case(
        "numbers/a-huge-created",
        "ENV-1",
        text("Hi").replace(b'"created":1', b'"created":1' + b"0" * 30),
        END,
        envelope={"created": 10**30},
        **HI,
    ),
    *(
        case(
            f"numbers/{variant}-in-a-known-integer",
            "ENV-6",
            text("Hi").replace(b'"created":1', b'"created":' + raw),
            END,
            envelope={"created": OneOf((1, None))},
            extra=...,
            may_repair="wrong-type non-finite-number",
            **HI,
        )
        for variant, raw in (
            ("5000-digits", b"9" * 5_000),
            ("1e400", b"1e400"),
            ("nan", b"NaN"),
        )
    ),
]

CASES = [*STRINGS, *NUMBERS]


@pytest.mark.parametrize("wire_case", CASES, ids=lambda case: case.name)
def test_every_value_is_kept_or_mended(wire_case: Case) -> None:
    """Halves of a pair join in their channel; what stays alone or is no number is mended."""
    check(wire_case)


def test_a_negative_zero_stays_a_float() -> None:
    """`-0.0` is kept as sent (RFC 8259, section 6)."""
    result = parse([text("Hi", n=-0.0) + END]).to_dict()
    assert math.copysign(1.0, result["extra"]["/n"]) == -1.0


def test_an_integer_stays_an_integer() -> None:
    """`1` and `1.0` stay apart where they are kept raw."""
    result = parse([text("Hi", a=1, b=1.0) + END]).to_dict()
    assert type(result["extra"]["/a"]) is int
    assert type(result["extra"]["/b"]) is float


@pytest.mark.parametrize(
    ("one", "other"), [(True, 1), (0, False), ({"a": [True]}, {"a": [1]}), ([1], [1, 2])]
)
def test_a_value_changes_with_its_kind(one: object, other: object) -> None:
    """Of one path the last value counts, and true is not 1 (ENV-7)."""
    events = as_json(drain([text("Hi", x=one), text("Hi", x=other)]))
    values = [event["value"] for event in events if event["event"] == "extra"]
    assert json.dumps(values) == json.dumps([one, other])


def test_a_value_does_not_change_with_its_spelling() -> None:
    """Members have no order, and 1.0 is 1 (PAY-5, ENV-6): one event."""
    events = as_json(drain([text("Hi", x={"a": 1, "b": 2}), text("Hi", x={"b": 2.0, "a": 1})]))
    assert [event["event"] for event in events].count("extra") == 1
