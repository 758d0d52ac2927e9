"""Transcribing to disk: killed at any write, another model between, and what an editor sees."""

from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.hearing import Mood, Scripted, Speaking, sound
from tests.killing import Killed
from translate.backends.memory import NoTranslator
from translate.console import Console
from translate.desk import Desk
from translate.draft import parse, render
from translate.errors import MissingError, SettingsError
from translate.flags import problems_of
from translate.glossary import Glossary
from translate.model import Engine, Media, Step, Talk, Term, Transcript, no_progress
from translate.pipeline import draft, status, transcribe
from translate.pipeline.run import Tools, Wishes
from translate.settings import load
from translate.windows import plan_windows
from translate.workspace import (
    BACKUPS,
    DRAFT,
    REPORT,
    TALK,
    TRANSCRIPT,
    TRANSCRIPT_SRT,
    WINDOWS,
    Lines,
    Workspace,
)

SPEECH = Speaking((1, 19), (20, 28), (29, 50), (51, 70), (80, 95), (97, 119))
AUDIO = sound(120.0)
STARTS = [w.start for w in plan_windows(SPEECH.spans, 120.0, AUDIO.quietest)]
MOODS: dict[float, Mood] = {STARTS[0]: "cut wrong", STARTS[2]: "stops early", STARTS[3]: "loops"}
BOOK = Glossary(terms=(Term(source="Triton", policy="keep"),))
LATER = Glossary(terms=(*BOOK.terms, Term(source="vLLM", policy="keep")))


def never(*_: object) -> object:
    raise AssertionError("this step needs no such tool")


class Place:
    """A talk with its sound, and the steps that read it."""

    def __init__(self, folder: Path) -> None:
        self.workspace = Workspace(folder)
        sounds = Media(kind="audio", file="media/a.wav", bytes=1, sha256="5" * 64)
        talk = Talk(slug=folder.name, title="Triton and vLLM", date="2026-01-02", media=(sounds,))
        self.workspace.put(TALK, talk, key="")

    @property
    def journal(self) -> Path:
        return self.workspace.path(WINDOWS)

    @property
    def transcript(self) -> bytes:
        return self.workspace.read(TRANSCRIPT)

    def tools(self, recogniser: Scripted) -> Tools:
        return Tools(
            **dict.fromkeys(("downloader", "read_captions", "text_language"), never),  # type: ignore[arg-type]
            decode=lambda _, __: AUDIO,
            detector=lambda: SPEECH,
            recogniser=lambda _: recogniser,
            recogniser_id=lambda: recogniser.engine.model,
            default_model="",
            count_tokens=lambda text: len(text.split()),
            translator=NoTranslator,
            translator_id=lambda: "none",
            memory=lambda: None,
        )

    def transcribe(
        self,
        model: str = "m",
        *,
        book: Glossary = BOOK,
        language: str = "",
        force: bool = False,
        batch: int = 2,
        device: str = "cuda",
    ) -> Scripted:
        recogniser = Scripted(batch=batch, moods=MOODS)
        recogniser.engine = Engine(
            name="scripted", model=model, version="1", parameters={"device": device}
        )
        wishes = Wishes(language=language, force=force)
        transcribe(self.workspace, self.tools(recogniser), book, wishes, no_progress)
        return recogniser


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path / "t")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """What nobody interrupted."""
    place = Place(tmp_path_factory.mktemp("whole") / "t")
    place.transcribe()
    return place.transcript


def dies(monkeypatch: pytest.MonkeyPatch, at: int, *, kept: bool) -> None:
    """Every append to a journal, counted; the one numbered `at` is the last thing that happens."""
    calls = iter(range(999))
    append = Lines.append

    def dying(self: Lines, value: object) -> None:
        now = next(calls)
        if now == at and not kept:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("ab") as file:
                file.write(b'{"windows": [{"start": 0.')
            raise Killed
        append(self, value)
        if now == at:
            raise Killed

    monkeypatch.setattr(Lines, "append", dying)


WRITES = 3 + len(STARTS[0::2]) - 1 + len(MOODS)  # prompt, language, group; clear ones; suspects


@pytest.mark.parametrize("kept", [True, False])
@pytest.mark.parametrize("at", range(9))
def test_killed_at_any_write_it_ends_with_the_same(
    place: Place, whole: bytes, monkeypatch: pytest.MonkeyPatch, at: int, *, kept: bool
) -> None:
    dies(monkeypatch, at, kept=kept)
    try:
        place.transcribe()
    except Killed:
        pass
    else:
        assert at == WRITES  # there are no more
    monkeypatch.undo()
    # The prompt and the groups of the first run stand, if it came as far as to settle them.
    place.transcribe(
        book=LATER if at or kept else BOOK, batch=3 if at > 2 or (at == 2 and kept) else 2
    )
    assert place.transcript == whole
    assert not place.journal.exists()


def test_another_model_between_two_runs_loses_nothing(
    place: Place, whole: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = []
    for model, language, at in (("m", "", 4), ("big", "", 5), ("m", "fr", 4)):
        dies(monkeypatch, at, kept=True)
        with pytest.raises(Killed):
            place.transcribe(model, language=language, book=LATER if done else BOOK)
        monkeypatch.undo()
        done.append(len(place.journal.read_bytes()))
    recogniser = place.transcribe(book=LATER)
    assert place.transcript == whole
    assert not {o for g in recogniser.groups for o in g} & set(STARTS[:2])
    assert done == sorted(done)


def test_what_lies_there_survives_a_run_that_had_nothing_to_do(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.transcribe()
    dies(monkeypatch, 5, kept=True)
    with pytest.raises(Killed):
        place.transcribe("big")
    monkeypatch.undo()
    begun = place.journal.read_bytes()
    place.transcribe()  # fresh
    assert place.journal.read_bytes() == begun
    place.transcribe("big")
    assert not place.journal.exists()


def test_force_takes_the_words_anew(place: Place) -> None:
    place.transcribe()
    assert len(place.transcribe(force=True, book=LATER).groups) == len(STARTS[0::2])
    assert "vLLM" in place.workspace.transcript().engine.parameters["prompt"]


def test_force_takes_the_words_of_a_killed_run_anew(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    dies(monkeypatch, 4, kept=True)
    with pytest.raises(Killed):
        place.transcribe()
    monkeypatch.undo()
    begun = place.journal.read_bytes()
    prompts = []
    for force in (False, True):  # continued, and begun anew
        place.journal.write_bytes(begun)
        place.transcribe(force=force, book=LATER)
        prompts.append(place.workspace.transcript().engine.parameters["prompt"].count("vLLM"))
    assert prompts == [1, 2]  # in the title, and among the terms


def test_a_forced_run_that_was_killed_is_continued(
    place: Place, whole: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    dies(monkeypatch, 4, kept=True)
    with pytest.raises(Killed):
        place.transcribe(force=True)
    monkeypatch.undo()
    assert len(place.transcribe(force=True).groups) < len(STARTS[0::2])
    assert place.transcript == whole


def test_a_killed_run_says_where_it_goes_on(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    def noted() -> str:
        tools = place.tools(Scripted())
        rows, _ = status(place.workspace, tools, BOOK, Wishes())
        return next(r.note for r in rows if r.stage == "transcribe")

    assert "begun" not in noted()
    dies(monkeypatch, 5, kept=True)
    with pytest.raises(Killed):
        place.transcribe()
    monkeypatch.undo()
    assert "begun" in noted()
    steps: list[Step] = []
    recogniser = Scripted(batch=2, moods=MOODS)
    recogniser.engine = Engine(
        name="scripted", model="m", version="1", parameters={"device": "cuda"}
    )
    transcribe(place.workspace, place.tools(recogniser), BOOK, Wishes(), steps.append)
    [at] = [s for s in steps if s.note]
    assert (at.note, at.total) == ("goes on here", 120.0)
    assert at.done == recogniser.groups[0][0] > 0
    assert "begun" not in noted()


def test_another_device_has_its_own_groups(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    dies(monkeypatch, 4, kept=True)
    with pytest.raises(Killed):
        place.transcribe(batch=4)
    monkeypatch.undo()
    begun = place.journal.read_bytes()
    assert {len(g) for g in place.transcribe(batch=1, device="cpu").groups} == {1}
    place.workspace.path(TRANSCRIPT).unlink()
    place.journal.write_bytes(begun)
    assert 4 in {len(g) for g in place.transcribe(batch=1).groups}  # the same one goes on as begun


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.data())
def test_a_damaged_journal_costs_windows_and_nothing_else(
    place: Place, whole: bytes, data: st.DataObject
) -> None:
    for old in (place.journal, place.workspace.path(TRANSCRIPT)):
        old.unlink(missing_ok=True)
    with pytest.MonkeyPatch.context() as patch:
        dies(patch, data.draw(st.integers(3, 7)), kept=True)
        with pytest.raises(Killed):
            place.transcribe(force=True)
    lines = place.journal.read_bytes().split(b"\n")
    settled = lines[:3]  # without the prompt it would be another run
    rest = data.draw(st.permutations(lines[3:]))
    junk = st.sampled_from(
        [b"", b"{}", b"[]", b"null", b'{"windows": 3}', b'{"windows": [{"of": "x"}]}', b'{"ke']
    )
    rest = [data.draw(junk) if data.draw(st.booleans()) else line for line in rest]
    place.journal.write_bytes(b"\n".join([*settled, *rest]))
    place.transcribe(force=True)
    assert place.transcript == whole


@pytest.mark.parametrize(
    ("stated", "url", "told"),
    [(200.0, "https://a.test/t", True), (121.0, "https://a.test/t", False), (200.0, "", False)],
)
def test_sound_that_ends_before_its_page_says_is_told(
    place: Place, stated: float, url: str, *, told: bool
) -> None:
    talk = replace(place.workspace.talk(), duration=stated, url=url)
    place.workspace.put(TALK, talk, key="")
    place.transcribe()
    found = [p for p in problems_of(place.workspace.transcript()) if p.rule == "truncated"]
    assert [p.severity for p in found] == ["error"] * told
    assert all("80 s are missing" in p.message for p in found)


def test_an_edited_srt_is_told_and_made_anew_by_force(place: Place) -> None:
    place.transcribe()
    made = place.workspace.read(TRANSCRIPT_SRT)
    place.workspace.path(TRANSCRIPT_SRT).write_text("mine")
    recogniser = Scripted(batch=2, moods=MOODS)
    for force in (False, True):
        result = transcribe(
            place.workspace, place.tools(recogniser), BOOK, Wishes(force=force), no_progress
        )
        told = [p for p in result.problems if p.rule == "edited-side-file"]
        assert [(p.severity, TRANSCRIPT in p.hint) for p in told] == [("warning", True)] * (
            not force
        )
        assert place.workspace.read(TRANSCRIPT_SRT) == (made if force else b"mine")
    [backup] = place.workspace.path(BACKUPS).glob("*transcript.srt")
    assert backup.read_text() == "mine"


@pytest.mark.parametrize("kept", ["whisper", "faster-whisper"])
def test_a_device_that_is_not_here_is_refused_where_nothing_needs_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, kept: str
) -> None:
    import torch

    from translate.backends import faster_whisper

    there = kept == "faster-whisper"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(faster_whisper, "has_device", lambda _: there)
    for device in ("auto", "cpu", "cuda"):
        wishes = {"transcribe": {"device": device}, "": {"drafts": str(tmp_path)}}
        desk = Desk(load(None, {}, wishes), {}, Console())
        refused = device == "cuda" and not there
        with pytest.raises(MissingError, match="cuda") if refused else nullcontext():
            assert list(desk.transcribe([])) == []


def test_what_the_engine_cannot_compute_is_told_before_the_file_is_decoded(place: Place) -> None:
    class Refusing(Scripted):
        @property
        def engine(self) -> Engine:
            raise SettingsError("no float16 on this cpu")

        @engine.setter
        def engine(self, _: Engine) -> None:
            pass

    tools = replace(place.tools(Scripted()), decode=never, recogniser=lambda _: Refusing())
    with pytest.raises(SettingsError, match="float16"):
        transcribe(place.workspace, tools, BOOK, Wishes(), no_progress)


# --- what an editor sees --------------------------------------------------------------------------


@pytest.fixture
def french(place: Place) -> Iterator[Place]:
    recogniser = Scripted(sounds={STARTS[1]: ("fr", 0.97)})
    tools = place.tools(recogniser)
    transcribe(place.workspace, tools, BOOK, Wishes(), no_progress)
    draft(place.workspace, tools, BOOK, Wishes(notes="none"), no_progress)
    yield place


def test_untranslated_speech_in_another_language_shows_in_the_draft(french: Place) -> None:
    text = french.workspace.text(DRAFT)
    made = parse(text)
    assert render(made) == text
    [passage] = [p for p in made.passages if p.notes]
    [note] = passage.notes
    assert passage.start <= STARTS[1]
    assert "00:00:28" in note.reason
    assert "没有翻译" in note.reason
    assert "'fr'" in note.reason
    assert "Speech in another language" in french.workspace.text(REPORT)


def test_a_draft_learns_of_another_language_when_the_transcript_does(french: Place) -> None:
    transcript = french.workspace.transcript()
    fewer: Transcript = replace(transcript, flags=())
    french.workspace.put(TRANSCRIPT, fewer, key=french.workspace.key(TRANSCRIPT))
    draft(french.workspace, french.tools(Scripted()), BOOK, Wishes(notes="none"), no_progress)
    assert "没有翻译" not in french.workspace.text(DRAFT)
