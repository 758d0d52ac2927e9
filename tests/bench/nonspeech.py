"""`python -m tests.bench.nonspeech [CHECKPOINT]`: what is published of noise, music and animals.

Every recording without speech, and every one in another language, through the whole line: decoder,
detector, windows, checkpoint, rules. Then between two addresses, as applause stands in a talk,
where only text at its own time counts. Then once more alone, with a detector that takes every sound
for speech: what stands between a deceived detector and the page is the rules. `invented` counts
the segments that the recogniser wrote, `published` the cues that were left of them. The checkpoint
of the test recordings has learned five clips by heart and nothing else: its text for any other
sound is invented.
"""

import argparse
import io
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from tests.shared import SHARED
from translate.backends.media import decode
from translate.backends.vad import Silero
from translate.backends.whisper import Whisper
from translate.coverage import Voice
from translate.model import Span, Transcript, WindowResult
from translate.stages.transcribe import Audio, NoJournal, transcribe_audio

FIXTURE = SHARED / "whisper/overfit-fixture.pt"
KINDS = ("nonspeech", "other-language")
HOW = {
    "alone": "alone",
    "between": "between two addresses",
    "deceived": "alone, every sound taken for speech",
}


@dataclass
class Written(NoJournal):
    """Remembers what was written, and gives nothing back."""

    results: list[WindowResult] = field(default_factory=list)

    def append(self, results: Sequence[WindowResult]) -> None:
        self.results += results

    def invented(self, begins: float, ends: float) -> int:
        """Segments with text whose middle lies between two times."""
        middles = [
            (s.start + min(s.end, r.end)) / 2
            for r in self.results
            for s in r.segments
            if s.text.strip()
        ]
        return sum(begins <= at < ends for at in middles)


class Deceived:
    """A detector that takes every sound for speech."""

    def speech(self, audio: Audio) -> tuple[Span, ...]:
        return (Span(start=0.0, end=audio.duration),)


@dataclass(frozen=True, kw_only=True)
class Row:
    kind: str
    name: str
    seconds: float
    speech: float
    invented: int
    published: tuple[str, ...]
    rules: tuple[str, ...]  # that took text out or doubt it


def recordings(kind: str, scratch: Path) -> Iterator[tuple[str, Path]]:
    for path in sorted((SHARED / "audio" / kind).iterdir()):
        if path.suffix != ".zip":
            yield path.name, path
            continue
        with zipfile.ZipFile(io.BytesIO(path.read_bytes())) as archive:
            for member in archive.namelist():
                if member.endswith(".wav"):
                    inside = scratch / Path(member).name
                    inside.write_bytes(archive.read(member))
                    yield f"{path.stem}: {inside.name}", inside


def between(path: Path) -> tuple[Audio, float]:
    """The recording between two addresses, and when it begins."""
    talk, middle = decode(SHARED / "audio/english/jfk.flac"), decode(path)
    samples = np.concatenate([talk.samples, middle.samples, talk.samples])
    return replace(talk, samples=samples), talk.duration


def heard(kind: str, name: str, path: Path, recogniser: Whisper, how: str) -> Row:
    audio: Audio
    audio, begins = between(path) if how == "between" else (decode(path), 0.0)
    seconds = decode(path).duration
    ends = begins + seconds
    journal = Written()
    detector = Deceived() if how == "deceived" else Silero()
    transcript: Transcript = transcribe_audio(
        audio, recogniser, detector, journal=journal, language="en"
    )
    here = (f for f in transcript.flags if f.start < ends and f.end > begins)
    rules = {f.rule for f in here if f.rule != "no-speech"}
    return Row(
        kind=kind,
        name=name,
        seconds=seconds,
        speech=Voice(transcript.speech).within(begins, ends),
        invented=journal.invented(begins, ends),
        published=tuple(c.text for c in transcript.cues if begins <= (c.start + c.end) / 2 < ends),
        rules=tuple(sorted(rules)),
    )


def rows(checkpoint: Path = FIXTURE, how: str = "alone") -> Iterator[Row]:
    """`how`: alone, between, deceived."""
    recogniser = Whisper(str(checkpoint), device="cpu")
    with TemporaryDirectory() as scratch:
        for kind in KINDS:
            for name, path in recordings(kind, Path(scratch)):
                yield heard(kind, name, path, recogniser, how)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("checkpoint", nargs="?", type=Path, default=FIXTURE)
    checkpoint = parser.parse_args().checkpoint
    for how, title in HOW.items():
        print(f"{title}:")
        print(f"{'file':40}{'s':>7}{'speech':>8}{'invented':>10}{'published':>11}")
        for row in rows(checkpoint, how):
            numbers = f"{row.seconds:7.1f}{row.speech:8.1f}{row.invented:10}{len(row.published):11}"
            said = " | ".join(text[:50] for text in row.published[:2])
            print(
                f"{row.kind + '/' + row.name:40}"[:40] + f"{numbers}  {' '.join(row.rules)} {said}"
            )
        print()


if __name__ == "__main__":
    main()
