"""When a talk says things happen: dates that need the day it was said on, and invitations.

`last fall` and `in March` mean nothing to who reads years later; with the talk's date they have a
year. Knows English phrases and the calendar, and no talk.
"""

import datetime
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """A stretch of time as it was said."""

    said: str
    when: str = ""  # absolute, in Chinese; empty while the talk's date is unknown
    write: str = ""  # what to write for it
    last: datetime.date | None = None  # its last day
    rank: int = 5
    doubtful: bool = False  # another year would be as good a reading
    ahead: bool = False  # it lies after the talk, by its own words


def day_of(date: str) -> datetime.date | None:
    """A talk's date; None for what cannot be one."""
    try:
        day = datetime.date.fromisoformat(date)
    except ValueError:
        return None
    return day if 1990 <= day.year <= 2200 else None


_MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
_NUMBERS = {
    "a": 1,
    "an": 1,
    "one": 1,
    "a couple of": 2,
    "couple of": 2,
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "seven": 7,
    "eight": 8,
    "nine": 9,
    "ten": 10,
}
_HAN_NUMBERS = ("", "一", "两", "三", "四", "五", "六", "七", "八", "九", "十")
_SEASONS = {"spring": (3, "春天"), "summer": (6, "夏天"), "fall": (9, "秋天")}
_SEASONS |= {"autumn": _SEASONS["fall"], "winter": (12, "冬天")}
_COUNT = r"(?:a\ )?couple\ of|an?|one|two|three|four|five|six|seven|eight|nine|ten|\d{1,2}"
_WHEN = re.compile(
    rf"""(?ix) \b (?:
      (?:over|in|during|within|for)\ the\ (?:past|last)\ (?:(?P<span>{_COUNT})\ years|year)
    | (?P<which>this|last|next)\ (?P<unit>year|quarter|month|week|spring|summer|fall|autumn|winter)
    | (?P<ago>{_COUNT})\ (?P<unit_ago>year|month|week)s?\ ago
    | (?P<near>this|last|next|in|since|by|until|early|late|mid|on|of)[ -]
      (?P<month>(?-i:{"|".join(_MONTHS)}))
      (?:\ (?:the\ )?\d{{1,2}}(?:st|nd|rd|th)?)?
      (?!,?\ (?:of\ )?(?:19|20)\d\d)
    ) (?!\w)
    """
)
_AHEAD = re.compile(
    r"(?i)\b(?:will|going to|upcoming|coming|join (?:us|our|the)|register|registration|see you"
    r"|plan(?:ning)? to|planned|hope to|expect to|we'll|they'll|it'll|later)\b"
)


def moments_in(text: str, date: datetime.date | None) -> Iterator[Moment]:
    """The dates in one sentence that only those who know when it was said can place."""
    ahead = _AHEAD.search(text) is not None
    for match in _WHEN.finditer(text):
        for group, read in _READERS:
            if match[group]:
                yield read(match, date, ahead)
                break
        else:
            yield _read_span(match, date, ahead)


def _placed(
    match: re.Match[str],
    write: str,
    when: str,
    last: tuple[int, int],
    *,
    rank: int = 5,
    doubtful: bool = False,
    ahead: bool = False,
) -> Moment:
    return Moment(
        said=match.group(),
        when=when,
        write=write,
        last=_month_end(*last),
        rank=rank,
        doubtful=doubtful,
        ahead=ahead,
    )


def _month_end(year: int, month: int) -> datetime.date:
    """The last day of a month; months below 1 and above 12 are those of the years beside."""
    following = year * 12 + month
    return datetime.date(following // 12, following % 12 + 1, 1) - datetime.timedelta(days=1)


def _year_and_month(date: datetime.date, months: int) -> tuple[int, int]:
    index = date.year * 12 + date.month - 1 + months
    return index // 12, index % 12 + 1


def _step(word: str) -> int:
    return {"last": -1, "next": 1}.get(word.lower(), 0)


def _read_span(match: re.Match[str], date: datetime.date | None, _: bool) -> Moment:
    """`over the past two years`."""
    if date is None:
        return Moment(said=match.group())
    count = _number(match["span"] or "one")
    words = "一年" if count == 1 else f"{_han_number(count)}年"
    when = f"{date.year - count} 年至 {date.year} 年"
    return _placed(match, f"过去{words}（{when}）", when, (date.year, date.month), rank=7)


def _read_which(match: re.Match[str], date: datetime.date | None, ahead: bool) -> Moment:
    """`this year`, `last month`, `next fall`."""
    step, unit = _step(match["which"]), match["unit"].lower()
    if date is None:
        return Moment(said=match.group(), rank=8 if unit == "week" else 5)
    later = ahead or step > 0
    if unit == "year":
        year = date.year + step
        write = f"{'去今明'[step + 1]}年（{year} 年）"
        return _placed(match, write, f"{year} 年", (year, 12), ahead=later)
    if unit == "quarter":
        year, month = _year_and_month(date, 3 * step)
        quarter = (month - 1) // 3 + 1
        when = f"{year} 年第{_HAN_NUMBERS[quarter].replace('两', '二')}季度"
        write = f"{('上', '本', '下')[step + 1]}季度（{when}）"
        return _placed(match, write, when, (year, quarter * 3), ahead=later)
    if unit == "month":
        year, month = _year_and_month(date, step)
        when = f"{year} 年 {month} 月"
        write = f"{('上个', '这个', '下个')[step + 1]}月（{when}）"
        return _placed(match, write, when, (year, month), ahead=later)
    if unit == "week":
        day = date + datetime.timedelta(days=7 * step)
        when = f"{day.year} 年 {day.month} 月"
        write = f"{'上本下'[step + 1]}周（{when}）"
        return _placed(match, write, when, (day.year, day.month), rank=8, ahead=later)
    return _read_season(match, date, later)


def _read_season(match: re.Match[str], date: datetime.date, ahead: bool) -> Moment:
    step = _step(match["which"])
    first, name = _SEASONS[match["unit"].lower()]
    now = date.year * 12 + date.month
    years = range(date.year - 2, date.year + 3)
    if step < 0:
        year = max(y for y in years if y * 12 + first + 3 <= now)
    elif step > 0:
        year = min(y for y in years if y * 12 + first > now)
    else:  # January and February belong to the winter that began the year before
        year = date.year - 1 if first == 12 and date.month < 3 else date.year
    doubtful = step != 0 and year == date.year
    when = f"{year} 年{name}"
    return _placed(match, when, when, (year, first + 2), doubtful=doubtful, ahead=ahead)


def _read_ago(match: re.Match[str], date: datetime.date | None, _: bool) -> Moment:
    """`two years ago`."""
    unit, count = match["unit_ago"].lower(), _number(match["ago"])
    rank = 8 if unit == "week" else 5
    if date is None:
        return Moment(said=match.group(), rank=rank)
    if unit == "year":
        year = date.year - count
        write = f"{_han_number(count)}年前（{year} 年）"
        return _placed(match, write, f"{year} 年", (year, 12))
    if unit == "week":
        day = date - datetime.timedelta(days=7 * count)
        year, month = day.year, day.month
    else:
        year, month = _year_and_month(date, -count)
    when = f"{year} 年 {month} 月"
    write = f"{_han_number(count)}{'周' if unit == 'week' else '个月'}前（{when}）"
    return _placed(match, write, when, (year, month), rank=rank)


def _read_month(match: re.Match[str], date: datetime.date | None, ahead: bool) -> Moment:
    """`in March`, `last September`."""
    if date is None:
        return Moment(said=match.group())
    month, near = _MONTHS.index(match["month"]) + 1, match["near"].lower()
    year = date.year
    if near == "next" or (near != "last" and ahead):
        ahead = True
        year += month < date.month or (near == "next" and month == date.month)
    elif near != "this":
        ahead = False
        year -= month > date.month or (near == "last" and month == date.month)
    when = f"{year} 年 {month} 月"
    doubtful = near in ("last", "next") and year == date.year
    return _placed(match, when, when, (year, month), doubtful=doubtful, ahead=ahead)


_READERS: tuple[tuple[str, Callable[[re.Match[str], datetime.date | None, bool], Moment]], ...] = (
    ("which", _read_which),
    ("ago", _read_ago),
    ("month", _read_month),
)


def _number(words: str) -> int:
    return _NUMBERS.get(words.lower()) or int(words)


def _han_number(number: int) -> str:
    return _HAN_NUMBERS[number] if number < len(_HAN_NUMBERS) else f"{number} "


# --- events -------------------------------------------------------------------------------------

_INVITES = re.compile(
    r"(?i)\b(?:(?:come )?join us|come (?:find|see|visit|chat|talk)|see you (?:all )?(?:at|in|there)"
    r"|registration|register (?:now|today|early|online|for)|sign up|stop by|swing by|drop by"
    r"|don't miss|(?:we are|we're|will be) (?:hosting|holding|running|organi[sz]ing|having)"
    r"|(?:will|going to) (?:host|hold|run|have|organi[sz]e|take place)"
    r"|submit (?:your|a) (?:talk|paper|proposal|abstract)s?)\b"
)
_EVENTS = re.compile(
    r"(?i)\b(?:conference|summit|meet-?up|workshop|webinar|hackathon|docathon|session|keynote"
    r"|poster|booth|office hours|panel|(?:call for|deadline for) (?:papers|proposals|speakers)|CFP"
    r"|flare party|bootcamp|unconference|(?:DevCon|Developer Day|PyTorch Day)s?)s?\b"
)
_SAME_EVENT = re.compile(
    r"(?i)\b(?:tomorrow(?:'s|’s)?|tonight|this (?:afternoon|evening)|later today)"
)
_BOOTHS = re.compile(r"(?i)\b(?:booth|poster)\b")


class Event(NamedTuple):
    """An invitation to what then lay ahead."""

    said: str
    key: str
    when: str
    last: datetime.date | None  # its last day, as far as the words tell
    sure: bool


def event_in(text: str, moments: Iterable[Moment], date: datetime.date | None) -> Event | None:
    """The event that a sentence invites to, if it does: two of a name, a time and an invitation."""
    noun, invite = _EVENTS.search(text), _INVITES.search(text)
    if not noun:
        return None
    ahead = next((m for m in moments if m.ahead), None)
    soon = _SAME_EVENT.search(text)
    key = noun.group().lower().rstrip("s")
    if ahead:
        said = f"{ahead.said} … {noun.group()}"
        return Event(said, key, f" {ahead.when}", ahead.last, sure=True)
    if soon or (invite and _BOOTHS.search(text)):
        said = f"{soon.group()} … {noun.group()}" if soon else noun.group()
        last = date + datetime.timedelta(days=14) if date else None
        return Event(said, key, "会议当时", last, sure=True)
    if invite:
        last = date + datetime.timedelta(days=366) if date else None
        return Event(f"{invite.group()} … {noun.group()}", key, "", last, sure=False)
    return None
