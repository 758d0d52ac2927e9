"""Which of the streams that yt-dlp found to download: sound alone, and a picture for the slides.

Works on yt-dlp's format dictionaries, which it hands over sorted from worst to best. Never a
merge of two streams: that would need ffmpeg, and nobody here needs them in one file.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Format = Mapping[str, Any]
TALLEST = 720  # lines of picture: enough to read slides


@dataclass(frozen=True, slots=True)
class Choice:
    """What to download: the same format twice where one file holds both, None for nothing."""

    audio: Format | None
    video: Format | None

    @property
    def distinct(self) -> tuple[Format, ...]:
        both = [f for f in (self.audio, self.video) if f is not None]
        return tuple(both[:1] if len(both) == 2 and both[0] is both[1] else both)


def choose_formats(formats: Sequence[Format], *, audio_only: bool) -> Choice:
    """The best sound without a picture, and a picture of at most 720 lines without sound.

    Where a site has only files with both, one such file serves as both.
    """
    usable = [f for f in formats if f.get("url") and not _is_images(f) and not f.get("has_drm")]
    sound = [f for f in usable if f.get("vcodec") == "none"]
    silent = [f for f in usable if f.get("acodec") == "none"]
    both = [f for f in usable if f not in sound and f not in silent]
    audio = _spoken_english(sound) or _at_most(both)
    if audio_only:
        return Choice(audio, None)
    if audio is not None and audio not in sound:
        return Choice(audio, audio)
    return Choice(audio, _at_most(silent) or _at_most(both))


def _is_images(form: Format) -> bool:
    """Storyboards: sheets of thumbnails."""
    return form.get("protocol") == "mhtml" or form.get("vcodec") == form.get("acodec") == "none"


def _spoken_english(sound: Sequence[Format]) -> Format | None:
    """The best; among dubbed ones of equal standing the English."""
    ranked = any((f.get("language_preference") or -1) > 0 for f in sound)
    english = [f for f in sound if str(f.get("language") or "").lower().split("-")[0] == "en"]
    chosen = sound if ranked or not english else english
    return chosen[-1] if chosen else None


def _at_most(formats: Sequence[Format]) -> Format | None:
    low = [f for f in formats if not f.get("height") or f["height"] <= TALLEST]
    if low:
        return low[-1]
    return min(formats, key=lambda f: f["height"], default=None)


def expected_bytes(form: Format | None, duration: float) -> int | None:
    """The size of a stream, exact or by its bit rate; None where nothing tells it."""
    if form is None:
        return None
    size = form.get("filesize") or form.get("filesize_approx")
    if size:
        return int(size)
    rate = form.get("tbr")  # kbit/s
    return int(rate * 125 * duration) if rate and duration else None


def readable_captions(tracks: Sequence[Format]) -> Format | None:
    """The WebVTT of a caption track, else its SRT."""
    for ext in ("vtt", "srt"):
        for track in tracks:
            if track.get("ext") == ext and (track.get("url") or track.get("data")):
                return track
    return None
