"""Speech → text with openai-whisper, one window of at most 30 s at a time.

Knows checkpoints: their names, sizes, download and loading; and Whisper's options. Does not know
talks, windows' cutting or what becomes of the text.

A checkpoint is read with `weights_only`, so a hostile file cannot run code. A download goes to a
`.part` file, continues where it broke off, and takes its name only when its SHA-256 is right.
"""

import hashlib
import http.client
import math
import os
import pickle
import shutil
import urllib.error
import urllib.request
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from translate.errors import BadFileError, MissingError, SettingsError
from translate.model import Engine, Progress, Segment, Step, no_progress

if TYPE_CHECKING:
    import torch

# Names → file, bytes. The addresses and hashes are openai-whisper's own.
CHECKPOINTS = {
    "tiny.en": ("tiny.en.pt", 75_571_315),
    "tiny": ("tiny.pt", 75_572_083),
    "base.en": ("base.en.pt", 145_261_783),
    "base": ("base.pt", 145_262_807),
    "small.en": ("small.en.pt", 483_615_683),
    "small": ("small.pt", 483_617_219),
    "medium.en": ("medium.en.pt", 1_528_006_491),
    "medium": ("medium.pt", 1_528_008_539),
    "large-v1": ("large-v1.pt", 3_086_999_982),
    "large-v2": ("large-v2.pt", 3_086_999_982),
    "large-v3": ("large-v3.pt", 3_087_371_615),
    "large": ("large-v3.pt", 3_087_371_615),
    "large-v3-turbo": ("large-v3-turbo.pt", 1_617_941_637),
    "turbo": ("large-v3-turbo.pt", 1_617_941_637),
}
TEMPERATURES = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
# At 223 tokens Whisper's own arithmetic for a carried prompt breaks.
LONGEST_PROMPT = 222
TIMEOUT = 60.0  # seconds without a byte
BLOCK = 1 << 20
SPARE = 64 << 20  # bytes of disk to leave free after a download

Samples = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Where a checkpoint lies or will lie, and what is still to be fetched for it."""

    path: Path
    bytes: int  # of the whole checkpoint
    present: bool  # nothing will be downloaded


def plan_download(model: str, model_dir: Path | None = None) -> Plan:
    """What loading `model` (a name, or a path to a `.pt`) would take; touches no network.

    Raises SettingsError for a name that is neither, BadFileError for a path without a file.
    """
    if model in CHECKPOINTS:
        name, size = CHECKPOINTS[model]
        path = (model_dir or _cache_dir()) / name
        present = path.is_file() and path.stat().st_size == size
        return Plan(path=path, bytes=size, present=present)
    path = Path(model).expanduser()
    if path.is_file():
        return Plan(path=path, bytes=path.stat().st_size, present=True)
    if path.suffix == ".pt" or len(path.parts) > 1:
        raise BadFileError(f"{path}: no such checkpoint.", "Check the path given as the model.")
    raise SettingsError(
        f"No Whisper model is called {model!r}.",
        f"Choose one of {', '.join(CHECKPOINTS)}, or give the path of a .pt file.",
    )


def count_tokens(text: str) -> int:
    """Tokens that `text` takes as a prompt, whichever of Whisper's two vocabularies is used."""
    return max(len(encode(f" {text.strip()}")) for encode in _encoders())


class Whisper:
    """A recogniser. Cheap to construct: checkpoint and torch load at the first use."""

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

    @property
    def engine(self) -> Engine:
        """Provenance. Hashes a checkpoint given by path; downloads nothing."""
        import whisper

        device = _device(self._wanted)
        official = self._name in CHECKPOINTS
        return Engine(
            name="whisper",
            model=self._name if official else Path(self._name).name,
            version=(_sha256_of_name(self._name) if official else self._sha256_of_file())[:12],
            parameters={
                "whisper": whisper.__version__,
                "device": device,
                "dtype": "float16" if device == "cuda" else "float32",
                "temperature": " ".join(str(t) for t in TEMPERATURES),
                "condition_on_previous_text": "no",
            },
        )

    def detect(self, windows: Sequence[Samples]) -> tuple[str, float]:
        """The language of most probability over all `windows`, and its mean probability.

        `("", 0.0)` where the checkpoint knows English alone and cannot tell.
        """
        import torch
        import whisper

        model = self._model()
        if not model.is_multilingual or not windows:
            return "", 0.0
        total: dict[str, float] = {}
        with torch.inference_mode(), _memory(self._name):
            for samples in windows:
                mel = whisper.log_mel_spectrogram(
                    whisper.pad_or_trim(samples), model.dims.n_mels
                ).to(model.device, _dtype(model.device.type))
                for language, p in model.detect_language(mel)[1].items():
                    total[language] = total.get(language, 0.0) + p / len(windows)
        best = max(total, key=total.__getitem__)
        return best, total[best]

    def recognise(
        self, samples: Samples, offset: float, *, language: str, prompt: str
    ) -> tuple[Segment, ...]:
        """What is said in one window that starts `offset` seconds into the talk.

        Each window is decoded on its own, so a loop in one cannot reach the next; the same
        window gives the same text, whatever came before it.
        """
        import torch

        if prompt and count_tokens(prompt) > LONGEST_PROMPT:
            raise SettingsError(
                f"The prompt is longer than {LONGEST_PROMPT} of Whisper's tokens.",
                "Name fewer terms.",
            )
        model = self._model()
        kind = model.device.type
        devices = [model.device] if kind == "cuda" else []
        with (
            torch.inference_mode(),
            torch.random.fork_rng(devices=devices),
            _memory(self._name),
            warnings.catch_warnings(),
        ):
            torch.manual_seed(0)  # the fallbacks sample
            warnings.filterwarnings("ignore", message="Performing inference on CPU when CUDA")
            result = model.transcribe(
                samples,
                verbose=None,
                language=language,
                temperature=TEMPERATURES,
                initial_prompt=prompt or None,
                carry_initial_prompt=bool(prompt),
                condition_on_previous_text=False,
                word_timestamps=False,
                fp16=kind == "cuda",
            )
        return tuple(_segment(s, offset) for s in result["segments"])

    def _model(self) -> Any:
        if self._loaded is None:
            self._loaded = self._load()
        return self._loaded

    def _load(self) -> Any:
        device = _device(self._wanted)
        path = self._checkpoint()
        import whisper

        with _memory(self._name):
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

    def _checkpoint(self) -> Path:
        """The checkpoint's file, downloaded and verified where it has an official name."""
        plan = plan_download(self._name, self._dir)
        if self._name not in CHECKPOINTS:
            return plan.path
        expected = _sha256_of_name(self._name)
        if not plan.present:
            _download(_url(self._name), expected, plan, self._progress)
        elif _sha256(plan.path) != expected:
            raise MissingError(
                f"{plan.path}: not the checkpoint that it is named after (its SHA-256 differs).",
                "Delete the file and run again, or give another with --model /path/to/file.pt.",
            )
        return plan.path

    def _sha256_of_file(self) -> str:
        path = plan_download(self._name, self._dir).path
        stat = path.stat()
        return _sha256(path, stat.st_size, stat.st_mtime_ns)


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
    )


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


def _dtype(device: str) -> "torch.dtype":
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


# --- download -----------------------------------------------------------------------------------


def _cache_dir() -> Path:
    """Where openai-whisper itself keeps checkpoints, so that both share one copy."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "whisper"


def _url(name: str) -> str:
    import whisper

    # Upstream offers no public way to its addresses.
    return str(whisper._MODELS[name])


def _sha256_of_name(name: str) -> str:
    return _url(name).split("/")[-2]


@cache
def _sha256(path: Path, _size: int = 0, _modified: int = 0) -> str:
    """SHA-256 of a file; size and time are there to tell a changed file from one seen before."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _download(url: str, expected: str, plan: Plan, progress: Progress) -> None:
    """Fetch a checkpoint to `plan.path`, which appears only when it is whole and verified."""
    part = plan.path.with_name(plan.path.name + ".part")
    try:
        plan.path.parent.mkdir(parents=True, exist_ok=True)
        have = part.stat().st_size if part.exists() else 0
        free = shutil.disk_usage(plan.path.parent).free
        if free < plan.bytes - have + SPARE:
            raise MissingError(
                f"{plan.path.parent}: {free / 1e9:.1f} GB free, and the model needs"
                f" {(plan.bytes - have) / 1e9:.1f} GB.",
                "Free some space, or choose another folder with --model-dir.",
            )
        _fetch(url, part, have, plan, progress)
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", None) or error
        raise _by_hand(url, plan, f"it could not be downloaded ({reason})") from error
    with part.open("rb") as file:
        actual = hashlib.file_digest(file, "sha256").hexdigest()
    if actual != expected:
        part.unlink()
        raise _by_hand(url, plan, "what arrived is not it (its SHA-256 differs)")
    part.replace(plan.path)


def _fetch(url: str, part: Path, have: int, plan: Plan, progress: Progress) -> None:
    """Bytes from `url` appended to `part`; OSError where they end too early."""
    request = urllib.request.Request(url, headers={"Range": f"bytes={have}-"} if have else {})
    try:
        response = urllib.request.urlopen(request, timeout=TIMEOUT)
    except urllib.error.HTTPError as error:
        if error.code == 416:  # nothing is left to fetch
            return
        raise
    with response, part.open("ab" if response.status == 206 else "wb") as out:
        done = out.tell()
        length = response.headers.get("Content-Length")
        total = done + int(length) if length else plan.bytes
        note = str(plan.path)
        while block := response.read(BLOCK):
            out.write(block)
            done += len(block)
            progress(Step(stage="download", done=done, total=total, unit="bytes", note=note))
        if length and done < total:
            raise OSError(f"the connection broke off at {done} of {total} bytes")


def _by_hand(url: str, plan: Plan, why: str) -> MissingError:
    return MissingError(
        f"The Whisper model is not here: {why}.",
        f"Run again to continue the download. Or fetch {url} elsewhere, put it at {plan.path},"
        " or name it with --model /path/to/file.pt.",
    )
