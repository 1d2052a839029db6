"""The fast path concludes nothing that the whole way does not: same events, same result.

Streams are made of frames that nearly repeat each other, which is where remembering bytes
could go wrong: another member beside the text, the text at another place, a duplicate key,
an escape, half of a surrogate pair, padding that is none, an index that means another call.
"""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chunkproof import AnyEvent, StreamParser
from chunkproof import stream as stream_module
from chunkproof.events import Reasoning, Text, ToolArguments
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
        frames.append("data: " + shape % tuple(fields))
    return "\n\n".join([*frames, "data: [DONE]", ""]).encode()


def read(body: bytes) -> tuple[list[AnyEvent], dict[str, Any]]:
    parser = StreamParser()
    events = [*parser.feed(body), *parser.close()]
    return events, parser.result().to_dict()


@given(nearly_equal_frames())
def test_remembered_frames_mean_what_the_whole_way_says(body: bytes) -> None:
    fast = read(body)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stream_module, "maybe_skeleton", lambda *_: None)
        assert read(body) == fast


def test_the_fast_path_is_taken() -> None:
    """Else the law above would compare the whole way with itself."""
    learned: list[tuple[str, AnyEvent]] = [
        (TEMPLATES[0], Text(0, "a", 1)),
        (TEMPLATES[1], Text(0, "a", 1)),
        (TEMPLATES[5], Reasoning(0, "a", 1)),
        (TEMPLATES[12], ToolArguments(0, 0, "a", 1)),
    ]
    for shape, event in learned:
        skeleton = maybe_skeleton((shape % "a").encode(), [event])
        assert skeleton is not None
        assert skeleton.read((shape % 'b\\n"'.replace('"', '\\"')).encode()) == 'b\n"'
        assert skeleton.read((shape % 'b"').encode()) is None


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
