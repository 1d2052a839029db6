"""The npm `openai` client and the AI SDK, the real packages, judged over `cmd:`.

Each stream is made by hand here, with the answer beside it: nothing is taken from a parser.
"""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from chunkproof import events as ev
from chunkproof_conformance.cases.index import load_case
from chunkproof_conformance.cli.main import main
from chunkproof_conformance.cli.show_command import IMPLEMENTATIONS
from chunkproof_conformance.connect.adapter import Stream
from chunkproof_conformance.connect.connections import SHIPPED_PROGRAMS, connect
from chunkproof_conformance.connect.validation import validate
from chunkproof_conformance.implementations.reproduction import RUN_BY, script
from chunkproof_conformance.judge.verdicts import Kind
from chunkproof_conformance.run.expectations import load_expectation
from chunkproof_conformance.run.job import Job, chosen_cases, run_job
from chunkproof_conformance.run.plan import Selection, stream_of
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


def test_of_a_call_without_arguments_the_ai_sdk_says_neither(
    adapter: tuple[Implementation, Connection],
) -> None:
    """Whether a blank input is run says the tool's schema, which only its user knows."""
    first = call(0, id="a", type="function", name="f", arguments="")
    body = chunk({"role": "assistant", "tool_calls": [first]}) + chunk({}, "length") + DONE
    assert reports(adapter[1].run(Stream((body,)))) == [("", None)]


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


# Findings, each seen a second time with the library and the bytes alone --------------------------

AFTER_CALL = "errors/generic-after-call"
CUT_AFTER_CALL = "end/generic-cut-after-call"
META = "framing/generic-retry-id-meta-events"
MODERATION = "usage/openai-then-moderation"


def printed(name: str, case: str) -> str:
    """What the script of `chunkproof show` prints where the library is installed; no chunkproof."""
    stream = stream_of(load_case(case), load_case(case).cuts)
    text = script(case, name, stream)
    assert "chunkproof" not in text
    done = subprocess.run(
        RUN_BY[name].split(),
        input=text.encode(),
        cwd=node_root(),
        capture_output=True,
        check=False,
    )
    return (done.stdout + done.stderr).decode()


def finding(name: str, case: str) -> dict[str, Any]:
    """The differences of the level final, by path."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CHUNKPROOF_NODE_ROOT", str(node_root()))
        options = RunOptions(("final",), ("recorded",))
        (run,) = run_job(Job((f"impl:{name}",), options), [load_case(case)]).runs
    return {one.path: one.got for row in run.rows for one in row.verdict.differences}


@pytest.mark.parametrize("name", ["ai-sdk-openai", "ai-sdk-compatible"])
@pytest.mark.parametrize("case", [AFTER_CALL, CUT_AFTER_CALL])
def test_the_ai_sdk_hands_out_a_call_of_an_answer_that_failed_or_stopped(
    name: str, case: str
) -> None:
    """A part `tool-call`, which `streamText` runs: after the error, or where no finish came.

    Why the AI SDK reaches no level in core and tools.
    """
    assert finding(name, case) == {"/choices/0/tool_calls/0/executable": True}
    parts = [json.loads(line) for line in printed(name, case).splitlines()[1:]]
    kinds = [part["type"] for part in parts]
    assert kinds.count("tool-call") == 1
    call, finish = parts[kinds.index("tool-call")], parts[kinds.index("finish")]
    assert isinstance(json.loads(call["input"]), dict)
    if case == AFTER_CALL:
        assert kinds.index("error") < kinds.index("tool-call")
    else:
        assert "raw" not in finish["finishReason"]


@pytest.mark.parametrize("name", ["openai-node-chunks", "openai-node-stream"])
def test_the_npm_client_reads_a_frame_without_data_as_json(name: str) -> None:
    assert finding(name, META) == {"/outcome": "failed"}
    assert "Unexpected end of JSON input" in printed(name, META)


def test_the_npm_helper_loses_usage_that_a_chunk_without_usage_follows() -> None:
    assert "/usage/prompt_tokens" in finding("openai-node-stream", MODERATION)
    shown = printed("openai-node-stream", MODERATION)
    assert '"usage": null' in shown
    assert '"content": "' in shown


def test_a_node_script_ends_as_the_transport_did() -> None:
    cut = HELLO.index(b" dich")
    text = script("cut", "openai-node-chunks", Stream((HELLO[:cut],), end="reset"))
    node = RUN_BY["openai-node-chunks"].split()
    done = subprocess.run(
        node, input=text.encode(), cwd=node_root(), capture_output=True, check=False
    )
    assert "Grüß".encode() in done.stdout
    assert b"terminated" in done.stderr
    assert b"ECONNRESET" in done.stderr


def test_show_writes_the_script_of_every_implementation_that_has_one(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """As recorded, or cut as a finding needs it."""
    assert set(IMPLEMENTATIONS) == set(RUN_BY)
    for name in IMPLEMENTATIONS:
        assert main(["show", META, "--script", name]) == 0
        whole = capsys.readouterr().out
        assert main(["show", META, "--script", name, "--every", "10"]) == 0
        assert len(capsys.readouterr().out.splitlines()) > len(whole.splitlines())
    assert main(["show", META, "--every", "10"]) == 2
    assert main(["show", META, "--script", name, "--cuts", "999999"]) == 2


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


def test_the_page_names_the_versions_of_the_lock_and_every_adapter() -> None:
    page = (SOURCE.parents[3] / "docs" / "node.md").read_text("utf-8")
    for name in ("openai", "@ai-sdk/openai", "@ai-sdk/openai-compatible"):
        assert f"`{name}` {locked_versions()[name]}" in " ".join(page.split())
    assert all(f"| `impl:{name}` |" in page for name in SHIPPED_PROGRAMS)
    assert all(case in page for case in (AFTER_CALL, CUT_AFTER_CALL))


def test_the_lock_names_no_address() -> None:
    """Every package is pinned with its hash, so the place it comes from does not matter."""
    packages = json.loads((SOURCE / "package-lock.json").read_bytes())["packages"]
    named = {path: package for path, package in packages.items() if path}
    assert len(named) >= 3
    assert all("integrity" in package and "resolved" not in package for package in named.values())
