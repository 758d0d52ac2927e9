"""A transcript read as prose: sentences, paragraphs and sections, each with its time.

Knows nothing of recognisers, terms or files. Two laws hold for every input: the sentences joined
give back every word of the transcript, in order, once; and times never run backwards, whatever
the cues say. Captions come with and without punctuation, so a sentence ends where the text says
so and, where the text says nothing for long, at a pause or at the best place near a limit.
"""

import math
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence, Set
from itertools import accumulate, pairwise
from typing import NamedTuple

from translate.model import Article, Chapter, Cue, Paragraph, Section, Sentence, Transcript

# Lengths in words, times in seconds.
PARAGRAPH_MIN = 70
PARAGRAPH_MAX = 110
PARAGRAPH_LIMIT = 130  # a short tail may stretch the last paragraph to this
TAIL_MIN = 25
SENTENCE_MAX = 40  # of a stretch without punctuation
SENTENCE_MAX_WITH_COMMAS = 60
PIECE_MIN = 12  # a cut for length leaves at least this much before it
PIECE_BEST = 28
PAUSE_PIECE_MIN = 4  # a cut at a pause leaves at least this much on either side
LONG_PAUSE = 0.8
CHAPTER_REACH = 5.0  # a chapter moves to a sentence this near, else it cuts between words
SLIDE_REACH = 5.0  # a slide that comes this near to a sentence's start comes with it
SLIDE_WORTH = 20.0  # a short paragraph is better than a heading over words on the slide before
TURN_WORTH = 12.0  # a short paragraph is better than one with two speakers
LATEST = 1e7  # no talk lasts four months: a later time is no time


class _Word(NamedTuple):
    text: str
    start: float
    end: float
    opens_cue: bool
    in_aside: bool  # its cue is nothing but "(applause)" or "[music]"
    opens_turn: bool = False  # another person may be speaking from here
    opens_slide: bool = False  # about here, another slide comes


def segment(
    transcript: Transcript, chapters: Sequence[Chapter], slides: Iterable[float] = ()
) -> Article:
    """The transcript as sections of paragraphs of 70 to 110 words.

    `slides` are the seconds at which slides are first shown: a paragraph would rather begin there,
    and may be shorter for it.

    A chapter begins a section at the sentence (or else the word) nearest to its start; one in
    which nothing is said makes no section. Speech before the first chapter, and a talk without
    chapters, make a section without a title. No words make no sections.

    Every paragraph starts in another second than the one before it, because the time that the
    reader sees, `HH:MM:SS`, is what identifies it.
    """
    words = _words(transcript.cues, {f.start for f in transcript.flags if f.rule == "turn"})
    if not words:
        return Article(sections=())
    starts = _sentence_starts(words)
    titles = _chapter_cuts(words, starts, chapters)
    starts = sorted({*starts, *titles})
    for at in _with_slides(words, starts, slides):
        words[at] = words[at]._replace(opens_slide=True)
    timer = _Timer(words)
    sections = []
    for (first, title), (after, _) in pairwise([*titles.items(), (len(words), "")]):
        inside = starts[bisect_left(starts, first) : bisect_left(starts, after)]
        blocks = _paragraph_bounds(words, [*inside, after])
        paragraphs = tuple(timer.paragraph(block) for block in blocks)
        sections.append(Section(start=paragraphs[0].start, title=title, paragraphs=paragraphs))
    return Article(sections=tuple(sections))


# --- words and their times ----------------------------------------------------------------------


def _words(cues: Sequence[Cue], turns: Set[float] = frozenset()) -> list[_Word]:
    """Every word with a time; starts never decrease, and no word ends after the next starts.

    `turns` are the starts of cues in which another person may begin to speak.
    """
    spoken = [(cue, tokens) for cue in cues if (tokens := cue.text.split())]
    spans = _spans([cue for cue, _ in spoken])
    words: list[_Word] = []
    latest = 0.0
    for (cue, tokens), (low, high) in zip(spoken, spans, strict=True):
        aside = (tokens[0][0], tokens[-1][-1]) in {("(", ")"), ("[", "]")}
        times = _recognised_times(cue, tokens) or _spread_times(tokens, low, high)
        for at, (text, (start, end)) in enumerate(zip(tokens, times, strict=True)):
            latest = _within(start, max(latest, low), max(latest, high))
            last = _within(end, latest, max(latest, high))
            turn = at == 0 and cue.start in turns
            words.append(_Word(text, latest, last, at == 0, aside, turn))
    following = [*(word.start for word in words[1:]), math.inf][: len(words)]
    return [w._replace(end=min(w.end, after)) for w, after in zip(words, following, strict=True)]


def _within(value: float, low: float, high: float) -> float:
    """`value` held between `low` and `high`; NaN becomes `low`."""
    return min(value, high) if value > low else low


def _spans(cues: Sequence[Cue]) -> list[tuple[float, float]]:
    """When each cue is spoken: starts in order, no two overlapping.

    The cues whose starts already stand in order (as many as can be) keep them; the time of
    another is wrong, so it gets what lies between its neighbours. Thus one wild time among a
    thousand moves one cue, not all that follow it.
    """
    trusted = _longest_rise([cue.start for cue in cues])
    following = math.inf
    nexts = [following] * len(cues)
    for at in reversed(range(len(cues))):
        nexts[at] = following
        following = cues[at].start if at in trusted else following
    spans = []
    end = 0.0
    for at, cue in enumerate(cues):
        if at in trusted:
            start, end = cue.start, _within(cue.end, cue.start, min(nexts[at], LATEST))
        else:
            start, end = end, end if nexts[at] == math.inf else nexts[at]
        spans.append((start, end))
    return spans


def _longest_rise(values: Sequence[float]) -> set[int]:
    """Indices of a longest subsequence of usable times that never decreases."""
    tails: list[float] = []  # tails[k]: the least last value of a rise of k + 1 values
    tail_at: list[int] = []
    before: dict[int, int] = {}
    for at, value in enumerate(values):
        if not 0 <= value <= LATEST:
            continue
        length = bisect_right(tails, value)
        if length:
            before[at] = tail_at[length - 1]
        tails[length : length + 1] = [value]
        tail_at[length : length + 1] = [at]
    rise = set()
    last = tail_at[-1] if tail_at else None
    while last is not None:
        rise.add(last)
        last = before.get(last)
    return rise


def _recognised_times(cue: Cue, tokens: Sequence[str]) -> list[tuple[float, float]]:
    """The times of `tokens` from the cue's own words; empty where the two do not say the same.

    Recognisers cut words their own way (`don`, `'t`), so the letters are what is compared.
    """
    times: list[tuple[float, float]] = []  # of each letter
    letters: list[str] = []
    for word in cue.words:
        text = "".join(word.text.split())
        letters.append(text)
        times.extend([(word.start, word.end)] * len(text))
    if not letters or "".join(letters) != "".join(tokens):
        return []
    ends = list(accumulate(len(token) for token in tokens))
    return [
        (times[end - len(t)][0], times[end - 1][1]) for t, end in zip(tokens, ends, strict=True)
    ]


def _spread_times(tokens: Sequence[str], low: float, high: float) -> list[tuple[float, float]]:
    """The span shared out by letters, a space counting as one."""
    ends = list(accumulate(len(token) + 1 for token in tokens))
    second = (high - low) / (ends[-1] - 1)
    return [
        (low + second * (end - 1 - len(token)), low + second * (end - 1))
        for token, end in zip(tokens, ends, strict=True)
    ]


# --- sentences ----------------------------------------------------------------------------------


def _any_of(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


_STOPS = ".!?…。！？"
_OPENERS = "\"'“‘([{*_-–—>♪«"
_CLOSERS = "\"'”’)]}*_♪»"

# What is written with a stop and never ends a sentence.
_TITLES = _any_of(
    "dr mr mrs ms prof st mt ft capt lt sgt hon messrs vs e.g eg i.e ie cf approx viz"
)
# What a number follows; before anything else these are words ("No. That is wrong.").
_BEFORE_NUMBER = _any_of(
    "no nos fig figs sec secs eq eqs ch chap vol p pp art tab v ver rev ref refs alg thm app "
    "jan feb mar apr jun jul aug sep sept oct nov dec"
)
# What may stand inside a sentence or end it: it ends it where a usual opening follows.
_MAY_END = _any_of("inc corp ltd co jr sr al bros ph.d m.sc b.sc")
_DOTTED = re.compile(r"(?:[A-Za-z]\.)+[A-Za-z]")  # U.S, a.m
_USUAL_OPENINGS = _any_of(
    "a an and as at because but each every finally first for from he here how however i i'd i'll "
    "i'm i've if in is it it's its let's my next no not now of okay on one or our right she since "
    "so some thank thanks that that's the their then there there's these they they're this those "
    "to today two under we we'll we're we've well what what's when where which while who why with "
    "yeah yes you you're your"
)
# After these a single capital is a name of its own ("written in C. Rust"), not an initial.
_BEFORE_LETTER = _any_of("in plan option vitamin type class grade step team")
# Lower case at the start of a sentence all the same: iPhone, torch.compile, my_name, x86, foo().
_IDENTIFIER = re.compile(r"[a-z]+(?:[A-Z]|\d|\()|[a-z]\w*[._]\w")


def _sentence_starts(words: Sequence[_Word]) -> list[int]:
    """Indices of the words that open a sentence, the first (0) among them."""
    cased = _is_cased(words)
    starts = [0]
    for at in range(1, len(words)):
        if _breaks(words, at, starts[-1], cased):
            starts += _cuts(words, starts[-1], at)
            starts.append(at)
    return starts + list(_cuts(words, starts[-1], len(words)))


def _is_cased(words: Sequence[_Word]) -> bool:
    """Whether sentences open with capitals here: most words after a stop do, or none stands."""
    after = [b.text.lstrip(_OPENERS)[:1] for a, b in pairwise(words) if a.text[-1] in _STOPS]
    lower = sum(letter.islower() for letter in after)
    return lower * 2 <= len(after)


def _breaks(words: Sequence[_Word], at: int, opened: int, cased: bool) -> bool:
    """Whether a sentence ends before `words[at]`; `opened` is where it began."""
    last, coming = words[at - 1], words[at]
    if coming.opens_cue and _changes_voice(words, at):
        return True
    closed = last.text.rstrip(_CLOSERS)
    core = closed.rstrip(_STOPS)
    stop = closed[len(core) :]
    if not stop:
        return _pauses_before_opening(last, coming)
    opening = coming.text.lstrip(_OPENERS)
    if cased and opening[:1].islower() and not _is_identifier(opening):
        return False
    if stop != ".":
        return True
    name = core.lstrip(_OPENERS)
    usual = cased and opening.rstrip(",.!?…").lower() in _USUAL_OPENINGS
    if _abbreviates(name, opening, usual):
        return False
    if name.isdecimal() and at - 1 == opened:  # "1. Install": a numbered item
        return len(name) > 2 or usual
    if len(name) == 1 and name.isupper() and name != "I":  # "J. K."
        before = words[at - 2].text.lower() if at > 1 else ""
        return usual or before in _BEFORE_LETTER
    return True


def _changes_voice(words: Sequence[_Word], at: int) -> bool:
    """Whether a cue opens as captions show another speaker, or a sound begins or ends."""
    last, coming = words[at - 1], words[at]
    if coming.opens_turn or coming.text.startswith(">>"):
        return True
    if coming.text[0] in "-–—":
        said = coming.text.lstrip("-–—") or (words[at + 1].text if at + 1 < len(words) else "")
        return said[:1].isupper()
    if coming.in_aside:
        return last.in_aside or last.text.rstrip(_CLOSERS)[-1:] in _STOPS
    return last.in_aside and coming.text.lstrip(_OPENERS)[:1].isupper()


def _pauses_before_opening(last: _Word, coming: _Word) -> bool:
    """Whether only the stop is missing: a long pause, then a capital that opens a sentence."""
    return (
        coming.opens_cue
        and coming.start - last.end >= LONG_PAUSE
        and last.text[-1] not in ",;:-–—"
        and coming.text[0].isupper()
        and coming.text not in ("I", "I'm", "I'll", "I've", "I'd")
        and coming.text.rstrip(",").lower() in _USUAL_OPENINGS
    )


def _is_identifier(opening: str) -> bool:
    if opening.rstrip(",.").lower() in _TITLES:
        return False
    return _IDENTIFIER.match(opening) is not None


def _abbreviates(name: str, opening: str, usual: bool) -> bool:
    """Whether `name` and its stop are an abbreviation within the sentence."""
    lower = name.lower()
    if lower in _TITLES:
        return True
    if lower in _BEFORE_NUMBER:
        return opening[:1].isdigit()
    return (lower in _MAY_END or _DOTTED.fullmatch(name) is not None) and not usual


# A stretch without stops is cut where speech itself leaves a mark.
_JOINS = _any_of(
    "and but so because then now which okay ok well also or if when while however where"
)
_NEVER_LAST = _any_of(
    "a an the of to in on at by for from with and or but is are was be that this these my our "
    "your their its i we you they as if so very can will not no"
)


def _cuts(words: Sequence[_Word], start: int, end: int) -> Iterator[int]:
    """Where to cut `words[start:end]`, a sentence as far as its stops tell, if it is too long."""
    commas = sum(word.text[-1] in ",;:" for word in words[start:end])
    limit = SENTENCE_MAX_WITH_COMMAS if commas * 20 >= end - start else SENTENCE_MAX
    if end - start <= limit:
        return
    for at in [*_pauses(words, start, end), end]:
        while at - start > limit:
            start = _best_cut(words, start, min(start + limit, at - PAUSE_PIECE_MIN))
            yield start
        if at < end:
            start = at
            yield start


def _pauses(words: Sequence[_Word], start: int, end: int) -> Iterator[int]:
    """The words in `words[start:end]` that follow a long pause, not too near to each other."""
    for at in range(start + PAUSE_PIECE_MIN, end - PAUSE_PIECE_MIN + 1):
        long = words[at].start - words[at - 1].end >= LONG_PAUSE
        if long and at - start >= PAUSE_PIECE_MIN:
            start = at
            yield at


def _best_cut(words: Sequence[_Word], start: int, last: int) -> int:
    def worth(at: int) -> float:
        before, after = words[at - 1], words[at]
        return (
            3 * min(after.start - before.end, 2.0)
            + 2 * (before.text[-1] in ",;:")
            + 1.5 * (after.text.lower() in _JOINS)
            + after.opens_cue
            - 2 * (before.text.lower() in _NEVER_LAST)
            - abs(at - start - PIECE_BEST) / 20
        )

    return max(range(start + PIECE_MIN, last + 1), key=worth)


# --- sections and paragraphs --------------------------------------------------------------------


def _chapter_cuts(
    words: Sequence[_Word], starts: Sequence[int], chapters: Iterable[Chapter]
) -> dict[int, str]:
    """The title for each word that opens a section, in order; word 0 always opens one."""
    word_times = [word.start for word in words]
    sentence_times = [word_times[at] for at in starts]
    cuts = {0: ""}
    for chapter in sorted((c for c in chapters if c.start < words[-1].end), key=lambda c: c.start):
        sentence = _nearest(sentence_times, chapter.start)
        at = starts[sentence]
        if abs(sentence_times[sentence] - chapter.start) > CHAPTER_REACH and chapter.start > 0:
            at = _nearest(word_times, chapter.start)
        at = max(at, next(reversed(cuts)))  # after the chapter before, whatever it moved to
        cuts[at] = " ".join(chapter.title.split()) or cuts.get(at, "")
    return cuts


def _with_slides(
    words: Sequence[_Word], starts: Sequence[int], slides: Iterable[float]
) -> Iterator[int]:
    """The sentence starts among `starts` with which a slide comes."""
    times = [words[at].start for at in starts]
    for slide in slides:
        nearest = _nearest(times, slide)
        if abs(times[nearest] - slide) <= SLIDE_REACH:
            yield starts[nearest]


def _nearest(times: Sequence[float], time: float) -> int:
    """The index of the time nearest to `time`; of equal ones the first."""
    right = min(bisect_left(times, time), len(times) - 1)
    left = bisect_left(times, times[max(0, right - 1)])
    return left if time - times[left] <= times[right] - time else right


_OPENS_PARAGRAPH = re.compile(
    r"(?:so|now|okay|ok|alright|all right|next|firstly|secondly|thirdly|first|second|third|finally"
    r"|lastly|let's|let us|let me|another|moving on|moreover"
    r"|in (?:this|summary|conclusion|addition)"
    r"|to (?:summari[sz]e|conclude|begin|start)|the (?:first|second|third|next|last|final)"
    r"|thank you|thanks|today|here)\b"
)
_CONTINUES = _any_of(
    "and but because it this that that's it's they he she these those which also or then"
)


def _paragraph_bounds(words: Sequence[_Word], bounds: Sequence[int]) -> list[Sequence[int]]:
    """Sentence bounds (each start, and the end) grouped into paragraphs, each with its own end.

    The least sum over the section: each paragraph costs what its length is off, each break
    earns what the text there says for it.
    """
    costs = [0.0]
    froms = [0]
    last = len(bounds) - 1
    for end in range(1, last + 1):
        earned = 0.0 if end == last else _break_worth(words, bounds[end])
        best = (math.inf, 0)
        for start in reversed(range(end)):
            length = bounds[end] - bounds[start]
            if length > PARAGRAPH_LIMIT and start < end - 1:
                break
            best = min(best, (costs[start] + _length_cost(length, end == last), start))
        costs.append(best[0] - earned)
        froms.append(best[1])
    blocks = []
    end = last
    while end:
        blocks.append(bounds[froms[end] : end + 1])
        end = froms[end]
    return blocks[::-1]


def _length_cost(length: int, is_last: bool) -> float:
    if length > PARAGRAPH_MAX:
        return 1 + ((length - PARAGRAPH_MAX) / 10) ** 2
    if length >= PARAGRAPH_MIN:
        return 0
    if is_last:
        return 0.2 if length >= TAIL_MIN else 6
    return 2 + ((PARAGRAPH_MIN - length) / 12) ** 2


def _break_worth(words: Sequence[_Word], at: int) -> float:
    """How well a paragraph may begin at `words[at]`, the first word of a sentence."""
    before, opening = words[at - 1], words[at].text.rstrip(",.").lower()
    worth = min(words[at].start - before.end, 3.0) / 2
    worth += TURN_WORTH * words[at].opens_turn + SLIDE_WORTH * words[at].opens_slide
    if _OPENS_PARAGRAPH.match(" ".join(word.text for word in words[at : at + 2]).lower()):
        worth += 1
    if opening in _CONTINUES:
        worth -= 0.5
    if before.text.rstrip(_CLOSERS)[-1:] not in _STOPS:
        worth -= 0.7
    return worth


class _Timer:
    """Makes paragraphs in order, each in a later second than the one before."""

    def __init__(self, words: Sequence[_Word]) -> None:
        self._words = words
        self._earliest = 0.0

    def paragraph(self, bounds: Sequence[int]) -> Paragraph:
        sentences = tuple(self._sentence(start, end) for start, end in pairwise(bounds))
        start = sentences[0].start
        self._earliest = max(self._earliest, math.floor(start) + 1.0)
        return Paragraph(start=start, end=sentences[-1].end, sentences=sentences)

    def _sentence(self, first: int, after: int) -> Sentence:
        said = self._words[first:after]
        start = self._earliest = max(self._earliest, said[0].start)
        text = " ".join(word.text for word in said)
        return Sentence(start=start, end=max(start, said[-1].end), text=text)
