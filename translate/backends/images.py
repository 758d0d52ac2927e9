"""Pictures in the blog's measure: at most 1920 px wide, under 300 KB, nothing hidden in them.

Knows picture formats and the blog's limits; nothing of talks or posts. A picture comes from
outside, so its content is judged, never its name: what is no picture, is cut off, or would fill
the memory is refused. What leaves here has no metadata (a photograph carries where it was taken)
and the same bytes for the same input.
"""

import io
import re
import struct
import warnings
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from PIL import ExifTags, Image, ImageChops, ImageCms, ImageOps, ImageStat

from translate.errors import BadFileError
from translate.model import Problem

MAX_WIDTH, MIN_WIDTH = 1920, 1264  # pixels, as the blog's pictures are
MAX_BYTES = 300_000
_MAX_FILE = 64_000_000  # bytes that are read at all
_MAX_PIXELS = 80_000_000
_FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
_QUALITIES = (90, 85, 80, 75, 70)
_LAST_QUALITIES = (60, 50, 40)  # at the smallest width, before giving up
# 256 colours are too few when the RMS error, of 255, is above this, or when more than this share
# of the pixels have become another colour: a thin coloured line counts little in the mean.
_VISIBLE, _OTHER_COLOUR, _MAY_CHANGE = 4.0, 32, 0.0005
_SRGB = ImageCms.createProfile("sRGB")
_JPEG, _PNG, _GIF = ".jpg", ".png", ".gif"

# What Pillow raises on files that are broken, or made to break it.
_BROKEN = (
    OSError,
    EOFError,
    SyntaxError,
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    MemoryError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class BlogPicture:
    """A picture as the blog gets it."""

    data: bytes
    ending: str  # ".png", ".jpg" or ".gif"
    problems: tuple[Problem, ...] = ()


class BlogPictures:
    """Makes pictures fit the blog."""

    def fit(self, path: Path) -> BlogPicture:
        """The picture in a file, in the blog's measure; never enlarged.

        What it cannot reach stands in the result's problems. Raises BadFileError where there is
        no picture, or one that must not be published.
        """
        data = _read(path)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return _fit(data, path)
        except _BROKEN as e:
            raise BadFileError(
                f"{path}: not a picture, or a broken one ({_short(e)})",
                "open it in an image program and save it as PNG or JPEG",
            ) from e


def _short(error: BaseException) -> str:
    text = re.sub(r"<[^<>]*>", "", str(error)).strip(" :")
    return " ".join(text.split())[:80] or type(error).__name__


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > _MAX_FILE:
            raise BadFileError(
                f"{path}: larger than {_MAX_FILE // 1_000_000} MB", "make it smaller"
            )
        data = path.read_bytes()
    except OSError as e:
        raise BadFileError(f"{path}: {e.strerror or e}") from e
    if re.match(rb"(?i)(?:\xef\xbb\xbf)?\s*<(?:\?xml|!doctype svg|!--|svg)", data):
        raise BadFileError(
            f"{path}: an SVG, which may carry scripts", "export it as PNG, 1920 px wide"
        )
    return data


def _fit(data: bytes, path: Path) -> BlogPicture:
    with Image.open(io.BytesIO(data), formats=_FORMATS) as image:
        width, height = image.size
        if width * height > _MAX_PIXELS:
            raise BadFileError(f"{path}: {width} x {height} pixels are too many", "make it smaller")
        frames = int(getattr(image, "n_frames", 1))
        image.load()
        upright = ImageOps.exif_transpose(image)
        problems = list(_narrow(upright.width, path))
        if frames > 1 and image.format == "GIF":
            return _animated(data, width, path, problems)
        if frames > 1 and image.format != "MPO":  # a photograph with others behind it
            problems.append(_problem("picture-still", "moves; only its first frame is taken", path))
        made, ending = _smallest(image, upright, data)
    if len(made) >= MAX_BYTES:
        problems.append(_problem("picture-large", f"still {len(made) // 1000} KB", path))
    return BlogPicture(data=made, ending=ending, problems=tuple(problems))


def _animated(data: bytes, width: int, path: Path, problems: list[Problem]) -> BlogPicture:
    """A moving picture stays as it moves: to scale it would be to redraw each frame."""
    data = _bare_gif(data)
    if len(data) >= MAX_BYTES or width > MAX_WIDTH:
        message = f"moves, and is {width} px wide and {len(data) // 1000} KB; it stays as it is"
        problems.append(_problem("picture-large", message, path))
    return BlogPicture(data=data, ending=_GIF, problems=tuple(problems))


def _narrow(width: int, path: Path) -> Iterator[Problem]:
    if width < MIN_WIDTH:
        message = f"{width} px wide, narrower than the blog's {MIN_WIDTH} px"
        yield _problem("picture-narrow", message, path)


def _problem(rule: str, message: str, path: Path) -> Problem:
    return Problem(
        rule=rule,
        severity="warning",
        message=f"{path.name}: {message}",
        hint=f"the blog wants {MIN_WIDTH}-{MAX_WIDTH} px and under {MAX_BYTES // 1000} KB",
    )


# --- encoding -----------------------------------------------------------------------------------


def _smallest(image: Image.Image, upright: Image.Image, data: bytes) -> tuple[bytes, str]:
    """The first of all tries that is small enough, best first; else the smallest."""
    seen: list[tuple[bytes, str]] = []
    for made in _tries(image, upright, data):
        seen.append(made)
        if len(made[0]) < MAX_BYTES:
            return made
    return min(seen, key=lambda made: len(made[0]))


def _tries(image: Image.Image, upright: Image.Image, data: bytes) -> Iterator[tuple[bytes, str]]:
    as_taken = image.getexif().get(ExifTags.Base.Orientation, 1) == 1
    if image.format == "JPEG" and as_taken and image.width <= MAX_WIDTH:
        yield _untouched_jpeg(image, data), _JPEG
    photograph = image.format in ("JPEG", "MPO")
    plain = _plain(upright)
    for width in _widths(plain.width):
        sized = resized(plain, width)
        if not photograph:
            yield _png(sized), _PNG
            few = few_colours(sized)
            if few is not None:
                yield _png(few), _PNG
        qualities = _QUALITIES if width > MIN_WIDTH else (*_QUALITIES, *_LAST_QUALITIES)
        for quality in qualities:
            yield _jpeg(sized, quality), _JPEG


def _widths(width: int) -> Iterator[int]:
    """Never wider than it is, nor than the blog wants; then narrower in steps."""
    width = min(width, MAX_WIDTH)
    yield width
    for step in (1600, 1440, MIN_WIDTH):
        if step < width:
            yield step


def resized(image: Image.Image, width: int) -> Image.Image:
    if width == image.width:
        return image
    if image.mode == "P":
        image = image.convert("RGBA" if "transparency" in image.info else "RGB")
    height = max(1, round(image.height * width / image.width))
    return image.resize((width, height), Image.Resampling.LANCZOS)


def _untouched_jpeg(image: Image.Image, data: bytes) -> bytes:
    """The picture as it was encoded, with nothing else; encoded again where that cannot be."""
    if image.info.get("icc_profile") or image.mode not in ("L", "RGB"):
        return _jpeg(_plain(image), 95)
    return _bare_jpeg(data) or _jpeg(image, "keep")


def _plain(image: Image.Image) -> Image.Image:
    """Without metadata, in sRGB, 8 bits; transparent only where something is to be seen through."""
    profile = image.info.get("icc_profile")
    if image.mode.startswith(("I", "F")):
        image = _eight_bits(image)
    if image.mode == "P" and not profile:
        clean = image.copy()
        clean.info = {k: v for k, v in image.info.items() if k == "transparency"}
        return clean
    see_through = image.has_transparency_data
    if profile:
        image = _in_srgb(image, profile)
    if see_through:
        image = image.convert("RGBA")
        if image.getchannel("A").getextrema() == (255, 255):
            image = image.convert("RGB")
    elif image.mode not in ("1", "L"):
        image = image.convert("RGB")
    clean = image.copy()
    clean.info = {}
    return clean


def _eight_bits(image: Image.Image) -> Image.Image:
    """From 16 bits a pixel, or from 8 that were stored as more."""
    whole = image.convert("F")
    (brightest,) = (v for v in whole.getextrema()[1:] if not isinstance(v, tuple))
    scale = 255.0 / (65535.0 if brightest > 255 else 255.0)
    return whole.point(lambda v: v * scale).convert("L")


def _in_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    """The colours that the profile means; as they are when it cannot be read."""
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if "sRGB" in ImageCms.getProfileDescription(source):
            return image
        alpha = image.convert("RGBA").getchannel("A") if image.has_transparency_data else None
        base = image if image.mode in ("L", "CMYK") else image.convert("RGB")
        change = ImageCms.buildTransform(source, _SRGB, base.mode, "RGB")
        meant = ImageCms.applyTransform(base, change) or image
    except (ImageCms.PyCMSError, OSError, ValueError):
        return image
    if alpha is not None:
        meant.putalpha(alpha)
    return meant


def _png(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.save(out, "PNG", optimize=True)
    return out.getvalue()


def few_colours(image: Image.Image) -> Image.Image | None:
    """The picture in 256 colours, unless that would be seen."""
    if image.mode not in ("RGB", "RGBA"):
        return None
    method = Image.Quantize.FASTOCTREE if image.mode == "RGBA" else Image.Quantize.MEDIANCUT
    few = image.quantize(256, method=method, dither=Image.Dither.NONE)
    change = ImageChops.difference(image, few.convert(image.mode))
    worst = [sum(band.histogram()[_OTHER_COLOUR:]) for band in change.split()]
    small = max(worst) <= image.width * image.height * _MAY_CHANGE
    return few if small and max(ImageStat.Stat(change).rms) <= _VISIBLE else None


def _jpeg(image: Image.Image, quality: int | str) -> bytes:
    if quality != "keep":
        image = _on_white(image)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality, optimize=True, exif=b"", comment=b"", icc_profile=None)
    return out.getvalue()


def _on_white(image: Image.Image) -> Image.Image:
    if image.mode == "P":
        image = image.convert("RGBA" if "transparency" in image.info else "RGB")
    if image.mode == "RGBA":
        white = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(white, image).convert("RGB")
    return image if image.mode in ("L", "RGB") else image.convert("RGB")


# --- files without anything but pixels ----------------------------------------------------------

# Frame headers but for those of pictures in layers; tables, restarts, the number of lines.
_NEEDED = {*range(0xC0, 0xD0), 0xDA, 0xDB, 0xDC, 0xDD} - {0xC5, 0xC6, 0xC7, 0xC8, 0xCD, 0xCE, 0xCF}
_SOI, _EOI, _SOS, _COM = 0xD8, 0xD9, 0xDA, 0xFE
_APPLICATIONS = range(0xE0, 0xF0)
_MARKER = re.compile(rb"\xff+([^\x00\xff])", re.DOTALL)
_IN_SCAN = re.compile(rb"\xff+[^\x00\xff\xd0-\xd7]", re.DOTALL)  # where the pixels end


def _bare_jpeg(data: bytes) -> bytes | None:
    """The first picture in the file, its pixels byte for byte; None where its parts are unusual."""
    out, at = [b"\xff\xd8"], 2
    while found := _MARKER.match(data, at):
        kind, at = found[1][0], found.end()
        if kind == _EOI:
            return b"".join([*out, b"\xff\xd9"])
        end = at + int.from_bytes(data[at : at + 2], "big")
        body, at = data[at + 2 : end], end
        if kind in _APPLICATIONS:
            body = _application(kind, body)
        elif kind != _COM and kind not in _NEEDED:
            return None
        if body and kind != _COM:
            out.append(struct.pack(">BBH", 0xFF, kind, len(body) + 2) + body)
        if kind == _SOS:
            pixels = _IN_SCAN.search(data, at)
            if not pixels:
                return None
            out.append(data[at : pixels.start()])
            at = pixels.start()
    return None


def _application(kind: int, body: bytes) -> bytes:
    """What says how the colours are meant, without the thumbnail; of all else nothing."""
    if kind == _APPLICATIONS[0] and body.startswith(b"JFIF\0") and len(body) >= 14:
        return body[:12] + b"\0\0"
    if kind == _APPLICATIONS[14] and body.startswith(b"Adobe") and len(body) >= 12:
        return body[:12]
    return b""


def _bare_gif(data: bytes) -> bytes:
    """Frames, their timing and the number of loops; raises ValueError or IndexError when cut off.

    What stands between the blocks, or behind the last, no program shows.
    """
    at = 13 + _palette(data[10])
    out, looped = [data[:at]], False
    while at < len(data) and data[at] != 0x3B:
        start, kind = at, data[at : at + 2]
        at += 1
        if kind[:1] == b",":
            at = _blocks_end(data, start + 10 + _palette(data[start + 9]) + 1)
            out.append(data[start:at])
        elif kind[:1] == b"!":
            at = _blocks_end(data, start + 2)
            block = data[start + 2 : at]
            if kind == b"!\xf9" and block[0] == 4:
                out.append(kind + block[:5] + b"\0")
            elif block[:12] in _LOOPS and block[12:14] == b"\x03\x01" and not looped:
                out.append(kind + block[:16] + b"\0")
                looped = True
    return b"".join([*out, b";"])


_LOOPS = (b"\x0bNETSCAPE2.0", b"\x0bANIMEXTS1.0")


def _palette(flags: int) -> int:
    """The size in bytes of the palette that the flags announce."""
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _blocks_end(data: bytes, at: int) -> int:
    """Where blocks end, each with its size before it and an empty one behind the last."""
    while size := data[at]:
        at += 1 + size
    return at + 1
