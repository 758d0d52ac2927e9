"""Where in the prose a slide goes, which headings it opens, and how it is written in Markdown.

Plain functions of plain values. What was read on a slide is anybody's text, and is escaped here:
a bullet is never markup. Knows neither drafts nor talks: what is shown, and what is spoken when.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from copy import copy
from dataclasses import dataclass
from itertools import groupby
from urllib.parse import quote

from translate.model import Line, Slide, Span
from translate.typography import chinese, escape_text, heading_text, one_line

_INDENT = 3  # spaces: the blog's formatter nests lists by three
_MOST = 0.5  # of a paragraph, or of a showing: the one belongs to the other
_NO_CODE = re.compile(r"\{\{|\}\}|<!--|-->")  # what a build or a parser would see in code as well
_PROMPT = re.compile(r"^\\(>[>=%.+\w-]*)[ ]*", re.ASCII)
_NUMBER = re.compile(r"^\d{1,2}[.)]\s+(?=\S)")  # titles get their numbers here
_CONTINUED = re.compile(  # in a text on one line; "(2)" and "2/3", but not a year
    r" ?(?:[(\[]? ?(?:cont(?:inued|['’]?d|\.)?|(?<!\d)\d{1,3} ?(?:/|of) ?\d{1,3}) ?[)\]]?"
    r"|\(\d{1,2}\))$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """A heading that a slide opens."""

    level: int  # 2 or 3
    text: str  # Markdown


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A slide at its paragraph."""

    slide: Slide
    openings: tuple[Opening, ...] = ()  # the headings before it


# --- at which paragraph -------------------------------------------------------------------------


def paragraphs_of(slides: Sequence[Slide], spoken: Sequence[Span]) -> list[int]:
    """For each slide the place in `spoken` of the paragraph it goes with; both are in order of
    time, and there is at least one paragraph.

    The first paragraph that it stands over for the most part, or that it was shown in for the most
    part, unless it stood longer over one before; else the one that it stands over longest, or that
    was spoken when it was shown. What a person has moved goes to the paragraph spoken at that time.
    Slides that nobody moved stay in order.
    """
    places: list[int] = []
    last = 0
    for slide in slides:
        if slide.place is not None:
            places.append(_spoken_at(slide.place, spoken))
        else:
            last = max(last, _under(slide.shown[0], spoken))
            places.append(last)
    return places


def _under(shown: Span, spoken: Sequence[Span]) -> int:
    best, longest = -1, 0.0
    for n, paragraph in enumerate(spoken):
        both = _both(shown, paragraph)
        if not both:
            continue
        if both >= _MOST * min(paragraph.end - paragraph.start, shown.end - shown.start):
            return n if both > longest else best
        if both > longest:
            best, longest = n, both
    return best if best >= 0 else _spoken_at(shown.start, spoken)


def _spoken_at(seconds: float, spoken: Sequence[Span]) -> int:
    """The paragraph under way; in a pause the one before, before the first the first."""
    begun = [n for n, paragraph in enumerate(spoken) if paragraph.start <= seconds]
    return begun[-1] if begun else 0


def _both(one: Span, other: Span) -> float:
    """Seconds that two spans have in common."""
    return max(0.0, min(one.end, other.end) - max(one.start, other.start))


def stood_over(slide: Slide, spoken: Sequence[Span]) -> int:
    """Over how many of these paragraphs, from the first on, it stood for the most part."""
    for n, paragraph in enumerate(spoken):
        seconds = sum(_both(shown, paragraph) for shown in slide.shown)
        if seconds < _MOST * (paragraph.end - paragraph.start):
            return n
    return len(spoken)


# --- headings -----------------------------------------------------------------------------------


class Outline:
    """The headings of a talk, as slides come by; titles are numbered within their section.

    With chapters they are the sections, and slides have only titles. Without, what names a section
    on the slides (a banner that changes, a slide with hardly more than a title) does.

    A section's slide and the banner that says what was read as its title are one section: a title
    that a person gave names both, and where a person moved the slide, there it begins. `found` are
    the slides as they were read. What a person moved comes under the section that it moved to.
    """

    def __init__(
        self,
        slides: Sequence[Slide],
        *,
        chapters: bool,
        talk: str = "",
        found: Iterable[Slide] = (),
    ) -> None:
        banners = {_words(s.banner) for s in slides if _words(s.banner)}
        # The same on every slide: the event's name, or a logo's.
        self._banners = not chapters and len(banners) > 1
        self._chapters = chapters
        self._talk = _words(talk)  # the title of the whole post, which no part of it repeats
        self._read = {s.start: s for s in found}
        # Sections that begin where a person put their slide, and not where their banner does.
        self._moved = {
            _words(self._as_read(s).title)
            for s in slides
            if s.kind == "section" and s.place is not None
        }
        self._named: dict[str, str] = {}  # what a banner says → what a person calls that section
        self._banner = ""  # the last that stood on a slide in its own place
        self._section = ""
        self._title = ""
        self._count = 0

    def section(self, title: str) -> None:
        """A section begins that no slide has opened; `title` may be Markdown."""
        self._begin(title)
        self._banner = ""

    def opened_by(self, slide: Slide) -> tuple[Opening, ...]:
        """The headings that come before a slide; none where it goes on with what was shown."""
        return tuple(self._openings(slide))

    def ahead(self, slides: Iterable[Slide]) -> tuple[Opening, ...]:
        """The headings that some slides would open now."""
        other = copy(self)
        return tuple(o for slide in slides for o in other.opened_by(slide))

    def _openings(self, slide: Slide) -> Iterator[Opening]:
        title = heading_text(_NUMBER.sub("", one_line(slide.title)))
        if slide.kind == "section" and title and not self._chapters:
            read = _words(self._as_read(slide).title)
            self._named = {**self._named, read: slide.title}  # a copy of this keeps its own
            if slide.place is None:
                self._banner = read
            yield from self._new_section(slide.title)
            return
        if self._banners:
            yield from self._by_banner(slide)
        words = _words(slide.title)
        if not title or not words or words in (self._title, self._section, self._talk):
            return
        self._title = words
        self._count += 1
        yield Opening(level=3, text=f"{self._count}. {title}")

    def _by_banner(self, slide: Slide) -> Iterator[Opening]:
        """The section that a banner opens where it is another than before."""
        words = _words(slide.banner)
        if not words or (slide.place is not None and slide.banner == self._as_read(slide).banner):
            return
        before, self._banner = self._banner, words
        if words != before and words not in self._moved:
            yield from self._new_section(self._named.get(words, slide.banner))

    def _as_read(self, slide: Slide) -> Slide:
        """The slide as it was before a person changed it."""
        return self._read.get(slide.start, slide)

    def _new_section(self, name: str) -> Iterator[Opening]:
        text = heading_text(name)
        if text and _words(name) and _words(name) != self._section:
            self._begin(name)
            yield Opening(level=2, text=text)

    def _begin(self, name: str) -> None:
        self._section, self._title, self._count = _words(name), "", 0


def _words(title: str) -> str:
    """What two titles of one section have in common: their letters, without `(2/3)`, `cont.`."""
    bare = _NUMBER.sub("", one_line(title))
    short = _CONTINUED.sub("", bare) or bare
    return "".join(c for c in short.casefold() if c.isalnum())


# --- Markdown -----------------------------------------------------------------------------------


def is_list(slide: Slide) -> bool:
    """Whether it is shown as its text."""
    return slide.kind != "picture" and bool(text_of(slide))


def text_of(slide: Slide) -> str:
    """Its text as `bullets`; with its title where that is all marks, and so no heading."""
    title = () if _words(slide.title) else (Line(text=slide.title),)
    return bullets((*title, *slide.lines))


def picture(slide: Slide) -> str:
    """The picture as Markdown, named as the blog names pictures; empty where there is none."""
    image = slide.image
    if not image or not one_line(image):
        return ""
    stem = image.rpartition("/")[2].rpartition(".")[0]
    name = re.sub(r"[^A-Za-z0-9-]+", "-", stem).strip("-")
    return f"![{name or 'slide'}]({quote(image, safe='/')})"


def bullets(lines: Sequence[Line]) -> str:
    """The lines as a quote that is a list, with code in blocks; empty where nothing is left."""
    parts: list[str] = []
    for code, group in groupby(lines, key=lambda line: line.code and _is_code(line.text)):
        some = list(group)
        if part := _code(some) if code else _list(some):
            parts.append(part)
    body = "\n\n".join(parts)
    return "\n".join(f"> {line}".rstrip() for line in body.split("\n")) if body else ""


def _is_code(text: str) -> bool:
    return bool(one_line(text)) and not _NO_CODE.search(text)


def _code(lines: Sequence[Line]) -> str:
    least = min(line.level for line in lines)
    body = [f"{'    ' * (line.level - least)}{_one_code_line(line.text)}" for line in lines]
    longest = max((len(run) for run in re.findall("`+", "\n".join(body))), default=0)
    bar = "`" * max(3, longest + 1)
    return "\n".join([f"{bar}text", *body, bar])


def _one_code_line(text: str) -> str:
    """The line with its own indentation, and nothing invisible in it."""
    indent = len(text) - len(text.lstrip(" "))
    # One space alone, in a quote, would be taken for a slip of typing.
    return " " * (indent + (indent == 1)) + one_line(text)


def _list(lines: Sequence[Line]) -> str:
    out: list[str] = []
    depth = -1
    for line in lines:
        text = escape_text(line.text).replace("-->", "--&gt;")  # a comment around it stays one
        # In a quote's list, the blog's formatter makes another quote of any other `>` in front.
        if text.startswith("\\>"):
            text = chinese(_PROMPT.sub(r"`\1` ", text).rstrip())
        if not text:
            continue
        depth = min(max(0, line.level), depth + 1)
        out.append(f"{' ' * (_INDENT * depth)}- {text}")
    return "\n".join(out)
