"""The end of a stream: finish reasons, `[DONE]`, end of file and transport, in every mixture."""

import itertools

import pytest

from chunkproof import StreamParser
from chunkproof.errors import UsageError
from tests.expectation import START, Case, call, case, choice, end, error, event
from tests.specification import as_json, check, without_offsets
from tests.wire import DONE, bare, chunk, data, stop, tc, text, tools

RESET = ConnectionResetError("connection reset by peer")
NO_ENVELOPE = {"id": None, "model": None, "created": None}

CASES = [
    case(
        "done-normal",
        "END-2 PAY-1 FIN-1",
        text("Hi"),
        stop(),
        DONE,
        text="Hi",
        finish="stop",
        events=[
            START,
            event("text", choice=0, text="Hi"),
            event("finish", choice=0, reason="stop"),
            end(),
        ],
    ),
    case(
        "done-no-space",
        "PAY-1",
        text("Hi"),
        stop(),
        b"data:[DONE]\n\n",
        text="Hi",
        finish="stop",
    ),
    case(
        "done-no-space",
        "PAY-1",
        text("Hi"),
        stop(),
        b"data: \t [DONE] \t\n\n",
        variant="white-space-around-it",
        text="Hi",
        finish="stop",
    ),
    case(
        "done-missing-finish-present",
        "END-3",
        text("Hi"),
        stop(),
        text="Hi",
        finish="stop",
        repairs="done-missing",
    ),
    case(
        "eof-no-done-no-finish",
        "END-5 END-9",
        text("Hel"),
        outcome="incomplete",
        text="Hel",
    ),
    case(
        "eof-no-done-no-finish",
        "END-5 TOOL-12",
        tools(tc(0, "a", "f", "{}")),
        variant="a-whole-call-is-not-executable",
        outcome="incomplete",
        calls=[call("f", "{}", id="a", executable=False)],
    ),
    case(
        "done-no-finish",
        "END-4 END-9",
        text("4"),
        DONE,
        text="4",
        repairs="finish-missing",
    ),
    case(
        "done-no-finish",
        "END-4 TOOL-12",
        tools(tc(0, "a", "f", "{}")),
        DONE,
        variant="with-a-call",
        calls=[call("f", "{}", id="a")],
        repairs="finish-missing",
    ),
    case(
        "done-duplicate",
        "END-7",
        text("Hi"),
        stop(),
        DONE,
        DONE,
        text="Hi",
        finish="stop",
    ),
    case(
        "data-after-done",
        "END-7",
        text("Hi"),
        stop(),
        DONE,
        text("X"),
        data('{"error":"late"}'),
        b"data: {",
        text="Hi",
        finish="stop",
    ),
    case(
        "done-inside-content",
        "PAY-1 TXT-1",
        text("[DONE]"),
        text("data: [DONE]\n\n"),
        text("!"),
        stop(),
        DONE,
        text="[DONE]data: [DONE]\n\n!",
        finish="stop",
    ),
    *(
        case(
            "done-variants",
            "PAY-4 END-3",
            text("Hi"),
            stop(),
            data(word),
            variant=word.strip("[]"),
            text="Hi",
            finish="stop",
            repairs="ping-as-data done-missing",
        )
        for word in ("DONE", "[done]", "[Done]")
    ),
    case(
        "done-variants",
        "PAY-4",
        text("H"),
        data("DONE"),
        text("i"),
        stop(),
        DONE,
        variant="it-does-not-end-the-stream",
        text="Hi",
        finish="stop",
        repairs="ping-as-data",
    ),
    case(
        "nothing-but-done",
        "END-8",
        DONE,
        outcome="incomplete",
        envelope=NO_ENVELOPE,
        choices=[],
        may_repair="finish-missing",
    ),
    case(
        "usage-but-no-choice",
        "END-8",
        bare(choices=[], usage={"total_tokens": 3}),
        DONE,
        outcome="incomplete",
        choices=[],
        usage={
            "prompt_tokens": None,
            "completion_tokens": None,
            "total_tokens": 3,
            "raw": {"total_tokens": 3},
        },
        may_repair="finish-missing",
    ),
    case(
        "one-choice-of-two-finishes",
        "END-5 END-3",
        text("a"),
        text("b", index=1),
        stop(),
        outcome="incomplete",
        choices=[
            choice(0, text="a", finish="stop"),
            choice(1, text="b", complete=False),
        ],
    ),
    case(
        "one-choice-of-two-finishes",
        "END-4",
        text("a"),
        text("b", index=1),
        stop(),
        DONE,
        variant="then-done",
        choices=[
            choice(0, text="a", finish="stop"),
            choice(1, text="b", complete=True),
        ],
        repairs="finish-missing",
    ),
    case(
        "a-choice-that-said-nothing-is-open",
        "END-5 ENV-5",
        text("a"),
        chunk({}, index=1),
        stop(),
        outcome="incomplete",
        choices=[choice(0, text="a", finish="stop"), choice(1, complete=False)],
    ),
]


def _ending(*, has_error: bool, has_finish: bool, has_done: bool, resets: bool) -> Case:
    """Return the case of one row of the ending table; the outcome is worked out by hand below."""
    finish = "stop" if has_finish else None
    parts = [text("Hi")]
    if has_error:
        parts.append(data('{"error":{"message":"boom","type":"t","code":"c"}}'))
    if has_finish:
        parts.append(stop())
    if has_done:
        parts.append(DONE)
    outcome, repairs, said = ENDINGS[has_error, has_finish, has_done, resets]
    return case(
        "ending",
        "END-1 END-2 END-3 END-4 END-5 END-6 END-9",
        *parts,
        variant="-".join(
            name
            for name, present in (
                ("error", has_error),
                ("finish", has_finish),
                ("done", has_done),
                ("reset" if resets else "eof", True),
            )
            if present
        ),
        outcome=outcome,
        text="Hi",
        finish=finish,
        error=error("boom", "t", "c") if said else None,
        repairs=repairs,
        may_repair="finish-missing" if has_error and has_done else "",
        close_error=RESET if resets else None,
    )


ENDINGS = {
    # error, finish, done, transport error: outcome, repairs, is the error the stream's own
    (False, False, False, False): ("incomplete", "", False),
    (False, False, False, True): ("failed", "", False),
    (False, False, True, False): ("complete", "finish-missing", False),
    (False, False, True, True): ("complete", "finish-missing", False),
    (False, True, False, False): ("complete", "done-missing", False),
    (False, True, False, True): ("failed", "", False),
    (False, True, True, False): ("complete", "", False),
    (False, True, True, True): ("complete", "", False),
    (True, False, False, False): ("failed", "", True),
    (True, False, False, True): ("failed", "", True),
    (True, False, True, False): ("failed", "", True),
    (True, False, True, True): ("failed", "", True),
    (True, True, False, False): ("failed", "", True),
    (True, True, False, True): ("failed", "", True),
    (True, True, True, False): ("failed", "", True),
    (True, True, True, True): ("failed", "", True),
}

CASES += [
    _ending(has_error=one, has_finish=two, has_done=three, resets=four)
    for one, two, three, four in itertools.product((False, True), repeat=4)
]


@pytest.mark.parametrize("wire_case", CASES, ids=lambda case: case.name)
def test_the_outcome_says_how_the_stream_ended(wire_case: Case) -> None:
    """The ending table holds; nothing is invented that the wire did not say."""
    check(wire_case)


def test_open_after_done() -> None:
    """`[DONE]` ends the stream at once, though the connection stays open (PAY-1, END-7)."""
    parser = StreamParser()
    parser.feed(text("Hi") + stop())
    (last,) = without_offsets(as_json(parser.feed(DONE)))
    assert last == end()
    assert parser.feed(text("more")) == []
    assert parser.result().to_dict()["outcome"] == "complete"
    assert parser.close() == []


def test_after_close_nothing_can_be_fed() -> None:
    """`feed` after `close` is the caller's error, `[DONE]` or not."""
    for body in (b"", text("Hi"), text("Hi") + stop() + DONE):
        parser = StreamParser()
        parser.feed(body)
        parser.close()
        with pytest.raises(UsageError):
            parser.feed(b"")


def test_a_transport_error_is_named_in_the_error() -> None:
    """What the transport said is kept in the error's message (END-6)."""
    parser = StreamParser()
    parser.feed(text("Hi") + stop())
    parser.close(RESET)
    result = parser.result().to_dict()
    assert result["outcome"] == "failed"
    assert "connection reset by peer" in result["error"]["message"]
    assert result["choices"][0]["text"] == "Hi"
