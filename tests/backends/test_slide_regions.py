"""Which part of small gray pictures is the slide."""

import numpy as np
import pytest

from tests.backends.slide_films import person, words
from translate.backends.slide_pictures import COLUMNS, HEIGHT, ROWS, WIDTH, Gray
from translate.backends.slide_regions import regions
from translate.model import WHOLE_PICTURE, Box

GROUND = 23
SLIDE = (4, 31, 212, 148)  # left, top, right, bottom, in pixels
CAMERA = (216, 31, 316, 148)


def beside(number: int, paper: int, t: float = 0.0, room: int = 0) -> Gray:
    """A slide on `paper` beside a camera, on a dark ground."""
    gray = np.full((HEIGHT, WIDTH), GROUND, np.uint8)
    part(gray, SLIDE)[:] = paper
    part(gray, (10, 50, 190, 130))[:] = written(number, paper)[50:130, 10:190]
    part(gray, CAMERA)[:] = person(0, (117, 100), room).mean(axis=2)
    part(gray, (240, 60, 300, 140))[:] = person(t, (80, 60), room + 9).mean(axis=2)
    return gray


def part(gray: Gray, sides: tuple[int, int, int, int]) -> Gray:
    left, top, right, bottom = sides
    return gray[top:bottom, left:right]


def written(number: int, paper: int) -> Gray:
    picture = np.full((2 * HEIGHT, 2 * WIDTH, 3), paper, np.uint8)
    for line in range(3):
        words(picture[:, :360], 110 + 45 * line, 100 * number + line, 20 if paper > 128 else 210)
    return halved(picture)


def halved(picture: np.ndarray) -> Gray:
    squares = picture.mean(axis=2).reshape(HEIGHT, 2, WIDTH, 2)
    return np.asarray(squares.mean(axis=(1, 3)), np.uint8)


def blocks(top: int, bottom: int, left: int, right: int) -> np.ndarray:
    out = np.zeros((ROWS, COLUMNS), bool)
    out[top:bottom, left:right] = True
    return out


WINDOW = blocks(3, 15, 21, 31)  # its edge seldom moves


def off(box: Box, sides: tuple[int, int, int, int] = SLIDE) -> float:
    """By how many pixels at most a side is not where it should be."""
    found = np.array([box.left * WIDTH, box.top * HEIGHT, box.right * WIDTH, box.bottom * HEIGHT])
    return float(np.abs(found - sides).max())


@pytest.mark.parametrize("paper", [GROUND - 3, GROUND + 4, 250])
def test_a_slide_however_dark_beside_a_camera(paper: int) -> None:
    pictures = [beside(n, paper, n) for n in range(5)]
    assert all(off(box) <= 1 for box in regions(pictures, [WINDOW] * 5))


def test_a_faint_band_with_a_title_is_of_the_slide() -> None:
    pictures = [beside(n, 250, n) for n in range(5)]
    for gray in pictures:
        part(gray, (4, 31, 212, 46))[:] = 254
        part(gray, (10, 34, 190, 42))[:] = written(99, 254)[55:63, 10:190]
    assert all(off(box) <= 1 for box in regions(pictures, [WINDOW] * 5))


def test_a_clip_in_one_slide_says_nothing_of_its_neighbours() -> None:
    pictures = [beside(n, 250, n) for n in range(5)]
    part(pictures[2], (130, 60, 200, 130))[:] = person(1, (70, 70), 4).mean(axis=2)
    # Much of what moves in any of them is in a slide, and the edge of the camera rests.
    masks = [WINDOW, WINDOW, WINDOW | blocks(4, 14, 12, 21), WINDOW, WINDOW]
    assert all(off(box) <= 1 for box in regions(pictures, masks))


def test_where_the_camera_is_gone_the_picture_is_arranged_otherwise() -> None:
    """Between dark slides a camera that goes is no cut, so what moved is taken for moving."""
    pictures = [beside(n, GROUND - 3, n) for n in range(4)]
    whole = np.full((HEIGHT, WIDTH), GROUND - 3, np.uint8)
    for line in range(3):
        whole[10 + 50 * line : 50 + 50 * line, 20:200] = written(7 + line, 20)[50:90, 10:190]
    boxes = regions([*pictures, whole], [WINDOW] * 5)
    assert all(off(box) <= 1 for box in boxes[:4])
    assert boxes[4] == WHOLE_PICTURE


def test_a_camera_that_pans_shows_a_room_again_with_the_same_slide_at_most() -> None:
    pictures = [beside(n, 250, n, room=n) for n in (0, 1, 2, 3, 0)]
    assert all(off(box) <= 1 for box in regions(pictures, [blocks(3, 15, 21, 32)] * 5))


def test_a_strip_that_alone_varies_is_no_slide() -> None:
    """Its neighbours show the same slide, in which a curve is drawn, and differ beside that."""
    pictures = [np.array(written(1, 250)) for _ in range(3)]
    for n, gray in enumerate(pictures):
        part(gray, (298, 60, 304, 120))[:] = 20 + 80 * n
    curve = blocks(6, 14, 20, 29)
    assert regions(pictures, [curve] * 3) == [WHOLE_PICTURE] * 3
