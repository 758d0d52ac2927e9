"""Slides told from one another by small gray pictures."""

import time
from functools import cache

import numpy as np

from tests.backends.slide_films import slide
from translate.backends.slide_again import Still, numbered
from translate.backends.slide_pictures import COLUMNS, HEIGHT, ROWS, WIDTH, ink
from translate.model import WHOLE_PICTURE

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
