"""Speech → text with openai-whisper's models, many windows of at most 30 s at a time.

Knows loading, precision, memory and Whisper's options. Does not know talks, how windows are cut,
which text to believe, or what becomes of it.

A checkpoint is read with `weights_only`, so a hostile file cannot run code. What is heard once goes
through our own batched decoder; what must be heard again goes through openai-whisper itself, in
its own precision, so that the second opinion owes nothing to the first.
"""

import math
import os
import pickle
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from translate.backends.whisper_files import CHECKPOINTS, checkpoint, sha256_of
from translate.errors import BadFileError, MissingError, SettingsError
from translate.model import Engine, Hearing, Progress, Segment, Word, no_progress

if TYPE_CHECKING:
    import torch

    from translate.backends.whisper_decode import Decoded, Rules
    from translate.backends.whisper_network import Decoder, Encoder

TEMPERATURES = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
# At 223 tokens Whisper's own arithmetic for a carried prompt breaks.
LONGEST_PROMPT = 222
MOST_BEAMS = 10
# Windows at once: more do not pay on a processor, and fill a GPU's memory.
BATCH = {"cpu": 8, "mps": 8, "cuda": 64}
SHARE_OF_MEMORY = 0.25  # that the keys and values of a batch may take
UNKNOWN_MEMORY = 4 << 30  # bytes to count on where the machine does not tell
ENCODED_AT_ONCE = {"cpu": 1, "mps": 1, "cuda": 16}  # a processor gains nothing from more
USUAL_STEPS = 130  # tokens of a window, for a guess at how far a batch is

Samples = npt.NDArray[np.float32]


def count_tokens(text: str) -> int:
    """Tokens that `text` takes as a prompt, whichever of Whisper's two vocabularies is used."""
    return max(len(encode(f" {_harmless(text.strip())}")) for encode in _encoders())


@dataclass(frozen=True, slots=True, kw_only=True)
class _Loaded:
    """A checkpoint in memory: as openai-whisper has it, and laid out for batches."""

    model: Any  # whisper.model.Whisper, which has no types
    encoder: "Encoder"
    decoder: "Decoder"
    batch: int


class Whisper:
    """A recogniser. Cheap to construct: checkpoint and torch load at the first use."""

    def __init__(
        self,
        model: str = "turbo",
        *,
        model_dir: Path | None = None,
        device: str = "auto",
        precision: str = "auto",
        beam: int = 1,
        words: bool = False,
        progress: Progress = no_progress,
    ) -> None:
        """`model` is an official name or a path to a `.pt`; `device` auto, cuda, mps or cpu.

        `precision` auto, float32, bfloat16, float16 or int8; `beam` 1 decodes greedily; `words`
        gives each word its times. Raises SettingsError for a beam that is none.
        """
        if not 1 <= beam <= MOST_BEAMS:
            raise SettingsError(
                f"{beam} is not a number of beams.", f"Give 1 (greedy) to {MOST_BEAMS}."
            )
        self._name, self._dir, self._wanted, self._progress = model, model_dir, device, progress
        self._precision, self._beam, self._words = precision, beam, words
        self._loaded: _Loaded | None = None
        self._seconds = dict.fromkeys(("load", "mel", "encoder", "decoder", "words", "again"), 0.0)

    @property
    def engine(self) -> Engine:
        """Provenance. Hashes a checkpoint given by path; downloads nothing."""
        import whisper

        from translate.backends.whisper_linear import choose

        device = _device(self._wanted)
        official = self._name in CHECKPOINTS
        return Engine(
            name="whisper",
            model=self._name if official else Path(self._name).name,
            version=sha256_of(self._name)[:12],
            parameters={
                "whisper": whisper.__version__,
                "device": device,
                "precision": choose(self._precision, device),
                "beam": str(self._beam),
                "words": "yes" if self._words else "no",
                "temperature": " ".join(str(t) for t in TEMPERATURES),
                "condition_on_previous_text": "no",
            },
        )

    @property
    def seconds(self) -> Mapping[str, float]:
        """Seconds spent so far, by part."""
        return dict(self._seconds)

    @property
    def batch(self) -> int:
        """Windows to give at once: as many as this machine's memory has room for. Loads."""
        return self._ready().batch

    def detect(self, windows: Sequence[Samples]) -> tuple[str, float]:
        """The language of most probability over all `windows`, and its mean probability.

        `("", 0.0)` where the checkpoint knows English alone and cannot tell.
        """
        import torch

        if not windows or not self._ready().model.is_multilingual:
            return "", 0.0
        total: dict[str, float] = {}
        model = self._ready().model
        with torch.inference_mode(), _memory(self._name):
            for samples in windows:
                features = self._features(samples).to(_plain_dtype(model.device.type))
                for language, p in model.detect_language(features[0])[1].items():
                    total[language] = total.get(language, 0.0) + p / len(windows)
        best = max(total, key=total.__getitem__)
        return best, total[best]

    def recognise(
        self,
        windows: Sequence[Samples],
        offsets: Sequence[float],
        *,
        language: str,
        prompt: str,
        done: Callable[[float], None],
    ) -> tuple[Hearing, ...]:
        """What is said in each window; the one at `offsets[i]` seconds into the talk is i's.

        Each is decoded on its own, so a loop in one cannot reach the next. Where memory does not
        suffice for all at once, they go in halves. Raises MissingError where it does not suffice
        for one.
        """
        import torch

        from translate.backends.whisper_decode import rules_of

        prompt = _checked(prompt, language)
        ready = self._ready()
        rules = rules_of(ready.model, language=language, prompt=prompt)
        with torch.inference_mode(), _memory(self._name):
            return self._halving(list(zip(windows, offsets, strict=True)), rules, language, done)

    def _halving(
        self,
        windows: "list[tuple[Samples, float]]",
        rules: "Rules",
        language: str,
        done: Callable[[float], None],
    ) -> tuple[Hearing, ...]:
        import torch

        try:
            return self._hear(windows, rules, language, done)
        except RuntimeError as error:
            if len(windows) < 2 or not _out_of_memory(error):
                raise
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        half = (len(windows) + 1) // 2
        share = half / len(windows)
        first = self._halving(windows[:half], rules, language, lambda s: done(s * share))
        rest = self._halving(
            windows[half:], rules, language, lambda s: done(share + s * (1 - share))
        )
        return first + rest

    def _hear(
        self,
        windows: "list[tuple[Samples, float]]",
        rules: "Rules",
        language: str,
        done: Callable[[float], None],
    ) -> tuple[Hearing, ...]:
        import torch

        from translate.backends.whisper_decode import decode
        from translate.backends.whisper_text import segments_of, with_words

        ready = self._ready()
        at_once = ENCODED_AT_ONCE[ready.model.device.type]
        encoded = []
        for i in range(0, len(windows), at_once):
            encoded.append(self._features(*(w for w, _ in windows[i : i + at_once])))
            done(min(1.0, (i + at_once) / len(windows)) / 2)
        features = torch.cat(encoded)
        with self._timed("decoder"):
            found = decode(
                ready.decoder,
                features,
                rules,
                beams=self._beam,
                told=lambda step: done(0.5 + min(0.5, step / USUAL_STEPS / 2)),
            )
        tokenizer = _tokenizer(ready.model, language)
        out = []
        for decoded, sound, (samples, offset) in zip(found, features, windows, strict=True):
            duration = len(samples) / RATE
            segments = segments_of(decoded, tokenizer, offset=offset, duration=duration)
            if self._words:
                with self._timed("words"):
                    segments = with_words(
                        segments,
                        decoded,
                        sound.to(_plain_dtype(sound.device.type)),
                        ready.model,
                        tokenizer,
                        offset=offset,
                        duration=duration,
                    )
            out.append(_hearing(segments, decoded))
        done(1.0)
        return tuple(out)

    def _features(self, *windows: Samples) -> "torch.Tensor":
        """What the encoder makes of windows: (W, positions, width)."""
        import torch

        ready = self._ready()
        with self._timed("mel"):
            mels = (_mel(w, ready.model.dims.n_mels) for w in windows)
            mel = torch.stack(list(mels)).to(ready.model.device)
        with self._timed("encoder"):
            return ready.encoder(mel)

    def recognise_again(
        self, window: Samples, offset: float, *, language: str, prompt: str
    ) -> Hearing:
        """One window through openai-whisper itself: full precision, rising temperatures.

        The same window gives the same text, whatever came before it.
        """
        import torch

        prompt = _checked(prompt, language)
        model = self._ready().model
        kind = model.device.type
        devices = [model.device] if kind == "cuda" else []
        with (
            self._timed("again"),
            torch.inference_mode(),
            torch.random.fork_rng(devices=devices),
            _memory(self._name),
            warnings.catch_warnings(),
        ):
            torch.manual_seed(0)  # the fallbacks sample
            warnings.filterwarnings("ignore", message="Performing inference on CPU when CUDA")
            result = model.transcribe(
                window,
                verbose=None,
                language=language,
                temperature=TEMPERATURES,
                initial_prompt=prompt or None,
                carry_initial_prompt=bool(prompt),
                condition_on_previous_text=False,
                word_timestamps=self._words,
                fp16=kind == "cuda",
            )
        return Hearing(segments=tuple(_segment(s, offset) for s in result["segments"]))

    @contextmanager
    def _timed(self, part: str) -> Iterator[None]:
        started = time.perf_counter()
        try:
            yield
        finally:
            self._seconds[part] += time.perf_counter() - started

    def _ready(self) -> _Loaded:
        if self._loaded is None:
            with self._timed("load"), _memory(self._name):
                self._loaded = self._load()
        return self._loaded

    def _load(self) -> _Loaded:
        from translate.backends.whisper_linear import choose
        from translate.backends.whisper_network import Decoder, Encoder

        device = _device(self._wanted)
        precision = choose(self._precision, device)
        model = _model(checkpoint(self._name, self._dir, self._progress), device)
        decoder = Decoder(model, precision)
        most = decoder.bytes_per_window(model.dims.n_audio_ctx, self._beam, model.dims.n_text_ctx)
        room = int(_memory_of(device) * SHARE_OF_MEMORY / most)
        return _Loaded(
            model=model,
            encoder=Encoder(model, precision),
            decoder=decoder,
            batch=max(1, min(BATCH[device], room)),
        )


RATE = 16_000


def _mel(samples: Samples, mels: int) -> "torch.Tensor":
    """The spectrogram of a window (mels, 3000), filled up as openai-whisper fills it up.

    Silence is added before the transform, so that the last frames do not mirror the sound, and
    zeros after it: Whisper's `transcribe` does the same, and `pad_or_trim` of samples does not.
    """
    import whisper
    from whisper.audio import HOP_LENGTH, N_FFT, N_FRAMES

    mel = whisper.log_mel_spectrogram(samples, mels, padding=N_FFT)
    filled: torch.Tensor = whisper.pad_or_trim(mel[:, : len(samples) // HOP_LENGTH], N_FRAMES)
    return filled


def _hearing(segments: tuple[Segment, ...], decoded: "Decoded") -> Hearing:
    return Hearing(
        segments=segments,
        language=decoded.language,
        probability=decoded.probability,
        whole=decoded.whole,
    )


def _checked(prompt: str, language: str) -> str:
    """A prompt that Whisper can take; SettingsError where it is too long, or the language none."""
    from whisper.tokenizer import LANGUAGES

    if language not in LANGUAGES:
        raise SettingsError(
            f"Whisper knows no language {language!r}.",
            "Give its code of two or three letters: --language en.",
        )
    if prompt and count_tokens(prompt) > LONGEST_PROMPT:
        raise SettingsError(
            f"The prompt is longer than {LONGEST_PROMPT} of Whisper's tokens.",
            "Name fewer terms.",
        )
    return _harmless(prompt)


def _harmless(text: str) -> str:
    """Without the names of Whisper's own marks, which its tokenizer refuses: `<|endoftext|>`."""
    return text.replace("<|", "< |")


def _tokenizer(model: Any, language: str) -> Any:
    from whisper.tokenizer import get_tokenizer

    return get_tokenizer(
        model.is_multilingual,
        num_languages=model.num_languages,
        language=language,
        task="transcribe",
    )


def _model(path: Path, device: str) -> Any:
    """The checkpoint at `path` as openai-whisper loads it."""
    import whisper

    try:
        # On to the CPU first: Apple's devices refuse the sparse buffer that loading makes.
        model = whisper.load_model(str(path), device="cpu" if device == "mps" else device)
    except (
        pickle.UnpicklingError,
        EOFError,
        LookupError,
        TypeError,
        AttributeError,
        ValueError,
    ) as error:
        raise _not_a_checkpoint(path) from error
    except RuntimeError as error:
        if _out_of_memory(error):
            raise
        raise _not_a_checkpoint(path) from error
    if device == "mps":
        model.alignment_heads = model.alignment_heads.to_dense()
        model = model.to(device)
    model.eval()
    return model


def _memory_of(device: str) -> int:
    """Bytes that a device has, whoever uses them now: the same in every run."""
    import torch

    if device == "cuda":
        return int(torch.cuda.get_device_properties(0).total_memory)
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):  # Windows has no sysconf
        return UNKNOWN_MEMORY


def _segment(raw: dict[str, Any], offset: float) -> Segment:
    def number(key: str) -> float:
        value = float(raw[key])
        return value if math.isfinite(value) else 0.0

    return Segment(
        start=offset + number("start"),
        end=offset + number("end"),
        text=str(raw["text"]).strip(),
        avg_logprob=number("avg_logprob"),
        no_speech_prob=number("no_speech_prob"),
        compression_ratio=number("compression_ratio"),
        temperature=number("temperature"),
        words=tuple(
            Word(
                start=offset + float(w["start"]),
                end=offset + float(w["end"]),
                text=str(w["word"]).strip(),
                confidence=float(w["probability"]),
            )
            for w in raw.get("words", ())
        ),
    )


def check_device(wanted: str) -> None:
    """Raises MissingError where the device is not on this machine, as PyTorch sees it."""
    _device(wanted)


def _device(wanted: str) -> str:
    """The device to use. Raises MissingError where the one asked for is not on this machine."""
    import torch

    have = {
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
        "cpu": True,
    }
    if wanted == "auto":
        return next(name for name, there in have.items() if there)
    if wanted not in have:
        raise SettingsError(
            f"{wanted!r} is not a device.", f"Choose auto, {', '.join(have)}; auto takes the best."
        )
    if not have[wanted]:
        raise MissingError(
            f"PyTorch finds no {wanted} device on this machine.",
            "Use --device cpu, or install a PyTorch build for your device.",
        )
    return wanted


def _plain_dtype(device: str) -> "torch.dtype":
    """What openai-whisper itself computes in."""
    import torch

    return torch.float16 if device == "cuda" else torch.float32


@contextmanager
def _memory(model: str) -> Iterator[None]:
    """Turn running out of memory into something to act on."""
    try:
        yield
    except RuntimeError as error:  # torch's OutOfMemoryError is one; other devices raise it bare
        if not _out_of_memory(error):
            raise
        raise MissingError(
            f"Not enough memory for the Whisper model {model}.",
            "Close what else uses the device, take a smaller model (--model small.en),"
            " or use --device cpu. What is finished is kept.",
        ) from error


def _out_of_memory(error: RuntimeError) -> bool:
    text = str(error)
    return "out of memory" in text or "allocate memory" in text


def _not_a_checkpoint(path: Path) -> BadFileError:
    return BadFileError(
        f"{path}: not a checkpoint in openai-whisper's format.",
        "It takes a .pt file with `dims` and `model_state_dict`, as OpenAI publishes them.",
    )


@cache
def _encoders() -> tuple[Any, ...]:
    from whisper.tokenizer import get_tokenizer

    return tuple(get_tokenizer(multilingual=m).encode for m in (False, True))
