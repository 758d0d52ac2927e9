"""openai-whisper as it comes: the peer that others are measured against, and its normaliser.

`transcribe()` on the whole recording with its own defaults: greedy, temperature fallback, every
window conditioned on the text before it. Knows nothing of our windows and rules.
"""

import re
import time
import warnings
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from translate.backends.whisper import _device, _memory, _model
from translate.backends.whisper_files import checkpoint
from translate.model import Progress, no_progress

Samples = npt.NDArray[np.float32]


class StockWhisper:
    """Cheap to construct: checkpoint and torch load at the first use."""

    def __init__(
        self,
        model: str = "turbo",
        *,
        model_dir: Path | None = None,
        device: str = "auto",
        progress: Progress = no_progress,
    ) -> None:
        """`model` is an official name or a path to a `.pt`; `device` auto, cuda, mps or cpu."""
        self._name, self._dir, self._wanted, self._progress = model, model_dir, device, progress
        self._loaded: Any = None  # whisper.model.Whisper, which has no types
        self._load_seconds = 0.0

    @property
    def precision(self) -> str:
        """What openai-whisper computes in on this device."""
        return "float16" if _device(self._wanted) == "cuda" else "float32"

    def load(self) -> float:
        """Load, if that is still to do; the seconds that it took."""
        self._ready()
        return self._load_seconds

    def transcribe(self, samples: Samples) -> str:
        """The English text of a whole recording: 16 kHz mono, -1..1."""
        import torch

        model = self._ready()
        kind = model.device.type
        with (
            torch.inference_mode(),
            torch.random.fork_rng(devices=[model.device] if kind == "cuda" else []),
            _memory(self._name),
            warnings.catch_warnings(),
        ):
            torch.manual_seed(0)  # the fallbacks sample
            warnings.filterwarnings("ignore", message="Performing inference on CPU when CUDA")
            found = model.transcribe(samples, language="en", fp16=kind == "cuda", verbose=None)
        return str(found["text"]).strip()

    def _ready(self) -> Any:
        if self._loaded is None:
            path = checkpoint(self._name, self._dir, self._progress)
            begun = time.perf_counter()
            with _memory(self._name):
                self._loaded = _model(path, _device(self._wanted))
            self._load_seconds = time.perf_counter() - begun
        return self._loaded


def plain_words(text: str) -> list[str]:
    """The words of an English text as Whisper's own normaliser leaves them for counting errors.

    It takes away case, punctuation, fillers and what stands in brackets, and writes numbers and
    British spellings in one way; `F.S.D.P.` becomes four letters, `2.0` becomes `2`.
    """
    return re.findall(r"\S+", _normaliser()(text))


@cache
def _normaliser() -> Any:
    from whisper.normalizers import EnglishTextNormalizer

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # it leaves its table of words open
        return EnglishTextNormalizer()
