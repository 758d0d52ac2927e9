"""Recognition in groups of windows, what a killed run leaves, and captions as a transcript."""

import itertools
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.hearing import MOODS, KilledError, Mood, Scripted, Speaking, rules, segment, sound
from tests.shared import shared_data
from tests.test_caption_text import cue
from tests.test_guards import judged
from translate.backends import captions as caption_files
from translate.backends.language import detect
from translate.backends.media import Audio, decode
from translate.backends.vad import Silero
from translate.backends.whisper import Whisper
from translate.errors import LanguageError
from translate.flags import problems_of
from translate.model import Engine, Flag, Hearing, Step, Transcript, WindowResult
from translate.stages.transcribe import NoJournal, from_captions, transcribe_audio
from translate.windows import LONGEST, plan_windows


class Journaled:
    """A journal in memory, as the pipeline keeps one on disk.

    It dies at the write after `lives`, which may be lost or kept by then.
    """

    def __init__(self, lives: int = 10**9, *, lost: bool = False) -> None:
        self.kept: dict[str, WindowResult] = {}
        self.size = 0
        self.found: tuple[str, float] | None = None
        self.lives, self.lost = lives, lost

    def load(self) -> Mapping[str, WindowResult]:
        return dict(self.kept)

    def append(self, results: Sequence[WindowResult]) -> None:
        with self._writing():
            self.kept |= {r.of: r for r in results}

    def group(self, size: int) -> int:
        if not self.size:
            with self._writing():
                self.size = size
        return self.size

    def language(self, detect: Callable[[], tuple[str, float]]) -> tuple[str, float]:
        if self.found is None:
            found = detect()
            with self._writing():
                self.found = found
        return self.found or ("", 0.0)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        if self.lives == 0 and self.lost:
            raise KilledError
        yield
        if self.lives == 0:
            raise KilledError
        self.lives -= 1


TALK = Speaking((1, 19), (20, 28), (29, 50), (51, 70), (80, 95), (97, 119))
PLAN = plan_windows(TALK.spans, 120.0, sound(120.0).quietest)
AUDIO = sound(120.0)


def transcribed(recogniser: Scripted, journal: Journaled | None = None) -> Transcript:
    journal = journal or Journaled()
    return transcribe_audio(AUDIO, recogniser, TALK, journal=journal, prompt="Rust.")


def moody(*moods: Mood) -> dict[float, Mood]:
    return {w.start: m for w, m in zip(PLAN, moods, strict=False)}


@settings(deadline=None)
@given(
    st.lists(st.sampled_from(MOODS), min_size=len(PLAN), max_size=len(PLAN)),
    st.integers(1, 6),
    st.integers(1, 6),
    st.lists(st.tuples(st.integers(0, 8), st.booleans()), max_size=4),
)
def test_killed_at_any_write_it_ends_with_the_same(
    moods: list[Mood], batch: int, batch_later: int, kills: list[tuple[int, bool]]
) -> None:
    """Even where the next run has memory for other groups."""
    whole = transcribed(Scripted(batch=batch, moods=moody(*moods)))
    groups = [tuple(w.start for w in PLAN[i : i + batch]) for i in range(0, len(PLAN), batch)]
    journal = Journaled()
    for lives, lost in [*kills, (10**9, False)]:
        begun = journal.size
        recogniser = Scripted(batch=batch_later if begun else batch, moods=moody(*moods))
        finished = {r.start for r in journal.kept.values()}
        journal.lives, journal.lost = lives, lost
        try:
            again = transcribed(recogniser, journal)
        except KilledError:
            continue
        finally:
            assert set(recogniser.groups) <= set(groups)
            assert not any(finished >= set(g) for g in recogniser.groups)
            assert not finished & set(recogniser.again)
            assert not (begun and recogniser.asked)  # the language is settled as well
        assert again == whole
        return


def test_windows_go_in_groups_of_the_batch() -> None:
    recogniser = Scripted(batch=2)
    transcribed(recogniser)
    starts = [w.start for w in PLAN]
    assert recogniser.groups == [tuple(starts[i : i + 2]) for i in range(0, len(starts), 2)]
    assert not recogniser.again


def heard(*moods: Mood) -> tuple[Transcript, list[str], Scripted]:
    journal, recogniser = Journaled(), Scripted(batch=4, moods=moody(*moods))
    transcript = transcribed(recogniser, journal)
    ways = {r.start: r.heard for r in journal.kept.values()}
    return transcript, [ways[w.start] for w in PLAN], recogniser


@pytest.mark.parametrize("mood", ["loops", "stops early"])
def test_a_suspect_window_is_heard_again_and_alone(mood: Mood) -> None:
    plain, _, _ = heard()
    transcript, ways, recogniser = heard("fine", mood)
    assert ways == ["once", "again", "once", "once", "once"][: len(PLAN)]
    assert recogniser.again == [PLAN[1].start]
    assert not recogniser.parts
    assert [c.text for c in transcript.cues] == [c.text for c in plain.cues]
    assert transcript.flags == plain.flags
    assert transcript.engine.parameters["heard_again"] == "1"
    assert transcript.engine.parameters["recut"] == "0"


def test_what_stays_suspect_is_cut_elsewhere() -> None:
    plain, _, _ = heard()
    transcript, ways, recogniser = heard("cut wrong")
    assert ways[0] == "recut"
    assert recogniser.again == [PLAN[0].start]
    [parts] = recogniser.parts
    assert 2 <= len(parts) <= 3
    assert [w for c in transcript.cues for w in c.text.split()] == [
        w for c in plain.cues for w in c.text.split()
    ]
    assert transcript.engine.parameters["recut"] == "1"


def test_what_never_gets_better_stays_as_first_heard_and_is_flagged() -> None:
    transcript, ways, recogniser = heard("fine", "hopeless")
    assert set(ways) == {"once"}
    assert recogniser.again == [PLAN[1].start]
    assert len(recogniser.parts) == 1  # and no further try
    flagged = {f.rule for f in transcript.flags if PLAN[1].start <= f.start < PLAN[1].end}
    assert {"loop", "uncovered"} <= flagged


def test_speech_without_a_word_is_heard_again_and_told() -> None:
    transcript, _, recogniser = heard("mute")
    assert recogniser.again == [PLAN[0].start]
    assert any(f.rule == "uncovered" and f.start == 1 for f in transcript.flags)


def test_next_to_no_speech_is_heard_once() -> None:
    recogniser = Scripted(moods={0.0: "hopeless"})
    speech = Speaking((3, 3.9))
    transcript = transcribe_audio(sound(20.0), recogniser, speech, journal=Journaled())
    assert not recogniser.again
    assert not recogniser.parts
    assert "loop removed" in rules(transcript.flags)


def test_a_finished_window_of_something_else_is_not_used() -> None:
    journal = Journaled()
    transcribed(Scripted(), journal)
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
        assert len(recogniser.groups) == len(journal.kept)


def test_two_windows_of_the_same_sound_keep_their_own_times() -> None:
    audio = Audio(samples=np.tile(sound(40.0).samples, 3))
    speech = Speaking(*((a + 40.0 * n, b + 40.0 * n) for n in range(3) for a, b in [(5, 30)]))
    transcript = transcribe_audio(audio, Scripted(batch=2), speech, journal=Journaled())
    assert [c.start for c in transcript.cues] == [4, 44, 84]


def test_provenance_progress_and_what_was_left_out() -> None:
    steps: list[Step] = []
    transcript = transcribe_audio(
        AUDIO,
        Scripted(batch=3, moods=moody("fine", "cut wrong")),
        TALK,
        journal=Journaled(),
        prompt="Rust.",
        progress=steps.append,
    )
    assert transcript.engine.parameters["prompt"] == "Rust."
    assert transcript.duration == 120.0
    assert transcript.speech == TALK.spans
    assert [f.rule for f in transcript.flags] == ["no-speech"]
    assert (transcript.flags[0].start, transcript.flags[0].end) == (71, 79)
    assert steps[-1].done == pytest.approx(120.0)
    assert len(steps) >= len(PLAN)  # not one for each group alone
    assert all(a.done < b.done for a, b in itertools.pairwise(steps))


# --- languages ------------------------------------------------------------------------------------


def test_a_talk_in_another_language_stops_unless_told() -> None:
    recogniser = Scripted(("zh", 0.87))
    with pytest.raises(LanguageError) as caught:
        transcribe_audio(sound(120.0), recogniser, TALK, journal=Journaled())
    assert "'zh'" in caught.value.message
    assert "87%" in caught.value.message
    assert "--language en" in caught.value.hint
    assert not recogniser.groups
    told = transcribe_audio(sound(120.0), recogniser, TALK, journal=Journaled(), language="en")
    assert told.language == "en"
    assert recogniser.asked == [min(5, len(PLAN))]
    assert recogniser.asked_for == {("en", "")}


@pytest.mark.parametrize("answer", [("en", 0.4), ("", 0.0)])
def test_a_doubtful_language_is_flagged(answer: tuple[str, float]) -> None:
    transcript = transcribe_audio(sound(60.0), Scripted(answer), TALK, journal=Journaled())
    assert transcript.language == "en"
    assert "language kept" in rules(transcript.flags)


def test_a_doubt_of_the_language_outlives_a_kill() -> None:
    journal = Journaled(lives=2)
    with pytest.raises(KilledError):
        transcribed(Scripted(("en", 0.4)), journal)
    journal.lives = 10**9
    assert transcribed(Scripted(), journal) == transcribed(Scripted(("en", 0.4)))


def test_another_language_is_not_passed_off_as_english() -> None:
    second = PLAN[1]
    recogniser = Scripted(sounds={second.start: ("fr", 0.93)}, moods={second.start: "loops"})
    transcript = transcribed(recogniser)
    assert not any(second.start < (c.start + c.end) / 2 < second.end for c in transcript.cues)
    assert len(transcript.cues) == len(PLAN) - 1
    [flag] = [f for f in transcript.flags if f.rule == "other-language"]
    assert (flag.start, flag.end, flag.action) == (second.start, second.end, "removed")
    assert "'fr'" in flag.detail
    assert "93%" in flag.detail
    assert "Thank you so much." in flag.text
    assert not recogniser.again  # nobody needs its text
    assert not [f for f in transcript.flags if f.rule == "uncovered"]  # told once


def test_a_stretch_of_another_language_is_told_once() -> None:
    sounds = {w.start: ("fr", 0.93) for w in PLAN[:2]}
    transcript = transcribed(Scripted(sounds=sounds))
    [flag] = [f for f in transcript.flags if f.rule == "other-language"]
    assert (flag.start, flag.end) == (PLAN[0].start, PLAN[1].end)


def test_who_names_the_language_is_believed_over_the_recogniser() -> None:
    recogniser = Scripted(sounds={w.start: ("fr", 0.97) for w in PLAN}, moods=moody("loops"))
    transcript = transcribe_audio(AUDIO, recogniser, TALK, journal=Journaled(), language="en")
    assert len(transcript.cues) == len(PLAN)
    assert recogniser.again == [PLAN[0].start]
    [flag] = [f for f in transcript.flags if f.rule == "language"]
    assert flag.action == "kept"


def test_no_speech_means_no_text_and_a_flag() -> None:
    recogniser = Scripted()
    transcript = transcribe_audio(sound(9.0), recogniser, Speaking(), journal=Journaled())
    assert transcript.cues == ()
    assert not recogniser.groups
    assert rules(transcript.flags) == ["no-speech removed"]


def test_flags_of_the_file_are_handed_on() -> None:
    flag = Flag(start=50, end=60, rule="truncated", action="kept")
    audio = Audio(samples=sound(50.0).samples, flags=(flag,))
    transcript = transcribe_audio(audio, Scripted(), TALK, journal=Journaled())
    assert flag in transcript.flags


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
    hearing = fixture_model.recognise_again(audio.window(0, end), 0.0, language="en", prompt="")
    segments = hearing.segments
    assert any(s.text for s in segments)  # or there is nothing to test
    texts, flags = judged(*segments, speech=[(1.0, 1.5)], window=(0, end))
    assert texts == []
    assert "silence removed" in rules(flags)


# --- captions -------------------------------------------------------------------------------------

ENGINE = Engine(name="captions")


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


def test_a_letter_that_could_not_be_read_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = [cue(0, 3, "all well"), cue(3, 6, "w\ufffd go on")]
    captions = from_captions(raw, duration=9, engine=ENGINE, detect=lambda _: ("en", 0.99))
    hearing = Hearing(segments=(segment(0, 9, "so w\ufffd go on"),))
    monkeypatch.setattr(Scripted, "_heard", lambda *_: hearing)
    spoken = transcribe_audio(sound(9.0), Scripted(), Speaking((0, 9)), journal=NoJournal())
    for transcript, at in ((captions, 3.0), (spoken, 0.0)):
        [problem] = [p for p in problems_of(transcript) if p.rule == "garbled"]
        assert (problem.severity, problem.at) == ("warning", at)
        assert "\ufffd" in problem.message


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
