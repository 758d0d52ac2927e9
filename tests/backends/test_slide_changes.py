"""What small gray pictures of a talk say, without a video."""

import numpy as np

from tests.backends.slide_films import Picture, over, person, words
from translate.backends.slide_changes import suspicious
from translate.backends.slide_motion import Sample, moving
from translate.backends.slide_pictures import (
    COLUMNS,
    HEIGHT,
    ROWS,
    WIDTH,
    Gray,
    changed,
    other_room,
    same_room,
)
from translate.backends.slide_regions import regions

EVERYWHERE = np.ones((HEIGHT, 192), bool)


def dark(number: int, light: float = 1.0, t: float = 0.0) -> Gray:
    """A slide in light letters beside a window with a person; `light` of it is there."""
    picture = np.full((2 * HEIGHT, 2 * WIDTH, 3), 28, np.uint8)
    for line in range(4):
        words(picture[:, :300], 70 + 45 * line, 100 * number + line, round(28 + 190 * light))
    picture = over(picture, seated(t), 62, 432)
    return picture.mean(axis=2).reshape(HEIGHT, 2, WIDTH, 2).mean(axis=(1, 3)).astype(np.uint8)


def seated(t: float, seed: int = 0) -> Picture:
    """A person before a room, of whom the upper half moves."""
    return over(person(0, (234, 200), seed), person(t, (110, 80), seed + 1), 60, 60)


def key(t: float, now: Gray, later: Gray) -> Sample:
    return Sample(time=t, gray=now, motion=changed(now, later))


def test_slides_that_fade_in_at_each_key_frame_are_no_motion() -> None:
    keys = [
        key(t, dark(n, 1.0, t), dark(n + 1, 0.3, t + 0.5))
        for n, t in enumerate((0.0, 10.0, 20.0, 30.0, 40.0))
    ]
    assert suspicious(keys) == [True] * 5


def test_a_slide_that_still_fades_in_at_the_key_frame_is_looked_at() -> None:
    keys = []
    for n in range(1, 4):
        t = 20.0 * n
        keys.append(key(t, dark(n, 0.4, t), dark(n, 0.8, t + 0.5)))
        keys.append(key(t + 10, dark(n, 1.0, t + 10), dark(n + 1, 0.1, t + 10.5)))
    assert suspicious(keys)[1:] == [True] * 5


def test_a_person_who_moves_beside_the_same_slide_is_not_suspicious() -> None:
    keys = [
        key(t, dark(1, 1.0, t), dark(1, 1.0, t + 0.5)) for t in (0.0, 9.3, 20.1, 30.9, 40.2, 50.7)
    ]
    assert suspicious(keys) == [False] * 5 + [True]


def test_a_room_is_the_same_whoever_moves_in_it_and_another_is_not() -> None:
    def room(t: float, seed: int = 0) -> Gray:
        return seated(t, seed)[:HEIGHT, :192].mean(axis=2).astype(np.uint8)

    assert same_room(room(0), room(0.4), EVERYWHERE)
    assert not same_room(room(0), room(0, seed=1), EVERYWHERE)
    assert other_room(room(0), room(0, seed=1), EVERYWHERE)
    assert not other_room(room(0), room(0.4), EVERYWHERE)
    blank = np.full((HEIGHT, 192), 200, np.uint8)
    assert not same_room(blank, blank, EVERYWHERE)
    assert not other_room(blank, blank, EVERYWHERE)


def test_a_slide_with_a_clip_where_others_have_the_camera_is_arranged_otherwise() -> None:
    def beside(number: int, t: float) -> Gray:
        gray = np.full((HEIGHT, WIDTH), 35, np.uint8)
        gray[31:148, 4:212] = 250
        gray[50:130, 10:200] = small(number)[50:130, 10:200]
        gray[31:148, 216:316] = person(t, (117, 100)).mean(axis=2)
        return gray

    def small(number: int) -> Gray:
        picture = np.full((2 * HEIGHT, 2 * WIDTH, 3), 250, np.uint8)
        for line in range(3):
            words(picture[:, :400], 100 + 45 * line, 100 * number + line, 20)
        return picture.mean(axis=2).reshape(HEIGHT, 2, WIDTH, 2).mean(axis=(1, 3)).astype(np.uint8)

    whole = small(9)
    whole[50:170, 170:310] = person(1, (120, 140), 4).mean(axis=2)
    camera, clip = blocks(3, 15, 20, 32), blocks(5, 17, 17, 32)
    boxes = regions([*(beside(n, n) for n in range(4)), whole], [*[camera] * 4, clip])
    for box in boxes[:4]:
        sides = [box.left * WIDTH, box.top * HEIGHT, box.right * WIDTH, box.bottom * HEIGHT]
        assert np.abs(np.array(sides) - [4, 31, 212, 148]).max() <= 2


def blocks(top: int, bottom: int, left: int, right: int) -> np.ndarray:
    out = np.zeros((ROWS, COLUMNS), bool)
    out[top:bottom, left:right] = True
    return out


def test_motion_at_a_key_frame_just_after_a_change_does_not_stand_for_what_follows() -> None:
    slides = [dark(n, 1.0, 0.0) for n in range(1, 4)]
    samples = []
    for n, start in enumerate((0.0, 15.0, 30.0)):
        samples += [Sample(time=start + 0.5 * k, gray=slides[n]) for k in range(11)]
        if n < 2:  # the last of them, a key frame, with the next slide's coming
            samples[-1].motion = changed(slides[n], slides[n + 1])
    written = blocks(3, 13, 1, 16)
    assert not any((mask & written).any() for mask in moving(samples))
