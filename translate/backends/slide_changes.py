"""Small gray pictures of a talk, in order of time → where slides stand in it.

Knows what a slide does and a camera does not: it stands still but for a part of the picture, is
drawn, and gives way to another all at once. Does not know files or decoding.

First states, stretches in which nothing changes but what moves. Then showings: states that only
add to one another are a build.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise, product

import numpy as np

from translate.backends.slide_again import LOST_PIXELS, Still, fullest, numbered
from translate.backends.slide_motion import (
    CLOSE,
    CUT,
    LARGEST_INSET,
    PERSON,
    Sample,
    later_than,
    moving,
)
from translate.backends.slide_pictures import (
    BLANK,
    SIGNIFICANT,
    Blocks,
    Counts,
    Gray,
    amount,
    changed,
    components,
    ink,
    looks_drawn,
    lost,
    other_room,
    pixels,
    sharpness,
    significant,
)
from translate.backends.slide_regions import regions
from translate.model import Showing

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
# A pointer is so many pixels at most where it was, and hides as many where it is.
POINTED = 2 * SIGNIFICANT
# A state with this share of the fullest one's ink is as full.
AS_FULL = 0.97
# A build may go back to an earlier state that had this share of its ink; less is the bare template.
BACK_TO = 0.6
# A picture within this share of the sharpest is as sharp: then the latest is taken.
AS_SHARP = 0.02


@dataclass(slots=True, eq=False)
class _State(Still):
    """A stretch of samples, `first` to `last`, in which only `mask` moves."""

    first: int = 0
    last: int = 0


def suspicious(keys: Sequence[Sample]) -> list[bool]:
    """Whether something beside motion happened between each key frame and the next.

    Always for the last one: nothing is known of what follows it.
    """
    masks = moving(keys)
    out = []
    new: Blocks | bool = False
    for i, (a, b) in enumerate(pairwise(keys)):
        counts = changed(a.gray, b.gray)
        cut = (counts > 0).mean() >= CUT and abs(masks[i].mean() - masks[i + 1].mean()) > CUT / 2
        moves = masks[i] | masks[i + 1]
        outside = significant(np.where(moves, 0, counts))
        coming = a.motion is not None and significant(np.where(new, a.motion, 0))
        new = _replaced(a.gray, b.gray, moves, counts)
        out.append(bool(cut) or outside or coming or bool(new.any()))
    return [*out, True][: len(keys)]


def _replaced(a: Gray, b: Gray, moves: Blocks, counts: Counts) -> Blocks:
    """The part of what seems to move that is not a person's before a room, but another slide's.

    Encoders begin anew where a slide fades in: what is seen of motion there is mostly fades.
    """
    out = np.zeros_like(moves)
    for part in components(moves):
        if (counts[part] > 0).sum() >= PERSON and other_room(a, b, pixels(part)):
            out |= part
    return out


def find_showings(samples: Sequence[Sample], end: float) -> tuple[Showing, ...]:
    """The showings in a video that ends at `end` seconds."""
    masks = moving(samples)
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
    later = later_than(samples, i)
    if samples[later].time - samples[i].time <= CLOSE:
        counts = changed(samples[i].gray, samples[later].gray)
    if counts is None:  # a recorder of screens: it stood until the next frame
        return True
    either = masks[i] | masks[i + 1]
    rest = np.where(either, 0, counts)
    little = either.mean() <= HARDLY_MOVING and (rest > 0).mean() <= DRAWING
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
        if groups and (near or state.first == last + 1) and _continues(groups[-1], state, samples):
            groups[-1].append(state)
        else:
            groups.append([state])
    return groups


def _long_enough(group: Sequence[_State], samples: Sequence[Sample]) -> bool:
    if group[0].first == 0 and group[-1].last == len(samples) - 1:
        return True  # all that there is
    last = min(group[-1].last + 1, len(samples) - 1)
    most = max(float(s.mask.mean()) for s in group)
    least = SHORTEST_BESIDE_CAMERA if most > LARGEST_INSET else SHORTEST
    return samples[last].time - samples[group[0].first].time >= least


def _continues(group: Sequence[_State], new: _State, samples: Sequence[Sample]) -> bool:
    fullest = max(s.ink for s in group)
    for old in reversed(group):
        if (old is group[-1] or old.ink >= BACK_TO * fullest) and _adds(old, new, samples):
            return True
    return False


def _adds(old: _State, new: _State, samples: Sequence[Sample]) -> bool:
    """Whether all that stood in the old state stands in the new one.

    What was there for a part of the old state only, or is hidden for a part of the new one, is a
    pointer's work.
    """
    without = old.mask | new.mask
    gone = lost(old.gray, new.gray, without)
    enough = max(LOST_PIXELS, LOST_SHARE * ink(old.gray, without))
    if amount(gone) > enough + POINTED:
        return False
    for a, b in product((old.first, old.last), (new.first, new.last)):
        if amount(gone) > enough:
            gone &= lost(samples[a].gray, samples[b].gray, without)
    return amount(gone) <= enough


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
    middle: Gray = np.maximum(np.minimum(a, b), np.minimum(np.maximum(a, b), c))
    return middle


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
