"""Slides as they are laid out, from lines of text with their places."""

import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from translate.layout import Page, arrange, clean, settled
from translate.model import Box, Line, TextBox

ASPECT = 16 / 9


def at(
    left: float, top: float, size: float, text: str, *, letter: float = 0.5, sure: float = 0.99
) -> TextBox:
    """A line from `left` and `top`, its letters `letter` times as wide as it is high."""
    right = left + len(text) * size * letter / ASPECT
    return TextBox(
        text=text, box=Box(left=left, top=top, right=right, bottom=top + size), confidence=sure
    )


def column(left: float, top: float, texts: list[str], *, step: float = 0.08) -> list[TextBox]:
    return [at(left, top + n * step, 0.045, text) for n, text in enumerate(texts)]


TITLE = at(0.05, 0.05, 0.08, "Lessons learned")
FOOT = [at(0.05, 0.95, 0.03, "PyConf 2026"), at(0.5, 0.95, 0.03, "12")]


def said(page: Page) -> list[tuple[str, int]]:
    return [(line.text, line.level) for line in page.lines]


def test_title_bullets_and_footer() -> None:
    page = arrange([*FOOT, *column(0.08, 0.25, ["• Measure first", "• Don't copy"]), TITLE])
    assert page.kind == "text"
    assert page.title == "Lessons learned"
    assert said(page) == [("Measure first", 0), ("Don't copy", 0)]
    assert page.edges == ("PyConf 2026", "12")
    assert page.banner == ""
    assert page.words == "Lessons learned Measure first Don't copy PyConf 2026 12"


@pytest.mark.parametrize("glyph", ["•", "·", "-", "–", "o", "¢", "*", "➢", "■", "»", "口"])
def test_whatever_a_bullet_is_read_as(glyph: str) -> None:
    texts = [f"{glyph} Measure first", f"{glyph} Talk to your users"]
    assert said(arrange([TITLE, *column(0.08, 0.25, texts)])) == [
        ("Measure first", 0),
        ("Talk to your users", 0),
    ]


def test_a_bullet_read_apart_from_its_line() -> None:
    boxes = [TITLE]
    for n, text in enumerate(["Measure first", "Don't copy anything", "Talk to your users"]):
        boxes += [at(0.05, 0.25 + n * 0.1, 0.04, "口"), at(0.09, 0.25 + n * 0.1, 0.045, text)]
    assert said(arrange(boxes)) == [
        ("Measure first", 0),
        ("Don't copy anything", 0),
        ("Talk to your users", 0),
    ]


def test_numbers_of_a_list_are_kept() -> None:
    page = arrange([TITLE, *column(0.08, 0.25, ["1. The problem", "2. Options (Spark, Ray)"])])
    assert said(page) == [("1. The problem", 0), ("2. Options (Spark, Ray)", 0)]


def test_what_only_looks_like_a_bullet_is_text() -> None:
    page = arrange([TITLE, *column(0.08, 0.25, ["• -5% in a week", "• o1 and other models"])])
    assert said(page) == [("-5% in a week", 0), ("o1 and other models", 0)]


def test_nesting_by_left_edges() -> None:
    page = arrange(
        [
            TITLE,
            at(0.05, 0.20, 0.045, "• Adds"),
            at(0.09, 0.28, 0.040, "– torch.compile and more"),
            at(0.13, 0.36, 0.038, "- for all devices there are"),
            at(0.09, 0.44, 0.040, "– torch.func"),
            at(0.05, 0.52, 0.045, "• 20M+ downloads"),
        ]
    )
    assert [level for _, level in said(page)] == [0, 1, 2, 1, 0]


def test_nesting_without_bullets() -> None:
    page = arrange(
        [
            TITLE,
            at(0.05, 0.20, 0.045, "What the new release adds"),
            at(0.10, 0.30, 0.045, "Everything compiles"),
            at(0.05, 0.40, 0.045, "What it takes away again"),
        ]
    )
    assert [level for _, level in said(page)] == [0, 1, 0]


def test_wrapped_bullets_are_one_line() -> None:
    """No bullet, at the left edge of the text, and its first word had no room on the line."""
    boxes = [
        TITLE,
        at(0.05, 0.250, 0.045, "• 7,000 GitHub repositories using"),
        at(0.08, 0.296, 0.045, "PyTorch are associated with AI"),
        at(0.08, 0.342, 0.045, "papers this year"),
        at(0.05, 0.388, 0.045, "• 60% of AI research"),
        at(0.08, 0.434, 0.045, "implementations choose trans-"),
        at(0.08, 0.480, 0.045, "formers and other models"),
    ]
    assert said(arrange(boxes)) == [
        ("7,000 GitHub repositories using PyTorch are associated with AI papers this year", 0),
        ("60% of AI research implementations choose transformers and other models", 0),
    ]


def test_a_compound_keeps_its_hyphen_and_an_address_has_none() -> None:
    boxes = [
        TITLE,
        at(0.05, 0.25, 0.045, "• Driving state-of-the-"),
        at(0.08, 0.30, 0.045, "art research"),
        at(0.05, 0.50, 0.045, "https://example.org/blog/announcing-docath"),
        at(0.25, 0.55, 0.045, "on-h2-2023/"),
    ]
    assert [text for text, _ in said(arrange(boxes))] == [
        "Driving state-of-the-art research",
        "https://example.org/blog/announcing-docathon-h2-2023/",
    ]


def test_lines_that_had_room_are_items_of_their_own() -> None:
    texts = ["Improve the documentation of everything", "Learn new skills", "Get recognition"]
    page = arrange([TITLE, *column(0.08, 0.25, texts, step=0.06)])
    assert [text for text, _ in said(page)] == texts


def test_a_title_of_two_lines_and_the_banner_over_it() -> None:
    page = arrange(
        [
            at(0.04, 0.03, 0.055, "PyTorch in Numbers"),
            at(0.04, 0.18, 0.090, "Driving state-of-the-art"),
            at(0.04, 0.27, 0.080, "AI research"),
            at(0.07, 0.45, 0.055, "• 7,000 repositories this year"),
            at(0.07, 0.55, 0.055, "• 60% of implementations"),
            at(0.02, 0.95, 0.030, "#pytorchconf"),
        ]
    )
    assert page.title == "Driving state-of-the-art AI research"
    assert page.banner == "PyTorch in Numbers"
    assert len(page.lines) == 2


def test_a_banner_below_the_title() -> None:
    page = arrange(
        [
            at(0.03, 0.03, 0.07, "What we measured"),
            at(0.03, 0.135, 0.032, "Where we started"),
            at(0.05, 0.21, 0.047, "• Nightly tests on 49 kinds of hardware"),
            at(0.05, 0.29, 0.047, "• Fall back to eager mode"),
        ]
    )
    assert (page.title, page.banner) == ("What we measured", "Where we started")
    assert len(page.lines) == 2


def test_columns_are_read_one_after_the_other() -> None:
    left = ["• Eager mode is slow", "• Graphs are static", "• Both are needed"]
    right = ["• Compile what repeats", "• Trace the others", "• Measure them all"]
    page = arrange([TITLE, *column(0.05, 0.25, left), *column(0.55, 0.26, right)])
    assert [text for text, _ in said(page)] == [text[2:] for text in [*left, *right]]


def test_a_wide_line_below_two_columns() -> None:
    left, right = ["• Eager mode", "• Slow to start"], ["• Graph mode", "• Fast when warm"]
    last = at(0.05, 0.75, 0.045, "• Both of them have their place in what follows, as we will see")
    page = arrange([TITLE, *column(0.05, 0.25, left), *column(0.55, 0.25, right), last])
    assert [text for text, _ in said(page)] == [
        "Eager mode",
        "Slow to start",
        "Graph mode",
        "Fast when warm",
        last.text[2:],
    ]


def test_code_keeps_its_indentation() -> None:
    size, letter = 0.04, 0.46
    step = size * letter / ASPECT  # the width of a letter

    def code(n: int, indent: int, text: str) -> TextBox:
        return at(0.05 + indent * step, 0.2 + n * 0.047, size, text, letter=letter)

    page = arrange(
        [
            TITLE,
            code(0, 0, "import torch"),
            code(1, 0, "def add(x, y, *, mask=None):"),
            code(2, 4, "for block in model.blocks:"),
            code(3, 8, "fully_shard(block)"),
            code(4, 4, "return torch.where(mask, x + y, x)"),
        ]
    )
    assert page.kind == "text"
    assert page.lines == (
        Line(text="import torch", code=True),
        Line(text="def add(x, y, *, mask=None):", code=True),
        Line(text="    for block in model.blocks:", code=True),
        Line(text="        fully_shard(block)", code=True),
        Line(text="    return torch.where(mask, x + y, x)", code=True),
    )


def test_prose_with_brackets_is_no_code() -> None:
    texts = ["• p99 latency: 75 ms (target: 7 ms)", "• torch.compile(model) is all", "• x = 3"]
    page = arrange([TITLE, *column(0.05, 0.25, texts)])
    assert not any(line.code for line in page.lines)


def chart() -> list[TextBox]:
    axis = [at(0.6, 0.2 + n * 0.08, 0.03, f"{5 - n},000") for n in range(5)]
    return [*axis, *(at(0.65 + n * 0.08, 0.65, 0.03, str(2016 + n)) for n in range(4))]


def test_a_chart_is_a_picture_and_its_words_are_no_lines() -> None:
    page = arrange([TITLE, *column(0.05, 0.3, ["• 12K+ commits", "• 8% increase"]), *chart()])
    assert page.kind == "picture"
    assert said(page) == [("12K+ commits", 0), ("8% increase", 0)]
    assert "5,000" in page.words and "2019" in page.words


def test_a_table_is_a_picture() -> None:
    cells = [
        at(0.05 + 0.22 * x, 0.25 + 0.1 * y, 0.05, f"{word} {y}")
        for y in range(4)
        for x, word in enumerate(["engine", "tokens", "memory"])
    ]
    page = arrange([TITLE, *cells])
    assert (page.kind, page.title, page.lines) == ("picture", "Lessons learned", ())
    assert page.words.startswith("Lessons learned engine 0 tokens 0 memory 0 engine 1")


def test_a_title_hardly_higher_than_a_table_has_wider_letters() -> None:
    cells = [
        at(0.05 + 0.22 * x, 0.25 + 0.1 * y, 0.058, f"{word} {y}", letter=0.4)
        for y in range(4)
        for x, word in enumerate(["engine", "tokens", "memory"])
    ]
    banner = at(0.03, 0.131, 0.04, "Compiling the model", letter=0.32)
    page = arrange([at(0.03, 0.03, 0.061, "What users asked", letter=0.6), banner, *cells])
    assert (page.title, page.banner, page.lines) == ("What users asked", "Compiling the model", ())


def test_section_slides() -> None:
    alone = arrange([at(0.06, 0.35, 0.1, "Where we started")])
    assert (alone.kind, alone.title) == ("section", "Where we started")
    opening = arrange(
        [
            at(0.06, 0.35, 0.11, "Making DTensor fast"),
            at(0.06, 0.55, 0.05, "Ada Berg, Example Corp"),
            at(0.06, 0.61, 0.05, "Systems for Learning 2026"),
        ]
    )
    assert (opening.kind, opening.title) == ("section", "Making DTensor fast")
    assert len(opening.lines) == 2


def test_one_bullet_below_a_title_is_a_text_slide() -> None:
    assert arrange([TITLE, at(0.05, 0.25, 0.045, "• Measure first")]).kind == "text"


def test_a_caption_below_a_photograph_is_no_title() -> None:
    page = arrange(
        [
            at(0.2, 0.76, 0.08, "Stars are balls of plasma which"),
            at(0.3, 0.84, 0.08, "produce energy"),
            at(0.7, 0.95, 0.03, "Prof. Webb"),
        ]
    )
    assert (page.kind, page.title, page.lines) == ("picture", "", ())
    assert page.words == "Stars are balls of plasma which produce energy Prof. Webb"


def test_nothing_read_is_a_picture() -> None:
    assert arrange([]) == Page(kind="picture")


def test_doubtful_lines_are_kept_and_told() -> None:
    page = arrange([TITLE, at(0.05, 0.3, 0.045, "• Adv{s[A,E] below it", sure=0.4)])
    assert page.doubtful == ("Adv{s[A,E] below it",)
    assert "Adv{s[A,E]" in page.words


def test_hostile_text_is_made_harmless() -> None:
    page = arrange([at(0.05, 0.3, 0.1, "evil\u202etxt\u0000\n# heading\u2028\u200b,\ufeff x")])
    assert page.title == "eviltxt # heading , x"


def test_full_width_letters_are_narrowed() -> None:
    assert clean("ａｘ（１，２）") == "ax(1,2)"


PLACES = st.floats(0, 1)
BOXES = st.builds(
    lambda text, x, y, w, h, sure: TextBox(
        text=text, box=Box(left=x, top=y, right=x + w, bottom=y + h), confidence=sure
    ),
    st.text(max_size=30),
    PLACES,
    PLACES,
    st.floats(-0.1, 1),
    st.floats(-0.1, 0.3),
    PLACES,
)


@given(st.lists(BOXES, max_size=12))
def test_nothing_read_is_lost_and_nothing_hidden_comes_out(boxes: list[TextBox]) -> None:
    page = arrange(boxes)
    out = [page.title, page.banner, page.words, *page.edges, *page.doubtful]
    out += [line.text for line in page.lines]
    for text in out:
        assert all(unicodedata.category(c) not in ("Cc", "Cf", "Zl", "Zp", "Cs") for c in text)
    assert page == arrange(list(reversed(boxes))) or len({b.box for b in boxes}) < len(boxes)
    levels = [line.level for line in page.lines]
    assert all(level >= 0 for level in levels)
    read = {
        c for b in boxes if b.box.right > b.box.left and b.box.bottom > b.box.top for c in b.text
    }
    letters = {c for c in read if c.isascii() and c.isalnum() and c != "o"}
    assert letters <= set(page.words)


def test_settled_takes_the_event_for_no_section() -> None:
    pages = [Page(kind="text", title=f"T{n}", banner="PyConf", words="PyConf") for n in range(5)]
    assert [page.banner for page in settled(pages)] == [""] * 5
    assert settled(pages)[0].edges == ("PyConf",)


def test_settled_gives_a_subtitle_back_to_its_slide() -> None:
    pages = [
        Page(kind="text", title=f"T{n}", banner=banner, words=f"T{n} {banner}")
        for n, banner in enumerate(["Start", "Start", "only here", "End", "End"])
    ]
    assert [page.banner for page in settled(pages)] == ["Start", "Start", "", "End", "End"]
    assert settled(pages)[2].lines == (Line(text="only here"),)


def test_what_stands_apart_on_a_slide_of_text_is_a_line_too() -> None:
    texts = ["• Measure first, always", "• Don't copy anything", "• Talk to your users"]
    apart = [at(0.7, 0.62, 0.045, "3x faster"), at(0.7, 0.75, 0.045, "Ships in 2.1")]
    page = arrange([TITLE, *column(0.08, 0.25, texts), *apart])
    assert page.kind == "text"
    assert [line.text for line in page.lines[3:]] == ["3x faster", "Ships in 2.1"]


def test_a_note_at_the_lower_edge_of_one_slide_is_its_last_line() -> None:
    texts = ["• Measure first, always", "• Don't copy anything"]
    note = at(0.1, 0.93, 0.03, "measured on A100 with bf16, batch 32")
    plain = [
        [TITLE, *column(0.08, 0.25, texts), at(0.05, 0.95, 0.03, f"PyConf | {n}")] for n in range(3)
    ]
    pages = settled([arrange([*plain[0], note]), *map(arrange, plain[1:])])
    assert [line.text for line in pages[0].lines][2:] == ["measured on A100 with bf16, batch 32"]
    assert [page.edges for page in pages] == [("PyConf | 0",), ("PyConf | 1",), ("PyConf | 2",)]
    assert all(len(page.lines) == 2 for page in pages[1:])
    (alone,) = settled([arrange([TITLE, *column(0.08, 0.25, texts), at(0.9, 0.95, 0.03, "12")])])
    assert alone.edges == ("12",)


HOSTILE = ["_", "-", ".", " ", "(", "1", "a_", "a.", "a", "A1", "x=", "a(", "[", "/", "class "]


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("end", ["", "!"])
def test_no_line_takes_long(text: str, end: str) -> None:
    line = (text * 10_000)[:10_000] + end
    began = time.perf_counter()
    arrange([at(0.1, 0.2 + n * 0.1, 0.05, line, letter=0.00005) for n in range(4)])
    arrange([at(0.1, 0.2 + n * 0.1, 0.05, line[-200:], letter=0.002) for n in range(4)])
    assert time.perf_counter() - began < 2


def test_a_name_of_parts_before_a_bracket_is_code() -> None:
    rows = ["torch.compile_this(", "my_name__of(x, y", "__init__("]
    page = arrange(column(0.1, 0.3, rows))
    assert [line.code for line in page.lines] == [True] * 3
