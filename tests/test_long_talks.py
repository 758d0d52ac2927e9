"""Times of long talks: the hour's border and ten hours, in windows, cues, subtitles and anchors."""

import itertools
from pathlib import Path

import pytest

from tests.hearing import sound
from translate.backends.captions import read
from translate.draft import anchors, seconds
from translate.guards import judge
from translate.model import Segment, Span, WindowResult, link_at
from translate.subtitles import srt
from translate.windows import LONGEST, plan_windows

HOUR = 3600.0
TEN_HOURS = 10 * HOUR


def talk(duration: float) -> list[Span]:
    """Sentences of seven seconds with a breath between, to the very end."""
    starts = [8.0 * i for i in range(int(duration // 8))]
    return [Span(start=s, end=s + 7.0) for s in starts]


@pytest.mark.parametrize("duration", [HOUR - 0.5, HOUR + 0.5, TEN_HOURS])
def test_windows_of_a_long_talk_miss_nothing_and_do_not_drift(duration: float) -> None:
    speech = talk(duration)
    windows = plan_windows(speech, duration, lambda a, b: (a + b) / 2)
    assert all(w.end - w.start <= LONGEST + 1e-6 for w in windows)
    assert all(a.end <= b.start for a, b in itertools.pairwise(windows))
    heard = sum(
        max(0.0, min(w.end, s.end) - max(w.start, s.start))
        for w in windows
        for s in speech[max(0, int(w.start // 8) - 1) : int(w.end // 8) + 2]
    )
    assert heard == pytest.approx(7.0 * len(speech), abs=1e-3)
    assert windows[-1].end >= speech[-1].end


@pytest.mark.parametrize("at", [HOUR - 1, HOUR, TEN_HOURS - 8, TEN_HOURS])
def test_a_cue_keeps_its_time_from_the_window_to_the_subtitles(at: float, tmp_path: Path) -> None:
    segment = Segment(
        start=at + 0.25,
        end=at + 2.5,
        text="So this is graph break.",
        avg_logprob=-0.1,
        no_speech_prob=0.0,
        compression_ratio=1.0,
        temperature=0.0,
    )
    result = WindowResult(start=at, end=at + 5, language="en", of="", segments=(segment,))
    cues, flags = judge([result], [Span(start=at, end=at + 3)], "")
    assert flags == []
    path = tmp_path / "a.srt"
    path.write_text(srt([(c.start, c.end, c.text) for c in cues]), encoding="utf-8")
    (again,) = read(path).cues
    assert (again.start, again.end, again.text) == (at + 0.25, at + 2.5, segment.text)


def test_anchors_and_links_cross_the_hour_in_order() -> None:
    starts = [HOUR - 0.5, HOUR, HOUR + 0.5, TEN_HOURS - 1, TEN_HOURS, 100 * HOUR]
    found = anchors(starts)
    assert found[0] == "00:59:59"
    assert found[1] == "01:00:00"
    assert found[3:] == ["09:59:59", "10:00:00", "100:00:00"]
    assert [seconds(a) for a in found] == sorted(seconds(a) for a in found)
    assert link_at("https://youtu.be/x", TEN_HOURS) == "https://youtu.be/x?t=36000s"


def test_the_sound_of_a_window_is_read_where_it_stands() -> None:
    audio = sound(90.0)
    late = audio.window(60.0, 90.0)
    assert len(late) == 30 * audio.rate
    assert (late == audio.window(0.0, 90.0)[60 * audio.rate :]).all()
