"""A talk's speech → windows of at most 30 s to recognise, cut at pauses.

Knows times alone: where speech is, and whom to ask where a cut hurts least. Not what is said.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

from translate.model import Flag, Span

LONGEST = 30.0  # seconds Whisper hears at once
EDGE = 0.2  # of silence kept free for each side of a full window
PAD = 1.0  # of silence taken along on each side where there is room
CUT_FROM = 20.0  # a full window may end at any pause after this
LEFT_OUT = 3.0  # pauses longer than this are not recognised
SHORTEST_PART = 3.0  # seconds of a window that is cut again


def plan_windows(
    spans: Sequence[Span], duration: float, quietest: Callable[[float, float], float]
) -> tuple[Span, ...]:
    """Windows to recognise: in order, disjoint, at most 30 s, each instant of speech in one.

    Cuts lie in pauses, the longest there is between 20 and 30 s; speech without a pause is cut
    where `quietest` says. Pauses of more than 3 s are left out, but for a second on each side.
    A recording of at most 30 s with any speech is one window, so that nothing shifts in it.
    """
    speech = _merged(spans, duration)
    if speech and duration <= LONGEST:
        return (Span(start=0.0, end=duration),)
    groups: list[list[Span]] = []
    group: list[Span] = []
    for piece in _pieces(speech, quietest):
        while group and not _fits(group, piece):
            cut = _cut(group, piece)
            groups.append(group[:cut])
            group = group[cut:]
        group.append(piece)
    if group:
        groups.append(group)
    return _padded([Span(start=g[0].start, end=g[-1].end) for g in groups], duration)


def _merged(spans: Sequence[Span], duration: float) -> list[Span]:
    out: list[Span] = []
    for span in sorted(spans, key=lambda s: s.start):
        start, end = max(0.0, span.start), min(duration, span.end)
        if end <= start:
            continue
        if out and start <= out[-1].end:
            out[-1] = Span(start=out[-1].start, end=max(out[-1].end, end))
        else:
            out.append(Span(start=start, end=end))
    return out


def _pieces(speech: Sequence[Span], quietest: Callable[[float, float], float]) -> Iterator[Span]:
    """Speech with every stretch cut down to what fits into a window."""
    longest = LONGEST - 2 * EDGE
    for span in speech:
        start = span.start
        while span.end - start > longest:
            low, high = start + CUT_FROM, start + longest
            cut = min(max(quietest(low, high), low), high)
            yield Span(start=start, end=cut)
            start = cut
        yield Span(start=start, end=span.end)


def _fits(group: Sequence[Span], piece: Span) -> bool:
    near = piece.start - group[-1].end <= LEFT_OUT
    return near and piece.end - group[0].start <= LONGEST - 2 * EDGE


def _cut(group: Sequence[Span], piece: Span) -> int:
    """How many of `group` make a window before `piece`: up to its longest late pause."""
    if piece.start - group[-1].end > LEFT_OUT:
        return len(group)
    following = [*group[1:], piece]
    late = [
        (following[i].start - group[i].end, i + 1)
        for i in range(len(group))
        if group[i].end - group[0].start >= CUT_FROM
    ]
    return max(late)[1] if late else len(group)


def _padded(cores: Sequence[Span], duration: float) -> tuple[Span, ...]:
    """Each core with up to a second of the silence around it, up to the middle of the pause."""
    out = []
    for i, core in enumerate(cores):
        before = (core.start - cores[i - 1].end) / 2 if i else core.start
        after = (cores[i + 1].start - core.end) / 2 if i + 1 < len(cores) else duration - core.end
        left, right = min(PAD, before), min(PAD, after)
        room = max(0.0, LONGEST - (core.end - core.start))
        if left + right > room:
            left = min(left, max(room / 2, room - right))
            right = min(right, room - left)
        out.append(Span(start=core.start - left, end=core.end + right))
    return tuple(out)


def recut(
    window: Span, speech: Sequence[Span], quietest: Callable[[float, float], float]
) -> tuple[Span, ...]:
    """A window in two or three parts: cut at its longest pauses, else where it is quietest.

    The parts are the whole of it, in order, none shorter than 3 s; () where it is too short to
    be cut.
    """
    length = window.end - window.start
    wanted = min(3, int(length / SHORTEST_PART))
    if wanted < 2:
        return ()
    inside = [s for s in _merged(speech, window.end) if s.end > window.start]
    pauses = sorted(
        ((b.start - a.end, (a.end + b.start) / 2) for a, b in pairwise(inside)), reverse=True
    )
    cuts: list[float] = []
    for _, at in pauses:
        edges = (window.start, *cuts, window.end)
        if len(cuts) < wanted - 1 and all(abs(at - e) >= SHORTEST_PART for e in edges):
            cuts.append(at)
    if not cuts:
        margin = max(SHORTEST_PART, length / 3)
        low, high = window.start + margin, window.end - margin
        cuts = [min(max(quietest(low, high), low), high)]
    edges = (window.start, *sorted(cuts), window.end)
    return tuple(Span(start=a, end=b) for a, b in pairwise(edges))


def without(speech: Sequence[Span], holes: Sequence[Span | Flag]) -> tuple[Span, ...]:
    """Speech outside some stretches."""
    out = list(speech)
    for hole in holes:
        out = [
            Span(start=a, end=b)
            for s in out
            for a, b in ((s.start, min(s.end, hole.start)), (max(s.start, hole.end), s.end))
            if b > a
        ]
    return tuple(out)


def left_out(windows: Sequence[Span], duration: float) -> list[Flag]:
    """What no window holds: a flag for every long pause."""
    edges = [0.0, *(t for w in windows for t in (w.start, w.end)), duration]
    return [
        Flag(
            start=start,
            end=end,
            rule="no-speech",
            action="removed",
            detail="no speech was heard here, so this part was not recognised",
        )
        for start, end in zip(edges[::2], edges[1::2], strict=True)
        if end - start > LEFT_OUT or not windows
    ]
