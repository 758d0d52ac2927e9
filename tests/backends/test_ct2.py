"""Conversion to CTranslate2: the same model, whole or not at all, and nothing hostile runs."""

import json
import os
import pickle
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import whisper
from hypothesis import given, settings
from hypothesis import strategies as st
from whisper.tokenizer import get_tokenizer

from translate.backends import ct2
from translate.backends.ct2 import convert, plan_conversion
from translate.errors import BadFileError, MissingError
from translate.model import Step

ctranslate2 = pytest.importorskip("ctranslate2", reason="the extra faster-whisper")
tokenizers = pytest.importorskip("tokenizers")


def checkpoint(path: Path, *, vocabulary: int = 51_865, mels: int = 80, half: bool = True) -> Path:
    """A small model with random weights, as openai-whisper would save it."""
    torch.manual_seed(vocabulary)
    dims = whisper.ModelDimensions(
        n_mels=mels,
        n_audio_ctx=1500,
        n_audio_state=64,
        n_audio_head=2,
        n_audio_layer=1,
        n_vocab=vocabulary,
        n_text_ctx=448,
        n_text_state=64,
        n_text_head=2,
        n_text_layer=2,
    )
    model = whisper.Whisper(dims)
    torch.nn.init.normal_(model.decoder.positional_embedding, std=0.2)
    torch.nn.init.normal_(model.decoder.token_embedding.weight, std=0.3)
    model = model.half() if half else model
    torch.save({"dims": asdict(dims), "model_state_dict": model.state_dict()}, path)
    return path


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return checkpoint(tmp_path_factory.mktemp("whisper") / "small.pt")


@pytest.fixture(scope="module")
def folder(small: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return convert(small, "abc", cache=tmp_path_factory.mktemp("ct2"))


# --- the same model -------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize(
    ("vocabulary", "mels", "half"),
    [(51_864, 80, True), (51_865, 80, False), (51_866, 128, True)],
    ids=["English alone", "multilingual, 32 bits", "large-v3's vocabulary"],
)
def test_it_decodes_token_for_token_as_openai_whisper(
    tmp_path: Path, vocabulary: int, mels: int, half: bool
) -> None:
    path = checkpoint(tmp_path / "x.pt", vocabulary=vocabulary, mels=mels, half=half)
    made = convert(path, "0", cache=tmp_path)
    theirs = whisper.load_model(str(path), device="cpu")
    sound = np.random.default_rng(1).standard_normal(160_000).astype(np.float32) / 10
    mel = whisper.log_mel_spectrogram(whisper.pad_or_trim(sound), mels)
    expected = whisper.decode(
        theirs, mel, whisper.DecodingOptions(language="en", fp16=False, sample_len=60)
    )
    ours = ctranslate2.models.Whisper(str(made), compute_type="float32", intra_threads=1)
    tokenizer = get_tokenizer(vocabulary > 51_864, language="en", task="transcribe")
    features = ctranslate2.StorageView.from_array(mel[None].numpy())
    (found,) = ours.generate(
        features,
        [list(tokenizer.sot_sequence)],
        beam_size=1,
        max_length=120,
        return_no_speech_prob=True,
    )
    assert len(expected.tokens) > 20
    assert found.sequences_ids[0] == expected.tokens
    assert found.no_speech_prob == pytest.approx(expected.no_speech_prob, abs=1e-5)
    with torch.inference_mode():
        states = theirs.encoder(mel[None]).numpy()
    assert np.abs(np.asarray(ours.encode(features)) - states).max() < 1e-4


def test_the_weights_are_kept_as_they_lie(small: Path, folder: Path) -> None:
    assert (folder / "model.bin").stat().st_size == pytest.approx(small.stat().st_size, rel=0.05)


@pytest.fixture(scope="module")
def ours(folder: Path) -> Any:
    return tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))


@settings(max_examples=200, deadline=None)
@given(text=st.text())
def test_the_vocabulary_is_whispers(ours: Any, text: str) -> None:
    theirs = get_tokenizer(True)
    for said in (text, f" PyTorch 2.0 is fast, don't you think? {text}你好"):
        try:
            expected = theirs.encode(said)
        except UnicodeEncodeError:  # half a character
            return
        assert ours.encode(said, add_special_tokens=False).ids == expected
        assert ours.decode(expected) == theirs.decode(expected)


def test_the_special_tokens_stand_where_whisper_has_them(ours: Any) -> None:
    for name, number in get_tokenizer(True).special_tokens.items():
        assert ours.token_to_id(name) == number


def test_the_heads_that_follow_the_sound(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    assert config["alignment_heads"] == [[1, 0], [1, 1]]  # the upper half, as whisper without names
    for name in ("tiny", "base.en", "large-v3-turbo"):
        sha256 = whisper._MODELS[name].split("/")[-2]
        layers, heads = {"tiny": (4, 6), "base.en": (6, 8), "large-v3-turbo": (4, 20)}[name]
        dims = whisper.ModelDimensions(80, 1500, 20, 1, 1, 51_865, 448, 5 * heads, heads, layers)
        model = whisper.Whisper(dims)
        model.set_alignment_heads(whisper._ALIGNMENT_HEADS[name])
        expected = [tuple(pair) for pair in model.alignment_heads.indices().T.tolist()]
        assert ct2._heads(sha256, asdict(dims)) == expected


# --- whole or not at all --------------------------------------------------------------------------


def test_it_is_made_once_and_told(small: Path, tmp_path: Path) -> None:
    steps: list[Step] = []
    plan = plan_conversion(small.stat().st_size, "abc", tmp_path)
    assert not plan.present
    made = convert(small, "abc", cache=tmp_path, progress=steps.append)
    assert made == plan.path
    assert plan_conversion(small.stat().st_size, "abc", tmp_path).present
    assert [s.done for s in steps] == [0, small.stat().st_size]
    assert {s.stage for s in steps} == {"convert"}
    written = (made / "model.bin").stat().st_mtime_ns
    assert convert(small, "abc", cache=tmp_path, progress=steps.append) == made
    assert (made / "model.bin").stat().st_mtime_ns == written
    assert len(steps) == 2


@pytest.mark.slow
def test_a_killed_conversion_leaves_nothing_that_is_taken_for_one(
    small: Path, tmp_path: Path
) -> None:
    code = f"""
import os, signal
from pathlib import Path
from ctranslate2.specs import whisper_spec
from translate.backends.ct2 import convert
save = whisper_spec.WhisperSpec.save
def die(self, folder):
    save(self, folder)
    os.truncate(Path(folder) / "model.bin", 1000)
    os.kill(os.getpid(), signal.SIGKILL)
whisper_spec.WhisperSpec.save = die
convert(Path({str(small)!r}), "abc", cache=Path({str(tmp_path)!r}))
"""
    done = subprocess.run([sys.executable, "-c", code], check=False)
    assert done.returncode == -signal.SIGKILL
    plan = plan_conversion(1, "abc", tmp_path)
    assert not plan.present
    assert [p.name for p in tmp_path.iterdir() if p.is_dir()] == [f"{plan.path.name}.part"]
    made = convert(small, "abc", cache=tmp_path)
    ctranslate2.models.Whisper(str(made), intra_threads=1)
    assert [p for p in tmp_path.iterdir() if p.is_dir()] == [made]


@pytest.mark.parametrize("harm", ["cut", "gone", "unsaid", "nonsense"])
def test_a_damaged_folder_is_made_anew(
    small: Path, folder: Path, tmp_path: Path, harm: str
) -> None:
    made = plan_conversion(1, "abc", tmp_path).path
    shutil.copytree(folder, made)
    assert plan_conversion(1, "abc", tmp_path).present
    model = (made / "model.bin").read_bytes()
    if harm == "cut":
        os.truncate(made / "model.bin", 1000)
    elif harm == "gone":
        (made / "tokenizer.json").unlink()
    elif harm == "unsaid":
        (made / ct2.MADE).unlink()
    else:
        (made / ct2.MADE).write_text("[1]", encoding="utf-8")
    assert not plan_conversion(1, "abc", tmp_path).present
    assert convert(small, "abc", cache=tmp_path) == made
    assert (made / "model.bin").read_bytes() == model
    assert (made / "tokenizer.json").exists()


def test_two_at_once_make_one(small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written = []
    write = ct2._write

    def counted(*arguments: Any) -> None:
        written.append(arguments)
        write(*arguments)

    monkeypatch.setattr(ct2, "_write", counted)
    threads = [
        threading.Thread(target=convert, args=(small, "abc"), kwargs={"cache": tmp_path})
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(written) == 1
    assert plan_conversion(1, "abc", tmp_path).present


def test_no_room(small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = ct2.shutil.disk_usage(tmp_path)
    monkeypatch.setattr(ct2.shutil, "disk_usage", lambda _: usage._replace(free=10_000_000))
    with pytest.raises(MissingError, match=r"0\.0 GB free"):
        convert(small, "abc", cache=tmp_path)
    assert not any(p.is_dir() for p in tmp_path.iterdir())


def test_a_cache_that_cannot_be_written(small: Path, tmp_path: Path) -> None:
    (tmp_path / "ct2").write_bytes(b"")
    with pytest.raises(MissingError, match="cannot be written"):
        convert(small, "abc", cache=tmp_path / "ct2")


def test_the_cache_is_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert plan_conversion(1, "abc").path == tmp_path / "see-the-world" / "ct2" / "abc-1"


# --- what is no checkpoint ------------------------------------------------------------------------


class Bomb:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize("kind", ["empty", "text", "pickle", "zip", "tensor"])
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
    else:
        torch.save(torch.zeros(3), path)
    with pytest.raises(BadFileError, match="not a checkpoint"):
        convert(path, "abc", cache=tmp_path / "cache")
    assert not fired.exists()
    assert not [p for p in (tmp_path / "cache").iterdir() if p.is_dir()]


Raw = dict[str, dict[str, Any]]


def less(raw: Raw) -> None:
    del raw["model_state_dict"]["decoder.ln.weight"]


def more(raw: Raw) -> None:
    raw["model_state_dict"]["decoder.extra"] = torch.zeros(3)


def narrow(raw: Raw) -> None:
    raw["model_state_dict"]["encoder.conv1.bias"] = torch.zeros(3)


def whole(raw: Raw) -> None:
    raw["model_state_dict"]["encoder.conv1.bias"] = torch.zeros(64, dtype=torch.int64)


def deep(raw: Raw) -> None:
    raw["dims"]["n_text_layer"] = 10**9


def negative(raw: Raw) -> None:
    raw["dims"]["n_mels"] = -80


def words(raw: Raw) -> None:
    raw["dims"]["n_vocab"] = 32_000
    table = raw["model_state_dict"]["decoder.token_embedding.weight"]
    raw["model_state_dict"]["decoder.token_embedding.weight"] = table[:32_000].clone()


def unnamed(raw: Raw) -> None:
    del raw["dims"]["n_vocab"]


@pytest.mark.parametrize("harm", [less, more, narrow, whole, deep, negative, words, unnamed])
def test_a_checkpoint_that_is_not_what_its_dimensions_say(
    small: Path, tmp_path: Path, harm: Callable[[Raw], None]
) -> None:
    raw = torch.load(small, weights_only=True)
    harm(raw)
    torch.save(raw, tmp_path / "x.pt")
    with pytest.raises(BadFileError, match="not a checkpoint"):
        convert(tmp_path / "x.pt", "abc", cache=tmp_path / "cache")
    assert not [p for p in (tmp_path / "cache").iterdir() if p.is_dir()]
