"""The npm `openai` client and the AI SDK, the real packages, judged over `cmd:`.

Each stream is made by hand here, with the answer beside it: nothing is taken from a parser.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from chunkproof import events as ev
from chunkproof_conformance.connect.adapter import Stream
from chunkproof_conformance.connect.connections import SHIPPED_PROGRAMS, connect
from chunkproof_conformance.connect.validation import validate
from chunkproof_conformance.judge.verdicts import Kind
from chunkproof_conformance.run.expectations import load_expectation
from chunkproof_conformance.run.job import chosen_cases
from chunkproof_conformance.run.plan import Selection
from chunkproof_conformance.run.runner import RunOptions, run_implementation
from tests.node_packages import SOURCE, locked_versions, node_root

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chunkproof_conformance.connect.connections import Connection
    from chunkproof_conformance.judge.observation import Implementation, Observation

pytestmark = [pytest.mark.needs("node"), pytest.mark.needs("npm")]


@pytest.fixture(scope="module", params=SHIPPED_PROGRAMS)
def adapter(request: pytest.FixtureRequest) -> Iterator[tuple[Implementation, Connection]]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CHUNKPROOF_NODE_ROOT", str(node_root()))
        connection = connect(f"impl:{request.param}", validate=validate)
        yield connection.start(), connection
        connection.stop()


def chunk(delta: Any = None, finish: str | None = None, **more: Any) -> bytes:
    choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish}]
    head = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    return b"data: " + json.dumps({**head, "choices": choices, **more}).encode() + b"\n\n"


DONE = b"data: [DONE]\n\n"
HELLO = (
    chunk({"role": "assistant", "content": "Gr\u00fc\u00df"})
    + chunk({"content": " dich \U0001f44b"})
    + chunk({}, "stop")
    + chunk(usage={"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10})
    + DONE
)


def call(index: int, **members: Any) -> dict[str, Any]:
    function = {name: members.pop(name) for name in ("name", "arguments") if name in members}
    return {"index": index, "function": function, **members}


CALLS = (
    chunk(
        {
            "role": "assistant",
            "tool_calls": [call(0, id="a", type="function", name="f", arguments="")],
        }
    )
    + chunk({"tool_calls": [call(0, arguments='{"x"')]})
    + chunk({"tool_calls": [call(0, arguments=": 1}")]})
    + chunk({"tool_calls": [call(1, id="b", type="function", name="g", arguments="{}")]})
    + chunk({}, "tool_calls")
    + DONE
)


def bytewise(body: bytes) -> tuple[bytes, ...]:
    return tuple(body[at : at + 1] for at in range(len(body)))


def test_the_versions_are_those_of_the_lock(
    adapter: tuple[Implementation, Connection],
) -> None:
    who, _ = adapter
    name, _, version = who.version.rpartition(" ")
    assert locked_versions()[name] == version


@pytest.mark.parametrize("pieces", [(HELLO,), bytewise(HELLO)], ids=["whole", "bytewise"])
def test_text_finish_and_usage_arrive(
    adapter: tuple[Implementation, Connection], pieces: tuple[bytes, ...]
) -> None:
    """Byte by byte too: every character beyond ASCII is cut."""
    observation = adapter[1].run(Stream(pieces))
    (choice,) = observation.choices or ()
    assert (observation.outcome, choice.finish_reason) == ("complete", "stop")
    assert choice.text == "Gr\u00fc\u00df dich \U0001f44b"
    usage = observation.usage
    assert usage
    assert (usage.prompt_tokens, usage.completion_tokens) == (7, 3)


def test_calls_arrive_with_their_ids(adapter: tuple[Implementation, Connection]) -> None:
    observation = adapter[1].run(Stream((CALLS,)))
    (choice,) = observation.choices or ()
    assert [(one.id, one.name, one.arguments) for one in choice.tool_calls] == [
        ("a", "f", '{"x": 1}'),
        ("b", "g", "{}"),
    ]
    if observation.events:
        opened = [event.call for event in observation.events if isinstance(event, ev.ToolCall)]
        assert opened == [0, 1]


def test_a_reset_is_an_exception_of_the_library(
    adapter: tuple[Implementation, Connection],
) -> None:
    cut = HELLO.index(b" dich")
    observation = adapter[1].run(Stream((HELLO[:cut],), end="reset"))
    assert observation.outcome == "failed"
    assert observation.error


def test_a_status_is_an_exception_of_the_library(
    adapter: tuple[Implementation, Connection],
) -> None:
    body = b'{"error": {"message": "slow down", "type": "rate_limit"}}'
    headers = (("content-type", "application/json"),)
    observation = adapter[1].run(Stream((body,), status=400, headers=headers))
    assert observation.outcome == "failed"
    assert "slow down" in str(observation.error)


def reports(observation: Observation) -> list[tuple[str | None, bool | None]]:
    (choice,) = observation.choices or ()
    return [(one.arguments, one.executable) for one in choice.tool_calls]


def test_half_a_call_is_never_offered_as_runnable(
    adapter: tuple[Implementation, Connection],
) -> None:
    """The token limit comes inside the arguments."""
    body = (
        chunk(
            {
                "role": "assistant",
                "tool_calls": [call(0, id="a", type="function", name="f", arguments='{"x"')],
            }
        )
        + chunk({}, "length")
        + DONE
    )
    assert [runnable for _, runnable in reports(adapter[1].run(Stream((body,))))] in (
        [None],
        [False],
    )


def test_plain_recordings_pass_whatever_way_they_are_cut(
    adapter: tuple[Implementation, Connection],
) -> None:
    """As recorded, in one piece and byte by byte; no verdict is an error of the adapter."""
    who, connection = adapter
    cases = chosen_cases(
        Selection(("text/llama-cpp-python-plain", "tools/llama-cpp-python-markup-in-text"))
    )
    assert len(cases) > 1
    rows = [
        row
        for case in cases
        for case_rows in run_implementation(
            _KeptOpen(connection), who, [case], load_expectation, RunOptions()
        )
        for row in case_rows
    ]
    assert {row.verdict.kind for row in rows} <= {Kind.PASS, Kind.NOT_AVAILABLE, Kind.SKIPPED}


class _KeptOpen:
    """The connection of the module, which a run does not stop."""

    def __init__(self, connection: Connection) -> None:
        self.start, self.run = connection.start, connection.run
        self.interrupt, self._connection = connection.interrupt, connection

    @property
    def stderr(self) -> str:
        return self._connection.stderr

    def stop(self) -> None:
        pass


def test_the_lock_names_no_address() -> None:
    """Every package is pinned with its hash, so the place it comes from does not matter."""
    packages = json.loads((SOURCE / "package-lock.json").read_bytes())["packages"]
    named = {path: package for path, package in packages.items() if path}
    assert len(named) >= 3
    assert all("integrity" in package and "resolved" not in package for package in named.values())
