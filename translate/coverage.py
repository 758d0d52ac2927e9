"""How much of the speech has text: what no cue covers, and where the text is thinner than the pace.

Pure functions of cues and of the stretches where a voice was heard. Knows no recogniser, no sound
and no files.

A recogniser's times are coarse: the cue beside a hole is often stretched over it. So a hole shows
in two ways: as speech between two cues (`uncovered`), or as a cue with far fewer words than the
talk's own pace puts into that much speech (`sparse`). Pace is counted in letters, which vary by a
tenth from cue to cue where words vary by a fifth.
"""

import math
from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from statistics import median
from typing import NamedTuple

from translate.model import Cue, Flag, Span, Transcript, clock, has_text

UNCOVERED = 2.0  # seconds from the first to the last instant of speech without text
MISSED = 1.5  # seconds of speech in them
BREAK = 3.0  # a silence this long ends a gap
LONGEST_WORD = 2.0  # a recogniser that gives a word more has stretched it over something

PACE = 17.5  # letters a second, a space counting as one: where a talk is too short to tell
PACE_FROM = 20.0  # seconds of speech under text: with less, no pace is told and none is missed
PACE_WEIGHT = 10.0  # seconds of speech that this counts for
NEIGHBOURHOOD = 150.0  # seconds on each side that a cue's pace is judged by
LONGEST_RUN = 20.0  # seconds of speech in more than two cues judged together
MOST_STEPS = 200  # of adding a cue with speech to a run; nobody shows ten cues a second
THIN = 1.4  # seconds of speech that the words must fall short of at least
SURE = 3.5  # standard deviations of the talk's own unevenness
UNEVEN = 0.2  # seconds per root of a second of speech: what speakers usually have
UNEVEN_WEIGHT = 3  # cues that this counts for
LEAST_UNEVEN = 0.15
MEDIAN_OFF = 1.4826  # standard deviations to a median distance, of a normal distribution
STRETCH = 30.0  # seconds of speech that words per second are told for
THINNEST = 3
PLACES = 8  # named in one line

LATE = 1.0  # seconds that text may run past the end of the sound
FEWEST = 12  # cues that a shift can be told from
LAG = 0.7  # seconds that times may be off without a word
FIRST_LEG = 300.0  # seconds over which a shift is first looked for; doubled until the talk's end
FARTHEST = 4.0  # seconds of shift looked for at the start
STEEPEST = 0.02  # of the time: a film's 24 frames shown as 25 are 0.04
STEP = 0.25
MOST_STEPS_ASIDE = 100  # tried on each side of a shift or slope, however far apart the cues are
MOST = 400  # cues that are looked at in a leg
SLOPED = 3.0  # how much more likely, as a logarithm, a changing shift must be than a fixed one
BETTER = 4.0  # how much more likely, as a logarithm, the shifted times must be


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A part of the talk: how much speech is in it, and how many words."""

    start: float
    end: float
    speech: float  # seconds
    words: float

    @property
    def words_per_second(self) -> float:
        return self.words / self.speech if self.speech else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """How much of a talk's speech has text."""

    speech_seconds: float
    covered_seconds: float  # of them, with text, as far as times and pace can tell
    words_per_second: float  # of speech
    along: tuple[Stretch, ...]  # the whole talk, about 30 seconds of speech each
    gaps: tuple[Span, ...]  # where text is missing, in order: `uncovered` and `sparse`

    @property
    def share(self) -> float:
        """0..1; 1 where nobody speaks."""
        return self.covered_seconds / self.speech_seconds if self.speech_seconds else 1.0

    @property
    def thinnest(self) -> tuple[Stretch, ...]:
        """The stretches with the fewest words a second, the thinnest first."""
        return tuple(sorted(self.along, key=lambda s: s.words_per_second)[:THINNEST])


class Voice:
    """Where speech is, asked for any time in logarithmic time. Spans in order and disjoint."""

    def __init__(self, speech: Sequence[Span]) -> None:
        self._starts = [s.start for s in speech]
        self._ends = [s.end for s in speech]
        self._before = list(accumulate((s.end - s.start for s in speech), initial=0.0))

    @property
    def total(self) -> float:
        return self._before[-1]

    def until(self, time: float) -> float:
        """Seconds of speech before a time."""
        n = bisect_right(self._starts, time)
        if not n:
            return 0.0
        return self._before[n - 1] + min(time, self._ends[n - 1]) - self._starts[n - 1]

    def within(self, start: float, end: float) -> float:
        """Seconds of speech between two times."""
        return max(0.0, self.until(end) - self.until(start))

    def at(self, amount: float) -> float:
        """The time by which so many seconds have been spoken."""
        n = max(1, bisect_left(self._before, amount))
        if n > len(self._starts):
            return self._ends[-1] if self._ends else 0.0
        return self._starts[n - 1] + amount - self._before[n - 1]


# --- speech between the cues ----------------------------------------------------------------------


def uncovered(cues: Sequence[Cue], speech: Sequence[Span]) -> list[Flag]:
    """Speech without text: missed by the recogniser, or removed by a rule."""
    return [
        Flag(
            start=group[0].start,
            end=group[-1].end,
            rule="uncovered",
            action="kept",
            detail=f"{_seconds(group):.1f} s of speech without text",
        )
        for group in _groups(_bare(cues, speech))
        if group[-1].end - group[0].start >= UNCOVERED and _seconds(group) >= MISSED
    ]


def _seconds(spans: Iterable[Span]) -> float:
    return sum(s.end - s.start for s in spans)


def _bare(cues: Sequence[Cue], speech: Sequence[Span]) -> Iterator[tuple[int, Span]]:
    """Each piece of speech under no text, with the number of the gap in the text it lies in."""
    text = _text_spans(cues)
    at = 0
    for span in speech:
        while at < len(text) and text[at].end <= span.start:
            at += 1
        start, n = span.start, at
        while n < len(text) and text[n].start < span.end:
            if text[n].start > start:
                yield n, Span(start=start, end=text[n].start)
            start = max(start, text[n].end)
            n += 1
        if start < span.end:
            yield n, Span(start=start, end=span.end)


def _text_spans(cues: Sequence[Cue]) -> list[Span]:
    """When there is text: the union of the cues or, where it is known, of their words.

    Cues of punctuation alone have none.
    """
    out: list[Span] = []
    for start, end in sorted(span for c in cues if c.has_text for span in _of_cue(c)):
        if out and start <= out[-1].end:
            out[-1] = Span(start=out[-1].start, end=max(out[-1].end, end))
        else:
            out.append(Span(start=start, end=end))
    return out


def _of_cue(cue: Cue) -> Iterator[tuple[float, float]]:
    if not cue.words:
        yield cue.start, cue.end
    for word in cue.words:
        yield word.start, min(word.end, word.start + LONGEST_WORD)


def _groups(bare: Iterable[tuple[int, Span]]) -> list[list[Span]]:
    """Pieces that no text and no long silence parts."""
    groups: list[list[Span]] = []
    last = -1
    for gap, span in bare:
        if gap == last and span.start - groups[-1][-1].end < BREAK:
            groups[-1].append(span)
        else:
            groups.append([span])
        last = gap
    return groups


# --- fewer words than the pace --------------------------------------------------------------------


class Run(NamedTuple):
    """Neighbouring cues, and how many seconds of their speech their words do not account for."""

    first: int
    last: int
    lacking: float
    excess: float  # by how much that is beyond doubt


def sparse(cues: Sequence[Cue], speech: Sequence[Span]) -> list[Flag]:
    """Where cues have far fewer words than the talk's pace puts into the speech under them.

    What `uncovered` tells is not told again. The time is that of the cues: within them, nobody
    knows where the words are missing.
    """
    return [
        Flag(
            start=cues[run.first].start,
            end=cues[run.last].end,
            rule="sparse",
            action="kept",
            detail=f"words for about {run.lacking:.0f} s of the speech here are missing",
        )
        for run in _sparse(cues, speech)
    ]


def _sparse(cues: Sequence[Cue], speech: Sequence[Span]) -> list[Run]:
    """The surest runs, none overlapping another, in order."""
    told = [Span(start=f.start, end=f.end) for f in uncovered(cues, speech)]
    voice = Voice(_without(speech, told))
    spoken = [voice.within(c.start, c.end) for c in cues]
    if sum(spoken) < PACE_FROM:
        return []
    letters = [_letters(c.text) if c.has_text else 0.0 for c in cues]
    paces = _paces(cues, spoken, letters)
    needed = [n / pace for n, pace in zip(letters, paces, strict=True)]
    uneven = _unevenness(spoken, needed)
    found = _runs(cues, voice, needed, uneven)
    surest: list[Run] = []
    for run in sorted(found, key=lambda r: -r.excess):
        n = bisect_left(surest, run)
        after_one = n == 0 or surest[n - 1].last < run.first
        if after_one and (n == len(surest) or run.last < surest[n].first):
            insort(surest, run)
    return surest


def _runs(
    cues: Sequence[Cue], voice: Voice, needed: Sequence[float], uneven: float
) -> Iterator[Run]:
    """The runs that lack words beyond doubt, but those that a surer one lies within.

    A cue that adds no speech makes no run surer, so no run of several begins or ends with it:
    captions may have any number of them.
    """
    begun = [voice.until(c.start) for c in cues]
    ended = [voice.until(c.end) for c in cues]
    further = _further(ended, needed)
    for first, before in enumerate(begun):
        alone = begun[first + 1 : first + 2] == [before]
        last, lacking, surest = first, -needed[first], 0.0
        for _ in range(1 if alone else MOST_STEPS):
            said = max(0.0, ended[last] - before)
            if last > first + 1 and max(said, THIN - lacking) > LONGEST_RUN:
                break  # nothing longer can have an excess either
            doubt = max(THIN, SURE * uneven * math.sqrt(said))
            if (excess := said + lacking - doubt) > surest:
                yield Run(first, last, said + lacking, excess)
                surest = excess
            last, words = further[last]
            if last == len(cues):
                break
            lacking -= words


def _further(ended: Sequence[float], needed: Sequence[float]) -> list[tuple[int, float]]:
    """For each cue the next that adds speech, and the seconds that the words up to it need."""
    out = [(len(ended), 0.0)] * len(ended)
    for n in range(len(ended) - 2, -1, -1):
        if ended[n + 1] > ended[n]:
            out[n] = n + 1, needed[n + 1]
        else:
            at, words = out[n + 1]
            out[n] = at, needed[n + 1] + words
    return out


def _without(speech: Sequence[Span], told: Sequence[Span]) -> list[Span]:
    """The speech outside `told`; both in order and disjoint."""
    out = []
    ends = [t.end for t in told]
    for span in speech:
        start = span.start
        for hole in told[bisect_right(ends, start) :]:
            if hole.start >= span.end:
                break
            if hole.start > start:
                out.append(Span(start=start, end=hole.start))
            start = max(start, hole.end)
        if start < span.end:
            out.append(Span(start=start, end=span.end))
    return out


def _letters(text: str) -> float:
    """How long a text takes to say, in letters: `2022` and `GPU` take longer than they look."""
    total = 0.0
    for word in text.split():
        total += 1
        shouted = sum(c.isupper() for c in word) > 1
        total += sum(
            4 if c.isdigit() else 3 if shouted and c.isupper() else 1 for c in word if c.isalnum()
        )
    return total


def _paces(cues: Sequence[Cue], spoken: Sequence[float], letters: Sequence[float]) -> list[float]:
    """Letters a second of speech around each cue: the median of its neighbourhood by time."""
    rated = [
        (cue.start, n / s, s)
        for cue, s, n in zip(cues, spoken, letters, strict=True)
        if s >= 0.5 and n
    ]
    starts = [at for at, _, _ in rated]
    cache: dict[int, float] = {}

    def around(time: float) -> float:
        block = int(time / (NEIGHBOURHOOD / 5))
        if block not in cache:
            middle = (block + 0.5) * NEIGHBOURHOOD / 5
            low = bisect_left(starts, middle - NEIGHBOURHOOD)
            high = bisect_left(starts, middle + NEIGHBOURHOOD)
            here = [(rate, s) for _, rate, s in rated[low:high]]
            cache[block] = _weighted_median([*here, (PACE, PACE_WEIGHT)])
        return cache[block]

    return [around(cue.start) for cue in cues]


def _weighted_median(values: Sequence[tuple[float, float]]) -> float:
    half = sum(weight for _, weight in values) / 2
    for value, weight in sorted(values):
        half -= weight
        if half <= 0:
            return value
    return values[-1][0]


def _unevenness(spoken: Sequence[float], needed: Sequence[float]) -> float:
    """How far speech and words disagree in this talk, in seconds per root of a second."""
    off = [abs(s - n) / math.sqrt(s) for s, n in zip(spoken, needed, strict=True) if s >= 0.5]
    usual = [UNEVEN / MEDIAN_OFF] * UNEVEN_WEIGHT
    return max(LEAST_UNEVEN, MEDIAN_OFF * median([*off, *usual]))


# --- times ----------------------------------------------------------------------------------------


def drift(cues: Sequence[Cue], speech: Sequence[Span], duration: float) -> list[Flag]:
    """Cues whose times do not fit the sound: all late, all early, or more so as time goes on.

    Told by the words: where times fit, the speech under each cue is as long as its words take.
    Where nobody ever pauses, nothing can be told. Text past the end of the sound, of `duration`
    seconds, is told too.
    """
    flags = []
    late = [c for c in cues if c.end > duration + LATE]
    if late and duration:
        detail = f"text runs to {clock(late[-1].end)}, and the sound ends at {clock(duration)}"
        flags.append(_drift(max(0.0, min(late[0].start, duration)), late[-1].end, detail))
    near = _near(cues, max([duration, *(s.end for s in speech[-1:])]))
    found = _line(near, Voice(speech))
    if found is None:
        return flags
    first, last = found.shift, found.at(near[-1].end - near[0].start)
    if abs(first - last) < LAG:
        detail = f"all times are about {_lag((first + last) / 2)}"
    else:
        detail = f"times are {_lag(first)} at first and {_lag(last)} at the end"
    return [*flags, _drift(near[0].start, near[-1].end, detail)]


def _near(cues: Sequence[Cue], end: float) -> Sequence[Cue]:
    """The cues that times off by what is looked for could put past the end of the sound."""
    farthest = (end + LATE + FARTHEST) * (1 + 2 * STEEPEST)
    return [c for c in cues if c.end <= farthest]


def _drift(start: float, end: float, detail: str) -> Flag:
    return Flag(start=start, end=end, rule="drift", action="kept", detail=detail)


def _lag(shift: float) -> str:
    """`shift` is what must be added to the cues' times."""
    return f"{abs(shift):.1f} s too {'early' if shift > 0 else 'late'}"


class Line(NamedTuple):
    """What must be added to times: so much at the first cue, and more with every second after."""

    shift: float
    slope: float

    def at(self, time: float) -> float:
        return self.shift + self.slope * time


def _line(cues: Sequence[Cue], voice: Voice) -> Line | None:
    """The shift under which the words fit the speech; None where the given times fit as well.

    Looked for at the start of the talk, then over twice as much of it with half the doubt about
    the slope, until the end: a slope that is invisible in five minutes is a minute in two hours.
    """
    timed = [c for c in cues if c.end > c.start and c.text]
    if len(timed) < FEWEST or not voice.total:
        return None
    origin = timed[0].start
    said = [(c.start - origin, c.end - c.start, _letters(c.text)) for c in timed]
    best = Line(0.0, 0.0)
    reach, doubt, leg = FARTHEST, STEEPEST, FIRST_LEG
    while True:
        here = said[: max(FEWEST, bisect_right(said, leg, key=lambda c: c[0]))]
        span = max(1.0, here[-1][0])
        fit = _Fit(here, voice, origin)
        best = fit.best(_around(best.shift, reach, STEP), _around(best.slope, doubt, STEP / span))
        if len(here) == len(said):
            break
        reach, doubt, leg = 2 * STEP, 2 * STEP / span, 2 * leg
    if max(abs(best.shift), abs(best.at(span))) < LAG:
        return None
    given = min(fit.cost(Line(a, 0.0)) for a in _around(0.0, LAG / 2, LAG / 4))
    return best if given - fit.cost(best) > BETTER else None


def _around(middle: float, reach: float, step: float) -> list[float]:
    count = min(math.ceil(reach / step), MOST_STEPS_ASIDE)
    return [middle + n * step for n in range(-count, count + 1)]


class _Fit:
    """How well the words fit the speech when cues are moved."""

    def __init__(
        self, cues: Sequence[tuple[float, float, float]], voice: Voice, origin: float
    ) -> None:
        """`cues`: start counted from `origin`, length, letters. Of many, some stand for all."""
        self._cues = cues[:: 1 + len(cues) // MOST]
        self._voice, self._origin = voice, origin
        self._letters = sum(n for _, _, n in self._cues)

    def best(self, shifts: Sequence[float], slopes: Sequence[float]) -> Line:
        """The likeliest of these lines; one that only shifts is believed sooner."""
        return min(
            (Line(a, b) for a in shifts for b in slopes),
            key=lambda line: (self.cost(line) + SLOPED * (line.slope != 0.0), abs(line.shift)),
        )

    def cost(self, line: Line) -> float:
        """How unlikely, as a logarithm, by the mean distance between speech and words a cue."""
        voice = self._voice
        spoken = []
        for at, length, _ in self._cues:
            start = self._origin + at + line.at(at)
            spoken.append(voice.until(start + length) - voice.until(start))
        total = sum(spoken)
        if not total or not self._letters:
            return math.inf
        second = total / self._letters
        off = sum(abs(s - n * second) for s, (_, _, n) in zip(spoken, self._cues, strict=True))
        return len(self._cues) * math.log(max(off, 1e-6))


# --- the talk -------------------------------------------------------------------------------------


def doubts(transcript: Transcript, duration: float | None = None) -> tuple[Flag, ...]:
    """What coverage and times say of a transcript that was held against its sound.

    `duration`: of the sound, where the transcript's own is not measured on it. Cues that are
    called sparse already are not called so again.
    """
    cues, speech = transcript.cues, _expected(transcript)
    length = transcript.duration if duration is None else duration
    known = [f for f in transcript.flags if f.rule == "sparse"]
    thin = (
        f
        for f in sparse(cues, speech)
        if not any(k.start < f.end and f.start < k.end for k in known)
    )
    found = [*uncovered(cues, speech), *thin, *drift(cues, speech, length)]
    return tuple(sorted(found, key=lambda f: (f.start, f.end)))


def measure(transcript: Transcript) -> Coverage | None:
    """How much of the speech has text; None where nobody listened for speech.

    Speech in another language has a flag of its own and is not counted.
    """
    cues, speech = transcript.cues, _expected(transcript)
    if not transcript.speech:
        return None
    voice = Voice(speech)
    bare = _seconds(span for _, span in _bare(cues, speech))
    runs = _sparse(cues, speech)
    thin = [Span(start=cues[r.first].start, end=cues[r.last].end) for r in runs]
    holes = [Span(start=f.start, end=f.end) for f in uncovered(cues, speech)]
    lacking = bare + sum(run.lacking for run in runs)
    words = sum(_words(c) for c in cues)
    return Coverage(
        speech_seconds=voice.total,
        covered_seconds=max(0.0, voice.total - lacking),
        words_per_second=words / voice.total if voice.total else 0.0,
        along=_along(cues, voice),
        gaps=tuple(sorted([*thin, *holes], key=lambda s: (s.start, s.end))),
    )


def _expected(transcript: Transcript) -> Sequence[Span]:
    """The speech that text is expected for: all but what is in another language."""
    elsewhere = [
        Span(start=f.start, end=f.end) for f in transcript.flags if f.rule == "other-language"
    ]
    return _without(transcript.speech, sorted(elsewhere, key=lambda s: s.start))


def _words(cue: Cue) -> int:
    return sum(has_text(word) for word in cue.text.split())


def _along(cues: Sequence[Cue], voice: Voice) -> tuple[Stretch, ...]:
    """The talk in equal parts of about 30 seconds of speech; a cue's words shared by its time."""
    count = max(1, round(voice.total / STRETCH))
    bounds = [voice.at(voice.total * n / count) for n in range(count + 1)]
    bounds[0] = min(bounds[0], cues[0].start) if cues else bounds[0]
    bounds[-1] = max(bounds[-1], cues[-1].end) if cues else bounds[-1]
    words = [0.0] * count
    for cue in cues:
        said, length = _words(cue), cue.end - cue.start
        for n in range(max(0, bisect_right(bounds, cue.start) - 1), count):
            if bounds[n] >= cue.end and length:
                break
            shared = min(cue.end, bounds[n + 1]) - max(cue.start, bounds[n])
            words[n] += said * shared / length if length else said
            if not length:
                break
    return tuple(
        Stretch(start=a, end=b, speech=voice.within(a, b), words=round(w, 1))
        for a, b, w in zip(bounds, bounds[1:], words, strict=False)
    )


def told(coverage: Coverage) -> str:
    """`speech with text: 99.2 %; 2 places without: 00:03:10, 00:41:02`."""
    text = f"speech with text: {math.floor(coverage.share * 1000) / 10:.1f} %"
    if not coverage.gaps:
        return text
    count = len(coverage.gaps)
    times = [clock(g.start) for g in coverage.gaps[:PLACES]]
    more = ", …" if count > PLACES else ""
    return f"{text}; {count} place{'s' * (count > 1)} without: {', '.join(times)}{more}"
