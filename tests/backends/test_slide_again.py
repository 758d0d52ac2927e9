"""Slides told from one another by small gray pictures."""

import time
from dataclasses import replace
from functools import cache

import numpy as np
from PIL import Image

from tests.backends.slide_films import person, slide, words
from translate.backends.slide_again import Still, numbered
from translate.backends.slide_pictures import COLUMNS, HEIGHT, ROWS, WIDTH, Gray, ink
from translate.model import WHOLE_PICTURE, Box

RESTS = np.zeros((ROWS, COLUMNS), bool)


@cache
def still(number: int, lines: int = 4) -> Still:
    gray = slide(number, lines, size=(2 * HEIGHT, 2 * WIDTH)).mean(axis=2)
    small = gray.reshape(HEIGHT, 2, WIDTH, 2).mean(axis=(1, 3)).astype(np.uint8)
    return Still(small, RESTS, ink(small, RESTS), small)


def test_three_hundred_showings_of_one_template_take_seconds() -> None:
    order = [*range(150), *range(149, -1, -1)]
    groups = [[still(n)] for n in order]
    began = time.process_time()
    numbers = numbered(groups, [WHOLE_PICTURE] * len(groups))
    assert time.process_time() - began < 12
    assert numbers == order


def test_slides_of_which_most_is_hidden_do_not_pass_for_one_another() -> None:
    one, other = (replace(s, gray=s.gray.copy()) for s in (still(1), still(2)))
    title = slice(0, HEIGHT // 8)
    other.gray[title] = one.gray[title]
    box = Box(left=0.0, top=0.0, right=0.65, bottom=0.65)
    small = np.full((HEIGHT, WIDTH), 35, np.uint8)
    wide, high = int(0.65 * WIDTH), int(0.65 * HEIGHT)
    rows, columns = np.arange(high) * HEIGHT // high, np.arange(wide) * WIDTH // wide
    small[:high, :wide] = one.gray[rows][:, columns]
    beside = Still(small, RESTS, ink(small, RESTS))
    lines = RESTS.copy()
    lines[4:] = True
    hidden = Still(other.gray, lines, ink(other.gray, lines))
    assert numbered([[beside], [hidden]], [box, WHOLE_PICTURE]) == [0, 1]


def test_a_camera_beside_few_words_does_not_outweigh_them() -> None:
    drawn = np.full((2 * HEIGHT, 2 * WIDTH, 3), 250, np.uint8)
    words(drawn[:, :520], 50, 71, 20)
    gray = drawn.mean(axis=2).reshape(HEIGHT, 2, WIDTH, 2).mean(axis=(1, 3)).astype(np.uint8)
    whole = Still(gray, RESTS, ink(gray, RESTS))
    box = Box(left=0.0, top=0.0, right=0.65, bottom=0.65)
    small = np.full((HEIGHT, WIDTH), 35, np.uint8)
    wide, high = int(0.65 * WIDTH), int(0.65 * HEIGHT)
    small[:high, :wide] = np.asarray(
        Image.fromarray(whole.gray).resize((wide, high), Image.Resampling.BOX)
    )
    filmed = person(1.0, (120, 160), 3).mean(axis=2).reshape(60, 2, 80, 2).mean(axis=(1, 3))
    inset = whole.gray.copy()
    inset[-60:, -80:] = filmed
    camera = RESTS.copy()
    camera[-6:, -8:] = True
    views = [[Still(inset, camera, ink(inset, camera))], [Still(small, RESTS, ink(small, RESTS))]]
    assert numbered(views, [WHOLE_PICTURE, box]) == [0, 0]


def test_a_pointer_on_a_title_does_not_make_it_another_slide_in_another_place() -> None:
    def beside(gray: Gray) -> Gray:
        out = np.full((HEIGHT, WIDTH), 35, np.uint8)
        wide, high = int(0.65 * WIDTH), int(0.65 * HEIGHT)
        small = Image.fromarray(gray).resize((wide, high), Image.Resampling.BOX)
        out[:high, :wide] = np.asarray(small)
        return out

    whole = still(1, 0)
    title = beside(whole.gray)
    pointed = title.copy()
    pointed[2:14, 40:49] = 20
    box = Box(left=0.0, top=0.0, right=0.65, bottom=0.65)
    for settled, numbers in ((title, [0, 0]), (None, [0, 1])):
        seen = Still(pointed, RESTS, ink(pointed, RESTS), settled)
        assert numbered([[seen], [whole]], [box, WHOLE_PICTURE]) == numbers
