"""Recognition in groups of windows, what a killed run leaves, and captions as a transcript."""

import itertools
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest

from tests.hearing import Speaking, rules, segment, sound
from tests.shared import shared_data
from tests.test_caption_text import cue
from tests.test_guards import judged
from translate.backends import captions as caption_files
from translate.backends.language import detect
from translate.backends.media import Audio, decode
from translate.backends.vad import Silero
from translate.backends.whisper import Whisper
from translate.errors import LanguageError
from translate.model import Engine, Flag, Segment, Step, WindowResult
from translate.stages.transcribe import from_captions, transcribe_audio
from translate.windows import LONGEST


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
