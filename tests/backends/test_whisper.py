"""Whisper: real decoding with a real checkpoint, and downloads that cannot poison the cache."""

import hashlib
import http.server
import os
import pickle
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import torch
import whisper
from whisper.timing import find_alignment
from whisper.tokenizer import get_tokenizer

from tests.shared import shared_data
from translate.backends import whisper as backend
from translate.backends import whisper_files
from translate.backends.media import decode
from translate.backends.whisper import Whisper, count_tokens
from translate.backends.whisper_files import CHECKPOINTS, plan_download
from translate.backends.whisper_text import _aligned
from translate.errors import BadFileError, MissingError, SettingsError
from translate.model import Hearing, Step

# openai-whisper's own beam search sorts tensors with numpy.
pytestmark = pytest.mark.filterwarnings("ignore:__array_wrap__:DeprecationWarning")

FIXTURE = "whisper/overfit-fixture.pt"

Samples = npt.NDArray[np.float32]


@pytest.fixture(scope="module")
def model() -> Whisper:
    return Whisper(str(shared_data(FIXTURE)), device="cpu")


def hear(model: Whisper, *windows: Samples, prompt: str = "") -> tuple[Hearing, ...]:
    offsets = [100.0 * i for i in range(len(windows))]
    return model.recognise(windows, offsets, language="en", prompt=prompt, done=lambda _: None)


# --- recognition ----------------------------------------------------------------------------------


@pytest.mark.data
@pytest.mark.slow
@pytest.mark.parametrize("precision", ["float32", "int8"])
def test_a_real_clip_twice_the_same_with_absolute_times(precision: str) -> None:
    model = Whisper(str(shared_data(FIXTURE)), device="cpu", precision=precision)
    audio = decode(shared_data("audio/english/jfk.flac"))
    threads = torch.get_num_threads()
    shares: list[float] = []
    windows = [audio.window(0, 30)] * 2
    one, two = model.recognise(windows, [0.0, 100.0], language="en", prompt="", done=shares.append)
    (once,), (later,) = one.segments, two.segments
    assert once.text.startswith("And so, my fellow Americans,")
    assert later.text == once.text
    assert later.start == once.start + 100
    assert later.end == once.end + 100
    assert once.avg_logprob > -0.1
    assert once.no_speech_prob < 0.1
    assert once.temperature == 0.0
    assert (one.language, one.whole) == ("en", True)
    assert one.probability > 0.9
    assert torch.get_num_threads() == threads
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert model.seconds["encoder"] > 0
    assert model.seconds["again"] == 0


@pytest.mark.data
@pytest.mark.slow
@pytest.mark.parametrize("beam", [1, 3])
def test_a_batch_says_what_openai_whisper_says_of_each_window(beam: int) -> None:
    ours = Whisper(str(shared_data(FIXTURE)), device="cpu", precision="float32", beam=beam)
    stock = whisper.load_model(str(shared_data(FIXTURE)), device="cpu")
    audio = decode(shared_data("video/input_5.mp4"))
    windows = [audio.window(t, t + 25) for t in (0, 25, 50)]
    heard = hear(ours, *windows)
    for window, hearing in zip(windows, heard, strict=True):
        mel = whisper.log_mel_spectrogram(window, padding=whisper.audio.N_SAMPLES)[:, :2500]
        options = whisper.DecodingOptions(
            language="en", fp16=False, beam_size=beam if beam > 1 else None
        )
        expected = whisper.decode(stock, whisper.pad_or_trim(mel, 3000), options)
        said = re.sub(r"\W+", "", " ".join(s.text for s in hearing.segments))
        assert said == re.sub(r"\W+", "", expected.text)
        assert hearing.segments[0].avg_logprob == pytest.approx(expected.avg_logprob, abs=1e-3)


@pytest.mark.data
@pytest.mark.slow
def test_words_get_times_without_a_second_encoding() -> None:
    path = str(shared_data(FIXTURE))
    model = Whisper(path, device="cpu", precision="float32", words=True)
    audio = decode(shared_data("audio/english/kennedy.wav"))
    (hearing,) = hear(model, audio.window(0, 30))
    stock = whisper.load_model(path, device="cpu").transcribe(
        audio.window(0, 30), language="en", fp16=False, word_timestamps=True
    )
    expected = [w for s in stock["segments"] for w in s["words"]]
    words = [w for s in hearing.segments for w in s.words]
    assert [w.text for w in words] == [w["word"].strip() for w in expected]
    for segment in hearing.segments:
        times = [t for w in segment.words for t in (w.start, w.end)]
        assert times == sorted(times)
        assert segment.start <= times[0]
        assert times[-1] <= segment.end
        letters = "".join(w.text for w in segment.words)  # `long` and `-range` are two words to it
        assert letters == segment.text.replace(" ", "")


@pytest.mark.data
@pytest.mark.slow
def test_words_are_aligned_as_openai_whisper_aligns_them() -> None:
    stock = whisper.load_model(str(shared_data(FIXTURE)), device="cpu")
    tokenizer = get_tokenizer(True, language="en", task="transcribe")
    samples = decode(shared_data("audio/english/kennedy.wav")).window(0, 20)
    mel = whisper.pad_or_trim(whisper.log_mel_spectrogram(samples), 3000)
    text = tokenizer.encode(" I believe that this nation should commit itself, before long.")
    with torch.inference_mode():
        ours = _aligned(text, stock.encoder(mel[None])[0], stock, tokenizer, 20.0)
    for found, expected in zip(
        ours, find_alignment(stock, tokenizer, text, mel, 2000), strict=True
    ):
        assert (found.word, found.tokens) == (expected.word, expected.tokens)
        assert (found.start, found.end) == pytest.approx((expected.start, expected.end))
        assert found.probability == pytest.approx(float(expected.probability), rel=1e-3)


@pytest.mark.data
@pytest.mark.slow
def test_a_batch_too_large_for_the_memory_goes_in_halves(
    model: Whisper, monkeypatch: pytest.MonkeyPatch
) -> None:
    audio = decode(shared_data("audio/english/jfk.flac"))
    real = backend.Whisper._hear
    asked: list[int] = []

    def small(self: Whisper, windows: list[tuple[Samples, float]], *rest: object) -> object:
        asked.append(len(windows))
        if len(windows) > 1:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB")
        return real(self, windows, *rest)  # type: ignore[arg-type]  # handed on as they came

    monkeypatch.setattr(backend.Whisper, "_hear", small)
    heard = hear(model, *[audio.window(0, 30)] * 3)
    assert asked == [3, 2, 1, 1, 1]
    assert [h.segments[0].start for h in heard] == [0.0, 100.0, 200.0]


@pytest.mark.data
@pytest.mark.slow
def test_fallbacks_that_sample_give_the_same_text_and_leave_the_seed_alone(
    model: Whisper, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backend, "TEMPERATURES", (0.8,))
    noise = (np.random.default_rng(0).standard_normal(80_000) * 0.1).astype(np.float32)
    torch.manual_seed(7)
    expected = torch.rand(1)
    torch.manual_seed(7)
    prompt = "A talk about Triton."
    once = model.recognise_again(noise, 0.0, language="en", prompt=prompt)
    assert torch.rand(1) == expected
    assert model.recognise_again(noise, 0.0, language="en", prompt=prompt) == once


@pytest.mark.data
@pytest.mark.slow
def test_the_language_is_judged_over_all_windows(model: Whisper) -> None:
    english = decode(shared_data("audio/english/kennedy.wav")).window(0, 30)
    language, probability = model.detect([english])
    assert language == "en"
    assert probability > 0.9
    silent = np.zeros(16000, np.float32)
    both = model.detect([english, silent, english])
    assert both[0] == "en"
    assert model.detect([]) == ("", 0.0)


@pytest.mark.data
def test_provenance(model: Whisper) -> None:
    engine = model.engine
    data = shared_data(FIXTURE).read_bytes()
    assert (engine.name, engine.model) == ("whisper", "overfit-fixture.pt")
    assert engine.version == hashlib.sha256(data).hexdigest()[:12]
    assert engine.parameters["device"] == "cpu"
    assert engine.parameters["precision"] in {"int8", "bfloat16", "float32"}
    assert engine.parameters["beam"] == "1"
    assert engine.parameters["whisper"] == whisper.__version__


def test_a_prompt_that_would_break_the_decoder_is_refused(tmp_path: Path) -> None:
    recogniser = Whisper("tiny", model_dir=tmp_path, device="cpu")
    with pytest.raises(SettingsError, match="prompt"):
        hear(recogniser, np.zeros(1600, np.float32), prompt="Triton, " * 120)
    with pytest.raises(SettingsError, match="prompt"):
        recogniser.recognise_again(
            np.zeros(1600, np.float32), 0.0, language="en", prompt="Triton, " * 120
        )


def test_a_language_that_is_none() -> None:
    recogniser = Whisper("tiny", device="cpu")
    with pytest.raises(SettingsError, match="'xx'"):
        recogniser.recognise_again(np.zeros(1600, np.float32), 0.0, language="xx", prompt="")


def test_a_beam_that_is_none() -> None:
    with pytest.raises(SettingsError, match="0 is not a number of beams"):
        Whisper("tiny", beam=0)


def test_tokens_are_counted_by_the_larger_vocabulary() -> None:
    assert count_tokens("Hello") == 1
    assert count_tokens("PyTorch, ATen and FSDP.") >= 8
    assert count_tokens("") <= 1
    assert count_tokens("A talk about <|endoftext|> and <|nospeech|>") > 8  # a title may say so


@pytest.mark.data
def test_running_out_of_memory_is_said(model: Whisper, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB")

    monkeypatch.setattr(model, "_hear", full)
    with pytest.raises(MissingError) as caught:
        hear(model, np.zeros(1600, np.float32))
    assert "memory" in caught.value.message
    assert "--device cpu" in caught.value.hint


def test_constructing_loads_nothing() -> None:
    code = (
        "import sys; from translate.backends.whisper import Whisper;"
        "from translate.backends.whisper_files import plan_download;"
        "Whisper(); plan_download('turbo'); assert not {'torch', 'whisper'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


# --- devices and files ----------------------------------------------------------------------------


def test_a_device_that_is_not_there() -> None:
    absent = "cuda" if not torch.cuda.is_available() else "mps"
    with pytest.raises(MissingError, match=absent):
        _ = Whisper("tiny", device=absent).engine
    with pytest.raises(SettingsError, match="'tpu'"):
        _ = Whisper("tiny", device="tpu").engine


def test_the_table_is_upstreams() -> None:
    assert set(CHECKPOINTS) == set(whisper.available_models())
    for name, (file, _) in CHECKPOINTS.items():
        assert whisper._MODELS[name].endswith(f"/{file}")


def test_plans(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    plan = plan_download("turbo")
    assert plan.path == tmp_path / "whisper" / "large-v3-turbo.pt"
    assert (plan.bytes, plan.present) == (1_617_941_637, False)
    assert plan_download("tiny", tmp_path).path == tmp_path / "tiny.pt"
    own = tmp_path / "own.pt"
    own.write_bytes(b"123")
    assert plan_download(str(own)).present
    with pytest.raises(BadFileError, match="no such checkpoint"):
        plan_download(str(tmp_path / "none.pt"))
    with pytest.raises(SettingsError) as caught:
        plan_download("turbo2")
    assert "small.en" in caught.value.hint


class Bomb:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize("kind", ["empty", "text", "pickle", "zip", "tensor", "dims"])
def test_a_file_that_is_no_checkpoint_does_not_run(tmp_path: Path, kind: str) -> None:
    path, fired = tmp_path / "x.pt", tmp_path / "fired"
    if kind == "empty":
        path.write_bytes(b"")
    elif kind == "text":
        path.write_text("<html>not found</html>")
    elif kind == "pickle":
        path.write_bytes(pickle.dumps({"dims": Bomb(fired)}))
    elif kind == "zip":
        torch.save({"dims": Bomb(fired), "model_state_dict": {}}, path)
    elif kind == "tensor":
        torch.save(torch.zeros(3), path)
    else:
        torch.save({"dims": {"n_mels": 80}, "model_state_dict": {}}, path)
    with pytest.raises(BadFileError, match="not a checkpoint"):
        Whisper(str(path), device="cpu").detect([np.zeros(1600, np.float32)])
    assert not fired.exists()


# --- downloads ------------------------------------------------------------------------------------


class Server(http.server.ThreadingHTTPServer):
    """Serves one file, with ranges; can break off or lie."""

    daemon_threads = True
    data = b""
    stop_after: int | None = None
    ranges: list[str | None]


class Handler(http.server.BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        asked = self.headers.get("Range")
        self.server.ranges.append(asked)
        start = int(asked.split("=")[1].rstrip("-")) if asked else 0
        body = self.server.data[start:]
        self.send_response(206 if asked else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: self.server.stop_after])
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def server() -> Iterator[Server]:
    httpd = Server(("127.0.0.1", 0), Handler)
    httpd.ranges = []
    thread = threading.Thread(target=httpd.serve_forever)
    thread.start()
    yield httpd
    httpd.shutdown()
    thread.join()
    httpd.server_close()


@pytest.fixture
def served(server: Server, monkeypatch: pytest.MonkeyPatch) -> Server:
    """The fixture checkpoint under the name `tiny`, on a server of our own."""
    server.data = shared_data(FIXTURE).read_bytes()
    sha = hashlib.sha256(server.data).hexdigest()
    url = f"http://127.0.0.1:{server.server_address[1]}/models/{sha}/tiny.pt"
    monkeypatch.setitem(whisper._MODELS, "tiny", url)
    monkeypatch.setitem(whisper_files.CHECKPOINTS, "tiny", ("tiny.pt", len(server.data)))
    return server


@pytest.mark.data
@pytest.mark.slow
def test_a_download_that_breaks_off_continues_and_loads(served: Server, tmp_path: Path) -> None:
    folder = tmp_path / "models"
    steps: list[Step] = []
    recogniser = Whisper("tiny", model_dir=folder, device="cpu", progress=steps.append)
    served.stop_after = 5_000_000
    with pytest.raises(MissingError) as caught:
        recogniser.detect([np.zeros(1600, np.float32)])
    for said in ("http://127.0.0.1", str(folder / "tiny.pt"), "--model"):
        assert said in caught.value.hint
    assert not (folder / "tiny.pt").exists()
    served.stop_after = None
    language, _ = recogniser.detect([np.zeros(1600, np.float32)])
    assert language
    assert served.ranges == [None, "bytes=5000000-"]
    assert sorted(p.name for p in folder.iterdir()) == ["tiny.pt"]
    assert (folder / "tiny.pt").read_bytes() == served.data
    assert steps[-1].done == steps[-1].total == len(served.data)
    assert recogniser.engine.model == "tiny"
    assert plan_download("tiny", folder).present


@pytest.mark.data
def test_what_is_not_the_checkpoint_is_not_kept(served: Server, tmp_path: Path) -> None:
    served.data = b"<html>sign in</html>"
    with pytest.raises(MissingError, match="SHA-256"):
        Whisper("tiny", model_dir=tmp_path, device="cpu").detect([np.zeros(160, np.float32)])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.data
def test_a_file_with_the_right_name_and_wrong_content(served: Server, tmp_path: Path) -> None:
    (tmp_path / "tiny.pt").write_bytes(b"\0" * len(served.data))
    with pytest.raises(MissingError, match="SHA-256"):
        Whisper("tiny", model_dir=tmp_path, device="cpu").detect([np.zeros(160, np.float32)])
    assert served.ranges == []


def test_no_server_and_no_space(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(whisper_files.CHECKPOINTS, "tiny", ("tiny.pt", 10**15))
    with pytest.raises(MissingError, match="GB free"):
        Whisper("tiny", model_dir=tmp_path, device="cpu").detect([np.zeros(160, np.float32)])
    monkeypatch.undo()
    monkeypatch.setitem(whisper._MODELS, "tiny", "http://127.0.0.1:9/models/00/tiny.pt")
    with pytest.raises(MissingError, match="could not be downloaded"):
        Whisper("tiny", model_dir=tmp_path, device="cpu").detect([np.zeros(160, np.float32)])
