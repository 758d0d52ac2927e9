"""Numbers on slides against those said and written: what is flagged, and what is left alone."""

import string
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from translate.model import (
    Article,
    Engine,
    Line,
    Paragraph,
    Problem,
    Section,
    Sentence,
    Slide,
    Span,
    Translation,
)
from translate.slide_numbers import differing

BY = Engine(name="none")


def article(*sentences: str, every: float = 10.0) -> Article:
    """Paragraphs of one sentence, ten seconds each."""
    paragraphs = []
    for n, text in enumerate(sentences):
        start, end = n * every, (n + 1) * every
        one = Sentence(start=start, end=end, text=text)
        paragraphs.append(Paragraph(start=start, end=end, sentences=(one,)))
    return Article(sections=(Section(start=0.0, title="", paragraphs=tuple(paragraphs)),))


def slide(*lines: str, title: str = "", start: float = 0.0, end: float = 10.0) -> Slide:
    return Slide(
        shown=(Span(start=start, end=end),),
        kind="text",
        title=title,
        lines=tuple(Line(text=t) for t in lines),
    )


def told(line: str, said: str, written: str = "") -> list[Problem]:
    chinese = [Translation(start=0.0, chinese=written, of="", by=BY)] if written else []
    return list(differing([slide(line)], article(said), chinese))


@pytest.mark.parametrize(
    ("line", "said", "heard"),
    [
        (
            "~2M pageviews/month",
            "We get four hundred thousand page views.",
            "four hundred thousand",
        ),
        ("20M+ downloads", "It has over 2 million downloads on all platforms.", "2 million"),
        ("8% increase in open source contributions", "Open source contributions grew 18%.", "18%"),
        ("53+ issues closed", "And thirty five issues were closed.", "thirty five"),
        ("p99 latency: 48 ms", "The p99 latency is 4 seconds with this.", "4 seconds"),
        ("Peak memory: 48 GB", "So the peak memory was 96 gigabytes.", "96 gigabytes"),
        (
            "Start-up fell from 52 s to 7 s",
            "Start-up fell from 52 seconds to 9 seconds.",
            "9 seconds",
        ),
        ("3x faster start-up", "Start-up is now thirty times faster.", "thirty times"),
    ],
)
def test_a_number_that_is_said_otherwise_is_flagged(line: str, said: str, heard: str) -> None:
    (problem,) = told(line, said)
    assert (problem.rule, problem.severity, problem.at) == ("slide-number", "warning", 0.0)
    assert f"“{heard}” was heard; the slide at 00:00:00 has" in problem.message
    assert line in problem.message


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("~2M pageviews/month", "We get two million page views."),
        ("12,040 commits in 12 months", "About twelve thousand commits in twelve months."),
        ("1128 contributors this year", "More than 1,100 contributors this year."),
        ("p99 latency: 48 ms", "The p99 latency is 0.048 seconds with this."),
        ("p99 latency: 48 ms", "The p99 latency is about 50 milliseconds with this."),
        ("PyTorch 2.0 downloads", "In PyTorch 2.1 downloads went up."),  # versions
        ("Docathon 2023 participants", "The docathon participants of 2022 came back."),  # years
        ("20M+ downloads", "A year ago we had 9 million downloads."),  # another time
        ("20M+ downloads", "Suppose we had 9 million downloads."),
        ("20M+ downloads", "There are 27 people who took part."),  # something else
        ("Peak memory: 48 GB", "The wheel has 96 megabytes."),
        ("512 GPUs, 64 nodes, 8 racks, 2 rows, 1 hall", "We have 16 racks."),  # a table
        ("Quantized to int8 after training", "Quantized to four bits after training."),
        ("20M+ downloads", ""),
    ],
)
def test_what_is_right_or_of_something_else_is_left_alone(line: str, said: str) -> None:
    assert told(line, said) == []


def test_a_number_of_another_line_is_no_slip() -> None:
    shown = slide("48 GB peak memory without sharding", "96 GB peak memory with sharding")
    assert list(differing([shown], article("With it the peak memory is 96 GB."), [])) == []


def test_what_is_said_right_elsewhere_while_the_slide_stands_is_no_slip() -> None:
    spoken = article("It has 2 million downloads here.", "And 20 million downloads in all.")
    assert list(differing([slide("20M+ downloads", end=20.0)], spoken, [])) == []


def test_only_what_is_said_while_the_slide_stands_counts() -> None:
    spoken = article("Hello.", "Hello.", "Hello.", "It has 2 million downloads.")
    assert list(differing([slide("20M+ downloads")], spoken, [])) == []
    late = slide("20M+ downloads", start=30.0, end=40.0)
    assert [p.at for p in differing([late], spoken, [])] == [30.0]


def test_chinese_that_a_person_has_put_right_settles_it() -> None:
    assert told("20M+ downloads", "It has 2 million downloads.", "它的下载量是 200 万。")
    assert not told("20M+ downloads", "It has 2 million downloads.", "它的下载量是 2000 万。")


def test_chinese_with_another_number_is_flagged() -> None:
    said = "We get about two million page views."
    (problem,) = told("~2M pageviews/month", said, "每月有大约 40 万次浏览。")
    assert problem.at == 0.0
    assert (
        "“40 万” is written; the slide at 00:00:00 has “2M”, which is said too" in problem.message
    )
    assert told("~2M pageviews/month", said, "每月有大约 200 万次浏览。") == []
    assert told("~2M pageviews/month", said, "每月有大约两百万次浏览。") == []


def test_each_number_is_told_once_however_many_slides_have_it() -> None:
    shown = [slide("20M+ downloads"), slide("20M+ downloads", start=4.0)]
    assert len(list(differing(shown, article("It has 2 million downloads."), []))) == 1


TEXT = st.text(alphabet=string.ascii_letters + string.digits + " .,%$+-~/()百万亿两", max_size=60)


@given(st.lists(TEXT, max_size=4), st.lists(TEXT, max_size=4), TEXT)
def test_any_slides_can_be_held_against_any_talk(
    lines: list[str], sentences: list[str], written: str
) -> None:
    chinese = [Translation(start=0.0, chinese=written or "一", of="", by=BY)]
    spoken = article(*sentences)
    starts = {p.start for p in spoken.paragraphs}
    for problem in differing([slide(*lines, end=100.0)], spoken, chinese):
        assert problem.at in starts


WORDS = st.sampled_from(
    [
        *("we", "have", "downloads", "posts", "users", "latency", "memory", "of", "GB", "ms"),
        *("%", "x", "7", "2M", "12K", "48", "300", "20%"),
    ]
)
SENTENCES = st.lists(st.lists(WORDS, max_size=8).map(" ".join), min_size=1, max_size=5)


@given(SENTENCES)
def test_a_talk_that_reads_its_slides_out_has_no_slip(sentences: list[str]) -> None:
    shown = [slide(text, start=n * 10.0, end=n * 10.0 + 10) for n, text in enumerate(sentences)]
    assert list(differing(shown, article(*sentences), [])) == []
    assert list(differing([slide(*sentences, end=100.0)], article(*sentences), [])) == []


@pytest.mark.parametrize("text", ["1 ", "1%", "_", "-", ".", " ", "(", "1", "a_", "twenty ", "Ab "])
def test_no_line_takes_long(text: str) -> None:
    began = time.perf_counter()
    told((text * 10_000)[:10_000], "We have 10 boxes.")
    told((text * 900)[:900], "We have 10 boxes.")
    assert time.perf_counter() - began < 2
