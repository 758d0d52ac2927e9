"""The words of slides at work: in the report, the prompt, the state, suggestions and the brief."""

import json
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.hearing import Scripted, Speaking, sound
from tests.showing import Reader, Video, page, shown, talk_with_video, tools
from translate.glossary import Glossary
from translate.model import (
    Brief,
    Card,
    Cue,
    Engine,
    Line,
    Media,
    Slide,
    Span,
    Speaker,
    Term,
    Transcript,
    no_progress,
)
from translate.pipeline import brief, check, draft, slides, status, transcribe
from translate.pipeline.run import Result, Tools, Wishes
from translate.pipeline.step_slides import lines_of_slides
from translate.stages.mishear_shown import names_on
from translate.stages.suggest import suggest
from translate.workspace import DRAFT, REPORT, SLIDES, TALK, TRANSCRIPT, Workspace

WISHES = Wishes(untranslated=True, notes="none")
SHOWN = (shown(1, 0, 30), shown(2, 31, 60), shown(3, 61, 120))
PAGES = {
    1: page("The state of things", "Albane Desmesure", "a talk for partipants"),
    2: page("Numbers of Graphcore", "20M+ downloads", "transofmer for the indusry"),
    3: page("Join us", "set_default_devcie", "Graphcore issues", "TorchTransofmer"),
}
SAID = (
    Cue(start=1.0, end=29.0, text="Hello everyone, my name is Albahn, and this is my talk."),
    Cue(start=32.0, end=58.0, text="It has 2 million downloads, and it is fast."),
    Cue(start=96.0, end=119.0, text="Please join us, and send us your pull requests."),
)


@pytest.fixture
def talk(tmp_path: Path) -> Workspace:
    return talk_with_video(tmp_path / "t")


def tool() -> Tools:
    return tools(Video(SHOWN), lambda: Reader(PAGES))


def drafted(talk: Workspace, *, glossary: Glossary | None = None) -> None:
    transcript = Transcript(
        language="en", engine=Engine(name="captions"), duration=120.0, cues=SAID
    )
    talk.put(TRANSCRIPT, transcript, key="")
    slides(talk, tool(), WISHES, no_progress)
    draft(talk, tool(), glossary or Glossary(), WISHES, no_progress)


def told(talk: Workspace, rule: str, glossary: Glossary | None = None) -> list[tuple[Any, str]]:
    checked = check(talk, glossary or Glossary(), WISHES)
    return [(p.at, p.message) for p in checked.open if p.rule == rule]


def test_a_name_misheard_while_it_stands_on_a_slide_is_in_the_report(talk: Workspace) -> None:
    drafted(talk)
    ((at, message),) = told(talk, "misheard")
    assert at == 1.0
    assert "“Albahn” may be Albane, as the slide at 00:00:00 has it, misheard" in message
    report = talk.text(REPORT)
    assert "stw glossary add Albane '' --policy keep --heard-as Albahn" in report
    assert "Albahn" in talk.text(DRAFT)  # a person decides


def test_a_name_of_the_term_base_tells_of_its_slide_as_well(talk: Workspace) -> None:
    book = Glossary(terms=(Term(source="Albane", policy="keep", file="a.csv", line=2),))
    drafted(talk, glossary=book)
    ((_, message),) = told(talk, "misheard", book)
    assert "may be Albane, as the slide at 00:00:00 has it" in message


def test_without_slides_there_is_no_such_flag(talk: Workspace) -> None:
    drafted(talk)
    checked = check(talk, Glossary(), Wishes(untranslated=True, slides="none"))
    assert not [p for p in checked.open if p.rule in ("misheard", "slide-number", "slide-spelling")]


def test_a_number_said_otherwise_than_on_the_slide_is_in_the_report(talk: Workspace) -> None:
    drafted(talk)
    ((at, message),) = told(talk, "slide-number")
    assert at == 32.0
    assert "“2 million” was heard; the slide at 00:00:31 has “20M+”: 20M+ downloads" in message
    assert "### Number that a slide has otherwise (1)" in talk.text(REPORT)


def test_slips_on_slides_are_told_with_time_and_right_word_and_stay_in_the_draft(
    talk: Workspace,
) -> None:
    pytest.importorskip("symspellpy")
    drafted(talk)
    found = told(talk, "slide-spelling")
    assert found == [
        (0.0, "“partipants” on a slide may be “participants”"),
        (31.0, "“transofmer” on a slide may be “transformer”"),
        (31.0, "“indusry” on a slide may be “industry”"),
    ]
    text = talk.text(DRAFT)
    assert "> - a talk for partipants" in text
    assert "> - transofmer for the indusry" in text


@pytest.mark.parametrize("where", ["title", "speaker", "description", "glossary", "said", "slides"])
def test_what_is_known_is_never_called_a_slip(tmp_path: Path, where: str) -> None:
    pytest.importorskip("symspellpy")
    name = "Indusry"
    talk = talk_with_video(tmp_path / "t")
    facts: dict[str, Any] = {
        "title": {"title": f"The {name} talk"},
        "speaker": {"speakers": (Speaker(name=f"Ann {name}"),)},
        "description": {"description": f"With {name}."},
    }.get(where, {})
    talk.put(TALK, replace(talk.talk(), **facts), key="")
    book = Glossary(terms=(Term(source=name, policy="keep"),) if where == "glossary" else ())
    pages = {1: page(f"{name} of ours", "one thing"), 2: page("More", "two things")}
    if where == "slides":
        pages[2] = page(f"With {name} again", f"Meet {name} here")
    said = f"So {name} it is." if where == "said" else "So it is."
    cue = Cue(start=1.0, end=29.0, text=said)
    transcript = Transcript(
        language="en", engine=Engine(name="captions"), duration=60.0, cues=(cue,)
    )
    talk.put(TRANSCRIPT, transcript, key="")
    made = tools(Video((shown(1, 0, 30), shown(2, 31, 60))), lambda: Reader(pages))
    slides(talk, made, WISHES, no_progress)
    draft(talk, made, book, WISHES, no_progress)
    assert told(talk, "slide-spelling", book) == []


# --- before the words are taken -----------------------------------------------------------------


AUDIO = sound(20.0)
BOOK = Glossary(
    terms=(Term(source="torch.compile", policy="keep"), Term(source="Triton", policy="keep"))
)
PROMPTED = {
    1: page("Albane Desmesure", "torch.compile for all"),
    2: page("Graphcore", "import torch"),
}
PROMPTED_AT = (shown(1, 0, 10), shown(2, 10, 20))


class Heard:
    """A talk with sound and video, and the steps that take its words and its slides."""

    def __init__(self, folder: Path) -> None:
        self.workspace = talk_with_video(folder)
        talk = self.workspace.talk()
        media = Media(kind="audio", file="media/a.wav", bytes=1, sha256="7" * 64)
        self.workspace.put(TALK, replace(talk, media=(*talk.media, media)), key="")
        self.recogniser = Scripted()
        seen = tools(Video(PROMPTED_AT), lambda: Reader(PROMPTED))
        self.tools = replace(
            seen,
            decode=lambda _, __: AUDIO,
            detector=lambda: Speaking((0.0, 20.0)),
            recogniser=lambda _: self.recogniser,
            recogniser_id=lambda: "m",
        )

    def slides(self, mode: str = "") -> None:
        slides(self.workspace, self.tools, Wishes(slides=mode), no_progress)

    def transcribe(self, *, force: bool = False, mode: str = "") -> Result:
        wishes = Wishes(force=force, slides=mode)
        return transcribe(self.workspace, self.tools, BOOK, wishes, no_progress)

    def note(self) -> tuple[str, str]:
        rows, _ = status(self.workspace, self.tools, BOOK, Wishes())
        ((state, note),) = [(r.state, r.note) for r in rows if r.stage == "transcribe"]
        return state, note

    def edit(self, change: Any) -> None:
        file = self.workspace.path(SLIDES)
        raw = json.loads(file.read_text("utf-8"))
        raw["slides"] = change(raw["slides"])
        file.write_text(json.dumps(raw), "utf-8")

    @property
    def prompt(self) -> str:
        ((_, prompt),) = self.recogniser.asked_for
        return prompt


@pytest.fixture
def heard(tmp_path: Path) -> Heard:
    return Heard(tmp_path / "t")


def unheard(result: Result) -> list[str]:
    return [p.message for p in result.problems if p.rule == "slides-unheard"]


def test_slides_that_were_read_before_reach_the_recognisers_prompt(heard: Heard) -> None:
    heard.slides()
    result = heard.transcribe()
    assert heard.prompt == ("A talk. It is about torch.compile, Albane Desmesure, Graphcore.")
    assert unheard(result) == []
    assert heard.note() == ("fresh", "media/a.wav")


def test_with_no_slides_wanted_the_prompt_knows_nothing_of_them(heard: Heard) -> None:
    heard.slides()
    heard.transcribe(mode="none")
    assert heard.prompt == "A talk."


def test_what_no_slide_says_is_not_in_the_prompt_and_charts_are_left_out(heard: Heard) -> None:
    heard.slides()
    heard.edit(lambda rows: [{**rows[0], "drop": True}, rows[1]])
    heard.transcribe()
    assert heard.prompt == "A talk. It is about Graphcore."
    chart = Slide(shown=(Span(start=0, end=1),), title="Speed", words="Speed Torchlnductor 12")
    assert [n.text for n in names_on([chart])] == ["Torchlnductor"]
    assert names_on([replace(chart, words="")]) == ()


def test_slides_read_later_change_no_word_and_are_told(heard: Heard) -> None:
    heard.transcribe()
    before = heard.workspace.read(TRANSCRIPT)
    heard.slides()
    result = heard.transcribe()
    assert [(m.found, m.did) for m in result.made] == [("fresh", "kept")]
    assert heard.workspace.read(TRANSCRIPT) == before
    assert unheard(result) == [
        "the words were taken before these stood on the slides:"
        " torch.compile, Albane Desmesure, Graphcore"
    ]
    assert heard.note() == ("fresh", "media/a.wav, without 3 names of the slides (--force)")
    heard.recogniser.asked_for.clear()
    assert unheard(heard.transcribe(force=True)) == []
    assert "Graphcore" in heard.prompt
    assert heard.note() == ("fresh", "media/a.wav")


def test_slides_edited_by_hand_change_no_word_and_are_told(heard: Heard) -> None:
    heard.slides()
    heard.transcribe()
    before = heard.workspace.read(TRANSCRIPT)
    heard.edit(lambda rows: [rows[0], {**rows[1], "title": "Grafcore and Kornia"}])
    result = heard.transcribe()
    assert [(m.found, m.did) for m in result.made] == [("fresh", "kept")]
    assert heard.workspace.read(TRANSCRIPT) == before
    (message,) = unheard(result)
    assert "Kornia" in message
    heard.edit(lambda rows: rows[:1])  # what is gone from the slides does no harm
    assert unheard(heard.transcribe()) == []
    assert heard.workspace.read(TRANSCRIPT) == before


def test_a_transcript_of_captions_needed_no_prompt(talk: Workspace) -> None:
    drafted(talk)
    assert told(talk, "slides-unheard") == []


# --- before it is translated --------------------------------------------------------------------


class Proposer:
    """Proposes what it is told to, and keeps what it was shown."""

    def __init__(self, *terms: tuple[str, str]) -> None:
        self.terms = terms
        self.cards: list[Card] = []

    def brief(self, card: Card, english: str) -> Brief:
        assert english
        self.cards.append(card)
        return Brief(summary="讲者介绍了很多东西。", terms=self.terms)


def test_a_brief_is_told_the_slides_titles_and_may_name_what_they_say(talk: Workspace) -> None:
    drafted(talk)
    proposer = Proposer(("Albane", "Albane"), ("Kornia", "Kornia"))
    done = brief(talk, proposer, Glossary(), WISHES)
    assert [c.summary for c in proposer.cards] == [
        "On its slides: The state of things; Numbers of Graphcore; Join us"
    ]
    assert done.brief.terms == (("Albane", "Albane"),)
    assert [(d.what, d.why) for d in done.dropped] == [("Kornia", "not said in the talk")]
    brief(talk, proposer, Glossary(), replace(WISHES, slides="none"), force=True)
    assert proposer.cards[-1].summary == ""


def test_suggestions_count_slides_as_text_about_the_talk(talk: Workspace) -> None:
    drafted(talk)
    beside = lines_of_slides(talk, WISHES)
    assert beside[:3] == ("The state of things", "Albane Desmesure", "a talk for partipants")
    found = {c.text: (c.said, c.beside) for c in suggest(talk.article(), Glossary(), beside)}
    assert found["set_default_devcie"] == (0, 1)
    assert lines_of_slides(talk, Wishes(slides="none")) == ()
    talk.path(SLIDES).write_text("{", "utf-8")
    assert lines_of_slides(talk, WISHES) == ()


@pytest.mark.parametrize("text", ["_", "-", ".", "(", "1", "a.", "a", "www.", "a-"])
def test_no_slide_takes_long_to_be_searched_for_names(text: str) -> None:
    line = (text * 10_000)[:10_000]
    slide = Slide(shown=(Span(start=0, end=1),), title=line, lines=(Line(text=line),), words=line)
    began = time.perf_counter()
    names_on([slide])
    assert time.perf_counter() - began < 2
