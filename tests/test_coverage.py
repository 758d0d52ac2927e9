"""How much of the speech has text: laws on made-up times, figures on real speech."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.shared import shared_data
from translate import coverage
from translate.coverage import Voice, drift, measure, sparse, told, uncovered
from translate.model import Article, Cue, Engine, Span, Talk, Transcript, Word

TEN_HOURS = 36_000.0
SENTENCE = "so this is how the encoder sees every frame of it"  # 49 letters: 2.9 s


def talk(count: int = 40, at: float = 0.0) -> tuple[tuple[Cue, ...], tuple[Span, ...]]:
    """An even speaker: cues of three seconds, with pauses of half a second."""
    starts = [at + 3.5 * n for n in range(count)]
    cues = tuple(Cue(start=s, end=s + 3, text=SENTENCE) for s in starts)
    return cues, tuple(Span(start=s, end=s + 3) for s in starts)


def transcript(cues: tuple[Cue, ...], speech: tuple[Span, ...]) -> Transcript:
    end = max(c.end for c in cues) if cues else 10.0
    return Transcript(
        language="en", engine=Engine(name="x"), duration=end, cues=cues, speech=speech
    )


spans = st.lists(st.tuples(st.floats(0, 20), st.floats(0.01, 20)), max_size=20).map(
    lambda rows: _apart(rows)
)


def _apart(rows: list[tuple[float, float]]) -> tuple[Span, ...]:
    out, at = [], 0.0
    for gap, length in rows:
        out.append(Span(start=at + gap, end=at + gap + length))
        at = out[-1].end
    return tuple(out)


@given(spans, st.floats(0, 500), st.floats(0, 500))
def test_the_voice_between_two_times_is_what_the_spans_share_with_them(
    speech: tuple[Span, ...], start: float, end: float
) -> None:
    start, end = sorted((start, end))
    slow = sum(max(0.0, min(end, s.end) - max(start, s.start)) for s in speech)
    voice = Voice(speech)
    assert voice.within(start, end) == pytest.approx(slow, abs=1e-6)
    assert voice.until(voice.at(voice.total / 3)) == pytest.approx(voice.total / 3, abs=1e-6)


@given(spans, spans)
def test_coverage_is_a_share_whatever_the_times(
    speech: tuple[Span, ...], said: tuple[Span, ...]
) -> None:
    cues = tuple(Cue(start=s.start, end=s.end, text=SENTENCE) for s in said)
    found = measure(transcript(cues, speech))
    if found is None:
        assert not speech
        return
    assert 0 <= found.covered_seconds <= found.speech_seconds + 1e-6
    assert 0 <= found.share <= 1 + 1e-9
    assert sum(s.words for s in found.along) == pytest.approx(11 * len(cues), rel=0.01, abs=0.5)
    for flag in coverage.doubts(transcript(cues, speech)):
        assert flag.action == "kept" and flag.start <= flag.end


@given(spans)
def test_speech_under_cues_of_its_own_is_covered(speech: tuple[Span, ...]) -> None:
    cues = tuple(Cue(start=s.start, end=s.end, text="x") for s in speech)
    assert uncovered(cues, speech) == []
    bare = uncovered((), speech)
    long = [s for s in speech if s.end - s.start >= coverage.UNCOVERED]
    assert all(any(f.start <= s.start and s.end <= f.end for f in bare) for s in long)


def test_an_even_talk_raises_no_flag_and_is_whole() -> None:
    cues, speech = talk()
    assert coverage.doubts(transcript(cues, speech)) == ()
    found = measure(transcript(cues, speech))
    assert found is not None and found.share == pytest.approx(1.0)
    assert told(found) == "speech with text: 100.0 %"


def test_pauses_in_a_gap_do_not_hide_it() -> None:
    """Speech without text in pieces of a second each."""
    speech = tuple(Span(start=s, end=s + 1.0) for s in (10.0, 11.5, 13.0, 20.0))
    [flag] = uncovered((Cue(start=0, end=10, text="x"),), speech)
    assert (flag.start, flag.end) == (10.0, 14.0)
    assert flag.detail == "3.0 s of speech without text"


@pytest.mark.parametrize("text", [".", "-", "\ufffd\ufffd", "…"])
def test_a_cue_without_a_letter_is_no_text(text: str) -> None:
    cues, speech = talk()
    left = (*cues[:10], replace(cues[10], text=text), *cues[11:])
    [flag] = uncovered(left, speech)
    assert (flag.start, flag.end) == (cues[10].start, cues[10].end)
    found = measure(transcript(left, speech))
    without = measure(transcript((*cues[:10], *cues[11:]), speech))
    assert found is not None
    assert found == without


def test_words_of_one_cue_may_leave_a_hole() -> None:
    words = (Word(start=0, end=0.5, text="one"), Word(start=6, end=6.5, text="two"))
    cue = Cue(start=0, end=6.5, text="one two", words=words)
    [flag] = uncovered((cue,), (Span(start=0, end=6.5),))
    assert (flag.start, flag.end) == (0.5, 6.0)
    stretched = replace(cue, words=(replace(words[0], end=6.0), words[1]))
    [flag] = uncovered((stretched,), (Span(start=0, end=6.5),))
    assert (flag.start, flag.end) == (coverage.LONGEST_WORD, 6.0)


def test_a_cue_stretched_over_a_hole_is_sparse() -> None:
    cues, speech = talk()
    left = (*cues[:10], replace(cues[10], end=cues[11].end), *cues[12:])
    assert uncovered(left, speech) == []
    [flag] = sparse(left, speech)
    assert flag.rule == "sparse" and flag.start <= 35.0 and flag.end >= 41.5
    assert "3 s of the speech" in flag.detail
    found = measure(transcript(left, speech))
    assert found is not None and found.share == pytest.approx(117 / 120, abs=0.01)
    assert found.thinnest[0].start <= 41.5 <= found.thinnest[0].end + 30
    assert told(found).endswith("1 place without: 00:00:35")


@pytest.mark.parametrize("slower", [0.5, 2.0])
def test_the_pace_is_the_talks_own(slower: float) -> None:
    """A slow speaker is no hole, and a fast one hides none."""
    cues, speech = talk(60)
    slow = tuple(replace(c, start=c.start * slower, end=c.end * slower) for c in cues)
    heard = tuple(Span(start=s.start * slower, end=s.end * slower) for s in speech)
    assert sparse(slow, heard) == []
    left = (*slow[:10], replace(slow[10], end=slow[12].end), *slow[13:])
    assert len(sparse(left, heard)) == 1


@pytest.mark.parametrize("at", [0.0, 3590.0, TEN_HOURS - 20])
def test_times_hold_at_the_hour_and_at_ten_hours(at: float) -> None:
    cues, speech = talk(40, at)
    left = (*cues[:3], *cues[5:])
    [flag] = uncovered(left, speech)
    assert (flag.start, flag.end) == (at + 10.5, at + 17.0)
    assert coverage.clock(flag.start) == coverage.clock(at + 10.5)
    found = measure(transcript(left, speech))
    assert found is not None
    assert found.along[0].start == at and found.along[-1].end == pytest.approx(at + 139.5)


def test_ten_hours_are_measured_at_once() -> None:
    cues, speech = talk(10_000)
    left = (*cues[:9000], *cues[9002:])
    [flag] = coverage.doubts(transcript(left, speech))
    assert (flag.rule, flag.start) == ("uncovered", 31_500.0)


def test_text_past_the_end_of_the_sound_is_drift() -> None:
    cues, speech = talk(6)
    [flag] = drift(cues, speech, duration=15.0)
    assert "runs to 00:00:20" in flag.detail and "ends at 00:00:15" in flag.detail
    assert drift(cues, speech, duration=20.0) == []


FAR = 99_999 * 3600.0  # the last hour that a caption file can name


def varied(count: int, late: float = 0.0) -> tuple[tuple[Cue, ...], tuple[Span, ...]]:
    """Cues of one to five seconds with pauses between them, late by so much."""
    cues, speech, at = [], [], 0.0
    for n in range(count):
        words = 4 + 7 * n % 17
        length = words * 5 / coverage.PACE
        speech.append(Span(start=at, end=at + length))
        cues.append(Cue(start=at + late, end=at + late + length, text="word " * words))
        at += length + 1 + n % 3
    return tuple(cues), tuple(speech)


@pytest.fixture
def tried(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many cues each line was tried on; at most a million in all."""
    cost, counts = coverage._Fit.cost, list[int]()

    def counted(fit: coverage._Fit, line: coverage.Line) -> float:
        counts.append(len(fit._cues))
        assert sum(counts) < 1_000_000
        return cost(fit, line)

    monkeypatch.setattr(coverage._Fit, "cost", counted)
    return counts


def test_what_is_tried_does_not_grow_with_the_talk() -> None:
    limit = 2 * coverage.MOST_STEPS_ASIDE + 1
    assert len(coverage._around(0.0, coverage.STEEPEST, coverage.STEP / 100_000)) == limit
    assert coverage._around(1.0, 0.5, 0.25) == [0.5, 0.75, 1.0, 1.25, 1.5]


@pytest.mark.parametrize("last", [100_000.0, FAR])
@pytest.mark.parametrize("long", [False, True])
def test_a_cue_at_the_end_of_time_does_not_hang_drift(
    last: float, long: bool, tried: list[int]
) -> None:
    """Whether the sound, too, is said to be that long or not."""
    cues, speech = talk(11)
    far = (*cues, Cue(start=last, end=last + 3, text=SENTENCE))
    flags = drift(far, speech, last + 3 if long else 40.0)
    assert [f.detail.split(" to ")[0] for f in flags] == ([] if long else ["text runs"])
    assert bool(tried) is long


@pytest.mark.parametrize("last", [100_000.0, FAR])
def test_a_cue_at_the_end_of_time_does_not_hide_a_drift(last: float, tried: list[int]) -> None:
    cues, speech = varied(60, late=1.5)
    end = cues[-1].end
    [true] = drift(cues, speech, end)
    assert true.detail == "all times are about 1.5 s too late"
    far = (*cues, Cue(start=last, end=last + 3, text=SENTENCE))
    past, same = drift(far, speech, end)
    assert past.start == end and same == true
    assert tried


@pytest.fixture
def weighed(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What `sparse` weighed: one for each run, and a few for each cue."""
    root, weights = coverage.math.sqrt, list[float]()

    def counted(value: float) -> float:
        weights.append(value)
        return root(value)

    monkeypatch.setattr(coverage.math, "sqrt", counted)
    return weights


@pytest.mark.parametrize("text", [SENTENCE, "x", ""])
def test_cues_without_speech_are_weighed_once(text: str, weighed: list[float]) -> None:
    """Before, in a pause of, and after a talk with a hole."""
    cues, speech = talk()
    cues = (*cues[:10], replace(cues[10], end=cues[11].end), *cues[12:])
    [alone] = sparse(cues, speech)
    few = len(weighed)
    weighed.clear()
    after = tuple(Cue(start=200 + n, end=201 + n, text=text) for n in range(1000))
    pause = tuple(Cue(start=3 + n / 4000, end=3 + n / 4000, text=text) for n in range(1000))
    assert sparse((*cues[:1], *pause, *cues[1:], *after), speech) == [alone]
    assert len(weighed) < few + 4 * 2000


def test_a_cue_that_begins_in_silence_may_lie_over_the_next_ones_speech() -> None:
    cues, speech = talk()
    over = Cue(start=139.6, end=150, text="x")
    left = (*cues, over, Cue(start=140, end=143, text=SENTENCE))
    [flag] = sparse(left, (*speech, Span(start=140, end=150)))
    assert (flag.start, flag.end) == (over.start, over.end)


def test_cues_of_a_thousandth_second_are_weighed_a_few_times(weighed: list[float]) -> None:
    """A thousand words in a breath set the pace, so that no cue has words enough."""
    fast = tuple(Cue(start=n, end=n + 1, text="word " * 1000) for n in range(15))
    tiny = tuple(Cue(start=15 + n / 1000, end=15 + (n + 1) / 1000, text="x") for n in range(1500))
    sparse((*fast, *tiny), (Span(start=0, end=16.5),))
    cues = len(fast) + len(tiny)
    assert len(weighed) <= (coverage.MOST_STEPS + 2) * cues < cues**2 / 4


def test_the_report_and_the_run_say_the_same() -> None:
    from translate.desk import _facts
    from translate.pipeline import Result
    from translate.report import ReportFacts, render_report
    from translate.workspace import Workspace

    cues, speech = talk()
    left = transcript((*cues[:10], *cues[12:]), speech)
    found = measure(left)
    said = Talk(slug="t", title="t", url="https://youtu.be/x")
    facts = ReportFacts(talk=said, transcript=left, article=Article(sections=()), translations=())
    markdown, data = render_report(facts)
    assert data["coverage"]["share"] == 0.95
    [gap] = data["coverage"]["gaps"]
    assert gap == {"start": 35.0, "end": 41.5, "link": "https://youtu.be/x?t=35s"}
    assert "95.0 %: 114 of 120 seconds, 6 without" in markdown
    assert "Without text: [00:00:35](https://youtu.be/x?t=35s)" in markdown
    assert found is not None
    assert told(found) == "speech with text: 95.0 %; 1 place without: 00:00:35"
    result = Result(workspace=Workspace(Path("t")), coverage=found)
    assert _facts(result)["coverage"]["gaps"] == [[35.0, 41.5]]
    assert "coverage" not in _facts(replace(result, coverage=None))


# --- real speech ----------------------------------------------------------------------------------


@pytest.mark.data
@pytest.mark.slow
def test_what_is_taken_out_of_real_speech_is_missed() -> None:
    """Of all holes of more than two seconds of speech at least 95 % each way, and no other flag."""
    shared_data("video/input_5.ref.srt")
    from tests.bench import coverage as bench

    real = list(bench.recordings())
    for recording in real:
        assert bench.found(recording.cues, recording.speech) == []  # 5.7 minutes untouched
    for way in bench.WAYS:
        counts = [
            sum((bench.count(r, length, way, every=2) for r in real), bench.Count())
            for length in (2.2, 3.0, 5.0, 10.0, 30.0)
        ]
        assert sum(counts, bench.Count()).share >= (0.93 if way == "both" else 0.95), way
        assert all(c.share >= 0.99 for c in counts[1:]), (way, counts)
        whole = sum((bench.count_cues(r, way) for r in real), bench.Count())
        assert whole.share >= 0.98, (way, whole)
        assert whole.elsewhere + sum(c.elsewhere for c in counts) == 0


@pytest.mark.data
def test_lectures_as_captions_raise_few_flags() -> None:
    """Six hours; every second of a cue counts as speech, so that pauses count as thin text."""
    shared_data("lectures/hf-course/en")
    from tests.bench import coverage as bench

    some = list(bench.captioned())
    wrong = sum(len(bench.found(r.cues, r.speech)) for r in some)
    minutes = sum(r.duration for r in some) / 60
    assert minutes > 300
    assert wrong / minutes * 10 <= 1.0


@pytest.mark.data
def test_times_that_drift_are_seen_and_true_ones_are_not() -> None:
    shared_data("video/input_5.ref.srt")
    from tests.bench import coverage as bench

    real = list(bench.recordings())
    for r in real:
        assert drift(r.cues, r.speech, r.duration) == []
        for start in range(0, int(r.duration) - 60, 10):
            part = [c for c in r.cues if c.start >= start and c.end <= start + 60]
            assert drift(part, r.speech, r.duration) == []
        late = [replace(c, start=c.start + 1.5, end=c.end + 1.5) for c in r.cues]
        [flag] = drift(late, r.speech, r.duration + 9)
        assert "too late" in flag.detail
        slow = [replace(c, start=c.start * 1.01, end=c.end * 1.01) for c in r.cues]
        [flag] = drift(slow, r.speech, r.duration + 9)
        assert "too late" in flag.detail
    address = real[1]
    early = [replace(c, start=c.start - 1.5, end=c.end - 1.5) for c in address.cues if c.start > 2]
    [flag] = drift(early, address.speech, address.duration)
    assert "too early" in flag.detail


@pytest.mark.data
@pytest.mark.parametrize("pace", [0.99, 1.0, 1.01])
def test_a_percent_is_seen_over_an_hour_and_none_where_there_is_none(pace: float) -> None:
    """The real recordings one after another, for an hour."""
    shared_data("video/input_5.ref.srt")
    from tests.bench import coverage as bench

    cues: list[Cue] = []
    speech: list[Span] = []
    at = 0.0
    real = list(bench.recordings())
    while at < 3600:
        for r in real:
            cues += [replace(c, start=c.start + at, end=c.end + at) for c in r.cues]
            speech += [Span(start=s.start + at, end=s.end + at) for s in r.speech]
            at += r.duration + 1
    moved = [replace(c, start=c.start * pace, end=c.end * pace) for c in cues]
    flags = drift(moved, speech, at * 1.1)
    if pace == 1.0:
        assert flags == []
        return
    [flag] = flags
    off = abs(1 - pace) * moved[-1].start
    side = "early" if pace < 1 else "late"
    last = float(flag.detail.split(" and ")[1].split()[0])
    assert flag.detail.endswith(f"too {side} at the end")
    assert last == pytest.approx(off, abs=3)
