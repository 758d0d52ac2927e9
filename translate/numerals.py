"""Which numbers a text says, in English and in Chinese, as values that can be compared.

`2 million`, `2,000,000`, `2M`, `200 万` and `两百万` are all 2000000; `8 percent`, `8%` and
`百分之八` are all 8. Knows nothing of translations, checks or models. Everything is plain
text in, sets of `Decimal` out; no error is ever raised.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache

_SMALL = re.findall(
    r"\w+",
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
    "fifteen sixteen seventeen eighteen nineteen",
)
_TENS = re.findall(r"\w+", "twenty thirty forty fifty sixty seventy eighty ninety")
_WORDS = {word: n for n, word in enumerate(_SMALL)} | {
    word: 10 * n for n, word in enumerate(_TENS, 2)
}
_SCALES = {
    "hundred": 10**2,
    "thousand": 10**3,
    "million": 10**6,
    "billion": 10**9,
    "trillion": 10**12,
}
_SUFFIXES = {"k": 10**3, "m": 10**6, "b": 10**9, "t": 10**12}
_ORDINALS = {
    word: n
    for n, word in enumerate(
        re.findall(
            r"\w+",
            "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth",
        ),
        1,
    )
}
_ORDINALS |= {
    word.removesuffix("y") + ("ieth" if word.endswith("y") else "th"): n
    for word, n in _WORDS.items()
    if n > 12
}
_ORDINALS |= {"once": 1, "twice": 2, "double": 2, "triple": 3, "half": 2, "quarter": 4, "dozen": 12}
# Up to here a number word may be rendered without a number (一下, 几, 双方), or left out.
_LOOSE = 12

_ENGLISH = re.compile(
    r"(?P<digits>\d+(?:,\d{3})+(?!\d)(?:\.\d+)?|\d+(?:\.\d+)?)(?P<rest>(?:\.\d+)+)?(?P<suffix>[A-Za-z]*)"
    r"|(?P<word>[A-Za-z]+)"
    r"|(?P<break>[^\sA-Za-z\d-]+)"
)


@dataclass(frozen=True, slots=True)
class Said:
    """The numbers of one text: those a translation must hold, and all that it may hold.

    `small` are number words from two to twelve: a translation nearly always holds them, too.
    `times` tells how often each of both kinds is said.
    """

    required: frozenset[Decimal]
    possible: frozenset[Decimal]
    small: frozenset[Decimal] = frozenset()
    times: Mapping[Decimal, int] = field(default_factory=dict)


def _plain(value: Decimal) -> Decimal:
    """One form per value, so that 2.0 and 2 print alike; rounded to 28 digits."""
    return value.normalize()


class _Reader:
    """Reads English number words left to right; digits join in as `2 million` does."""

    def __init__(self) -> None:
        self.required: set[Decimal] = set()
        self.possible: set[Decimal] = set()
        self.small: set[Decimal] = set()
        self.times: Counter[Decimal] = Counter()
        self._close()

    def _close(self) -> None:
        self.total = Decimal(0)  # finished thousands, millions
        self.current: Decimal | None = None
        self.digits = False  # written with digits: required whatever its size
        self.exact = True  # not "a hundred", "thousands of"
        self.parts: list[Decimal] = []
        self.fraction: str | None = None  # digits said after "point"

    def end(self) -> None:
        """The number, if one is open, is complete."""
        if self.current is None and not self.total:
            self._close()
            return
        value = self.total + (self.current or 0)
        if self.fraction:
            self.parts += [Decimal(self.fraction)] * bool(self.parts)
            value += Decimal("0." + self.fraction)
        value = _plain(value)
        self.possible.add(value)
        self.possible.update(self.parts)
        if self.exact and (self.digits or value > _LOOSE):
            self.required.add(value)
            self.times[value] += 1
        elif self.exact and value >= 2 and value == int(value):
            self.small.add(value)
            self.times[value] += 1
        self._close()

    def number(self, value: Decimal) -> None:
        """Digits: a number of its own, unless a scale word follows."""
        self.end()
        self.current, self.digits = value, True

    def word(self, word: str) -> None:
        """One lower-case English word."""
        if word in _WORDS:
            self._unit(Decimal(_WORDS[word]))
        elif word in _SCALES or (self.current is not None and word.removesuffix("s") in _SCALES):
            self._scale(Decimal(_SCALES[word.removesuffix("s")]))
        elif word == "and" and (self.total or (self.current or 0) >= 100):
            pass  # "two hundred and five"; what stands before may still be complete
        elif word == "point" and self.current is not None:
            self.exact = False  # "two point oh": too many ways to write it
            if self.fraction:  # a second point: a version, of which each part counts
                self.parts += [self.current, Decimal(self.fraction)]
            self.fraction = ""
        else:
            self.end()
            if word in _ORDINALS:
                self.possible.add(Decimal(_ORDINALS[word]))

    def _unit(self, value: Decimal) -> None:
        if self.fraction is not None and value < 10:
            self.fraction += str(value)
        elif self.current is None:
            self.current = value
        elif self.digits:
            self.end()
            self.current = value
        elif self._takes(self.current, value):
            self.current += value
        elif 10 <= self.current < 100 and value >= 10:  # "twenty twenty", "nineteen ninety"
            self.parts += [self.current, value]
            self.current = self.current * 100 + value
        else:  # "one two three": said one by one
            self.parts += [self.current, value]
            self.exact = False
            self.current = self.current * 10 + value

    @staticmethod
    def _takes(current: Decimal, value: Decimal) -> bool:
        """`two hundred` takes any unit, `twenty` takes one to nine."""
        if current % 100 == 0:
            return current >= 100
        return current % 10 == 0 and current % 100 >= 20 and 0 < value < 10

    def _scale(self, scale: Decimal) -> None:
        if self.fraction is not None:  # "one point five million"
            self.current = (self.current or 0) + Decimal("0." + (self.fraction or "0"))
            self.fraction = None
        if self.current is None:  # "a hundred", "a million": as often an idiom as a number
            self.exact = False
            self.current = Decimal(1)
        if scale == 100 or self.digits:
            self.current *= scale
        else:
            self.total += self.current * scale
            self.current = None


def _digits(reader: _Reader, match: re.Match[str], before: str) -> None:
    """One run of digits with what is written onto it: `2.0`, `1.13.1`, `400k`, `1990s`, `3D`."""
    if match["rest"]:  # a version of three parts or more: each part counts
        reader.end()
        for part in (match["digits"] + match["rest"]).split("."):
            reader.required.add(_plain(Decimal(part)))
        reader.possible |= reader.required
        return
    value = Decimal(match["digits"].replace(",", ""))
    suffix = match["suffix"].lower()
    if suffix in _SUFFIXES and not (before.isalpha() or before in "-_"):
        value *= _SUFFIXES[suffix]
    reader.number(_plain(value))
    if suffix in ("st", "nd", "rd", "th") and value <= _LOOSE:
        reader.digits = False  # "1st" is as loose as "first"
    if suffix:  # a scale word may still follow "2", but never "2M" or "3D"
        reader.end()


@lru_cache(maxsize=256)  # several checks ask about the same paragraph
def english(text: str) -> Said:
    """The numbers of an English text.

    Required are numbers in digits, and number words above twelve; "thousands of", "a hundred",
    "one" and "first" may come back in many ways, and are only possible.
    """
    text = unicodedata.normalize("NFKC", text)
    reader = _Reader()
    for match in _ENGLISH.finditer(text):
        before = text[match.start() - 1] if match.start() else " "
        if match["digits"]:
            _digits(reader, match, before)
        elif match["word"]:
            reader.word(match["word"].lower())
        else:
            reader.end()
    reader.end()
    possible = reader.required | reader.possible
    required, small = frozenset(reader.required), frozenset(reader.small)
    return Said(required, frozenset(possible), small, dict(reader.times))


_HAN_DIGITS = {c: n for n, c in enumerate("〇一二三四五六七八九")} | {"零": 0, "两": 2, "双": 2}
_HAN_UNITS = {"十": 10, "百": 100, "千": 1000}
_HAN_SCALES = {"万": 10**4, "亿": 10**8, "兆": 10**12}
_HAN = re.compile("[〇零一二三四五六七八九两双十百千万亿兆]{1,24}(?:点[〇零一二三四五六七八九]+)?")
# 两个 is as often "both" or "these", and 一个 is "a".
_COUNTED = re.compile(
    "第([二三四五六七八九])(?![十百千万亿])"
    "|(?<![一二三四五六七八九十百千万亿第几点])([三四五六七八九])(?=[个种条类步项次层张位组份句段点])"
)
_MIXED = re.compile(
    r"(?P<glued>[A-Za-z]-?)?(?P<digits>\d+(?:,\d{3})+(?!\d)(?:\.\d+)?|\d+(?:\.\d+)?)"
    r"(?P<rest>(?:\.\d+)+)?"
    r"(?:(?:[多余几])?(?P<han>(?:[十百千](?![米克瓦字])|[万亿]){1,24})|\s?(?P<suffix>[KkMBTb])(?![A-Za-z])"
    r"|\s+(?P<word>thousand|million|billion|trillion)\b)?"
)


def _han_section(text: str) -> Decimal:
    """A number below 10,000: `一百二十三`, `十`, `二三` (read digit by digit)."""
    if not any(c in _HAN_UNITS for c in text):
        return Decimal("".join(str(_HAN_DIGITS[c]) for c in text) or "0")
    total, digit = 0, None
    unit = 1
    for c in text:
        if c in _HAN_UNITS:
            unit = _HAN_UNITS[c]
            total += (1 if digit is None else digit) * unit
            digit = None
        else:
            digit = _HAN_DIGITS[c]
            unit = unit if c not in "〇零" else 1
    if digit is not None:  # 一百二 is 120, 一百零二 is 102
        total += digit * (unit // 10 if unit > 10 and text[-2:-1] in _HAN_UNITS else 1)
    return Decimal(total)


def _han_whole(text: str) -> Decimal:
    """A whole number in Han numerals with 万 and 亿, as `两千三百万` or `万亿`."""
    for scale in "兆亿万":
        if scale in text:
            head, _, tail = text.rpartition(scale)
            high = _han_whole(head) if head else Decimal(1)
            low = _han_whole(tail) if tail else Decimal(0)
            if len(tail) == 1 and tail in _HAN_DIGITS and tail not in "〇零":
                low *= _HAN_SCALES[scale] // 10  # 三万五 is 35,000
            return high * _HAN_SCALES[scale] + low
    return _han_section(text)


def _han_values(text: str) -> set[Decimal]:
    """Every value that a run of Han numerals can stand for; 一两 may be 1 or 2."""
    whole, _, fraction = text.partition("点")
    value = _han_whole(whole)
    if fraction:
        value += Decimal("0." + "".join(str(_HAN_DIGITS[c]) for c in fraction))
    values = {_plain(value)}
    # Words such as 一万 inside 万一, and digits told one by one, are allowed for.
    values.update(Decimal(_HAN_DIGITS[c]) for c in text if c in _HAN_DIGITS)
    if len(whole) > 1 and whole[0] in "一二三四五六七八九" and whole[1] in "一二三四五六七八九":
        values.add(_plain(_han_whole(whole[1:])))  # 三四十 reaches 40
    return values


def _mixed_values(match: re.Match[str]) -> set[Decimal]:
    """Arabic digits with 万, `M` or `million` behind them."""
    if match["rest"]:
        return {_plain(Decimal(p)) for p in (match["digits"] + match["rest"]).split(".")}
    value = Decimal(match["digits"].replace(",", ""))
    if match["han"]:
        return {_plain(value * _han_whole(match["han"]))}
    if match["suffix"] and not match["glued"]:
        return {_plain(value * _SUFFIXES[match["suffix"].lower()])}
    if match["word"]:
        return {_plain(value * _SCALES[match["word"]])}
    return {_plain(value)}


@dataclass(frozen=True, slots=True)
class Written:
    """The numbers of a Chinese text: all values, and those written with Arabic digits.

    `counted` are those from two to nine in Chinese numerals that plainly count: 第二, 三个.
    `times` tells how often each value can be read in it.
    """

    values: frozenset[Decimal]
    arabic: frozenset[Decimal]
    counted: frozenset[Decimal] = frozenset()
    times: Mapping[Decimal, int] = field(default_factory=dict)


@lru_cache(maxsize=256)
def chinese(text: str) -> Written:
    """The numbers of a Chinese text, in Arabic digits, Han numerals or both."""
    text = unicodedata.normalize("NFKC", text)
    text = re.sub(r"(?<=[\d十百千万亿多余])\s+(?=[多余十百千万亿])", "", text)
    times: Counter[Decimal] = Counter()
    for match in _MIXED.finditer(text):
        times.update(_mixed_values(match))
    arabic = frozenset(times)
    for match in _HAN.finditer(_MIXED.sub(" ", text)):
        times.update(_han_values(match[0]))
    for match in re.finditer("([一二三四五六七八九1-9])成", text):  # 八成 is 80%
        times.update({v * 10 for v in _han_values(match[1])} if match[1] in _HAN_DIGITS else ())
    if "半" in text:
        times.update((Decimal(50), Decimal("0.5")))
    if "首" in text:
        times[Decimal(1)] += 1
    for quoted in re.findall(r"[A-Za-z]+(?:[\s-]+[A-Za-z]+)*", text):  # left in English: "six"
        times.update(english(quoted).possible)
    counted = frozenset(Decimal(_HAN_DIGITS[a or b]) for a, b in _COUNTED.findall(text))
    return Written(frozenset(times), arabic, counted, dict(times))
