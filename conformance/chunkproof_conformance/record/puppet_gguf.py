"""The scripted checkpoint as a GGUF file, for servers on llama.cpp.

The same words and successors as `puppet`, in the architecture `llama`. Where a file holds several
scripts their markers are text in pieces; llama.cpp finds calls in the text, not by token.

Runs inside an environment with numpy and gguf: `python -m chunkproof_conformance.record.puppet_gguf
FILE SCRIPT...`, with this project's code on the path; of it only `puppet` is imported.
"""

from __future__ import annotations

import argparse
import importlib
from pathlib import Path
from typing import TYPE_CHECKING, Final

from chunkproof_conformance.record.puppet import (
    END,
    PAD,
    SCRIPTS,
    TEMPLATE,
    Vocabulary,
    output_matrix,
    vocabulary,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from chunkproof_conformance.record.puppet import Matrix

HEAD: Final = 32
"""Length of an attention head; vocabularies are multiples of 64, so heads fill them."""
FEED_FORWARD: Final = 64
CONTEXT: Final = 4096
_NORMAL, _CONTROL, _USER_DEFINED = 1, 3, 4
"""llama.cpp's token types."""


def tensors(words: Vocabulary) -> dict[str, Matrix]:
    """All weights of a one-layer llama by their GGUF names, float32."""
    import numpy as np  # noqa: PLC0415 - only where a model is made

    size = len(words.tokens)
    block = "blk.0."

    def zeros(*shape: int) -> Matrix:
        return np.zeros(shape, np.float32)

    def ones(length: int) -> Matrix:
        return np.ones(length, np.float32)

    return {
        "token_embd.weight": np.eye(size, dtype=np.float32),
        "output.weight": output_matrix(words),
        "output_norm.weight": ones(size),
        block + "attn_norm.weight": ones(size),
        block + "ffn_norm.weight": ones(size),
        block + "attn_q.weight": zeros(size, size),
        block + "attn_k.weight": zeros(HEAD, size),
        block + "attn_v.weight": zeros(HEAD, size),
        block + "attn_output.weight": zeros(size, size),
        block + "ffn_gate.weight": zeros(FEED_FORWARD, size),
        block + "ffn_up.weight": zeros(FEED_FORWARD, size),
        block + "ffn_down.weight": zeros(size, FEED_FORWARD),
    }


def token_types(words: Vocabulary) -> list[int]:
    """Each token's type by id: markers are shown in the answer, selectors and ends are not."""
    added = words.tokens[words.pieces :]
    return [_NORMAL] * words.pieces + [
        _USER_DEFINED if token in words.markers else _CONTROL for token in added
    ]


def write_model(path: Path, scripts: Iterable[str]) -> None:
    """Write a model that says `scripts`; about 10 MB for 16 of them."""
    words = vocabulary(list(scripts))
    size = len(words.tokens)
    # Imported by name: the package lives in the recipe's environment, not in the project's.
    writer = importlib.import_module("gguf").GGUFWriter(str(path), "llama")
    writer.add_name("puppet")
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(size)
    writer.add_block_count(1)
    writer.add_feed_forward_length(FEED_FORWARD)
    writer.add_head_count(size // HEAD)
    writer.add_head_count_kv(1)
    writer.add_key_length(HEAD)
    writer.add_value_length(HEAD)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_rope_dimension_count(HEAD)
    writer.add_vocab_size(size)
    writer.add_file_type(0)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(list(words.tokens))
    writer.add_token_merges(["a b"])
    writer.add_token_types(token_types(words))
    writer.add_bos_token_id(words.id_of(PAD))
    writer.add_eos_token_id(words.id_of(END))
    writer.add_pad_token_id(words.id_of(PAD))
    writer.add_add_bos_token(False)
    writer.add_chat_template(TEMPLATE)
    for name, tensor in tensors(words).items():
        writer.add_tensor(name, tensor)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def main(arguments: Iterable[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Write a GGUF model that says chosen scripts.")
    parser.add_argument("file", type=Path)
    parser.add_argument("scripts", nargs="+", choices=list(SCRIPTS), metavar="SCRIPT")
    options = parser.parse_args(None if arguments is None else list(arguments))
    write_model(options.file, options.scripts)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
