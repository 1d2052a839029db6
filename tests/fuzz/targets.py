"""What is fuzzed: functions that raise where something is wrong with a reader.

One input, one property, no expected value. `harness.py` hands them to atheris;
`test_harness.py` runs each over a few hundred inputs without it.
"""

import json
import re
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Final

import msgspec

from chunkproof import StreamParser
from chunkproof.partial_json import JsonScanner, JsonStatus
from chunkproof.payload import Kind, PayloadReader
from chunkproof.sse import Frame, Item, SseDecoder
from chunkproof_conformance.cases.cassette import CassetteError, parse_cassette
from chunkproof_conformance.connect.messages import AnswerError, Codec
from chunkproof_conformance.connect.protocol import Observed
from chunkproof_conformance.judge.levels import judge, levels_of
from chunkproof_conformance.laws.frames import read_frames
from chunkproof_conformance.run.expectations import load_expectation
from chunkproof_conformance.run.plan import cut_plans, stream_of

CAP: Final = 512
"""Bytes of a frame, so that the cap is met."""
BYTEWISE: Final = 192
"""Bytes that are handed over one by one."""
_EXPECTED: Final = load_expectation("inner-thoughts/generic-absent-speech")
_OPTION: Final = "use_assistant_message=true"


def sse(data: bytes) -> None:
    """Frames are the same however the bytes are cut, and those of a slow reader of the rules."""
    whole = decoded([data], SseDecoder())
    assert decoded(small_pieces(data), SseDecoder()) == whole
    middle = len(data) // 2
    assert decoded([data[:middle], data[middle:]], SseDecoder()) == whole
    frames = [item for item in SseDecoder().feed(data) if isinstance(item, Frame)]
    slow = [frame for frame in read_frames(data) if frame.data is not None]
    assert [(one.data, one.event) for one in frames] == [(one.data, one.event) for one in slow]
    small = decoded([data], SseDecoder(CAP))
    assert decoded(small_pieces(data), SseDecoder(CAP)) == small


def small_pieces(data: bytes) -> list[bytes]:
    """Byte by byte at first, then by sevens: a long input must not take long."""
    edges = [*range(min(len(data), BYTEWISE)), *range(BYTEWISE, len(data), 7), len(data)]
    return [data[start:end] for start, end in pairwise(edges)]


def decoded(pieces: list[bytes], decoder: SseDecoder) -> list[Item]:
    """All that a decoder says of these pieces."""
    items = [item for piece in pieces for item in decoder.feed(piece)]
    return items + decoder.close()


def payload(data: bytes) -> None:
    """A payload is read or refused, never dropped; what a chunk says can be written as JSON."""
    for found in PayloadReader().read(data):
        assert found.kind is not Kind.MALFORMED or found.problem
    parser = StreamParser()
    events = parser.feed_frame(data) + parser.feed_frame(data) + parser.close()
    msgspec.json.encode(events)
    json.dumps(parser.result().to_dict(), ensure_ascii=False, allow_nan=False).encode()


def stream(data: bytes) -> None:
    """A body says the same cut and whole, and its result can be written."""
    results = []
    for pieces in ([data], small_pieces(data)):
        parser = StreamParser(max_frame_bytes=CAP)
        events = [event for piece in pieces for event in parser.feed(piece)]
        results.append((events + parser.close(), parser.result().to_dict()))
    assert results[0] == results[1]
    json.dumps(results[0][1], ensure_ascii=False, allow_nan=False).encode()


def partial_json(data: bytes) -> None:
    """A scanner calls a text complete exactly where a JSON reader takes it."""
    text = data.decode("utf-8", "ignore")
    whole, pieces = JsonScanner(), JsonScanner()
    whole.feed(text)
    for letter in text:
        pieces.feed(letter)
    assert whole.status is pieces.status
    if re.search("[0-9]{4000}", text):
        return  # Python refuses to read such an integer, RFC 8259 does not
    try:
        json.loads(text, parse_constant=_refuse)
    except RecursionError:
        return
    except ValueError:
        assert whole.status is not JsonStatus.COMPLETE
    else:
        assert whole.status is JsonStatus.COMPLETE


def _refuse(name: str) -> None:
    raise ValueError(name)


def cassette(data: bytes) -> None:
    """A file is a cassette, or it is refused with a sentence."""
    try:
        case = parse_cassette(data)
    except CassetteError as error:
        _says(error.what, error.remedy)
        return
    assert b"".join(case.pieces) == case.body
    for plan in cut_plans(case):
        assert b"".join(stream_of(case, plan.cuts).pieces) == case.body


def protocol(data: bytes) -> None:
    """A line of an adapter is an answer, or it is refused as one that is none.

    Any observation can be judged, unless it contradicts itself, and then it is told so.
    """
    try:
        answer = Codec().answer(data)
    except AnswerError as error:
        _says(str(error))
        return
    if isinstance(answer, Observed):
        for level in levels_of(_EXPECTED):
            try:
                judge(level, _EXPECTED, answer.observation, frozenset(), option=_OPTION)
            except ValueError as error:
                _says(str(error))


def _says(*sentences: str) -> None:
    """A refusal without a sentence helps nobody."""
    assert all(sentences)


TARGETS: Final[Mapping[str, Callable[[bytes], None]]] = {
    "sse": sse,
    "payload": payload,
    "stream": stream,
    "partial_json": partial_json,
    "cassette": cassette,
    "protocol": protocol,
}
"""Name -> a function that raises where something is wrong with the reader."""
