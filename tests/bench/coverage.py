"""`python -m tests.bench.coverage`: are words that were taken out of a transcript missed?

Two recordings with timed transcripts: 146 s of a lecture (captions by people) and 199 s of an
address (by a recogniser, in whole seconds). Windows with so many seconds of speech in them are
blanked out of the transcript, one beginning at every second: (a) the cues end at the hole; (b) a
neighbour is stretched over it, or both are, or one cue with words on both sides keeps its times.
Where in a cue a word stands is not known: its letters are shared out over the cue's speech. So
holes of whole cues, whose times are the transcript's own, are counted apart. `--merge SECONDS`
joins cues up to that length, as a recogniser writes them that gives few times.

Wrong flags are counted on the untouched recordings, and on 42 lectures of which only captions are
here, every second of a cue taken for speech: pauses within a cue make that an upper bound.
"""

import argparse
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache

from tests.shared import SHARED
from translate import coverage
from translate.backends import captions
from translate.backends.media import decode
from translate.backends.vad import Silero
from translate.coverage import Voice
from translate.model import Cue, Flag, Span
from translate.stages.transcribe import clean_captions

LENGTHS = (1.5, 2.0, 2.2, 2.5, 3.0, 4.0, 5.0, 7.0, 10.0, 15.0, 20.0, 30.0)
WAYS = ("deleted", "inside", "before", "after", "both")
ADDRESS = re.compile(r"\[(\d\d):(\d\d):(\d\d\.\d+) --> (\d\d):(\d\d):(\d\d\.\d+)\]\s*(.*)")


@dataclass(frozen=True)
class Recording:
    name: str
    cues: tuple[Cue, ...]
    speech: tuple[Span, ...]
    duration: float


@cache
def recordings() -> tuple[Recording, ...]:
    """Real speech with a timed transcript."""
    return tuple(_recordings())


def _recordings() -> Iterator[Recording]:
    lecture = clean_captions(captions.read(SHARED / "video/input_5.ref.srt").cues)[0]
    yield _recording("lecture", "video/input_5.mp4", lecture)
    text = (SHARED / "audio/english/columbia.whispercpp-medium.en.txt").read_text("utf-8")
    yield _recording("address", "audio/english/columbia.wma", tuple(_address(text)))


def _recording(name: str, file: str, cues: tuple[Cue, ...]) -> Recording:
    audio = decode(SHARED / file)
    return Recording(name, cues, Silero().speech(audio), audio.duration)


def _address(text: str) -> Iterator[Cue]:
    for h, m, s, to_h, to_m, to_s, said in ADDRESS.findall(text):
        start = int(h) * 3600 + int(m) * 60 + float(s)
        yield Cue(start=start, end=int(to_h) * 3600 + int(to_m) * 60 + float(to_s), text=said)


def captioned() -> Iterator[Recording]:
    """Captions without sound; what is under a cue is taken for speech."""
    files = [
        *sorted((SHARED / "lectures/hf-course/en").glob("*.srt")),
        *sorted((SHARED / "lectures/polyu-comp5521").glob("*.srt")),
        SHARED / "video/subtitles_8.srt",
    ]
    for file in files:
        if "dual" in file.name:
            continue
        cues = clean_captions(captions.read(file).cues)[0]
        speech: list[Span] = []
        for cue in cues:
            if speech and cue.start - speech[-1].end < 0.05:
                speech[-1] = replace(speech[-1], end=cue.end)
            else:
                speech.append(Span(start=cue.start, end=cue.end))
        yield Recording(file.stem, cues, tuple(speech), cues[-1].end)


def merged(cues: Sequence[Cue], longest: float) -> tuple[Cue, ...]:
    """Neighbouring cues joined as long as they are no longer than that together."""
    out: list[Cue] = []
    for cue in cues:
        if out and cue.end - out[-1].start <= longest:
            out[-1] = replace(out[-1], end=cue.end, text=f"{out[-1].text} {cue.text}")
        else:
            out.append(cue)
    return tuple(out)


# --- holes ----------------------------------------------------------------------------------------


def word_times(cue: Cue, voice: Voice) -> list[float]:
    """The middle of each word, its letters shared out over the speech under the cue."""
    words = cue.text.split()
    weights = [len(w) + 1 for w in words]
    before, said = voice.until(cue.start), voice.within(cue.start, cue.end)
    times, at = [], 0.0
    for weight in weights:
        middle = (at + weight / 2) / sum(weights)
        at += weight
        even = cue.start + middle * (cue.end - cue.start)
        times.append(voice.at(before + middle * said) if said > 0.3 else even)
    return times


def blanked(recording: Recording, start: float, end: float, way: str) -> tuple[Cue, ...] | None:
    """The transcript without the words between two times; None where there are none."""
    voice = Voice(recording.speech)
    out: list[Cue] = []
    lost = 0
    for cue in recording.cues:
        if cue.end <= start or cue.start >= end:
            out.append(cue)
            continue
        words = list(zip(word_times(cue, voice), cue.text.split(), strict=True))
        first = " ".join(w for t, w in words if t < start)
        second = " ".join(w for t, w in words if t >= end)
        here = sum(start <= t < end for t, _ in words)
        lost += here
        if not here:
            out.append(cue)
        elif way == "inside" and first and second:
            out.append(replace(cue, text=f"{first} {second}"))
        else:
            if first:
                out.append(replace(cue, text=first, end=min(cue.end, start)))
            if second:
                out.append(replace(cue, text=second, start=max(cue.start, end)))
    if not lost:
        return None
    return tuple(out if way == "deleted" else stretched(out, start, end, way))


def stretched(cues: Sequence[Cue], start: float, end: float, way: str) -> list[Cue]:
    """The cue before the hole, or after, or both, made to cover it."""
    out = list(cues)
    after = sum(c.start < start for c in out)
    left, right = after - 1, after
    reach = {"before": end, "inside": end, "both": (start + end) / 2, "after": start}[way]
    if left < 0:
        reach = start
    elif right == len(out):
        reach = end
    if left >= 0 and reach > start:
        out[left] = replace(out[left], end=max(out[left].end, reach))
    if right < len(out) and reach < end:
        out[right] = replace(out[right], start=min(out[right].start, reach))
    return out


def holes(recording: Recording, length: float, every: int) -> Iterator[tuple[float, float]]:
    """Windows with `length` seconds of speech in them, one from every `every` seconds."""
    voice = Voice(recording.speech)
    for start in range(0, int(recording.duration), every):
        begun = voice.until(start)
        if begun + length > voice.total:
            return
        yield float(start), voice.at(begun + length)


def found(cues: Sequence[Cue], speech: Sequence[Span]) -> list[Flag]:
    return [*coverage.uncovered(cues, speech), *coverage.sparse(cues, speech)]


@dataclass
class Count:
    planted: int = 0
    seen: int = 0
    elsewhere: int = 0  # flags that do not touch the hole

    def add(self, flags: Sequence[Flag], start: float, end: float) -> None:
        touching = sum(f.start < end and f.end > start for f in flags)
        self.planted += 1
        self.seen += touching > 0
        self.elsewhere += len(flags) - touching

    def __add__(self, other: "Count") -> "Count":
        return Count(
            self.planted + other.planted,
            self.seen + other.seen,
            self.elsewhere + other.elsewhere,
        )

    @property
    def share(self) -> float:
        return self.seen / self.planted if self.planted else 1.0


def count(recording: Recording, length: float, way: str, every: int = 1) -> Count:
    """How many holes of one length are seen."""
    total = Count()
    for start, end in holes(recording, length, every):
        cues = blanked(recording, start, end, way)
        if cues is not None:
            total.add(found(cues, recording.speech), start, end)
    return total


def count_cues(recording: Recording, way: str) -> Count:
    """The same for holes of one to four whole cues with more than two seconds of speech."""
    voice = Voice(recording.speech)
    total = Count()
    cues = recording.cues
    for many in (1, 2, 3, 4):
        for at in range(len(cues) - many + 1):
            start, end = cues[at].start, cues[at + many - 1].end
            if voice.within(start, end) > 2:
                left = [*cues[:at], *cues[at + many :]]
                kept = left if way == "deleted" else stretched(left, start, end, way)
                total.add(found(kept, recording.speech), start, end)
    return total


# --- the table ------------------------------------------------------------------------------------


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--merge", type=float, default=0.0)
    longest = parser.parse_args().merge
    real = list(recordings())
    cases = [replace(r, cues=merged(r.cues, longest)) if longest else r for r in real]
    print("hole    " + "".join(f"{way:>18}" for way in WAYS))
    for length in LENGTHS:
        counts = [sum((count(r, length, way) for r in cases), Count()) for way in WAYS]
        print(f"{length:5.1f} s " + "".join(f"{_told(c):>18}" for c in counts))
    counts = [sum((count_cues(r, way) for r in cases), Count()) for way in WAYS]
    print("cues    " + "".join(f"{_told(c):>18}" for c in counts))
    for name, some in (("untouched", cases), ("captions only", list(captioned()))):
        wrong = sum(len(found(r.cues, r.speech)) for r in some)
        minutes = sum(r.duration for r in some) / 60
        print(f"{name}: {wrong} flags in {minutes:.1f} minutes, {wrong / minutes * 10:.2f} per ten")


def _told(c: Count) -> str:
    return f"{c.seen}/{c.planted} {c.share:.1%}" + (f" +{c.elsewhere}" if c.elsewhere else "")


if __name__ == "__main__":
    main()
