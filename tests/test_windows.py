"""Windows: every instant of speech in one of them, and cuts in pauses."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.hearing import sound
from translate.model import Span
from translate.windows import LONGEST, SHORTEST_PART, plan_windows, recut, without

speech_strategy = st.lists(st.tuples(st.floats(0.0, 8.0), st.floats(0.05, 70.0)), max_size=25).map(
    lambda steps: [
        Span(start=end - length, end=end)
        for end, (_, length) in zip(
            itertools.accumulate(gap + length for gap, length in steps), steps, strict=True
        )
    ]
)


@settings(deadline=None)
@given(speech_strategy, st.floats(0.0, 20.0), st.floats(0.0, 1.0))
def test_every_instant_of_speech_is_in_one_window(
    spans: list[Span], tail: float, where: float
) -> None:
    duration = (spans[-1].end if spans else 0.0) + tail
    windows = plan_windows(spans, duration, lambda a, b: a + where * (b - a))
    for window in windows:
        assert window.start < window.end
        assert window.end - window.start <= LONGEST + 1e-6
        assert window.start >= 0
        assert window.end <= duration + 1e-9
    for before, after in itertools.pairwise(windows):
        assert before.end <= after.start + 1e-9
    for span in spans:
        covered = sum(max(0.0, min(w.end, span.end) - max(w.start, span.start)) for w in windows)
        assert covered == pytest.approx(span.end - span.start, abs=1e-6)


@settings(deadline=None)
@given(speech_strategy)
def test_cuts_are_in_pauses_unless_there_is_none(spans: list[Span]) -> None:
    cuts: list[tuple[float, float]] = []

    def quietest(start: float, end: float) -> float:
        cuts.append((start, end))
        return (start + end) / 2

    windows = plan_windows(spans, 10_000.0, quietest)
    asked = [(a + b) / 2 for a, b in cuts]
    for edge in (t for w in windows for t in (w.start, w.end)):
        inside = any(s.start + 1e-6 < edge < s.end - 1e-6 for s in spans)
        assert not inside or any(abs(edge - t) < 1e-6 for t in asked)


def test_a_short_recording_is_one_whole_window() -> None:
    assert plan_windows([Span(start=3, end=4)], 29.0, min) == (Span(start=0, end=29.0),)
    assert plan_windows([], 29.0, min) == ()


def test_the_longest_late_pause_is_cut_in_its_middle() -> None:
    spans = [Span(start=a, end=b) for a, b in ((0, 21), (22.5, 25), (25.2, 29), (29.3, 40))]
    first, second = plan_windows(spans, 40.0, min)
    assert first == Span(start=0, end=21.75)
    assert second == Span(start=21.75, end=40.0)


def test_long_pauses_are_left_out_but_for_a_second() -> None:
    windows = plan_windows([Span(start=5, end=10), Span(start=60, end=70)], 100.0, min)
    assert windows == (Span(start=4, end=11), Span(start=59, end=71))


def test_unbroken_speech_is_cut_where_it_is_quietest() -> None:
    audio = sound(70.0)
    audio.samples[round(24.0 * 16000) : round(24.2 * 16000)] = 0
    windows = plan_windows([Span(start=0, end=70)], 70.0, audio.quietest)
    assert 24.0 <= windows[0].end <= 24.2


@settings(deadline=None)
@given(speech_strategy, st.integers(0, 30), st.floats(0.0, 1.0))
def test_a_recut_window_is_whole(spans: list[Span], which: int, where: float) -> None:
    duration = spans[-1].end if spans else 0.0
    windows = plan_windows(spans, duration, lambda a, b: a + where * (b - a))
    if not windows:
        return
    window = windows[which % len(windows)]
    asked: list[float] = []

    def quietest(start: float, end: float) -> float:
        asked.append(start + where * (end - start))
        return asked[-1]

    parts = recut(window, spans, quietest)
    if not parts:
        assert window.end - window.start < 2 * SHORTEST_PART
        return
    assert 2 <= len(parts) <= 3
    assert (parts[0].start, parts[-1].end) == (window.start, window.end)
    for before, after in itertools.pairwise(parts):
        assert before.end == after.start
        inside = any(s.start < after.start < s.end for s in spans)
        assert not inside or after.start == pytest.approx(asked[0])
    assert all(p.end - p.start >= SHORTEST_PART - 1e-6 for p in parts)


def test_a_window_is_cut_again_at_its_longest_pauses() -> None:
    spans = [Span(start=a, end=b) for a, b in ((0, 8), (8.5, 14), (14.2, 20), (21, 28))]
    assert recut(Span(start=0, end=28), spans, min) == (
        Span(start=0, end=8.25),
        Span(start=8.25, end=20.5),
        Span(start=20.5, end=28),
    )
    assert recut(Span(start=0, end=5), spans, min) == ()


@given(speech_strategy, speech_strategy)
def test_what_is_outside_some_stretches(speech: list[Span], holes: list[Span]) -> None:
    left = without(speech, holes)
    edges = sorted({t for s in (*speech, *holes, *left) for t in (s.start, s.end)})
    for a, b in itertools.pairwise(edges):
        middle = (a + b) / 2
        in_speech, in_hole, in_left = (
            any(s.start < middle < s.end for s in spans) for spans in (speech, holes, left)
        )
        assert a == middle or b == middle or in_left == (in_speech and not in_hole)
