"""Finds the bullets before lines of text: small marks that a text recogniser passes over.

Knows pixels and the boxes of lines; nothing of slides. A mark is one small patch of ink with
nothing around it, a little left of a line and no higher than it: •, ➢, ◆, □, –, and also a
picture of any of them.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

BULLET = "•"
_REACH = 3.0  # heights of a line that a mark may stand away from it
_INK = 40  # of 255: how much a pixel differs from what is around it, at least
_SMALLEST, _WIDEST = 0.12, 1.3  # of a mark, in heights of its line
_FLATTEST = 0.04  # of a dash
_ALONE = 0.6  # heights between a mark and what stands before it, at least
_APART = 0.15  # heights between a mark and its line, at least
_SHORTEST = 2.5  # heights; what stands behind a bullet is longer than a number on an axis
_RIM = 0.16  # of a line's height, above and below, where its neighbours reach in

Picture = npt.NDArray[np.uint8]
Edges = tuple[float, float, float, float]  # left, top, right, bottom in pixels


def marked(picture: Picture, lines: Sequence[Edges]) -> list[float | None]:
    """For each line the left edge in pixels of the mark before it; None where there is none."""
    return [_mark(picture, line, lines) for line in lines]


def _mark(picture: Picture, line: Edges, lines: Sequence[Edges]) -> float | None:
    left, top, right, bottom = line
    height = bottom - top
    if height < 6 or right - left < _SHORTEST * height:  # pixels
        return None
    rim = _RIM * height
    start = max(0.0, left - _REACH * height)
    for other in lines:
        wide = other[2] - other[0] >= 1.5 * height  # else perhaps the mark, taken for a letter
        if wide and other[2] <= left and other[1] < bottom - rim and other[3] > top + rim:
            start = max(start, other[2])
    strip = picture[int(top + rim) : int(bottom - rim) + 1, int(start) : int(left)]
    if strip.shape[0] < 4 or strip.shape[1] < 3:
        return None
    patch = _patch(_ink(strip), height)
    return None if patch is None else start + patch


def _ink(strip: Picture) -> npt.NDArray[np.bool_]:
    """Where the strip differs from its own background, the colour of most of its pixels."""
    pixels = strip.astype(np.int16)
    ground = np.median(pixels.reshape(-1, 3), axis=0)
    ink: npt.NDArray[np.bool_] = np.abs(pixels - ground).max(axis=2) > _INK
    return ink


def _patch(ink: npt.NDArray[np.bool_], height: float) -> float | None:
    """The left edge of the last patch of ink in a strip, if it is a mark."""
    columns = np.flatnonzero(ink.any(axis=0))
    if not columns.size:
        return None
    groups = np.split(columns, np.flatnonzero(np.diff(columns) > max(2.0, 0.2 * height)) + 1)
    if len(groups) > 1 and ink.shape[1] - 1 - groups[-1][-1] < _APART * height:
        groups.pop()  # the first letter of the line itself, leaning over its edge
    first, last = int(groups[-1][0]), int(groups[-1][-1])
    before = int(groups[-2][-1]) if len(groups) > 1 else -height
    rows = np.flatnonzero(ink[:, first : last + 1].any(axis=1))
    wide, tall = (last - first + 1) / height, (int(rows[-1] - rows[0]) + 1) / height
    alone = first - before >= _ALONE * height and ink.shape[1] - 1 - last >= _APART * height
    small = _SMALLEST <= wide <= _WIDEST and tall >= _FLATTEST
    whole = not (rows[0] == 0 and rows[-1] == ink.shape[0] - 1)  # else a rule, or a picture
    middle = float(rows.mean()) / ink.shape[0]
    return float(first) if alone and small and whole and 0.15 < middle < 0.85 else None
