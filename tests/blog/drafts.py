"""Drafts that programs made: plain ones, hostile ones, and those of whole real lectures."""

import datetime
import random
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from tests.shared import SHARED
from tests.test_typography import BITS
from translate.draft import Draft, Free, Heading, anchors, english_block, render
from translate.merge import merge
from translate.model import (
    Article,
    Cue,
    Engine,
    Line,
    Paragraph,
    Section,
    Sentence,
    Slide,
    Span,
    Speaker,
    Talk,
    Transcript,
    Translation,
)
from translate.stages.assemble import Column, Person, assemble
from translate.stages.segment import segment
from translate.typography import escape_text, heading_text, one_line

DAY = datetime.date(2026, 8, 6)
CHAT = Engine(name="chat", model="model_x-1")
COLUMN = Column(
    author=Person(name="孙", github="sun"),
    co_authors=(Person(name="O'Neil: a", github="neil"),),
    boilerplate="一段话。\n\n又一段，见[这里](https://github.com/a)。",
)

# What a payload does if it ever runs: it leaves a mark on the page. The template's does nothing
# while the site is built, where there is no page.
RAN = "document.documentElement.dataset.ran=1"
TEMPLATE = f"{{{{ $attrs.constructor.constructor('globalThis.document&&({RAN})')() }}}}"

HOSTILE = (
    f"<script>{RAN}</script>",
    f'<img src=x onerror="{RAN}">',
    TEMPLATE,
    "{{ constructor.constructor('return 1')() }}",
    f'<svg onload="{RAN}"><svg/onload={RAN}>',
    f"</script><script>{RAN}</script>",
    f"<iframe src=javascript:parent.{RAN}></iframe>",
    f'<details open ontoggle="{RAN}">',
    f"<input autofocus onfocus={RAN}>",
    "<style>main, h1 { display: none }</style>",
    "<base href=//a.b/><meta http-equiv=refresh content=0;url=//a.b/>",
    f"<component :is=\"'script'\">{RAN}</component>",
    f'<p v-html="x" :onclick="{RAN}" @click="{RAN}">',
    f"&#60;img src=x onerror={RAN}&#62; &lt;svg onload={RAN}&gt;",
    f"`<img src=x onerror={RAN}>` and ``` <svg onload={RAN}> ```",
    f"$<img src=x onerror={RAN}>$ and $$\\href{{javascript:{RAN}}}{{x}}$$",
    f"[x](javascript:{RAN}) <javascript:{RAN}> [y](data:text/html,<script>{RAN}</script>)",
    f'![x](y"onerror="{RAN}") {{onclick={RAN}}}',
    f"::: details <img src=x onerror={RAN}>",
    f"[z]: javascript:{RAN}",
    "<!-- never closed",
    "]]> --!> *} /* // -->",
    "<textarea><title><template><noscript><xmp>",
    "{{ foo bar }} and }} or {{",
    "a title {.evil onclick=alert(1)}",
    "---",
    "key: value # comment",
    "a | b | c",
    "| a | b |",
    "<details>",
    "</details></p></main>",
    "<b>unclosed",
    "``` and ` and ``",
    "`{{ x }}`",
    "__init__ and torch_function and a*b*c and 2*3*4",
    "$x$ and $$y$$ costs $5 or $6",
    "right\u202eleft \u2066iso\u2069 zero\u200bwidth \ufeffbom",
    "--> <!-- 00:00:01 --> --!> <!--",
    "中文。<!-- 00:01:23 -->",
    "<!-- more -->",
    "<!--@include: ./a.md-->",
    "<<< @/package.json",
    "> 编者注 ✍️：不是我们的",
    "【待译】<!-- 原因：x -->",
    "# heading",
    "1. one",
    "- item",
    "+ plus",
    "> quote",
    "[[toc]]",
    "::: danger",
    "[x]: http://a.b/c",
    "[x](javascript:alert(1)) ![y](./missing.png) [z](./dead)",
    "http://localhost:3000/x and //localhost:3000/y",
    "http://a.b/c_d?e=f&copy;g#h。后面还有",
    ":tada: <3 8-) :100:",
    "等等...还有....和…，模型(model)有8卡A100,60%的GPU",
    '他说"你好",she said "hi"',
    "C:\\dir\\* \\",
    "&lt;b&gt; &amp; &#123;",
    "ends with a colon:",
    "ends with hash #",
    "true",
    "2024-01-01",
    "'single' and \"double\": both",
    "tab\tand\nline\r\nends\u2028here\x0b\x00\x08",
    "x" * 5000,
    "长" * 3000,
    "…" * 9 + "." * 9,
    "~~~ ~~strike~~ ==mark== ^sup^",
    "１２３ＡＢＣ",
    "مرحبا بالعالم 日本語カナ 한국어",
    "v-html v-on:click @click :bind #slot",
)


def sentence(start: float, text: str) -> Sentence:
    return Sentence(start=start, end=start + 4, text=text)


def spoken(start: float, *texts: str) -> Paragraph:
    made = tuple(sentence(start + 4 * n, t) for n, t in enumerate(texts))
    return Paragraph(start=start, end=made[-1].end, sentences=made)


def translated(start: float, chinese: str, missing: str = "", stale: str = "") -> Translation:
    return Translation(start=start, chinese=chinese, of="h", by=CHAT, missing=missing, stale=stale)


def normal() -> Draft:
    talk = Talk(
        slug="s",
        title="State of PyTorch",
        url="https://www.youtube.com/watch?v=dR0lHxt3Tjo&list=a_b",
        event="PyTorch Conference 2023",
        speakers=(Speaker(name="Alban Desmaison", affiliation="Meta"),),
        channel="PyTorch",
        date="2023-10-16",
        licence="Creative Commons Attribution license (reuse allowed)",
    )
    sections = (
        Section(start=0, title="Intro", paragraphs=(spoken(0, "Hi."), spoken(0.5, "I am."))),
        Section(start=60, title="2.0: What?", paragraphs=(spoken(61, "We shipped PyTorch 2.0."),)),
    )
    return assemble(
        talk,
        Article(sections=sections),
        [
            translated(0, "大家好"),
            translated(0.5, "我是Alban.", stale="no translator"),
            translated(61, "我们发布了2.0。"),
        ],
        column=COLUMN,
        slots={0.0: ("Meta 的工程师 --> 核心维护者",)},
        today=DAY,
        transcribed_by=Engine(name="whisper", model="turbo"),
    )


def hostile(texts: Sequence[str] = HOSTILE, *, chinese: bool = True) -> Draft:
    """Every text in every place: chapter, English, Chinese, reason, note."""
    sections = tuple(
        Section(start=n * 10, title=t, paragraphs=(spoken(n * 10, t, "End."),))
        for n, t in enumerate(texts)
    )
    every = " ".join(t for t in texts if len(t) < 100)
    talk = Talk(
        slug="s",
        title=every,
        url='http://localhost:8000/it\'s?a="b"',
        event=every,
        speakers=tuple(Speaker(name=t, affiliation=t) for t in texts if len(t) < 100),
        channel=every,
        date=every,
        licence=every,
    )
    return assemble(
        talk,
        Article(sections=sections),
        [
            translated(n * 10, t, stale=t if n % 2 else "")
            if chinese
            else translated(n * 10, "", t)
            for n, t in enumerate(texts)
        ],
        column=replace(COLUMN, author=Person(name=texts[0], github=texts[1])),
        slots={n * 10.0: (t, t) for n, t in enumerate(texts)},
        today=DAY,
        transcribed_by=Engine(name=every, model=""),
    )


def one_hostile(text: str) -> Draft:
    """One text as the whole title, so that YAML sees it bare."""
    talk = Talk(slug="s", title=text, event=text, speakers=(Speaker(name=text),), licence=text)
    article = Article(sections=(Section(start=0, title=text, paragraphs=(spoken(0, text),)),))
    return assemble(talk, article, [translated(0, text)], column=COLUMN, today=DAY)


def untranslated() -> Draft:
    talk = Talk(slug="s", title="A talk")
    article = Article(sections=(Section(start=0, title="", paragraphs=(spoken(3, "Hi."),)),))
    return assemble(talk, article, [], column=COLUMN, today=DAY)


def lines(texts: Sequence[str]) -> Draft:
    """Escaped lines as paragraphs, headings and English; one heading each, so none is empty."""
    blocks = [Free(text=e) for e in map(escape_text, texts) if e]
    heads = [Heading(text=h) for h in map(heading_text, texts[:300]) if h]
    quotes = [
        Free(text=english_block(at, one_line(t)))
        for at, t in zip(anchors(range(300)), texts, strict=False)
    ]
    front = (("title", "lines"), ("author", "\n   name: a\n   github: b"))
    return Draft(front=front, blocks=(*blocks, *heads, *quotes))


SHOWN = Span(start=0.0, end=9.0)
PICTURE = "slides/00-00-05.png"  # which the blog of the tests has


def slides() -> Draft:
    """Text, code, a picture, sections and titles that go on."""
    known = (
        Slide(shown=(SHOWN,), kind="section", title="State of PyTorch", banner="PyTorch"),
        Slide(
            shown=(Span(start=1.0, end=9.0), SHOWN),
            kind="text",
            title="1. PyTorch 2.0:",
            lines=(
                Line(text="20M+ downloads"),
                Line(text="Adds:"),
                Line(text="torch.compile", level=1),
                Line(text="import torch", code=True),
                Line(text="def f(x):", code=True),
                Line(text="return x", level=1, code=True),
            ),
        ),
        Slide(shown=(Span(start=9.5, end=30.0),), kind="picture", title="Top", image=PICTURE),
        Slide(shown=(Span(start=20.0, end=22.0),), kind="picture", image=PICTURE),
        Slide(shown=(Span(start=31.0, end=60.0),), kind="section", title="Join us"),
        Slide(
            shown=(Span(start=40.0, end=60.0),),
            kind="text",
            title="Code",
            lines=(Line(text="x = 1", code=True), Line(text="and ```", code=True)),
        ),
        Slide(shown=(Span(start=50.0, end=60.0),), kind="text", lines=(Line(text="End"),)),
    )
    spoken_ = (spoken(0, "One."), spoken(9.5, "Two."), spoken(30, "Three."), spoken(41, "Four."))
    article = Article(sections=(Section(start=0, title="", paragraphs=spoken_),))
    known_ = [translated(p.start, "一。") for p in spoken_]
    talk = Talk(slug="s", title="State of PyTorch")
    return assemble(talk, article, known_, slides=known, column=COLUMN, today=DAY)


def hostile_slides(texts: Sequence[str]) -> Draft:
    """Every text in every place of a slide."""
    paragraphs = tuple(spoken(n * 10, "One.") for n in range(len(texts)))
    shown = [
        Slide(
            shown=(Span(start=n * 10.0, end=n * 10.0 + 9),),
            kind=("text", "text", "section")[n % 3],  # type: ignore[arg-type]  # it is one of them
            title=text,
            banner=text if n % 5 == 4 else "",
            lines=tuple(
                Line(text=texts[(n + m) % len(texts)], level=m % 3, code=m > 3 and n % 2 == 1)
                for m in range(6)
            ),
        )
        for n, text in enumerate(texts)
    ]
    article = Article(sections=(Section(start=0, title="", paragraphs=paragraphs),))
    known = [translated(p.start, "一。") for p in paragraphs]
    talk = Talk(slug="s", title="A talk")
    return assemble(talk, article, known, slides=shown, column=COLUMN, today=DAY)


def random_texts(count: int) -> list[str]:
    dice = random.Random(20260806)
    made = ("".join(dice.choices(BITS, k=dice.randint(1, 9))) for _ in range(count))
    return [text for text in made if escape_text(text)]


def merged() -> str:
    """A draft that was edited and then merged with a better one."""
    base = render(untranslated())
    edited = base.replace("- （编者留言）", "- 我的话。").replace("category: insights\n", "")
    article = Article(
        sections=(Section(start=0, title="", paragraphs=(spoken(3, "Hi."), spoken(9, "New one."))),)
    )
    talk = Talk(slug="s", title="A talk", licence="CC: BY")
    new = assemble(talk, article, [translated(3, "你好")], column=COLUMN, today=DAY)
    return merge(base, edited, render(new)).text


# --- real lectures ------------------------------------------------------------------------------

_CUE = re.compile(
    r"(\d+):(\d+):(\d+)[,.](\d+) --> (\d+):(\d+):(\d+)[,.](\d+)[^\n]*\n(.*?)\n\s*\n", re.DOTALL
)


def cues(path: Path) -> list[Cue]:
    text = path.read_text("utf-8-sig").replace("\r\n", "\n") + "\n\n"
    out = []
    for h, m, s, ms, h2, m2, s2, ms2, said in _CUE.findall(text):
        start = int(h) * 3600 + int(m) * 60 + int(s) + int(ms) / 1000
        end = int(h2) * 3600 + int(m2) * 60 + int(s2) + int(ms2) / 1000
        out.append(Cue(start=start, end=max(end, start), text=" ".join(said.split())))
    return out


def lecture(english: Path, chinese: Path | None) -> Draft:
    said = cues(english)
    transcript = Transcript(
        language="en", engine=CHAT, duration=said[-1].end, cues=tuple(c for c in said if c.text)
    )
    article = segment(transcript, ())
    known = []
    theirs = cues(chinese) if chinese else []
    for paragraph in article.paragraphs:
        here = [c.text for c in theirs if paragraph.start <= c.start < paragraph.end]
        known.append(translated(paragraph.start, " ".join(here), "" if here else "no captions"))
    talk = Talk(slug="s", title=english.stem, url="https://a.b/watch?v=1")
    return assemble(talk, article, known, column=COLUMN, today=DAY)


def lectures() -> dict[str, str]:
    """Whole real lectures with people's Chinese, where the recordings are here."""
    folder = SHARED / "lectures"
    if not folder.exists():
        return {}
    found = {}
    for n, english in enumerate(sorted((folder / "hf-course/en").glob("*.srt"))):
        other = folder / "hf-course/zh-CN" / english.name
        found[f"hf-{n}"] = render(lecture(english, other if other.exists() else None))
    for n, english in enumerate(sorted((folder / "polyu-comp5521").rglob("*.srt"))):
        found[f"polyu-{n}"] = render(lecture(english, english))
    return found


def made_drafts() -> dict[str, str]:
    """Every draft that the tools are asked about, by the name of its page."""
    return {
        "normal": render(normal()),
        "hostile": render(hostile()),
        "hostile-waiting": render(hostile(chinese=False)),
        "untranslated": render(untranslated()),
        "merged": merged(),
        "slides": render(slides()),
        "slides-hostile": render(hostile_slides(HOSTILE)),
        "slides-random": render(hostile_slides(random_texts(120))),
        "lines": render(lines(random_texts(1500))),
        **{f"one-{n}": render(one_hostile(t)) for n, t in enumerate(HOSTILE)},
        **lectures(),
    }
