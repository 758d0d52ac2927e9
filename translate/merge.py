"""Merge what is generated today into a draft that a person has edited.

`base` is what was generated last time, `edited` the file as it is now, `new` what would be
generated today. The file stays the editor's: its text and its order are the start, and what has
changed from `base` to `new` is brought into it where the editor has not been.

- A block that the editor left as it was takes the new text.
- A block that the editor changed keeps the editor's words; the new text is listed as a conflict.
- A block that the editor deleted stays deleted.
- A paragraph or a slide that is new comes in at its place.
- Paragraphs that are cut elsewhere now stay as they were where the editor has been at one of them.
- A slide or a heading that now goes with other paragraphs moves there, if it stands where it was
  put; a heading that the editor has worded anew gets its new number.

A block is known by its text, a slide or a heading else by its words, all else by its anchor, else
by what stands around it. Only text that is word for word what we generated is ever replaced or
removed; so whatever goes wrong in finding counterparts, nothing that a person typed can be lost.

Text in, text out: knows the shape of a draft from `draft`, and no files.
"""

import hashlib
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import islice

from translate.align import Group, align, closed, same_words
from translate.counterparts import Moment, in_order, moments, pair_up
from translate.model import UNTRANSLATED
from translate.units import (
    Unit,
    around,
    bare,
    body_units,
    fences,
    find,
    front_units,
    joined,
    known_by,
    reanchored,
    renumbered,
    seconds_of,
    split_paragraphs,
    stand_over,
    told_apart,
)


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
    fronts = [list(front_units(t)) for t in (old, mine, theirs)]
    bodies = [list(body_units(t)) for t in (old, mine, theirs)]
    bodies = told_apart(*bodies)
    start, end = fences(mine)
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
    return any(find(conflict.edited, units) is not None for units in _parts(text))


def followed(conflict: Conflict, text: str) -> Conflict | None:
    """The conflict with what its block says in `text`, where the editor has been at it again.

    None where the block cannot be told: it has no anchor or key, or has been taken out.
    """
    for units in _parts(text):
        whole = dict(split_paragraphs(units, ()))
        for unit in units:
            if conflict.name in {_name(unit, (name,)) for name in unit.names}:
                return replace(conflict, edited=whole.get(unit.text, unit.text))
    return None


@lru_cache(maxsize=2)  # asked for each conflict over one draft
def _parts(text: str) -> tuple[tuple[Unit, ...], tuple[Unit, ...]]:
    """The front matter and the body."""
    text = text.replace("\r\n", "\n")
    return tuple(front_units(text)), tuple(body_units(text))


def take(text: str, conflicts: Sequence[Conflict]) -> str:
    """The draft with the new text of each conflict in the place of the editor's.

    Where the editor has made one block of several, all that have become of it come in its place.
    """
    windows = "\r\n" in text
    text = text.replace("\r\n", "\n")
    news: dict[str, list[str]] = {}
    for conflict in conflicts:
        news.setdefault(conflict.edited, []).extend([conflict.new] if conflict.new else [])
    start, end = fences(text)
    front, body = list(front_units(text)), list(body_units(text))
    was = tuple(front), tuple(body)
    for edited, fresh in news.items():
        for units, gap in ((front, "\n"), (body, "\n\n")):
            found = find(edited, units)
            if found:
                last = units[found.stop - 1]
                new = [replace(last, raw=gap.join(fresh), text="")] if fresh else []
                units[found.start : found.stop] = new
    taken = start + joined(front, was[0]) + end + joined(body, was[1])
    return taken.replace("\n", "\r\n") if windows else taken


# --- merging ------------------------------------------------------------------------------------


class _Merge:
    """One merge of three lists of units. Its rules look at whole texts and keys, not at places,
    so that doing it twice is doing it once."""

    def __init__(self, base: list[Unit], edited: list[Unit], new: list[Unit]) -> None:
        self.base, self.edited, self.new = base, edited, new
        self.became = pair_up(base, new)
        self.texts = {u.id for u in edited}
        self.held: dict[int, str] = {}  # base units that stay, and what would be in their place
        # New units that do not come in there; and the base units after which they would stand.
        self.hidden: dict[int, tuple[int, ...]] = {}
        self._align()
        self.keys = {k: u for u in edited for k in u.keys}
        self.later = {u.id for u in new}
        self.ours = {u.id for u in base} | self.later
        self.twins: dict[str, list[int]] = {}  # the places of each text in `new`
        for j, unit in enumerate(new):
            self.twins.setdefault(unit.id, []).append(j)
        self.whole = dict(split_paragraphs(edited, self.ours))
        self.mine = pair_up(base, edited, self._merged_before())
        self.over = (stand_over(base), stand_over(edited))
        self.replaced: dict[str, Unit | None] = {}
        self.numbered: dict[int, Unit] = {}  # headings in the editor's words, by their place
        self.conflicts: list[tuple[Conflict, Unit]] = []  # each with the last part of a split one

    def result(self) -> tuple[str, list[Conflict]]:
        self._compare()
        anchors = self._renamed()
        out = self._brought_in(anchors)
        conflicts = []
        for conflict, last in self.conflicts:
            part = reanchored(last, anchors).text
            whole = conflict.edited.removesuffix(last.text) + part
            # Something of ours may have come in between the parts of what the editor split.
            found = find(whole, out) is not None
            conflicts.append(replace(conflict, edited=whole if found else part))
        return joined(out, self.edited), conflicts

    def _brought_in(self, anchors: Mapping[str, str]) -> list[Unit]:
        """The units of the result."""
        moving, coming = self._moving(), self._coming(anchors)
        lost: set[str] = set()
        while True:
            out = self._row(moving, coming, anchors, lost)
            there = known_by(out)
            astray = {n: u for n, u in enumerate(out) if u.over and u.over != there.get(n)}
            wrong = {u.id for u in astray.values()} & self.later
            if wrong <= lost:
                break
            lost |= wrong
        # A copy that now stands where one of ours stood cannot be told from that the next time.
        gone = {u.id for u in self.base} - self.later
        copies = {n for n, u in astray.items() if f"{u.text}{there.get(n)}" in gone}
        return [u for n, u in enumerate(out) if n not in copies]

    def _row(
        self,
        moving: Mapping[int, int],
        coming: Collection[int],
        anchors: Mapping[str, str],
        lost: Collection[str],
    ) -> list[Unit]:
        """What stays of `edited`, with what moves and what comes in at its place.

        `lost`: headings that are known by what they stand over, and it is not there. They neither
        move nor come in, and what is in their place stays.
        """
        carried: dict[int, Unit] = {}  # what comes in, by its place in `new`
        out: list[Unit] = []
        for n, unit in enumerate(self.edited):
            fresh = self.replaced.get(unit.id, self.numbered.get(n, unit))
            if fresh is None:
                continue
            if n in moving:
                moved = replace(reanchored(fresh, anchors), over=self.new[moving[n]].over)
                if moved.id not in lost:
                    carried[moving[n]] = moved
                    continue
            if fresh is unit and unit.id not in self.later:
                fresh = reanchored(unit, anchors)
            if fresh is not unit and fresh.id in lost:
                fresh = unit
            over = "" if fresh.id in lost else fresh.over
            out.append(replace(fresh, gap=unit.gap, over=over))
        carried |= {j: self.new[j] for j in coming if self.new[j].id not in lost}
        self._insert(out, carried)
        return out

    def _align(self) -> None:
        """Paragraphs that a new transcription has moved or cut elsewhere.

        One that became one other is that one. Where several became others, and the editor has been
        at one of them, all stay, with those that their words have moved from or to; what would be
        there is told: brought in beside the editor's words, it would say the same twice.
        """
        old, later = moments(self.base), moments(self.new)
        spoken = [m.spoken for m in old], [m.spoken for m in later]
        groups = align(*spoken)
        for group in groups:
            if len(group.old) == len(group.new) == 1:
                self._pair(old[group.old[0]].units, later[group.new[0]].units)
        for group in groups:
            ours = [u for n in group.old for u in old[n].units]
            theirs = [u for n in group.new for u in later[n].units]
            if len(group.old) + len(group.new) > 2 and self._edited(ours, theirs):
                stay = closed(group, groups, *spoken)
                inside = [g for g in groups if {*g.old} & {*stay.old}]
                # Where it says something else now, all of that is told.
                told = inside if same_words(stay, *spoken) else [stay]
                self._hold(stay, told, old, later)

    def _edited(self, ours: Sequence[int], theirs: Sequence[int]) -> bool:
        """Whether what the draft has of a group is neither ours of before nor ours of today."""
        before = all(self.base[i].id in self.texts for i in ours)
        return not before and not all(self.new[j].id in self.texts for j in theirs)

    def _hold(
        self, stay: Group, told: Sequence[Group], old: Sequence[Moment], later: Sequence[Moment]
    ) -> None:
        """Leave the paragraphs of `stay` as they are; what they became is told group by group."""
        ours = {u for n in stay.old for u in old[n].units}
        theirs = {u for n in stay.new for u in later[n].units}
        self.became = {i: j for i, j in self.became.items() if i not in ours and j not in theirs}
        self.held.update((i, "") for i in ours)
        for group in told:
            new = [u for n in group.new for u in later[n].units]
            text = "\n\n".join(self.new[j].text for j in new[1:])  # its English is there
            self.held.update((u, text) for n in group.old for u in old[n].units)
        for n in stay.new:  # what stays stands for it: of that, what had been spoken by then
            before = [m for m in stay.old if old[m].spoken.start <= later[n].spoken.start]
            stands = tuple(u for m in before for u in old[m].units)
            self.hidden.update((u, stands) for u in later[n].units)

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

    def _conflict(self, base: str, mine: Unit, new: str, theirs: tuple[str, ...] = ()) -> None:
        if new and bare(new) in (bare(base), UNTRANSLATED):
            return  # only what is said of it has changed, or there is nothing to take
        names = mine.names or theirs
        timed = mine.kind in ("english", "chinese", "note", "slide") and names
        conflict = Conflict(
            name=_name(mine, names),
            at=seconds_of(names[0]) if timed else self._over_when(mine),
            base=base,
            edited=self.whole.get(mine.text, mine.text),
            new=new,
        )
        self.conflicts.append((conflict, mine))

    def _over_when(self, heading: Unit) -> float | None:
        """The time of the slide or paragraph below a heading of `edited`; else None."""
        of = next((o for n, (o, _, _) in self.over[1].items() if self.edited[n] is heading), -1)
        return seconds_of(self.edited[of].names[0]) if of >= 0 else None

    def _moving(self) -> dict[int, int]:
        """Slides and headings of `edited` that go elsewhere, and which they are in `new`.

        One moves that has another place among the others now, and that the editor left between
        the paragraphs where it was put. They stand still, so that what has moved tells that too.
        """
        stay = in_order(self.base, self.became)
        places = [around(units) for units in (self.base, self.edited)]
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

    def _renumber(self, i: int, mine: Unit, fresh: Unit) -> bool:
        """Whether a heading in the editor's words needs no more than the number of ours."""
        twins = sum(u.id == mine.id for u in self.edited) > 1
        done = twins or fresh.id in self.texts or not self._sure(i)
        new = None if done else renumbered(self.base[i], mine, fresh)
        if new is not None:
            self.numbered[self.mine[i]] = new
        return new is not None

    def _sure(self, i: int) -> bool:
        """Whether `edited` has this unit of `base`; a heading by its words or what it is over."""
        n = self.mine.get(i, -1)
        if n < 0 or self.base[i].kind != "heading":
            return n >= 0
        was, here = self.over[0].get(i, (-1,))[0], self.over[1].get(n, (-1,))[0]
        same = bare(self.base[i].text) == bare(self.edited[n].text)
        return same or (was >= 0 and self.mine.get(was) == here)

    def _coming(self, anchors: Mapping[str, str]) -> set[int]:
        """What `new` has and `base` had not, and is not in `edited` by its text or its name."""
        known = {*self.hidden, *self.became.values()}
        moved = self._moved()
        return {
            j
            for j, unit in enumerate(self.new)
            if j not in known
            and unit.id not in self.texts
            and not self._is_answered(unit, anchors)
            and not self._deleted(unit, moved)
        }

    def _insert(self, out: list[Unit], carried: Mapping[int, Unit]) -> None:
        """Headings come in when there is what they stand over, the nearest first."""
        over = stand_over(self.new)
        for j in (*sorted(carried.keys() - over), *sorted(carried.keys() & over, reverse=True)):
            out.insert(self._place(j, out, over), carried[j])

    def _is_answered(self, unit: Unit, anchors: Mapping[str, str]) -> bool:
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

    def _deleted(self, unit: Unit, moved: dict[str, str]) -> bool:
        """Whether it belongs to a paragraph that the editor has taken out."""
        if not unit.names or unit.names[0] not in moved:
            return False
        here = {name for u in self.edited for name in u.names}
        return not here & {unit.names[0], moved[unit.names[0]]}

    def _place(self, j: int, out: list[Unit], over: Mapping[int, tuple[int, str, int]]) -> int:
        """After the nearest of its predecessors in `new`, and what the editor wrote below that.

        A heading stands right before the next, down to what it is over.
        """
        of, marks, _ = over.get(j, (-1, "", 0))
        for k in range(j + 1, of + 1):
            if k in self.hidden:
                continue
            where = self._where(k, out)
            if len(where) == 1:
                return self._above(out, where[0], marks)
        for k in reversed(range(j)):
            where = self._where(k, out)
            if where and (len(where) == 1 or self.new[k].names):
                at = where[-1] + 1
                while at < len(out) and (
                    self._written(out[at]) or (k in self.hidden and self._shown_by(j, out[at]))
                ):
                    at += 1
                return at
        return 0

    def _shown_by(self, j: int, unit: Unit) -> bool:
        """Whether a slide or a heading stands before this place in `new` as well."""
        return unit.kind in ("slide", "heading") and self.twins.get(unit.id, [j])[0] < j

    def _where(self, j: int, out: Sequence[Unit]) -> list[int]:
        """The places of a unit of `new` in `out`, by its text or its key; of one that does not come
        in, the last place of what stays for it."""
        unit = self.new[j]
        if j in self.hidden:
            stay = [self.base[i] for i in self.hidden[j]]
            ids, named = {u.id for u in stay}, {k for u in stay for k in u.keys}
            at = (n for n in reversed(range(len(out))) if out[n].id in ids or out[n].keys & named)
            return [*islice(at, 1)]
        found = [n for n, u in enumerate(out) if u.id == unit.id or u.keys & unit.keys]
        twins = self.twins[unit.id]
        # Such as a rule: as many as in `new` stand in the same order.
        return [found[twins.index(j)]] if len(found) == len(twins) else found

    def _above(self, out: Sequence[Unit], at: int, marks: str) -> int:
        """Where a heading goes that stands over `out[at]`: above those of lower levels that the
        editor has worded."""
        while at and out[at - 1].kind == "heading":
            above = out[at - 1]
            if above.id in self.later or not above.text.startswith(f"{marks}#"):
                break
            at -= 1
        return at

    def _written(self, unit: Unit) -> bool:
        return unit.id not in self.ours and not unit.names and unit.kind != "heading"


def _touch(one: tuple[str, str], other: tuple[str, str]) -> bool:
    """Whether two places have the paragraph before or after them in common."""
    return one[0] == other[0] or one[1] == other[1]


def _name(mine: Unit, names: tuple[str, ...]) -> str:
    if mine.kind in ("chinese", "front", "slide") and names:
        return names[0]
    if mine.kind in ("english", "note") and names:
        return f"{names[0]} {mine.kind}"
    return f"#{hashlib.sha256(mine.text.encode()).hexdigest()[:6]}"
