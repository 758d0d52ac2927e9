"""Draws slides and people: the pictures that the composed talks are made of."""

import math
import random
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import av
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from tests.bench.slide_words import Card

FONTS = Path("/usr/share/fonts/truetype/dejavu")
Colour = tuple[int, int, int]
Planes = tuple[np.ndarray, np.ndarray, np.ndarray]  # Y, U and V of 4:2:0


@dataclass(frozen=True)
class Theme:
    paper: Colour = (250, 250, 252)
    ink: Colour = (25, 25, 30)
    band: Colour | None = (30, 60, 120)  # behind the title; None: the title stands on the paper
    title: Colour = (255, 255, 255)
    accent: Colour = (200, 80, 40)
    serif: bool = False
    condensed: bool = False
    numbered: bool = True


LIGHT = Theme()
PLAIN = Theme(paper=(255, 255, 255), band=None, title=(20, 20, 20), serif=True)
DARK = Theme((18, 20, 28), (220, 222, 228), None, (120, 200, 255), (250, 180, 60))
UNNUMBERED = Theme(numbered=False)


def coloured(rng: random.Random) -> Theme:
    """Dark on light or light on dark, in any colours and one of four faces."""

    def between(low: int, high: int) -> Colour:
        return rng.randint(low, high), rng.randint(low, high), rng.randint(low, high)

    dark = rng.random() < 0.5
    paper, ink = (
        (between(5, 60), between(190, 255)) if dark else (between(215, 255), between(0, 70))
    )
    band = rng.choice((None, between(80, 140)))
    title = between(230, 255) if band else ink
    accent = between(120, 180)
    return Theme(paper, ink, band, title, accent, rng.random() < 0.5, rng.random() < 0.5)


@cache
def font(size: int, style: str = "Sans") -> ImageFont.FreeTypeFont:
    path = FONTS / f"DejaVu{style}.ttf"
    if not path.exists():
        raise FileNotFoundError(f"{path} is missing: install the fonts (fonts-dejavu on Debian)")
    return ImageFont.truetype(str(path), size)


# --- slides ---------------------------------------------------------------------------------------


def draw(card: Card, shown: int, theme: Theme, size: tuple[int, int], room: float) -> Image.Image:
    """The slide with its first `shown` lines; texts keep to the left `room` of its width."""
    width, height = size
    image = Image.new("RGB", size, theme.paper)
    pen = ImageDraw.Draw(image)
    unit = height / 720
    face = ("Serif" if theme.serif else "Sans") + ("Condensed" if theme.condensed else "")
    if card.kind == "section":
        _section(pen, card, theme, size, face)
        return image
    if theme.band:
        pen.rectangle((0, 0, width, round(92 * unit)), fill=theme.band)
    title = _fitting(pen, card.title, round(38 * unit), width * 0.92, f"{face}-Bold")
    pen.text((40 * unit, 22 * unit), card.title, font=title, fill=theme.title)
    if card.banner:
        pen.text(
            (40 * unit, 100 * unit),
            card.banner,
            font=font(round(16 * unit), face),
            fill=theme.accent,
        )
    if card.chart:
        _bars(pen, card, theme, height)
    elif card.table:
        _rows(pen, card, theme, size, room)
    else:
        _text(pen, card, shown, theme, size, room * (0.5 if card.clip else 1), face)
    foot = font(round(16 * unit), face)
    pen.text(
        (40 * unit, height - 36 * unit),
        "Systems for Learning 2026",
        font=foot,
        fill=(130, 130, 135),
    )
    if theme.numbered:
        at = (width * 0.5, height - 36 * unit)
        pen.text(at, str(card.id + 1), font=foot, fill=(130, 130, 135))
    return image


def _section(
    pen: ImageDraw.ImageDraw, card: Card, theme: Theme, size: tuple[int, int], face: str
) -> None:
    width, height = size
    unit = height / 720
    if theme.band:
        pen.rectangle((0, 0, width, height), fill=theme.band)
    big = _fitting(pen, card.title, round(56 * unit), width * 0.6, f"{face}-Bold")
    pen.text((80 * unit, height * 0.36), card.title, font=big, fill=theme.title)
    pen.rectangle((80 * unit, height * 0.5, 380 * unit, height * 0.5 + 6 * unit), fill=theme.accent)
    for at, line in enumerate(card.lines):
        place = (80 * unit, height * 0.55 + at * 44 * unit)
        pen.text(place, line.text, font=font(round(26 * unit), face), fill=theme.title)


def _text(
    pen: ImageDraw.ImageDraw,
    card: Card,
    shown: int,
    theme: Theme,
    size: tuple[int, int],
    room: float,
    face: str,
) -> None:
    width, height = size
    unit = height / 720
    code = any(line.code for line in card.lines)
    y = 150 * unit
    if code:
        tint = tuple(round(c * 0.94 + 8) for c in theme.paper)
        pen.rectangle((40 * unit, 130 * unit, width * room, height - 90 * unit), fill=tint)
    longest = max(card.lines, key=lambda x: len(x.text) + 4 * x.level)
    space = width * room - (70 + 40 * longest.level) * unit
    style = "SansMono" if code else face
    sizes = (22, 26)[not code], 22
    main = _fitting(pen, longest.text, round(sizes[0] * unit), space, style)
    for line in card.lines[:shown]:
        indent = (60 + 44 * line.level) * unit
        smaller = round(main.size * (0.85 if line.level else 1))
        mark = "" if line.code else ("– " if line.level else "• ")
        pen.text((indent, y), mark + line.text, font=font(smaller, style), fill=theme.ink)
        y += (34 if line.code else 46 if line.level else 60) * unit


def _bars(pen: ImageDraw.ImageDraw, card: Card, theme: Theme, height: int) -> None:
    unit = height / 720
    floor, top = height - 110 * unit, 160 * unit
    step = 620 * unit / len(card.chart)
    pen.line((70 * unit, top, 70 * unit, floor, 740 * unit, floor), fill=theme.ink, width=2)
    for at, (name, value) in enumerate(card.chart):
        left = 100 * unit + at * step
        high = floor - (floor - top) * value / 100
        shade = tuple(round(c * (0.6 + 0.1 * at)) for c in theme.accent)
        pen.rectangle((left, high, left + step * 0.55, floor - 1), fill=shade)
        pen.text((left, high - 24 * unit), str(value), font=font(round(18 * unit)), fill=theme.ink)
        small = _fitting(pen, name, round(17 * unit), step * 0.92, "Sans")
        pen.text((left - 8 * unit, floor + 8 * unit), name, font=small, fill=theme.ink)


def _rows(
    pen: ImageDraw.ImageDraw, card: Card, theme: Theme, size: tuple[int, int], room: float
) -> None:
    width, height = size
    unit = height / 720
    step = width * room / len(card.table[0]) * 0.92
    for at, row in enumerate(card.table):
        y = (160 + 70 * at) * unit
        style = "Sans-Bold" if at == 0 else "Sans"
        for column, cell in enumerate(row):
            small = _fitting(pen, cell, round(22 * unit), step * 0.9, style)
            pen.text((60 * unit + column * step, y), cell, font=small, fill=theme.ink)
        end = 60 * unit + len(row) * step
        pen.line((50 * unit, y + 48 * unit, end, y + 48 * unit), fill=theme.accent, width=2)


def _fitting(
    pen: ImageDraw.ImageDraw, text: str, size: int, width: float, style: str
) -> ImageFont.FreeTypeFont:
    """The font in this size, or smaller, so that the text is no wider."""
    while size > 8 and pen.textlength(text + "• ", font=font(size, style)) > width:
        size -= 1
    return font(size, style)


# --- what moves -----------------------------------------------------------------------------------


class Speaker:
    """A person before a room: sways, gestures, stands still at times; the camera is noisy."""

    def __init__(self, size: tuple[int, int], seed: int, noise: float = 4.0, pan: bool = False):
        self.size, self.pan = size, pan
        rng = np.random.default_rng(seed)
        self._phases = rng.uniform(0, 6.28, 8)
        self._noise = noises((size[1], size[0]), noise, seed)
        self._room = self._drawn_room(rng)
        self._seed = seed

    def _drawn_room(self, rng: np.random.Generator) -> Image.Image:
        """Shelves, a plant, a lamp: at half size, wider than the picture for panning."""
        width, height = self.size[0] * 3 // 4, self.size[1] // 2
        room = Image.new("RGB", (width, height), tuple(int(c) for c in rng.integers(40, 110, 3)))
        pen = ImageDraw.Draw(room)
        for _ in range(40):
            x, y = rng.uniform(0, width), rng.uniform(0, height)
            w, h = rng.uniform(0.01, 0.08) * width, rng.uniform(0.05, 0.3) * height
            pen.rectangle(
                (x, y, x + w, y + h), fill=tuple(int(c) for c in rng.integers(20, 200, 3))
            )
        return room

    def _sway(self, t: float, which: int, slow: float) -> float:
        a, b = self._phases[which], self._phases[which - 1]
        return 0.6 * math.sin(t * slow + a) + 0.4 * math.sin(t * slow * 2.37 + b)

    def planes(self, t: float) -> Planes:
        width, height = self.size[0] // 2, self.size[1] // 2
        shift = (self.size[0] * 3 // 4 - width) // 2
        if self.pan:
            shift += round(shift * 0.9 * self._sway(t, 5, 0.12))
        image = self._room.crop((shift, 0, shift + width, height))
        self._body(ImageDraw.Draw(image), t, width, height)
        bright = planes(image.resize(self.size, Image.Resampling.BILINEAR))
        return with_noise(bright, self._noise, t)

    def _body(self, pen: ImageDraw.ImageDraw, t: float, width: int, height: int) -> None:
        lively = max(0.0, min(1.0, 0.6 + 1.2 * self._sway(t, 1, 0.21)))  # 0: stands still
        x = width * (0.5 + 0.14 * self._sway(t, 2, 0.3))
        y = height * (0.36 + 0.02 * lively * self._sway(t, 3, 2.9))
        r = height * 0.14
        skin, shirt = (205, 160, 130), (45, 75, 115)
        pen.rounded_rectangle((x - 2 * r, y + r, x + 2 * r, height + r), r, fill=shirt)
        pen.ellipse((x - r * 0.8, y - r, x + r * 0.8, y + r), fill=skin)
        pen.chord((x - r * 0.8, y - r * 1.1, x + r * 0.8, y + r * 0.6), 180, 360, fill=(60, 40, 30))
        if math.sin(t * 1.7 + self._phases[0]) < 0.97:  # blinks
            for side in (-0.3, 0.3):
                eye = x + side * r
                pen.ellipse((eye - 2, y, eye + 2, y + 4), fill=(20, 20, 20))
        mouth = r * (0.08 + 0.12 * abs(math.sin(t * 9)))
        pen.ellipse(
            (x - r * 0.25, y + r * 0.5 - mouth, x + r * 0.25, y + r * 0.5 + mouth),
            fill=(120, 40, 40),
        )
        for side, which in ((-1, 4), (1, 6)):
            angle = 0.5 + 1.1 * lively * self._sway(t, which, 2.2)
            hand = (
                x + side * r * (2.2 + 1.6 * math.cos(angle)),
                y + r * (3 - 2.4 * math.sin(angle)),
            )
            pen.line(
                (x + side * r * 1.7, y + r * 1.8, *hand), fill=shirt, width=max(2, int(r * 0.5))
            )
            grip = r * 0.32
            pen.ellipse((hand[0] - grip, hand[1] - grip, hand[0] + grip, hand[1] + grip), fill=skin)


def curve(size: tuple[int, int], done: float) -> Planes:
    """A loss curve that draws itself; `done` from 0 to 1."""
    width, height = size
    image = Image.new("RGB", size, (255, 255, 255))
    pen = ImageDraw.Draw(image)
    pen.line((20, 10, 20, height - 20, width - 10, height - 20), fill=(0, 0, 0), width=2)
    xs = np.linspace(0, done, max(2, round(done * 120)))
    ys = np.exp(-3 * xs) + 0.04 * np.sin(xs * 70)
    points = [
        (20 + x * (width - 40), 20 + (1 - y) * (height - 60)) for x, y in zip(xs, ys, strict=True)
    ]
    pen.line(points, fill=(200, 30, 30), width=3)
    return planes(image)


# --- planes ---------------------------------------------------------------------------------------


def planes(image: Image.Image) -> Planes:
    whole = av.VideoFrame.from_image(image).reformat(format="yuv420p").to_ndarray()
    width, height = image.size
    quarter = height // 4
    return (
        whole[:height],
        whole[height : height + quarter].reshape(height // 2, width // 2),
        whole[height + quarter :].reshape(height // 2, width // 2),
    )


def frame(picture: Planes) -> av.VideoFrame:
    width = picture[0].shape[1]
    whole = np.concatenate([picture[0], *(p.reshape(-1, width) for p in picture[1:])])
    return av.VideoFrame.from_ndarray(whole, format="yuv420p")


def pasted(picture: Planes, part: Planes, left: int, top: int) -> Planes:
    """A copy with a part laid over it; the place is even."""
    out = tuple(p.copy() for p in picture)
    for at, (whole, piece) in enumerate(zip(out, part, strict=True)):
        x, y = (left, top) if at == 0 else (left // 2, top // 2)
        whole[y : y + piece.shape[0], x : x + piece.shape[1]] = piece
    return out[0], out[1], out[2]


def mixed(a: Planes, b: Planes, share: float) -> Planes:
    """`share` of b, the rest of a."""
    k = round(share * 256)
    out = [
        ((p.astype(np.uint16) * (256 - k) + q * np.uint16(k)) >> 8).astype(np.uint8)
        for p, q in zip(a, b, strict=True)
    ]
    return out[0], out[1], out[2]


def black(like: Planes) -> Planes:
    return np.full_like(like[0], 16), np.full_like(like[1], 128), np.full_like(like[2], 128)


def wiped(a: Planes, b: Planes, share: float) -> Planes:
    """b comes in from the left over a."""
    out = []
    for p, q in zip(a, b, strict=True):
        x = round(share * p.shape[1])
        out.append(np.concatenate([q[:, :x], p[:, x:]], axis=1))
    return out[0], out[1], out[2]


def pushed(a: Planes, b: Planes, share: float) -> Planes:
    """b comes in from the right and pushes a out."""
    out = []
    for p, q in zip(a, b, strict=True):
        x = round(share * p.shape[1])
        out.append(np.concatenate([p[:, x:], q[:, :x]], axis=1))
    return out[0], out[1], out[2]


def noises(shape: tuple[int, int], sigma: float, seed: int) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return [np.round(rng.normal(0, sigma, shape)).astype(np.int16) for _ in range(6)]


def with_noise(picture: Planes, bank: list[np.ndarray], t: float, light: int = 0) -> Planes:
    at = round(t * 1000)
    grain = np.roll(bank[at % len(bank)], (at * 7 % 31, at * 13 % 37), (0, 1))
    bright = np.clip(picture[0].astype(np.int16) + grain + light, 0, 255).astype(np.uint8)
    return bright, picture[1], picture[2]


def pointer(kind: str, unit: float) -> tuple[np.ndarray, Planes]:
    """How opaque (0..1), and the colours, of a laser's dot or a mouse's arrow."""
    size = max(8, round(24 * unit) // 4 * 4)
    image = Image.new("RGB", (size, size), (255, 30, 30) if kind == "laser" else (255, 255, 255))
    mask = Image.new("L", (size, size), 0)
    pen = ImageDraw.Draw(mask)
    if kind == "laser":
        pen.ellipse((size * 0.2, size * 0.2, size * 0.8, size * 0.8), fill=230)
    else:
        arrow = [(0, 0), (0, size * 0.8), (size * 0.25, size * 0.6), (size * 0.6, size * 0.6)]
        pen.polygon(arrow, fill=255)
        ImageDraw.Draw(image).polygon(arrow, outline=(0, 0, 0), width=2)
    return np.asarray(mask, np.float32) / 255, planes(image)


def dotted(picture: Planes, sprite: tuple[np.ndarray, Planes], left: int, top: int) -> Planes:
    """A copy with a pointer in it; it stands wholly within the picture, at an even place."""
    mask, colours = sprite
    out = tuple(p.copy() for p in picture)
    for at, (whole, piece) in enumerate(zip(out, colours, strict=True)):
        x, y, m = (left, top, mask) if at == 0 else (left // 2, top // 2, mask[::2, ::2])
        under = whole[y : y + piece.shape[0], x : x + piece.shape[1]]
        under[:] = (under * (1 - m) + piece * m).astype(np.uint8)
    return out[0], out[1], out[2]
