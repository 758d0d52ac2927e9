"""Small real media, made with PyAV while the tests run."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np

RATE = 16_000


def make_media(
    path: Path,
    *,
    seconds: float = 2.0,
    sound: bool = True,
    picture: bool = False,
    tags: dict[str, str] | None = None,
    container: str | None = None,
    options: dict[str, str] | None = None,
    noise: bool = False,
) -> Path:
    """A tone (or noise, which does not compress) and a moving bar, in what `path` ends with."""
    with av.open(str(path), "w", format=container, options=options or {}) as out:
        out.metadata.update(tags or {})
        streams = []
        if picture:
            video = out.add_stream("mpeg4", rate=10)
            video.width, video.height, video.pix_fmt = 160, 90, "yuv420p"
            streams.append((video, _pictures(seconds)))
        if sound:
            codec = {".mp3": "mp3", ".flac": "flac", ".wav": "pcm_s16le", ".ogg": "libopus"}
            audio = out.add_stream(codec.get(path.suffix, "aac"), rate=RATE, layout="mono")
            streams.append((audio, _sounds(seconds, noise)))
        for stream, frames in streams:
            for frame in frames:
                out.mux(stream.encode(frame))
            out.mux(stream.encode(None))
    return path


def _pictures(seconds: float) -> list[av.VideoFrame]:
    frames = []
    for n in range(int(seconds * 10)):
        image = np.zeros((90, 160, 3), np.uint8)
        image[:, (n * 8) % 160 :] = 200
        frame = av.VideoFrame.from_ndarray(image, format="rgb24").reformat(format="yuv420p")
        frame.pts, frame.time_base = n, Fraction(1, 10)
        frames.append(frame)
    return frames


def _sounds(seconds: float, noise: bool) -> list[av.AudioFrame]:
    count = int(seconds * RATE)
    if noise:
        wave = np.random.default_rng(1).integers(-9000, 9000, count)
    else:
        wave = 9000 * np.sin(np.arange(count) * 2 * np.pi * 440 / RATE)
    samples = wave.astype(np.int16)
    frames = []
    for at in range(0, count, 960):
        frame = av.AudioFrame.from_ndarray(samples[None, at : at + 960], "s16", "mono")
        frame.rate, frame.pts, frame.time_base = RATE, at, Fraction(1, RATE)
        frames.append(frame)
    return frames


def make_hls(folder: Path, name: str, *, sound: bool, picture: bool, fmp4: bool = False) -> Path:
    """A media playlist `<name>.m3u8` with its segments beside it."""
    options = {"hls_time": "1", "hls_playlist_type": "vod"}
    options["hls_segment_filename"] = str(folder / f"{name}-%d.{'m4s' if fmp4 else 'ts'}")
    if fmp4:
        options |= {"hls_segment_type": "fmp4", "hls_fmp4_init_filename": f"{name}-init.mp4"}
    path = folder / f"{name}.m3u8"
    return make_media(
        path, seconds=4, sound=sound, picture=picture, container="hls", options=options
    )
