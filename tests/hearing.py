"""What tests of recognition share: segments, speech and sound by hand."""

from collections.abc import Sequence

import numpy as np

from translate.backends.media import Audio
from translate.model import Flag, Segment, Span


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
