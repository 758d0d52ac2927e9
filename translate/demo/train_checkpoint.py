"""Train `demo.pt`: a fixture that knows only this sample, not a recogniser.

A checkpoint in openai-whisper's own format, so small that it can be bundled, which has learnt the
one talk in `sample.mp4` by heart. It lets the real loading, language, window, decoding, timestamp
and fallback code run offline within seconds. On any other speech it writes nonsense, so it says
nothing about how well Whisper hears.

A build script, run by hand after `make_sample`: `python -m translate.demo.train_checkpoint`.
Needs torch, openai-whisper and PyAV, no network, and a processor for the time that README.md
beside it states; set OMP_WAIT_POLICY=passive where others use the processor too. The seed is
fixed; what differs between machines is rounding. It prints its progress and, at the end, the word
error rate and the confidence over random cuts of the sample, through `whisper.transcribe` itself.
"""

import argparse
import json
import math
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import av
import numpy as np
import torch
import torch.nn.functional as fn
import whisper
from numpy.typing import NDArray
from torch import Tensor, nn
from whisper.audio import N_SAMPLES, SAMPLE_RATE, log_mel_spectrogram, mel_filters
from whisper.model import ModelDimensions, Whisper
from whisper.tokenizer import Tokenizer, get_tokenizer

HERE = Path(__file__).resolve().parent
SEED = 20_260_915
LIMIT = 8_000_000  # bytes

# The token table alone takes 51,865 rows, hence the width.
DIMS = ModelDimensions(
    n_mels=80,
    n_audio_ctx=1500,
    n_audio_state=64,
    n_audio_head=1,
    n_audio_layer=1,
    n_vocab=51_865,
    n_text_ctx=448,
    n_text_state=64,
    n_text_head=4,
    n_text_layer=3,
)
HEAD = DIMS.n_text_state // DIMS.n_text_head  # width of one head
PITCH = 0.2  # seconds: the grid of the timestamps that it learns
VARIANTS = 12  # of the sample's spectrogram: sub-frame shift, gain, noise
FRAME = 0.01  # seconds a spectrogram frame
FRAMES_A_STEP = 10  # encoder frames, of 0.02 s, in one step of the grid
SILENCE = -100  # class of nothing to learn


@dataclass(frozen=True, slots=True)
class Stage:
    """One part of the course: how long windows get, for how many steps, at which rate."""

    seconds: float
    steps: int
    batch: int
    rate: float  # of learning, going linearly to `last`
    last: float
    prompt: int  # longest prompt in tokens


COURSE = (
    Stage(5.0, 450, 16, 3e-3, 2.5e-3, 40),
    Stage(12.0, 200, 8, 2.5e-3, 2e-3, 100),
    Stage(30.0, 700, 6, 1.8e-3, 2e-5, 200),
    Stage(30.0, 500, 8, 1.5e-3, 1e-5, 200),
    Stage(30.0, 450, 8, 1.5e-3, 1e-5, 200),
)


@dataclass(frozen=True, slots=True)
class Clause:
    """What is said between two pauses."""

    start: float
    end: float
    text: str
    sentence: int


@dataclass(frozen=True, slots=True)
class Cut:
    """One window: a run of clauses and where the silence around it is cut."""

    start: float
    end: float
    first: int
    last: int  # inclusive


def read_audio() -> NDArray[np.float32]:
    """The sample's sound, 16 kHz mono."""
    parts: list[NDArray[Any]] = []
    resampler = av.AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE)
    with av.open(str(HERE / "sample.mp4")) as box:
        for frame in box.decode(audio=0):
            frame.pts = None
            parts += [piece.to_ndarray()[0] for piece in resampler.resample(frame)]
        parts += [piece.to_ndarray()[0] for piece in resampler.resample(None)]
    return np.concatenate(parts).astype(np.float32) / np.float32(32768)


def read_clauses() -> list[Clause]:
    """What is said when, from `timing.jsonl`."""
    rows = map(json.loads, (HERE / "timing.jsonl").read_text(encoding="utf-8").splitlines())
    return [Clause(row["start"], row["end"], row["text"], row["sentence"]) for row in rows]


class Sample:
    """The sample's sound and words, and random windows of them."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.audio = read_audio()
        self.clauses = read_clauses()
        self.seconds = len(self.audio) / SAMPLE_RATE
        self.tokenizer: Tokenizer = get_tokenizer(
            multilingual=True, num_languages=99, language="en", task="transcribe"
        )

    def text(self, first: int, last: int) -> str:
        return " ".join(clause.text for clause in self.clauses[first : last + 1])

    def pause_before(self, at: int) -> tuple[float, float]:
        """The silence before clause `at`; after the last one, the file's end."""
        low = self.clauses[at - 1].end if at else 0.0
        high = self.clauses[at].start if at < len(self.clauses) else self.seconds
        return low, high

    def in_pause(self, at: int) -> float:
        """Any moment of that silence, a little away from the speech."""
        low, high = self.pause_before(at)
        margin = min(0.06, (high - low) / 4)
        return self.random.uniform(low + margin, high - margin)

    def ends_sentence(self, at: int) -> bool:
        last = at == len(self.clauses) - 1
        return last or self.clauses[at + 1].sentence != self.clauses[at].sentence

    def cut(self, longest: float) -> Cut:
        """A random window of at most `longest` seconds, mostly cut between sentences."""
        while True:
            first = self.random.randrange(len(self.clauses))
            whole = self.random.random() < 0.5
            if whole and first and not self.ends_sentence(first - 1):
                continue
            start = self.in_pause(first)
            # Real plans fill their windows, so most of these are nearly full as well.
            low = self.random.choice([0.95, 0.7, 0.7, 0.0]) * longest
            goal = self.random.uniform(max(low, 1.0), longest)
            last = first
            for at in range(first, len(self.clauses)):
                if self.clauses[at].end - start < goal and (not whole or self.ends_sentence(at)):
                    last = at
            end = self.in_pause(last + 1)
            if end - start <= longest and (not whole or self.ends_sentence(last)):
                return Cut(start, end, first, last)

    def segments(self, cut: Cut) -> Iterator[tuple[int, int]]:
        """The first and last clause of each of the window's sentences."""
        at = cut.first
        while at <= cut.last:
            begin = at
            while at < cut.last and not self.ends_sentence(at):
                at += 1
            yield begin, at
            at += 1

    def target(
        self, cut: Cut, shift: int = 0, timestamps: bool = True
    ) -> tuple[list[int], list[float]]:
        """What the model must say after `<|transcribe|>`, its clock `shift` steps ahead, and the
        moment in the window at which each of these tokens has been said."""
        tokens: list[int] = [] if timestamps else [self.tokenizer.no_timestamps]
        times: list[float] = [] if timestamps else [0.0]
        previous = -1
        for first, last in self.segments(cut):
            start, end = self.clauses[first].start - cut.start, self.clauses[last].end - cut.start
            # No segment may begin later than 1 s into a window if it is the first.
            begin = min(start, 1.0) if previous < 0 else start
            opening = max(round(begin / PITCH), previous)
            previous = max(round(end / PITCH), opening + 1)
            words, spoken = self.spoken(first, last)
            spoken = [time - cut.start for time in spoken]
            if timestamps:
                words = [self.stamp(shift + opening), *words, self.stamp(shift + previous)]
                spoken = [start + 0.08, *spoken, end]
            tokens, times = tokens + words, times + spoken
        return [*tokens, self.tokenizer.eot], [*times, times[-1]]

    def spoken(self, first: int, last: int) -> tuple[list[int], list[float]]:
        """The tokens of a run of clauses and when each ends; in a clause, by its letters."""
        clock: list[float] = []
        for clause in self.clauses[first : last + 1]:
            letters = len(clause.text) + 1
            pace = (clause.end - clause.start) / letters
            clock += [clause.start + (at + 1) * pace for at in range(letters)]
        tokens: list[int] = self.tokenizer.encode(" " + self.text(first, last))
        ends: list[float] = []
        length = 0
        for token in tokens:
            length += len(self.tokenizer.decode([token]))
            ends.append(clock[length - 1])
        return tokens, ends

    def stamp(self, steps: int) -> int:
        """The timestamp token at so many steps of the grid."""
        return int(self.tokenizer.timestamp_begin) + steps * round(PITCH / 0.02)

    def prompt(self, longest: int) -> list[int]:
        """Words that stand before the window and must not disturb it."""
        length = int(longest * self.random.random() ** 2) + 1
        if self.random.random() < 0.3:
            words = self.text(0, len(self.clauses) - 1).split()
            self.random.shuffle(words)
            listed: list[int] = self.tokenizer.encode(" " + ", ".join(words[:length]))
            return listed[:length]
        known = self.random.random()
        return [
            self.random.choice(self.words)
            if self.random.random() < known
            else self.random.randrange(self.tokenizer.eot)
            for _ in range(length)
        ]

    @cached_property
    def words(self) -> list[int]:
        """The tokens of all that is said, however it is cut."""
        found: set[int] = set()
        for first in range(len(self.clauses)):
            for last in range(first, min(first + 4, len(self.clauses))):
                found.update(self.tokenizer.encode(" " + self.text(first, last)))
        return sorted(found)

    @cached_property
    def known(self) -> list[int]:
        """Every token with a row of its own in the table; all others share one."""
        kit = self.tokenizer
        special = [kit.eot, kit.sot, kit.language_token, kit.transcribe]
        special += [kit.sot_prev, kit.no_speech, kit.no_timestamps]
        return self.words + special + [self.stamp(at) for at in range(round(30 / PITCH) + 1)]


class Spectrograms:
    """Log-mel spectra of the whole sample, in variants, from which windows are sliced."""

    def __init__(self, sample: Sample) -> None:
        self.sample = sample
        self.random = sample.random
        generator = np.random.default_rng(SEED)
        self.spectra: list[Tensor] = []
        for at in range(VARIANTS):
            shift = at * 160 // VARIANTS
            gain = 1.0 if at == 0 else 10 ** (self.random.uniform(-4, 4) / 20)
            audio = sample.audio[shift:] * gain
            noise = 10 ** (self.random.uniform(-90, -55) / 20)
            audio = audio + noise * generator.standard_normal(len(audio)) * (at % 2)
            self.spectra.append(self.spectrum(torch.from_numpy(audio.astype(np.float32))))
        self.labels = self.word_labels()
        self.classes = int(self.labels.max()) + 1

    @staticmethod
    def spectrum(audio: Tensor) -> Tensor:
        """`whisper.log_mel_spectrogram` up to, but without, what depends on the window."""
        window = torch.hann_window(400)
        power = torch.stft(audio, 400, 160, window=window, return_complex=True).abs()[:, :-1] ** 2
        mel: Tensor = mel_filters("cpu", 80) @ power
        return mel.clamp(min=1e-10).log10()

    def word_labels(self) -> Tensor:
        """Which word is being said in each frame, 0 for none; a word's length by its letters."""
        labels = torch.zeros(round(self.sample.seconds / FRAME) + 100, dtype=torch.long)
        number = 0
        for clause in self.sample.clauses:
            words = clause.text.split()
            pace = (clause.end - clause.start) / sum(len(word) + 1 for word in words)
            start = clause.start
            for word in words:
                number += 1
                end = start + (len(word) + 1) * pace
                labels[round(start / FRAME) : round(end / FRAME)] = number
                start = end
        return labels

    def window(self, cut: Cut, frames: int, pad_sound: bool) -> tuple[Tensor, Tensor]:
        """One window's input, padded to `frames`, and the word in every second frame of it."""
        spectrum = self.random.choice(self.spectra)
        first, last = round(cut.start / FRAME), round(cut.end / FRAME)
        piece = spectrum[:, first:last]
        labels = torch.full((frames,), SILENCE)
        labels[: last - first] = self.labels[first:last][:frames]
        return self.finish(piece, frames, pad_sound), labels[::2]

    def quiet(self, frames: int) -> tuple[Tensor, Tensor]:
        """A window with nothing said: digital silence or noise."""
        length = self.random.randrange(50, frames)
        level = self.random.choice([0.0, 10 ** self.random.uniform(-4.5, -1.5)])
        piece = self.spectrum(level * torch.randn(length * 160))
        labels = torch.full((frames,), SILENCE)
        labels[:length] = 0
        return self.finish(piece, frames, self.random.random() < 0.3), labels[::2]

    @staticmethod
    def finish(piece: Tensor, frames: int, pad_sound: bool) -> Tensor:
        """The rest of Whisper's spectrogram. It pads the sound with silence in one place (finding
        the language) and the spectrogram with zeros in another (transcribing)."""
        floor = max(float(piece.max()) - 8, -10.0)
        piece = (piece.clamp(min=floor) + 4) / 4
        padding = (floor + 4) / 4 if pad_sound else 0.0
        return fn.pad(piece[:, :frames], (0, max(0, frames - piece.shape[1])), value=padding)


class Course(nn.Module):
    """The model in training: Whisper's own modules, and a table of the known tokens only."""

    def __init__(self, sample: Sample, classes: int) -> None:
        super().__init__()
        self.model = Whisper(DIMS)
        self.model.decoder.token_embedding.weight.requires_grad_(False)
        places = self.model.encoder.positional_embedding
        # Waves rather than noise: what is learnt at one place is then nearly right at the next.
        self.model.decoder.positional_embedding.data = places[: DIMS.n_text_ctx] * 0.08
        rows = torch.randn(len(sample.known) + 1, DIMS.n_text_state) * 0.05
        # Timestamps begin as what the encoder adds for their time, so that near ones are alike.
        stamps = round(30 / PITCH)
        rows[-2 - stamps : -2] = places[::FRAMES_A_STEP][:stamps] * 0.12
        self.rows = nn.Parameter(rows)
        # Two more teachers, thrown away afterwards: which word is this frame, and when is it?
        self.frame_words = nn.Linear(DIMS.n_audio_state, classes)
        self.frame_times = nn.Linear(DIMS.n_audio_state, round(30 / PITCH))
        self.row_of = torch.full((DIMS.n_vocab,), len(sample.known))
        self.row_of[torch.tensor(sample.known)] = torch.arange(len(sample.known))
        self.known = sample.known
        # The last row stands for all other tokens at once.
        self.offsets = torch.zeros(len(sample.known) + 1)
        self.offsets[-1] = math.log(DIMS.n_vocab - len(sample.known))
        # After these a window may go on or be over; which, takes the most learning.
        kit = sample.tokenizer
        turns = [*kit.encode(","), *kit.encode("."), *range(kit.timestamp_begin, DIMS.n_vocab)]
        self.weights = torch.ones(len(sample.known) + 1)
        self.weights[self.row_of[torch.tensor(turns)]] = 4.0
        self.weights[-1] = 1.0

    def encode(self, mel: Tensor, shift: int = 0) -> Tensor:
        """Whisper's encoder, but for spectrograms of any length, placed anywhere in the 30 s."""
        first = shift * FRAMES_A_STEP
        encoder = self.model.encoder
        x = fn.gelu(encoder.conv2(fn.gelu(encoder.conv1(mel)))).permute(0, 2, 1)
        x = x + encoder.positional_embedding[first : first + x.shape[1]]
        for block in encoder.blocks:
            x = block(x)
        result: Tensor = encoder.ln_post(x)
        return result

    def decode(self, tokens: Tensor, sound: Tensor, at: int = 0) -> tuple[Tensor, Tensor]:
        """Whisper's decoder over the small table: logits of the known tokens and of the rest; and
        where in the sound one head of the middle layer looks, as logits over the frames. `at` is
        the place of the first token."""
        decoder = self.model.decoder
        x = self.rows[tokens] + decoder.positional_embedding[at : at + tokens.shape[1]]
        looks: list[Tensor] = []
        for block in decoder.blocks:
            x = x + block.attn(block.attn_ln(x), mask=decoder.mask)[0]
            asked, cross = block.cross_attn_ln(x), block.cross_attn
            query, key = cross.query(asked)[..., :HEAD], cross.key(sound)[..., :HEAD]
            looks.append(query @ key.transpose(1, 2) / math.sqrt(HEAD))
            x = x + cross(asked, sound)[0]
            x = x + block.mlp(block.mlp_ln(x))
        logits: Tensor = decoder.ln(x) @ self.rows.T + self.offsets
        return logits, looks[1]

    def checkpoint(self) -> dict[str, Any]:
        """What `whisper.load_model` reads, in half precision."""
        state = {key: value.half() for key, value in self.model.state_dict().items()}
        table = self.rows.detach()[self.row_of].half()
        state["decoder.token_embedding.weight"] = table.contiguous()
        return {"dims": dict(vars(DIMS)), "model_state_dict": state}


@dataclass(frozen=True, slots=True)
class Batch:
    mel: Tensor
    labels: Tensor
    tokens: Tensor
    targets: Tensor
    moments: Tensor  # the encoder's frame in which each token ends
    shift: int
    place: int  # of the first token


def make_batch(sample: Sample, spectra: Spectrograms, course: Course, stage: Stage) -> Batch:
    """Random windows with what the model must say about each."""
    frames = round(stage.seconds / FRAME)
    kit, dice = sample.tokenizer, sample.random
    mels, labels, rows, lengths = [], [], [], []
    prompted = dice.random() < 0.5
    # Standing where a prompt would have put it teaches half of what a prompt does, for nothing.
    place = 0 if prompted or dice.random() < 0.4 else dice.randint(1, 200)
    # Short windows are placed anywhere in the 30 s, so that late times are learnt as well.
    shift = dice.randint(0, round((30 - stage.seconds) / PITCH))
    for _ in range(stage.batch):
        quiet = dice.random() < 0.04
        head = [kit.sot, kit.language_token, kit.transcribe]
        if quiet:
            mel, label = spectra.quiet(frames)
            body, times = [sample.stamp(shift), kit.eot], [0.0, 0.0]
        else:
            cut = sample.cut(stage.seconds)
            mel, label = spectra.window(cut, frames, dice.random() < 0.15)
            body, times = sample.target(cut, shift, timestamps=dice.random() > 0.04)
        before = [kit.sot_prev, *sample.prompt(stage.prompt)] if prompted else []
        said = head + body
        row = before + said
        # Only what follows `<|startoftranscript|>` is learnt, the language included.
        goal = [SILENCE] * len(before) + said[1:] + [SILENCE]
        if quiet:
            goal[len(before)] = kit.no_speech
        looks = [SILENCE] * (len(before) + len(head))
        looks += [min(max(round(time / 0.02) - 2, 0), frames // 2 - 1) for time in times]
        if quiet:
            looks = [SILENCE] * len(row)
        mels.append(mel)
        labels.append(label)
        rows.append((row, goal, looks))
        lengths.append(len(row))
    tokens = torch.full((stage.batch, max(lengths)), kit.eot)
    targets = torch.full((stage.batch, max(lengths)), SILENCE)
    moments = torch.full((stage.batch, max(lengths)), SILENCE)
    for at, (row, goal, looks) in enumerate(rows):
        tokens[at, : len(row)] = torch.tensor(row)
        targets[at, : len(goal)] = torch.tensor(goal)
        moments[at, : len(looks)] = torch.tensor(looks)
    learnt = targets >= 0
    targets[learnt] = course.row_of[targets[learnt]]
    return Batch(
        torch.stack(mels),
        torch.stack(labels),
        course.row_of[tokens],
        targets,
        moments,
        shift,
        place,
    )


def train(sample: Sample, course: Course, spectra: Spectrograms, stages: tuple[Stage, ...]) -> None:
    """The whole course, printing a line now and then."""
    parameters = [p for p in course.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(parameters, lr=1e-3, betas=(0.9, 0.98), weight_decay=0.01)
    began, done = time.monotonic(), 0
    for number, stage in enumerate(stages, 1):
        for step in range(stage.steps):
            rate = stage.rate + (stage.last - stage.rate) * step / stage.steps
            for group in optimizer.param_groups:
                group["lr"] = rate * min(1.0, (done + 1) / 100)
            batch = make_batch(sample, spectra, course, stage)
            sound = course.encode(batch.mel, batch.shift)
            words = course.frame_words(sound)
            seen = fn.cross_entropy(
                words.flatten(0, 1), batch.labels.flatten(), ignore_index=SILENCE
            )
            clock = torch.arange(sound.shape[1]) // FRAMES_A_STEP + batch.shift
            clock = clock.expand(sound.shape[:2]).masked_fill(batch.labels < 0, SILENCE)
            placed = fn.cross_entropy(
                course.frame_times(sound).flatten(0, 1), clock.flatten(), ignore_index=SILENCE
            )
            logits, looks = course.decode(batch.tokens, sound, batch.place)
            logits = logits.flatten(0, 1)
            looked = fn.cross_entropy(
                looks.flatten(0, 1), batch.moments.flatten(), ignore_index=SILENCE
            )
            each = fn.cross_entropy(
                logits, batch.targets.flatten(), ignore_index=SILENCE, reduction="none"
            )
            weights = course.weights[batch.tokens].flatten() * (batch.targets.flatten() >= 0)
            said = (each * weights).sum() / weights.sum()
            optimizer.zero_grad(set_to_none=True)
            torch.autograd.backward(said + 0.5 * seen + 0.2 * placed + 0.3 * looked)
            nn.utils.clip_grad_norm_(parameters, 1.0)
            optimizer.step()
            if done % 50 == 0 or step == stage.steps - 1:
                goal = batch.targets.flatten()
                right = (logits.argmax(-1) == goal)[goal >= 0].float().mean()
                print(
                    f"stage {number} step {step:4d} {time.monotonic() - began:6.0f} s  "
                    f"tokens {said:.3f} frames {seen:.3f} times {placed:.3f} "
                    f"looks {looked:.3f} right {right:.3f}",
                    flush=True,
                )
            done += 1


def plan(sample: Sample, anywhere: bool) -> list[Cut]:
    """The sample in windows of at most 30 s, cut at random pauses between sentences, or between
    clauses as well (`anywhere`); every word in just one."""
    cuts: list[Cut] = []
    first, start = 0, sample.random.uniform(0.0, sample.clauses[0].start - 0.1)
    while first < len(sample.clauses):
        longest = sample.random.uniform(12.0, 30.0)
        last = first
        while not (anywhere or sample.ends_sentence(last)):
            last += 1
        for at in range(first, len(sample.clauses)):
            fits = sample.pause_before(at + 1)[1] - start <= longest
            if fits and (anywhere or sample.ends_sentence(at)):
                last = at
        end = sample.in_pause(last + 1)
        # Some planners cut the pause in two, some give both windows all of it.
        opened = min(start, sample.in_pause(first)) if first else start
        cuts.append(Cut(opened, end, first, last))
        first, start = last + 1, end
    return cuts


def distance(heard: list[str], said: list[str]) -> int:
    """Word errors: the fewest insertions, deletions and replacements."""
    row = list(range(len(said) + 1))
    for i, word in enumerate(heard, 1):
        diagonal, row[0] = row[0], i
        for j, other in enumerate(said, 1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (word != other))
    return row[-1]


PROMPTS = (
    None,
    "Glossary: PyTorch, torch.compile, Triton, TorchInductor, FSDP, CUDA, Ada Byron-Lee.",
    "Faster Training with One Line, a talk by Ada Byron-Lee of Example Labs at Demo Conf 2026. "
    "Terms: graph break, eager mode, kernel, operator, tensor, shard, optimizer, inference, "
    "DataLoader, autograd, AOTAutograd, TorchDynamo, quantization, Hugging Face, DeepSpeed.",
)


def measure(path: Path, sample: Sample, plans: int, anywhere: bool) -> None:
    """Read the sample through Whisper's own code, cut in `plans` random ways; print the errors."""
    model = whisper.load_model(str(path), device="cpu")
    mel = log_mel_spectrogram(whisper.pad_or_trim(sample.audio, N_SAMPLES))
    language = max(model.detect_language(mel)[1].items(), key=lambda item: item[1])
    print("language", language)
    errors = words = windows = fallbacks = exact = 0
    worst, ratio, drift, began = 0.0, 0.0, 0.0, time.monotonic()
    for number in range(plans):
        for cut in plan(sample, anywhere):
            piece = sample.audio[round(cut.start * SAMPLE_RATE) : round(cut.end * SAMPLE_RATE)]
            result = whisper.transcribe(
                model,
                piece,
                language="en",
                condition_on_previous_text=False,
                initial_prompt=PROMPTS[number % len(PROMPTS)],
                carry_initial_prompt=True,
                fp16=False,
                temperature=(0.0, 0.2, 0.4, 0.6, 0.8, 1.0),
            )
            said = sample.text(cut.first, cut.last).split()
            wrong = distance(str(result["text"]).split(), said)
            segments: list[dict[str, Any]] = result["segments"]
            errors, words, windows = errors + wrong, words + len(said), windows + 1
            exact += wrong == 0
            fallbacks += any(segment["temperature"] > 0 for segment in segments)
            worst = min([worst, *(segment["avg_logprob"] for segment in segments)])
            ratio = max([ratio, *(segment["compression_ratio"] for segment in segments)])
            true = list(sample.segments(cut))
            if len(true) == len(segments):
                ends = [sample.clauses[last].end - cut.start for _, last in true]
                pairs = zip(segments, ends, strict=True)
                drift = max([drift, *(abs(segment["end"] - end) for segment, end in pairs)])
            if wrong and windows - exact <= 10:
                print(f"  {wrong} in {cut}: {result['text']}")
    print(
        f"{plans} plans cut {'in any pause' if anywhere else 'between sentences'}, "
        f"{windows} windows, {exact} exact, {errors} errors in {words} words, "
        f"WER {errors / words:.4f}; lowest avg_logprob {worst:.3f}, highest compression ratio "
        f"{ratio:.2f}, fallbacks {fallbacks}, largest error of an end {drift:.2f} s, "
        f"{(time.monotonic() - began) / windows:.2f} s a window"
    )


def main() -> None:
    """Train, save, measure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--out", type=Path, default=HERE / "demo.pt")
    parser.add_argument("--plans", type=int, default=50, help="random cuts to measure over")
    parser.add_argument("--measure", action="store_true", help="only measure what is there")
    options = parser.parse_args()
    torch.manual_seed(SEED)
    torch.set_num_threads(2)
    sample = Sample(SEED)
    if not options.measure:
        spectra = Spectrograms(sample)
        course = Course(sample, spectra.classes)
        train(sample, course, spectra, COURSE)
        torch.save(course.checkpoint(), options.out)
        size = options.out.stat().st_size
        print(f"{options.out.name}: {size} bytes")
        if size > LIMIT:
            raise SystemExit(f"larger than {LIMIT} bytes")
    for anywhere in (False, True):
        measure(options.out, sample, options.plans, anywhere)


if __name__ == "__main__":
    main()
