"""slides.json: the slides of a talk as a person edits them, and how edits survive the next run.

A row is a slide, known by the time at which it was first shown (`at`). What was generated last is
the base: a field that differs from it was typed by a person, and stays; a row that is gone was
taken out, and stays out. Text and nouns in, text and nouns out: knows no files.
"""

import json
import math
import re
from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from typing import Any, Literal, get_args

import msgspec

from translate.draft import anchors
from translate.errors import BadFileError
from translate.model import Deck, Line, Problem, Slide, Span, clock

HELP = (
    "Edit this file as you like; later runs keep what you changed. A slide is known by `at`, when"
    " it was first shown. `drop`: true takes it out, and so does removing it. `title` becomes a"
    " heading. `kind`: text is shown as a list, picture as its picture, section as a heading"
    " alone. `lines`: two spaces in front nest a line, backticks around it make it code."
    " `place`: 00:12:31 puts it at the paragraph spoken then. The title of a section's slide names"
    " the section; where it is dropped, the `banner` of the slides after it does."
    " After that: stw draft."
)
_NEAR = 2.0  # seconds by which a slide may be found elsewhere another time
_ALIKE = 0.6  # of their letters, from which two readings may be of one slide
_INDENT = "  "  # a level of nesting
_HINT = "mend it by hand, or move the file away to have it made again"
_TIME = re.compile(r"(?:(\d{1,3}):(?=[0-5]?\d:))?(\d{1,2}):([0-5]\d(?:\.\d{1,3})?)")

Kind = Literal["text", "picture", "section"]
KINDS: tuple[str, ...] = get_args(Kind)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A slide, in the words of whoever edits it."""

    at: str
    shown: tuple[str, ...] = ()  # "00:03:14-00:04:02"
    kind: Kind = "picture"
    title: str = ""
    lines: tuple[str, ...] = ()
    banner: str = ""
    image: str = ""
    place: str = ""
    drop: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SlideFile:
    """What the file holds."""

    help: str = HELP
    slides: tuple[Row, ...] = ()


FIELDS = ("shown", "kind", "title", "lines", "banner", "image", "place", "drop")


# --- from slides and back -----------------------------------------------------------------------


def rows_of(slides: Sequence[Slide]) -> tuple[Row, ...]:
    """The slides as rows; each `at` is the slide's anchor in the draft."""
    named = zip(anchors([s.start for s in slides]), slides, strict=True)
    return tuple(
        Row(
            at=at,
            shown=tuple(f"{clock(s.start)}-{clock(s.end)}" for s in slide.shown),
            kind=slide.kind,
            title=slide.title,
            lines=tuple(map(_typed, slide.lines)),
            banner=slide.banner,
            image=slide.image,
        )
        for at, slide in named
    )


def slides_of(rows: Sequence[Row], deck: Deck) -> tuple[Slide, ...]:
    """The slides that a person's rows leave of a deck, in order of time; dropped ones are out."""
    made = zip(rows_of(deck.slides), deck.slides, strict=True)
    known = {_seconds(r.at): (r, s) for r, s in made}
    slides = (
        _slide(row, *known.get(_seconds(row.at), (None, None))) for row in rows if not row.drop
    )
    return tuple(sorted(slides, key=lambda s: s.start))


def left_of(rows: Sequence[Row], deck: Deck) -> tuple[Slide, ...]:
    """The deck's own slides, as they were found, whose rows are there and not dropped."""
    left = times_of(rows)
    made = zip(rows_of(deck.slides), deck.slides, strict=True)
    return tuple(slide for row, slide in made if _seconds(row.at) in left)


def doubts_of(rows: Sequence[Row], deck: Deck, end: float) -> tuple[Problem, ...]:
    """What a person typed that has no effect, or not the one it seems to. `end` of the talk in
    seconds; 0.0 where nobody knows."""
    ours = {_seconds(row.at): row.kind for row in rows_of(deck.slides)}
    found: list[Problem] = []
    for row in rows:
        at = _seconds(row.at)
        if row.drop:
            continue
        if end and row.place and _seconds(row.place) > end:
            told = f"`place` {row.place} is after the end of the talk, {clock(end)}"
            found.append(_doubt(at, f"{told}: it goes to the last paragraph", "mend the time"))
        if row.kind == ours.get(at):
            continue
        if row.kind == "text" and not row.lines:
            told = "`kind` is text, and it has no `lines`: it stays a picture"
            found.append(_doubt(at, told, "type its lines, or make it a picture again"))
        if row.kind == "section" and not (row.title or row.banner):
            told = "`kind` is section, and it has no `title`: nothing of it is shown"
            found.append(_doubt(at, told, "type its title, or make it a picture again"))
    return tuple(found)


def _doubt(at: float, message: str, hint: str) -> Problem:
    return Problem(rule="slide-edited", severity="warning", message=message, at=at, hint=hint)


def times_of(rows: Sequence[Row]) -> frozenset[float]:
    """When the rows that are not dropped say they were first shown, in seconds."""
    return frozenset(_seconds(row.at) for row in rows if not row.drop)


def _slide(row: Row, base: Row | None, slide: Slide | None) -> Slide:
    own = Slide(
        shown=tuple(map(_span, row.shown)) or (Span(start=_seconds(row.at), end=_seconds(row.at)),),
        kind=row.kind,
        title=row.title,
        lines=tuple(map(_line, row.lines)),
        banner=row.banner,
        image=row.image,
        place=_seconds(row.place) if row.place else None,
    )
    said = "\n".join([row.title, *(line.text for line in own.lines)])
    if base is None or slide is None:
        return replace(own, words=said)
    typed = {name: getattr(own, name) for name in _CHANGED if _differ(row, base, name)}
    words = f"{slide.words}\n{said}" if {"title", "lines"} & typed.keys() else slide.words
    return replace(slide, **typed, place=own.place, words=words)


_CHANGED = ("shown", "kind", "title", "lines", "banner", "image")


def _differ(one: Row, other: Row, name: str) -> bool:
    return bool(getattr(one, name) != getattr(other, name))


def _typed(line: Line) -> str:
    text = f"`{line.text}`" if line.code else line.text.strip()
    return f"{_INDENT * max(0, line.level)}{text}"


def _line(text: str) -> Line:
    inner = text.strip()
    level = (len(text) - len(text.lstrip(" "))) // len(_INDENT)
    if len(inner) > 2 and inner[0] == inner[-1] == "`":
        return Line(text=inner[1:-1], level=level, code=True)
    return Line(text=inner, level=level)


def _seconds(time: str) -> float:
    """Raises ValueError for what is no time."""
    found = _TIME.fullmatch(time.strip())
    if not found:
        raise ValueError(f"{time!r} is no time: write 00:12:31")
    return int(found[1] or 0) * 3600 + int(found[2]) * 60 + float(found[3])


def _span(text: str) -> Span:
    """Raises ValueError for what is no stretch of time."""
    start, dash, end = text.partition("-")
    if not dash:
        raise ValueError(f"{text!r} is no stretch of time: write 00:12:31-00:12:40")
    span = Span(start=_seconds(start), end=_seconds(end))
    if span.end < span.start:
        raise ValueError(f"{text!r} ends before it begins")
    return span


# --- reading a person's file --------------------------------------------------------------------


def read(data: bytes, name: str) -> SlideFile:
    """The file as it was typed. Raises BadFileError naming the line, or the slide and the field."""
    try:
        raw = json.loads(data.decode("utf-8-sig"), object_pairs_hook=_once)
    except json.JSONDecodeError as e:
        raise BadFileError(f"{name}, line {e.lineno}: {e.msg}", _HINT) from e
    except (ValueError, RecursionError) as e:  # no UTF-8, a key twice, a number without end
        raise BadFileError(f"{name}: {e}", _HINT) from e
    try:
        file = msgspec.convert(raw, SlideFile)
    except msgspec.ValidationError as e:
        what, _, place = str(e).partition(" - at ")
        if what.startswith("Invalid enum value") and place.endswith("kind`"):
            what = f"{what}; it is {', '.join(KINDS[:-1])} or {KINDS[-1]}"
        raise BadFileError(f"{name}{_place(place.strip('`'), raw)}: {what}", _HINT) from e
    if "slides" not in raw:  # emptied it may be; without, all would be gone for a slip of the hand
        raise BadFileError(
            f"{name}: the key 'slides' is missing",
            'put it back, or move the file away; "slides": [] takes all slides out',
        )
    for problem in _strange(raw, file):
        raise BadFileError(f"{name}{problem}", _HINT)
    return file


def _once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """An object of JSON. Raises ValueError for a key that stands there twice."""
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            at = f" of the slide at {found['at']}" if "at" in found else ""
            raise ValueError(f"the key {key!r}{at} stands there twice")
        found[key] = value
    return found


def _place(path: str, raw: Any) -> str:
    """`$.slides[3].title` as `, slide 4 (00:12:31), title`."""
    found = re.match(r"\$\.slides\[(\d+)\](.*)", path)
    if not found:
        return f", {path.removeprefix('$.')}" if path not in ("", "$") else ""
    return f", {_slide_name(raw, int(found[1]))}{found[2].replace('.', ', ', 1)}"


def _slide_name(raw: Any, number: int) -> str:
    row = raw["slides"][number]
    at = row.get("at") if isinstance(row, dict) else None
    return f"slide {number + 1}" + (f" ({at})" if isinstance(at, str) else "")


def _strange(raw: Any, file: SlideFile) -> Iterator[str]:
    """What is JSON and no list of slides: unknown keys, twins, times and pictures that are none."""
    unknown = [key for key in raw if key not in SlideFile.__dataclass_fields__]
    if unknown:
        yield f": unknown key {unknown[0]!r}"
    seen: dict[float, int] = {}
    for n, row in enumerate(file.slides):
        name = _slide_name(raw, n)
        for key in raw["slides"][n]:
            if key not in Row.__dataclass_fields__:
                yield f", {name}: unknown key {key!r}"
        try:
            start = _seconds(row.at)
            for text in row.shown:
                _span(text)
            if row.place:
                _seconds(row.place)
        except ValueError as e:
            yield f", {name}: {e}"
            continue
        if start in seen:
            yield f", {name}: slide {seen[start] + 1} is at the same time"
        seen[start] = n
        if not _inside(row.image):
            yield f", {name}: the picture {row.image!r} is no file in the talk's folder"


def _inside(image: str) -> bool:
    parts = image.replace("\\", "/").split("/")
    return ".." not in parts and not image.startswith(("/", "\\")) and ":" not in parts[0]


# --- merging ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    rows: tuple[Row, ...]
    problems: tuple[Problem, ...] = ()  # what was typed and fits no more, or differs from ours
    typed: tuple[tuple[float, str], ...] = ()  # fields that were typed, and are found to be so


def merge(
    base: Sequence[Row],
    mine: Sequence[Row],
    new: Sequence[Row],
    own: Container[str] = (),
    typed: Container[tuple[float, str]] = (),
) -> Merged:
    """A person's rows, with what changed from `base` to `new`; `read` takes what comes of it.

    `typed`: fields of `base`, each by its row's time, that a person typed, though they were found
    to be the same later: in another mode they may be found otherwise again.

    merge(base, mine, base) is mine; merge(base, base, new) is new. A slide found elsewhere, or at
    another time, keeps what was typed for it, and its picture if that is among a person's `own`.
    Rows come in order of time.
    """
    before = {j: base[i] for i, j in _pairs(base, new).items()}
    known = {_seconds(row.at): row for row in base}
    taken = {_seconds(row.at) for row in new}  # by what is found then, even if it was taken out
    left = {_seconds(row.at): row for row in mine}
    rows: dict[float, Row] = {}
    problems: list[Problem] = []
    same: list[tuple[float, str]] = []
    for j, fresh in enumerate(new):
        at, old = _seconds(fresh.at), before.get(j)
        theirs = left.pop(_seconds(old.at), None) if old else None
        if old is None and at not in known:
            theirs = left.pop(at, None)  # added by hand, and now found
        if theirs is not None:
            held = {name for name in FIELDS if old and (_seconds(old.at), name) in typed}
            rows[at], told, names = _merged(old, theirs, fresh, own, held)
            problems += told
            same += ((at, name) for name in names if getattr(fresh, name) == getattr(theirs, name))
        elif old is None:
            rows[at] = fresh  # else it was taken out
    for at, row in left.items():
        if row == known.get(at) and row.image not in own:
            continue
        kept = replace(row, at=_free(at, taken)) if at in taken else row
        if at in known:
            problems.append(_found_no_more(kept))
        rows[_seconds(kept.at)] = kept
        taken.add(_seconds(kept.at))
    merged = tuple(rows[at] for at in sorted(rows))
    return Merged(rows=merged, problems=tuple(problems), typed=tuple(same))


def _merged(
    old: Row | None, mine: Row, fresh: Row, own: Container[str], held: Container[str]
) -> tuple[Row, list[Problem], list[str]]:
    """The row, what to tell of it, and the fields of it that a person typed; `held`: before."""
    typed: dict[str, Any] = {}
    told: list[Problem] = []
    for name in FIELDS:
        theirs, ours = getattr(mine, name), getattr(fresh, name)
        painted = name == "image" and theirs in own and theirs != ours
        if painted:
            told.append(_painted(fresh, theirs))
        elif old is not None and theirs == getattr(old, name) and name not in held:
            continue
        typed[name] = theirs
        if not painted and old is not None and ours not in (theirs, getattr(old, name)):
            told.append(_told(fresh, name, ours))
    return replace(fresh, **typed), told, [*typed] if old else []


def _told(row: Row, name: str, ours: object) -> Problem:
    text = " / ".join(ours) if isinstance(ours, tuple) else str(ours)
    return Problem(
        rule="slide-edited",
        severity="info",
        message=f"what you typed as {name} of this slide stays; it is now read as “{text}”",
        at=_seconds(row.at),
    )


def _painted(row: Row, image: str) -> Problem:
    return Problem(
        rule="slide-edited",
        severity="info",
        message=f"your picture of this slide stays; it is now seen as in {row.image or 'none'}",
        at=_seconds(row.at),
        where=image,
    )


def _found_no_more(row: Row) -> Problem:
    name = f" “{row.title}”" if row.title else ""
    return Problem(
        rule="slide-edited",
        severity="warning",
        message=f"you edited the slide{name}, and it is found no more; yours stays",
        at=_seconds(row.at),
        hint="another may stand for it now: move what you typed there, and take this one out",
    )


def _free(at: float, taken: Container[float]) -> str:
    """A time just after `at` that no row has; whoever typed the row keeps it."""
    ms = round(at * 1000)
    while True:
        ms += 1
        time = f"{clock(ms // 1000)}.{ms % 1000:03d}"
        if _seconds(time) not in taken:
            return time


# --- which slide has become which ---------------------------------------------------------------


def _pairs(base: Sequence[Row], new: Sequence[Row]) -> dict[int, int]:
    """Which row of `new` each row of `base` has become.

    First those that say the same, wherever they are now; of the others those that are near when
    the shift of the ones around them is allowed for, in order, and only if they are alike.
    """
    old, now = ([_seconds(row.at) for row in rows] for rows in (base, new))
    pairs: dict[int, int] = {}
    places = _by_content(new)
    for content, some in _by_content(base).items():
        pairs |= _aligned(some, places.get(content, []), lambda i, j: abs(now[j] - old[i]))
    shifts = [(old[i], now[j] - old[i]) for i, j in pairs.items()]
    left = [i for i in range(len(base)) if i not in pairs]
    free = sorted(set(range(len(new))) - set(pairs.values()))
    around = {i: min(shifts, key=lambda s: abs(s[0] - old[i]), default=(0.0, 0.0)) for i in left}

    def distance(i: int, j: int) -> float:
        apart = now[j] - old[i]
        far = min(abs(apart - around[i][1]), abs(apart))
        return far if far <= _NEAR and _alike(base[i], new[j]) else math.inf

    return pairs | _aligned(left, free, distance)


def _content(row: Row) -> tuple[str, ...]:
    return (row.kind, row.title, *row.lines)


def _by_content(rows: Sequence[Row]) -> dict[tuple[str, ...], list[int]]:
    groups: dict[tuple[str, ...], list[int]] = {}
    for n, row in enumerate(rows):
        if row.title or row.lines:
            groups.setdefault(_content(row), []).append(n)
    return groups


def _alike(one: Row, other: Row) -> bool:
    """Whether two rows may be one slide: read a little otherwise, or not read at all."""
    a, b = ("\n".join([row.title, *row.lines]).strip() for row in (one, other))
    return not (a and b) or SequenceMatcher(None, a, b, autojunk=False).ratio() >= _ALIKE


def _aligned(
    some: Sequence[int], other: Sequence[int], distance: Callable[[int, int], float]
) -> dict[int, int]:
    """As many pairs as can be, in order, and of those the nearest; an infinite distance is none."""
    # What the rows from (m, n) on come to: how many are left alone, and how far the others go.
    best: dict[tuple[int, int], tuple[int, float]] = {}
    cost = {(i, j): distance(i, j) for i in some for j in other}
    for m in range(len(some), -1, -1):
        for n in range(len(other), -1, -1):
            if m == len(some) or n == len(other):
                best[m, n] = (len(some) - m + len(other) - n, 0.0)
                continue
            alone = min(best[m + 1, n], best[m, n + 1])
            best[m, n] = (alone[0] + 1, alone[1])
            far = cost[some[m], other[n]]
            if far < math.inf:
                after = best[m + 1, n + 1]
                best[m, n] = min(best[m, n], (after[0], after[1] + far))
    pairs: dict[int, int] = {}
    m = n = 0
    while m < len(some) and n < len(other):
        after, far = best[m + 1, n + 1], cost[some[m], other[n]]
        if far < math.inf and best[m, n] == (after[0], after[1] + far):
            pairs[some[m]] = other[n]
            m, n = m + 1, n + 1
        elif best[m + 1, n] <= best[m, n + 1]:
            m += 1
        else:
            n += 1
    return pairs
