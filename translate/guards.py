"""Which recognised text not to believe: what to hear again, and what to take out.

The rules trust structure rather than lists of phrases: what repeats itself, what stands where
nobody speaks, what was given as the prompt, what no tongue can say in the time. Each removal and
each doubt is a `Flag` with its time. Pure functions of the nouns: no sound, no recogniser.
"""

import itertools
import math
import operator
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from translate.model import Cue, Flag, Hearing, Segment, Span, WindowResult, Word, has_text, several
from translate.sounds import without_sounds

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
MISSED = 2.0  # seconds of speech beside the text of a window that are worth a second hearing
SPARSE_TEXT = 5.0  # bytes for each second of speech: a third of what slow speakers say
ENOUGH_SPEECH = 4.0  # seconds by which the density of text is judged
WORTH_HEARING = 1.0  # seconds of speech from which on a window may be heard again
SURELY = 0.8  # probability of a language
RATHER = 0.5
LONG_ENOUGH = 5.0  # seconds of speech from which on a sure language is believed
LONG_FOR_A_DOUBT = 2.0

Action = Literal["removed", "kept"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What the rules may look at besides the text."""

    speech: tuple[Span, ...]
    windows: tuple[Span, ...] = ()
    prompt: str = ""

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


# --- what to hear again ---------------------------------------------------------------------------

# Rules whose flag on a window's text is a reason to hear it again.
_TELLING = {
    *("loop", "repeat", "prompt-echo", "silence", "rate", "sparse", "timestamp", "cut-off"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """What speaks against one hearing of a window, and for it."""

    suspicions: tuple[str, ...]
    covered: float  # seconds of speech that keep their text
    logprob: float  # mean over the text

    @property
    def order(self) -> tuple[bool, int, int, float]:
        """The less, the better. Missing speech counts most: whoever writes nothing errs nowhere.

        Rounded, so that a hearing gives way to one that is better, not to one that differs.
        """
        missing = not {"uncovered", "cut-off"}.isdisjoint(self.suspicions)
        return missing, len(self.suspicions), -round(self.covered), -round(self.logprob, 1)


def suspicions(
    hearing: Hearing, window: Span, speech: Sequence[Span], prompt: str
) -> tuple[str, ...]:
    """Why a window must be heard again; () where nothing is wrong, or nobody speaks in it.

    Rules' names, in alphabetical order: those of the flags that its text would get, and
    "low-confidence", "repetitive" and "no-speech" (the recogniser's own figures), "uncovered"
    (two seconds of speech and more before, between or after what is left of the text).
    """
    return weigh(hearing, window, speech, prompt).suspicions


def weigh(hearing: Hearing, window: Span, speech: Sequence[Span], prompt: str) -> Weighed:
    """What speaks against one hearing of a window, and for it."""
    heard = Heard(speech=tuple(speech), windows=(window,), prompt=prompt)
    result = WindowResult(
        start=window.start,
        end=window.end,
        language="",
        of="",
        segments=hearing.segments,
        whole=hearing.whole,
    )
    cues, flags = judge([result], speech, prompt)
    spoken = heard.speaking(window.start, window.end)
    found: set[str] = set()
    if spoken >= WORTH_HEARING:
        found = {f.rule for f in flags} & _TELLING
        found |= set(
            _figures(hearing, voiced=spoken >= SPARSE_SPEECH * (window.end - window.start))
        )
        ends = [window.start, *(c.end for c in cues)]
        starts = [*(c.start for c in cues), window.end]
        if any(heard.speaking(a, b) >= MISSED for a, b in zip(ends, starts, strict=True)):
            found.add("uncovered")
    sizes = [len(s.text) for s in hearing.segments]
    total = sum(n * s.avg_logprob for n, s in zip(sizes, hearing.segments, strict=True))
    return Weighed(
        suspicions=tuple(sorted(found)),
        covered=sum(heard.speaking(c.start, c.end) for c in cues),
        logprob=total / max(1, sum(sizes)),
    )


def _figures(hearing: Hearing, *, voiced: bool) -> Iterator[str]:
    """The recogniser's own doubts; its doubt of speech only where others hear plenty."""
    for s in hearing.segments:
        if s.compression_ratio > REPETITIVE:
            yield "repetitive"
        if s.avg_logprob < LOW_LOGPROB and s.no_speech_prob <= NO_SPEECH:
            yield "low-confidence"
        if s.no_speech_prob > NO_SPEECH and voiced:
            yield "no-speech"


def joined(hearings: Sequence[Hearing], parts: Sequence[Span], window: Span) -> Hearing:
    """Hearings of a window's parts as one of the whole.

    What a part's text puts after the part's own end would stand in the next part's time; it goes
    as far past the end of the window, where the rules find it.
    """
    segments: list[Segment] = []
    beyond: list[Segment] = []
    for hearing, part in zip(hearings, parts, strict=True):
        for s in hearing.segments:
            if s.start <= part.end + NEAR:
                segments.append(s)
            else:
                late = window.end - part.end
                beyond.append(replace(s, start=s.start + late, end=s.end + late, words=()))
    return Hearing(segments=(*segments, *beyond), whole=all(h.whole for h in hearings))


# --- other languages ------------------------------------------------------------------------------


def sure_of_another(found: str, probability: float, language: str) -> bool:
    """Whether a window is said to be in another language than the talk's."""
    return found not in ("", language) and probability >= SURELY


def other_languages(
    results: Sequence[WindowResult], speech: Sequence[Span], language: str, *, told: bool
) -> tuple[list[WindowResult], list[Flag]]:
    """The windows in the talk's language, and a flag for each stretch that is in another.

    Neighbouring windows surely in the same other language make a stretch. With five seconds of
    speech it is believed, and its text, which is no transcript of it, goes; from two seconds on
    it is a doubt. Where somebody has `told` the language, and most of the talk would go, the
    recogniser is wrong about this voice: then all is kept.
    """
    heard = Heard(speech=tuple(speech))
    kept: list[WindowResult] = []
    flags: list[Flag] = []
    spoken = foreign = 0.0
    for found, run in itertools.groupby(results, lambda r: _another(r, language)):
        stretch = list(run)
        seconds = sum(heard.speaking(r.start, r.end) for r in stretch)
        spoken += seconds
        surely = bool(found) and seconds >= LONG_ENOUGH
        if not surely:
            kept += stretch
        if not found:
            flags += _doubtful(stretch, language, heard)
        if surely or (found and seconds >= LONG_FOR_A_DOUBT):
            foreign += seconds * surely
            flags.append(_in_another(stretch, found, seconds, surely=surely))
    if told and foreign > spoken / 2:
        detail = f"most of it sounds like another language than {language!r}, which was asked for"
        whole = Span(start=results[0].start, end=results[-1].end)
        return list(results), [Flag.on(whole, "language", "kept", detail=detail)]
    return kept, flags


def _doubtful(results: Sequence[WindowResult], language: str, heard: Heard) -> Iterator[Flag]:
    """Windows that rather sound like another language, not surely: their text stays."""
    for found, run in itertools.groupby(
        results, lambda r: r.sounds_like if r.probability >= RATHER else language
    ):
        stretch = list(run)
        seconds = sum(heard.speaking(r.start, r.end) for r in stretch)
        if found not in ("", language) and seconds >= LONG_FOR_A_DOUBT:
            yield _in_another(stretch, found, seconds, surely=False)


def _another(result: WindowResult, language: str) -> str:
    sure = sure_of_another(result.sounds_like, result.probability, language)
    return result.sounds_like if sure else ""


def _in_another(
    stretch: Sequence[WindowResult], found: str, seconds: float, *, surely: bool
) -> Flag:
    least = min(r.probability for r in stretch)
    text = " ".join(s.text for r in stretch for s in r.segments if s.text)
    span = Span(start=stretch[0].start, end=stretch[-1].end)
    detail = f"{seconds:.0f} s of speech in {found!r}, probability {least:.0%}"
    if surely:
        return Flag.on(span, "other-language", "removed", text=text, detail=detail)
    return Flag.on(span, "language", "kept", text=text, detail=f"perhaps {detail}")


# --- what may be published ------------------------------------------------------------------------


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
    for rule in (empty, music, loop, prompt_echo, silence, rate, sparse, low_confidence):
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
    return cues, flags


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
            flags.append(Flag.on(out[-1], "timestamp", "kept", text=raw.text, detail=detail))
    if not result.whole:
        unheard = Span(start=out[-1].start if out else result.start, end=result.end)
        detail = "the recogniser stopped at its limit of text; what follows may be missing"
        flags.append(Flag.on(unheard, "cut-off", "kept", detail=detail))
    return [replace(s, words=_inside(s)) for s in out], flags


def _inside(segment: Segment) -> tuple[Word, ...]:
    """The segment's words within its times; () where one of them lies elsewhere altogether."""
    low, high = segment.start, segment.end
    if any(w.end < low or w.start > high for w in segment.words):
        return ()
    return tuple(replace(w, start=max(low, w.start), end=min(high, w.end)) for w in segment.words)


def empty(segments: Sequence[Segment], heard: Heard) -> Judged:
    """Segments whose text the recogniser threw away itself, or that are punctuation alone."""
    kept: list[Segment] = []
    flags: list[Flag] = []
    for s in segments:
        text = s.text.strip()
        if has_text(text) or without_sounds(text)[1]:  # a mark for a sound has its own rule
            kept.append(s)
        elif text or heard.speaking(s.start, s.end) >= NEAR:
            detail = "the recogniser gave a time and no text"
            flags.append(Flag.on(s, "empty", "removed", text=text, detail=detail))
    return kept, flags


def garbled(cues: Sequence[Cue]) -> list[Flag]:
    """Text with the sign that stands where bytes made no letter."""
    return [
        Flag.on(c, "garbled", "kept", text=c.text, detail="a letter could not be read")
        for c in cues
        if "\ufffd" in c.text
    ]


def music(segments: Sequence[Segment], _: Heard) -> Judged:
    """Marks for sounds: `[Music]`, `(applause)`, `♪`."""
    kept: list[Segment] = []
    flags: list[Flag] = []
    for s in segments:
        text, marks = without_sounds(s.text)
        flags += [Flag.on(s, "music", "removed", text=m) for m in marks]
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
    judged = []
    for first, period, length in _repetitions(words):
        again = range(first + period, first + length)
        ratio = max(segments[origin[k][0]].compression_ratio for k in again)
        if action := _verdict(period, length // period, ratio):
            judged.append((action, first, period, length))
    removed: set[int] = set()
    seen: set[int] = set()
    flags: list[Flag] = []
    # What is surely a loop first; of the same words, the shortest period is the passage.
    for action, first, period, length in sorted(judged, key=lambda j: j[0] != "removed"):
        again = range(first + period, first + length)
        if seen.intersection((again[0], again[-1])):
            continue
        seen.update(range(first, first + length))
        text = " ".join(origin[k][1] for k in again if k not in removed)
        if action == "removed":
            removed.update(again)
        start, end = segments[origin[again[0]][0]].start, segments[origin[again[-1]][0]].end
        flags.append(
            Flag(
                start=start,
                end=end,
                rule="loop" if action == "removed" else "repeat",
                action=action,
                text=text,
                detail=f"{period} words, {length // period} times",
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
    for period in range(1, min(LONGEST_PERIOD, len(words) // 2) + 1):
        same = bytes(map(operator.eq, words[period:], words))  # a byte a word: fast for hours
        for run in re.finditer(rb"\x01{%d,}" % period, same):
            yield run.start(), period, run.end() + period - run.start()


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
        flags.append(
            Flag.on(s, "prompt-echo", action, text=s.text, detail="the words of the prompt")
        )
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
        flags.append(Flag.on(s, "silence", "removed", text=s.text, detail=detail))
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
            flags.append(Flag.on(s, "rate", action, text=s.text, detail=detail))
    return kept, flags


def sparse(segments: Sequence[Segment], heard: Heard) -> Judged:
    """Far less text than its seconds of speech hold: the rest of what was said is missing.

    Counted in bytes, so that a script of few signs a word is not taken for little text.
    """
    flags = []
    for s in segments:
        spoken = heard.speaking(s.start, s.end)
        if spoken >= ENOUGH_SPEECH and len(s.text.encode()) < SPARSE_TEXT * spoken:
            detail = f"{several(len(s.text.split()), 'word')} for {spoken:.1f} s of speech"
            flags.append(Flag.on(s, "sparse", "kept", text=s.text, detail=detail))
    return list(segments), flags


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
            flags.append(Flag.on(s, "low-confidence", "kept", text=s.text, detail=detail))
    return list(segments), flags


def _plain(text: str) -> list[str]:
    return re.findall(r"[\w']+", text.casefold())
