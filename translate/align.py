"""Which paragraphs of one transcript have become which of another: by time, and by their words.

A new transcription moves starts and cuts paragraphs elsewhere. Two paragraphs are linked when
they are spoken at about the same time and share many pairs of neighbouring words. Knows neither
drafts nor translations.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

_OVERLAP = 0.2  # of the shorter one's time
_LAST = 60.0  # seconds that the last paragraph is taken to last
_RUN = 3  # words: as many that follow each other in both are the same ones
_SHARED = 0.3  # of the shorter one's word pairs; two recognisers agree on more, strangers on less


@dataclass(frozen=True, slots=True)
class Spoken:
    """A paragraph: its start in seconds, and its English."""

    start: float
    english: str


@dataclass(frozen=True, slots=True)
class Group:
    """Paragraphs that say the same, by their places in the old list and in the new one."""

    old: tuple[int, ...]
    new: tuple[int, ...]


def align(old: Sequence[Spoken], new: Sequence[Spoken]) -> tuple[Group, ...]:
    """The groups of linked paragraphs; one with nothing on a side is in none."""
    pairs = [Counter(_pairs(s.english)) for s in old], [Counter(_pairs(s.english)) for s in new]
    ends = _ends(old), _ends(new)
    parent = list(range(len(old) + len(new)))

    def root(n: int) -> int:
        while parent[n] != n:
            n = parent[n]
        return n

    for i, one in enumerate(old):
        for j, other in enumerate(new):
            overlap = min(ends[0][i], ends[1][j]) - max(one.start, other.start)
            shorter = min(ends[0][i] - one.start, ends[1][j] - other.start)
            if overlap >= _OVERLAP * shorter and _same(pairs[0][i], pairs[1][j]):
                parent[root(len(old) + j)] = root(i)
    groups: dict[int, tuple[list[int], list[int]]] = {}
    for n in range(len(parent)):
        side = groups.setdefault(root(n), ([], []))
        side[n >= len(old)].append(n if n < len(old) else n - len(old))
    return tuple(Group(tuple(a), tuple(b)) for a, b in groups.values() if a and b)


def closed(
    group: Group, groups: Sequence[Group], old: Sequence[Spoken], new: Sequence[Spoken]
) -> Group:
    """The group with its neighbours, so far as words have moved from one to another.

    What is returned says on either side what it says on the other, from its first word to its
    last: nothing of it is said by a paragraph outside.
    """
    a, b, c, d = _span([group])
    while True:
        inside = [
            g for g in groups if any(a <= i < b for i in g.old) or any(c <= j < d for j in g.new)
        ]
        wider = _span([group, *inside, Group((a, b - 1), (c, d - 1))])
        if wider == (a, b, c, d):
            before = _crosses(old[max(a - 1, 0) : a], old[a:b], new[max(c - 1, 0) : c], new[c:d])
            after = _crosses(old[a:b], old[b : b + 1], new[c:d], new[d : d + 1])
            wider = (a - (before > 0), b + (after < 0), c - (before < 0), d + (after > 0))
        if wider == (a, b, c, d):
            return Group(tuple(range(a, b)), tuple(range(c, d)))
        a, b, c, d = wider


def same_words(group: Group, old: Sequence[Spoken], new: Sequence[Spoken]) -> bool:
    return _words([old[i] for i in group.old]) == _words([new[j] for j in group.new])


def _span(groups: Sequence[Group]) -> tuple[int, int, int, int]:
    olds, news = [i for g in groups for i in g.old], [j for g in groups for j in g.new]
    return min(olds), max(olds) + 1, min(news), max(news) + 1


def _crosses(
    before: Sequence[Spoken],
    after: Sequence[Spoken],
    earlier: Sequence[Spoken],
    later: Sequence[Spoken],
) -> int:
    """Whether the cut between `before` and `after` has another place than that between `earlier`
    and `later`: 1 where words of `before` are in `later`, -1 where words of `after` are in
    `earlier`, 0 where neither is known to be so."""
    one, other = _words(before), _words(earlier)
    cut, there = len(one), len(other)
    same = SequenceMatcher(None, one + _words(after), other + _words(later), autojunk=False)
    for i, j, size in same.get_matching_blocks():
        if size >= _RUN and (i < cut < i + size or j < there < j + size):
            shift = (j + cut - i) - there  # by how much the first cut is later
            if shift:
                return 1 if shift > 0 else -1
    return 0


def _words(spoken: Sequence[Spoken]) -> list[str]:
    return [word for s in spoken for word in _words_of(s.english)]


def _words_of(english: str) -> list[str]:
    return re.findall(r"\w+", english.casefold())


def _pairs(english: str) -> list[tuple[str, str]]:
    words = _words_of(english)
    return list(zip(["", *words], [*words, ""], strict=True))


def _same(one: Counter[tuple[str, str]], other: Counter[tuple[str, str]]) -> bool:
    return (one & other).total() >= _SHARED * min(one.total(), other.total())


def _ends(spoken: Sequence[Spoken]) -> list[float]:
    """When each ends at the latest: where the next one begins."""
    starts = [s.start for s in spoken]
    after = sorted(starts)
    return [min((a for a in after if a > s), default=s + _LAST) for s in starts]
