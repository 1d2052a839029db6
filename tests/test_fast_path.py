"""The fast paths conclude nothing that the whole way does not: same events, same result.

There are two: a frame that nearly repeats the one before is read by its strings alone
(`skeleton`), and a plain JSON object by a strict decoder that sees no duplicate keys
(`payload.maybe_plain_object`).

Streams are made of frames that nearly repeat each other, which is where remembering bytes
could go wrong: another member beside the text, the text at another place, a duplicate key,
an escape, half of a surrogate pair, padding that is none, an index that means another call.
"""

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chunkproof import AnyEvent, StreamParser
from chunkproof import payload as payload_module
from chunkproof import stream as stream_module
from chunkproof.events import Reasoning, Text, ToolArguments
from chunkproof.payload import Kind, PayloadReader, maybe_plain_object
from chunkproof.skeleton import maybe_skeleton

ENVELOPE = '"id":"c1","created":1,"model":"m"'


def whole(choice: str, more: str = "") -> str:
    return f'{{{ENVELOPE},"choices":[{choice}]{more}}}'


def delta(members: str, more: str = "") -> str:
    return whole(f'{{"index":0,"delta":{{{members}}},"finish_reason":null}}', more)


def tool(members: str) -> str:
    return delta(f'"tool_calls":[{{{members}}}]')


STRINGS = [
    "a",
    "ab",
    "",
    "\\n",
    '\\"',
    "\\\\",
    "\\u00e9",
    "é",
    "\\ud83d",
    "\\ude00",
    "x\\ud83d",
    "{",
]
TEMPLATES = [
    delta('"content":"%s"'),
    delta('"content":"%s"', ',"obfuscation":"x1"'),
    delta('"content":"a"', ',"obfuscation":"%s"'),
    delta('"content":"%s"', ',"service_tier":"%s"'),
    delta('"content":"%s","content":"b"'),
    delta('"reasoning":"%s"'),
    delta('"reasoning":"%s","content":"%s"'),
    delta('"reasoning":"%s","reasoning_content":"%s"'),
    delta(
        '"content":"","reasoning":"%s",'
        '"reasoning_details":[{"type":"reasoning.text","text":"%s","index":0}]'
    ),
    delta('"content":["%s"]', ',"foo":{"content":"%s"}'),
    delta('"refusal":"%s"'),
    delta('"content":"t","refusal":"%s"'),
    delta('"content":"%s","reasoning":"r"'),
    delta('"content":"t","tool_calls":[{"index":0,"function":{"arguments":"%s"}}]'),
    delta('"function_call":{"arguments":"%s"}'),
    tool('"index":0,"function":{"arguments":"%s"}'),
    tool('"index":0,"id":"i","function":{"name":"f","arguments":"%s"}'),
    tool('"index":0,"id":"%s","function":{"name":"f","arguments":"{}"}'),
    tool('"function":{"arguments":"%s"}'),
    whole('{"index":0,"delta":{},"finish_reason":"stop"}'),
    whole('{"index":1,"delta":{"content":"%s"},"finish_reason":null}'),
    whole('{"index":0,"delta":{"content":"%s"},"p":"%s"}'),
]


@st.composite
def nearly_equal_frames(draw: st.DrawFn) -> bytes:
    """Bodies of a few shapes, each repeated with other strings; shrinks to few frames."""
    shapes = draw(st.lists(st.sampled_from(TEMPLATES), min_size=1, max_size=3))
    frames = []
    for _ in range(draw(st.integers(1, 8))):
        shape = draw(st.sampled_from(shapes))
        one = draw(st.sampled_from(STRINGS))
        other = draw(st.sampled_from([one, draw(st.sampled_from(STRINGS))]))
        fields = [one, other][: shape.count("%s")]
        kind = draw(st.sampled_from(["", "", "", "event: message\n", "event: error\n"]))
        frames.append(kind + "data: " + shape % tuple(fields))
    return "\n\n".join([*frames, "data: [DONE]", ""]).encode()


def read(body: bytes) -> tuple[list[AnyEvent], dict[str, Any]]:
    parser = StreamParser()
    events = [*parser.feed(body), *parser.close()]
    return events, parser.result().to_dict()


PLAIN = "data: " + delta('"content":"t"') + "\n\n"
WAITING = "data: " + delta('"content":"t","refusal":"\\ud83d"') + "\n\n"


@given(nearly_equal_frames())
@example((PLAIN + 2 * WAITING).encode())
def test_remembered_frames_mean_what_the_whole_way_says(body: bytes) -> None:
    fast = read(body)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stream_module, "maybe_skeleton", lambda *_: None)
        assert read(body) == fast
        patch.setattr(payload_module, "maybe_plain_object", lambda _: None)
        assert read(body) == fast


SCALARS = [
    *("0", "-0", "-0.0", "1", "1.0", "1e2", "1E400", "NaN", "-Infinity", "true", "null", "01"),
    *("123456789012345678901234567890", "9" * 5_000, "0.1", "1e-400", "-1.5e300", "+1", ".5"),
    *('""', '":"', '"a:b"', '"\\u003a"', '"\\u003A:"', '"\\\\u003a"', '"\\u003a\\u003a"'),
    *('"\\ud83d\\ude00"', '"\\ud83d"', '"\\ude00:"', '"é:😀"', '"\\":"', '"\\\\"', '"a\tb"'),
]
NAMES = ['"a"', '"a"', '"b"', '"\\u0061"', '"a:"', '"a\\u003a"', '""', '"\\ud83d"', '"é"']


@st.composite
def json_texts(draw: st.DrawFn, depth: int = 3) -> str:
    """Texts that are JSON or nearly: names that repeat, colons everywhere; shrinks to scalars."""
    space = st.sampled_from(["", "", "", " ", "\n", "\t", "\u00a0"])
    kind = draw(st.sampled_from(["scalar", "list", "object"])) if depth else "scalar"
    if kind == "scalar":
        return draw(st.sampled_from(SCALARS))
    items = draw(st.lists(json_texts(depth - 1), max_size=3))
    if kind == "list":
        return f"[{','.join(items)}{draw(space)}]"
    members = [
        draw(st.sampled_from(NAMES)) + draw(space) + ":" + draw(space) + item for item in items
    ]
    return "{" + ",".join(members) + draw(space) + "}"


@st.composite
def object_payloads(draw: st.DrawFn) -> bytes:
    """Payloads that begin like an object; shrinks to an object of one member."""
    members = draw(st.lists(st.tuples(st.sampled_from(NAMES), json_texts()), min_size=1))
    text = "{" + ",".join(f"{name}:{value}" for name, value in members) + "}"
    return (text + draw(st.sampled_from(["", "", " ", "\r", "x", "\n{}"]))).encode()


@given(object_payloads())
@example(b'{"a":1,"a":2}')
@example(b'{"a":1,"a" :2}')
@example(b'{"a":"\\u003a","a":1}')
@example(b'{"a":"::","a":1}')
@example(b'{"a":{"b":":"},"a":":","c":"\\u003A"}')
@example(b'{"a":"\xff"}')
@example(b'{"a":' + b"[" * 255 + b"]" * 255 + b"}")
@example(b'{"a":' + b"[" * 256 + b"]" * 256 + b"}")
def test_a_plain_object_means_what_the_whole_way_says(data: bytes) -> None:
    """It is taken only where the tolerant reader needs no repair, and has the same value."""
    value = maybe_plain_object(data)
    if value is not None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(payload_module, "maybe_plain_object", lambda _: None)
            (payload,) = PayloadReader().read(data)
        assert (payload.kind, payload.repairs) == (Kind.CHUNK, ())
        # Written out, as 1 and true and 1.0 are equal to Python and are not the same.
        assert json.dumps(value) == json.dumps(payload.value)
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode()


@pytest.mark.parametrize(
    "text",
    [
        *(
            shape.replace("%s", 'a:b"\\u00e9\\ud83d\\ude00'.replace('"', '\\"'))
            for shape in TEMPLATES
        ),
        '{"a": {"b": [1, 2.5, null, true, "x"]}, "c": ":"}',
        '{"a":"\\u003c\\u003e","b":123456789012345678901234567890}',
    ],
)
def test_plain_objects_are_read_by_the_strict_decoder(text: str) -> None:
    """Else the law above would say nothing. A duplicate key is seen, wherever it stands."""
    expected = '"content":"b"' not in text
    assert (maybe_plain_object(text.encode()) is not None) == expected
    assert maybe_plain_object(text.replace("{", '{"z":0,"z":0,', 1).encode()) is None


def test_the_fast_path_is_taken() -> None:
    """Else the law above would compare the whole way with itself."""
    learned: list[tuple[str, AnyEvent]] = [
        (TEMPLATES[0], Text(0, "a", 1)),
        (TEMPLATES[1], Text(0, "a", 1)),
        (TEMPLATES[5], Reasoning(0, "a", 1)),
        (tool('"index":0,"function":{"arguments":"%s"}'), ToolArguments(0, 0, "a", 1)),
    ]
    for shape, event in learned:
        skeleton = maybe_skeleton((shape % "a").encode(), [event])
        assert skeleton is not None
        assert skeleton.read((shape % 'b\\n"'.replace('"', '\\"')).encode()) == 'b\n"'
        assert skeleton.read((shape % 'b"').encode()) is None


@pytest.fixture
def read_whole(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The data of the frames that were read the whole way."""
    whole_way = PayloadReader.read
    seen: list[bytes] = []

    def counted(self: PayloadReader, data: bytes) -> Any:
        seen.append(data)
        return whole_way(self, data)

    monkeypatch.setattr(PayloadReader, "read", counted)
    return seen


def test_a_named_event_is_read_fast(read_whole: list[bytes]) -> None:
    """The type changes nothing about how a payload is read (rule SSE-9), but for `error`."""
    frames = f"event: message\ndata: {TEMPLATES[0] % 'a'}\n\n" * 100
    _, result = read(frames.encode())
    assert result["choices"][0]["text"] == "a" * 100
    assert len(read_whole) < 5


def test_a_stream_that_comes_to_repeat_itself_late_is_read_fast(read_whole: list[bytes]) -> None:
    """Frames that differ at first must not cost all that follow their fast way."""
    one = f"data: {TEMPLATES[0] % 'a'}\n\n"
    changing = "".join(one.replace("c1", f"c{number}") for number in range(500))
    alike = f"data: {TEMPLATES[0] % 'b'}\n\n" * 500
    _, result = read((changing + alike).encode())
    assert result["choices"][0]["text"] == "a" * 500 + "b" * 500
    assert len(read_whole) < 600


def test_a_frame_over_the_limit_is_not_remembered() -> None:
    frame = (TEMPLATES[0] % ("a" * 5000)).encode()
    assert maybe_skeleton(frame, [Text(0, "a" * 5000, 1)]) is None
    assert json.loads(frame)["choices"]


def test_a_reasoning_text_that_its_detail_does_not_mirror_is_read_the_whole_way() -> None:
    """Remembered frames had both alike; one that has not keeps the detail's own text."""
    shape = TEMPLATES[8]
    texts = [("a", "a"), ("b", "b"), ("c", "c"), ("d", "other"), ("e", "e")]
    body = "".join(f"data: {shape % pair}\n\n" for pair in texts).encode()
    _, result = read(body)
    path = "/choices/0/delta/reasoning_details"
    assert result["choices"][0]["reasoning"] == "abcde"
    assert result["extra"][path][0]["text"] == "abcothere"
