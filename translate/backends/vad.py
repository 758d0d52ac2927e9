"""Where speech is: Silero's voice activity detector, run by onnxruntime on one thread.

Knows the detector's file, its frames and its state. Does not know media, Whisper or windows.

The model lies in the `silero_vad` wheel, and the package is found without being imported: its
import sets the process's torch threads to one, and Whisper would crawl ever after.
"""

import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from translate.errors import MissingError
from translate.model import Span

RATE = 16_000
FRAME = 512  # samples a probability stands for: 32 ms
CONTEXT = 64  # samples of the frame before that the model wants again
CHUNK = 512  # frames a call: 16 s, so that memory stays flat however long the talk

THRESHOLD = 0.5
RELEASE = 0.35  # speech goes on until the probability falls below this
MIN_SPEECH = 0.25  # seconds
MIN_SILENCE = 0.1
PAD = 0.03

INSTALL = "Install it: python -m pip install onnxruntime silero-vad"


class Pcm(Protocol):
    """What the detector needs of a recording: int16 mono samples at 16 kHz."""

    @property
    def samples(self) -> npt.NDArray[np.int16]: ...
    @property
    def rate(self) -> int: ...


class Silero:
    """Silero's detector with its authors' own thresholds. Cheap to construct."""

    def speech(self, audio: Pcm) -> tuple[Span, ...]:
        """Stretches of speech in seconds, in order, disjoint.

        Raises MissingError where onnxruntime or the model is not installed.
        """
        probabilities = np.concatenate([np.zeros(0, np.float32), *_probabilities(audio)])
        return spans(probabilities, len(audio.samples) / audio.rate)


def spans(probabilities: npt.NDArray[np.float32], duration: float) -> tuple[Span, ...]:
    """Stretches of speech from one probability for each frame of 32 ms.

    Hysteresis: a stretch opens at THRESHOLD and closes when the probability has been below
    RELEASE, without a frame of speech between, for MIN_SILENCE. Stretches of at most MIN_SPEECH
    are dropped; each is padded by PAD, and neighbours closer than two pads share what lies
    between them.
    """
    found = [
        (start, end)
        for start, end in _stretches(probabilities, duration)
        if end - start > MIN_SPEECH
    ]
    out = []
    for i, (start, end) in enumerate(found):
        before = start - found[i - 1][1] if i else float("inf")
        after = found[i + 1][0] - end if i + 1 < len(found) else float("inf")
        out.append(
            Span(
                start=max(0.0, start - min(PAD, before / 2)),
                end=min(duration, end + min(PAD, after / 2)),
            )
        )
    return tuple(out)


def _stretches(
    probabilities: npt.NDArray[np.float32], duration: float
) -> Iterator[tuple[float, float]]:
    seconds = FRAME / RATE
    start: int | None = None
    end: int | None = None
    for i, p in enumerate(probabilities.tolist()):
        if p >= THRESHOLD:
            end = None
            start = i if start is None else start
        elif p < RELEASE and start is not None:
            end = i if end is None else end
            if (i - end) * seconds >= MIN_SILENCE:
                yield start * seconds, end * seconds
                start = end = None
    if start is not None:
        yield start * seconds, duration


def _probabilities(audio: Pcm) -> Iterator[npt.NDArray[np.float32]]:
    """Speech probabilities chunk by chunk; the model's state is carried from one to the next."""
    try:
        import onnxruntime
    except ImportError as error:
        raise MissingError("The speech detector needs onnxruntime.", INSTALL) from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        str(_model_file()), options, providers=["CPUExecutionProvider"]
    )
    h = np.zeros((1, 1, 128), np.float32)
    c = np.zeros((1, 1, 128), np.float32)
    context = np.zeros((1, CONTEXT), np.float32)
    for at in range(0, len(audio.samples), FRAME * CHUNK):
        part = audio.samples[at : at + FRAME * CHUNK]
        frames = np.zeros((-(-len(part) // FRAME), FRAME), np.float32)
        frames.reshape(-1)[: len(part)] = part / np.float32(32768)
        before = np.concatenate([context, frames[:-1, -CONTEXT:]])
        context = frames[-1:, -CONTEXT:]
        feed = {"input": np.concatenate([before, frames], axis=1), "h": h, "c": c}
        chunk, h, c = session.run(["speech_probs", "hn", "cn"], feed)
        yield np.asarray(chunk, np.float32).reshape(-1)


def _model_file() -> Path:
    spec = importlib.util.find_spec("silero_vad")
    if spec is None or spec.origin is None:
        raise MissingError("The speech detector's model (silero-vad) is not installed.", INSTALL)
    path = Path(spec.origin).parent / "data" / "silero_vad_16k_sequence.onnx"
    if not path.is_file():
        raise MissingError(f"{path}: the speech detector's model is missing.", INSTALL)
    return path
