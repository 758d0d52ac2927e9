"""What Whisper is told to expect: also what other talks of the same event have said."""

from dataclasses import replace
from pathlib import Path

from translate.glossary import Glossary
from translate.model import Article, Paragraph, Section, Sentence, Talk, Term
from translate.pipeline.step_transcribe import bias, same_event
from translate.workspace import ARTICLE, TALK, Workspace

BOOK = Glossary(
    terms=tuple(Term(source=name, policy="keep") for name in ("Triton", "vLLM", "Monarch"))
)


def put(drafts: Path, talk: Talk, english: str = "") -> Workspace:
    workspace = Workspace(drafts / talk.slug)
    workspace.put(TALK, talk, key="")
    if english:
        sentence = Sentence(start=0, end=1, text=english)
        paragraph = Paragraph(start=0, end=1, sentences=(sentence,))
        section = Section(start=0, title="", paragraphs=(paragraph,))
        workspace.put(ARTICLE, Article(sections=(section,)), key="")
    return workspace


def test_talks_of_the_same_event_are_listened_to(tmp_path: Path) -> None:
    ours = Talk(slug="ours", title="On Monarch", event="Demo Conf")
    here = put(tmp_path, ours, "Nothing of ours but Triton.")
    put(tmp_path, replace(ours, slug="same", event="demo conf"), "All of it runs on vLLM.")
    put(tmp_path, replace(ours, slug="else", event="Another"), "Triton is great.")
    put(tmp_path, replace(ours, slug="empty"))
    broken = put(tmp_path, replace(ours, slug="broken"), "x")
    broken.path(ARTICLE).write_text("{")
    (tmp_path / "worse").mkdir()
    (tmp_path / "worse" / TALK).write_text("[]")
    earlier = list(same_event(here, ours))
    assert earlier == ["All of it runs on vLLM."]
    prompt = bias(ours, BOOK, lambda text: len(text.split()), earlier)
    assert prompt == "On Monarch, a talk at Demo Conf. It is about Monarch, vLLM."
    assert list(same_event(here, replace(ours, event=""))) == []


def test_only_the_latest_talks_are_listened_to(tmp_path: Path) -> None:
    ours = Talk(slug="ours", title="", event="Demo Conf")
    here = put(tmp_path, ours)
    for day in range(1, 12):
        slug, date = f"talk-{day}", f"2026-05-{day:02d}"
        put(tmp_path, replace(ours, slug=slug, date=date), f"Day {day}.")
    assert list(same_event(here, ours)) == [f"Day {day}." for day in range(11, 3, -1)]
