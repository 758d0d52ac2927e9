"""A talk's video → the slides shown in it, and their pictures, with PyAV.

Knows containers, key frames and seeking. What the pictures mean is for `slide_changes`.

Two passes over the file, no seeking. The first decodes key frames and, to tell motion from change,
half a second after some of them; the second decodes whole stretches, but only those between two
key frames in which something happened, or the only one there is.
"""

from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import pairwise
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import av
import numpy as np
import numpy.typing as npt
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.reformatter import Interpolation
from av.video.stream import VideoStream

from translate.backends import media
from translate.backends.slide_changes import find_showings, suspicious
from translate.backends.slide_motion import CLOSE, Sample
from translate.backends.slide_pictures import (
    HEIGHT,
    WIDTH,
    Blocks,
    Gray,
    changed,
    grown,
    significant,
)
from translate.errors import MediaError
from translate.model import Flag, Progress, Showing, Span, Step, clock, no_progress

# Key frames closer than this are not all looked at.
APART = 1.0
# Motion is measured from a key frame to a frame this much later: a gesture is seen, and decoding
# costs a tenth of the video where key frames are five seconds apart.
LATER = 0.5
# How often it is measured, at most.
MOTION_EVERY = 4.0
# Where something happened: how fine. A change's time is known to half of it.
FINE = 0.5
# A stretch without key frames longer than LONG_GAP is always decoded, since a slide may come and
# go in it, and looked at more coarsely, since it may be the whole talk.
LONG_GAP = 10.5
COARSE = 1.0
# Where something has just changed, the last line of a build may have stood for less than that.
FINEST = 0.25
# A slide that changes between key frames costs as much as a good part of a key frame, and much
# more than its neighbours, when nothing else moves.
SPIKE_OF_KEY = 0.2
SPIKE_OF_MEDIAN = 8.0
# Frames a second with which every third or fourth is still one for each look.
MANY_FRAMES = 8
# Missing at the end: more than this, and more than one part in a hundred.
MISSING_SECONDS = 1.5
MISSING_SHARE = 0.01
TELL_EVERY = 10.0
# A packet that cannot be decoded spoils what rests on it: all until the next key frame, at most so
# much, since a new slide is drawn anew.
SPOILED = 10.0
# Damage is told in so many stretches at most; those closer than this are one, in seconds.
MOST_STRETCHES = 20
ONE_STRETCH = 5.0

FETCH_AGAIN = "The file has changed or is damaged: fetch it again."
ATTACHED = av.stream.Disposition.attached_pic  # cover art

Rgb = npt.NDArray[np.uint8]
if TYPE_CHECKING:  # not subscriptable when it runs
    Packet = av.Packet[VideoStream]
Skip = Literal["DEFAULT", "NONREF"]


@dataclass(slots=True, kw_only=True)
class _Gap:
    """From one looked-at key frame to the next: what its packets say without being decoded."""

    start: float
    end: float
    key: int  # bytes
    sizes: list[int] = field(default_factory=list)
    sample: Sample | None = None
    broken: bool = False

    def skipped(self) -> Skip:
        """The frames that need not be decoded: those on which no other rests, if there are enough.

        They are half of the frames, and half of the time. A recorder of screens writes few.
        """
        return "NONREF" if len(self.sizes) >= MANY_FRAMES * (self.end - self.start) else "DEFAULT"

    def unclear(self) -> bool:
        """Whether a slide may have come in it though the key frames at its ends do not say so."""
        if self.broken or self.end - self.start > LONG_GAP:
            return True
        if len(self.sizes) < 2:
            return False
        most, median = max(self.sizes), float(np.median(self.sizes))
        return most > SPIKE_OF_KEY * self.key and most > SPIKE_OF_MEDIAN * max(median, 1.0)


class SlideVideo:
    """The slides in the video file at `path`. Cheap to construct: the file is opened when needed.

    `flags` says, after `find`, what was wrong with a file that could be used all the same:
    `truncated` (shorter than it says) and `damaged` (packets that could not be decoded), one for
    each stretch of damage.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._bad: set[float] = set()  # the times of packets that could not be decoded
        self.flags: tuple[Flag, ...] = ()

    @property
    def duration(self) -> float:
        """Seconds, as the file says; 0 where it does not. Raises MediaError: see `find`."""
        return media.probe(self._path).duration or 0.0

    def find(self, progress: Progress = no_progress) -> tuple[Showing, ...]:
        """Every stretch in which a slide stands, in order of time; () for a talk without slides.

        Raises MediaError where there is nothing to see: no such file, empty, not media, no video
        stream, no frame that can be decoded.
        """
        self._bad = set()
        told = _Told(progress, self.duration)
        gaps = _merged(self._keys(told))
        sampled = [g for g in gaps if g.sample is not None]
        samples = [g.sample for g in gaps if g.sample is not None]
        inside = [g for g in gaps if g.unclear()]
        inside += [g for g, s in zip(sampled, suspicious(samples), strict=True) if s]
        samples.extend(self._filled(gaps, inside, told))
        holes = _holes(self._bad, [g.start for g in gaps])
        samples = _outside(samples, holes)
        if not samples:
            raise MediaError(
                f"{self._path}: no picture in it could be decoded.",
                "The file is empty or cut off at its start: fetch it again.",
            )
        end = max(samples[-1].time, gaps[-1].end)
        self.flags = tuple(self._wrong(told.total, end, holes))
        told.end()
        return _ended(find_showings(samples, end), samples, holes)

    def picture(self, showing: Showing) -> Rgb:
        """The slide of `showing` at its best: height x width x 3, red, green, blue, full size.

        Raises MediaError where the file cannot be read there (any more).
        """
        with self._open() as (container, stream):
            zero = _zero(container)
            container.seek(int(max(0.0, showing.at + zero) * av.time_base))
            found = None
            for frame in self._frames(container, stream, lambda _packet: True):
                if found is None or _seconds(frame, zero) <= showing.at + 1e-3:
                    found = frame
                if _seconds(frame, zero) >= showing.at - 1e-3:
                    break
            if found is None:
                raise MediaError(f"{self._path}: no picture at {showing.at:.1f} s.", FETCH_AGAIN)
            return _cropped(_upright(found, stream.sample_aspect_ratio), showing)

    # --- the two passes ---------------------------------------------------------------------

    def _keys(self, told: "_Told") -> list[_Gap]:
        """The stretches of the video, each with its key frame and what its packets say."""
        gaps: list[_Gap] = []
        opened: dict[int, _Gap] = {}
        with self._open(smooth=False) as (container, stream):
            stream.codec_context.skip_frame = "NONREF"
            zero = _zero(container)
            moved = until = -MOTION_EVERY

            def wanted(packet: "Packet") -> bool:
                nonlocal moved, until
                start, decoded = _times(packet, zero)
                told.at(0.5 * start)
                if not gaps or (packet.is_keyframe and start - gaps[-1].start >= APART):
                    gaps.append(_Gap(start=start, end=start, key=packet.size))
                    opened[_stamp(packet)] = gaps[-1]
                    if start - moved >= MOTION_EVERY:
                        moved, until = start, start + LATER
                    return True
                gaps[-1].sizes.append(packet.size)
                gaps[-1].end = max(gaps[-1].end, start)
                return decoded <= until

            current = None
            for frame in self._frames(container, stream, wanted):
                gap = opened.get(frame.pts or 0)
                if gap is not None:
                    current = gap.sample = Sample(time=gap.start, gray=_gray(frame))
                elif current and current.motion is None and _later(frame, zero, current):
                    current.motion = changed(current.gray, _gray(frame))
        return gaps

    def _filled(self, gaps: list[_Gap], inside: list[_Gap], told: "_Told") -> Iterator[Sample]:
        """Frames between the key frames of the gaps `inside`."""
        starts = [g.start for g in gaps]
        chosen = {id(g) for g in inside}
        with self._open(smooth=False) as (container, stream):
            decoder = stream.codec_context
            zero = _zero(container)
            last = -COARSE
            at = 0

            def wanted(packet: "Packet") -> bool:
                # In the order of decoding: a gap's packets follow its key frame's.
                nonlocal at
                start, _ = _times(packet, zero)
                told.at(0.5 * (told.total + start))
                if packet.is_keyframe and at + 1 < len(gaps) and start >= starts[at + 1] - 1e-3:
                    at += 1
                    decoder.skip_frame = gaps[at].skipped()
                return id(gaps[at]) in chosen

            decoder.skip_frame = gaps[0].skipped()
            between: list[VideoFrame] = []  # not yet due, but something may happen before the next
            news = _News()
            for frame in self._frames(container, stream, wanted):
                time = _seconds(frame, zero)
                gap = gaps[max(0, bisect_right(starts, time + 1e-3) - 1)]
                if id(gap) not in chosen or time <= gap.start + 1e-3:
                    between = []
                    continue
                step = (COARSE if gap.end - gap.start > LONG_GAP else FINE) - 1e-3
                if time - max(last, gap.start) < step:
                    if time - _last(between, zero, max(last, gap.start)) >= FINEST - 1e-3:
                        between.append(frame)
                    continue
                gray = _gray(frame)
                if news.in_picture(gray):
                    yield from (Sample(time=_seconds(f, zero), gray=_gray(f)) for f in between)
                between, last = [], time
                yield Sample(time=time, gray=gray)

    def _frames(
        self,
        container: InputContainer,
        stream: VideoStream,
        wanted: "Callable[[Packet], bool]",
    ) -> Iterator[VideoFrame]:
        """Frames of the packets that are `wanted`; when others cannot be decoded is noted."""
        packets = container.demux(stream)
        zero = _zero(container)
        under_way: deque[float] = deque([0.0])  # a thread each, and what fails is the oldest
        reached = 0.0
        while True:
            try:
                packet = next(packets)
            except StopIteration:
                return
            except av.FFmpegError:  # the container itself breaks off here
                self._bad.add(reached + 0.01)  # what is before it is good
                return
            last = packet.dts is None and packet.pts is None  # empties the decoder
            if not last:
                time, _ = _times(packet, zero)
                reached = max(reached, time)
                if not wanted(packet):
                    continue
                under_way.append(time)
            while len(under_way) > max(1, stream.codec_context.thread_count):
                under_way.popleft()
            try:
                yield from (f for f in packet.decode() if f.pts is not None)
            except av.FFmpegError:
                self._bad.add(under_way[0])

    @contextmanager
    def _open(self, *, smooth: bool = True) -> Iterator[tuple[InputContainer, VideoStream]]:
        """The file and its picture. Not `smooth`: without the filter over the edges of blocks.

        That filter is a quarter of the time, and does nothing where nothing changes.
        """
        try:
            container = av.open(
                str(self._path.resolve()),
                metadata_errors="ignore",
                options={"protocol_whitelist": "file"},
            )
        except (OSError, av.FFmpegError, ValueError) as error:
            raise MediaError(f"{self._path}: cannot be opened.", FETCH_AGAIN) from error
        with container:
            stream = next(
                (s for s in container.streams.video if not s.disposition & ATTACHED), None
            )
            if stream is None:
                raise MediaError(
                    f"{self._path}: no video in it, so there are no slides to find.",
                    "Fetch the talk with its picture, or go on without slides.",
                )
            stream.thread_type = "AUTO"
            if not smooth:
                stream.codec_context.options = {"skip_loop_filter": "all"}
            yield container, stream

    def _wrong(self, declared: float, end: float, holes: Sequence[Span]) -> Iterator[Flag]:
        missing = declared - end
        if missing > max(MISSING_SECONDS, MISSING_SHARE * declared):
            detail = f"the file says {declared:.1f} s and its picture ends at {end:.1f} s"
            yield Flag(start=end, end=declared, rule="truncated", action="kept", detail=detail)
        for hole in _stretches(holes):
            bad = sum(hole.start <= time <= hole.end for time in self._bad)
            places = f"{bad} place{'s' * (bad != 1)}"
            detail = f"{places} up to {clock(hole.end)} could not be decoded"
            yield Flag(start=hole.start, end=hole.end, rule="damaged", action="kept", detail=detail)


class _News:
    """Whether something happened from one picture to the next, but where it did before."""

    def __init__(self) -> None:
        self._before: Gray | None = None
        self._moving: Blocks | None = None

    def in_picture(self, gray: Gray) -> bool:
        if self._before is None:
            self._before = gray
            return True
        counts = changed(self._before, gray)
        rest = counts if self._moving is None else np.where(self._moving, 0, counts)
        self._before, self._moving = gray, grown(counts > 0)
        return significant(rest)


class _Told:
    """Progress that only grows, and not too often."""

    def __init__(self, progress: Progress, total: float) -> None:
        self._progress, self.total, self._done = progress, total, 0.0

    def at(self, done: float) -> None:
        if done - self._done >= TELL_EVERY:
            self._tell(done)

    def end(self) -> None:
        self._tell(max(self.total, self._done))

    def _tell(self, done: float) -> None:
        self._done = done
        total = max(self.total, done) if self.total else None
        self._progress(Step(stage="slides", done=done, total=total, unit="seconds"))


def _merged(gaps: list[_Gap]) -> list[_Gap]:
    """Without the gaps whose key frame could not be decoded: they belong to those before, and
    the first one, which a file cut in the middle may have, stays."""
    out: list[_Gap] = []
    for gap in gaps:
        if gap.sample is not None or not out:
            out.append(gap)
        if gap.sample is None:
            out[-1].broken = True
    for gap, after in pairwise(out):
        gap.end = after.start  # else the last packet's time
    return out


def _holes(bad: Iterable[float], keys: Sequence[float]) -> list[Span]:
    """What is spoiled, in order of time: from each bad packet on, but not the next key frame."""
    holes: list[Span] = []
    for time in sorted(bad):
        after = bisect_right(keys, time + 1e-3)
        end = min([time + SPOILED, *keys[after : after + 1]])
        if holes and time <= holes[-1].end - 1e-3:
            holes[-1] = Span(start=holes[-1].start, end=end)
        else:
            holes.append(Span(start=time, end=end))
    return holes


def _stretches(holes: Sequence[Span]) -> list[Span]:
    """The holes to be told: neighbours are one, and the nearest where there are too many."""
    apart = [b.start - a.end for a, b in pairwise(holes)]
    widest = sorted(range(len(apart)), key=lambda n: -apart[n])[: MOST_STRETCHES - 1]
    cuts = sorted(n + 1 for n in widest if apart[n] > ONE_STRETCH)
    bounds = pairwise([0, *cuts, len(holes)])
    return [Span(start=holes[a].start, end=holes[b - 1].end) for a, b in bounds if a < b]


def _outside(samples: Iterable[Sample], holes: Sequence[Span]) -> list[Sample]:
    """The samples that no damage has spoiled, in order of time."""
    starts = [hole.start for hole in holes]

    def spoiled(time: float) -> bool:
        before = bisect_right(starts, time + 1e-3)
        return before > 0 and time < holes[before - 1].end - 1e-3

    return sorted((s for s in samples if not spoiled(s.time)), key=lambda s: s.time)


def _ended(
    showings: Iterable[Showing], samples: Sequence[Sample], holes: Sequence[Span]
) -> tuple[Showing, ...]:
    """No slide is said to stand where nobody can see that it does: a hole ends it."""
    times = [s.time for s in samples]
    seen = [next(iter(times[bisect_left(times, hole.end - 1e-3) :]), inf) for hole in holes]
    out = []
    for one in showings:
        start, end = one.start, one.end
        for hole, again in zip(holes, seen, strict=True):
            if hole.start <= start < hole.end <= one.at:
                start = hole.end
            if one.at <= hole.start <= end <= again:
                end = hole.start
        out.append(replace(one, start=start, end=end))
    return tuple(out)


def _times(packet: "Packet", zero: float) -> tuple[float, float]:
    """When it is shown and when it is decoded, in seconds."""
    base = float(packet.time_base)
    decoded = packet.dts if packet.dts is not None else _stamp(packet)
    return _stamp(packet) * base - zero, decoded * base - zero


def _stamp(packet: "Packet") -> int:
    stamp = packet.pts if packet.pts is not None else packet.dts
    return stamp if stamp is not None else 0


def _later(frame: VideoFrame, zero: float, sample: Sample) -> bool:
    """Whether the frame shows what moves since the sample: half a second after it."""
    return LATER - 0.1 <= _seconds(frame, zero) - sample.time <= CLOSE


def _last(frames: list[VideoFrame], zero: float, otherwise: float) -> float:
    return _seconds(frames[-1], zero) if frames else otherwise


def _seconds(frame: VideoFrame, zero: float) -> float:
    return float((frame.pts or 0) * (frame.time_base or 0)) - zero


def _zero(container: InputContainer) -> float:
    """The file's time that is 0: where its earliest stream starts, as for the sound."""
    return float((container.start_time or 0) / av.time_base)


def _gray(frame: VideoFrame) -> Gray:
    turns = _turns(frame)
    size = (HEIGHT, WIDTH) if turns % 2 else (WIDTH, HEIGHT)
    small = frame.reformat(*size, format="gray", interpolation=Interpolation.AREA).to_ndarray()
    return np.ascontiguousarray(np.rot90(small, turns))


def _turns(frame: VideoFrame) -> int:
    """Quarter turns to the left that set the picture upright."""
    return round(frame.rotation / 90) % 4


def _upright(frame: VideoFrame, ratio: Fraction | None) -> Rgb:
    """The frame as a player shows it: turned, with square pixels."""
    width = round(frame.width * float(ratio)) if ratio else frame.width
    full = frame.reformat(width=width, format="rgb24").to_ndarray()
    return np.rot90(full, _turns(frame))


def _cropped(picture: Rgb, showing: Showing) -> Rgb:
    height, width = picture.shape[:2]
    box = showing.region
    top, bottom = round(box.top * height), round(box.bottom * height)
    left, right = round(box.left * width), round(box.right * width)
    part = picture[top : max(bottom, top + 1), left : max(right, left + 1)]
    return np.ascontiguousarray(part)
