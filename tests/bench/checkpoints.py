"""Checkpoints of the real sizes with random weights, in openai-whisper's own format.

    python -m tests.bench.checkpoints tiny base turbo --out DIR [--seed 0] [--tokens 100]

For speed and equality on machines without the official weights: the shapes, the number format
(fp16) and the vocabulary are those of the official checkpoints, and what they write means nothing.
`whisper.load_model(path)` takes them.

Plain random weights would write one token over and over, or end at once. So that the work looks
like work (a window gives about `--tokens` different words, then ends; another sound, other words):

- Tokens differ along a window, because position embeddings are large against token embeddings
  (which are also the output's weights: a token that weighs much in its own input repeats itself).
- They depend on the sound (two clips have half of their tokens in common), because cross-attention
  looks at few frames: the scores' standard deviation is 2.5, where a plain initialisation spreads
  it over all 1,500, and what all frames share is taken out of the encoder's output.
- They depend weakly on the tokens before, so that two precisions that differ in one token agree
  again later. Real models do that for a better reason.
- Logits have a standard deviation of 8: the mean log-probability is about -0.55, as in a doubtful
  passage of a real talk, and no guard's threshold is crossed.
- One direction of the output lifts tokens that are a space and a lower-case word, and sinks
  timestamps and everything special: windows hold text, not stamps. Whisper's rules force the first
  timestamp all the same.
- Another direction lifts the end of text from the position on where `--tokens` tokens have been
  written without a prompt. A prompt of n tokens makes windows n tokens shorter; `--tokens 0` never
  ends (the engine's own limit does). A short window has as many tokens as a long one.

What this cannot be: accuracy of any kind, the spread of lengths and the confidence of real text,
attention that a real model would have. Agreement between precisions is that of a network whose
best two tokens lie as close as doubtful ones.
"""

import argparse
import math
import re
import sys
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor
from whisper.audio import log_mel_spectrogram
from whisper.model import AudioEncoder, ModelDimensions, Whisper, sinusoids
from whisper.tokenizer import Tokenizer, get_tokenizer

# Mels, then width, heads, layers of the encoder and of the decoder.
SIZES = {
    "tiny": (80, 384, 6, 4, 4),
    "base": (80, 512, 8, 6, 6),
    "small": (80, 768, 12, 12, 12),
    "medium": (80, 1024, 16, 24, 24),
    "large-v3": (128, 1280, 20, 32, 32),
    "turbo": (128, 1280, 20, 32, 4),
}
LOGITS = 8.0  # standard deviation
STREAM = 3.5  # of the residual stream at the decoder's end, most of it position and sound
POSITION = 3.0
LOOK = 2.5  # of cross-attention's scores
SHARES = {"attn": 0.3, "cross_attn": 2.0, "mlp": 0.5}  # of the stream, all layers together
WORD, SPECIAL = 4.0, -25.0  # what is added to a logit
END = 130.0  # the end's logit, where it is due, before the stream takes its share
PLAIN_WORD = re.compile(r" [a-z]{2,}")


def dimensions(size: str, *, english: bool = False) -> ModelDimensions:
    """The official dimensions. The large ones know 100 languages, the others 99, `.en` one."""
    mels, width, heads, encoder, decoder = SIZES[size]
    vocabulary = 51864 if english else 51866 if mels == 128 else 51865
    return ModelDimensions(
        n_mels=mels,
        n_audio_ctx=1500,
        n_audio_state=width,
        n_audio_head=heads,
        n_audio_layer=encoder,
        n_vocab=vocabulary,
        n_text_ctx=448,
        n_text_state=width,
        n_text_head=heads,
        n_text_layer=decoder,
    )


def random_checkpoint(dims: ModelDimensions, *, seed: int = 0, tokens: int = 100) -> Whisper:
    """A model whose windows end after `tokens` tokens (0: never), the same for the same seed."""
    dice = torch.Generator().manual_seed(seed)
    model = Whisper(dims)
    with torch.no_grad():
        for name, tensor in model.named_parameters():
            _fill(name, tensor, dims, dice)
        _sinusoids(model.encoder.positional_embedding)
        _spread(model.encoder, dims, dice)
        _steer(model, tokenizer_of(dims), dice, tokens)
    return model.eval()


def _fill(name: str, tensor: Tensor, dims: ModelDimensions, dice: torch.Generator) -> None:
    """One parameter as its place in the network wants it."""
    width = dims.n_text_state
    if name.endswith("bias"):
        tensor.zero_()
    elif tensor.ndim == 1:  # layer norms
        tensor.fill_(1.0)
    elif name.endswith("token_embedding.weight"):
        tensor.normal_(0, LOGITS / math.sqrt(width), generator=dice)
    elif name.endswith("positional_embedding"):
        tensor.normal_(0, POSITION, generator=dice)
    else:
        gain = _gain(name, dims)
        fan_in = tensor[0].numel()
        tensor.normal_(0, gain / math.sqrt(fan_in), generator=dice)


def _gain(name: str, dims: ModelDimensions) -> float:
    """How much a linear layer or convolution lifts the standard deviation of what it is given."""
    if "cross_attn.query" in name or "cross_attn.key" in name:
        return math.sqrt(LOOK)  # scores are products of the two, already divided by the width
    side, layers = (
        ("decoder", dims.n_text_layer)
        if name.startswith("decoder")
        else ("encoder", dims.n_audio_layer)
    )
    for part, share in SHARES.items():
        if f".{part}.out" in name or (part == "mlp" and ".mlp.2" in name):
            return share / math.sqrt(layers) if side == "decoder" else 1 / math.sqrt(layers)
    return 1.0


def _sinusoids(out: Tensor) -> None:
    """The encoder's positions, which are no weights but stand in the checkpoint."""
    out.copy_(sinusoids(*out.shape))


def _spread(encoder: AudioEncoder, dims: ModelDimensions, dice: torch.Generator) -> None:
    """Take out what all frames of the encoder's output share: three quarters of its length.

    Cross-attention would see little else. What it is, is measured on noise with pauses.
    """
    beat = torch.sin(torch.arange(30 * 16000) / 16000 * 5).clamp(min=0.01)
    noise = torch.randn(30 * 16000, generator=dice) * 0.1 * beat
    frames = encoder(log_mel_spectrogram(noise, dims.n_mels)[None])[0]
    share = frames.mean(0)
    rest = (frames - share).std()
    encoder.ln_post.weight /= rest
    encoder.ln_post.bias.copy_(-share / rest)


def _steer(model: Whisper, tokenizer: Tokenizer, dice: torch.Generator, tokens: int) -> None:
    """Lift words, sink what is special, and end after `tokens`: two directions of the output."""
    decoder = model.decoder
    embedding, width = decoder.token_embedding.weight, model.dims.n_text_state
    kind, end = torch.linalg.qr(torch.randn(width, 2, generator=dice))[0].T
    for direction in (kind, end):  # nothing else may point there
        embedding -= torch.outer(embedding @ direction, direction)
        decoder.positional_embedding -= torch.outer(
            decoder.positional_embedding @ direction, direction
        )
    lift = torch.zeros(len(embedding))
    lift[tokenizer.eot :] = SPECIAL
    lift[[t for t in range(tokenizer.eot) if PLAIN_WORD.fullmatch(tokenizer.decode([t]))]] = WORD
    scale = math.sqrt(width)
    embedding += torch.outer(lift / scale, kind)
    decoder.ln.bias += scale * kind
    # The stream's share along `end` is divided by its deviation before it meets the embedding.
    embedding[tokenizer.eot] += (END / scale) * end
    if tokens:
        due = len(tokenizer.sot_sequence) - 1 + tokens
        decoder.positional_embedding[due:] += STREAM * scale * end


def tokenizer_of(dims: ModelDimensions) -> Tokenizer:
    english = dims.n_vocab < 51865
    return get_tokenizer(
        not english,
        num_languages=dims.n_vocab - 51765 - (not english),
        language=None if english else "en",
        task=None if english else "transcribe",
    )


def save(model: Whisper, path: Path) -> None:
    """As the official ones are: fp16, `dims` and `model_state_dict`."""
    state = {k: v.half() for k, v in model.state_dict().items()}
    torch.save({"dims": model.dims.__dict__, "model_state_dict": state}, path)


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    names = [*SIZES, *(f"{s}.en" for s in ("tiny", "base", "small", "medium"))]
    parser.add_argument("sizes", nargs="+", metavar="SIZE", choices=names, help=", ".join(names))
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--tokens", type=int, default=100, help="of a window; 0: no end")
    told = parser.parse_args(arguments)
    told.out.mkdir(parents=True, exist_ok=True)
    for name in told.sizes:
        dims = dimensions(name.removesuffix(".en"), english=name.endswith(".en"))
        path = told.out / f"random-{name}.pt"
        save(random_checkpoint(dims, seed=told.seed, tokens=told.tokens), path)
        print(f"{path}  {path.stat().st_size / 1e6:.0f} MB")


if __name__ == "__main__":
    main(sys.argv[1:])
