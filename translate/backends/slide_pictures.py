"""What small gray pictures of a video say of each other: what changed, what was lost.

Knows arrays. Does not know files, times or what a showing is.

A picture is GRAY: `HEIGHT` x `WIDTH` of uint8. A map is BLOCKS: one value for each square of
`BLOCK` pixels. A line of a slide is some blocks wide; a mouse pointer is one or two.
"""

import numpy as np
import numpy.typing as npt

Gray = npt.NDArray[np.uint8]
Pixels = npt.NDArray[np.bool_]  # of a picture
Blocks = npt.NDArray[np.bool_]  # of a map
Counts = npt.NDArray[np.int64]  # changed pixels of each block

HEIGHT, WIDTH = 180, 320
BLOCK = 10
ROWS, COLUMNS = HEIGHT // BLOCK, WIDTH // BLOCK

# Levels of 256: the noise of a strong compression around letters stays below it, and gray text
# on white, made this small, above.
STEP = 20
# Changed pixels of a block's hundred that make it a changed one: fewer is an edge that shimmers.
FEW = 4
# Changed pixels of blocks that touch: a pointer or laser spot (20 px of a 720p picture) is 25 at
# the most, a short word 40.
SIGNIFICANT = 36
# Levels between a pixel and those beside it: ink on paper, however small the letters.
INK = 24
# The share of a letter's contrast that must be left of it: less than a dimmed bullet keeps.
KEPT = 0.25
# Of a room's edges so much stands while a person moves before it; of another's, by chance, less.
SAME_ROOM = 0.5
# Less ink than this, in pixels, is a black or white picture.
BLANK = 30
# Levels within a block of plain background; compression leaves some.
PLAIN = 8
# Levels within a block that holds letters or lines.
DRAWN = 48


def changed(a: Gray, b: Gray) -> Counts:
    """How many pixels of each block differ between `a` and `b`."""
    apart = np.maximum(a, b) - np.minimum(a, b) > STEP
    counts = apart.reshape(ROWS, BLOCK, COLUMNS, BLOCK).sum(axis=(1, 3), dtype=np.int64)
    return np.where(counts >= FEW, counts, 0)


def significant(counts: Counts) -> bool:
    """Whether blocks that touch hold more change than something small that moves."""
    if int(counts.sum()) < SIGNIFICANT:
        return False
    return any(int(counts[part].sum()) >= SIGNIFICANT for part in components(counts > 0))


def components(blocks: Blocks) -> list[Blocks]:
    """The groups of blocks that touch, corners included, in the order of reading."""
    rows, columns = blocks.shape
    wide = columns + 2  # a border all around: no block is at an edge
    left = {(r + 1) * wide + c + 1 for r, c in zip(*np.nonzero(blocks), strict=True)}
    around = (-wide - 1, -wide, -wide + 1, -1, 1, wide - 1, wide, wide + 1)
    found = []
    for seed in sorted(left):
        if seed not in left:
            continue
        left.remove(seed)
        group = [seed]
        for at in group:  # grows while it is gone through
            beside = [at + step for step in around if at + step in left]
            left.difference_update(beside)
            group += beside
        part = np.zeros((rows + 2, wide), bool)
        part.ravel()[group] = True
        found.append(part[1:-1, 1:-1])
    return found


def grown(mask: Pixels) -> Pixels:
    """The mask and all that touches it."""
    wide = mask.copy()
    wide[1:] |= mask[:-1]
    wide[:-1] |= mask[1:]
    out = wide.copy()
    out[:, 1:] |= wide[:, :-1]
    out[:, :-1] |= wide[:, 1:]
    return out


def pixels(blocks: Blocks) -> Pixels:
    """A map as a picture."""
    return np.repeat(np.repeat(blocks, BLOCK, axis=0), BLOCK, axis=1)


def contrast(gray: Gray) -> Gray:
    """For each pixel the levels between it and its right and lower neighbours, the larger."""
    out = np.zeros_like(gray)
    out[:, :-1] = np.maximum(gray[:, 1:], gray[:, :-1]) - np.minimum(gray[:, 1:], gray[:, :-1])
    down = np.maximum(gray[1:], gray[:-1]) - np.minimum(gray[1:], gray[:-1])
    out[:-1] = np.maximum(out[:-1], down)
    return out


def lost(old: Gray, new: Gray, without: Blocks) -> Pixels:
    """The old picture's ink that does not stand in the new one.

    Around a pixel of ink the steps from light to dark must go the same way; how far they go may
    differ, since a bullet that was only dimmed is still there.
    """
    drawn = (contrast(old) > INK) & ~pixels(without)
    return drawn & ~_stands(old, new)


def _stands(old: Gray, new: Gray) -> Pixels:
    """Where the steps of the old picture are in the new one too."""
    agreement, energy = np.zeros((2, *old.shape), np.int32)
    before, after = old.astype(np.int32), new.astype(np.int32)
    for here, there in ((np.s_[:-1], np.s_[1:]), (np.s_[:, :-1], np.s_[:, 1:])):
        step = before[there] - before[here]
        agreement[here] += step * (after[there] - after[here])
        energy[here] += step * step
    return np.asarray(_around(agreement) >= KEPT * _around(energy), bool)


def same_room(a: Gray, b: Gray, where: Pixels) -> bool:
    """Whether a person may be before the same room in both pictures: most of it stands there."""
    stands, drawn = _standing(a, b, where)
    return drawn >= BLANK and stands >= SAME_ROOM * drawn


def other_room(a: Gray, b: Gray, where: Pixels) -> bool:
    """Whether most of what is drawn in one of the pictures is not in the other: no person does."""
    both = _standing(a, b, where), _standing(b, a, where)
    return any(drawn >= BLANK and stands < SAME_ROOM * drawn for stands, drawn in both)


def _standing(old: Gray, new: Gray, where: Pixels) -> tuple[int, int]:
    """How many pixels of the old picture's ink stand in the new one, and all its ink."""
    drawn = (contrast(old) > INK) & where
    return int((drawn & _stands(old, new)).sum()), int(drawn.sum())


def amount(gone: Pixels) -> int:
    """How many pixels, but for blocks with hardly one: noise, a page number."""
    counts = gone.reshape(ROWS, BLOCK, COLUMNS, BLOCK).sum(axis=(1, 3), dtype=np.int64)
    return int(np.where(counts >= FEW, counts, 0).sum())


def _around(values: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
    """The sum of each pixel and those that touch it."""
    tall = values.copy()
    tall[1:] += values[:-1]
    tall[:-1] += values[1:]
    out = tall.copy()
    out[:, 1:] += tall[:, :-1]
    out[:, :-1] += tall[:, 1:]
    return out


def ink(gray: Gray, without: Blocks) -> int:
    """How much is drawn, in pixels."""
    return int(((contrast(gray) > INK) & ~pixels(without)).sum())


def sharpness(gray: Gray, without: Blocks) -> float:
    """The mean square of the contrast: highest where no letter is smeared."""
    seen = contrast(gray)[~pixels(without)].astype(np.float64)
    return float(np.square(seen).mean()) if seen.size else 0.0


def looks_drawn(gray: Gray, without: Blocks) -> tuple[float, float]:
    """Of the blocks that count, the shares that are plain background and that hold letters."""
    squares = gray.reshape(ROWS, BLOCK, COLUMNS, BLOCK)
    spread = squares.max(axis=(1, 3)) - squares.min(axis=(1, 3))
    seen = spread[~without]
    if not seen.size:
        return 0.0, 0.0
    return float((seen <= PLAIN).mean()), float((seen >= DRAWN).mean())


def boxed(blocks: Blocks, largest: float, least: int) -> Blocks:
    """The map with each group of `least` blocks or more filled up to its bounding rectangle.

    A speaker's inset is a rectangle though only the head moves. Rectangles of more than the share
    `largest` of the picture are left as they are.
    """
    out = blocks.copy()
    for part in components(blocks):
        rows, columns = np.nonzero(part)
        top, bottom, left, right = rows.min(), rows.max() + 1, columns.min(), columns.max() + 1
        area = int((bottom - top) * (right - left))
        if len(rows) >= least and area <= largest * blocks.size:
            out[top:bottom, left:right] = True
    return out
