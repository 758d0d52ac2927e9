"""Drafts with slides, drawn as the program makes them, and what a person does to slides.json."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from hypothesis import strategies as st

from translate.draft import render
from translate.model import (
    Article,
    Engine,
    Line,
    Paragraph,
    Section,
    Sentence,
    Slide,
    Span,
    Talk,
    Translation,
)
from translate.stages.assemble import Column, assemble

DAY = datetime.date(2026, 8, 6)
KINDS: tuple[Literal["section", "text", "picture"], ...] = ("section", "text", "picture")
LONG = 10.0  # seconds that a paragraph lasts


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A talk whose slides can be left out, or shown otherwise."""

    article: Article
    found: tuple[Slide, ...]

    @property
    def end(self) -> int:
        return int(len(self.article.paragraphs) * LONG)

    def draft(self, slides: Sequence[Slide], found: Sequence[Slide] | None = None) -> str:
        by = Engine(name="person")
        chinese = [
            Translation(start=p.start, chinese=f"这是 {p.start}。", of="", by=by)
            for p in self.article.paragraphs
        ]
        made = assemble(
            Talk(slug="t", title="T"),
            self.article,
            chinese,
            column=Column(boilerplate="专栏。"),
            slides=slides,
            found=self.found if found is None else found,
            today=DAY,
        )
        return render(made)


@st.composite
def decks(draw: st.DrawFn, titles: Sequence[str]) -> tuple[Slide, ...]:
    """Slides in order of time; one without a title of `titles` has one of its own."""
    found: list[Slide] = []
    start, banner = 0.0, ""
    for n in range(draw(st.integers(1, 6))):
        start += draw(st.sampled_from((1.0, 5.0, 12.0)))
        kind = draw(st.sampled_from(KINDS))
        title = draw(st.sampled_from((f"Title {n}", *titles)))
        banner = title if kind == "section" else banner
        found.append(
            Slide(
                shown=(Span(start=start, end=start + draw(st.sampled_from((2.0, 14.0)))),),
                kind=kind,
                title=title,
                lines=(Line(text=f"line {n}"),) if kind == "text" else (),
                banner=banner if kind != "section" and draw(st.booleans()) else "",
                image=f"slides/{n}.png",
            )
        )
    return tuple(found)


@st.composite
def left(draw: st.DrawFn, found: Sequence[Slide], end: int) -> tuple[Slide, ...]:
    """What a person leaves of a deck in slides.json."""
    slides: list[Slide] = []
    for slide in found:
        did = draw(st.sampled_from(("", "", "", "drop", "place", "title", "kind")))
        if did == "place":
            slide = replace(slide, place=float(draw(st.integers(0, end))))
        elif did == "title":
            slide = replace(slide, title=f"{slide.title} renamed")
        elif did == "kind":
            slide = replace(slide, kind="picture")
        slides += [slide] if did != "drop" else []
    return tuple(slides)


@st.composite
def found_again(draw: st.DrawFn, found: Sequence[Slide]) -> tuple[Slide, ...]:
    """What another look at the video finds: some are later, and some were missed before."""
    slides: list[Slide] = []
    late = 0.0
    for n, slide in enumerate(found):
        late += draw(st.sampled_from((0.0, 0.0, 0.4, 1.0, 5.0)))
        start = slide.start + late
        if draw(st.sampled_from((False, False, True))):
            missed = Span(start=start, end=start + 0.3)
            lines = (Line(text=f"missed {n}"),)
            slides.append(Slide(shown=(missed,), kind="text", title=f"Missed {n}", lines=lines))
            start += 0.3
        shown = Span(start=start, end=slide.shown[0].end + late + 0.3)
        slides.append(replace(slide, shown=(shown,)))
    return tuple(slides)


@st.composite
def talks(draw: st.DrawFn, titles: Sequence[str] = ("Title", "Again")) -> Shown:
    spoken = [
        Paragraph(
            start=n * LONG,
            end=(n + 1) * LONG - 1,
            sentences=(Sentence(start=n * LONG, end=n * LONG + 5, text=f"This is number {n}."),),
        )
        for n in range(draw(st.integers(1, 5)))
    ]
    chapters = draw(st.sampled_from(((len(spoken),), (len(spoken) // 2, len(spoken)))))
    sections = [
        Section(start=0.0, title=f"Part {end}" if chapters[1:] else "", paragraphs=tuple(some))
        for end, some in zip(chapters, (spoken[: chapters[0]], spoken[chapters[0] :]), strict=False)
    ]
    return Shown(article=Article(sections=tuple(sections)), found=draw(decks(titles)))
