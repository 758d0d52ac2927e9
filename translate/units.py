"""A draft as a row of units: what a merge keeps, replaces or moves as one.

A unit of the front matter is a key with its value; one of the body a block. Knows what a unit is
known by: its text, its anchors, and for a heading what it stands over. Nothing of merging.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from translate.draft import ANCHOR, NOTE, REMARK, SLIDE, chunks, seconds, shown, split_front


@dataclass(frozen=True, slots=True)
class Unit:
    text: str  # without white space at the ends of lines
    raw: str
    gap: str
    kind: str  # "front", "english", "chinese", "note", "slide", "heading", "text"
    names: tuple[str, ...] = ()  # its anchors, or its key; a slide's with "slide" behind it
    over: str = ""  # what a heading stands over, where another one has the same words
    id: str = field(init=False)
    keys: frozenset[tuple[str, str]] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "id", self.text + self.over)
        object.__setattr__(self, "keys", frozenset((self.kind, name) for name in self.names))


SUMMARY = re.compile(r"<summary>[^\n]*?(\d{2,}:[0-5]\d:[0-5]\d(?:\.\d{3})?)")
_HEADING = re.compile(r"#{1,6} ")
NUMBER = re.compile(r"(?<=^### )\d+\. ")
_KEY = re.compile(r"([^\s#:-][^:\n]*):")


def fences(text: str) -> tuple[str, str]:
    """What opens and what closes the front matter, with all white space after it."""
    lines, whole, body = split_front(text)
    if not whole:
        return "", body[: len(body) - len(body.lstrip("\n"))]
    blank = body[: len(body) - len(body.lstrip("\n"))]
    opening = whole.index("\n") + 1
    return whole[:opening], whole[opening + len(lines) :] + blank


def front_units(text: str) -> Iterator[Unit]:
    lines, _, _ = split_front(text)
    group: list[str] = []
    for line in [*re.findall(r"[^\n]*\n", lines), None]:
        if group and (line is None or _KEY.match(line)):
            raw = "".join(group).removesuffix("\n")
            key = _KEY.match(raw)
            yield _unit(raw, "\n", "front", (key.group(1),) if key else ())
            group = []
        if line is not None:
            group.append(line)


def body_units(text: str) -> Iterator[Unit]:
    _, _, body = split_front(text)
    last = ""  # the anchor that a note belongs to
    for chunk in chunks(body.lstrip("\n")):
        kind, names = _kind(chunk.text, last)
        if kind != "slide":  # which may stand between a paragraph and its notes
            last = names[-1] if names and kind in ("chinese", "note") else ""
        yield _unit(chunk.text, chunk.gap, kind, names)


def _unit(raw: str, gap: str, kind: str, names: tuple[str, ...]) -> Unit:
    text = "\n".join(line.rstrip() for line in raw.split("\n"))
    return Unit(text, raw, gap, kind, names)


def _kind(text: str, last: str) -> tuple[str, tuple[str, ...]]:
    summary = SUMMARY.search(text) if text.startswith("<details") else None
    if summary:
        return "english", (summary.group(1),)
    if text.startswith(NOTE[:4]) and not ANCHOR.search(text):
        return "note", (last,) if last else ()
    if slide := shown(text):
        return "slide", (f"{slide.at} slide",)
    names = tuple(ANCHOR.findall(text))
    if names:
        return "chinese", names
    return ("heading" if _HEADING.match(text) else "text"), ()


def seconds_of(name: str) -> float:
    return seconds(name.partition(" ")[0])


def find(text: str, units: Sequence[Unit]) -> slice | None:
    """Where the units stand that together are `text`."""
    for first in range(len(units)):
        joined = ""
        for last in range(first, len(units)):
            joined += units[last].text if last == first else f"\n\n{units[last].text}"
            if joined == text:
                return slice(first, last + 1)
            if not text.startswith(joined):
                break
    return None


def bare(text: str) -> str:
    """A block without its anchors, a heading's number, and what we say of it: why it waits, or is
    stale."""
    text = NUMBER.sub("", text)
    return ANCHOR.sub("", SLIDE.sub("", REMARK.sub("", text))).strip()


def joined(units: Sequence[Unit], was: Sequence[Unit]) -> str:
    """The units with white space between them: that of `was`, the text that they come from, where
    they stood side by side there, and at the end; else no less than parts two blocks."""
    if not units:
        return ""
    between = "\n" if units[0].kind == "front" else "\n\n"
    last = was[-1].gap if was else between[:1]
    beside = set(pairwise(was))
    gaps = [
        u.gap if (u, after) in beside or u.gap.count("\n") >= len(between) else between
        for u, after in pairwise(units)
    ]
    return "".join(u.raw + gap for u, gap in zip(units, [*gaps, last], strict=True))


# --- units with other times and numbers ----------------------------------------------------------


def reanchored(unit: Unit, anchors: Mapping[str, str]) -> Unit:
    if unit.kind not in ("english", "chinese", "slide") or not anchors.keys() & set(unit.names):
        return unit
    text, raw = (_anchored(t, anchors) for t in (unit.text, unit.raw))
    return replace(unit, text=text, raw=raw, names=tuple(anchors.get(n, n) for n in unit.names))


def _anchored(text: str, anchors: Mapping[str, str]) -> str:
    """The text with other times in its anchors, and in the summary of its English."""
    text = ANCHOR.sub(lambda m: f"<!-- {anchors.get(m[1], m[1])} -->", text)
    text = SLIDE.sub(lambda m: f"<!-- 幻灯片 {_slide_at(m[1], anchors)} -->", text)
    if not text.startswith("<details"):
        return text
    return SUMMARY.sub(
        lambda m: m[0][: m.start(1) - m.start()] + anchors.get(m[1], m[1]), text, count=1
    )


def _slide_at(at: str, anchors: Mapping[str, str]) -> str:
    return anchors.get(f"{at} slide", at).removesuffix(" slide")


def renumbered(base: Unit, mine: Unit, new: Unit) -> Unit | None:
    """The editor's heading with the number that ours has now, if it had the one that ours had."""
    old, here, now = (NUMBER.search(u.text) for u in (base, mine, new))
    if not (old and here and now) or old[0] != here[0] or bare(base.text) != bare(new.text):
        return None
    text, raw = (NUMBER.sub(now[0], t, count=1) for t in (mine.text, mine.raw))
    return replace(mine, text=text, raw=raw)


# --- what stands where ---------------------------------------------------------------------------


def stand_over(units: Sequence[Unit]) -> dict[int, tuple[int, str, int]]:
    """For each heading the slide or paragraph that it stands over, its marks, and how many of them
    are nearer to that; -1 where it stands over neither."""
    found: dict[int, tuple[int, str, int]] = {}
    of = -1
    nearer: Counter[str] = Counter()
    for n in reversed(range(len(units))):
        unit = units[n]
        if unit.kind == "heading":
            marks = unit.text.partition(" ")[0]
            found[n] = (of, marks, nearer[marks])
            nearer[marks] += 1
        elif unit.kind in ("slide", "english", "chinese") or unit.text == "---":
            of = -1 if unit.text == "---" else n
            nearer.clear()
    return found


def known_by(units: Sequence[Unit]) -> dict[int, str]:
    """What tells each heading from others of its words: what it stands over, and how many of them
    are nearer to that."""
    found: dict[int, str] = {}
    nearer: Counter[str] = Counter()
    for n, (of, _, _) in stand_over(units).items():  # from the last to the first
        name = units[of].names[0] if of >= 0 else ""
        key = f"{bare(units[n].text)}\n{of}"
        found[n] = f"\n{name} {nearer[key]}"
        nearer[key] += 1
    return found


def told_apart(base: list[Unit], edited: list[Unit], new: list[Unit]) -> list[list[Unit]]:
    """The three with what each heading stands over, where we have given others the same words."""
    many = [Counter(bare(u.text) for u in units if u.kind == "heading") for units in (base, new)]
    twins = {words for one in many for words, times in one.items() if times > 1}
    told: list[list[Unit]] = []
    for units in (base, edited, new):
        known = known_by(units)
        told.append(
            [
                replace(u, over=known[n]) if n in known and bare(u.text) in twins else u
                for n, u in enumerate(units)
            ]
        )
    return told


def around(units: Sequence[Unit]) -> list[tuple[str, str]]:
    """For each unit the anchors of the paragraphs before and after it; "" where there is none."""
    names = [u.names[0] if u.kind in ("english", "chinese") else "" for u in units]
    before, after = [""], [""]
    for name in names[:-1]:
        before.append(name or before[-1])
    for name in names[:0:-1]:
        after.append(name or after[-1])
    return list(zip(before, reversed(after), strict=True))


def split_paragraphs(units: Sequence[Unit], ours: Collection[str]) -> Iterator[tuple[str, str]]:
    """The text of the last part of each paragraph that the editor has split, and all of it."""

    def part(unit: Unit) -> bool:
        return unit.kind == "text" and unit.text[:3] != "---" and unit.text not in ours

    for n, unit in enumerate(units):
        if unit.kind != "english":
            continue
        end = n + 1
        while end < len(units) and part(units[end]):
            end += 1
        if n + 1 < end < len(units) and set(units[end].names) & set(unit.names):
            yield units[end].text, "\n\n".join(u.text for u in units[n + 1 : end + 1])
