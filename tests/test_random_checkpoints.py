"""The random checkpoints of the benchmarks: real format, many tokens, an end where it is due."""

import dataclasses
from pathlib import Path

import torch
import whisper

from tests.bench.checkpoints import SIZES, dimensions, random_checkpoint, save

SMALL = {"n_audio_state": 128, "n_audio_head": 2, "n_audio_layer": 1}
SMALL |= {"n_text_state": 128, "n_text_head": 2, "n_text_layer": 2}


def test_a_window_has_many_different_tokens_and_ends(tmp_path: Path) -> None:
    dims = dataclasses.replace(dimensions("tiny"), **SMALL)
    path = tmp_path / "random.pt"
    save(random_checkpoint(dims, tokens=40), path)
    model = whisper.load_model(str(path), device="cpu")
    assert model.dims == dims
    dice = torch.Generator().manual_seed(3)
    mel = torch.rand(2, 80, 3000, generator=dice)
    found = whisper.decode(model, mel, whisper.DecodingOptions(language="en", fp16=False))
    for result in found:
        assert len(result.tokens) == 40
        assert len(set(result.tokens)) > 25
        assert result.avg_logprob > -1.5
        assert result.no_speech_prob < 0.1
        assert result.compression_ratio < 2.4


def test_the_same_seed_gives_the_same_weights() -> None:
    dims = dataclasses.replace(dimensions("tiny"), **SMALL)
    first, again, other = (random_checkpoint(dims, seed=s).state_dict() for s in (1, 1, 2))
    assert all(torch.equal(first[k], again[k]) for k in first)
    assert not torch.equal(first["decoder.ln.bias"], other["decoder.ln.bias"])


def test_the_sizes_are_the_official_ones() -> None:
    assert {(n, dimensions(n).n_vocab, dimensions(n).n_mels) for n in SIZES} == {
        *((n, 51865, 80) for n in ("tiny", "base", "small", "medium")),
        *((n, 51866, 128) for n in ("large-v3", "turbo")),
    }
    assert dimensions("base", english=True).n_vocab == 51864
