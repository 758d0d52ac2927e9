"""Suggest terms: what a talk says that looks like a name, and that the term base does not have.

Capitals are judged by the talk itself: a word that also stands there without them is no name.
Offers, with places to look at; decides and writes nothing. Knows no files.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal, NamedTuple

from translate.glossary import COMMON, Glossary, row_key
from translate.model import Article

Kind = Literal["code", "acronym", "name"]
_CONTEXTS = 3
_LONGEST = 4  # words of a name
_AROUND = 60  # characters of a context on either side
_BESIDE = 3  # what one mention in title, description or chapters weighs in spoken ones

_WORD = re.compile(r"`[^`\n]+`|[A-Za-z0-9_]+(?:[.'’+#/-]+[A-Za-z0-9_]+)*[+#]*")
_LINK = re.compile(r"(?:https?://|www\.)\S+|[\w.+-]+@[\w-]+\.[\w.]+")
_ENDING = re.compile(r"['’](?:s|re|ve|ll|d|m|t)$", re.IGNORECASE)
_CODE = re.compile(r"[a-z][A-Z]|[A-Z]{2}[a-z]{2}|[A-Za-z]\d|_|[A-Za-z]\.[A-Za-z]|\d[A-Z]|[+#]$")
_QUANTITY = re.compile(r"\$?\d[\d.,/-]*(?:[a-zA-Z]{1,2}|th|st|nd|rd|fps|[KMG]?B|[kMG]?Hz|bit)?s?")
_ACRONYM = re.compile(r"[A-Z][A-Z0-9]*(?:[-/&.][A-Z0-9]+)*")
_ORDINARY_CAPITALS = """
monday tuesday wednesday thursday friday saturday sunday january february march april may june july
august september october november december christmas english chinese american european america
europe ok mr mrs ms dr phd q&a am pm a.m p.m e.g i.e tv us u.s usa uk eu
kb mb gb tb kib mib gib tib hz khz mhz ghz
"""
_ORDINARY = COMMON | frozenset(_ORDINARY_CAPITALS.split())


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """One place where a candidate is said."""

    at: float  # start of the sentence, in seconds
    text: str  # the words around it


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A word or phrase that may deserve a row."""

    text: str  # as it is written most often
    kind: Kind
    said: int  # how often in the talk
    beside: int = 0  # how often in title, description and chapters
    contexts: tuple[Context, ...] = ()  # the first places
    variants: tuple[str, ...] = ()  # other ways in which it is written


class _Token(NamedTuple):
    text: str
    start: int
    end: int
    known: bool  # the term base has it
    first: bool  # of its sentence: a capital says nothing
    glued: bool  # only a space stands between it and the one before


@dataclass(slots=True)
class _Found:
    """All that was seen of one candidate."""

    kind: Kind
    spellings: Counter[str] = field(default_factory=Counter)
    beside: int = 0
    contexts: list[Context] = field(default_factory=list)

    @property
    def said(self) -> int:
        return sum(self.spellings.values()) - self.beside


def suggest(
    article: Article, glossary: Glossary, beside: Iterable[str] = ()
) -> tuple[Candidate, ...]:
    """Names, acronyms and code that the glossary lacks, the most said first.

    `beside` is what is written about the talk: title, description, chapter titles, slides. What is
    only written there is offered as well.
    """
    sentences = [(s.start, s.text) for p in article.paragraphs for s in p.sentences]
    written = [line for text in beside for line in text.splitlines() if line.strip()]
    judge = _Judge((text for _, text in sentences), glossary)
    found: dict[str, _Found] = {}
    for at, text in sentences:
        for phrase, kind, start, end in judge.phrases(text):
            one = found.setdefault(_key(phrase), _Found(kind))
            one.spellings[phrase] += 1
            if len(one.contexts) < _CONTEXTS:
                one.contexts.append(Context(at=at, text=_around(text, start, end)))
    for text in written:
        for phrase, kind, _, _ in judge.phrases(text):
            if kind == "name" and _key(phrase) not in found:
                continue  # every word of a title has a capital
            one = found.setdefault(_key(phrase), _Found(kind))
            one.spellings[phrase] += 1
            one.beside += 1
    ranked = sorted(found.values(), key=_rank)
    return tuple(_candidate(one) for one in ranked)


def _rank(found: _Found) -> tuple[int, str]:
    return -(found.said + _BESIDE * found.beside), min(found.spellings).casefold()


def _candidate(found: _Found) -> Candidate:
    text, *variants = [spelling for spelling, _ in found.spellings.most_common()]
    return Candidate(
        text=text,
        kind=found.kind,
        said=found.said,
        beside=found.beside,
        contexts=tuple(found.contexts),
        variants=tuple(variants),
    )


def _key(phrase: str) -> str:
    key = row_key(phrase)
    return key[:-1] if re.fullmatch(r"[A-Z0-9]{2,}s", phrase) else key


def _around(text: str, start: int, end: int) -> str:
    """Some words on either side, cut between words."""
    low, high = max(0, start - _AROUND), min(len(text), end + _AROUND)
    before = text[low:start].partition(" ")[2] if low else text[:start]
    after = text[end:high].rpartition(" ")[0] if high < len(text) else text[end:]
    return f"{'…' if low else ''}{before}{text[start:end]}{after}{'…' if high < len(text) else ''}"


class _Judge:
    """Tells names from words, by how the whole talk writes them."""

    def __init__(self, texts: Iterable[str], glossary: Glossary) -> None:
        self._glossary = glossary
        self._known = {row_key(term.source) for term in glossary.terms}
        self._lower: Counter[str] = Counter()
        self._capital: Counter[str] = Counter()  # within a sentence
        self._pairs: Counter[tuple[str, str]] = Counter()  # of capitals, anywhere
        for text in texts:
            for before, token in pairwise([None, *self._tokens(text)]):
                if token is not None:
                    self._count(before, token)

    def _count(self, before: _Token | None, token: _Token) -> None:
        folded = token.text.casefold()
        if not token.text[:1].isupper():
            self._lower[folded] += 1
            return
        if not token.first:
            self._capital[folded] += 1
        if before and token.glued:
            self._pairs[before.text.casefold(), folded] += 1

    def phrases(self, text: str) -> Iterator[tuple[str, Kind, int, int]]:
        """Each candidate in a text: itself, what it is, where it begins and ends."""
        for run, kind in self._runs(text):
            phrase = " ".join(token.text for token in run)
            known = all(token.known for token in run) or row_key(phrase) in self._known
            if not known and row_key(phrase.removesuffix("s")) not in self._known:
                yield phrase, kind, run[0].start, run[-1].end

    def _runs(self, text: str) -> Iterator[tuple[Sequence[_Token], Kind]]:
        """Words side by side are one name; code and acronyms without a name are one each."""
        run: list[_Token] = []
        for token in [*self._tokens(text), None]:
            joins = token and self._joins(token)
            if run and not (token and joins and token.glued and len(run) < _LONGEST):
                yield from self._of_run(run)
                run = []
            if token and joins:
                run.append(token)

    def _of_run(self, run: Sequence[_Token]) -> Iterator[tuple[Sequence[_Token], Kind]]:
        first = run[0]
        if first.first and self._kind(first) in ("name", None) and not self._is_name(run):
            run = run[1:]
        while run and self._kind(run[-1]) is None:
            run = run[:-1]
        if any(self._kind(token) == "name" for token in run):
            yield run, "name"
            return
        for token in run:
            if kind := self._kind(token):
                yield [token], kind

    def _is_name(self, run: Sequence[_Token]) -> bool:
        """Whether a sentence's first word is part of a name: it has its capital elsewhere too."""
        first = run[0].text.casefold()
        again = len(run) > 1 and self._pairs[first, run[1].text.casefold()] > 1
        return first not in _ORDINARY and (self._capital[first] > 0 or again)

    def _joins(self, token: _Token) -> bool:
        """Whether a token may be part of a name: an ordinary word too, with a capital."""
        capital = token.text[:1].isupper() and len(token.text) > 1 and not token.first
        return capital or self._kind(token) is not None

    def _kind(self, token: _Token) -> Kind | None:
        """What a token may be a candidate as by itself, if any."""
        text, folded = token.text, token.text.casefold()
        if len(text) < 2 or folded in _ORDINARY or _QUANTITY.fullmatch(text):
            return None
        if _CODE.search(text) and any(c.isalpha() for c in text):
            return "code"
        if _ACRONYM.fullmatch(re.sub(r"(?<=[A-Z])s$", "", text)):
            return "acronym"
        if not text[0].isupper() or self._capital[folded] < self._lower[folded]:
            return None
        return "name"

    def _tokens(self, text: str) -> Iterator[_Token]:
        """The words of a text, without endings; links are left out."""
        links = [m.span() for m in _LINK.finditer(text)]
        known = [(m.start, m.end) for m in self._glossary.matches(text)]
        before = 0
        for found in _WORD.finditer(text):
            start, end = found.span()
            if any(low < end and start < high for low, high in links):
                continue
            word = found[0].strip("`")
            if word == found[0]:
                word = _ENDING.sub("", word)
                end = start + len(word)
            gap = text[before:start]
            yield _Token(
                text=word,
                start=start,
                end=end,
                known=any(low <= start and end <= high for low, high in known),
                first=not text[:start].strip(" \"“'(") or bool(re.search(r"[.!?:]\W*$", gap)),
                glued=gap == " ",
            )
            before = end
