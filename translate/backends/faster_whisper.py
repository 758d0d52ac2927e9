"""Speech → text with faster-whisper, from the same checkpoints as the default engine.

Knows how faster-whisper and CTranslate2 are asked. Does not know talks, windows' cutting or what
becomes of the text. Nothing is downloaded but the checkpoint itself; it is converted once.

faster-whisper's own batched mode cuts the sound by its own rules, forgets what stands after the
last timestamp of a window, and drops the guards; so `recognise` hands the windows to the same
model row by row, and `recognise_again` is `WhisperModel.transcribe` with all its guards on.
"""

import importlib.metadata
import importlib.util
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from translate.backends.ct2 import Conversion, convert, plan_conversion
from translate.backends.whisper import LONGEST_PROMPT, MOST_BEAMS, TEMPERATURES, count_tokens
from translate.backends.whisper_files import CHECKPOINTS, checkpoint, plan_download, sha256_of
from translate.errors import MissingError, SettingsError
from translate.model import Engine, Hearing, Progress, Segment, Word, no_progress

if TYPE_CHECKING:
    from ctranslate2 import StorageView

EXTRA = "pip install 'see-the-world[faster-whisper]'"
RATE = 16_000
FRAME = 160  # samples
FRAMES = 3_000  # of a window of 30 s
SHORTEST = 1_600  # samples
CONTEXT = 448  # tokens; CTranslate2 stops, as Whisper does, after half of them
TICK = 0.02  # seconds between two timestamp tokens
BATCH = {"cpu": 8, "cuda": 16}
# Precision as a person asks for it → CTranslate2's name on each device.
PRECISIONS: Mapping[str, Mapping[str, str]] = {
    "auto": {"cpu": "int8_float32", "cuda": "float16"},
    "float32": {"cpu": "float32", "cuda": "float32"},
    "float16": {"cpu": "float16", "cuda": "float16"},
    "bfloat16": {"cpu": "bfloat16", "cuda": "bfloat16"},
    "int8": {"cpu": "int8_float32", "cuda": "int8_float16"},
}
CAREFUL_BEAM = 5  # hypotheses of `recognise_again`; faster-whisper's own default

Samples = npt.NDArray[np.float32]


def plan(model: str, model_dir: Path | None = None) -> Conversion:
    """What converting `model` would take, once it is downloaded; writes nothing.

    Raises as `plan_download`.
    """
    size = plan_download(model, model_dir).bytes
    return plan_conversion(size, sha256_of(model, model_dir))


class FasterWhisper:
    """A recogniser. Cheap to construct: the model is converted and loaded at the first use."""

    def __init__(
        self,
        model: str = "turbo",
        *,
        model_dir: Path | None = None,
        device: str = "auto",
        progress: Progress = no_progress,
        precision: str = "auto",
        beam: int = 1,
        words: bool = False,
    ) -> None:
        """`model` is an official name or a path to a `.pt`; `device` auto, cuda or cpu.

        `beam` 1 is greedy; `words` asks for the times of single words. Raises MissingError
        without the extra, SettingsError for a precision, device or beam that there is not.
        """
        if importlib.util.find_spec("faster_whisper") is None:
            raise MissingError("The package faster-whisper is not installed.", EXTRA)
        if precision not in PRECISIONS:
            raise SettingsError(
                f"{precision!r} is no precision.", f"Choose {', '.join(PRECISIONS)}."
            )
        if not 1 <= beam <= MOST_BEAMS:
            raise SettingsError(
                f"{beam} is not a number of beams.", f"Give 1 (greedy) to {MOST_BEAMS}."
            )
        if device not in ("auto", "cuda", "cpu"):
            raise SettingsError(
                f"faster-whisper does not run on {device!r}.",
                "Choose auto, cuda or cpu; or --engine whisper.",
            )
        plan_download(model, model_dir)  # a wrong name is told now
        self._name, self._dir, self._progress = model, model_dir, progress
        self._wanted, self._precision = device, precision
        self._beam, self._words = beam, words
        self._loaded: _Loaded | None = None

    @property
    def engine(self) -> Engine:
        """Provenance. Hashes a checkpoint given by path; downloads nothing."""
        device = _device(self._wanted)
        official = self._name in CHECKPOINTS
        return Engine(
            name="faster-whisper",
            model=self._name if official else Path(self._name).name,
            version=sha256_of(self._name, self._dir)[:12],
            parameters={
                "faster-whisper": importlib.metadata.version("faster-whisper"),
                "ctranslate2": importlib.metadata.version("ctranslate2"),
                "device": device,
                "dtype": _compute_type(self._precision, device),
                "beam": str(self._beam),
                "words": "yes" if self._words else "no",
                "temperature": " ".join(str(t) for t in TEMPERATURES),
                "condition_on_previous_text": "no",
            },
        )

    @property
    def batch(self) -> int:
        """Windows that are decoded together."""
        return BATCH[_device(self._wanted)]

    def detect(self, windows: Sequence[Samples]) -> tuple[str, float]:
        """The language of most probability over all `windows`, and its mean probability.

        `("", 0.0)` where the checkpoint knows English alone and cannot tell.
        """
        model = self._model()
        if not model.multilingual or not windows:
            return "", 0.0
        total: dict[str, float] = {}
        with _memory(self._name):
            for samples in windows:
                for language, p in model.languages(model.encode([samples]))[0].items():
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
        """What is said in each window, which starts `offsets[i]` seconds into the talk.

        Each is decoded once, on its own, at temperature 0. Raises SettingsError for a prompt that
        is too long or a language that Whisper does not know, MissingError where the memory does
        not suffice for a single window.
        """
        _check(language, prompt)
        model = self._model()
        hearings: list[Hearing] = []
        for i in range(0, len(windows), self.batch):
            j = min(len(windows), i + self.batch)
            hearings += self._together(model, windows[i:j], offsets[i:j], language, prompt)
            done(j / len(windows))
        return tuple(hearings)

    def recognise_again(
        self, window: Samples, offset: float, *, language: str, prompt: str
    ) -> Hearing:
        """One window, alone, with a beam, the guards and rising temperatures.

        The same window gives the same text, whatever came before it.
        """
        _check(language, prompt)
        model = self._model()
        window = _long_enough(window)
        with _memory(self._name):
            told = model.most_likely(model.encode([window]))[0]
            found = model.transcribe(
                window, language, prompt, beam=max(self._beam, CAREFUL_BEAM), words=self._words
            )
        segments = tuple(_segment(s, offset) for s in found)
        return Hearing(segments=segments, language=told[0], probability=told[1])

    def _together(
        self,
        model: "_Loaded",
        windows: Sequence[Samples],
        offsets: Sequence[float],
        language: str,
        prompt: str,
    ) -> list[Hearing]:
        """One batch, or its halves where the memory does not suffice for the whole."""
        try:
            with _memory(self._name):
                heard = [_long_enough(w) for w in windows]
                return model.recognise(
                    heard, offsets, language, prompt, beam=self._beam, words=self._words
                )
        except MissingError:
            if len(windows) == 1:
                raise
        half = len(windows) // 2
        first = self._together(model, windows[:half], offsets[:half], language, prompt)
        return first + self._together(model, windows[half:], offsets[half:], language, prompt)

    def _model(self) -> "_Loaded":
        if self._loaded is None:
            device = _device(self._wanted)
            dtype = _compute_type(self._precision, device)
            path = checkpoint(self._name, self._dir, self._progress)
            sha256 = sha256_of(self._name, self._dir)
            with _memory(self._name):
                folder = convert(path, sha256, progress=self._progress)
                try:
                    self._loaded = _load(folder, device, dtype)
                except RuntimeError as error:
                    if _out_of_memory(error):
                        raise
                    raise MissingError(
                        f"{folder}: the converted checkpoint cannot be loaded ({error}).",
                        "Delete the folder and run again: it will be made anew.",
                    ) from error
        return self._loaded


# --- the model ------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Loaded:
    """A converted model in memory. faster-whisper and whisper's tokenizer are untyped: `Any`."""

    folder: Path
    whisper: Any  # faster_whisper.WhisperModel
    sampled: bool = False  # whether the model's dice have been thrown

    @property
    def multilingual(self) -> bool:
        return bool(self.whisper.model.is_multilingual)

    def encode(self, windows: Sequence[Samples]) -> "StorageView":
        """The encoder's output for each window, filled up with silence to 30 s."""
        features = np.stack([_features(w, self.whisper.model.n_mels) for w in windows])
        encoded: StorageView = self.whisper.encode(features)
        return encoded

    def languages(self, encoded: "StorageView") -> list[dict[str, float]]:
        """Each window's languages with their probabilities."""
        return [
            {token.strip("<|>"): p for token, p in row}
            for row in self.whisper.model.detect_language(encoded)
        ]

    def most_likely(self, encoded: "StorageView") -> list[tuple[str, float]]:
        """Each window's likeliest language; `("", 0.0)` where the model knows English alone."""
        if not self.multilingual:
            return [("", 0.0)] * encoded.shape[0]
        return [max(row.items(), key=lambda item: item[1]) for row in self.languages(encoded)]

    def recognise(
        self,
        windows: Sequence[Samples],
        offsets: Sequence[float],
        language: str,
        prompt: str,
        *,
        beam: int,
        words: bool,
    ) -> list[Hearing]:
        from whisper.tokenizer import get_tokenizer
        from whisper.utils import compression_ratio

        encoded = self.encode(windows)
        tokenizer = get_tokenizer(
            self.multilingual,
            num_languages=self.whisper.model.num_languages,
            language=language if self.multilingual else None,
            task="transcribe" if self.multilingual else None,
        )
        opening = list(tokenizer.sot_sequence)
        if prompt:
            opening = [tokenizer.sot_prev, *tokenizer.encode(f" {_spoken(prompt)}"), *opening]
        results = self.whisper.model.generate(
            encoded,
            [opening] * len(windows),
            beam_size=beam,
            return_scores=True,
            return_no_speech_prob=True,
        )
        heard = [
            _pieces(result.sequences_ids[0], tokenizer, len(window) / RATE)
            for window, result in zip(windows, results, strict=True)
        ]
        timed: list[list[tuple[Word, ...]]] = [[()] * len(pieces) for pieces in heard]
        if words:
            timed = self._words(encoded, heard, windows, language)
        hearings = []
        for result, pieces, offset, times, (told, probability) in zip(
            results, heard, offsets, timed, self.most_likely(encoded), strict=True
        ):
            whole = tokenizer.decode([t for piece in pieces for t in piece.tokens])
            count = len(result.sequences_ids[0])
            segments = tuple(
                Segment(
                    start=offset + piece.start,
                    end=offset + piece.end,
                    text=tokenizer.decode(piece.tokens).strip(),
                    # The score is the mean over the tokens; Whisper's own counts the end as one.
                    avg_logprob=_finite(result.scores[0] * count / (count + 1)),
                    no_speech_prob=_finite(result.no_speech_prob),
                    compression_ratio=compression_ratio(whole.strip()),
                    temperature=0.0,
                    words=_shifted(found, offset),
                )
                for piece, found in zip(pieces, times, strict=True)
            )
            hearings.append(
                Hearing(
                    segments=segments,
                    language=told,
                    probability=probability,
                    whole=count < min(CONTEXT // 2, CONTEXT - len(opening)),
                )
            )
        return hearings

    def _words(
        self,
        encoded: "StorageView",
        heard: Sequence[Sequence["_Piece"]],
        windows: Sequence[Samples],
        language: str,
    ) -> list[list[tuple[Word, ...]]]:
        """The words of each piece of each window, timed from the window's start."""
        from faster_whisper.transcribe import merge_punctuations

        found = self.whisper.find_alignment(
            self._tokenizer(language),
            [[t for piece in pieces for t in piece.tokens] for pieces in heard],
            encoded,
            [_frames(w) for w in windows],
        )
        for words in found:
            merge_punctuations(words, PREPENDED, APPENDED)
        return [_by_piece(words, pieces) for words, pieces in zip(found, heard, strict=True)]

    def _tokenizer(self, language: str) -> Any:
        from faster_whisper.tokenizer import Tokenizer

        spoken = language if self.multilingual else None
        return Tokenizer(
            self.whisper.hf_tokenizer, self.multilingual, task="transcribe", language=spoken
        )

    def transcribe(
        self, window: Samples, language: str, prompt: str, *, beam: int, words: bool
    ) -> list[Any]:
        """faster-whisper's segments of one window, with its fallbacks; times from its start."""
        if self.sampled:
            device, dtype = self.whisper.model.device, self.whisper.model.compute_type
            self.whisper.model = None  # first, so that two never lie in memory
            self.whisper.model = _open(self.folder, device, dtype)
        self.sampled = True
        segments, _ = self.whisper.transcribe(
            window,
            language=language,
            beam_size=beam,
            temperature=TEMPERATURES,
            condition_on_previous_text=False,
            hotwords=_spoken(prompt)
            or None,  # an initial prompt would be gone after the first seek
            word_timestamps=words,
            vad_filter=False,
        )
        return list(segments)


def _load(folder: Path, device: str, dtype: str) -> _Loaded:
    import ctranslate2
    from faster_whisper import WhisperModel

    ctranslate2.set_random_seed(0)
    return _Loaded(
        folder=folder,
        whisper=WhisperModel(
            str(folder),
            device=device,
            compute_type=dtype,
            cpu_threads=_threads(),
            local_files_only=True,
        ),
    )


def _open(folder: Path, device: str, dtype: str) -> Any:
    """The model anew, because the seed of the fallbacks' dice counts for a new one only."""
    import ctranslate2

    ctranslate2.set_random_seed(0)
    return ctranslate2.models.Whisper(
        str(folder), device=device, compute_type=dtype, intra_threads=_threads()
    )


def _threads() -> int:
    """As many as PyTorch takes, so that both engines use the machine alike."""
    import torch

    return torch.get_num_threads()


def _spoken(prompt: str) -> str:
    """The prompt without what a tokenizer could take for Whisper's control tokens."""
    return prompt.strip().replace("<|", "< |")


def _long_enough(samples: Samples) -> Samples:
    """With silence up to a tenth of a second: words cannot be placed in less."""
    return np.pad(samples, (0, max(0, SHORTEST - len(samples))))


def _frames(samples: Samples) -> int:
    return min(FRAMES, len(samples) // FRAME)


def _features(samples: Samples, mels: int) -> npt.NDArray[np.float32]:
    """The window's spectrogram as openai-whisper's `transcribe` makes it: (mels, 3000)."""
    import whisper
    from whisper.audio import N_FFT

    mel = whisper.log_mel_spectrogram(samples, mels, padding=N_FFT)[:, : _frames(samples)]
    filled: npt.NDArray[np.float32] = whisper.pad_or_trim(mel, FRAMES).numpy()
    return filled


# --- what was decoded -----------------------------------------------------------------------------

PREPENDED = "\"'“¿([{-"
APPENDED = "\"'.。,，!！?？:：”)]}、"


@dataclass(frozen=True, slots=True)
class _Piece:
    """Text between two timestamps, in seconds from the window's start."""

    start: float
    end: float
    tokens: tuple[int, ...]


def _pieces(tokens: Sequence[int], tokenizer: Any, duration: float) -> list[_Piece]:
    """Each stretch of text with the times around it; what has no end goes to the window's end."""
    pieces = []
    start, text = 0.0, list[int]()
    for token in tokens:
        if token < tokenizer.eot:
            text.append(token)
        if token < tokenizer.timestamp_begin:  # or a language's name and the like: no text
            continue
        at = (token - tokenizer.timestamp_begin) * TICK
        if text:
            pieces.append(_Piece(start, at, tuple(text)))
        start, text = at, []
    if text:
        pieces.append(_Piece(min(start, duration), duration, tuple(text)))
    return pieces


def _by_piece(
    words: Sequence[Mapping[str, Any]], pieces: Sequence[_Piece]
) -> list[tuple[Word, ...]]:
    """Words, which come in order, to the pieces whose tokens they are made of."""
    left = iter(words)
    out = []
    for piece in pieces:
        count = 0
        found = []
        while count < len(piece.tokens) and (word := next(left, None)) is not None:
            count += len(word["tokens"])
            if text := word["word"].strip():
                start = min(max(float(word["start"]), piece.start), piece.end)
                end = min(max(float(word["end"]), start), piece.end)
                p = float(word["probability"])
                found.append(Word(start=start, end=end, text=text, confidence=p))
        out.append(tuple(found))
    return out


def _segment(raw: Any, offset: float) -> Segment:
    """One of faster-whisper's own segments."""
    words = (
        Word(
            start=float(w.start),
            end=float(w.end),
            text=w.word.strip(),
            confidence=float(w.probability),
        )
        for w in raw.words or ()
    )
    return Segment(
        start=offset + _finite(raw.start),
        end=offset + _finite(raw.end),
        text=raw.text.strip(),
        avg_logprob=_finite(raw.avg_logprob),
        no_speech_prob=_finite(raw.no_speech_prob),
        compression_ratio=_finite(raw.compression_ratio),
        temperature=_finite(raw.temperature),
        words=_shifted(tuple(words), offset),
    )


def _shifted(words: Sequence[Word], offset: float) -> tuple[Word, ...]:
    return tuple(replace(w, start=w.start + offset, end=w.end + offset) for w in words)


def _finite(value: float) -> float:
    return float(value) if math.isfinite(value) else 0.0


# --- what is asked --------------------------------------------------------------------------------


def _check(language: str, prompt: str) -> None:
    from whisper.tokenizer import LANGUAGES

    if language not in LANGUAGES:
        raise SettingsError(
            f"Whisper knows no language {language!r}.", "Give a code such as en, zh or de."
        )
    if prompt and count_tokens(_spoken(prompt)) > LONGEST_PROMPT:
        raise SettingsError(
            f"The prompt is longer than {LONGEST_PROMPT} of Whisper's tokens.", "Name fewer terms."
        )


def has_device(wanted: str) -> bool:
    """Whether CTranslate2 is here and finds this device."""
    if wanted != "cuda" or importlib.util.find_spec("ctranslate2") is None:
        return False
    import ctranslate2

    return bool(ctranslate2.get_cuda_device_count() > 0)


def _device(wanted: str) -> str:
    """The device to use. Raises MissingError where the one asked for is not on this machine."""
    import ctranslate2

    there = ctranslate2.get_cuda_device_count() > 0
    if wanted == "cuda" and not there:
        raise MissingError("CTranslate2 finds no cuda device on this machine.", "Use --device cpu.")
    return "cuda" if there and wanted != "cpu" else "cpu"


def _compute_type(precision: str, device: str) -> str:
    """CTranslate2's name for it. Raises SettingsError where the device cannot compute so.

    On a CPU the default is 8 bits: all that is published of faster-whisper's speed on one is at 8
    bits. The folder on disk keeps the checkpoint's own numbers, so --precision float32 costs
    nothing but time.
    """
    import ctranslate2

    wanted = PRECISIONS[precision][device]
    if wanted in ctranslate2.get_supported_compute_types(device):
        return wanted
    if precision == "auto":
        return "float32"
    raise SettingsError(
        f"faster-whisper cannot compute in {precision} on this {device}.",
        "Choose --precision auto, float32 or int8; or --engine whisper.",
    )


@contextmanager
def _memory(model: str) -> Iterator[None]:
    """Turn running out of memory into something to act on."""
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if not _out_of_memory(error):
            raise
        raise MissingError(
            f"Not enough memory for the Whisper model {model}.",
            "Close what else uses the device, take a smaller model (--model small.en),"
            " or use --device cpu. What is finished is kept.",
        ) from error


def _out_of_memory(error: Exception) -> bool:
    """CTranslate2 has no class of its own for it."""
    return isinstance(error, MemoryError) or "out of memory" in str(error)
