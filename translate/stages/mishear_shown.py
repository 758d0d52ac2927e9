"""The names that stand on slides, as somebody who listens for them wants them.

A name is what is written like one (FSDP, DTensor, vLLM), or has a capital and is no English without
it (Alban, Graphcore). Plain English, code, addresses and quantities are left out. Slides in, names
with their times out; changes nothing.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from rapidfuzz.distance import Indel

from translate.glossary import Glossary, row_key
from translate.model import Slide, Span
from translate.stages.mishear_english import is_english

# A slide's spelling so near to a term's is that term, and in so many letters not by accident.
_ALIKE, _ALIKE_FROM = 0.85, 6
_FEWEST = 3  # letters of the shortest name
_INFLECTED = ("ed", "ing", "ly", "s")  # so ends a word that a list of words lacks
_UNKNOWN = 6  # letters from which a small word that is no English is a name: torchtune
_MARK = re.compile(
    r"(?<!\S)\S*(?:(?:://|www\.|@|#|_|\\|=|\(\)|\.\w{2,4}/)\S*|\.(?:org|com|io|net|ai|dev)\b)"
)
_WORD = re.compile(r"[A-Za-zÀ-ɏ][A-Za-z0-9À-ɏ]*(?:[-’'.][A-Za-z0-9À-ɏ]+)*")
_WRITTEN = re.compile(r"[a-z][A-Z]|[A-Z]{2}[a-z]|^[A-Z][A-Z0-9]{2,}$|^[A-Z]+\d")
_MANY = re.compile(r"^[A-Z][A-Z0-9]+s$")  # PRs


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownName:
    """A name as slides spell it."""

    text: str
    shown: tuple[Span, ...]  # while it can be read, in order of time

    def near(self, start: float, end: float, seconds: float) -> bool:
        """Whether it can be read within `seconds` of a stretch of time."""
        return any(s.start - seconds < end and start < s.end + seconds for s in self.shown)

    def closest(self, at: float) -> float:
        """The start of the showing nearest to a time."""
        nearest = min(self.shown, key=lambda s: (max(s.start - at, at - s.end, 0.0), s.start))
        return nearest.start


def names_on(slides: Iterable[Slide]) -> tuple[ShownName, ...]:
    """Names and what is written like one, those on the most slides first; each spelling once."""
    slides = tuple(slides)
    spans: dict[str, list[Span]] = defaultdict(list)
    first: dict[str, int] = {}
    count: Counter[str] = Counter()
    for slide in slides:
        for name in dict.fromkeys(_names(slide)):
            first.setdefault(name, len(first))
            count[name] += 1
            spans[name] += slide.shown
    ranked = sorted(count, key=lambda name: (-count[name], first[name]))
    return tuple(
        ShownName(text=name, shown=tuple(sorted(spans[name], key=lambda s: (s.start, s.end))))
        for name in ranked
    )


def lacking(names: Iterable[str], glossary: Glossary) -> tuple[str, ...]:
    """The names that a term base has not.

    Nor one so near that the slide has it wrong, or that it was misread.
    """
    rows = {row_key(term.source): _letters(term.source) for term in glossary.terms}
    return tuple(name for name in names if row_key(name) not in rows and not _is_near(name, rows))


def _is_near(name: str, rows: Mapping[str, str]) -> bool:
    letters = _letters(name)
    return len(letters) >= _ALIKE_FROM and any(
        Indel.normalized_similarity(letters, other) >= _ALIKE for other in rows.values()
    )


def _letters(text: str) -> str:
    return "".join(c for c in text.casefold() if c.isalnum())


def written_on(slides: Iterable[Slide]) -> frozenset[str]:
    """Every word that can be read on slides, in small letters."""
    return frozenset(
        word.lower()
        for slide in slides
        for text in (slide.title, slide.banner, slide.words, *(x.text for x in slide.lines))
        for word in _WORD.findall(text)
    )


def _names(slide: Slide) -> Iterator[str]:
    lines = [slide.title, slide.banner, *(x.text for x in slide.lines if not x.code)]
    for line in lines:
        words = _words(line)
        for one, two in pairwise(words):
            if one.name and two.name and two.glued and one.text.isalpha() and two.text.isalpha():
                yield f"{one.text} {two.text}"  # a person's, mostly
        yield from (w.text for w in words if w.name or _is_small_name(w.text))
    # Charts and tables; what is small there is often misread.
    if not any(x.code for x in slide.lines):
        yield from (w.text for w in _words(slide.words) if w.name)


@dataclass(frozen=True, slots=True)
class _Word:
    text: str
    name: bool
    glued: bool  # only a space stands between it and the one before


def _words(text: str) -> Sequence[_Word]:
    bare = _MARK.sub(" ; ", text)
    out: list[_Word] = []
    end = -1
    for match in _WORD.finditer(bare):
        word = re.sub(r"['’]s?$", "", match[0])
        if _MANY.match(word):
            word = word[:-1]
        glued = bare[end : match.start()] == " "
        end = match.end()
        before = bare[match.start() - 1] if match.start() else " "
        if "." not in word and not before.isdigit():
            out.append(_Word(word, _is_name(word), glued))
    return out


def _is_name(word: str) -> bool:
    if len(word) < _FEWEST:
        return False
    if all(is_english(part.lower()) for part in word.split("-")):
        # A word in capitals is a heading; mixed ones are a product: PyTorch, but also GitHub.
        return bool(re.search("[a-z][A-Z]", word))
    return word[0].isupper() or bool(_WRITTEN.search(word))


def _is_small_name(word: str) -> bool:
    if len(word) < _UNKNOWN or not (word.isalpha() and word.islower()):
        return False
    return not word.endswith(_INFLECTED) and not is_english(word)
