"""A real checkpoint that says exactly what we scripted, so a real server streams known text.

One transformer layer whose attention and MLP outputs are zero, over one-hot embeddings: the
logits depend on the last token alone, so the output matrix is a table "this token, then that
one". Scripts are cut into pieces of three bytes (an emoji is therefore cut inside its UTF-8),
each piece a token of its own. The chat template ends the prompt with a selector token, taken
from `play:NAME` in the last user message.

Such a recording is "real server, scripted weights": text and token counts are ours; framing,
tool and reasoning parsing, ids, finish reasons and usage are the server's.

Limit: a token has one successor, so a marker such as `<tool_call>` can be one token (as it is
in real checkpoints) only if the chosen scripts contain it once; else it is text in pieces.

Runs inside the server's own environment, as a file: `python puppet.py OUT SCRIPT...`; needs
numpy, tokenizers and safetensors, and imports nothing of this project.
"""

from __future__ import annotations

import argparse
import importlib
import itertools
import json
import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    Matrix = NDArray[np.float32]


def _call(name: str, arguments: str) -> str:
    """A call as the model writes it; arguments: JSON text."""
    return f'<tool_call>\n{{"name": "{name}", "arguments": {arguments}}}\n</tool_call>'


SCRIPTS: Final[Mapping[str, str]] = {
    "hello": "Hello there! This text comes from a tiny scripted model. Bye.",
    "unicode": (
        "Grüße, 日本語 🎉👩\u200d👩\u200d👧 and a tab\there, "
        'a "quote", a back\\slash.\nNew line. END'
    ),
    "tool": (
        '<tool_call>\n{"name": "get_weather", '
        '"arguments": {"city": "Zürich 🎉", "days": 3}}\n</tool_call>'
    ),
    "texttool": (
        'Let me look that up.\n<tool_call>\n{"name": "get_weather", '
        '"arguments": {"city": "Oslo", "days": 1}}\n</tool_call>'
    ),
    "two": (
        '<tool_call>\n{"name": "get_weather", "arguments": {"city": "Rome", "days": 2}}\n'
        '</tool_call>\n<tool_call>\n{"name": "get_time", "arguments": {"tz": "Asia/Tokyo"}}\n'
        "</tool_call>"
    ),
    "noargs": '<tool_call>\n{"name": "ping", "arguments": {}}\n</tool_call>',
    "think": "<think>\nThe user greets me, so I greet back.\n</think>\n\nGood day to you.",
    "thinktool": (
        "<think>\nNeed the weather tool.\n</think>\n\n"
        '<tool_call>\n{"name": "get_weather", "arguments": {"city": "Lima"}}\n</tool_call>'
    ),
    "twoclose": (
        '<tool_call>\n{"name": "get_weather", "arguments": {"city": "Bern", "days": 5}}\n'
        '</tool_call><tool_call>\n{"name": "get_time", "arguments": {"tz": "Asia/Seoul"}}\n'
        "</tool_call>"
    ),
    "tooltext": (
        'First this.\n<tool_call>\n{"name": "get_time", "arguments": {"tz": "Europe/Paris"}}\n'
        "</tool_call>\nAnd then some text after the call."
    ),
    "noarguments": 'Pinging now.\n<tool_call>\n{"name": "ping"}\n</tool_call>',
    "stringarguments": (
        '<tool_call>\n{"name": "get_time", "arguments": "{\\"tz\\": \\"UTC\\"}"}\n</tool_call>'
    ),
    "long": (
        "Once upon a time a parser read one byte, then another, and nothing was lost. "
        "The server sent comments, blank lines and small pieces; the network cut them where it "
        "pleased; yet every word came out in order, exactly once, and the end was the end."
    ),
    "bar": "One, two, three | four, five.",
    "badjson": (
        'One moment.\n<tool_call>\n{"name": "get_weather", "arguments": {"city": "Par\n</tool_call>'
    ),
    # What `record/scenarios.py` asks for, of tools and schemas that some servers hold a model to.
    "count": "one two three four five six seven eight nine ten",
    "weather": _call("get_weather", '{"city": "Zürich", "unit": "c"}'),
    "weathertime": _call("get_weather", '{"city": "Rome", "unit": "c"}')
    + "\n"
    + _call("get_time", '{"tz": "Asia/Tokyo"}'),
    "cityjson": '{"city": "Tokyo", "population": 14000000}',
    # The arguments alone, for servers that write the rest of a call themselves.
    "daysjson": '{"city": "Zürich 🎉", "days": 3}',
    "tzjson": '{"tz": "Asia/Tokyo"}',
    "emptyjson": "{}",
    # An agent's calls, the thoughts inside the arguments.
    "sayfirst": _call("send_message", '{"thinking": "I should greet.", "message": "Hello there!"}'),
    "saylast": _call("send_message", '{"message": "It rains.", "thinking": "Short is enough."}'),
    "saybare": _call("send_message", '{"message": "Just this."}'),
    "sayunicode": _call(
        "send_message",
        '{"thinking": "Überlegen 🤔, 考える", "message": "Grüße, 日本語 👩\u200d👩\u200d👧!"}',
    ),
    "sayescapes": _call(
        "send_message",
        r'{"thinking": "say \"hi\"\n\\ \u00fc", "message": "a\tb \/ \ud83d\ude80 {\"c\":1}\\"}',
    ),
    "sayescaped": _call(
        "send_message",
        r'{"thinking": "say \"hi\"\n\\ \u00fc", "message": "a\tb \ud83d\ude80 {\"c\":1}\\"}',
    ),
    "sayheartbeat": _call(
        "send_message", '{"thinking": "More to do.", "message": "Wait ", "request_heartbeat": true}'
    ),
    "lookfirst": _call("look_up", '{"thinking": "Look it up.", "query": "weather", "page": 2}'),
    "lookmiddle": _call("look_up", '{"query": "rain", "thinking": "Only rain.", "page": 3}'),
    "looklast": _call("look_up", '{"query": "wind", "page": 4, "thinking": "Wind it is."}'),
    "lookbare": _call("look_up", '{"query": "snow"}'),
    "looknested": _call(
        "look_up", '{"thinking": "Narrow it.", "filter": {"thinking": "inner", "days": [1, 2]}}'
    ),
    "pingthink": _call("ping", '{"thinking": "Is it up?"}'),
    "looktwo": _call("look_up", '{"thinking": "North first.", "query": "Oslo"}')
    + _call("look_up", '{"query": "Rome", "thinking": "Then south."}'),
    "saylook": _call("send_message", '{"thinking": "Say so.", "message": "One moment."}')
    + "\n"
    + _call("look_up", '{"thinking": "Now look.", "query": "Graz"}'),
    "textlook": "Let me see.\n" + _call("look_up", '{"thinking": "Why not.", "query": "sun"}'),
    "thinksay": "<think>\nA greeting.\n</think>\n\n"
    + _call("send_message", '{"thinking": "Be kind.", "message": "Good day!"}'),
}
END: Final = "<|im_end|>"
PAD: Final = "<|endoftext|>"
SPECIAL: Final = (PAD, "<|im_start|>", END)
MARKERS: Final = ("<think>", "</think>", "<tool_call>", "</tool_call>")
PIECE_BYTES: Final = 3
LONE: Final = "|"
"""A character that is always its own token, the one the tokenizer encodes it to: servers that
match stop sequences by token find it, as they do in real vocabularies. Once per checkpoint."""

TEMPLATE: Final = """{%- if tools %}<|im_start|>system
# Tools

Signatures of the functions you may call, within <tools></tools> XML tags:
<tools>{% for tool in tools %}
{{ tool | tojson }}{% endfor %}
</tools>

A call is a JSON object within <tool_call></tool_call> XML tags:
<tool_call>
{"name": <function-name>, "arguments": <args-json-object>}
</tool_call><|im_end|>
{% endif %}
{%- set ns = namespace(play='') %}
{%- for m in messages %}
{%- set text = (m.content if m.content is string else '') if m.content else '' %}
{%- if m.role == 'user' and 'play:' in text %}
{%- set ns.play = text.split('play:')[1].split(' ')[0] %}{% endif %}
{{- '<|im_start|>' + m.role + '\\n' }}
{%- if m.reasoning_content %}
{{- '<think>\\n' + m.reasoning_content + '\\n</think>\\n\\n' }}{% endif %}
{{- text }}
{%- if m.tool_calls %}{% for tool_call in m.tool_calls %}
{%- if tool_call.function %}{% set tool_call = tool_call.function %}{% endif %}
{{- '\\n<tool_call>\\n{"name": "' + tool_call.name + '", "arguments": ' }}
{{- tool_call.arguments if tool_call.arguments is string else tool_call.arguments | tojson }}
{{- '}\\n</tool_call>' }}{% endfor %}{% endif %}
{{- '<|im_end|>\\n' }}
{%- endfor %}
{%- if add_generation_prompt %}
{{- '<|im_start|>assistant\\n<|play:' + ns.play + '|>' }}{% endif %}"""
"""The model's chat template; `tool_call.name` and the tags are what servers infer a parser from."""


def selector(script: str) -> str:
    """The token that ends the prompt and starts `script`."""
    return f"<|play:{script}|>"


def byte_characters() -> dict[int, str]:
    """GPT-2's table: a printable character for each of the 256 bytes."""
    kept = {*range(33, 127), *range(161, 173), *range(174, 256)}
    others = iter(range(256, 512))
    return {byte: chr(byte if byte in kept else next(others)) for byte in range(256)}


@dataclass(frozen=True)
class Vocabulary:
    """Every token's text by id: pieces first, then special tokens, then padding."""

    tokens: tuple[str, ...]
    pieces: int
    """How many of them are bytes and pieces (the BPE part); the rest are added tokens."""
    markers: tuple[str, ...]
    """Markers that are single tokens: ordinary added tokens, not special ones."""
    follow: Mapping[int, int]
    """The scripts, as successor by token id."""

    def id_of(self, token: str) -> int:
        """The id of an added token. Raises ValueError if there is none."""
        return self.tokens.index(token, self.pieces)


def cut(text: bytes, used: set[bytes]) -> list[bytes]:
    """`text` in pieces of PIECE_BYTES or a little more, none of them in `used`; adds them to it."""
    pieces: list[bytes] = []
    at = 0
    while at < len(text):
        end = at + PIECE_BYTES
        while text[at:end] in used and end < len(text):
            end += 1
        piece = text[at:end]
        while piece in used:  # the tail collides: glue it to the piece before
            last = pieces.pop()
            used.discard(last)
            piece = last + piece
        pieces.append(piece)
        used.add(piece)
        at = end
    return pieces


def vocabulary(scripts: Sequence[str]) -> Vocabulary:
    """The tokens and successors that make a model say `scripts`, names of SCRIPTS."""
    spoken = {name: SCRIPTS[name] for name in scripts}
    markers = tuple(m for m in MARKERS if sum(t.count(m) for t in spoken.values()) == 1)
    kept = (*markers, LONE)
    pattern = f"({'|'.join(map(re.escape, kept))})"
    characters = byte_characters()
    used = {bytes([byte]) for byte in range(256)} | {b"ab"}
    chains: dict[str, list[str]] = {}
    for name, text in spoken.items():
        chains[name] = chain = []
        for part in re.split(pattern, text):
            cuts = [] if part in kept else cut(part.encode(), used)
            chain += ["".join(characters[b] for b in piece) for piece in cuts] or [part]
        chains[name] = [token for token in chain if token]
    # "ab": llama.cpp refuses a BPE vocabulary without a merge.
    tokens = [characters[byte] for byte in range(256)] + ["ab"]
    tokens += [t for chain in chains.values() for t in chain if t not in kept]
    pieces = len(tokens)
    tokens += [*SPECIAL, *markers, *(selector(name) for name in spoken)]
    tokens += [f"<|pad{at}|>" for at in range(len(tokens), math.ceil(len(tokens) / 64) * 64)]
    ids = {token: at for at, token in enumerate(tokens)}
    follow: dict[int, int] = {}
    for name, chain in chains.items():
        road = [ids[token] for token in (selector(name), *chain, END)]
        follow.update(itertools.pairwise(road))
    return Vocabulary(tuple(tokens), pieces, markers, follow)


def output_matrix(words: Vocabulary) -> Matrix:
    """Logits by [next token, last token]: the script, and babble of a..z for all other tokens."""
    import numpy as np  # noqa: PLC0415 - as tokenizers: only where a checkpoint is made

    size = len(words.tokens)
    random = np.random.default_rng(0)
    matrix = random.normal(0, 0.02, (size, size)).astype(np.float32)
    gain = np.float32(16 / math.sqrt(size))
    for last in range(size):
        babble = int(random.integers(ord("a"), ord("z") + 1))  # single bytes are their own ids
        following = words.follow.get(last, babble)
        matrix[following, last] += gain
    return matrix


def tensors(words: Vocabulary) -> dict[str, Matrix]:
    """All weights of a one-layer Qwen3 model by their checkpoint names, float32."""
    import numpy as np  # noqa: PLC0415

    size = len(words.tokens)
    layer = "model.layers.0."

    def zeros(*shape: int) -> Matrix:
        return np.zeros(shape, np.float32)

    def ones(length: int) -> Matrix:
        return np.ones(length, np.float32)

    return {
        "model.embed_tokens.weight": np.eye(size, dtype=np.float32),
        "lm_head.weight": output_matrix(words),
        "model.norm.weight": ones(size),
        layer + "input_layernorm.weight": ones(size),
        layer + "post_attention_layernorm.weight": ones(size),
        layer + "self_attn.q_proj.weight": zeros(64, size),
        layer + "self_attn.k_proj.weight": zeros(32, size),
        layer + "self_attn.v_proj.weight": zeros(32, size),
        layer + "self_attn.o_proj.weight": zeros(size, 64),
        layer + "self_attn.q_norm.weight": ones(32),
        layer + "self_attn.k_norm.weight": ones(32),
        layer + "mlp.gate_proj.weight": zeros(64, size),
        layer + "mlp.up_proj.weight": zeros(64, size),
        layer + "mlp.down_proj.weight": zeros(size, 64),
    }


def configurations(words: Vocabulary) -> dict[str, dict[str, Any]]:
    """The checkpoint's JSON files by name."""
    size, ends, pads = len(words.tokens), words.id_of(END), words.id_of(PAD)
    return {
        "tokenizer_config.json": {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "eos_token": END,
            "pad_token": PAD,
            "model_max_length": 4096,
            "chat_template": TEMPLATE,
        },
        "config.json": {
            "architectures": ["Qwen3ForCausalLM"],
            "model_type": "qwen3",
            "vocab_size": size,
            "hidden_size": size,
            "intermediate_size": 64,
            "num_hidden_layers": 1,
            "num_attention_heads": 2,
            "num_key_value_heads": 1,
            "head_dim": 32,
            "max_position_embeddings": 4096,
            "rms_norm_eps": 1e-6,
            "hidden_act": "silu",
            "tie_word_embeddings": False,
            "dtype": "float32",
            "rope_theta": 10000.0,
            "eos_token_id": ends,
            "pad_token_id": pads,
            "bos_token_id": None,
        },
        "generation_config.json": {
            "eos_token_id": ends,
            "pad_token_id": pads,
            "do_sample": False,
        },
    }


def save_tokenizer(words: Vocabulary, path: Path, *, hide_selector: bool) -> None:
    """Write `tokenizer.json`.

    hide_selector: decode selectors to nothing, for servers that parse the decoded prompt
    together with the answer. Off, the decoder is plain ByteLevel as in real checkpoints.
    """
    # Imported by name: the package lives in the server's environment, not in the project's.
    tokenizers = importlib.import_module("tokenizers")
    decoders = importlib.import_module("tokenizers.decoders")
    models = importlib.import_module("tokenizers.models")
    pre_tokenizers = importlib.import_module("tokenizers.pre_tokenizers")
    table = {token: at for at, token in enumerate(words.tokens[: words.pieces])}
    tokenizer = tokenizers.Tokenizer(models.BPE(vocab=table, merges=[("a", "b")]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    if hide_selector:
        hidden = decoders.Replace(tokenizers.Regex(r"<\|play:\w+\|>"), "")
        tokenizer.decoder = decoders.Sequence([hidden, decoders.ByteLevel()])
    tokenizer.add_tokens(
        [
            tokenizers.AddedToken(token, special=token not in words.markers, normalized=False)
            for token in words.tokens[words.pieces :]
        ]
    )
    tokenizer.save(str(path))


def write_checkpoint(
    out: Path, scripts: Sequence[str], *, hide_selector: bool = False
) -> Vocabulary:
    """Write a Hugging Face checkpoint that says `scripts` to the directory `out`; 1 to 2 MB."""
    words = vocabulary(scripts)
    out.mkdir(parents=True, exist_ok=True)
    for name, content in configurations(words).items():
        (out / name).write_text(json.dumps(content, indent=1))
    save_tokenizer(words, out / "tokenizer.json", hide_selector=hide_selector)
    safetensors = importlib.import_module("safetensors.numpy")
    safetensors.save_file(tensors(words), str(out / "model.safetensors"), metadata={"format": "pt"})
    return words


def main(arguments: Iterable[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Write a checkpoint that says chosen scripts.")
    parser.add_argument("out", type=Path, help="directory of the checkpoint")
    parser.add_argument("scripts", nargs="+", choices=list(SCRIPTS), metavar="SCRIPT")
    parser.add_argument("--hide-selector", action="store_true", help="decode it to nothing")
    options = parser.parse_args(None if arguments is None else list(arguments))
    write_checkpoint(options.out, options.scripts, hide_selector=options.hide_selector)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
