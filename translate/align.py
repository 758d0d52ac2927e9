"""Which paragraphs of one transcript have become which of another: by time, and by their words.

A new transcription moves starts and cuts paragraphs elsewhere. Two paragraphs are linked when
they are spoken at about the same time and share many pairs of neighbouring words. Knows neither
drafts nor translations.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

_OVERLAP = 0.2  # of the shorter one's time
_LAST = 60.0  # seconds that the last paragraph is taken to last
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


def _pairs(english: str) -> list[tuple[str, str]]:
    words = re.findall(r"\w+", english.casefold())
    return list(zip(["", *words], [*words, ""], strict=True))


def _same(one: Counter[tuple[str, str]], other: Counter[tuple[str, str]]) -> bool:
    return (one & other).total() >= _SHARED * min(one.total(), other.total())


def _ends(spoken: Sequence[Spoken]) -> list[float]:
    """When each ends at the latest: where the next one begins."""
    starts = [s.start for s in spoken]
    after = sorted(starts)
    return [min((a for a in after if a > s), default=s + _LAST) for s in starts]
