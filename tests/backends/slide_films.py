"""Small videos whose slides are known, encoded by the tests themselves."""

from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt

Picture = npt.NDArray[np.uint8]  # height x width x 3
SIZE = (360, 640)
FPS = 10


def slide(number: int, lines: int = 3, paper: int = 250, size: tuple[int, int] = SIZE) -> Picture:
    """Something like text: the words differ from number to number, the template does not."""
    height, width = size
    picture = np.full((height, width, 3), paper, np.uint8)
    picture[: height // 8] = (30, 60, 120)
    words(picture, height // 20, 9000 + number, 220)
    for line in range(lines):
        words(picture, height // 4 + line * height // 8, 100 * number + line, 20)
    return picture


def words(picture: Picture, top: int, seed: int, ink: int) -> None:
    rng = np.random.default_rng(seed)
    height, width = picture.shape[:2]
    left = width // 20
    for long in rng.integers(2, 9, 6):
        for _ in range(long):
            shape = rng.random((5, 3)) < 0.6
            unit = height // 90
            letter = np.kron(shape, np.ones((unit, unit), bool))
            at = picture[top : top + 5 * unit, left : left + 3 * unit]
            at[letter[: at.shape[0], : at.shape[1]]] = ink
            left += 4 * unit
        left += 4 * height // 90


def person(t: float, size: tuple[int, int], seed: int = 0) -> Picture:
    """A textured room and a body that sways."""
    height, width = size
    rng = np.random.default_rng(seed)
    room = rng.integers(40, 160, (height // 8 + 1, width // 8 + 1, 3), dtype=np.uint8)
    picture = np.kron(room, np.ones((8, 8, 1), np.uint8))[:height, :width].copy()
    across = np.arange(width)[None, :] - width * (0.5 + 0.25 * np.sin(t * 2.1 + seed))
    down = np.arange(height)[:, None] - height * (0.6 + 0.1 * np.sin(t * 3.3))
    body = (across / (0.3 * width)) ** 2 + (down / (0.5 * height)) ** 2 < 1
    stripes = (across + 3 * down + 60 * t) % 40 < 20
    picture[body & stripes], picture[body & ~stripes] = (200, 160, 130), (40, 70, 110)
    return picture


def over(base: Picture, part: Picture, top: int, left: int) -> Picture:
    out = base.copy()
    out[top : top + part.shape[0], left : left + part.shape[1]] = part
    return out


Film = Callable[[float], Picture]
Scene = tuple[float, Picture | Film]


def scenes(*parts: Scene, fps: int = FPS) -> Iterator[tuple[float, Picture]]:
    """Every frame's time and picture."""
    start = 0.0
    for seconds, picture in parts:
        for n in range(round(seconds * fps)):
            t = start + n / fps
            yield t, picture(t) if callable(picture) else picture
        start += seconds


def film(
    path: Path,
    frames: Iterator[tuple[float, Picture]],
    size: tuple[int, int] = SIZE,
    gop: int = 20,
    codec: str = "libx264",
    **options: str,
) -> Path:
    """The video of `frames`, with a key frame every `gop` frames and no others."""
    with av.open(str(path), "w") as out:
        stream = out.add_stream(codec, rate=FPS)
        stream.height, stream.width = size
        stream.pix_fmt = "yuv420p"
        stream.codec_context.time_base = Fraction(1, 1000)
        known = {"preset": "veryfast", "crf": "26", "sc_threshold": "0"}
        stream.options = {"g": str(gop)} | (known if codec == "libx264" else {}) | options
        for t, picture in frames:
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = round(1000 * t), Fraction(1, 1000)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path
