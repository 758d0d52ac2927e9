"""The same windows, exactly N tokens each: our decoder, openai-whisper's and CTranslate2's.

    python -m tests.bench.asr_speed CHECKPOINT [--audio FILE] [--windows 8] [--batch 8]
        [--tokens 100] [--precisions float32,int8] [--runs 3] [--threads 2] [--device cpu]

`stw bench transcribe` measures what a user waits for; this measures the encoder and the decoder
alone, on work that no engine can shorten. Every engine is given the same spectrograms, may not say
the end of text, and stops after N tokens (asserted); so the weights may be random ones, as those
that `tests.bench.checkpoints` writes. All follow the same rules for suppression and timestamps.
Interleaved runs after one warm-up; ratios to openai-whisper window by window, as its
`transcribe()` works. CTranslate2 only where faster-whisper is installed.

The tokens of every engine and precision are held against openai-whisper's, place by place.
"""

import argparse
import dataclasses
import gc
import importlib.util
import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
import whisper
from torch import Tensor

from translate.backends.machine import machine, use_threads
from translate.measure import Spread, spread

Tokens = list[list[int]]
Run = Callable[[Tensor], tuple[Tokens, float]]  # spectrograms → tokens, seconds of the encoder


def spectrograms(audio: Path | None, count: int, mels: int) -> Tensor:
    """`count` windows of 30 s, (count, mels, 3000): from a recording, repeated, or noise."""
    if audio is None:
        dice = np.random.default_rng(0)
        beat = np.clip(np.sin(np.arange(480_000) / 3_200), 0.01, None)
        parts = [
            (dice.standard_normal(480_000) * 0.1 * np.roll(beat, 997 * i)).astype(np.float32)
            for i in range(count)
        ]
    else:
        from translate.backends.media import decode

        sound = decode(audio)
        starts = [i * 30.0 % max(1.0, sound.duration - 30) for i in range(count)]
        parts = [sound.window(start, start + 30) for start in starts]
    return torch.stack([whisper.log_mel_spectrogram(whisper.pad_or_trim(p), mels) for p in parts])


def synchronised() -> float:
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter()


def stock(model: Any, tokens: int, batch: int) -> Run:
    """openai-whisper's `decode`, `batch` windows at once (its own `transcribe()` takes one)."""
    options = whisper.DecodingOptions(
        language="en",
        fp16=model.device.type == "cuda",
        sample_len=tokens,
        suppress_tokens=f"-1,{tokenizer(model).eot}",
    )
    kind = torch.float16 if options.fp16 else torch.float32

    def run(mel: Tensor) -> tuple[Tokens, float]:
        said: Tokens = []
        encoding = 0.0
        for part in mel.split(batch):
            begun = synchronised()
            features = model.encoder(part.to(model.device, kind))
            encoding += synchronised() - begun
            # Features in place of a spectrogram: `decode` then does not encode again.
            said += [result.tokens for result in whisper.decode(model, features, options)]
        return said, encoding

    return run


def ours(model: Any, precision: str, tokens: int, batch: int) -> Run:
    from translate.backends.whisper_decode import decode, rules_of
    from translate.backends.whisper_linear import choose
    from translate.backends.whisper_network import Decoder, Encoder

    chosen = choose(precision, model.device.type)
    encoder, decoder = Encoder(model, chosen), Decoder(model, chosen)
    rules = rules_of(model, language="en", prompt="", most=tokens)
    rules = dataclasses.replace(rules, suppressed=(*rules.suppressed, rules.eot))
    at_once = 1 if model.device.type == "cpu" else batch  # as the backend does

    def run(mel: Tensor) -> tuple[Tokens, float]:
        said: Tokens = []
        encoding = 0.0
        for part in mel.split(batch):
            begun = synchronised()
            features = torch.cat([encoder(p.to(model.device)) for p in part.split(at_once)])
            encoding += synchronised() - begun
            said += [list(found.tokens) for found in decode(decoder, features, rules)]
        return said, encoding

    return run


def ctranslate2(
    checkpoint: Path, model: Any, precision: str, tokens: int, batch: int, cache: Path
) -> Run:
    import ctranslate2 as ct2

    from translate.backends.ct2 import convert
    from translate.backends.faster_whisper import PRECISIONS
    from translate.backends.whisper_files import sha256_of

    device = model.device.type
    folder = convert(checkpoint, sha256_of(str(checkpoint)), cache=cache)
    engine = ct2.models.Whisper(
        str(folder),
        device=device,
        compute_type=PRECISIONS[precision][device],
        intra_threads=torch.get_num_threads(),
    )
    words = tokenizer(model)
    begin = list(words.sot_sequence)

    def run(mel: Tensor) -> tuple[Tokens, float]:
        said: Tokens = []
        encoding = 0.0
        for part in mel.split(batch):
            begun = time.perf_counter()
            features = engine.encode(ct2.StorageView.from_array(part.numpy()), to_cpu=False)
            encoding += time.perf_counter() - begun
            results = engine.generate(
                features,
                [begin] * len(part),
                beam_size=1,
                max_length=2 * tokens,  # CTranslate2 halves it for Whisper
                suppress_tokens=[-1, words.eot],
            )
            said += [result.sequences_ids[0] for result in results]
        return said, encoding

    return run


def tokenizer(model: Any) -> Any:
    return whisper.tokenizer.get_tokenizer(
        model.is_multilingual,
        num_languages=model.num_languages,
        language="en" if model.is_multilingual else None,
        task="transcribe" if model.is_multilingual else None,
    )


def contestants(told: argparse.Namespace, model: Any) -> dict[str, Run]:
    runs = {
        "openai, one by one": stock(model, told.tokens, 1),
        f"openai, batch {told.batch}": stock(model, told.tokens, told.batch),
    }
    for precision in told.precisions.split(","):
        runs[f"ours {precision}"] = ours(model, precision, told.tokens, told.batch)
        on_cpu = model.device.type == "cpu"
        if on_cpu and precision in ("bfloat16", "float16"):  # CTranslate2 has neither there
            continue
        if importlib.util.find_spec("faster_whisper"):
            runs[f"CTranslate2 {precision}"] = ctranslate2(
                told.checkpoint, model, precision, told.tokens, told.batch, told.cache
            )
    return runs


@torch.inference_mode()
def measure(told: argparse.Namespace) -> None:
    model = whisper.load_model(str(told.checkpoint), device=told.device)
    mel = spectrograms(told.audio, told.windows, model.dims.n_mels)
    runs = contestants(told, model)
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in runs}
    said: dict[str, Tokens] = {}
    for turn in range(told.runs + 1):
        for name, run in runs.items():
            gc.collect()
            begun = synchronised()
            said[name], encoding = run(mel)
            took = synchronised() - begun
            lengths = {len(tokens) for tokens in said[name]}
            assert lengths == {told.tokens}, f"{name}: {lengths} tokens, not {told.tokens}"
            if turn:  # the first is the warm-up
                times[name].append((encoding, took - encoding))
            print(f"# {turn}/{told.runs} {name}: {took:.2f} s", file=sys.stderr, flush=True)
    first, *_ = runs
    print(f"{machine()}.")
    print(
        f"{told.checkpoint.name}, {told.windows} windows of 30 s, {told.tokens} tokens each,"
        f" batch {told.batch}, {told.runs} interleaved runs.\n"
    )
    print("| engine | encoder, s | decoder, s | x real time | times as fast | same tokens |")
    print("|---|---|---|---|---|---|")
    for name in runs:
        whole = [e + d for e, d in times[name]]
        ratio = spread([sum(t) / w for t, w in zip(times[first], whole, strict=True)])
        row = (
            shown(spread([e for e, _ in times[name]])),
            shown(spread([d for _, d in times[name]])),
            shown(spread([told.windows * 30 / w for w in whole]), 1),
            shown(ratio),
            f"{same(said[name], said[first]):.1%}",
        )
        print(f"| {name} | {' | '.join(row)} |")
    if told.json:
        told.json.write_text(json.dumps({"times": times, "tokens": said}), encoding="utf-8")


def shown(of: Spread, digits: int = 2) -> str:
    return f"{of.median:.{digits}f} ({of.low:.{digits}f}-{of.high:.{digits}f})"


def same(said: Tokens, reference: Tokens) -> float:
    """The share of places with the same token."""
    pairs = [p for a, b in zip(said, reference, strict=True) for p in zip(a, b, strict=True)]
    return sum(a == b for a, b in pairs) / len(pairs)


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--audio", type=Path, help="a recording; without it, noise with pauses")
    parser.add_argument("--windows", type=int, default=8)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--tokens", type=int, default=100, help="of every window, at most 224")
    parser.add_argument("--precisions", default="float32,int8", help="with commas")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--cache", type=Path, help="where converted checkpoints lie")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every time and token")
    told = parser.parse_args(arguments)
    use_threads(told.threads)
    measure(told)


if __name__ == "__main__":
    main(sys.argv[1:])
