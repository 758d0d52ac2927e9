"""openai-whisper's checkpoints in CTranslate2's format: converted once, kept beside the cache.

Knows both formats, and how a folder is made so that a half-made one is never taken for a model.
Does not know recognition, or where checkpoints come from.

The weights are written as they lie in the checkpoint, so one folder serves every precision: what
is asked for is made of them while they are loaded. A checkpoint is read with `weights_only`, and
each tensor must have the name and shape that its dimensions say, so a hostile file cannot run
code and a wrong one is told before anything is written.
"""

import base64
import gzip
import itertools
import json
import os
import pickle
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from translate.errors import BadFileError, MissingError
from translate.model import Progress, Step, no_progress

if TYPE_CHECKING:
    import torch

FORMAT = 1  # of the folder; raised when what stands in it changes
SPARE = 64 << 20  # bytes of disk to leave free
MADE = "made.json"  # the other files' sizes
LARGEST_DIMENSION = 1 << 20
MOST_LAYERS = 1 << 10
# From the first language's token to the end, without the languages.
VOCABULARY_BESIDES_LANGUAGES = 51_765


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversion:
    """Where a converted checkpoint lies or will lie."""

    path: Path  # a folder
    bytes: int  # about, of the whole folder
    present: bool  # nothing will be written


def plan_conversion(checkpoint_bytes: int, sha256: str, cache: Path | None = None) -> Conversion:
    """What `convert` would take for a checkpoint of this hash and size; writes nothing."""
    path = (cache or _cache_dir()) / f"{sha256}-{FORMAT}"
    return Conversion(path=path, bytes=checkpoint_bytes, present=_whole(path))


def convert(
    checkpoint: Path,
    sha256: str,
    *,
    cache: Path | None = None,
    progress: Progress = no_progress,
) -> Path:
    """The folder with `checkpoint` in CTranslate2's format, made now if it is not there.

    `sha256` is the checkpoint's, and the folder's name. Several processes may ask at once: one
    makes it, the others wait. Raises BadFileError for a file that is no checkpoint, MissingError
    where the disk has no room or the cache cannot be written.
    """
    plan = plan_conversion(checkpoint.stat().st_size, sha256, cache)
    if plan.present:
        return plan.path
    from filelock import FileLock

    try:
        plan.path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{plan.path}.lock"):
            if not _whole(plan.path):
                _make(checkpoint, sha256, plan, progress)
    except OSError as error:
        raise MissingError(
            f"{plan.path}: the converted checkpoint cannot be written ({error.strerror or error}).",
            "Free some space, or set XDG_CACHE_HOME to another folder.",
        ) from error
    return plan.path


def _cache_dir() -> Path:
    root = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return root / "see-the-world" / "ct2"


def _whole(folder: Path) -> bool:
    """Whether `folder` holds all that was once written there."""
    try:
        sizes = json.loads((folder / MADE).read_text(encoding="utf-8"))
        return all((folder / name).stat().st_size == size for name, size in sizes.items())
    except (OSError, ValueError, AttributeError, TypeError):
        return False


def _make(checkpoint: Path, sha256: str, plan: Conversion, progress: Progress) -> None:
    """Build the folder under another name and let it take its own when it is whole."""
    part = plan.path.with_name(plan.path.name + ".part")
    for old in (part, plan.path):  # of a killed run; damaged
        if old.exists():
            shutil.rmtree(old)
    free = shutil.disk_usage(plan.path.parent).free
    if free < plan.bytes + SPARE:
        raise MissingError(
            f"{plan.path.parent}: {free / 1e9:.1f} GB free, and the converted checkpoint takes"
            f" {plan.bytes / 1e9:.1f} GB.",
            "Free some space, or set XDG_CACHE_HOME to another folder.",
        )

    def tell(done: int) -> None:
        note = str(plan.path)
        progress(Step(stage="convert", done=done, total=plan.bytes, unit="bytes", note=note))

    tell(0)
    _write(checkpoint, sha256, part)
    sizes = {file.name: file.stat().st_size for file in sorted(part.iterdir())}
    (part / MADE).write_text(json.dumps(sizes, indent=1), encoding="utf-8")
    for file in part.iterdir():  # on the disk before the name says so
        with file.open("rb") as handle:
            os.fsync(handle.fileno())
    part.replace(plan.path)
    tell(plan.bytes)


def _write(checkpoint: Path, sha256: str, folder: Path) -> None:
    from ctranslate2.specs.whisper_spec import WhisperSpec

    dims, state = _read(checkpoint)
    try:
        spec = WhisperSpec(
            dims["n_audio_layer"], dims["n_audio_head"], dims["n_text_layer"], dims["n_text_head"]
        )
        _fill(spec, _Weights(state), dims)
        vocabulary, tokenizer = _vocabulary(dims["n_vocab"])
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise _not_a_checkpoint(checkpoint, str(error)) from error
    spec.register_vocabulary(vocabulary)
    _configure(spec.config, dims, _heads(sha256, dims))
    spec.validate()
    spec.optimize()
    folder.mkdir()
    spec.save(str(folder))
    _save_tokenizer(tokenizer, vocabulary, folder / "tokenizer.json")
    features = {"feature_size": dims["n_mels"], "sampling_rate": 16000, "hop_length": 160}
    features |= {"chunk_length": 30, "n_fft": 400}
    (folder / "preprocessor_config.json").write_text(json.dumps(features), encoding="utf-8")


# --- the checkpoint -------------------------------------------------------------------------------

DIMENSIONS = (
    *("n_mels", "n_audio_ctx", "n_audio_state", "n_audio_head", "n_audio_layer"),
    *("n_vocab", "n_text_ctx", "n_text_state", "n_text_head", "n_text_layer"),
)


def _read(path: Path) -> tuple[dict[str, int], Mapping[str, "torch.Tensor"]]:
    """Dimensions and weights of a checkpoint, not yet held against each other."""
    import torch

    try:
        raw: Any = torch.load(path, map_location="cpu", weights_only=True)
        dims, state = dict(raw["dims"]), dict(raw["model_state_dict"])
    except (
        pickle.UnpicklingError,
        EOFError,
        LookupError,
        TypeError,
        AttributeError,
        ValueError,
        RuntimeError,
    ) as error:
        raise _not_a_checkpoint(path) from error
    sound = set(dims) == set(DIMENSIONS) and all(
        type(v) is int and 0 < v <= LARGEST_DIMENSION for v in dims.values()
    )
    if not sound or max(dims["n_audio_layer"], dims["n_text_layer"]) > MOST_LAYERS:
        raise _not_a_checkpoint(path, "its dimensions are none")
    return dims, state


def _not_a_checkpoint(path: Path, why: str = "") -> BadFileError:
    return BadFileError(
        f"{path}: not a checkpoint in openai-whisper's format{f' ({why})' if why else ''}.",
        "It takes a .pt file with `dims` and `model_state_dict`, as OpenAI publishes them.",
    )


class _Weights:
    """A checkpoint's tensors, each given out once and held against its shape.

    CTranslate2's specifications have no types, hence `Any`.
    """

    def __init__(self, state: Mapping[str, "torch.Tensor"]) -> None:
        self._left = dict(state)

    def take(self, name: str, *shape: int) -> "torch.Tensor":
        import torch

        tensor = self._left.pop(name, None)
        if not isinstance(tensor, torch.Tensor) or tensor.shape != shape:
            raise ValueError(f"{name} is missing or has another shape")
        if not tensor.is_floating_point():
            raise ValueError(f"{name} has no floating-point numbers")
        return tensor

    def finish(self) -> None:
        """Raises ValueError where something is left that nobody has a place for."""
        if self._left:
            raise ValueError(f"{min(self._left)} has no place in it")

    def linear(self, spec: Any, name: str, inner: int, outer: int, *, bias: bool = True) -> Any:
        spec.weight = self.take(f"{name}.weight", outer, inner)
        if bias:
            spec.bias = self.take(f"{name}.bias", outer)
        return spec

    def norm(self, spec: Any, name: str, width: int) -> None:
        spec.gamma = self.take(f"{name}.weight", width)
        spec.beta = self.take(f"{name}.bias", width)

    def attention(self, spec: Any, name: str, width: int, *, to_itself: bool) -> None:
        """Queries, keys and values lie in one matrix; for cross-attention, queries in their own."""
        from ctranslate2.converters.utils import fuse_linear
        from ctranslate2.specs.common_spec import LinearSpec

        query, key, value = (
            self.linear(LinearSpec(), f"{name}.{part}", width, width, bias=part != "key")
            for part in ("query", "key", "value")
        )
        if to_itself:
            fuse_linear(spec.linear[0], [query, key, value])
        else:
            fuse_linear(spec.linear[0], [query])
            fuse_linear(spec.linear[1], [key, value])
        self.linear(spec.linear[-1], f"{name}.out", width, width)
        self.norm(spec.layer_norm, f"{name}_ln", width)

    def block(self, spec: Any, name: str, width: int, *, crossed: bool) -> None:
        self.attention(spec.self_attention, f"{name}.attn", width, to_itself=True)
        if crossed:
            self.attention(spec.attention, f"{name}.cross_attn", width, to_itself=False)
        self.linear(spec.ffn.linear_0, f"{name}.mlp.0", width, 4 * width)
        self.linear(spec.ffn.linear_1, f"{name}.mlp.2", 4 * width, width)
        self.norm(spec.ffn.layer_norm, f"{name}.mlp_ln", width)


def _fill(spec: Any, weights: _Weights, dims: Mapping[str, int]) -> None:
    """Every weight in its place. Raises ValueError where one is missing, odd, or too many."""
    encoder, decoder = spec.encoder, spec.decoder
    width = dims["n_audio_state"]
    for conv, name, channels in (
        (encoder.conv1, "encoder.conv1", dims["n_mels"]),
        (encoder.conv2, "encoder.conv2", width),
    ):
        conv.weight = weights.take(f"{name}.weight", width, channels, 3)
        conv.bias = weights.take(f"{name}.bias", width)
    encoder.position_encodings.encodings = weights.take(
        "encoder.positional_embedding", dims["n_audio_ctx"], width
    )
    weights.norm(encoder.layer_norm, "encoder.ln_post", width)
    for i, layer in enumerate(encoder.layer):
        weights.block(layer, f"encoder.blocks.{i}", width, crossed=False)
    width = dims["n_text_state"]
    table = weights.take("decoder.token_embedding.weight", dims["n_vocab"], width)
    decoder.embeddings.weight = decoder.projection.weight = table
    decoder.position_encodings.encodings = weights.take(
        "decoder.positional_embedding", dims["n_text_ctx"], width
    )
    weights.norm(decoder.layer_norm, "decoder.ln", width)
    for i, layer in enumerate(decoder.layer):
        weights.block(layer, f"decoder.blocks.{i}", width, crossed=True)
    weights.finish()


def _heads(sha256: str, dims: Mapping[str, int]) -> list[tuple[int, int]]:
    """Layers and heads whose attention follows the sound: OpenAI's, else the upper half's."""
    import whisper

    layers, heads = dims["n_text_layer"], dims["n_text_head"]
    names = {url.split("/")[-2]: name for name, url in whisper._MODELS.items()}
    if dump := whisper._ALIGNMENT_HEADS.get(names.get(sha256, "")):
        found = np.frombuffer(gzip.decompress(base64.b85decode(dump)), dtype=bool)
        return [(int(i) // heads, int(i) % heads) for i in np.flatnonzero(found)]
    return [(layer, head) for layer in range(layers // 2, layers) for head in range(heads)]


# --- the vocabulary -------------------------------------------------------------------------------


def _vocabulary(size: int) -> tuple[list[str], Any]:
    """Tokens by number, as CTranslate2 writes them, and whisper's own tokenizer.

    Raises ValueError for a size that is none of Whisper's.
    """
    tokenizer = _tokenizer(size)
    letters = _letters()
    encoding = tokenizer.encoding
    names = {number: name for name, number in tokenizer.special_tokens.items()}
    if encoding.n_vocab != size:
        raise ValueError(f"a vocabulary of {size} tokens is none of Whisper's")
    tokens = [
        names[i]
        if i in names
        else "".join(letters[byte] for byte in encoding.decode_single_token_bytes(i))
        for i in range(size)
    ]
    return tokens, tokenizer


def _tokenizer(size: int) -> Any:
    from whisper.tokenizer import LANGUAGES, get_tokenizer

    multilingual = size > VOCABULARY_BESIDES_LANGUAGES + 99
    languages = size - VOCABULARY_BESIDES_LANGUAGES - int(multilingual)
    if not 0 < languages <= len(LANGUAGES):
        raise ValueError(f"a vocabulary of {size} tokens is none of Whisper's")
    return get_tokenizer(multilingual, num_languages=languages)


def _letters() -> dict[int, str]:
    """A printable letter for each byte, as GPT-2 chose them; `tokenizers` shares the convention."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in plain]
    return {b: chr(b) for b in plain} | {b: chr(256 + i) for i, b in enumerate(others)}


def _save_tokenizer(tokenizer: Any, vocabulary: list[str], path: Path) -> None:
    """The same vocabulary for the `tokenizers` library, which faster-whisper reads."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

    special = set(tokenizer.special_tokens.values())
    ranks = {t: i for i, t in enumerate(vocabulary) if i not in special}
    merges = [pair for token in ranks for pair in _last_merge(token, ranks)]
    model = Tokenizer(models.BPE(vocab=ranks, merges=merges))
    # The library's own stubs miss these two attributes' setters.
    model.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    model.decoder = decoders.ByteLevel()
    model.add_special_tokens(
        [AddedToken(vocabulary[i], special=True, normalized=False) for i in sorted(special)]
    )
    model.save(str(path))


def _last_merge(token: str, ranks: Mapping[str, int]) -> Iterable[tuple[str, str]]:
    """The pair of tokens that byte-pair encoding joins into this one; none for a single byte."""
    parts = list(token)
    limit = ranks[token]
    while len(parts) > 2:
        joined = [ranks.get(a + b, limit) for a, b in itertools.pairwise(parts)]
        best = min(joined)
        if best >= limit:
            return []
        i = joined.index(best)
        parts[i : i + 2] = [parts[i] + parts[i + 1]]
    return [(parts[0], parts[1])] if len(parts) == 2 else []


def _configure(config: Any, dims: Mapping[str, int], heads: list[tuple[int, int]]) -> None:
    """What openai-whisper never lets be decoded."""
    tokenizer = _tokenizer(dims["n_vocab"])
    never = {tokenizer.transcribe, tokenizer.translate, tokenizer.sot, tokenizer.sot_prev}
    never |= {tokenizer.sot_lm, tokenizer.no_speech, *tokenizer.non_speech_tokens}
    config.suppress_ids = sorted(never)
    config.suppress_ids_begin = [tokenizer.encode(" ")[0], tokenizer.eot]
    config.lang_ids = list(tokenizer.all_language_tokens)
    config.alignment_heads = heads
