"""Protocol version 1: what the harness and an adapter program say to one another.

One JSON object per line, LF at its end, at most `MAX_LINE_BYTES`, UTF-8. The harness writes
commands to the program's standard input; the program answers each but `stop`, in order, on its
standard output. No case name and no expectation is in any of them.

    start -> started      load -> loaded      run -> observed | skipped | broken      stop
    run with step: -> begun; then piece -> emitted, as often as there are pieces; end -> observed

`schemas/protocol/<message>.schema.json` are made of these types.
"""

import json
from typing import Any, Final, Literal, TypeAlias

import msgspec
from msgspec import UNSET, UnsetType

from chunkproof.events import AnyEvent
from chunkproof_conformance.connect.adapter import End, SseFrame
from chunkproof_conformance.judge.observation import Implementation, Observation
from chunkproof_conformance.struct_schema import schema_of

VERSION: Final = 1
MAX_LINE_BYTES: Final = 64 * 1024 * 1024
"""The longest line either side may write."""


class _Message(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Nothing unknown: a misspelt member must not look like an absent one."""


class Start(_Message, frozen=True, tag_field="cmd", tag="start"):
    """Say who you are. The first command, once per process."""

    protocol: Literal[1] = VERSION


class Load(_Message, frozen=True, tag_field="cmd", tag="load"):
    """Keep this stream; it takes the place of the one before.

    One of body, frames and chunks is there, as the program's `input` says; none of them where
    the pieces come one by one (`step`) or from the replay server (`input` http).
    """

    stream: str
    """Names the stream for `run`; says nothing."""
    body: bytes | UnsetType = UNSET
    """All bytes, in base64."""
    frames: list[SseFrame] | UnsetType = UNSET
    chunks: list[Any] | UnsetType = UNSET
    """JSON objects, as a client would have parsed them."""
    end: End = "eof"
    """What the transport does after the last byte."""
    status: int = 200
    headers: list[tuple[str, str]] = []
    request: dict[str, Any] = {}
    """Members beside model and messages that the answer needs, such as n."""


class Run(_Message, frozen=True, tag_field="cmd", tag="run"):
    """Read the loaded stream from its beginning and report."""

    seq: int
    """Repeated in the answer."""
    stream: str
    cuts: list[int] = []
    """Byte offsets where one piece ends and the next begins: ascending, 0 < cut < length."""
    options: dict[str, Any] = {}
    """Of the level messages, such as use_assistant_message."""
    step: bool = False
    """The pieces follow, one `piece` each; answer each before the next comes."""
    base_url: str | UnsetType = UNSET
    """With `input` http: where a client finds the stream; the path goes on as at OpenAI's."""


class Piece(_Message, frozen=True, tag_field="cmd", tag="piece"):
    """One piece of a run with `step`; in base64, never empty."""

    seq: int
    data: bytes


class EndOfPieces(_Message, frozen=True, tag_field="cmd", tag="end"):
    """No more pieces: the transport ends as `load` said."""

    seq: int


class Stop(_Message, frozen=True, tag_field="cmd", tag="stop"):
    """Leave. No answer; what still runs a little later is ended."""


Command: TypeAlias = Start | Load | Run | Piece | EndOfPieces | Stop


class Started(_Message, frozen=True, omit_defaults=True):
    """The answer to `start`."""

    protocol: Literal[1]
    implementation: Implementation


class Loaded(_Message, frozen=True):
    """The answer to `load`."""

    stream: str


class Observed(_Message, frozen=True):
    """The answer to `run` and to `end`: what the library's user saw.

    After `end` the observation's `events` are those that came after the last piece.
    """

    seq: int
    observation: Observation


class Skipped(_Message, frozen=True, omit_defaults=True):
    """The answer to a `run` that the library cannot be made to do. No pass, no failure."""

    seq: int
    skipped: str
    """The reason, in one sentence."""
    issue: str | None = None
    """A link to where that is known."""


class Trouble(_Message, frozen=True, omit_defaults=True):
    """What went wrong in the adapter."""

    message: str
    traceback: str | None = None


class Broken(_Message, frozen=True):
    """The answer to a `run` in which the adapter itself broke, not the library under it."""

    seq: int
    broken: Trouble


class Begun(_Message, frozen=True):
    """The answer to a `run` with `step`: the first piece may come."""

    seq: int


class Emitted(_Message, frozen=True):
    """The answer to `piece`: the events that came out with it."""

    seq: int
    events: list[AnyEvent]


MESSAGES: Final[dict[str, type[msgspec.Struct]]] = {
    "start": Start,
    "load": Load,
    "run": Run,
    "piece": Piece,
    "end": EndOfPieces,
    "stop": Stop,
    "started": Started,
    "loaded": Loaded,
    "observed": Observed,
    "skipped": Skipped,
    "broken": Broken,
    "begun": Begun,
    "emitted": Emitted,
}
"""Every message by the name of its schema: commands first, then answers."""


def json_schema(name: str) -> dict[str, Any]:
    """The JSON Schema (2020-12) of one message of `MESSAGES`."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"chunkproof protocol {VERSION}: {name}",
        **schema_of(MESSAGES[name]),
    }


def to_line(message: msgspec.Struct) -> bytes:
    """The message as one line. Lone surrogates go as escapes."""
    try:
        return msgspec.json.encode(message) + b"\n"
    except UnicodeEncodeError:
        return json.dumps(msgspec.to_builtins(message)).encode() + b"\n"
