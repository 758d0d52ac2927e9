"""Sound, or somebody's captions → a transcript whose every doubt is listed.

Knows the order of the work: windows, language, recognition, judgement. Does not know Whisper,
media formats, files, or what becomes of the transcript. How windows are cut, which text is not
believed and what captions do to text stand in rooms of their own.
"""

import hashlib
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from translate.caption_text import clean_captions
from translate.errors import LanguageError
from translate.guards import judge
from translate.model import (
    Cue,
    Engine,
    Flag,
    Hearing,
    Progress,
    Span,
    Step,
    Transcript,
    WindowResult,
    no_progress,
)
from translate.windows import left_out, plan_windows

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

DETECTED = 5  # windows the language is judged by
DOUBTFUL_LANGUAGE = 0.6
NEAR = 0.3  # recognised times are this vague
UNCOVERED = 2.0  # seconds of speech without text


# --- what this stage needs ------------------------------------------------------------------------


class Audio(Protocol):
    """A talk's sound: 16 kHz mono."""

    @property
    def samples(self) -> "npt.NDArray[np.int16]": ...
    @property
    def rate(self) -> int: ...
    @property
    def duration(self) -> float: ...
    @property
    def flags(self) -> tuple[Flag, ...]:
        """What was wrong with the file."""
        ...

    def window(self, start: float, end: float) -> "npt.NDArray[np.float32]": ...
    def quietest(self, start: float, end: float) -> float:
        """Where in [start, end) a cut hurts least."""
        ...


class SpeechDetector(Protocol):
    def speech(self, audio: Audio) -> tuple[Span, ...]: ...


class Recogniser(Protocol):
    @property
    def engine(self) -> Engine: ...

    def detect(self, windows: "Sequence[npt.NDArray[np.float32]]") -> tuple[str, float]:
        """Language and its mean probability; ("", 0.0) where it cannot tell."""
        ...

    @property
    def batch(self) -> int:
        """Windows that one call of `recognise` takes best: fixed for one run."""
        ...

    def recognise(
        self,
        windows: "Sequence[npt.NDArray[np.float32]]",
        offsets: Sequence[float],
        *,
        language: str,
        prompt: str,
        done: Callable[[float], None],
    ) -> tuple[Hearing, ...]:
        """Each window of at most 30 s once, without second thoughts; times count from its offset.

        `done` is told the finished share of this call, 0..1.
        """
        ...

    def recognise_again(
        self, window: "npt.NDArray[np.float32]", offset: float, *, language: str, prompt: str
    ) -> Hearing:
        """One window with all the care there is: alone, with rising temperatures."""
        ...


class Journal(Protocol):
    """Finished windows by number, safe against being killed."""

    def load(self) -> Mapping[int, WindowResult]: ...
    def append(self, index: int, result: WindowResult) -> None: ...


# --- from sound -----------------------------------------------------------------------------------


def transcribe_audio(
    audio: Audio,
    recogniser: Recogniser,
    detector: SpeechDetector,
    *,
    journal: Journal,
    prompt: str = "",
    language: str | None = None,
    progress: Progress = no_progress,
) -> Transcript:
    """Everything said in `audio`, window by window, and what the rules thought of it.

    Windows that `journal` holds, made from the same sound, engine, prompt and language, are not
    recognised again. Raises LanguageError where the talk is not English and no `language` was
    given.
    """
    speech = detector.speech(audio)
    windows = plan_windows(speech, audio.duration, audio.quietest)
    finished = journal.load()
    engine = recogniser.engine
    flags = [*audio.flags, *left_out(windows, audio.duration)]
    if language is None:
        language, doubts = _language_of(audio, windows, recogniser, engine, prompt, finished)
        flags += doubts
    results = []
    for i, window in enumerate(windows):
        samples = audio.window(window.start, window.end)
        key = _key(samples, engine, prompt, language)
        result = finished.get(i)
        if result is None or result.of != key:
            segments = recogniser.recognise(samples, window.start, language=language, prompt=prompt)
            result = WindowResult(
                start=window.start, end=window.end, language=language, of=key, segments=segments
            )
            journal.append(i, result)
        results.append(result)
        progress(Step(stage="transcribe", done=window.end, total=audio.duration, unit="seconds"))
    cues, judged = judge(results, speech, prompt)
    flags += [*judged, *uncovered(cues, speech)]
    return Transcript(
        language=language,
        engine=replace(engine, parameters={**engine.parameters, "prompt": prompt}),
        duration=audio.duration,
        cues=cues,
        flags=tuple(sorted(flags, key=lambda f: (f.start, f.end))),
        speech=speech,
    )


def _key(samples: "npt.NDArray[np.float32]", engine: Engine, prompt: str, language: str) -> str:
    made_from = repr((engine.name, engine.model, engine.version, sorted(engine.parameters.items())))
    digest = hashlib.sha256(samples.tobytes())
    digest.update("\0".join((made_from, prompt, language)).encode())
    return digest.hexdigest()


def _language_of(
    audio: Audio,
    windows: Sequence[Span],
    recogniser: Recogniser,
    engine: Engine,
    prompt: str,
    finished: Mapping[int, WindowResult],
) -> tuple[str, list[Flag]]:
    """The language over windows spread through the talk: the first may be an anthem."""
    if not windows:
        return "", []
    for i, result in sorted(finished.items()):  # an earlier run has decided
        if i < len(windows):
            samples = audio.window(windows[i].start, windows[i].end)
            if result.of == _key(samples, engine, prompt, result.language):
                return result.language, []
    count = min(DETECTED, len(windows))
    chosen = [windows[(2 * i + 1) * len(windows) // (2 * count)] for i in range(count)]
    found, probability = recogniser.detect([audio.window(w.start, w.end) for w in chosen])
    return _english(found, probability, audio.duration)


def _english(found: str, probability: float, duration: float) -> tuple[str, list[Flag]]:
    """English, with a flag where that is not sure; raises LanguageError for another language."""
    if found not in ("", "en"):
        raise LanguageError(
            f"The talk is not in English but, with probability {probability:.0%}, in {found!r}.",
            "If it is English, say so with --language en;"
            f" to go on in its own language, --language {found}.",
        )
    if found and probability >= DOUBTFUL_LANGUAGE:
        return "en", []
    detail = (
        f"taken for English with probability {probability:.0%} only"
        if found
        else "the language could not be checked; taken for English"
    )
    return "en", [Flag(start=0.0, end=duration, rule="language", action="kept", detail=detail)]


def uncovered(cues: Sequence[Cue], speech: Sequence[Span]) -> list[Flag]:
    """Speech of two seconds and more without text: missed, or removed by a rule."""
    bare: list[Span] = []
    for span in speech:
        at = span.start
        for cue in cues[bisect_right(cues, at, key=lambda c: c.end) :]:
            if cue.start >= span.end:
                break
            if cue.start > at:
                bare.append(Span(start=at, end=cue.start))
            at = max(at, cue.end)
        if at < span.end:
            bare.append(Span(start=at, end=span.end))
    joined: list[Span] = []
    for span in bare:
        if joined and span.start - joined[-1].end <= NEAR:
            joined[-1] = Span(start=joined[-1].start, end=span.end)
        else:
            joined.append(span)
    return [
        Flag(
            start=s.start,
            end=s.end,
            rule="uncovered",
            action="kept",
            detail=f"{s.end - s.start:.1f} s of speech without text",
        )
        for s in joined
        if s.end - s.start >= UNCOVERED
    ]


# --- from captions --------------------------------------------------------------------------------


def from_captions(
    raw: Sequence[Cue],
    *,
    duration: float,
    engine: Engine,
    detect: Callable[[str], tuple[str, float]],
    language: str | None = None,
    flags: Sequence[Flag] = (),
) -> Transcript:
    """A transcript out of captions as a file has them: lines, markup and all.

    `detect` gives language and probability of a text, ("", 0.0) where it cannot tell; it is not
    asked where `language` is given. `flags` are those of reading the file. `duration` 0 takes
    the end of the last cue. Raises LanguageError where the text is not English.
    """
    cues, found = clean_captions(raw)
    length = max([duration, *(c.end for c in cues)])
    doubts: list[Flag] = []
    if language is None:
        language, doubts = _english(*detect(" ".join(c.text for c in cues)), length)
    return Transcript(
        language=language,
        engine=engine,
        duration=length,
        cues=cues,
        flags=tuple(sorted([*flags, *found, *doubts], key=lambda f: (f.start, f.end))),
    )
