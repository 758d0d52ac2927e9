"""Small gray pictures of a talk, in order of time → what moves in each.

Knows times, and what moving is: a block that changes in much of the time around it, back to the
last cut. Does not know slides.
"""

import zlib
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise

import numpy as np

from translate.backends.slide_pictures import (
    BLOCK,
    COLUMNS,
    HEIGHT,
    ROWS,
    WIDTH,
    Blocks,
    Counts,
    Gray,
    boxed,
    changed,
    components,
    grown,
    pixels,
    same_room,
)

# Samples closer than this show motion between them; farther apart they may show two slides.
CLOSE = 1.5
# Within less than this, in seconds, a person hardly moves.
MOMENT = 0.35
# Motion is looked for this far to both sides: a speaker who listens to a question for a while.
AROUND = 30.0
# One look at motion stands for this many seconds at most.
LASTING = 5.0
# A block that changes in this share of the time moves. Builds and fades change it more rarely.
OFTEN = 0.3
# Once is a change that fell into the half second between two looks.
TWICE = 2
# An inset may be there for one short slide: what moves in most of a few seconds. A curve that is
# being drawn is in each block only once.
BRIEFLY = 4.0
MOSTLY = 0.6
FOUR_TIMES = 4
# A change of so much of the picture at once is a cut: motion before it says nothing of after.
CUT = 0.35
# Moving groups of so many blocks are a person's inset, filled up to a rectangle ...
PERSON = 8
# ... unless that would cover more than this share of the picture.
LARGEST_INSET = 0.4
# Windows that are looked for: those seen last.
MOST_WINDOWS = 16
# Pictures that are held as they are: those around the one that is looked at.
AT_HAND = 128

_Sides = tuple[int, int, int, int]  # top, bottom, left and right, in blocks


class Sample:
    """A picture at a time, in seconds, and what moves in it where that was measured.

    `motion` is the changed pixels of each block half a second later. The picture is held packed:
    the pictures alone of three hours of slides take 100 MB, of camera 600, where plain they would
    take 1200.
    """

    __slots__ = ("_packed", "motion", "time")

    def __init__(self, *, time: float, gray: Gray, motion: Counts | None = None) -> None:
        self.time = time
        self.motion = motion
        self._packed = zlib.compress(gray.tobytes(), 1)

    @property
    def gray(self) -> Gray:
        return _unpacked(self._packed)


@lru_cache(maxsize=AT_HAND)
def _unpacked(packed: bytes) -> Gray:
    return np.frombuffer(zlib.decompress(packed), np.uint8).reshape(HEIGHT, WIDTH)


def moving(samples: Sequence[Sample]) -> list[Blocks]:
    """For each sample the blocks that move around it."""
    times = [s.time for s in samples]
    count = len(samples)
    before: Blocks | None = None
    moved = np.zeros((count + 1, ROWS, COLUMNS), np.float32)  # seconds, summed up
    often = np.zeros((count + 1, ROWS, COLUMNS), np.int32)  # how many times, summed up
    seen = np.zeros(count + 1, np.float32)
    shot = [0] * count  # where the sample's shot begins
    for i, sample in enumerate(samples):
        motion, cut = sample.motion, False
        if i + 1 < count:
            apart = changed(sample.gray, samples[i + 1].gray)
            cut = bool((apart > 0).mean() >= CUT)
            shot[i + 1] = i + 1 if cut else shot[i]
            if times[i + 1] - times[i] <= CLOSE:
                later = later_than(samples, i)
                if later > i + 1:
                    apart = changed(sample.gray, samples[later].gray)
                    cut = cut or bool((apart > 0).mean() >= CUT)
                motion = None if cut else apart
            elif motion is None and not apart.any():
                motion = apart  # a recorder of screens: nothing changed in between
        weight = 0.0 if motion is None else _stands_for(times, i)
        seen[i + 1] = seen[i] + weight
        moves = np.zeros((ROWS, COLUMNS), bool) if motion is None else motion > 0
        moved[i + 1] = moved[i] + weight * moves
        often[i + 1] = often[i] + moves
    ends = _shot_ends(shot)
    out: list[Blocks] = []
    for i, time in enumerate(times):
        moves = np.zeros((ROWS, COLUMNS), bool)
        for around, share, least in ((AROUND, OFTEN, TWICE), (BRIEFLY, MOSTLY, FOUR_TIMES)):
            low = max(shot[i], bisect_left(times, time - around))
            high = min(ends[i], bisect_left(times, time + around))
            part = moved[high] - moved[low] > share * (seen[high] - seen[low])
            moves |= part & (often[high] - often[low] >= least)
        if before is not None and np.array_equal(moves, before):
            out.append(out[-1])
        else:
            out.append(_widened(moves))
        before = moves
    return _whole(out, samples)


def _stands_for(times: Sequence[float], i: int) -> float:
    """For how many seconds the motion seen at `i` may be taken.

    Not for long where another look was just before: it was looked at closely since something came,
    and what is seen may be its coming.
    """
    closely = i > 0 and times[i] - times[i - 1] <= CLOSE
    most = CLOSE if closely or i + 1 == len(times) else LASTING
    return min([most, *(after - times[i] for after in times[i + 1 : i + 2])])


def later_than(samples: Sequence[Sample], i: int) -> int:
    """The first sample a moment after the one at `i`: motion takes time."""
    last = i + 1
    while last + 1 < len(samples) and samples[last].time - samples[i].time < MOMENT:
        last += 1
    return last


def _shot_ends(shot: Sequence[int]) -> list[int]:
    """For each sample the index after the last sample of its shot."""
    out = [len(shot)] * len(shot)
    for i in range(len(shot) - 2, -1, -1):
        out[i] = out[i + 1] if shot[i] == shot[i + 1] else i + 1
    return out


def _whole(masks: Sequence[Blocks], samples: Sequence[Sample]) -> list[Blocks]:
    """The masks with each window whole that is known from another time.

    In a few seconds a person may move nothing but the head. Where something moves in a rectangle
    that moved before or later, and in the rest of it the same room stands, it is the same camera's.
    """
    out = list(masks)
    starts = [i for i, mask in enumerate(masks) if i == 0 or mask is not masks[i - 1]]
    runs = [slice(a, b) for a, b in pairwise([*starts, len(masks)])]
    for order in (runs, runs[::-1]):
        known: dict[_Sides, int] = {}
        for run in order:
            at = run.start
            mask = out[at].copy()
            for sides, seen in known.items():
                top, bottom, left, right = sides
                moves = mask[top:bottom, left:right]
                if moves.sum() >= PERSON and _same_room_rests(
                    samples[seen].gray, samples[at].gray, moves, sides
                ):
                    mask[top:bottom, left:right] = True
            if not np.array_equal(mask, out[at]):
                out[run] = [mask] * (run.stop - at)
            for sides in _windows(out[at]):
                known.pop(sides, None)
                known[sides] = at
            for sides in list(known)[:-MOST_WINDOWS]:
                del known[sides]
    return out


def _windows(mask: Blocks) -> Iterator[_Sides]:
    """The rectangles of what moves, as large as a person's inset may be."""
    for part in components(mask):
        rows, columns = np.nonzero(part)
        sides = int(rows.min()), int(rows.max()) + 1, int(columns.min()), int(columns.max()) + 1
        if len(rows) >= PERSON and _area(sides) <= LARGEST_INSET * mask.size:
            yield sides


def _area(sides: _Sides) -> int:
    top, bottom, left, right = sides
    return (bottom - top) * (right - left)


def _same_room_rests(a: Gray, b: Gray, moves: Blocks, sides: _Sides) -> bool:
    """Whether in the part of the rectangle that does not move both pictures show the same room."""
    top, bottom, left, right = (BLOCK * side for side in sides)
    here = np.s_[top:bottom, left:right]
    return not moves.all() and same_room(a[here], b[here], ~pixels(moves))


def _widened(often: Blocks) -> Blocks:
    if not often.any():
        return often
    return boxed(grown(often), LARGEST_INSET, PERSON)
