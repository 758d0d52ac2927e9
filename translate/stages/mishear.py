"""Suspected mishearings: what sounds or looks like a name of the term base, and is not it.

Says where, which name, and how alike; changes nothing, since the most alike are often right. Two
likenesses are taken together: of the letters, and of the consonants as they are spoken, with
acronyms and numbers read out. Plain English is let pass unless several words of it sound the same
as a name. Knows articles, terms and slides; knows no reports.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal, NamedTuple

from jellyfish import metaphone
from rapidfuzz.distance import Indel

from translate.glossary import Glossary
from translate.model import Article, Sentence, Slide, Term
from translate.stages.mishear_english import is_english, is_listed, same_word
from translate.stages.mishear_shown import lacking, names_on, written_on

LONGEST = 4  # words of a span
AROUND = 6  # words shown on either side of it
_NEAR = 60.0  # seconds from a slide within which what stands on it is expected

# How alike a span and a name must be, 0..1; tuned by tests/bench/mishearings.py.
UNKNOWN = 0.80  # with a word that is no English word
CAPITAL = 0.90  # of English words with a capital within a sentence; or where the name is such
EXPECTED = 0.62  # either, where the talk itself speaks of the name
EXPECTED_WORDS = 0.72  # where the name is made of English words
SHOWN, SHOWN_WORDS = 0.68, 0.76  # the same, where only a slide near in time has the name
PLAIN = 0.80  # the letters alone, of several plain words that sound the same as the name
# Acronyms differ by design: their letters alone must be as alike as this.
ACRONYM, EXPECTED_ACRONYM = 0.75, 0.6
FEWEST = 4  # letters and digits of the shortest span and name; one less where it is expected
FEWEST_SPELT, FEWEST_PLAIN = 6, 8  # of plain words with just the name's letters, and with others


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A stretch of English that may be a term misheard."""

    at: float  # start of its sentence, in seconds
    heard: str
    term: str  # the source of the glossary's row, or the name as a slide has it
    score: float  # how alike they are, 0..1
    context: str  # the words around it
    shown: float | None = None  # when the slide nearest in time with the name was put up


def candidates(
    article: Article, glossary: Glossary, context: str = "", slides: Sequence[Slide] = ()
) -> tuple[Candidate, ...]:
    """Spans of one to four words that are no terms but resemble one, in the order of the talk.

    `context` is what else is known of the talk (title, description, chapters): a name that it or
    the talk itself says needs less likeness, and so does one that can be read on a slide within a
    minute. The names on `slides` are listened for as well. Spans do not overlap.
    """
    sentences = [s for p in article.paragraphs for s in p.sentences]
    text = "\n".join([context, *(s.text for s in sentences)])
    shown = _Shown(glossary, slides)
    said = frozenset(term.source for term in glossary.terms_in(text))
    ears: dict[frozenset[str], _Ears] = {}
    found: list[Candidate] = []
    for sentence in sentences:
        near = shown.near(sentence)
        if near not in ears:
            names = [*_names(glossary, said, near), *shown.names(near)]
            ears[near] = _Ears(shown.glossary, names, shown.written)
        found += (shown.timed(c) for c in ears[near].listen(sentence))
    return tuple(found)


class _Shown:
    """What slides add to what is known."""

    def __init__(self, glossary: Glossary, slides: Sequence[Slide]) -> None:
        self._by_text = {name.text: name for name in names_on(slides)}
        self.written = written_on(slides)
        own = lacking(self._by_text, glossary)
        self._own = tuple(Term(source=name, policy="keep") for name in own)
        self.glossary = Glossary(terms=(*glossary.terms, *self._own)) if own else glossary

    def near(self, sentence: Sentence) -> frozenset[str]:
        """The names that can be read at a sentence, or shortly before or after it."""
        some = self._by_text.values()
        return frozenset(n.text for n in some if n.near(sentence.start, sentence.end, _NEAR))

    def names(self, near: frozenset[str]) -> Iterator["_Name"]:
        for term in self._own:
            if (name := _name(term, said=False, shown=term.source in near)) is not None:
                yield name

    def timed(self, candidate: Candidate) -> Candidate:
        name = self._by_text.get(candidate.term)
        return replace(candidate, shown=name.closest(candidate.at)) if name else candidate


# --- sounds -------------------------------------------------------------------------------------

_LETTER_NAMES = """
ay bee see dee ee ef jee aitch eye jay kay el em en oh pee cue are ess tee you vee doubleyou ex why
zee
"""
_NUMBER_NAMES = """
zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen
sixteen seventeen eighteen nineteen
"""
_NAMES_OF_LETTERS = _LETTER_NAMES.split()
_ONES = _NUMBER_NAMES.split()
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_PIECE = re.compile(r"\d+|[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_SPELT_OUT = 5  # letters of the longest acronym that is read letter by letter
_VOWELS = "AEIOU"
_FIRST = str.maketrans("BJ0W", "PXTF")  # first sounds that are taken for each other


def _number(digits: str) -> list[str]:
    """A number as it is spoken in a name: 16 is sixteen, 300 is three hundred, 5521 by digits."""
    if len(digits) > 3 or digits.startswith("0"):
        return [_ONES[int(d)] for d in digits]
    hundreds, rest = divmod(int(digits), 100)
    words = [_ONES[hundreds], "hundred"] if hundreds else []
    if rest >= 20:
        words.append(_TENS[rest // 10 - 2])
        rest %= 10
    return [*words, _ONES[rest]] if rest else words


def _ascii(text: str) -> str:
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()


def _pieces(text: str) -> list[str]:
    """The parts of names: `TorchInductor` has two, `FSDP2` has two."""
    return _PIECE.findall(_ascii(text))


def _spoken(text: str, *, as_word: bool) -> Iterator[str]:
    """The words of `text` as they are said; acronyms with a vowel as words or by their letters."""
    for piece in _pieces(text):
        vowel = re.search("[aeiouy]", piece.lower())
        spelt = len(piece) < _SPELT_OUT or (piece.isupper() and len(piece) == _SPELT_OUT)
        if piece.isdigit():
            yield from _number(piece)
        elif len(piece) == 1 or (spelt and not (vowel and (as_word or not piece.isupper()))):
            yield from (_NAMES_OF_LETTERS[ord(letter) - ord("a")] for letter in piece.lower())
        else:
            yield piece.lower()


@lru_cache(maxsize=65536)
def _metaphone(word: str) -> str:
    return metaphone(word).replace(" ", "")


@lru_cache(maxsize=65536)
def _sounds(text: str) -> tuple[str, ...]:
    """The consonants of `text` as they are said, one string for each way to say it."""
    ways: dict[str, None] = {}
    for as_word in (True, False):
        sound = "".join(_metaphone(word) for word in _spoken(text, as_word=as_word))
        ways[sound[:1] + re.sub(f"[{_VOWELS}]", "", sound[1:])] = None
    return tuple(way for way in ways if way)


@lru_cache(maxsize=65536)
def _letters(text: str) -> str:
    """Small letters alone, numbers in words."""
    words = re.sub(r"\d+", lambda digits: "".join(_number(digits[0])), _ascii(text).lower())
    return re.sub("[^a-z]", "", words)


def likeness(heard: str, name: str) -> float:
    """How much alike two texts look and sound, 0..1."""
    look = Indel.normalized_similarity(_letters(heard), _letters(name))
    ways = [Indel.normalized_similarity(a, b) for a in _sounds(heard) for b in _sounds(name)]
    return (look + max(ways, default=0.0)) / 2


@lru_cache(maxsize=65536)
def _openings(text: str) -> frozenset[str]:
    """First sounds of a text and, marked, of its last word: names are compared where one fits."""
    found: set[str] = set()
    for sound in _sounds(text):
        found |= {sound[0].translate(_FIRST)}
        if sound[0] in _VOWELS:
            found |= set(sound[1:2].translate(_FIRST))
    words = text.split()
    if len(words) > 1 and words[-1][0].isupper():
        found |= {"-" + sound[0].translate(_FIRST) for sound in _sounds(words[-1])}
    return frozenset(found)


# --- names --------------------------------------------------------------------------------------


class _Name(NamedTuple):
    """A term as it is listened for."""

    term: Term
    letters: str
    pieces: frozenset[str]
    proper: bool  # a name that stays English, an acronym, a person; not a term like tokenizer
    ordinary: bool  # its words are English, too
    expected: bool  # the talk speaks of it, or shows it just then
    enough: float  # how alike it must be where it is expected


def _is_proper(term: Term) -> bool:
    return term.policy == "keep" or bool(re.search("[A-Z0-9]", term.source))


def _names(glossary: Glossary, said: frozenset[str], near: frozenset[str]) -> Iterator[_Name]:
    """The terms that can be told from plain English, and are long enough."""
    for term in glossary.terms:
        name = _name(term, said=term.source in said, shown=term.source in near)
        if name is not None:
            yield name


@lru_cache(maxsize=16384)
def _name(term: Term, *, said: bool, shown: bool) -> _Name | None:
    source, letters, proper = term.source, _letters(term.source), _is_proper(term)
    if not proper and (" " in source or is_listed(source) or is_listed(letters)):
        return None
    if len(letters) < (FEWEST if proper else FEWEST_SPELT):
        return None
    pieces = frozenset(piece.lower() for piece in _pieces(source))
    ordinary = all(map(is_english, _WORD.findall(source)))
    enough = EXPECTED_WORDS if ordinary else EXPECTED
    if not said:
        enough = SHOWN_WORDS if ordinary else SHOWN
    return _Name(term, letters, pieces, proper, ordinary, proper and (said or shown), enough)


# --- listening ----------------------------------------------------------------------------------

_WORD = re.compile(r"[A-Za-z0-9_À-ɏ]+(?:[-‐–.'’/+@][A-Za-z0-9_À-ɏ]+)*")
_QUOTED = re.compile(r"`[^`]+`|(?:https?://|www\.)\S+")
_CODE = re.compile(r"_|[A-Za-z]{2}\.[A-Za-z]{2}|/|@")
_BREAK = re.compile(r"[,;:!?()\[\]\"“”…—]|\.(?=\s|$)|\w")
_OPENING = re.compile(r"(?:^|[.!?:…\-–—\"“(\[♪])\s*$")
# With one of these at its edge, a span is a neighbouring word too long.
_EDGE_WORDS = """
a an the and or but if so as at by for from in into of on to with is are was were be been has have
had do does it its this that these those i we you he she they them us our your their my his her not
no then than there here when what which who how ah oh uh um
"""
_EDGES = frozenset(_EDGE_WORDS.split())


# Of a name that is written right; English; English with a capital, as a name; nothing known.
Kind = Literal["right", "plain", "capital", "unknown"]


class _Token(NamedTuple):
    start: int
    end: int
    text: str
    kind: Kind


class _Found(NamedTuple):
    score: float
    name: _Name


class _Ears:
    """What to listen for in one talk."""

    def __init__(self, glossary: Glossary, names: Iterable[_Name], written: frozenset[str]) -> None:
        self._glossary = glossary
        self._written = written
        self._spelt = {_singular(_letters(term.source)) for term in glossary.terms}
        self._by_opening: dict[str, list[_Name]] = defaultdict(list)
        self._by_sound: dict[str, list[_Name]] = defaultdict(list)
        for name in sorted(names, key=lambda n: n.term.source):
            for opening in _openings(name.term.source):
                self._by_opening[opening].append(name)
            for sound in _sounds(name.term.source) if name.proper else ():
                self._by_sound[sound].append(name)
        self._known: dict[tuple[str, tuple[str, ...]], _Found | None] = {}

    def listen(self, sentence: Sentence) -> Iterator[Candidate]:
        """The candidates of one sentence, in its order; where spans overlap, the most alike."""
        text = sentence.text
        tokens = self._tokens(text)
        found = [
            (first, last, best)
            for first, last in _spans(text, tokens)
            if (best := self._best(text, tokens[first : last + 1]))
        ]
        found.sort(key=lambda f: (-f[2].score, f[0] - f[1], f[0]))
        taken: set[int] = set()
        chosen = []
        for first, last, best in found:
            if taken.isdisjoint(range(first, last + 1)):
                taken |= set(range(first, last + 1))
                chosen.append((first, last, best))
        for first, last, best in sorted(chosen, key=lambda c: c[0]):
            low, high = max(0, first - AROUND), min(len(tokens) - 1, last + AROUND)
            yield Candidate(
                at=sentence.start,
                heard=text[tokens[first].start : tokens[last].end],
                term=best.name.term.source,
                score=round(best.score, 3),
                context=text[tokens[low].start : tokens[high].end],
            )

    def _tokens(self, text: str) -> list[_Token]:
        """The words, without code and links."""
        matches = self._glossary.matches(text)
        quoted = [m.span() for m in _QUOTED.finditer(text)]
        tokens = []
        for word in _WORD.finditer(text):
            start, end = word.span()
            if _CODE.search(word[0]) or any(low < end and start < high for low, high in quoted):
                continue
            here = [m for m in matches if m.start < end and start < m.end]
            whole = any(m.start <= start and end <= m.end for m in here)
            if any(_is_proper(m.term) for m in here):
                kind: Kind = "right"
            elif whole or (word[0].isalpha() and _singular(_letters(word[0])) in self._spelt):
                kind = "plain"
            elif word[0].lower() in self._written:
                kind = "plain"  # as a slide spells it
            else:
                kind = _kind(word[0], opening=_OPENING.search(text, 0, start) is not None)
            tokens.append(_Token(start, end, word[0], kind))
        return tokens

    def _best(self, text: str, tokens: Sequence[_Token]) -> _Found | None:
        """The name that a span resembles most, if it does enough."""
        heard = text[tokens[0].start : tokens[-1].end]
        kinds = tuple(token.kind for token in tokens)
        if (heard, kinds) not in self._known:
            self._known[heard, kinds] = self._compared(heard, tokens)
        return self._known[heard, kinds]

    def _compared(self, heard: str, tokens: Sequence[_Token]) -> _Found | None:
        kinds = {token.kind for token in tokens}
        right = frozenset(
            piece.lower() for t in tokens if t.kind == "right" for piece in _pieces(t.text)
        )
        if kinds == {"right"} or (kinds == {"plain"} and len(tokens) == 1):
            return None
        if kinds <= {"plain", "right"}:
            names = {n for sound in _sounds(heard) for n in self._by_sound.get(sound, ())}
            return _first(_sounding(heard, (n for n in names if right < n.pieces)))
        names = {n for opening in _openings(heard) for n in self._by_opening.get(opening, ())}
        least = UNKNOWN if "unknown" in kinds else CAPITAL
        return _first(_resembling(heard, (n for n in names if right <= n.pieces), least, right))


def _first(found: Iterable[_Found]) -> _Found | None:
    """The most alike; of equals one that is expected, then by the alphabet."""
    return min(
        found, key=lambda f: (-f.score, not f.name.expected, f.name.term.source), default=None
    )


def _sounding(heard: str, names: Iterable[_Name]) -> Iterator[_Found]:
    """The names that plain words, which sound like them, also look like."""
    letters = _letters(heard)
    for name in names:
        if letters == name.letters:
            if len(letters) >= FEWEST_SPELT and _apart(heard, name):
                yield _Found(1.0, name)
        elif len(letters) >= FEWEST_PLAIN:
            look = Indel.normalized_similarity(letters, name.letters)
            if look >= PLAIN:
                yield _Found((1 + look) / 2, name)


def _resembling(
    heard: str, names: Iterable[_Name], least: float, right: frozenset[str]
) -> Iterator[_Found]:
    """The names that a span with an unknown word or a capital resembles.

    What is `right` in it already is in the names too, and does not count.
    """
    letters, size = _letters(heard), sum(map(str.isalnum, heard))
    rest = _without(heard, right)
    for name in names:
        if size < FEWEST - name.expected:
            continue
        if letters == name.letters:
            if _apart(heard, name):
                yield _Found(1.0, name)
            continue
        if _is_another(heard, letters, name):
            continue
        needed = max(least, CAPITAL) if name.ordinary else least
        if name.expected and least < CAPITAL:
            needed = name.enough
        elif name.expected:
            needed = least if name.ordinary else name.enough
        score = likeness(rest, _without(name.term.source, right))
        if score >= needed:
            yield _Found(score, name)


def _is_another(heard: str, letters: str, name: _Name) -> bool:
    """Whether a span is surely something else: a derived word, a compound, another acronym."""
    if same_word(letters, name.letters):
        return True
    if not name.proper and (" " in heard or {p.lower() for p in _pieces(heard)} >= name.pieces):
        return True
    look = Indel.normalized_similarity(letters, name.letters)
    if heard.isupper() and len(letters) <= _SPELT_OUT + 1:
        return look < (EXPECTED_ACRONYM if name.expected else ACRONYM)
    return (look + 1) / 2 < EXPECTED


def _apart(heard: str, name: _Name) -> bool:
    """Whether the same letters are written in more parts than the name has, or with a number."""
    source = name.term.source
    if name.term.policy != "keep":
        return False
    digits = [bool(re.search(r"\d", text)) for text in (heard, source)]
    return digits[0] != digits[1] or (
        len(re.split(r"[\s.-]+", heard)) > len(re.split(r"[\s-]+", source))
    )


def _without(text: str, right: frozenset[str]) -> str:
    if not right:
        return text
    return " ".join(piece for piece in _pieces(text) if piece.lower() not in right)


def _singular(letters: str) -> str:
    return letters[:-1] if letters.endswith("s") and len(letters) > 4 else letters


def _kind(word: str, *, opening: bool) -> Kind:
    if word.isdigit():
        return "plain"
    if not is_english(word) or re.search(r"\d", word):
        return "unknown"
    capital = re.search("[A-Z]", word[1:] if opening else word)
    return "capital" if capital and word != "I" and not re.search("['’]", word) else "plain"


def _spans(text: str, tokens: Sequence[_Token]) -> Iterator[tuple[int, int]]:
    """First and last word of each span that nothing interrupts."""
    for first, opening in enumerate(tokens):
        if _at_no_edge(opening):
            continue
        for last in range(first, min(first + LONGEST, len(tokens))):
            if last > first and _BREAK.search(text, tokens[last - 1].end, tokens[last].start):
                break
            if not _at_no_edge(tokens[last]):
                yield first, last


def _at_no_edge(token: _Token) -> bool:
    return token.kind == "plain" and token.text.lower() in _EDGES
