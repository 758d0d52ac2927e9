"""Pictures cut out, made small enough, and never larger than they were."""

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from translate.backends import images_cut
from translate.backends.images_cut import MAX_BYTES, MAX_WIDTH, PictureFile, picture_file
from translate.errors import BadFileError
from translate.model import Box


def opened(made: PictureFile) -> Image.Image:
    image = Image.open(io.BytesIO(made.data))
    assert image.size == (made.width, made.height)
    assert {".png": "PNG", ".jpg": "JPEG"}[made.ending] == image.format
    assert not image.info.get("exif") and not image.getexif()
    return image.convert("RGB")


def slide(width: int = 1280, height: int = 720) -> np.ndarray:
    image = Image.new("RGB", (width, height), "white")
    pen = ImageDraw.Draw(image)
    pen.rectangle((0, 0, width, height // 8), fill="navy")
    for n in range(8):
        pen.text((40, height // 6 + n * height // 12), f"line {n} of the slide", fill="black")
    return np.asarray(image)


def noise(width: int, height: int) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (height, width, 3), np.uint8)


def photograph(width: int, height: int) -> np.ndarray:
    """Smooth, with a little noise: too much for PNG."""
    y, x = np.mgrid[:height, :width]
    base = np.stack([x * 255 / width, y * 255 / height, (x + y) * 255 / (width + height)], axis=2)
    grain = np.random.default_rng(2).integers(-6, 7, base.shape)
    return np.clip(base + grain, 0, 255).astype(np.uint8)


def test_a_slide_stays_as_it_is() -> None:
    made = picture_file(slide())
    assert (made.ending, made.width, made.height) == (".png", 1280, 720)
    assert np.array_equal(np.asarray(opened(made)), slide())


def test_the_region_is_cut_out() -> None:
    picture = np.zeros((100, 200, 3), np.uint8)
    picture[25:75, 100:150] = (255, 0, 0)
    made = picture_file(picture, Box(left=0.5, top=0.25, right=0.75, bottom=0.75))
    assert (made.width, made.height) == (50, 50)
    assert np.asarray(opened(made)).reshape(-1, 3).tolist() == [[255, 0, 0]] * 2500


def test_wider_pictures_are_made_narrower_and_narrow_ones_not_wider() -> None:
    made = picture_file(slide(2400, 1350))
    assert (made.width, made.height) == (MAX_WIDTH, 1080)
    assert picture_file(slide(300, 200)).width == 300


def test_a_photograph_becomes_a_jpeg_of_the_same_size() -> None:
    made = picture_file(photograph(900, 500))
    assert (made.ending, made.width) == (".jpg", 900)
    assert len(made.data) < MAX_BYTES
    change = np.asarray(opened(made)).astype(int) - photograph(900, 500)
    assert np.abs(change).mean() < 6


def test_few_colours_are_taken_where_they_are_enough() -> None:
    """Too large as it is, and 200 colours in all."""
    picture = np.repeat(np.random.default_rng(3).integers(0, 200, (900, 900, 1), np.uint8), 3, 2)
    picture[:, :, 1] //= 2
    palette_only = picture_file(picture[:500, :500])
    assert palette_only.ending == ".png"
    assert np.abs(np.asarray(opened(palette_only)).astype(int) - picture[:500, :500]).mean() < 1


def test_noise_gets_narrower_until_it_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images_cut, "MAX_BYTES", 50_000)
    made = picture_file(noise(700, 400))
    assert len(made.data) < 50_000
    assert (made.width, made.height) == (320, 183)
    opened(made)


def test_the_same_pixels_give_the_same_bytes() -> None:
    for picture in (slide(), photograph(320, 180)):
        assert picture_file(picture) == picture_file(picture.copy())


def test_views_and_other_orders_in_memory_are_the_same_picture() -> None:
    picture = slide(320, 180)
    assert picture_file(np.asfortranarray(picture)) == picture_file(picture)
    turned = picture[:, ::-1]
    assert picture_file(turned) == picture_file(turned.copy())


def test_what_is_far_too_high_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images_cut, "MAX_BYTES", 20_000)
    with pytest.raises(BadFileError, match="does not get below 20 KB"):
        picture_file(noise(16, 6_000))


@pytest.mark.parametrize(
    "picture",
    [
        np.zeros((10, 10), np.uint8),
        np.zeros((10, 10, 4), np.uint8),
        np.zeros((10, 10, 3), np.float32),
        np.zeros((0, 10, 3), np.uint8),
    ],
)
def test_what_is_no_picture_is_refused(picture: np.ndarray) -> None:
    with pytest.raises(BadFileError):
        picture_file(picture)


def test_an_empty_region_is_refused() -> None:
    with pytest.raises(BadFileError, match="nothing of a picture"):
        picture_file(slide(), Box(left=0.5, top=0.5, right=0.5, bottom=0.9))


@settings(deadline=None, max_examples=25)
@given(
    st.integers(1, 80), st.integers(1, 80), st.lists(st.floats(-0.5, 1.5), min_size=4, max_size=4)
)
def test_any_region_gives_a_picture_or_an_error(width: int, height: int, at: list[float]) -> None:
    region = Box(left=at[0], top=at[1], right=at[2], bottom=at[3])
    try:
        made = picture_file(noise(width, height), region)
    except BadFileError:
        return
    assert 1 <= made.width <= width and 1 <= made.height <= height
    assert len(made.data) < MAX_BYTES
