"""A language model of some kilobytes that knows nothing: for servers that want a real file.

Its weights are random but for one thing: it likes to close what is open (`"`, `}`, `]`), so that
an answer held to a grammar ends soon.
"""

from pathlib import Path

import numpy as np

_WIDTH, _HEADS, _INNER, _CONTEXT = 32, 2, 64, 8192
_LIKED = {'"': 9.0, "}": 8.0, "{": 6.0, "]": 3.0}
_TEMPLATE = (
    "{% for m in messages %}{{ m['role'] + ': ' + m['content'] + '\\n' }}{% endfor %}assistant: "
)


def write(path: Path, seed: int = 4) -> Path:
    """A Llama of one layer over bytes, in GGUF. Raises ImportError without the package `gguf`."""
    import gguf

    tokens = ["<unk>", "<s>", "</s>", *(f"<0x{n:02X}>" for n in range(256))]

    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name("tiny random")
    writer.add_context_length(_CONTEXT)
    writer.add_embedding_length(_WIDTH)
    writer.add_block_count(1)
    writer.add_feed_forward_length(_INNER)
    writer.add_head_count(_HEADS)
    writer.add_head_count_kv(_HEADS)
    writer.add_rope_dimension_count(_WIDTH // _HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_vocab_size(len(tokens))
    writer.add_tokenizer_model("llama")
    writer.add_token_list(tokens)
    writer.add_token_scores([0.0] * len(tokens))
    writer.add_token_types(_kinds(len(tokens)))
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_chat_template(_TEMPLATE)
    for name, weights in _tensors(tokens, np.random.default_rng(seed)).items():
        writer.add_tensor(name, weights.astype(np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _kinds(count: int) -> list[int]:
    """Unknown, two controls, then bytes, as llama.cpp numbers them."""
    return [2, 3, 3] + [6] * (count - 3)


def _tensors(tokens: list[str], chance: np.random.Generator) -> dict[str, np.ndarray]:
    """Every token points the same way in its first dimension; liked ones are found there."""
    embedding = chance.normal(0, 0.02, (len(tokens), _WIDTH))
    embedding[:, 0] = 1.0
    output = chance.normal(0, 0.2, (len(tokens), _WIDTH))
    output[:, 0] = 0.0
    for text, weight in _LIKED.items():
        output[3 + ord(text), 0] = weight
    output[2, 0] = -9.0  # it does not stop before it may
    made = {"token_embd": embedding, "output": output}
    made |= {name: np.ones(_WIDTH) for name in ("output_norm", "blk.0.attn_norm", "blk.0.ffn_norm")}
    shapes = dict.fromkeys(("attn_q", "attn_k", "attn_v", "attn_output"), (_WIDTH, _WIDTH))
    shapes |= {"ffn_gate": (_INNER, _WIDTH), "ffn_up": (_INNER, _WIDTH)}
    shapes |= {"ffn_down": (_WIDTH, _INNER)}
    made |= {f"blk.0.{part}": chance.normal(0, 0.02, shape) for part, shape in shapes.items()}
    return {f"{name}.weight": weights for name, weights in made.items()}
