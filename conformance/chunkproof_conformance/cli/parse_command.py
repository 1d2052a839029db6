"""`chunkproof parse`: what the reference parser makes of a stream, piece by piece.

Reads a body of Server-Sent Events from FILE, or from standard input as it comes (each read is
one piece: `curl -sN ... | chunkproof parse`). Needs msgspec and the standard library alone.
"""

from __future__ import annotations

import json
import sys
from argparse import Namespace, RawDescriptionHelpFormatter
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, BinaryIO, Final, cast

import msgspec

from chunkproof import StreamParser
from chunkproof.sse import Frame, SseDecoder
from chunkproof_conformance.cli.cuts import add_cut_options
from chunkproof_conformance.cli.main import CommandError
from chunkproof_conformance.cli.parser import Parser
from chunkproof_conformance.cli.timeline import Timeline, quoted
from chunkproof_conformance.judge.fold import Stretch, sequence_of_events
from chunkproof_conformance.synth.cuts import every, pieces_at

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from chunkproof.events import AnyEvent
    from chunkproof_conformance.judge.fold import Entry

LEVELS: Final = ("exact", "sequence", "final", "framing")
READ_BYTES: Final = 64 * 1024


def arguments() -> Parser:
    """The options of the command."""
    parser = Parser(
        prog="chunkproof parse",
        description=__doc__,
        formatter_class=RawDescriptionHelpFormatter,
    )
    parser.add_argument("file", nargs="?", default="-", metavar="FILE", help="- is standard input")
    add_cut_options(parser)
    parser.add_argument(
        "--level",
        choices=LEVELS,
        default="exact",
        help="exact: a timeline of pieces and events (default); sequence: what came in which "
        "order; final: the result; framing: the frames' payloads",
    )
    parser.add_argument("--json", action="store_true", help="JSON on stdout")
    return parser


def run(options: Namespace) -> int:
    """Print what the stream says; 0 whatever its outcome. Raises: CommandError."""
    if sys.stdout is None:  # closed by the shell: `>&-`
        raise CommandError("standard output is closed")
    sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]  # a text stream
    try:
        with _opened(options.file) as source:
            pieces = _pieces(source, options)
            if options.level == "framing":
                _print_frames(pieces, as_json=options.json)
            elif options.level == "exact" and not options.json:
                _print_timeline(pieces)
            else:
                _print_folded(pieces, options.level, as_json=options.json)
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise CommandError(f"cannot write to standard output: {error.strerror}") from error
    return 0


@contextmanager
def _reading(name: str) -> Iterator[None]:
    """Let what the system says of a file stand in one sentence."""
    try:
        yield
    except OSError as error:
        raise CommandError(f"cannot read {name}: {error.strerror or error}") from error


def _opened(name: str) -> BinaryIO:
    with _reading(name):
        # A second handle on standard input: closing it leaves the process's own alone.
        return open(0 if name == "-" else name, "rb", closefd=name != "-")


def _pieces(source: BinaryIO, options: Namespace) -> Iterator[bytes]:
    """The pieces: as asked for; a file whole; standard input as it comes."""
    if options.cuts is None and options.every is None and options.file == "-":
        buffered = cast("Any", source)
        while True:
            with _reading(options.file):
                piece = buffered.read1(READ_BYTES)
            if not piece:
                return
            yield piece
    with _reading(options.file):
        body = source.read()
    if options.every is not None:
        yield from pieces_at(body, every(len(body), options.every))
        return
    try:
        yield from pieces_at(body, options.cuts or ())
    except ValueError as error:
        raise CommandError(f"--cuts: {error}") from error


def _print_timeline(pieces: Iterable[bytes]) -> None:
    """Every piece with the events it brought, as it is read."""
    timeline = Timeline()
    parser = StreamParser()
    for piece in pieces:
        for line in timeline.piece(piece, parser.feed(piece)):
            print(line, flush=True)
    for line in timeline.end(parser.close(), parser.result()):
        print(line)


def _print_folded(pieces: Iterable[bytes], level: str, *, as_json: bool) -> None:
    parser = StreamParser()
    events: list[AnyEvent] = []
    after: list[int] = []
    number = 0
    for number, piece in enumerate(pieces, 1):
        events += parser.feed(piece)
        after += [number] * (len(events) - len(after))
    events += parser.close()
    after += [number] * (len(events) - len(after))
    result = parser.result().to_dict()
    if level == "final":
        print(_json(result) if as_json else json.dumps(result, indent=2, ensure_ascii=False))
        return
    if level == "exact":
        listed = [
            {"after_piece": piece, **msgspec.to_builtins(event)}
            for piece, event in zip(after, events, strict=True)
        ]
        print(_json({"events": listed, "result": result}))
        return
    folded = {
        index: [_entry(entry) for entry in entries]
        for index, entries in sequence_of_events(events).items()
    }
    if as_json:
        print(_json({str(index): entries for index, entries in folded.items()}))
        return
    for index, entries in folded.items():
        print(f"choice {index}")
        for entry in entries:
            rest = "  ".join(f"{k}={quoted(v)}" for k, v in entry.items() if k != "kind")
            print(f"  {entry['kind']:<10} {rest}")
    print(f"outcome {result['outcome']}")


def _entry(entry: Entry) -> dict[str, Any]:
    if isinstance(entry, Stretch):
        return {"kind": entry.kind, "text": entry.text}
    members = msgspec.to_builtins(entry)
    return {"kind": "tool_call", **{k: members[k] for k in ("id", "type", "name", "arguments")}}


def _print_frames(pieces: Iterable[bytes], *, as_json: bool) -> None:
    decoder = SseDecoder()
    items = [item for piece in pieces for item in decoder.feed(piece)]
    items += decoder.close()
    frames = [item for item in items if isinstance(item, Frame)]
    if as_json:
        print(_json([_frame(frame) for frame in frames]))
        return
    for number, frame in enumerate(frames, 1):
        event = frame.event or "message"
        print(f"{number:>5}  {frame.offset:>8}  {event}  {frame.data.decode('utf-8', 'replace')}")


def _frame(frame: Frame) -> dict[str, Any]:
    return {
        "event": frame.event or "message",
        "data": frame.data.decode("utf-8", "replace"),
        "offset": frame.offset,
    }


def _json(value: Any) -> str:
    """One line; text as it is, so that a lone surrogate half would be an error of ours."""
    return json.dumps(value, ensure_ascii=False)
