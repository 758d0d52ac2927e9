"""`stw brief`: a model proposes, a person edits, and the translator is told what is left."""

import json
from pathlib import Path

import pytest

from tests.chat_server import Call, Reply, good, serving
from tests.test_pipeline import Place, captions
from tests.test_typography import letters
from translate.glossary import Glossary
from translate.model import Article, Brief, Paragraph, Section, Sentence, Term
from translate.stages.brief import brief_text, sifted, summary_of
from translate.typography import one_line

TERMS = [
    {"en": "graph break", "zh": "图断裂"},
    {"en": "model", "zh": "模型 | **粗** <b>"},
    {"en": "not said", "zh": "没说过"},
    {"en": "machines", "zh": "only English"},
    "nonsense",
]
SUMMARY = "讲者介绍 torch.compile 如何读取模型。"


def proposes(call: Call) -> Reply:
    asked = json.loads(call.body["messages"][1]["content"])
    assert "graph break" in asked["text"]
    return Reply(f"```json\n{json.dumps({'summary': SUMMARY, 'terms': TERMS})}\n```")


@pytest.fixture
def place(tmp_path: Path) -> Place:
    source = captions(tmp_path / "A talk about graphs - Ada Byron | Demo Conf 2026.srt", minutes=1)
    place = Place(tmp_path)
    place.stw("run", source.name)
    (tmp_path / "glossary").mkdir()
    (tmp_path / "glossary/terms.csv").write_text("source,target\nkernel,内核\n", "utf-8")
    place.env["STW_GLOSSARY"] = str(tmp_path / "glossary")
    return place


def test_a_brief_is_written_edited_and_given_to_every_call(place: Place) -> None:
    with serving(proposes, good) as server:
        place.use(server)
        told = json.loads(place.stw("brief", "graphs", "--json").stdout)
        assert told["terms"] == [["graph break", "图断裂"], ["model", "模型 | **粗** <b>"]]
        assert told["left_out"] == [
            {"what": "not said", "why": "not said in the talk"},
            {"what": "machines", "why": "not Chinese"},
        ]
        file = place.talk / "brief.md"
        assert f"stw glossary import drafts/{place.talk.name}/brief.md" in file.read_text("utf-8")
        assert "讲者介绍 torch.compile 如何读取模型。" in file.read_text("utf-8")
        file.write_text(file.read_text("utf-8").replace("讲者", "陈讲师"), "utf-8")
        place.stw("brief", "graphs", code=6)  # it is the person's now
        place.stw("draft", "graphs")
        cards = [call.message["talk"]["summary"] for call in server.calls[1:]]
    assert cards
    assert all("陈讲师介绍" in card for card in cards)
    assert json.loads((place.talk / "report.json").read_text("utf-8"))["usage"]["calls"] >= 2
    done = place.stw("glossary", "import", str(file), "--into", "mine", "--json", code=None)
    assert "graph break,图断裂" in (place.folder / "glossary/mine.csv").read_text("utf-8"), done


def test_force_backs_up_what_a_person_wrote(place: Place) -> None:
    (place.talk / "brief.md").write_text("我写的\n", "utf-8")
    with serving(proposes) as server:
        place.use(server)
        place.stw("brief", "graphs", code=6)
        assert not server.calls
        place.stw("brief", "graphs", "--force")
    [kept] = (place.talk / ".stw/backups").glob("*brief*")
    assert kept.read_text("utf-8") == "我写的\n"


@pytest.mark.parametrize("answer", ["", "No.", "[1, 2]", '{"paragraphs": []}'])
def test_an_answer_that_is_no_brief_writes_nothing(place: Place, answer: str) -> None:
    with serving(lambda _: Reply(answer)) as server:
        place.use(server)
        done = place.stw("brief", "graphs", code=3)
    assert "has not answered with a brief" in done.stderr
    used = json.loads((place.talk / ".stw/usage.json").read_text("utf-8"))
    assert (used["calls"], used["prompt_tokens"]) == (1, 100)  # paid for all the same
    assert not (place.talk / "brief.md").exists()


def test_without_a_model_nobody_is_asked(place: Place) -> None:
    assert "configure a chat model" in place.stw("brief", "graphs", code=2).stderr


# --- what is shown ------------------------------------------------------------------------------


def article(text: str) -> Article:
    said = Sentence(start=0, end=1, text=text)
    return Article(
        sections=(
            Section(start=0, title="", paragraphs=(Paragraph(start=0, end=1, sentences=(said,)),)),
        )
    )


def test_only_terms_that_are_said_and_new() -> None:
    known = Glossary(terms=(Term(source="Kernel", targets=("内核",)),))
    terms = (
        ("kernel", "核"),
        ("Loader", "加载器"),
        ("loader", "再来"),
        ("load", "装"),
        ("x", "叉"),
    )
    found, dropped = sifted(Brief(terms=terms), article("The loader and the kernel: x."), known)
    assert found.terms == (("Loader", "加载器"),)
    assert [(d.what, d.why) for d in dropped] == [
        ("kernel", "in the term base already"),
        ("loader", "proposed twice"),
        ("load", "not said in the talk"),
        ("x", "too short or too long"),
    ]


@pytest.mark.parametrize("summary", ["English only.", "字" * 500, ""])
def test_a_summary_that_is_none_is_left_out(summary: str) -> None:
    found, dropped = sifted(Brief(summary=summary), article("a"), Glossary(terms=()))
    assert found.summary == ""
    assert [d.what for d in dropped] == ["summary"] * bool(summary)
    assert summary_of(brief_text(found, "brief.md")) == ""


@pytest.mark.parametrize(
    "summary", ["讲 `a_b` 与 <b>。", "# 一 *二* [三](http://a.b)", "--> {{ x }} 中", "甲|乙"]
)
def test_what_is_written_is_read_back(summary: str) -> None:
    found, _ = sifted(Brief(summary=summary), article("a"), Glossary(terms=()))
    assert letters(summary_of(brief_text(found, "brief.md"))) == letters(one_line(summary))
