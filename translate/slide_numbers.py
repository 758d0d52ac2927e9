"""Numbers on slides against the numbers said, and written in Chinese, while they stand there.

Only where a line and a sentence plainly speak of one thing, and the slide's number is neither said
nor written anywhere meanwhile: a wrong alarm costs an editor more than a number that he has to see
himself. Slides, English and Chinese in, problems out; knows no files and no models.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from itertools import pairwise

from translate import numerals
from translate.model import Article, Paragraph, Problem, Sentence, Slide, Translation, clock

_BEFORE, _AFTER = 5.0, 10.0  # seconds: said as the slide comes up, and when it has just gone
_SHARED = 2  # content words that a line and a sentence must share
_MOST = 4  # numbers on a line beyond which it is a row of a table
_LONGEST = 80  # characters of a line, quoted
_LARGE = 1000  # no version of anything
_COUNTED = 3  # content words behind a number that may name what it counts
# A rounder number may be off by so much, and any by so little.
_ROUNDED, _SAME = Decimal("0.12"), Decimal("0.02")
_ENOUGH, _OFTEN = 8, 0.25  # paragraphs from which words in so many of them tell nothing apart

_SCALE = "hundred|thousand|million|billion|trillion"
_ONE = (
    "one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen"
    "|sixteen|seventeen|eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety"
)
_DIGITS = (
    r"(?:\d+(?:,\d{3})+(?!\d)(?:\.\d+)?|\d+(?:\.\d+)?)(?![\d.]*\d)"
    rf"(?: ?[KMBT](?![A-Za-z])|k(?![A-Za-z])| (?i:{_SCALE})\b)?"
)
_WORDS = rf"(?i:\b(?:{_ONE})(?:[ -]+(?:and +)?(?:{_ONE}|{_SCALE}|point))*\b)"
_UNITS = {
    "%": r"%|(?:percent|per cent)\b",
    "x": r"[x×](?![A-Za-z\d]| *\d)|(?:times|fold)\b",
    "ms": r"(?:ms|milliseconds?)\b",
    "s": r"(?:s|secs?|seconds?)\b",
    "min": r"(?:mins?|minutes?)\b",
    "h": r"(?:h|hrs?|hours?)\b",
    "day": r"days?\b",
    "week": r"weeks?\b",
    "month": r"months?\b",
    "year": r"years?\b",
    "KB": r"(?:KB|KiB|kilobytes?)\b",
    "MB": r"(?:MB|MiB|megabytes?)\b",
    "GB": r"(?:GB|GiB|gigabytes?|gigs?)\b",
    "TB": r"(?:TB|TiB|terabytes?)\b",
    "$": r"(?:dollars?|USD)\b",
    "€": r"(?:euros?|EUR)\b",
}
_BASE = {
    "ms": ("s", "0.001"),
    "min": ("s", "60"),
    "h": ("s", "3600"),
    "KB": ("B", "1e3"),
    "MB": ("B", "1e6"),
    "GB": ("B", "1e9"),
    "TB": ("B", "1e12"),
}
_QUANTITY = re.compile(
    rf"(?<![\w.#:/_])(?<!\w-)(?P<money>[$€] ?)?(?P<number>{_DIGITS}|{_WORDS})(?![-–/:]\d)\+?"
    rf"(?:[ -]?(?:{'|'.join(f'(?P<u{n}>{p})' for n, p in enumerate(_UNITS.values()))})|(?![\w]))"
)
_WORD = re.compile(r"[A-Za-z][A-Za-z'’]*")
_LINE = 1000  # characters of a slide's line at most; a longer one is no sentence
_LED_BY = 80  # characters before a number that say what it is
# Before a number: a version's name, a number of an order, a year's preposition.
_NAME_BEFORE = re.compile(r"[^\s(] +[A-Z]\w*[A-Za-z] $")
_ORDER_BEFORE = re.compile(
    r"(?i)\b(?:version|release|part|step|chapter|section|figure|table|slide|page"
    r"|number|no|level|layer|stage|phase|python|day|week|rank|node|line)s? $"
)
_YEAR_BEFORE = re.compile(
    r"(?i)\b(?:in|of|since|by|from|until|till|to|during|year|early|late|mid|january|february|march"
    r"|april|may|june|july|august|september|october|november|december|and|or)[ -]$|^\W*$"
)
_CLAUSE = re.compile(r"[,;:.?!](?= )| but | while | whereas ")
# With one of these, a clause speaks of another time, or of what might be.
_ELSEWHEN = re.compile(
    r"(?i)\b(?:ago|last|before|previous(?:ly)?|used to|earlier|back (?:in|then)|originally"
    r"|initially|at first|next (?:year|month|week|quarter)|(?:by|in|since) (?:19|20)\d\d|imagine"
    r"|suppose|let['’]s|if|would|could|might|for (?:example|instance)|goal|target|hope|plan"
    r"|compared|instead|rather than|versus|other|another)\b"
)
_STOP = frozenset(
    re.findall(
        r"\w+",
        """
    about above after all almost also and any are around been both but can did does doing done down
    each even every few for from get gets got had has have having here how into its just kind less
    like lot lots made make makes making many may more most much near nearly need new next not now
    off once one only other our out over per really same see should some such take than that the
    their them then there these they thing things this those through too under use used uses using
    very want was well were what when where which while who why will with within without you your
    roughly approximately percent times month year increase growth going went come today actually
    because between during since until
    """,
    )
) | set(f"{_ONE}|{_SCALE}".split("|"))
_ENDINGS = ("ations", "ation", "ings", "ing", "ers", "er", "ies", "ed", "es", "s", "y", "e")


@dataclass(frozen=True, slots=True)
class _Quantity:
    """A number with what it counts."""

    text: str
    plain: Decimal  # as it is written
    value: Decimal  # in the base of its unit
    unit: str  # "" for what is only counted
    counted: frozenset[str]  # stems of the words that name it; empty for none
    clause: str


def differing(
    slides: Sequence[Slide], article: Article, translations: Iterable[Translation]
) -> Iterator[Problem]:
    """A problem for each number on a slide that is said, or written in Chinese, otherwise.

    Left alone are versions, years, dates and tables; rounded numbers; numbers that stand on the
    slide as well; and what is said of another time.
    """
    chinese = {t.start: t.chinese for t in translations if t.chinese}
    usual = _usual(article)
    told: set[tuple[float, str]] = set()
    for slide in slides:
        here = _meanwhile(slide, article)
        for line in _lines(slide) if here else ():
            for problem in _of_line(line, slide, here, chinese, usual):
                key = (problem.at or 0.0, problem.message.partition("”")[0])
                if key not in told:
                    told.add(key)
                    yield problem


# --- what stands there, and what is said meanwhile ----------------------------------------------

_Here = Sequence[tuple[Paragraph, Sequence[Sentence]]]


def _meanwhile(slide: Slide, article: Article) -> _Here:
    """The sentences that are said while a slide stands, by paragraph."""
    spans = [(s.start - _BEFORE, s.end + _AFTER) for s in slide.shown]
    found = []
    for paragraph in article.paragraphs:
        some = [
            s
            for s in paragraph.sentences
            if any(start < s.end and s.start < end for start, end in spans)
        ]
        if some:
            found.append((paragraph, some))
    return found


def _lines(slide: Slide) -> list[str]:
    texts = [slide.title, *(line.text for line in slide.lines if not line.code)]
    return [text for text in texts if len(text) <= _LINE]


def _usual(article: Article) -> frozenset[str]:
    """Content words of so many paragraphs that they tell nothing apart."""
    paragraphs = article.paragraphs
    if len(paragraphs) < _ENOUGH:
        return frozenset()
    often = Counter(word for p in paragraphs for word in _content(p.english))
    return frozenset(w for w, n in often.items() if n > _OFTEN * len(paragraphs))


# --- one line -----------------------------------------------------------------------------------


def _of_line(
    line: str, slide: Slide, here: _Here, chinese: Mapping[float, str], usual: frozenset[str]
) -> Iterator[Problem]:
    shown = _quantities(line)
    if len(shown) > _MOST:
        return
    subject = _content(line) - usual
    others = [q for text in _lines(slide) for q in _quantities(text)]
    for one in shown:
        if not one.unit and not one.counted:
            continue
        has = f"the slide at {clock(slide.start)} has “{one.text}”"
        if _is_said(one, here):
            for at, wrong in _miswritten(one, subject, here, chinese):
                yield _problem(f"“{wrong}” is written; {has}, which is said too", at, line)
            continue
        settled = any(_holds(chinese.get(p.start, ""), one) for p, _ in here)
        instead = _instead(one, subject, here, others, alone=_alone(one, others))
        if instead and not settled:
            sentence, other = instead
            yield _problem(f"“{other.text}” was heard; {has}", sentence.start, line)


def _problem(message: str, at: float, line: str) -> Problem:
    text = line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"
    return Problem(
        rule="slide-number",
        severity="warning",
        message=f"{message}: {text}",
        at=at,
        hint="listen there and look at the slide; put it right in the draft, or silence it",
    )


def _alone(one: _Quantity, others: Sequence[_Quantity]) -> bool:
    """Whether a slide has one number of a unit only."""
    return bool(one.unit) and sum(q.unit == one.unit for q in others) == 1


def _is_said(one: _Quantity, here: _Here) -> bool:
    for paragraph, _ in here:
        said = _quantities(paragraph.english)
        elsewise = {q.plain for q in said if q.unit not in ("", one.unit)}
        if one.plain in numerals.english(paragraph.english).possible - elsewise:
            return True
        if any(_same(q, one) for q in said):
            return True
    return False


def _holds(chinese: str, one: _Quantity) -> bool:
    return any(_near(value, one.plain) for value in numerals.chinese(chinese).values)


def _instead(
    one: _Quantity,
    subject: frozenset[str],
    here: _Here,
    others: Sequence[_Quantity],
    *,
    alone: bool,
) -> tuple[Sentence, _Quantity] | None:
    """The number that is said where a slide's should be, with its sentence."""
    best: tuple[int, Sentence, _Quantity] | None = None
    for sentence in (s for _, some in here for s in some):
        shared = len(subject & _content(sentence.text))
        said = _quantities(sentence.text)
        for other in said:
            if other.unit != one.unit or any(_same(other, q) or _same(q, other) for q in others):
                continue
            if _ELSEWHEN.search(other.clause) and not _ELSEWHEN.search(one.clause):
                continue
            only = alone and sum(q.unit == one.unit for q in said) == 1
            named = one.counted & other.counted
            enough = shared >= _SHARED if one.unit else bool(named)
            if (enough or (only and shared)) and (best is None or shared > best[0]):
                best = (shared, sentence, other)
    return best[1:] if best else None


def _miswritten(
    one: _Quantity, subject: frozenset[str], here: _Here, chinese: Mapping[float, str]
) -> Iterator[tuple[float, str]]:
    """Paragraphs that say a slide's number and whose Chinese has another one in its place."""
    for paragraph, sentences in here:
        text = chinese.get(paragraph.start, "")
        told = [
            s
            for s in sentences
            if any(_same(q, one) for q in _quantities(s.text)) and subject & _content(s.text)
        ]
        if not text or not told or _holds(text, one):
            continue
        possible = numerals.english(paragraph.english).possible
        new = {n for n in numerals.chinese(text).arabic - possible if n > 1}
        if new:
            yield told[0].start, _chinese_text(min(new, key=lambda n: abs(n - one.plain)))


def _chinese_text(value: Decimal) -> str:
    for scale, name in ((10**8, "亿"), (10**4, "万")):
        if value >= scale and value % (scale // 100) == 0:
            return f"{(value / scale).normalize():f} {name}"
    return f"{value:f}"


# --- numbers ------------------------------------------------------------------------------------


def _same(said: _Quantity, shown: _Quantity) -> bool:
    """Whether what is said is a slide's number, rounded perhaps."""
    if said.unit == shown.unit:
        return _near(said.value, shown.value)
    return said.plain == shown.plain and "" in (said.unit, shown.unit)


def _near(said: Decimal, shown: Decimal) -> bool:
    if said == shown:
        return True
    off = abs(said - shown) / max(abs(shown), Decimal("1e-9"))
    rounder = _figures(said) < _figures(shown) or said % 5 == 0
    return off <= (_ROUNDED if rounder and _figures(shown) > 1 else _SAME)


def _figures(value: Decimal) -> int:
    return len(value.normalize().as_tuple().digits)


@lru_cache(maxsize=4096)
def _quantities(text: str) -> tuple[_Quantity, ...]:
    """The numbers of an English text that say how many or how much, in order."""
    text = re.sub(r"\s+", " ", text)
    found = []
    for match in _QUANTITY.finditer(text):
        before = text[max(0, match.start() - _LED_BY) : match.start()]
        value = _value(match["number"])
        unit = _unit(match)
        if value is None or (not unit and _is_no_count(match["number"], value, before)):
            continue
        base, factor = _BASE.get(unit, (unit, "1"))
        counted = () if unit else _counted(text[match.end() :])
        found.append(
            _Quantity(
                text=match[0].strip(),
                plain=value,
                value=(value * Decimal(factor)).normalize(),
                unit=base,
                counted=frozenset(counted),
                clause=_clause(text, match.start(), match.end()),
            )
        )
    return tuple(found)


def _value(number: str) -> Decimal | None:
    said = numerals.english(re.sub(r"(?<=\d) (?=[KMBT]$)", "", number))
    values = said.required | said.small
    return next(iter(values)) if len(values) == 1 else None


def _unit(match: re.Match[str]) -> str:
    if match["money"]:
        return match["money"].strip()
    return next((name for n, name in enumerate(_UNITS) if match[f"u{n}"]), "")


def _is_no_count(number: str, value: Decimal, before: str) -> bool:
    """Whether it is a version, a year or the number of something."""
    year = re.fullmatch(r"(?:19|20)\d\d", number) and _YEAR_BEFORE.search(before)
    name = number.isdigit() and value < _LARGE and _NAME_BEFORE.search(before)
    return bool(year or name or _ORDER_BEFORE.search(before)) or value != value.to_integral_value()


def _counted(after: str) -> Iterator[str]:
    """Stems of the words right behind a number, and of two of them written as one."""
    phrase = re.match(r"(?: ?(?:of (?:the |these |our )?)?[A-Za-z][\w'’-]*){0,6}", after)
    last = ""
    count = 0
    for word in _WORD.findall(phrase[0] if phrase else ""):
        lower = word.lower()
        if lower in _STOP and lower not in (
            "new",
            "more",
            "of",
            "the",
            "our",
            "these",
            "different",
        ):
            return
        if lower in _STOP or len(lower) < 3:
            continue
        yield _stem(lower)
        if last:
            yield _stem(last + lower)
        last = lower
        count += 1
        if count == _COUNTED:
            return


def _clause(text: str, start: int, end: int) -> str:
    cuts = [(m.start(), m.end()) for m in _CLAUSE.finditer(text)]
    low = max((e for _, e in cuts if e <= start), default=0)
    high = min((s for s, _ in cuts if s >= end), default=len(text))
    return text[low:high]


@lru_cache(maxsize=4096)
def _content(text: str) -> frozenset[str]:
    """Stems of the words that tell what a text is about."""
    words = [w.lower() for w in _WORD.findall(text)]
    stems = {_stem(w) for w in words if len(w) > 2 and w not in _STOP}
    return frozenset(stems | {_stem(a + b) for a, b in pairwise(words) if a not in _STOP})


def _stem(word: str) -> str:
    word = word.partition("'")[0].partition("’")[0]
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            return word.removesuffix(ending)
    return word
