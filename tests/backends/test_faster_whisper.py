"""faster-whisper: real decoding with a real checkpoint, and what it refuses."""

import hashlib
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
import whisper
from hypothesis import given
from hypothesis import strategies as st

from tests.backends.test_ct2 import checkpoint
from tests.shared import shared_data
from translate.backends import faster_whisper as backend
from translate.backends import whisper_files
from translate.backends.faster_whisper import FasterWhisper, plan
from translate.backends.media import decode
from translate.errors import BadFileError, MissingError, SettingsError
from translate.model import Hearing, Segment

pytest.importorskip("faster_whisper", reason="the extra faster-whisper")

FIXTURE = "whisper/overfit-fixture.pt"
Samples = npt.NDArray[np.float32]


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="module")
def exact() -> FasterWhisper:
    return FasterWhisper(str(shared_data(FIXTURE)), device="cpu", precision="float32", words=True)


@pytest.fixture(scope="module")
def jfk() -> Samples:
    return decode(shared_data("audio/english/jfk.flac")).window(0, 30)


@pytest.fixture(scope="module")
def kennedy() -> Samples:
    return decode(shared_data("audio/english/kennedy.wav")).window(0, 30)


def hear(
    engine: FasterWhisper, windows: Sequence[Samples], offsets: Sequence[float] = ()
) -> tuple[Hearing, ...]:
    told: list[float] = []
    heard = engine.recognise(
        windows,
        offsets or [0.0] * len(windows),
        language="en",
        prompt="",
        done=told.append,
    )
    assert told[-1] == 1.0
    return heard


def text(hearing: Hearing) -> str:
    return " ".join(s.text for s in hearing.segments)


# --- recognition ----------------------------------------------------------------------------------


@pytest.mark.data
@pytest.mark.slow
def test_a_window_is_heard_as_openai_whisper_hears_it(
    exact: FasterWhisper, jfk: Samples, kennedy: Samples
) -> None:
    theirs = whisper.load_model(str(shared_data(FIXTURE)), device="cpu")
    noise = (np.random.default_rng(3).standard_normal(160_000) / 20).astype(np.float32)
    for samples in (jfk, kennedy, noise):
        mel = torch.from_numpy(backend._features(samples, 80))
        expected = whisper.decode(theirs, mel, whisper.DecodingOptions(language="en", fp16=False))
        (heard,) = hear(exact, [samples])
        assert text(heard) == " ".join(expected.text.split())
        for segment in heard.segments:
            assert segment.avg_logprob == pytest.approx(expected.avg_logprob, abs=1e-4)
            assert segment.no_speech_prob == pytest.approx(expected.no_speech_prob, abs=1e-4)
            assert segment.compression_ratio == pytest.approx(expected.compression_ratio)
            assert segment.temperature == 0.0


@pytest.mark.data
@pytest.mark.slow
def test_a_batch_hears_each_window_as_if_alone(
    exact: FasterWhisper, jfk: Samples, kennedy: Samples
) -> None:
    silent = np.zeros(16_000, np.float32)
    together = hear(exact, [jfk, silent, kennedy], [100.0, 50.0, 0.0])
    alone = [hear(exact, [w])[0] for w in (jfk, silent, kennedy)]
    assert [text(h) for h in together] == [text(h) for h in alone]
    assert text(together[0]).startswith("And so, my fellow Americans,")
    first, again = together[0].segments[0], alone[0].segments[0]
    assert (first.start, first.end) == (again.start + 100, again.end + 100)
    assert [h.language for h in (together[0], together[2])] == ["en", "en"]
    assert all(h.whole for h in together)
    assert min(together[0].probability, together[2].probability) > 0.9


@pytest.mark.data
@pytest.mark.slow
def test_more_windows_than_a_batch(
    exact: FasterWhisper, jfk: Samples, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(backend.BATCH, "cpu", 2)
    told: list[float] = []
    heard = exact.recognise([jfk] * 3, [0, 30, 60], language="en", prompt="", done=told.append)
    assert [round(h.segments[0].start) for h in heard] == [0, 30, 60]
    assert told == [2 / 3, 1.0]
    assert exact.recognise([], [], language="en", prompt="", done=told.append) == ()


@pytest.mark.data
@pytest.mark.slow
def test_words_lie_in_order_inside_their_segment(exact: FasterWhisper, kennedy: Samples) -> None:
    (heard,) = hear(exact, [kennedy], [10.0])
    (again,) = (exact.recognise_again(kennedy, 10.0, language="en", prompt=""),)
    for hearing in (heard, again):
        assert len(hearing.segments) > 1
        for segment in hearing.segments:
            said = "".join(w.text for w in segment.words)
            assert said == segment.text.replace(" ", "")
            times = [t for w in segment.words for t in (w.start, w.end)]
            assert times == sorted(times)
            assert segment.start <= times[0] <= times[-1] <= segment.end + 0.01
            assert all(0 <= (w.confidence or 0) <= 1 for w in segment.words)


@pytest.mark.data
@pytest.mark.slow
def test_eight_bits_and_a_beam_give_the_same_text(
    exact: FasterWhisper, jfk: Samples, kennedy: Samples
) -> None:
    expected = [text(h) for h in hear(exact, [jfk, kennedy])]
    for other in ({}, {"precision": "int8"}, {"precision": "float32", "beam": 5}):
        engine = FasterWhisper(str(shared_data(FIXTURE)), device="cpu", **other)
        heard = hear(engine, [jfk, kennedy])
        assert [text(h) for h in heard] == expected
        assert not any(s.words for h in heard for s in h.segments)


@pytest.mark.data
@pytest.mark.slow
def test_a_second_hearing_does_not_depend_on_the_first(exact: FasterWhisper, jfk: Samples) -> None:
    again = exact.recognise_again(jfk, 100.0, language="en", prompt="")
    assert text(again).startswith("And so, my fellow Americans,")
    assert again.segments[0].start >= 100
    assert (again.language, again.segments[0].temperature) == ("en", 0.0)
    noise = (np.random.default_rng(0).standard_normal(80_000) * 0.1).astype(np.float32)
    prompt = "A talk about Triton."
    engine = FasterWhisper(str(shared_data(FIXTURE)), device="cpu", precision="float32")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(backend, "TEMPERATURES", (0.8,))
        once = engine.recognise_again(noise, 0.0, language="en", prompt=prompt)
        engine.recognise_again(noise, 0.0, language="en", prompt="")
        assert engine.recognise_again(noise, 0.0, language="en", prompt=prompt) == once
    assert {s.temperature for s in once.segments} <= {0.8}


@pytest.mark.data
@pytest.mark.slow
def test_the_language_is_judged_over_all_windows(exact: FasterWhisper, kennedy: Samples) -> None:
    language, probability = exact.detect([kennedy])
    assert language == "en"
    assert probability > 0.9
    assert exact.detect([kennedy, np.zeros(16_000, np.float32), kennedy])[0] == "en"
    assert exact.detect([]) == ("", 0.0)


@pytest.mark.data
def test_provenance(exact: FasterWhisper) -> None:
    engine = exact.engine
    data = shared_data(FIXTURE).read_bytes()
    assert (engine.name, engine.model) == ("faster-whisper", "overfit-fixture.pt")
    assert engine.version == hashlib.sha256(data).hexdigest()[:12]
    assert engine.parameters["dtype"] == "float32"
    assert exact.batch >= 1
    other = FasterWhisper(str(shared_data(FIXTURE)), device="cpu", precision="int8")
    assert other.engine != engine


@pytest.mark.data
def test_the_plan_names_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    path = shared_data(FIXTURE)
    found = plan(str(path))
    assert found.path.parent == tmp_path / "see-the-world" / "ct2"
    assert (found.bytes, found.present) == (path.stat().st_size, False)
    assert plan("tiny").path.name.startswith(whisper._MODELS["tiny"].split("/")[-2])


@pytest.mark.data
def test_a_damaged_model_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    engine = FasterWhisper(str(shared_data(FIXTURE)), device="cpu")
    folder = backend.convert(
        shared_data(FIXTURE), whisper_files.sha256_of(str(shared_data(FIXTURE)))
    )
    model = folder / "model.bin"
    model.write_bytes(b"\xff" * model.stat().st_size)  # as long as it was
    with pytest.raises(MissingError, match="cannot be loaded") as caught:
        engine.detect([np.zeros(16_000, np.float32)])
    assert "Delete the folder" in caught.value.hint


# --- what was decoded -----------------------------------------------------------------------------

FIRST = 50_364


class Numbers:
    """Of the tokens that are no text."""

    eot, timestamp_begin = 50_257, FIRST


@given(
    st.lists(st.one_of(st.integers(0, 50_256), st.integers(50_257, FIRST + 1500))),
    st.floats(1, 30),
)
def test_no_token_of_text_is_lost(tokens: list[int], duration: float) -> None:
    pieces = backend._pieces(tokens, Numbers, duration)
    assert [t for p in pieces for t in p.tokens] == [t for t in tokens if t < Numbers.eot]
    assert all(p.tokens for p in pieces)


def test_text_without_a_last_timestamp_goes_to_the_end_of_the_window() -> None:
    first, last = backend._pieces([FIRST, 1, 2, FIRST + 250, FIRST + 300, 3], Numbers, 12.5)
    assert (first.start, first.end, first.tokens) == (0.0, 5.0, (1, 2))
    assert (last.start, last.end, last.tokens) == (6.0, 12.5, (3,))


# --- other models ---------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize(("vocabulary", "mels"), [(51_864, 80), (51_866, 128)])
def test_any_sound_and_any_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, vocabulary: int, mels: int
) -> None:
    """A model that knows nothing, so that its answers are noise: loops, halves of letters."""
    path = checkpoint(tmp_path / "x.pt", vocabulary=vocabulary, mels=mels)
    engine = FasterWhisper(str(path), device="cpu", words=True)
    dice = np.random.default_rng(0)
    sounds = [(dice.standard_normal(n) / 10).astype(np.float32) for n in (10, 16_000, 480_000)]
    prompt = "Triton, a talk by <|endoftext|>."
    told: list[float] = []
    asked = {"language": "en", "prompt": prompt}
    heard = engine.recognise(sounds, [0.0, 30.0, 60.0], done=told.append, **asked)
    assert len(heard) == 3
    assert any(h.segments for h in heard)
    assert not all(h.whole for h in heard)  # it never ends
    assert all((h.language == "") == (vocabulary == 51_864) for h in heard)
    if vocabulary == 51_864:
        assert engine.detect(sounds) == ("", 0.0)
    monkeypatch.setattr(backend, "TEMPERATURES", (0.5,))
    again = engine.recognise_again(sounds[0], 0.0, **asked)
    assert engine.recognise_again(sounds[0], 0.0, **asked) == again


# --- memory ---------------------------------------------------------------------------------------


class Small:
    """Holds two windows at once."""

    multilingual = True

    def __init__(self, room: int) -> None:
        self.room, self.asked = room, []

    def recognise(self, windows: Any, offsets: Any, *_: Any, **__: Any) -> list[Hearing]:
        self.asked.append(len(windows))
        if len(windows) > self.room:
            raise RuntimeError("CUDA failed with error out of memory")
        return [
            Hearing(
                segments=(
                    Segment(
                        start=at,
                        end=at + 1,
                        text="x",
                        avg_logprob=0.0,
                        no_speech_prob=0.0,
                        compression_ratio=1.0,
                        temperature=0.0,
                    ),
                )
            )
            for at in offsets
        ]


def test_a_batch_that_does_not_fit_is_halved(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = FasterWhisper("tiny", device="cpu")
    small = Small(room=2)
    monkeypatch.setattr(engine, "_loaded", small)
    heard = hear(engine, [np.zeros(160, np.float32)] * 7, [float(i) for i in range(7)])
    assert [h.segments[0].start for h in heard] == list(range(7))
    assert small.asked == [7, 3, 1, 2, 4, 2, 2]
    monkeypatch.setattr(engine, "_loaded", Small(room=0))
    with pytest.raises(MissingError, match="memory") as caught:
        hear(engine, [np.zeros(160, np.float32)] * 2)
    assert "--device cpu" in caught.value.hint


# --- what it refuses ------------------------------------------------------------------------------


def test_constructing_loads_nothing() -> None:
    code = (
        "import sys; from translate.backends.faster_whisper import FasterWhisper; FasterWhisper();"
        "heavy = {'torch', 'whisper', 'ctranslate2', 'faster_whisper'};"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_without_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "faster_whisper", None)
    with pytest.raises(MissingError, match="faster-whisper") as caught:
        FasterWhisper("tiny")
    assert "see-the-world[faster-whisper]" in caught.value.hint


def test_names_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="turbo2"):
        FasterWhisper("turbo2")
    with pytest.raises(BadFileError, match="no such checkpoint"):
        FasterWhisper(str(tmp_path / "none.pt"))
    with pytest.raises(SettingsError, match="'mps'"):
        FasterWhisper("tiny", device="mps")
    with pytest.raises(SettingsError, match="'int4'"):
        FasterWhisper("tiny", precision="int4")
    with pytest.raises(SettingsError, match="beam"):
        FasterWhisper("tiny", beam=0)
    for precision in ("float16", "bfloat16"):
        with pytest.raises(SettingsError, match=precision):
            _ = FasterWhisper("tiny", device="cpu", precision=precision).engine


def test_what_cannot_be_asked() -> None:
    engine = FasterWhisper("tiny", device="cpu")
    window = np.zeros(1600, np.float32)
    with pytest.raises(SettingsError, match="'xx'"):
        engine.recognise([window], [0], language="xx", prompt="", done=lambda _: None)
    with pytest.raises(SettingsError, match="prompt"):
        engine.recognise_again(window, 0, language="en", prompt="Triton, " * 120)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is one here")
def test_a_device_that_is_not_there() -> None:
    with pytest.raises(MissingError, match="cuda"):
        _ = FasterWhisper("tiny", device="cuda").engine


def test_a_file_that_is_no_checkpoint(tmp_path: Path) -> None:
    path = tmp_path / "x.pt"
    path.write_text("<html>not found</html>")
    with pytest.raises(BadFileError, match="not a checkpoint"):
        FasterWhisper(str(path), device="cpu").detect([np.zeros(1600, np.float32)])
