"""Merging drafts whose slides a person has dropped, moved, renamed or shown otherwise, as the
program makes such drafts."""

import datetime
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.test_merge import edits, keeps_every_typed_word
from translate.draft import CLOSING, render
from translate.merge import merge
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

History = tuple[str, str]  # what was generated last, and what is generated today


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
def histories(draw: st.DrawFn, titles: Sequence[str] = ()) -> History:
    """A draft of some slides, and one of what a person has left of them since."""
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
    by = Engine(name="person")
    chinese = [
        Translation(start=p.start, chinese=f"这是 {p.start}。", of="", by=by) for p in spoken
    ]
    found = draw(decks(titles))

    def draft(slides: Sequence[Slide]) -> str:
        made = assemble(
            Talk(slug="t", title="T"),
            Article(sections=tuple(sections)),
            chinese,
            column=Column(boilerplate="专栏。"),
            slides=slides,
            found=found,
            today=DAY,
        )
        return render(made)

    end = int(len(spoken) * LONG)
    return draft(draw(st.one_of(st.just(found), left(found, end)))), draft(draw(left(found, end)))


@settings(max_examples=300)
@given(histories())
def test_where_slides_and_headings_stand_does_not_hang_on_an_edit_elsewhere(
    history: History,
) -> None:
    base, new = history
    edited, wanted = (text.replace(CLOSING, "- 我的话。") for text in history)
    merged = merge(base, edited, new)
    assert merged.text == wanted
    assert merged.conflicts == ()
    assert merge(base, wanted, new).text == wanted


@settings(max_examples=300)
@given(histories(("A", "B")).flatmap(lambda h: st.tuples(st.just(h), st.data())))
def test_whatever_was_edited_stays_and_merging_again_changes_nothing(
    drawn: tuple[History, st.DataObject],
) -> None:
    (base, new), data = drawn
    edited = data.draw(edits(base))
    merged = merge(base, edited, new).text
    assert merge(base, merged, new).text == merged
    assert merge(new, merged, new).text == merged
    keeps_every_typed_word(base, edited, merged)
