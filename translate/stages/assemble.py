"""Assemble: a talk, its paragraphs and their Chinese become the draft, and subtitles.

Plain functions of plain values. Everything from outside (titles, names, the model's Chinese) is
escaped here on its way into the draft; only the column's own boilerplate is Markdown already.
Knows the house style of a post, and neither files nor translators.
"""

import datetime
import math
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

from translate.draft import (
    CLOSING,
    PROOFREAD,
    Block,
    Draft,
    Free,
    Heading,
    Note,
    Passage,
    Shown,
    anchors,
    yaml_scalar,
)
from translate.model import (
    UNTRANSLATED,
    Article,
    Engine,
    Paragraph,
    Section,
    Slide,
    Span,
    Speaker,
    Talk,
    Translation,
)
from translate.placing import Outline, is_list, paragraphs_of, picture, stood_over, text_of
from translate.subtitles import srt
from translate.typography import (
    chinese,
    escape_text,
    heading_text,
    link_target,
    one_line,
    tidy_text,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody who signs a post."""

    name: str
    github: str
    avatar: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """What stands in every post of the column."""

    author: Person = Person(name="（编者）", github="（编者）")
    co_authors: tuple[Person, ...] = ()
    category: str = "insights"
    boilerplate: str = ""  # Markdown, under "## 写在最前"


_NO_SLOTS: Mapping[float, tuple[str, ...]] = {}


def assemble(
    talk: Talk,
    article: Article,
    translations: Iterable[Translation],
    *,
    column: Column,
    slots: Mapping[float, tuple[str, ...]] = _NO_SLOTS,
    slides: Sequence[Slide] = (),
    found: Sequence[Slide] = (),
    today: datetime.date,
    transcribed_by: Engine | None = None,
) -> Draft:
    """The whole draft in the house style. A paragraph without Chinese says why.

    Each of the `slides`, which are in order of time, stands at the paragraph that it first covers
    for the most part: its text as a list before the prose, or its picture after it; titles and
    banners become headings. `found` are all slides of the video as they were read; with them, an
    anchor is the same whichever others are shown, and a section that a person renamed is one.
    `translations` belong to paragraphs by their start, and so do `slots`: the reasons, plain, for
    editor's notes after a paragraph. `today` becomes the post's date.
    """
    known = {t.start: t for t in translations}
    engines = (transcribed_by, *(t.by for t in known.values() if t.chinese))
    blocks: list[Block] = [
        Free(text=_lead(talk, engines)),
        Free(text="<!-- more -->"),
        Free(text="---"),
        Heading(text="写在最前"),
        *(Free(text=text) for text in _paragraphs(column.boilerplate)),
        Free(text="---"),
    ]
    at = anchors([p.start for p in article.paragraphs])
    place = 0
    screen = _Screen(talk, article, slides, found)
    for n, section in enumerate(article.sections):
        heading = _heading(section, talk if n == 0 else None)
        blocks += screen.section(place if section.paragraphs else -1, heading)
        for paragraph in section.paragraphs:
            before, after = screen.around(place)
            blocks += (*before, _passage(talk, paragraph, at[place], known, slots), *after)
            place += 1
    blocks += [Heading(text="编者最后的碎碎念"), Free(text=CLOSING)]
    return Draft(front=tuple(_front(talk, column, today, engines)), blocks=tuple(blocks))


def _paragraphs(markdown: str) -> list[str]:
    return [p.strip() for p in re.split(r"\n[ \t]*\n", markdown) if p.strip()]


def _heading(section: Section, talk: Talk | None) -> list[Heading]:
    """The chapter's title; for a talk that opens without one, or has none, the talk's."""
    text = heading_text(section.title) or (heading_text(talk.title) if talk else "")
    return [Heading(text=text)] if text else []


class _Screen:
    """What was shown, as the paragraphs go by."""

    def __init__(
        self, talk: Talk, article: Article, slides: Sequence[Slide], found: Sequence[Slide]
    ) -> None:
        chapters = any(heading_text(s.title) for s in article.sections)
        self._outline = Outline(slides, chapters=chapters, talk=talk.title, found=found)
        self._here: dict[int, list[tuple[str, Slide]]] = {}  # by the place of its paragraph
        self._waiting: dict[int, list[Block]] = {}  # pictures, by the place that they come after
        self._spoken = [Span(start=p.start, end=p.end) for p in article.paragraphs]
        if not self._spoken:
            return
        places = paragraphs_of(slides, self._spoken)
        for at, slide, place in zip(_anchors(slides, found), slides, places, strict=True):
            self._here.setdefault(place, []).append((at, slide))
        sections = accumulate(len(s.paragraphs) for s in article.sections)
        self._bounds = sorted({*places, *sections})  # where other slides and sections begin

    def section(self, first: int, heading: Sequence[Heading]) -> Sequence[Heading]:
        """The heading of a section; none where the slides of its first paragraph open one."""
        if not heading:
            return ()
        self._outline.section(heading[0].text)
        opened = self._outline.ahead(s for _, s in self._here.get(first, ()))
        return () if opened and opened[0].level <= heading[0].level else heading

    def around(self, place: int) -> tuple[list[Block], list[Block]]:
        """What stands before a paragraph and what after it; `place` is its, among all of them.

        A picture comes after the prose: the last paragraph that was spoken while it stood there,
        but never under another slide's heading.
        """
        before: list[Block] = []
        after: list[tuple[int, Block]] = []  # each with the place that it comes after
        for at, slide in self._here.get(place, ()):
            opened = self._outline.opened_by(slide)
            if opened:
                before += (block for _, block in after)
                after = []
            before += (Heading(level=o.level, text=o.text) for o in opened)
            if is_list(slide):
                before.append(Shown(at=at, text=text_of(slide)))
            elif slide.kind != "section" and picture(slide):
                after.append((self._last(slide, place), Shown(at=at, text=picture(slide))))
        for last, block in after:
            self._waiting.setdefault(last, []).append(block)
        return before, self._waiting.pop(place, [])

    def _last(self, slide: Slide, place: int) -> int:
        """The last paragraph from `place` on over which the slide stands, and no other comes."""
        if slide.place is not None:  # a person has said where
            return place
        following = self._bounds[bisect_right(self._bounds, place)]
        return place + stood_over(slide, self._spoken[place + 1 : following])


def _anchors(slides: Sequence[Slide], found: Sequence[Slide]) -> list[str]:
    """An anchor for each slide, the same whichever others are shown."""
    starts = [s.start for s in found]
    known: dict[float, list[str]] = {}
    for start, anchor in zip(starts, anchors(starts), strict=True):
        known.setdefault(start, []).append(anchor)
    taken = [anchor for some in known.values() for anchor in some]
    names = [known[s.start].pop(0) if known.get(s.start) else "" for s in slides]
    own = [s.start for s, name in zip(slides, names, strict=True) if not name]  # a person's
    fresh = iter(anchors(own, taken))
    return [name or next(fresh) for name in names]


def _passage(
    talk: Talk,
    paragraph: Paragraph,
    at: str,
    known: dict[float, Translation],
    slots: Mapping[float, tuple[str, ...]],
) -> Passage:
    found = known.get(paragraph.start)
    text = escape_text(found.chinese) if found else ""
    missing = (found.missing if found else "") or "还没有译文"
    reasons = filter(None, map(one_line, slots.get(paragraph.start, ())))
    return Passage(
        at=at,
        english=one_line(paragraph.english),
        link=talk.at(paragraph.start),
        chinese=text,
        missing="" if text else one_line(missing),
        stale=one_line(found.stale) if found and text else "",
        notes=tuple(Note(reason=reason) for reason in reasons),
    )


# --- front matter and lead ----------------------------------------------------------------------


def _front(
    talk: Talk, column: Column, today: datetime.date, engines: Sequence[Engine | None]
) -> Iterator[tuple[str, str]]:
    """The blog's keys first, then provenance, which the blog does not read."""
    title = " - ".join(filter(None, (one_line(talk.event), one_line(talk.title))))
    yield "title", front_scalar(f"【睁眼看世界 🌍】｜{title}")
    yield "date", today.isoformat()
    yield "author", "".join(f"\n   {line}" for line in _person(column.author))
    if column.co_authors:
        people = (_person(person) for person in column.co_authors)
        yield "co_authors", "".join("\n   - " + "\n     ".join(lines) for lines in people)
    yield "category", front_scalar(column.category)
    speakers = [_named(s) for s in talk.speakers if one_line(s.name)]
    yield from _given("source", _web_address(talk))
    yield from _given("event", talk.event)
    if speakers:
        yield "speakers", "".join(f"\n   - {front_scalar(name)}" for name in speakers)
    yield from _given("channel", talk.channel)
    yield from _given("uploaded", talk.date)
    yield from _given("licence", talk.licence)
    yield from _given("transcribed_by", _engine(engines[0]))
    yield from _given("translated_by", "、".join(_names(engines[1:])))
    yield "machine_assisted", "true"


def _named(speaker: Speaker) -> str:
    return ", ".join(filter(None, map(one_line, (speaker.name, speaker.affiliation))))


def _web_address(talk: Talk) -> str:
    """Where the talk can be seen; the name of somebody's own file is not published."""
    known = (talk.url, talk.source)
    return next((url for url in known if re.match(r"https?://", url)), "")


_MARKUP = re.compile(r"<(?=[/!?A-Za-z])|[{}]")
_WIDE = {"<": "＜", "{": "｛", "}": "｝"}


def front_scalar(text: str) -> str:
    """Plain text as a YAML value of the front matter.

    VitePress puts the front matter into a script and the title through Markdown, where nothing
    can be escaped: what opens a tag or an expression becomes its full-width twin.
    """
    return yaml_scalar(_MARKUP.sub(lambda m: _WIDE[m.group()], one_line(text)))


def _given(key: str, value: str) -> Iterator[tuple[str, str]]:
    if one_line(value):
        yield key, front_scalar(value)


def _person(person: Person) -> list[str]:
    facts = (("name", person.name), ("github", person.github), ("avatar", person.avatar))
    return [f"{key}: {front_scalar(value)}" for key, value in facts if value]


def _engine(engine: Engine | None) -> str:
    if engine is None:
        return ""
    # Of what was learned from a talk, the machine that drafted it there is named, if one did.
    return one_line(engine.parameters.get("drafted_by", f"{engine.name} {engine.model}"))


def _names(engines: Iterable[Engine | None]) -> list[str]:
    return list(dict.fromkeys(filter(None, map(_engine, engines))))


def _lead(talk: Talk, engines: Sequence[Engine | None]) -> str:
    """What, where, by whom; the link, the licence; and that a machine has helped."""
    target = link_target(talk.url)
    title = escape_text(talk.title, names=False) or talk.slug
    event = escape_text(talk.event, names=False)
    of = f" {event} 的" if event else ""
    text = f"本文译自{of}演讲《{f'[{title}]({target})' if target else title}》"
    speakers = "、".join(filter(None, (_speaker(s.name, s.affiliation) for s in talk.speakers)))
    text += f"，演讲者是 {speakers}。" if speakers else "。"
    channel = escape_text(talk.channel, names=False)
    uploaded = escape_text(talk.date, names=False)
    licence = escape_text(talk.licence, names=False)
    if channel or uploaded or licence:
        by, on = (f"由 {channel} " if channel else ""), (f"于 {uploaded} " if uploaded else "")
        under = f"以 {licence} 许可" if licence else ""
        text += f"视频{by}{on}{under}发布。"
    return chinese(f"{text}{_made_by(engines)}{PROOFREAD[0]}")


def _made_by(engines: Sequence[Engine | None]) -> str:
    """Where the English and the Chinese come from; people's captions are not a machine's work."""
    heard, *translators = engines
    text = ""
    if heard and heard.name == "captions":
        text = "英文取自原有的字幕。"
    elif heard:
        text = f"英文由 {escape_text(_engine(heard), names=False)} 转写。"
    by = [e for e in translators if e and (not e.is_person or e.parameters.get("drafted_by"))]
    if by:
        text += f"中文初稿由 {escape_text('、'.join(_names(by)), names=False)} 给出。"
    return text


def _speaker(name: str, affiliation: str) -> str:
    name, affiliation = (escape_text(t, names=False) for t in (name, affiliation))
    return f"{name}（{affiliation}）" if name and affiliation else name


# --- subtitles ----------------------------------------------------------------------------------

_LINE_ENGLISH, _LINE_CHINESE = 84, 40  # characters that a viewer reads in one cue
_SHORTEST = 1.0  # seconds
_CHINESE_SENTENCE = re.compile(r".+?(?:[。！？；…]+[”’）》]*|$)")

Cues = list[tuple[float, float, str]]


@dataclass(frozen=True, slots=True)
class _Beat:
    """A stretch of a paragraph that is shown at once."""

    start: float
    end: float
    english: str
    chinese: str


def subtitles(article: Article, translations: Iterable[Translation]) -> tuple[str, str, str]:
    """English, Chinese and bilingual (Chinese over English) subtitles, as SubRip text.

    Chinese sentences go with the English ones they stand for, one to one where there are as
    many, else in proportion. What is untranslated says so, and is never English.
    """
    known = {t.start: tidy_text(t.chinese) for t in translations if t.chinese}
    english: Cues = []
    chinese_cues: Cues = []
    both: Cues = []
    for paragraph in article.paragraphs:
        for beat in _beats(paragraph, ""):
            english += ((a, b, text) for a, b, text, _ in _cut(beat))
        for spoken in _beats(paragraph, known.get(paragraph.start, "")):
            beat = replace(spoken, chinese=spoken.chinese or UNTRANSLATED)
            chinese_cues += ((a, b, text) for a, b, _, text in _cut(replace(beat, english="")))
            both += ((a, b, f"{text}\n{said}") for a, b, said, text in _cut(beat))
    chinese_cues = _merge_waiting(chinese_cues)
    one, two, three = (srt(list(_in_time(cues))) for cues in (english, chinese_cues, both))
    return one, two, three


def _beats(paragraph: Paragraph, chinese_text: str) -> list[_Beat]:
    """The paragraph in as many stretches as both languages have sentences for."""
    left = [s.text for s in paragraph.sentences]
    right = _CHINESE_SENTENCE.findall(chinese_text)
    count = min(len(left), len(right)) if right else len(left)
    ends = _groups([len(t) for t in left], count)
    beats: list[_Beat] = []
    first = 0
    for end, text in zip(ends, _grouped(right, count), strict=True):
        some = paragraph.sentences[first:end]
        beats.append(_Beat(some[0].start, some[-1].end, " ".join(s.text for s in some), text))
        first = end
    return _long_enough(beats)


def _grouped(texts: Sequence[str], count: int) -> list[str]:
    if not texts:
        return [""] * count
    ends = _groups([len(t) for t in texts], count)
    return [_join(texts[a:b]) for a, b in zip([0, *ends], ends, strict=False)]


def _groups(sizes: Sequence[int], count: int) -> list[int]:
    """Where each of `count` groups of neighbours ends, none empty, as even in size as may be."""
    total, done, ends = sum(sizes) or 1, 0, list[int]()
    for n, size in enumerate(sizes, 1):
        done += size
        left = count - len(ends)
        due = done >= total * (len(ends) + 1) / count - size / 2
        if left and (left == len(sizes) - n + 1 or (due and left > 1) or n == len(sizes)):
            ends.append(n)
    return ends


def _long_enough(beats: Sequence[_Beat]) -> list[_Beat]:
    """Beats that are too short to read go with a neighbour of the same paragraph."""
    out: list[_Beat] = []
    for beat in beats:
        last = out[-1] if out else None
        if last and (beat.end - beat.start < _SHORTEST or last.end - last.start < _SHORTEST):
            out[-1] = _Beat(
                last.start,
                max(last.end, beat.end),
                f"{last.english} {beat.english}",
                _join([last.chinese, beat.chinese]),
            )
        else:
            out.append(beat)
    return out


def _cut(beat: _Beat) -> Iterator[tuple[float, float, str, str]]:
    """What is too long to read at once, in parts, with time by length; (start, end, English,
    Chinese). A language that is short enough stands in each part."""
    parts = max(
        math.ceil(len(beat.english) / _LINE_ENGLISH), math.ceil(len(beat.chinese) / _LINE_CHINESE)
    )
    parts = max(1, min(parts, int((beat.end - beat.start) / _SHORTEST)))
    left = _parts(beat.english, parts, _LINE_ENGLISH)
    right = _parts(beat.chinese, parts, _LINE_CHINESE)
    step = (beat.end - beat.start) / parts
    for n in range(parts):
        yield beat.start + n * step, beat.start + (n + 1) * step, left[n], right[n]


_SEAM = re.compile(r"(?<=[，、；。！？：”）])(?![，、；。！？：”）…])|(?<=\s)(?=\S)")


def _parts(text: str, count: int, limit: int) -> list[str]:
    """`text` in `count` parts, cut after a mark or a space near the even places, else anywhere;
    or the whole of it in each, where it is within `limit`."""
    if len(text) <= limit:
        return [text] * count
    parts: list[str] = []
    for left in range(count, 1, -1):
        wish = len(text) / left
        seams = [m.start() for m in _SEAM.finditer(text) if 0 < m.start() < len(text)]
        near = [s for s in seams if wish / 2 <= s <= wish * 1.5]
        at = min(near, key=lambda s: abs(s - wish)) if near else round(wish)
        parts.append(text[:at].strip())
        text = text[at:]
    return [*parts, text.strip()]


def _join(texts: Iterable[str]) -> str:
    """Chinese sentences, which need no space between them."""
    return "".join(t for t in texts if t)


def _merge_waiting(cues: Cues) -> Cues:
    """One cue for neighbouring paragraphs' parts that wait for their translation."""
    out: Cues = []
    for start, end, text in cues:
        if out and text == UNTRANSLATED == out[-1][2]:
            out[-1] = (out[-1][0], end, text)
        else:
            out.append((start, end, text))
    return out


def _in_time(cues: Cues) -> Iterator[tuple[float, float, str]]:
    """No cue before the one before it has ended."""
    last = 0.0
    for start, end, text in cues:
        start = max(start, last)
        last = max(end, start + 0.001)
        yield start, last, text
