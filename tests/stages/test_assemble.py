"""Assembling: the shape of a post, nothing hidden, and subtitles whose times are lawful."""

import datetime
import itertools
import re
import tomllib
from collections.abc import Sequence
from dataclasses import replace
from importlib.resources import files

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from translate.draft import Free, Heading, Shown, parse, render
from translate.model import (
    UNTRANSLATED,
    Article,
    Engine,
    Line,
    Paragraph,
    Section,
    Sentence,
    Slide,
    Span,
    Speaker,
    Talk,
    Translation,
)
from translate.stages.assemble import Column, Person, assemble, subtitles

DAY = datetime.date(2026, 8, 6)
CHAT = Engine(name="chat", model="m-1")
COLUMN = Column(
    author=Person(name="孙", github="sun"),
    co_authors=(Person(name="散步（小散）", github="sanbuphy", avatar="https://a.b/c.png"),),
    boilerplate="一。\n\n二。\n",
)
TALK = Talk(
    slug="state",
    title="State of PyTorch: 2.0",
    url="https://www.youtube.com/watch?v=x",
    event="PyTorch Conference 2023",
    speakers=(Speaker(name="Alban Desmaison", affiliation="Meta"), Speaker(name="Joe")),
    channel="PyTorch",
    date="2023-10-16",
    licence="Creative Commons Attribution",
)


def paragraph(start: float, *sentences: str, each: float = 3.0) -> Paragraph:
    made = tuple(
        Sentence(start=start + n * each, end=start + (n + 1) * each, text=t)
        for n, t in enumerate(sentences)
    )
    return Paragraph(start=start, end=made[-1].end, sentences=made)


def translation(start: float, chinese: str, missing: str = "") -> Translation:
    return Translation(start=start, chinese=chinese, of="h", by=CHAT, missing=missing)


def article(*paragraphs: Paragraph, title: str = "Lightning talk.") -> Article:
    return Article(sections=(Section(start=0, title=title, paragraphs=paragraphs),))


def test_the_house_style() -> None:
    text = render(
        assemble(
            TALK,
            article(paragraph(83.2, "Hi.", "I am Alban."), paragraph(90.1, "Bye.")),
            [translation(83.2, "大家好,我是Alban."), translation(90.1, "", "the server refused")],
            column=COLUMN,
            today=DAY,
            transcribed_by=Engine(name="whisper", model="turbo"),
        )
    )
    assert (
        text
        == """\
---
title: '【睁眼看世界 🌍】｜PyTorch Conference 2023 - State of PyTorch: 2.0'
date: 2026-08-06
author:
   name: 孙
   github: sun
co_authors:
   - name: 散步（小散）
     github: sanbuphy
     avatar: https://a.b/c.png
category: insights
source: https://www.youtube.com/watch?v=x
event: PyTorch Conference 2023
speakers:
   - Alban Desmaison, Meta
   - Joe
channel: PyTorch
uploaded: '2023-10-16'
licence: Creative Commons Attribution
transcribed_by: whisper turbo
translated_by: chat m-1
machine_assisted: true
---

本文译自 PyTorch Conference 2023 的演讲《[State of PyTorch: 2.0]\
(https://www.youtube.com/watch?v=x)》，演讲者是 Alban Desmaison（Meta）、Joe。\
视频由 PyTorch 于 2023-10-16 以 Creative Commons Attribution 许可发布。\
英文由 whisper turbo 转写。中文初稿由 chat m-1 给出。本文由机器辅助生成，尚待编者校对。

<!-- more -->

---

## 写在最前

一。

二。

---

## Lightning talk

<details>
<summary>英文原文（<a href="https://www.youtube.com/watch?v=x&amp;t=83s">00:01:23</a>）</summary>
<p>Hi. I am Alban.</p>
</details>

大家好，我是 Alban。<!-- 00:01:23 -->

<details>
<summary>英文原文（<a href="https://www.youtube.com/watch?v=x&amp;t=90s">00:01:30</a>）</summary>
<p>Bye.</p>
</details>

【待译】<!-- 原因：the server refused --><!-- 00:01:30 -->

## 编者最后的碎碎念

- （编者留言）
"""
    )


def test_a_bare_talk() -> None:
    talk = Talk(slug="a", title="A talk")
    draft = assemble(talk, article(paragraph(0, "Hi."), title=""), [], column=Column(), today=DAY)
    (passage,) = draft.passages
    assert passage.chinese == ""
    assert passage.missing
    assert passage.link == ""
    assert Heading(text="A talk") in draft.blocks
    assert draft.blocks[0] == Free(
        text="本文译自演讲《A talk》。本文由机器辅助生成，尚待编者校对。"
    )


@pytest.mark.parametrize(
    ("channel", "date", "licence", "sentence"),
    [
        ("", "", "", ""),
        ("PyTorch", "", "", "视频由 PyTorch 发布。"),
        ("", "2023-10-16", "", "视频于 2023-10-16 发布。"),
        ("", "", "CC BY 4.0", "视频以 CC BY 4.0 许可发布。"),
        ("PyTorch", "2023-10-16", "CC BY", "视频由 PyTorch 于 2023-10-16 以 CC BY 许可发布。"),
    ],
)
def test_the_lead_says_who_published_it_when_and_how(
    channel: str, date: str, licence: str, sentence: str
) -> None:
    talk = Talk(slug="a", title="A", channel=channel, date=date, licence=licence)
    lead = assemble(talk, article(paragraph(0, "Hi.")), [], column=Column(), today=DAY).blocks[0]
    assert lead == Free(text=f"本文译自演讲《A》。{sentence}本文由机器辅助生成，尚待编者校对。")


@pytest.mark.parametrize(
    ("url", "source", "shown"),
    [
        ("https://a.b/w", "https://a.b/other", "https://a.b/w"),
        ("", "https://a.b/talk.mp4", "https://a.b/talk.mp4"),
        ("", "/home/me/secret talk.mp4", None),
        ("", "talk.mp4", None),
        ("", "", None),
    ],
)
def test_the_source_is_a_web_address_or_is_not_published(
    url: str, source: str, shown: str | None
) -> None:
    talk = Talk(slug="a", title="A", url=url, source=source)
    draft = assemble(talk, article(paragraph(0, "Hi.")), [], column=Column(), today=DAY)
    assert dict(draft.front).get("source") == shown


def test_no_paragraph_is_dropped_and_every_draft_parses_back() -> None:
    paragraphs = [paragraph(n * 0.4, f"Sentence {n}.", each=0.4) for n in range(20)]
    draft = assemble(TALK, article(*paragraphs), [], column=COLUMN, today=DAY)
    assert [p.english for p in draft.passages] == [p.english for p in paragraphs]
    assert len({p.at for p in draft.passages}) == 20
    assert parse(render(draft)) == draft


@settings(deadline=None)
@given(title=st.text(max_size=40), chinese=st.text(max_size=60), english=st.text(max_size=60))
def test_any_text_from_outside_gives_a_draft_that_parses_back(
    title: str, chinese: str, english: str
) -> None:
    talk = Talk(slug="s", title=title, event=title, channel=title, speakers=(Speaker(name=title),))
    draft = assemble(
        talk,
        article(paragraph(1, english), title=title),
        [translation(1, chinese)] if chinese else [],
        column=COLUMN,
        today=DAY,
    )
    parsed = parse(render(draft))
    assert parsed == draft
    assert parsed.problems == ()
    (passage,) = parsed.passages
    assert bool(passage.chinese) != bool(passage.missing)


def test_the_columns_own_data_is_whole() -> None:
    data = tomllib.loads(files("translate").joinpath("data/column.toml").read_text("utf-8"))
    column = Column(
        author=Person(**data["author"]), category=data["category"], boilerplate=data["boilerplate"]
    )
    assert column.author.github
    assert len(column.boilerplate.strip().split("\n\n")) == 2


# --- editor's notes -----------------------------------------------------------------------------


def test_slots_stand_after_their_paragraph() -> None:
    slots = {5.0: ("缩写：ONNX\nRuntime --> ORT", "\u200b", "第二个")}
    draft = assemble(TALK, article(paragraph(5, "ORT.")), [], column=COLUMN, slots=slots, today=DAY)
    notes = draft.passages[0].notes
    assert [n.reason for n in notes] == ["缩写：ONNX Runtime --> ORT", "第二个"]
    assert {n.text for n in notes} == {""}
    assert "> 编者注 ✍️：<!-- 提示：缩写：ONNX Runtime " in render(draft)
    assert parse(render(draft)) == draft


# --- subtitles ----------------------------------------------------------------------------------

TIME = re.compile(r"(\d\d):(\d\d):(\d\d),(\d{3})")


def read(srt: str) -> list[tuple[float, float, str]]:
    cues = []
    for block in srt.strip().split("\n\n") if srt.strip() else []:
        _, times, *lines = block.split("\n")
        a, b = (
            int(h) * 3600 + int(m) * 60 + int(s) + int(ms) / 1000
            for h, m, s, ms in TIME.findall(times)
        )
        cues.append((a, b, "\n".join(lines)))
    return cues


def test_as_many_sentences_go_one_to_one() -> None:
    text = article(paragraph(10, "First one.", "Second one."))
    english, chinese, both = subtitles(text, [translation(10, "第一句。第二句！")])
    assert read(english) == [(10, 13, "First one."), (13, 16, "Second one.")]
    assert read(chinese) == [(10, 13, "第一句。"), (13, 16, "第二句！")]
    assert read(both) == [(10, 13, "第一句。\nFirst one."), (13, 16, "第二句！\nSecond one.")]


def test_an_untranslated_paragraph_says_so_and_is_never_english() -> None:
    text = article(paragraph(0, "One.", "Two."), paragraph(6, "Three."))
    _, chinese, both = subtitles(text, [translation(6, "三。")])
    assert read(chinese) == [(0, 6, UNTRANSLATED), (6, 9, "三。")]
    assert [c[2] for c in read(both)] == [
        f"{UNTRANSLATED}\nOne.",
        f"{UNTRANSLATED}\nTwo.",
        "三。\nThree.",
    ]


def test_names_in_subtitles_are_not_markup() -> None:
    text = article(paragraph(0, "Use it."))
    _, chinese, _ = subtitles(text, [translation(0, "用`torch.compile`和__init__吧")])
    assert read(chinese)[0][2] == "用 torch.compile 和 __init__ 吧"


@st.composite
def talks(draw: st.DrawFn) -> tuple[Article, list[Translation]]:
    at, paragraphs, translations = 0.0, [], []
    for _ in range(draw(st.integers(1, 5))):
        start, made = at, []
        for _ in range(draw(st.integers(1, 6))):
            length = draw(st.floats(0.05, 20))
            words = draw(st.integers(1, 60))
            made.append(Sentence(start=at, end=at + length, text=" ".join(["word"] * words) + "."))
            at += length + draw(st.sampled_from((0, 0, 1.5)))
        paragraphs.append(Paragraph(start=start, end=made[-1].end, sentences=tuple(made)))
        said = draw(st.lists(st.integers(1, 60).map(lambda n: "字" * n + "。"), max_size=8))
        if said:
            translations.append(translation(start, "".join(said)))
    return article(*paragraphs), translations


def squeezed(texts: Sequence[str]) -> str:
    return re.sub(r"\s", "", "".join(texts))


@settings(deadline=None)
@given(talks())
def test_times_run_forward_and_no_word_is_lost(
    talk: tuple[Article, list[Translation]],
) -> None:
    text, translations = talk
    english, chinese, both = (read(s) for s in subtitles(text, translations))
    said = {t.start: t.chinese for t in translations}
    spoken = [p.english for p in text.paragraphs]
    assert squeezed([c[2] for c in english]) == squeezed(spoken)
    shown = squeezed([c[2] for c in chinese]).replace(UNTRANSLATED, "")
    assert shown == "".join(said.get(p.start, "") for p in text.paragraphs)
    assert "word" not in shown
    assert (UNTRANSLATED in squeezed([c[2] for c in chinese])) == (len(said) < len(spoken))
    for _, _, cue in both:
        over, under = cue.split("\n")
        assert "word" in under
        assert "word" not in over
    over = squeezed([c[2].split("\n")[0] for c in both])
    assert set(over) == set(squeezed([c[2] for c in chinese]))
    last = text.paragraphs[-1].end + 0.1
    for cues in (english, chinese, both):
        assert all(a < b for a, b, _ in cues)
        assert all(x[1] <= y[0] for x, y in itertools.pairwise(cues))
        assert cues[-1][1] <= last
        for p in text.paragraphs:
            inside = [c for c in cues if p.start <= (c[0] + c[1]) / 2 < p.end]
            if p.end - p.start >= 1.01:
                assert all(b - a >= 0.99 for a, b, _ in inside)


# --- slides -------------------------------------------------------------------------------------

BULLETS = Slide(
    shown=(Span(start=31.0, end=45.0), Span(start=95.0, end=99.0)),
    kind="text",
    title="PyTorch 2.0",
    lines=(Line(text="20M+ downloads"), Line(text="Adds:"), Line(text="torch.compile", level=1)),
)
CHART = Slide(shown=(Span(start=62.0, end=80.0),), title="Growth", image="slides/00-01-02.png")
FAILED = Slide(shown=(Span(start=82.0, end=88.0),), title="", missing="nothing could be read")
TALKED = (paragraph(0, "One."), paragraph(30, "Two.", each=14), paragraph(60, "Three.", each=25))


def body(talk: Article, *slides: Slide) -> str:
    """What stands between the boilerplate and the last words, the English left out."""
    known = [translation(p.start, "一。") for p in talk.paragraphs]
    text = render(assemble(TALK, talk, known, slides=slides, column=COLUMN, today=DAY))
    inner = text.split("二。\n\n---\n\n")[1].split("## 编者最后")[0]
    return re.sub(r"<details>.*?</details>\n\n", "", inner, flags=re.DOTALL).strip()


def test_slides_stand_where_they_are_spoken_of() -> None:
    assert body(article(*TALKED, title="Milestones"), BULLETS, CHART, FAILED) == (
        "## Milestones\n\n"
        "一。<!-- 00:00:00 -->\n\n"
        "### 1. PyTorch 2.0\n\n"
        "> - 20M+ downloads\n> - Adds:\n>    - torch.compile<!-- 幻灯片 00:00:31 -->\n\n"
        "一。<!-- 00:00:30 -->\n\n"
        "### 2. Growth\n\n"
        "一。<!-- 00:01:00 -->\n\n"
        "![00-01-02](slides/00-01-02.png)<!-- 幻灯片 00:01:02 -->"
    )


def test_without_chapters_sections_come_from_the_slides() -> None:
    opening = Slide(shown=(Span(start=0.0, end=5.0),), kind="section", title="State of Pytorch 2.0")
    join = Slide(shown=(Span(start=59.0, end=61.0),), kind="section", title="Join us")
    heads = [
        line
        for line in body(article(*TALKED, title=""), opening, BULLETS, join, CHART).split("\n")
        if line.startswith("#")
    ]
    assert heads == [
        "## State of PyTorch: 2.0",
        "### 1. PyTorch 2.0",
        "## Join us",
        "### 1. Growth",
    ]
    agenda = replace(opening, title="Agenda")
    assert body(article(*TALKED, title=""), agenda).startswith("## Agenda\n\n一。")
    assert body(article(*TALKED, title=""), BULLETS).startswith("## State of PyTorch: 2.0\n\n一。")


def test_a_picture_is_not_put_under_another_slides_heading() -> None:
    next_ = replace(BULLETS, shown=(Span(start=82.0, end=85.0),))
    assert body(article(*TALKED), CHART, next_).split("\n\n")[3:] == [
        "### 1. Growth",
        "![00-01-02](slides/00-01-02.png)<!-- 幻灯片 00:01:02 -->",
        "### 2. PyTorch 2.0",
        "> - 20M+ downloads\n> - Adds:\n>    - torch.compile<!-- 幻灯片 00:01:22 -->",
        "一。<!-- 00:01:00 -->",
    ]


def test_a_picture_stands_after_all_of_its_prose() -> None:
    talked = (*TALKED, *(paragraph(start, "More.", each=25) for start in (90, 120, 150)))
    shown = Span(start=62.0, end=105.0)
    picture = "![00-01-02](slides/00-01-02.png)<!-- 幻灯片 00:01:02 -->"

    def before(*slides: Slide, sections: int = 1) -> str:
        cut = len(talked) if sections == 1 else 4
        whole = Article(
            sections=tuple(
                Section(start=some[0].start, title="A", paragraphs=some)
                for some in (talked[:cut], talked[cut:])
                if some
            )
        )
        return body(whole, *slides).split(picture)[0].strip().split("\n\n")[-1]

    assert before(replace(CHART, shown=(shown,))) == "一。<!-- 00:01:30 -->"
    again = (shown, Span(start=115.0, end=146.0))  # after a camera
    assert before(replace(CHART, shown=again)) == "一。<!-- 00:02:00 -->"
    assert before(replace(CHART, shown=again), sections=2) == "一。<!-- 00:01:30 -->"
    later = (shown, Span(start=150.0, end=175.0))  # not what was said in between
    assert before(replace(CHART, shown=later)) == "一。<!-- 00:01:30 -->"
    other = replace(BULLETS, shown=(Span(start=105.0, end=118.0),))
    assert before(replace(CHART, shown=again), other) == "一。<!-- 00:01:00 -->"
    assert before(replace(CHART, shown=again, place=60.0)) == "一。<!-- 00:01:00 -->"


def test_a_moved_slide_goes_where_it_was_moved_to() -> None:
    moved = replace(BULLETS, place=3.0)
    assert body(article(*TALKED), moved).split("\n\n")[1] == "### 1. PyTorch 2.0"


def test_without_slides_the_draft_is_what_it_was() -> None:
    parts = (TALK, article(*TALKED), [translation(0, "一。")])
    without = assemble(*parts, column=COLUMN, today=DAY)
    assert assemble(*parts, slides=(), column=COLUMN, today=DAY) == without
    nothing = assemble(*parts, slides=(FAILED,), column=COLUMN, today=DAY)
    assert nothing == without


def test_slides_of_a_talk_without_words_raise_nothing() -> None:
    empty = Article(sections=())
    assert assemble(TALK, empty, [], slides=(BULLETS,), column=COLUMN, today=DAY).passages == ()


def test_a_draft_with_slides_is_read_back_as_it_was() -> None:
    known = [translation(p.start, "一。") for p in TALKED]
    draft = assemble(
        TALK, article(*TALKED), known, slides=(BULLETS, CHART), column=COLUMN, today=DAY
    )
    assert parse(render(draft)) == draft


def test_the_anchor_of_a_slide_is_the_same_whichever_others_are_shown() -> None:
    one, two = (replace(BULLETS, shown=(Span(start=s, end=45.0),)) for s in (31.1, 31.6))
    own = replace(BULLETS, shown=(Span(start=31.4, end=31.5),))  # a person's

    def shown(*slides: Slide) -> list[str]:
        parts = (TALK, article(*TALKED), [translation(0, "一。")])
        draft = assemble(*parts, slides=slides, found=(one, two), column=COLUMN, today=DAY)
        return [block.at for block in draft.blocks if isinstance(block, Shown)]

    assert shown(one, two) == ["00:00:31", "00:00:31.600"]
    assert shown(two) == ["00:00:31.600"]
    assert shown(one, one, two) == ["00:00:31", "00:00:31.100", "00:00:31.600"]
    assert shown(one, own, two) == ["00:00:31", "00:00:31.400", "00:00:31.600"]


def test_whatever_stands_on_a_section_slide_is_shown() -> None:
    first = Slide(
        shown=(Span(start=0.0, end=5.0),),
        kind="section",
        title=TALK.title,
        lines=(Line(text="Name, Company"),),
    )
    again = replace(first, shown=(Span(start=30.0, end=35.0),), lines=(Line(text="10x faster"),))
    marks = replace(first, shown=(Span(start=61.0, end=65.0),), title="???", lines=())
    text = body(article(*TALKED, title=""), first, again, marks)
    for line in ("> - Name, Company", "> - 10x faster", "> - ???"):
        assert f"{line}<!-- 幻灯片" in text


def test_a_slide_stands_once_though_two_paragraphs_start_together() -> None:
    talk = article(paragraph(0, "One."), paragraph(0, "Two."), paragraph(30, "Three.", each=14))
    first = replace(BULLETS, shown=(Span(start=0.0, end=3.0),))
    assert body(talk, first, CHART).count("torch.compile") == 1


def test_each_slide_stands_at_its_own_paragraph_in_talks_of_many_sections() -> None:
    """Some sections without a paragraph among them."""
    sections = [
        Section(start=0.0, title="A", paragraphs=TALKED[:1]),
        Section(start=10.0, title="Empty", paragraphs=()),
        Section(start=30.0, title="B", paragraphs=TALKED[1:2]),
        Section(start=60.0, title="C", paragraphs=TALKED[2:]),
    ]
    blocks = body(Article(sections=tuple(sections)), BULLETS, CHART).split("\n\n")
    assert blocks == [
        "## A",
        "一。<!-- 00:00:00 -->",
        "## Empty",
        "## B",
        "### 1. PyTorch 2.0",
        "> - 20M+ downloads\n> - Adds:\n>    - torch.compile<!-- 幻灯片 00:00:31 -->",
        "一。<!-- 00:00:30 -->",
        "## C",
        "### 1. Growth",
        "一。<!-- 00:01:00 -->",
        "![00-01-02](slides/00-01-02.png)<!-- 幻灯片 00:01:02 -->",
    ]
