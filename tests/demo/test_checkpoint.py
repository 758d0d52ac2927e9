"""The demo's checkpoint is small, loads as any Whisper checkpoint does, and knows the sample."""

import json
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt
import pytest
import torch
import whisper

DEMO = Path(str(resources.files("translate.demo")))
RATE = 16_000
PROMPT = "Glossary: PyTorch, torch.compile, Triton, FSDP, CUDA, Ada Byron-Lee, graph break."

Samples = npt.NDArray[np.float32]


@pytest.fixture(scope="module")
def model() -> Iterator[whisper.Whisper]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # two threads of one small model wait for each other on a busy machine
    yield whisper.load_model(str(DEMO / "demo.pt"), device="cpu")
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def audio() -> Samples:
    resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE)
    parts: list[npt.NDArray[Any]] = []
    with av.open(str(DEMO / "sample.mp4")) as box:
        for frame in [*box.decode(audio=0), None]:
            parts += [piece.to_ndarray()[0] for piece in resampler.resample(frame)]
    return np.concatenate(parts).astype(np.float32) / np.float32(32768)


def chapter(number: int) -> list[dict[str, Any]]:
    lines = (DEMO / "timing.jsonl").read_text(encoding="utf-8").splitlines()
    return [row for row in map(json.loads, lines) if row["slide"] == number]


def window(audio: Samples, rows: list[dict[str, Any]]) -> Samples:
    """The clauses with half a second of silence on either side, or what there is."""
    start, end = max(0.0, rows[0]["start"] - 0.5), rows[-1]["end"] + 0.5
    return audio[round(start * RATE) : round(end * RATE)]


def test_it_is_small_enough_to_bundle() -> None:
    assert (DEMO / "demo.pt").stat().st_size <= 8_000_000


def test_it_takes_the_sample_for_english(model: whisper.Whisper, audio: Samples) -> None:
    mel = whisper.log_mel_spectrogram(whisper.pad_or_trim(audio))
    _, probabilities = model.detect_language(mel)
    assert max(probabilities, key=probabilities.__getitem__) == "en"
    assert probabilities["en"] > 0.9


@pytest.mark.parametrize(("number", "prompt"), [(0, None), (1, PROMPT)])
def test_it_reads_a_window_word_for_word(
    model: whisper.Whisper, audio: Samples, number: int, prompt: str | None
) -> None:
    rows = chapter(number)
    heard = whisper.transcribe(
        model,
        window(audio, rows),
        language="en",
        condition_on_previous_text=False,
        initial_prompt=prompt,
        carry_initial_prompt=True,
        fp16=False,
    )
    segments: list[dict[str, Any]] = heard["segments"]
    assert heard["text"].strip() == " ".join(row["text"] for row in rows)
    assert [s["temperature"] for s in segments] == [0.0] * len({row["sentence"] for row in rows})
    assert min(s["avg_logprob"] for s in segments) > -0.5
    opening = max(0.0, rows[0]["start"] - 0.5)
    assert segments[-1]["end"] + opening == pytest.approx(rows[-1]["end"], abs=0.3)


def test_it_says_nothing_about_silence(model: whisper.Whisper) -> None:
    silence = np.zeros(5 * RATE, np.float32)
    heard = whisper.transcribe(
        model, silence, language="en", condition_on_previous_text=False, fp16=False
    )
    assert not heard["text"].strip()
