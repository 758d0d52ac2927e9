"""Our batched decoder against openai-whisper's own, token by token, on weights nobody trained."""

import dataclasses

import pytest
import torch
import whisper
from hypothesis import given, settings
from hypothesis import strategies as st
from whisper.model import ModelDimensions

from translate.backends.whisper_decode import Decoded, decode, rules_of
from translate.backends.whisper_linear import bfloat16_pays, choose, has_int8, linear
from translate.backends.whisper_network import Decoder, Encoder
from translate.errors import SettingsError

WIDTH, HEADS, LAYERS, CONTEXT = 64, 2, 2, 48
# openai-whisper's own beam search sorts tensors with numpy.
pytestmark = pytest.mark.filterwarnings("ignore:__array_wrap__:DeprecationWarning")
int8 = pytest.mark.skipif(not has_int8(), reason="this build of PyTorch has no int8 product")


def untrained(seed: int, vocabulary: int = 51865) -> whisper.Whisper:
    """A small model with random weights: it babbles, and so meets every rule."""
    torch.manual_seed(seed)
    sound = (80, 1500, WIDTH, HEADS, LAYERS)
    model = whisper.Whisper(ModelDimensions(*sound, vocabulary, CONTEXT, WIDTH, HEADS, LAYERS))
    with torch.no_grad():
        model.decoder.positional_embedding.normal_(std=0.5)
        model.decoder.token_embedding.weight.normal_(std=0.3)
    return model.eval()


def sounds(count: int) -> torch.Tensor:
    return torch.randn(count, 80, 3000)


def stock(model: whisper.Whisper, mel: torch.Tensor, prompt: str, beams: int) -> list[object]:
    options = whisper.DecodingOptions(
        language="en", fp16=False, prompt=prompt or None, beam_size=beams if beams > 1 else None
    )
    return [whisper.decode(model, window, options) for window in mel]


def ours(
    model: whisper.Whisper,
    mel: torch.Tensor,
    prompt: str,
    beams: int = 1,
    precision: str = "float32",
) -> tuple[Decoded, ...]:
    exact = choose(precision, "cpu")
    with torch.inference_mode():
        features = Encoder(model, exact)(mel)
        rules = rules_of(model, language="en", prompt=prompt)
        return decode(Decoder(model, exact), features, rules, beams=beams)


@pytest.mark.slow
@pytest.mark.parametrize("beams", [1, 3])
@pytest.mark.parametrize("prompt", ["", "A talk about FSDP."])
@pytest.mark.parametrize("vocabulary", [51865, 51864])
def test_every_window_gets_openai_whispers_tokens(beams: int, prompt: str, vocabulary: int) -> None:
    for seed in range(2):
        model = untrained(seed, vocabulary)
        mel = sounds(4)
        for expected, found in zip(
            stock(model, mel, prompt, beams), ours(model, mel, prompt, beams), strict=True
        ):
            assert list(found.tokens) == expected.tokens
            assert found.avg_logprob == pytest.approx(expected.avg_logprob, abs=1e-4)
            assert found.no_speech_prob == pytest.approx(expected.no_speech_prob, abs=1e-5)


def ending(seed: int) -> whisper.Whisper:
    model = untrained(seed)
    eot = whisper.tokenizer.get_tokenizer(True).eot
    with torch.no_grad():
        model.decoder.token_embedding.weight[eot] *= 3
    return model


@pytest.mark.slow
@pytest.mark.parametrize("beams", [1, 4])
def test_windows_that_end_leave_the_others_alone(beams: int) -> None:
    lengths = set()
    for seed in range(6):
        model = ending(seed)
        mel = sounds(5)
        found = ours(model, mel, "", beams)
        lengths |= {len(f.tokens) for f in found}
        assert [list(f.tokens) for f in found] == [r.tokens for r in stock(model, mel, "", beams)]
    assert len(lengths) > 2  # or nothing has left early


@pytest.mark.slow
def test_a_window_that_runs_into_the_limit_says_so() -> None:
    model = untrained(0)
    (babble,) = ours(model, sounds(1), "")
    assert not babble.whole
    ended = [f for seed in range(6) for f in ours(ending(seed), sounds(3), "") if f.whole]
    assert ended
    assert all(len(f.tokens) < CONTEXT for f in ended)


@int8
@pytest.mark.slow
def test_in_int8_a_windows_text_does_not_depend_on_its_neighbours() -> None:
    model = ending(3)
    mel = sounds(4)
    together = ours(model, mel, "", precision="int8")
    alone = [ours(model, mel[i : i + 1], "", precision="int8")[0] for i in range(4)]
    assert [f.tokens for f in together] == [f.tokens for f in alone]


@pytest.mark.slow
def test_the_language_is_heard_at_no_cost() -> None:
    model = untrained(1)
    mel = sounds(3)
    for window, found in zip(mel, ours(model, mel, ""), strict=True):
        _, shares = whisper.detect_language(model, window)
        assert found.language == max(shares, key=shares.__getitem__)
        assert found.probability == pytest.approx(shares[found.language], abs=1e-4)
    assert ours(untrained(1, 51864), mel, "")[0].language == ""


def test_fewer_tokens_when_asked() -> None:
    model = untrained(0)
    rules = dataclasses.replace(rules_of(model, language="en", prompt="", most=7), eot=-1)
    with torch.inference_mode():
        features = Encoder(model, "float32")(sounds(2))
        found = decode(Decoder(model, "float32"), features, rules)
    assert [len(f.tokens) for f in found] == [7, 7]


# --- products -------------------------------------------------------------------------------------


@int8
@settings(max_examples=30, deadline=None)
@given(st.integers(1, 20), st.sampled_from([(8, 16), (64, 192), (130, 7)]), st.integers(0, 999))
def test_int8_is_close_and_row_by_row(rows: int, size: tuple[int, int], seed: int) -> None:
    torch.manual_seed(seed)
    weight, bias = torch.randn(size[1], size[0]), torch.randn(size[1])
    x = torch.randn(rows, size[0]) * torch.logspace(-3, 3, rows)[:, None]
    product = linear(weight, bias, "int8")
    exact = torch.nn.functional.linear(x, weight)
    found = product(x) - bias
    error = (found - exact).norm(dim=-1) / exact.norm(dim=-1)
    big = x.abs().amax(-1) > 1  # beside a small row's, the bias takes all the digits
    assert (error[big] < 0.06).all()
    assert torch.equal(torch.cat([product(row[None]) for row in x]), product(x))


@int8
def test_int8_of_nothing_is_the_bias() -> None:
    product = linear(torch.randn(5, 8), torch.arange(5.0), "int8")
    assert torch.equal(product(torch.zeros(2, 3, 8))[1, 2], torch.arange(5.0))


def test_the_quantisation_engine_of_the_process_stays() -> None:
    before = torch.backends.quantized.engine
    choose("auto", "cpu")
    assert torch.backends.quantized.engine == before


def test_precisions() -> None:
    assert choose("auto", "cuda") == "float16"
    assert choose("auto", "mps") == "float32"
    if has_int8():
        assert choose("auto", "cpu") == ("bfloat16" if bfloat16_pays() else "int8")
    for wanted, device in (("int4", "cpu"), ("float16", "cpu"), ("int8", "cuda")):
        with pytest.raises(SettingsError, match=wanted):
            choose(wanted, device)


def test_without_int8_the_default_is_exact(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("translate.backends.whisper_linear.has_int8", lambda: False)
    assert choose("auto", "cpu") == "float32"
    with pytest.raises(SettingsError, match="int8"):
        choose("int8", "cpu")
