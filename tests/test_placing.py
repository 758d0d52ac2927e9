"""Where slides go, what they open, and that nothing read on one is markup."""

import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from tests.test_typography import BITS, letters
from translate.draft import Draft, Shown, parse, render
from translate.house import tidy
from translate.model import Line, Slide, Span
from translate.placing import Opening, Outline, bullets, is_list, paragraphs_of, picture, text_of
from translate.typography import one_line


def span(start: float, end: float) -> Span:
    return Span(start=start, end=end)


def slide(start: float, end: float, title: str = "", **more: object) -> Slide:
    return Slide(shown=(span(start, end),), title=title, **more)  # type: ignore[arg-type]


# --- at which paragraph -------------------------------------------------------------------------

SPOKEN = [span(0, 30), span(31, 60), span(61, 120), span(130, 160)]


@pytest.mark.parametrize(
    ("shown", "place"),
    [
        ((0, 20), 0),  # most of the paragraph
        ((25, 60), 1),  # five seconds of the one before do not count
        ((28, 150), 1),  # long: where its talk begins, not where it is longest
        ((40, 42), 1),  # within one
        ((58, 62), 1),  # half of it in each: the first
        ((57, 59), 1),
        ((93, 150), 2),  # most of the next, but longer over this one
        ((93, 160), 3),
        ((125, 126), 2),  # in a pause: the one spoken before
        ((45, 45), 1),  # an instant
        ((0, 0), 0),
        ((500, 600), 3),
    ],
)
def test_a_slide_goes_to_the_paragraph_spoken_while_it_first_stood(
    shown: tuple[float, float], place: int
) -> None:
    assert paragraphs_of([slide(*shown)], SPOKEN) == [place]


def test_only_the_first_showing_counts_and_a_person_counts_more() -> None:
    again = Slide(shown=(span(0, 20), span(130, 160)))
    moved = slide(130, 160, place=35.0)
    assert paragraphs_of([again, moved, slide(161, 170)], SPOKEN) == [0, 1, 3]


@given(
    st.lists(st.tuples(st.integers(0, 99), st.integers(0, 30)), max_size=12).map(sorted),
    st.lists(st.tuples(st.integers(0, 90), st.integers(1, 30)), min_size=1, max_size=9),
)
def test_every_slide_has_a_place_and_their_order_stays(
    shown: list[tuple[int, int]], spoken: list[tuple[int, int]]
) -> None:
    slides = [slide(a, a + d) for a, d in shown]
    places = paragraphs_of(slides, [span(a, a + d) for a, d in sorted(spoken)])
    assert len(places) == len(slides)
    assert places == sorted(places)
    assert all(0 <= p < len(spoken) for p in places)


# --- headings -----------------------------------------------------------------------------------


def opened(*slides: Slide, chapters: bool = False, talk: str = "") -> list[str]:
    outline = Outline(slides, chapters=chapters, talk=talk)
    return [" ".join(f"{'#' * o.level} {o.text}" for o in outline.opened_by(one)) for one in slides]


def test_titles_are_numbered_within_their_section_and_repeats_go_on() -> None:
    assert opened(
        slide(0, 1, "State of PyTorch", kind="section"),
        slide(1, 2, "PyTorch 2.0"),
        slide(2, 3, "PyTorch 2.0 (cont.)"),
        slide(3, 4, "Pytorch 2.0 (2/3)"),
        slide(4, 5),
        slide(5, 6, "2) Docathon:"),
        slide(6, 7, "In Numbers", kind="section"),
        slide(7, 8, "PyTorch 2.0"),
        slide(8, 9, "In numbers"),
        slide(9, 10, "Docathon"),
        talk="State of PyTorch",
    ) == [
        "## State of PyTorch",
        "### 1. PyTorch 2.0",
        "",
        "",
        "",
        "### 2. Docathon",
        "## In Numbers",
        "### 1. PyTorch 2.0",
        "",
        "### 2. Docathon",
    ]


def test_banners_are_sections_where_they_change() -> None:
    slides = [
        slide(0, 1, "One", banner="PyTorch Milestones"),
        slide(1, 2, "Two", banner="PyTorch Milestones"),
        slide(2, 3, "Three"),
        slide(3, 4, "Four", banner="Join us"),
        slide(4, 5, "Join us", banner="Join us"),
    ]
    assert opened(*slides) == [
        "## PyTorch Milestones ### 1. One",
        "### 2. Two",
        "### 3. Three",
        "## Join us ### 1. Four",
        "",
    ]
    assert opened(*slides[:3]) == ["### 1. One", "### 2. Two", "### 3. Three"]  # the event's name
    assert opened(*slides, chapters=True)[3] == "### 4. Four"


DECK = (
    slide(0, 1, "First", kind="section"),
    slide(1, 2, "One", banner="First"),
    slide(2, 3, "Two", banner="First"),
    slide(3, 4, "Compiling", kind="section"),
    slide(4, 5, "Three", banner="Compiling"),
    slide(5, 6, "Four", banner="Compiling"),
)


def headings(*slides: Slide) -> list[str]:
    """The headings of the second level, in the order in which they come when each second is a
    paragraph, and those of the third by their number."""
    places = paragraphs_of(slides, [span(n, n + 1) for n in range(6)])
    order = sorted(zip(places, range(len(slides)), slides, strict=True))
    outline = Outline(slides, chapters=False, found=DECK)
    return [o.text for _, _, one in order for o in outline.opened_by(one)]


def test_a_persons_title_of_a_section_slide_names_its_whole_section() -> None:
    first, one, two, section, three, four = DECK
    renamed = replace(section, title="编译模型")
    left = ["First", "1. One", "2. Two"]
    assert headings(*DECK) == [*left, "Compiling", "1. Three", "2. Four"]
    assert headings(first, one, two, renamed, three, four)[3:] == [
        "编译模型",
        "1. Three",
        "2. Four",
    ]
    assert headings(first, one, two, three, four) == headings(*DECK)  # the deck's own
    own = replace(three, banner="Mine"), replace(four, banner="Mine")
    assert headings(first, one, two, *own)[3:] == ["Mine", "1. Three", "2. Four"]


def test_a_section_begins_where_a_person_moved_its_slide() -> None:
    first, one, two, section, three, four = DECK
    earlier = replace(section, place=1.5)
    assert headings(first, one, two, earlier, three, four) == [
        *("First", "1. One", "Compiling", "1. Two", "2. Three", "3. Four"),
    ]
    later = replace(section, place=5.5, title="Later")
    assert headings(first, one, two, later, three, four) == [
        *("First", "1. One", "2. Two", "3. Three", "Later", "1. Four"),
    ]


def test_a_slide_that_a_person_moved_opens_no_section_by_its_banner() -> None:
    first, one, two, section, three, four = DECK
    moved = replace(three, place=1.5)
    assert headings(first, one, two, section, moved, four) == [
        *("First", "1. One", "2. Three", "3. Two", "Compiling", "1. Four"),
    ]
    own = replace(moved, banner="Mine")  # which a person gave it as well
    assert "Mine" in headings(first, one, two, section, own, four)


def test_within_chapters_a_section_slide_is_a_title_and_what_is_said_above_is_not_repeated() -> (
    None
):
    outline = Outline([], chapters=True, talk="A Talk")
    outline.section("Join us")
    assert outline.opened_by(slide(0, 1, "Join us!", kind="section")) == ()
    assert outline.opened_by(slide(0, 1, "A talk", kind="section")) == ()
    assert outline.ahead([slide(0, 1, "More")]) == (Opening(level=3, text="1. More"),)
    assert outline.opened_by(slide(0, 1, "Thanks", kind="section"))[0].text == "1. Thanks"


def test_a_title_of_marks_alone_opens_nothing() -> None:
    assert opened(slide(0, 1, "---"), slide(1, 2, "(2/3)"), slide(2, 3, "。")) == [
        "",
        "### 1. (2/3)",
        "",
    ]


# --- Markdown -----------------------------------------------------------------------------------


def test_bullets_nest_and_code_stands_in_blocks() -> None:
    lines = (
        Line(text="20M+ downloads"),
        Line(text="Adds:", level=0),
        Line(text="torch.compile", level=3),
        Line(text="set_default_device", level=3),
        Line(text="   "),
        Line(text="x = f(a)", code=True),
        Line(text="for _ in x:", code=True),
        Line(text="print(_)", level=1, code=True),
        Line(text="{{ no }}", code=True),
        Line(text="- not a list"),
        Line(text=">>> x"),
        Line(text=">90%"),
    )
    assert bullets(lines) == (
        "> - 20M+ downloads\n> - Adds:\n>    - torch.compile\n>       - `set_default_device`\n>\n"
        "> ```text\n> x = f(a)\n> for _ in x:\n>     print(_)\n> ```\n>\n"
        "> - &#123;&#123; no }}\n> - \\- not a list\n> - `>>>` x\n> - `>90%`"
    ).replace("no }}", "no &#125;&#125;")


def test_pictures_are_named_as_the_blog_names_them() -> None:
    assert picture(Slide(shown=(span(0, 1),), image="slides/00-03-14.png")) == (
        "![00-03-14](slides/00-03-14.png)"
    )
    odd = Slide(shown=(span(0, 1),), image="slides/my [odd] (name).png")
    assert picture(odd) == "![my-odd-name](slides/my%20%5Bodd%5D%20%28name%29.png)"
    assert picture(Slide(shown=(span(0, 1),))) == ""
    assert not is_list(Slide(shown=(span(0, 1),), kind="text", lines=(Line(text=" "),)))


texts = st.one_of(st.lists(st.sampled_from(BITS), max_size=6).map("".join), st.text(max_size=30))
read = st.lists(st.builds(Line, text=texts, level=st.integers(-1, 5), code=st.booleans()))


@settings(deadline=None)
@given(read)
def test_nothing_read_on_a_slide_is_markup(lines: list[Line]) -> None:
    text = bullets(lines)
    if not text:
        return
    assert "-->" not in text
    assert "\n\n" not in text
    draft = Draft(front=(), blocks=(Shown(at="00:00:01", text=text),))
    assert parse(render(draft)) == draft
    assert parse(render(draft)).problems == ()
    allowed = {"blockquote", "bullet_list", "list_item", "paragraph", "fence", "inline"}
    for token in MarkdownIt("commonmark").enable("table").parse(render(draft)):
        assert re.sub("_(open|close)$", "", token.type) in allowed | {"html_block"}
        assert token.type != "html_block" or token.content.strip() == "<!-- 幻灯片 00:00:01 -->"
        for child in token.children or ():
            assert child.type in ("text", "code_inline", "link_open", "link_close", "html_inline")
            assert child.type != "html_inline" or "幻灯片" in child.content


@settings(deadline=None)
@given(read)
def test_every_letter_is_there_and_the_blogs_layout_changes_nothing(lines: list[Line]) -> None:
    text = bullets(lines)
    shown = "".join(
        child.content
        for token in MarkdownIt("commonmark").parse(text)
        for child in ([token] if token.type == "fence" else token.children or ())
    )
    wide = str.maketrans("０１２３４５６７８９", "0123456789")
    wanted = "".join(letters(one_line(line.text)) for line in lines)
    assert letters(shown.translate(wide)) == wanted.translate(wide)
    if text:
        assert tidy(text) == text + "\n"


def test_a_year_is_no_part_of_a_series() -> None:
    assert opened(
        slide(0, 1, "Results (2018)"),
        slide(1, 2, "Results (2019)"),
        slide(2, 3, "Results (2)"),
        slide(3, 4, "Season 2019/20"),
        slide(4, 5, "Season 2020/21"),
    ) == [
        "### 1. Results (2018)",
        "### 2. Results (2019)",
        "### 3. Results (2)",
        "### 4. Season 2019/20",
        "### 5. Season 2020/21",
    ]


def test_lines_of_a_section_and_a_title_of_marks_are_text() -> None:
    line = Line(text="10x over eager")
    assert text_of(slide(0, 1, "Why", kind="section", lines=(line,))) == "> - 10x over eager"
    assert (
        text_of(slide(0, 1, "???", kind="section", lines=(line,))) == "> - ???\n> - 10x over eager"
    )
    assert is_list(slide(0, 1, "???", kind="section"))
    assert not is_list(slide(0, 1, "Why", kind="section"))
    assert not is_list(slide(0, 1, "???", kind="picture", lines=(line,)))
