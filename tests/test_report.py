"""The report: everything a person must know, ranked, escaped, and the same for programs."""

import json
from collections.abc import Sequence
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from translate.merge import Conflict
from translate.model import (
    Article,
    Correction,
    Cue,
    Engine,
    Flag,
    Paragraph,
    Problem,
    Section,
    Sentence,
    Span,
    Talk,
    Term,
    TermUse,
    Transcript,
    Translation,
    Usage,
)
from translate.report import (
    Marks,
    ReportFacts,
    items_of,
    read_ticks,
    render_report,
    without_ticks,
)

ENGINE = Engine(name="whisper", model="turbo")
SENTENCE = Sentence(
    start=60,
    end=64,
    text="Alban uses Triton.",
    corrections=(Correction(offset=11, heard="Trident", written="Triton"),),
)
FACTS = ReportFacts(
    talk=Talk(slug="t", title="State <of> PyTorch", url="https://youtu.be/x"),
    transcript=Transcript(
        language="en",
        engine=ENGINE,
        duration=100,
        cues=(Cue(start=60, end=64, text="Alban uses Trident."),),
        speech=(Span(start=58, end=62), Span(start=63, end=70)),
        flags=(
            Flag(start=70, end=75, rule="loop", action="removed", text="Thank you. " * 3),
            Flag(start=80, end=81, rule="rate", action="kept"),
        ),
    ),
    article=Article(
        sections=(
            Section(
                start=0,
                title="",
                paragraphs=(
                    Paragraph(start=60, end=64, sentences=(SENTENCE,)),
                    Paragraph(
                        start=64, end=66, sentences=(Sentence(start=64, end=66, text="Bye."),)
                    ),
                ),
            ),
        )
    ),
    translations=[Translation(start=60, chinese="他用 Triton。", of="h", by=ENGINE)],
    usage=Usage(calls=3, prompt_tokens=100, completion_tokens=20, cost=0.0123, currency="USD"),
)
PROBLEMS = [
    Problem(rule="stray", severity="info", message="a note"),
    Problem(rule="number", severity="warning", message="20 became 40", at=61, hint="look"),
    Problem(rule="untranslated", severity="error", message="no Chinese", at=64, hint="stw draft t"),
    Problem(rule="untranslated", severity="error", message="none", at=60, hint="stw draft t"),
]


def with_items(
    problems: Sequence[Problem], facts: ReportFacts = FACTS, marks: Marks | None = None
) -> ReportFacts:
    return replace(
        facts, items=items_of(problems, facts.article, facts.translations, marks or Marks())
    )


def test_errors_come_first_each_with_its_time_and_what_to_do() -> None:
    markdown, data = render_report(with_items(PROBLEMS))
    order = [markdown.index(s) for s in ("## Errors", "no Chinese", "## Warnings", "20 became 40")]
    assert order == sorted(order)
    assert markdown.index("none") < markdown.index("no Chinese")  # in order of time
    assert markdown.count("What to do: stw draft t") == 1  # said once for the whole group
    assert "[00:01:01](https://youtu.be/x?t=61s)" in markdown
    assert "To look at: 2 errors, 1 warning, 1 for information." in markdown
    assert data["counts"] == {"error": 2, "warning": 1, "info": 1, "silenced": 0}
    assert [p["rule"] for p in data["problems"]] == [
        "untranslated",
        "untranslated",
        "number",
        "stray",
    ]
    assert data["problems"][2]["link"] == "https://youtu.be/x?t=61s"


def test_figures() -> None:
    markdown, data = render_report(FACTS)
    assert data["figures"] == {
        "paragraphs": 2,
        "translated": 1,
        "untranslated": 1,
        "words": 4,
        "chinese_characters": 10,
        "speech_seconds": 11,
        "speech_with_text_seconds": 3,
        "terms": 0,
        "term_success": None,
        "term_consistency": None,
    }
    assert data["usage"]["cost"] == 0.0123
    assert "0.0123 USD" in markdown
    assert "3 of 11 seconds, 8 without" in markdown
    assert "27.2 %" in markdown
    assert "Nothing to look at." in markdown
    assert "- Slides: none: there is no video to take them from" in markdown


def test_the_proof_of_the_terms() -> None:
    operator = TermUse(
        term=Term(source="operator", targets=("算子", "操作符")),
        said=6,
        paragraphs=4,
        written=(("算子", 2), ("操作符", 1)),
        missed=(64.0,),
        forbidden=(),
    )
    wrong = TermUse(
        term=Term(source="pass", targets=("遍",), forbidden=("通行证",)),
        said=1,
        paragraphs=1,
        written=(("遍", 1),),
        missed=(),
        forbidden=(60.0,),
    )
    markdown, data = render_report(replace(FACTS, terms=(operator, wrong)))
    assert data["figures"]["term_success"] == 3 / 5
    assert data["figures"]["term_consistency"] == round(2 / 3, 4)  # said once proves nothing
    assert data["terms"][0]["written"] == {"算子": 2, "操作符": 1}
    assert data["terms"][0]["missed"] == [64.0]
    assert data["terms"][1]["forbidden"] == [60.0]
    assert "Terms: 2 said; 60.0% of their paragraphs keep them" in markdown


def test_what_was_put_right_and_what_was_left_out_is_there_for_programs() -> None:
    _, data = render_report(FACTS)
    assert data["corrections"] == [{"at": 60, "heard": "Trident", "written": "Triton"}]
    assert [f["rule"] for f in data["removed"]] == ["loop"]


def test_a_conflict_shows_both_versions() -> None:
    conflict = Conflict(
        name="00:01:00", at=60, base="旧", edited="我的 ```x```<!-- 00:01:00 -->", new=""
    )
    problem = Problem(
        rule="merge-conflict", severity="warning", message="m", at=60, where="00:01:00"
    )
    markdown, data = render_report(replace(with_items([problem]), conflicts=[conflict]))
    [item] = with_items([problem]).items
    assert (
        f"### 00:01:00\n\n- [ ] `{item.id}` [00:01:00](https://youtu.be/x?t=60s)\n\n"
        f"Yours:\n\n````md\n{conflict.edited}\n````" in markdown
    )
    assert "stw draft t --take" in markdown
    assert "New: nothing" in markdown
    assert data["conflicts"][0]["edited"] == conflict.edited


TERMS = [
    Problem(rule="term", severity="error", message="m", at=60, where="Triton"),
    Problem(rule="term", severity="error", message="m", at=64, where="kernel"),
    Problem(rule="term", severity="error", message="n", at=64, where="kernel"),
    Problem(rule="number", severity="error", message="20", at=64),
    Problem(rule="slot", severity="info", message="who is this?", at=60),
]


def test_items_stand_by_kind_and_term_the_most_frequent_term_first() -> None:
    markdown, _ = render_report(with_items(TERMS))
    titles = [line for line in markdown.split("\n") if line.startswith("### ")]
    assert titles == [
        "### Number changed (1)",
        "### Term missed: kernel (2)",
        "### Term missed: Triton (1)",
        "### Notes to write (1)",
    ]


def test_an_item_quotes_the_english_and_the_chinese() -> None:
    markdown, data = render_report(with_items(TERMS))
    assert "\n  - EN: Alban uses Triton.\n  - 中: 他用 Triton。" in markdown
    assert data["problems"][-1]["english"] == "Alban uses Triton."


def test_ticks_and_reasons_are_kept_by_what_the_items_say() -> None:
    items = with_items(TERMS).items
    one, two = items[0].id, items[1].id
    marks = Marks(ticked=(one,), silenced={two: "said so | on the slide"})
    later = [replace(p, at=(p.at or 0) + 0.4) for p in TERMS]  # a new transcription moves them
    again = with_items(later, marks=marks)
    assert [i.ticked for i in again.items][:2] == [True, False]
    markdown, data = render_report(again)
    assert f"- [x] `{one}`" in markdown
    assert "## Silenced" in markdown
    assert "said so" in markdown.split("## Silenced")[1]
    assert data["counts"] == {"error": 3, "warning": 0, "info": 1, "silenced": 1}
    assert read_ticks(markdown)[one] is True
    assert without_ticks(markdown) == without_ticks(markdown.replace("[ ]", "[x]"))
    assert without_ticks(markdown) != without_ticks(markdown + "mine")


def test_two_items_that_say_the_same_have_names_of_their_own() -> None:
    items = with_items([TERMS[3], TERMS[3]]).items
    assert len({i.id for i in items}) == 2


def test_many_of_one_kind_are_folded() -> None:
    many = [Problem(rule="term", severity="warning", message=f"m{n}", at=n) for n in range(50)]
    markdown, _ = render_report(with_items(many))
    assert "<summary>30 more</summary>" in markdown
    assert all(f"m{n}\n" in markdown + "\n" for n in range(50))


@settings(deadline=None)
@given(st.text(max_size=30))
def test_nothing_from_outside_is_markup(text: str) -> None:
    evil = text + "<script>alert(1)</script> [a](javascript:b) ``` **x** <!-- \n# y\n| z |"
    problem = Problem(rule="term", severity="warning", message=evil, where=evil, hint=evil, at=1)
    flag = Flag(start=1, end=2, rule="loop", action="removed", text=evil, detail=evil)
    facts = replace(
        FACTS,
        talk=replace(FACTS.talk, title=evil),
        transcript=replace(FACTS.transcript, flags=(flag,)),
        conflicts=[Conflict(name=evil, at=None, base=evil, edited=evil, new=evil)],
    )
    facts = with_items([problem, replace(problem, hint="other")], facts)
    markdown, data = render_report(facts)
    html = MarkdownIt("commonmark", {"html": True}).render(markdown)
    assert "<script" not in html
    assert 'javascript:b"' not in html
    assert html.count("<h1>") == 1
    assert "<!--" not in html
    assert json.loads(json.dumps(data))["talk"]["title"] == evil
