"""Which unit of one draft has become which of another: by text, words, anchors, or place.

Knows neither which of the two a person has edited, nor what is done with what is found.
"""

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from translate.align import Spoken
from translate.draft import seconds
from translate.units import Unit, bare, seconds_of, stand_over

_NEAR = 2.0  # seconds by which a new transcription may move the start of a paragraph
_ALIKE = 0.4  # share of words that two texts without an anchor have in common
_NOTHING: Mapping[int, int] = {}


def pair_up(
    left: Sequence[Unit], right: Sequence[Unit], known: Mapping[int, int] = _NOTHING
) -> dict[int, int]:
    """Which unit of `right` each unit of `left` has become: by text, then words, key and place.

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


def _pair_by_words(left: Sequence[Unit], right: Sequence[Unit], pairs: dict[int, int]) -> None:
    """Slides and headings that say what no other says: their times and numbers come and go."""
    words = Counter((u.kind, bare(u.text)) for units in (left, right) for u in units)
    taken = set(pairs.values())
    where = {
        (unit.kind, bare(unit.text)): j
        for j, unit in enumerate(right)
        if unit.kind in ("slide", "heading") and j not in taken
    }
    for i, unit in enumerate(left):
        key = (unit.kind, bare(unit.text))
        if i not in pairs and words[key] == 2 and key in where:
            pairs[i] = where[key]


def _pair_by_key(left: Sequence[Unit], right: Sequence[Unit], pairs: dict[int, int]) -> None:
    taken = set(pairs.values())
    where = {k: j for j in reversed(range(len(right))) if j not in taken for k in right[j].keys}
    for i, unit in enumerate(left):
        found = next((where[k] for k in unit.keys if k in where), None)
        if i not in pairs and found is not None:
            # One unit may answer for several: an editor joins paragraphs, anchors and all.
            pairs[i] = found


def _pair_slides(left: Sequence[Unit], right: Sequence[Unit], pairs: dict[int, int]) -> None:
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


def _pair_headings(left: Sequence[Unit], right: Sequence[Unit], pairs: dict[int, int]) -> None:
    """By what they stand over."""
    over, there = stand_over(left), stand_over(right)
    where = {key: j for j, key in there.items()}
    taken = set(pairs.values())
    for i, (of, marks, nearer) in over.items():
        found = where.get((pairs.get(of, -1), marks, nearer))
        if i not in pairs and found is not None and found not in taken:
            pairs[i] = found
            taken.add(found)


def _pair_by_place(left: Sequence[Unit], right: Sequence[Unit], pairs: dict[int, int]) -> None:
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


def _similar(a: Unit, b: Unit) -> bool:
    if a.kind != b.kind:
        return False
    if a.kind == "slide" and bare(a.text) == bare(b.text):
        return True
    if a.names and b.names and a.kind != "front":
        return _apart(a, b) <= _NEAR
    if a.kind == "heading":
        return True
    one, two = (Counter(re.findall(r"[A-Za-z0-9]+|[^\W_]", u.text)) for u in (a, b))
    return 2 * (one & two).total() >= _ALIKE * (one.total() + two.total())


def _apart(a: Unit, b: Unit) -> float:
    return abs(seconds_of(a.names[0]) - seconds_of(b.names[0]))


@dataclass(frozen=True, slots=True)
class Moment:
    """A paragraph of the talk: its English and its Chinese, as places in the list of units."""

    spoken: Spoken
    units: tuple[int, ...]


def moments(units: Sequence[Unit]) -> list[Moment]:
    found: dict[str, list[int]] = {}
    for n, unit in enumerate(units):
        if unit.kind in ("english", "chinese"):
            found.setdefault(unit.names[0], []).append(n)
    return [
        Moment(Spoken(seconds(name), _said(units[places[0]].text)), tuple(places))
        for name, places in found.items()
        if units[places[0]].kind == "english"
    ]


def _said(block: str) -> str:
    """The English of its block, without what stands around it in every one."""
    found = re.search(r"<p>(.*)</p>", block, re.DOTALL)
    return found[1] if found else block


_WEIGHTS = {"english": 10000, "chinese": 10000, "slide": 100}


def in_order(left: Sequence[Unit], pairs: Mapping[int, int]) -> set[int]:
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
