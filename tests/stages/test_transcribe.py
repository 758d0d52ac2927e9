"""Windows, rules, captions and the prompt: what may be published, and that nothing goes unsaid."""

import itertools
import json
import re
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.shared import shared_data
from translate.backends import captions as caption_files
from translate.backends.language import detect
from translate.backends.media import Audio, decode
from translate.backends.vad import Silero
from translate.backends.whisper import Whisper
from translate.errors import LanguageError
from translate.model import Cue, Engine, Flag, Segment, Span, Step, WindowResult
from translate.stages.transcribe import (
    LONGEST,
    bias_prompt,
    clean_captions,
    from_captions,
    judge,
    plan_windows,
    transcribe_audio,
)


class Journaled:
    """A journal in memory, as the pipeline keeps one on disk."""

    def __init__(self) -> None:
        self.kept: dict[int, WindowResult] = {}

    def load(self) -> Mapping[int, WindowResult]:
        return dict(self.kept)

    def append(self, index: int, result: WindowResult) -> None:
        self.kept[index] = result


class KilledError(Exception):
    pass


class Scripted:
    """A recogniser that says one numbered sentence a window, and dies after `lives` windows."""

    def __init__(self, language: tuple[str, float] = ("en", 0.99), lives: int = 10**9) -> None:
        self.language, self.lives = language, lives
        self.engine = Engine(name="scripted", model="m", version="1")
        self.calls: list[tuple[float, str, str]] = []
        self.asked: list[int] = []

    def detect(self, windows: Sequence[np.ndarray]) -> tuple[str, float]:
        self.asked.append(len(windows))
        return self.language

    def recognise(
        self, samples: np.ndarray, offset: float, *, language: str, prompt: str
    ) -> tuple[Segment, ...]:
        if len(self.calls) >= self.lives:
            raise KilledError
        self.calls.append((offset, language, prompt))
        end = offset + len(samples) / 16000
        return (segment(offset, end, f"This window starts at {offset:.3f} seconds."),)


class Speaking:
    def __init__(self, *spans: tuple[float, float]) -> None:
        self.spans = tuple(Span(start=a, end=b) for a, b in spans)

    def speech(self, _: object) -> tuple[Span, ...]:
        return self.spans


def segment(start: float, end: float, text: str, **what: float) -> Segment:
    known = {
        "avg_logprob": -0.2,
        "no_speech_prob": 0.01,
        "compression_ratio": 1.4,
        "temperature": 0.0,
    }
    return Segment(start=start, end=end, text=text, **{**known, **what})


def sound(seconds: float) -> Audio:
    rng = np.random.default_rng(1)
    return Audio(samples=rng.integers(-9000, 9000, round(seconds * 16000), np.int16))


def judged(
    *segments: Segment,
    speech: Sequence[tuple[float, float]] = ((0, 1000),),
    prompt: str = "",
    window: tuple[float, float] = (0, 30),
) -> tuple[list[str], list[Flag]]:
    """The texts that stay, and the flags, for one window."""
    result = WindowResult(start=window[0], end=window[1], language="en", of="", segments=segments)
    spans = tuple(Span(start=a, end=min(b, window[1])) for a, b in speech)
    cues, flags = judge([result], spans, prompt)
    for before, after in itertools.pairwise(cues):
        assert before.end <= after.start
    assert all(c.start < c.end and c.text for c in cues)
    return [c.text for c in cues], flags


def rules(flags: Sequence[Flag]) -> list[str]:
    return [f"{f.rule} {f.action}" for f in flags]


# --- windows --------------------------------------------------------------------------------------

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


# --- recognition ----------------------------------------------------------------------------------

TALK = Speaking((1, 19), (20, 28), (29, 50), (51, 70), (80, 95), (97, 119))


def test_a_killed_run_continues_after_the_last_finished_window() -> None:
    audio = sound(120.0)
    whole = transcribe_audio(audio, Scripted(), TALK, journal=Journaled(), prompt="Rust.")
    for lives in range(len(whole.cues)):
        journal = Journaled()
        first, second = Scripted(lives=lives), Scripted()
        with pytest.raises(KilledError):
            transcribe_audio(audio, first, TALK, journal=journal, prompt="Rust.")
        again = transcribe_audio(audio, second, TALK, journal=journal, prompt="Rust.")
        assert again == whole
        assert len(first.calls) + len(second.calls) == len(whole.cues)
        assert len(second.asked) == (0 if lives else 1)  # the language is settled as well


def test_a_finished_window_of_something_else_is_not_used() -> None:
    journal = Journaled()
    transcribe_audio(sound(120.0), Scripted(), TALK, journal=journal, prompt="Rust.")
    for audio, prompt, version in (
        (sound(120.0), "Go.", "1"),
        (sound(120.0), "Rust.", "2"),
        (Audio(samples=sound(120.0).samples[::-1]), "Rust.", "1"),
    ):
        recogniser = Scripted()
        recogniser.engine = Engine(name="scripted", model="m", version=version)
        copy = Journaled()
        copy.kept = dict(journal.kept)
        transcribe_audio(audio, recogniser, TALK, journal=copy, prompt=prompt)
        assert len(recogniser.calls) == len(journal.kept)


def test_provenance_progress_and_what_was_left_out() -> None:
    steps: list[Step] = []
    transcript = transcribe_audio(
        sound(120.0), Scripted(), TALK, journal=Journaled(), prompt="Rust.", progress=steps.append
    )
    assert transcript.engine.parameters["prompt"] == "Rust."
    assert transcript.duration == 120.0
    assert transcript.speech == TALK.spans
    assert [f.rule for f in transcript.flags] == ["no-speech"]
    assert (transcript.flags[0].start, transcript.flags[0].end) == (71, 79)
    assert steps[-1].done == pytest.approx(120.0)
    assert all(a.done < b.done for a, b in itertools.pairwise(steps))


def test_a_talk_in_another_language_stops_unless_told() -> None:
    recogniser = Scripted(("zh", 0.87))
    with pytest.raises(LanguageError) as caught:
        transcribe_audio(sound(120.0), recogniser, TALK, journal=Journaled())
    assert "'zh'" in caught.value.message
    assert "87%" in caught.value.message
    assert "--language en" in caught.value.hint
    assert not recogniser.calls
    told = transcribe_audio(sound(120.0), recogniser, TALK, journal=Journaled(), language="en")
    assert told.language == "en"
    assert recogniser.asked == [5]
    assert {language for _, language, _ in recogniser.calls} == {"en"}


@pytest.mark.parametrize("answer", [("en", 0.4), ("", 0.0)])
def test_a_doubtful_language_is_flagged(answer: tuple[str, float]) -> None:
    transcript = transcribe_audio(sound(60.0), Scripted(answer), TALK, journal=Journaled())
    assert transcript.language == "en"
    assert "language kept" in rules(transcript.flags)


def test_no_speech_means_no_text_and_a_flag() -> None:
    recogniser = Scripted()
    transcript = transcribe_audio(sound(9.0), recogniser, Speaking(), journal=Journaled())
    assert transcript.cues == ()
    assert not recogniser.calls
    assert rules(transcript.flags) == ["no-speech removed"]


def test_flags_of_the_file_are_handed_on() -> None:
    flag = Flag(start=50, end=60, rule="truncated", action="kept")
    audio = Audio(samples=sound(50.0).samples, flags=(flag,))
    transcript = transcribe_audio(audio, Scripted(), TALK, journal=Journaled())
    assert flag in transcript.flags


# --- rules ----------------------------------------------------------------------------------------


def test_plain_text_is_untouched() -> None:
    texts, flags = judged(
        segment(0, 5, "So this is very, very fast."), segment(5, 30, "No, no, no: it is correct.")
    )
    assert texts == ["So this is very, very fast.", "No, no, no: it is correct."]
    assert flags == []


def test_a_loop_inside_a_segment_is_cut_and_its_time_is_uncovered() -> None:
    texts, flags = judged(segment(0, 30, "Let us begin. " + "Thank you so much. " * 14))
    assert texts == ["Let us begin. Thank you so much."]
    assert rules(flags) == ["loop removed", "uncovered kept"]
    assert flags[0].text.startswith("Thank you so much. Thank you")
    assert flags[1].end == 30


def test_a_loop_over_segments_goes_and_what_follows_stays() -> None:
    looped = [segment(5 + i, 6 + i, "I'm going to show you how.") for i in range(20)]
    texts, flags = judged(segment(0, 5, "Hello there."), *looped, segment(25, 30, "And now this."))
    assert texts == ["Hello there.", "I'm going to show you how.", "And now this."]
    assert "loop removed" in rules(flags)
    assert any(f.rule == "uncovered" and f.start < 7 and f.end > 24 for f in flags)


def test_two_sentences_in_turn_are_a_loop_too() -> None:
    pair = ["We go up the hill.", "They come down again."]
    texts, _ = judged(*(segment(i, i + 1, pair[i % 2]) for i in range(12)))
    assert texts == pair


def test_three_times_is_enough_where_the_window_is_repetitive() -> None:
    text = "this is the best part " * 3
    assert judged(segment(0, 20, text, compression_ratio=2.9))[0] == ["this is the best part"]
    kept, flags = judged(segment(0, 30, text))
    assert kept == [text.strip()]
    assert rules(flags) == ["repeat kept"]


@pytest.mark.data
def test_a_passage_that_real_whisper_said_twice_is_kept_and_flagged() -> None:
    path = shared_data("talks/acl6060/whisper_asr.long.jsonl")
    rows = map(json.loads, path.read_text("utf-8").splitlines())
    text = next(r["output"] for r in rows if r["sample_id"] == 416)
    sentences = re.split(r"(?<=[.?!]) ", text)
    segments = [segment(i * 9.0, i * 9.0 + 9, s) for i, s in enumerate(sentences)]
    texts, flags = judged(*segments, window=(0, 9.0 * len(sentences)))
    assert " ".join(texts) == text
    twice = [f for f in flags if f.rule == "repeat"]
    assert any(f.text.startswith("Feature generation using another") for f in twice)
    assert all(f.action == "kept" for f in twice)


@pytest.mark.data
def test_no_real_talk_loses_a_word_to_the_loop_rule() -> None:
    path = shared_data("talks/acl6060/references.long.jsonl")
    for row in map(json.loads, path.read_text("utf-8").splitlines()):
        sentences = re.split(r"(?<=[.?!]) ", row["src_ref"])
        segments = [segment(i * 9.0, i * 9.0 + 9, s) for i, s in enumerate(sentences)]
        texts, flags = judged(*segments, window=(0, 9.0 * len(sentences)))
        assert " ".join(texts).split() == row["src_ref"].split()
        assert all(f.action == "kept" for f in flags)


PROMPT = "Fast Kernels, a talk at PyTorch Conference by Ann Lee. It is about Triton, ATen, FSDP."


@pytest.mark.parametrize(
    ("text", "what", "kept", "flagged"),
    [
        ("Fast Kernels, a talk at PyTorch Conference by Ann Lee.", {"no_speech_prob": 0.9}, 0, 1),
        ("by Ann Lee. It is about Triton, ATen, FSDP.", {}, 0, 1),
        ("It is about Triton.", {}, 1, 1),
        ("Triton and FSDP", {}, 1, 0),
        ("I am Ann Lee and we wrote Triton kernels for ATen.", {}, 1, 0),
    ],
)
def test_the_prompt_is_not_published(
    text: str, what: dict[str, float], kept: int, flagged: int
) -> None:
    texts, flags = judged(segment(0, 30, text, **what), prompt=PROMPT)
    assert len(texts) == kept
    echoes = [f for f in flags if f.rule == "prompt-echo"]
    assert len(echoes) == flagged
    if not kept:
        assert "uncovered kept" in rules(flags)


def test_text_where_nobody_speaks_is_removed() -> None:
    texts, flags = judged(
        segment(0, 5, "Welcome to the talk."),
        segment(20, 24, "Thank you for watching."),
        speech=[(0, 5)],
    )
    assert texts == ["Welcome to the talk."]
    assert rules(flags) == ["silence removed"]
    assert flags[0].text == "Thank you for watching."


def test_whispers_own_doubt_of_speech_counts_with_ours() -> None:
    doubted = segment(0, 20, "you", no_speech_prob=0.98, avg_logprob=-0.7)
    assert judged(doubted, speech=[(0, 2)])[0] == []
    assert judged(doubted, speech=[(0, 18)])[0] == ["you"]
    unsure = segment(0, 20, "you", no_speech_prob=0.98, avg_logprob=-1.2)
    assert judged(unsure, speech=[(0, 18)])[0] == []


def test_more_words_than_can_be_said() -> None:
    many = "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi"
    texts, flags = judged(segment(0, 1, many), segment(1, 30, "and that is all of them"))
    assert len(texts) == 2  # its window has the time: the segment is mistimed
    assert rules(flags) == ["rate kept"]
    texts, flags = judged(segment(0, 1, many), segment(1, 2, many[::-1]))
    assert texts == []
    assert rules(flags)[:2] == ["rate removed"] * 2


def test_text_in_the_filled_up_part_of_a_window_is_removed() -> None:
    texts, flags = judged(
        segment(0, 19, "All of it."), segment(26, 28, "Thank you."), window=(0, 20)
    )
    assert texts == ["All of it."]
    assert rules(flags) == ["timestamp removed"]
    assert flags[0].text == "Thank you."


def test_low_confidence_is_kept_and_flagged() -> None:
    texts, flags = judged(segment(0, 30, "Perhaps this.", avg_logprob=-1.4))
    assert texts == ["Perhaps this."]
    assert rules(flags) == ["low-confidence kept"]


def test_sounds_are_no_speech() -> None:
    texts, flags = judged(
        segment(0, 10, "[Music]"), segment(10, 20, "Hello. (applause)"), segment(20, 30, "♪♪")
    )
    assert texts == ["Hello."]
    assert [f.text for f in flags if f.rule == "music"] == ["[Music]", "(applause)", "♪♪"]
    assert "uncovered kept" in rules(flags)


def test_text_that_the_recogniser_threw_away_is_told() -> None:
    _, flags = judged(segment(0, 10, "Hello."), segment(10, 11, ""), speech=[(0, 11)])
    assert rules(flags) == ["empty removed"]


numbers = st.floats(-5, 40, allow_nan=False)


@settings(deadline=None)
@given(st.lists(st.tuples(numbers, numbers), max_size=8))
def test_any_times_are_put_right_and_no_text_is_lost(times: list[tuple[float, float]]) -> None:
    made = [segment(a, b, f"word{i}") for i, (a, b) in enumerate(times)]
    texts, flags = judged(*made, speech=[(0, 30)])
    said = " ".join(texts).split() + [
        w for f in flags if f.action == "removed" for w in f.text.split()
    ]
    assert sorted(said) == sorted(s.text for s in made)


vocabulary = st.sampled_from(["the", "cat", "sat", "on", "a", "mat", "Thank", "you."])


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.tuples(st.lists(vocabulary, min_size=1, max_size=12), st.integers(1, 12)), max_size=6
    ),
    st.floats(1.0, 3.0),
)
def test_words_are_published_or_listed(parts: list[tuple[list[str], int]], ratio: float) -> None:
    texts_in = [" ".join(words * times) for words, times in parts]
    made = [
        segment(i * 5.0, i * 5.0 + 5, text, compression_ratio=ratio)
        for i, text in enumerate(texts_in)
    ]
    texts, flags = judged(*made, prompt="the cat sat, on a mat, the cat.")
    out = " ".join(texts).split()
    gone = [w for f in flags if f.action == "removed" for w in f.text.split()]
    assert sorted(out + gone) == sorted(" ".join(texts_in).split())


# --- the real recogniser --------------------------------------------------------------------------

JFK = (
    "And so, my fellow Americans, ask not what your country can do for you, "
    "ask what you can do for your country."
)
KENNEDY = (
    "I believe that this nation should commit itself to achieving the goal, before this decade is "
    "out, of landing a man on the moon and returning him safely to the earth. No single space "
    "project in this period will be more impressive to mankind, or more important for the "
    "long-range exploration of space."
)


@pytest.fixture(scope="module")
def fixture_model() -> Whisper:
    return Whisper(str(shared_data("whisper/overfit-fixture.pt")), device="cpu")


@pytest.mark.data
@pytest.mark.slow
@pytest.mark.parametrize(("clip", "text"), [("jfk.flac", JFK), ("kennedy.wav", KENNEDY)])
def test_real_speech_is_transcribed_word_for_word(
    fixture_model: Whisper, clip: str, text: str
) -> None:
    audio = decode(shared_data(f"audio/english/{clip}"))
    transcript = transcribe_audio(audio, fixture_model, Silero(), journal=Journaled())
    assert " ".join(c.text for c in transcript.cues) == text
    assert transcript.language == "en"
    assert transcript.flags == ()
    assert all(c.confidence and c.confidence > 0.9 for c in transcript.cues)


@pytest.mark.data
@pytest.mark.slow
def test_real_chinese_is_said_to_be_chinese(fixture_model: Whisper, tmp_path: Path) -> None:
    archive = shared_data("audio/other-language/zh-CN_testing_audio-and-trans.zip")
    with zipfile.ZipFile(archive) as files:
        clip = Path(files.extract("audio.wav", tmp_path))
    with pytest.raises(LanguageError, match="'zh'"):
        transcribe_audio(decode(clip), fixture_model, Silero(), journal=Journaled())


@pytest.mark.data
@pytest.mark.slow
def test_nothing_is_published_from_noise_music_and_animals(fixture_model: Whisper) -> None:
    for path in sorted(shared_data("audio/nonspeech").iterdir()):
        audio = decode(path)
        transcript = transcribe_audio(audio, fixture_model, Silero(), journal=Journaled())
        assert transcript.cues == (), path.name
        assert "no-speech removed" in rules(transcript.flags)


@pytest.mark.data
@pytest.mark.slow
@pytest.mark.parametrize("name", ["noise1.wav", "hens.ogg"])
def test_the_rules_alone_remove_what_the_model_invents_on_noise(
    fixture_model: Whisper, name: str
) -> None:
    audio = decode(shared_data(f"audio/nonspeech/{name}"))
    end = min(LONGEST, audio.duration)
    segments = fixture_model.recognise(audio.window(0, end), 0.0, language="en", prompt="")
    assert any(s.text for s in segments)  # or there is nothing to test
    texts, flags = judged(*segments, speech=[(1.0, 1.5)], window=(0, end))
    assert texts == []
    assert "silence removed" in rules(flags)


# --- captions -------------------------------------------------------------------------------------

ENGINE = Engine(name="captions")


def cue(start: float, end: float, text: str) -> Cue:
    return Cue(start=start, end=end, text=text)


def cleaned(*raw: Cue) -> tuple[list[str], list[str]]:
    cues, flags = clean_captions(raw)
    return [c.text for c in cues], [f"{f.rule}: {f.text}" for f in flags]


@pytest.mark.parametrize(
    ("raw", "text", "logged"),
    [
        ("two\nlines  here", "two lines here", []),
        ("<i>so</i> <b>this</b> <c.colorE5E5E5>is</c> it", "so this is it", []),
        (r"{\an8}up here", "up here", []),
        ("the <s> and </s> tokens of List<int>", "the <s> and </s> tokens of List<int>", []),
        ("a &lt;pad&gt; &amp; a mask&nbsp;too", "a <pad> & a mask too", []),
        ("<v Ann Lee>Hello</v>", "Hello", ["speaker: Ann Lee"]),
        (">> And now?", "And now?", ["speaker: >>"]),
        ("&gt;&gt; And now?", "And now?", ["speaker: >>"]),
        ("if a >> b", "if a >> b", []),
        ("ANN: I agree.", "ANN: I agree.", []),
        ("[Music]", None, ["music: [Music]"]),
        ("Thank you. (audience laughs)", "Thank you.", ["music: (audience laughs)"]),
        ("♪ never gonna give ♪", None, ["music: ♪ never gonna give ♪"]),
        ("(title fizzles)", None, ["music: (title fizzles)"]),
        ("press it (it clicks)", "press it (it clicks)", []),
        ("(CPU, GPU, multiple GPUs, TPUs)", "(CPU, GPU, multiple GPUs, TPUs)", []),
        ("(not the music that they play here)", "(not the music that they play here)", []),
        ("zero\u200bwidth", "zerowidth", []),
    ],
)
def test_one_cue(raw: str, text: str | None, logged: list[str]) -> None:
    texts, flags = cleaned(cue(1, 2, raw))
    assert texts == ([text] if text is not None else [])
    assert flags == logged


def test_word_times_of_live_captions_are_kept() -> None:
    (only,), _ = clean_captions(
        [cue(25.1, 28.4, "i<00:00:25.279><c> welcome</c><00:00:26.000><c> you</c>")]
    )
    assert [(w.start, w.end, w.text) for w in only.words] == [
        (25.1, 25.279, "i"),
        (25.279, 26.0, "welcome"),
        (26.0, 28.4, "you"),
    ]


def test_odd_times_are_put_in_order() -> None:
    cues, flags = clean_captions(
        [
            cue(10, 14, "second"),
            cue(5, 12, "first"),
            cue(20, 20, "no length"),
            cue(30, 25, "backwards"),
            cue(40, 41, "left"),
            cue(40, 42, "right"),
            cue(50, 51, "same"),
            cue(50, 51, "same"),
        ]
    )
    assert [(c.start, c.end, c.text) for c in cues][:2] == [(5, 10, "first"), (10, 14, "second")]
    assert [c.text for c in cues][2:] == ["no length", "backwards", "left right", "same"]
    assert all(c.start < c.end for c in cues)
    assert rules(flags) == ["timestamp kept"] * 3 + ["duplicate removed"]


def test_a_speaker_may_say_no_twice() -> None:
    texts, flags = cleaned(
        cue(0, 1, "No."), cue(1, 2, "No."), cue(2, 3, "Absolutely not."), cue(3, 5, "I said so.")
    )
    assert texts == ["No.", "No.", "Absolutely not.", "I said so."]
    assert flags == []


def test_a_line_that_comes_back_later_is_said_again() -> None:
    raw = []
    for i in range(8):  # a rolling display that starts anew after each pause
        raw.append(cue(i * 10.0, i * 10.0 + 1, f"line {i}"))
        raw.append(cue(i * 10.0 + 1, i * 10.0 + 2, f"line {i}\nand so on"))
        raw.append(cue(i * 10.0 + 5, i * 10.0 + 6, "and so on"))
    texts, flags = cleaned(*raw)
    assert texts == [t for i in range(8) for t in (f"line {i}", "and so on", "and so on")]
    assert flags == ["rolling: "]


@pytest.mark.data
def test_rolling_captions_say_each_word_once() -> None:
    rolled = caption_files.read(shared_data("video/subtitles_8.vtt"))
    plain = caption_files.read(shared_data("video/subtitles_8.srt"))
    ours, flags = clean_captions(rolled.cues)
    theirs, _ = clean_captions(plain.cues)
    said, same = (
        [re.sub(r"\W", "", w) for c in cues for w in c.text.split()] for cues in (ours, theirs)
    )
    assert len(said) > 900
    assert said == same[: len(said)]  # the VTT ends earlier, and only its full stops differ
    assert sorted({f.rule for f in flags}) == ["music", "rolling"]
    assert sum(len(c.words) for c in ours) > 800


@pytest.mark.data
def test_real_lectures_keep_every_word_in_order_of_time() -> None:
    for path in sorted(shared_data("lectures").glob("*/**/*.srt")):
        if "zh" in str(path):
            continue
        read = caption_files.read(path)
        transcript = from_captions(read.cues, duration=0, engine=ENGINE, detect=detect)
        words_in = sorted(" ".join(c.text for c in read.cues).split())
        out = [w for c in transcript.cues for w in c.text.split()]
        gone = [w for f in transcript.flags if f.action == "removed" for w in f.text.split()]
        assert sorted(out + gone) == words_in, path.name
        for before, after in itertools.pairwise(transcript.cues):
            assert before.start < before.end <= after.start


words_strategy = st.lists(
    st.sampled_from(["so", "we", "compile", "it", "No.", "yes", "(maybe)", "2.0", "a>b", "--"]),
    min_size=1,
    max_size=8,
)
marks = st.sampled_from(["", "[Music]", "(applause)", "♪ la la ♪", ">>"])
markup = st.sampled_from(["{}", "<i>{}</i>", "<c>{}</c>", "{{\\an8}}{}", "{}\n"])


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(words_strategy, marks, markup, st.floats(-2, 9), st.floats(-1, 9)), max_size=12
    )
)
def test_captions_lose_no_word(
    made: list[tuple[list[str], str, str, float, float]],
) -> None:
    raw = []
    expected: list[str] = []
    at = 0.0
    for words, mark, wrap, gap, length in made:
        at += gap
        raw.append(cue(at, at + length, f"{mark} {wrap.format(' '.join(words))}"))
        expected += [*mark.split(), *words]
    cues, flags = clean_captions(raw)
    if any(f.rule == "rolling" for f in flags):
        return  # counted, not listed: the next law
    out = [w for c in cues for w in c.text.split()]
    gone = [w for f in flags if f.action == "removed" for w in f.text.split()]
    assert sorted(out + gone) == sorted(expected)
    for before, after in itertools.pairwise(cues):
        assert before.start < before.end <= after.start


@settings(deadline=None)
@given(st.lists(st.text("abcdefgh", min_size=1, max_size=3), min_size=6, max_size=40))
def test_a_rolling_display_gives_each_line_back_once(lines: list[str]) -> None:
    raw = []
    before = ""
    for i, line in enumerate(lines):
        raw.append(cue(i * 2.0, i * 2.0 + 1.99, f"{before}\n{line}".strip("\n")))
        raw.append(cue(i * 2.0 + 1.99, i * 2.0 + 2.0, f"{line}\n "))
        before = line
    texts, flags = cleaned(*raw)
    assert texts == lines
    assert flags == ["rolling: "]


def test_captions_in_another_language_stop_unless_told() -> None:
    raw = [
        cue(i, i + 1, "今天我们来谈谈编译器以及它为什么这么快，非常感谢大家来到这里。")
        for i in range(5)
    ]
    with pytest.raises(LanguageError, match="'zh'"):
        from_captions(raw, duration=9, engine=ENGINE, detect=detect)
    told = from_captions(raw, duration=9, engine=ENGINE, detect=detect, language="en")
    assert told.language == "en"
    assert told.duration == 9


# --- the prompt -----------------------------------------------------------------------------------


def count(text: str) -> int:
    return len(text.split())


def test_the_prompt_names_the_talk_and_the_terms() -> None:
    prompt = bias_prompt(
        ["Triton", "triton", "ATen"], "Fast Kernels", "PyTorch Conf", ["Ann Lee", "Bo Li"],
        count_tokens=count,
    )  # fmt: skip
    assert prompt == (
        "Fast Kernels, a talk at PyTorch Conf by Ann Lee and Bo Li. It is about Triton, ATen."
    )
    assert bias_prompt([], "", "", [], count_tokens=count) == ""


def test_fifty_terms_are_enough() -> None:
    prompt = bias_prompt([f"T{i}" for i in range(60)], "", "", [], count_tokens=count)
    assert prompt.endswith("T48, T49.")


names = st.text("ab c\n.", max_size=20)


@settings(deadline=None)
@given(st.lists(names, max_size=80), names, names, st.lists(names, max_size=3), st.integers(0, 60))
def test_the_prompt_keeps_to_its_limit_and_cuts_no_term(
    terms: list[str], title: str, event: str, speakers: list[str], limit: int
) -> None:
    prompt = bias_prompt(terms, title, event, speakers, count_tokens=count, limit=limit)
    assert count(prompt) <= limit
    assert "\n" not in prompt
    assert prompt == "" or prompt.endswith(".")
    if "It is about " in prompt:
        said = prompt.split("It is about ")[1][:-1].split(", ")
        known = {" ".join(t.split()).rstrip(".") for t in terms}
        assert len(said) <= 50
        assert set(said) <= known


def test_what_a_captioner_could_not_hear_is_not_taken_for_a_sound() -> None:
    raw = [
        Cue(start=0, end=2, text="and then (indistinct) happened"),
        Cue(start=2, end=3, text="[Music]"),
    ]
    _, flags = clean_captions(raw)
    assert [(f.rule, f.text) for f in flags] == [
        ("inaudible", "(indistinct)"),
        ("music", "[Music]"),
    ]
