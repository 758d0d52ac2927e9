"""A part of a picture → the bytes of an image file that the blog takes.

Knows pixels, picture formats and the blog's limits; nothing of slides or talks. Never enlarged,
never without its colours unless nothing else is small enough, and the same bytes for the same
pixels.
"""

import io
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

from translate.backends.images import MAX_BYTES, MAX_WIDTH, few_colours, resized
from translate.errors import BadFileError
from translate.model import WHOLE_PICTURE, Box

_QUALITIES = (90, 85, 80, 75, 70, 60, 50)
_NARROWER = (1600, 1264, 960, 640, 320)  # pixels, when no quality is small enough

Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureFile:
    """An image file in memory."""

    data: bytes
    ending: str  # ".png" or ".jpg"
    width: int  # pixels
    height: int


def picture_file(picture: Pixels, region: Box = WHOLE_PICTURE) -> PictureFile:
    """The part `region` of an RGB picture (height x width x 3), under 300 KB and 1920 px wide.

    Raises BadFileError where the region has no pixel, or the array is no RGB picture.
    """
    image = _cropped(picture, region)
    for made in _tries(image):
        if len(made.data) < MAX_BYTES:
            return made
    raise BadFileError(
        f"a picture of {image.width} x {image.height} px does not get below {MAX_BYTES // 1000} KB",
        "cut out the part that matters by hand",
    )


def _cropped(picture: Pixels, region: Box) -> Image.Image:
    if picture.ndim != 3 or picture.shape[2] != 3 or picture.dtype != np.uint8:
        raise BadFileError(f"an array of {picture.shape} {picture.dtype} is no RGB picture")
    height, width = picture.shape[:2]
    left, right = _span(region.left, region.right, width)
    top, bottom = _span(region.top, region.bottom, height)
    if right <= left or bottom <= top:
        raise BadFileError(f"nothing of a picture of {width} x {height} px lies in {region}")
    return Image.fromarray(np.ascontiguousarray(picture[top:bottom, left:right]))


def _span(start: float, end: float, length: int) -> tuple[int, int]:
    """The whole pixels between two fractions of a length."""
    return max(0, round(start * length)), min(length, round(end * length))


def _tries(image: Image.Image) -> Iterator[PictureFile]:
    """The best first: without loss, in 256 colours, then JPEG in steps down."""
    widths = [min(image.width, MAX_WIDTH)]
    widths += [width for width in _NARROWER if width < widths[0]]
    for width in widths:
        sized = resized(image, width)
        for kept in (sized, few_colours(sized)):
            data = _png(kept) if kept is not None else None
            if data is not None:
                yield _file(sized, data, ".png")
        for quality in _QUALITIES:
            yield _file(sized, _jpeg(sized, quality), ".jpg")


def _file(image: Image.Image, data: bytes, ending: str) -> PictureFile:
    return PictureFile(data=data, ending=ending, width=image.width, height=image.height)


def _png(image: Image.Image) -> bytes | None:
    """None where a quick look says that it cannot be small enough."""
    quick = io.BytesIO()
    image.save(quick, "PNG", compress_level=1)
    if len(quick.getvalue()) > 3 * MAX_BYTES:
        return None
    out = io.BytesIO()
    image.save(out, "PNG", optimize=True)
    return out.getvalue()


def _jpeg(image: Image.Image, quality: int) -> bytes:
    out = io.BytesIO()
    # Not `optimize`: Pillow's buffer for it is too small for noise, and it then raises OSError.
    image.save(out, "JPEG", quality=quality, subsampling=0 if quality > 75 else 2)
    return out.getvalue()
