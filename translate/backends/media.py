"""Media files → 16 kHz mono samples, with PyAV; no ffmpeg program is needed.

Knows containers and codecs. Does not know the talk's folder, Whisper or speech detection.

Samples are held as int16, half of what recognition works on, and become float32 one window at a
time: three hours take 345 MB. Times are those of the picture: sound that starts late, or that
has a hole, is filled with silence, so that a time in the transcript opens the video where the
words are said (the ffmpeg program closes such holes, and everything after them comes early).
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import InputContainer

from translate.errors import MediaError
from translate.model import Flag, Progress, Step, no_progress, several

RATE = 16_000
# A step in the time stamps shorter than this is rounding or clock drift, not a hole.
GAP = 0.25
# Without a declared length, a longer hole is taken for a broken time stamp.
LONGEST_BLIND_GAP = 600.0
# Missing at the end: more than a second and, because FFmpeg may have estimated the length, more
# than one part in a hundred of the file.
MISSING_SECONDS = 1.0
MISSING_SHARE = 0.01
LARGEST_RESERVE = 6 * 3600 * RATE
GROWTH = 600 * RATE
# WAV: who writes while still recording states no size, or about the most that fits.
UNSTATED = 8192
# ASF (WMA, WMV): the object that states the file's length, and where in it what stands.
ASF_PROPERTIES = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")
ASF_LENGTH, ASF_LIVE = struct.Struct("<64xQ8xQI"), 1
# Lists of other files: following them would read what nobody named.
PLAYLISTS = frozenset({"hls", "applehttp", "concat", "dash", "imf", "ssdp", "sdp", "rtsp"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """What a media file says about itself; `duration` is in seconds, None where unknown."""

    duration: float | None
    bytes: int
    has_audio: bool
    has_video: bool  # cover art does not count
    audio_codec: str = ""
    video_codec: str = ""
    tags: tuple[tuple[str, str], ...] = ()  # as the file writes them, keys in lower case


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Audio:
    """A talk's sound: int16 mono `samples` at `rate` Hz, and what was wrong with the file."""

    samples: npt.NDArray[np.int16]
    rate: int = RATE
    flags: tuple[Flag, ...] = ()

    @property
    def duration(self) -> float:
        return len(self.samples) / self.rate

    def window(self, start: float, end: float) -> npt.NDArray[np.float32]:
        """Samples of [start, end) in seconds as float32 in -1..1; cut off at the edges."""
        first, last = (max(0, round(t * self.rate)) for t in (start, end))
        return self.samples[first:last].astype(np.float32) / np.float32(32768)

    def quietest(self, start: float, end: float) -> float:
        """The middle, in seconds, of the 100 ms with the least energy in [start, end)."""
        step = self.rate // 100
        first = max(0, round(start * self.rate))
        part = self.samples[first : max(0, round(end * self.rate))]
        blocks = len(part) // step
        if blocks < 10:
            return (start + end) / 2
        energy = np.square(part[: blocks * step].astype(np.float64)).reshape(blocks, step).sum(1)
        total = np.convolve(energy, np.ones(10), mode="valid")
        return (first + (int(total.argmin()) + 5) * step) / self.rate


def probe(path: Path) -> Probe:
    """What the file at `path` contains, without decoding it.

    Raises MediaError where it is missing, empty, not media or a list of other files.
    """
    with _open(path) as container:
        audio, video = _audio_stream(container), _video_stream(container)
        return Probe(
            duration=_declared(container),
            bytes=path.stat().st_size,
            has_audio=audio is not None,
            has_video=video is not None,
            audio_codec=audio.codec_context.name if audio is not None else "",
            video_codec=video.codec_context.name if video is not None else "",
            tags=tuple((k.lower(), v) for k, v in container.metadata.items()),
        )


def decode(path: Path, *, progress: Progress = no_progress) -> Audio:
    """All of the sound in the file at `path`.

    What is wrong but leaves something to hear becomes a flag: `truncated` (the file is shorter
    than it says), `damaged` (packets that could not be decoded), `gap` (a hole filled with
    silence). Raises MediaError where there is nothing to hear: no such file, empty, not media,
    no audio stream, no samples.
    """
    with _open(path) as container:
        stream = _audio_stream(container)
        if stream is None:
            raise MediaError(
                f"{path}: no audio stream, so there is nothing to transcribe.",
                "Fetch the talk with its sound, or give its captions (.srt or .vtt) instead.",
            )
        return _Decoding(path, container, stream, progress).run()


class _Decoding:
    """One pass over one stream. Mutable, and gone when the samples are there."""

    def __init__(
        self, path: Path, container: InputContainer, stream: AudioStream, progress: Progress
    ) -> None:
        self.path, self.container, self.stream, self.progress = path, container, stream, progress
        # FFmpeg shortens what these headers state to what is there, so they are read here too.
        self.stated = 0.0 if _video_stream(container) else _stated(path)
        self.declared = max(self.stated, _declared_sound(container, stream) or 0.0) or None
        self.samples = np.empty(self._reserve(), np.int16)
        self.filled = 0
        self.heard = 0.0  # seconds that went into the resampler, and silence
        self.base: float | None = None
        self.resampler: AudioResampler | None = None
        self.flags: list[Flag] = []
        self.bad = 0
        self.told = 0.0

    def run(self) -> Audio:
        for frame in self._frames():
            self._keep_time(frame)
            self._resample(frame)
            self._tell()
        self._flush()
        if not self.filled:
            raise MediaError(
                f"{self.path}: the audio stream has no samples.",
                "The file is empty or cut off at its start: fetch it again.",
            )
        self.samples.resize(self.filled, refcheck=False)
        duration = self.filled / RATE
        self._report_damage(duration)
        self.progress(Step(stage="decode", done=duration, total=duration, unit="seconds"))
        return Audio(samples=self.samples, flags=tuple(self.flags))

    def _reserve(self) -> int:
        # The length is the file's own claim: never reserve more than a long day's recording.
        return min(int(((self.declared or 0.0) + 1.0) * RATE), LARGEST_RESERVE)

    def _frames(self) -> Iterator[AudioFrame]:
        """Decoded frames; a packet that cannot be decoded is counted and passed over."""
        packets = self.container.demux(self.stream)
        while True:
            try:
                packet = next(packets)
            except StopIteration:
                return
            except av.FFmpegError:  # the container itself breaks off here
                self.bad += 1
                return
            try:
                yield from packet.decode()
            except av.FFmpegError:
                self.bad += 1

    def _keep_time(self, frame: AudioFrame) -> None:
        """Fill with silence where this frame starts later than all that came before it."""
        at = frame.time
        if at is None:
            return
        if self.base is None:
            self.base = self._zero(at)
        gap = at - self.base - self.heard
        if gap < GAP or gap > self._longest_gap():
            return
        self._flush()
        self._append(np.zeros(round(gap * RATE), np.int16))
        self.flags.append(
            Flag(
                start=self.heard,
                end=self.heard + gap,
                rule="gap",
                action="kept",
                detail="the file has no sound here; silence stands in for it",
            )
        )
        self.heard += gap

    def _zero(self, first: float) -> float:
        """The file's time that is 0: where its earliest stream starts."""
        start = self.container.start_time
        zero = start / av.time_base if start is not None else first
        return min(zero, first)

    def _longest_gap(self) -> float:
        if self.declared is None:
            return LONGEST_BLIND_GAP
        return self.declared + MISSING_SECONDS - self.heard

    def _resample(self, frame: AudioFrame) -> None:
        self.heard += frame.samples / frame.sample_rate
        frame.pts = None  # holes are filled above; the resampler must not judge again
        try:
            self._pass(frame)
        except ValueError:  # the stream changed its layout or rate midway
            try:
                self._flush()
                self._pass(frame)
            except (av.FFmpegError, ValueError):  # of no layout at all: a damaged frame
                self.bad += 1
                self.resampler = None
                self._append(np.zeros(round(frame.samples / frame.sample_rate * RATE), np.int16))

    def _pass(self, frame: AudioFrame) -> None:
        if self.resampler is None:
            self.resampler = AudioResampler(
                format="s16", layout="mono", rate=RATE, frame_size=16384
            )
        for out in self.resampler.resample(frame):
            self._append(out.to_ndarray()[0])

    def _flush(self) -> None:
        if self.resampler is not None:
            for out in self.resampler.resample(None):
                self._append(out.to_ndarray()[0])
            self.resampler = None

    def _append(self, part: npt.NDArray[np.int16]) -> None:
        end = self.filled + len(part)
        if end > len(self.samples):
            # In place: a second copy of a long talk would double the memory.
            self.samples.resize(end + GROWTH, refcheck=False)
        self.samples[self.filled : end] = part
        self.filled = end

    def _tell(self) -> None:
        if self.heard - self.told >= 10:
            self.told = self.heard
            total = max(self.declared, self.heard) if self.declared is not None else None
            self.progress(Step(stage="decode", done=self.heard, total=total, unit="seconds"))

    def _report_damage(self, duration: float) -> None:
        missing = (self.declared or 0.0) - duration
        estimated = 0.0 if self.stated else self.declared or 0.0
        if missing > max(MISSING_SECONDS, MISSING_SHARE * estimated):
            self.flags.append(
                Flag(
                    start=duration,
                    end=duration + missing,
                    rule="truncated",
                    action="kept",
                    detail=f"the file says {duration + missing:.1f} s and holds {duration:.1f} s:"
                    f" {missing:.1f} s are missing",
                )
            )
        if self.bad:
            self.flags.append(
                Flag(
                    start=0.0,
                    end=duration,
                    rule="damaged",
                    action="kept",
                    detail=f"{several(self.bad, 'place')} of the file could not be decoded",
                )
            )


def _open(path: Path) -> InputContainer:
    try:
        size = path.stat().st_size
    except OSError as error:
        raise MediaError(
            f"{path}: cannot be read: {error.strerror}.", "Check the name, or fetch the talk again."
        ) from error
    if not path.is_file():
        raise MediaError(f"{path}: not a file.", "Name a video or audio file.")
    if not size:
        raise MediaError(f"{path}: an empty file.", "Fetch it again.")
    try:
        container = av.open(
            str(path.resolve()),
            metadata_errors="ignore",
            options={"protocol_whitelist": "file"},
        )
    except (av.FFmpegError, ValueError) as error:
        raise MediaError(
            f"{path}: not a media file, or cut off before its index.",
            "Open it in a player; if it does not play there, fetch it again.",
        ) from error
    if PLAYLISTS & set(container.format.name.split(",")):
        container.close()
        raise MediaError(
            f"{path}: a list of other files ({container.format.name}), not a media file.",
            "Fetch the talk from its page instead.",
        )
    return container


def _audio_stream(container: InputContainer) -> AudioStream | None:
    """The English one of several sound tracks, else the one players choose."""
    streams = container.streams.audio
    english = [s for s in streams if s.metadata.get("language", "").lower().startswith("en")]
    if len(streams) > 1 and english:
        return english[0]
    best = container.streams.best("audio")
    return best if isinstance(best, AudioStream) else None


def _video_stream(container: InputContainer) -> av.VideoStream | None:
    for stream in container.streams.video:
        if not stream.disposition & av.stream.Disposition.attached_pic:
            return stream
    return None


def _declared(container: InputContainer) -> float | None:
    """The length that the file claims, in seconds; negative and zero claims count as none."""
    if container.duration is None or container.duration <= 0:
        return None
    return float(container.duration / av.time_base)


def _stated(path: Path) -> float:
    """The seconds that a WAV or ASF header states; 0 for others, and where it states none."""
    with path.open("rb") as file:
        head = file.read(65536)
    if head[:4] == b"RIFF" and head[8:12] == b"WAVE":
        return _stated_wav(head)
    at = head.find(ASF_PROPERTIES)
    if at < 0 or len(head) < at + ASF_LENGTH.size:
        return 0.0
    length, preroll, kind = ASF_LENGTH.unpack_from(head, at)
    return 0.0 if kind & ASF_LIVE else max(0.0, length / 1e7 - preroll / 1e3)


def _stated_wav(head: bytes) -> float:
    at, rate = 12, 0
    while at + 8 <= len(head):
        name, size = struct.unpack_from("<4sI", head, at)
        if name == b"fmt " and at + 20 <= len(head):
            rate = struct.unpack_from("<16xI", head, at)[0]  # bytes a second
        if name == b"data":
            stated = 0 < size % 2**31 < 2**31 - UNSTATED
            return size / rate if rate and stated else 0.0
        at += 8 + size + size % 2
    return 0.0


def _declared_sound(container: InputContainer, stream: AudioStream) -> float | None:
    """Where the file says that its sound ends: the picture may go on without it."""
    if stream.duration is None or stream.time_base is None or stream.duration <= 0:
        return _declared(container)
    first = (container.start_time or 0) / av.time_base
    end = float(((stream.start_time or 0) + stream.duration) * stream.time_base) - first
    return end if end > 0 else _declared(container)
