"""RSN-4: think tags stay content, unless the option says otherwise; then at any cut."""

import json

import pytest

from chunkproof import StreamParser

# row: content deltas joined -> (reasoning, text) with the option on
CASES = {
    "think-tags-inline": ("<think>t</think>a", "t", "a"),
    "think-tags-inline/space-before": ("\n<think>\nt\n</think>\n\na", "\nt\n", "\n\n\na"),
    "think-orphan-close": ("</think>a", None, "</think>a"),
    "think-unclosed": ("<think>t</thin", "t</thin", None),
    "think-literal-later": ("use <think>x</think>", None, "use <think>x</think>"),
    "think-literal-later/second": ("<think>t</think><think>", "t", "<think>"),
    "never-a-tag": ("<thin", None, "<thin"),
    "angle-brackets-inside": ("<think>a</b</think>c", "a</b", "c"),
    "empty": ("<think></think>", None, None),
}


def body(deltas: list[str], finish: str | None = "stop") -> bytes:
    choices = [{"index": 0, "delta": {"content": text}} for text in deltas]
    choices.append({"index": 0, "delta": {}, "finish_reason": finish})
    frames = [b"data: " + json.dumps({"choices": [choice]}).encode() for choice in choices]
    return b"\n\n".join([*frames, b"data: [DONE]", b""])


def read(deltas: list[str], *, think_tags: bool) -> tuple[str | None, str | None]:
    parser = StreamParser(think_tags=think_tags)
    parser.feed(body(deltas))
    parser.close()
    choice = parser.result().choices[0]
    return choice.reasoning, choice.text


@pytest.mark.parametrize("case", CASES)
def test_tags_stay_content_by_default(case: str) -> None:
    content, _, _ = CASES[case]
    assert read([content], think_tags=False) == (None, content)
    assert read(list(content), think_tags=False) == (None, content)


@pytest.mark.parametrize("case", CASES)
def test_the_option_splits_them_wherever_the_deltas_are_cut(case: str) -> None:
    content, reasoning, text = CASES[case]
    splits = [[content[:cut], content[cut:]] for cut in range(len(content) + 1)]
    for deltas in [[content], list(content), *splits]:
        assert read(deltas, think_tags=True) == (reasoning, text)


def test_what_is_held_comes_out_when_the_stream_is_cut() -> None:
    parser = StreamParser(think_tags=True)
    parser.feed(body(["<think>t</"])[: -len("data: [DONE]\n\n") - 60])
    parser.close()
    assert parser.result().choices[0].reasoning == "t</"


def test_half_of_a_pair_comes_out_behind_what_it_follows() -> None:
    """A half that stays alone is part of the thought in which it came (TXT-4, RSN-4)."""
    for thought in ("a\ud83d", "a</thi\ud83d"):
        reasoning, text = read(["<think>", thought], think_tags=True)
        assert (reasoning, text) == (thought[:-1] + "\ufffd", None)
