"""Where in the picture the slide is, when a speaker or a dark hall shares it.

Knows small gray pictures. Does not know times.

Slides that stand in the same place differ from one another within it and nowhere else. From the
rectangle of all differences each side goes outwards to the first straight line along it, or to the
edge of the picture. Where that leaves something drawn outside, the picture as a whole is the slide.
A slide nearly as dark as the ground has a line of a few levels, which counts if beyond it is none.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from translate.backends.slide_pictures import (
    HEIGHT,
    INK,
    STEP,
    WIDTH,
    Blocks,
    Gray,
    Pixels,
    changed,
    contrast,
    grown,
    looks_drawn,
    pixels,
    same_room,
)
from translate.model import WHOLE_PICTURE, Box

# Of a side's length so much must be an edge to be the slide's: letters are never so regular.
LINE = 0.6
# A dark slide in a dark hall has an edge of so few levels; it counts if almost nothing is missing.
FAINT = 6
UNBROKEN = 0.95
# One of so few levels, all of it up or all of it down, counts if beyond it is nothing but ground.
FAINTEST = 2
# Pictures, of those that share a place, in which it must be: some slides are as dark as the hall.
MANY = 0.35
# Masks that share less than ALIKE of their blocks are another arrangement of the picture; with
# SAME they are the same one, and between those the room says it.
ALIKE = 0.5
SAME = 0.8
# Of two rooms as much is plain, but for this share: where one is gone, more is.
AS_PLAIN = 0.15
# Neighbours before and after that are compared; more say nothing new.
NEIGHBOURS = 8
# Ink outside the rectangle that may be the ragged edge of the slide itself, in pixels.
STRAY = 30
MARGIN = 3  # pixels around the rectangle that are its edge
# A slide is shown no smaller, as a share of the picture: what is, is a part of it that varies.
LEAST = 0.1
# A camera beside the slide takes at least this share of the picture, ...
CAMERA = 0.06
# ... and this share of what moves is outside the slide.
OUTSIDE = 0.8

Levels = npt.NDArray[np.int16]


def regions(pictures: Sequence[Gray], masks: Sequence[Blocks]) -> list[Box]:
    """For each slide's picture, with what moves in it, the part that is the slide."""
    return [_region(i, pictures, masks) for i in range(len(pictures))]


def _kin(i: int, pictures: Sequence[Gray], masks: Sequence[Blocks]) -> list[int]:
    """Pictures near the one at `i` that are arranged as it is."""
    near = range(max(0, i - NEIGHBOURS), min(len(masks), i + NEIGHBOURS + 1))
    return [j for j in near if _arranged_alike(pictures[i], masks[i], pictures[j], masks[j])]


def _arranged_alike(a: Gray, moving: Blocks, b: Gray, moving_too: Blocks) -> bool:
    """Whether the same part moves, or less than that before the same room.

    What moved just before or after may be taken for moving: a camera that is gone leaves another
    room, and a plainer one. A camera that pans shows another room, too, but one like it.
    """
    either, both = int((moving | moving_too).sum()), moving & moving_too
    share = int(both.sum()) / either if either else 1.0
    if share < ALIKE or not both.any():
        return share >= SAME
    if share >= SAME and abs(_plain(a, both) - _plain(b, both)) <= AS_PLAIN:
        return True
    rows, columns = (np.nonzero(pixels(both).any(axis=axis))[0] for axis in (1, 0))
    part = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return same_room(a[part], b[part], pixels(both)[part])


def _plain(gray: Gray, where: Blocks) -> float:
    """The share of plain background there."""
    return looks_drawn(gray, ~where)[0]


def _region(i: int, pictures: Sequence[Gray], masks: Sequence[Blocks]) -> Box:
    kin = _kin(i, pictures, masks)
    moving = np.logical_or.reduce([masks[j] for j in kin])
    varied = _varied(pictures[i], [pictures[j] for j in kin], moving)
    if not varied.any():
        return WHOLE_PICTURE
    rows, columns = np.nonzero(varied.any(axis=1))[0], np.nonzero(varied.any(axis=0))[0]
    top, bottom = int(rows[0]), int(rows[-1]) + 1
    left, right = int(columns[0]), int(columns[-1]) + 1
    stack = np.stack([pictures[j] for j in kin]).astype(np.int16)
    rests = ~pixels(grown(moving))  # the edge of a camera seldom moves
    left, right = _sides(stack[:, top:bottom], rests[top:bottom], left, right)
    along = stack[:, :, left:right].transpose(0, 2, 1)
    top, bottom = _sides(along, rests[:, left:right].T, top, bottom)
    # A clip moves in one slide only, a camera beside them in most.
    camera = np.mean([masks[j] for j in kin], axis=0) > 0.5
    large = (bottom - top) * (right - left) >= LEAST * pictures[i].size
    if not large or not _alone(pictures[i], moving, camera, (top, bottom, left, right)):
        return WHOLE_PICTURE
    return Box(left=left / WIDTH, top=top / HEIGHT, right=right / WIDTH, bottom=bottom / HEIGHT)


def _varied(gray: Gray, others: Sequence[Gray], moving: Blocks) -> Pixels:
    """Where any of the others differs from the picture, but for what moves."""
    varied = np.zeros((HEIGHT, WIDTH), bool)
    for other in others:
        counts = np.where(moving, 0, changed(gray, other))
        apart = np.abs(gray.astype(np.int16) - other) > STEP
        varied |= apart & pixels(counts > 0)
    return varied


def _sides(stack: Levels, rests: Pixels, low: int, high: int) -> tuple[int, int]:
    """Both sides, from `low` and `high`: pictures x length of the side x position."""
    length = stack.shape[2]
    far = _before(stack[:, :, ::-1], rests[:, ::-1], length - high)
    return _before(stack, rests, low), length - far


def _before(stack: Levels, rests: Pixels, start: int) -> int:
    """Where the side that is now at `start` belongs: pictures x length of the side x position."""
    for at in range(start, 1, -1):
        step = stack[:, :, at] - stack[:, :, at - 2]
        size = np.abs(step)
        seen = ((size > STEP).mean(axis=1) >= LINE) | ((size > FAINT).mean(axis=1) >= UNBROKEN)
        if seen.mean() >= MANY or _last_line(stack[:, :, : at - 1], rests[:, : at - 1], step):
            # The line lies between the two, or the pixel in the middle is half of each.
            sharper = np.abs(stack[:, :, at] - stack[:, :, at - 1]).mean()
            return (
                at if sharper > np.abs(stack[:, :, at - 1] - stack[:, :, at - 2]).mean() else at - 1
            )
    return 0


def _last_line(beyond: Levels, rests: Pixels, step: Levels) -> bool:
    """Whether the step is a line, however faint, with nothing beyond it but what moves."""
    up, down = (step >= FAINTEST).mean(axis=1), (step <= -FAINTEST).mean(axis=1)
    lines = np.maximum(up, down) >= UNBROKEN
    if lines.mean() < MANY:
        return False
    if not rests.any():
        return True
    ground = beyond[lines][:, rests]
    apart = np.abs(ground - np.median(ground, axis=1, keepdims=True)) > FAINT
    return bool((apart.mean(axis=1) <= 1 - UNBROKEN).mean() >= 0.5)


def _alone(gray: Gray, moving: Blocks, often: Blocks, sides: tuple[int, int, int, int]) -> bool:
    """Whether nothing but a camera or plain ground is outside the rectangle.

    `moving` is what moves in one of the pictures that share the place, `often` what does in most.
    """
    top, bottom, left, right = sides
    outside = np.ones(gray.shape, bool)
    outside[top:bottom, left:right] = False
    camera = pixels(often)
    if camera.mean() >= CAMERA and (camera & outside).sum() >= OUTSIDE * camera.sum():
        return True
    far = np.ones(gray.shape, bool)
    far[max(0, top - MARGIN) : bottom + MARGIN, max(0, left - MARGIN) : right + MARGIN] = False
    return int(((contrast(gray) > INK) & far & ~pixels(moving)).sum()) <= STRAY
