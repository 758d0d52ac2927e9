"""Sound, or somebody's captions → a transcript whose every doubt is listed.

Knows how to cut a talk into windows, which recognised text not to believe, and what captions do
to text. Does not know Whisper, media formats, files, or what becomes of the transcript.

The rules trust structure rather than lists of phrases: what repeats itself, what stands where
nobody speaks, what was given as the prompt, what no tongue can say in the time. Each removal and
each doubt is a `Flag` with its time; speech that is left without text is a flag too.
"""

import hashlib
import html
import itertools
import math
import operator
import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, Protocol

from translate.errors import LanguageError
from translate.model import (
    Cue,
    Engine,
    Flag,
    Hearing,
    Progress,
    Segment,
    Span,
    Step,
    Transcript,
    WindowResult,
    Word,
    no_progress,
)

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

LONGEST = 30.0  # seconds Whisper hears at once
EDGE = 0.2  # of silence kept free for each side of a full window
PAD = 1.0  # of silence taken along on each side where there is room
CUT_FROM = 20.0  # a full window may end at any pause after this
LEFT_OUT = 3.0  # pauses longer than this are not recognised
DETECTED = 5  # windows the language is judged by
DOUBTFUL_LANGUAGE = 0.6

NEAR = 0.3  # recognised times are this vague
NO_SPEECH = 0.6  # Whisper's own thresholds
LOW_LOGPROB = -1.0
REPETITIVE = 2.4
SPARSE_SPEECH = 0.25
WORDS_PER_SECOND = 8.0
SUSTAINED = 10  # words
LONGEST_PERIOD = 60  # words
REPEATED_PASSAGE = 8  # words that nobody says twice without an editor wanting to know
ECHO_WORDS = 3
ECHO_SHARE = 0.8
UNCOVERED = 2.0  # seconds of speech without text

MOST_TERMS = 50

Action = Literal["removed", "kept"]


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
    flags = [*audio.flags, *_left_out(windows, audio.duration)]
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
    flags += judged
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


# --- windows --------------------------------------------------------------------------------------


def plan_windows(
    spans: Sequence[Span], duration: float, quietest: Callable[[float, float], float]
) -> tuple[Span, ...]:
    """Windows to recognise: in order, disjoint, at most 30 s, each instant of speech in one.

    Cuts lie in pauses, the longest there is between 20 and 30 s; speech without a pause is cut
    where `quietest` says. Pauses of more than 3 s are left out, but for a second on each side.
    A recording of at most 30 s with any speech is one window, so that nothing shifts in it.
    """
    speech = _merged(spans, duration)
    if speech and duration <= LONGEST:
        return (Span(start=0.0, end=duration),)
    groups: list[list[Span]] = []
    group: list[Span] = []
    for piece in _pieces(speech, quietest):
        while group and not _fits(group, piece):
            cut = _cut(group, piece)
            groups.append(group[:cut])
            group = group[cut:]
        group.append(piece)
    if group:
        groups.append(group)
    return _padded([Span(start=g[0].start, end=g[-1].end) for g in groups], duration)


def _merged(spans: Sequence[Span], duration: float) -> list[Span]:
    out: list[Span] = []
    for span in sorted(spans, key=lambda s: s.start):
        start, end = max(0.0, span.start), min(duration, span.end)
        if end <= start:
            continue
        if out and start <= out[-1].end:
            out[-1] = Span(start=out[-1].start, end=max(out[-1].end, end))
        else:
            out.append(Span(start=start, end=end))
    return out


def _pieces(speech: Sequence[Span], quietest: Callable[[float, float], float]) -> Iterator[Span]:
    """Speech with every stretch cut down to what fits into a window."""
    longest = LONGEST - 2 * EDGE
    for span in speech:
        start = span.start
        while span.end - start > longest:
            low, high = start + CUT_FROM, start + longest
            cut = min(max(quietest(low, high), low), high)
            yield Span(start=start, end=cut)
            start = cut
        yield Span(start=start, end=span.end)


def _fits(group: Sequence[Span], piece: Span) -> bool:
    near = piece.start - group[-1].end <= LEFT_OUT
    return near and piece.end - group[0].start <= LONGEST - 2 * EDGE


def _cut(group: Sequence[Span], piece: Span) -> int:
    """How many of `group` make a window before `piece`: up to its longest late pause."""
    if piece.start - group[-1].end > LEFT_OUT:
        return len(group)
    following = [*group[1:], piece]
    late = [
        (following[i].start - group[i].end, i + 1)
        for i in range(len(group))
        if group[i].end - group[0].start >= CUT_FROM
    ]
    return max(late)[1] if late else len(group)


def _padded(cores: Sequence[Span], duration: float) -> tuple[Span, ...]:
    """Each core with up to a second of the silence around it, up to the middle of the pause."""
    out = []
    for i, core in enumerate(cores):
        before = (core.start - cores[i - 1].end) / 2 if i else core.start
        after = (cores[i + 1].start - core.end) / 2 if i + 1 < len(cores) else duration - core.end
        left, right = min(PAD, before), min(PAD, after)
        room = max(0.0, LONGEST - (core.end - core.start))
        if left + right > room:
            left = min(left, max(room / 2, room - right))
            right = min(right, room - left)
        out.append(Span(start=core.start - left, end=core.end + right))
    return tuple(out)


def _left_out(windows: Sequence[Span], duration: float) -> list[Flag]:
    edges = [0.0, *(t for w in windows for t in (w.start, w.end)), duration]
    return [
        Flag(
            start=start,
            end=end,
            rule="no-speech",
            action="removed",
            detail="no speech was heard here, so this part was not recognised",
        )
        for start, end in zip(edges[::2], edges[1::2], strict=True)
        if end - start > LEFT_OUT or not windows
    ]


# --- rules ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What the rules may look at besides the text."""

    speech: tuple[Span, ...]
    windows: tuple[Span, ...]
    prompt: str

    def speaking(self, start: float, end: float) -> float:
        """Seconds of speech between two times."""
        total = 0.0
        for i in range(bisect_right(self.speech, start, key=lambda s: s.end), len(self.speech)):
            span = self.speech[i]
            if span.start >= end:
                break
            total += min(end, span.end) - max(start, span.start)
        return total


Judged = tuple[list[Segment], list[Flag]]


def judge(
    results: Sequence[WindowResult], speech: Sequence[Span], prompt: str
) -> tuple[tuple[Cue, ...], list[Flag]]:
    """Cues that may be published, in order and disjoint, and a flag for all that was decided."""
    heard = Heard(
        speech=tuple(speech),
        windows=tuple(Span(start=r.start, end=r.end) for r in results),
        prompt=prompt,
    )
    segments: list[Segment] = []
    flags: list[Flag] = []
    for result in results:
        repaired, found = repair_times(result)
        segments += repaired
        flags += found
    for rule in (empty, music, loop, prompt_echo, silence, rate, low_confidence):
        segments, found = rule(segments, heard)
        flags += found
    cues = tuple(
        Cue(
            start=s.start,
            end=s.end,
            text=s.text,
            confidence=math.exp(min(0.0, s.avg_logprob)),
            words=s.words,
        )
        for s in segments
    )
    return cues, flags + uncovered(cues, heard.speech)


def repair_times(result: WindowResult) -> Judged:
    """Segments of one window with times that rise, do not overlap, and stay inside it."""
    out: list[Segment] = []
    flags: list[Flag] = []
    for raw in result.segments:
        if raw.start > result.end + NEAR:  # in the silence that fills the window up to 30 s
            detail = f"it starts at {raw.start:.2f}, after the end of the window"
            flags.append(
                Flag(
                    start=result.end,
                    end=result.end,
                    rule="timestamp",
                    action="removed",
                    text=raw.text,
                    detail=detail,
                )
            )
            continue
        floor = out[-1].start if out else result.start
        start = min(max(raw.start, floor), result.end)
        end = min(max(raw.end, start), result.end)
        if out and start < out[-1].end:
            if start - out[-1].start >= NEAR:
                out[-1] = replace(out[-1], end=start)
            else:
                start = out[-1].end
        end = max(end, min(result.end, start + NEAR)) if end - start < NEAR else end
        moved = max(abs(start - raw.start), abs(end - raw.end))
        if end - start > 0:
            out.append(replace(raw, start=start, end=end))
        elif out:  # no time is left in the window: the text joins its neighbour
            out[-1] = replace(out[-1], text=f"{out[-1].text} {raw.text}".strip(), words=())
        else:
            out.append(replace(raw, start=result.start, end=result.end))
        if moved > 0.5 and raw.text:
            detail = f"its times were {raw.start:.2f}-{raw.end:.2f}"
            flags.append(_flag(out[-1], "timestamp", "kept", text=raw.text, detail=detail))
    return out, flags


def empty(segments: Sequence[Segment], heard: Heard) -> Judged:
    """Segments whose text the recogniser threw away itself."""
    kept = [s for s in segments if s.text.strip()]
    flags = [
        _flag(s, "empty", "removed", detail="the recogniser gave a time and no text")
        for s in segments
        if not s.text.strip() and heard.speaking(s.start, s.end) >= NEAR
    ]
    return kept, flags


def music(segments: Sequence[Segment], _: Heard) -> Judged:
    """Marks for sounds: `[Music]`, `(applause)`, `♪`."""
    kept: list[Segment] = []
    flags: list[Flag] = []
    for s in segments:
        text, marks = _without_sounds(s.text)
        flags += [_flag(s, "music", "removed", text=m) for m in marks]
        if text:
            kept.append(replace(s, text=text, words=() if marks else s.words))
    return kept, flags


def loop(segments: Sequence[Segment], _: Heard) -> Judged:
    """A passage said again and again, inside a segment or over several.

    The first saying stays. What comes back only once or twice may be the speaker's own doing: a
    long passage is flagged and kept, a short one is left alone.
    """
    origin = [(i, word) for i, s in enumerate(segments) for word in s.text.split()]
    words = [re.sub(r"\W+", "", word).casefold() for _, word in origin]
    removed: set[int] = set()
    flags: list[Flag] = []
    for first, period, length in _repetitions(words):
        again = range(first + period, first + length)
        ratio = max(segments[origin[k][0]].compression_ratio for k in again)
        times = length // period
        action = _verdict(period, times, ratio)
        if action is None:
            continue
        if action == "removed":
            removed.update(again)
        start, end = segments[origin[again[0]][0]].start, segments[origin[again[-1]][0]].end
        flags.append(
            Flag(
                start=start,
                end=end,
                rule="loop" if action == "removed" else "repeat",
                action=action,
                text=" ".join(origin[k][1] for k in again),
                detail=f"{period} words, {times} times",
            )
        )
    return _cut_words(segments, origin, removed), flags


def _verdict(period: int, times: int, ratio: float) -> Action | None:
    most = 8 if period == 1 else 5 if period < 4 else 4
    if ratio > REPETITIVE:
        most = 5 if period == 1 else 3
    if times >= most:
        return "removed"
    return "kept" if period * (times - 1) >= REPEATED_PASSAGE else None


def _repetitions(words: Sequence[str]) -> Iterator[tuple[int, int, int]]:
    """Maximal stretches (first, period, length) that repeat with a period, shortest first."""
    seen: set[int] = set()
    for period in range(1, min(LONGEST_PERIOD, len(words) // 2) + 1):
        same = bytes(map(operator.eq, words[period:], words))  # a byte a word: fast for hours
        for run in re.finditer(rb"\x01{%d,}" % period, same):
            first, end = run.start(), run.end() + period
            if not seen.intersection((first + period, end - 1)):
                seen.update(range(first, end))
                yield first, period, end - first


def _cut_words(
    segments: Sequence[Segment], origin: Sequence[tuple[int, str]], removed: set[int]
) -> list[Segment]:
    """Segments without the words at the removed places; times shared out by words."""
    if not removed:
        return list(segments)
    out = []
    at = 0
    for i, s in enumerate(segments):
        count = len(s.text.split())
        places = [k for k in range(at, at + count) if k not in removed]
        if len(places) == count:
            out.append(s)
        else:
            each = (s.end - s.start) / count
            for _, run in itertools.groupby(enumerate(places), lambda e: e[1] - e[0]):
                part = [k for _, k in run]
                out.append(
                    replace(
                        segments[i],
                        start=s.start + (part[0] - at) * each,
                        end=s.start + (part[-1] + 1 - at) * each,
                        text=" ".join(origin[k][1] for k in part),
                        words=(),
                    )
                )
        at += count
    return out


def prompt_echo(segments: Sequence[Segment], heard: Heard) -> Judged:
    """Text that is the prompt given back.

    A speaker says the title and the terms too. So it goes only where it runs on through several
    items of the prompt, or where the sound gives no reason for it; else it is kept and flagged.
    """
    items = [_plain(item) for item in re.split(r"[.,;:!?“”\"]+", heard.prompt)]
    prompt = [(word, i) for i, item in enumerate(items) for word in item]
    vocabulary = {word for word, _ in prompt}
    kept: list[Segment] = []
    flags: list[Flag] = []
    for s in segments:
        words = _plain(s.text)
        known = sum(word in vocabulary for word in words)
        length, crossed = _common(words, prompt) if known >= ECHO_SHARE * len(words) else (0, 0)
        if length < ECHO_WORDS or length < ECHO_SHARE * len(words):
            kept.append(s)
            continue
        mute = heard.speaking(s.start, s.end) < SPARSE_SPEECH * (s.end - s.start)
        surely = (crossed >= 2 and length >= 2 * ECHO_WORDS) or mute or s.no_speech_prob > NO_SPEECH
        if not surely:
            kept.append(s)
        action: Action = "removed" if surely else "kept"
        flags.append(_flag(s, "prompt-echo", action, text=s.text, detail="the words of the prompt"))
    return kept, flags


def _common(words: Sequence[str], prompt: Sequence[tuple[str, int]]) -> tuple[int, int]:
    """Length of the longest run of `words` in the prompt, and how many of its items it crosses."""
    best, crossed = 0, 0
    for i in range(len(prompt)):
        for j in range(len(words)):
            n = 0
            while i + n < len(prompt) and j + n < len(words) and prompt[i + n][0] == words[j + n]:
                n += 1
            if n > best:
                best, crossed = n, prompt[i + n - 1][1] - prompt[i][1]
    return best, crossed


def silence(segments: Sequence[Segment], heard: Heard) -> Judged:
    """Text where nobody speaks: nothing heard near it, or the recogniser's own doubt."""
    kept: list[Segment] = []
    flags: list[Flag] = []
    for s in segments:
        mute = not heard.speaking(s.start - NEAR, s.end + NEAR)
        doubted = s.no_speech_prob > NO_SPEECH and (
            s.avg_logprob < LOW_LOGPROB
            or heard.speaking(s.start, s.end) < SPARSE_SPEECH * (s.end - s.start)
        )
        if not (mute or doubted):
            kept.append(s)
            continue
        detail = "no speech under it" if mute else f"no speech: {s.no_speech_prob:.2f}"
        flags.append(_flag(s, "silence", "removed", text=s.text, detail=detail))
    return kept, flags


def rate(segments: Sequence[Segment], heard: Heard) -> Judged:
    """More words than can be said: a whole window of them is invented, one segment mistimed."""
    invented: set[int] = set()
    starts = [s.start for s in segments]
    for window in heard.windows:
        inside = range(bisect_left(starts, window.start), bisect_left(starts, window.end))
        words = sum(len(segments[i].text.split()) for i in inside)
        seconds = sum(segments[i].end - segments[i].start for i in inside)
        if words >= 2 * SUSTAINED and words > WORDS_PER_SECOND * seconds:
            invented.update(inside)
    kept: list[Segment] = []
    flags: list[Flag] = []
    for i, s in enumerate(segments):
        words = len(s.text.split())
        if i not in invented:
            kept.append(s)
        if i in invented or (words >= SUSTAINED and words > WORDS_PER_SECOND * (s.end - s.start)):
            action: Action = "removed" if i in invented else "kept"
            detail = f"{words} words in {s.end - s.start:.1f} s"
            flags.append(_flag(s, "rate", action, text=s.text, detail=detail))
    return kept, flags


def low_confidence(segments: Sequence[Segment], _: Heard) -> Judged:
    """Text to listen to again."""
    flags = []
    for s in segments:
        reasons = [
            reason
            for holds, reason in (
                (s.avg_logprob < LOW_LOGPROB, f"average log-probability {s.avg_logprob:.2f}"),
                (s.no_speech_prob > NO_SPEECH, f"no speech: {s.no_speech_prob:.2f}"),
                (s.compression_ratio > REPETITIVE, f"repetitive: {s.compression_ratio:.1f}"),
            )
            if holds
        ]
        if reasons:
            detail = "; ".join(reasons)
            flags.append(_flag(s, "low-confidence", "kept", text=s.text, detail=detail))
    return list(segments), flags


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


def _flag(s: Segment | Cue, rule: str, action: Action, text: str = "", detail: str = "") -> Flag:
    return Flag(start=s.start, end=s.end, rule=rule, action=action, text=text, detail=detail)


def _plain(text: str) -> list[str]:
    return re.findall(r"[\w']+", text.casefold())


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


def clean_captions(raw: Sequence[Cue]) -> tuple[tuple[Cue, ...], list[Flag]]:
    """Captions as plain text in one line a cue, with times in order, and what was taken out.

    Every word of the input is in the cues or in the text of a flag, except what the rolling
    display of live captions shows again: the `rolling` flag counts those.
    """
    flags: list[Flag] = []
    shown = []
    for cue in sorted(raw, key=lambda c: c.start):
        lines, found = _unmarked(cue)
        flags += found
        shown.append((cue, lines))
    cues = []
    for cue, lines in _unrolled(shown, flags):
        text, marks = _without_sounds(" ".join(line.text for line in lines))
        flags += [_flag(cue, _mark(m), "removed", text=m) for m in marks]
        if text:
            words = _words(cue, lines, text)
            cues.append(Cue(start=cue.start, end=cue.end, text=text, words=words))
    return _in_order(cues, flags), flags


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a caption: its text, and the pieces of it that have a time of their own."""

    text: str
    pieces: tuple[tuple[float | None, str], ...]


# Only what captions are known to use: `<s>` and `List<int>` may be what the talk is about.
TAG = re.compile(r"</?(?:i|b|u|c|v|font|ruby|rt|rp|lang)(?:[.\s][^<>]*)?>", re.IGNORECASE)
VOICE = re.compile(r"<v(?:\.[^\s<>]*)?\s+([^<>]+)>", re.IGNORECASE)
OVERRIDE = re.compile(r"\{\\[^{}]*\}")
CLOCK = re.compile(r"<(?:(\d{1,6}):)?(\d{1,2}):(\d{2}\.\d{3})>")
INVISIBLE = re.compile("[\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\ufeff]")
NEXT_SPEAKER = re.compile(r"^\s*(?:>>+|&gt;&gt;(?:&gt;)*)\s*")


def _unmarked(cue: Cue) -> tuple[list[Line], list[Flag]]:
    """The cue's lines with text, without markup; who speaks is logged."""
    flags = []
    lines = []
    for raw in cue.text.splitlines():
        flags += [_flag(cue, "speaker", "removed", text=v) for v in VOICE.findall(raw)]
        bare = NEXT_SPEAKER.sub("", TAG.sub("", OVERRIDE.sub("", raw)))
        if NEXT_SPEAKER.match(TAG.sub("", OVERRIDE.sub("", raw))):
            flags.append(_flag(cue, "speaker", "removed", text=">>"))
        parts = CLOCK.split(bare)
        pieces: list[tuple[float | None, str]] = [(None, _plain_text(parts[0]))]
        for i in range(1, len(parts), 4):
            at = int(parts[i] or 0) * 3600 + int(parts[i + 1]) * 60 + float(parts[i + 2])
            pieces.append((at, _plain_text(parts[i + 3])))
        text = _plain_text("".join(parts[::4]))
        if text:
            lines.append(Line(text=text, pieces=tuple(p for p in pieces if p[1])))
    return lines, flags


def _plain_text(markup: str) -> str:
    return " ".join(INVISIBLE.sub("", html.unescape(markup)).split())


def _unrolled(
    shown: Sequence[tuple[Cue, list[Line]]], flags: list[Flag]
) -> list[tuple[Cue, list[Line]]]:
    """Without the lines that a rolling display shows a second time.

    Judged by the whole track: two cues alike may be a speaker who says "No." twice, but not
    when cue after cue begins with the line that ended the one before and adds another.
    """
    again = []
    for (before, old), (cue, new) in itertools.pairwise([(_NO_CUE, []), *shown]):
        close = cue.start - before.end < 1.0
        most = min(len(old), len(new)) if close else 0
        texts, last = ([_plain(line.text) or [line.text] for line in ls] for ls in (new, old))
        again.append(next((n for n in range(most, 0, -1) if last[-n:] == texts[:n]), 0))
    rolling = sum(0 < n < len(new) for (_, new), n in zip(shown, again, strict=True))
    if rolling < ROLLING_SHARE * len(shown) or rolling < ROLLING_LEAST:
        return list(shown)
    words = sum(
        len(line.text.split())
        for (_, lines), n in zip(shown, again, strict=True)
        for line in lines[:n]
    )
    flags.append(
        Flag(
            start=shown[0][0].start,
            end=shown[-1][0].end,
            rule="rolling",
            action="removed",
            detail=f"{sum(again)} lines with {words} words were shown again, word for word",
        )
    )
    return [(cue, lines[n:]) for (cue, lines), n in zip(shown, again, strict=True)]


_NO_CUE = Cue(start=-math.inf, end=-math.inf, text="")
ROLLING_SHARE = 0.3
ROLLING_LEAST = 3


def _words(cue: Cue, lines: Sequence[Line], text: str) -> tuple[Word, ...]:
    """Times of single words where the captions give one to each; () where they do not."""
    pieces = [p for line in lines for p in line.pieces]
    if len(pieces) < 2 or [w for _, w in pieces] != text.split():
        return ()
    starts = [cue.start if at is None else at for at, _ in pieces]
    if sum(at is None for at, _ in pieces) > 1 or starts != sorted(starts):
        return ()
    if starts[0] < cue.start or starts[-1] >= cue.end:
        return ()
    ends = [*starts[1:], cue.end]
    return tuple(
        Word(start=a, end=b, text=w) for a, b, (_, w) in zip(starts, ends, pieces, strict=True)
    )


def _in_order(cues: Sequence[Cue], flags: list[Flag]) -> tuple[Cue, ...]:
    """Cues that rise, last, and do not overlap; those that start together are joined."""
    out: list[Cue] = []
    for raw in cues:
        cue = replace(raw, start=max(0.0, raw.start))
        if cue.end <= cue.start:
            count = len(cue.text.split())
            cue = replace(cue, end=cue.start + max(0.5, NEAR * count), words=())
            flags.append(_flag(cue, "timestamp", "kept", cue.text, "it had no length"))
        if not out or cue.start - out[-1].start >= SAME_TIME:
            if out and out[-1].end > cue.start:
                if out[-1].end - cue.start > 0.5:
                    detail = f"it ran to {out[-1].end:.2f}, into the next"
                    flags.append(_flag(out[-1], "timestamp", "kept", out[-1].text, detail))
                out[-1] = replace(out[-1], end=cue.start, words=_before(out[-1], cue.start))
            out.append(cue)
        elif cue.text == out[-1].text:
            flags.append(_flag(cue, "duplicate", "removed", text=cue.text))
        else:
            text = f"{out[-1].text} {cue.text}"
            out[-1] = replace(out[-1], end=max(out[-1].end, cue.end), text=text, words=())
    return tuple(out)


SAME_TIME = 0.01


def _before(cue: Cue, end: float) -> tuple[Word, ...]:
    """The cue's words if all of them start before `end`, the last cut to it."""
    if not cue.words or cue.words[-1].start >= end:
        return ()
    return (*cue.words[:-1], replace(cue.words[-1], end=min(end, cue.words[-1].end)))


# --- sounds ---------------------------------------------------------------------------------------

BRACKET = re.compile(r"[\[(（【]([^\[\]()（）【】]{1,60})[\])）】]")
SUNG = re.compile(r"[♪♫♬][^♪♫♬]*[♪♫♬]")
NOTES = re.compile(r"[♪♫♬]+")
# Sounds that nobody puts in brackets for another reason.
SOUND = re.compile(
    r"\b(?:music|applau\w+|laugh(?:s|ing|ter)|chuckl\w+|giggl\w+|s?whoosh\w*|swoosh\w*|"
    r"cheer(?:s|ing)|clapping|cough(?:s|ing)|sigh(?:s|ing)|inaudible|indistinct|unintelligible|"
    r"crosstalk|silence|blank_audio)\b",
    re.IGNORECASE,
)
# Sounds only where the bracket is all there is.
UNHEARD = re.compile(r"(?i)indistinct|inaudible|unintelligible|unclear|crosstalk")
FAINT_SOUND = re.compile(
    r"\b(?:pop(?:s|ping)|snap(?:s|ping)|click(?:s|ing)|beep(?:s|ing)|ring(?:s|ing)|whirring|"
    r"fizzl(?:es|ing)|sliding|decrescendos|crescendos|noise|static|foreign)$",
    re.IGNORECASE,
)


def _mark(text: str) -> str:
    """The rule of a mark in the text: a sound, or speech that its writer did not understand."""
    return "inaudible" if UNHEARD.search(text) else "music"


def _without_sounds(text: str) -> tuple[str, list[str]]:
    """Text without the marks for sounds, and the marks."""
    marks: list[str] = []

    def take(match: re.Match[str]) -> str:
        marks.append(match.group().strip())
        return " "

    def take_sound(match: re.Match[str]) -> str:
        inside = match.group(1)
        alone = match.group() == text.strip()
        short = len(inside.split()) <= 4
        named = SOUND.search(inside) or (alone and FAINT_SOUND.search(inside.strip()))
        return take(match) if short and named else match.group()

    out = BRACKET.sub(take_sound, text)
    out = NOTES.sub(take, SUNG.sub(take, out))
    return " ".join(out.split()), marks


# --- the prompt -----------------------------------------------------------------------------------


def bias_prompt(
    terms: Sequence[str],
    title: str,
    event: str,
    speakers: Sequence[str],
    *,
    count_tokens: Callable[[str], int],
    limit: int = 200,
) -> str:
    """A prompt that makes a recogniser expect this talk's names: sentences with punctuation.

    Names the title, the event and the speakers, then up to 50 of `terms` in their order, as far
    as `limit` tokens go. What does not fit is left out whole, never cut.
    """
    title, event = _name(title), _name(event)
    people = " and ".join(_unique(speakers))
    opening = ""
    for said in (
        f"{title}, a talk at {event} by {people}." if title and event and people else "",
        f"{title}, a talk by {people}." if title and people else "",
        f"{title}, a talk at {event}." if title and event else "",
        f"{title}." if title else "",
        f"A talk by {people}." if people else "",
    ):
        if said and count_tokens(said) <= limit:
            opening = said
            break
    named: list[str] = []
    for term in _unique(terms):
        if len(named) == MOST_TERMS:
            break
        if count_tokens(_sentence(opening, [*named, term])) <= limit:
            named.append(term)
    return _sentence(opening, named)


def _sentence(opening: str, named: Sequence[str]) -> str:
    about = f"It is about {', '.join(named)}." if named else ""
    return " ".join(part for part in (opening, about) if part)


def _name(text: str) -> str:
    """One line, without a full stop that would end the sentence early."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split()).rstrip(".")


def _unique(names: Sequence[str]) -> list[str]:
    seen: dict[str, str] = {}
    for name in map(_name, names):
        if name:
            seen.setdefault(name.casefold(), name)
    return list(seen.values())
