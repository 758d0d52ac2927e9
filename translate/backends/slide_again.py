"""The same slide shown again, and where it is to be seen whole.

Knows small gray pictures and the part of each that is the slide. Does not know times.

In the same place two pictures are compared point by point: one digit that differs makes another
slide. In two places, beside a speaker and alone, the larger is made as small as the other, and
every few letters must agree. What is worth comparing is told by coarse maps, all at once, so that
three hundred slides take seconds.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from translate.backends.slide_pictures import (
    BLANK,
    BLOCK,
    COLUMNS,
    HEIGHT,
    INK,
    ROWS,
    WIDTH,
    Blocks,
    Gray,
    Pixels,
    amount,
    changed,
    grown,
    lost,
    pixels,
    significant,
)
from translate.model import Box

# Pictures of a slide that are compared with those of others: of a long build some.
MOST_STATES = 12
# Blocks whose mean differs by more levels than FAR; the same slide has no more than a few.
FAR = 16
FEW_FAR = 30
# Of those few, so many that are nearest are looked at closely.
NEAREST = 4
# With the same in motion, ink that differs by this share is not the same slide's: no need to look.
UNLIKE = 0.2
# Of the ink so many pixels may be lost from one state to the next: a page number, noise.
LOST_PIXELS = 16
# Nine pixels that differ by so many levels in the mean, or by so many times what the noise of the
# two pictures does: another digit. Noise of the same letters, encoded anew, stays below 6.
DIGIT = 12.0
TIMES_NOISE = 2.5
NOISE = 0.999  # of all pixels differ less than noise does
# Sides of rectangles that differ by less, in pixels, are in the same place.
SAME_PLACE = 2.5
# Some letters: so many pixels high and wide. They are the same if they correlate so well, ...
LETTERS = 7, 15
AGREE = 0.5
# ... with a standard deviation of so many levels; less is plain ground.
WRITTEN = 6.0
# The share of letters that may disagree.
DISAGREE = 0.04
# Of all letters so many must be open to sight in both.
SEEN = 0.5
# A state had this share of the ink, if more lines were added while the camera was on.
BACK_TO = 0.6
# Blocks with letters that may be missing where the slide is whole: noise.
MISSING = 2

Levels = npt.NDArray[np.float32]


@dataclass(slots=True, eq=False)
class Still:
    """What stood for a while: its picture, the blocks in it that move, and what is drawn."""

    gray: Gray
    mask: Blocks
    ink: int  # pixels
    settled: Gray | None = None  # without noise and pointers, if it was seen often enough


@dataclass(slots=True, eq=False)
class _View:
    """A state of a slide, made as large as a picture."""

    still: Still
    box: Box
    slide: Levels
    hidden: Blocks  # what moves, and what is at its edge
    group: int

    @property
    def means(self) -> Levels:
        squares = self.slide.reshape(ROWS, BLOCK, COLUMNS, BLOCK)
        return np.asarray(squares.mean(axis=(1, 3)), np.float32)


def numbered(groups: Sequence[Sequence[Still]], boxes: Sequence[Box]) -> list[int]:
    """For each group of states, at its place, a number: the same for the same slide."""
    numbers: list[int] = []
    known = _Known()
    for i, (group, box) in enumerate(zip(groups, boxes, strict=True)):
        views = [_view(still, box, i) for still in _some(group)]
        same = next((g for v in (views[0], views[-1]) if (g := known.same(v)) is not None), None)
        if same is None and i and _goes_on(known.last, views[0]):
            same = i - 1
        numbers.append(max(numbers, default=-1) + 1 if same is None else numbers[same])
        known.add(views)
    return numbers


def fullest(stills: Sequence[Still], boxes: Sequence[Box], numbers: Sequence[int]) -> list[bool]:
    """For each still, whether of all with its number it shows the slide best.

    That is: whole; of those the largest; of those with the least of it hidden; of those the last.
    """
    best: dict[int, int] = {}
    for number in set(numbers):
        views = [
            _view(stills[i], boxes[i], i) for i, other in enumerate(numbers) if other == number
        ]
        open_to_all = ~np.logical_or.reduce([v.hidden for v in views])
        least = min(_size(v.box) for v in views)  # blurred letters spread into more blocks
        written = [int((_written(v, *least) & open_to_all).sum()) for v in views]
        whole = [v for v, w in zip(views, written, strict=True) if w >= max(written) - MISSING]
        best[number] = max(whole, key=_worth).group
    return [best[number] == i for i, number in enumerate(numbers)]


def _worth(view: _View) -> tuple[float, float, int]:
    box = view.box
    area = (box.right - box.left) * (box.bottom - box.top)
    return round(area, 1), -float(view.hidden.sum()), view.group


def _written(view: _View, height: int, width: int) -> Blocks:
    """Where letters are, in a picture as small as this."""
    small = _pooled(_pooled(view.slide, height).T, width).T
    squares = _pooled(_pooled(small, HEIGHT).T, WIDTH).T.reshape(ROWS, BLOCK, COLUMNS, BLOCK)
    return np.asarray(squares.max(axis=(1, 3)) - squares.min(axis=(1, 3)) > INK, bool)


def _some(group: Sequence[Still]) -> list[Still]:
    """The first, the last, and no more than a few between."""
    if len(group) <= MOST_STATES:
        return list(group)
    return [group[round(at)] for at in np.linspace(0, len(group) - 1, MOST_STATES)]


class _Known:
    """What has been shown so far, and quickly what of it is near to something new."""

    def __init__(self) -> None:
        self._views: list[_View] = []
        self._means = np.empty((0, ROWS, COLUMNS), np.float32)
        self._hidden = np.empty((0, ROWS, COLUMNS), bool)

    @property
    def last(self) -> _View:
        return self._views[-1]

    def add(self, views: Sequence[_View]) -> None:
        while len(self._means) < len(self._views) + len(views):  # doubled: linear in all
            more = max(256, len(self._means))
            self._means = np.concatenate([self._means, np.zeros((more, ROWS, COLUMNS), np.float32)])
            self._hidden = np.concatenate([self._hidden, np.ones((more, ROWS, COLUMNS), bool)])
        for view in views:
            self._means[len(self._views)] = view.means
            self._hidden[len(self._views)] = view.hidden
            self._views.append(view)

    def same(self, view: _View) -> int | None:
        """The group that shows the same slide; the latest of those that do."""
        found = [v.group for v in self._near(view) if _same(v, view)]
        return max(found, default=None)

    def _near(self, view: _View) -> Iterator[_View]:
        count = len(self._views)
        apart = np.abs(self._means[:count] - view.means)
        apart[self._hidden[:count] | view.hidden] = 0
        far = (apart > FAR).sum(axis=(1, 2))
        order = np.argsort(apart.sum(axis=(1, 2)) + 1e6 * (far > FEW_FAR), kind="stable")
        return (self._views[i] for i in order[:NEAREST] if far[i] <= FEW_FAR)


# --- two views ------------------------------------------------------------------------------------


def _same(a: _View, b: _View) -> bool:
    if not _same_place(a.box, b.box):
        return _disagreeing(a, b, both=True) <= DISAGREE
    return _same_picture(a.still, b.still)


def _goes_on(old: _View, new: _View) -> bool:
    """Whether the new state, the next that was shown, has all of the old one and more."""
    if old.still.ink < BACK_TO * new.still.ink and _same_place(old.box, new.box):
        return False
    if not _same_place(old.box, new.box):
        return _disagreeing(old, new, both=False) <= DISAGREE
    without = old.still.mask | new.still.mask
    return amount(lost(old.still.gray, new.still.gray, without)) <= LOST_PIXELS


def _same_place(a: Box, b: Box) -> bool:
    across = max(abs(a.left - b.left), abs(a.right - b.right)) * WIDTH
    down = max(abs(a.top - b.top), abs(a.bottom - b.bottom)) * HEIGHT
    return max(across, down) <= SAME_PLACE


def _same_picture(a: Still, b: Still) -> bool:
    if abs(a.ink - b.ink) > max(BLANK, UNLIKE * max(a.ink, b.ink)) and not (a.mask ^ b.mask).any():
        return False
    without = a.mask | b.mask
    alike = not significant(np.where(without, 0, changed(a.gray, b.gray)))
    # Another encoding of the same letters may differ from the first in many places, but little.
    if not alike and any(
        amount(lost(s.gray, t.gray, without)) > LOST_PIXELS for s, t in ((a, b), (b, a))
    ):
        return False
    if a.settled is None or b.settled is None:
        return True
    return not _altered(a.settled, b.settled, pixels(grown(without)))


def _altered(a: Gray, b: Gray, without: Pixels) -> bool:
    """Whether a letter is another: something is written in both, and not the same."""
    apart = np.abs(a.astype(np.float32) - b)
    apart[without] = 0
    mean = _mean(apart, 3, 3)
    most = max(DIGIT, TIMES_NOISE * float(np.quantile(mean, NOISE)))
    rows, columns = (at.tolist() for at in np.nonzero(mean > most))
    return any(
        _ink_at(a, row, column) and _ink_at(b, row, column)
        for row, column in zip(rows, columns, strict=True)
    )


def _ink_at(gray: Gray, row: int, column: int) -> bool:
    part = gray[max(0, row - 2) : row + 3, max(0, column - 2) : column + 3]
    return int(part.max()) - int(part.min()) > INK


def _disagreeing(a: _View, b: _View, *, both: bool) -> float:
    """The share of the letters of `a`, or of `both`, that are not the same in the other."""
    low, wide = min(_size(v.box) for v in (a, b))
    one, other = (_resized(_unpointed(v.still), v.box, low, wide) for v in (a, b))
    hidden = [_resized(pixels(grown(v.still.mask)), v.box, low, wide) > 1e-3 for v in (a, b)]
    tall, long = LETTERS
    open_ = [~(_mean(h.astype(np.float32), tall, long) > 1e-3) for h in hidden]
    ours, theirs = _spread(one), _spread(other)
    best = np.full((low, wide), -1.0, np.float32)
    least = np.full((low, wide), np.inf, np.float32)
    for down in (-1, 0, 1):
        for right in (-1, 0, 1):  # the sides of the rectangles are known to a pixel
            moved, mean, variance = (
                np.roll(x, (down, right), axis=(0, 1)) for x in (other, *theirs)
            )
            common = _mean(one * moved, tall, long) - ours[0] * mean
            best = np.maximum(best, common / np.sqrt(ours[1] * variance + 1.0))
            least = np.minimum(least, variance)
    letters = open_[0] & (ours[1] > WRITTEN**2)  # a camera's picture is none
    if both:
        letters |= open_[1] & (least > WRITTEN**2)
    counts = letters & open_[0] & open_[1]
    if counts.sum() < SEEN * letters.sum():
        return 1.0  # what is hidden may be anything
    return float((best[counts] < AGREE).mean()) if counts.any() else 1.0


def _unpointed(still: Still) -> Gray:
    """The picture without a pointer, if it is known: a title has few letters, and it hides some."""
    return still.gray if still.settled is None else still.settled


# --- pictures -------------------------------------------------------------------------------------


def _view(still: Still, box: Box, group: int) -> _View:
    slide = _resized(still.gray, box, HEIGHT, WIDTH)
    moving = _resized(pixels(still.mask), box, HEIGHT, WIDTH) > 1e-3
    squares = moving.reshape(ROWS, BLOCK, COLUMNS, BLOCK)
    hidden = np.asarray(squares.any(axis=(1, 3)), bool)
    return _View(still, box, slide, grown(hidden), group)


def _size(box: Box) -> tuple[int, int]:
    """Height and width in pixels."""
    return (
        max(1, round((box.bottom - box.top) * HEIGHT)),
        max(1, round((box.right - box.left) * WIDTH)),
    )


def _resized(picture: npt.NDArray[np.generic], box: Box, height: int, width: int) -> Levels:
    """The part of the picture at `box`, so many pixels high and wide."""
    part = picture[
        round(box.top * HEIGHT) : round(box.bottom * HEIGHT),
        round(box.left * WIDTH) : round(box.right * WIDTH),
    ].astype(np.float32)
    if part.shape == (height, width):
        return part
    return _pooled(_pooled(part, height).T, width).T


def _pooled(picture: Levels, new: int) -> Levels:
    """The picture with `new` rows, each the mean of what it covers of the old ones."""
    old = picture.shape[0]
    total = np.concatenate([np.zeros_like(picture[:1]), picture.cumsum(axis=0, dtype=np.float32)])
    edges = np.linspace(0, old, new + 1)
    whole = np.minimum(edges.astype(int), old - 1)
    share = (edges - whole).astype(np.float32)[:, None]
    upto = total[whole] + share * (total[whole + 1] - total[whole])
    return np.asarray(np.diff(upto, axis=0) * (new / old), np.float32)


def _spread(picture: Levels) -> tuple[Levels, Levels]:
    """For each pixel the mean and the variance of what is around it, as wide as some letters."""
    mean = _mean(picture, *LETTERS)
    return mean, np.maximum(_mean(picture * picture, *LETTERS) - mean * mean, 0)


def _mean(picture: Levels, tall: int, long: int) -> Levels:
    """For each pixel the mean of those around it; what is beyond the edge is as the edge."""
    up, left = tall // 2, long // 2
    wide = np.pad(picture, ((up, up), (left, left)), mode="edge").astype(np.float64)
    rows = np.concatenate([np.zeros_like(wide[:1]), wide.cumsum(axis=0)])
    sums = rows[tall:] - rows[:-tall]
    columns = np.concatenate([np.zeros_like(sums[:, :1]), sums.cumsum(axis=1)], axis=1)
    means = (columns[:, long:] - columns[:, :-long]) / (tall * long)
    return np.asarray(means, np.float32)
