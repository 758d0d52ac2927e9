"""What Whisper is told to expect: also what other talks of the same event have said."""

from dataclasses import replace
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from translate.bias import bias_prompt
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
