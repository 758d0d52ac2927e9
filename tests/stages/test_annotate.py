"""Annotating: where a reader will ask, with the words to answer where they are known."""

import datetime
import json
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.shared import shared_data
from translate.draft import parse, render
from translate.glossary import Glossary, load, load_counterparts
from translate.model import Article, Paragraph, Section, Sentence, Talk, Term
from translate.stages.annotate import WORDS_A_NOTE, Amount, note_slots
from translate.stages.annotate_time import moments_in
from translate.stages.assemble import Column, assemble

DATE = "2023-10-24"
TODAY = datetime.date(2026, 8, 6)
ROOT = Path(__file__).parents[2]
TERMS = Glossary(
    terms=(
        Term(source="Ibrahim Haddad", policy="keep", note="人物：Linux 基金会副总裁"),
        Term(source="Alban", policy="keep", exact_case=True, note="人物：PyTorch 的 maintainer"),
        Term(source="Alban Desmaison", policy="keep", note="人物：PyTorch 的 maintainer"),
        Term(source="FSDP", policy="keep", note="缩写：Fully Sharded Data Parallel，切分并行"),
        Term(source="ORT", policy="keep", exact_case=True, note="缩写：ONNX Runtime"),
        Term(source="PR", policy="keep", exact_case=True, note="缩写：Pull Request"),
        Term(source="JAX", policy="keep", exact_case=True, note="项目：Google 的数值计算框架"),
        Term(source="TensorBoard", policy="keep", note="飞桨：VisualDL"),
        Term(source="torch.nn", policy="keep", note="飞桨：paddle.nn"),
        Term(source="ATen", policy="keep", note="只给编辑看"),
        Term(source="NVIDIA", policy="keep"),
        Term(source="ONNX", policy="keep"),
    )
)
PAIRS = Glossary(
    terms=(
        Term(source="torch.compile", targets=("动转静加 CINN",), policy="keep", note="一行代码"),
        Term(source="TensorBoard", targets=("VisualDL",), policy="keep", note="可视化工具"),
        Term(source="FSDP", targets=("group_sharded_parallel",), policy="keep"),
        Term(source="FSDP2", targets=("group_sharded_parallel",), policy="keep"),
    )
)


def article(*texts: str) -> Article:
    paragraphs = tuple(
        Paragraph(start=10.0 * n, end=10.0 * n + 9, sentences=sentences(t, 10.0 * n))
        for n, t in enumerate(texts)
    )
    return Article(sections=(Section(start=0, title="", paragraphs=paragraphs),))


def sentences(text: str, start: float) -> tuple[Sentence, ...]:
    parts = text.split(" | ")
    each = 9 / len(parts)
    return tuple(
        Sentence(start=start + n * each, end=start + (n + 1) * each, text=t)
        for n, t in enumerate(parts)
    )


def notes(
    *texts: str, date: str = DATE, amount: Amount = "all", today: datetime.date = TODAY
) -> list[str]:
    slots = note_slots(article(*texts), TERMS, PAIRS, date=date, today=today, amount=amount)
    return [reason for reasons in slots.values() for reason in reasons]


# --- each kind ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("english", "kind", "fact"),
    [
        ("We thank Ibrahim Haddad for that.", "人物", "可写：Linux 基金会副总裁。"),
        ("Special thanks to Jane Roe and John Q. Public.", "人物", "Jane Roe"),
        ("As Joe and Ibrahim mentioned, it grows.", "人物", "可能是 Ibrahim Haddad"),
        ("This is my colleague Wei, who wrote it.", "人物", "同事或合作者 Wei"),
        ("Hello. My name is Asaf Harari.", "人物", "Asaf Harari"),
        ("We use ORT for that.", "缩写", "可写：ORT（ONNX Runtime）"),
        ("We solve SVAMP here.", "缩写", "SVAMP"),
        ("We shipped PyTorch 2.0.", "版本", "github.com/pytorch/pytorch/releases/tag/v2.0.0"),
        ("Then came PyTorch 1.13.1 too.", "版本", "releases/tag/v1.13.1"),
        ("We just released Triton 3.1 to everyone.", "版本", "Triton 3.1"),
        ("Use torch.compile now.", "飞桨的对应", "torch.compile 对应的是动转静加 CINN"),
        ("Put it into torch.nn then.", "飞桨的对应", "paddle.nn"),
        ("It is in JAX.", "项目", "Google 的数值计算框架"),
        ("Go to pytorch dot org slash blog now.", "链接", "https://pytorch.org/blog"),
        ("It is huggingface dot co dot com slash a dash b", "链接", "huggingface.co.com/a-b"),
        ("Look at github.com/pytorch/torchtune.", "链接", "https://github.com/pytorch/torchtune"),
        ("It is at https://u:secret@x.org/a?token=1.", "链接", "https://x.org/a"),
        ("You can visit dev-discuss.pytorch.org.", "链接", "https://dev-discuss.pytorch.org"),
        ("It is on GitHub under pytorch slash ao.", "链接", "https://github.com/pytorch/ao"),
        ("It is on GitHub under torchforge.", "仓库", "torchforge"),
        ("Go to PyTorch dot org slash Blog now.", "链接", "https://pytorch.org/blog"),
        ("Our code is available on GitHub.", "链接", "on GitHub"),
        ("Please scan the QR code.", "链接", "QR code"),
    ],
)
def test_what_is_asked(english: str, kind: str, fact: str) -> None:
    found = [n for n in notes(english) if n.startswith(f"{kind}：")]
    assert found, notes(english)
    assert any(fact in n for n in found), found


@pytest.mark.parametrize(
    "english",
    [
        "We thank everybody. Thanks to Deep Learning it works. Thanks to Meta.",
        "As You mentioned, my colleague is right, and as the paper showed.",
        "The GPU, the CPU, this API and AI in the US are OK; see the PR.",
        "I mean, this is VERY fast, it is very good. Chapter III and XIV.",
        "SVAMP, simple variations on arithmetic math problems, is a data set.",
        "Mean Average Precision, or MAP, is low.",
        "Figure 2.1 shows a score of 3.5 and Recall 24.5, in Section 3.2.",
        "It takes 2.5 seconds, and Python 3.8 is fine.",
        "Call paddle.io.DataLoader or torch.io here, or mail me@example.org now.",
        "She works at Booking.com and Character.AI.",
        "The file is config dot json, see model dot py.",
        "Many repositories on GitHub use it.",
        "ATen is NVIDIA's friend.",
        "At last, the next step may follow. In March 2022 it was. It may march in may.",
        "It happened in 2019, many years ago.",
        "Join us in the project. Register the operator for the backend.",
        "AND NOW WE COME TO THE MAIN PART OF THE TALK ABOUT SVAMP",
    ],
)
def test_what_is_not_asked(english: str) -> None:
    assert notes(english) == []


def test_an_acronym_that_the_talk_spells_out_anywhere_is_not_asked() -> None:
    assert notes("ORT is fast.", "ORT is ONNX Runtime.") == []
    (note,) = notes("FSDP is here.")
    assert "FSDP（Fully Sharded Data Parallel）" in note
    (note,) = notes("FSDP is fully-sharded data parallel.")
    assert "（Fully" not in note


def test_a_counterpart_is_asked_once_whatever_it_is_called() -> None:
    assert len(notes("FSDP is here.", "FSDP2 is new.", "FSDP again.")) == 1
    (note,) = notes("See TensorBoard.")  # in the term base and in the table
    assert "可视化工具" in note


def test_a_person_is_asked_after_once() -> None:
    assert len(notes("Alban Desmaison did.", "Alban did, as Alban said.")) == 1
    assert len(notes("Thanks to Jane Roe.", "My colleague Jane said.", "My name is Jane Roe.")) == 1


def test_a_term_is_no_pattern() -> None:
    odd = Glossary(terms=(Term(source="J. (Jo) Roe", policy="keep", note="人物：(?"),))
    slots = note_slots(article("I am J. (Jo) Roe."), odd, PAIRS, date="", today=TODAY, amount="all")
    assert "首次提到 J. (Jo) Roe" in slots[0.0][0]


def test_a_speaker_who_says_his_name_is_no_question_of_the_few() -> None:
    assert notes("My name is Alban, hello.", amount="few") == []
    assert len(notes("As Alban said.", amount="few")) == 1


# --- time ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("date", "english", "write"),
    [
        ("2023-10-24", "this year", "今年（2023 年）"),
        ("2023-10-24", "last year", "去年（2022 年）"),
        ("2023-10-24", "next year", "明年（2024 年）"),
        ("2023-10-24", "over the past year", "过去一年（2022 年至 2023 年）"),
        ("2023-10-24", "in the last three years", "过去三年（2020 年至 2023 年）"),
        ("2023-10-24", "two years ago", "两年前（2021 年）"),
        ("2023-10-24", "a couple of years ago", "两年前（2021 年）"),
        ("2023-10-24", "15 years ago", "15 年前（2008 年）"),
        ("2023-10-24", "a month ago", "一个月前（2023 年 9 月）"),
        ("2023-02-10", "three months ago", "三个月前（2022 年 11 月）"),
        ("2023-01-03", "a week ago", "一周前（2022 年 12 月）"),
        ("2023-01-03", "last month", "上个月（2022 年 12 月）"),
        ("2023-12-03", "next month", "下个月（2024 年 1 月）"),
        ("2023-12-31", "next week", "下周（2024 年 1 月）"),
        ("2023-10-24", "this week", "本周（2023 年 10 月）"),
        ("2023-01-31", "last quarter", "上季度（2022 年第四季度）"),
        ("2023-10-24", "next quarter", "下季度（2024 年第一季度）"),
        ("2023-05-01", "this quarter", "本季度（2023 年第二季度）"),
        ("2024-03-10", "last fall", "2023 年秋天"),
        ("2023-11-30", "last fall", "2022 年秋天"),
        ("2023-10-24", "last summer", "2023 年夏天"),
        ("2023-10-24", "this spring", "2023 年春天"),
        ("2024-01-10", "this winter", "2023 年冬天"),
        ("2023-12-10", "this winter", "2023 年冬天"),
        ("2024-02-28", "last winter", "2022 年冬天"),
        ("2024-03-01", "last winter", "2023 年冬天"),
        ("2023-10-24", "next spring", "2024 年春天"),
        ("2023-10-24", "we shipped it in March", "2023 年 3 月"),
        ("2023-02-24", "we shipped it in March", "2022 年 3 月"),
        ("2023-10-24", "we will ship it in March", "2024 年 3 月"),
        ("2023-10-24", "last December", "2022 年 12 月"),
        ("2023-10-24", "next December", "2023 年 12 月"),
        ("2024-02-29", "a year ago", "一年前（2023 年）"),
    ],
)
def test_dates_get_their_year(date: str, english: str, write: str) -> None:
    (note,) = notes(f"Well, {english} so.", date=date)
    assert note.startswith("相对时间：")
    assert note.endswith(f"可写：{write}")


@pytest.mark.parametrize("english", ["last summer", "next December", "last March"])
def test_a_year_that_could_be_another_is_said_to_be_doubtful(english: str) -> None:
    (note,) = notes(f"It is {english}.")
    assert "请核对年份" in note


@pytest.mark.parametrize("date", ["", "soon", "2023-13-45", "0001-01-01", "9999-12-31"])
@pytest.mark.parametrize(
    "english", ["last year", "two years ago", "this fall", "in March", "over the past year"]
)
def test_without_a_date_the_editor_is_asked_for_it(date: str, english: str) -> None:
    (note,) = notes(f"It was {english}.", date=date)
    assert "日期未知" in note
    assert not any(c.isdigit() for c in note)


@pytest.mark.parametrize(
    ("english", "when"),
    [
        ("Next month we're going to have a PyTorch Docathon.", "2023 年 11 月"),
        ("Join us at PyTorch Conference in September.", "2024 年 9 月"),
        ("Join our docathon in November.", "2023 年 11 月"),
        ("Come visit our booth.", "会议当时"),
        ("More in tomorrow's session.", "会议当时"),
        ("The call for papers will close next week.", "2023 年 10 月"),
        ("Registration for the summit is open.", "多半已经结束"),
    ],
)
def test_an_invitation_to_what_is_over_is_asked_first(english: str, when: str) -> None:
    first = notes(f"{english} | We shipped PyTorch 2.0.", amount="few")[0]
    assert first.startswith("活动：")
    assert when in first
    assert "已经结束" in first


def test_what_is_not_over_yet_is_not_said_to_be() -> None:
    text = "Join us at PyTorch Conference in September."
    on = {day: notes(text, today=datetime.date.fromisoformat(day)) for day in EVE_AND_AFTER}
    assert [any(n.startswith("活动：") for n in found) for found in on.values()] == [False, True]


EVE_AND_AFTER = ("2024-09-30", "2024-10-01")


@pytest.mark.parametrize(
    "english",
    [
        "At last year's conference we released it.",
        "The session next to this one is full.",
        "We had a Docathon this year.",
        "We will have lunch tomorrow.",
    ],
)
def test_what_was_over_when_it_was_said_is_no_invitation(english: str) -> None:
    assert not any(n.startswith("活动：") for n in notes(english))


@given(st.dates(datetime.date(1990, 1, 1), datetime.date(2200, 12, 31)), st.booleans())
def test_no_day_of_the_calendar_breaks_a_date(date: datetime.date, ahead: bool) -> None:
    text = (
        "this year last year next year two years ago three months ago a week ago next week"
        " last quarter next quarter this winter last winter next winter last fall next spring"
        " in February next December last January over the past two years"
    )
    found = list(moments_in(f"{text} we will" if ahead else text, date))
    assert len(found) == 18
    for moment in found:
        assert moment.last is not None
        past = moment.said.startswith("last") or moment.said.endswith("ago")
        if past and "week" not in moment.said:
            assert moment.last <= datetime.date(date.year, 12, 31)
        if moment.said.startswith("next"):
            assert moment.last >= date.replace(day=1)


# --- how many -----------------------------------------------------------------------------------


def test_few_is_one_a_paragraph_within_the_budget_and_the_best_first() -> None:
    filler = "word " * (WORDS_A_NOTE // 2)
    texts = [f"{filler} JAX last year ORT", f"{filler} torch.compile PyTorch 2.0", f"{filler} ORT"]
    slots = note_slots(article(*texts), TERMS, PAIRS, date=DATE, today=TODAY)
    assert list(slots) == [0.0, 10.0]
    assert all(len(reasons) == 1 for reasons in slots.values())
    assert slots[0.0][0].startswith("相对时间：")
    assert slots[10.0][0].startswith("版本：")


def test_few_is_of_many_kinds() -> None:
    texts = [f"PyTorch 2.{n}. {'word ' * WORDS_A_NOTE}" for n in range(6)]
    texts[5] += " torch.compile"
    found = notes(*texts, amount="few")
    assert sum(n.startswith("版本") for n in found) == 5
    assert any(n.startswith("飞桨") for n in found)


def test_the_less_useful_kinds_take_half_of_the_places() -> None:
    names = ["QXA", "QXB", "QXC", "QXD"]
    texts = [f"{name} {'word ' * WORDS_A_NOTE} {name} and {name}" for name in names]
    assert len(notes(*texts)) == 4
    assert len(notes(*texts, amount="few")) == 2


def test_none_is_none_and_all_has_few() -> None:
    text = "We shipped PyTorch 2.0 last year, as Alban said, with torch.compile and ORT."
    assert notes(text, amount="none") == []
    every, few = notes(text), notes(text, amount="few")
    assert len(every) == 5
    assert set(few) < set(every)
    assert note_slots(article(), TERMS, PAIRS, date="", today=TODAY) == {}


# --- hostile text -------------------------------------------------------------------------------

WORDS = st.sampled_from(
    (
        *("last year", "PyTorch 2.0", "--> <!-- 00:00:01 -->", "</details>", "{{ x }}", "\u202e"),
        *("https://a.b/<script>", "pytorch dot org slash --", "my colleague Mary", "torch.compile"),
        *(
            "join us at the conference",
            "on GitHub under --",
            "QXZZ",
            "---\n\n## x",
            "> 编者注 ✍️：x",
        ),
        *("\u200b", "`", "$x$", "|", "#1", "99 years ago", "in May", "https://[::1", "\x00"),
    )
)


@settings(deadline=None)
@given(st.lists(st.lists(WORDS | st.text(max_size=20), max_size=12), min_size=1, max_size=4))
def test_reasons_are_one_line_and_survive_the_draft(texts: list[list[str]]) -> None:
    said = article(*(" ".join(t) for t in texts))
    slots = note_slots(said, TERMS, PAIRS, date=DATE, today=TODAY, amount="all")
    assert set(slots) <= {p.start for p in said.paragraphs}
    assert all("\n" not in r and r == r.strip() and r for rs in slots.values() for r in rs)
    talk = Talk(slug="t", title="T")
    draft = assemble(talk, said, [], column=Column(), slots=slots, today=TODAY)
    parsed = parse(render(draft))
    assert parsed == draft
    assert parsed.problems == ()
    kept = {p.start: tuple(n.reason for n in p.notes) for p in parsed.passages if p.notes}
    assert kept == slots


@settings(deadline=None)
@given(st.text(alphabet="<>&-{}`|$#\n\u4e00 .", max_size=200))
def test_nothing_is_made_of_noise(text: str) -> None:
    assert notes(text) == []


@pytest.mark.parametrize("piece", ["a-", "A+", "a.", "A dot ", "Thanks to A ", "Aa ", "QX,", "1.1"])
def test_long_noise_takes_no_time(piece: str) -> None:
    begun = time.process_time()
    notes(piece * 5_000)
    assert time.process_time() - begun < 5


def test_a_hostile_name_is_not_a_name() -> None:
    assert notes("Thanks to <script>alert Bad</script> and my colleague {{X}}.") == []


# --- real talks ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def shipped() -> tuple[Glossary, Glossary]:
    book = load(sorted((ROOT / "glossary").glob("*.csv")))
    return book, load_counterparts(ROOT / "glossary" / "counterparts" / "paddle.csv")


def test_slots_stand_where_the_columns_own_notes_stand(shipped: tuple[Glossary, Glossary]) -> None:
    """The four kinds of notes in its only talk: a release, Paddle, a person, an event."""
    talk = article(
        "Hello, my name is Alban, and I work on PyTorch. Joe did this talk last year. " * 2,
        "The first milestone is the release of PyTorch 2.0 this year. " + "It is big. " * 90,
        "Then came the Spring Docathon, with 27 participants. " + "We merged a lot. " * 60,
        "As Joe and Ibrahim mentioned, it is the first year of it. " + "It is great. " * 80,
        "All kinds of documentation help. " * 30,
        "For those who are interested, next month we are going to have a PyTorch Docathon.",
    )
    slots = note_slots(talk, *shipped, date="2023-10-24", today=TODAY)
    kinds = {start: reasons[0].partition("：")[0] for start, reasons in slots.items()}
    assert kinds == {10.0: "版本", 20.0: "飞桨的对应", 30.0: "人物", 50.0: "活动"}
    assert "Ibrahim Haddad" in slots[30.0][0]
    assert "Paddle Docathon" in slots[20.0][0]


@pytest.mark.data
def test_real_talks_get_few(shipped: tuple[Glossary, Glossary]) -> None:
    lines = shared_data("talks/acl6060/references.long.jsonl").read_text("utf-8").splitlines()
    for row in map(json.loads, lines):
        words = row["src_ref"].split()
        texts = [" ".join(words[n : n + 90]) for n in range(0, len(words), 90)]
        slots = note_slots(article(*texts), *shipped, date="2022-05-22", today=TODAY)
        han = sum("\u4e00" <= c <= "\u9fff" for c in row["tgt_ref"])
        assert len(slots) <= 1.5 * han / 1000
