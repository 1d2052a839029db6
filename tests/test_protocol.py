"""The protocol of `cmd:`: its messages, where a parser enters, and what the documents say of it."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import msgspec
import pytest
import yaml

import chunkproof_conformance
from chunkproof_conformance.cli.main import main
from chunkproof_conformance.connect import protocol
from chunkproof_conformance.connect.adapter import SkippedRunError, SseFrame, Stream
from chunkproof_conformance.connect.layers import entering
from chunkproof_conformance.connect.process import LineProcess
from chunkproof_conformance.connect.program import Program
from chunkproof_conformance.connect.validation import validate

if TYPE_CHECKING:
    pass

SCHEMAS = Path(chunkproof_conformance.__path__[0]) / "schemas" / "protocol"
TWO = Stream((b"two", b"more"))
HELLO = (
    b'data: {"id":"c1","choices":[{"index":0,"delta":{"content":"hi"},"finish_reason":"stop"}]}'
    b"\n\ndata: [DONE]\n\n"
)


# The protocol ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", protocol.MESSAGES)
def test_the_published_schemas_are_those_of_the_types(name: str) -> None:
    schema = json.loads((SCHEMAS / f"{name}.schema.json").read_bytes())
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema == protocol.json_schema(name)


def test_there_is_a_schema_for_every_message_and_no_other() -> None:
    there = {path.name.removesuffix(".schema.json") for path in SCHEMAS.iterdir()}
    assert there == set(protocol.MESSAGES)


COMMANDS: list[msgspec.Struct] = [
    protocol.Start(),
    protocol.Load("s1", body=b"\0\xff", headers=[("content-type", "text/event-stream")]),
    protocol.Load("s1", frames=[SseFrame("{}", "error")], end="reset"),
    protocol.Load("s1", chunks=[{"choices": []}], request={"n": 2}),
    protocol.Run(1, "s1", [3, 17]),
    protocol.Run(1, "s1", step=True),
    protocol.Run(1, "s1", base_url="http://127.0.0.1:1/r/x/v1"),
    protocol.Piece(1, b"\0"),
    protocol.EndOfPieces(1),
    protocol.Stop(),
]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_obeys_its_schema_and_is_one_line(command: Any) -> None:
    line = protocol.to_line(command)
    assert line.index(b"\n") == len(line) - 1
    validate(json.loads(line)["cmd"], json.loads(line))
    assert msgspec.json.decode(line, type=type(command)) == command


def test_no_case_name_and_no_expectation_can_cross() -> None:
    """The members of the commands are these, and no other may be added in silence."""
    members = {name: protocol.MESSAGES[name].__struct_fields__ for name in ("start", "load", "run")}
    assert members == {
        "start": ("protocol",),
        "load": ("stream", "body", "frames", "chunks", "end", "status", "headers", "request"),
        "run": ("seq", "stream", "cuts", "options", "step", "base_url"),
    }


def test_a_line_is_written_whole_before_the_answer_is_awaited() -> None:
    """A program that echoes while it is written to is no deadlock."""
    echo = LineProcess(["cat"], max_line=64 << 20)
    line = b"z" * (4 << 20) + b"\n"
    assert echo.ask(line, 60.0) + b"\n" == line
    echo.close()


# Where a parser enters ------------------------------------------------------------------------


def test_frames_and_chunks_are_made_by_the_layers_below() -> None:
    stream = Stream((HELLO[:30], HELLO[30:]))
    frames = entering(stream, "frames").frames
    assert frames is not None
    assert [frame.data[-6:] for frame in frames] == ['op"}]}', "[DONE]"]
    chunks = entering(stream, "chunks").chunks
    assert chunks == (
        {
            "id": "c1",
            "choices": [{"index": 0, "delta": {"content": "hi"}, "finish_reason": "stop"}],
        },
    )
    assert entering(stream, "bytes") is stream


@pytest.mark.parametrize(("body", "end"), [(HELLO, "eof"), (HELLO[:-14], "reset")])
def test_behind_a_client_nobody_sees_what_the_transport_does_after_done(
    body: bytes, end: str
) -> None:
    assert entering(Stream((body,), end="reset"), "chunks").end == end


@pytest.mark.parametrize(
    ("body", "entry", "says_what"),
    [
        (b'{"error": "no"}', "frames", "no event stream"),
        (b"data: {\n\n", "chunks", "frame 1 is no chunk"),
        (b"event: error\ndata: {}\n\n", "chunks", "error event"),
    ],
)
def test_what_the_layer_below_cannot_make_is_skipped(
    body: bytes, entry: Any, says_what: str
) -> None:
    with pytest.raises(SkippedRunError, match=says_what):
        entering(Stream((body,)), entry)


# The documents --------------------------------------------------------------------------------

PAGE = Path(__file__).parent.parent / "docs" / "ci.md"


def test_the_shell_example_of_the_page_on_ci_speaks_the_protocol(tmp_path: Path) -> None:
    """It reads nothing, says so, and is judged; every message obeys its schema."""
    (script,) = re.findall(r"```sh\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    path = tmp_path / "adapter.sh"
    path.write_text(script, encoding="utf-8")
    connection = Program(["sh", str(path)], validate=validate)
    assert connection.start().name == "sh"
    for stream in (Stream((b"one",)), TWO):
        assert connection.run(stream).outcome == "incomplete"
    connection.stop()


def test_the_python_example_of_the_page_on_ci_is_an_adapter(tmp_path: Path) -> None:
    (code,) = re.findall(r"```python\n(from chunkproof.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    library = (
        "class my_parser:\n"
        "    Error = ValueError\n"
        "    def parse(pieces):\n"
        "        class message:\n"
        "            text, finish_reason = b''.join(pieces).decode(), 'stop'\n"
        "        return message\n"
    )
    path = tmp_path / "adapter.py"
    path.write_text(library + code, encoding="utf-8")
    connection = Program([sys.executable, str(path)], validate=validate)
    assert connection.start().name == "my-parser"
    (choice,) = connection.run(TWO).choices or ()
    assert choice.text == "twomore"
    connection.stop()


def test_the_action_runs_a_command_that_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    """Every option that action.yml passes is one of `chunkproof run`."""
    action = yaml.safe_load((PAGE.parent.parent / "action.yml").read_text("utf-8"))
    script = action["runs"]["steps"][-1]["run"]
    options = set(re.findall(r"(?<![\w-])(--?[a-z][a-z-]*)(?= )", script)) - {"-z"}
    assert main(["run", "--help"]) == 0
    text = capsys.readouterr().out
    assert len(options) >= 5
    assert not {option for option in options if option not in text}
