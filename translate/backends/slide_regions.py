"""Where in the picture the slide is, when a speaker or a dark hall shares it.

Knows small gray pictures. Does not know times.

Slides that stand in the same place differ from one another within it and nowhere else. From the
rectangle of all differences each side goes outwards to the first straight line along it, or to the
edge of the picture. Where that leaves something drawn outside, the picture as a whole is the slide.
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
    changed,
    contrast,
    pixels,
    same_room,
)
from translate.model import WHOLE_PICTURE, Box

# Of a side's length so much must be an edge to be the slide's: letters are never so regular.
LINE = 0.6
# A dark slide in a dark hall has an edge of so few levels; it counts if almost nothing is missing.
FAINT = 6
UNBROKEN = 0.95
# Pictures, of those that share a place, in which it must be: some slides are as dark as the hall.
MANY = 0.35
# Masks that share less than ALIKE of their blocks are another arrangement of the picture; with
# SAME they are the same one, and between those the room says it.
ALIKE = 0.5
SAME = 0.8
# Neighbours before and after that are compared; more say nothing new.
NEIGHBOURS = 8
# Ink outside the rectangle that may be the ragged edge of the slide itself, in pixels.
STRAY = 30
MARGIN = 3  # pixels around the rectangle that are its edge
# A camera beside the slide takes at least this share of the picture, ...
CAMERA = 0.06
# ... and this share of what moves is outside the slide.
OUTSIDE = 0.8

Levels = npt.NDArray[np.int16]


def regions(pictures: Sequence[Gray], masks: Sequence[Blocks]) -> list[Box]:
    """For each slide's picture, with what moves in it, the part that is the slide."""
    return [_region(i, _kin(i, pictures, masks), pictures, masks) for i in range(len(pictures))]


def _kin(i: int, pictures: Sequence[Gray], masks: Sequence[Blocks]) -> list[int]:
    """Pictures near the one at `i` that are arranged as it is."""
    near = range(max(0, i - NEIGHBOURS), min(len(masks), i + NEIGHBOURS + 1))
    return [j for j in near if _arranged_alike(pictures[i], masks[i], pictures[j], masks[j])]


def _arranged_alike(a: Gray, moving: Blocks, b: Gray, moving_too: Blocks) -> bool:
    """Whether the same part moves; where it is less than the same, before the same room."""
    either, both = int((moving | moving_too).sum()), moving & moving_too
    share = int(both.sum()) / either if either else 1.0
    return share >= SAME or (share >= ALIKE and same_room(a, b, pixels(both)))


def _region(i: int, kin: Sequence[int], pictures: Sequence[Gray], masks: Sequence[Blocks]) -> Box:
    moving = np.logical_or.reduce([masks[j] for j in kin])
    varied = np.zeros((HEIGHT, WIDTH), bool)
    for j in kin:
        counts = np.where(moving, 0, changed(pictures[i], pictures[j]))
        apart = np.abs(pictures[i].astype(np.int16) - pictures[j]) > STEP
        varied |= apart & pixels(counts > 0)
    if not varied.any():
        return WHOLE_PICTURE
    rows, columns = np.nonzero(varied.any(axis=1))[0], np.nonzero(varied.any(axis=0))[0]
    top, bottom = int(rows[0]), int(rows[-1]) + 1
    left, right = int(columns[0]), int(columns[-1]) + 1
    stack = np.stack([pictures[j] for j in kin]).astype(np.int16)
    across = stack[:, top:bottom]
    left, right = _before(across, left), WIDTH - _before(across[:, :, ::-1], WIDTH - right)
    along = stack[:, :, left:right].transpose(0, 2, 1)
    top, bottom = _before(along, top), HEIGHT - _before(along[:, :, ::-1], HEIGHT - bottom)
    if not _alone(pictures[i], moving, (top, bottom, left, right)):
        return WHOLE_PICTURE
    return Box(left=left / WIDTH, top=top / HEIGHT, right=right / WIDTH, bottom=bottom / HEIGHT)


def _before(stack: Levels, start: int) -> int:
    """Where the side that is now at `start` belongs: pictures x length of the side x position."""
    for at in range(start, 1, -1):
        step = np.abs(stack[:, :, at] - stack[:, :, at - 2])
        seen = ((step > STEP).mean(axis=1) >= LINE) | ((step > FAINT).mean(axis=1) >= UNBROKEN)
        if seen.mean() >= MANY:
            # The line lies between the two, or the pixel in the middle is half of each.
            sharper = np.abs(stack[:, :, at] - stack[:, :, at - 1]).mean()
            return (
                at if sharper > np.abs(stack[:, :, at - 1] - stack[:, :, at - 2]).mean() else at - 1
            )
    return 0


def _alone(gray: Gray, moving: Blocks, sides: tuple[int, int, int, int]) -> bool:
    """Whether nothing but a camera or plain ground is outside the rectangle."""
    top, bottom, left, right = sides
    outside = np.ones(gray.shape, bool)
    outside[top:bottom, left:right] = False
    camera = pixels(moving)
    if camera.mean() >= CAMERA and (camera & outside).sum() >= OUTSIDE * camera.sum():
        return True
    far = np.ones(gray.shape, bool)
    far[max(0, top - MARGIN) : bottom + MARGIN, max(0, left - MARGIN) : right + MARGIN] = False
    return int(((contrast(gray) > INK) & far & ~camera).sum()) <= STRAY
