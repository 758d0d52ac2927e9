"""The column's terms: read them, find them, put them right, prove them, gloss them.

One object serves four uses (what a recogniser is told to expect, what it misheard, what a
translator is given, what the reader sees the first time) and one proof (what became of each term
in the Chinese). Knows nothing of talks on disk, of translators or of Markdown beyond code and
links, in which it touches nothing.
"""

import csv
import hashlib
import json
import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Generic, Literal, NamedTuple, TypeVar, cast, get_args

from translate.errors import BadFileError
from translate.model import Article, Correction, Problem, Severity, Term, TermUse, Translation

Policy = Literal["strict", "prefer", "keep", "forbid"]
COLUMNS = (
    "source",
    "target",
    "policy",
    "case",
    "first_mention",
    "heard_as",
    "forbidden",
    "note",
)
COUNTERPART_COLUMNS = ("pytorch", "paddle", "case", "note")
_SHOWN = 5  # errors named in one message

# --- patterns -----------------------------------------------------------------------------------

# Letters of words. Han letters are none of them: `使用PyTorch` says PyTorch.
_W = "0-9A-Za-z_\u00c0-\u024f"
_GAP = r"[\s\-\u2010-\u2013]"
_CODE_OR_LINK = (
    r"`{1,3}[^`\n]+`{1,3}"
    r"|(?:https?://|www\.)[^\s<>`（），。；]+"
    rf"|(?<![{_W}.-])[{_W}-]+(?:\.[{_W}-]+)+/[^\s<>`（），。；]*"  # example.org/path
)
# No more of a word here: no letter, no `.name`, and `C` is not the C of `C++`.
_WORD_END = rf"(?!\.?[{_W}]|(?<=[0-9A-Za-z])[+#](?![0-9A-Za-z]))"
_Payload = TypeVar("_Payload")


def _folded(text: str) -> str:
    """`text` as it is compared with other rows: case, hyphens and repeated spaces do not count."""
    return re.sub(rf"{_GAP}+", " ", text).strip().casefold()


def row_key(source: str) -> str:
    """What tells rows apart: of two with one key, both must be `exact` and spelled differently."""
    return _folded(source)


def _spelled(text: str, *, exact_case: bool) -> str:
    """A pattern for `text`; a space may be a hyphen, a hyphen may be a space or nothing."""
    pieces = re.split(rf"({_GAP}+)", text)
    for at, piece in enumerate(pieces):
        if at % 2 == 0:
            pieces[at] = re.escape(piece).replace("'", "['’]")
        else:
            pieces[at] = rf"{_GAP}+" if piece.isspace() else rf"{_GAP}?"
    spelled = "".join(pieces)
    return spelled if exact_case else f"(?i:{spelled})"


def _inflected(term: Term) -> str:
    """A pattern for the term's English, singular or plural."""
    stem, singular, plural = term.source, "", "s"
    if re.search(r"[^aeiou\W\d_A-Z]y$", stem):
        stem, singular, plural = stem[:-1], "y", "ies"
    elif re.search(r"[a-z](?:ix|ex)$", stem):
        stem, singular, plural = stem[:-2], stem[-2:], f"ices|{stem[-2:]}es"
    elif re.search(r"(?:[sxz]|[cs]h)$", stem):
        plural = "es"
    elif not stem[-1].isalpha():
        plural = ""
    ending = f"(?:{singular}|{plural})"
    if not term.exact_case:
        ending = f"(?i:{ending})"
    return _spelled(stem, exact_case=term.exact_case) + ending


@lru_cache(maxsize=4096)
def _english(term: Term) -> re.Pattern[str]:
    """The term's English wherever it stands, in code and Chinese text too."""
    return re.compile(rf"(?<![{_W}])(?<![{_W}]\.){_inflected(term)}{_WORD_END}")


@lru_cache(maxsize=8192)
def _chinese(text: str) -> re.Pattern[str]:
    """Chinese wherever it stands: spaces and backticks around its Han letters do not count."""
    text = unicodedata.normalize("NFKC", text)
    parts = [re.escape(text[0])]
    for before, after in pairwise(text):
        if after.isspace():
            continue
        loose = before.isspace() or not (before.isascii() and after.isascii())
        parts.append(r"[\s`]*" * loose + re.escape(after))
    start = rf"(?<![{_W}])" if re.match(f"[{_W}]", text) else ""
    end = rf"(?:e?s)?(?![{_W}])" if re.search(f"[{_W}]$", text) else ""
    return re.compile(f"(?i:{start}{''.join(parts)}{end})")


class _Entry(NamedTuple, Generic[_Payload]):
    text: str  # the longer ones are tried first
    pattern: str
    payload: _Payload
    endings: Collection[tuple[int, str]] = ((0, "s"),)  # letters taken off, and what replaces them

    def openings(self) -> set[str]:
        """The first letters of everything that the pattern matches."""
        texts = {self.text, re.sub(_GAP, "", self.text, count=1), re.sub(_GAP, "", self.text)}
        texts |= {text[: len(text) - cut] + end for text in texts for cut, end in self.endings}
        return {_opening(text) for text in texts if text}


def _opening(text: str) -> str:
    letters = re.match(rf"[{_W}]{{1,4}}|.", text)
    return letters[0].lower() if letters else ""


class _Scanner(Generic[_Payload]):
    """Finds many patterns in one pass, leftmost first and then longest; never in code or links.

    A pattern is tried only where the first letters fit, and compiled only when a text gives
    occasion, so a thousand terms cost little.
    """

    _places = re.compile(
        rf"(?P<skip>{_CODE_OR_LINK})|(?<![{_W}])(?<![{_W}]\.)(?:[{_W}]{{1,4}}|[^\s{_W}])"
    )

    def __init__(self, entries: Iterable[_Entry[_Payload]], ending: str) -> None:
        self._ending = ending
        self._by_opening: dict[str, list[_Entry[_Payload]]] = {}
        self._compiled: dict[str, re.Pattern[str]] = {}
        for entry in sorted(entries, key=lambda entry: len(entry.text), reverse=True):
            for opening in entry.openings():
                self._by_opening.setdefault(opening, []).append(entry)

    def scan(self, text: str) -> Iterator[tuple[int, int, _Payload]]:
        """Start, end and payload of each match, in order, none overlapping."""
        done = 0
        for place in self._places.finditer(text):
            if place["skip"]:
                done = max(done, place.end())
                continue
            opening = place[0].lower()
            if place.start() < done or opening not in self._by_opening:
                continue
            entries = self._by_opening[opening]
            if opening not in self._compiled:
                pattern = "|".join(f"{entry.pattern}()" for entry in entries)
                self._compiled[opening] = re.compile(f"(?:{pattern}){self._ending}")
            if found := self._compiled[opening].match(text, place.start()):
                done = found.end()
                yield found.start(), done, entries[cast(int, found.lastindex) - 1].payload


# --- the glossary -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Match:
    """A term in a text, in characters."""

    start: int
    end: int
    term: Term


@dataclass(frozen=True)  # without slots: the scanners are made on first use and kept
class Glossary:
    terms: tuple[Term, ...] = ()

    def matches(self, text: str) -> tuple[Match, ...]:
        """The terms in an English text: leftmost, longest, whole words, plurals too.

        Spaces and hyphens stand for each other. Code in backticks and links are passed over.
        """
        return tuple(Match(start, end, term) for start, end, term in self._finder.scan(text))

    def terms_in(self, text: str) -> tuple[Term, ...]:
        """The terms in an English text, each once, the longest first."""
        found = {match.term.source: match.term for match in self.matches(text)}
        return tuple(sorted(found.values(), key=lambda term: (-len(term.source), term.source)))

    def correct(
        self, text: str, undone: Collection[str] = ()
    ) -> tuple[str, tuple[Correction, ...]]:
        """`text` with misheard names put right, and what was changed; see `uncorrect`.

        Right are the rows' `heard_as`, in any case, and case and spacing variants of names that
        are written in one way only (`Py Torch`, `pytorch`). Endings (`Tridents`, `Trident's`)
        stay. Again on its own result it changes nothing. What was heard and is among `undone`,
        in any case, stays as it was heard.
        """
        right, corrections = self._corrected(text)
        wanted = {heard.casefold() for heard in undone}
        shift = 0
        for correction in corrections:
            start = correction.offset - shift
            end = start + len(correction.heard)
            if correction.heard.casefold() in wanted:
                return self._around(text, start, end, undone)
            shift += len(correction.written) - len(correction.heard)
        return right, corrections

    def _around(
        self, text: str, start: int, end: int, undone: Collection[str]
    ) -> tuple[str, tuple[Correction, ...]]:
        """`text` corrected but for what stands from `start` to `end`."""
        before, first = self.correct(text[:start], undone)
        after, rest = self.correct(text[end:], undone)
        opening = before + text[start:end]
        moved = (replace(c, offset=c.offset + len(opening)) for c in rest)
        return opening + after, (*first, *moved)

    def _corrected(self, text: str) -> tuple[str, tuple[Correction, ...]]:
        corrections: list[Correction] = []
        for _ in range(_ROUNDS):
            found = [
                (start, end, written)
                for start, end, written in self._corrector.scan(text)
                if written is not None and written != text[start:end]
            ]
            for start, end, written in reversed(found):
                text, corrections = _replaced(text, corrections, start, end, written)
            if not found:
                break
        return text, tuple(corrections)

    @cached_property
    def _finder(self) -> _Scanner[Term]:
        plurals = ((0, "s"), (0, "es"), (1, "ies"), (2, "ices"))
        return _Scanner(
            (_Entry(t.source, _inflected(t), t, plurals) for t in self.terms), _WORD_END
        )

    @cached_property
    def _corrector(self) -> _Scanner[str | None]:
        entries: list[_Entry[str | None]] = []
        heard = {_folded(text) for term in self.terms for text in term.heard_as}
        heard_words = {word for text in heard for word in text.split()}
        sources = Counter(_folded(term.source) for term in self.terms)
        for term in self.terms:
            if not heard_words.isdisjoint(_folded(term.source).split()):
                # A name that is right already is passed over, whatever it could be heard as.
                entries.append(_heard(re.escape(term.source), term.source, None))
            for text in term.heard_as:
                entries.append(_heard(_spelled(text, exact_case=False), text, term.source))
            if _folded(term.source) not in heard and sources[_folded(term.source)] == 1:
                entries += [_heard(*variant, term.source) for variant in _variants(term)]
        return _Scanner(entries, f"(?=s?{_WORD_END})")


def digest(terms: Iterable[Term]) -> str:
    """A hash of what these rows ask of a translation; the order of the rows does not count.

    What no translator is shown (`heard_as`, `first_mention`, `note`, where the row stands) is
    left out, so that a change there makes no translation stale.
    """
    rows = sorted(
        [t.source, list(t.targets), t.policy, t.exact_case, list(t.forbidden)] for t in terms
    )
    return hashlib.sha256(json.dumps(rows, ensure_ascii=False).encode()).hexdigest()


def bias_terms(
    glossary: Glossary,
    context: str,
    *,
    names: Iterable[str] = (),
    earlier: Iterable[str] = (),
    limit: int = 50,
) -> tuple[str, ...]:
    """The at most `limit` names and terms that a recogniser should expect.

    First what `context` (title, description, chapters, slides) says, the most frequent first; then
    `names` that are surely the talk's and no rows; then the names that talks before it (`earlier`,
    the text of each) have said, those of the most talks first; then what is known to be misheard,
    names that stay English before the rest.
    """
    said = Counter(match.term.source for match in glossary.matches(context))
    heard = Counter(
        term.source for text in earlier for term in glossary.terms_in(text) if _is_a_name(term)
    )
    misheard = [term for term in glossary.terms if term.heard_as]
    order = {"keep": 0, "strict": 1}
    misheard.sort(key=lambda term: order.get(term.policy, 2))
    expected = [source for source, _ in _by_count(heard)]
    known = [*(source for source, _ in said.most_common()), *names, *expected]
    return tuple(dict.fromkeys([*known, *(term.source for term in misheard)]))[:limit]


def _is_a_name(term: Term) -> bool:
    """Whether a recogniser may not know how to spell it: the rest is English."""
    return term.policy == "keep" or bool(term.heard_as)


def _by_count(counts: Counter[str]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


# --- corrections --------------------------------------------------------------------------------

_ROUNDS = 4  # a correction may complete a name that is itself misheard
_PATH = r"[a-z0-9_.-]+/[a-z0-9_./-]+"


def _heard(pattern: str, text: str, written: str | None) -> _Entry[str | None]:
    if text.endswith(".") and pattern.endswith((r"\.", r"\.)")):
        # `F.S.D.P.` at the end of a sentence leaves the sentence its stop.
        pattern = pattern[: pattern.rindex(r"\.")] + ")" * pattern.endswith(")")
        pattern += r"(?:\.(?=[,;:]|\s+[a-z0-9])|(?=\.?(?:\W|$)))"
    return _Entry(text, pattern, written)


_HUMPS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|(?<=[a-z])(?=\d)")


def _variants(term: Term) -> Iterator[tuple[str, str]]:
    """Patterns, each with its text, for other ways to write a name that can mean nothing else.

    Only a name that stays English, has at least five letters, and a capital within a word, a
    digit, a dot or an underscore. Its words in any case (`pytorch`); its parts apart, but with
    their capitals (`Py Torch`), since `data loader` need not be `DataLoader`; a spoken dot.
    """
    source = term.source
    if term.policy != "keep" or sum(c.isalpha() for c in source) < 5:
        return
    if not re.search(r"[a-z][A-Z]|[A-Z]{2}[a-z]|[\d._]", source):
        return
    if not term.exact_case:
        yield rf"(?<!/)(?!{_PATH})" + _spelled(source, exact_case=False), source
    apart = _HUMPS.sub(" ", source)
    if apart != source:
        yield _spelled(apart, exact_case=True), apart
    if re.search(r"[a-z]\.[a-z]", source):
        spoken = re.escape(source).replace(r"\.", r"\s+dot\s+")
        yield f"(?i:{spoken})", source


def _replaced(
    text: str, corrections: Sequence[Correction], start: int, end: int, written: str
) -> tuple[str, list[Correction]]:
    """One more correction; those that it touches become one with it."""
    before = [c for c in corrections if c.offset + len(c.written) <= start]
    after = [c for c in corrections if c.offset >= end]
    touched = corrections[len(before) : len(corrections) - len(after)]
    low = min([start, *(c.offset for c in touched)])
    high = max([end, *(c.offset + len(c.written) for c in touched)])
    heard = uncorrect(text[low:high], [replace(c, offset=c.offset - low) for c in touched])
    new = text[low:start] + written + text[end:high]
    shift = len(new) - (high - low)
    here = [Correction(offset=low, heard=heard, written=new)] if heard != new else []
    later = [replace(c, offset=c.offset + shift) for c in after]
    return text[:low] + new + text[high:], [*before, *here, *later]


def uncorrect(text: str, corrections: Sequence[Correction]) -> str:
    """The text as it was heard; ValueError where a correction is not in `text`."""
    for correction in reversed(corrections):
        end = correction.offset + len(correction.written)
        if text[correction.offset : end] != correction.written:
            raise ValueError(f"{correction} does not stand in {text!r}")
        text = text[: correction.offset] + correction.heard + text[end:]
    return text


@dataclass(frozen=True, slots=True, kw_only=True)
class Undone:
    """A correction that a person has taken back in one talk.

    It stands for the sentence that takes up this time, however a later transcription cuts it;
    without times, for every sentence of the talk.
    """

    heard: str
    written: str
    start: float | None = None  # of its sentence, in seconds
    end: float | None = None

    def concerns(self, start: float, end: float) -> bool:
        """Whether a sentence from `start` to `end` is the one; half of the shorter is enough."""
        if self.start is None or self.end is None:
            return True
        shared = min(end, self.end) - max(start, self.start)
        return abs(start - self.start) < 1e-3 or (
            shared > 0 and shared >= 0.5 * min(end - start, self.end - self.start)
        )


def correct_article(article: Article, glossary: Glossary, undone: Sequence[Undone] = ()) -> Article:
    """Every sentence corrected, from what was heard, whatever an earlier glossary made of it.

    Corrections that were `undone` are not made again.
    """
    sections = []
    for section in article.sections:
        paragraphs = []
        for paragraph in section.paragraphs:
            sentences = []
            for sentence in paragraph.sentences:
                heard = uncorrect(sentence.text, sentence.corrections)
                left = {u.heard for u in undone if u.concerns(sentence.start, sentence.end)}
                text, corrections = glossary.correct(heard, left)
                sentences.append(replace(sentence, text=text, corrections=corrections))
            paragraphs.append(replace(paragraph, sentences=tuple(sentences)))
        sections.append(replace(section, paragraphs=tuple(paragraphs)))
    return Article(sections=tuple(sections))


# --- the proof ----------------------------------------------------------------------------------


def prove(
    article: Article, translations: Iterable[Translation], glossary: Glossary
) -> list[Problem]:
    """What became of every term, paragraph by paragraph; untranslated ones are passed over."""
    chinese = {t.start: t.chinese for t in translations if not t.missing}
    return [
        problem
        for paragraph in article.paragraphs
        if paragraph.start in chinese
        for problem in prove_pair(
            paragraph.english, chinese[paragraph.start], glossary, at=paragraph.start
        )
    ]


def prove_pair(
    english: str, chinese: str, glossary: Glossary, *, at: float | None = None
) -> list[Problem]:
    """The terms of one English text that its Chinese does not render as the glossary says.

    A term counts as rendered by any accepted target, or by its English in `中文（English）`; one
    that stays English by its English anywhere. How often does not count. Where a forbidden
    rendering stands, that alone is said.
    """
    forbidden, missed = unkept(glossary.terms_in(english), chinese)
    return [
        *(_forbidden(term, wrong, at) for term, wrong in forbidden),
        *(_missed(term, at) for term in missed),
    ]


def unkept(
    terms: Sequence[Term], chinese: str
) -> tuple[tuple[tuple[Term, str], ...], tuple[Term, ...]]:
    """Of the terms that were said: forbidden renderings in the Chinese, and terms without any."""
    text = unicodedata.normalize("NFKC", chinese)
    accepted = [span for term in terms for target in term.targets for span in _spans(target, text)]
    forbidden = tuple(
        (term, wrong)
        for term in terms
        for wrong in term.forbidden
        if any(not _inside(span, accepted) for span in _spans(wrong, text))
    )
    told = {term for term, _ in forbidden}
    missed = tuple(
        term
        for term in terms
        if term.policy != "forbid" and term not in told and not _renderings(term, text)
    )
    return forbidden, missed


def uses(
    article: Article, translations: Iterable[Translation], glossary: Glossary
) -> tuple[TermUse, ...]:
    """Every term that is said: how often, rendered how, where missed; the most said first.

    As in `prove`: whether a paragraph renders a term counts, not how often.
    """
    chinese = {
        t.start: unicodedata.normalize("NFKC", t.chinese) for t in translations if not t.missing
    }
    said: Counter[Term] = Counter()
    written: dict[Term, Counter[str]] = {}
    missed: dict[Term, list[float]] = {}
    wrong: dict[Term, list[float]] = {}
    paragraphs: Counter[Term] = Counter()
    for paragraph in article.paragraphs:
        here = Counter(match.term for match in glossary.matches(paragraph.english))
        said += here
        if paragraph.start not in chinese:
            continue
        text = chinese[paragraph.start]
        paragraphs.update(here.keys())
        for term in here:
            written.setdefault(term, Counter()).update(_renderings(term, text))
        forbidden, lacking = unkept(tuple(here), text)
        for term in dict.fromkeys(term for term, _ in forbidden):
            wrong.setdefault(term, []).append(paragraph.start)
        for term in lacking:
            missed.setdefault(term, []).append(paragraph.start)
    return tuple(
        TermUse(
            term=term,
            said=count,
            written=tuple(written.get(term, Counter()).most_common()),
            paragraphs=paragraphs[term],
            missed=tuple(missed.get(term, ())),
            forbidden=tuple(wrong.get(term, ())),
        )
        for term, count in said.most_common()
    )


_LINK = re.compile(r"[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[a-z]{2,}(?:/[!-~]*)?")


def _spans(chinese: str, text: str) -> list[tuple[int, int]]:
    return [found.span() for found in _chinese(chinese).finditer(text)]


def _inside(span: tuple[int, int], wider: Iterable[tuple[int, int]]) -> bool:
    """Whether `span` is a true part of one of the others: 张量 in 张量并行."""
    return any(low <= span[0] and span[1] <= high and (low, high) != span for low, high in wider)


def _renderings(term: Term, text: str) -> Counter[str]:
    """Each accepted rendering in an NFKC Chinese text and how often it stands there."""
    found: Counter[str] = Counter()
    taken: list[tuple[int, int]] = []
    spans = [
        (span, target)
        for target in sorted(term.targets, key=len, reverse=True)
        for span in _spans(target, text)
    ]
    english = [m.span() for m in _english(term).finditer(text)]
    if term.policy != "keep":
        glosses = [m.span() for m in re.finditer(r"\([^()]*\)", text)]
        english = [span for span in english if _inside(span, glosses)]
    for (start, end), rendering in [*spans, *((span, term.source) for span in english)]:
        if all(end <= low or high <= start for low, high in taken):
            taken.append((start, end))
            found[rendering] += 1
    if not found and term.policy == "keep":  # pytorch.org names PyTorch
        links = " ".join(_LINK.findall(text)).casefold()
        found[term.source] = links.count(term.source.casefold())
    return +found


def _missed(term: Term, at: float | None) -> Problem:
    wanted = "、".join(term.targets)
    if term.policy == "keep":
        wanted = "、".join([term.source, *term.targets])
    return Problem(
        rule="term",
        severity="error" if term.policy == "strict" else "warning",
        message=f"“{term.source}” is said here; the Chinese has none of: {wanted}",
        at=at,
        where=term.source,
        hint=f"Write it so, or accept another target in {term.file}:{term.line}."
        if term.file
        else "Write it so, or accept another target in the glossary.",
    )


def _forbidden(term: Term, wrong: str, at: float | None) -> Problem:
    instead = "、".join(term.targets) or term.source
    return Problem(
        rule="term-forbidden",
        severity="error",
        message=f"“{term.source}” must not become {wrong}",
        at=at,
        where=term.source,
        hint=f"Write {instead}.",
    )


# --- for the reader -----------------------------------------------------------------------------

_UNTOUCHED = re.compile(
    rf"{_CODE_OR_LINK}|!?\[[^\]\n]*\]\([^)\n]*\)|（[^（）]*）|《[^《》]*》|<[^<>\n]*>"
)


def add_first_mentions(pairs: Sequence[tuple[str, str]], glossary: Glossary) -> list[str]:
    """The Chinese of each (English, Chinese) pair, with `中文（English）` where a term comes first.

    For the terms whose row asks for it, once in all the pairs: in the first whose English says
    the term and whose Chinese has a Chinese target in plain text (not in code, a link, a title
    or another gloss). Where it is glossed already, nothing is added; so a second time changes
    nothing.
    """
    result = []
    done: set[str] = set()
    for english, chinese in pairs:
        terms = glossary.terms_in(english)
        text = chinese
        for term in terms:
            if not term.first_mention or term.source in done:
                continue
            glossed = _glossed(text, term, terms)
            if glossed is not None:
                text = glossed
                done.add(term.source)
        result.append(text)
    return result


def _glossed(text: str, term: Term, terms: Iterable[Term]) -> str | None:
    """`text` with the term's first mention glossed, or as it is if it is; None without a place."""
    if _has_gloss(text, term):
        return text
    untouched = [found.span() for found in _UNTOUCHED.finditer(text)]
    longer = [span for other in terms for target in other.targets for span in _spans(target, text)]
    places = [
        span
        for target in term.targets
        if re.search(r"[\u3400-\u9fff]", target)
        for span in _spans(target, text)
        if not _inside(span, longer)
        and not any(low < span[1] and span[0] < high for low, high in untouched)
    ]
    for _, end in sorted(places, key=lambda span: (span[0], -span[1])):
        end += len(text[end:]) - len(text[end:].lstrip("*"))  # a gloss stands outside of bold
        if not text.startswith(("（", "(", " ("), end):
            rest = text[end:].removeprefix(" ")
            return f"{text[:end]}（{_as_text(term.source)}）{rest}"
    return None


def _has_gloss(text: str, term: Term) -> bool:
    """Whether the term's English stands in parentheses, alone or before a comma."""
    for gloss in re.findall(r"[（(]([^（()）]*)[)）]", text):
        said = _english(term).match(gloss.lstrip("` "))
        rest = said.string[said.end() :].lstrip("` ") if said else "?"
        if not rest or rest[0] in "，,；;、：:":
            return True
    return False


def _as_text(source: str) -> str:
    """English that Markdown shows as it is."""
    return f"`{source}`" if re.search(r"[_*<>\[\]{}\\]", source) else source


# --- reading the files --------------------------------------------------------------------------

# Alone, these are what was really said far more often than a name misheard.
_COMMON_WORDS = """
a about actually after again all also always an and any are as ask at back bad base be because
been before best better big both build but by call came can case change class clear close code
come could data day deep did different do does done down each easy end even ever every example
far fast feel few file find fine first fix for form found from full gave get gets give go goes
going good got graph great had hand hard has have he help her here high him his hold home how
if important in into is it its job just keep key kind know large last late later learn left
less let life like line list little live long look lot made main make many may maybe me mean
might model more most much must my name need network never new next nice no not nothing now of
off okay old on once one only open or order other our out over own part past people piece place
play point power problem put question quick rate read ready real really rest right run said
same saw say see set she short should show side simple since slow small so some something start
state still stop such sure table take talk tell test text than thank that the their them then
there these they thing think this those three through time to today together too top total
train true try turn two type under up us use used user using value very wait walk want was way
we week well went were what when where which while who whole why wide will with word work world
would write wrong yeah year yes yet you your
"""
COMMON = frozenset(_COMMON_WORDS.split())


class _Row(NamedTuple):
    file: str
    line: int
    cells: Mapping[str, str]

    def problem(self, message: str, severity: Severity = "error", hint: str = "") -> Problem:
        return _row_problem(self.file, self.line, message, severity, hint)


def _row_problem(
    file: str, line: int, message: str, severity: Severity = "error", hint: str = ""
) -> Problem:
    return Problem(
        rule="glossary",
        severity=severity,
        message=message,
        where=f"{file}:{line}",
        hint=hint,
    )


def load(files: Iterable[Path]) -> Glossary:
    """The terms of CSV files, in order. BadFileError names the first rows that cannot be used."""
    terms, problems = _read(files)
    errors = [f"{p.where}: {p.message}" for p in problems if p.severity == "error"]
    if errors:
        more = [f"and {len(errors) - _SHOWN} more"] if len(errors) > _SHOWN else []
        raise BadFileError(
            "The glossary has errors:\n" + "\n".join([*errors[:_SHOWN], *more]),
            hint="Mend these rows; `stw glossary check` lists all of them.",
        )
    return Glossary(terms=tuple(terms))


def load_counterparts(*files: Path) -> Glossary:
    """PyTorch's names (as sources) and Paddle's (as the one target of each), from CSV files.

    BadFileError names the first row that cannot be used, with its file and line.
    """
    terms: dict[str, Term] = {}
    for file in files:
        for row in _rows(file, COUNTERPART_COLUMNS):
            if isinstance(row, Problem):
                raise BadFileError(f"{row.where}: {row.message}", row.hint)
            cells = {column: " ".join(cell.split()) for column, cell in row.cells.items()}
            name, case = cells.get("pytorch", ""), cells.get("case", "")
            term = Term(
                source=name,
                targets=_list(cells.get("paddle", "")),
                policy="keep",
                exact_case=case == "exact",
                note=cells.get("note", ""),
                file=row.file,
                line=row.line,
            )
            if wrong := _counterpart_problem(term, case, terms.get(name.casefold())):
                raise BadFileError(
                    f"{row.file}:{row.line}: {wrong}",
                    f"Columns are {','.join(COUNTERPART_COLUMNS)}; case is any or exact.",
                )
            terms[name.casefold()] = term
    return Glossary(terms=tuple(terms.values()))


def _counterpart_problem(term: Term, case: str, other: Term | None) -> str:
    if not term.source:
        return "no name in the first column"
    if len(term.targets) != 1:
        return f"“{term.source}” has no single counterpart"
    if case not in ("", "any", "exact"):
        return f"case is {case!r}"
    return f"“{term.source}” stands already in {other.file}:{other.line}" if other else ""


def check(files: Iterable[Path]) -> list[Problem]:
    """Everything wrong or doubtful in CSV files, each with its file and line in `where`."""
    return _read(files)[1]


def _read(files: Iterable[Path]) -> tuple[list[Term], list[Problem]]:
    terms: list[Term] = []
    problems: list[Problem] = []
    for file in files:
        for item in _rows(file):
            if isinstance(item, Problem):
                problems.append(item)
                continue
            found = list(_row_problems(item))
            problems += found
            if not any(problem.severity == "error" for problem in found):
                terms.append(_term(item))
    return terms, [*problems, *_conflicts(terms)]


def _rows(file: Path, known: Sequence[str] = COLUMNS) -> Iterator[_Row | Problem]:
    """The rows under a header of some of the `known` columns, the first of them always."""
    name = str(file)
    try:
        data = file.read_bytes()
        text = data.decode("utf-8-sig")
    except OSError as error:
        yield _row_problem(name, 1, f"cannot be read: {error.strerror}")
        return
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        yield _row_problem(
            name,
            line,
            f"not UTF-8 at byte {error.start}",
            hint="Save the file as “CSV UTF-8”.",
        )
        return
    reader = csv.reader(text.splitlines(keepends=True), strict=True)
    columns: list[str] | None = None
    line = 1
    try:
        for cells in reader:
            if columns is None:
                columns = [cell.strip() for cell in cells]
                if wrong := _header_problem(columns, known):
                    yield _row_problem(name, line, wrong, hint=f"Columns are {','.join(known)}.")
                    return
            elif cells:
                yield _cells(name, line, columns, cells)
            line = reader.line_num + 1
    except csv.Error as error:
        yield _row_problem(name, line, f"not CSV: {error}")
    if columns is None:
        yield _row_problem(name, 1, "no header", hint=f"Begin with {','.join(known)}.")


def _header_problem(columns: Sequence[str], known: Sequence[str]) -> str:
    unknown = [column for column in columns if column not in known]
    if unknown:
        return f"unknown column {unknown[0]!r}"
    if len(set(columns)) < len(columns):
        return "a column stands twice"
    return "" if known[0] in columns else f"no column {known[0]!r}"


def _cells(file: str, line: int, columns: Sequence[str], cells: Sequence[str]) -> _Row | Problem:
    if len(cells) != len(columns):
        return _row_problem(
            file,
            line,
            f"{len(cells)} cells where the header has {len(columns)}",
            hint='A cell with a comma needs quotes: "a, b".',
        )
    return _Row(file, line, dict(zip(columns, cells, strict=True)))


def _list(cell: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(item for part in cell.split("|") if (item := part.strip())))


def _term(row: _Row) -> Term:
    def cell(column: str) -> str:
        return " ".join(row.cells.get(column, "").split())

    return Term(
        source=cell("source"),
        targets=_list(cell("target")),
        policy=cast(Policy, cell("policy") or "prefer"),
        exact_case=cell("case") == "exact",
        first_mention=cell("first_mention") == "yes",
        heard_as=_list(cell("heard_as")),
        forbidden=_list(cell("forbidden")),
        note=cell("note"),
        file=row.file,
        line=row.line,
    )


_CHOICES = {"policy": get_args(Policy), "case": ("any", "exact"), "first_mention": ("yes", "no")}


def _row_problems(row: _Row) -> Iterator[Problem]:
    """What is wrong with one row by itself."""
    for column, choices in _CHOICES.items():
        value = row.cells.get(column, "").strip()
        if value and value not in choices:
            yield row.problem(f"{column} is {value!r}; it can be {', '.join(choices)}")
    term = _term(row)
    if not term.source:
        yield row.problem("no source")
        return
    if term.policy in ("strict", "prefer") and not term.targets:
        yield row.problem(f"“{term.source}” is {term.policy} and has no target")
    if term.policy == "forbid" and not term.forbidden:
        yield row.problem(f"“{term.source}” is forbid and forbids nothing")
    for wrong in set(term.targets) & set(term.forbidden):
        yield row.problem(f"“{term.source}”: {wrong} is both target and forbidden")
    yield from _doubts(row, term)


def _doubts(row: _Row, term: Term) -> Iterator[Problem]:
    for column in ("source", "target", "heard_as", "forbidden"):
        cell = row.cells.get(column, "")
        parts = cell.split("|") if column != "source" else [cell]
        if any(part != " ".join(part.split()) for part in parts):
            yield row.problem(f"stray spaces in {column}: {cell!r}", "warning")
        if len(parts) > 1 and ("" in parts or len(set(parts)) < len(parts)):
            yield row.problem(f"an empty or repeated item in {column}: {cell!r}", "warning")
    for heard in term.heard_as:
        if heard.lower() in COMMON or len(heard) < 3:
            yield row.problem(
                f"“{heard}”, heard for “{term.source}”, is too common to be corrected",
                "warning",
                "Give it with the words around it.",
            )


def _conflicts(terms: Sequence[Term]) -> Iterator[Problem]:
    """Rows that contradict each other."""
    sources: dict[str, Term] = {}
    for term in terms:
        other = sources.setdefault(_folded(term.source), term)
        apart = term.exact_case and other.exact_case and term.source != other.source
        if other is not term and not apart:
            yield _conflict(term, f"“{term.source}” stands already in {other.file}:{other.line}")
    claimed: dict[str, Term] = {}
    for term in terms:
        for heard in term.heard_as:
            owner = sources.get(_folded(heard))
            if owner and (owner.source != term.source or heard == term.source):
                place = f"{owner.file}:{owner.line}"
                yield _conflict(term, f"heard_as “{heard}” is itself the source of {place}")
            other = claimed.setdefault(_folded(heard), term)
            if other is not term:
                place = f"{other.file}:{other.line}"
                yield _conflict(term, f"heard_as “{heard}” is claimed already by {place}")


def _conflict(term: Term, message: str) -> Problem:
    return _row_problem(term.file, term.line, message)
