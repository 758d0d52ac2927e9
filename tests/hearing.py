"""What tests of recognition share: segments, speech, sound and a recogniser by hand."""

from collections.abc import Callable, Mapping, Sequence
from typing import Literal

import numpy as np

from translate.backends.media import Audio
from translate.model import Engine, Flag, Hearing, Segment, Span


class Speaking:
    def __init__(self, *spans: tuple[float, float]) -> None:
        self.spans = tuple(Span(start=a, end=b) for a, b in spans)

    def speech(self, _: object) -> tuple[Span, ...]:
        return self.spans


def segment(start: float, end: float, text: str, **what: float) -> Segment:
    known = {
        "avg_logprob": -0.2,
        "no_speech_prob": 0.01,
        "compression_ratio": 1.4,
        "temperature": 0.0,
    }
    return Segment(start=start, end=end, text=text, **{**known, **what})


def sound(seconds: float) -> Audio:
    rng = np.random.default_rng(1)
    return Audio(samples=rng.integers(-9000, 9000, round(seconds * 16000), np.int16))


def rules(flags: Sequence[Flag]) -> list[str]:
    return [f"{f.rule} {f.action}" for f in flags]


class KilledError(Exception):
    pass


Mood = Literal["fine", "loops", "stops early", "cut wrong", "hopeless", "mute"]
MOODS: tuple[Mood, ...] = ("fine", "loops", "stops early", "cut wrong", "hopeless", "mute")


def said(start: float, end: float, at: float = -0.2) -> Segment:
    """Two different words a second."""
    words = [f"word{n / 2:g}" for n in range(int(start * 2), int(end * 2))]
    return segment(start, end, " ".join(words), avg_logprob=at)


class Scripted:
    """A recogniser with a mood for each window.

    `loops` and `stops early` pass at the second hearing, `cut wrong` in parts, `hopeless` never;
    `mute` never says a word. The rows of a batch touch each other's last digits.
    """

    def __init__(
        self,
        language: tuple[str, float] = ("en", 0.99),
        *,
        batch: int = 1,
        moods: Mapping[float, Mood] | None = None,
        sounds: Mapping[float, tuple[str, float]] | None = None,
    ) -> None:
        self.language, self.batch = language, batch
        self.moods, self.sounds = moods or {}, sounds or {}
        self.engine = Engine(name="scripted", model="m", version="1")
        self.groups: list[tuple[float, ...]] = []
        self.parts: list[tuple[float, ...]] = []
        self.again: list[float] = []
        self.asked_for: set[tuple[str, str]] = set()
        self.asked: list[int] = []

    def detect(self, windows: Sequence[np.ndarray]) -> tuple[str, float]:
        self.asked.append(len(windows))
        return self.language

    def recognise(
        self,
        windows: Sequence[np.ndarray],
        offsets: Sequence[float],
        *,
        language: str,
        prompt: str,
        done: Callable[[float], None],
    ) -> tuple[Hearing, ...]:
        self.asked_for.add((language, prompt))
        begun = [o for o in self.groups if offsets[0] in o]
        in_parts = bool(self.again) and self.again[-1] == offsets[0] and bool(begun)
        (self.parts if in_parts else self.groups).append(tuple(offsets))
        touch = -0.2 - 1e-9 * (hash(tuple(offsets)) % 997)
        out = []
        for n, (samples, offset) in enumerate(zip(windows, offsets, strict=True)):
            whose = offsets[0] if in_parts else offset
            hearing = self._heard(samples, offset, self.moods.get(whose, "fine"), in_parts, touch)
            out.append(hearing)
            done((n + 1) / len(windows))
        return tuple(out)

    def recognise_again(
        self, window: np.ndarray, offset: float, *, language: str, prompt: str
    ) -> Hearing:
        self.again.append(offset)
        self.asked_for.add((language, prompt))
        mood = self.moods.get(offset, "fine")
        passes = mood in ("loops", "stops early")
        return self._heard(window, offset, "fine" if passes else mood, False, -0.3)

    def _heard(
        self, samples: np.ndarray, start: float, mood: Mood, in_parts: bool, logprob: float
    ) -> Hearing:
        end = start + len(samples) / 16000
        language, probability = self.sounds.get(start, ("en", 0.99))
        made: tuple[Segment, ...] = (said(start, end, logprob),)
        if mood == "mute":
            made = ()
        elif mood == "hopeless" or mood == "loops":
            made = (segment(start, end, "Thank you so much. " * 14, compression_ratio=9.0),)
        elif mood == "stops early" or (mood == "cut wrong" and not in_parts):
            made = (said(start, start + (end - start) / 3, logprob),)
        return Hearing(segments=made, language=language, probability=probability)
