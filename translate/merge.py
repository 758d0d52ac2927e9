"""Merge what is generated today into a draft that a person has edited.

`base` is what was generated last time, `edited` the file as it is now, `new` what would be
generated today. The file stays the editor's: its text and its order are the start, and what has
changed from `base` to `new` is brought into it where the editor has not been.

- A block that the editor left as it was takes the new text.
- A block that the editor changed keeps the editor's words; the new text is listed as a conflict.
- A block that the editor deleted stays deleted.
- A paragraph or a slide that is new comes in at its place.
- A slide or a heading that now goes with other paragraphs moves there, if it stands where it was
  put; a heading that the editor has worded anew gets its new number.

A block is known by its text, else by its anchor, else by what stands around it. Only text that
is word for word what we generated is ever replaced or removed; so whatever goes wrong in finding
counterparts, nothing that a person typed can be lost.

Text in, text out: knows the shape of a draft from `draft`, and no files.
"""

import hashlib
import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher

from translate.align import Spoken, align
from translate.draft import ANCHOR, NOTE, REMARK, SLIDE, chunks, seconds, shown, split_front
from translate.model import UNTRANSLATED

_NEAR = 2.0  # seconds by which a new transcription may move the start of a paragraph
_ALIKE = 0.4  # share of words that two texts without an anchor have in common


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """A block that both the editor and we have changed; the editor's text is in the draft."""

    name: str  # what it is called: "00:00:20", "00:00:20 slide", "title", "#1a2b3c"
    at: float | None  # seconds into the talk, a heading's those of what it is over; else None
    base: str
    edited: str
    new: str  # empty where there is no such block any more


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    text: str
    conflicts: tuple[Conflict, ...] = ()


@dataclass(frozen=True, slots=True)
class _Unit:
    text: str  # without white space at the ends of lines
    raw: str
    gap: str
    kind: str  # "front", "english", "chinese", "note", "slide", "heading", "text"
    names: tuple[str, ...] = ()  # its anchors, or its key; a slide's with "slide" behind it
    over: str = ""  # what a heading stands over, where another one has the same words

    @property
    def id(self) -> str:
        return self.text + self.over

    @property
    def keys(self) -> set[tuple[str, str]]:
        return {(self.kind, name) for name in self.names}


def merge(base: str, edited: str, new: str) -> Merged:
    """`edited`, with what changed from `base` to `new`.

    merge(base, edited, base) is edited; merge(base, base, new) and merge(x, new, new) are new;
    merge(base, merged, new) is merged again.
    """
    if new in (base, edited):
        return Merged(text=edited)
    if edited == base:
        return Merged(text=new)
    windows = "\r\n" in edited
    old, mine, theirs = (t.replace("\r\n", "\n") for t in (base, edited, new))
    fronts = [list(_front_units(t)) for t in (old, mine, theirs)]
    bodies = [list(_body_units(t)) for t in (old, mine, theirs)]
    bodies = _told_apart(*bodies)
    start, end = _fences(mine)
    front, first = _Merge(*fronts).result() if start else ("", [])
    body, second = _Merge(*bodies).result()
    if end and body and not end.endswith("\n"):
        end += "\n\n"  # the file ended with its front matter
    text = f"{start}{front}{end}{body}"
    return Merged(
        text=text.replace("\n", "\r\n") if windows else text,
        conflicts=(*first, *second),
    )


def standing(conflict: Conflict, text: str) -> bool:
    """Whether the editor's side of it is still in the draft, as it was."""
    text = text.replace("\r\n", "\n")
    return any(
        _find(conflict.edited, units) is not None
        for units in (list(_front_units(text)), list(_body_units(text)))
    )


def followed(conflict: Conflict, text: str) -> Conflict | None:
    """The conflict with what its block says in `text`, where the editor has been at it again.

    None where the block cannot be told: it has no anchor or key, or has been taken out.
    """
    text = text.replace("\r\n", "\n")
    for units in (list(_front_units(text)), list(_body_units(text))):
        whole = dict(_split_paragraphs(units, ()))
        for unit in units:
            if conflict.name in {_name(unit, (name,)) for name in unit.names}:
                return replace(conflict, edited=whole.get(unit.text, unit.text))
    return None


def take(text: str, conflicts: Sequence[Conflict]) -> str:
    """The draft with the new text of each conflict in the place of the editor's.

    Where the editor has made one block of several, all that have become of it come in its place.
    """
    windows = "\r\n" in text
    text = text.replace("\r\n", "\n")
    news: dict[str, list[str]] = {}
    for conflict in conflicts:
        news.setdefault(conflict.edited, []).extend([conflict.new] if conflict.new else [])
    start, end = _fences(text)
    front, body = list(_front_units(text)), list(_body_units(text))
    ends = front[-1:], body[-1:]
    for edited, fresh in news.items():
        for units, gap in ((front, "\n"), (body, "\n\n")):
            found = _find(edited, units)
            if found:
                last = units[found.stop - 1]
                new = [replace(last, raw=gap.join(fresh), text="")] if fresh else []
                units[found.start : found.stop] = new
    taken = start + _joined(front, ends[0]) + end + _joined(body, ends[1])
    return taken.replace("\n", "\r\n") if windows else taken


def _find(text: str, units: Sequence[_Unit]) -> slice | None:
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


# --- a text as units ----------------------------------------------------------------------------

_SUMMARY = re.compile(r"<summary>[^\n]*?(\d{2,}:[0-5]\d:[0-5]\d(?:\.\d{3})?)")
_HEADING = re.compile(r"#{1,6} ")
_NUMBER = re.compile(r"(?<=^### )\d+\. ")
_KEY = re.compile(r"([^\s#:-][^:\n]*):")


def _fences(text: str) -> tuple[str, str]:
    """What opens and what closes the front matter, with all white space after it."""
    lines, whole, body = split_front(text)
    if not whole:
        return "", body[: len(body) - len(body.lstrip("\n"))]
    blank = body[: len(body) - len(body.lstrip("\n"))]
    opening = whole.index("\n") + 1
    return whole[:opening], whole[opening + len(lines) :] + blank


def _front_units(text: str) -> Iterator[_Unit]:
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


def _body_units(text: str) -> Iterator[_Unit]:
    _, _, body = split_front(text)
    last = ""  # the anchor that a note belongs to
    for chunk in chunks(body.lstrip("\n")):
        kind, names = _kind(chunk.text, last)
        if kind != "slide":  # which may stand between a paragraph and its notes
            last = names[-1] if names and kind in ("chinese", "note") else ""
        yield _unit(chunk.text, chunk.gap, kind, names)


def _unit(raw: str, gap: str, kind: str, names: tuple[str, ...]) -> _Unit:
    text = "\n".join(line.rstrip() for line in raw.split("\n"))
    return _Unit(text, raw, gap, kind, names)


def _kind(text: str, last: str) -> tuple[str, tuple[str, ...]]:
    summary = _SUMMARY.search(text) if text.startswith("<details") else None
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


def _seconds(name: str) -> float:
    return seconds(name.partition(" ")[0])


_NOTHING: Mapping[int, int] = {}


# --- counterparts -------------------------------------------------------------------------------


def _pairs(
    left: Sequence[_Unit], right: Sequence[_Unit], known: Mapping[int, int] = _NOTHING
) -> dict[int, int]:
    """Which unit of `right` each unit of `left` has become: by text, then key, then place.

    `known`: what units of `right` were in `left`; -1 for those which were not there.
    """
    pairs = {i if i >= 0 else len(left) + n: n for n, i in known.items()}
    same = SequenceMatcher(None, [u.id for u in left], [u.id for u in right], autojunk=False)
    for block in same.get_matching_blocks():
        pairs.update((block.a + n, block.b + n) for n in range(block.size))
    _pair_by_words(left, right, pairs)
    _pair_by_key(left, right, pairs)
    _pair_slides(left, right, pairs)
    _pair_headings(left, right, pairs)
    _pair_by_place(left, right, pairs)
    return {i: j for i, j in pairs.items() if i < len(left)}


def _pair_by_words(left: Sequence[_Unit], right: Sequence[_Unit], pairs: dict[int, int]) -> None:
    """Slides and headings that say what no other says: their times and numbers come and go."""
    words = Counter((u.kind, _bare(u.text)) for units in (left, right) for u in units)
    taken = set(pairs.values())
    where = {
        (unit.kind, _bare(unit.text)): j
        for j, unit in enumerate(right)
        if unit.kind in ("slide", "heading") and j not in taken
    }
    for i, unit in enumerate(left):
        key = (unit.kind, _bare(unit.text))
        if i not in pairs and words[key] == 2 and key in where:
            pairs[i] = where[key]


def _pair_by_key(left: Sequence[_Unit], right: Sequence[_Unit], pairs: dict[int, int]) -> None:
    taken = set(pairs.values())
    where = {k: j for j in reversed(range(len(right))) if j not in taken for k in right[j].keys}
    for i, unit in enumerate(left):
        found = next((where[k] for k in unit.keys if k in where), None)
        if i not in pairs and found is not None:
            # One unit may answer for several: an editor joins paragraphs, anchors and all.
            pairs[i] = found


def _pair_slides(left: Sequence[_Unit], right: Sequence[_Unit], pairs: dict[int, int]) -> None:
    """By time, wherever they stand: one that is found a moment later may go elsewhere."""
    taken = set(pairs.values())
    free = [j for j, unit in enumerate(right) if unit.kind == "slide" and j not in taken]
    for i, unit in enumerate(left):
        if i in pairs or unit.kind != "slide":
            continue
        near = [(_apart(unit, right[j]), j) for j in free]
        if near and min(near)[0] <= _NEAR:
            pairs[i] = min(near)[1]
            free.remove(pairs[i])


def _pair_headings(left: Sequence[_Unit], right: Sequence[_Unit], pairs: dict[int, int]) -> None:
    """By what they stand over."""
    over, there = _over(left), _over(right)
    where = {key: j for j, key in there.items()}
    taken = set(pairs.values())
    for i, (of, marks, nearer) in over.items():
        found = where.get((pairs.get(of, -1), marks, nearer))
        if i not in pairs and found is not None and found not in taken:
            pairs[i] = found
            taken.add(found)


def _over(units: Sequence[_Unit]) -> dict[int, tuple[int, str, int]]:
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


def _known_by(units: Sequence[_Unit]) -> dict[int, str]:
    """What tells each heading from others of its words: what it stands over."""
    return {
        n: f"\n{units[of].names[0] if of >= 0 else ''}"
        for n, (of, _, _) in _over(units).items()
    }


def _told_apart(base: list[_Unit], edited: list[_Unit], new: list[_Unit]) -> list[list[_Unit]]:
    """The three with what each heading stands over, where we have given others the same words."""
    many = [Counter(_bare(u.text) for u in units if u.kind == "heading") for units in (base, new)]
    twins = {words for one in many for words, times in one.items() if times > 1}
    told: list[list[_Unit]] = []
    for units in (base, edited, new):
        known = _known_by(units)
        told.append(
            [
                replace(u, over=known[n]) if n in known and _bare(u.text) in twins else u
                for n, u in enumerate(units)
            ]
        )
    return told


def _around(units: Sequence[_Unit]) -> list[tuple[str, str]]:
    """For each unit the anchors of the paragraphs before and after it; "" where there is none."""
    names = [u.names[0] if u.kind in ("english", "chinese") else "" for u in units]
    before, after = [""], [""]
    for name in names[:-1]:
        before.append(name or before[-1])
    for name in names[:0:-1]:
        after.append(name or after[-1])
    return list(zip(before, reversed(after), strict=True))


def _pair_by_place(left: Sequence[_Unit], right: Sequence[_Unit], pairs: dict[int, int]) -> None:
    taken = set(pairs.values())
    after = {}  # for each unit of `left`, the counterpart of the next one that has one
    following = len(right)
    for i in reversed(range(len(left))):
        following = pairs.get(i, following)
        after[i] = following
    previous = -1
    for i, unit in enumerate(left):
        if i not in pairs:
            free = (j for j in range(previous + 1, after[i]) if j not in taken)
            found = next((j for j in free if _similar(unit, right[j])), None)
            if found is not None:
                pairs[i] = found
                taken.add(found)
        previous = pairs.get(i, previous)


def _similar(a: _Unit, b: _Unit) -> bool:
    if a.kind != b.kind:
        return False
    if a.kind == "slide" and _bare(a.text) == _bare(b.text):
        return True
    if a.names and b.names and a.kind != "front":
        return _apart(a, b) <= _NEAR
    if a.kind == "heading":
        return True
    one, two = (Counter(re.findall(r"[A-Za-z0-9]+|[^\W_]", u.text)) for u in (a, b))
    return 2 * (one & two).total() >= _ALIKE * (one.total() + two.total())


def _apart(a: _Unit, b: _Unit) -> float:
    return abs(_seconds(a.names[0]) - _seconds(b.names[0]))


@dataclass(frozen=True, slots=True)
class _Moment:
    """A paragraph of the talk: its English and its Chinese, as places in the list of units."""

    spoken: Spoken
    units: tuple[int, ...]


def _moments(units: Sequence[_Unit]) -> list[_Moment]:
    found: dict[str, list[int]] = {}
    for n, unit in enumerate(units):
        if unit.kind in ("english", "chinese"):
            found.setdefault(unit.names[0], []).append(n)
    return [
        _Moment(Spoken(seconds(name), _said(units[places[0]].text)), tuple(places))
        for name, places in found.items()
        if units[places[0]].kind == "english"
    ]


def _said(block: str) -> str:
    """The English of its block, without what stands around it in every one."""
    found = re.search(r"<p>(.*)</p>", block, re.DOTALL)
    return found[1] if found else block


# --- merging ------------------------------------------------------------------------------------


class _Merge:
    """One merge of three lists of units. Its rules look at whole texts and keys, not at places,
    so that doing it twice is doing it once."""

    def __init__(self, base: list[_Unit], edited: list[_Unit], new: list[_Unit]) -> None:
        self.base, self.edited, self.new = base, edited, new
        self.became = _pairs(base, new)
        self.texts = {u.id for u in edited}
        self.held: dict[int, str] = {}  # base units that stay, and what would be in their place
        self.hidden: set[int] = set()  # new units that stand there, and do not come in
        self._align()
        self.keys = {k: u for u in edited for k in u.keys}
        self.later = {u.id for u in new}
        self.ours = {u.id for u in base} | self.later
        self.whole = dict(_split_paragraphs(edited, self.ours))
        self.mine = _pairs(base, edited, self._merged_before())
        self.over = (_over(base), _over(edited))
        self.replaced: dict[str, _Unit | None] = {}
        self.numbered: dict[int, _Unit] = {}  # headings in the editor's words, by their place
        self.conflicts: list[tuple[Conflict, _Unit]] = []  # each with the last part of a split one

    def result(self) -> tuple[str, list[Conflict]]:
        self._compare()
        anchors = self._renamed()
        moving = self._moving()
        coming = self._coming(anchors)
        lost: set[str] = set()
        while True:
            out = self._brought(moving, coming, anchors, lost)
            there = _known_by(out)
            wrong = {u.id for n, u in enumerate(out) if u.over and u.over != there.get(n)}
            wrong &= self.later
            if wrong <= lost:
                break
            lost |= wrong
        # A copy that now stands where one of ours stood cannot be told from that the next time.
        gone = {u.id for u in self.base if u.over} - self.later
        out = [u for n, u in enumerate(out) if not (u.over and f"{u.text}{there.get(n)}" in gone)]
        conflicts = []
        for conflict, last in self.conflicts:
            part = _reanchored(last, anchors).text
            whole = conflict.edited.removesuffix(last.text) + part
            # Something of ours may have come in between the parts of what the editor split.
            found = _find(whole, out) is not None
            conflicts.append(replace(conflict, edited=whole if found else part))
        return _joined(out, self.edited[-1:]), conflicts

    def _brought(
        self,
        moving: Mapping[int, int],
        coming: Collection[int],
        anchors: Mapping[str, str],
        lost: Collection[str],
    ) -> list[_Unit]:
        """The units of the result.

        `lost`: headings that are known by what they stand over, and it is not there. They neither
        move nor come in.
        """
        carried: dict[int, _Unit] = {}  # what comes in, by its place in `new`
        out: list[_Unit] = []
        for n, unit in enumerate(self.edited):
            fresh = self.replaced.get(unit.id, self.numbered.get(n, unit))
            if fresh is None:
                continue
            if n in moving:
                moved = replace(_reanchored(fresh, anchors), over=self.new[moving[n]].over)
                if moved.id not in lost:
                    carried[moving[n]] = moved
                    continue
            if fresh is unit and unit.id not in self.later:
                fresh = _reanchored(unit, anchors)
            over = "" if fresh.id in lost else fresh.over
            out.append(replace(fresh, gap=unit.gap, over=over))
        carried |= {j: self.new[j] for j in coming if self.new[j].id not in lost}
        self._insert(out, carried)
        return out

    def _align(self) -> None:
        """Paragraphs that a new transcription has moved or cut elsewhere.

        One that became one other is that one. Where several became others, and the editor has been
        at one of them, all stay, and what would be there is told: brought in beside the editor's
        words, it would say the same twice.
        """
        old, later = _moments(self.base), _moments(self.new)
        for group in align([m.spoken for m in old], [m.spoken for m in later]):
            ours = [u for n in group.old for u in old[n].units]
            theirs = [u for n in group.new for u in later[n].units]
            if len(group.old) == len(group.new) == 1:
                self._pair(ours, theirs)
            elif not all(self.base[i].id in self.texts for i in ours) and not all(
                self.new[j].id in self.texts for j in theirs
            ):
                text = "\n\n".join(self.new[j].text for j in theirs[1:])  # its English is there
                self.held.update((i, text) for i in ours)
                self.became = {
                    i: j for i, j in self.became.items() if i not in ours and j not in theirs
                }
                self.hidden.update(theirs)

    def _merged_before(self) -> dict[int, int]:
        """Slides of `edited` that have come from `new` already, or have its times: what they were
        in `base`; -1 where they were not."""
        was = {j: i for i, j in self.became.items()}
        slides = [(j, u) for j, u in enumerate(self.new) if u.kind == "slide"]
        texts, keys = {u.text: j for j, u in slides}, {k: j for j, u in slides for k in u.keys}
        before = {u.id for u in self.base}, {k for u in self.base for k in u.keys}
        found: dict[int, int] = {}
        for n, unit in enumerate(self.edited):
            if unit.kind != "slide" or unit.text in before[0]:
                continue
            if unit.text in texts:
                found[n] = was.get(texts[unit.text], -1)
            elif not unit.keys & before[1] and (j := keys.get(min(unit.keys), -1)) in was:
                found[n] = was[j]
        return found

    def _pair(self, ours: Sequence[int], theirs: Sequence[int]) -> None:
        for i in ours:
            same = [j for j in theirs if self.new[j].kind == self.base[i].kind]
            if same and self.became.get(i) not in same:
                # Another that is only near in time has not become it as well.
                others = {n: j for n, j in self.became.items() if j != same[0]}
                self.became = {**others, i: same[0]}

    def _compare(self) -> None:
        """What to replace, and what the editor has changed as well."""
        many = Counter(u.id for u in self.base)
        for i, unit in enumerate(self.base):
            fresh = self.new[self.became[i]] if i in self.became else None
            mine = self.edited[self.mine[i]] if i in self.mine else None
            if mine is not None and mine.id in many:
                mine = None  # another block of ours, which stands where this one stood
            if i in self.held:
                if unit.kind == "chinese" and unit.id not in self.texts and mine:
                    self._conflict(unit.text, mine, self.held[i])
            elif unit.id in self.later or many[unit.id] > 1:
                continue  # the same again, or a text that stands for nothing in particular
            elif unit.id in self.texts:
                self.replaced[unit.id] = fresh
            elif mine and fresh and mine.id not in self.later and self._renumber(i, mine, fresh):
                continue
            elif mine and (fresh is None or fresh.id not in self.texts):
                text, names = (fresh.text, fresh.names) if fresh else ("", ())
                self._conflict(unit.text, mine, text, names)

    def _conflict(self, base: str, mine: _Unit, new: str, theirs: tuple[str, ...] = ()) -> None:
        if new and _bare(new) in (_bare(base), UNTRANSLATED):
            return  # only what is said of it has changed, or there is nothing to take
        names = mine.names or theirs
        timed = mine.kind in ("english", "chinese", "note", "slide") and names
        conflict = Conflict(
            name=_name(mine, names),
            at=_seconds(names[0]) if timed else self._over_when(mine),
            base=base,
            edited=self.whole.get(mine.text, mine.text),
            new=new,
        )
        self.conflicts.append((conflict, mine))

    def _over_when(self, heading: _Unit) -> float | None:
        """The time of the slide or paragraph below a heading of `edited`; else None."""
        of = next((o for n, (o, _, _) in self.over[1].items() if self.edited[n] is heading), -1)
        return _seconds(self.edited[of].names[0]) if of >= 0 else None

    def _moving(self) -> dict[int, int]:
        """Slides and headings of `edited` that go elsewhere, and which they are in `new`.

        One moves that has another place among the others now, and that the editor left between
        the paragraphs where it was put. They stand still, so that what has moved tells that too.
        """
        stay = _in_order(self.base, self.became)
        places = [_around(units) for units in (self.base, self.edited)]
        answers = Counter(self.mine.values())
        texts, later = (Counter(u.id for u in units) for units in (self.edited, self.new))
        names = Counter(k for u in self.edited for k in u.keys)
        found: dict[int, int] = {}
        for i, j in self.became.items():
            n = self.mine.get(i, -1)
            if self.base[i].kind not in ("slide", "heading") or not self._sure(i) or answers[n] > 1:
                continue
            text = self.edited[n].id
            one = texts[text] == later[self.new[j].id] == 1 and all(
                names[k] == 1 for k in self.edited[n].keys
            )
            other = text in self.ours and text not in (self.base[i].id, self.new[j].id)
            other = other or self.new[j].id in self.texts - {text}  # which it has become
            left = _touch(places[0][i], places[1][n])
            if i not in stay and left and one and not other:
                found[n] = j
        return found

    def _renumber(self, i: int, mine: _Unit, fresh: _Unit) -> bool:
        """Whether a heading in the editor's words needs no more than the number of ours."""
        twins = sum(u.id == mine.id for u in self.edited) > 1
        done = twins or fresh.id in self.texts or not self._sure(i)
        new = None if done else _renumbered(self.base[i], mine, fresh)
        if new is not None:
            self.numbered[self.mine[i]] = new
        return new is not None

    def _sure(self, i: int) -> bool:
        """Whether `edited` has this unit of `base`; a heading by its words or what it is over."""
        n = self.mine.get(i, -1)
        if n < 0 or self.base[i].kind != "heading":
            return n >= 0
        was, here = self.over[0].get(i, (-1,))[0], self.over[1].get(n, (-1,))[0]
        same = _bare(self.base[i].text) == _bare(self.edited[n].text)
        return same or (was >= 0 and self.mine.get(was) == here)

    def _coming(self, anchors: Mapping[str, str]) -> set[int]:
        """What `new` has and `base` had not, and is not in `edited` by its text or its name."""
        known = self.hidden | set(self.became.values())
        moved = self._moved()
        return {
            j
            for j, unit in enumerate(self.new)
            if j not in known
            and unit.id not in self.texts
            and not self._is_answered(unit, anchors)
            and not self._deleted(unit, moved)
        }

    def _insert(self, out: list[_Unit], carried: Mapping[int, _Unit]) -> None:
        """Headings come in when there is what they stand over, the nearest first."""
        over = _over(self.new)
        for j in (*sorted(carried.keys() - over), *sorted(carried.keys() & over, reverse=True)):
            out.insert(self._place(j, out, over), carried[j])

    def _is_answered(self, unit: _Unit, anchors: Mapping[str, str]) -> bool:
        """Whether the editor has something under its name; the two are a conflict then."""
        mine = next((self.keys[k] for k in unit.keys if k in self.keys), None)
        if mine is None or mine.id in self.replaced or anchors.keys() & set(mine.names):
            return False  # it was ours, and has become another paragraph, or it has another time
        self._conflict("", mine, unit.text, unit.names)
        return True

    def _moved(self) -> dict[str, str]:
        """Anchors of `new` and what they were in `base`."""
        pairs = ((self.base[i], self.new[j]) for i, j in self.became.items())
        timed = ((b, f) for b, f in pairs if b.kind in ("english", "chinese", "slide"))
        moved = {n: o for b, f in timed for o, n in zip(b.names, f.names, strict=False)}
        left = {o for n, o in moved.items() if n != o}
        return {n: n for u in self.base for n in u.names if n not in left} | moved

    def _renamed(self) -> dict[str, str]:
        """The anchors that have moved: a paragraph that the editor wrote keeps up with its time."""
        here = {
            name
            for u in self.edited
            if u.kind != "slide" or u.id not in self.replaced  # which gives its time away
            for name in u.names
        }
        became = set(self.became.values())
        # What is new may have the time of another; only what was there tells who is who again.
        later = {name for j, u in enumerate(self.new) if j in became for name in u.names}
        return {
            old: new
            for new, old in self._moved().items()
            if new != old and new not in here and old not in later
        }

    def _deleted(self, unit: _Unit, moved: dict[str, str]) -> bool:
        """Whether it belongs to a paragraph that the editor has taken out."""
        if not unit.names or unit.names[0] not in moved:
            return False
        here = {name for u in self.edited for name in u.names}
        return not here & {unit.names[0], moved[unit.names[0]]}

    def _place(self, j: int, out: list[_Unit], over: Mapping[int, tuple[int, str, int]]) -> int:
        """After the nearest of its predecessors in `new`, and what the editor wrote below that.

        A heading stands right before the next, down to what it is over.
        """
        of, marks, _ = over.get(j, (-1, "", 0))
        for k in range(j + 1, of + 1):
            where = self._where(k, out)
            if len(where) == 1:
                return self._above(out, where[0], marks)
        for k in reversed(range(j)):
            where = self._where(k, out)
            if where and (len(where) == 1 or self.new[k].names):
                at = where[-1] + 1
                while at < len(out) and self._written(out[at]):
                    at += 1
                return at
        return 0

    def _where(self, j: int, out: Sequence[_Unit]) -> list[int]:
        """The places of a unit of `new` in `out`, by its text or its key."""
        unit = self.new[j]
        found = [n for n, u in enumerate(out) if u.id == unit.id or u.keys & unit.keys]
        twins = [k for k, u in enumerate(self.new) if u.id == unit.id]
        # Such as a rule: as many as in `new` stand in the same order.
        return [found[twins.index(j)]] if len(found) == len(twins) else found

    def _above(self, out: Sequence[_Unit], at: int, marks: str) -> int:
        """Where a heading goes that stands over `out[at]`: above those of lower levels that the
        editor has worded."""
        while at and out[at - 1].kind == "heading":
            above = out[at - 1]
            if above.id in self.later or not above.text.startswith(f"{marks}#"):
                break
            at -= 1
        return at

    def _written(self, unit: _Unit) -> bool:
        return unit.id not in self.ours and not unit.names and unit.kind != "heading"


def _touch(one: tuple[str, str], other: tuple[str, str]) -> bool:
    """Whether two places have the paragraph before or after them in common."""
    return one[0] == other[0] or one[1] == other[1]


_WEIGHTS = {"english": 10000, "chinese": 10000, "slide": 100}


def _in_order(left: Sequence[_Unit], pairs: Mapping[int, int]) -> set[int]:
    """The units of `left` that with their counterparts are in order, as many as can be: of
    paragraphs first, then of slides."""
    ends: list[tuple[int, int]] = []  # the last place of each chain, and its weight; both rise
    last: list[int] = []  # the unit that each chain ends with
    before: dict[int, int] = {}  # the unit before another in its chain
    for i in sorted(pairs):
        j = pairs[i]
        at = bisect_left(ends, (j,))
        weight = _WEIGHTS.get(left[i].kind, 1) + (ends[at - 1][1] if at else 0)
        if at < len(ends) and ends[at][0] == j and ends[at][1] > weight:
            continue
        if at:
            before[i] = last[at - 1]
        end = next((n for n in range(at, len(ends)) if ends[n][1] > weight), len(ends))
        ends[at:end], last[at:end] = [(j, weight)], [i]
    found = set(last[-1:])
    one = next(iter(found), -1)
    while one in before:
        one = before[one]
        found.add(one)
    return found


def _renumbered(base: _Unit, mine: _Unit, new: _Unit) -> _Unit | None:
    """The editor's heading with the number that ours has now, if it had the one that ours had."""
    old, here, now = (_NUMBER.search(u.text) for u in (base, mine, new))
    if not (old and here and now) or old[0] != here[0] or _bare(base.text) != _bare(new.text):
        return None
    text, raw = (_NUMBER.sub(now[0], t, count=1) for t in (mine.text, mine.raw))
    return replace(mine, text=text, raw=raw)


def _bare(text: str) -> str:
    """A block without its anchors, a heading's number, and what we say of it: why it waits, or is
    stale."""
    text = _NUMBER.sub("", text)
    return ANCHOR.sub("", SLIDE.sub("", REMARK.sub("", text))).strip()


def _name(mine: _Unit, names: tuple[str, ...]) -> str:
    if mine.kind in ("chinese", "front", "slide") and names:
        return names[0]
    if mine.kind in ("english", "note") and names:
        return f"{names[0]} {mine.kind}"
    return f"#{hashlib.sha256(mine.text.encode()).hexdigest()[:6]}"


def _split_paragraphs(units: Sequence[_Unit], ours: Collection[str]) -> Iterator[tuple[str, str]]:
    """The text of the last part of each paragraph that the editor has split, and all of it."""

    def part(unit: _Unit) -> bool:
        return unit.kind == "text" and unit.text[:3] != "---" and unit.text not in ours

    for n, unit in enumerate(units):
        if unit.kind != "english":
            continue
        end = n + 1
        while end < len(units) and part(units[end]):
            end += 1
        if n + 1 < end < len(units) and set(units[end].names) & set(unit.names):
            yield units[end].text, "\n\n".join(u.text for u in units[n + 1 : end + 1])


def _reanchored(unit: _Unit, anchors: Mapping[str, str]) -> _Unit:
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
    return _SUMMARY.sub(
        lambda m: m[0][: m.start(1) - m.start()] + anchors.get(m[1], m[1]), text, count=1
    )


def _slide_at(at: str, anchors: Mapping[str, str]) -> str:
    return anchors.get(f"{at} slide", at).removesuffix(" slide")


def _joined(units: Sequence[_Unit], end: Sequence[_Unit]) -> str:
    """The units with the white space between them, and at the end that of `end`'s last."""
    if not units:
        return ""
    between = "\n" if units[0].kind == "front" else "\n\n"
    last = end[-1].gap if end else between[:1]
    gaps = [u.gap if u.gap.count("\n") >= len(between) else between for u in units[:-1]]
    return "".join(u.raw + gap for u, gap in zip(units, [*gaps, last], strict=True))
