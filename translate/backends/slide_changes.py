"""Small gray pictures of a talk, in order of time → where slides stand in it.

Knows what a slide does and a camera does not: it stands still but for a part of the picture, is
drawn, and gives way to another all at once. Does not know files or decoding.

First what moves, sample by sample: blocks that changed in much of the time around it, back to the
last cut. Then states, stretches in which nothing else changes. Then showings: states that only add
to one another are a build. Last the same slide seen again.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from translate.backends.slide_again import LOST_PIXELS, Still, fullest, numbered
from translate.backends.slide_pictures import (
    BLANK,
    COLUMNS,
    ROWS,
    Blocks,
    Counts,
    Gray,
    boxed,
    changed,
    grown,
    ink,
    looks_drawn,
    lost,
    pixels,
    sharpness,
    significant,
)
from translate.backends.slide_regions import regions
from translate.model import Showing

# Samples closer than this show motion between them; farther apart they may show two slides.
CLOSE = 1.5
# Within less than this, in seconds, a person hardly moves.
MOMENT = 0.35
# Motion is looked for this far to both sides: a speaker who listens to a question for a while.
AROUND = 30.0
# One look at motion stands for this many seconds at most.
LASTING = 5.0
# A block that changes in this share of the time moves. Builds and fades change it more rarely.
OFTEN = 0.3
# Once is a change that fell into the half second between two looks.
TWICE = 2
# An inset may be there for one short slide: what moves in most of a few seconds. A curve that is
# being drawn is in each block only once.
BRIEFLY = 4.0
MOSTLY = 0.6
FOUR_TIMES = 4
# A change of so much of the picture at once is a cut: motion before it says nothing of after.
CUT = 0.35
# Moving groups of so many blocks are a person's inset, filled up to a rectangle ...
PERSON = 8
# ... unless that would cover more than this share of the picture.
LARGEST_INSET = 0.4
# With less of the picture than this at rest it is a camera's.
LEAST_STILL = 0.3
# A curve that is being drawn, letters being typed: so much of the picture in half a second.
DRAWING = 0.03
# It is looked for where no more of the picture moves than a speaker's inset; in a camera's picture
# a little always changes.
HARDLY_MOVING = 0.12
# Slides leafed through faster than this are not read by anyone, in seconds.
SHORTEST = 0.9
# Where more moves than an inset, what stands for less is a camera's resting background, in seconds.
SHORTEST_BESIDE_CAMERA = 4.0
# Between two states of a build lies no more than a slow fade, in seconds.
LONGEST_FADE = 3.0
# From one picture to the next takes less than this, in seconds.
SLOWEST_CUT = 2.0
# With so little in motion, the picture is a slide whatever it shows: no person is in it.
STILL = 0.03
# Beside a person, a slide has plain background and letters in these shares of its blocks at least.
LEAST_PLAIN = 0.25
LEAST_DRAWN = 0.015
# Where more moves than an inset, it has so much ink at least, in pixels: a title and a line.
LEAST_INK = 200
# Of a build's ink this share may be lost from one state to the next.
LOST_SHARE = 0.01
# A state with this share of the fullest one's ink is as full.
AS_FULL = 0.97
# A build may go back to an earlier state that had this share of its ink; less is the bare template.
BACK_TO = 0.6
# A picture within this share of the sharpest is as sharp: then the latest is taken.
AS_SHARP = 0.02


@dataclass(slots=True, eq=False)
class Sample:
    """A picture, and what moves in it where it was measured."""

    time: float  # seconds
    gray: Gray
    motion: Counts | None = None  # changed pixels of each block half a second later


@dataclass(slots=True, eq=False)
class _State(Still):
    """A stretch of samples, `first` to `last`, in which only `mask` moves."""

    first: int = 0
    last: int = 0


def suspicious(keys: Sequence[Sample]) -> list[bool]:
    """Whether something beside motion happened between each key frame and the next.

    Always for the last one: nothing is known of what follows it.
    """
    masks = _masks(keys)
    out = []
    for i, (a, b) in enumerate(pairwise(keys)):
        counts = changed(a.gray, b.gray)
        cut = (counts > 0).mean() >= CUT and abs(masks[i].mean() - masks[i + 1].mean()) > CUT / 2
        out.append(bool(cut) or significant(np.where(masks[i] | masks[i + 1], 0, counts)))
    return [*out, True][: len(keys)]


def find_showings(samples: Sequence[Sample], end: float) -> tuple[Showing, ...]:
    """The showings in a video that ends at `end` seconds."""
    masks = _masks(samples)
    states = [s for s in _states(samples, masks) if _is_slide(s)]
    groups = [g for g in _grouped(states, samples) if _long_enough(g, samples)]
    groups = _grouped([s for g in groups for s in g], samples)
    spans = _spans(groups, samples, end)
    best = [_fullest(g) for g in groups]
    for state in states:
        state.settled = _settled(state, samples)
    boxes = regions([s.gray for s in best], [s.mask for s in best])
    numbers = numbered(groups, boxes)
    return tuple(
        Showing(start=start, end=stop, at=_best(state, samples), region=box, of=of, fullest=full)
        for state, (start, stop), box, of, full in zip(
            best, spans, boxes, numbers, fullest(best, boxes, numbers), strict=True
        )
    )


# --- what moves -----------------------------------------------------------------------------------


def _masks(samples: Sequence[Sample]) -> list[Blocks]:
    """For each sample the blocks that move around it."""
    times = [s.time for s in samples]
    count = len(samples)
    before: Blocks | None = None
    moved = np.zeros((count + 1, ROWS, COLUMNS), np.float32)  # seconds, summed up
    often = np.zeros((count + 1, ROWS, COLUMNS), np.int32)  # how many times, summed up
    seen = np.zeros(count + 1, np.float32)
    shot = [0] * count  # where the sample's shot begins
    for i, sample in enumerate(samples):
        motion, cut = sample.motion, False
        if i + 1 < count:
            apart = changed(sample.gray, samples[i + 1].gray)
            cut = bool((apart > 0).mean() >= CUT)
            shot[i + 1] = i + 1 if cut else shot[i]
            if times[i + 1] - times[i] <= CLOSE:
                later = _later(samples, i)
                if later > i + 1:
                    apart = changed(sample.gray, samples[later].gray)
                    cut = cut or bool((apart > 0).mean() >= CUT)
                motion = None if cut else apart
            elif motion is None and not apart.any():
                motion = apart  # a recorder of screens: nothing changed in between
        weight = min(times[i + 1] - times[i], LASTING) if i + 1 < count else CLOSE
        if motion is None:
            weight = 0.0
        seen[i + 1] = seen[i] + weight
        moves = np.zeros((ROWS, COLUMNS), bool) if motion is None else motion > 0
        moved[i + 1] = moved[i] + weight * moves
        often[i + 1] = often[i] + moves
    ends = _shot_ends(shot)
    out: list[Blocks] = []
    for i, time in enumerate(times):
        moving = np.zeros((ROWS, COLUMNS), bool)
        for around, share, least in ((AROUND, OFTEN, TWICE), (BRIEFLY, MOSTLY, FOUR_TIMES)):
            low = max(shot[i], bisect_left(times, time - around))
            high = min(ends[i], bisect_left(times, time + around))
            part = moved[high] - moved[low] > share * (seen[high] - seen[low])
            moving |= part & (often[high] - often[low] >= least)
        if before is not None and np.array_equal(moving, before):
            out.append(out[-1])
        else:
            out.append(_widened(moving))
        before = moving
    return out


def _later(samples: Sequence[Sample], i: int) -> int:
    """The first sample a moment after the one at `i`: motion takes time."""
    last = i + 1
    while last + 1 < len(samples) and samples[last].time - samples[i].time < MOMENT:
        last += 1
    return last


def _shot_ends(shot: Sequence[int]) -> list[int]:
    """For each sample the index after the last sample of its shot."""
    out = [len(shot)] * len(shot)
    for i in range(len(shot) - 2, -1, -1):
        out[i] = out[i + 1] if shot[i] == shot[i + 1] else i + 1
    return out


def _widened(often: Blocks) -> Blocks:
    if not often.any():
        return often
    return boxed(grown(often), LARGEST_INSET, PERSON)


# --- states ---------------------------------------------------------------------------------------


def _states(samples: Sequence[Sample], masks: Sequence[Blocks]) -> Iterator[_State]:
    """Stretches in which the picture stands but for what moves."""
    state: _State | None = None
    for i, sample in enumerate(samples):
        if masks[i].mean() > 1 - LEAST_STILL:
            if state:
                yield state
            state = None
            continue
        if state and masks[i].mean() < state.mask.mean() - CUT / 2 and _cut(samples, i):
            yield state  # the camera is gone, and with it what hid the rest
            state = None
        if state and not _apart(state.gray, sample.gray, state.mask | masks[i]):
            _go_on(state, i, sample, masks[i])
        elif _stands(samples, masks, i):
            if state:
                yield state
            state = _State(sample.gray, masks[i], ink=0, first=i, last=i)
        elif state and sample.time - samples[state.last].time > LONGEST_FADE:
            yield state
            state = None
    if state:
        yield state


def _cut(samples: Sequence[Sample], i: int) -> bool:
    """Whether most of the picture changes from the sample before it."""
    counts = changed(samples[i - 1].gray, samples[i].gray)
    return bool((counts > 0).mean() >= CUT)


def _apart(a: Gray, b: Gray, without: Blocks) -> bool:
    return significant(np.where(without, 0, changed(a, b)))


def _go_on(state: _State, i: int, sample: Sample, mask: Blocks) -> None:
    # What moved and rests now is part of the slide: a clip's last frame.
    state.gray = np.where(pixels(mask | state.mask), sample.gray, state.gray)
    state.last, state.mask = i, mask


def _stands(samples: Sequence[Sample], masks: Sequence[Blocks], i: int) -> bool:
    """Whether the picture is the same a moment later, or but for a little."""
    if i + 1 == len(samples):
        return True
    counts = samples[i].motion
    later = _later(samples, i)
    if samples[later].time - samples[i].time <= CLOSE:
        counts = changed(samples[i].gray, samples[later].gray)
    if counts is None:  # a recorder of screens: it stood until the next frame
        return True
    moving = masks[i] | masks[i + 1]
    rest = np.where(moving, 0, counts)
    little = moving.mean() <= HARDLY_MOVING and (rest > 0).mean() <= DRAWING
    return bool(little) or not significant(rest)


def _is_slide(state: _State) -> bool:
    state.ink = ink(state.gray, state.mask)
    if state.ink < BLANK:
        return False
    if state.mask.mean() <= STILL:
        return True
    if state.mask.mean() > LARGEST_INSET and state.ink < LEAST_INK:
        return False
    plain, drawn = looks_drawn(state.gray, state.mask)
    return plain >= LEAST_PLAIN and drawn >= LEAST_DRAWN


# --- showings -------------------------------------------------------------------------------------


def _grouped(states: Sequence[_State], samples: Sequence[Sample]) -> list[list[_State]]:
    """States of the same showing: each adds to one before it, or is it again."""
    groups: list[list[_State]] = []
    for state in states:
        last = groups[-1][-1].last if groups else 0
        near = samples[state.first].time - samples[last].time <= LONGEST_FADE
        if groups and (near or state.first == last + 1) and _continues(groups[-1], state):
            groups[-1].append(state)
        else:
            groups.append([state])
    return groups


def _long_enough(group: Sequence[_State], samples: Sequence[Sample]) -> bool:
    if group[0].first == 0 and group[-1].last == len(samples) - 1:
        return True  # all that there is
    last = min(group[-1].last + 1, len(samples) - 1)
    moving = max(float(s.mask.mean()) for s in group)
    least = SHORTEST_BESIDE_CAMERA if moving > LARGEST_INSET else SHORTEST
    return samples[last].time - samples[group[0].first].time >= least


def _continues(group: Sequence[_State], new: _State) -> bool:
    fullest = max(s.ink for s in group)
    for old in reversed(group):
        if (old is group[-1] or old.ink >= BACK_TO * fullest) and _adds(old, new):
            return True
    return False


def _adds(old: _State, new: _State) -> bool:
    """Whether all that stood in the old state stands in the new one."""
    gone, all_ink = lost(old.gray, new.gray, old.mask | new.mask)
    return gone <= max(LOST_PIXELS, LOST_SHARE * all_ink)


def _spans(
    groups: Sequence[Sequence[_State]], samples: Sequence[Sample], end: float
) -> list[tuple[float, float]]:
    out: list[tuple[float, float]] = []
    times = [s.time for s in samples]
    for i, group in enumerate(groups):
        before = groups[i - 1][-1].last if i else 0
        after = groups[i + 1][0].first if i + 1 < len(groups) else len(samples) - 1
        first, last = group[0].first, group[-1].last
        early = bisect_left(times, times[first] - SLOWEST_CUT)
        late = bisect_right(times, times[last] + SLOWEST_CUT) - 1
        start = 0.0 if first == 0 else _change(samples, min(first - 1, max(before, early)), first)
        stop = end
        if last < len(samples) - 1:
            stop = _change(samples, last, max(last + 1, min(after, late)))
        out.append((start, stop))
    return out


def _change(samples: Sequence[Sample], first: int, last: int) -> float:
    """Between two samples, when the most changed at once."""

    def much(i: int) -> int:
        return int(changed(samples[i].gray, samples[i + 1].gray).sum())

    at = max(range(first, last), key=much)
    before, after = samples[at].time, samples[at + 1].time
    # A recorder of screens writes no frame until something changes.
    return after if after - before > CLOSE else (before + after) / 2


def _fullest(group: Sequence[_State]) -> _State:
    """The last state in which nothing is missing."""
    most = max(s.ink for s in group)
    return next(s for s in reversed(group) if s.ink >= AS_FULL * most)


def _settled(state: _State, samples: Sequence[Sample]) -> Gray | None:
    """The median of three pictures, the first of them not next to a change."""
    if state.last - state.first < 3:
        return None
    at = np.linspace(state.first + 1, state.last, 3).round().astype(int)
    a, b, c = (samples[i].gray for i in at)
    return np.maximum(np.minimum(a, b), np.minimum(np.maximum(a, b), c))


def _best(state: _State, samples: Sequence[Sample]) -> float:
    """When the state is sharpest; of equals, the latest."""
    inner = [
        s
        for s in samples[state.first : state.last + 1]
        if not _apart(s.gray, state.gray, state.mask)
    ]
    if len(inner) > 2:
        inner = inner[1:-1]  # next to a change
    sharp = [sharpness(s.gray, state.mask) for s in inner]
    least = (1 - AS_SHARP) * max(sharp)
    return next(
        s.time for s, sh in zip(reversed(inner), reversed(sharp), strict=True) if sh >= least
    )
