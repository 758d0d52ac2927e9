"""Which recognised text not to believe: rules over segments, and what they took out.

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

from translate.model import Cue, Flag, Segment, Span, WindowResult
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

Action = Literal["removed", "kept"]


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
    return out, flags


def empty(segments: Sequence[Segment], heard: Heard) -> Judged:
    """Segments whose text the recogniser threw away itself."""
    kept = [s for s in segments if s.text.strip()]
    flags = [
        Flag.on(s, "empty", "removed", detail="the recogniser gave a time and no text")
        for s in segments
        if not s.text.strip() and heard.speaking(s.start, s.end) >= NEAR
    ]
    return kept, flags


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
