"""Sound, or somebody's captions → a transcript whose every doubt is listed.

Knows the order of the work: windows, language, recognition, judgement. Does not know Whisper,
media formats, files, or what becomes of the transcript. How windows are cut, which text is not
believed and what captions do to text stand in rooms of their own.
"""

import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, Protocol

from translate.caption_text import clean_captions
from translate.coverage import uncovered
from translate.errors import LanguageError
from translate.guards import (
    LONG_ENOUGH,
    Heard,
    garbled,
    joined,
    judge,
    other_languages,
    sure_of_another,
    suspicions,
    weigh,
)
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
from translate.windows import left_out, plan_windows, recut, without

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

DETECTED = 5  # windows the language is judged by
DOUBTFUL_LANGUAGE = 0.6

HeardHow = Literal["once", "again", "recut"]


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
    """What runs over one recording have settled, safe against being killed."""

    def load(self) -> Mapping[str, WindowResult]:
        """Finished windows by what they are made of: `WindowResult.of`."""
        ...

    def append(self, results: Sequence[WindowResult]) -> None: ...

    def group(self, size: int) -> int:
        """Windows in a group, as the first such run had them; `size`, if this is the first."""
        ...

    def language(self, detect: Callable[[], tuple[str, float]]) -> tuple[str, float]:
        """Language and probability as the first such run found them; `detect`ed, if this is it."""
        ...


class NoJournal:
    """For a run that nobody will continue: all is recognised anew, and nothing is kept."""

    def load(self) -> Mapping[str, WindowResult]:
        return {}

    def append(self, results: Sequence[WindowResult]) -> None:
        """Nothing."""

    def group(self, size: int) -> int:
        return size

    def language(self, detect: Callable[[], tuple[str, float]]) -> tuple[str, float]:
        return detect()


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
    recognised again. Windows go to the recogniser in groups that depend on nothing but their
    order, and a group of which one is missing goes whole: rows of a batch may change each other
    in the last digits, and a run that was killed shall end with the same transcript. Raises
    LanguageError where the talk is not English and no `language` was given.
    """
    speech = detector.speech(audio)
    windows = plan_windows(speech, audio.duration, audio.quietest)
    flags = [*audio.flags, *left_out(windows, audio.duration)]
    told = language is not None
    if language is None:
        language, doubts = _language_of(audio, windows, recogniser, journal)
        flags += doubts
    clock = _Clock(audio.duration, progress)
    work = _Work(audio, recogniser, journal, speech, prompt, language, told, clock)
    results = work.over(windows)
    ours, foreign = other_languages(results, speech, language, told=told)
    cues, judged = judge(ours, speech, prompt)
    elsewhere = [f for f in foreign if f.rule == "other-language"]  # told once, by its own flag
    flags += [*foreign, *judged, *garbled(cues), *uncovered(cues, without(speech, elsewhere))]
    again = [r.heard for r in results if r.heard != "once"]
    counts = {"prompt": prompt, "heard_again": str(len(again)), "recut": str(again.count("recut"))}
    engine = recogniser.engine
    return Transcript(
        language=language,
        engine=replace(engine, parameters={**engine.parameters, **counts}),
        duration=audio.duration,
        cues=cues,
        flags=tuple(sorted(flags, key=lambda f: (f.start, f.end))),
        speech=speech,
    )


@dataclass(frozen=True, slots=True)
class _Work:
    """One run over one recording: what all of its windows have in common."""

    audio: Audio
    recogniser: Recogniser
    journal: Journal
    speech: tuple[Span, ...]
    prompt: str
    language: str
    told: bool  # a person named the language
    clock: "_Clock"

    def over(self, windows: Sequence[Span]) -> list[WindowResult]:
        finished = self.journal.load()
        engine = self.recogniser.engine
        size = self.journal.group(max(1, self.recogniser.batch)) if windows else 1
        results: list[WindowResult] = []
        kept = 0
        for first in range(0, len(windows), size):
            group = windows[first : first + size]
            samples = [self.audio.window(w.start, w.end) for w in group]
            keys = [
                _key(w, s, engine, self.prompt, self.language)
                for w, s in zip(group, samples, strict=True)
            ]
            done = windows[first - 1].end if first else 0.0
            new = {}
            if not finished.keys() >= set(keys):
                if done and len(results) == kept:
                    self.clock.go_on(done)
                new = self._recognised(group, samples, keys, finished.keys(), done)
            results += [finished.get(k) or new[k] for k in keys]
            kept += 0 if new else len(keys)
            self.clock.tell(group[-1].end)
        return results

    def _recognised(
        self,
        group: Sequence[Span],
        samples: "Sequence[npt.NDArray[np.float32]]",
        keys: Sequence[str],
        finished: Collection[str],
        before: float,
    ) -> dict[str, WindowResult]:
        """The windows of a group that are not `finished`, each kept as soon as it is done."""
        hearings = self.recogniser.recognise(
            samples,
            [w.start for w in group],
            language=self.language,
            prompt=self.prompt,
            done=lambda share: self.clock.tell(before + share * (group[-1].end - before)),
        )
        rows = [
            (window, sound, self._result(window, key, hearing, "once"), hearing)
            for window, sound, key, hearing in zip(group, samples, keys, hearings, strict=True)
            if key not in finished
        ]
        clear = [
            result for window, _, result, hearing in rows if not self._suspect(window, hearing)
        ]
        if clear:
            self.journal.append(clear)
        out = {r.of: r for r in clear}
        for window, sound, result, hearing in rows:
            if result.of not in out:
                heard, best = self._with_care(window, sound, hearing)
                out[result.of] = replace(result, segments=best.segments, heard=heard)
                self.journal.append([out[result.of]])
        return out

    def _suspect(self, window: Span, hearing: Hearing) -> bool:
        """Whether it is worth hearing again; not what is in another language for sure."""
        seconds = Heard(speech=self.speech).speaking(window.start, window.end)
        foreign = sure_of_another(hearing.language, hearing.probability, self.language)
        if foreign and seconds >= LONG_ENOUGH and not self.told:
            return False
        return bool(suspicions(hearing, window, self.speech, self.prompt))

    def _with_care(
        self, window: Span, samples: "npt.NDArray[np.float32]", first: Hearing
    ) -> tuple[HeardHow, Hearing]:
        """The best of the first hearing, one with fallbacks, and one with other cuts.

        Each costs time, so the third comes only where the second leaves a suspicion; there is no
        fourth.
        """
        made: list[tuple[HeardHow, Hearing]] = [("once", first)]
        again = self.recogniser.recognise_again(
            samples, window.start, language=self.language, prompt=self.prompt
        )
        made.append(("again", again))
        if suspicions(again, window, self.speech, self.prompt):
            made += [("recut", h) for h in self._in_parts(window)]
        return min(made, key=lambda m: weigh(m[1], window, self.speech, self.prompt).order)

    def _in_parts(self, window: Span) -> list[Hearing]:
        parts = recut(window, self.speech, self.audio.quietest)
        heard = Heard(speech=self.speech)
        parts = tuple(p for p in parts if heard.speaking(p.start, p.end))
        if not parts:
            return []
        hearings = self.recogniser.recognise(
            [self.audio.window(p.start, p.end) for p in parts],
            [p.start for p in parts],
            language=self.language,
            prompt=self.prompt,
            done=lambda _: None,  # the window's time is told already
        )
        return [joined(hearings, parts, window)]

    def _result(self, window: Span, key: str, hearing: Hearing, heard: HeardHow) -> WindowResult:
        return WindowResult(
            start=window.start,
            end=window.end,
            language=self.language,
            of=key,
            segments=hearing.segments,
            sounds_like=hearing.language,
            probability=hearing.probability,
            heard=heard,
            whole=hearing.whole,
        )


class _Clock:
    """How many seconds of sound are done; it never runs backwards, whatever a recogniser says."""

    def __init__(self, total: float, progress: Progress) -> None:
        self._total, self._progress, self._done = total, progress, 0.0

    def go_on(self, done: float) -> None:
        """What an earlier run has done is not done again."""
        step = Step(stage="transcribe", done=done, total=self._total, unit="seconds")
        self._progress(replace(step, note="goes on here"))

    def tell(self, done: float) -> None:
        if done > self._done:
            self._done = done
            step = Step(stage="transcribe", done=done, total=self._total, unit="seconds")
            self._progress(step)


def _key(
    window: Span,
    samples: "npt.NDArray[np.float32]",
    engine: Engine,
    prompt: str,
    language: str,
) -> str:
    made_from = repr((engine.name, engine.model, engine.version, sorted(engine.parameters.items())))
    digest = hashlib.sha256(samples.tobytes())
    digest.update("\0".join((repr(window.start), made_from, prompt, language)).encode())
    return digest.hexdigest()


def _language_of(
    audio: Audio, windows: Sequence[Span], recogniser: Recogniser, journal: Journal
) -> tuple[str, list[Flag]]:
    """The language over windows spread through the talk: the first may be an anthem."""
    if not windows:
        return "", []
    count = min(DETECTED, len(windows))
    chosen = [windows[(2 * i + 1) * len(windows) // (2 * count)] for i in range(count)]
    found, probability = journal.language(
        lambda: recogniser.detect([audio.window(w.start, w.end) for w in chosen])
    )
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
        flags=tuple(
            sorted([*flags, *found, *garbled(cues), *doubts], key=lambda f: (f.start, f.end))
        ),
    )
