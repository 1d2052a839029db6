"""The scripted checkpoint: its table of successors says the script, byte for byte."""

import numpy as np
import pytest

from chunkproof_conformance.record.puppet import (
    END,
    LONE,
    MARKERS,
    PIECE_BYTES,
    SCRIPTS,
    Vocabulary,
    byte_characters,
    output_matrix,
    selector,
    vocabulary,
)

BYTES = {character: byte for byte, character in byte_characters().items()}
TOGETHER = [
    ("hello", "unicode", "long", "bar"),
    ("tool",),
    ("thinktool",),
    ("two", "twoclose"),
    tuple(SCRIPTS),
]


def spoken(words: Vocabulary, script: str) -> list[bytes]:
    """The bytes of each token from the selector to the end token, by the table alone."""
    token, said = words.id_of(selector(script)), list[bytes]()
    while (token := words.follow[token]) != words.id_of(END):
        text = words.tokens[token]
        said.append(text.encode() if text in MARKERS else bytes(BYTES[c] for c in text))
    return said


@pytest.mark.parametrize("scripts", TOGETHER, ids="+".join)
def test_a_checkpoint_says_each_of_its_scripts(scripts: tuple[str, ...]) -> None:
    """However many scripts share the vocabulary, every one comes out whole."""
    words = vocabulary(scripts)
    for script in scripts:
        assert b"".join(spoken(words, script)).decode() == SCRIPTS[script]


def test_pieces_cut_characters_beyond_ascii() -> None:
    """The point of three-byte pieces: a server must hold back half an emoji."""
    pieces = spoken(vocabulary(["unicode"]), "unicode")

    def is_whole(piece: bytes) -> bool:
        try:
            piece.decode()
        except UnicodeDecodeError:
            return False
        return True

    assert not all(map(is_whole, pieces))
    assert min(map(len, pieces[:-1])) >= PIECE_BYTES


def test_a_marker_is_one_token_where_the_scripts_hold_it_once() -> None:
    assert vocabulary(["tool"]).markers == ("<tool_call>", "</tool_call>")
    assert b"<tool_call>" in spoken(vocabulary(["tool"]), "tool")
    assert vocabulary(["two"]).markers == ()


def test_the_lone_character_is_the_token_that_its_byte_is() -> None:
    """A stop sequence made of it is encoded to exactly the token the model emits."""
    words = vocabulary(["bar"])
    assert LONE.encode() in spoken(words, "bar")
    assert words.tokens.index(LONE) == words.tokens.index(byte_characters()[ord(LONE)])


def test_no_token_stands_twice() -> None:
    for scripts in TOGETHER:
        tokens = vocabulary(scripts).tokens
        assert len(tokens) == len(set(tokens))
        assert len(tokens) % 64 == 0


def test_the_greedy_choice_is_the_table() -> None:
    """The largest logit after each scripted token is its successor, by a clear margin."""
    words = vocabulary(["hello", "unicode", "long", "bar"])
    matrix = output_matrix(words)
    for last, following in words.follow.items():
        column = np.sort(matrix[:, last])
        assert int(matrix[:, last].argmax()) == following
        assert column[-1] > 2 * column[-2]
