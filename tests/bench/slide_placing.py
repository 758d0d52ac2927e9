"""`python -m tests.bench.slide_placing [--seeds N] [--show]`: do slides stand where they belong?

Composed talks: real captions with their times, and slides whose showings are drawn: changed at the
start of a sentence, a little before or after it, or anywhere in it; skipped over in 2 to 3 seconds;
standing for minutes, over a pause, before the first word and after the last; builds cut in two by a
camera; shown again later. They go through the pipeline's own steps (a scripted video and reader,
segments, slides.json, draft.md), and the draft is parsed. What is scored is what a reader of it
sees: a list belongs to the paragraph below it, a picture to the one above it, or below it where a
heading stands between.

Right is the paragraph that was under way when the slide appeared, and the next where it begins
within SOON of that (in a pause the next one, if it was still there; where nothing was spoken while
it stood, the ones before and after), or the one with the most seconds of its first showing; for a
picture, which comes after the prose, also the last one of which most was spoken while it stood.
The speech about a slide is known as well, since it was dealt out with it: a third measure, which
knows no showing, is how far from its first word the paragraph begins. Naive placements are scored
on the same talks. `--post` and `--video` compare with the column's post and with a real video.
"""

import argparse
import datetime
import html
import random
import re
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

from tests.bench.slide_words import Card, cards
from tests.shared import SHARED
from tests.showing import Reader, Video, line, talk_with_video, tools
from translate.backends.captions import read
from translate.caption_text import clean_captions
from translate.draft import Block, Free, Heading, Passage, Shown, parse
from translate.glossary import Glossary
from translate.model import (
    Article,
    Box,
    Chapter,
    Cue,
    Engine,
    Line,
    Paragraph,
    Section,
    Sentence,
    Showing,
    Slide,
    Span,
    Talk,
    TextBox,
    Transcript,
    no_progress,
)
from translate.pipeline import draft, slides
from translate.pipeline.run import Wishes
from translate.pipeline.step_slides import slides_today
from translate.slidefile import rows_of
from translate.stages.assemble import Column, assemble
from translate.workspace import DRAFT, TALK, TRANSCRIPT, Workspace

SOON = 3.0  # seconds that a speaker goes on about what stood before
MOST_SLIDES = 200  # of a talk: the scripted video tells them apart by 8 bits
AGAIN = " (cont.)"
WAYS = {  # how a slide comes, and how often
    "at a sentence": 30,
    "within a sentence": 22,
    "skipped in 2-3 s": 10,
    "for minutes": 8,
    "changed in a pause": 7,
    "through a pause": 6,
    "after a camera": 8,
    "build, camera, build": 5,
    "another shown again before": 4,
}


# --- talks ----------------------------------------------------------------------------------------


@dataclass
class Dealt:
    """A slide as it was shown, and the first word that is said about it."""

    card: Card
    way: str
    shown: list[Span]
    said: float | None = None  # None: nothing is said about it

    @property
    def first(self) -> Span:
        return self.shown[0]


@dataclass
class Composed:
    """What is said, and what is shown."""

    name: str
    cues: tuple[Cue, ...]
    dealt: list[Dealt] = field(default_factory=list)
    chapters: tuple[Chapter, ...] = ()

    @property
    def end(self) -> float:
        return max(self.cues[-1].end, *(s.end for d in self.dealt for s in d.shown))


def captions() -> Iterator[tuple[str, tuple[Cue, ...]]]:
    """Real talks with the times of their captions."""
    files = [
        *sorted((SHARED / "lectures/hf-course/en").glob("*.srt")),
        *sorted((SHARED / "lectures/polyu-comp5521").glob("*.srt")),
        SHARED / "video/subtitles_8.srt",
    ]
    for file in files:
        if "dual" not in file.name:
            yield file.stem, clean_captions(read(file).cues)[0]


def compose(name: str, spoken: Sequence[Cue], seed: int) -> Composed:
    """A talk with slides dealt over it; with chapters where the seed is even."""
    return _Dealer(name, spoken, seed).talk()


class _Dealer:
    """Deals slides over captions, from their start to their end."""

    def __init__(self, name: str, spoken: Sequence[Cue], seed: int) -> None:
        self.name, self.seed = name, seed
        self.rng = random.Random(f"{name} {seed}")
        self.cues = [cue for cue in spoken if cue.has_text]
        # A title that comes again is rightly opened again, or not: it would tell nothing.
        known = {letters(card.title): card for card in reversed(cards(3 * MOST_SLIDES, seed))}
        self.cards = iter(sorted(known.values(), key=lambda card: card.id))
        self.dealt: list[Dealt] = []
        self.events: list[tuple[float, Dealt | None]] = []  # from then on this is shown, or nothing

    def talk(self) -> Composed:
        rng = self.rng
        self._pause(0, rng.uniform(8, 20))
        self._deal("before the first word", 0.0, None)
        if rng.random() < 0.5:
            self._deal("before the first word", self.cues[0].start - 4, self.cues[0].start)
        at = self._after(0, rng.uniform(5, 25))
        while at < len(self.cues) and len(self.dealt) < MOST_SLIDES - 3:
            (way,) = rng.choices(list(WAYS), list(WAYS.values()))
            at = self._one(way, at)
        last = self.cues[-1].end
        if rng.random() < 0.7:
            self._deal("after the last word", last + rng.uniform(0.5, 4), None)
        self._put(max(last, self.events[-1][0]) + rng.uniform(2, 12), None)
        for (start, dealt), (end, _) in pairwise(self.events):
            if dealt is not None:
                dealt.shown.append(Span(start=start, end=end))
        starts = [0.0, *(d.first.start for d in self.dealt[5::9])] if self.seed % 2 == 0 else []
        chapters = (Chapter(start=s, title=f"Chapter {n}") for n, s in enumerate(starts, 1))
        return Composed(
            name=self.name, cues=tuple(self.cues), dealt=self.dealt, chapters=tuple(chapters)
        )

    def _one(self, way: str, at: int) -> int:
        """A slide from this cue on; the cue at which the next one is due."""
        rng = self.rng
        lasts = min(110.0, max(9.0, rng.lognormvariate(3.3, 0.5)))  # 27 s in the median
        start = self.cues[at].start + self._lag()
        if way == "skipped in 2-3 s":
            self._deal(way, start, None)
            way, start = "at a sentence", self.events[-1][0] + rng.uniform(2, 3)
        elif way == "within a sentence":
            start = rng.uniform(self.cues[at].start, self.cues[at].end)
        elif way == "for minutes":
            lasts = rng.uniform(90, 240)
        elif way == "changed in a pause":
            gap = rng.uniform(8, 30)
            self._pause(at, gap)
            start = self.cues[at].start - gap * rng.uniform(0.1, 0.9)
        elif way in ("after a camera", "another shown again before"):
            self._put(start, None if way == "after a camera" else rng.choice(self.dealt))
            at = min(self._after(at, rng.uniform(6, 30)), len(self.cues) - 1)
            start = self.cues[at].start + self._lag()
        self._deal(way, start, self.cues[at].start)
        after = self._after(at, lasts)
        if way == "through a pause" and at + 1 < after:
            self._pause((at + after + 1) // 2, rng.uniform(15, 45))
        elif way == "build, camera, build":
            self._put(start + rng.uniform(4, lasts / 2), None)
            self._put(self.events[-1][0] + rng.uniform(2, 5), self.dealt[-1])
        return after

    def _lag(self) -> float:
        """Seconds from the first word about a slide to the slide; for a half, within one second."""
        low, high = self.rng.choices([(-1, 1), (-4, -1), (1, 4)], [5, 3, 2])[0]
        return self.rng.uniform(low, high)

    def _after(self, at: int, seconds: float) -> int:
        """The cue so many seconds after this; one that opens a sentence, if one is near."""
        due = self.cues[at].start + seconds
        later = [n for n in range(at + 1, len(self.cues)) if self.cues[n].start >= due]
        near = [n for n in later if self.cues[n].start < due + 12]
        opens = [n for n in near if self.cues[n - 1].text.rstrip(" \"\u201d')")[-1:] in (*".?!",)]
        return next(iter(opens or later), len(self.cues))

    def _pause(self, first: int, seconds: float) -> None:
        """Silence before this cue; nothing that is shown has come after it yet."""
        for n, cue in enumerate(self.cues[first:], first):
            words = (replace(w, start=w.start + seconds, end=w.end + seconds) for w in cue.words)
            start, end = cue.start + seconds, cue.end + seconds
            self.cues[n] = replace(cue, start=start, end=end, words=tuple(words))

    def _put(self, time: float, dealt: Dealt | None) -> None:
        last = self.events[-1][0] + 1.5 if self.events else 0.0
        self.events.append((max(time, last), dealt))

    def _deal(self, way: str, start: float, said: float | None) -> None:
        card = next(self.cards)
        before = self.dealt[-1].card if self.dealt else card
        if card.kind == "picture" and self.rng.random() < 0.35:  # a photograph
            card = replace(card, title="", banner="", chart=(), table=())
        elif "text" == card.kind == before.kind and self.rng.random() < 0.1:
            title = before.title.removesuffix(AGAIN)
            card = replace(card, title=f"{title}{AGAIN}", banner=before.banner)
        self.dealt.append(Dealt(card, way, [], said))
        self._put(start, self.dealt[-1])


# --- through the pipeline -------------------------------------------------------------------------


def boxes(card: Card) -> tuple[TextBox, ...]:
    """The card as a reader gives it; of a photograph, nothing."""
    if not card.title:
        return ()
    out = [line(card.banner, 0.03)] if card.banner and card.kind != "section" else []
    if card.kind == "section":
        edges = Box(left=0.2, top=0.4, right=0.2 + 0.025 * len(card.title), bottom=0.52)
        some = (line(x.text, 0.6 + 0.08 * n, left=0.3) for n, x in enumerate(card.lines))
        return (TextBox(text=card.title, box=edges, confidence=0.99), *some)
    edges = Box(left=0.06, top=0.1, right=0.06 + 0.02 * len(card.title), bottom=0.19)
    out.append(TextBox(text=card.title, box=edges, confidence=0.99))
    for n, one in enumerate(card.lines):
        top, left = 0.27 + 0.08 * n, 0.08 + 0.05 * one.level
        if one.code and one.text:
            indent = len(one.text) - len(one.text.lstrip())
            where = Box(
                left=0.08 + 0.011 * indent,
                top=top,
                right=0.08 + 0.011 * len(one.text),
                bottom=top + 0.045,
            )
            out.append(TextBox(text=one.text.strip(), box=where, confidence=0.99))
        elif one.text:
            where = Box(left=left, top=top, right=left + 0.012 * len(one.text), bottom=top + 0.045)
            out.append(TextBox(text=f"\u2022 {one.text}", box=where, confidence=0.99))
    for n, (name, value) in enumerate(card.chart):
        out += (
            _scrap(name, 0.1 + 0.17 * n, 0.85),
            _scrap(str(value), 0.12 + 0.17 * n, 0.7 - n / 20),
        )
    for row, cells in enumerate(card.table):
        out += (_scrap(cell, 0.1 + 0.2 * n, 0.3 + 0.1 * row) for n, cell in enumerate(cells))
    return tuple(out)


def _scrap(text: str, left: float, top: float) -> TextBox:
    where = Box(left=left, top=top, right=left + 0.01 * len(text), bottom=top + 0.03)
    return TextBox(text=text, box=where, confidence=0.99)


@dataclass
class Drafted:
    """What came out."""

    article: Article
    slides: tuple[Slide, ...]  # as they were found, in order of time
    blocks: tuple[Block, ...]


def drafted(talk: Composed, folder: Path, off: float = 0.0, seed: int = 0) -> Drafted:
    """The talk through the pipeline's steps; `off`: seconds by which showings are found wrongly."""
    rng = random.Random(seed)
    workspace = talk_with_video(folder)
    workspace.put(TALK, replace(workspace.talk(), chapters=talk.chapters), key="")
    said = Transcript(
        language="en", engine=Engine(name="captions"), duration=talk.end, cues=talk.cues
    )
    workspace.put(TRANSCRIPT, said, key="")
    found = [
        Showing(
            start=max(0.0, s.start + rng.uniform(-off, off)),
            end=s.end,
            at=(s.start + s.end) / 2,
            of=n,
            fullest=s is d.shown[-1],
        )
        for n, d in enumerate(talk.dealt)
        for s in d.shown
    ]
    reader = Reader({n: boxes(d.card) for n, d in enumerate(talk.dealt)})
    tool = tools(Video(tuple(found)), lambda: reader)
    wishes = Wishes(untranslated=True, notes="none")
    slides(workspace, tool, wishes, no_progress)
    draft(workspace, tool, Glossary(), wishes, no_progress)
    return _parsed(workspace)


def _parsed(workspace: Workspace) -> Drafted:
    blocks = parse(workspace.text(DRAFT)).blocks
    return Drafted(workspace.article(), slides_today(workspace, Wishes()), blocks)


# --- what a reader of the draft sees --------------------------------------------------------------


@dataclass
class Seen:
    """Where a slide stands in the draft."""

    blocks: int = 0  # how often; a section's slide has none
    place: int | None = None  # the paragraph that it stands at


def places(blocks: Sequence[Block]) -> dict[str, Seen]:
    """By anchor, where each block of a slide stands."""
    out: dict[str, Seen] = {}
    for n, block in enumerate(blocks):
        if isinstance(block, Shown):
            seen = out.setdefault(block.at, Seen())
            seen.blocks += 1
            seen.place = place_of(blocks, n)
    return out


def place_of(blocks: Sequence[Block], at: int) -> int | None:
    """The paragraph, counted from 0, that the block belongs to; None where there is none."""
    done = sum(isinstance(b, Passage) for b in blocks[:at])
    block = blocks[at]
    if isinstance(block, Shown) and block.text.startswith("!["):
        before = (b for b in reversed(blocks[:at]) if not _is_picture(b))
        if isinstance(next(before, None), Passage):
            return done - 1
    return done if any(isinstance(b, Passage) for b in blocks[at:]) else None


def _is_picture(block: Block) -> bool:
    return isinstance(block, Shown) and block.text.startswith("![")


# --- what is right --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Right:
    """The paragraphs at which a slide would stand rightly, by the times of its first showing."""

    appeared: frozenset[int]
    most: frozenset[int]
    heard: frozenset[int]  # any that was spoken in part while it stood
    after: frozenset[int] = frozenset()  # the last of a picture's prose

    @property
    def either(self) -> frozenset[int]:
        return self.appeared | self.most | self.after


def right(shown: Span, spoken: Sequence[Span], *, picture: bool = False) -> Right:
    over = [min(shown.end, p.end) - max(shown.start, p.start) for p in spoken]
    heard = frozenset(n for n, seconds in enumerate(over) if seconds > 0)
    if not heard:
        after = sum(p.start < shown.end for p in spoken)
        beside = frozenset({max(0, after - 1), min(after, len(spoken) - 1)})
        return Right(beside, beside, beside)
    most = max(over)
    first = min(heard)
    soon = (n for n in heard if n == first + 1 and spoken[n].start - shown.start <= SOON)
    under = [n for n in sorted(heard) if over[n] >= (spoken[n].end - spoken[n].start) / 2]
    return Right(
        appeared=frozenset({first, *soon}),
        most=frozenset(n for n, seconds in enumerate(over) if seconds >= most - 1e-6),
        heard=heard,
        after=frozenset(under[-1:] if picture else ()),
    )


Way = Callable[[Sequence[Slide], Sequence[Span]], Sequence[int]]


def nearest(shown: Sequence[Slide], spoken: Sequence[Span]) -> list[int]:
    """The paragraph whose start is nearest to the slide's."""
    return [min(range(len(spoken)), key=lambda n: abs(spoken[n].start - s.start)) for s in shown]


def under_way(shown: Sequence[Slide], spoken: Sequence[Span]) -> list[int]:
    """The paragraph that has begun last when the slide comes."""
    return [max(0, sum(p.start <= s.start for p in spoken) - 1) for s in shown]


def most_seconds(shown: Sequence[Slide], spoken: Sequence[Span]) -> list[int]:
    """The paragraph with the most seconds of the first showing."""
    return [
        max(
            range(len(spoken)),
            key=lambda n: min(s.shown[0].end, spoken[n].end) - max(s.start, spoken[n].start),
        )
        for s in shown
    ]


NAIVE: dict[str, Way] = {
    "the nearest start": nearest,
    "the one under way": under_way,
    "the most seconds": most_seconds,
}


# --- scores ---------------------------------------------------------------------------------------


@dataclass
class Tally:
    """Slides, and where they stand."""

    slides: int = 0
    appeared: int = 0
    most: int = 0
    either: int = 0
    near: int = 0  # at either, or next to it
    heard: int = 0
    from_start: list[float] = field(default_factory=list)  # paragraph's start less the slide's
    from_said: list[float] = field(default_factory=list)  # and less its first word, unsigned
    best: list[float] = field(default_factory=list)  # the least that any paragraph's would be

    def add(self, dealt: Dealt, place: int | None, spoken: Sequence[Span]) -> None:
        """`place`: None where it stands nowhere, which is wrong by every measure."""
        picture = dealt.card.kind == "picture"
        truth = right(dealt.first, spoken, picture=picture)
        self.slides += 1
        if place is None:
            return
        self.appeared += place in truth.appeared
        self.most += place in truth.most
        self.either += place in truth.either
        self.near += any(abs(place - n) <= 1 for n in truth.either)
        self.heard += place in truth.heard
        self.from_start.append(spoken[place].start - dealt.first.start)
        if (said := dealt.said) is not None and not picture:  # which comes after its prose
            self.from_said.append(abs(spoken[place].start - said))
            self.best.append(min(abs(p.start - said) for p in spoken))

    def row(self, name: str) -> str:
        shares = (self.appeared, self.most, self.either, self.near, self.heard)
        cells = [f"{n / max(1, self.slides):.3f}" for n in shares]
        times = [f"{median(map(abs, self.from_start)):.1f}" if self.from_start else "-"]
        times += [_two(self.from_said), _two(self.best)]
        return f"| {name} | {self.slides} | {' | '.join([*cells, *times])} |"


HEAD = (
    "| slides | n | where it appeared | most of its seconds | one of the two | or next to it "
    "| spoken while it stood | s from the slide | s from the first word: median, p90 | at best |\n"
    "|---|---|---|---|---|---|---|---|---|---|"
)


def _two(values: Sequence[float]) -> str:
    if not values:
        return "-"
    return f"{median(values):.1f}, {sorted(values)[int(0.9 * len(values))]:.1f}"


@dataclass
class Faults:
    """What is to be nought, or nearly; and what of it there is."""

    missing: list[str] = field(default_factory=list)  # slides without a block or a heading
    twice: list[str] = field(default_factory=list)
    torn: list[str] = field(default_factory=list)  # lines that are not in their own block
    doubled: list[str] = field(default_factory=list)  # lines that stand elsewhere as well
    lines: int = 0
    headings: int = 0
    unopened: list[str] = field(default_factory=list)  # titles without a heading
    apart: list[str] = field(default_factory=list)  # headings away from their slide's block
    bare: int = 0  # headings with no prose before the next of their level
    crowded: int = 0  # slides that share their paragraph with another
    misnamed: int = 0  # another kind than the card's
    chapters: int = 0  # that begin with a slide
    strayed: list[str] = field(default_factory=list)  # of those slides, in another chapter


@dataclass
class Score:
    """All talks together."""

    ways: dict[str, Tally] = field(default_factory=dict)
    kinds: dict[str, Tally] = field(default_factory=dict)
    ours: Tally = field(default_factory=Tally)
    naive: dict[str, Tally] = field(default_factory=dict)
    faults: Faults = field(default_factory=Faults)
    wrong: list[str] = field(default_factory=list)
    following: int = 0  # of the wrong ones, at the paragraph after the one where it appeared
    talks: int = 0
    hours: float = 0.0

    def add(self, talk: Composed, out: Drafted) -> None:
        self.talks += 1
        self.hours += talk.end / 3600
        spoken = [Span(start=p.start, end=p.end) for p in out.article.paragraphs]
        if sum(isinstance(b, Passage) for b in out.blocks) != len(spoken):
            raise AssertionError(f"{talk.name}: paragraphs and passages differ")
        stands = stand(talk, out, self.faults)
        for dealt, place in zip(talk.dealt, stands, strict=True):
            kind = {"text": "lists", "picture": "pictures", "section": "headings of sections"}
            for tally in (
                self.ours,
                self.ways.setdefault(dealt.way, Tally()),
                self.kinds.setdefault(kind[dealt.card.kind], Tally()),
            ):
                tally.add(dealt, place, spoken)
            truth = right(dealt.first, spoken, picture=dealt.card.kind == "picture")
            if place not in truth.either:
                self.wrong.append(_told(talk, dealt, place, spoken))
                self.following += place is not None and place - 1 in truth.appeared
        _count_chapters(talk, out.article, stands, self.faults)
        for name, way in NAIVE.items():
            tally = self.naive.setdefault(name, Tally())
            for dealt, place in zip(talk.dealt, way(out.slides, spoken), strict=True):
                tally.add(dealt, place, spoken)


def _told(talk: Composed, dealt: Dealt, place: int | None, spoken: Sequence[Span]) -> str:
    def times(span: Span) -> str:
        return f"{span.start:.1f}-{span.end:.1f}"

    truth = right(dealt.first, spoken, picture=dealt.card.kind == "picture")
    there = "nowhere" if place is None else f"{place} ({times(spoken[place])})"
    better = ", ".join(f"{n} ({times(spoken[n])})" for n in sorted(truth.either))
    return f"{talk.name}: {dealt.way}, {times(dealt.first)}: at {there}, not {better}"


def stand(talk: Composed, out: Drafted, faults: Faults) -> list[int | None]:
    """The paragraph at which each slide stands in the draft; a section's by its heading."""
    if len(out.slides) != len(talk.dealt):
        raise AssertionError(f"{talk.name}: {len(talk.dealt)} slides, {len(out.slides)} found")
    anchors = dict(zip((row.at for row in rows_of(out.slides)), talk.dealt, strict=True))
    seen = places(out.blocks)
    opened = headings(out.blocks)
    stands: list[int | None] = []
    for (at, dealt), slide in zip(anchors.items(), out.slides, strict=True):
        name = f"{talk.name} {at}"
        block = seen.pop(at, Seen())
        faults.misnamed += slide.kind != dealt.card.kind
        heading = opened.get(letters(dealt.card.title), [])
        opens = bool(dealt.card.title) and not dealt.card.title.endswith(AGAIN)
        faults.headings += opens
        if opens and len(heading) != 1:
            faults.unopened.append(f"{name}: {dealt.card.title!r} opens {len(heading)} headings")
        alone = slide.kind == "section" and not block.blocks
        place = heading[0].place if alone and heading else block.place
        if not alone and heading and heading[0].before not in (at, ""):
            faults.apart.append(f"{name}: {dealt.card.title!r}")
        if not alone and block.blocks != 1:
            (faults.twice if block.blocks else faults.missing).append(name)
        stands.append(place)
    faults.twice += [f"{talk.name} {at}: no such slide" for at in seen]
    _count_lines(talk, out, anchors, faults)
    faults.bare += sum(_is_bare(out.blocks, n) for n in range(len(out.blocks)))
    faults.crowded += sum(n for n in Counter(stands).values() if n > 1)
    return stands


@dataclass(frozen=True)
class Opened:
    """A heading."""

    place: int | None
    before: str  # the anchor of the slide's block right under it, or under others right under it


def headings(blocks: Sequence[Block]) -> dict[str, list[Opened]]:
    """The headings by what they say, without numbers."""
    out: dict[str, list[Opened]] = {}
    for n, block in enumerate(blocks):
        if isinstance(block, Heading):
            below = next((b for b in blocks[n:] if not isinstance(b, Heading)), None)
            passage = next((b for b in blocks[n:] if isinstance(b, Shown | Passage)), None)
            at = below.at if isinstance(below, Shown) else ""
            if isinstance(below, Passage):  # its picture comes after the prose
                rest = blocks[blocks.index(below) + 1 :]
                at = rest[0].at if rest and _is_picture(rest[0]) else ""
            place = None if passage is None else place_of(blocks, n)
            text = re.sub(r"^\d+\. ", "", block.text)
            out.setdefault(letters(text), []).append(Opened(place, at))
    return out


def _is_bare(blocks: Sequence[Block], at: int) -> bool:
    """Whether a heading of a slide has no prose."""
    block = blocks[at]
    if not isinstance(block, Heading) or block.level != 3:
        return False
    for below in blocks[at + 1 :]:
        if isinstance(below, Passage | Heading):
            return isinstance(below, Heading)
    return True


def _count_lines(talk: Composed, out: Drafted, anchors: dict[str, Dealt], faults: Faults) -> None:
    """Whether each line of a list stands in its slide's block, in order, and nowhere else."""
    there: Counter[str] = Counter()
    due = dict(anchors)
    for block in out.blocks:
        if isinstance(block, Shown | Free):
            lines = _quoted(block.text)
            there.update(lines)
            dealt = due.pop(block.at, None) if isinstance(block, Shown) else None
            if dealt is None or block.text.startswith("!["):
                continue
            wanted = [letters(x.text) for x in dealt.card.lines if letters(x.text)]
            faults.lines += len(wanted)
            if lines != wanted:
                faults.torn.append(f"{talk.name} {block.at}: {wanted} became {lines}")
            there.subtract(wanted)
    faults.doubled += [f"{talk.name}: {said}" for said, n in there.items() if n > 0]


def _count_chapters(
    talk: Composed, article: Article, stands: Sequence[int | None], faults: Faults
) -> None:
    """Whether a slide with which a chapter begins stands at the first paragraph of it."""
    begins: dict[str, int] = {}
    done = 0
    for section in article.sections:
        begins[section.title] = done
        done += len(section.paragraphs)
    titles = {c.start: c.title for c in talk.chapters}
    for dealt, place in zip(talk.dealt, stands, strict=True):
        title = titles.get(dealt.first.start, "")
        if title and title in begins:  # in a chapter that is not, nothing is said
            faults.chapters += 1
            if place != begins[title]:
                faults.strayed.append(f"{talk.name}: {dealt.way}, {dealt.first.start:.1f}, {title}")


def _quoted(text: str) -> list[str]:
    lines = (m[1] for m in re.finditer(r"(?m)^> ?(.*)$", text) if not m[1].startswith("```"))
    return [said for x in lines if (said := letters(re.sub(r"<!--.*?-->", "", x)))]


def letters(text: str) -> str:
    return "".join(c for c in html.unescape(text).casefold() if c.isalnum())


# --- the column's post, and a real video ----------------------------------------------------------


def post() -> Iterator[tuple[str, int | None, int | None]]:
    """Of the column's post each list and picture: the heading over it, the editor's paragraph, and
    ours, counted from 0.

    The video of that talk is not to be had, so no time is known. Each slide is taken to stand for
    as long as the prose under its heading is spoken: only the form can be compared.
    """
    prose: list[Paragraph] = []
    theirs: list[tuple[str, int, Slide]] = []
    for title, texts in _headed((SHARED / "posts/pytorch-conference-01.md").read_text("utf-8")):
        first, items = len(prose), list[tuple[int, Slide]]()
        for text in texts:
            if text.startswith("> -"):
                lines = tuple(Line(text=x) for x in _quoted(text))
                items.append((len(prose), Slide(shown=(), kind="text", lines=lines)))
            elif text.startswith("!["):
                items.append((len(prose) - 1, Slide(shown=(), image="slides/a.png")))
            elif not text.startswith(">"):  # the editor's own
                start = prose[-1].end if prose else 0.0
                end = start + len(text) / 4  # characters a second; any rate does
                said = Sentence(start=start, end=end, text=text)
                prose.append(Paragraph(start=start, end=end, sentences=(said,)))
        span = Span(start=prose[first].start, end=prose[-1].end) if prose[first:] else None
        theirs += [(title, n, replace(s, shown=(span,))) for n, s in items if span]
    article = Article(sections=(Section(start=0.0, title="", paragraphs=tuple(prose)),))
    talk, day = Talk(slug="post", title=""), datetime.date(2024, 3, 3)
    for title, place, slide in theirs:  # one by one: a slide of theirs may have both
        ours = assemble(talk, article, (), column=Column(), slides=(slide,), today=day).blocks
        at = next(n for n, b in enumerate(ours) if isinstance(b, Shown))
        what = "picture" if _is_picture(ours[at]) else "list"
        yield f"{what} under {title}", place, place_of(ours, at)


def _headed(markdown: str) -> Iterator[tuple[str, list[str]]]:
    """The talk's headings in a post of the column, each with the blocks under it."""
    found: list[tuple[str, list[str]]] = []
    for block in parse(markdown).blocks:
        if isinstance(block, Heading):
            found.append((block.text, []))
        elif isinstance(block, Free) and found:
            found[-1][1].append(block.text)
    yield from found[1:-1]  # between the column's own two


def video(folder: Path) -> Iterator[str]:
    """The one real video with captions: where its slides, as found and read, stand in the draft."""
    from translate.backends.images_cut import picture_file  # the others need no such backends
    from translate.backends.rapid_ocr import RapidOcr
    from translate.backends.slide_video import SlideVideo

    def encoded(picture: Any) -> tuple[bytes, str]:
        made = picture_file(picture)
        return made.data, made.ending

    file = SHARED / "video/input_5"
    workspace = talk_with_video(folder)
    cues = clean_captions(read(file.with_suffix(".ref.srt")).cues)[0]
    said = Transcript(
        language="en", engine=Engine(name="captions"), duration=cues[-1].end, cues=cues
    )
    workspace.put(TRANSCRIPT, said, key="")
    tool = replace(
        tools(Video(()), lambda: Reader({})),
        slide_video=lambda _: SlideVideo(file.with_suffix(".mp4")),
        slide_reader=RapidOcr,
        encode_picture=encoded,
    )
    wishes = Wishes(untranslated=True, notes="none")
    slides(workspace, tool, wishes, no_progress)
    draft(workspace, tool, Glossary(), wishes, no_progress)
    out = _parsed(workspace)
    seen = places(out.blocks)
    for row, slide in zip(rows_of(out.slides), out.slides, strict=True):
        place = seen[row.at].place
        text = "nowhere" if place is None else _opening(out.article.paragraphs[place])
        yield f"{slide.kind} {row.at}, {slide.title!r}: {text}"


def _opening(paragraph: Paragraph) -> str:
    words = " ".join(paragraph.english.split()[:9])
    return f"{paragraph.start:.1f}-{paragraph.end:.1f} s, {words!r}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=2, help="talks made of each text")
    parser.add_argument("--off", type=float, default=0.0, help="seconds a showing is found off")
    parser.add_argument("--show", action="store_true", help="every slide that stands wrongly")
    parser.add_argument("--post", action="store_true", help="the form of the column's post alone")
    parser.add_argument("--video", action="store_true", help="the one real video alone")
    options = parser.parse_args()
    score = Score()
    with tempfile.TemporaryDirectory() as folder:
        if options.post:
            print(
                *(f"{what}: theirs {theirs}, ours {ours}" for what, theirs, ours in post()),
                sep="\n",
            )
        if options.video:
            print(*video(Path(folder) / "video"), sep="\n")
        if options.post or options.video:
            return
        for name, cues in captions():
            for seed in range(1, options.seeds + 1):
                talk = compose(name, cues, seed)
                where = Path(folder) / f"t{score.talks}"
                score.add(talk, drafted(talk, where, options.off, seed))
    report(score, show=options.show)


def report(score: Score, *, show: bool) -> None:
    print(f"{score.talks} talks, {score.hours:.1f} hours\n\n{HEAD}")
    print(score.ours.row("**ours, all**"))
    for name, tally in (*score.kinds.items(), *score.ways.items()):
        print(tally.row(name))
    for name, tally in score.naive.items():
        print(tally.row(f"naive: {name}"))
    faults = score.faults
    print(
        f"\nmissing {len(faults.missing)}, twice {len(faults.twice)}, lines {faults.lines}, "
        f"torn {len(faults.torn)}, doubled {len(faults.doubled)}, titles {faults.headings}, "
        f"without one heading {len(faults.unopened)}, apart from their slide {len(faults.apart)}, "
        f"headings without prose {faults.bare}, slides that share a paragraph {faults.crowded}, "
        f"of another kind {faults.misnamed}, chapters {faults.chapters}, "
        f"not begun by their slide {len(faults.strayed)}; "
        f"of {len(score.wrong)} at neither, {score.following} at the paragraph after it appeared"
    )
    told = (
        faults.missing,
        faults.twice,
        faults.torn,
        faults.doubled,
        faults.unopened,
        faults.apart,
    )
    print(*(text for some in told for text in some[: None if show else 5]), sep="\n")
    if show:
        print(*score.wrong, sep="\n")


if __name__ == "__main__":
    main()
